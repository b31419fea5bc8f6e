/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which item of one trace is which of the other, and what became of the rest. */
#include <errno.h>
#include <stdlib.h>

#include "capture/align.h"
#include "capture/diff.h"

#define SHOWN 10u /* differences of a device that are shown without --all */

struct matching {
	struct vb_diffing *d;
	const struct vb_diff_lane *lane;
	struct vb_diff_device *device;
	const struct vb_diff_item *item[2]; /* of the lane */
	uint32_t n[2];
	uint64_t *key[2];
	uint32_t *partner[2]; /* of each item of one side, in the other */
	uint32_t *place;      /* likewise, in a gap */
};

/* ---- counting ---- */

static struct vb_diff_counts *counts(const struct matching *m)
{
	return &m->device->counts[m->lane->direction];
}

/* Keep a difference that will be shown; NULL: the trace of that side has no such record. */
static int keep(struct matching *m, const struct vb_diff_item *a, const struct vb_diff_item *b)
{
	struct vb_diffing *d = m->d;

	if (m->device->n_found++ >= SHOWN && !d->opt->all)
		return 0;
	if (d->n_found == d->cap_found) {
		size_t cap = d->cap_found ? d->cap_found * 2 : 64;
		struct vb_diff_found *bigger = reallocarray(d->found, cap, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		d->found = bigger;
		d->cap_found = cap;
	}
	d->found[d->n_found++] = (struct vb_diff_found){
		.device = m->lane->device,
		.direction = m->lane->direction,
		.number = { a ? a->number : 0, b ? b->number : 0 },
	};
	m->device->n_kept++;
	return 0;
}

/* An item that only one trace has. */
static int count_single(struct matching *m, unsigned int side, uint32_t i)
{
	const struct vb_diff_item *it = &m->item[side][i];

	if (!it->wanted)
		return 0;
	m->d->input[side].n_payload += it->kept;
	if (side == 0)
		counts(m)->missing++;
	else
		counts(m)->extra++;
	return keep(m, side == 0 ? it : NULL, side == 0 ? NULL : it);
}

/* Two items in the same place: is what was captured of both the same? */
static bool is_equal(const struct vb_diff_item *a, const struct vb_diff_item *b)
{
	if (a->stub || b->stub)
		return a->wire_len == b->wire_len;
	return a->cut || b->cut ? a->key == b->key : a->full == b->full;
}

/* One that only one trace has between --from and --to stands elsewhere in the other: it is there. */
static int count_pair(struct matching *m, uint32_t i, uint32_t k)
{
	const struct vb_diff_item *a = &m->item[0][i], *b = &m->item[1][k];
	struct vb_diff_counts *c = counts(m);
	bool ignored, same;

	if (!a->wanted && !b->wanted)
		return 0;
	m->d->input[0].n_payload += a->kept;
	m->d->input[1].n_payload += b->kept;
	same = vb_diff_payload_same(m->d, a, b, c, &ignored);
	if (!same || !is_equal(a, b)) {
		c->different++;
		return keep(m, a, b);
	}
	c->equal++;
	if (a->cut || b->cut)
		c->cut++;
	else if (a->raw != b->raw || ignored)
		c->ignored++;
	if (a->wire_len != b->wire_len)
		c->padded++;
	return 0;
}

/* ---- gaps: items between equal neighbours ---- */

struct gap {
	uint32_t from[2], end[2];
};

static uint32_t gap_len(const struct gap *g, unsigned int side)
{
	return g->end[side] - g->from[side];
}

static bool same_position(const struct vb_diff_item *a, const struct vb_diff_item *b)
{
	return a->ring_pos != VB_RING_POS_UNKNOWN && a->ring_pos == b->ring_pos &&
	       a->ring_size == b->ring_size;
}

/* Are the rings of both traces at the same position beside the gap? Then positions tell places. */
static bool in_step(const struct matching *m, const struct gap *g)
{
	if (g->from[0] > 0 && g->from[1] > 0)
		return same_position(&m->item[0][g->from[0] - 1], &m->item[1][g->from[1] - 1]);
	return g->end[0] < m->n[0] && g->end[1] < m->n[1] &&
	       same_position(&m->item[0][g->end[0]], &m->item[1][g->end[1]]);
}

/* In a part of a gap whose items nothing tells apart, as many as there are on both sides match. */
static int count_rest(struct matching *m, const struct gap *g, bool by_place)
{
	uint32_t n = by_place && gap_len(g, 0) == gap_len(g, 1) ? gap_len(g, 0) : 0;
	int rc = 0;

	for (uint32_t i = 0; i < n && rc == 0; i++)
		rc = count_pair(m, g->from[0] + i, g->from[1] + i);
	for (uint32_t i = g->from[0] + n; i < g->end[0] && rc == 0; i++)
		rc = count_single(m, 0, i);
	for (uint32_t i = g->from[1] + n; i < g->end[1] && rc == 0; i++)
		rc = count_single(m, 1, i);
	return rc;
}

/* By what items of a gap are the same: the position in the ring, or the kind of packet. */
static void set_gap_keys(struct matching *m, const struct gap *g, bool positions)
{
	for (unsigned int side = 0; side < 2; side++) {
		for (uint32_t i = g->from[side]; i < g->end[side]; i++) {
			const struct vb_diff_item *it = &m->item[side][i];

			m->key[side][i] = positions ? it->ring_pos : it->shape;
			if (positions && it->ring_pos == VB_RING_POS_UNKNOWN)
				m->key[side][i] += (uint64_t)(side + 1) << 32;
		}
	}
}

static int count_gap(struct matching *m, const struct gap *g)
{
	bool positions = in_step(m, g);
	struct gap rest = *g;
	int rc;

	if (gap_len(g, 0) == 0 || gap_len(g, 1) == 0 ||
	    (!positions && gap_len(g, 0) == gap_len(g, 1)))
		return count_rest(m, g, true);
	set_gap_keys(m, g, positions);
	rc = vb_align(m->key[0] + g->from[0], gap_len(g, 0), m->key[1] + g->from[1], gap_len(g, 1),
		      m->place);
	for (uint32_t i = g->from[0]; i < g->end[0] && rc == 0; i++) {
		uint32_t k = m->place[i - g->from[0]];

		if (k == VB_ALIGN_NONE)
			continue;
		rest.end[0] = i;
		rest.end[1] = k += g->from[1];
		rc = count_rest(m, &rest, !positions);
		if (rc == 0)
			rc = count_pair(m, i, k);
		rest.from[0] = i + 1;
		rest.from[1] = k + 1;
	}
	rest.end[0] = g->end[0];
	rest.end[1] = g->end[1];
	return rc < 0 ? rc : count_rest(m, &rest, !positions);
}

/* ---- which of several equal ones ---- */

/* Equal items in a row on both sides, some without a partner on one side. */
struct run {
	unsigned int side;  /* that has more */
	uint32_t from, end; /* of that side */
	uint32_t other, other_end;
};

/* Is item i of the run's side the next of the run, its partner the next one over there? */
static bool belongs(const struct matching *m, const struct run *r, uint32_t i, uint32_t partner)
{
	uint32_t have = m->partner[r->side][i];

	return m->item[r->side][i].key == m->item[r->side][r->from].key &&
	       (have == VB_ALIGN_NONE || have == partner);
}

/* The run around item i, which has no partner; the next partners over there begin at other. */
static struct run find_run(const struct matching *m, unsigned int side, uint32_t i, uint32_t other)
{
	struct run r = { side, i, i + 1, other, other };

	while (r.from > 0 && belongs(m, &r, r.from - 1, r.other - 1)) {
		r.from--;
		r.other -= m->partner[side][r.from] != VB_ALIGN_NONE;
	}
	while (r.end < m->n[side] && belongs(m, &r, r.end, r.other_end)) {
		r.other_end += m->partner[side][r.end] != VB_ALIGN_NONE;
		r.end++;
	}
	return r;
}

/* Where in the run, from item i on, the packet of the other side is by its position; end: nowhere. */
static uint32_t find_position(const struct matching *m, const struct run *r, uint32_t i, uint32_t k)
{
	while (i < r->end && !same_position(&m->item[r->side][i], &m->item[1 - r->side][k]))
		i++;
	return i;
}

/*
 * One of a row of equal items is missing, and any could be the one: the position in the ring tells,
 * if it does so for all of them.
 */
static void settle_run(struct matching *m, const struct run *r)
{
	uint32_t i = r->from, k;

	for (k = r->other; k < r->other_end && i < r->end; k++, i++)
		i = find_position(m, r, i, k);
	if (k < r->other_end || i > r->end)
		return;
	for (i = r->from; i < r->end; i++)
		m->partner[r->side][i] = VB_ALIGN_NONE;
	for (k = r->other, i = r->from; k < r->other_end; k++, i++) {
		i = find_position(m, r, i, k);
		m->partner[r->side][i] = k;
		m->partner[1 - r->side][k] = i;
	}
}

static void settle_runs(struct matching *m, unsigned int side)
{
	uint32_t other = 0;
	struct run r;

	for (uint32_t i = 0; i < m->n[side]; i = r.end) {
		r.end = i + 1;
		if (m->partner[side][i] != VB_ALIGN_NONE) {
			other = m->partner[side][i] + 1;
			continue;
		}
		r = find_run(m, side, i, other);
		settle_run(m, &r);
		other = r.other_end;
	}
}

static void pair_backwards(struct matching *m)
{
	for (uint32_t k = 0; k < m->n[1]; k++)
		m->partner[1][k] = VB_ALIGN_NONE;
	for (uint32_t i = 0; i < m->n[0]; i++)
		if (m->partner[0][i] != VB_ALIGN_NONE)
			m->partner[1][m->partner[0][i]] = i;
}

/* ---- a lane ---- */

static int count_all(struct matching *m)
{
	struct gap g = { { 0, 0 }, { 0, 0 } };
	int rc = 0;

	for (uint32_t i = 0; i < m->n[0] && rc == 0; i++) {
		if (m->partner[0][i] == VB_ALIGN_NONE)
			continue;
		g.end[0] = i;
		g.end[1] = m->partner[0][i];
		rc = count_gap(m, &g);
		if (rc == 0)
			rc = count_pair(m, g.end[0], g.end[1]);
		g.from[0] = g.end[0] + 1;
		g.from[1] = g.end[1] + 1;
	}
	g.end[0] = m->n[0];
	g.end[1] = m->n[1];
	return rc < 0 ? rc : count_gap(m, &g);
}

static int allocate(struct matching *m)
{
	for (unsigned int side = 0; side < 2; side++) {
		size_t n = (size_t)m->n[side] + 1;

		m->key[side] = calloc(n, sizeof(uint64_t));
		m->partner[side] = calloc(n, sizeof(uint32_t));
		if (!m->key[side] || !m->partner[side])
			return -ENOMEM;
		for (uint32_t i = 0; i < m->n[side]; i++)
			m->key[side][i] = m->item[side][i].key;
	}
	m->place = calloc((size_t)m->n[0] + 1, sizeof(uint32_t));
	return m->place ? 0 : -ENOMEM;
}

int vb_diff_match(struct vb_diffing *d, const struct vb_diff_lane *lane)
{
	struct matching m = {
		.d = d,
		.lane = lane,
		.device = &d->devices[lane->device],
		.item = { lane->items[0].list, lane->items[1].list },
		.n = { lane->items[0].n, lane->items[1].n },
	};
	int rc;

	if (m.n[0] == 0 && m.n[1] == 0)
		return 0;
	rc = allocate(&m);
	if (rc == 0)
		rc = vb_align(m.key[0], m.n[0], m.key[1], m.n[1], m.partner[0]);
	if (rc == 0) {
		pair_backwards(&m);
		settle_runs(&m, 0);
		settle_runs(&m, 1);
		rc = count_all(&m);
	}
	free(m.key[0]);
	free(m.key[1]);
	free(m.partner[0]);
	free(m.partner[1]);
	free(m.place);
	return rc;
}
