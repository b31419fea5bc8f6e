/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversations: what is learned of channels and versions, which answers find their requests.
 */
#include <criterion/criterion.h>

#include "frames.h"

struct talk {
	struct vb_session *s;
	struct made_frame m;
	struct vb_link link;
	uint64_t n;
};

static void begin(struct talk *t, size_t n_open)
{
	*t = (struct talk){ .s = vb_session_new(n_open) };
	cr_assert_not_null(t->s);
}

/* One record a millisecond. */
static void learn(struct talk *t)
{
	struct vb_walked w;

	t->m.f.number = ++t->n;
	t->m.f.time_ns = t->n * 1000000;
	vb_session_prepare(t->s, &t->m.f);
	vb_walk(vb_root_proto(t->m.f.kind), &t->m.f, NULL, &w);
	vb_session_learn(t->s, &t->m.f, &w, &t->link);
}

static void control(struct talk *t, uint8_t direction, const char *hex)
{
	frame_make(&t->m, VB_KIND_CONTROL, direction, hex);
	learn(t);
}

static void packet(struct talk *t, uint8_t direction, uint32_t relid, const char *hex)
{
	frame_make(&t->m, VB_KIND_PACKET, direction, hex);
	t->m.f.relid = relid;
	learn(t);
}

#define OFFER(relid)                                                                               \
	"01000000 00000000 dc745052 8589e246 8057a307dc18a502 924ec21e 414bef45 b73a4a6e44c12924"  \
	"00000000000000000000000000000000 0000 0000"                                               \
	"000000000000000000000000000000000000000000000000000000000000"                             \
	"000000000000000000000000000000000000000000000000000000000000"                             \
	"000000000000000000000000000000000000000000000000000000000000"                             \
	"000000000000000000000000000000000000000000000000000000000000"                             \
	"0000 0000" relid "00 00 0100 0b200000"
#define IN_BAND(len8) "0600 0200 " len8 " 0000 0000000000000000"

Test(session, version_is_learned)
{
	struct talk t;

	begin(&t, 8);
	control(&t, VB_TO_HOST,
		"0e000000 00000000 03000500 00000000 0200000000000000"
		"0000000000000000 0000000000000000");
	control(&t, VB_TO_GUEST, "0f000000 00000000 00 00 0000 00000000");
	cr_assert_eq(t.link.request, 1);
	cr_assert_eq(t.link.latency_ns, 1000000);
	control(&t, VB_TO_HOST,
		"0e000000 00000000 00000400 00000000 0000000000000000"
		"0000000000000000 0000000000000000");
	control(&t, VB_TO_GUEST, "0f000000 00000000 01 00 0000 00000000");
	cr_assert_eq(t.link.request, 3);
	control(&t, VB_TO_HOST, "03000000 00000000");
	cr_assert_eq(t.m.f.vmbus_version, 0x00040000);
	control(&t, VB_TO_GUEST, "04000000 00000000");
	cr_assert_eq(t.link.request, 5);
	vb_session_free(t.s);
}

Test(session, class_from_the_offer)
{
	struct talk t;

	begin(&t, 8);
	control(&t, VB_TO_GUEST, OFFER("0b000000"));
	packet(&t, VB_TO_HOST, 11, IN_BAND("0300") "0900 0800 01000000");
	cr_assert_eq(t.m.f.class, VB_CLASS_BALLOON);
	packet(&t, VB_TO_HOST, 12, IN_BAND("0300") "0900 0800 01000000");
	cr_assert_eq(t.m.f.class, VB_CLASS_UNKNOWN);
	control(&t, VB_TO_HOST, "0d000000 00000000 0b000000");
	packet(&t, VB_TO_HOST, 11, IN_BAND("0300") "0900 0800 01000000");
	cr_assert_eq(t.m.f.class, VB_CLASS_UNKNOWN);
	vb_session_free(t.s);
}

/* A header and two bodies: 30 + 2 pages, as Linux cuts them, here with fewer pages each. */
Test(session, gpadl_is_joined)
{
	struct talk t;

	begin(&t, 8);
	control(&t, VB_TO_HOST,
		"08000000 00000000 0b000000 101e0e00 2800 0100 00400000 00000000"
		"0100000000000000 0200000000000000");
	cr_assert_eq(t.link.part, 1);
	cr_assert_eq(t.link.joined, 24);
	cr_assert_eq(t.link.total, 40);
	control(&t, VB_TO_HOST, "09000000 00000000 00000000 101e0e00 0300000000000000");
	cr_assert_eq(t.link.part_of, 1);
	cr_assert_eq(t.link.part, 2);
	cr_assert_not(t.link.complete);
	control(&t, VB_TO_HOST, "09000000 00000000 00000000 101e0e00 0400000000000000");
	cr_assert_eq(t.link.part, 3);
	cr_assert_eq(t.link.joined, 40);
	cr_assert(t.link.complete);
	control(&t, VB_TO_HOST, "09000000 00000000 00000000 101e0e00 0500000000000000");
	cr_assert_eq(t.link.part_of, 0, "the message is whole already");
	control(&t, VB_TO_GUEST, "0a000000 00000000 0b000000 101e0e00 00000000");
	cr_assert_eq(t.link.request, 1);
	cr_assert_eq(t.link.latency_ns, 4000000);
	vb_session_free(t.s);
}

Test(session, two_opens_by_their_keys)
{
	struct talk t;
	struct vb_session_stats stats;

	begin(&t, 8);
	for (int i = 1; i <= 2; i++) {
		frame_make(&t.m, VB_KIND_CONTROL, VB_TO_HOST, "05000000 00000000");
		t.m.f.wire_len = t.m.f.cap_len = 148;
		t.m.bytes[8] = t.m.bytes[12] = (uint8_t)i;
		learn(&t);
	}
	control(&t, VB_TO_GUEST, "06000000 00000000 02000000 02000000 00000000");
	cr_assert_eq(t.link.request, 2);
	control(&t, VB_TO_GUEST, "06000000 00000000 01000000 01000000 00000000");
	cr_assert_eq(t.link.request, 1);
	control(&t, VB_TO_GUEST, "06000000 00000000 01000000 01000000 00000000");
	cr_assert_eq(t.link.request, 0, "answered once is answered");
	vb_session_get_stats(t.s, &stats);
	cr_assert_eq(stats.n_paired, 2);
	cr_assert_eq(stats.n_unpaired_answers, 1);
	cr_assert_eq(stats.n_open, 0);
	vb_session_free(t.s);
}

#define BALLOON_REQUEST IN_BAND("0400") "0600 1000 01000000 00100000 00000000"
#define BALLOON_ANSWER(info) IN_BAND("0500") "0700 1800 02000000 00000000" info "0010000000000100"

/* Dynamic memory pairs by kind; an answer that says "more follows" leaves its request open. */
Test(session, balloon_pairs_by_kind)
{
	struct talk t;

	begin(&t, 8);
	control(&t, VB_TO_GUEST, OFFER("0b000000"));
	packet(&t, VB_TO_GUEST, 11, BALLOON_REQUEST);
	packet(&t, VB_TO_HOST, 11, BALLOON_ANSWER("03000000"));
	cr_assert_eq(t.link.request, 2);
	packet(&t, VB_TO_HOST, 11, BALLOON_ANSWER("02000000"));
	cr_assert_eq(t.link.request, 2);
	cr_assert_eq(t.link.latency_ns, 2000000);
	packet(&t, VB_TO_HOST, 11, BALLOON_ANSWER("02000000"));
	cr_assert_eq(t.link.request, 0);
	vb_session_free(t.s);
}

Test(session, balloon_version)
{
	struct talk t;

	begin(&t, 8);
	control(&t, VB_TO_GUEST, OFFER("0b000000"));
	packet(&t, VB_TO_HOST, 11, IN_BAND("0400") "0100 1000 01000000 00000200 00000000");
	packet(&t, VB_TO_GUEST, 11, IN_BAND("0400") "0200 1000 01000000 0100000000000000");
	cr_assert_eq(t.link.request, 2);
	packet(&t, VB_TO_HOST, 11, IN_BAND("0300") "0900 0800 01000000");
	cr_assert_eq(t.m.f.proto_version, 0x00020000);
	control(&t, VB_TO_HOST, "07000000 00000000 0b000000");
	packet(&t, VB_TO_HOST, 11, IN_BAND("0300") "0900 0800 01000000");
	cr_assert_eq(t.m.f.proto_version, 0, "a closed channel begins anew");
	vb_session_free(t.s);
}

#define ASK(id) "0600 0200 0200 0100" id
#define DONE(id) "0b00 0200 0200 0000" id

/* Completions by id, on the right channel, from the other side only. */
Test(session, completions)
{
	struct talk t;

	begin(&t, 8);
	packet(&t, VB_TO_HOST, 3, ASK("0100000000000000"));
	packet(&t, VB_TO_HOST, 3, ASK("0200000000000000"));
	packet(&t, VB_TO_HOST, 4, ASK("0100000000000000"));
	packet(&t, VB_TO_HOST, 3, DONE("0100000000000000"));
	cr_assert_eq(t.link.request, 0, "the guest does not complete its own request");
	packet(&t, VB_TO_GUEST, 3, DONE("0200000000000000"));
	cr_assert_eq(t.link.request, 2);
	packet(&t, VB_TO_GUEST, 3, DONE("0100000000000000"));
	cr_assert_eq(t.link.request, 1);
	cr_assert_eq(t.link.latency_ns, 5000000);
	packet(&t, VB_TO_HOST, 3, ASK("0100000000000000"));
	packet(&t, VB_TO_GUEST, 3, DONE("0100000000000000"));
	cr_assert_eq(t.link.request, 7, "an id is used again");
	packet(&t, VB_TO_HOST, 3, "0600 0200 0200 0000 0900000000000000");
	packet(&t, VB_TO_GUEST, 3, DONE("0900000000000000"));
	cr_assert_eq(t.link.request, 0, "no completion was asked for");
	vb_session_free(t.s);
}

/* After a loss the answer may be that of a request nobody saw: better none than a wrong time. */
Test(session, loss_forgets_requests)
{
	struct talk t;

	begin(&t, 8);
	packet(&t, VB_TO_HOST, 3, ASK("0100000000000000"));
	frame_make(&t.m, VB_KIND_PACKET, VB_TO_GUEST, DONE("0100000000000000"));
	t.m.f.relid = 3;
	t.m.f.lost = 1;
	learn(&t);
	cr_assert_eq(t.link.request, 0);
	vb_session_free(t.s);
}

/* A write that failed never reached the host, so nothing answers it. */
Test(session, failed_write_asks_nothing)
{
	struct talk t;

	begin(&t, 8);
	frame_make(&t.m, VB_KIND_PACKET, VB_TO_HOST, ASK("0100000000000000"));
	t.m.f.relid = 3;
	t.m.f.flags = VB_REC_FAILED;
	learn(&t);
	packet(&t, VB_TO_GUEST, 3, DONE("0100000000000000"));
	cr_assert_eq(t.link.request, 0);
	vb_session_free(t.s);
}

/* The table is bounded: the oldest requests are forgotten, and counted. */
Test(session, bounded)
{
	struct vb_session_stats stats;
	struct talk t;

	begin(&t, 4);
	for (int i = 0; i < 100; i++) {
		frame_make(&t.m, VB_KIND_PACKET, VB_TO_HOST, ASK("0000000000000000"));
		t.m.bytes[8] = (uint8_t)i;
		t.m.f.relid = 3;
		learn(&t);
	}
	packet(&t, VB_TO_GUEST, 3, DONE("6300000000000000"));
	cr_assert_eq(t.link.request, 100);
	packet(&t, VB_TO_GUEST, 3, DONE("0100000000000000"));
	cr_assert_eq(t.link.request, 0);
	vb_session_get_stats(t.s, &stats);
	cr_assert_eq(stats.n_forgotten, 96);
	cr_assert_eq(stats.n_open, 3);
	vb_session_free(t.s);
}

/* Ids of before an UNLOAD mean nothing after it. */
Test(session, unload_forgets_ids)
{
	struct talk t;

	begin(&t, 8);
	control(&t, VB_TO_HOST, "0b000000 00000000 0b000000 101e0e00");
	control(&t, VB_TO_HOST, "10000000 00000000");
	control(&t, VB_TO_GUEST, "0c000000 00000000 101e0e00");
	cr_assert_eq(t.link.request, 0);
	control(&t, VB_TO_GUEST, "11000000 00000000");
	cr_assert_eq(t.link.request, 2);
	vb_session_free(t.s);
}

Test(session, state_gives_versions)
{
	struct talk t;

	begin(&t, 8);
	frame_make(&t.m, VB_KIND_STATE, VB_DIR_NONE, "0100 0400 03000500");
	learn(&t);
	frame_make(&t.m, VB_KIND_STATE, VB_DIR_NONE, "0200 0400 00000200");
	t.m.f.relid = 7;
	learn(&t);
	packet(&t, VB_TO_HOST, 7, ASK("0100000000000000"));
	cr_assert_eq(t.m.f.vmbus_version, 0x00050003);
	cr_assert_eq(t.m.f.proto_version, 0x00020000);
	vb_session_free(t.s);
}
