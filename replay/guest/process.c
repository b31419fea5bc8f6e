/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay/guest/agent.h"

#define CANNOT_EXECUTE 127

static void wire(int fd, enum vb_agent_wiring wiring)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null >= 0)
		dup2(null, STDIN_FILENO);
	if (wiring == VB_WIRE_OUT)
		dup2(fd, STDOUT_FILENO);
	if (wiring != VB_WIRE_CONSOLE)
		dup2(fd, STDERR_FILENO);
}

static _Noreturn void become(char *const words[], int fd, enum vb_agent_wiring wiring)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	wire(fd, wiring);
	execvp(words[0], words);
	_exit(CANNOT_EXECUTE);
}

int vb_agent_start(struct vb_agent_child *ret, char *const words[], enum vb_agent_wiring wiring)
{
	int fds[2] = { -1, -1 };
	pid_t pid;

	if (wiring != VB_WIRE_CONSOLE && pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		become(words, fds[1], wiring);
	if (fds[1] >= 0)
		close(fds[1]);
	if (pid < 0) {
		if (fds[0] >= 0)
			close(fds[0]);
		return -errno;
	}
	if (fds[0] >= 0)
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*ret = (struct vb_agent_child){ .pid = pid, .out = fds[0] };
	return 0;
}

static void note(struct vb_agent_child *c, pid_t pid, int status)
{
	if (c->pid != pid || c->ended)
		return;
	c->ended = true;
	c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void vb_agent_reap(struct vb_agent *a)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		note(&a->workload, pid, status);
		note(&a->capture, pid, status);
		note(&a->loader, pid, status);
		note(&a->doer, pid, status);
	}
}

void vb_agent_kill(struct vb_agent *a, struct vb_agent_child *c, int sig, int grace_ms)
{
	uint64_t until = vb_agent_now_ms() + (uint64_t)grace_ms;

	if (c->pid == 0 || c->ended)
		return;
	kill(-c->pid, sig);
	while (!c->ended && vb_agent_now_ms() < until)
		vb_agent_pump(a, 100);
	if (c->ended)
		return;
	kill(-c->pid, SIGKILL);
	for (int i = 0; i < 20 && !c->ended; i++)
		vb_agent_pump(a, 100);
}
