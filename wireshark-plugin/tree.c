/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk becomes the tree of one frame. */
#include <string.h>

#include "wireshark-plugin/plugin.h"

static proto_tree *here(const struct vb_tree_sink *t)
{
	return t->depth ? t->level[t->depth - 1].tree : t->root;
}

/* Bytes of the item that were captured: those of a cut message end before it does. */
static int captured(const struct vb_tree_sink *t, const struct vb_item *it)
{
	uint32_t have = tvb_captured_length(t->tvb), left = have > it->off ? have - it->off : 0;

	return (int)(it->len < left ? it->len : left);
}

static int start(const struct vb_tree_sink *t, const struct vb_item *it)
{
	return (int)MIN(it->off, tvb_captured_length(t->tvb));
}

/* Bits are read as the integer is that they belong to. */
static guint encoding(const struct vb_tree_sink *t, const struct vb_row *row)
{
	if (row->type == VB_UTF16)
		return ENC_LITTLE_ENDIAN | ENC_UTF_16;
	if (row->type == VB_ASCII)
		return ENC_ASCII | ENC_NA;
	if (row->type == VB_BIT)
		return t->big_bits ? ENC_BIG_ENDIAN : ENC_LITTLE_ENDIAN;
	return row->big ? ENC_BIG_ENDIAN : ENC_LITTLE_ENDIAN;
}

static proto_item *add(const struct vb_tree_sink *t, proto_tree *tree, int id,
		       const struct vb_item *it)
{
	return proto_tree_add_item(tree, id, t->tvb, start(t, it), captured(t, it),
				   it->row ? encoding(t, it->row) : ENC_NA);
}

static void tree_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct vb_tree_sink *t = ctx;
	proto_tree *tree = span == VB_SPAN_PROTO ? t->root : here(t);
	proto_item *item = NULL;
	const struct vb_bound *bound;

	vb_path_open(&t->path, span, it);
	if (span == VB_SPAN_BITS)
		t->big_bits = it->row->big;
	if (span != VB_SPAN_ARRAY) { /* its elements stand beside each other */
		bound = vb_bind_find(t->binding, vb_path_span(&t->path));
		item = add(t, tree, bound->id, it);
		tree = proto_item_add_subtree(item, bound->ett);
	}
	DISSECTOR_ASSERT(t->depth < G_N_ELEMENTS(t->level));
	t->level[t->depth].tree = tree;
	t->level[t->depth++].item = item;
}

static void tree_close(void *ctx, enum vb_span span _U_, const struct vb_item *it)
{
	struct vb_tree_sink *t = ctx;

	vb_path_close(&t->path);
	t->depth--;
	if (t->level[t->depth].item)
		proto_item_set_len(t->level[t->depth].item, captured(t, it));
}

static void keep_payload(struct vb_tree_sink *t, const char *path, const struct vb_item *it)
{
	struct vb_handover h = { .row = it->row };

	if (!it->len)
		return;
	h.tvb = tvb_new_subset_length_caplen(t->tvb, start(t, it), captured(t, it),
					     (int)MIN(it->len, G_MAXINT));
	if (strcmp(path, VB_ETHER_FIELD) == 0)
		wmem_array_append(t->frames, &h.tvb, 1);
	else
		wmem_array_append(t->handovers, &h, 1);
}

static void tree_field(void *ctx, const struct vb_item *it)
{
	struct vb_tree_sink *t = ctx;
	const char *path = vb_path_field(&t->path, it);
	int id = vb_bind_find(t->binding, path)->id;
	const struct vb_class_info *class =
		it->row->set == VB_S_CLASS ? vb_class_by_guid(it->bytes) : NULL;
	proto_item *item;

	if (it->row->type == VB_PAYLOAD)
		keep_payload(t, path, it);
	if (it->row->type != VB_VALUE) {
		item = add(t, here(t), id, it);
		if (class)
			proto_item_append_text(item, " (%s)", class->title);
		if (it->row->type == VB_BIT && it->value)
			vb_frames_explain(t, path, it, here(t));
		return;
	}
	if (it->row->base == VB_RECORD_NUMBER)
		item = proto_tree_add_uint(here(t), id, t->tvb, 0, 0, (guint32)it->value);
	else
		item = proto_tree_add_uint64(here(t), id, t->tvb, 0, 0, it->value);
	proto_item_set_generated(item);
}

static void tree_gap(void *ctx, const struct vb_item *it)
{
	struct vb_tree_sink *t = ctx;

	add(t, here(t), t->binding->gap, it);
}

static void tree_note(void *ctx, enum vb_note_code code, const struct vb_item *it)
{
	struct vb_tree_sink *t = ctx;
	const char *path = t->path.n ? vb_path_field(&t->path, it) : it->proto->name;
	expert_field id = t->binding->notes[code];

	proto_tree_add_expert_format(here(t), t->pinfo, &id, t->tvb, start(t, it), captured(t, it),
				     "%s: %s", path, vb_note_name(code));
}

struct vb_sink vb_tree_sink_init(struct vb_tree_sink *t, const struct vb_binding *b,
				 packet_info *pinfo, proto_tree *root)
{
	*t = (struct vb_tree_sink){ .binding = b, .pinfo = pinfo, .root = root };
	t->handovers = wmem_array_new(pinfo->pool, sizeof(struct vb_handover));
	t->frames = wmem_array_new(pinfo->pool, sizeof(tvbuff_t *));
	return (struct vb_sink){ t, tree_open, tree_field, tree_close, tree_gap, tree_note };
}
