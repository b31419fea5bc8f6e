/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One recorded device on the software host. What the host tells goes to the player, what the player
 * wants done is done to the host.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/replay_impl.h"

struct vb_replay_device *vb_replay_device_of(struct vb_hdevice *hd)
{
	const struct vb_model *m = vb_hdevice_config(hd)->model;

	return (struct vb_replay_device *)((char *)m - offsetof(struct vb_replay_device, model));
}

uint64_t vb_replay_now(const struct vb_replay_device *d)
{
	d->replay->now_ns = vb_clock_mono(d->replay->clock);
	return d->replay->now_ns;
}

/* ---- packets ---- */

uint8_t *vb_replay_scratch(struct vb_replay_device *d, uint32_t len)
{
	uint8_t *bigger;

	if (len <= d->scratch_size)
		return d->scratch;
	bigger = realloc(d->scratch, len);
	if (!bigger)
		return NULL;
	d->scratch = bigger;
	d->scratch_size = len;
	return bigger;
}

/* Complete the frame of a live packet, and have the session learn from it. */
static void learn(struct vb_replay_device *d, struct vb_frame *f, uint64_t now_ns)
{
	struct vb_replay *r = d->replay;
	struct vb_walked w;
	struct vb_link link;

	f->number = ++r->n_packets;
	f->time_ns = now_ns;
	f->lost = 0;
	f->flags = 0;
	vb_session_prepare(r->session, f);
	f->vmbus_version = vb_hdevice_vmbus_version(d->hd);
	vb_walk(vb_root_proto(VB_KIND_PACKET), f, NULL, &w);
	vb_session_learn(r->session, f, &w, &link);
	for (unsigned int i = 0; i < w.n_layers && f->direction == VB_TO_HOST; i++)
		r->shut_down |= strcmp(w.layer[i].proto->name, "hv_shutdown") == 0;
}

static int send_step(struct vb_replay_device *d, const struct vb_todo *todo)
{
	struct vb_hchannel *c = vb_hdevice_primary(d->hd);
	const struct vb_step *s = todo->step;
	struct vb_frame f;
	uint8_t *bytes;
	int rc;

	if (!c || s->subchannel)
		return -ENOTCONN;
	bytes = vb_replay_scratch(d, s->wire_len);
	if (!bytes || s->cap_len != s->wire_len || !s->wire_len)
		return -EMSGSIZE;
	memcpy(bytes, s->bytes, s->wire_len);
	vb_step_frame(d->plan, s, &f);
	f.data = bytes;
	f.relid = vb_hchannel_relid(c);
	vb_replay_rewrite(bytes, &f, todo, d->replay->clock);
	rc = vb_hchannel_send(c, bytes, s->wire_len);
	if (!rc)
		learn(d, &f, vb_replay_now(d));
	return rc;
}

/* ---- driving ---- */

static int act(struct vb_replay_device *d, const struct vb_todo *todo)
{
	switch (todo->act) {
	case VB_ACT_SEND:
	case VB_ACT_CAUSE:
		if (d->disk)
			return vb_replay_disk_act(d, todo->step);
		if (d->net)
			return vb_replay_net_act(d, todo->step);
		return todo->act == VB_ACT_SEND ? send_step(d, todo) : -EINVAL;
	case VB_ACT_RESCIND:
		vb_host_rescind(d->hd);
		return 0;
	case VB_ACT_OFFER:
		return vb_host_reoffer(d->hd);
	default:
		return -EINVAL;
	}
}

/* The guest ends when everything before that is over: at top speed, devices do not wait else. */
static bool must_wait(const struct vb_replay_device *d, const struct vb_todo *todo)
{
	const struct vb_replay *r = d->replay;

	if (todo->act != VB_ACT_SEND || !todo->step->ends)
		return false;
	for (size_t i = 0; i < r->n_devices; i++)
		if (&r->devices[i] != d && !r->devices[i].held &&
		    !vb_player_is_past(&r->devices[i].player, d->player.pass, todo->step->at_ns))
			return true;
	return false;
}

static void play(struct vb_replay_device *d)
{
	uint64_t now = vb_replay_now(d), tick = VB_NEVER, due = VB_NEVER;
	struct vb_todo todo;
	int rc;

	if (d->is_timer)
		vb_replay_tick(d->replay, now); /* it may start us */
	for (;;) {
		vb_player_poll(&d->player, now, &todo);
		if (todo.act == VB_ACT_WAIT || todo.act == VB_ACT_END || d->stalled)
			break;
		d->held = must_wait(d, &todo);
		if (d->held)
			break;
		rc = act(d, &todo);
		if (rc == -EAGAIN && todo.act == VB_ACT_SEND) {
			d->stalled = true; /* room() comes */
			break;
		}
		now = vb_replay_now(d);
		vb_player_acted(&d->player, now, rc);
	}
	if (d->stalled || d->held || todo.act == VB_ACT_END)
		todo.wake_ns = VB_NEVER;
	if (d->is_timer)
		tick = vb_replay_tick(d->replay, now);
	if (d->disk)
		due = vb_replay_disk_due_ns(d);
	tick = tick < due ? tick : due;
	vb_hdevice_wake(d->hd, tick < todo.wake_ns ? tick : todo.wake_ns);
}

/* What d did may be what another one waits for. */
static void drive_held(struct vb_replay *r)
{
	for (size_t i = 0; i < r->n_devices; i++)
		if (r->devices[i].held)
			vb_replay_drive(&r->devices[i]);
}

void vb_replay_drive(struct vb_replay_device *d)
{
	if (d->driving || d->replay->done)
		return;
	d->driving = true;
	play(d);
	d->driving = false;
	if (!d->held)
		drive_held(d->replay);
	if (d->player.ended && !d->is_timer)
		vb_replay_drive(&d->replay->devices[0]); /* it may have been the last */
}

/* ---- what the host tells ---- */

static void model_opened(struct vb_hdevice *hd, struct vb_hchannel *c)
{
	struct vb_replay_device *d = vb_replay_device_of(hd);

	if (vb_hchannel_index(c) != 0)
		return;
	d->stalled = false;
	vb_player_opened(&d->player, vb_replay_now(d));
	vb_replay_opened(d->replay, vb_replay_now(d));
	vb_replay_drive(d);
}

static void model_closed(struct vb_hdevice *hd, struct vb_hchannel *c)
{
	struct vb_replay_device *d = vb_replay_device_of(hd);

	if (vb_hchannel_index(c) != 0)
		return;
	d->stalled = false;
	vb_player_closed(&d->player, vb_replay_now(d));
	vb_replay_drive(d);
}

/* The guest may change the bytes at any time: what is looked at is a copy. */
static void model_packet(struct vb_hdevice *hd, struct vb_hchannel *c, const struct vb_hpacket *p)
{
	struct vb_replay_device *d = vb_replay_device_of(hd);
	struct vb_frame f = p->frame;
	uint64_t now = vb_replay_now(d);
	uint8_t *bytes = vb_replay_scratch(d, f.cap_len);

	(void)c;
	if (!bytes || d->replay->interrupted)
		return;
	memcpy(bytes, f.data, f.cap_len);
	f.data = bytes;
	learn(d, &f, now);
	vb_player_take(&d->player, &f, p->trans_id, now);
	vb_replay_drive(d);
}

static void model_room(struct vb_hdevice *hd, struct vb_hchannel *c)
{
	struct vb_replay_device *d = vb_replay_device_of(hd);

	(void)c;
	d->stalled = false;
	vb_replay_drive(d);
}

static void model_timer(struct vb_hdevice *hd, uint64_t now_ns)
{
	(void)now_ns;
	vb_replay_drive(vb_replay_device_of(hd));
}

static bool model_busy(struct vb_hdevice *hd)
{
	return vb_player_is_waiting(&vb_replay_device_of(hd)->player);
}

/* ---- one device ---- */

const struct vb_model vb_replay_model = {
	.opened = model_opened,
	.closed = model_closed,
	.packet = model_packet,
	.room = model_room,
	.timer = model_timer,
	.busy = model_busy,
};

static unsigned int count_nets(const struct vb_replay *r)
{
	unsigned int n = 0;

	for (size_t i = 0; i < r->n_devices; i++)
		n += r->devices[i].net != NULL;
	return n;
}

static unsigned int count_disks(const struct vb_replay *r)
{
	unsigned int n = 0;

	for (size_t i = 0; i < r->n_devices; i++)
		n += r->devices[i].disk != NULL;
	return n;
}

int vb_replay_device_init(struct vb_replay *r, struct vb_replay_device *d,
			  const struct vb_plan_device *plan)
{
	int rc = 0;

	*d = (struct vb_replay_device){ .replay = r, .plan = plan, .model = vb_replay_model };
	vb_guid_text(plan->instance, d->instance);
	if (plan->class == VB_CLASS_NETWORK)
		rc = vb_replay_net_init(d, count_nets(r));
	else if (vb_plan_is_disk(plan->class))
		rc = vb_replay_disk_init(d, count_disks(r));
	d->model.name = plan->name;
	d->model.class = plan->class;
	d->model.instance = d->instance;
	d->model.offer_flags = plan->flags;
	if (!rc)
		rc = vb_player_init(&d->player, plan, &r->player_opt);
	d->player.ctx = r;
	d->player.diverged = vb_replay_note;
	return rc;
}

void vb_replay_device_done(struct vb_replay_device *d)
{
	vb_player_done(&d->player);
	vb_replay_net_done(d);
	vb_replay_disk_done(d);
	free(d->scratch);
}
