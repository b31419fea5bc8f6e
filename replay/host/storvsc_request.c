/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests: what a packet of the guest asks is copied and read once, and run when its time has come.
 * One that is to get no answer waits as well, until the guest resets the bus.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/host/storvsc.h"

#define MESSAGE_LEN 64u
#define OLD_MESSAGE_LEN 48u

void vb_storvsc_free_request(struct vb_storvsc_request *r)
{
	vb_hranges_done(&r->data);
	free(r);
}

/* ---- waiting ---- */

uint64_t vb_storvsc_due_ns(const struct vb_storage *s)
{
	return s->waiting ? s->waiting->due_ns : VB_NEVER;
}

static void wake(struct vb_storage *s)
{
	vb_hdevice_wake(s->d, vb_storvsc_due_ns(s));
}

static void wait_for_it(struct vb_storvsc_request *r)
{
	struct vb_storage *s = r->s;
	struct vb_storvsc_request **at = &s->waiting;

	while (*at && (*at)->due_ns <= r->due_ns)
		at = &(*at)->next;
	r->next = *at;
	*at = r;
	s->n_waiting++;
	s->n_lost += r->due_ns == VB_NEVER;
	wake(s);
}

/* Out of the list. */
static struct vb_storvsc_request *take_out(struct vb_storage *s, struct vb_storvsc_request **at)
{
	struct vb_storvsc_request *r = *at;

	*at = r->next;
	r->next = NULL;
	s->n_waiting--;
	s->n_lost -= r->due_ns == VB_NEVER;
	return r;
}

static void run(struct vb_storvsc_request *r)
{
	if (r->is_played)
		r->s->player->run(r->s->player->ctx, r);
	else
		vb_unit_run(r);
	vb_storvsc_complete(r);
}

void vb_storvsc_run(struct vb_storage *s, uint64_t now)
{
	while (s->waiting && s->waiting->due_ns <= now)
		run(take_out(s, &s->waiting));
	wake(s);
}

bool vb_storvsc_answer(struct vb_storage *s, uint32_t tag)
{
	struct vb_storvsc_request **at = &s->waiting, *r;

	while (*at && (!(*at)->is_played || (*at)->tag != tag))
		at = &(*at)->next;
	if (!*at)
		return false;
	r = take_out(s, at);
	wake(s);
	run(r);
	return true;
}

void vb_storvsc_answer_held(struct vb_storage *s)
{
	struct vb_storvsc_request **at = &s->waiting, *r;

	while (*at) {
		if (!(*at)->is_played || (*at)->due_ns != VB_NEVER) {
			at = &(*at)->next;
			continue;
		}
		r = take_out(s, at);
		r->is_played = false;
		run(r);
	}
	wake(s);
}

void vb_storvsc_forget_channel(struct vb_storage *s, uint16_t channel)
{
	struct vb_storvsc_request **at = &s->waiting;

	while (*at)
		if ((*at)->channel == channel)
			vb_storvsc_free_request(take_out(s, at));
		else
			at = &(*at)->next;
	wake(s);
	vb_storvsc_drop_answers(s, channel);
}

/* ---- resets ---- */

static bool is_hit(const struct vb_storvsc_request *reset, const struct vb_storvsc_request *r)
{
	if (vb_storvsc_operation(reset) != VB_STORVSC_RESET_LUN)
		return true;
	return r->path == reset->path && r->target == reset->target && r->lun == reset->lun;
}

static void abort_waiting(const struct vb_storvsc_request *reset)
{
	struct vb_storage *s = reset->s;
	struct vb_storvsc_request **at = &s->waiting, *r;

	while (*at) {
		if (!is_hit(reset, *at)) {
			at = &(*at)->next;
			continue;
		}
		r = take_out(s, at);
		r->is_played = false;
		vb_unit_refuse(r, VB_SRB_ABORTED);
		s->counters.aborted++;
		vb_storvsc_complete(r);
	}
	wake(s);
}

/* What waited is answered first: Linux waits for that when it has the reset's answer. */
static void reset(struct vb_storvsc_request *r)
{
	struct vb_storage *s = r->s;
	struct vb_storvsc_unit *u;

	s->counters.resets++;
	abort_waiting(r);
	u = vb_storvsc_unit_of(s, r);
	if (vb_storvsc_operation(r) != VB_STORVSC_RESET_LUN)
		vb_storvsc_attend(s, STORVSC_RESET);
	else if (u)
		u->attention |= STORVSC_RESET;
	r->status = VB_STORVSC_STATUS_SUCCESS;
	vb_storvsc_complete(r);
}

/* ---- reading ---- */

enum {
	W_PATH,
	W_TARGET,
	W_LUN,
	W_CDB_LEN,
	W_SENSE_LEN,
	W_DATA_IN,
	W_DATA_LEN,
	N_SRB,
	W_FLAGS = N_SRB, /* not in old versions */
	W_FIELD,
	N_WANTED = W_FIELD + VB_UNIT_FIELDS,
};

static void keep_srb(struct vb_storvsc_request *r, const struct vb_wanted *w)
{
	r->path = (uint8_t)w[W_PATH].number;
	r->target = (uint8_t)w[W_TARGET].number;
	r->lun = (uint8_t)w[W_LUN].number;
	r->cdb_len = (uint8_t)w[W_CDB_LEN].number;
	r->sense_len = (uint8_t)w[W_SENSE_LEN].number;
	r->data_in = (uint8_t)w[W_DATA_IN].number;
	r->data_len = (uint32_t)w[W_DATA_LEN].number;
	r->no_autosense = w[W_FLAGS].found && w[W_FLAGS].number & VB_SRB_DISABLE_AUTOSENSE;
}

/* The fields of the CDB that its command wants. -EBADMSG: it ends before one of them. */
static int keep_fields(struct vb_storvsc_request *r, const struct vb_wanted *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!w[i].found)
			return -EBADMSG;
		r->field[i] = w[i].number;
	}
	return 0;
}

static int read_srb(struct vb_storvsc_request *r, const struct vb_frame *message)
{
#define SRB "hv_storvsc.execute_srb."
	struct vb_wanted w[N_WANTED] = {
		[W_PATH].path = SRB "path_id",
		[W_TARGET].path = SRB "target_id",
		[W_LUN].path = SRB "lun",
		[W_CDB_LEN].path = SRB "cdb_length",
		[W_SENSE_LEN].path = SRB "sense_info_length",
		[W_DATA_IN].path = SRB "data_in",
		[W_DATA_LEN].path = SRB "data_transfer_length",
		[W_FLAGS].path = SRB "srb_flags",
	};
	size_t n = 0;

	r->command = vb_unit_find(r->recalled);
	for (; r->command && n < VB_UNIT_FIELDS && r->command->field[n]; n++)
		w[W_FIELD + n].path = r->command->field[n];
	vb_values_read(vb_proto_by_name("hv_storvsc"), message, w, W_FIELD + n, NULL);
	for (size_t i = 0; i < N_SRB; i++)
		if (!w[i].found)
			return -EBADMSG;
	keep_srb(r, w);
	if (!r->cdb_len || r->cdb_len > 16)
		return -EBADMSG;
	r->is_short = keep_fields(r, w + W_FIELD, n) != 0;
	return 0;
}

/* Exactly one range, which has all that the SRB speaks of; packets without any have no data. */
static int read_data(struct vb_storvsc_request *r, const struct vb_hpacket *p)
{
	int rc;

	if (p->type != VB_PACKET_GPA_DIRECT)
		return r->data_len ? -EBADMSG : 0;
	rc = vb_hranges_read(&p->frame, &r->data);
	if (rc)
		return rc;
	if (r->data.n != 1 || r->data.n_said != 1 || !r->data.n_pfns || r->data.len < r->data_len)
		return -EBADMSG;
	return r->data_len > STORVSC_MAX_TRANSFER ? -EMSGSIZE : 0;
}

/* ---- what is done with it ---- */

static bool tell_player(struct vb_storvsc_request *r, const struct vb_frame *message)
{
	const struct vb_storvsc_player *p = r->s->player;

	return p && p->request(p->ctx, r, message);
}

static void refuse(struct vb_storvsc_request *r, int rc)
{
	struct vb_storage *s = r->s;

	s->counters.refused++;
	vb_hdevice_trouble(s->d, "a request on channel %u is refused: %s", r->channel,
			   strerror(-rc));
	vb_unit_refuse(r, VB_SRB_INVALID_REQUEST);
	vb_storvsc_complete(r);
}

/* When it is due, and by whom it is answered. */
static void plan_answer(struct vb_storvsc_request *r, const struct vb_frame *message)
{
	struct vb_storage *s = r->s;

	r->is_played = tell_player(r, message);
	if (r->is_played)
		return;
	r->due_ns = r->began_ns + s->latency_us * 1000;
	if (s->n_drop) {
		s->n_drop--;
		s->counters.dropped++;
		r->due_ns = VB_NEVER;
	}
}

static void schedule(struct vb_storvsc_request *r)
{
	struct vb_storage *s = r->s;

	if (r->due_ns <= r->began_ns)
		return run(r);
	if (s->n_waiting < STORVSC_MAX_WAITING)
		return wait_for_it(r);
	r->is_played = false;
	vb_unit_refuse(r, VB_SRB_BUSY);
	vb_storvsc_complete(r);
}

static void take_srb(struct vb_storvsc_request *r, const struct vb_hpacket *p,
		     const struct vb_frame *message)
{
	/* all of it is there in all messages of the version */
	int rc = message->wire_len < r->reply_len ? -EBADMSG : read_srb(r, message);

	if (rc == 0)
		rc = read_data(r, p);
	if (rc)
		return refuse(r, rc);
	plan_answer(r, message);
	if (r->is_short && !r->is_played)
		return refuse(r, -EBADMSG);
	schedule(r);
}

static void take_reset(struct vb_storvsc_request *r, const struct vb_frame *message)
{
	struct vb_wanted w[] = { { .path = "hv_storvsc.reset_lun.path_id" },
				 { .path = "hv_storvsc.reset_lun.target_id" },
				 { .path = "hv_storvsc.reset_lun.lun" } };

	vb_values_read(vb_proto_by_name("hv_storvsc"), message, w, 3, NULL);
	r->path = (uint8_t)w[0].number;
	r->target = (uint8_t)w[1].number;
	r->lun = (uint8_t)w[2].number;
	reset(r);
}

static void act(struct vb_storvsc_request *r, const struct vb_hpacket *p,
		const struct vb_frame *message)
{
	uint8_t operation = vb_storvsc_operation(r);
	bool is_io = operation >= VB_STORVSC_EXECUTE_SRB && operation <= VB_STORVSC_RESET_BUS;

	if (operation != VB_STORVSC_EXECUTE_SRB)
		tell_player(r, message);
	if (!is_io) {
		vb_storvsc_init_run(r, message);
		vb_storvsc_complete(r);
	} else if (r->s->stage != STORVSC_READY) {
		r->status = VB_STORVSC_STATUS_INVALID_STATE;
		vb_unit_refuse(r, VB_SRB_INVALID_REQUEST);
		vb_storvsc_complete(r);
	} else if (operation == VB_STORVSC_EXECUTE_SRB) {
		take_srb(r, p, message);
	} else {
		take_reset(r, message);
	}
}

/*
 * Until a version is agreed, the guest's own messages say how long they are: old drivers begin with the
 * short ones, and have no room for more.
 */
static uint32_t reply_len(const struct vb_storage *s, const struct vb_hpacket *p)
{
	bool is_short = s->version ? s->version < VB_STORVSC_WIN8 : p->payload_len < MESSAGE_LEN;

	return is_short ? OLD_MESSAGE_LEN : MESSAGE_LEN;
}

static struct vb_storvsc_request *new_request(struct vb_storage *s, struct vb_hchannel *c,
					      const struct vb_hpacket *p)
{
	struct vb_storvsc_request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->s = s;
	r->channel = vb_hchannel_index(c);
	r->trans_id = p->trans_id;
	r->reply_len = reply_len(s, p);
	r->began_ns = vb_clock_mono(vb_hdevice_clock(s->d));
	r->srb_status = VB_SRB_SUCCESS;
	return r;
}

void vb_storvsc_take(struct vb_storage *s, struct vb_hchannel *c, const struct vb_hpacket *p)
{
	uint8_t bytes[MESSAGE_LEN];
	struct vb_frame message = p->frame;
	struct vb_storvsc_request *r;
	struct vb_walked w;

	if ((p->type != VB_PACKET_IN_BAND && p->type != VB_PACKET_GPA_DIRECT) || !(p->flags & 1))
		return vb_hdevice_trouble(s->d, "a packet of type %u that wants no answer",
					  p->type);
	r = new_request(s, c, p);
	if (!r)
		return vb_hdevice_trouble(s->d, "no memory for a request");
	/* the guest may change what is in the ring: from here on it is ours */
	message.cap_len = p->payload_len < MESSAGE_LEN ? p->payload_len : MESSAGE_LEN;
	message.wire_len = message.cap_len;
	memcpy(bytes, p->payload, message.cap_len);
	message.data = bytes;
	vb_walk(vb_proto_by_name("hv_storvsc"), &message, NULL, &w);
	r->recalled = vb_walked_recall(&message, &w);
	act(r, p, &message);
}
