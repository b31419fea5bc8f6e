/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two halves of the table check share: lint_rows.c looks at rows, lint.c at messages and
 * protocols. Private to dissectors/.
 */
#ifndef VB_LINT_H
#define VB_LINT_H

#include <string.h>

#include "sinks.h"

#define VB_LINT_PATH 200

struct vb_lint {
	struct vb_buf *out;
	unsigned int n_faults;
	const struct vb_proto *proto;
	const struct vb_msg *msg;
	char path[VB_LINT_PATH];
	uint32_t set; /* slots that hold a value here */
	unsigned int depth;
	bool in_array;
};

/* One line; name may be NULL: the fault is of what the path says. */
void vb_lint_fault(struct vb_lint *l, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Append a name to the path; returns the length before, to go back to. */
size_t vb_lint_enter(struct vb_lint *l, const char *name);
void vb_lint_leave(struct vb_lint *l, size_t before);

/* What a protocol, a message and a row have in common. */
void vb_lint_words(struct vb_lint *l, const char *name, const char *title, const char *help);
void vb_lint_names(struct vb_lint *l, const struct vb_name *names, uint64_t max);
/* A slot that is used must hold a value. */
void vb_lint_set(struct vb_lint *l, uint8_t slot, const char *what);
void vb_lint_rows(struct vb_lint *l, const struct vb_row *rows);

static inline bool vb_is_one_of(const char *s, const char *a, const char *b)
{
	return !strcmp(s, a) || !strcmp(s, b);
}

static inline bool vb_is_slot(uint8_t slot)
{
	return slot != VB_S_NONE && slot < VB_N_SLOTS;
}

static inline bool vb_is_set(const struct vb_lint *l, uint8_t slot)
{
	return vb_is_slot(slot) && (l->set & (1u << slot));
}

#endif
