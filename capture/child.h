/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A shell command whose standard output is read.
 */
#ifndef VB_CHILD_H
#define VB_CHILD_H

#include "capture/event.h"

struct vb_child {
	pid_t pid;	/* of the shell, its session and process group; 0: none runs */
	bool ended;	/* the shell did */
	int status;	/* then: as waitpid(2) has it */
	int fd;		/* the command's standard output */
	char name[128]; /* the command, quoted, for messages */
};

/*
 * Run the command. It has our standard error, no input and no terminal: what asks for a password
 * fails or opens a window instead of waiting for somebody to type it where nobody sees the question.
 */
int vb_child_start(const char *command, struct vb_child *ret, struct vb_err *err);

/* Its output has ended: so does the command, soon. -ECHILD: it failed, err says how. */
int vb_child_wait(struct vb_child *c, struct vb_err *err);

/* Nobody reads on: end the command and all that it started. Does nothing when none runs. */
void vb_child_stop(struct vb_child *c);

#endif
