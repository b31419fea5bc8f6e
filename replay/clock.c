/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's clocks. */
#include <time.h>

#include "replay/clock.h"

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t mono_ns(void *ctx)
{
	(void)ctx;
	return read_clock(CLOCK_MONOTONIC);
}

static uint64_t wall_ns(void *ctx)
{
	(void)ctx;
	return read_clock(CLOCK_REALTIME);
}

const struct vb_clock *vb_clock_machine(void)
{
	static const struct vb_clock machine = { .mono_ns = mono_ns, .wall_ns = wall_ns };

	return &machine;
}
