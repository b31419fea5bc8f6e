/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What KVM leaves to us of Hyper-V: the two hypercalls of VMBus, where the guest has its SynIC pages,
 * interrupts. Names and numbers: Hypervisor Top Level Functional Specification.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "replay/host/synic.h"
#include "replay/vmm/machine.h"

#define POST_MESSAGE 0x5cu
#define SIGNAL_EVENT 0x5du
#define CODE_MASK 0xffffu
#define FAST (1u << 16) /* the input is in registers, not in memory */

#define STATUS_INVALID_CODE 2u
#define STATUS_INVALID_INPUT 3u
#define STATUS_INVALID_CONNECTION 18u

#define POST_INPUT_LEN 256u
#define CRASH_P0 0x40000100u
#define N_CRASH 5u

/* Input of HvSignalEvent; in its fast form the same 8 bytes are the first register. */
struct signal_input {
	uint32_t connection;
	uint16_t flag;
	uint16_t reserved;
};
static_assert(sizeof(struct signal_input) == 8, "HvSignalEvent");

/* ---- hypercalls ---- */

/* The guest's input must be 8-byte aligned and in one page; the copy is what is looked at. */
static bool read_input(struct vb_vm *vm, uint64_t gpa, void *to, size_t n)
{
	const uint8_t *from = vb_memory_map(&vm->mem, gpa, n);

	if (!from || gpa % 8 || gpa % VB_PAGE + n > VB_PAGE)
		return false;
	memcpy(to, from, n);
	return true;
}

static uint16_t post(struct vb_vm *vm, uint64_t input, uint64_t gpa)
{
	uint8_t message[POST_INPUT_LEN];

	if ((input & FAST) || !read_input(vm, gpa, message, sizeof(message)))
		return STATUS_INVALID_INPUT;
	return vb_host_post(vm->host, message);
}

static uint16_t signal_event(struct vb_vm *vm, uint64_t input, uint64_t param)
{
	struct signal_input in;

	if (input & FAST)
		memcpy(&in, &param, sizeof(in));
	else if (!read_input(vm, param, &in, sizeof(in)))
		return STATUS_INVALID_INPUT;
	return vb_host_signal(vm->host, in.connection, in.flag);
}

static uint16_t hypercall(struct vb_vm *vm, uint64_t input, uint64_t param)
{
	uint64_t code = input & CODE_MASK;

	if (code != POST_MESSAGE && code != SIGNAL_EVENT)
		return STATUS_INVALID_CODE;
	if (!vm->host)
		return STATUS_INVALID_CONNECTION;
	return code == POST_MESSAGE ? post(vm, input, param) : signal_event(vm, input, param);
}

/* Each exit tells all three registers of the SynIC, whichever was written. */
static void synic(struct vb_vcpu *v, const struct kvm_hyperv_exit *e)
{
	v->simp = e->u.synic.msg_page;
	if (v->vm->host)
		vb_host_synic(v->vm->host, v->index, e->u.synic.control, e->u.synic.msg_page,
			      e->u.synic.evt_page);
}

void vb_hyperv_exit(struct vb_vcpu *v)
{
	struct kvm_hyperv_exit *e = &v->run->hyperv;

	pthread_mutex_lock(&v->vm->lock);
	vb_ports_flush(v->vm);
	if (e->type == KVM_EXIT_HYPERV_HCALL) {
		atomic_fetch_add_explicit(&v->hypercalls, 1, memory_order_relaxed);
		v->exit_kind = (e->u.hcall.input & CODE_MASK) == POST_MESSAGE ? VB_EXIT_CONTROL :
										VB_EXIT_PACKETS;
		e->u.hcall.result = hypercall(v->vm, e->u.hcall.input, e->u.hcall.params[0]);
		vb_loop_host_acted(v->vm);
	} else if (e->type == KVM_EXIT_HYPERV_SYNIC) {
		synic(v, e);
		vb_loop_host_acted(v->vm);
	}
	pthread_mutex_unlock(&v->vm->lock);
}

bool vb_hyperv_awaits_eom(struct vb_vcpu *v)
{
	uint64_t page = v->simp & ~(uint64_t)(VB_PAGE - 1);
	const struct vb_synic_message *slots;

	if (!(v->simp & VB_SYNIC_ENABLED))
		return false;
	slots = (void *)vb_memory_map(&v->vm->mem, page, VB_PAGE);
	return slots && (slots[VB_SINT].flags & VB_MESSAGE_PENDING);
}

/* ---- interrupts and event file descriptors ---- */

void vb_hyperv_interrupt(void *vm, uint32_t vp)
{
	const struct vb_vm *m = vm;

	if (vp < m->n_open)
		(void)eventfd_write(m->vcpus[vp].irq_fd, 1); /* KVM takes it at once */
}

static int assign(const struct vb_vm *vm, const struct vb_watch *w, uint32_t flags)
{
	struct kvm_hyperv_eventfd e = { .conn_id = w->connection, .fd = w->fd, .flags = flags };

	return ioctl(vm->fd, KVM_HYPERV_EVENTFD, &e) < 0 ? -errno : 0;
}

/* Failing to watch costs nothing but speed: the signals come as hypercalls. */
static void watch(struct vb_vm *vm, uint32_t connection)
{
	struct vb_watch *bigger = realloc(vm->watches, (vm->n_watches + 1) * sizeof(*bigger));
	struct vb_watch w = { .connection = connection };

	if (!bigger)
		return;
	vm->watches = bigger;
	w.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w.fd < 0)
		return;
	if (vb_loop_add(vm, w.fd, VB_WAKE_SIGNAL, connection) < 0 || assign(vm, &w, 0) < 0)
		close(w.fd);
	else
		vm->watches[vm->n_watches++] = w;
}

static void unwatch(struct vb_vm *vm, struct vb_watch *w)
{
	(void)assign(vm, w, KVM_HYPERV_EVENTFD_DEASSIGN);
	close(w->fd);
	*w = vm->watches[--vm->n_watches];
}

void vb_hyperv_watch(void *vm, uint32_t connection, bool in_use)
{
	struct vb_vm *m = vm;

	for (size_t i = 0; i < m->n_watches; i++) {
		if (m->watches[i].connection != connection)
			continue;
		if (!in_use)
			unwatch(m, &m->watches[i]);
		return;
	}
	if (in_use)
		watch(m, connection);
}

void vb_hyperv_unwatch_all(struct vb_vm *vm)
{
	while (vm->n_watches)
		unwatch(vm, &vm->watches[vm->n_watches - 1]);
	free(vm->watches);
	vm->watches = NULL;
}

/* ---- panic ---- */

/* Linux 6.1 arch/x86/hyperv/hv_init.c, hyperv_report_panic(): error, OS id, rip, rax, rsp. */
void vb_hyperv_crash(struct vb_vcpu *v, struct vb_err *ret)
{
	struct kvm_msrs *m = calloc(1, sizeof(*m) + N_CRASH * sizeof(m->entries[0]));

	if (!m)
		return;
	m->nmsrs = N_CRASH;
	for (uint32_t i = 0; i < N_CRASH; i++)
		m->entries[i].index = CRASH_P0 + i;
	if (ioctl(v->fd, KVM_GET_MSRS, m) == (int)N_CRASH)
		vb_fail(ret, 0,
			"the guest's kernel panicked on processor %u (crash parameters "
			"%llx %llx %llx %llx %llx)",
			v->index, m->entries[0].data, m->entries[1].data, m->entries[2].data,
			m->entries[3].data, m->entries[4].data);
	free(m);
}
