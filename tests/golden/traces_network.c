/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RNDIS messages outside the ring: one, two in a section, one in two ranges, one in each of two. The
 * host has the same traffic in other pieces, with a frame that differs and one more.
 */
#include <string.h>

#include "dissectors/sinks.h"
#include "traces.h"

void add_piece(struct outside *o, uint32_t range, const void *bytes, uint32_t n, uint32_t kept)
{
	struct vb_segment s = { range, n, kept, kept < n ? VB_REASON_SNAPLEN : VB_REASON_COMPLETE };

	memcpy(o->bytes + o->len, &s, sizeof(s));
	memcpy(o->bytes + o->len + sizeof(s), bytes, kept);
	o->len += (uint32_t)(sizeof(s) + vb_pad4(kept));
	o->wire_len += n;
}

void put_rndis(struct making *m, bool to_the_host, uint16_t type, const void *header,
	       uint32_t header_len, bool control, const struct outside *o, uint16_t flags)
{
	struct record r = to_the_host ? to_host : to_guest;
	uint8_t p[160] = { 0 };
	uint32_t at = 16 + header_len, len = at + 40;
	uint16_t descriptor[4] = { type, (uint16_t)(at / 8), (uint16_t)(len / 8), 1 };
	uint32_t message[4] = { 107, control, UINT32_MAX, 0 };

	if (type == 6) {
		message[2] = 0;
		message[3] = o->wire_len;
	}
	memcpy(p, descriptor, sizeof(descriptor));
	p[8] = m->id ? m->id++ : 7;
	if (header_len)
		memcpy(p + 16, header, header_len);
	memcpy(p + at, message, sizeof(message));
	r.network = true;
	r.ext = o->bytes;
	r.ext_len = m->bare ? 0 : o->len;
	r.ext_wire_len = o->wire_len;
	r.flags = flags;
	r.result = flags & VB_REC_FAILED ? (uint32_t)-11 : 0;
	put(m, &r, p, len);
}

void put_network_beginning(struct making *m)
{
	static const uint8_t protocol[8] = { 2, 0, 4, 0, 1, 0, 6, 0 };
	struct record r = state;
	uint8_t bytes[196] = { 1 };

	r.network = true;
	put(m, &r, protocol, sizeof(protocol));
	vb_guid_parse("f8615163-df3e-46c5-913f-f2d2f965ed0e", bytes + 8);
	vb_guid_parse(NETWORK, bytes + 24);
	bytes[184] = 2; /* relid */
	put(m, &offer, bytes, sizeof(bytes));
}

static void put_control(struct making *m)
{
	static const uint32_t initialize[6] = { 2, 24, 1, 1, 0, 0x4000 };
	static const uint32_t answer[13] = { 0x80000002, 52, 1, 0, 1, 0, 1, 0, 8, 0xefffffff, 3 };
	static const uint32_t page[6] = { 0, 1, 24, 0x80, 0x12345, 0 };
	static const uint32_t range[4] = { 0xcafe, 1, 52, 0 };
	struct outside o = { 0 };

	add_piece(&o, 0, initialize, sizeof(initialize), sizeof(initialize));
	put_rndis(m, true, 9, page, sizeof(page), true, &o, 0);
	o = (struct outside){ 0 };
	add_piece(&o, 0, answer, sizeof(answer), sizeof(answer));
	put_rndis(m, false, 7, range, sizeof(range), true, &o, 0);
}

/* Who has 10.0.0.2? */
static const uint8_t arp[42] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0x15, 0x5d, 0, 0, 1, 8, 6, 0, 1, 8, 0,  6, 4, 0,
	1,    0,    0x15, 0x5d, 0,    0,    1, 10,   0,	   0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2,
};

/* A frame's message: header and per-packet information. Returns the length of both. */
static uint32_t rndis_head(uint32_t p[16], uint32_t len, uint32_t info_type, uint32_t info)
{
	const uint32_t head[15] = { 1,	60 + len, 52, len, 0,	      0,  0,   36,
				    16, 0,	  0,  16,  info_type, 12, info };

	memcpy(p, head, sizeof(head));
	return sizeof(head);
}

/* What the driver sends. The host has the section in one piece, the frame behind its head whole. */
static void put_frames_out(struct making *m, bool host)
{
	static const uint32_t pages[10] = { 0, 2, 60, 0x40, 0x1000, 0, 42, 0x80, 0x2000, 0 };
	uint8_t two[256] = { 0 };
	struct outside o = { 0 };
	uint32_t head[16], n;

	n = rndis_head(head, sizeof(arp), 6, 0x64d); /* a VLAN */
	head[1] += 2;				     /* up to the next one */
	memcpy(two, head, n);
	memcpy(two + n, arp, sizeof(arp));
	n = rndis_head(head, sizeof(arp), 0, 0x220015); /* checksums */
	memcpy(two + 104, head, n);
	memcpy(two + 104 + n, arp, sizeof(arp));
	add_piece(&o, SECTION, two, host ? 100 : 206, host ? 100 : 206);
	if (host)
		add_piece(&o, SECTION, two + 100, 106, 106);
	put_rndis(m, true, 6, NULL, 0, false, &o, 0);

	o = (struct outside){ 0 };
	add_piece(&o, 0, head, n, n);
	add_piece(&o, 1, arp, sizeof(arp), host ? sizeof(arp) : 20);
	put_rndis(m, true, 9, pages, sizeof(pages), false, &o, 0);
}

/* What the driver receives. The host has another checksum in the second range, and three messages. */
static void put_frames_in(struct making *m, bool host)
{
	static const uint32_t ranges[6] = { 0xcafe, 2, 0x800, 0x800, 0x800, 0 };
	uint8_t two[128] = { 0 };
	struct outside o = { 0 };
	uint32_t head[16], n = rndis_head(head, sizeof(arp), 0, 0x220015);

	memcpy(two, head, n);
	memcpy(two + n, arp, sizeof(arp));
	add_piece(&o, 0, two, 102, 102);
	rndis_head(head, sizeof(arp), 0, host ? 0x24 : 0x28);
	memcpy(two, head, n);
	add_piece(&o, 1, two, 102, 102);
	if (host)
		add_piece(&o, 2, two, 102, 102);
	put_rndis(m, false, 7, ranges, sizeof(ranges), false, &o, 0);
}

void put_network(struct making *m)
{
	put_network_beginning(m);
	put_control(m);
	put_frames_out(m, false);
	put_frames_in(m, false);
}

void put_nethost(struct making *m)
{
	m->flags = VB_REC_HOST_SIDE;
	put_network_beginning(m);
	put_control(m);
	put_frames_out(m, true);
	put_frames_in(m, true);
}

void put_netbare(struct making *m)
{
	m->bare = true;
	put_network(m);
}
