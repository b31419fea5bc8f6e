/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outer side of one run, cut in parts. */
#ifndef VB_OUTER_RUN_IMPL_H
#define VB_OUTER_RUN_IMPL_H

#include <limits.h>
#include <signal.h>

#include "replay/outer/frame.h"
#include "replay/outer/outer.h"
#include "replay/outer/pace.h"

#define VB_OUTER_FILES 32u /* as many as the inner side keeps apart */

struct vb_outer {
	const struct vb_outer_options *opt;
	char dir[PATH_MAX]; /* private; "": there is none */
	bool hidden;	    /* the directory is removed already; what is open still works */
	pid_t emulator;	    /* 0: does not run */
	int emulator_status;
	int frames;	  /* what it writes, read from behind */
	int console, log; /* the inner kernel's words, and the emulator's */
	int signals;	  /* our end of the socket */
	int pending;	  /* signalfd(2) */
	sigset_t old_mask;
	uint64_t taken, punched; /* bytes of frames read; and given back to the file system */
	struct vb_frame_reader reader;
	int files[VB_OUTER_FILES]; /* open outputs, else -1 */
	bool alive;		   /* something came */
	bool ended;		   /* the last frame came */
	bool warned;		   /* one signal was handed on */
	int status;		   /* of the program, as waitpid(2) has it */
	uint64_t heard_ns;	   /* when something came last; 0: just now */
	uint64_t progress_ns;	   /* when output, or some of a file, came last; likewise */
	struct vb_pace pace;
	bool ticked;	    /* a tick came since the pace was looked at */
	uint64_t warned_ns; /* when that was */
};

/* ---- run_take.c: what comes out ---- */

/* Everything that is there by now. 0; else err says what, e.g. -ENOSPC, -EPIPE, -EINTR. */
int vb_outer_take(struct vb_outer *o, struct vb_err *err);

/* One whole frame, for the reader. */
int vb_outer_take_frame(void *ctx, const struct vb_frame_head *head, const uint8_t *data,
			struct vb_err *err);

/* -ENOSPC: the disk with our files is full, so that something is lost by now, or soon. */
int vb_outer_check_room(const struct vb_outer *o, struct vb_err *err);

/* A signal came: hand it on. -EINTR: it is the second. */
int vb_outer_signal(struct vb_outer *o, struct vb_err *err);

/* ---- run_start.c: before and after ---- */

int vb_outer_open(struct vb_outer *o, struct vb_err *err);
int vb_outer_start(struct vb_outer *o, struct vb_err *err);
void vb_outer_close(struct vb_outer *o);

/*
 * The inner machine is up, so the emulator has opened all it needs: remove the directory now. Not even
 * SIGKILL leaves anything behind then.
 */
void vb_outer_hide(struct vb_outer *o);

/* The last line that is not blank of one of the logs, for messages; "none" if there is none. */
void vb_outer_last_words(int fd, char *ret, size_t size);

#endif
