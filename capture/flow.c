/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/flow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool filter_needs(const void *ctx, const char *name)
{
	return vb_filter_needs(ctx, name);
}

static int describe_filters(struct vb_flow *fl)
{
	const char *filter = fl->opt->filter, *frames = fl->opt->frames;

	if (!filter && !frames)
		return 0;
	if (asprintf(&fl->filter_text, "%s%s%s%s", filter ? filter : "",
		     filter && frames ? "; " : "", frames ? "frames: " : "",
		     frames ? frames : "") >= 0)
		return 0;
	fl->filter_text = NULL;
	return -ENOMEM;
}

static int compile(struct vb_flow *fl, struct vb_err *err)
{
	const struct vb_options *opt = fl->opt;
	int rc = vb_show_init(&fl->show, opt, err);

	if (rc == 0 && opt->filter)
		rc = vb_filter_compile(opt->filter, &fl->filter, err);
	if (rc == 0)
		rc = vb_frames_init(&fl->frames, opt, err);
	if (rc == 0 && (describe_filters(fl) < 0 || vb_decoder_init(&fl->decoder, NULL) < 0))
		rc = vb_fail(err, -ENOMEM, "not enough memory");
	return rc;
}

enum vb_exit vb_flow_begin(struct vb_flow *fl, const struct vb_options *opt,
			   struct vb_report *report)
{
	struct vb_err err = { "" };
	int rc;

	*fl = (struct vb_flow){ .opt = opt, .report = report };
	rc = compile(fl, &err);
	if (rc < 0) {
		vb_report_say(report, "%s", err.text);
		return rc == -ENOTSUP ? VB_EXIT_CANNOT : VB_EXIT_USAGE;
	}
	if (fl->filter)
		fl->filter_parts = vb_parts_needed(filter_needs, fl->filter);
	/* A live capture that is only saved has no time for contents. */
	fl->decodes = opt->mode == VB_MODE_READ || opt->prints || opt->filter || opt->strict ||
		      opt->frames;
	fl->looks_at_frames = opt->frames || opt->ethernet;
	return VB_EXIT_GOOD;
}

void vb_flow_done(struct vb_flow *fl)
{
	vb_filter_free(fl->filter);
	vb_frames_done(&fl->frames);
	free(fl->filter_text);
	vb_show_done(&fl->show);
	vb_decoder_done(&fl->decoder);
}

bool vb_flow_needs_answers(const struct vb_flow *fl)
{
	return ((fl->opt->prints ? fl->show.parts : 0) | fl->filter_parts) & VB_PART_LINK;
}

static bool matches(struct vb_flow *fl, const struct vb_event *ev)
{
	struct vb_sink sink;

	if (!fl->filter)
		return true;
	sink = vb_filter_sink(fl->filter);
	vb_filter_begin(fl->filter, ev->number);
	vb_decoder_walk(&fl->decoder, fl->filter_parts, &sink);
	return vb_filter_match(fl->filter);
}

/* A record that matches so far; with --frames one of its frames must match, too. */
static int look_at_frames(struct vb_flow *fl, struct vb_err *err)
{
	int rc;

	if (!fl->looks_at_frames)
		return 1;
	if (!fl->decoder.learned)
		vb_decoder_walk(&fl->decoder, 0, NULL);
	rc = vb_frames_take(&fl->frames, &fl->decoder, err);
	return rc < 0 || fl->opt->frames ? rc : 1;
}

/*
 * Made-up states and offers go into every copy, whatever the filter says: without them what the
 * copy holds could not be decoded. So does a record that marks a loss: without it nobody would
 * learn where the loss was.
 */
static bool always_kept(const struct vb_record_header *h)
{
	return h->flags & VB_REC_SYNTHESIZED || h->lost;
}

static int write_record(struct vb_flow *fl, const struct vb_event *ev, bool match,
			struct vb_err *err)
{
	if (!fl->files || !(match || always_kept(&ev->hdr)))
		return 0;
	fl->n_written++;
	fl->written = true;
	return vb_trace_writer_event(fl->files->writer, ev, err);
}

static int show_record(struct vb_flow *fl, struct vb_err *err)
{
	int rc;

	vb_show_record(&fl->show, &fl->decoder, &fl->report->out);
	rc = vb_report_next(fl->report);
	return rc < 0 ? vb_fail(err, rc, "cannot write to standard output: %s", strerror(-rc)) : 0;
}

/* Does the record match? It is decoded in any case, to be judged and learned from. */
static int decode_record(struct vb_flow *fl, const struct vb_event *ev, struct vb_err *err)
{
	int match, rc = 0;

	vb_decoder_begin(&fl->decoder, ev);
	match = matches(fl, ev);
	if (match)
		match = look_at_frames(fl, err);
	if (match > 0 && fl->opt->prints)
		rc = show_record(fl, err);
	if (!fl->decoder.learned)
		vb_decoder_walk(&fl->decoder, 0, NULL);
	return rc < 0 ? rc : match;
}

int vb_flow_record(struct vb_flow *fl, const struct vb_event *ev, struct vb_err *err)
{
	int rc, match = 1;

	fl->n_read++;
	fl->written = false;
	vb_time_text_see(&fl->show.time, ev->time_ns);
	if (fl->decodes)
		match = decode_record(fl, ev, err);
	if (match < 0)
		return match;
	rc = write_record(fl, ev, match, err);
	if (rc < 0)
		return rc;
	/* Who captures N records means records of traffic. */
	if (match && !(fl->opt->mode == VB_MODE_LIVE && ev->hdr.flags & VB_REC_SYNTHESIZED))
		fl->n_matched++;
	return !fl->opt->max_records || fl->n_matched < fl->opt->max_records;
}
