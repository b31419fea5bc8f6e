/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integration services: one call at a time, and each ends exactly once: answered, not answered in
 * time, or cut off. What the guest sends meanwhile is told, not believed.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/loop/ic_bench.h"

/* Key-value pairs: nothing is sent but by command. */
static struct ic_bench *new_bench(void)
{
	struct ic_bench *b = ic_bench_new("kvp", NULL);

	ic_bench_negotiate(b, 3, 4, 0);
	cr_assert_str_eq(ic_bench_trouble(b), "");
	return b;
}

Test(ic_calls, one_at_a_time_in_order)
{
	struct ic_bench *b = new_bench();
	struct ic_request r[3];
	struct ic_wire w[3];

	ic_bench_command(b, &r[0], "delete 0 first");
	ic_bench_command(b, &r[1], "delete 1 second");
	ic_bench_command(b, &r[2], "delete 3 third");
	for (int i = 0; i < 3; i++) {
		ic_bench_take(b, &w[i]);
		ic_bench_expect_nothing(b);
		cr_expect(ic_bench_is_busy(b));
		cr_expect_eq(r[i].n_done, 0);
		ic_bench_answer(b, &w[i], 0);
		ic_expect_done(&r[i], 0, "success");
	}
	cr_expect_eq(w[0].body[1], 0);
	cr_expect_eq(w[1].body[1], 1);
	cr_expect_eq(w[2].body[1], 3);
	cr_expect_neq(w[0].id, w[1].id);
	cr_expect_neq(w[1].id, w[2].id);
	cr_expect(!ic_bench_is_busy(b));
	cr_expect_str_eq(ic_bench_trouble(b), "");
	ic_bench_free(b);
}

Test(ic_calls, an_answer_that_does_not_come)
{
	struct ic_bench *b = new_bench();
	struct ic_request late, next;
	struct ic_wire w, w2;

	ic_bench_command(b, &late, "delete 0 late");
	ic_bench_take(b, &w);
	ic_bench_command(b, &next, "delete 0 next");
	ic_bench_advance(b, 59 * S);
	cr_expect_eq(late.n_done, 0);
	ic_bench_advance(b, 1 * S);
	ic_expect_done(&late, -ETIMEDOUT, "in time");
	cr_expect_eq(next.n_done, 0, "its time begins when it is sent");

	/* the late answer is not that of the next call */
	ic_bench_take(b, &w2);
	ic_bench_answer(b, &w, 0);
	cr_expect_eq(next.n_done, 0);
	cr_expect(strstr(ic_bench_trouble(b), "too late"));
	ic_bench_answer(b, &w2, 0);
	ic_expect_done(&next, 0, NULL);
	cr_expect_eq(late.n_done, 1);
	ic_bench_free(b);
}

Test(ic_calls, the_timeout_is_a_setting)
{
	static const char *const settings[] = { "timeout=0.25", NULL };
	struct ic_bench *b = ic_bench_new("kvp", settings);
	struct ic_request r;

	ic_bench_negotiate(b, 3, 4, 0);
	ic_bench_command(b, &r, "delete 0 key");
	ic_bench_advance(b, 249 * MS);
	cr_expect_eq(r.n_done, 0);
	ic_bench_advance(b, 1 * MS);
	ic_expect_done(&r, -ETIMEDOUT, NULL);
	ic_bench_free(b);
}

/* Sends what change() makes of the answer; it must not end the call, and the fault is told. */
static void expect_ignored(void (*change)(struct ic_wire *w), const char *trouble)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;
	struct ic_wire w, wrong;
	const char *told;

	ic_bench_command(b, &r, "delete 0 key");
	ic_bench_take(b, &w);
	wrong = w;
	wrong.ic_flags = 5;
	change(&wrong);
	ic_bench_send(b, &wrong);
	cr_expect_eq(r.n_done, 0, "%s: %s", trouble, r.text);
	told = ic_bench_trouble(b);
	cr_expect(strstr(told, trouble), "'%s' instead of '%s'", told, trouble);
	ic_bench_answer(b, &w, 0);
	ic_expect_done(&r, 0, NULL);
	ic_bench_free(b);
}

static void another_type(struct ic_wire *w)
{
	w->message_type = 5;
}

static void another_transaction(struct ic_wire *w)
{
	w->id++;
}

static void no_answer(struct ic_wire *w)
{
	w->ic_flags = 3;
}

static void half_a_header(struct ic_wire *w)
{
	w->len8 = 3;
	w->pipe_len = 0;
}

static void nothing(struct ic_wire *w)
{
	w->len8 = 2;
}

static void completion(struct ic_wire *w)
{
	w->type = 11;
}

Test(ic_calls, what_is_no_answer)
{
	expect_ignored(another_type, "type 5");
	expect_ignored(another_transaction, "too late");
	expect_ignored(no_answer, "no answer");
	expect_ignored(half_a_header, "no message");
	expect_ignored(nothing, "no message");
	expect_ignored(completion, "no message");
}

Test(ic_calls, answers_nobody_asked_for_are_told_a_few_times)
{
	struct ic_bench *b = new_bench();
	struct ic_wire w = { .type = 6,
			     .offset8 = 2,
			     .len8 = 8,
			     .pipe_type = 1,
			     .pipe_len = 40,
			     .message_type = 2,
			     .size = 20,
			     .ic_flags = 5,
			     .id = 77 };
	unsigned int n_told = 0;

	for (int i = 0; i < 100; i++) {
		ic_bench_advance(b, 1 * S);
		ic_bench_send(b, &w);
		n_told += *ic_bench_trouble(b) != '\0';
	}
	cr_expect_geq(n_told, 1);
	cr_expect_leq(n_told, 10);
	ic_bench_free(b);
}

Test(ic_calls, a_channel_closed_in_the_middle)
{
	struct ic_bench *b = new_bench();
	struct ic_request sent, waits;
	struct ic_wire w;

	ic_bench_command(b, &sent, "get 0 a");
	ic_bench_command(b, &waits, "enumerate 1");
	ic_bench_take(b, &w);
	ic_bench_close(b);
	ic_expect_done(&sent, -ENOTCONN, "closed");
	ic_expect_done(&waits, -ENOTCONN, "closed");
	ic_bench_advance(b, 1000 * S);
	cr_expect_eq(sent.n_done, 1);
	ic_bench_open(b);
	ic_bench_negotiate(b, 3, 3, 0);
	ic_bench_command(b, &sent, "get 0 a");
	ic_bench_take(b, &w);
	cr_expect_eq(w.major, 3);
	ic_bench_free(b);
}

Test(ic_calls, a_channel_closed_while_versions_are_agreed)
{
	struct ic_bench *b = ic_bench_new("kvp", NULL);
	struct ic_request r;

	ic_bench_command(b, &r, "get 0 a");
	cr_expect_eq(r.n_done, 0);
	ic_bench_close(b);
	ic_expect_done(&r, -ENOTCONN, "closed");
	cr_expect_str_eq(ic_bench_trouble(b), "");
	ic_bench_free(b);
}

Test(ic_calls, a_device_rescinded_in_the_middle)
{
	struct ic_bench *b = new_bench();
	struct ic_request r, after;

	ic_bench_command(b, &r, "get 0 a");
	cr_expect_eq(r.n_done, 0);
	ic_bench_rescind(b);
	ic_expect_done(&r, -ENOTCONN, "closed");
	ic_bench_command(b, &after, "get 0 a");
	ic_expect_done(&after, -ENOTCONN, "not opened");
	ic_bench_free(b);
	cr_expect_eq(r.n_done, 1);
}

/* Calls that do not fit into the ring wait for room, and give up in time. */
Test(ic_calls, a_guest_that_does_not_read)
{
	struct ic_bench *b = new_bench();
	struct ic_request r[8];

	for (int i = 0; i < 8; i++)
		ic_bench_command(b, &r[i], "get 0 a");
	ic_bench_advance(b, 8 * 60 * S);
	for (int i = 0; i < 8; i++)
		ic_expect_done(&r[i], -ETIMEDOUT, NULL);
	cr_expect(!ic_bench_is_busy(b));
	ic_bench_free(b);
}

Test(ic_calls, a_ring_that_was_full_is_used_again)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;
	struct ic_wire w;

	/* 12 KiB: four bodies of 2580 bytes */
	for (int i = 0; i < 4; i++) {
		ic_bench_command(b, &r, "get 0 a");
		ic_bench_advance(b, 60 * S);
		ic_expect_done(&r, -ETIMEDOUT, NULL);
	}
	ic_bench_command(b, &r, "delete 0 a");
	cr_expect(ic_bench_is_busy(b));
	for (int i = 0; i < 5; i++)
		ic_bench_take(b, &w);
	cr_expect_eq(w.body[0], 2);
	ic_bench_answer(b, &w, 0);
	ic_expect_done(&r, 0, NULL);
	ic_bench_free(b);
}

Test(ic_calls, a_mark_waits_for_the_answer_and_not_for_ever)
{
	struct ic_bench *b = new_bench();
	struct ic_request call, mark;
	struct ic_wire w;

	ic_bench_command(b, &call, "get 0 a");
	ic_bench_take(b, &w);
	ic_bench_bus_command(b, &mark, "mark 1");
	ic_bench_advance(b, 30 * S);
	cr_expect_eq(mark.n_done, 0);
	ic_bench_answer(b, &w, 0);
	ic_bench_advance(b, 10 * MS);
	ic_expect_done(&mark, 0, NULL);

	ic_bench_command(b, &call, "get 0 a");
	ic_bench_take(b, &w);
	ic_bench_bus_command(b, &mark, "mark 2");
	ic_bench_advance(b, 59 * S);
	cr_expect_eq(mark.n_done, 0);
	ic_bench_advance(b, 2 * S);
	ic_expect_done(&call, -ETIMEDOUT, NULL);
	ic_expect_done(&mark, 0, NULL);
	ic_bench_free(b);
}

Test(ic_calls, wrong_words_say_how_they_should_be)
{
	struct ic_bench *b = new_bench();
	static const char *const lines[] = {
		"get",
		"get 0",
		"get x key",
		"get 256 key",
		"set 0 key",
		"set 0 k v t",
		"set 0 k v u32",
		"set 0 k 4294967296 u32",
		"delete 0",
		"enumerate",
		"enumerate 0 many",
		"burst",
		"burst 0",
		"burst -1",
		"get-ip",
		"set-ip a b c d",
		"get 0 \xff\xfe",
		"set 0 k \xc3 sz",
	};
	struct ic_request r;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		ic_bench_command(b, &r, lines[i]);
		ic_expect_done(&r, -EINVAL, ":");
	}
	ic_bench_expect_nothing(b);
	ic_bench_free(b);
}

/* Every setting of every service: its default is right, nonsense is refused. */
Test(ic_calls, settings_are_checked)
{
	static const char *const wrong[] = {
		"heartbeat",
		"period=-1",
		"heartbeat",
		"period=0.0000001",
		"heartbeat",
		"body=7",
		"heartbeat",
		"versions=3",
		"heartbeat",
		"versions=",
		"heartbeat",
		"versions=3.0,",
		"heartbeat",
		"versions=3.0;1.0",
		"heartbeat",
		"versions=65536.0",
		"heartbeat",
		"framework=3.0.1",
		"timesync",
		"offset=1e3",
		"timesync",
		"sample=5s",
		"timesync",
		"sync-at-open=2",
		"timesync",
		"leap=256",
		"shutdown",
		"reason=0x100000000",
		"shutdown",
		"text=\xff",
		"kvp",
		"timeout=",
		"vss",
		"freeze-timeout=1.",
		"fcopy",
		"progress=x",
		"kvp",
		"versions=1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0",
	};
	struct vb_err err;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i += 2) {
		const char *const settings[] = { wrong[i + 1], NULL };

		cr_expect_eq(ic_bench_try_settings(wrong[i], settings, &err), -EINVAL, "%s %s",
			     wrong[i], wrong[i + 1]);
		cr_expect_eq(ic_bench_try_settings(wrong[i], NULL, &err), 0);
	}
}
