/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages outside the ring of records that are shown: copies, and what differs between them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/diff.h"

struct vb_diff_kept {
	struct vb_outside_bytes *list; /* each with a copy of its bytes */
	uint32_t n;
	bool whole; /* there were no more */
};

/* ---- copies ---- */

static int keep(void *ctx, const struct vb_outside_bytes *o)
{
	struct vb_diff_kept *k = ctx;
	struct vb_outside_bytes *bigger = reallocarray(k->list, k->n + 1, sizeof(*bigger));
	uint8_t *data = malloc((size_t)o->frame.cap_len + 1);

	if (bigger)
		k->list = bigger;
	if (!bigger || !data) {
		free(data);
		return -ENOMEM;
	}
	if (o->frame.cap_len > 0)
		memcpy(data, o->frame.data, o->frame.cap_len);
	k->list[k->n] = *o;
	k->list[k->n++].frame.data = data;
	return 0;
}

int vb_diff_kept_new(struct vb_decoder *d, struct vb_diff_kept **ret)
{
	struct vb_diff_kept *k = calloc(1, sizeof(*k));
	bool leads;
	int rc = k ? vb_diff_outside(d, keep, k, &leads) : -ENOMEM;

	if (rc < 0) {
		vb_diff_kept_free(k);
		return rc;
	}
	k->whole = vb_diff_outside_whole(d->ev);
	*ret = k;
	return 0;
}

void vb_diff_kept_free(struct vb_diff_kept *k)
{
	if (!k)
		return;
	for (uint32_t i = 0; i < k->n; i++)
		free((uint8_t *)k->list[i].frame.data);
	free(k->list);
	free(k);
}

/* ---- what differs ---- */

static void tell(const char *path, struct vb_buf text[2], const struct vb_compare *how)
{
	const struct vb_diff diff = { .path = path, .text = { text[0].data, text[1].data } };

	how->differs(how->ctx, &diff);
	vb_buf_done(&text[0]);
	vb_buf_done(&text[1]);
}

/* As bytes: where no field tells, nobody describes them or only a part of the field was kept. */
static void compare_bytes(const struct vb_outside_bytes *a, const struct vb_outside_bytes *b,
			  const struct vb_compare *how)
{
	const struct vb_frame *x = &a->frame, *y = &b->frame;
	struct vb_buf text[2] = { { 0 }, { 0 } };
	uint32_t n = x->cap_len < y->cap_len ? x->cap_len : y->cap_len;

	if ((n == 0 || memcmp(x->data, y->data, n) == 0) &&
	    (!a->len || !b->len || a->len == b->len))
		return;
	vb_buf_hex(&text[0], x->data, x->cap_len);
	vb_buf_hex(&text[1], y->data, y->cap_len);
	tell("bytes", text, how);
}

/* What a message is; nothing when there is none. */
static void put_message(struct vb_buf *out, const struct vb_outside_bytes *o)
{
	struct vb_walked w;

	if (o && o->proto) {
		vb_walk(o->proto, &o->frame, NULL, &w);
		vb_compare_stack(out, &w);
	} else if (o) {
		vb_buf_fmt(out, "%u bytes", o->frame.wire_len);
	}
}

/* One is missing, or of another kind. */
static void compare_kinds(const struct vb_outside_bytes *a, const struct vb_outside_bytes *b,
			  const struct vb_compare *how)
{
	struct vb_buf text[2] = { { 0 }, { 0 } };

	put_message(&text[0], a);
	put_message(&text[1], b);
	tell("message", text, how);
}

static int compare_pair(const struct vb_outside_bytes *a, const struct vb_outside_bytes *b,
			const struct vb_compare *how)
{
	struct vb_compared result = { 0 };
	int rc = 0;

	if (a->proto && b->proto)
		rc = vb_compare(a->proto, &a->frame, &b->frame, how, &result);
	if (rc < 0)
		return rc;
	if (a->proto && b->proto && !result.same_message)
		compare_kinds(a, b, how);
	else if (result.n_differ + result.n_ignored == 0)
		compare_bytes(a, b, how);
	return 0;
}

int vb_diff_kept_compare(const struct vb_diff_kept *a, const struct vb_diff_kept *b,
			 const struct vb_compare *how, uint32_t *number)
{
	int rc = 0;

	for (*number = 0; rc == 0 && (*number < a->n || *number < b->n); ++*number) {
		const struct vb_outside_bytes *x = *number < a->n ? &a->list[*number] : NULL;
		const struct vb_outside_bytes *y = *number < b->n ? &b->list[*number] : NULL;

		if (x && y)
			rc = compare_pair(x, y, how);
		else if (x ? b->whole : a->whole)
			compare_kinds(x, y, how);
	}
	return rc;
}
