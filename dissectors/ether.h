/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Ethernet frames of a network device's packet, out of its RNDIS messages. A frame is a part of one
 * message, or of several: what the host coalesced (RSC) comes in the ranges of one packet, whose
 * per-packet information says which part each is. Only the first has headers.
 */
#ifndef VB_ETHER_H
#define VB_ETHER_H

#include "inner.h"

/* The field that holds a frame, or a part of one. */
#define VB_ETHER_FIELD "hv_rndis.packet.frame"

/* What a frame is to get from others, or has lost by being joined: its per-packet information says so. */
enum vb_ether_open {
	VB_ETHER_IP_SUM = 1,  /* IPv4's checksum */
	VB_ETHER_TCP_SUM = 2, /* TCP's */
	VB_ETHER_UDP_SUM = 4, /* UDP's */
	VB_ETHER_IP_LEN = 8,  /* IP's length: a large send */
};

/* A frame, or a part of one. */
struct vb_ether_frame {
	const uint8_t *data;
	uint32_t cap_len;   /* bytes at data */
	uint32_t wire_len;  /* bytes the frame had; >= cap_len, without its tag */
	bool tagged;	    /* the 802.1Q tag travels beside the frame, and belongs into it */
	uint16_t tag;	    /* its control information, in the byte order of this machine */
	uint32_t n_parts;   /* so many fields VB_ETHER_FIELD */
	uint32_t field;	    /* which of the packet's is the first of them, from 0 */
	uint8_t open;	    /* enum vb_ether_open */
	uint16_t transport; /* where TCP or UDP begins, if that is said; else 0 */
};

/* Room for a tag. */
#define VB_ETHER_TAG_LEN 4u

/* Counts are for the caller; all other members are private. */
struct vb_ether {
	uint32_t n_missing; /* frames, at least, of which no byte was captured */
	uint32_t n_broken;  /* coalesced frames that lack a part, or parts that lack a frame */
	struct vb_inner in;
	const struct vb_frame *f;
	uint8_t *room;
	struct vb_ether_frame part, joined;
	bool has_part, is_joining;
	bool coalesced, first, last; /* of part */
	uint32_t n_fields;
};

/*
 * Begin with a packet: f and w are the frame and what a walk found, ext and ext_len as for
 * vb_inner_init(). room: 2 * ext_len bytes, which live as long as the frames. What is no packet with
 * RNDIS messages has no frames.
 */
void vb_ether_init(struct vb_ether *e, const struct vb_frame *f, const struct vb_walked *w,
		   const uint8_t *ext, uint32_t ext_len, uint8_t *room);

/*
 * The next frame, of which at least one byte was captured; false: there is none. One that lacks a
 * part ends there.
 */
bool vb_ether_next(struct vb_ether *e, struct vb_ether_frame *ret);

/*
 * Write the frame as it would be on a wire, with its tag, to buf: cap_len + VB_ETHER_TAG_LEN bytes.
 * Returns how many were written; *ret_wire_len is how many there would be.
 */
uint32_t vb_ether_put(const struct vb_ether_frame *frame, uint8_t *buf, uint32_t *ret_wire_len);

/*
 * Fill in what is open (frame->open) in bytes, a copy of the frame without its tag. False: they are as
 * they were, because the frame was cut or is none of IP with TCP or UDP as its information says. The
 * length of a large send stays 0 where it is too large for its field.
 */
bool vb_ether_complete(const struct vb_ether_frame *frame, uint8_t *bytes);

#endif
