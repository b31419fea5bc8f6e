/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is at the other end of the wire: one host that answers ARP, ICMP echo and UDP echo, and
 * serves TCP's echo (port 7), discard (9) and chargen (19). It knows frames and nothing of VMBus.
 */
#ifndef VB_PEER_H
#define VB_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VB_PEER_NO_VLAN UINT32_MAX
#define VB_PEER_MAX_FRAME (14u + 65535u)

/* A frame with what travels beside it. */
struct vb_peer_frame {
	const uint8_t *bytes; /* without a tag */
	uint32_t len;
	uint32_t vlan;	   /* as in the tag: priority, drop eligible, id; VB_PEER_NO_VLAN: none */
	uint32_t part_len; /* bytes of payload of each segment, of a large one; 0: it is one */
	uint32_t head_len; /* of a large one: bytes up to the payload */
	bool is_tcp, is_udp, is_ip; /* to the guest: whose checksums are right */
	/* from the guest: whose checksums are left to us; a large one's always are */
	bool open_tcp, open_udp;
	uint32_t transport_at; /* where TCP or UDP begins in the frame; 0: nothing is left open */
};

struct vb_peer_options {
	uint8_t mac[6];
	uint32_t address; /* IPv4, in host order */
	uint32_t mtu;	  /* of IP */
	uint64_t chargen; /* bytes that chargen sends, then it ends; 0: without end */
	bool coalesce;	  /* send large frames */
	void *ctx;
	/* f lives during the call. */
	void (*send)(void *ctx, const struct vb_peer_frame *f);
};

struct vb_peer;

/* opt is copied. NULL: no memory. */
struct vb_peer *vb_peer_new(const struct vb_peer_options *opt);
void vb_peer_free(struct vb_peer *p);
/* MTU and coalescing are others now; connections stay, as they do in the guest. */
void vb_peer_adapt(struct vb_peer *p, uint32_t mtu, bool coalesce);
/* A frame came. What it leads to is sent before this returns, or when time has come. */
void vb_peer_take(struct vb_peer *p, const struct vb_peer_frame *f, uint64_t now_ns);
/* What is due; returns when to come again, UINT64_MAX: not before a frame. */
uint64_t vb_peer_run(struct vb_peer *p, uint64_t now_ns);

#endif
