/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of pages: long ones, several at once, and those that are refused.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/loop/guest.h"

static struct loop loop;
static struct guest guest;

static void setup(void)
{
	struct loop_options opt = { .n_vps = 1 };

	guest_start(&guest, &loop, &opt);
	guest_connect(&guest, VB_VMBUS_5_3);
}

static void teardown(void)
{
	loop_done(&loop);
}

static void trouble_says(const char *what)
{
	cr_assert(strstr(loop.trouble, what), "'%s' lacks '%s'", loop.trouble, what);
}

TestSuite(host_gpadl, .init = setup, .fini = teardown);

Test(host_gpadl, gpadls_of_every_length)
{
	static const uint32_t lengths[] = { 1, 25, 26, 27, 54, 55, 1000 };
	uint64_t pfns[1000];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (uint32_t j = 0; j < lengths[i]; j++)
			pfns[j] = 100 + j;
		guest_make_gpadl(&guest, 1, pfns, lengths[i]);
	}
	cr_assert_eq(loop.n_troubles, 0, "%s", loop.trouble);
}

Test(host_gpadl, the_largest_gpadl)
{
	static uint64_t pfns[8190]; /* its length is a u16 */

	for (uint32_t i = 0; i < 8190; i++)
		pfns[i] = i % 2000;
	guest_make_gpadl(&guest, 1, pfns, 8190);
}

static void post_header(uint32_t relid, uint32_t id, uint16_t buflen, uint16_t count, uint32_t len)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_GPADL_HEADER),
		VB_NUMBER("vmbus.gpadl_header.relid", relid),
		VB_NUMBER("vmbus.gpadl_header.gpadl", id),
		VB_NUMBER("vmbus.gpadl_header.range_buflen", buflen),
		VB_NUMBER("vmbus.gpadl_header.range_count", count),
		VB_NUMBER("vmbus.gpadl_header.range[0].byte_count", 2 * (uint64_t)VB_PAGE),
		VB_NUMBER("vmbus.gpadl_header.range[0].pfn[0]", 100),
	};

	guest_post(&guest, values, len < 28 ? 5 : len < 36 ? 6 : 7, len);
}

static void post_body(uint32_t id, uint64_t pfn)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_GPADL_BODY),
		VB_NUMBER("vmbus.gpadl_body.gpadl", id),
		VB_NUMBER("vmbus.gpadl_body.pfn[0]", pfn),
	};

	guest_post(&guest, values, 3, 24);
}

static void expect_created(uint32_t id, bool is_good)
{
	guest_expect(&guest, VB_CTL_GPADL_CREATED);
	cr_assert_eq(guest_field(&guest, "vmbus.gpadl_created.gpadl"), id);
	cr_assert_eq(guest_field(&guest, "vmbus.gpadl_created.status") == 0, is_good);
}

Test(host_gpadl, several_gpadls_are_assembled_at_once)
{
	post_header(1, 5, 24, 1, 36);
	post_header(1, 6, 24, 1, 36);
	post_header(1, 7, 24, 1, 36);
	post_body(6, 101);
	expect_created(6, true);
	post_body(5, 102);
	expect_created(5, true);
	post_body(7, 103);
	expect_created(7, true);
	cr_assert_eq(loop.n_troubles, 0, "%s", loop.trouble);
}

Test(host_gpadl, a_gpadl_of_several_ranges)
{
	uint32_t msg[16] = {
		VB_CTL_GPADL_HEADER, 0, 1, 9, 32 | 2 << 16, VB_PAGE, 0, 100, 0, 100, 8, 200, 0
	};

	cr_assert_eq(guest_post_bytes(&guest, guest.connection, msg, 52), 0);
	cr_assert_eq(loop.n_troubles, 0, "%s", loop.trouble);
	expect_created(9, true);
	/* no ring, however */
	guest_post_open(&guest, 1, 9, 0, 1);
	guest_expect(&guest, VB_CTL_OPEN_RESULT);
	cr_assert_neq(guest_field(&guest, "vmbus.open_result.status"), 0);
	/* the second range is longer than the message says */
	msg[3] = 10;
	msg[9] = 5000;
	cr_assert_eq(guest_post_bytes(&guest, guest.connection, msg, 52), 0);
	expect_created(10, false);
	trouble_says("do not add up");
}

Test(host_gpadl, gpadls_that_are_refused)
{
	post_header(2, 1, 16, 1, 36);
	expect_created(1, false);
	trouble_says("no such channel");
	post_header(1, 0, 16, 1, 36);
	expect_created(0, false);
	post_header(1, 1, 8, 1, 28);
	expect_created(1, false);
	trouble_says("its length");
	post_header(1, 1, 20, 1, 36);
	expect_created(1, false);
	post_header(1, 1, 16, 2, 36); /* a range is missing; the other one is too long as well */
	expect_created(1, false);
	trouble_says("do not add up");
	post_header(1, 1, 24, 1, 36);
	post_header(1, 1, 24, 1, 36);
	expect_created(1, false);
	trouble_says("in use");
	post_body(1, LOOP_MEMORY / VB_PAGE);
	expect_created(1, false);
	trouble_says("outside memory");
	post_body(1, 5);
	trouble_says("not being made");
	post_header(1, 1, 24, 1, 36);
	post_body(1, UINT64_C(1) << 52);
	expect_created(1, false);
	cr_assert_not(guest_take(&guest));
}

Test(host_gpadl, what_gpadls_hold_is_bounded)
{
	uint32_t id = 1;

	/* each claims 64 KiB and sends nothing of it */
	do {
		post_header(1, id++, 65528, 1, 36);
		cr_assert_lt(id, 1000);
	} while (!guest_take(&guest));
	cr_assert_eq(guest_field(&guest, "vmbus.gpadl_created.status"), 0x8000ffff);
	trouble_says("too many");
	guest_unload(&guest);
	guest_connect(&guest, VB_VMBUS_5_3);
	post_header(1, 1, 24, 1, 36);
	post_body(1, 7);
	expect_created(1, true);
}

Test(host_gpadl, tearing_down_what_is_not_there_is_answered)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_GPADL_TEARDOWN),
		VB_NUMBER("vmbus.gpadl_teardown.relid", 1),
		VB_NUMBER("vmbus.gpadl_teardown.gpadl", 77),
	};

	guest_post(&guest, values, 3, 16);
	guest_expect(&guest, VB_CTL_GPADL_TORNDOWN);
	trouble_says("which channel 1 has not");
}
