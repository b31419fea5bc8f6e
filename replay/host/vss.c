/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Volume shadow copies: the host has the guest's file systems frozen while it takes a snapshot
 * (Linux 6.1 drivers/hv/hv_snapshot.c, tools/hv/hv_vss_daemon.c).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "replay/host/ic.h"

#define PATH "hv_vss."
#define SHORT_LEN 12u	 /* operation and flags */
#define FREEZE_LEN 6260u /* with a table of disks, which is left empty */

enum operation { CHECK = 2, FREEZE = 5, THAW = 6 };

struct backup;

struct vss {
	struct vb_ic ic; /* first */
	uint64_t timeout_ns, freeze_timeout_ns;
	uint64_t n_freezes, n_thaws; /* that the guest carried out */
	bool is_frozen;
	uint64_t frozen_since_ns, frozen_ns; /* how long, the last time */
	struct backup *backup;		     /* that is under way; NULL: none */
	bool is_holding;		     /* it waits, and the guest is frozen */
};

struct call {
	struct vb_ic_call call; /* first */
	struct vb_hrequest *rq;
	uint8_t operation;
};

/* A whole backup; the calls are its steps. */
struct backup {
	struct call step; /* first */
	uint64_t hold_ns;
	int status; /* of the step that failed, 0: none did */
	struct vb_buf text;
};

static struct vss *vss_of(struct vb_ic *ic)
{
	return (struct vss *)ic;
}

/* ---- one operation ---- */

static int send_call(struct vb_ic *ic, struct vb_ic_call *call)
{
	const struct call *c = (const struct call *)call;
	const struct vb_value v[] = { VB_NUMBER(PATH "operation", c->operation) };

	return vb_ic_send(ic, call, c->operation == FREEZE ? FREEZE_LEN : SHORT_LEN, v, 1);
}

/* What an answer says of the state of the guest's file systems. */
static void see_answer(struct vss *s, const struct call *c, const struct vb_ic_answer *a)
{
	if (a->error || a->status)
		return;
	if (c->operation == FREEZE) {
		s->n_freezes++;
		s->is_frozen = true;
		s->frozen_since_ns = vb_ic_now(&s->ic);
	} else if (c->operation == THAW) {
		s->n_thaws++;
		if (s->is_frozen)
			s->frozen_ns = vb_ic_now(&s->ic) - s->frozen_since_ns;
		s->is_frozen = false;
	}
}

static void add_flags(struct vb_buf *out, const struct vb_ic_answer *a)
{
	struct vb_wanted w = { .path = PATH "hot_backup.flags" };

	if (!a->error && !a->status && !vb_ic_read(a->packet, &w, 1, 1))
		vb_buf_fmt(out, ", flags 0x%x", (unsigned int)w.number);
}

static void call_ended(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a)
{
	struct call *c = (struct call *)call;
	struct vb_buf text = { 0 };

	see_answer(vss_of(ic), c, a);
	vb_ic_outcome(&text, a);
	if (c->operation == CHECK)
		add_flags(&text, a);
	vb_ic_done_text(c->rq, a->error ? a->error : vb_ic_status_error(a->status), &text);
	free(c);
}

static uint64_t timeout_of(const struct vss *s, uint8_t operation)
{
	return operation == FREEZE ? s->freeze_timeout_ns : s->timeout_ns;
}

static void submit(struct vb_hdevice *d, uint8_t operation, struct vb_hrequest *rq)
{
	struct vss *s = vb_hdevice_state(d);
	struct call *c;

	if (!vb_ic_usable(&s->ic, rq))
		return;
	c = calloc(1, sizeof(*c));
	if (!c)
		return vb_hrequest_done(rq, -ENOMEM, NULL);
	c->call.timeout_ns = timeout_of(s, operation);
	c->call.send = send_call;
	c->call.ended = call_ended;
	c->rq = rq;
	c->operation = operation;
	vb_ic_submit(&s->ic, &c->call);
}

/* ---- a backup: check, freeze, hold, thaw ---- */

static void backup_done(struct vss *s, struct backup *b)
{
	if (!b->status)
		vb_buf_fmt(&b->text, "; frozen for %" PRIu64 " ns", s->frozen_ns);
	s->backup = NULL;
	vb_ic_done_text(b->step.rq, b->status, &b->text);
	free(b);
}

static void take_step(struct vss *s, struct backup *b, uint8_t operation)
{
	b->step.operation = operation;
	b->step.call.timeout_ns = timeout_of(s, operation);
	vb_ic_submit(&s->ic, &b->step.call);
}

/* A guest that may be frozen is thawed whatever else happens. */
static void step_failed(struct vss *s, struct backup *b, const struct vb_ic_answer *a)
{
	if (!b->status)
		b->status = a->error ? a->error : vb_ic_status_error(a->status);
	if (b->step.operation == FREEZE && a->error != -ENOTCONN)
		take_step(s, b, THAW);
	else
		backup_done(s, b);
}

static void hold(struct vss *s, struct backup *b)
{
	s->is_holding = true;
	vb_ic_wake(&s->ic, vb_ic_now(&s->ic) + b->hold_ns);
}

static const char *operation_name(uint8_t operation)
{
	static const char *const names[] = {
		[CHECK] = "check", [FREEZE] = "freeze", [THAW] = "thaw"
	};

	return names[operation];
}

static void step_ended(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a)
{
	struct vss *s = vss_of(ic);
	struct backup *b = (struct backup *)call;

	see_answer(s, &b->step, a);
	vb_buf_fmt(&b->text, "%s%s: ", b->text.len ? "; " : "", operation_name(b->step.operation));
	vb_ic_outcome(&b->text, a);
	if (a->error || a->status)
		return step_failed(s, b, a);
	switch (b->step.operation) {
	case CHECK:
		return take_step(s, b, FREEZE);
	case FREEZE:
		return hold(s, b);
	default:
		return backup_done(s, b);
	}
}

static void due(struct vb_ic *ic, uint64_t now_ns)
{
	struct vss *s = vss_of(ic);

	(void)now_ns;
	s->is_holding = false;
	take_step(s, s->backup, THAW);
}

static void closed(struct vb_ic *ic)
{
	struct vss *s = vss_of(ic);
	struct backup *b = s->backup;

	s->is_frozen = false;
	if (!s->is_holding)
		return;
	s->is_holding = false;
	b->status = -ENOTCONN;
	vb_buf_str(&b->text, "; the channel was closed while the guest was frozen");
	backup_done(s, b);
}

/* ---- commands ---- */

static void check(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	(void)words;
	(void)n;
	submit(d, CHECK, rq);
}

static void freeze(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	(void)words;
	(void)n;
	submit(d, FREEZE, rq);
}

static void thaw(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	(void)words;
	(void)n;
	submit(d, THAW, rq);
}

static void status(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	const struct vss *s = vb_hdevice_state(d);
	struct vb_buf text = { 0 };

	(void)words;
	(void)n;
	vb_buf_fmt(&text, "%s; frozen %" PRIu64 " times, thawed %" PRIu64 " times",
		   s->is_frozen ? "frozen" : "not frozen", s->n_freezes, s->n_thaws);
	vb_ic_done_text(rq, 0, &text);
}

static void backup(struct vb_hdevice *d, const char *const *words, size_t n,
		   struct vb_hrequest *rq);

static const struct vb_command commands[] = {
	{ "check", "", "whether the guest can be backed up while it runs", check },
	{ "freeze", "", "freeze the guest's file systems", freeze },
	{ "thaw", "", "thaw them", thaw },
	{ "status", "", "whether the guest is frozen, and how often it was", status },
	{ "backup", "[HOLD_S]", "check, freeze, hold for so many seconds (1), thaw", backup },
	VB_IC_COMMANDS,
	{ 0 },
};

static void backup(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	struct vss *s = vb_hdevice_state(d);
	uint64_t hold_ns = VB_NS_PER_S;
	struct backup *b;

	if (n > 2 || (n == 2 && vb_ic_duration(words[1], &hold_ns)))
		return vb_ic_usage(rq, commands, words[0]);
	if (!vb_ic_usable(&s->ic, rq))
		return;
	if (s->backup)
		return vb_hrequest_done(rq, -EBUSY, "a backup is under way");
	b = calloc(1, sizeof(*b));
	if (!b)
		return vb_hrequest_done(rq, -ENOMEM, NULL);
	b->step.call.send = send_call;
	b->step.call.ended = step_ended;
	b->step.rq = rq;
	b->hold_ns = hold_ns;
	s->backup = b;
	take_step(s, b, CHECK);
}

/* ---- settings ---- */

static const struct vb_setting settings[] = {
	VB_IC_SETTINGS("3.0,1.0", "7.0,6.0,5.0,4.0"),
	{ "timeout", "seconds until an operation is given up", "60",
	  VB_SETTING_BY(vb_ic_setting_duration, struct vss, timeout_ns) },
	{ "freeze-timeout", "the same for freezing, which may take a guest 15 minutes", "930",
	  VB_SETTING_BY(vb_ic_setting_duration, struct vss, freeze_timeout_ns) },
	{ 0 },
};

static const struct vb_ic_service service = {
	.type = 5,
	.closed = closed,
	.due = due,
};

static int start(struct vb_hdevice *d, struct vb_err *err)
{
	return vb_ic_start(d, &service, err);
}

const struct vb_model vb_model_vss = {
	.name = "vss",
	.class = VB_CLASS_VSS,
	.instance = "2450ee40-33bf-4fbd-892e-9fb06e9214cf",
	.offer_flags = VB_IC_OFFER_FLAGS,
	.pipe = true,
	.state_size = sizeof(struct vss),
	.settings = settings,
	.commands = commands,
	.start = start,
	VB_IC_VTABLE,
};
