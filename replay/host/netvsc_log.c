/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes outside the ring, for the host's record of the conversation. Of a frame the header and a
 * limited number of bytes are kept; a piece that holds several messages becomes several segments.
 */
#include <stdlib.h>
#include <string.h>

#include "replay/host/netvsc.h"

/* What is kept of a message: bytes from its start, of len. */
struct kept {
	uint32_t len, kept;
};

static struct kept keep(const uint8_t *bytes, uint32_t left, uint8_t direction, uint32_t limit)
{
	struct vb_wanted w[] = { { .path = "hv_rndis.type" }, { .path = "hv_rndis.packet.frame" } };
	struct vb_frame f = { .kind = VB_KIND_PACKET,
			      .class = VB_CLASS_NETWORK,
			      .direction = direction,
			      .data = bytes,
			      .wire_len = left,
			      .cap_len = left };
	struct vb_walked walked;
	struct kept k = { left, left };
	uint64_t most;

	vb_values_read(vb_proto_by_name("hv_rndis"), &f, w, 2, &walked);
	if (w[0].found && !walked.n_notes[VB_NOTE_SHORT] && walked.layer[0].len >= VB_RNDIS_BODY)
		k = (struct kept){ walked.layer[0].len, walked.layer[0].len };
	if (limit == 0)
		k.kept = 0;
	if (!w[1].found || w[0].number != VB_RNDIS_PACKET || !limit)
		return k;
	most = (uint64_t)(w[1].bytes - bytes) + limit;
	if (w[1].n_bytes > limit && most < k.kept)
		k.kept = (uint32_t)most;
	return k;
}

/* The piece's bytes [from, from + len) are the message's [at, at + len). */
static void add_segment(struct vb_hext *ext, uint32_t range, const uint8_t *bytes, uint32_t len,
			uint32_t kept)
{
	uint32_t n = kept < len ? kept : len;
	uint8_t *to =
		vb_hext_add(ext, range, len, n, n < len ? VB_REASON_SNAPLEN : VB_REASON_COMPLETE);

	if (to)
		memcpy(to, bytes, n);
}

static void add_messages(const struct vb_netvsc_gathered *g, uint32_t limit, struct vb_hext *ext)
{
	uint32_t at = 0, end, n;
	struct kept k = { 0, 0 };

	for (unsigned int i = 0; i < g->n; i++) {
		end = at + g->piece[i].len;
		while (at < end) {
			if (!k.len)
				k = keep(g->bytes + at, g->len - at, VB_TO_HOST, limit);
			n = k.len < end - at ? k.len : end - at;
			add_segment(ext, g->piece[i].range, g->bytes + at, n, k.kept);
			k.kept -= k.kept < n ? k.kept : n;
			k.len -= n;
			at += n;
		}
	}
}

static void add_parts(struct vb_netvsc *n, const struct vb_hranges *r, uint32_t limit,
		      struct vb_hext *ext)
{
	uint8_t *bytes;
	struct kept k;

	for (size_t i = 0; i < r->n; i++) {
		uint32_t len = r->range[i].len;

		bytes = len <= NETVSC_MAX_MESSAGE ? malloc(len + 1) : NULL;
		if (!bytes ||
		    vb_hgpadl_get(n->d, n->receive.gpadl, r->range[i].offset, bytes, len)) {
			free(bytes);
			ext->failed = true;
			return;
		}
		k = keep(bytes, len, VB_TO_GUEST, limit);
		k.len = k.len < len ? k.len : len;
		add_segment(ext, (uint32_t)i, bytes, k.len, k.kept);
		free(bytes);
	}
}

/* Only RNDIS packets refer to anything. */
static bool is_rndis(const struct vb_frame *packet)
{
	struct vb_wanted w = { .path = "nvsp.rndis.section_index" };

	return vb_values_read(vb_root_proto(VB_KIND_PACKET), packet, &w, 1, NULL) == 1;
}

void vb_netvsc_outside(struct vb_hdevice *d, const struct vb_frame *packet, uint32_t limit,
		       struct vb_hext *ext)
{
	struct vb_netvsc *n = vb_hdevice_state(d);
	struct vb_netvsc_gathered g;
	struct vb_hranges r;

	if (!is_rndis(packet))
		return;
	if (packet->direction == VB_TO_HOST) {
		/* what cannot be had is missing, and the record says so */
		if (vb_netvsc_gather(n, packet, &g) == 0)
			add_messages(&g, limit, ext);
		else
			ext->failed = true;
		free(g.bytes);
		return;
	}
	if (vb_hranges_read(packet, &r) == 0)
		add_parts(n, &r, limit, ext);
	vb_hranges_done(&r);
}
