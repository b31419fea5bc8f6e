/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A conversation over TCP, as a guest with all offloads has it: checksums left to the host, three
 * messages in a section, a large send, an answer that the host coalesced. Behind it frames in a VLAN,
 * cut, not captured, not sent, and coalesced ones that are not whole.
 */
#include <string.h>

#include "traces.h"

#define MAC_LEN 14u
#define HEADERS_LEN (MAC_LEN + 20u + 20u)
#define FRAME_MAX 2200u

enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };

struct end {
	uint8_t mac[6], ip[4];
	uint16_t port;
	uint32_t seq;
};

static struct ends {
	struct end guest, peer;
} begin_conversation(void)
{
	return (struct ends){
		.guest = { { 0, 0x15, 0x5d, 0, 0, 1 }, { 10, 0, 0, 1 }, 40000, 1000 },
		.peer = { { 0, 0x15, 0x5d, 0, 0, 2 }, { 10, 0, 0, 2 }, 80, 5000 },
	};
}

/* ---- frames ---- */

struct frame {
	uint8_t bytes[FRAME_MAX];
	uint32_t len;
};

static void big16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void big32(uint8_t *p, uint32_t v)
{
	big16(p, v >> 16);
	big16(p + 2, v & 0xffff);
}

/* The sum of RFC 1071, not inverted. */
static uint32_t add_up(uint32_t sum, const uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sum += (uint32_t)p[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

enum checksums { WHOLE, PSEUDO_HEADER, LARGE_SEND };

/* What the driver leaves to others is as Linux leaves it. */
static void put_checksums(struct frame *f, enum checksums how)
{
	uint8_t *ip = f->bytes + MAC_LEN, *tcp = ip + 20;
	uint32_t tcp_len = f->len - MAC_LEN - 20;
	uint32_t sum = add_up(6 + (how == LARGE_SEND ? 0 : tcp_len), ip + 12, 8);

	if (how == WHOLE)
		sum = ~add_up(sum, tcp, tcp_len);
	big16(tcp + 16, sum & 0xffff);
	if (how == LARGE_SEND)
		big16(ip + 2, 0);
	else
		big16(ip + 10, ~add_up(0, ip, 20) & 0xffff);
}

/* A segment of from to to, whose sequence number goes on. */
static struct frame segment(struct end *from, const struct end *to, uint8_t flags, const void *data,
			    uint32_t n, enum checksums how)
{
	struct frame f = { .len = HEADERS_LEN + n };
	uint8_t *ip = f.bytes + MAC_LEN, *tcp = ip + 20;

	memcpy(f.bytes, to->mac, 6);
	memcpy(f.bytes + 6, from->mac, 6);
	big16(f.bytes + 12, 0x0800);
	ip[0] = 0x45;
	big16(ip + 2, 40 + n);
	ip[8] = 64;
	ip[9] = 6;
	memcpy(ip + 12, from->ip, 4);
	memcpy(ip + 16, to->ip, 4);
	big16(tcp, from->port);
	big16(tcp + 2, to->port);
	big32(tcp + 4, from->seq);
	big32(tcp + 8, flags & ACK ? to->seq : 0);
	tcp[12] = 0x50;
	tcp[13] = flags;
	big16(tcp + 14, 0x7210);
	if (n)
		memcpy(tcp + 20, data, n);
	put_checksums(&f, how);
	from->seq += n + (flags & (SYN | FIN) ? 1 : 0);
	return f;
}

/* ---- their messages ---- */

/* Per-packet information: kind and word of each. */
#define CHECKSUM 0u
#define LARGE 2u
#define VLAN 6u
#define PACKET_ID 0x80000001u

#define LEFT_TO_HOST (1u | 1u << 2 | 34u << 16) /* TCP's over IPv4 */
#define FOUND_RIGHT (1u << 3 | 1u << 5)
#define NOT_REWRITTEN (1u << 7 | 1u << 8)
#define PART(flags) (1u | (uint32_t)(flags) << 8 | 7u << 16)

struct info {
	uint32_t kind, word;
};

/* Header and information. Returns the length of both; the message goes on with frame_len bytes. */
static uint32_t put_head(uint8_t *p, const struct info *info, uint32_t n_info, uint32_t frame_len,
			 uint32_t padding)
{
	uint32_t len = 44 + 16 * n_info;
	uint32_t head[11] = {
		1, len + frame_len + padding, len - 8, frame_len, 0, 0, 0, 36, 16 * n_info
	};

	memcpy(p, head, sizeof(head));
	for (uint32_t i = 0; i < n_info; i++) {
		uint32_t entry[4] = { 16, info[i].kind, 12, info[i].word };

		memcpy(p + 44 + 16 * (size_t)i, entry, sizeof(entry));
	}
	return len;
}

/* A message behind those that are there, padded as if another followed. */
static void add_message(struct outside *o, const struct info *info, uint32_t n_info,
			const struct frame *f)
{
	uint32_t padding = -(44 + 16 * n_info + f->len) & 7, n;

	n = put_head(o->bytes + o->len, info, n_info, f->len, padding);
	memcpy(o->bytes + o->len + n, f->bytes, f->len);
	o->len += n + f->len + padding;
}

static const struct info left = { CHECKSUM, LEFT_TO_HOST }, right = { CHECKSUM, FOUND_RIGHT };

/* In a section of the send buffer. */
static void put_section(struct making *m, const struct outside *messages, uint16_t flags)
{
	struct outside o = { 0 };

	add_piece(&o, SECTION, messages->bytes, messages->len, messages->len);
	put_rndis(m, true, 6, NULL, 0, false, &o, flags);
}

static void send_one(struct making *m, const struct info *info, uint32_t n_info,
		     const struct frame *f, uint16_t flags)
{
	struct outside o = { 0 };

	add_message(&o, info, n_info, f);
	put_section(m, &o, flags);
}

/* In transfer pages: each of the ranges is a message. */
static void receive(struct making *m, const struct outside *messages, uint32_t n)
{
	uint32_t header[2 + 2 * 8] = { 0xcafe, n };
	struct outside o = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		header[2 + 2 * i] = messages[i].len;
		header[3 + 2 * i] = 0x800 * i;
		add_piece(&o, i, messages[i].bytes, messages[i].len, messages[i].len);
	}
	put_rndis(m, false, 7, header, 8 + 8 * n, false, &o, 0);
}

static void receive_one(struct making *m, const struct info *info, uint32_t n_info,
			const struct frame *f)
{
	struct outside o = { 0 };

	add_message(&o, info, n_info, f);
	receive(m, &o, 1);
}

/* Header and frame in pages of their own, of which so many bytes were captured. */
static void send_pages(struct making *m, const struct info *info, const struct frame *f,
		       uint32_t head_kept, uint32_t kept)
{
	uint8_t head[64];
	uint32_t n = put_head(head, info, 1, f->len, 0);
	uint32_t pages[14] = {
		0, 3,	  n, 0x40, 0x1000, 0, HEADERS_LEN, 0x80, 0x2000, 0, f->len - HEADERS_LEN,
		0, 0x3000
	};
	uint32_t first = kept < HEADERS_LEN ? kept : HEADERS_LEN;
	struct outside o = { 0 };

	add_piece(&o, 0, head, n, head_kept < n ? head_kept : n);
	add_piece(&o, 1, f->bytes, HEADERS_LEN, first);
	add_piece(&o, 2, f->bytes + HEADERS_LEN, f->len - HEADERS_LEN, kept - first);
	put_rndis(m, true, 9, pages, sizeof(pages), false, &o, 0);
}

/* Parts of one frame, with these flags; what is in them besides bytes only the first one has. */
static void receive_parts(struct making *m, const struct frame *f, const uint8_t *flags, uint32_t n)
{
	struct outside parts[4] = { 0 };
	uint32_t len = f->len / n, at = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct info info[2] = { { PACKET_ID, PART(flags[i]) },
					{ CHECKSUM, FOUND_RIGHT | NOT_REWRITTEN } };
		struct frame part = { .len = i + 1 < n ? len : f->len - at };

		memcpy(part.bytes, f->bytes + at, part.len);
		at += part.len;
		add_message(&parts[i], info, i ? 1 : 2, &part);
	}
	receive(m, parts, n);
}

/* ---- the conversation ---- */

static void put_handshake(struct making *m, struct ends *e)
{
	struct frame f = segment(&e->guest, &e->peer, SYN, NULL, 0, PSEUDO_HEADER);

	send_one(m, &left, 1, &f, 0);
	f = segment(&e->peer, &e->guest, SYN | ACK, NULL, 0, WHOLE);
	receive_one(m, &right, 1, &f);
}

static void put_request(struct making *m, struct ends *e)
{
	static const char *const lines[3] = { "", "POST /frames HTTP/1.0\r\n",
					      "Content-Length: 1800\r\n\r\n" };
	struct outside o = { 0 };

	for (int i = 0; i < 3; i++) {
		struct frame f = segment(&e->guest, &e->peer, i ? PSH | ACK : ACK, lines[i],
					 (uint32_t)strlen(lines[i]), PSEUDO_HEADER);

		add_message(&o, &left, 1, &f);
	}
	put_section(m, &o, 0);
}

static void put_large_send(struct making *m, struct ends *e)
{
	static const struct info large = { LARGE, 536u | 34u << 20 | 1u << 30 };
	uint8_t body[1800];
	struct frame f;

	for (uint32_t i = 0; i < sizeof(body); i++)
		body[i] = i % 60 == 59 ? '\n' : (uint8_t)('a' + i / 60 % 26);
	f = segment(&e->guest, &e->peer, PSH | ACK, body, sizeof(body), LARGE_SEND);
	send_pages(m, &large, &f, UINT32_MAX, f.len);
}

static void put_answer(struct making *m, struct ends *e)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 36\r\n\r\n"
				     "Three parts that the host coalesced\n";
	static const uint8_t flags[3] = { 3, 1, 5 };
	struct frame f = segment(&e->peer, &e->guest, PSH | ACK, answer, sizeof(answer) - 1, WHOLE);

	f.bytes[MAC_LEN + 20 + 16] ^= 0x5a; /* the first segment's, of fewer bytes */
	receive_parts(m, &f, flags, 3);
}

static void put_end(struct making *m, struct ends *e)
{
	struct frame f = segment(&e->guest, &e->peer, FIN | ACK, NULL, 0, PSEUDO_HEADER);

	send_one(m, &left, 1, &f, VB_REC_FAILED); /* the ring was full */
	send_one(m, &left, 1, &f, 0);
	f = segment(&e->peer, &e->guest, FIN | ACK, NULL, 0, WHOLE);
	receive_one(m, &right, 1, &f);
}

/* ---- what is odd ---- */

/* Of other ports, with the tag beside the frame. */
static void put_vlan(struct making *m, struct ends *e)
{
	struct info info[2] = { { VLAN, 5u | 100u << 4 }, left };
	struct frame f;

	e->guest.port = 40001;
	f = segment(&e->guest, &e->peer, SYN, NULL, 0, PSEUDO_HEADER);
	send_one(m, info, 2, &f, 0);
	f = segment(&e->peer, &e->guest, SYN | ACK, NULL, 0, WHOLE);
	info[1] = right;
	receive_one(m, info, 2, &f);
}

static void put_cut(struct making *m, struct ends *e)
{
	struct frame f;

	e->guest.port = 40002;
	f = segment(&e->guest, &e->peer, PSH | ACK, "0123456789", 10, PSEUDO_HEADER);
	send_pages(m, &left, &f, UINT32_MAX, HEADERS_LEN + 4);
	send_pages(m, &left, &f, UINT32_MAX, 8);
	send_pages(m, &left, &f, UINT32_MAX, 0);
	send_pages(m, &left, &f, 6, 0);
	put_rndis(m, true, 6, NULL, 0, false, &(struct outside){ 0 }, 0);
}

static void put_broken(struct making *m, struct ends *e)
{
	static const uint8_t no_last[2] = { 3, 1 }, no_first[2] = { 1, 5 };
	struct frame f;

	e->guest.port = 40003;
	f = segment(&e->peer, &e->guest, PSH | ACK, "the last part is missing", 24, WHOLE);
	receive_parts(m, &f, no_last, 2);
	receive_parts(m, &f, no_first, 2);
}

void put_frames(struct making *m)
{
	struct ends e = begin_conversation();

	put_network_beginning(m);
	put_handshake(m, &e);
	put_request(m, &e);
	put_large_send(m, &e);
	put_answer(m, &e);
	put_end(m, &e);
	put_vlan(m, &e);
	put_cut(m, &e);
	put_broken(m, &e);
}
