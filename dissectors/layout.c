/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where rows lie: the arithmetic that reading and writing have in common.
 */
#include <string.h>

#include "sinks.h"
#include "walk.h"

void vb_scope_init(struct vb_scope *sc, const struct vb_proto *proto, const struct vb_frame *f,
		   uint32_t start, uint32_t end)
{
	memset(sc, 0, sizeof(*sc));
	sc->f = f;
	sc->start = start;
	sc->off = start;
	sc->end = end;
	vb_slot_set(sc, VB_S_VERSION,
		    proto->by_class_version ? f->proto_version : f->vmbus_version);
	if (f->recalled)
		vb_slot_set(sc, VB_S_RECALLED, f->recalled);
	if (proto->by_request)
		vb_slot_set(sc, VB_S_TYPE, f->recalled >> proto->recall_shift & 0xff);
}

uint32_t vb_captured(const struct vb_frame *f, uint32_t off, uint32_t len)
{
	if (off >= f->cap_len)
		return 0;
	return len < f->cap_len - off ? len : f->cap_len - off;
}

void vb_slot_set(struct vb_scope *sc, uint8_t slot, uint64_t value)
{
	if (slot == VB_S_NONE || slot >= VB_N_SLOTS)
		return;
	sc->slots[slot] = value;
	sc->set |= 1u << slot;
}

void vb_bits_set(struct vb_scope *sc, const struct vb_row *row, uint64_t value)
{
	for (const struct vb_row *bit = row->bits; bit && bit->type != VB_END; bit++)
		vb_slot_set(sc, bit->set, vb_bits(bit, value));
}

uint64_t vb_sign_extended(uint64_t value, uint32_t size)
{
	unsigned int shift = 64 - 8 * size;

	return (uint64_t)((int64_t)(value << shift) >> shift);
}

static bool version_applies(uint64_t version, uint32_t since, uint32_t until)
{
	if (!version)
		return !until;
	return version >= since && (!until || version < until);
}

/* Where a part of no bytes would begin says nothing, and is often 0. */
static bool is_empty_part(const struct vb_scope *sc, const struct vb_row *row)
{
	uint8_t len = row->within ? row->within : row->len;

	return row->at && len && len != VB_REST && !vb_slot(sc, len);
}

bool vb_row_applies(const struct vb_scope *sc, const struct vb_row *row)
{
	if (row->from && sc->f->direction && row->from != sc->f->direction)
		return false;
	if ((row->since || row->until) &&
	    !version_applies(vb_slot(sc, VB_S_VERSION), row->since, row->until))
		return false;
	if (is_empty_part(sc, row))
		return false;
	return !row->when || ((vb_slot(sc, row->when) & row->mask) == row->equals) != row->unless;
}

/* slot * scale + bias, held within 0 .. UINT32_MAX. */
static uint32_t scaled(const struct vb_scope *sc, uint8_t slot, uint8_t scale, int16_t bias)
{
	uint64_t value = vb_slot(sc, slot);
	int64_t n;

	if (value > UINT32_MAX)
		value = UINT32_MAX;
	n = (int64_t)value * (scale ? scale : 1) + bias;
	if (n < 0)
		return 0;
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

uint64_t vb_row_place(const struct vb_scope *sc, const struct vb_row *row)
{
	return (uint64_t)sc->start + scaled(sc, row->at, row->at_scale, row->at_bias);
}

static uint32_t calculated(const struct vb_scope *sc, const struct vb_row *row)
{
	uint64_t n = row->calc(sc);

	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static bool length_is_fixed(const struct vb_row *row)
{
	return row->type == VB_STRUCT || row->size;
}

bool vb_row_is_array(const struct vb_row *row)
{
	return row->count || (row->calc && length_is_fixed(row));
}

uint32_t vb_row_count(const struct vb_scope *sc, const struct vb_row *row)
{
	if (row->calc)
		return calculated(sc, row);
	if (row->count != VB_REST)
		return scaled(sc, row->count, row->scale, row->bias);
	return row->size ? vb_left(sc) / row->size : UINT32_MAX;
}

uint32_t vb_row_end(const struct vb_scope *sc, const struct vb_row *row)
{
	uint64_t end = sc->off + vb_slot(sc, row->within);

	return row->within && end < sc->end ? (uint32_t)end : sc->end;
}

uint32_t vb_row_len(const struct vb_scope *sc, const struct vb_row *row)
{
	if (row->size)
		return row->size;
	if (row->after_text)
		return sc->text_end > sc->off ? (uint32_t)(sc->text_end - sc->off) : 0;
	if (row->calc)
		return calculated(sc, row);
	if (row->len == VB_REST)
		return vb_left(sc);
	return scaled(sc, row->len, row->scale, row->bias);
}

uint32_t vb_row_text(struct vb_scope *sc, const struct vb_row *row, const uint8_t *bytes,
		     uint32_t n)
{
	uint32_t len = vb_row_len(sc, row);

	sc->text_end = (uint64_t)sc->off + len;
	if (n > len)
		n = len;
	return row->type == VB_ASCII ? vb_ascii_len(bytes, n) : vb_utf16_len(bytes, n);
}

/* The request that this answers is known, and is the one that the message is an answer to. */
static bool replies(const struct vb_proto *proto, const struct vb_scope *sc, const struct vb_msg *m)
{
	uint64_t number = vb_slot(sc, VB_S_RECALLED) >> proto->recall_shift & 0xff;

	return !m->reply_to || number == m->reply_to;
}

const struct vb_msg *vb_pick_msg(const struct vb_proto *proto, const struct vb_scope *sc)
{
	uint64_t number = vb_slot(sc, VB_S_TYPE);
	uint64_t version = vb_slot(sc, VB_S_VERSION);
	const struct vb_msg *other_way = NULL;

	for (const struct vb_msg *m = proto->msgs; m && m->name; m++) {
		if (m->number != number || (version && version < m->since) ||
		    sc->end - sc->start < m->min_len || !replies(proto, sc, m))
			continue;
		if (!m->from || !sc->f->direction || m->from == sc->f->direction)
			return m;
		if (!other_way)
			other_way = m;
	}
	return other_way;
}

static uint32_t limit(const struct vb_proto *proto, const struct vb_scope *sc, uint8_t slot,
		      uint32_t end)
{
	uint64_t len = vb_slot(sc, slot);

	if (len > UINT32_MAX)
		return end;
	len = len * (proto->unit ? proto->unit : 1) + sc->start;
	return len < end ? (uint32_t)len : end;
}

uint32_t vb_own_end(const struct vb_proto *proto, const struct vb_scope *sc, uint32_t wire_end)
{
	if (!vb_has_slot(sc, proto->own_len) || !proto->own_len)
		return wire_end;
	return limit(proto, sc, proto->own_len, wire_end);
}

uint32_t vb_head_end(const struct vb_proto *proto, const struct vb_scope *sc)
{
	if (!proto->head_len)
		return sc->end;
	return limit(proto, sc, proto->head_len, sc->end);
}

const struct vb_proto *vb_payload_proto(const struct vb_proto *outer, const struct vb_row *row,
					const struct vb_frame *f)
{
	const struct vb_class_info *class = vb_class_by_code(f->class);
	static const char pipe[] = "hv_pipe";

	if (row->foreign)
		return NULL;
	if (row->proto)
		return vb_proto_by_name(row->proto);
	if (class->pipe && strcmp(outer->name, pipe))
		return vb_proto_by_name(pipe);
	return class->proto ? vb_proto_by_name(class->proto) : NULL;
}

uint32_t vb_walked_recall(const struct vb_frame *f, const struct vb_walked *w)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < w->n_layers; i++) {
		const struct vb_layer *l = &w->layer[i];
		uint32_t n = vb_captured(f, l->off, l->proto->recall_len);

		if (n > l->len)
			n = l->len;
		for (uint32_t byte = 0; byte < n; byte++)
			value |= (uint32_t)f->data[l->off + byte]
				 << (l->proto->recall_shift + 8 * byte);
	}
	return value;
}
