/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree of random values for the encoder, plausible enough that messages hold together: types are
 * of messages that exist, counts and lengths are small, conditions of rows come true.
 */
#ifndef VB_TEST_RANDOM_TREE_H
#define VB_TEST_RANDOM_TREE_H

#include "dissectors/wire.h"

#define VB_RANDOM_NODES 20000

enum vb_random_kind { VB_RANDOM_ROOT, VB_RANDOM_PROTO, VB_RANDOM_ROWS, VB_RANDOM_ROW };

struct vb_random_node {
	enum vb_random_kind kind;
	const struct vb_proto *proto;
	const struct vb_row *rows; /* of a message or a struct */
	const struct vb_row *row;
};

struct vb_random_tree {
	uint64_t state;		      /* of the generator; any value begins a sequence */
	const struct vb_proto *proto; /* the message wanted is of this protocol */
	const struct vb_msg *msg;     /* NULL: any */
	const struct vb_frame *f;
	uint64_t slots[VB_N_SLOTS]; /* as given so far */
	struct vb_random_node node[VB_RANDOM_NODES];
	size_t n_nodes;
};

/* A number in [0, n). */
uint64_t vb_random(struct vb_random_tree *t, uint64_t n);
/* What an answer may have from its request; 0 in other messages. */
uint32_t vb_random_recalled(struct vb_random_tree *t, const struct vb_proto *proto,
			    const struct vb_msg *msg);
/* Begin a frame; the root is its first node. */
const void *vb_random_root(struct vb_random_tree *t);
struct vb_tree vb_random_tree(struct vb_random_tree *t);

#endif
