/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of a disk, in pieces. */
#include "replay/host/disk_pieces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t min_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t pieces_of(const struct vb_pieces *p, uint64_t n_blocks)
{
	return (n_blocks + p->n_blocks - 1) / p->n_blocks;
}

void vb_pieces_init(struct vb_pieces *p, uint32_t block_len, uint64_t max_memory)
{
	/* a piece alone in its leaf takes less than an eighth of its length in notes */
	*p = (struct vb_pieces){ .block_len = block_len,
				 .n_blocks = VB_PIECE_LEN / block_len,
				 .max_held = max_memory,
				 .max_notes = max_memory / 8 };
	memset(p->zero.state, VB_BLOCK_ZERO, sizeof(p->zero.state));
	for (uint32_t i = 0; i < VB_LEAF_PIECES; i++)
		p->zeros.piece[i] = &p->zero;
}

int vb_pieces_reach(struct vb_pieces *p, uint64_t n_blocks)
{
	uint64_t n = (pieces_of(p, n_blocks) + VB_LEAF_PIECES - 1) / VB_LEAF_PIECES;
	struct vb_leaf **leaf;

	if (n <= p->n_leaves)
		return 0;
	leaf = calloc(n, sizeof(struct vb_leaf *));
	if (!leaf)
		return -ENOMEM;
	if (p->leaf)
		memcpy(leaf, p->leaf, p->n_leaves * sizeof(struct vb_leaf *));
	free(p->leaf);
	p->leaf = leaf;
	p->n_leaves = n;
	return 0;
}

/* ---- memory ---- */

/* NULL: there is no room. */
static void *new_note(struct vb_pieces *p, size_t len)
{
	void *note = len <= p->max_notes - p->notes ? calloc(1, len) : NULL;

	if (note)
		p->notes += len;
	return note;
}

static void free_note(struct vb_pieces *p, void *note, size_t len)
{
	p->notes -= len;
	free(note);
}

static uint8_t *new_bytes(struct vb_pieces *p)
{
	uint8_t *bytes = VB_PIECE_LEN <= p->max_held - p->held ? malloc(VB_PIECE_LEN) : NULL;

	if (bytes)
		p->held += VB_PIECE_LEN;
	return bytes;
}

static void free_bytes(struct vb_pieces *p, struct vb_piece *piece)
{
	if (piece->bytes)
		p->held -= VB_PIECE_LEN;
	free(piece->bytes);
	piece->bytes = NULL;
}

/* Put another in its place: NULL, or one that is zero. */
static void replace_piece(struct vb_pieces *p, struct vb_piece **at, struct vb_piece *by)
{
	struct vb_piece *piece = *at;

	*at = by;
	if (!piece || piece == &p->zero)
		return;
	free_bytes(p, piece);
	free_note(p, piece, sizeof(*piece));
}

static void replace_leaf(struct vb_pieces *p, uint64_t i, struct vb_leaf *by)
{
	struct vb_leaf *leaf = p->leaf[i];

	if (leaf == by)
		return; /* not to make memory of a page of the table that is nothing yet */
	p->leaf[i] = by;
	if (!leaf || leaf == &p->zeros)
		return;
	for (uint32_t k = 0; k < VB_LEAF_PIECES; k++)
		replace_piece(p, &leaf->piece[k], NULL);
	free_note(p, leaf, sizeof(*leaf));
}

void vb_pieces_done(struct vb_pieces *p)
{
	for (uint64_t i = 0; i < p->n_leaves; i++)
		replace_leaf(p, i, NULL);
	free(p->leaf);
	p->leaf = NULL;
	p->n_leaves = 0;
}

/* ---- what is there ---- */

static struct vb_piece *piece_at(const struct vb_pieces *p, uint64_t i)
{
	const struct vb_leaf *leaf = p->leaf[i / VB_LEAF_PIECES];

	return leaf ? leaf->piece[i % VB_LEAF_PIECES] : NULL;
}

/* How many from piece i to end are like it, which is NULL or zero. */
static uint64_t same_pieces(const struct vb_pieces *p, uint64_t i, uint64_t end)
{
	const struct vb_piece *piece = piece_at(p, i);
	const struct vb_leaf *leaf;
	uint64_t k = i;

	while (k < end && piece_at(p, k) == piece) {
		leaf = p->leaf[k / VB_LEAF_PIECES];
		k += leaf && leaf != &p->zeros ? 1 : VB_LEAF_PIECES - k % VB_LEAF_PIECES;
	}
	return min_of(k, end) - i;
}

/* How many of n from the first on are like it. */
static uint64_t same_states(const uint8_t *state, uint64_t n)
{
	uint64_t k = 1;

	if (!memcmp(state, state + 1, n - 1))
		return n;
	while (state[k] == state[0])
		k++;
	return k;
}

enum vb_block_state vb_pieces_run(const struct vb_pieces *p, uint64_t lba, uint64_t n,
				  uint64_t *ret_n, uint8_t **ret_bytes)
{
	uint64_t i = lba / p->n_blocks, at = lba % p->n_blocks;
	const struct vb_piece *piece = piece_at(p, i);

	*ret_bytes = NULL;
	if (!piece || piece == &p->zero) {
		*ret_n = min_of(n, same_pieces(p, i, pieces_of(p, lba + n)) * p->n_blocks - at);
		return piece ? VB_BLOCK_ZERO : VB_BLOCK_BELOW;
	}
	*ret_n = same_states(piece->state + at, min_of(n, p->n_blocks - at));
	if (piece->state[at] == VB_BLOCK_DATA)
		*ret_bytes = piece->bytes + at * p->block_len;
	return piece->state[at];
}

/* ---- changes ---- */

/* A leaf that may change. NULL: there is no room. */
static struct vb_leaf *own_leaf(struct vb_pieces *p, uint64_t i)
{
	struct vb_leaf *old = p->leaf[i], *leaf;

	if (old && old != &p->zeros)
		return old;
	leaf = new_note(p, sizeof(*leaf));
	if (!leaf)
		return NULL;
	if (old)
		*leaf = *old;
	p->leaf[i] = leaf;
	return leaf;
}

/* A piece that may change, and has to be settled afterwards. NULL: there is no room. */
static struct vb_piece *own_piece(struct vb_pieces *p, struct vb_leaf *leaf, uint64_t i)
{
	struct vb_piece **at = &leaf->piece[i % VB_LEAF_PIECES], *old = *at, *piece;

	if (old && old != &p->zero)
		return old;
	piece = new_note(p, sizeof(*piece));
	if (!piece)
		return NULL;
	if (old)
		*piece = *old;
	*at = piece;
	return piece;
}

/* Keep no memory for a piece that is all alike or has no data, nor for a leaf that is all alike. */
static void settle(struct vb_pieces *p, uint64_t i)
{
	struct vb_leaf *leaf = p->leaf[i / VB_LEAF_PIECES];
	struct vb_piece **at, *piece;

	if (!leaf || leaf == &p->zeros)
		return;
	at = &leaf->piece[i % VB_LEAF_PIECES];
	piece = *at;
	if (piece && piece != &p->zero) {
		if (!memchr(piece->state, VB_BLOCK_DATA, p->n_blocks))
			free_bytes(p, piece);
		if (!piece->bytes && same_states(piece->state, p->n_blocks) == p->n_blocks)
			replace_piece(p, at, piece->state[0] == VB_BLOCK_ZERO ? &p->zero : NULL);
	}
	/* alike are only those that have none of their own */
	if (!memcmp(leaf->piece, leaf->piece + 1, sizeof(*leaf) - sizeof(struct vb_piece *)))
		replace_leaf(p, i / VB_LEAF_PIECES, leaf->piece[0] ? &p->zeros : NULL);
}

/* The piece becomes data from block at on, as far as there is room. NULL: there is none. */
static uint8_t *hold_in_piece(struct vb_pieces *p, uint64_t i, uint64_t at, uint64_t n)
{
	struct vb_leaf *leaf = own_leaf(p, i / VB_LEAF_PIECES);
	struct vb_piece *piece = leaf ? own_piece(p, leaf, i) : NULL;

	if (!piece)
		return NULL;
	if (!piece->bytes)
		piece->bytes = new_bytes(p);
	if (!piece->bytes)
		return NULL;
	memset(piece->state + at, VB_BLOCK_DATA, n);
	return piece->bytes + at * p->block_len;
}

int vb_pieces_hold(struct vb_pieces *p, uint64_t lba, uint64_t n, uint64_t *ret_n,
		   uint8_t **ret_bytes)
{
	uint64_t i = lba / p->n_blocks, at = lba % p->n_blocks;

	*ret_n = min_of(n, p->n_blocks - at);
	*ret_bytes = hold_in_piece(p, i, at, *ret_n);
	if (*ret_bytes)
		return 0;
	settle(p, i);
	return -ENOSPC;
}

static int clear_in_piece(struct vb_pieces *p, uint64_t i, uint64_t at, uint64_t n, bool hide)
{
	struct vb_piece *piece = piece_at(p, i);
	struct vb_leaf *leaf;
	int rc = 0;

	if (piece == &p->zero || (!piece && !hide))
		return 0;
	leaf = own_leaf(p, i / VB_LEAF_PIECES);
	if (!leaf)
		return -ENOSPC;
	if (n == p->n_blocks)
		replace_piece(p, &leaf->piece[i % VB_LEAF_PIECES], hide ? &p->zero : NULL);
	else if ((piece = own_piece(p, leaf, i)))
		memset(piece->state + at, hide ? VB_BLOCK_ZERO : VB_BLOCK_BELOW, n);
	else
		rc = -ENOSPC;
	settle(p, i);
	return rc;
}

/* Without hide it takes no memory, and cannot fail: pieces that have none of their own stay. */
static int clear(struct vb_pieces *p, uint64_t lba, uint64_t n, bool hide)
{
	const uint64_t leaf_blocks = (uint64_t)VB_LEAF_PIECES * p->n_blocks;
	uint64_t step;
	int rc = 0;

	for (; n && !rc; lba += step, n -= step) {
		if (lba % leaf_blocks == 0 && n >= leaf_blocks) {
			step = leaf_blocks;
			replace_leaf(p, lba / leaf_blocks, hide ? &p->zeros : NULL);
		} else {
			step = min_of(n, p->n_blocks - lba % p->n_blocks);
			rc = clear_in_piece(p, lba / p->n_blocks, lba % p->n_blocks, step, hide);
		}
	}
	return rc;
}

int vb_pieces_hide(struct vb_pieces *p, uint64_t lba, uint64_t n)
{
	return clear(p, lba, n, true);
}

void vb_pieces_drop(struct vb_pieces *p, uint64_t lba, uint64_t n)
{
	clear(p, lba, n, false);
}
