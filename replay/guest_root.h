/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's initramfs: the agent as /init, what it shall do, and all that this needs.
 */
#ifndef VB_GUEST_ROOT_H
#define VB_GUEST_ROOT_H

#include "capture/event.h"
#include "dissectors/sinks.h"

struct vb_guest_root {
	const uint8_t *agent; /* the program */
	size_t agent_len;
	const char *busybox;	/* path of a static program */
	const char *vmbusdump;	/* path of a static program; NULL: nothing is captured */
	uint32_t payload;	/* bytes of each frame that it keeps */
	const char *modules;	/* directory; NULL: all is built in */
	const char *daemons;	/* directory to lay over the root; NULL: none */
	const char *devices;	/* as --devices */
	const char *interfaces; /* GUIDs of network devices whose frames the agent sends; or NULL */
	bool vlans;		/* some of them have tags */
	const char *disks; /* GUIDs of storage devices of which the agent makes requests; or NULL */
	const char *workload;	/* path of a script; NULL: wait */
	const char *const *add; /* FILE:PATH each */
	size_t n_add;
};

/*
 * Write the archive to fd. -EINVAL: something that the user named cannot be; -ENOENT: something is
 * not there; else -errno.
 */
int vb_guest_root_pack(const struct vb_guest_root *r, int fd, struct vb_err *err);

/* What a guest of these has to do, for the agent (guest/steps.c). */
struct vb_module_list;
void vb_guest_root_steps(const struct vb_guest_root *r, const struct vb_module_list *early,
			 const struct vb_module_list *late, struct vb_buf *out);

/* Is a word in a list with commas? "kvp" is in "heartbeat,kvp.1", too: a name is what is before a dot. */
bool vb_list_has(const char *list, const char *word);

#endif
