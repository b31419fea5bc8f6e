/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the command line, and what goes together on it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/options_impl.h"
#include "capture/suggest.h"

_Static_assert(VB_OPTION_ROWS <= 64, "vb_options.given has a bit per row");

/* ---- names of options in errors ---- */

struct option_name {
	char text[40];
};

static struct option_name name_of(const struct vb_option_row *row)
{
	struct option_name n;

	if (row->letter)
		snprintf(n.text, sizeof(n.text), "-%c", row->letter);
	else
		snprintf(n.text, sizeof(n.text), "--%s", row->name);
	return n;
}

static bool is_given(const struct vb_options *o, size_t row)
{
	return o->given >> row & 1;
}

size_t vb_option_by_name(const char *name)
{
	size_t i = 0;

	while (i < VB_OPTION_ROWS && strcmp(vb_option_rows[i].name, name) != 0)
		i++;
	return i;
}

/* ---- getopt ---- */

/* getopt's tables: option numbers are the row's, so that long and short ones meet. */
static void make_getopt(char shorts[2 * VB_OPTION_ROWS + 2],
			struct option longs[VB_OPTION_ROWS + 1])
{
	size_t n = 0;

	shorts[n++] = ':'; /* tell a missing argument from an unknown option */
	for (size_t i = 0; i < VB_OPTION_ROWS; i++) {
		bool optional = vb_option_rows[i].argument && vb_option_rows[i].argument[0] == '[';

		longs[i] = (struct option){
			.name = vb_option_rows[i].name,
			.has_arg = optional		      ? optional_argument :
				   vb_option_rows[i].argument ? required_argument :
								no_argument,
			.val = 256 + (int)i,
		};
		if (!vb_option_rows[i].letter)
			continue;
		shorts[n++] = vb_option_rows[i].letter;
		if (vb_option_rows[i].argument)
			shorts[n++] = ':';
	}
	longs[VB_OPTION_ROWS] = (struct option){ 0 };
	shorts[n] = '\0';
}

static size_t row_of(int c)
{
	if (c >= 256)
		return (size_t)c - 256;
	for (size_t i = 0; i < VB_OPTION_ROWS; i++)
		if (vb_option_rows[i].letter == c)
			return i;
	return VB_OPTION_ROWS;
}

static int unknown_option(const char *word, struct vb_err *err)
{
	char near[VB_SUGGEST_TEXT];
	struct vb_suggest s;
	size_t len = strcspn(word, "=");

	if (optopt > 0 && optopt < 256)
		return vb_fail(err, -EINVAL, "unknown option -%c; --help shows all", optopt);
	if (optopt >= 256)
		return vb_fail(err, -EINVAL, "--%s takes no argument",
			       vb_option_rows[row_of(optopt)].name);
	for (size_t i = 0; i < VB_OPTION_ROWS; i++)
		if (len > 2 && strncmp(word + 2, vb_option_rows[i].name, len - 2) == 0)
			return vb_fail(err, -EINVAL, "%.*s is ambiguous; --help shows all options",
				       (int)len, word);
	vb_suggest_init(&s, word + 2, len - 2);
	for (size_t i = 0; i < VB_OPTION_ROWS; i++)
		vb_suggest_offer(&s, vb_option_rows[i].name);
	vb_suggest_text(&s, near, sizeof(near));
	return vb_fail(err, -EINVAL, "unknown option %.*s%s", (int)len, word,
		       near[0] ? near : "; --help shows all");
}

static int missing_argument(struct vb_err *err)
{
	size_t row = row_of(optopt);

	if (row >= VB_OPTION_ROWS)
		return vb_fail(err, -EINVAL, "an option lacks its argument");
	return vb_fail(err, -EINVAL, "%s needs an argument: %s", name_of(&vb_option_rows[row]).text,
		       vb_option_rows[row].argument);
}

/* The first mode counts; a second one is kept for the error, unless somebody asks for help. */
static void set_mode(struct vb_options *o, const struct vb_option_row *row,
		     const struct vb_option_row **second)
{
	if (!row->mode || o->mode == row->mode || o->mode >= VB_MODE_VERSION)
		return;
	if (o->mode && row->mode < VB_MODE_VERSION)
		*second = row;
	else
		o->mode = row->mode;
}

static int two_modes(const struct vb_options *o, const struct vb_option_row *second,
		     struct vb_err *err)
{
	const struct vb_option_row *first = vb_option_rows;

	if (!second || o->mode >= VB_MODE_VERSION)
		return 0;
	while (first->mode != o->mode)
		first++;
	return vb_fail(err, -EINVAL, "%s and %s exclude each other: give one of them",
		       name_of(first).text, name_of(second).text);
}

static int parse_words(int argc, char *const argv[], struct vb_options *o, struct vb_err *err)
{
	char shorts[2 * VB_OPTION_ROWS + 2];
	struct option longs[VB_OPTION_ROWS + 1];
	const struct vb_option_row *second = NULL;
	int c, rc;

	make_getopt(shorts, longs);
	optind = 0; /* glibc: begin anew */
	opterr = 0;
	for (;;) {
		size_t i;

		c = getopt_long(argc, argv, shorts, longs, NULL);
		if (c == -1)
			return two_modes(o, second, err);
		if (c == '?')
			return unknown_option(argv[optind - 1], err);
		if (c == ':')
			return missing_argument(err);
		i = row_of(c);
		set_mode(o, &vb_option_rows[i], &second);
		rc = vb_option_rows[i].parse(&vb_option_rows[i], o, optarg, err);
		if (rc < 0)
			return rc;
		o->given |= UINT64_C(1) << i;
	}
}

/* ---- what goes together ---- */

static int check_modes(const struct vb_options *o, struct vb_err *err)
{
	for (size_t i = 0; i < VB_OPTION_ROWS; i++) {
		const struct vb_option_row *row = &vb_option_rows[i];
		size_t needed = row->needs ? vb_option_by_name(row->needs) : VB_OPTION_ROWS;

		if (!is_given(o, i) || !row->modes)
			continue;
		if (!(row->modes & o->mode))
			return vb_fail(err, -EINVAL, "%s goes with %s only", name_of(row).text,
				       row->modes == VB_MODE_LIVE ? "a live capture (-i)" :
								    "-i or -r");
		if (needed < VB_OPTION_ROWS && !is_given(o, needed))
			return vb_fail(err, -EINVAL, "%s needs %s %s as well", name_of(row).text,
				       name_of(&vb_option_rows[needed]).text,
				       vb_option_rows[needed].argument);
	}
	return 0;
}

static int check_files(const struct vb_options *o, struct vb_err *err)
{
	bool rotates = o->file_bytes || o->file_seconds;

	if (o->n_files && !rotates)
		return vb_fail(err, -EINVAL, "-W needs -C MB or -G S as well");
	if (rotates && strcmp(o->output, "-") == 0)
		return vb_fail(err, -EINVAL, "-C and -G need a file: name one with -w");
	return 0;
}

static int check_forms(const struct vb_options *o, struct vb_err *err)
{
	if (o->form == VB_FORM_FIELDS && o->n_fields == 0)
		return vb_fail(err, -EINVAL,
			       "-T fields needs at least one -e FIELD; --list-fields shows all");
	if (o->form != VB_FORM_FIELDS && o->n_fields > 0)
		return vb_fail(err, -EINVAL, "-e goes with -T fields only");
	if (o->hex && (o->form == VB_FORM_FIELDS || o->form == VB_FORM_NONE))
		return vb_fail(err, -EINVAL, "-x goes with -T text or -T json");
	if (o->verbose && o->form != VB_FORM_TEXT)
		return vb_fail(err, -EINVAL, "-v goes with -T text; json has all fields anyway");
	if (o->prints && o->output && strcmp(o->output, "-") == 0)
		return vb_fail(err, -EINVAL,
			       "records cannot be shown while the trace goes to standard output");
	return 0;
}

void vb_options_default(struct vb_options *ret)
{
	*ret = (struct vb_options){ .snaplen = VB_SNAPLEN_MAX, .ring_kib = VB_RING_KIB_DEFAULT };
}

int vb_options_parse(int argc, char *const argv[], struct vb_options *ret, struct vb_err *err)
{
	struct vb_options *o = ret;
	bool shows;
	int rc;

	vb_options_default(o);
	rc = parse_words(argc, argv, o, err);
	if (rc < 0 || o->mode >= VB_MODE_VERSION)
		return rc;
	if (optind < argc)
		return vb_fail(err, -EINVAL, "'%s' is not expected here; a filter is given with -Y",
			       argv[optind]);
	if (!o->mode)
		return vb_fail(err, -EINVAL,
			       "nothing to do: -i any captures, -r FILE reads, --help explains");
	/* A file that is written is shown only to those who ask. */
	shows = is_given(o, vb_option_by_name("output")) || o->verbose || o->hex ||
		is_given(o, vb_option_by_name("time"));
	o->prints = o->form != VB_FORM_NONE && (shows || !o->output);
	/* A table is read by programs: the whole time, unless told otherwise. */
	if (o->form == VB_FORM_FIELDS && !is_given(o, vb_option_by_name("time")))
		o->time = VB_TIME_ISO;
	rc = check_modes(o, err);
	if (rc == 0)
		rc = check_files(o, err);
	return rc < 0 ? rc : check_forms(o, err);
}

void vb_options_done(struct vb_options *o)
{
	free(o->fields);
	o->fields = NULL;
}
