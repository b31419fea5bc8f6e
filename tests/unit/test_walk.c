/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walker on known bytes, on short and cut messages, and on lengths that lie.
 *
 * Vectors marked OpenVMM are those of the tests in its vmbus_core crate; QEMU's forms of two
 * messages are told by their length.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/rows.h"
#include "dissectors/values.h"
#include "frames.h"

static struct vb_walked walk(const struct vb_frame *f)
{
	struct vb_walked w;

	vb_walk(vb_root_proto(f->kind), f, NULL, &w);
	return w;
}

static unsigned int errors(const struct vb_walked *w)
{
	unsigned int n = 0;

	for (unsigned int code = 0; code < VB_N_NOTES; code++)
		if (vb_note_is_error(code))
			n += w->n_notes[code];
	return n;
}

static void expect_whole(const struct vb_frame *f)
{
	struct vb_walked w = walk(f);

	cr_assert_eq(errors(&w), 0);
	cr_assert_eq(w.unexplained, 0);
	cr_assert_eq(w.n_notes[VB_NOTE_UNKNOWN], 0);
}

static void expect_summary(const struct vb_frame *f, const char *text)
{
	char *got = frame_summary(f);

	cr_assert_str_eq(got, text);
	free(got);
}

/* OpenVMM: CloseChannel for channel 5. */
Test(walk, close_channel)
{
	struct made_frame m;

	frame_make(&m, VB_KIND_CONTROL, VB_TO_HOST, "07000000 00000000 05000000");
	expect_whole(&m.f);
	cr_assert_eq(frame_value(&m.f, "vmbus.close.relid"), 5);
	expect_summary(&m.f, "close, relid 5");
}

/* OpenVMM: Unload is its header alone. */
Test(walk, unload)
{
	struct made_frame m;

	frame_make(&m, VB_KIND_CONTROL, VB_TO_HOST, "10000000 00000000");
	expect_whole(&m.f);
	expect_summary(&m.f, "unload");
}

/* OpenVMM: a GPADL header that promises six ranges and holds four bytes of the first. */
Test(walk, gpadl_header_short)
{
	struct made_frame m;
	struct vb_walked w;

	frame_make(&m, VB_KIND_CONTROL, VB_TO_HOST,
		   "08000000 00000000 05000000 01000000 0700 0600 0a0b0c0d");
	cr_assert_eq(frame_value(&m.f, "vmbus.gpadl_header.relid"), 5);
	cr_assert_eq(frame_value(&m.f, "vmbus.gpadl_header.gpadl"), 1);
	cr_assert_eq(frame_value(&m.f, "vmbus.gpadl_header.range_buflen"), 7);
	cr_assert_eq(frame_value(&m.f, "vmbus.gpadl_header.range_count"), 6);
	cr_assert_eq(frame_value(&m.f, "vmbus.gpadl_header.range.byte_count"), 0x0d0c0b0a);
	w = walk(&m.f);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT], 1);
}

Test(walk, contact_by_version)
{
	struct made_frame m;
	struct found page = { .path = "vmbus.initiate_contact.interrupt_page" };
	struct found features = { .path = "vmbus.initiate_contact.features" };

	frame_make(&m, VB_KIND_CONTROL, VB_TO_HOST,
		   "0e000000 00000000 00000400 00000000 00f0ff0100000000"
		   "00d0ff0100000000 00e0ff0100000000");
	expect_whole(&m.f);
	cr_assert_eq(frame_value(&m.f, page.path), 0x1fff000);
	expect_summary(&m.f, "initiate_contact, version 4.0");

	frame_make(&m, VB_KIND_CONTROL, VB_TO_HOST,
		   "0e000000 00000000 03000500 00000000 02 00 0000 00000000"
		   "00d0ff0100000000 00e0ff0100000000");
	expect_whole(&m.f);
	frame_find(&m.f, &page);
	frame_find(&m.f, &features);
	cr_assert_eq(page.n + features.n, 0);
	cr_assert_eq(frame_value(&m.f, "vmbus.initiate_contact.sint"), 2);

	frame_make(&m, VB_KIND_CONTROL, VB_TO_HOST,
		   "0e000000 00000000 00000600 00000000 02 00 0000 18000000"
		   "00d0ff0100000000 00e0ff0100000000 33221100554477668899aabbccddeeff");
	expect_whole(&m.f);
	cr_assert_eq(frame_value(&m.f, "vmbus.initiate_contact.features"), 0x18);
	cr_assert_eq(frame_value(&m.f, "vmbus.initiate_contact.features.client_id"), 1);
}

/* 12 bytes from QEMU, 16 from Hyper-V, 20 and 40 from version 6.0 on. */
Test(walk, version_response_lengths)
{
	const char *const forms[] = {
		"0f000000 00000000 01 00 0000",
		"0f000000 00000000 01 00 0000 04000000",
		"0f000000 00000000 01 00 0000 04000000 10000000",
		("0f000000 00000000 01 00 0000 04000000 10000000 00000000"
		 "0010000000000000 0020000000000000"),
	};
	struct made_frame m;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		frame_make(&m, VB_KIND_CONTROL, VB_TO_GUEST, forms[i]);
		m.f.vmbus_version = 0x00060000;
		expect_whole(&m.f);
		cr_assert_eq(frame_value(&m.f, "vmbus.version_response.supported"), 1);
	}
	cr_assert_eq(frame_value(&m.f, "vmbus.version_response.monitor_to_host"), 0x2000);
}

#define OFFER_HEAD                                                                                 \
	"01000000 00000000 dc745052 8589e246 8057a307dc18a502 924ec21e 414bef45 b73a4a6e44c12924"  \
	"0000000000000000 0000000000000000"
#define ZERO_60                                                                                    \
	"000000000000000000000000000000000000000000000000000000000000"                             \
	"000000000000000000000000000000000000000000000000000000000000"

/* 196 bytes, and QEMU's 200: the C structure's padding at the end. */
Test(walk, offer_lengths)
{
	struct made_frame m;
	char hex[1024] = OFFER_HEAD "0000 0000" ZERO_60 ZERO_60
				    "0000 0000 0b000000 00 00 0100 0b200000";

	frame_make(&m, VB_KIND_CONTROL, VB_TO_GUEST, hex);
	cr_assert_eq(m.f.wire_len, 196);
	expect_whole(&m.f);
	cr_assert_eq(frame_value(&m.f, "vmbus.offer.relid"), 11);
	cr_assert_eq(frame_value(&m.f, "vmbus.offer.interrupt.dedicated"), 1);
	expect_summary(&m.f, "offer, Dynamic memory, relid 11");

	strcat(hex, "00000000");
	frame_make(&m, VB_KIND_CONTROL, VB_TO_GUEST, hex);
	cr_assert_eq(m.f.wire_len, 200);
	expect_whole(&m.f);
}

/* Before 1.1 the last fields of an offer hold anything: they are not shown as if they meant it. */
Test(walk, offer_of_an_old_host)
{
	struct found id = { .path = "vmbus.offer.connection_id" };
	struct made_frame m;

	frame_make(&m, VB_KIND_CONTROL, VB_TO_GUEST,
		   OFFER_HEAD "0000 0000" ZERO_60 ZERO_60 "0000 0000 0b000000 00 00 0000 0b200000");
	m.f.vmbus_version = 0x0000000d;
	frame_find(&m.f, &id);
	cr_assert_eq(id.n, 0);
	expect_whole(&m.f);
}

Test(walk, offer_of_a_pipe)
{
	struct made_frame m;

	frame_make(&m, VB_KIND_CONTROL, VB_TO_GUEST,
		   OFFER_HEAD "1000 0000 04000000" ZERO_60
			      "00000000000000000000000000000000000000000000000000000000"
			      "000000000000000000000000000000000000000000000000 01000000"
			      "0000 0000 0b000000 00 00 0100 0b200000");
	cr_assert_eq(m.f.wire_len, 196);
	expect_whole(&m.f);
	cr_assert_eq(frame_value(&m.f, "vmbus.offer.pipe.mode"), 4);
	cr_assert_eq(frame_value(&m.f, "vmbus.offer.pipe.flags"), 1);
}

/* What the pipe's mode and flags leave of the area is the device's, shown when it is not zero. */
Test(walk, offer_of_a_pipe_with_device_data)
{
	struct vb_wanted data = { .path = "vmbus.offer.pipe.device_data" };
	struct made_frame m;

	frame_make(&m, VB_KIND_CONTROL, VB_TO_GUEST,
		   OFFER_HEAD "1000 0000 00000000 11" ZERO_60
			      "000000000000000000000000000000000000000000000000000000"
			      "0000000000000000000000000000000000000000000000 22 00000000"
			      "0000 0000 0b000000 00 00 0100 0b200000");
	cr_assert_eq(m.f.wire_len, 196);
	expect_whole(&m.f);
	cr_assert_eq(vb_values_read(vb_root_proto(VB_KIND_CONTROL), &m.f, &data, 1, NULL), 1);
	cr_assert_eq(data.n_bytes, 112);
	cr_assert_eq(data.bytes[0], 0x11);
	cr_assert_eq(data.bytes[111], 0x22);
	cr_assert_eq(frame_value(&m.f, "vmbus.offer.pipe.mode"), 0);
}

Test(walk, unknown_control_message)
{
	struct vb_walked w;
	struct made_frame m;

	frame_make(&m, VB_KIND_CONTROL, VB_TO_GUEST, "63000000 00000000 0102030405060708 09");
	w = walk(&m.f);
	cr_assert_eq(w.n_notes[VB_NOTE_UNKNOWN], 1);
	cr_assert_eq(errors(&w), 0);
	cr_assert_eq(w.unexplained, 9);
}

/* Cut by the capture is not short. */
Test(walk, cut_is_not_short)
{
	struct vb_walked w;
	struct made_frame m;

	frame_make(&m, VB_KIND_CONTROL, VB_TO_HOST, "07000000 00000000 05000000");
	m.f.cap_len = 10;
	w = walk(&m.f);
	cr_assert_eq(w.n_notes[VB_NOTE_CUT], 1);
	cr_assert_eq(errors(&w), 0);
	m.f.wire_len = 10;
	w = walk(&m.f);
	cr_assert_eq(w.n_notes[VB_NOTE_CUT], 0);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT], 1);
}

/* ---- packets ---- */

#define STATUS                                                                                     \
	"0500 3000 07000000 0011000000000000 0022000000000000 0033000000000000 0044000000000000"   \
	"55000000 66000000"

Test(walk, balloon_status)
{
	struct made_frame m;

	frame_make(&m, VB_KIND_PACKET, VB_TO_HOST, "0600 0200 0800 0000 0000000000000000" STATUS);
	m.f.class = VB_CLASS_BALLOON;
	expect_whole(&m.f);
	cr_assert_eq(frame_value(&m.f, "hv_balloon.trans_id"), 7);
	cr_assert_eq(frame_value(&m.f, "hv_balloon.status.available"), 0x1100);
	cr_assert_eq(frame_value(&m.f, "hv_balloon.status.io_diff"), 0x66);
	expect_summary(&m.f, "status, available 4352, committed 8704");
}

/* The class decides who reads the payload; without one the bytes are shown, and counted. */
Test(walk, class_unknown)
{
	struct vb_walked w;
	struct made_frame m;

	frame_make(&m, VB_KIND_PACKET, VB_TO_HOST, "0600 0200 0800 0000 0000000000000000" STATUS);
	w = walk(&m.f);
	cr_assert_eq(w.n_notes[VB_NOTE_UNKNOWN], 1);
	cr_assert_eq(w.unexplained, 48);
}

Test(walk, gpa_direct)
{
	struct made_frame m;
	struct found pfn = { .path = "hv_ring.gpa_direct.range.pfn" };

	frame_make(&m, VB_KIND_PACKET, VB_TO_HOST,
		   "0900 0900 0a00 0100 0700000000000000 efbeadde 02000000"
		   "02100000 ff0f0000 1234000000000000 1334000000000000 0010000000000000"
		   "01000000 00000000 5634000000000000"
		   "0102030405060708");
	cr_assert_eq(frame_value(&m.f, "hv_ring.gpa_direct.range_count"), 2);
	frame_find(&m.f, &pfn);
	cr_assert_eq(pfn.n, 4);
	cr_assert_eq(pfn.value, 0x3456);
	cr_assert_eq(walk(&m.f).unexplained, 8);
	expect_summary(&m.f, "trans id 0x7, gpa_direct, range count 2, byte count 4098, "
			     "byte count 1, data 8 bytes [unknown data]");
}

Test(walk, transfer_pages)
{
	struct found offset = { .path = "hv_ring.xfer_pages.range.byte_offset" };
	struct made_frame m;

	frame_make(&m, VB_KIND_PACKET, VB_TO_GUEST,
		   "0700 0500 0500 0100 0900000000000000 feca 01 ff 02000000"
		   "40000000 00000000 50000000 0e070000");
	cr_assert_eq(frame_value(&m.f, "hv_ring.xfer_pages.set_id"), 0xcafe);
	frame_find(&m.f, &offset);
	cr_assert_eq(offset.n, 2);
	cr_assert_eq(offset.value, 1806);
}

/* A header length that points before the header, and a length beyond the packet. */
Test(walk, lying_lengths)
{
	struct vb_walked w;
	struct made_frame m;

	frame_make(&m, VB_KIND_PACKET, VB_TO_HOST, "0600 0100 0800 0000 0000000000000000" STATUS);
	w = walk(&m.f);
	cr_assert_eq(w.n_notes[VB_NOTE_UNEXPECTED], 1);
	frame_make(&m, VB_KIND_PACKET, VB_TO_HOST, "0600 0200 ffff 0000 0000000000000000" STATUS);
	m.f.class = VB_CLASS_BALLOON;
	w = walk(&m.f);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT], 1);
	cr_assert_eq(frame_value(&m.f, "hv_balloon.status.committed"), 0x2200);
}

/* An array that promises four billion elements ends where the message does. */
Test(walk, count_beyond_the_message)
{
	struct found range = { .path = "hv_ring.gpa_direct.range.byte_count" };
	struct vb_walked w;
	struct made_frame m;

	frame_make(&m, VB_KIND_PACKET, VB_TO_HOST,
		   "0900 0500 0500 0100 0700000000000000 00000000 ffffffff"
		   "00000000 00000000 00000000 00000000");
	frame_find(&m.f, &range);
	cr_assert_eq(range.n, 2);
	w = walk(&m.f);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT], 1);
}

/* What the sender padded to eight bytes needs no row; anything else there is shown. */
Test(walk, padding_and_rest)
{
	struct vb_walked w;
	struct made_frame m;

	frame_make(&m, VB_KIND_PACKET, VB_TO_HOST,
		   "0600 0200 0400 0000 0000000000000000 0900 0800 01000000 0000000000000000");
	m.f.class = VB_CLASS_BALLOON;
	w = walk(&m.f);
	cr_assert_eq(w.unexplained, 8, "eight zero bytes are more than padding");
	frame_make(&m, VB_KIND_PACKET, VB_TO_HOST,
		   "0600 0200 0400 0000 0000000000000000 0900 0c00 01000000 00000000 00000000");
	m.f.class = VB_CLASS_BALLOON;
	expect_whole(&m.f);
	m.bytes[30] = 1;
	w = walk(&m.f);
	cr_assert_eq(w.unexplained, 4);
}

Test(walk, balloon_response_ranges)
{
	struct found start = { .path = "hv_balloon.balloon_response.range.start_page" };
	struct made_frame m;

	frame_make(&m, VB_KIND_PACKET, VB_TO_HOST,
		   "0600 0200 0600 0000 0000000000000000"
		   "0700 2000 03000000 00000000 05000000 0010000000000100 00200000000f0200");
	m.f.class = VB_CLASS_BALLOON;
	expect_whole(&m.f);
	cr_assert_eq(frame_value(&m.f, "hv_balloon.balloon_response.info.more_pages"), 1);
	cr_assert_eq(frame_value(&m.f, "hv_balloon.balloon_response.info.range_count"), 2);
	frame_find(&m.f, &start);
	cr_assert_eq(start.n, 2);
	cr_assert_eq(start.value, 0x2000);
}

/* Every prefix of a message is read without a step outside it (the sanitizers watch). */
Test(walk, every_prefix)
{
	struct made_frame m;
	uint8_t *copy;

	frame_make(&m, VB_KIND_PACKET, VB_TO_HOST, "0600 0200 0800 0000 0000000000000000" STATUS);
	m.f.class = VB_CLASS_BALLOON;
	for (uint32_t n = 0; n <= m.f.wire_len; n++) {
		struct vb_frame f = m.f;

		copy = malloc(n ? n : 1);
		memcpy(copy, m.bytes, n);
		f.data = copy;
		f.cap_len = n;
		cr_assert_eq(walk(&f).n_notes[VB_NOTE_CUT] > 0, n < m.f.wire_len);
		free(copy);
	}
}

/* A part that stands where an offset says: what lies before it is a gap, and shown. */
Test(walk, part_at_an_offset)
{
	static const struct vb_row rows[] = {
		U8("offset8", "Offset", .set = VB_S_HEAD),
		U8("length", "Length", .set = VB_S_LEN),
		BYTES("part", "Part", .at = VB_S_HEAD, .at_scale = 8, .at_bias = -4,
		      .len = VB_S_LEN, .bias = 1),
		END_ROWS,
	};
	static const struct vb_proto proto = { .name = "p", .title = "P", .head = rows };
	struct vb_walked w;
	struct made_frame m;

	frame_make(&m, 0, 0, "01 02 00 07 616263");
	vb_walk(&proto, &m.f, NULL, &w);
	cr_assert_eq(w.unexplained, 2);
	cr_assert_eq(errors(&w), 0);
	m.bytes[0] = 2;
	vb_walk(&proto, &m.f, NULL, &w);
	cr_assert_eq(w.n_notes[VB_NOTE_UNEXPECTED], 1, "beyond the end");
	m.bytes[0] = 0;
	vb_walk(&proto, &m.f, NULL, &w);
	cr_assert_eq(w.n_notes[VB_NOTE_UNEXPECTED], 1, "back into what was read");
}

Test(walk, tree_of_a_close)
{
	struct made_frame m;
	char *tree;

	frame_make(&m, VB_KIND_CONTROL, VB_TO_HOST, "07000000 00000000 05000000 ff");
	tree = frame_tree(&m.f);
	cr_assert_str_eq(tree, "VMBus channel management\n"
			       "    Message type: 7 (close)\n"
			       "    Close channel\n"
			       "        Channel: 5\n"
			       "    Not described, 1 bytes at 12: ff\n");
	free(tree);
}

Test(walk, states)
{
	struct made_frame m;

	frame_make(&m, VB_KIND_STATE, VB_DIR_NONE, "0100 0400 00000400");
	expect_whole(&m.f);
	expect_summary(&m.f, "VMBus version, 4.0");
	frame_make(&m, VB_KIND_EVENT, VB_DIR_NONE, "0090 0300 01020300 1500 0800 ffffffffffffffff");
	expect_whole(&m.f);
	cr_assert_eq(frame_value(&m.f, "hv_state.item.step"), UINT64_MAX);
}

Test(walk, classes_are_in_order)
{
	const struct vb_class_info *c;
	uint8_t guid[16];
	size_t n;

	c = vb_classes(&n);
	for (size_t i = 0; i < n; i++) {
		cr_assert_eq(vb_class_by_code(c[i].code), &c[i]);
		cr_assert_eq(vb_class_by_name(c[i].name), &c[i]);
		if (!c[i].guid)
			continue;
		cr_assert(vb_guid_parse(c[i].guid, guid));
		cr_assert_eq(vb_class_by_guid(guid), &c[i]);
	}
	cr_assert_eq(vb_class_by_code(200)->code, VB_CLASS_OTHER);
}
