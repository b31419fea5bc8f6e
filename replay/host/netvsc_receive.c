/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest receives: each message in a part of the receive buffer, which stays the guest's
 * until it completes the packet.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay/host/netvsc.h"

#define NO_PART UINT32_MAX
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- parts of the receive buffer ---- */

int vb_netvsc_receive_begin(struct vb_netvsc *n)
{
	uint32_t count = n->receive.n_parts;

	n->next_part = calloc(count, sizeof(*n->next_part));
	n->part_queue = calloc(count, sizeof(*n->part_queue));
	if (!n->next_part || !n->part_queue) {
		vb_netvsc_receive_end(n);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++)
		n->next_part[i] = i + 1 < count ? i + 1 : NO_PART;
	n->free_part = 0;
	n->n_free = count;
	return 0;
}

/* What waits for a part has none now; answers wait for the ring alone. */
void vb_netvsc_receive_end(struct vb_netvsc *n)
{
	free(n->next_part);
	free(n->part_queue);
	n->next_part = NULL;
	n->part_queue = NULL;
	n->n_free = 0;
	n->receive.there = false;
	for (uint16_t i = 0; i < NETVSC_MAX_QUEUES; i++)
		vb_netvsc_drop_messages(n, i);
}

static uint32_t take_part(struct vb_netvsc *n)
{
	uint32_t part = n->free_part;

	n->free_part = n->next_part[part];
	n->n_free--;
	return part;
}

static void give_parts(struct vb_netvsc *n, uint32_t first)
{
	uint32_t part = first, next;

	n->part_queue[first] = 0;
	for (; part != NO_PART; part = next) {
		next = n->next_part[part];
		n->next_part[part] = n->free_part;
		n->free_part = part;
		n->n_free++;
	}
}

void vb_netvsc_completed(struct vb_netvsc *n, struct vb_hchannel *c, uint64_t trans_id)
{
	uint16_t queue = vb_hchannel_index(c);

	if (!n->receive.there || trans_id >= n->receive.n_parts ||
	    n->part_queue[trans_id] != queue + 1) {
		vb_hdevice_trouble(n->d, "the guest completes packet 0x%llx, which is not out",
				   (unsigned long long)trans_id);
		return;
	}
	give_parts(n, (uint32_t)trans_id);
	for (uint16_t i = 0; i < NETVSC_MAX_QUEUES; i++)
		if (vb_netvsc_is_waiting(n, i))
			vb_netvsc_flush(n, i);
}

void vb_netvsc_forget_queue(struct vb_netvsc *n, uint16_t queue)
{
	for (uint32_t i = 0; n->receive.there && i < n->receive.n_parts; i++)
		if (n->part_queue[i] == queue + 1)
			give_parts(n, i);
}

/* ---- sending ---- */

/* One message and its place. */
struct part {
	uint32_t part, len;
};

#define RANGE_TEXT 56

static int announce(struct vb_netvsc *n, struct vb_hchannel *c, const struct part *parts,
		    uint32_t n_parts, bool is_control)
{
	char paths[2 * NETVSC_MAX_PARTS][RANGE_TEXT];
	struct vb_value values[8 + 2 * NETVSC_MAX_PARTS] = {
		VB_NUMBER("hv_ring.type", VB_PACKET_XFER_PAGES),
		VB_NUMBER("hv_ring.flags", 1),
		VB_NUMBER("hv_ring.trans_id", parts[0].part),
		VB_NUMBER("hv_ring.data_offset8", 3 + n_parts),
		VB_NUMBER("hv_ring.xfer_pages.set_id", n->receive.id),
		VB_NUMBER("hv_ring.xfer_pages.range_count", n_parts),
		VB_NUMBER("nvsp.type", VB_NVSP_RNDIS),
		VB_NUMBER("nvsp.rndis.section_index", VB_NVSP_NO_SECTION),
	};
	size_t k = 8;

	for (uint32_t i = 0; i < n_parts; i++) {
		snprintf(paths[2 * (size_t)i], RANGE_TEXT,
			 "hv_ring.xfer_pages.range[%u].byte_count", i);
		snprintf(paths[2 * (size_t)i + 1], RANGE_TEXT,
			 "hv_ring.xfer_pages.range[%u].byte_offset", i);
		values[k++] = (struct vb_value)VB_NUMBER(paths[2 * (size_t)i], parts[i].len);
		values[k++] = (struct vb_value)VB_NUMBER(
			paths[2 * (size_t)i + 1], (uint64_t)parts[i].part * n->receive.part_len);
	}
	if (is_control)
		values[k++] =
			(struct vb_value)VB_NUMBER("nvsp.rndis.channel_type", VB_NVSP_CONTROL);
	return vb_hchannel_send_values(c, 24 + 8 * n_parts + vb_netvsc_message_len(n), values, k);
}

static void chain(struct vb_netvsc *n, const struct part *parts, uint32_t n_parts)
{
	for (uint32_t i = 0; i < n_parts; i++)
		n->next_part[parts[i].part] = i + 1 < n_parts ? parts[i + 1].part : NO_PART;
}

/* Parts that were taken and are not needed. */
static void give_back(struct vb_netvsc *n, const struct part *parts, uint32_t n_parts)
{
	chain(n, parts, n_parts);
	give_parts(n, parts[0].part);
}

/* Announce parts that are filled; they come back when that fails. */
static int hand_over(struct vb_netvsc *n, uint16_t queue, const struct part *parts,
		     uint32_t n_parts, bool is_control)
{
	uint32_t first = parts[0].part;
	int rc;

	chain(n, parts, n_parts);
	rc = announce(n, vb_hdevice_channel(n->d, queue), parts, n_parts, is_control);
	if (rc)
		give_parts(n, first);
	else
		n->part_queue[first] = (uint16_t)(queue + 1);
	return rc;
}

static int fill(struct vb_netvsc *n, uint32_t part, const uint8_t *bytes, uint32_t len)
{
	return vb_hgpadl_put(n->d, n->receive.gpadl, (uint64_t)part * n->receive.part_len, bytes,
			     len);
}

int vb_netvsc_hand_control(struct vb_netvsc *n, uint16_t queue, const struct vb_netvsc_out *o)
{
	struct part part = { .len = o->len };
	int rc;

	if (o->len > n->receive.part_len)
		return -EMSGSIZE;
	if (!n->n_free)
		return -EAGAIN;
	part.part = take_part(n);
	rc = fill(n, part.part, o->bytes, o->len);
	if (rc) {
		give_back(n, &part, 1);
		return rc;
	}
	return hand_over(n, queue, &part, 1, true);
}

/* ---- frames ---- */

static uint32_t count_parts(const struct vb_peer_frame *f)
{
	uint32_t payload = f->len - f->head_len;

	if (!f->part_len || f->len <= f->head_len)
		return 1;
	return (payload + f->part_len - 1) / f->part_len;
}

/* Parts that frames leave alone: a small buffer has not so many to spare. */
static uint32_t control_parts(const struct vb_netvsc *n)
{
	uint32_t half = n->receive.n_parts / 2;

	return half < NETVSC_CONTROL_PARTS ? half : NETVSC_CONTROL_PARTS;
}

bool vb_netvsc_fits(const struct vb_netvsc *n, const struct vb_peer_frame *f)
{
	uint32_t n_parts = count_parts(f);

	return n_parts <= NETVSC_MAX_PARTS && n_parts + control_parts(n) <= n->receive.n_parts &&
	       (n_parts > 1 || f->len < n->receive.part_len);
}

static int fill_parts(struct vb_netvsc *n, const struct vb_netvsc_out *o, struct part *parts,
		      uint32_t n_parts)
{
	const struct vb_peer_frame *f = &o->frame;
	uint32_t room = n->receive.part_len;
	uint32_t at = 0, len, flags;
	int rc;

	room = room < sizeof(n->message) ? room : sizeof(n->message);
	for (uint32_t i = 0; i < n_parts; i++) {
		len = n_parts == 1 ? f->len : f->part_len + (i ? 0 : f->head_len);
		len = len < f->len - at ? len : f->len - at;
		flags = n_parts == 1 ? 0 :
				       NETVSC_COALESCED | (i ? 0u : NETVSC_FIRST) |
					       (i + 1 == n_parts ? NETVSC_LAST : 0);
		parts[i].len = vb_netvsc_write_message(n, f, at, len, flags, n->message, room);
		if (!parts[i].len)
			return -EMSGSIZE;
		rc = fill(n, parts[i].part, n->message, parts[i].len);
		if (rc)
			return rc;
		at += len;
	}
	return 0;
}

int vb_netvsc_hand_frame(struct vb_netvsc *n, uint16_t queue, const struct vb_netvsc_out *o)
{
	struct part parts[NETVSC_MAX_PARTS];
	uint32_t n_parts = count_parts(&o->frame);
	int rc;

	if (!vb_netvsc_fits(n, &o->frame))
		return -EMSGSIZE;
	if (n->n_free < n_parts + control_parts(n))
		return -EAGAIN;
	for (uint32_t i = 0; i < n_parts; i++)
		parts[i].part = take_part(n);
	rc = fill_parts(n, o, parts, n_parts);
	if (rc) {
		give_back(n, parts, n_parts);
		return rc;
	}
	rc = hand_over(n, queue, parts, n_parts, false);
	if (rc)
		return rc;
	n->counters.received++;
	n->counters.received_bytes += o->frame.len;
	n->counters.coalesced += n_parts > 1;
	return 0;
}

/* ---- recorded packets ---- */

static int fill_recorded(struct vb_netvsc *n, const uint8_t *bytes, const struct part *parts,
			 uint32_t n_parts)
{
	int rc = 0;

	for (uint32_t i = 0; i < n_parts && rc == 0; i++) {
		rc = parts[i].len > n->receive.part_len ?
			     -EMSGSIZE :
			     fill(n, parts[i].part, bytes, parts[i].len);
		bytes += parts[i].len;
	}
	return rc;
}

static int may_receive(const struct vb_netvsc *n, uint16_t queue, uint32_t n_parts, bool is_control)
{
	if (!n->receive.there || !vb_hdevice_channel(n->d, queue))
		return -ENOTCONN;
	if (n_parts == 0 || n_parts > NETVSC_MAX_PARTS)
		return -EMSGSIZE;
	if (!is_control && !n->filter)
		return -ENETDOWN;
	if (vb_netvsc_is_waiting(n, queue) ||
	    n->n_free < n_parts + (is_control ? 0 : control_parts(n)))
		return -EAGAIN;
	return 0;
}

int vb_netvsc_receive(struct vb_netvsc *n, uint16_t queue, const uint8_t *bytes,
		      const uint32_t *lens, uint32_t n_parts, bool is_control,
		      uint64_t *ret_trans_id)
{
	int rc = may_receive(n, queue, n_parts, is_control);
	struct part parts[NETVSC_MAX_PARTS];

	if (rc)
		return rc;
	for (uint32_t i = 0; i < n_parts; i++)
		parts[i] = (struct part){ take_part(n), lens[i] };
	*ret_trans_id = parts[0].part;
	rc = fill_recorded(n, bytes, parts, n_parts);
	if (rc) {
		give_back(n, parts, n_parts);
		return rc;
	}
	n->counters.received += !is_control;
	return hand_over(n, queue, parts, n_parts, is_control);
}
