/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Process 1 of the inner machine, as any process, with shell commands for programs. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay/outer/pump.h"

struct inner {
	struct vb_pump p;
	char dir[32], path[64];
	int signals; /* our end */
	/* what came out */
	char out[256], err[256], file[256];
	unsigned int n_begins;
	int status; /* -1: none came */
};

static int take(void *ctx, const struct vb_frame_head *head, const uint8_t *data,
		struct vb_err *err)
{
	struct inner *in = ctx;
	char *to = head->type == VB_FRAME_STDOUT ? in->out :
		   head->type == VB_FRAME_STDERR ? in->err :
						   in->file;

	(void)err;
	cr_assert_eq(in->status, -1, "frames after the last one");
	if (head->type == VB_FRAME_FILE_BEGIN) {
		cr_assert_eq(head->file, 2);
		in->n_begins++;
		in->file[0] = '\0';
	} else if (head->type == VB_FRAME_STATUS) {
		memcpy(&in->status, data, sizeof(in->status));
	} else if (head->type != VB_FRAME_TICK) {
		strncat(to, (const char *)data, head->len);
	}
	return 0;
}

static void inner_init(struct inner *in)
{
	int ends[2];

	memset(in, 0, sizeof(*in));
	snprintf(in->dir, sizeof(in->dir), "/tmp/vb-pump-XXXXXX");
	cr_assert_not_null(mkdtemp(in->dir));
	snprintf(in->path, sizeof(in->path), "%s/f", in->dir);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	in->signals = ends[0];
	in->p.signals = ends[1];
	in->p.frames = memfd_create("frames", MFD_CLOEXEC);
	in->p.dir = in->dir;
	in->p.files[2].name = "f";
	in->status = -1;
}

/* Run a command in place of the program; $f is the file that is brought out. */
static void inner_start(struct inner *in, const char *command)
{
	int out[2], errors[2];

	cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(errors, O_CLOEXEC), 0);
	in->p.out = out[0];
	in->p.err = errors[0];
	in->p.program = fork();
	if (!in->p.program) {
		setenv("f", in->path, 1);
		dup2(out[1], STDOUT_FILENO);
		dup2(errors[1], STDERR_FILENO);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(out[1]);
	close(errors[1]);
}

static void inner_take(struct inner *in)
{
	struct vb_frame_reader *r = calloc(1, sizeof(*r));
	struct vb_err err = { "" };
	uint8_t buf[4096];
	ssize_t n;

	cr_assert_not_null(r);
	r->ctx = in;
	r->frame = take;
	cr_assert_eq(lseek(in->p.frames, 0, SEEK_SET), 0);
	while ((n = read(in->p.frames, buf, sizeof(buf))) > 0)
		cr_assert_eq(vb_frame_feed(r, buf, (size_t)n, &err), 0, "%s", err.text);
	cr_assert_eq(r->have, 0u);
	free(r);
}

static void inner_done(struct inner *in)
{
	close(in->signals);
	close(in->p.frames);
	unlink(in->path);
	cr_assert_eq(rmdir(in->dir), 0);
}

static void run(struct inner *in, const char *command)
{
	inner_init(in);
	inner_start(in, command);
	cr_assert_eq(vb_pump_run(&in->p), 0);
	inner_take(in);
}

Test(outer_pump, output_file_status, .timeout = 30)
{
	struct inner in;

	run(&in, "echo words; echo complaint >&2; printf abc >$f; printf def >>$f; exit 7");
	cr_assert_str_eq(in.out, "words\n");
	cr_assert_str_eq(in.err, "complaint\n");
	cr_assert_str_eq(in.file, "abcdef");
	cr_assert(WIFEXITED(in.status));
	cr_assert_eq(WEXITSTATUS(in.status), 7);
	inner_done(&in);
}

Test(outer_pump, killed_and_nothing_written, .timeout = 30)
{
	struct inner in;

	run(&in, "kill -9 $$");
	cr_assert(WIFSIGNALED(in.status));
	cr_assert_eq(WTERMSIG(in.status), 9);
	cr_assert_eq(in.n_begins, 0u);
	inner_done(&in);
}

/* A file comes out as it grows; what changed behind our back is noticed at the end. */
Test(outer_pump, file_as_it_grows)
{
	struct inner in;
	FILE *f;

	inner_init(&in);
	f = fopen(in.path, "we");
	fputs("one", f);
	fflush(f);
	cr_assert_eq(vb_pump_files(&in.p, false), 0);
	inner_take(&in);
	cr_assert_str_eq(in.file, "one");
	fputs(" two", f);
	fflush(f);
	cr_assert_eq(vb_pump_files(&in.p, false), 0);
	cr_assert_eq(vb_pump_files(&in.p, true), 0);
	in.n_begins = 0;
	inner_take(&in);
	cr_assert_str_eq(in.file, "one two");
	cr_assert_eq(in.n_begins, 1u, "sent once only");
	rewind(f);
	fputs("ONE", f);
	fclose(f);
	cr_assert_eq(vb_pump_files(&in.p, false), 0);
	cr_assert_eq(vb_pump_files(&in.p, true), 0);
	inner_take(&in);
	cr_assert_str_eq(in.file, "ONE two");
	inner_done(&in);
}

/* The signal waits in the socket until the program runs, as it does while the machine starts. */
Test(outer_pump, signals_are_handed_on, .timeout = 30)
{
	struct inner in;
	uint8_t number = SIGTERM;

	inner_init(&in);
	inner_start(&in,
		    "trap 'echo caught; exit 3' TERM; kill -STOP $$; while :; do sleep 0.01; done");
	cr_assert_eq(waitpid(in.p.program, NULL, WUNTRACED), in.p.program);
	kill(in.p.program, SIGCONT);
	cr_assert_eq(write(in.signals, &number, 1), 1);
	cr_assert_eq(vb_pump_run(&in.p), 0);
	inner_take(&in);
	cr_assert_str_eq(in.out, "caught\n");
	cr_assert(WIFEXITED(in.status));
	cr_assert_eq(WEXITSTATUS(in.status), 3);
	inner_done(&in);
}

/* Somebody else holds the pipes' other ends: the end of the program is the end. */
Test(outer_pump, left_behind_children, .timeout = 30)
{
	struct inner in;

	run(&in, "sleep 1000 & echo $!");
	cr_assert_eq(in.status, 0);
	kill((pid_t)strtol(in.out, NULL, 10), SIGKILL);
	inner_done(&in);
}
