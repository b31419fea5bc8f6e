/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a boot loader leaves behind: kernel, initrd, command line, page tables and the "zero page" in
 * the guest's memory. Linux's boot protocol for 64 bits, Documentation/arch/x86/boot.rst.
 */
#ifndef VB_BOOT_H
#define VB_BOOT_H

#include "capture/event.h"

struct kvm_regs;
struct kvm_sregs;

#define VB_BOOT_ACPI 0xe0000u /* ACPI tables: from here to 1 MiB, reserved */
#define VB_BOOT_ACPI_LEN 0x20000u

struct vb_boot {
	const uint8_t *kernel; /* a bzImage, whole */
	size_t kernel_len;
	const uint8_t *initrd; /* NULL: none */
	size_t initrd_len;
	const char *cmdline;
};

/*
 * Lay it all out in memory, which the guest has at address 0; mem_len is a multiple of the page size
 * and at most 3 GiB. The image is not trusted. *ret_entry: where the processor begins.
 * -EINVAL: this is no kernel that can be booted so; -ENOSPC: it does not fit into memory.
 */
int vb_boot_load(uint8_t *mem, uint64_t mem_len, const struct vb_boot *boot, uint64_t *ret_entry,
		 struct vb_err *err);

/* The first processor's registers: 64-bit mode, flat segments, memory mapped one to one. */
void vb_boot_registers(uint64_t entry, struct kvm_regs *regs, struct kvm_sregs *sregs);

#endif
