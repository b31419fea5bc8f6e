/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who talks to whom: addresses, conversation tables, and the dissectors of others. */
#include <string.h>

#include "wireshark-plugin/plugin.h"

#define SERVICES "vmbus.service"

/* What the tables count; inner dissectors put their own addresses into packet_info. */
struct counted {
	address src, dst;
	int len;
};

static tap_packet_status count_conversation(void *table, packet_info *pinfo,
					    epan_dissect_t *edt _U_, const void *data,
					    tap_flags_t flags)
{
	static ct_dissector_info_t info; /* no filter of ours finds an address */
	const struct counted *c = data;
	conv_hash_t *hash = table;

	hash->flags = flags;
	add_conversation_table_data(hash, &c->src, &c->dst, 0, 0, 1, c->len, &pinfo->rel_ts,
				    &pinfo->abs_ts, &info, CONVERSATION_NONE);
	return TAP_PACKET_REDRAW;
}

static tap_packet_status count_endpoints(void *table, packet_info *pinfo _U_,
					 epan_dissect_t *edt _U_, const void *data,
					 tap_flags_t flags)
{
	static et_dissector_info_t info;
	const struct counted *c = data;
	conv_hash_t *hash = table;

	hash->flags = flags;
	add_endpoint_table_data(hash, &c->src, 0, TRUE, 1, c->len, &info, ENDPOINT_NONE);
	add_endpoint_table_data(hash, &c->dst, 0, FALSE, 1, c->len, &info, ENDPOINT_NONE);
	return TAP_PACKET_REDRAW;
}

static void set_name(packet_info *pinfo, address *ret, const char *name)
{
	set_address(ret, AT_STRINGZ, (int)strlen(name) + 1, wmem_strdup(pinfo->pool, name));
}

void vb_talk_about(const struct vb_talk *talk, packet_info *pinfo, const struct vb_frame *f)
{
	struct counted *c = wmem_new0(pinfo->pool, struct counted);
	bool from_guest = f->direction == VB_TO_HOST;
	struct vb_buf device = { 0 };

	vb_text_channel(&device, f);
	set_name(pinfo, &c->src, from_guest ? "guest" : device.data);
	set_name(pinfo, &c->dst, from_guest ? device.data : "guest");
	vb_buf_done(&device);
	c->len = (int)f->wire_len;
	copy_address_shallow(&pinfo->src, &c->src);
	/* states and events are not sent to anybody */
	if (f->direction == VB_DIR_NONE)
		return;
	copy_address_shallow(&pinfo->dst, &c->dst);
	find_or_create_conversation(pinfo);
	tap_queue_packet(talk->tap, pinfo, c);
}

/* ---- Decode As ---- */

/* The interface GUID of the frame's channel, which for hv_sock is the service. */
static gpointer service_of(packet_info *pinfo)
{
	return p_get_proto_data(pinfo->pool, pinfo, proto_get_id_by_filter_name(VB_NAME), 0);
}

static void prompt(packet_info *pinfo, gchar *result)
{
	snprintf(result, MAX_DECODE_AS_PROMPT_LEN, "VMBus interface %s as",
		 (const char *)service_of(pinfo));
}

void vb_talk_register(struct vb_talk *talk, int proto)
{
	static build_valid_func build[] = { service_of };
	static decode_as_value_t value = { prompt, 1, build };
	static decode_as_t decode_as = { .name = VB_NAME,
					 .table_name = SERVICES,
					 .num_items = 1,
					 .values = &value,
					 .populate_list = decode_as_default_populate_list,
					 .reset_value = decode_as_default_reset,
					 .change_value = decode_as_default_change };

	talk->proto = proto;
	talk->tap = register_tap(VB_NAME);
	register_conversation_table(proto, TRUE, count_conversation, count_endpoints);
	talk->services = register_dissector_table(SERVICES, "VMBus interface", proto, FT_STRING, 0);
	register_decode_as(&decode_as);
}

static void add_service(const gchar *table _U_, gpointer handle, gpointer ctx _U_)
{
	dissector_add_for_decode_as(SERVICES, handle);
}

/* A service may speak what is spoken over TCP. */
void vb_talk_services(void)
{
	dissector_table_foreach_handle("tcp.port", add_service, NULL);
}

void vb_talk_pass(dissector_handle_t handle, tvbuff_t *tvb, const struct vb_tree_sink *t)
{
	if (!handle)
		return;
	TRY
	{
		call_dissector(handle, tvb, t->pinfo, t->root);
	}
	CATCH_NONFATAL_ERRORS
	{
		show_exception(tvb, t->pinfo, t->root, EXCEPT_CODE, GET_MESSAGE);
	}
	ENDTRY;
}

void vb_talk_hand_over(const struct vb_talk *talk, const struct vb_tree_sink *t,
		       const struct vb_frame *f)
{
	char *service = wmem_alloc(t->pinfo->pool, VB_GUID_TEXT);

	vb_guid_text(f->interface, service);
	p_add_proto_data(t->pinfo->pool, t->pinfo, talk->proto, 0, service);
	for (unsigned int i = 0; i < wmem_array_get_count(t->handovers); i++) {
		const struct vb_handover *h = wmem_array_index(t->handovers, i);

		vb_talk_pass(h->row->foreign ? find_dissector(h->row->proto) :
					       dissector_get_string_handle(talk->services, service),
			     h->tvb, t);
	}
}
