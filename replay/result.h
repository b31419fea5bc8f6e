/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a replay came to. Text, JSON and JUnit are made from one list of figures (result.c).
 */
#ifndef VB_RESULT_H
#define VB_RESULT_H

#include "replay/player.h"

#define VB_RESULT_SCHEMA 1
#define VB_RESULT_KEPT 1000u /* divergences that are told one by one */

struct vb_result_divergence {
	enum vb_divergence_type type;
	const char *device;
	char *kind, *detail; /* detail: a line per field, each with its newline; or empty */
	uint64_t number, at_ns;
	uint32_t pass;
};

struct vb_result_kind {
	const char *name;
	struct vb_kind_count count;
};

struct vb_result_device {
	const char *name, *class;
	char instance[VB_GUID_TEXT];
	enum vb_skip skip;  /* not played at all, and why */
	uint64_t filled;    /* frames of the trace whose end was not captured */
	uint64_t skipped_n; /* the sum of counts.skipped */
	struct vb_player_counts counts;
	struct vb_summary_ns latency, recorded; /* of answers, now and in the trace */
	struct vb_summary_ns lateness;		/* of what was sent */
	struct vb_result_kind *kinds;
	size_t n_kinds;
};

struct vb_result {
	const char *trace;
	double speed;		       /* 0: top */
	uint32_t loops, rounds;	       /* wanted; played to the end by all devices */
	uint64_t planned_ns, taken_ns; /* from the first to the last thing sent */
	const char *broken_off;	       /* why it ended early; NULL: it did not */
	struct vb_result_device *devices;
	size_t n_devices;
	struct vb_result_divergence *divergences;
	size_t n_divergences, n_untold; /* kept; beyond VB_RESULT_KEPT */
};

/* Nothing was missing, unexpected or different, and all that could be played was. */
bool vb_result_is_same(const struct vb_result *r);

/* Append the report. */
void vb_result_text(const struct vb_result *r, struct vb_buf *out);
void vb_result_json(const struct vb_result *r, struct vb_buf *out);
void vb_result_junit(const struct vb_result *r, struct vb_buf *out);

/* Write text to a file, whole or not at all; "-": standard output. */
int vb_result_save(const char *path, const struct vb_buf *text, struct vb_err *err);

/* Frees what the result owns, not the structure; names belong to the plan. */
void vb_result_done(struct vb_result *r);

#endif
