/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames from hex text, and what a walk says of them, for the tests of dissectors/. */
#ifndef VB_FRAMES_H
#define VB_FRAMES_H

#include "dissectors/session.h"
#include "dissectors/sinks.h"

#define FRAME_MAX 16384

struct made_frame {
	uint8_t bytes[FRAME_MAX];
	struct vb_frame f;
};

/* Blanks between the digits are allowed. The whole frame is captured. */
void frame_make(struct made_frame *ret, uint8_t kind, uint8_t direction, const char *hex);

/* The one-line summary and the tree; free() the text. */
char *frame_summary(const struct vb_frame *f);
char *frame_tree(const struct vb_frame *f);
/* ... read as that protocol, not as what frames of its kind begin with. */
char *frame_summary_as(const struct vb_proto *proto, const struct vb_frame *f);
char *frame_tree_as(const struct vb_proto *proto, const struct vb_frame *f);

/* What is found of one field: how often, and its last value. */
struct found {
	const char *path;
	unsigned int n;
	uint64_t value;
};
void frame_find(const struct vb_frame *f, struct found *ret);

/* Value of a field that must be there exactly once; the test fails when it is not. */
uint64_t frame_value(const struct vb_frame *f, const char *path);
uint64_t frame_value_as(const struct vb_proto *proto, const struct vb_frame *f, const char *path);

#endif
