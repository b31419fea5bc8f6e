/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a trace file names devices, and the map by which they are found again. */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/pcapng.h"
#include "dissectors/sinks.h"

/* The two interfaces that stand for no single device. */
static const char bus_name[] = "vmbus";
static const char hvsock_name[] = "hvsock";

/* ---- names of interfaces ---- */

static bool is_zero(const uint8_t instance[16])
{
	static const uint8_t zero[16];

	return !memcmp(instance, zero, sizeof(zero));
}

void vb_device_key_of(const struct vb_device *dev, struct vb_device_key *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (dev->class == VB_CLASS_HVSOCK)
		ret->hvsock = 1;
	else
		memcpy(ret->instance, dev->instance, sizeof(ret->instance));
}

void vb_device_if_name(const struct vb_device *dev, char ret[VB_IF_NAME_MAX])
{
	char guid[VB_GUID_TEXT];

	if (dev->class == VB_CLASS_HVSOCK) {
		snprintf(ret, VB_IF_NAME_MAX, "%s", hvsock_name);
	} else if (is_zero(dev->instance)) {
		snprintf(ret, VB_IF_NAME_MAX, "%s", bus_name);
	} else {
		vb_guid_text(dev->instance, guid);
		snprintf(ret, VB_IF_NAME_MAX, "%s:%s", vb_class_by_code(dev->class)->name, guid);
	}
}

/* Driver and device name with a space between; the name alone when no driver is bound. */
void vb_device_if_description(const struct vb_device *dev, char ret[VB_IF_DESCRIPTION_MAX])
{
	char guid[VB_GUID_TEXT];
	const char *name = dev->name;

	ret[0] = '\0';
	if (!name[0] && !dev->driver[0])
		return;
	if (!name[0]) {
		/* The bus names devices by their instance. */
		vb_guid_text(dev->instance, guid);
		name = guid;
	}
	snprintf(ret, VB_IF_DESCRIPTION_MAX, "%s%s%s", dev->driver, dev->driver[0] ? " " : "",
		 name);
}

static void take_description(const char *description, struct vb_device *ret)
{
	const char *space = strchr(description, ' ');
	const char *name = space ? space + 1 : description;

	if (space)
		snprintf(ret->driver, sizeof(ret->driver), "%.*s", (int)(space - description),
			 description);
	snprintf(ret->name, sizeof(ret->name), "%s", name);
}

bool vb_device_from_interface(const char *name, const char *description, struct vb_device *ret)
{
	const char *colon = strchr(name, ':');
	const struct vb_class_info *class;
	char class_name[16];

	memset(ret, 0, sizeof(*ret));
	take_description(description, ret);
	if (!strcmp(name, bus_name))
		return true;
	if (!strcmp(name, hvsock_name)) {
		ret->class = VB_CLASS_HVSOCK;
		return true;
	}
	if (!colon || (size_t)(colon - name) >= sizeof(class_name))
		return false;
	snprintf(class_name, sizeof(class_name), "%.*s", (int)(colon - name), name);
	class = vb_class_by_name(class_name);
	if (!class || class->code == VB_CLASS_HVSOCK)
		return false;
	ret->class = class->code;
	return vb_guid_parse(colon + 1, ret->instance);
}

/* ---- the map ---- */

struct map_entry {
	struct vb_device_key key; /* first, so that a key compares as an entry */
	uint32_t value;
};

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct vb_device_key));
}

bool vb_device_index_find(const struct vb_device_index *ix, const struct vb_device_key *key,
			  uint32_t *ret)
{
	void *const *node = tfind(key, &ix->root, compare_keys);
	const struct map_entry *e;

	if (!node)
		return false;
	e = *node;
	*ret = e->value;
	return true;
}

int vb_device_index_add(struct vb_device_index *ix, const struct vb_device_key *key, uint32_t value)
{
	struct map_entry *e = malloc(sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->key = *key;
	e->value = value;
	if (!tsearch(e, &ix->root, compare_keys)) {
		free(e);
		return -ENOMEM;
	}
	return 0;
}

void vb_device_index_done(struct vb_device_index *ix)
{
	tdestroy(ix->root, free);
	ix->root = NULL;
}
