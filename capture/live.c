/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live capture (-i).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "capture/modes.h"
#include "capture/signals.h"

#define WAIT_MS 100
#define NS_PER_MS UINT64_C(1000000)
#define LOOK_EVERY 64u /* records between two looks at clock and signals, at most */
#define SHOWN_MS 40 /* how old a record may be when the source has it: no other one waits for it */

struct capture {
	const struct vb_options *opt;
	struct vb_flow flow;
	struct vb_source *source;
	struct vb_files files;
	struct vb_files_options file_options;
	struct vb_identity identity;
	struct utsname uts;
	char application[512];
	int signals;
	uint64_t now_ns, end_ns; /* monotonic; end_ns 0: no end */
	bool stopping;		 /* the source was asked to end */
	bool bad_output;
	bool reader_gone;			 /* before anything was written */
	bool waiting;				 /* hv_vmbus is not there yet */
	struct vb_classic insns[VB_CLASSIC_MAX]; /* of --frames */
	struct vb_frame_program frames;
	struct vb_err err;
};

static size_t devices(struct capture *c, const struct vb_device_stats **ret)
{
	*ret = NULL;
	return c->source->ops->devices ? c->source->ops->devices(c->source, ret) : 0;
}

static size_t counts(struct capture *c, const struct vb_device_stats **ret)
{
	if (c->source->ops->count)
		c->source->ops->count(c->source);
	return devices(c, ret);
}

static void say_counts(struct capture *c)
{
	const struct vb_device_stats *stats;
	size_t n = counts(c, &stats);

	vb_report_counts(c->flow.report, stats, n, c->opt->output ? "written" : "shown");
}

/* ---- files ---- */

static int name_devices(struct capture *c)
{
	const struct vb_device_stats *stats;
	size_t n = devices(c, &stats);

	return vb_files_devices(&c->files, stats, n, &c->err);
}

static int open_files(struct capture *c)
{
	const struct vb_options *opt = c->opt;
	int rc;

	if (!opt->output)
		return 0;
	uname(&c->uts);
	snprintf(c->application, sizeof(c->application), "vmbusdump " VB_TOOLS_VERSION " (%s)",
		 vb_source_bpf_probes(c->source));
	c->file_options = (struct vb_files_options){
		.path = opt->output,
		.max_bytes = opt->file_bytes,
		.max_seconds = opt->file_seconds,
		.n_files = opt->n_files,
		.owner = opt->user ? &c->identity : NULL,
		.writer = {
			.application = c->application,
			.os = c->uts.release,
			.hardware = c->uts.machine,
			.filter = c->flow.filter_text,
			.flush_each = opt->line_buffered,
		},
	};
	rc = vb_files_open(&c->files, &c->file_options, c->now_ns, &c->err);
	if (rc == 0)
		rc = name_devices(c);
	if (rc < 0)
		c->bad_output = true;
	else
		c->flow.files = &c->files;
	return rc;
}

/* The next file begins as the first one did: interfaces, states, offers. */
static int rotate(struct capture *c)
{
	const struct vb_device_stats *stats;
	size_t n = counts(c, &stats);
	int rc = vb_files_next(&c->files, stats, n, c->now_ns, &c->err);

	if (rc > 0)
		rc = name_devices(c) < 0 ? -EIO : 1;
	c->bad_output |= rc < 0;
	if (rc > 0 && vb_source_bpf_restate(c->source, &c->err) < 0)
		rc = -EIO;
	return rc;
}

/* ---- the loop ---- */

static void stop(struct capture *c)
{
	if (!c->stopping && c->source->ops->stop)
		c->source->ops->stop(c->source);
	c->stopping = true;
}

static bool files_due(const struct capture *c)
{
	return c->flow.files && !c->stopping && vb_files_due(&c->files, c->now_ns);
}

/* Clock and signals. 1: go on; 0: the last file is full; negative: a failure. */
static int look_around(struct capture *c, bool idle)
{
	unsigned int wishes = vb_signals_poll(c->signals);
	int rc;

	c->now_ns = vb_monotonic_ns();
	if (wishes & VB_WISH_COUNTS)
		say_counts(c);
	if (wishes & VB_WISH_STOP || (c->end_ns && c->now_ns >= c->end_ns))
		stop(c);
	if (idle && vb_report_flush(c->flow.report) < 0)
		return c->flow.report->failed;
	if (!c->flow.files)
		return 1;
	rc = vb_trace_writer_tick(c->files.writer, c->now_ns, VB_FLUSH_NS, &c->err);
	c->bad_output |= rc < 0;
	if (rc < 0)
		return rc;
	return files_due(c) ? rotate(c) : 1;
}

static int take_record(struct capture *c, const struct vb_event *ev)
{
	int rc = c->flow.files ? name_devices(c) : 0;

	if (rc == 0)
		rc = vb_flow_record(&c->flow, ev, &c->err);
	if (c->flow.written && !(ev->hdr.flags & VB_REC_SYNTHESIZED))
		c->files.has_traffic = true;
	c->bad_output |= rc < 0;
	return rc;
}

/*
 * Records that come one by one, but never let the source be idle, are to be seen all the same. The
 * time of a record tells, as the clock would, that the last look is long ago: it costs nothing.
 */
static bool is_late(const struct capture *c, const struct vb_event *ev)
{
	return ev->hdr.mono_ns >= c->now_ns + (WAIT_MS - SHOWN_MS) * NS_PER_MS;
}

/* Scripts that load drivers after hv_vmbus wait for this line: what they do is seen from here on. */
static void tell_bus(struct capture *c)
{
	if (!c->waiting || vb_source_bpf_bus(c->source) == VB_BUS_AWAITED)
		return;
	c->waiting = false;
	if (!c->opt->quiet)
		vb_report_say(c->flow.report, "hv_vmbus is loaded: capturing its channels");
}

/* Returns 0 at the end, whatever brought it, or a negative errno. */
static int capture_all(struct capture *c)
{
	struct vb_event ev;
	uint64_t n = 0;
	int rc = 1;

	while (rc > 0) {
		rc = c->source->ops->next(c->source, WAIT_MS, &ev, &c->err);
		tell_bus(c);
		if (rc == 0 || (rc < 0 && rc != -EAGAIN))
			break;
		if (rc == -EAGAIN) {
			rc = look_around(c, true);
			continue;
		}
		rc = take_record(c, &ev);
		if (rc > 0 && (++n % LOOK_EVERY == 0 || is_late(c, &ev) || files_due(c)))
			rc = look_around(c, false);
	}
	return rc;
}

/* ---- beginning and end ---- */

/* What --frames leaves out need not cross, but what is malformed is to be seen. */
static const struct vb_frame_program *frame_program(struct capture *c)
{
	if (!c->opt->frames || c->opt->strict)
		return NULL;
	c->frames = (struct vb_frame_program){
		.insns = c->insns,
		.n_insns = vb_pcap_filter_program(c->flow.frames.filter, c->insns, VB_CLASSIC_MAX),
		.wants_answers = vb_flow_needs_answers(&c->flow),
	};
	return &c->frames;
}

static int open_source(struct capture *c)
{
	const struct vb_options *opt = c->opt;
	struct vb_bpf_options bpf = {
		.channels = opt->channels,
		.snaplen = (uint32_t)opt->snaplen,
		.payload = (uint32_t)opt->payload,
		.ring_kib = (uint32_t)opt->ring_kib,
		.signals = opt->signals,
		.frames = frame_program(c),
	};

	return vb_source_bpf_open(&bpf, &c->source, &c->err);
}

static enum vb_exit begin(struct capture *c)
{
	int rc = open_source(c);

	if (rc < 0) {
		vb_report_say(c->flow.report, "%s", c->err.text);
		return rc == -EINVAL || rc == -ENOENT || rc == -E2BIG ? VB_EXIT_USAGE :
									VB_EXIT_CANNOT;
	}
	c->now_ns = vb_monotonic_ns();
	c->end_ns = c->opt->duration_ns ? c->now_ns + c->opt->duration_ns : 0;
	if (c->opt->user && vb_source_bpf_bus(c->source) != VB_BUS_THERE) {
		vb_report_say(c->flow.report,
			      "-Z: hv_vmbus is not loaded, and attaching to it later needs the "
			      "privileges; load it first or leave out -Z");
		return VB_EXIT_CANNOT;
	}
	c->waiting = vb_source_bpf_bus(c->source) == VB_BUS_AWAITED;
	rc = open_files(c);
	if (rc == 0 && c->opt->user)
		rc = vb_privileges_drop(&c->identity, &c->err);
	c->reader_gone = c->bad_output && rc == -EPIPE;
	if (c->reader_gone)
		return VB_EXIT_GOOD;
	if (rc < 0) {
		vb_report_say(c->flow.report, "%s", c->err.text);
		return c->bad_output ? VB_EXIT_DATA : VB_EXIT_CANNOT;
	}
	if (!c->opt->quiet)
		vb_report_say(c->flow.report, "capturing on %s (probes %s)", c->opt->channels,
			      vb_source_bpf_probes(c->source));
	return VB_EXIT_GOOD;
}

static bool any_lost(const struct vb_device_stats *stats, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (stats[i].lost)
			return true;
	return false;
}

static enum vb_exit finish(struct capture *c, int rc)
{
	const struct vb_device_stats *stats;
	size_t n = counts(c, &stats);
	struct vb_err err = { "" };
	bool gone;
	int closed;

	closed = vb_files_close(&c->files, stats, n, c->bad_output, &err);
	if (closed < 0 && rc >= 0) {
		rc = closed;
		c->err = err;
	}
	if (vb_report_flush(c->flow.report) < 0 && rc >= 0)
		rc = vb_fail(&c->err, c->flow.report->failed, "cannot write to standard output: %s",
			     strerror(-c->flow.report->failed));
	gone = rc == -EPIPE;
	if (rc < 0 && !gone)
		vb_report_say(c->flow.report, "%s", c->err.text);
	if (!c->opt->quiet || (any_lost(stats, n) && !gone))
		say_counts(c);
	vb_frames_say(&c->flow.frames, c->flow.report, c->opt->quiet);
	if (gone)
		return VB_EXIT_GOOD;
	if (rc < 0 || any_lost(stats, n) || vb_frames_any_lost(&c->flow.frames) ||
	    (c->opt->strict && c->flow.decoder.n_malformed > 0))
		return VB_EXIT_DATA;
	return VB_EXIT_GOOD;
}

enum vb_exit vb_run_live(const struct vb_options *opt, struct vb_report *report)
{
	struct capture c = { .opt = opt, .signals = vb_signals_open() };
	enum vb_exit code = vb_flow_begin(&c.flow, opt, report);

	if (code != VB_EXIT_GOOD) {
		/* it was said */
	} else if (opt->user && vb_identity_find(opt->user, &c.identity, &c.err) < 0) {
		vb_report_say(report, "%s", c.err.text);
		code = VB_EXIT_USAGE;
	} else {
		code = begin(&c);
		if (code == VB_EXIT_GOOD && !c.reader_gone)
			code = finish(&c, capture_all(&c));
		else
			vb_files_close(&c.files, NULL, 0, true, &c.err);
	}
	if (c.source)
		c.source->ops->close(c.source);
	vb_flow_done(&c.flow);
	if (c.signals >= 0)
		close(c.signals);
	return code;
}
