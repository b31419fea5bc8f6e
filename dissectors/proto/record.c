/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header of a trace record, and the external part that may follow the packet: bytes the packet
 * refers to outside the ring. The fields of the header stand in record.h.
 */
#include "../names.h"
#include "../rows.h"
#include "../walk.h"

static const struct vb_row vb_record_flags[] = {
	BITS("cut", "Packet cut", 0, 1),
	BITS("ext_cut", "External part cut", 1, 1),
	BITS("failed", "Write failed", 3, 1),
	BITS("synthesized", "Synthesized at capture start", 4, 1),
	BITS("host_side", "Taken on the host side", 5, 1),
	BITS("withheld", "Content withheld", 6, 1),
	END_ROWS,
};

#define RECORD_UINT(bits, n, t, ...) VB_ROW(#n, t, VB_UINT, bits / 8, ##__VA_ARGS__),
#define RECORD_GUID(n, t, ...) GUID(#n, t, ##__VA_ARGS__),
static const struct vb_row header[] = {
	VB_RECORD_HEADER(RECORD_UINT, RECORD_GUID)
		BYTES("later", "Added by a later version", .len = VB_REST),
	END_ROWS,
};

const struct vb_proto vb_proto_record = {
	.name = "hv_record",
	.title = "VMBus trace record",
	.head = header,
	.help = "What the capture says about a message: where and when it was seen",
};

static const struct vb_name reasons[] = {
	{ 0, "complete" },
	{ 1, "snap length" },
	{ 2, "record size limit" },
	{ 3, "page not readable" },
	{ 4, "bounce buffer" },
	{ 5, "withheld" },
	{ 6, "buffer unknown" },
	{ 7, "handed to a virtual function" },
	END_NAMES,
};

static uint64_t to_four(const struct vb_scope *sc)
{
	return (4 - vb_slot(sc, VB_S_LEN) % 4) % 4;
}

static const struct vb_row segment[] = {
	U32("range", "Range",
	    .help = "Position in the packet's range list; 0xffffffff: send buffer"),
	U32("wire_len", "Wire length"),
	U32("cap_len", "Captured length", .set = VB_S_LEN),
	U32("reason", "Why not all", .names = reasons),
	BYTES("data", "Data", .len = VB_S_LEN),
	PAD("pad", 0, .calc = to_four),
	END_ROWS,
};

static const struct vb_row external[] = {
	STRUCT("segment", "Segment", segment, .count = VB_REST),
	END_ROWS,
};

const struct vb_proto vb_proto_ext = {
	.name = "hv_ext",
	.title = "External part",
	.head = external,
	.help = "Bytes that a packet refers to outside the ring",
};
