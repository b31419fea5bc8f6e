/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/place.h"

#include <string.h>

#include "dissectors/sinks.h"

struct search {
	struct vb_path path;
	struct vb_place *places;
	size_t n, n_found;
};

static void search_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	vb_path_open(&((struct search *)ctx)->path, span, it);
}

static void search_close(void *ctx, enum vb_span span, const struct vb_item *it)
{
	(void)span;
	(void)it;
	vb_path_close(&((struct search *)ctx)->path);
}

static void take(struct search *s, const char *path, const struct vb_item *it)
{
	for (size_t i = 0; i < s->n; i++) {
		struct vb_place *p = &s->places[i];

		if (p->found || strcmp(p->path, path) != 0)
			continue;
		*p = (struct vb_place){ p->path, true, it->off, it->len };
		s->n_found++;
	}
}

static void search_field(void *ctx, const struct vb_item *it)
{
	struct search *s = ctx;
	bool is_integer = it->row->type == VB_UINT;

	if (it->row->type == VB_BIT || it->row->type == VB_VALUE ||
	    (!is_integer && it->n_bytes < it->len))
		return;
	take(s, vb_path_field(&s->path, it), it);
}

size_t vb_places(const struct vb_proto *proto, const struct vb_frame *f, struct vb_place *places,
		 size_t n)
{
	struct search s = { .places = places, .n = n };
	struct vb_sink sink = {
		.ctx = &s, .open = search_open, .field = search_field, .close = search_close
	};
	struct vb_walked w;

	for (size_t i = 0; i < n; i++)
		places[i].found = false;
	vb_path_init(&s.path);
	vb_walk(proto, f, &sink, &w);
	return s.n_found;
}

void vb_place_store(uint8_t *bytes, const struct vb_place *at, uint64_t value)
{
	for (uint32_t i = 0; i < at->len; i++) {
		bytes[at->off + i] = (uint8_t)value;
		value = i < 7 ? value >> 8 : 0;
	}
}
