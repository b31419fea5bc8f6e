/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 2000 /* for a command that is about to end */
#define STEP_MS 10
#define NS_PER_MS 1000000L
#define QUOTED_MAX 100 /* bytes of a command that are quoted */

static void quote(const char *command, char *ret, size_t size)
{
	bool whole = strlen(command) <= QUOTED_MAX;

	snprintf(ret, size, "'%.*s%s'", QUOTED_MAX, command, whole ? "" : "...");
}

/* ---- starting ---- */

/* The signals that we block and ignore are the command's again. */
static int set_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, usual;
	int rc;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGINT);
	sigaddset(&usual, SIGTERM);
	sigaddset(&usual, SIGPIPE);
	rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
						    POSIX_SPAWN_SETSIGDEF);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(attr, &none);
	return rc == 0 ? posix_spawnattr_setsigdefault(attr, &usual) : rc;
}

/* Returns 0 or an errno, as posix_spawn(3) does. */
static int spawn(const char *command, int output, pid_t *ret_pid)
{
	char *const argv[] = { "sh", "-c", (char *)command, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int rc = posix_spawn_file_actions_init(&files);

	if (rc)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (rc == 0) {
		rc = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY,
						      0);
		if (rc == 0)
			rc = posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
		if (rc == 0)
			rc = set_attributes(&attr);
		if (rc == 0)
			rc = posix_spawn(ret_pid, "/bin/sh", &files, &attr, argv, environ);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

int vb_child_start(const char *command, struct vb_child *ret, struct vb_err *err)
{
	int ends[2], rc;

	*ret = (struct vb_child){ .fd = -1 };
	quote(command, ret->name, sizeof(ret->name));
	if (pipe2(ends, O_CLOEXEC) < 0)
		return vb_fail(err, -errno, "cannot run %s: %s", ret->name, strerror(errno));
	rc = spawn(command, ends[1], &ret->pid);
	close(ends[1]);
	ret->fd = ends[0];
	if (rc == 0)
		return 0;
	ret->pid = 0;
	close(ret->fd);
	ret->fd = -1;
	return vb_fail(err, -rc, "cannot run %s: /bin/sh: %s", ret->name, strerror(rc));
}

/* ---- ending ---- */

static void nap(void)
{
	struct timespec ts = { .tv_nsec = STEP_MS * NS_PER_MS };

	nanosleep(&ts, NULL);
}

/* All that could write to the pipe are gone. The group itself lasts until somebody buries it. */
static bool is_deserted(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) > 0 && p.revents & POLLHUP;
}

static bool is_over(struct vb_child *c)
{
	c->ended = c->ended || waitpid(c->pid, &c->status, WNOHANG) != 0;
	return c->ended && is_deserted(c->fd);
}

/* Wait for the shell and whoever else writes. True when they have ended. */
static bool await(struct vb_child *c)
{
	for (int ms = 0; ms < PATIENCE_MS && !is_over(c); ms += STEP_MS)
		nap();
	return is_over(c);
}

static int judge(const struct vb_child *c, struct vb_err *err)
{
	static const char remedy[] = "try it in a shell: it has to write a trace";

	if (WIFSIGNALED(c->status))
		return vb_fail(err, -ECHILD, "the command %s was ended by signal %d; %s", c->name,
			       WTERMSIG(c->status), remedy);
	if (WIFEXITED(c->status) && WEXITSTATUS(c->status) != 0)
		return vb_fail(err, -ECHILD, "the command %s failed with exit status %d; %s",
			       c->name, WEXITSTATUS(c->status), remedy);
	return 0;
}

int vb_child_wait(struct vb_child *c, struct vb_err *err)
{
	int rc = 0;

	if (!c->pid)
		return 0;
	await(c);
	if (c->ended)
		rc = judge(c, err);
	vb_child_stop(c);
	return rc;
}

void vb_child_stop(struct vb_child *c)
{
	if (!c->pid)
		return;
	if (!is_over(c)) {
		kill(-c->pid, SIGTERM);
		if (!await(c))
			kill(-c->pid, SIGKILL);
	}
	while (!c->ended)
		c->ended = waitpid(c->pid, &c->status, 0) >= 0 || errno != EINTR;
	close(c->fd);
	*c = (struct vb_child){ .fd = -1 };
}
