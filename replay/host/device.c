/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices: a model, its settings and its state; what models may ask of them.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/sinks.h"
#include "internal.h"

/* ---- adding one ---- */

static bool is_zero(const uint8_t guid[16])
{
	static const uint8_t zero[16];

	return !memcmp(guid, zero, sizeof(zero));
}

/* The how many-th device of that model this is, from 0. */
static unsigned int count_of(const struct vb_host *h, const struct vb_model *m)
{
	unsigned int n = 0;

	for (const struct vb_hdevice *d = h->devices; d; d = d->next)
		n += d->cfg.model == m;
	return n;
}

/* The interface is that of the class; further instances of a model count on from the first. */
static int default_guids(struct vb_hdevice *d, unsigned int n, struct vb_err *err)
{
	const struct vb_class_info *class = vb_class_by_code(d->cfg.class);

	if (is_zero(d->cfg.interface) &&
	    (!class->guid || !vb_guid_parse(class->guid, d->cfg.interface)))
		return vb_fail(err, -EINVAL, "%s: the class has no GUID", d->name);
	if (!is_zero(d->cfg.instance))
		return 0;
	if (!d->cfg.model->instance || !vb_guid_parse(d->cfg.model->instance, d->cfg.instance))
		return vb_fail(err, -EINVAL, "%s: the model has no instance GUID", d->name);
	d->cfg.instance[15] = (uint8_t)(d->cfg.instance[15] + n);
	return 0;
}

static void free_device(struct vb_hdevice *d)
{
	vb_settings_forget(d);
	vb_fault_free(d->fault);
	free(d->channels);
	free(d->state);
	free(d);
}

static int set_up(struct vb_hdevice *d, struct vb_err *err)
{
	const struct vb_model *m = d->cfg.model;
	unsigned int n = count_of(d->h, m);
	int rc;

	if (n)
		snprintf(d->name, sizeof(d->name), "%s.%u", m->name, n);
	else
		snprintf(d->name, sizeof(d->name), "%s", m->name);
	d->cfg.class = d->cfg.class ? d->cfg.class : m->class;
	d->cfg.flags = d->cfg.flags ? d->cfg.flags : m->offer_flags;
	if (!d->cfg.n_subchannels)
		d->cfg.n_subchannels = m->n_subchannels;
	d->state = calloc(1, m->state_size ? m->state_size : 1);
	d->channels = calloc(d->cfg.n_subchannels + 1u, sizeof(struct vb_hchannel *));
	if (!d->state || !d->channels)
		return vb_fail(err, -ENOMEM, "%s: no memory", d->name);
	rc = default_guids(d, n, err);
	if (!rc)
		rc = vb_settings_begin(d, d->cfg.settings, err);
	d->cfg.settings = NULL; /* the caller's, for the call only */
	if (!rc && m->start)
		rc = m->start(d, err);
	return rc;
}

int vb_host_add(struct vb_host *h, const struct vb_hdevice_config *cfg, struct vb_hdevice **ret,
		struct vb_err *err)
{
	struct vb_hdevice *d = calloc(1, sizeof(*d)), **at = &h->devices;
	int rc;

	if (!d)
		return vb_fail(err, -ENOMEM, "%s: no memory", cfg->model->name);
	d->h = h;
	d->cfg = *cfg;
	d->wake_ns = VB_NEVER;
	d->offered = true;
	rc = set_up(d, err);
	if (rc) {
		free_device(d);
		return rc;
	}
	while (*at)
		at = &(*at)->next;
	*at = d;
	vb_offer_device(d);
	if (ret)
		*ret = d;
	return 0;
}

void vb_devices_free(struct vb_host *h)
{
	struct vb_hdevice *d;

	while ((d = h->devices)) {
		h->devices = d->next;
		if (d->cfg.model->stop)
			d->cfg.model->stop(d);
		free_device(d);
	}
}

struct vb_hdevice *vb_host_find(struct vb_host *h, const char *name)
{
	for (struct vb_hdevice *d = h->devices; d; d = d->next)
		if (!strcmp(d->name, name))
			return d;
	return NULL;
}

/* ---- time ---- */

static uint64_t run_faults(struct vb_hdevice *d, uint64_t now)
{
	uint64_t next = VB_NEVER, due;

	if (!d->fault)
		return VB_NEVER;
	for (uint32_t i = 0; i <= d->cfg.n_subchannels; i++) {
		due = d->channels[i] ? vb_fault_run(d->channels[i], now) : VB_NEVER;
		next = due < next ? due : next;
	}
	if (d->rescind_due)
		vb_offer_cut_off(d);
	return next;
}

/*
 * While a mark waits, devices begin nothing new; but who waits for an answer must be able to give it
 * up, or the mark would never come.
 */
static uint64_t run_timer(struct vb_hdevice *d, uint64_t now)
{
	const struct vb_model *m = d->cfg.model;

	if (d->h->mark.active && !(m->busy && m->busy(d)))
		return VB_NEVER;
	if (d->wake_ns <= now) {
		d->wake_ns = VB_NEVER;
		if (m->timer)
			m->timer(d, now);
	}
	return d->wake_ns;
}

bool vb_device_idle(struct vb_hdevice *d)
{
	const struct vb_model *m = d->cfg.model;

	for (uint32_t i = 0; i <= d->cfg.n_subchannels; i++)
		if (d->channels[i] && !vb_packets_idle(d->channels[i]))
			return false;
	return !m->busy || !m->busy(d);
}

uint64_t vb_devices_run(struct vb_host *h, uint64_t now)
{
	uint64_t next = VB_NEVER, due;

	for (struct vb_hdevice *d = h->devices; d; d = d->next) {
		due = run_timer(d, now);
		next = due < next ? due : next;
		due = run_faults(d, now);
		next = due < next ? due : next;
		due = vb_offer_leave(d, now);
		next = due < next ? due : next;
	}
	return next;
}

/* ---- what models ask ---- */

void *vb_hdevice_state(struct vb_hdevice *d)
{
	return d->state;
}

int vb_hdevice_open_file(struct vb_hdevice *d, const char *name)
{
	const struct vb_host_options *o = &d->h->opt;

	return o->open_file ? o->open_file(o->ctx, name) : -ENOENT;
}

int vb_hdevice_open_link(struct vb_hdevice *d, const char *name, struct vb_err *err)
{
	const struct vb_host_options *o = &d->h->opt;

	if (!o->open_link)
		return vb_fail(err, -ENOENT, "this host has no network interfaces");
	return o->open_link(o->ctx, name, err);
}

int vb_hdevice_open_disk(struct vb_hdevice *d, const char *name, bool *writable, struct vb_err *err)
{
	const struct vb_host_options *o = &d->h->opt;

	*writable = *writable && o->write_disks;
	if (!o->open_disk)
		return vb_fail(err, -ENOENT, "this host has no disk images");
	return o->open_disk(o->ctx, name, *writable, err);
}

const struct vb_clock *vb_hdevice_clock(const struct vb_hdevice *d)
{
	return d->h->opt.clock;
}

struct vb_hchannel *vb_hdevice_channel(struct vb_hdevice *d, uint16_t index)
{
	struct vb_hchannel *c = index <= d->cfg.n_subchannels ? d->channels[index] : NULL;

	return c && vb_hchannel_is_open(c) ? c : NULL;
}

struct vb_hchannel *vb_hdevice_primary(struct vb_hdevice *d)
{
	return vb_hdevice_channel(d, 0);
}

uint32_t vb_hdevice_vmbus_version(const struct vb_hdevice *d)
{
	return d->h->version;
}

const struct vb_hdevice_config *vb_hdevice_config(const struct vb_hdevice *d)
{
	return &d->cfg;
}

struct vb_host *vb_hdevice_host(struct vb_hdevice *d)
{
	return d->h;
}

bool vb_hdevice_is_logged(const struct vb_hdevice *d)
{
	return d->h->opt.log != NULL;
}

const char *vb_hdevice_name(const struct vb_hdevice *d)
{
	return d->name;
}

void vb_hdevice_wake(struct vb_hdevice *d, uint64_t at_ns)
{
	d->wake_ns = at_ns;
}

void vb_hdevice_set_version(struct vb_hdevice *d, uint32_t proto_version)
{
	d->proto_version = proto_version;
}

void vb_hdevice_trouble(struct vb_hdevice *d, const char *fmt, ...)
{
	char line[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	vb_host_trouble(d->h, "%s: %s", d->name, line);
}
