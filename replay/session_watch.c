/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who watches over a guest: every stage has a deadline, a guest that says too much is ended, and so
 * is one that says nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "capture/signals.h"
#include "replay/session_impl.h"

#define SECOND UINT64_C(1000000000)
#define LOOK_NS (SECOND / 5)
#define ONE_WISH_NS (SECOND / 2) /* timeout(1) sends each signal twice */

/*
 * An emulated machine on a busy one is slow; a guest that lives says so every second. Where time is
 * counted the guest's pace is always the same, and a second of a guest that spins takes half a minute.
 */
static const struct patience {
	uint64_t boot;	  /* kernel to agent */
	uint64_t silence; /* between two signs of life of the agent */
	uint64_t stop;	  /* from the wish to end to the end */
	uint64_t down;	  /* from the last word of the agent to power off */
} patience[] = {
	[false] = { 180 * SECOND, 45 * SECOND, 60 * SECOND, 45 * SECOND },
	[true] = { 12 * SECOND, 4 * SECOND, 30 * SECOND, 4 * SECOND },
};

#define MAX_MESSAGES 100000u /* control messages of a guest in a second */

#define MAX_SLOW 4u /* a healthy agent is heard of in less work of the emulator */

/*
 * Each byte is an exit of the machine: before a flood is VB_CONSOLE_MAX long, minutes are gone. All
 * tasks of a busy kernel, which somebody may want to see, are less than this.
 */
#define FLOOD_RATE (4u << 10) /* bytes of the console in a second that are not counted */
#define FLOOD_BYTES (256u << 10)

static void stop(struct vb_guest_session *s, const char *why)
{
	if (s->stage >= VB_STAGE_STOP)
		return;
	vb_session_progress(s, why);
	if (s->stage == VB_STAGE_UP)
		vb_session_send(s, VB_AGENT_STOP, NULL, 0, NULL, 0);
	else /* nobody is there to be told */
		vb_session_fail(s, -EINTR, "the guest was ended before its agent was there");
	vb_session_stage(s, VB_STAGE_STOP);
}

static void interrupt(struct vb_guest_session *s, const char *why, const char *line)
{
	const struct vb_session_hooks *h = vb_session_hooks(s);

	if (h->interrupted)
		h->interrupted(h->ctx, why);
	stop(s, line);
}

void vb_session_end(struct vb_guest_session *s)
{
	stop(s, "end");
}

static void counts(struct vb_guest_session *s)
{
	struct vb_host_stats st;
	char line[200];

	vb_host_get_stats(s->host, &st);
	snprintf(line, sizeof(line),
		 "control messages %" PRIu64 " in, %" PRIu64 " out; packets %" PRIu64
		 " in, %" PRIu64 " out",
		 st.messages_in, st.messages_out, st.packets_in, st.packets_out);
	vb_session_progress(s, line);
}

/* A stage may have begun after the caller looked at the clock. */
static uint64_t between(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

static void take_signals(struct vb_guest_session *s, uint64_t now)
{
	unsigned int wishes = vb_signals_poll(s->opt->signal_fd);

	if (wishes & VB_WISH_COUNTS)
		counts(s);
	if (!(wishes & VB_WISH_STOP))
		return;
	s->interrupted = true;
	if (s->n_interrupts > 0 && between(s->interrupt_ns, now) < ONE_WISH_NS)
		return;
	s->interrupt_ns = now;
	if (s->n_interrupts++ > 0)
		vb_session_fail(s, -EINTR, "ended at once; what the guest had is lost");
	else
		interrupt(s, "interrupted", "the guest is told to end; once more ends it at once");
}

/* Deadlines of this machine's time are far away while it crawls. */
static void check_pace(struct vb_guest_session *s)
{
	struct signalfd_siginfo info;

	while (s->opt->slow_fd >= 0 &&
	       read(s->opt->slow_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		s->n_slow++;
	if (s->n_slow >= MAX_SLOW)
		vb_session_fail(s, -ETIMEDOUT,
				"the guest hangs: it spins, and nothing comes of its agent");
}

static void check_stage(struct vb_guest_session *s, uint64_t now)
{
	const struct patience *p = &patience[s->opt->counted];
	uint64_t in_stage = between(s->stage_ns, now);

	if (s->stage == VB_STAGE_BOOT && in_stage > p->boot)
		vb_session_fail(s, -ETIMEDOUT,
				"the kernel did not reach its agent in %" PRIu64 " s",
				p->boot / SECOND);
	else if (s->stage == VB_STAGE_DONE && in_stage > p->down)
		vb_session_fail(s, -ETIMEDOUT, "the guest did not power off in %" PRIu64 " s",
				p->down / SECOND);
	else if (s->stage == VB_STAGE_STOP && in_stage > p->stop)
		vb_session_fail(s, -ETIMEDOUT, "told to end, the guest did not in %" PRIu64 " s",
				p->stop / SECOND);
	else if ((s->stage == VB_STAGE_UP || s->stage == VB_STAGE_STOP) &&
		 between(s->alive_ns, now) > p->silence)
		vb_session_fail(s, -ETIMEDOUT,
				"the guest hangs: nothing of its agent for %" PRIu64 " s",
				p->silence / SECOND);
}

static void check_deadline(struct vb_guest_session *s, uint64_t now)
{
	if (s->opt->deadline_ns == 0 || between(s->start_ns, now) < s->opt->deadline_ns ||
	    s->deadline_passed)
		return;
	s->deadline_passed = true;
	interrupt(s, "the deadline passed", "the deadline has passed: the guest is told to end");
}

/* At the end of a second. A kernel that boots may say much. */
static void check_console(struct vb_guest_session *s)
{
	size_t len = s->console.text.len;

	s->flood_len += len - s->console_len;
	s->flood_len -= s->flood_len < FLOOD_RATE ? s->flood_len : FLOOD_RATE;
	s->console_len = len;
	if (s->stage == VB_STAGE_BOOT)
		s->flood_len = 0;
	if (s->flood_len > FLOOD_BYTES)
		vb_session_fail(s, -EFBIG,
				"the guest floods its console: %u KiB more than %u KiB a second",
				FLOOD_BYTES >> 10, FLOOD_RATE >> 10);
}

static void check_floods(struct vb_guest_session *s, uint64_t now)
{
	struct vb_host_stats st;

	if (s->console.flooded)
		vb_session_fail(s, -EFBIG, "the guest floods its console: more than %u MiB",
				VB_CONSOLE_MAX >> 20);
	if (between(s->second_ns, now) < SECOND)
		return;
	vb_host_get_stats(s->host, &st);
	if (st.messages_in - s->messages > MAX_MESSAGES)
		vb_session_fail(s, -EFBIG,
				"the guest floods the bus: %" PRIu64
				" control messages in a second",
				st.messages_in - s->messages);
	check_console(s);
	s->messages = st.messages_in;
	s->second_ns = now;
}

static void look(struct vb_guest_session *s, uint64_t now_ns)
{
	take_signals(s, now_ns);
	vb_host_log_tick(&s->log, now_ns);
	if (s->log.failed)
		vb_session_fail(s, s->log.failed, "%s", s->log.err.text);
	if (s->failed == 0) {
		check_deadline(s, now_ns);
		check_stage(s, now_ns);
		check_pace(s);
		check_floods(s, now_ns);
	}
	s->look_ns = now_ns + LOOK_NS;
}

/* It is called after each exit of the guest, and most of them need no look. */
uint64_t vb_session_watch(void *ctx, uint64_t now_ns)
{
	struct vb_guest_session *s = ctx;
	const struct vb_session_hooks *h = vb_session_hooks(s);
	uint64_t hooks;

	if (now_ns >= s->look_ns)
		look(s, now_ns);
	hooks = h->tick && s->failed == 0 ? h->tick(h->ctx, now_ns) : VB_NEVER;
	return hooks < s->look_ns ? hooks : s->look_ns;
}
