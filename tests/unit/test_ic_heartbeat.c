/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heartbeat: when it beats, what it says of answers, and bursts. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/loop/ic_bench.h"

/* struct heartbeat_msg_data, and what newer hosts have in its reserved bytes */
struct heartbeat {
	uint64_t seq_num;
	uint32_t application_state;
	uint8_t reserved[28];
} __attribute__((packed));

static struct heartbeat *heartbeat_of(struct ic_wire *w)
{
	return (void *)w->body;
}

static struct ic_bench *new_bench(const char *setting)
{
	const char *const settings[] = { setting, NULL };
	struct ic_bench *b = ic_bench_new("heartbeat", settings);

	ic_bench_negotiate(b, 3, 3, 0);
	return b;
}

static void beat(struct ic_bench *b)
{
	struct ic_wire w;

	ic_bench_take(b, &w);
	cr_expect_eq(w.message_type, 1);
	heartbeat_of(&w)->seq_num++;
	ic_bench_answer(b, &w, 0);
}

Test(ic_heartbeat, beats_every_two_seconds)
{
	struct ic_bench *b = new_bench(NULL);
	struct ic_request r;
	struct ic_wire w;

	ic_bench_take(b, &w);
	cr_expect_eq(w.size, 40);
	cr_expect_eq(w.len8 * 8, IC_HEADER + 40 + 4);
	cr_expect_eq(heartbeat_of(&w)->seq_num, 0);
	heartbeat_of(&w)->seq_num = 1;
	ic_bench_answer(b, &w, 0);
	for (int i = 1; i < 5; i++) {
		ic_bench_advance(b, 1999 * MS);
		ic_bench_expect_nothing(b);
		ic_bench_advance(b, 1 * MS);
		beat(b);
	}
	cr_expect_str_eq(ic_bench_trouble(b), "");
	ic_bench_command(b, &r, "status");
	ic_expect_done(&r, 0, "5 beats sent, 5 answered, 0 missed");
	ic_expect_done(&r, 0, "version 3.0");
	ic_bench_free(b);
}

Test(ic_heartbeat, body_and_period_are_settings)
{
	struct ic_bench *b = new_bench("body=16");
	struct ic_wire w;

	ic_bench_take(b, &w);
	cr_expect_eq(w.size, 16);
	cr_expect_eq(w.pipe_len, 36);
	ic_bench_free(b);

	b = new_bench("period=0.5");
	beat(b);
	ic_bench_advance(b, 499 * MS);
	ic_bench_expect_nothing(b);
	ic_bench_advance(b, 1 * MS);
	beat(b);
	ic_bench_free(b);

	b = new_bench("period=0");
	ic_bench_advance(b, 100 * S);
	ic_bench_expect_nothing(b);
	ic_bench_free(b);
}

Test(ic_heartbeat, a_missed_beat_is_told)
{
	struct ic_bench *b = new_bench(NULL);
	struct ic_request r;
	struct ic_wire w;

	ic_bench_take(b, &w);
	ic_bench_advance(b, 2 * S);
	cr_expect(strstr(ic_bench_trouble(b), "beat 0 is missed"));
	ic_bench_expect_nothing(b);
	heartbeat_of(&w)->seq_num++;
	ic_bench_answer(b, &w, 0);
	ic_bench_advance(b, 2 * S);
	beat(b);
	ic_bench_command(b, &r, "status");
	ic_expect_done(&r, 0, "2 beats sent, 2 answered, 1 missed");

	/* and after half a minute it is given up */
	ic_bench_advance(b, 2 * S);
	ic_bench_take(b, &w);
	ic_bench_advance(b, 30 * S);
	cr_expect(!ic_bench_is_busy(b) || *ic_bench_trouble(b));
	ic_bench_take(b, &w);
	cr_expect_eq(heartbeat_of(&w)->seq_num, 3);
	ic_bench_free(b);
}

static void expect_told(uint64_t add, uint32_t state, uint32_t status, const char *trouble)
{
	struct ic_bench *b = new_bench(NULL);
	struct ic_wire w;
	const char *told;

	ic_bench_take(b, &w);
	heartbeat_of(&w)->seq_num += add;
	heartbeat_of(&w)->application_state = state;
	ic_bench_answer(b, &w, status);
	told = ic_bench_trouble(b);
	cr_expect(*trouble ? !!strstr(told, trouble) : !*told, "'%s' instead of '%s'", told,
		  trouble);
	ic_bench_free(b);
}

Test(ic_heartbeat, answers_that_are_wrong)
{
	expect_told(1, 0, 0, "");
	expect_told(1, 1, 0, "");
	expect_told(1, 2, 0, "critical");
	expect_told(1, 3, 0, "stopped");
	expect_told(0, 0, 0, "answered with 0");
	expect_told(1, 0, 0x80004005, "status 0x80004005");
}

Test(ic_heartbeat, a_short_answer)
{
	struct ic_bench *b = new_bench(NULL);
	struct ic_wire w;

	ic_bench_take(b, &w);
	w.size = 0;
	w.pipe_len = 20;
	w.len8 = (IC_HEADER + 4) / 8;
	ic_bench_answer(b, &w, 0);
	cr_expect(strstr(ic_bench_trouble(b), "too short"));
	cr_expect(!ic_bench_is_busy(b));
	ic_bench_free(b);
}

Test(ic_heartbeat, a_burst_is_measured)
{
	static const uint64_t latency[] = { 3 * MS, 1 * MS, 5 * MS };
	struct ic_bench *b = new_bench("period=0");
	struct ic_request r, second;

	ic_bench_command(b, &r, "beat 3");
	ic_bench_command(b, &second, "beat");
	ic_expect_done(&second, -EBUSY, NULL);
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(r.n_done, 0);
		ic_bench_advance(b, latency[i]);
		beat(b);
		if (i < 2)
			cr_expect(ic_bench_is_busy(b));
	}
	ic_bench_expect_nothing(b);
	ic_expect_done(&r, 0,
		       "3 of 3 answered, latency min 1000000 median 3014655 avg "
		       "3000000 max 5000000 ns");
	ic_bench_command(b, &second, "beat");
	beat(b);
	ic_expect_done(&second, 0, "1 of 1 answered");
	ic_bench_free(b);
}

Test(ic_heartbeat, a_burst_that_fails_says_how_far_it_came)
{
	struct ic_bench *b = new_bench("period=0");
	struct ic_request r;

	ic_bench_command(b, &r, "beat 3");
	beat(b);
	ic_bench_advance(b, 30 * S);
	ic_expect_done(&r, -ETIMEDOUT, "1 of 3 answered");
	ic_bench_command(b, &r, "beat 2");
	ic_bench_close(b);
	ic_expect_done(&r, -ENOTCONN, "0 of 2 answered");
	ic_bench_free(b);
}
