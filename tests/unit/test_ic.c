/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The integration services, from bytes that were written by hand: their header, the simple ones,
 * file copy, and what answers what.
 */
#include <criterion/criterion.h>

#include "ic_frame.h"

/* ---- header, negotiation ---- */

/* Three framework and message versions; the guest takes one each and leaves the rest behind. */
Test(ic, negotiation)
{
	struct ic ic;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_SHUTDOWN, 0, "0000 0000", 8 + 5 * 4);
	ic_put_body(&ic, 0, "0200 0300 00000000 0100 0000 0300 0000");
	ic_put_body(&ic, 16, "0100 0000 0300 0100 0300 0200");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "negotiate, framework 1.0, framework 3.0, message 1.0, message 3.1, "
			       "message 3.2");
	cr_assert_eq(ic_value(&ic, "hv_icmsg.negotiate.framework_count"), 2);
	ic_expect_line(&ic, "Message version: 0x20003 (3.2)");

	ic_make(&ic, VB_TO_HOST, VB_CLASS_SHUTDOWN, 0, "0000 0000", 8 + 5 * 4);
	ic_put_body(&ic, 0, "0100 0100 00000000 0300 0000 0300 0200");
	ic_put_body(&ic, 16, "0100 0000 0300 0100 0300 0200");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "negotiate_response, framework 3.0, message 3.2");
	cr_assert(ic_has(&ic, "hv_icmsg.negotiate_response.unused"), "what stands behind");
}

Test(ic, header)
{
	struct ic ic;

	ic_make(&ic, VB_TO_HOST, VB_CLASS_KVP, 2, "0400 0000", 2580);
	ic_put(&ic, 24, "0300 0000");
	ic_put(&ic, 36, "03010780 07 05");
	ic_put_body(&ic, 0, "03 02 0000 05000000");
	ic_expect_whole(&ic);
	cr_assert_eq(ic_value(&ic, "hv_icmsg.framework_version"), 3);
	cr_assert_eq(ic_value(&ic, "hv_icmsg.type"), 2);
	cr_assert_eq(ic_value(&ic, "hv_icmsg.message_version.major"), 4);
	cr_assert_eq(ic_value(&ic, "hv_icmsg.size"), 2580);
	cr_assert_eq(ic_value(&ic, "hv_icmsg.status"), 0x80070103);
	cr_assert_eq(ic_value(&ic, "hv_icmsg.transaction_id"), 7);
	cr_assert_eq(ic_value(&ic, "hv_icmsg.flags.transaction"), 1);
	cr_assert_eq(ic_value(&ic, "hv_icmsg.flags.request"), 0);
	cr_assert_eq(ic_value(&ic, "hv_icmsg.flags.response"), 1);
	ic_expect_summary(&ic, "status no more items, enumerate, pool auto, index 5");
}

/* ---- the simple services ---- */

Test(ic, heartbeat)
{
	struct ic ic;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_HEARTBEAT, 1, "0300 0000", 40);
	ic_put_body(&ic, 0, "0c00000000000000");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "seq num 12");

	/* OpenVMM's length. */
	ic_make(&ic, VB_TO_HOST, VB_CLASS_HEARTBEAT, 1, "0300 0000", 16);
	ic_put_body(&ic, 0, "0d00000000000000 02000000 00000000");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "seq num 13, application state critical");

	/* The number alone is what Linux wants at least. */
	ic_make(&ic, VB_TO_GUEST, VB_CLASS_HEARTBEAT, 1, "0100 0000", 8);
	ic_expect_whole(&ic);
	cr_assert(!ic_has(&ic, "hv_heartbeat.application_state"));
}

Test(ic, shutdown)
{
	struct ic ic;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_SHUTDOWN, 3, "0300 0200", 2060);
	ic_put_body(&ic, 0, "00000080 2c010000 03000000 42007900 6500");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "reason code planned, force, restart");
	cr_assert_eq(ic_value(&ic, "hv_shutdown.timeout_seconds"), 300);
	ic_expect_line(&ic, "Message: \"Bye\"");
}

/* 2026-01-01T20:48:24.1234567Z, and the layouts of both generations. */
Test(ic, timesync)
{
	struct ic ic;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_TIMESYNC, 4, "0300 0000", 25);
	ic_put_body(&ic, 0, "8732d7f85f7bdc01 0100000000000000 0200000000000000 01");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "parent time 2026-01-01 20:48:24.1234567, sync");
	cr_assert_eq(ic_value(&ic, "hv_timesync.child_time"), 1);
	cr_assert_eq(ic_value(&ic, "hv_timesync.round_trip_time"), 2);
	cr_assert(!ic_has(&ic, "hv_timesync.vm_reference_time"));

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_TIMESYNC, 4, "0400 0000", 22);
	ic_put_body(&ic, 0, "8732d7f85f7bdc01 8096980000000000 02 01 05");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "parent time 2026-01-01 20:48:24.1234567, sample");
	cr_assert_eq(ic_value(&ic, "hv_timesync.vm_reference_time"), 10000000);
	cr_assert_eq(ic_value(&ic, "hv_timesync.leap_flags"), 1);
	cr_assert_eq(ic_value(&ic, "hv_timesync.stratum"), 5);
	cr_assert(!ic_has(&ic, "hv_timesync.child_time"));
}

/* A conversation that was joined late: only the message itself says its version. */
Test(ic, version_of_the_message_wins)
{
	struct ic ic;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_TIMESYNC, 4, "0100 0000", 25);
	ic.m.f.proto_version = 4;
	ic_put_body(&ic, 0, "8732d7f85f7bdc01 0100000000000000");
	ic_expect_whole(&ic);
	cr_assert_eq(ic_value(&ic, "hv_timesync.child_time"), 1);
}

/* ---- file copy ---- */

#define SERVICE_IDS                                                                                \
	"33221100554477668899aabbccddeeff"                                                         \
	"00000000000000000000000000000000"

Test(ic, fcopy)
{
	struct ic ic;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_FCOPY, 7, "0100 0100", 1088);
	ic_put_body(&ic, 0, "00000000" SERVICE_IDS "6100");
	ic_put_body(&ic, 556, "2f007400");
	ic_put_body(&ic, 1076, "03000000 0010000001000000");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "start, file name \"a\", path name \"/t\", overwrite, create path, "
			       "file size 4294971392");

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_FCOPY, 7, "0100 0100", 6196);
	ic_put_body(&ic, 0, "01000000" SERVICE_IDS "00000000 0018000000000000 03000000 616263");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "write, offset 6144, data size 3");
	ic_expect_line(&ic, "Data: 616263");

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_FCOPY, 7, "0100 0100", 36);
	ic_put_body(&ic, 0, "02000000" SERVICE_IDS);
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "complete");
	ic_put_body(&ic, 0, "03000000");
	ic_expect_summary(&ic, "cancel");
}

/* ---- requests and answers ---- */

static struct vb_link learn(struct vb_session *s, struct ic *ic, uint64_t number)
{
	struct vb_link link;
	struct vb_walked w;

	ic->m.f.number = number;
	ic->m.f.time_ns = number * 1000;
	vb_session_prepare(s, &ic->m.f);
	vb_walk(vb_root_proto(ic->m.f.kind), &ic->m.f, NULL, &w);
	vb_session_learn(s, &ic->m.f, &w, &link);
	return link;
}

/* The packet's id is 0: the type of the message is what a request and its answer share. */
Test(ic, answers_are_told_by_type)
{
	struct vb_session *s = vb_session_new(16);
	struct ic ask, answer;
	struct vb_link link;

	ic_make(&ask, VB_TO_GUEST, VB_CLASS_HEARTBEAT, 1, "0300 0000", 40);
	ic_make(&answer, VB_TO_HOST, VB_CLASS_HEARTBEAT, 1, "0300 0000", 40);
	learn(s, &ask, 7);
	link = learn(s, &answer, 9);
	cr_assert_eq(link.request, 7);
	cr_assert_eq(link.latency_ns, 2000);
	link = learn(s, &answer, 10);
	cr_assert_eq(link.request, 0, "answered already");

	learn(s, &ask, 11);
	ic_make(&answer, VB_TO_HOST, VB_CLASS_HEARTBEAT, 0, "0000 0000", 8);
	link = learn(s, &answer, 12);
	cr_assert_eq(link.request, 0, "another type");

	ask.m.bytes[41] = 0; /* wants no answer */
	ic_make(&answer, VB_TO_HOST, VB_CLASS_HEARTBEAT, 3, "0300 0000", 2060);
	ic_make(&ask, VB_TO_GUEST, VB_CLASS_HEARTBEAT, 3, "0300 0000", 2060);
	ask.m.bytes[41] = 0;
	learn(s, &ask, 13);
	link = learn(s, &answer, 14);
	cr_assert_eq(link.request, 0, "nobody asked");
	vb_session_free(s);
}

/* Negotiations are message number 0, and pair as any other. */
Test(ic, a_negotiation_is_answered)
{
	struct vb_session *s = vb_session_new(16);
	struct ic ask, answer;
	struct vb_link link;

	ic_make(&ask, VB_TO_GUEST, VB_CLASS_KVP, 0, "0000 0000", 16);
	ic_make(&answer, VB_TO_HOST, VB_CLASS_KVP, 0, "0000 0000", 16);
	link = learn(s, &answer, 1);
	cr_assert_eq(link.request, 0, "nobody asked");
	learn(s, &ask, 2);
	link = learn(s, &answer, 5);
	cr_assert_eq(link.request, 2);
	cr_assert_eq(link.latency_ns, 3000);
	link = learn(s, &answer, 6);
	cr_assert_eq(link.request, 0, "answered already");
	vb_session_free(s);
}

/* ---- what is wrong ---- */

Test(ic, short_messages)
{
	struct ic ic;
	struct vb_walked w;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_KVP, 2, "0400 0000", 100);
	ic_put_body(&ic, 0, "01 01 0000 01000000 06000000 0c000000");
	ic_put_body(&ic, 16, IC_OS);
	w = ic_walk(&ic);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT], 1);
	cr_assert_eq(w.unexplained, 0);
	ic_expect_line(&ic, "Key: \"OS\"");

	ic_put_le(ic.m.bytes + 34, 3000, 2); /* a body larger than the packet */
	w = ic_walk(&ic);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT], 1);
}

/* The capture kept the beginning. */
Test(ic, cut_messages)
{
	struct ic ic;
	struct vb_walked w;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_KVP, 2, "0400 0000", 2576);
	ic_put_body(&ic, 0, "01 01 0000 01000000 06000000 0c000000");
	ic_put_body(&ic, 16, IC_OS_NAME);
	ic.m.f.cap_len = ic.at + 16 + 5;
	w = ic_walk(&ic);
	cr_assert_eq(w.n_notes[VB_NOTE_CUT], 1);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT], 0);
	ic_expect_line(&ic, "Key: \"OS\"");
}
