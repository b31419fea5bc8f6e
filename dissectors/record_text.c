/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said about a record beside what is in it. */
#include <inttypes.h>

#include "buf.h"

void vb_text_channel(struct vb_buf *out, const struct vb_frame *f)
{
	if (f->kind == VB_KIND_CONTROL || (f->class == VB_CLASS_UNKNOWN && f->relid == 0)) {
		vb_buf_str(out, "vmbus");
		return;
	}
	vb_buf_str(out, vb_class_by_code(f->class)->name);
	vb_buf_add(out, " ", 1);
	vb_buf_u64(out, f->relid);
	if (f->subchannel > 0) {
		vb_buf_add(out, ".", 1);
		vb_buf_u64(out, f->subchannel);
	}
}

void vb_text_marks(struct vb_buf *out, const struct vb_record_header *h, const char *malformed)
{
	if (h->flags & VB_REC_CUT)
		vb_buf_str(out, " [cut]");
	if (h->flags & VB_REC_EXT_CUT)
		vb_buf_str(out, " [external part cut]");
	if (h->flags & VB_REC_FAILED)
		vb_buf_fmt(out, " [failed %" PRId32 "]", (int32_t)h->result);
	if (h->flags & VB_REC_SYNTHESIZED)
		vb_buf_str(out, " [synthesized]");
	if (h->flags & VB_REC_WITHHELD)
		vb_buf_str(out, " [withheld]");
	if (h->lost > 0)
		vb_buf_fmt(out, " [lost %" PRIu32 " before]", h->lost);
	if (malformed)
		vb_buf_fmt(out, " [malformed: %s]", malformed);
}
