/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/match.h"

#include <errno.h>
#include <string.h>

#include "dissectors/compare.h"
#include "dissectors/values.h"
#include "replay/player_impl.h"

/* How far ahead of the oldest open expectation a message is looked for. */
#define WINDOW 4096u
#define MAX_TOLERATED 64u

static const struct vb_tolerated tolerated[] = {
	{ .path = "hv_ring.trans_id", .why = "ids are those of the live side" },
	{ .path = "hv_timesync.vm_reference_time", .why = "counts from the start of the machine" },
	/* not of packets: for whoever compares a capture of the replay with the trace */
	{ .path = "vmbus.gpadl_header.range.pfn", .why = "where the guest has its rings" },
	{ .path = "vmbus.gpadl_body.pfn", .why = "where the guest has its rings" },
	{ .path = "vmbus.initiate_contact.monitor_to_guest",
	  .why = "where the guest has the page" },
	{ .path = "vmbus.initiate_contact.monitor_to_host", .why = "where the guest has the page" },
	/* network devices: what the driver calls things, and how many messages it puts together */
	{ .path = "nvsp.receive_buffer.gpadl", .why = "where the guest has the buffer" },
	{ .path = "nvsp.send_buffer.gpadl", .why = "where the guest has the buffer" },
	{ .path = "hv_rndis.length", .why = "with what stands before the next message" },
	{ .path = "hv_rndis.packet.info.hash", .why = "the guest's kernel hashes by a random key" },
	{ .path = "hv_rndis.initialize.request_id", .why = "ids are those of the live side" },
	{ .path = "hv_rndis.query.request_id", .why = "ids are those of the live side" },
	{ .path = "hv_rndis.set.request_id", .why = "ids are those of the live side" },
#define AUTO(field, reason)                                                                        \
	{                                                                                          \
		.path = "hv_kvp.enumerate." field, .why = reason, .when = "hv_kvp.enumerate.pool", \
		.equals = 2                                                                        \
	}
	AUTO("value_text", "the automatic pool holds versions, names and addresses of the guest"),
	AUTO("value_size", "follows from the value"),
	AUTO("value_unused", "what was there before a shorter value"),
};

const struct vb_tolerated *vb_match_tolerated(size_t *ret_n)
{
	*ret_n = sizeof(tolerated) / sizeof(tolerated[0]);
	return tolerated;
}

void vb_match_describe(struct vb_buf *out)
{
	for (size_t i = 0; i < sizeof(tolerated) / sizeof(tolerated[0]); i++) {
		const struct vb_tolerated *t = &tolerated[i];

		vb_buf_fmt(out, "%s\t%s", t->path, t->why);
		if (t->when)
			vb_buf_fmt(out, "\t%s == %llu", t->when, (unsigned long long)t->equals);
		vb_buf_str(out, "\n");
	}
}

/* ---- comparing ---- */

struct compare {
	struct vb_buf *out;
	uint32_t n_lines;
};

static void differs(void *ctx, const struct vb_diff *d)
{
	struct compare *c = ctx;

	if (d->ignored || c->n_lines++ >= 20)
		return;
	vb_buf_fmt(c->out, "%s: recorded %s, now %s\n", d->path, d->text[0] ? d->text[0] : "absent",
		   d->text[1] ? d->text[1] : "absent");
}

static bool applies(const struct vb_tolerated *t, const struct vb_proto *proto,
		    const struct vb_frame *recorded)
{
	struct vb_wanted w = { .path = t->when };

	if (!t->when)
		return true;
	return vb_values_read(proto, recorded, &w, 1, NULL) && w.number == t->equals;
}

static size_t ignore_list(const struct vb_player *p, const struct vb_proto *proto,
			  const struct vb_frame *recorded, const char **list)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(tolerated) / sizeof(tolerated[0]); i++)
		if (applies(&tolerated[i], proto, recorded))
			list[n++] = tolerated[i].path;
	for (size_t i = 0; i < p->opt.n_tolerate && n < MAX_TOLERATED; i++)
		list[n++] = p->opt.tolerate[i];
	return n;
}

int vb_match_compare(const struct vb_player *p, const struct vb_step *s,
		     const struct vb_frame *live, struct vb_buf *out, uint32_t *ret_tolerated)
{
	const char *list[MAX_TOLERATED];
	struct compare c = { .out = out };
	struct vb_compare how = { .ignore = list, .differs = differs, .ctx = &c };
	struct vb_compared found;
	struct vb_frame recorded;

	vb_step_frame(p->dev, s, &recorded);
	how.n_ignore = ignore_list(p, vb_step_proto(s), &recorded, list);
	if (vb_compare(vb_step_proto(s), &recorded, live, &how, &found))
		return -ENOMEM;
	*ret_tolerated = found.n_ignored;
	return found.same_message ? (int)found.n_differ : 1;
}

/* ---- finding ---- */

#define MAX_CANDIDATES 8u

/* A live message, and the steps that it may be. */
struct search {
	const struct vb_player *p;
	const struct vb_frame *frame;
	uint64_t key; /* of a disk's request */
	uint16_t kind;
	uint32_t list[MAX_CANDIDATES];
	size_t n;
};

static bool may_be(const struct search *s, uint32_t i)
{
	const struct vb_step *step = &s->p->dev->steps[i];

	if (step->type != VB_STEP_EXPECT || step->kind != s->kind || step->absent ||
	    step->key != s->key)
		return false;
	/* on which queue a frame leaves, the driver decides by a number of its own */
	if (step->subchannel != s->frame->subchannel && !step->proto)
		return false;
	if (step->early) /* asked for, or not yet */
		return true;
	return step->answers == VB_NO_STEP || s->p->live[step->answers].state == VB_LIVE_DONE;
}

typedef bool state_fn(const struct vb_player *p, uint32_t i);

static bool is_waiting(const struct vb_player *p, uint32_t i)
{
	return p->live[i].state == VB_LIVE_WAITING;
}

static bool is_overdue(const struct vb_player *p, uint32_t i)
{
	return p->live[i].state == VB_LIVE_OVERDUE;
}

/*
 * What the driver says of its own accord is not waited for in a round whose channel is still open; but
 * it may come: another interface was put on the device, say.
 */
static bool is_passed_over(const struct vb_player *p, uint32_t i)
{
	return p->dev->steps[i].free && p->live[i].state == VB_LIVE_SKIPPED &&
	       p->live[i].skip == VB_SKIP_LOOP;
}

static void look(struct search *s, size_t from, size_t end, state_fn *fits)
{
	for (size_t i = from; i < end && s->n < MAX_CANDIDATES; i++)
		if (fits(s->p, (uint32_t)i) && may_be(s, (uint32_t)i))
			s->list[s->n++] = (uint32_t)i;
}

/* The first of them that is the same as the message; n: none. */
static size_t find_equal(const struct search *s)
{
	size_t i;
	struct vb_buf text = { 0 };
	uint32_t n_tolerated;

	for (i = 0; i < s->n; i++)
		if (vb_match_compare(s->p, &s->p->dev->steps[s->list[i]], s->frame, &text,
				     &n_tolerated) == 0)
			break;
	vb_buf_done(&text);
	return i;
}

static uint64_t key_of(const struct vb_player *p, const struct vb_frame *f)
{
	return p->dev->disk ? vb_plan_key(f) : 0;
}

uint32_t vb_match_find(const struct vb_player *p, uint16_t kind, const struct vb_frame *f)
{
	struct search open = {
		.p = p, .frame = f, .kind = kind, .key = key_of(p, f), .list = { VB_NO_STEP }
	};
	struct search passed_over = open;
	size_t end = p->dev->n_steps - p->oldest > WINDOW ? p->oldest + WINDOW : p->dev->n_steps, i;

	look(&open, p->oldest, end, is_waiting);
	look(&open, p->oldest, end, is_overdue);
	i = open.n > 1 || p->pass ? find_equal(&open) : 0;
	if (i < open.n || !p->pass)
		return open.list[i < open.n ? i : 0];
	look(&passed_over, p->cursor > WINDOW ? p->cursor - WINDOW : 0, p->cursor, is_passed_over);
	i = find_equal(&passed_over);
	return i < passed_over.n ? passed_over.list[i] : open.list[0];
}

/* ---- taking ---- */

void vb_player_diverged(struct vb_player *p, enum vb_divergence_type type, const char *kind,
			const struct vb_step *step, const char *detail, uint64_t now_ns)
{
	struct vb_divergence d = {
		.type = type,
		.dev = p->dev,
		.kind = kind,
		.number = step ? step->number : 0,
		.pass = p->pass + 1,
		.at_ns = now_ns > p->epoch_ns ? now_ns - p->epoch_ns : 0,
		.detail = detail,
	};

	if (p->diverged)
		p->diverged(p->ctx, &d);
}

/*
 * The beginning of a conversation that the device's model holds, which a late capture lacks: of a disk
 * all that comes before the epoch, of a network device all that is no frame.
 */
static bool is_lacking(const struct vb_player *p, const struct vb_walked *w)
{
	const struct vb_msg *m = w->n_layers ? w->layer[w->n_layers - 1].msg : NULL;

	if (p->dev->disk)
		return p->dev->late && !p->started;
	return p->dev->net && p->dev->late && m && strcmp(m->name, "packet") != 0;
}

static void add_summary(const struct vb_proto *proto, const struct vb_frame *f, struct vb_buf *out)
{
	struct vb_walked w;
	struct vb_sink sink;
	struct vb_text t;

	vb_buf_str(out, ": ");
	sink = vb_text_summary(&t, out);
	vb_walk(proto, f, &sink, &w);
}

/* Nothing of the trace waits for this. */
static void take_unexpected(struct vb_player *p, const struct vb_proto *proto,
			    const struct vb_frame *f, uint16_t kind, const struct vb_walked *w,
			    uint64_t now_ns)
{
	struct vb_buf text = { 0 };

	if (p->n_owed || is_lacking(p, w)) {
		p->n_owed -= p->n_owed > 0;
		p->counts.skipped[VB_SKIP_UNRECORDED]++;
		vb_player_kind(p, kind)->skipped++;
		return;
	}
	p->counts.unexpected++;
	p->stirred_ns = now_ns;
	vb_player_kind(p, kind)->unexpected++;
	vb_compare_stack(&text, w);
	vb_buf_fmt(&text, ", %u bytes", f->wire_len);
	if (p->dev->disk) /* what it wants is all in its CDB */
		add_summary(proto, f, &text);
	vb_buf_str(&text, "\n");
	vb_player_diverged(p, VB_UNEXPECTED, vb_plan_kind_name(p->dev, kind), NULL,
			   text.data ? text.data : "", now_ns);
	vb_buf_done(&text);
}

static void judge(struct vb_player *p, uint32_t i, const struct vb_frame *f, uint64_t now_ns)
{
	const struct vb_step *s = &p->dev->steps[i];
	struct vb_kind_count *kind = vb_player_kind(p, s->kind);
	struct vb_buf text = { 0 };
	uint32_t n_tolerated = 0;

	if (s->skip) {
		p->counts.skipped[s->skip]++;
		kind->skipped++;
		return;
	}
	if (vb_match_compare(p, s, f, &text, &n_tolerated) == 0) {
		p->counts.matched++;
		kind->matched++;
	} else {
		p->live[i].differs = true;
		p->counts.differing++;
		kind->differing++;
		vb_player_diverged(p, VB_DIFFERING, vb_plan_kind_name(p->dev, s->kind), s,
				   text.data ? text.data : "", now_ns);
	}
	p->counts.tolerated += n_tolerated;
	vb_buf_done(&text);
}

void vb_player_differs(struct vb_player *p, uint32_t step, const char *detail, uint64_t now_ns)
{
	const struct vb_step *s = &p->dev->steps[step];
	struct vb_kind_count *kind = vb_player_kind(p, s->kind);

	vb_player_diverged(p, VB_DIFFERING, vb_plan_kind_name(p->dev, s->kind), s, detail, now_ns);
	if (p->live[step].differs || s->skip)
		return;
	p->live[step].differs = true;
	p->counts.matched--;
	p->counts.differing++;
	kind->matched--;
	kind->differing++;
}

static void measure(struct vb_player *p, const struct vb_step *s, uint64_t now_ns)
{
	uint64_t asked;

	if (s->answers == VB_NO_STEP || p->dev->steps[s->answers].type == VB_STEP_CAUSE)
		return;
	asked = p->live[s->answers].at_ns;
	vb_measure_add(&p->latency, now_ns > asked ? now_ns - asked : 0);
	vb_measure_add(&p->recorded, s->latency_ns);
}

static bool may_still_come(const struct vb_player *p, uint32_t i)
{
	return p->live[i].state == VB_LIVE_OVERDUE ||
	       (p->live[i].state == VB_LIVE_WAITING && p->dev->steps[i].free);
}

/* The window begins at what may still come; what was given up long ago does not hold it. */
static void move_window(struct vb_player *p)
{
	while (p->oldest < p->cursor &&
	       (!may_still_come(p, p->oldest) || p->cursor - p->oldest > WINDOW / 2))
		p->oldest++;
}

/* It was to be caused, but it came before that. */
static bool is_by_itself(const struct vb_player *p, uint32_t i)
{
	const struct vb_step *s = &p->dev->steps[i];

	return s->early && s->answers != VB_NO_STEP && p->live[s->answers].state != VB_LIVE_DONE;
}

static void take_step(struct vb_player *p, uint32_t i, const struct vb_frame *f, uint64_t trans_id,
		      uint64_t now_ns)
{
	struct vb_live *live = &p->live[i];
	bool by_itself = is_by_itself(p, i);

	p->counts.overdue += live->state == VB_LIVE_OVERDUE;
	if (by_itself || p->dev->steps[i].free)
		p->stirred_ns = now_ns;
	if (live->state == VB_LIVE_SKIPPED) { /* it came after all */
		p->counts.skipped[live->skip]--;
		vb_player_kind(p, p->dev->steps[i].kind)->skipped--;
	}
	*live = (struct vb_live){ now_ns, trans_id, VB_LIVE_DONE, VB_SKIP_NONE, false, by_itself };
	measure(p, &p->dev->steps[i], now_ns);
	judge(p, i, f, now_ns);
}

/*
 * A driver begins its own conversation before the epoch. A late capture has not got that, but may have
 * messages of the same kind.
 */
static bool is_of_start(const struct vb_player *p, uint32_t i, const struct vb_frame *f)
{
	struct vb_buf text = { 0 };
	uint32_t n_tolerated;
	bool same;

	if (!(p->dev->steps[i].free || p->dev->steps[i].early))
		return false;
	if (!p->dev->late)
		return true;
	same = vb_match_compare(p, &p->dev->steps[i], f, &text, &n_tolerated) == 0;
	vb_buf_done(&text);
	return same;
}

static uint32_t take(struct vb_player *p, const struct vb_proto *proto, const struct vb_frame *f,
		     uint64_t trans_id, uint64_t now_ns)
{
	struct vb_walked w;
	uint16_t kind;
	uint32_t i;

	vb_walk(proto, f, NULL, &w);
	kind = vb_plan_kind(p->dev, &w);
	move_window(p);
	i = kind == VB_NO_KIND ? VB_NO_STEP : vb_match_find(p, kind, f);
	if (i == VB_NO_STEP || (!p->started && !is_of_start(p, i, f))) {
		take_unexpected(p, proto, f, kind, &w, now_ns);
		return VB_NO_STEP;
	}
	take_step(p, i, f, trans_id, now_ns);
	return i;
}

void vb_player_take(struct vb_player *p, const struct vb_frame *f, uint64_t trans_id,
		    uint64_t now_ns)
{
	take(p, vb_root_proto(VB_KIND_PACKET), f, trans_id, now_ns);
}

uint32_t vb_player_take_message(struct vb_player *p, const struct vb_proto *proto,
				const struct vb_frame *f, uint64_t now_ns)
{
	return take(p, proto, f, 0, now_ns);
}

void vb_player_take_answer(struct vb_player *p, uint32_t request, const struct vb_frame *f,
			   uint64_t now_ns)
{
	struct vb_walked w;

	for (uint32_t i = request + 1; i < p->dev->n_steps && i - request < WINDOW; i++) {
		const struct vb_step *s = &p->dev->steps[i];

		if (s->type != VB_STEP_EXPECT || s->answers != request ||
		    (p->live[i].state != VB_LIVE_WAITING && p->live[i].state != VB_LIVE_OVERDUE))
			continue;
		take_step(p, i, f, 0, now_ns);
		return;
	}
	vb_walk(vb_root_proto(VB_KIND_PACKET), f, NULL, &w);
	take_unexpected(p, vb_root_proto(VB_KIND_PACKET), f, vb_plan_kind(p->dev, &w), &w, now_ns);
}
