/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest receives: each message in a part of the receive buffer, which stays the guest's
 * until it completes the packet. What finds no room waits in its channel's queue, in order; frames
 * beyond the backlog are dropped, as a switch would.
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

void vb_netvsc_receive_end(struct vb_netvsc *n)
{
	free(n->next_part);
	free(n->part_queue);
	n->next_part = NULL;
	n->part_queue = NULL;
	n->n_free = 0;
	n->receive.there = false;
	for (uint16_t i = 0; i < NETVSC_MAX_QUEUES; i++)
		vb_netvsc_queue_reset(n, i);
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
		if (n->queue[i].first)
			vb_netvsc_flush(n, i);
}

/* ---- queues ---- */

static struct vb_netvsc_out *new_out(uint32_t len)
{
	struct vb_netvsc_out *o = calloc(1, sizeof(*o) + len);

	if (o)
		o->len = len;
	return o;
}

static void put(struct vb_netvsc *n, uint16_t queue, struct vb_netvsc_out *o)
{
	struct vb_netvsc_queue *q = &n->queue[queue];

	if (!q->first)
		q->end = &q->first;
	*q->end = o;
	q->end = &o->next;
	q->n_waiting += o->kind == OUT_FRAME;
	q->n_owed += o->kind == OUT_COMPLETION;
	vb_netvsc_flush(n, queue);
}

static void drop_first(struct vb_netvsc_queue *q)
{
	struct vb_netvsc_out *o = q->first;

	q->first = o->next;
	q->n_waiting -= o->kind == OUT_FRAME;
	q->n_owed -= o->kind == OUT_COMPLETION;
	free(o);
}

void vb_netvsc_queue_reset(struct vb_netvsc *n, uint16_t queue)
{
	while (n->queue[queue].first)
		drop_first(&n->queue[queue]);
	n->queue[queue].is_paused = false; /* a channel begins unpaused */
}

/* ---- sending ---- */

static struct vb_hchannel *channel_of(struct vb_netvsc *n, uint16_t queue)
{
	return vb_hdevice_channel(n->d, queue);
}

static int send_completion(struct vb_netvsc *n, struct vb_hchannel *c,
			   const struct vb_netvsc_out *o)
{
	const struct vb_value values[] = {
		VB_NUMBER("hv_ring.type", 11),
		VB_NUMBER("hv_ring.trans_id", o->trans_id),
		VB_NUMBER("nvsp.type", NVSP_RNDIS_COMPLETE),
		VB_NUMBER("nvsp.rndis_complete.status", o->bytes[0]),
	};

	return vb_hchannel_send_values(c, 16 + vb_netvsc_message_len(n), values, COUNT(values));
}

/* One message and its place. */
struct part {
	uint32_t part, len;
};

#define RANGE_TEXT 48

static int announce(struct vb_netvsc *n, struct vb_hchannel *c, const struct part *parts,
		    uint32_t n_parts, bool is_control)
{
	char paths[2 * NETVSC_MAX_PARTS][RANGE_TEXT];
	struct vb_value values[8 + 2 * NETVSC_MAX_PARTS] = {
		VB_NUMBER("hv_ring.type", 7),
		VB_NUMBER("hv_ring.flags", 1),
		VB_NUMBER("hv_ring.trans_id", parts[0].part),
		VB_NUMBER("hv_ring.data_offset8", 3 + n_parts),
		VB_NUMBER("hv_ring.xfer_pages.set_id", n->receive.id),
		VB_NUMBER("hv_ring.xfer_pages.range_count", n_parts),
		VB_NUMBER("nvsp.type", NVSP_RNDIS),
		VB_NUMBER("nvsp.rndis.section_index", UINT32_MAX),
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
		values[k++] = (struct vb_value)VB_NUMBER("nvsp.rndis.channel_type", 1);
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
	rc = announce(n, channel_of(n, queue), parts, n_parts, is_control);
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

static int send_control(struct vb_netvsc *n, uint16_t queue, const struct vb_netvsc_out *o)
{
	struct part part = { .len = o->len };
	int rc;

	if (!n->n_free)
		return -EAGAIN;
	part.part = take_part(n);
	rc = fill(n, part.part, o->bytes, o->len);
	if (rc)
		return rc;
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

static int fill_parts(struct vb_netvsc *n, const struct vb_netvsc_out *o, struct part *parts,
		      uint32_t n_parts)
{
	const struct vb_peer_frame *f = &o->frame;
	uint8_t buf[NETVSC_MAX_HEAD + 9216];
	uint32_t room = n->receive.part_len < sizeof(buf) ? n->receive.part_len : sizeof(buf);
	uint32_t at = 0, len, flags;
	int rc;

	for (uint32_t i = 0; i < n_parts; i++) {
		len = n_parts == 1 ? f->len : f->part_len + (i ? 0 : f->head_len);
		len = len < f->len - at ? len : f->len - at;
		flags = n_parts == 1 ? 0 :
				       NETVSC_COALESCED | (i ? 0u : NETVSC_FIRST) |
					       (i + 1 == n_parts ? NETVSC_LAST : 0);
		parts[i].len = vb_netvsc_write_message(n, f, at, len, flags, buf, room);
		if (!parts[i].len)
			return -EMSGSIZE;
		rc = fill(n, parts[i].part, buf, parts[i].len);
		if (rc)
			return rc;
		at += len;
	}
	return 0;
}

static int send_frame(struct vb_netvsc *n, uint16_t queue, const struct vb_netvsc_out *o)
{
	struct part parts[NETVSC_MAX_PARTS];
	uint32_t n_parts = count_parts(&o->frame);
	int rc;

	if (n_parts > NETVSC_MAX_PARTS)
		return -EMSGSIZE;
	if (n->n_free < n_parts + NETVSC_CONTROL_PARTS)
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
	if (n->queue[queue].first || n->n_free < n_parts + (is_control ? 0 : NETVSC_CONTROL_PARTS))
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

/* ---- the turn ---- */

static int send_one(struct vb_netvsc *n, uint16_t queue, const struct vb_netvsc_out *o)
{
	struct vb_hchannel *c = channel_of(n, queue);

	if (!c)
		return -ENOTCONN;
	switch (o->kind) {
	case OUT_COMPLETION:
		return send_completion(n, c, o);
	case OUT_IN_BAND:
		return vb_hchannel_send(c, o->bytes, o->len);
	case OUT_CONTROL:
		return n->receive.there ? send_control(n, queue, o) : -ENOTCONN;
	case OUT_FRAME:
		return n->receive.there ? send_frame(n, queue, o) : -ENOTCONN;
	}
	return -EINVAL;
}

static void account(struct vb_netvsc *n, const struct vb_netvsc_out *o, int rc)
{
	if (rc == 0 || rc == -ENOTCONN)
		return;
	if (o->kind == OUT_FRAME)
		n->counters.dropped_long++;
	else
		vb_hdevice_trouble(n->d, "a message cannot be sent: %s", strerror(-rc));
}

void vb_netvsc_flush(struct vb_netvsc *n, uint16_t queue)
{
	struct vb_netvsc_queue *q = &n->queue[queue];
	struct vb_hchannel *c = channel_of(n, queue);
	int rc = 0;

	while (q->first) {
		rc = send_one(n, queue, q->first);
		if (rc == -EAGAIN)
			break;
		account(n, q->first, rc);
		drop_first(q);
	}
	/* one that gets no answers is not heard, or what we owe would have no bound */
	if (c && q->is_paused != (q->n_owed > 0)) {
		q->is_paused = !q->is_paused;
		vb_hchannel_pause(c, q->is_paused);
	}
}

/* ---- for the others ---- */

void vb_netvsc_complete(struct vb_netvsc *n, uint16_t queue, uint64_t trans_id, uint32_t status)
{
	struct vb_netvsc_out *o = new_out(1);

	if (!o)
		return vb_hdevice_trouble(n->d, "no memory for an answer");
	o->kind = OUT_COMPLETION;
	o->trans_id = trans_id;
	o->bytes[0] = (uint8_t)status;
	put(n, queue, o);
}

void vb_netvsc_send_packet(struct vb_netvsc *n, uint16_t queue, const struct vb_value *values,
			   size_t n_values, uint32_t len)
{
	struct vb_frame f = { .kind = VB_KIND_PACKET,
			      .class = VB_CLASS_NETWORK,
			      .direction = VB_TO_GUEST,
			      .proto_version = n->version };
	struct vb_value all[24];
	struct vb_netvsc_out *o;

	len = (len + 7) & ~7u;
	o = new_out(len);
	if (!o || n_values + 2 > COUNT(all)) {
		free(o);
		return vb_hdevice_trouble(n->d, "no memory for a message");
	}
	f.wire_len = len;
	memcpy(all, values, n_values * sizeof(*values));
	all[n_values] = (struct vb_value)VB_NUMBER("hv_ring.len8", len / 8);
	all[n_values + 1] = (struct vb_value)VB_NUMBER("hv_ring.data_offset8", 2);
	o->kind = OUT_IN_BAND;
	if (vb_values_encode(vb_root_proto(VB_KIND_PACKET), &f, all, n_values + 2, o->bytes, len)) {
		free(o);
		return vb_hdevice_trouble(n->d, "a message of ours that cannot be written");
	}
	put(n, queue, o);
}

void vb_netvsc_send_control(struct vb_netvsc *n, const uint8_t *message, uint32_t len)
{
	struct vb_netvsc_out *o = new_out(len);

	if (!o)
		return vb_hdevice_trouble(n->d, "no memory for a message");
	o->kind = OUT_CONTROL;
	memcpy(o->bytes, message, len);
	put(n, 0, o);
}

void vb_netvsc_send_frame(struct vb_netvsc *n, uint16_t queue, const struct vb_peer_frame *f)
{
	struct vb_netvsc_out *o;

	if (!n->filter || !n->link || n->is_leaving) {
		n->counters.dropped_filter++;
		return;
	}
	if (queue == UINT16_MAX)
		queue = n->n_table ? vb_netvsc_queue_of(n, vb_netvsc_hash(n, f)) : 0;
	if (n->queue[queue].n_waiting >= n->backlog) {
		n->counters.dropped_full++;
		return;
	}
	o = new_out(f->len);
	if (!o)
		return vb_hdevice_trouble(n->d, "no memory for a frame");
	o->kind = OUT_FRAME;
	o->frame = *f;
	memcpy(o->bytes, f->bytes, f->len);
	o->frame.bytes = o->bytes;
	put(n, queue, o);
}
