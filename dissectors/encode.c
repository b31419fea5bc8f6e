/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The encoder: the only code that writes wire bytes.
 *
 * It takes the same steps as the walker, by the same rows and the same arithmetic, with values from
 * a tree in place of values from the wire. Where the walker would have found no room and stopped,
 * the tree has no value either, and the encoder stops as well; what the walker could not place
 * stands in the tree as gaps, which are written last.
 */
#include <errno.h>
#include <string.h>

#include "sinks.h"
#include "walk.h"

/* What all protocols of a frame have in common. */
struct job {
	const struct vb_tree *tree;
	const void *root;
	uint8_t *buf;
	unsigned int n_layers;
};

struct encode {
	struct job *job;
	const struct vb_proto *proto;
	struct vb_scope sc;
	unsigned int depth;
	bool stop; /* nothing further in this protocol can be placed */
};

static int encode_rows(struct encode *e, const struct vb_row *rows, const void *node);
static int encode_proto(struct job *job, const struct vb_proto *proto, const struct vb_frame *f,
			uint32_t start, uint32_t end, uint64_t version, uint32_t *ret_end);

static const void *member(const struct job *job, const void *node, const char *name)
{
	return node && name ? job->tree->member(job->tree->ctx, node, name) : NULL;
}

static const void *element(const struct job *job, const void *node, size_t i)
{
	return node ? job->tree->element(job->tree->ctx, node, i) : NULL;
}

/* There is no room for a row: an end of the message, or an error when there is a value for it. */
static int no_room(struct encode *e, const void *value)
{
	e->stop = true;
	return value ? -EMSGSIZE : 0;
}

static void store(uint8_t *bytes, uint64_t value, uint32_t size, bool big)
{
	for (uint32_t i = 0; i < size; i++) {
		bytes[big ? size - 1 - i : i] = (uint8_t)value;
		value >>= 8;
	}
}

/* Bring a number into the form the walker gives it; -EINVAL when the row cannot hold it. */
static int fit(const struct vb_row *row, uint64_t *value)
{
	bool is_positive = row->size >= 8 || !(*value >> (8 * row->size));

	if (!is_positive && (!row->is_signed || vb_sign_extended(*value, row->size) != *value))
		return -EINVAL;
	if (row->is_signed)
		*value = vb_sign_extended(*value, row->size);
	return 0;
}

static int encode_uint(struct encode *e, const struct vb_row *row, const void *node, bool in_array)
{
	const struct vb_tree *tree = e->job->tree;
	struct vb_scope *sc = &e->sc;
	uint64_t value = 0;
	int err;

	if (row->size > vb_left(sc))
		return no_room(e, node);
	if (node) {
		err = tree->number(tree->ctx, node, &value);
		if (!err)
			err = fit(row, &value);
		if (err)
			return err;
	}
	store(e->job->buf + sc->off, value, row->size, row->big);
	if (!in_array)
		vb_slot_set(sc, row->set, value);
	vb_bits_set(sc, row, value);
	sc->off += row->size;
	return 0;
}

static int put_bytes(struct encode *e, const void *node, uint32_t len, size_t *ret_n)
{
	const struct vb_tree *tree = e->job->tree;

	*ret_n = 0;
	if (!node)
		return 0;
	return tree->bytes(tree->ctx, node, e->job->buf + e->sc.off, len, ret_n);
}

/* A value may have fewer bytes than the row: those that the capture cut are zero. */
static int encode_bytes(struct encode *e, const struct vb_row *row, const void *node, uint32_t len)
{
	struct vb_scope *sc = &e->sc;
	size_t n;
	int err;

	if (len > vb_left(sc)) {
		len = vb_left(sc);
		e->stop = true;
	}
	err = put_bytes(e, node, len, &n);
	if (err)
		return err;
	vb_slot_set(sc, row->set, sc->off);
	if (row->len == VB_REST && node)
		len = (uint32_t)n;
	sc->off += len;
	return 0;
}

/* Text given as UTF-8, or as bytes; the next row has what is left. */
static int encode_text(struct encode *e, const struct vb_row *row, const void *node)
{
	const struct vb_tree *tree = e->job->tree;
	struct vb_scope *sc = &e->sc;
	uint32_t len = vb_row_len(sc, row), room = len < vb_left(sc) ? len : vb_left(sc);
	uint8_t *to = e->job->buf + sc->off;
	const char *text;
	size_t n = 0;
	int err = 0;

	if (node && tree->text) {
		err = tree->text(tree->ctx, node, &text, &n);
		if (!err)
			err = row->type == VB_ASCII ? vb_ascii_from_text(text, n, to, room, &n) :
						      vb_utf16_from_utf8(text, n, to, room, &n);
	} else {
		err = put_bytes(e, node, room, &n);
	}
	if (err)
		return err;
	vb_slot_set(sc, row->set, sc->off);
	sc->off += vb_row_text(sc, row, to, (uint32_t)n);
	return 0;
}

static int encode_guid(struct encode *e, const struct vb_row *row, const void *node)
{
	struct vb_scope *sc = &e->sc;
	size_t n;
	int err;

	if (row->size > vb_left(sc))
		return no_room(e, node);
	err = put_bytes(e, node, row->size, &n);
	if (err)
		return err;
	if (node && n != row->size)
		return -EINVAL;
	vb_slot_set(sc, row->set, sc->off);
	sc->off += row->size;
	return 0;
}

static int encode_struct(struct encode *e, const struct vb_row *row, const void *node)
{
	int err;

	if (e->depth >= VB_MAX_DEPTH)
		return no_room(e, node);
	e->depth++;
	err = encode_rows(e, row->rows, node);
	e->depth--;
	return err;
}

/* Bytes given under the row's own name come before the protocol that would decode them. */
static int encode_payload(struct encode *e, const struct vb_row *row, const void *node,
			  uint32_t len)
{
	const struct vb_proto *inner = vb_payload_proto(e->proto, row, e->sc.f);

	if (!inner || node || len > vb_left(&e->sc))
		return encode_bytes(e, row, node, len);
	if (!len)
		return 0;
	return encode_proto(e->job, inner, e->sc.f, e->sc.off, e->sc.off + len,
			    vb_slot(&e->sc, row->version), &e->sc.off);
}

static int encode_one(struct encode *e, const struct vb_row *row, const void *node, bool in_array)
{
	uint32_t len = row->type == VB_STRUCT ? 0 : vb_row_len(&e->sc, row);

	if (row->optional && !vb_left(&e->sc))
		return node ? -EMSGSIZE : 0;
	switch (row->type) {
	case VB_UINT:
		return encode_uint(e, row, node, in_array);
	case VB_GUID:
		return encode_guid(e, row, node);
	case VB_BYTES:
	case VB_PAD:
		return encode_bytes(e, row, node, len);
	case VB_UTF16:
	case VB_ASCII:
		return encode_text(e, row, node);
	case VB_STRUCT:
		return encode_struct(e, row, node);
	case VB_PAYLOAD:
		return encode_payload(e, row, node, len);
	case VB_VALUE:
	case VB_BIT:
	case VB_END:
		break;
	}
	return 0;
}

static bool more_elements(const struct encode *e, const struct vb_row *row, const void *node)
{
	if (e->stop)
		return false;
	if (row->count == VB_REST)
		return node; /* as many as the tree has, whatever would fit */
	return vb_left(&e->sc) || !row->optional;
}

static int encode_array(struct encode *e, const struct vb_row *row, const void *array)
{
	uint32_t n = vb_row_count(&e->sc, row);
	const void *node = element(e->job, array, 0);
	uint32_t before, i;
	int err;

	for (i = 0; i < n && more_elements(e, row, node); i++) {
		before = e->sc.off;
		err = encode_one(e, row, node, true);
		if (err)
			return err;
		node = element(e->job, array, (size_t)i + 1);
		if (e->sc.off == before)
			break; /* as in the walker */
	}
	vb_slot_set(&e->sc, row->set, i);
	if (!node || e->stop)
		return 0;
	return row->count == VB_REST ? -EMSGSIZE : -EINVAL; /* the tree has more elements */
}

static int encode_row(struct encode *e, const struct vb_row *row, const void *value)
{
	uint32_t end = e->sc.end;
	int err;

	e->sc.end = vb_row_end(&e->sc, row);
	err = vb_row_is_array(row) ? encode_array(e, row, value) : encode_one(e, row, value, false);
	e->sc.end = end;
	return err;
}

/* Go to the place that .at gives; false when it lies outside, or behind us. */
static bool seek(struct vb_scope *sc, const struct vb_row *row)
{
	uint64_t to = vb_row_place(sc, row);

	if (to > sc->end || to < sc->off)
		return false;
	sc->off = (uint32_t)to;
	return true;
}

static int encode_rows(struct encode *e, const struct vb_row *rows, const void *node)
{
	const void *value;
	int err = 0;

	for (const struct vb_row *row = rows; row && row->type != VB_END && !e->stop; row++) {
		if (!vb_row_applies(&e->sc, row))
			continue;
		value = member(e->job, node, row->name);
		if (row->at && !seek(&e->sc, row))
			err = no_room(e, value);
		else
			err = encode_row(e, row, value);
		if (err)
			return err;
	}
	return 0;
}

static int encode_msg(struct encode *e, const struct vb_msg *msg, const void *node)
{
	struct vb_scope *sc = &e->sc;
	uint32_t end = sc->end;
	uint32_t head_end = vb_head_end(e->proto, sc);
	int err = 0;

	if (head_end < sc->off)
		head_end = sc->off;
	sc->end = head_end;
	if (msg)
		err = encode_rows(e, msg->rows, member(e->job, node, msg->name));
	if (!msg || e->proto->tail)
		sc->off = head_end; /* what lies between is a gap */
	sc->end = end;
	return err;
}

static int encode_inside(struct encode *e, const void *node)
{
	const struct vb_proto *proto = e->proto;
	struct vb_scope *sc = &e->sc;
	int err;

	err = encode_rows(e, proto->head, node);
	if (err || e->stop)
		return err;
	if (proto->own_len) {
		sc->end = vb_own_end(proto, sc, sc->end);
		if (sc->end < sc->off)
			sc->end = sc->off;
	}
	if (proto->msgs) {
		err = encode_msg(e, vb_pick_msg(proto, sc), node);
		if (err || e->stop)
			return err;
	}
	return encode_rows(e, proto->tail, node);
}

static int encode_proto(struct job *job, const struct vb_proto *proto, const struct vb_frame *f,
			uint32_t start, uint32_t end, uint64_t version, uint32_t *ret_end)
{
	struct encode e = { .job = job, .proto = proto };
	const void *node = member(job, job->root, proto->name);
	int err;

	if (job->n_layers >= VB_MAX_LAYERS || !node) {
		*ret_end = end;
		return 0;
	}
	job->n_layers++;
	vb_scope_init(&e.sc, proto, f, start, end);
	if (version)
		vb_slot_set(&e.sc, VB_S_VERSION, version);
	err = encode_inside(&e, node);
	*ret_end = e.sc.end;
	return err;
}

static int encode_gap(const struct job *job, const void *gap, uint32_t len)
{
	const struct vb_tree *tree = job->tree;
	const void *where = member(job, gap, "offset");
	const void *what = member(job, gap, "bytes");
	uint64_t off;
	size_t n;
	int err;

	if (!where || !what)
		return -EINVAL;
	err = tree->number(tree->ctx, where, &off);
	if (err)
		return err;
	if (off > len)
		return -EMSGSIZE;
	return tree->bytes(tree->ctx, what, job->buf + off, len - off, &n);
}

static int encode_gaps(const struct job *job, const struct vb_proto *proto, uint32_t len)
{
	const void *gaps = member(job, member(job, job->root, "gaps"), proto->name);
	const void *gap;
	int err;

	for (size_t i = 0; (gap = element(job, gaps, i)); i++) {
		err = encode_gap(job, gap, len);
		if (err)
			return err;
	}
	return 0;
}

int vb_encode(const struct vb_proto *proto, const struct vb_frame *f, const struct vb_tree *tree,
	      const void *root, uint8_t *buf, size_t size)
{
	struct job job = { .tree = tree, .root = root, .buf = buf };
	struct vb_frame frame = *f;
	uint32_t end;
	int err;

	if (size < f->wire_len)
		return -EMSGSIZE;
	if (!member(&job, root, proto->name))
		return -EINVAL;
	memset(buf, 0, f->wire_len);
	frame.data = buf; /* what escape hatches may look at is what was written so far */
	frame.cap_len = f->wire_len;
	err = encode_proto(&job, proto, &frame, 0, f->wire_len, 0, &end);
	if (err)
		return err;
	return encode_gaps(&job, proto, f->wire_len);
}
