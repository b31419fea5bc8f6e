/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NVSP: what a network device and the virtual switch agree upon (Linux 6.1
 * drivers/net/hyperv/netvsc.c, vb_netvsc_connect_vsp() and after it).
 */
#include <errno.h>
#include <string.h>

#include "replay/host/netvsc.h"

#define SHORT_MESSAGE 32u /* 28 bytes, rounded up as the ring does */
#define MIN_MTU 1514u	  /* what hosts use in place of a value that makes no sense */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

uint32_t vb_netvsc_message_len(const struct vb_netvsc *n)
{
	return n->version >= VB_NVSP_6_1 ? VB_NVSP_LEN_6_1 : SHORT_MESSAGE;
}

/* Answer p with an NVSP message; its type and fields are in values. */
static void answer(struct vb_netvsc *n, const struct vb_hpacket *p, const struct vb_value *values,
		   size_t n_values, uint32_t len)
{
	struct vb_value all[8] = {
		VB_NUMBER("hv_ring.type", VB_PACKET_COMPLETION),
		VB_NUMBER("hv_ring.trans_id", p->trans_id),
	};

	if (!(p->flags & 1))
		return;
	if (n_values)
		memcpy(all + 2, values, n_values * sizeof(*values));
	vb_netvsc_send_packet(n, 0, all, n_values + 2, 16 + len);
}

static bool read_fields(struct vb_netvsc *n, const struct vb_hpacket *p, struct vb_wanted *w,
			size_t k)
{
	if (vb_values_read(vb_root_proto(VB_KIND_PACKET), &p->frame, w, k, NULL) == k)
		return true;
	vb_hdevice_trouble(n->d, "a message of the guest lacks %s", w[0].path);
	return false;
}

/* ---- version ---- */

static bool speaks(const struct vb_netvsc *n, uint64_t version)
{
	for (const struct vb_name *v = vb_proto_by_name("nvsp")->versions; v->name; v++)
		if (v->value == version)
			return version <= n->max_version;
	return false;
}

static void take_init(struct vb_netvsc *n, const struct vb_hpacket *p)
{
	struct vb_wanted w[] = { { .path = "nvsp.init.max_version" },
				 { .path = "nvsp.init.min_version" } };
	bool good;

	if (!read_fields(n, p, w, 2))
		return;
	good = w[0].number == w[1].number && speaks(n, w[0].number);
	const struct vb_value values[] = {
		VB_NUMBER("nvsp.type", VB_NVSP_INIT_COMPLETE),
		VB_NUMBER("nvsp.init_complete.negotiated_version",
			  w[0].number == VB_NVSP_1 ? VB_NVSP_1 : UINT32_MAX),
		VB_NUMBER("nvsp.init_complete.max_mdl_chain_len", 34),
		VB_NUMBER("nvsp.init_complete.status", good ? VB_NVSP_SUCCESS : VB_NVSP_NONE),
	};

	vb_netvsc_switch_reset(n);
	answer(n, p, values, COUNT(values), SHORT_MESSAGE);
	if (!good)
		return;
	n->version = (uint32_t)w[0].number;
	vb_hdevice_set_version(n->d, n->version);
}

static void take_config(struct vb_netvsc *n, const struct vb_hpacket *p)
{
	struct vb_wanted w[] = { { .path = "nvsp.ndis_config.mtu" },
				 { .path = "nvsp.ndis_config.capabilities.rsc" } };

	if (!read_fields(n, p, w, 2))
		return;
	n->config_mtu = w[0].number >= MIN_MTU && w[0].number <= NETVSC_MAX_MTU ?
				(uint32_t)w[0].number :
				MIN_MTU;
	n->takes_rsc = w[1].number;
}

/* ---- the shared buffers ---- */

static bool take_buffer(struct vb_netvsc *n, const struct vb_hpacket *p, const char *gpadl,
			const char *id, struct vb_netvsc_buffer *b, uint32_t part_len)
{
	struct vb_wanted w[] = { { .path = gpadl }, { .path = id } };
	uint64_t len, parts;

	if (!read_fields(n, p, w, 2))
		return false;
	len = vb_hgpadl_len(n->d, (uint32_t)w[0].number);
	parts = len / part_len;
	if (b->there || parts == 0 || parts > UINT32_MAX / 2) {
		vb_hdevice_trouble(n->d, "the guest's buffer (GPADL 0x%x) is refused: %s",
				   (unsigned int)w[0].number,
				   b->there ? "there is one" : "it has no room");
		return false;
	}
	*b = (struct vb_netvsc_buffer){ .gpadl = (uint32_t)w[0].number,
					.id = (uint32_t)w[1].number,
					.part_len = part_len,
					.n_parts = (uint32_t)parts,
					.there = true };
	return true;
}

/* A part holds a frame with its headers. */
static uint32_t default_part(const struct vb_netvsc *n)
{
	return n->part_len ? (uint32_t)n->part_len : n->config_mtu + 256 + 36;
}

static void take_receive_buffer(struct vb_netvsc *n, const struct vb_hpacket *p)
{
	bool good = take_buffer(n, p, "nvsp.receive_buffer.gpadl", "nvsp.receive_buffer.id",
				&n->receive, default_part(n));

	if (good && vb_netvsc_receive_begin(n)) {
		n->receive.there = false;
		good = false;
	}
	const struct vb_netvsc_buffer *b = &n->receive;
	const struct vb_value values[] = {
		VB_NUMBER("nvsp.type", VB_NVSP_RECEIVE_BUFFER_COMPLETE),
		VB_NUMBER("nvsp.receive_buffer_complete.status",
			  good ? VB_NVSP_SUCCESS : VB_NVSP_FAILURE),
		VB_NUMBER("nvsp.receive_buffer_complete.num_sections", good),
		VB_NUMBER("nvsp.receive_buffer_complete.section[0].sub_alloc_size", b->part_len),
		VB_NUMBER("nvsp.receive_buffer_complete.section[0].num_sub_allocs", b->n_parts),
		VB_NUMBER("nvsp.receive_buffer_complete.section[0].end_offset",
			  (uint64_t)b->part_len * b->n_parts),
	};

	answer(n, p, values, good ? COUNT(values) : 3, vb_netvsc_message_len(n));
}

static void take_send_buffer(struct vb_netvsc *n, const struct vb_hpacket *p)
{
	bool good = take_buffer(n, p, "nvsp.send_buffer.gpadl", "nvsp.send_buffer.id", &n->send,
				(uint32_t)n->section_len);
	const struct vb_value values[] = {
		VB_NUMBER("nvsp.type", VB_NVSP_SEND_BUFFER_COMPLETE),
		VB_NUMBER("nvsp.send_buffer_complete.status",
			  good ? VB_NVSP_SUCCESS : VB_NVSP_FAILURE),
		VB_NUMBER("nvsp.send_buffer_complete.section_size", good ? n->section_len : 0),
	};

	answer(n, p, values, COUNT(values), vb_netvsc_message_len(n));
}

/* ---- queues, virtual functions ---- */

static void take_subchannel(struct vb_netvsc *n, const struct vb_hpacket *p)
{
	struct vb_wanted w[] = { { .path = "nvsp.subchannel.num_subchannels" },
				 { .path = "nvsp.subchannel.operation" } };
	uint64_t most = n->queues > n->n_subchannels + 1 ? n->queues - n->n_subchannels - 1 : 0;
	unsigned int count;
	bool good;

	if (!read_fields(n, p, w, 2))
		return;
	good = w[1].number == VB_NVSP_SUBCHANNEL_ALLOCATE;
	count = good ? (unsigned int)(w[0].number < most ? w[0].number : most) : 0;
	const struct vb_value values[] = {
		VB_NUMBER("nvsp.type", VB_NVSP_SUBCHANNEL),
		VB_NUMBER("nvsp.subchannel_complete.status",
			  good ? VB_NVSP_SUCCESS : VB_NVSP_FAILURE),
		VB_NUMBER("nvsp.subchannel_complete.num_subchannels", count),
	};

	answer(n, p, values, COUNT(values), vb_netvsc_message_len(n));
	n->n_subchannels += vb_host_offer_subchannels(n->d, count);
}

/* The answer has no payload: Linux waits for just that. */
static void take_data_path(struct vb_netvsc *n, const struct vb_hpacket *p)
{
	struct vb_wanted w = { .path = "nvsp.switch_data_path.active" };

	if (!read_fields(n, p, &w, 1))
		return;
	n->vf_path = w.number == VB_NVSP_VIRTUAL_FUNCTION;
	answer(n, p, NULL, 0, 0);
}

static void take_oid_query(struct vb_netvsc *n, const struct vb_hpacket *p)
{
	const struct vb_value values[] = {
		VB_NUMBER("nvsp.type", VB_NVSP_OID_QUERY_COMPLETE),
		VB_NUMBER("nvsp.oid_query_complete.status", VB_RNDIS_NOT_SUPPORTED),
	};

	answer(n, p, values, COUNT(values), vb_netvsc_message_len(n));
}

void vb_netvsc_tell_vf(struct vb_netvsc *n, bool there, uint32_t serial)
{
	const struct vb_value values[] = {
		VB_NUMBER("hv_ring.type", VB_PACKET_IN_BAND),
		VB_NUMBER("nvsp.type", VB_NVSP_VF_ASSOCIATION),
		VB_NUMBER("nvsp.vf_association.allocated", there),
		VB_NUMBER("nvsp.vf_association.serial", serial),
	};

	vb_netvsc_send_packet(n, 0, values, COUNT(values), 16 + vb_netvsc_message_len(n));
}

/* Behind a whole message, which guests of all versions read right: vb_netvsc_send_table() of Linux. */
void vb_netvsc_tell_table(struct vb_netvsc *n, const uint32_t table[16])
{
	static const char *const paths[16] = {
		"nvsp.indirection_table.queue[0]",  "nvsp.indirection_table.queue[1]",
		"nvsp.indirection_table.queue[2]",  "nvsp.indirection_table.queue[3]",
		"nvsp.indirection_table.queue[4]",  "nvsp.indirection_table.queue[5]",
		"nvsp.indirection_table.queue[6]",  "nvsp.indirection_table.queue[7]",
		"nvsp.indirection_table.queue[8]",  "nvsp.indirection_table.queue[9]",
		"nvsp.indirection_table.queue[10]", "nvsp.indirection_table.queue[11]",
		"nvsp.indirection_table.queue[12]", "nvsp.indirection_table.queue[13]",
		"nvsp.indirection_table.queue[14]", "nvsp.indirection_table.queue[15]",
	};
	struct vb_value values[20] = {
		VB_NUMBER("hv_ring.type", VB_PACKET_IN_BAND),
		VB_NUMBER("nvsp.type", VB_NVSP_INDIRECTION_TABLE),
		VB_NUMBER("nvsp.indirection_table.count", 16),
		VB_NUMBER("nvsp.indirection_table.table_offset", VB_NVSP_LEN_6_1),
	};

	for (size_t i = 0; i < 16; i++)
		values[4 + i] = (struct vb_value)VB_NUMBER(paths[i], table[i]);
	vb_netvsc_send_packet(n, 0, values, COUNT(values), 16 + VB_NVSP_LEN_6_1 + 64);
}

/* ---- all ---- */

static void take_unknown(struct vb_netvsc *n, const struct vb_hpacket *p, uint64_t type)
{
	vb_hdevice_trouble(n->d, "a message of type %u, which this host does not take",
			   (unsigned int)type);
	answer(n, p, NULL, 0, 0);
}

static void take_early(struct vb_netvsc *n, const struct vb_hpacket *p, uint64_t type)
{
	vb_hdevice_trouble(n->d, "a message of type %u before a version is agreed",
			   (unsigned int)type);
	answer(n, p, NULL, 0, 0);
}

static void take_message(struct vb_netvsc *n, const struct vb_hpacket *p, uint64_t type)
{
	if (!n->version && type != VB_NVSP_INIT)
		return take_early(n, p, type);
	switch (type) {
	case VB_NVSP_INIT:
		return take_init(n, p);
	case VB_NVSP_NDIS_CONFIG:
		take_config(n, p);
		return answer(n, p, NULL, 0, 0);
	case VB_NVSP_NDIS_VERSION:
		return answer(n, p, NULL, 0, 0);
	case VB_NVSP_RECEIVE_BUFFER:
		return take_receive_buffer(n, p);
	case VB_NVSP_SEND_BUFFER:
		return take_send_buffer(n, p);
	case VB_NVSP_REVOKE_RECEIVE_BUFFER:
		vb_netvsc_receive_end(n);
		return answer(n, p, NULL, 0, 0);
	case VB_NVSP_REVOKE_SEND_BUFFER:
		n->send.there = false;
		return answer(n, p, NULL, 0, 0);
	case VB_NVSP_SUBCHANNEL:
		return take_subchannel(n, p);
	case VB_NVSP_SWITCH_DATA_PATH:
		return take_data_path(n, p);
	case VB_NVSP_OID_QUERY:
		return take_oid_query(n, p);
	default:
		return take_unknown(n, p, type);
	}
}

void vb_netvsc_switch_packet(struct vb_netvsc *n, struct vb_hchannel *c, const struct vb_hpacket *p)
{
	struct vb_wanted type = { .path = "nvsp.type" };
	bool has_type = vb_values_read(vb_root_proto(VB_KIND_PACKET), &p->frame, &type, 1, NULL);

	if (p->type == VB_PACKET_COMPLETION)
		return vb_netvsc_completed(n, c, p->trans_id);
	/* with ranges it can be nothing else, legible or not */
	if (p->type == VB_PACKET_GPA_DIRECT || (has_type && type.number == VB_NVSP_RNDIS))
		return vb_netvsc_take_rndis(n, c, p);
	if (vb_hchannel_index(c) != 0 || !has_type) {
		vb_hdevice_trouble(n->d, "a packet on queue %u that is no RNDIS packet",
				   vb_hchannel_index(c));
		return;
	}
	take_message(n, p, type.number);
}

void vb_netvsc_switch_reset(struct vb_netvsc *n)
{
	vb_netvsc_receive_end(n);
	n->send.there = false;
	n->version = 0;
	n->config_mtu = MIN_MTU;
	n->takes_rsc = false;
	n->rsc_on = false;
	n->filter = 0;
	n->n_table = 0;
	n->vf_path = false;
	n->is_leaving = false;
}
