/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's I/O ports: two serial ports, ACPI's reset and sleep registers, and hardly more. */
#include <string.h>
#include <sys/ioctl.h>

#include "replay/guest/agent_proto.h"
#include "replay/vmm/acpi.h"
#include "replay/vmm/machine.h"

#define COM1 0x3f8u
#define COM2 VB_AGENT_PORT
#define COM1_IRQ 4u
#define COM2_IRQ 3u

/* ---- the serial ports ---- */

static void set_line(struct vb_vm *vm, uint32_t irq, bool up)
{
	struct kvm_irq_level level = { .irq = irq, .level = up };

	(void)ioctl(vm->fd, KVM_IRQ_LINE, &level); /* cannot fail: the pin is routed */
}

static void com1_line(void *ctx, bool up)
{
	set_line(ctx, COM1_IRQ, up);
}

static void com2_line(void *ctx, bool up)
{
	set_line(ctx, COM2_IRQ, up);
}

static void com1_sent(void *ctx, const uint8_t *bytes, size_t n)
{
	const struct vb_vm *vm = ctx;

	if (vm->opt.console)
		vm->opt.console(vm->opt.ctx, bytes, n);
}

static void com2_sent(void *ctx, const uint8_t *bytes, size_t n)
{
	const struct vb_vm *vm = ctx;

	if (vm->opt.agent)
		vm->opt.agent(vm->opt.ctx, bytes, n);
}

void vb_ports_init(struct vb_vm *vm)
{
	vm->com1.ctx = vm->com2.ctx = vm;
	vm->com1.sent = com1_sent;
	vm->com1.line = com1_line;
	vm->com2.sent = com2_sent;
	vm->com2.line = com2_line;
}

static struct vb_serial *serial_at(struct vb_vm *vm, unsigned int port)
{
	switch (port & ~7u) {
	case COM1:
		return &vm->com1;
	case COM2:
		return &vm->com2;
	default:
		return NULL;
	}
}

/* ---- all others ---- */

static void write_other(struct vb_vm *vm, unsigned int port, uint8_t value)
{
	if (port == VB_ACPI_SLEEP_PORT && (value & VB_ACPI_SLEEP_ENABLE))
		vb_vm_end(vm, VB_VM_POWERED_OFF, NULL);
	else if (port == VB_ACPI_RESET_PORT && value == VB_ACPI_RESET_VALUE)
		vb_vm_end(vm, VB_VM_RESET, NULL);
}

/*
 * The timer's gate is "done", so that nobody waits for it; the clock chip stands at zero, which is
 * the same date at every boot; no PCI.
 */
static uint8_t read_other(unsigned int port)
{
	switch (port) {
	case 0x61:
		return 0x20;
	case 0x70:
	case 0x71:
	case VB_ACPI_STATUS_PORT:
		return 0;
	default:
		return 0xff;
	}
}

/* ---- exits ---- */

static void write_port(struct vb_vm *vm, unsigned int port, const uint8_t *bytes, size_t n)
{
	struct vb_serial *s = serial_at(vm, port);

	if (s)
		vb_serial_write(s, port, bytes, n);
	else if (n)
		write_other(vm, port, bytes[0]);
}

static void read_port(struct vb_vm *vm, unsigned int port, uint8_t *bytes, size_t n)
{
	struct vb_serial *s = serial_at(vm, port);

	if (s)
		vb_serial_read(s, port, bytes, n);
	else
		memset(bytes, read_other(port), n);
}

/* What follows each other at one port is handed on as a block. */
void vb_ports_flush(struct vb_vm *vm)
{
	struct kvm_coalesced_mmio_ring *ring = vm->writes;
	uint32_t max, first, last;

	if (!ring)
		return;
	max = (uint32_t)((VB_PAGE - sizeof(*ring)) / sizeof(ring->coalesced_mmio[0]));
	first = ring->first;
	last = __atomic_load_n(&ring->last, __ATOMIC_ACQUIRE);
	while (first != last) {
		uint8_t block[VB_PAGE];
		size_t n = 0;
		uint64_t port = ring->coalesced_mmio[first].phys_addr;

		for (; first != last && ring->coalesced_mmio[first].phys_addr == port;
		     first = (first + 1) % max) {
			const struct kvm_coalesced_mmio *w = &ring->coalesced_mmio[first];

			memcpy(block + n, w->data, w->len);
			n += w->len;
		}
		__atomic_store_n(&ring->first, first, __ATOMIC_RELEASE);
		write_port(vm, (unsigned int)port, block, n);
	}
}

/* ---- blocks of the agent ---- */

/* The guest's linear address, as far as its page reaches; NULL: nothing is mapped there. */
static const uint8_t *translate(struct vb_vcpu *v, uint64_t address, size_t *ret_n)
{
	struct kvm_translation t = { .linear_address = address };

	if (ioctl(v->fd, KVM_TRANSLATE, &t) < 0 || !t.valid)
		return NULL;
	*ret_n = VB_PAGE - address % VB_PAGE;
	return vb_memory_map(&v->vm->mem, t.physical_address, *ret_n);
}

#define RFLAGS_AC (1ull << 18)

/*
 * One exit for any number of bytes: the registers say where they are, and afterwards how many were
 * not taken. KVM translates as the guest's kernel would, which SMAP keeps from pages of a process as
 * long as AC is clear.
 */
static void take_block(struct vb_vcpu *v)
{
	struct kvm_regs r, open;

	if (ioctl(v->fd, KVM_GET_REGS, &r) < 0)
		return;
	open = r;
	open.rflags |= RFLAGS_AC;
	(void)ioctl(v->fd, KVM_SET_REGS, &open);
	while (r.rcx) {
		size_t n;
		const uint8_t *bytes = translate(v, r.rsi, &n);

		if (!bytes)
			break;
		n = n < r.rcx ? n : r.rcx;
		vb_serial_write(&v->vm->com2, 0, bytes, n);
		r.rsi += n;
		r.rcx -= n;
	}
	(void)ioctl(v->fd, KVM_SET_REGS, &r);
}

static bool is_block(const struct kvm_run *run)
{
	return run->io.port == VB_AGENT_BLOCK_PORT && run->io.direction == KVM_EXIT_IO_OUT;
}

void vb_ports_exit(struct vb_vcpu *v)
{
	struct vb_vm *vm = v->vm;
	struct kvm_run *run = v->run;
	uint8_t *bytes = (uint8_t *)run + run->io.data_offset;
	size_t n = (size_t)run->io.size * run->io.count;

	atomic_fetch_add_explicit(&v->io_exits, 1, memory_order_relaxed);
	pthread_mutex_lock(&vm->lock);
	vb_ports_flush(vm);
	if (is_block(run))
		take_block(v);
	else if (run->io.direction == KVM_EXIT_IO_OUT)
		write_port(vm, run->io.port, bytes, n);
	else
		read_port(vm, run->io.port, bytes, n);
	/* the agent may have asked for something */
	if (is_block(run) || serial_at(vm, run->io.port) == &vm->com2)
		vb_loop_host_acted(vm);
	pthread_mutex_unlock(&vm->lock);
}
