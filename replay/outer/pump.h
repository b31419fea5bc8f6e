/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Process 1 of the inner machine: hands everything out while the program runs. */
#ifndef VB_OUTER_PUMP_H
#define VB_OUTER_PUMP_H

#include "replay/outer/frame.h"

#define VB_PUMP_FILES 32u

/* A file that is brought out. */
struct vb_pump_file {
	const char *name; /* NULL: none at this position */
	uint64_t sent;	  /* bytes so far */
	uint64_t sum;	  /* of these bytes */
	uint64_t inode;	  /* 0: nothing was sent yet */
};

struct vb_pump {
	int frames;	 /* where frames go; writing never fails for good while the machine lives */
	int signals;	 /* each byte read is a signal for the program; -1: none come */
	int out, err;	 /* what the program prints; -1 when it ended */
	const char *dir; /* of the files */
	struct vb_pump_file files[VB_PUMP_FILES];
	pid_t program;
};

/* Send one frame of len bytes (at most VB_FRAME_MAX). 0 or -errno. */
int vb_pump_send(int fd, enum vb_frame_type type, uint16_t file, const void *data, size_t len);

/* Bring out what came to the files; whole: also see whether bytes already sent have changed. */
int vb_pump_files(struct vb_pump *p, bool whole);

/*
 * Run until the program ended and all is sent, its status last. Reaps every process. 0 or -errno of
 * the frames.
 */
int vb_pump_run(struct vb_pump *p);

#endif
