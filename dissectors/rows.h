/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Constructors of rows, for the files in proto/ only. Each takes the field's name, its title and any further
 * attributes of struct vb_row by name:
 *
 *	U32("relid", "Channel", .set = VB_S_RELID, .summary = VB_SUM_YES),
 */
#ifndef VB_ROWS_H
#define VB_ROWS_H

#include "wire.h"

#define VB_ROW(n, t, ty, sz, ...)                                                                  \
	{                                                                                          \
		.name = (n), .title = (t), .type = (ty), .size = (sz), ##__VA_ARGS__               \
	}

#define U8(n, t, ...) VB_ROW(n, t, VB_UINT, 1, ##__VA_ARGS__)
#define U16(n, t, ...) VB_ROW(n, t, VB_UINT, 2, ##__VA_ARGS__)
#define U32(n, t, ...) VB_ROW(n, t, VB_UINT, 4, ##__VA_ARGS__)
#define U64(n, t, ...) VB_ROW(n, t, VB_UINT, 8, ##__VA_ARGS__)
/* Big-endian, as SCSI has them. */
#define BE16(n, t, ...) VB_ROW(n, t, VB_UINT, 2, .big = true, ##__VA_ARGS__)
#define BE24(n, t, ...) VB_ROW(n, t, VB_UINT, 3, .big = true, ##__VA_ARGS__)
#define BE32(n, t, ...) VB_ROW(n, t, VB_UINT, 4, .big = true, ##__VA_ARGS__)
#define BE64(n, t, ...) VB_ROW(n, t, VB_UINT, 8, .big = true, ##__VA_ARGS__)

#define GUID(n, t, ...) VB_ROW(n, t, VB_GUID, 16, ##__VA_ARGS__)
#define BYTES(n, t, ...) VB_ROW(n, t, VB_BYTES, 0, ##__VA_ARGS__)

/* Bytes that are there, and mean nobody knows what: the rest of something. */
#define OPAQUE(n, t, ...) VB_ROW(n, t, VB_BYTES, 0, .opaque = true, ##__VA_ARGS__)

/* Bytes whose number is fixed. */
#define FIXED(n, t, sz, ...) VB_ROW(n, t, VB_BYTES, sz, ##__VA_ARGS__)

/* Bytes out of sight while they are zero: sz of them, or 0 with .len or .calc. */
#define HIDDEN(n, t, sz, ...) VB_ROW(n, t, VB_PAD, sz, ##__VA_ARGS__)
#define PAD(n, sz, ...) HIDDEN(n, "Reserved", sz, ##__VA_ARGS__)

/*
 * Text: UTF-16 in sz bytes, up to a NUL or the end. What stands behind the NUL, or is no text, is a
 * field of its own, name_rest, out of sight while it is zero. UTF16_BY takes .len or .calc instead.
 */
#define UTF16(n, t, sz, ...)                                                                       \
	VB_ROW(n, t, VB_UTF16, sz, ##__VA_ARGS__),                                                 \
		VB_ROW(n "_rest", t ", the rest", VB_PAD, 0, .after_text = true)
#define UTF16_BY(n, t, ...) UTF16(n, t, 0, ##__VA_ARGS__)

/* Likewise text of one byte for each character, which ends at the first that is not printable. */
#define ASCII(n, t, sz, ...)                                                                       \
	VB_ROW(n, t, VB_ASCII, sz, ##__VA_ARGS__),                                                 \
		VB_ROW(n "_rest", t ", the rest", VB_PAD, 0, .after_text = true)
#define ASCII_BY(n, t, ...) ASCII(n, t, 0, ##__VA_ARGS__)

/* A group of rows; with .count an array of such groups. */
#define STRUCT(n, t, r, ...) VB_ROW(n, t, VB_STRUCT, 0, .rows = (r), ##__VA_ARGS__)

/* Another protocol; p NULL: that of the channel's class. The name is for bytes nobody decodes. */
#define PAYLOAD(n, t, p, ...) VB_ROW(n, t, VB_PAYLOAD, 0, .proto = (p), ##__VA_ARGS__)

/* Bytes that Wireshark has a dissector for, by its name there; bytes everywhere else. */
#define FOREIGN(n, t, p, ...) PAYLOAD(n, t, p, .foreign = true, ##__VA_ARGS__)

/* A value that was found elsewhere: shown, but no bytes of its own. */
#define VALUE(n, t, s, ...) VB_ROW(n, t, VB_VALUE, 0, .from_slot = (s), ##__VA_ARGS__)

/* Bits lowest .. lowest + w - 1 of the integer in whose .bits table the row stands. */
#define BITS(n, t, lowest, w, ...)                                                                 \
	VB_ROW(n, t, VB_BIT, 0, .lo = (lowest), .width = (w), ##__VA_ARGS__)

/* A message: number, name, title, rows (NULL: none) and further attributes of struct vb_msg. */
#define MSG(num, n, t, r, ...)                                                                     \
	{                                                                                          \
		.number = (num), .name = (n), .title = (t), .rows = (r), ##__VA_ARGS__             \
	}

#define END_ROWS                                                                                   \
	{                                                                                          \
		.type = VB_END                                                                     \
	}
#define END_MSGS                                                                                   \
	{                                                                                          \
		.name = NULL                                                                       \
	}
#define END_NAMES                                                                                  \
	{                                                                                          \
		.name = NULL                                                                       \
	}

#endif
