/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache: kernels, their modules, busybox and the daemons of Hyper-V, all of Debian. "vmbusreplay
 * setup" fetches them; nothing else here uses the network.
 */
#ifndef VB_SETUP_H
#define VB_SETUP_H

#include <limits.h>

#include "capture/event.h"

/* The kernel of the inner machine, and of guests for which no other is named. */
#define VB_SETUP_KERNEL "bookworm"

/* What the cache holds. Kernels have names: bookworm, trixie-generic, ... ("setup table"). */
enum vb_setup_item {
	VB_SETUP_IMAGE,	  /* bzImage of a kernel */
	VB_SETUP_MODULES, /* directory of its modules, uncompressed: NAME.ko */
	/*
	 * A text file, a line per module, which stands below all that it needs: its name without .ko,
	 * then the names of these in the order to insert them. What is built in is not named.
	 */
	VB_SETUP_ORDER,
	VB_SETUP_VERSION, /* a text file: packages and versions */
	/*
	 * A directory to lay over the guest's root: /usr/sbin/hv_*_daemon, /usr/libexec/hypervkvpd,
	 * the loader and the C library they need. Cloud and generic kernels of a suite share it.
	 */
	VB_SETUP_DAEMONS,
	VB_SETUP_BUSYBOX, /* a static program; kernel's name: NULL */
};

/*
 * The cache directory: option if not NULL, else $VMBUSREPLAY_CACHE, $XDG_CACHE_HOME/vmbusreplay or
 * $HOME/.cache/vmbusreplay. It need not exist. -ENOENT: none of them is set; -ENAMETOOLONG.
 */
int vb_setup_cache(const char *option, char ret_dir[PATH_MAX], struct vb_err *err);

/* Where an item is; -ENOENT: it is not there, and err names the setup command that fetches it. */
int vb_setup_path(const char *cache, enum vb_setup_item item, const char *kernel,
		  char ret_path[PATH_MAX], struct vb_err *err);

/*
 * Fetch: words as those of the program ("kernel trixie", none: what the default guest needs). What is
 * there already stays. It prints its progress on standard error, results on standard output. -EINVAL:
 * it did not understand the words; -EIO: it failed, and said how.
 */
int vb_setup_run(const char *cache, const char *const *words, size_t n_words, struct vb_err *err);

/* The script that does it, NUL-terminated. */
extern const char vb_setup_script[];

#endif
