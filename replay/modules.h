/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel modules: found by name in a directory, of any depth, with what they depend on.
 */
#ifndef VB_MODULES_H
#define VB_MODULES_H

#include "capture/event.h"

struct vb_module {
	char *name; /* without .ko, '-' as '_' */
	uint8_t *bytes;
	size_t len;
};

/* Modules in the order to insert them. */
struct vb_module_list {
	struct vb_module *modules;
	size_t n;
};

/* The module files of a directory: NAME.ko, also .ko.xz, .ko.zst, .ko.gz. */
struct vb_module_dir {
	char **paths;
	size_t n;
};

/* -ENOENT: there is no such directory. */
int vb_module_dir_scan(const char *dir, struct vb_module_dir *ret, struct vb_err *err);
void vb_module_dir_done(struct vb_module_dir *d);

/*
 * Append a module to the list behind all that it depends on, unless it is there. A module that the
 * directory does not have is taken to be built into the kernel: 0 as well.
 */
int vb_module_list_add(struct vb_module_list *list, const struct vb_module_dir *dir,
		       const char *name, struct vb_err *err);
void vb_module_list_done(struct vb_module_list *list);

/*
 * What the module says it depends on: names with commas, as modpost wrote them into section .modinfo;
 * NULL: it does not say so.
 */
const char *vb_module_depends(const uint8_t *bytes, size_t len);

#endif
