// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "measure.h"

static void add(struct measure *m, const struct vb_item *it)
{
	const struct vb_row *row = it->row;
	bool bits = row->type == VB_BIT;
	struct measured *d = &m->item[m->n];

	if (m->skip || it->proto != m->proto || m->n == MEASURE_MAX || (it->in_array && it->index))
		return;
	if (snprintf(d->path, sizeof(d->path), "%s.%s", m->prefix, row->name) < 0)
		return;
	d->bit = 8 * it->off + (bits ? row->lo : 0);
	d->width = bits ? row->width : 8 * it->len;
	if (vb_row_is_text(row) && row->size) /* the text ends where it likes */
		d->width = 8u * row->size;
	d->row = row;
	m->n++;
}

static void push(struct measure *m, const char *name)
{
	size_t len = strlen(m->prefix);

	snprintf(m->prefix + len, sizeof(m->prefix) - len, ".%s", name);
}

static void on_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct measure *m = ctx;

	if (it->proto != m->proto)
		return;
	if (m->skip || (span == VB_SPAN_ELEMENT && it->index)) {
		m->skip++;
		return;
	}
	switch (span) {
	case VB_SPAN_MSG:
		push(m, it->msg->name);
		snprintf(m->message, sizeof(m->message), "%s", it->msg->name);
		break;
	case VB_SPAN_BITS:
		add(m, it);
		/* fall through */
	case VB_SPAN_STRUCT:
	case VB_SPAN_ELEMENT:
		push(m, it->row->name);
		break;
	case VB_SPAN_PROTO:
	case VB_SPAN_ARRAY:
		break;
	}
}

static void on_close(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct measure *m = ctx;

	if (it->proto != m->proto)
		return;
	if (m->skip) {
		m->skip--;
		return;
	}
	if (span != VB_SPAN_PROTO && span != VB_SPAN_ARRAY)
		*strrchr(m->prefix, '.') = '\0';
}

static void on_field(void *ctx, const struct vb_item *it)
{
	if (it->row->type != VB_VALUE)
		add(ctx, it);
}

void measure_frame(struct measure *ret_m, const struct vb_proto *proto, const struct vb_frame *f)
{
	struct vb_sink sink = {
		.ctx = ret_m, .open = on_open, .close = on_close, .field = on_field
	};
	struct vb_walked w;

	memset(ret_m, 0, sizeof(*ret_m));
	ret_m->proto = proto;
	snprintf(ret_m->prefix, sizeof(ret_m->prefix), "%s", proto->name);
	vb_walk(proto, f, &sink, &w);
}

const struct measured *measure_find(const struct measure *m, const char *path)
{
	for (unsigned int i = 0; i < m->n; i++)
		if (!strcmp(m->item[i].path, path))
			return &m->item[i];
	return NULL;
}
