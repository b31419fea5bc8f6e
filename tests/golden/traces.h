/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the hand-made traces are made: records, one after the other. */
#ifndef VB_TRACES_H
#define VB_TRACES_H

#include "capture/event.h"

#define START UINT64_C(1767300504123456789) /* 2026-01-01T20:48:24 UTC */
#define STEP UINT64_C(1234567)
#define INSTANCE "1eccfd72-4b41-45ef-b73a-4a6e44c12924"
#define FCOPY "eb765408-105f-49b6-b4aa-c123b64d17d4"
#define NETWORK "5f3c1e3a-2f34-4e5c-9d7c-000d3a6b1c2d"
#define STORAGE "bd6a2f2e-5c1f-4f6b-8a54-3b6c1d2e4f50"
#define FIBRE "3a1b7c52-7f0e-4a7d-9c66-0c5e8f1d2b34"
#define BALLOON "525074dc-8985-46e2-8057-a307dc18a502"

struct making {
	struct vb_trace_writer *w;
	struct vb_device balloon;
	uint64_t time_ns, seq[2];
	uint16_t flags;	   /* of every record */
	uint32_t ring_pos; /* of the next packet to the host; 0: rings have no positions */
	bool bare;	   /* nothing outside the ring is kept */
	uint8_t id;	   /* of the next RNDIS packet; 0: all have the same */
	int rc;
	struct vb_err err;
};

/* What differs from an ordinary packet of the balloon to the host. */
struct record {
	uint8_t kind, direction;
	bool fcopy, network; /* of another device */
	uint8_t storage;     /* or of that class */
	uint32_t relid;	     /* 0: that of the device */
	uint16_t subchannel;
	uint16_t flags;
	uint32_t cpu, lost, cut, result;
	const void *ext;
	uint32_t ext_len, ext_wire_len;
};

/* The ordinary ones. */
static const struct record state = { .kind = VB_KIND_STATE, .flags = VB_REC_SYNTHESIZED };
static const struct record offer = { .kind = VB_KIND_CONTROL,
				     .direction = VB_TO_GUEST,
				     .flags = VB_REC_SYNTHESIZED };
static const struct record to_host = { .kind = VB_KIND_PACKET, .direction = VB_TO_HOST };
static const struct record to_guest = { .kind = VB_KIND_PACKET,
					.direction = VB_TO_GUEST,
					.cpu = 1 };

void put(struct making *m, const struct record *r, const void *bytes, uint32_t len);

/* traces_network.c: RNDIS messages outside the ring */
void put_network(struct making *m);
void put_nethost(struct making *m);
void put_netbare(struct making *m);
/* traces_frames.c: a conversation over TCP, and frames of every kind */
void put_frames(struct making *m);
/* traces_trouble.c: what can go wrong with a network device */
void put_trouble(struct making *m);
/* traces_storage.c: SCSI and Fibre Channel */
void put_storage(struct making *m);

/* ---- traces_network.c, for others ---- */

#define SECTION UINT32_MAX /* of the send buffer, in place of a range's number */

/* What lies outside the ring. */
struct outside {
	uint8_t bytes[4096];
	uint32_t len, wire_len;
};

/* A piece of n bytes, of which the capture kept so many. */
void add_piece(struct outside *o, uint32_t range, const void *bytes, uint32_t n, uint32_t kept);
/*
 * A packet of this type with RNDIS messages outside; header: what is between the descriptor and the
 * message; flags: of the record.
 */
void put_rndis(struct making *m, bool to_the_host, uint16_t type, const void *header,
	       uint32_t header_len, bool control, const struct outside *o, uint16_t flags);
void put_network_beginning(struct making *m);

#endif
