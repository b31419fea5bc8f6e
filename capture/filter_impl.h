/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the display filter share: words of the language, compiled form.
 */
#ifndef VB_FILTER_IMPL_H
#define VB_FILTER_IMPL_H

#include "capture/field_index.h"
#include "capture/filter.h"
#include "dissectors/sinks.h"

/* ---- words: filter_lex.c ---- */

enum vb_token_type {
	VB_T_END,
	VB_T_WORD,   /* name, number, GUID, bytes: what it is depends on where it stands */
	VB_T_STRING, /* in quotes */
	VB_T_LPAREN,
	VB_T_RPAREN,
	VB_T_LBRACE,
	VB_T_RBRACE,
	VB_T_COMMA,
	VB_T_RANGE, /* ".." */
	VB_T_AND,
	VB_T_OR,
	VB_T_NOT,
	VB_T_EQ,
	VB_T_NE,
	VB_T_LT,
	VB_T_LE,
	VB_T_GT,
	VB_T_GE,
	VB_T_CONTAINS,
	VB_T_IN,
};

struct vb_token {
	enum vb_token_type type;
	const char *text; /* in the expression; of a string what stands between the quotes */
	size_t len;
	size_t pos; /* column, from 1 */
};

struct vb_lexer {
	const char *text; /* whole expression */
	const char *next;
};

/* The next token. -EINVAL: no word of the language. */
int vb_filter_lex(struct vb_lexer *lx, struct vb_token *ret, struct vb_err *err);

/* Fail with "-Y, column N: ...". */
int vb_filter_fail(struct vb_err *err, size_t pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- values: filter_value.c ---- */

enum vb_value_kind { VB_V_NONE, VB_V_NUMBER, VB_V_GUID, VB_V_BYTES, VB_V_TEXT };

/* An integer of either sign and 64 bits. */
struct vb_number {
	uint64_t magnitude;
	bool negative;
};

struct vb_filter_value {
	enum vb_value_kind kind;
	struct vb_number number;
	uint8_t guid[16];
	size_t bytes_off, n_bytes; /* in vb_filter.pool */
};

enum vb_value_kind vb_value_kind_of(const struct vb_row *row);

/* What an item is worth, as a number. */
struct vb_number vb_number_of_item(const struct vb_item *it);
int vb_number_compare(struct vb_number a, struct vb_number b);

/*
 * The value that a token stands for beside a field of the given meanings (n of them, all with a
 * row). Bytes are added to pool.
 */
int vb_value_from_token(const struct vb_token *t, const struct vb_named *field, size_t n,
			struct vb_buf *pool, struct vb_filter_value *ret, struct vb_err *err);

/* ---- compiled form: filter.c ---- */

/* One operand; lo == hi unless it is a range of a set. */
struct vb_operand {
	struct vb_filter_value lo, hi;
};

struct vb_test {
	enum vb_token_type op; /* VB_T_END: is it there? */
	bool absent;	       /* "not in": no occurrence may be in the set */
	enum vb_value_kind kind;
	size_t first, n; /* operands */
	/* of the record at hand: */
	bool present, hit;
};

enum vb_code_type { VB_CODE_TEST, VB_CODE_AND, VB_CODE_OR, VB_CODE_NOT };

/* The expression in reverse Polish notation: evaluation needs no recursion. */
struct vb_code {
	enum vb_code_type type;
	uint32_t test;
};

#define VB_FILTER_MAX_DEPTH 64 /* of parentheses */
#define VB_FILTER_STACK (2 * VB_FILTER_MAX_DEPTH + 4)

struct vb_filter {
	struct vb_field_index *index;
	struct vb_watch watch;
	struct vb_test *tests;
	struct vb_operand *operands;
	struct vb_code *code;
	size_t n_tests, cap_tests, n_operands, cap_operands, n_code, cap_code;
	struct vb_buf pool;
	struct vb_buf text; /* of the field at hand, as UTF-8 */
};

/* Parse text into f. filter_parse.c */
int vb_filter_parse(struct vb_filter *f, const char *text, struct vb_err *err);

/* Append to f; each gives -ENOMEM when there is no memory. */
int vb_filter_add_code(struct vb_filter *f, enum vb_code_type type, size_t test);
int vb_filter_add_test(struct vb_filter *f, const struct vb_test *test);
int vb_filter_add_operand(struct vb_filter *f, const struct vb_operand *operand);

#endif
