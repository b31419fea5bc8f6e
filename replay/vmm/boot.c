/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot loader; see boot.h. */
#include <asm/bootparam.h>
#include <assert.h>
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>

#include "replay/vmm/boot.h"

/* Below 640 KiB, where Linux does not look before it has read it all. */
#define ZERO_PAGE 0x7000u
#define GDT 0x9000u
#define PML4 0xa000u
#define PDPT 0xb000u
#define PAGE_DIRS 0xc000u /* four: 4 GiB in pages of 2 MiB */
#define CMDLINE 0x20000u
#define CMDLINE_MAX 0x10000u
#define LOW_END 0x9fc00u
#define HIGH 0x100000u

#define BOOT_FLAG 0xaa55u
#define MAGIC 0x53726448u    /* "HdrS" */
#define MIN_VERSION 0x20cu   /* the first with xloadflags */
#define ENTRY_64 0x200u	     /* of the 64-bit entry in the protected-mode part */
#define TYPE_OF_LOADER 0xffu /* one without a number */
#define HEADER_JUMP 0x201u   /* the header ends this byte's value behind 0x202 */
#define DEFAULT_SECTORS 4u   /* what 0 setup sectors mean */
#define PAGE 4096u
#define E820_RAM 1u
#define E820_RESERVED 2u

static_assert(sizeof(struct boot_params) == PAGE, "the zero page");
static_assert(offsetof(struct boot_params, hdr) == 0x1f1, "the zero page");
static_assert(offsetof(struct boot_params, acpi_rsdp_addr) == 0x70, "the zero page");
static_assert(offsetof(struct boot_params, e820_table) == 0x2d0, "the zero page");

/* Page table entry: present, writable; a page of 2 MiB. */
#define PTE_TABLE 0x3u
#define PTE_LARGE 0x83u

#define CODE_SELECTOR 0x10u
#define DATA_SELECTOR 0x18u

/* The header, as long as the image says it is; the rest is zero. */
static int read_header(const struct vb_boot *b, struct setup_header *ret, struct vb_err *err)
{
	size_t begin = offsetof(struct boot_params, hdr);
	size_t len;

	memset(ret, 0, sizeof(*ret));
	if (b->kernel_len < begin + sizeof(*ret))
		return vb_fail(err, -EINVAL, "the kernel is no bzImage: %zu bytes are too few",
			       b->kernel_len);
	len = HEADER_JUMP + 1 + b->kernel[HEADER_JUMP] - begin;
	memcpy(ret, b->kernel + begin, len < sizeof(*ret) ? len : sizeof(*ret));
	if (ret->boot_flag != BOOT_FLAG || ret->header != MAGIC)
		return vb_fail(err, -EINVAL, "the kernel is no bzImage: it has no setup header");
	if (ret->version < MIN_VERSION || !(ret->xloadflags & XLF_KERNEL_64))
		return vb_fail(err, -EINVAL,
			       "the kernel has no 64-bit entry (boot protocol %u.%02u)",
			       ret->version >> 8, ret->version & 0xffu);
	return 0;
}

/* Behind the setup sectors is what is loaded; it wants to be at an address and needs room there. */
static int load_kernel(uint8_t *mem, uint64_t mem_len, const struct vb_boot *b,
		       const struct setup_header *h, uint64_t *ret_end, struct vb_err *err)
{
	uint64_t begin = ((h->setup_sects ? h->setup_sects : DEFAULT_SECTORS) + 1ull) * 512;
	uint64_t at = h->pref_address, len, need;

	if (begin + ENTRY_64 >= b->kernel_len)
		return vb_fail(err, -EINVAL, "the kernel is cut off: it has %zu bytes",
			       b->kernel_len);
	len = b->kernel_len - begin;
	need = len > h->init_size ? len : h->init_size;
	if (at < HIGH || at % PAGE)
		return vb_fail(err, -EINVAL, "the kernel wants to be at address 0x%llx",
			       (unsigned long long)at);
	if (at > mem_len || need > mem_len - at)
		return vb_fail(err, -ENOSPC, "the kernel needs memory up to %llu MiB",
			       (unsigned long long)((at + need) >> 20) + 1);
	memcpy(mem + at, b->kernel + begin, len);
	*ret_end = at + need;
	return 0;
}

/* At the upper end of memory, as other boot loaders do; not below low, where the kernel ends. */
static int load_initrd(uint8_t *mem, uint64_t low, uint64_t end, const struct vb_boot *b,
		       struct setup_header *h, struct vb_err *err)
{
	uint64_t at;

	if (!b->initrd || !b->initrd_len)
		return 0;
	if (end > (uint64_t)h->initrd_addr_max + 1)
		end = (uint64_t)h->initrd_addr_max + 1;
	at = end < b->initrd_len ? 0 : (end - b->initrd_len) / PAGE * PAGE;
	if (at < low)
		return vb_fail(err, -ENOSPC,
			       "an initrd of %zu bytes does not fit into memory behind the kernel",
			       b->initrd_len);
	memcpy(mem + at, b->initrd, b->initrd_len);
	h->ramdisk_image = (uint32_t)at;
	h->ramdisk_size = (uint32_t)b->initrd_len;
	return 0;
}

static int load_cmdline(uint8_t *mem, const struct vb_boot *b, struct setup_header *h,
			struct vb_err *err)
{
	size_t len = strlen(b->cmdline);

	if (len >= CMDLINE_MAX || len > h->cmdline_size)
		return vb_fail(err, -EINVAL, "the kernel's command line has %zu bytes, it takes %u",
			       len, h->cmdline_size);
	memcpy(mem + CMDLINE, b->cmdline, len + 1);
	h->cmd_line_ptr = CMDLINE;
	return 0;
}

static void add_e820(struct boot_params *p, uint64_t from, uint64_t to, uint32_t type)
{
	p->e820_table[p->e820_entries++] =
		(struct boot_e820_entry){ .addr = from, .size = to - from, .type = type };
}

static void write_zero_page(uint8_t *mem, uint64_t mem_len, const struct setup_header *h)
{
	struct boot_params p;

	memset(&p, 0, sizeof(p));
	p.hdr = *h;
	p.hdr.type_of_loader = TYPE_OF_LOADER;
	p.hdr.loadflags |= LOADED_HIGH;
	p.acpi_rsdp_addr = VB_BOOT_ACPI;
	add_e820(&p, 0, LOW_END, E820_RAM);
	add_e820(&p, LOW_END, HIGH, E820_RESERVED);
	add_e820(&p, HIGH, mem_len, E820_RAM);
	memcpy(mem + ZERO_PAGE, &p, sizeof(p));
}

static void write_page_tables(uint8_t *mem)
{
	uint64_t *pml4 = (uint64_t *)(mem + PML4), *pdpt = (uint64_t *)(mem + PDPT);
	uint64_t *dirs = (uint64_t *)(mem + PAGE_DIRS);

	memset(mem + PML4, 0, PAGE);
	memset(mem + PDPT, 0, PAGE);
	pml4[0] = PDPT | PTE_TABLE;
	for (uint64_t i = 0; i < 4; i++)
		pdpt[i] = (PAGE_DIRS + i * PAGE) | PTE_TABLE;
	for (uint64_t i = 0; i < 2048; i++)
		dirs[i] = i << 21 | PTE_LARGE;
}

/* Selectors 0x10 and 0x18, as the protocol has them. */
static void write_gdt(uint8_t *mem)
{
	static const uint64_t gdt[] = { 0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff };

	memcpy(mem + GDT, gdt, sizeof(gdt));
}

int vb_boot_load(uint8_t *mem, uint64_t mem_len, const struct vb_boot *boot, uint64_t *ret_entry,
		 struct vb_err *err)
{
	struct setup_header h;
	uint64_t kernel_end = 0;
	int ret = read_header(boot, &h, err);

	if (ret == 0)
		ret = load_kernel(mem, mem_len, boot, &h, &kernel_end, err);
	if (ret == 0)
		ret = load_initrd(mem, kernel_end, mem_len, boot, &h, err);
	if (ret == 0)
		ret = load_cmdline(mem, boot, &h, err);
	if (ret < 0)
		return ret;
	write_zero_page(mem, mem_len, &h);
	write_page_tables(mem);
	write_gdt(mem);
	*ret_entry = h.pref_address + ENTRY_64;
	return 0;
}

static struct kvm_segment flat(uint16_t selector, uint8_t type, bool code)
{
	return (struct kvm_segment){ .limit = 0xffffffff,
				     .selector = selector,
				     .type = type,
				     .present = 1,
				     .db = !code,
				     .s = 1,
				     .l = code,
				     .g = 1 };
}

void vb_boot_registers(uint64_t entry, struct kvm_regs *regs, struct kvm_sregs *sregs)
{
	memset(regs, 0, sizeof(*regs));
	regs->rip = entry;
	regs->rsi = ZERO_PAGE;
	regs->rflags = 2;
	sregs->cs = flat(CODE_SELECTOR, 0xb, true);
	sregs->ds = sregs->es = sregs->fs = sregs->gs = sregs->ss = flat(DATA_SELECTOR, 0x3, false);
	sregs->gdt.base = GDT;
	sregs->gdt.limit = 4 * 8 - 1;
	sregs->cr0 = 0x80050033; /* paging, alignment check, write protect, FPU, protected mode */
	sregs->cr3 = PML4;
	sregs->cr4 = 0x20;   /* physical addresses of more than 32 bits */
	sregs->efer = 0x500; /* 64-bit mode enabled and active */
}
