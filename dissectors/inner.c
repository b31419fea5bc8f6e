/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inner.h"

#include <string.h>

/* The next segment's head, and the place of its bytes. False: there is none. */
static bool take_segment(struct vb_inner *in, struct vb_segment *ret_s, const uint8_t **ret_bytes)
{
	uint64_t len;

	if (in->ext_len < sizeof(*ret_s))
		return false;
	memcpy(ret_s, in->ext, sizeof(*ret_s));
	len = sizeof(*ret_s) + vb_pad4(ret_s->cap_len);
	if (len > in->ext_len || ret_s->cap_len > ret_s->wire_len)
		return false;
	*ret_bytes = in->ext + sizeof(*ret_s);
	in->ext += len;
	in->ext_len -= (uint32_t)len;
	return true;
}

/* The piece at room, all of it captured, goes on with another one. */
static void add_piece(uint8_t *room, struct vb_segment *whole, const struct vb_segment *s,
		      const uint8_t *bytes)
{
	uint64_t n_wire = (uint64_t)whole->wire_len + s->wire_len;

	memcpy(room + sizeof(*whole) + whole->cap_len, bytes, s->cap_len);
	whole->cap_len += s->cap_len;
	whole->wire_len = n_wire < UINT32_MAX ? (uint32_t)n_wire : UINT32_MAX;
}

/* Pieces that follow each other become one, in room; behind one that was cut another begins. */
static void join(struct vb_inner *in, uint8_t *room)
{
	struct vb_segment s, whole = { 0 };
	const uint8_t *bytes;
	uint64_t n_wire = 0;
	uint32_t at = 0; /* where whole is in room */

	if (in->ext_len < sizeof(s))
		return;
	while (take_segment(in, &s, &bytes)) {
		n_wire += s.wire_len;
		if (whole.cap_len < whole.wire_len) {
			memcpy(room + at, &whole, sizeof(whole));
			at += (uint32_t)(sizeof(whole) + vb_pad4(whole.cap_len));
			whole = (struct vb_segment){ 0 };
		}
		add_piece(room + at, &whole, &s, bytes);
	}
	memcpy(room + at, &whole, sizeof(whole));
	in->ext = room;
	in->ext_len = at + (uint32_t)(sizeof(whole) + vb_pad4(whole.cap_len));
	in->n_wire = n_wire < UINT32_MAX ? (uint32_t)n_wire : UINT32_MAX;
}

static bool next_piece(struct vb_inner *in)
{
	struct vb_segment s;

	if (!take_segment(in, &s, &in->data))
		return false;
	in->n_data = s.cap_len;
	in->n_piece = s.wire_len;
	return true;
}

static bool next_range(struct vb_inner *in)
{
	bool found = next_piece(in);

	in->n_wire = found ? in->n_piece : 0;
	return found;
}

void vb_inner_init(struct vb_inner *in, const struct vb_walked *w, const uint8_t *ext,
		   uint32_t ext_len, uint8_t *room)
{
	*in = (struct vb_inner){ .ext = ext, .ext_len = ext_len };
	for (unsigned int i = 0; i < w->n_layers; i++) {
		const struct vb_msg *msg = w->layer[i].msg;

		if (msg && msg->outside)
			in->proto = vb_proto_by_name(msg->outside);
		in->apart |= msg && msg->apart;
	}
	if (!in->proto || in->apart)
		return;
	join(in, room);
	if (!next_piece(in))
		in->n_wire = 0;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* How long the message at hand says it is; all there is when it is not well-formed. */
static uint32_t own_length(const struct vb_frame *f, const struct vb_walked *w)
{
	if (w->n_notes[VB_NOTE_SHORT] || w->n_notes[VB_NOTE_UNEXPECTED] || !w->n_layers)
		return f->wire_len;
	return w->layer[0].len;
}

/* On to what follows a message of len bytes; among bytes that are lost nothing has its place. */
static void pass(struct vb_inner *in, uint32_t len)
{
	uint32_t n;

	in->n_wire = in->apart ? 0 : in->n_wire - len; /* in a range the rest is left over */
	while (in->n_wire && len >= in->n_piece) {
		len -= in->n_piece;
		if (!next_piece(in))
			in->n_wire = 0;
	}
	n = smaller(len, in->n_data);
	in->data += n;
	in->n_data -= n;
	in->n_piece -= smaller(len, in->n_piece);
	if (n < len)
		in->n_wire = 0;
}

const struct vb_proto *vb_inner_next(struct vb_inner *in, const struct vb_frame *f,
				     struct vb_frame *ret_f, struct vb_walked *ret_w)
{
	while (in->proto && !in->n_wire)
		if (!in->apart || !next_range(in))
			return NULL;
	if (!in->proto)
		return NULL;
	*ret_f = *f;
	/* lengths do not depend on it, whether the request is known or not */
	ret_f->recalled = in->proto->by_request ? f->recalled : 0;
	ret_f->data = in->data;
	ret_f->cap_len = in->n_data;
	ret_f->wire_len = in->n_wire;
	vb_walk(in->proto, ret_f, NULL, ret_w);
	ret_f->wire_len = own_length(ret_f, ret_w);
	ret_f->cap_len = smaller(ret_f->cap_len, ret_f->wire_len);
	pass(in, ret_f->wire_len);
	return in->proto;
}
