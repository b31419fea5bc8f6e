/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames for the guest: in parts of its receive buffer, in several when they are large, with what
 * travels beside them; and what happens when there is no room.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/loop/net_bench.h"

#define PART (1514u + 256 + 36)
#define MSS 1448u
#define HEADS 66u

static void send_parts(struct net_bench *b, uint32_t payload, uint32_t part_len)
{
	uint8_t bytes[VB_PEER_MAX_FRAME];
	struct vb_peer_frame f = net_plain(bytes, HEADS + payload);

	f.part_len = part_len;
	f.head_len = HEADS;
	vb_netvsc_send_frame(b->n, 0, &f);
}

static void send_large(struct net_bench *b, uint32_t payload)
{
	send_parts(b, payload, MSS);
}

static struct net_bench *started(const char *setting)
{
	const char *const settings[] = { setting, NULL };

	return net_bench_started(settings, VB_NVSP_6_1);
}

/* ---- one frame ---- */

Test(netvsc_receive, a_frame_arrives_as_it_is)
{
	struct net_bench *b = started(NULL);
	struct net_frame f;

	for (uint32_t len = 14; len <= 1514; len += 100) {
		net_deliver(b, 0, len);
		cr_assert(net_take_frame(b, 0, &f));
		cr_expect_eq(f.len, len);
		cr_expect_eq(f.n_infos, 0);
		for (uint32_t i = 14; i < len; i++)
			cr_assert_eq(f.bytes[i], net_pattern(i));
	}
	cr_expect_eq(net_counter(b, "received"), 16);
	cr_expect_eq(net_counter(b, "received_bytes"), 16 * (14 + 1514) / 2);
	cr_expect_eq(b->n->n_free, b->n->receive.n_parts, "all parts came back");
	net_bench_free(b);
}

Test(netvsc_receive, every_version_gets_frames)
{
	static const uint32_t versions[] = { VB_NVSP_1, VB_NVSP_2, VB_NVSP_4,
					     VB_NVSP_5, VB_NVSP_6, VB_NVSP_6_1 };

	for (size_t i = 0; i < 6; i++) {
		struct net_bench *b = net_bench_new(NULL);
		struct net_packet p;

		net_bench_start(b, versions[i]);
		net_deliver(b, 0, 60);
		cr_assert(net_take(b, 0, &p));
		cr_expect_eq(p.n_ranges, 1);
		cr_expect_eq(p.set_id, 0xcafe);
		cr_expect_eq(p.len, versions[i] == VB_NVSP_6_1 ? 40 : 32);
		net_bench_free(b);
	}
}

/* DPDK looks the packet up by its id: it must be less than the number of parts. */
Test(netvsc_receive, ids_are_numbers_of_parts)
{
	struct net_bench *b = started(NULL);
	struct net_packet p;

	for (uint32_t i = 0; i < 20; i++) {
		net_deliver(b, 0, 60);
		cr_assert(net_take(b, 0, &p));
		cr_expect_lt(p.trans_id, b->n->receive.n_parts);
		cr_expect_eq(p.range[0].offset, p.trans_id * PART);
	}
	net_bench_free(b);
}

Test(netvsc_receive, what_travels_beside_a_frame)
{
	struct net_bench *b = started(NULL);
	uint8_t bytes[100];
	struct vb_peer_frame f = net_plain(bytes, 100);
	struct net_frame got;

	f.vlan = 5 << 13 | 1 << 12 | 100;
	f.is_tcp = f.is_ip = true;
	vb_netvsc_send_frame(b->n, 0, &f);
	cr_assert(net_take_frame(b, 0, &got));
	cr_expect_eq(got.n_infos, 2);
	cr_expect_eq(net_info(&got, 0), 0x28, "TCP and IP are right");
	cr_expect_eq(net_info(&got, 6), 5 | 1 << 3 | 100 << 4);
	f.is_tcp = false;
	f.is_udp = true;
	f.vlan = 0;
	vb_netvsc_send_frame(b->n, 0, &f);
	cr_assert(net_take_frame(b, 0, &got));
	cr_expect_eq(net_info(&got, 0), 0x30, "UDP and IP are right");
	cr_expect_eq(net_info(&got, 6), 0, "priority tags have an entry, too");
	net_bench_free(b);
}

/* ---- large frames ---- */

#define ID_INFO 0x80000001u

static void expect_large(struct net_bench *b, uint32_t payload)
{
	uint32_t at = 0, n = (payload + MSS - 1) / MSS;
	struct net_packet p;
	struct net_frame f;

	cr_assert(net_take(b, 0, &p));
	cr_assert_eq(p.n_ranges, n);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t flags = 1 | (i == 0 ? 2 : 0) | (i + 1 == n ? 4 : 0);

		net_read_frame(b, &p, i, &f);
		cr_expect_eq(net_info(&f, ID_INFO), 1 | flags << 8, "part %u", i);
		for (uint32_t k = 0; k < f.len; k++, at++)
			cr_assert(at < 14 || f.bytes[k] == net_pattern(at));
	}
	cr_expect_eq(at, HEADS + payload);
	net_complete(b, 0, p.trans_id);
}

Test(netvsc_receive, a_large_frame_is_in_several_ranges)
{
	static const uint32_t payloads[] = { MSS + 1, 2 * MSS, 10 * MSS - 1, 40 * MSS,
					     44 * MSS + 3 };
	struct net_bench *b = started(NULL);

	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		send_large(b, payloads[i]);
		expect_large(b, payloads[i]);
	}
	cr_expect_eq(net_counter(b, "coalesced"), 5);
	cr_expect_eq(b->n->n_free, b->n->receive.n_parts);
	net_bench_free(b);
}

Test(netvsc_receive, a_large_frame_of_one_part_is_none)
{
	struct net_bench *b = started(NULL);
	struct net_frame f;

	send_large(b, MSS);
	cr_assert(net_take_frame(b, 0, &f));
	cr_expect_eq(f.len, HEADS + MSS);
	cr_expect_eq(net_info(&f, ID_INFO), UINT32_MAX);
	net_bench_free(b);
}

/* ---- too long ---- */

Test(netvsc_receive, what_can_never_fit_is_dropped)
{
	struct net_bench *b = started(NULL);
	struct net_packet p;

	net_deliver(b, 0, PART - 44);
	cr_assert(net_take(b, 0, &p), "just so");
	net_deliver(b, 0, PART - 43);
	net_deliver(b, 0, 9000);
	send_parts(b, 46 * 1400, 1400); /* more parts than a packet has */
	cr_expect(!net_take(b, 0, &p));
	cr_expect_eq(net_counter(b, "dropped_long"), 3);
	cr_expect_eq(net_counter(b, "dropped_filter"), 0);
	net_bench_free(b);
}

/* More parts than the whole buffer has: it must not wait for ever, nor all others behind it. */
Test(netvsc_receive, a_large_frame_does_not_wait_for_parts_that_are_not)
{
	struct net_bench *b = net_bench_new(NULL);
	struct net_frame f;

	net_bench_start_small(b, VB_NVSP_6_1, 8);
	send_large(b, 12 * MSS);
	net_deliver(b, 0, 60);
	cr_expect(net_take_frame(b, 0, &f));
	cr_expect_eq(net_counter(b, "dropped_long"), 1);
	net_bench_free(b);
}

/* ---- no room ---- */

Test(netvsc_receive, frames_leave_parts_to_control)
{
	struct net_bench *b = started(NULL);
	uint32_t n = b->n->receive.n_parts, answer[40];
	uint64_t ids[256];
	struct net_packet p;

	for (uint32_t i = 0; i < n; i++)
		net_deliver(b, 0, 60);
	for (uint32_t i = 0; i < n - NETVSC_CONTROL_PARTS; i++) {
		cr_assert(net_take(b, 0, &p));
		ids[i] = p.trans_id;
	}
	cr_expect(!net_take(b, 0, &p));
	cr_expect(b->n->queue[0].n_frames, "the others wait");
	/* in a row with the frames that wait, so their turn comes with the first part */
	net_complete(b, 0, ids[0]);
	cr_assert(net_take(b, 0, &p));
	net_query(b, 0x10106, answer, sizeof(answer));
	net_bench_free(b);
}

/* The guest's completions are behind its packet: it must be heard though frames wait for parts. */
Test(netvsc_receive, a_guest_without_parts_is_still_answered)
{
	struct net_bench *b = net_bench_new(NULL);
	uint64_t ids[64];
	struct net_packet p;
	uint32_t n = 0;

	net_bench_start_small(b, VB_NVSP_6_1, 8);
	for (uint32_t i = 0; i < 50; i++)
		net_deliver(b, 0, 60);
	while (net_take(b, 0, &p))
		ids[n++] = p.trans_id;
	cr_assert(n && b->n->queue[0].n_frames == 50 - n);
	net_send_frame(b, 0, "nobody's frame", 14);
	while (n--) {
		net_complete(b, 0, ids[n]);
		cr_assert(net_take(b, 0, &p), "%u", n);
		net_complete(b, 0, p.trans_id);
	}
	cr_expect_str_eq(net_bench_trouble(b), "");
	net_bench_free(b);
}

Test(netvsc_receive, a_backlog_has_an_end)
{
	struct net_bench *b = started("backlog=10");
	struct net_packet p;
	uint32_t n = 0;

	net_bench_more_queues(b, 1, 2);
	for (uint32_t i = 0; i < 500; i++)
		net_deliver(b, 1, 60);
	while (net_take(b, 1, &p))
		n++;
	cr_expect_eq(net_counter(b, "received"), n);
	cr_expect_eq(n + net_counter(b, "dropped_full") + b->n->queue[1].n_frames, 500);
	cr_expect_gt(net_counter(b, "dropped_full"), 0);
	net_bench_free(b);
}

/* A ring of one page: what does not fit waits, in order, and the guest says when there is room. */
Test(netvsc_receive, a_full_ring_is_waited_for)
{
	struct net_bench *b = started(NULL);
	struct net_packet p;
	struct net_frame f;

	net_bench_more_queues(b, 1, 2);
	for (uint32_t i = 0; i < 100; i++)
		net_deliver(b, 1, 60 + i);
	cr_expect(b->n->queue[1].n_frames);
	for (uint32_t i = 0; i < 100; i++) {
		cr_assert(net_take(b, 1, &p), "%u", i);
		net_read_frame(b, &p, 0, &f);
		cr_expect_eq(f.len, 60 + i);
		net_complete(b, 1, p.trans_id);
	}
	cr_expect_eq(b->n->queue[1].n_frames, 0);
	cr_expect_eq(b->n->n_free, b->n->receive.n_parts, "also those that had found no room");
	net_bench_free(b);
}

/* Packets are not taken while answers are owed: there is no bound to what a guest may ask. */
Test(netvsc_receive, answers_owed_are_paid_when_there_is_room)
{
	struct net_bench *b = started(NULL);
	uint8_t message[200];
	uint32_t len = net_message(message, "nobody's frame", 14, NULL, 0), n = 0, n_sent = 0;
	const uint32_t words[NET_WORDS] = { VB_NVSP_RNDIS, 0, 0, len };
	struct net_packet p;

	net_bench_more_queues(b, 1, 2);
	net_put_section(b, 0, message, len);
	while (guest_send(&b->c[1], 6, 1, n_sent, words, sizeof(words)) == 0) {
		n_sent++;
		loop_run(&b->l);
		cr_assert_lt(n_sent, 500);
	}
	cr_expect(b->n->queue[1].is_paused);
	/* 64 bytes each, in a page: as many as there is room for, and one */
	cr_expect_eq(net_counter(b, "sent"), VB_PAGE / 64);
	while (net_take(b, 1, &p)) {
		cr_expect_eq(p.type, 11);
		cr_expect_eq(p.trans_id, n);
		cr_expect_eq(p.word[1], VB_NVSP_SUCCESS);
		n++;
	}
	cr_expect_eq(n, n_sent);
	cr_expect_eq(net_counter(b, "sent"), n_sent);
	cr_expect(!b->n->queue[1].is_paused);
	net_bench_free(b);
}

/* The same for the switch's own answers. */
Test(netvsc_receive, a_guest_that_reads_nothing_is_not_heard)
{
	struct net_bench *b = started(NULL);
	const uint32_t words[NET_WORDS] = { VB_NVSP_OID_QUERY, 0, 0x10107 };
	uint32_t n_sent = 0, n = 0;
	struct net_packet p;

	while (guest_send(&b->c[0], 6, 1, n_sent, words, sizeof(words)) == 0) {
		n_sent++;
		loop_run(&b->l);
		cr_assert_lt(n_sent, 2000);
	}
	cr_expect(b->n->queue[0].is_paused);
	cr_expect(vb_hdevice_config(b->d)->model->busy(b->d), "it owes answers");
	while (net_take(b, 0, &p))
		n++;
	cr_expect_eq(n, n_sent);
	cr_expect(!vb_hdevice_config(b->d)->model->busy(b->d));
	net_bench_free(b);
}

/* ---- nobody takes them ---- */

Test(netvsc_receive, frames_that_nobody_wants_are_counted)
{
	struct net_bench *b = started(NULL);
	const uint32_t none = 0, all = 0xd;
	struct loop_request rq;
	struct net_frame f;
	struct net_packet p;

	net_set(b, 0x1010e, &none, 4);
	net_deliver(b, 0, 60);
	net_set(b, 0x1010e, &all, 4);
	net_command(b, "link down", &rq);
	cr_assert(net_take(b, 0, &p));
	net_complete(b, 0, p.trans_id);
	net_deliver(b, 0, 60);
	net_command(b, "link up", &rq);
	cr_assert(net_take(b, 0, &p));
	net_complete(b, 0, p.trans_id);
	NET_TELL(b, 0, VB_NVSP_REVOKE_RECEIVE_BUFFER, 0xcafe);
	net_deliver(b, 0, 60);
	cr_expect(!net_take_frame(b, 0, &f));
	cr_expect_eq(net_counter(b, "dropped_filter"), 3);
	net_bench_free(b);
}

Test(netvsc_receive, frames_for_a_closed_queue_are_counted)
{
	struct net_bench *b = started(NULL);

	net_deliver(b, 2, 60);
	cr_expect_eq(net_counter(b, "dropped_filter"), 1);
	cr_expect_eq(net_counter(b, "received"), 0);
	cr_expect_eq(b->n->n_free, b->n->receive.n_parts);
	cr_expect_str_eq(net_bench_trouble(b), "");
	net_bench_free(b);
}

Test(netvsc_receive, frames_that_wait_go_with_the_buffer)
{
	struct net_bench *b = started(NULL);
	struct net_packet p;
	uint32_t n_out = 0;

	for (uint32_t i = 0; i < 200; i++)
		net_deliver(b, 0, 60);
	while (net_take(b, 0, &p))
		n_out++;
	NET_TELL(b, 0, VB_NVSP_REVOKE_RECEIVE_BUFFER, 0xcafe);
	cr_expect_eq(net_counter(b, "dropped_filter"), 200 - n_out);
	net_complete(b, 0, p.trans_id);
	cr_expect(strstr(net_bench_trouble(b), "not out"), "it went with the buffer");
	NET_TELL(b, 0, VB_NVSP_REVOKE_SEND_BUFFER, 0);
	net_share(b, NET_RECEIVE_PAGES);
	net_deliver(b, 0, 60);
	cr_expect(net_take(b, 0, &p), "and all parts are new");
	net_bench_free(b);
}
