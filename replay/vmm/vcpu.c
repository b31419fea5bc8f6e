/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A processor's thread: enter the guest, see why it was left, again. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "replay/vmm/machine.h"

void vb_vcpu_kick(struct vb_vcpu *v)
{
	pthread_kill(v->thread, VB_VCPU_SIGNAL);
}

/* The signal has done its work; it would end KVM_RUN for ever. */
static void take_signal(void)
{
	const struct timespec now = { 0, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, VB_VCPU_SIGNAL);
	while (sigtimedwait(&set, NULL, &now) > 0)
		;
}

static void failed(struct vb_vcpu *v, const char *what, unsigned long long detail)
{
	char text[128];

	snprintf(text, sizeof(text), "processor %u: %s 0x%llx", v->index, what, detail);
	vb_vm_end(v->vm, VB_VM_FAILED, text);
}

static void system_event(struct vb_vcpu *v)
{
	struct vb_err why = { "" };

	switch (v->run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		vb_vm_end(v->vm, VB_VM_POWERED_OFF, NULL);
		break;
	case KVM_SYSTEM_EVENT_RESET:
		vb_vm_end(v->vm, VB_VM_RESET, NULL);
		break;
	case KVM_SYSTEM_EVENT_CRASH:
		vb_hyperv_crash(v, &why);
		vb_vm_end(v->vm, VB_VM_PANICKED, why.text);
		break;
	default:
		failed(v, "unknown system event", v->run->system_event.type);
	}
}

/* Nothing is there. A device of AMD's that says why the machine was reset is asked once (7.x). */
static void memory_access(struct vb_vcpu *v)
{
	if (!v->run->mmio.is_write)
		memset(v->run->mmio.data, 0xff, sizeof(v->run->mmio.data));
}

static void handle_exit(struct vb_vcpu *v)
{
	switch (v->run->exit_reason) {
	case KVM_EXIT_IO:
		vb_ports_exit(v);
		break;
	case KVM_EXIT_HYPERV:
		vb_hyperv_exit(v);
		break;
	case KVM_EXIT_MMIO:
		memory_access(v);
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		system_event(v);
		break;
	case KVM_EXIT_SHUTDOWN: /* a triple fault: how Linux resets a machine when nothing else can */
		vb_vm_end(v->vm, VB_VM_RESET, NULL);
		break;
	case KVM_EXIT_INTR:
		break;
	case KVM_EXIT_FAIL_ENTRY:
		failed(v, "cannot be entered, reason",
		       v->run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		failed(v, "KVM gave up, reason", v->run->internal.suberror);
		break;
	default:
		failed(v, "unknown exit", v->run->exit_reason);
	}
}

/* Someone wants to look at the registers: wait until that is done. */
static void let_look(struct vb_vm *vm)
{
	pthread_mutex_lock(&vm->pause);
	pthread_mutex_unlock(&vm->pause);
}

/* True when there is an exit to handle. */
static bool enter(struct vb_vcpu *v)
{
	if (ioctl(v->fd, KVM_RUN, 0) == 0)
		return true;
	if (errno == EINTR) {
		take_signal();
		let_look(v->vm);
	} else if (errno != EAGAIN) { /* that: it was started by another processor */
		failed(v, "KVM_RUN failed, error", (unsigned long long)errno);
	}
	return false;
}

/* Only this thread counts; others may read meanwhile. */
static void count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

void *vb_vcpu_thread(void *vcpu)
{
	struct vb_vcpu *v = vcpu;

	while (!atomic_load(&v->vm->quit) && atomic_load(&v->vm->end) == VB_VM_RUNNING) {
		bool left = enter(v);
		uint64_t begin = vb_loop_cpu_ns(v->vm);

		count(&v->exits, 1);
		v->exit_kind = VB_EXIT_OTHER;
		if (left)
			handle_exit(v);
		count(&v->outside_ns[v->exit_kind], vb_loop_cpu_ns(v->vm) - begin);
	}
	return NULL;
}
