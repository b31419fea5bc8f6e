/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a coalesced frame is put together: Linux 6.1 drivers/net/hyperv/rndis_filter.c and
 * hyperv_net.h, struct ndis_pktinfo_id.
 */
#include "ether.h"

#include <string.h>

#include "values.h"

#define INFO "hv_rndis.packet.info."
#define ADDRESSES_LEN 12u /* what stands before the tag */

enum {
	DATA_LEN,
	FRAME,
	PRIORITY,
	CFI,
	VLAN,
	COALESCED,
	FIRST,
	LAST,
	OPEN, /* the first of open_bits */
	N_OPEN = 6,
	TRANSPORT = OPEN + N_OPEN,
	TCP_HEADER,
	N_WANTED
};

static const struct vb_wanted wanted[N_WANTED] = {
	[DATA_LEN] = { .path = "hv_rndis.packet.data_len" },
	[FRAME] = { .path = VB_ETHER_FIELD },
	[PRIORITY] = { .path = INFO "vlan.priority" },
	[CFI] = { .path = INFO "vlan.cfi" },
	[VLAN] = { .path = INFO "vlan.id" },
	[COALESCED] = { .path = INFO "packet_id.flags.coalesced" },
	[FIRST] = { .path = INFO "packet_id.flags.first" },
	[LAST] = { .path = INFO "packet_id.flags.last" },
	[OPEN] = { .path = INFO "checksum.tcp" },
	[OPEN + 1] = { .path = INFO "checksum.udp" },
	[OPEN + 2] = { .path = INFO "checksum.ip_header" },
	[OPEN + 3] = { .path = INFO "checked.tcp_value_invalid" },
	[OPEN + 4] = { .path = INFO "checked.ip_value_invalid" },
	[OPEN + 5] = { .path = INFO "large_send" },
	[TRANSPORT] = { .path = INFO "checksum.transport_offset" },
	[TCP_HEADER] = { .path = INFO "large_send.tcp_header_offset" },
};

/* What is open when these fields are not zero. */
static const uint8_t open_bits[N_OPEN] = {
	VB_ETHER_TCP_SUM, VB_ETHER_UDP_SUM, VB_ETHER_IP_SUM,
	VB_ETHER_TCP_SUM, VB_ETHER_IP_SUM,  VB_ETHER_TCP_SUM | VB_ETHER_IP_SUM | VB_ETHER_IP_LEN
};

/* What the packet says, where its messages cannot: are they frames, or those that control? */
static bool has_frames(const struct vb_frame *f)
{
	struct vb_wanted w = { .path = "nvsp.rndis.channel_type" };

	return !vb_values_read(vb_root_proto(f->kind), f, &w, 1, NULL) || !w.number;
}

void vb_ether_init(struct vb_ether *e, const struct vb_frame *f, const struct vb_walked *w,
		   const uint8_t *ext, uint32_t ext_len, uint8_t *room)
{
	*e = (struct vb_ether){ .f = f, .room = ext_len ? room + ext_len : room };
	vb_inner_init(&e->in, w, ext, ext_len, room);
	if (e->in.proto && e->in.proto != vb_proto_by_name("hv_rndis"))
		e->in.proto = NULL;
	if (e->in.proto && !ext_len)
		e->n_missing = has_frames(f);
}

/* ---- the parts ---- */

static void take_part(struct vb_ether *e, const struct vb_wanted *w)
{
	struct vb_ether_frame *p = &e->part;

	*p = (struct vb_ether_frame){
		.data = w[FRAME].bytes,
		.cap_len = w[FRAME].n_bytes,
		.wire_len = w[FRAME].found ? w[FRAME].len : (uint32_t)w[DATA_LEN].number,
		.tagged = w[VLAN].found,
		.tag = (uint16_t)(w[PRIORITY].number << 13 | w[CFI].number << 12 | w[VLAN].number),
		.n_parts = 1,
		.field = e->n_fields,
	};
	for (unsigned int i = 0; i < N_OPEN; i++)
		p->open |= w[OPEN + i].number ? open_bits[i] : 0;
	p->transport = (uint16_t)(w[TRANSPORT].number | w[TCP_HEADER].number);
	e->n_fields += w[FRAME].found;
	/* only a host coalesces */
	e->coalesced = e->f->direction == VB_TO_GUEST && w[COALESCED].number;
	e->first = w[FIRST].number;
	e->last = w[LAST].number;
}

/* The next message that is a frame, or a part of one. */
static bool next_part(struct vb_ether *e)
{
	const struct vb_proto *proto;
	struct vb_wanted w[N_WANTED];
	struct vb_walked walked;
	struct vb_frame f;

	while ((proto = vb_inner_next(&e->in, e->f, &f, &walked))) {
		memcpy(w, wanted, sizeof(w));
		vb_values_read(proto, &f, w, N_WANTED, NULL);
		if (w[DATA_LEN].number || w[FRAME].found) {
			take_part(e, w);
			return true;
		}
		if (!w[DATA_LEN].found && f.cap_len < f.wire_len)
			e->n_missing += has_frames(e->f);
	}
	return false;
}

/* ---- the frames ---- */

/* Behind a part that was cut nothing has its place. */
static void join(struct vb_ether *e)
{
	struct vb_ether_frame *j = &e->joined;
	const struct vb_ether_frame *p = &e->part;
	uint64_t wire_len = (uint64_t)j->wire_len + p->wire_len;

	if (p->cap_len && j->cap_len == j->wire_len) {
		memcpy(e->room + j->cap_len, p->data, p->cap_len);
		j->cap_len += p->cap_len;
	}
	j->wire_len = wire_len < UINT32_MAX ? (uint32_t)wire_len : UINT32_MAX;
	j->n_parts++;
}

static void begin_joining(struct vb_ether *e)
{
	e->joined = e->part;
	e->joined.data = e->room;
	e->joined.cap_len = e->joined.wire_len = e->joined.n_parts = 0;
	e->is_joining = true;
}

/* What was joined so far is the frame. */
static bool end_joining(struct vb_ether *e, bool whole)
{
	e->is_joining = false;
	e->n_broken += !whole;
	return true;
}

/* Take the part at hand. True: it made a frame whole, which is joined. */
static bool take(struct vb_ether *e)
{
	e->has_part = false;
	if (!e->coalesced) {
		e->joined = e->part;
		return true;
	}
	if (e->first)
		begin_joining(e);
	if (!e->is_joining) { /* it goes on with what is not there */
		e->n_broken++;
		return false;
	}
	join(e);
	return e->last && end_joining(e, true);
}

/* The next frame, whatever was captured of it. */
static bool next_frame(struct vb_ether *e)
{
	for (;;) {
		if (!e->has_part)
			e->has_part = next_part(e);
		if (e->is_joining && (!e->has_part || !e->coalesced || e->first))
			return end_joining(e, false);
		if (!e->has_part)
			return false;
		if (take(e))
			return true;
	}
}

bool vb_ether_next(struct vb_ether *e, struct vb_ether_frame *ret)
{
	while (next_frame(e)) {
		*ret = e->joined;
		if (ret->cap_len)
			return true;
		e->n_missing++;
	}
	return false;
}

uint32_t vb_ether_put(const struct vb_ether_frame *frame, uint8_t *buf, uint32_t *ret_wire_len)
{
	const uint8_t tag[VB_ETHER_TAG_LEN] = { 0x81, 0, (uint8_t)(frame->tag >> 8),
						(uint8_t)frame->tag };
	uint32_t n = frame->cap_len, rest = UINT32_MAX - frame->wire_len;

	*ret_wire_len = frame->wire_len;
	if (!frame->tagged) {
		memcpy(buf, frame->data, n);
		return n;
	}
	*ret_wire_len += rest < sizeof(tag) ? rest : (uint32_t)sizeof(tag);
	if (n < ADDRESSES_LEN) {
		memcpy(buf, frame->data, n);
		return n;
	}
	memcpy(buf, frame->data, ADDRESSES_LEN);
	memcpy(buf + ADDRESSES_LEN, tag, sizeof(tag));
	memcpy(buf + ADDRESSES_LEN + sizeof(tag), frame->data + ADDRESSES_LEN, n - ADDRESSES_LEN);
	return n + (uint32_t)sizeof(tag);
}
