/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON form of a record. The path of a value is its field name.
 *
 * What kind of JSON value a field becomes is decided by its row alone, never by the value at hand,
 * so that whoever reads many records finds the same type in all of them.
 */
#include "buf.h"

static struct vb_buf *current(struct vb_json *j)
{
	return &j->layer[j->open[j->depth - 1]];
}

static char *put(char *p, const char *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

/* The comma, and the name unless the value is an array's element. */
static void put_key(struct vb_json *j, const char *name)
{
	size_t n = name ? strlen(name) : 0;
	struct vb_buf *b = current(j);
	char *p = vb_buf_room(b, n + 4);

	if (!p)
		return;
	if (j->comma[j->level])
		*p++ = ',';
	j->comma[j->level] = true;
	if (name) {
		*p++ = '"';
		p = put(p, name, n);
		*p++ = '"';
		*p++ = ':';
	}
	vb_buf_took(b, p);
}

static void push(struct vb_json *j, char bracket)
{
	vb_buf_char(current(j), bracket);
	j->level++;
	j->comma[j->level] = false;
}

static void pop(struct vb_json *j, char bracket)
{
	vb_buf_char(current(j), bracket);
	j->level--;
}

static bool is_hex64(const struct vb_row *row)
{
	return row->base == VB_HEX && row->size == 8;
}

static char *put_hex64(char *p, uint64_t value)
{
	uint8_t big_endian[8];

	for (unsigned int i = 0; i < 8; i++)
		big_endian[i] = (uint8_t)(value >> (56 - 8 * i));
	p = put(p, "\"0x", 3);
	p = vb_put_hex(p, big_endian, sizeof(big_endian));
	*p++ = '"';
	return p;
}

static void put_integer(struct vb_buf *b, const struct vb_item *it)
{
	char *p = vb_buf_room(b, VB_U64_DIGITS + 1);

	if (!p)
		return;
	if (is_hex64(it->row)) {
		p = put_hex64(p, it->value);
	} else if (it->row->is_signed && it->value >> 63) {
		*p++ = '-';
		p = vb_put_u64(p, 0 - it->value);
	} else {
		p = vb_put_u64(p, it->value);
	}
	vb_buf_took(b, p);
}

/* Values with names, and message types, become {"value":5,"name":"status"}. */
static bool has_names(const struct vb_item *it)
{
	const struct vb_row *row = it->row;

	if (row->names)
		return true;
	return row->type == VB_UINT && row->set == VB_S_TYPE && it->proto->msgs;
}

/* The members of the object that stands for an integer; the brace is left open for more. */
static void put_named_value(struct vb_buf *b, const struct vb_item *it)
{
	const char *name = NULL;

	vb_buf_add(b, "\"value\":", 8);
	put_integer(b, it);
	if (has_names(it))
		name = vb_value_name(it->proto, it->row, it->value);
	if (!name)
		return;
	vb_buf_add(b, ",\"name\":", 8);
	vb_buf_json(b, name);
}

static void put_number(struct vb_buf *b, const struct vb_item *it)
{
	if (!has_names(it)) {
		put_integer(b, it);
		return;
	}
	vb_buf_char(b, '{');
	put_named_value(b, it);
	vb_buf_char(b, '}');
}

static void put_bit(struct vb_buf *b, const struct vb_item *it)
{
	if (it->row->width != 1)
		put_number(b, it);
	else if (it->value)
		vb_buf_add(b, "true", 4);
	else
		vb_buf_add(b, "false", 5);
}

static void put_bytes(struct vb_buf *b, const uint8_t *bytes, uint32_t n)
{
	char *p = vb_buf_room(b, 2 * (size_t)n + 2);

	if (!p)
		return;
	*p++ = '"';
	p = vb_put_hex(p, bytes, n);
	*p++ = '"';
	vb_buf_took(b, p);
}

/* A GUID, or what the capture has of it. */
static void put_guid_text(struct vb_buf *b, const struct vb_item *it)
{
	char quoted[1 + VB_GUID_TEXT];

	if (it->n_bytes < 16) {
		put_bytes(b, it->bytes, it->n_bytes);
		return;
	}
	quoted[0] = '"';
	vb_guid_text(it->bytes, quoted + 1);
	quoted[VB_GUID_TEXT] = '"'; /* in place of the NUL */
	vb_buf_add(b, quoted, sizeof(quoted));
}

static void put_guid(struct vb_buf *b, const struct vb_item *it)
{
	const struct vb_class_info *class = NULL;

	if (it->row->set != VB_S_CLASS) {
		put_guid_text(b, it);
		return;
	}
	vb_buf_add(b, "{\"value\":", 9);
	put_guid_text(b, it);
	if (it->n_bytes == 16)
		class = vb_class_by_guid(it->bytes);
	if (class) {
		vb_buf_add(b, ",\"name\":", 8);
		vb_buf_json(b, class->title);
	}
	vb_buf_char(b, '}');
}

static void json_field(void *ctx, const struct vb_item *it)
{
	struct vb_json *j = ctx;
	struct vb_buf *b;

	if (j->skipped || !j->depth)
		return;
	put_key(j, it->in_array ? NULL : it->row->name);
	b = current(j);
	switch (it->row->type) {
	case VB_UINT:
	case VB_VALUE:
		put_number(b, it);
		break;
	case VB_BIT:
		put_bit(b, it);
		break;
	case VB_GUID:
		put_guid(b, it);
		break;
	case VB_UTF16:
	case VB_ASCII:
		vb_buf_char(b, '"');
		vb_buf_text_escaped(b, it);
		vb_buf_char(b, '"');
		break;
	default:
		put_bytes(b, it->bytes, it->n_bytes);
		break;
	}
}

/* The place of a protocol that occurred already, else the next one. */
static unsigned int layer_of(const struct vb_json *j, const struct vb_proto *proto)
{
	unsigned int i = 0;

	while (i < j->n_layers && j->proto[i] != proto)
		i++;
	return i;
}

/*
 * A second occurrence of a protocol in one record would be a second member of that name; it is left
 * out unless the protocol repeats: it is an array then. The tables cannot cause it otherwise (lint), a
 * caller that walks a record twice could.
 */
static bool takes_proto(const struct vb_json *j, const struct vb_proto *proto)
{
	return layer_of(j, proto) == j->n_layers ? j->n_layers < VB_JSON_LAYERS : proto->repeats;
}

static void open_proto(struct vb_json *j, const struct vb_proto *proto)
{
	unsigned int layer = layer_of(j, proto);

	j->proto[layer] = proto;
	j->open[j->depth++] = (uint8_t)layer;
	if (layer < j->n_layers) {
		vb_buf_char(&j->layer[layer], ',');
	} else {
		j->n_layers++;
		j->n_objects[layer] = 0;
	}
	j->n_objects[layer]++;
	push(j, '{');
}

static void json_note(void *ctx, enum vb_note_code code, const struct vb_item *it);

/* What is nested deeper than we can show is left out as a whole, so that brackets still pair. */
static bool skips(struct vb_json *j, enum vb_span span, const struct vb_item *it)
{
	if (!j->skipped && j->level + 1 < VB_JSON_LEVELS &&
	    (span == VB_SPAN_PROTO ? takes_proto(j, it->proto) : j->depth > 0))
		return false;
	if (!j->skipped)
		json_note(j, VB_NOTE_LIMIT, it);
	j->skipped++;
	return true;
}

static void json_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct vb_json *j = ctx;
	bool skip = skips(j, span, it);

	vb_path_open(&j->path, span, it);
	if (skip)
		return;
	switch (span) {
	case VB_SPAN_PROTO:
		open_proto(j, it->proto);
		break;
	case VB_SPAN_MSG:
		put_key(j, it->msg->name);
		push(j, '{');
		break;
	case VB_SPAN_STRUCT:
		put_key(j, it->in_array ? NULL : it->row->name);
		push(j, '{');
		break;
	case VB_SPAN_ARRAY:
		put_key(j, it->in_array ? NULL : it->row->name);
		push(j, '[');
		break;
	case VB_SPAN_ELEMENT:
		put_key(j, NULL);
		push(j, '{');
		break;
	case VB_SPAN_BITS:
		put_key(j, it->in_array ? NULL : it->row->name);
		push(j, '{');
		put_named_value(current(j), it);
		j->comma[j->level] = true;
		break;
	}
}

static void json_close(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct vb_json *j = ctx;

	(void)it;
	vb_path_close(&j->path);
	if (j->skipped) {
		j->skipped--;
		return;
	}
	if (!j->depth)
		return;
	pop(j, span == VB_SPAN_ARRAY ? ']' : '}');
	if (span == VB_SPAN_PROTO)
		j->depth--;
}

/* Messages of the protocol so far; at least the one that is open. */
static uint64_t messages(const struct vb_json *j, const struct vb_proto *proto)
{
	unsigned int layer = layer_of(j, proto);

	return layer < j->n_layers ? j->n_objects[layer] : 1;
}

/*
 * Gaps stand under the protocol with which their walk began, because their offsets count from its
 * start: "gaps":{"hv_ring":[{"offset":40,"bytes":"00ff"}]}. The last comes when it is closed again.
 * Of a protocol that repeats they say in which of its messages they are, from 0.
 */
static void json_gap(void *ctx, const struct vb_item *it)
{
	struct vb_json *j = ctx;
	struct vb_buf *b = &j->gaps;
	const struct vb_proto *of = j->depth ? j->proto[j->open[0]] : it->proto;

	if (of == j->gaps_of) {
		vb_buf_char(b, ',');
	} else {
		if (j->gaps_of)
			vb_buf_add(b, "],", 2);
		vb_buf_json(b, of->name);
		vb_buf_add(b, ":[", 2);
		j->gaps_of = of;
	}
	vb_buf_char(b, '{');
	if (of->repeats) {
		vb_buf_str(b, "\"message\":");
		vb_buf_u64(b, messages(j, of) - 1);
		vb_buf_char(b, ',');
	}
	vb_buf_str(b, "\"offset\":");
	vb_buf_u64(b, it->off);
	vb_buf_str(b, ",\"bytes\":");
	put_bytes(b, it->bytes, it->n_bytes);
	vb_buf_char(b, '}');
}

static void json_note(void *ctx, enum vb_note_code code, const struct vb_item *it)
{
	struct vb_json *j = ctx;
	struct vb_buf *b = &j->notes;

	if (b->len > 0)
		vb_buf_char(b, ',');
	vb_buf_str(b, "{\"code\":");
	vb_buf_json(b, vb_note_name(code));
	vb_buf_str(b, ",\"field\":");
	vb_buf_json(b, j->path.n ? vb_path_field(&j->path, it) : it->proto->name);
	vb_buf_str(b, ",\"offset\":");
	vb_buf_u64(b, it->off);
	vb_buf_char(b, '}');
}

struct vb_sink vb_json_sink(struct vb_json *j)
{
	return (struct vb_sink){
		.ctx = j,
		.open = json_open,
		.field = json_field,
		.close = json_close,
		.gap = json_gap,
		.note = json_note,
	};
}

static void flush_member(struct vb_buf *out, bool *comma, const char *name, struct vb_buf *part,
			 const char *const brackets[2])
{
	if (*comma)
		vb_buf_char(out, ',');
	*comma = true;
	vb_buf_char(out, '"');
	vb_buf_str(out, name);
	vb_buf_add(out, "\":", 2);
	if (brackets)
		vb_buf_str(out, brackets[0]);
	vb_buf_add(out, part->data, part->len);
	if (brackets)
		vb_buf_str(out, brackets[1]);
	if (part->failed)
		out->failed = true;
	vb_buf_reset(part);
}

void vb_json_flush(struct vb_json *j, struct vb_buf *out)
{
	static const char *const array[] = { "[", "]" };
	bool comma = false;

	for (unsigned int i = 0; i < j->n_layers; i++)
		flush_member(out, &comma, j->proto[i]->name, &j->layer[i],
			     j->proto[i]->repeats ? array : NULL);
	if (j->gaps.len > 0)
		flush_member(out, &comma, "gaps", &j->gaps, (const char *[]){ "{", "]}" });
	if (j->notes.len > 0)
		flush_member(out, &comma, "notes", &j->notes, array);
	if (j->gaps.failed || j->notes.failed)
		out->failed = true;
	j->n_layers = 0;
	j->depth = 0;
	j->level = 0;
	j->skipped = 0;
	j->gaps_of = NULL;
	vb_path_init(&j->path);
}

void vb_json_done(struct vb_json *j)
{
	for (unsigned int i = 0; i < VB_JSON_LAYERS; i++)
		vb_buf_done(&j->layer[i]);
	vb_buf_done(&j->gaps);
	vb_buf_done(&j->notes);
	*j = (struct vb_json){ 0 };
}
