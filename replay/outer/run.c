/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run in the inner machine, from the start to the exit status. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "replay/clock.h"
#include "replay/outer/inner_impl.h"
#include "replay/outer/run_impl.h"

#define POLL_MS 10
#define NS_PER_S 1000000000ull
#define DEADLINE_NS (60 * NS_PER_S) /* when none is given */
#define COUNTED_NS (180 * NS_PER_S) /* a guest that spins delays ticks, and pace.h finds it */
#define BOOT_NS (90 * NS_PER_S)	    /* until it is up, on a busy machine that counts instructions */
#define POWER_OFF_NS (10 * NS_PER_S) /* after the last frame */
#define GRACE_NS (30 * NS_PER_S)     /* when none is given */
#define END_GRACES 4		     /* at most: a hung guest may still write its console */

/* ---- how it ended ---- */

static int explain_end(const struct vb_outer *o, struct vb_err *err)
{
	char words[256];

	vb_outer_last_words(o->console, words, sizeof(words));
	if (!strcmp(words, "none"))
		vb_outer_last_words(o->log, words, sizeof(words));
	return vb_fail(err, -EIO, "the inner machine ended %s; its last words: %s",
		       o->alive ? "without an exit status" : "before it began", words);
}

/* How long it may be silent. */
static uint64_t patience(const struct vb_outer *o)
{
	uint64_t ns = o->opt->deadline_ns;

	if (!ns)
		ns = o->opt->deterministic ? COUNTED_NS : DEADLINE_NS;

	return o->alive || ns > BOOT_NS ? ns : BOOT_NS;
}

static int explain_silence(const struct vb_outer *o, struct vb_err *err)
{
	char words[256];

	vb_outer_last_words(o->console, words, sizeof(words));
	return vb_fail(err, -ETIMEDOUT,
		       "the inner machine gave no sign of life for %llu s; its last words: %s",
		       (unsigned long long)(patience(o) / NS_PER_S), words);
}

/* It was told to end and does not get anywhere: whoever sent the signal must not wait for ever. */
static int check_grace(struct vb_outer *o, uint64_t now, struct vb_err *err)
{
	uint64_t grace = o->opt->grace_ns ? o->opt->grace_ns : GRACE_NS;

	if (!o->warned || o->ended)
		return 0;
	if (!o->progress_ns)
		o->progress_ns = now;
	if (now - o->progress_ns <= grace && now - o->warned_ns <= END_GRACES * grace)
		return 0;
	return vb_fail(err, -EINTR,
		       "interrupted; the inner machine did not end in %llu s and was killed",
		       (unsigned long long)((now - o->warned_ns) / NS_PER_S));
}

static int read_status(const struct vb_outer *o, int *ret_status, struct vb_err *err)
{
	if (WIFSIGNALED(o->status))
		return vb_fail(err, -EIO, "the program in the inner machine was ended by signal %d",
			       WTERMSIG(o->status));
	*ret_status = WEXITSTATUS(o->status);
	return 0;
}

/* ---- the run ---- */

/* A send that fails is no loss: the next one comes. */
static void check_pace(struct vb_outer *o)
{
	const uint8_t number = VB_INNER_SLOW_SIGNAL;
	struct timespec t;
	clockid_t clock;

	if (!o->opt->deterministic || !o->alive || !o->emulator ||
	    clock_getcpuclockid(o->emulator, &clock) || clock_gettime(clock, &t))
		return;
	if (vb_pace_look(&o->pace, o->ticked, (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec))
		(void)send(o->signals, &number, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	o->ticked = false;
}

/* Does it take too long, and does the disk hold what comes? */
static int check(struct vb_outer *o, uint64_t now, struct vb_err *err)
{
	int ret;

	if (!o->heard_ns)
		o->heard_ns = now;
	check_pace(o);
	ret = check_grace(o, now, err);
	if (!ret && !o->ended && now - o->heard_ns > patience(o))
		ret = explain_silence(o, err);
	return ret ? ret : vb_outer_check_room(o, err);
}

static bool has_ended(struct vb_outer *o)
{
	if (o->emulator && waitpid(o->emulator, &o->emulator_status, WNOHANG) == o->emulator)
		o->emulator = 0;
	return !o->emulator;
}

/* Until the machine is off. Nothing can come any more once it was seen off before looking. */
static int follow(struct vb_outer *o, struct vb_err *err)
{
	struct pollfd fd = { .fd = o->pending, .events = POLLIN };
	const struct vb_clock *clock = vb_clock_machine();
	uint64_t now;
	bool off = false;
	int ret = 0;

	o->heard_ns = vb_clock_mono(clock);
	while (!ret && !off) {
		poll(&fd, 1, POLL_MS);
		if (fd.revents)
			ret = vb_outer_signal(o, err);
		off = has_ended(o);
		if (!ret)
			ret = vb_outer_take(o, err);
		now = vb_clock_mono(clock);
		if (!ret && !off)
			ret = check(o, now, err);
		if (o->ended && now - o->heard_ns > POWER_OFF_NS)
			break;
	}
	return ret;
}

int vb_outer_run(const struct vb_outer_options *opt, int *ret_status, struct vb_err *err)
{
	struct vb_outer *o = calloc(1, sizeof(*o));
	int ret;

	if (!o)
		return vb_fail(err, -ENOMEM, "out of memory");
	o->opt = opt;
	o->reader.ctx = o;
	o->reader.frame = vb_outer_take_frame;
	ret = vb_outer_open(o, err);
	if (!ret)
		ret = vb_outer_start(o, err);
	if (!ret)
		ret = follow(o, err);
	if (!ret)
		ret = o->ended ? read_status(o, ret_status, err) : explain_end(o, err);
	vb_outer_close(o);
	free(o);
	return ret;
}
