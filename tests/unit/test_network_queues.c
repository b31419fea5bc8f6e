/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queues of network devices: full rings, requests without an answer, ids that are used again.
 */
#include <criterion/criterion.h>

#include "network_talk.h"

#define RING_FULL (-11)

/* ---- the ring ---- */

Test(network, ring_full)
{
	struct talk t;

	talk_begin(&t);
	t.flags = VB_REC_FAILED;
	t.result = RING_FULL;
	talk_to_host(&t, VB_PACKET_IN_BAND, 2, WORDS(107, 0, NO_SECTION));
	talk_expect(&t, VB_NOTE_RING_FULL);
	t.flags = VB_REC_FAILED;
	t.result = -19;
	talk_to_host(&t, VB_PACKET_IN_BAND, 2, WORDS(107, 0, NO_SECTION));
	talk_expect(&t, NONE);
	talk_to_guest(&t, VB_PACKET_COMPLETION, 2, WORDS(108, 1));
	cr_expect_eq(t.link.request, 0, "nobody got the request");
	talk_end(&t);
}

static void count_stalled(void *ctx, const struct vb_stalled *q)
{
	unsigned int *n = ctx;

	cr_expect_eq(q->relid, 5);
	cr_expect_gt(q->waiting_ns, 5 * SECOND);
	++*n;
}

static unsigned int n_stalled(const struct talk *t)
{
	unsigned int n = 0;

	vb_session_each_stalled(t->s, t->now_ns, count_stalled, &n);
	return n;
}

Test(network, stalled)
{
	struct talk t;

	talk_begin(&t);
	talk_ask(&t, 1);
	t.now_ns += 6 * SECOND;
	cr_expect_eq(n_stalled(&t), 1);
	talk_ask(&t, 2);
	talk_expect(&t, VB_NOTE_STALLED);
	talk_ask(&t, 3); /* told once */
	talk_expect(&t, NONE);
	talk_answer(&t, 1);
	talk_expect(&t, NONE);
	t.now_ns += 6 * SECOND;
	talk_answer(&t, 2);
	talk_expect(&t, VB_NOTE_STALLED);
	talk_answer(&t, 3);
	t.now_ns += 60 * SECOND;
	talk_ask(&t, 4); /* nothing waited */
	talk_expect(&t, NONE);
	t.now_ns += 4 * SECOND;
	talk_answer(&t, 4);
	talk_expect(&t, NONE);
	cr_expect_eq(n_stalled(&t), 0);
	talk_end(&t);
}

/* A request that others overtook is late, or its answer was lost; the queue goes on. */
Test(network, overtaken_is_not_stalled)
{
	struct talk t;

	talk_begin(&t);
	talk_ask(&t, 1);
	talk_ask(&t, 2);
	talk_answer(&t, 2);
	t.now_ns += 60 * SECOND;
	talk_ask(&t, 3);
	talk_expect(&t, NONE);
	cr_expect_eq(n_stalled(&t), 0);
	talk_answer(&t, 3);
	talk_answer(&t, 1); /* late: nothing waits for all that */
	t.now_ns += 60 * SECOND;
	cr_expect_eq(n_stalled(&t), 0);
	talk_end(&t);
}

/* Whoever was not seen answering may have answered. */
Test(network, lost_is_not_stalled)
{
	struct talk t;

	talk_begin(&t);
	talk_ask(&t, 1);
	t.now_ns += 6 * SECOND;
	t.lost = 1;
	talk_ask(&t, 2);
	talk_expect(&t, NONE);
	talk_end(&t);
}

/* Control messages wait apart from the packets that carry them. */
Test(network, control_stalls)
{
	struct talk t;

	talk_begin(&t);
	talk_ask(&t, 1);
	MESSAGE(&t, 4, 28, 1, 0x10107, 0, 20, 0);
	talk_answer(&t, 1);
	t.now_ns += 6 * SECOND;
	cr_expect_eq(n_stalled(&t), 1);
	talk_transfer(&t);
	MESSAGE(&t, 0x80000004, 28, 1, 0, 4, 16, 5);
	talk_expect(&t, VB_NOTE_STALLED);
	cr_expect_eq(t.link.request, 1);
	cr_expect_eq(t.link.latency_ns, 6 * SECOND);
	talk_end(&t);
}

/* ---- pairs ---- */

/* An id that is used again before its answer came: the answer is that of the second request. */
Test(network, id_is_used_again)
{
	struct vb_session_stats stats;
	struct talk t;

	talk_begin(&t);
	talk_ask(&t, 1);
	MESSAGE(&t, 8, 12, 7);
	talk_ask(&t, 1);
	MESSAGE(&t, 8, 12, 7);
	talk_transfer(&t);
	MESSAGE(&t, 0x80000008, 16, 7, 0);
	cr_expect_eq(t.link.request, 2);
	talk_answer(&t, 1);
	cr_expect_eq(t.link.request, 2);
	talk_answer(&t, 1);
	cr_expect_eq(t.link.request, 0);
	vb_session_get_stats(t.s, &stats);
	cr_expect_eq(stats.n_unanswered, 2, "a packet and a message");
	cr_expect_eq(stats.n_paired, 2);
	cr_expect_eq(stats.n_unpaired_answers, 1);
	talk_end(&t);
}

static void ask_from(struct talk *t, uint32_t cpu, uint64_t after_us)
{
	t->now_ns += after_us * 1000;
	t->cpu = cpu;
	talk_ask(t, 1);
}

static void answer_at(struct talk *t, uint32_t cpu, uint64_t after_us, uint64_t request)
{
	t->now_ns += after_us * 1000;
	t->cpu = cpu;
	talk_answer(t, 1);
	cr_expect_eq(t->link.request, request, "%lu", (unsigned long)t->link.request);
}

static void expect_pairs(struct talk *t, uint64_t n_unanswered, uint64_t n_overlapped)
{
	struct vb_session_stats stats;

	vb_session_get_stats(t->s, &stats);
	cr_expect_eq(stats.n_unanswered, n_unanswered);
	cr_expect_eq(stats.n_overlapped, n_overlapped);
	talk_end(t);
}

/* A write is stamped before it gets its id, and another CPU reads the answer that frees it meanwhile. */
Test(network, stamps_overlap)
{
	struct talk t;

	talk_begin(&t);
	ask_from(&t, 0, 10);
	ask_from(&t, 1, 10);
	answer_at(&t, 0, 5, 1);
	cr_expect_eq(t.link.latency_ns, 15000);
	answer_at(&t, 0, 50, 2);
	cr_expect_eq(t.link.latency_ns, 55000);
	answer_at(&t, 0, 5, 0);
	expect_pairs(&t, 0, 1);
}

Test(network, one_cpu_does_not_overlap)
{
	struct talk t;

	talk_begin(&t);
	ask_from(&t, 0, 10);
	ask_from(&t, 0, 10);
	answer_at(&t, 0, 5, 2);
	expect_pairs(&t, 1, 0);
}

Test(network, no_write_takes_so_long)
{
	struct talk t;

	talk_begin(&t);
	ask_from(&t, 0, 10);
	ask_from(&t, 1, 10);
	answer_at(&t, 0, 1001, 2);
	expect_pairs(&t, 1, 0);
}

/* At first it looks the same: the next use of the id shows that one answer was missing. */
Test(network, an_answer_that_never_came)
{
	struct talk t;

	talk_begin(&t);
	ask_from(&t, 0, 10);
	ask_from(&t, 1, 10);
	answer_at(&t, 0, 5, 1);
	ask_from(&t, 1, 10);
	answer_at(&t, 0, 5, 4);
	ask_from(&t, 1, 10);
	answer_at(&t, 0, 5, 6);
	expect_pairs(&t, 1, 1);
}

/* An answer whose request was before the capture, or lost, is no other's. */
Test(network, late_start)
{
	struct talk t;

	talk_begin(&t);
	talk_transfer(&t);
	MESSAGE(&t, 0x80000004, 28, 6, 0, 4, 16, 5);
	cr_expect_eq(t.link.request, 0);
	talk_ask(&t, 1);
	MESSAGE(&t, 4, 28, 7, 0x10107, 0, 20, 0);
	talk_transfer(&t);
	MESSAGE(&t, 0x80000005, 16, 7, 0); /* of another kind */
	cr_expect_eq(t.link.request, 0);
	t.lost = 1;
	talk_transfer(&t);
	MESSAGE(&t, 0x80000004, 28, 7, 0, 4, 16, 5);
	cr_expect_eq(t.link.request, 0, "the request may have been answered unseen");
	talk_end(&t);
}

/* What is agreed on in the primary channel holds in the others. */
Test(network, version_of_a_subchannel)
{
	struct vb_frame f = { .class = VB_CLASS_NETWORK, .relid = 9, .instance = { 7 } };
	struct talk t;

	talk_begin(&t);
	talk_to_host(&t, VB_PACKET_IN_BAND, 1, WORDS(1, 0x60000, 0x60000));
	talk_to_guest(&t, VB_PACKET_COMPLETION, 1, WORDS(2, UINT32_MAX, 34, 1));
	f.subchannel = 1;
	vb_session_prepare(t.s, &f);
	cr_expect_eq(f.proto_version, 0x60000);
	f.instance[0] = 8;
	vb_session_prepare(t.s, &f);
	cr_expect_eq(f.proto_version, 0, "another device");
	talk_end(&t);
}
