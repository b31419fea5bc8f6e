/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the program can be asked to do. Each returns the exit code and has told the user all.
 */
#ifndef VB_MODES_H
#define VB_MODES_H

#include "capture/flow.h"

/* -r: read a trace. */
enum vb_exit vb_run_read(const struct vb_options *opt, struct vb_report *report);

/*
 * The same with what a shell command writes, until it ends or we are told to stop: either is a good
 * end.
 */
enum vb_exit vb_run_read_command(const struct vb_options *opt, const char *command,
				 struct vb_report *report);

/* -i: capture. */
enum vb_exit vb_run_live(const struct vb_options *opt, struct vb_report *report);

/* --check: is the trace complete and well formed? */
enum vb_exit vb_run_check(const struct vb_options *opt, struct vb_report *report);

/* --diff: do two traces hold the same traffic? */
enum vb_exit vb_run_diff(const struct vb_options *opt, struct vb_report *report);

#endif
