/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known across records. Which messages answer or continue which, and by what they are
 * matched, stands in the message tables; here are only the tables of what is open.
 *
 * All tables are bounded and found by hash: a trace cannot make them grow without end, nor slow.
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "walk.h"

#define N_CHANNELS 4096 /* Linux 6.1 drivers/hv/hyperv_vmbus.h: MAX_CHANNEL_RELIDS 2048 */
#define N_JOINS 256
#define NONE UINT32_MAX

/* What a request and its answer have in common. */
struct key {
	const struct vb_proto *proto;
	uint32_t number;    /* of the request; VB_ANY where any request may be meant */
	uint32_t relid;	    /* 0: the connection */
	uint32_t epoch;	    /* a closed channel's ids mean nothing to the next one */
	uint32_t direction; /* of the request */
	uint64_t value[2];
};

struct open_request {
	struct key key;
	bool used;
	uint64_t number, time_ns;
	const struct vb_msg *msg;
	uint32_t recalled; /* by its answer */
	uint32_t next;	   /* in the hash chain */
};

struct channel {
	uint32_t relid;
	bool used;
	uint8_t class;
	uint8_t instance[16], interface[16];
	uint32_t proto_version;
	uint32_t epoch;
};

struct join {
	struct key key;
	bool used;
	uint64_t first, total, joined;
	uint32_t n_parts;
};

struct vb_session {
	uint32_t vmbus_version;
	uint32_t epoch;	     /* of the connection */
	uint32_t loss_epoch; /* after a loss an old request may have been answered unseen */
	struct channel channels[N_CHANNELS];
	struct join joins[N_JOINS];
	uint32_t n_open, cursor, n_buckets;
	uint32_t *buckets;
	struct open_request *open;
	struct vb_session_stats stats;
};

struct vb_session *vb_session_new(size_t n_open)
{
	struct vb_session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->n_open = n_open ? (uint32_t)n_open : 1;
	s->n_buckets = s->n_open * 2;
	s->open = calloc(s->n_open, sizeof(*s->open));
	s->buckets = malloc(s->n_buckets * sizeof(*s->buckets));
	if (!s->open || !s->buckets) {
		vb_session_free(s);
		return NULL;
	}
	memset(s->buckets, 0xff, s->n_buckets * sizeof(*s->buckets));
	return s;
}

void vb_session_free(struct vb_session *s)
{
	if (!s)
		return;
	free(s->open);
	free(s->buckets);
	free(s);
}

/* ---- channels ---- */

/*
 * A direct-mapped table: ids of one host are small and dense. A second id in the same place takes
 * it over, which costs a hostile trace its class names and nothing else.
 */
static struct channel *channel_slot(struct vb_session *s, uint32_t relid)
{
	return &s->channels[relid % N_CHANNELS];
}

static const struct channel *channel_find(const struct vb_session *s, uint32_t relid)
{
	const struct channel *ch = &s->channels[relid % N_CHANNELS];

	return ch->used && ch->relid == relid ? ch : NULL;
}

static struct channel *channel_get(struct vb_session *s, uint32_t relid)
{
	struct channel *ch = channel_slot(s, relid);
	uint32_t epoch = ch->epoch;

	if (ch->used && ch->relid == relid)
		return ch;
	*ch = (struct channel){ .relid = relid, .used = true, .epoch = epoch + 1 };
	return ch;
}

void vb_session_prepare(const struct vb_session *s, struct vb_frame *f)
{
	const struct channel *ch = f->relid ? channel_find(s, f->relid) : NULL;

	f->vmbus_version = s->vmbus_version;
	f->proto_version = ch ? ch->proto_version : 0;
	if (ch)
		memcpy(f->interface, ch->interface, sizeof(f->interface));
	if (!ch || f->class != VB_CLASS_UNKNOWN)
		return;
	f->class = ch->class;
	memcpy(f->instance, ch->instance, sizeof(f->instance));
}

/* ---- open requests ---- */

static uint32_t key_hash(const struct vb_session *s, const struct key *k)
{
	uint64_t h = (uintptr_t)k->proto;

	h = (h ^ k->number) * UINT64_C(0x9e3779b97f4a7c15);
	h = (h ^ k->relid ^ (uint64_t)k->epoch << 32) * UINT64_C(0x9e3779b97f4a7c15);
	h = (h ^ k->value[0] ^ k->direction) * UINT64_C(0x9e3779b97f4a7c15);
	h = (h ^ k->value[1]) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)((h >> 32) % s->n_buckets);
}

static bool key_equal(const struct key *a, const struct key *b)
{
	return a->proto == b->proto && a->number == b->number && a->relid == b->relid &&
	       a->epoch == b->epoch && a->direction == b->direction && a->value[0] == b->value[0] &&
	       a->value[1] == b->value[1];
}

static struct open_request *request_find(struct vb_session *s, const struct key *k)
{
	uint32_t i = s->buckets[key_hash(s, k)];

	while (i != NONE && !key_equal(&s->open[i].key, k))
		i = s->open[i].next;
	return i == NONE ? NULL : &s->open[i];
}

static void request_remove(struct vb_session *s, struct open_request *r)
{
	uint32_t index = (uint32_t)(r - s->open);
	uint32_t *link = &s->buckets[key_hash(s, &r->key)];

	while (*link != index)
		link = &s->open[*link].next;
	*link = r->next;
	r->used = false;
	s->stats.n_open--;
}

/* The place of the oldest request, in the order in which places are given away. */
static struct open_request *request_place(struct vb_session *s)
{
	struct open_request *r = &s->open[s->cursor];

	s->cursor = (s->cursor + 1) % s->n_open;
	if (r->used) {
		request_remove(s, r);
		s->stats.n_forgotten++;
	}
	return r;
}

static void request_add(struct vb_session *s, const struct key *k, const struct vb_frame *f,
			const struct vb_msg *msg, uint32_t recalled)
{
	struct open_request *r = request_find(s, k);
	uint32_t bucket = key_hash(s, k);

	if (!r) {
		r = request_place(s);
		r->next = s->buckets[bucket];
		s->buckets[bucket] = (uint32_t)(r - s->open);
		s->stats.n_open++;
	}
	r->key = *k;
	r->used = true;
	r->number = f->number;
	r->time_ns = f->time_ns;
	r->msg = msg;
	r->recalled = recalled;
}

/* ---- what a message says about others ---- */

static uint64_t slot_of(const struct vb_layer *l, uint8_t slot)
{
	return slot && (l->set & (1u << slot)) ? l->slots[slot] : 0;
}

static bool on_channel(const struct vb_frame *f)
{
	return f->kind == VB_KIND_PACKET;
}

static uint8_t opposite(uint8_t direction)
{
	return direction == VB_TO_HOST ? VB_TO_GUEST : direction == VB_TO_GUEST ? VB_TO_HOST : 0;
}

static struct key make_key(struct vb_session *s, const struct vb_frame *f, const struct vb_layer *l,
			   const struct vb_msg *keyed, uint32_t number, uint8_t direction)
{
	bool channel = on_channel(f);

	return (struct key){
		.proto = l->proto,
		.number = number,
		.relid = channel ? f->relid : 0,
		.epoch = channel ? channel_get(s, f->relid)->epoch + s->loss_epoch : s->epoch,
		.direction = direction,
		.value = { slot_of(l, keyed->key[0]), slot_of(l, keyed->key[1]) },
	};
}

static bool is_request(const struct vb_layer *l)
{
	const struct vb_msg *msg = l->msg;

	if (vb_msg_is_answer(msg) || (msg->asks_if && !slot_of(l, msg->asks_if)))
		return false;
	if (slot_of(l, msg->more))
		return false; /* the last of the series is the one that is answered */
	if (l->proto->any_request)
		return msg->asks_if;
	for (const struct vb_msg *m = l->proto->msgs; m->name; m++)
		if (vb_msg_is_answer(m) && m->answers == msg->number)
			return true;
	return false;
}

static void set_version(struct vb_session *s, const struct vb_frame *f, uint64_t version)
{
	if (on_channel(f))
		channel_get(s, f->relid)->proto_version = (uint32_t)version;
	else
		s->vmbus_version = (uint32_t)version;
}

static void learn_request(struct vb_session *s, const struct vb_frame *f, const struct vb_layer *l)
{
	uint32_t number = l->proto->any_request ? VB_ANY : l->msg->number;
	struct key k;

	/* The answer is already in the layout of the version that was asked for. */
	if (l->msg->proposes)
		set_version(s, f, slot_of(l, VB_S_VERSION));
	if (!is_request(l))
		return;
	k = make_key(s, f, l, l->msg, number, f->direction);
	request_add(s, &k, f, l->msg, l->msg->recalls ? (uint32_t)slot_of(l, VB_S_RECALLED) : 0);
}

static bool accepts(const struct vb_layer *l)
{
	uint64_t value = slot_of(l, l->msg->accepts_if);

	return l->msg->accepts ? value == l->msg->accepts : value != 0;
}

static void learn_answer(struct vb_session *s, const struct vb_frame *f, const struct vb_layer *l,
			 struct vb_link *link)
{
	struct key k = make_key(s, f, l, l->msg, l->msg->answers, opposite(f->direction));
	struct open_request *r = request_find(s, &k);

	if (l->msg->accepts_if && !accepts(l))
		set_version(s, f, 0);
	if (!r) {
		s->stats.n_unpaired_answers++;
		return;
	}
	if (!link->request) {
		link->request = r->number;
		link->latency_ns = f->time_ns > r->time_ns ? f->time_ns - r->time_ns : 0;
		link->asked = r->msg;
	}
	s->stats.n_paired++;
	if (!slot_of(l, l->msg->more))
		request_remove(s, r);
}

void vb_session_recall(struct vb_session *s, const struct vb_walked *w, struct vb_frame *f)
{
	for (unsigned int i = 0; i < w->n_layers; i++) {
		const struct vb_layer *l = &w->layer[i];
		struct open_request *r;
		struct key k;

		if (!l->msg || !vb_msg_is_answer(l->msg))
			continue;
		k = make_key(s, f, l, l->msg, l->msg->answers, opposite(f->direction));
		r = request_find(s, &k);
		if (r && r->recalled)
			f->recalled = r->recalled;
	}
}

/* ---- messages in several parts ---- */

static struct join *join_slot(struct vb_session *s, const struct key *k)
{
	return &s->joins[(k->value[0] ^ k->value[1] * 31) % N_JOINS];
}

/* A part has no channel of its own: the id alone says what it continues. */
static struct key join_key(const struct vb_session *s, const struct vb_layer *l, uint32_t number)
{
	return (struct key){
		.proto = l->proto,
		.number = number,
		.epoch = s->epoch,
		.value = { slot_of(l, VB_S_ID) },
	};
}

static uint64_t part_bytes(const struct vb_layer *l)
{
	return l->len > l->msg->parts_at ? l->len - l->msg->parts_at : 0;
}

static void learn_first_part(struct vb_session *s, const struct vb_frame *f,
			     const struct vb_layer *l, struct vb_link *link)
{
	uint64_t total = slot_of(l, l->msg->total);
	struct key k = join_key(s, l, l->msg->number);

	if (part_bytes(l) >= total)
		return; /* all in one */
	*join_slot(s, &k) = (struct join){ .key = k,
					   .used = true,
					   .first = f->number,
					   .total = total,
					   .joined = part_bytes(l),
					   .n_parts = 1 };
	link->part = 1;
	link->joined = part_bytes(l);
	link->total = total;
}

static void learn_part(struct vb_session *s, const struct vb_layer *l, struct vb_link *link)
{
	struct key k = join_key(s, l, l->msg->continues);
	struct join *j = join_slot(s, &k);

	if (!j->used || !key_equal(&j->key, &k))
		return;
	j->joined += part_bytes(l);
	link->part_of = j->first;
	link->part = ++j->n_parts;
	link->joined = j->joined;
	link->total = j->total;
	link->complete = j->joined >= j->total;
	if (link->complete)
		j->used = false;
}

/* ---- the bus itself ---- */

static void learn_offer(struct vb_session *s, const struct vb_frame *f, const struct vb_layer *l)
{
	struct channel *ch = channel_get(s, (uint32_t)slot_of(l, VB_S_RELID));
	uint32_t type = (uint32_t)slot_of(l, VB_S_CLASS);
	uint32_t instance = (uint32_t)slot_of(l, VB_S_INSTANCE);
	const struct vb_class_info *class = vb_class_by_guid(f->data + type);

	ch->class = class ? class->code : VB_CLASS_OTHER;
	memcpy(ch->instance, f->data + instance, sizeof(ch->instance));
	memcpy(ch->interface, f->data + type, sizeof(ch->interface));
}

static void learn_control(struct vb_session *s, const struct vb_frame *f, const struct vb_layer *l)
{
	uint32_t relid = (uint32_t)slot_of(l, VB_S_RELID);

	switch (l->msg->number) {
	case VB_CTL_OFFER:
		if (slot_of(l, VB_S_RELID))
			learn_offer(s, f, l);
		break;
	case VB_CTL_CLOSE:
		channel_get(s, relid)->epoch++;
		channel_get(s, relid)->proto_version = 0;
		break;
	case VB_CTL_RELID_RELEASED:
		channel_get(s, relid)->used = false;
		break;
	case VB_CTL_CONTACT:
	case VB_CTL_UNLOAD:
		s->epoch++; /* every id begins anew */
		break;
	default:
		break;
	}
}

static void learn_state(struct vb_session *s, const struct vb_frame *f, const struct vb_layer *l)
{
	uint32_t version = (uint32_t)slot_of(l, VB_S_VERSION);

	if (f->kind != VB_KIND_STATE || !version)
		return;
	if (f->relid)
		channel_get(s, f->relid)->proto_version = version;
	else
		s->vmbus_version = version;
}

static void learn_layer(struct vb_session *s, const struct vb_frame *f, const struct vb_layer *l,
			struct vb_link *link)
{
	if (f->kind == VB_KIND_CONTROL)
		learn_control(s, f, l);
	if (f->flags & VB_REC_SYNTHESIZED)
		return;
	if (l->msg->total)
		learn_first_part(s, f, l, link);
	if (l->msg->continues)
		learn_part(s, l, link);
	if (vb_msg_is_answer(l->msg))
		learn_answer(s, f, l, link);
	else
		learn_request(s, f, l);
}

void vb_session_learn_inner(struct vb_session *s, const struct vb_frame *f,
			    const struct vb_walked *w, struct vb_link *link)
{
	if (f->flags & VB_REC_FAILED)
		return; /* never reached the other side */
	for (unsigned int i = w->n_layers; i-- > 0;) {
		const struct vb_layer *l = &w->layer[i];

		if (f->kind == VB_KIND_STATE || f->kind == VB_KIND_EVENT)
			learn_state(s, f, l);
		else if (l->msg)
			learn_layer(s, f, l, link);
	}
}

void vb_session_learn(struct vb_session *s, const struct vb_frame *f, const struct vb_walked *w,
		      struct vb_link *ret_link)
{
	*ret_link = (struct vb_link){ 0 };
	if (f->lost)
		s->loss_epoch++;
	vb_session_learn_inner(s, f, w, ret_link);
}

void vb_session_get_stats(const struct vb_session *s, struct vb_session_stats *ret)
{
	*ret = s->stats;
}
