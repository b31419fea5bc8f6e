/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a network device was: what its host answered, and what its frames say.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/nvsp.h"
#include "dissectors/values.h"
#include "replay/plan_impl.h"

#define MAC_AT 6u /* of who sends, in a frame */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- reading ---- */

static bool message_value(const struct vb_frame *f, const char *path, uint64_t *ret)
{
	struct vb_wanted w = { .path = path };

	if (!vb_values_read(vb_proto_by_name("hv_rndis"), f, &w, 1, NULL))
		return false;
	*ret = w.number;
	return true;
}

/* ---- answers ---- */

static uint32_t asked_oid(struct vb_plan_net *n, uint64_t id)
{
	for (size_t i = 0; i < COUNT(n->asked); i++)
		if (n->asked[i].id == id)
			return n->asked[i].oid;
	return 0;
}

/* The id stands in the same place in all answers, whatever they are called. */
static bool id_of(const struct vb_frame *f, const char *name, uint64_t *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "hv_rndis.%.32s.request_id", name);
	return message_value(f, path, ret);
}

int vb_plan_net_answer(struct vb_plan_net *n, const struct vb_frame *f, const char *name)
{
	struct vb_plan_answer *list;
	uint64_t id = 0, type = 0;

	if (f->cap_len < f->wire_len || !id_of(f, name, &id) ||
	    !message_value(f, "hv_rndis.type", &type))
		return 0; /* the model has one of its own */
	list = reallocarray(n->answers, n->n_answers + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	n->answers = list;
	list += n->n_answers;
	*list = (struct vb_plan_answer){ .type = (uint32_t)type,
					 .oid = asked_oid(n, id),
					 .bytes = malloc(f->wire_len),
					 .len = f->wire_len };
	if (!list->bytes)
		return -ENOMEM;
	memcpy(list->bytes, f->data, f->wire_len);
	n->n_answers++;
	return 0;
}

void vb_plan_net_persona(struct vb_plan_net *n, const struct vb_decoder *dec)
{
	uint64_t value;

	n->n_own++;
	if (vb_plan_value(dec, "nvsp.init_complete.status", &value) && value == VB_NVSP_SUCCESS)
		n->version = n->asked_version;
	if (vb_plan_value(dec, "nvsp.receive_buffer_complete.section[0].sub_alloc_size", &value))
		n->part_len = (uint32_t)value;
	if (vb_plan_value(dec, "nvsp.send_buffer_complete.section_size", &value))
		n->section_len = (uint32_t)value;
	if (vb_plan_value(dec, "nvsp.subchannel_complete.num_subchannels", &value))
		n->n_queues = (uint16_t)(value < 64 ? value + 1 : 64);
}

/* ---- the guest ---- */

void vb_plan_net_frame(struct vb_plan_net *n, const struct vb_frame *f)
{
	struct vb_wanted w[] = { { .path = "hv_rndis.packet.frame" },
				 { .path = "hv_rndis.packet.info.vlan" } };

	vb_values_read(vb_proto_by_name("hv_rndis"), f, w, 2, NULL);
	n->has_vlans |= w[1].found;
	if (n->has_mac || !w[0].found || w[0].n_bytes < MAC_AT + 6)
		return;
	memcpy(n->mac, w[0].bytes + MAC_AT, 6);
	n->has_mac = true;
}

void vb_plan_net_request(struct vb_plan_net *n, const struct vb_frame *f, const struct vb_walked *w)
{
	uint64_t id = 0;

	if (!id_of(f, vb_plan_message_name(w), &id) || !w->n_layers)
		return;
	n->asked[n->n_asked].id = (uint32_t)id;
	n->asked[n->n_asked].oid = (uint32_t)w->layer[0].slots[VB_S_RECALLED];
	n->n_asked = (n->n_asked + 1) % COUNT(n->asked);
}
