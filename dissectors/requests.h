/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that wait for their answers, found by what both have in common; and how long a queue has
 * been waiting. Private to dissectors/.
 */
#ifndef VB_REQUESTS_H
#define VB_REQUESTS_H

#include "wire.h"

/* What a request and its answer have in common. */
struct vb_request_key {
	const struct vb_proto *proto;
	uint32_t number;    /* of the request; VB_ANY where any request may be meant */
	uint32_t relid;	    /* 0: the connection */
	uint32_t epoch;	    /* a closed channel's ids mean nothing to the next one */
	uint32_t direction; /* of the request */
	uint64_t value[2];
};

bool vb_request_key_equal(const struct vb_request_key *a, const struct vb_request_key *b);

/* A record with a request. */
struct vb_asked {
	uint64_t number, time_ns; /* number 0: there is none */
	uint32_t cpu;
	uint32_t recalled; /* by its answer */
	const struct vb_msg *msg;
	uint64_t place; /* in its queue, see struct vb_waiting */
};

struct vb_open_request {
	struct vb_request_key key;
	bool used;
	bool overlapped;	/* the answer to the one before came after this one */
	struct vb_asked asked;	/* the latest with that key */
	struct vb_asked before; /* the one before, if its answer may yet come */
	uint32_t next;		/* in the hash chain */
};

/* A bounded table: when it is full, the oldest request makes room. */
struct vb_requests {
	uint32_t n_places, cursor, n_buckets;
	uint32_t *buckets;
	struct vb_open_request *open;
	size_t n_open;
	uint64_t n_forgotten;  /* made room */
	uint64_t n_unanswered; /* their key was used again: the answer will not come, or was lost */
	uint64_t n_overlapped; /* their key was used again, but only because of how writes are stamped */
};

/*
 * The guest's writes are stamped when they begin, and get their id later, when they have the ring for
 * themselves. Meanwhile another CPU may read the answer that frees this id: in the trace it stands
 * behind the request that has the id next. This is longer than a write takes.
 */
#define VB_OVERLAP_NS UINT64_C(1000000)

/* 0, or -1 when there is no memory. vb_requests_done() in any case. */
int vb_requests_init(struct vb_requests *r, size_t n_places);
void vb_requests_done(struct vb_requests *r);

/* NULL: there is none. Valid until the next call of another function. */
struct vb_open_request *vb_request_find(const struct vb_requests *r,
					const struct vb_request_key *k);
/* A request, in place of one with the same key if there is one. Never NULL; the rest is zero. */
struct vb_open_request *vb_request_add(struct vb_requests *r, const struct vb_request_key *k);
void vb_request_remove(struct vb_requests *r, struct vb_open_request *request);

/* The request whose answer a CPU saw at that time, as below. */
const struct vb_asked *vb_request_whose(const struct vb_open_request *request, uint32_t cpu,
					uint64_t now_ns);

/*
 * Whose answer it is that this CPU saw at that time: the request's, or within VB_OVERLAP_NS that of the
 * one before. *ret_over: the request is then done with; with the one before it is not.
 */
struct vb_asked vb_request_answered(struct vb_requests *r, struct vb_open_request *request,
				    uint32_t cpu, uint64_t now_ns, bool *ret_over);

/* ---- queues ---- */

/* Without an answer for so long, a queue with requests in it has stalled. */
#define VB_STALLED_NS UINT64_C(5000000000)

/*
 * The requests of a channel in one direction, numbered from 1 as they are sent. A request that a later
 * one overtook is not waited for: its answer is late, or lost, but the queue goes on.
 */
struct vb_waiting {
	uint32_t epoch;
	bool told;
	uint64_t n_sent, answered; /* the latest request that was answered */
	uint64_t since_ns; /* the latest answer, or the first request after all were answered */
};

/* A request is sent; *ret_place is its number. Whether it is time to tell that the queue has stalled. */
bool vb_waiting_asked(struct vb_waiting *q, uint32_t epoch, uint64_t now_ns, uint64_t *ret_place);
/* The request in that place is answered. Likewise. */
bool vb_waiting_answered(struct vb_waiting *q, uint32_t epoch, uint64_t place, uint64_t now_ns);
/* How long requests have been without an answer, if that is long enough to be stalled; else 0. */
uint64_t vb_waiting_stalled(const struct vb_waiting *q, uint32_t epoch, uint64_t now_ns);

#endif
