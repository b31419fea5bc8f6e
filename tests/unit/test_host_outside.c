/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that packets and devices refer to outside the ring: ranges, lists of pages, and the
 * external part of a record.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "replay/host/outside.h"
#include "tests/loop/guest.h"

static struct loop loop;
static struct guest guest;
static struct guest_channel channel;
static struct vb_hdevice *device;
static uint64_t pages[8];

static void setup(void)
{
	struct loop_options opt = { .n_vps = 1 };

	device = guest_start(&guest, &loop, &opt);
	guest_connect(&guest, VB_VMBUS_5_3);
	guest_open(&guest, &channel, guest_offer(&guest, 0)->relid, 4, 0);
	guest_pages(&guest, pages, 8);
}

static void teardown(void)
{
	guest_unmap(&channel);
	loop_done(&loop);
}

TestSuite(host_outside, .init = setup, .fini = teardown);

/* ---- ranges ---- */

/* A packet with these bytes between descriptor and payload. */
static struct vb_frame packet_of(uint8_t *bytes, uint16_t type, const void *ranges, uint32_t len)
{
	const uint16_t head[4] = { type, (uint16_t)(2 + len / 8), (uint16_t)(3 + len / 8), 0 };

	memset(bytes, 0, 24 + len);
	memcpy(bytes, head, sizeof(head));
	if (len)
		memcpy(bytes + 16, ranges, len);
	return (struct vb_frame){ .kind = VB_KIND_PACKET,
				  .class = VB_CLASS_OTHER,
				  .direction = VB_TO_HOST,
				  .data = bytes,
				  .wire_len = 24 + len,
				  .cap_len = 24 + len };
}

#define COUNT(n) ((uint64_t)(n) << 32)
#define RANGE(len, offset) ((uint64_t)(offset) << 32 | (len))

Test(host_outside, ranges_are_read)
{
	const uint64_t raw[] = { COUNT(3),	 RANGE(10, 4090), pages[0],    pages[1],
				 RANGE(4096, 0), pages[2],	  RANGE(0, 5), pages[3] };
	uint8_t bytes[256];
	const struct vb_frame f = packet_of(bytes, 9, raw, sizeof(raw));
	struct vb_hranges r;

	cr_assert_eq(vb_hranges_read(&f, &r), 0);
	cr_assert_eq(r.n, 3);
	cr_expect_eq(r.n_pfns, 4);
	cr_expect_eq(r.len, 10 + 4096);
	cr_expect(r.range[0].len == 10 && r.range[0].offset == 4090 && r.range[0].n_pfns == 2);
	cr_expect(r.range[1].first_pfn == 2 && r.range[1].n_pfns == 1);
	cr_expect_eq(r.pfns[1], pages[1]);
	vb_hranges_done(&r);
}

Test(host_outside, transfer_pages_have_ranges_without_pages)
{
	const uint64_t raw[] = { 0xcafe | COUNT(2), RANGE(100, 0), RANGE(50, 1806) };
	uint8_t bytes[256];
	const struct vb_frame f = packet_of(bytes, 7, raw, sizeof(raw));
	struct vb_hranges r;
	uint8_t b;

	cr_assert_eq(vb_hranges_read(&f, &r), 0);
	cr_assert_eq(r.n, 2);
	cr_expect_eq(r.n_pfns, 0);
	cr_expect(r.range[1].len == 50 && r.range[1].offset == 1806);
	cr_expect_eq(vb_hrange_get(device, &r, 0, 0, &b, 1), -ERANGE, "they are no one's memory");
	vb_hranges_done(&r);
}

Test(host_outside, packets_in_band_have_none)
{
	uint8_t bytes[64];
	const struct vb_frame f = packet_of(bytes, 6, NULL, 0);
	struct vb_hranges r;

	cr_assert_eq(vb_hranges_read(&f, &r), 0);
	cr_expect(!r.n && !r.len && !r.n_pfns);
	vb_hranges_done(&r);
}

Test(host_outside, ranges_with_fewer_pages_than_bytes)
{
	const uint64_t raw[][4] = {
		{ COUNT(1), RANGE(4097, 0), pages[0], 0 },
		{ COUNT(1), RANGE(2, 4095), pages[0], 0 },
		{ COUNT(1), RANGE(UINT32_MAX, 0), pages[0], pages[1] },
		{ COUNT(1), RANGE(1, 4096), pages[0], pages[1] },
	};

	for (size_t i = 0; i < 4; i++) {
		uint8_t bytes[256];
		const struct vb_frame f = packet_of(bytes, 9, raw[i], raw[i][3] ? 32 : 24);
		struct vb_hranges r;

		cr_expect_eq(vb_hranges_read(&f, &r), -EBADMSG, "%zu", i);
		vb_hranges_done(&r);
	}
}

Test(host_outside, bytes_of_a_range)
{
	const uint64_t raw[] = { COUNT(1), RANGE(5000, 4000), pages[0], pages[1], pages[2] };
	uint8_t bytes[256], out[5000], in[5000];
	const struct vb_frame f = packet_of(bytes, 9, raw, sizeof(raw));
	struct vb_hranges r;

	for (uint32_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7);
	cr_assert_eq(vb_hranges_read(&f, &r), 0);
	cr_assert_eq(vb_hrange_put(device, &r, 0, 0, out, sizeof(out)), 0);
	cr_expect_eq(guest_memory(&guest, pages[0])[4000], out[0]);
	cr_expect_eq(guest_memory(&guest, pages[1])[0], out[96]);
	cr_expect_eq(guest_memory(&guest, pages[2])[0], out[96 + 4096]);
	cr_assert_eq(vb_hrange_get(device, &r, 0, 0, in, sizeof(in)), 0);
	cr_expect_eq(memcmp(in, out, sizeof(in)), 0);
	cr_assert_eq(vb_hrange_get(device, &r, 0, 4999, in, 1), 0);
	cr_expect_eq(in[0], out[4999]);
	cr_expect_eq(vb_hrange_get(device, &r, 0, 4999, in, 2), -ERANGE);
	cr_expect_eq(vb_hrange_get(device, &r, 0, UINT32_MAX, in, UINT32_MAX), -ERANGE);
	cr_expect_eq(vb_hrange_put(device, &r, 0, 5000, out, 1), -ERANGE);
	vb_hranges_done(&r);
}

Test(host_outside, pages_that_are_no_memory)
{
	static const uint64_t wrong[] = { LOOP_MEMORY / VB_PAGE, 1ull << 52, UINT64_MAX };

	for (size_t i = 0; i < 3; i++) {
		const uint64_t raw[] = { COUNT(1), RANGE(8, 0), wrong[i] };
		uint8_t bytes[256], in[8];
		const struct vb_frame f = packet_of(bytes, 9, raw, sizeof(raw));
		struct vb_hranges r;

		cr_assert_eq(vb_hranges_read(&f, &r), 0);
		cr_expect_eq(vb_hrange_get(device, &r, 0, 0, in, 8), -EFAULT, "%zu", i);
		cr_expect_eq(vb_hrange_get(device, &r, 0, 0, in, 0), 0,
			     "of no byte nothing is asked");
		vb_hranges_done(&r);
	}
}

/* ---- lists of pages ---- */

Test(host_outside, bytes_of_a_list)
{
	uint32_t id = guest_make_gpadl(&guest, channel.relid, pages, 3);
	uint8_t out[5000], in[5000];

	memset(out, 0x5a, sizeof(out));
	cr_expect_eq(vb_hgpadl_len(device, id), 3 * VB_PAGE);
	cr_assert_eq(vb_hgpadl_put(device, id, 4000, out, sizeof(out)), 0);
	cr_expect_eq(guest_memory(&guest, pages[0])[3999], 0);
	cr_expect_eq(guest_memory(&guest, pages[0])[4000], 0x5a);
	cr_expect_eq(guest_memory(&guest, pages[2])[4000 + 5000 - 8192 - 1], 0x5a);
	cr_expect_eq(guest_memory(&guest, pages[2])[4000 + 5000 - 8192], 0);
	cr_assert_eq(vb_hgpadl_get(device, id, 4000, in, sizeof(in)), 0);
	cr_expect_eq(memcmp(in, out, sizeof(in)), 0);
	cr_expect_eq(vb_hgpadl_get(device, id, 3 * VB_PAGE - 1, in, 1), 0, "the last byte");
	cr_expect_eq(vb_hgpadl_get(device, id, 3 * VB_PAGE - 1, in, 2), -ERANGE);
	cr_expect_eq(vb_hgpadl_put(device, id, UINT64_MAX, out, 2), -ERANGE);
	cr_expect_eq(vb_hgpadl_put(device, id, 0, out, UINT32_MAX), -ERANGE);
}

/* One that begins in the middle of its first page. */
Test(host_outside, a_list_with_an_offset)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_GPADL_HEADER),
		VB_NUMBER("vmbus.gpadl_header.relid", channel.relid),
		VB_NUMBER("vmbus.gpadl_header.gpadl", 77),
		VB_NUMBER("vmbus.gpadl_header.range_buflen", 24),
		VB_NUMBER("vmbus.gpadl_header.range_count", 1),
		VB_NUMBER("vmbus.gpadl_header.range[0].byte_count", 4196),
		VB_NUMBER("vmbus.gpadl_header.range[0].byte_offset", 100),
		VB_NUMBER("vmbus.gpadl_header.range[0].pfn[0]", pages[0]),
		VB_NUMBER("vmbus.gpadl_header.range[0].pfn[1]", pages[1]),
	};
	uint8_t b = 0x77;

	guest_post(&guest, values, 9, 44);
	guest_expect(&guest, VB_CTL_GPADL_CREATED);
	cr_assert_eq(guest_field(&guest, "vmbus.gpadl_created.status"), 0);
	cr_expect_eq(vb_hgpadl_len(device, 77), 2 * VB_PAGE - 100);
	cr_assert_eq(vb_hgpadl_put(device, 77, 0, &b, 1), 0);
	cr_expect_eq(guest_memory(&guest, pages[0])[100], 0x77);
	cr_assert_eq(vb_hgpadl_put(device, 77, VB_PAGE, &b, 1), 0);
	cr_expect_eq(guest_memory(&guest, pages[1])[100], 0x77);
	cr_expect_eq(vb_hgpadl_put(device, 77, 2 * VB_PAGE - 100, &b, 1), -ERANGE);
}

Test(host_outside, lists_that_are_not_there)
{
	uint32_t id = guest_make_gpadl(&guest, channel.relid, pages, 1);
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_GPADL_TEARDOWN),
		VB_NUMBER("vmbus.gpadl_teardown.relid", channel.relid),
		VB_NUMBER("vmbus.gpadl_teardown.gpadl", id),
	};
	uint8_t b = 0;

	cr_expect_eq(vb_hgpadl_len(device, id + 1), 0);
	cr_expect_eq(vb_hgpadl_get(device, id + 1, 0, &b, 1), -ENOENT);
	guest_post(&guest, values, 3, 16);
	cr_expect_eq(vb_hgpadl_len(device, id), 0);
	cr_expect_eq(vb_hgpadl_put(device, id, 0, &b, 1), -ENOENT);
}

/* Of another channel's lists a device knows nothing. */
Test(host_outside, lists_of_other_channels)
{
	uint32_t id;

	guest_send(&channel, 6, 0, 0, "S\1\0\0\0\0\0", 8); /* the device offers one more */
	loop_run(&loop);
	cr_assert(guest_take_offers(&guest));
	id = guest_make_gpadl(&guest, guest_offer(&guest, 1)->relid, pages, 1);
	cr_expect_eq(vb_hgpadl_len(device, id), 0);
}

/* ---- the external part ---- */

Test(host_outside, segments)
{
	struct vb_hext e = { 0 };
	struct vb_segment s;

	memcpy(vb_hext_add(&e, 3, 5, 5, VB_REASON_COMPLETE), "abcde", 5);
	cr_expect(!e.cut);
	cr_expect_eq(e.len, 16 + 8);
	cr_expect_eq(memcmp(e.bytes + 16, "abcde\0\0\0", 8), 0);
	cr_assert(vb_hext_add(&e, UINT32_MAX, 100, 1, VB_REASON_SNAPLEN));
	cr_expect(e.cut);
	cr_expect_eq(e.wire_len, 105);
	memcpy(&s, e.bytes + 24, sizeof(s));
	cr_expect(s.range == UINT32_MAX && s.wire_len == 100 && s.cap_len == 1 &&
		  s.reason == VB_REASON_SNAPLEN);
	for (int i = 0; i < 100; i++)
		cr_assert(vb_hext_add(&e, 0, 1000, 1000, VB_REASON_COMPLETE));
	cr_expect_eq(e.len, 24 + 20 + 100 * 1016);
	cr_expect_eq(memcmp(e.bytes + 16, "abcde", 5), 0, "it grows");
	cr_expect(!e.failed);
	free(e.bytes);
}
