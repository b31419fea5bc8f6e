/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of any shape. The encoder lays them out from random values, until every row of the message
 * has occurred; each is written whole, many a second time: ending too early, cut by the capture, with
 * bytes changed, with bytes behind it, sent by the wrong side. Then come all values that have names.
 */
#include "shapes.h"

#include <string.h>

#define WANTED 12      /* frames of each shape, more until all its rows have occurred */
#define IC "hv_icmsg"  /* with bodies that are protocols of their own */
#define MANY 64	       /* names of one field's values */
#define ATTEMPTS 60000 /* to get them; many lengths do not fit */

void vary_header(struct making *m)
{
	struct vb_record_header *h = &m->ev.hdr;

	h->cpu = (uint32_t)number(m, 4);
	h->lost = number(m, 16) ? 0 : (uint32_t)number(m, 1000);
	h->subchannel = number(m, 8) ? 0 : (uint16_t)number(m, UINT16_MAX);
	h->ring_size = (uint32_t)number(m, UINT32_MAX);
	h->ring_pos = (uint32_t)number(m, UINT32_MAX);
	h->ring_read = (uint32_t)number(m, UINT32_MAX);
	if (!number(m, 8)) {
		h->flags |= VB_REC_FAILED;
		h->result = (uint32_t)-11;
	}
	if (!number(m, 8))
		h->flags |= VB_REC_SYNTHESIZED;
	if (!number(m, 8))
		h->flags |= VB_REC_HOST_SIDE | VB_REC_WITHHELD;
}

/* ---- what the session must know for a layout ---- */

static void say_state(struct making *m, uint32_t relid, uint16_t key, uint32_t value)
{
	struct {
		uint16_t key, len;
		uint32_t value;
	} item = { key, sizeof(value), value };

	begin(m, VB_KIND_STATE, VB_DIR_NONE, VB_CLASS_UNKNOWN, relid);
	m->ev.hdr.flags = VB_REC_SYNTHESIZED;
	end(m, &item, sizeof(item), sizeof(item));
}

/* A refused version is no version. */
static void forget_version(struct making *m)
{
	static const uint8_t refusal[24] = { 15 };

	begin(m, VB_KIND_CONTROL, VB_TO_GUEST, VB_CLASS_UNKNOWN, 0);
	end(m, refusal, sizeof(refusal), sizeof(refusal));
}

void say_versions(struct making *m, const struct vb_frame *f)
{
	m->relid = m->relid % 60000 + 1;
	if (f->vmbus_version)
		say_state(m, 0, VB_STATE_VMBUS_VERSION, f->vmbus_version);
	else
		forget_version(m);
	if (f->proto_version)
		say_state(m, m->relid, VB_STATE_PROTO_VERSION, f->proto_version);
}

/* ---- messages of any shape ---- */

static bool sets_slots(const struct vb_row *row)
{
	for (const struct vb_row *bit = row->bits; bit && bit->type != VB_END; bit++)
		if (bit->set)
			return true;
	return row->set && row->type == VB_UINT;
}

/* Fields that do not decide the layout get any value, half of the time. */
static void fill(struct making *m, const struct vb_item *it)
{
	if (it->row->type == VB_VALUE || it->row->type == VB_BIT || sets_slots(it->row))
		return;
	if (number(m, 2))
		return;
	for (uint32_t i = 0; i < it->n_bytes; i++)
		m->data[it->off + i] = (uint8_t)number(m, 256);
}

static void fill_field(void *ctx, const struct vb_item *it)
{
	fill(ctx, it);
}

static void fill_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	if (span == VB_SPAN_BITS)
		fill(ctx, it);
}

static uint32_t random_version(struct making *m, const struct vb_proto *proto)
{
	const struct vb_name *v = proto->versions;
	size_t n = 0;

	while (v && v[n].name)
		n++;
	return n && number(m, 4) ? (uint32_t)v[number(m, n)].value : 0;
}

static uint8_t kind_of(struct making *m, const struct vb_proto *proto)
{
	static const uint8_t kinds[] = { VB_KIND_CONTROL, VB_KIND_STATE, VB_KIND_EVENT };
	size_t first = number(m, 2);

	for (size_t i = 0; i < sizeof(kinds); i++)
		if (vb_root_proto(kinds[(i + 2 * first) % 3]) == proto)
			return kinds[(i + 2 * first) % 3];
	return VB_KIND_PACKET;
}

/* A message of the integration services that has the protocol as its body, or NULL. */
static const struct vb_msg *ic_message(const struct vb_proto *proto)
{
	const struct vb_msg *m = vb_proto_by_name(IC)->msgs;

	for (; m->name; m++)
		if (m->rows->type == VB_PAYLOAD && m->rows->proto &&
		    !strcmp(m->rows->proto, proto->name))
			return m;
	return NULL;
}

/* A class whose packets hold the protocol; any class for the packet itself. */
static uint8_t class_of(struct making *m, const struct vb_proto *proto)
{
	size_t n, first;
	const struct vb_class_info *classes = vb_classes(&n);

	if (ic_message(proto))
		proto = vb_proto_by_name(IC);
	first = number(m, n);
	for (size_t i = 0; i < n; i++) {
		const struct vb_class_info *c = &classes[(first + i) % n];

		if (proto == vb_root_proto(VB_KIND_PACKET) ||
		    (c->proto && !strcmp(c->proto, proto->name)) ||
		    (c->pipe && !strcmp(proto->name, "hv_pipe")))
			return c->code;
	}
	return VB_CLASS_UNKNOWN;
}

/* Lay out a message in m->data. */
static bool make_frame(struct making *m, const struct vb_proto *proto, const struct vb_msg *msg,
		       struct vb_frame *ret_f)
{
	static const uint32_t sizes[] = { 24, 80, 300, 3000, MAX_FRAME };
	struct vb_tree tree = vb_random_tree(&m->tree);
	struct vb_sink filler = { .ctx = m, .field = fill_field, .open = fill_open };
	uint32_t len = (uint32_t)number(m, sizes[number(m, 16) ? number(m, 3) : 3 + number(m, 2)]);
	uint32_t version = random_version(m, proto);
	struct vb_walked w;

	*ret_f = (struct vb_frame){
		.data = m->data,
		.cap_len = len,
		.wire_len = len,
		.kind = kind_of(m, proto),
		.direction = msg && msg->from ? msg->from : (uint8_t)number(m, 3),
		.class = class_of(m, proto),
		.vmbus_version = proto->by_class_version ? 0 : version,
		.proto_version = proto->by_class_version ? version : 0,
		.recalled = vb_random_recalled(&m->tree, proto, msg),
	};
	m->tree.f = ret_f;
	m->tree.proto = proto;
	m->tree.msg = msg;
	if (vb_encode(proto, ret_f, &tree, vb_random_root(&m->tree), m->data, sizeof(m->data)))
		return false;
	vb_walk(proto, ret_f, &filler, &w);
	return w.layer[0].msg == msg;
}

/* The headers between the packet and the protocol; how many bytes they have. */
static uint32_t put_inner_headers(const struct vb_proto *proto, const struct vb_frame *f,
				  uint8_t *p)
{
	const struct vb_msg *ic = ic_message(proto);
	uint16_t version = (uint16_t)f->proto_version, size = (uint16_t)f->wire_len;
	uint32_t pipe[2] = { 1, f->wire_len + (ic ? 20 : 0) };

	if (!vb_class_by_code(f->class)->pipe || !strcmp(proto->name, "hv_pipe"))
		return 0;
	memcpy(p, pipe, sizeof(pipe));
	if (!ic)
		return sizeof(pipe);
	p[8] = 3;
	p[12] = (uint8_t)ic->number;
	memcpy(p + 14, &version, sizeof(version));
	memcpy(p + 18, &size, sizeof(size));
	p[25] = 3;
	return 28;
}

/* Put what is in m->data into a packet, which then is the frame. */
static void wrap(struct making *m, const struct vb_proto *proto, struct vb_frame *f)
{
	uint32_t head, len;
	uint16_t descriptor[4] = { 6, 2, 0, (uint16_t)number(m, 2) };
	uint64_t id = number(m, 5);

	if (proto->repeats || is_in_storage(proto))
		return; /* see put_outside() and put_in_storage() */
	if (!number(m, 8) || f->recalled)
		descriptor[0] = 11;
	memset(m->packet, 0, sizeof(m->packet));
	head = 16 + put_inner_headers(proto, f, m->packet + 16);
	len = (head + f->wire_len + 7) & ~7u;
	descriptor[2] = (uint16_t)(len / 8);
	memcpy(m->packet, descriptor, sizeof(descriptor));
	memcpy(m->packet + 8, &id, sizeof(id));
	memcpy(m->packet + head, m->data, f->wire_len);
	memcpy(m->data, m->packet, len < MAX_FRAME ? len : MAX_FRAME);
	f->wire_len = len < MAX_FRAME ? len : MAX_FRAME;
	f->cap_len = f->wire_len;
}

static void put_frame(struct making *m, const struct vb_frame *f)
{
	if (is_in_storage(m->tree.proto)) {
		put_in_storage(m, f);
		return;
	}
	if (m->tree.proto->repeats) {
		put_outside(m, f);
		return;
	}
	say_versions(m, f);
	if (f->recalled)
		put_storage_request(m, f);
	begin(m, f->kind, f->direction, f->class, m->relid);
	vary_header(m);
	end(m, m->data, f->cap_len, f->wire_len);
}

/* how: 0 to 4, one after the other, so that every shape is damaged in every way */
static void put_damaged(struct making *m, const struct vb_frame *f, unsigned int how)
{
	struct vb_frame d = *f;

	if (!f->wire_len)
		return;
	switch (how) {
	case 0: /* the message ends early */
		d.wire_len = (uint32_t)number(m, f->wire_len);
		d.cap_len = d.wire_len;
		break;
	case 1: /* the capture does */
		d.cap_len = (uint32_t)number(m, f->wire_len);
		break;
	case 2: /* bytes behind it */
		d.wire_len += (uint32_t)number(m, MAX_FRAME - f->wire_len) % 300;
		d.cap_len = d.wire_len;
		for (uint32_t i = f->wire_len; i < d.wire_len; i++)
			m->data[i] = (uint8_t)number(m, 256);
		break;
	case 3: /* sent by the wrong side */
		d.direction = f->direction == VB_TO_HOST ? VB_TO_GUEST : VB_TO_HOST;
		break;
	default:
		for (unsigned int i = 0; i < 3; i++)
			m->data[number(m, f->wire_len)] = (uint8_t)number(m, 256);
		break;
	}
	put_frame(m, &d);
}

/* ---- which rows were seen ---- */

/*
 * Layouts by a value share rows: seen is a row together with all around it, and itself, that have a
 * condition. with is those, as one number; 0: there are none.
 */
static uint64_t seen_with(const struct vb_row *row, uint64_t with)
{
	return row && row->when ? with * 31 + (uintptr_t)row : with;
}

static bool was_seen(const struct making *m, const struct vb_row *row, uint64_t with)
{
	for (unsigned int i = 0; i < m->n_seen; i++)
		if (m->seen[i].row == row && m->seen[i].with == with)
			return true;
	return false;
}

static void see_field(void *ctx, const struct vb_item *it)
{
	struct making *m = ctx;
	uint64_t with = m->n_open ? m->with[m->n_open - 1] : 0;

	with = seen_with(it->row, with);
	if (was_seen(m, it->row, with) || m->n_seen == sizeof(m->seen) / sizeof(m->seen[0]))
		return;
	m->seen[m->n_seen].row = it->row;
	m->seen[m->n_seen++].with = with;
}

static void see_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct making *m = ctx;
	uint64_t with = m->n_open ? m->with[m->n_open - 1] : 0;

	if (span == VB_SPAN_STRUCT || span == VB_SPAN_ELEMENT || span == VB_SPAN_BITS)
		see_field(ctx, it);
	m->with[m->n_open++] = seen_with(it->row, with);
}

static void see_close(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct making *m = ctx;

	(void)span;
	(void)it;
	m->n_open--;
}

/* Payloads that another protocol decodes need not occur. */
static bool all_seen(const struct making *m, const struct vb_row *rows, uint64_t with)
{
	for (const struct vb_row *row = rows; row && row->type != VB_END; row++) {
		uint64_t inner = seen_with(row, with);

		if ((row->type != VB_PAYLOAD && !was_seen(m, row, inner)) ||
		    !all_seen(m, row->rows, inner) || !all_seen(m, row->bits, inner))
			return false;
	}
	return true;
}

static bool proto_seen(const struct making *m, const struct vb_proto *proto,
		       const struct vb_msg *msg)
{
	return all_seen(m, proto->head, 0) && all_seen(m, proto->tail, 0) &&
	       (!msg || all_seen(m, msg->rows, 0));
}

/* ---- shapes ---- */

static void put_shape(struct making *m, const struct vb_proto *proto, const struct vb_msg *msg)
{
	struct vb_sink seeing = {
		.ctx = m, .field = see_field, .open = see_open, .close = see_close
	};
	unsigned int n = 0, before;
	struct vb_walked w;
	struct vb_frame f;

	m->n_seen = 0;
	for (unsigned int i = 0; i < ATTEMPTS && (n < WANTED || !proto_seen(m, proto, msg)); i++) {
		if (!make_frame(m, proto, msg, &f))
			continue;
		before = m->n_seen;
		vb_walk(proto, &f, &seeing, &w);
		if (n >= WANTED && before == m->n_seen)
			continue; /* nothing new in it */
		if (f.kind == VB_KIND_PACKET && proto != vb_root_proto(f.kind))
			wrap(m, proto, &f);
		put_frame(m, &f);
		if (n % 2)
			put_damaged(m, &f, n / 2 % 5);
		n++;
	}
	if (!n && m->rc == 0)
		m->rc = vb_fail(&m->err, -1, "no frame of %s.%s", proto->name,
				msg ? msg->name : "");
	m->n_shapes++;
}

/* ---- values that mean something ---- */

struct spot {
	const struct vb_row *row;
	bool found;
	uint32_t off;
};

static void spot_field(void *ctx, const struct vb_item *it)
{
	struct spot *s = ctx;

	if (it->row != s->row || s->found)
		return;
	s->found = true;
	s->off = it->off;
}

static void spot_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	if (span == VB_SPAN_BITS)
		spot_field(ctx, it);
}

/* A message in which the row has that value. */
static void put_value(struct making *m, const struct vb_proto *proto, const struct vb_msg *msg,
		      const struct vb_row *row, uint64_t value)
{
	struct spot s = { .row = row };
	struct vb_sink sink = { .ctx = &s, .field = spot_field, .open = spot_open };
	struct vb_walked w;
	struct vb_frame f;

	for (unsigned int i = 0; i < ATTEMPTS && !s.found; i++)
		if (make_frame(m, proto, msg, &f))
			vb_walk(proto, &f, &sink, &w);
	if (!s.found) {
		if (m->rc == 0)
			m->rc = vb_fail(&m->err, -1, "no %s in %s", row->name, proto->name);
		return;
	}
	for (unsigned int i = 0; i < row->size; i++)
		m->data[s.off + (row->big ? row->size - 1 - i : i)] = (uint8_t)(value >> 8 * i);
	if (f.kind == VB_KIND_PACKET && proto != vb_root_proto(f.kind))
		wrap(m, proto, &f);
	put_frame(m, &f);
}

/* Every value that has a name, or of many some; the largest that is allowed, and one more. */
static void put_values(struct making *m, const struct vb_proto *proto, const struct vb_msg *msg,
		       const struct vb_row *rows)
{
	for (const struct vb_row *row = rows; row && row->type != VB_END; row++) {
		size_t n_names = 0;

		put_values(m, proto, msg, row->rows);
		if (row->type != VB_UINT)
			continue;
		while (row->names && row->names[n_names].name)
			n_names++;
		for (size_t i = 0; i < n_names; i += 1 + n_names / MANY)
			put_value(m, proto, msg, row, row->names[i].value);
		if (row->max) {
			put_value(m, proto, msg, row, row->max);
			put_value(m, proto, msg, row, row->max + 1);
		}
	}
}

/* The record itself, the external part and the links are no messages; they come further down. */
static bool is_message(const struct vb_proto *proto)
{
	return strcmp(proto->name, "hv_record") != 0 && strcmp(proto->name, "hv_ext") != 0 &&
	       (proto->msgs || proto->head->type != VB_VALUE);
}

void put_shapes(struct making *m)
{
	size_t n;
	const struct vb_proto *const *protos = vb_protos(&n);

	for (size_t i = 0; i < n; i++) {
		if (!is_message(protos[i]))
			continue;
		put_shape(m, protos[i], NULL); /* one that nobody knows, if it has any */
		put_values(m, protos[i], NULL, protos[i]->head);
		for (const struct vb_msg *msg = protos[i]->msgs; msg && msg->name; msg++) {
			put_shape(m, protos[i], msg);
			put_values(m, protos[i], msg, msg->rows);
		}
	}
}

/* Bytes that no message made, on every kind of record and class of device. */
void put_noise(struct making *m)
{
	for (unsigned int i = 0; i < 200; i++) {
		uint32_t len = (uint32_t)number(m, i % 10 ? 64 : 600);

		for (uint32_t k = 0; k < len; k++)
			m->data[k] = (uint8_t)number(m, number(m, 2) ? 256 : 4);
		begin(m, (uint8_t)(1 + i % 4), (uint8_t)number(m, 3), (uint8_t)number(m, 20), 7);
		vary_header(m);
		end(m, m->data, len, len);
	}
}
