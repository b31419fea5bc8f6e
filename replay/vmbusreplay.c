/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmbusreplay: a software VMBus host, for guests with unmodified kernels and for replays against
 * their drivers.
 */
#include <errno.h>
#include <limits.h>

#include "capture/flow.h"
#include "replay/agent_image.h"
#include "replay/doctor.h"
#include "replay/launch.h"
#include "replay/match.h"
#include "replay/play.h"
#include "replay/setup/setup.h"
#include "replay/stats.h"

static enum vb_exit exit_of(int rc)
{
	if (rc == 0)
		return VB_EXIT_GOOD;
	return rc == -EINVAL ? VB_EXIT_USAGE : rc == -ENOTSUP ? VB_EXIT_CANNOT : VB_EXIT_DATA;
}

static enum vb_exit fail(const struct vb_report *report, int rc, const struct vb_err *err)
{
	vb_report_say(report, "%s", err->text);
	return exit_of(rc);
}

static enum vb_exit setup(const struct vb_replay_options *o, const struct vb_report *report)
{
	struct vb_err err = { "" };
	char cache[PATH_MAX];
	int rc = vb_setup_cache(o->cache, cache, &err);

	if (rc == 0)
		rc = vb_setup_run(cache, o->words, o->n_words, &err);
	if (rc == 0)
		return VB_EXIT_GOOD;
	vb_report_say(report, "%s", err.text);
	return rc == -EINVAL ? VB_EXIT_USAGE : VB_EXIT_CANNOT;
}

static void say_end(const struct vb_launch *l, const struct vb_report *report)
{
	const struct vb_session_result *r = &l->result;
	struct vb_buf text = { 0 };

	if (report->quiet || l->emulated)
		return;
	vb_stats_text(r, &text);
	vb_report_say(report, "%s after %.1f s; %s", r->rebooted ? "rebooted" : "powered off",
		      (double)r->duration_ns / 1e9, text.failed ? "" : text.data);
	vb_buf_done(&text);
	if (r->n_dropped > 0 && !l->opt->files)
		vb_report_say(report,
			      "%llu file%s of the guest dropped: name a directory with --out",
			      (unsigned long long)r->n_dropped, vb_plural(r->n_dropped));
}

/* The figures, if they are wanted, and are not those of the inner program. */
static int write_stats(const struct vb_launch *l, struct vb_err *err)
{
	return l->opt->stats && !l->emulated ? vb_stats_write(&l->result, l->opt->stats, err) : 0;
}

static enum vb_exit guest(const struct vb_replay_options *o, struct vb_report *report)
{
	struct vb_launch l = {
		.opt = o,
		.agent = vb_agent_image,
		.agent_len = vb_agent_image_len(),
		.ctx = report,
		.progress = vb_report_progress,
		.trouble = vb_report_trouble,
		.output = vb_report_output,
	};
	struct vb_err err = { "" };
	int rc = vb_launch(&l, &err);

	if (rc == 0)
		rc = write_stats(&l, &err);
	if (rc < 0)
		return fail(report, rc, &err);
	say_end(&l, report);
	if (l.emulated && l.status != 0)
		return (enum vb_exit)l.status;
	if (l.result.status != 0) {
		vb_report_say(report, "the workload ended with status %d", l.result.status);
		return VB_EXIT_DATA;
	}
	if (o->capture && !l.result.has_capture) {
		vb_report_say(report, "no capture came out of the guest");
		return VB_EXIT_DATA;
	}
	return report->failed ? VB_EXIT_DATA : VB_EXIT_GOOD;
}

static enum vb_exit plan(const struct vb_replay_options *o, struct vb_report *report)
{
	struct vb_err err = { "" };
	int rc = vb_play_plan(o, &report->out, &err);

	return rc < 0 ? fail(report, rc, &err) : VB_EXIT_GOOD;
}

/* In an emulated machine the same happens once more, and its report is the report. */
static enum vb_exit replay(struct vb_play *p, struct vb_report *report)
{
	struct vb_launch l = {
		.opt = &p->opt,
		.agent = vb_agent_image,
		.agent_len = vb_agent_image_len(),
		.hooks = &p->hooks,
		.ctx = report,
		.progress = vb_report_progress,
		.trouble = vb_report_trouble,
		.output = vb_report_output,
	};
	struct vb_err err = { "" }, end_err = { "" };
	int rc = vb_launch(&l, &err), same;

	if (rc == -EINVAL || rc == -ENOTSUP || (rc < 0 && l.emulated))
		return fail(report, rc, &err);
	if (l.emulated)
		return (enum vb_exit)l.status;
	if (rc == 0)
		rc = write_stats(&l, &err);
	if (rc < 0)
		vb_report_say(report, "%s", err.text);
	same = vb_play_end(p, rc < 0 ? err.text : NULL, &report->out, &end_err);
	if (same < 0)
		return fail(report, same, &end_err);
	return same && rc == 0 && !report->failed ? VB_EXIT_GOOD : VB_EXIT_DATA;
}

static enum vb_exit run_trace(const struct vb_replay_options *o, struct vb_report *report)
{
	struct vb_err err = { "" };
	struct vb_play p;
	int rc = vb_play_init(&p, o, &err);
	enum vb_exit code = rc < 0 ? fail(report, rc, &err) : replay(&p, report);

	vb_play_done(&p);
	return code;
}

static enum vb_exit run(const struct vb_replay_options *o, struct vb_report *report)
{
	switch (o->mode) {
	case VB_REPLAY_SETUP:
		return setup(o, report);
	case VB_REPLAY_GUEST:
		return guest(o, report);
	case VB_REPLAY_PLAN:
		return plan(o, report);
	case VB_REPLAY_RUN:
		return run_trace(o, report);
	case VB_REPLAY_DOCTOR:
		return vb_replay_doctor(o->cache, vb_report_finding, report) == 0 ? VB_EXIT_GOOD :
										    VB_EXIT_CANNOT;
	case VB_REPLAY_TOLERATED:
		vb_match_describe(&report->out);
		return VB_EXIT_GOOD;
	case VB_REPLAY_VERSION:
		vb_buf_str(&report->out, "vmbusreplay " VB_TOOLS_VERSION "\n");
		return VB_EXIT_GOOD;
	case VB_REPLAY_HELP:
		vb_replay_options_help(o->command, &report->out);
		return VB_EXIT_GOOD;
	}
	return VB_EXIT_USAGE;
}

static enum vb_exit run_words(int argc, char **argv, struct vb_report *report)
{
	struct vb_replay_options o;
	struct vb_err err = { "" };
	enum vb_exit code = VB_EXIT_USAGE;

	if (vb_replay_options_parse(argc, argv, &o, &err) < 0) {
		vb_report_say(report, "%s", err.text);
	} else {
		report->quiet = o.quiet;
		code = run(&o, report);
	}
	vb_replay_options_done(&o);
	if (vb_report_flush(report) < 0 && !vb_report_reader_gone(report) && code == VB_EXIT_GOOD) {
		vb_report_say(report, "cannot write to standard output");
		code = VB_EXIT_DATA;
	}
	return code;
}

/* As /init of the inner machine, which is the end of it, or as the program in there. */
static enum vb_exit run_inner(struct vb_report *report)
{
	struct vb_err err = { "" };
	enum vb_exit code = VB_EXIT_CANNOT;
	char **argv;
	int argc, rc = vb_inner_begin(&argc, &argv, &err);

	if (rc > 0)
		code = run_words(argc, argv, report);
	else if (rc < 0)
		vb_report_say(report, "%s", err.text);
	vb_inner_end();
	return code;
}

int main(int argc, char **argv)
{
	struct vb_report report;
	enum vb_exit code;

	vb_report_init(&report, "vmbusreplay", false);
	code = vb_inner_is() ? run_inner(&report) : run_words(argc, argv, &report);
	vb_report_done(&report);
	return (int)code;
}
