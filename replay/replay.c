/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All devices of a plan together: the common epoch, the end, the result.
 */
#include "replay/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/replay_impl.h"

/*
 * A device without a driver in the guest is not opened: when nothing more was opened for so long,
 * the others begin.
 */
#define OPENING_NS UINT64_C(10000000000)
/* After the last step, for what nobody expects. */
#define LINGER_NS UINT64_C(200000000)

/* ---- fields that may differ ---- */

struct known {
	const char *path;
	size_t len; /* without the ".*" at the end */
	bool found;
};

static bool look(void *ctx, const struct vb_field_info *fi)
{
	struct known *k = ctx;

	k->found = strncmp(fi->path, k->path, k->len) == 0 && strchr(".[", fi->path[k->len]);
	return !k->found;
}

static bool is_field(const char *path)
{
	struct known k = { .path = path, .len = strlen(path) };

	if (k.len > 2 && strcmp(path + k.len - 2, ".*") == 0)
		k.len -= 2;
	if (strncmp(path, "gaps.", 5) == 0)
		return true;
	if (k.len > 0)
		vb_fields_each(look, &k);
	return k.found;
}

static int parse_tolerate(struct vb_replay *r, struct vb_err *err)
{
	const char *text = r->opt.tolerate ? r->opt.tolerate : "";
	char *rest = NULL;
	size_t n = 1;

	for (const char *p = text; *p; p++)
		n += *p == ',';
	r->tolerate_text = strdup(text);
	r->tolerate = calloc(n, sizeof(*r->tolerate));
	if (!r->tolerate_text || !r->tolerate)
		return vb_fail(err, -ENOMEM, "not enough memory");
	n = 0;
	for (char *w = strtok_r(r->tolerate_text, ",", &rest); w; w = strtok_r(NULL, ",", &rest)) {
		if (!is_field(w))
			return vb_fail(err, -EINVAL, "no field is called \"%s\"", w);
		r->tolerate[n++] = w;
	}
	r->player_opt.tolerate = r->tolerate;
	r->player_opt.n_tolerate = n;
	return 0;
}

/* ---- begin and end ---- */

/* One that was only offered is offered again: the guest is to find the same bus. */
static int make_devices(struct vb_replay *r, struct vb_err *err)
{
	const struct vb_plan *p = r->plan;
	size_t n_steps = 0;

	r->devices = calloc(p->n_devices + 1, sizeof(*r->devices));
	r->session = vb_session_new(4096);
	if (!r->devices || !r->session)
		return vb_fail(err, -ENOMEM, "not enough memory");
	for (size_t i = 0; i < p->n_devices; i++) {
		if (p->devices[i].skip)
			continue;
		if (vb_replay_device_init(r, &r->devices[r->n_devices++], &p->devices[i]))
			return vb_fail(err, -ENOMEM, "not enough memory");
		n_steps += p->devices[i].n_steps;
	}
	if (!n_steps)
		return vb_fail(err, -ENODATA, "%s: nothing to replay", p->path);
	r->devices[0].is_timer = true;
	return 0;
}

int vb_replay_new(const struct vb_plan *plan, const struct vb_replay_config *opt,
		  struct vb_replay **ret, struct vb_err *err)
{
	struct vb_replay *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return vb_fail(err, -ENOMEM, "not enough memory");
	r->plan = plan;
	r->opt = *opt;
	r->clock = vb_clock_machine();
	r->start_by_ns = VB_NEVER;
	r->ready = !opt->waits;
	r->linger_ns = VB_NEVER;
	r->player_opt = (struct vb_player_options){ .speed = opt->speed,
						    .loops = opt->loops,
						    .period_ns = plan->duration_ns,
						    .service_none = opt->service_none };
	vb_player_options_default(&r->player_opt);
	rc = parse_tolerate(r, err);
	if (!rc)
		rc = make_devices(r, err);
	if (rc)
		vb_replay_free(r);
	else
		*ret = r;
	return rc;
}

void vb_replay_free(struct vb_replay *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_devices; i++)
		vb_replay_device_done(&r->devices[i]);
	for (size_t i = 0; i < r->n_divergences; i++) {
		free(r->divergences[i].kind);
		free(r->divergences[i].detail);
	}
	free(r->divergences);
	free(r->devices);
	free(r->broken_off);
	free(r->tolerate);
	free(r->tolerate_text);
	if (r->session)
		vb_session_free(r->session);
	free(r);
}

int vb_replay_attach(struct vb_replay *r, struct vb_host *h, struct vb_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < r->n_devices && !rc; i++) {
		struct vb_replay_device *d = &r->devices[i];
		struct vb_hdevice_config cfg = {
			.model = &d->model,
			.class = d->plan->class,
			.flags = d->plan->flags,
			.mmio_megabytes = d->plan->mmio_megabytes,
			.pipe_mode = d->plan->pipe_mode,
			.pipe_flags = d->plan->pipe_flags,
		};

		memcpy(cfg.interface, d->plan->interface, sizeof(cfg.interface));
		memcpy(cfg.instance, d->plan->instance, sizeof(cfg.instance));
		memcpy(cfg.user_defined, d->plan->user_defined, sizeof(cfg.user_defined));
		rc = vb_host_add(h, &cfg, &d->hd, err);
		if (!rc)
			r->clock = vb_hdevice_clock(d->hd);
	}
	return rc;
}

/* ---- the epoch ---- */

static void start(struct vb_replay *r, uint64_t now_ns)
{
	r->started = true;
	for (size_t i = 0; i < r->n_devices; i++)
		vb_player_start(&r->devices[i].player, now_ns);
	for (size_t i = 0; i < r->n_devices; i++)
		vb_replay_drive(&r->devices[i]);
}

static bool all_open(const struct vb_replay *r)
{
	for (size_t i = 0; i < r->n_devices; i++)
		if (!r->devices[i].player.open && r->devices[i].plan->n_steps)
			return false;
	return true;
}

void vb_replay_opened(struct vb_replay *r, uint64_t now_ns)
{
	if (r->started || !r->ready)
		return;
	r->start_by_ns = now_ns + OPENING_NS;
	if (all_open(r))
		start(r, now_ns);
	else
		vb_replay_drive(&r->devices[0]); /* its timer is ours */
}

/* ---- the end ---- */

static void finish(struct vb_replay *r)
{
	if (r->done)
		return;
	r->done = true;
	if (r->opt.finished)
		r->opt.finished(r->opt.ctx);
}

static bool all_ended(const struct vb_replay *r)
{
	for (size_t i = 0; i < r->n_devices; i++)
		if (!r->devices[i].player.ended)
			return false;
	return true;
}

uint64_t vb_replay_tick(struct vb_replay *r, uint64_t now_ns)
{
	if (!r->started && r->start_by_ns <= now_ns)
		start(r, now_ns);
	if (!r->started)
		return r->start_by_ns;
	if (r->linger_ns == VB_NEVER && all_ended(r))
		r->linger_ns = now_ns + LINGER_NS;
	if (r->linger_ns > now_ns)
		return r->linger_ns;
	finish(r);
	return VB_NEVER;
}

void vb_replay_ready(struct vb_replay *r)
{
	uint64_t now_ns = vb_clock_mono(r->clock);

	r->ready = true;
	if (!r->started)
		vb_replay_opened(r, now_ns);
}

bool vb_replay_is_done(const struct vb_replay *r)
{
	return r->done;
}

/* The clock may be gone with the machine: the last time that was seen will do. */
static void end_all(struct vb_replay *r, enum vb_skip why)
{
	for (size_t i = 0; i < r->n_devices; i++)
		vb_player_finish(&r->devices[i].player, why, r->now_ns);
	finish(r);
}

void vb_replay_stop(struct vb_replay *r, const char *why)
{
	bool in_order = !why && r->shut_down;

	if (r->done)
		return;
	if (!in_order)
		r->broken_off = strdup(why ? why : "the guest ended before the trace did");
	end_all(r, in_order ? VB_SKIP_GUEST_GONE : VB_SKIP_UNSENT);
}

void vb_replay_interrupt(struct vb_replay *r, const char *why)
{
	if (r->done)
		return;
	r->interrupted = true;
	r->broken_off = strdup(why);
	end_all(r, VB_SKIP_INTERRUPTED);
	for (size_t i = 0; i < r->n_devices; i++)
		vb_replay_disk_leave(&r->devices[i]);
}

void vb_replay_progress(const struct vb_replay *r, uint64_t *ret_done, uint64_t *ret_all)
{
	*ret_done = 0;
	*ret_all = 0;
	for (size_t i = 0; i < r->n_devices; i++) {
		const struct vb_player *p = &r->devices[i].player;

		*ret_done += (uint64_t)p->pass * p->dev->n_steps + p->cursor;
		*ret_all += (uint64_t)p->opt.loops * p->dev->n_steps;
	}
}
