/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "coverage.h"

#include <string.h>

#include "require.h"

void coverage_init(struct coverage *c, const struct vb_frame *f)
{
	memset(c, 0, sizeof(*c));
	c->f = f;
	c->seen = calloc(1, (size_t)f->cap_len + 1);
	REQUIRE(c->seen);
}

void coverage_done(struct coverage *c)
{
	free(c->seen);
	c->seen = NULL;
}

static void inside(const struct coverage *c, const struct vb_item *it)
{
	uint64_t end = (uint64_t)it->off + it->len;

	REQUIRE(it->proto);
	REQUIRE(end <= c->f->wire_len);
	REQUIRE(it->n_bytes <= it->len);
	REQUIRE((uint64_t)it->off + it->n_bytes <= c->f->cap_len || !it->n_bytes);
	REQUIRE(!it->n_bytes || it->bytes == c->f->data + it->off);
}

static void mark(struct coverage *c, const struct vb_item *it)
{
	for (uint32_t i = it->off; i < it->off + it->n_bytes; i++) {
		REQUIRE(!c->seen[i]);
		c->seen[i] = 1;
	}
}

static void on_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct coverage *c = ctx;

	c->n_calls++;
	inside(c, it);
	REQUIRE(c->depth < COVERAGE_DEPTH);
	REQUIRE((span == VB_SPAN_PROTO) <= (it->proto != NULL));
	REQUIRE(span != VB_SPAN_MSG || it->msg);
	REQUIRE(span == VB_SPAN_PROTO || span == VB_SPAN_MSG || it->row);
	c->open[c->depth].span = span;
	c->open[c->depth].row = it->row;
	c->open[c->depth].proto = it->proto;
	c->depth++;
	if (span == VB_SPAN_BITS)
		mark(c, it);
}

static void on_close(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct coverage *c = ctx;

	c->n_calls++;
	REQUIRE((uint64_t)it->off + it->len <= c->f->wire_len);
	REQUIRE(c->depth > 0);
	c->depth--;
	REQUIRE(c->open[c->depth].span == span);
	REQUIRE(c->open[c->depth].row == it->row);
	REQUIRE(c->open[c->depth].proto == it->proto);
}

static void on_field(void *ctx, const struct vb_item *it)
{
	struct coverage *c = ctx;

	c->n_calls++;
	inside(c, it);
	REQUIRE(c->depth > 0 && it->row);
	if (it->row->type != VB_BIT && it->row->type != VB_VALUE)
		mark(c, it);
}

static void on_gap(void *ctx, const struct vb_item *it)
{
	struct coverage *c = ctx;

	c->n_calls++;
	inside(c, it);
	REQUIRE(!it->row && it->len);
	c->gap_bytes += it->n_bytes;
	mark(c, it);
}

static void on_note(void *ctx, enum vb_note_code code, const struct vb_item *it)
{
	struct coverage *c = ctx;

	c->n_calls++;
	REQUIRE(code < VB_N_NOTES && it->proto);
	c->n_notes[code]++;
}

struct vb_sink coverage_sink(struct coverage *c)
{
	return (struct vb_sink){ .ctx = c,
				 .open = on_open,
				 .field = on_field,
				 .close = on_close,
				 .gap = on_gap,
				 .note = on_note };
}

/* Sink calls that the most talkative byte, and the frame as such, can cause. */
#define CALLS_PER_BYTE 40
#define CALLS_PER_FRAME 1000

void coverage_check(const struct coverage *c, const struct vb_walked *w)
{
	const struct vb_frame *f = c->f;
	bool as_asked = false;

	REQUIRE(!c->depth);
	REQUIRE(c->n_calls <= (uint64_t)CALLS_PER_BYTE * f->wire_len + CALLS_PER_FRAME);
	for (uint32_t i = 0; i < f->cap_len; i++)
		REQUIRE(c->seen[i] || !f->data[i]);
	REQUIRE(!memcmp(c->n_notes, w->n_notes, sizeof(c->n_notes)));
	REQUIRE(w->unexplained >= c->gap_bytes && w->unexplained <= f->cap_len);
	REQUIRE(w->n_layers >= 1 && w->n_layers <= VB_MAX_LAYERS);
	for (unsigned int i = 0; i < w->n_layers; i++) {
		REQUIRE((uint64_t)w->layer[i].off + w->layer[i].len <= f->wire_len);
		as_asked |= w->layer[i].proto->as_asked;
	}
	/* a message that neither the capture nor its reader cut has no cut fields */
	REQUIRE(f->cap_len < f->wire_len || as_asked || !w->n_notes[VB_NOTE_CUT]);
}
