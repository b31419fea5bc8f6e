/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trace files as they should be: what is written, byte for byte, and read again. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/trace_helpers.h"

#define TIME_NS 0x1122334455667788ull

static const uint8_t network[16] = { 0x17, 0xce, 0xd1, 0x2d, 0x9e, 0x07, 0x3c, 0x40,
				     0xb3, 0x52, 0xa1, 0x92, 0x1e, 0xe2, 0x07, 0xee };

/* ---- the bytes ---- */

/* clang-format off */
static const uint8_t golden[] = {
	/* section header: hardware, os, application */
	0x0a, 0x0d, 0x0d, 0x0a, 56, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	2, 0, 2, 0, 'V', 'M', 0, 0, 3, 0, 3, 0, '6', '.', '1', 0,
	4, 0, 4, 0, 't', 'e', 's', 't', 0, 0, 0, 0, 56, 0, 0, 0,
	/* interface 0: vmbus; name, description, tsresol, filter, os */
	1, 0, 0, 0, 92, 0, 0, 0, 252, 0, 0, 0, 0, 0, 4, 0,
	2, 0, 5, 0, 'v', 'm', 'b', 'u', 's', 0, 0, 0,
	3, 0, 25, 0, 'h', 'v', '_', 'v', 'm', 'b', 'u', 's', ' ', 'c', 'o', 'n', 't', 'r', 'o', 'l',
	' ', 'm', 'e', 's', 's', 'a', 'g', 'e', 's', 0, 0, 0,
	9, 0, 1, 0, 9, 0, 0, 0, 11, 0, 2, 0, 0, 'f', 0, 0, 12, 0, 3, 0, '6', '.', '1', 0,
	0, 0, 0, 0, 92, 0, 0, 0,
	/* interface 1: the device */
	1, 0, 0, 0, 104, 0, 0, 0, 252, 0, 0, 0, 0, 0, 4, 0,
	2, 0, 43, 0, 'n', 'e', 't', 'v', 's', 'c', ':', '2', 'd', 'd', '1', 'c', 'e', '1', '7', '-',
	'0', '7', '9', 'e', '-', '4', '0', '3', 'c', '-', 'b', '3', '5', '2', '-', 'a', '1', '9',
	'2', '1', 'e', 'e', '2', '0', '7', 'e', 'e', 0,
	3, 0, 4, 0, 'd', ' ', 'n', '1', 9, 0, 1, 0, 9, 0, 0, 0, 11, 0, 2, 0, 0, 'f', 0, 0,
	12, 0, 3, 0, '6', '.', '1', 0, 0, 0, 0, 0, 104, 0, 0, 0,
	/* packet on interface 1: time, captured 148 of original 156 */
	6, 0, 0, 0, 212, 0, 0, 0, 1, 0, 0, 0, 0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55,
	148, 0, 0, 0, 156, 0, 0, 0,
	0, 12, 0, 8, 'v', 'm', 'b', 'u', 's', 0, 0, 0, 0, 35, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0,
	'V', 'M', 'B', '1', 96, 2, 1, 1, 14, 0, 0, 0, 3, 0, 2, 0,
	7, 0, 0, 0, 0xf5, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 8,
	5, 0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 20, 0, 0, 0,
	0, 0x10, 0, 0, 0x40, 0, 0, 0, 0x20, 0, 0, 0, 4, 0, 0, 0,
	0x17, 0xce, 0xd1, 0x2d, 0x9e, 0x07, 0x3c, 0x40, 0xb3, 0x52, 0xa1, 0x92, 0x1e, 0xe2, 0x07, 0xee,
	0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
	'a', 'b', 'c', 'd', 'e', 0, 0, 0,
	0xff, 0xff, 0xff, 0xff, 9, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 'x', 'y', 'z', 0,
	2, 0, 4, 0, 2, 0, 0, 0, 4, 0, 8, 0, 4, 0, 0, 0, 0, 0, 0, 0, 6, 0, 4, 0, 3, 0, 0, 0,
	0, 0, 0, 0, 212, 0, 0, 0,
	/* statistics of interface 1 */
	5, 0, 0, 0, 76, 0, 0, 0, 1, 0, 0, 0, 0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55,
	4, 0, 8, 0, 5, 0, 0, 0, 0, 0, 0, 0, 5, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	7, 0, 8, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 76, 0, 0, 0,
};
/* clang-format on */

/* The packet of the golden file. */
static struct vb_event golden_event(void)
{
	static const uint8_t ext[] = { 0xff, 0xff, 0xff, 0xff, 9, 0, 0,	  0,   3,   0,
				       0,    0,	   1,	 0,    0, 0, 'x', 'y', 'z', 0 };
	struct vb_event ev = {
		.hdr = { .magic = VB_RECORD_MAGIC,
			 .header_len = 96,
			 .kind = VB_KIND_PACKET,
			 .direction = VB_TO_HOST,
			 .class = VB_CLASS_NETWORK,
			 .relid = 14,
			 .subchannel = 3,
			 .flags = VB_REC_EXT_CUT,
			 .cpu = 7,
			 .result = (uint32_t)-11,
			 .seq = 0x0807060504030201,
			 .wire_len = 5,
			 .cap_len = 5,
			 .ext_wire_len = 9,
			 .ext_len = sizeof(ext),
			 .ring_size = 0x1000,
			 .ring_pos = 0x40,
			 .ring_read = 0x20,
			 .lost = 4,
			 .capture = 0x1817161514131211,
			 .mono_ns = 0x2827262524232221 },
		.time_ns = TIME_NS,
		.data = (const uint8_t *)"abcde",
		.ext = ext,
	};

	memcpy(ev.hdr.device, network, sizeof(network));
	return ev;
}

static void write_golden(const char *path)
{
	struct vb_trace_writer_options opt = {
		.application = "test", .os = "6.1", .hardware = "VM", .filter = "f"
	};
	struct vb_device_stats stats = {
		.dev = { .class = VB_CLASS_NETWORK, .name = "n1", .driver = "d" },
		.received = 5,
		.lost = 4,
		.delivered = 1
	};
	struct vb_event ev = golden_event();
	struct vb_trace_writer *w;
	struct vb_err err = { "" };

	memcpy(stats.dev.instance, network, sizeof(network));
	cr_assert_eq(vb_trace_writer_open(path, &opt, &w, &err), 0, "%s", err.text);
	cr_assert_eq(vb_trace_writer_device(w, &stats.dev, &err), 0, "%s", err.text);
	cr_assert_eq(vb_trace_writer_event(w, &ev, &err), 0, "%s", err.text);
	cr_assert_eq(vb_trace_writer_size(w), sizeof(golden) - 76);
	cr_assert_eq(vb_trace_writer_close(w, &stats, 1, &err), 0, "%s", err.text);
}

Test(trace, golden)
{
	char *path = scratch_file();
	uint8_t *bytes;
	size_t len;

	write_golden(path);
	bytes = file_bytes(path, &len);
	for (size_t i = 0; i < len && i < sizeof(golden); i++)
		cr_assert_eq(bytes[i], golden[i], "byte %zu is %02x, not %02x", i, bytes[i],
			     golden[i]);
	cr_assert_eq(len, sizeof(golden), "%zu bytes, not %zu", len, sizeof(golden));
	unlink(path);
	free(bytes);
	free(path);
}

/* ---- and back ---- */

static void check_golden_event(const struct vb_event *got, uint64_t number)
{
	struct vb_event want = golden_event();

	cr_assert_arr_eq(&got->hdr, &want.hdr, sizeof(want.hdr));
	cr_assert_eq(got->time_ns, TIME_NS);
	cr_assert_eq(got->number, number);
	cr_assert_eq(got->n_malformed, 0, "%s", got->malformed);
	cr_assert_arr_eq(got->data, want.data, want.hdr.cap_len);
	cr_assert_arr_eq(got->ext, want.ext, want.hdr.ext_len);
}

Test(trace, read_golden)
{
	static const size_t chunks[] = { 1, 7, sizeof(golden) };

	for (size_t i = 0; i < 3; i++) {
		struct events e;

		events_read(&e, golden, sizeof(golden), chunks[i]);
		cr_assert_eq(e.result, 0, "%s", e.err.text);
		cr_assert_eq(e.n, 1);
		check_golden_event(&e.list[0], 1);
		cr_assert_str_eq(e.info.hardware, "VM");
		cr_assert_str_eq(e.info.os, "6.1");
		cr_assert_str_eq(e.info.application, "test");
		cr_assert_eq(e.info.n_interfaces, 2);
		cr_assert(e.info.has_statistics && !e.info.truncated);
		cr_assert_eq(e.info.stats_received, 5);
		cr_assert_eq(e.info.stats_dropped, 4);
		cr_assert_eq(e.info.n_skipped_blocks + e.info.n_foreign, 0);
		cr_assert_eq(e.n_devices, 2);
		cr_assert_str_eq(e.devices[0].dev.driver, "hv_vmbus");
		cr_assert_str_eq(e.devices[0].dev.name, "control messages");
		cr_assert_str_eq(e.devices[1].dev.driver, "d");
		cr_assert_str_eq(e.devices[1].dev.name, "n1");
		cr_assert_eq(e.devices[1].dev.class, VB_CLASS_NETWORK);
		cr_assert_arr_eq(e.devices[1].dev.instance, network, sizeof(network));
		cr_assert_eq(e.devices[1].received, 5);
		cr_assert_eq(e.devices[1].lost, 4);
		cr_assert_eq(e.devices[1].delivered, 1);
		events_done(&e);
	}
}

Test(trace, rewind)
{
	struct vb_event ev;
	struct vb_source *src;
	struct vb_err err;
	char *path = scratch_file();

	write_golden(path);
	cr_assert_eq(vb_source_file_open(path, &src, &err), 0);
	cr_assert(vb_source_file_seekable(src));
	cr_assert_str_eq(vb_source_file_info(src)->application, "test");
	for (int pass = 0; pass < 3; pass++) {
		cr_assert_eq(src->ops->next(src, 0, &ev, &err), 1);
		check_golden_event(&ev, 1);
		cr_assert_eq(src->ops->next(src, 0, &ev, &err), 0);
		cr_assert_eq(src->ops->next(src, 0, &ev, &err), 0);
		cr_assert_eq(vb_source_file_info(src)->stats_received, 5);
		cr_assert_eq(vb_source_file_rewind(src, &err), 0);
	}
	src->ops->close(src);
	unlink(path);
	free(path);
}

Test(trace, pipe)
{
	struct vb_event ev;
	struct vb_source *src;
	struct vb_err err;
	char path[64];
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	cr_assert_eq(write(fds[1], golden, 300), 300);
	cr_assert_eq(vb_source_file_open(path, &src, &err), 0);
	cr_assert(!vb_source_file_seekable(src));
	cr_assert_eq(vb_source_file_rewind(src, &err), -ESPIPE);
	/* nothing whole yet; what came is kept */
	cr_assert_eq(src->ops->next(src, 0, &ev, &err), -EAGAIN);
	cr_assert_eq(src->ops->next(src, 10, &ev, &err), -EAGAIN);
	cr_assert_eq(write(fds[1], golden + 300, sizeof(golden) - 300),
		     (ssize_t)sizeof(golden) - 300);
	cr_assert_eq(src->ops->next(src, 0, &ev, &err), 1);
	check_golden_event(&ev, 1);
	close(fds[1]);
	cr_assert_eq(src->ops->next(src, -1, &ev, &err), 0);
	src->ops->close(src);
	close(fds[0]);
}

/* ---- which interface ---- */

static void put_event(struct vb_trace_writer *w, uint8_t kind, uint8_t class, uint8_t instance)
{
	struct vb_event ev = { .hdr = { .kind = kind, .class = class } };
	struct vb_err err;

	ev.hdr.device[0] = instance;
	cr_assert_eq(vb_trace_writer_event(w, &ev, &err), 0);
}

Test(trace, interfaces)
{
	struct vb_device_stats stats[2] = { { .dev = { .class = VB_CLASS_HVSOCK }, .received = 3 },
					    { .dev = { .class = VB_CLASS_HVSOCK },
					      .received = 4 } };
	char *path = scratch_file();
	struct vb_trace_writer *w = writer_open(path);
	struct events e;
	struct vb_err err;

	put_event(w, VB_KIND_CONTROL, VB_CLASS_SCSI, 5);  /* vmbus */
	put_event(w, VB_KIND_STATE, VB_CLASS_UNKNOWN, 0); /* vmbus */
	put_event(w, VB_KIND_PACKET, VB_CLASS_HVSOCK, 1); /* hvsock */
	put_event(w, VB_KIND_PACKET, VB_CLASS_HVSOCK, 2); /* hvsock */
	put_event(w, VB_KIND_PACKET, VB_CLASS_SCSI, 5);	  /* its own */
	put_event(w, VB_KIND_PACKET, VB_CLASS_HVSOCK, 3); /* hvsock */
	put_event(w, VB_KIND_EVENT, VB_CLASS_SCSI, 5);	  /* its own */
	stats[0].dev.instance[0] = 1;
	stats[1].dev.instance[0] = 2;
	cr_assert_eq(vb_trace_writer_close(w, stats, 2, &err), 0);
	events_read_file(&e, path);
	cr_assert_eq(e.n, 7);
	cr_assert_eq(e.info.n_interfaces, 3);
	cr_assert_eq(e.n_devices, 3);
	cr_assert_eq(e.devices[1].dev.class, VB_CLASS_HVSOCK);
	cr_assert_eq(e.devices[1].received, 7, "the two connections in one block");
	cr_assert_eq(e.devices[2].dev.class, VB_CLASS_SCSI);
	cr_assert_eq(e.devices[2].dev.instance[0], 5);
	events_done(&e);
	unlink(path);
	free(path);
}

/* ---- the size limit ---- */

/* Write ev, read it back; the caller frees the events. */
static void through_file(const struct vb_event *ev, struct events *ret)
{
	char *path = scratch_file();
	struct vb_trace_writer *w = writer_open(path);
	struct vb_err err = { "" };

	cr_assert_eq(vb_trace_writer_event(w, ev, &err), 0, "%s", err.text);
	cr_assert_eq(vb_trace_writer_close(w, NULL, 0, &err), 0, "%s", err.text);
	events_read_file(ret, path);
	cr_assert_eq(ret->result, 0, "%s", ret->err.text);
	cr_assert_eq(ret->n, 1);
	unlink(path);
	free(path);
}

static void add_segment(struct bytes *b, uint32_t range, uint32_t cap_len, uint32_t reason)
{
	struct vb_segment s = { range, cap_len + 100, cap_len, reason };
	uint8_t *fill = malloc(vb_pad4(cap_len) + 1);

	memset(fill, (int)range + 'A', vb_pad4(cap_len) + 1);
	bytes_add(b, &s, sizeof(s));
	bytes_add(b, fill, vb_pad4(cap_len));
	free(fill);
}

static uint32_t total_len(const struct vb_event *ev)
{
	return 16 + 96 + (uint32_t)vb_pad4(ev->hdr.cap_len) + ev->hdr.ext_len;
}

Test(trace, limit_external)
{
	static const uint32_t lens[] = { 200000, 100000, 8 };
	struct vb_event ev = { .hdr = { .kind = VB_KIND_PACKET, .wire_len = 30, .cap_len = 30 } };
	struct vb_segment got[3];
	struct bytes ext = { 0 };
	struct events e;
	uint32_t pos = 0;

	for (uint32_t i = 0; i < 3; i++)
		add_segment(&ext, i, lens[i], VB_REASON_SNAPLEN);
	ev.data = ext.data + 16;
	ev.ext = ext.data;
	ev.hdr.ext_len = (uint32_t)ext.len;
	through_file(&ev, &e);
	cr_assert_eq(e.list[0].n_malformed, 0, "%s", e.list[0].malformed);
	cr_assert_eq(e.list[0].hdr.flags, VB_REC_EXT_CUT);
	cr_assert_eq(e.list[0].hdr.cap_len, 30);
	cr_assert_eq(total_len(&e.list[0]), VB_SNAPLEN);
	for (uint32_t i = 0; i < 3; i++) {
		memcpy(&got[i], e.list[0].ext + pos, sizeof(got[i]));
		cr_assert_eq(got[i].range, i);
		cr_assert_eq(got[i].wire_len, lens[i] + 100);
		if (got[i].cap_len)
			cr_assert_eq(e.list[0].ext[pos + 16 + got[i].cap_len - 1], 'A' + (int)i);
		pos += 16 + (uint32_t)vb_pad4(got[i].cap_len);
	}
	cr_assert_eq(got[0].cap_len, 200000);
	cr_assert_eq(got[0].reason, VB_REASON_SNAPLEN, "what is not cut keeps its reason");
	cr_assert_eq(got[1].cap_len, VB_SNAPLEN - 16 - 96 - 32 - 48 - 200000);
	cr_assert_eq(got[1].reason, VB_REASON_LIMIT);
	cr_assert_eq(got[2].cap_len, 0);
	cr_assert_eq(got[2].reason, VB_REASON_LIMIT);
	events_done(&e);
	bytes_done(&ext);
}

Test(trace, limit_packet)
{
	struct vb_event ev = { .hdr = { .kind = VB_KIND_PACKET,
					.direction = VB_TO_GUEST,
					.wire_len = 400000,
					.cap_len = 400000 } };
	struct bytes ext = { 0 };
	struct events e;

	add_segment(&ext, 0, 12, VB_REASON_COMPLETE);
	ev.data = calloc(1, 400000);
	ev.ext = ext.data;
	ev.hdr.ext_len = (uint32_t)ext.len;
	through_file(&ev, &e);
	cr_assert_eq(e.list[0].n_malformed, 0, "%s", e.list[0].malformed);
	cr_assert_eq(e.list[0].hdr.flags, VB_REC_CUT | VB_REC_EXT_CUT);
	cr_assert_eq(e.list[0].hdr.wire_len, 400000);
	cr_assert_eq(total_len(&e.list[0]) + 8, VB_SNAPLEN, "8 for the direction tag");
	cr_assert_eq(e.list[0].hdr.ext_len, 0);
	events_done(&e);
	bytes_done(&ext);
	free((void *)(uintptr_t)ev.data);
}

/* More segment headers than there is room for. */
Test(trace, limit_segments)
{
	struct vb_event ev = { .hdr = { .kind = VB_KIND_PACKET } };
	struct bytes ext = { 0 };
	struct events e;

	ev.hdr.ext_len = 20000 * VB_SEGMENT_LEN;
	ext.data = calloc(1, ev.hdr.ext_len);
	ev.ext = ext.data;
	through_file(&ev, &e);
	cr_assert_eq(e.list[0].n_malformed, 0, "%s", e.list[0].malformed);
	cr_assert_eq(e.list[0].hdr.flags, VB_REC_EXT_CUT);
	cr_assert_eq(total_len(&e.list[0]), VB_SNAPLEN);
	events_done(&e);
	bytes_done(&ext);
}
