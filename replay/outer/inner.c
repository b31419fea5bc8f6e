/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This program as /init of the inner machine: mount, insert modules, open the ports, then run itself
 * once more as a child, with the words it was given, and hand out what comes of it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "replay/outer/inner_impl.h"
#include "replay/outer/outer.h"
#include "replay/outer/pump.h"

#define MAX_PORTS 8u
#define PORT_TRIES 5000u /* of 1 ms */

bool vb_inner_is(void)
{
	return getpid() == 1 && !access(VB_INNER_ARGV, R_OK);
}

/* ---- the system ---- */

/*
 * A full /out is an error for the program, while the root file system has no limit: it would take all
 * memory.
 */
static int mount_all(struct vb_err *err)
{
	static const struct {
		const char *type, *where, *options;
	} all[] = { { "devtmpfs", "/dev", NULL },
		    { "proc", "/proc", NULL },
		    { "sysfs", "/sys", NULL },
		    { "tmpfs", "/tmp", "size=90%" },
		    { "tmpfs", VB_INNER_OUT, "size=90%" } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (mount(all[i].type, all[i].where, all[i].type, 0, all[i].options) &&
		    errno != EBUSY)
			return vb_fail(err, -errno, "cannot mount %s: %s", all[i].where,
				       strerror(errno));
	return 0;
}

/* Tell the kernel; one that knows nothing of it goes on as it is. */
static void tune(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	n = write(fd, text, strlen(text));
	(void)n;
	close(fd);
}

/*
 * The guest's memory is shared memory, and asks for large pages. Each page that the guest touches for
 * the first time is an exit, which costs an emulated processor much: booting takes half of the time.
 * Nothing else depends on it.
 */
static void allow_large_pages(void)
{
	tune("/sys/kernel/mm/transparent_hugepage/shmem_enabled", "advise");
}

#define SCHED "/sys/kernel/debug/sched/"

void vb_inner_take_turns(void)
{
	/* not the processor of a machine that somebody works with */
	if (getppid() != 1 || access(VB_INNER_ARGV, R_OK))
		return;
	if (mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL) && errno != EBUSY)
		return;
	/* in ns; the turns of two are half of the latency */
	tune(SCHED "latency_ns", "100000");
	tune(SCHED "min_granularity_ns", "50000");
	tune(SCHED "wakeup_granularity_ns", "20000");
	/* a turn ends by a timer of its own, not with the tick */
	tune(SCHED "features", "HRTICK");
}

static int insert(const struct vb_inner_module *m, struct vb_err *err)
{
	char path[PATH_MAX];
	int fd, ret = 0;

	snprintf(path, sizeof(path), VB_INNER_MODULES "/%s.ko", m->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0; /* built in */
	if (syscall(SYS_finit_module, fd, m->parameters ? m->parameters : "", 0) && errno != EEXIST)
		ret = vb_fail(err, -errno, "cannot insert the module %s: %s", m->name,
			      strerror(errno));
	close(fd);
	return ret;
}

static bool port_has_name(unsigned int i, const char *name)
{
	char path[64], have[64] = "";
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/virtio-ports/vport0p%u/name", i);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, have, sizeof(have) - 1);
	close(fd);
	have[n > 0 ? n : 0] = '\0';
	have[strcspn(have, "\n")] = '\0';
	return !strcmp(have, name);
}

/* The port appears when the emulator has answered the driver. */
static int open_port(const char *name, int flags, int *ret_fd, struct vb_err *err)
{
	struct timespec ms = { 0, 1000000 };
	char path[64];

	for (unsigned int tries = 0; tries < PORT_TRIES; tries++) {
		for (unsigned int i = 0; i < MAX_PORTS; i++) {
			if (!port_has_name(i, name))
				continue;
			snprintf(path, sizeof(path), "/dev/vport0p%u", i);
			*ret_fd = open(path, flags | O_CLOEXEC);
			if (*ret_fd >= 0)
				return 0;
		}
		nanosleep(&ms, NULL);
	}
	return vb_fail(err, -ENODEV, "the port %s does not appear", name);
}

/* ---- drives ---- */

static bool is_drive(const char *serial_of, const char *serial)
{
	char path[300], have[32] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/block/%s/serial", serial_of);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, have, sizeof(have) - 1);
	close(fd);
	have[n > 0 ? n : 0] = '\0';
	have[strcspn(have, "\n")] = '\0';
	return !strcmp(have, serial);
}

int vb_inner_drive(size_t i, bool writable)
{
	DIR *dir = opendir("/sys/block");
	char serial[32], path[300];
	const struct dirent *e;
	int fd = -ENODEV;

	if (!dir)
		return -errno;
	snprintf(serial, sizeof(serial), VB_INNER_DRIVE "%zu", i);
	while (fd == -ENODEV && (e = readdir(dir)))
		if (is_drive(e->d_name, serial)) {
			snprintf(path, sizeof(path), "/dev/%s", e->d_name);
			fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
			fd = fd < 0 ? -errno : fd;
		}
	closedir(dir);
	return fd;
}

/* ---- what to do ---- */

/* A whole file and a NUL behind it. */
static int read_all(const char *path, char **ret, size_t *ret_len, struct vb_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0 || fstat(fd, &st))
		return vb_fail(err, -errno, "cannot open %s: %s", path, strerror(errno));
	*ret = calloc(1, (size_t)st.st_size + 1);
	if (*ret)
		n = read(fd, *ret, (size_t)st.st_size);
	close(fd);
	if (n != st.st_size)
		return vb_fail(err, -EIO, "cannot read %s", path);
	*ret_len = (size_t)n;
	return 0;
}

/* Words that each end in a NUL, as an array that ends in NULL. It stays for the life of the process. */
static int read_words(const char *path, char ***ret, size_t *ret_n, struct vb_err *err)
{
	char *text = NULL, *at, **words;
	size_t len = 0, n = 0;
	int code = read_all(path, &text, &len, err);

	if (code)
		return code;
	for (at = text; at < text + len; at += strlen(at) + 1)
		n++;
	words = calloc(n + 1, sizeof(*words));
	if (!words)
		return vb_fail(err, -ENOMEM, "out of memory");
	for (at = text, n = 0; at < text + len; at += strlen(at) + 1)
		words[n++] = at;
	*ret = words;
	*ret_n = n;
	return 0;
}

static int take_outputs(struct vb_pump *p, struct vb_err *err)
{
	char **names;
	size_t n;
	int ret = read_words(VB_INNER_OUTPUTS, &names, &n, err);

	if (!ret && n > VB_PUMP_FILES)
		ret = vb_fail(err, -E2BIG, "%zu files are too many", n);
	for (size_t i = 0; i < n && !ret; i++)
		p->files[i].name = *names[i] ? names[i] : NULL;
	return ret;
}

/* ---- the program ---- */

/* In the child: descriptors as a program has them, everything else closed. */
static int become_program(const struct vb_pump *p, int out, int errors, struct vb_err *err)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), ret = 1;

	signal(VB_INNER_SLOW_SIGNAL, SIG_IGN); /* until vb_inner_slow() waits for it */

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(errors, STDERR_FILENO) < 0)
		ret = vb_fail(err, -errno, "no descriptors: %s", strerror(errno));
	close(null);
	close(out);
	close(errors);
	close(p->out);
	close(p->err);
	close(p->frames);
	close(p->signals);
	return ret;
}

/* 1 in the program's process; 0 in process 1, when all is handed out. */
static int start(struct vb_pump *p, struct vb_err *err)
{
	int out[2], errors[2];

	if (pipe2(out, O_CLOEXEC) || pipe2(errors, O_CLOEXEC))
		return vb_fail(err, -errno, "no pipe: %s", strerror(errno));
	p->out = out[0];
	p->err = errors[0];
	p->program = fork();
	if (p->program < 0)
		return vb_fail(err, -errno, "no process: %s", strerror(errno));
	if (!p->program)
		return become_program(p, out[1], errors[1], err);
	close(out[1]);
	close(errors[1]);
	vb_pump_run(p);
	return 0;
}

static int prepare(struct vb_pump *p, struct vb_err *err)
{
	int ret = mount_all(err);

	if (!ret)
		allow_large_pages();
	for (const struct vb_inner_module *m = vb_inner_modules; m->name && !ret; m++)
		ret = insert(m, err);
	if (!ret)
		ret = open_port(VB_INNER_PORT_FRAMES, O_WRONLY, &p->frames, err);
	if (!ret)
		ret = vb_pump_send(p->frames, VB_FRAME_TICK, 0, NULL, 0);
	if (!ret)
		ret = open_port(VB_INNER_PORT_SIGNALS, O_RDONLY | O_NONBLOCK, &p->signals, err);
	return ret ? ret : take_outputs(p, err);
}

/* Was it told by the port? */
static bool told(const struct vb_pump *p, const struct vb_err *err)
{
	return p->frames >= 0 &&
	       !vb_pump_send(p->frames, VB_FRAME_FAILED, 0, err->text, strlen(err->text));
}

int vb_inner_begin(int *ret_argc, char ***ret_argv, struct vb_err *err)
{
	struct vb_pump p = {
		.frames = -1, .signals = -1, .out = -1, .err = -1, .dir = VB_INNER_OUT
	};
	size_t argc = 0;
	int ret = prepare(&p, err);

	if (!ret)
		ret = read_words(VB_INNER_ARGV, ret_argv, &argc, err);
	if (!ret)
		ret = start(&p, err);
	*ret_argc = (int)argc;
	return ret < 0 && getpid() == 1 && told(&p, err) ? 0 : ret;
}

int vb_inner_slow(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, VB_INNER_SLOW_SIGNAL);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

void vb_inner_end(void)
{
	if (getpid() != 1)
		return;
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
