/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * golden-traces FILE FAULTY GUEST HOST NETWORK NETHOST NETBARE FRAMES TROUBLE STORAGE: how the hand-made
 * traces of the golden tests were made. FILE is a good one: states, an offer, and a balloon that negotiates, gives
 * pages back and reports.
 * FAULTY has losses, a length that lies, packets that were cut, a failed write and an external part.
 * GUEST and HOST are the same traffic seen from both sides, each with faults of its own. NETWORK has
 * RNDIS messages outside the ring (traces_network.c), FRAMES a conversation over TCP (traces_frames.c),
 * TROUBLE one with a host that has some (traces_trouble.c), STORAGE one with disks (traces_storage.c).
 * NETHOST is the same traffic as the host has it: in other pieces, with a frame that differs and one that
 * is missing. NETBARE has nothing of what is outside.
 */
#include <stdio.h>
#include <string.h>

#include "dissectors/sinks.h"
#include "traces.h"

void put(struct making *m, const struct record *r, const void *bytes, uint32_t len)
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
	if (r->storage) {
		h->class = r->storage;
		h->relid = r->storage == VB_CLASS_FC ? 5 : 4;
		vb_guid_parse(r->storage == VB_CLASS_FC ? FIBRE : STORAGE, h->device);
	}
	if (r->relid)
		h->relid = r->relid;
	h->subchannel = r->subchannel;
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
	stats[1] = (struct vb_device_stats){
		.dev = m.balloon, .received = 20, .lost = lost, .delivered = 20 - lost
	};
	if (m.rc == 0)
		m.rc = vb_trace_writer_close(m.w, stats, 2, &m.err);
	if (m.rc < 0)
		fprintf(stderr, "%s: %s\n", path, m.err.text);
	return m.rc;
}

int main(int argc, char **argv)
{
	if (argc != 11) {
		fprintf(stderr,
			"usage: golden-traces FILE FAULTY GUEST HOST NETWORK NETHOST NETBARE FRAMES "
			"TROUBLE STORAGE\n");
		return 2;
	}
	return make(argv[1], put_good, 0) < 0 || make(argv[2], put_faulty, 3) < 0 ||
	       make(argv[3], put_guest, 0) < 0 || make(argv[4], put_host, 0) < 0 ||
	       make(argv[5], put_network, 0) < 0 || make(argv[6], put_nethost, 0) < 0 ||
	       make(argv[7], put_netbare, 0) < 0 || make(argv[8], put_frames, 0) < 0 ||
	       make(argv[9], put_trouble, 0) < 0 || make(argv[10], put_storage, 0) < 0;
}
