/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that may come up while the agent waits: output of children, clients, messages of vmbusreplay,
 * and the tick that says that this guest is alive.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "replay/guest/agent.h"

#define BUSY_US 2000   /* how often the port is looked at while somebody waits for an answer */
#define FRAMES_US 1000 /* while frames may come that are to be sent on time */
#define FLOWING_US 100 /* for so long after one came: */
#define FLOWING_MS 20
#define IDLE_US 100000 /* and else: each look is an exit of the machine */

uint64_t vb_agent_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int vb_agent_pump_open(struct vb_agent *a)
{
	struct itimerspec each_second = { .it_interval.tv_sec = 1, .it_value.tv_sec = 1 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	a->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	a->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (a->signal_fd < 0 || a->timer_fd < 0)
		return -errno;
	return timerfd_settime(a->timer_fd, 0, &each_second, NULL) < 0 ? -errno : 0;
}

/* ---- vmbusreplay's messages ---- */

static void report_done(struct vb_agent *a, int status)
{
	uint32_t answer[2] = { a->doer_id, (uint32_t)status };

	vb_port_send(VB_AGENT_DID, answer, sizeof(answer), a->doer_text, a->doer_len);
	a->doer = (struct vb_agent_child){ .out = -1 };
}

static void begin_doing(struct vb_agent *a, struct vb_port_message *m)
{
	char *words[VB_AGENT_WORDS_MAX + 1];
	size_t n = 0, at = sizeof(uint32_t);
	int rc;

	if (m->head.len <= sizeof(uint32_t))
		return;
	if (a->doer.pid) {
		uint32_t answer[2] = { 0, (uint32_t)-EBUSY };

		memcpy(answer, m->data, sizeof(uint32_t));
		vb_port_send(VB_AGENT_DID, answer, sizeof(answer), NULL, 0);
		return;
	}
	memcpy(&a->doer_id, m->data, sizeof(a->doer_id));
	a->doer_len = 0;
	while (at < m->head.len && n < VB_AGENT_WORDS_MAX) {
		words[n++] = (char *)m->data + at;
		at += strlen((char *)m->data + at) + 1;
	}
	words[n] = NULL;
	rc = vb_agent_start(&a->doer, words, VB_WIRE_OUT);
	if (rc < 0)
		report_done(a, rc);
}

static void handle_message(struct vb_agent *a, struct vb_port_message *m)
{
	switch (m->head.type) {
	case VB_AGENT_REPLY:
		vb_agent_answer(a, m);
		break;
	case VB_AGENT_STOP:
		if (a->end == VB_END_NONE)
			a->end = VB_END_STOP;
		break;
	case VB_AGENT_DO:
		begin_doing(a, m);
		break;
	case VB_AGENT_FRAME:
		vb_agent_frame_send(a, m);
		break;
	case VB_AGENT_SCSI_DATA:
		vb_agent_scsi_data(a, m);
		break;
	case VB_AGENT_SCSI:
		vb_agent_scsi_send(a, m);
		break;
	default:
		break;
	}
}

/* ---- children's output ---- */

/* Returns the number of bytes; the end of a child's output is noted. */
static size_t read_child(struct vb_agent_child *c, char *text, size_t size)
{
	ssize_t n = read(c->out, text, size);

	if (n > 0)
		return (size_t)n;
	if (n == 0 || errno != EAGAIN) {
		close(c->out);
		c->out = -1;
	}
	return 0;
}

static void workload_prints(struct vb_agent *a)
{
	char text[8192];
	size_t n = read_child(&a->workload, text, sizeof(text));

	if (n > 0)
		vb_port_send(VB_AGENT_TEXT, text, n, NULL, 0);
}

/* A line, whole or not: vmbusdump writes each at once. */
static void capture_says(struct vb_agent *a)
{
	char text[1024];
	size_t n = read_child(&a->capture, text, sizeof(text) - 1);

	text[n] = '\0';
	if (strstr(text, "capturing"))
		a->capture_ready = true;
	if (strstr(text, "hv_vmbus is loaded"))
		a->capture_whole = true;
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	if (n > 0)
		vb_port_send_text(VB_AGENT_PHASE, text);
}

static void doer_prints(struct vb_agent *a)
{
	char rest[1024];
	size_t left = sizeof(a->doer_text) - a->doer_len;

	if (left > 0)
		a->doer_len += read_child(&a->doer, a->doer_text + a->doer_len, left);
	else
		read_child(&a->doer, rest, sizeof(rest));
}

/* ---- the loop ---- */

static void tick(struct vb_agent *a)
{
	uint64_t n;

	if (read(a->timer_fd, &n, sizeof(n)) != (ssize_t)sizeof(n))
		return;
	vb_port_send(VB_AGENT_TICK, NULL, 0, NULL, 0);
	vb_agent_interfaces_look(a);
}

static void drain_signals(struct vb_agent *a)
{
	struct signalfd_siginfo info;

	while (read(a->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
	vb_agent_reap(a);
}

static const struct {
	size_t fd; /* offset in struct vb_agent */
	void (*ready)(struct vb_agent *a);
} sources[] = {
	{ offsetof(struct vb_agent, timer_fd), tick },
	{ offsetof(struct vb_agent, signal_fd), drain_signals },
	{ offsetof(struct vb_agent, listen_fd), vb_agent_accept },
	{ offsetof(struct vb_agent, workload.out), workload_prints },
	{ offsetof(struct vb_agent, capture.out), capture_says },
	{ offsetof(struct vb_agent, doer.out), doer_prints },
};

#define N_SOURCES (sizeof(sources) / sizeof(*sources))

static long look_us(const struct vb_agent *a)
{
	if (a->n_interfaces + a->n_disks == 0)
		return vb_agent_waits(a) ? BUSY_US : IDLE_US;
	return vb_agent_now_ms() - a->frame_ms < FLOWING_MS ? FLOWING_US : FRAMES_US;
}

void vb_agent_pump(struct vb_agent *a, int ms)
{
	long us = look_us(a) < ms * 1000L ? look_us(a) : ms * 1000L;
	struct timespec wait = { .tv_nsec = us * 1000 };
	struct pollfd fds[N_SOURCES];

	for (size_t i = 0; i < N_SOURCES; i++)
		fds[i] = (struct pollfd){
			.fd = *(const int *)((const char *)a + sources[i].fd),
			.events = POLLIN,
		};
	if (ppoll(fds, N_SOURCES, &wait, NULL) < 0)
		return;
	for (size_t i = 0; i < N_SOURCES; i++)
		if (fds[i].revents)
			sources[i].ready(a);
	while (vb_port_receive(&a->message))
		handle_message(a, &a->message);
	vb_agent_disks_reap(a);
	if (a->doer.pid && a->doer.ended && a->doer.out < 0)
		report_done(a, a->doer.status);
}
