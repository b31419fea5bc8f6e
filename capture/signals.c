/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* nohup(1) makes a program ignore SIGHUP, and that is to stay so: a blocked signal is not ignored. */
static bool is_ignored(int signo)
{
	struct sigaction sa;

	return sigaction(signo, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN;
}

int vb_signals_open(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;
	int fd;

	/* A reader that went away is seen by the failed write. */
	sigaction(SIGPIPE, &ignore, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	if (!is_ignored(SIGHUP))
		sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

unsigned int vb_signals_poll(int fd)
{
	struct signalfd_siginfo si;
	unsigned int wishes = 0;

	while (fd >= 0 && read(fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		wishes |= si.ssi_signo == SIGUSR1 ? VB_WISH_COUNTS : VB_WISH_STOP;
	return wishes;
}
