/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory this process has taken, the guest's set apart.
 *
 * The guest's memory is a shared file without a name (memory.c), and nothing else here is: so what
 * Linux counts as RssShmem is what the guest touched, pages of rings twice or three times. Taken from
 * VmHWM, the most there ever was of all, that leaves the rest: own memory, the program's pages, the
 * kernel image and the initramfs while they were loaded. Memory of the kernel (page tables, KVM) is
 * in neither.
 */
#ifndef VB_MEMORY_USE_H
#define VB_MEMORY_USE_H

#include <stdint.h>

#define VB_UNKNOWN UINT64_MAX /* could not be measured */

struct vb_memory_use {
	uint64_t peak;	/* bytes: VmHWM */
	uint64_t guest; /* RssShmem, now */
	uint64_t own;	/* what is left of the peak */
};

/* While the guest's memory is mapped. */
void vb_memory_use(struct vb_memory_use *ret);

/* From the text of /proc/PID/status; see proc(5). */
void vb_memory_use_parse(const char *status, struct vb_memory_use *ret);

#endif
