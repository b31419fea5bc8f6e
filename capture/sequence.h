/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequence numbers of a trace: how many records were taken out of it after the capture.
 *
 * Numbers count lost records too. What is missing between the smallest and the largest number of a
 * CPU, and is not told as lost, was there once: somebody filtered the file. The order of records in
 * the file does not matter for that.
 */
#ifndef VB_SEQUENCE_H
#define VB_SEQUENCE_H

#include <stddef.h>

#include "dissectors/record.h"

/* Zero-initialise. */
struct vb_sequences {
	struct vb_lane *lanes; /* hash table */
	size_t n, cap;
};

/* Take in a record's number; synthesized records have none. 0 or -ENOMEM. */
int vb_sequence_add(struct vb_sequences *s, const struct vb_record_header *h);

/* Records that are missing and were not lost. */
uint64_t vb_sequence_removed(const struct vb_sequences *s);

void vb_sequence_done(struct vb_sequences *s);

#endif
