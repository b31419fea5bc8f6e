/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The forms in which a record is shown: text, tree, JSON, fields.
 */
#ifndef VB_SHOW_H
#define VB_SHOW_H

#include "capture/decode.h"
#include "capture/fields_out.h"
#include "capture/options.h"

struct vb_show {
	const struct vb_options *opt;
	struct vb_time_text time;
	struct vb_text text;
	struct vb_json json;
	struct vb_fields_out *fields;
	unsigned int parts; /* of a record that the form shows, enum vb_part */
};

/* opt must outlive the form. -EINVAL: a field is unknown. Call vb_show_done() in any case. */
int vb_show_init(struct vb_show *s, const struct vb_options *opt, struct vb_err *err);
void vb_show_done(struct vb_show *s);

/* Append the decoder's record to out. */
void vb_show_record(struct vb_show *s, struct vb_decoder *d, struct vb_buf *out);

/* Parts of a record whose fields are wanted, when needs() tells for a protocol's name. */
unsigned int vb_parts_needed(bool (*needs)(const void *ctx, const char *name), const void *ctx);

#endif
