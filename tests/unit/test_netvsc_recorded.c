/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a replay has the network device do: send recorded messages, answer and complete in its place. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/loop/net_bench.h"

static struct net_bench *bench;

static void start(void)
{
	bench = net_bench_new(NULL);
	net_bench_start(bench, VB_NVSP_6_1);
}

static void end(void)
{
	net_bench_free(bench);
}

TestSuite(netvsc_recorded, .init = start, .fini = end);

/* Three messages in one packet are one packet, with a part for each; all come back with it. */
Test(netvsc_recorded, a_packet_stays_one)
{
	static const uint32_t lens[] = { 100, 1806, 7 };
	uint32_t n_free = bench->n->n_free;
	uint8_t bytes[1913], got[2048];
	struct net_packet p;
	uint64_t id = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	cr_assert_eq(vb_netvsc_receive(bench->n, 0, bytes, lens, 3, false, &id), 0);
	cr_assert(net_take(bench, 0, &p));
	cr_assert_eq(p.n_ranges, 3);
	cr_assert_eq(p.trans_id, id);
	cr_assert_eq(p.word[1], 0, "data");
	for (uint32_t i = 0, at = 0; i < 3; at += lens[i++]) {
		cr_assert_eq(net_read_range(bench, &p, i, got, sizeof(got)), lens[i]);
		cr_assert_arr_eq(got, bytes + at, lens[i]);
	}
	cr_assert_eq(bench->n->n_free, n_free - 3);
	net_complete(bench, 0, p.trans_id);
	cr_assert_eq(bench->n->n_free, n_free);
}

Test(netvsc_recorded, control)
{
	static const uint32_t message[] = { 7, 20, 0x4001000b, 0, 0 }, len = sizeof(message);
	struct net_packet p;
	uint64_t id;

	cr_assert_eq(vb_netvsc_receive(bench->n, 0, (const uint8_t *)message, &len, 1, true, &id),
		     0);
	cr_assert(net_take(bench, 0, &p));
	cr_assert_eq(p.word[1], 1, "control");
	net_complete(bench, 0, p.trans_id);
}

/* What cannot be sent leaves nothing behind. */
Test(netvsc_recorded, refused)
{
	static const uint32_t too_long[] = { 10, 1807 }, lens[46] = { 1 };
	uint32_t n_free = bench->n->n_free, filter = bench->n->filter;
	uint8_t bytes[2048] = { 0 };
	struct net_packet p;
	uint64_t id;

	cr_expect_eq(vb_netvsc_receive(bench->n, 0, bytes, too_long, 2, false, &id), -EMSGSIZE);
	cr_expect_eq(vb_netvsc_receive(bench->n, 0, bytes, lens, 46, false, &id), -EMSGSIZE);
	cr_expect_eq(vb_netvsc_receive(bench->n, 0, bytes, lens, 0, false, &id), -EMSGSIZE);
	cr_expect_eq(vb_netvsc_receive(bench->n, 3, bytes, lens, 1, false, &id), -ENOTCONN);
	bench->n->filter = 0;
	cr_expect_eq(vb_netvsc_receive(bench->n, 0, bytes, lens, 1, false, &id), -ENETDOWN);
	bench->n->filter = filter;
	cr_expect_eq(bench->n->n_free, n_free);
	cr_expect_not(net_take(bench, 0, &p));
}

/* Without free parts it is not now, and some are left for control. */
Test(netvsc_recorded, no_room)
{
	static const uint32_t len = 60;
	uint8_t bytes[60] = { 0 };
	struct net_packet p;
	uint64_t id;
	int rc = 0;

	for (uint32_t i = 0; i < bench->n->receive.n_parts && rc == 0; i++)
		rc = vb_netvsc_receive(bench->n, 0, bytes, &len, 1, false, &id);
	cr_assert_eq(rc, -EAGAIN);
	cr_assert_eq(bench->n->n_free, NETVSC_CONTROL_PARTS);
	cr_assert_eq(vb_netvsc_receive(bench->n, 0, bytes, &len, 1, true, &id), 0);
	cr_assert(net_take(bench, 0, &p));
	net_complete(bench, 0, p.trans_id);
}

/* ---- who plays ---- */

struct play {
	unsigned int n_packets, n_messages, n_ends;
	uint64_t trans_id;
	uint32_t len, type, oid;
	bool later, answers;
};

static void begin(void *ctx, uint16_t queue, uint64_t trans_id)
{
	struct play *p = ctx;

	cr_assert_eq(queue, 0);
	p->trans_id = trans_id;
	p->n_packets++;
}

static void message(void *ctx, const struct vb_frame *f)
{
	struct play *p = ctx;

	p->len = f->wire_len;
	p->n_messages++;
}

static bool end_packet(void *ctx)
{
	struct play *p = ctx;

	p->n_ends++;
	return p->later;
}

static bool answer(void *ctx, uint32_t type, uint32_t oid, uint32_t id)
{
	const uint32_t words[] = { 0x80000004, 28, id, 0, 4, 16, 4711 };
	struct play *p = ctx;

	p->type = type;
	p->oid = oid;
	if (p->answers)
		vb_netvsc_send_control(bench->n, (const uint8_t *)words, sizeof(words));
	return p->answers;
}

#define PLAYER(play)                                                                               \
	{                                                                                          \
		.ctx = (play), .begin = begin, .message = message, .end = end_packet,              \
		.answer = answer                                                                   \
	}

/* The status of a packet is the player's to give. */
Test(netvsc_recorded, completed_later)
{
	struct play play = { .later = true };
	const struct vb_netvsc_player player = PLAYER(&play);
	uint8_t frame[60] = { 0 }, bytes[200];
	uint32_t len = net_message(bytes, frame, sizeof(frame), NULL, 0);
	struct net_packet p;
	uint64_t id;

	bench->n->player = &player;
	net_put_section(bench, 0, bytes, len);
	id = net_send_section(bench, 0, 0, 0, len);
	loop_run(&bench->l);
	cr_assert_eq(play.n_packets, 1);
	cr_assert_eq(play.n_messages, 1);
	cr_assert_eq(play.n_ends, 1);
	cr_assert_eq(play.len, len);
	cr_assert_eq(play.trans_id, id);
	cr_assert_not(net_take(bench, 0, &p), "not yet");
	vb_netvsc_complete(bench->n, 0, id, VB_NVSP_FAILURE);
	net_expect_completion(bench, 0, id, VB_NVSP_RNDIS_COMPLETE, VB_NVSP_FAILURE);
	play.later = false;
	net_send_frame(bench, 0, frame, sizeof(frame));
	cr_assert_eq(play.n_packets, 2);
	bench->n->player = NULL;
}

Test(netvsc_recorded, answered_by_the_trace)
{
	struct play play = { .answers = true };
	const struct vb_netvsc_player player = PLAYER(&play);
	uint32_t words[16] = { 0 };

	bench->n->player = &player;
	cr_assert_eq(net_query(bench, 0x10106, words, sizeof(words)), 28);
	cr_assert_eq(play.type, 0x80000004);
	cr_assert_eq(play.oid, 0x10106);
	cr_assert_eq(words[6], 4711);
	play.answers = false;
	cr_assert_eq(net_query(bench, 0x10106, words, sizeof(words)), 28);
	cr_assert_eq(words[6], 1500, "the model's own");
	bench->n->player = NULL;
}
