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

/*
 * Have the kernel of this machine be at the other end of the interface: it is up and has the first of
 * the addresses 192.0.2.1/24, 198.51.100.1/24 and 203.0.113.1/24 that no interface has; what comes in
 * by one goes on by another. For a machine in which nobody else sets up interfaces. 0 or a negative
 * errno with err; -EADDRINUSE: all three are taken.
 */
int vb_interface_serve(const char *name, struct vb_err *err);

#endif
