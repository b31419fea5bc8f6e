/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recursive descent over the grammar in filter.h. Only parentheses recurse, and they are bounded.
 */
#include <errno.h>

#include "capture/filter_impl.h"
#include "capture/suggest.h"

struct parser {
	struct vb_filter *f;
	struct vb_lexer lx;
	struct vb_token t; /* the next one, not yet taken */
	unsigned int depth;
	struct vb_err *err;
};

static int parse_or(struct parser *p);

static int take(struct parser *p)
{
	return vb_filter_lex(&p->lx, &p->t, p->err);
}

static int expect(struct parser *p, enum vb_token_type type, const char *what)
{
	if (p->t.type != type)
		return vb_filter_fail(p->err, p->t.pos, "%s is missing here", what);
	return take(p);
}

/* ---- tests ---- */

struct field {
	const struct vb_named *first;
	size_t n;
	size_t pos;
};

static int find_field(struct parser *p, struct field *ret)
{
	const struct vb_token *t = &p->t;
	char near[VB_SUGGEST_TEXT];

	if (t->type != VB_T_WORD)
		return vb_filter_fail(p->err, t->pos, "%s",
				      t->type == VB_T_STRING ?
					      "a name of a field must stand on the left side" :
					      "a name of a field is missing here");
	ret->pos = t->pos;
	ret->n = vb_field_index_find(p->f->index, t->text, t->len, &ret->first);
	if (ret->n > 0)
		return take(p);
	vb_field_index_suggest(p->f->index, t->text, t->len, near, sizeof(near));
	return vb_filter_fail(p->err, t->pos, "there is no field '%.*s'%s", (int)t->len, t->text,
			      near[0] ? near : "; vmbusdump --list-fields shows all");
}

/* A name that is a field and a message at once is compared as the field. */
static int only_values(struct parser *p, struct field *field)
{
	while (field->n > 0 && !(field->first->row && vb_row_has_value(field->first->row))) {
		field->n--;
		if (field->n == 0)
			return vb_filter_fail(p->err, field->pos,
					      "%s has no value to compare; its name alone asks "
					      "whether it is there",
					      field->first->path);
		field->first++;
	}
	return 0;
}

static int parse_value(struct parser *p, const struct field *field, struct vb_filter_value *ret)
{
	int rc = vb_value_from_token(&p->t, field->first, field->n, &p->f->pool, ret, p->err);

	return rc < 0 ? rc : take(p);
}

static int add_operand(struct parser *p, struct vb_test *test, const struct vb_operand *o)
{
	test->n++;
	return vb_filter_add_operand(p->f, o);
}

static int parse_element(struct parser *p, const struct field *field, struct vb_test *test)
{
	struct vb_operand o;
	size_t pos = p->t.pos;
	int rc = parse_value(p, field, &o.lo);

	if (rc < 0)
		return rc;
	o.hi = o.lo;
	if (p->t.type == VB_T_RANGE) {
		rc = take(p);
		if (rc == 0)
			rc = parse_value(p, field, &o.hi);
		if (rc < 0)
			return rc;
		if (test->kind != VB_V_NUMBER)
			return vb_filter_fail(p->err, pos, "only numbers have ranges");
		if (vb_number_compare(o.lo.number, o.hi.number) > 0)
			return vb_filter_fail(p->err, pos,
					      "a range must begin with the smaller value");
	}
	return add_operand(p, test, &o);
}

static int parse_set(struct parser *p, const struct field *field, struct vb_test *test)
{
	int rc = expect(p, VB_T_LBRACE, "'{' of a set");

	while (rc == 0) {
		rc = parse_element(p, field, test);
		if (rc < 0 || p->t.type != VB_T_COMMA)
			break;
		rc = take(p);
	}
	return rc < 0 ? rc : expect(p, VB_T_RBRACE, "',' or '}'");
}

static int parse_operand(struct parser *p, const struct field *field, struct vb_test *test)
{
	struct vb_operand o;
	size_t pos = p->t.pos;
	int rc;

	if (test->op == VB_T_CONTAINS && test->kind != VB_V_BYTES && test->kind != VB_V_TEXT)
		return vb_filter_fail(p->err, pos, "only bytes can contain something; %s are none",
				      field->first->path);
	if (test->op >= VB_T_LT && test->op <= VB_T_GE && test->kind == VB_V_GUID)
		return vb_filter_fail(p->err, pos,
				      "GUIDs have no order: compare with ==, != or in");
	rc = parse_value(p, field, &o.lo);
	if (rc < 0)
		return rc;
	if (test->op == VB_T_CONTAINS && o.lo.n_bytes == 0)
		return vb_filter_fail(p->err, pos, "nothing to look for");
	o.hi = o.lo;
	return add_operand(p, test, &o);
}

static bool is_comparison(enum vb_token_type type)
{
	return (type >= VB_T_EQ && type <= VB_T_GE) || type == VB_T_CONTAINS;
}

/* What follows the name: nothing, an operator with its value, or a set. */
static int parse_relation(struct parser *p, struct field *field, struct vb_test *test)
{
	int rc;

	test->absent = p->t.type == VB_T_NOT;
	if (test->absent) {
		rc = take(p);
		if (rc < 0)
			return rc;
		if (p->t.type != VB_T_IN)
			return vb_filter_fail(p->err, p->t.pos,
					      "after a name and 'not', 'in' is due");
	}
	if (p->t.type != VB_T_IN && !is_comparison(p->t.type))
		return 0;
	rc = only_values(p, field);
	if (rc < 0)
		return rc;
	test->op = p->t.type;
	test->kind = vb_value_kind_of(field->first->row);
	rc = take(p);
	if (rc < 0)
		return rc;
	return test->op == VB_T_IN ? parse_set(p, field, test) : parse_operand(p, field, test);
}

static int parse_test(struct parser *p)
{
	struct vb_filter *f = p->f;
	struct vb_test test = { .op = VB_T_END, .first = f->n_operands };
	struct field field;
	int rc = find_field(p, &field);

	if (rc == 0)
		rc = parse_relation(p, &field, &test);
	if (rc < 0)
		return rc;
	vb_watch_add(&f->watch, field.first, field.n, (unsigned int)f->n_tests);
	rc = vb_filter_add_code(f, VB_CODE_TEST, f->n_tests);
	return rc < 0 ? rc : vb_filter_add_test(f, &test);
}

/* ---- connections ---- */

static int parse_group(struct parser *p)
{
	int rc;

	if (p->depth == VB_FILTER_MAX_DEPTH)
		return vb_filter_fail(p->err, p->t.pos,
				      "more than %d parentheses inside each other",
				      VB_FILTER_MAX_DEPTH);
	p->depth++;
	rc = take(p);
	if (rc == 0)
		rc = parse_or(p);
	p->depth--;
	return rc < 0 ? rc : expect(p, VB_T_RPAREN, "')'");
}

static int parse_not(struct parser *p)
{
	bool negate = false;
	int rc;

	while (p->t.type == VB_T_NOT) {
		negate = !negate;
		rc = take(p);
		if (rc < 0)
			return rc;
	}
	rc = p->t.type == VB_T_LPAREN ? parse_group(p) : parse_test(p);
	if (rc == 0 && negate)
		rc = vb_filter_add_code(p->f, VB_CODE_NOT, 0);
	return rc;
}

static int parse_chain(struct parser *p, int (*part)(struct parser *p), enum vb_token_type between,
		       enum vb_code_type code)
{
	int rc = part(p);

	while (rc == 0 && p->t.type == between) {
		rc = take(p);
		if (rc == 0)
			rc = part(p);
		if (rc == 0)
			rc = vb_filter_add_code(p->f, code, 0);
	}
	return rc;
}

static int parse_and(struct parser *p)
{
	return parse_chain(p, parse_not, VB_T_AND, VB_CODE_AND);
}

static int parse_or(struct parser *p)
{
	return parse_chain(p, parse_and, VB_T_OR, VB_CODE_OR);
}

int vb_filter_parse(struct vb_filter *f, const char *text, struct vb_err *err)
{
	struct parser p = { .f = f, .lx = { text, text }, .err = err };
	int rc = take(&p);

	if (rc < 0)
		return rc;
	if (p.t.type == VB_T_END)
		return vb_fail(err, -EINVAL, "-Y: the expression is empty");
	rc = parse_or(&p);
	if (rc < 0 || p.t.type == VB_T_END)
		return rc;
	if (p.t.type == VB_T_RPAREN)
		return vb_filter_fail(err, p.t.pos, "')' without '('");
	return vb_filter_fail(err, p.t.pos, "'and', 'or' or a comparison is due here");
}
