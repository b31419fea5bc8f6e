/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that the agent sends: where they go out here. Names come from the guest and lead nowhere but
 * into the directory named.
 */
#ifndef VB_GUEST_FILES_H
#define VB_GUEST_FILES_H

#include "replay/agent_link.h"

#define VB_GUEST_CAPTURE "guest.pcapng" /* name of vmbusdump's file, in the guest's /out */

struct vb_guest_files {
	const char *capture; /* path for VB_GUEST_CAPTURE; NULL: it is like any other */
	const char *out_dir; /* for all others, made when it is needed; NULL: they are dropped */
	const char *forward; /* not NULL: all goes into this one file, as the agent sent it */
	uint64_t max_bytes;  /* of all files together */

	/* the rest is private */
	int fd, forward_fd; /* 0: none is open */
	char name[256];	    /* of the file under way */
	uint64_t n_bytes;
	uint64_t n_files, n_dropped;
	bool has_capture;
};

/*
 * A message of type FILE, FILE_DATA or FILE_END. -EINVAL: a name that leads elsewhere, or data without
 * a file; -EFBIG: more than max_bytes; else -errno of writing.
 */
int vb_guest_files_take(struct vb_guest_files *f, const struct vb_agent_message *m,
			struct vb_err *err);

/* Take what another one put into its forward file. */
int vb_guest_files_unpack(struct vb_guest_files *f, const char *path, struct vb_err *err);

/* Close what is open; a file under way is cut. */
void vb_guest_files_done(struct vb_guest_files *f);

#endif
