/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both sides of the inner machine's wall know: where things are, and what the ports are called. */
#ifndef VB_OUTER_INNER_IMPL_H
#define VB_OUTER_INNER_IMPL_H

#include <signal.h>
#include <stdbool.h>

#define VB_INNER_ARGV "/vb/argv"       /* words, each ending in a NUL */
#define VB_INNER_OUTPUTS "/vb/outputs" /* names of all files, in order; empty: an input */
#define VB_INNER_IN "/in"
#define VB_INNER_OUT "/out"
#define VB_INNER_MODULES "/lib/modules"

#define VB_INNER_PORT_FRAMES "vb.frames" /* frames, out */
/* Not from the user: time hardly goes on, though the emulator works a lot. */
#define VB_INNER_SLOW_SIGNAL SIGUSR2
#define VB_INNER_PORT_SIGNALS "vb.signals" /* in: each byte is the number of a signal */

#define VB_INNER_DRIVE "vb.drive" /* serial number of drive 0: with a 0 behind it */

/* Modules in the order to insert them; some are built in, in some kernels. */
struct vb_inner_module {
	const char *name, *parameters; /* NULL: none */
	bool for_drives;	       /* not there without any */
};
extern const struct vb_inner_module vb_inner_modules[]; /* up to a name of NULL */

#endif
