/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields by name: messages made of them, and found in messages. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "dissectors/control.h"
#include "dissectors/values.h"
#include "frames.h"

static const struct vb_frame control = { .kind = VB_KIND_CONTROL,
					 .direction = VB_TO_HOST,
					 .vmbus_version = VB_VMBUS_5_3 };

static int encode(uint32_t len, const struct vb_value *values, size_t n, uint8_t *buf)
{
	struct vb_frame f = control;

	f.wire_len = len;
	return vb_values_encode(vb_root_proto(VB_KIND_CONTROL), &f, values, n, buf, 256);
}

static size_t find(const uint8_t *bytes, uint32_t len, struct vb_wanted *wanted, size_t n)
{
	struct vb_frame f = control;

	f.data = bytes;
	f.cap_len = len;
	f.wire_len = len;
	return vb_values_read(vb_root_proto(VB_KIND_CONTROL), &f, wanted, n, NULL);
}

Test(values, a_message_of_named_fields)
{
	static const uint8_t expected[] = { 5, 0, 0,	0,    0,    0, 0, 0, 9, 0, 0, 0, 9, 0,
					    0, 0, 0x10, 0x1e, 0x0e, 0, 1, 0, 0, 0, 4, 0, 0, 0 };
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_OPEN),
		VB_NUMBER("vmbus.open.relid", 9),
		VB_NUMBER("vmbus.open.open_id", 9),
		VB_NUMBER("vmbus.open.gpadl", 0xe1e10),
		VB_NUMBER("vmbus.open.target_vp", 1),
		VB_NUMBER("vmbus.open.downstream_page_offset", 4),
	};
	uint8_t buf[256], zeros[120] = { 0 };

	memset(buf, 0xff, sizeof(buf));
	cr_assert_eq(encode(148, values, 6, buf), 0);
	cr_assert_arr_eq(buf, expected, sizeof(expected));
	cr_assert_arr_eq(buf + 28, zeros, sizeof(zeros));
	cr_assert_eq(buf[148], 0xff, "nothing is written behind the message");
}

Test(values, elements_of_arrays)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_GPADL_HEADER),
		VB_NUMBER("vmbus.gpadl_header.range_buflen", 24),
		VB_NUMBER("vmbus.gpadl_header.range_count", 1),
		VB_NUMBER("vmbus.gpadl_header.range[0].byte_count", 8192),
		VB_NUMBER("vmbus.gpadl_header.range[0].pfn[0]", 0x123),
		VB_NUMBER("vmbus.gpadl_header.range[0].pfn[1]", 0x456),
	};
	struct vb_wanted wanted[] = {
		{ .path = "vmbus.gpadl_header.range[0].pfn[1]" },
		{ .path = "vmbus.gpadl_header.range.pfn" },
		{ .path = "vmbus.gpadl_header.range[0].pfn[2]" },
		{ .path = "vmbus.gpadl_header.range[1].pfn[0]" },
	};
	uint8_t buf[256];

	cr_assert_eq(encode(44, values, 6, buf), 0);
	cr_assert_eq(find(buf, 44, wanted, 4), 2);
	cr_assert(wanted[0].found);
	cr_assert_eq(wanted[0].number, 0x456);
	cr_assert(wanted[1].found, "without an index it is the first element");
	cr_assert_eq(wanted[1].number, 0x123);
	cr_assert_not(wanted[2].found);
	cr_assert_not(wanted[3].found);
}

Test(values, a_name_that_no_row_has_is_an_error)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_CLOSE),
		VB_NUMBER("vmbus.close.relied", 1),
	};
	const struct vb_value other_message[] = {
		VB_NUMBER("vmbus.type", VB_CTL_CLOSE),
		VB_NUMBER("vmbus.open.relid", 1),
	};
	const struct vb_value longer[] = {
		VB_NUMBER("vmbus.type", VB_CTL_CLOSE),
		VB_NUMBER("vmbus.close.relid2", 1),
	};
	uint8_t buf[256];

	cr_assert_eq(encode(12, values, 2, buf), -EINVAL);
	cr_assert_eq(encode(12, other_message, 2, buf), -EINVAL);
	cr_assert_eq(encode(12, longer, 2, buf), -EINVAL);
	cr_assert_eq(encode(12, values, 0, buf), -EINVAL);
}

Test(values, a_value_its_row_cannot_hold_is_an_error)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_CLOSE),
		VB_NUMBER("vmbus.close.relid", UINT64_C(1) << 32),
	};
	const struct vb_value no_number[] = {
		VB_NUMBER("vmbus.type", VB_CTL_CLOSE),
		VB_DATA("vmbus.close.relid", "abcd", 4),
	};
	uint8_t buf[256];

	cr_assert_eq(encode(12, values, 2, buf), -EINVAL);
	cr_assert_eq(encode(12, no_number, 2, buf), -EINVAL);
	cr_assert_eq(encode(8, values, 2, buf), -EMSGSIZE);
}

Test(values, guids_are_whole)
{
	uint8_t guid[16], buf[256];
	struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_OFFER),
		VB_DATA("vmbus.offer.if_type", guid, sizeof(guid)),
		VB_NUMBER("vmbus.offer.relid", 3),
	};
	struct vb_wanted wanted[] = {
		{ .path = "vmbus.offer.relid" },
		{ .path = "vmbus.offer.if_type" },
	};

	cr_assert(vb_guid_parse("57164f39-9115-4e78-ab55-382f3bd5422d", guid));
	cr_assert_eq(encode(196, values, 3, buf), 0);
	cr_assert_eq(find(buf, 196, wanted, 2), 2);
	cr_assert_eq(wanted[0].number, 3);
	cr_assert_eq(wanted[1].n_bytes, 16);
	cr_assert_arr_eq(wanted[1].bytes, guid, 16);
	values[1].n_bytes = 15;
	cr_assert_eq(encode(196, values, 3, buf), -EINVAL);
}

Test(values, integers_with_bits_are_found_whole_and_by_bit)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_OFFER),
		VB_NUMBER("vmbus.offer.interrupt", 1),
	};
	struct vb_wanted wanted[] = {
		{ .path = "vmbus.offer.interrupt" },
		{ .path = "vmbus.offer.interrupt.dedicated" },
	};
	uint8_t buf[256];

	cr_assert_eq(encode(196, values, 2, buf), 0);
	cr_assert_eq(find(buf, 196, wanted, 2), 2);
	cr_assert_eq(wanted[0].number, 1);
	cr_assert_eq(wanted[1].number, 1);
}

Test(values, a_packet_down_to_its_payload)
{
	static const uint8_t expected[] = { 6, 0, 2, 0, 3, 0, 0, 0, 7, 0, 0, 0,
					    0, 0, 0, 0, 9, 0, 8, 0, 0, 0, 0, 0 };
	const struct vb_value values[] = {
		VB_NUMBER("hv_ring.type", 6),	 VB_NUMBER("hv_ring.data_offset8", 2),
		VB_NUMBER("hv_ring.len8", 3),	 VB_NUMBER("hv_ring.trans_id", 7),
		VB_NUMBER("hv_balloon.type", 9), VB_NUMBER("hv_balloon.size", 8),
	};
	struct vb_frame f = { .kind = VB_KIND_PACKET, .class = VB_CLASS_BALLOON, .wire_len = 24 };
	struct vb_wanted wanted[] = { { .path = "hv_balloon.type" },
				      { .path = "hv_ring.trans_id" } };
	struct vb_walked w;
	uint8_t buf[24];

	cr_assert_eq(vb_values_encode(vb_root_proto(f.kind), &f, values, 6, buf, sizeof(buf)), 0);
	cr_assert_arr_eq(buf, expected, sizeof(expected));
	f.data = buf;
	f.cap_len = sizeof(buf);
	cr_assert_eq(vb_values_read(vb_root_proto(f.kind), &f, wanted, 2, &w), 2);
	cr_assert_eq(wanted[0].number, 9);
	cr_assert_eq(wanted[1].number, 7);
	cr_assert_eq(w.n_layers, 2);
}
