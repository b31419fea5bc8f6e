/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NDIS: object identifiers and what they stand for.
 *
 * Layouts: Linux 6.1 drivers/net/hyperv/hyperv_net.h, struct ndis_*, and include/linux/rndis.h; those
 * that Linux does not use, as OpenVMM netvsp answers them.
 */
#include "../ndis.h"
#include "../oid.h"
#include "../rows.h"
#include "../walk.h"

const struct vb_name vb_ndis_oids[] = {
	{ VB_OID_SUPPORTED, "supported list" },
	{ VB_OID_HARDWARE_STATUS, "hardware status" },
	{ VB_OID_MEDIA_SUPPORTED, "media supported" },
	{ VB_OID_MEDIA_IN_USE, "media in use" },
	{ VB_OID_MAX_LOOKAHEAD, "maximum lookahead" },
	{ VB_OID_MAX_FRAME, "maximum frame size" },
	{ VB_OID_LINK_SPEED, "link speed" },
	{ VB_OID_TRANSMIT_SPACE, "transmit buffer space" },
	{ VB_OID_RECEIVE_SPACE, "receive buffer space" },
	{ VB_OID_TRANSMIT_BLOCK, "transmit block size" },
	{ VB_OID_RECEIVE_BLOCK, "receive block size" },
	{ VB_OID_VENDOR_ID, "vendor id" },
	{ VB_OID_VENDOR, "vendor description" },
	{ VB_OID_PACKET_FILTER, "current packet filter" },
	{ VB_OID_LOOKAHEAD, "current lookahead" },
	{ VB_OID_DRIVER_VERSION, "driver version" },
	{ VB_OID_MAX_TOTAL, "maximum total size" },
	{ VB_OID_MAC_OPTIONS, "MAC options" },
	{ VB_OID_CONNECT, "media connect status" },
	{ VB_OID_MAX_SEND, "maximum send packets" },
	{ VB_OID_VENDOR_DRIVER_VERSION, "vendor driver version" },
	{ VB_OID_NETWORK_ADDRESSES, "network layer addresses" },
	{ VB_OID_RSS_CAPABILITIES, "RSS capabilities" },
	{ VB_OID_RSS_PARAMETERS, "RSS parameters" },
	{ VB_OID_MAX_LINK_SPEED, "maximum link speed" },
	{ VB_OID_LINK_STATE, "link state" },
	{ VB_OID_CONFIGURATION, "RNDIS configuration parameter" },
	{ VB_OID_FRAMES_SENT, "frames sent" },
	{ VB_OID_FRAMES_RECEIVED, "frames received" },
	{ VB_OID_TRANSMIT_ERRORS, "transmit errors" },
	{ VB_OID_RECEIVE_ERRORS, "receive errors" },
	{ VB_OID_RECEIVE_NO_BUFFER, "receive, no buffer" },
	{ VB_OID_FRIENDLY_NAME, "friendly name" },
	{ VB_OID_PERMANENT_ADDRESS, "permanent address" },
	{ VB_OID_CURRENT_ADDRESS, "current address" },
	{ VB_OID_MULTICAST_LIST, "multicast list" },
	{ VB_OID_MAX_MULTICAST, "maximum multicast list size" },
	{ VB_OID_ENCAPSULATION, "offload encapsulation" },
	{ VB_OID_CURRENT_OFFLOAD, "offload, current configuration" },
	{ VB_OID_OFFLOAD_PARAMETERS, "offload parameters" },
	{ VB_OID_OFFLOAD, "offload, hardware capabilities" },
	END_NAMES,
};

/* An object says what it is, and a query says with an empty one which of its revisions is wanted. */
static const struct vb_name object_types[] = {
	{ VB_OBJECT_DEFAULT, "default" },
	{ VB_OBJECT_RSS_CAPABILITIES, "RSS capabilities" },
	{ VB_OBJECT_RSS_PARAMETERS, "RSS parameters" },
	{ VB_OBJECT_OFFLOAD, "offload" },
	{ VB_OBJECT_ENCAPSULATION, "offload encapsulation" },
	END_NAMES,
};

#define OBJECT                                                                                     \
	U8("object_type", "Object type", .base = VB_HEX, .names = object_types, .optional = true), \
		U8("revision", "Revision", .optional = true),                                      \
		U16("size", "Size", .set = VB_NDIS_OBJECT_SIZE, .optional = true)
/* Older revisions end earlier. */
#define OPT .optional = true
#define REST(t) OPAQUE("rest", t, .len = VB_REST, .optional = true)

/* ---- receive side scaling ---- */

static const struct vb_row rss_flags[] = {
	BITS("functions", "Hash functions", 0, 8),
	BITS("tcp_ipv4", "TCP over IPv4", 8, 1),
	BITS("tcp_ipv6", "TCP over IPv6", 9, 1),
	BITS("tcp_ipv6_ex", "TCP over IPv6 with extensions", 10, 1),
	BITS("udp_ipv4", "UDP over IPv4", 11, 1),
	BITS("udp_ipv6", "UDP over IPv6", 12, 1),
	BITS("udp_ipv6_ex", "UDP over IPv6 with extensions", 13, 1),
	END_ROWS,
};

static const struct vb_row rss_capabilities[] = {
	OBJECT,
	U32("capabilities", "Capabilities", .base = VB_HEX, .bits = rss_flags, OPT),
	U32("interrupts", "Interrupt messages", OPT),
	U32("receive_queues", "Receive queues", .summary = VB_SUM_YES, OPT),
	U16("table_entries", "Entries of the indirection table", OPT),
	REST("Further capabilities"),
	END_ROWS,
};

static const struct vb_row rss_parameter_flags[] = {
	BITS("base_cpu_unchanged", "Base processor is unchanged", 0, 1),
	BITS("hash_unchanged", "Hash is unchanged", 1, 1),
	BITS("table_unchanged", "Table is unchanged", 2, 1),
	BITS("key_unchanged", "Key is unchanged", 3, 1),
	BITS("disable", "Disable", 4, 1),
	END_ROWS,
};

#define TABLE_SIZE VB_S_LEN
#define TABLE_OFFSET VB_S_B
#define KEY_SIZE VB_S_HEAD
#define KEY_OFFSET VB_S_C
#define RSS_HEAD_LEN 40u /* up to where Linux puts the table */

/* Table and key lie where the object says, counted from its start, in that order where anybody does it. */
static uint64_t to_table(const struct vb_scope *sc)
{
	uint64_t offset = vb_slot(sc, TABLE_OFFSET);

	return offset > RSS_HEAD_LEN ? offset - RSS_HEAD_LEN : 0;
}

static uint64_t table_entries(const struct vb_scope *sc)
{
	return vb_slot(sc, TABLE_SIZE) / 4;
}

static uint64_t to_key(const struct vb_scope *sc)
{
	uint64_t offset = vb_slot(sc, KEY_OFFSET);
	uint64_t before = RSS_HEAD_LEN + to_table(sc) + 4 * table_entries(sc);

	return offset > before ? offset - before : 0;
}

static const struct vb_row rss_parameters[] = {
	OBJECT,
	U16("flags", "Flags", .base = VB_HEX, .bits = rss_parameter_flags,
	    .summary = VB_SUM_NONZERO, OPT),
	U16("base_cpu", "Base processor", OPT),
	U32("hash", "Hash functions and types", .base = VB_HEX, OPT),
	U16("table_size", "Size of the table", .set = TABLE_SIZE, OPT),
	PAD("reserved", 2, OPT),
	U32("table_offset", "Offset of the table", .set = TABLE_OFFSET, OPT),
	U16("key_size", "Size of the key", .set = KEY_SIZE, OPT),
	PAD("reserved2", 2, OPT),
	U32("key_offset", "Offset of the key", .set = KEY_OFFSET, OPT),
	U32("mask_offset", "Offset of the processor masks", OPT),
	U32("mask_count", "Processor masks", OPT),
	U32("mask_size", "Size of a processor mask", OPT),
	HIDDEN("before_table", "Before the table", 0, .calc = to_table, OPT),
	U32("queue", "Queue", .calc = table_entries, OPT),
	HIDDEN("before_key", "Before the key", 0, .calc = to_key, OPT),
	BYTES("key", "Key", .len = KEY_SIZE, OPT),
	HIDDEN("rest", "Further parameters", 0, .len = VB_REST),
	END_ROWS,
};

/* ---- offloads ---- */

static const struct vb_row checksum_offload[] = {
	U32("ipv4_send_encap", "IPv4, sending: encapsulation", OPT),
	U32("ipv4_send", "IPv4, sending", .base = VB_HEX, OPT),
	U32("ipv4_receive_encap", "IPv4, receiving: encapsulation", OPT),
	U32("ipv4_receive", "IPv4, receiving", .base = VB_HEX, OPT),
	U32("ipv6_send_encap", "IPv6, sending: encapsulation", OPT),
	U32("ipv6_send", "IPv6, sending", .base = VB_HEX, OPT),
	U32("ipv6_receive_encap", "IPv6, receiving: encapsulation", OPT),
	U32("ipv6_receive", "IPv6, receiving", .base = VB_HEX, OPT),
	END_ROWS,
};

static const struct vb_row large_send1[] = {
	U32("encapsulation", "Encapsulation", OPT),
	U32("max_size", "Largest size", OPT),
	U32("min_segments", "Fewest segments", OPT),
	U32("options", "Options", .base = VB_HEX, OPT),
	END_ROWS,
};

static const struct vb_row large_send2[] = {
	U32("ipv4_encap", "IPv4: encapsulation", OPT),
	U32("ipv4_max_size", "IPv4: largest size", OPT),
	U32("ipv4_min_segments", "IPv4: fewest segments", OPT),
	U32("ipv6_encap", "IPv6: encapsulation", OPT),
	U32("ipv6_max_size", "IPv6: largest size", OPT),
	U32("ipv6_min_segments", "IPv6: fewest segments", OPT),
	U32("ipv6_options", "IPv6: options", .base = VB_HEX, OPT),
	END_ROWS,
};

static const struct vb_row offload[] = {
	OBJECT,
	STRUCT("checksum", "Checksums", checksum_offload, OPT),
	STRUCT("lso1", "Large send, version 1", large_send1, OPT),
	FIXED("ipsec1", "IPsec, version 1", 28, OPT),
	STRUCT("lso2", "Large send, version 2", large_send2, OPT),
	U32("flags", "Flags", .base = VB_HEX, OPT),
	FIXED("ipsec2", "IPsec, version 2", 32, OPT),
	U8("rsc_ipv4", "Receive segment coalescing, IPv4", OPT),
	U8("rsc_ipv6", "Receive segment coalescing, IPv6", OPT),
	PAD("reserved", 2, OPT),
	U32("gre_flags", "GRE: flags", .base = VB_HEX, OPT),
	U32("gre_max_header", "GRE: longest header", OPT),
	REST("Further offloads"),
	END_ROWS,
};

static const struct vb_name directions[] = {
	{ 0, "no change" }, { 1, "off" }, { 2, "send" }, { 3, "receive" }, { 4, "both" }, END_NAMES,
};

static const struct vb_name switches[] = {
	{ 0, "no change" },
	{ 1, "off" },
	{ 2, "on" },
	END_NAMES,
};

#define DIRECTIONS(n, t) U8(n, t, .names = directions, OPT)
#define SWITCH(n, t) U8(n, t, .names = switches, OPT)

static const struct vb_row offload_parameters[] = {
	OBJECT,
	DIRECTIONS("ipv4_checksum", "IPv4 checksum"),
	DIRECTIONS("tcp_ipv4_checksum", "TCP over IPv4 checksum"),
	DIRECTIONS("udp_ipv4_checksum", "UDP over IPv4 checksum"),
	DIRECTIONS("tcp_ipv6_checksum", "TCP over IPv6 checksum"),
	DIRECTIONS("udp_ipv6_checksum", "UDP over IPv6 checksum"),
	SWITCH("lso1", "Large send, version 1"),
	U8("ipsec1", "IPsec, version 1", OPT),
	SWITCH("lso2_ipv4", "Large send, version 2, IPv4"),
	SWITCH("lso2_ipv6", "Large send, version 2, IPv6"),
	U8("connection_ipv4", "TCP connection, IPv4", OPT),
	U8("connection_ipv6", "TCP connection, IPv6", OPT),
	PAD("reserved", 1, OPT),
	U32("flags", "Flags", .base = VB_HEX, OPT),
	U8("ipsec2", "IPsec, version 2", OPT),
	U8("ipsec2_ipv4", "IPsec, version 2, IPv4", OPT),
	SWITCH("rsc_ipv4", "Receive segment coalescing, IPv4"),
	SWITCH("rsc_ipv6", "Receive segment coalescing, IPv6"),
	U8("encapsulated", "Offload of encapsulated packets", OPT),
	U8("encapsulation_types", "Encapsulation types", OPT),
	REST("Further parameters"),
	END_ROWS,
};

static const struct vb_row encapsulation[] = {
	OBJECT,
	U32("ipv4_enabled", "IPv4: enabled", OPT),
	U32("ipv4_type", "IPv4: encapsulation", OPT),
	U32("ipv4_header_size", "IPv4: header size", OPT),
	U32("ipv6_enabled", "IPv6: enabled", OPT),
	U32("ipv6_type", "IPv6: encapsulation", OPT),
	U32("ipv6_header_size", "IPv6: header size", OPT),
	END_ROWS,
};

/* ---- link ---- */

static const struct vb_row link_state[] = {
	OBJECT,
	U32("state", "State", OPT),
	U32("duplex", "Duplex", OPT),
	PAD("reserved", 4, OPT),
	U64("send_speed", "Speed of sending", .help = "Bits a second", OPT),
	U64("receive_speed", "Speed of receiving", .help = "Bits a second", OPT),
	U32("pause", "Pause functions", OPT),
	U32("autonegotiation", "Autonegotiation", .base = VB_HEX, OPT),
	END_ROWS,
};

static const struct vb_row max_link_speed[] = {
	U64("send", "Sending", .help = "Bits a second", OPT),
	U64("receive", "Receiving", .help = "Bits a second", OPT),
	END_ROWS,
};

static const struct vb_row configuration[] = {
	U32("name_offset", "Name offset", .help = "From the start of the information", OPT),
	U32("name_len", "Name length", OPT),
	U32("type", "Type",
	    .names = (const struct vb_name[]){ { 0, "integer" }, { 2, "text" }, END_NAMES }, OPT),
	U32("value_offset", "Value offset", OPT),
	U32("value_len", "Value length", OPT),
	REST("Name and value"),
	END_ROWS,
};

/* ---- all ---- */

static const struct vb_row filter_bits[] = {
	BITS("directed", "Directed", 0, 1),
	BITS("multicast", "Multicast", 1, 1),
	BITS("all_multicast", "All multicast", 2, 1),
	BITS("broadcast", "Broadcast", 3, 1),
	BITS("source_routing", "Source routing", 4, 1),
	BITS("promiscuous", "Promiscuous", 5, 1),
	END_ROWS,
};

static const struct vb_row mac_options[] = {
	BITS("copy_lookahead", "Look-ahead data is copied", 0, 1),
	BITS("no_pending", "Transfers do not pend", 2, 1),
	BITS("no_loopback", "No loopback", 3, 1),
	BITS("ieee8021p", "IEEE 802.1p", 6, 1),
	BITS("ieee8021q", "IEEE 802.1Q", 9, 1),
	END_ROWS,
};

static const struct vb_name connect_states[] = {
	{ 0, "connected" },
	{ 1, "disconnected" },
	END_NAMES,
};

/* The request of a query has no value, or an empty object. */
#define OID(o) OPT, .when = VB_S_RECALLED, .mask = UINT32_MAX, .equals = (o)
#define NUMBER(n, t, o, ...) U32(n, t, .summary = VB_SUM_YES, OID(o), ##__VA_ARGS__)
#define BYTE_COUNT(n, t, o, ...) NUMBER(n, t, o, .help = "Bytes", ##__VA_ARGS__)

const struct vb_row vb_ndis_info[] = {
	U32("oids", "OIDs", .count = VB_REST, .base = VB_HEX, .names = vb_ndis_oids,
	    OID(VB_OID_SUPPORTED)),
	NUMBER("hardware_status", "Hardware status", VB_OID_HARDWARE_STATUS),
	NUMBER("media_supported", "Media supported", VB_OID_MEDIA_SUPPORTED),
	NUMBER("media_in_use", "Media in use", VB_OID_MEDIA_IN_USE),
	BYTE_COUNT("max_lookahead", "Longest look-ahead", VB_OID_MAX_LOOKAHEAD),
	BYTE_COUNT("max_frame_size", "Largest frame", VB_OID_MAX_FRAME, .set = VB_NDIS_MAX_FRAME),
	NUMBER("link_speed", "Link speed", VB_OID_LINK_SPEED,
	       .help = "In units of 100 bits a second"),
	BYTE_COUNT("transmit_space", "Space for sending", VB_OID_TRANSMIT_SPACE),
	BYTE_COUNT("receive_space", "Space for receiving", VB_OID_RECEIVE_SPACE),
	BYTE_COUNT("transmit_block", "Block for sending", VB_OID_TRANSMIT_BLOCK),
	BYTE_COUNT("receive_block", "Block for receiving", VB_OID_RECEIVE_BLOCK),
	U32("vendor_id", "Vendor", .base = VB_HEX, OID(VB_OID_VENDOR_ID)),
	BYTES("vendor", "Vendor description", .len = VB_REST, OID(VB_OID_VENDOR)),
	U32("packet_filter", "Packet filter", .base = VB_HEX, .bits = filter_bits,
	    .summary = VB_SUM_YES, OID(VB_OID_PACKET_FILTER)),
	BYTE_COUNT("lookahead", "Look-ahead", VB_OID_LOOKAHEAD),
	U16("driver_version", "Driver version", .base = VB_HEX, OID(VB_OID_DRIVER_VERSION)),
	BYTE_COUNT("max_total_size", "Largest frame, with its header", VB_OID_MAX_TOTAL),
	U32("mac_options", "MAC options", .base = VB_HEX, .bits = mac_options,
	    OID(VB_OID_MAC_OPTIONS)),
	U32("connect_status", "Media", .names = connect_states, .summary = VB_SUM_YES,
	    OID(VB_OID_CONNECT)),
	NUMBER("max_send_packets", "Most packets to send", VB_OID_MAX_SEND),
	U16("vendor_driver_version", "Vendor's driver version", .base = VB_HEX,
	    OID(VB_OID_VENDOR_DRIVER_VERSION)),
	STRUCT("rss_capabilities", "RSS capabilities", rss_capabilities,
	       OID(VB_OID_RSS_CAPABILITIES)),
	STRUCT("rss_parameters", "RSS parameters", rss_parameters, OID(VB_OID_RSS_PARAMETERS)),
	STRUCT("max_link_speed", "Highest link speed", max_link_speed, OID(VB_OID_MAX_LINK_SPEED)),
	STRUCT("link_state", "Link state", link_state, OID(VB_OID_LINK_STATE)),
	STRUCT("configuration", "Configuration parameter", configuration,
	       OID(VB_OID_CONFIGURATION)),
	UTF16_BY("friendly_name", "Friendly name", .len = VB_REST, .summary = VB_SUM_YES,
		 OID(VB_OID_FRIENDLY_NAME)),
	FIXED("permanent_address", "Permanent address", 6, .summary = VB_SUM_YES,
	      OID(VB_OID_PERMANENT_ADDRESS)),
	FIXED("current_address", "Current address", 6, .summary = VB_SUM_YES,
	      OID(VB_OID_CURRENT_ADDRESS)),
	NUMBER("max_multicast", "Longest list of multicast addresses", VB_OID_MAX_MULTICAST),
	STRUCT("encapsulation", "Offload encapsulation", encapsulation, OID(VB_OID_ENCAPSULATION)),
	STRUCT("current_offload", "Offloads in use", offload, OID(VB_OID_CURRENT_OFFLOAD)),
	STRUCT("offload_parameters", "Offload parameters", offload_parameters,
	       OID(VB_OID_OFFLOAD_PARAMETERS)),
	STRUCT("offload", "Offloads that are possible", offload, OID(VB_OID_OFFLOAD)),
	HIDDEN("rest", "Bytes", 0, .len = VB_REST),
	END_ROWS,
};

/* Objects say themselves how long they are. */
static uint32_t size_of(const struct vb_row *rows)
{
	uint32_t n = 0;

	for (const struct vb_row *row = rows; row->type != VB_END; row++) {
		if (row->set == VB_NDIS_OBJECT_SIZE)
			return n + row->size;
		n += row->size;
	}
	return n;
}

uint32_t vb_ndis_least(uint32_t oid)
{
	const struct vb_row *row = vb_ndis_info;

	while (row->type != VB_END && (row->when != VB_S_RECALLED || row->equals != oid))
		row++;
	if (row->type == VB_END || row->count)
		return 0;
	return row->type == VB_STRUCT ? size_of(row->rows) : row->size;
}
