/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "channels.h"

#include <string.h>

/*
 * A direct-mapped table: ids of one host are small and dense. A second id in the same place takes
 * it over, which costs a hostile trace its class names and nothing else.
 */
const struct vb_channel *vb_channel_find(const struct vb_channels *c, uint32_t relid)
{
	const struct vb_channel *ch = &c->channels[relid % VB_N_CHANNELS];

	return ch->used && ch->relid == relid ? ch : NULL;
}

struct vb_channel *vb_channel_get(struct vb_channels *c, uint32_t relid)
{
	struct vb_channel *ch = &c->channels[relid % VB_N_CHANNELS];
	uint32_t epoch = ch->epoch;

	if (ch->used && ch->relid == relid)
		return ch;
	*ch = (struct vb_channel){ .relid = relid, .used = true, .epoch = epoch + 1 };
	return ch;
}

/* Whose messages the frame is: by instance, or where that is not known, by channel. */
static void device_key(const struct vb_frame *f, uint8_t ret_key[16])
{
	static const uint8_t zero[16];

	memcpy(ret_key, f->instance, 16);
	if (memcmp(ret_key, zero, sizeof(zero)) == 0)
		memcpy(ret_key, &f->relid, sizeof(f->relid));
}

/* Likewise a direct-mapped table. */
static size_t device_place(const uint8_t key[16])
{
	uint64_t h[2];

	memcpy(h, key, sizeof(h));
	h[0] = (h[0] ^ h[1]) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(h[0] >> 32) % VB_N_DEVICES;
}

struct vb_device *vb_device_get(struct vb_channels *c, const struct vb_frame *f)
{
	struct vb_device *dev;
	uint8_t key[16];

	device_key(f, key);
	dev = &c->devices[device_place(key)];
	if (memcmp(dev->key, key, sizeof(key)) == 0)
		return dev;
	*dev = (struct vb_device){ .proto_version = 0 };
	memcpy(dev->key, key, sizeof(key));
	return dev;
}

uint32_t vb_device_version(const struct vb_channels *c, const struct vb_frame *f)
{
	const struct vb_device *dev;
	uint8_t key[16];

	device_key(f, key);
	dev = &c->devices[device_place(key)];
	return memcmp(dev->key, key, sizeof(key)) == 0 ? dev->proto_version : 0;
}
