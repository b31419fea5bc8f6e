/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a trace (-r): to look at it, or to copy parts of it.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/child.h"
#include "capture/modes.h"
#include "capture/signals.h"
#include "capture/tally.h"

#define WAIT_MS 200	 /* for standard input, before signals are looked at */
#define POLL_EVERY 4096u /* records of a file between two looks */

struct reading {
	const struct vb_options *opt;
	const char *command; /* whose output is read instead of opt->input; or NULL */
	struct vb_child child;
	int stream;	/* the pipe that is read, when it is one */
	char name[256]; /* of the input, for messages */
	struct vb_flow flow;
	struct vb_source *source;
	struct vb_answers answers;
	struct vb_files files;
	struct vb_files_options file_options;
	struct vb_tally tally;
	int signals;
	bool ended;	  /* all was read */
	bool interrupted; /* by a signal */
	bool bad_input, bad_output;
	bool reader_gone;
	struct vb_err err;
};

/* ---- the source ---- */

/* Whoever writes our input pauses: hand on what there is. */
static int hand_on(struct reading *rd)
{
	int rc;

	vb_report_flush(rd->flow.report);
	rc = vb_frames_flush(&rd->flow.frames, &rd->err);
	if (rc == 0 && rd->flow.files)
		rc = vb_trace_writer_tick(rd->files.writer, vb_monotonic_ns(), 0, &rd->err);
	rd->bad_output = rc < 0;
	return rc;
}

static void look_for_signals(struct reading *rd)
{
	if (vb_signals_poll(rd->signals) & VB_WISH_STOP)
		rd->interrupted = true;
}

/* A pipe is waited for together with the signals: they end the wait for its first bytes, too. */
static ssize_t read_stream(void *ctx, void *buf, size_t len, int timeout_ms)
{
	struct reading *rd = ctx;
	struct pollfd p[2] = {
		{ .fd = rd->stream, .events = POLLIN },
		{ .fd = rd->signals, .events = POLLIN },
	};
	ssize_t n;

	do {
		if (poll(p, 2, timeout_ms) < 0)
			return errno == EINTR ? -EAGAIN : -errno;
		if (p[1].revents)
			look_for_signals(rd);
	} while (timeout_ms < 0 && !p[0].revents && !rd->interrupted);
	if (rd->interrupted || !p[0].revents)
		return -EAGAIN;
	n = read(rd->stream, buf, len);
	if (n >= 0)
		return n;
	return errno == EINTR ? -EAGAIN : -errno;
}

/* The next record: 1; 0: the end, or the user's wish; negative: a failure. */
static int next_record(struct reading *rd, struct vb_event *ev, uint64_t n)
{
	int rc;

	for (;;) {
		if (n % POLL_EVERY == 0)
			look_for_signals(rd);
		if (rd->interrupted)
			return 0;
		rc = rd->source->ops->next(rd->source, WAIT_MS, ev, &rd->err);
		if (rc != -EAGAIN)
			break;
		rc = hand_on(rd);
		if (rc < 0)
			return rc;
		n = 0; /* nothing to read: there is time to look for signals */
	}
	rd->ended = rc == 0;
	return rc;
}

static bool is_same_file(const char *input, const char *output)
{
	struct stat in, out;

	if ((strcmp(input, "-") == 0 ? fstat(STDIN_FILENO, &in) : stat(input, &in)) < 0)
		return false;
	if ((strcmp(output, "-") == 0 ? fstat(STDOUT_FILENO, &out) : stat(output, &out)) < 0)
		return false;
	return S_ISREG(in.st_mode) && in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

/* ---- passes ---- */

/* The first pass: which record answers which. */
static int find_answers(struct reading *rd)
{
	struct vb_decoder d;
	struct vb_event ev;
	uint64_t n = 0;
	int rc = vb_decoder_init(&d, NULL);

	while (rc == 0) {
		rc = next_record(rd, &ev, n++);
		if (rc <= 0)
			break;
		vb_decoder_begin(&d, &ev);
		vb_decoder_walk(&d, 0, NULL);
		rc = vb_answers_keep(&rd->answers, ev.number, &d.link);
	}
	vb_decoder_done(&d);
	if (rc == -ENOMEM)
		return vb_fail(&rd->err, rc, "not enough memory for the first pass");
	/* What cannot be read will not be read the second time either; that pass says so. */
	return rd->interrupted ? 0 : vb_source_file_rewind(rd->source, &rd->err);
}

static int name_devices(struct reading *rd)
{
	const struct vb_device_stats *stats;
	size_t n = rd->source->ops->devices(rd->source, &stats);

	return vb_files_devices(&rd->files, stats, n, &rd->err);
}

static int take_record(struct reading *rd, const struct vb_event *ev)
{
	int rc = 0, go_on;

	if (rd->flow.files)
		rc = name_devices(rd);
	go_on = rc < 0 ? rc : vb_flow_record(&rd->flow, ev, &rd->err);
	if (go_on < 0) {
		rd->bad_output = true;
		return go_on;
	}
	if (!rd->flow.files)
		return go_on;
	rc = vb_trace_writer_tick(rd->files.writer, vb_monotonic_ns(), VB_FLUSH_NS, &rd->err);
	if (rc < 0) {
		rd->bad_output = true;
		return rc;
	}
	rc = vb_tally_add(&rd->tally, &ev->hdr, rd->flow.written);
	return rc < 0 ? vb_fail(&rd->err, rc, "not enough memory") : go_on;
}

static int read_all(struct reading *rd)
{
	struct vb_event ev;
	uint64_t n = 0;
	int rc;

	while ((rc = next_record(rd, &ev, n++)) > 0) {
		rc = take_record(rd, &ev);
		if (rc <= 0)
			return rc;
	}
	rd->bad_input = rc < 0 && !rd->bad_output;
	return rc;
}

/* ---- the copy ---- */

static int open_copy(struct reading *rd)
{
	const struct vb_trace_info *info = vb_source_file_info(rd->source);
	const struct vb_options *opt = rd->opt;
	int rc;

	if (!opt->output)
		return 0;
	rd->file_options = (struct vb_files_options){
		.path = opt->output,
		.writer = {
			.application = info->application[0] ? info->application :
							      "vmbusdump " VB_TOOLS_VERSION,
			.os = info->os[0] ? info->os : NULL,
			.hardware = info->hardware[0] ? info->hardware : NULL,
			.filter = rd->flow.filter_text,
			.flush_each = opt->line_buffered,
		},
	};
	rc = vb_files_open(&rd->files, &rd->file_options, 0, &rd->err);
	if (rc == 0)
		rd->flow.files = &rd->files;
	else
		rd->bad_output = true;
	return rc;
}

static int open_frames(struct reading *rd)
{
	int rc = 0;

	if (rd->opt->ethernet)
		rc = vb_frames_open(&rd->flow.frames, rd->opt->ethernet, &rd->err);
	rd->bad_output |= rc < 0;
	return rc;
}

/* What reading found wrong is said before what closing does. */
static int close_frames(struct reading *rd, int rc)
{
	struct vb_err err = { "" };
	int closed = vb_frames_close(&rd->flow.frames, &err);

	if (closed < 0 && rc >= 0) {
		rd->bad_output = true;
		rd->err = err;
		return closed;
	}
	return rc;
}

/*
 * The statistics of the copy: the capture's own when all of it was read; what was counted here when
 * the user wanted no more; none when the capture had none or reading was cut short, because then
 * the copy is no complete one.
 */
static int close_copy(struct reading *rd, int rc)
{
	const struct vb_device_stats *stats = NULL;
	size_t n = 0;
	struct vb_err err = { "" };
	int closed;

	if (rd->ended && rc == 0 && vb_source_file_info(rd->source)->has_statistics) {
		n = rd->source->ops->devices(rd->source, &stats);
	} else if (!rd->ended && rc == 0 && !rd->interrupted) {
		stats = rd->tally.stats;
		n = rd->tally.n;
	}
	if (rd->flow.files && rd->ended && rc == 0)
		rc = name_devices(rd);
	closed = vb_files_close(&rd->files, stats, n, rd->bad_output, &err);
	if (closed < 0 && rc == 0) {
		rd->bad_output = true;
		rd->err = err;
		return closed;
	}
	return rc;
}

/* ---- the end ---- */

static void say_outcome(const struct reading *rd)
{
	const struct vb_flow *fl = &rd->flow;
	const struct vb_trace_info *info = vb_source_file_info(rd->source);
	uint64_t malformed = fl->decoder.n_malformed;
	bool quiet = rd->opt->quiet && malformed == 0;

	if (info->truncated)
		vb_report_say(rd->flow.report,
			      "%s ends inside a block: what was written last is missing", rd->name);
	if (info->n_foreign > 0)
		vb_report_say(rd->flow.report,
			      "%s: passed over %" PRIu64 " packets that are no VMBus records",
			      rd->name, info->n_foreign);
	vb_frames_say(&fl->frames, rd->flow.report, rd->opt->quiet || rd->bad_output);
	if (quiet && (rd->command || !rd->interrupted))
		return;
	if (fl->files)
		vb_report_say(rd->flow.report,
			      "%" PRIu64 " record%s read, %" PRIu64 " written to %s, %" PRIu64
			      " malformed%s",
			      fl->n_read, vb_plural(fl->n_read), fl->n_written,
			      strcmp(rd->opt->output, "-") == 0 ? "standard output" :
								  rd->opt->output,
			      malformed, rd->interrupted ? "; interrupted" : "");
	else if (malformed > 0 || rd->interrupted)
		vb_report_say(rd->flow.report, "%" PRIu64 " record%s read, %" PRIu64 " malformed%s",
			      fl->n_read, vb_plural(fl->n_read), malformed,
			      rd->interrupted ? "; interrupted" : "");
}

static enum vb_exit exit_code(const struct reading *rd, int rc)
{
	const struct vb_trace_info *info = vb_source_file_info(rd->source);

	if (rd->reader_gone)
		return VB_EXIT_GOOD;
	if (rc == -ENOTSUP)
		return VB_EXIT_CANNOT;
	if (rc < 0 || (rd->interrupted && !rd->command))
		return VB_EXIT_DATA;
	if (vb_frames_any_lost(&rd->flow.frames))
		return VB_EXIT_DATA;
	if (rd->opt->strict && (rd->flow.decoder.n_malformed > 0 || info->truncated))
		return VB_EXIT_DATA;
	return VB_EXIT_GOOD;
}

static int run_passes(struct reading *rd)
{
	int rc = 0;

	if (vb_flow_needs_answers(&rd->flow) && vb_source_file_seekable(rd->source)) {
		rc = find_answers(rd);
		rd->flow.decoder.answers = &rd->answers;
	}
	if (rc == 0)
		rc = open_copy(rd);
	if (rc == 0)
		rc = open_frames(rd);
	if (rc == 0 && !rd->interrupted)
		rc = read_all(rd);
	return close_frames(rd, close_copy(rd, rc));
}

static enum vb_exit finish(struct reading *rd, int rc)
{
	int flushed = vb_report_flush(rd->flow.report);

	rd->reader_gone = vb_report_reader_gone(rd->flow.report) ||
			  (rd->bad_output && rc == -EPIPE);
	if (flushed < 0 && rc >= 0)
		rc = vb_fail(&rd->err, flushed, "cannot write to standard output: %s",
			     strerror(-flushed));
	if (rd->reader_gone)
		return VB_EXIT_GOOD;
	if ((rd->ended || rd->bad_input) && vb_child_wait(&rd->child, &rd->err) < 0) {
		/* It explains whatever else is wrong. */
		vb_report_say(rd->flow.report, "%s", rd->err.text);
		return VB_EXIT_DATA;
	}
	if (rc < 0)
		vb_report_say(rd->flow.report, "%s", rd->err.text);
	say_outcome(rd);
	return exit_code(rd, rc);
}

/* ---- the beginning ---- */

static bool stdin_is_pipe(void)
{
	struct stat st;

	return fstat(STDIN_FILENO, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int open_input(struct reading *rd)
{
	const char *input = rd->opt->input;
	int rc;

	if (!rd->command && !(strcmp(input, "-") == 0 && stdin_is_pipe())) {
		snprintf(rd->name, sizeof(rd->name), "%s", input);
		return vb_source_file_open(input, &rd->source, &rd->err);
	}
	rd->stream = STDIN_FILENO;
	snprintf(rd->name, sizeof(rd->name), "standard input");
	if (rd->command) {
		rc = vb_child_start(rd->command, &rd->child, &rd->err);
		if (rc < 0)
			return rc;
		rd->stream = rd->child.fd;
		snprintf(rd->name, sizeof(rd->name), "the output of %s", rd->child.name);
	}
	return vb_source_stream_open(read_stream, rd, rd->name, &rd->source, &rd->err);
}

static enum vb_exit cannot_open(struct reading *rd, int rc)
{
	/* Who runs a command until it is enough may find it enough before anything came. */
	if (rd->command && rd->interrupted)
		return VB_EXIT_GOOD;
	/* That it failed says more than what is wrong with its output. */
	if (vb_child_wait(&rd->child, &rd->err) < 0)
		rc = -ECHILD;
	vb_report_say(rd->flow.report, "%s", rd->err.text);
	if (rd->command || (rc != -ENOENT && rc != -EACCES && rc != -EISDIR))
		return VB_EXIT_DATA;
	return VB_EXIT_USAGE;
}

static bool replaces_input(const struct reading *rd, const char *option, const char *output)
{
	if (!output || rd->command || !is_same_file(rd->opt->input, output))
		return false;
	vb_report_say(rd->flow.report, "%s %s is the file that is read: give the copy another name",
		      option, output);
	return true;
}

static enum vb_exit open_and_run(struct reading *rd)
{
	int rc;

	if (replaces_input(rd, "-w", rd->opt->output) ||
	    replaces_input(rd, "--ethernet", rd->opt->ethernet))
		return VB_EXIT_USAGE;
	rc = open_input(rd);
	return rc < 0 ? cannot_open(rd, rc) : finish(rd, run_passes(rd));
}

static enum vb_exit read_trace(const struct vb_options *opt, const char *command,
			       struct vb_report *report)
{
	struct reading rd = { .opt = opt, .command = command, .signals = vb_signals_open() };
	enum vb_exit code = vb_flow_begin(&rd.flow, opt, report);

	if (code == VB_EXIT_GOOD)
		code = open_and_run(&rd);
	vb_child_stop(&rd.child);
	if (rd.source)
		rd.source->ops->close(rd.source);
	vb_flow_done(&rd.flow);
	vb_answers_done(&rd.answers);
	vb_tally_done(&rd.tally);
	if (rd.signals >= 0)
		close(rd.signals);
	return code;
}

enum vb_exit vb_run_read(const struct vb_options *opt, struct vb_report *report)
{
	return read_trace(opt, NULL, report);
}

enum vb_exit vb_run_read_command(const struct vb_options *opt, const char *command,
				 struct vb_report *report)
{
	return read_trace(opt, command, report);
}
