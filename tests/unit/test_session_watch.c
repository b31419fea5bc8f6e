/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who watches over a guest, at times that the test chooses and without a machine. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "replay/session_impl.h"
#include "replay/vmm/machine.h"

#define SECOND UINT64_C(1000000000)
#define NOW (1000 * SECOND)

struct watched {
	struct vb_vm vm;
	struct vb_session_options opt;
	struct vb_guest_session s;
	unsigned int n_lines;
};

static void progress(void *ctx, uint64_t since_ns, const char *line)
{
	struct watched *w = ctx;

	(void)since_ns;
	(void)line;
	w->n_lines++;
}

/* A session in that stage, of which all times are age_ns before NOW, or after it if that is negative. */
static void make(struct watched *w, enum vb_stage stage, int64_t age_ns)
{
	uint64_t then = NOW - (uint64_t)age_ns;

	memset(w, 0, sizeof(*w));
	w->vm.kick_fd = -1;
	w->vm.end = VB_VM_RUNNING;
	w->opt = (struct vb_session_options){
		.signal_fd = -1, .slow_fd = -1, .ctx = w, .progress = progress
	};
	w->s = (struct vb_guest_session){ .opt = &w->opt,
					  .vm = &w->vm,
					  .stage = stage,
					  .start_ns = then,
					  .stage_ns = then,
					  .alive_ns = then,
					  .second_ns = age_ns < 0 ? then : NOW };
}

static void expect_alive(struct watched *w)
{
	uint64_t next = vb_session_watch(&w->s, NOW);

	cr_assert_eq(w->s.failed, 0, "stage %d: %s", (int)w->s.stage, w->s.err.text);
	cr_assert_eq(w->vm.end, VB_VM_RUNNING);
	cr_assert_eq(next, NOW + SECOND / 5);
}

static void expect_stopped(struct watched *w, const char *why)
{
	vb_session_watch(&w->s, NOW);
	cr_assert_eq(w->s.failed, -ETIMEDOUT, "stage %d", (int)w->s.stage);
	cr_assert_str_eq(w->s.err.text, why);
	cr_assert_eq(w->vm.end, VB_VM_STOPPED);
}

/* The caller looks at the clock, then a stage begins, then the caller's time is looked at. */
Test(session_watch, a_stage_that_began_after_the_look)
{
	for (unsigned int stage = VB_STAGE_BOOT; stage <= VB_STAGE_DONE; stage++) {
		struct watched w;

		make(&w, (enum vb_stage)stage, -1);
		expect_alive(&w);
		w.opt.counted = true;
		w.s.look_ns = 0;
		expect_alive(&w);
		make(&w, (enum vb_stage)stage, -(int64_t)(400 * SECOND));
		expect_alive(&w);
	}
}

Test(session_watch, a_session_that_began_after_the_look)
{
	struct watched w;

	make(&w, VB_STAGE_BOOT, -1);
	w.opt.deadline_ns = 1;
	expect_alive(&w);
	cr_assert_not(w.s.deadline_passed);
	make(&w, VB_STAGE_BOOT, 2);
	w.opt.deadline_ns = 2;
	vb_session_watch(&w.s, NOW);
	cr_assert(w.s.deadline_passed);
	cr_assert_eq(w.s.failed, -EINTR, "there is no agent to be told");
	cr_assert_eq(w.n_lines, 1);
}

/* ---- stages that take too long ---- */

static void expect_limit(enum vb_stage stage, bool counted, uint64_t limit, const char *why)
{
	struct watched w;

	make(&w, stage, (int64_t)(limit * SECOND));
	w.opt.counted = counted;
	expect_alive(&w);
	make(&w, stage, (int64_t)(limit * SECOND) + 1);
	w.opt.counted = counted;
	expect_stopped(&w, why);
}

Test(session_watch, limits)
{
	expect_limit(VB_STAGE_BOOT, false, 180, "the kernel did not reach its agent in 180 s");
	expect_limit(VB_STAGE_UP, false, 45, "the guest hangs: nothing of its agent for 45 s");
	expect_limit(VB_STAGE_STOP, false, 45, "the guest hangs: nothing of its agent for 45 s");
	expect_limit(VB_STAGE_DONE, false, 45, "the guest did not power off in 45 s");
}

Test(session_watch, limits_where_time_is_counted)
{
	expect_limit(VB_STAGE_BOOT, true, 12, "the kernel did not reach its agent in 12 s");
	expect_limit(VB_STAGE_UP, true, 4, "the guest hangs: nothing of its agent for 4 s");
	expect_limit(VB_STAGE_STOP, true, 4, "the guest hangs: nothing of its agent for 4 s");
	expect_limit(VB_STAGE_DONE, true, 4, "the guest did not power off in 4 s");
}

/* An agent that lives and does not end: the stage is what takes too long. */
Test(session_watch, told_to_end)
{
	struct watched w;

	make(&w, VB_STAGE_STOP, (int64_t)(60 * SECOND) + 1);
	w.s.alive_ns = NOW;
	expect_stopped(&w, "told to end, the guest did not in 60 s");
}

/* Between two looks nothing is looked at. */
Test(session_watch, looks_now_and_then)
{
	struct watched w;

	make(&w, VB_STAGE_BOOT, (int64_t)(200 * SECOND));
	w.s.look_ns = NOW + 1;
	cr_assert_eq(vb_session_watch(&w.s, NOW), NOW + 1);
	cr_assert_eq(w.s.failed, 0);
	w.s.look_ns = NOW;
	vb_session_watch(&w.s, NOW);
	cr_assert_eq(w.s.failed, -ETIMEDOUT);
}
