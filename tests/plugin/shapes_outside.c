/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages outside the ring: whole, in pieces, one in a range, with the request that they answer. */
#include "shapes.h"

#include <string.h>

uint32_t put_pieces(struct making *m, const struct vb_frame *f, uint32_t pieces)
{
	uint32_t len = 0, at = 0;

	for (uint32_t i = 0; i < pieces; i++) {
		uint32_t end = i + 1 < pieces ? (uint32_t)number(m, f->wire_len + 1) : f->wire_len;
		uint32_t wire_len = end > at ? end - at : 0;
		uint32_t left = f->cap_len > at ? f->cap_len - at : 0;
		uint32_t cap_len = wire_len < left ? wire_len : left;

		len += put_segment(m->ext + len, (struct vb_segment){ i, wire_len, cap_len, 0 },
				   m->data + at);
		at += wire_len;
	}
	if (f->wire_len < 2000 && f->cap_len == f->wire_len && !number(m, 3))
		len += put_segment(m->ext + len,
				   (struct vb_segment){ 3, f->wire_len, f->wire_len, 0 }, m->data);
	return len;
}

/* The request of an answer that is read by what its request had. */
static void put_request(struct making *m, const struct vb_frame *f)
{
	uint32_t request[7] = { 4, sizeof(request), 0, f->recalled, 0, 20, 0 };
	uint32_t packet[14] = { 0x20006, 0x10007, 3, 0, 107, 1, UINT32_MAX };
	uint8_t ext[VB_SEGMENT_LEN + sizeof(request)];

	if (f->wire_len >= 12)
		memcpy(request + 2, m->data + 8, 4);
	begin(m, VB_KIND_PACKET, VB_TO_HOST, VB_CLASS_NETWORK, m->relid);
	m->ev.ext = ext;
	m->ev.hdr.ext_len =
		put_segment(ext, (struct vb_segment){ 0, sizeof(request), sizeof(request), 0 },
			    (const uint8_t *)request);
	m->ev.hdr.ext_wire_len = sizeof(request);
	end(m, packet, sizeof(packet), sizeof(packet));
}

void put_outside(struct making *m, const struct vb_frame *f)
{
	static const uint16_t in_band[] = { 6, 2, 7, 1 }, in_ranges[] = { 7, 3, 8, 1 };
	bool apart = !number(m, 3);
	uint32_t head = apart ? 24 : 16, len = head + 40;

	memset(m->packet, 0, len);
	memcpy(m->packet, apart ? in_ranges : in_band, 8);
	memcpy(m->packet + head, (uint32_t[]){ 107, (uint32_t)number(m, 2), UINT32_MAX }, 12);
	say_versions(m, f);
	if (f->recalled)
		put_request(m, f);
	begin(m, VB_KIND_PACKET, f->direction, VB_CLASS_NETWORK, m->relid);
	vary_header(m);
	m->ev.ext = m->ext;
	m->ev.hdr.ext_len = put_pieces(m, f, apart ? 1 : 1 + (uint32_t)number(m, 3));
	m->ev.hdr.ext_wire_len = f->wire_len;
	end(m, m->packet, len, len);
}
