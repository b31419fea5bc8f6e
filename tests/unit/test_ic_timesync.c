/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time synchronisation: both layouts, what time is told and when. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/loop/ic_bench.h"

/* struct ictimesync_data, up to version 3 */
struct old_time {
	uint64_t parent, child, round_trip;
	uint8_t flags;
} __attribute__((packed));

/* struct ictimesync_ref_data, from version 4 on */
struct new_time {
	uint64_t parent, reference;
	uint8_t flags, leap, stratum, reserved[3];
} __attribute__((packed));

/* 2023-11-14T22:13:20Z, and the same in units of 100 ns since 1601 */
#define WALL (UINT64_C(1700000000) * S)
#define WALL_UNITS UINT64_C(133444736000000000)

static struct ic_bench *new_bench(const char *setting, uint16_t major)
{
	const char *const settings[] = { "leap=1", "stratum=4", setting, NULL };
	struct ic_bench *b = ic_bench_new("timesync", settings);

	ic_bench_set_wall(b, WALL);
	ic_bench_set_reference(b, 5 * S);
	ic_bench_negotiate(b, 3, major, 0);
	return b;
}

static void expect_new(struct ic_bench *b, uint64_t parent, uint64_t reference, uint8_t flags)
{
	const struct new_time *t;
	struct ic_wire w;

	ic_bench_take(b, &w);
	t = (const void *)w.body;
	cr_expect_eq(w.message_type, 4);
	cr_expect_eq(w.major, 4);
	cr_expect_eq(w.size, 24);
	cr_expect_eq(t->parent, parent, "%lu", (unsigned long)t->parent);
	cr_expect_eq(t->reference, reference);
	cr_expect_eq(t->flags, flags);
	cr_expect_eq(t->leap, 1);
	cr_expect_eq(t->stratum, 4);
	ic_bench_answer(b, &w, 0);
}

Test(ic_timesync, time_and_reference)
{
	struct ic_bench *b = new_bench(NULL, 4);

	expect_new(b, WALL_UNITS, 50000000, 1);
	ic_bench_expect_nothing(b);
	ic_bench_set_wall(b, WALL + 5 * S);
	ic_bench_set_reference(b, 10 * S + 250);
	ic_bench_advance(b, 5 * S);
	expect_new(b, WALL_UNITS + 50000000, 100000002, 2);
	cr_expect_str_eq(ic_bench_trouble(b), "");
	ic_bench_free(b);
}

static void expect_old_layout(uint16_t major)
{
	struct ic_bench *b = new_bench(NULL, major);
	const struct old_time *t;
	struct ic_wire w;

	ic_bench_take(b, &w);
	t = (const void *)w.body;
	cr_expect_eq(w.major, major);
	cr_expect_eq(w.size, 28);
	cr_expect_eq(t->parent, WALL_UNITS);
	cr_expect_eq(t->child, 0);
	cr_expect_eq(t->round_trip, 0);
	cr_expect_eq(t->flags, 1);
	ic_bench_free(b);
}

Test(ic_timesync, before_version_4_there_is_no_reference)
{
	expect_old_layout(1);
	expect_old_layout(3);
}

Test(ic_timesync, commands)
{
	struct ic_bench *b = new_bench("sync-at-open=0", 4);
	struct ic_request r;

	ic_bench_command(b, &r, "probe");
	expect_new(b, WALL_UNITS, 50000000, 0);
	ic_expect_done(&r, 0, "told 1700000000.0000000 s since 1970");
	ic_bench_command(b, &r, "sync 3600.5");
	expect_new(b, WALL_UNITS + 36005000000, 50000000, 1);
	ic_expect_done(&r, 0, "1700003600.5000000");
	ic_bench_command(b, &r, "sample");
	expect_new(b, WALL_UNITS + 36005000000, 50000000, 2);
	ic_bench_command(b, &r, "sync -1700000001");
	expect_new(b, UINT64_C(116444736000000000) - 10000000, 50000000, 1);
	ic_expect_done(&r, 0, "told -1.0000000");
	ic_bench_command(b, &r, "sync soon");
	ic_expect_done(&r, -EINVAL, "OFFSET_S");
	ic_bench_command(b, &r, "sync -9000000001");
	ic_expect_done(&r, -EINVAL, NULL);
	ic_bench_free(b);
}

Test(ic_timesync, offset_and_period_are_settings)
{
	struct ic_bench *b = new_bench("offset=-10", 4);

	expect_new(b, WALL_UNITS - 100000000, 50000000, 1);
	ic_bench_free(b);
	b = new_bench("sample=0.5", 4);
	expect_new(b, WALL_UNITS, 50000000, 1);
	for (int i = 0; i < 3; i++) {
		ic_bench_advance(b, 499 * MS);
		ic_bench_expect_nothing(b);
		ic_bench_advance(b, 1 * MS);
		expect_new(b, WALL_UNITS, 50000000, 2);
	}
	ic_bench_free(b);
}

Test(ic_timesync, a_time_that_is_not_taken_is_told)
{
	struct ic_bench *b = new_bench(NULL, 4);
	struct ic_wire w;

	ic_bench_take(b, &w);
	ic_bench_answer(b, &w, 0x80004005);
	cr_expect(strstr(ic_bench_trouble(b), "0x80004005"));
	ic_bench_advance(b, 5 * S);
	ic_bench_take(b, &w);
	/* one sample at a time */
	ic_bench_advance(b, 29 * S);
	ic_bench_expect_nothing(b);
	cr_expect_str_eq(ic_bench_trouble(b), "");
	ic_bench_advance(b, 1 * S);
	cr_expect(strstr(ic_bench_trouble(b), "not taken"));
	ic_bench_advance(b, 5 * S);
	ic_bench_take(b, &w);
	ic_bench_close(b);
	cr_expect_str_eq(ic_bench_trouble(b), "");
	ic_bench_free(b);
}
