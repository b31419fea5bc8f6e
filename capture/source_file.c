/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace file, pipe or stream as a source of events; cuts its bytes into whole blocks. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/pcapng.h"

#define BUFFER_LEN ((size_t)1 << 20)

/* Where the bytes come from, and those read but not yet used: buf[start..end). */
struct blocks {
	vb_read_fn read;
	void *ctx;
	const char *name;
	uint8_t *buf;
	size_t size, start, end;
	uint64_t offset; /* of buf[start] in the file */
	bool swap;	 /* byte order of the section */
	bool eof, truncated;
};

struct file_source {
	struct vb_source src;
	struct blocks blocks;
	struct vb_trace_reader reader;
	bool ended;
	int failed; /* a failure is final; the same is said again */
	struct vb_err failure;
	int fd; /* -1: a stream */
	bool regular;
	off_t base; /* where the trace begins in a regular file */
	char *name;
};

/* ---- blocks ---- */

/* Make room for at least one more byte and, where it can be, for need bytes from start on. */
static int make_room(struct blocks *b, size_t need)
{
	size_t have = b->end - b->start;
	uint8_t *bigger;

	if (!have || (b->start && (b->size - b->start < need || b->end == b->size))) {
		memmove(b->buf, b->buf + b->start, have);
		b->start = 0;
		b->end = have;
	}
	if (b->end < b->size)
		return 0;
	/* Grown only when full of bytes that did arrive: a length in the file costs no memory. */
	bigger = realloc(b->buf, b->size * 2);
	if (!bigger)
		return -ENOMEM;
	b->buf = bigger;
	b->size *= 2;
	return 0;
}

/* 1: need bytes are there; 0: the file ends before. */
static int fill(struct blocks *b, size_t need, int timeout_ms, struct vb_err *err)
{
	while (b->end - b->start < need) {
		ssize_t n;

		if (b->eof)
			return 0;
		if (make_room(b, need))
			return vb_fail(err, -ENOMEM, "%s: not enough memory to read it", b->name);
		n = b->read(b->ctx, b->buf + b->end, b->size - b->end, timeout_ms);
		if (n == -EAGAIN)
			return -EAGAIN;
		if (n < 0)
			return vb_fail(err, (int)n, "cannot read %s: %s", b->name,
				       strerror((int)-n));
		b->eof = n == 0;
		b->end += (size_t)n;
	}
	return 1;
}

struct signature {
	uint8_t len;
	uint8_t bytes[4];
	const char *remedy;
};

static const char classic_pcap[] =
	"it is a classic pcap file, which cannot hold VMBus records; capture with vmbusdump -w";
static const char gzip_remedy[] = "it is compressed; use 'gzip -dc FILE | vmbusdump -r -'";
static const char zstd_remedy[] = "it is compressed; use 'zstd -dc FILE | vmbusdump -r -'";
static const char lz4_remedy[] = "it is compressed; use 'lz4 -dc FILE | vmbusdump -r -'";
static const char xz_remedy[] = "it is compressed; use 'xz -dc FILE | vmbusdump -r -'";

static const struct signature signatures[] = {
	{ 4, { 0xa1, 0xb2, 0xc3, 0xd4 }, classic_pcap },
	{ 4, { 0xd4, 0xc3, 0xb2, 0xa1 }, classic_pcap },
	{ 4, { 0xa1, 0xb2, 0x3c, 0x4d }, classic_pcap },
	{ 4, { 0x4d, 0x3c, 0xb2, 0xa1 }, classic_pcap },
	{ 4, { 0xa1, 0xb2, 0xcd, 0x34 }, classic_pcap },
	{ 4, { 0x34, 0xcd, 0xb2, 0xa1 }, classic_pcap },
	{ 2, { 0x1f, 0x8b }, gzip_remedy },
	{ 4, { 0x28, 0xb5, 0x2f, 0xfd }, zstd_remedy },
	{ 4, { 0x04, 0x22, 0x4d, 0x18 }, lz4_remedy },
	{ 4, { 0xfd, '7', 'z', 'X' }, xz_remedy },
};

static int not_pcapng(const struct blocks *b, struct vb_err *err)
{
	const char *remedy = "a trace made with vmbusdump -w is needed";
	size_t have = b->end - b->start;

	if (!have)
		return vb_fail(err, -EBADMSG, "%s is empty: not a pcapng file", b->name);
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		const struct signature *s = &signatures[i];

		if (have >= s->len && !memcmp(b->buf + b->start, s->bytes, s->len)) {
			remedy = s->remedy;
			break;
		}
	}
	return vb_fail(err, -EBADMSG, "%s: not a pcapng file; %s", b->name, remedy);
}

static int damaged(const struct blocks *b, const char *what, uint32_t value, struct vb_err *err)
{
	return vb_fail(err, -EBADMSG,
		       "%s: damaged at byte %" PRIu64 ": %s %" PRIu32
		       "; what stands before was read, the rest cannot be",
		       b->name, b->offset, what, value);
}

/* The first bytes of the file, all or the few it has. */
static bool begins_as_pcapng(const struct blocks *b)
{
	static const uint8_t type[4] = { 0x0a, 0x0d, 0x0d, 0x0a };
	size_t have = b->end - b->start;

	return have && !memcmp(b->buf + b->start, type, have < 4 ? have : 4);
}

static int section_order(struct blocks *b, struct vb_err *err)
{
	uint32_t order;

	memcpy(&order, b->buf + b->start + 8, sizeof(order));
	if (order != VB_BYTE_ORDER && order != VB_BYTE_ORDER_SWAPPED)
		return damaged(b, "a section with the byte order mark", order, err);
	b->swap = order == VB_BYTE_ORDER_SWAPPED;
	return 0;
}

/* Type and length of the next block: 1, or 0 at the end. */
static int block_head(struct blocks *b, int timeout_ms, struct vb_block *ret, uint32_t *ret_len,
		      struct vb_err *err)
{
	int rc = fill(b, VB_BLOCK_MIN, timeout_ms, err);
	uint32_t len, min = VB_BLOCK_MIN;

	memset(ret, 0, sizeof(*ret));
	if (rc < 0)
		return rc;
	if (!b->offset && !begins_as_pcapng(b))
		return not_pcapng(b, err);
	if (!rc)
		return 0;
	memcpy(&ret->type, b->buf + b->start, sizeof(ret->type));
	if (ret->type == VB_BLOCK_SECTION) {
		rc = section_order(b, err);
		if (rc)
			return rc;
		min = VB_BLOCK_SECTION_MIN;
	}
	ret->swap = b->swap;
	ret->type = vb_get32(ret, b->buf + b->start);
	len = vb_get32(ret, b->buf + b->start + 4);
	if (len < min || len > VB_BLOCK_MAX || len % 4)
		return damaged(b, "a block of the impossible length", len, err);
	*ret_len = len;
	return 1;
}

/* The next whole block: 1; 0 at the end, or where the file ends inside a block. */
static int next_block(struct blocks *b, int timeout_ms, struct vb_block *ret, struct vb_err *err)
{
	uint32_t len = 0, trailer;
	int rc = block_head(b, timeout_ms, ret, &len, err);

	if (rc > 0)
		rc = fill(b, len, timeout_ms, err);
	if (rc < 0)
		return rc;
	if (!rc) {
		b->truncated = b->end > b->start;
		return 0;
	}
	trailer = vb_get32(ret, b->buf + b->start + len - 4);
	if (trailer != len)
		return damaged(b, "a block whose two lengths differ, the second is", trailer, err);
	ret->body = b->buf + b->start + 8;
	ret->body_len = len - VB_BLOCK_MIN;
	ret->offset = b->offset;
	b->start += len;
	b->offset += len;
	return 1;
}

/* ---- the source ---- */

static int file_next(struct vb_source *src, int timeout_ms, struct vb_event *ret_event,
		     struct vb_err *err)
{
	struct file_source *f = (struct file_source *)src;
	struct vb_block block;
	int rc;

	if (f->failed)
		return vb_fail(err, f->failed, "%s", f->failure.text);
	if (f->ended)
		return 0;
	do {
		rc = next_block(&f->blocks, timeout_ms, &block, &f->failure);
		if (rc > 0)
			rc = vb_trace_reader_block(&f->reader, &block, ret_event, &f->failure);
		else if (!rc)
			f->ended = true;
	} while (!rc && !f->ended);
	f->reader.info.truncated = f->blocks.truncated;
	if (rc < 0 && rc != -EAGAIN) {
		f->failed = rc;
		vb_fail(err, rc, "%s", f->failure.text);
	}
	return rc;
}

static size_t file_devices(struct vb_source *src, const struct vb_device_stats **ret)
{
	struct file_source *f = (struct file_source *)src;

	*ret = f->reader.devices;
	return f->reader.n_devices;
}

static void file_close(struct vb_source *src)
{
	struct file_source *f = (struct file_source *)src;

	if (!f)
		return;
	vb_trace_reader_reset(&f->reader);
	if (f->fd > STDIN_FILENO)
		close(f->fd);
	free(f->blocks.buf);
	free(f->name);
	free(f);
}

static const struct vb_source_ops file_ops = {
	.next = file_next,
	.devices = file_devices,
	.close = file_close,
};

static struct file_source *new_source(const char *name)
{
	struct file_source *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->src.ops = &file_ops;
	f->fd = -1;
	f->name = strdup(name);
	f->blocks.buf = malloc(BUFFER_LEN);
	f->blocks.size = BUFFER_LEN;
	f->blocks.name = f->name;
	f->reader.name = f->name;
	if (f->name && f->blocks.buf)
		return f;
	file_close(&f->src);
	return NULL;
}

/*
 * Read the first block, so that a file of another kind is refused at once and the facts of the
 * section header are known before the first event.
 */
static int read_first(struct file_source *f, struct vb_err *err)
{
	struct vb_block block;
	int rc = next_block(&f->blocks, -1, &block, err);

	if (rc == -EAGAIN)
		return vb_fail(err, -EINTR, "reading %s was interrupted", f->name);
	if (rc <= 0)
		return rc;
	/* It is a section header: next_block() lets nothing else begin a file. */
	return vb_trace_reader_block(&f->reader, &block, NULL, err);
}

static int finish_open(struct file_source *f, struct vb_source **ret, struct vb_err *err)
{
	int rc = read_first(f, err);

	if (rc < 0) {
		file_close(&f->src);
		return rc;
	}
	*ret = &f->src;
	return 0;
}

int vb_source_stream_open(vb_read_fn read, void *ctx, const char *name, struct vb_source **ret,
			  struct vb_err *err)
{
	struct file_source *f = new_source(name);

	if (!f)
		return vb_fail(err, -ENOMEM, "not enough memory to read %s", name);
	f->blocks.read = read;
	f->blocks.ctx = ctx;
	return finish_open(f, ret, err);
}

/* A signal ends the wait: the caller may have been told to stop. */
static ssize_t read_fd(void *ctx, void *buf, size_t len, int timeout_ms)
{
	const struct file_source *f = ctx;
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	ssize_t n;

	if (!f->regular) {
		int ready = poll(&p, 1, timeout_ms);

		if (ready <= 0)
			return !ready || errno == EINTR ? -EAGAIN : -errno;
	}
	n = read(f->fd, buf, len);
	if (n >= 0)
		return n;
	return errno == EINTR ? -EAGAIN : -errno;
}

static int open_fd(struct file_source *f, const char *path, struct vb_err *err)
{
	struct stat st;

	f->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO;
	if (f->fd < 0 || fstat(f->fd, &st)) {
		int code = -errno;

		return vb_fail(err, code, "cannot open %s: %s", f->name, strerror(-code));
	}
	if (S_ISDIR(st.st_mode))
		return vb_fail(err, -EISDIR, "%s is a directory; name a trace file", f->name);
	f->regular = S_ISREG(st.st_mode);
	if (f->regular)
		f->base = lseek(f->fd, 0, SEEK_CUR);
	return 0;
}

int vb_source_file_open(const char *path, struct vb_source **ret, struct vb_err *err)
{
	struct file_source *f = new_source(strcmp(path, "-") ? path : "standard input");
	int rc;

	if (!f)
		return vb_fail(err, -ENOMEM, "not enough memory to read %s", path);
	f->blocks.read = read_fd;
	f->blocks.ctx = f;
	rc = open_fd(f, path, err);
	if (rc) {
		file_close(&f->src);
		return rc;
	}
	return finish_open(f, ret, err);
}

const struct vb_trace_info *vb_source_file_info(const struct vb_source *src)
{
	return &((const struct file_source *)src)->reader.info;
}

bool vb_source_file_seekable(const struct vb_source *src)
{
	const struct file_source *f = (const struct file_source *)src;

	return f->fd >= 0 && f->regular;
}

int vb_source_file_rewind(struct vb_source *src, struct vb_err *err)
{
	struct file_source *f = (struct file_source *)src;
	struct blocks *b = &f->blocks;

	if (!vb_source_file_seekable(src))
		return vb_fail(err, -ESPIPE, "%s cannot be read twice: it is no regular file",
			       f->name);
	if (lseek(f->fd, f->base, SEEK_SET) < 0) {
		int code = -errno;

		return vb_fail(err, code, "cannot read %s again: %s", f->name, strerror(-code));
	}
	b->start = b->end = 0;
	b->offset = 0;
	b->swap = b->eof = b->truncated = false;
	f->ended = false;
	f->failed = 0;
	vb_trace_reader_reset(&f->reader);
	return read_first(f, err);
}
