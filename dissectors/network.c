/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long sections, frames and answers may be is told in one message and kept to in others.
 *
 * What is not known, because the capture began later, is not judged.
 */
#include "network.h"

#include <string.h>

#include "ndis.h"
#include "oid.h"
#include "packet.h"
#include "values.h"
#include "walk.h"

#define VLAN_TAG 4u	   /* in the frame, not counted in the MTU */
#define USUAL_ALIGNMENT 8u /* of Hyper-V and OpenVMM */
#define MAX_ALIGNMENT 12u  /* as a power of 2 */
#define ETHERNET_HEADER 14u

#define NOTE(code) (1u << (code))

static bool is_set(const struct vb_layer *l, uint8_t slot)
{
	return l->set & 1u << slot;
}

/* ---- packets ---- */

static const struct vb_layer *nvsp_of(const struct vb_walked *w)
{
	const struct vb_layer *l = w->n_layers > 1 ? &w->layer[w->n_layers - 1] : NULL;

	return l && l->msg && strcmp(l->proto->name, "nvsp") == 0 ? l : NULL;
}

/*
 * Linux takes a section when the message and what aligns it are shorter than one (Linux 6.1
 * drivers/net/hyperv/netvsc.c, netvsc_send()). DPDK copies short frames only (drivers/net/netvsc,
 * tx_copybreak). So a message is missed in a section where one as long has been in one: if this is
 * not, none was free.
 */
static bool lacks_section(const struct vb_network *n, const struct vb_frame *f)
{
	uint32_t alignment = n->alignment ? n->alignment : USUAL_ALIGNMENT;

	return n->section_size && f->outside_len && f->outside_len <= n->longest_in_section &&
	       (uint64_t)f->outside_len + alignment < n->section_size;
}

static uint32_t rndis_packet(struct vb_network *n, const struct vb_frame *f,
			     const struct vb_walked *w, const struct vb_layer *l)
{
	uint32_t carrier = w->layer[0].msg ? w->layer[0].msg->number : 0;
	bool is_data = vb_layer_slot(l, VB_NVSP_CHANNEL) == VB_NVSP_DATA;

	if (f->direction != VB_TO_HOST || !is_set(l, VB_NVSP_SECTION_SIZE))
		return 0;
	if (vb_layer_slot(l, VB_NVSP_SECTION) != VB_NVSP_NO_SECTION) {
		if (carrier != VB_PACKET_IN_BAND)
			return 0; /* the beginning is in the section only */
		n->section.number = f->number;
		n->section.len = vb_layer_slot(l, VB_NVSP_SECTION_SIZE);
		n->section.joined = 0;
		return 0;
	}
	return is_data && carrier == VB_PACKET_GPA_DIRECT && lacks_section(n, f) ?
		       NOTE(VB_NOTE_NO_SECTION) :
		       0;
}

uint32_t vb_network_packet(struct vb_network *n, const struct vb_frame *f,
			   const struct vb_walked *w)
{
	const struct vb_layer *l = nvsp_of(w);

	switch (l ? l->msg->number : 0) {
	case VB_NVSP_INIT:
		*n = (struct vb_network){ 0 };
		break;
	case VB_NVSP_SEND_BUFFER_COMPLETE:
		if (vb_layer_slot(l, VB_S_STATUS) == VB_NVSP_SUCCESS)
			n->section_size = (uint32_t)vb_layer_slot(l, VB_NVSP_SECTION_SIZE);
		break;
	case VB_NVSP_REVOKE_SEND_BUFFER:
		n->section_size = 0;
		n->longest_in_section = 0;
		break;
	case VB_NVSP_NDIS_CONFIG:
		n->max_frame = vb_layer_slot(l, VB_NVSP_MTU);
		break;
	case VB_NVSP_RNDIS:
		return rndis_packet(n, f, w, l);
	default:
		break;
	}
	return 0;
}

/* ---- messages outside ---- */

/* Do messages fill what the packet says is in the section, no more and no less? */
static bool fits_section(struct vb_network *n, const struct vb_frame *f, const struct vb_layer *l)
{
	uint64_t len = vb_layer_slot(l, VB_RNDIS_LEN);

	if (n->section.number != f->number)
		return true;
	n->section.joined += len ? len : f->wire_len;
	return n->section.joined <= n->section.len && (len || f->cap_len < f->wire_len);
}

/* A frame in a section, without what stands behind it so that the next one is aligned. */
static void learn_length(struct vb_network *n, const struct vb_frame *f, const struct vb_layer *l)
{
	uint64_t len = VB_RNDIS_BODY + vb_layer_slot(l, VB_RNDIS_OFFSET) +
		       vb_layer_slot(l, VB_RNDIS_PART_LEN);

	if (n->section.number == f->number && l->msg && l->msg->number == VB_RNDIS_PACKET &&
	    is_set(l, VB_RNDIS_PART_LEN) && len <= n->section.len && len > n->longest_in_section)
		n->longest_in_section = len;
}

/* What makes a frame longer than others: the adapter, or the host, cuts or joins it. */
static bool is_offloaded(const struct vb_frame *f)
{
	struct vb_wanted wanted[] = {
#define ENTRY(i)                                                                                   \
	{ .path = "hv_rndis.packet.info[" i "].large_send" },                                      \
		{ .path = "hv_rndis.packet.info[" i "].packet_id.flags" }
		ENTRY("0"), ENTRY("1"), ENTRY("2"), ENTRY("3"), ENTRY("4"), ENTRY("5"), ENTRY("6"),
#undef ENTRY
	};
	size_t n = sizeof(wanted) / sizeof(*wanted);

	return vb_values_read(vb_proto_by_name("hv_rndis"), f, wanted, n, NULL) > 0;
}

static bool is_frame_too_long(const struct vb_network *n, const struct vb_frame *f,
			      const struct vb_layer *l)
{
	return n->max_frame && vb_layer_slot(l, VB_RNDIS_PART_LEN) > n->max_frame + VLAN_TAG &&
	       !is_offloaded(f);
}

/* An answer that is shorter than what was asked for, or than the object in it says. */
static bool is_answer_short(const struct vb_frame *f, const struct vb_layer *l)
{
	uint64_t len = vb_layer_slot(l, VB_RNDIS_PART_LEN);

	return vb_layer_slot(l, VB_S_STATUS) == 0 && is_set(l, VB_RNDIS_PART_LEN) && f->recalled &&
	       (len < vb_ndis_least(f->recalled) || len < vb_layer_slot(l, VB_NDIS_OBJECT_SIZE));
}

/* The host's largest frame has no Ethernet header, the guest's has. */
static bool is_mtu_other(const struct vb_network *n, const struct vb_frame *f,
			 const struct vb_layer *l)
{
	return f->recalled == VB_OID_MAX_FRAME && is_set(l, VB_NDIS_MAX_FRAME) && n->max_frame &&
	       vb_layer_slot(l, VB_NDIS_MAX_FRAME) + ETHERNET_HEADER < n->max_frame;
}

static bool sizes_agree(struct vb_network *n, const struct vb_frame *f, const struct vb_layer *l)
{
	uint64_t exponent = vb_layer_slot(l, VB_RNDIS_ALIGNMENT);

	/* Where bytes are missing in the record, so may whole ranges. */
	if (vb_layer_slot(l, VB_RNDIS_LEN) > f->wire_len && !(f->flags & VB_REC_EXT_CUT))
		return false;
	switch (l->msg ? l->msg->number : 0) {
	case VB_RNDIS_PACKET:
		return !is_frame_too_long(n, f, l);
	case VB_RNDIS_COMPLETE | VB_RNDIS_INITIALIZE:
		if (exponent <= MAX_ALIGNMENT)
			n->alignment = 1u << exponent;
		return true;
	case VB_RNDIS_COMPLETE | VB_RNDIS_QUERY:
		return !is_answer_short(f, l) && !is_mtu_other(n, f, l);
	default:
		return true;
	}
}

uint32_t vb_network_message(struct vb_network *n, const struct vb_frame *f,
			    const struct vb_walked *w)
{
	const struct vb_layer *l = &w->layer[0];
	bool fits;

	if (!w->n_layers || strcmp(l->proto->name, "hv_rndis") != 0)
		return 0;
	learn_length(n, f, l);
	fits = fits_section(n, f, l);
	return sizes_agree(n, f, l) && fits ? 0 : NOTE(VB_NOTE_SIZE);
}
