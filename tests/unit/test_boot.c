/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot loader, with made images: good ones, cut off ones, lying ones. */
#include <asm/bootparam.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>

#include "replay/vmm/boot.h"

#define MIB (1ull << 20)
#define MEMORY (64 * MIB)
#define SECTORS 3u
#define BEGIN ((SECTORS + 1) * 512)
#define BODY 5000u
#define ZERO_PAGE 0x7000u

/* A kernel as small as can be; only its header is true. */
struct image {
	uint8_t bytes[BEGIN + BODY];
	struct vb_boot boot;
	struct setup_header *h;
	uint8_t *mem;
};

static struct image make(void)
{
	struct image i = { .boot = { .kernel_len = BEGIN + BODY, .cmdline = "a=b quiet" } };
	struct setup_header h = { .setup_sects = SECTORS,
				  .boot_flag = 0xaa55,
				  .jump = 0x6aeb,
				  .header = 0x53726448,
				  .version = 0x20f,
				  .initrd_addr_max = 0x7fffffff,
				  .xloadflags = XLF_KERNEL_64,
				  .cmdline_size = 2047,
				  .pref_address = 16 * MIB,
				  .init_size = 8 * MIB };

	memset(i.bytes, 0x90, sizeof(i.bytes));
	memcpy(i.bytes + 0x1f1, &h, sizeof(h));
	i.mem = calloc(1, MEMORY);
	return i;
}

static int load_into(struct image *i, uint64_t len, uint64_t *entry)
{
	struct vb_err err = { "" };
	int ret;

	i->boot.kernel = i->bytes;
	ret = vb_boot_load(i->mem, len, &i->boot, entry, &err);
	cr_assert_eq(ret < 0, err.text[0] != '\0', "a failure has a sentence");
	free(i->mem);
	i->mem = NULL;
	return ret;
}

static int load(struct image *i)
{
	uint64_t entry;

	return load_into(i, MEMORY, &entry);
}

static struct setup_header *header(struct image *i)
{
	return (struct setup_header *)(void *)(i->bytes + 0x1f1);
}

Test(boot, good)
{
	static const uint8_t initrd[5000] = { 1, 2, 3 };
	struct image i = make();
	struct vb_err err = { "" };
	struct boot_params *p;
	uint64_t entry = 0;

	i.boot.kernel = i.bytes;
	i.boot.initrd = initrd;
	i.boot.initrd_len = sizeof(initrd);
	cr_assert_eq(vb_boot_load(i.mem, MEMORY, &i.boot, &entry, &err), 0, "%s", err.text);
	cr_assert_eq(entry, 16 * MIB + 0x200);
	cr_assert_arr_eq(i.mem + 16 * MIB, i.bytes + BEGIN, BODY);
	p = (struct boot_params *)(void *)(i.mem + ZERO_PAGE);
	cr_assert_eq(p->hdr.header, 0x53726448);
	cr_assert_eq(p->hdr.type_of_loader, 0xff);
	cr_assert(p->hdr.loadflags & LOADED_HIGH);
	cr_assert_eq(p->sentinel, 0);
	cr_assert_eq(p->acpi_rsdp_addr, VB_BOOT_ACPI);
	cr_assert_str_eq((char *)i.mem + p->hdr.cmd_line_ptr, "a=b quiet");
	cr_assert_eq(p->hdr.ramdisk_image % 4096, 0);
	cr_assert_eq(p->hdr.ramdisk_image, MEMORY - 8192);
	cr_assert_eq(p->hdr.ramdisk_size, sizeof(initrd));
	cr_assert_arr_eq(i.mem + p->hdr.ramdisk_image, initrd, sizeof(initrd));
	cr_assert_eq(p->e820_entries, 3);
	for (int k = 0; k < 2; k++)
		cr_assert_eq(p->e820_table[k].addr + p->e820_table[k].size,
			     p->e820_table[k + 1].addr, "without holes");
	cr_assert_eq(p->e820_table[1].type, 2);
	cr_assert_leq(p->e820_table[1].addr, VB_BOOT_ACPI);
	cr_assert_eq(p->e820_table[2].addr + p->e820_table[2].size, MEMORY);
	free(i.mem);
}

/* What the processor would do with an address: walk the tables that cr3 points at. */
static uint64_t translate(const uint8_t *mem, uint64_t cr3, uint64_t va)
{
	uint64_t table = cr3;

	for (unsigned int shift = 39; shift >= 21; shift -= 9) {
		uint64_t e;

		memcpy(&e, mem + table + (va >> shift & 511) * 8, 8);
		cr_assert(e & 1, "%llx is mapped", (unsigned long long)va);
		if (e & 0x80)
			return (e & ~0xfffull) + (va & ((1ull << shift) - 1));
		table = e & ~0xfffull;
	}
	return UINT64_MAX;
}

Test(boot, processor)
{
	struct image i = make();
	struct kvm_regs r;
	struct kvm_sregs s = { .apic_base = 0xfee00900 };
	struct vb_err err;
	uint64_t entry, cs, ds;

	i.boot.kernel = i.bytes;
	cr_assert_eq(vb_boot_load(i.mem, MEMORY, &i.boot, &entry, &err), 0);
	vb_boot_registers(entry, &r, &s);
	cr_assert_eq(r.rip, entry);
	cr_assert_eq(r.rsi, ZERO_PAGE);
	cr_assert_eq(s.apic_base, 0xfee00900, "stays");
	cr_assert_eq(s.efer & 0x500, 0x500);
	cr_assert_eq(translate(i.mem, s.cr3, 0), 0);
	cr_assert_eq(translate(i.mem, s.cr3, entry), entry);
	cr_assert_eq(translate(i.mem, s.cr3, 0xffffffff), 0xffffffff);
	memcpy(&cs, i.mem + s.gdt.base + s.cs.selector, 8);
	memcpy(&ds, i.mem + s.gdt.base + s.ds.selector, 8);
	cr_assert_eq(cs >> 53 & 1, 1, "64-bit code");
	cr_assert_eq(ds >> 53 & 1, 0);
	cr_assert_leq(s.ds.selector + 7, s.gdt.limit);
	free(i.mem);
}

Test(boot, no_kernel)
{
	static const size_t lengths[] = { 0, 1, 0x1f0, 0x202, 0x25f, BEGIN, BEGIN + 0x200 };
	struct image i;

	for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
		i = make();
		i.boot.kernel_len = lengths[k];
		cr_assert_eq(load(&i), -EINVAL, "%zu bytes", lengths[k]);
	}
	i = make();
	header(&i)->header ^= 1;
	cr_assert_eq(load(&i), -EINVAL, "no magic");
	i = make();
	header(&i)->boot_flag = 0;
	cr_assert_eq(load(&i), -EINVAL, "no boot sector");
	i = make();
	header(&i)->version = 0x20b;
	cr_assert_eq(load(&i), -EINVAL, "too old");
	i = make();
	header(&i)->xloadflags = 0;
	cr_assert_eq(load(&i), -EINVAL, "for 32 bits");
	i = make();
	i.bytes[0x201] = 0;
	cr_assert_eq(load(&i), -EINVAL, "the header ends before its magic");
}

Test(boot, lying_kernel)
{
	struct image i = make();

	header(&i)->setup_sects = 255;
	cr_assert_eq(load(&i), -EINVAL, "the kernel begins behind its end");
	i = make();
	header(&i)->pref_address = 0x7000;
	cr_assert_eq(load(&i), -EINVAL, "over our own tables");
	i = make();
	header(&i)->pref_address = 16 * MIB + 1;
	cr_assert_eq(load(&i), -EINVAL);
	i = make();
	header(&i)->pref_address = UINT64_MAX & ~0xfffull;
	cr_assert_eq(load(&i), -ENOSPC);
	i = make();
	header(&i)->pref_address = MEMORY - 4096;
	cr_assert_eq(load(&i), -ENOSPC, "5000 bytes do not fit into 4096");
	i = make();
	header(&i)->init_size = 0xffffffff;
	cr_assert_eq(load(&i), -ENOSPC);
	i = make();
	header(&i)->init_size = 48 * MIB;
	cr_assert_eq(load(&i), 0, "up to the last byte");
}

Test(boot, initrd_without_room)
{
	static const uint8_t initrd[8192];
	struct image i = make();

	i.boot.initrd = initrd;
	i.boot.initrd_len = 40 * MIB + 1; /* memory but the kernel's, and a byte: never read */
	cr_assert_eq(load(&i), -ENOSPC);
	i = make();
	i.boot.initrd = initrd;
	i.boot.initrd_len = SIZE_MAX;
	cr_assert_eq(load(&i), -ENOSPC);
	i = make();
	header(&i)->initrd_addr_max = 16 * MIB;
	i.boot.initrd = initrd;
	i.boot.initrd_len = 1;
	cr_assert_eq(load(&i), -ENOSPC, "it may not be where there is room");
	i = make();
	header(&i)->init_size = 0;
	header(&i)->pref_address = MEMORY - 8192;
	i.boot.initrd = initrd;
	i.boot.initrd_len = 4096;
	cr_assert_eq(load(&i), -ENOSPC, "the kernel is longer than it says");
}

Test(boot, long_command_line)
{
	char text[2050];
	struct image i = make();

	memset(text, 'x', sizeof(text));
	text[2048] = '\0';
	i.boot.cmdline = text;
	cr_assert_eq(load(&i), -EINVAL);
	i = make();
	text[2047] = '\0';
	i.boot.cmdline = text;
	cr_assert_eq(load(&i), 0);
}
