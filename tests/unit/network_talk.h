/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conversation between a network device and its host, record by record, for the session's tests. */
#ifndef VB_NETWORK_TALK_H
#define VB_NETWORK_TALK_H

#include "dissectors/packet.h"
#include "dissectors/session.h"

#define NO_SECTION UINT32_MAX
#define SECOND UINT64_C(1000000000)
#define NONE VB_N_NOTES

struct talk {
	struct vb_session *s;
	struct vb_frame f; /* the latest packet */
	uint8_t bytes[512];
	struct vb_link link;
	uint64_t n, now_ns;
	/* of the next packet: */
	uint32_t outside_len;
	uint16_t flags;
	int32_t result;
	uint32_t lost;
	uint32_t cpu; /* of all until it is set anew */
};

void talk_begin(struct talk *t);
void talk_end(struct talk *t);

/* The session learns from the first len bytes of t->bytes. */
void talk_learn(struct talk *t, uint8_t kind, uint8_t direction, uint32_t len);

/* A packet with a message of these words; completions answer, all others ask for one. */
void talk_to_host(struct talk *t, uint16_t type, uint64_t id, const uint32_t words[10]);
void talk_to_guest(struct talk *t, uint16_t type, uint64_t id, const uint32_t words[10]);

#define WORDS(...) ((const uint32_t[10]){ __VA_ARGS__ })

/* A message outside, of the packet before; len on the wire, cap_len captured. */
void talk_message(struct talk *t, const uint32_t *words, uint32_t cap_len, uint32_t len);

#define MESSAGE(t, ...)                                                                            \
	talk_message(t, (const uint32_t[]){ __VA_ARGS__ },                                         \
		     sizeof((const uint32_t[]){ __VA_ARGS__ }),                                    \
		     sizeof((const uint32_t[]){ __VA_ARGS__ }))

/* Packets with frames, that is, whose message outside is not looked at; and with control. */
void talk_ask(struct talk *t, uint64_t id);
void talk_answer(struct talk *t, uint64_t id);
void talk_transfer(struct talk *t);

/* The latest record has this trouble and no other; NONE: it has none. */
void talk_expect(const struct talk *t, enum vb_note_code code);

#endif
