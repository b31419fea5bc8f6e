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

static void add_piece(struct vb_inner *in, const uint8_t *bytes, uint32_t n, uint8_t *room)
{
	if (in->data != room)
		memcpy(room, in->data, in->n_data);
	in->data = room;
	memcpy(room + in->n_data, bytes, n);
	in->n_data += n;
}

/* A single piece is left where it is. Behind one that was cut nothing has its place. */
static void join(struct vb_inner *in, uint8_t *room)
{
	uint64_t n_wire = 0;
	const uint8_t *bytes;
	struct vb_segment s;

	while (take_segment(in, &s, &bytes)) {
		if (!in->data) {
			in->data = bytes;
			in->n_data = s.cap_len;
		} else if (in->n_data == n_wire) {
			add_piece(in, bytes, s.cap_len, room);
		}
		n_wire += s.wire_len;
	}
	in->n_wire = n_wire < UINT32_MAX ? (uint32_t)n_wire : UINT32_MAX;
}

static bool next_range(struct vb_inner *in)
{
	const uint8_t *bytes;
	struct vb_segment s;

	if (!take_segment(in, &s, &bytes))
		return false;
	in->data = bytes;
	in->n_data = s.cap_len;
	in->n_wire = s.wire_len;
	return true;
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
	if (in->proto && !in->apart)
		join(in, room);
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

static void pass(struct vb_inner *in, uint32_t len)
{
	uint32_t n = smaller(len, in->n_data);

	if (in->apart || n < len) /* what stands behind a message in its range is left over */
		len = in->n_wire;
	in->data += n;
	in->n_data = in->n_wire == len ? 0 : in->n_data - n;
	in->n_wire -= len;
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
	ret_f->recalled = 0; /* lengths do not depend on it, whether the request is known or not */
	ret_f->data = in->data;
	ret_f->cap_len = in->n_data;
	ret_f->wire_len = in->n_wire;
	vb_walk(in->proto, ret_f, NULL, ret_w);
	ret_f->wire_len = own_length(ret_f, ret_w);
	ret_f->cap_len = smaller(ret_f->cap_len, ret_f->wire_len);
	pass(in, ret_f->wire_len);
	return in->proto;
}
