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

/* ---- plan_disk.c: storage devices ---- */

/* As vb_plan_net_packet(). */
int vb_plan_disk_packet(struct vb_plan_device *d, struct vb_decoder *dec, uint64_t *fill_left);
void vb_plan_disk_free(struct vb_plan_disk *disk);

/* ---- plan_lun.c: what a storage device was, and what its guest's driver does by itself ---- */

/* A request of SCSI, and whose it is. */
struct vb_plan_srb {
	uint8_t path, target, lun, direction;
	uint32_t data_len;
	const uint8_t *cdb; /* cdb_len bytes, at least 1 */
	uint32_t cdb_len;
};

/* Read the request at hand. False: it is cut, or has no CDB. */
bool vb_plan_srb_read(const struct vb_decoder *dec, struct vb_plan_srb *ret);

/* The unit, which is new perhaps; NULL: no memory. */
struct vb_plan_lun *vb_plan_lun_of(struct vb_plan_disk *disk, const struct vb_plan_srb *srb);

/* Who makes a request again when a trace is played. */
enum vb_plan_maker {
	VB_PLAN_DRIVER, /* the driver, when it finds the unit */
	VB_PLAN_EITHER, /* it may; if it does not, the agent */
	VB_PLAN_AGENT,
};
enum vb_plan_maker vb_plan_maker_of(const struct vb_plan_device *d, struct vb_plan_lun *u,
				    const struct vb_plan_srb *srb, uint64_t now_ns);

/*
 * Whether the completion at hand, of a request that failed, has the kernel do something by itself: make
 * the request again, or look at a unit that says that it has changed. Errors of a medium do not: who made
 * the request is told.
 */
bool vb_plan_stirs(const struct vb_decoder *dec);

/* Units are looked for once more: what is asked next is asked by the driver. */
void vb_plan_luns_again(struct vb_plan_disk *disk);

/* Whether a request changes what is on the disk, or the disk. */
bool vb_plan_srb_writes(const struct vb_plan_srb *srb);

/* What the completion at hand says of the device: of one of the driver's own, and of a SCSI request. */
void vb_plan_disk_persona(struct vb_plan_disk *disk, const struct vb_decoder *dec);
void vb_plan_lun_persona(struct vb_plan_disk *disk, struct vb_plan_lun *u,
			 const struct vb_frame *data);

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
