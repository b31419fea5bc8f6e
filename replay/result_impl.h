/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The figures of a device, once, for all forms of the report. */
#ifndef VB_RESULT_IMPL_H
#define VB_RESULT_IMPL_H

#include "replay/result.h"

enum vb_figure_form { VB_FIGURE_COUNT, VB_FIGURE_NS };

struct vb_figure {
	const char *name;  /* in JSON and JUnit; permanent */
	const char *title; /* for people */
	enum vb_figure_form form;
	bool always; /* for people: also when it is zero everywhere */
	size_t at;   /* in struct vb_result_device: a uint64_t */
};

const struct vb_figure *vb_result_figures(size_t *ret_n);

static inline uint64_t vb_figure_of(const struct vb_figure *f, const struct vb_result_device *d)
{
	return *(const uint64_t *)((const char *)d + f->at);
}

/* What a divergence is called: "differing", "missing", "unexpected". */
const char *vb_divergence_name(enum vb_divergence_type type);

#endif
