/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/sequence.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/* Numbers that follow each other: those of a CPU, on the host side those of a channel. */
struct vb_lane {
	uint64_t capture;
	uint32_t number;
	bool host_side;
	uint64_t first, last; /* smallest and largest sequence number */
	uint64_t n;	      /* records; 0: the entry is free */
	uint64_t lost;	      /* told by those records */
	uint64_t lost_first;  /* told by the one with the smallest number: outside the range */
};

static bool is_same(const struct vb_lane *a, const struct vb_lane *b)
{
	return a->capture == b->capture && a->number == b->number && a->host_side == b->host_side;
}

static struct vb_lane *find(struct vb_lane *lanes, size_t cap, const struct vb_lane *key)
{
	uint64_t h = (key->capture ^ key->number ^ (uint64_t)key->host_side << 32) *
		     UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)(h >> 32) & (cap - 1);

	while (lanes[i].n > 0 && !is_same(&lanes[i], key))
		i = (i + 1) & (cap - 1);
	return &lanes[i];
}

static int grow(struct vb_sequences *s)
{
	size_t cap = s->cap ? s->cap * 2 : 64;
	struct vb_lane *bigger;

	if (s->n * 2 < s->cap)
		return 0;
	bigger = calloc(cap, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	for (size_t i = 0; i < s->cap; i++)
		if (s->lanes[i].n > 0)
			*find(bigger, cap, &s->lanes[i]) = s->lanes[i];
	free(s->lanes);
	s->lanes = bigger;
	s->cap = cap;
	return 0;
}

int vb_sequence_add(struct vb_sequences *s, const struct vb_record_header *h)
{
	bool host_side = h->flags & VB_REC_HOST_SIDE;
	struct vb_lane key = {
		.capture = h->capture,
		.number = host_side ? h->relid : h->cpu,
		.host_side = host_side,
		.first = h->seq,
		.last = h->seq,
	};
	struct vb_lane *l;
	int rc;

	if (h->seq == VB_SEQ_SYNTHESIZED)
		return 0;
	rc = grow(s);
	if (rc < 0)
		return rc;
	l = find(s->lanes, s->cap, &key);
	if (l->n == 0) {
		*l = key;
		l->lost_first = h->lost;
		s->n++;
	}
	l->n++;
	l->lost += h->lost;
	if (h->seq > l->last)
		l->last = h->seq;
	if (h->seq < l->first) {
		l->first = h->seq;
		l->lost_first = h->lost;
	}
	return 0;
}

uint64_t vb_sequence_removed(const struct vb_sequences *s)
{
	uint64_t removed = 0;

	for (size_t i = 0; i < s->cap; i++) {
		const struct vb_lane *l = &s->lanes[i];
		uint64_t known = l->n + l->lost - l->lost_first;

		if (l->n > 0 && l->last - l->first + 1 > known)
			removed += l->last - l->first + 1 - known;
	}
	return removed;
}

void vb_sequence_done(struct vb_sequences *s)
{
	free(s->lanes);
	*s = (struct vb_sequences){ 0 };
}
