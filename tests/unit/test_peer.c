/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peer at the other end of the network device's wire: ARP, ICMP, UDP. */
#include <criterion/criterion.h>
#include <string.h>

#include "peer_wire.h"

#define MTU 1500u
#define ICMP 1
#define UDP 17

/* ---- ARP ---- */

/* Who has address? Asks WIRE_GUEST. */
static struct vb_peer_frame arp(uint8_t frame[42], uint32_t operation, uint32_t address)
{
	wire_ip(frame, 0, 0);
	memset(frame, 0xff, 6);
	wire_put16(frame + 12, 0x0806);
	wire_put32(frame + 14, 0x00010800);
	wire_put32(frame + 18, 0x06040000 | operation);
	memcpy(frame + 22, frame + 6, 6);
	wire_put32(frame + 28, WIRE_GUEST);
	memset(frame + 32, 0, 6);
	wire_put32(frame + 38, address);
	return (struct vb_peer_frame){ .bytes = frame, .len = 42, .vlan = VB_PEER_NO_VLAN };
}

Test(peer, arp_is_answered)
{
	struct wire *w = wire_new(MTU, 0, false);
	uint8_t frame[42];
	struct vb_peer_frame ask = arp(frame, 1, WIRE_PEER);
	const struct vb_peer_frame *f;

	ask.vlan = 0x2064;
	wire_send(w, &ask);
	f = wire_take(w);
	cr_assert(f);
	cr_assert_eq(f->len, 42);
	cr_expect_eq(f->vlan, 0x2064, "with the tag of who asked");
	cr_expect_eq(wire_get16(f->bytes + 20), 2);
	cr_expect_eq(memcmp(f->bytes + 22, f->bytes + 6, 6), 0, "it is me");
	cr_expect_eq(wire_get32(f->bytes + 28), WIRE_PEER);
	cr_expect_eq(memcmp(f->bytes + 32, frame + 6, 6), 0);
	cr_expect_eq(wire_get32(f->bytes + 38), WIRE_GUEST);
	cr_expect(!f->is_ip && !f->is_tcp && !f->is_udp);
	cr_expect_null(wire_take(w));
	wire_free(w);
}

Test(peer, arp_of_others_is_not)
{
	struct wire *w = wire_new(MTU, 0, false);
	uint8_t frame[42];
	struct vb_peer_frame f = arp(frame, 1, WIRE_PEER + 1);

	wire_send(w, &f);
	f = arp(frame, 2, WIRE_PEER);
	wire_send(w, &f);
	f = arp(frame, 1, WIRE_PEER);
	f.len = 41;
	wire_send(w, &f);
	cr_expect_null(wire_take(w));
	wire_free(w);
}

/* ---- ICMP ---- */

static uint32_t ping(uint8_t *to, uint32_t len)
{
	memset(to, 0, 8);
	to[0] = 8;
	wire_put32(to + 4, 0x12340001);
	for (uint32_t i = 8; i < len; i++)
		to[i] = (uint8_t)(i * 3);
	wire_put16(to + 2, wire_sum(to, len, 0));
	return len;
}

static void expect_pong(struct wire *w, const uint8_t *request, uint32_t len)
{
	const struct vb_peer_frame *f = wire_take(w);
	const uint8_t *reply;

	cr_assert(f);
	cr_assert_eq(f->len, WIRE_PAYLOAD + len);
	reply = f->bytes + WIRE_PAYLOAD;
	cr_expect_eq(wire_get32(f->bytes + 26), WIRE_PEER);
	cr_expect_eq(wire_get32(f->bytes + 30), WIRE_GUEST);
	cr_expect_eq(reply[0], 0);
	cr_expect_eq(wire_sum(reply, len, 0), 0, "%u bytes", len);
	cr_expect_eq(memcmp(reply + 4, request + 4, len - 4), 0);
	cr_expect(!f->is_tcp && !f->is_udp);
}

Test(peer, echo_is_replied)
{
	static const uint32_t lens[] = { 8, 9, 64, 65, 1479, 1480, 9180, 65515 };
	struct wire *w = wire_new(MTU, 0, false);
	static uint8_t request[65515];

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		wire_send_ip(w, ICMP, request, ping(request, lens[i]));
		expect_pong(w, request, lens[i]);
	}
	wire_free(w);
}

/* Every checksum there is, also those where one's complement has two zeros. */
Test(peer, the_checksum_of_the_reply_is_right)
{
	struct wire *w = wire_new(MTU, 0, false);
	uint8_t request[12];

	for (uint32_t i = 0; i < 0x10000; i++) {
		ping(request, 12);
		wire_put16(request + 10, i);
		wire_put16(request + 2, 0);
		wire_put16(request + 2, wire_sum(request, 12, 0));
		wire_send_ip(w, ICMP, request, 12);
		expect_pong(w, request, 12);
		wire_lose(w);
	}
	wire_free(w);
}

Test(peer, a_wrong_checksum_stays_wrong)
{
	struct wire *w = wire_new(MTU, 0, false);
	uint8_t request[64];
	const struct vb_peer_frame *f;

	ping(request, 64);
	request[20] ^= 1;
	wire_send_ip(w, ICMP, request, 64);
	f = wire_take(w);
	cr_assert(f);
	cr_expect_neq(wire_sum(f->bytes + WIRE_PAYLOAD, 64, 0), 0, "the guest finds out");
	wire_free(w);
}

Test(peer, what_is_no_echo_is_not_replied)
{
	struct wire *w = wire_new(MTU, 0, false);
	uint8_t request[64];

	for (uint32_t type = 0; type < 256; type++) {
		ping(request, 64);
		request[0] = (uint8_t)type;
		wire_send_ip(w, ICMP, request, 64);
		cr_expect_eq(wire_lose(w), type == 8 ? 1 : 0, "type %u", type);
	}
	wire_send_ip(w, ICMP, "\10\0\0\0\0\0\0", 7);
	cr_expect_null(wire_take(w));
	wire_free(w);
}

/* Fragment i of a datagram, at 8 * offset. */
static void send_fragment(struct wire *w, uint8_t protocol, const uint8_t *bytes, uint32_t len,
			  uint32_t offset, bool is_last)
{
	uint8_t frame[2048];
	struct vb_peer_frame f = { .bytes = frame, .vlan = VB_PEER_NO_VLAN };

	f.len = wire_ip(frame, protocol, len);
	wire_put16(frame + 18, 0x4711);
	wire_put16(frame + 20, offset / 8 | (is_last ? 0 : 0x2000));
	wire_put16(frame + 24, 0);
	wire_put16(frame + 24, wire_sum(frame + WIRE_IP, 20, 0));
	memcpy(frame + WIRE_PAYLOAD, bytes, len);
	wire_send(w, &f);
}

/* They go back as they came; together they are the reply. */
static void expect_fragments(struct wire *w, uint8_t *reply, uint32_t len)
{
	for (uint32_t at = 0; at < len;) {
		const struct vb_peer_frame *f = wire_take(w);
		uint32_t n;

		cr_assert(f);
		n = f->len - WIRE_PAYLOAD;
		cr_expect_eq(wire_get16(f->bytes + 18), 0x4711, "of one datagram");
		cr_expect_eq(wire_get16(f->bytes + 20), at / 8 | (at + n < len ? 0x2000u : 0));
		cr_expect(!f->is_udp, "of a fragment nobody has looked at the checksum");
		memcpy(reply + at, f->bytes + WIRE_PAYLOAD, n);
		at += n;
	}
	cr_expect_null(wire_take(w));
}

Test(peer, fragments_of_an_echo_go_back_as_fragments)
{
	struct wire *w = wire_new(MTU, 0, false);
	uint8_t request[3000], reply[3000];

	ping(request, sizeof(request));
	send_fragment(w, ICMP, request, 1480, 0, false);
	send_fragment(w, ICMP, request + 1480, 1480, 1480, false);
	send_fragment(w, ICMP, request + 2960, 40, 2960, true);
	expect_fragments(w, reply, sizeof(reply));
	cr_expect_eq(reply[0], 0);
	cr_expect_eq(wire_sum(reply, sizeof(reply), 0), 0);
	cr_expect_eq(memcmp(reply + 4, request + 4, sizeof(reply) - 4), 0);
	wire_free(w);
}

/* ---- UDP ---- */

static uint32_t udp(uint8_t *to, uint32_t port, uint32_t len)
{
	wire_put16(to, 4711);
	wire_put16(to + 2, port);
	wire_put16(to + 4, len);
	wire_put16(to + 6, 0);
	for (uint32_t i = 8; i < len; i++)
		to[i] = (uint8_t)(i * 5);
	return len;
}

static uint32_t udp_sum(const uint8_t *bytes, uint32_t len)
{
	return wire_sum(bytes, len,
			(WIRE_PEER >> 16) + (WIRE_PEER & 0xffff) + (WIRE_GUEST >> 16) +
				(WIRE_GUEST & 0xffff) + UDP + len);
}

Test(peer, udp_echo)
{
	static const uint32_t lens[] = { 8, 9, 100, 1472, 9000 };
	struct wire *w = wire_new(MTU, 0, false);
	uint8_t bytes[9000];
	const struct vb_peer_frame *f;

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		wire_send_ip(w, UDP, bytes, udp(bytes, 7, lens[i]));
		f = wire_take(w);
		cr_assert(f);
		cr_assert_eq(f->len, WIRE_PAYLOAD + lens[i]);
		cr_expect_eq(wire_get32(f->bytes + WIRE_PAYLOAD), 7u << 16 | 4711);
		cr_expect_eq(memcmp(f->bytes + 42, bytes + 8, lens[i] - 8), 0);
		cr_expect_eq(udp_sum(f->bytes + WIRE_PAYLOAD, lens[i]), 0);
		cr_expect(f->is_udp);
	}
	wire_free(w);
}

/* A sum that is 0 is sent as all ones: 0 means that there is none (RFC 768). */
Test(peer, udp_has_a_checksum)
{
	struct wire *w = wire_new(MTU, 0, false);
	const struct vb_peer_frame *f;
	uint8_t bytes[10];

	for (uint32_t i = 0; i < 0x10000; i++) {
		udp(bytes, 7, 10);
		wire_put16(bytes + 8, i);
		wire_send_ip(w, UDP, bytes, 10);
		f = wire_take(w);
		cr_assert(f);
		cr_assert_neq(wire_get16(f->bytes + WIRE_PAYLOAD + 6), 0, "0x%04x", i);
		wire_lose(w);
	}
	wire_free(w);
}

Test(peer, other_ports_are_silent)
{
	struct wire *w = wire_new(MTU, 0, false);
	uint8_t bytes[100];

	wire_send_ip(w, UDP, bytes, udp(bytes, 9, 100));
	wire_send_ip(w, UDP, bytes, udp(bytes, 7, 7));
	wire_send_ip(w, 132, bytes, 100);
	cr_expect_null(wire_take(w));
	wire_free(w);
}

Test(peer, fragments_of_udp_go_back_as_fragments)
{
	struct wire *w = wire_new(MTU, 0, false);
	uint8_t bytes[2000], reply[2000];

	udp(bytes, 7, sizeof(bytes));
	wire_put16(bytes + 6, udp_sum(bytes, sizeof(bytes)));
	send_fragment(w, UDP, bytes, 1480, 0, false);
	send_fragment(w, UDP, bytes + 1480, 520, 1480, true);
	expect_fragments(w, reply, sizeof(reply));
	cr_expect_eq(wire_get32(reply), 7u << 16 | 4711);
	cr_expect_eq(udp_sum(reply, sizeof(reply)), 0);
	wire_free(w);
}

/* ---- nonsense ---- */

Test(peer, lengths_that_lie)
{
	static const struct {
		uint32_t at, value;
	} wrong[] = { { 0, 0x35 }, { 0, 0x44 }, { 0, 0x4f }, { 2, 0xff }, { 3, 19 }, { 3, 255 } };
	struct wire *w = wire_new(MTU, 0, false);
	uint8_t frame[128];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct vb_peer_frame f = { .bytes = frame, .vlan = VB_PEER_NO_VLAN };

		f.len = wire_ip(frame, ICMP, 16);
		ping(frame + WIRE_PAYLOAD, 16);
		frame[WIRE_IP + wrong[i].at] = (uint8_t)wrong[i].value;
		wire_send(w, &f);
		cr_expect_eq(wire_lose(w), 0, "%zu", i);
	}
	wire_free(w);
}

/* Every prefix of a good frame: no byte behind it is looked at (a sanitizer sees it). */
Test(peer, frames_that_end_early)
{
	struct wire *w = wire_new(MTU, 0, false);
	uint8_t frame[128];
	struct vb_peer_frame f = { .bytes = frame, .vlan = VB_PEER_NO_VLAN };
	uint32_t len = wire_ip(frame, ICMP, 16);

	ping(frame + WIRE_PAYLOAD, 16);
	for (f.len = 0; f.len < len; f.len++)
		wire_send(w, &f);
	cr_expect_null(wire_take(w));
	wire_send(w, &f);
	cr_expect(wire_take(w));
	wire_free(w);
}

/* Longer than the packet: Ethernet pads to 60 bytes. */
Test(peer, padding_is_no_payload)
{
	struct wire *w = wire_new(MTU, 0, false);
	uint8_t frame[60] = { 0 };
	struct vb_peer_frame f = { .bytes = frame, .len = 60, .vlan = VB_PEER_NO_VLAN };

	wire_ip(frame, ICMP, 8);
	ping(frame + WIRE_PAYLOAD, 8);
	wire_send(w, &f);
	expect_pong(w, frame + WIRE_PAYLOAD, 8);
	wire_free(w);
}

Test(peer, options_of_ip_are_not_sent_back)
{
	struct wire *w = wire_new(MTU, 0, false);
	uint8_t frame[128];
	struct vb_peer_frame f = { .bytes = frame, .vlan = VB_PEER_NO_VLAN };

	f.len = wire_ip(frame, ICMP, 4 + 16);
	frame[WIRE_IP] = 0x46;
	memset(frame + WIRE_PAYLOAD, 1, 4);
	ping(frame + WIRE_PAYLOAD + 4, 16);
	wire_send(w, &f);
	expect_pong(w, frame + WIRE_PAYLOAD + 4, 16);
	wire_free(w);
}
