/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What -i names: channels by number, devices by instance GUID, classes by name, or any. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/number.h"
#include "capture/source_bpf.h"
#include "dissectors/sinks.h"

enum { OFFER_CLASS = 8, OFFER_INSTANCE = 24, OFFER_FLAGS = 56, OFFER_RELID = 184 };

#define FLAG_HVSOCK 0x2000u

static int add_relid(const char *word, bool bus_is_up, struct vb_selection *s, struct vb_err *err)
{
	uint64_t value;

	if (vb_number_parse(word, VB_BPF_MAX_RELIDS - 1, &value) || !value)
		return vb_fail(err, -EINVAL, "-i %s: channels have numbers from 1 to %d", word,
			       VB_BPF_MAX_RELIDS - 1);
	if (bus_is_up && !vb_sysfs_has_channel((uint32_t)value))
		return vb_fail(err, -ENOENT, "-i %s: there is no such channel; -D lists them",
			       word);
	if (s->n_relids == sizeof(s->relids) / sizeof(s->relids[0]))
		return vb_fail(err, -E2BIG, "-i: at most %zu channels by number", s->n_relids);
	s->relids[s->n_relids++] = (uint32_t)value;
	return 0;
}

static int add_selector(const struct vb_bpf_selector *sel, struct vb_selection *s,
			struct vb_err *err)
{
	if (s->n_selectors == VB_BPF_MAX_SELECTORS)
		return vb_fail(err, -E2BIG, "-i: at most %d classes and instances",
			       VB_BPF_MAX_SELECTORS);
	s->selectors[s->n_selectors++] = *sel;
	return 0;
}

static int add_instance(const char *word, const uint8_t guid[16], bool bus_is_up,
			struct vb_selection *s, struct vb_err *err)
{
	struct vb_bpf_selector sel = { .at = OFFER_INSTANCE };
	int rc;

	if (bus_is_up && !vb_sysfs_has_device(guid))
		return vb_fail(err, -ENOENT, "-i %s: there is no such device; -D lists them", word);
	memcpy(sel.guid, guid, sizeof(sel.guid));
	rc = add_selector(&sel, s, err);
	if (!rc)
		memcpy(s->instances[s->n_instances++], guid, 16);
	return rc;
}

static int add_class(const char *word, struct vb_selection *s, struct vb_err *err)
{
	const struct vb_class_info *class = vb_class_by_name(word);
	struct vb_bpf_selector sel = { .at = OFFER_CLASS };

	if (!class || (class->code != VB_CLASS_HVSOCK && !class->guid))
		return vb_fail(err, -ENOENT,
			       "-i %s: neither a channel number nor a class nor an instance GUID; "
			       "-D lists them",
			       word);
	if (class->code == VB_CLASS_HVSOCK) {
		sel.at = OFFER_FLAGS;
		sel.mask = FLAG_HVSOCK;
	} else if (!vb_guid_parse(class->guid, sel.guid)) {
		return vb_fail(err, -EINVAL, "-i %s: that class cannot be selected", word);
	}
	return add_selector(&sel, s, err);
}

static int add_word(const char *word, bool bus_is_up, struct vb_selection *s, struct vb_err *err)
{
	uint8_t guid[16];

	if (!strcmp(word, "any")) {
		s->any = true;
		return 0;
	}
	if (vb_guid_parse(word, guid))
		return add_instance(word, guid, bus_is_up, s, err);
	if (word[0] >= '0' && word[0] <= '9')
		return add_relid(word, bus_is_up, s, err);
	return add_class(word, s, err);
}

int vb_selection_parse(const char *text, bool bus_is_up, struct vb_selection *ret,
		       struct vb_err *err)
{
	char *copy, *word, *rest;
	int rc = 0;

	memset(ret, 0, sizeof(*ret));
	copy = strdup(text && *text ? text : "any");
	if (!copy)
		return vb_fail(err, -ENOMEM, "out of memory");
	for (word = strtok_r(copy, ",", &rest); word && !rc; word = strtok_r(NULL, ",", &rest))
		rc = add_word(word, bus_is_up, ret, err);
	free(copy);
	if (!rc && !ret->any && !ret->n_relids && !ret->n_selectors)
		rc = vb_fail(err, -EINVAL, "-i: no channel named");
	return rc;
}

bool vb_selection_offer(const struct vb_selection *s, const uint8_t *offer)
{
	const struct vb_bpf_selector *sel;
	uint32_t relid = (uint32_t)offer[OFFER_RELID] | (uint32_t)offer[OFFER_RELID + 1] << 8;
	uint32_t flags = (uint32_t)offer[OFFER_FLAGS] | (uint32_t)offer[OFFER_FLAGS + 1] << 8;
	size_t i;

	if (s->any)
		return true;
	for (i = 0; i < s->n_relids; i++) {
		if (s->relids[i] == relid)
			return true;
	}
	for (i = 0; i < s->n_selectors; i++) {
		sel = &s->selectors[i];
		if (sel->at == OFFER_FLAGS ? !!(flags & sel->mask) :
					     !memcmp(offer + sel->at, sel->guid, 16))
			return true;
	}
	return false;
}

/* It was there, and no channel of it is left. One not offered yet is not gone. */
static bool instance_is_gone(const struct vb_table *t, const uint8_t instance[16])
{
	const struct vb_chan *ch;
	bool seen = false;

	for (ch = t->chan; ch < t->chan + VB_BPF_MAX_RELIDS; ch++) {
		if (!ch->known || memcmp(ch->instance, instance, sizeof(ch->instance)))
			continue;
		if (!ch->gone)
			return false;
		seen = true;
	}
	return seen;
}

bool vb_selection_gone(const struct vb_selection *s, const struct vb_table *t)
{
	const struct vb_chan *ch;
	size_t i;

	if (s->any || s->n_selectors > s->n_instances)
		return false;
	for (i = 0; i < s->n_relids; i++) {
		ch = &t->chan[s->relids[i]];
		if (!ch->known || !ch->gone)
			return false;
	}
	for (i = 0; i < s->n_instances; i++) {
		if (!instance_is_gone(t, s->instances[i]))
			return false;
	}
	return true;
}

int vb_selection_fail_gone(const struct vb_selection *s, struct vb_err *err)
{
	if (s->n_relids == 1 && !s->n_instances)
		return vb_fail(
			err, -ENODEV,
			"channel %u went away: the host took it back, or hv_vmbus was unloaded",
			s->relids[0]);
	return vb_fail(err, -ENODEV,
		       "the selected channels went away: the host took them back, or hv_vmbus "
		       "was unloaded");
}

void vb_bpf_classes(struct vb_bpf_class ret[VB_BPF_MAX_CLASSES])
{
	uint8_t guid[16];
	size_t n, i, used = 0;
	const struct vb_class_info *class = vb_classes(&n);

	memset(ret, 0, VB_BPF_MAX_CLASSES * sizeof(ret[0]));
	for (i = 0; i < n && used < VB_BPF_MAX_CLASSES; i++) {
		uint32_t device = class[i].code == VB_CLASS_NETWORK  ? VB_BPF_NETWORK :
				  vb_class_is_storage(class[i].code) ? VB_BPF_STORAGE :
								       VB_BPF_OTHER;

		if (device == VB_BPF_OTHER || !vb_guid_parse(class[i].guid, guid))
			continue;
		memcpy(ret[used].guid, guid, sizeof(guid));
		ret[used++].device = device;
	}
}
