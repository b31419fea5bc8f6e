/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of vmbusdump's options, for what is made of it: the parser, --help, extcap.
 */
#ifndef VB_OPTIONS_IMPL_H
#define VB_OPTIONS_IMPL_H

#include "capture/option_table.h"
#include "capture/options.h"

#define VB_RING_KIB_DEFAULT 2048
#define VB_RING_KIB_MAX 1048576

#define VB_MODE_BOTH (VB_MODE_LIVE | VB_MODE_READ)

#define VB_OPTION_ROWS 36

extern const struct vb_option_row vb_option_rows[VB_OPTION_ROWS];
extern const struct vb_option_table vb_option_table;

/* The row of a long name; VB_OPTION_ROWS when there is none. */
size_t vb_option_by_name(const char *name);

/* What the options are when none is given. */
void vb_options_default(struct vb_options *ret);

#endif
