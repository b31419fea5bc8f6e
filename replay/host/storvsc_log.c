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

void vb_storvsc_outside(struct vb_hdevice *d, const struct vb_frame *packet, uint32_t limit,
			struct vb_hext *ext)
{
	struct vb_storage *s = vb_hdevice_state(d);
	const struct vb_storvsc_request *r = s->answering;

	if (packet->direction == VB_TO_HOST)
		add_written(s, packet, limit, ext);
	else if (r && r->moved && r->data_in != VB_STORVSC_WRITE)
		add(s, &r->data, r->moved, limit, ext);
}
