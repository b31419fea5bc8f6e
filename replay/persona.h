/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Personas: what the devices of the host are like, in a small text file.
 *
 *	# a comment
 *	[heartbeat]
 *	period = 0.5
 *
 * A section is a device, as in --devices; its keys are the settings of the model (host/model.h).
 */
#ifndef VB_PERSONA_H
#define VB_PERSONA_H

#include "capture/event.h"

struct vb_persona_device {
	char *name;
	char **settings; /* "key=value", NULL-terminated: struct vb_hdevice_config.settings */
	size_t n;
	unsigned int line; /* where its section begins */
};

struct vb_persona {
	struct vb_persona_device *devices;
	size_t n;
};

/*
 * Read the text (len bytes), name stands in messages. -EINVAL: a line that is none, with its number;
 * a key or device twice. Whether models know the keys is not looked at.
 */
int vb_persona_parse(const char *name, const char *text, size_t len, struct vb_persona *ret,
		     struct vb_err *err);
int vb_persona_read(const char *path, struct vb_persona *ret, struct vb_err *err);
void vb_persona_done(struct vb_persona *p);

/* Settings of a device, or NULL: none. */
const char *const *vb_persona_settings(const struct vb_persona *p, const char *device);

#endif
