/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that make a plan. */
#ifndef VB_PLAN_IMPL_H
#define VB_PLAN_IMPL_H

#include "replay/plan.h"

/* A new step at the end, otherwise zero; NULL: no memory. Valid until the next one is added. */
struct vb_step *vb_plan_step_add(struct vb_plan_device *d, uint8_t type);

/* Number of the kind of message; 0 or -ENOMEM. */
int vb_plan_kind_add(struct vb_plan_device *d, const struct vb_walked *w, uint16_t *ret);

/*
 * For a device whose channel was open before the capture began: what must come first, so that a
 * driver that starts anew gets where the recorded one was. 0, -ENOMEM, or an error of
 * vb_values_encode().
 */
int vb_plan_begin_late(struct vb_plan_device *d);

/* Whether a kind of message (vb_plan_kind_name()) belongs to the opening of a channel. */
bool vb_plan_opens(const char *kind);

/*
 * Decide what of the devices that are played can be done, and when. Times of steps are absolute
 * before the first call.
 */
void vb_plan_settle(struct vb_plan *p);

#endif
