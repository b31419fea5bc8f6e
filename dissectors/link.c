/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a record hangs together with others, as fields that have no bytes. */
#include "link.h"

#include "session.h"
#include "walk.h"

void vb_link_walk(const struct vb_link *l, const struct vb_sink *sink)
{
	const uint64_t slots[VB_N_SLOTS] = {
		[VB_LINK_REQUEST] = l->request,	   [VB_LINK_RESPONSE] = l->response,
		[VB_LINK_LATENCY] = l->latency_ns, [VB_LINK_PART_OF] = l->part_of,
		[VB_LINK_PART] = l->part,	   [VB_LINK_JOINED] = l->joined,
		[VB_LINK_TOTAL] = l->total,	   [VB_LINK_DEPTH] = l->depth,
	};
	uint32_t set = 0;

	for (unsigned int i = 1; i < VB_N_SLOTS; i++)
		if (slots[i])
			set |= 1u << i;
	if (l->request || l->response)
		set |= 1u << VB_LINK_LATENCY; /* zero is a time too */
	if (set)
		vb_walk_values(vb_proto_by_name("hv_link"), slots, set, sink);
	vb_link_notes(l, sink);
}

void vb_link_notes(const struct vb_link *l, const struct vb_sink *sink)
{
	const struct vb_item it = { .proto = vb_proto_by_name("hv_link") };

	for (unsigned int i = 0; i < VB_N_NOTES && sink && sink->note; i++)
		if (l->notes & 1u << i)
			sink->note(sink->ctx, (enum vb_note_code)i, &it);
}
