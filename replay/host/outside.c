/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/host/outside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* ---- the ranges of a packet ---- */

struct collecting {
	struct vb_hranges *r;
	size_t room; /* for ranges and for pages: no packet has more of them */
	bool in_range;
};

static void begin_range(struct collecting *c, uint64_t len)
{
	struct vb_hranges *r = c->r;

	if (r->n == c->room)
		return;
	r->range[r->n++] = (struct vb_hrange){ .len = (uint32_t)len, .first_pfn = r->n_pfns };
	r->len += len;
}

static void take_page(struct vb_hranges *r, size_t room, uint64_t pfn)
{
	if (r->n_pfns == room)
		return;
	r->pfns[r->n_pfns++] = pfn;
	r->range[r->n - 1].n_pfns++;
}

static void take_field(void *ctx, const struct vb_item *it)
{
	struct collecting *c = ctx;

	if (!c->in_range)
		return;
	if (!strcmp(it->row->name, "range_count"))
		c->r->n_said = it->value;
	else if (!strcmp(it->row->name, "byte_count"))
		begin_range(c, it->value);
	else if (c->r->n && !strcmp(it->row->name, "byte_offset"))
		c->r->range[c->r->n - 1].offset = (uint32_t)it->value;
	else if (c->r->n && !strcmp(it->row->name, "pfn"))
		take_page(c->r, c->room, it->value);
}

/* Only the packet's own ranges count, not what its payload may have of that name. */
static void open_span(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct collecting *c = ctx;

	if (span == VB_SPAN_PROTO)
		c->in_range = it->proto == vb_root_proto(VB_KIND_PACKET);
}

static bool has_its_pages(const struct vb_hrange *range)
{
	uint64_t end = (uint64_t)range->offset + range->len;

	return range->offset < VB_PAGE && (end + VB_PAGE - 1) / VB_PAGE == range->n_pfns;
}

int vb_hranges_read(const struct vb_frame *packet, struct vb_hranges *ret)
{
	struct collecting c = { .r = ret, .room = packet->cap_len / 8 };
	struct vb_sink sink = { .ctx = &c, .field = take_field, .open = open_span };
	struct vb_walked w;

	*ret = (struct vb_hranges){ .range = calloc(c.room + 1, sizeof(*ret->range)),
				    .pfns = calloc(c.room + 1, sizeof(*ret->pfns)) };
	if (!ret->range || !ret->pfns)
		return -ENOMEM;
	vb_walk(vb_root_proto(VB_KIND_PACKET), packet, &sink, &w);
	for (size_t i = 0; i < ret->n && ret->n_pfns; i++)
		if (!has_its_pages(&ret->range[i]))
			return -EBADMSG;
	return 0;
}

void vb_hranges_done(struct vb_hranges *r)
{
	free(r->range);
	free(r->pfns);
	*r = (struct vb_hranges){ 0 };
}

/* ---- copying, page by page ---- */

/* One way or the other: to is NULL when bytes come from the guest. */
struct copying {
	const struct vb_transport *t;
	uint8_t *buf;
	const uint8_t *to;
};

static int copy_pages(const struct copying *c, const uint64_t *pfns, uint64_t at, uint32_t len)
{
	uint32_t done = 0, in_page, n;
	uint8_t *page;

	while (done < len) {
		in_page = (uint32_t)(at % VB_PAGE);
		n = VB_PAGE - in_page < len - done ? VB_PAGE - in_page : len - done;
		page = pfns[at / VB_PAGE] >> 52 ?
			       NULL :
			       c->t->map(c->t->ctx, pfns[at / VB_PAGE] * VB_PAGE, VB_PAGE);
		if (!page)
			return -EFAULT;
		if (c->to)
			memcpy(page + in_page, c->to + done, n);
		else
			memcpy(c->buf + done, page + in_page, n);
		done += n;
		at += n;
	}
	return 0;
}

static int copy_range(struct vb_hdevice *d, const struct vb_hranges *r, size_t i, uint32_t offset,
		      const struct copying *c, uint32_t len)
{
	const struct vb_hrange *range = &r->range[i];

	(void)d;
	if ((uint64_t)offset + len > range->len || !range->n_pfns)
		return -ERANGE;
	return copy_pages(c, r->pfns + range->first_pfn, (uint64_t)range->offset + offset, len);
}

int vb_hrange_get(struct vb_hdevice *d, const struct vb_hranges *r, size_t i, uint32_t offset,
		  uint8_t *buf, uint32_t len)
{
	const struct copying c = { .t = d->h->opt.transport, .buf = buf };

	return copy_range(d, r, i, offset, &c, len);
}

int vb_hrange_put(struct vb_hdevice *d, const struct vb_hranges *r, size_t i, uint32_t offset,
		  const uint8_t *buf, uint32_t len)
{
	const struct copying c = { .t = d->h->opt.transport, .to = buf };

	return copy_range(d, r, i, offset, &c, len);
}

/* ---- lists of pages ---- */

static const struct vb_gpadl *list_of(const struct vb_hdevice *d, uint32_t id)
{
	const struct vb_hchannel *c = d->channels[0];

	return c ? vb_gpadl_find(d->h, c->relid, id) : NULL;
}

static uint64_t bytes_of(const struct vb_gpadl *g)
{
	return (uint64_t)g->n_pfns * VB_PAGE - g->byte_offset;
}

uint64_t vb_hgpadl_len(struct vb_hdevice *d, uint32_t id)
{
	const struct vb_gpadl *g = list_of(d, id);

	return g && g->n_ranges == 1 ? bytes_of(g) : 0;
}

static int copy_list(struct vb_hdevice *d, uint32_t id, uint64_t offset, const struct copying *c,
		     uint32_t len)
{
	const struct vb_gpadl *g = list_of(d, id);

	if (!g || g->n_ranges != 1)
		return -ENOENT;
	if (offset > bytes_of(g) || len > bytes_of(g) - offset)
		return -ERANGE;
	return copy_pages(c, g->pfns, offset + g->byte_offset, len);
}

int vb_hgpadl_get(struct vb_hdevice *d, uint32_t id, uint64_t offset, uint8_t *buf, uint32_t len)
{
	const struct copying c = { .t = d->h->opt.transport, .buf = buf };

	return copy_list(d, id, offset, &c, len);
}

int vb_hgpadl_put(struct vb_hdevice *d, uint32_t id, uint64_t offset, const uint8_t *buf,
		  uint32_t len)
{
	const struct copying c = { .t = d->h->opt.transport, .to = buf };

	return copy_list(d, id, offset, &c, len);
}

/* ---- the external part of a record ---- */

static bool make_room(struct vb_hext *e, size_t n)
{
	size_t room = e->room ? e->room : 4096;
	uint8_t *bigger;

	while (room < e->len + n)
		room *= 2;
	if (room == e->room)
		return true;
	bigger = realloc(e->bytes, room);
	if (!bigger)
		return false;
	e->bytes = bigger;
	e->room = room;
	return true;
}

uint8_t *vb_hext_add(struct vb_hext *e, uint32_t range, uint32_t wire_len, uint32_t n,
		     uint32_t reason)
{
	struct vb_segment s = { range, wire_len, n, reason };
	size_t len = sizeof(s) + (size_t)vb_pad4(n);
	uint8_t *at;

	if (e->failed || !make_room(e, len)) {
		e->failed = true;
		return NULL;
	}
	at = e->bytes + e->len;
	memcpy(at, &s, sizeof(s));
	memset(at + sizeof(s), 0, len - sizeof(s));
	e->len += len;
	e->wire_len += wire_len;
	e->cut |= n < wire_len;
	return at + sizeof(s);
}
