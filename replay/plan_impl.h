/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that make a plan. */
#ifndef VB_PLAN_IMPL_H
#define VB_PLAN_IMPL_H

#include "capture/decode.h"
#include "replay/plan.h"

/* A new step at the end, otherwise zero; NULL: no memory. Valid until the next one is added. */
struct vb_step *vb_plan_step_add(struct vb_plan_device *d, uint8_t type);

/* The same, with the number, time and versions of the record at hand. */
struct vb_step *vb_plan_step_of(struct vb_plan_device *d, const struct vb_decoder *dec,
				uint8_t type);

/* The first step of that record; VB_NO_STEP: it has none. */
uint32_t vb_plan_step_find(const struct vb_plan_device *d, uint64_t number);

/* Why the packet of a record cannot be played, or VB_SKIP_NONE. */
enum vb_skip vb_plan_packet_skip(const struct vb_record_header *h);

/* The step is about the record's packet as it is; 0 or -ENOMEM. */
int vb_plan_keep_packet(struct vb_plan_device *d, struct vb_step *s, const struct vb_decoder *dec);

/* A step whose packet is not played, and nobody waits for it; 0 or -ENOMEM. */
int vb_plan_step_lost(struct vb_plan_device *d, const struct vb_decoder *dec, uint8_t type,
		      enum vb_skip why);

/*
 * All steps are there: of what the guest does at our request, with nothing of the host between, causes
 * come first, since nothing that they wait for lies between. 0 or -ENOMEM.
 */
int vb_plan_causes_first(struct vb_plan_device *d);

/* A number of the packet at hand. */
bool vb_plan_value(const struct vb_decoder *dec, const char *path, uint64_t *ret);
/* Name of the innermost message that was walked; "": there is none. */
const char *vb_plan_message_name(const struct vb_walked *w);

/*
 * How many bytes that were not captured are filled in all devices of a plan: a record may claim
 * thousands of times what it holds.
 */
#define VB_PLAN_FILL (UINT64_C(1) << 30)

/*
 * A packet of a network device becomes steps, or part of what the device is; 0 or -ENOMEM. *fill_left:
 * the rest of VB_PLAN_FILL; a message that needs more is not played.
 */
int vb_plan_net_packet(struct vb_plan_device *d, struct vb_decoder *dec, uint64_t *fill_left);

/* ---- plan_persona.c: what a network device was ---- */

/* The host's control message of that name; 0 or -ENOMEM. */
int vb_plan_net_answer(struct vb_plan_net *n, const struct vb_frame *f, const char *name);
/* The packet at hand, which answers one of the guest that has no frames. */
void vb_plan_net_persona(struct vb_plan_net *n, const struct vb_decoder *dec);
/* A control message of the guest, and a frame. */
void vb_plan_net_request(struct vb_plan_net *n, const struct vb_frame *f,
			 const struct vb_walked *w);
void vb_plan_net_frame(struct vb_plan_net *n, const struct vb_frame *f);

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
