/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live capture as seen from the program: what it can do in this build.
 */
#ifndef VB_LIVE_H
#define VB_LIVE_H

/* For --version: the library live capture was built with, or that there is none. */
const char *vb_source_bpf_version(void);

#endif
