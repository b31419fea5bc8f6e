/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the walker finds the rows of a message: the positions come out of vb_walk() itself.
 */
#ifndef LAYOUT_MEASURE_H
#define LAYOUT_MEASURE_H

#include "dissectors/sinks.h"

#define MEASURE_MAX 128

struct measured {
	char path[128]; /* proto.message.field; elements of an array: the first */
	uint32_t bit, width;
	const struct vb_row *row;
};

struct measure {
	struct measured item[MEASURE_MAX];
	unsigned int n;
	char message[64]; /* what the walk took the frame for; empty: none */
	/* private: */
	const struct vb_proto *proto;
	char prefix[128];
	unsigned int skip; /* inside further elements of an array */
};

/* Walk the frame by proto and note where its fields are. Other protocols inside are left out. */
void measure_frame(struct measure *ret_m, const struct vb_proto *proto, const struct vb_frame *f);

/* NULL when there was no such field. */
const struct measured *measure_find(const struct measure *m, const char *path);

#endif
