/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which channels and devices there are, learned from the control messages as they are delivered.
 * Pure, but for the names of devices, which come from sysfs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/source_bpf.h"

enum {
	MSG_OFFER = 1,
	MSG_RESCIND = 2,
	MSG_OPEN = 5,
	MSG_CLOSE = 7,
	MSG_RELID_RELEASED = 13,
	MSG_INITIATE_CONTACT = 14,
	MSG_VERSION_RESPONSE = 15,
	MSG_UNLOAD_RESPONSE = 17,
};

enum { OFFER_CLASS = 8, OFFER_INSTANCE = 24, OFFER_FLAGS = 56, OFFER_SUB = 180, OFFER_RELID = 184 };

#define FLAG_HVSOCK 0x2000u /* VMBUS_CHANNEL_TLNPI_PROVIDER_OFFER */

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) | (uint32_t)get16(p + 2) << 16;
}

int vb_table_init(struct vb_table *t)
{
	memset(t, 0, sizeof(*t));
	t->devices = calloc(1, sizeof(t->devices[0]));
	if (!t->devices)
		return -ENOMEM;
	t->n_devices = 1;
	t->n_relids = 1;
	return 0;
}

void vb_table_done(struct vb_table *t)
{
	free(t->devices);
	t->devices = NULL;
	t->n_devices = 0;
}

/* ---- devices ---- */

static uint8_t class_of_offer(const uint8_t *offer)
{
	const struct vb_class_info *class;

	if (get16(offer + OFFER_FLAGS) & FLAG_HVSOCK)
		return VB_CLASS_HVSOCK;
	class = vb_class_by_guid(offer + OFFER_CLASS);
	return class ? class->code : VB_CLASS_OTHER;
}

/* All hv_sock connections are one device: its instance stays zero. */
static int find_device(struct vb_table *t, uint8_t class, const uint8_t instance[16],
		       uint32_t *ret_index)
{
	static const uint8_t zero[16];
	struct vb_device_stats *list;
	struct vb_device *dev;
	uint32_t i;

	if (class == VB_CLASS_HVSOCK)
		instance = zero;
	for (i = 1; i < t->n_devices; i++) {
		dev = &t->devices[i].dev;
		if (memcmp(dev->instance, instance, 16))
			continue;
		if (class == VB_CLASS_UNKNOWN || dev->class == class ||
		    dev->class == VB_CLASS_UNKNOWN)
			break;
	}
	if (i == t->n_devices) {
		list = realloc(t->devices, (t->n_devices + 1) * sizeof(list[0]));
		if (!list)
			return -ENOMEM;
		t->devices = list;
		memset(&list[i], 0, sizeof(list[i]));
		memcpy(list[i].dev.instance, instance, 16);
		t->n_devices++;
	}
	dev = &t->devices[i].dev;
	if (class != VB_CLASS_UNKNOWN)
		dev->class = class;
	*ret_index = i;
	return 0;
}

static void set_known(struct vb_table *t, uint32_t relid)
{
	t->chan[relid].known = true;
	if (t->n_relids <= relid)
		t->n_relids = relid + 1;
}

int vb_table_device(struct vb_table *t, uint32_t relid, const uint8_t instance[16],
		    uint16_t subchannel, struct vb_device_stats **ret)
{
	struct vb_chan *ch;
	int err;

	if (!relid || relid >= VB_BPF_MAX_RELIDS) {
		*ret = &t->devices[0];
		return 0;
	}
	ch = &t->chan[relid];
	if (!ch->known || memcmp(ch->instance, instance, sizeof(ch->instance))) {
		/* its offer was lost */
		memset(ch->offer, 0, sizeof(ch->offer));
		ch->offer_len = 0;
		set_known(t, relid);
		ch->gone = ch->bypassed = ch->on_vf = false;
		ch->class = VB_CLASS_UNKNOWN;
		ch->subchannel = subchannel;
		memcpy(ch->instance, instance, sizeof(ch->instance));
		err = find_device(t, VB_CLASS_UNKNOWN, instance, &ch->device);
		if (err)
			return err;
		ch->class = t->devices[ch->device].dev.class;
	}
	*ret = &t->devices[ch->device];
	if (!(*ret)->dev.driver[0])
		vb_sysfs_describe((*ret)->dev.instance, &(*ret)->dev);
	return 0;
}

static void settle(struct vb_table *t, uint32_t relid, uint64_t lost, uint64_t filtered)
{
	struct vb_chan *ch = &t->chan[relid];
	struct vb_device_stats *dev = &t->devices[ch->device];

	if (lost > ch->lost) {
		dev->lost += lost - ch->lost;
		ch->lost = lost;
	}
	if (filtered > ch->filtered) {
		dev->filtered += filtered - ch->filtered;
		ch->filtered = filtered;
	}
}

void vb_table_losses(struct vb_table *t, const struct vb_bpf_channel *channels,
		     const struct vb_merge *m, bool all)
{
	uint32_t i, n = all ? VB_BPF_MAX_RELIDS : t->n_relids;

	for (i = 0; i < n; i++)
		settle(t, i, channels[i].lost + vb_merge_lost(m, i), channels[i].filtered);
	for (i = 0; i < t->n_devices; i++)
		t->devices[i].received =
			t->devices[i].delivered + t->devices[i].lost + t->devices[i].filtered;
}

uint64_t vb_table_lost(const struct vb_table *t)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < t->n_devices; i++)
		lost += t->devices[i].lost;
	return lost;
}

/* ---- messages ---- */

static int take_offer(struct vb_table *t, const uint8_t *data, size_t len)
{
	uint32_t relid = get32(data + OFFER_RELID), device;
	uint8_t class = class_of_offer(data);
	struct vb_chan *ch;
	int err;

	if (!relid || relid >= VB_BPF_MAX_RELIDS)
		return 0;
	err = find_device(t, class, data + OFFER_INSTANCE, &device);
	if (err)
		return err;
	ch = &t->chan[relid];
	set_known(t, relid);
	ch->gone = ch->open = ch->bypassed = ch->on_vf = false;
	ch->class = class;
	ch->subchannel = get16(data + OFFER_SUB);
	ch->device = device;
	memcpy(ch->instance, data + OFFER_INSTANCE, sizeof(ch->instance));
	ch->offer_len = (uint32_t)(len < sizeof(ch->offer) ? len : sizeof(ch->offer));
	memcpy(ch->offer, data, ch->offer_len);
	if (!ch->subchannel && class != VB_CLASS_HVSOCK)
		t->devices[device].dev.relid = relid;
	return 0;
}

static void take_contact(struct vb_table *t, uint32_t type, const uint8_t *data, size_t len)
{
	if (type == MSG_INITIATE_CONTACT && len >= 12)
		t->proposed_version = get32(data + 8);
	else if (type == MSG_VERSION_RESPONSE && len >= 9 && data[8])
		t->version = t->proposed_version;
}

/* The connection is over, and with it every channel. */
static void forget_all(struct vb_table *t)
{
	uint32_t i;

	for (i = 0; i < VB_BPF_MAX_RELIDS; i++) {
		t->chan[i].gone = true;
		t->chan[i].open = false;
	}
	t->version = 0;
}

int vb_table_message(struct vb_table *t, uint8_t direction, const uint8_t *data, size_t len,
		     uint32_t *ret_closed, uint32_t *ret_opened)
{
	uint32_t type, relid;
	struct vb_chan *ch;

	*ret_closed = *ret_opened = 0;
	if (len < 8)
		return 0;
	type = get32(data);
	if (direction == VB_TO_GUEST && type == MSG_OFFER)
		return len >= VB_BPF_OFFER_LEN ? take_offer(t, data, len) : 0;
	take_contact(t, type, data, len);
	if (type == MSG_UNLOAD_RESPONSE)
		forget_all(t);
	if (len < 12)
		return 0;
	relid = get32(data + 8);
	if (!relid || relid >= VB_BPF_MAX_RELIDS)
		return 0;
	ch = &t->chan[relid];
	if (type == MSG_OPEN) {
		ch->open = true;
		*ret_opened = relid;
	} else if (type == MSG_CLOSE || type == MSG_RESCIND || type == MSG_RELID_RELEASED) {
		if (ch->open)
			*ret_closed = relid;
		ch->open = false;
		if (type != MSG_CLOSE)
			ch->gone = true;
	}
	return 0;
}
