/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json_tree.h"

#include <errno.h>
#include <string.h>

#include "dissectors/sinks.h"
#include "require.h"

enum kind { OBJECT, ARRAY, STRING, NUMBER, WORD };

struct node {
	enum kind kind;
	const char *key, *text; /* without quotes */
	size_t key_len, len;
	struct node *first, *next;
};

struct json {
	struct node *nodes;
	size_t n, cap;
	const char *p, *end;
	/* where the last look at an array ended, so that reading it in order is not quadratic */
	const struct node *array, *at;
	size_t index;
	char *unescaped; /* the latest text */
};

static struct node *parse_value(struct json *j, unsigned int depth);

static bool take(struct json *j, char c)
{
	if (j->p == j->end || *j->p != c)
		return false;
	j->p++;
	return true;
}

static struct node *new_node(struct json *j, enum kind kind)
{
	struct node *n;

	if (j->n == j->cap)
		return NULL;
	n = &j->nodes[j->n++];
	*n = (struct node){ .kind = kind };
	return n;
}

static bool take_string(struct json *j, const char **ret_text, size_t *ret_len)
{
	if (!take(j, '"'))
		return false;
	*ret_text = j->p;
	while (j->p < j->end && *j->p != '"') {
		if ((unsigned char)*j->p < 0x20)
			return false;
		if (*j->p == '\\')
			j->p++;
		j->p++;
	}
	*ret_len = (size_t)(j->p - *ret_text);
	return j->p < j->end && take(j, '"');
}

/* The members of an object, or the elements of an array, up to the closing bracket. */
static bool parse_children(struct json *j, struct node *parent, char close, unsigned int depth)
{
	struct node **link = &parent->first;

	if (take(j, close))
		return true;
	do {
		const char *key = NULL;
		size_t key_len = 0;

		if (parent->kind == OBJECT && (!take_string(j, &key, &key_len) || !take(j, ':')))
			return false;
		*link = parse_value(j, depth + 1);
		if (!*link)
			return false;
		(*link)->key = key;
		(*link)->key_len = key_len;
		link = &(*link)->next;
	} while (take(j, ','));
	return take(j, close);
}

static struct node *parse_plain(struct json *j)
{
	static const char *const words[] = { "true", "false", "null" };
	struct node *n = new_node(j, NUMBER);
	size_t digits;

	if (!n)
		return NULL;
	n->text = j->p;
	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(j->end - j->p) >= len && !memcmp(j->p, words[i], len)) {
			n->kind = WORD;
			j->p += len;
			n->len = len;
			return n;
		}
	}
	take(j, '-');
	for (digits = 0; j->p < j->end && *j->p >= '0' && *j->p <= '9'; digits++)
		j->p++;
	n->len = (size_t)(j->p - n->text);
	return digits ? n : NULL;
}

static struct node *parse_value(struct json *j, unsigned int depth)
{
	struct node *n;

	if (depth > 200 || j->p == j->end)
		return NULL;
	switch (*j->p) {
	case '{':
	case '[':
		n = new_node(j, *j->p == '{' ? OBJECT : ARRAY);
		j->p++;
		return n && parse_children(j, n, n->kind == OBJECT ? '}' : ']', depth) ? n : NULL;
	case '"':
		n = new_node(j, STRING);
		return n && take_string(j, &n->text, &n->len) ? n : NULL;
	default:
		return parse_plain(j);
	}
}

struct json *json_parse(const char *text, size_t len)
{
	struct json *j = calloc(1, sizeof(*j));

	REQUIRE(j);
	j->cap = len + 1;
	j->nodes = malloc(j->cap * sizeof(*j->nodes));
	REQUIRE(j->nodes);
	j->p = text;
	j->end = text + len;
	if (parse_value(j, 0) && j->p == j->end)
		return j;
	fprintf(stderr, "no JSON from here: %.60s\n", j->p < j->end ? j->p : "(end)");
	json_free(j);
	return NULL;
}

void json_free(struct json *j)
{
	if (j) {
		free(j->nodes);
		free(j->unescaped);
	}
	free(j);
}

const void *json_root(const struct json *j)
{
	return j->nodes;
}

static const void *tree_member(void *ctx, const void *node, const char *name)
{
	const struct node *n = node, *child;
	size_t len = strlen(name);

	(void)ctx;
	if (n->kind == ARRAY && n->first) /* of a protocol that repeats */
		n = n->first;
	if (n->kind != OBJECT)
		return NULL;
	for (child = n->first; child; child = child->next)
		if (child->key_len == len && !memcmp(child->key, name, len))
			return child;
	return NULL;
}

static const void *tree_element(void *ctx, const void *node, size_t i)
{
	struct json *j = ctx;
	const struct node *n = node;

	if (n->kind != ARRAY)
		return NULL;
	if (j->array != n || j->index > i || !j->at) {
		j->array = n;
		j->at = n->first;
		j->index = 0;
	}
	while (j->at && j->index < i) {
		j->at = j->at->next;
		j->index++;
	}
	return j->at;
}

/* {"value":1,"name":"one"} stands for its value. */
static const struct node *plain(void *ctx, const void *node)
{
	const struct node *value = tree_member(ctx, node, "value");

	return value ? value : node;
}

static int tree_number(void *ctx, const void *node, uint64_t *ret_value)
{
	const struct node *n = plain(ctx, node);
	char text[32], *end;

	if ((n->kind != NUMBER && n->kind != STRING) || !n->len || n->len >= sizeof(text))
		return -EINVAL;
	memcpy(text, n->text, n->len);
	text[n->len] = '\0';
	if (*text == '-')
		*ret_value = (uint64_t)strtoll(text, &end, 10);
	else
		*ret_value = strtoull(text, &end, 0);
	return *end ? -EINVAL : 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What stands behind a backslash; ret_len characters of it. Only bytes below 0xa0 are escaped. */
static char *unescape(char *to, const char *from, size_t n, size_t *ret_len)
{
	static const char letters[] = "btnfr\"\\", meant[] = "\b\t\n\f\r\"\\";
	const char *at = strchr(letters, from[0]);
	unsigned int c;

	*ret_len = 1;
	if (at && from[0]) {
		*to++ = meant[at - letters];
		return to;
	}
	REQUIRE(from[0] == 'u' && n >= 5 && from[1] == '0' && from[2] == '0');
	*ret_len = 5;
	c = (unsigned int)(digit(from[3]) << 4 | digit(from[4]));
	if (c >= 0x80) {
		*to++ = (char)(0xc0 | c >> 6);
		c = 0x80 | (c & 0x3f);
	}
	*to++ = (char)c;
	return to;
}

static int tree_text(void *ctx, const void *node, const char **ret_text, size_t *ret_n)
{
	struct json *j = ctx;
	const struct node *n = plain(ctx, node);
	size_t step;
	char *to;

	if (n->kind != STRING)
		return -EINVAL;
	free(j->unescaped);
	to = j->unescaped = malloc(n->len + 1);
	REQUIRE(to);
	for (size_t i = 0; i < n->len; i += step) {
		step = 1;
		if (n->text[i] != '\\') {
			*to++ = n->text[i];
			continue;
		}
		to = unescape(to, n->text + i + 1, n->len - i - 1, &step);
		step++;
	}
	*ret_text = j->unescaped;
	*ret_n = (size_t)(to - j->unescaped);
	return 0;
}

static int tree_bytes(void *ctx, const void *node, uint8_t *buf, size_t size, size_t *ret_n)
{
	const struct node *n = plain(ctx, node);
	char text[VB_GUID_TEXT] = "";
	uint8_t guid[16];

	if (n->kind != STRING)
		return -EINVAL;
	if (n->len == VB_GUID_TEXT - 1)
		memcpy(text, n->text, n->len);
	if (vb_guid_parse(text, guid)) {
		*ret_n = sizeof(guid);
		if (size < sizeof(guid))
			return -EMSGSIZE;
		memcpy(buf, guid, sizeof(guid));
		return 0;
	}
	*ret_n = n->len / 2;
	if (n->len % 2 || *ret_n > size)
		return n->len % 2 ? -EINVAL : -EMSGSIZE;
	for (size_t i = 0; i < *ret_n; i++) {
		int high = digit(n->text[2 * i]), low = digit(n->text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		buf[i] = (uint8_t)(16 * high + low);
	}
	return 0;
}

struct vb_tree json_tree(struct json *j)
{
	return (struct vb_tree){ .ctx = j,
				 .member = tree_member,
				 .element = tree_element,
				 .number = tree_number,
				 .bytes = tree_bytes,
				 .text = tree_text };
}
