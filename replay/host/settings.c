/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of a device, "key=value": those it begins with, and those it gets while it runs. A channel
 * that is open keeps what it was opened with, so that what was agreed with the guest stays true.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/number.h"
#include "internal.h"

/* ---- kinds of values ---- */

int vb_setting_number(const struct vb_setting *s, void *state, const char *text)
{
	uint64_t value;

	if (vb_number_parse(text, s->most, &value) || value < s->least)
		return -EINVAL;
	*(uint64_t *)vb_setting_member(s, state) = value;
	return 0;
}

int vb_setting_switch(const struct vb_setting *s, void *state, const char *text)
{
	if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
		return -EINVAL;
	*(bool *)vb_setting_member(s, state) = text[1] == 'n';
	return 0;
}

/* ---- of a device ---- */

struct vb_later {
	struct vb_later *next;
	char text[];
};

static const struct vb_setting *setting_of(const struct vb_model *m, const char *text, size_t len)
{
	for (const struct vb_setting *s = m->settings; s && s->key; s++)
		if (strlen(s->key) == len && !strncmp(s->key, text, len))
			return s;
	return NULL;
}

int vb_setting_set(const struct vb_model *m, const char *key, void *state, const char *text)
{
	const struct vb_setting *s = setting_of(m, key, strlen(key));

	return s ? s->parse(s, state, text) : -EINVAL;
}

static int parse_one(const struct vb_hdevice *d, void *state, const char *text, struct vb_err *err)
{
	size_t len = strcspn(text, "=");
	const struct vb_setting *s = setting_of(d->cfg.model, text, len);

	if (!s || text[len] != '=')
		return vb_fail(err, -EINVAL, "%s has no setting '%.*s'", d->name, (int)len, text);
	if (s->parse(s, state, text + len + 1))
		return vb_fail(err, -EINVAL, "%s: '%s' is no value of %s", d->name, text + len + 1,
			       s->key);
	return 0;
}

int vb_settings_begin(struct vb_hdevice *d, const char *const *texts, struct vb_err *err)
{
	int rc = 0;

	for (const struct vb_setting *s = d->cfg.model->settings; s && s->key; s++)
		if (s->value && s->parse(s, d->state, s->value))
			return vb_fail(err, -EINVAL, "%s: the default of %s is no value of it",
				       d->name, s->key);
	for (; texts && *texts && !rc; texts++)
		rc = parse_one(d, d->state, *texts, err);
	return rc;
}

/* On a copy of the state: what is wrong is told now, not when the channel opens. */
static int check(const struct vb_hdevice *d, const char *text, struct vb_err *err)
{
	size_t size = d->cfg.model->state_size ? d->cfg.model->state_size : 1;
	void *copy = malloc(size);
	int rc;

	if (!copy)
		return vb_fail(err, -ENOMEM, "%s: no memory", d->name);
	memcpy(copy, d->state, size);
	rc = parse_one(d, copy, text, err);
	free(copy);
	return rc;
}

/* A later value of the same key counts. */
static void drop_key(struct vb_hdevice *d, const char *text)
{
	struct vb_later **at = &d->later, *later;
	size_t len = strcspn(text, "=") + 1;

	while ((later = *at)) {
		if (strncmp(later->text, text, len) != 0) {
			at = &later->next;
			continue;
		}
		*at = later->next;
		free(later);
	}
}

static int keep(struct vb_hdevice *d, const char *text, struct vb_err *err)
{
	size_t size = strlen(text) + 1;
	struct vb_later *later = malloc(sizeof(*later) + size), **at;

	if (!later)
		return vb_fail(err, -ENOMEM, "%s: no memory", d->name);
	drop_key(d, text);
	later->next = NULL;
	memcpy(later->text, text, size);
	for (at = &d->later; *at;)
		at = &(*at)->next;
	*at = later;
	return 0;
}

int vb_settings_later(struct vb_hdevice *d, const char *const *texts, size_t n, struct vb_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = check(d, texts[i], err);
	for (size_t i = 0; i < n && !rc; i++)
		rc = keep(d, texts[i], err);
	return rc;
}

void vb_settings_apply(struct vb_hdevice *d)
{
	struct vb_err err;

	for (const struct vb_later *later = d->later; later; later = later->next)
		if (parse_one(d, d->state, later->text, &err))
			vb_host_trouble(d->h, "%s", err.text);
	vb_settings_forget(d);
}

void vb_settings_forget(struct vb_hdevice *d)
{
	struct vb_later *later;

	while ((later = d->later)) {
		d->later = later->next;
		free(later);
	}
}
