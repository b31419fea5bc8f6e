/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values in an expression. What a word means depends on the field beside it: "10" may be a number
 * or one byte, "status" the name of a message type.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "capture/filter_impl.h"
#include "capture/suggest.h"

enum vb_value_kind vb_value_kind_of(const struct vb_row *row)
{
	switch (row->type) {
	case VB_UINT:
	case VB_BIT:
	case VB_VALUE:
		return VB_V_NUMBER;
	case VB_GUID:
		return VB_V_GUID;
	case VB_BYTES:
	case VB_PAD:
	case VB_PAYLOAD:
		return VB_V_BYTES;
	case VB_UTF16:
	case VB_ASCII:
		return VB_V_TEXT;
	case VB_STRUCT:
	case VB_END:
		break;
	}
	return VB_V_NONE;
}

struct vb_number vb_number_of_item(const struct vb_item *it)
{
	if (it->row->is_signed && (int64_t)it->value < 0)
		return (struct vb_number){ 0 - it->value, true };
	return (struct vb_number){ it->value, false };
}

int vb_number_compare(struct vb_number a, struct vb_number b)
{
	if (a.negative != b.negative)
		return a.negative ? -1 : 1;
	if (a.magnitude == b.magnitude)
		return 0;
	return (a.magnitude < b.magnitude) != a.negative ? -1 : 1;
}

/* ---- numbers ---- */

/* Digits of one base from *p on, before end; false when there are none or they are too many. */
static bool take_digits(const char **p, const char *end, unsigned int base, uint64_t *ret)
{
	const char *begin = *p;
	uint64_t value = 0;

	for (; *p < end; (*p)++) {
		int d = vb_hex_digit(**p);

		if (d < 0 || (unsigned int)d >= base)
			break;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)d, &value))
			return false;
	}
	*ret = value;
	return *p > begin;
}

struct unit {
	const char *name;
	uint64_t ns;
};

static const struct unit units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "ms", 1000000 },
	{ "s", 1000000000 },
};

/* "5ms" beside a field in nanoseconds. */
static bool apply_unit(const char *p, const char *end, uint64_t *value)
{
	size_t len = (size_t)(end - p);

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strlen(units[i].name) == len && memcmp(units[i].name, p, len) == 0)
			return !__builtin_mul_overflow(*value, units[i].ns, value);
	return false;
}

static bool parse_number(const struct vb_token *t, const struct vb_row *row, struct vb_number *ret)
{
	const char *p = t->text, *end = t->text + t->len;
	unsigned int base = 10;

	ret->negative = p < end && *p == '-';
	if (ret->negative)
		p++;
	if (end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		p += 2;
		base = 16;
	}
	if (!take_digits(&p, end, base, &ret->magnitude))
		return false;
	if (p < end && row->base == VB_NS && base == 10 && apply_unit(p, end, &ret->magnitude))
		p = end;
	if (ret->magnitude == 0)
		ret->negative = false;
	return p == end;
}

/* ---- names of values ---- */

static bool equals(const struct vb_token *t, const char *s)
{
	return strlen(s) == t->len && memcmp(s, t->text, t->len) == 0;
}

static bool is_message_type(const struct vb_named *field)
{
	return field->row->set == VB_S_TYPE && !field->msg && field->proto->msgs;
}

static bool number_by_name(const struct vb_token *t, const struct vb_named *field, uint64_t *ret)
{
	for (const struct vb_name *n = field->row->names; n && n->name; n++) {
		if (equals(t, n->name)) {
			*ret = n->value;
			return true;
		}
	}
	if (!is_message_type(field))
		return false;
	for (const struct vb_msg *m = field->proto->msgs; m->name; m++) {
		if (equals(t, m->name) || (m->title && equals(t, m->title))) {
			*ret = m->number;
			return true;
		}
	}
	return false;
}

static void offer_names(struct vb_suggest *s, const struct vb_named *field)
{
	for (const struct vb_name *n = field->row->names; n && n->name; n++)
		vb_suggest_offer(s, n->name);
	if (!is_message_type(field))
		return;
	for (const struct vb_msg *m = field->proto->msgs; m->name; m++)
		vb_suggest_offer(s, m->name);
}

static bool has_names(const struct vb_named *field)
{
	return field->row->names || is_message_type(field);
}

static int unknown_name(const struct vb_token *t, const struct vb_named *field, size_t n,
			struct vb_err *err)
{
	char near[VB_SUGGEST_TEXT];
	struct vb_suggest s;

	vb_suggest_init(&s, t->text, t->len);
	for (size_t i = 0; i < n; i++)
		offer_names(&s, &field[i]);
	vb_suggest_text(&s, near, sizeof(near));
	return vb_filter_fail(err, t->pos, "%s has no value called '%.*s'%s", field->path,
			      (int)t->len, t->text, near);
}

static bool fits(const struct vb_row *row, struct vb_number value)
{
	unsigned int bits = row->type == VB_BIT ? row->width : row->size * 8u;

	if (value.negative)
		return row->is_signed;
	return bits == 0 || bits >= 64 || value.magnitude >> bits == 0;
}

static int number_from_token(const struct vb_token *t, const struct vb_named *field, size_t n,
			     struct vb_filter_value *ret, struct vb_err *err)
{
	bool any_names = false;

	if (t->type == VB_T_WORD && parse_number(t, field->row, &ret->number)) {
		for (size_t i = 0; i < n; i++)
			if (fits(field[i].row, ret->number))
				return 0;
		return vb_filter_fail(err, t->pos, "%s cannot be %.*s", field->path, (int)t->len,
				      t->text);
	}
	for (size_t i = 0; i < n; i++) {
		any_names |= has_names(&field[i]);
		if (number_by_name(t, &field[i], &ret->number.magnitude))
			return 0;
	}
	if (field->row->type == VB_BIT && (equals(t, "true") || equals(t, "false"))) {
		ret->number.magnitude = t->len == 4;
		return 0;
	}
	if (any_names)
		return unknown_name(t, field, n, err);
	return vb_filter_fail(err, t->pos, "%s is a number; '%.*s' is none", field->path,
			      (int)t->len, t->text);
}

/* ---- GUIDs, bytes ---- */

static int guid_from_token(const struct vb_token *t, const struct vb_named *field,
			   struct vb_filter_value *ret, struct vb_err *err)
{
	char text[VB_GUID_TEXT];
	const struct vb_class_info *classes;
	size_t n;

	if (t->len == VB_GUID_TEXT - 1) {
		memcpy(text, t->text, t->len);
		text[t->len] = '\0';
		if (vb_guid_parse(text, ret->guid))
			return 0;
	}
	classes = vb_classes(&n);
	for (size_t i = 0; i < n; i++)
		if (classes[i].guid && (equals(t, classes[i].name) || equals(t, classes[i].title)))
			return vb_guid_parse(classes[i].guid, ret->guid) ? 0 : -EINVAL;
	return vb_filter_fail(err, t->pos,
			      "%s is a GUID; '%.*s' is neither one nor a kind of device",
			      field->path, (int)t->len, t->text);
}

/* Pairs of hexadecimal digits, with or without ':' or '-' between: 01:02:ff, 0102ff. */
static bool add_hex(const struct vb_token *t, struct vb_buf *pool)
{
	const char *p = t->text, *end = t->text + t->len;

	if (t->len > 2 && p[0] == '0' && p[1] == 'x')
		p += 2;
	while (p < end) {
		int high, low;
		char byte;

		if (end - p < 2)
			return false;
		high = vb_hex_digit(p[0]);
		low = vb_hex_digit(p[1]);
		if (high < 0 || low < 0)
			return false;
		byte = (char)(high << 4 | low);
		vb_buf_add(pool, &byte, 1);
		p += 2;
		if (p < end && (*p == ':' || *p == '-') && ++p == end)
			return false;
	}
	return true;
}

/* A string's characters; \" \\ and \xHH as in C. */
static int add_string(const struct vb_token *t, struct vb_buf *pool, struct vb_err *err)
{
	const char *p = t->text, *end = t->text + t->len;

	while (p < end) {
		char c = *p++;

		if (c == '\\' && end - p >= 3 && *p == 'x' && vb_hex_digit(p[1]) >= 0 &&
		    vb_hex_digit(p[2]) >= 0) {
			c = (char)(vb_hex_digit(p[1]) << 4 | vb_hex_digit(p[2]));
			p += 3;
		} else if (c == '\\') {
			if (p == end || (*p != '\\' && *p != '"'))
				return vb_filter_fail(err, t->pos,
						      "after '\\' may stand '\"', '\\' or xHH");
			c = *p++;
		}
		vb_buf_add(pool, &c, 1);
	}
	return 0;
}

/* Text may stand without quotes: it is compared as UTF-8. */
static int text_from_token(const struct vb_token *t, struct vb_buf *pool,
			   struct vb_filter_value *ret, struct vb_err *err)
{
	int rc = 0;

	ret->bytes_off = pool->len;
	if (t->type == VB_T_STRING)
		rc = add_string(t, pool, err);
	else
		vb_buf_add(pool, t->text, t->len);
	if (rc == 0 && pool->failed)
		return vb_fail(err, -ENOMEM, "-Y: not enough memory");
	ret->n_bytes = pool->len - ret->bytes_off;
	return rc;
}

static int bytes_from_token(const struct vb_token *t, const struct vb_named *field,
			    struct vb_buf *pool, struct vb_filter_value *ret, struct vb_err *err)
{
	int rc;

	ret->bytes_off = pool->len;
	if (t->type == VB_T_STRING) {
		rc = add_string(t, pool, err);
		if (rc < 0)
			return rc;
	} else if (!add_hex(t, pool)) {
		return vb_filter_fail(err, t->pos,
				      "%s is bytes: write them as 01:02:ff, or text in quotes",
				      field->path);
	}
	if (pool->failed)
		return vb_fail(err, -ENOMEM, "-Y: not enough memory");
	ret->n_bytes = pool->len - ret->bytes_off;
	return 0;
}

int vb_value_from_token(const struct vb_token *t, const struct vb_named *field, size_t n,
			struct vb_buf *pool, struct vb_filter_value *ret, struct vb_err *err)
{
	*ret = (struct vb_filter_value){ .kind = vb_value_kind_of(field->row) };
	if (t->type != VB_T_WORD && t->type != VB_T_STRING)
		return vb_filter_fail(err, t->pos, "a value is missing here");
	switch (ret->kind) {
	case VB_V_NUMBER:
		return number_from_token(t, field, n, ret, err);
	case VB_V_GUID:
		return guid_from_token(t, field, ret, err);
	case VB_V_BYTES:
		return bytes_from_token(t, field, pool, ret, err);
	case VB_V_TEXT:
		return text_from_token(t, pool, ret, err);
	case VB_V_NONE:
		break;
	}
	return vb_filter_fail(err, t->pos, "%s is a group of fields and has no value", field->path);
}
