/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes outside the ring, for the host's record of the conversation: what is written goes with the
 * request, what is read with its completion, whose packet does not say where it is.
 */
#include <string.h>

#include "replay/host/storvsc.h"

static void add(struct vb_storage *s, const struct vb_hranges *data, uint32_t len, uint32_t limit,
		struct vb_hext *ext)
{
	uint32_t n = len < limit ? len : limit;
	uint8_t *to = vb_hext_add(ext, 0, len, n, n < len ? VB_REASON_SNAPLEN : VB_REASON_COMPLETE);

	if (n < len)
		ext->cut = true;
	/* what cannot be had is missing, and the record says so */
	if (to && n && vb_hrange_get(s->d, data, 0, 0, to, n))
		ext->failed = true;
}

static void add_written(struct vb_storage *s, const struct vb_frame *packet, uint32_t limit,
			struct vb_hext *ext)
{
	struct vb_wanted w[] = { { .path = "hv_storvsc.execute_srb.data_in" },
				 { .path = "hv_storvsc.execute_srb.data_transfer_length" } };
	struct vb_hranges data;

	if (vb_values_read(vb_root_proto(VB_KIND_PACKET), packet, w, 2, NULL) != 2 ||
	    w[0].number != VB_STORVSC_WRITE || !w[1].number)
		return;
	if (vb_hranges_read(packet, &data) == 0 && data.n == 1 && data.len >= w[1].number &&
	    w[1].number <= STORVSC_MAX_TRANSFER)
		add(s, &data, (uint32_t)w[1].number, limit, ext);
	else
		ext->failed = data.n != 0;
	vb_hranges_done(&data);
}

/* ---- completions ---- */

static bool has_read(const struct vb_storvsc_request *r)
{
	return r->moved && r->data_in != VB_STORVSC_WRITE;
}

static void forget_first(struct vb_storage *s, struct vb_storvsc_request **at)
{
	struct vb_storvsc_request *r = *at;

	*at = r->next;
	s->n_unlogged--;
	vb_storvsc_free_request(r);
}

static struct vb_storvsc_request **find_unlogged(struct vb_storage *s, uint16_t channel,
						 uint64_t trans_id)
{
	struct vb_storvsc_request **at = &s->unlogged;

	while (*at && ((*at)->channel != channel || (*at)->trans_id != trans_id))
		at = &(*at)->next;
	return at;
}

/* Whose id comes again was lost; the guest has long given it up. */
void vb_storvsc_answered(struct vb_storvsc_request *r)
{
	struct vb_storage *s = r->s;
	struct vb_storvsc_request **at = find_unlogged(s, r->channel, r->trans_id);

	if (*at)
		forget_first(s, at);
	if (r->is_logged || !has_read(r) || !vb_hdevice_is_logged(s->d) ||
	    s->n_unlogged >= STORVSC_MAX_UNLOGGED)
		return vb_storvsc_free_request(r);
	r->next = s->unlogged;
	s->unlogged = r;
	s->n_unlogged++;
}

void vb_storvsc_forget_unlogged(struct vb_storage *s, uint16_t channel)
{
	struct vb_storvsc_request **at = &s->unlogged;

	while (*at)
		if ((*at)->channel == channel)
			forget_first(s, at);
		else
			at = &(*at)->next;
}

/* The packet may be one that was held back, while another is being answered. */
static void add_read(struct vb_storage *s, const struct vb_frame *packet, uint32_t limit,
		     struct vb_hext *ext)
{
	struct vb_wanted id = { .path = "hv_ring.trans_id" };
	struct vb_storvsc_request *r = s->answering, **at;

	vb_values_read(vb_root_proto(VB_KIND_PACKET), packet, &id, 1, NULL);
	at = find_unlogged(s, packet->subchannel, id.number);
	if (*at) {
		add(s, &(*at)->data, (*at)->moved, limit, ext);
		forget_first(s, at);
	} else if (r && r->channel == packet->subchannel && r->trans_id == id.number) {
		r->is_logged = true;
		if (has_read(r))
			add(s, &r->data, r->moved, limit, ext);
	}
}

void vb_storvsc_outside(struct vb_hdevice *d, const struct vb_frame *packet, uint32_t limit,
			struct vb_hext *ext)
{
	struct vb_storage *s = vb_hdevice_state(d);

	if (packet->direction == VB_TO_HOST)
		add_written(s, packet, limit, ext);
	else if (s->answering || s->unlogged)
		add_read(s, packet, limit, ext);
}
