/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wireshark's own view of SCSI, for its filters scsi.* and its statistics of response times.
 *
 * Its dissector of SCSI cannot be called from outside, that of iSCSI can: a request is put into the
 * PDU that iSCSI has for it, a completion into those for data and for a response (RFC 7143, 11.3,
 * 11.4, 11.7). What else iSCSI has in them (sequence numbers, flags) nobody sent: it is hidden.
 */
#include <string.h>

#include "dissectors/inner.h"
#include "dissectors/storvsc.h"
#include "dissectors/values.h"
#include "wireshark-plugin/plugin.h"

/* Bytes of data that are passed on; blocks, of which there are more, say nothing. */
#define MAX_DATA 65536u
#define MAX_CDB 16u
#define MAX_SENSE 252u
#define PORT 3260u

enum opcode { COMMAND = 0x01, RESPONSE = 0x21, DATA_IN = 0x25 };
enum { FINAL = 0x80, READS = 0x40, WRITES = 0x20 };

/* A PDU's header; numbers are big-endian. */
struct head {
	uint8_t opcode, flags, response, status;
	uint8_t ahs_length, data_length[3];
	uint8_t lun[8];
	uint8_t tag[4];
	uint8_t expected[4]; /* bytes of data; of a command */
	uint8_t numbers[8];
	uint8_t cdb[MAX_CDB]; /* of a command */
};

G_STATIC_ASSERT(sizeof(struct head) == 48);

/* A record, and what is passed on of it. */
struct view {
	const struct vb_tree_sink *t;
	const struct vb_frame *f;
	const struct vb_walked *w;
	struct vb_frame data; /* outside the ring; no bytes: none, or not all of it is there */
	uint32_t tag;	      /* the same for a request and its completion */
	uint8_t path, target, lun;
	tvbuff_t *pdu[2];
	unsigned int n_pdus;
};

/* ---- PDUs ---- */

static void put_number(uint8_t *to, unsigned int size, uint32_t value)
{
	for (unsigned int i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

/* The header, and len bytes behind it, in a pane of their own. */
static void put_pdu(struct view *v, struct head h, const uint8_t *data, uint32_t len)
{
	packet_info *pinfo = v->t->pinfo;
	guint all = (guint)sizeof(h) + len;
	uint8_t *bytes = wmem_alloc(pinfo->pool, all);
	tvbuff_t *tvb;

	put_number(h.data_length, sizeof(h.data_length), len);
	if (h.opcode != RESPONSE) /* which knows it from its command */
		h.lun[1] = v->lun;
	put_number(h.tag, sizeof(h.tag), v->tag);
	memcpy(bytes, &h, sizeof(h));
	if (len)
		memcpy(bytes + sizeof(h), data, len);
	tvb = tvb_new_child_real_data(v->t->tvb, bytes, all, (gint)all);
	add_new_data_source(pinfo, tvb, "SCSI as iSCSI carries it");
	v->pdu[v->n_pdus++] = tvb;
}

/* ---- of a record ---- */

static const struct vb_layer *layer_of(const struct view *v, const char *name)
{
	for (unsigned int i = 0; i < v->w->n_layers; i++)
		if (strcmp(v->w->layer[i].proto->name, name) == 0)
			return &v->w->layer[i];
	return NULL;
}

/* Bytes of a layer that were captured. */
static uint32_t captured(const struct view *v, const struct vb_layer *l)
{
	return l->off >= v->f->cap_len ? 0 : MIN(l->len, v->f->cap_len - l->off);
}

/*
 * An answer that ends where its reader wanted no more is none for Wireshark, which may take it for
 * a malformed one.
 */
static void find_data(struct view *v, const uint8_t *ext, uint32_t ext_len)
{
	uint8_t *room = wmem_alloc(v->t->pinfo->pool, ext_len);
	struct vb_inner in;
	struct vb_walked w;
	struct vb_frame f;

	vb_inner_init(&in, v->w, ext, ext_len, room);
	if (vb_inner_next(&in, v->f, &f, &w) && f.wire_len <= MAX_DATA && f.cap_len == f.wire_len &&
	    !w.n_notes[VB_NOTE_CUT] && !w.n_notes[VB_NOTE_SHORT])
		v->data = f;
}

enum { W_PATH, W_TARGET, W_LUN, W_A, W_B, N_WANTED };

/* The first of them say what unit it is. False: they are not all there. */
static bool read_srb(struct view *v, struct vb_wanted w[N_WANTED])
{
	if (vb_values_read(vb_root_proto(v->f->kind), v->f, w, N_WANTED, NULL) != N_WANTED)
		return false;
	v->path = (uint8_t)w[W_PATH].number;
	v->target = (uint8_t)w[W_TARGET].number;
	v->lun = (uint8_t)w[W_LUN].number;
	return true;
}

static void put_request(struct view *v)
{
#define ASKED "hv_storvsc.execute_srb."
	struct vb_wanted w[] = { [W_PATH].path = ASKED "path_id",
				 [W_TARGET].path = ASKED "target_id",
				 [W_LUN].path = ASKED "lun",
				 [W_A].path = ASKED "data_in",
				 [W_B].path = ASKED "data_transfer_length" };
	const struct vb_layer *cdb = layer_of(v, "hv_scsi");
	struct head h = { .opcode = COMMAND, .flags = FINAL };
	uint64_t way;

	if (!cdb || cdb->len > MAX_CDB || captured(v, cdb) < cdb->len || !read_srb(v, w))
		return;
	way = w[W_A].number;
	if (way != VB_STORVSC_UNKNOWN)
		h.flags |= way == VB_STORVSC_READ ? READS : WRITES;
	put_number(h.expected, sizeof(h.expected), (uint32_t)w[W_B].number);
	memcpy(h.cdb, v->f->data + cdb->off, cdb->len);
	put_pdu(v, h, v->data.data, v->data.wire_len);
}

#define SRB_CODE 0x3fu

/* Whether the unit gave a status: what does not reach one has none. */
static bool is_answered(uint64_t srb_status, uint64_t scsi_status)
{
	uint64_t code = srb_status & SRB_CODE;

	return code == VB_SRB_SUCCESS || code == VB_SRB_DATA_OVERRUN || scsi_status;
}

/* In front of the sense data stands its length. */
static void put_response(struct view *v, uint8_t status)
{
	const struct head h = { .opcode = RESPONSE, .flags = FINAL, .status = status };
	const struct vb_layer *sense = layer_of(v, "hv_sense");
	uint32_t len = sense ? MIN(captured(v, sense), MAX_SENSE) : 0;
	uint8_t bytes[2 + MAX_SENSE];

	put_number(bytes, 2, len);
	if (len)
		memcpy(bytes + 2, v->f->data + sense->off, len);
	put_pdu(v, h, bytes, len ? 2 + len : 0);
}

static void put_completion(struct view *v)
{
#define DONE "hv_storvsc.execute_srb_complete."
	struct vb_wanted w[] = { [W_PATH].path = DONE "path_id",
				 [W_TARGET].path = DONE "target_id",
				 [W_LUN].path = DONE "lun",
				 [W_A].path = DONE "srb_status",
				 [W_B].path = DONE "scsi_status" };
	uint8_t status;

	if (!read_srb(v, w))
		return;
	status = (uint8_t)w[W_B].number;
	if (!is_answered(w[W_A].number, status))
		return;
	if (v->data.wire_len)
		put_pdu(v, (struct head){ .opcode = DATA_IN, .flags = FINAL }, v->data.data,
			v->data.wire_len);
	put_response(v, status);
}

/* ---- passing it on ---- */

static void find_handle(const gchar *table _U_, gpointer handle, gpointer ret)
{
	if (dissector_handle_get_protocol_index(handle) == proto_get_id_by_filter_name("iscsi"))
		*(dissector_handle_t *)ret = handle;
}

dissector_handle_t vb_scsi_handle(void)
{
	dissector_handle_t ret = NULL;

	dissector_table_foreach_handle("tcp.port", find_handle, &ret);
	return ret;
}

static bool is_wrapping(const proto_node *n, int iscsi)
{
	const field_info *fi = PNODE_FINFO(n);

	return fi && (fi->hfinfo->id == iscsi || fi->hfinfo->parent == iscsi);
}

static void hide_wrapping(proto_tree *tree)
{
	int iscsi = proto_get_id_by_filter_name("iscsi");

	for (proto_node *n = tree ? tree->first_child : NULL; n; n = n->next)
		if (is_wrapping(n, iscsi))
			proto_item_set_hidden(n);
}

/*
 * What the dissector takes for a conversation over TCP is one with all that is behind one path and
 * one target of a device: the units of those have numbers of their own, and types.
 */
static void talk(const struct view *v)
{
	packet_info *pinfo = v->t->pinfo;
	bool from_guest = v->f->direction == VB_TO_HOST;
	char guid[VB_GUID_TEXT], *name;
	uint32_t port = (uint32_t)v->path << 8 | v->target;
	address guest, device;

	vb_guid_text(v->f->instance, guid);
	name = wmem_strdup_printf(pinfo->pool, "scsi %s %u", guid, v->f->class);
	set_address(&device, AT_STRINGZ, (int)strlen(name) + 1, name);
	set_address(&guest, AT_STRINGZ, sizeof("scsi"), "scsi");
	copy_address_shallow(&pinfo->src, from_guest ? &guest : &device);
	copy_address_shallow(&pinfo->dst, from_guest ? &device : &guest);
	pinfo->ptype = PT_TCP;
	pinfo->srcport = from_guest ? port : PORT << 16;
	pinfo->destport = from_guest ? PORT << 16 : port;
	pinfo->use_conv_addr_port_endpoints = FALSE;
	pinfo->conv_addr_port_endpoints = NULL;
	pinfo->conv_elements = NULL;
	pinfo->can_desegment = 0;
}

/* What talk() and the dissector changed of what is known about the frame. */
static void put_back(packet_info *pinfo, const packet_info *saved)
{
	copy_address_shallow(&pinfo->src, &saved->src);
	copy_address_shallow(&pinfo->dst, &saved->dst);
	pinfo->ptype = saved->ptype;
	pinfo->srcport = saved->srcport;
	pinfo->destport = saved->destport;
	pinfo->use_conv_addr_port_endpoints = saved->use_conv_addr_port_endpoints;
	pinfo->conv_addr_port_endpoints = saved->conv_addr_port_endpoints;
	pinfo->conv_elements = saved->conv_elements;
	pinfo->can_desegment = saved->can_desegment;
	pinfo->layers = saved->layers;
	pinfo->curr_layer_num = saved->curr_layer_num;
}

/* Columns and layers are those of the frame: the dissector's are not wanted. */
static void pass(const struct view *v, dissector_handle_t handle, int ett)
{
	packet_info *pinfo = v->t->pinfo, saved = *pinfo;
	struct vb_tree_sink inner = *v->t;
	bool writable = col_get_writable(pinfo->cinfo, -1);
	proto_item *item =
		proto_tree_add_item(v->t->root, v->t->binding->scsi, v->pdu[0], 0, 0, ENC_NA);

	inner.root = proto_item_add_subtree(item, ett);
	talk(v);
	pinfo->layers = wmem_list_new(pinfo->pool);
	col_set_writable(pinfo->cinfo, -1, FALSE);
	for (unsigned int i = 0; i < v->n_pdus; i++)
		vb_talk_pass(handle, v->pdu[i], &inner);
	hide_wrapping(inner.root);
	col_set_writable(pinfo->cinfo, -1, writable);
	put_back(pinfo, &saved);
}

void vb_scsi_view(dissector_handle_t handle, int ett, const struct vb_tree_sink *t,
		  const struct vb_frame *f, const struct vb_walked *w, const uint8_t *ext,
		  uint32_t ext_len, uint64_t request)
{
	bool from_guest = f->direction == VB_TO_HOST;
	struct view v = { .t = t, .f = f, .w = w };

	v.tag = from_guest ? t->pinfo->num : (uint32_t)request;
	if (!handle || !v.tag || !layer_of(&v, "hv_storvsc"))
		return;
	find_data(&v, ext, ext_len);
	if (from_guest)
		put_request(&v);
	else
		put_completion(&v);
	if (v.n_pdus)
		pass(&v, handle, ett);
}
