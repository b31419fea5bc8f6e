/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole numbers that people write: in options, settings and commands.
 */
#ifndef VB_NUMBER_H
#define VB_NUMBER_H

#include <stdint.h>

/*
 * All of text as one number, decimal or hexadecimal behind 0x: no sign, no blanks. -EINVAL: it is
 * none, or above max.
 */
int vb_number_parse(const char *text, uint64_t max, uint64_t *ret);

/*
 * The digits that text begins with, of base 10 or 16, as one number; *ret_end is what follows them.
 * -EINVAL: there is no digit, or the number is above max.
 */
int vb_number_scan(const char *text, unsigned int base, uint64_t max, uint64_t *ret,
		   const char **ret_end);

#endif
