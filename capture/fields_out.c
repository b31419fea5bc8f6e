/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/fields_out.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture/digits.h"
#include "capture/field_index.h"
#include "capture/suggest.h"

/* The record's time is no field of a message. */
#define TIME_NAME "time"

struct column {
	struct vb_buf text;
	bool is_time;
};

struct vb_fields_out {
	struct vb_field_index *index;
	struct vb_watch watch;
	size_t n;
	struct column columns[];
};

/* Plain values, as programs want them: names of values are for people. */
static void put_value(struct vb_buf *b, const struct vb_item *it)
{
	const struct vb_row *row = it->row;
	char guid[VB_GUID_TEXT];

	if (row->type == VB_GUID && it->n_bytes == 16) {
		vb_guid_text(it->bytes, guid);
		vb_buf_str(b, guid);
	} else if (vb_row_is_text(row)) {
		vb_buf_text_escaped(b, it);
	} else if (row->type != VB_UINT && row->type != VB_BIT && row->type != VB_VALUE) {
		if (it->n_bytes > 0)
			vb_buf_hex(b, it->bytes, it->n_bytes);
	} else if (row->base == VB_HEX) {
		vb_buf_fmt(b, "0x%" PRIx64, it->value);
	} else if (row->is_signed) {
		vb_buf_fmt(b, "%" PRId64, (int64_t)it->value);
	} else {
		vb_digits_add(b, it->value);
	}
}

static void column_hit(void *ctx, unsigned int id, const struct vb_item *it)
{
	struct vb_fields_out *fo = ctx;
	struct vb_buf *b = &fo->columns[id].text;

	if (b->len > 0)
		vb_buf_add(b, ",", 1);
	put_value(b, it);
}

static int find_column(struct vb_fields_out *fo, size_t i, const char *name, struct vb_err *err)
{
	const struct vb_named *first;
	char near[VB_SUGGEST_TEXT];
	size_t n, before = fo->watch.n;

	if (strcmp(name, TIME_NAME) == 0) {
		fo->columns[i].is_time = true;
		return 0;
	}
	n = vb_field_index_find(fo->index, name, strlen(name), &first);
	if (n == 0) {
		vb_field_index_suggest(fo->index, name, strlen(name), near, sizeof(near));
		return vb_fail(err, -EINVAL, "-e: there is no field '%s'%s", name,
			       near[0] ? near : "; --list-fields shows all");
	}
	for (size_t k = 0; k < n; k++)
		if (first[k].row && vb_row_has_value(first[k].row))
			vb_watch_add(&fo->watch, &first[k], 1, (unsigned int)i);
	if (fo->watch.n > before || fo->watch.failed)
		return 0;
	return vb_fail(err, -EINVAL, "-e: %s is a group of fields; name one inside it", name);
}

int vb_fields_out_new(const char *const *names, size_t n, struct vb_fields_out **ret,
		      struct vb_err *err)
{
	struct vb_fields_out *fo = calloc(1, sizeof(*fo) + n * sizeof(fo->columns[0]));
	int rc = -ENOMEM;

	if (fo) {
		fo->n = n;
		fo->index = vb_field_index_new();
		rc = fo->index ? 0 : -ENOMEM;
	}
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = find_column(fo, i, names[i], err);
	if (rc == 0)
		rc = vb_watch_finish(&fo->watch);
	if (rc == -ENOMEM)
		vb_fail(err, rc, "-e: not enough memory");
	if (rc < 0) {
		vb_fields_out_free(fo);
		return rc;
	}
	fo->watch.hit = column_hit;
	fo->watch.ctx = fo;
	*ret = fo;
	return 0;
}

void vb_fields_out_free(struct vb_fields_out *fo)
{
	if (!fo)
		return;
	for (size_t i = 0; i < fo->n; i++)
		vb_buf_done(&fo->columns[i].text);
	vb_field_index_free(fo->index);
	vb_watch_done(&fo->watch);
	free(fo);
}

void vb_fields_out_begin(struct vb_fields_out *fo, uint64_t number)
{
	for (size_t i = 0; i < fo->n; i++)
		vb_buf_reset(&fo->columns[i].text);
	fo->watch.depth = 0;
	vb_watch_number(&fo->watch, number);
}

struct vb_sink vb_fields_out_sink(struct vb_fields_out *fo)
{
	return vb_watch_sink(&fo->watch);
}

void vb_fields_out_line(struct vb_fields_out *fo, struct vb_time_text *time,
			const struct vb_event *ev, struct vb_buf *out)
{
	for (size_t i = 0; i < fo->n; i++) {
		struct column *c = &fo->columns[i];

		if (i > 0)
			vb_buf_add(out, "\t", 1);
		if (c->is_time)
			vb_time_text_add(time, out, ev->time_ns, ev->hdr.mono_ns);
		else if (c->text.len > 0)
			vb_buf_add(out, c->text.data, c->text.len);
		out->failed |= c->text.failed;
	}
	vb_buf_add(out, "\n", 1);
}

bool vb_fields_out_needs(const struct vb_fields_out *fo, const char *name)
{
	return vb_watch_has_proto(&fo->watch, name);
}
