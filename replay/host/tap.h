/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is at the other end of the wire: a network interface of this machine, by a descriptor that whole
 * frames go through, each behind a struct virtio_net_hdr (Linux: Documentation/networking/tuntap.rst,
 * IFF_VNET_HDR). What the guest leaves to others, checksums and the cutting of large sends, is left
 * to the interface in turn.
 */
#ifndef VB_HOST_TAP_H
#define VB_HOST_TAP_H

#include "replay/host/peer.h"

struct vb_tap;

/*
 * fd: non-blocking; closed in the end, also when there is no memory (NULL). send is told of frames from
 * there, which live during the call.
 */
struct vb_tap *vb_tap_new(int fd, void *ctx,
			  void (*send)(void *ctx, const struct vb_peer_frame *f));
void vb_tap_free(struct vb_tap *t);
/* A frame of the guest: 0; -EINVAL: its heads make no sense; or the error of write(). */
int vb_tap_take(struct vb_tap *t, const struct vb_peer_frame *f);
/* At most that many frames from there. Returns how many came. */
unsigned int vb_tap_read(struct vb_tap *t, unsigned int most);

#endif
