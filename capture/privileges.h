/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up root once the probes are attached (-Z).
 */
#ifndef VB_PRIVILEGES_H
#define VB_PRIVILEGES_H

#include <sys/types.h>

#include "capture/event.h"

struct vb_identity {
	uid_t uid;
	gid_t gid;
};

/*
 * Who user is: a name of /etc/passwd or a number. -EINVAL: nobody. Other sources of names are not
 * asked, so that the static program does the same as the other one.
 */
int vb_identity_find(const char *user, struct vb_identity *ret, struct vb_err *err);

/* Become it for good, and make sure there is no way back. */
int vb_privileges_drop(const struct vb_identity *id, struct vb_err *err);

#endif
