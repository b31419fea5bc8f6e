/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "Did you mean": the names nearest to a word that was not found.
 */
#ifndef VB_SUGGEST_H
#define VB_SUGGEST_H

#include <stddef.h>

#define VB_SUGGEST_MAX 3
#define VB_SUGGEST_TEXT 320

struct vb_suggest {
	const char *word;
	size_t word_len;
	unsigned int n;
	const char *best[VB_SUGGEST_MAX]; /* nearest first */
	unsigned int distance[VB_SUGGEST_MAX];
};

/* Begin a search for the names nearest to word (len bytes, which must outlive the search). */
void vb_suggest_init(struct vb_suggest *s, const char *word, size_t len);

/* Offer one candidate; kept when it is near enough and among the nearest. */
void vb_suggest_offer(struct vb_suggest *s, const char *candidate);

/* ": did you mean 'a' or 'b'?", or the empty string when nothing is near. */
void vb_suggest_text(const struct vb_suggest *s, char *ret_text, size_t size);

/* Number of single-character edits between two words, at most limit. */
unsigned int vb_edit_distance(const char *a, size_t a_len, const char *b, size_t b_len,
			      unsigned int limit);

#endif
