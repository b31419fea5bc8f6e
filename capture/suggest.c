/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/suggest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Longer words are typing errors of another kind, and this bounds the work. */
#define MAX_WORD 96u

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

unsigned int vb_edit_distance(const char *a, size_t a_len, const char *b, size_t b_len,
			      unsigned int limit)
{
	unsigned int row[MAX_WORD + 1];

	if (a_len > MAX_WORD || b_len > MAX_WORD)
		return limit;
	if ((a_len > b_len ? a_len - b_len : b_len - a_len) >= limit)
		return limit;

	for (unsigned int j = 0; j <= b_len; j++)
		row[j] = j;
	for (unsigned int i = 1; i <= a_len; i++) {
		unsigned int diagonal = row[0];
		unsigned int least = row[0] = i;

		for (size_t j = 1; j <= b_len; j++) {
			unsigned int above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
			if (row[j] < least)
				least = row[j];
		}
		if (least >= limit)
			return limit;
	}
	return row[b_len] < limit ? row[b_len] : limit;
}

void vb_suggest_init(struct vb_suggest *s, const char *word, size_t len)
{
	*s = (struct vb_suggest){ .word = word, .word_len = len };
}

/* A path that ends in the word, after a dot: somebody left out the protocol's name. */
static bool is_last_part(const struct vb_suggest *s, const char *candidate, size_t len)
{
	return s->word_len > 0 && len > s->word_len && candidate[len - s->word_len - 1] == '.' &&
	       memcmp(candidate + len - s->word_len, s->word, s->word_len) == 0;
}

static bool is_known(const struct vb_suggest *s, const char *candidate)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (strcmp(s->best[i], candidate) == 0)
			return true;
	return false;
}

void vb_suggest_offer(struct vb_suggest *s, const char *candidate)
{
	size_t len = strlen(candidate);
	unsigned int limit = (unsigned int)(s->word_len > MAX_WORD ? 0 : s->word_len / 3) + 2;
	unsigned int d, i;

	if (is_last_part(s, candidate, len))
		d = 1;
	else
		d = vb_edit_distance(s->word, s->word_len, candidate, len, limit);
	/* A word of which nothing is left is not near. */
	if (d >= limit || d >= s->word_len || is_known(s, candidate))
		return;
	if (s->n == VB_SUGGEST_MAX && d >= s->distance[s->n - 1])
		return;

	i = s->n < VB_SUGGEST_MAX ? s->n++ : VB_SUGGEST_MAX - 1;
	for (; i > 0 && s->distance[i - 1] > d; i--) {
		s->best[i] = s->best[i - 1];
		s->distance[i] = s->distance[i - 1];
	}
	s->best[i] = candidate;
	s->distance[i] = d;
}

/* Beside a very near name those farther off only distract. */
static unsigned int worth_telling(const struct vb_suggest *s)
{
	unsigned int n = 0;

	while (n < s->n && s->distance[n] <= 2 * s->distance[0] + 1)
		n++;
	return n;
}

void vb_suggest_text(const struct vb_suggest *s, char *ret_text, size_t size)
{
	unsigned int n_told = worth_telling(s);
	size_t len = 0;

	if (size == 0)
		return;
	ret_text[0] = '\0';
	for (unsigned int i = 0; i < n_told && len < size; i++) {
		const char *before = i == 0 ? ": did you mean " : i + 1 == n_told ? " or " : ", ";
		int n = snprintf(ret_text + len, size - len, "%s'%s'%s", before, s->best[i],
				 i + 1 == n_told ? "?" : "");

		len += n > 0 ? (size_t)n : 0;
	}
}
