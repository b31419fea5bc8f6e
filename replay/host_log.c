/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/host_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_AGE_NS 1000000000u
#define MAX_DEVICES 4096u /* statistics are kept for so many */

static void note(struct vb_host_log_file *f, int rc)
{
	if (rc < 0 && f->failed == 0)
		f->failed = rc;
}

static void keep_stats(struct vb_host_log_file *f, const struct vb_device *dev)
{
	struct vb_device_stats *bigger;

	if (f->n_stats == MAX_DEVICES)
		return;
	bigger = reallocarray(f->stats, f->n_stats + 1, sizeof(*bigger));
	if (!bigger)
		return;
	f->stats = bigger;
	bigger[f->n_stats++] = (struct vb_device_stats){ .dev = *dev };
}

static void count(struct vb_host_log_file *f, const uint8_t instance[16])
{
	for (size_t i = 0; i < f->n_stats; i++) {
		if (memcmp(f->stats[i].dev.instance, instance, 16) != 0)
			continue;
		f->stats[i].received++;
		f->stats[i].delivered++;
		return;
	}
}

static void device(void *ctx, const struct vb_device *dev)
{
	struct vb_host_log_file *f = ctx;

	if (!f->writer || f->failed)
		return;
	keep_stats(f, dev);
	note(f, vb_trace_writer_device(f->writer, dev, &f->err));
}

static void record(void *ctx, const struct vb_event *ev)
{
	struct vb_host_log_file *f = ctx;

	if (f->also)
		f->also(f->also_ctx, ev);
	if (!f->writer || f->failed)
		return;
	count(f, ev->hdr.device);
	note(f, vb_trace_writer_event(f->writer, ev, &f->err));
}

int vb_host_log_open(struct vb_host_log_file *f, const char *path, uint32_t payload,
		     struct vb_err *err)
{
	struct vb_trace_writer_options opt = { .application = "vmbusreplay " VB_TOOLS_VERSION };
	static const struct vb_device bus = { .name = "vmbus" };
	int rc;

	*f = (struct vb_host_log_file){ .log = { f, record, device, payload } };
	if (!path)
		return 0;
	rc = vb_trace_writer_open(path, &opt, &f->writer, err);
	if (rc == 0)
		keep_stats(f, &bus);
	return rc;
}

void vb_host_log_tick(struct vb_host_log_file *f, uint64_t now_ns)
{
	if (f->writer && !f->failed)
		note(f, vb_trace_writer_tick(f->writer, now_ns, MAX_AGE_NS, &f->err));
}

int vb_host_log_close(struct vb_host_log_file *f, struct vb_err *err)
{
	int rc = f->failed;

	if (rc < 0) {
		vb_fail(err, rc, "%s", f->err.text);
		vb_trace_writer_abandon(f->writer);
	} else if (f->writer) {
		rc = vb_trace_writer_close(f->writer, f->stats, f->n_stats, err);
	}
	free(f->stats);
	f->writer = NULL;
	f->stats = NULL;
	f->n_stats = 0;
	return rc;
}
