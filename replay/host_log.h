/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's own record of the conversation, as a trace file.
 */
#ifndef VB_HOST_LOG_H
#define VB_HOST_LOG_H

#include "replay/host/host.h"

struct vb_host_log_file {
	struct vb_host_log log; /* for the host */
	/* the rest is private */
	struct vb_trace_writer *writer;
	struct vb_device_stats *stats;
	size_t n_stats;
	int failed; /* of the first write that failed; nothing is written then */
	struct vb_err err;
	/* told of each record as well; NULL: nobody */
	void (*also)(void *ctx, const struct vb_event *ev);
	void *also_ctx;
};

/*
 * path NULL: nothing is written, but also() is told. payload: as in struct vb_host_log, bytes.
 */
int vb_host_log_open(struct vb_host_log_file *f, const char *path, uint32_t payload,
		     struct vb_err *err);

/* Hand what is older than a second to the kernel. */
void vb_host_log_tick(struct vb_host_log_file *f, uint64_t now_ns);

/* Write what is left. An error is that of the first write that failed. */
int vb_host_log_close(struct vb_host_log_file *f, struct vb_err *err);

#endif
