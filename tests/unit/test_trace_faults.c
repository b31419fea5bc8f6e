/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trace files as they should not be, and other people's. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/trace_helpers.h"

#define OURS VB_LINKTYPE_UPPER_PDU

/* ---- other writers ---- */

/* A section, an interface with ns, and records of 1, 2, ... n bytes. */
static struct bytes small_file(bool big_endian, uint32_t n)
{
	struct bytes b = { .big_endian = big_endian };

	bytes_section(&b);
	bytes_interface(&b, OURS, VB_TSRESOL_NS, 0);
	for (uint32_t i = 1; i <= n; i++) {
		struct bytes record = { 0 };

		bytes_record(&record, i);
		bytes_packet(&b, 0, i, record.data, (uint32_t)record.len);
		bytes_done(&record);
	}
	return b;
}

static void read_bytes(struct events *e, const struct bytes *b)
{
	events_read(e, b->data, b->len, b->len);
}

Test(trace_faults, both_byte_orders_in_one_file)
{
	struct bytes b = small_file(true, 3), little = small_file(false, 2);
	struct events e;

	bytes_add(&b, little.data, little.len);
	read_bytes(&e, &b);
	cr_assert_eq(e.result, 0, "%s", e.err.text);
	cr_assert_eq(e.n, 5);
	cr_assert_eq(e.info.n_interfaces, 2);
	for (uint32_t i = 0; i < 5; i++) {
		uint32_t want = i < 3 ? i + 1 : i - 2;

		cr_assert_eq(e.list[i].n_malformed, 0, "%s", e.list[i].malformed);
		cr_assert_eq(e.list[i].hdr.cap_len, want);
		cr_assert_eq(e.list[i].time_ns, want);
		cr_assert_eq(e.list[i].data[0], 1);
		cr_assert_eq(e.list[i].number, i + 1);
	}
	events_done(&e);
	bytes_done(&b);
	bytes_done(&little);
}

struct time_case {
	uint8_t tsresol;
	int64_t tsoffset;
	uint64_t ticks, ns;
};

Test(trace_faults, time_resolutions)
{
	static const struct time_case cases[] = {
		{ 6, 0, 1234567, 1234567000 },
		{ 9, 0, 1234567, 1234567 },
		{ 0, 0, 12, 12000000000 },
		{ 3, 0, 12, 12000000 },
		{ 12, 0, 1234567, 1234 },
		{ 28, 0, UINT64_MAX, 1 },
		{ 127, 0, UINT64_MAX, 0 },
		{ 0x80 | 10, 0, 1024 + 512, 1500000000 },
		{ 0x80 | 32, 0, 1ull << 31, 500000000 },
		{ 0xff, 0, UINT64_MAX, 0 },
		{ 0x80, 0, 3, 3000000000 },
		{ 0, 0, UINT64_MAX, UINT64_MAX }, /* beyond ns: as late as can be */
		{ 9, 2, 5, 2000000005 },
		{ 6, -1, 1500000, 500000000 },
		{ 9, -2, 5, 0 },
		{ 9, INT64_MAX, 5, UINT64_MAX },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes b = { .big_endian = i % 2 }, record = { 0 };
		struct events e;

		bytes_record(&record, 4);
		bytes_section(&b);
		bytes_interface(&b, OURS, cases[i].tsresol, cases[i].tsoffset);
		bytes_packet(&b, 0, cases[i].ticks, record.data, (uint32_t)record.len);
		read_bytes(&e, &b);
		cr_assert_eq(e.n, 1);
		cr_assert_eq(e.list[0].time_ns, cases[i].ns, "case %zu: %lu", i,
			     (unsigned long)e.list[0].time_ns);
		events_done(&e);
		bytes_done(&record);
		bytes_done(&b);
	}
}

/* A packet of n bytes of which only the first three blocks know what it is. */
static void add_foreign(struct bytes *b)
{
	static const uint8_t other_tags[] = { 0, 12, 0, 4, 'h', 't', 't', 'p', 0, 0, 0, 0, 1, 2 };
	size_t start;

	bytes_packet(b, 1, 0, "an ethernet frame", 17);
	bytes_packet(b, 0, 0, other_tags, sizeof(other_tags));
	bytes_packet(b, 2, 0, "VMBx", 4);
	bytes_packet(b, 77, 0, "no such interface", 17);
	start = bytes_block(b, VB_BLOCK_PACKET_SIMPLE);
	bytes_32(b, 4);
	bytes_32(b, 0);
	bytes_block_end(b, start);
	start = bytes_block(b, VB_BLOCK_PACKET_OLD);
	bytes_block_end(b, start);
	start = bytes_block(b, VB_BLOCK_PACKET);
	bytes_block_end(b, start);
}

Test(trace_faults, foreign_and_unknown)
{
	static const uint32_t unknown_blocks[] = { 4, 10, 0xbad, 0x40000bad, 0x80001234 };
	struct bytes b = { 0 }, record = { 0 };
	struct events e;

	bytes_record(&record, 8);
	bytes_section(&b);
	bytes_interface(&b, OURS, 9, 0);
	bytes_interface(&b, 1, 9, 0);
	bytes_interface(&b, VB_LINKTYPE_USER0, 9, 0);
	for (size_t i = 0; i < 5; i++)
		bytes_block_end(&b, bytes_block(&b, unknown_blocks[i]));
	add_foreign(&b);
	bytes_packet(&b, 2, 0, record.data + RECORD_AT, (uint32_t)record.len - RECORD_AT);
	bytes_packet(&b, 0, 0, record.data, (uint32_t)record.len);
	read_bytes(&e, &b);
	cr_assert_eq(e.result, 0, "%s", e.err.text);
	cr_assert_eq(e.info.n_skipped_blocks, 5);
	cr_assert_eq(e.info.n_foreign, 7);
	cr_assert_eq(e.n, 2, "one without tags, one with");
	cr_assert_eq(e.list[0].number, 8, "numbered as other tools do");
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(e.list[i].n_malformed, 0);
		cr_assert_eq(e.list[i].hdr.cap_len, 8);
		cr_assert_eq(e.list[i].data[7], 8);
	}
	events_done(&e);
	bytes_done(&record);
	bytes_done(&b);
}

/* Decode packet data that stands alone. */
static bool decode(struct bytes *b, struct vb_event *ret)
{
	memset(ret, 0, sizeof(*ret));
	return vb_trace_decode(OURS, b->data, (uint32_t)b->len, ret);
}

Test(trace_faults, unknown_tags_and_newer_header)
{
	static const uint8_t tags[] = { 0,   33,  0,   3,   'a', 'b', 'c', 0, 12, 0, 5,
					'v', 'm', 'b', 'u', 's', 0,   99,  0, 0,  0, 35,
					0,   4,	  0,   0,   0,	 1,   0,   0, 0,  0 };
	struct vb_record_header h;
	struct bytes record = { 0 }, b = { 0 };
	struct vb_event ev;

	bytes_record(&record, 6);
	memcpy(&h, record.data + RECORD_AT, sizeof(h));
	h.header_len = 112;
	bytes_add(&b, tags, sizeof(tags));
	bytes_add(&b, &h, sizeof(h));
	bytes_add(&b, "sixteen newbytes", 16);
	bytes_add(&b, record.data + RECORD_AT + 96, 8);
	cr_assert(decode(&b, &ev));
	cr_assert_eq(ev.n_malformed, 0, "%s", ev.malformed);
	cr_assert_eq(ev.hdr.header_len, 112);
	cr_assert_arr_eq(ev.data, "\1\2\3\4\5\6", 6);
	bytes_done(&record);
	bytes_done(&b);
}

/* ---- repairs ---- */

struct repair {
	const char *words; /* that malformed begins with */
	uint8_t at, len;   /* of the header field changed */
	uint64_t value;
	uint32_t cap_len, wire_len, ext_len; /* afterwards */
};

/* A record of 10 bytes with two segments of 5 and 8 bytes. */
static void record_with_segments(struct bytes *b)
{
	struct vb_segment s[2] = { { 0, 5, 5, 0 }, { 1, 8, 8, 0 } };
	uint32_t ext_len = 16 + 8 + 16 + 8;

	bytes_record(b, 10);
	memcpy(b->data + RECORD_AT + 44, &ext_len, 4);
	bytes_add(b, &s[0], 16);
	bytes_add(b, "12345\0\0\0", 8);
	bytes_add(b, &s[1], 16);
	bytes_add(b, "12345678", 8);
}

Test(trace_faults, repaired_headers)
{
	static const struct repair repairs[] = {
		{ NULL, 0, 0, 0, 10, 10, 48 },
		{ "the header length", 4, 1, 0, 10, 10, 48 },
		{ "the header length", 4, 1, 88, 10, 10, 48 },
		{ "the header length", 4, 1, 97, 10, 10, 48 },
		{ "the record ends inside its header", 4, 1, 248, 0, 10, 0 },
		{ "the kind", 5, 1, 0, 10, 10, 48 },
		{ "the kind", 5, 1, 5, 10, 10, 48 },
		{ "the direction", 6, 1, 3, 10, 10, 48 },
		{ NULL, 7, 1, 200, 10, 10, 48 }, /* a class of later versions */
		{ "the wire length", 32, 4, 9, 10, 10, 48 },
		{ NULL, 32, 4, UINT32_MAX, 10, UINT32_MAX, 48 },
		{ "the captured length", 36, 4, 61, 60, 60, 0 },
		{ "the captured length", 36, 4, UINT32_MAX, 60, 60, 0 },
		{ "bytes are left over", 44, 4, 0, 10, 10, 0 },
		{ "bytes are left over", 44, 4, 24, 10, 10, 24 },
		{ "the external part reaches", 44, 4, 49, 10, 10, 48 },
		{ "the external part reaches", 44, 4, UINT32_MAX, 10, 10, 48 },
	};

	for (size_t i = 0; i < sizeof(repairs) / sizeof(repairs[0]); i++) {
		const struct repair *r = &repairs[i];
		struct bytes b = { 0 };
		struct vb_event ev;

		record_with_segments(&b);
		memcpy(b.data + RECORD_AT + r->at, &r->value, r->len);
		cr_assert(decode(&b, &ev));
		cr_assert_eq(ev.n_malformed > 0, r->words != NULL, "repair %zu: %s", i,
			     ev.malformed);
		if (r->words)
			cr_assert_eq(strncmp(ev.malformed, r->words, strlen(r->words)), 0,
				     "repair %zu: %s", i, ev.malformed);
		cr_assert_eq(ev.hdr.cap_len, r->cap_len, "repair %zu: %u", i, ev.hdr.cap_len);
		cr_assert_eq(ev.hdr.wire_len, r->wire_len, "repair %zu: %u", i, ev.hdr.wire_len);
		cr_assert_eq(ev.hdr.ext_len, r->ext_len, "repair %zu: %u", i, ev.hdr.ext_len);
		cr_assert(ev.hdr.direction <= VB_TO_GUEST && ev.hdr.header_len >= 96);
		bytes_done(&b);
	}
}

Test(trace_faults, repaired_segments)
{
	struct vb_segment s;
	struct vb_event ev;
	struct bytes b = { 0 };
	size_t second;

	record_with_segments(&b);
	second = b.len - 24;
	b.data[second + 8] = 9; /* captured, of 8 that are there */
	cr_assert(decode(&b, &ev));
	cr_assert_eq(ev.n_malformed, 1, "%s", ev.malformed);
	cr_assert_eq(ev.hdr.ext_len, 48);
	cr_assert(ev.hdr.flags & VB_REC_EXT_CUT);
	memcpy(&s, ev.ext + 24, sizeof(s));
	cr_assert_eq(s.cap_len, 8);
	cr_assert_eq(s.reason, VB_REASON_SNAPLEN);

	b.data[second + 4] = 7; /* on the wire, of 8 captured */
	cr_assert(decode(&b, &ev));
	memcpy(&s, ev.ext + 24, sizeof(s));
	cr_assert_eq(s.wire_len, 8);
	b.data[second - 24 + 8] = 26; /* the first one swallows the second, and 8 are left */
	cr_assert(decode(&b, &ev));
	cr_assert_eq(ev.hdr.ext_len, 44);
	cr_assert_str_eq(ev.malformed, "a segment holds more bytes than it had on the wire");
	bytes_done(&b);
}

/* What has our name but is no record is handed on, and is the same when written again. */
Test(trace_faults, no_records)
{
	static const char *const data[] = {
		"\0\14\0\10vmbus\0\0\0",		/* no end of tags */
		"\0\14\0\10vmbus\0\0\0\0\43\0\377xxxx", /* a tag too long */
		"\0\14\0\10vmbus\0\0\0\0\0\0\0VMB1",	/* no header */
		"\0\14\0\10vmbus\0\0\0\0\0\0\0",	/* nothing */
	};
	static const uint8_t lens[] = { 12, 20, 20, 16 }, left[] = { 12, 20, 4, 0 };
	struct vb_trace_writer *w;
	char *path = scratch_file();
	struct vb_event ev;
	struct vb_err err;
	struct events e;

	w = writer_open(path);
	for (size_t i = 0; i < 4; i++) {
		struct bytes b = { 0 };

		bytes_add(&b, data[i], lens[i]);
		cr_assert(decode(&b, &ev));
		cr_assert_eq(ev.n_malformed, 1);
		cr_assert_eq(ev.hdr.kind, 0);
		cr_assert_eq(ev.hdr.magic, 0);
		cr_assert_eq(ev.hdr.cap_len, left[i]);
		cr_assert_eq(vb_trace_writer_event(w, &ev, &err), 0);
		bytes_done(&b);
	}
	cr_assert_eq(vb_trace_writer_close(w, NULL, 0, &err), 0);
	events_read_file(&e, path);
	cr_assert_eq(e.n, 4);
	for (size_t i = 0; i < 4; i++) {
		cr_assert_eq(e.list[i].hdr.cap_len, left[i]);
		cr_assert_arr_eq(e.list[i].data, data[i] + lens[i] - left[i], left[i]);
	}
	events_done(&e);
	unlink(path);
	free(path);
}

/* ---- damage ---- */

Test(trace_faults, cut_anywhere)
{
	struct bytes b = small_file(false, 3);
	struct events whole;

	read_bytes(&whole, &b);
	cr_assert_eq(whole.n, 3);
	for (size_t len = 1; len <= b.len; len++) {
		size_t complete = 0, pos = 56; /* section and interface are 28 each */
		struct events e;
		uint32_t n;

		for (; pos < len; pos += n) {
			memcpy(&n, b.data + pos + 4, 4);
			complete += pos + n <= len;
		}
		events_read(&e, b.data, len, len % 3 ? 5 : len);
		cr_assert_eq(e.result, 0, "cut at %zu: %s", len, e.err.text);
		cr_assert_eq(e.n, complete, "cut at %zu: %zu records", len, e.n);
		cr_assert_eq(e.info.truncated, pos != len && len != 28 && len != 56, "cut at %zu",
			     len);
		events_done(&e);
	}
	events_done(&whole);
	bytes_done(&b);
}

/* Any byte wrong: no crash, and never more records than there were. */
Test(trace_faults, any_byte_wrong)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct bytes b = small_file(false, 2);

	for (size_t i = 0; i < b.len; i++) {
		uint8_t was = b.data[i];

		for (size_t k = 0; k < sizeof(values); k++) {
			struct events e;

			b.data[i] = values[k];
			read_bytes(&e, &b);
			cr_assert_leq(e.n, 2);
			cr_assert(e.result == 0 || e.result == -EBADMSG);
			cr_assert_eq(e.result == 0, e.err.text[0] == '\0');
			events_done(&e);
		}
		b.data[i] = was;
	}
	bytes_done(&b);
}

Test(trace_faults, impossible_lengths)
{
	static const uint32_t lens[] = { 0, 8, 11, 30, (16u << 20) + 4, UINT32_MAX };
	struct bytes b = small_file(false, 2);
	size_t last = b.len;
	struct events e;
	char where[32];

	snprintf(where, sizeof(where), "at byte %zu:", last);
	bytes_block_end(&b, bytes_block(&b, 6));
	for (size_t i = 0; i < 6; i++) {
		memcpy(b.data + last + 4, &lens[i], 4);
		read_bytes(&e, &b);
		cr_assert_eq(e.n, 2);
		cr_assert_eq(e.result, -EBADMSG);
		cr_assert(strstr(e.err.text, where), "%s", e.err.text);
		events_done(&e);
	}
	b.data[last + 4] = 12;
	memset(b.data + last + 5, 0, 3);
	b.data[last + 8] = 16; /* the second length */
	read_bytes(&e, &b);
	cr_assert_eq(e.n, 2);
	cr_assert(strstr(e.err.text, where), "%s", e.err.text);
	events_done(&e);
	bytes_done(&b);
}

Test(trace_faults, other_files)
{
	static const char *const files[][2] = {
		{ "\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0", "classic pcap" },
		{ "\x1f\x8b\x08\0\0\0\0\0\0\0\0\0\0\0\0", "gzip -dc" },
		{ "\x28\xb5\x2f\xfd\0\0\0\0\0\0\0\0\0\0\0", "zstd -dc" },
		{ "just some text!", "not a pcapng file" },
	};
	struct events e;

	for (size_t i = 0; i < 4; i++) {
		events_read(&e, files[i][0], 15, 15);
		cr_assert_eq(e.result, -EBADMSG);
		cr_assert(strstr(e.err.text, files[i][1]), "%s", e.err.text);
	}
	events_read(&e, "", 0, 1);
	cr_assert_eq(e.result, -EBADMSG);
	cr_assert(strstr(e.err.text, "is empty"), "%s", e.err.text);
	events_read_file(&e, "/");
	cr_assert_eq(e.result, -EISDIR);
	events_read_file(&e, "/no/such/file");
	cr_assert_eq(e.result, -ENOENT);
}
