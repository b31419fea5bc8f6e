/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ethernet frames out of RNDIS messages: whole, tagged, coalesced, and such that lack something. */
#include <criterion/criterion.h>
#include <string.h>

#include "dissectors/ether.h"
#include "frames.h"

struct packet {
	struct made_frame m;
	struct vb_walked w;
	uint8_t ext[2048], room[4096];
	uint32_t ext_len;
	struct vb_ether e;
};

static void make_packet(struct packet *p, uint8_t direction, const char *hex)
{
	memset(p, 0, sizeof(*p));
	frame_make(&p->m, VB_KIND_PACKET, direction, hex);
	p->m.f.class = VB_CLASS_NETWORK;
	vb_walk(vb_root_proto(VB_KIND_PACKET), &p->m.f, NULL, &p->w);
}

#define IN_BAND "0600 0200 0700 0100 0100000000000000 "
#define IN_RANGES "0700 0300 0800 0100 0100000000000000 feca 0000 00000000 "
#define DATA "6b000000 00000000 ffffffff 00000000 "
#define CONTROL "6b000000 01000000 ffffffff 00000000 "
#define ZEROS "000000000000000000000000 000000000000000000000000"

static void to_host(struct packet *p)
{
	make_packet(p, VB_TO_HOST, IN_BAND DATA ZEROS);
}

static void to_guest(struct packet *p)
{
	make_packet(p, VB_TO_GUEST, IN_RANGES DATA ZEROS);
}

/* A segment of these bytes, the last n_lost of which were not captured. */
static void add(struct packet *p, const uint8_t *bytes, uint32_t n, uint32_t n_lost)
{
	struct vb_segment s = { 0, n, n - n_lost, 0 };

	memcpy(p->ext + p->ext_len, &s, sizeof(s));
	memcpy(p->ext + p->ext_len + sizeof(s), bytes, s.cap_len);
	p->ext_len += (uint32_t)(sizeof(s) + vb_pad4(s.cap_len));
}

#define VLAN 6u
#define PACKET_ID 0x80000001u
#define HEAD 60u /* with one entry of information */

/* A message whose frame is n times the letter; the information is of one kind. */
static uint32_t make_message(uint8_t *ret, char letter, uint32_t n, uint32_t kind, uint32_t word)
{
	uint32_t head[15] = { 1, HEAD + n, HEAD - 8, n, 0, 0, 0, 36, 16, 0, 0, 16, kind, 12, word };

	memcpy(ret, head, sizeof(head));
	memset(ret + HEAD, letter, n);
	return HEAD + n;
}

static void add_message(struct packet *p, char letter, uint32_t n, uint32_t kind, uint32_t word,
			uint32_t n_lost)
{
	uint8_t bytes[HEAD + 200];

	make_message(bytes, letter, n, kind, word);
	add(p, bytes, HEAD + n, n_lost);
}

static void add_part(struct packet *p, char letter, uint32_t n, uint32_t flags)
{
	add_message(p, letter, n, PACKET_ID, 1 | flags << 8, 0);
}

static void begin(struct packet *p)
{
	vb_ether_init(&p->e, &p->m.f, &p->w, p->ext, p->ext_len, p->room);
}

/* The next frame: these letters, of wire_len bytes. */
static struct vb_ether_frame expect(struct packet *p, const char *text, uint32_t wire_len)
{
	struct vb_ether_frame f = { 0 };

	cr_assert(vb_ether_next(&p->e, &f), "no frame, but %s", text);
	cr_assert_eq(f.cap_len, strlen(text), "%u bytes: %.*s", f.cap_len, (int)f.cap_len, f.data);
	cr_assert_eq(memcmp(f.data, text, f.cap_len), 0, "%.*s", (int)f.cap_len, f.data);
	cr_assert_eq(f.wire_len, wire_len, "%u", f.wire_len);
	return f;
}

static void expect_end(struct packet *p, uint32_t n_missing, uint32_t n_broken)
{
	struct vb_ether_frame f;

	cr_assert(!vb_ether_next(&p->e, &f));
	cr_assert(!vb_ether_next(&p->e, &f), "it stays the end");
	cr_assert_eq(p->e.n_missing, n_missing, "%u missing", p->e.n_missing);
	cr_assert_eq(p->e.n_broken, n_broken, "%u broken", p->e.n_broken);
}

/* Three messages in a section of the send buffer; what lies between them is no part of a frame. */
Test(ether, aggregated)
{
	struct vb_ether_frame f;
	uint8_t bytes[300] = { 0 };
	struct packet p;
	uint32_t n;

	to_host(&p);
	n = make_message(bytes, 'a', 4, VLAN, 0x64d);
	n += make_message(bytes + n, 'b', 3, 0, 0);
	bytes[HEAD + 4 + 4] += 1; /* padded */
	n += 1 + make_message(bytes + n + 1, 'c', 5, 0, 0);
	add(&p, bytes, n, 0);
	begin(&p);
	f = expect(&p, "aaaa", 4);
	cr_assert(f.tagged && f.tag == 0xb064 && f.n_parts == 1 && f.field == 0);
	f = expect(&p, "bbb", 3);
	cr_assert(!f.tagged && f.field == 1);
	f = expect(&p, "ccccc", 5);
	cr_assert_eq(f.field, 2);
	expect_end(&p, 0, 0);
}

Test(ether, coalesced)
{
	struct vb_ether_frame f;
	struct packet p;

	to_guest(&p);
	add_message(&p, 'x', 2, 0, 0, 0);
	add_part(&p, 'a', 3, 3);
	add_part(&p, 'b', 4, 1);
	add_part(&p, 'c', 2, 5);
	add_part(&p, 'd', 2, 7);
	add_part(&p, 'e', 1, 3);
	add_part(&p, 'f', 1, 5);
	begin(&p);
	expect(&p, "xx", 2);
	f = expect(&p, "aaabbbbcc", 9);
	cr_assert(f.n_parts == 3 && f.field == 1);
	f = expect(&p, "dd", 2);
	cr_assert(f.n_parts == 1 && f.field == 4);
	expect(&p, "ef", 2);
	expect_end(&p, 0, 0);
}

/* What a guest sends under that number is nothing that was coalesced. */
Test(ether, only_a_host_coalesces)
{
	struct packet p;

	to_host(&p);
	add_part(&p, 'a', 3, 3);
	begin(&p);
	expect(&p, "aaa", 3);
	expect_end(&p, 0, 0);
}

Test(ether, parts_are_missing)
{
	struct packet p;

	to_guest(&p);
	add_part(&p, 'a', 3, 1); /* of what? */
	add_part(&p, 'b', 3, 3);
	add_part(&p, 'c', 3, 3); /* begins, and b has not ended */
	add_message(&p, 'x', 2, 0, 0, 0);
	add_part(&p, 'd', 1, 5);
	add_part(&p, 'e', 3, 3);
	begin(&p);
	expect(&p, "bbb", 3);
	expect(&p, "ccc", 3);
	expect(&p, "xx", 2);
	expect(&p, "eee", 3);
	expect_end(&p, 0, 5);
}

/* Behind bytes that are lost nothing has its place, but its length counts. */
Test(ether, cut)
{
	struct packet p;

	to_guest(&p);
	add_message(&p, 'a', 6, 0, 0, 4);
	add_message(&p, 'b', 6, 0, 0, 6);
	add_message(&p, 'c', 6, 0, 0, 6 + HEAD - 20);
	add_message(&p, 'd', 6, 0, 0, 6 + HEAD - 10);
	add_message(&p, 'e', 6, 0, 0, 6 + HEAD);
	add_message(&p, 'f', 6, PACKET_ID, 0x301, 2);
	add_part(&p, 'g', 2, 5);
	begin(&p);
	expect(&p, "aa", 6);
	expect(&p, "ffff", 8);
	expect_end(&p, 4, 0);
}

Test(ether, nothing_outside)
{
	struct packet p;

	to_host(&p);
	begin(&p);
	expect_end(&p, 1, 0);
	make_packet(&p, VB_TO_HOST, IN_BAND CONTROL ZEROS);
	begin(&p);
	expect_end(&p, 0, 0);
	add_message(&p, 'a', 4, 0, 0, HEAD);
	begin(&p);
	expect_end(&p, 0, 0);
	make_packet(&p, VB_TO_GUEST, "0b00 0200 0300 0000 0100000000000000 6c000000 01000000");
	add_message(&p, 'a', 4, 0, 0, 0);
	begin(&p);
	expect_end(&p, 0, 0);
}

/* A frame of no bytes is none. */
Test(ether, empty)
{
	struct packet p;

	to_guest(&p);
	add_message(&p, 'a', 0, 0, 0, 0);
	begin(&p);
	expect_end(&p, 0, 0);
}

/* An offset that leads out of the message. */
Test(ether, lies)
{
	uint8_t bytes[HEAD + 4];
	uint32_t offset = 0x7fffffff;
	struct packet p;

	to_host(&p);
	make_message(bytes, 'a', 4, 0, 0);
	memcpy(bytes + 8, &offset, sizeof(offset));
	add(&p, bytes, sizeof(bytes), 0);
	begin(&p);
	expect_end(&p, 1, 0);
}

Test(ether, tag)
{
	struct vb_ether_frame f = { .data = (const uint8_t *)"ddddddssssssTTpayload",
				    .cap_len = 21,
				    .wire_len = 30,
				    .tagged = true,
				    .tag = 0xb064 };
	uint8_t buf[25];
	uint32_t wire_len;

	cr_assert_eq(vb_ether_put(&f, buf, &wire_len), 25);
	cr_assert_eq(memcmp(buf, "ddddddssssss\x81\x00\xb0\x64TTpayload", 25), 0);
	cr_assert_eq(wire_len, 34);
	f.cap_len = 12;
	cr_assert_eq(vb_ether_put(&f, buf, &wire_len), 16);
	f.cap_len = 11;
	cr_assert_eq(vb_ether_put(&f, buf, &wire_len), 11, "there is no place for it");
	cr_assert_eq(wire_len, 34);
	f.wire_len = UINT32_MAX - 1;
	vb_ether_put(&f, buf, &wire_len);
	cr_assert_eq(wire_len, UINT32_MAX);
	f.tagged = false;
	cr_assert_eq(vb_ether_put(&f, buf, &wire_len), 11);
	cr_assert_eq(wire_len, UINT32_MAX - 1);
}

/* ---- what is left to others ---- */

struct unfinished {
	struct vb_ether_frame f;
	struct made_frame m;
};

static void make_unfinished(struct unfinished *u, uint8_t open, const char *hex)
{
	frame_make(&u->m, 0, 0, hex);
	u->f = (struct vb_ether_frame){ .data = u->m.bytes,
					.cap_len = u->m.f.cap_len,
					.wire_len = u->m.f.cap_len,
					.open = open };
}

/* It becomes these bytes; NULL: it stays as it is. */
static void expect_complete(struct unfinished *u, const char *hex)
{
	struct made_frame want, before = u->m;

	cr_assert_eq(vb_ether_complete(&u->f, u->m.bytes), hex != NULL);
	frame_make(&want, 0, 0, hex ? hex : "");
	if (!hex)
		want = before;
	for (uint32_t i = 0; i < u->f.cap_len; i++)
		cr_assert_eq(u->m.bytes[i], want.bytes[i], "byte %u is %02x, not %02x", i,
			     u->m.bytes[i], want.bytes[i]);
}

#define MACS "000000000002 000000000001 "
/* The header of RFC 1071's well-known example on 192.168.0.1: its sum is b861. */
#define EXAMPLE_HEAD "4500 0073 0000 4000 4011 "
#define EXAMPLE_TAIL " c0a80001 c0a800c7 "
#define UDP_HEAD "0035 e97c 005f "
#define ZEROS_87                                                                                   \
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000"     \
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000"     \
	"000000"
#define TCP_ZERO "9c40 0050 000003e8 00000000 5002 7210 0000 0000"

Test(ether, ipv4_checksum)
{
	struct unfinished u;

	make_unfinished(&u, VB_ETHER_IP_SUM,
			MACS "0800 " EXAMPLE_HEAD "ffff" EXAMPLE_TAIL UDP_HEAD "1234" ZEROS_87);
	expect_complete(&u, MACS "0800 " EXAMPLE_HEAD "b861" EXAMPLE_TAIL UDP_HEAD "1234" ZEROS_87);
	make_unfinished(&u, VB_ETHER_UDP_SUM,
			MACS "0800 " EXAMPLE_HEAD "0000" EXAMPLE_TAIL UDP_HEAD "1234" ZEROS_87);
	/* c0a8 + 0001 + c0a8 + 00c7 + 0011 + 005f + 0035 + e97c + 005f, inverted */
	expect_complete(&u, MACS "0800 " EXAMPLE_HEAD "0000" EXAMPLE_TAIL UDP_HEAD "9365" ZEROS_87);
}

/* A large send: length, both checksums, the payload of an odd length. */
Test(ether, large_send)
{
	struct unfinished u;

	make_unfinished(&u, VB_ETHER_IP_LEN | VB_ETHER_IP_SUM | VB_ETHER_TCP_SUM,
			MACS "0800 4500 0000 0000 0000 4006 0000 0a000001 0a000002 " TCP_ZERO "41");
	u.f.transport = 34;
	expect_complete(&u, MACS "0800 4500 0029 0000 0000 4006 66cd 0a000001 0a000002 "
				 "9c40 0050 000003e8 00000000 5002 7210 4856 0000 41");
	u.f.transport = 38;
	expect_complete(&u, NULL);
	u.f.transport = 0;
	u.f.wire_len++; /* cut */
	expect_complete(&u, NULL);
}

/* With a tag in the frame; behind an extension header, where only its information finds TCP. */
Test(ether, ipv6)
{
	static const char in[] = MACS
		"8100 0005 86dd 60000000 001c 00 40 fe80000000000000 0000000000000001 "
		"fe80000000000000 0000000000000002 0600010400000000 " TCP_ZERO;
	static const char out[] = MACS
		"8100 0005 86dd 60000000 001c 00 40 fe80000000000000 0000000000000001 "
		"fe80000000000000 0000000000000002 0600010400000000 "
		"9c40 0050 000003e8 00000000 5002 7210 a055 0000";
	struct unfinished u;

	make_unfinished(&u, VB_ETHER_TCP_SUM, in);
	expect_complete(&u, NULL);
	u.f.transport = 14 + 4 + 40 + 8;
	expect_complete(&u, out);
}

Test(ether, nothing_to_complete)
{
	static const char *const hex[] = {
		MACS,
		MACS "0806 0001",
		MACS "8100",
		MACS "0800 4500",
		/* a length that is not true, one less than the header's, no TCP, no room for it */
		MACS "0800 4500 0029 0000 0000 4006 0000 0a000001 0a000002 " TCP_ZERO,
		MACS "0800 4500 0013 0000 0000 4006 0000 0a000001 0a000002 " TCP_ZERO,
		MACS "0800 4500 0028 0000 0000 4011 0000 0a000001 0a000002 " TCP_ZERO,
		MACS "0800 4500 0027 0000 0000 4006 0000 0a000001 0a000002 " TCP_ZERO,
		MACS "0800 4400 0028 0000 0000 4006 0000 0a000001 0a000002 " TCP_ZERO,
		MACS "0800 6500 0028 0000 0000 4006 0000 0a000001 0a000002 " TCP_ZERO,
	};
	struct unfinished u;

	for (size_t i = 0; i < sizeof(hex) / sizeof(*hex); i++) {
		make_unfinished(&u, VB_ETHER_IP_SUM | VB_ETHER_TCP_SUM, hex[i]);
		expect_complete(&u, NULL);
	}
	make_unfinished(&u, 0,
			MACS "0800 4500 0028 0000 0000 4006 0000 0a000001 0a000002 " TCP_ZERO);
	expect_complete(&u, NULL);
}

/* What the messages say about it. */
Test(ether, left_to_others)
{
	static const struct {
		uint32_t kind, word;
		uint8_t open;
		uint16_t transport;
	} out[] = {
		{ 0, 1 | 1 << 2 | 34 << 16, VB_ETHER_TCP_SUM, 34 },
		{ 0, 2 | 1 << 3 | 54 << 16, VB_ETHER_UDP_SUM, 54 },
		{ 0, 1 | 1 << 4, VB_ETHER_IP_SUM, 0 },
		{ 2, 1460 | 34 << 20, VB_ETHER_TCP_SUM | VB_ETHER_IP_SUM | VB_ETHER_IP_LEN, 34 },
		{ 8, 77, 0, 0 },
	};
	struct vb_ether_frame f;
	struct packet p;

	for (size_t i = 0; i < sizeof(out) / sizeof(*out); i++) {
		to_host(&p);
		add_message(&p, 'a', 4, out[i].kind, out[i].word, 0);
		begin(&p);
		f = expect(&p, "aaaa", 4);
		cr_assert(f.open == out[i].open && f.transport == out[i].transport, "%zu", i);
	}
	to_guest(&p);
	add_message(&p, 'a', 4, 0, 1 << 3 | 1 << 5, 0);
	add_message(&p, 'b', 4, 0, 1 << 3 | 1 << 7 | 1 << 8, 0);
	begin(&p);
	cr_assert_eq(expect(&p, "aaaa", 4).open, 0);
	cr_assert_eq(expect(&p, "bbbb", 4).open, VB_ETHER_TCP_SUM | VB_ETHER_IP_SUM);
}
