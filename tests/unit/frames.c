/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frames.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void frame_make(struct made_frame *ret, uint8_t kind, uint8_t direction, const char *hex)
{
	unsigned int byte;
	uint32_t n = 0;

	memset(ret, 0, sizeof(*ret));
	while (*hex) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		cr_assert_eq(sscanf(hex, "%2x", &byte), 1, "not hex: %s", hex);
		cr_assert_lt(n, FRAME_MAX);
		ret->bytes[n++] = (uint8_t)byte;
		hex += 2;
	}
	ret->f = (struct vb_frame){ .data = ret->bytes,
				    .cap_len = n,
				    .wire_len = n,
				    .kind = kind,
				    .direction = direction,
				    .number = 1 };
}

static char *taken(struct vb_buf *b)
{
	return b->data ? b->data : strdup("");
}

char *frame_summary_as(const struct vb_proto *proto, const struct vb_frame *f)
{
	struct vb_buf out = { 0 };
	struct vb_walked w;
	struct vb_text t;
	struct vb_sink sink = vb_text_summary(&t, &out);

	vb_walk(proto, f, &sink, &w);
	return taken(&out);
}

char *frame_summary(const struct vb_frame *f)
{
	return frame_summary_as(vb_root_proto(f->kind), f);
}

char *frame_tree_as(const struct vb_proto *proto, const struct vb_frame *f)
{
	struct vb_buf out = { 0 };
	struct vb_walked w;
	struct vb_text t;
	struct vb_sink sink = vb_text_tree(&t, &out, false);

	vb_walk(proto, f, &sink, &w);
	return taken(&out);
}

char *frame_tree(const struct vb_frame *f)
{
	return frame_tree_as(vb_root_proto(f->kind), f);
}

struct search {
	struct vb_path path;
	struct found *found;
};

static void search_field(void *ctx, const struct vb_item *it)
{
	struct search *s = ctx;

	if (strcmp(vb_path_field(&s->path, it), s->found->path) != 0)
		return;
	s->found->n++;
	s->found->value = it->value;
}

static void search_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct search *s = ctx;

	if (span == VB_SPAN_BITS)
		search_field(s, it);
	vb_path_open(&s->path, span, it);
}

static void search_close(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct search *s = ctx;

	(void)span;
	(void)it;
	vb_path_close(&s->path);
}

static void find(const struct vb_proto *proto, const struct vb_frame *f, struct found *ret)
{
	struct search s = { .found = ret };
	struct vb_sink sink = {
		.ctx = &s, .open = search_open, .field = search_field, .close = search_close
	};
	struct vb_walked w;

	ret->n = 0;
	vb_path_init(&s.path);
	vb_walk(proto, f, &sink, &w);
}

void frame_find(const struct vb_frame *f, struct found *ret)
{
	find(vb_root_proto(f->kind), f, ret);
}

uint64_t frame_value_as(const struct vb_proto *proto, const struct vb_frame *f, const char *path)
{
	struct found found = { .path = path };

	find(proto, f, &found);
	cr_assert_eq(found.n, 1, "%s is there %u times", path, found.n);
	return found.value;
}

uint64_t frame_value(const struct vb_frame *f, const char *path)
{
	return frame_value_as(vb_root_proto(f->kind), f, path);
}
