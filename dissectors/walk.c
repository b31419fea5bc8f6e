/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walker: the only code that reads wire bytes.
 *
 * It goes through the rows of a protocol in order and tells a sink what it finds. Every length from
 * the wire is compared with what is left before it is used. Bytes that no row covers are handed on
 * as gaps, so that the items of a walk together are the whole message; only reserved bytes and
 * short runs of padding are left out, and only while they are zero.
 */
#include <string.h>

#include "walk.h"

#define ALIGNMENT 8 /* the ring pads to this; fewer zero bytes than this at an end are padding */

struct walk {
	const struct vb_sink *sink;
	struct vb_walked *w;
	const struct vb_proto *proto;
	const struct vb_msg *msg;
	struct vb_scope sc;
	unsigned int depth;
	bool stop; /* nothing further in this protocol can be placed */
};

static const struct vb_sink no_sink;

static void walk_rows(struct walk *wk, const struct vb_row *rows);
static uint32_t walk_proto(struct walk *outer, const struct vb_proto *proto,
			   const struct vb_frame *f, uint32_t start, uint32_t end,
			   uint64_t version);

static struct vb_item item(const struct walk *wk, const struct vb_row *row, uint32_t off,
			   uint32_t len)
{
	const struct vb_frame *f = wk->sc.f;
	uint32_t n = vb_captured(f, off, len);

	return (struct vb_item){ .proto = wk->proto,
				 .msg = wk->msg,
				 .row = row,
				 .off = off,
				 .len = len,
				 .bytes = n ? f->data + off : NULL,
				 .n_bytes = n };
}

/* What began at it reaches up to end. */
static void extend(const struct walk *wk, struct vb_item *it, uint32_t end)
{
	it->len = end - it->off;
	it->n_bytes = vb_captured(wk->sc.f, it->off, it->len);
	it->bytes = it->n_bytes ? wk->sc.f->data + it->off : NULL;
}

static void note(struct walk *wk, enum vb_note_code code, const struct vb_item *it)
{
	if (code == VB_NOTE_SHORT && wk->proto->as_asked && wk->sc.f->direction != VB_TO_HOST)
		code = VB_NOTE_CUT;
	wk->w->n_notes[code]++;
	if (wk->sink->note)
		wk->sink->note(wk->sink->ctx, code, it);
}

static void open_span(const struct walk *wk, enum vb_span span, const struct vb_item *it)
{
	if (wk->sink->open)
		wk->sink->open(wk->sink->ctx, span, it);
}

static void close_span(const struct walk *wk, enum vb_span span, const struct vb_item *it)
{
	if (wk->sink->close)
		wk->sink->close(wk->sink->ctx, span, it);
}

static void field(const struct walk *wk, const struct vb_item *it)
{
	if (wk->sink->field)
		wk->sink->field(wk->sink->ctx, it);
}

static bool all_zero(const uint8_t *bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Bytes [off, end) belong to no row. */
static void gap(struct walk *wk, uint32_t off, uint32_t end)
{
	struct vb_item it;

	if (off >= end)
		return;
	it = item(wk, NULL, off, end - off);
	if (!it.n_bytes || (it.len < ALIGNMENT && all_zero(it.bytes, it.n_bytes)))
		return;
	wk->w->unexplained += it.n_bytes;
	if (wk->sink->gap)
		wk->sink->gap(wk->sink->ctx, &it);
	if (it.n_bytes == it.len)
		note(wk, VB_NOTE_EXTRA, &it);
	else if (!wk->w->n_notes[VB_NOTE_CUT])
		note(wk, VB_NOTE_CUT, &it);
}

/*
 * Is [off, off + len) there to be read? If not, say which of the two reasons it is, and read
 * nothing more: where the next row would lie is not known any longer.
 */
static bool readable(struct walk *wk, const struct vb_row *row, uint32_t len)
{
	struct vb_scope *sc = &wk->sc;
	struct vb_item it;

	if (len <= vb_left(sc) && vb_captured(sc->f, sc->off, len) == len)
		return true;
	it = item(wk, row, sc->off, len);
	note(wk, len > vb_left(sc) ? VB_NOTE_SHORT : VB_NOTE_CUT, &it);
	wk->stop = true;
	return false;
}

static uint64_t load(const uint8_t *bytes, uint32_t size, bool big)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < size; i++)
		value = value << 8 | bytes[big ? i : size - 1 - i];
	return value;
}

static void walk_bits(const struct walk *wk, const struct vb_item *whole)
{
	struct vb_item it = *whole;

	for (const struct vb_row *bit = whole->row->bits; bit->type != VB_END; bit++) {
		it.row = bit;
		it.in_array = false;
		it.value = vb_bits(bit, whole->value);
		field(wk, &it);
	}
}

static void walk_uint(struct walk *wk, const struct vb_row *row, struct vb_item *it)
{
	if (!readable(wk, row, row->size))
		return;
	it->value = load(it->bytes, row->size, row->big);
	if (row->is_signed)
		it->value = vb_sign_extended(it->value, row->size);
	if (!it->in_array)
		vb_slot_set(&wk->sc, row->set, it->value);
	wk->sc.off += row->size;
	vb_bits_set(&wk->sc, row, it->value);
	if (row->bits) {
		open_span(wk, VB_SPAN_BITS, it);
		walk_bits(wk, it);
		close_span(wk, VB_SPAN_BITS, it);
	} else {
		field(wk, it);
	}
	if (row->max && it->value > row->max)
		note(wk, VB_NOTE_UNEXPECTED, it);
}

/* Bytes are shown as far as they are there: a length that says too much is noted, then held. */
static void walk_bytes(struct walk *wk, const struct vb_row *row, struct vb_item *it)
{
	struct vb_scope *sc = &wk->sc;

	if (it->len > vb_left(sc)) {
		note(wk, VB_NOTE_SHORT, it);
		it->len = vb_left(sc);
		it->n_bytes = vb_captured(sc->f, sc->off, it->len);
		wk->stop = true;
	} else if (it->n_bytes < it->len && !wk->w->n_notes[VB_NOTE_CUT]) {
		note(wk, VB_NOTE_CUT, it);
	}
	vb_slot_set(sc, row->set, sc->off);
	sc->off += it->len;
	if (!it->len || (row->type == VB_PAD && all_zero(it->bytes, it->n_bytes)))
		return;
	field(wk, it);
}

/* Where text ends its bytes say; the next row has what is left, and says what is wrong with it. */
static void walk_text(struct walk *wk, const struct vb_row *row, struct vb_item *it)
{
	struct vb_scope *sc = &wk->sc;
	uint32_t n = vb_captured(sc->f, sc->off, vb_left(sc));

	it->len = vb_row_text(sc, row, it->bytes, n);
	it->n_bytes = it->len;
	vb_slot_set(sc, row->set, sc->off);
	sc->off += it->len;
	if (it->len)
		field(wk, it);
}

static void walk_guid(struct walk *wk, const struct vb_row *row, const struct vb_item *it)
{
	if (!readable(wk, row, row->size))
		return;
	vb_slot_set(&wk->sc, row->set, wk->sc.off);
	wk->sc.off += row->size;
	field(wk, it);
}

static void walk_struct(struct walk *wk, enum vb_span span, struct vb_item *it)
{
	if (wk->depth >= VB_MAX_DEPTH) {
		note(wk, VB_NOTE_LIMIT, it);
		wk->stop = true;
		return;
	}
	wk->depth++;
	open_span(wk, span, it);
	walk_rows(wk, it->row->rows);
	extend(wk, it, wk->sc.off);
	close_span(wk, span, it);
	wk->depth--;
}

/* A payload nobody decodes is shown as bytes, and counted as not explained, unless others can. */
static void walk_opaque(struct walk *wk, const struct vb_row *row, struct vb_item *it)
{
	walk_bytes(wk, row, it);
	if (!it->len || row->foreign)
		return;
	wk->w->unexplained += it->n_bytes;
	note(wk, VB_NOTE_UNKNOWN, it);
}

static void walk_payload(struct walk *wk, const struct vb_row *row, struct vb_item *it)
{
	const struct vb_proto *inner = vb_payload_proto(wk->proto, row, wk->sc.f);

	if (!inner || it->len > vb_left(&wk->sc)) {
		walk_opaque(wk, row, it);
		return;
	}
	if (it->len)
		wk->sc.off = walk_proto(wk, inner, wk->sc.f, it->off, it->off + it->len,
					vb_slot(&wk->sc, row->version));
}

static void walk_value(const struct walk *wk, const struct vb_row *row, struct vb_item *it)
{
	if (!vb_has_slot(&wk->sc, row->from_slot))
		return;
	it->value = vb_slot(&wk->sc, row->from_slot);
	field(wk, it);
}

static void walk_one(struct walk *wk, const struct vb_row *row, bool in_array, uint32_t index)
{
	struct vb_item it;

	if (row->optional && !vb_left(&wk->sc))
		return;
	it = item(wk, row, wk->sc.off, row->type == VB_STRUCT ? 0 : vb_row_len(&wk->sc, row));
	it.in_array = in_array;
	it.index = index;
	switch (row->type) {
	case VB_UINT:
		walk_uint(wk, row, &it);
		break;
	case VB_GUID:
		walk_guid(wk, row, &it);
		break;
	case VB_BYTES:
	case VB_PAD:
		walk_bytes(wk, row, &it);
		break;
	case VB_UTF16:
	case VB_ASCII:
		walk_text(wk, row, &it);
		break;
	case VB_STRUCT:
		walk_struct(wk, in_array ? VB_SPAN_ELEMENT : VB_SPAN_STRUCT, &it);
		break;
	case VB_PAYLOAD:
		walk_payload(wk, row, &it);
		break;
	case VB_VALUE:
		walk_value(wk, row, &it);
		break;
	case VB_BIT:
	case VB_END:
		break;
	}
}

static bool more_elements(const struct walk *wk, const struct vb_row *row)
{
	return !wk->stop && (vb_left(&wk->sc) || !(row->optional || row->count == VB_REST));
}

static void walk_array(struct walk *wk, const struct vb_row *row)
{
	uint32_t n = vb_row_count(&wk->sc, row);
	struct vb_item it = item(wk, row, wk->sc.off, 0);
	uint32_t before, i;

	open_span(wk, VB_SPAN_ARRAY, &it);
	for (i = 0; i < n && more_elements(wk, row); i++) {
		before = wk->sc.off;
		walk_one(wk, row, true, i);
		if (wk->sc.off == before)
			break; /* an element without bytes would repeat without end */
	}
	vb_slot_set(&wk->sc, row->set, i);
	extend(wk, &it, wk->sc.off);
	close_span(wk, VB_SPAN_ARRAY, &it);
}

/* Go to the place that .at gives. What is jumped over is a gap; back to read rows never go. */
static bool seek(struct walk *wk, const struct vb_row *row)
{
	struct vb_scope *sc = &wk->sc;
	uint64_t to = vb_row_place(sc, row);
	struct vb_item it = item(wk, row, sc->off, 0);

	if (to > sc->end || to < sc->off) {
		note(wk, VB_NOTE_UNEXPECTED, &it);
		wk->stop = true;
		return false;
	}
	gap(wk, sc->off, (uint32_t)to);
	sc->off = (uint32_t)to;
	return true;
}

/* In the bytes that it has, if that is said. */
static void walk_row(struct walk *wk, const struct vb_row *row)
{
	struct vb_item it = item(wk, row, wk->sc.off, 0);
	uint32_t end = wk->sc.end;

	if (vb_slot(&wk->sc, row->within) > vb_left(&wk->sc))
		note(wk, VB_NOTE_SHORT, &it);
	wk->sc.end = vb_row_end(&wk->sc, row);
	if (vb_row_is_array(row))
		walk_array(wk, row);
	else
		walk_one(wk, row, false, 0);
	wk->sc.end = end;
}

static void walk_rows(struct walk *wk, const struct vb_row *rows)
{
	for (const struct vb_row *row = rows; row && row->type != VB_END && !wk->stop; row++) {
		if (!vb_row_applies(&wk->sc, row) || (row->at && !seek(wk, row)))
			continue;
		walk_row(wk, row);
	}
}

/* Hold the protocol to the length it claims, and say so when the claim is not true. */
static void apply_own_length(struct walk *wk)
{
	struct vb_scope *sc = &wk->sc;
	uint32_t own_end = vb_own_end(wk->proto, sc, sc->end);
	uint64_t claimed =
		vb_slot(sc, wk->proto->own_len) * (wk->proto->unit ? wk->proto->unit : 1);
	struct vb_item it = item(wk, NULL, sc->start, sc->off - sc->start);

	if (!wk->proto->own_len || wk->stop)
		return;
	if (claimed > sc->end - sc->start)
		note(wk, VB_NOTE_SHORT, &it);
	if (own_end < sc->off) {
		note(wk, VB_NOTE_UNEXPECTED, &it);
		own_end = sc->off;
	}
	sc->end = own_end;
}

static void unknown_message(struct walk *wk)
{
	struct vb_scope *sc = &wk->sc;
	uint32_t end = vb_head_end(wk->proto, sc);
	struct vb_item it = item(wk, NULL, sc->start, sc->off - sc->start);

	note(wk, VB_NOTE_UNKNOWN, &it);
	if (end > sc->off) {
		gap(wk, sc->off, end);
		sc->off = end;
	}
}

static void walk_msg(struct walk *wk)
{
	struct vb_scope *sc = &wk->sc;
	uint32_t end = sc->end;
	uint32_t head_end = vb_head_end(wk->proto, sc);
	struct vb_item it = item(wk, NULL, sc->off, 0);

	if (head_end < sc->off) {
		note(wk, VB_NOTE_UNEXPECTED, &it);
		head_end = sc->off;
	}
	if (wk->msg->from && sc->f->direction && wk->msg->from != sc->f->direction)
		note(wk, VB_NOTE_UNEXPECTED, &it);
	open_span(wk, VB_SPAN_MSG, &it);
	sc->end = head_end;
	walk_rows(wk, wk->msg->rows);
	if (wk->proto->tail) {
		gap(wk, sc->off, head_end);
		sc->off = head_end;
	}
	sc->end = end;
	extend(wk, &it, sc->off);
	close_span(wk, VB_SPAN_MSG, &it);
}

static void walk_body(struct walk *wk)
{
	if (wk->proto->msgs && !wk->stop) {
		wk->msg = vb_pick_msg(wk->proto, &wk->sc);
		if (wk->msg)
			walk_msg(wk);
		else
			unknown_message(wk);
	}
	wk->msg = NULL;
	if (!wk->stop)
		walk_rows(wk, wk->proto->tail);
}

/* version: what the protocol around it says, 0: nothing. */
static uint32_t walk_proto(struct walk *outer, const struct vb_proto *proto,
			   const struct vb_frame *f, uint32_t start, uint32_t end, uint64_t version)
{
	struct walk wk = { .sink = outer->sink, .w = outer->w, .proto = proto };
	struct vb_walked *w = outer->w;
	struct vb_layer *layer = w->n_layers < VB_MAX_LAYERS ? &w->layer[w->n_layers++] : NULL;
	const struct vb_msg *msg;
	struct vb_item it;

	vb_scope_init(&wk.sc, proto, f, start, end);
	if (version)
		vb_slot_set(&wk.sc, VB_S_VERSION, version);
	it = item(&wk, NULL, start, end - start);
	if (!layer) {
		note(&wk, VB_NOTE_LIMIT, &it);
		gap(&wk, start, end);
		return end;
	}
	open_span(&wk, VB_SPAN_PROTO, &it);
	walk_rows(&wk, proto->head);
	apply_own_length(&wk);
	msg = wk.stop ? NULL : vb_pick_msg(proto, &wk.sc);
	walk_body(&wk);
	gap(&wk, wk.sc.off, wk.sc.end);
	extend(&wk, &it, wk.sc.end);
	close_span(&wk, VB_SPAN_PROTO, &it);

	*layer = (struct vb_layer){
		.proto = proto, .msg = msg, .off = start, .len = it.len, .set = wk.sc.set
	};
	memcpy(layer->slots, wk.sc.slots, sizeof(layer->slots));
	return wk.sc.end;
}

void vb_walk(const struct vb_proto *proto, const struct vb_frame *f, const struct vb_sink *sink,
	     struct vb_walked *ret_w)
{
	struct walk wk = { .sink = sink ? sink : &no_sink, .w = ret_w, .proto = proto };
	uint32_t end;

	ret_w->n_layers = 0;
	ret_w->unexplained = 0;
	memset(ret_w->n_notes, 0, sizeof(ret_w->n_notes));
	end = walk_proto(&wk, proto, f, 0, f->wire_len, 0);
	/* What the protocol's own length leaves out is still part of the frame. */
	wk.sc.f = f;
	gap(&wk, end, f->wire_len);
}

void vb_walk_values(const struct vb_proto *proto, const uint64_t slots[VB_N_SLOTS], uint32_t set,
		    const struct vb_sink *sink)
{
	static const struct vb_frame nothing;
	struct vb_walked w = { 0 };
	struct walk wk = { .sink = sink ? sink : &no_sink, .w = &w, .proto = proto };
	struct vb_item it;

	vb_scope_init(&wk.sc, proto, &nothing, 0, 0);
	memcpy(wk.sc.slots, slots, sizeof(wk.sc.slots));
	wk.sc.set = set;
	it = item(&wk, NULL, 0, 0);
	open_span(&wk, VB_SPAN_PROTO, &it);
	walk_rows(&wk, proto->head);
	close_span(&wk, VB_SPAN_PROTO, &it);
}
