/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/measure.h"

#include <errno.h>
#include <stdlib.h>

#define STEP_BITS 7

_Static_assert(1u << STEP_BITS == VB_MEASURE_STEPS, "steps of an octave");

int vb_measure_init(struct vb_measure *m)
{
	*m = (struct vb_measure){ .place = calloc(VB_MEASURE_PLACES, sizeof(*m->place)) };
	return m->place ? 0 : -ENOMEM;
}

void vb_measure_done(struct vb_measure *m)
{
	free(m->place);
	*m = (struct vb_measure){ 0 };
}

/* How far a value is shifted so that STEP_BITS + 1 bits of it remain. */
static unsigned int shift_of(uint64_t ns)
{
	unsigned int bits = ns ? 64 - (unsigned int)__builtin_clzll(ns) : 0;

	return bits > STEP_BITS + 1 ? bits - STEP_BITS - 1 : 0;
}

static unsigned int place_of(uint64_t ns)
{
	unsigned int shift = shift_of(ns);

	return shift * VB_MEASURE_STEPS + (unsigned int)(ns >> shift);
}

/* The greatest value of a place. */
static uint64_t value_of(unsigned int place)
{
	unsigned int shift = place < 2 * VB_MEASURE_STEPS ? 0 : place / VB_MEASURE_STEPS - 1;
	uint64_t top = place - shift * VB_MEASURE_STEPS;

	return (top << shift) + ((UINT64_C(1) << shift) - 1);
}

void vb_measure_add(struct vb_measure *m, uint64_t ns)
{
	uint32_t *place = &m->place[place_of(ns)];

	if (!m->n || ns < m->min_ns)
		m->min_ns = ns;
	if (ns > m->max_ns)
		m->max_ns = ns;
	m->n++;
	if (__builtin_add_overflow(m->sum_ns, ns, &m->sum_ns))
		m->sum_ns = UINT64_MAX;
	if (*place < UINT32_MAX)
		(*place)++;
}

uint64_t vb_measure_mean(const struct vb_measure *m)
{
	return m->n ? m->sum_ns / m->n : 0;
}

uint64_t vb_measure_percentile(const struct vb_measure *m, unsigned int per_mille)
{
	uint64_t wanted = m->n / 1000 * per_mille + (m->n % 1000 * per_mille + 999) / 1000;
	uint64_t seen = 0, value;

	if (!m->n)
		return 0;
	for (size_t i = 0; i < VB_MEASURE_PLACES; i++) {
		seen += m->place[i];
		if (!m->place[i] || seen < wanted)
			continue;
		value = value_of((unsigned int)i);
		return value < m->max_ns ? value : m->max_ns;
	}
	return m->max_ns;
}

void vb_measure_summary(const struct vb_measure *m, struct vb_summary_ns *ret)
{
	*ret = (struct vb_summary_ns){
		.n = m->n,
		.min_ns = m->min_ns,
		.mean_ns = vb_measure_mean(m),
		.p50_ns = vb_measure_percentile(m, 500),
		.p90_ns = vb_measure_percentile(m, 900),
		.p99_ns = vb_measure_percentile(m, 990),
		.max_ns = m->max_ns,
	};
}
