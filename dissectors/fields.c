/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The field reference: every field of every protocol, in table order.
 */
#include <stdio.h>

#include "buf.h"
#include "walk.h"

#define MAX_PATH 256
#define MAX_TYPE 16

#define NOT_CONSTANT (-1)

struct tour {
	bool (*each)(void *ctx, const struct vb_field_info *fi);
	void *ctx;
	struct vb_field_info fi;
	char path[MAX_PATH];
	char type[MAX_TYPE];
	size_t path_len;
	unsigned int depth;
	int32_t offset;	 /* of the next row */
	int32_t in_text; /* where the bytes of the text before it end */
	bool stop;
};

static void tour_rows(struct tour *t, const struct vb_row *rows);

/* Append a part to the path; returns the length before, to go back to. */
static size_t enter(struct tour *t, const char *name)
{
	size_t before = t->path_len;
	int n = snprintf(t->path + before, MAX_PATH - before, before ? ".%s" : "%s", name);

	t->path_len += n > 0 ? (size_t)n : 0;
	if (t->path_len >= MAX_PATH)
		t->path_len = MAX_PATH - 1;
	return before;
}

static void leave(struct tour *t, size_t before)
{
	t->path_len = before;
	t->path[before] = '\0';
}

/* Bytes that only say that there is something; of payloads, those that nobody has decoded. */
static bool is_opaque(const struct vb_row *row)
{
	return row->opaque || row->type == VB_PAD || (row->type == VB_PAYLOAD && !row->foreign);
}

static void name_type(const struct vb_row *row, char ret_type[MAX_TYPE])
{
	const char *array = vb_row_is_array(row) ? "[]" : "";

	switch (row->type) {
	case VB_UINT:
		snprintf(ret_type, MAX_TYPE, "%c%u%s%s", row->is_signed ? 's' : 'u', 8u * row->size,
			 row->big ? "be" : "", array);
		break;
	case VB_GUID:
		snprintf(ret_type, MAX_TYPE, "guid%s", array);
		break;
	case VB_STRUCT:
		snprintf(ret_type, MAX_TYPE, "struct%s", array);
		break;
	case VB_VALUE:
		snprintf(ret_type, MAX_TYPE, "value");
		break;
	case VB_UTF16:
		snprintf(ret_type, MAX_TYPE, "text");
		break;
	case VB_ASCII:
		snprintf(ret_type, MAX_TYPE, "ascii");
		break;
	case VB_BIT:
		snprintf(ret_type, MAX_TYPE, row->width == 1 ? "bit" : "bits");
		break;
	default:
		snprintf(ret_type, MAX_TYPE, "%s%s", is_opaque(row) ? "opaque" : "bytes", array);
		break;
	}
}

static void tell(struct tour *t, const struct vb_row *row)
{
	name_type(row, t->type);
	t->fi.row = row;
	t->fi.path = t->path;
	t->fi.type = t->type;
	t->fi.offset = t->offset;
	if (!t->stop && !t->each(t->ctx, &t->fi))
		t->stop = true;
}

static void tour_inner(struct tour *t, const struct vb_row *rows)
{
	if (t->depth >= VB_MAX_DEPTH)
		return;
	t->depth++;
	tour_rows(t, rows);
	t->depth--;
}

static void tour_bits(struct tour *t, const struct vb_row *bits)
{
	for (const struct vb_row *bit = bits; bit && bit->type != VB_END && !t->stop; bit++) {
		size_t before = enter(t, bit->name);

		tell(t, bit);
		leave(t, before);
	}
}

/* Where the row after this one lies. Text and its rest are two rows in the same bytes. */
static int32_t next_offset(struct tour *t, const struct vb_row *row)
{
	if (vb_row_is_array(row))
		return NOT_CONSTANT;
	if (row->type == VB_VALUE || row->type == VB_STRUCT)
		return t->offset;
	if (vb_row_is_text(row)) {
		t->in_text = t->offset == NOT_CONSTANT || !row->size || row->when || row->since ||
					     row->until ?
				     NOT_CONSTANT :
				     t->offset + row->size;
		return NOT_CONSTANT;
	}
	if (row->after_text)
		return t->in_text;
	return t->offset == NOT_CONSTANT || !row->size ? NOT_CONSTANT : t->offset + row->size;
}

static void tour_row(struct tour *t, const struct vb_row *row)
{
	size_t before = enter(t, row->name);

	if (row->at)
		t->offset = NOT_CONSTANT;
	tell(t, row);
	tour_bits(t, row->bits);
	t->offset = next_offset(t, row);
	if (row->type == VB_STRUCT)
		tour_inner(t, row->rows);
	if (row->since || row->until || row->when)
		t->offset = NOT_CONSTANT; /* of what comes after: the row may be missing */
	leave(t, before);
}

static void tour_rows(struct tour *t, const struct vb_row *rows)
{
	for (const struct vb_row *row = rows; row && row->type != VB_END && !t->stop; row++)
		tour_row(t, row);
}

static void tour_msgs(struct tour *t, const struct vb_msg *msgs)
{
	int32_t start = t->offset;

	for (const struct vb_msg *m = msgs; m && m->name && !t->stop; m++) {
		size_t before = enter(t, m->name);

		t->fi.msg = m;
		t->offset = start;
		tour_rows(t, m->rows);
		leave(t, before);
	}
	t->fi.msg = NULL;
	if (msgs)
		t->offset = NOT_CONSTANT;
}

void vb_fields_each(bool (*each)(void *ctx, const struct vb_field_info *fi), void *ctx)
{
	struct tour t = { .each = each, .ctx = ctx };
	size_t n;
	const struct vb_proto *const *protos = vb_protos(&n);

	for (size_t i = 0; i < n && !t.stop; i++) {
		t.fi.proto = protos[i];
		t.offset = 0;
		t.path_len = 0;
		enter(&t, protos[i]->name);
		tour_rows(&t, protos[i]->head);
		tour_msgs(&t, protos[i]->msgs);
		tour_rows(&t, protos[i]->tail);
	}
}

/* ---- the reference as text ---- */

struct list {
	struct vb_buf *out;
	const struct vb_proto *proto;
	const struct vb_msg *msg;
};

static bool list_line(void *ctx, const struct vb_field_info *fi)
{
	struct list *l = ctx;

	vb_buf_fmt(l->out, "%s\t%s\t%s\t%s\n", fi->path, fi->type, fi->row->title,
		   fi->row->help ? fi->row->help : "");
	return true;
}

/* Text for a cell of a table. */
static void put_cell(struct vb_buf *out, const char *s)
{
	for (; *s; s++) {
		if (strchr("|\\<*`", *s))
			vb_buf_char(out, '\\');
		vb_buf_char(out, *s);
	}
}

static void put_table_head(struct vb_buf *out)
{
	vb_buf_str(out, "\n| Field | Type | Offset | Title | Meaning |\n|---|---|---|---|---|\n");
}

static void put_proto_head(struct list *l, const struct vb_proto *proto)
{
	vb_buf_fmt(l->out, "%s## %s (`%s`)\n", l->out->len ? "\n" : "", proto->title, proto->name);
	if (proto->help)
		vb_buf_fmt(l->out, "\n%s.\n", proto->help);
	put_table_head(l->out);
}

static void put_msg_head(struct list *l, const struct vb_msg *msg)
{
	vb_buf_fmt(l->out, "\n### %s: type %u (`%s.%s`)\n", msg->title, msg->number, l->proto->name,
		   msg->name);
	if (msg->help)
		vb_buf_fmt(l->out, "\n%s.\n", msg->help);
	if (msg->rows && msg->rows->type != VB_END)
		put_table_head(l->out);
}

/* Headings of messages up to the one at hand: those without rows have no field that brings them. */
static void put_msg_heads(struct list *l, const struct vb_msg *until)
{
	const struct vb_msg *m = l->msg ? l->msg + 1 : l->proto ? l->proto->msgs : NULL;

	for (; m && m->name; m++) {
		put_msg_head(l, m);
		l->msg = m;
		if (m == until)
			return;
	}
}

static void put_place(struct list *l, const struct vb_field_info *fi)
{
	if (l->proto != fi->proto) {
		put_msg_heads(l, NULL);
		l->proto = fi->proto;
		l->msg = NULL;
		put_proto_head(l, fi->proto);
	}
	if (fi->msg && fi->msg != l->msg)
		put_msg_heads(l, fi->msg);
	if (fi->row == fi->proto->tail && fi->proto->msgs) {
		put_msg_heads(l, NULL);
		vb_buf_fmt(l->out, "\n### After the message (`%s`)\n", fi->proto->name);
		put_table_head(l->out);
	}
}

static void put_values(struct vb_buf *out, const struct vb_row *row)
{
	const char *fmt = row->base == VB_HEX ? "%s0x%llx " : "%s%llu ";

	for (const struct vb_name *n = row->names; n && n->name; n++) {
		vb_buf_fmt(out, fmt, n == row->names ? "" : ", ", (unsigned long long)n->value);
		put_cell(out, n->name);
	}
}

static bool list_row(void *ctx, const struct vb_field_info *fi)
{
	const struct vb_row *row = fi->row;
	struct list *l = ctx;

	put_place(l, fi);
	vb_buf_fmt(l->out, "| <a id=\"%s\"></a>`%s` | %s | ", fi->path, fi->path, fi->type);
	if (row->type == VB_BIT && row->width == 1)
		vb_buf_fmt(l->out, "bit %u", row->lo);
	else if (row->type == VB_BIT)
		vb_buf_fmt(l->out, "bits %u-%u", row->lo, row->lo + row->width - 1u);
	else if (fi->offset != NOT_CONSTANT && row->type != VB_VALUE)
		vb_buf_fmt(l->out, "%d", fi->offset);
	vb_buf_str(l->out, " | ");
	put_cell(l->out, row->title);
	vb_buf_str(l->out, " | ");
	if (row->help)
		put_cell(l->out, row->help);
	if (row->help && row->names)
		vb_buf_str(l->out, ": ");
	put_values(l->out, row);
	vb_buf_str(l->out, " |\n");
	return true;
}

void vb_fields_list(struct vb_buf *out, bool markdown)
{
	struct list l = { .out = out };

	vb_fields_each(markdown ? list_row : list_line, &l);
	if (markdown)
		put_msg_heads(&l, NULL);
}
