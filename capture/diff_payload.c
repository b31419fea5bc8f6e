/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What packets refer to outside the ring, message by message.
 *
 * The two captures may have kept different parts of a message. Up to where both go shows only when
 * it is known which packets are pairs: then all is read once more, and each message hashed up to
 * there (.limit).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/diff.h"

/* ---- collecting ---- */

static int new_message(struct vb_diff_payload *p, struct vb_diff_message **ret)
{
	if (p->n == p->cap) {
		uint32_t cap = p->cap + p->cap / 2 + 64;
		struct vb_diff_message *bigger = NULL;

		if (cap > p->cap)
			bigger = reallocarray(p->list, cap, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		p->list = bigger;
		p->cap = cap;
	}
	*ret = &p->list[p->n++];
	if (p->n <= p->n_known)
		return 0;
	p->n_known = p->n;
	(*ret)->limit = UINT32_MAX;
	return 0;
}

/* How long the message says it is; 0: the capture lacks the bytes that say so. */
static uint64_t claimed_len(const struct vb_proto *proto, const struct vb_walked *w)
{
	const struct vb_layer *l = &w->layer[0];

	if (w->n_layers == 0 || !(l->set & (1u << proto->own_len)))
		return 0;
	return l->slots[proto->own_len] * (proto->unit ? proto->unit : 1);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static int take_message(struct vb_diff_payload *p, struct vb_diff_mask *mask,
			const struct vb_outside_bytes *o)
{
	const uint8_t *bytes = o->frame.data;
	struct vb_diff_message *m;
	uint32_t n;

	if (new_message(p, &m) < 0)
		return -ENOMEM;
	n = smaller(o->frame.cap_len, m->limit);
	m->len = o->len;
	m->cap_len = o->frame.cap_len;
	m->wire_len = o->frame.wire_len;
	m->raw = m->hash = vb_diff_hash(bytes, n, n);
	if (!mask || !o->proto)
		return 0;
	bytes = vb_diff_mask_apply(mask, o->proto, &o->frame);
	if (!bytes)
		return -ENOMEM;
	m->hash = vb_diff_hash(bytes, n, n);
	return 0;
}

/* ---- what a record has outside ---- */

bool vb_diff_outside_whole(const struct vb_event *ev)
{
	uint64_t n_wire = 0;
	struct vb_segment s;

	if (ev->hdr.ext_len == 0 || ev->hdr.flags & VB_REC_EXT_CUT)
		return false;
	for (uint64_t at = 0; at + sizeof(s) <= ev->hdr.ext_len;
	     at += sizeof(s) + vb_pad4(s.cap_len)) {
		memcpy(&s, ev->ext + at, sizeof(s));
		if (s.cap_len < s.wire_len)
			return false;
		n_wire += s.wire_len;
	}
	return n_wire >= ev->hdr.ext_wire_len;
}

/*
 * Bytes that nobody describes: those of all segments, up to the first that is not whole. room is the
 * decoder's, as long as the external part.
 */
static void join(const struct vb_event *ev, uint8_t *room, struct vb_frame *ret_f)
{
	uint64_t n_wire = 0;
	struct vb_segment s;

	ret_f->data = room;
	ret_f->cap_len = 0;
	for (uint64_t at = 0; at + sizeof(s) <= ev->hdr.ext_len;
	     at += sizeof(s) + vb_pad4(s.cap_len)) {
		memcpy(&s, ev->ext + at, sizeof(s));
		if (ret_f->cap_len == n_wire) {
			memcpy(room + ret_f->cap_len, ev->ext + at + sizeof(s), s.cap_len);
			ret_f->cap_len += s.cap_len;
		}
		n_wire += s.wire_len;
	}
	if (n_wire < ev->hdr.ext_wire_len)
		n_wire = ev->hdr.ext_wire_len;
	ret_f->wire_len = n_wire < UINT32_MAX ? (uint32_t)n_wire : UINT32_MAX;
}

static int each_message(struct vb_decoder *d, struct vb_outside *o,
			int (*each)(void *ctx, const struct vb_outside_bytes *o), void *ctx)
{
	struct vb_outside_bytes m;
	struct vb_walked w;
	int rc = 0;

	while (rc == 0 && (m.proto = vb_outside_next(o, d, &m.frame, &w))) {
		m.len = claimed_len(m.proto, &w);
		rc = each(ctx, &m);
	}
	return rc;
}

int vb_diff_outside(struct vb_decoder *d, int (*each)(void *ctx, const struct vb_outside_bytes *o),
		    void *ctx, bool *ret_leads)
{
	struct vb_outside_bytes m = { .proto = NULL, .frame = d->frame };
	struct vb_outside o;
	int rc = vb_decoder_outside(d, &o);

	if (rc < 0)
		return rc;
	/* a request that reads has its data with the answer, many commands have none */
	*ret_leads = o.in.proto && !o.in.proto->by_request;
	if (o.in.proto)
		return each_message(d, &o, each, ctx);
	if (d->ev->hdr.ext_len == 0)
		return 0;
	join(d->ev, d->room, &m.frame);
	m.len = vb_diff_outside_whole(d->ev) ? m.frame.wire_len : 0;
	return each(ctx, &m);
}

struct taking {
	struct vb_diff_payload *payload;
	struct vb_diff_mask *mask;
};

static int take(void *ctx, const struct vb_outside_bytes *o)
{
	struct taking *t = ctx;

	return take_message(t->payload, t->mask, o);
}

int vb_diff_payload_take(struct vb_diff_payload *p, struct vb_decoder *d, struct vb_diff_mask *mask,
			 struct vb_diff_item *item)
{
	struct taking t = { p, mask };
	bool leads;
	int rc;

	item->message = p->n;
	item->outside_len = d->ev->hdr.ext_wire_len;
	item->whole = vb_diff_outside_whole(d->ev);
	rc = vb_diff_outside(d, take, &t, &leads);
	if (rc < 0)
		return rc;
	item->n_messages = p->n - item->message;
	item->leads = leads || d->ev->hdr.ext_len > 0 || item->outside_len > 0;
	return 0;
}

/* ---- comparing ---- */

/* Both go as far as the shorter one; what was hashed further is of no use yet. */
static void set_limit(struct vb_diffing *d, struct vb_diff_message *m, uint32_t limit)
{
	if (smaller(m->cap_len, m->limit) <= limit)
		return;
	m->limit = limit;
	d->limits_set = true;
}

static bool same_message(struct vb_diffing *d, struct vb_diff_message *a, struct vb_diff_message *b,
			 struct vb_diff_counts *c, bool *ret_ignored)
{
	uint32_t common = smaller(a->cap_len, b->cap_len);

	set_limit(d, a, common);
	set_limit(d, b, common);
	c->payload_compared += common;
	c->payload_uncompared += smaller(a->wire_len, b->wire_len) - common;
	*ret_ignored |= a->raw != b->raw;
	return a->hash == b->hash && (!a->len || !b->len || a->len == b->len);
}

/*
 * Messages from there on, which the other trace has not: too many, or among those of which it kept
 * nothing.
 */
static bool may_be_unseen(const struct vb_diff_payload *p, const struct vb_diff_item *it,
			  uint32_t from, bool other_whole, struct vb_diff_counts *c)
{
	if (other_whole)
		return from >= it->n_messages;
	for (uint32_t i = from; i < it->n_messages; i++)
		c->payload_uncompared += p->list[it->message + i].wire_len;
	return true;
}

bool vb_diff_payload_same(struct vb_diffing *d, const struct vb_diff_item *a,
			  const struct vb_diff_item *b, struct vb_diff_counts *c, bool *ret_ignored)
{
	uint32_t n = smaller(a->n_messages, b->n_messages);
	bool same = true;

	*ret_ignored = false;
	for (uint32_t i = 0; i < n; i++)
		same &= same_message(d, &d->payload[0].list[a->message + i],
				     &d->payload[1].list[b->message + i], c, ret_ignored);
	same &= may_be_unseen(&d->payload[0], a, n, b->whole, c);
	same &= may_be_unseen(&d->payload[1], b, n, a->whole, c);
	if (a->n_messages == 0 && b->n_messages == 0)
		c->payload_uncompared += larger(a->outside_len, b->outside_len);
	if (a->leads || b->leads)
		c->payload_missing += a->n_messages == 0 || b->n_messages == 0;
	return same;
}

void vb_diff_payload_done(struct vb_diff_payload *p)
{
	free(p->list);
	*p = (struct vb_diff_payload){ 0 };
}
