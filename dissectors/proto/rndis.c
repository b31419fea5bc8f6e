/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RNDIS: frames, and the control of an adapter.
 *
 * Layouts: Linux 6.1 drivers/net/hyperv/hyperv_net.h and include/linux/rndis.h. Offsets inside a
 * message count from the first field behind type and length. On VMBus there are no virtual circuits:
 * the messages that make them are left out.
 */
#include "../names.h"
#include "../ndis.h"
#include "../network.h"
#include "../rows.h"
#include "../walk.h"

#define OWN_LEN VB_RNDIS_LEN
#define OFFSET VB_RNDIS_OFFSET
#define LEN VB_RNDIS_PART_LEN /* of the part that is at OFFSET */
#define PPI_OFFSET VB_S_B
#define PPI_LEN VB_S_C

static const struct vb_row head[] = {
	U32("type", "Message type", .base = VB_HEX, .set = VB_S_TYPE),
	U32("length", "Message length", .set = OWN_LEN,
	    .help = "Bytes, with what follows the last field up to the next message"),
	END_ROWS,
};

static const struct vb_name statuses[] = {
	{ VB_RNDIS_SUCCESS, "success" },
	{ VB_RNDIS_PENDING, "pending" },
	{ VB_RNDIS_CONNECT, "media connect" },
	{ VB_RNDIS_DISCONNECT, "media disconnect" },
	{ VB_RNDIS_SPEED_CHANGE, "link speed change" },
	{ VB_RNDIS_NETWORK_CHANGE, "network change" },
	{ VB_RNDIS_OFFLOAD_CHANGE, "offload configuration" },
	{ VB_RNDIS_OVERFLOW, "buffer overflow" },
	{ VB_RNDIS_FAILURE, "failure" },
	{ VB_RNDIS_RESOURCES, "resources" },
	{ VB_RNDIS_NOT_SUPPORTED, "not supported" },
	{ VB_RNDIS_BAD_VERSION, "bad version" },
	{ VB_RNDIS_IN_RESET, "reset in progress" },
	{ VB_RNDIS_INVALID_LENGTH, "invalid length" },
	{ VB_RNDIS_INVALID_DATA, "invalid data" },
	{ VB_RNDIS_TOO_SHORT, "buffer too short" },
	{ VB_RNDIS_INVALID_OID, "invalid OID" },
	END_NAMES,
};

#define ID U32("request_id", "Request id", .set = VB_S_ID)
#define STATUS                                                                                     \
	U32("status", "Status", .base = VB_HEX, .names = statuses, .set = VB_S_STATUS,             \
	    .summary = VB_SUM_YES)
#define AT_OFFSET .at = OFFSET, .at_bias = VB_RNDIS_BODY
/* A part whose length and place stand before it, as prefix_len and prefix_offset. */
#define PLACE(prefix)                                                                              \
	U32(prefix "_len", "Information length", .set = LEN, .summary = VB_SUM_NONZERO),           \
		U32(prefix "_offset", "Information offset", .set = OFFSET,                         \
		    .help = "From the first field of the body")
#define INFO STRUCT("info", "Information", vb_ndis_info, .within = LEN, AT_OFFSET)
#define BARE_INFO BYTES("info", "Information", .len = LEN, AT_OFFSET)
/* Up to where the next message may begin. */
#define PADDING HIDDEN("padding", "Padding", 0, .len = VB_REST)

/* ---- frames ---- */

#define ENTRY_SIZE VB_S_LEN
#define ENTRY_TYPE VB_S_FLAGS
#define ENTRY_DATA VB_S_HEAD
#define ENTRY_HEAD 12
#define ENTRY_WORD 4u

static const struct vb_name info_types[] = {
	{ VB_RNDIS_INFO_CHECKSUM, "checksum" },
	{ 1, "IPsec" },
	{ VB_RNDIS_INFO_LARGE_SEND, "large send" },
	{ 3, "classification handle" },
	{ 4, "reserved" },
	{ 5, "scatter-gather list" },
	{ VB_RNDIS_INFO_VLAN, "IEEE 802.1Q" },
	{ 7, "original packet" },
	{ VB_RNDIS_INFO_HASH, "hash value" },
	{ VB_RNDIS_INFO_HASH_TYPE, "hash information" },
	{ 10, "cached buffer list" },
	{ 11, "short packet padding" },
	{ VB_RNDIS_INFO_PACKET_ID, "packet id" },
	END_NAMES,
};

static const struct vb_row type_bits[] = {
	BITS("internal", "Of the switch's own kinds", 31, 1),
	END_ROWS,
};

/* What a frame that leaves wants to have done, and what was found of one that arrives. */
static const struct vb_row sent_checksum[] = {
	BITS("is_ipv4", "IPv4", 0, 1),
	BITS("is_ipv6", "IPv6", 1, 1),
	BITS("tcp", "Compute TCP's", 2, 1),
	BITS("udp", "Compute UDP's", 3, 1),
	BITS("ip_header", "Compute IP's", 4, 1),
	BITS("transport_offset", "Offset of TCP or UDP", 16, 10),
	END_ROWS,
};

static const struct vb_row received_checksum[] = {
	BITS("tcp_failed", "TCP's is wrong", 0, 1),
	BITS("udp_failed", "UDP's is wrong", 1, 1),
	BITS("ip_failed", "IP's is wrong", 2, 1),
	BITS("tcp_succeeded", "TCP's is right", 3, 1),
	BITS("udp_succeeded", "UDP's is right", 4, 1),
	BITS("ip_succeeded", "IP's is right", 5, 1),
	BITS("loopback", "Loopback", 6, 1),
	BITS("tcp_value_invalid", "TCP's was right, and is not rewritten", 7, 1),
	BITS("ip_value_invalid", "IP's was right, and is not rewritten", 8, 1),
	END_ROWS,
};

static const struct vb_row large_send[] = {
	BITS("mss", "Maximum segment size", 0, 20),
	BITS("tcp_header_offset", "Offset of the TCP header", 20, 10),
	BITS("version2", "Version 2", 30, 1),
	BITS("is_ipv6", "IPv6", 31, 1),
	END_ROWS,
};

static const struct vb_row vlan[] = {
	BITS("priority", "Priority", 0, 3),
	BITS("cfi", "Drop eligible", 3, 1),
	BITS("id", "VLAN", 4, 12),
	END_ROWS,
};

static const struct vb_row packet_id_flags[] = {
	BITS("coalesced", "Part of a coalesced frame", 0, 1),
	BITS("first", "First part", 1, 1),
	BITS("last", "Last part", 2, 1),
	END_ROWS,
};

static const struct vb_row packet_id[] = {
	U8("version", "Version"),
	U8("flags", "Flags", .base = VB_HEX, .bits = packet_id_flags),
	U16("id", "Packet id"),
	END_ROWS,
};

static const struct vb_row hash_bits[] = {
	BITS("function", "Function", 0, 8),
	BITS("ipv4", "IPv4", 8, 1),
	BITS("tcp_ipv4", "TCP over IPv4", 9, 1),
	BITS("ipv6", "IPv6", 10, 1),
	BITS("ipv6_ex", "IPv6 with extensions", 11, 1),
	BITS("tcp_ipv6", "TCP over IPv6", 12, 1),
	BITS("tcp_ipv6_ex", "TCP over IPv6 with extensions", 13, 1),
	BITS("udp_ipv4", "UDP over IPv4", 14, 1),
	BITS("udp_ipv6", "UDP over IPv6", 15, 1),
	BITS("udp_ipv6_ex", "UDP over IPv6 with extensions", 16, 1),
	END_ROWS,
};

static bool is_word(uint64_t type)
{
	return type == VB_RNDIS_INFO_CHECKSUM || type == VB_RNDIS_INFO_LARGE_SEND ||
	       type == VB_RNDIS_INFO_VLAN || type == VB_RNDIS_INFO_HASH ||
	       type == VB_RNDIS_INFO_HASH_TYPE || type == VB_RNDIS_INFO_PACKET_ID;
}

/* What is left of an entry behind the one word that the known kinds have. */
static uint64_t rest_of_info(const struct vb_scope *sc)
{
	uint64_t used = vb_slot(sc, ENTRY_DATA), size = vb_slot(sc, ENTRY_SIZE);

	used = used > ENTRY_HEAD ? used : ENTRY_HEAD;
	used += is_word(vb_slot(sc, ENTRY_TYPE)) ? ENTRY_WORD : 0;
	return size > used ? size - used : 0;
}

#define KIND(k) .when = ENTRY_TYPE, .mask = UINT32_MAX, .equals = (k)

static const struct vb_row info[] = {
	U32("size", "Entry size", .set = ENTRY_SIZE),
	U32("type", "Entry type", .base = VB_HEX, .names = info_types, .bits = type_bits,
	    .set = ENTRY_TYPE),
	U32("offset", "Offset of the information", .set = ENTRY_DATA,
	    .help = "From the start of the entry"),
	HIDDEN("gap", "Before the information", 0, .len = ENTRY_DATA, .bias = -ENTRY_HEAD),
	U32("checksum", "Checksums to compute", .base = VB_HEX, .bits = sent_checksum,
	    KIND(VB_RNDIS_INFO_CHECKSUM), .from = VB_TO_HOST, .summary = VB_SUM_YES),
	U32("checked", "Checksums", .base = VB_HEX, .bits = received_checksum,
	    KIND(VB_RNDIS_INFO_CHECKSUM), .from = VB_TO_GUEST, .summary = VB_SUM_YES),
	U32("large_send", "Large send", .base = VB_HEX, .bits = large_send,
	    KIND(VB_RNDIS_INFO_LARGE_SEND), .summary = VB_SUM_YES),
	U32("vlan", "IEEE 802.1Q", .base = VB_HEX, .bits = vlan, KIND(VB_RNDIS_INFO_VLAN),
	    .summary = VB_SUM_YES),
	U32("hash", "Hash value", .base = VB_HEX, KIND(VB_RNDIS_INFO_HASH)),
	U32("hash_type", "Hash information", .base = VB_HEX, .bits = hash_bits,
	    KIND(VB_RNDIS_INFO_HASH_TYPE)),
	STRUCT("packet_id", "Packet id", packet_id, KIND(VB_RNDIS_INFO_PACKET_ID)),
	HIDDEN("rest", "Further information", 0, .calc = rest_of_info),
	END_ROWS,
};

static const struct vb_row packet[] = {
	U32("data_offset", "Frame offset", .set = OFFSET,
	    .help = "From the first field of the body"),
	U32("data_len", "Frame length", .set = LEN, .summary = VB_SUM_YES),
	U32("oob_offset", "Out-of-band data offset"),
	U32("oob_len", "Out-of-band data length"),
	U32("oob_count", "Out-of-band data elements"),
	U32("info_offset", "Per-packet information offset", .set = PPI_OFFSET,
	    .help = "From the first field of the body"),
	U32("info_len", "Per-packet information length", .set = PPI_LEN),
	U32("vc_handle", "Virtual circuit"),
	PAD("reserved", 4),
	STRUCT("info", "Per-packet information", info, .count = VB_REST, .within = PPI_LEN,
	       .at = PPI_OFFSET, .at_bias = VB_RNDIS_BODY),
	FOREIGN("frame", "Frame", "eth_withoutfcs", .len = LEN, AT_OFFSET),
	PADDING,
	END_ROWS,
};

/* ---- control ---- */

static const struct vb_row initialize[] = {
	ID,
	U32("major", "Major version", .summary = VB_SUM_YES),
	U32("minor", "Minor version", .summary = VB_SUM_YES),
	U32("max_transfer", "Longest transfer", .help = "Bytes"),
	PADDING,
	END_ROWS,
};

static const struct vb_name media[] = {
	{ 0, "IEEE 802.3" },
	END_NAMES,
};

static const struct vb_row device_flags[] = {
	BITS("connectionless", "Connectionless", 0, 1),
	BITS("connection_oriented", "Connection-oriented", 1, 1),
	END_ROWS,
};

static const struct vb_row initialize_complete[] = {
	ID,
	STATUS,
	U32("major", "Major version"),
	U32("minor", "Minor version"),
	U32("device_flags", "Device", .base = VB_HEX, .bits = device_flags),
	U32("medium", "Medium", .names = media),
	U32("max_packets", "Most packets in a transfer", .summary = VB_SUM_YES),
	U32("max_transfer", "Longest transfer", .help = "Bytes"),
	U32("alignment", "Alignment of packets", .set = VB_RNDIS_ALIGNMENT,
	    .help = "2 to this power, in bytes"),
	U32("af_list_offset", "Address family list offset"),
	U32("af_list_size", "Address family list size"),
	PADDING,
	END_ROWS,
};

static const struct vb_row request_only[] = {
	ID,
	PADDING,
	END_ROWS,
};

static const struct vb_row status_only[] = {
	ID,
	STATUS,
	PADDING,
	END_ROWS,
};

/* Of a query too: what the adapter is to look at. */
static const struct vb_row request[] = {
	ID,
	U32("oid", "OID", .base = VB_HEX, .names = vb_ndis_oids, .set = VB_S_RECALLED,
	    .summary = VB_SUM_YES),
	PLACE("info"),
	U32("vc_handle", "Virtual circuit"),
	INFO,
	PADDING,
	END_ROWS,
};

static const struct vb_row answer[] = {
	ID, STATUS, PLACE("info"), INFO, PADDING, END_ROWS,
};

static const struct vb_row bare_answer[] = {
	ID, STATUS, PLACE("info"), BARE_INFO, PADDING, END_ROWS,
};

static const struct vb_row reset[] = {
	PAD("reserved", 4),
	PADDING,
	END_ROWS,
};

static const struct vb_row reset_complete[] = {
	STATUS,
	U32("addressing_reset", "Addressing was reset", .names = vb_no_yes),
	PADDING,
	END_ROWS,
};

static const struct vb_row indicate_status[] = {
	STATUS, PLACE("status"), BARE_INFO, PADDING, END_ROWS,
};

/* ---- all ---- */

#define COMPLETE VB_RNDIS_COMPLETE
#define KEYED .key = { VB_S_ID }
#define PAIR(num, n, t, asked, answered, recalling)                                                \
	MSG(num, n, t, asked, .from = VB_TO_HOST, .recalls = recalling, KEYED),                    \
		MSG(COMPLETE | (num), n "_complete", t ", complete", answered,                     \
		    .from = VB_TO_GUEST, .answers = (num), .status = VB_S_STATUS, KEYED)

static const struct vb_msg msgs[] = {
	MSG(VB_RNDIS_PACKET, "packet", "Frame", packet),
	PAIR(VB_RNDIS_INITIALIZE, "initialize", "Initialize", initialize, initialize_complete,
	     false),
	MSG(VB_RNDIS_HALT, "halt", "Halt", request_only, .from = VB_TO_HOST),
	PAIR(VB_RNDIS_QUERY, "query", "Query", request, answer, true),
	PAIR(VB_RNDIS_SET, "set", "Set", request, status_only, false),
	MSG(VB_RNDIS_RESET, "reset", "Reset", reset, .from = VB_TO_HOST),
	MSG(COMPLETE | VB_RNDIS_RESET, "reset_complete", "Reset, complete", reset_complete,
	    .from = VB_TO_GUEST, .answers = VB_RNDIS_RESET, .status = VB_S_STATUS),
	MSG(VB_RNDIS_INDICATE_STATUS, "indicate_status", "Status", indicate_status,
	    .from = VB_TO_GUEST),
	PAIR(VB_RNDIS_KEEPALIVE, "keepalive", "Keep-alive", request_only, status_only, false),
	PAIR(VB_RNDIS_SET_EX, "set_ex", "Set and answer", request, bare_answer, false),
	END_MSGS,
};

const struct vb_proto vb_proto_rndis = {
	.name = "hv_rndis",
	.title = "RNDIS",
	.head = head,
	.msgs = msgs,
	.own_len = OWN_LEN,
	.repeats = true,
	.help = "Frames of a network device, and the control of its adapter",
};
