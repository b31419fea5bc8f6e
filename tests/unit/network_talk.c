/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "network_talk.h"

#include <criterion/criterion.h>
#include <string.h>

void talk_begin(struct talk *t)
{
	memset(t, 0, sizeof(*t));
	t->s = vb_session_new(64);
	cr_assert_not_null(t->s);
	t->now_ns = SECOND;
}

void talk_learn(struct talk *t, uint8_t kind, uint8_t direction, uint32_t len)
{
	struct vb_walked w;

	t->f = (struct vb_frame){
		.data = t->bytes,
		.cap_len = len,
		.wire_len = len,
		.kind = kind,
		.direction = direction,
		.class = VB_CLASS_NETWORK,
		.instance = { 7 },
		.relid = 5,
		.flags = t->flags,
		.result = t->result,
		.lost = t->lost,
		.cpu = t->cpu,
		.outside_len = t->outside_len,
		.number = ++t->n,
		.time_ns = t->now_ns,
	};
	vb_session_prepare(t->s, &t->f);
	vb_walk(vb_root_proto(kind), &t->f, NULL, &w);
	vb_session_learn(t->s, &t->f, &w, &t->link);
	t->flags = 0;
	t->result = 0;
	t->lost = t->outside_len = 0;
}

/* A packet with a message of these words; completions answer, all others ask for one. */
static void packet(struct talk *t, uint8_t direction, uint16_t type, uint64_t id,
		   const uint32_t words[10])
{
	static const uint32_t header[] = { 0, 0 };
	size_t head = type == VB_PACKET_IN_BAND || type == VB_PACKET_COMPLETION ? 2 : 3;
	uint16_t descriptor[4] = { type, (uint16_t)head, (uint16_t)(head + 5),
				   type != VB_PACKET_COMPLETION };

	memcpy(t->bytes, descriptor, sizeof(descriptor));
	memcpy(t->bytes + 8, &id, sizeof(id));
	memcpy(t->bytes + 16, header, sizeof(header)); /* no ranges, where there could be some */
	memcpy(t->bytes + 8 * head, words, 40);
	talk_learn(t, VB_KIND_PACKET, direction, (uint32_t)(8 * (head + 5)));
}

void talk_to_host(struct talk *t, uint16_t type, uint64_t id, const uint32_t words[10])
{
	packet(t, VB_TO_HOST, type, id, words);
}

void talk_to_guest(struct talk *t, uint16_t type, uint64_t id, const uint32_t words[10])
{
	packet(t, VB_TO_GUEST, type, id, words);
}

/* A message outside, of the packet before; len on the wire, cap_len captured. */
void talk_message(struct talk *t, const uint32_t *words, uint32_t cap_len, uint32_t len)
{
	const struct vb_proto *proto = vb_proto_by_name("hv_rndis");
	struct vb_frame f = t->f;
	struct vb_walked w;

	f.data = (const uint8_t *)words;
	f.cap_len = cap_len;
	f.wire_len = len;
	vb_walk(proto, &f, NULL, &w);
	vb_session_recall(t->s, &w, &f);
	vb_walk(proto, &f, NULL, &w);
	vb_session_learn_inner(t->s, &f, &w, &t->link);
}

/* The latest record has this trouble and no other; VB_N_NOTES: none. */
void talk_expect(const struct talk *t, enum vb_note_code code)
{
	cr_expect_eq(t->link.notes, code == VB_N_NOTES ? 0 : 1u << code, "notes %x, not %s",
		     t->link.notes, vb_note_name(code));
}

void talk_end(struct talk *t)
{
	vb_session_free(t->s);
}

void talk_transfer(struct talk *t)
{
	talk_to_guest(t, VB_PACKET_XFER_PAGES, 50, WORDS(107, 1, NO_SECTION));
}

void talk_ask(struct talk *t, uint64_t id)
{
	talk_to_host(t, VB_PACKET_IN_BAND, id, WORDS(107, 0, NO_SECTION));
}

void talk_answer(struct talk *t, uint64_t id)
{
	talk_to_guest(t, VB_PACKET_COMPLETION, id, WORDS(108, 1));
}
