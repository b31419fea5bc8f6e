/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plugin-shapes FILE: a trace with every message of every protocol in many shapes, for comparing two
 * decoders with each other. The same bytes in every run.
 *
 * First messages of random values, whole and damaged. Then conversations, so that records refer to
 * each other; long records and external parts; and what is no good record at all.
 */
#include "shapes.h"

#include <stdio.h>
#include <string.h>

#include "dissectors/sinks.h"

#define START UINT64_C(1767300504123456789) /* 2026-01-01T20:48:24 UTC */
#define STEP UINT64_C(1234567)
#define MAX_LONG 65536

uint64_t number(struct making *m, uint64_t n)
{
	return vb_random(&m->tree, n);
}

/* ---- records ---- */

void begin(struct making *m, uint8_t kind, uint8_t direction, uint8_t class, uint32_t relid)
{
	struct vb_record_header *h = &m->ev.hdr;

	m->ev = (struct vb_event){ .hdr.magic = VB_RECORD_MAGIC };
	h->header_len = VB_RECORD_HEADER_LEN;
	h->kind = kind;
	h->direction = direction;
	h->ring_pos = VB_RING_POS_UNKNOWN;
	h->capture = UINT64_C(0xfedcba9876543210);
	if (kind == VB_KIND_CONTROL)
		return;
	h->class = class;
	h->relid = relid;
	for (unsigned int i = 0; i < sizeof(h->device); i++)
		h->device[i] = (uint8_t)(class * 16u + i);
}

/* Write the record begun: wire_len bytes, of which cap_len were captured. */
void end(struct making *m, const void *bytes, uint32_t cap_len, uint32_t wire_len)
{
	struct vb_record_header *h = &m->ev.hdr;
	uint64_t *seq = &m->seq[h->cpu % 4];

	h->cap_len = cap_len;
	h->wire_len = wire_len;
	if (cap_len < wire_len)
		h->flags |= VB_REC_CUT;
	*seq += h->lost;
	h->seq = h->flags & VB_REC_SYNTHESIZED ? VB_SEQ_SYNTHESIZED : (*seq)++;
	h->mono_ns = m->time_ns - START;
	m->ev.time_ns = m->time_ns;
	m->ev.data = bytes;
	m->time_ns += STEP * number(m, 3);
	m->n_records++;
	if (m->rc == 0)
		m->rc = vb_trace_writer_event(m->w, &m->ev, &m->err);
}

/* ---- conversations ---- */

static void say(struct making *m, uint8_t direction, uint32_t type, const uint32_t *words, size_t n)
{
	uint32_t message[64] = { type };

	if (n > 0)
		memcpy(message + 2, words, n * sizeof(*words));
	begin(m, VB_KIND_CONTROL, direction, VB_CLASS_UNKNOWN, 0);
	end(m, message, (uint32_t)(8 + n * 4), (uint32_t)(8 + n * 4));
}
#define SAY(m, direction, type, ...)                                                               \
	say(m, direction, type, (const uint32_t[]){ __VA_ARGS__ },                                 \
	    sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static void tell(struct making *m, uint8_t direction, uint16_t packet, uint64_t id, uint16_t type,
		 const uint64_t *body, size_t n)
{
	uint32_t len = (uint32_t)(24 + n * 8);
	uint16_t head[4] = { packet, 2, (uint16_t)(len / 8), packet != 11 };
	uint16_t message[4] = { type, (uint16_t)(8 + n * 8), (uint16_t)id, 0 };

	memcpy(m->packet, head, sizeof(head));
	memcpy(m->packet + 8, &id, sizeof(id));
	memcpy(m->packet + 16, message, sizeof(message));
	memcpy(m->packet + 24, body, n * sizeof(*body));
	begin(m, VB_KIND_PACKET, direction, VB_CLASS_BALLOON, 3);
	end(m, m->packet, len, len);
}
#define TELL(m, direction, packet, id, type, ...)                                                  \
	tell(m, direction, packet, id, type, (const uint64_t[]){ __VA_ARGS__ },                    \
	     sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

/* Versions, a channel, memory in three messages, and the channel's end. */
static void put_bus(struct making *m, uint32_t version)
{
	SAY(m, VB_TO_HOST, 14, version, 0, 2, 0, 0x1000, 0, 0x2000, 0);
	SAY(m, VB_TO_GUEST, 15, 1, 0x10003);
	say(m, VB_TO_HOST, 3, NULL, 0);
	say(m, VB_TO_GUEST, 4, NULL, 0);
	SAY(m, VB_TO_HOST, 8, 3, 77, 8 + 8 * 6 + (1 << 16), 4096 * 6, 0, 0x100, 0, 0x101, 0);
	SAY(m, VB_TO_HOST, 9, 1, 77, 0x102, 0, 0x103, 0);
	SAY(m, VB_TO_HOST, 9, 2, 77, 0x104, 0, 0x105, 0);
	SAY(m, VB_TO_GUEST, 10, 3, 77, 0);
	SAY(m, VB_TO_HOST, 5, 3, 3, 77, 0, 4);
	SAY(m, VB_TO_GUEST, 6, 3, 3, 0x8000ffff);
	SAY(m, VB_TO_GUEST, 6, 3, 3, 0); /* answered already */
	SAY(m, VB_TO_HOST, 22, 3, 1);
	SAY(m, VB_TO_GUEST, 24, 3, 0);
	SAY(m, VB_TO_HOST, 11, 3, 77);
	SAY(m, VB_TO_GUEST, 12, 77);
}

static void put_balloon(struct making *m)
{
	TELL(m, VB_TO_HOST, 6, 1, 1, 0x100020000);
	TELL(m, VB_TO_GUEST, 6, 1, 2, 1);
	TELL(m, VB_TO_GUEST, 6, 2, 6, 512);
	TELL(m, VB_TO_HOST, 6, 2, 7, (1ull | 2 << 1) << 32, 5 | 9ull << 40, 77 | 1ull << 40);
	TELL(m, VB_TO_HOST, 6, 2, 7, (1ull << 1) << 32, 500 | 3ull << 40);
	TELL(m, VB_TO_GUEST, 6, 3, 8, 1 | 1ull << 32, 5 | 9ull << 40);
	TELL(m, VB_TO_GUEST, 6, 3, 8, 1ull << 32, 77 | 9ull << 40);
	TELL(m, VB_TO_HOST, 11, 3, 9, 0); /* answers by its id and by its type */
	TELL(m, VB_TO_GUEST, 6, 4, 10, 1 | 2ull << 40);
	TELL(m, VB_TO_HOST, 6, 4, 11, 2 | 1ull << 32);
}

/* Two rounds of the heartbeat, and a question that is asked twice before its answer. */
static void put_heartbeats(struct making *m)
{
	static const uint8_t turns[] = { VB_TO_GUEST, VB_TO_HOST, VB_TO_GUEST,
					 VB_TO_GUEST, VB_TO_HOST, VB_TO_HOST };
	uint8_t packet[88] = { 6, 0, 2, 0, 11, 0 };

	packet[16] = 1;	 /* pipe: data */
	packet[20] = 60; /* its length */
	packet[24] = 3;	 /* framework version */
	packet[28] = 1;	 /* message type */
	packet[30] = 3;	 /* message version */
	packet[34] = 40; /* size of the body */
	for (size_t i = 0; i < sizeof(turns); i++) {
		packet[41] = turns[i] == VB_TO_GUEST ? 3 : 5;
		packet[44] = (uint8_t)(7 + i);
		begin(m, VB_KIND_PACKET, turns[i], VB_CLASS_HEARTBEAT, 5);
		end(m, packet, sizeof(packet), sizeof(packet));
	}
}

/* An offer of each class, and a packet that says its class by its channel only. */
static void put_offers(struct making *m)
{
	static const uint8_t packet[40] = { 6, 0, 2, 0, 5, 0, 1, 0, 9 };
	uint8_t message[196] = { 1 };
	size_t n;
	const struct vb_class_info *classes = vb_classes(&n);

	for (size_t i = 0; i < n; i++) {
		if (!classes[i].guid || !vb_guid_parse(classes[i].guid, message + 8))
			continue;
		memset(message + 24, (int)i, 16);
		message[184] = (uint8_t)(100 + i); /* relid */
		begin(m, VB_KIND_CONTROL, VB_TO_GUEST, VB_CLASS_UNKNOWN, 0);
		end(m, message, sizeof(message), sizeof(message));
		begin(m, VB_KIND_PACKET, VB_TO_HOST, VB_CLASS_UNKNOWN, 100 + (uint32_t)i);
		end(m, packet, sizeof(packet), sizeof(packet));
	}
}

static void put_conversations(struct making *m)
{
	put_bus(m, 0x60000);
	put_bus(m, 0x50003);
	put_balloon(m);
	SAY(m, VB_TO_HOST, 7, 3);
	put_balloon(m);
	put_heartbeats(m);
	put_offers(m);
	SAY(m, VB_TO_HOST, 13, 3);
	say(m, VB_TO_HOST, 16, NULL, 0);
	say(m, VB_TO_GUEST, 17, NULL, 0);
}

/* ---- long records ---- */

static uint8_t long_bytes[MAX_LONG];

/* More page numbers than any message has, and more bytes that nobody describes. */
static void put_long(struct making *m)
{
	uint32_t head[6] = { 8, 0, 3, 5, 0xffff | 1 << 16, 0x7fffffff };

	for (uint32_t i = 0; i < sizeof(long_bytes); i++)
		long_bytes[i] = (uint8_t)(i % 251);
	memcpy(long_bytes, head, sizeof(head));
	memset(long_bytes + 24, 0, 4);
	begin(m, VB_KIND_CONTROL, VB_TO_HOST, VB_CLASS_UNKNOWN, 0);
	end(m, long_bytes, 28 + 8 * 3000, 28 + 8 * 3000);
	begin(m, VB_KIND_CONTROL, VB_TO_HOST, VB_CLASS_UNKNOWN, 0);
	end(m, long_bytes, 28 + 8 * 3000 + 5, 28 + 8 * 5000);
	memcpy(long_bytes, (uint16_t[]){ 6, 2, MAX_LONG / 8 - 1, 0 }, 8);
	begin(m, VB_KIND_PACKET, VB_TO_HOST, VB_CLASS_NETWORK, 9);
	end(m, long_bytes, sizeof(long_bytes), sizeof(long_bytes));
}

/* ---- external parts ---- */

uint32_t put_segment(uint8_t *p, struct vb_segment s, const uint8_t *bytes)
{
	memset(p, 0, VB_SEGMENT_LEN + vb_pad4(s.cap_len));
	memcpy(p, &s, sizeof(s));
	memcpy(p + VB_SEGMENT_LEN, bytes, s.cap_len);
	return VB_SEGMENT_LEN + (uint32_t)vb_pad4(s.cap_len);
}

static uint32_t put_some(uint8_t *p, uint32_t range, uint32_t wire_len, uint32_t cap_len,
			 uint32_t reason)
{
	static const uint8_t bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef";

	return put_segment(p, (struct vb_segment){ range, wire_len, cap_len, reason }, bytes);
}

static void put_externals(struct making *m)
{
	static const uint8_t packet[24] = { 6, 0, 2, 0, 3, 0, 1, 0, 9 };
	uint8_t ext[1024];
	uint32_t len;

	for (uint32_t reason = 0; reason < 9; reason++) {
		len = put_some(ext, UINT32_MAX, 40 + reason, 20 + reason, reason);
		for (uint32_t i = 0; i < reason; i++)
			len += put_some(ext + len, i, 8 * i, i, i);
		begin(m, VB_KIND_PACKET, VB_TO_HOST, VB_CLASS_NETWORK, 9);
		m->ev.ext = ext;
		m->ev.hdr.ext_len = len;
		m->ev.hdr.ext_wire_len = 40 + reason;
		m->ev.hdr.flags = reason ? VB_REC_EXT_CUT : 0;
		end(m, packet, sizeof(packet), sizeof(packet));
	}
}

/* ---- what is no good record ---- */

/* Without a magic number and a kind, the writer takes the bytes as they are. */
static void put_raw(struct making *m, const void *bytes, uint32_t len)
{
	m->ev = (struct vb_event){ 0 };
	end(m, bytes, len, len);
}

static void put_broken(struct making *m)
{
	static const struct {
		uint32_t at, value; /* one 32-bit word of the record is changed */
	} changes[] = {
		{ 0, 0x31424d57 },  { 4, 0x00010268 },	{ 4, 0x00010261 },   { 4, 0x000102f8 },
		{ 4, 0x00010058 },  { 4, 0x00010060 },	{ 4, 0x00010960 },   { 4, 0x00030260 },
		{ 4, 0x00ff0260 },  { 32, 0 },		{ 32, 23 },	     { 32, 1000 },
		{ 32, 0x7fffffff }, { 32, 0x80000000 }, { 32, 0xfffff000 },  { 32, UINT32_MAX },
		{ 36, 1000 },	    { 36, UINT32_MAX }, { 36, 17 },	     { 44, 1000 },
		{ 44, 17 },	    { 44, 0 },		{ 124, 1000 },	     { 124, 0 },
		{ 128, 1000 },	    { 128, 1 },		{ 128, UINT32_MAX },
	};
	uint8_t record[160], changed[160];
	uint32_t len = VB_RECORD_HEADER_LEN + 24;

	memset(record, 0, sizeof(record));
	begin(m, VB_KIND_PACKET, VB_TO_HOST, VB_CLASS_BALLOON, 3);
	memcpy(record, &m->ev.hdr, sizeof(m->ev.hdr));
	memcpy(record + 32, (uint32_t[]){ 24, 24, 8, 24 }, 16);
	memcpy(record + 96, (uint16_t[]){ 6, 2, 3, 0, 1, 0, 0, 0, 9, 8, 1, 0 }, 24);
	len += put_some(record + len, 0, 8, 8, 0);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		memcpy(changed, record, sizeof(changed));
		memcpy(changed + changes[i].at, &changes[i].value, 4);
		put_raw(m, changed, len);
	}
	for (uint32_t n = 1; n < len; n++) /* cut everywhere */
		put_raw(m, record, n);
	memset(record + len, 0xee, sizeof(record) - len);
	put_raw(m, record, sizeof(record)); /* bytes behind it */
}

/* ---- the file ---- */

static int make(const char *path)
{
	struct vb_trace_writer_options opt = { .application = "plugin-shapes", .os = "6.1.0" };
	static struct making m = { .time_ns = START, .tree.state = 6 };

	m.rc = vb_trace_writer_open(path, &opt, &m.w, &m.err);
	if (m.rc == 0) {
		put_shapes(&m);
		put_noise(&m);
		put_conversations(&m);
		put_long(&m);
		put_externals(&m);
		put_broken(&m);
		if (m.rc == 0)
			m.rc = vb_trace_writer_close(m.w, NULL, 0, &m.err);
		else
			vb_trace_writer_abandon(m.w);
	}
	if (m.rc < 0)
		fprintf(stderr, "%s: %s\n", path, m.err.text);
	else
		printf("shapes: %u shapes, %u records\n", m.n_shapes, m.n_records);
	return m.rc;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: plugin-shapes FILE\n");
		return 2;
	}
	return make(argv[1]) < 0;
}
