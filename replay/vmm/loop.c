/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The I/O thread: deadlines of the host, acknowledged messages, signals that KVM reports. */
#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>

#include "replay/vmm/machine.h"

#define MAX_EVENTS 32

/*
 * Edge triggered: a write to the event file descriptor wakes us once, and nobody has to read it. The
 * counter's 64 bits do not run over.
 */
static int watch(struct vb_vm *vm, int op, int fd, bool on, uint64_t data)
{
	struct epoll_event e = { .events = on ? EPOLLIN | EPOLLET : 0, .data.u64 = data };

	return epoll_ctl(vm->epoll_fd, op, fd, &e) < 0 ? -errno : 0;
}

static uint64_t event_data(enum vb_wake wake, uint32_t which)
{
	return (uint64_t)wake << 32 | which;
}

int vb_loop_add(struct vb_vm *vm, int fd, enum vb_wake wake, uint32_t which)
{
	return watch(vm, EPOLL_CTL_ADD, fd, wake != VB_WAKE_EOM, event_data(wake, which));
}

/*
 * KVM reports the end of every interrupt, as there is no automatic EOI. To be woken by each would
 * cost more than all the rest, and matters only while a message waits for the one before it. An EOM
 * that came before we look is not lost: what has been counted is reported when watching begins.
 */
static void watch_eoms(struct vb_vm *vm)
{
	for (uint32_t i = 0; i < vm->n_open; i++) {
		struct vb_vcpu *v = &vm->vcpus[i];
		bool on = vb_hyperv_awaits_eom(v);

		if (on == v->eom_watched)
			continue;
		v->eom_watched = on;
		(void)watch(vm, EPOLL_CTL_MOD, v->eom_fd, on, event_data(VB_WAKE_EOM, i));
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * Run the host, and what the caller has to do. That may give the host something to do in turn.
 * Returns when to come again.
 */
static uint64_t run_host(struct vb_vm *vm)
{
	uint64_t next = vm->host ? vb_host_run(vm->host) : VB_NEVER, tick;

	if (vm->opt.tick) {
		tick = vm->opt.tick(vm->opt.ctx, vb_clock_mono(vb_clock_machine()));
		if (vm->host)
			next = vb_host_run(vm->host);
		next = earlier(next, tick);
	}
	watch_eoms(vm);
	return next;
}

/* The I/O thread is woken only if it would sleep too long. */
void vb_loop_host_acted(struct vb_vm *vm)
{
	uint64_t next = run_host(vm);

	if (next >= vm->deadline)
		return;
	vm->deadline = next;
	vb_vm_kick(vm);
}

static void take_event(struct vb_vm *vm, uint64_t data)
{
	uint32_t which = (uint32_t)data;

	if (!vm->host)
		return;
	switch ((enum vb_wake)(data >> 32)) {
	case VB_WAKE_EOM:
		vb_host_eom(vm->host, which);
		break;
	case VB_WAKE_SIGNAL: /* the connection may be gone by now: the host knows */
		(void)vb_host_signal(vm->host, which, 0);
		break;
	case VB_WAKE_KICK:
		break;
	}
}

/* A signal that the process handles ends it, too. Returns the number of events. */
static int sleep_until(struct vb_vm *vm, uint64_t deadline, struct epoll_event *events)
{
	uint64_t now = vb_clock_mono(vb_clock_machine());
	uint64_t ns = deadline > now ? deadline - now : 0;
	struct timespec ts = { .tv_sec = (time_t)(ns / 1000000000),
			       .tv_nsec = (long)(ns % 1000000000) };
	int n = epoll_pwait2(vm->epoll_fd, events, MAX_EVENTS, deadline == VB_NEVER ? NULL : &ts,
			     NULL);

	return n < 0 ? 0 : n;
}

uint64_t vb_loop_cpu_ns(const struct vb_vm *vm)
{
	struct timespec ts;

	if (!vm->opt.measure)
		return 0;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void serve(struct vb_vm *vm)
{
	struct epoll_event events[MAX_EVENTS];
	uint64_t begin = vb_loop_cpu_ns(vm);
	int n = 0;

	while (atomic_load(&vm->end) == VB_VM_RUNNING) {
		pthread_mutex_lock(&vm->lock);
		vb_ports_flush(vm);
		for (int i = 0; i < n; i++)
			take_event(vm, events[i].data.u64);
		vm->deadline = run_host(vm);
		pthread_mutex_unlock(&vm->lock);
		atomic_store_explicit(&vm->io_ns, vb_loop_cpu_ns(vm) - begin, memory_order_relaxed);
		n = sleep_until(vm, vm->deadline, events);
	}
}

/* Deadlines are meant to the microsecond: no slack, which is 50 us by default. */
void vb_loop_run(struct vb_vm *vm)
{
	int slack = prctl(PR_GET_TIMERSLACK);

	prctl(PR_SET_TIMERSLACK, 1ul);
	serve(vm);
	if (slack > 0)
		prctl(PR_SET_TIMERSLACK, (unsigned long)slack);
	pthread_mutex_lock(&vm->lock);
	vb_ports_flush(vm);
	pthread_mutex_unlock(&vm->lock);
}

void vb_vm_kick(struct vb_vm *vm)
{
	(void)eventfd_write(vm->kick_fd, 1);
}
