/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Storage: messages from bytes that were written by hand, and completions, which are read by their
 * requests.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "dissectors/inner.h"
#include "dissectors/scsi.h"
#include "dissectors/storvsc.h"
#include "storage_frame.h"

#define READ_10 "28 00 00000800 00 0008 00"
#define WRITE_10 "2a 08 00000800 00 0008 00"
#define INQUIRY "12 00 00 0024 00"

/* Nothing wrong and nothing unknown, and this is what the summary says. */
static void expect(uint8_t direction, uint32_t recalled, const char *payload, const char *summary)
{
	struct ic ic;

	storage_make(&ic, direction,
		     direction == VB_TO_HOST ? VB_PACKET_IN_BAND : VB_PACKET_COMPLETION, payload,
		     64);
	ic.m.f.recalled = recalled;
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, summary);
}

#define ASKED(operation, rest) operation "000000 01000000 00000000 " rest
#define DONE(status, rest) "01000000 00000000 " status " " rest

Test(storvsc, start_up)
{
	expect(VB_TO_HOST, 0, ASKED("07", ""), "Begin initialization");
	expect(VB_TO_GUEST, OF(7, 0, 0, 0), DONE("00000000", ""),
	       "completion, Initialization begun");
	expect(VB_TO_HOST, 0, ASKED("09", "0206 0000"), "Version request, Win10");
	expect(VB_TO_GUEST, OF(9, 0, 0, 0), DONE("590000c0", "0206 0000"),
	       "completion, status revision mismatch, Version answer");
	expect(VB_TO_HOST, 0, ASKED("0a", ""), "Properties request");
	expect(VB_TO_GUEST, OF(10, 0, 0, 0),
	       DONE("00000000", "00000000 4000 0000 01000000 00000400"),
	       "completion, Properties, max channel cnt 64, max transfer bytes 262144");
	expect(VB_TO_HOST, 0, ASKED("08", ""), "End initialization");
	expect(VB_TO_HOST, 0, ASKED("0d", "0300"), "Create sub-channels, sub channel count 3");
	expect(VB_TO_GUEST, OF(13, 0, 0, 0), DONE("0d0000c0", "0300"),
	       "completion, status invalid parameter, Sub-channels granted");
}

Test(storvsc, fibre_channel)
{
	struct ic ic;

	storage_make(&ic, VB_TO_GUEST, VB_PACKET_COMPLETION,
		     DONE("00000000", "01 000000 c003ff0000ffff01 c003ff0000ffff00 "
				      "c003ff0000ffff11 c003ff0000ffff10"),
		     64);
	ic.m.f.class = VB_CLASS_FC;
	ic.m.f.recalled = OF(12, 0, 0, 0);
	ic_expect_whole(&ic);
	cr_assert_eq(ic_value(&ic, "hv_storvsc.fchba_data_complete.primary_port_wwn"),
		     UINT64_C(0xc003ff0000ffff01));
	ic_expect_line(&ic, "Secondary node: 0xc003ff0000ffff10");
}

Test(storvsc, host_begins)
{
	struct ic ic;

	storage_make(&ic, VB_TO_GUEST, VB_PACKET_IN_BAND, "0b000000 00000000 00000000", 64);
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "Enumerate bus");
	/* Linux needs no more than 4 bytes */
	storage_make(&ic, VB_TO_GUEST, VB_PACKET_IN_BAND, "02000000 00000000 00000000", 16);
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "Remove device");
	storage_make(&ic, VB_TO_GUEST, VB_PACKET_IN_BAND, "0e000000 00000000 00000000 01 02 03 04",
		     64);
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "Event, lun 1");
}

Test(storvsc, request)
{
	struct ic ic;

	storage_request(&ic, READ_10, 10, VB_STORVSC_READ);
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "SCSI request, lun 2, READ(10), lba 2048, blocks 8");
	cr_assert_eq(ic_value(&ic, "hv_storvsc.execute_srb.srb_flags.data_in"), 1);
	cr_assert_eq(ic_value(&ic, "hv_storvsc.execute_srb.time_out_value"), 60);
	cr_assert_eq(ic_value(&ic, "hv_scsi.read_10.lba"), 2048);
	storage_request(&ic, WRITE_10, 10, VB_STORVSC_WRITE);
	ic_expect_summary(&ic, "SCSI request, lun 2, WRITE(10), fua, lba 2048, blocks 8");
	storage_request(&ic, "1b 00 00 00 00 00", 6, VB_STORVSC_UNKNOWN);
	ic_expect_summary(&ic, "SCSI request, lun 2, START STOP UNIT, start 0");
	storage_request(&ic, "12 01 83 00ff 00", 6, VB_STORVSC_READ);
	ic_expect_summary(
		&ic, "SCSI request, lun 2, INQUIRY, evpd, page code 0x83, allocation length 255");
	storage_request(&ic, "08 1fffff 00 00", 6, VB_STORVSC_READ);
	ic_expect_summary(&ic, "SCSI request, lun 2, READ(6), lba 2097151, blocks 0");
	storage_request(&ic, "9e 10 0000000000000000 00000020 00 00", 16, VB_STORVSC_READ);
	ic_expect_summary(&ic, "SCSI request, lun 2, SERVICE ACTION IN(16), read capacity (16), "
			       "allocation length 32");
}

/* A command nobody describes, and a length that lies. */
Test(storvsc, odd_cdb)
{
	struct vb_walked w;
	struct ic ic;

	storage_request(&ic, "c1 01 02 03 04 05", 6, VB_STORVSC_UNKNOWN);
	w = ic_walk(&ic);
	cr_assert_eq(w.n_notes[VB_NOTE_UNKNOWN], 1);
	cr_assert_eq(w.unexplained, 5);
	cr_assert_eq(w.n_notes[VB_NOTE_UNEXPECTED], 0);
	storage_request(&ic, READ_10, 200, VB_STORVSC_READ);
	w = ic_walk(&ic);
	cr_assert_eq(w.n_notes[VB_NOTE_UNEXPECTED], 1);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT], 0);
	storage_request(&ic, READ_10, 6, VB_STORVSC_READ);
	w = ic_walk(&ic);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT], 1, "a command of 10 bytes in 6");
	/* no command at all */
	storage_request(&ic, "", 0, VB_STORVSC_READ);
	ic_expect_whole(&ic);
}

Test(storvsc, completion)
{
	struct ic ic;

	storage_done(&ic, 1, 0, 4096, "", 0);
	ic.m.f.recalled = OF_COMMAND(VB_SCSI_READ_10, 0, 0);
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "completion, SCSI request completed, success, lun 0, "
			       "data transfer length 4096");
	storage_done(&ic, 0x84, 2, 0, "70 00 05 00000000 0a 00000000 24 00 00 c00002", 18);
	ic.m.f.recalled = OF_COMMAND(VB_SCSI_READ_10, 0, 0);
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "completion, SCSI request completed, error, scsi status check "
			       "condition, lun 0, Current error, illegal request, Invalid field in "
			       "CDB");
	/* without the bit, the area has what the request had there, or anything */
	storage_done(&ic, 4, 2, 0, READ_10, 18);
	ic.m.f.recalled = OF_COMMAND(VB_SCSI_READ_10, 0, 0);
	ic_expect_whole(&ic);
	cr_assert(ic_has(&ic, "hv_storvsc.execute_srb_complete.sense_unused"));
	cr_assert_not(ic_has(&ic, "hv_sense.response"));
	/* more sense data than there is room for */
	storage_done(&ic, 0x84, 2, 0, "70 00 02 00000000 0a 00000000 3a 01", 252);
	ic.m.f.recalled = OF_COMMAND(VB_SCSI_READ_10, 0, 0);
	ic_expect_whole(&ic);
	ic_expect_line(&ic, "Additional sense code: 0x3a01 (Medium not present - tray closed)");
}

/* Requests of SCSI have 36 bytes before Windows 8; the version is that of the conversation. */
Test(storvsc, short_layout)
{
	struct vb_walked w;
	struct ic ic;

	storage_request(&ic, READ_10, 10, VB_STORVSC_READ);
	ic.m.f.wire_len = ic.m.f.cap_len = 16 + 48;
	ic_put_le(ic.m.bytes + 4, 8, 2);
	ic.m.f.proto_version = VB_STORVSC_WIN7;
	ic_expect_whole(&ic);
	cr_assert_not(ic_has(&ic, "hv_storvsc.execute_srb.queue_tag"));
	ic.m.f.proto_version = VB_STORVSC_WIN10;
	ic_expect_whole(&ic); /* not there, which is no fault */
	ic.m.f.wire_len = ic.m.f.cap_len = 16 + 64;
	ic_put_le(ic.m.bytes + 4, 10, 2);
	ic_expect_whole(&ic);
	cr_assert_eq(ic_value(&ic, "hv_storvsc.execute_srb.queue_tag"), 0xff);
	ic.m.f.proto_version = VB_STORVSC_WIN7;
	w = ic_walk(&ic);
	cr_assert_eq(w.unexplained, 16, "bytes that the version does not have");
}

Test(storvsc, ends_early)
{
	struct vb_walked w;
	struct ic ic;

	storage_request(&ic, READ_10, 10, VB_STORVSC_READ);
	ic.m.f.cap_len = 16 + 31; /* in the LBA */
	w = ic_walk(&ic);
	cr_assert_neq(w.n_notes[VB_NOTE_CUT], 0);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT] + w.n_notes[VB_NOTE_UNEXPECTED], 0);
	ic.m.f.cap_len = ic.m.f.wire_len = 16 + 24;
	ic_put_le(ic.m.bytes + 4, 5, 2);
	w = ic_walk(&ic);
	cr_assert_neq(w.n_notes[VB_NOTE_SHORT], 0);
	cr_assert_eq(w.n_notes[VB_NOTE_CUT], 0);
	storage_make(&ic, VB_TO_GUEST, VB_PACKET_IN_BAND, "0300", 8);
	w = ic_walk(&ic);
	cr_assert_neq(w.n_notes[VB_NOTE_UNEXPECTED] + w.n_notes[VB_NOTE_SHORT], 0,
		      "from the wrong side, and 8 bytes");
}

/* ---- conversations ---- */

static void say(struct storage_talk *t, uint8_t direction, const char *payload, uint64_t id)
{
	storage_make(&t->ic, direction,
		     direction == VB_TO_HOST ? VB_PACKET_IN_BAND : VB_PACKET_COMPLETION, payload,
		     64);
	storage_say(t, id);
}

static void ask(struct storage_talk *t, const char *cdb, uint8_t len, uint64_t id)
{
	storage_request(&t->ic, cdb, len, VB_STORVSC_READ);
	storage_say(t, id);
}

static void complete(struct storage_talk *t, uint8_t srb_status, uint64_t id)
{
	storage_done(&t->ic, srb_status, 0, 36, "", 0);
	storage_say(t, id);
}

static void expect_version(struct storage_talk *t, uint32_t version)
{
	struct vb_frame f = { .relid = 4, .class = VB_CLASS_SCSI };

	vb_session_prepare(t->s, &f);
	cr_assert_eq(f.proto_version, version, "%#x, not %#x", f.proto_version, version);
}

Test(storvsc, versions_are_tried_one_after_the_other)
{
	struct storage_talk t;

	storage_begin(&t);
	say(&t, VB_TO_HOST, ASKED("09", "0206"), 1);
	say(&t, VB_TO_GUEST, DONE("590000c0", "0206"), 1);
	cr_assert_str_eq(storage_message(&t), "query_protocol_version_complete");
	cr_assert_eq(t.link.notes, 0, "to try is no trouble");
	expect_version(&t, 0);
	say(&t, VB_TO_HOST, ASKED("09", "0204"), 1);
	say(&t, VB_TO_GUEST, DONE("00000000", ""), 1);
	expect_version(&t, VB_STORVSC_WIN7);
	storage_end(&t);
}

/* A sub-channel has the version of its device. */
Test(storvsc, version_of_subchannels)
{
	struct storage_talk t;
	struct vb_frame f = { .relid = 9, .class = VB_CLASS_SCSI, .subchannel = 1 };

	storage_begin(&t);
	storage_make(&t.ic, VB_TO_HOST, VB_PACKET_IN_BAND, ASKED("09", "0105"), 64);
	t.ic.m.f.instance[0] = f.instance[0] = 5;
	storage_say(&t, 1);
	vb_session_prepare(t.s, &f);
	cr_assert_eq(f.proto_version, VB_STORVSC_WIN8);
	storage_end(&t);
}

/* A capture that began after it was agreed on: its state says it, for sub-channels, too. */
Test(storvsc, version_by_a_state)
{
	struct storage_talk t;

	storage_begin(&t);
	frame_make(&t.ic.m, VB_KIND_STATE, VB_DIR_NONE, "0200 0400 02040000");
	t.ic.m.f.relid = 4;
	t.ic.m.f.class = VB_CLASS_SCSI;
	t.ic.m.f.instance[0] = 5;
	storage_say(&t, 0);
	expect_version(&t, VB_STORVSC_WIN7);
	storage_request(&t.ic, READ_10, 10, VB_STORVSC_READ);
	t.ic.m.f.wire_len = t.ic.m.f.cap_len = 16 + 64;
	ic_put_le(t.ic.m.bytes + 4, 10, 2);
	t.ic.m.f.relid = 9;
	t.ic.m.f.subchannel = 1;
	t.ic.m.f.instance[0] = 5;
	storage_say(&t, 1);
	cr_assert_eq(t.w.unexplained, 16, "bytes that the version does not have");
	storage_end(&t);
}

static const struct {
	const char *operation, *done;
} operations[] = {
	{ "03", "execute_srb_complete" },
	{ "04", "reset_lun_complete" },
	{ "05", "reset_adapter_complete" },
	{ "06", "reset_bus_complete" },
	{ "07", "begin_initialization_complete" },
	{ "08", "end_initialization_complete" },
	{ "09", "query_protocol_version_complete" },
	{ "0a", "query_properties_complete" },
	{ "0c", "fchba_data_complete" },
	{ "0d", "create_sub_channels_complete" },
};

Test(storvsc, completions_are_read_by_their_request)
{
	char payload[64];
	struct storage_talk t;
	size_t n = sizeof(operations) / sizeof(operations[0]);

	storage_begin(&t);
	for (size_t i = 0; i < n; i++) {
		snprintf(payload, sizeof(payload), "%s000000 01000000", operations[i].operation);
		say(&t, VB_TO_HOST, payload, 100 + i);
	}
	for (size_t i = n; i-- > 0;) { /* in any order */
		say(&t, VB_TO_GUEST, DONE("00000000", "3400 01"), 100 + i);
		cr_assert_str_eq(storage_message(&t), operations[i].done);
		cr_assert_eq(t.link.request, i + 1);
	}
	storage_end(&t);
}

/* Nobody knows what its bytes are; that is no fault, and they are not lost. */
Test(storvsc, completion_of_an_unknown_request)
{
	struct storage_talk t;

	storage_begin(&t);
	complete(&t, 0x84, 7);
	cr_assert_str_eq(storage_message(&t), "complete_io");
	ic_expect_whole(&t.ic);
	cr_assert(ic_has(&t.ic, "hv_storvsc.complete_io.data"));
	cr_assert_eq(t.link.request, 0);
	cr_assert_eq(t.link.notes, 0, "not even whether it went well");
	/* a request from before a loss may not be the one */
	ask(&t, READ_10, 10, 8);
	t.lost = 3;
	complete(&t, 1, 8);
	cr_assert_str_eq(storage_message(&t), "complete_io");
	cr_assert_eq(t.link.request, 0);
	/* what was answered is answered */
	ask(&t, READ_10, 10, 9);
	complete(&t, 1, 9);
	cr_assert_str_eq(storage_message(&t), "execute_srb_complete");
	complete(&t, 1, 9);
	cr_assert_str_eq(storage_message(&t), "complete_io");
	storage_end(&t);
}

Test(storvsc, status)
{
	struct storage_talk t;

	storage_begin(&t);
	ask(&t, READ_10, 10, 1);
	complete(&t, 1, 1);
	cr_assert_eq(t.link.notes, 0);
	ask(&t, READ_10, 10, 1);
	complete(&t, 0x84, 1);
	cr_assert_eq(t.link.notes, 1u << VB_NOTE_STATUS);
	ask(&t, READ_10, 10, 1);
	complete(&t, 0x81, 1); /* bits beside the code */
	cr_assert_eq(t.link.notes, 0);
	say(&t, VB_TO_HOST, ASKED("08", ""), 2);
	say(&t, VB_TO_GUEST, DONE("840100c0", ""), 2);
	cr_assert_eq(t.link.notes, 1u << VB_NOTE_STATUS);
	storage_end(&t);
}

/* ---- data outside the ring ---- */

/* What the latest packet's data is taken for, of which there are so many bytes. */
static const char *data_of(const struct storage_talk *t, uint32_t n)
{
	uint8_t ext[VB_SEGMENT_LEN + 512] = { 0 }, room[sizeof(ext)];
	struct vb_segment s = { 0, n, n, 0 };
	struct vb_inner in;
	struct vb_frame f;
	struct vb_walked w;
	const struct vb_proto *proto;

	memcpy(ext, &s, sizeof(s));
	vb_inner_init(&in, &t->w, ext, VB_SEGMENT_LEN + n, room);
	proto = vb_inner_next(&in, &t->ic.m.f, &f, &w);
	if (!proto)
		return "none";
	cr_assert_str_eq(proto->name, "hv_scsi_data");
	cr_assert_eq(f.wire_len, n);
	vb_session_recall(t->s, &w, &f);
	vb_walk(proto, &f, NULL, &w);
	cr_assert_not_null(w.layer[0].msg);
	return w.layer[0].msg->name;
}

Test(storvsc, data_of_requests_and_completions)
{
	struct storage_talk t;

	storage_begin(&t);
	ask(&t, WRITE_10, 10, 1);
	cr_assert_str_eq(data_of(&t, 512), "write_10");
	ask(&t, INQUIRY, 6, 2);
	complete(&t, 1, 2);
	cr_assert_str_eq(data_of(&t, 36), "inquiry");
	complete(&t, 1, 1);
	cr_assert_str_eq(data_of(&t, 0), "none");
	complete(&t, 1, 77);
	cr_assert_str_eq(data_of(&t, 36), "unknown");
	storage_end(&t);
}

/* Linux gives ids away again at once. */
Test(storvsc, an_id_is_used_again)
{
	struct storage_talk t;

	storage_begin(&t);
	ask(&t, INQUIRY, 6, 5);
	complete(&t, 1, 5);
	cr_assert_str_eq(data_of(&t, 36), "inquiry");
	ask(&t, "25 00 00000000 0000 00 00", 10, 5);
	complete(&t, 1, 5);
	cr_assert_str_eq(data_of(&t, 8), "read_capacity_10");
	ask(&t, "a0 00 00 000000 00000200 00 00", 12, 5);
	ask(&t, "1a 00 3f 00 c0 00", 6, 5); /* the answer in between was not seen */
	complete(&t, 1, 5);
	cr_assert_str_eq(data_of(&t, 16), "mode_sense_6");
	storage_end(&t);
}

/* A write that failed was never sent, but its data is what the guest would have written. */
Test(storvsc, request_that_was_not_sent)
{
	struct storage_talk t;

	storage_begin(&t);
	storage_request(&t.ic, WRITE_10, 10, VB_STORVSC_WRITE);
	t.ic.m.f.flags = VB_REC_FAILED;
	t.ic.m.f.result = -11;
	storage_say(&t, 3);
	cr_assert_str_eq(data_of(&t, 512), "write_10");
	complete(&t, 1, 3);
	cr_assert_str_eq(storage_message(&t), "complete_io");
	storage_end(&t);
}
