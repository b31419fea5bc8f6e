/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest sends: RNDIS messages in a section of the send buffer, in ranges of its memory, or
 * first the one and then the other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/host/netvsc.h"

#define MAX_MESSAGES 64u /* in a packet; vmswitch takes 8 */

/* ---- gathering ---- */

static int add_section(struct vb_netvsc *n, uint64_t index, uint64_t len,
		       struct vb_netvsc_gathered *g)
{
	const struct vb_netvsc_buffer *b = &n->send;

	if (index == VB_NVSP_NO_SECTION)
		return 0;
	if (!b->there || index >= b->n_parts || len > b->part_len)
		return -EBADMSG;
	g->piece[g->n++] = (struct vb_netvsc_piece){ NETVSC_SECTION, (uint32_t)len };
	g->len = (uint32_t)len;
	return vb_hgpadl_get(n->d, b->gpadl, index * b->part_len, g->bytes, (uint32_t)len);
}

static int add_ranges(struct vb_netvsc *n, const struct vb_hranges *r, struct vb_netvsc_gathered *g)
{
	int rc = 0;

	if (r->n > NETVSC_MAX_PIECES - g->n)
		return -EMSGSIZE;
	for (size_t i = 0; i < r->n && rc == 0; i++) {
		uint32_t len = r->range[i].len;

		rc = vb_hrange_get(n->d, r, i, 0, g->bytes + g->len, len);
		g->piece[g->n++] = (struct vb_netvsc_piece){ (uint32_t)i, len };
		g->len += len;
	}
	return rc;
}

static int gather(struct vb_netvsc *n, const struct vb_wanted *w, const struct vb_hranges *r,
		  struct vb_netvsc_gathered *g)
{
	uint64_t section = w[1].number == VB_NVSP_NO_SECTION ? 0 : w[2].number;
	int rc;

	if (section + r->len > NETVSC_MAX_MESSAGE)
		return -EMSGSIZE;
	g->is_control = w[0].number == VB_NVSP_CONTROL;
	g->bytes = malloc((size_t)(section + r->len) + 1);
	if (!g->bytes)
		return -ENOMEM;
	rc = add_section(n, w[1].number, section, g);
	return rc ? rc : add_ranges(n, r, g);
}

int vb_netvsc_gather(struct vb_netvsc *n, const struct vb_frame *packet,
		     struct vb_netvsc_gathered *ret)
{
	struct vb_wanted w[] = { { .path = "nvsp.rndis.channel_type" },
				 { .path = "nvsp.rndis.section_index" },
				 { .path = "nvsp.rndis.section_size" } };
	struct vb_hranges r;
	int rc;

	*ret = (struct vb_netvsc_gathered){ .n = 0 };
	if (vb_values_read(vb_root_proto(VB_KIND_PACKET), packet, w, 3, NULL) != 3)
		return -EBADMSG;
	rc = vb_hranges_read(packet, &r);
	if (rc == 0)
		rc = gather(n, w, &r, ret);
	vb_hranges_done(&r);
	return rc;
}

/* ---- taking apart ---- */

enum {
	W_TYPE = NETVSC_N_WANTED, /* behind those of the frame */
	W_LENGTH,
	W_INFO_AT,
	W_INFO_LEN,
	N_WANTED,
};

void vb_netvsc_want(struct vb_wanted ret[NETVSC_N_WANTED])
{
#define INFO "hv_rndis.packet.info."
	static const char *const paths[NETVSC_N_WANTED] = {
		[NETVSC_W_FRAME] = "hv_rndis.packet.frame",
		[NETVSC_W_PRIORITY] = INFO "vlan.priority",
		[NETVSC_W_CFI] = INFO "vlan.cfi",
		[NETVSC_W_VLAN] = INFO "vlan.id",
		[NETVSC_W_MSS] = INFO "large_send.mss",
		[NETVSC_W_LARGE_AT] = INFO "large_send.tcp_header_offset",
		[NETVSC_W_IS_IPV6] = INFO "large_send.is_ipv6",
		[NETVSC_W_TCP_IS_OPEN] = INFO "checksum.tcp",
		[NETVSC_W_UDP_IS_OPEN] = INFO "checksum.udp",
		[NETVSC_W_CHECKSUM_AT] = INFO "checksum.transport_offset",
	};

	for (size_t i = 0; i < NETVSC_N_WANTED; i++)
		ret[i] = (struct vb_wanted){ .path = paths[i] };
}

/* What is left to us. */
static void read_open(const struct vb_wanted *w, struct vb_peer_frame *f)
{
	f->part_len = (uint32_t)w[NETVSC_W_MSS].number;
	f->open_tcp = w[NETVSC_W_TCP_IS_OPEN].number || f->part_len;
	f->open_udp = !f->open_tcp && w[NETVSC_W_UDP_IS_OPEN].number;
	f->transport_at =
		(uint32_t)w[f->part_len ? NETVSC_W_LARGE_AT : NETVSC_W_CHECKSUM_AT].number;
}

/* The tag's form is priority, drop eligible, id. */
static uint32_t tag_of(const struct vb_wanted *w)
{
	return (uint32_t)(w[NETVSC_W_PRIORITY].number << 13 | w[NETVSC_W_CFI].number << 12 |
			  w[NETVSC_W_VLAN].number);
}

static void frame_of(const struct vb_wanted *w, struct vb_peer_frame *ret)
{
	*ret = (struct vb_peer_frame){
		.bytes = w[NETVSC_W_FRAME].bytes,
		.len = w[NETVSC_W_FRAME].n_bytes,
		.vlan = w[NETVSC_W_VLAN].found ? tag_of(w) : VB_PEER_NO_VLAN,
	};
	read_open(w, ret);
}

static void tell_player(struct vb_netvsc *n, const struct vb_frame *f, uint32_t len)
{
	struct vb_frame message = *f;

	if (!n->player)
		return;
	message.wire_len = message.cap_len = len;
	n->player->message(n->player->ctx, &message);
}

/* What is noted of a message itself; objects in it are judged, and answered, by their OID. */
struct judge {
	unsigned int depth; /* spans that are open from the object on; 0: not in it */
	bool is_wrong;
};

static void enter(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct judge *j = ctx;

	if (j->depth || (span == VB_SPAN_STRUCT && strcmp(it->row->name, "info") == 0))
		j->depth++;
}

static void leave(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct judge *j = ctx;

	(void)span;
	(void)it;
	if (j->depth)
		j->depth--;
}

static void note(void *ctx, enum vb_note_code code, const struct vb_item *it)
{
	struct judge *j = ctx;

	(void)it;
	if (!j->depth && (code == VB_NOTE_SHORT || code == VB_NOTE_UNEXPECTED))
		j->is_wrong = true;
}

static bool is_only_its_object_wrong(const struct vb_frame *f)
{
	struct judge j = { .depth = 0 };
	struct vb_sink sink = { .ctx = &j, .open = enter, .close = leave, .note = note };
	struct vb_walked walked;

	vb_walk(vb_proto_by_name("hv_rndis"), f, &sink, &walked);
	return !j.is_wrong;
}

static bool is_sound(const struct vb_frame *f, const struct vb_wanted *w,
		     const struct vb_walked *walked)
{
	if (!w[W_TYPE].found || !w[W_LENGTH].found || walked->layer[0].len < VB_RNDIS_BODY)
		return false;
	return (!walked->n_notes[VB_NOTE_SHORT] && !walked->n_notes[VB_NOTE_UNEXPECTED]) ||
	       is_only_its_object_wrong(f);
}

/*
 * vmswitch wants what stands before the frame in one piece: drivers that let it cross a page, as a range
 * of its own, had their packets refused (Linux dca5161f9bd0, 380b75d30786).
 */
static bool is_split(const struct vb_netvsc_gathered *g, uint32_t at, const struct vb_wanted *w)
{
	uint64_t head = w[W_INFO_LEN].number ?
				VB_RNDIS_BODY + w[W_INFO_AT].number + w[W_INFO_LEN].number :
				VB_RNDIS_PACKET_LEN;
	uint64_t end = 0;

	for (unsigned int i = 0; i < g->n; i++) {
		end += g->piece[i].len;
		if (at < end)
			return at + head > end;
	}
	return true;
}

/* One message at f; its own length, 0: it makes no sense. */
static uint32_t take_message(struct vb_netvsc *n, struct vb_netvsc_gathered *g, uint32_t at,
			     struct vb_frame *f)
{
	struct vb_wanted w[N_WANTED] = {
		[W_TYPE].path = "hv_rndis.type",
		[W_LENGTH].path = "hv_rndis.length",
		[W_INFO_AT].path = "hv_rndis.packet.info_offset",
		[W_INFO_LEN].path = "hv_rndis.packet.info_len",
	};
	struct vb_peer_frame frame;
	struct vb_walked walked;

	vb_netvsc_want(w);
	vb_values_read(vb_proto_by_name("hv_rndis"), f, w, N_WANTED, &walked);
	if (!is_sound(f, w, &walked))
		return 0;
	tell_player(n, f, walked.layer[0].len);
	if (g->is_control)
		return vb_netvsc_control(n, f) ? walked.layer[0].len : 0;
	if (w[W_TYPE].number != VB_RNDIS_PACKET || !w[NETVSC_W_FRAME].found ||
	    !w[NETVSC_W_FRAME].n_bytes)
		return 0;
	if (is_split(g, at, w)) {
		g->wrong = "the head of a message is in two pieces";
		return 0;
	}
	frame_of(w, &frame);
	n->counters.sent++;
	n->counters.sent_bytes += frame.len;
	n->counters.large_sends += frame.part_len != 0;
	vb_netvsc_wire_take(n, &frame);
	return walked.layer[0].len;
}

static bool take_messages(struct vb_netvsc *n, struct vb_netvsc_gathered *g)
{
	struct vb_frame f = { .kind = VB_KIND_PACKET,
			      .class = VB_CLASS_NETWORK,
			      .direction = VB_TO_HOST };
	uint32_t at = 0, len, count = 0;

	while (at < g->len && count < MAX_MESSAGES) {
		f.data = g->bytes + at;
		f.wire_len = f.cap_len = g->len - at;
		len = take_message(n, g, at, &f);
		if (!len)
			return false;
		at += len;
		count++;
	}
	n->counters.batches += count > 1;
	return count && at >= g->len;
}

/* A request whose answer had no place, and a frame from nobody, are not taken. */
static int may_take(const struct vb_netvsc *n, bool is_control, bool on_primary)
{
	if (!n->version)
		return -ENOTCONN;
	if (!is_control)
		return 0;
	return !on_primary ? -EBADMSG : vb_netvsc_takes_control(n) ? 0 : -EBUSY;
}

static void tell_refused(struct vb_netvsc *n, uint16_t queue, int rc, const char *wrong)
{
	n->counters.refused++;
	vb_hdevice_trouble(n->d, "an RNDIS packet on queue %u is refused: %s", queue,
			   rc	 ? strerror(-rc) :
			   wrong ? wrong :
				   "its messages make no sense");
}

/* The answer comes before what the messages lead to. */
void vb_netvsc_take_rndis(struct vb_netvsc *n, struct vb_hchannel *c, const struct vb_hpacket *p)
{
	uint16_t queue = vb_hchannel_index(c);
	struct vb_netvsc_gathered g;
	int rc = vb_netvsc_gather(n, &p->frame, &g);
	bool good, is_later;

	if (rc == 0)
		rc = may_take(n, g.is_control, queue == 0);
	n->corked = queue + 1u;
	if (n->player)
		n->player->begin(n->player->ctx, queue, p->trans_id);
	good = rc == 0 && take_messages(n, &g);
	is_later = n->player && n->player->end(n->player->ctx) && (rc || !g.is_control);
	n->corked = 0;
	if (!good)
		tell_refused(n, queue, rc, g.wrong);
	if (p->flags & 1 && !is_later)
		vb_netvsc_complete(n, queue, p->trans_id, good ? VB_NVSP_SUCCESS : VB_NVSP_FAILURE);
	vb_netvsc_flush(n, queue);
	free(g.bytes);
}
