/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bus with one device that echoes, and a guest that has its channel open: what tests begin with. */
#ifndef VB_ECHO_BUS_H
#define VB_ECHO_BUS_H

#include "tests/loop/guest.h"

struct echo_bus {
	struct loop loop;
	struct guest guest;
	struct vb_hdevice *device;
	struct guest_channel chan; /* 8 KiB of data each way */
};

/* vp: the processor that the channel interrupts. */
void echo_start(struct echo_bus *b, const struct loop_options *opt, uint32_t vp);
void echo_end(struct echo_bus *b);

struct loop_echo_state *echo_state(const struct echo_bus *b);
struct vb_host_stats echo_stats(const struct echo_bus *b);
/* A command line that is done at once, and well. */
void echo_command(struct echo_bus *b, const char *line);
void echo_fault(struct echo_bus *b, const char *spec);

#endif
