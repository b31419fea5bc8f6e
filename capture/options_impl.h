/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of options, for what is made of it: the parser and --help.
 */
#ifndef VB_OPTIONS_IMPL_H
#define VB_OPTIONS_IMPL_H

#include "capture/options.h"

#define VB_SNAPLEN_MAX 262144
#define VB_RING_KIB_DEFAULT 2048
#define VB_RING_KIB_MAX 1048576

#define VB_MODE_BOTH (VB_MODE_LIVE | VB_MODE_READ)

/* One option. Every place that has to do with options is a walk over these. */
struct vb_option_row {
	const char *group;    /* the heading in --help, of a group's first row */
	const char *name;     /* long name */
	char letter;	      /* 0: none */
	const char *argument; /* what --help calls it; NULL: none; in []: optional, after '=' */
	enum vb_mode mode;    /* chooses this mode */
	unsigned int modes;   /* is allowed with these; 0: with its own */
	const char *needs;    /* is nothing without this option */
	int (*parse)(const struct vb_option_row *row, struct vb_options *o, const char *arg,
		     struct vb_err *err);
	size_t offset; /* of the member that takes the value */
	uint64_t min, max;
	uint64_t unit; /* the member counts in units this small */
	const char *help;
};

#define VB_OPTION_ROWS 27

extern const struct vb_option_row vb_option_rows[VB_OPTION_ROWS];

/* The row of a long name; VB_OPTION_ROWS when there is none. */
size_t vb_option_by_name(const char *name);

/* What the options are when none is given. */
void vb_options_default(struct vb_options *ret);

#endif
