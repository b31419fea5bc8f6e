/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID; see cpu.h. */
#include <stdbool.h>
#include <stddef.h>

#include "replay/vmm/cpu.h"

#define BIT(n) (1u << (n))
#define ANY UINT32_MAX

/* Bits that are cleared in leaves of KVM's. */
struct mask {
	uint32_t function, index;
	uint32_t eax, ebx, ecx, edx;
};

/*
 * XSAVE and all that needs it: in a machine that is itself emulated the sizes in leaf 0xd come out
 * inconsistent, about which 6.1 complains and of which 7.x dies. The guest is to run no guests
 * (VMX, SVM), and its processors have no topology but their number (TOPOEXT).
 */
static const struct mask masks[] = {
	/* VMX; FMA, XSAVE, OSXSAVE, AVX, F16C */
	{ 1, ANY, 0, 0, BIT(5) | BIT(12) | BIT(26) | BIT(27) | BIT(28) | BIT(29), 0 },
	{ 7, 0, 0,
	  /* AVX2, MPX, AVX512: F, DQ, IFMA, PF, ER, CD, BW, VL */
	  BIT(5) | BIT(14) | BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) |
		  BIT(31),
	  /* AVX512 VBMI, PKU, OSPKE, VBMI2, CET, VAES, VPCLMULQDQ, VNNI, BITALG, VPOPCNTDQ */
	  BIT(1) | BIT(3) | BIT(4) | BIT(6) | BIT(7) | BIT(9) | BIT(10) | BIT(11) | BIT(12) |
		  BIT(14),
	  /* AVX512 4VNNIW, 4FMAPS, VP2INTERSECT, CET, AMX BF16, AVX512 FP16, AMX TILE, INT8 */
	  BIT(2) | BIT(3) | BIT(8) | BIT(20) | BIT(22) | BIT(23) | BIT(24) | BIT(25) },
	/* SVM, XOP, FMA4, TOPOEXT */
	{ 0x80000001, ANY, 0, 0, BIT(2) | BIT(11) | BIT(16) | BIT(22), 0 },
};

/* Leaves that are left out: XSAVE, AMX, AVX10; SVM, topology; and KVM's own as a hypervisor. */
static bool left_out(const struct kvm_cpuid_entry2 *e)
{
	switch (e->function) {
	case 7:
		return e->index > 0;
	case 0xd:
	case 0x1d:
	case 0x1e:
	case 0x24:
	case 0x8000000a:
	case 0x8000001e:
		return true;
	default:
		return e->function >= 0x40000000 && e->function <= 0x4fffffff;
	}
}

static void clear_bits(struct kvm_cpuid_entry2 *e)
{
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		const struct mask *m = &masks[i];

		if (m->function != e->function || (m->index != ANY && m->index != e->index))
			continue;
		e->eax &= ~m->eax;
		e->ebx &= ~m->ebx;
		e->ecx &= ~m->ecx;
		e->edx &= ~m->edx;
	}
}

/* Which processor this is, of how many; all in one package, one thread in each core. */
static void set_place(struct kvm_cpuid_entry2 *e, const struct vb_cpu_options *o)
{
	switch (e->function) {
	case 1:
		e->ebx = o->index << 24 | o->n_cpus << 16 | (e->ebx & 0xffff);
		e->ecx |= BIT(24) | BIT(31); /* the APIC's TSC deadline; under a hypervisor */
		e->edx = o->n_cpus > 1 ? e->edx | BIT(28) : e->edx & ~BIT(28);
		break;
	case 4:
		e->eax = (e->eax & 0x3fff) | (o->n_cpus - 1) << 26;
		break;
	case 0xb:
	case 0x1f:
		e->edx = o->index;
		break;
	case 0x80000008:
		e->ecx = (e->ecx & ~0xffu) | (o->n_cpus - 1);
		break;
	default:
		break;
	}
}

/*
 * Access to the MSRs of: run time, reference count, SynIC, APIC, hypercalls, VP index, reset, reference
 * TSC page (bit 9), frequencies (bit 11). No synthetic timers (bit 3): replay/README.md says why.
 */
#define HV_ACCESS 0xaf7u
#define HV_POST_SIGNAL 0x30u	       /* may post messages and signal events */
#define HV_FEATURES (BIT(8) | BIT(10)) /* frequency MSRs, crash MSRs */
/*
 * Relaxed timing, and no automatic EOI: with it KVM sees no end of the interrupt, and may forget a
 * timer's that waits behind it.
 */
#define HV_HINTS 0x220u

static uint32_t add_hyperv(struct kvm_cpuid_entry2 *ret)
{
	const struct kvm_cpuid_entry2 leaves[VB_CPU_HV_LEAVES] = {
		/* the last leaf; "Microsoft Hv" */
		{ .function = 0x40000000,
		  .eax = 0x40000006,
		  .ebx = 0x7263694d,
		  .ecx = 0x666f736f,
		  .edx = 0x76482074 },
		/* "Hv#1": at this KVM begins to emulate Hyper-V */
		{ .function = 0x40000001, .eax = 0x31237648 },
		/* build 20348 of version 10.0 */
		{ .function = 0x40000002, .eax = 20348, .ebx = 0x000a0000 },
		{ .function = 0x40000003,
		  .eax = HV_ACCESS,
		  .ebx = HV_POST_SIGNAL,
		  .edx = HV_FEATURES },
		/* ebx: never report a spin lock that spins */
		{ .function = 0x40000004, .eax = HV_HINTS, .ebx = 0xffffffff },
		/* processors, at most */
		{ .function = 0x40000005, .eax = 64, .ebx = 64 },
		{ .function = 0x40000006 },
	};

	for (uint32_t i = 0; i < VB_CPU_HV_LEAVES; i++)
		ret[i] = leaves[i];
	return VB_CPU_HV_LEAVES;
}

uint32_t vb_cpu_leaves(const struct kvm_cpuid_entry2 *supported, uint32_t n,
		       const struct vb_cpu_options *opt, struct kvm_cpuid_entry2 *ret, uint32_t cap)
{
	uint32_t count = 0;

	if (cap < VB_CPU_HV_LEAVES || n > cap - VB_CPU_HV_LEAVES)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		if (left_out(&supported[i]))
			continue;
		ret[count] = supported[i];
		clear_bits(&ret[count]);
		set_place(&ret[count], opt);
		count++;
	}
	return count + add_hyperv(ret + count);
}
