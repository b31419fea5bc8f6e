/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What KVM is told once. The order matters: Documentation/virt/kvm/api.rst, sections 4.* and 8.* of
 * the kernel, and what was found out by trying.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "replay/guest/agent_proto.h"
#include "replay/host/synic.h"
#include "replay/vmm/boot.h"
#include "replay/vmm/cpu.h"
#include "replay/vmm/machine.h"

#define MAX_LEAVES 256u
#define IO_APIC_PINS 24u
#define TSS_ADDRESS 0xfffbd000u /* three pages for Intel's real mode, out of the way */

static int no(struct vb_err *err, const char *what)
{
	return vb_fail(err, -errno, "KVM: %s: %s", what, strerror(errno));
}

/* ---- can it be done here? ---- */

static const struct {
	int cap;
	const char *name;
} needed[] = {
	{ KVM_CAP_IRQCHIP, "an interrupt controller in the kernel" },
	{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY" },
	{ KVM_CAP_IRQFD, "KVM_CAP_IRQFD" },
	{ KVM_CAP_IRQFD_RESAMPLE, "KVM_CAP_IRQFD_RESAMPLE" },
	{ KVM_CAP_TSC_DEADLINE_TIMER, "KVM_CAP_TSC_DEADLINE_TIMER" },
	{ KVM_CAP_HYPERV, "emulation of Hyper-V (KVM_CAP_HYPERV)" },
	{ KVM_CAP_HYPERV_SYNIC2, "emulation of Hyper-V (KVM_CAP_HYPERV_SYNIC2)" },
	{ KVM_CAP_HYPERV_VP_INDEX, "emulation of Hyper-V (KVM_CAP_HYPERV_VP_INDEX)" },
};

static int check(int fd, struct vb_err *err)
{
	int version = ioctl(fd, KVM_GET_API_VERSION, 0);

	if (version != KVM_API_VERSION)
		return vb_fail(err, -ENOTSUP, "KVM: /dev/kvm is not what it should be");
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (ioctl(fd, KVM_CHECK_EXTENSION, needed[i].cap) <= 0)
			return vb_fail(err, -ENOTSUP, "KVM here has no %s", needed[i].name);
	return 0;
}

int vb_kvm_open(int *ret_fd, struct vb_err *err)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC), ret;

	*ret_fd = -1;
	if (fd < 0)
		return vb_fail(err, -ENOTSUP, "KVM: /dev/kvm: %s", strerror(errno));
	ret = check(fd, err);
	if (ret < 0)
		close(fd);
	else
		*ret_fd = fd;
	return ret;
}

int vb_vm_possible(struct vb_err *err)
{
	int fd, vm, ret = vb_kvm_open(&fd, err);

	if (ret < 0)
		return ret;
	vm = ioctl(fd, KVM_CREATE_VM, 0);
	if (vm < 0)
		ret = vb_fail(err, -ENOTSUP, "KVM makes no virtual machine here: %s",
			      strerror(errno));
	else
		close(vm);
	close(fd);
	return ret;
}

/* ---- the machine ---- */

static int add_memory(struct vb_vm *vm, struct vb_err *err)
{
	struct kvm_userspace_memory_region slot = {
		.memory_size = vm->mem.size,
		.userspace_addr = (uintptr_t)vm->mem.base,
	};

	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot) < 0)
		return no(err, "memory");
	return 0;
}

/* Setting routes replaces those there are, so the I/O APIC's pins must be among them. */
static int set_routes(struct vb_vm *vm, struct vb_err *err)
{
	uint32_t n = IO_APIC_PINS + vm->opt.n_vcpus;
	struct kvm_irq_routing *r = calloc(1, sizeof(*r) + n * sizeof(r->entries[0]));
	int ret;

	if (!r)
		return -ENOMEM;
	r->nr = n;
	for (uint32_t i = 0; i < IO_APIC_PINS; i++) {
		r->entries[i].gsi = i;
		r->entries[i].type = KVM_IRQ_ROUTING_IRQCHIP;
		r->entries[i].u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
		r->entries[i].u.irqchip.pin = i;
	}
	for (uint32_t i = 0; i < vm->opt.n_vcpus; i++) {
		struct kvm_irq_routing_entry *e = &r->entries[IO_APIC_PINS + i];

		e->gsi = IO_APIC_PINS + i;
		e->type = KVM_IRQ_ROUTING_HV_SINT;
		e->u.hv_sint.vcpu = i;
		e->u.hv_sint.sint = VB_SINT;
	}
	ret = ioctl(vm->fd, KVM_SET_GSI_ROUTING, r) < 0 ? no(err, "interrupt routes") : 0;
	free(r);
	return ret;
}

/* KVM counts eom_fd up at the guest's EOM or EOI only if the interrupt is of the resampled kind. */
static int connect_interrupt(struct vb_vcpu *v, struct vb_err *err)
{
	struct kvm_irqfd irq = { .gsi = IO_APIC_PINS + v->index, .flags = KVM_IRQFD_FLAG_RESAMPLE };

	v->irq_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	v->eom_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (v->irq_fd < 0 || v->eom_fd < 0)
		return no(err, "event file descriptors");
	irq.fd = (uint32_t)v->irq_fd;
	irq.resamplefd = (uint32_t)v->eom_fd;
	if (ioctl(v->vm->fd, KVM_IRQFD, &irq) < 0)
		return no(err, "the interrupt of VMBus");
	return vb_loop_add(v->vm, v->eom_fd, VB_WAKE_EOM, v->index);
}

/*
 * Writes to the agent's port do not leave the kernel one by one: KVM collects them in a page until
 * the next exit. Nothing but speed is lost when it cannot.
 */
static void collect_writes(struct vb_vm *vm)
{
	struct kvm_coalesced_mmio_zone zone = { .addr = VB_AGENT_PORT, .size = 4, .pio = 1 };
	int page = ioctl(vm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_MMIO);

	if (page <= 0 || ioctl(vm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_PIO) <= 0)
		return;
	if (ioctl(vm->fd, KVM_REGISTER_COALESCED_MMIO, &zone) < 0)
		return;
	vm->writes = (void *)((uint8_t *)vm->vcpus[0].run + page * sysconf(_SC_PAGESIZE));
}

/* ---- processors ---- */

static int set_leaves(struct vb_vcpu *v, struct vb_err *err)
{
	size_t len = sizeof(struct kvm_cpuid2) + MAX_LEAVES * sizeof(struct kvm_cpuid_entry2);
	struct kvm_cpuid2 *supported = calloc(1, len), *own = calloc(1, len);
	struct vb_cpu_options opt = { .index = v->index, .n_cpus = v->vm->opt.n_vcpus };
	int ret = -ENOMEM;

	if (supported && own) {
		supported->nent = MAX_LEAVES;
		ret = ioctl(v->vm->kvm_fd, KVM_GET_SUPPORTED_CPUID, supported) < 0 ?
			      no(err, "CPUID") :
			      0;
	}
	if (ret == 0) {
		own->nent = vb_cpu_leaves(supported->entries, supported->nent, &opt, own->entries,
					  MAX_LEAVES);
		ret = ioctl(v->fd, KVM_SET_CPUID2, own) < 0 ? no(err, "CPUID") : 0;
	}
	free(supported);
	free(own);
	return ret;
}

/* Only the processor's own signal, all others are blocked in its thread, ends KVM_RUN. */
static int set_signals(struct vb_vcpu *v, struct vb_err *err)
{
	uint64_t blocked = ~(1ull << (VB_VCPU_SIGNAL - 1));
	struct kvm_signal_mask *mask = calloc(1, sizeof(*mask) + sizeof(blocked));
	int ret;

	if (!mask)
		return -ENOMEM;
	mask->len = sizeof(blocked);
	memcpy(mask->sigset, &blocked, sizeof(blocked));
	ret = ioctl(v->fd, KVM_SET_SIGNAL_MASK, mask) < 0 ? no(err, "signals") : 0;
	free(mask);
	return ret;
}

/* It counts as open from the first file descriptor on. */
static int make_vcpu(struct vb_vm *vm, struct vb_err *err)
{
	struct vb_vcpu *v = &vm->vcpus[vm->n_open];
	struct kvm_enable_cap synic = { .cap = KVM_CAP_HYPERV_SYNIC2 };
	void *run;
	int ret;

	v->vm = vm;
	v->index = vm->n_open;
	v->irq_fd = v->eom_fd = -1;
	v->fd = ioctl(vm->fd, KVM_CREATE_VCPU, v->index);
	if (v->fd < 0)
		return no(err, "a processor");
	vm->n_open++;
	run = mmap(NULL, vm->run_len, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (run == MAP_FAILED)
		return no(err, "a processor");
	v->run = run;
	ret = set_leaves(v, err);
	if (ret == 0)
		ret = set_signals(v, err);
	if (ret == 0 && ioctl(v->fd, KVM_ENABLE_CAP, &synic) < 0)
		ret = no(err, "the synthetic interrupt controller");
	return ret;
}

/* The others wait for the first one to start them. */
static int set_registers(struct vb_vcpu *v, uint64_t entry, struct vb_err *err)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	if (ioctl(v->fd, KVM_GET_SREGS, &sregs) < 0)
		return no(err, "registers");
	vb_boot_registers(entry, &regs, &sregs);
	if (ioctl(v->fd, KVM_SET_SREGS, &sregs) < 0 || ioctl(v->fd, KVM_SET_REGS, &regs) < 0)
		return no(err, "registers");
	return 0;
}

/* ---- all of it ---- */

static int make_machine(struct vb_vm *vm, struct vb_err *err)
{
	int len = ioctl(vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	if (len < (int)sizeof(struct kvm_run))
		return no(err, "a processor");
	vm->run_len = (size_t)len;
	vm->fd = ioctl(vm->kvm_fd, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		return no(err, "a virtual machine");
	/* A processor without them knows nothing of this address: no matter. */
	(void)ioctl(vm->fd, KVM_SET_TSS_ADDR, TSS_ADDRESS);
	/* All of it: with a part in user space there are no resampled interrupts. */
	if (ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0) < 0)
		return no(err, "the interrupt controller");
	return add_memory(vm, err);
}

int vb_kvm_build(struct vb_vm *vm, uint64_t entry, struct vb_err *err)
{
	int ret = make_machine(vm, err);

	while (ret == 0 && vm->n_open < vm->opt.n_vcpus)
		ret = make_vcpu(vm, err);
	if (ret == 0)
		ret = set_routes(vm, err);
	for (uint32_t i = 0; ret == 0 && i < vm->n_open; i++)
		ret = connect_interrupt(&vm->vcpus[i], err);
	if (ret == 0)
		ret = set_registers(&vm->vcpus[0], entry, err);
	if (ret == 0)
		collect_writes(vm);
	return ret;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void vb_kvm_close(struct vb_vm *vm)
{
	for (uint32_t i = 0; i < vm->n_open; i++) {
		struct vb_vcpu *v = &vm->vcpus[i];

		if (v->run)
			munmap(v->run, vm->run_len);
		close_fd(v->fd);
		close_fd(v->irq_fd);
		close_fd(v->eom_fd);
	}
	close_fd(vm->fd);
	close_fd(vm->kvm_fd);
}
