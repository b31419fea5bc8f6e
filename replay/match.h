/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which recorded message a live one is, and whether it says the same.
 */
#ifndef VB_MATCH_H
#define VB_MATCH_H

#include "replay/player.h"

/*
 * Fields that may differ in every replay, each with the reason; ret_n of them. The names are those
 * of struct vb_compare's ignore list.
 */
struct vb_tolerated {
	const char *path, *why;
	const char *when; /* only where this field has that value; NULL: always */
	uint64_t equals;
};
const struct vb_tolerated *vb_match_tolerated(size_t *ret_n);
/* A line for each: field, reason, and when it is not always so, the condition; tabs between. */
void vb_match_describe(struct vb_buf *out);

/*
 * The step that the packet answers to, of those of the same kind and channel whose request was sent:
 * the first one that it equals, what is still waited for before what was given up; if it equals none,
 * the first one. VB_NO_STEP: there is none.
 */
uint32_t vb_match_find(const struct vb_player *p, uint16_t kind, const struct vb_frame *f);

/*
 * Compare the recorded packet of the step with the live one. Appends a line per difference to out
 * and returns how many there were, or -ENOMEM; *ret_tolerated are those that may be.
 */
int vb_match_compare(const struct vb_player *p, const struct vb_step *s,
		     const struct vb_frame *live, struct vb_buf *out, uint32_t *ret_tolerated);

#endif
