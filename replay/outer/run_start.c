/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A private directory, an initramfs in it, the emulator; and how all of that goes away. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay/outer/command.h"
#include "replay/outer/run_impl.h"
#include "replay/setup/setup.h"

#define KERNEL_MIB 160u /* what the inner kernel and its start take */
#define MIB (1024ull * 1024u)

static const char *const names[] = { VB_OUTER_INITRD, VB_OUTER_FRAMES, VB_OUTER_CONSOLE,
				     VB_OUTER_EMULATOR_LOG };

/* "" where it would not fit: then nothing has that name. */
static const char *path_in(const struct vb_outer *o, const char *name, char ret[PATH_MAX])
{
	if (snprintf(ret, PATH_MAX, "%s/%s", o->dir, name) >= PATH_MAX)
		ret[0] = '\0';
	return ret;
}

/* ---- the directory ---- */

static int make_dir(struct vb_outer *o, struct vb_err *err)
{
	const char *tmp = getenv("TMPDIR");
	int n = snprintf(o->dir, sizeof(o->dir), "%s/vmbusreplay.XXXXXX",
			 tmp && *tmp ? tmp : "/tmp");

	if (n >= PATH_MAX - 32)
		return vb_fail(err, -ENAMETOOLONG, "TMPDIR is too long");
	if (mkdtemp(o->dir))
		return 0;
	n = errno;
	o->dir[0] = '\0';
	return vb_fail(err, -n, "cannot make a directory in %s: %s", tmp && *tmp ? tmp : "/tmp",
		       strerror(n));
}

/* Logs that shall stay are made where they stay; the name in our directory leads there. */
static int place_log(struct vb_outer *o, const char *name, struct vb_err *err)
{
	char path[PATH_MAX], real[PATH_MAX], to[PATH_MAX + 64];

	if (!o->opt->log_dir)
		return 0;
	if (!realpath(o->opt->log_dir, real))
		return vb_fail(err, -errno, "%s: %s", o->opt->log_dir, strerror(errno));
	snprintf(to, sizeof(to), "%s/inner-%s", real, name);
	unlink(to);
	if (symlink(to, path_in(o, name, path)))
		return vb_fail(err, -errno, "cannot write %s: %s", path, strerror(errno));
	return 0;
}

static int open_in(const struct vb_outer *o, const char *name, int flags, int *ret_fd,
		   struct vb_err *err)
{
	char path[PATH_MAX];

	*ret_fd = open(path_in(o, name, path), flags | O_CREAT | O_CLOEXEC, 0666);
	if (*ret_fd < 0)
		return vb_fail(err, -errno, "cannot make %s: %s", path, strerror(errno));
	return 0;
}

static void take_signals(struct vb_outer *o)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	o->pending = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	sigaddset(&mask, SIGPIPE); /* writing tells */
	sigprocmask(SIG_BLOCK, &mask, &o->old_mask);
}

int vb_outer_open(struct vb_outer *o, struct vb_err *err)
{
	int ret;

	o->frames = o->console = o->log = o->signals = -1;
	for (size_t i = 0; i < VB_OUTER_FILES; i++)
		o->files[i] = -1;
	take_signals(o);
	ret = o->pending < 0 ? vb_fail(err, -errno, "signals: %s", strerror(errno)) : 0;
	if (!ret)
		ret = make_dir(o, err);
	if (!ret)
		ret = place_log(o, VB_OUTER_CONSOLE, err);
	if (!ret)
		ret = place_log(o, VB_OUTER_EMULATOR_LOG, err);
	if (!ret)
		ret = open_in(o, VB_OUTER_FRAMES, O_RDWR, &o->frames, err);
	if (!ret)
		ret = open_in(o, VB_OUTER_CONSOLE, O_RDWR, &o->console, err);
	return ret ? ret : open_in(o, VB_OUTER_EMULATOR_LOG, O_RDWR | O_APPEND, &o->log, err);
}

void vb_outer_hide(struct vb_outer *o)
{
	char path[PATH_MAX];

	if (!o->dir[0] || o->hidden)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_in(o, names[i], path));
	rmdir(o->dir);
	o->hidden = true;
}

static void give_signals_back(struct vb_outer *o)
{
	struct signalfd_siginfo info;
	struct timespec no_time = { 0, 0 };
	sigset_t pipe;

	while (o->warned && read(o->pending, &info, sizeof(info)) > 0)
		;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	while (sigtimedwait(&pipe, NULL, &no_time) > 0)
		;
	sigprocmask(SIG_SETMASK, &o->old_mask, NULL);
}

/* Pending signals reach whoever waited for them before; those we acted upon are gone. */
void vb_outer_close(struct vb_outer *o)
{
	const int fds[] = { o->frames, o->console, o->log, o->signals };

	if (o->emulator) {
		kill(o->emulator, SIGKILL);
		waitpid(o->emulator, &o->emulator_status, 0);
	}
	for (size_t i = 0; i < VB_OUTER_FILES; i++)
		if (o->files[i] >= 0)
			close(o->files[i]);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	vb_outer_hide(o);
	give_signals_back(o);
	if (o->pending >= 0)
		close(o->pending);
}

void vb_outer_last_words(int fd, char *ret, size_t size)
{
	char line[512];
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	FILE *f = copy < 0 ? NULL : fdopen(copy, "r");

	snprintf(ret, size, "none");
	if (f)
		rewind(f);
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[strspn(line, " \t")])
			snprintf(ret, size, "%.200s", line);
		if (strstr(line, "Kernel panic"))
			break; /* what follows are registers */
	}
	if (f)
		fclose(f);
}

/* ---- the emulator ---- */

static _Noreturn void become_emulator(const struct vb_outer *o, struct vb_outer_argv *c,
				      const char *path, pid_t parent, int signals)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0); /* a terminal's Ctrl-C is for us, not for it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || chdir(o->dir))
		_exit(127);
	dup2(null, STDIN_FILENO);
	dup2(o->log, STDOUT_FILENO);
	dup2(o->log, STDERR_FILENO);
	fcntl(signals, F_SETFD, 0);
	for (size_t i = 0; i < o->opt->n_drives; i++)
		fcntl(o->opt->drives[i].fd, F_SETFD, 0);
	sigprocmask(SIG_SETMASK, &o->old_mask, NULL);
	execv(path, (char *const *)c->argv);
	_exit(127);
}

static int launch(struct vb_outer *o, struct vb_outer_argv *c, int signals, struct vb_err *err)
{
	char path[PATH_MAX];
	pid_t self = getpid();
	int ret = vb_outer_find_emulator(path, sizeof(path), err);

	if (ret)
		return -ENOTSUP;
	o->emulator = fork();
	if (!o->emulator)
		become_emulator(o, c, path, self, signals);
	if (o->emulator > 0)
		return 0;
	ret = errno;
	o->emulator = 0;
	return vb_fail(err, -ret, "cannot start the emulator: %s", strerror(ret));
}

static int make_initrd(struct vb_outer *o, uint64_t *ret_len, struct vb_err *err)
{
	int fd = -1, ret = open_in(o, VB_OUTER_INITRD, O_WRONLY, &fd, err);

	if (ret)
		return ret;
	ret = vb_outer_initrd(o->opt, fd, ret_len, err);
	close(fd);
	return ret;
}

/* The path of the kernel, absolute: the emulator runs elsewhere. */
static int find_kernel(const struct vb_outer *o, char ret_path[PATH_MAX], struct vb_err *err)
{
	char path[PATH_MAX];
	int ret = vb_setup_path(o->opt->cache, VB_SETUP_IMAGE, VB_SETUP_KERNEL, path, err);

	if (ret)
		return -ENOTSUP;
	if (!realpath(path, ret_path))
		return vb_fail(err, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

int vb_outer_start(struct vb_outer *o, struct vb_err *err)
{
	char kernel[PATH_MAX];
	struct vb_outer_argv c;
	uint64_t len = 0, mib;
	int ends[2], ret = find_kernel(o, kernel, err);

	if (!ret)
		ret = make_initrd(o, &len, err);
	if (ret)
		return ret;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return vb_fail(err, -errno, "no socket: %s", strerror(errno));
	o->signals = ends[0];
	/* at its start the machine has the archive and what is in it */
	mib = o->opt->memory_mib + KERNEL_MIB + 2 * (len / MIB + 1);
	ret = vb_outer_command(&c, o->opt, kernel, mib, ends[1], err);
	if (!ret)
		ret = launch(o, &c, ends[1], err);
	close(ends[1]);
	return ret;
}
