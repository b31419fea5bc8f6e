/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace becomes lanes of items: which records are compared, and what is kept of them. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "capture/diff.h"

#define WAIT_MS 200
#define STUB_LEN 16u /* a packet of which less was captured has nothing to be known by */
#define SHAPE_LEN 8u /* of a packet: the fields of its descriptor before the transaction id */
#define PAD_LEN 8u   /* hosts may send control messages in multiples of this */

/* One expression, and whether the record at hand matches. */
struct test {
	struct vb_filter *filter;
	unsigned int parts;
};

enum place { BEFORE, BETWEEN, AFTER };

struct reading {
	struct vb_diffing *d;
	struct vb_diff_input *in;
	unsigned int side;
	struct vb_decoder decoder;
	struct test from, to, only;
	struct vb_diff_mask *mask;
	enum place place;
};

/* ---- an item ---- */

static uint64_t padded_len(const struct vb_record_header *h)
{
	uint64_t len = h->wire_len;

	return h->kind == VB_KIND_CONTROL ? (len + PAD_LEN - 1) & ~(uint64_t)(PAD_LEN - 1) : len;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static int make_item(struct reading *rd, const struct vb_event *ev, struct vb_diff_item *ret)
{
	const struct vb_record_header *h = &ev->hdr;
	const uint8_t *bytes = ev->data;
	uint64_t len = padded_len(h);

	if (ev->number > UINT32_MAX)
		return vb_fail(&rd->d->err, -E2BIG, "%s has too many records", rd->in->path);
	*ret = (struct vb_diff_item){
		.raw = vb_diff_hash(bytes, h->cap_len, len),
		.number = (uint32_t)ev->number,
		.wire_len = h->wire_len,
		.ring_pos = h->kind == VB_KIND_PACKET ? h->ring_pos : VB_RING_POS_UNKNOWN,
		.ring_size = h->ring_size,
		.cut = h->cap_len < h->wire_len,
	};
	ret->stub = ret->cut && h->cap_len < STUB_LEN;
	if (ret->cut && !ret->stub)
		rd->in->shortest_cut = smaller(rd->in->shortest_cut, h->cap_len);
	if (rd->mask)
		bytes = vb_diff_mask_apply(rd->mask, vb_root_proto(h->kind), &rd->decoder.frame);
	if (!bytes && h->cap_len > 0)
		return vb_fail(&rd->d->err, -ENOMEM, "not enough memory");
	ret->full = rd->mask ? vb_diff_hash(bytes, h->cap_len, len) : ret->raw;
	ret->key = h->cap_len > rd->d->limit ? vb_diff_hash(bytes, rd->d->limit, len) : ret->full;
	ret->shape = (uint32_t)vb_diff_hash(bytes, smaller(h->cap_len, SHAPE_LEN), len);
	return 0;
}

/* ---- which records ---- */

/* States, events and what was made up never crossed the bus. */
static bool is_traffic(const struct vb_record_header *h)
{
	return (h->kind == VB_KIND_CONTROL || h->kind == VB_KIND_PACKET) &&
	       !(h->flags & VB_REC_SYNTHESIZED);
}

static bool matches(struct reading *rd, const struct test *t)
{
	struct vb_sink sink = vb_filter_sink(t->filter);

	vb_filter_begin(t->filter, rd->decoder.ev->number);
	vb_decoder_walk(&rd->decoder, t->parts, &sink);
	return vb_filter_match(t->filter);
}

/* Is the record between --from and --to, both of which are not, and does it match -Y? */
static bool is_wanted(struct reading *rd, const struct vb_event *ev)
{
	if (ev->hdr.flags & VB_REC_SYNTHESIZED)
		return false;
	if (rd->place == BEFORE && matches(rd, &rd->from)) {
		rd->place = BETWEEN;
		return false;
	}
	if (rd->place == BETWEEN && rd->to.filter && matches(rd, &rd->to))
		rd->place = AFTER;
	return rd->place == BETWEEN && (!rd->only.filter || matches(rd, &rd->only));
}

/* Bytes of the external part without its framing. */
static uint32_t kept_outside(const struct vb_event *ev)
{
	struct vb_segment s;
	uint32_t n = 0;

	for (uint64_t at = 0; at + sizeof(s) <= ev->hdr.ext_len;
	     at += sizeof(s) + vb_pad4(s.cap_len)) {
		memcpy(&s, ev->ext + at, sizeof(s));
		n += s.cap_len;
	}
	return n;
}

static int take_record(struct reading *rd, const struct vb_event *ev)
{
	struct vb_diff_item item;
	bool wanted;
	int rc;

	rd->in->n_records++;
	vb_decoder_begin(&rd->decoder, ev);
	wanted = is_wanted(rd, ev);
	/* Nobody looked: it is learned from all the same. */
	if (!rd->decoder.learned)
		vb_decoder_walk(&rd->decoder, 0, NULL);
	if (!is_traffic(&ev->hdr))
		return 0;
	if (ev->hdr.flags & VB_REC_FAILED) {
		rd->in->n_failed += wanted;
		return 0;
	}
	rc = make_item(rd, ev, &item);
	if (rc < 0)
		return rc;
	item.wanted = wanted;
	rd->in->n_compared += wanted;
	item.kept = kept_outside(ev);
	rc = vb_diff_payload_take(&rd->d->payload[rd->side], &rd->decoder, rd->mask, &item);
	if (rc == 0)
		rc = vb_diff_add(rd->d, rd->side, &ev->hdr, &item);
	return rc < 0 ? vb_fail(&rd->d->err, rc, "not enough memory") : 0;
}

static int read_all(struct reading *rd)
{
	struct vb_source *src = rd->in->source;
	struct vb_event ev;
	int rc;

	do {
		rc = src->ops->next(src, WAIT_MS, &ev, &rd->d->err);
		if (rc > 0)
			rc = take_record(rd, &ev) < 0 ? -ECANCELED : 1;
	} while (rc > 0 || rc == -EAGAIN);
	if (rc < 0)
		return rc;
	if (rd->place == BEFORE)
		return vb_fail(&rd->d->err, -ENOENT, "%s: no record matches --from '%s'",
			       rd->in->path, rd->d->opt->from);
	if (rd->to.filter && rd->place != AFTER)
		return vb_fail(&rd->d->err, -ENOENT, "%s: no record%s matches --to '%s'",
			       rd->in->path, rd->from.filter ? " after that" : "", rd->d->opt->to);
	return 0;
}

/* ---- set-up ---- */

static bool filter_needs(const void *ctx, const char *name)
{
	return vb_filter_needs(ctx, name);
}

/* What is wrong with an expression is said as of -Y: put the option's own name there. */
static int compile(const char *name, const char *text, struct test *ret, struct vb_err *err)
{
	static const char of_filter[] = "-Y";
	struct vb_err why = { "" };
	size_t skip;
	int rc;

	if (!text)
		return 0;
	rc = vb_filter_compile(text, &ret->filter, &why);
	skip = strncmp(why.text, of_filter, sizeof(of_filter) - 1) == 0 ? sizeof(of_filter) - 1 : 0;
	if (rc < 0)
		return vb_fail(err, rc, "%s%s", name, why.text + skip);
	/* Each record is looked at alone. */
	if (vb_filter_needs(ret->filter, "hv_link"))
		return vb_fail(err, -EINVAL, "%s: hv_link fields are not known to --diff", name);
	ret->parts = vb_parts_needed(filter_needs, ret->filter);
	return 0;
}

static int prepare(struct reading *rd)
{
	const struct vb_options *opt = rd->d->opt;
	struct vb_err *err = &rd->d->err;
	int rc = compile("--from", opt->from, &rd->from, err);

	rd->place = opt->from ? BEFORE : BETWEEN;
	if (rc == 0)
		rc = compile("--to", opt->to, &rd->to, err);
	if (rc == 0)
		rc = compile("-Y", opt->filter, &rd->only, err);
	if (rc == 0)
		rc = vb_diff_mask_new(opt, &rd->mask, err);
	if (rc < 0)
		return rc;
	rc = vb_decoder_init(&rd->decoder, NULL);
	return rc < 0 ? vb_fail(err, rc, "not enough memory") : 0;
}

int vb_diff_read(struct vb_diffing *d, unsigned int side)
{
	struct reading rd = { .d = d, .in = &d->input[side], .side = side };
	int rc = prepare(&rd);

	if (rc == 0)
		rc = read_all(&rd);
	vb_filter_free(rd.from.filter);
	vb_filter_free(rd.to.filter);
	vb_filter_free(rd.only.filter);
	vb_diff_mask_free(rd.mask);
	vb_decoder_done(&rd.decoder);
	return rc;
}
