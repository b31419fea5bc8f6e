/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The adapter: RNDIS control, objects that are queried and set. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/loop/net_bench.h"

#define ANSWER_WORDS 160u

/* ---- control ---- */

Test(netvsc_objects, initialize_is_answered)
{
	const char *const settings[] = { "max-packets=5", "alignment=4", NULL };
	struct net_bench *b = net_bench_started(settings, VB_NVSP_6_1);
	const uint32_t words[] = { 2, 24, 0x1234, 1, 0, 0x4000 };
	static const uint32_t wanted[13] = {
		0x80000002, 52, 0x1234, 0, 1, 0, 1, 0, 5, 0xefffffff, 4
	};
	uint32_t answer[ANSWER_WORDS];

	cr_assert_eq(net_control(b, words, sizeof(words), answer, sizeof(answer)), 52);
	cr_expect_eq(memcmp(answer, wanted, sizeof(wanted)), 0);
	net_bench_free(b);
}

Test(netvsc_objects, keepalive_is_answered)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	const uint32_t words[] = { 8, 12, 77 };
	uint32_t answer[ANSWER_WORDS];

	cr_assert_eq(net_control(b, words, sizeof(words), answer, sizeof(answer)), 16);
	cr_expect_eq(answer[0], 0x80000008);
	cr_expect_eq(answer[2], 77);
	cr_expect_eq(answer[3], 0);
	net_bench_free(b);
}

Test(netvsc_objects, after_halt_no_frame_comes)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	const uint32_t words[] = { 3, 12, 78 };
	struct net_packet p;

	net_control(b, words, sizeof(words), NULL, 0);
	cr_expect(!net_take(b, 0, &p), "it is completed, but has no answer");
	net_deliver(b, 0, 60);
	cr_expect(!net_take(b, 0, &p));
	cr_expect_eq(net_counter(b, "dropped_filter"), 1);
	net_bench_free(b);
}

static void expect_refused(const uint32_t *words, uint32_t len)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	const struct net_range range = { words, len, 0 };
	uint64_t id = net_send_ranges(b, 0, 1, NET_NO_SECTION, 0, &range, 1);
	struct net_packet p;

	net_expect_completion(b, 0, id, VB_NVSP_RNDIS_COMPLETE, VB_NVSP_FAILURE);
	cr_expect(!net_take(b, 0, &p), "no answer to 0x%x", words[0]);
	cr_expect_eq(b->l.n_troubles, 1);
	net_bench_free(b);
}

Test(netvsc_objects, control_that_makes_no_sense_is_refused)
{
	static const uint32_t wrong[][8] = {
		{ 6, 12 },	       /* RESET */
		{ 0x80000004, 28, 1 }, /* an answer of ours */
		{ 99, 28 },
		{ 4, 8 },			/* a query of nothing but its head */
		{ 4, 28, 1, 0x10106, 400, 20 }, /* information that is not there */
		{ 5, 28, 1, 0x1010e, 4, 4000 },
		{ 5, 28, 1, 0x1010e, 4, 4 }, /* information in its own head */
		{ 5, UINT32_MAX, 1, 0x1010e, 4, 20 },
		{ 2, 12, 1 },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_refused(wrong[i], 28);
}

/* ---- queries ---- */

static void expect_number(struct net_bench *b, uint32_t oid, uint32_t len, uint32_t value)
{
	uint32_t answer[ANSWER_WORDS] = { 0 };

	cr_expect_eq(net_query(b, oid, answer, sizeof(answer)), 24 + len, "0x%x", oid);
	cr_expect_eq(answer[3], 0, "0x%x", oid);
	cr_expect_eq(answer[4], len);
	cr_expect_eq(answer[5], 16);
	cr_expect_eq(memcmp(&answer[6], &value, len), 0, "0x%x: %u", oid, answer[6]);
}

Test(netvsc_objects, numbers)
{
	const char *const settings[] = { "speed=25000", "max-packets=3", NULL };
	struct net_bench *b = net_bench_started(settings, VB_NVSP_6_1);
	static const uint32_t wanted[][3] = {
		{ 0x10102, 4, 0 },	 { 0x10103, 4, 0 },	  { 0x10104, 4, 0 },
		{ 0x10105, 4, 1500 },	 { 0x10106, 4, 1500 },	  { 0x10107, 4, 250000000 },
		{ 0x10108, 4, 1 << 18 }, { 0x10109, 4, 1 << 18 }, { 0x1010a, 4, 1514 },
		{ 0x1010b, 4, 1514 },	 { 0x1010c, 4, 0x155d },  { 0x1010e, 4, 0xd },
		{ 0x1010f, 4, 1500 },	 { 0x10110, 2, 0x100 },	  { 0x10111, 4, 1514 },
		{ 0x10113, 4, 0x24d },	 { 0x10114, 4, 0 },	  { 0x10115, 4, 3 },
		{ 0x1010104, 4, 0 },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		expect_number(b, wanted[i][0], wanted[i][1], wanted[i][2]);
	net_bench_free(b);
}

Test(netvsc_objects, the_list_names_what_is_answered)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint32_t list[ANSWER_WORDS], answer[ANSWER_WORDS];
	uint32_t n = (net_query(b, 0x10101, list, sizeof(list)) - 24) / 4;

	cr_assert_gt(n, 10);
	for (uint32_t i = 0; i < n; i++) {
		net_query(b, list[6 + i], answer, sizeof(answer));
		cr_expect_eq(answer[3], 0, "0x%x", list[6 + i]);
	}
	net_bench_free(b);
}

Test(netvsc_objects, the_mtu_is_the_smaller_one)
{
	const char *const settings[] = { "mtu=1400", NULL };
	struct net_bench *b = net_bench_started(settings, VB_NVSP_6_1);

	expect_number(b, 0x10106, 4, 1400);
	net_bench_free(b);
}

Test(netvsc_objects, addresses_and_names)
{
	const char *const settings[] = { "mac=02:00:5e:10:20:30", NULL };
	static const uint8_t mac[6] = { 2, 0, 0x5e, 0x10, 0x20, 0x30 };
	struct net_bench *b = net_bench_started(settings, VB_NVSP_6_1);
	uint32_t answer[ANSWER_WORDS];

	for (uint32_t oid = 0x1010101; oid <= 0x1010102; oid++) {
		cr_assert_eq(net_query(b, oid, answer, sizeof(answer)), 30);
		cr_expect_eq(memcmp(&answer[6], mac, 6), 0);
	}
	cr_assert_eq(net_query(b, 0x1010d, answer, sizeof(answer)), 24 + 11);
	cr_expect_eq(memcmp(&answer[6], "vmbusreplay", 11), 0);
	cr_assert_eq(net_query(b, 0x20216, answer, sizeof(answer)), 24 + 16);
	cr_expect_eq(memcmp(&answer[6], "e\0t\0h\0e\0r\0n\0e\0t\0", 16), 0);
	net_bench_free(b);
}

/* A second adapter has an address of its own. */
Test(netvsc_objects, addresses_count_on)
{
	struct net_bench *b = net_bench_new(NULL);
	struct vb_hdevice_config cfg = { .model = vb_model_by_name("netvsc") };
	struct vb_netvsc *second = vb_hdevice_state(loop_add(&b->l, &cfg));

	cr_expect_eq(b->n->mac[5] + 1, second->mac[5]);
	cr_expect_neq(memcmp(b->n->peer_mac, second->peer_mac, 6), 0);
	cr_expect_neq(memcmp(b->n->peer_mac, b->n->mac, 6), 0, "the other end has one of its own");
	net_bench_free(b);
}

Test(netvsc_objects, what_nobody_knows_is_not_supported)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint32_t answer[ANSWER_WORDS];

	cr_assert_eq(net_query(b, 0x12345678, answer, sizeof(answer)), 24);
	cr_expect_eq(answer[3], VB_RNDIS_NOT_SUPPORTED);
	cr_expect_eq(answer[4], 0);
	cr_expect_eq(net_set(b, 0x12345678, "1234", 4), VB_RNDIS_NOT_SUPPORTED);
	net_bench_free(b);
}

/* ---- offloads ---- */

static void expect_offload(uint32_t version, uint32_t revision, uint32_t size)
{
	struct net_bench *b = net_bench_started(NULL, version);
	uint32_t answer[ANSWER_WORDS] = { 0 };
	const uint32_t *o = answer + 6;

	cr_assert_eq(net_query(b, 0xfc01020d, answer, sizeof(answer)), 24 + size);
	cr_expect_eq(o[0], (0xa7u | revision << 8 | size << 16));
	cr_expect_eq(o[1], 2, "IEEE 802.3");
	cr_expect_eq(o[2], 0x155);
	cr_expect_eq(o[6], 0x55);
	cr_expect_eq(o[20], 2);
	cr_expect_gt(o[21], 60000, "the longest large send");
	cr_expect_eq(o[22], 2);
	cr_expect_eq(o[23], 2);
	cr_expect_eq(o[26], 5);
	cr_expect_eq(o[36] & 0xffff, version >= VB_NVSP_5 ? 0x101 : 0, "coalescing");
	net_bench_free(b);
}

Test(netvsc_objects, offloads_grow_with_the_version)
{
	expect_offload(VB_NVSP_1, 1, 112);
	expect_offload(VB_NVSP_2, 1, 112);
	expect_offload(VB_NVSP_4, 2, 144);
	expect_offload(VB_NVSP_5, 3, 156);
	expect_offload(VB_NVSP_6, 3, 156);
	expect_offload(VB_NVSP_6_1, 3, 156);
}

Test(netvsc_objects, offloads_can_be_off)
{
	const char *const settings[] = { "checksum=off", "lso=off", "rsc=off", NULL };
	struct net_bench *b = net_bench_started(settings, VB_NVSP_6_1);
	uint32_t answer[ANSWER_WORDS] = { 0 };

	cr_assert_eq(net_query(b, 0xfc01020b, answer, sizeof(answer)), 24 + 156);
	for (uint32_t i = 7; i < 6 + 156 / 4; i++)
		cr_expect_eq(answer[i], 0, "word %u", i);
	net_bench_free(b);
}

/* Receive coalescing takes the setting, the guest's capability and its wish. */
Test(netvsc_objects, coalescing_wants_all_three)
{
	static const struct {
		const char *setting;
		uint32_t version;
		uint8_t wish;
		bool is_on;
	} cases[] = { { "rsc=on", VB_NVSP_6_1, 2, true },
		      { "rsc=on", VB_NVSP_6_1, 1, false },
		      { "rsc=on", VB_NVSP_6_1, 0, false },
		      { "rsc=on", VB_NVSP_5, 2, false },
		      { "rsc=off", VB_NVSP_6_1, 2, false } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const settings[] = { cases[i].setting, NULL };
		struct net_bench *b = net_bench_started(settings, cases[i].version);
		uint8_t o[28] = { 0x80, 3, 28, 0 };

		o[22] = o[23] = cases[i].wish;
		cr_expect_eq(net_set(b, 0xfc01020c, o, sizeof(o)), 0);
		cr_expect_eq(b->n->rsc_on, cases[i].is_on, "%zu", i);
		net_bench_free(b);
	}
}

/* Guests of NVSP 4 and older send 22 bytes, OpenVMM's wants but 20. */
Test(netvsc_objects, short_offload_parameters_are_taken)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_4);
	const uint8_t o[28] = { 0x80, 3, 22, 0 };

	cr_expect_eq(net_set(b, 0xfc01020c, o, 22), 0);
	cr_expect_eq(net_set(b, 0xfc01020c, o, 20), 0);
	cr_expect(!b->n->rsc_on);
	net_bench_free(b);
}

/* What is wrong with an object is between its OID and the adapter: the message is sound. */
Test(netvsc_objects, what_an_object_lacks_does_not_refuse_the_message)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	const uint32_t query[] = { 4, 31, 1, 0xfc01020d, 3, 20, 0, 0x00010380 };
	const uint32_t filter = 0x20;
	uint32_t answer[ANSWER_WORDS] = { 0 };

	cr_expect_eq(net_control(b, query, 31, answer, sizeof(answer)), 24 + 156);
	cr_expect_eq(answer[3], 0);
	cr_expect_eq(net_set(b, 0x1010e, &filter, 3), VB_RNDIS_INVALID_DATA);
	net_bench_free(b);
}

/* ---- link ---- */

Test(netvsc_objects, link_state)
{
	const char *const settings[] = { "speed=40000", NULL };
	struct net_bench *b = net_bench_started(settings, VB_NVSP_6_1);
	uint32_t answer[ANSWER_WORDS] = { 0 };
	uint64_t speeds[2];

	cr_assert_eq(net_query(b, 0x10207, answer, sizeof(answer)), 24 + 40);
	cr_expect_eq(answer[6], 0x280180);
	cr_expect_eq(answer[7], 1);
	cr_expect_eq(answer[8], 2);
	memcpy(speeds, &answer[10], 16);
	cr_expect_eq(speeds[0], 40000000000);
	cr_expect_eq(speeds[1], 40000000000);
	cr_assert_eq(net_query(b, 0x10206, answer, sizeof(answer)), 24 + 16);
	memcpy(speeds, &answer[6], 16);
	cr_expect_eq(speeds[0], 40000000000);
	cr_expect_eq(speeds[1], 40000000000);
	net_bench_free(b);
}

/* ---- sets ---- */

Test(netvsc_objects, the_filter_is_kept)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint32_t filter = 0x20;

	cr_expect_eq(net_set(b, 0x1010e, &filter, 4), 0);
	expect_number(b, 0x1010e, 4, 0x20);
	cr_expect_eq(net_set(b, 0x1010e, NULL, 0), VB_RNDIS_INVALID_DATA);
	expect_number(b, 0x1010e, 4, 0x20);
	net_bench_free(b);
}

Test(netvsc_objects, configuration_is_taken)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	const uint32_t configuration[18] = { 20, 28, 2, 48, 24 };
	const uint32_t encapsulation[7] = { 0xa8 | 1 << 8 | 28 << 16, 1, 2, 14, 1, 2, 14 };

	cr_expect_eq(net_set(b, 0x1021b, configuration, sizeof(configuration)), 0);
	cr_expect_eq(net_set(b, 0x101010a, encapsulation, sizeof(encapsulation)), 0);
	net_bench_free(b);
}

/* ---- a guest that takes no answers ---- */

/* What is asked while so many answers wait is refused: nothing grows without end. */
Test(netvsc_objects, answers_that_nobody_takes_have_a_bound)
{
	struct net_bench *b = net_bench_new(NULL);
	const uint32_t words[] = { 8, 12, 1 };
	const struct net_range range = { words, sizeof(words), 0 };
	uint32_t n_refused = 0;
	struct net_packet p;

	net_bench_start_small(b, VB_NVSP_6_1, 8);
	for (uint32_t i = 0; i < 1000; i++) {
		net_send_ranges(b, 0, 1, NET_NO_SECTION, 0, &range, 1);
		while (net_take(b, 0, &p))
			n_refused += p.type == 11 && p.word[1] == VB_NVSP_FAILURE;
	}
	cr_expect_eq(b->n->queue[0].n_control, NETVSC_MAX_CONTROL);
	cr_expect_eq(n_refused, 1000 - NETVSC_MAX_CONTROL - b->n->receive.n_parts);
	cr_expect(strstr(net_bench_trouble(b), "busy"));
	for (uint32_t i = 0; i < b->n->receive.n_parts; i++)
		net_complete(b, 0, i);
	cr_expect_eq(b->n->queue[0].n_control, NETVSC_MAX_CONTROL - b->n->receive.n_parts);
	net_bench_free(b);
}
