/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing an initramfs: a cpio archive in the "newc" format (Linux, Documentation/driver-api/
 * early-userspace/buffer-format.rst). The same calls make the same bytes: everything belongs to root
 * and is dated 1970-01-01.
 */
#ifndef VB_CPIO_H
#define VB_CPIO_H

#include "capture/event.h"

/* An archive under way. Names are given with or without a leading slash. */
struct vb_cpio {
	int fd;
	const char *what; /* where it is written to, for messages */
	uint64_t len;	  /* bytes so far */
	uint32_t n_members;
	char **dirs; /* what was made so far */
	size_t n_dirs;
};

/*
 * Begin at the position where fd stands; what names it in messages ("the initramfs") and has to
 * live as long as the archive. Nothing is written yet.
 */
void vb_cpio_init(struct vb_cpio *c, int fd, const char *what);

/* Give memory back; fd stays open. */
void vb_cpio_done(struct vb_cpio *c);

/*
 * Add a directory. This and the following make missing parents too (mode 755). 0; -EINVAL: no such
 * name can be stored; -EFBIG: more than the format has digits for (4 GiB - 1); else -errno of
 * writing or reading. After an error the archive is of no use.
 */
int vb_cpio_dir(struct vb_cpio *c, const char *name, struct vb_err *err);

int vb_cpio_symlink(struct vb_cpio *c, const char *name, const char *target, struct vb_err *err);

/* A regular file of these bytes; mode: permission bits. */
int vb_cpio_bytes(struct vb_cpio *c, const char *name, uint32_t mode, const void *bytes, size_t len,
		  struct vb_err *err);

/* A regular file with the bytes of the file at path, which are not held in memory. */
int vb_cpio_file(struct vb_cpio *c, const char *name, uint32_t mode, const char *path,
		 struct vb_err *err);

/* Complete the archive, a multiple of 512 bytes long: another one may follow. */
int vb_cpio_end(struct vb_cpio *c, struct vb_err *err);

#endif
