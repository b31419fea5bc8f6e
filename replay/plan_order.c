/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of steps that the agent has the guest take. */
#include <errno.h>
#include <stdlib.h>

#include "replay/plan_impl.h"

/* What the guest does on its own account or at our request, with nothing of the host between. */
static bool is_of_run(const struct vb_step *s)
{
	return s->type == VB_STEP_CAUSE || s->type == VB_STEP_EXPECT;
}

/* Within a run, all that is caused comes first: nothing that it waits for lies between. */
static void order_run(const struct vb_step *from, size_t begin, size_t end, struct vb_step *to,
		      uint32_t *place)
{
	size_t at = begin;

	for (int second = 0; second < 2; second++) {
		for (size_t i = begin; i < end; i++) {
			if ((from[i].type != VB_STEP_CAUSE) != second)
				continue;
			place[i] = (uint32_t)at;
			to[at++] = from[i];
		}
	}
}

static void follow(uint32_t *ref, const uint32_t *place)
{
	if (*ref != VB_NO_STEP)
		*ref = place[*ref];
}

int vb_plan_causes_first(struct vb_plan_device *d)
{
	struct vb_step *to = calloc(d->n_steps + 1, sizeof(*to));
	uint32_t *place = calloc(d->n_steps + 1, sizeof(*place));
	size_t end;

	if (!to || !place) {
		free(to);
		free(place);
		return -ENOMEM;
	}
	for (size_t i = 0; i < d->n_steps; i = end) {
		end = i + 1;
		while (is_of_run(&d->steps[i]) && end < d->n_steps && is_of_run(&d->steps[end]))
			end++;
		order_run(d->steps, i, end, to, place);
	}
	for (size_t i = 0; i < d->n_steps; i++) {
		follow(&to[i].answers, place);
		follow(&to[i].causes, place);
		follow(&to[i].status, place);
	}
	free(d->steps);
	free(place);
	d->steps = to;
	d->n_room = d->n_steps;
	return 0;
}
