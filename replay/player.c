/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The player's time: what is due, what is waited for, what is given up.
 */
#include "replay/player.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/match.h"
#include "replay/player_impl.h"

/* ---- begin and end ---- */

void vb_player_options_default(struct vb_player_options *opt)
{
	if (!opt->loops)
		opt->loops = 1;
	if (!opt->patience)
		opt->patience = 10;
	if (!opt->grace_ns)
		opt->grace_ns = UINT64_C(5000000000);
	/* Linux holds a negotiation back for up to 55 s while it waits for its daemon. */
	if (!opt->opening_ns)
		opt->opening_ns = UINT64_C(60000000000);
}

int vb_player_init(struct vb_player *p, const struct vb_plan_device *dev,
		   const struct vb_player_options *opt)
{
	*p = (struct vb_player){ .dev = dev, .opt = *opt };
	vb_player_options_default(&p->opt);
	p->live = calloc(dev->n_steps + 1, sizeof(*p->live));
	p->kinds = calloc(dev->n_kinds + 1, sizeof(*p->kinds));
	if (!p->live || !p->kinds || vb_measure_init(&p->latency) ||
	    vb_measure_init(&p->recorded) || vb_measure_init(&p->lateness)) {
		vb_player_done(p);
		return -ENOMEM;
	}
	return 0;
}

void vb_player_done(struct vb_player *p)
{
	free(p->live);
	free(p->kinds);
	vb_measure_done(&p->latency);
	vb_measure_done(&p->recorded);
	vb_measure_done(&p->lateness);
	p->live = NULL;
	p->kinds = NULL;
}

void vb_player_start(struct vb_player *p, uint64_t now_ns)
{
	p->started = true;
	p->epoch_ns = now_ns;
	p->reached_ns = now_ns;
	p->released_ns = now_ns;
}

/* ---- times ---- */

uint64_t vb_player_scaled(double ns, double speed)
{
	const double longest = 3.15e18;

	return (uint64_t)(ns / speed < longest ? ns / speed : longest);
}

/* Counted from the epoch each time, so that nothing adds up. */
static uint64_t deadline_of(const struct vb_player *p, const struct vb_step *s)
{
	const struct vb_live *request = s->answers != VB_NO_STEP ? &p->live[s->answers] : NULL;
	double ns = (double)s->at_ns + (double)p->pass * (double)p->opt.period_ns;

	if (p->opt.speed <= 0 || (request && p->opt.service_none))
		return request ? request->at_ns : p->epoch_ns;
	if (request)
		return request->at_ns + vb_player_scaled((double)s->latency_ns, p->opt.speed);
	return p->epoch_ns + vb_player_scaled(ns, p->opt.speed);
}

/* When something that the guest should do is given up. */
static uint64_t given_up_at(const struct vb_player *p, const struct vb_step *s)
{
	uint64_t grace = s->opening ? p->opt.opening_ns : p->opt.grace_ns;
	uint64_t since = p->reached_ns, wait;

	if (s->answers != VB_NO_STEP)
		since = p->live[s->answers].at_ns;
	if (__builtin_mul_overflow(s->latency_ns, (uint64_t)p->opt.patience, &wait) ||
	    __builtin_add_overflow(wait, grace, &wait) ||
	    __builtin_add_overflow(wait, since, &wait))
		return VB_NEVER;
	return wait;
}

/* ---- steps ---- */

static void pass_over(struct vb_player *p, uint64_t now_ns)
{
	p->cursor++;
	p->reached_ns = now_ns;
}

static void skip(struct vb_player *p, uint32_t i, enum vb_skip why)
{
	const struct vb_step *s = &p->dev->steps[i];

	p->live[i].state = VB_LIVE_SKIPPED;
	p->live[i].skip = (uint8_t)why;
	p->counts.skipped[why]++;
	if (s->type == VB_STEP_EXPECT)
		vb_player_kind(p, s->kind)->skipped++;
}

/* A step that is not to be played in this round, and why. */
static enum vb_skip reason_to_skip(const struct vb_player *p, const struct vb_step *s)
{
	const struct vb_live *request = s->answers != VB_NO_STEP ? &p->live[s->answers] : NULL;

	if (s->absent)
		return (enum vb_skip)s->skip;
	if (request && request->state == VB_LIVE_SKIPPED)
		return (enum vb_skip)request->skip;
	if (s->free && !p->fresh)
		return VB_SKIP_LOOP;
	if (request && request->state == VB_LIVE_OVERDUE && s->type == VB_STEP_SEND)
		return VB_SKIP_NO_REQUEST;
	if (s->type != VB_STEP_SEND && s->type != VB_STEP_CAUSE)
		return VB_SKIP_NONE;
	if (s->ends && p->pass + 1 < p->opt.loops)
		return VB_SKIP_NOT_LAST;
	if (s->opening && !p->fresh)
		return VB_SKIP_LOOP;
	if (!p->open)
		return p->n_opened ? VB_SKIP_UNSENT : VB_SKIP_NEVER_OPEN;
	return VB_SKIP_NONE;
}

/* Only what really opened the channel again is an opening. */
static void see_opened(struct vb_player *p)
{
	p->fresh = p->n_opened != p->n_opened_seen;
	p->n_opened_seen = p->n_opened;
}

static bool has_happened(const struct vb_player *p, const struct vb_step *s)
{
	switch (s->type) {
	case VB_STEP_OPENED:
		return p->open;
	case VB_STEP_CLOSED:
		return !p->open;
	default:
		return p->live[p->cursor].state != VB_LIVE_WAITING;
	}
}

/* Something of the guest: true when there is nothing to wait for any more. */
static bool guest_step(struct vb_player *p, const struct vb_step *s, uint64_t now_ns,
		       struct vb_todo *ret)
{
	if (s->free) {
		p->cursor++;
		return true;
	}
	if (!has_happened(p, s)) {
		ret->wake_ns = given_up_at(p, s);
		if (now_ns < ret->wake_ns)
			return false;
		p->live[p->cursor].state = VB_LIVE_OVERDUE;
	}
	if (s->type == VB_STEP_OPENED)
		see_opened(p);
	p->released_ns = now_ns;
	pass_over(p, now_ns);
	return true;
}

/* What the guest may do by itself is caused when it has had the time for it. */
static uint64_t not_before(const struct vb_player *p, const struct vb_step *s, uint64_t deadline_ns)
{
	uint64_t until = p->stirred_ns + VB_STIRRED_NS;

	return s->early && p->stirred_ns && deadline_ns < until ? until : deadline_ns;
}

bool vb_player_is_by_itself(const struct vb_player *p, uint32_t step)
{
	return p->live[step].by_itself;
}

/* The guest did by itself what it was to be asked for; then it has its answer, too. */
static bool is_done_already(const struct vb_player *p, const struct vb_step *s)
{
	if (s->type == VB_STEP_CAUSE)
		return s->causes != VB_NO_STEP && vb_player_is_by_itself(p, s->causes);
	return s->type == VB_STEP_SEND && s->answers != VB_NO_STEP &&
	       vb_player_is_by_itself(p, s->answers);
}

/* The model gives the answer at its time; what it has the driver do comes after that. */
static void pass_over_done(struct vb_player *p, const struct vb_step *s, uint64_t now_ns)
{
	p->live[p->cursor].state = VB_LIVE_DONE;
	p->counts.sent += s->type == VB_STEP_SEND;
	if (s->stirs && p->stirred_ns < deadline_of(p, s))
		p->stirred_ns = deadline_of(p, s);
	pass_over(p, now_ns);
}

/* Something of the host: what to do when its time has come. */
static void host_step(const struct vb_player *p, const struct vb_step *s, uint64_t now_ns,
		      struct vb_todo *ret)
{
	static const uint8_t acts[VB_N_STEP_TYPES] = {
		[VB_STEP_SEND] = VB_ACT_SEND,
		[VB_STEP_RESCIND] = VB_ACT_RESCIND,
		[VB_STEP_OFFER] = VB_ACT_OFFER,
		[VB_STEP_CAUSE] = VB_ACT_CAUSE,
	};

	ret->step = s;
	ret->wake_ns = not_before(p, s, deadline_of(p, s));
	if (now_ns < ret->wake_ns)
		return;
	ret->act = (enum vb_act)acts[s->type];
	if (s->answers != VB_NO_STEP)
		ret->trans_id = p->live[s->answers].trans_id;
}

static bool is_guests(const struct vb_step *s)
{
	return s->type == VB_STEP_EXPECT || s->type == VB_STEP_OPENED || s->type == VB_STEP_CLOSED;
}

/* ---- rounds ---- */

static void miss(struct vb_player *p, uint32_t i, uint64_t now_ns)
{
	const struct vb_step *s = &p->dev->steps[i];
	const char *kind = s->type == VB_STEP_OPENED ? "opened" :
			   s->type == VB_STEP_CLOSED ? "closed" :
						       vb_plan_kind_name(p->dev, s->kind);

	p->counts.missing++;
	if (s->type == VB_STEP_EXPECT)
		vb_player_kind(p, s->kind)->missing++;
	vb_player_diverged(p, VB_MISSING, kind, s, "", now_ns);
}

/* What is missing is only known when the round is over. */
static void end_pass(struct vb_player *p, uint64_t now_ns)
{
	for (uint32_t i = 0; i < p->cursor; i++)
		if (p->live[i].state == VB_LIVE_OVERDUE)
			miss(p, i, now_ns);
}

/* What nothing waited for is waited for here: true when there is nothing more. */
static bool end_free(struct vb_player *p, uint64_t now_ns, struct vb_todo *ret)
{
	uint64_t until = p->reached_ns + p->opt.grace_ns;

	for (uint32_t i = 0; i < p->cursor; i++) {
		if (!p->dev->steps[i].free || p->live[i].state != VB_LIVE_WAITING)
			continue;
		if (now_ns < until) {
			ret->wake_ns = until;
			return false;
		}
		p->live[i].state = VB_LIVE_OVERDUE;
	}
	return true;
}

/* True when another round begins. */
static bool next_pass(struct vb_player *p, uint64_t now_ns)
{
	if (p->ended)
		return false;
	end_pass(p, now_ns);
	p->rounds = p->dev->n_steps ? p->rounds + 1 : p->opt.loops;
	if (p->rounds >= p->opt.loops) {
		p->ended = true;
		return false;
	}
	memset(p->live, 0, p->dev->n_steps * sizeof(*p->live));
	p->pass++;
	p->cursor = 0;
	p->oldest = 0;
	p->fresh = false;
	return true;
}

/* ---- the machine ---- */

void vb_player_poll(struct vb_player *p, uint64_t now_ns, struct vb_todo *ret)
{
	*ret = (struct vb_todo){ .act = VB_ACT_WAIT, .wake_ns = VB_NEVER };
	while (p->started && !p->ended) {
		const struct vb_step *s;
		enum vb_skip why;

		if (p->cursor == p->dev->n_steps) {
			if (!end_free(p, now_ns, ret))
				return;
			next_pass(p, now_ns);
			continue;
		}
		s = &p->dev->steps[p->cursor];
		why = reason_to_skip(p, s);
		if (is_done_already(p, s)) {
			pass_over_done(p, s, now_ns);
		} else if (why && p->live[p->cursor].state == VB_LIVE_WAITING) {
			skip(p, p->cursor, why);
			pass_over(p, now_ns);
		} else if (!is_guests(s)) {
			host_step(p, s, now_ns, ret);
			return;
		} else if (!guest_step(p, s, now_ns, ret)) {
			return;
		}
	}
	if (p->ended)
		ret->act = VB_ACT_END;
}

static void measure_send(struct vb_player *p, const struct vb_step *s, uint64_t now_ns)
{
	uint64_t due = deadline_of(p, s);
	uint64_t late = now_ns > due ? now_ns - due : 0;

	p->counts.sent++;
	if (!p->first_ns)
		p->first_ns = now_ns;
	p->last_ns = now_ns;
	if (p->opt.speed <= 0)
		return;
	vb_measure_add(&p->lateness, late);
	if (late <= VB_LATE_NS)
		return;
	p->counts.late++;
	if (p->released_ns > due)
		p->counts.held++;
}

void vb_player_acted(struct vb_player *p, uint64_t now_ns, int result)
{
	const struct vb_step *s = &p->dev->steps[p->cursor];
	struct vb_live *live = &p->live[p->cursor];

	if (result) {
		skip(p, p->cursor, VB_SKIP_UNSENT);
	} else {
		live->state = VB_LIVE_DONE;
		live->at_ns = now_ns;
		if (s->stirs)
			p->stirred_ns = now_ns;
		p->counts.caused += s->type == VB_STEP_CAUSE;
		if (s->type == VB_STEP_SEND) {
			measure_send(p, s, now_ns);
			p->n_owed += !s->answered && s->answers == VB_NO_STEP;
		}
	}
	pass_over(p, now_ns);
}

void vb_player_opened(struct vb_player *p, uint64_t now_ns)
{
	(void)now_ns;
	p->open = true;
	p->n_opened++;
}

void vb_player_closed(struct vb_player *p, uint64_t now_ns)
{
	(void)now_ns;
	p->open = false;
}

/* Whether the request that a step answers was sent. */
static bool is_open_request(const struct vb_player *p, const struct vb_step *s)
{
	return s->type == VB_STEP_EXPECT && s->answers != VB_NO_STEP &&
	       p->live[s->answers].state == VB_LIVE_DONE;
}

bool vb_player_is_waiting(const struct vb_player *p)
{
	return p->started && p->cursor < p->dev->n_steps &&
	       p->live[p->cursor].state == VB_LIVE_WAITING &&
	       is_open_request(p, &p->dev->steps[p->cursor]);
}

bool vb_player_is_ahead(const struct vb_player *p, uint32_t step)
{
	return !p->ended && step >= p->cursor && step < p->dev->n_steps &&
	       p->live[step].state == VB_LIVE_WAITING;
}

bool vb_player_is_done(const struct vb_player *p, uint32_t step)
{
	return p->live[step].state == VB_LIVE_DONE;
}

bool vb_player_is_past(const struct vb_player *p, uint32_t pass, uint64_t at_ns)
{
	if (p->ended || p->pass != pass)
		return p->ended || p->pass > pass;
	return p->cursor == p->dev->n_steps || p->dev->steps[p->cursor].at_ns > at_ns;
}

static bool is_told_to_go(enum vb_skip why)
{
	return why == VB_SKIP_GUEST_GONE || why == VB_SKIP_INTERRUPTED;
}

/* What was not reached: the host's part is skipped, the guest's is missing if it was asked for. */
static void finish_step(struct vb_player *p, uint32_t i, enum vb_skip why)
{
	const struct vb_step *s = &p->dev->steps[i];
	struct vb_live *live = &p->live[i];

	if (live->state != VB_LIVE_WAITING)
		return;
	if (s->absent)
		skip(p, i, (enum vb_skip)s->skip);
	else if (!is_told_to_go(why) && is_open_request(p, s))
		live->state = VB_LIVE_OVERDUE;
	else
		skip(p, i, why);
}

void vb_player_finish(struct vb_player *p, enum vb_skip why, uint64_t now_ns)
{
	if (p->ended)
		return;
	for (uint32_t i = 0; i < p->dev->n_steps; i++)
		if (i >= p->cursor || p->dev->steps[i].free)
			finish_step(p, i, why);
	p->cursor = (uint32_t)p->dev->n_steps;
	end_pass(p, now_ns);
	p->ended = true;
}
