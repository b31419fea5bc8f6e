/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where time comes from. Nothing in replay/ asks the machine for the time but through one of these,
 * so that tests can turn the hands.
 */
#ifndef VB_CLOCK_H
#define VB_CLOCK_H

#include <stdint.h>

struct vb_clock {
	void *ctx;
	/* Monotonic, ns; never goes back. */
	uint64_t (*mono_ns)(void *ctx);
	/* Wall clock, ns since 1970-01-01 UTC. */
	uint64_t (*wall_ns)(void *ctx);
	/*
	 * The guest's reference counter (TLFS, HV_X64_MSR_TIME_REF_COUNT) at this moment, ns: under KVM
	 * what KVM_GET_CLOCK says, since the making of the machine. NULL: the monotonic clock is as good.
	 */
	uint64_t (*reference_ns)(void *ctx);
};

static inline uint64_t vb_clock_mono(const struct vb_clock *c)
{
	return c->mono_ns(c->ctx);
}

static inline uint64_t vb_clock_wall(const struct vb_clock *c)
{
	return c->wall_ns(c->ctx);
}

static inline uint64_t vb_clock_reference(const struct vb_clock *c)
{
	return c->reference_ns ? c->reference_ns(c->ctx) : vb_clock_mono(c);
}

/* The machine's clocks. */
const struct vb_clock *vb_clock_machine(void);

#define VB_NEVER UINT64_MAX /* a deadline that does not come */

#endif
