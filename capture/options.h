/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of vmbusdump: one table of options drives parsing, checks and --help.
 */
#ifndef VB_OPTIONS_H
#define VB_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/event.h"
#include "capture/time_text.h"
#include "dissectors/sinks.h"

/* What the program is asked to do; one bit each, so that an option can belong to several. */
enum vb_mode {
	VB_MODE_LIVE = 0x01,
	VB_MODE_READ = 0x02,
	VB_MODE_CHECK = 0x04,
	VB_MODE_DEVICES = 0x08,
	VB_MODE_FIELDS = 0x10,
	VB_MODE_DOCTOR = 0x20,
	VB_MODE_DIFF = 0x40,
	VB_MODE_VERSION = 0x80,
	VB_MODE_HELP = 0x100,
};

enum vb_form { VB_FORM_TEXT, VB_FORM_JSON, VB_FORM_FIELDS, VB_FORM_NONE };

/* What --min wants to be equal: of each device of a class, of each, or of all together. */
#define VB_MIN_ANY (-1)
#define VB_MIN_TOTAL (-2)
struct vb_option_min {
	int class; /* VB_MIN_..., or enum vb_class; unknown: control messages */
	uint64_t n;
	const char *text; /* as given */
};

struct vb_options {
	enum vb_mode mode;
	const char *channels;	  /* -i */
	const char *input;	  /* -r, --check, the first of --diff */
	const char *second;	  /* of --diff */
	const char *output;	  /* -w, or NULL */
	const char *user;	  /* -Z, or NULL */
	const char *filter;	  /* -Y, or NULL */
	const char *frames;	  /* --frames, or NULL */
	const char *ethernet;	  /* --ethernet, or NULL */
	uint64_t max_records;	  /* -c; 0: all */
	uint64_t duration_ns;	  /* -a duration; 0: none */
	uint64_t file_bytes;	  /* -C; 0: one file */
	uint64_t file_seconds;	  /* -G; 0: one file */
	uint64_t n_files;	  /* -W; 0: any number */
	uint64_t snaplen;	  /* -s */
	uint64_t payload;	  /* --payload; 0: none */
	uint64_t ring_kib;	  /* -B */
	enum vb_form form;	  /* -T */
	enum vb_time_format time; /* -t */
	unsigned int verbose;	  /* how many -v */
	bool prints;		  /* records are shown, not only written to a file */
	bool hex, line_buffered, signals, strict, quiet, markdown;
	const char **fields; /* -e */
	size_t n_fields;
	const char *from, *to; /* --from, --to, or NULL */
	const char **ignore;   /* --ignore */
	size_t n_ignore;
	struct vb_option_min *mins; /* --min */
	size_t n_mins;
	bool all;
	uint64_t given; /* bit per row of the table */
};

/*
 * Read the arguments into ret. -EINVAL: they are wrong, err says in one line what to do. Strings
 * point into argv. Call vb_options_done() in any case.
 */
int vb_options_parse(int argc, char *const argv[], struct vb_options *ret, struct vb_err *err);
void vb_options_done(struct vb_options *o);

/* Append the text of --help. */
void vb_options_help(struct vb_buf *out);

#endif
