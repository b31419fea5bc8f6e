/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key-value pairs. Layouts: Linux 6.1 include/uapi/linux/hyperv.h, struct hv_kvp_*. The string form
 * of IP information begins right behind the pool, at an odd word; the binary form of version 5 is
 * as OpenVMM hyperv_ic_protocol has it. Other hosts fill up the short messages to one length.
 */
#include "../rows.h"
#include "../walk.h"

#define VALUE_TYPE VB_S_A
#define VALUE_SIZE VB_S_LEN
#define MAX_VALUE 2048

static const struct vb_name versions[] = {
	{ 1, "1" }, { 3, "3" }, { 4, "4" }, { 5, "5" }, END_NAMES,
};

static const struct vb_name pools[] = {
	{ 0, "external" },	{ 1, "guest" },		{ 2, "auto" },
	{ 3, "auto external" }, { 4, "auto internal" }, END_NAMES,
};

static const struct vb_row head[] = {
	U8("operation", "Operation", .set = VB_S_TYPE),
	END_ROWS,
};

/* ---- a key and its value ---- */

/* The last one is that of Windows; Linux's headers have 8. */
static const struct vb_name value_types[] = {
	{ 0, "none" }, { 1, "string" }, { 2, "expandable string" }, { 4, "u32" }, { 8, "u64 (8)" },
	{ 11, "u64" }, END_NAMES,
};

enum form { IS_TEXT, IS_NUMBER, IS_BYTES };

static enum form form_of(const struct vb_scope *sc)
{
	uint64_t type = vb_slot(sc, VALUE_TYPE);

	if (type == 1 || type == 2)
		return IS_TEXT;
	return type == 4 || (type & ~UINT64_C(3)) == 8 ? IS_NUMBER : IS_BYTES;
}

static uint64_t text_len(const struct vb_scope *sc)
{
	return form_of(sc) == IS_TEXT ? MAX_VALUE : 0;
}

static uint64_t bytes_len(const struct vb_scope *sc)
{
	uint64_t size = vb_slot(sc, VALUE_SIZE);

	if (form_of(sc) != IS_BYTES)
		return 0;
	return size < MAX_VALUE ? size : MAX_VALUE;
}

static uint64_t unused_len(const struct vb_scope *sc)
{
	switch (form_of(sc)) {
	case IS_TEXT:
		return 0;
	case IS_NUMBER:
		return vb_slot(sc, VALUE_TYPE) == 4 ? MAX_VALUE - 4 : MAX_VALUE - 8;
	case IS_BYTES:
		break;
	}
	return MAX_VALUE - bytes_len(sc);
}

#define TYPE_IS(m, v) .when = VALUE_TYPE, .mask = (m), .equals = (v)

#define KEY UTF16("key", "Key", 512, .summary = VB_SUM_YES)
#define KEY_SIZE U32("key_size", "Bytes of the key", .help = "With the NUL at its end")

#define KEY_AND_VALUE                                                                              \
	U32("value_type", "Value type", .names = value_types, .set = VALUE_TYPE), KEY_SIZE,        \
		U32("value_size", "Bytes of the value", .set = VALUE_SIZE,                         \
		    .help = "With the NUL at its end"),                                            \
		KEY, UTF16_BY("value_text", "Value", .calc = text_len, .summary = VB_SUM_YES),     \
		U32("value_u32", "Value", TYPE_IS(UINT32_MAX, 4), .summary = VB_SUM_YES),          \
		U64("value_u64", "Value", TYPE_IS(UINT32_MAX - 3, 8), .summary = VB_SUM_YES),      \
		BYTES("value_bytes", "Value", .calc = bytes_len),                                  \
		HIDDEN("value_unused", "Behind the value", 0, .calc = unused_len)

#define POOL U8("pool", "Pool", .names = pools, .summary = VB_SUM_YES)
#define UNUSED HIDDEN("unused", "Unused", 0, .len = VB_REST)

static const struct vb_row get_set[] = {
	POOL, PAD("reserved", 2), KEY_AND_VALUE, UNUSED, END_ROWS,
};

static const struct vb_row delete[] = {
	POOL, PAD("reserved", 2), KEY_SIZE, KEY, UNUSED, END_ROWS,
};

static const struct vb_row enumerate[] = {
	POOL,	PAD("reserved", 2), U32("index", "Index", .summary = VB_SUM_YES), KEY_AND_VALUE,
	UNUSED, END_ROWS,
};

/* ---- IP information ---- */

static const struct vb_row families[] = {
	BITS("ipv4", "IPv4", 0, 1),
	BITS("ipv6", "IPv6", 1, 1),
	END_ROWS,
};

#define N_IPV4 VB_S_A
#define N_IPV6 VB_S_B
#define N_GATEWAY4 VB_S_C
#define N_GATEWAY6 VB_S_COUNT
#define N_DNS4 VB_S_LEN
#define N_DNS6 VB_S_HEAD

/* A table of max elements: how many are in use, and the bytes of the others. */
#define TABLE(name, slot, max, size)                                                               \
	static uint64_t n_##name(const struct vb_scope *sc)                                        \
	{                                                                                          \
		uint64_t n = vb_slot(sc, slot);                                                    \
                                                                                                   \
		return n < max ? n : max;                                                          \
	}                                                                                          \
	static uint64_t name##_unused(const struct vb_scope *sc)                                   \
	{                                                                                          \
		return size * (max - n_##name(sc));                                                \
	}
TABLE(ipv4, N_IPV4, 64, 4)
TABLE(ipv6, N_IPV6, 64, 16)
TABLE(prefix, N_IPV6, 64, 4)
TABLE(gateway4, N_GATEWAY4, 5, 4)
TABLE(gateway6, N_GATEWAY6, 5, 16)
TABLE(dns4, N_DNS4, 64, 4)
TABLE(dns6, N_DNS6, 64, 16)

static uint64_t n_origins(const struct vb_scope *sc)
{
	(void)sc;
	return 128;
}

#define UNUSED_OF(n, f) HIDDEN(n "_unused", "Unused elements", 0, .calc = f##_unused)

static const struct vb_row binary[] = {
	U32("ipv4_addr_count", "IPv4 addresses", .set = N_IPV4, .max = 64),
	U32("ipv6_addr_count", "IPv6 addresses", .set = N_IPV6, .max = 64),
	U32("ipv4_gateway_count", "IPv4 gateways", .set = N_GATEWAY4, .max = 5),
	U32("ipv6_gateway_count", "IPv6 gateways", .set = N_GATEWAY6, .max = 5),
	U32("ipv4_dns_count", "IPv4 DNS servers", .set = N_DNS4, .max = 64),
	U32("ipv6_dns_count", "IPv6 DNS servers", .set = N_DNS6, .max = 64),
	UTF16("adapter_id", "Adapter", 256, .summary = VB_SUM_YES),
	U8("addr_family", "Address families", .base = VB_HEX, .bits = families,
	   .summary = VB_SUM_YES),
	U8("dhcp_enabled", "DHCP enabled", .summary = VB_SUM_NONZERO),
	PAD("reserved", 2),
	FIXED("ipv4_addr", "IPv4 address", 4, .calc = n_ipv4),
	UNUSED_OF("ipv4_addr", ipv4),
	FIXED("ipv6_addr", "IPv6 address", 16, .calc = n_ipv6),
	UNUSED_OF("ipv6_addr", ipv6),
	FIXED("ipv4_mask", "IPv4 subnet mask", 4, .calc = n_ipv4),
	UNUSED_OF("ipv4_mask", ipv4),
	U32("ipv6_prefix", "IPv6 prefix length", .calc = n_ipv6),
	UNUSED_OF("ipv6_prefix", prefix),
	FIXED("ipv4_gateway", "IPv4 gateway", 4, .calc = n_gateway4),
	UNUSED_OF("ipv4_gateway", gateway4),
	FIXED("ipv6_gateway", "IPv6 gateway", 16, .calc = n_gateway6),
	UNUSED_OF("ipv6_gateway", gateway6),
	FIXED("ipv4_dns", "IPv4 DNS server", 4, .calc = n_dns4),
	UNUSED_OF("ipv4_dns", dns4),
	FIXED("ipv6_dns", "IPv6 DNS server", 16, .calc = n_dns6),
	UNUSED_OF("ipv6_dns", dns6),
	U16("origin", "Origin of an address", .calc = n_origins),
	END_ROWS,
};

#define STRINGS .until = 5

static const struct vb_row ip_info[] = {
	U8("pool", "Pool", .names = pools),
	UTF16("adapter_id", "Adapter", 256, .summary = VB_SUM_YES, STRINGS),
	U8("addr_family", "Address families", .base = VB_HEX, .bits = families,
	   .summary = VB_SUM_YES, STRINGS),
	U8("dhcp_enabled", "DHCP enabled", .summary = VB_SUM_NONZERO, STRINGS),
	UTF16("ip_addr", "IP addresses", 2048, .summary = VB_SUM_YES,
	      .help = "Separated by semicolons, as all lists here", STRINGS),
	UTF16("sub_net", "Subnet masks", 2048, STRINGS),
	UTF16("gate_way", "Gateways", 1024, STRINGS),
	UTF16("dns_addr", "DNS servers", 2048, STRINGS),
	PAD("reserved", 2, .since = 5),
	STRUCT("binary", "IP information", binary, .since = 5),
	UNUSED,
	END_ROWS,
};

static const struct vb_msg msgs[] = {
	MSG(0, "get", "Get", get_set),
	MSG(1, "set", "Set", get_set),
	MSG(2, "delete", "Delete", delete),
	MSG(3, "enumerate", "Enumerate", enumerate,
	    .help = "The guest answers an index beyond its last pair with status 0x80070103"),
	MSG(4, "get_ip_info", "Get IP information", ip_info),
	MSG(5, "set_ip_info", "Set IP information", ip_info),
	END_MSGS,
};

const struct vb_proto vb_proto_kvp = {
	.name = "hv_kvp",
	.title = "Key-value pairs",
	.head = head,
	.msgs = msgs,
	.by_class_version = true,
	.versions = versions,
	.help = "Named values that host and guest tell each other, and addresses of network adapters",
};
