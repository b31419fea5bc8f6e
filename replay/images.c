/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/host/model.h"

#define SECTOR 512 /* of an emulated disk */

static int open_image(const char *device, const char *name, bool writable, struct vb_err *err)
{
	int fd = open(name, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	struct stat st = { .st_size = 0 };
	const char *why = NULL;

	if (fd < 0 || fstat(fd, &st) < 0)
		vb_fail(err, -EINVAL, "%s: cannot open %s%s: %s", device, name,
			writable ? " for writing" : "", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		why = "it is no regular file";
	else if (!st.st_size || st.st_size % SECTOR)
		why = "its length is no multiple of 512 bytes";
	if (why)
		vb_fail(err, -EINVAL, "%s: %s: %s", device, name, why);
	if (fd >= 0 && (why || !st.st_size)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool has(const struct vb_images *i, const char *name)
{
	for (size_t k = 0; k < i->n; k++)
		if (strcmp(i->name[k], name) == 0)
			return true;
	return false;
}

/* len characters of a name; none is no image. */
static int add_image(struct vb_images *i, const char *device, const char *text, size_t len,
		     bool writable, struct vb_err *err)
{
	char *name = len ? strndup(text, len) : NULL;
	int fd;

	if (len && !name)
		return vb_fail(err, -ENOMEM, "not enough memory");
	if (!name || has(i, name)) {
		free(name);
		return 0;
	}
	fd = i->n < VB_OUTER_DRIVES ?
		     open_image(device, name, writable, err) :
		     vb_fail(err, -EINVAL, "%s: %s: an emulated machine has at most %u images",
			     device, name, VB_OUTER_DRIVES);
	if (fd < 0) {
		free(name);
		return -EINVAL;
	}
	i->name[i->n] = name;
	i->drive[i->n++] = (struct vb_outer_drive){ .fd = fd, .writable = writable };
	return 0;
}

static int add_setting(struct vb_images *i, const char *device, const struct vb_setting *row,
		       const char *value, bool writable, struct vb_err *err)
{
	size_t len;
	int rc = 0;

	/* a disc is never written to */
	if (row->files == VB_FILES_ONE)
		return add_image(i, device, value, strlen(value), false, err);
	for (; row->files == VB_FILES_LIST && *value && rc == 0;
	     value += value[len] ? len + 1 : len) {
		len = strcspn(value, ",");
		rc = add_image(i, device, value, len, writable, err);
	}
	return rc;
}

/* What a device does not know is told by the host. */
static int add_device(struct vb_images *i, const struct vb_persona_device *d, bool writable,
		      struct vb_err *err)
{
	char class[40];
	const struct vb_model *m;
	size_t len;
	int rc = 0;

	snprintf(class, sizeof(class), "%.*s", (int)strcspn(d->name, "."), d->name);
	m = vb_model_by_name(class);
	for (const struct vb_setting *row = m ? m->settings : NULL; row && row->key; row++) {
		len = strlen(row->key);
		for (size_t k = 0; k < d->n && rc == 0; k++)
			if (!strncmp(d->settings[k], row->key, len) && d->settings[k][len] == '=')
				rc = add_setting(i, d->name, row, d->settings[k] + len + 1,
						 writable, err);
	}
	return rc;
}

int vb_images_open(const struct vb_persona *p, bool writable, struct vb_images *ret,
		   struct vb_err *err)
{
	int rc = 0;

	*ret = (struct vb_images){ .n = 0 };
	for (size_t i = 0; i < p->n && rc == 0; i++)
		rc = add_device(ret, &p->devices[i], writable, err);
	return rc;
}

void vb_images_done(struct vb_images *i)
{
	for (size_t k = 0; k < i->n; k++) {
		close(i->drive[k].fd);
		free(i->name[k]);
	}
	i->n = 0;
}
