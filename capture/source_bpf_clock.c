/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two clocks: BPF programs have the monotonic one only. */
#include <time.h>

#include "capture/source_bpf.h"

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t vb_clock_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t vb_clock_offset(uint64_t *ret_error_ns)
{
	uint64_t before, wall, after;
	int64_t best = 0;
	unsigned int i;

	*ret_error_ns = UINT64_MAX;
	for (i = 0; i < 8; i++) {
		before = vb_clock_ns();
		wall = read_clock(CLOCK_REALTIME);
		after = vb_clock_ns();
		if (after - before >= *ret_error_ns)
			continue;
		*ret_error_ns = after - before;
		best = (int64_t)(wall - (before + (after - before) / 2));
	}
	return best;
}
