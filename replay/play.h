/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands "plan" and "run": from a command line to a plan, a replay, a report.
 */
#ifndef VB_PLAY_H
#define VB_PLAY_H

#include "replay/options.h"
#include "replay/replay.h"
#include "replay/session.h"

struct vb_play {
	struct vb_replay_options opt; /* the user's, and what follows from the trace */
	struct vb_session_hooks hooks;
	/* private: */
	struct vb_plan *plan;
	struct vb_replay *replay;
	struct vb_guest_session *session;
	struct vb_buf devices;	  /* class names with commas */
	struct vb_buf interfaces; /* GUIDs of network devices, with commas */
	struct vb_buf disks;	  /* of storage devices */
	uint64_t said_ns;	  /* when progress was told last */
	bool told;		  /* the guest to end */
};

/* Read the trace that the options name and append what would be done. Errors of vb_plan_read(). */
int vb_play_plan(const struct vb_replay_options *o, struct vb_buf *out, struct vb_err *err);

/*
 * Read the trace and prepare the replay; launch with p->opt and p->hooks then. -EINVAL: the options
 * do not fit the trace; other errors as of vb_plan_read(). Call vb_play_done() in any case.
 */
int vb_play_init(struct vb_play *p, const struct vb_replay_options *o, struct vb_err *err);
void vb_play_done(struct vb_play *p);

/*
 * The guest is gone; why: NULL when it ended in order. Append the report, write the files that were
 * asked for. 1: as recorded; 0: not; negative errno: a file could not be written.
 */
int vb_play_end(struct vb_play *p, const char *why, struct vb_buf *out, struct vb_err *err);

#endif
