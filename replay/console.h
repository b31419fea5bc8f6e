/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest wrote to its console: kept for when it fails, and in a file for those who want it.
 */
#ifndef VB_CONSOLE_H
#define VB_CONSOLE_H

#include "capture/event.h"
#include "dissectors/sinks.h"

#define VB_CONSOLE_MAX (16u << 20) /* a guest that writes more than so many bytes is ill */

struct vb_console {
	int fd; /* of the file; -1: none */
	struct vb_buf text;
	bool flooded; /* more than VB_CONSOLE_MAX: the rest was dropped */
};

/* path NULL: no file. */
int vb_console_open(struct vb_console *c, const char *path, struct vb_err *err);
void vb_console_add(struct vb_console *c, const uint8_t *bytes, size_t n);

/* The guest failed: if there is no file, write one. */
int vb_console_keep(struct vb_console *c, const char *path, struct vb_err *err);

/* Append the last n lines, indented, without anything that upsets a terminal. */
void vb_console_tail(const struct vb_console *c, unsigned int n, struct vb_buf *out);

void vb_console_close(struct vb_console *c);

#endif
