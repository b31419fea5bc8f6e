/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shell commands whose output is read. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "capture/child.h"

/* How the command ends when all it wrote was read. */
static int run(const char *command, struct vb_err *err)
{
	struct vb_child c;
	char buf[64];

	cr_assert_eq(vb_child_start(command, &c, err), 0, "%s", err->text);
	while (read(c.fd, buf, sizeof(buf)) > 0)
		;
	return vb_child_wait(&c, err);
}

Test(child, ends)
{
	struct vb_err err = { "" };
	char command[300];

	cr_assert_eq(run("echo text; true", &err), 0);
	cr_assert_eq(run("exit 7", &err), -ECHILD);
	cr_assert_str_eq(err.text, "the command 'exit 7' failed with exit status 7; try it in a "
				   "shell: it has to write a trace");
	cr_assert_eq(run("kill -15 $$", &err), -ECHILD);
	cr_assert_not_null(strstr(err.text, "was ended by signal 15"));
	memset(command, 'x', sizeof(command) - 1);
	command[sizeof(command) - 1] = '\0';
	cr_assert_eq(run(command, &err), -ECHILD);
	cr_assert_not_null(strstr(err.text, "xxx...' failed with exit status 127"));
}

/* It has no input, no terminal, and none of the signals that this program blocks. */
Test(child, has_nothing_of_ours)
{
	struct vb_err err = { "" };
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	cr_assert_eq(run("read line && exit 1; (: </dev/tty) 2>/dev/null && exit 2; "
			 "grep -q '^SigBlk:.0*$' /proc/self/status || exit 3",
			 &err),
		     0, "%s", err.text);
}

Test(child, is_stopped_with_all_it_started)
{
	struct vb_err err = { "" };
	struct vb_child c;
	struct pollfd p;
	char buf[64];

	cr_assert_eq(vb_child_start("sleep 1000 & echo on; sleep 1000 | sleep 1000", &c, &err), 0);
	cr_assert_eq(read(c.fd, buf, sizeof(buf)), 3);
	/* the other end of the pipe closes only when nobody has it any more */
	p.fd = dup(c.fd);
	p.events = 0;
	cr_assert_eq(poll(&p, 1, 0), 0);
	vb_child_stop(&c);
	cr_assert_eq(poll(&p, 1, 0), 1);
	cr_assert(p.revents & POLLHUP);
	cr_assert_eq(c.pid, 0);
	vb_child_stop(&c);
	cr_assert_eq(vb_child_wait(&c, &err), 0);
}
