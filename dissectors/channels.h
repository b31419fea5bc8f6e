/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of channels and devices of a session. They are bounded: a trace cannot make them grow.
 * Private to dissectors/.
 */
#ifndef VB_CHANNELS_H
#define VB_CHANNELS_H

#include "network.h"
#include "requests.h"
#include "wire.h"

#define VB_N_CHANNELS 4096 /* Linux 6.1 drivers/hv/hyperv_vmbus.h: MAX_CHANNEL_RELIDS 2048 */
#define VB_N_DEVICES 256

/* Queues of a channel: packets in the ring, messages outside, each in both directions. */
#define VB_N_QUEUES 4

struct vb_depth {
	uint32_t epoch;
	uint32_t n; /* requests without answer */
};

struct vb_channel {
	uint32_t relid;
	bool used;
	uint8_t class;
	uint8_t instance[16], interface[16];
	uint16_t subchannel;
	uint32_t proto_version;
	uint32_t epoch;
	struct vb_waiting waiting[VB_N_QUEUES];
	struct vb_depth depth; /* of storage */
};

/* What the channels of a device share. */
struct vb_device {
	uint8_t key[16];
	uint32_t proto_version;
	struct vb_network network;
};

struct vb_channels {
	struct vb_channel channels[VB_N_CHANNELS];
	struct vb_device devices[VB_N_DEVICES];
};

/* NULL: nothing is known of that id. */
const struct vb_channel *vb_channel_find(const struct vb_channels *c, uint32_t relid);
/* Made when it is not there. Never NULL, as vb_device_get(). */
struct vb_channel *vb_channel_get(struct vb_channels *c, uint32_t relid);
/* The device whose messages the frame is. */
struct vb_device *vb_device_get(struct vb_channels *c, const struct vb_frame *f);
/* The version of its protocol; 0: not known. */
uint32_t vb_device_version(const struct vb_channels *c, const struct vb_frame *f);

#endif
