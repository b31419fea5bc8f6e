/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest's processors say they are. */
#include <criterion/criterion.h>

#include "replay/vmm/cpu.h"

static struct kvm_cpuid_entry2 leaves[64];
static uint32_t n_leaves;

static const struct kvm_cpuid_entry2 supported[] = {
	{ .function = 0, .eax = 0xd, .ebx = 0x68747541 },
	{ .function = 1, .ebx = 0x12345678, .ecx = 0xffffffff & ~(1u << 31), .edx = 0xffffffff },
	{ .function = 4, .index = 1, .flags = 1, .eax = 0xffffffff },
	{ .function = 7, .index = 0, .eax = 1, .ebx = 0xffffffff, .ecx = 0xffffffff },
	{ .function = 7, .index = 1, .eax = 0xffffffff },
	{ .function = 0xb, .index = 0 },
	{ .function = 0xd, .index = 0, .eax = 7, .ebx = 576 },
	{ .function = 0xd, .index = 1, .eax = 1 },
	{ .function = 0x40000000, .eax = 0x40000001, .ebx = 0x4b4d564b },
	{ .function = 0x40000001, .eax = 0x01000000 },
	{ .function = 0x80000001, .ecx = 0xffffffff, .edx = 0xffffffff },
	{ .function = 0x80000008, .eax = 0x3030, .ecx = 0x12ff },
	{ .function = 0x8000001e, .eax = 9 },
};
#define N (sizeof(supported) / sizeof(supported[0]))

static void patch(uint32_t index, uint32_t n_cpus)
{
	struct vb_cpu_options o = { .index = index, .n_cpus = n_cpus };

	n_leaves = vb_cpu_leaves(supported, N, &o, leaves, 64);
	cr_assert_gt(n_leaves, 0);
}

/* The only leaf of that number; NULL: there is none. */
static const struct kvm_cpuid_entry2 *leaf(uint32_t function)
{
	const struct kvm_cpuid_entry2 *found = NULL;

	for (uint32_t i = 0; i < n_leaves; i++) {
		if (leaves[i].function != function)
			continue;
		cr_assert_null(found, "leaf %x is there twice", function);
		found = &leaves[i];
	}
	return found;
}

Test(cpuid, is_hyperv)
{
	const struct kvm_cpuid_entry2 *e;

	patch(0, 1);
	e = leaf(0x40000000);
	cr_assert_arr_eq(&e->ebx, "Microsoft Hv", 12);
	cr_assert_eq(e->eax, 0x40000006);
	cr_assert_eq(leaf(0x40000001)->eax, 0x31237648);
	e = leaf(0x40000003);
	cr_assert_eq(e->eax, 0xaf7, "no synthetic timers");
	cr_assert_eq(e->ebx, 0x30);
	cr_assert_eq(e->edx, 0x500);
	cr_assert_eq(leaf(0x40000004)->eax, 0x220, "no automatic EOI");
	for (uint32_t f = 0x40000000; f <= 0x40000006; f++)
		cr_assert_not_null(leaf(f), "leaf %x", f);
}

Test(cpuid, processors_know_their_place)
{
	patch(2, 4);
	cr_assert_eq(leaf(1)->ebx, 0x02045678);
	cr_assert(leaf(1)->ecx & 1u << 31, "under a hypervisor");
	cr_assert(leaf(1)->ecx & 1u << 24, "TSC deadline");
	cr_assert(leaf(1)->edx & 1u << 28, "several");
	cr_assert_eq(leaf(0xb)->edx, 2);
	cr_assert_eq(leaf(4)->eax, 3u << 26 | 0x3fff);
	cr_assert_eq(leaf(0x80000008)->ecx, 0x1203);
	patch(0, 1);
	cr_assert_eq(leaf(1)->ebx, 0x00015678);
	cr_assert_not(leaf(1)->edx & 1u << 28);
}

Test(cpuid, nothing_that_needs_xsave)
{
	patch(0, 1);
	cr_assert_null(leaf(0xd));
	cr_assert_eq(leaf(1)->ecx & (1u << 26 | 1u << 27 | 1u << 28 | 1u << 12 | 1u << 29), 0);
	cr_assert_eq(leaf(7)->index, 0);
	cr_assert_eq(leaf(7)->ebx & (1u << 5 | 1u << 16), 0);
	cr_assert_eq(leaf(7)->ecx & (1u << 9 | 1u << 10), 0);
	cr_assert(leaf(7)->ebx & 1u << 20, "others stay (SMAP)");
	cr_assert_eq(leaf(0x80000001)->ecx & (1u << 2 | 1u << 22), 0, "no guests of its own");
	cr_assert_null(leaf(0x8000001e));
	cr_assert_eq(leaf(0)->ebx, 0x68747541);
}

Test(cpuid, room)
{
	struct vb_cpu_options o = { .n_cpus = 1 };

	cr_assert_eq(vb_cpu_leaves(supported, N, &o, leaves, N + VB_CPU_HV_LEAVES - 1), 0);
	cr_assert_gt(vb_cpu_leaves(supported, N, &o, leaves, N + VB_CPU_HV_LEAVES), 0);
	cr_assert_eq(vb_cpu_leaves(supported, 0, &o, leaves, VB_CPU_HV_LEAVES - 1), 0);
	cr_assert_eq(vb_cpu_leaves(supported, UINT32_MAX, &o, leaves, 64), 0);
}
