/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The device of a record as interfaces have it: control messages are the bus, hv_sock is one. */
static struct vb_device device_of(const struct vb_record_header *h)
{
	struct vb_device dev = { 0 };

	if (h->kind == VB_KIND_CONTROL)
		return dev;
	dev.class = h->class;
	if (h->class != VB_CLASS_HVSOCK) {
		memcpy(dev.instance, h->device, sizeof(dev.instance));
		dev.relid = h->relid;
	}
	return dev;
}

static bool is_same(const struct vb_device *a, const struct vb_device *b)
{
	return a->class == b->class && memcmp(a->instance, b->instance, sizeof(a->instance)) == 0;
}

static size_t slot_of(const struct vb_tally *t, const struct vb_device *dev)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ dev->class;
	size_t i;

	for (i = 0; i < sizeof(dev->instance); i++)
		h = (h ^ dev->instance[i]) * UINT64_C(0x100000001b3);
	i = (size_t)(h ^ h >> 32) & (t->n_slots - 1);
	while (t->slots[i] && !is_same(&t->stats[t->slots[i] - 1].dev, dev))
		i = (i + 1) & (t->n_slots - 1);
	return i;
}

static int grow(struct vb_tally *t)
{
	size_t cap = t->cap ? t->cap * 2 : 32;
	struct vb_device_stats *stats;
	uint32_t *slots;

	if (t->n < t->cap)
		return 0;
	stats = reallocarray(t->stats, cap, sizeof(*stats));
	if (stats)
		t->stats = stats;
	slots = calloc(cap * 2, sizeof(*slots));
	if (!stats || !slots) {
		free(slots);
		return -ENOMEM;
	}
	free(t->slots);
	t->slots = slots;
	t->n_slots = cap * 2;
	t->cap = cap;
	for (size_t i = 0; i < t->n; i++)
		t->slots[slot_of(t, &t->stats[i].dev)] = (uint32_t)i + 1;
	return 0;
}

int vb_tally_add(struct vb_tally *t, const struct vb_record_header *h, bool delivered)
{
	struct vb_device dev = device_of(h);
	struct vb_device_stats *s;
	size_t slot;
	int rc;

	if (t->last >= t->n || !is_same(&t->stats[t->last].dev, &dev)) {
		rc = grow(t);
		if (rc < 0)
			return rc;
		slot = slot_of(t, &dev);
		if (!t->slots[slot]) {
			t->stats[t->n++] = (struct vb_device_stats){ .dev = dev };
			t->slots[slot] = (uint32_t)t->n;
		}
		t->last = t->slots[slot] - 1;
	}
	s = &t->stats[t->last];
	s->received += 1 + (uint64_t)h->lost;
	s->lost += h->lost;
	s->delivered += delivered;
	return 0;
}

void vb_tally_bypassed(struct vb_tally *t, bool by_vf)
{
	struct vb_device *dev = &t->stats[t->last].dev;

	*(by_vf ? &dev->on_vf : &dev->bypassed) = true;
}

void vb_tally_done(struct vb_tally *t)
{
	free(t->stats);
	free(t->slots);
	*t = (struct vb_tally){ 0 };
}
