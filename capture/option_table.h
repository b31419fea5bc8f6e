/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command line as one table of options: what reads it, checks it and explains it are walks over
 * the rows. Each program has a table of its own.
 */
#ifndef VB_OPTION_TABLE_H
#define VB_OPTION_TABLE_H

#include "capture/event.h"
#include "dissectors/sinks.h"

#define VB_OPTIONS_MAX 64 /* rows of a table */

/* One option. Every place that has to do with options is a walk over these. */
struct vb_option_row {
	const char *group;    /* the heading in --help, of a group's first row */
	const char *name;     /* long name */
	char letter;	      /* 0: none */
	const char *argument; /* what --help calls it; NULL: none; in []: optional, after '=' */
	unsigned int mode;    /* chooses this mode (one bit); 0: none */
	unsigned int modes;   /* is allowed with these; 0: with its own */
	const char *needs;    /* is nothing without this option */
	/* options is the program's struct; arg is NULL for options without one. */
	int (*parse)(const struct vb_option_row *row, void *options, const char *arg,
		     struct vb_err *err);
	size_t offset; /* of the member that takes the value */
	uint64_t min, max;
	uint64_t unit; /* the member counts in units this small */
	const char *help;
};

struct vb_option_table {
	const struct vb_option_row *rows;
	size_t n_rows;
	unsigned int always; /* modes that win over all others, as that of --help */
	/* What the modes of a row are, to say that it goes with those only. */
	const char *(*modes_text)(unsigned int modes);
};

/* What was on a command line, beside the values. */
struct vb_option_words {
	unsigned int mode; /* 0: no option chose one */
	uint64_t given;	   /* a bit for each row */
	int rest;	   /* index of the first word that belongs to no option; they are last */
};

/*
 * Read the words of argv into options. mode is the one that was chosen already, or 0. -EINVAL: they
 * are wrong; err says in one line what to do.
 */
int vb_option_table_parse(const struct vb_option_table *t, int argc, char *const argv[],
			  unsigned int mode, void *options, struct vb_option_words *ret,
			  struct vb_err *err);

/* Whether all that was given goes with the mode, and has with it what it needs. */
int vb_option_table_check(const struct vb_option_table *t, const struct vb_option_words *w,
			  struct vb_err *err);

/* The row of a long name; n_rows when there is none. */
size_t vb_option_table_find(const struct vb_option_table *t, const char *name);

/* Append the options that are allowed with these modes (0: all), a paragraph for each group. */
void vb_option_table_help(const struct vb_option_table *t, unsigned int modes, struct vb_buf *out);

/* How an option is written: "-w" or "--write". */
struct vb_option_name {
	char text[40];
};
struct vb_option_name vb_option_name(const struct vb_option_row *row);

/* ---- kinds of arguments: parse functions of rows ---- */

int vb_option_nothing(const struct vb_option_row *row, void *options, const char *arg,
		      struct vb_err *err);
/* bool */
int vb_option_flag(const struct vb_option_row *row, void *options, const char *arg,
		   struct vb_err *err);
/* unsigned int: how often it was given */
int vb_option_count(const struct vb_option_row *row, void *options, const char *arg,
		    struct vb_err *err);
/* const char *: not empty */
int vb_option_text(const struct vb_option_row *row, void *options, const char *arg,
		   struct vb_err *err);
/* uint64_t: a whole number from min to max, times unit */
#define VB_PAYLOAD_DEFAULT 256 /* bytes */
#define VB_SNAPLEN_MAX 262144

/* BYTES, none (0) or all (the row's maximum). */
int vb_option_payload(const struct vb_option_row *row, void *options, const char *arg,
		      struct vb_err *err);
int vb_option_number(const struct vb_option_row *row, void *options, const char *arg,
		     struct vb_err *err);

#endif
