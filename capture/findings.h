/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --doctor finds, as those who look tell it.
 */
#ifndef VB_FINDINGS_H
#define VB_FINDINGS_H

#include "capture/event.h"

/* Whom it is told, and whether anything was bad. */
struct vb_findings {
	void (*found)(void *ctx, const struct vb_finding *f);
	void *ctx;
	bool bad;
};

/* remedy: what to do about it; not told when all is good. */
void vb_findings_tell(struct vb_findings *to, enum vb_verdict verdict, const char *subject,
		      const char *detail, const char *remedy);

#endif
