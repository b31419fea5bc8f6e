/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RNDIS control: the adapter that the guest believes it has (Linux 6.1
 * drivers/net/hyperv/rndis_filter.c).
 */
#include <string.h>

#include "replay/host/netvsc.h"

#define MAX_TRANSFER 0xefffffffu
#define CONNECTIONLESS 1u
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* recalled: the OID by which the information of an answer is laid out. */
static void send_about(struct vb_netvsc *n, uint32_t recalled, const struct vb_value *values,
		       size_t k, uint32_t len)
{
	struct vb_frame f = { .kind = VB_KIND_PACKET,
			      .direction = VB_TO_GUEST,
			      .wire_len = len,
			      .recalled = recalled };
	uint8_t bytes[64 + NETVSC_MAX_INFO];

	if (vb_values_encode(vb_proto_by_name("hv_rndis"), &f, values, k, bytes, sizeof(bytes)))
		vb_hdevice_trouble(n->d, "a message of ours (0x%08x) cannot be written", recalled);
	else
		vb_netvsc_send_control(n, bytes, len);
}

static void send_message(struct vb_netvsc *n, const struct vb_value *values, size_t k, uint32_t len)
{
	send_about(n, 0, values, k, len);
}

static void answer_initialize(struct vb_netvsc *n, uint64_t id)
{
	const struct vb_value values[] = {
		VB_NUMBER("hv_rndis.type", VB_RNDIS_COMPLETE | VB_RNDIS_INITIALIZE),
		VB_NUMBER("hv_rndis.length", 52),
		VB_NUMBER("hv_rndis.initialize_complete.request_id", id),
		VB_NUMBER("hv_rndis.initialize_complete.major", 1),
		VB_NUMBER("hv_rndis.initialize_complete.device_flags", CONNECTIONLESS),
		VB_NUMBER("hv_rndis.initialize_complete.max_packets", n->max_packets),
		VB_NUMBER("hv_rndis.initialize_complete.max_transfer", MAX_TRANSFER),
		VB_NUMBER("hv_rndis.initialize_complete.alignment", n->alignment),
	};

	send_message(n, values, COUNT(values), 52);
}

static void answer_query(struct vb_netvsc *n, uint64_t id, uint32_t oid)
{
	struct vb_netvsc_object o = { .n = 0 };
	uint32_t status = vb_netvsc_query(n, oid, &o);
	struct vb_value values[6 + NETVSC_MAX_OBJECT] = {
		VB_NUMBER("hv_rndis.type", VB_RNDIS_COMPLETE | VB_RNDIS_QUERY),
		VB_NUMBER("hv_rndis.length", 24 + o.len),
		VB_NUMBER("hv_rndis.query_complete.request_id", id),
		VB_NUMBER("hv_rndis.query_complete.status", status),
		VB_NUMBER("hv_rndis.query_complete.info_len", o.len),
		VB_NUMBER("hv_rndis.query_complete.info_offset", o.len ? 16 : 0),
	};

	memcpy(values + 6, o.value, o.n * sizeof(o.value[0]));
	send_about(n, oid, values, 6 + o.n, 24 + o.len);
}

static void answer_set(struct vb_netvsc *n, uint64_t id, uint32_t status)
{
	const struct vb_value values[] = {
		VB_NUMBER("hv_rndis.type", VB_RNDIS_COMPLETE | VB_RNDIS_SET),
		VB_NUMBER("hv_rndis.length", 16),
		VB_NUMBER("hv_rndis.set_complete.request_id", id),
		VB_NUMBER("hv_rndis.set_complete.status", status),
	};

	send_message(n, values, COUNT(values), 16);
}

static void answer_keepalive(struct vb_netvsc *n, uint64_t id)
{
	const struct vb_value values[] = {
		VB_NUMBER("hv_rndis.type", VB_RNDIS_COMPLETE | VB_RNDIS_KEEPALIVE),
		VB_NUMBER("hv_rndis.length", 16),
		VB_NUMBER("hv_rndis.keepalive_complete.request_id", id),
	};

	send_message(n, values, COUNT(values), 16);
}

void vb_netvsc_indicate(struct vb_netvsc *n, uint32_t status, const void *bytes, uint32_t len)
{
	const struct vb_value values[] = {
		VB_NUMBER("hv_rndis.type", VB_RNDIS_INDICATE_STATUS),
		VB_NUMBER("hv_rndis.length", 20 + len),
		VB_NUMBER("hv_rndis.indicate_status.status", status),
		VB_NUMBER("hv_rndis.indicate_status.status_len", len),
		VB_NUMBER("hv_rndis.indicate_status.status_offset", len ? 12 : 0),
		VB_DATA("hv_rndis.indicate_status.info", bytes, len),
	};

	send_message(n, values, len ? COUNT(values) : COUNT(values) - 1, 20 + len);
}

/* ---- requests ---- */

/* The trace has the answer. */
static bool is_answered(struct vb_netvsc *n, uint32_t type, uint64_t oid, uint64_t id)
{
	return n->player && n->player->answer(n->player->ctx, VB_RNDIS_COMPLETE | type,
					      (uint32_t)oid, (uint32_t)id);
}

static bool find(const struct vb_frame *f, const char *path, uint64_t *ret)
{
	struct vb_wanted w = { .path = path };

	if (!vb_values_read(vb_proto_by_name("hv_rndis"), f, &w, 1, NULL))
		return false;
	*ret = w.number;
	return true;
}

static bool take_query(struct vb_netvsc *n, const struct vb_frame *f)
{
	uint64_t id, oid;

	if (!find(f, "hv_rndis.query.request_id", &id) || !find(f, "hv_rndis.query.oid", &oid))
		return false;
	if (!is_answered(n, VB_RNDIS_QUERY, oid, id))
		answer_query(n, id, (uint32_t)oid);
	return true;
}

static bool take_set(struct vb_netvsc *n, const struct vb_frame *f)
{
	uint64_t id, oid;
	uint32_t status;

	if (!find(f, "hv_rndis.set.request_id", &id) || !find(f, "hv_rndis.set.oid", &oid))
		return false;
	status = vb_netvsc_set(n, f, (uint32_t)oid);
	if (!is_answered(n, VB_RNDIS_SET, oid, id))
		answer_set(n, id, status);
	return true;
}

bool vb_netvsc_control(struct vb_netvsc *n, const struct vb_frame *f)
{
	uint64_t type, id;

	if (!find(f, "hv_rndis.type", &type))
		return false;
	switch (type) {
	case VB_RNDIS_INITIALIZE:
		if (!find(f, "hv_rndis.initialize.request_id", &id))
			return false;
		if (!is_answered(n, VB_RNDIS_INITIALIZE, 0, id))
			answer_initialize(n, id);
		return true;
	case VB_RNDIS_QUERY:
		return take_query(n, f);
	case VB_RNDIS_SET:
		return take_set(n, f);
	case VB_RNDIS_HALT:
		n->filter = 0;
		return true;
	case VB_RNDIS_KEEPALIVE:
		if (!find(f, "hv_rndis.keepalive.request_id", &id))
			return false;
		answer_keepalive(n, id);
		return true;
	default:
		return false;
	}
}
