/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session from inside. */
#ifndef VB_SESSION_IMPL_H
#define VB_SESSION_IMPL_H

#include "replay/agent_link.h"
#include "replay/console.h"
#include "replay/host_log.h"
#include "replay/session.h"

enum vb_stage {
	VB_STAGE_BOOT, /* the kernel starts */
	VB_STAGE_UP,   /* the agent said hello */
	VB_STAGE_STOP, /* the agent was told to end */
	VB_STAGE_DONE, /* the agent did all; the guest goes down */
};

struct vb_guest_session {
	const struct vb_session_options *opt;
	struct vb_session_result *result;
	struct vb_vm *vm;
	struct vb_host *host;
	struct vb_host_log_file log;
	struct vb_console console;
	struct vb_guest_files files;
	struct vb_agent_link link;
	enum vb_stage stage;
	uint64_t start_ns;
	uint64_t stage_ns;     /* when the stage began */
	uint64_t alive_ns;     /* when the agent was heard of last */
	uint64_t look_ns;      /* when to look after the guest next */
	uint64_t second_ns;    /* when messages were counted last */
	uint64_t messages;     /* of the guest, by then */
	size_t console_len;    /* by then */
	unsigned int n_slow;   /* signals of slow_fd since the agent was heard of */
	size_t flood_len;      /* of the console: more than it may have */
	uint64_t interrupt_ns; /* when the last interrupt came */
	unsigned int n_interrupts;
	bool interrupted, deadline_passed;
	bool ready;
	int failed; /* why the machine was stopped, or 0 */
	struct vb_err err, vm_err;
};

/* ---- session.c ---- */

/* Stop the machine: the first reason counts. */
void vb_session_fail(struct vb_guest_session *s, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void vb_session_stage(struct vb_guest_session *s, enum vb_stage stage);
const struct vb_session_hooks *vb_session_hooks(const struct vb_guest_session *s);

/* ---- session_agent.c ---- */

/* Bytes of the agent's port. */
void vb_session_agent_bytes(void *ctx, const uint8_t *bytes, size_t n);

/* ---- session_watch.c ---- */

/* Deadlines, signals, floods. Returns when to look again. */
uint64_t vb_session_watch(void *ctx, uint64_t now_ns);

#endif
