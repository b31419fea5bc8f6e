/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Durations in bounded memory: count, least, mean and greatest are exact, percentiles are not less
 * than the true value and at most 1 in 128 above it.
 */
#ifndef VB_MEASURE_H
#define VB_MEASURE_H

#include <stddef.h>
#include <stdint.h>

/* Values below 2 * VB_MEASURE_STEPS have a place each; above, every octave has so many. */
#define VB_MEASURE_STEPS 128u
#define VB_MEASURE_PLACES ((size_t)(64 - 7 + 1) * VB_MEASURE_STEPS)

struct vb_measure {
	uint64_t n, min_ns, max_ns;
	uint64_t sum_ns; /* stops at its greatest value */
	uint32_t *place; /* of VB_MEASURE_PLACES */
};

/* 0 or -ENOMEM. */
int vb_measure_init(struct vb_measure *m);
void vb_measure_done(struct vb_measure *m);

void vb_measure_add(struct vb_measure *m, uint64_t ns);
uint64_t vb_measure_mean(const struct vb_measure *m); /* 0 of none */
/* The least value that at least per_mille of 1000 values do not exceed; 0 of none. */
uint64_t vb_measure_percentile(const struct vb_measure *m, unsigned int per_mille);

/* What is told of a series of durations. */
struct vb_summary_ns {
	uint64_t n, min_ns, mean_ns, p50_ns, p90_ns, p99_ns, max_ns;
};
void vb_measure_summary(const struct vb_measure *m, struct vb_summary_ns *ret);

#endif
