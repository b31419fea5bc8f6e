/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The check of rows: what the compiler cannot see, and the walker takes for granted.
 */
#include "lint.h"

#include <stdarg.h>
#include <stdio.h>

#include "walk.h"

#define MAX_NAME 72 /* of a whole path: struct vb_path holds several */
#define MAX_DEPTH 8 /* of structs in structs; walker, encoder and JSON have room for more */

void vb_lint_fault(struct vb_lint *l, const char *name, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	vb_buf_fmt(l->out, "%s%s%s: %s\n", l->path, name ? "." : "", name ? name : "", text);
	l->n_faults++;
}

size_t vb_lint_enter(struct vb_lint *l, const char *name)
{
	size_t before = strlen(l->path);

	snprintf(l->path + before, VB_LINT_PATH - before, before ? ".%s" : "%s", name ? name : "?");
	return before;
}

void vb_lint_leave(struct vb_lint *l, size_t before)
{
	l->path[before] = '\0';
}

/* ---- words ---- */

static bool is_name(const char *s)
{
	return s && *s && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(s);
}

static bool is_trimmed(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && s[0] != ' ' && s[n - 1] != ' ' && !strpbrk(s, "\t\n\r");
}

void vb_lint_words(struct vb_lint *l, const char *name, const char *title, const char *help)
{
	if (!is_name(name))
		vb_lint_fault(l, NULL, "the name is not made of a-z, 0-9 and _");
	if (strlen(l->path) > MAX_NAME)
		vb_lint_fault(l, NULL, "the path has more than %d characters", MAX_NAME);
	if (!title || !is_trimmed(title))
		vb_lint_fault(l, NULL, "no title, or space around it");
	if (help && !is_trimmed(help))
		vb_lint_fault(l, NULL, "the help is empty, or has space around it");
	else if (help && help[strlen(help) - 1] == '.')
		vb_lint_fault(l, NULL, "the help ends with a full stop");
}

void vb_lint_names(struct vb_lint *l, const struct vb_name *names, uint64_t max)
{
	for (const struct vb_name *n = names; n && n->name; n++) {
		if (!is_trimmed(n->name))
			vb_lint_fault(l, NULL, "value %#llx: no name, or space around it",
				      (unsigned long long)n->value);
		if (n > names && n->value <= n[-1].value)
			vb_lint_fault(l, NULL, "value %#llx: not in ascending order",
				      (unsigned long long)n->value);
		if (n->value > max)
			vb_lint_fault(l, NULL, "value %#llx: larger than the field",
				      (unsigned long long)n->value);
	}
}

/* ---- slots ---- */

void vb_lint_set(struct vb_lint *l, uint8_t slot, const char *what)
{
	if (slot != VB_S_NONE && !vb_is_set(l, slot))
		vb_lint_fault(l, NULL, "%s: slot %u is not set here", what, slot);
}

/* As above, for rows: the version is known from the start. */
static void check_used(struct vb_lint *l, uint8_t slot, const char *what)
{
	if (slot != VB_S_VERSION)
		vb_lint_set(l, slot, what);
}

static void check_used_or_rest(struct vb_lint *l, uint8_t slot, const char *what)
{
	if (slot != VB_REST)
		check_used(l, slot, what);
}

static void set_slot(struct vb_lint *l, const struct vb_row *row)
{
	if (row->set == VB_S_NONE)
		return;
	if (!vb_is_slot(row->set)) {
		vb_lint_fault(l, NULL, "there is no slot %u", row->set);
		return;
	}
	if (row->set == VB_S_TYPE && l->msg)
		vb_lint_fault(l, NULL, "sets the message type inside a message");
	if (row->set == VB_S_CLASS && row->type != VB_GUID)
		vb_lint_fault(l, NULL, "sets the class but is no GUID");
	l->set |= 1u << row->set;
}

/* ---- rows ---- */

static uint64_t low_bits(unsigned int n)
{
	return n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
}

static void check_bit(struct vb_lint *l, const struct vb_row *row, const struct vb_row *bit,
		      uint64_t *taken)
{
	uint64_t mask = low_bits(bit->width);

	vb_lint_words(l, bit->name, bit->title, bit->help);
	set_slot(l, bit);
	vb_lint_names(l, bit->names, mask);
	if (bit->name && vb_is_one_of(bit->name, "value", "name"))
		vb_lint_fault(l, NULL, "a member that named values have already");
	if (bit->type != VB_BIT) {
		vb_lint_fault(l, NULL, "only bits can stand here");
	} else if (!bit->width || bit->lo + bit->width > 8 * row->size) {
		vb_lint_fault(l, NULL, "not inside the integer");
	} else if (*taken & mask << bit->lo) {
		vb_lint_fault(l, NULL, "overlaps with other bits");
	} else {
		*taken |= mask << bit->lo;
	}
}

static void check_same_names(struct vb_lint *l, const struct vb_row *rows);

static void check_bits(struct vb_lint *l, const struct vb_row *row)
{
	uint64_t taken = 0;

	for (const struct vb_row *bit = row->bits; bit && bit->type != VB_END; bit++) {
		size_t before = vb_lint_enter(l, bit->name);

		check_bit(l, row, bit, &taken);
		vb_lint_leave(l, before);
	}
	check_same_names(l, row->bits);
}

static void check_uint(struct vb_lint *l, const struct vb_row *row)
{
	uint64_t max = row->is_signed ? UINT64_MAX : low_bits(8u * row->size);

	if (row->size != 1 && row->size != 2 && row->size != 4 && row->size != 8 &&
	    !(row->size == 3 && row->big)) {
		vb_lint_fault(l, NULL, "an integer of %u bytes", row->size);
		return;
	}
	if (row->len)
		vb_lint_fault(l, NULL, "an integer with a length");
	if (row->max > max)
		vb_lint_fault(l, NULL, "the largest value is larger than the field");
	vb_lint_names(l, row->names, max);
	check_bits(l, row);
}

/* How long bytes are must be said once. */
static void check_extent(struct vb_lint *l, const struct vb_row *row)
{
	unsigned int n = 0;

	n += row->size ? 1 : 0;
	n += row->len ? 1 : 0;
	n += row->calc && !row->size ? 1 : 0; /* with a size it counts elements */
	n += row->after_text ? 1 : 0;
	if (n != 1)
		vb_lint_fault(l, NULL, "the length is said %u times", n);
}

static void check_text(struct vb_lint *l, const struct vb_row *row)
{
	check_extent(l, row);
	if (vb_row_is_array(row))
		vb_lint_fault(l, NULL, "an array of texts");
	if (row[1].type != VB_PAD || !row[1].after_text)
		vb_lint_fault(l, NULL, "text, and no row has what is behind its end");
}

static void check_payload(struct vb_lint *l, const struct vb_row *row)
{
	check_extent(l, row);
	if (row->foreign && (!row->proto || vb_proto_by_name(row->proto)))
		vb_lint_fault(l, NULL,
			      "a foreign payload of no dissector, or of a protocol of ours");
	if (!row->foreign && row->proto && !vb_proto_by_name(row->proto))
		vb_lint_fault(l, NULL, "there is no protocol %s", row->proto);
	if (l->in_array || vb_row_is_array(row))
		vb_lint_fault(l, NULL, "a payload in an array: its protocol could occur twice");
}

static void check_value(struct vb_lint *l, const struct vb_row *row)
{
	if (!vb_is_slot(row->from_slot))
		vb_lint_fault(l, NULL, "shows no slot");
	else if (l->proto->msgs || l->proto->tail || l->proto->head->type != VB_VALUE)
		check_used(l, row->from_slot,
			   "value"); /* else its slots are filled by the caller */
	if (row->size || vb_row_is_array(row))
		vb_lint_fault(l, NULL, "a value with bytes of its own");
	vb_lint_names(l, row->names, UINT64_MAX);
}

static void check_struct(struct vb_lint *l, const struct vb_row *row)
{
	bool was_in_array = l->in_array;

	if (row->size || row->len)
		vb_lint_fault(l, NULL, "a struct with a length");
	if (!row->rows || row->rows->type == VB_END) {
		vb_lint_fault(l, NULL, "a struct without rows");
		return;
	}
	if (l->depth >= MAX_DEPTH) {
		vb_lint_fault(l, NULL, "nested too deep");
		return;
	}
	l->depth++;
	l->in_array |= vb_row_is_array(row);
	vb_lint_rows(l, row->rows);
	l->in_array = was_in_array;
	l->depth--;
}

/* Attributes that mean something for some types only. */
static void check_attributes(struct vb_lint *l, const struct vb_row *row)
{
	bool scales = row->scale || row->bias;
	bool is_number = row->type == VB_UINT || row->type == VB_VALUE;
	bool by_slot = vb_is_slot(row->count) || vb_is_slot(row->len);

	if (row->until && row->since >= row->until)
		vb_lint_fault(l, NULL, "since is not before until");
	if (row->from_slot && row->type != VB_VALUE)
		vb_lint_fault(l, NULL, "from_slot on a row with bytes");
	if (row->bits && row->type != VB_UINT)
		vb_lint_fault(l, NULL, "bits of what is no integer");
	if (row->base > VB_RECORD_NUMBER || (row->base && !is_number))
		vb_lint_fault(l, NULL, "a number base on what is no number");
	if ((row->names || row->is_signed || row->max) && !is_number)
		vb_lint_fault(l, NULL, "a number's attribute on what is no number");
	if (row->rows && row->type != VB_STRUCT)
		vb_lint_fault(l, NULL, "rows in what is no struct");
	if (row->big && row->type != VB_UINT)
		vb_lint_fault(l, NULL, "big-endian what is no integer");
	if (row->opaque && row->type != VB_BYTES)
		vb_lint_fault(l, NULL, "opaque what is not bytes");
	if ((row->proto || row->foreign) && row->type != VB_PAYLOAD)
		vb_lint_fault(l, NULL, "a protocol in what is no payload");
	if (row->version && row->type != VB_PAYLOAD)
		vb_lint_fault(l, NULL, "a version for what is no payload");
	if (row->count && row->calc)
		vb_lint_fault(l, NULL, "count and calc");
	if (row->within && (row->type != VB_STRUCT || (row->count && row->count != VB_REST)))
		vb_lint_fault(l, NULL, "within what is no struct, and no array of them to the end");
	if (row->from > VB_TO_GUEST)
		vb_lint_fault(l, NULL, "from nobody");
	if (scales && !by_slot)
		vb_lint_fault(l, NULL, "scale or bias of nothing");
	if ((row->at_scale || row->at_bias) && !row->at)
		vb_lint_fault(l, NULL, "at_scale or at_bias of nothing");
	if (row->when ? !row->mask || (row->equals & ~row->mask) : row->mask || row->equals)
		vb_lint_fault(l, NULL, "a condition that never or always holds");
	if (row->unless && !row->when)
		vb_lint_fault(l, NULL, "unless what");
}

static void check_type(struct vb_lint *l, const struct vb_row *row)
{
	switch (row->type) {
	case VB_UINT:
		check_uint(l, row);
		break;
	case VB_GUID:
		if (row->size != 16)
			vb_lint_fault(l, NULL, "a GUID of %u bytes", row->size);
		break;
	case VB_BYTES:
	case VB_PAD:
		check_extent(l, row);
		break;
	case VB_UTF16:
	case VB_ASCII:
		check_text(l, row);
		break;
	case VB_STRUCT:
		check_struct(l, row);
		break;
	case VB_PAYLOAD:
		check_payload(l, row);
		break;
	case VB_VALUE:
		check_value(l, row);
		break;
	case VB_BIT:
	case VB_END:
		vb_lint_fault(l, NULL, "bits outside an integer");
		break;
	}
}

static void check_row(struct vb_lint *l, const struct vb_row *row)
{
	size_t before = vb_lint_enter(l, row->name);

	vb_lint_words(l, row->name, row->title, row->help);
	if (row->name && vb_is_one_of(row->name, "value", "name"))
		vb_lint_fault(l, NULL, "a name that JSON readers take for a named value");
	check_used(l, row->when, "when");
	check_used(l, row->at, "at");
	check_used(l, row->version, "version");
	check_used(l, row->within, "within");
	check_used_or_rest(l, row->count, "count");
	check_used_or_rest(l, row->len, "len");
	check_attributes(l, row);
	check_type(l, row);
	set_slot(l, row);
	vb_lint_leave(l, before);
}

/* Two rows of one name would be two members of one object, and two fields of one path. */
static void check_same_names(struct vb_lint *l, const struct vb_row *rows)
{
	for (const struct vb_row *a = rows; a && a->type != VB_END; a++)
		for (const struct vb_row *b = rows; b < a; b++)
			if (a->name && b->name && !strcmp(a->name, b->name))
				vb_lint_fault(l, a->name, "this name twice");
}

void vb_lint_rows(struct vb_lint *l, const struct vb_row *rows)
{
	for (const struct vb_row *row = rows; row && row->type != VB_END; row++) {
		check_row(l, row);
		if (row->after_text && (row == rows || !vb_row_is_text(row - 1)))
			vb_lint_fault(l, row->name, "there is no text in front of it");
	}
	check_same_names(l, rows);
}
