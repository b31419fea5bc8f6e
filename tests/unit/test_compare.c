/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two frames, field by field. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "dissectors/compare.h"
#include "frames.h"

#define RESCIND_5 "02000000 00000000 05000000"
#define CLOSE_5 "07000000 00000000 05000000"

/* What the callback was told, one line each. */
struct heard {
	struct vb_buf text;
};

static void hear(void *ctx, const struct vb_diff *d)
{
	struct heard *h = ctx;

	vb_buf_fmt(&h->text, "%s%s: %s, %s; %u\n", d->ignored ? "may " : "", d->path,
		   d->text[0] ? d->text[0] : "-", d->text[1] ? d->text[1] : "-", d->first);
	cr_assert_eq(!d->text[0], !d->item[0]);
	cr_assert_eq(!d->text[1], !d->item[1]);
}

static struct vb_compared compare(const struct vb_frame *a, const struct vb_frame *b,
				  const char *ignore, const char *expected)
{
	struct heard h = { { 0 } };
	struct vb_compare c = { &ignore, ignore ? 1 : 0, hear, &h };
	struct vb_compared ret;

	cr_assert_eq(vb_compare(vb_root_proto(a->kind), a, b, &c, &ret), 0);
	cr_assert_str_eq(h.text.data ? h.text.data : "", expected);
	vb_buf_done(&h.text);
	return ret;
}

static struct vb_compared compare_hex(uint8_t kind, const char *a, const char *b,
				      const char *ignore, const char *expected)
{
	struct made_frame x, y;

	frame_make(&x, kind, VB_TO_HOST, a);
	frame_make(&y, kind, VB_TO_HOST, b);
	return compare(&x.f, &y.f, ignore, expected);
}

static void expect_counts(const struct vb_compared *ret, uint32_t fields, uint32_t differ,
			  uint32_t ignored, uint32_t cut)
{
	cr_assert(ret->same_message);
	cr_assert_eq(ret->n_fields, fields);
	cr_assert_eq(ret->n_differ, differ);
	cr_assert_eq(ret->n_ignored, ignored);
	cr_assert_eq(ret->n_cut, cut);
}

Test(compare, equal)
{
	struct vb_compared r = compare_hex(VB_KIND_CONTROL, CLOSE_5, CLOSE_5, NULL, "");

	expect_counts(&r, 2, 0, 0, 0);
}

Test(compare, one_field)
{
	struct vb_compared r = compare_hex(VB_KIND_CONTROL, CLOSE_5, "07000000 00000000 06000000",
					   NULL, "vmbus.close.relid: 5, 6; 0\n");

	expect_counts(&r, 2, 1, 0, 0);
}

/* Reserved bytes are there when they are not zero. */
Test(compare, only_one_has_it)
{
	struct vb_compared r = compare_hex(VB_KIND_CONTROL, CLOSE_5, "07000000 01000000 05000000",
					   NULL, "vmbus.padding: -, 01000000; 0\n");

	expect_counts(&r, 3, 1, 0, 0);
	r = compare_hex(VB_KIND_CONTROL, "07000000 01000000 05000000", CLOSE_5, "vmbus.padding",
			"may vmbus.padding: 01000000, -; 0\n");
	expect_counts(&r, 3, 0, 1, 0);
}

Test(compare, another_message)
{
	struct vb_compared r = compare_hex(VB_KIND_CONTROL, CLOSE_5, RESCIND_5, NULL, "");
	struct vb_buf text = { 0 };

	cr_assert(!r.same_message);
	cr_assert_eq(r.n_common, 0);
	cr_assert_eq(r.n_fields, 0);
	vb_compare_stack(&text, &r.walked[0]);
	cr_assert_str_eq(text.data, "vmbus.close");
	vb_buf_reset(&text);
	vb_compare_stack(&text, &r.walked[1]);
	cr_assert_str_eq(text.data, "vmbus.rescind_offer");
	vb_buf_done(&text);
}

/* Messages nobody knows: their numbers differ, and their bytes. */
Test(compare, unknown_messages)
{
	struct vb_compared r =
		compare_hex(VB_KIND_CONTROL, "e8030000 00000000 0102030405060708",
			    "e9030000 00000000 0102030405060709", NULL,
			    "vmbus.type: 1000, 1001; 0\n"
			    "gaps.vmbus[0]: 0102030405060708, 0102030405060709; 7\n");
	struct vb_buf text = { 0 };

	expect_counts(&r, 2, 2, 0, 0);
	vb_compare_stack(&text, &r.walked[0]);
	cr_assert_str_eq(text.data, "vmbus.?");
	vb_buf_done(&text);
	r = compare_hex(VB_KIND_CONTROL, "e8030000 00000000 0102030405060708",
			"e8030000 00000000 0102030405060709", "gaps.*",
			"may gaps.vmbus[0]: 0102030405060708, 0102030405060709; 7\n");
	expect_counts(&r, 2, 0, 1, 0);
}

#define GPADL(pfn1, more)                                                                          \
	"08000000 00000000 05000000 10e10e00 1800 0100 00200000 00000000"                          \
	"1000000000000000" pfn1 more

/* Elements have their index; a name without it means them all. */
Test(compare, arrays)
{
	static const char x[] = GPADL("1100000000000000", "");
	static const char y[] = GPADL("1200000000000000", "");
	struct vb_compared r = compare_hex(VB_KIND_CONTROL, x, y, NULL,
					   "vmbus.gpadl_header.range[0].pfn[1]: 0x11, 0x12; 0\n");

	cr_assert_eq(r.n_differ, 1);
	r = compare_hex(VB_KIND_CONTROL, x, y, "vmbus.gpadl_header.range.pfn",
			"may vmbus.gpadl_header.range[0].pfn[1]: 0x11, 0x12; 0\n");
	cr_assert_eq(r.n_ignored, 1);
	r = compare_hex(VB_KIND_CONTROL, x, y, "vmbus.gpadl_header.range.*",
			"may vmbus.gpadl_header.range[0].pfn[1]: 0x11, 0x12; 0\n");
	cr_assert_eq(r.n_ignored, 1);
	r = compare_hex(VB_KIND_CONTROL, x, y, "vmbus.gpadl_header.range.pf",
			"vmbus.gpadl_header.range[0].pfn[1]: 0x11, 0x12; 0\n");
	cr_assert_eq(r.n_differ, 1, "half a name is none");
}

/* The order on the wire, whichever side has a field. */
Test(compare, order)
{
	compare_hex(VB_KIND_CONTROL, "07000000 01000000 05000000 0102030405060708",
		    "07000000 00000000 06000000", NULL,
		    "vmbus.padding: 01000000, -; 0\n"
		    "vmbus.close.relid: 5, 6; 0\n"
		    "gaps.vmbus[0]: 0102030405060708, -; 0\n");
}

#define BITS_FRAME(flags) "0600 0200 0300" flags "0100000000000000 1122334455667788"

/* Each bit is a field; the integer itself only where a bit has no name. */
Test(compare, bits)
{
	struct vb_compared r = compare_hex(VB_KIND_PACKET, BITS_FRAME("0000"), BITS_FRAME("0100"),
					   NULL, "hv_ring.flags.completion_requested: 0, 1; 0\n");

	cr_assert_eq(r.n_differ, 1);
	r = compare_hex(VB_KIND_PACKET, BITS_FRAME("0000"), BITS_FRAME("0100"), "hv_ring.flags",
			"may hv_ring.flags.completion_requested: 0, 1; 0\n");
	cr_assert_eq(r.n_ignored, 1);
}

/* Dynamic memory inside a packet: names begin anew, and the packet's go on after it. */
Test(compare, inner_protocol)
{
	static const char text[] = "0600 0200 0400 0000 0100000000000000"
				   "0600 1000 01000000 %s 00000000";
	char a[sizeof(text) + 8], b[sizeof(text) + 8];
	struct made_frame x, y;
	struct vb_compared r;

	snprintf(a, sizeof(a), text, "10000000");
	snprintf(b, sizeof(b), text, "20000000");
	frame_make(&x, VB_KIND_PACKET, VB_TO_GUEST, a);
	frame_make(&y, VB_KIND_PACKET, VB_TO_GUEST, b);
	x.f.class = y.f.class = VB_CLASS_BALLOON;
	r = compare(&x.f, &y.f, NULL, "hv_balloon.balloon_request.num_pages: 16, 32; 0\n");
	cr_assert_eq(r.n_common, 2);
	cr_assert_eq(r.n_differ, 1);
}

/* What the capture did not keep is neither equal nor different. */
Test(compare, cut)
{
	struct made_frame x, y;
	struct vb_compared r;

	frame_make(&x, VB_KIND_CONTROL, VB_TO_HOST, CLOSE_5);
	frame_make(&y, VB_KIND_CONTROL, VB_TO_HOST, CLOSE_5);
	y.f.cap_len = 8;
	r = compare(&x.f, &y.f, NULL, "");
	expect_counts(&r, 2, 0, 0, 1);
	r = compare(&y.f, &x.f, NULL, "");
	expect_counts(&r, 2, 0, 0, 1);
	y.f.wire_len = 8; /* the message itself is shorter */
	r = compare(&x.f, &y.f, NULL, "vmbus.close.relid: 5, -; 0\n");
	expect_counts(&r, 2, 1, 0, 0);
}

/* Thousands of elements take no time that grows with their square. */
Test(compare, many_fields, .timeout = 10)
{
	static uint8_t data[2][60000];
	struct vb_frame f[2];
	struct vb_compare c = { 0 };
	struct vb_compared ret;

	for (unsigned int i = 0; i < 2; i++) {
		data[i][0] = 9; /* GPADL body */
		data[i][20] = (uint8_t)i;
		f[i] = (struct vb_frame){ .data = data[i],
					  .cap_len = sizeof(data[i]),
					  .wire_len = sizeof(data[i]),
					  .direction = VB_TO_HOST };
	}
	cr_assert_eq(vb_compare(vb_root_proto(VB_KIND_CONTROL), &f[0], &f[1], &c, &ret), 0);
	cr_assert_gt(ret.n_fields, 7000);
	cr_assert_eq(ret.n_differ, 1);
}
