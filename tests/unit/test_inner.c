/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages outside the ring: where each begins and ends, in pieces, in ranges, cut. */
#include <criterion/criterion.h>
#include <string.h>

#include "dissectors/inner.h"
#include "frames.h"

/* RNDIS: keep-alives, whose number is the request id. */
#define KEEPALIVE(id) "08000000 0c000000 " id " "
#define FIRST KEEPALIVE("01000000")
#define SECOND KEEPALIVE("02000000")
#define PADDED "08000000 10000000 03000000 00000000 "

struct packet {
	struct made_frame m;
	struct vb_walked w;
	uint8_t ext[512], room[512];
	uint32_t ext_len;
	struct vb_inner in;
};

static void in_band(struct packet *p)
{
	memset(p, 0, sizeof(*p));
	frame_make(&p->m, VB_KIND_PACKET, VB_TO_HOST,
		   "0600 0200 0700 0100 0100000000000000 6b000000 01000000 ffffffff 00000000"
		   "000000000000000000000000 000000000000000000000000");
	p->m.f.class = VB_CLASS_NETWORK;
	vb_walk(vb_root_proto(VB_KIND_PACKET), &p->m.f, NULL, &p->w);
}

/* In transfer pages, each range of which is a message. */
static void in_ranges(struct packet *p)
{
	in_band(p);
	frame_make(
		&p->m, VB_KIND_PACKET, VB_TO_GUEST,
		"0700 0300 0800 0100 0100000000000000 feca 0000 00000000 6b000000 01000000 ffffffff"
		"00000000 000000000000000000000000 000000000000000000000000");
	p->m.f.class = VB_CLASS_NETWORK;
	vb_walk(vb_root_proto(VB_KIND_PACKET), &p->m.f, NULL, &p->w);
}

/* A segment with these bytes, of which n_lost more were not captured. */
static void add(struct packet *p, const char *hex, uint32_t n_lost)
{
	struct vb_segment s = { 0 };
	struct made_frame part;

	frame_make(&part, 0, 0, hex);
	s.cap_len = part.f.cap_len;
	s.wire_len = part.f.cap_len + n_lost;
	memcpy(p->ext + p->ext_len, &s, sizeof(s));
	memcpy(p->ext + p->ext_len + sizeof(s), part.bytes, s.cap_len);
	p->ext_len += (uint32_t)(sizeof(s) + vb_pad4(s.cap_len));
}

static void begin(struct packet *p)
{
	vb_inner_init(&p->in, &p->w, p->ext, p->ext_len, p->room);
}

static void expect_end(struct packet *p)
{
	struct vb_walked w;
	struct vb_frame f;

	cr_assert_null(vb_inner_next(&p->in, &p->m.f, &f, &w));
}

/* The next is a keep-alive of len bytes, n_data of which were captured. */
static void expect(struct packet *p, uint32_t id, uint32_t len, uint32_t n_data)
{
	const struct vb_proto *proto;
	struct vb_walked w;
	struct vb_frame f;

	proto = vb_inner_next(&p->in, &p->m.f, &f, &w);
	cr_assert_not_null(proto);
	cr_assert_str_eq(proto->name, "hv_rndis");
	cr_assert_eq(f.wire_len, len, "%u bytes, not %u", f.wire_len, len);
	cr_assert_eq(f.cap_len, n_data, "%u bytes, not %u", f.cap_len, n_data);
	cr_assert_eq(f.direction, p->m.f.direction);
	vb_walk(proto, &f, NULL, &w);
	cr_assert_eq(w.layer[0].slots[VB_S_ID], id);
}

Test(inner, nothing_leads_there)
{
	struct packet p;

	in_band(&p);
	begin(&p);
	expect_end(&p);
	add(&p, FIRST, 0);
	frame_make(&p.m, VB_KIND_PACKET, VB_TO_HOST,
		   "0600 0200 0300 0100 0100000000000000 6c000000 01000000");
	p.m.f.class = VB_CLASS_NETWORK;
	vb_walk(vb_root_proto(VB_KIND_PACKET), &p.m.f, NULL, &p.w);
	begin(&p);
	expect_end(&p);
}

/* What a message's own length includes is between it and the next. */
Test(inner, one_after_the_other)
{
	struct packet p;

	in_band(&p);
	add(&p, PADDED FIRST SECOND, 0);
	begin(&p);
	expect(&p, 3, 16, 16);
	expect(&p, 1, 12, 12);
	expect(&p, 2, 12, 12);
	expect_end(&p);
}

Test(inner, in_pieces)
{
	struct packet p;

	in_band(&p);
	add(&p, "080000", 0);
	add(&p, "", 0);
	add(&p, "00 0c000000 0100", 0);
	add(&p, "0000" SECOND, 0);
	begin(&p);
	expect(&p, 1, 12, 12);
	expect(&p, 2, 12, 12);
	expect_end(&p);
}

/* Where a message ends that was cut is known, if its head is there: the next piece goes on. */
Test(inner, piece_is_cut)
{
	struct packet p;

	in_band(&p);
	add(&p, FIRST "08000000 0c000000", 4);
	add(&p, SECOND, 0);
	begin(&p);
	expect(&p, 1, 12, 12);
	expect(&p, 0, 12, 8);
	expect(&p, 2, 12, 12);
	expect_end(&p);
}

/* The rest of a message that was cut stands in other pieces, of which one is whole. */
Test(inner, goes_on_behind_a_cut)
{
	struct packet p;

	in_band(&p);
	add(&p, "08000000 18000000 01000000", 4);
	add(&p, "00000000 0000", 0);
	add(&p, "0000" SECOND, 0);
	add(&p, "08000000", 8);
	begin(&p);
	expect(&p, 1, 24, 12);
	expect(&p, 2, 12, 12);
	expect(&p, 0, 12, 4);
	expect_end(&p);
}

/* Nothing at all was captured of a piece; what was cut has no end of its own. */
Test(inner, without_a_head)
{
	struct packet p;

	in_band(&p);
	add(&p, "", 24);
	add(&p, "", 0);
	begin(&p);
	expect(&p, 0, 24, 0);
	expect_end(&p);
	in_band(&p);
	add(&p, FIRST "08000000", 8);
	add(&p, SECOND, 0);
	begin(&p);
	expect(&p, 1, 12, 12);
	expect(&p, 0, 24, 4);
	expect_end(&p);
}

/* A message that would begin among bytes that are lost. */
Test(inner, begins_in_a_cut)
{
	struct packet p;

	in_band(&p);
	add(&p, FIRST, 12);
	add(&p, SECOND, 0);
	begin(&p);
	expect(&p, 1, 12, 12);
	expect(&p, 0, 24, 0);
	expect_end(&p);
	in_band(&p);
	add(&p, "08000000 0c000000", 8);
	add(&p, SECOND, 0);
	begin(&p);
	expect(&p, 0, 12, 8);
	expect_end(&p);
}

/* Lengths that no memory would hold. */
Test(inner, lengths_lie)
{
	struct packet p;

	in_band(&p);
	add(&p, FIRST, 0);
	add(&p, "", UINT32_MAX);
	add(&p, SECOND, UINT32_MAX - 12);
	begin(&p);
	expect(&p, 1, 12, 12);
	expect(&p, 0, UINT32_MAX - 12, 0);
	expect_end(&p);
}

#define ANSWER(id) "08000080 10000000 " id " 00000000 "

/* A range may be longer than its message: what stands behind it is left over from others. */
Test(inner, apart)
{
	struct packet p;

	in_ranges(&p);
	add(&p, ANSWER("01000000") ANSWER("07000000"), 0);
	add(&p, "", 0);
	add(&p, ANSWER("02000000"), 100);
	begin(&p);
	expect(&p, 1, 16, 16);
	expect(&p, 2, 16, 16);
	expect_end(&p);
}

/* One that lies about its length is the last. */
Test(inner, not_well_formed)
{
	struct packet p;

	in_band(&p);
	add(&p, FIRST "08000000 04000000 02000000" SECOND, 0);
	begin(&p);
	expect(&p, 1, 12, 12);
	expect(&p, 0, 24, 24);
	expect_end(&p);
	in_band(&p);
	add(&p, "08000000 ffffffff 02000000" SECOND, 0);
	begin(&p);
	expect(&p, 2, 24, 24);
	expect_end(&p);
}

/* A request and its answer, each outside the ring. */
Test(inner, session)
{
	struct vb_session *s = vb_session_new(16);
	struct vb_link link = { 0 };
	struct vb_walked w;
	struct vb_frame f;
	struct packet p;

	cr_assert_not_null(s);
	for (unsigned int i = 1; i <= 2; i++) {
		(i == 1 ? in_band : in_ranges)(&p);
		add(&p, i == 1 ? FIRST : ANSWER("01000000"), 0);
		p.m.f.number = i;
		p.m.f.relid = 5;
		p.m.f.time_ns = 1000 * i;
		vb_session_learn(s, &p.m.f, &p.w, &link);
		begin(&p);
		cr_assert_not_null(vb_inner_next(&p.in, &p.m.f, &f, &w));
		vb_walk(vb_proto_by_name("hv_rndis"), &f, NULL, &w);
		vb_session_learn_inner(s, &f, &w, &link);
	}
	cr_assert_eq(link.request, 1);
	cr_assert_eq(link.latency_ns, 1000);
	vb_session_free(s);
}

/* What was asked decides how the answer is read; another answer has nothing of it. */
Test(inner, recalled)
{
	struct vb_session *s = vb_session_new(16);
	struct vb_link link = { 0 };
	struct vb_walked w;
	struct vb_frame f;
	struct packet p;

	cr_assert_not_null(s);
	for (unsigned int i = 1; i <= 3; i++) {
		(i == 1 ? in_band : in_ranges)(&p);
		add(&p,
		    i == 1 ? "04000000 1c000000 02000000 06010100 00000000 14000000 00000000" :
		    i == 2 ? "04000080 18000000 02000000 00000000 00000000 00000000" :
			     "04000080 18000000 03000000 00000000 00000000 00000000",
		    0);
		p.m.f.relid = 5;
		begin(&p);
		cr_assert_not_null(vb_inner_next(&p.in, &p.m.f, &f, &w));
		vb_session_recall(s, &w, &f);
		cr_assert_eq(f.recalled, i == 2 ? 0x10106 : 0);
		vb_session_learn_inner(s, &f, &w, &link);
	}
	vb_session_free(s);
}
