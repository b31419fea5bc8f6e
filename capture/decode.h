/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoding records one after the other. Whoever looks at a record (text, JSON, fields, filter,
 * check) does it through vb_decoder_walk(), with a sink of its own.
 */
#ifndef VB_DECODE_H
#define VB_DECODE_H

#include "capture/event.h"
#include "dissectors/inner.h"
#include "dissectors/session.h"

/* ---- answers found on a first pass ---- */

struct vb_answers {
	struct vb_answer *by_number; /* of the request */
	uint64_t n;
};

/* Keep what an answer's link says. 0 or -ENOMEM. */
int vb_answers_keep(struct vb_answers *a, uint64_t number, const struct vb_link *link);
/* Complete a request's link with the answer, if there was one. */
void vb_answers_complete(const struct vb_answers *a, uint64_t number, struct vb_link *link);
void vb_answers_done(struct vb_answers *a);

/* ---- decoding ---- */

struct vb_decoder {
	struct vb_session *session;
	const struct vb_answers *answers; /* of a first pass, or NULL */
	uint64_t n_malformed;		  /* records so far */
	/* the record at hand: */
	const struct vb_event *ev;
	struct vb_frame frame;
	struct vb_walked walked;
	struct vb_link link;
	uint32_t unexplained; /* bytes no row describes */
	bool malformed;
	bool learned;  /* the session has seen it */
	uint8_t *room; /* for messages in several pieces: room_len bytes */
	uint32_t room_len;
	uint32_t *recalled; /* of each message outside: n_recalled, once the session has learned */
	uint32_t n_recalled, cap_recalled;
};

/* 0 or -ENOMEM. answers may be NULL. */
int vb_decoder_init(struct vb_decoder *d, const struct vb_answers *answers);
void vb_decoder_done(struct vb_decoder *d);

/* Begin a record: d->frame has its context. ev must live until the next call. */
void vb_decoder_begin(struct vb_decoder *d, const struct vb_event *ev);

/*
 * Walk the record and hand the parts asked for (enum vb_part) to sink, which may be NULL. With the
 * first call the session learns from the record; a further one shows it to another sink.
 */
void vb_decoder_walk(struct vb_decoder *d, unsigned int parts, const struct vb_sink *sink);

/* ---- the record's messages outside the ring, for those who need more than a sink ---- */

struct vb_outside {
	struct vb_inner in; /* .proto: what they are; NULL: the packet has none */
	uint32_t n;	    /* that vb_outside_next() gave */
};

/* Begin, after vb_decoder_walk(). 0 or -ENOMEM. */
int vb_decoder_outside(struct vb_decoder *d, struct vb_outside *ret);

/*
 * As vb_inner_next(), read by what the message's request had. The bytes live until the record's end
 * or the next vb_decoder_outside() or vb_decoder_walk().
 */
const struct vb_proto *vb_outside_next(struct vb_outside *o, const struct vb_decoder *d,
				       struct vb_frame *ret_f, struct vb_walked *ret_w);

#endif
