/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to the machine: its parts, and what its files call of each other.
 *
 * Threads: one for each processor, and the caller of vb_vm_run(), which serves everything else (the
 * I/O thread). One lock is around the host, the serial ports and the caller's callbacks.
 */
#ifndef VB_MACHINE_H
#define VB_MACHINE_H

#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "dissectors/sinks.h"
#include "replay/host/memory.h"
#include "replay/vmm/serial.h"
#include "replay/vmm/vm.h"

/* What a processor left KVM_RUN for, as its CPU time is counted. */
enum vb_exit_kind { VB_EXIT_OTHER, VB_EXIT_CONTROL, VB_EXIT_PACKETS, VB_N_EXIT_KINDS };

struct vb_vcpu {
	struct vb_vm *vm;
	uint32_t index;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	int irq_fd; /* written to: SINT 2 is raised */
	int eom_fd; /* KVM counts it up when the guest is through with it */
	bool eom_watched;
	uint64_t simp; /* MSR: where its messages are */
	_Atomic uint64_t exits, hypercalls, io_exits;
	enum vb_exit_kind exit_kind;
	_Atomic uint64_t outside_ns[VB_N_EXIT_KINDS]; /* CPU time from leaving KVM_RUN to entering */
};

/* An event file descriptor by which KVM reports signals of one connection. */
struct vb_watch {
	uint32_t connection;
	int fd;
};

#define VB_VM_RUNNING (-1)

struct vb_vm {
	struct vb_vm_options opt; /* kernel, initrd and append are gone */
	int kvm_fd, fd;
	size_t run_len; /* of what a processor shares with KVM */
	struct vb_memory mem;
	struct vb_vcpu vcpus[VB_VM_MAX_VCPUS];
	uint32_t n_open;			/* processors that have file descriptors */
	struct kvm_coalesced_mmio_ring *writes; /* to the agent's port, not yet looked at; or NULL */
	struct vb_transport transport;
	struct vb_clock clock;

	pthread_mutex_t lock;
	struct vb_host *host;
	struct vb_serial com1, com2;
	struct vb_watch *watches;
	size_t n_watches;
	uint64_t deadline; /* until which the I/O thread sleeps */

	pthread_mutex_t pause; /* held: processors that leave KVM_RUN wait */
	int epoll_fd, kick_fd;
	_Atomic int end;      /* enum vb_vm_end or VB_VM_RUNNING */
	_Atomic bool running; /* there are threads of processors, */
	_Atomic bool quit;    /* which shall end */
	struct vb_err end_err;
	_Atomic uint64_t io_ns; /* CPU time of the I/O thread */
};

/* ---- kvm.c: what KVM is told once ---- */

/* Open KVM and see whether it has all that is needed. -ENOTSUP with err; *ret_fd is -1 then. */
int vb_kvm_open(int *ret_fd, struct vb_err *err);
/* Everything up to the processors' registers. */
int vb_kvm_build(struct vb_vm *vm, uint64_t entry, struct vb_err *err);
void vb_kvm_close(struct vb_vm *vm);

/* ---- vcpu.c ---- */

#define VB_VCPU_SIGNAL SIGRTMIN /* ends KVM_RUN; blocked otherwise */

void *vb_vcpu_thread(void *vcpu);
/* Have the processor leave KVM_RUN soon. */
void vb_vcpu_kick(struct vb_vcpu *v);

/* ---- ports.c: I/O ports ---- */

void vb_ports_init(struct vb_vm *vm);
void vb_ports_exit(struct vb_vcpu *v);
/* Look at what the guest wrote without an exit; with the lock held. */
void vb_ports_flush(struct vb_vm *vm);

/* ---- hyperv.c: hypercalls, SynIC ---- */

void vb_hyperv_exit(struct vb_vcpu *v);
/* What the guest left in the crash MSRs. */
void vb_hyperv_crash(struct vb_vcpu *v, struct vb_err *ret);
/* The guest was told that another message waits for its EOM. */
bool vb_hyperv_awaits_eom(struct vb_vcpu *v);
/* vb_transport's interrupt(). */
void vb_hyperv_interrupt(void *vm, uint32_t vp);
/* vb_host_watch_connections()'s changed(). */
void vb_hyperv_watch(void *vm, uint32_t connection, bool in_use);
void vb_hyperv_unwatch_all(struct vb_vm *vm);

/* ---- loop.c: the I/O thread ---- */

enum vb_wake { VB_WAKE_KICK, VB_WAKE_EOM, VB_WAKE_SIGNAL };

/*
 * Wake for each write to an event file descriptor; which tells processor or connection. Those of EOMs
 * are added, but not watched before a message waits.
 */
int vb_loop_add(struct vb_vm *vm, int fd, enum vb_wake wake, uint32_t which);
/* Until the end; called without the lock. */
void vb_loop_run(struct vb_vm *vm);
/* The host was told something by a processor's thread, which holds the lock: let it go on. */
void vb_loop_host_acted(struct vb_vm *vm);

/* CPU time of the calling thread, if that is to be measured. */
uint64_t vb_loop_cpu_ns(const struct vb_vm *vm);

/* ---- vm.c ---- */

/* The machine ends; the first one to say so is right. why may be NULL. From any thread. */
void vb_vm_end(struct vb_vm *vm, enum vb_vm_end end, const char *why);

#endif
