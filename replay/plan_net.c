/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of a network device. Its beginning is the driver's own, and what the host answered is
 * what the device is. What is played are frames, status messages, and what the host tells on its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/nvsp.h"
#include "dissectors/values.h"
#include "replay/plan_impl.h"

#define MAX_MESSAGE (256u << 10) /* bytes; longer ones are not filled */

/* ---- messages ---- */

/* Messages of a packet that is sent, one behind the other. */
struct messages {
	uint8_t *bytes;
	uint32_t len;
	uint32_t *lens;
	uint32_t n;
	uint64_t n_filled;
	bool lost; /* of one of them, more than the end of a frame */
};

/*
 * What was not captured: each byte of the frame is the low byte of its place in it. 0: it is the end
 * of a frame that is missing, or nothing; else not.
 */
static int fill(const struct vb_frame *f, uint8_t *bytes, bool *ret_filled)
{
	struct vb_wanted w[] = { { .path = "hv_rndis.packet.frame" } };
	uint32_t at;

	*ret_filled = f->cap_len < f->wire_len;
	if (!*ret_filled)
		return 0;
	vb_values_read(vb_proto_by_name("hv_rndis"), f, w, 1, NULL);
	if (!w[0].found || !w[0].n_bytes)
		return -ENODATA;
	at = (uint32_t)(w[0].bytes - f->data);
	for (uint32_t i = f->cap_len; i < f->wire_len; i++)
		bytes[i] = (uint8_t)(i - at);
	return 0;
}

/* -ENODATA: too little of it was captured. */
static int copy_message(struct vb_plan_net *n, const struct vb_frame *f, uint8_t **ret,
			bool *ret_filled)
{
	uint32_t n_missing = f->wire_len - f->cap_len;
	int rc;

	*ret_filled = false;
	if (f->wire_len > MAX_MESSAGE || !f->cap_len || n_missing > *n->fill_left)
		return -ENODATA;
	*n->fill_left -= n_missing;
	*ret = calloc(1, f->wire_len);
	if (!*ret)
		return -ENOMEM;
	memcpy(*ret, f->data, f->cap_len);
	rc = fill(f, *ret, ret_filled);
	if (rc)
		free(*ret);
	return rc;
}

static int append(struct messages *m, const uint8_t *bytes, uint32_t len)
{
	uint32_t *lens = reallocarray(m->lens, m->n + 1, sizeof(*lens));
	uint8_t *all;

	if (!lens)
		return -ENOMEM;
	m->lens = lens;
	all = realloc(m->bytes, (size_t)m->len + len);
	if (!all)
		return -ENOMEM;
	m->bytes = all;
	memcpy(all + m->len, bytes, len);
	m->len += len;
	lens[m->n++] = len;
	return 0;
}

static int add_message(struct vb_plan_net *net, struct messages *m, const struct vb_frame *f)
{
	bool filled;
	uint8_t *bytes;
	int rc = m->len > MAX_MESSAGE ? -ENODATA : copy_message(net, f, &bytes, &filled);

	if (rc == -ENODATA) {
		m->lost = true;
		return 0;
	}
	if (rc)
		return rc;
	m->n_filled += filled;
	rc = append(m, bytes, f->wire_len);
	free(bytes);
	return rc;
}

/* ---- the host's messages ---- */

/* All messages of the packet, and what the first of them is. */
static int gather(struct vb_plan_net *net, struct vb_decoder *dec, struct messages *m,
		  struct vb_walked *ret_first)
{
	struct vb_outside o;
	struct vb_walked w;
	struct vb_frame f;
	uint64_t n_ranges = 0;
	int rc = vb_decoder_outside(dec, &o);

	while (rc == 0 && vb_outside_next(&o, dec, &f, &w)) {
		if (m->n == 0)
			*ret_first = w;
		rc = add_message(net, m, &f);
	}
	vb_plan_value(dec, "hv_ring.xfer_pages.range_count", &n_ranges);
	m->lost |= m->n == 0 || m->n != n_ranges;
	return rc;
}

static int add_messages(struct vb_plan_device *d, struct vb_decoder *dec, bool is_control)
{
	struct messages m = { 0 };
	struct vb_walked first;
	struct vb_step *s;
	int rc = gather(d->net, dec, &m, &first);

	if (rc || m.lost) {
		free(m.bytes);
		free(m.lens);
		return rc ? rc : vb_plan_step_lost(d, dec, VB_STEP_SEND, VB_SKIP_CUT);
	}
	s = vb_plan_step_of(d, dec, VB_STEP_SEND);
	if (!s) {
		free(m.bytes);
		free(m.lens);
		return -ENOMEM;
	}
	s->proto = vb_proto_by_name("hv_rndis");
	s->control = is_control;
	s->filled = m.n_filled > 0;
	s->bytes = m.bytes;
	s->cap_len = s->wire_len = m.len;
	s->parts = m.lens;
	s->n_parts = m.n;
	d->net->n_filled += m.n_filled;
	return vb_plan_kind_add(d, &first, &s->kind);
}

/* Control of the adapter: answers are the model's to give, what is told is played. */
static int take_control(struct vb_plan_device *d, struct vb_decoder *dec)
{
	struct vb_outside o;
	struct vb_walked w;
	struct vb_frame f;
	bool told = false;
	int rc = vb_decoder_outside(dec, &o);

	while (rc == 0 && vb_outside_next(&o, dec, &f, &w)) {
		if (strcmp(vb_plan_message_name(&w), "indicate_status") == 0)
			told = true;
		else
			rc = vb_plan_net_answer(d->net, &f, vb_plan_message_name(&w));
	}
	if (rc || told)
		return rc ? rc : add_messages(d, dec, true);
	d->net->n_own++;
	return 0;
}

/* ---- status messages ---- */

/* The host's word for all messages of a packet that the guest sent. */
static int add_status(struct vb_plan_device *d, const struct vb_decoder *dec, uint32_t first)
{
	struct vb_step *s = vb_plan_step_of(d, dec, VB_STEP_SEND);
	uint32_t mine = (uint32_t)d->n_steps - 1;

	if (!s)
		return -ENOMEM;
	s->latency_ns = dec->link.latency_ns;
	for (uint32_t i = first; i < mine && d->steps[i].number == dec->link.request; i++) {
		if (d->steps[i].type != VB_STEP_EXPECT)
			continue;
		d->steps[i].status = mine;
		s->answers = i;
	}
	return vb_plan_keep_packet(d, s, dec);
}

static int take_completion(struct vb_plan_device *d, const struct vb_decoder *dec)
{
	uint32_t first = dec->link.request ? vb_plan_step_find(d, dec->link.request) : VB_NO_STEP;
	bool of_frames = first != VB_NO_STEP && d->steps[first].type == VB_STEP_CAUSE;

	if (of_frames)
		return add_status(d, dec, first);
	vb_plan_net_persona(d->net, dec);
	return 0;
}

/* The guest is done with messages of ours. */
static int take_done(struct vb_plan_device *d, const struct vb_decoder *dec)
{
	uint32_t request = dec->link.request ? vb_plan_step_find(d, dec->link.request) : VB_NO_STEP;
	struct vb_step *s;

	if (request == VB_NO_STEP || d->steps[request].type != VB_STEP_SEND) {
		d->net->n_own++;
		return 0;
	}
	d->steps[request].answered = true;
	s = vb_plan_step_of(d, dec, VB_STEP_EXPECT);
	if (!s)
		return -ENOMEM;
	s->answers = request;
	s->latency_ns = dec->link.latency_ns;
	return vb_plan_keep_packet(d, s, dec);
}

/* ---- the guest's messages ---- */

/* A driver that ends does so on its own account. */
static void leave_ending(struct vb_step *s, const struct vb_walked *w)
{
	static const char *const endings[] = { "halt", "revoke_receive_buffer",
					       "revoke_send_buffer" };

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (strcmp(vb_plan_message_name(w), endings[i]) != 0)
			continue;
		s->skip = VB_SKIP_GUESTS_OWN;
		s->absent = true;
	}
}

/* What is expected of the guest: one message, whatever packet it comes in. */
static int expect_message(struct vb_plan_device *d, const struct vb_decoder *dec,
			  const struct vb_frame *f, const struct vb_walked *w, bool is_control)
{
	struct vb_step *s;
	bool filled = false;
	uint8_t *bytes;
	int rc = copy_message(d->net, f, &bytes, &filled);

	if (rc == -ENODATA)
		return vb_plan_step_lost(d, dec, VB_STEP_EXPECT, VB_SKIP_CUT);
	if (rc)
		return rc;
	s = vb_plan_step_of(d, dec, VB_STEP_EXPECT);
	if (!s) {
		free(bytes);
		return -ENOMEM;
	}
	s->proto = vb_proto_by_name("hv_rndis");
	s->bytes = bytes;
	s->cap_len = s->wire_len = f->wire_len;
	s->filled = filled;
	s->free = is_control;
	leave_ending(s, w);
	d->net->n_filled += filled;
	return vb_plan_kind_add(d, w, &s->kind);
}

/* A frame, and before it what has the guest send it. */
static int cause_message(struct vb_plan_device *d, const struct vb_decoder *dec,
			 const struct vb_frame *f, const struct vb_walked *w)
{
	uint32_t mine = (uint32_t)d->n_steps;
	int rc;

	if (!vb_plan_step_of(d, dec, VB_STEP_CAUSE))
		return -ENOMEM;
	rc = expect_message(d, dec, f, w, false);
	if (rc)
		return rc;
	d->steps[mine].kind = d->steps[mine + 1].kind;
	if (d->steps[mine + 1].absent) {
		d->steps[mine].skip = d->steps[mine + 1].skip;
		d->steps[mine].absent = true;
		return 0;
	}
	d->steps[mine].causes = mine + 1;
	d->steps[mine + 1].answers = mine;
	vb_plan_net_frame(d->net, f);
	return 0;
}

static int take_messages(struct vb_plan_device *d, struct vb_decoder *dec, bool is_control)
{
	struct vb_outside o;
	struct vb_walked w;
	struct vb_frame f;
	int rc = vb_decoder_outside(dec, &o);
	bool any = false;

	while (rc == 0 && vb_outside_next(&o, dec, &f, &w)) {
		any = true;
		if (is_control)
			vb_plan_net_request(d->net, &f, &w);
		rc = is_control ? expect_message(d, dec, &f, &w, true) :
				  cause_message(d, dec, &f, &w);
	}
	return rc || any ? rc : vb_plan_step_lost(d, dec, VB_STEP_EXPECT, VB_SKIP_CUT);
}

static int take_request(struct vb_plan_device *d, const struct vb_decoder *dec)
{
	struct vb_step *s = vb_plan_step_of(d, dec, VB_STEP_EXPECT);
	uint64_t version;

	if (!s)
		return -ENOMEM;
	s->free = true;
	if (vb_plan_value(dec, "nvsp.init.max_version", &version))
		d->net->asked_version = (uint32_t)version;
	if (vb_plan_keep_packet(d, s, dec))
		return -ENOMEM;
	leave_ending(s, &dec->walked);
	return 0;
}

/* ---- packets ---- */

static int take_of_guest(struct vb_plan_device *d, struct vb_decoder *dec, bool is_completion)
{
	uint64_t channel;

	if (is_completion)
		return take_done(d, dec);
	if (vb_plan_value(dec, "nvsp.rndis.channel_type", &channel))
		return take_messages(d, dec, channel == VB_NVSP_CONTROL);
	return take_request(d, dec);
}

static int take_of_host(struct vb_plan_device *d, struct vb_decoder *dec, bool is_completion)
{
	struct vb_step *s;
	uint64_t channel;

	if (is_completion)
		return take_completion(d, dec);
	if (vb_plan_value(dec, "nvsp.rndis.channel_type", &channel))
		return channel == VB_NVSP_CONTROL ? take_control(d, dec) :
						    add_messages(d, dec, false);
	s = vb_plan_step_of(d, dec, VB_STEP_SEND);
	if (!s)
		return -ENOMEM;
	s->answered = true; /* nobody answers what is told in-band */
	return vb_plan_keep_packet(d, s, dec);
}

int vb_plan_net_packet(struct vb_plan_device *d, struct vb_decoder *dec, uint64_t *fill_left)
{
	bool of_host = dec->frame.direction == VB_TO_GUEST;
	const struct vb_msg *m = dec->walked.n_layers ? dec->walked.layer[0].msg : NULL;
	bool is_completion = m && strcmp(m->name, "completion") == 0;
	enum vb_skip why = vb_plan_packet_skip(&dec->ev->hdr);

	if (!d->net)
		d->net = calloc(1, sizeof(*d->net));
	if (!d->net)
		return -ENOMEM;
	d->net->fill_left = fill_left;
	if (why)
		return vb_plan_step_lost(d, dec, of_host ? VB_STEP_SEND : VB_STEP_EXPECT, why);
	return of_host ? take_of_host(d, dec, is_completion) : take_of_guest(d, dec, is_completion);
}
