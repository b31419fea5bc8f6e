/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two sequences side by side: which element of one is which of the other. Pure.
 *
 * As few elements as possible stay without a partner, as long as the sequences differ in few
 * places. Where they differ much, elements that occur once in both lead the way, and time and
 * memory stay in proportion to the length: the result is then a good one, not always the best.
 */
#ifndef VB_ALIGN_H
#define VB_ALIGN_H

#include <stdint.h>

#define VB_ALIGN_NONE UINT32_MAX

/* Longest sequence. */
#define VB_ALIGN_MAX ((uint32_t)1 << 30)

/*
 * Elements with the same key are the same. ret_partner has n_a elements: for each of a the index of
 * its partner in b, or VB_ALIGN_NONE; partners ascend. 0, -E2BIG or -ENOMEM.
 */
int vb_align(const uint64_t *a, uint32_t n_a, const uint64_t *b, uint32_t n_b,
	     uint32_t *ret_partner);

#endif
