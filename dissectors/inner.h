/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages that lie outside the ring. A packet's message says of what protocol they are (.outside of
 * struct vb_msg); their bytes are those of the record's external part.
 */
#ifndef VB_INNER_H
#define VB_INNER_H

#include "wire.h"

/* All members are private. */
struct vb_inner {
	const struct vb_proto *proto; /* NULL: no such messages */
	bool apart;		      /* each range of the packet is a message of its own */
	const uint8_t *ext;	      /* segments that follow, ext_len bytes */
	uint32_t ext_len;
	const uint8_t *data; /* of the piece at hand: n_data bytes of n_piece were captured */
	uint32_t n_data, n_piece;
	uint32_t n_wire; /* bytes of the messages that follow, in this piece and those behind it */
};

/*
 * Begin with the packet that was walked: w. ext, ext_len: whole segments, as vb_record_read() leaves
 * them. room: ext_len bytes, in which messages are put together that are in several pieces; both live
 * as long as the frames of vb_inner_next().
 */
void vb_inner_init(struct vb_inner *in, const struct vb_walked *w, const uint8_t *ext,
		   uint32_t ext_len, uint8_t *room);

/*
 * The protocol of the next message, its bytes in the context of the record's frame f, and what a walk
 * finds; NULL: there is none. What follows a message that is not well-formed is none: where it would
 * begin is unknown. One of which bytes were not captured is followed by the next all the same, if that
 * one begins a piece, or stands in it.
 */
const struct vb_proto *vb_inner_next(struct vb_inner *in, const struct vb_frame *f,
				     struct vb_frame *ret_f, struct vb_walked *ret_w);

#endif
