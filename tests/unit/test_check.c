/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --check counts: numbers that are missing, and records by device.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "capture/decode.h"
#include "capture/sequence.h"
#include "capture/tally.h"

static void add(struct vb_sequences *s, uint32_t cpu, uint64_t seq, uint32_t lost)
{
	struct vb_record_header h = { .cpu = cpu, .seq = seq, .lost = lost };

	cr_assert_eq(vb_sequence_add(s, &h), 0);
}

Test(sequence, a_whole_capture)
{
	struct vb_sequences s = { 0 };

	cr_assert_eq(vb_sequence_removed(&s), 0);
	for (uint64_t seq = 5; seq < 50; seq++)
		add(&s, (uint32_t)(seq % 3), seq / 3, 0);
	cr_assert_eq(vb_sequence_removed(&s), 0);
	vb_sequence_done(&s);
}

/* A loss is told and its numbers are counted; what is missing besides was taken out. */
Test(sequence, lost_and_removed_are_told_apart)
{
	struct vb_sequences s = { 0 };

	add(&s, 0, 10, 7); /* lost before the first one: says nothing about the rest */
	add(&s, 0, 14, 3);
	cr_assert_eq(vb_sequence_removed(&s), 0);
	add(&s, 0, 20, 0);
	cr_assert_eq(vb_sequence_removed(&s), 5);
	add(&s, 1, 0, 0);
	add(&s, 1, 3, 0);
	cr_assert_eq(vb_sequence_removed(&s), 7);
	vb_sequence_done(&s);
}

/* Records of a channel stand in the order of its ring. */
Test(sequence, order_does_not_matter)
{
	struct vb_sequences s = { 0 };

	add(&s, 0, 14, 3);
	add(&s, 0, 15, 0);
	add(&s, 0, 10, 9);
	add(&s, 0, 18, 1);
	add(&s, 0, 16, 0);
	cr_assert_eq(vb_sequence_removed(&s), 0);
	vb_sequence_done(&s);
}

Test(sequence, captures_cpus_and_channels_have_numbers_of_their_own)
{
	struct vb_sequences s = { 0 };
	struct vb_record_header h = { .seq = VB_SEQ_SYNTHESIZED };

	vb_sequence_add(&s, &h);
	for (uint32_t i = 0; i < 1000; i++) {
		h = (struct vb_record_header){ .seq = i * 10, .cpu = i, .capture = i % 7 };
		vb_sequence_add(&s, &h);
		h = (struct vb_record_header){
			.seq = i * 20, .cpu = 1, .relid = i, .flags = VB_REC_HOST_SIDE
		};
		vb_sequence_add(&s, &h);
	}
	cr_assert_eq(vb_sequence_removed(&s), 0);
	h = (struct vb_record_header){ .seq = 13, .relid = 0, .flags = VB_REC_HOST_SIDE };
	vb_sequence_add(&s, &h);
	cr_assert_eq(vb_sequence_removed(&s), 12);
	vb_sequence_done(&s);
}

Test(tally, by_device)
{
	struct vb_tally t = { 0 };
	struct vb_record_header h;

	for (uint32_t i = 0; i < 500; i++) {
		h = (struct vb_record_header){ .kind = VB_KIND_PACKET, .class = VB_CLASS_SCSI };
		memcpy(h.device, &i, sizeof(i));
		h.lost = i == 400 ? 5 : 0;
		for (int n = 0; n < 3; n++)
			cr_assert_eq(vb_tally_add(&t, &h, n == 0), 0);
		/* Control messages are of the bus, whatever device they name. */
		h.kind = VB_KIND_CONTROL;
		vb_tally_add(&t, &h, true);
		/* A connection is no device. */
		h.kind = VB_KIND_PACKET;
		h.class = VB_CLASS_HVSOCK;
		vb_tally_add(&t, &h, true);
	}
	cr_assert_eq(t.n, 502);
	cr_assert_eq(t.stats[0].received, 3);
	cr_assert_eq(t.stats[0].delivered, 1);
	cr_assert_eq(t.stats[1].received, 505);
	cr_assert_eq(t.stats[2].dev.class, VB_CLASS_HVSOCK);
	cr_assert_eq(t.stats[2].delivered, 500);
	cr_assert_eq(t.stats[402].lost, 15);
	cr_assert_eq(t.stats[402].received, 18);
	vb_tally_done(&t);
}

/* ---- answers, by the number of the request ---- */

Test(answers, kept_by_request)
{
	struct vb_answers a = { 0 };
	struct vb_link link = { .request = 3, .latency_ns = 77 };

	cr_assert_eq(vb_answers_keep(&a, 5, &link), 0);
	link = (struct vb_link){ .request = 100000, .latency_ns = 1 };
	cr_assert_eq(vb_answers_keep(&a, 100001, &link), 0);
	link = (struct vb_link){ .request = 0 };
	cr_assert_eq(vb_answers_keep(&a, 6, &link), 0);
	vb_answers_complete(&a, 3, &link);
	cr_assert_eq(link.response, 5);
	cr_assert_eq(link.latency_ns, 77);
	link = (struct vb_link){ 0 };
	vb_answers_complete(&a, 4, &link);
	vb_answers_complete(&a, UINT64_MAX, &link);
	cr_assert_eq(link.response, 0);
	vb_answers_done(&a);
}

/* An answer that is a request as well keeps the time that it took itself. */
Test(answers, an_answer_may_be_a_request)
{
	struct vb_answers a = { 0 };
	struct vb_link link = { .request = 3, .latency_ns = 77 };

	vb_answers_keep(&a, 5, &link);
	link = (struct vb_link){ .request = 2, .latency_ns = 9 };
	vb_answers_complete(&a, 3, &link);
	cr_assert_eq(link.response, 5);
	cr_assert_eq(link.latency_ns, 9);
	vb_answers_done(&a);
}
