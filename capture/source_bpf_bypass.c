/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices whose rings user space has: no function of the kernel sees their packets, and so no probe.
 *
 * UIO's driver gives them away (Linux 6.1 drivers/uio/uio_hv_generic.c): DPDK takes network devices
 * so, and from Linux 6.10 on the file copy daemon its device. The file "ring" of a channel is what
 * is mapped; later kernels have it only while it can be.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/source_bpf.h"
#include "dissectors/sinks.h"
#include "dissectors/values.h"

const uint32_t vb_bypass_user_space = 1, vb_bypass_vf = 2;

static const char uio_driver[] = "uio_hv_generic";

static bool has_uio_driver(const char *device)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	snprintf(path, sizeof(path), "%.*s/driver", PATH_MAX - 64, device);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	slash = strrchr(target, '/');
	return !strcmp(slash ? slash + 1 : target, uio_driver);
}

static bool has_ring_file(const char *device)
{
	char path[PATH_MAX];
	struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "%.*s/channels", PATH_MAX - 64, device);
	dir = opendir(path);
	while (dir && !found && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "%.*s/channels/%.*s/ring", PATH_MAX - 300, device,
			 NAME_MAX, e->d_name);
		found = e->d_name[0] != '.' && !access(path, F_OK);
	}
	if (dir)
		closedir(dir);
	return found;
}

bool vb_sysfs_bypassed(const char *root, const uint8_t instance[16])
{
	char guid[VB_GUID_TEXT], device[PATH_MAX];

	vb_guid_text(instance, guid);
	snprintf(device, sizeof(device), "%.*s/sys/bus/vmbus/devices/%s", PATH_MAX - 128, root,
		 guid);
	return has_uio_driver(device) || has_ring_file(device);
}

bool vb_table_look(struct vb_table *t, uint32_t relid, const char *root)
{
	struct vb_chan *ch = &t->chan[relid];
	bool before = ch->bypassed;

	ch->bypassed = ch->known && !ch->gone && !ch->subchannel && ch->class != VB_CLASS_HVSOCK &&
		       vb_sysfs_bypassed(root, ch->instance);
	if (ch->bypassed)
		t->devices[ch->device].dev.bypassed = true;
	return ch->bypassed && !before;
}

bool vb_table_set_path(struct vb_table *t, uint32_t relid, bool on_vf)
{
	struct vb_chan *ch = &t->chan[relid];
	bool before = ch->on_vf;

	ch->on_vf = on_vf;
	if (on_vf)
		t->devices[ch->device].dev.on_vf = true;
	return on_vf && !before;
}

bool vb_table_moves_path(struct vb_table *t, const struct vb_record_header *h, const uint8_t *data)
{
	static const char path[] = "nvsp.switch_data_path.active";
	struct vb_wanted active = { .path = path };
	struct vb_frame f = {
		.kind = h->kind,
		.direction = h->direction,
		.class = h->class,
		.data = data,
		.cap_len = h->cap_len,
		.wire_len = h->wire_len,
	};

	/* of all that such devices send, what refers to nothing outside the ring is rare */
	if (h->class != VB_CLASS_NETWORK || h->direction != VB_TO_HOST || h->result || h->ext_len)
		return false;
	vb_values_read(vb_root_proto(h->kind), &f, &active, 1, NULL);
	return active.found && vb_table_set_path(t, h->relid, active.number != 0);
}
