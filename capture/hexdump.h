/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes as text: offset, hexadecimal, ASCII (-x).
 */
#ifndef VB_HEXDUMP_H
#define VB_HEXDUMP_H

#include "dissectors/sinks.h"

/* Append the dump of n bytes, a tab in front of each line. */
void vb_hexdump(struct vb_buf *out, const uint8_t *bytes, uint32_t n);

/* Append the dump of each segment of a record's external part, with a line that says which. */
void vb_hexdump_external(struct vb_buf *out, const uint8_t *ext, uint32_t n);

#endif
