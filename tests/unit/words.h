/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command line as a program gets it. */
#ifndef VB_WORDS_H
#define VB_WORDS_H

struct words {
	char buf[512];
	char *argv[33]; /* ends with NULL */
	int argc;
};

/* The program's name, then the line, split at blanks; the words live in w. */
void words_split(struct words *w, const char *program, const char *line);

#endif
