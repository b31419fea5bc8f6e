/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks on their way to a file or pipe. They are made in a buffer and leave it whole: what is on
 * disk ends at a block boundary after every flush, and is cut back to one when a write fails
 * halfway.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/pcapng.h"

#define BUFFER_LEN ((size_t)1 << 20)

/* More than the fixed parts and options of any block of ours, without packet data and strings. */
#define BLOCK_OVERHEAD 256u

/* Who reads a pipe is waiting: it gets what there is after so long. */
#define PIPE_AGE_NS 100000000u

/* ---- the file ---- */

/* Bytes of the buffer, of done written, that are whole blocks. */
static size_t whole_blocks(const struct vb_out *w, size_t done)
{
	size_t pos = 0;

	while (pos < done) {
		uint32_t len;

		memcpy(&len, w->buf + pos + 4, sizeof(len));
		if (len > done - pos)
			break;
		pos += len;
	}
	return pos;
}

/* A write ended after done bytes: leave whole blocks, and remember why. */
static int write_failed(struct vb_out *w, int code, size_t done)
{
	size_t whole = whole_blocks(w, done);
	off_t end = w->regular ? lseek(w->fd, 0, SEEK_CUR) : 0;

	/* Where this fails, too, the file ends inside a block, which readers accept. */
	if (end > 0 && whole < done && ftruncate(w->fd, end - (off_t)(done - whole)))
		whole = done;
	w->written += whole;
	w->len = 0;
	w->failed = code;
	if (w->regular && w->written)
		return vb_fail(&w->failure, code,
			       "cannot write %s: %s; its first %" PRIu64
			       " bytes are kept and readable; %s",
			       w->name, strerror(-code), w->written, vb_write_remedy(code));
	return vb_fail(&w->failure, code, "cannot write %s: %s; %s", w->name, strerror(-code),
		       vb_write_remedy(code));
}

/* Wait for a reader that asked for non-blocking writes. */
static int wait_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

static int write_buffer(struct vb_out *w)
{
	size_t done = 0;

	while (done < w->len) {
		ssize_t n = write(w->fd, w->buf + done, w->len - done);
		int code = n < 0 ? -errno : 0;

		if (code == -EAGAIN)
			code = wait_writable(w->fd);
		else if (code == -EINTR)
			code = 0;
		else if (!n)
			code = -EIO;
		if (code)
			return write_failed(w, code, done);
		if (n > 0)
			done += (size_t)n;
	}
	w->written += done;
	w->len = 0;
	return 0;
}

static int say_failure(const struct vb_out *w, struct vb_err *err)
{
	return vb_fail(err, w->failed, "%s", w->failure.text);
}

int vb_out_flush(struct vb_out *w, struct vb_err *err)
{
	if (!w->failed && w->len)
		write_buffer(w);
	return w->failed ? say_failure(w, err) : 0;
}

/* A writer with nothing to write does not learn from write(2) that its reader is gone. */
static int look_for_reader(struct vb_out *w, struct vb_err *err)
{
	struct pollfd p = { .fd = w->fd };

	if (w->failed)
		return say_failure(w, err);
	if (w->regular || w->tick_ns - w->looked_ns < PIPE_AGE_NS)
		return 0;
	w->looked_ns = w->tick_ns;
	if (poll(&p, 1, 0) <= 0 || !(p.revents & POLLERR))
		return 0;
	write_failed(w, -EPIPE, 0);
	return say_failure(w, err);
}

int vb_out_tick(struct vb_out *w, uint64_t now_ns, uint64_t max_age_ns, struct vb_err *err)
{
	w->tick_ns = now_ns;
	if (!w->len)
		return look_for_reader(w, err);
	if (!w->regular && max_age_ns > PIPE_AGE_NS)
		max_age_ns = PIPE_AGE_NS;
	return now_ns - w->oldest_ns < max_age_ns ? 0 : vb_out_flush(w, err);
}

/* ---- making blocks ---- */

void vb_out_put(struct vb_out *w, const void *bytes, size_t n)
{
	memcpy(w->buf + w->pos, bytes, n);
	w->pos += n;
}

void vb_out_16(struct vb_out *w, uint16_t v)
{
	vb_out_put(w, &v, sizeof(v));
}

void vb_out_32(struct vb_out *w, uint32_t v)
{
	vb_out_put(w, &v, sizeof(v));
}

/* Blocks begin at multiples of 4, so the position tells how much is missing. */
void vb_out_padding(struct vb_out *w)
{
	while (w->pos % 4)
		w->buf[w->pos++] = 0;
}

/* Begin a block with at most n bytes of data and strings. */
int vb_out_begin(struct vb_out *w, uint32_t type, size_t n, struct vb_err *err)
{
	int rc = w->failed ? say_failure(w, err) : 0;

	if (!rc && BUFFER_LEN - w->len < n + BLOCK_OVERHEAD)
		rc = vb_out_flush(w, err);
	if (rc)
		return rc;
	w->pos = w->len;
	vb_out_32(w, type);
	vb_out_32(w, 0); /* the length, in vb_out_end() */
	return 0;
}

/* Make the block part of what is written. */
void vb_out_end(struct vb_out *w)
{
	uint32_t len = (uint32_t)(w->pos - w->len) + 4;

	vb_out_32(w, len);
	memcpy(w->buf + w->len + 4, &len, sizeof(len));
	/* Not older than the last tick, and that is all that is known of the caller's clock. */
	if (!w->len)
		w->oldest_ns = w->tick_ns;
	w->len = w->pos;
}

void vb_out_option(struct vb_out *w, uint16_t code, const void *value, uint16_t len)
{
	vb_out_16(w, code);
	vb_out_16(w, len);
	vb_out_put(w, value, len);
	vb_out_padding(w);
}

void vb_out_option64(struct vb_out *w, uint16_t code, uint64_t value)
{
	vb_out_option(w, code, &value, sizeof(value));
}

void vb_out_string(struct vb_out *w, uint16_t code, const char *s)
{
	if (s && s[0])
		vb_out_option(w, code, s, (uint16_t)strnlen(s, VB_STRING_MAX));
}

/* ---- opening and closing ---- */

/* Traces hold what the guest reads and writes: only the owner may look. */
int vb_out_open(struct vb_out *w, const char *path, struct vb_err *err)
{
	struct stat st;
	int code;

	memset(w, 0, sizeof(*w));
	w->buf = malloc(BUFFER_LEN);
	w->name = strdup(strcmp(path, "-") ? path : "standard output");
	if (!w->buf || !w->name)
		return vb_fail(err, -ENOMEM, "not enough memory to write %s", path);
	w->fd = STDOUT_FILENO;
	if (strcmp(path, "-")) {
		w->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
		w->own_fd = w->fd >= 0;
	}
	if (w->fd < 0 || fstat(w->fd, &st)) {
		code = -errno;
		return vb_fail(err, code, "cannot create %s: %s", w->name, strerror(-code));
	}
	w->regular = S_ISREG(st.st_mode);
	return 0;
}

/* Some file systems tell only here that they could not keep what they took. */
int vb_out_close(struct vb_out *w, struct vb_err *err)
{
	int code;

	if (!w->own_fd)
		return 0;
	w->own_fd = false;
	if (!close(w->fd) || errno == EINTR)
		return 0;
	code = -errno;
	return vb_fail(err, code, "cannot write %s: %s; %s", w->name, strerror(-code),
		       vb_write_remedy(code));
}

void vb_out_done(struct vb_out *w)
{
	if (w->own_fd)
		close(w->fd);
	free(w->buf);
	free(w->name);
	memset(w, 0, sizeof(*w));
}
