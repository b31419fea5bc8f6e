/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest's processors say they are: what KVM can, less what this machine does not want, and
 * Hyper-V's leaves (Hypervisor Top Level Functional Specification, "Feature and interface discovery").
 */
#ifndef VB_CPU_H
#define VB_CPU_H

#include <linux/kvm.h>
#include <stdint.h>

struct vb_cpu_options {
	uint32_t index; /* of this processor; its APIC id */
	uint32_t n_cpus;
};

#define VB_CPU_HV_LEAVES 7u

/*
 * The leaves of one processor, from what KVM supports (n entries). Returns how many there are in
 * ret, 0 if there is not room for n + VB_CPU_HV_LEAVES.
 */
uint32_t vb_cpu_leaves(const struct kvm_cpuid_entry2 *supported, uint32_t n,
		       const struct vb_cpu_options *opt, struct kvm_cpuid_entry2 *ret,
		       uint32_t cap);

#endif
