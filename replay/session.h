/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One life of a guest: the machine, the host with its devices, the line to the agent, and whoever
 * watches over them.
 */
#ifndef VB_REPLAY_SESSION_H
#define VB_REPLAY_SESSION_H

#include "replay/guest_files.h"
#include "replay/host/host.h"
#include "replay/host/model.h"
#include "replay/memory_use.h"
#include "replay/persona.h"
#include "replay/vmm/vm.h"

struct vb_guest_session;

/* What a replay adds to a session. All but ctx may be NULL. The lock is held in all. */
struct vb_session_hooks {
	void *ctx;
	/* Offer the devices, instead of those of the options. */
	int (*devices)(void *ctx, struct vb_guest_session *s, struct vb_host *host,
		       struct vb_err *err);
	/* A record of the host, as its log has it. */
	void (*record)(void *ctx, const struct vb_event *ev);
	/* The guest's steps are done but for its workload: drivers and daemons are there. */
	void (*ready)(void *ctx);
	/* Do what is due; returns the next deadline. */
	uint64_t (*tick)(void *ctx, uint64_t now_ns);
	/* The agent did what vb_session_do() asked for. */
	void (*did)(void *ctx, uint32_t id, int status, const char *text);
	/* The guest is about to be told to end before its time; why: in a few words. */
	void (*interrupted)(void *ctx, const char *why);
};

struct vb_session_options {
	const uint8_t *kernel, *initrd;
	size_t kernel_len, initrd_len;
	uint64_t memory; /* bytes */
	uint32_t n_vcpus;
	const char *append;   /* may be NULL */
	uint32_t max_version; /* 0: the newest */
	const char *devices;  /* names with commas */
	const struct vb_persona *persona;
	const char *const *faults;
	size_t n_faults;
	const char *const *give; /* FILE[:NAME] that the host may copy into the guest */
	size_t n_give;
	bool async_signals; /* as in struct vb_vm_options */
	bool emulated; /* the machine around the guest: instructions cost much, and it is ours alone */
	bool counted;		   /* time is a number of instructions: a busy second is long */
	bool measure;		   /* as in struct vb_vm_options */
	bool write_disks;	   /* the guest may write to disk images */
	const char *const *images; /* of an emulated machine: what its drives are called out here */
	size_t n_images;
	uint64_t deadline_ns;	     /* of all; 0: none */
	const char *host_log;	     /* NULL: none */
	uint32_t payload;	     /* bytes of each frame that it keeps */
	const char *console;	     /* NULL: only when the guest fails */
	const char *failure_log;     /* where then */
	const char *console_name;    /* what to call that file in messages; NULL: by its name */
	struct vb_guest_files files; /* where the guest's go */
	int signal_fd;		     /* vb_signals_open() */
	int slow_fd;		     /* vb_inner_slow() */
	const struct vb_session_hooks *hooks; /* NULL: none */
	void *ctx;
	/* A line about what goes on, since the start of the session. */
	void (*progress)(void *ctx, uint64_t since_ns, const char *line);
	/* Something went wrong, a line or several. */
	void (*trouble)(void *ctx, const char *text);
	/* What the workload printed. */
	void (*output)(void *ctx, const char *bytes, size_t n);
};

struct vb_session_result {
	int status; /* exit status of the workload */
	bool rebooted;
	char release[80]; /* of the guest's kernel */
	struct vb_host_stats host;
	struct vb_vm_stats vm;
	uint64_t duration_ns, boot_ns; /* all; up to the agent */
	uint64_t n_records;	       /* of the host's log */
	uint64_t n_files, n_dropped;   /* of the guest */
	bool has_capture;
	struct vb_memory_use memory; /* of this process, before the guest's is given back */
};

/*
 * Run it to its end. 0: the guest ended in order. -EINVAL, -ENOTSUP: it could not begin, the options
 * or the machine do not allow it. Other errors: it failed, and err says how; trouble() had the tail of
 * the console.
 */
int vb_session_run(const struct vb_session_options *opt, struct vb_session_result *ret,
		   struct vb_err *err);

/* ---- for hooks ---- */

/* Have the agent run a program, words end with NULL; ready() must have been called. */
int vb_session_do(struct vb_guest_session *s, uint32_t id, const char *const *words);
/* A message to the agent, of two pieces of data (guest/agent_proto.h). 0, -EMSGSIZE or -ENOMEM. */
int vb_session_send(struct vb_guest_session *s, uint32_t type, const void *first, size_t n_first,
		    const void *second, size_t n_second);
/* Have the guest end: its workload, then the guest. */
void vb_session_end(struct vb_guest_session *s);
/* Tell what goes on: a line, without its end. */
void vb_session_progress(struct vb_guest_session *s, const char *line);
struct vb_host *vb_session_host(struct vb_guest_session *s);

#endif
