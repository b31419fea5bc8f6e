/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RNDIS: messages from bytes that were written by hand, and such as a hostile guest may send. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"

static struct vb_walked walk(const struct vb_frame *f)
{
	struct vb_walked w;

	vb_walk(vb_proto_by_name("hv_rndis"), f, NULL, &w);
	return w;
}

struct seen {
	const char *row;
	unsigned int n;
	uint64_t value;
};

static void see(void *ctx, const struct vb_item *it)
{
	struct seen *s = ctx;

	if (strcmp(it->row->name, s->row))
		return;
	s->n++;
	s->value = it->value;
}

/* How often a row of that name occurs; *ret_value is its last value. */
static unsigned int count(const struct made_frame *m, const char *row, uint64_t *ret_value)
{
	struct seen s = { .row = row };
	struct vb_sink sink = { .ctx = &s, .field = see };
	struct vb_walked w;

	vb_walk(vb_proto_by_name("hv_rndis"), &m->f, &sink, &w);
	*ret_value = s.value;
	return s.n;
}

static uint64_t value_of(const struct made_frame *m, const char *row)
{
	uint64_t value;

	cr_assert_eq(count(m, row, &value), 1, "%s", row);
	return value;
}

/* Nothing wrong, nothing that no row describes, and a message of that name. */
static void make(struct made_frame *ret, uint8_t direction, const char *message, const char *hex)
{
	struct vb_walked w;

	frame_make(ret, VB_KIND_PACKET, direction, hex);
	w = walk(&ret->f);
	for (unsigned int i = 0; i < VB_N_NOTES; i++)
		cr_assert_eq(w.n_notes[i], 0, "%s: %s", message,
			     vb_note_name((enum vb_note_code)i));
	cr_assert_eq(w.unexplained, 0);
	cr_assert_str_eq(w.layer[0].msg->name, message);
}

Test(rndis, control)
{
	struct made_frame m;

	make(&m, VB_TO_HOST, "initialize", "02000000 18000000 01000000 01000000 00000000 00400000");
	cr_assert_eq(value_of(&m, "max_transfer"), 0x4000);
	make(&m, VB_TO_GUEST, "initialize_complete",
	     "02000080 34000000 01000000 00000000 01000000 00000000 01000000 00000000 08000000"
	     "ffffffef 03000000 00000000 00000000");
	cr_assert_eq(value_of(&m, "max_packets"), 8);
	cr_assert_eq(value_of(&m, "connectionless"), 1);
	make(&m, VB_TO_HOST, "query",
	     "04000000 1c000000 02000000 06010100 00000000 14000000 00000000");
	cr_assert_eq(value_of(&m, "oid"), 0x10106);
	make(&m, VB_TO_GUEST, "query_complete",
	     "04000080 1c000000 02000000 00000000 04000000 10000000 dc050000");
	cr_assert_eq(value_of(&m, "info_len"), 4);
	make(&m, VB_TO_HOST, "set",
	     "05000000 20000000 09000000 0e010100 04000000 14000000 00000000 0d000000");
	make(&m, VB_TO_GUEST, "set_complete", "05000080 10000000 09000000 00000000");
	make(&m, VB_TO_GUEST, "indicate_status", "07000000 14000000 0b000140 00000000 00000000");
	cr_assert_eq(value_of(&m, "status"), 0x4001000b);
	make(&m, VB_TO_HOST, "halt", "03000000 0c000000 05000000");
	make(&m, VB_TO_GUEST, "reset_complete", "06000080 10000000 00000000 01000000");
}

#define FRAME "ffffffffffff 00155d000001 0806 0001"
#define HEAD(length, data_offset, info_len)                                                        \
	"01000000 " length data_offset "10000000 00000000 00000000 00000000 24000000 " info_len    \
	"00000000 00000000 "
#define ENTRY(type, word) "10000000 " type " 0c000000 " word

/* What leaves has things to do, what comes has results: one number, two meanings. */
Test(rndis, per_packet_information)
{
	struct made_frame m;

	make(&m, VB_TO_HOST, "packet",
	     HEAD("6c000000 ", "54000000 ", "30000000 ") ENTRY("06000000", "4d060000")
		     ENTRY("00000000", "15002200") ENTRY("08000000", "78563412") FRAME);
	cr_assert_eq(value_of(&m, "priority"), 5);
	cr_assert_eq(value_of(&m, "cfi"), 1);
	cr_assert_eq(value_of(&m, "tcp"), 1);
	cr_assert_eq(value_of(&m, "udp"), 0);
	cr_assert_eq(value_of(&m, "transport_offset"), 34);
	cr_assert_eq(value_of(&m, "hash"), 0x12345678);
	make(&m, VB_TO_GUEST, "packet",
	     HEAD("4c000000 ", "34000000 ", "10000000 ") ENTRY("00000000", "28000000") FRAME);
	cr_assert_eq(value_of(&m, "tcp_succeeded"), 1);
	cr_assert_eq(value_of(&m, "ip_succeeded"), 1);
	make(&m, VB_TO_HOST, "packet",
	     HEAD("4c000000 ", "34000000 ", "10000000 ") ENTRY("02000000", "b4052042") FRAME);
	cr_assert_eq(value_of(&m, "mss"), 1460);
	cr_assert_eq(value_of(&m, "tcp_header_offset"), 34);
	cr_assert_eq(value_of(&m, "version2"), 1);
	make(&m, VB_TO_GUEST, "packet",
	     HEAD("4c000000 ", "34000000 ", "10000000 ") ENTRY("01000080", "01 03 0700") FRAME);
	cr_assert_eq(value_of(&m, "first"), 1);
	cr_assert_eq(value_of(&m, "last"), 0);
}

/* The length of a message that another one follows includes what lies between them. */
Test(rndis, padding_is_no_frame)
{
	struct made_frame m;
	uint64_t value;

	make(&m, VB_TO_HOST, "packet",
	     HEAD("40000000 ", "24000000 ", "00000000 ") FRAME "00000000");
	cr_assert_eq(value_of(&m, "data_len"), 16);
	cr_assert_eq(count(&m, "size", &value), 0,
		     "no per-packet information, though its place is");
	make(&m, VB_TO_HOST, "packet",
	     "01000000 3c000000 24000000 10000000 00000000 00000000 00000000 00000000 00000000"
	     "00000000 00000000" FRAME);
}

/* An entry that says it has no bytes: others have looped for ever over it (Linux 6.1). */
Test(rndis, entry_without_length)
{
	struct made_frame m;
	uint64_t value;

	frame_make(&m, VB_KIND_PACKET, VB_TO_HOST,
		   HEAD("5c000000 ", "44000000 ",
			"20000000 ") "00000000 00000000 0c000000 15002200" ENTRY("06000000",
										 "4d060000") FRAME);
	walk(&m.f);
	cr_assert_eq(count(&m, "size", &value), 2);
}

static unsigned int notes(const char *hex, enum vb_note_code code)
{
	struct made_frame m;

	frame_make(&m, VB_KIND_PACKET, VB_TO_HOST, hex);
	return walk(&m.f).n_notes[code];
}

Test(rndis, lies)
{
	/* information of more bytes than there are */
	cr_assert_geq(notes(HEAD("4c000000 ", "34000000 ", "00100000 ")
				    ENTRY("06000000", "4d060000") FRAME,
			    VB_NOTE_SHORT),
		      1);
	/* a frame that begins behind the end */
	cr_assert_eq(notes(HEAD("3c000000 ", "611e0000 ", "00000000 ") FRAME, VB_NOTE_UNEXPECTED),
		     1);
	/* a message that is longer than the packet */
	cr_assert_eq(notes(HEAD("ff000000 ", "24000000 ", "00000000 ") FRAME, VB_NOTE_SHORT), 1);
	/* an offset of information that is none */
	cr_assert_eq(notes("05000000 1c000000 09000000 0e010100 00000000 00000000 00000000",
			   VB_NOTE_UNEXPECTED),
		     0);
}
