/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VB_REPLAY_DOCTOR_H
#define VB_REPLAY_DOCTOR_H

#include "capture/event.h"

/*
 * Look at KVM, the emulator, the cache and the programs of a guest; calls found() for each. cache as
 * --cache. 0: guests can be run; -ENOTSUP.
 */
int vb_replay_doctor(const char *cache, void (*found)(void *ctx, const struct vb_finding *f),
		     void *ctx);

#endif
