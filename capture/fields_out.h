/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -T fields: a line per record, a column per -e, tabs between.
 */
#ifndef VB_FIELDS_OUT_H
#define VB_FIELDS_OUT_H

#include "capture/event.h"
#include "capture/time_text.h"
#include "dissectors/sinks.h"

struct vb_fields_out;

/* Find the fields called names. -EINVAL: one is unknown, err names near ones. */
int vb_fields_out_new(const char *const *names, size_t n, struct vb_fields_out **ret,
		      struct vb_err *err);
void vb_fields_out_free(struct vb_fields_out *fo);

/* Begin a record, collect its values through the sink, append the line. */
void vb_fields_out_begin(struct vb_fields_out *fo, uint64_t number);
struct vb_sink vb_fields_out_sink(struct vb_fields_out *fo);
void vb_fields_out_line(struct vb_fields_out *fo, struct vb_time_text *time,
			const struct vb_event *ev, struct vb_buf *out);

/* Is a field of the protocol called name wanted? */
bool vb_fields_out_needs(const struct vb_fields_out *fo, const char *name);

#endif
