/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay/guest/agent.h"

static const struct {
	const char *type, *where;
	mode_t mode;
} mounts[] = {
	{ "proc", "/proc", 0755 },
	{ "sysfs", "/sys", 0755 },
	{ "devtmpfs", "/dev", 0755 },
	{ "tmpfs", "/tmp", 0777 | S_ISVTX },
	{ "tmpfs", "/run", 0755 },
	{ "tmpfs", VB_AGENT_OUT, 0777 },
	{ "bpf", "/sys/fs/bpf", 0755 },
	{ "debugfs", "/sys/kernel/debug", 0755 },
	{ "tracefs", "/sys/kernel/tracing", 0755 },
};

/* Where daemons keep their state. */
static const char *const directories[] = { "/etc", "/root", "/var", "/var/lib", "/var/lib/hyperv" };

/* The names of its commands under /bin. */
static void install_busybox(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/busybox", "busybox", "--install", "-s", "/bin", (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

void vb_agent_mounts(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		/* What a kernel does not have, nobody needs. */
		mkdir(mounts[i].where, mounts[i].mode);
		if (mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, NULL) == 0)
			chmod(mounts[i].where, mounts[i].mode);
	}
	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		mkdir(directories[i], 0755);
	install_busybox();
	setenv("PATH", "/sbin:/bin:/usr/sbin:/usr/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "linux", 1);
}
