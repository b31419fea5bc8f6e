/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --diff makes of messages outside the ring, of which each trace may have kept another part. */
#include <criterion/criterion.h>
#include <string.h>

#include "capture/diff.h"
#include "frames.h"

/* RNDIS: keep-alives, whose number is the request id; one whose length includes 4 bytes more. */
#define KEEPALIVE(id) "08000000 0c000000 " id
#define FIRST KEEPALIVE("01000000")
#define SECOND KEEPALIVE("02000000")
#define PADDED(pad) "08000000 10000000 03000000 " pad

#define WHOLE 0
#define NETWORK "0600 0200 0700 0100 0100000000000000 6b000000 01000000 ffffffff 00000000"
#define IN_BAND NETWORK "000000000000000000000000 000000000000000000000000"
#define RANGES "0700 0300 0800 0100 0100000000000000 feca 0000 00000000"
#define IN_RANGES                                                                                  \
	RANGES "6b000000 01000000 ffffffff 00000000 000000000000000000000000 000000000000000000000000"
#define UNDESCRIBED "0600 0200 0200 0000 0100000000000000"

/* One packet of each trace. */
struct pair {
	struct vb_diffing d;
	struct vb_options opt;
	struct vb_diff_mask *mask;
	struct vb_diff_counts counts;
	struct side {
		struct made_frame packet;
		struct vb_event ev;
		uint8_t ext[512];
		struct vb_diff_item item;
	} side[2];
	bool ignored;
};

static void pair_init(struct pair *p, uint8_t class, const char *packet)
{
	memset(p, 0, sizeof(*p));
	for (unsigned int i = 0; i < 2; i++) {
		struct side *s = &p->side[i];
		struct vb_record_header *h = &s->ev.hdr;

		frame_make(&s->packet, VB_KIND_PACKET, VB_TO_HOST, packet);
		h->kind = VB_KIND_PACKET;
		h->direction = VB_TO_HOST;
		h->class = class;
		h->relid = 5;
		h->wire_len = h->cap_len = s->packet.f.cap_len;
		s->ev.data = s->packet.bytes;
		s->ev.ext = s->ext;
		s->ev.number = 1;
	}
}

/* A piece outside the ring of one side, of which n_lost bytes more were not captured. */
static void add(struct pair *p, unsigned int side, const char *hex, uint32_t n_lost)
{
	struct side *s = &p->side[side];
	struct vb_segment seg = { 0 };
	struct made_frame part;

	frame_make(&part, 0, 0, hex);
	seg.cap_len = part.f.cap_len;
	seg.wire_len = part.f.cap_len + n_lost;
	memcpy(s->ext + s->ev.hdr.ext_len, &seg, sizeof(seg));
	memcpy(s->ext + s->ev.hdr.ext_len + sizeof(seg), part.bytes, seg.cap_len);
	s->ev.hdr.ext_len += (uint32_t)(sizeof(seg) + vb_pad4(seg.cap_len));
	s->ev.hdr.ext_wire_len += seg.wire_len;
	if (n_lost)
		s->ev.hdr.flags |= VB_REC_EXT_CUT;
}

static void take(struct pair *p, unsigned int side)
{
	struct vb_decoder decoder;

	cr_assert_eq(vb_decoder_init(&decoder, NULL), 0);
	vb_decoder_begin(&decoder, &p->side[side].ev);
	vb_decoder_walk(&decoder, 0, NULL);
	p->d.payload[side].n = 0;
	cr_assert_eq(vb_diff_payload_take(&p->d.payload[side], &decoder, p->mask,
					  &p->side[side].item),
		     0);
	vb_decoder_done(&decoder);
}

static bool is_same(struct pair *p)
{
	bool same;

	for (int round = 0; round < 2; round++) {
		take(p, 0);
		take(p, 1);
		p->d.limits_set = false;
		p->counts = (struct vb_diff_counts){ 0 };
		same = vb_diff_payload_same(&p->d, &p->side[0].item, &p->side[1].item, &p->counts,
					    &p->ignored);
	}
	cr_expect(!p->d.limits_set, "the second time all limits are known");
	return same;
}

/* The bytes that were compared, those that were not, and packets that lack all. */
static void expect(struct pair *p, bool same, uint64_t compared, uint64_t uncompared,
		   uint64_t missing)
{
	cr_expect_eq(is_same(p), same);
	cr_expect_eq(p->counts.payload_compared, compared, "compared %lu",
		     (unsigned long)p->counts.payload_compared);
	cr_expect_eq(p->counts.payload_uncompared, uncompared, "not compared %lu",
		     (unsigned long)p->counts.payload_uncompared);
	cr_expect_eq(p->counts.payload_missing, missing);
	vb_diff_payload_done(&p->d.payload[0]);
	vb_diff_payload_done(&p->d.payload[1]);
	vb_diff_mask_free(p->mask);
}

Test(diff_payload, same_messages_in_other_pieces)
{
	struct pair p;

	pair_init(&p, VB_CLASS_NETWORK, IN_BAND);
	add(&p, 0, FIRST SECOND, WHOLE);
	add(&p, 1, "08000000 0c0000", WHOLE);
	add(&p, 1, "00 01000000" SECOND, WHOLE);
	expect(&p, true, 24, 0, 0);
}

Test(diff_payload, a_byte_differs)
{
	struct pair p;

	pair_init(&p, VB_CLASS_NETWORK, IN_BAND);
	add(&p, 0, FIRST SECOND, WHOLE);
	add(&p, 1, FIRST KEEPALIVE("03000000"), WHOLE);
	expect(&p, false, 24, 0, 0);
}

/* What one trace has not is counted; what both have is compared. */
Test(diff_payload, cut)
{
	struct pair p;

	pair_init(&p, VB_CLASS_NETWORK, IN_BAND);
	add(&p, 0, FIRST, WHOLE);
	add(&p, 1, "08000000 0c000000", 4);
	expect(&p, true, 8, 4, 0);

	pair_init(&p, VB_CLASS_NETWORK, IN_BAND);
	add(&p, 0, "08000000 0c000000 01", 3);
	add(&p, 1, "08000000 0c000000 02", 3);
	expect(&p, false, 9, 3, 0);

	pair_init(&p, VB_CLASS_NETWORK, IN_BAND); /* before its length */
	add(&p, 0, "08", 11);
	add(&p, 1, FIRST, WHOLE);
	expect(&p, true, 1, 11, 0);
}

Test(diff_payload, a_message_more)
{
	struct pair p;

	pair_init(&p, VB_CLASS_NETWORK, IN_RANGES);
	add(&p, 0, FIRST, WHOLE);
	add(&p, 1, FIRST, WHOLE);
	add(&p, 1, SECOND, WHOLE);
	expect(&p, false, 12, 0, 0);

	/* The trace without it has not all there was. */
	pair_init(&p, VB_CLASS_NETWORK, IN_RANGES);
	add(&p, 0, FIRST, WHOLE);
	add(&p, 0, SECOND, WHOLE);
	add(&p, 1, FIRST, WHOLE);
	p.side[1].ev.hdr.ext_wire_len += 12;
	expect(&p, true, 12, 12, 0);
}

/* What is behind a message in its range is nobody's. */
Test(diff_payload, ranges_of_other_lengths)
{
	struct pair p;

	pair_init(&p, VB_CLASS_NETWORK, IN_RANGES);
	add(&p, 0, FIRST "0102030405060708", WHOLE);
	add(&p, 1, FIRST, 100);
	expect(&p, true, 12, 0, 0);
}

Test(diff_payload, nothing_was_kept)
{
	struct pair p;

	pair_init(&p, VB_CLASS_NETWORK, IN_BAND);
	add(&p, 0, FIRST, WHOLE);
	expect(&p, true, 0, 12, 1);

	pair_init(&p, VB_CLASS_NETWORK, IN_BAND);
	p.side[1].ev.hdr.ext_wire_len = 12;
	expect(&p, true, 0, 12, 1);

	pair_init(&p, VB_CLASS_NETWORK,
		  IN_BAND); /* the packet alone says that there was something */
	expect(&p, true, 0, 0, 1);

	pair_init(&p, VB_CLASS_BALLOON, UNDESCRIBED);
	expect(&p, true, 0, 0, 0);
}

/* Bytes of devices whose messages nobody describes. */
Test(diff_payload, bytes)
{
	struct pair p;

	pair_init(&p, VB_CLASS_SCSI, UNDESCRIBED);
	add(&p, 0, "01020304", WHOLE);
	add(&p, 0, "05060708", WHOLE);
	add(&p, 1, "01020304050607", 1);
	expect(&p, true, 7, 1, 0);

	pair_init(&p, VB_CLASS_SCSI, UNDESCRIBED);
	add(&p, 0, "01020304", WHOLE);
	add(&p, 1, "01020305", WHOLE);
	expect(&p, false, 4, 0, 0);

	pair_init(&p, VB_CLASS_SCSI, UNDESCRIBED); /* the same as far as they go, but not as long */
	add(&p, 0, "01020304", WHOLE);
	add(&p, 1, "010203", WHOLE);
	expect(&p, false, 3, 0, 0);
}

static void let_ids_differ(struct pair *p)
{
	static const char *ignore[] = { "hv_rndis.keepalive.request_id" };
	struct vb_err err;

	p->opt.ignore = ignore;
	p->opt.n_ignore = 1;
	cr_assert_eq(vb_diff_mask_new(&p->opt, &p->mask, &err), 0, "%s", err.text);
}

Test(diff_payload, fields_that_may_differ)
{
	struct pair p;

	pair_init(&p, VB_CLASS_NETWORK, IN_BAND);
	let_ids_differ(&p);
	add(&p, 0, FIRST PADDED("00000000"), WHOLE);
	add(&p, 1, SECOND PADDED("00000000"), WHOLE);
	expect(&p, true, 28, 0, 0);
	cr_expect(p.ignored);

	pair_init(&p, VB_CLASS_NETWORK, IN_BAND);
	let_ids_differ(&p);
	add(&p, 0, PADDED("00000000"), WHOLE);
	add(&p, 1, PADDED("00000001"), WHOLE);
	expect(&p, false, 16, 0, 0);
}
