/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compiled display filter. A test looks at each occurrence of its field as the walk comes by and
 * keeps two bits; no value is stored.
 */
#include "capture/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/filter_impl.h"

static void *grown(void *array, size_t n, size_t *cap, size_t size)
{
	size_t bigger = *cap ? *cap * 2 : 8;
	void *p;

	if (n < *cap)
		return array;
	p = reallocarray(array, bigger, size);
	if (p)
		*cap = bigger;
	return p;
}

int vb_filter_add_code(struct vb_filter *f, enum vb_code_type type, size_t test)
{
	struct vb_code *p = grown(f->code, f->n_code, &f->cap_code, sizeof(*p));

	if (!p)
		return -ENOMEM;
	f->code = p;
	f->code[f->n_code++] = (struct vb_code){ type, (uint32_t)test };
	return 0;
}

int vb_filter_add_test(struct vb_filter *f, const struct vb_test *test)
{
	struct vb_test *p = grown(f->tests, f->n_tests, &f->cap_tests, sizeof(*p));

	if (!p)
		return -ENOMEM;
	f->tests = p;
	f->tests[f->n_tests++] = *test;
	return 0;
}

int vb_filter_add_operand(struct vb_filter *f, const struct vb_operand *operand)
{
	struct vb_operand *p = grown(f->operands, f->n_operands, &f->cap_operands, sizeof(*p));

	if (!p)
		return -ENOMEM;
	f->operands = p;
	f->operands[f->n_operands++] = *operand;
	return 0;
}

/* ---- one occurrence ---- */

static int compare_bytes(const struct vb_filter *f, const struct vb_item *it,
			 const struct vb_filter_value *v)
{
	const uint8_t *bytes = (const uint8_t *)f->pool.data + v->bytes_off;
	size_t n = it->n_bytes < v->n_bytes ? it->n_bytes : v->n_bytes;
	int order = n > 0 ? memcmp(it->bytes, bytes, n) : 0;

	if (order != 0)
		return order;
	return it->n_bytes < v->n_bytes ? -1 : it->n_bytes > v->n_bytes;
}

static int compare_guid(const struct vb_item *it, const struct vb_filter_value *v)
{
	/* A GUID that was cut is none. */
	return it->n_bytes == sizeof(v->guid) ? memcmp(it->bytes, v->guid, sizeof(v->guid)) : 1;
}

static int compare(const struct vb_filter *f, const struct vb_item *it,
		   const struct vb_filter_value *v)
{
	switch (v->kind) {
	case VB_V_NUMBER:
		return vb_number_compare(vb_number_of_item(it), v->number);
	case VB_V_GUID:
		return compare_guid(it, v);
	case VB_V_BYTES:
	case VB_V_TEXT:
	case VB_V_NONE:
		break;
	}
	return compare_bytes(f, it, v);
}

static bool contains(const struct vb_filter *f, const struct vb_item *it,
		     const struct vb_filter_value *v)
{
	return it->n_bytes > 0 &&
	       memmem(it->bytes, it->n_bytes, f->pool.data + v->bytes_off, v->n_bytes) != NULL;
}

static bool in_set(const struct vb_filter *f, const struct vb_item *it, const struct vb_test *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct vb_operand *o = &f->operands[t->first + i];

		if (t->kind != VB_V_NUMBER) {
			if (compare(f, it, &o->lo) == 0)
				return true;
		} else if (compare(f, it, &o->lo) >= 0 && compare(f, it, &o->hi) <= 0) {
			return true;
		}
	}
	return false;
}

static bool holds(const struct vb_filter *f, const struct vb_item *it, const struct vb_test *t)
{
	const struct vb_filter_value *v = &f->operands[t->first].lo;

	switch (t->op) {
	case VB_T_EQ:
	case VB_T_NE: /* a hit is what "!=" must not have */
		return compare(f, it, v) == 0;
	case VB_T_LT:
		return compare(f, it, v) < 0;
	case VB_T_LE:
		return compare(f, it, v) <= 0;
	case VB_T_GT:
		return compare(f, it, v) > 0;
	case VB_T_GE:
		return compare(f, it, v) >= 0;
	case VB_T_CONTAINS:
		return contains(f, it, v);
	case VB_T_IN:
		return in_set(f, it, t);
	default:
		return true;
	}
}

/* Text is compared, and searched, in the form in which people write it. */
static const struct vb_item *as_utf8(struct vb_filter *f, const struct vb_item *it,
				     struct vb_item *ret)
{
	vb_buf_reset(&f->text);
	vb_buf_text(&f->text, it);
	*ret = *it;
	ret->bytes = (const uint8_t *)f->text.data;
	ret->n_bytes = (uint32_t)f->text.len;
	return ret;
}

static void filter_hit(void *ctx, unsigned int id, const struct vb_item *it)
{
	struct vb_filter *f = ctx;
	struct vb_test *t = &f->tests[id];
	struct vb_item text;

	if (t->op == VB_T_END) {
		t->present = true;
		return;
	}
	/* A layout of another version may have another type under the same name. */
	if (t->hit || !it->row || vb_value_kind_of(it->row) != t->kind)
		return;
	t->present = true;
	if (t->kind == VB_V_TEXT)
		it = as_utf8(f, it, &text);
	t->hit = holds(f, it, t);
}

/* ---- a filter ---- */

int vb_filter_compile(const char *text, struct vb_filter **ret, struct vb_err *err)
{
	struct vb_filter *f = calloc(1, sizeof(*f));
	int rc = -ENOMEM;

	if (f)
		f->index = vb_field_index_new();
	if (f && f->index)
		rc = vb_filter_parse(f, text, err);
	if (rc == 0)
		rc = vb_watch_finish(&f->watch);
	if (rc == -ENOMEM)
		vb_fail(err, rc, "-Y: not enough memory");
	if (rc < 0) {
		vb_filter_free(f);
		return rc;
	}
	f->watch.hit = filter_hit;
	f->watch.ctx = f;
	*ret = f;
	return 0;
}

void vb_filter_free(struct vb_filter *f)
{
	if (!f)
		return;
	vb_field_index_free(f->index);
	vb_watch_done(&f->watch);
	vb_buf_done(&f->pool);
	vb_buf_done(&f->text);
	free(f->tests);
	free(f->operands);
	free(f->code);
	free(f);
}

void vb_filter_begin(struct vb_filter *f, uint64_t number)
{
	for (size_t i = 0; i < f->n_tests; i++) {
		f->tests[i].present = false;
		f->tests[i].hit = false;
	}
	f->watch.depth = 0;
	vb_watch_number(&f->watch, number);
}

struct vb_sink vb_filter_sink(struct vb_filter *f)
{
	return vb_watch_sink(&f->watch);
}

static bool test_result(const struct vb_test *t)
{
	if (t->op == VB_T_END)
		return t->present;
	if (t->op == VB_T_NE || t->absent)
		return t->present && !t->hit;
	return t->hit;
}

bool vb_filter_match(const struct vb_filter *f)
{
	bool stack[VB_FILTER_STACK];
	size_t n = 0;

	for (size_t i = 0; i < f->n_code; i++) {
		const struct vb_code *c = &f->code[i];

		switch (c->type) {
		case VB_CODE_TEST:
			stack[n++] = test_result(&f->tests[c->test]);
			break;
		case VB_CODE_AND:
			n--;
			stack[n - 1] &= stack[n];
			break;
		case VB_CODE_OR:
			n--;
			stack[n - 1] |= stack[n];
			break;
		case VB_CODE_NOT:
			stack[n - 1] = !stack[n - 1];
			break;
		}
	}
	return stack[0];
}

bool vb_filter_needs(const struct vb_filter *f, const char *name)
{
	return vb_watch_has_proto(&f->watch, name);
}
