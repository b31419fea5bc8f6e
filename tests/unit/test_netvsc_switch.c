/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network device's virtual switch: versions, shared buffers, queues, what comes out of turn.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/loop/net_bench.h"

static const uint32_t versions[] = { VB_NVSP_1, VB_NVSP_2, VB_NVSP_4,
				     VB_NVSP_5, VB_NVSP_6, VB_NVSP_6_1 };
#define N_VERSIONS (sizeof(versions) / sizeof(versions[0]))

/* ---- versions ---- */

Test(netvsc_switch, every_version_is_agreed)
{
	for (size_t i = 0; i < N_VERSIONS; i++) {
		struct net_bench *b = net_bench_new(NULL);
		struct net_packet p;

		NET_ASK(b, &p, VB_NVSP_INIT, versions[i], versions[i]);
		cr_expect_eq(p.word[0], VB_NVSP_INIT_COMPLETE);
		cr_expect_eq(p.word[1], versions[i] == VB_NVSP_1 ? VB_NVSP_1 : UINT32_MAX);
		cr_expect_eq(p.word[2], 34);
		cr_expect_eq(p.word[3], VB_NVSP_SUCCESS);
		cr_expect_str_eq(net_bench_trouble(b), "");
		net_bench_free(b);
	}
}

/* As Linux does: from the newest one on until one is taken. */
Test(netvsc_switch, a_guest_finds_the_newest_common_version)
{
	static const char *const texts[] = { "1", "2", "4", "5", "6", "6.1" };

	for (size_t i = 0; i < N_VERSIONS; i++) {
		char setting[32];
		const char *const settings[] = { setting, NULL };
		struct net_bench *b;

		snprintf(setting, sizeof(setting), "version=%s", texts[i]);
		b = net_bench_new(settings);
		for (size_t k = N_VERSIONS; k--;)
			cr_expect_eq(net_init(b, versions[k]), k <= i, "%s: %zu", texts[i], k);
		net_bench_free(b);
	}
}

Test(netvsc_switch, versions_that_do_not_exist_are_refused)
{
	static const uint32_t wrong[][2] = {
		{ 0, 0 },
		{ 0x00030000, 0x00030000 },
		{ 0x00060002, 0x00060002 },
		{ VB_NVSP_5, VB_NVSP_6 },
		{ VB_NVSP_6_1, VB_NVSP_5 },
		{ UINT32_MAX, UINT32_MAX },
	};
	struct net_bench *b = net_bench_new(NULL);
	struct net_packet p;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		NET_ASK(b, &p, VB_NVSP_INIT, wrong[i][0], wrong[i][1]);
		cr_expect_eq(p.word[0], VB_NVSP_INIT_COMPLETE);
		cr_expect_eq(p.word[3], VB_NVSP_NONE, "%zu", i);
	}
	cr_expect(net_init(b, VB_NVSP_5), "afterwards one is agreed all the same");
	net_bench_free(b);
}

Test(netvsc_switch, messages_grow_with_the_version)
{
	for (size_t i = 0; i < N_VERSIONS; i++) {
		struct net_bench *b = net_bench_new(NULL);
		struct net_packet p;

		net_bench_start(b, versions[i]);
		NET_ASK(b, &p, VB_NVSP_OID_QUERY, 0, 0x10107);
		cr_expect_eq(p.len, versions[i] == VB_NVSP_6_1 ? 40 : 32);
		cr_expect_eq(p.word[0], VB_NVSP_OID_QUERY_COMPLETE);
		cr_expect_eq(p.word[1], VB_RNDIS_NOT_SUPPORTED);
		cr_expect_eq(p.word[2], 0);
		net_bench_free(b);
	}
}

/* ---- out of turn ---- */

Test(netvsc_switch, nothing_is_agreed_before_a_version_is)
{
	static const uint32_t types[] = { VB_NVSP_RECEIVE_BUFFER, VB_NVSP_SEND_BUFFER,
					  VB_NVSP_SUBCHANNEL, VB_NVSP_SWITCH_DATA_PATH };
	struct net_bench *b = net_bench_new(NULL);
	struct net_packet p;

	guest_make_gpadl(&b->g, b->c[0].relid, b->receive, 16);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		NET_ASK(b, &p, types[i], 1, 1);
		cr_expect_neq(p.word[1], VB_NVSP_SUCCESS, "%u", types[i]);
		cr_expect(strstr(net_bench_trouble(b), "before a version is agreed"), "%u",
			  types[i]);
	}
	cr_expect(!b->n->receive.there && !b->n->send.there && !b->n->vf_path);
	cr_expect(!guest_take_offers(&b->g), "no queues either");
	net_bench_free(b);
}

Test(netvsc_switch, frames_before_a_version_are_refused)
{
	struct net_bench *b = net_bench_new(NULL);
	uint8_t message[100];
	const struct net_range r = { message, net_message(message, "frame of bytes", 14, NULL, 0),
				     0 };
	uint64_t id = net_send_ranges(b, 0, 0, NET_NO_SECTION, 0, &r, 1);

	net_expect_completion(b, 0, id, VB_NVSP_RNDIS_COMPLETE, VB_NVSP_FAILURE);
	cr_expect_eq(net_counter(b, "sent"), 0);
	cr_expect_eq(net_counter(b, "refused"), 1);
	net_bench_free(b);
}

/* An answer has no place: it is not as if nothing had been asked. */
Test(netvsc_switch, control_without_a_receive_buffer_is_refused)
{
	const uint32_t initialize[] = { 2, 24, 1, 1, 0, 0x4000 };
	const struct net_range r = { initialize, sizeof(initialize), 0 };
	struct net_bench *b = net_bench_new(NULL);
	uint64_t id;

	cr_assert(net_init(b, VB_NVSP_5));
	id = net_send_ranges(b, 0, 1, NET_NO_SECTION, 0, &r, 1);
	net_expect_completion(b, 0, id, VB_NVSP_RNDIS_COMPLETE, VB_NVSP_FAILURE);
	cr_expect(strstr(net_bench_trouble(b), "refused"));
	net_bench_free(b);
}

Test(netvsc_switch, an_unknown_message_is_told_and_answered)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	struct net_packet p;

	NET_ASK(b, &p, 120, 1, 2);
	cr_expect_eq(p.len, 0);
	cr_expect(strstr(net_bench_trouble(b), "type 120"));
	NET_TELL(b, 0, 999, 1, 2);
	cr_expect(!net_take(b, 0, &p), "who does not ask gets no answer");
	cr_expect(strstr(net_bench_trouble(b), "type 999"));
	net_bench_free(b);
}

Test(netvsc_switch, what_belongs_to_the_primary_is_not_taken_elsewhere)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	const uint32_t query[7] = { 4, 28, 9, 0x10106, 0, 20 };
	const struct net_range r = { query, sizeof(query), 0 };
	struct net_packet p;
	uint64_t id;

	net_bench_more_queues(b, 1, 4);
	NET_TELL(b, 1, VB_NVSP_INIT, VB_NVSP_5, VB_NVSP_5);
	cr_expect(strstr(net_bench_trouble(b), "queue 1"));
	cr_expect_eq(b->n->version, VB_NVSP_6_1);
	id = net_send_ranges(b, 1, 1, NET_NO_SECTION, 0, &r, 1);
	net_expect_completion(b, 1, id, VB_NVSP_RNDIS_COMPLETE, VB_NVSP_FAILURE);
	cr_expect(!net_take(b, 0, &p), "nobody answers");
	net_bench_free(b);
}

Test(netvsc_switch, short_messages_are_told)
{
	static const uint32_t types[] = { VB_NVSP_INIT, VB_NVSP_NDIS_CONFIG, VB_NVSP_RECEIVE_BUFFER,
					  VB_NVSP_SEND_BUFFER, VB_NVSP_SUBCHANNEL };
	struct net_bench *b = net_bench_new(NULL);

	cr_assert(net_init(b, VB_NVSP_6_1));
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		cr_assert_eq(guest_send(&b->c[0], 6, 0, 0, &types[i], 4), 0);
		loop_run(&b->l);
		cr_expect(strstr(net_bench_trouble(b), "lacks nvsp."), "%u", types[i]);
	}
	cr_assert_eq(guest_send(&b->c[0], 6, 0, 0, NULL, 0), 0);
	loop_run(&b->l);
	cr_expect(strstr(net_bench_trouble(b), "no RNDIS packet"));
	cr_expect_eq(b->n->version, VB_NVSP_6_1);
	net_bench_free(b);
}

/* ---- shared buffers ---- */

Test(netvsc_switch, the_receive_buffer_is_laid_out)
{
	struct net_bench *b = net_bench_new(NULL);
	struct net_packet p;
	uint32_t gpadl, part = 1514 + 256 + 36, n = 16 * VB_PAGE / part;

	cr_assert(net_init(b, VB_NVSP_5));
	gpadl = guest_make_gpadl(&b->g, b->c[0].relid, b->receive, 16);
	NET_ASK(b, &p, VB_NVSP_RECEIVE_BUFFER, gpadl, 0xcafe);
	cr_expect_eq(p.word[1], VB_NVSP_SUCCESS);
	cr_expect_eq(p.word[2], 1, "one section");
	cr_expect_eq(p.word[3], 0);
	cr_expect_eq(p.word[4], part);
	cr_expect_eq(p.word[5], n);
	cr_expect_eq(p.word[6], part * n);
	net_bench_free(b);
}

Test(netvsc_switch, parts_grow_with_the_mtu_that_makes_sense)
{
	static const uint32_t mtus[][2] = {
		{ 9014, 9014 }, { 1000, 1514 }, { 9217, 1514 }, { 0, 1514 }, { UINT32_MAX, 1514 }
	};

	for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		struct net_bench *b = net_bench_new(NULL);
		struct net_packet p;

		cr_assert(net_init(b, VB_NVSP_5));
		NET_TELL(b, 0, VB_NVSP_NDIS_CONFIG, mtus[i][0], 0, 8);
		NET_ASK(b, &p, VB_NVSP_RECEIVE_BUFFER,
			guest_make_gpadl(&b->g, b->c[0].relid, b->receive, 16), 0xcafe);
		cr_expect_eq(p.word[4], mtus[i][1] + 256 + 36, "%u", mtus[i][0]);
		net_bench_free(b);
	}
}

Test(netvsc_switch, the_send_buffer_has_sections)
{
	const char *const settings[] = { "section=4000", NULL };
	struct net_bench *b = net_bench_new(settings);
	struct net_packet p;

	cr_assert(net_init(b, VB_NVSP_5));
	NET_ASK(b, &p, VB_NVSP_SEND_BUFFER, guest_make_gpadl(&b->g, b->c[0].relid, b->send, 16), 0);
	cr_expect_eq(p.word[0], VB_NVSP_SEND_BUFFER_COMPLETE);
	cr_expect_eq(p.word[1], VB_NVSP_SUCCESS);
	cr_expect_eq(p.word[2], 4000);
	net_bench_free(b);
}

static void expect_refused(struct net_bench *b, uint32_t type, uint32_t gpadl, const char *why)
{
	struct net_packet p;

	NET_ASK(b, &p, type, gpadl, 1);
	cr_expect_eq(p.word[0], type + 1);
	cr_expect_eq(p.word[1], VB_NVSP_FAILURE);
	cr_expect_eq(p.word[2], 0, "no sections, no size");
	cr_expect(strstr(net_bench_trouble(b), why), "%s: %s", b->l.trouble, why);
}

Test(netvsc_switch, buffers_that_cannot_be_are_refused)
{
	struct net_bench *b = net_bench_new(NULL);
	uint32_t one;

	cr_assert(net_init(b, VB_NVSP_6_1));
	expect_refused(b, VB_NVSP_RECEIVE_BUFFER, 0x1234, "no room");
	expect_refused(b, VB_NVSP_SEND_BUFFER, 0x1234, "no room");
	one = guest_make_gpadl(&b->g, b->c[0].relid, b->page, 1);
	expect_refused(b, VB_NVSP_SEND_BUFFER, one, "no room"); /* shorter than a section */
	net_share(b, 16);
	expect_refused(b, VB_NVSP_RECEIVE_BUFFER, b->receive_gpadl, "there is one");
	expect_refused(b, VB_NVSP_SEND_BUFFER, b->send_gpadl, "there is one");
	cr_expect(b->n->receive.there && b->n->send.there, "the first ones stay");
	net_bench_free(b);
}

Test(netvsc_switch, revoked_buffers_can_be_replaced)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	struct net_packet p;

	NET_TELL(b, 0, VB_NVSP_REVOKE_RECEIVE_BUFFER, 0xcafe);
	NET_TELL(b, 0, VB_NVSP_REVOKE_SEND_BUFFER, 0);
	cr_expect(!b->n->receive.there && !b->n->send.there);
	NET_ASK(b, &p, VB_NVSP_REVOKE_RECEIVE_BUFFER, 0xcafe);
	cr_expect_eq(p.len, 0, "asked for, and empty");
	net_share(b, 16);
	cr_expect_str_eq(net_bench_trouble(b), "");
	net_bench_free(b);
}

/* ---- queues ---- */

static size_t count_offers(struct net_bench *b)
{
	size_t before = b->g.n_offers;

	while (guest_take_offers(&b->g))
		continue;
	return b->g.n_offers - before;
}

Test(netvsc_switch, queues_are_offered_up_to_the_limit)
{
	const char *const settings[] = { "queues=4", NULL };
	struct net_bench *b = net_bench_started(settings, VB_NVSP_5);
	struct net_packet p;

	NET_ASK(b, &p, VB_NVSP_SUBCHANNEL, 1, 2);
	cr_expect_eq(p.word[0], VB_NVSP_SUBCHANNEL);
	cr_expect_eq(p.word[1], VB_NVSP_SUCCESS);
	cr_expect_eq(p.word[2], 2);
	cr_expect_eq(count_offers(b), 2);
	NET_ASK(b, &p, VB_NVSP_SUBCHANNEL, 1, 60);
	cr_expect_eq(p.word[2], 1, "one is left");
	cr_expect_eq(count_offers(b), 1);
	NET_ASK(b, &p, VB_NVSP_SUBCHANNEL, 1, 1);
	cr_expect_eq(p.word[2], 0);
	cr_expect_eq(count_offers(b), 0);
	net_bench_free(b);
}

Test(netvsc_switch, other_operations_on_queues_fail)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_5);
	struct net_packet p;

	NET_ASK(b, &p, VB_NVSP_SUBCHANNEL, 2, 2);
	cr_expect_eq(p.word[1], VB_NVSP_FAILURE);
	cr_expect_eq(p.word[2], 0);
	cr_expect_eq(count_offers(b), 0);
	net_bench_free(b);
}

Test(netvsc_switch, a_reopened_adapter_begins_anew)
{
	const char *const settings[] = { "queues=2", NULL };
	struct net_bench *b = net_bench_started(settings, VB_NVSP_6_1);
	struct net_packet p;

	NET_ASK(b, &p, VB_NVSP_SUBCHANNEL, 1, 1);
	cr_expect_eq(count_offers(b), 1);
	net_bench_close(b, 0);
	cr_expect_eq(b->n->version, 0);
	while (guest_take_offers(&b->g))
		continue;
	guest_release(&b->g, guest_offer(&b->g, 0)->relid + 1);
	net_bench_open(b, 0, 8);
	net_bench_start(b, VB_NVSP_5);
	NET_ASK(b, &p, VB_NVSP_SUBCHANNEL, 1, 1);
	cr_expect_eq(p.word[2], 1, "the limit counts from the opening on");
	net_bench_free(b);
}

/* ---- data path ---- */

Test(netvsc_switch, the_data_path_is_switched_with_an_empty_answer)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	struct net_packet p;

	NET_ASK(b, &p, VB_NVSP_SWITCH_DATA_PATH, 1);
	cr_expect_eq(p.len, 0);
	cr_expect(b->n->vf_path);
	NET_ASK(b, &p, VB_NVSP_SWITCH_DATA_PATH, 0);
	cr_expect(!b->n->vf_path);
	net_bench_free(b);
}
