/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets from hex text, those of the integration services first, and what a walk says of them. */
#ifndef VB_IC_FRAME_H
#define VB_IC_FRAME_H

#include "frames.h"

/* Text as it is on the wire. */
#define IC_OS "4f005300"
#define IC_OS_NAME "4f0053004e0061006d006500"
#define IC_LINUX "4c0069006e0075007800"

struct ic {
	struct made_frame m;
	uint32_t at; /* of the body */
};

/*
 * A packet of type 6 with pipe framing, the header and body_len bytes of zero; version: four bytes of
 * hex. To the guest it is a request, to the host an answer.
 */
void ic_make(struct ic *ic, uint8_t direction, uint8_t class, unsigned int type,
	     const char *version, uint32_t body_len);
/*
 * Any packet: what stands in its header behind the common part, and a payload of len bytes, those of
 * the text and zeros. The body is the payload.
 */
void ic_packet(struct ic *ic, uint8_t direction, uint8_t class, unsigned int type,
	       const char *header, const char *payload, uint32_t len);
void ic_put(struct ic *ic, uint32_t at, const char *hex);
void ic_put_body(struct ic *ic, uint32_t at, const char *hex);
void ic_put_le(uint8_t *p, uint32_t value, unsigned int n);

struct vb_walked ic_walk(const struct ic *ic);
/* Nothing wrong, nothing that no row describes. */
void ic_expect_whole(const struct ic *ic);
void ic_expect_summary(const struct ic *ic, const char *text);
/* A line of the tree, without the space around it. */
void ic_expect_line(const struct ic *ic, const char *line);
uint64_t ic_value(const struct ic *ic, const char *path);
bool ic_has(const struct ic *ic, const char *path);

#endif
