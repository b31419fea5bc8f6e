/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What comes out of the inner machine: one stream of frames, a head and its bytes. Both ends are the
 * same program on x86, so numbers are in its byte order. The reader still takes nothing for granted:
 * a machine that dies leaves frames cut anywhere, and a full disk leaves holes.
 */
#ifndef VB_OUTER_FRAME_H
#define VB_OUTER_FRAME_H

#include "capture/event.h"

#define VB_FRAME_MAX 32768u /* data bytes of one frame, at most */

enum vb_frame_type {
	VB_FRAME_TICK = 1, /* the inner machine lives; no data */
	VB_FRAME_STDOUT,
	VB_FRAME_STDERR,
	VB_FRAME_FILE_BEGIN, /* the file exists, empty; what came of it before is void; no data */
	VB_FRAME_FILE_DATA,  /* more of the file */
	VB_FRAME_STATUS,     /* s32: how the program ended, as waitpid(2) has it; the last frame */
	VB_FRAME_FAILED,     /* text: why the program could not be run; the last frame */
	VB_FRAME_N_TYPES,
};

struct vb_frame_head {
	uint16_t type; /* enum vb_frame_type */
	uint16_t file; /* position in vb_outer_options.files, else 0 */
	uint32_t len;  /* of the data that follow */
};

/* One whole frame; not 0 ends the reading and is handed through. */
typedef int (*vb_frame_fn)(void *ctx, const struct vb_frame_head *head, const uint8_t *data,
			   struct vb_err *err);

struct vb_frame_reader {
	void *ctx;
	vb_frame_fn frame;
	size_t have; /* of buf */
	uint8_t buf[sizeof(struct vb_frame_head) + VB_FRAME_MAX];
};

/*
 * Take apart the next len bytes of the stream, cut anywhere. 0; -EPROTO: these are no frames; or what
 * frame() returned.
 */
int vb_frame_feed(struct vb_frame_reader *r, const uint8_t *bytes, size_t len, struct vb_err *err);

#endif
