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

#include "channels.h"
#include "control.h"
#include "network.h"
#include "parts.h"
#include "requests.h"
#include "storage.h"
#include "walk.h"

struct vb_session {
	uint32_t vmbus_version;
	uint32_t epoch;	     /* of the connection */
	uint32_t loss_epoch; /* after a loss an old request may have been answered unseen */
	struct vb_channels tables;
	struct vb_parts parts;
	struct vb_requests requests;
	struct vb_session_stats stats;
};

struct vb_session *vb_session_new(size_t n_open)
{
	struct vb_session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (vb_requests_init(&s->requests, n_open) < 0) {
		vb_session_free(s);
		return NULL;
	}
	return s;
}

void vb_session_free(struct vb_session *s)
{
	if (!s)
		return;
	vb_requests_done(&s->requests);
	free(s);
}

static void recall(struct vb_session *s, struct vb_frame *f);

void vb_session_prepare(struct vb_session *s, struct vb_frame *f)
{
	const struct vb_channel *ch = f->relid ? vb_channel_find(&s->tables, f->relid) : NULL;

	f->vmbus_version = s->vmbus_version;
	if (ch)
		memcpy(f->interface, ch->interface, sizeof(f->interface));
	if (ch && f->class == VB_CLASS_UNKNOWN) {
		f->class = ch->class;
		memcpy(f->instance, ch->instance, sizeof(f->instance));
	}
	/* It is agreed on in the primary channel, for all. */
	f->proto_version = f->subchannel ? vb_device_version(&s->tables, f) :
			   ch		 ? ch->proto_version :
					   0;
	recall(s, f);
}

/* ---- what a message says about others ---- */

static bool on_channel(const struct vb_frame *f)
{
	return f->kind == VB_KIND_PACKET;
}

static bool is_network(const struct vb_frame *f)
{
	return on_channel(f) && f->class == VB_CLASS_NETWORK;
}

static bool is_storage(const struct vb_frame *f)
{
	return on_channel(f) && vb_class_is_storage(f->class);
}

static uint8_t opposite(uint8_t direction)
{
	return direction == VB_TO_HOST ? VB_TO_GUEST : direction == VB_TO_GUEST ? VB_TO_HOST : 0;
}

static struct vb_request_key make_key(struct vb_session *s, const struct vb_frame *f,
				      const struct vb_layer *l, const struct vb_msg *keyed,
				      uint32_t number, uint8_t direction)
{
	bool channel = on_channel(f);

	return (struct vb_request_key){
		.proto = l->proto,
		.number = number,
		.relid = channel ? f->relid : 0,
		.epoch = channel ? vb_channel_get(&s->tables, f->relid)->epoch + s->loss_epoch :
				   s->epoch,
		.direction = direction,
		.value = { vb_layer_slot(l, keyed->key[0]), vb_layer_slot(l, keyed->key[1]) },
	};
}

static bool is_request(const struct vb_layer *l)
{
	const struct vb_msg *msg = l->msg;

	if (vb_msg_is_answer(msg) || (msg->asks_if && !vb_layer_slot(l, msg->asks_if)))
		return false;
	if (vb_layer_slot(l, msg->more))
		return false; /* the last of the series is the one that is answered */
	if (l->proto->any_request)
		return msg->asks_if;
	for (const struct vb_msg *m = l->proto->msgs; m->name; m++)
		if (vb_msg_is_answer(m) && m->answers == msg->number)
			return true;
	return false;
}

static void set_class_version(struct vb_session *s, const struct vb_frame *f, uint32_t version)
{
	vb_channel_get(&s->tables, f->relid)->proto_version = version;
	vb_device_get(&s->tables, f)->proto_version = version;
}

static void set_version(struct vb_session *s, const struct vb_frame *f, uint64_t version)
{
	if (on_channel(f))
		set_class_version(s, f, (uint32_t)version);
	else
		s->vmbus_version = (uint32_t)version;
}

static void note(struct vb_link *link, enum vb_note_code code)
{
	link->notes |= 1u << code;
}

/* Where requests of that kind wait; NULL: nobody waits for their answers. */
static struct vb_waiting *queue_of(struct vb_session *s, const struct vb_request_key *k)
{
	bool outside = k->proto->repeats, known = k->proto->any_request || outside;

	if (!k->relid || !known || (k->direction != VB_TO_HOST && k->direction != VB_TO_GUEST))
		return NULL;
	return &vb_channel_get(&s->tables, k->relid)
			->waiting[2 * outside + (k->direction == VB_TO_GUEST)];
}

/* How many requests of its channel are under way; NULL: nobody asks. */
static struct vb_depth *depth_of(struct vb_session *s, const struct vb_frame *f,
				 const struct vb_request_key *k)
{
	struct vb_channel *ch;

	if (!k->proto->any_request || !is_storage(f))
		return NULL;
	ch = vb_channel_get(&s->tables, f->relid);
	if (ch->depth.epoch != k->epoch)
		ch->depth = (struct vb_depth){ .epoch = k->epoch };
	return &ch->depth;
}

static void learn_request(struct vb_session *s, const struct vb_frame *f, const struct vb_walked *w,
			  const struct vb_layer *l, struct vb_link *link)
{
	uint32_t number = l->proto->any_request ? VB_ANY : l->msg->number;
	size_t n_before = s->requests.n_open;
	struct vb_open_request *r;
	struct vb_waiting *queue;
	struct vb_request_key k;
	struct vb_depth *depth;

	/* The answer is already in the layout of the version that was asked for. */
	if (l->msg->proposes)
		set_version(s, f, vb_layer_slot(l, VB_S_VERSION));
	if (!is_request(l))
		return;
	k = make_key(s, f, l, l->msg, number, f->direction);
	r = vb_request_add(&s->requests, &k);
	depth = depth_of(s, f, &k);
	if (depth)
		link->depth = depth->n += s->requests.n_open > n_before;
	r->asked = (struct vb_asked){
		.number = f->number,
		.time_ns = f->time_ns,
		.cpu = f->cpu,
		.recalled = l->msg->recalls ? (uint32_t)vb_layer_slot(l, VB_S_RECALLED) :
					      vb_walked_recall(f, w),
		.msg = l->msg,
	};
	queue = queue_of(s, &k);
	if (queue && vb_waiting_asked(queue, k.epoch, f->time_ns, &r->asked.place))
		note(link, VB_NOTE_STALLED);
}

static bool accepts(const struct vb_layer *l)
{
	uint64_t value = vb_layer_slot(l, l->msg->accepts_if);

	if (l->msg->accepts_zero)
		return value == 0;
	return l->msg->accepts ? value == l->msg->accepts : value != 0;
}

static void learn_answer(struct vb_session *s, const struct vb_frame *f, const struct vb_layer *l,
			 struct vb_link *link)
{
	struct vb_request_key k =
		make_key(s, f, l, l->msg, l->msg->answers, opposite(f->direction));
	struct vb_open_request *r = vb_request_find(&s->requests, &k);
	struct vb_waiting *queue = queue_of(s, &k);
	struct vb_asked asked;
	struct vb_depth *depth;
	bool over;

	/* a record that does not say who sent it may hold both, but it does not answer itself */
	if (!r || r->asked.number == f->number) {
		s->stats.n_unpaired_answers++;
		return;
	}
	asked = vb_request_answered(&s->requests, r, f->cpu, f->time_ns, &over);
	if (!link->request) {
		link->request = asked.number;
		link->latency_ns = f->time_ns > asked.time_ns ? f->time_ns - asked.time_ns : 0;
		link->asked = asked.msg;
	}
	if (queue && vb_waiting_answered(queue, k.epoch, asked.place, f->time_ns))
		note(link, VB_NOTE_STALLED);
	s->stats.n_paired++;
	depth = depth_of(s, f, &k);
	if (depth && depth->n && over)
		depth->n--;
	if (over && !vb_layer_slot(l, l->msg->more))
		vb_request_remove(&s->requests, r);
}

/* n_losses: behind those that were learned from. */
static void recall_by(struct vb_session *s, const struct vb_walked *w, uint32_t n_losses,
		      struct vb_frame *f)
{
	bool is_answer = false;
	uint32_t own;

	for (unsigned int i = 0; i < w->n_layers; i++) {
		const struct vb_layer *l = &w->layer[i];
		struct vb_open_request *r;
		struct vb_request_key k;

		if (!l->msg || !vb_msg_is_answer(l->msg))
			continue;
		is_answer = true;
		k = make_key(s, f, l, l->msg, l->msg->answers, opposite(f->direction));
		k.epoch += n_losses;
		r = vb_request_find(&s->requests, &k);
		if (r && vb_request_whose(r, f->cpu, f->time_ns)->recalled)
			f->recalled = vb_request_whose(r, f->cpu, f->time_ns)->recalled;
	}
	own = is_answer ? 0 : vb_walked_recall(f, w);
	if (own)
		f->recalled = own;
}

void vb_session_recall(struct vb_session *s, const struct vb_walked *w, struct vb_frame *f)
{
	recall_by(s, w, 0, f);
}

/*
 * Where answers do not say what they answer. Behind a loss, another request may have had the id: as
 * for vb_session_learn(), no request from before it is known.
 */
static void recall(struct vb_session *s, struct vb_frame *f)
{
	const struct vb_class_info *class = vb_class_by_code(f->class);
	const struct vb_proto *proto = class->proto ? vb_proto_by_name(class->proto) : NULL;
	struct vb_walked w;

	if (f->kind != VB_KIND_PACKET || !proto || !proto->recall_len)
		return;
	vb_walk(vb_root_proto(f->kind), f, NULL, &w);
	recall_by(s, &w, f->lost ? 1 : 0, f);
}

/* ---- the bus itself ---- */

static void learn_offer(struct vb_session *s, const struct vb_frame *f, const struct vb_layer *l)
{
	struct vb_channel *ch = vb_channel_get(&s->tables, (uint32_t)vb_layer_slot(l, VB_S_RELID));
	uint32_t type = (uint32_t)vb_layer_slot(l, VB_S_CLASS);
	uint32_t instance = (uint32_t)vb_layer_slot(l, VB_S_INSTANCE);
	const struct vb_class_info *class = vb_class_by_guid(f->data + type);

	ch->class = class ? class->code : VB_CLASS_OTHER;
	ch->subchannel = (uint16_t)vb_layer_slot(l, VB_S_SUB);
	memcpy(ch->instance, f->data + instance, sizeof(ch->instance));
	memcpy(ch->interface, f->data + type, sizeof(ch->interface));
}

static void learn_control(struct vb_session *s, const struct vb_frame *f, const struct vb_layer *l)
{
	uint32_t relid = (uint32_t)vb_layer_slot(l, VB_S_RELID);

	switch (l->msg->number) {
	case VB_CTL_OFFER:
		if (vb_layer_slot(l, VB_S_RELID))
			learn_offer(s, f, l);
		break;
	case VB_CTL_CLOSE:
		vb_channel_get(&s->tables, relid)->epoch++;
		vb_channel_get(&s->tables, relid)->proto_version = 0;
		break;
	case VB_CTL_RELID_RELEASED:
		vb_channel_get(&s->tables, relid)->used = false;
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
	uint32_t version = (uint32_t)vb_layer_slot(l, VB_S_VERSION);
	uint32_t section = (uint32_t)vb_layer_slot(l, VB_STATE_SECTION);

	if (f->kind != VB_KIND_STATE)
		return;
	if (f->relid && section)
		vb_device_get(&s->tables, f)->network.section_size = section;
	if (!version)
		return;
	if (f->relid)
		set_class_version(s, f, version);
	else
		s->vmbus_version = version;
}

static void learn_layer(struct vb_session *s, const struct vb_frame *f, const struct vb_walked *w,
			const struct vb_layer *l, struct vb_link *link)
{
	if (f->kind == VB_KIND_CONTROL)
		learn_control(s, f, l);
	if (f->flags & VB_REC_SYNTHESIZED)
		return;
	if (l->msg->status && l->set & 1u << l->msg->status &&
	    l->slots[l->msg->status] != l->msg->success)
		note(link, VB_NOTE_STATUS);
	if (l->msg->accepts_if && !accepts(l))
		set_version(s, f, 0);
	vb_parts_learn(&s->parts, s->epoch, f, l, link);
	if (vb_msg_is_answer(l->msg))
		learn_answer(s, f, l, link);
	else
		learn_request(s, f, w, l, link);
}

static void learn_layers(struct vb_session *s, const struct vb_frame *f, const struct vb_walked *w,
			 struct vb_link *link)
{
	for (unsigned int i = w->n_layers; i-- > 0;) {
		const struct vb_layer *l = &w->layer[i];

		if (f->kind == VB_KIND_STATE || f->kind == VB_KIND_EVENT)
			learn_state(s, f, l);
		else if (l->msg)
			learn_layer(s, f, w, l, link);
	}
}

/* What failed never reached the other side. */
void vb_session_learn_inner(struct vb_session *s, const struct vb_frame *f,
			    const struct vb_walked *w, struct vb_link *link)
{
	if (f->flags & VB_REC_FAILED)
		return;
	learn_layers(s, f, w, link);
	if (is_network(f))
		link->notes |= vb_network_message(&vb_device_get(&s->tables, f)->network, f, w);
}

void vb_session_learn(struct vb_session *s, const struct vb_frame *f, const struct vb_walked *w,
		      struct vb_link *ret_link)
{
	*ret_link = (struct vb_link){ 0 };
	if (f->lost)
		s->loss_epoch++;
	if (f->flags & VB_REC_FAILED) {
		if (f->result == VB_RESULT_RING_FULL)
			note(ret_link, VB_NOTE_RING_FULL);
		return;
	}
	learn_layers(s, f, w, ret_link);
	if (is_network(f))
		ret_link->notes |= vb_network_packet(&vb_device_get(&s->tables, f)->network, f, w);
	else if (is_storage(f))
		ret_link->notes |= vb_storage_packet(f, w);
}

/* ---- reports ---- */

void vb_session_each_stalled(const struct vb_session *s, uint64_t now_ns,
			     void (*each)(void *ctx, const struct vb_stalled *q), void *ctx)
{
	for (size_t i = 0; i < (size_t)VB_N_CHANNELS * VB_N_QUEUES; i++) {
		const struct vb_channel *ch = &s->tables.channels[i / VB_N_QUEUES];
		struct vb_stalled q = {
			.relid = ch->relid,
			.class = ch->class,
			.subchannel = ch->subchannel,
			.direction = i % 2 ? VB_TO_GUEST : VB_TO_HOST,
			.outside = i % VB_N_QUEUES >= 2,
			.waiting_ns = vb_waiting_stalled(&ch->waiting[i % VB_N_QUEUES],
							 ch->epoch + s->loss_epoch, now_ns),
		};

		if (!ch->used || q.waiting_ns == 0)
			continue;
		memcpy(q.instance, ch->instance, sizeof(q.instance));
		each(ctx, &q);
	}
}

void vb_session_get_stats(const struct vb_session *s, struct vb_session_stats *ret)
{
	*ret = s->stats;
	ret->n_open = s->requests.n_open;
	ret->n_forgotten = s->requests.n_forgotten;
	ret->n_unanswered = s->requests.n_unanswered;
	ret->n_overlapped = s->requests.n_overlapped;
}
