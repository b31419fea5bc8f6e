/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/inner.h"

/* Requests that wait for an answer at the same time: more than any ring holds. */
#define OPEN_REQUESTS 65536

/* ---- answers ---- */

/* Packed: there is one for every record up to the last request. */
struct vb_answer {
	uint32_t distance; /* the answer is so many records later; 0: none */
	uint64_t latency_ns;
} __attribute__((packed));

int vb_answers_keep(struct vb_answers *a, uint64_t number, const struct vb_link *link)
{
	uint64_t distance = number - link->request;

	if (link->request == 0 || link->request >= number || distance > UINT32_MAX)
		return 0;
	if (link->request >= a->n) {
		uint64_t n = link->request * 2 + 1024;
		struct vb_answer *bigger = reallocarray(a->by_number, n, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		memset(bigger + a->n, 0, (n - a->n) * sizeof(*bigger));
		a->by_number = bigger;
		a->n = n;
	}
	a->by_number[link->request] = (struct vb_answer){ (uint32_t)distance, link->latency_ns };
	return 0;
}

void vb_answers_complete(const struct vb_answers *a, uint64_t number, struct vb_link *link)
{
	if (number >= a->n || a->by_number[number].distance == 0)
		return;
	link->response = number + a->by_number[number].distance;
	if (link->request == 0)
		link->latency_ns = a->by_number[number].latency_ns;
}

void vb_answers_done(struct vb_answers *a)
{
	free(a->by_number);
	*a = (struct vb_answers){ 0 };
}

/* ---- decoding ---- */

int vb_decoder_init(struct vb_decoder *d, const struct vb_answers *answers)
{
	*d = (struct vb_decoder){
		.answers = answers,
		.session = vb_session_new(OPEN_REQUESTS),
	};
	return d->session ? 0 : -ENOMEM;
}

void vb_decoder_done(struct vb_decoder *d)
{
	if (d->session)
		vb_session_free(d->session);
	free(d->room);
	free(d->recalled);
	d->session = NULL;
	d->room = NULL;
	d->recalled = NULL;
	d->room_len = d->cap_recalled = d->n_recalled = 0;
}

void vb_decoder_begin(struct vb_decoder *d, const struct vb_event *ev)
{
	d->ev = ev;
	vb_frame_from_header(&d->frame, &ev->hdr);
	d->frame.data = ev->data;
	d->frame.number = ev->number;
	d->frame.time_ns = ev->time_ns;
	vb_session_prepare(d->session, &d->frame);
	d->link = (struct vb_link){ 0 };
	d->unexplained = 0;
	d->n_recalled = 0;
	d->malformed = ev->n_malformed > 0;
	d->learned = false;
}

static bool has_errors(const struct vb_walked *w)
{
	for (unsigned int i = 0; i < VB_N_NOTES; i++)
		if (w->n_notes[i] > 0 && vb_note_is_error((enum vb_note_code)i))
			return true;
	return false;
}

static void judge(struct vb_decoder *d, const struct vb_walked *w)
{
	if (d->learned)
		return;
	d->unexplained += w->unexplained;
	d->malformed |= has_errors(w);
}

/* Nobody may be interested, but what was never walked cannot be judged or learned from. */
static void walk_part(struct vb_decoder *d, enum vb_part part, bool wanted,
		      const struct vb_sink *sink)
{
	const struct vb_proto *proto;
	struct vb_walked other, *w = part == VB_PART_ROOT ? &d->walked : &other;
	struct vb_frame f;

	if (!wanted && (d->learned || part == VB_PART_RECORD))
		return;
	proto = vb_part_frame(part, &d->ev->hdr, d->ev->ext, &d->frame, &f);
	if (!proto)
		return;
	vb_walk(proto, &f, wanted ? sink : NULL, w);
	if (part != VB_PART_RECORD)
		judge(d, w);
}

static bool reserve(struct vb_decoder *d, uint32_t n)
{
	uint8_t *bigger;

	if (n <= d->room_len)
		return true;
	bigger = realloc(d->room, n);
	if (!bigger)
		return false;
	d->room = bigger;
	d->room_len = n;
	return true;
}

/* What the request of message i of the record had, if it is an answer. False: no memory. */
static bool recall(struct vb_decoder *d, uint32_t i, struct vb_frame *f, const struct vb_walked *w)
{
	if (i >= d->cap_recalled) {
		uint32_t cap = d->cap_recalled * 2 + 8;
		uint32_t *bigger = reallocarray(d->recalled, cap, sizeof(*bigger));

		if (!bigger)
			return false;
		d->recalled = bigger;
		d->cap_recalled = cap;
	}
	vb_session_recall(d->session, w, f);
	d->recalled[i] = f->recalled;
	d->n_recalled = i + 1;
	return true;
}

int vb_decoder_outside(struct vb_decoder *d, struct vb_outside *ret)
{
	uint32_t len = d->ev->hdr.ext_len;

	*ret = (struct vb_outside){ 0 };
	if (!reserve(d, len))
		return -ENOMEM;
	vb_inner_init(&ret->in, &d->walked, d->ev->ext, len, d->room);
	return 0;
}

const struct vb_proto *vb_outside_next(struct vb_outside *o, const struct vb_decoder *d,
				       struct vb_frame *ret_f, struct vb_walked *ret_w)
{
	const struct vb_proto *proto = vb_inner_next(&o->in, &d->frame, ret_f, ret_w);

	if (proto && o->n < d->n_recalled)
		ret_f->recalled = d->recalled[o->n];
	o->n += proto != NULL;
	return proto;
}

/* With the first call the session learns from them, after the packet that they belong to. */
static void walk_inner(struct vb_decoder *d, bool wanted, const struct vb_sink *sink, bool learns)
{
	const struct vb_proto *proto;
	struct vb_outside o;
	struct vb_walked w;
	struct vb_frame f;

	if (d->ev->hdr.ext_len == 0 || (!wanted && !learns))
		return;
	if (vb_decoder_outside(d, &o) < 0) { /* no memory: nobody knows what they say */
		d->unexplained += learns ? d->ev->hdr.ext_len : 0;
		return;
	}
	while ((proto = vb_outside_next(&o, d, &f, &w))) {
		if (learns && !recall(d, o.n - 1, &f, &w))
			d->unexplained += f.cap_len;
		vb_walk(proto, &f, wanted ? sink : NULL, &w);
		if (!learns)
			continue;
		judge(d, &w);
		vb_session_learn_inner(d->session, &f, &w, &d->link);
	}
}

static void learn(struct vb_decoder *d)
{
	d->n_malformed += d->malformed;
	if (d->answers)
		vb_answers_complete(d->answers, d->ev->number, &d->link);
}

void vb_decoder_walk(struct vb_decoder *d, unsigned int parts, const struct vb_sink *sink)
{
	bool learns = !d->learned;

	for (enum vb_part part = VB_PART_RECORD; part < VB_PART_INNER; part <<= 1)
		walk_part(d, part, parts & part, sink);
	if (learns)
		vb_session_learn(d->session, &d->frame, &d->walked, &d->link);
	walk_inner(d, parts & VB_PART_INNER, sink, learns);
	d->learned = true;
	if (learns)
		learn(d);
	if (parts & VB_PART_LINK)
		vb_link_walk(&d->link, sink);
}
