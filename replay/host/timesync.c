/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time synchronisation: the host tells the time, the guest only acknowledges (Linux 6.1
 * drivers/hv/hv_util.c, timesync_onchannelcallback()).
 *
 * From version 4 on a message carries the guest's reference counter as it was when the host looked
 * at its clock: the guest adds what the counter moved since, and is not wrong by the time that the
 * message took.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "replay/host/ic.h"

#define PATH "hv_timesync."
#define WITH_REFERENCE 4 /* major version */
#define BODY_LEN 24u	 /* from that version on */
#define OLD_BODY_LEN 28u /* before */

/* 100 ns units from 1601-01-01 to 1970-01-01. */
#define EPOCH UINT64_C(116444736000000000)
#define NS_PER_UNIT 100

enum { PROBE = 0, SYNC = 1, SAMPLE = 2 };

struct timesync {
	struct vb_ic ic; /* first */
	uint64_t period_ns, timeout_ns, sync_at_open, leap, stratum;
	int64_t offset_ns;

	uint64_t next_ns;
	bool sampling; /* the periodic sample is submitted */
};

struct message {
	struct vb_ic_call call; /* first */
	struct vb_hrequest *rq; /* NULL: nobody asked */
	uint8_t flags;
	bool periodic;
	uint64_t host_time;
};

/* What the host takes for the time, in the protocol's units. Before 1601 is 1601. */
static uint64_t host_time(const struct timesync *t)
{
	uint64_t units = vb_clock_wall(vb_hdevice_clock(t->ic.device)) / NS_PER_UNIT + EPOCH;
	uint64_t offset = (uint64_t)llabs(t->offset_ns) / NS_PER_UNIT;

	if (t->offset_ns >= 0)
		return units + offset;
	return units > offset ? units - offset : 0;
}

static int send_new(struct timesync *t, struct message *m)
{
	const struct vb_clock *clock = vb_hdevice_clock(t->ic.device);
	const struct vb_value values[] = {
		VB_NUMBER(PATH "parent_time", m->host_time),
		VB_NUMBER(PATH "vm_reference_time", vb_clock_reference(clock) / NS_PER_UNIT),
		VB_NUMBER(PATH "flags", m->flags),
		VB_NUMBER(PATH "leap_flags", t->leap),
		VB_NUMBER(PATH "stratum", t->stratum),
	};

	return vb_ic_send(&t->ic, &m->call, BODY_LEN, values, sizeof(values) / sizeof(values[0]));
}

static int send_old(struct timesync *t, struct message *m)
{
	const struct vb_value values[] = {
		VB_NUMBER(PATH "parent_time", m->host_time),
		VB_NUMBER(PATH "flags", m->flags),
	};

	return vb_ic_send(&t->ic, &m->call, OLD_BODY_LEN, values,
			  sizeof(values) / sizeof(values[0]));
}

static int send_message(struct vb_ic *ic, struct vb_ic_call *call)
{
	struct timesync *t = (struct timesync *)ic;
	struct message *m = (struct message *)call;

	m->host_time = host_time(t);
	return VB_IC_MAJOR(ic->version) >= WITH_REFERENCE ? send_new(t, m) : send_old(t, m);
}

static void tell_requester(const struct message *m, const struct vb_ic_answer *a)
{
	struct vb_buf text = { 0 };
	uint64_t units = m->host_time;
	int status = a->error ? a->error : vb_ic_status_error(a->status);

	if (status)
		vb_ic_outcome(&text, a);
	else
		vb_buf_fmt(&text,
			   "told %s%" PRIu64 ".%07" PRIu64 " s since 1970, answered in %" PRIu64
			   " ns",
			   units < EPOCH ? "-" : "",
			   (units < EPOCH ? EPOCH - units : units - EPOCH) / 10000000,
			   (units < EPOCH ? EPOCH - units : units - EPOCH) % 10000000,
			   a->latency_ns);
	vb_ic_done_text(m->rq, status, &text);
}

static void message_ended(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a)
{
	struct timesync *t = (struct timesync *)ic;
	struct message *m = (struct message *)call;

	if (m->periodic)
		t->sampling = false;
	if (m->rq)
		tell_requester(m, a);
	else if (a->error != -ENOTCONN && (a->error || a->status))
		vb_ic_complain(ic, "the time was told, but not taken (error %d, status 0x%08x)",
			       -a->error, a->status);
	free(m);
}

/* False: no memory. */
static bool submit(struct timesync *t, uint8_t flags, bool periodic, struct vb_hrequest *rq)
{
	struct message *m = calloc(1, sizeof(*m));

	if (!m)
		return false;
	m->call.timeout_ns = t->timeout_ns;
	m->call.send = send_message;
	m->call.ended = message_ended;
	m->rq = rq;
	m->flags = flags;
	m->periodic = periodic;
	vb_ic_submit(&t->ic, &m->call);
	return true;
}

/* ---- of its own ---- */

static void ready(struct vb_ic *ic)
{
	struct timesync *t = (struct timesync *)ic;

	if (t->period_ns) {
		t->next_ns = vb_ic_now(ic) + t->period_ns;
		vb_ic_wake(ic, t->next_ns);
	}
	if (t->sync_at_open)
		submit(t, SYNC, false, NULL);
}

static void due(struct vb_ic *ic, uint64_t now_ns)
{
	struct timesync *t = (struct timesync *)ic;

	if (ic->state != VB_IC_READY)
		return;
	t->next_ns += (1 + (now_ns - t->next_ns) / t->period_ns) * t->period_ns;
	vb_ic_wake(ic, t->next_ns);
	if (t->sampling)
		return;
	t->sampling = true;
	if (!submit(t, SAMPLE, true, NULL))
		t->sampling = false;
}

/* ---- commands ---- */

static void tell(struct vb_hdevice *d, uint8_t flags, struct vb_hrequest *rq)
{
	struct timesync *t = vb_hdevice_state(d);

	if (vb_ic_usable(&t->ic, rq) && !submit(t, flags, false, rq))
		vb_hrequest_done(rq, -ENOMEM, NULL);
}

static void probe(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	(void)words;
	(void)n;
	tell(d, PROBE, rq);
}

static void tell_with_offset(struct vb_hdevice *d, const char *const *words, size_t n,
			     uint8_t flags, struct vb_hrequest *rq);

static void sync(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	tell_with_offset(d, words, n, SYNC, rq);
}

static void sample(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	tell_with_offset(d, words, n, SAMPLE, rq);
}

static const struct vb_command commands[] = {
	{ "sync", "[OFFSET_S]",
	  "tell the time, to be set at once; the offset to the host's clock stays", sync },
	{ "sample", "[OFFSET_S]", "tell the time as one sample of it", sample },
	{ "probe", "", "tell the time with no flags", probe },
	VB_IC_COMMANDS,
	{ 0 },
};

static void tell_with_offset(struct vb_hdevice *d, const char *const *words, size_t n,
			     uint8_t flags, struct vb_hrequest *rq)
{
	struct timesync *t = vb_hdevice_state(d);

	if (n > 2 || (n == 2 && vb_ic_seconds(words[1], &t->offset_ns)))
		return vb_ic_usage(rq, commands, words[0]);
	tell(d, flags, rq);
}

/* ---- settings ---- */

static const struct vb_setting settings[] = {
	VB_IC_SETTINGS("3.0,1.0", "4.0,3.0,1.0"),
	{ "sync-at-open", "1: tell the time, to be set, once versions are agreed", "1",
	  VB_SETTING_NUMBER(struct timesync, sync_at_open, 0, 1) },
	{ "sample", "seconds from sample to sample; 0: only by command", "5",
	  VB_SETTING_BY(vb_ic_setting_period, struct timesync, period_ns) },
	{ "offset", "seconds that the guest's time is to be ahead of the host's", "0",
	  VB_SETTING_BY(vb_ic_setting_seconds, struct timesync, offset_ns) },
	{ "leap", "leap second indicator (version 4)", "0",
	  VB_SETTING_NUMBER(struct timesync, leap, 0, UINT8_MAX) },
	{ "stratum", "stratum of the host's clock (version 4)", "0",
	  VB_SETTING_NUMBER(struct timesync, stratum, 0, UINT8_MAX) },
	{ "timeout", "seconds until a message is given up", "30",
	  VB_SETTING_BY(vb_ic_setting_duration, struct timesync, timeout_ns) },
	{ 0 },
};

static const struct vb_ic_service service = {
	.type = 4,
	.ready = ready,
	.due = due,
};

static int start(struct vb_hdevice *d, struct vb_err *err)
{
	return vb_ic_start(d, &service, err);
}

const struct vb_model vb_model_timesync = {
	.name = "timesync",
	.class = VB_CLASS_TIMESYNC,
	.instance = "2dd1ce17-079e-403c-b352-a1921ee207ee",
	.offer_flags = VB_IC_OFFER_FLAGS,
	.pipe = true,
	.state_size = sizeof(struct timesync),
	.settings = settings,
	.commands = commands,
	.start = start,
	VB_IC_VTABLE,
};
