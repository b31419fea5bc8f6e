/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single fields in and out of messages, by their permanent names: for programs that take part in a
 * conversation. Where a field lies is nobody's business but that of its row.
 */
#ifndef VB_VALUES_H
#define VB_VALUES_H

#include "wire.h"

/*
 * The value of one field. Elements of arrays are named with their index:
 * "vmbus.gpadl_header.range[0].pfn[1]".
 */
struct vb_value {
	const char *path;
	uint64_t number;
	const void *bytes; /* of GUIDs and byte fields; NULL: the number counts */
	size_t n_bytes;	   /* may be fewer than the row has: the rest is zero */
};

#define VB_VALUES_MAX 256 /* in one message */

#define VB_NUMBER(p, n)                                                                            \
	{                                                                                          \
		.path = (p), .number = (n)                                                         \
	}
#define VB_DATA(p, b, n)                                                                           \
	{                                                                                          \
		.path = (p), .bytes = (b), .n_bytes = (n)                                          \
	}

/*
 * Encode one frame of f->wire_len bytes, beginning with proto, into buf (size >= wire_len). Fields
 * without a value are zero; an integer that has bits is given whole. -EINVAL: a path leads to no row
 * of this message, its row cannot hold the value, or there are more than VB_VALUES_MAX;
 * -EMSGSIZE: the message does not fit f->wire_len.
 */
int vb_values_encode(const struct vb_proto *proto, const struct vb_frame *f,
		     const struct vb_value *values, size_t n, uint8_t *buf, size_t size);

#define VB_WANTED_PARTS 12 /* protocol, message and nested structs; lint allows fewer */

/* A field that is looked for, and what was found: the first one of that name. */
struct vb_wanted {
	const char *path; /* as in struct vb_value; without index: the first element */
	bool found;
	uint64_t number;      /* of an integer */
	const uint8_t *bytes; /* of other fields: n_bytes in the frame's data */
	uint32_t n_bytes;
	uint32_t len; /* bytes the field has, captured or not */
	/* private: the parts of the path that are open, where they end, and the depth of the first */
	uint8_t n_parts;
	unsigned int depth;
	uint16_t ends[VB_WANTED_PARTS];
};

/*
 * Walk the frame and fill in what is wanted. Returns how many of the n were found; ret_w (may be
 * NULL) says what the walk thinks of the message.
 */
size_t vb_values_read(const struct vb_proto *proto, const struct vb_frame *f,
		      struct vb_wanted *wanted, size_t n, struct vb_walked *ret_w);

#endif
