/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/align.h"
#include "capture/diff.h"

/* ---- lanes ---- */

static struct vb_diff_lane lane_of(const struct vb_record_header *h)
{
	static const uint8_t zero[16];
	struct vb_diff_lane lane = { .direction = h->direction < VB_DIFF_DIRECTIONS ?
							  h->direction :
							  (uint8_t)VB_DIR_NONE };

	lane.bus = h->kind == VB_KIND_CONTROL;
	if (lane.bus)
		return lane;
	lane.subchannel = h->subchannel;
	memcpy(lane.instance, h->device, sizeof(lane.instance));
	if (memcmp(lane.instance, zero, sizeof(zero)) == 0)
		lane.relid = h->relid;
	return lane;
}

static bool is_same(const struct vb_diff_lane *a, const struct vb_diff_lane *b)
{
	return a->bus == b->bus && a->direction == b->direction && a->subchannel == b->subchannel &&
	       a->relid == b->relid && memcmp(a->instance, b->instance, sizeof(a->instance)) == 0;
}

static size_t slot_of(const struct vb_diffing *d, const struct vb_diff_lane *lane)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ lane->direction ^
		     (uint64_t)lane->subchannel << 8 ^ (uint64_t)lane->relid << 24 ^
		     (uint64_t)lane->bus << 60;
	size_t i;

	for (i = 0; i < sizeof(lane->instance); i++)
		h = (h ^ lane->instance[i]) * UINT64_C(0x100000001b3);
	i = (size_t)(h ^ h >> 32) & (d->n_slots - 1);
	while (d->slots[i] && !is_same(&d->lanes[d->slots[i] - 1], lane))
		i = (i + 1) & (d->n_slots - 1);
	return i;
}

static int grow(struct vb_diffing *d)
{
	size_t cap = d->cap_lanes ? d->cap_lanes * 2 : 32;
	struct vb_diff_lane *lanes;
	uint32_t *slots;

	if (d->n_lanes < d->cap_lanes)
		return 0;
	lanes = reallocarray(d->lanes, cap, sizeof(*lanes));
	if (lanes)
		d->lanes = lanes;
	slots = calloc(cap * 2, sizeof(*slots));
	if (!lanes || !slots) {
		free(slots);
		return -ENOMEM;
	}
	free(d->slots);
	d->slots = slots;
	d->n_slots = cap * 2;
	d->cap_lanes = cap;
	for (size_t i = 0; i < d->n_lanes; i++)
		slots[slot_of(d, &d->lanes[i])] = (uint32_t)i + 1;
	return 0;
}

/* The lane of that key, made when it is new. */
static int find_lane(struct vb_diffing *d, const struct vb_diff_lane *key, size_t *ret,
		     bool *ret_is_new)
{
	int rc = grow(d);
	size_t slot;

	if (rc < 0)
		return rc;
	slot = slot_of(d, key);
	*ret_is_new = !d->slots[slot];
	if (*ret_is_new) {
		d->lanes[d->n_lanes++] = *key;
		d->slots[slot] = (uint32_t)d->n_lanes;
	}
	*ret = d->slots[slot] - 1;
	return 0;
}

/* ---- devices ---- */

/* Lanes that hold nothing: they stand for a device, so that it is found as fast as a lane is. */
enum { OF_DEVICE = 255, OF_HVSOCK = 254 };

static int add_device(struct vb_diffing *d, const struct vb_diff_lane *key, size_t *ret)
{
	struct vb_diff_device *bigger = reallocarray(d->devices, d->n_devices + 1, sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	d->devices = bigger;
	*ret = d->n_devices++;
	bigger[*ret] = (struct vb_diff_device){ .dev = { .relid = key->relid } };
	memcpy(bigger[*ret].dev.instance, key->instance, sizeof(key->instance));
	return 0;
}

/* The device of a lane: control messages are the bus; all hv_sock connections are one. */
static int find_device(struct vb_diffing *d, const struct vb_diff_lane *lane, uint8_t class,
		       size_t *ret)
{
	struct vb_diff_lane key = *lane;
	bool is_new = false;
	size_t i;
	int rc;

	key.subchannel = 0;
	key.direction = OF_DEVICE;
	if (!key.bus && class == VB_CLASS_HVSOCK)
		key = (struct vb_diff_lane){ .direction = OF_HVSOCK };
	rc = find_lane(d, &key, &i, &is_new);
	if (rc == 0 && is_new)
		rc = add_device(d, &key, &d->lanes[i].device);
	if (rc < 0)
		return rc;
	*ret = d->lanes[i].device;
	if (!key.bus && class != VB_CLASS_UNKNOWN)
		d->devices[*ret].dev.class = class;
	return 0;
}

int vb_diff_add(struct vb_diffing *d, unsigned int side, const struct vb_record_header *h,
		const struct vb_diff_item *item)
{
	struct vb_diff_lane key = lane_of(h);
	struct vb_diff_items *items;
	bool is_new = false;
	size_t i, device;
	int rc = find_lane(d, &key, &i, &is_new);

	if (rc == 0 && is_new) {
		rc = find_device(d, &key, h->class, &device);
		d->lanes[i].device = rc < 0 ? 0 : device;
	}
	if (rc < 0)
		return rc;
	items = &d->lanes[i].items[side];
	if (items->n == items->cap) {
		uint32_t cap = items->cap ? items->cap + items->cap / 2 : 64;
		struct vb_diff_item *bigger = NULL;

		if (items->n < VB_ALIGN_MAX)
			bigger = reallocarray(items->list, cap, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		items->list = bigger;
		items->cap = cap;
	}
	items->list[items->n++] = *item;
	return 0;
}

void vb_diff_forget(struct vb_diffing *d)
{
	for (size_t i = 0; i < d->n_lanes; i++)
		d->lanes[i].items[0].n = d->lanes[i].items[1].n = 0;
	for (size_t i = 0; i < d->n_devices; i++)
		d->devices[i] = (struct vb_diff_device){ .dev = d->devices[i].dev };
	d->n_found = 0;
	d->payload[0].n = d->payload[1].n = 0;
	d->limits_set = false;
	for (unsigned int side = 0; side < 2; side++)
		d->input[side] = (struct vb_diff_input){
			.path = d->input[side].path,
			.source = d->input[side].source,
			.shortest_cut = UINT32_MAX,
		};
}

void vb_diff_lanes_done(struct vb_diffing *d)
{
	for (size_t i = 0; i < d->n_lanes; i++) {
		free(d->lanes[i].items[0].list);
		free(d->lanes[i].items[1].list);
	}
	vb_diff_payload_done(&d->payload[0]);
	vb_diff_payload_done(&d->payload[1]);
	free(d->lanes);
	free(d->slots);
	free(d->devices);
	d->lanes = NULL;
	d->slots = NULL;
	d->devices = NULL;
	d->n_lanes = d->cap_lanes = d->n_devices = 0;
}
