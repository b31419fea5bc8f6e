/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/field_index.h"

#include <stdlib.h>
#include <string.h>

#include "capture/suggest.h"
#include "dissectors/sinks.h"

struct vb_field_index {
	struct vb_named *names; /* sorted by path, then in table order */
	size_t n, cap;
	bool failed;
};

static const struct vb_row number_row = {
	.name = VB_FIELD_NUMBER,
	.title = "Record number",
	.type = VB_UINT,
	.size = 8,
};

static const struct vb_proto number_proto = { .name = VB_FIELD_NUMBER };

bool vb_row_has_value(const struct vb_row *row)
{
	switch (row->type) {
	case VB_UINT:
	case VB_BIT:
	case VB_VALUE:
	case VB_GUID:
	case VB_BYTES:
	case VB_PAD:
	case VB_UTF16:
	case VB_ASCII:
	case VB_PAYLOAD: /* a field only where nobody decodes it */
		return true;
	case VB_STRUCT:
	case VB_END:
		break;
	}
	return false;
}

static void add_name(struct vb_field_index *ix, const struct vb_named *name)
{
	if (ix->n == ix->cap) {
		size_t cap = ix->cap ? ix->cap * 2 : 1024;
		struct vb_named *bigger = realloc(ix->names, cap * sizeof(*bigger));

		if (!bigger) {
			ix->failed = true;
			return;
		}
		ix->names = bigger;
		ix->cap = cap;
	}
	ix->names[ix->n] = *name;
	ix->names[ix->n].path = strdup(name->path);
	if (ix->names[ix->n].path)
		ix->n++;
	else
		ix->failed = true;
}

static bool add_field(void *ctx, const struct vb_field_info *fi)
{
	struct vb_field_index *ix = ctx;

	add_name(ix, &(struct vb_named){ fi->path, fi->proto, fi->msg, fi->row });
	return !ix->failed;
}

static void add_messages(struct vb_field_index *ix, const struct vb_proto *proto)
{
	struct vb_buf path = { 0 };

	add_name(ix, &(struct vb_named){ proto->name, proto, NULL, NULL });
	for (const struct vb_msg *msg = proto->msgs; msg && msg->name; msg++) {
		vb_buf_reset(&path);
		vb_buf_fmt(&path, "%s.%s", proto->name, msg->name);
		if (path.failed)
			ix->failed = true;
		else
			add_name(ix, &(struct vb_named){ path.data, proto, msg, NULL });
	}
	vb_buf_done(&path);
}

static int compare_names(const void *a, const void *b)
{
	const struct vb_named *x = a, *y = b;

	return strcmp(x->path, y->path);
}

struct vb_field_index *vb_field_index_new(void)
{
	struct vb_field_index *ix = calloc(1, sizeof(*ix));
	size_t n_protos;
	const struct vb_proto *const *protos = vb_protos(&n_protos);

	if (!ix)
		return NULL;
	add_name(ix, &(struct vb_named){ VB_FIELD_NUMBER, &number_proto, NULL, &number_row });
	vb_fields_each(add_field, ix);
	for (size_t i = 0; i < n_protos; i++)
		add_messages(ix, protos[i]);
	if (ix->failed) {
		vb_field_index_free(ix);
		return NULL;
	}
	qsort(ix->names, ix->n, sizeof(*ix->names), compare_names);
	return ix;
}

void vb_field_index_free(struct vb_field_index *ix)
{
	if (!ix)
		return;
	for (size_t i = 0; i < ix->n; i++)
		free((char *)ix->names[i].path);
	free(ix->names);
	free(ix);
}

/* As strcmp(), for a word that is not terminated. */
static int compare_word(const char *word, size_t len, const char *path)
{
	int order = strncmp(word, path, len);

	if (order != 0)
		return order;
	return path[len] == '\0' ? 0 : -1;
}

size_t vb_field_index_find(const struct vb_field_index *ix, const char *name, size_t len,
			   const struct vb_named **ret_first)
{
	size_t lo = 0, hi = ix->n, n = 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare_word(name, len, ix->names[mid].path) <= 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	while (lo + n < ix->n && compare_word(name, len, ix->names[lo + n].path) == 0)
		n++;
	*ret_first = n > 0 ? &ix->names[lo] : NULL;
	return n;
}

void vb_field_index_suggest(const struct vb_field_index *ix, const char *name, size_t len,
			    char *ret_text, size_t size)
{
	struct vb_suggest s;

	vb_suggest_init(&s, name, len);
	for (size_t i = 0; i < ix->n; i++)
		if (i == 0 || strcmp(ix->names[i].path, ix->names[i - 1].path) != 0)
			vb_suggest_offer(&s, ix->names[i].path);
	vb_suggest_text(&s, ret_text, size);
}

void vb_watch_number(struct vb_watch *w, uint64_t number)
{
	struct vb_item it = { .proto = &number_proto, .row = &number_row, .value = number };
	struct vb_sink sink = vb_watch_sink(w);

	/* A span that adds nothing to the path: the name stands alone. */
	sink.open(sink.ctx, VB_SPAN_ARRAY, &it);
	sink.field(sink.ctx, &it);
	sink.close(sink.ctx, VB_SPAN_ARRAY, &it);
}
