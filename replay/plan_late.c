/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture that began late lacks what was said when the channels were opened. A driver that starts
 * anew has to hear it.
 */
#include <errno.h>
#include <string.h>

#include "replay/plan_impl.h"

bool vb_plan_opens(const char *kind)
{
	static const char *const kinds[] = { "hv_icmsg.negotiate", "hv_icmsg.negotiate_response" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

static bool is_packet(const struct vb_step *s)
{
	return s->type == VB_STEP_SEND || s->type == VB_STEP_EXPECT;
}

/* n empty steps in front of all others. */
static int make_room(struct vb_plan_device *d, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!vb_plan_step_add(d, VB_STEP_OPENED))
			return -ENOMEM;
	memmove(d->steps + n, d->steps, (d->n_steps - n) * sizeof(*d->steps));
	for (struct vb_step *s = d->steps + n; s < d->steps + d->n_steps; s++)
		if (s->answers != VB_NO_STEP)
			s->answers += n;
	return 0;
}

int vb_plan_begin_late(struct vb_plan_device *d)
{
	size_t i = 0;

	while (i < d->n_steps && d->steps[i].type != VB_STEP_OPENED && !is_packet(&d->steps[i]))
		i++;
	if (i == d->n_steps || !is_packet(&d->steps[i]))
		return 0;
	d->late = true;
	if (make_room(d, 1))
		return -ENOMEM;
	d->steps[0] = (struct vb_step){
		.type = VB_STEP_OPENED, .made = true, .kind = VB_NO_KIND, .answers = VB_NO_STEP
	};
	return 0;
}
