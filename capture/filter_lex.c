/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "capture/filter_impl.h"

int vb_filter_fail(struct vb_err *err, size_t pos, const char *fmt, ...)
{
	char text[sizeof(err->text) - 32];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return vb_fail(err, -EINVAL, "-Y, column %zu: %s", pos, text);
}

struct spelling {
	const char *text;
	enum vb_token_type type;
};

/* Longer ones first: "<=" is not "<". */
static const struct spelling signs[] = {
	{ "==", VB_T_EQ },    { "!=", VB_T_NE },    { "<=", VB_T_LE },	  { ">=", VB_T_GE },
	{ "&&", VB_T_AND },   { "||", VB_T_OR },    { "..", VB_T_RANGE }, { "<", VB_T_LT },
	{ ">", VB_T_GT },     { "!", VB_T_NOT },    { "(", VB_T_LPAREN }, { ")", VB_T_RPAREN },
	{ "{", VB_T_LBRACE }, { "}", VB_T_RBRACE }, { ",", VB_T_COMMA },
};

static const struct spelling words[] = {
	{ "and", VB_T_AND },
	{ "or", VB_T_OR },
	{ "not", VB_T_NOT },
	{ "eq", VB_T_EQ },
	{ "ne", VB_T_NE },
	{ "lt", VB_T_LT },
	{ "le", VB_T_LE },
	{ "gt", VB_T_GT },
	{ "ge", VB_T_GE },
	{ "in", VB_T_IN },
	{ "contains", VB_T_CONTAINS },
};

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

/* Characters of names, numbers, GUIDs and bytes; of two dots in a row none belongs to a word. */
static bool in_word(const char *p)
{
	if (*p == '.')
		return p[1] != '.' && p[1] != '\0';
	return isalnum((unsigned char)*p) || *p == '_' || *p == '-' || *p == ':';
}

static int lex_word(struct vb_lexer *lx, struct vb_token *ret)
{
	const char *p = lx->next;

	while (in_word(p))
		p++;
	ret->type = VB_T_WORD;
	ret->len = (size_t)(p - ret->text);
	for (size_t i = 0; i < N_ELEMENTS(words); i++)
		if (strlen(words[i].text) == ret->len &&
		    memcmp(words[i].text, ret->text, ret->len) == 0)
			ret->type = words[i].type;
	lx->next = p;
	return 0;
}

static int lex_string(struct vb_lexer *lx, struct vb_token *ret, struct vb_err *err)
{
	const char *p = lx->next + 1;

	while (*p != '\0' && *p != '"')
		p += p[0] == '\\' && p[1] != '\0' ? 2 : 1;
	if (*p == '\0')
		return vb_filter_fail(err, ret->pos,
				      "the text that begins here has no closing '\"'");
	ret->type = VB_T_STRING;
	ret->text = lx->next + 1;
	ret->len = (size_t)(p - ret->text);
	lx->next = p + 1;
	return 0;
}

int vb_filter_lex(struct vb_lexer *lx, struct vb_token *ret, struct vb_err *err)
{
	while (isspace((unsigned char)*lx->next))
		lx->next++;
	*ret = (struct vb_token){
		.type = VB_T_END,
		.text = lx->next,
		.pos = (size_t)(lx->next - lx->text) + 1,
	};
	if (*lx->next == '\0')
		return 0;
	if (*lx->next == '"')
		return lex_string(lx, ret, err);
	if (in_word(lx->next))
		return lex_word(lx, ret);
	for (size_t i = 0; i < N_ELEMENTS(signs); i++) {
		size_t len = strlen(signs[i].text);

		if (strncmp(lx->next, signs[i].text, len) != 0)
			continue;
		ret->type = signs[i].type;
		ret->len = len;
		lx->next += len;
		return 0;
	}
	if (*lx->next == '=')
		return vb_filter_fail(err, ret->pos, "to compare, write '=='");
	if (*lx->next == '&' || *lx->next == '|')
		return vb_filter_fail(err, ret->pos, "write 'and' or '&&', 'or' or '||'");
	if (!isprint((unsigned char)*lx->next))
		return vb_filter_fail(err, ret->pos, "a character that no expression has (0x%02x)",
				      (unsigned char)*lx->next);
	return vb_filter_fail(err, ret->pos, "'%c' has no meaning here", *lx->next);
}
