/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wanted fields of a walk. Most items are not wanted: those cost one look into a hash table of
 * addresses, and no path is put together for them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/field_index.h"

struct vb_watch_entry {
	const void *key; /* row, message or protocol */
	const char *path;
	unsigned int id;
	int next;
};

static size_t bucket(const struct vb_watch *w, const void *key)
{
	uint64_t h = (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h >> 32) & (w->n_heads - 1);
}

void vb_watch_add(struct vb_watch *w, const struct vb_named *first, size_t n, unsigned int id)
{
	for (size_t i = 0; i < n; i++) {
		const struct vb_named *name = &first[i];
		const void *key = name->row;

		if (!key)
			key = name->msg ? (const void *)name->msg : (const void *)name->proto;
		if (w->n == w->cap) {
			size_t cap = w->cap ? w->cap * 2 : 16;
			struct vb_watch_entry *bigger = realloc(w->entries, cap * sizeof(*bigger));

			if (!bigger) {
				w->failed = true;
				return;
			}
			w->entries = bigger;
			w->cap = cap;
		}
		w->entries[w->n++] = (struct vb_watch_entry){ key, name->path, id, -1 };
	}
}

int vb_watch_finish(struct vb_watch *w)
{
	size_t n_heads = 16;

	while (n_heads < w->n * 2)
		n_heads *= 2;
	w->heads = malloc(n_heads * sizeof(*w->heads));
	if (!w->heads || w->failed)
		return -ENOMEM;
	w->n_heads = n_heads;
	memset(w->heads, 0xff, n_heads * sizeof(*w->heads));
	for (size_t i = 0; i < w->n; i++) {
		size_t b = bucket(w, w->entries[i].key);

		w->entries[i].next = w->heads[b];
		w->heads[b] = (int)i;
	}
	return 0;
}

void vb_watch_done(struct vb_watch *w)
{
	free(w->entries);
	free(w->heads);
	w->entries = NULL;
	w->heads = NULL;
}

/* Take one name and the dot behind it from the front of a path; NULL when it does not stand there. */
static const char *after_name(const char *path, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(path, name, len) != 0)
		return NULL;
	if (path[len] == '.')
		return path + len + 1;
	return path[len] == '\0' ? path + len : NULL;
}

/* Is path spelled by the open spans and then, if there is one, the row? */
static bool path_matches(const struct vb_watch *w, const char *path, const char *row_name)
{
	unsigned int depth = w->depth;
	const char *rest = path;

	if (depth == 0 || depth > VB_WATCH_DEPTH)
		return false;
	for (unsigned int i = w->level[depth - 1].base; i < depth && rest; i++)
		if (w->level[i].name)
			rest = after_name(rest, w->level[i].name);
	if (rest && row_name)
		rest = after_name(rest, row_name);
	return rest && *rest == '\0';
}

bool vb_watch_has_proto(const struct vb_watch *w, const char *proto)
{
	for (size_t i = 0; i < w->n; i++)
		if (after_name(w->entries[i].path, proto))
			return true;
	return false;
}

static void look_up(struct vb_watch *w, const void *key, const char *row_name,
		    const struct vb_item *it)
{
	for (int i = w->heads[bucket(w, key)]; i >= 0; i = w->entries[i].next) {
		const struct vb_watch_entry *e = &w->entries[i];

		if (e->key == key && path_matches(w, e->path, row_name))
			w->hit(w->ctx, e->id, it);
	}
}

static void push(struct vb_watch *w, const char *name, bool is_proto)
{
	if (w->depth < VB_WATCH_DEPTH) {
		struct vb_watch_level *l = &w->level[w->depth];

		l->name = name;
		l->base = is_proto ? w->depth : w->depth > 0 ? l[-1].base : 0;
	}
	w->depth++;
}

static void watch_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct vb_watch *w = ctx;

	switch (span) {
	case VB_SPAN_PROTO:
		push(w, it->proto->name, true);
		look_up(w, it->proto, NULL, it);
		break;
	case VB_SPAN_MSG:
		push(w, it->msg->name, false);
		look_up(w, it->msg, NULL, it);
		break;
	case VB_SPAN_ARRAY:
		push(w, NULL, false);
		break;
	case VB_SPAN_STRUCT:
	case VB_SPAN_ELEMENT:
	case VB_SPAN_BITS:
		look_up(w, it->row, it->row->name, it);
		push(w, it->row->name, false);
		break;
	}
}

static void watch_field(void *ctx, const struct vb_item *it)
{
	look_up(ctx, it->row, it->row->name, it);
}

static void watch_close(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct vb_watch *w = ctx;

	(void)span;
	(void)it;
	if (w->depth > 0)
		w->depth--;
}

struct vb_sink vb_watch_sink(struct vb_watch *w)
{
	return (struct vb_sink){
		.ctx = w,
		.open = watch_open,
		.field = watch_field,
		.close = watch_close,
	};
}
