/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_guest.h"

#include <string.h>

#include "dissectors/control.h"
#include "replay/host/synic.h"

void bad_guest_post(struct bad_guest *g, uint32_t connection, const void *msg, uint32_t len)
{
	struct vb_post_input input = { .connection = connection,
				       .message_type = VB_MESSAGE_CHANNEL,
				       .payload_len = len };

	memcpy(input.payload, msg, len < sizeof(input.payload) ? len : sizeof(input.payload));
	vb_host_post(g->l->host, (const uint8_t *)&input);
}

void bad_guest_words(struct bad_guest *g, const uint32_t *words, uint32_t n)
{
	bad_guest_post(g, g->connection, words, 4 * n);
}

void bad_guest_gpadl(struct bad_guest *g, uint32_t relid, uint32_t id, uint32_t buflen,
		     uint32_t count, uint64_t first_pfn, uint32_t n_pfns)
{
	uint32_t msg[7 + 2 * 26] = {
		VB_CTL_GPADL_HEADER, 0, relid, id, (buflen & 0xffff) | count << 16,
		n_pfns * VB_PAGE,    0
	};

	n_pfns = n_pfns < 26 ? n_pfns : 26;
	for (uint32_t i = 0; i < n_pfns; i++)
		msg[7 + 2 * i] = (uint32_t)first_pfn + i;
	bad_guest_words(g, msg, 7 + 2 * n_pfns);
}

void bad_guest_open(struct bad_guest *g, struct slot *s, uint32_t relid, uint32_t n_pages,
		    uint32_t vp)
{
	uint32_t msg[37] = { VB_CTL_OPEN, 0,	  relid, relid, 100 + (uint32_t)(s - g->slots),
			     vp,	  n_pages };

	*s = (struct slot){ relid, msg[4], n_pages, 16 + (uint64_t)(s - g->slots) * SLOT_PAGES };
	memset(bad_guest_control(g, s, true), 0, VB_PAGE);
	memset(bad_guest_control(g, s, false), 0, VB_PAGE);
	bad_guest_control(g, s, true)->feature_bits = VB_RING_FEATURE_PENDING;
	bad_guest_gpadl(g, relid, s->gpadl, 8 + 16 * n_pages, 1, s->first_pfn, 2 * n_pages);
	bad_guest_words(g, msg, 37);
}

bool bad_guest_take(struct bad_guest *g, uint32_t vp)
{
	struct vb_synic_message *slot =
		(void *)(g->l->memory.base + VB_PAGE * (1 + 2 * (size_t)vp) +
			 VB_SINT * sizeof(*slot));

	if (!slot->type)
		return false;
	slot->type = 0;
	if (slot->flags & VB_MESSAGE_PENDING)
		vb_host_eom(g->l->host, vp);
	return true;
}

/* ---- rings ---- */

static uint8_t *ring_of(const struct bad_guest *g, const struct slot *s, bool to_host)
{
	return g->l->memory.base + (s->first_pfn + (to_host ? 0 : s->n_pages)) * VB_PAGE;
}

static uint32_t size_of(const struct slot *s)
{
	return (s->n_pages - 1) * VB_PAGE;
}

struct vb_ring_control *bad_guest_control(const struct bad_guest *g, const struct slot *s,
					  bool to_host)
{
	return (void *)ring_of(g, s, to_host);
}

void bad_guest_write(struct bad_guest *g, const struct slot *s, bool to_host, uint32_t at,
		     const void *bytes, uint32_t len)
{
	uint8_t *data = ring_of(g, s, to_host) + VB_PAGE;

	for (uint32_t i = 0; i < len; i++)
		data[((uint64_t)at + i) % size_of(s)] = ((const uint8_t *)bytes)[i];
}

void bad_guest_read(struct bad_guest *g, const struct slot *s, bool to_host, uint32_t at,
		    void *bytes, uint32_t len)
{
	const uint8_t *data = ring_of(g, s, to_host) + VB_PAGE;

	for (uint32_t i = 0; i < len; i++)
		((uint8_t *)bytes)[i] = data[((uint64_t)at + i) % size_of(s)];
}

struct descriptor {
	uint16_t type, offset8, len8, flags;
	uint64_t trans_id;
};

void bad_guest_send(struct bad_guest *g, const struct slot *s, uint16_t type, uint16_t flags,
		    uint64_t trans_id, uint32_t n_ranges, const void *payload, uint32_t len)
{
	struct vb_ring_control *control = bad_guest_control(g, s, true);
	uint32_t at = control->write_index % size_of(s), whole = (16 + len + 7) & ~7u;
	uint32_t offset8 = type == 7 || type == 9 ? 3 + 2 * n_ranges : 2;
	struct descriptor d = { type, (uint16_t)offset8, (uint16_t)(whole / 8), flags, trans_id };

	bad_guest_write(g, s, true, at, &d, sizeof(d));
	bad_guest_write(g, s, true, at + 16, payload, len);
	control->write_index = (uint32_t)(((uint64_t)at + whole + 8) % size_of(s));
	vb_host_signal(g->l->host, 0x2000 + s->relid, 0);
}

bool bad_guest_receive(struct bad_guest *g, const struct slot *s, uint8_t *payload, uint32_t size,
		       uint32_t *ret_len, uint64_t *ret_trans_id)
{
	struct vb_ring_control *control = bad_guest_control(g, s, false);
	uint32_t at = control->read_index % size_of(s), len;
	struct descriptor d;

	if (control->read_index == control->write_index)
		return false;
	bad_guest_read(g, s, false, at, &d, sizeof(d));
	len = d.len8 > d.offset8 ? (d.len8 - d.offset8) * 8u : 0;
	*ret_len = len < size ? len : size;
	*ret_trans_id = d.trans_id;
	bad_guest_read(g, s, false, at + d.offset8 * 8u, payload, *ret_len);
	control->read_index = (uint32_t)(((uint64_t)at + d.len8 * UINT64_C(8) + 8) % size_of(s));
	vb_host_signal(g->l->host, 0x2000 + s->relid, 0);
	return true;
}
