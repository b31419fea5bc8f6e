/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for records, kept for the next ones.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "capture/source_bpf.h"

#define BIG 100000u

/* What is given back is taken again, by the same size and by those that round to it. */
Test(pool, is_taken_again)
{
	struct vb_pool *p = vb_pool_new();
	void *a = vb_pool_take(p, 300), *b = vb_pool_take(p, 300);

	cr_assert(a && b && a != b);
	vb_pool_give(p, a, 300);
	vb_pool_give(p, b, 300);
	cr_expect_eq(vb_pool_take(p, 320), b);
	cr_expect_eq(vb_pool_take(p, 257), a);
	vb_pool_give(p, a, 257);
	vb_pool_give(p, b, 320);
	vb_pool_free(p);
}

/* All of it may be used, and none of it is another's. */
Test(pool, holds_its_size)
{
	struct vb_pool *p = vb_pool_new();

	for (size_t size = 1; size < 3000; size += 61) {
		uint8_t *small = vb_pool_take(p, size), *large = vb_pool_take(p, size + 64);

		cr_assert(small && large);
		memset(large, 2, size + 64);
		memset(small, 1, size);
		cr_expect_eq(large[0], 2);
		cr_expect_eq(large[size + 63], 2);
		vb_pool_give(p, small, size);
		vb_pool_give(p, large, size + 64);
	}
	vb_pool_free(p);
}

/* What is too large to be kept is memory all the same. */
Test(pool, takes_large_ones)
{
	struct vb_pool *p = vb_pool_new();
	uint8_t *big = vb_pool_take(p, BIG);

	cr_assert(big);
	memset(big, 1, BIG);
	cr_expect_eq(big[BIG - 1], 1);
	vb_pool_give(p, big, BIG);
	vb_pool_free(p);
}
