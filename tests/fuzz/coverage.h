/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sink that holds the walker to its promises: nothing outside the frame, each byte in one field
 * or gap only, none lost but zeros, brackets that match, no more work than the bytes are worth.
 */
#ifndef FUZZ_COVERAGE_H
#define FUZZ_COVERAGE_H

#include "dissectors/wire.h"

#define COVERAGE_DEPTH 256

struct coverage {
	const struct vb_frame *f;
	uint8_t *seen; /* per captured byte: how many fields and gaps hold it */
	uint64_t n_calls;
	uint32_t n_notes[VB_N_NOTES];
	uint32_t gap_bytes;
	struct {
		enum vb_span span;
		const struct vb_row *row;
		const struct vb_proto *proto;
	} open[COVERAGE_DEPTH];
	unsigned int depth;
};

void coverage_init(struct coverage *c, const struct vb_frame *f);
struct vb_sink coverage_sink(struct coverage *c);
/* What only the end of a walk can tell. */
void coverage_check(const struct coverage *c, const struct vb_walked *w);
void coverage_done(struct coverage *c);

#endif
