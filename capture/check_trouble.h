/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trouble in the conversations of a trace (--check): what the session noted, and what only the whole
 * trace tells.
 */
#ifndef VB_CHECK_TROUBLE_H
#define VB_CHECK_TROUBLE_H

#include "capture/check_queues.h"
#include "dissectors/sinks.h"

/* All zero at first. */
struct vb_trouble {
	uint64_t n[VB_N_NOTES],
		first[VB_N_NOTES]; /* records with the note, and the first of them */
	struct vb_queues queues;
};

/* Count the decoder's record, which was walked. 0 or -ENOMEM. */
int vb_trouble_add(struct vb_trouble *t, const struct vb_decoder *d);
void vb_trouble_done(struct vb_trouble *t);

/* Append a line for each kind. now_ns: the time of the last record. */
void vb_trouble_put(const struct vb_trouble *t, const struct vb_session *s, uint64_t now_ns,
		    struct vb_buf *out);

#endif
