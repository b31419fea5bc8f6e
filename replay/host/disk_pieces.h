/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a disk: blocks that were written, or are known to be zero, over something else below.
 * A table has leaves of 512 pieces, 32 MiB; a piece is 64 KiB and knows of each block what it is.
 * Where all is alike there is no memory: neither for a piece nor for a leaf.
 *
 * Ranges of blocks are the caller's to check: they lie within what vb_pieces_reach() was told.
 */
#ifndef VB_DISK_PIECES_H
#define VB_DISK_PIECES_H

#include <stdbool.h>
#include <stdint.h>

#define VB_PIECE_LEN 65536u
#define VB_PIECE_MOST_BLOCKS (VB_PIECE_LEN / 512)
#define VB_LEAF_PIECES 512u

enum vb_block_state {
	VB_BLOCK_BELOW, /* whatever is below; nothing is known of it here */
	VB_BLOCK_ZERO,
	VB_BLOCK_DATA,
};

struct vb_piece {
	uint8_t *bytes;			     /* NULL: no block of it is data */
	uint8_t state[VB_PIECE_MOST_BLOCKS]; /* enum vb_block_state */
};

/* NULL: all is below. */
struct vb_leaf {
	struct vb_piece *piece[VB_LEAF_PIECES];
};

struct vb_pieces {
	uint32_t block_len;
	uint32_t n_blocks;     /* of a piece */
	struct vb_leaf **leaf; /* n_leaves of them; NULL: all of it is below */
	uint64_t n_leaves;
	uint64_t held, max_held;   /* bytes of blocks */
	uint64_t notes, max_notes; /* bytes of what keeps track of them */
	/* Stand for each piece and each leaf that is zero as a whole; nothing of them changes. */
	struct vb_piece zero;
	struct vb_leaf zeros;
};

/*
 * block_len: a power of 2 from 512 to VB_PIECE_LEN. All is below, and there is room for no block yet. It
 * must not be moved from then on.
 */
void vb_pieces_init(struct vb_pieces *p, uint32_t block_len, uint64_t max_memory);
void vb_pieces_done(struct vb_pieces *p);
/* There may be that many blocks. -ENOMEM: there is as much room as before. */
int vb_pieces_reach(struct vb_pieces *p, uint64_t n_blocks);

/*
 * What block lba is, and how many of the n from it on are the same, itself counted; there may be more
 * than it says. Of data: where it is, in a row.
 */
enum vb_block_state vb_pieces_run(const struct vb_pieces *p, uint64_t lba, uint64_t n,
				  uint64_t *ret_n, uint8_t **ret_bytes);

/*
 * As many of the n blocks as one piece has become data, of no certain contents: where they are, in a
 * row, to be filled now. -ENOSPC: the memory is used up.
 */
int vb_pieces_hold(struct vb_pieces *p, uint64_t lba, uint64_t n, uint64_t *ret_n,
		   uint8_t **ret_bytes);

/* They are zero, whatever is below. -ENOSPC: no memory to keep that in. */
int vb_pieces_hide(struct vb_pieces *p, uint64_t lba, uint64_t n);
/* None of them is data any more: zero or below, where both are the same. */
void vb_pieces_drop(struct vb_pieces *p, uint64_t lba, uint64_t n);

#endif
