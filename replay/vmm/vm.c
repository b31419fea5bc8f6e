/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine as its user sees it; see vm.h. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "replay/vmm/acpi.h"
#include "replay/vmm/boot.h"
#include "replay/vmm/machine.h"

/*
 * A triple fault is the reset that Linux is sure of here: it would try the real-mode BIOS else, and
 * spin. A panic resets at once.
 */
#define CMDLINE "console=ttyS0 reboot=t panic=-1 quiet"

#define MEMORY_STEP (2ull << 20)
#define MEMORY_MAX (3ull << 30) /* above are the APICs and what VMBus devices may ask for */

/* ---- what the host needs ---- */

static uint8_t *map(void *ctx, uint64_t gpa, uint64_t len)
{
	struct vb_vm *vm = ctx;

	return vb_memory_map(&vm->mem, gpa, len);
}

static uint8_t *map_ring(void *ctx, const uint64_t *pfns, uint32_t n)
{
	struct vb_vm *vm = ctx;

	return vb_memory_map_ring(&vm->mem, pfns, n);
}

static void unmap_ring(void *ctx, uint8_t *ring, uint32_t n)
{
	struct vb_vm *vm = ctx;

	vb_memory_unmap_ring(&vm->mem, ring, n);
}

static uint64_t mono_ns(void *ctx)
{
	(void)ctx;
	return vb_clock_mono(vb_clock_machine());
}

static uint64_t wall_ns(void *ctx)
{
	(void)ctx;
	return vb_clock_wall(vb_clock_machine());
}

/* What the guest reads in HV_X64_MSR_TIME_REF_COUNT is KVM's clock, in units of 100 ns. */
static uint64_t reference_ns(void *ctx)
{
	const struct vb_vm *vm = ctx;
	struct kvm_clock_data data;

	return ioctl(vm->fd, KVM_GET_CLOCK, &data) < 0 ? 0 : data.clock;
}

const struct vb_clock *vb_vm_clock(struct vb_vm *vm)
{
	return &vm->clock;
}

const struct vb_transport *vb_vm_transport(struct vb_vm *vm)
{
	return &vm->transport;
}

/* ---- making it ---- */

/*
 * Quiet, as each letter on the console is two exits; the caller's words stand behind and can change
 * that, with "loglevel=7".
 */
static char *make_cmdline(const char *append)
{
	struct vb_buf b = { 0 };

	vb_buf_str(&b, CMDLINE);
	if (append && *append)
		vb_buf_fmt(&b, " %s", append);
	if (b.failed) {
		vb_buf_done(&b);
		return NULL;
	}
	return b.data;
}

static int get_memory(struct vb_vm *vm, uint64_t size, struct vb_err *err)
{
	int ret;

	if (!size || size % MEMORY_STEP || size > MEMORY_MAX)
		return vb_fail(err, -EINVAL,
			       "a guest has 2 to %llu MiB of memory, in steps of 2 MiB",
			       MEMORY_MAX >> 20);
	ret = vb_memory_init(&vm->mem, size);
	return ret < 0 ? vb_fail(err, ret, "no memory for the guest: %s", strerror(-ret)) : 0;
}

static int load(struct vb_vm *vm, const struct vb_vm_options *o, uint64_t *ret_entry,
		struct vb_err *err)
{
	struct vb_boot boot = { .kernel = o->kernel,
				.kernel_len = o->kernel_len,
				.initrd = o->initrd,
				.initrd_len = o->initrd_len };
	char *cmdline = make_cmdline(o->append);
	int ret = -ENOMEM;

	boot.cmdline = cmdline;
	if (cmdline)
		ret = vb_boot_load(vm->mem.base, vm->mem.size, &boot, ret_entry, err);
	free(cmdline);
	if (ret < 0)
		return ret;
	ret = vb_acpi_build(vm->mem.base + VB_BOOT_ACPI, VB_BOOT_ACPI_LEN, VB_BOOT_ACPI,
			    o->n_vcpus);
	return ret < 0 ? vb_fail(err, ret, "the ACPI tables do not fit") : 0;
}

static int build(struct vb_vm *vm, const struct vb_vm_options *o, struct vb_err *err)
{
	uint64_t entry;
	int ret;

	if (o->n_vcpus < 1 || o->n_vcpus > VB_VM_MAX_VCPUS)
		return vb_fail(err, -EINVAL, "a guest has 1 to %u processors", VB_VM_MAX_VCPUS);
	vm->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	vm->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vm->epoll_fd < 0 || vm->kick_fd < 0)
		return vb_fail(err, -errno, "event file descriptors: %s", strerror(errno));
	ret = vb_loop_add(vm, vm->kick_fd, VB_WAKE_KICK, 0);
	if (ret == 0)
		ret = get_memory(vm, o->memory, err);
	if (ret == 0)
		ret = load(vm, o, &entry, err);
	if (ret == 0)
		ret = vb_kvm_open(&vm->kvm_fd, err);
	return ret < 0 ? ret : vb_kvm_build(vm, entry, err);
}

static struct vb_vm *make(const struct vb_vm_options *o)
{
	struct vb_vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		return NULL;
	vm->opt = *o;
	vm->opt.kernel = vm->opt.initrd = NULL;
	vm->opt.append = NULL;
	vm->fd = vm->kvm_fd = vm->epoll_fd = vm->kick_fd = vm->mem.fd = -1;
	vm->end = VB_VM_RUNNING;
	vm->transport = (struct vb_transport){ .ctx = vm,
					       .map = map,
					       .map_ring = map_ring,
					       .unmap_ring = unmap_ring,
					       .interrupt = vb_hyperv_interrupt };
	vm->clock = (struct vb_clock){
		.ctx = vm, .mono_ns = mono_ns, .wall_ns = wall_ns, .reference_ns = reference_ns
	};
	pthread_mutex_init(&vm->lock, NULL);
	pthread_mutex_init(&vm->pause, NULL);
	vb_ports_init(vm);
	return vm;
}

int vb_vm_new(const struct vb_vm_options *opt, struct vb_vm **ret, struct vb_err *err)
{
	struct vb_vm *vm = make(opt);
	int r;

	if (!vm)
		return vb_fail(err, -ENOMEM, "no memory");
	r = build(vm, opt, err);
	if (r < 0)
		vb_vm_free(vm);
	else
		*ret = vm;
	return r;
}

void vb_vm_free(struct vb_vm *vm)
{
	if (!vm)
		return;
	vb_hyperv_unwatch_all(vm);
	vb_kvm_close(vm);
	vb_memory_done(&vm->mem);
	vb_serial_done(&vm->com1);
	vb_serial_done(&vm->com2);
	if (vm->epoll_fd >= 0)
		close(vm->epoll_fd);
	if (vm->kick_fd >= 0)
		close(vm->kick_fd);
	pthread_mutex_destroy(&vm->lock);
	pthread_mutex_destroy(&vm->pause);
	free(vm);
}

void vb_vm_attach(struct vb_vm *vm, struct vb_host *host)
{
	vm->host = host;
	if (vm->opt.async_signals)
		vb_host_watch_connections(host, vb_hyperv_watch, vm);
}

/* ---- running it ---- */

void vb_vm_end(struct vb_vm *vm, enum vb_vm_end end, const char *why)
{
	int running = VB_VM_RUNNING;

	if (!atomic_compare_exchange_strong(&vm->end, &running, (int)end))
		return;
	if (why)
		snprintf(vm->end_err.text, sizeof(vm->end_err.text), "%s", why);
	vb_vm_kick(vm);
}

void vb_vm_stop(struct vb_vm *vm)
{
	vb_vm_end(vm, VB_VM_STOPPED, NULL);
}

/* All signals are blocked in the processors' threads: they are for the caller's. */
static uint32_t start_vcpus(struct vb_vm *vm)
{
	sigset_t all, before;
	uint32_t n = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (n < vm->n_open &&
	       pthread_create(&vm->vcpus[n].thread, NULL, vb_vcpu_thread, &vm->vcpus[n]) == 0)
		n++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return n;
}

static void join_vcpus(struct vb_vm *vm, uint32_t n)
{
	atomic_store(&vm->quit, true);
	for (uint32_t i = 0; i < n; i++)
		vb_vcpu_kick(&vm->vcpus[i]);
	for (uint32_t i = 0; i < n; i++)
		pthread_join(vm->vcpus[i].thread, NULL);
}

int vb_vm_run(struct vb_vm *vm, enum vb_vm_end *ret_end, struct vb_err *err)
{
	uint32_t n = start_vcpus(vm);
	bool started = n == vm->n_open;

	atomic_store(&vm->running, started);
	if (started)
		vb_loop_run(vm);
	atomic_store(&vm->running, false);
	join_vcpus(vm, n);
	if (!started)
		return vb_fail(err, -EAGAIN, "no thread for a processor");
	*ret_end = (enum vb_vm_end)atomic_load(&vm->end);
	if (err)
		*err = vm->end_err;
	return 0;
}

int vb_vm_agent_send(struct vb_vm *vm, const uint8_t *bytes, size_t n)
{
	return vb_serial_input(&vm->com2, bytes, n);
}

/* ---- looking at it ---- */

#define APIC_IN_SERVICE 0x100u
#define APIC_REQUESTED 0x200u
#define APIC_BANKS 8u /* of 32 vectors, 16 bytes apart */
#define APIC_TIMER 0x320u
#define MSR_TSC 0x10u
#define MSR_TSC_DEADLINE 0x6e0u

static uint32_t apic_register(const struct kvm_lapic_state *apic, uint32_t at)
{
	uint32_t value;

	memcpy(&value, apic->regs + at, sizeof(value));
	return value;
}

static void describe_vectors(const struct kvm_lapic_state *apic, const char *what, uint32_t at,
			     struct vb_buf *out)
{
	vb_buf_fmt(out, " %s", what);
	for (uint32_t vector = 0; vector < 32 * APIC_BANKS; vector++)
		if (apic_register(apic, at + vector / 32 * 16) >> vector % 32 & 1)
			vb_buf_fmt(out, " %02x", vector);
	vb_buf_str(out, ";");
}

/* Ticks until the timer's deadline; false: none is set, or it is not known. */
static bool timer_ticks(const struct vb_vcpu *v, int64_t *ret)
{
	struct kvm_msrs *msrs = calloc(1, sizeof(*msrs) + 2 * sizeof(msrs->entries[0]));
	bool is_set;

	if (!msrs)
		return false;
	msrs->nmsrs = 2;
	msrs->entries[0].index = MSR_TSC;
	msrs->entries[1].index = MSR_TSC_DEADLINE;
	is_set = ioctl(v->fd, KVM_GET_MSRS, msrs) == 2 && msrs->entries[1].data;
	*ret = (int64_t)(msrs->entries[1].data - msrs->entries[0].data);
	free(msrs);
	return is_set;
}

/* A guest that sleeps for ever has lost its timer: is its deadline set, is an interrupt waiting? */
static void describe_interrupts(const struct vb_vcpu *v, struct vb_buf *out)
{
	struct kvm_vcpu_events events = { 0 };
	struct kvm_lapic_state apic;
	int64_t ticks;

	if (ioctl(v->fd, KVM_GET_LAPIC, &apic) < 0 ||
	    ioctl(v->fd, KVM_GET_VCPU_EVENTS, &events) < 0)
		return;
	vb_buf_str(out, "  interrupts:");
	describe_vectors(&apic, "requested", APIC_REQUESTED, out);
	describe_vectors(&apic, "in service", APIC_IN_SERVICE, out);
	if (events.interrupt.injected)
		vb_buf_fmt(out, " injected %02x;", events.interrupt.nr);
	vb_buf_fmt(out, " timer %05x", apic_register(&apic, APIC_TIMER));
	if (timer_ticks(v, &ticks))
		vb_buf_fmt(out, " in %" PRId64 " ticks\n", ticks);
	else
		vb_buf_str(out, " not set\n");
}

static void describe(struct vb_vcpu *v, struct vb_buf *out)
{
	struct kvm_mp_state state = { 0 };
	struct kvm_sregs s;
	struct kvm_regs r;

	if (ioctl(v->fd, KVM_GET_REGS, &r) < 0 || ioctl(v->fd, KVM_GET_SREGS, &s) < 0 ||
	    ioctl(v->fd, KVM_GET_MP_STATE, &state) < 0) {
		vb_buf_fmt(out, "processor %u: %s\n", v->index, strerror(errno));
		return;
	}
	vb_buf_fmt(out, "processor %u: state %u, %llu exits\n", v->index, state.mp_state,
		   (unsigned long long)v->exits);
	vb_buf_fmt(out, "  rip %016llx rsp %016llx rbp %016llx flags %08llx\n", r.rip, r.rsp, r.rbp,
		   r.rflags);
	vb_buf_fmt(out, "  rax %016llx rbx %016llx rcx %016llx rdx %016llx\n", r.rax, r.rbx, r.rcx,
		   r.rdx);
	vb_buf_fmt(out, "  rsi %016llx rdi %016llx r8  %016llx r9  %016llx\n", r.rsi, r.rdi, r.r8,
		   r.r9);
	vb_buf_fmt(out, "  r10 %016llx r11 %016llx r12 %016llx r13 %016llx\n", r.r10, r.r11, r.r12,
		   r.r13);
	vb_buf_fmt(out, "  r14 %016llx r15 %016llx cs  %04x ss %04x\n", r.r14, r.r15, s.cs.selector,
		   s.ss.selector);
	vb_buf_fmt(out, "  cr0 %08llx cr2 %016llx cr3 %016llx cr4 %08llx cr8 %llx efer %llx\n",
		   s.cr0, s.cr2, s.cr3, s.cr4, s.cr8, s.efer);
	describe_interrupts(v, out);
}

/* KVM tells registers once the processor left KVM_RUN; it does not enter while we hold pause. */
void vb_vm_describe(struct vb_vm *vm, struct vb_buf *out)
{
	pthread_mutex_lock(&vm->pause);
	for (uint32_t i = 0; i < vm->n_open; i++) {
		if (atomic_load(&vm->running))
			vb_vcpu_kick(&vm->vcpus[i]);
		describe(&vm->vcpus[i], out);
	}
	pthread_mutex_unlock(&vm->pause);
}

void vb_vm_get_stats(const struct vb_vm *vm, struct vb_vm_stats *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (uint32_t i = 0; i < vm->n_open; i++) {
		const struct vb_vcpu *v = &vm->vcpus[i];

		ret->exits += v->exits;
		ret->hypercalls += v->hypercalls;
		ret->io_exits += v->io_exits;
		ret->control_cpu_ns += v->outside_ns[VB_EXIT_CONTROL];
		ret->packets_cpu_ns += v->outside_ns[VB_EXIT_PACKETS];
		ret->host_cpu_ns += v->outside_ns[VB_EXIT_OTHER];
	}
	ret->host_cpu_ns += ret->control_cpu_ns + ret->packets_cpu_ns + vm->io_ns;
}
