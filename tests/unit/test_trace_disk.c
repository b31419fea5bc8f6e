/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks and pipes that do not take the file, and writers that die. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/trace_helpers.h"

static void fill_event(struct vb_event *ev, uint8_t *data, uint32_t n)
{
	memset(ev, 0, sizeof(*ev));
	ev->hdr.kind = VB_KIND_PACKET;
	ev->hdr.wire_len = ev->hdr.cap_len = n;
	ev->data = data;
}

Test(trace_disk, full_disk_says_so)
{
	struct vb_trace_writer_options opt = { .application = "test" };
	struct vb_trace_writer *w;
	struct vb_err err;

	cr_assert_eq(vb_trace_writer_open("/dev/full", &opt, &w, &err), -ENOSPC);
	cr_assert(strstr(err.text, "/dev/full") && strstr(err.text, "free space"), "%s", err.text);
	cr_assert_eq(vb_trace_writer_open("/no/such/dir/file", &opt, &w, &err), -ENOENT);
}

/* The limit falls into a block: the file keeps what is whole before it. */
Test(trace_disk, full_disk_keeps_the_good_part)
{
	static uint8_t data[1000];
	struct rlimit limit = { .rlim_cur = 100001, .rlim_max = RLIM_INFINITY };
	char *path = scratch_file();
	struct vb_trace_writer *w = writer_open(path);
	struct vb_event ev;
	struct vb_err err = { "" };
	struct events e;
	struct stat st;
	size_t n = 0;
	int rc = 0;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	fill_event(&ev, data, sizeof(data));
	for (; !rc && n < 500; n++)
		rc = vb_trace_writer_event(w, &ev, &err);
	cr_assert_eq(rc, 0, "still in memory");
	cr_assert_eq(vb_trace_writer_flush(w, &err), -EFBIG);
	cr_assert(strstr(err.text, path) && strstr(err.text, "ulimit"), "%s", err.text);
	cr_assert_eq(vb_trace_writer_event(w, &ev, &err), -EFBIG, "and again");
	cr_assert_eq(vb_trace_writer_close(w, NULL, 0, &err), -EFBIG);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert(st.st_size > 100001 - 1200 && st.st_size <= 100001, "%ld", (long)st.st_size);
	events_read_file(&e, path);
	cr_assert_eq(e.result, 0, "%s", e.err.text);
	cr_assert(!e.info.truncated && e.n > 80 && e.n < 100);
	events_done(&e);
	unlink(path);
	free(path);
}

Test(trace_disk, broken_pipe)
{
	struct vb_trace_writer *w;
	struct vb_event ev;
	struct vb_err err;
	uint8_t data[8] = { 0 };
	char path[64];
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe(fds), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[1]);
	w = writer_open(path);
	close(fds[0]);
	fill_event(&ev, data, sizeof(data));
	cr_assert_eq(vb_trace_writer_event(w, &ev, &err), 0);
	cr_assert_eq(vb_trace_writer_flush(w, &err), -EPIPE);
	cr_assert(strstr(err.text, "has ended"), "%s", err.text);
	vb_trace_writer_abandon(w);
	vb_trace_writer_abandon(NULL);
	close(fds[1]);
}

Test(trace_disk, killed_writer)
{
	char *path = scratch_file();
	uint8_t data[8] = { 0 };
	struct events e;
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct vb_trace_writer *w = writer_open(path);
		struct vb_event ev;
		struct vb_err err;

		fill_event(&ev, data, sizeof(data));
		for (uint64_t i = 0; i < 10; i++) {
			vb_trace_writer_event(w, &ev, &err);
			vb_trace_writer_tick(w, i * 300, 1000, &err);
		}
		raise(SIGKILL);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSIGNALED(status));
	events_read_file(&e, path);
	cr_assert_eq(e.result, 0, "%s", e.err.text);
	cr_assert(!e.info.truncated && !e.info.has_statistics);
	cr_assert_eq(e.n, 9, "flushed with the events of ticks 4 and 8: %zu", e.n);
	events_done(&e);
	unlink(path);
	free(path);
}

/* Who reads a pipe gets records soon, and a writer with nothing to write sees that it went away. */
Test(trace_disk, pipe)
{
	char *path = scratch_file();
	uint8_t data[8] = { 0 }, buf[4096];
	struct vb_trace_writer *w;
	struct vb_event ev;
	struct vb_err err;
	int reader;

	unlink(path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	cr_assert_geq(reader, 0);
	w = writer_open(path);
	fill_event(&ev, data, sizeof(data));
	cr_assert_eq(vb_trace_writer_tick(w, 1000000000, 1000000000, &err), 0);
	cr_assert_eq(vb_trace_writer_flush(w, &err), 0);
	cr_assert_gt(read(reader, buf, sizeof(buf)), 0);
	cr_assert_eq(vb_trace_writer_event(w, &ev, &err), 0);
	cr_assert_eq(vb_trace_writer_tick(w, 1050000000, 1000000000, &err), 0);
	cr_assert_lt(read(reader, buf, sizeof(buf)), 0);
	cr_assert_eq(vb_trace_writer_tick(w, 1100000000, 1000000000, &err), 0);
	cr_assert_gt(read(reader, buf, sizeof(buf)), 0);
	cr_assert_eq(vb_trace_writer_tick(w, 2000000000, 1000000000, &err), 0);
	close(reader);
	cr_assert_eq(vb_trace_writer_tick(w, 2050000000, 1000000000, &err), 0, "looked just now");
	cr_assert_eq(vb_trace_writer_tick(w, 2100000000, 1000000000, &err), -EPIPE);
	cr_assert_eq(vb_trace_writer_tick(w, 2200000000, 1000000000, &err), -EPIPE);
	vb_trace_writer_abandon(w);
	unlink(path);
	free(path);
}
