/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least machine that boots an unmodified kernel which believes it is a guest of Hyper-V: memory,
 * processors, two serial ports, a few ACPI tables. All its devices are channels of a VMBus host.
 */
#ifndef VB_VM_H
#define VB_VM_H

#include "replay/host/host.h"

struct vb_vm;
struct vb_buf;

#define VB_VM_MAX_VCPUS 8u

/* How a machine came to its end. */
enum vb_vm_end {
	VB_VM_POWERED_OFF,
	VB_VM_RESET,
	VB_VM_PANICKED, /* the guest's kernel said so; err has what else it said */
	VB_VM_STOPPED,	/* vb_vm_stop() */
	VB_VM_FAILED,	/* KVM or the processor gave up; err says how */
};

struct vb_vm_options {
	const uint8_t *kernel; /* a bzImage, whole */
	size_t kernel_len;
	const uint8_t *initrd;
	size_t initrd_len;
	/*
	 * More for the kernel's command line; may be NULL. It stands behind "console=ttyS0 reboot=t
	 * panic=-1 quiet", so "loglevel=7" makes the guest talk.
	 */
	const char *append;
	uint64_t memory;    /* bytes; a multiple of 2 MiB, up to 3 GiB */
	uint32_t n_vcpus;   /* 1 .. VB_VM_MAX_VCPUS */
	bool async_signals; /* guest signals by event file descriptor to the I/O thread */
	bool measure;	    /* count CPU time, which costs two system calls for each exit */
	void *ctx;
	/*
	 * Bytes the guest wrote to its console (COM1), to the agent's port (COM2); may be NULL. As all
	 * callbacks they come from any of the machine's threads, one at a time: a lock is held.
	 */
	void (*console)(void *ctx, const uint8_t *bytes, size_t n);
	void (*agent)(void *ctx, const uint8_t *bytes, size_t n);
	/*
	 * Called when the host has run, with the lock held: do what is due by other deadlines, return
	 * the next (monotonic ns) or VB_NEVER. May be NULL.
	 */
	uint64_t (*tick)(void *ctx, uint64_t now_ns);
};

/* Does this machine's /dev/kvm emulate Hyper-V? 0; -ENOTSUP, and err says what is missing. */
int vb_vm_possible(struct vb_err *err);

/*
 * opt is copied, and so are kernel, initrd and append: they may go. -EINVAL: the options or the kernel
 * image make no sense; -ENOSPC: memory is too small; -ENOTSUP: as vb_vm_possible().
 */
int vb_vm_new(const struct vb_vm_options *opt, struct vb_vm **ret, struct vb_err *err);
/* The host that stands on it is gone already. Accepts NULL. */
void vb_vm_free(struct vb_vm *vm);

/* Valid as long as the machine is. */
const struct vb_transport *vb_vm_transport(struct vb_vm *vm);

/* The machine's clocks, and the guest's reference counter as KVM has it. Valid as the above. */
const struct vb_clock *vb_vm_clock(struct vb_vm *vm);

/* The host that the guest's hypercalls go to; before vb_vm_run(). */
void vb_vm_attach(struct vb_vm *vm, struct vb_host *host);

/*
 * Run until the end, once. The calling thread becomes the I/O thread: it runs the host at its
 * deadlines. 0: *ret_end says how it ended; negative errno: it did not start.
 */
int vb_vm_run(struct vb_vm *vm, enum vb_vm_end *ret_end, struct vb_err *err);

/* End vb_vm_run(); from any thread, also from a callback. */
void vb_vm_stop(struct vb_vm *vm);

/* Have the I/O thread run host and tick() now; from any thread, also from a signal handler. */
void vb_vm_kick(struct vb_vm *vm);

/* Bytes for the guest at the agent's port; queued without limit. With the lock held. */
int vb_vm_agent_send(struct vb_vm *vm, const uint8_t *bytes, size_t n);

/* For the diagnosis of a guest that stands still: registers of all processors, as text. */
void vb_vm_describe(struct vb_vm *vm, struct vb_buf *out);

struct vb_vm_stats {
	uint64_t exits, hypercalls, io_exits;
	/* CPU time outside KVM_RUN; 0 without vb_vm_options.measure */
	uint64_t host_cpu_ns;	 /* all of it */
	uint64_t control_cpu_ns; /* of it: hypercalls that post a message */
	uint64_t packets_cpu_ns; /* and that signal a ring; not those of async_signals */
};
void vb_vm_get_stats(const struct vb_vm *vm, struct vb_vm_stats *ret);

#endif
