/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/align.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* Edits that are searched through for the shortest way: costs the square of it. */
#define MAX_EDITS 256

/* Elements that lead the way alone, and in rows of so many, where single ones repeat. */
#define GRAM_SINGLE 1u
#define GRAM_ROW 16u

#define NOWHERE (-1)

struct range {
	uint32_t a, a_end, b, b_end;
};

struct anchor {
	uint32_t a, b;
};

struct aligning {
	const uint64_t *a, *b;
	uint32_t *partner;
	/* how far each diagonal came with d edits: d + 1 numbers, after those for d - 1 */
	int32_t *reach;
};

/* ---- the shortest way (E. W. Myers, An O(ND) Difference Algorithm, 1986) ---- */

static int32_t *row_of(const struct aligning *w, int d)
{
	return w->reach + (size_t)d * (size_t)(d + 1) / 2;
}

/* Where diagonal k = x - y was with d edits; NOWHERE: not in the range. */
static int32_t reach_of(const struct aligning *w, int d, int k)
{
	return k < -d || k > d ? NOWHERE : row_of(w, d)[(k + d) / 2];
}

/*
 * The furthest x on diagonal k right after the d-th edit, by an element of b alone (*ret_k is k + 1)
 * or of a alone (k - 1).
 */
static int32_t after_edit(const struct aligning *w, const struct range *r, int d, int k, int *ret_k)
{
	int32_t n = (int32_t)(r->a_end - r->a), m = (int32_t)(r->b_end - r->b);
	int32_t down = reach_of(w, d - 1, k + 1), right = reach_of(w, d - 1, k - 1);

	if (down - k > m)
		down = NOWHERE;
	right = right == NOWHERE || right == n ? NOWHERE : right + 1;
	*ret_k = down >= right ? k + 1 : k - 1;
	return down >= right ? down : right;
}

/* Go back along the way that ended on diagonal k after d edits, and join what was the same. */
static void join(const struct aligning *w, const struct range *r, int d, int k)
{
	for (;;) {
		int32_t x = reach_of(w, d, k), start = 0;
		int from = 0;

		if (d > 0)
			start = after_edit(w, r, d, k, &from);
		while (x-- > start)
			w->partner[r->a + (uint32_t)x] = r->b + (uint32_t)(x - k);
		if (d-- == 0)
			return;
		k = from;
	}
}

/* One more edit. True: the end of both was reached, on diagonal *ret_k. */
static bool extend(const struct aligning *w, const struct range *r, int d, int *ret_k)
{
	int32_t n = (int32_t)(r->a_end - r->a), m = (int32_t)(r->b_end - r->b);
	int32_t *row = row_of(w, d);
	int from;

	for (int k = -d; k <= d; k += 2) {
		int32_t x = d > 0 ? after_edit(w, r, d, k, &from) : 0;

		while (x != NOWHERE && x < n && x - k < m &&
		       w->a[r->a + (uint32_t)x] == w->b[r->b + (uint32_t)(x - k)])
			x++;
		row[(k + d) / 2] = x;
		*ret_k = k;
		if (x == n && x - k == m)
			return true;
	}
	return false;
}

/* Join along the shortest way, if it has few edits. */
static bool join_shortest(const struct aligning *w, const struct range *r)
{
	int k;

	for (int d = 0; d <= MAX_EDITS; d++) {
		if (!extend(w, r, d, &k))
			continue;
		join(w, r, d, k);
		return true;
	}
	return false;
}

/* Nothing leads the way: again and again go where MAX_EDITS edits lead furthest. */
static void join_piecewise(const struct aligning *w, struct range r)
{
	while (!join_shortest(w, &r)) {
		int best = 0;
		int64_t furthest = -1;
		int32_t x;

		for (int k = -MAX_EDITS; k <= MAX_EDITS; k += 2) {
			x = reach_of(w, MAX_EDITS, k);
			if (x != NOWHERE && 2 * (int64_t)x - k > furthest) {
				furthest = 2 * (int64_t)x - k;
				best = k;
			}
		}
		join(w, &r, MAX_EDITS, best);
		x = reach_of(w, MAX_EDITS, best);
		r.a += (uint32_t)x;
		r.b += (uint32_t)(x - best);
	}
}

/* ---- what leads the way ---- */

struct gram {
	uint64_t key;
	uint32_t at;
	bool in_b;
};

static int compare_grams(const void *a, const void *b)
{
	const struct gram *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->in_b - y->in_b;
}

static int compare_anchors(const void *a, const void *b)
{
	const struct anchor *x = a, *y = b;

	return x->a < y->a ? -1 : x->a > y->a;
}

static size_t add_grams(struct gram *to, const uint64_t *keys, uint32_t from, uint32_t end,
			uint32_t len, bool in_b)
{
	size_t n = 0;

	for (uint32_t i = from; end - from >= len && i <= end - len; i++) {
		uint64_t key = 0;

		for (uint32_t k = 0; k < len; k++)
			key = (key ^ keys[i + k]) * UINT64_C(0x9e3779b97f4a7c15);
		to[n++] = (struct gram){ key, i, in_b };
	}
	return n;
}

/* Those that occur once in a and once in b. */
static size_t pick_unique(const struct gram *g, size_t n, struct anchor *ret)
{
	size_t n_ret = 0, end;

	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && g[end].key == g[i].key; end++)
			;
		if (end - i == 2 && !g[i].in_b && g[i + 1].in_b)
			ret[n_ret++] = (struct anchor){ g[i].at, g[i + 1].at };
	}
	return n_ret;
}

/* How many of the piles, which ascend, end before b. */
static size_t piles_before(const struct anchor *list, const uint32_t *piles, size_t n, uint32_t b)
{
	size_t lo = 0;

	while (lo < n) {
		size_t mid = lo + (n - lo) / 2;

		if (list[piles[mid]].b < b)
			lo = mid + 1;
		else
			n = mid;
	}
	return lo;
}

/* Keep the longest run of anchors that ascends in b, too; they ascend in a. work: 2 n numbers. */
static size_t keep_ascending(struct anchor *list, size_t n, uint32_t *work)
{
	uint32_t *piles = work, *before = work + n;
	size_t n_piles = 0, at;

	for (size_t i = 0; i < n; i++) {
		at = piles_before(list, piles, n_piles, list[i].b);
		before[i] = at > 0 ? piles[at - 1] : 0;
		piles[at] = (uint32_t)i;
		if (at == n_piles)
			n_piles++;
	}
	at = n_piles > 0 ? piles[n_piles - 1] : 0;
	for (size_t i = n_piles; i-- > 0; at = before[at])
		piles[i] = (uint32_t)at;
	for (size_t i = 0; i < n_piles; i++)
		list[i] = list[piles[i]];
	return n_piles;
}

/* Places where rows of len elements occur once in both, in order; to be freed. */
static int find_anchors(const struct aligning *w, const struct range *r, uint32_t len,
			struct anchor **ret, size_t *ret_n)
{
	size_t n_a = r->a_end - r->a, n_b = r->b_end - r->b, n, fewer = n_a < n_b ? n_a : n_b;
	struct gram *grams = calloc(n_a + n_b, sizeof(*grams));
	struct anchor *list = calloc(fewer, sizeof(*list));
	uint32_t *work = calloc(fewer, 2 * sizeof(*work));

	*ret = list;
	*ret_n = 0;
	if (grams && list && work) {
		n = add_grams(grams, w->a, r->a, r->a_end, len, false);
		n += add_grams(grams + n, w->b, r->b, r->b_end, len, true);
		qsort(grams, n, sizeof(*grams), compare_grams);
		n = pick_unique(grams, n, list);
		qsort(list, n, sizeof(*list), compare_anchors);
		*ret_n = keep_ascending(list, n, work);
	}
	free(work);
	free(grams);
	return grams && list && work ? 0 : -ENOMEM;
}

/* ---- all of it ---- */

static void join_ends(const struct aligning *w, struct range *r)
{
	while (r->a < r->a_end && r->b < r->b_end && w->a[r->a] == w->b[r->b])
		w->partner[r->a++] = r->b++;
	while (r->a < r->a_end && r->b < r->b_end && w->a[r->a_end - 1] == w->b[r->b_end - 1])
		w->partner[--r->a_end] = --r->b_end;
}

static bool join_simple(const struct aligning *w, struct range *r)
{
	join_ends(w, r);
	return r->a == r->a_end || r->b == r->b_end || join_shortest(w, r);
}

/* The parts between anchors; the anchors themselves begin them. */
static int align_between(const struct aligning *w, const struct range *r, uint32_t len)
{
	struct anchor *list = NULL;
	struct range part = *r;
	size_t n = 0;
	int rc = find_anchors(w, r, len, &list, &n);

	for (size_t i = 0; i <= n && rc == 0; i++) {
		part.a_end = i < n ? list[i].a : r->a_end;
		part.b_end = i < n ? list[i].b : r->b_end;
		if (join_simple(w, &part))
			;
		else if (len == GRAM_SINGLE)
			rc = align_between(w, &part, GRAM_ROW);
		else
			join_piecewise(w, part);
		part.a = i < n ? list[i].a : r->a_end;
		part.b = i < n ? list[i].b : r->b_end;
	}
	free(list);
	return rc;
}

int vb_align(const uint64_t *a, uint32_t n_a, const uint64_t *b, uint32_t n_b,
	     uint32_t *ret_partner)
{
	struct aligning w = { .a = a, .b = b, .partner = ret_partner };
	struct range all = { 0, n_a, 0, n_b };
	int rc = 0;

	if (n_a > VB_ALIGN_MAX || n_b > VB_ALIGN_MAX)
		return -E2BIG;
	for (uint32_t i = 0; i < n_a; i++)
		ret_partner[i] = VB_ALIGN_NONE;
	w.reach = calloc((size_t)(MAX_EDITS + 1) * (MAX_EDITS + 2) / 2, sizeof(*w.reach));
	if (!w.reach)
		return -ENOMEM;
	if (!join_simple(&w, &all))
		rc = align_between(&w, &all, GRAM_SINGLE);
	free(w.reach);
	return rc;
}
