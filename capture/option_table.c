/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a command line by its table, and what goes together on it.
 */
#include "capture/option_table.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "capture/number.h"
#include "capture/suggest.h"

#define FIRST_LONG 256 /* getopt's numbers of the rows, behind all letters */

struct vb_option_name vb_option_name(const struct vb_option_row *row)
{
	struct vb_option_name n;

	if (row->letter)
		snprintf(n.text, sizeof(n.text), "-%c", row->letter);
	else
		snprintf(n.text, sizeof(n.text), "--%s", row->name);
	return n;
}

size_t vb_option_table_find(const struct vb_option_table *t, const char *name)
{
	size_t i = 0;

	while (i < t->n_rows && strcmp(t->rows[i].name, name) != 0)
		i++;
	return i;
}

/* ---- getopt ---- */

/* getopt's tables: option numbers are the row's, so that long and short ones meet. */
static void make_getopt(const struct vb_option_table *t, char shorts[2 * VB_OPTIONS_MAX + 2],
			struct option longs[VB_OPTIONS_MAX + 1])
{
	size_t n = 0;

	shorts[n++] = ':'; /* tell a missing argument from an unknown option */
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct vb_option_row *row = &t->rows[i];
		bool optional = row->argument && row->argument[0] == '[';

		longs[i] = (struct option){
			.name = row->name,
			.has_arg = optional	 ? optional_argument :
				   row->argument ? required_argument :
						   no_argument,
			.val = FIRST_LONG + (int)i,
		};
		if (!row->letter)
			continue;
		shorts[n++] = row->letter;
		if (row->argument)
			shorts[n++] = ':';
	}
	longs[t->n_rows] = (struct option){ 0 };
	shorts[n] = '\0';
}

static size_t row_of(const struct vb_option_table *t, int c)
{
	size_t i = 0;

	if (c >= FIRST_LONG)
		return (size_t)c - FIRST_LONG;
	while (i < t->n_rows && t->rows[i].letter != c)
		i++;
	return i;
}

static int unknown_option(const struct vb_option_table *t, const char *word, struct vb_err *err)
{
	char near[VB_SUGGEST_TEXT];
	struct vb_suggest s;
	size_t len = strcspn(word, "=");

	if (optopt > 0 && optopt < FIRST_LONG)
		return vb_fail(err, -EINVAL, "unknown option -%c; --help shows all", optopt);
	if (optopt >= FIRST_LONG)
		return vb_fail(err, -EINVAL, "--%s takes no argument",
			       t->rows[row_of(t, optopt)].name);
	for (size_t i = 0; i < t->n_rows; i++)
		if (len > 2 && strncmp(word + 2, t->rows[i].name, len - 2) == 0)
			return vb_fail(err, -EINVAL, "%.*s is ambiguous; --help shows all options",
				       (int)len, word);
	vb_suggest_init(&s, word + 2, len - 2);
	for (size_t i = 0; i < t->n_rows; i++)
		vb_suggest_offer(&s, t->rows[i].name);
	vb_suggest_text(&s, near, sizeof(near));
	return vb_fail(err, -EINVAL, "unknown option %.*s%s", (int)len, word,
		       near[0] ? near : "; --help shows all");
}

static int missing_argument(const struct vb_option_table *t, struct vb_err *err)
{
	size_t row = row_of(t, optopt);

	if (row >= t->n_rows)
		return vb_fail(err, -EINVAL, "an option lacks its argument");
	return vb_fail(err, -EINVAL, "%s needs an argument: %s", vb_option_name(&t->rows[row]).text,
		       t->rows[row].argument);
}

/* The first mode counts; a second one is kept for the error, unless somebody asks for help. */
static void set_mode(const struct vb_option_table *t, struct vb_option_words *w,
		     const struct vb_option_row *row, const struct vb_option_row **second)
{
	if (!row->mode || w->mode == row->mode || (w->mode & t->always))
		return;
	if (w->mode && !(row->mode & t->always))
		*second = row;
	else
		w->mode = row->mode;
}

static int two_modes(const struct vb_option_table *t, const struct vb_option_words *w,
		     const struct vb_option_row *second, struct vb_err *err)
{
	if (!second || (w->mode & t->always))
		return 0;
	for (size_t i = 0; i < t->n_rows; i++)
		if (t->rows[i].mode == w->mode)
			return vb_fail(err, -EINVAL,
				       "%s and %s exclude each other: give one of them",
				       vb_option_name(&t->rows[i]).text,
				       vb_option_name(second).text);
	return vb_fail(err, -EINVAL, "%s is not expected here", vb_option_name(second).text);
}

int vb_option_table_parse(const struct vb_option_table *t, int argc, char *const argv[],
			  unsigned int mode, void *options, struct vb_option_words *ret,
			  struct vb_err *err)
{
	char shorts[2 * VB_OPTIONS_MAX + 2];
	struct option longs[VB_OPTIONS_MAX + 1];
	const struct vb_option_row *second = NULL;
	int c, rc;

	*ret = (struct vb_option_words){ .mode = mode };
	make_getopt(t, shorts, longs);
	optind = 0; /* glibc: begin anew */
	opterr = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		size_t i;

		if (c == '?')
			return unknown_option(t, argv[optind - 1], err);
		if (c == ':')
			return missing_argument(t, err);
		i = row_of(t, c);
		set_mode(t, ret, &t->rows[i], &second);
		rc = t->rows[i].parse(&t->rows[i], options, optarg, err);
		if (rc < 0)
			return rc;
		ret->given |= UINT64_C(1) << i;
	}
	ret->rest = optind;
	return two_modes(t, ret, second, err);
}

/* ---- what goes together ---- */

static bool is_given(const struct vb_option_words *w, size_t row)
{
	return w->given >> row & 1;
}

int vb_option_table_check(const struct vb_option_table *t, const struct vb_option_words *w,
			  struct vb_err *err)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct vb_option_row *row = &t->rows[i];
		size_t needed = row->needs ? vb_option_table_find(t, row->needs) : t->n_rows;

		if (!is_given(w, i) || !row->modes)
			continue;
		if (!(row->modes & w->mode))
			return vb_fail(err, -EINVAL, "%s goes with %s only",
				       vb_option_name(row).text, t->modes_text(row->modes));
		if (needed < t->n_rows && !is_given(w, needed))
			return vb_fail(err, -EINVAL, "%s needs %s %s as well",
				       vb_option_name(row).text,
				       vb_option_name(&t->rows[needed]).text,
				       t->rows[needed].argument);
	}
	return 0;
}

/* ---- kinds of arguments ---- */

static void *member(const struct vb_option_row *row, void *options)
{
	return (char *)options + row->offset;
}

int vb_option_nothing(const struct vb_option_row *row, void *options, const char *arg,
		      struct vb_err *err)
{
	(void)row;
	(void)options;
	(void)arg;
	(void)err;
	return 0;
}

int vb_option_flag(const struct vb_option_row *row, void *options, const char *arg,
		   struct vb_err *err)
{
	(void)arg;
	(void)err;
	*(bool *)member(row, options) = true;
	return 0;
}

int vb_option_count(const struct vb_option_row *row, void *options, const char *arg,
		    struct vb_err *err)
{
	(void)arg;
	(void)err;
	++*(unsigned int *)member(row, options);
	return 0;
}

int vb_option_text(const struct vb_option_row *row, void *options, const char *arg,
		   struct vb_err *err)
{
	if (arg[0] == '\0')
		return vb_fail(err, -EINVAL, "%s: %s must not be empty", vb_option_name(row).text,
			       row->argument);
	*(const char **)member(row, options) = arg;
	return 0;
}

int vb_option_number(const struct vb_option_row *row, void *options, const char *arg,
		     struct vb_err *err)
{
	uint64_t value;

	if (vb_number_parse(arg, row->max, &value) || value < row->min)
		return vb_fail(err, -EINVAL, "%s %s: give a whole number from %llu to %llu",
			       vb_option_name(row).text, arg, (unsigned long long)row->min,
			       (unsigned long long)row->max);
	*(uint64_t *)member(row, options) = value * (row->unit ? row->unit : 1);
	return 0;
}

int vb_option_payload(const struct vb_option_row *row, void *options, const char *arg,
		      struct vb_err *err)
{
	uint64_t *value = member(row, options);

	if (strcmp(arg, "none") == 0)
		*value = 0;
	else if (strcmp(arg, "all") == 0)
		*value = row->max;
	else if (vb_number_parse(arg, row->max, value))
		return vb_fail(err, -EINVAL,
			       "--%s %s: give a number of bytes up to %llu, none or all", row->name,
			       arg, (unsigned long long)row->max);
	return 0;
}
