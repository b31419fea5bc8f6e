/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parts.h"

#include "walk.h"

static struct vb_joined *place_of(struct vb_parts *p, const struct vb_request_key *k)
{
	return &p->list[(k->value[0] ^ k->value[1] * 31) % VB_N_PARTS];
}

/* A part has no channel of its own: the id alone says what it continues. */
static struct vb_request_key key_of(const struct vb_layer *l, uint32_t epoch, uint32_t number)
{
	return (struct vb_request_key){
		.proto = l->proto,
		.number = number,
		.epoch = epoch,
		.value = { vb_layer_slot(l, VB_S_ID) },
	};
}

static uint64_t part_bytes(const struct vb_layer *l)
{
	return l->len > l->msg->parts_at ? l->len - l->msg->parts_at : 0;
}

static void learn_first(struct vb_parts *p, uint32_t epoch, const struct vb_frame *f,
			const struct vb_layer *l, struct vb_link *link)
{
	uint64_t total = vb_layer_slot(l, l->msg->total);
	struct vb_request_key k = key_of(l, epoch, l->msg->number);

	if (part_bytes(l) >= total)
		return; /* all in one */
	*place_of(p, &k) = (struct vb_joined){ .key = k,
					       .used = true,
					       .first = f->number,
					       .total = total,
					       .joined = part_bytes(l),
					       .n_parts = 1 };
	link->part = 1;
	link->joined = part_bytes(l);
	link->total = total;
}

static void learn_further(struct vb_parts *p, uint32_t epoch, const struct vb_layer *l,
			  struct vb_link *link)
{
	struct vb_request_key k = key_of(l, epoch, l->msg->continues);
	struct vb_joined *j = place_of(p, &k);

	if (!j->used || !vb_request_key_equal(&j->key, &k))
		return;
	j->joined += part_bytes(l);
	link->part_of = j->first;
	link->part = ++j->n_parts;
	link->joined = j->joined;
	link->total = j->total;
	link->complete = j->joined >= j->total;
	if (link->complete)
		j->used = false;
}

void vb_parts_learn(struct vb_parts *p, uint32_t epoch, const struct vb_frame *f,
		    const struct vb_layer *l, struct vb_link *link)
{
	if (l->msg->total)
		learn_first(p, epoch, f, l, link);
	if (l->msg->continues)
		learn_further(p, epoch, l, link);
}
