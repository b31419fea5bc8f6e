/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two sequences side by side: what has no partner is what was taken out, however long they are.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "capture/align.h"

struct sequence {
	uint64_t *keys;
	uint32_t n;
};

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static struct sequence sequence_new(uint32_t room)
{
	struct sequence s = { calloc(room ? room : 1, sizeof(*s.keys)), 0 };

	cr_assert_not_null(s.keys);
	return s;
}

static void add(struct sequence *s, uint64_t key)
{
	s->keys[s->n++] = key;
}

static struct sequence letters(const char *text)
{
	struct sequence s = sequence_new((uint32_t)strlen(text));

	for (; *text; text++)
		add(&s, (uint64_t)*text);
	return s;
}

/* Align; partners must ascend and be the same. Returns how many there are. */
static uint32_t align(const struct sequence *a, const struct sequence *b, uint32_t *partner)
{
	uint32_t n = 0, next = 0;

	cr_assert_eq(vb_align(a->keys, a->n, b->keys, b->n, partner), 0);
	for (uint32_t i = 0; i < a->n; i++) {
		if (partner[i] == VB_ALIGN_NONE)
			continue;
		cr_assert_geq(partner[i], next);
		cr_assert_lt(partner[i], b->n);
		cr_assert_eq(a->keys[i], b->keys[partner[i]]);
		next = partner[i] + 1;
		n++;
	}
	return n;
}

static uint32_t count(const struct sequence *a, const struct sequence *b)
{
	uint32_t *partner = calloc(a->n + 1, sizeof(*partner));
	uint32_t n = align(a, b, partner);

	free(partner);
	return n;
}

static void expect_letters(const char *a, const char *b, uint32_t n)
{
	struct sequence x = letters(a), y = letters(b);

	cr_expect_eq(count(&x, &y), n, "%s against %s", a, b);
	free(x.keys);
	free(y.keys);
}

Test(align, small_ones)
{
	expect_letters("", "", 0);
	expect_letters("abc", "", 0);
	expect_letters("", "abc", 0);
	expect_letters("abc", "abc", 3);
	expect_letters("abc", "xyz", 0);
	expect_letters("abcdef", "abdef", 5);
	expect_letters("bcdef", "abcdef", 5);
	expect_letters("abcdef", "abxdef", 5);
	expect_letters("abcabba", "cbabac", 4);
	expect_letters("aaaaaaa", "aaaaaa", 6);
}

/* The textbook's table, to compare with. */
static uint32_t longest_common(const struct sequence *a, const struct sequence *b)
{
	uint32_t table[64][64] = { 0 };

	for (uint32_t i = 0; i < a->n; i++) {
		for (uint32_t k = 0; k < b->n; k++) {
			uint32_t up = table[i][k + 1], left = table[i + 1][k];

			table[i + 1][k + 1] = a->keys[i] == b->keys[k] ? table[i][k] + 1 :
					      up > left		       ? up :
									 left;
		}
	}
	return table[a->n][b->n];
}

Test(align, as_many_partners_as_there_can_be)
{
	uint64_t seed = 1;

	for (int round = 0; round < 3000; round++) {
		struct sequence a = sequence_new(60), b = sequence_new(60);
		uint64_t n_keys = 1 + next_random(&seed) % 12;

		for (uint64_t n = next_random(&seed) % 60; n > 0; n--)
			add(&a, next_random(&seed) % n_keys);
		for (uint64_t n = next_random(&seed) % 60; n > 0; n--)
			add(&b, next_random(&seed) % n_keys);
		cr_assert_eq(count(&a, &b), longest_common(&a, &b), "round %d", round);
		free(a.keys);
		free(b.keys);
	}
}

/* b is a without some stretches: all of b has partners, and the others are those taken out. */
static void expect_stretches(uint32_t n, uint64_t n_keys, uint32_t every, uint32_t stretch)
{
	struct sequence a = sequence_new(n), b = sequence_new(n);
	uint64_t seed = 7;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t key = n_keys ? next_random(&seed) % n_keys : i;

		add(&a, key);
		if (i % every >= stretch)
			add(&b, key);
	}
	cr_expect_eq(count(&a, &b), b.n, "%u keys of %u, %u of every %u taken out", n,
		     (unsigned int)n_keys, stretch, every);
	cr_expect_eq(count(&b, &a), b.n);
	free(a.keys);
	free(b.keys);
}

Test(align, one_is_lost)
{
	expect_stretches(1000000, 0, 1000000, 1);
	expect_stretches(1000000, 0, 700000, 1);
	expect_stretches(1000000, 50, 700000, 1);
}

Test(align, many_are_lost)
{
	expect_stretches(1000000, 0, 100, 1);
	expect_stretches(1000000, 0, 3, 1);
	expect_stretches(1000000, 0, 300000, 20000);
	expect_stretches(300000, 1000, 100000, 5000); /* each key a hundred times */
}

/* Nothing helps here; what counts is that it ends, soon, and pairs what it can. */
Test(align, hopeless_ones_end)
{
	uint32_t n = 200000;
	struct sequence a = sequence_new(n), b = sequence_new(n);
	uint64_t seed = 3;

	for (uint32_t i = 0; i < n; i++) {
		add(&a, next_random(&seed) % 4);
		add(&b, next_random(&seed) % 4);
	}
	cr_expect_gt(count(&a, &b), n / 3);
	for (uint32_t i = 0; i < n; i++)
		b.keys[i] += 100;
	cr_expect_eq(count(&a, &b), 0);
	for (uint32_t i = 0; i < n; i++)
		b.keys[i] = a.keys[n - 1 - i] = i;
	cr_expect_geq(count(&a, &b), 1);
	free(a.keys);
	free(b.keys);
}
