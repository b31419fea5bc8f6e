/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/outer/pace.h"

#include <string.h>

#define LEAST_UNIT_NS 2000000000ull
/* A second of a guest that boots, or is busy in earnest, takes half a unit. */
#define SLOW_UNITS 5u /* for a second */
#define TELL_UNITS 1u /* until the next time */

static void begin(struct vb_pace *p, uint64_t cpu_ns)
{
	p->unit_ns = cpu_ns > LEAST_UNIT_NS ? cpu_ns : LEAST_UNIT_NS;
	for (unsigned int i = 0; i < VB_PACE_TICKS; i++)
		p->ticks_ns[i] = cpu_ns;
}

bool vb_pace_look(struct vb_pace *p, bool ticked, uint64_t cpu_ns)
{
	if (!p->unit_ns)
		begin(p, cpu_ns);
	if (ticked) {
		memmove(p->ticks_ns + 1, p->ticks_ns, sizeof(p->ticks_ns) - sizeof(p->ticks_ns[0]));
		p->ticks_ns[0] = cpu_ns;
	}
	if (cpu_ns - p->ticks_ns[VB_PACE_TICKS - 1] < SLOW_UNITS * p->unit_ns ||
	    cpu_ns - p->told_ns < TELL_UNITS * p->unit_ns)
		return false;
	p->told_ns = cpu_ns;
	return true;
}
