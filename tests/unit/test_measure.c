/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Durations: exact where it is said so, percentiles within their bound. */
#include <criterion/criterion.h>

#include "replay/measure.h"

static void begin(struct vb_measure *m)
{
	cr_assert_eq(vb_measure_init(m), 0);
}

Test(measure, none)
{
	struct vb_measure m;

	begin(&m);
	cr_expect_eq(vb_measure_mean(&m), 0);
	cr_expect_eq(vb_measure_percentile(&m, 500), 0);
	vb_measure_done(&m);
}

/* Up to 255 every value has a place of its own. */
Test(measure, small_values_are_exact)
{
	struct vb_measure m;

	begin(&m);
	for (uint64_t i = 100; i >= 1; i--)
		vb_measure_add(&m, i);
	cr_expect_eq(m.n, 100);
	cr_expect_eq(m.min_ns, 1);
	cr_expect_eq(m.max_ns, 100);
	cr_expect_eq(vb_measure_mean(&m), 50);
	cr_expect_eq(vb_measure_percentile(&m, 0), 1);
	cr_expect_eq(vb_measure_percentile(&m, 500), 50);
	cr_expect_eq(vb_measure_percentile(&m, 990), 99);
	cr_expect_eq(vb_measure_percentile(&m, 991), 100);
	cr_expect_eq(vb_measure_percentile(&m, 1000), 100);
	vb_measure_done(&m);
}

/* Over the whole range: never below the true value, never more than 1/128 above it. */
Test(measure, bound_of_percentiles)
{
	struct vb_measure m;
	uint64_t v, p;

	for (v = 1; v < UINT64_MAX / 3 * 2; v += v / 3 + 1) {
		begin(&m);
		vb_measure_add(&m, v);
		vb_measure_add(&m, UINT64_MAX);
		p = vb_measure_percentile(&m, 500);
		cr_assert(p >= v && p - v <= v / 128, "%lu became %lu", v, p);
		vb_measure_done(&m);
	}
}

Test(measure, greatest_value)
{
	struct vb_summary_ns s;
	struct vb_measure m;

	begin(&m);
	vb_measure_add(&m, UINT64_MAX);
	vb_measure_add(&m, UINT64_MAX);
	vb_measure_summary(&m, &s);
	cr_expect_eq(s.n, 2);
	cr_expect_eq(s.min_ns, UINT64_MAX);
	cr_expect_eq(s.p50_ns, UINT64_MAX);
	cr_expect_eq(s.max_ns, UINT64_MAX);
	vb_measure_done(&m);
}
