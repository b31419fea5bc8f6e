/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt controller's pages of each virtual processor: one message slot with a queue before
 * it, and the event flags (TLFS, "Synthetic interrupt controller"). VMBus uses SINT 2.
 */
#ifndef VB_SYNIC_H
#define VB_SYNIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replay/host/host.h"

#define VB_SINT 2u
#define VB_SYNIC_ENABLED 1u /* bit 0 of SCONTROL, SIMP and SIEFP */
#define VB_SYNIC_FLAGS 2048u

#define VB_MESSAGE_CHANNEL 1u /* type of a control message */
#define VB_MESSAGE_PENDING 1u /* flag: another one waits, please acknowledge */

struct vb_synic_message {
	uint32_t type; /* 0: the slot is free */
	uint8_t payload_len;
	uint8_t flags;
	uint16_t reserved;
	uint64_t sender;
	uint8_t payload[240];
};
_Static_assert(sizeof(struct vb_synic_message) == 256, "message slot");

/* HvPostMessage's input page. */
struct vb_post_input {
	uint32_t connection;
	uint32_t reserved;
	uint32_t message_type;
	uint32_t payload_len;
	uint8_t payload[240];
};
_Static_assert(sizeof(struct vb_post_input) == 256, "HvPostMessage input");

struct vb_queued;

struct vb_vp {
	struct vb_synic_message *slot; /* NULL: none, or not enabled */
	uint32_t *flags;	       /* of SINT 2 */
};

struct vb_synic {
	const struct vb_transport *transport;
	struct vb_vp vps[VB_MAX_VPS];
	uint32_t n_vps;
	uint32_t message_vp; /* where messages go */
	struct vb_queued *first, **end;
	size_t n_queued;
	/* A message stands in the slot. */
	void (*delivered)(void *ctx, const uint8_t *msg, uint32_t len);
	void *ctx;
	uint64_t *n_waits;
	uint64_t *n_interrupts;
};

/* Messages that may wait; a guest that never looks at its slot gets no further answers. */
#define VB_SYNIC_MAX_QUEUED 8192u

void vb_synic_init(struct vb_synic *s, const struct vb_transport *t, uint32_t n_vps);
void vb_synic_set(struct vb_synic *s, uint32_t vp, uint64_t control, uint64_t simp, uint64_t siefp);
/* Forget the queue; messages go to processor 0. */
void vb_synic_clear(struct vb_synic *s);
void vb_synic_done(struct vb_synic *s);

/* -ENOMEM: no memory; -ENOBUFS: too many wait. */
int vb_synic_post(struct vb_synic *s, const uint8_t *msg, uint32_t len);
/* Deliver what can be. */
void vb_synic_run(struct vb_synic *s);
/* Set an event flag of a processor and interrupt it if the flag was clear. */
void vb_synic_signal(struct vb_synic *s, uint32_t vp, uint32_t flag);

#endif
