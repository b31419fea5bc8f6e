/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of requests that wait: no trace makes it slow. */
#include <criterion/criterion.h>

#include "dissectors/requests.h"

#define N 8192u

static uint32_t longest_chain(const struct vb_requests *r)
{
	uint32_t longest = 0;

	for (uint32_t i = 0; i < r->n_buckets; i++) {
		uint32_t n = 0;

		for (uint32_t k = r->buckets[i]; k != UINT32_MAX; k = r->open[k].next)
			n++;
		longest = n > longest ? n : longest;
	}
	return longest;
}

/* Ids that differ in a few bits only, wherever these are: 2 requests to 4 buckets. */
static void expect_spread(unsigned int which, unsigned int shift)
{
	struct vb_requests r;

	cr_assert_eq(vb_requests_init(&r, N), 0);
	for (uint64_t i = 0; i < N; i++) {
		struct vb_request_key k = { .relid = 5 };

		k.value[which] = i << shift;
		vb_request_add(&r, &k);
	}
	cr_expect_eq(r.n_open, N);
	cr_expect_leq(longest_chain(&r), 16, "value %u, shift %u: %u", which, shift,
		      longest_chain(&r));
	vb_requests_done(&r);
}

Test(requests, ids_are_spread)
{
	for (unsigned int shift = 0; shift <= 51; shift++) {
		expect_spread(0, shift);
		expect_spread(1, shift);
	}
}
