/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows become fields of Wireshark: name, type, base, names of values, bits, explanation. */
#include "wireshark-plugin/plugin.h"

/* One protocol's fields while they are collected; Wireshark keeps the array for good. */
struct collector {
	struct vb_binding *binding;
	const struct vb_proto *proto;
	const struct vb_row *integer; /* the latest row that may have bits */
	GArray *fields;		      /* hf_register_info */
	GPtrArray *trees;	      /* int * */
};

const char *vb_bind_taken(void)
{
	size_t i, n;
	const struct vb_proto *const *protos = vb_protos(&n);

	for (i = 0; i < n; i++)
		if (proto_get_id_by_filter_name(protos[i]->name) != -1)
			return protos[i]->name;
	return NULL;
}

const struct vb_bound *vb_bind_find(const struct vb_binding *b, const char *path)
{
	return g_hash_table_lookup(b->by_path, path);
}

/* ---- types ---- */

static enum ftenum integer_type(bool is_signed, unsigned int size)
{
	static const enum ftenum types[9][2] = { [1] = { FT_UINT8, FT_INT8 },
						 [2] = { FT_UINT16, FT_INT16 },
						 [3] = { FT_UINT24, FT_INT24 },
						 [4] = { FT_UINT32, FT_INT32 },
						 [8] = { FT_UINT64, FT_INT64 } };

	return types[size][is_signed];
}

static enum ftenum field_type(const struct collector *c, const struct vb_row *row)
{
	switch (row->type) {
	case VB_UINT:
		return integer_type(row->is_signed, row->size);
	case VB_BIT:
		return row->width == 1 ? FT_BOOLEAN : integer_type(false, c->integer->size);
	case VB_VALUE:
		return row->base == VB_RECORD_NUMBER ? FT_FRAMENUM : FT_UINT64;
	case VB_GUID:
		return FT_GUID;
	case VB_UTF16:
	case VB_ASCII:
		return FT_STRING;
	case VB_STRUCT:
		return FT_NONE;
	default:
		return FT_BYTES;
	}
}

static void add_name(GArray *names, bool is_64, uint64_t value, const char *name)
{
	val64_string wide = { value, name };
	value_string narrow = { (guint32)value, name };

	g_array_append_vals(names, is_64 ? (void *)&wide : (void *)&narrow, 1);
}

/*
 * The row's own list, or that of the protocol's messages, of whose numbers the first holds: as in
 * vb_value_name(), those that a number has always come before those that it has by its request.
 */
static void *value_names(const struct vb_proto *proto, const struct vb_row *row, bool is_64)
{
	guint size = is_64 ? sizeof(val64_string) : sizeof(value_string);
	GArray *names = g_array_new(TRUE, TRUE, size);
	bool is_type = row->type == VB_UINT && row->set == VB_S_TYPE && proto->msgs;

	for (const struct vb_msg *m = is_type ? proto->msgs : NULL; m && m->name; m++)
		if (!m->reply_to)
			add_name(names, is_64, m->number, m->name);
	for (const struct vb_msg *m = is_type ? proto->msgs : NULL; m && m->name; m++)
		if (m->reply_to)
			add_name(names, is_64, m->number, m->name);
	for (const struct vb_name *n = is_type ? NULL : row->names; n && n->name; n++)
		add_name(names, is_64, n->value, n->name);
	return g_array_free(names, !names->len);
}

static void describe_number(const struct collector *c, const struct vb_row *row,
			    header_field_info *hf)
{
	static const unit_name_string unit_ns = { " ns", NULL };
	bool is_64 = hf->type == FT_UINT64 || hf->type == FT_INT64;
	uint64_t ones = row->width < 64 ? (UINT64_C(1) << row->width) - 1 : UINT64_MAX;

	if (row->type == VB_BIT)
		hf->bitmask = ones << row->lo;
	hf->display = row->base == VB_HEX ? BASE_HEX : BASE_DEC;
	hf->strings = hf->type == FT_BOOLEAN ? NULL : value_names(c->proto, row, is_64);
	if (hf->strings && is_64)
		hf->display |= BASE_VAL64_STRING;
	if (row->base == VB_NS) {
		hf->strings = &unit_ns;
		hf->display |= BASE_UNIT_STRING;
	}
	if (hf->type == FT_BOOLEAN)
		hf->display = 8 * c->integer->size;
	else if (hf->type == FT_FRAMENUM)
		hf->display = BASE_NONE;
}

/* ---- fields ---- */

static struct vb_bound *new_bound(struct collector *c, const char *path)
{
	struct vb_bound *bound = g_new(struct vb_bound, 1);

	*bound = (struct vb_bound){ .id = -1, .ett = -1 };
	g_hash_table_insert(c->binding->by_path, g_strdup(path), bound);
	g_ptr_array_add(c->trees, &bound->ett);
	return bound;
}

/* Layouts of several versions share names. */
static void add_field(struct collector *c, const char *path, header_field_info hf)
{
	hf_register_info info = { .hfinfo = hf };

	if (vb_bind_find(c->binding, path))
		return;
	info.p_id = &new_bound(c, path)->id;
	info.hfinfo.abbrev = g_strdup(path);
	info.hfinfo.id = info.hfinfo.same_name_prev_id = -1;
	g_array_append_val(c->fields, info);
}

static bool add_row(void *ctx, const struct vb_field_info *fi)
{
	struct collector *c = ctx;
	const struct vb_row *row = fi->row;
	header_field_info hf = { .name = row->title, .display = BASE_NONE, .blurb = row->help };

	if (fi->proto != c->proto)
		return true;
	if (row->type == VB_UINT)
		c->integer = row;
	hf.type = field_type(c, row);
	if (row->type == VB_UINT || row->type == VB_BIT || row->type == VB_VALUE)
		describe_number(c, row, &hf);
	add_field(c, fi->path, hf);
	return true;
}

static void add_messages(struct collector *c)
{
	header_field_info hf = { .type = FT_NONE, .display = BASE_NONE };

	for (const struct vb_msg *m = c->proto->msgs; m && m->name; m++) {
		char *path = g_strdup_printf("%s.%s", c->proto->name, m->name);

		hf.name = m->title;
		hf.blurb = m->help;
		add_field(c, path, hf);
		g_free(path);
	}
}

/* Titles must differ from those of all other protocols of Wireshark. */
static void bind_protocol(struct vb_binding *b, const struct vb_proto *proto)
{
	struct collector c = { b, proto, NULL, g_array_new(FALSE, TRUE, sizeof(hf_register_info)),
			       g_ptr_array_new() };
	struct vb_bound *bound = new_bound(&c, proto->name);

	bound->id = proto_register_protocol(g_strdup_printf("Hyper-V: %s", proto->title),
					    proto->name, proto->name);
	add_messages(&c);
	vb_fields_each(add_row, &c);
	proto_register_field_array(bound->id, (hf_register_info *)(void *)c.fields->data,
				   (int)c.fields->len);
	proto_register_subtree_array((int *const *)c.trees->pdata, (int)c.trees->len);
	g_array_free(c.fields, FALSE);
	g_ptr_array_free(c.trees, TRUE);
}

static void set_note(ei_register_info *ei, expert_field *id, const char *name, bool error,
		     bool trouble)
{
	ei->ids = id;
	ei->eiinfo.name = g_strdup_printf("hv_note.%s", name);
	ei->eiinfo.group = error ? PI_MALFORMED : trouble ? PI_SEQUENCE : PI_UNDECODED;
	ei->eiinfo.severity = error ? PI_ERROR : trouble ? PI_WARN : PI_NOTE;
	ei->eiinfo.summary = g_strdup_printf("VMBus: %s", name);
	ei->eiinfo.hf_info.hfinfo.id = ei->eiinfo.hf_info.hfinfo.same_name_prev_id = -1;
}

/* Nothing is odd about it. */
static void set_left(ei_register_info *ei, expert_field *id)
{
	ei->ids = id;
	ei->eiinfo.name = "hv_rndis.left_to_host";
	ei->eiinfo.group = PI_CHECKSUM;
	ei->eiinfo.severity = PI_CHAT;
	ei->eiinfo.summary = "VMBus: what a frame leaves to the host";
	ei->eiinfo.hf_info.hfinfo.id = ei->eiinfo.hf_info.hfinfo.same_name_prev_id = -1;
}

static void bind_notes(struct vb_binding *b)
{
	static hf_register_info hf[] = {
		{ NULL,
		  { "Not described", "hv_note.gap", FT_BYTES, BASE_NONE, NULL, 0,
		    "Bytes that no row describes", HFILL } },
		{ NULL,
		  { "SCSI as Wireshark's own dissector reads it", "hv_note.scsi", FT_NONE,
		    BASE_NONE, NULL, 0, "Beside our own fields", HFILL } },
	};
	ei_register_info *ei = g_new0(ei_register_info, VB_N_NOTES + 2);
	int proto = proto_register_protocol("Hyper-V: notes", "hv_note", "hv_note");

	hf[0].p_id = &b->gap;
	hf[1].p_id = &b->scsi;
	proto_register_field_array(proto, hf, 2);
	for (int i = 0; i < VB_N_NOTES; i++)
		set_note(&ei[i], &b->notes[i], vb_note_name((enum vb_note_code)i),
			 vb_note_is_error((enum vb_note_code)i),
			 vb_note_is_trouble((enum vb_note_code)i));
	set_note(&ei[VB_N_NOTES], &b->malformed, "malformed", true, false);
	set_left(&ei[VB_N_NOTES + 1], &b->left);
	expert_register_field_array(expert_register_protocol(proto), ei, VB_N_NOTES + 2);
}

void vb_bind(struct vb_binding *b)
{
	size_t i, n;
	const struct vb_proto *const *protos = vb_protos(&n);

	b->by_path = g_hash_table_new(g_str_hash, g_str_equal);
	for (i = 0; i < n; i++)
		bind_protocol(b, protos[i]);
	bind_notes(b);
}
