/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's record of a network device: which bytes outside the ring it has, and of how many it says
 * that they are missing. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/loop/net_bench.h"

#define MAX_SEGMENTS 64u
#define ALL UINT32_MAX

struct segment {
	struct vb_segment head;
	uint8_t bytes[2048]; /* the first of them */
};

/* The external part of the last record with one. */
struct taken {
	uint32_t n_records, n, wire_len;
	uint8_t direction;
	bool is_cut, was_cut; /* the last record with a packet 107; any */
	struct segment segment[MAX_SEGMENTS];
};

static void take_segments(struct taken *t, const struct vb_event *ev)
{
	uint32_t at = 0, n;

	t->n = 0;
	while (at < ev->hdr.ext_len) {
		struct segment *s = &t->segment[t->n++];

		cr_assert_leq(t->n, MAX_SEGMENTS);
		cr_assert_leq(at + sizeof(s->head), ev->hdr.ext_len);
		memcpy(&s->head, ev->ext + at, sizeof(s->head));
		at += (uint32_t)sizeof(s->head);
		n = s->head.cap_len;
		cr_assert_leq(at + vb_pad4(n), ev->hdr.ext_len);
		memcpy(s->bytes, ev->ext + at, n < sizeof(s->bytes) ? n : sizeof(s->bytes));
		at += (uint32_t)vb_pad4(n);
	}
	cr_expect_eq(at, ev->hdr.ext_len);
}

static void record(void *ctx, const struct vb_event *ev)
{
	struct taken *t = ctx;
	uint32_t wire_len = 0;

	t->was_cut |= ev->hdr.flags & VB_REC_EXT_CUT;
	if (!ev->hdr.ext_len) {
		cr_expect_eq(ev->hdr.ext_wire_len, 0);
		return;
	}
	t->n_records++;
	take_segments(t, ev);
	for (uint32_t i = 0; i < t->n; i++)
		wire_len += t->segment[i].head.wire_len;
	cr_expect_eq(wire_len, ev->hdr.ext_wire_len);
	t->wire_len = wire_len;
	t->direction = ev->hdr.direction;
	t->is_cut = ev->hdr.flags & VB_REC_EXT_CUT;
}

static struct net_bench *started(struct taken *t, uint32_t limit)
{
	const struct vb_host_log log = { .ctx = t, .record = record, .payload = limit };
	struct net_bench *b = net_bench_new_with(NULL, &log, 0);

	net_bench_start(b, VB_NVSP_6_1);
	memset(t, 0, sizeof(*t));
	return b;
}

static void expect_segment(const struct taken *t, uint32_t i, uint32_t range, uint32_t wire_len,
			   uint32_t cap_len)
{
	const struct vb_segment *s = &t->segment[i].head;

	cr_assert_lt(i, t->n);
	cr_expect_eq(s->range, range, "segment %u: range %u", i, s->range);
	cr_expect_eq(s->wire_len, wire_len, "segment %u: %u bytes", i, s->wire_len);
	cr_expect_eq(s->cap_len, cap_len, "segment %u: %u captured", i, s->cap_len);
	cr_expect_eq(s->reason, cap_len < wire_len ? VB_REASON_SNAPLEN : VB_REASON_COMPLETE);
}

#define FRAME 600u
#define HEAD 44u

static uint32_t message(uint8_t *to)
{
	uint8_t frame[FRAME];

	net_plain(frame, FRAME);
	return net_message(to, frame, FRAME, NULL, 0);
}

/* ---- from the guest ---- */

static void send_section(struct net_bench *b, uint32_t n_messages)
{
	uint8_t bytes[NET_SECTION];
	uint32_t at = 0;

	for (uint32_t i = 0; i < n_messages; i++)
		at += message(bytes + at); /* 644 bytes; the guest need not align them */
	net_put_section(b, 0, bytes, at);
	net_send_section(b, 0, 0, 0, at);
}

static void expect_section(uint32_t limit, uint32_t kept)
{
	struct taken t;
	struct net_bench *b = started(&t, limit);

	send_section(b, 1);
	cr_expect_eq(t.n_records, 1);
	cr_expect_eq(t.direction, VB_TO_HOST);
	cr_assert_eq(t.n, 1);
	expect_segment(&t, 0, NETVSC_SECTION, HEAD + FRAME, kept);
	cr_expect_eq(t.is_cut, kept < HEAD + FRAME);
	for (uint32_t i = 14; HEAD + i < kept; i++)
		cr_assert_eq(t.segment[0].bytes[HEAD + i], net_pattern(i));
	net_bench_free(b);
}

Test(netvsc_log, a_section_is_kept_up_to_the_limit)
{
	expect_section(ALL, HEAD + FRAME);
	expect_section(FRAME, HEAD + FRAME);
	expect_section(FRAME - 1, HEAD + FRAME - 1);
	expect_section(100, HEAD + 100);
	expect_section(1, HEAD + 1);
	expect_section(0, 0);
}

Test(netvsc_log, each_message_has_its_limit)
{
	struct taken t;
	struct net_bench *b = started(&t, 50);

	send_section(b, 3);
	cr_assert_eq(t.n, 3);
	for (uint32_t i = 0; i < 3; i++)
		expect_segment(&t, i, NETVSC_SECTION, HEAD + FRAME, HEAD + 50);
	cr_expect(t.is_cut);
	net_bench_free(b);
}

/* The head in a section, the frame in two ranges: the limit is the message's, not the piece's. */
static void expect_partial(uint32_t limit, uint32_t in_first, uint32_t in_second)
{
	struct taken t;
	struct net_bench *b = started(&t, limit);
	uint8_t bytes[HEAD + FRAME];
	const struct net_range ranges[] = { { bytes + HEAD, 200, 4000 },
					    { bytes + HEAD + 200, FRAME - 200, 0 } };

	message(bytes);
	net_put_section(b, 2, bytes, HEAD);
	net_send_ranges(b, 0, 0, 2, HEAD, ranges, 2);
	cr_assert_eq(t.n, 3);
	expect_segment(&t, 0, NETVSC_SECTION, HEAD, HEAD);
	expect_segment(&t, 1, 0, 200, in_first);
	expect_segment(&t, 2, 1, FRAME - 200, in_second);
	for (uint32_t i = 0; i < in_second; i++)
		cr_assert_eq(t.segment[2].bytes[i], net_pattern(200 + i));
	net_bench_free(b);
}

Test(netvsc_log, pieces_of_a_message_share_its_limit)
{
	expect_partial(ALL, 200, FRAME - 200);
	expect_partial(201, 200, 1);
	expect_partial(200, 200, 0);
	expect_partial(30, 30, 0);
}

/* Control is no data: it is kept whole unless nothing is. */
static void expect_control(uint32_t limit, uint32_t kept)
{
	struct taken t;
	struct net_bench *b = started(&t, limit);
	const uint32_t query[7] = { 4, 28, 9, 0x10106, 0, 20 };
	const struct net_range r = { query, sizeof(query), 0 };

	net_send_ranges(b, 0, 1, NET_NO_SECTION, 0, &r, 1);
	cr_expect_eq(t.n_records, 2, "the question and the answer");
	cr_expect_eq(t.direction, VB_TO_GUEST);
	expect_segment(&t, 0, 0, 28, kept);
	net_bench_free(b);
}

Test(netvsc_log, control_is_whole)
{
	expect_control(ALL, 28);
	expect_control(1, 28);
	expect_control(0, 0);
}

/* ---- to the guest ---- */

Test(netvsc_log, a_frame_for_the_guest)
{
	struct taken t;
	struct net_bench *b = started(&t, 100);

	net_deliver(b, 0, FRAME);
	loop_run(&b->l);
	cr_expect_eq(t.direction, VB_TO_GUEST);
	cr_assert_eq(t.n, 1);
	expect_segment(&t, 0, 0, HEAD + FRAME, HEAD + 100);
	cr_expect_eq(t.segment[0].bytes[HEAD + 99], net_pattern(99));
	net_bench_free(b);
}

Test(netvsc_log, all_ranges_of_a_large_frame)
{
	struct taken t;
	struct net_bench *b = started(&t, ALL);
	uint8_t bytes[66 + 20000];
	struct vb_peer_frame f = net_plain(bytes, sizeof(bytes));

	f.part_len = 1448;
	f.head_len = 66;
	vb_netvsc_send_frame(b->n, 0, &f);
	cr_assert_eq(t.n, 14);
	for (uint32_t i = 0; i < 14; i++)
		cr_expect_eq(t.segment[i].head.range, i);
	cr_expect_eq(t.wire_len, 66 + 20000 + 14 * (HEAD + 16));
	cr_expect(!t.is_cut);
	net_bench_free(b);
}

/* ---- what cannot be read ---- */

Test(netvsc_log, what_is_not_there_is_missing)
{
	struct taken t;
	struct net_bench *b = started(&t, ALL);

	net_send_section(b, 0, 0, 77, 100);
	cr_expect_eq(t.n_records, 0);
	cr_expect(t.was_cut, "the record says so");
	net_bench_free(b);
}

Test(netvsc_log, messages_that_make_no_sense_are_kept)
{
	struct taken t;
	struct net_bench *b = started(&t, 10);
	uint8_t bytes[HEAD + FRAME];
	const uint32_t length = 5;

	message(bytes);
	memcpy(bytes + 4, &length, 4);
	net_put_section(b, 0, bytes, sizeof(bytes));
	net_send_section(b, 0, 0, 0, sizeof(bytes));
	cr_assert_eq(t.n, 1);
	cr_expect_eq(t.wire_len, sizeof(bytes));
	net_bench_free(b);
}

/* The second of two claims more bytes than there are. */
Test(netvsc_log, what_is_behind_nonsense_is_kept)
{
	struct taken t;
	struct net_bench *b = started(&t, ALL);
	uint8_t bytes[2 * (HEAD + FRAME)];
	const uint32_t length = HEAD + FRAME + 100;

	message(bytes);
	message(bytes + HEAD + FRAME);
	memcpy(bytes + HEAD + FRAME + 4, &length, 4);
	net_put_section(b, 0, bytes, sizeof(bytes));
	net_send_section(b, 0, 0, 0, sizeof(bytes));
	cr_assert_eq(t.n, 2);
	expect_segment(&t, 0, NETVSC_SECTION, HEAD + FRAME, HEAD + FRAME);
	expect_segment(&t, 1, NETVSC_SECTION, HEAD + FRAME, HEAD + FRAME);
	net_bench_free(b);
}

Test(netvsc_log, other_packets_have_nothing_outside)
{
	struct taken t;
	struct net_bench *b = started(&t, ALL);
	struct net_packet p;

	NET_ASK(b, &p, VB_NVSP_OID_QUERY, 0, 0x10107);
	net_complete(b, 0, 3);
	cr_expect_eq(t.n_records, 0);
	cr_expect(!t.was_cut);
	net_bench_free(b);
}
