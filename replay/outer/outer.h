/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where KVM cannot emulate Hyper-V, the same program runs itself inside an emulated machine whose KVM
 * can: qemu-system-x86_64 emulates a processor with SVM, a Debian kernel boots there (the inner
 * machine), and this program is its /init. Files, output, exit status and Ctrl-C pass through.
 */
#ifndef VB_OUTER_H
#define VB_OUTER_H

#include "capture/event.h"

enum vb_accel { VB_ACCEL_AUTO, VB_ACCEL_KVM, VB_ACCEL_EMULATED };

/* A file that the program in the inner machine reads or writes, by its name out here. */
struct vb_outer_file {
	const char *path; /* out here; NULL ends the list */
	const char *name; /* in there: /in/NAME or /out/NAME; NAME has no slash */
	bool output;	  /* written in there, brought out here as it grows */
};

/* A file that is a block device in there, whatever its length: a multiple of 512 bytes. */
struct vb_outer_drive {
	int fd; /* open for reading, or for both */
	bool writable;
};

#define VB_OUTER_DRIVES 16u

struct vb_outer_options {
	const char *cache; /* where setup put kernels and programs */
	const char *const
		*argv; /* what to run in there; paths as they are in there; NULL-terminated */
	const struct vb_outer_file *files;   /* at most 32; NULL: none */
	const struct vb_outer_drive *drives; /* VB_OUTER_DRIVES at most */
	size_t n_drives;
	uint32_t memory_mib; /* for program and outputs; what the rest takes is added */
	bool deterministic;  /* count instructions instead of time; idle time is skipped */
	uint32_t n_cpus;
	uint64_t deadline_ns; /* of wall-clock time without any sign of life once it is up; 0: a minute, deterministic: three */
	uint64_t grace_ns;   /* to end after a signal, without output or files; 0: 30 s */
	const char *log_dir; /* where inner-console.log and inner-emulator.log go, or NULL */
};

/* Whether to run inside; AUTO: only when this machine's KVM cannot do it. -ENOTSUP with err. */
int vb_outer_choose(enum vb_accel accel, bool *ret_emulated, struct vb_err *err);

/*
 * Run it in there. Standard output and error of the inner program appear on ours as they come; SIGINT
 * and SIGTERM are handed on once; then the program has to end, and grace_ns without output or files,
 * or four times that in all, are the end of its time. A second signal, later than half a
 * second, ends it all at once, as does one that
 * comes before the inner machine is up. Temporary files need room in TMPDIR for the inputs. 0: *ret_status is its exit
 * status; -ENOTSUP: something is missing here (err says what to do); -EINTR: interrupted; -ETIMEDOUT:
 * no sign of life; -ENOSPC; -EPIPE: nobody reads our standard output any more; else the inner machine
 * failed. Whatever the result, outputs have what had come of them.
 */
int vb_outer_run(const struct vb_outer_options *opt, int *ret_status, struct vb_err *err);

/* This process is /init of the inner machine. */
bool vb_inner_is(void);

/*
 * Set the inner machine up and hand argv back to main(), in a process of its own: file descriptors 1
 * and 2 lead out, files are under /in and /out, SIGINT comes when the outer one does. 1: that is the
 * process, be the program. 0: the program has ended, or cannot begin, and that was handed out.
 * Negative errno: nothing works, and only err says so.
 */
int vb_inner_begin(int *ret_argc, char ***ret_argv, struct vb_err *err);

/* Open drive i of the options: a descriptor, or -errno. */
int vb_inner_drive(size_t i, bool writable);

/*
 * A signalfd(2) that tells when a deterministic inner machine crawls: much work for little time. A
 * program that hears nothing of its guest in several such signals is right to give it up. Or -errno.
 */
int vb_inner_slow(void);

/*
 * Have the inner machine's processor go round its threads every 50 us, not every few ms. A virtual
 * processor that spins for what another one holds, which has no turn, spins for the whole turn, and
 * PAUSE is what an emulator is slowest at. Where the kernel cannot, nothing changes.
 */
void vb_inner_take_turns(void);

/*
 * The last act of main() after vb_inner_begin(): process 1 powers the machine off and does not come
 * back; others do.
 */
void vb_inner_end(void);

#endif
