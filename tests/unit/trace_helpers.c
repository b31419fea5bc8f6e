/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/trace_helpers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void *checked(void *p)
{
	if (!p)
		abort();
	return p;
}

/* ---- bytes ---- */

void bytes_add(struct bytes *b, const void *data, size_t len)
{
	if (!len)
		return;
	b->data = checked(realloc(b->data, b->len + len));
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void bytes_16(struct bytes *b, uint16_t v)
{
	v = b->big_endian ? __builtin_bswap16(v) : v;
	bytes_add(b, &v, sizeof(v));
}

void bytes_32(struct bytes *b, uint32_t v)
{
	v = b->big_endian ? __builtin_bswap32(v) : v;
	bytes_add(b, &v, sizeof(v));
}

void bytes_64(struct bytes *b, uint64_t v)
{
	v = b->big_endian ? __builtin_bswap64(v) : v;
	bytes_add(b, &v, sizeof(v));
}

static void padding(struct bytes *b)
{
	static const uint8_t zero[3];

	bytes_add(b, zero, vb_pad4(b->len) - b->len);
}

void bytes_option(struct bytes *b, uint16_t code, const void *value, uint16_t len)
{
	bytes_16(b, code);
	bytes_16(b, len);
	bytes_add(b, value, len);
	padding(b);
}

void bytes_done(struct bytes *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

size_t bytes_block(struct bytes *b, uint32_t type)
{
	size_t start = b->len;

	bytes_32(b, type);
	bytes_32(b, 0);
	return start;
}

void bytes_block_end(struct bytes *b, size_t start)
{
	uint32_t len = (uint32_t)(b->len - start) + 4;

	bytes_32(b, len);
	memcpy(b->data + start + 4, b->data + b->len - 4, 4);
}

void bytes_section(struct bytes *b)
{
	size_t start = bytes_block(b, VB_BLOCK_SECTION);

	bytes_32(b, VB_BYTE_ORDER);
	bytes_16(b, 1);
	bytes_16(b, 0);
	bytes_64(b, UINT64_MAX);
	bytes_block_end(b, start);
}

void bytes_interface(struct bytes *b, uint16_t linktype, uint8_t tsresol, int64_t tsoffset)
{
	size_t start = bytes_block(b, VB_BLOCK_INTERFACE);

	bytes_16(b, linktype);
	bytes_16(b, 0);
	bytes_32(b, VB_SNAPLEN);
	if (tsresol != VB_TSRESOL_DEFAULT)
		bytes_option(b, VB_OPT_IF_TSRESOL, &tsresol, 1);
	if (tsoffset) {
		bytes_16(b, VB_OPT_IF_TSOFFSET);
		bytes_16(b, 8);
		bytes_64(b, (uint64_t)tsoffset);
	}
	bytes_block_end(b, start);
}

void bytes_packet(struct bytes *b, uint32_t interface, uint64_t ticks, const void *data,
		  uint32_t len)
{
	size_t start = bytes_block(b, VB_BLOCK_PACKET);

	bytes_32(b, interface);
	bytes_32(b, (uint32_t)(ticks >> 32));
	bytes_32(b, (uint32_t)ticks);
	bytes_32(b, len);
	bytes_32(b, len);
	bytes_add(b, data, len);
	padding(b);
	bytes_block_end(b, start);
}

void bytes_record(struct bytes *b, uint32_t n)
{
	static const uint8_t tags[RECORD_AT] = { 0, 12, 0, 8, 'v', 'm', 'b', 'u', 's' };
	struct vb_record_header h = { .magic = VB_RECORD_MAGIC,
				      .header_len = VB_RECORD_HEADER_LEN,
				      .kind = VB_KIND_PACKET,
				      .wire_len = n,
				      .cap_len = n };

	bytes_add(b, tags, sizeof(tags));
	bytes_add(b, &h, sizeof(h));
	for (uint32_t i = 0; i < n; i++) {
		uint8_t value = (uint8_t)(i + 1);

		bytes_add(b, &value, 1);
	}
	padding(b);
}

/* ---- events ---- */

struct memory {
	const uint8_t *data;
	size_t len, pos, chunk;
};

static ssize_t read_memory(void *ctx, void *buf, size_t len, int timeout_ms)
{
	struct memory *m = ctx;
	size_t n = m->len - m->pos;

	(void)timeout_ms;
	n = n < m->chunk ? n : m->chunk;
	n = n < len ? n : len;
	if (n)
		memcpy(buf, m->data + m->pos, n);
	m->pos += n;
	return (ssize_t)n;
}

static uint8_t *copy(const uint8_t *p, uint32_t n)
{
	uint8_t *c = checked(malloc(n + 1));

	if (n)
		memcpy(c, p, n);
	return c;
}

static void keep(struct events *e, const struct vb_event *ev)
{
	struct vb_event *last;

	e->list = checked(realloc(e->list, (e->n + 1) * sizeof(*e->list)));
	last = &e->list[e->n++];
	*last = *ev;
	last->data = copy(ev->data, ev->hdr.cap_len);
	last->ext = copy(ev->ext, ev->hdr.ext_len);
}

static void drain(struct events *e, struct vb_source *src)
{
	const struct vb_device_stats *devices;
	struct vb_event ev;

	while ((e->result = src->ops->next(src, -1, &ev, &e->err)) > 0)
		keep(e, &ev);
	e->info = *vb_source_file_info(src);
	e->n_devices = src->ops->devices(src, &devices);
	for (size_t i = 0; i < e->n_devices && i < 8; i++)
		e->devices[i] = devices[i];
	src->ops->close(src);
}

void events_read(struct events *ret, const void *data, size_t len, size_t chunk)
{
	struct memory m = { .data = data, .len = len, .chunk = chunk };
	struct vb_source *src;

	memset(ret, 0, sizeof(*ret));
	ret->result = vb_source_stream_open(read_memory, &m, "memory", &src, &ret->err);
	if (!ret->result)
		drain(ret, src);
}

void events_read_file(struct events *ret, const char *path)
{
	struct vb_source *src;

	memset(ret, 0, sizeof(*ret));
	ret->result = vb_source_file_open(path, &src, &ret->err);
	if (!ret->result)
		drain(ret, src);
}

void events_done(struct events *e)
{
	for (size_t i = 0; i < e->n; i++) {
		free((void *)(uintptr_t)e->list[i].data);
		free((void *)(uintptr_t)e->list[i].ext);
	}
	free(e->list);
	memset(e, 0, sizeof(*e));
}

/* ---- files ---- */

char *scratch_file(void)
{
	const char *dir = getenv("TMPDIR");
	char *path;
	int fd;

	if (asprintf(&path, "%s/vb-trace-XXXXXX", dir ? dir : "/tmp") < 0)
		abort();
	fd = mkstemp(path);
	if (fd < 0)
		abort();
	close(fd);
	return path;
}

uint8_t *file_bytes(const char *path, size_t *ret_len)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	uint8_t *data;

	if (fd < 0 || fstat(fd, &st))
		abort();
	data = checked(malloc((size_t)st.st_size + 1));
	if (read(fd, data, (size_t)st.st_size) != st.st_size)
		abort();
	close(fd);
	*ret_len = (size_t)st.st_size;
	return data;
}

struct vb_trace_writer *writer_open(const char *path)
{
	struct vb_trace_writer_options opt = { .application = "test" };
	struct vb_trace_writer *w;
	struct vb_err err;

	if (vb_trace_writer_open(path, &opt, &w, &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	return w;
}
