/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host and a guest that keeps to the rules: versions, offers, channels, packets.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/loop/guest.h"

static struct loop loop;
static struct guest guest;

static void start(uint32_t max_version, uint32_t n_vps)
{
	struct loop_options opt = { .max_version = max_version, .n_vps = n_vps };
	struct vb_hdevice_config cfg;

	loop_init(&loop, &opt);
	loop_echo_config(&cfg);
	loop_add(&loop, &cfg);
	guest_init(&guest, &loop, n_vps);
}

static struct loop_echo_state *echo(void)
{
	return vb_hdevice_state(vb_host_find(loop.host, "echo"));
}

static void setup(void)
{
	start(0, 2);
}

static void teardown(void)
{
	loop_done(&loop);
}

TestSuite(host, .init = setup, .fini = teardown);

Test(host, connects_with_every_version)
{
	static const uint32_t versions[] = { VB_VMBUS_2_4, VB_VMBUS_3_0, VB_VMBUS_4_0,
					     VB_VMBUS_4_1, VB_VMBUS_5_0, VB_VMBUS_5_1,
					     VB_VMBUS_5_2, VB_VMBUS_5_3, VB_VMBUS_6_0 };

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		cr_assert(guest_contact(&guest, versions[i]));
		cr_assert_eq(loop.connected, versions[i]);
		cr_assert_eq(guest_request_offers(&guest), 1);
		guest_unload(&guest);
		cr_assert_eq(loop.connected, 0);
	}
	cr_assert_eq(loop.n_troubles, 0, "%s", loop.trouble);
}

Test(host, answers_a_packet)
{
	struct guest_channel c;
	struct guest_packet p;

	guest_connect(&guest, VB_VMBUS_5_3);
	guest_open(&guest, &c, guest_offer(&guest, 0)->relid, 4, 0);
	cr_assert_eq(guest_send(&c, 6, 1, 0x1234, "question", 8), 0);
	cr_assert_eq(c.n_signals, 1);
	loop_run(&loop);
	cr_assert_eq(guest_drain(&c, &p), 1);
	cr_assert_eq(p.type, 11);
	cr_assert_eq(p.trans_id, 0x1234);
	cr_assert_eq(p.payload_len, 8);
	cr_assert_arr_eq(p.payload, "question", 8);
	guest_close(&c, false);
	cr_assert_eq(echo()->n_opened, 1);
	cr_assert_eq(echo()->n_closed, 1);
	cr_assert_eq(loop.n_troubles, 0, "%s", loop.trouble);
}
