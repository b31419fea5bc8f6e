/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals, asked for between records: no handler, no global state.
 */
#ifndef VB_SIGNALS_H
#define VB_SIGNALS_H

enum vb_wish {
	VB_WISH_STOP = 1,   /* SIGINT, SIGTERM, SIGHUP */
	VB_WISH_COUNTS = 2, /* SIGUSR1: say how it goes */
};

/* Block the signals and have them queue up. Returns a descriptor or a negative errno. */
int vb_signals_open(void);

/* What was wished for since the last call, enum vb_wish. */
unsigned int vb_signals_poll(int fd);

#endif
