/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Channels of the small guest: lists of pages, rings, packets. */
#include <errno.h>
#include <string.h>

#include "guest.h"
#include "replay/host/ring.h"
#include "replay/host/synic.h"

#define HEADER_PFNS 26u /* that fit into one message */
#define BODY_PFNS 28u

/* ---- lists of pages ---- */

static void add_pfns(struct vb_value *values, char (*paths)[56], const char *format,
		     const uint64_t *pfns, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s[%u]", format, i);
		values[i] = (struct vb_value)VB_NUMBER(paths[i], pfns[i]);
	}
}

static void post_body(struct guest *g, uint32_t id, const uint64_t *pfns, uint32_t n)
{
	char paths[BODY_PFNS][56];
	struct vb_value values[2 + BODY_PFNS] = {
		VB_NUMBER("vmbus.type", VB_CTL_GPADL_BODY),
		VB_NUMBER("vmbus.gpadl_body.gpadl", id),
	};

	add_pfns(values + 2, paths, "vmbus.gpadl_body.pfn", pfns, n);
	guest_post(g, values, 2 + n, 16 + 8 * n);
}

uint32_t guest_post_gpadl(struct guest *g, uint32_t relid, const uint64_t *pfns, uint32_t n)
{
	uint32_t id = g->next_gpadl++, first = n < HEADER_PFNS ? n : HEADER_PFNS;
	char paths[HEADER_PFNS][56];
	struct vb_value values[6 + HEADER_PFNS] = {
		VB_NUMBER("vmbus.type", VB_CTL_GPADL_HEADER),
		VB_NUMBER("vmbus.gpadl_header.relid", relid),
		VB_NUMBER("vmbus.gpadl_header.gpadl", id),
		VB_NUMBER("vmbus.gpadl_header.range_buflen", 8 + 8 * n),
		VB_NUMBER("vmbus.gpadl_header.range_count", 1),
		VB_NUMBER("vmbus.gpadl_header.range[0].byte_count", (uint64_t)n * VB_PAGE),
	};

	add_pfns(values + 6, paths, "vmbus.gpadl_header.range[0].pfn", pfns, first);
	guest_post(g, values, 6 + first, 28 + 8 * first);
	for (uint32_t i = first; i < n; i += BODY_PFNS)
		post_body(g, id, pfns + i, n - i < BODY_PFNS ? n - i : BODY_PFNS);
	return id;
}

uint32_t guest_make_gpadl(struct guest *g, uint32_t relid, const uint64_t *pfns, uint32_t n)
{
	uint32_t id = guest_post_gpadl(g, relid, pfns, n);

	guest_expect(g, VB_CTL_GPADL_CREATED);
	REQUIRE(guest_field(g, "vmbus.gpadl_created.gpadl") == id);
	REQUIRE(guest_field(g, "vmbus.gpadl_created.relid") == relid);
	REQUIRE(guest_field(g, "vmbus.gpadl_created.status") == 0);
	return id;
}

/* ---- opening and closing ---- */

static void map_ring(struct guest *g, struct guest_ring *r, const uint64_t *pfns, uint32_t n)
{
	uint8_t *mem = vb_memory_map_ring(&g->l->memory, pfns, n);

	REQUIRE(mem);
	memset(mem, 0, n * (size_t)VB_PAGE);
	*r = (struct guest_ring){ (void *)mem, mem + VB_PAGE, (n - 1) * VB_PAGE, n };
	r->control->feature_bits = VB_RING_FEATURE_PENDING;
}

void guest_post_open(struct guest *g, uint32_t relid, uint32_t gpadl, uint32_t vp,
		     uint32_t downstream)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_OPEN),
		VB_NUMBER("vmbus.open.relid", relid),
		VB_NUMBER("vmbus.open.open_id", relid),
		VB_NUMBER("vmbus.open.gpadl", gpadl),
		VB_NUMBER("vmbus.open.target_vp", vp),
		VB_NUMBER("vmbus.open.downstream_page_offset", downstream),
	};

	guest_post(g, values, 6, 148);
}

void guest_open(struct guest *g, struct guest_channel *ret_c, uint32_t relid, uint32_t n,
		uint32_t vp)
{
	struct guest_channel *c = ret_c;
	uint64_t pfns[512];

	REQUIRE(2 * n <= 512);
	*c = (struct guest_channel){ .g = g, .relid = relid, .vp = vp };
	for (size_t i = 0; i < g->n_offers; i++)
		if (g->offers[i].relid == relid)
			c->connection = g->offers[i].connection;
	guest_pages(g, pfns, 2 * n);
	map_ring(g, &c->out, pfns, n);
	map_ring(g, &c->in, pfns + n, n);
	c->gpadl = guest_make_gpadl(g, relid, pfns, 2 * n);
	guest_post_open(g, relid, c->gpadl, vp, n);
	guest_expect(g, VB_CTL_OPEN_RESULT);
	REQUIRE(guest_field(g, "vmbus.open_result.relid") == relid);
	REQUIRE(guest_field(g, "vmbus.open_result.open_id") == relid);
	REQUIRE(guest_field(g, "vmbus.open_result.status") == 0);
}

void guest_unmap(struct guest_channel *c)
{
	struct vb_memory *m = &c->g->l->memory;

	vb_memory_unmap_ring(m, (uint8_t *)c->out.control, c->out.n_pages);
	vb_memory_unmap_ring(m, (uint8_t *)c->in.control, c->in.n_pages);
}

void guest_close(struct guest_channel *c, bool is_rescinded)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_GPADL_TEARDOWN),
		VB_NUMBER("vmbus.gpadl_teardown.relid", c->relid),
		VB_NUMBER("vmbus.gpadl_teardown.gpadl", c->gpadl),
	};

	guest_post_relid(c->g, VB_CTL_CLOSE, "vmbus.close.relid", c->relid);
	if (!is_rescinded) {
		guest_post(c->g, values, 3, 16);
		guest_expect(c->g, VB_CTL_GPADL_TORNDOWN);
		REQUIRE(guest_field(c->g, "vmbus.gpadl_torndown.gpadl") == c->gpadl);
	}
	guest_unmap(c);
}

/* ---- packets ---- */

/* The other side's index: one that the rules allow. */
static uint32_t checked(const struct guest_ring *r, const uint32_t *index)
{
	uint32_t value = __atomic_load_n(index, __ATOMIC_SEQ_CST);

	REQUIRE(value < r->size && value % 8 == 0);
	return value;
}

static uint32_t readable(const struct guest_ring *r)
{
	uint32_t w = checked(r, &r->control->write_index), at = checked(r, &r->control->read_index);

	return w >= at ? w - at : r->size - at + w;
}

static void signal_host(struct guest_channel *c)
{
	c->n_signals++;
	REQUIRE(vb_host_signal(c->g->l->host, c->connection, 0) == 0);
}

struct descriptor {
	uint16_t type, offset8, len8, flags;
	uint64_t trans_id;
};

int guest_send_ranges(struct guest_channel *c, uint16_t type, uint16_t flags, uint64_t trans_id,
		      const void *ranges, uint32_t ranges_len, const void *payload, uint32_t len)
{
	uint32_t head = 16 + ranges_len, whole = (head + len + 7) & ~7u;
	uint32_t old = c->out.control->write_index;
	struct descriptor d = { type, (uint16_t)(head / 8), (uint16_t)(whole / 8), flags,
				trans_id };
	struct vb_ring_control *control = c->out.control;
	uint64_t trailer = (uint64_t)old << 32;
	uint8_t *at = c->out.data + old;

	if (c->out.size - readable(&c->out) <= whole + 8) {
		control->pending_send_sz = whole + 8;
		return -EAGAIN;
	}
	control->pending_send_sz = 0;
	memset(at, 0, whole);
	memcpy(at, &d, sizeof(d));
	if (ranges_len)
		memcpy(at + 16, ranges, ranges_len);
	if (len)
		memcpy(at + head, payload, len);
	memcpy(at + whole, &trailer, 8);
	control->write_index = (old + whole + 8) % c->out.size;
	if (!control->interrupt_mask && control->read_index == old)
		signal_host(c);
	return 0;
}

int guest_send(struct guest_channel *c, uint16_t type, uint16_t flags, uint64_t trans_id,
	       const void *payload, uint32_t len)
{
	return guest_send_ranges(c, type, flags, trans_id, NULL, 0, payload, len);
}

bool guest_event(struct guest_channel *c)
{
	uint8_t *flags = guest_memory(c->g, 2 + 2 * (uint64_t)c->vp) + (size_t)VB_SINT * 256;
	uint8_t bit = (uint8_t)(1u << c->relid % 8);
	bool was_set = flags[c->relid / 8] & bit;

	flags[c->relid / 8] &= (uint8_t)~bit;
	return was_set;
}

bool guest_read(struct guest_channel *c, struct guest_packet *ret_p)
{
	struct vb_ring_control *control = c->in.control;
	uint32_t n = readable(&c->in), at = control->read_index, len, left;
	struct descriptor d;
	uint32_t trailer[2];

	REQUIRE(control->feature_bits & VB_RING_FEATURE_PENDING);
	if (!n)
		return false;
	memcpy(&d, c->in.data + at, sizeof(d));
	len = d.len8 * 8u;
	REQUIRE(len >= 16 && len + 8 <= n && d.offset8 >= 2 && d.offset8 <= d.len8);
	memcpy(trailer, c->in.data + at + len, 8);
	REQUIRE(trailer[0] == 0 && trailer[1] == at);
	*ret_p = (struct guest_packet){ .type = d.type,
					.flags = d.flags,
					.trans_id = d.trans_id,
					.ranges_len = d.offset8 * 8u - 16,
					.payload_len = len - d.offset8 * 8u };
	memcpy(ret_p->ranges, c->in.data + at + 16,
	       ret_p->ranges_len < GUEST_MAX_RANGES ? ret_p->ranges_len : GUEST_MAX_RANGES);
	memcpy(ret_p->payload, c->in.data + at + d.offset8 * (size_t)8,
	       ret_p->payload_len < sizeof(ret_p->payload) ? ret_p->payload_len :
							     sizeof(ret_p->payload));
	control->read_index = (at + len + 8) % c->in.size;
	/* the host waits for room: tell it when there is enough now and was not before */
	left = c->in.size - readable(&c->in);
	if (control->pending_send_sz && left - (len + 8) <= control->pending_send_sz &&
	    left > control->pending_send_sz)
		signal_host(c);
	return true;
}

unsigned int guest_drain(struct guest_channel *c, struct guest_packet *ret_last)
{
	unsigned int n = 0;

	if (!guest_event(c))
		return 0;
	while (guest_read(c, ret_last))
		n++;
	return n;
}
