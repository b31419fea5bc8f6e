/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records counted by device, for a trace that is read.
 */
#ifndef VB_TALLY_H
#define VB_TALLY_H

#include "capture/event.h"

/* Zero-initialise. */
struct vb_tally {
	struct vb_device_stats *stats; /* in the order of their first records */
	size_t n;
	/* private: */
	size_t cap, last, n_slots;
	uint32_t *slots; /* hash table: index in stats + 1 */
};

/* Count a record for its device: as received, with what was lost before it. 0 or -ENOMEM. */
int vb_tally_add(struct vb_tally *t, const struct vb_record_header *h, bool delivered);
/*
 * The record counted last says that its device's packets go past the kernel, or its frames over a
 * virtual function.
 */
void vb_tally_bypassed(struct vb_tally *t, bool by_vf);
void vb_tally_done(struct vb_tally *t);

#endif
