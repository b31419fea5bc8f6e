/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of the emulator, and what it reads. */
#ifndef VB_OUTER_COMMAND_H
#define VB_OUTER_COMMAND_H

#include "replay/outer/outer.h"

#define VB_OUTER_EMULATOR "qemu-system-x86_64"

/* Names in the working directory of the emulator. */
#define VB_OUTER_INITRD "initrd"
#define VB_OUTER_FRAMES "frames"
#define VB_OUTER_CONSOLE "console.log"
#define VB_OUTER_EMULATOR_LOG "emulator.log"

#define VB_DRIVE_WORDS 6u
#define VB_COMMAND_WORDS (64u + VB_DRIVE_WORDS * VB_OUTER_DRIVES)

struct vb_outer_argv {
	const char *argv[VB_COMMAND_WORDS + 1]; /* NULL-terminated */
	size_t n;
	bool failed; /* more words than fit */
	char memory[24], cpus[24], signals[64];
	struct vb_drive_words {
		char set[40], drive[160], device[80];
	} drives[VB_OUTER_DRIVES];
};

/*
 * The emulator's command line, valid as long as c. kernel: absolute path of the bzImage; memory_mib:
 * all the machine has; signals_fd: the emulator's end of a socket. The emulator inherits the drives.
 */
int vb_outer_command(struct vb_outer_argv *c, const struct vb_outer_options *opt,
		     const char *kernel, uint64_t memory_mib, int signals_fd, struct vb_err *err);

/*
 * Write the inner machine's initramfs to fd: this very program as /init, modules of the cache's
 * kernel, files, what to run. *ret_len: its length. -ENOTSUP: something is not there, or this program
 * is not static.
 */
int vb_outer_initrd(const struct vb_outer_options *opt, int fd, uint64_t *ret_len,
		    struct vb_err *err);

/* The file runs without any other. -ENOTSUP with err: it needs a loader. */
int vb_outer_is_static(const char *path, struct vb_err *err);

/* Where the emulator is, by PATH; -ENOENT with err: nowhere. */
int vb_outer_find_emulator(char *ret_path, size_t size, struct vb_err *err);

#endif
