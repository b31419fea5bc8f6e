/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the inner machine is told that its time hardly goes on. */
#include <criterion/criterion.h>

#include "replay/outer/pace.h"

#define S 1000000000ull

/* n ticks, each of them after so much work; how often the machine was told. */
static unsigned int run(struct vb_pace *p, uint64_t *cpu_ns, unsigned int n, uint64_t work_ns)
{
	unsigned int told = 0;

	for (unsigned int i = 0; i < n; i++) {
		for (unsigned int k = 0; k < 100; k++)
			told += vb_pace_look(p, k == 0, *cpu_ns += work_ns / 100);
	}
	return told;
}

/* Two units for a second of the guest, and four: more work than any guest makes, and all is well. */
Test(outer_pace, busy)
{
	struct vb_pace p = { 0 };
	uint64_t cpu_ns = 4 * S;

	cr_assert_not(vb_pace_look(&p, true, cpu_ns));
	cr_assert_eq(run(&p, &cpu_ns, 1000, 8 * S / 5), 0u);
	cr_assert_eq(run(&p, &cpu_ns, 1000, 16 * S / 5), 0u);
}

/* Ten units for a second: told again and again, but not at once. */
Test(outer_pace, crawls)
{
	struct vb_pace p = { 0 };
	uint64_t cpu_ns = 4 * S;

	cr_assert_not(vb_pace_look(&p, true, cpu_ns));
	cr_assert_eq(run(&p, &cpu_ns, 2, 40 * S / 5), 0u);
	cr_assert_eq(run(&p, &cpu_ns, 11, 40 * S / 5), 22u);
}

/* No tick any more. */
Test(outer_pace, stands_still)
{
	struct vb_pace p = { 0 };
	uint64_t cpu_ns = 4 * S;
	unsigned int told = 0;

	cr_assert_not(vb_pace_look(&p, true, cpu_ns));
	for (unsigned int i = 1; i <= 60; i++) {
		bool now = vb_pace_look(&p, false, cpu_ns + i * S);

		cr_assert(!now || i >= 20, "after %u s", i);
		told += now;
	}
	cr_assert_eq(told, 11u, "%u", told);
}

/* The unit of a fast machine is not as small as chance makes it. */
Test(outer_pace, fast_machine)
{
	struct vb_pace p = { 0 };

	cr_assert_not(vb_pace_look(&p, true, S / 10));
	cr_assert_not(vb_pace_look(&p, false, 9 * S));
	cr_assert(vb_pace_look(&p, false, 11 * S));
}
