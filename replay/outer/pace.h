/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where time is a number of instructions, a guest that spins with PAUSE brings it to a near stop: the
 * emulator leaves its loop at each. Deadlines of the inner machine's time are then too far away. What
 * the emulator works for a second of that time is the same on a busy machine and an idle one, and
 * what a slow machine makes of it shows at the start.
 */
#ifndef VB_OUTER_PACE_H
#define VB_OUTER_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define VB_PACE_TICKS 5u /* of the inner machine, in a second of its time */

struct vb_pace {
	uint64_t unit_ns; /* processor time from the emulator's start to the first tick */
	uint64_t told_ns; /* processor time when it was told last */
	uint64_t ticks_ns[VB_PACE_TICKS]; /* processor time at the last ticks, newest first */
};

/*
 * Call often, from the first tick on. ticked: another tick came; cpu_ns: processor time of the
 * emulator so far. True: the inner machine is to be told now that its time hardly goes on.
 */
bool vb_pace_look(struct vb_pace *p, bool ticked, uint64_t cpu_ns);

#endif
