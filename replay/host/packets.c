/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets in and out of a channel's rings. They stay in place: the guest may change them at any
 * time, so a descriptor is copied once, and all decisions are made by the copy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define DESCRIPTOR 16u
#define PACKETS_PER_RUN 256u /* of one channel; the others want their turn, too */

void vb_packets_frame(const struct vb_hchannel *c, struct vb_frame *ret_f)
{
	*ret_f = (struct vb_frame){
		.kind = VB_KIND_PACKET,
		.class = c->d->cfg.class,
		.relid = c->relid,
		.subchannel = c->index,
		.flags = VB_REC_HOST_SIDE,
		.vmbus_version = c->h->version,
		.proto_version = c->d->proto_version,
	};
	memcpy(ret_f->instance, c->d->cfg.instance, sizeof(ret_f->instance));
	memcpy(ret_f->interface, c->d->cfg.interface, sizeof(ret_f->interface));
}

void vb_packets_kick(struct vb_hchannel *c)
{
	c->h->work[c->relid / 64] |= UINT64_C(1) << c->relid % 64;
	c->is_poll = false;
}

/* Have the rings looked at later, unless they are looked at soon anyway. */
static void poll_for_room(struct vb_hchannel *c)
{
	uint64_t bit = UINT64_C(1) << c->relid % 64, *work = &c->h->work[c->relid / 64];

	if (*work & bit)
		return;
	*work |= bit;
	c->is_poll = true;
}

/* ---- from the guest ---- */

static const char *wrong_descriptor(const struct vb_hpacket *p, uint64_t head, uint64_t len,
				    uint32_t readable)
{
	bool has_ranges = p->type == VB_PACKET_XFER_PAGES || p->type == VB_PACKET_GPA_DIRECT;

	if (p->type != VB_PACKET_IN_BAND && p->type != VB_PACKET_COMPLETION && !has_ranges)
		return "a packet of a type that no guest sends";
	if (p->flags & ~1u)
		return "a packet with reserved flags";
	if (head < (has_ranges ? DESCRIPTOR + 8 : DESCRIPTOR) || head > len)
		return "a packet whose header length makes no sense";
	if (len + VB_RING_TRAILER > readable)
		return "a packet that is longer than what was written";
	return NULL;
}

/* Fill in the packet at the read position; NULL, or what is wrong with it. */
static const char *look_at(struct vb_hchannel *c, uint32_t readable, struct vb_hpacket *p)
{
	const uint8_t *start = c->in.data + c->in.pos;
	uint8_t descriptor[DESCRIPTOR];
	const uint64_t *slots;
	struct vb_walked w;
	uint64_t head, len;
	const char *wrong;

	if (readable < DESCRIPTOR + VB_RING_TRAILER)
		return "less than a packet";
	memcpy(descriptor, start, sizeof(descriptor));
	vb_packets_frame(c, &p->frame);
	p->frame.direction = VB_TO_HOST;
	p->frame.data = descriptor;
	p->frame.wire_len = p->frame.cap_len = DESCRIPTOR;
	vb_walk(vb_root_proto(VB_KIND_PACKET), &p->frame, NULL, &w);
	slots = w.layer[0].slots;
	p->type = (uint16_t)slots[VB_S_TYPE];
	p->flags = (uint16_t)slots[VB_S_FLAGS];
	p->trans_id = slots[VB_S_ID];
	head = slots[VB_S_HEAD] * 8;
	len = slots[VB_S_LEN] * 8;
	wrong = wrong_descriptor(p, head, len, readable);
	if (wrong)
		return wrong;
	p->frame.data = start;
	p->frame.wire_len = p->frame.cap_len = (uint32_t)len;
	p->payload = start + head;
	p->payload_len = (uint32_t)(len - head);
	return NULL;
}

static void deliver(struct vb_hchannel *c, const struct vb_hpacket *p)
{
	const struct vb_model *m = c->d->cfg.model;

	c->h->stats.packets_in++;
	vb_log_packet(c, VB_TO_HOST, p->frame.data, p->frame.wire_len, c->in.pos, c->in.pos);
	vb_fault_count(c);
	if (m->packet)
		m->packet(c->d, c, p);
}

static bool may_read(const struct vb_hchannel *c)
{
	return c->open && !c->broken && !c->paused;
}

/* One packet. False: there is none, or the channel is no longer ours to read. */
static bool take_packet(struct vb_hchannel *c)
{
	struct vb_hpacket p;
	const char *wrong;
	uint32_t readable;

	if (!may_read(c))
		return false;
	if (vb_ring_readable(&c->in, &readable)) {
		vb_channel_break(c, "its write index is outside the ring");
		return false;
	}
	if (!readable)
		return false;
	wrong = look_at(c, readable, &p);
	if (wrong) {
		vb_channel_break(c, wrong);
		return false;
	}
	deliver(c, &p);
	if (c->open && vb_ring_consume(&c->in, p.frame.wire_len + VB_RING_TRAILER))
		vb_channel_interrupt(c);
	return true;
}

static void read_ring(struct vb_hchannel *c)
{
	uint32_t n = 0;

	while (n < PACKETS_PER_RUN && take_packet(c))
		n++;
	c->again = n == PACKETS_PER_RUN;
}

/* ---- room for the host's packets ---- */

/* The model waits for room: is there some now? */
static void look_for_room(struct vb_hchannel *c)
{
	const struct vb_model *m = c->d->cfg.model;
	bool is_room;

	if (!c->open || c->broken || !c->want_room || vb_fault_is_full(c) || c->held)
		return;
	if (vb_ring_want(&c->out, c->room_wanted + VB_RING_TRAILER, &is_room)) {
		vb_channel_break(c, "its read index is outside the ring");
		return;
	}
	if (!is_room)
		return;
	c->want_room = false;
	if (m->room)
		m->room(c->d, c);
}

void vb_packets_run(struct vb_hchannel *c)
{
	look_for_room(c);
	read_ring(c);
	/* the model may have been refused room while it answered, and the guest read since */
	look_for_room(c);
	if (c->again)
		vb_packets_kick(c);
	else if (c->open && c->want_room && !vb_ring_guest_signals(&c->in))
		poll_for_room(c);
}

/* ---- to the guest ---- */

uint8_t *vb_packets_room(struct vb_hchannel *c, uint32_t len)
{
	bool is_room;

	if (vb_ring_want(&c->out, len + VB_RING_TRAILER, &is_room)) {
		vb_channel_break(c, "its read index is outside the ring");
		return NULL;
	}
	return is_room ? c->out.data + c->out.pos : NULL;
}

void vb_packets_publish(struct vb_hchannel *c, uint32_t len)
{
	uint32_t pos = c->out.pos;

	vb_log_packet(c, VB_TO_GUEST, c->out.data + pos, len, pos, vb_ring_read_index(&c->out));
	c->h->stats.packets_out++;
	if (vb_ring_produce(&c->out, len))
		vb_channel_interrupt(c);
}

static uint8_t *no_room(struct vb_hchannel *c, uint32_t len)
{
	c->h->stats.ring_full++;
	c->want_room = true;
	c->room_wanted = len;
	if (!vb_ring_guest_signals(&c->in))
		poll_for_room(c);
	return NULL;
}

/* With faults, a packet is built aside and may wait. */
static uint8_t *reserve_scratch(struct vb_hchannel *c, uint32_t len)
{
	uint8_t *bigger;

	if (vb_fault_is_full(c))
		return NULL;
	if (c->scratch_size < len) {
		bigger = realloc(c->scratch, len);
		if (!bigger)
			return NULL;
		c->scratch = bigger;
		c->scratch_size = len;
	}
	return c->scratch;
}

static bool can_send(const struct vb_hchannel *c, uint32_t len)
{
	return c->open && !c->broken && len >= DESCRIPTOR && len % 8 == 0 &&
	       (uint64_t)len + VB_RING_TRAILER < c->out.size;
}

uint8_t *vb_hchannel_reserve(struct vb_hchannel *c, uint32_t len)
{
	uint8_t *room;

	c->reserved = 0;
	if (!can_send(c, len))
		return NULL;
	room = c->d->fault ? reserve_scratch(c, len) : vb_packets_room(c, len);
	if (!room)
		return c->broken ? NULL : no_room(c, len);
	memset(room, 0, len);
	c->reserved = len;
	return room;
}

void vb_hchannel_publish(struct vb_hchannel *c)
{
	uint32_t len = c->reserved;

	c->reserved = 0;
	if (!len || !c->open)
		return;
	if (c->d->fault)
		vb_fault_publish(c, len);
	else
		vb_packets_publish(c, len);
	vb_fault_count(c);
}

/* Why nothing was reserved. */
static int why_not(const struct vb_hchannel *c, uint32_t len)
{
	if (!c->open || c->broken)
		return -ENOTCONN;
	return can_send(c, len) ? -EAGAIN : -EMSGSIZE;
}

int vb_hchannel_send(struct vb_hchannel *c, const uint8_t *packet, uint32_t len)
{
	uint8_t *room = vb_hchannel_reserve(c, len);

	if (!room)
		return why_not(c, len);
	memcpy(room, packet, len);
	vb_hchannel_publish(c);
	return 0;
}

static bool has_value(const struct vb_value *values, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(values[i].path, path))
			return true;
	return false;
}

int vb_hchannel_send_answer(struct vb_hchannel *c, uint32_t recalled, uint32_t len,
			    const struct vb_value *values, size_t n)
{
	uint32_t whole = (uint32_t)(((uint64_t)len + 7) & ~UINT64_C(7));
	struct vb_value all[VB_VALUES_MAX];
	struct vb_frame f;
	uint8_t *room;
	int rc;

	if (n + 2 > VB_VALUES_MAX)
		return -EINVAL;
	room = vb_hchannel_reserve(c, whole);
	if (!room)
		return why_not(c, whole);
	memcpy(all, values, n * sizeof(*values));
	all[n++] = (struct vb_value)VB_NUMBER("hv_ring.len8", whole / 8);
	if (!has_value(values, n - 1, "hv_ring.data_offset8"))
		all[n++] = (struct vb_value)VB_NUMBER("hv_ring.data_offset8", DESCRIPTOR / 8);
	vb_packets_frame(c, &f);
	f.direction = VB_TO_GUEST;
	f.wire_len = whole;
	f.recalled = recalled;
	rc = vb_values_encode(vb_root_proto(VB_KIND_PACKET), &f, all, n, room, whole);
	if (rc)
		c->reserved = 0;
	else
		vb_hchannel_publish(c);
	return rc;
}

int vb_hchannel_send_values(struct vb_hchannel *c, uint32_t len, const struct vb_value *values,
			    size_t n)
{
	return vb_hchannel_send_answer(c, 0, len, values, n);
}

void vb_hchannel_pause(struct vb_hchannel *c, bool is_paused)
{
	c->paused = is_paused;
	if (!is_paused && c->open)
		vb_packets_kick(c);
}

uint64_t vb_packets_next(const struct vb_hchannel *c, uint64_t now)
{
	return c->is_poll ? now + VB_ROOM_POLL_NS : now;
}

bool vb_packets_idle(struct vb_hchannel *c)
{
	uint32_t readable;

	return !c->open || (!c->held && !c->want_room && !vb_ring_readable(&c->in, &readable) &&
			    !readable && vb_ring_is_empty(&c->out));
}
