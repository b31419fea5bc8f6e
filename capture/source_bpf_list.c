/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bus as sysfs shows it. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "capture/number.h"
#include "capture/source_bpf.h"
#include "dissectors/sinks.h"

static const char devices_dir[] = "/sys/bus/vmbus/devices";

bool vb_bus_is_up(void)
{
	return vb_bus_instance("");
}

/* hv_vmbus is being unloaded: its bus may still be there, but no probe can be set any more. */
static bool is_going(const char *root)
{
	char path[PATH_MAX], state[16] = "";
	bool going;
	FILE *f;

	snprintf(path, sizeof(path), "%s/sys/module/hv_vmbus/initstate", root);
	f = fopen(path, "re");
	if (!f)
		return false;
	going = fgets(state, sizeof(state), f) && !strcmp(state, "going\n");
	fclose(f);
	return going;
}

/* sysfs numbers its nodes in the order of their making (Linux 6.1 fs/kernfs/dir.c). */
uint64_t vb_bus_instance(const char *root)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s%s", root, devices_dir);
	return stat(path, &st) || is_going(root) ? 0 : st.st_ino;
}

bool vb_on_hyperv(void)
{
#if defined(__x86_64__) || defined(__i386__)
	unsigned int eax = 0, ebx = 0, ecx = 0, edx = 0;
	char vendor[13] = "";

	__cpuid(1, eax, ebx, ecx, edx);
	if (!(ecx & 1u << 31)) /* no hypervisor */
		return false;
	__cpuid(0x40000000, eax, ebx, ecx, edx);
	memcpy(vendor, &ebx, 4);
	memcpy(vendor + 4, &ecx, 4);
	memcpy(vendor + 8, &edx, 4);
	return !strcmp(vendor, "Microsoft Hv");
#else
	return !access(devices_dir, F_OK);
#endif
}

bool vb_source_bpf_possible(void)
{
	return vb_bus_is_up() || vb_on_hyperv();
}

/* First line of a device's attribute, without the newline. */
static int read_attribute(const char *device, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX];
	FILE *f;
	int rc = 0;

	snprintf(path, sizeof(path), "%s/%s/%s", devices_dir, device, name);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	if (!fgets(buf, (int)size, f))
		rc = -ENODATA;
	else
		buf[strcspn(buf, "\n")] = '\0';
	fclose(f);
	return rc;
}

/* The kernel writes GUIDs in braces. */
static bool read_guid(const char *device, const char *name, uint8_t ret[16])
{
	char text[64];
	size_t len;

	if (read_attribute(device, name, text, sizeof(text)))
		return false;
	len = strlen(text);
	if (len < 2 || text[0] != '{' || text[len - 1] != '}')
		return false;
	text[len - 1] = '\0';
	return vb_guid_parse(text + 1, ret);
}

static void read_driver(const char *device, char *buf, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s/driver", devices_dir, device);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return;
	target[n] = '\0';
	slash = strrchr(target, '/');
	snprintf(buf, size, "%.*s", (int)size - 1, slash ? slash + 1 : target);
}

/* Call seen() for each entry of a directory until it returns other than 0; returns that. */
static int each_entry(const char *path, int (*seen)(void *ctx, const char *name), void *ctx)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	int rc = 0;

	if (!dir)
		return -errno;
	while (!rc && (e = readdir(dir))) {
		if (e->d_name[0] != '.')
			rc = seen(ctx, e->d_name);
	}
	closedir(dir);
	return rc;
}

struct lookup {
	const uint8_t *instance;
	uint32_t relid;
	char name[NAME_MAX + 1];
};

static int match_instance(void *ctx, const char *name)
{
	struct lookup *l = ctx;
	uint8_t guid[16];

	if (!read_guid(name, "device_id", guid) || memcmp(guid, l->instance, sizeof(guid)))
		return 0;
	snprintf(l->name, sizeof(l->name), "%s", name);
	return 1;
}

static int match_channel(void *ctx, const char *name)
{
	const struct lookup *l = ctx;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/channels/%u", devices_dir, name, l->relid);
	return !access(path, F_OK);
}

bool vb_sysfs_has_device(const uint8_t instance[16])
{
	struct lookup l = { .instance = instance };

	return each_entry(devices_dir, match_instance, &l) == 1;
}

bool vb_sysfs_has_channel(uint32_t relid)
{
	struct lookup l = { .relid = relid };

	return each_entry(devices_dir, match_channel, &l) == 1;
}

void vb_sysfs_describe(const uint8_t instance[16], struct vb_device *ret)
{
	char guid[VB_GUID_TEXT], path[PATH_MAX];
	struct lookup l = { .instance = instance };

	/* Devices carry their instance as name; older kernels had vmbus_N. */
	vb_guid_text(instance, guid);
	snprintf(path, sizeof(path), "%s/%s", devices_dir, guid);
	if (!access(path, F_OK))
		snprintf(l.name, sizeof(l.name), "%s", guid);
	else if (each_entry(devices_dir, match_instance, &l) != 1)
		return;
	snprintf(ret->name, sizeof(ret->name), "%.*s", (int)sizeof(ret->name) - 1, l.name);
	read_driver(l.name, ret->driver, sizeof(ret->driver));
}

/* ---- the list of -D ---- */

static int count_entry(void *ctx, const char *name)
{
	uint32_t *n = ctx;

	(void)name;
	++*n;
	return 0;
}

struct list {
	void (*seen)(void *ctx, const struct vb_device *dev, uint32_t n_channels);
	void *ctx;
};

static int list_device(void *ctx, const char *name)
{
	const struct vb_class_info *class;
	struct vb_device dev = { .class = VB_CLASS_UNKNOWN };
	const struct list *l = ctx;
	char path[PATH_MAX], id[32];
	uint32_t n_channels = 0;
	uint64_t relid = 0;
	uint8_t guid[16];

	snprintf(dev.name, sizeof(dev.name), "%.*s", (int)sizeof(dev.name) - 1, name);
	if (read_guid(name, "class_id", guid)) {
		class = vb_class_by_guid(guid);
		dev.class = class ? class->code : VB_CLASS_OTHER;
	}
	read_guid(name, "device_id", dev.instance);
	if (!read_attribute(name, "id", id, sizeof(id)) && !vb_number_parse(id, UINT32_MAX, &relid))
		dev.relid = (uint32_t)relid;
	read_driver(name, dev.driver, sizeof(dev.driver));
	dev.bypassed = vb_sysfs_bypassed("", dev.instance);
	snprintf(path, sizeof(path), "%s/%s/channels", devices_dir, name);
	each_entry(path, count_entry, &n_channels);
	l->seen(l->ctx, &dev, n_channels);
	return 0;
}

int vb_source_bpf_list(void (*seen)(void *ctx, const struct vb_device *dev, uint32_t n_channels),
		       void *ctx, struct vb_err *err)
{
	struct list l = { .seen = seen, .ctx = ctx };
	int rc;

	if (!vb_bus_is_up())
		return vb_fail(err, -ENOTSUP, "there is no VMBus here (%s is missing): %s",
			       devices_dir,
			       vb_on_hyperv() ? "load hv_vmbus" : "this is no Hyper-V guest");
	rc = each_entry(devices_dir, list_device, &l);
	return rc < 0 ? vb_fail(err, rc, "%s: %s", devices_dir, strerror(-rc)) : 0;
}
