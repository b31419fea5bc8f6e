/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to shut down: flags, texts, and what the guest says to them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/loop/ic_bench.h"

/* struct shutdown_msg_data */
struct shutdown {
	uint32_t reason, timeout, flags;
	uint8_t text[2048];
} __attribute__((packed));

static struct shutdown *shutdown_of(struct ic_wire *w)
{
	return (void *)w->body;
}

static void expect_flags(const char *setting, const char *command, uint32_t flags)
{
	const char *const settings[] = { setting, NULL };
	struct ic_bench *b = ic_bench_new("shutdown", settings);
	struct ic_request r;
	struct ic_wire w;

	ic_bench_negotiate(b, 3, 3, 2);
	ic_bench_command(b, &r, command);
	ic_bench_take(b, &w);
	cr_expect_eq(w.message_type, 3);
	cr_expect_eq(w.size, sizeof(struct shutdown));
	cr_expect_eq(shutdown_of(&w)->flags, flags, "%s", command);
	cr_expect_eq(shutdown_of(&w)->reason, 0x80000000);
	cr_expect_eq(shutdown_of(&w)->timeout, 60);
	ic_bench_answer(b, &w, 0);
	ic_expect_done(&r, 0, "0x00000000 (success)");
	ic_bench_free(b);
}

Test(ic_shutdown, commands_have_their_flags)
{
	expect_flags(NULL, "poweroff", 0);
	expect_flags(NULL, "reboot", 2);
	expect_flags(NULL, "hibernate", 4);
	expect_flags("flags=1", "poweroff", 1);
	expect_flags("flags=1", "reboot", 3);
	expect_flags("flags=1", "request 8", 8);
	expect_flags(NULL, "request 0xffffffff", 0xffffffff);
}

Test(ic_shutdown, settings_are_sent)
{
	static const char *const settings[] = { "reason=7", "guest-timeout=90", "text=bye \xc3\xa9",
						NULL };
	struct ic_bench *b = ic_bench_new("shutdown", settings);
	struct ic_request r;
	struct ic_wire w;

	ic_bench_negotiate(b, 1, 1, 0);
	ic_bench_command(b, &r, "poweroff");
	ic_bench_take(b, &w);
	cr_expect_eq(shutdown_of(&w)->reason, 7);
	cr_expect_eq(shutdown_of(&w)->timeout, 90);
	cr_expect_arr_eq(shutdown_of(&w)->text, "b\0y\0e\0 \0\xe9\0\0\0", 12);
	ic_bench_free(b);
}

Test(ic_shutdown, a_guest_that_fails_says_so)
{
	struct ic_bench *b = ic_bench_new("shutdown", NULL);
	struct ic_request r;
	struct ic_wire w;

	ic_bench_negotiate(b, 3, 3, 1);
	ic_bench_command(b, &r, "request 6");
	ic_bench_take(b, &w);
	ic_bench_answer(b, &w, 0x80004005);
	ic_expect_done(&r, -EREMOTEIO, "0x80004005 (failure)");
	ic_bench_command(b, &r, "request 6");
	ic_bench_take(b, &w);
	ic_bench_answer(b, &w, 0x12345678);
	ic_expect_done(&r, -EREMOTEIO, "0x12345678");
	ic_bench_command(b, &r, "request");
	ic_expect_done(&r, -EINVAL, "FLAGS");
	ic_bench_command(b, &r, "poweroff");
	ic_bench_advance(b, 30 * S);
	ic_expect_done(&r, -ETIMEDOUT, NULL);
	ic_bench_free(b);
}
