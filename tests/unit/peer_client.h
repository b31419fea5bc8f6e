/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's end of a connection with the peer: segments as bytes. */
#ifndef VB_PEER_CLIENT_H
#define VB_PEER_CLIENT_H

#include "peer_wire.h"

#define MTU 1500u
#define MSS 1460u
#define TCP 6
#define ECHO 7
#define DISCARD 9
#define CHARGEN 19

enum flags { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct client {
	struct wire *w;
	uint32_t port, service;
	uint32_t seq, ack; /* next octet of ours; of the peer's */
	uint32_t window;
};

struct client_segment {
	uint32_t seq, ack, flags, window, len;
	uint32_t mss, scale; /* options; UINT32_MAX: there is none */
	const uint8_t *data;
	const struct vb_peer_frame *f;
};

void client_send_raw(struct client *c, uint32_t flags, const void *options, uint32_t options_len,
		     const void *data, uint32_t len);
/* A segment without data; SYN and FIN count. */
void client_send_flags(struct client *c, uint32_t flags);
void client_send(struct client *c, const void *data, uint32_t len);
void client_ack(struct client *c);

/* The peer's next segment, whatever it is; false: none. */
bool client_take(struct client *c, struct client_segment *ret);
/* ... the next one in order, with these flags (PSH or not); required. */
struct client_segment client_expect(struct client *c, uint32_t flags);
void client_expect_silence(struct client *c);

/* SYN and its answer; and our acknowledgement of it, too. */
struct client client_connected(struct wire *w, uint32_t service);
struct client client_established(struct wire *w, uint32_t service);

#endif
