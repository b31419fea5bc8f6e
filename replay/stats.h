/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figures of a session, each written once for people and for programs.
 */
#ifndef VB_STATS_H
#define VB_STATS_H

#include "replay/session.h"

struct vb_buf;

/* "3 control messages in, 5 out, ...": what is of interest to everybody. */
void vb_stats_text(const struct vb_session_result *r, struct vb_buf *out);
/* All, as a JSON object and a newline. */
void vb_stats_json(const struct vb_session_result *r, struct vb_buf *out);
/* vb_stats_json() as a file, which is replaced. Negative errno, and err says which file. */
int vb_stats_write(const struct vb_session_result *r, const char *path, struct vb_err *err);

#endif
