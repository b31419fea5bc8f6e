/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest without manners, for fuzz_host.c: memory, messages and rings, with nothing checked and
 * nothing that can fail.
 */
#ifndef FUZZ_HOST_GUEST_H
#define FUZZ_HOST_GUEST_H

#include "replay/host/ring.h"
#include "tests/loop/loop.h"

#define N_SLOTS 4u     /* channels that are opened in an orderly way */
#define SLOT_PAGES 16u /* pages of guest memory for the rings of each */
#define N_VPS 2u
#define MEMORY_PAGES (16 + (uint64_t)N_SLOTS * SLOT_PAGES)

struct slot {
	uint32_t relid, gpadl;
	uint32_t n_pages;   /* of each direction; 0: never opened */
	uint64_t first_pfn; /* to the host, then from it */
};

struct bad_guest {
	struct loop *l;
	uint32_t connection;
	struct slot slots[N_SLOTS];
};

void bad_guest_post(struct bad_guest *g, uint32_t connection, const void *msg, uint32_t len);
/* A message of 32-bit words. */
void bad_guest_words(struct bad_guest *g, const uint32_t *words, uint32_t n);
void bad_guest_gpadl(struct bad_guest *g, uint32_t relid, uint32_t id, uint32_t buflen,
		     uint32_t count, uint64_t first_pfn, uint32_t n_pfns);
void bad_guest_open(struct bad_guest *g, struct slot *s, uint32_t relid, uint32_t n_pages,
		    uint32_t vp);
/* Empty the message slot of a processor; false: it was empty. */
bool bad_guest_take(struct bad_guest *g, uint32_t vp);

/* Control page of one direction. */
struct vb_ring_control *bad_guest_control(const struct bad_guest *g, const struct slot *s,
					  bool to_host);
void bad_guest_write(struct bad_guest *g, const struct slot *s, bool to_host, uint32_t at,
		     const void *bytes, uint32_t len);
void bad_guest_read(struct bad_guest *g, const struct slot *s, bool to_host, uint32_t at,
		    void *bytes, uint32_t len);
/*
 * A packet as it should be, where the write index says. The first bytes of the payload are ranges: 16
 * bytes each and 8 before them, of packets that have some.
 */
void bad_guest_send(struct bad_guest *g, const struct slot *s, uint16_t type, uint16_t flags,
		    uint64_t trans_id, uint32_t n_ranges, const void *payload, uint32_t len);
/* The next packet's payload, at most size bytes of it; false: the ring is empty. */
bool bad_guest_receive(struct bad_guest *g, const struct slot *s, uint8_t *payload, uint32_t size,
		       uint32_t *ret_len, uint64_t *ret_trans_id);

#endif
