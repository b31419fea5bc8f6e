/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disk images that a persona names: for an emulated machine, which has to be given them at its start. */
#ifndef VB_IMAGES_H
#define VB_IMAGES_H

#include "replay/outer/outer.h"
#include "replay/persona.h"

struct vb_images {
	char *name[VB_OUTER_DRIVES]; /* as the persona has it; each once */
	struct vb_outer_drive drive[VB_OUTER_DRIVES];
	size_t n;
};

/*
 * Open all images of all devices: discs for reading, disks for reading, or also for writing. -EINVAL: one cannot be opened, is
 * not a regular file, or is not as long as an emulated disk can be, and err says which; -ENOMEM.
 * vb_images_done() in any case.
 */
int vb_images_open(const struct vb_persona *p, bool writable, struct vb_images *ret,
		   struct vb_err *err);
void vb_images_done(struct vb_images *i);

#endif
