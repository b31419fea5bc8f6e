/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Backups: check, freeze, thaw, and all of it in one. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/loop/ic_bench.h"

enum { CHECK = 2, FREEZE = 5, THAW = 6 };

/* struct hv_vss_msg, and what Linux answers to a check */
struct vss {
	uint8_t operation, reserved[7];
	uint32_t flags;
} __attribute__((packed));

static struct vss *vss_of(struct ic_wire *w)
{
	return (void *)w->body;
}

static struct ic_bench *new_bench(void)
{
	struct ic_bench *b = ic_bench_new("vss", NULL);

	ic_bench_negotiate(b, 3, 5, 0);
	return b;
}

static void answer(struct ic_bench *b, uint8_t operation, uint32_t status)
{
	struct ic_wire w;

	ic_bench_take(b, &w);
	cr_expect_eq(w.message_type, 5);
	cr_expect_eq(vss_of(&w)->operation, operation, "%u", vss_of(&w)->operation);
	cr_expect_geq(w.size, 12, "Linux: struct hv_vss_msg");
	cr_expect_eq(w.size, operation == FREEZE ? 6260 : 12);
	if (operation == CHECK)
		vss_of(&w)->flags = 5;
	ic_bench_answer(b, &w, status);
}

Test(ic_vss, single_operations)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;

	ic_bench_command(b, &r, "check");
	answer(b, CHECK, 0);
	ic_expect_done(&r, 0, "(success), flags 0x5");
	ic_bench_command(b, &r, "freeze");
	answer(b, FREEZE, 0);
	ic_expect_done(&r, 0, NULL);
	ic_bench_command(b, &r, "status");
	ic_expect_done(&r, 0, "frozen; frozen 1 times, thawed 0 times");
	ic_bench_command(b, &r, "thaw");
	answer(b, THAW, 0);
	ic_expect_done(&r, 0, NULL);
	ic_bench_command(b, &r, "freeze");
	answer(b, FREEZE, 0x80004005);
	ic_expect_done(&r, -EREMOTEIO, "failure");
	ic_bench_command(b, &r, "status");
	ic_expect_done(&r, 0, "not frozen; frozen 1 times, thawed 1 times");
	ic_bench_free(b);
}

Test(ic_vss, freezing_may_take_long)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;

	ic_bench_command(b, &r, "freeze");
	ic_bench_advance(b, 929 * S);
	cr_expect_eq(r.n_done, 0);
	answer(b, FREEZE, 0);
	ic_expect_done(&r, 0, NULL);
	ic_bench_command(b, &r, "freeze");
	ic_bench_advance(b, 930 * S);
	ic_expect_done(&r, -ETIMEDOUT, NULL);
	ic_bench_command(b, &r, "thaw");
	ic_bench_advance(b, 60 * S);
	ic_expect_done(&r, -ETIMEDOUT, NULL);
	ic_bench_free(b);
}

Test(ic_vss, backup)
{
	struct ic_bench *b = new_bench();
	struct ic_request r, second;

	ic_bench_command(b, &r, "backup 2.5");
	ic_bench_command(b, &second, "backup");
	ic_expect_done(&second, -EBUSY, NULL);
	answer(b, CHECK, 0);
	ic_bench_advance(b, 1 * S);
	answer(b, FREEZE, 0);
	ic_bench_expect_nothing(b);
	ic_bench_advance(b, 2499 * MS);
	ic_bench_expect_nothing(b);
	ic_bench_advance(b, 1 * MS);
	ic_bench_advance(b, 10 * MS);
	cr_expect_eq(r.n_done, 0);
	answer(b, THAW, 0);
	ic_expect_done(&r, 0, "frozen for 2510000000 ns");
	ic_bench_command(b, &r, "backup");
	ic_bench_close(b);
	ic_expect_done(&r, -ENOTCONN, "check: the channel was closed");
	ic_bench_free(b);
}

Test(ic_vss, a_backup_that_fails)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;

	ic_bench_command(b, &r, "backup");
	answer(b, CHECK, 0x80004005);
	ic_expect_done(&r, -EREMOTEIO, "check: the guest answered 0x80004005");
	ic_bench_expect_nothing(b);

	/* what may be frozen is thawed */
	ic_bench_command(b, &r, "backup");
	answer(b, CHECK, 0);
	ic_bench_advance(b, 930 * S);
	cr_expect_eq(r.n_done, 0);
	answer(b, FREEZE, 0);
	cr_expect_eq(r.n_done, 0, "that came too late");
	answer(b, THAW, 0);
	ic_expect_done(&r, -ETIMEDOUT, "freeze: the guest did not answer in time");

	ic_bench_command(b, &r, "backup 0");
	answer(b, CHECK, 0);
	answer(b, FREEZE, 0);
	answer(b, THAW, 0x80004005);
	ic_expect_done(&r, -EREMOTEIO, "thaw: the guest answered 0x80004005");
	ic_bench_free(b);
}

Test(ic_vss, a_channel_closed_while_the_guest_is_frozen)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;

	ic_bench_command(b, &r, "backup 100");
	answer(b, CHECK, 0);
	answer(b, FREEZE, 0);
	ic_bench_advance(b, 1 * S);
	ic_bench_rescind(b);
	ic_expect_done(&r, -ENOTCONN, "while the guest was frozen");
	ic_bench_advance(b, 1000 * S);
	cr_expect_eq(r.n_done, 1);
	ic_bench_free(b);
}

Test(ic_vss, wrong_words)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;

	ic_bench_command(b, &r, "backup soon");
	ic_expect_done(&r, -EINVAL, "HOLD_S");
	ic_bench_expect_nothing(b);
	ic_bench_free(b);
}
