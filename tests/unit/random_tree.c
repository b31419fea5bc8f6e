/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random values for the encoder.
 */
#include "random_tree.h"

#include <errno.h>
#include <string.h>

#include "dissectors/walk.h"

/* splitmix64, so that a seed gives the same frames everywhere. */
static uint64_t next(struct vb_random_tree *t)
{
	uint64_t z = t->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint64_t vb_random(struct vb_random_tree *t, uint64_t n)
{
	return next(t) % n;
}

static const struct vb_random_node *new_node(struct vb_random_tree *t, struct vb_random_node n)
{
	if (t->n_nodes >= VB_RANDOM_NODES)
		return NULL;
	t->node[t->n_nodes] = n;
	return &t->node[t->n_nodes++];
}

const void *vb_random_root(struct vb_random_tree *t)
{
	t->n_nodes = 0;
	memset(t->slots, 0, sizeof(t->slots));
	return new_node(t, (struct vb_random_node){ .kind = VB_RANDOM_ROOT });
}

/* ---- what the rows of a protocol do with a slot ---- */

struct use {
	uint8_t slot;
	bool is_len, is_array_len, is_count, is_place;
	unsigned int n_conditions;
	const struct vb_row *condition[256];
};

static void find_uses(struct use *u, const struct vb_row *rows)
{
	for (const struct vb_row *row = rows; row && row->type != VB_END; row++) {
		u->is_len |= row->len == u->slot;
		u->is_array_len |= row->within == u->slot;
		u->is_count |= row->count == u->slot;
		u->is_place |= row->at == u->slot;
		if (row->when == u->slot && u->n_conditions < 256)
			u->condition[u->n_conditions++] = row;
		find_uses(u, row->rows);
	}
}

static struct use uses_of(const struct vb_proto *proto, uint8_t slot)
{
	struct use u = { .slot = slot };

	find_uses(&u, proto->head);
	find_uses(&u, proto->tail);
	for (const struct vb_msg *m = proto->msgs; m && m->name; m++)
		find_uses(&u, m->rows);
	return u;
}

/*
 * A value for which one of the conditions holds, and one of other bits, if there is any; or anything
 * in the bits that decide, so that there may be none.
 */
static uint32_t any_condition(struct vb_random_tree *t, const struct use *u)
{
	const struct vb_row *a = u->condition[vb_random(t, u->n_conditions)];
	const struct vb_row *b = u->condition[vb_random(t, u->n_conditions)];
	uint32_t mask = 0;

	if (vb_random(t, 8))
		return a->mask & b->mask ? a->equals : a->equals | b->equals;
	for (unsigned int i = 0; i < u->n_conditions; i++)
		mask |= u->condition[i]->mask;
	return (uint32_t)next(t) & mask;
}

uint32_t vb_random_recalled(struct vb_random_tree *t, const struct vb_proto *proto,
			    const struct vb_msg *msg)
{
	struct use u = { .slot = VB_S_RECALLED };
	uint32_t number;

	if (!msg) /* one that nobody knows, perhaps */
		return proto->by_request ? (uint32_t)vb_random(t, 256) << proto->recall_shift : 0;
	find_uses(&u, msg->rows);
	number = proto->by_request ? msg->number : msg->reply_to;
	if (!number && (!vb_msg_is_answer(msg) || !u.n_conditions || !vb_random(t, 8)))
		return 0;
	number <<= proto->recall_shift;
	return u.n_conditions ? number | any_condition(t, &u) : number;
}

/* ---- values ---- */

static uint64_t message_type(struct vb_random_tree *t, const struct vb_proto *proto)
{
	size_t n = 0;

	if (proto == t->proto && t->msg)
		return t->msg->number;
	while (proto->msgs[n].name)
		n++;
	return vb_random(t, 16) ? proto->msgs[vb_random(t, n)].number : next(t);
}

static uint64_t own_length(struct vb_random_tree *t, const struct vb_proto *proto)
{
	unsigned int unit = proto->unit ? proto->unit : 1;

	return proto == t->proto && vb_random(t, 4) ? t->f->wire_len / unit :
						      vb_random(t, 200) / unit;
}

static uint64_t one_of_names(struct vb_random_tree *t, const struct vb_name *names)
{
	size_t n = 0;

	while (names[n].name)
		n++;
	return n ? names[vb_random(t, n)].value : 0;
}

static uint64_t slot_value(struct vb_random_tree *t, const struct vb_proto *proto,
			   const struct vb_row *row)
{
	struct use u = uses_of(proto, row->set);
	const struct vb_row *condition;

	if (row->set == VB_S_TYPE && proto->msgs)
		return message_type(t, proto);
	if (row->set == proto->own_len)
		return own_length(t, proto);
	if (row->set == proto->head_len)
		return vb_random(t, 16);
	if (row->set == VB_S_VERSION && proto->versions)
		return one_of_names(t, proto->versions);
	if (row->max && vb_random(t, 4))
		return vb_random(t, row->max + 1);
	if (row->names && !vb_random(t, 3))
		return one_of_names(t, row->names);
	if (u.n_conditions && vb_random(t, 4)) {
		condition = u.condition[vb_random(t, u.n_conditions)];
		return (next(t) & ~(uint64_t)condition->mask) |
		       (condition->unless ? condition->mask & ~condition->equals :
					    condition->equals);
	}
	if (u.is_place) /* mostly where it may be: behind some words */
		return vb_random(t, 4) ? 16 + 4 * vb_random(t, 6) : vb_random(t, 100);
	if (u.is_array_len) /* with something behind it, or nothing in it */
		return vb_random(t, 8) ? vb_random(t, 220) : 0;
	if (u.is_len || row->set == VB_S_LEN)
		return vb_random(t, 24);
	if (u.is_count || row->set == VB_S_COUNT)
		return vb_random(t, 5);
	return vb_random(t, 2) ? vb_random(t, 5000) : next(t);
}

static uint64_t row_value(struct vb_random_tree *t, const struct vb_proto *proto,
			  const struct vb_row *row)
{
	unsigned int bits = row->type == VB_BIT ? row->width : 8u * row->size;
	uint64_t value = next(t), mask;

	if (row->set)
		value = slot_value(t, proto, row);
	else if (row->names && vb_random(t, 2))
		value = one_of_names(t, row->names);
	for (const struct vb_row *bit = row->bits; bit && bit->type != VB_END; bit++) {
		mask = (bit->width < 64 ? (UINT64_C(1) << bit->width) - 1 : UINT64_MAX) << bit->lo;
		if (bit->set)
			value = (value & ~mask) | row_value(t, proto, bit) << bit->lo;
	}
	if (bits < 64)
		value &= (UINT64_C(1) << bits) - 1;
	if (row->set < VB_N_SLOTS && !vb_row_is_array(row))
		t->slots[row->set] = value;
	return value;
}

/* ---- the tree ---- */

static const struct vb_row *row_of(const struct vb_row *rows, const char *name)
{
	for (const struct vb_row *row = rows; row && row->type != VB_END; row++)
		if (!strcmp(row->name, name))
			return row;
	return NULL;
}

static const void *row_node(struct vb_random_tree *t, const struct vb_proto *proto,
			    const struct vb_row *row)
{
	if (!row || (row->type == VB_PAYLOAD && vb_payload_proto(proto, row, t->f)))
		return NULL;
	if (row->type == VB_PAD && vb_random(t, 4))
		return NULL;
	return new_node(t, (struct vb_random_node){ VB_RANDOM_ROW, proto, row->rows, row });
}

static const void *proto_member(struct vb_random_tree *t, const struct vb_proto *proto,
				const char *name)
{
	const struct vb_row *row = row_of(proto->head, name);

	if (!row)
		row = row_of(proto->tail, name);
	if (row)
		return row_node(t, proto, row);
	for (const struct vb_msg *m = proto->msgs; m && m->name; m++)
		if (!strcmp(m->name, name))
			return new_node(t, (struct vb_random_node){ VB_RANDOM_ROWS, proto, m->rows,
								    NULL });
	return NULL;
}

static const void *tree_member(void *ctx, const void *node, const char *name)
{
	const struct vb_random_node *n = node;
	struct vb_random_tree *t = ctx;
	const struct vb_proto *proto;

	switch (n->kind) {
	case VB_RANDOM_ROOT:
		proto = vb_proto_by_name(name);
		if (!proto)
			return NULL;
		return new_node(t, (struct vb_random_node){ VB_RANDOM_PROTO, proto, NULL, NULL });
	case VB_RANDOM_PROTO:
		return proto_member(t, n->proto, name);
	default:
		return row_node(t, n->proto, row_of(n->rows, name));
	}
}

/* A calculation that looks at more than slots finds nothing left: those elements remain zero. */
static const void *tree_element(void *ctx, const void *node, size_t i)
{
	const struct vb_random_node *n = node;
	struct vb_random_tree *t = ctx;
	struct vb_scope sc = { .set = UINT32_MAX };

	if (!n->row)
		return NULL;
	if (n->row->count == VB_REST)
		return vb_random(t, 3) ? new_node(t, *n) : NULL;
	memcpy(sc.slots, t->slots, sizeof(sc.slots));
	return i < vb_row_count(&sc, n->row) ? new_node(t, *n) : NULL;
}

static int tree_number(void *ctx, const void *node, uint64_t *ret_value)
{
	const struct vb_random_node *n = node;

	if (n->kind != VB_RANDOM_ROW)
		return -EINVAL;
	*ret_value = row_value(ctx, n->proto, n->row);
	return 0;
}

/* A byte of UTF-16 that people can read. */
static uint8_t ascii(struct vb_random_tree *t, size_t i)
{
	return i % 2 ? 0 : (uint8_t)(' ' + vb_random(t, 95));
}

static int tree_bytes(void *ctx, const void *node, uint8_t *buf, size_t size, size_t *ret_n)
{
	const struct vb_random_node *n = node;
	struct vb_random_tree *t = ctx;
	bool is_ascii, is_byte = n->row->type == VB_ASCII;

	*ret_n = size;
	if (n->row->len == VB_REST && size > 0 && vb_random(t, 2))
		*ret_n = vb_random(t, size);
	is_ascii = (n->row->type == VB_UTF16 || is_byte) && vb_random(t, 2);
	for (size_t i = 0; i < *ret_n; i++)
		buf[i] = is_ascii ? ascii(t, is_byte ? 0 : i) : (uint8_t)next(t);
	return 0;
}

struct vb_tree vb_random_tree(struct vb_random_tree *t)
{
	return (struct vb_tree){
		.ctx = t,
		.member = tree_member,
		.element = tree_element,
		.number = tree_number,
		.bytes = tree_bytes,
	};
}
