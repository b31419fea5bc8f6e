/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WORDS (sizeof(((struct words *)0)->argv) / sizeof(char *) - 1)

static void add(struct words *w, char *word)
{
	if ((size_t)w->argc == MAX_WORDS)
		abort();
	w->argv[w->argc++] = word;
}

void words_split(struct words *w, const char *program, const char *line)
{
	char *rest = NULL;
	int n = snprintf(w->buf, sizeof(w->buf), "%s %s", program, line);

	if (n < 0 || (size_t)n >= sizeof(w->buf))
		abort();
	w->argc = 0;
	for (char *s = strtok_r(w->buf, " ", &rest); s; s = strtok_r(NULL, " ", &rest))
		add(w, s);
	w->argv[w->argc] = NULL;
}
