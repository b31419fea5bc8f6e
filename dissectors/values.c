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
	uint16_t *len;			   /* of the paths */
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

/* A part of a path, to be looked for behind a parent's. */
struct part {
	const char *parent, *word;
	size_t parent_len, word_len;
	size_t at; /* of word in the path; between the two is a dot, unless word is an index */
};

/*
 * Bytes of the path up to the end of the part; 0: it is not there. What follows must be the end of
 * the path or of one of its parts. Most paths differ already in the first letter.
 */
static size_t match(const char *path, size_t len, const struct part *p)
{
	size_t end = p->at + p->word_len;

	if (len < end || path[p->at] != p->word[0] ||
	    memcmp(path + p->at, p->word, p->word_len) != 0 ||
	    memcmp(path, p->parent, p->parent_len) != 0)
		return 0;
	if (p->at > p->parent_len && path[p->parent_len] != '.')
		return 0;
	return path[end] == '.' || path[end] == '[' || path[end] == '\0' ? end : 0;
}

static const void *find(const struct list *l, const void *node, const char *word)
{
	struct part p = { .parent = l->values[node_value(node)].path,
			  .parent_len = node_len(node),
			  .word = word,
			  .word_len = strlen(word) };

	p.at = p.parent_len + (p.parent_len && word[0] != '[');
	for (size_t i = 0; i < l->n; i++) {
		size_t end = match(l->values[i].path, l->len[i], &p);

		if (end)
			return make_node(i, end);
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
	uint16_t len[VB_VALUES_MAX];
	struct list l = { .values = values, .n = n, .len = len };
	struct vb_tree tree = { &l, member, element, number, bytes, NULL };
	int err;

	if (!n || n > VB_VALUES_MAX)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		size_t path_len = strlen(values[i].path);

		if (path_len >= 1u << LEN_BITS)
			return -EINVAL;
		len[i] = (uint16_t)path_len;
	}
	err = vb_encode(proto, f, &tree, make_node(0, 0), buf, size);
	if (err)
		return err;
	return all_used(&l) ? 0 : -EINVAL;
}

/* ---- reading ---- */

/*
 * No path is put together, as that would cost more than all the rest: each wanted field knows how
 * many of the spans that are open its own path has, and only what is directly inside the innermost
 * of these can be its next part.
 */
struct search {
	struct vb_wanted *wanted;
	size_t n, n_found;
	unsigned int depth; /* spans that are open; arrays have no name and are none */
};

/* Is this element meant? An index ends the part of the path that *at is in. */
static bool index_fits(const char *path, uint16_t *at, const struct vb_item *it)
{
	uint32_t value = 0;

	if (path[*at] != '[')
		return true;
	for (++*at; path[*at] >= '0' && path[*at] <= '9'; ++*at)
		value = value * 10 + (uint32_t)(path[*at] - '0');
	if (path[*at] == ']')
		++*at;
	return it->in_array && value == it->index;
}

/* Bytes of the path up to the end of the part that begins at at; 0: that part is not this name. */
static uint16_t match_part(const char *path, uint16_t at, const char *name,
			   const struct vb_item *it)
{
	if (at && path[at++] != '.')
		return 0;
	for (; *name; name++)
		if (path[at++] != *name)
			return 0;
	if (!index_fits(path, &at, it))
		return 0;
	return path[at] == '.' || path[at] == '\0' ? at : 0;
}

/* Where the next part of its path begins, if that can be directly inside the innermost span. */
static bool is_open(const struct search *s, const struct vb_wanted *w)
{
	return w->n_parts && w->depth + w->n_parts == s->depth;
}

static void take(struct search *s, struct vb_wanted *w, const struct vb_item *it)
{
	if (w->found)
		return;
	w->found = true;
	w->number = it->value;
	w->bytes = it->bytes;
	w->n_bytes = it->n_bytes;
	w->len = it->len;
	s->n_found++;
}

static void enter(struct search *s, struct vb_wanted *w, const char *name, const struct vb_item *it,
		  bool is_field)
{
	uint16_t end = match_part(w->path, w->n_parts ? w->ends[w->n_parts - 1] : 0, name, it);

	if (!end || w->n_parts == VB_WANTED_PARTS)
		return;
	if (!w->n_parts)
		w->depth = s->depth;
	w->ends[w->n_parts++] = end;
	if (is_field && w->path[end] == '\0')
		take(s, w, it);
}

static const char *name_of(enum vb_span span, const struct vb_item *it)
{
	if (span == VB_SPAN_PROTO)
		return it->proto->name;
	return span == VB_SPAN_MSG ? it->msg->name : it->row->name;
}

/* Protocols begin a path, even inside others. */
static void open_span(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct search *s = ctx;

	if (span == VB_SPAN_ARRAY)
		return;
	for (size_t i = 0; i < s->n; i++) {
		struct vb_wanted *w = &s->wanted[i];

		if (span == VB_SPAN_PROTO ? !w->n_parts : is_open(s, w))
			enter(s, w, name_of(span, it), it, span == VB_SPAN_BITS);
	}
	s->depth++;
}

static void close_span(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct search *s = ctx;

	(void)it;
	if (span == VB_SPAN_ARRAY)
		return;
	for (size_t i = 0; i < s->n; i++)
		if (is_open(s, &s->wanted[i]))
			s->wanted[i].n_parts--;
	s->depth--;
}

static void field(void *ctx, const struct vb_item *it)
{
	struct search *s = ctx;

	for (size_t i = 0; i < s->n; i++) {
		struct vb_wanted *w = &s->wanted[i];
		uint16_t end;

		if (w->found || !is_open(s, w))
			continue;
		end = match_part(w->path, w->ends[w->n_parts - 1], it->row->name, it);
		if (end && w->path[end] == '\0')
			take(s, w, it);
	}
}

size_t vb_values_read(const struct vb_proto *proto, const struct vb_frame *f,
		      struct vb_wanted *wanted, size_t n, struct vb_walked *ret_w)
{
	struct search s = { .wanted = wanted, .n = n };
	struct vb_sink sink = { .ctx = &s, .open = open_span, .field = field, .close = close_span };
	struct vb_walked walked;

	for (size_t i = 0; i < n; i++)
		wanted[i] = (struct vb_wanted){ .path = wanted[i].path };
	vb_walk(proto, f, &sink, ret_w ? ret_w : &walked);
	return s.n_found;
}
