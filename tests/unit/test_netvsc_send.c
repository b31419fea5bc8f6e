/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of the guest: in a section, in ranges, partly in both, several at once; and what lies about
 * where they are.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/loop/net_bench.h"

#define ECHO_PORT 7
#define MAX_FRAME 9216u

/* A UDP frame to the peer's echo, of len bytes in all; the reply is the same with ends swapped. */
static uint32_t udp_frame(uint8_t *to, uint32_t len)
{
	static const uint8_t head[42] = { 0x00, 0x15,	   0x5d, 0,   0x80, 1,	  0x00, 0x15, 0x5d,
					  0,	0,	   1,	 8,   0,    0x45, 0,	0,    0,
					  0,	1,	   0,	 0,   64,   17,	  0,	0,    192,
					  0,	2,	   2,	 192, 0,    2,	  1,	0x30, 0,
					  0,	ECHO_PORT, 0,	 0,   0,    0 };

	memcpy(to, head, sizeof(head));
	to[16] = (uint8_t)((len - 14) >> 8);
	to[17] = (uint8_t)(len - 14);
	to[38] = (uint8_t)((len - 34) >> 8);
	to[39] = (uint8_t)(len - 34);
	for (uint32_t i = sizeof(head); i < len; i++)
		to[i] = (uint8_t)(i * 7);
	return len;
}

/* The message of such a frame in a section; returns its length. */
static uint32_t put_frame(struct net_bench *b, uint32_t section, uint32_t len,
			  const uint32_t (*infos)[2], uint32_t n_infos)
{
	uint8_t frame[MAX_FRAME], message[NET_SECTION];
	uint32_t n = net_message(message, frame, udp_frame(frame, len), infos, n_infos);

	net_put_section(b, section, message, n);
	return n;
}

/* The peer has got the frame whole: it sends the payload back. */
static void expect_echo(struct net_bench *b, uint16_t queue, uint32_t len)
{
	uint8_t frame[MAX_FRAME];
	struct net_frame f;

	udp_frame(frame, len);
	cr_assert(net_take_frame(b, queue, &f));
	cr_assert_eq(f.len, len);
	cr_expect_eq(memcmp(f.bytes + 42, frame + 42, len - 42), 0);
	cr_expect_eq(memcmp(f.bytes, frame + 6, 6), 0, "to whom it came from");
}

static void expect_success(struct net_bench *b, uint64_t id)
{
	net_expect_completion(b, 0, id, VB_NVSP_RNDIS_COMPLETE, VB_NVSP_SUCCESS);
}

Test(netvsc_send, a_frame_in_a_section)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint32_t n = put_frame(b, 9, 200, NULL, 0);

	expect_success(b, net_send_section(b, 0, 0, 9, n));
	expect_echo(b, 0, 200);
	cr_expect_eq(net_counter(b, "sent"), 1);
	cr_expect_eq(net_counter(b, "sent_bytes"), 200);
	net_bench_free(b);
}

/* The last byte of the last section: 10 of 6144 bytes are in 16 pages. */
Test(netvsc_send, a_section_may_be_full)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint32_t n = put_frame(b, 9, NET_SECTION - 44, NULL, 0);

	cr_assert_eq(n, NET_SECTION);
	expect_success(b, net_send_section(b, 0, 0, 9, n));
	cr_expect_eq(net_counter(b, "sent_bytes"), NET_SECTION - 44);
	net_bench_free(b);
}

/* As Linux has it: the message's head, then the frame in pieces that cross pages. */
Test(netvsc_send, a_frame_in_ranges)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint8_t frame[1500], message[1600];
	uint32_t n = net_message(message, frame, udp_frame(frame, 1500), NULL, 0);
	const struct net_range ranges[] = {
		{ message, 44, 100 },
		{ message + 44, 42, 4090 },
		{ message + 86, 1, 4095 },
		{ message + 87, n - 87, 3000 },
	};

	expect_success(b, net_send_ranges(b, 0, 0, NET_NO_SECTION, 0, ranges, 4));
	expect_echo(b, 0, 1500);
	net_bench_free(b);
}

/* The head in a section, the rest in ranges behind it. */
Test(netvsc_send, a_frame_partly_in_both)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint8_t frame[1500], message[1600];
	uint32_t n = net_message(message, frame, udp_frame(frame, 1500), NULL, 0);
	const struct net_range ranges[] = { { message + 60, 500, 0 },
					    { message + 560, n - 560, 7 } };

	net_put_section(b, 3, message, 60);
	expect_success(b, net_send_ranges(b, 0, 0, 3, 60, ranges, 2));
	expect_echo(b, 0, 1500);
	net_bench_free(b);
}

/* n messages, each but the last padded to eight bytes as the guest was told; returns the length. */
static uint32_t put_batch(struct net_bench *b, uint32_t n, uint32_t frame_len)
{
	uint8_t frame[MAX_FRAME], all[NET_SECTION];
	uint32_t at = 0, len;

	for (uint32_t i = 0; i < n; i++) {
		len = net_message(all + at, frame, udp_frame(frame, frame_len), NULL, 0);
		if (i + 1 < n) {
			uint32_t padded = (len + 7) & ~7u;

			memset(all + at + len, 0, padded - len);
			memcpy(all + at + 4, &padded, 4);
			len = padded;
		}
		at += len;
	}
	net_put_section(b, 0, all, at);
	return at;
}

Test(netvsc_send, several_frames_in_one_packet)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);

	expect_success(b, net_send_section(b, 0, 0, 0, put_batch(b, 8, 101)));
	for (int i = 0; i < 8; i++)
		expect_echo(b, 0, 101);
	cr_expect_eq(net_counter(b, "sent"), 8);
	cr_expect_eq(net_counter(b, "batches"), 1);
	net_bench_free(b);
}

Test(netvsc_send, an_answer_goes_where_the_packet_came_from)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint32_t n = put_frame(b, 0, 100, NULL, 0);

	net_bench_more_queues(b, 2, 4);
	net_expect_completion(b, 2, net_send_section(b, 2, 0, 0, n), VB_NVSP_RNDIS_COMPLETE,
			      VB_NVSP_SUCCESS);
	expect_echo(b, 0, 100);
	net_bench_free(b);
}

Test(netvsc_send, who_asks_for_no_answer_gets_none)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint32_t n = put_frame(b, 0, 100, NULL, 0);

	NET_TELL(b, 0, VB_NVSP_RNDIS, 0, 0, n);
	expect_echo(b, 0, 100);
	net_bench_free(b);
}

Test(netvsc_send, large_sends_and_tags_are_understood)
{
	static const uint32_t infos[][2] = { { 6, 0x0648 | 1 << 3 },
					     { 2, 0x40000000 | 34 << 20 | 1000 } };
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint32_t n = put_frame(b, 0, 1500, infos, 2);
	struct net_frame f;

	expect_success(b, net_send_section(b, 0, 0, 0, n));
	cr_expect_eq(net_counter(b, "large_sends"), 1);
	cr_assert(net_take_frame(b, 0, &f), "the tag comes back with the reply");
	cr_expect_eq(net_info(&f, 6), 0x0648 | 1 << 3);
	net_bench_free(b);
}

/* ---- refused ---- */

/* One trouble, one failure, nothing sent. */
static void expect_refused(struct net_bench *b, uint64_t id)
{
	uint64_t before = net_counter(b, "refused");

	net_expect_completion(b, 0, id, VB_NVSP_RNDIS_COMPLETE, VB_NVSP_FAILURE);
	cr_expect_eq(before, 1);
	cr_expect_eq(b->l.n_troubles, 1);
	cr_expect(strstr(b->l.trouble, "refused"));
	cr_expect_eq(net_counter(b, "sent"), 0);
}

Test(netvsc_send, a_section_out_of_the_buffer)
{
	static const uint32_t wrong[][2] = {
		{ 10, 60 },	    { UINT32_MAX - 1, 60 },
		{ 0x80000000, 60 }, { 0, NET_SECTION + 1 },
		{ 0, UINT32_MAX },  { 9, UINT32_MAX - 5 },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);

		expect_refused(b, net_send_section(b, 0, 0, wrong[i][0], wrong[i][1]));
		net_bench_free(b);
	}
}

Test(netvsc_send, a_section_of_a_revoked_buffer)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);

	NET_TELL(b, 0, VB_NVSP_REVOKE_SEND_BUFFER, 0);
	expect_refused(b, net_send_section(b, 0, 0, 0, put_batch(b, 1, 100)));
	net_bench_free(b);
}

/* The guest tears the list down without a word to the switch. */
Test(netvsc_send, a_section_of_a_buffer_that_is_gone)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_GPADL_TEARDOWN),
		VB_NUMBER("vmbus.gpadl_teardown.relid", b->c[0].relid),
		VB_NUMBER("vmbus.gpadl_teardown.gpadl", b->send_gpadl),
	};

	guest_post(&b->g, values, 3, 16);
	expect_refused(b, net_send_section(b, 0, 0, 0, 144));
	net_bench_free(b);
}

/* A GPA packet whose ranges are these bytes. */
static uint64_t send_raw_ranges(struct net_bench *b, const void *ranges, uint32_t len)
{
	const uint32_t words[NET_WORDS] = { VB_NVSP_RNDIS, 0, NET_NO_SECTION };

	cr_assert_eq(guest_send_ranges(&b->c[0], 9, 1, b->next_id, ranges, len, words,
				       sizeof(words)),
		     0);
	loop_run(&b->l);
	return b->next_id++;
}

Test(netvsc_send, ranges_that_lie)
{
	static const uint64_t wrong[][4] = {
		/* count; length and offset; page; page */
		{ 1ull << 32, 100, 1ull << 40, 0 }, /* no such page */
		{ 1ull << 32, 100, UINT64_MAX, 0 },
		{ 1ull << 32, 100 | 4000ull << 32, 200, 0 }, /* needs a second page */
		{ 1ull << 32, 5000, 200, 0 },
		{ 1ull << 32, UINT32_MAX, 200, 201 },
		{ 1ull << 32, 100 | 4096ull << 32, 200, 201 }, /* offset of the next page */
		{ 1ull << 32, 100 | 0xffffffffull << 32, 200, 0 },
		{ 2ull << 32, 50, 200, 100 }, /* one is missing */
		{ 0xffffffffull << 32, 50, 200, 100 },
		{ 1ull << 32, 0, 0, 0 }, /* nothing in it */
		{ 0, 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);

		expect_refused(b, send_raw_ranges(b, wrong[i], wrong[i][3] ? 32 : 24));
		net_bench_free(b);
	}
}

Test(netvsc_send, more_bytes_than_a_packet_may_have)
{
	uint64_t ranges[2 + 65] = { 1ull << 32, 65 * VB_PAGE };
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);

	for (int i = 0; i < 65; i++)
		ranges[2 + i] = b->page[0];
	expect_refused(b, send_raw_ranges(b, ranges, sizeof(ranges)));
	net_bench_free(b);
}

/* The fields of a data message by number of the word, each with something that cannot be. */
Test(netvsc_send, messages_that_lie)
{
	static const struct {
		uint32_t word, value;
	} wrong[] = {
		{ 0, 0 },	   { 0, 2 },	{ 0, 77 },	   { 1, 0 },
		{ 1, 7 },	   { 1, 8 },	{ 1, 43 },	   { 1, 5000 },
		{ 1, UINT32_MAX }, { 2, 7777 }, { 2, UINT32_MAX }, { 2, UINT32_MAX - 7 },
		{ 3, 101 },	   { 3, 0 },	{ 3, UINT32_MAX }, { 7, 5000 },
		{ 7, UINT32_MAX }, { 8, 5000 }, { 8, UINT32_MAX },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		static const uint32_t vlan[][2] = { { 6, 0x648 } };
		struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
		uint8_t frame[100], message[200];
		uint32_t n = net_message(message, frame, udp_frame(frame, 100), vlan, 1);

		memcpy(message + 4 * (size_t)wrong[i].word, &wrong[i].value, 4);
		net_put_section(b, 0, message, n);
		net_expect_completion(b, 0, net_send_section(b, 0, 0, 0, n), VB_NVSP_RNDIS_COMPLETE,
				      VB_NVSP_FAILURE);
		cr_expect_eq(net_counter(b, "sent"), 0, "word %u, %u", wrong[i].word,
			     wrong[i].value);
		cr_expect_eq(b->l.n_troubles, 1, "word %u, %u", wrong[i].word, wrong[i].value);
		net_bench_free(b);
	}
}

/* Size and offset of an entry that lead out of the message. */
Test(netvsc_send, information_that_lies)
{
	static const struct {
		uint32_t word, value;
	} wrong[] = { { 11, 17 }, { 11, UINT32_MAX }, { 13, 200 }, { 13, UINT32_MAX } };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		static const uint32_t vlan[][2] = { { 6, 0x648 } };
		struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
		uint8_t frame[100], message[200];
		uint32_t n = net_message(message, frame, udp_frame(frame, 100), vlan, 1);

		memcpy(message + 4 * (size_t)wrong[i].word, &wrong[i].value, 4);
		net_put_section(b, 0, message, n);
		net_expect_completion(b, 0, net_send_section(b, 0, 0, 0, n), VB_NVSP_RNDIS_COMPLETE,
				      VB_NVSP_FAILURE);
		cr_expect_eq(net_counter(b, "sent"), 0, "word %u, %u", wrong[i].word,
			     wrong[i].value);
		net_bench_free(b);
	}
}

static void expect_split(uint32_t first, uint32_t n_infos, bool is_refused)
{
	static const uint32_t infos[][2] = { { 6, 0x648 } };
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint8_t frame[100], message[200];
	uint32_t n = net_message(message, frame, udp_frame(frame, 100), infos, n_infos);
	const struct net_range ranges[] = { { message, first, 4096 - first },
					    { message + first, n - first, 0 } };

	net_expect_completion(b, 0, net_send_ranges(b, 0, 0, NET_NO_SECTION, 0, ranges, 2),
			      VB_NVSP_RNDIS_COMPLETE,
			      is_refused ? VB_NVSP_FAILURE : VB_NVSP_SUCCESS);
	cr_expect_eq(net_counter(b, "sent"), is_refused ? 0 : 1, "%u", first);
	cr_expect_eq(strstr(net_bench_trouble(b), "in two pieces") != NULL, is_refused);
	net_bench_free(b);
}

/* What stands before the frame, per-packet information included, must be in one range. */
Test(netvsc_send, a_head_that_is_split)
{
	expect_split(20, 0, true);
	expect_split(43, 0, true);
	expect_split(44, 0, false);
	expect_split(44, 1, true);
	expect_split(59, 1, true);
	expect_split(60, 1, false);
	expect_split(61, 1, false);
}

Test(netvsc_send, a_batch_ends_where_it_lies)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint32_t n = put_batch(b, 3, 100), zero = 0;
	uint8_t *second = guest_memory(&b->g, b->send[0]) + 144;

	memcpy(second + 4, &zero, 4);
	net_expect_completion(b, 0, net_send_section(b, 0, 0, 0, n), VB_NVSP_RNDIS_COMPLETE,
			      VB_NVSP_FAILURE);
	cr_expect_eq(net_counter(b, "sent"), 1, "what came before counts");
	cr_expect_eq(b->l.n_troubles, 1);
	net_bench_free(b);
}

/* The last message is longer than what is left of the packet, but not than what was before. */
Test(netvsc_send, a_batch_that_ends_too_early)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);
	uint32_t n = put_batch(b, 2, 100), length = 144 + 8;

	memcpy(guest_memory(&b->g, b->send[0]) + 144 + 4, &length, 4);
	net_expect_completion(b, 0, net_send_section(b, 0, 0, 0, n), VB_NVSP_RNDIS_COMPLETE,
			      VB_NVSP_FAILURE);
	cr_expect_eq(net_counter(b, "sent"), 1);
	net_bench_free(b);
}

/* Control messages where frames are wanted, and the other way round. */
Test(netvsc_send, the_channel_type_must_be_right)
{
	const uint32_t query[7] = { 4, 28, 9, 0x10106, 0, 20 };
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);

	net_put_section(b, 0, query, sizeof(query));
	expect_refused(b, net_send_section(b, 0, 0, 0, sizeof(query)));
	net_bench_free(b);
	b = net_bench_started(NULL, VB_NVSP_6_1);
	expect_refused(b, net_send_section(b, 0, 1, 0, put_batch(b, 1, 100)));
	net_bench_free(b);
}

Test(netvsc_send, an_empty_packet)
{
	struct net_bench *b = net_bench_started(NULL, VB_NVSP_6_1);

	expect_refused(b, net_send_section(b, 0, 0, 0, 0));
	net_bench_free(b);
	b = net_bench_started(NULL, VB_NVSP_6_1);
	expect_refused(b, net_send_section(b, 0, 0, NET_NO_SECTION, 0));
	net_bench_free(b);
}
