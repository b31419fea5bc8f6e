/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of --help, in columns.
 */
#include "capture/option_table.h"

#define COLUMN 34 /* where the help text begins */
#define WIDTH 96

/* "  -i, --interface any|CHANNEL[,..]" */
static void add_names(struct vb_buf *out, const struct vb_option_row *row)
{
	if (row->letter)
		vb_buf_fmt(out, "  -%c, --%s", row->letter, row->name);
	else
		vb_buf_fmt(out, "      --%s", row->name);
	if (row->argument && row->argument[0] == '[')
		vb_buf_fmt(out, "[=%s", row->argument + 1);
	else if (row->argument)
		vb_buf_fmt(out, " %s", row->argument);
}

static size_t column(const struct vb_buf *out, size_t line)
{
	return out->len - line;
}

static void pad_to(struct vb_buf *out, size_t line, size_t to)
{
	while (column(out, line) < to && !out->failed)
		vb_buf_add(out, " ", 1);
}

/* Words, broken before the margin. */
static void add_words(struct vb_buf *out, size_t line, const char *text)
{
	while (*text != '\0') {
		const char *end = text;

		while (*end != '\0' && *end != ' ')
			end++;
		if (column(out, line) + 1 + (size_t)(end - text) > WIDTH) {
			vb_buf_str(out, "\n");
			line = out->len;
			pad_to(out, line, COLUMN);
		} else if (column(out, line) > COLUMN) {
			vb_buf_str(out, " ");
		}
		vb_buf_add(out, text, (size_t)(end - text));
		text = *end == ' ' ? end + 1 : end;
	}
	vb_buf_str(out, "\n");
}

void vb_option_table_help(const struct vb_option_table *t, unsigned int modes, struct vb_buf *out)
{
	const char *group = NULL, *shown = NULL;

	for (size_t i = 0; i < t->n_rows; i++) {
		const struct vb_option_row *row = &t->rows[i];
		size_t line;

		group = row->group ? row->group : group;
		if (modes && !(modes & (row->modes | row->mode)))
			continue;
		if (group != shown)
			vb_buf_fmt(out, "\n%s:\n", group);
		shown = group;
		line = out->len;
		add_names(out, row);
		if (column(out, line) + 1 >= COLUMN) {
			vb_buf_str(out, "\n");
			line = out->len;
		}
		pad_to(out, line, COLUMN);
		add_words(out, line, row->help);
	}
}
