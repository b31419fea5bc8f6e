/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest physical address descriptor lists: assembled from a header and bodies, read as one message.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static struct vb_gpadl *find(const struct vb_host *h, uint32_t id)
{
	for (struct vb_gpadl *g = h->gpadls; g; g = g->next)
		if (g->id == id)
			return g;
	return NULL;
}

const struct vb_gpadl *vb_gpadl_find(const struct vb_host *h, uint32_t relid, uint32_t id)
{
	const struct vb_gpadl *g = find(h, id);

	return g && !g->joined && g->relid == relid ? g : NULL;
}

static void forget(struct vb_host *h, struct vb_gpadl **at)
{
	struct vb_gpadl *g = *at;

	*at = g->next;
	h->n_gpadls--;
	h->gpadl_bytes -= g->charged;
	free(g->joined);
	free(g->pfns);
	free(g);
}

static void forget_one(struct vb_host *h, const struct vb_gpadl *g)
{
	struct vb_gpadl **at = &h->gpadls;

	while (*at != g)
		at = &(*at)->next;
	forget(h, at);
}

void vb_gpadl_forget_channel(struct vb_host *h, uint32_t relid)
{
	struct vb_gpadl **at = &h->gpadls;

	while (*at) {
		if ((*at)->relid == relid)
			forget(h, at);
		else
			at = &(*at)->next;
	}
}

void vb_gpadl_forget_all(struct vb_host *h)
{
	while (h->gpadls)
		forget(h, &h->gpadls);
}

static void send_created(struct vb_host *h, uint32_t relid, uint32_t id, uint32_t status)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_GPADL_CREATED),
		VB_NUMBER("vmbus.gpadl_created.relid", relid),
		VB_NUMBER("vmbus.gpadl_created.gpadl", id),
		VB_NUMBER("vmbus.gpadl_created.status", status),
	};

	vb_bus_send(h, values, 4, 20);
}

static void refuse(struct vb_host *h, uint32_t relid, uint32_t id, const char *why)
{
	vb_host_trouble(h, "GPADL 0x%x of channel %u is refused: %s", id, relid, why);
	send_created(h, relid, id, VB_STATUS_FAILURE);
}

/* ---- reading a complete list ---- */

struct reading {
	struct vb_gpadl *g;
	uint32_t room;
	uint64_t byte_count;
	uint64_t n_missing; /* pages of the range whose numbers have not come */
	bool is_bad;
};

static void begin_range(struct reading *rd, uint64_t byte_count)
{
	rd->g->n_ranges++;
	rd->byte_count = byte_count;
	rd->is_bad |= !byte_count || rd->n_missing;
}

static void take_offset(struct reading *rd, uint64_t offset)
{
	if (rd->g->n_ranges == 1)
		rd->g->byte_offset = (uint32_t)offset;
	rd->is_bad |= offset >= VB_PAGE;
	rd->n_missing = (offset + rd->byte_count + VB_PAGE - 1) / VB_PAGE;
}

static void take_page(struct reading *rd, uint64_t pfn)
{
	if (rd->g->n_pfns == rd->room || !rd->n_missing) {
		rd->is_bad = true;
		return;
	}
	rd->g->pfns[rd->g->n_pfns++] = pfn;
	rd->n_missing--;
}

static void take_field(void *ctx, const struct vb_item *it)
{
	const char *name = it->row->name;

	if (!strcmp(name, "byte_count"))
		begin_range(ctx, it->value);
	else if (!strcmp(name, "byte_offset"))
		take_offset(ctx, it->value);
	else if (!strcmp(name, "pfn"))
		take_page(ctx, it->value);
}

static bool in_memory(const struct vb_host *h, const struct vb_gpadl *g)
{
	const struct vb_transport *t = h->opt.transport;

	for (uint32_t i = 0; i < g->n_pfns; i++)
		if (g->pfns[i] >> 52 || !t->map(t->ctx, g->pfns[i] * VB_PAGE, VB_PAGE))
			return false;
	return true;
}

/* NULL: complete and sound. The joined bytes are done with in any case. */
static const char *complete(struct vb_host *h, struct vb_gpadl *g)
{
	struct vb_frame f = {
		.data = g->joined,
		.cap_len = g->joined_total,
		.wire_len = g->joined_total,
		.kind = VB_KIND_CONTROL,
		.direction = VB_TO_HOST,
		.vmbus_version = h->version,
	};
	struct reading rd = { .g = g, .room = g->joined_total / 8 };
	struct vb_sink sink = { .ctx = &rd, .field = take_field };
	struct vb_walked w;

	g->pfns = malloc(g->joined_total);
	if (!g->pfns)
		return "no memory";
	vb_walk(vb_root_proto(VB_KIND_CONTROL), &f, &sink, &w);
	free(g->joined);
	g->joined = NULL;
	if (rd.is_bad || rd.n_missing || !g->n_pfns || w.unexplained || w.n_notes[VB_NOTE_SHORT] ||
	    w.n_notes[VB_NOTE_EXTRA] || g->n_ranges != w.layer[0].slots[VB_S_COUNT])
		return "its ranges do not add up";
	return in_memory(h, g) ? NULL : "a page is outside memory";
}

static void complete_or_refuse(struct vb_host *h, struct vb_gpadl *g)
{
	uint32_t relid = g->relid, id = g->id;
	const char *wrong;

	if (g->joined_len < g->joined_total)
		return;
	wrong = complete(h, g);
	if (wrong) {
		forget_one(h, g);
		refuse(h, relid, id, wrong);
	} else {
		send_created(h, relid, id, 0);
	}
}

/* ---- messages ---- */

static const char *wrong_header(const struct vb_host *h, uint32_t relid, uint32_t id, uint64_t len)
{
	if (!vb_channel_by_relid(h, relid))
		return "there is no such channel";
	if (!id || find(h, id))
		return "its id is in use";
	if (len % 8 || len < 16)
		return "its length makes no sense";
	if (h->n_gpadls >= VB_GPADL_MAX || h->gpadl_bytes + len > VB_GPADL_LIMIT)
		return "the guest has too many";
	return NULL;
}

static struct vb_gpadl *new_gpadl(struct vb_host *h, uint32_t relid, uint32_t id, uint32_t total)
{
	struct vb_gpadl *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->joined = malloc(total);
	if (!g->joined) {
		free(g);
		return NULL;
	}
	g->relid = relid;
	g->id = id;
	g->joined_total = total;
	g->charged = total;
	g->next = h->gpadls;
	h->gpadls = g;
	h->n_gpadls++;
	h->gpadl_bytes += total;
	return g;
}

static void join(struct vb_gpadl *g, const uint8_t *bytes, uint32_t len)
{
	uint32_t left = g->joined_total - g->joined_len;

	len = len < left ? len : left;
	memcpy(g->joined + g->joined_len, bytes, len);
	g->joined_len += len;
}

void vb_gpadl_header(struct vb_host *h, const struct vb_frame *f)
{
	struct vb_wanted fields[] = { { .path = "vmbus.gpadl_header.relid" },
				      { .path = "vmbus.gpadl_header.gpadl" },
				      { .path = "vmbus.gpadl_header.range_buflen" },
				      { .path = "vmbus.gpadl_header.range_count" } };
	const char *wrong;
	struct vb_walked w;
	struct vb_gpadl *g;
	uint32_t relid, id;
	uint64_t len;

	if (!vb_bus_read(h, f, fields, 4))
		return;
	vb_walk(vb_root_proto(VB_KIND_CONTROL), f, NULL, &w);
	relid = (uint32_t)fields[0].number;
	id = (uint32_t)fields[1].number;
	len = fields[2].number;
	wrong = wrong_header(h, relid, id, len);
	g = wrong ? NULL : new_gpadl(h, relid, id, (uint32_t)(w.layer[0].msg->parts_at + len));
	if (!g) {
		refuse(h, relid, id, wrong ? wrong : "no memory");
		return;
	}
	join(g, f->data, f->wire_len);
	complete_or_refuse(h, g);
}

void vb_gpadl_body(struct vb_host *h, const struct vb_frame *f)
{
	struct vb_wanted id = { .path = "vmbus.gpadl_body.gpadl" };
	struct vb_walked w;
	struct vb_gpadl *g;
	uint32_t at;

	if (!vb_bus_read(h, f, &id, 1))
		return;
	vb_walk(vb_root_proto(VB_KIND_CONTROL), f, NULL, &w);
	at = w.layer[0].msg->parts_at;
	g = find(h, (uint32_t)id.number);
	if (!g || !g->joined || f->wire_len <= at) {
		vb_host_trouble(h, "a part of GPADL 0x%x, which is not being made",
				(unsigned int)id.number);
		return;
	}
	join(g, f->data + at, f->wire_len - at);
	complete_or_refuse(h, g);
}

void vb_gpadl_teardown(struct vb_host *h, const struct vb_frame *f)
{
	struct vb_wanted w[] = { { .path = "vmbus.gpadl_teardown.relid" },
				 { .path = "vmbus.gpadl_teardown.gpadl" } };
	struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_GPADL_TORNDOWN),
		VB_NUMBER("vmbus.gpadl_torndown.gpadl", 0),
	};
	struct vb_hchannel *c;
	struct vb_gpadl *g;

	if (!vb_bus_read(h, f, w, 2))
		return;
	g = find(h, (uint32_t)w[1].number);
	if (!g || g->relid != w[0].number) {
		vb_host_trouble(h, "the guest tears down GPADL 0x%x, which channel %u has not",
				(unsigned int)w[1].number, (unsigned int)w[0].number);
	} else {
		c = vb_channel_by_relid(h, g->relid);
		if (c && c->open && c->gpadl == g->id)
			vb_channel_break(c, "its ring's GPADL was torn down");
		forget_one(h, g);
	}
	values[1].number = w[1].number;
	vb_bus_send(h, values, 2, 12);
}
