/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages outside the ring, record by record: each answer is read by what its own request had. */
#include <criterion/criterion.h>
#include <string.h>

#include "capture/decode.h"

struct feed {
	struct vb_decoder decoder;
	struct vb_event ev;
	uint8_t packet[128], ext[256];
};

static void begin_record(struct feed *fd, bool to_host)
{
	/* in band, or transfer pages without ranges: the segments say what is in each */
	const uint16_t descriptor[2][4] = { { 7, 3, 8, 1 }, { 6, 2, 7, 1 } };
	const uint32_t message[10] = { 107, 1, UINT32_MAX };
	uint32_t at = to_host ? 16 : 24;
	struct vb_record_header *h = &fd->ev.hdr;

	memset(fd->packet, 0, sizeof(fd->packet));
	memcpy(fd->packet, descriptor[to_host], sizeof(descriptor[0]));
	memcpy(fd->packet + at, message, sizeof(message));
	*h = (struct vb_record_header){
		.kind = VB_KIND_PACKET,
		.direction = to_host ? VB_TO_HOST : VB_TO_GUEST,
		.class = VB_CLASS_NETWORK,
		.relid = 5,
		.wire_len = at + 40,
		.cap_len = at + 40,
	};
	fd->ev.data = fd->packet;
	fd->ev.ext = fd->ext;
	fd->ev.number++;
}

static void add(struct feed *fd, const uint32_t *words, uint32_t len)
{
	struct vb_segment s = { .range = fd->ev.hdr.ext_len, .wire_len = len, .cap_len = len };

	memcpy(fd->ext + fd->ev.hdr.ext_len, &s, sizeof(s));
	memcpy(fd->ext + fd->ev.hdr.ext_len + sizeof(s), words, len);
	fd->ev.hdr.ext_len += (uint32_t)sizeof(s) + len;
}

static void ask(struct feed *fd, uint32_t id, uint32_t oid)
{
	const uint32_t query[7] = { 4, 28, id, oid, 0, 20, 0 };

	begin_record(fd, true);
	add(fd, query, sizeof(query));
	vb_decoder_begin(&fd->decoder, &fd->ev);
	vb_decoder_walk(&fd->decoder, 0, NULL);
}

static void add_answer(struct feed *fd, uint32_t id)
{
	const uint32_t answer[7] = { 0x80000004, 28, id, 0, 4, 16, 77 };

	add(fd, answer, sizeof(answer));
}

static void expect(struct feed *fd, const uint32_t *recalled, uint32_t n)
{
	struct vb_outside o;
	struct vb_walked w;
	struct vb_frame f;

	cr_assert_eq(vb_decoder_outside(&fd->decoder, &o), 0);
	for (uint32_t i = 0; i < n; i++) {
		cr_assert_not_null(vb_outside_next(&o, &fd->decoder, &f, &w));
		cr_expect_eq(f.recalled, recalled[i], "message %u: %x", i, f.recalled);
	}
	cr_expect_null(vb_outside_next(&o, &fd->decoder, &f, &w));
}

Test(decode, each_answer_by_its_own_request)
{
	static const uint32_t recalled[] = { 0x10107, 0, 0x10106 };
	struct feed fd = { .ev = { .number = 0 } };

	cr_assert_eq(vb_decoder_init(&fd.decoder, NULL), 0);
	ask(&fd, 1, 0x10106);
	ask(&fd, 2, 0x10107);
	begin_record(&fd, false);
	add_answer(&fd, 2);
	add_answer(&fd, 3); /* nobody asked */
	add_answer(&fd, 1);
	vb_decoder_begin(&fd.decoder, &fd.ev);
	vb_decoder_walk(&fd.decoder, 0, NULL);
	expect(&fd, recalled, 3);
	vb_decoder_walk(&fd.decoder, VB_PART_INNER, NULL); /* shown again */
	expect(&fd, recalled, 3);
	begin_record(&fd, false); /* another record knows nothing of it */
	add_answer(&fd, 2);
	vb_decoder_begin(&fd.decoder, &fd.ev);
	vb_decoder_walk(&fd.decoder, 0, NULL);
	expect(&fd, (const uint32_t[]){ 0 }, 1);
	vb_decoder_done(&fd.decoder);
}
