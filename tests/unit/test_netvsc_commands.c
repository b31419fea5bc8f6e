/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person or a script has the network device do; its settings; how it leaves. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/loop/net_bench.h"
#include "tests/unit/manual.h"

#define S UINT64_C(1000000000)

/* The guest is told by an indication of that status, with one word or none. */
static void expect_indication(struct net_bench *b, uint32_t status, const uint32_t *word)
{
	uint32_t words[6] = { 0 };
	struct net_packet p;

	cr_assert(net_take(b, 0, &p));
	cr_assert_eq(p.n_ranges, 1);
	cr_assert_eq(net_read_range(b, &p, 0, (uint8_t *)words, sizeof(words)), word ? 24 : 20);
	cr_expect_eq(p.word[1], 1, "control");
	cr_expect_eq(words[0], 7);
	cr_expect_eq(words[1], word ? 24 : 20);
	cr_expect_eq(words[2], status, "0x%x", words[2]);
	cr_expect_eq(words[3], word ? 4 : 0);
	cr_expect_eq(words[4], word ? 12 : 0);
	if (word)
		cr_expect_eq(words[5], *word);
	net_complete(b, 0, p.trans_id);
}

static uint32_t queried(struct net_bench *b, uint32_t oid)
{
	uint32_t answer[16];

	net_query(b, oid, answer, sizeof(answer));
	return answer[6];
}

/* ---- commands ---- */

Test(netvsc_commands, link)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	struct loop_request rq;

	cr_expect_eq(net_command(b, "link down", &rq), 0);
	expect_indication(b, VB_RNDIS_DISCONNECT, NULL);
	cr_expect_eq(queried(b, 0x10114), 1);
	cr_expect_eq(net_command(b, "link up", &rq), 0);
	expect_indication(b, VB_RNDIS_CONNECT, NULL);
	cr_expect_eq(queried(b, 0x10114), 0);
	net_bench_free(b);
}

Test(netvsc_commands, speed)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	const uint32_t units = 400000u * 10000;
	struct loop_request rq;

	cr_expect_eq(net_command(b, "speed 400000", &rq), 0);
	expect_indication(b, VB_RNDIS_SPEED_CHANGE, &units);
	cr_expect_eq(queried(b, 0x10107), units);
	net_bench_free(b);
}

Test(netvsc_commands, change)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	struct loop_request rq;

	cr_expect_eq(net_command(b, "change", &rq), 0);
	expect_indication(b, VB_RNDIS_NETWORK_CHANGE, NULL);
	net_bench_free(b);
}

Test(netvsc_commands, vf)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	struct loop_request rq;
	struct net_packet p;

	cr_expect_eq(net_command(b, "vf 4660", &rq), 0);
	cr_assert(net_take(b, 0, &p));
	cr_expect_eq(p.type, 6);
	cr_expect_eq(p.word[0], VB_NVSP_VF_ASSOCIATION);
	cr_expect_eq(p.word[1], 1);
	cr_expect_eq(p.word[2], 0x1234);
	cr_expect_eq(net_command(b, "vf none", &rq), 0);
	cr_assert(net_take(b, 0, &p));
	cr_expect_eq(p.word[1], 0);
	cr_expect_eq(p.word[2], 0x1234, "which one is gone");
	net_bench_free(b);
}

/* Behind 40 bytes, whatever the version: Linux up to 6.0 looks there, later ones at the offset. */
Test(netvsc_commands, table)
{
	static const uint32_t versions[] = { VB_NVSP_5, VB_NVSP_6_1 };

	for (size_t v = 0; v < 2; v++) {
		struct net_bench *b = net_bench_new(NULL);
		struct loop_request rq;
		struct net_packet p;

		net_bench_start(b, versions[v]);
		cr_expect_eq(net_command(b, "table 3 1 2", &rq), 0);
		cr_assert(net_take(b, 0, &p));
		cr_expect_eq(p.type, 6);
		cr_assert_eq(p.len, 104);
		cr_expect_eq(p.word[0], VB_NVSP_INDIRECTION_TABLE);
		cr_expect_eq(p.word[1], 16);
		cr_expect_eq(p.word[2], 40);
		for (uint32_t i = 0; i < 16; i++)
			cr_expect_eq(p.word[10 + i], i % 3 == 0 ? 3 : i % 3, "%u", i);
		net_bench_free(b);
	}
}

Test(netvsc_commands, wrong_ones)
{
	static const char *const lines[] = {
		"link",		"link sideways", "link up now", "speed",	 "speed 0",
		"speed 400001", "speed x",	 "vf",		"vf -1",	 "vf 1 2",
		"table",	"table 64",	 "table x",	"vf 4294967296", "nonsense",
	};
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	struct loop_request rq;
	struct net_packet p;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		cr_expect_eq(net_command(b, lines[i], &rq), -EINVAL, "%s", lines[i]);
		cr_expect_neq(rq.text[0], '\0');
	}
	cr_expect(!net_take(b, 0, &p), "the guest hears of none");
	cr_expect_eq(queried(b, 0x10107), 10000 * 10000, "nor is anything changed");
	net_bench_free(b);
}

Test(netvsc_commands, they_want_an_open_adapter)
{
	static const char *const lines[] = { "link down", "speed 1000", "change", "vf 1",
					     "table 1" };
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	struct loop_request rq;

	net_bench_close(b, 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect_eq(net_command(b, lines[i], &rq), -ENOTCONN, "%s", lines[i]);
	cr_expect(b->n->link && b->n->speed == 10000, "what failed has changed nothing");
	net_bench_free(b);
}

/* ---- settings ---- */

Test(netvsc_commands, settings_that_cannot_be)
{
	static const char *const wrong[] = {
		"version=3",	   "version=6.2",	 "mac=01:00:00:00:00:00",
		"mac=1:2:3:4:5",   "mac=1:2:3:4:5:6x",	 "mtu=67",
		"mtu=9203",	   "queues=0",		 "queues=65",
		"table=0",	   "table=129",		 "section=127",
		"section=1048577", "part=1048577",	 "max-packets=0",
		"max-packets=65",  "alignment=12",	 "speed=0",
		"speed=400001",	   "checksum=yes",	 "lso=",
		"rsc=onn",	   "backlog=0",		 "backend=what",
		"address=1.2.3",   "chargen=2147483649", "nothing=1",
	};
	const struct loop_options opt = { 0 };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *const settings[] = { wrong[i], NULL };
		struct vb_hdevice_config cfg = { .model = vb_model_by_name("netvsc"),
						 .settings = settings };
		struct vb_err err;
		struct loop l;

		loop_init(&l, &opt);
		cr_expect_eq(vb_host_add(l.host, &cfg, NULL, &err), -EINVAL, "%s", wrong[i]);
		cr_expect(strstr(err.text, "netvsc"), "%s", err.text);
		loop_done(&l);
	}
}

Test(netvsc_commands, all_are_in_the_manual)
{
	manual_has_model("NETWORK DEVICE", "netvsc");
}

/* ---- leaving ---- */

Test(netvsc_commands, the_cable_is_pulled_before_the_adapter)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	struct net_packet p;

	vb_host_rescind(b->d);
	loop_run(&b->l);
	expect_indication(b, VB_RNDIS_DISCONNECT, NULL);
	cr_expect(!guest_is_rescinded(&b->g, b->c[0].relid));
	net_deliver(b, 0, 60);
	cr_expect(!net_take(b, 0, &p), "and no frames");
	loop_advance(&b->l, 2 * S);
	cr_expect(!guest_is_rescinded(&b->g, b->c[0].relid),
		  "Linux looks at the link every two seconds");
	net_send_frame(b, 0, "still a frame!", 14);
	loop_advance(&b->l, S);
	cr_expect(guest_is_rescinded(&b->g, b->c[0].relid));
	net_bench_free(b);
}

Test(netvsc_commands, what_is_under_way_is_waited_for)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	struct net_packet p;

	net_deliver(b, 0, 60);
	cr_assert(net_take(b, 0, &p));
	vb_host_rescind(b->d);
	expect_indication(b, VB_RNDIS_DISCONNECT, NULL);
	loop_advance(&b->l, 5 * S);
	cr_expect(!guest_is_rescinded(&b->g, b->c[0].relid));
	net_complete(b, 0, p.trans_id);
	loop_advance(&b->l, S / 100);
	cr_expect(guest_is_rescinded(&b->g, b->c[0].relid));
	net_bench_free(b);
}

Test(netvsc_commands, but_not_for_ever)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);

	net_deliver(b, 0, 60);
	vb_host_rescind(b->d);
	loop_advance(&b->l, VB_LEAVE_NS - 1);
	cr_expect(!guest_is_rescinded(&b->g, b->c[0].relid));
	loop_advance(&b->l, 1);
	cr_expect(guest_is_rescinded(&b->g, b->c[0].relid));
	net_bench_free(b);
}

Test(netvsc_commands, a_second_rescind_changes_nothing)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	struct net_packet p;

	vb_host_rescind(b->d);
	expect_indication(b, VB_RNDIS_DISCONNECT, NULL);
	loop_advance(&b->l, S);
	vb_host_rescind(b->d);
	cr_expect(!net_take(b, 0, &p), "the cable is pulled once");
	loop_advance(&b->l, 2 * S);
	cr_expect(guest_is_rescinded(&b->g, b->c[0].relid));
	net_bench_free(b);
}

static void a_fault(struct net_bench *b)
{
	struct vb_err err = { "" };

	cr_assert_eq(vb_host_fault(b->l.host, "netvsc:rescind=1", &err), 0, "%s", err.text);
	net_send_frame(b, 0, "frame", 5);
}

/* With packets out, and no word about the cable. */
Test(netvsc_commands, a_fault_is_abrupt)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	struct net_packet p;

	net_deliver(b, 0, 60);
	cr_assert(net_take(b, 0, &p));
	a_fault(b);
	cr_expect(guest_is_rescinded(&b->g, b->c[0].relid));
	loop_advance(&b->l, 20 * S);
	cr_expect_eq(vb_host_reoffer(b->d), 0);
	net_bench_free(b);
}

Test(netvsc_commands, a_fault_while_it_leaves)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);

	vb_host_rescind(b->d);
	expect_indication(b, VB_RNDIS_DISCONNECT, NULL);
	a_fault(b);
	cr_expect(guest_is_rescinded(&b->g, b->c[0].relid));
	loop_advance(&b->l, 20 * S);
	cr_expect_eq(vb_host_reoffer(b->d), 0);
	net_bench_free(b);
}

/* Nothing is agreed, so there is nothing to be ended. */
Test(netvsc_commands, an_idle_adapter_goes_at_once)
{
	struct net_bench *b = net_bench_new(NULL);

	vb_host_rescind(b->d);
	loop_run(&b->l);
	cr_expect(guest_is_rescinded(&b->g, b->c[0].relid));
	net_bench_free(b);
}

Test(netvsc_commands, a_closed_adapter_goes_at_once)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);

	net_bench_close(b, 0);
	vb_host_rescind(b->d);
	loop_run(&b->l);
	cr_expect(guest_is_rescinded(&b->g, b->c[0].relid));
	net_bench_free(b);
}

/* The guest takes its leave first. */
Test(netvsc_commands, a_guest_that_closes_meanwhile)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);

	vb_host_rescind(b->d);
	expect_indication(b, VB_RNDIS_DISCONNECT, NULL);
	loop_advance(&b->l, S);
	net_bench_close(b, 0);
	loop_advance(&b->l, 2 * S);
	cr_expect(guest_is_rescinded(&b->g, b->c[0].relid));
	net_bench_free(b);
}

Test(netvsc_commands, offered_again_while_it_leaves)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint32_t relid = b->c[0].relid;

	vb_host_rescind(b->d);
	expect_indication(b, VB_RNDIS_DISCONNECT, NULL);
	cr_expect_eq(vb_host_reoffer(b->d), 0);
	cr_expect_eq(vb_host_reoffer(b->d), -EALREADY);
	loop_advance(&b->l, 3 * S);
	cr_expect(guest_is_rescinded(&b->g, b->c[0].relid));
	guest_close(&b->c[0], true);
	b->is_open[0] = false;
	guest_release(&b->g, relid);
	loop_run(&b->l);
	while (guest_take_offers(&b->g))
		continue;
	net_bench_open(b, 0, 8);
	net_bench_start(b, VB_NVSP_6_1);
	net_deliver(b, 0, 60);
	cr_expect_eq(net_counter(b, "received"), 1, "frames come again");
	net_bench_free(b);
}

/* A guest that unloads in between: nothing is left over for the next one. */
Test(netvsc_commands, a_guest_that_unloads_meanwhile)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);

	vb_host_rescind(b->d);
	expect_indication(b, VB_RNDIS_DISCONNECT, NULL);
	guest_unmap(&b->c[0]);
	b->is_open[0] = false;
	guest_unload(&b->g);
	loop_advance(&b->l, 20 * S);
	guest_connect(&b->g, VB_VMBUS_5_3);
	cr_expect_eq(b->g.n_offers, 0, "it stays away");
	cr_expect_eq(vb_host_reoffer(b->d), 0);
	loop_run(&b->l);
	cr_expect(guest_take_offers(&b->g));
	net_bench_free(b);
}

/* ---- marks ---- */

static void marked(void *ctx)
{
	*(bool *)ctx = true;
}

Test(netvsc_commands, a_mark_waits_for_packets_that_are_out)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	bool is_done = false;
	struct net_packet p;

	net_deliver(b, 0, 60);
	cr_assert(net_take(b, 0, &p));
	cr_assert_eq(vb_host_mark(b->l.host, 1, marked, &is_done), 0);
	loop_advance(&b->l, S);
	cr_expect(!is_done);
	net_complete(b, 0, p.trans_id);
	loop_advance(&b->l, S);
	cr_expect(is_done);
	net_bench_free(b);
}
