/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages in several parts. Private to dissectors/.
 */
#ifndef VB_PARTS_H
#define VB_PARTS_H

#include "requests.h"
#include "session.h"

#define VB_N_PARTS 256 /* messages that are joined at the same time */

struct vb_parts {
	struct vb_joined {
		struct vb_request_key key;
		bool used;
		uint64_t first, total, joined;
		uint32_t n_parts;
	} list[VB_N_PARTS];
};

/* Learn from a message; link says what it is a part of. epoch: ids of another mean nothing in it. */
void vb_parts_learn(struct vb_parts *p, uint32_t epoch, const struct vb_frame *f,
		    const struct vb_layer *l, struct vb_link *link);

#endif
