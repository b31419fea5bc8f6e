/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text for people: one line per record, and a tree with one line per field.
 */
#include <inttypes.h>
#include <string.h>

#include "buf.h"

#define BYTES_SHOWN 32	  /* of a byte string, in text */
#define CHARS_SHOWN 64	  /* of a text, in the one-line summary */
#define ELEMENTS_SHOWN 3  /* of an array, in the one-line summary */
#define VALUES_PER_LINE 8 /* of an array of numbers, in the tree */

/* Whole and thousandths by hand: a program around us may have set a locale. */
static void put_ns(struct vb_buf *b, int64_t ns)
{
	uint64_t abs = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	const char *sign = ns < 0 ? "-" : "";

	if (abs < 1000000)
		vb_buf_fmt(b, "%s%" PRIu64 ".%03u us", sign, abs / 1000,
			   (unsigned int)(abs % 1000));
	else if (abs < 1000000000)
		vb_buf_fmt(b, "%s%" PRIu64 ".%03u ms", sign, abs / 1000000,
			   (unsigned int)(abs / 1000 % 1000));
	else
		vb_buf_fmt(b, "%s%" PRIu64 ".%06u s", sign, abs / 1000000000,
			   (unsigned int)(abs / 1000 % 1000000));
}

/* Years begin in March here, so that the leap day is the last one. */
static void put_date(struct vb_buf *b, uint64_t days_since_1601)
{
	uint64_t days = days_since_1601 + 306; /* since 1600-03-01, where 400 years begin */
	uint64_t era = days / 146097, day = days % 146097;
	uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint64_t month;

	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153; /* 0: March */
	vb_buf_fmt(b, "%04" PRIu64 "-%02" PRIu64 "-%02" PRIu64,
		   1600 + era * 400 + year + (month > 9), month > 9 ? month - 9 : month + 3,
		   day - (153 * month + 2) / 5 + 1);
}

#define TICKS UINT64_C(10000000) /* of 100 ns, in a second */
#define DAY (86400 * TICKS)

/* Zero is no time: it stands where none is known. */
static void put_filetime(struct vb_buf *b, uint64_t value)
{
	uint64_t in_day = value % DAY, s = in_day / TICKS;

	if (!value) {
		vb_buf_char(b, '0');
		return;
	}
	put_date(b, value / DAY);
	vb_buf_fmt(b, " %02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ".%07" PRIu64, s / 3600,
		   s / 60 % 60, s % 60, in_day % TICKS);
}

static void put_number(struct vb_buf *b, const struct vb_row *row, uint64_t value)
{
	if (row->base == VB_NS)
		put_ns(b, (int64_t)value);
	else if (row->base == VB_FILETIME)
		put_filetime(b, value);
	else if (row->base == VB_HEX)
		vb_buf_fmt(b, "0x%" PRIx64, value);
	else if (row->is_signed)
		vb_buf_fmt(b, "%" PRId64, (int64_t)value);
	else
		vb_buf_u64(b, value);
}

static void put_bytes(struct vb_buf *b, const struct vb_item *it)
{
	uint32_t n = it->n_bytes < BYTES_SHOWN ? it->n_bytes : BYTES_SHOWN;

	vb_buf_hex(b, it->bytes, n);
	if (n < it->len)
		vb_buf_fmt(b, "... (%" PRIu32 " bytes)", it->len);
}

static void put_guid(struct vb_buf *b, const struct vb_item *it)
{
	const struct vb_class_info *class = NULL;
	char text[VB_GUID_TEXT];

	if (it->n_bytes < 16)
		return;
	vb_guid_text(it->bytes, text);
	vb_buf_str(b, text);
	if (it->row->set == VB_S_CLASS)
		class = vb_class_by_guid(it->bytes);
	if (class)
		vb_buf_fmt(b, " (%s)", class->title);
}

/* The text itself cannot end the quotation, nor write to the terminal. */
static void put_text(struct vb_buf *b, const struct vb_item *it)
{
	vb_buf_char(b, '"');
	vb_buf_text_escaped(b, it);
	vb_buf_char(b, '"');
}

static bool is_number(const struct vb_row *row)
{
	return row->type == VB_UINT || row->type == VB_VALUE || row->type == VB_BIT;
}

void vb_item_text(struct vb_buf *b, const struct vb_item *it)
{
	const char *name;

	if (it->row->type == VB_GUID) {
		put_guid(b, it);
		return;
	}
	if (vb_row_is_text(it->row)) {
		put_text(b, it);
		return;
	}
	if (!is_number(it->row)) {
		put_bytes(b, it);
		return;
	}
	put_number(b, it->row, it->value);
	name = vb_value_name(it->proto, it->row, it->value);
	if (name)
		vb_buf_fmt(b, " (%s)", name);
}

/* ---- the summary ---- */

static void separate(struct vb_text *t)
{
	if (t->any)
		vb_buf_str(t->out, ", ");
	t->any = true;
}

/* A name with blanks for the underscores, as people write it. */
static void put_words(struct vb_buf *b, const char *name)
{
	size_t len = strlen(name);
	char *p = vb_buf_room(b, len);

	if (!p)
		return;
	for (; *name; name++)
		*p++ = *name == '_' ? ' ' : *name;
	vb_buf_took(b, p);
}

/* In a line the name of a value is enough, where it has one. */
static const char *short_name(const struct vb_item *it)
{
	const struct vb_class_info *class = NULL;

	if (is_number(it->row))
		return vb_value_name(it->proto, it->row, it->value);
	if (it->row->set == VB_S_CLASS && it->n_bytes == 16)
		class = vb_class_by_guid(it->bytes);
	return class ? class->title : NULL;
}

/* A line holds the beginning of a text; what has a fixed length is filled up with blanks. */
static void put_short_text(struct vb_buf *b, const struct vb_item *it)
{
	uint32_t most = it->row->type == VB_ASCII ? CHARS_SHOWN : 2 * CHARS_SHOWN;
	struct vb_item text = *it, begin;

	while (it->row->type == VB_ASCII && text.n_bytes && text.bytes[text.n_bytes - 1] == ' ')
		text.n_bytes--;
	begin = text;
	if (begin.n_bytes > most)
		begin.n_bytes = most;
	put_text(b, &begin);
	if (begin.n_bytes < text.n_bytes)
		vb_buf_str(b, "...");
}

static void put_field(struct vb_text *t, const struct vb_item *it)
{
	const char *name = short_name(it);

	separate(t);
	if (!name || it->row->summary != VB_SUM_NAME) {
		put_words(t->out, it->row->name);
		vb_buf_char(t->out, ' ');
	}
	if (name)
		vb_buf_str(t->out, name);
	else if (vb_row_is_text(it->row))
		put_short_text(t->out, it);
	else
		vb_item_text(t->out, it);
}

static bool in_summary(const struct vb_text *t, const struct vb_item *it)
{
	if (it->in_array && it->index >= ELEMENTS_SHOWN)
		return false;
	if (t->element >= ELEMENTS_SHOWN)
		return false;
	if (it->row->summary == VB_SUM_NONZERO)
		return it->value;
	return it->row->summary != VB_SUM_NO;
}

/* The line names messages; one without a name has its number. */
static bool is_unknown_type(const struct vb_item *it)
{
	return it->row->type == VB_UINT && it->row->set == VB_S_TYPE && it->proto->msgs &&
	       !vb_value_name(it->proto, it->row, it->value);
}

/* Bits of an integer that stands in the line, or some that do so themselves. */
static void summary_bit(struct vb_text *t, const struct vb_item *it)
{
	bool is_flag = it->row->width == 1 && it->row->summary == VB_SUM_NONZERO;

	if (!t->in_bits && !in_summary(t, it))
		return;
	if (!t->in_bits && !is_flag) {
		put_field(t, it);
		return;
	}
	if (!it->value)
		return;
	separate(t);
	put_words(t->out, it->row->name);
	if (it->row->width > 1)
		vb_buf_fmt(t->out, " %" PRIu64, it->value);
}

static void summary_field(void *ctx, const struct vb_item *it)
{
	struct vb_text *t = ctx;

	if (t->hush)
		return;
	if (it->row->type == VB_BIT) {
		summary_bit(t, it);
		return;
	}
	if (it->row->type == VB_PAYLOAD) {
		separate(t);
		vb_buf_fmt(t->out, "%s %" PRIu32 " bytes", it->row->name, it->len);
		return;
	}
	if (in_summary(t, it) || is_unknown_type(it))
		put_field(t, it);
}

static void summary_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct vb_text *t = ctx;

	if (span == VB_SPAN_PROTO && it->proto->repeats) {
		t->hush = t->repeated;
		t->repeated = true;
	}
	if (t->hush)
		return;
	if (span == VB_SPAN_MSG && !it->msg->quiet) {
		separate(t);
		vb_buf_str(t->out, it->proto->titled ? it->msg->title : it->msg->name);
	} else if (span == VB_SPAN_ELEMENT) {
		t->element = it->index;
	} else if (span == VB_SPAN_BITS) {
		t->in_bits = in_summary(t, it);
		if (t->in_bits && short_name(it)) { /* says more than its bits */
			put_field(t, it);
			t->in_bits = false;
		} else if (t->in_bits && !it->value) {
			separate(t);
			put_words(t->out, it->row->name);
			vb_buf_str(t->out, " 0");
		}
	}
}

static void summary_close(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct vb_text *t = ctx;

	if (span == VB_SPAN_PROTO && it->proto->repeats)
		t->hush = false;
	if (span == VB_SPAN_ARRAY)
		t->element = 0;
	if (span == VB_SPAN_BITS)
		t->in_bits = false;
}

static void summary_note(void *ctx, enum vb_note_code code, const struct vb_item *it)
{
	struct vb_text *t = ctx;

	if (t->hush)
		return;
	if (t->any)
		vb_buf_str(t->out, " ");
	vb_buf_char(t->out, '[');
	put_words(t->out, vb_note_name(code));
	if (it->row)
		vb_buf_fmt(t->out, " %s", it->row->name);
	vb_buf_str(t->out, "]");
	t->any = true;
}

static void text_init(struct vb_text *t, struct vb_buf *out)
{
	memset(t, 0, sizeof(*t) - sizeof(t->path));
	vb_path_init(&t->path);
	t->out = out;
}

struct vb_sink vb_text_summary(struct vb_text *t, struct vb_buf *out)
{
	text_init(t, out);
	return (struct vb_sink){ .ctx = t,
				 .open = summary_open,
				 .field = summary_field,
				 .close = summary_close,
				 .note = summary_note };
}

/* ---- the tree ---- */

static void indent(struct vb_text *t)
{
	for (unsigned int i = 0; i < t->depth; i++)
		vb_buf_str(t->out, "    ");
}

static void end_line(struct vb_text *t, const struct vb_item *it)
{
	if (t->names && it->row)
		vb_buf_fmt(t->out, "  [%s @%" PRIu32 " %" PRIu32 "]", vb_path_field(&t->path, it),
			   it->off, it->len);
	vb_buf_str(t->out, "\n");
}

/* Numbers of an array share lines: there may be hundreds. */
static void tree_array_value(struct vb_text *t, const struct vb_item *it)
{
	if (!t->run)
		indent(t);
	else
		vb_buf_str(t->out, " ");
	put_number(t->out, it->row, it->value);
	if (++t->run == VALUES_PER_LINE) {
		vb_buf_str(t->out, "\n");
		t->run = 0;
	}
}

static void tree_field(void *ctx, const struct vb_item *it)
{
	struct vb_text *t = ctx;

	if (it->in_array && it->row->type == VB_UINT) {
		tree_array_value(t, it);
		return;
	}
	indent(t);
	vb_buf_fmt(t->out, "%s: ", it->row->title);
	vb_item_text(t->out, it);
	end_line(t, it);
}

static void heading(struct vb_text *t, enum vb_span span, const struct vb_item *it)
{
	switch (span) {
	case VB_SPAN_PROTO:
		vb_buf_str(t->out, it->proto->title);
		break;
	case VB_SPAN_MSG:
		vb_buf_str(t->out, it->msg->title);
		break;
	case VB_SPAN_ELEMENT:
		vb_buf_fmt(t->out, "%s %" PRIu32, it->row->title, it->index);
		break;
	case VB_SPAN_BITS:
		vb_buf_fmt(t->out, "%s: ", it->row->title);
		vb_item_text(t->out, it);
		break;
	case VB_SPAN_STRUCT:
	case VB_SPAN_ARRAY:
		vb_buf_str(t->out, it->row->title);
		break;
	}
}

static void tree_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct vb_text *t = ctx;

	indent(t);
	heading(t, span, it);
	end_line(t, it);
	vb_path_open(&t->path, span, it);
	t->depth++;
}

static void tree_close(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct vb_text *t = ctx;

	(void)it;
	if (span == VB_SPAN_ARRAY && t->run) {
		vb_buf_str(t->out, "\n");
		t->run = 0;
	}
	vb_path_close(&t->path);
	t->depth--;
}

static void tree_gap(void *ctx, const struct vb_item *it)
{
	struct vb_text *t = ctx;

	indent(t);
	vb_buf_fmt(t->out, "Not described, %" PRIu32 " bytes at %" PRIu32 ": ", it->len, it->off);
	put_bytes(t->out, it);
	vb_buf_str(t->out, "\n");
}

static void tree_note(void *ctx, enum vb_note_code code, const struct vb_item *it)
{
	struct vb_text *t = ctx;

	if (code == VB_NOTE_EXTRA)
		return; /* the gap says it */
	indent(t);
	vb_buf_char(t->out, '[');
	put_words(t->out, vb_note_name(code));
	if (it->row)
		vb_buf_fmt(t->out, ": %s", it->row->title);
	else if (!it->msg && !vb_note_is_trouble(code))
		vb_buf_str(t->out, ": message type");
	vb_buf_str(t->out, "]\n");
}

struct vb_sink vb_text_tree(struct vb_text *t, struct vb_buf *out, bool names)
{
	text_init(t, out);
	t->names = names;
	return (struct vb_sink){ .ctx = t,
				 .open = tree_open,
				 .field = tree_field,
				 .close = tree_close,
				 .gap = tree_gap,
				 .note = tree_note };
}
