/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A wire to the peer: frames as bytes, and what the peer sends, kept in order. */
#ifndef VB_PEER_WIRE_H
#define VB_PEER_WIRE_H

#include "replay/host/peer.h"

#define WIRE_FRAMES 8192u
#define WIRE_MS UINT64_C(1000000)
#define WIRE_PEER 0xc0000201u  /* 192.0.2.1 */
#define WIRE_GUEST 0xc0000202u /* 192.0.2.2 */
#define WIRE_IP 14u
#define WIRE_PAYLOAD 34u /* behind an IP header without options */

struct wire_frame {
	struct vb_peer_frame f; /* its bytes are the next */
	uint8_t *bytes;
};

struct wire {
	struct vb_peer *p;
	uint64_t now_ns, next_ns; /* next_ns: when the peer wants to be run */
	struct wire_frame sent[WIRE_FRAMES];
	uint32_t n, at; /* sent; looked at */
};

/* chargen, coalesce and mtu as in struct vb_peer_options. */
struct wire *wire_new(uint32_t mtu, uint64_t chargen, bool coalesce);
void wire_free(struct wire *w);
/* The next frame of the peer; NULL: none. Internet checksums of it are required to be right. */
const struct vb_peer_frame *wire_take(struct wire *w);
/* What there is of the peer's frames is lost; returns how many. */
uint32_t wire_lose(struct wire *w);
void wire_send(struct wire *w, const struct vb_peer_frame *f);
/* Time goes on, and the peer is run at its times. */
void wire_wait(struct wire *w, uint64_t ns);

/* Big-endian fields. */
void wire_put16(uint8_t *at, uint32_t value);
void wire_put32(uint8_t *at, uint32_t value);
uint32_t wire_get16(const uint8_t *at);
uint32_t wire_get32(const uint8_t *at);
/* Internet checksum, as it stands in the field. */
uint16_t wire_sum(const uint8_t *bytes, uint32_t len, uint32_t sum);

/* An Ethernet and IP head for len bytes of payload behind it. Returns the frame's length. */
uint32_t wire_ip(uint8_t *frame, uint8_t protocol, uint32_t len);
/* Send len bytes of that protocol's payload, as they are. */
void wire_send_ip(struct wire *w, uint8_t protocol, const void *payload, uint32_t len);

#endif
