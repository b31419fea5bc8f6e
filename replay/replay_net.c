/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recorded network device. The conversation with the driver is that of the host's model, which is
 * told what the trace says of the device; frames, status messages and what the host tells are the
 * trace's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/host/netvsc.h"
#include "replay/place.h"
#include "replay/replay_impl.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A packet of the guest that waits for the status of its messages. */
struct request {
	uint64_t trans_id;
	uint16_t queue;
	uint32_t n_waiting; /* messages; 0: the entry is free */
	uint32_t status;
};

struct vb_replay_net {
	struct vb_netvsc_player watch;
	struct vb_netvsc *model;
	unsigned int number; /* among the plan's network devices */
	bool *used;	     /* of the plan's answers: given already */
	struct request *requests;
	size_t n_requests, at; /* at: the packet that is being taken */
	uint32_t *request_of;  /* of each step: the request that it came in, and 1 */
	uint32_t *sent;	       /* by id: the step, and 1 */
	size_t n_sent;
};

/* ---- what the device is ---- */

static void set_persona(struct vb_netvsc *n, const struct vb_plan_net *p)
{
	if (p && p->version)
		n->max_version = p->version;
	if (p && p->part_len)
		n->part_len = p->part_len;
	if (p && p->section_len)
		n->section_len = p->section_len;
	if (p && p->n_queues)
		n->queues = p->n_queues;
}

static int net_start(struct vb_hdevice *hd, struct vb_err *err)
{
	struct vb_replay_device *d = vb_replay_device_of(hd);
	const struct vb_plan_net *p = d->plan->net;
	struct vb_netvsc *n = vb_hdevice_state(hd);
	int rc;

	set_persona(n, p);
	n->backend = NETVSC_SINK; /* nobody is on the wire: all frames are the trace's */
	rc = vb_model_netvsc.start(hd, err);
	if (p && p->has_mac)
		memcpy(n->mac, p->mac, sizeof(n->mac));
	n->player = &d->net->watch;
	d->net->model = n;
	return rc;
}

/* The next answer of that kind, or the last one again. */
static const struct vb_plan_answer *
find_answer(struct vb_replay_net *net, const struct vb_plan_net *p, uint32_t type, uint32_t oid)
{
	const struct vb_plan_answer *found = NULL;

	for (size_t i = 0; p && i < p->n_answers; i++) {
		if (p->answers[i].type != type || p->answers[i].oid != oid)
			continue;
		found = &p->answers[i];
		if (net->used[i])
			continue;
		net->used[i] = true;
		break;
	}
	return found;
}

static bool net_answer(void *ctx, uint32_t type, uint32_t oid, uint32_t id)
{
	struct vb_replay_device *d = ctx;
	const struct vb_plan_answer *a = find_answer(d->net, d->plan->net, type, oid);
	struct vb_place ids[] = {
		{ .path = "hv_rndis.initialize_complete.request_id" },
		{ .path = "hv_rndis.query_complete.request_id" },
		{ .path = "hv_rndis.set_complete.request_id" },
	};
	struct vb_frame f = { .kind = VB_KIND_PACKET, .direction = VB_TO_GUEST };
	uint8_t *bytes;

	if (!a || a->len > d->net->model->receive.part_len)
		return false;
	bytes = vb_replay_scratch(d, a->len);
	if (!bytes)
		return false;
	memcpy(bytes, a->bytes, a->len);
	f.data = bytes;
	f.cap_len = f.wire_len = a->len;
	vb_places(vb_proto_by_name("hv_rndis"), &f, ids, COUNT(ids));
	for (size_t i = 0; i < COUNT(ids); i++)
		if (ids[i].found)
			vb_place_store(bytes, &ids[i], id);
	vb_netvsc_send_control(d->net->model, bytes, a->len);
	return true;
}

/* ---- what the guest sends ---- */

/* An entry for a packet; n_requests: no memory. */
static size_t new_request(struct vb_replay_net *net)
{
	struct request *bigger;
	size_t n;

	for (size_t i = 0; i < net->n_requests; i++)
		if (!net->requests[i].n_waiting)
			return i;
	n = net->n_requests + 64;
	bigger = reallocarray(net->requests, n, sizeof(*bigger));
	if (!bigger)
		return net->n_requests;
	memset(bigger + net->n_requests, 0, 64 * sizeof(*bigger));
	net->requests = bigger;
	net->n_requests = n;
	return n - 64;
}

static void net_begin(void *ctx, uint16_t queue, uint64_t trans_id)
{
	struct vb_replay_net *net = ((struct vb_replay_device *)ctx)->net;

	net->at = new_request(net);
	if (net->at < net->n_requests)
		net->requests[net->at] = (struct request){ trans_id, queue, 0, VB_NVSP_SUCCESS };
}

static bool is_over(const struct vb_replay_device *d)
{
	return d->replay->interrupted || d->replay->done;
}

static void net_message(void *ctx, const struct vb_frame *message)
{
	struct vb_replay_device *d = ctx;
	struct vb_replay_net *net = d->net;
	struct vb_frame f = *message;
	uint32_t step, status;

	if (is_over(d))
		return;
	f.vmbus_version = vb_hdevice_vmbus_version(d->hd);
	f.proto_version = net->model->version;
	step = vb_player_take_message(&d->player, vb_proto_by_name("hv_rndis"), &f,
				      vb_replay_now(d));
	status = step == VB_NO_STEP ? VB_NO_STEP : d->plan->steps[step].status;
	if (status == VB_NO_STEP || !vb_player_is_ahead(&d->player, status) ||
	    net->at == net->n_requests)
		return;
	net->requests[net->at].n_waiting++;
	net->request_of[step] = (uint32_t)net->at + 1;
}

static bool net_end(void *ctx)
{
	const struct vb_replay_net *net = ((struct vb_replay_device *)ctx)->net;

	return net->at < net->n_requests && net->requests[net->at].n_waiting > 0;
}

/* A completion of what the trace sent; others are of what the model sent. */
static void take_done(struct vb_replay_device *d, const struct vb_frame *f, uint64_t trans_id)
{
	struct vb_replay_net *net = d->net;

	if (trans_id >= net->n_sent || !net->sent[trans_id])
		return;
	vb_player_take_answer(&d->player, net->sent[trans_id] - 1, f, vb_replay_now(d));
	net->sent[trans_id] = 0;
}

static void take_packet(struct vb_replay_device *d, const struct vb_hpacket *p)
{
	struct vb_wanted w = { .path = "nvsp.rndis.channel_type" };
	struct vb_frame f = p->frame;
	uint8_t *bytes = vb_replay_scratch(d, f.cap_len);

	if (!bytes)
		return;
	memcpy(bytes, f.data, f.cap_len); /* the guest may change it at any time */
	f.data = bytes;
	if (p->type == VB_PACKET_COMPLETION)
		take_done(d, &f, p->trans_id);
	else if (!vb_values_read(vb_root_proto(VB_KIND_PACKET), &f, &w, 1, NULL))
		vb_player_take(&d->player, &f, p->trans_id, vb_replay_now(d));
}

static void net_packet(struct vb_hdevice *hd, struct vb_hchannel *c, const struct vb_hpacket *p)
{
	struct vb_replay_device *d = vb_replay_device_of(hd);

	if (!is_over(d))
		take_packet(d, p);
	vb_model_netvsc.packet(hd, c, p);
	d->stalled = false; /* parts of the buffer may have come back */
	vb_replay_drive(d);
}

/* ---- channels ---- */

static void forget(struct vb_replay_device *d)
{
	struct vb_replay_net *net = d->net;

	memset(net->request_of, 0, d->plan->n_steps * sizeof(*net->request_of));
	for (size_t i = 0; i < net->n_requests; i++)
		net->requests[i].n_waiting = 0;
	for (size_t i = 0; i < net->n_sent; i++)
		net->sent[i] = 0;
	for (size_t i = 0; d->plan->net && i < d->plan->net->n_answers; i++)
		net->used[i] = false;
}

static void net_opened(struct vb_hdevice *hd, struct vb_hchannel *c)
{
	vb_model_netvsc.opened(hd, c);
	if (vb_hchannel_index(c) == 0)
		forget(vb_replay_device_of(hd));
	vb_replay_model.opened(hd, c);
}

static void net_closed(struct vb_hdevice *hd, struct vb_hchannel *c)
{
	vb_model_netvsc.closed(hd, c);
	if (vb_hchannel_index(c) == 0)
		forget(vb_replay_device_of(hd));
	vb_replay_model.closed(hd, c);
}

static void net_room(struct vb_hdevice *hd, struct vb_hchannel *c)
{
	vb_model_netvsc.room(hd, c);
	vb_replay_model.room(hd, c);
}

static bool net_busy(struct vb_hdevice *hd)
{
	return vb_model_netvsc.busy(hd) || vb_replay_model.busy(hd);
}

/* ---- what the host sends ---- */

static int note_sent(struct vb_replay_net *net, uint64_t trans_id, uint32_t step)
{
	uint32_t *bigger;

	if (trans_id >= net->n_sent) {
		bigger = reallocarray(net->sent, trans_id + 256, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		memset(bigger + net->n_sent, 0,
		       (size_t)(trans_id + 256 - net->n_sent) * sizeof(*bigger));
		net->sent = bigger;
		net->n_sent = (size_t)trans_id + 256;
	}
	net->sent[trans_id] = step + 1;
	return 0;
}

/* A guest with fewer queues than the recorded one gets on the first what it has no queue for. */
static int send_messages(struct vb_replay_device *d, const struct vb_step *s)
{
	uint16_t queue = vb_hdevice_channel(d->hd, s->subchannel) ? s->subchannel : 0;
	uint64_t trans_id;
	int rc = vb_netvsc_receive(d->net->model, queue, s->bytes, s->parts, s->n_parts, s->control,
				   &trans_id);

	return rc ? rc : note_sent(d->net, trans_id, (uint32_t)(s - d->plan->steps));
}

static int send_packet(struct vb_replay_device *d, const struct vb_step *s)
{
	struct vb_hchannel *c = vb_hdevice_primary(d->hd);

	if (!c)
		return -ENOTCONN;
	if (vb_netvsc_is_waiting(d->net->model, 0))
		return -EAGAIN;
	return vb_hchannel_send(c, s->bytes, s->wire_len);
}

/* One of a request's messages has its status: the request is completed with the last of them. */
static void settle_message(struct vb_replay_device *d, uint32_t step, uint32_t status)
{
	struct vb_replay_net *net = d->net;
	struct request *r;

	if (!net->request_of[step])
		return;
	r = &net->requests[net->request_of[step] - 1];
	net->request_of[step] = 0;
	if (status != VB_NVSP_SUCCESS)
		r->status = status;
	if (r->n_waiting && --r->n_waiting == 0)
		vb_netvsc_complete(net->model, r->queue, r->trans_id, r->status);
}

#define MAX_IN_PACKET 64u

/* A recorded packet had several messages perhaps; which packets they are in now is the driver's. */
static int send_status(struct vb_replay_device *d, const struct vb_step *s)
{
	const struct vb_step *steps = d->plan->steps;
	struct vb_wanted w = { .path = "nvsp.rndis_complete.status" };
	uint32_t mine = (uint32_t)(s - steps);
	struct vb_frame f;

	vb_step_frame(d->plan, s, &f);
	if (!vb_values_read(vb_root_proto(VB_KIND_PACKET), &f, &w, 1, NULL))
		w.number = VB_NVSP_SUCCESS;
	for (uint32_t n = 0; n < MAX_IN_PACKET && n <= s->answers; n++)
		if (steps[s->answers - n].status == mine)
			settle_message(d, s->answers - n, (uint32_t)w.number);
	return 0;
}

/* ---- what the guest is to send ---- */

#define TCP_CHECKSUM_AT 16u
#define UDP_CHECKSUM_AT 6u
#define TCP_HEAD_LEN_AT 12u

/* Word by word as the driver made it of what it was asked for (Linux 6.1, netvsc_start_xmit()). */
static void ask_checksum(const struct vb_wanted *w, struct vb_agent_frame *how)
{
	if (!w[NETVSC_W_TCP_IS_OPEN].number && !w[NETVSC_W_UDP_IS_OPEN].number)
		return;
	how->needs_checksum = 1;
	how->checksum_start = (uint16_t)w[NETVSC_W_CHECKSUM_AT].number;
	how->checksum_at = w[NETVSC_W_TCP_IS_OPEN].number ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT;
}

static void ask_segments(const struct vb_wanted *w, struct vb_agent_frame *how)
{
	uint32_t tcp = (uint32_t)w[NETVSC_W_LARGE_AT].number;

	if (!w[NETVSC_W_MSS].found)
		return;
	how->needs_checksum = 1;
	how->checksum_start = (uint16_t)tcp;
	how->checksum_at = TCP_CHECKSUM_AT;
	how->segments = w[NETVSC_W_IS_IPV6].number ? 4 : 1;
	how->segment_len = (uint16_t)w[NETVSC_W_MSS].number;
	how->head_len = (uint16_t)tcp;
	if (tcp + TCP_HEAD_LEN_AT < w[NETVSC_W_FRAME].n_bytes)
		how->head_len +=
			(uint16_t)((w[NETVSC_W_FRAME].bytes[tcp + TCP_HEAD_LEN_AT] >> 4) * 4);
}

/* As the agent wants it: priority and id in their places of the tag. */
static uint32_t tag_of(const struct vb_wanted *w)
{
	return w[NETVSC_W_VLAN].found ?
		       (uint32_t)(w[NETVSC_W_PRIORITY].number << 13 | w[NETVSC_W_VLAN].number) :
		       VB_AGENT_NO_VLAN;
}

static int cause(struct vb_replay_device *d, const struct vb_step *s)
{
	struct vb_wanted w[NETVSC_N_WANTED];
	struct vb_agent_frame how = { .interface = d->net->number };
	const struct vb_replay_config *opt = &d->replay->opt;
	struct vb_frame f;

	if (!opt->cause || s->causes == VB_NO_STEP)
		return -ENOTSUP;
	vb_step_frame(d->plan, &d->plan->steps[s->causes], &f);
	vb_netvsc_want(w);
	vb_values_read(vb_proto_by_name("hv_rndis"), &f, w, NETVSC_N_WANTED, NULL);
	if (!w[NETVSC_W_FRAME].found)
		return -ENOTSUP;
	how.vlan = tag_of(w);
	ask_checksum(w, &how);
	ask_segments(w, &how);
	return opt->cause(opt->ctx, &how, w[NETVSC_W_FRAME].bytes, w[NETVSC_W_FRAME].n_bytes);
}

int vb_replay_net_act(struct vb_replay_device *d, const struct vb_step *s)
{
	if (s->type == VB_STEP_CAUSE)
		return cause(d, s);
	if (!d->net->model)
		return -ENOTCONN;
	if (s->answers != VB_NO_STEP)
		return send_status(d, s);
	return s->proto ? send_messages(d, s) : send_packet(d, s);
}

/* ---- one device ---- */

int vb_replay_net_init(struct vb_replay_device *d, unsigned int number)
{
	size_t n_answers = d->plan->net ? d->plan->net->n_answers : 0;
	struct vb_replay_net *net = calloc(1, sizeof(*net));

	if (!net)
		return -ENOMEM;
	d->net = net;
	net->number = number;
	net->watch = (struct vb_netvsc_player){ .ctx = d,
						.begin = net_begin,
						.message = net_message,
						.end = net_end,
						.answer = net_answer };
	net->used = calloc(n_answers + 1, sizeof(*net->used));
	net->request_of = calloc(d->plan->n_steps + 1, sizeof(*net->request_of));
	d->model = vb_model_netvsc;
	d->model.start = net_start;
	d->model.opened = net_opened;
	d->model.closed = net_closed;
	d->model.packet = net_packet;
	d->model.room = net_room;
	d->model.timer = vb_replay_model.timer;
	d->model.busy = net_busy;
	return net->used && net->request_of ? 0 : -ENOMEM;
}

void vb_replay_net_done(struct vb_replay_device *d)
{
	struct vb_replay_net *net = d->net;

	if (!net)
		return;
	free(net->used);
	free(net->requests);
	free(net->request_of);
	free(net->sent);
	free(net);
	d->net = NULL;
}
