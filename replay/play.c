/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/play.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLDEST_VERSION 0x00020004u /* that our host speaks */

#define PROGRESS_NS UINT64_C(10000000000)

/* In the emulated machine the file has another name. */
static int rename_plan(struct vb_plan *p, const char *name, struct vb_err *err)
{
	char *path = strdup(name);

	if (!path)
		return vb_fail(err, -ENOMEM, "not enough memory");
	free(p->path);
	p->path = path;
	return 0;
}

static int read_plan(const struct vb_replay_options *o, struct vb_plan **ret, struct vb_err *err)
{
	int rc = vb_plan_read(o->words[0], ret, err);

	if (rc == 0 && o->trace_name) {
		rc = rename_plan(*ret, o->trace_name, err);
		if (rc < 0)
			vb_plan_free(*ret);
	}
	if (rc == 0 && !o->write)
		vb_plan_forbid_writes(*ret);
	if (rc == 0 && o->channels) {
		rc = vb_plan_choose(*ret, o->channels, err);
		if (rc < 0)
			vb_plan_free(*ret);
	}
	return rc;
}

int vb_play_plan(const struct vb_replay_options *o, struct vb_buf *out, struct vb_err *err)
{
	struct vb_plan *p;
	int rc = read_plan(o, &p, err);

	if (rc < 0)
		return rc;
	vb_plan_describe(p, out);
	vb_plan_free(p);
	return 0;
}

/* ---- what the session asks ---- */

static int offer(void *ctx, struct vb_guest_session *s, struct vb_host *host, struct vb_err *err)
{
	struct vb_play *p = ctx;

	p->session = s;
	return vb_replay_attach(p->replay, host, err);
}

static void ready(void *ctx)
{
	struct vb_play *p = ctx;

	vb_replay_ready(p->replay);
}

static void say_progress(struct vb_play *p, uint64_t now_ns)
{
	uint64_t done, all;
	char line[80];

	if (p->said_ns == 0)
		p->said_ns = now_ns;
	if (p->told || now_ns - p->said_ns < PROGRESS_NS)
		return;
	p->said_ns = now_ns;
	vb_replay_progress(p->replay, &done, &all);
	if (done == 0)
		return;
	snprintf(line, sizeof(line), "replayed %" PRIu64 " of %" PRIu64 " steps", done, all);
	vb_session_progress(p->session, line);
}

static uint64_t tick(void *ctx, uint64_t now_ns)
{
	struct vb_play *p = ctx;

	say_progress(p, now_ns);
	if (vb_replay_is_done(p->replay) && !p->told) {
		p->told = true;
		vb_session_end(p->session);
	}
	return VB_NEVER;
}

static int cause(void *ctx, const struct vb_agent_frame *how, const uint8_t *frame, uint32_t len)
{
	struct vb_play *p = ctx;

	return vb_session_send(p->session, VB_AGENT_FRAME, how, sizeof(*how), frame, len);
}

static int command(void *ctx, const struct vb_agent_scsi *how, const uint8_t *data)
{
	struct vb_play *p = ctx;
	uint32_t left = how->direction == VB_AGENT_SCSI_WRITE ? how->data_len : 0, n;
	int rc = 0;

	for (; left && !rc; left -= n, data += n) {
		n = left < VB_AGENT_MAX ? left : VB_AGENT_MAX;
		rc = vb_session_send(p->session, VB_AGENT_SCSI_DATA, data, n, NULL, 0);
	}
	return rc ? rc : vb_session_send(p->session, VB_AGENT_SCSI, how, sizeof(*how), NULL, 0);
}

static void interrupted(void *ctx, const char *why)
{
	struct vb_play *p = ctx;

	vb_replay_interrupt(p->replay, why);
}

/* ---- begin and end ---- */

/* In the order in which replay_net.c and replay_disk.c count them. */
static void name_instance(struct vb_buf *list, const struct vb_plan_device *d)
{
	char guid[VB_GUID_TEXT];

	vb_guid_text(d->instance, guid);
	vb_buf_fmt(list, "%s%s", list->len ? "," : "", guid);
}

/* The drivers that the trace needs. */
static void name_devices(struct vb_play *p)
{
	for (size_t i = 0; i < p->plan->n_devices; i++) {
		const struct vb_plan_device *d = &p->plan->devices[i];

		if (d->skip)
			continue;
		vb_buf_fmt(&p->devices, "%s%s", p->devices.len ? "," : "",
			   vb_class_by_code(d->class)->name);
		if (d->class == VB_CLASS_NETWORK)
			name_instance(&p->interfaces, d);
		if (vb_plan_is_disk(d->class))
			name_instance(&p->disks, d);
		p->opt.vlans |= d->net && d->net->has_vlans;
	}
	p->opt.devices = p->devices.data;
	p->opt.interfaces = p->interfaces.data;
	p->opt.disks = p->disks.data;
}

int vb_play_init(struct vb_play *p, const struct vb_replay_options *o, struct vb_err *err)
{
	const struct vb_replay_config cfg = {
		.speed = (double)o->speed_milli / 1000,
		.loops = (uint32_t)o->n_loops,
		.service_none = o->service_time && strcmp(o->service_time, "none") == 0,
		.waits = true,
		.ctx = p,
		.cause = cause,
		.command = command,
		.tolerate = o->tolerate,
	};
	int rc;

	*p = (struct vb_play){ .opt = *o };
	p->hooks = (struct vb_session_hooks){
		.ctx = p, .devices = offer, .ready = ready, .tick = tick, .interrupted = interrupted
	};
	rc = read_plan(o, &p->plan, err);
	if (rc < 0) {
		p->plan = NULL;
		return rc;
	}
	name_devices(p);
	if (p->devices.failed || p->interfaces.failed || p->disks.failed)
		return vb_fail(err, -ENOMEM, "not enough memory");
	if (!o->vmbus_version && p->plan->vmbus_version >= OLDEST_VERSION)
		p->opt.vmbus_version = p->plan->vmbus_version;
	rc = vb_replay_new(p->plan, &cfg, &p->replay, err);
	if (rc < 0)
		p->replay = NULL;
	return rc;
}

void vb_play_done(struct vb_play *p)
{
	vb_replay_free(p->replay);
	vb_plan_free(p->plan);
	vb_buf_done(&p->devices);
	vb_buf_done(&p->interfaces);
	vb_buf_done(&p->disks);
}

static int save(const struct vb_result *r, const char *path,
		void (*form)(const struct vb_result *r, struct vb_buf *out), struct vb_err *err)
{
	struct vb_buf text = { 0 };
	int rc;

	if (!path)
		return 0;
	form(r, &text);
	rc = vb_result_save(path, &text, err);
	vb_buf_done(&text);
	return rc;
}

int vb_play_end(struct vb_play *p, const char *why, struct vb_buf *out, struct vb_err *err)
{
	struct vb_result r;
	int rc, same;

	vb_replay_stop(p->replay, why);
	rc = vb_replay_result(p->replay, &r);
	if (rc < 0)
		return vb_fail(err, rc, "not enough memory for the report");
	vb_result_text(&r, out);
	same = vb_result_is_same(&r);
	rc = save(&r, p->opt.json, vb_result_json, err);
	if (rc == 0)
		rc = save(&r, p->opt.junit, vb_result_junit, err);
	vb_result_done(&r);
	return rc < 0 ? rc : same;
}
