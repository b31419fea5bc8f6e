/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NDIS objects of the adapter: what queries get, what sets change. The values are those of a virtual
 * switch of Windows Server 2019, as far as they are known (OpenVMM netvsp; FreeBSD hn(4)).
 */
#include <string.h>

#include "dissectors/oid.h"
#include "replay/host/netvsc.h"

#define INFO "hv_rndis.query_complete.info."
#define ETHERNET_HEAD 14u
#define CONNECTED 0
#define NOT_CONNECTED 1

#define ETHERNET 2 /* encapsulation of offloads: IEEE 802.3 */
#define LSO_MAX 62780u
#define CHECKSUM_V4 0x155u /* IP and TCP options, TCP, UDP, IP */
#define CHECKSUM_V6 0x55u
#define LSO_V6_OPTIONS 5u
#define RSS_CAPABILITIES 0x01000701u /* Toeplitz; TCP over both; MSI */

static void add(struct vb_netvsc_object *o, const char *path, uint64_t value)
{
	if (o->n < NETVSC_MAX_OBJECT)
		o->value[o->n++] = (struct vb_value)VB_NUMBER(path, value);
}

static void add_bytes(struct vb_netvsc_object *o, const char *path, const void *bytes, uint32_t len)
{
	o->value[o->n++] = (struct vb_value)VB_DATA(path, bytes, len);
	o->len = len;
}

#define OBJECT(o, name, kind, rev, length)                                                         \
	(add(o, INFO name ".object_type", kind), add(o, INFO name ".revision", rev),               \
	 add(o, INFO name ".size", length), (void)((o)->len = (length)))

/* ---- what is answered with one number ---- */

static uint64_t max_frame(const struct vb_netvsc *n)
{
	uint64_t mtu = n->config_mtu - ETHERNET_HEAD;

	return n->mtu && n->mtu < mtu ? n->mtu : mtu;
}

static uint64_t max_total(const struct vb_netvsc *n)
{
	return max_frame(n) + ETHERNET_HEAD;
}

/* In units of 100 bits a second. */
static uint64_t link_speed(const struct vb_netvsc *n)
{
	return n->speed * 10000;
}

static uint64_t packet_filter(const struct vb_netvsc *n)
{
	return n->filter;
}

static uint64_t connect_status(const struct vb_netvsc *n)
{
	return n->link ? CONNECTED : NOT_CONNECTED;
}

static uint64_t max_send(const struct vb_netvsc *n)
{
	return n->max_packets;
}

static const struct {
	uint32_t oid;
	uint8_t len;
	const char *path;
	uint64_t (*value)(const struct vb_netvsc *n);
	uint32_t constant;
} numbers[] = {
	{ VB_OID_HARDWARE_STATUS, 4, INFO "hardware_status", NULL, 0 },
	{ VB_OID_MEDIA_SUPPORTED, 4, INFO "media_supported", NULL, 0 },
	{ VB_OID_MEDIA_IN_USE, 4, INFO "media_in_use", NULL, 0 },
	{ VB_OID_MAX_LOOKAHEAD, 4, INFO "max_lookahead", max_frame, 0 },
	{ VB_OID_MAX_FRAME, 4, INFO "max_frame_size", max_frame, 0 },
	{ VB_OID_LINK_SPEED, 4, INFO "link_speed", link_speed, 0 },
	{ VB_OID_TRANSMIT_SPACE, 4, INFO "transmit_space", NULL, 1 << 18 },
	{ VB_OID_RECEIVE_SPACE, 4, INFO "receive_space", NULL, 1 << 18 },
	{ VB_OID_TRANSMIT_BLOCK, 4, INFO "transmit_block", max_total, 0 },
	{ VB_OID_RECEIVE_BLOCK, 4, INFO "receive_block", max_total, 0 },
	{ VB_OID_VENDOR_ID, 4, INFO "vendor_id", NULL, 0x155d },
	{ VB_OID_PACKET_FILTER, 4, INFO "packet_filter", packet_filter, 0 },
	{ VB_OID_LOOKAHEAD, 4, INFO "lookahead", max_frame, 0 },
	{ VB_OID_DRIVER_VERSION, 2, INFO "driver_version", NULL, 0x100 },
	{ VB_OID_MAX_TOTAL, 4, INFO "max_total_size", max_total, 0 },
	{ VB_OID_MAC_OPTIONS, 4, INFO "mac_options", NULL, 0x24d },
	{ VB_OID_CONNECT, 4, INFO "connect_status", connect_status, 0 },
	{ VB_OID_MAX_SEND, 4, INFO "max_send_packets", max_send, 0 },
	{ VB_OID_MAX_MULTICAST, 4, INFO "max_multicast", NULL, 0 },
};

#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static bool add_number(const struct vb_netvsc *n, uint32_t oid, struct vb_netvsc_object *o)
{
	for (size_t i = 0; i < N_NUMBERS; i++) {
		if (numbers[i].oid != oid)
			continue;
		add(o, numbers[i].path,
		    numbers[i].value ? numbers[i].value(n) : numbers[i].constant);
		o->len = numbers[i].len;
		return true;
	}
	return false;
}

/* ---- objects ---- */

static void add_rss(const struct vb_netvsc *n, struct vb_netvsc_object *o)
{
	OBJECT(o, "rss_capabilities", VB_OBJECT_RSS_CAPABILITIES, 2, 18);
	add(o, INFO "rss_capabilities.capabilities", RSS_CAPABILITIES);
	add(o, INFO "rss_capabilities.interrupts", n->queues);
	add(o, INFO "rss_capabilities.receive_queues", n->queues);
	add(o, INFO "rss_capabilities.table_entries", n->table_len);
}

/* The same object says what is possible and what is in use. */
#define OFFLOAD(field)                                                                             \
	{                                                                                          \
		INFO "offload." field, INFO "current_offload." field                               \
	}

struct offload {
	const char *path[2];
	uint32_t value;
};

static const struct offload checksums[] = {
	{ OFFLOAD("checksum.ipv4_send_encap"), ETHERNET },
	{ OFFLOAD("checksum.ipv4_send"), CHECKSUM_V4 },
	{ OFFLOAD("checksum.ipv4_receive_encap"), ETHERNET },
	{ OFFLOAD("checksum.ipv4_receive"), CHECKSUM_V4 },
	{ OFFLOAD("checksum.ipv6_send_encap"), ETHERNET },
	{ OFFLOAD("checksum.ipv6_send"), CHECKSUM_V6 },
	{ OFFLOAD("checksum.ipv6_receive_encap"), ETHERNET },
	{ OFFLOAD("checksum.ipv6_receive"), CHECKSUM_V6 },
};

static const struct offload large_sends[] = {
	{ OFFLOAD("lso2.ipv4_encap"), ETHERNET },
	{ OFFLOAD("lso2.ipv4_max_size"), LSO_MAX },
	{ OFFLOAD("lso2.ipv4_min_segments"), 2 },
	{ OFFLOAD("lso2.ipv6_encap"), ETHERNET },
	{ OFFLOAD("lso2.ipv6_max_size"), LSO_MAX },
	{ OFFLOAD("lso2.ipv6_min_segments"), 2 },
	{ OFFLOAD("lso2.ipv6_options"), LSO_V6_OPTIONS },
};

static const struct offload coalescing[] = {
	{ OFFLOAD("rsc_ipv4"), 1 },
	{ OFFLOAD("rsc_ipv6"), 1 },
};

#define ADD_OFFLOADS(o, list, in_use)                                                              \
	add_offloads(o, list, sizeof(list) / sizeof((list)[0]), in_use)

static void add_offloads(struct vb_netvsc_object *o, const struct offload *list, size_t count,
			 bool in_use)
{
	for (size_t i = 0; i < count; i++)
		add(o, list[i].path[in_use], list[i].value);
}

/* Revisions grew with NVSP: 1 (112 bytes), 2 with 4 (144), 3 with 5 (156). */
static void add_offload(const struct vb_netvsc *n, bool in_use, struct vb_netvsc_object *o)
{
	uint32_t revision = n->version >= VB_NVSP_5 ? 3 : n->version >= VB_NVSP_4 ? 2 : 1;
	uint32_t len = revision == 3 ? 156 : revision == 2 ? 144 : 112;

	if (in_use)
		OBJECT(o, "current_offload", VB_OBJECT_OFFLOAD, revision, len);
	else
		OBJECT(o, "offload", VB_OBJECT_OFFLOAD, revision, len);
	if (n->checksum)
		ADD_OFFLOADS(o, checksums, in_use);
	if (n->lso)
		ADD_OFFLOADS(o, large_sends, in_use);
	if (n->rsc && revision == 3)
		ADD_OFFLOADS(o, coalescing, in_use);
}

static void add_link_state(const struct vb_netvsc *n, struct vb_netvsc_object *o)
{
	OBJECT(o, "link_state", VB_OBJECT_DEFAULT, 1, 40);
	add(o, INFO "link_state.state", n->link ? 1 : 2);
	add(o, INFO "link_state.duplex", 2);
	add(o, INFO "link_state.send_speed", n->speed * 1000000);
	add(o, INFO "link_state.receive_speed", n->speed * 1000000);
}

static void add_supported(struct vb_netvsc_object *o)
{
	static const char *const paths[N_NUMBERS] = {
		INFO "oids[0]",	 INFO "oids[1]",  INFO "oids[2]",  INFO "oids[3]",  INFO "oids[4]",
		INFO "oids[5]",	 INFO "oids[6]",  INFO "oids[7]",  INFO "oids[8]",  INFO "oids[9]",
		INFO "oids[10]", INFO "oids[11]", INFO "oids[12]", INFO "oids[13]", INFO "oids[14]",
		INFO "oids[15]", INFO "oids[16]", INFO "oids[17]", INFO "oids[18]",
	};

	for (size_t i = 0; i < N_NUMBERS; i++)
		add(o, paths[i], numbers[i].oid);
	o->len = 4 * (uint32_t)N_NUMBERS;
}

static bool add_object(const struct vb_netvsc *n, uint32_t oid, struct vb_netvsc_object *o)
{
	static const char vendor[] = "vmbusreplay";
	static const uint8_t name[] = "e\0t\0h\0e\0r\0n\0e\0t";

	switch (oid) {
	case VB_OID_SUPPORTED:
		add_supported(o);
		return true;
	case VB_OID_VENDOR:
		add_bytes(o, INFO "vendor", vendor, sizeof(vendor) - 1);
		return true;
	case VB_OID_FRIENDLY_NAME:
		add_bytes(o, INFO "friendly_name", name, sizeof(name));
		return true;
	case VB_OID_PERMANENT_ADDRESS:
		add_bytes(o, INFO "permanent_address", n->mac, 6);
		return true;
	case VB_OID_CURRENT_ADDRESS:
		add_bytes(o, INFO "current_address", n->mac, 6);
		return true;
	case VB_OID_LINK_STATE:
		add_link_state(n, o);
		return true;
	case VB_OID_MAX_LINK_SPEED:
		add(o, INFO "max_link_speed.send", n->speed * 1000000);
		add(o, INFO "max_link_speed.receive", n->speed * 1000000);
		o->len = 16;
		return true;
	case VB_OID_RSS_CAPABILITIES:
		add_rss(n, o);
		return n->queues > 1;
	case VB_OID_OFFLOAD:
	case VB_OID_CURRENT_OFFLOAD:
		add_offload(n, oid == VB_OID_CURRENT_OFFLOAD, o);
		return true;
	default:
		return false;
	}
}

uint32_t vb_netvsc_query(const struct vb_netvsc *n, uint32_t oid, struct vb_netvsc_object *ret)
{
	*ret = (struct vb_netvsc_object){ .n = 0 };
	if (add_number(n, oid, ret) || add_object(n, oid, ret))
		return VB_RNDIS_SUCCESS;
	*ret = (struct vb_netvsc_object){ .n = 0 };
	return VB_RNDIS_NOT_SUPPORTED;
}

/* ---- sets ---- */

#define SET "hv_rndis.set.info."
#define RSS SET "rss_parameters."
#define SWITCHED_ON 2

static bool find(const struct vb_frame *f, struct vb_wanted *w, size_t k)
{
	return vb_values_read(vb_proto_by_name("hv_rndis"), f, w, k, NULL) == k;
}

static uint32_t set_filter(struct vb_netvsc *n, const struct vb_frame *f)
{
	struct vb_wanted w = { .path = SET "packet_filter" };

	if (!find(f, &w, 1))
		return VB_RNDIS_INVALID_DATA;
	n->filter = (uint32_t)w.number;
	return VB_RNDIS_SUCCESS;
}

static uint32_t set_offload(struct vb_netvsc *n, const struct vb_frame *f)
{
	struct vb_wanted w = { .path = SET "offload_parameters.rsc_ipv4" };

	/* older guests send a shorter object */
	n->rsc_on = n->rsc && n->takes_rsc && find(f, &w, 1) && w.number == SWITCHED_ON;
	vb_netvsc_wire_adapt(n, (uint32_t)max_frame(n));
	return VB_RNDIS_SUCCESS;
}

/* Table and key lie where the object says, counted from its start. */
struct rss_place {
	const uint8_t *object; /* NULL: it does not fit in what came */
	uint64_t table_at, table_len, key_at, key_len;
};

static bool find_rss(const struct vb_frame *f, struct rss_place *ret, struct vb_wanted *disable,
		     struct vb_wanted *hash)
{
	struct vb_wanted w[] = {
		{ .path = RSS "flags.disable" },
		{ .path = RSS "hash" },
		{ .path = RSS "table_size" },
		{ .path = RSS "table_offset" },
		{ .path = RSS "key_size" },
		{ .path = RSS "key_offset" },
		{ .path = "hv_rndis.set.info_offset" },
	};
	uint64_t object;

	if (!find(f, w, 7))
		return false;
	*disable = w[0];
	*hash = w[1];
	object = VB_RNDIS_BODY + w[6].number;
	*ret = (struct rss_place){ f->data + object, w[3].number, w[2].number, w[5].number,
				   w[4].number };
	return object + ret->table_at + ret->table_len <= f->cap_len &&
	       object + ret->key_at + ret->key_len <= f->cap_len;
}

static uint32_t take_table(struct vb_netvsc *n, const struct rss_place *at)
{
	uint32_t n_entries = (uint32_t)(at->table_len / 4), entry;

	if (!n_entries || n_entries > NETVSC_TABLE || at->table_len % 4 ||
	    at->key_len != NETVSC_KEY)
		return VB_RNDIS_INVALID_DATA;
	for (uint32_t i = 0; i < n_entries; i++) {
		memcpy(&entry, at->object + at->table_at + 4 * (size_t)i, 4);
		if (entry >= n->queues)
			return VB_RNDIS_INVALID_DATA;
	}
	memcpy(n->table, at->object + at->table_at, 4 * (size_t)n_entries);
	memcpy(n->key, at->object + at->key_at, NETVSC_KEY);
	n->n_table = n_entries;
	return VB_RNDIS_SUCCESS;
}

static uint32_t set_rss(struct vb_netvsc *n, const struct vb_frame *f)
{
	struct vb_wanted disable, hash;
	struct rss_place at;
	uint32_t status;

	if (!find_rss(f, &at, &disable, &hash))
		return VB_RNDIS_INVALID_DATA;
	if (disable.number) {
		n->n_table = 0;
		return VB_RNDIS_SUCCESS;
	}
	status = take_table(n, &at);
	if (status == VB_RNDIS_SUCCESS)
		n->hash = (uint32_t)hash.number;
	return status;
}

uint32_t vb_netvsc_set(struct vb_netvsc *n, const struct vb_frame *f, uint32_t oid)
{
	switch (oid) {
	case VB_OID_PACKET_FILTER:
		return set_filter(n, f);
	case VB_OID_OFFLOAD_PARAMETERS:
		return set_offload(n, f);
	case VB_OID_RSS_PARAMETERS:
		return set_rss(n, f);
	case VB_OID_CONFIGURATION:
	case VB_OID_ENCAPSULATION:
		return VB_RNDIS_SUCCESS;
	default:
		return VB_RNDIS_NOT_SUPPORTED;
	}
}
