/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the time of a record is written (-t). Always UTC: what is printed depends on the trace
 * alone, not on the machine that reads it.
 */
#ifndef VB_TIME_TEXT_H
#define VB_TIME_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "dissectors/sinks.h"

enum vb_time_format {
	VB_TIME_TIME,	  /* 20:48:24.123456 */
	VB_TIME_DATE,	  /* 2026-01-01 20:48:24.123456 */
	VB_TIME_ISO,	  /* 2026-01-01T20:48:24.123456789Z */
	VB_TIME_EPOCH,	  /* 1767300504.123456789 */
	VB_TIME_DELTA,	  /* seconds since the record shown before */
	VB_TIME_RELATIVE, /* seconds since the first record */
	VB_TIME_MONO,	  /* the guest's monotonic clock, ns */
	VB_TIME_NONE,
};

struct vb_time_text {
	enum vb_time_format format;
	/* private: */
	bool started, shown;
	uint64_t first_ns, last_ns;
	bool cached; /* text of second cached_s: seconds change far less often than records */
	uint64_t cached_s;
	char cached_text[24];
};

/* The format called name, or -EINVAL. */
int vb_time_format_by_name(const char *name, enum vb_time_format *ret);

/* All names, for help and error texts. */
const char *vb_time_format_names(void);

/* Tell a record's time, shown or not; the first one is where VB_TIME_RELATIVE counts from. */
void vb_time_text_see(struct vb_time_text *t, uint64_t time_ns);

/* Append the time of a record that is shown; nothing for VB_TIME_NONE. */
void vb_time_text_add(struct vb_time_text *t, struct vb_buf *out, uint64_t time_ns,
		      uint64_t mono_ns);

/* Append 2026-01-01T20:48:24.123456789Z. */
void vb_time_iso(struct vb_buf *out, uint64_t time_ns);

/* Append ns as seconds with nine decimals. */
void vb_time_seconds(struct vb_buf *out, uint64_t ns);

#endif
