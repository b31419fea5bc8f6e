/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/check_queues.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/values.h"

#define MAX_QUEUES 4096u /* more than a host has relids for */

static struct vb_queue *find(struct vb_queues *q, const uint8_t instance[16], uint16_t subchannel)
{
	for (size_t n = 0, i = q->latest; n < q->n; n++, i = (i + 1) % q->n) {
		if (q->list[i].subchannel == subchannel &&
		    memcmp(q->list[i].instance, instance, 16) == 0) {
			q->latest = i;
			return &q->list[i];
		}
	}
	return NULL;
}

/* NULL, too, when there is no more room: *ret_rc is -ENOMEM then, or 0. */
static struct vb_queue *get(struct vb_queues *q, const uint8_t instance[16], uint16_t subchannel,
			    int *ret_rc)
{
	struct vb_queue *queue = find(q, instance, subchannel), *bigger;

	*ret_rc = 0;
	if (queue || q->n == MAX_QUEUES)
		return queue;
	bigger = reallocarray(q->list, q->n + 1, sizeof(*bigger));
	if (!bigger) {
		*ret_rc = -ENOMEM;
		return NULL;
	}
	q->list = bigger;
	q->latest = q->n;
	queue = &q->list[q->n++];
	*queue = (struct vb_queue){ .subchannel = subchannel };
	memcpy(queue->instance, instance, sizeof(queue->instance));
	return queue;
}

/* A channel that is offered is one the guest opens. */
static int add_offer(struct vb_queues *q, const struct vb_decoder *d)
{
	struct vb_wanted wanted[] = { { .path = "vmbus.offer.if_instance" },
				      { .path = "vmbus.offer.if_type" },
				      { .path = "vmbus.offer.sub_channel_index" } };
	const struct vb_class_info *class;
	int rc;

	if (vb_values_read(vb_root_proto(VB_KIND_CONTROL), &d->frame, wanted, 3, NULL) < 3 ||
	    wanted[0].n_bytes < 16 || wanted[1].n_bytes < 16)
		return 0;
	class = vb_class_by_guid(wanted[1].bytes);
	if (!class || class->code != VB_CLASS_NETWORK)
		return 0;
	get(q, wanted[0].bytes, (uint16_t)wanted[2].number, &rc);
	return rc;
}

static bool has_frames(const struct vb_decoder *d)
{
	struct vb_wanted type = { .path = "nvsp.rndis.channel_type" };

	return d->frame.class == VB_CLASS_NETWORK && !(d->frame.flags & VB_REC_FAILED) &&
	       vb_values_read(vb_root_proto(VB_KIND_PACKET), &d->frame, &type, 1, NULL) == 1 &&
	       type.number == 0;
}

int vb_queues_add(struct vb_queues *q, const struct vb_decoder *d)
{
	struct vb_queue *queue;
	int rc;

	if (d->frame.kind == VB_KIND_CONTROL)
		return add_offer(q, d);
	if (d->frame.kind != VB_KIND_PACKET || !has_frames(d))
		return 0;
	queue = get(q, d->frame.instance, d->frame.subchannel, &rc);
	if (queue)
		queue->n_packets[d->frame.direction % 3]++;
	else
		q->n_left_out++;
	return rc;
}

void vb_queues_done(struct vb_queues *q)
{
	free(q->list);
	*q = (struct vb_queues){ 0 };
}

/* ---- balance ---- */

struct device {
	const struct vb_queue *busy;
	size_t n_queues;
	uint64_t n_packets;
};

static struct device device_of(const struct vb_queues *q, size_t first, uint8_t direction)
{
	struct device dev = { &q->list[first], 0, 0 };

	for (size_t i = first; i < q->n; i++) {
		const struct vb_queue *queue = &q->list[i];

		if (memcmp(queue->instance, dev.busy->instance, sizeof(queue->instance)) != 0)
			continue;
		dev.n_queues++;
		dev.n_packets += queue->n_packets[direction];
		if (queue->n_packets[direction] > dev.busy->n_packets[direction])
			dev.busy = queue;
	}
	return dev;
}

static bool is_first(const struct vb_queues *q, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (memcmp(q->list[k].instance, q->list[i].instance, 16) == 0)
			return false;
	return true;
}

void vb_queues_unbalanced(const struct vb_queues *q,
			  void (*each)(void *ctx, const struct vb_queue *busy, uint8_t direction,
				       size_t n_queues, uint64_t n_packets),
			  void *ctx)
{
	for (size_t i = 0; i < q->n; i++) {
		if (!is_first(q, i))
			continue;
		for (unsigned int n = 0; n < 2; n++) {
			uint8_t dir = n == 0 ? VB_TO_HOST : VB_TO_GUEST;
			struct device dev = device_of(q, i, dir);

			if (dev.n_queues >= 2 && dev.n_packets >= VB_QUEUES_ENOUGH &&
			    dev.busy->n_packets[dir] * 100 > dev.n_packets * VB_QUEUES_MOST)
				each(ctx, dev.busy, dir, dev.n_queues, dev.n_packets);
		}
	}
}
