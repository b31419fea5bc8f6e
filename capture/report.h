/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only module that prints, for vmbusdump and vmbusreplay. Records and reports go to standard output
 * through one buffer; what the user must know goes to standard error, a line each, with the program's
 * name in front.
 */
#ifndef VB_REPORT_H
#define VB_REPORT_H

#include <stdbool.h>

#include "capture/event.h"
#include "dissectors/sinks.h"

struct vb_report {
	const char *program; /* stands in front of every line on standard error */
	struct vb_buf out;   /* text that waits to be written: append to it */
	bool each;	     /* write after every record */
	bool quiet;	     /* no progress */
	int failed;	     /* 0, or the negative errno of the first failed write; stays */
};

/* program has to stay. */
void vb_report_init(struct vb_report *r, const char *program, bool line_buffered);
void vb_report_done(struct vb_report *r);

/* A record or line was appended: write when enough is waiting. Returns r->failed. */
int vb_report_next(struct vb_report *r);

/* Write everything that waits. Returns r->failed. */
int vb_report_flush(struct vb_report *r);

/* Nobody reads any more, as with "| head": no failure worth a word. */
bool vb_report_reader_gone(const struct vb_report *r);

/* The end of a noun of which there are n. */
const char *vb_plural(uint64_t n);

/* One line to standard error. */
void vb_report_say(const struct vb_report *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A step that was taken since_ns after the beginning; ctx is the report. */
void vb_report_progress(void *ctx, uint64_t since_ns, const char *line);

/* What went wrong with something else, in lines; ctx is the report. */
void vb_report_trouble(void *ctx, const char *text);

/* Bytes of somebody else's standard output, written at once; ctx is the report. */
void vb_report_output(void *ctx, const char *bytes, size_t n);

/*
 * One line with what was received, lost and written, in all and by device: "verb" is "written" or
 * "shown".
 */
void vb_report_counts(const struct vb_report *r, const struct vb_device_stats *stats, size_t n,
		      const char *verb);

/* --doctor, -D: one line each; ctx is the report. */
void vb_report_finding(void *ctx, const struct vb_finding *f);
void vb_report_device(void *ctx, const struct vb_device *dev, uint32_t n_channels);

/* --version */
void vb_report_version(struct vb_report *r);

#endif
