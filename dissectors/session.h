/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a record consists of, and what is known across records: versions, channels and their classes, open requests, messages in
 * several parts.
 */
#ifndef VB_SESSION_H
#define VB_SESSION_H

#include "wire.h"

/* ---- the parts of a record ---- */

/* In the order in which all programs walk them. */
enum vb_part {
	VB_PART_RECORD = 1, /* the record's header, "hv_record" */
	VB_PART_ROOT = 2,   /* the message or packet */
	VB_PART_EXT = 4,    /* bytes outside the ring, "hv_ext" */
	VB_PART_INNER = 8,  /* messages in those bytes, see inner.h */
	VB_PART_LINK = 16,  /* what it is connected with, "hv_link": no bytes, see vb_link_walk() */
	VB_PART_ALL = 31,
};

/*
 * By which protocol a part is read, and its bytes in the context of the record's frame f. NULL: the
 * record has no such part. h is where the bytes of the header are.
 */
const struct vb_proto *vb_part_frame(enum vb_part part, const struct vb_record_header *h,
				     const uint8_t *ext, const struct vb_frame *f,
				     struct vb_frame *ret_f);

/* ---- what is known across records ---- */

struct vb_session;

/* How a record hangs together with others. Numbers are record numbers; 0: none. */
struct vb_link {
	uint64_t request;    /* this record answers that one */
	uint64_t response;   /* that one answers this record; only known on a second pass */
	uint64_t latency_ns; /* between the two */
	uint32_t depth;	     /* storage: requests of its channel under way, with this one */
	uint64_t part_of;    /* first record of the message this one continues */
	uint32_t part;	     /* position in it, from 1 */
	uint64_t joined;     /* bytes that the parts so far hold together, of total */
	uint64_t total;
	bool complete;		    /* the last part */
	const struct vb_msg *asked; /* what the request was */
	uint32_t notes;		    /* bit n: enum vb_note_code n, of those that tell of trouble */
};

/* n_open: how many unanswered requests are kept; older ones are forgotten (and counted). */
struct vb_session *vb_session_new(size_t n_open);
void vb_session_free(struct vb_session *s);

/*
 * Fill in what the session knows about the frame: class, instance, versions, and of a packet whose
 * protocol has .recall_len what it recalls. The frame's bytes are there already.
 */
void vb_session_prepare(struct vb_session *s, struct vb_frame *f);
/*
 * Before it is learned from: what the request of an answer had that decides how the answer is read.
 * Its length and its key are read without that. Of a request, what its answer and its own data outside
 * the ring are read by.
 */
void vb_session_recall(struct vb_session *s, const struct vb_walked *w, struct vb_frame *f);
/* Learn from the walked frame; ret_link says what it is connected with. */
void vb_session_learn(struct vb_session *s, const struct vb_frame *f, const struct vb_walked *w,
		      struct vb_link *ret_link);
/* As well from messages that lie outside the ring: link is that of the record. */
void vb_session_learn_inner(struct vb_session *s, const struct vb_frame *f,
			    const struct vb_walked *w, struct vb_link *link);
/* Show a link as generated fields (protocol "hv_link") and notes; nothing when it says nothing. */
void vb_link_walk(const struct vb_link *l, const struct vb_sink *sink);
/* The notes alone. */
void vb_link_notes(const struct vb_link *l, const struct vb_sink *sink);

/* Requests that have been without an answer for more than 5 s. */
struct vb_stalled {
	uint32_t relid;
	uint8_t class; /* of the offer, as instance and subchannel; 0: there was none */
	uint8_t instance[16];
	uint16_t subchannel;
	uint8_t direction; /* of the requests */
	bool outside;	   /* messages outside the ring; else packets in it */
	uint64_t waiting_ns;
};

/* Call each() for those that wait at the end of a trace, whose last record is of now_ns. */
void vb_session_each_stalled(const struct vb_session *s, uint64_t now_ns,
			     void (*each)(void *ctx, const struct vb_stalled *q), void *ctx);

struct vb_session_stats {
	uint64_t n_paired, n_unpaired_answers, n_forgotten;
	uint64_t n_unanswered; /* the request's id was used again before an answer came */
	uint64_t n_overlapped; /* likewise, but it came at once: two CPUs' stamps overlap */
	size_t n_open;	       /* requests still without answer */
};
void vb_session_get_stats(const struct vb_session *s, struct vb_session_stats *ret);

#endif
