/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completions, and the few things that the host says by itself. What finds no room waits for its turn;
 * a channel with something that waits is not heard, or what we owe would have no bound.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/host/storvsc.h"

#define DESCRIPTOR 16u
#define DONE "hv_storvsc.execute_srb_complete."
#define MAX_VALUES (4 + 10 + SCSI_SENSE_VALUES)

/* ---- what it says ---- */

/* Linux goes by the SRB's status; this is what it tells with it. */
static uint32_t status_of(uint8_t srb_status)
{
	switch (srb_status) {
	case VB_SRB_SUCCESS:
		return VB_STORVSC_STATUS_SUCCESS;
	case VB_SRB_DATA_OVERRUN:
		return VB_STORVSC_STATUS_OVERFLOW;
	case VB_SRB_BUSY:
		return VB_STORVSC_STATUS_BUSY;
	case VB_SRB_ABORTED:
		return VB_STORVSC_STATUS_CANCELLED;
	case VB_SRB_INVALID_REQUEST:
		return VB_STORVSC_STATUS_INVALID_PARAMETER;
	case VB_SRB_INVALID_LUN:
		return VB_STORVSC_STATUS_NO_DEVICE;
	default:
		return VB_STORVSC_STATUS_IO_ERROR;
	}
}

/* Sense data goes with the completion, if the guest has room for it and wants it. */
static bool has_sense(const struct vb_storvsc_request *r)
{
	return r->sense && r->sense_len >= STORVSC_SENSE_LEN && !r->no_autosense;
}

static size_t put_srb(const struct vb_storvsc_request *r, struct vb_value *ret)
{
	bool is_sense = has_sense(r);
	const struct vb_value values[] = {
		VB_NUMBER(DONE "length", r->reply_len - 12),
		VB_NUMBER(DONE "srb_status", r->srb_status | (is_sense ? VB_SRB_AUTOSENSE : 0)),
		VB_NUMBER(DONE "scsi_status", r->scsi_status),
		VB_NUMBER(DONE "path_id", r->path),
		VB_NUMBER(DONE "target_id", r->target),
		VB_NUMBER(DONE "lun", r->lun),
		VB_NUMBER(DONE "cdb_length", r->cdb_len),
		VB_NUMBER(DONE "sense_info_length", is_sense ? STORVSC_SENSE_LEN : r->sense_len),
		VB_NUMBER(DONE "data_in", r->data_in),
		VB_NUMBER(DONE "data_transfer_length", r->moved),
	};
	size_t n = sizeof(values) / sizeof(values[0]);

	memcpy(ret, values, sizeof(values));
	if (is_sense)
		n += vb_unit_sense_values(r->sense, r->has_lba, r->lba, ret + n);
	return n;
}

static int send_one(const struct vb_storvsc_request *r, struct vb_hchannel *c)
{
	bool is_srb = vb_storvsc_operation(r) == VB_STORVSC_EXECUTE_SRB && !r->is_notice;
	const struct vb_storvsc_player *player = r->s->player;
	uint32_t status = is_srb && !r->status ? status_of(r->srb_status) : r->status;
	struct vb_value values[MAX_VALUES] = {
		VB_NUMBER("hv_ring.type", r->is_notice ? VB_PACKET_IN_BAND : VB_PACKET_COMPLETION),
		VB_NUMBER("hv_ring.trans_id", r->trans_id),
		VB_NUMBER("hv_storvsc.operation",
			  r->is_notice ? vb_storvsc_operation(r) : VB_STORVSC_COMPLETE_IO),
		VB_NUMBER("hv_storvsc.status", status),
	};
	size_t n = 4;

	if (r->is_played)
		return player->send(player->ctx, r, c);
	if (is_srb)
		n += put_srb(r, values + n);
	else if (!r->is_notice)
		n += vb_storvsc_init_values(r, values + n);
	return vb_hchannel_send_answer(c, r->is_notice ? 0 : r->recalled, DESCRIPTOR + r->reply_len,
				       values, n);
}

/* ---- the turn ---- */

static struct vb_storvsc_request *take_first(struct vb_storvsc_queue *q)
{
	struct vb_storvsc_request *r = q->first;

	q->first = r->next;
	return r;
}

/* False: it has to wait. */
static bool send_first(struct vb_storage *s, struct vb_hchannel *c, struct vb_storvsc_queue *q)
{
	struct vb_storvsc_request *r = q->first;
	int rc;

	s->answering = r;
	rc = send_one(r, c);
	s->answering = NULL;
	if (rc == -EAGAIN)
		return false;
	if (rc && rc != -ENOTCONN)
		vb_hdevice_trouble(s->d, "an answer cannot be sent: %s", strerror(-rc));
	take_first(q);
	vb_storvsc_init_answered(r);
	if (rc)
		vb_storvsc_free_request(r);
	else
		vb_storvsc_answered(r);
	return true;
}

void vb_storvsc_flush(struct vb_storage *s, uint16_t channel)
{
	struct vb_storvsc_queue *q = &s->queue[channel];
	struct vb_hchannel *c = vb_hdevice_channel(s->d, channel);

	while (c && q->first && send_first(s, c, q))
		c = vb_hdevice_channel(s->d, channel);
	if (!c)
		return vb_storvsc_drop_answers(s, channel);
	if (q->is_paused != (q->first != NULL)) {
		q->is_paused = !q->is_paused;
		vb_hchannel_pause(c, q->is_paused);
	}
}

static void append(struct vb_storvsc_request *r)
{
	struct vb_storvsc_queue *q = &r->s->queue[r->channel];

	if (!q->first)
		q->end = &q->first;
	r->next = NULL;
	*q->end = r;
	q->end = &r->next;
	vb_storvsc_flush(r->s, r->channel);
}

/* Sense data that the guest is not told with the completion, it can ask for. */
void vb_storvsc_complete(struct vb_storvsc_request *r)
{
	if (r->unit && r->sense && !has_sense(r))
		r->unit->sense = r->sense;
	r->unit = NULL;
	append(r);
}

void vb_storvsc_notify(struct vb_storage *s, enum vb_storvsc operation)
{
	struct vb_storvsc_request *r;

	/* a guest that is not ready looks for the units by itself */
	if (s->stage != STORVSC_READY)
		return;
	r = calloc(1, sizeof(*r));
	if (!r)
		return vb_hdevice_trouble(s->d, "no memory for a message");
	r->s = s;
	r->is_notice = true;
	r->recalled = (uint32_t)operation << VB_STORVSC_RECALL_SHIFT;
	r->reply_len = s->version < VB_STORVSC_WIN8 ? 48 : 64;
	append(r);
}

bool vb_storvsc_owes_answers(const struct vb_storage *s)
{
	for (uint16_t i = 0; i < STORVSC_MAX_CHANNELS; i++)
		if (s->queue[i].first)
			return true;
	return false;
}

void vb_storvsc_drop_answers(struct vb_storage *s, uint16_t channel)
{
	struct vb_storvsc_queue *q = &s->queue[channel];

	while (q->first)
		vb_storvsc_free_request(take_first(q));
	vb_storvsc_forget_unlogged(s, channel);
	q->is_paused = false; /* a channel begins unpaused */
}
