/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What waits for its turn on a channel. Answers want room in the ring and go first; messages want a
 * part of the receive buffer as well, and parts come back in packets of the guest, which it may not
 * be able to send before it has its answers. Control goes before frames, which leave some parts to
 * it. Frames beyond the backlog are dropped, as a switch would.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/host/netvsc.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- waiting ---- */

static struct vb_netvsc_out *new_out(uint32_t len)
{
	struct vb_netvsc_out *o = calloc(1, sizeof(*o) + len);

	if (o)
		o->len = len;
	return o;
}

static void append(struct vb_netvsc_list *list, struct vb_netvsc_out *o)
{
	if (!list->first)
		list->end = &list->first;
	*list->end = o;
	list->end = &o->next;
}

static void drop_first(struct vb_netvsc_queue *q, struct vb_netvsc_list *list)
{
	struct vb_netvsc_out *o = list->first;

	list->first = o->next;
	q->n_frames -= o->kind == OUT_FRAME;
	q->n_control -= o->kind == OUT_CONTROL;
	free(o);
}

static void put_answer(struct vb_netvsc *n, uint16_t queue, struct vb_netvsc_out *o)
{
	append(&n->queue[queue].answers, o);
	vb_netvsc_flush(n, queue);
}

static void put_message(struct vb_netvsc *n, uint16_t queue, struct vb_netvsc_out *o)
{
	struct vb_netvsc_queue *q = &n->queue[queue];

	q->n_frames += o->kind == OUT_FRAME;
	q->n_control += o->kind == OUT_CONTROL;
	append(o->kind == OUT_FRAME ? &q->frames : &q->control, o);
	vb_netvsc_flush(n, queue);
}

void vb_netvsc_drop_messages(struct vb_netvsc *n, uint16_t queue)
{
	struct vb_netvsc_queue *q = &n->queue[queue];

	n->counters.dropped_filter += q->n_frames;
	while (q->frames.first)
		drop_first(q, &q->frames);
	while (q->control.first)
		drop_first(q, &q->control);
}

void vb_netvsc_queue_reset(struct vb_netvsc *n, uint16_t queue)
{
	struct vb_netvsc_queue *q = &n->queue[queue];

	vb_netvsc_drop_messages(n, queue);
	while (q->answers.first)
		drop_first(q, &q->answers);
	vb_netvsc_forget_queue(n, queue);
	q->is_paused = false; /* a channel begins unpaused */
}

bool vb_netvsc_is_waiting(const struct vb_netvsc *n, uint16_t queue)
{
	const struct vb_netvsc_queue *q = &n->queue[queue];

	return q->answers.first || q->control.first || q->frames.first;
}

bool vb_netvsc_takes_control(const struct vb_netvsc *n)
{
	return n->receive.there && n->queue[0].n_control < NETVSC_MAX_CONTROL;
}

/* ---- the turn ---- */

static int send_completion(struct vb_netvsc *n, struct vb_hchannel *c,
			   const struct vb_netvsc_out *o)
{
	const struct vb_value values[] = {
		VB_NUMBER("hv_ring.type", VB_PACKET_COMPLETION),
		VB_NUMBER("hv_ring.trans_id", o->trans_id),
		VB_NUMBER("nvsp.type", VB_NVSP_RNDIS_COMPLETE),
		VB_NUMBER("nvsp.rndis_complete.status", o->bytes[0]),
	};

	return vb_hchannel_send_values(c, 16 + vb_netvsc_message_len(n), values, COUNT(values));
}

static int send_one(struct vb_netvsc *n, uint16_t queue, const struct vb_netvsc_out *o)
{
	struct vb_hchannel *c = vb_hdevice_channel(n->d, queue);

	if (!c)
		return -ENOTCONN;
	switch (o->kind) {
	case OUT_COMPLETION:
		return send_completion(n, c, o);
	case OUT_IN_BAND:
		return vb_hchannel_send(c, o->bytes, o->len);
	case OUT_CONTROL:
		return n->receive.there ? vb_netvsc_hand_control(n, queue, o) : -ENOTCONN;
	case OUT_FRAME:
		return n->receive.there ? vb_netvsc_hand_frame(n, queue, o) : -ENOTCONN;
	}
	return -EINVAL;
}

static void account(struct vb_netvsc *n, const struct vb_netvsc_out *o, int rc)
{
	bool is_frame = o->kind == OUT_FRAME;

	if (rc == 0 || (rc == -ENOTCONN && !is_frame))
		return;
	n->counters.dropped_filter += rc == -ENOTCONN;
	n->counters.dropped_long += is_frame && rc == -EMSGSIZE;
	if (rc == -ENOTCONN || (is_frame && rc == -EMSGSIZE))
		return;
	n->counters.dropped_fault += is_frame;
	vb_hdevice_trouble(n->d, "a message cannot be sent: %s", strerror(-rc));
}

/* False: something has to wait. */
static bool flush(struct vb_netvsc *n, uint16_t queue, struct vb_netvsc_list *list)
{
	int rc;

	while (list->first) {
		rc = send_one(n, queue, list->first);
		if (rc == -EAGAIN)
			return false;
		account(n, list->first, rc);
		drop_first(&n->queue[queue], list);
	}
	return true;
}

void vb_netvsc_flush(struct vb_netvsc *n, uint16_t queue)
{
	struct vb_netvsc_queue *q = &n->queue[queue];
	struct vb_hchannel *c = vb_hdevice_channel(n->d, queue);

	if (n->corked == queue + 1u)
		return;
	if (flush(n, queue, &q->answers) && flush(n, queue, &q->control))
		flush(n, queue, &q->frames);
	/* one that gets no answers is not heard, or what we owe would have no bound */
	if (c && q->is_paused != (q->answers.first != NULL)) {
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
	put_answer(n, queue, o);
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
	put_answer(n, queue, o);
}

void vb_netvsc_send_control(struct vb_netvsc *n, const uint8_t *message, uint32_t len)
{
	struct vb_netvsc_out *o = new_out(len);

	if (!o)
		return vb_hdevice_trouble(n->d, "no memory for a message");
	o->kind = OUT_CONTROL;
	memcpy(o->bytes, message, len);
	put_message(n, 0, o);
}

void vb_netvsc_send_frame(struct vb_netvsc *n, uint16_t queue, const struct vb_peer_frame *f)
{
	struct vb_netvsc_out *o;

	if (!n->filter || !n->link || n->is_leaving || !n->receive.there) {
		n->counters.dropped_filter++;
		return;
	}
	if (!vb_netvsc_fits(n, f)) {
		n->counters.dropped_long++;
		return;
	}
	if (queue == UINT16_MAX)
		queue = n->n_table ? vb_netvsc_queue_of(n, vb_netvsc_hash(n, f)) : 0;
	if (n->queue[queue].n_frames >= n->backlog) {
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
	put_message(n, queue, o);
}
