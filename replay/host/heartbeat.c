/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Heartbeat: the host counts, the guest answers with the next number (Linux 6.1
 * drivers/hv/hv_util.c, heartbeat_onchannelcallback()).
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "replay/host/ic.h"

#define SEQUENCE "hv_heartbeat.seq_num"
#define APPLICATION "hv_heartbeat.application_state"

#define HEALTHY 1 /* application states above are trouble */

struct heartbeat {
	struct vb_ic ic; /* first */
	uint64_t period_ns, timeout_ns, body_len;

	struct vb_ic_call call; /* of the periodic beat */
	bool beating;		/* call is submitted */
	uint64_t next_ns;
	uint64_t sequence; /* of the next beat */
	uint64_t sent[2];  /* sequence of the beat that is under way: periodic, of a command */
	uint64_t n_answered, n_missed;
	uint64_t application; /* as the guest said last */

	struct vb_ic_call burst; /* of the command beat */
	struct vb_hrequest *rq;	 /* NULL: no such command is under way */
	uint64_t wanted;
	struct vb_measure latency;
};

static struct heartbeat *heartbeat_of(struct vb_ic *ic)
{
	return (struct heartbeat *)ic;
}

static const char *application_name(uint64_t state)
{
	static const char *const names[] = { "unknown", "healthy", "critical", "stopped" };

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "not known to us";
}

/* ---- a beat ---- */

static int send_beat(struct vb_ic *ic, struct vb_ic_call *call)
{
	struct heartbeat *h = heartbeat_of(ic);
	const struct vb_value values[] = { VB_NUMBER(SEQUENCE, h->sequence) };
	int err = vb_ic_send(ic, call, (uint32_t)h->body_len, values, 1);

	if (!err)
		h->sent[call == &h->burst] = h->sequence++;
	return err;
}

static void see_application(struct heartbeat *h, const struct vb_wanted *w)
{
	if (!w->found || w->number == h->application)
		return;
	h->application = w->number;
	if (w->number > HEALTHY)
		vb_ic_complain(&h->ic, "the application in the guest is in state %" PRIu64 " (%s)",
			       w->number, application_name(w->number));
}

/* 0: the guest is alive. */
static int read_beat(struct heartbeat *h, const struct vb_ic_call *call,
		     const struct vb_ic_answer *a)
{
	uint64_t sent = h->sent[call == &h->burst];
	struct vb_wanted w[] = { { .path = SEQUENCE }, { .path = APPLICATION } };

	if (a->error)
		return a->error;
	if (a->status) {
		vb_ic_complain(&h->ic, "beat %" PRIu64 " was answered with status 0x%08x", sent,
			       a->status);
		return -EREMOTEIO;
	}
	if (vb_ic_read(a->packet, w, 2, 1)) {
		vb_ic_complain(&h->ic, "the answer to beat %" PRIu64 " is too short", sent);
		return -EPROTO;
	}
	if (w[0].number != sent + 1) {
		vb_ic_complain(&h->ic, "beat %" PRIu64 " was answered with %" PRIu64, sent,
			       w[0].number);
		return -EPROTO;
	}
	h->n_answered++;
	see_application(h, &w[1]);
	return 0;
}

/* ---- periodic ---- */

static void beat_ended(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a)
{
	struct heartbeat *h = heartbeat_of(ic);

	h->beating = false;
	if (read_beat(h, call, a) == -ETIMEDOUT)
		vb_ic_complain(ic, "beat %" PRIu64 " is given up", h->sent[0]);
}

static void beat_now(struct heartbeat *h)
{
	if (h->beating) {
		h->n_missed++;
		vb_ic_complain(&h->ic, "beat %" PRIu64 " is missed: not answered yet", h->sent[0]);
		return;
	}
	h->beating = true;
	h->call = (struct vb_ic_call){
		.timeout_ns = h->timeout_ns,
		.send = send_beat,
		.ended = beat_ended,
	};
	vb_ic_submit(&h->ic, &h->call);
}

static void ready(struct vb_ic *ic)
{
	struct heartbeat *h = heartbeat_of(ic);

	h->application = 0;
	if (!h->period_ns)
		return;
	h->next_ns = vb_ic_now(ic) + h->period_ns;
	vb_ic_wake(ic, h->next_ns);
	beat_now(h);
}

/* Beats come at fixed times: the next is counted from the one before, not from now. */
static void due(struct vb_ic *ic, uint64_t now_ns)
{
	struct heartbeat *h = heartbeat_of(ic);

	if (ic->state != VB_IC_READY)
		return;
	h->next_ns += (1 + (now_ns - h->next_ns) / h->period_ns) * h->period_ns;
	vb_ic_wake(ic, h->next_ns);
	beat_now(h);
}

/* ---- commands ---- */

static void burst_done(struct heartbeat *h, int status, const struct vb_ic_answer *a)
{
	struct vb_hrequest *rq = h->rq;
	struct vb_buf text = { 0 };

	vb_ic_latency_text(&h->latency, h->wanted, &text);
	if (status) {
		vb_buf_str(&text, "; ");
		vb_ic_outcome(&text, a);
	}
	h->rq = NULL;
	vb_ic_done_text(rq, status, &text);
}

static void burst_ended(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a)
{
	struct heartbeat *h = heartbeat_of(ic);
	int status = read_beat(h, call, a);

	if (!status)
		vb_measure_add(&h->latency, a->latency_ns);
	if (!status && h->latency.n < h->wanted)
		vb_ic_submit(ic, call);
	else
		burst_done(h, status, a);
}

static void beat(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq);

static void status(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	struct heartbeat *h = vb_hdevice_state(d);
	struct vb_buf text = { 0 };

	(void)words;
	(void)n;
	if (!vb_ic_usable(&h->ic, rq))
		return;
	vb_buf_fmt(&text,
		   "%" PRIu64 " beats sent, %" PRIu64 " answered, %" PRIu64
		   " missed; application %s; version %u.%u",
		   h->sequence, h->n_answered, h->n_missed, application_name(h->application),
		   VB_IC_MAJOR(h->ic.version), VB_IC_MINOR(h->ic.version));
	vb_ic_done_text(rq, 0, &text);
}

static const struct vb_command commands[] = {
	{ "beat", "[N]", "N beats (1), each after the answer to the last; their latency", beat },
	{ "status", "", "what was counted so far", status },
	VB_IC_COMMANDS,
	{ 0 },
};

static void beat(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	struct heartbeat *h = vb_hdevice_state(d);
	uint64_t count = 1;

	if (n > 2 || (n == 2 && vb_number_parse(words[1], UINT32_MAX, &count)) || !count)
		return vb_ic_usage(rq, commands, words[0]);
	if (!vb_ic_usable(&h->ic, rq))
		return;
	if (h->rq)
		return vb_hrequest_done(rq, -EBUSY, "beats are under way");
	if (vb_measure_init(&h->latency))
		return vb_hrequest_done(rq, -ENOMEM, "not enough memory");
	h->rq = rq;
	h->wanted = count;
	h->burst = (struct vb_ic_call){
		.timeout_ns = h->timeout_ns,
		.send = send_beat,
		.ended = burst_ended,
	};
	vb_ic_submit(&h->ic, &h->burst);
}

/* ---- settings ---- */

static const struct vb_setting settings[] = {
	VB_IC_SETTINGS("3.0,1.0", "3.0,1.0"),
	{ "period", "seconds from beat to beat; 0: only by command", "2",
	  VB_SETTING_BY(vb_ic_setting_period, struct heartbeat, period_ns) },
	{ "timeout", "seconds until a beat is given up", "30",
	  VB_SETTING_BY(vb_ic_setting_duration, struct heartbeat, timeout_ns) },
	{ "body", "bytes of a beat: 40, or 16 as newer hosts send", "40",
	  VB_SETTING_NUMBER(struct heartbeat, body_len, 8, 4096) },
	{ 0 },
};

static const struct vb_ic_service service = {
	.type = 1,
	.ready = ready,
	.due = due,
};

static int start(struct vb_hdevice *d, struct vb_err *err)
{
	return vb_ic_start(d, &service, err);
}

const struct vb_model vb_model_heartbeat = {
	.name = "heartbeat",
	.class = VB_CLASS_HEARTBEAT,
	.instance = "fd149e91-82e0-4a7d-afa6-2a4166cbd7c0",
	.offer_flags = VB_IC_OFFER_FLAGS,
	.pipe = true,
	.state_size = sizeof(struct heartbeat),
	.settings = settings,
	.commands = commands,
	.start = start,
	VB_IC_VTABLE,
};
