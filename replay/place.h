/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where fields lie in a message that is there already, by their permanent names: for changing a few
 * of them and keeping all others, byte for byte.
 */
#ifndef VB_PLACE_H
#define VB_PLACE_H

#include "dissectors/wire.h"

struct vb_place {
	const char *path;  /* as in struct vb_value; elements of arrays: the first */
	bool found;	   /* completely captured, and no bit field */
	uint32_t off, len; /* in the frame, bytes */
};

/* Walk the frame, which begins with proto, and fill in the places. Returns how many were found. */
size_t vb_places(const struct vb_proto *proto, const struct vb_frame *f, struct vb_place *places,
		 size_t n);

/* Write an integer where a field of bytes lies: little-endian, as all of VMBus is. */
void vb_place_store(uint8_t *bytes, const struct vb_place *at, uint64_t value);

#endif
