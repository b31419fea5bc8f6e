/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What vmbusreplay says while it works: to standard error, a line each, with its name in front. With
 * capture/report.c the only module that prints.
 */
#ifndef VB_SAY_H
#define VB_SAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vb_say {
	bool quiet;	 /* no progress */
	bool out_failed; /* standard output takes no more */
};

/* One line. */
void vb_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* For struct vb_launch; ctx is a struct vb_say. */
void vb_say_progress(void *ctx, uint64_t since_ns, const char *line);
void vb_say_trouble(void *ctx, const char *text);
void vb_say_output(void *ctx, const char *bytes, size_t n);

#endif
