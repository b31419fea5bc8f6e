/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a plan can be done, and when. May be done again when fewer devices are wanted.
 */
#include <string.h>

#include "dissectors/values.h"
#include "replay/plan_impl.h"

/* Where a device's conversation stands. */
struct standing {
	bool open, rescinded;
	bool own; /* the guest opened it anew, which it will not do here */
};

static void leave(struct vb_step *s, enum vb_skip why)
{
	if (!s->skip)
		s->skip = (uint8_t)why;
	s->absent = true;
}

static void settle_opened(struct vb_step *s, struct standing *st)
{
	if (s->skip || st->open) {
		leave(s, VB_SKIP_GUESTS_OWN);
		st->own = true;
		return;
	}
	st->open = true;
	st->own = false;
}

static void settle_closed(struct vb_step *s, struct standing *st)
{
	if (st->rescinded) {
		st->open = false;
		return;
	}
	leave(s, VB_SKIP_GUESTS_OWN);
	st->own = true;
}

/* The guest's word that it will shut down: the driver does it when it has answered with success. */
static bool is_agreement(const struct vb_plan_device *d, const struct vb_step *s)
{
	struct vb_wanted status = { .path = "hv_icmsg.status" };
	struct vb_frame f;

	if (d->class != VB_CLASS_SHUTDOWN || s->type != VB_STEP_EXPECT || s->opening)
		return false;
	vb_step_frame(d, s, &f);
	return vb_values_read(vb_root_proto(VB_KIND_PACKET), &f, &status, 1, NULL) &&
	       status.number == 0;
}

static void settle_packet(struct vb_plan_device *d, struct vb_step *s, const struct standing *st)
{
	struct vb_step *request = s->answers != VB_NO_STEP ? &d->steps[s->answers] : NULL;

	s->opening = s->free || vb_plan_opens(vb_plan_kind_name(d, s->kind));
	if (request && is_agreement(d, s))
		request->ends = true;
	if (s->opening && st->own)
		leave(s, VB_SKIP_GUESTS_OWN);
	else if (request && request->absent)
		leave(s, VB_SKIP_NO_REQUEST);
	else if (s->skip && (s->type == VB_STEP_SEND || s->skip == VB_SKIP_FAILED))
		s->absent = true;
}

static void settle_device(struct vb_plan_device *d)
{
	struct standing st = { 0 };

	for (size_t i = 0; i < d->n_steps; i++) {
		struct vb_step *s = &d->steps[i];

		switch (s->type) {
		case VB_STEP_OPENED:
			settle_opened(s, &st);
			break;
		case VB_STEP_CLOSED:
			settle_closed(s, &st);
			break;
		case VB_STEP_RESCIND:
			st.rescinded = true;
			break;
		case VB_STEP_OFFER:
			st = (struct standing){ 0 };
			break;
		default:
			settle_packet(d, s, &st);
			break;
		}
	}
}

/* ---- times ---- */

/* An opening is waited for, whenever it was; the first thing that takes time comes after it. */
static bool counts(const struct vb_step *s)
{
	return !s->absent && !s->made && !s->free && s->type != VB_STEP_OPENED;
}

static uint64_t first_time(const struct vb_plan *p)
{
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < p->n_devices; i++) {
		const struct vb_plan_device *d = &p->devices[i];

		for (size_t k = 0; k < d->n_steps && !d->skip; k++)
			if (counts(&d->steps[k]) && d->steps[k].recorded_ns < first)
				first = d->steps[k].recorded_ns;
	}
	return first;
}

static void set_times(struct vb_plan *p, struct vb_plan_device *d)
{
	uint64_t at = 0;

	for (size_t i = 0; i < d->n_steps; i++) {
		struct vb_step *s = &d->steps[i];

		if (!s->made && s->recorded_ns > p->start_ns && s->recorded_ns - p->start_ns > at)
			at = s->recorded_ns - p->start_ns;
		s->at_ns = at;
		if (counts(s) && at > p->duration_ns)
			p->duration_ns = at;
	}
}

void vb_plan_settle(struct vb_plan *p)
{
	for (size_t i = 0; i < p->n_devices; i++)
		if (!p->devices[i].skip)
			settle_device(&p->devices[i]);
	p->start_ns = first_time(p);
	p->duration_ns = 0;
	for (size_t i = 0; i < p->n_devices; i++)
		if (!p->devices[i].skip)
			set_times(p, &p->devices[i]);
}
