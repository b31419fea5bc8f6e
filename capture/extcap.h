/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmbusdump as a capture program of Wireshark (extcap): it is asked for its interfaces, for their
 * link type and options, and then to capture into a pipe.
 */
#ifndef VB_EXTCAP_H
#define VB_EXTCAP_H

#include "capture/flow.h"

/* Do these words come from Wireshark? */
bool vb_extcap_called(int argc, char *const argv[]);

/* Answer them. Returns the exit code and has told the user all. */
enum vb_exit vb_run_extcap(int argc, char *const argv[], struct vb_report *report);

#endif
