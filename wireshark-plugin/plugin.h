/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bind.c: rows -> fields, once. tree.c: a walk -> the tree of one frame. talk.c: conversations and
 * the dissectors of others. frames.c: Ethernet frames for Wireshark's dissectors. scsi.c: its own view
 * of SCSI. plugin.c: what is known across frames, the dissector, the entry.
 */
#ifndef VB_PLUGIN_H
#define VB_PLUGIN_H

#include "dissectors/ether.h"
#include "dissectors/session.h"
#include "dissectors/sinks.h"
#include "wireshark-plugin/compat.h"

/* Of the dissector, as the tags in front of a record give it; also the name of our protocol. */
#define VB_NAME "vmbus"

/* ---- bind.c ---- */

/* What Wireshark knows a row, message or protocol by. */
struct vb_bound {
	int id;	 /* of the field or protocol */
	int ett; /* of the tree below it */
};

struct vb_binding {
	GHashTable *by_path; /* name -> struct vb_bound */
	int gap;	     /* field: bytes that no row describes */
	int scsi;	     /* field: what Wireshark's dissector of SCSI says */
	expert_field notes[VB_N_NOTES], malformed;
	expert_field left; /* what a frame leaves to the host, or lost by being coalesced */
};

/* Register all protocols, messages and rows. */
void vb_bind(struct vb_binding *b);
/* A name of ours that Wireshark has a protocol of, so that vb_bind() cannot be; NULL: none. */
const char *vb_bind_taken(void);
/* Never NULL for a name of the tables. */
const struct vb_bound *vb_bind_find(const struct vb_binding *b, const char *path);

/* ---- tree.c ---- */

/* One frame's tree while it grows. */
struct vb_tree_sink {
	const struct vb_binding *binding;
	packet_info *pinfo;
	proto_tree *root;
	tvbuff_t *tvb; /* the bytes that are walked; set before each walk */
	struct vb_path path;
	unsigned int depth;
	struct {
		proto_tree *tree;
		proto_item *item;
	} level[48];		 /* more than the walk nests */
	bool big_bits;		 /* of the integer whose bits are shown */
	wmem_array_t *handovers; /* struct vb_handover */
	wmem_array_t *frames;	 /* tvbuff_t *: Ethernet frames, or parts of them */
};

/* Bytes for a dissector that is not ours. */
struct vb_handover {
	const struct vb_row *row;
	tvbuff_t *tvb;
};

struct vb_sink vb_tree_sink_init(struct vb_tree_sink *t, const struct vb_binding *b,
				 packet_info *pinfo, proto_tree *root);

/* ---- talk.c ---- */

struct vb_talk {
	int tap, proto;
	dissector_table_t services;
};

void vb_talk_register(struct vb_talk *talk, int proto);
/* Once all dissectors are known: what "Decode As" has to choose from. */
void vb_talk_services(void);
/* Source and destination are the guest and the device's channel; they make a conversation. */
void vb_talk_about(const struct vb_talk *talk, packet_info *pinfo, const struct vb_frame *f);
/* Pass what the tree collected to the dissectors it is for, but for frames. */
void vb_talk_hand_over(const struct vb_talk *talk, const struct vb_tree_sink *t,
		       const struct vb_frame *f);
/* Pass bytes to a dissector. What it finds wrong with them ends that one only. */
void vb_talk_pass(dissector_handle_t handle, tvbuff_t *tvb, const struct vb_tree_sink *t);

/* ---- frames.c ---- */

/*
 * A field of which the frame at hand is to be understood: what it leaves to the host is explained.
 * it: a bit that is set, called path.
 */
void vb_frames_explain(const struct vb_tree_sink *t, const char *path, const struct vb_item *it,
		       proto_tree *tree);
/*
 * Pass the frames of a packet to Wireshark's dissector of Ethernet: those that the tree has, and
 * coalesced ones as one. f, w and ext: the packet as it was walked.
 */
void vb_frames_hand_over(const struct vb_tree_sink *t, const struct vb_frame *f,
			 const struct vb_walked *w, const uint8_t *ext, uint32_t ext_len);

/* ---- scsi.c ---- */

/* The dissector of iSCSI, which is how that of SCSI can be reached; NULL: this Wireshark has none. */
dissector_handle_t vb_scsi_handle(void);
/*
 * Show a request of storage, or its completion, as Wireshark's dissector of SCSI reads it. handle: as
 * above; ett: of the tree; f, w and ext: the packet as it was walked; request: the frame it answers.
 */
void vb_scsi_view(dissector_handle_t handle, int ett, const struct vb_tree_sink *t,
		  const struct vb_frame *f, const struct vb_walked *w, const uint8_t *ext,
		  uint32_t ext_len, uint64_t request);

#endif
