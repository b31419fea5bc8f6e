/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network: messages from bytes that were written by hand, and the version that is agreed on.
 */
#include <criterion/criterion.h>

#include "dissectors/packet.h"
#include "ic_frame.h"

static void message(struct ic *ic, uint8_t direction, unsigned int type, const char *payload)
{
	ic_packet(ic, direction, VB_CLASS_NETWORK, type, "", payload, 40);
}

/* Nothing wrong and nothing unknown, and this is what the summary says. */
static void expect(uint8_t direction, unsigned int type, const char *payload, const char *summary)
{
	struct ic ic;

	message(&ic, direction, type, payload);
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, summary);
}

Test(nvsp, start_up)
{
	expect(VB_TO_HOST, VB_PACKET_IN_BAND, "01000000 01000600 01000600",
	       "init, max version 6.1");
	expect(VB_TO_GUEST, VB_PACKET_COMPLETION, "02000000 ffffffff 22000000 01000000",
	       "completion, init_complete, status success");
	expect(VB_TO_HOST, VB_PACKET_IN_BAND, "64000000 06000000 1e000000",
	       "ndis_version, major 6, minor 30");
	expect(VB_TO_HOST, VB_PACKET_IN_BAND, "65000000 101e0e00 feca",
	       "receive_buffer, gpadl 0xe1e10, id 0xcafe");
	expect(VB_TO_GUEST, VB_PACKET_COMPLETION,
	       "66000000 01000000 01000000 00000000 0e070000 49240000 fefaff00",
	       "completion, receive_buffer_complete, status success, sub alloc size 1806, "
	       "num sub allocs 9289");
	expect(VB_TO_GUEST, VB_PACKET_COMPLETION, "69000000 01000000 00180000",
	       "completion, send_buffer_complete, status success, section size 6144");
}

Test(nvsp, configuration)
{
	struct ic ic;

	message(&ic, VB_TO_HOST, VB_PACKET_IN_BAND, "7d000000 ea050000 00000000 ac000000 00000000");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "ndis_config, mtu 1514, sriov, ieee8021q, teaming, rsc");
	cr_assert_eq(ic_value(&ic, "nvsp.ndis_config.capabilities.ieee8021q"), 1);
	cr_assert_eq(ic_value(&ic, "nvsp.ndis_config.capabilities.sriov"), 1);
	cr_assert_eq(ic_value(&ic, "nvsp.ndis_config.capabilities.rsc"), 1);
	cr_assert_eq(ic_value(&ic, "nvsp.ndis_config.capabilities.vmq"), 0);
}

Test(nvsp, rndis)
{
	struct ic ic;

	expect(VB_TO_HOST, VB_PACKET_IN_BAND, "6b000000 00000000 03000000 80000000",
	       "rndis, data, section index 3, section size 128");
	ic_packet(&ic, VB_TO_HOST, VB_CLASS_NETWORK, VB_PACKET_GPA_DIRECT,
		  "00000000 01000000 20000000 80030000 2b01000000000000",
		  "6b000000 01000000 ffffffff 00000000", 40);
	ic_expect_whole(&ic);
	cr_assert_eq(ic_value(&ic, "nvsp.rndis.channel_type"), 1);
	cr_assert_eq(ic_value(&ic, "hv_ring.gpa_direct.range.pfn"), 0x12b);
	ic_expect_line(&ic, "Section of the send buffer: 4294967295 (none)");
	/* guests complete with 8 bytes */
	ic_packet(&ic, VB_TO_HOST, VB_CLASS_NETWORK, VB_PACKET_COMPLETION, "", "6c000000 02000000",
		  8);
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "completion, rndis_complete, status failure");
	ic_packet(&ic, VB_TO_GUEST, VB_CLASS_NETWORK, VB_PACKET_XFER_PAGES,
		  "feca 0000 01000000 20000000 00010000", "6b000000 00000000 ffffffff 00000000",
		  40);
	ic_expect_whole(&ic);
	cr_assert_eq(ic_value(&ic, "hv_ring.xfer_pages.set_id"), 0xcafe);
}

/* The request and its answer have one number. */
Test(nvsp, subchannels)
{
	expect(VB_TO_HOST, VB_PACKET_IN_BAND, "85000000 01000000 03000000",
	       "subchannel, num subchannels 3");
	expect(VB_TO_GUEST, VB_PACKET_COMPLETION, "85000000 01000000 03000000",
	       "completion, subchannel_complete, status success, num subchannels 3");
}

/* An indirection table of entries 0 1 0 1 ... at that place of the message. */
static void table_make(struct ic *ic, uint32_t version, uint32_t len, uint32_t offset, uint32_t at)
{
	ic_packet(ic, VB_TO_GUEST, VB_CLASS_NETWORK, VB_PACKET_IN_BAND, "", "86000000 10000000",
		  len);
	ic->m.f.proto_version = version;
	ic_put_le(ic->m.bytes + ic->at + 8, offset, 4);
	for (uint32_t i = 0; i < 16; i++)
		ic_put_le(ic->m.bytes + ic->at + at + 4 * i, i % 2, 4);
}

static void expect_table(const struct ic *ic)
{
	struct found queue = { .path = "nvsp.indirection_table.queue" };

	ic_expect_whole(ic);
	frame_find(&ic->m.f, &queue);
	cr_assert_eq(queue.n, 16);
	cr_assert_eq(queue.value, 1);
	cr_assert_not(ic_has(ic, "nvsp.indirection_table.gap"), "a gap with values: the place");
}

/* Where the table is when the offset that is written is too small, and where it says so. */
Test(nvsp, indirection_table)
{
	struct ic ic;

	table_make(&ic, 0x50000, 104, 12, 40);
	expect_table(&ic);
	table_make(&ic, 0x60000, 104, 36, 40);
	expect_table(&ic);
	table_make(&ic, 0x60000, 80, 12, 12);
	expect_table(&ic);
	table_make(&ic, 0x60001, 104, 40, 40);
	expect_table(&ic);
	table_make(&ic, 0x60001, 104, 12, 12);
	expect_table(&ic);
	table_make(&ic, 0, 104, 40, 40);
	expect_table(&ic);
}

Test(nvsp, indirection_table_outside)
{
	struct vb_walked w;
	struct ic ic;

	table_make(&ic, 0x60001, 104, 60, 12);
	w = ic_walk(&ic);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT], 1);
	ic_put_le(ic.m.bytes + ic.at + 8, UINT32_MAX, 4);
	w = ic_walk(&ic);
	cr_assert_neq(w.n_notes[VB_NOTE_SHORT], 0);
}

Test(nvsp, packet_direct)
{
	struct ic ic;

	message(&ic, VB_TO_HOST, VB_PACKET_IN_BAND,
		"87000000 05000000 11000000 0200 0001 01 00 00080000 0300000000000000 0400");
	ic_expect_whole(&ic);
	cr_assert_eq(ic_value(&ic, "nvsp.packet_direct.create_queue.receive_data_len"), 2048);
	cr_assert_eq(ic_value(&ic, "nvsp.packet_direct.create_queue.affinity.group"), 4);
	cr_assert_not(ic_has(&ic, "nvsp.packet_direct.configure.mmio_len"));
	message(&ic, VB_TO_GUEST, VB_PACKET_COMPLETION,
		"87000000 08000000 00000000 0010000000000000 00200000 01000000 0500 01");
	ic_expect_whole(&ic);
	cr_assert_eq(ic_value(&ic, "nvsp.packet_direct_complete.allocate.region_id"), 5);
	message(&ic, VB_TO_HOST, VB_PACKET_IN_BAND,
		"88000000 0200 0100 00100000 0500 0100 00200000 0500 0000");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "post_batch, count 2");
}

/* Only the status 1 accepts a version: hosts refuse with 0 (OpenVMM netvsp), others with more. */
static uint32_t version_after(const char *status)
{
	struct vb_session *s = vb_session_new(16);
	struct vb_walked w;
	struct vb_link link;
	struct ic ic;

	cr_assert_not_null(s);
	for (unsigned int i = 0; i < 2; i++) {
		message(&ic, i ? VB_TO_GUEST : VB_TO_HOST,
			i ? VB_PACKET_COMPLETION : VB_PACKET_IN_BAND,
			i ? "02000000 ffffffff 22000000" : "01000000 01000600 01000600");
		if (i)
			ic_put_body(&ic, 12, status);
		ic.m.f.number = i + 1;
		vb_session_prepare(s, &ic.m.f);
		w = ic_walk(&ic);
		vb_session_learn(s, &ic.m.f, &w, &link);
	}
	vb_session_prepare(s, &ic.m.f);
	vb_session_free(s);
	return ic.m.f.proto_version;
}

Test(nvsp, version_is_agreed)
{
	cr_assert_eq(version_after("01000000"), 0x60001);
	cr_assert_eq(version_after("00000000"), 0);
	cr_assert_eq(version_after("03000000"), 0);
}
