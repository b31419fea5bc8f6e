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

static void see_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	if (span == VB_SPAN_BITS)
		see(ctx, it);
}

/* How often a row of that name occurs; *ret_value is its last value. */
static unsigned int count(const struct made_frame *m, const char *row, uint64_t *ret_value)
{
	struct seen s = { .row = row };
	struct vb_sink sink = { .ctx = &s, .field = see, .open = see_open };
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

#define SET(length, oid, info_len)                                                                 \
	"05000000 " length " 09000000 " oid " " info_len " 14000000 00000000 "

Test(rndis, information)
{
	struct made_frame m;
	uint64_t value;

	make(&m, VB_TO_HOST, "set", SET("20000000", "0e010100", "04000000") "0d000000");
	cr_assert_eq(value_of(&m, "packet_filter"), 0xd);
	cr_assert_eq(value_of(&m, "directed"), 1);
	cr_assert_eq(value_of(&m, "multicast"), 0);
	make(&m, VB_TO_HOST, "set", SET("24000000", "16020200", "08000000") "4e00 4900 4300 0000");
	value_of(&m, "friendly_name");
	/* version 4 and older end after 22 bytes */
	make(&m, VB_TO_HOST, "set",
	     SET("34000000", "0c0201fc",
		 "16000000") "80 02 1600 04 04 00 04 00 01 00 02 02 00 00 00"
			     "00000000 00 00 0000");
	cr_assert_eq(value_of(&m, "tcp_ipv4_checksum"), 4);
	cr_assert_eq(value_of(&m, "lso2_ipv6"), 2);
	cr_assert_eq(count(&m, "rsc_ipv4", &value), 0);
	/* of an OID that is not known, bytes */
	make(&m, VB_TO_HOST, "set", SET("20000000", "efbeadde", "04000000") "01020304");
	value_of(&m, "rest");
}

/* An answer does not say what was asked. */
static void make_answer(struct made_frame *ret, uint32_t oid, const char *hex)
{
	frame_make(ret, VB_KIND_PACKET, VB_TO_GUEST, hex);
	ret->f.recalled = oid;
	cr_assert_eq(walk(&ret->f).unexplained, 0);
}

#define ANSWER(length, info_len) "04000080 " length " 02000000 00000000 " info_len " 10000000 "

Test(rndis, answers)
{
	struct made_frame m;
	uint64_t value;

	make_answer(&m, 0x10106, ANSWER("1c000000", "04000000") "dc050000");
	cr_assert_eq(value_of(&m, "max_frame_size"), 1500);
	make_answer(&m, 0, ANSWER("1c000000", "04000000") "dc050000");
	cr_assert_eq(count(&m, "max_frame_size", &value), 0, "nobody knows what was asked");
	value_of(&m, "rest");
	make_answer(&m, 0x10101, ANSWER("24000000", "0c000000") "06010100 07010100 14010100");
	cr_assert_eq(count(&m, "oids", &value), 3);
	make_answer(&m, 0x1010101, ANSWER("1e000000", "06000000") "00155d000001");
	value_of(&m, "permanent_address");
	make_answer(&m, 0x10203,
		    ANSWER("2a000000", "12000000") "88 02 1200 01070000 01000000 08000000 8000");
	cr_assert_eq(value_of(&m, "receive_queues"), 8);
	cr_assert_eq(value_of(&m, "table_entries"), 128);
	cr_assert_eq(value_of(&m, "tcp_ipv6_ex"), 1);
	/* a failed query has no information */
	make_answer(&m, 0x10203, "04000080 18000000 02000000 bb0000c0 00000000 00000000");
	cr_assert_eq(count(&m, "receive_queues", &value), 0);
}
