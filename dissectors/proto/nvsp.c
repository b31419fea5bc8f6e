/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network: the messages between a network device and the virtual switch. Frames and control of the
 * adapter are RNDIS messages, which lie outside the ring; what stands here says where.
 *
 * Layouts: Linux 6.1 drivers/net/hyperv/hyperv_net.h, struct nvsp_message and its unions; version 6's
 * packet direct and its operations, which no open driver uses, from the same file. Types that have
 * no layout there are names only. Guests send 28, 32 or 40 bytes, whatever the message needs.
 */
#include "../network.h"
#include "../rows.h"
#include "../walk.h"

#define STATUS VB_S_STATUS
#define N_SECTIONS VB_S_COUNT
#define N_ENTRIES VB_S_COUNT
#define TABLE_OFFSET VB_S_A
#define OPERATION VB_S_B

static const struct vb_name versions[] = {
	{ VB_NVSP_1, "1" }, { VB_NVSP_2, "2" },	    { VB_NVSP_4, "4" }, { VB_NVSP_5, "5" },
	{ VB_NVSP_6, "6" }, { VB_NVSP_6_1, "6.1" }, END_NAMES,
};

static const struct vb_name statuses[] = {
	{ VB_NVSP_NONE, "none" },
	{ VB_NVSP_SUCCESS, "success" },
	{ VB_NVSP_FAILURE, "failure" },
	{ VB_NVSP_TOO_NEW, "protocol version too new" },
	{ VB_NVSP_TOO_OLD, "protocol version too old" },
	{ VB_NVSP_INVALID_RNDIS, "invalid RNDIS packet" },
	{ VB_NVSP_BUSY, "busy" },
	{ VB_NVSP_UNSUPPORTED, "protocol version not supported" },
	END_NAMES,
};

static const struct vb_row head[] = {
	U32("type", "Message type", .set = VB_S_TYPE),
	END_ROWS,
};

/* Up to the length that all messages have. */
#define UNUSED HIDDEN("unused", "Unused", 0, .len = VB_REST)

static const struct vb_row nothing[] = {
	UNUSED,
	END_ROWS,
};

#define STATUS_ROW U32("status", "Status", .names = statuses, .set = STATUS, .summary = VB_SUM_YES)

static const struct vb_row status_only[] = {
	STATUS_ROW,
	UNUSED,
	END_ROWS,
};

/* ---- version ---- */

static const struct vb_row init[] = {
	U32("min_version", "Lowest version", .base = VB_HEX, .names = versions),
	U32("max_version", "Highest version", .base = VB_HEX, .names = versions,
	    .set = VB_S_VERSION, .summary = VB_SUM_YES),
	UNUSED,
	END_ROWS,
};

static const struct vb_row init_complete[] = {
	U32("negotiated_version", "Negotiated version", .base = VB_HEX, .names = versions,
	    .help = "Of version 1 only; later hosts write 0xffffffff"),
	U32("max_mdl_chain_len", "Longest chain of buffers"),
	STATUS_ROW,
	UNUSED,
	END_ROWS,
};

static const struct vb_row ndis_version[] = {
	U32("major", "NDIS major version", .summary = VB_SUM_YES),
	U32("minor", "NDIS minor version", .summary = VB_SUM_YES),
	UNUSED,
	END_ROWS,
};

static const struct vb_row capabilities[] = {
	BITS("vmq", "Virtual machine queues", 0, 1),
	BITS("chimney", "TCP chimney", 1, 1),
	BITS("sriov", "Virtual function (SR-IOV)", 2, 1),
	BITS("ieee8021q", "Tags of IEEE 802.1Q", 3, 1),
	BITS("correlation_id", "Correlation id", 4, 1),
	BITS("teaming", "Teaming", 5, 1),
	BITS("virtual_subnet_id", "Virtual subnet id", 6, 1),
	BITS("rsc", "Receive segment coalescing", 7, 1),
	END_ROWS,
};

static const struct vb_row ndis_config[] = {
	U32("mtu", "MTU", .set = VB_NVSP_MTU, .summary = VB_SUM_YES,
	    .help = "With the 14 bytes of the Ethernet header"),
	PAD("reserved", 4),
	U64("capabilities", "Capabilities", .base = VB_HEX, .bits = capabilities,
	    .summary = VB_SUM_YES),
	UNUSED,
	END_ROWS,
};

/* ---- the shared buffers ---- */

static const struct vb_row buffer[] = {
	U32("gpadl", "GPADL", .base = VB_HEX, .summary = VB_SUM_YES),
	U16("id", "Buffer id", .base = VB_HEX, .summary = VB_SUM_YES),
	PAD("reserved", 2),
	UNUSED,
	END_ROWS,
};

static const struct vb_row section[] = {
	U32("offset", "Offset"),
	U32("sub_alloc_size", "Size of a part", .summary = VB_SUM_YES),
	U32("num_sub_allocs", "Parts", .summary = VB_SUM_YES),
	U32("end_offset", "End"),
	END_ROWS,
};

static const struct vb_row receive_buffer_complete[] = {
	STATUS_ROW,
	U32("num_sections", "Sections", .set = N_SECTIONS),
	STRUCT("section", "Section", section, .count = N_SECTIONS),
	UNUSED,
	END_ROWS,
};

static const struct vb_row send_buffer_complete[] = {
	STATUS_ROW,
	U32("section_size", "Size of a section", .set = VB_NVSP_SECTION_SIZE,
	    .summary = VB_SUM_YES),
	UNUSED,
	END_ROWS,
};

static const struct vb_row revoke[] = {
	U16("id", "Buffer id", .base = VB_HEX, .summary = VB_SUM_YES),
	UNUSED,
	END_ROWS,
};

/* ---- RNDIS ---- */

static const struct vb_name channel_types[] = {
	{ VB_NVSP_DATA, "data" },
	{ VB_NVSP_CONTROL, "control" },
	END_NAMES,
};

static const struct vb_name no_section[] = {
	{ VB_NVSP_NO_SECTION, "none" },
	END_NAMES,
};

static const struct vb_row rndis_packet[] = {
	U32("channel_type", "Channel", .names = channel_types, .set = VB_NVSP_CHANNEL,
	    .summary = VB_SUM_NAME),
	U32("section_index", "Section of the send buffer", .names = no_section,
	    .set = VB_NVSP_SECTION, .summary = VB_SUM_YES),
	U32("section_size", "Bytes in the section", .set = VB_NVSP_SECTION_SIZE,
	    .summary = VB_SUM_NONZERO),
	UNUSED,
	END_ROWS,
};

/* ---- queues ---- */

static const struct vb_row vf_association[] = {
	U32("allocated", "Virtual function", .summary = VB_SUM_YES, .help = "1: there is one"),
	U32("serial", "Serial number", .summary = VB_SUM_YES,
	    .help = "Of the virtual function's PCI slot"),
	UNUSED,
	END_ROWS,
};

static const struct vb_name data_paths[] = {
	{ VB_NVSP_SYNTHETIC, "synthetic" },
	{ VB_NVSP_VIRTUAL_FUNCTION, "virtual function" },
	END_NAMES,
};

static const struct vb_row switch_data_path[] = {
	U32("active", "Data path", .names = data_paths, .summary = VB_SUM_YES),
	UNUSED,
	END_ROWS,
};

static const struct vb_name subchannel_operations[] = {
	{ VB_NVSP_SUBCHANNEL_NONE, "none" },
	{ VB_NVSP_SUBCHANNEL_ALLOCATE, "allocate" },
	END_NAMES,
};

static const struct vb_row subchannel[] = {
	U32("operation", "Operation", .names = subchannel_operations),
	U32("num_subchannels", "Sub-channels", .summary = VB_SUM_YES),
	UNUSED,
	END_ROWS,
};

static const struct vb_row subchannel_complete[] = {
	STATUS_ROW,
	U32("num_subchannels", "Sub-channels", .summary = VB_SUM_YES),
	UNUSED,
	END_ROWS,
};

#define HEAD_LEN 12u	   /* type, count, offset */
#define LONG_TABLE_LEN 64u /* 16 entries */

/*
 * Bytes between the offset and the table. Hosts up to version 6 write an offset that is too small
 * when they put the table behind a whole message: Linux 6.1 drivers/net/hyperv/netvsc.c,
 * netvsc_send_table().
 */
static uint64_t to_table(const struct vb_scope *sc)
{
	uint64_t version = vb_slot(sc, VB_S_VERSION), offset = vb_slot(sc, TABLE_OFFSET);

	if (version && version < VB_NVSP_6_1 &&
	    sc->end - sc->start >= VB_NVSP_LEN_6_1 + LONG_TABLE_LEN)
		return VB_NVSP_LEN_6_1 - HEAD_LEN;
	return offset > HEAD_LEN ? offset - HEAD_LEN : 0;
}

static const struct vb_row indirection_table[] = {
	U32("count", "Entries", .set = N_ENTRIES, .summary = VB_SUM_YES),
	U32("table_offset", "Offset of the table", .set = TABLE_OFFSET,
	    .help = "From the start of the message; hosts up to version 6 may write too little"),
	HIDDEN("gap", "Before the table", 0, .calc = to_table),
	U32("queue", "Queue", .count = N_ENTRIES),
	UNUSED,
	END_ROWS,
};

static const struct vb_row oid_query[] = {
	U8("object_type", "Object type", .base = VB_HEX),
	U8("object_revision", "Object revision"),
	U16("object_size", "Object size"),
	U32("oid", "OID", .base = VB_HEX, .summary = VB_SUM_YES),
	UNUSED,
	END_ROWS,
};

static const struct vb_row oid_query_complete[] = {
	U32("status", "Status", .base = VB_HEX, .set = STATUS, .summary = VB_SUM_YES),
	U32("bytes", "Bytes"),
	UNUSED,
	END_ROWS,
};

/* ---- receive buffers of version 2, which nothing uses ---- */

static const struct vb_row alloc_receive_buffer[] = {
	U32("allocation_id", "Allocation id"),
	U32("length", "Length"),
	UNUSED,
	END_ROWS,
};

static const struct vb_row alloc_receive_buffer_complete[] = {
	STATUS_ROW,
	U32("allocation_id", "Allocation id"),
	U32("gpadl", "GPADL", .base = VB_HEX),
	U64("buffer_id", "Buffer id", .base = VB_HEX),
	UNUSED,
	END_ROWS,
};

static const struct vb_row free_receive_buffer[] = {
	U64("buffer_id", "Buffer id", .base = VB_HEX),
	UNUSED,
	END_ROWS,
};

/* ---- packet direct ---- */

static const struct vb_name operations[] = {
	{ 1, "configure" },	     { 2, "switch data path" },
	{ 3, "open provider" },	     { 4, "close provider" },
	{ 5, "create queue" },	     { 6, "flush queue" },
	{ 7, "free queue" },	     { 8, "allocate common buffer" },
	{ 9, "free common buffer" }, END_NAMES,
};

#define OPERATION_ROW                                                                              \
	U32("operation", "Operation", .names = operations, .set = OPERATION, .summary = VB_SUM_YES)
#define OF(op) .when = OPERATION, .mask = UINT32_MAX, .equals = (op)
#define PROVIDER U32("provider_id", "Provider")

static const struct vb_row configure[] = {
	U64("mmio_address", "Register address", .base = VB_HEX),
	U32("mmio_len", "Register length"),
	U16("num_queues", "Queues"),
	END_ROWS,
};

static const struct vb_row data_path[] = {
	U8("host_active", "Host's path is packet direct"),
	U8("guest_active", "Guest's path is packet direct"),
	END_ROWS,
};

static const struct vb_row open_provider[] = {
	PROVIDER,
	U32("flags", "Flags", .base = VB_HEX),
	END_ROWS,
};

static const struct vb_row provider[] = {
	PROVIDER,
	END_ROWS,
};

static const struct vb_row affinity[] = {
	U64("mask", "Processors", .base = VB_HEX),
	U16("group", "Group"),
	PAD("reserved", 6),
	END_ROWS,
};

static const struct vb_row create_queue[] = {
	PROVIDER,
	U16("queue_id", "Queue"),
	U16("queue_size", "Queue size"),
	U8("is_receive", "Receive queue"),
	U8("is_rss", "RSS queue"),
	U32("receive_data_len", "Length of received data"),
	STRUCT("affinity", "Affinity", affinity),
	END_ROWS,
};

static const struct vb_row queue[] = {
	PROVIDER,
	U16("queue_id", "Queue"),
	END_ROWS,
};

static const struct vb_row allocate[] = {
	U32("length", "Length"),
	U32("numa_node", "NUMA node"),
	U16("region_id", "Region"),
	END_ROWS,
};

static const struct vb_row release[] = {
	U32("length", "Length"),	U64("address", "Address", .base = VB_HEX),
	U32("numa_node", "NUMA node"),	U16("region_id", "Region"),
	U8("cache_type", "Cache type"), END_ROWS,
};

static const struct vb_row packet_direct[] = {
	OPERATION_ROW,
	STRUCT("configure", "Configure", configure, OF(1)),
	STRUCT("switch_data_path", "Switch data path", data_path, OF(2)),
	STRUCT("open_provider", "Open provider", open_provider, OF(3)),
	STRUCT("close_provider", "Close provider", provider, OF(4)),
	STRUCT("create_queue", "Create queue", create_queue, OF(5)),
	STRUCT("flush_queue", "Flush queue", queue, OF(6)),
	STRUCT("free_queue", "Free queue", queue, OF(7)),
	STRUCT("allocate", "Allocate common buffer", allocate, OF(8)),
	STRUCT("free", "Free common buffer", release, OF(9)),
	UNUSED,
	END_ROWS,
};

static const struct vb_row configured[] = {
	U16("num_queues", "Queues"),
	U8("num_rss_queues", "RSS queues"),
	U8("is_supported", "Supported by the host"),
	U8("is_enabled", "Enabled"),
	END_ROWS,
};

static const struct vb_row queue_created[] = {
	PROVIDER,
	U16("queue_id", "Queue"),
	U16("queue_size", "Queue size"),
	U32("receive_data_len", "Length of received data"),
	STRUCT("affinity", "Affinity", affinity),
	END_ROWS,
};

static const struct vb_row allocated[] = {
	U64("address", "Address", .base = VB_HEX),
	U32("length", "Length"),
	U32("numa_node", "NUMA node"),
	U16("region_id", "Region"),
	U8("cache_type", "Cache type"),
	END_ROWS,
};

static const struct vb_row packet_direct_complete[] = {
	OPERATION_ROW,
	U32("status", "Status", .base = VB_HEX, .set = STATUS, .summary = VB_SUM_YES),
	STRUCT("configure", "Configured", configured, OF(1)),
	STRUCT("open_provider", "Provider opened", provider, OF(3)),
	STRUCT("create_queue", "Queue created", queue_created, OF(5)),
	STRUCT("allocate", "Common buffer allocated", allocated, OF(8)),
	UNUSED,
	END_ROWS,
};

static const struct vb_row batch_flags[] = {
	BITS("to_host", "Guest to host", 0, 1),
	BITS("is_receive", "Receive queue", 1, 1),
	END_ROWS,
};

static const struct vb_row buffer_flags[] = {
	BITS("is_partial", "Part of a packet", 0, 1),
	BITS("reserved", "Reserved", 1, 15),
	END_ROWS,
};

static const struct vb_row batch_entry[] = {
	U32("region_offset", "Offset in the region"),
	U16("region_id", "Region"),
	U16("flags", "Flags", .base = VB_HEX, .bits = buffer_flags),
	END_ROWS,
};

static const struct vb_row post_batch[] = {
	U16("count", "Buffers", .set = N_ENTRIES, .summary = VB_SUM_YES),
	U16("flags", "Flags", .base = VB_HEX, .bits = batch_flags),
	STRUCT("buffer", "Buffer", batch_entry, .count = N_ENTRIES),
	UNUSED,
	END_ROWS,
};

/* ---- all ---- */

#define SAYS_STATUS .status = STATUS, .success = VB_NVSP_SUCCESS
#define SAYS_NTSTATUS .status = STATUS /* 0 is success */
/* Numbers for which no layout is known, or none exists. */
#define NAME_ONLY(num, n, t) MSG(num, n, t, nothing)

static const struct vb_msg msgs[] = {
	NAME_ONLY(0, "none", "None"),
	MSG(VB_NVSP_INIT, "init", "Initialize", init, .from = VB_TO_HOST, .proposes = true),
	MSG(VB_NVSP_INIT_COMPLETE, "init_complete", "Initialize, complete", init_complete,
	    .from = VB_TO_GUEST, .answers = VB_NVSP_INIT, .accepts_if = STATUS,
	    .accepts = VB_NVSP_SUCCESS),
	MSG(VB_NVSP_NDIS_VERSION, "ndis_version", "NDIS version", ndis_version, .from = VB_TO_HOST),
	MSG(VB_NVSP_RECEIVE_BUFFER, "receive_buffer", "Receive buffer", buffer, .from = VB_TO_HOST),
	MSG(VB_NVSP_RECEIVE_BUFFER_COMPLETE, "receive_buffer_complete", "Receive buffer, complete",
	    receive_buffer_complete, .from = VB_TO_GUEST, .answers = VB_NVSP_RECEIVE_BUFFER,
	    SAYS_STATUS),
	MSG(VB_NVSP_REVOKE_RECEIVE_BUFFER, "revoke_receive_buffer", "Revoke receive buffer", revoke,
	    .from = VB_TO_HOST),
	MSG(VB_NVSP_SEND_BUFFER, "send_buffer", "Send buffer", buffer, .from = VB_TO_HOST),
	MSG(VB_NVSP_SEND_BUFFER_COMPLETE, "send_buffer_complete", "Send buffer, complete",
	    send_buffer_complete, .from = VB_TO_GUEST, .answers = VB_NVSP_SEND_BUFFER, SAYS_STATUS),
	MSG(VB_NVSP_REVOKE_SEND_BUFFER, "revoke_send_buffer", "Revoke send buffer", revoke,
	    .from = VB_TO_HOST),
	MSG(VB_NVSP_RNDIS, "rndis", "RNDIS packet", rndis_packet, .outside = "hv_rndis"),
	MSG(VB_NVSP_RNDIS_COMPLETE, "rndis_complete", "RNDIS packet, complete", status_only,
	    SAYS_STATUS),
	NAME_ONLY(109, "call_chimney", "Chimney: delegated buffers"),
	NAME_ONLY(110, "call_chimney_complete", "Chimney: delegated buffers, complete"),
	NAME_ONLY(111, "chimney_revoke", "Chimney: revoke buffers"),
	NAME_ONLY(112, "chimney_resume", "Chimney: resume receiving"),
	NAME_ONLY(113, "chimney_terminate", "Chimney: terminate"),
	NAME_ONLY(114, "chimney_terminate_complete", "Chimney: terminate, complete"),
	NAME_ONLY(115, "chimney_event", "Chimney: event"),
	NAME_ONLY(116, "chimney_packet", "Chimney: packet"),
	NAME_ONLY(117, "chimney_packet_complete", "Chimney: packet, complete"),
	NAME_ONLY(118, "chimney_receive", "Chimney: post receive"),
	NAME_ONLY(119, "chimney_receive_complete", "Chimney: post receive, complete"),
	MSG(VB_NVSP_ALLOC_RECEIVE_BUFFER, "alloc_receive_buffer", "Allocate receive buffer",
	    alloc_receive_buffer),
	MSG(VB_NVSP_ALLOC_RECEIVE_BUFFER_COMPLETE, "alloc_receive_buffer_complete",
	    "Allocate receive buffer, complete", alloc_receive_buffer_complete,
	    .answers = VB_NVSP_ALLOC_RECEIVE_BUFFER, SAYS_STATUS),
	MSG(VB_NVSP_FREE_RECEIVE_BUFFER, "free_receive_buffer", "Free receive buffer",
	    free_receive_buffer),
	NAME_ONLY(123, "vmq_rndis", "VMQ RNDIS packet"),
	NAME_ONLY(124, "vmq_rndis_complete", "VMQ RNDIS packet, complete"),
	MSG(VB_NVSP_NDIS_CONFIG, "ndis_config", "NDIS configuration", ndis_config,
	    .from = VB_TO_HOST),
	NAME_ONLY(126, "alloc_chimney_handle", "Chimney: allocate handle"),
	NAME_ONLY(127, "alloc_chimney_handle_complete", "Chimney: allocate handle, complete"),
	MSG(VB_NVSP_VF_ASSOCIATION, "vf_association", "Virtual function association",
	    vf_association, .from = VB_TO_GUEST),
	MSG(VB_NVSP_SWITCH_DATA_PATH, "switch_data_path", "Switch data path", switch_data_path),
	NAME_ONLY(130, "uplink_connect_state", "Uplink connect state"),
	MSG(VB_NVSP_OID_QUERY, "oid_query", "OID query", oid_query, .from = VB_TO_HOST),
	MSG(VB_NVSP_OID_QUERY_COMPLETE, "oid_query_complete", "OID query, complete",
	    oid_query_complete, .from = VB_TO_GUEST, .answers = VB_NVSP_OID_QUERY, SAYS_NTSTATUS),
	MSG(VB_NVSP_SUBCHANNEL, "subchannel", "Sub-channels", subchannel, .from = VB_TO_HOST),
	MSG(VB_NVSP_SUBCHANNEL, "subchannel_complete", "Sub-channels, complete",
	    subchannel_complete, .from = VB_TO_GUEST, .answers = VB_NVSP_SUBCHANNEL, SAYS_STATUS),
	MSG(VB_NVSP_INDIRECTION_TABLE, "indirection_table", "Indirection table", indirection_table,
	    .from = VB_TO_GUEST),
	MSG(VB_NVSP_PACKET_DIRECT, "packet_direct", "Packet direct", packet_direct,
	    .from = VB_TO_HOST),
	MSG(VB_NVSP_PACKET_DIRECT, "packet_direct_complete", "Packet direct, complete",
	    packet_direct_complete, .from = VB_TO_GUEST, .answers = VB_NVSP_PACKET_DIRECT,
	    SAYS_NTSTATUS),
	MSG(VB_NVSP_POST_BATCH, "post_batch", "Packet direct: post batch", post_batch),
	END_MSGS,
};

const struct vb_proto vb_proto_nvsp = {
	.name = "nvsp",
	.title = "Network virtual service",
	.head = head,
	.msgs = msgs,
	.by_class_version = true,
	.versions = versions,
	.help = "Messages between a network device and the virtual switch",
};
