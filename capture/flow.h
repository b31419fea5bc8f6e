/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens to each record, live or read: decode, filter, show, write, count.
 */
#ifndef VB_FLOW_H
#define VB_FLOW_H

#include "capture/decode.h"
#include "capture/filter.h"
#include "capture/frames.h"
#include "capture/options.h"
#include "capture/report.h"
#include "capture/rotate.h"
#include "capture/show.h"

/* Exit codes of the program. */
enum vb_exit {
	VB_EXIT_GOOD = 0,
	VB_EXIT_DATA = 1, /* the data is bad, or could not be kept */
	VB_EXIT_USAGE = 2,
	VB_EXIT_CANNOT = 125, /* not on this machine */
};

struct vb_flow {
	const struct vb_options *opt;
	struct vb_report *report;
	struct vb_files *files; /* NULL: nothing is written */
	struct vb_filter *filter;
	struct vb_show show;
	struct vb_decoder decoder;
	unsigned int filter_parts;
	struct vb_frames frames;
	bool looks_at_frames;
	char *filter_text; /* of both, for the trace that is written; NULL: none */
	bool decodes;	   /* somebody looks at the contents */
	bool written;	   /* the last record was */
	uint64_t n_read, n_matched, n_written;
};

/*
 * Compile filters and fields. Anything but VB_EXIT_GOOD: the user was told why not. Call vb_flow_done()
 * in any case.
 */
enum vb_exit vb_flow_begin(struct vb_flow *fl, const struct vb_options *opt,
			   struct vb_report *report);
void vb_flow_done(struct vb_flow *fl);

/* Does what is shown or filtered depend on a request's answer, which comes later? */
bool vb_flow_needs_answers(const struct vb_flow *fl);

/* One record: 1: go on; 0: that was the last one wanted (-c); negative errno: it was not kept. */
int vb_flow_record(struct vb_flow *fl, const struct vb_event *ev, struct vb_err *err);

#endif
