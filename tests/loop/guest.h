/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small guest that is strict: it looks at everything the host does and requires the rules. It
 * reads a ring only when its event flag is set, so that an interrupt that did not come is a packet
 * that does not come.
 */
#ifndef LOOP_GUEST_H
#define LOOP_GUEST_H

#include "dissectors/control.h"
#include "replay/host/ring.h"
#include "tests/loop/loop.h"

#define GUEST_MAX_OFFERS 128u

struct guest_offer {
	uint32_t relid, connection;
	uint16_t subchannel;
	uint8_t interface[16], instance[16];
	uint8_t area[120]; /* user-defined, as the bytes stand there */
	bool rescinded;
};

struct guest {
	struct loop *l;
	uint32_t version;
	uint32_t connection; /* for messages */
	uint32_t next_gpadl;
	uint64_t next_page;
	struct guest_offer offers[GUEST_MAX_OFFERS];
	size_t n_offers;
	unsigned int n_eoms; /* acknowledgements the host asked for */
	uint8_t msg[240];    /* the last one received */
	uint32_t msg_len;
};

/* SynIC pages of all processors, all enabled. */
void guest_init(struct guest *g, struct loop *l, uint32_t n_vps);

/* A host with one echo device, and a guest for it; returns the device. */
struct vb_hdevice *guest_start(struct guest *g, struct loop *l, const struct loop_options *opt);

/* n pages of guest memory that were not given away before; every second one is left out. */
void guest_pages(struct guest *g, uint64_t *ret_pfns, uint32_t n);
uint8_t *guest_memory(const struct guest *g, uint64_t pfn);

/* ---- messages ---- */

uint16_t guest_post_bytes(struct guest *g, uint32_t connection, const void *msg, uint32_t len);
/* Post the message of these values; required to be accepted. */
void guest_post(struct guest *g, const struct vb_value *values, size_t n, uint32_t len);
/* One with a channel id and nothing else, or no field (path NULL). */
void guest_post_relid(struct guest *g, uint32_t type, const char *path, uint32_t relid);

/* RELID_RELEASED; the offer is forgotten. */
void guest_release(struct guest *g, uint32_t relid);

/* Take the message out of the slot; false: there is none. */
bool guest_take(struct guest *g);
/* Take messages (offers and rescinds are noted) up to one of that type; required to come. */
void guest_expect(struct guest *g, uint32_t type);
/* Take one message, an offer or a rescind; false: there is none. */
bool guest_take_offers(struct guest *g);
/* A field of the last message; required to be there. */
uint64_t guest_field(const struct guest *g, const char *path);

/* ---- the connection ---- */

/* INITIATE_CONTACT at the right connection; whether the version is supported. */
bool guest_contact(struct guest *g, uint32_t version);
/* REQUESTOFFERS; returns how many there are. */
size_t guest_request_offers(struct guest *g);
/* contact and offers; required to succeed. */
void guest_connect(struct guest *g, uint32_t version);
void guest_unload(struct guest *g);
/* The newest offer with that index that is not rescinded; required to be there. */
struct guest_offer *guest_offer(struct guest *g, uint16_t subchannel);
/* Take messages, as far as they are offers and rescinds: whether that channel is rescinded. */
bool guest_is_rescinded(struct guest *g, uint32_t relid);

/* ---- channels ---- */

struct guest_ring {
	struct vb_ring_control *control;
	uint8_t *data;
	uint32_t size, n_pages;
};

struct guest_channel {
	struct guest *g;
	uint32_t relid, connection, gpadl, vp;
	struct guest_ring out, in; /* to the host, from the host */
	unsigned int n_signals;	   /* that the guest sent */
};

/* Post the list of n pages, in as many messages as it takes; returns its id. */
uint32_t guest_post_gpadl(struct guest *g, uint32_t relid, const uint64_t *pfns, uint32_t n);
/* ... and require that it was made. */
uint32_t guest_make_gpadl(struct guest *g, uint32_t relid, const uint64_t *pfns, uint32_t n);
void guest_post_open(struct guest *g, uint32_t relid, uint32_t gpadl, uint32_t vp,
		     uint32_t downstream);
/* Rings of n pages for each direction, control page included; required to succeed. */
void guest_open(struct guest *g, struct guest_channel *ret_c, uint32_t relid, uint32_t n,
		uint32_t vp);
/* CLOSECHANNEL, and teardown unless the channel is rescinded. */
void guest_close(struct guest_channel *c, bool is_rescinded);
/* Only our own mappings. */
void guest_unmap(struct guest_channel *c);

/*
 * A packet: 0, or -EAGAIN and the host is asked to say when there is room. The host is told only
 * when the rules want it.
 */
int guest_send(struct guest_channel *c, uint16_t type, uint16_t flags, uint64_t trans_id,
	       const void *payload, uint32_t len);
/* ... with ranges_len bytes, a multiple of 8, between descriptor and payload. */
int guest_send_ranges(struct guest_channel *c, uint16_t type, uint16_t flags, uint64_t trans_id,
		      const void *ranges, uint32_t ranges_len, const void *payload, uint32_t len);
/* Test and clear the channel's event flag. */
bool guest_event(struct guest_channel *c);

#define GUEST_MAX_RANGES 512u /* bytes of a packet's ranges */

struct guest_packet {
	uint16_t type, flags;
	uint64_t trans_id;
	uint32_t ranges_len, payload_len;
	uint8_t ranges[GUEST_MAX_RANGES]; /* between descriptor and payload */
	uint8_t payload[8192];
};
/* The next packet in the ring, whatever the event flag; false: none. */
bool guest_read(struct guest_channel *c, struct guest_packet *ret_p);
/* What an interrupt makes of it: all packets, if the flag was set. Returns how many. */
unsigned int guest_drain(struct guest_channel *c, struct guest_packet *ret_last);

#endif
