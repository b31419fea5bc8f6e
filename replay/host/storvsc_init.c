/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest of a storage device says before its first request. Each operation has its place in the
 * order; out of it, it is refused.
 */
#include "replay/host/storvsc.h"

void vb_storvsc_init_reset(struct vb_storage *s)
{
	s->stage = STORVSC_OPENED;
	s->version = 0;
	s->n_subchannels = 0;
	s->n_drop = 0;
	vb_hdevice_set_version(s->d, 0);
}

static bool is_fc(const struct vb_storage *s)
{
	return vb_hdevice_config(s->d)->class == VB_CLASS_FC;
}

static uint64_t most_subchannels(const struct vb_storage *s)
{
	uint64_t there = vb_hdevice_config(s->d)->n_subchannels;

	if (s->version < VB_STORVSC_WIN8)
		return 0;
	return s->subchannels < there ? s->subchannels : there;
}

/* ---- operations: each gives its status ---- */

static uint32_t begin(struct vb_storage *s)
{
	s->stage = STORVSC_BEGUN;
	return VB_STORVSC_STATUS_SUCCESS;
}

static bool is_version(const struct vb_storage *s, uint64_t version)
{
	const struct vb_name *v = vb_proto_by_name("hv_storvsc")->versions;

	while (v->name && v->value != version)
		v++;
	return v->name && version <= s->max_version;
}

static uint32_t agree(struct vb_storvsc_request *r, const struct vb_frame *message)
{
	struct vb_wanted w = { .path = "hv_storvsc.query_protocol_version.major_minor" };
	struct vb_storage *s = r->s;

	if (vb_values_read(vb_proto_by_name("hv_storvsc"), message, &w, 1, NULL) != 1)
		return VB_STORVSC_STATUS_INVALID_PARAMETER;
	r->asked = (uint32_t)w.number;
	if (!is_version(s, w.number))
		return VB_STORVSC_STATUS_REVISION;
	s->version = r->asked;
	s->stage = STORVSC_VERSION;
	vb_hdevice_set_version(s->d, s->version);
	return VB_STORVSC_STATUS_SUCCESS;
}

static uint32_t tell_properties(struct vb_storage *s)
{
	s->stage = STORVSC_PROPERTIES;
	return VB_STORVSC_STATUS_SUCCESS;
}

static uint32_t end(struct vb_storage *s)
{
	s->stage = STORVSC_READY;
	return VB_STORVSC_STATUS_SUCCESS;
}

static uint32_t add_channels(struct vb_storvsc_request *r, const struct vb_frame *message)
{
	struct vb_wanted w = { .path = "hv_storvsc.create_sub_channels.sub_channel_count" };
	struct vb_storage *s = r->s;

	if (vb_values_read(vb_proto_by_name("hv_storvsc"), message, &w, 1, NULL) != 1 ||
	    s->n_subchannels + w.number > most_subchannels(s))
		return VB_STORVSC_STATUS_INVALID_PARAMETER;
	r->asked = (uint32_t)w.number;
	s->n_subchannels += r->asked;
	return VB_STORVSC_STATUS_SUCCESS;
}

static bool is_its_turn(const struct vb_storage *s, uint8_t operation)
{
	switch (operation) {
	case VB_STORVSC_BEGIN_INIT:
		return s->stage == STORVSC_OPENED;
	case VB_STORVSC_QUERY_VERSION:
		return s->stage == STORVSC_BEGUN;
	case VB_STORVSC_QUERY_PROPERTIES:
		return s->stage == STORVSC_VERSION;
	case VB_STORVSC_END_INIT:
	case VB_STORVSC_FC_DATA:
		return s->stage == STORVSC_PROPERTIES;
	case VB_STORVSC_CREATE_SUB_CHANNELS:
		return s->stage >= STORVSC_PROPERTIES;
	default:
		return false;
	}
}

static uint32_t run(struct vb_storvsc_request *r, const struct vb_frame *message)
{
	struct vb_storage *s = r->s;

	switch (vb_storvsc_operation(r)) {
	case VB_STORVSC_BEGIN_INIT:
		return begin(s);
	case VB_STORVSC_QUERY_VERSION:
		return agree(r, message);
	case VB_STORVSC_QUERY_PROPERTIES:
		return tell_properties(s);
	case VB_STORVSC_FC_DATA:
		return is_fc(s) ? VB_STORVSC_STATUS_SUCCESS : VB_STORVSC_STATUS_INVALID_REQUEST;
	case VB_STORVSC_END_INIT:
		return end(s);
	case VB_STORVSC_CREATE_SUB_CHANNELS:
		return add_channels(r, message);
	default:
		return VB_STORVSC_STATUS_INVALID_REQUEST;
	}
}

void vb_storvsc_init_run(struct vb_storvsc_request *r, const struct vb_frame *message)
{
	uint8_t operation = vb_storvsc_operation(r);
	bool is_known = operation >= VB_STORVSC_BEGIN_INIT &&
			operation <= VB_STORVSC_CREATE_SUB_CHANNELS &&
			operation != VB_STORVSC_ENUMERATE_BUS;

	if (!is_known)
		r->status = VB_STORVSC_STATUS_INVALID_REQUEST;
	else if (r->channel != 0 || !is_its_turn(r->s, operation))
		r->status = VB_STORVSC_STATUS_INVALID_STATE;
	else
		r->status = run(r, message);
	if (r->status && r->status != VB_STORVSC_STATUS_REVISION)
		vb_hdevice_trouble(r->s->d, "operation %u is refused: status 0x%08x", operation,
				   r->status);
}

/* ---- answers ---- */

#define PROPERTIES "hv_storvsc.query_properties_complete."
#define NAMES "hv_storvsc.fchba_data_complete."

static size_t put_properties(const struct vb_storage *s, struct vb_value *ret)
{
	uint64_t most = most_subchannels(s);

	ret[0] = (struct vb_value)VB_NUMBER(PROPERTIES "max_channel_cnt", most);
	ret[1] = (struct vb_value)VB_NUMBER(PROPERTIES "flags", most != 0);
	ret[2] = (struct vb_value)VB_NUMBER(PROPERTIES "max_transfer_bytes", s->max_transfer);
	return 3;
}

static size_t put_names(const struct vb_storage *s, struct vb_value *ret)
{
	ret[0] = (struct vb_value)VB_NUMBER(NAMES "primary_active", 1);
	ret[1] = (struct vb_value)VB_NUMBER(NAMES "primary_port_wwn", s->port_wwn);
	ret[2] = (struct vb_value)VB_NUMBER(NAMES "primary_node_wwn", s->node_wwn);
	/* of the other port, which is not active: one further on */
	ret[3] = (struct vb_value)VB_NUMBER(NAMES "secondary_port_wwn", s->port_wwn + 1);
	ret[4] = (struct vb_value)VB_NUMBER(NAMES "secondary_node_wwn", s->node_wwn);
	return 5;
}

size_t vb_storvsc_init_values(const struct vb_storvsc_request *r, struct vb_value *ret)
{
	switch (vb_storvsc_operation(r)) {
	case VB_STORVSC_QUERY_VERSION:
		ret[0] = (struct vb_value)VB_NUMBER(
			"hv_storvsc.query_protocol_version_complete.major_minor", r->asked);
		return 1;
	case VB_STORVSC_QUERY_PROPERTIES:
		return r->status ? 0 : put_properties(r->s, ret);
	case VB_STORVSC_FC_DATA:
		return r->status ? 0 : put_names(r->s, ret);
	default:
		return 0;
	}
}

void vb_storvsc_init_answered(const struct vb_storvsc_request *r)
{
	if (vb_storvsc_operation(r) == VB_STORVSC_CREATE_SUB_CHANNELS && !r->status)
		vb_host_offer_subchannels(r->s->d, r->asked);
}
