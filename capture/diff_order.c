/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "capture/diff.h"

/* How far a record may stand from its place in the ring: writers that compete are few. */
#define WINDOW 64u

static bool is_placed(const struct vb_diff_item *it)
{
	return it->ring_pos != VB_RING_POS_UNKNOWN && it->ring_pos < it->ring_size;
}

/* Where the packet after it begins: behind its trailer. */
static uint32_t end_of(const struct vb_diff_item *it)
{
	return (uint32_t)(((uint64_t)it->ring_pos + it->wire_len + 8) % it->ring_size);
}

/* The item of [from, end) that begins at pos in a ring of that size; end: none. */
static uint32_t find_at(const struct vb_diff_items *items, uint32_t from, uint32_t end,
			uint32_t pos, uint32_t size)
{
	while (from < end &&
	       !(is_placed(&items->list[from]) && items->list[from].ring_size == size &&
		 items->list[from].ring_pos == pos))
		from++;
	return from;
}

/* Put item from where at stands; those in between move up. */
static void move(struct vb_diff_items *items, uint32_t from, uint32_t at)
{
	struct vb_diff_item it = items->list[from];

	memmove(items->list + at + 1, items->list + at, (from - at) * sizeof(it));
	items->list[at] = it;
}

/*
 * The item at is not where the one before it ended, pos. Move later ones before it when they fill
 * the ring from there to where it begins, and only then: with some lost, or the ring opened anew,
 * they do not. Returns how many.
 */
static uint32_t fill_gap(struct vb_diff_items *items, uint32_t at, uint32_t pos)
{
	const uint32_t size = items->list[at].ring_size, begin = items->list[at].ring_pos;
	uint32_t end = items->n - at > WINDOW ? at + WINDOW : items->n, n = 0, probe = pos;
	uint64_t filled = 0;

	while (probe != begin && n < WINDOW) {
		uint32_t i = find_at(items, at + 1, end, probe, size);

		if (i == end)
			return 0;
		filled += (uint64_t)items->list[i].wire_len + 8;
		if (filled > size / 2)
			return 0;
		probe = end_of(&items->list[i]);
		n++;
	}
	if (probe != begin)
		return 0;
	for (uint32_t k = 0; k < n; k++) {
		move(items, find_at(items, at + k, end, pos, size), at + k);
		pos = end_of(&items->list[at + k]);
	}
	return n;
}

uint64_t vb_diff_order(struct vb_diff_items *items)
{
	uint64_t n_moved = 0;
	uint32_t moved;

	for (uint32_t i = 1; i < items->n; i++) {
		const struct vb_diff_item *before = &items->list[i - 1], *it = &items->list[i];

		if (!is_placed(before) || !is_placed(it) || before->ring_size != it->ring_size ||
		    end_of(before) == it->ring_pos)
			continue;
		moved = fill_gap(items, i, end_of(before));
		n_moved += moved;
		i += moved;
	}
	return n_moved;
}
