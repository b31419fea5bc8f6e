/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "manual.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define PAGE_MAX 200000

static void read_page(const char *page, char ret[PAGE_MAX])
{
	char path[256];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", VB_SOURCE_DIR, page);
	f = fopen(path, "r");
	cr_assert_not_null(f, "%s", path);
	n = fread(ret, 1, PAGE_MAX, f);
	fclose(f);
	cr_assert(n > 0 && n < PAGE_MAX);
	ret[n] = '\0';
}

void manual_has_options(const char *page, const struct vb_option_row *rows, size_t n)
{
	static char text[PAGE_MAX];
	char item[64];

	read_page(page, text);
	for (size_t i = 0; i < n; i++) {
		const struct vb_option_row *row = &rows[i];

		if (row->letter)
			snprintf(item, sizeof(item), "\n.It Fl %c , Fl -%s", row->letter,
				 row->name);
		else
			snprintf(item, sizeof(item), "\n.It Fl -%s", row->name);
		cr_assert_not_null(strstr(text, item), "%s", item);
	}
}

/* The item with that word, up to the next section. */
static bool has_item(const char *section, const char *macro, const char *word)
{
	const char *end = strstr(section, "\n.Sh "), *at = section;
	size_t len = strlen(word);

	while ((at = strstr(at, "\n.It ")) && at < end) {
		const char *line = at + 5, *found;
		size_t n = strcspn(line, "\n");

		at = line;
		if (strncmp(line, macro, 2) != 0)
			continue;
		for (found = strstr(line, word); found && found < line + n;
		     found = strstr(found + 1, word))
			if (found[-1] == ' ' && strchr(" \n", found[len]))
				return true;
	}
	return false;
}

void manual_has_model(const char *section, const char *model)
{
	static char text[PAGE_MAX];
	const struct vb_model *m = vb_model_by_name(model);
	char title[64];
	const char *at;

	read_page("replay/vmbusreplay.1", text);
	snprintf(title, sizeof(title), ".Sh %s\n", section);
	at = strstr(text, title);
	cr_assert(at && m);
	for (const struct vb_setting *s = m->settings; s->key; s++)
		cr_expect(has_item(at, "Li", s->key), "%s: setting %s", model, s->key);
	for (const struct vb_command *c = m->commands; c->name; c++)
		cr_expect(has_item(at, "Ic", c->name), "%s: command %s", model, c->name);
	cr_expect(!has_item(at, "Li", "nonsense"));
}
