/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames become output, files and an exit status out here. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "replay/clock.h"
#include "replay/outer/run_impl.h"

#define PUNCH_STEP (4ull * 1024u * 1024u)
#define LEAST_ROOM 65536u	 /* bytes of a disk that is not full */
#define ONE_WISH_NS 500000000ull /* timeout(1) sends each signal twice */
#define PRINT_MS 1000		 /* how often room is looked after while nobody reads our output */

int vb_outer_check_room(const struct vb_outer *o, struct vb_err *err)
{
	struct statvfs s;
	uint64_t blocks;

	if (fstatvfs(o->frames, &s) || !s.f_blocks)
		return 0;
	blocks = geteuid() ? s.f_bavail : s.f_bfree;
	if (blocks * s.f_frsize >= LEAST_ROOM)
		return 0;
	return vb_fail(err, -ENOSPC, "no room left in %.*s: choose another directory with TMPDIR",
		       (int)(strrchr(o->dir, '/') - o->dir), o->dir);
}

int vb_outer_signal(struct vb_outer *o, struct vb_err *err)
{
	struct signalfd_siginfo info;
	uint64_t now;
	uint8_t number;

	if (read(o->pending, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	now = vb_clock_mono(vb_clock_machine());
	if (o->warned && now - o->warned_ns < ONE_WISH_NS)
		return 0;
	if (o->warned || info.ssi_signo == SIGHUP || !o->alive)
		return vb_fail(err, -EINTR, "interrupted");
	o->warned = true;
	o->warned_ns = now;
	o->progress_ns = 0;
	number = (uint8_t)info.ssi_signo;
	if (send(o->signals, &number, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
		return vb_fail(err, -EINTR, "interrupted");
	return 0;
}

/* ---- standard output and error ---- */

/*
 * The reader may be slow, or a pager that waits for a key: signals still have to work. What poll()
 * calls writable takes a small piece without making us wait.
 */
static int print(struct vb_outer *o, int fd, const uint8_t *bytes, size_t len, struct vb_err *err)
{
	struct pollfd fds[] = { { fd, POLLOUT, 0 }, { o->pending, POLLIN, 0 } };
	ssize_t n;
	int ret = 0;

	while (len && !ret) {
		if (poll(fds, 2, PRINT_MS) == 0)
			ret = vb_outer_check_room(o, err);
		if (!ret && fds[1].revents)
			ret = vb_outer_signal(o, err);
		if (ret || !fds[0].revents)
			continue;
		n = write(fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return vb_fail(err, -errno, "cannot write to standard %s: %s",
				       fd == STDOUT_FILENO ? "output" : "error", strerror(errno));
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return ret;
}

/* ---- files ---- */

static const struct vb_outer_file *output_at(const struct vb_outer *o, uint16_t i)
{
	const struct vb_outer_file *f = o->opt->files;

	for (uint16_t k = 0; f && f->path && k < i; k++)
		f++;
	return f && f->path && f->output && i < VB_OUTER_FILES ? f : NULL;
}

static int begin_file(struct vb_outer *o, uint16_t i, struct vb_err *err)
{
	const struct vb_outer_file *f = output_at(o, i);

	if (!f)
		return vb_fail(err, -EPROTO, "the inner machine sends a file nobody asked for");
	if (o->files[i] < 0)
		o->files[i] = open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	else if (ftruncate(o->files[i], 0) || lseek(o->files[i], 0, SEEK_SET))
		return vb_fail(err, -errno, "cannot write %s: %s", f->path, strerror(errno));
	if (o->files[i] < 0)
		return vb_fail(err, -errno, "cannot write %s: %s", f->path, strerror(errno));
	return 0;
}

static int write_file(struct vb_outer *o, uint16_t i, const uint8_t *bytes, size_t len,
		      struct vb_err *err)
{
	const struct vb_outer_file *f = output_at(o, i);
	ssize_t n;

	if (!f || o->files[i] < 0)
		return vb_fail(err, -EPROTO, "the inner machine sends a file nobody asked for");
	while (len) {
		n = write(o->files[i], bytes, len);
		if (n < 0 && errno != EINTR)
			return vb_fail(err, -errno, "cannot write %s: %s", f->path,
				       strerror(errno));
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* ---- frames ---- */

static int take_status(struct vb_outer *o, const uint8_t *data, size_t len, struct vb_err *err)
{
	int32_t status;

	if (len != sizeof(status))
		return vb_fail(err, -EPROTO, "the inner machine's exit status has %zu bytes", len);
	memcpy(&status, data, sizeof(status));
	o->status = status;
	o->ended = true;
	return 0;
}

int vb_outer_take_frame(void *ctx, const struct vb_frame_head *head, const uint8_t *data,
			struct vb_err *err)
{
	struct vb_outer *o = ctx;

	o->alive = true;
	vb_outer_hide(o);
	o->ticked |= head->type == VB_FRAME_TICK;
	if (head->type != VB_FRAME_TICK)
		o->progress_ns = 0; /* now: the caller has the clock */
	switch (head->type) {
	case VB_FRAME_STDOUT:
		return print(o, STDOUT_FILENO, data, head->len, err);
	case VB_FRAME_STDERR:
		return print(o, STDERR_FILENO, data, head->len, err);
	case VB_FRAME_FILE_BEGIN:
		return begin_file(o, head->file, err);
	case VB_FRAME_FILE_DATA:
		return write_file(o, head->file, data, head->len, err);
	case VB_FRAME_STATUS:
		return take_status(o, data, head->len, err);
	case VB_FRAME_FAILED:
		return vb_fail(err, -EIO, "the inner machine: %.*s", (int)head->len,
			       (const char *)data);
	default:
		return 0;
	}
}

/* What was read needs no room any more. Where that is not possible, it stays until the end. */
static void give_back(struct vb_outer *o)
{
	if (o->taken - o->punched < PUNCH_STEP)
		return;
	fallocate(o->frames, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)o->punched,
		  (off_t)(o->taken - o->punched));
	o->punched = o->taken;
}

int vb_outer_take(struct vb_outer *o, struct vb_err *err)
{
	uint8_t buf[64 * 1024];
	ssize_t n;
	int ret = 0;

	while (!ret && (n = pread(o->frames, buf, sizeof(buf), (off_t)o->taken)) > 0) {
		o->taken += (uint64_t)n;
		o->heard_ns = 0; /* now: the caller has the clock */
		ret = vb_frame_feed(&o->reader, buf, (size_t)n, err);
		give_back(o);
	}
	return ret;
}
