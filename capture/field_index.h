/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Field names as users write them (-Y, -e): which rows a name stands for, and which of the wanted
 * ones a walk comes across.
 */
#ifndef VB_FIELD_INDEX_H
#define VB_FIELD_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/event.h"
#include "dissectors/wire.h"

/* ---- names ---- */

/* What a name may stand for; a layout that changed with the version has several for one name. */
struct vb_named {
	const char *path; /* permanent name */
	const struct vb_proto *proto;
	const struct vb_msg *msg; /* of the row; with no row: the message itself */
	const struct vb_row *row; /* NULL: a message or, without one, a protocol */
};

struct vb_field_index;

/* The record's number in the file; no part of any message. */
#define VB_FIELD_NUMBER "number"

/* An index of all names. NULL: out of memory. */
struct vb_field_index *vb_field_index_new(void);
void vb_field_index_free(struct vb_field_index *ix);

/* All that name (len bytes) stands for: how many, and the first of them; 0 when unknown. */
size_t vb_field_index_find(const struct vb_field_index *ix, const char *name, size_t len,
			   const struct vb_named **ret_first);

/* Write ": did you mean ...?" with the nearest names, or the empty string. */
void vb_field_index_suggest(const struct vb_field_index *ix, const char *name, size_t len,
			    char *ret_text, size_t size);

/* True when the row is a value that can be compared and printed, not a group of rows. */
bool vb_row_has_value(const struct vb_row *row);

/* ---- wanted fields ---- */

#define VB_WATCH_DEPTH 64

/* Nested spans of a walk; the path of an item is spelled by them, and only when it is needed. */
struct vb_watch_level {
	const char *name;  /* NULL: adds nothing to the path */
	unsigned int base; /* level of the innermost protocol */
};

/*
 * A sink that passes on the items that stand under wanted names, each with the number it was given.
 * Rows are found by their address; where rows are shared between messages, the path decides.
 */
struct vb_watch {
	void (*hit)(void *ctx, unsigned int id, const struct vb_item *it);
	void *ctx;
	/* private: */
	struct vb_watch_entry *entries;
	size_t n, cap;
	int *heads;
	size_t n_heads;
	struct vb_watch_level level[VB_WATCH_DEPTH];
	unsigned int depth;
	bool failed;
};

/* Add all n meanings of a name under one number. */
void vb_watch_add(struct vb_watch *w, const struct vb_named *first, size_t n, unsigned int id);

/* Everything was added: get ready. 0 or -ENOMEM. */
int vb_watch_finish(struct vb_watch *w);
void vb_watch_done(struct vb_watch *w);

/* The sink; may be used for any number of walks. */
struct vb_sink vb_watch_sink(struct vb_watch *w);

/* Is a name of the protocol called proto wanted? */
bool vb_watch_has_proto(const struct vb_watch *w, const char *proto);

/* Hand over the record's number, which is no item of a walk. */
void vb_watch_number(struct vb_watch *w, uint64_t number);

#endif
