/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vmbusreplay --doctor tells of the machine. */
#ifndef VB_OUTER_DOCTOR_H
#define VB_OUTER_DOCTOR_H

#include "capture/event.h"

/*
 * Look at KVM, the emulator, the cache, memory and room for temporary files; calls found() for each.
 * cache: its directory. 0: a guest of the default kernel can run; else -ENOTSUP.
 */
int vb_outer_doctor(const char *cache, void (*found)(void *ctx, const struct vb_finding *f),
		    void *ctx);

#endif
