/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/outer/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILES_MS 100	     /* how often files are looked at */
#define TICK_NS 200000000ull /* where instructions are counted, a second may take half a minute */

/* ---- frames ---- */

int vb_pump_send(int fd, enum vb_frame_type type, uint16_t file, const void *data, size_t len)
{
	uint8_t buf[sizeof(struct vb_frame_head) + VB_FRAME_MAX];
	struct vb_frame_head head = { (uint16_t)type, file, (uint32_t)len };
	size_t at = 0, total = sizeof(head) + len;
	ssize_t n;

	memcpy(buf, &head, sizeof(head));
	if (len)
		memcpy(buf + sizeof(head), data, len);
	while (at < total) {
		n = write(fd, buf + at, total - at);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			at += (size_t)n;
	}
	return 0;
}

/* ---- files ---- */

/* Fowler, Noll, Vo: enough to notice that bytes were written anew. */
static uint64_t sum(uint64_t s, const uint8_t *bytes, size_t n)
{
	while (n--)
		s = (s ^ *bytes++) * 0x100000001b3ull;
	return s;
}

static int begin_file(struct vb_pump *p, uint16_t i, uint64_t inode)
{
	struct vb_pump_file *f = &p->files[i];

	f->sent = 0;
	f->sum = 0;
	f->inode = inode;
	return vb_pump_send(p->frames, VB_FRAME_FILE_BEGIN, i, NULL, 0);
}

static int send_growth(struct vb_pump *p, uint16_t i, int fd)
{
	struct vb_pump_file *f = &p->files[i];
	uint8_t buf[VB_FRAME_MAX];
	ssize_t n;
	int ret;

	while ((n = pread(fd, buf, sizeof(buf), (off_t)f->sent)) > 0) {
		ret = vb_pump_send(p->frames, VB_FRAME_FILE_DATA, i, buf, (size_t)n);
		if (ret)
			return ret;
		f->sum = sum(f->sum, buf, (size_t)n);
		f->sent += (uint64_t)n;
	}
	return 0;
}

/* Of what was sent, as the file has it now. */
static uint64_t sum_now(const struct vb_pump_file *f, int fd)
{
	uint8_t buf[VB_FRAME_MAX];
	uint64_t at = 0, left, s = 0;
	ssize_t n;

	while (at < f->sent) {
		left = f->sent - at;
		n = pread(fd, buf, left < sizeof(buf) ? (size_t)left : sizeof(buf), (off_t)at);
		if (n <= 0)
			break;
		s = sum(s, buf, (size_t)n);
		at += (uint64_t)n;
	}
	return s;
}

static int send_file(struct vb_pump *p, uint16_t i, bool whole)
{
	struct vb_pump_file *f = &p->files[i];
	char path[PATH_MAX];
	struct stat st;
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/%s", p->dir, f->name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return 0; /* not made, or not yet */
	if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
		if (f->inode != st.st_ino || (uint64_t)st.st_size < f->sent ||
		    (whole && sum_now(f, fd) != f->sum))
			ret = begin_file(p, i, st.st_ino);
		if (!ret)
			ret = send_growth(p, i, fd);
	}
	close(fd);
	return ret;
}

int vb_pump_files(struct vb_pump *p, bool whole)
{
	int ret = 0;

	for (uint16_t i = 0; i < VB_PUMP_FILES && !ret; i++)
		if (p->files[i].name)
			ret = send_file(p, i, whole);
	return ret;
}

/* ---- the program ---- */

/* What one pipe holds now. Returns bytes read, 0 at its end, -EAGAIN, or -errno of sending. */
static int drain(struct vb_pump *p, int fd, enum vb_frame_type type)
{
	uint8_t buf[VB_FRAME_MAX];
	ssize_t n = read(fd, buf, sizeof(buf));
	int ret;

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	ret = n ? vb_pump_send(p->frames, type, 0, buf, (size_t)n) : 0;
	return ret ? ret : (int)n;
}

/* The same when poll() says that there is something; *fd becomes -1 at the end. */
static int drain_ready(struct vb_pump *p, int *fd, short revents, enum vb_frame_type type)
{
	int ret = revents ? drain(p, *fd, type) : -EAGAIN;

	if (ret == 0)
		*fd = -1;
	return ret < 0 && ret != -EAGAIN ? ret : 0;
}

/* All that is still in the pipes. */
static int drain_rest(struct vb_pump *p)
{
	int ret = 1;

	while (p->out >= 0 && ret > 0)
		ret = drain(p, p->out, VB_FRAME_STDOUT);
	if (ret < 0 && ret != -EAGAIN)
		return ret;
	for (ret = 1; p->err >= 0 && ret > 0;)
		ret = drain(p, p->err, VB_FRAME_STDERR);
	return ret < 0 && ret != -EAGAIN ? ret : 0;
}

/* Signals for the program; the port itself may come and go. */
static void hand_on(struct vb_pump *p)
{
	uint8_t signals[16];
	ssize_t n = read(p->signals, signals, sizeof(signals));

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		p->signals = -1;
	for (ssize_t i = 0; i < n; i++)
		if (p->program > 0)
			kill(p->program, signals[i]);
}

/* Reap whoever ended; true: the program did. */
static bool reap(struct vb_pump *p, int *ret_status)
{
	pid_t pid;
	int status;
	bool ended = false;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != p->program)
			continue;
		*ret_status = status;
		ended = true;
	}
	return ended;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int tick(struct vb_pump *p, uint64_t *next_ns)
{
	uint64_t now = now_ns();

	if (now < *next_ns)
		return 0;
	*next_ns = now + TICK_NS;
	return vb_pump_send(p->frames, VB_FRAME_TICK, 0, NULL, 0);
}

/* One round; not 0: the frames cannot be written. */
static int pump_once(struct vb_pump *p, int children, bool *ret_ended, int *ret_status)
{
	struct pollfd fds[] = { { p->out, POLLIN, 0 },
				{ p->err, POLLIN, 0 },
				{ p->signals, POLLIN, 0 },
				{ children, POLLIN, 0 } };
	struct signalfd_siginfo info;
	int ret;

	poll(fds, 4, FILES_MS);
	ret = drain_ready(p, &p->out, fds[0].revents, VB_FRAME_STDOUT);
	if (!ret)
		ret = drain_ready(p, &p->err, fds[1].revents, VB_FRAME_STDERR);
	if (fds[2].revents & POLLIN)
		hand_on(p);
	else if (fds[2].revents)
		p->signals = -1;
	if (fds[3].revents && read(children, &info, sizeof(info)) > 0)
		*ret_ended = reap(p, ret_status);
	return ret;
}

static int finish(struct vb_pump *p, int status)
{
	int32_t word = status;
	int ret = drain_rest(p);

	if (!ret)
		ret = vb_pump_files(p, true);
	return ret ? ret : vb_pump_send(p->frames, VB_FRAME_STATUS, 0, &word, sizeof(word));
}

int vb_pump_run(struct vb_pump *p)
{
	uint64_t next_tick_ns = 0, next_files_ns = 0;
	bool ended = false;
	int children, status = 0, ret = 0;
	sigset_t mask;

	/* whoever else holds the other end of a pipe must not hold us up */
	fcntl(p->out, F_SETFL, O_NONBLOCK);
	fcntl(p->err, F_SETFL, O_NONBLOCK);
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	children = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	ended = reap(p, &status); /* before the mask */
	while (!ended && !ret) {
		ret = pump_once(p, children, &ended, &status);
		if (!ret)
			ret = tick(p, &next_tick_ns);
		if (!ret && now_ns() >= next_files_ns) {
			ret = vb_pump_files(p, false);
			next_files_ns = now_ns() + FILES_MS * 1000000ull;
		}
	}
	close(children);
	return ret ? ret : finish(p, status);
}
