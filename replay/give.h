/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that the host may copy into the guest (--give FILE[:NAME]). The guest, which asks for such a
 * copy by name, gets no others.
 */
#ifndef VB_GIVE_H
#define VB_GIVE_H

#include <stddef.h>

/* Longest FILE or NAME, with its NUL. */
#define VB_GIVE_TEXT 4096u

/* Take FILE[:NAME] apart; without NAME it is FILE's last part. -EINVAL: one is empty or too long. */
int vb_give_split(const char *word, char ret_file[VB_GIVE_TEXT], const char **ret_name);

/* Open the file of that name for reading: a descriptor, or -ENOENT and the like. */
int vb_give_open(const char *const *words, size_t n, const char *name);

#endif
