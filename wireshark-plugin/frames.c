/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ethernet frames for Wireshark's own dissectors.
 *
 * What Wireshark gets are the bytes of the record, with one exception. If it is to validate checksums,
 * it would take those that are left to the host for wrong ones, and would put no segments together;
 * then such a frame is completed first, in a pane of its own.
 */
#include <string.h>

#include "wireshark-plugin/plugin.h"

/* ---- what is left to the host ---- */

#define INFO "hv_rndis.packet.info."

void vb_frames_explain(const struct vb_tree_sink *t, const char *path, const struct vb_item *it,
		       proto_tree *tree)
{
	static const struct {
		const char *path, *text;
	} texts[] = {
		{ INFO "checksum.tcp",
		  "TCP's checksum is left to the host: what the frame holds is a part of it" },
		{ INFO "checksum.udp",
		  "UDP's checksum is left to the host: what the frame holds is a part of it" },
		{ INFO "checksum.ip_header", "IP's checksum is left to the host" },
		{ INFO "large_send.mss",
		  "The host makes segments of the frame: its IP length and checksums are left to it" },
		{ INFO "checked.tcp_value_invalid",
		  "TCP's checksum was right before the host coalesced parts: it is that of a part" },
		{ INFO "checked.ip_value_invalid",
		  "IP's checksum was right before the host coalesced parts: it is that of a part" },
	};
	expert_field id = t->binding->left;

	if (!g_str_has_prefix(path, INFO))
		return;
	for (unsigned int i = 0; i < G_N_ELEMENTS(texts); i++)
		if (strcmp(texts[i].path, path) == 0)
			proto_tree_add_expert_format(tree, t->pinfo, &id, t->tvb, (int)it->off,
						     (int)it->len, "%s", texts[i].text);
}

static bool is_preferred(const char *module_name, const char *name)
{
	module_t *module = prefs_find_module(module_name);
	pref_t *pref = module ? prefs_find_preference(module, name) : NULL;

	return pref && prefs_get_bool_value(pref, pref_current);
}

static bool is_to_be_validated(uint8_t open)
{
	return (open & VB_ETHER_IP_SUM && is_preferred("ip", "check_checksum")) ||
	       (open & VB_ETHER_TCP_SUM && is_preferred("tcp", "check_checksum")) ||
	       (open & VB_ETHER_UDP_SUM && is_preferred("udp", "check_checksum"));
}

/* ---- handing over ---- */

static tvbuff_t *new_pane(const struct vb_tree_sink *t, const uint8_t *bytes,
			  const struct vb_ether_frame *frame, const char *title)
{
	tvbuff_t *tvb = tvb_new_child_real_data(t->tvb, bytes, frame->cap_len,
						(int)MIN(frame->wire_len, G_MAXINT));

	add_new_data_source(t->pinfo, tvb, title);
	return tvb;
}

static tvbuff_t *tvb_of(const struct vb_tree_sink *t, const struct vb_ether_frame *frame)
{
	uint8_t *bytes;

	if (is_to_be_validated(frame->open)) {
		bytes = wmem_memdup(t->pinfo->pool, frame->data, frame->cap_len);
		if (vb_ether_complete(frame, bytes))
			return new_pane(t, bytes, frame, "Frame as the host completes it");
	}
	if (frame->n_parts == 1 && frame->field < wmem_array_get_count(t->frames))
		return *(tvbuff_t **)wmem_array_index(t->frames, frame->field);
	return new_pane(t, frame->data, frame, "Coalesced frame");
}

void vb_frames_hand_over(const struct vb_tree_sink *t, const struct vb_frame *f,
			 const struct vb_walked *w, const uint8_t *ext, uint32_t ext_len)
{
	dissector_handle_t handle = find_dissector("eth_withoutfcs");
	struct vb_ether_frame frame;
	struct vb_ether e;

	if (!wmem_array_get_count(t->frames))
		return;
	vb_ether_init(&e, f, w, ext, ext_len, wmem_alloc(t->pinfo->pool, 2 * (size_t)ext_len));
	while (vb_ether_next(&e, &frame))
		vb_talk_pass(handle, tvb_of(t, &frame), t);
}
