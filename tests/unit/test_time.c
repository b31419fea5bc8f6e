/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -t: how times are written.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "capture/time_text.h"

#define T UINT64_C(1767300504123456789) /* 2026-01-01T20:48:24.123456789Z */
#define NS_PER_S UINT64_C(1000000000)

static void expect(struct vb_time_text *t, uint64_t time_ns, uint64_t mono_ns, const char *text)
{
	struct vb_buf out = { 0 };

	vb_buf_str(&out, "");
	vb_time_text_add(t, &out, time_ns, mono_ns);
	cr_assert_str_eq(out.data, text);
	vb_buf_done(&out);
}

static void expect_one(enum vb_time_format format, const char *text)
{
	struct vb_time_text t = { .format = format };

	expect(&t, T, 42, text);
}

Test(time, formats)
{
	expect_one(VB_TIME_TIME, "20:48:24.123456");
	expect_one(VB_TIME_DATE, "2026-01-01 20:48:24.123456");
	expect_one(VB_TIME_ISO, "2026-01-01T20:48:24.123456789Z");
	expect_one(VB_TIME_EPOCH, "1767300504.123456789");
	expect_one(VB_TIME_DELTA, "0.000000000");
	expect_one(VB_TIME_RELATIVE, "0.000000000");
	expect_one(VB_TIME_MONO, "42");
	expect_one(VB_TIME_NONE, "");
}

Test(time, names)
{
	enum vb_time_format format;

	cr_assert_eq(vb_time_format_by_name("relative", &format), 0);
	cr_assert_eq(format, VB_TIME_RELATIVE);
	cr_assert_eq(vb_time_format_by_name("Relative", &format), -EINVAL);
	cr_assert_eq(vb_time_format_by_name("", &format), -EINVAL);
}

/* Records of several CPUs may stand in the file a little out of order. */
Test(time, delta_counts_from_the_record_shown_before)
{
	struct vb_time_text t = { .format = VB_TIME_DELTA };

	expect(&t, T, 0, "0.000000000");
	vb_time_text_see(&t, T + 5 * NS_PER_S); /* not shown */
	expect(&t, T + 1500, 0, "0.000001500");
	expect(&t, T + 500, 0, "-0.000001000");
	expect(&t, T + 61 * NS_PER_S + 500, 0, "61.000000000");
}

Test(time, relative_counts_from_the_first_record_shown_or_not)
{
	struct vb_time_text t = { .format = VB_TIME_RELATIVE };

	vb_time_text_see(&t, T);
	expect(&t, T + NS_PER_S, 0, "1.000000000");
	expect(&t, T + 3 * NS_PER_S + 1, 0, "3.000000001");
	expect(&t, T - 1, 0, "-0.000000001");
}

Test(time, the_text_of_a_second_is_kept_only_for_that_second)
{
	struct vb_time_text t = { .format = VB_TIME_DATE };

	expect(&t, 0, 0, "1970-01-01 00:00:00.000000");
	expect(&t, NS_PER_S - 1, 0, "1970-01-01 00:00:00.999999");
	expect(&t, NS_PER_S, 0, "1970-01-01 00:00:01.000000");
	expect(&t, 0, 0, "1970-01-01 00:00:00.000000");
}

Test(time, edges_of_the_calendar)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} days[] = {
		{ 951782399, "2000-02-28T23:59:59.000000000Z" },
		{ 951782400, "2000-02-29T00:00:00.000000000Z" },
		{ 951868800, "2000-03-01T00:00:00.000000000Z" },
		{ 1709164800, "2024-02-29T00:00:00.000000000Z" },
		{ 1735689599, "2024-12-31T23:59:59.000000000Z" },
		{ 4107542400, "2100-03-01T00:00:00.000000000Z" },
		{ 4107456000, "2100-02-28T00:00:00.000000000Z" },
	};

	for (size_t i = 0; i < sizeof(days) / sizeof(*days); i++) {
		struct vb_time_text t = { .format = VB_TIME_ISO };

		expect(&t, days[i].seconds * NS_PER_S, 0, days[i].text);
	}
}

Test(time, the_largest_time)
{
	struct vb_time_text iso = { .format = VB_TIME_ISO }, epoch = { .format = VB_TIME_EPOCH };
	struct vb_time_text mono = { .format = VB_TIME_MONO };

	expect(&iso, UINT64_MAX, 0, "2554-07-21T23:34:33.709551615Z");
	expect(&epoch, UINT64_MAX, 0, "18446744073.709551615");
	expect(&mono, 0, UINT64_MAX, "18446744073709551615");
}

/* Every day of some centuries, against the C library. */
Test(time, dates_are_those_of_the_c_library)
{
	for (uint64_t day = 0; day < 200000; day++) {
		time_t seconds = (time_t)(day * 86400 + day % 86400);
		struct vb_buf out = { 0 };
		char text[64];
		struct tm tm;

		gmtime_r(&seconds, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000000000Z", &tm);
		if ((uint64_t)seconds > UINT64_MAX / NS_PER_S)
			break;
		vb_time_iso(&out, (uint64_t)seconds * NS_PER_S);
		cr_assert_str_eq(out.data, text);
		vb_buf_done(&out);
	}
}
