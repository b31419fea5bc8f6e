/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest may do wrong with its buffers, its completions and its queues. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/loop/net_bench.h"

#define PART (1514u + 256 + 36)

static void send_large(struct net_bench *b, uint32_t payload)
{
	uint8_t bytes[VB_PEER_MAX_FRAME];
	struct vb_peer_frame f = net_plain(bytes, 66 + payload);

	f.part_len = 1448;
	f.head_len = 66;
	vb_netvsc_send_frame(b->n, 0, &f);
}

static void teardown(struct net_bench *b, uint32_t gpadl)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_GPADL_TEARDOWN),
		VB_NUMBER("vmbus.gpadl_teardown.relid", b->c[0].relid),
		VB_NUMBER("vmbus.gpadl_teardown.gpadl", gpadl),
	};

	guest_post(&b->g, values, 3, 16);
	guest_expect(&b->g, VB_CTL_GPADL_TORNDOWN);
}

Test(netvsc_hostile, a_buffer_that_is_torn_down)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	const uint32_t query[7] = { 4, 28, 9, 0x10106, 0, 20 };
	const struct net_range r = { query, sizeof(query), 0 };
	uint32_t n_free = b->n->n_free;
	struct net_packet p;

	teardown(b, b->receive_gpadl);
	net_deliver(b, 0, 60);
	cr_expect(!net_take(b, 0, &p));
	cr_expect(strstr(net_bench_trouble(b), "cannot be sent"));
	cr_expect_eq(net_counter(b, "dropped_fault"), 1);
	send_large(b, 3 * 1448);
	cr_expect_eq(net_counter(b, "dropped_fault"), 2);
	net_send_ranges(b, 0, 1, NET_NO_SECTION, 0, &r, 1);
	cr_expect(net_take(b, 0, &p), "completed");
	cr_expect(!net_take(b, 0, &p), "and not answered");
	cr_expect_eq(b->n->n_free, n_free, "no part is lost");
	net_bench_free(b);
}

Test(netvsc_hostile, packets_that_are_not_out_cannot_be_completed)
{
	static const uint64_t wrong[] = { 0, 5, 145, 1ull << 32, UINT64_MAX };
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint32_t n_free = b->n->n_free;
	struct net_packet p;

	net_bench_more_queues(b, 1, 2);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		net_complete(b, 0, wrong[i]);
		cr_expect(strstr(net_bench_trouble(b), "not out"), "%zu", i);
	}
	send_large(b, 3 * 1448);
	cr_assert(net_take(b, 0, &p));
	net_complete(b, 1, p.trans_id);
	cr_expect(strstr(net_bench_trouble(b), "not out"), "it is another channel's");
	net_complete(b, 0, p.range[1].offset / PART);
	cr_expect(strstr(net_bench_trouble(b), "not out"), "a later part of a packet is no id");
	net_complete(b, 0, p.trans_id);
	cr_expect_str_eq(net_bench_trouble(b), "");
	net_complete(b, 0, p.trans_id);
	cr_expect(strstr(net_bench_trouble(b), "not out"), "once is enough");
	cr_expect_eq(b->n->n_free, n_free);
	net_bench_free(b);
}

Test(netvsc_hostile, a_closed_queue_gives_its_parts_back)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint32_t n_free = b->n->n_free;
	struct net_packet p;

	net_bench_more_queues(b, 1, 4);
	for (int i = 0; i < 10; i++)
		net_deliver(b, 1, 60);
	while (net_take(b, 1, &p))
		continue;
	cr_expect_eq(b->n->n_free, n_free - 10);
	net_bench_close(b, 1);
	cr_expect_eq(b->n->n_free, n_free);
	net_bench_free(b);
}

/* A part that holds no control message. */
Test(netvsc_hostile, parts_that_are_too_short_for_control)
{
	const char *const settings[] = { "part=40", NULL };
	struct net_bench *b = net_bench_new(settings);
	const uint32_t query[7] = { 4, 28, 9, 0x10101, 0, 20 };
	const struct net_range r = { query, sizeof(query), 0 };
	struct net_packet p;

	cr_assert(net_init(b, VB_NVSP_6_1));
	net_share(b, 4);
	memset(guest_memory(&b->g, b->receive[0]), 0xee, VB_PAGE);
	net_send_ranges(b, 0, 1, NET_NO_SECTION, 0, &r, 1);
	cr_expect(net_take(b, 0, &p));
	cr_expect(!net_take(b, 0, &p));
	cr_expect(strstr(net_bench_trouble(b), "cannot be sent"));
	cr_expect_eq(guest_memory(&b->g, b->receive[0])[40], 0xee, "the next part is untouched");
	net_bench_free(b);
}

/* INIT in the middle: all is forgotten but what was asked. */
Test(netvsc_hostile, a_second_init)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	struct net_packet p;

	net_deliver(b, 0, 60);
	cr_assert(net_take(b, 0, &p));
	cr_assert(net_init(b, VB_NVSP_5));
	cr_expect_eq(b->n->version, VB_NVSP_5);
	cr_expect(!b->n->receive.there && !b->n->send.there && !b->n->filter);
	net_complete(b, 0, p.trans_id);
	cr_expect(strstr(net_bench_trouble(b), "not out"));
	net_share(b, 16);
	cr_expect(b->n->receive.there);
	net_bench_free(b);
}

/* A sub-channel that is owed answers when the buffers go: it gets them, and goes on. */
Test(netvsc_hostile, revoking_while_answers_are_owed)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint8_t message[100];
	uint32_t len = net_message(message, "nobody's frame", 14, NULL, 0), n = 0, n_sent = 0;
	const uint32_t words[NET_WORDS] = { VB_NVSP_RNDIS, 0, 0, len };
	struct net_packet p;

	net_bench_more_queues(b, 1, 2);
	net_put_section(b, 0, message, len);
	for (int i = 0; i < 100 && !guest_send(&b->c[1], 6, 1, n_sent, words, sizeof(words)); i++) {
		n_sent++;
		loop_run(&b->l);
	}
	cr_assert(b->n->queue[1].is_paused);
	NET_TELL(b, 0, VB_NVSP_REVOKE_RECEIVE_BUFFER, 0xcafe);
	while (net_take(b, 1, &p))
		n++;
	cr_expect_eq(n, n_sent);
	cr_expect(!b->n->queue[1].is_paused);
	net_bench_free(b);
}

Test(netvsc_hostile, a_list_that_is_the_ring)
{
	struct net_bench *b = net_bench_new(NULL);
	struct net_packet p;

	cr_assert(net_init(b, VB_NVSP_6_1));
	NET_ASK(b, &p, VB_NVSP_RECEIVE_BUFFER, b->c[0].gpadl, 1);
	cr_expect_eq(p.word[1], VB_NVSP_SUCCESS, "it is the guest's memory");
	net_bench_free(b);
}

/* A completion that says nothing, and packets of types that a guest may not send. */
Test(netvsc_hostile, odd_packets)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);

	cr_assert_eq(guest_send(&b->c[0], 11, 0, 3, NULL, 0), 0);
	loop_run(&b->l);
	cr_expect(strstr(net_bench_trouble(b), "not out"));
	cr_assert_eq(guest_send_ranges(&b->c[0], 7, 1, 4, "\xfe\xca\0\0\1\0\0\0\x40\0\0\0\0\0\0",
				       16, "\x6b\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0", 16),
		     0);
	loop_run(&b->l);
	cr_expect(strstr(net_bench_trouble(b), "refused"), "ranges of a page set that is not");
	cr_expect_eq(net_counter(b, "sent"), 0);
	net_bench_free(b);
}

/* RNDIS that claims more pieces than are looked at. */
Test(netvsc_hostile, too_many_ranges)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint64_t ranges[1 + 2 * 65] = { 65ull << 32 };
	const uint32_t words[NET_WORDS] = { VB_NVSP_RNDIS, 0, NET_NO_SECTION };

	for (int i = 0; i < 65; i++) {
		ranges[1 + 2 * i] = 1;
		ranges[2 + 2 * i] = b->page[0];
	}
	cr_assert_eq(guest_send_ranges(&b->c[0], 9, 1, b->next_id, ranges, sizeof(ranges), words,
				       sizeof(words)),
		     0);
	net_expect_completion(b, 0, b->next_id, VB_NVSP_RNDIS_COMPLETE, VB_NVSP_FAILURE);
	net_bench_free(b);
}

/* A flood of nonsense does not flood the user. */
Test(netvsc_hostile, trouble_is_told_in_moderation)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);

	for (int i = 0; i < 1000; i++)
		net_complete(b, 0, 12345);
	cr_expect_gt(b->l.n_troubles, 0);
	cr_expect_lt(b->l.n_troubles, 100);
	net_bench_free(b);
}
