/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * golden-traces FILE FAULTY GUEST HOST NETWORK NETHOST NETBARE: how the hand-made traces of the golden
 * tests were made. FILE is a good one: states, an offer, and a balloon that negotiates, gives pages back
 * and reports.
 * FAULTY has losses, a length that lies, packets that were cut, a failed write and an external part.
 * GUEST and HOST are the same traffic seen from both sides, each with faults of its own. NETWORK has
 * RNDIS messages outside the ring: one, two in a section, one in two ranges, one in each of two ranges.
 * NETHOST is the same traffic as the host has it: in other pieces, with a frame that differs and one that
 * is missing. NETBARE has nothing of what is outside.
 */
#include <stdio.h>
#include <string.h>

#include "capture/event.h"
#include "dissectors/sinks.h"

#define START UINT64_C(1767300504123456789) /* 2026-01-01T20:48:24 UTC */
#define STEP UINT64_C(1234567)
#define INSTANCE "1eccfd72-4b41-45ef-b73a-4a6e44c12924"
#define FCOPY "eb765408-105f-49b6-b4aa-c123b64d17d4"
#define NETWORK "5f3c1e3a-2f34-4e5c-9d7c-000d3a6b1c2d"
#define BALLOON "525074dc-8985-46e2-8057-a307dc18a502"

struct making {
	struct vb_trace_writer *w;
	struct vb_device balloon;
	uint64_t time_ns, seq[2];
	uint16_t flags;	   /* of every record */
	uint32_t ring_pos; /* of the next packet to the host; 0: rings have no positions */
	bool bare;	   /* nothing outside the ring is kept */
	int rc;
	struct vb_err err;
};

/* What differs from an ordinary packet of the balloon to the host. */
struct record {
	uint8_t kind, direction;
	bool fcopy, network; /* of another device */
	uint16_t flags;
	uint32_t cpu, lost, cut, result;
	const void *ext;
	uint32_t ext_len, ext_wire_len;
};

static void put(struct making *m, const struct record *r, const void *bytes, uint32_t len)
{
	bool synthesized = r->flags & VB_REC_SYNTHESIZED;
	struct vb_event ev = { .time_ns = m->time_ns, .data = bytes, .ext = r->ext };
	struct vb_record_header *h = &ev.hdr;

	h->magic = VB_RECORD_MAGIC;
	h->header_len = VB_RECORD_HEADER_LEN;
	h->kind = r->kind;
	h->direction = r->direction;
	h->flags = r->flags | m->flags;
	h->cpu = r->cpu;
	h->lost = r->lost;
	h->result = r->result;
	h->wire_len = len;
	h->cap_len = len - r->cut;
	h->ext_len = r->ext_len;
	h->ext_wire_len = r->ext_wire_len;
	h->ring_pos = VB_RING_POS_UNKNOWN;
	h->capture = UINT64_C(0x1122334455667788);
	h->mono_ns = m->time_ns - START + 5000000000u;
	if (m->ring_pos && r->kind == VB_KIND_PACKET && r->direction == VB_TO_HOST && !r->result) {
		h->ring_size = 4096;
		h->ring_pos = m->ring_pos % h->ring_size;
		m->ring_pos += len + 8;
	}
	if (r->kind != VB_KIND_CONTROL) {
		h->class = VB_CLASS_BALLOON;
		h->relid = 1;
		memcpy(h->device, m->balloon.instance, sizeof(h->device));
	}
	if (r->fcopy) {
		h->class = VB_CLASS_FCOPY;
		h->relid = 3;
		vb_guid_parse(FCOPY, h->device);
	}
	if (r->network) {
		h->class = VB_CLASS_NETWORK;
		h->relid = 2;
		vb_guid_parse(NETWORK, h->device);
	}
	m->seq[r->cpu] += r->lost;
	h->seq = synthesized ? VB_SEQ_SYNTHESIZED : m->seq[r->cpu]++;
	m->time_ns += synthesized ? 0 : STEP;
	if (m->rc == 0)
		m->rc = vb_trace_writer_event(m->w, &ev, &m->err);
}

/* A message of the balloon in its packet: descriptor, type and size, transaction id, body. */
static void put_message(struct making *m, const struct record *r, uint16_t type, uint32_t id,
			const void *body, uint32_t body_len)
{
	uint8_t p[256] = { 0 };
	uint32_t size = 8 + body_len, len = (16 + size + 7) & ~7u;
	uint16_t descriptor[4] = { 6, 2, (uint16_t)(len / 8), 0 };
	uint16_t head[2] = { type, (uint16_t)size };

	memcpy(p, descriptor, sizeof(descriptor));
	memcpy(p + 8, &id, sizeof(id));
	memcpy(p + 16, head, sizeof(head));
	memcpy(p + 20, &id, sizeof(id));
	memcpy(p + 24, body, body_len);
	put(m, r, p, len);
}

static const struct record state = { .kind = VB_KIND_STATE, .flags = VB_REC_SYNTHESIZED };
static const struct record offer = { .kind = VB_KIND_CONTROL,
				     .direction = VB_TO_GUEST,
				     .flags = VB_REC_SYNTHESIZED };
static const struct record to_host = { .kind = VB_KIND_PACKET, .direction = VB_TO_HOST };
static const struct record to_guest = { .kind = VB_KIND_PACKET,
					.direction = VB_TO_GUEST,
					.cpu = 1 };

static void put_beginning(struct making *m)
{
	static const uint8_t protocol[8] = { 2, 0, 4, 0, 0, 0, 2, 0 };
	uint8_t bytes[196] = { 1 };

	put(m, &state, protocol, sizeof(protocol));
	vb_guid_parse(BALLOON, bytes + 8);
	memcpy(bytes + 24, m->balloon.instance, 16);
	bytes[184] = 1; /* relid */
	put(m, &offer, bytes, sizeof(bytes));
}

static void put_negotiation(struct making *m)
{
	static const uint32_t version[2] = { 0x20000, 1 };
	static const uint64_t accepted = 1, caps[3] = { 3, 0x4000, 0 };

	put_message(m, &to_host, 1, 1, version, sizeof(version));
	put_message(m, &to_guest, 2, 1, &accepted, sizeof(accepted));
	put_message(m, &to_host, 3, 2, caps, sizeof(caps));
	put_message(m, &to_guest, 4, 2, &accepted, sizeof(accepted));
}

static void put_balloon(struct making *m)
{
	static const uint32_t request[2] = { 25 };
	static const uint64_t response[4] = { (uint64_t)(3 << 1) << 32, 0x1000 | 16ull << 40,
					      0x2000 | 8ull << 40, 0x3000 | 1ull << 40 };

	put_message(m, &to_guest, 6, 3, request, sizeof(request));
	put_message(m, &to_host, 7, 3, response, sizeof(response));
}

static void put_status(struct making *m, const struct record *r, uint32_t id)
{
	uint64_t body[5] = { 50000 - id * 100, 3000 + id * 50, 512, 40 + id, 0 };

	put_message(m, r, 5, id, body, sizeof(body));
}

static void put_good(struct making *m)
{
	put_beginning(m);
	put_negotiation(m);
	put_balloon(m);
	for (uint32_t id = 4; id < 7; id++)
		put_status(m, &to_host, id);
}

/* Two segments: the send buffer section, whole, and a page of which half was kept. */
static const uint8_t external[] = {
	0xff, 0xff, 0xff, 0xff, 5,    0,   0,	0,   5,	  0, 0, 0,
	0,    0,    0,	  0,	'h',  'e', 'l', 'l', 'o', 0, 0, 0, /* padding */
	0,    0,    0,	  0,	0x10, 0,   0,	0,   8,	  0, 0, 0,
	1,    0,    0,	  0,	1,    2,   3,	4,   5,	  6, 7, 8,
};

static void put_faulty(struct making *m)
{
	struct record lost = to_host, cut = to_host, failed = to_host, ext = to_host;
	uint8_t liar[32] = { 6, 0, 2, 0, 4, 0 };

	put_beginning(m);
	put_status(m, &to_host, 1);
	lost.lost = 3;
	put_status(m, &lost, 2);
	liar[16] = 5;
	liar[18] = 200; /* size */
	put(m, &to_host, liar, sizeof(liar));
	cut.flags = VB_REC_CUT;
	cut.cut = 24;
	put_status(m, &cut, 3);
	failed.flags = VB_REC_FAILED;
	failed.result = (uint32_t)-11;
	put_status(m, &failed, 4);
	ext.ext = external;
	ext.ext_len = sizeof(external);
	ext.ext_wire_len = 21;
	ext.flags = VB_REC_EXT_CUT;
	put_status(m, &ext, 5);
	m->seq[0] += 2; /* taken out later */
	put_status(m, &to_host, 6);
	liar[16] = 99; /* a message nobody knows */
	liar[18] = 16;
	put(m, &to_host, liar, sizeof(liar));
}

#define RING_START 100000u
#define STATUS_LEN 64u /* with its descriptor; the trailer is 8 more */

/* The guest's request to open the channel: 228 bytes, and as many zeros as the host's log adds. */
static void put_open(struct making *m, uint32_t padding)
{
	static const struct record post = { .kind = VB_KIND_CONTROL, .direction = VB_TO_HOST };
	uint8_t bytes[240] = { 5 };

	bytes[8] = bytes[12] = 1; /* relid, open id */
	put(m, &post, bytes, 228 + padding);
}

/* Two guests' CPUs wrote at the same time: the record of the second stands first. */
static void put_swapped(struct making *m, uint32_t id, bool swapped)
{
	uint32_t pos = m->ring_pos;

	m->ring_pos = swapped ? pos + STATUS_LEN + 8 : pos;
	put_status(m, &to_host, swapped ? id + 1 : id);
	m->ring_pos = swapped ? pos : m->ring_pos;
	put_status(m, &to_host, swapped ? id : id + 1);
	m->ring_pos = pos + 2 * (STATUS_LEN + 8);
}

static void put_request(struct making *m, uint32_t n_pages)
{
	uint32_t request[2] = { n_pages, 0 };

	put_message(m, &to_guest, 6, 50, request, sizeof(request));
}

/* A device that the guest's capture cannot see: user space has its rings. */
static void put_bypass(struct making *m)
{
	static const struct record event = { .kind = VB_KIND_EVENT,
					     .flags = VB_REC_SYNTHESIZED,
					     .fcopy = true };
	static const uint8_t bypass[8] = { VB_EVENT_BYPASS, 0, 4, 0, 1 };

	put(m, &event, bypass, sizeof(bypass));
}

/* Both sides up to what differs, the report 10 being the marker. */
static void put_common(struct making *m, bool guest)
{
	m->ring_pos = RING_START;
	put_beginning(m);
	put_open(m, guest ? 0 : 4);
	put_negotiation(m);
	put_status(m, &to_host, 10);
	put_swapped(m, 11, guest);
	put_request(m, guest ? 25 : 26);
}

static void put_guest(struct making *m)
{
	struct record failed = to_host, cut = to_host;

	put_bypass(m);
	put_common(m, true);
	failed.flags = VB_REC_FAILED;
	failed.result = (uint32_t)-11;
	put_status(m, &failed, 13);
	put_status(m, &to_host, 13);
	for (int i = 0; i < 3; i++) /* the host's log lacks the second */
		put_status(m, &to_host, 14);
	cut.flags = VB_REC_CUT;
	cut.cut = 24;
	put_status(m, &cut, 15);
	put_status(m, &to_host, 30);
}

static void put_host(struct making *m)
{
	m->flags = VB_REC_HOST_SIDE;
	m->time_ns += STEP / 2;
	put_common(m, false);
	put_status(m, &to_host, 13);
	put_status(m, &to_host, 14);
	m->ring_pos += STATUS_LEN + 8;
	put_status(m, &to_host, 14);
	put_status(m, &to_host, 15);
	put_status(m, &to_host, 30);
	put_message(m, &to_guest, 6, 51, (uint32_t[2]){ 1, 0 }, 8); /* the guest did not see it */
}

/* ---- network ---- */

#define SECTION UINT32_MAX /* of the send buffer, in place of a range's number */

struct outside {
	uint8_t bytes[1024];
	uint32_t len, wire_len;
};

/* A piece of n bytes, of which the capture kept so many. */
static void add_piece(struct outside *o, uint32_t range, const void *bytes, uint32_t n,
		      uint32_t kept)
{
	struct vb_segment s = { range, n, kept, kept < n ? VB_REASON_SNAPLEN : VB_REASON_COMPLETE };

	memcpy(o->bytes + o->len, &s, sizeof(s));
	memcpy(o->bytes + o->len + sizeof(s), bytes, kept);
	o->len += (uint32_t)(sizeof(s) + vb_pad4(kept));
	o->wire_len += n;
}

/* A packet with an RNDIS message outside; header: what is between the descriptor and the message. */
static void put_rndis(struct making *m, bool to_the_host, uint16_t type, const void *header,
		      uint32_t header_len, bool control, const struct outside *o)
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
	p[8] = 7;
	if (header_len)
		memcpy(p + 16, header, header_len);
	memcpy(p + at, message, sizeof(message));
	r.network = true;
	r.ext = o->bytes;
	r.ext_len = m->bare ? 0 : o->len;
	r.ext_wire_len = o->wire_len;
	r.flags = 0;
	put(m, &r, p, len);
}

static void put_network_beginning(struct making *m)
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
	put_rndis(m, true, 9, page, sizeof(page), true, &o);
	o = (struct outside){ 0 };
	add_piece(&o, 0, answer, sizeof(answer), sizeof(answer));
	put_rndis(m, false, 7, range, sizeof(range), true, &o);
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
	put_rndis(m, true, 6, NULL, 0, false, &o);

	o = (struct outside){ 0 };
	add_piece(&o, 0, head, n, n);
	add_piece(&o, 1, arp, sizeof(arp), host ? sizeof(arp) : 20);
	put_rndis(m, true, 9, pages, sizeof(pages), false, &o);
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
	put_rndis(m, false, 7, ranges, sizeof(ranges), false, &o);
}

static void put_network(struct making *m)
{
	put_network_beginning(m);
	put_control(m);
	put_frames_out(m, false);
	put_frames_in(m, false);
}

static void put_nethost(struct making *m)
{
	m->flags = VB_REC_HOST_SIDE;
	put_network_beginning(m);
	put_control(m);
	put_frames_out(m, true);
	put_frames_in(m, true);
}

static void put_netbare(struct making *m)
{
	m->bare = true;
	put_network(m);
}

static int make(const char *path, void (*fill)(struct making *m), uint64_t lost)
{
	struct vb_trace_writer_options opt = { .application = "golden-traces", .os = "6.1.0" };
	struct making m = { .time_ns = START };
	struct vb_device_stats stats[2] = { 0 };

	m.balloon = (struct vb_device){ .class = VB_CLASS_BALLOON, .driver = "hv_balloon" };
	vb_guid_parse(INSTANCE, m.balloon.instance);
	m.rc = vb_trace_writer_open(path, &opt, &m.w, &m.err);
	if (m.rc == 0)
		m.rc = vb_trace_writer_device(m.w, &m.balloon, &m.err);
	if (m.rc == 0)
		fill(&m);
	stats[1] = (struct vb_device_stats){ m.balloon, 20, lost, 20 - lost };
	if (m.rc == 0)
		m.rc = vb_trace_writer_close(m.w, stats, 2, &m.err);
	if (m.rc < 0)
		fprintf(stderr, "%s: %s\n", path, m.err.text);
	return m.rc;
}

int main(int argc, char **argv)
{
	if (argc != 8) {
		fprintf(stderr,
			"usage: golden-traces FILE FAULTY GUEST HOST NETWORK NETHOST NETBARE\n");
		return 2;
	}
	return make(argv[1], put_good, 0) < 0 || make(argv[2], put_faulty, 3) < 0 ||
	       make(argv[3], put_guest, 0) < 0 || make(argv[4], put_host, 0) < 0 ||
	       make(argv[5], put_network, 0) < 0 || make(argv[6], put_nethost, 0) < 0 ||
	       make(argv[7], put_netbare, 0) < 0;
}
