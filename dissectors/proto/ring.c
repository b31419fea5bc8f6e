/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets on a ring: the descriptor, the headers of the packet types, and the payload, which is of
 * the protocol of the channel's class.
 *
 * Layouts: Linux 6.1 include/linux/hyperv.h (struct vmpacket_descriptor and those after it); the
 * types that Linux dropped later are as that file had them.
 */
#include "../gpa.h"
#include "../packet.h"
#include "../rows.h"

static const struct vb_row flags[] = {
	BITS("completion_requested", "Completion requested", 0, 1),
	BITS("reserved", "Reserved", 1, 15),
	END_ROWS,
};

static const struct vb_row head[] = {
	U16("type", "Packet type", .set = VB_S_TYPE),
	U16("data_offset8", "Header length", .set = VB_S_HEAD, .help = "In units of 8 bytes"),
	U16("len8", "Length", .set = VB_S_LEN, .help = "In units of 8 bytes, trailer not counted"),
	U16("flags", "Flags", .base = VB_HEX, .bits = flags, .set = VB_S_FLAGS),
	U64("trans_id", "Transaction id", .base = VB_HEX, .set = VB_S_ID,
	    .summary = VB_SUM_NONZERO),
	END_ROWS,
};

static const struct vb_row tail[] = {
	PAYLOAD("data", "Data", NULL, .len = VB_REST),
	END_ROWS,
};

static const struct vb_row set_change[] = {
	U32("gpadl", "GPADL", .base = VB_HEX),
	U16("set_id", "Transfer page set"),
	PAD("reserved", 2),
	END_ROWS,
};

static const struct vb_row establish_gpadl[] = {
	U32("gpadl", "GPADL", .base = VB_HEX),
	U32("range_count", "Ranges", .set = VB_S_COUNT),
	STRUCT("range", "Range", vb_gpa_range, .count = VB_S_COUNT),
	END_ROWS,
};

static const struct vb_row gpadl[] = {
	U32("gpadl", "GPADL", .base = VB_HEX),
	PAD("reserved", 4),
	END_ROWS,
};

static const struct vb_row page_range[] = {
	U32("byte_count", "Bytes"),
	U32("byte_offset", "Offset in the set"),
	END_ROWS,
};

/* The byte after sender_owns_set may hold garbage (OpenVMM vmbus_ring). */
static const struct vb_row xfer_pages[] = {
	U16("set_id", "Transfer page set", .base = VB_HEX, .summary = VB_SUM_YES),
	U8("sender_owns_set", "Sender owns set"),
	PAD("reserved", 1),
	U32("range_count", "Ranges", .set = VB_S_COUNT, .summary = VB_SUM_YES),
	STRUCT("range", "Range", page_range, .count = VB_S_COUNT),
	END_ROWS,
};

static const struct vb_row gpa_direct[] = {
	PAD("reserved", 4),
	U32("range_count", "Ranges", .set = VB_S_COUNT, .summary = VB_SUM_YES),
	STRUCT("range", "Range", vb_gpa_range, .count = VB_S_COUNT),
	END_ROWS,
};

static const struct vb_row additional_data[] = {
	U64("total_bytes", "Bytes in all"),
	U32("offset", "Offset"),
	U32("byte_count", "Bytes"),
	END_ROWS,
};

#define ASKS .key = { VB_S_ID }, .asks_if = VB_S_FLAGS

static const struct vb_msg msgs[] = {
	MSG(VB_PACKET_INVALID, "invalid", "Invalid", NULL),
	MSG(VB_PACKET_SYNCH, "synch", "Synchronize", NULL, ASKS),
	MSG(VB_PACKET_ADD_XFER_PAGE_SET, "add_xfer_page_set", "Add transfer page set", set_change,
	    ASKS),
	MSG(VB_PACKET_RM_XFER_PAGE_SET, "rm_xfer_page_set", "Remove transfer page set", set_change,
	    ASKS),
	MSG(VB_PACKET_ESTABLISH_GPADL, "establish_gpadl", "Establish GPADL in band",
	    establish_gpadl, ASKS),
	MSG(VB_PACKET_TEARDOWN_GPADL, "teardown_gpadl", "Tear down GPADL in band", gpadl, ASKS),
	MSG(VB_PACKET_IN_BAND, "in_band", "In-band data", NULL, .quiet = true, ASKS),
	MSG(VB_PACKET_XFER_PAGES, "xfer_pages", "Data in transfer pages", xfer_pages, .apart = true,
	    ASKS),
	MSG(VB_PACKET_GPADL_DATA, "gpadl_data", "Data in a GPADL", gpadl, ASKS),
	MSG(VB_PACKET_GPA_DIRECT, "gpa_direct", "Data at guest addresses", gpa_direct, ASKS),
	MSG(VB_PACKET_CANCEL_REQUEST, "cancel_request", "Cancel request", NULL),
	MSG(VB_PACKET_COMPLETION, "completion", "Completion", NULL, .answers = VB_ANY,
	    .key = { VB_S_ID }),
	MSG(VB_PACKET_ADDITIONAL_PACKET, "additional_packet", "Data using additional packets", NULL,
	    ASKS),
	MSG(VB_PACKET_ADDITIONAL_DATA, "additional_data", "Additional data", additional_data),
	END_MSGS,
};

const struct vb_proto vb_proto_ring = {
	.name = "hv_ring",
	.title = "VMBus packet",
	.head = head,
	.msgs = msgs,
	.tail = tail,
	.own_len = VB_S_LEN,
	.head_len = VB_S_HEAD,
	.unit = 8,
	.any_request = true,
	.help = "A packet on a channel's ring",
};
