/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a command line to a guest: finds kernel and programs, packs the initramfs, and has the session
 * run here or, where the machine is emulated, by this program in there.
 */
#ifndef VB_LAUNCH_H
#define VB_LAUNCH_H

#include "replay/options.h"
#include "replay/session.h"

struct vb_launch {
	const struct vb_replay_options *opt;
	const uint8_t *agent; /* the program for the guest */
	size_t agent_len;
	const struct vb_session_hooks *hooks; /* NULL: none */
	void *ctx;			      /* for these, as in a session: */
	void (*progress)(void *ctx, uint64_t since_ns, const char *line);
	void (*trouble)(void *ctx, const char *text);
	void (*output)(void *ctx, const char *bytes, size_t n);
	/* results: */
	bool emulated; /* the inner program said and did all that is to be said and done */
	int status;    /* then: its exit status */
	struct vb_session_result result; /* else */
};

/*
 * 0: the guest ended in order (its workload may have failed). -EINVAL: the user is wrong; -ENOTSUP:
 * this machine cannot do it; else the guest or the machine failed. err says what.
 */
int vb_launch(struct vb_launch *l, struct vb_err *err);

/* The static vmbusdump for the guest, when nobody says where it is: beside this program. */
#define VB_LAUNCH_VMBUSDUMP "vmbusdump-static"
void vb_launch_vmbusdump(char *ret, size_t size);

/* ---- private ---- */

/* launch_inside.c: the command line of the inner program, and its files. */
int vb_launch_inside(struct vb_launch *l, const char *cache, const char *kernel, int initrd_fd,
		     struct vb_err *err);

#endif
