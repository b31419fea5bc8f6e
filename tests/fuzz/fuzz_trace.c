/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a trace file: read to the end, every event written again. What was repaired once
 * must need no repair when it is read back.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/pcapng.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
	const uint8_t *data;
	size_t len;
	size_t chunk;
};

static ssize_t read_memory(void *ctx, void *buf, size_t len, int timeout_ms)
{
	struct memory *m = ctx;
	size_t n = m->len < m->chunk ? m->len : m->chunk;

	(void)timeout_ms;
	n = n < len ? n : len;
	if (n)
		memcpy(buf, m->data, n);
	m->data += n;
	m->len -= n;
	return (ssize_t)n;
}

/* Touch every byte of the event, so that a wrong length is found. */
static void touch(const struct vb_event *ev)
{
	volatile uint8_t byte;

	for (uint32_t i = 0; i < ev->hdr.cap_len; i++)
		byte = ev->data[i];
	for (uint32_t i = 0; i < ev->hdr.ext_len; i++)
		byte = ev->ext[i];
	REQUIRE(!ev->n_malformed == !ev->malformed);
	(void)byte;
}

/* Whether the event is a record whose faults, if it had any, were repaired. */
static bool is_sound(const struct vb_event *ev)
{
	return ev->hdr.magic == VB_RECORD_MAGIC && ev->hdr.kind >= VB_KIND_CONTROL &&
	       ev->hdr.kind <= VB_KIND_EVENT;
}

static size_t copy_trace(const uint8_t *data, size_t size, struct vb_trace_writer *w)
{
	struct memory m = { data, size, size % 3 ? 64 : 1u << 20 };
	const struct vb_device_stats *devices;
	struct vb_source *src;
	struct vb_event ev;
	struct vb_err err;
	size_t n = 0;

	if (vb_source_stream_open(read_memory, &m, "input", &src, &err))
		return 0;
	while (src->ops->next(src, -1, &ev, &err) > 0) {
		touch(&ev);
		REQUIRE(!vb_trace_writer_event(w, &ev, &err));
		n++;
	}
	for (size_t i = src->ops->devices(src, &devices); i--;)
		REQUIRE(!vb_trace_writer_device(w, &devices[i].dev, &err));
	src->ops->close(src);
	return n;
}

static void check_copy(int fd, size_t n)
{
	struct vb_source *src;
	struct vb_event ev;
	struct vb_err err;
	char path[32];
	int rc;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	REQUIRE(!vb_source_file_open(path, &src, &err));
	while ((rc = src->ops->next(src, -1, &ev, &err)) > 0) {
		REQUIRE(!ev.n_malformed || !is_sound(&ev));
		REQUIRE(n-- > 0);
	}
	REQUIRE(!rc && !n);
	REQUIRE(!vb_source_file_info(src)->truncated && !vb_source_file_info(src)->n_foreign);
	src->ops->close(src);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vb_trace_writer_options opt = { .application = "fuzz" };
	int fd = memfd_create("trace", MFD_CLOEXEC);
	struct vb_trace_writer *w;
	struct vb_err err;
	char path[32];
	size_t n;

	REQUIRE(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	REQUIRE(!vb_trace_writer_open(path, &opt, &w, &err));
	n = copy_trace(data, size, w);
	REQUIRE(!vb_trace_writer_close(w, NULL, 0, &err));
	check_copy(fd, n);
	close(fd);
	return 0;
}
