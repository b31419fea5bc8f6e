/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces of this machine whose other end is a program: TAP devices. */
#ifndef VB_INTERFACE_H
#define VB_INTERFACE_H

#include "capture/event.h"

/*
 * The TAP device of that name, made for the time if there is none: a non-blocking descriptor for frames
 * behind a struct virtio_net_hdr, or a negative errno, and err says why. -ENOTSUP: it is not permitted,
 * or this machine has no such devices.
 */
int vb_interface_open(const char *name, struct vb_err *err);

#endif
