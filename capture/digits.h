/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decimal digits without printf(), for what is written once per record.
 */
#ifndef VB_DIGITS_H
#define VB_DIGITS_H

#include "dissectors/sinks.h"

#define VB_DIGITS_MAX 20

/* Exactly width digits, leading zeros included. */
static inline void vb_digits_put(char *to, uint64_t value, size_t width)
{
	while (width-- > 0) {
		to[width] = (char)('0' + value % 10);
		value /= 10;
	}
}

/* As many digits as there are; returns how many. to has room for VB_DIGITS_MAX. */
static inline size_t vb_digits_all(char *to, uint64_t value)
{
	size_t width = 1;

	for (uint64_t rest = value / 10; rest > 0; rest /= 10)
		width++;
	vb_digits_put(to, value, width);
	return width;
}

static inline void vb_digits_add(struct vb_buf *out, uint64_t value)
{
	char text[VB_DIGITS_MAX];

	vb_buf_add(out, text, vb_digits_all(text, value));
}

#endif
