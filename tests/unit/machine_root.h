/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine made of a few files: a directory that stands for "/". */
#ifndef VB_MACHINE_ROOT_H
#define VB_MACHINE_ROOT_H

struct machine_root {
	char path[32];
};

void machine_root_make(struct machine_root *m);
void machine_root_remove(const struct machine_root *m);

/* A file of that text, or a symbolic link, in place of what was there; with its directories. */
void machine_root_file(const struct machine_root *m, const char *path, const char *text);
void machine_root_link(const struct machine_root *m, const char *path, const char *target);
/* The text of a file, to be freed. */
char *machine_root_read(const struct machine_root *m, const char *path);

#endif
