/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Permanent field names, kept up to date while a sink is told of spans.
 */
#include <string.h>

#include "sinks.h"

void vb_path_init(struct vb_path *p)
{
	p->n = 0;
	p->start = 0;
	p->end = 0;
	p->text[0] = '\0';
}

/* A name that does not fit is left out: no field has one, lint bounds them. */
static uint16_t append(struct vb_path *p, uint16_t end, const char *name)
{
	size_t len = strlen(name);
	bool dot = end > p->start;

	if ((size_t)end + dot + len + 1 > sizeof(p->text))
		return end;
	if (dot)
		p->text[end++] = '.';
	memcpy(p->text + end, name, len + 1);
	return (uint16_t)(end + len);
}

static const char *part(enum vb_span span, const struct vb_item *it)
{
	switch (span) {
	case VB_SPAN_PROTO:
		return it->proto->name;
	case VB_SPAN_MSG:
		return it->msg->name;
	case VB_SPAN_STRUCT:
	case VB_SPAN_ELEMENT:
	case VB_SPAN_BITS:
		return it->row->name;
	case VB_SPAN_ARRAY:
		break;
	}
	return NULL;
}

void vb_path_open(struct vb_path *p, enum vb_span span, const struct vb_item *it)
{
	const char *name = part(span, it);

	if (p->n < VB_PATH_LEVELS) {
		p->level[p->n].start = p->start;
		p->level[p->n].end = p->end;
	}
	p->n++;
	/* A protocol inside another begins a name of its own, behind the outer one's NUL. */
	if (span == VB_SPAN_PROTO && p->n > 1) {
		p->start = (uint16_t)(p->end + 1);
		p->end = p->start;
	}
	if (name)
		p->end = append(p, p->end, name);
}

void vb_path_close(struct vb_path *p)
{
	p->n--;
	if (p->n < VB_PATH_LEVELS) {
		p->start = p->level[p->n].start;
		p->end = p->level[p->n].end;
		p->text[p->end] = '\0';
	}
}

const char *vb_path_span(struct vb_path *p)
{
	p->text[p->end] = '\0';
	return p->text + p->start;
}

const char *vb_path_field(struct vb_path *p, const struct vb_item *it)
{
	p->text[p->end] = '\0';
	if (it->row)
		append(p, p->end, it->row->name);
	return p->text + p->start;
}
