/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between peer.c, which knows frames, and peer_tcp.c, which knows connections. */
#ifndef VB_PEER_IMPL_H
#define VB_PEER_IMPL_H

#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip.h>

#include "replay/host/peer.h"

#define PEER_CONNECTIONS 64u
#define PEER_ECHO_ROOM 65536u

/* What a packet of IP is answered with: the other way round. */
struct peer_packet {
	struct ether_header ether;
	struct iphdr ip;
	uint32_t vlan;
	const uint8_t *payload; /* behind the IP header */
	uint32_t len;
};

/* One connection of TCP. All numbers of octets are TCP's own, which wrap. */
struct peer_tcp {
	enum { PEER_FREE, PEER_OPENING, PEER_OPEN, PEER_CLOSING } state;
	struct ether_header ether; /* as in what the guest sends */
	uint32_t vlan, guest_address;
	uint16_t guest_port, port;
	uint32_t mss;
	uint8_t window_shift; /* of the guest's window */
	uint8_t own_shift;    /* of ours: both are scaled or none is (RFC 7323) */
	uint32_t window;
	uint32_t first, sent, acked; /* of what we send: the first octet's number, the next one */
	uint32_t received;	     /* the next one of the guest */
	bool guest_ended, ended;     /* FIN: came, was sent */
	unsigned int n_same_acks, n_retries;
	uint64_t retry_ns; /* UINT64_MAX: nothing is out */
	uint64_t used_ns;
	/* echo: octets that are to be sent back, from number acked on */
	uint8_t *kept;
	uint32_t n_kept;
};

struct vb_peer {
	struct vb_peer_options opt;
	uint16_t ip_id;
	struct peer_tcp tcp[PEER_CONNECTIONS];
	uint8_t frame[VB_PEER_MAX_FRAME];   /* that is being built */
	uint8_t payload[VB_PEER_MAX_FRAME]; /* of a packet that goes back changed */
};

/* Internet checksum of len bytes, beginning with sum; of the network's byte order. */
uint16_t vb_peer_checksum(const void *bytes, uint32_t len, uint32_t sum);
/* Sum of TCP's and UDP's pseudo header. */
uint32_t vb_peer_pseudo(const struct iphdr *ip, uint32_t len);
/*
 * Begin p->frame for a packet to whoever sent what has this head: Ethernet and IP, for len bytes of
 * payload. Returns where the payload goes; NULL: too long.
 */
uint8_t *vb_peer_begin(struct vb_peer *p, const struct ether_header *from, uint32_t to_address,
		       uint8_t protocol, uint32_t len);
/* Send p->frame with len bytes of IP payload. part_len, head_len as in struct vb_peer_frame. */
void vb_peer_send(struct vb_peer *p, uint32_t vlan, uint32_t len, uint32_t part_len,
		  uint32_t head_len);

void vb_peer_tcp_take(struct vb_peer *p, const struct peer_packet *k, uint64_t now_ns);
uint64_t vb_peer_tcp_run(struct vb_peer *p, uint64_t now_ns);
void vb_peer_tcp_reset(struct vb_peer *p);
void vb_peer_tcp_adapt(struct vb_peer *p); /* to a smaller MTU */

#endif
