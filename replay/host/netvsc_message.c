/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RNDIS message of a frame for the guest, with what travels beside the frame.
 */
#include <stdio.h>

#include "replay/host/netvsc.h"

#define INFO_LEN 16u /* of each entry of per-packet information */
#define MAX_INFOS 4u
#define PATH_TEXT 56

_Static_assert(NETVSC_MAX_HEAD == VB_RNDIS_PACKET_LEN + MAX_INFOS * INFO_LEN,
	       "all that stands before a frame");

enum checked { TCP_RIGHT = 8, UDP_RIGHT = 16, IP_RIGHT = 32 };

struct info {
	uint32_t type, word;
};

static uint32_t checked_word(const struct vb_peer_frame *f)
{
	return (f->is_tcp ? (uint32_t)TCP_RIGHT : 0) | (f->is_udp ? (uint32_t)UDP_RIGHT : 0) |
	       (f->is_ip ? (uint32_t)IP_RIGHT : 0);
}

/* What goes with a part of a frame: the first has what is known of the whole. */
static uint32_t infos_of(const struct vb_netvsc *n, const struct vb_peer_frame *f, uint32_t flags,
			 struct info infos[MAX_INFOS])
{
	uint32_t k = 0, hash = n->n_table ? vb_netvsc_hash(n, f) : 0;

	if (!flags || flags & NETVSC_FIRST) {
		if (checked_word(f))
			infos[k++] = (struct info){ VB_RNDIS_INFO_CHECKSUM, checked_word(f) };
		if (f->vlan != VB_PEER_NO_VLAN)
			infos[k++] = (struct info){ VB_RNDIS_INFO_VLAN, (f->vlan & 0xfff) << 4 |
										(f->vlan >> 9 & 8) |
										f->vlan >> 13 };
		if (hash)
			infos[k++] = (struct info){ VB_RNDIS_INFO_HASH, hash };
	}
	if (flags)
		infos[k++] = (struct info){ VB_RNDIS_INFO_PACKET_ID, 1 | flags << 8 };
	return k;
}

static size_t add_infos(struct vb_value *values, const struct info *infos, uint32_t n_infos,
			char paths[][PATH_TEXT])
{
	static const char *const words[] = { "size", "type", "offset" };
	size_t k = 0;

	for (uint32_t i = 0; i < n_infos; i++) {
		const uint64_t heads[] = { INFO_LEN, infos[i].type, 12 };
		bool is_id = infos[i].type == VB_RNDIS_INFO_PACKET_ID;
		const char *name = infos[i].type == VB_RNDIS_INFO_CHECKSUM ? "checked" :
				   infos[i].type == VB_RNDIS_INFO_VLAN	   ? "vlan" :
				   is_id				   ? "packet_id.version" :
									     "hash";

		for (size_t j = 0; j < 3; j++, k++) {
			snprintf(paths[k], PATH_TEXT, "hv_rndis.packet.info[%u].%s", i, words[j]);
			values[k] = (struct vb_value)VB_NUMBER(paths[k], heads[j]);
		}
		snprintf(paths[k], PATH_TEXT, "hv_rndis.packet.info[%u].%s", i, name);
		values[k] = (struct vb_value)VB_NUMBER(paths[k], is_id ? 1 : infos[i].word);
		k++;
		if (is_id) {
			snprintf(paths[k], PATH_TEXT, "hv_rndis.packet.info[%u].packet_id.flags",
				 i);
			values[k] = (struct vb_value)VB_NUMBER(paths[k], infos[i].word >> 8);
			k++;
		}
	}
	return k;
}

uint32_t vb_netvsc_write_message(const struct vb_netvsc *n, const struct vb_peer_frame *f,
				 uint32_t at, uint32_t len, uint32_t flags, uint8_t *buf,
				 uint32_t room)
{
	struct info infos[MAX_INFOS];
	uint32_t n_infos = infos_of(n, f, flags, infos);
	uint32_t whole = VB_RNDIS_PACKET_LEN + n_infos * INFO_LEN + len;
	char paths[5 * MAX_INFOS][PATH_TEXT];
	struct vb_value values[8 + 5 * MAX_INFOS] = {
		VB_NUMBER("hv_rndis.type", VB_RNDIS_PACKET),
		VB_NUMBER("hv_rndis.length", whole),
		VB_NUMBER("hv_rndis.packet.data_offset",
			  VB_RNDIS_PACKET_LEN - VB_RNDIS_BODY + (uint64_t)n_infos * INFO_LEN),
		VB_NUMBER("hv_rndis.packet.data_len", len),
		VB_NUMBER("hv_rndis.packet.info_offset",
			  n_infos ? VB_RNDIS_PACKET_LEN - VB_RNDIS_BODY : 0),
		VB_NUMBER("hv_rndis.packet.info_len", (uint64_t)n_infos * INFO_LEN),
		VB_DATA("hv_rndis.packet.frame", f->bytes + at, len),
	};
	struct vb_frame frame = { .kind = VB_KIND_PACKET,
				  .direction = VB_TO_GUEST,
				  .wire_len = whole };
	size_t k = 7 + add_infos(values + 7, infos, n_infos, paths);

	if (whole > room ||
	    vb_values_encode(vb_proto_by_name("hv_rndis"), &frame, values, k, buf, room))
		return 0;
	return whole;
}
