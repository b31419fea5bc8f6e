/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the frames of network devices are spread over their queues (--check).
 */
#ifndef VB_CHECK_QUEUES_H
#define VB_CHECK_QUEUES_H

#include "capture/decode.h"

/* A channel: the primary one or a sub-channel of a device. */
struct vb_queue {
	uint8_t instance[16];
	uint16_t subchannel;
	uint64_t n_packets[3]; /* with frames, by enum vb_direction */
};

/* All zero at first. */
struct vb_queues {
	struct vb_queue *list;
	size_t n, latest;
	uint64_t n_left_out; /* packets of channels beyond those that are counted */
};

/* Count the decoder's record, which was walked. 0 or -ENOMEM. */
int vb_queues_add(struct vb_queues *q, const struct vb_decoder *d);
void vb_queues_done(struct vb_queues *q);

#define VB_QUEUES_ENOUGH 1000u /* packets of a device in one direction that say something */
#define VB_QUEUES_MOST 90u     /* percent of them in one queue are too many */

/*
 * Call each() for every device and direction in which, of at least VB_QUEUES_ENOUGH packets, more than
 * VB_QUEUES_MOST percent were in the queue busy although the device has more; n_queues of them, n_packets
 * in all.
 */
void vb_queues_unbalanced(const struct vb_queues *q,
			  void (*each)(void *ctx, const struct vb_queue *busy, uint8_t direction,
				       size_t n_queues, uint64_t n_packets),
			  void *ctx);

#endif
