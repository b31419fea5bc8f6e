/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flat list of named values as the tree that the encoder reads, and the same names looked for in
 * a walk.
 */
#include "values.h"

#include <errno.h>
#include <string.h>

#include "sinks.h"

/* ---- encoding ---- */

struct list {
	const struct vb_value *values;
	size_t n;
	uint64_t used[VB_VALUES_MAX / 64]; /* bit per value */
};

/*
 * A node of the tree is the first so many characters of a value's path. Both numbers fit into the
 * pointer that stands for it: the encoder only hands it back.
 */
#define LEN_BITS 16

static const void *make_node(size_t value, size_t len)
{
	return (const void *)(uintptr_t)((value + 1) << LEN_BITS | len);
}

static size_t node_value(const void *node)
{
	return ((uintptr_t)node >> LEN_BITS) - 1;
}

static size_t node_len(const void *node)
{
	return (uintptr_t)node & ((1u << LEN_BITS) - 1);
}

/*
 * Bytes of path that are parent's path and then word; 0: it is not so. What follows must be the end
 * of the path or of one of its parts.
 */
static size_t prefix(const char *path, const char *parent, size_t parent_len, const char *word)
{
	size_t len = parent_len, word_len = strlen(word);

	if (strncmp(path, parent, parent_len) != 0)
		return 0;
	if (parent_len && word[0] != '[' && path[len++] != '.')
		return 0;
	if (strncmp(path + len, word, word_len) != 0)
		return 0;
	len += word_len;
	return strchr(".[", path[len]) || path[len] == '\0' ? len : 0;
}

static const void *find(const struct list *l, const void *node, const char *word)
{
	const char *parent = l->values[node_value(node)].path;
	size_t len;

	for (size_t i = 0; i < l->n; i++) {
		len = prefix(l->values[i].path, parent, node_len(node), word);
		if (len)
			return make_node(i, len);
	}
	return NULL;
}

static const void *member(void *ctx, const void *node, const char *name)
{
	return find(ctx, node, name);
}

static const void *element(void *ctx, const void *node, size_t i)
{
	char digits[24], word[26];
	size_t n = sizeof(digits), len = 0;

	do {
		digits[--n] = (char)('0' + i % 10);
		i /= 10;
	} while (i);
	word[len++] = '[';
	memcpy(word + len, digits + n, sizeof(digits) - n);
	len += sizeof(digits) - n;
	word[len++] = ']';
	word[len] = '\0';
	return find(ctx, node, word);
}

/* The value whose path ends at the node. */
static const struct vb_value *value_of(struct list *l, const void *node)
{
	size_t i = node_value(node);

	if (l->values[i].path[node_len(node)] != '\0')
		return NULL;
	l->used[i / 64] |= UINT64_C(1) << i % 64;
	return &l->values[i];
}

static int number(void *ctx, const void *node, uint64_t *ret_value)
{
	const struct vb_value *v = value_of(ctx, node);

	if (!v || v->bytes)
		return -EINVAL;
	*ret_value = v->number;
	return 0;
}

static int bytes(void *ctx, const void *node, uint8_t *buf, size_t size, size_t *ret_n)
{
	const struct vb_value *v = value_of(ctx, node);

	if (!v || (!v->bytes && v->n_bytes))
		return -EINVAL;
	if (v->n_bytes > size)
		return -EMSGSIZE;
	if (v->n_bytes)
		memcpy(buf, v->bytes, v->n_bytes);
	*ret_n = v->n_bytes;
	return 0;
}

static bool all_used(const struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!(l->used[i / 64] >> i % 64 & 1))
			return false;
	return true;
}

int vb_values_encode(const struct vb_proto *proto, const struct vb_frame *f,
		     const struct vb_value *values, size_t n, uint8_t *buf, size_t size)
{
	struct list l = { .values = values, .n = n };
	struct vb_tree tree = { &l, member, element, number, bytes, NULL };
	int err;

	if (!n || n > VB_VALUES_MAX)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (strlen(values[i].path) >= 1u << LEN_BITS)
			return -EINVAL;
	err = vb_encode(proto, f, &tree, make_node(0, 0), buf, size);
	if (err)
		return err;
	return all_used(&l) ? 0 : -EINVAL;
}

/* ---- reading ---- */

#define MAX_INDEXES 8 /* arrays within arrays */

struct search {
	struct vb_wanted *wanted;
	size_t n, n_found;
	struct vb_path path;
	uint32_t index[MAX_INDEXES]; /* of the elements that are open, outermost first */
	size_t n_indexes;
};

/* The number in "[12]", and p moved behind it. */
static uint32_t take_index(const char **p)
{
	uint32_t value = 0;

	for (++*p; **p >= '0' && **p <= '9'; ++*p)
		value = value * 10 + (uint32_t)(**p - '0');
	if (**p == ']')
		++*p;
	return value;
}

/* Is this the name? Where it has indexes, they are those of the elements. */
static bool matches(const struct search *s, const char *name, const char *path, size_t n_indexes)
{
	size_t i = 0;

	while (*name) {
		if (*name == '[') {
			if (i >= n_indexes || take_index(&name) != s->index[i++])
				return false;
		} else if (*name++ != *path++) {
			return false;
		}
	}
	return *path == '\0';
}

static void look_at(struct search *s, const char *path, const struct vb_item *it)
{
	size_t n_indexes = s->n_indexes;

	if (it->in_array && n_indexes < MAX_INDEXES)
		s->index[n_indexes++] = it->index;
	for (size_t i = 0; i < s->n; i++) {
		struct vb_wanted *w = &s->wanted[i];

		if (w->found || !matches(s, w->path, path, n_indexes))
			continue;
		w->found = true;
		w->number = it->value;
		w->bytes = it->bytes;
		w->n_bytes = it->n_bytes;
		s->n_found++;
	}
}

static void open_span(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct search *s = ctx;

	vb_path_open(&s->path, span, it);
	if (span == VB_SPAN_ELEMENT) {
		if (s->n_indexes < MAX_INDEXES)
			s->index[s->n_indexes] = it->index;
		s->n_indexes++;
	}
	if (span == VB_SPAN_BITS)
		look_at(s, vb_path_span(&s->path), it);
}

static void close_span(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct search *s = ctx;

	(void)it;
	vb_path_close(&s->path);
	if (span == VB_SPAN_ELEMENT)
		s->n_indexes--;
}

static void field(void *ctx, const struct vb_item *it)
{
	struct search *s = ctx;

	look_at(s, vb_path_field(&s->path, it), it);
}

size_t vb_values_read(const struct vb_proto *proto, const struct vb_frame *f,
		      struct vb_wanted *wanted, size_t n, struct vb_walked *ret_w)
{
	struct search s = { .wanted = wanted, .n = n };
	struct vb_sink sink = { .ctx = &s, .open = open_span, .field = field, .close = close_span };
	struct vb_walked walked;

	vb_path_init(&s.path);
	for (size_t i = 0; i < n; i++)
		wanted[i] = (struct vb_wanted){ .path = wanted[i].path };
	vb_walk(proto, f, &sink, ret_w ? ret_w : &walked);
	return s.n_found;
}
