/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the walker and the encoder share, so that both see the same layout. Private to dissectors/.
 */
#ifndef VB_WALK_H
#define VB_WALK_H

#include "wire.h"

#define VB_MAX_DEPTH 16 /* of structs in structs; lint allows half of it */

/*
 * Where a walk stands. Offsets are from the start of the frame, bytes. end is the end of what the
 * rows may use: of the message, as its own lengths say, or of the frame.
 */
struct vb_scope {
	const struct vb_frame *f;
	uint64_t slots[VB_N_SLOTS];
	uint32_t set;	/* bit n: slot n holds a value */
	uint32_t start; /* of the protocol */
	uint32_t off;	/* of the next row */
	uint32_t end;
	uint64_t text_end; /* of the bytes that the latest text row has; beyond end if it lies */
};

/* How many of the len bytes at off were captured. */
uint32_t vb_captured(const struct vb_frame *f, uint32_t off, uint32_t len);

/* Begin a protocol at [start, end): no slots but the version, and what the request had. */
void vb_scope_init(struct vb_scope *sc, const struct vb_proto *proto, const struct vb_frame *f,
		   uint32_t start, uint32_t end);

static inline bool vb_has_slot(const struct vb_scope *sc, uint8_t slot)
{
	return slot < VB_N_SLOTS && (sc->set & (1u << slot));
}

/* 0 when the slot was never set. */
static inline uint64_t vb_slot(const struct vb_scope *sc, uint8_t slot)
{
	return vb_has_slot(sc, slot) ? sc->slots[slot] : 0;
}

/* Likewise of a layer that was walked. */
static inline uint64_t vb_layer_slot(const struct vb_layer *l, uint8_t slot)
{
	return slot && (l->set & (1u << slot)) ? l->slots[slot] : 0;
}

static inline uint32_t vb_left(const struct vb_scope *sc)
{
	return sc->off < sc->end ? sc->end - sc->off : 0;
}

void vb_slot_set(struct vb_scope *sc, uint8_t slot, uint64_t value);

/* The bits of value that a VB_BIT row stands for. */
static inline uint64_t vb_bits(const struct vb_row *bit, uint64_t value)
{
	value >>= bit->lo;
	return bit->width < 64 ? value & ((UINT64_C(1) << bit->width) - 1) : value;
}

/* The value of a signed integer of size bytes. */
uint64_t vb_sign_extended(uint64_t value, uint32_t size);

/* Set the slots of an integer's bits, if it has any. */
void vb_bits_set(struct vb_scope *sc, const struct vb_row *row, uint64_t value);

/* Version, sender and condition of the row hold. Without a known version the newest layout is assumed. */
bool vb_row_applies(const struct vb_scope *sc, const struct vb_row *row);

/* Where a row with .at begins, from the start of the frame. */
uint64_t vb_row_place(const struct vb_scope *sc, const struct vb_row *row);

/* An array: .count is given, or .calc on a row whose length is fixed. */
bool vb_row_is_array(const struct vb_row *row);

/* Elements an array should have; VB_REST as .count gives UINT32_MAX for structs. */
uint32_t vb_row_count(const struct vb_scope *sc, const struct vb_row *row);

/* Where the elements of an array end at the latest: sc->end unless the row has .within. */
uint32_t vb_row_end(const struct vb_scope *sc, const struct vb_row *row);

/* Bytes a single row should have. */
uint32_t vb_row_len(const struct vb_scope *sc, const struct vb_row *row);

/* Bytes of a text row that are text, of those at bytes; what is left is for the next row. */
uint32_t vb_row_text(struct vb_scope *sc, const struct vb_row *row, const uint8_t *bytes,
		     uint32_t n);

/* The message of the type in the slots, for the version, direction and length at hand, or NULL. */
const struct vb_msg *vb_pick_msg(const struct vb_proto *proto, const struct vb_scope *sc);

/* The end that the protocol's own length gives; wire_end when it has none, or it says more. */
uint32_t vb_own_end(const struct vb_proto *proto, const struct vb_scope *sc, uint32_t wire_end);

/* The end of the message rows: sc->end unless the protocol has a header length. */
uint32_t vb_head_end(const struct vb_proto *proto, const struct vb_scope *sc);

/* Who decodes a payload inside a protocol; NULL: nobody, the bytes are shown as they are. */
const struct vb_proto *vb_payload_proto(const struct vb_proto *outer, const struct vb_row *row,
					const struct vb_frame *f);

/*
 * Walk a protocol that has VB_VALUE rows only, with the values given: bit n of set says that
 * slots[n] holds one; rows without value are left out.
 */
void vb_walk_values(const struct vb_proto *proto, const uint64_t slots[VB_N_SLOTS], uint32_t set,
		    const struct vb_sink *sink);

#endif
