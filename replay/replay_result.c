/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all players have counted, as a result. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/replay_impl.h"

/* ---- divergences ---- */

/* Never more than are told; what there is no memory for is only counted. */
void vb_replay_note(void *ctx, const struct vb_divergence *d)
{
	struct vb_replay *r = ctx;
	struct vb_result_divergence *list = NULL, *v;

	if (r->n_divergences < VB_RESULT_KEPT)
		list = reallocarray(r->divergences, r->n_divergences + 1, sizeof(*list));
	if (!list) {
		r->n_untold++;
		return;
	}
	r->divergences = list;
	v = &list[r->n_divergences++];
	*v = (struct vb_result_divergence){
		.type = d->type,
		.device = d->dev->name,
		.kind = strdup(d->kind),
		.detail = strdup(d->detail),
		.number = d->number,
		.at_ns = d->at_ns,
		.pass = d->pass,
	};
}

static int copy_divergences(const struct vb_replay *r, struct vb_result *ret)
{
	ret->n_untold = r->n_untold;
	ret->divergences = calloc(r->n_divergences + 1, sizeof(*ret->divergences));
	if (!ret->divergences)
		return -ENOMEM;
	for (size_t i = 0; i < r->n_divergences; i++) {
		struct vb_result_divergence *v = &ret->divergences[ret->n_divergences];

		*v = r->divergences[i];
		v->kind = v->kind ? strdup(v->kind) : NULL;
		v->detail = v->detail ? strdup(v->detail) : NULL;
		ret->n_divergences++;
		if (!v->kind || !v->detail)
			return -ENOMEM;
	}
	return 0;
}

/* ---- devices ---- */

static bool any(const struct vb_kind_count *c)
{
	return c->matched || c->differing || c->missing || c->unexpected || c->skipped;
}

static int copy_kinds(const struct vb_player *p, struct vb_result_device *ret)
{
	ret->kinds = calloc(p->dev->n_kinds + 1, sizeof(*ret->kinds));
	if (!ret->kinds)
		return -ENOMEM;
	for (size_t i = 0; i <= p->dev->n_kinds; i++)
		if (any(&p->kinds[i]))
			ret->kinds[ret->n_kinds++] =
				(struct vb_result_kind){ vb_plan_kind_name(p->dev, (uint16_t)i),
							 p->kinds[i] };
	return 0;
}

static int copy_player(const struct vb_player *p, struct vb_result_device *ret)
{
	ret->counts = p->counts;
	for (unsigned int i = 1; i < VB_N_SKIPS; i++)
		ret->skipped_n += p->counts.skipped[i];
	vb_measure_summary(&p->latency, &ret->latency);
	vb_measure_summary(&p->recorded, &ret->recorded);
	vb_measure_summary(&p->lateness, &ret->lateness);
	return copy_kinds(p, ret);
}

static const struct vb_player *player_of(const struct vb_replay *r, const struct vb_plan_device *d)
{
	for (size_t i = 0; i < r->n_devices; i++)
		if (r->devices[i].plan == d)
			return &r->devices[i].player;
	return NULL;
}

static int copy_device(const struct vb_replay *r, const struct vb_plan_device *d,
		       struct vb_result_device *ret)
{
	const struct vb_player *p = player_of(r, d);

	ret->name = d->name;
	ret->class = vb_class_by_code(d->class)->name;
	ret->skip = (enum vb_skip)d->skip;
	ret->filled = d->net ? d->net->n_filled : d->disk ? d->disk->n_filled : 0;
	vb_guid_text(d->instance, ret->instance);
	if (p)
		return copy_player(p, ret);
	ret->skipped_n = d->n_left_out + d->n_steps;
	return 0;
}

/* ---- all ---- */

static void copy_times(const struct vb_replay *r, struct vb_result *ret)
{
	uint64_t first = UINT64_MAX, last = 0;

	ret->rounds = ret->loops;
	for (size_t i = 0; i < r->n_devices; i++) {
		const struct vb_player *p = &r->devices[i].player;

		if (p->rounds < ret->rounds)
			ret->rounds = p->rounds;
		if (!p->first_ns)
			continue;
		first = p->first_ns < first ? p->first_ns : first;
		last = p->last_ns > last ? p->last_ns : last;
	}
	ret->taken_ns = last > first ? last - first : 0;
	if (ret->speed > 0)
		ret->planned_ns =
			(uint64_t)((double)r->plan->duration_ns * ret->loops / ret->speed);
}

int vb_replay_result(const struct vb_replay *r, struct vb_result *ret)
{
	const struct vb_plan *p = r->plan;
	int rc;

	*ret = (struct vb_result){
		.trace = p->path,
		.speed = r->opt.speed,
		.loops = r->player_opt.loops,
		.broken_off = r->broken_off,
		.devices = calloc(p->n_devices + 1, sizeof(*ret->devices)),
	};
	if (!ret->devices)
		return -ENOMEM;
	rc = copy_divergences(r, ret);
	for (size_t i = 0; i < p->n_devices && !rc; i++)
		rc = copy_device(r, &p->devices[i], &ret->devices[ret->n_devices++]);
	copy_times(r, ret);
	if (rc)
		vb_result_done(ret);
	return rc;
}
