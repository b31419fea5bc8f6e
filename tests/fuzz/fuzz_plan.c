/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a trace to be replayed: a plan is made, told, and played on a clock of its own against
 * a guest that answers exactly as recorded. Whatever the plan is, that must be as recorded.
 */
#include <string.h>

#include "replay/player.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_TURNS 100000u

struct memory {
	const uint8_t *data;
	size_t len;
};

static ssize_t read_memory(void *ctx, void *buf, size_t len, int timeout_ms)
{
	struct memory *m = ctx;
	size_t n = m->len < len ? m->len : len;

	(void)timeout_ms;
	if (n)
		memcpy(buf, m->data, n);
	m->data += n;
	m->len -= n;
	return (ssize_t)n;
}

static struct vb_plan *make_plan(const uint8_t *data, size_t size)
{
	struct memory m = { data, size };
	struct vb_plan *p = NULL;
	struct vb_source *src;
	struct vb_err err = { "" };

	if (vb_source_stream_open(read_memory, &m, "input", &src, &err))
		return NULL;
	if (vb_plan_read_source(src, "input", &p, &err)) {
		REQUIRE(err.text[0]);
		p = NULL;
	}
	src->ops->close(src);
	return p;
}

static uint64_t sum_of_parts(const struct vb_step *s)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->n_parts; i++)
		sum += s->parts[i];
	return sum;
}

static bool is_later(const struct vb_plan_device *d, uint32_t step, size_t i)
{
	return step == VB_NO_STEP || (step > i && step < d->n_steps);
}

/* Answers refer to earlier steps only, what is caused is later; and never to what has no bytes. */
static void check_steps(const struct vb_plan_device *d)
{
	for (size_t i = 0; i < d->n_steps; i++) {
		const struct vb_step *s = &d->steps[i];

		REQUIRE(s->type < VB_N_STEP_TYPES && s->skip < VB_N_SKIPS);
		REQUIRE(s->answers == VB_NO_STEP || s->answers < i);
		REQUIRE(s->kind == VB_NO_KIND || s->kind < d->n_kinds);
		REQUIRE(!i || s->at_ns >= d->steps[i - 1].at_ns);
		REQUIRE(s->type != VB_STEP_SEND || s->absent || !s->skip);
		REQUIRE(s->cap_len <= s->wire_len || s->skip);
		REQUIRE(is_later(d, s->causes, i) && is_later(d, s->status, i));
		REQUIRE(!s->n_parts || sum_of_parts(s) == s->wire_len);
	}
}

/* A request of a disk is known by its key, has a reply or none, and an answer that is of it. */
static void check_request(const struct vb_plan_device *d, uint32_t i)
{
	const struct vb_step *s = &d->steps[i], *cause, *answer;

	REQUIRE(!s->early || s->answers != VB_NO_STEP);
	REQUIRE(s->key || (!s->reply && s->answers == VB_NO_STEP));
	if (s->answers != VB_NO_STEP) {
		cause = &d->steps[s->answers];
		REQUIRE(cause->type == VB_STEP_CAUSE && cause->causes == i && !s->free);
		REQUIRE(cause->early == s->early && cause->writes == s->writes);
	}
	if (s->status == VB_NO_STEP)
		return;
	answer = &d->steps[s->status];
	REQUIRE(answer->type == VB_STEP_SEND && answer->answers == i);
	REQUIRE(answer->reply == s->reply && s->reply);
}

static void check_disk(const struct vb_plan_device *d)
{
	const struct vb_plan_disk *disk = d->disk;

	for (size_t i = 0; i < disk->n_replies; i++) {
		REQUIRE(disk->replies[i].packet && disk->replies[i].len);
		REQUIRE(!disk->replies[i].data == !disk->replies[i].data_len);
	}
	for (uint32_t i = 0; i < d->n_steps; i++) {
		const struct vb_step *s = &d->steps[i];

		REQUIRE(s->reply <= disk->n_replies);
		REQUIRE(!s->outside == !s->outside_len);
		REQUIRE(!s->outside || (s->type == VB_STEP_EXPECT && s->writes));
		if (s->type == VB_STEP_EXPECT)
			check_request(d, i);
	}
}

static void say(struct vb_player *p, const struct vb_step *s, uint64_t now_ns)
{
	struct vb_frame f;

	vb_step_frame(p->dev, s, &f);
	if (s->proto)
		vb_player_take_message(p, s->proto, &f, now_ns);
	else
		vb_player_take(p, &f, 0, now_ns);
}

/* A driver begins on its own; one that is eager does what it may be asked for, too. */
static void begin(struct vb_player *p, uint64_t now_ns, bool is_eager)
{
	for (size_t i = 0; i < p->dev->n_steps; i++) {
		const struct vb_step *s = &p->dev->steps[i];
		bool is_its_own = s->free || (is_eager && s->early && s->type == VB_STEP_EXPECT);

		if (is_its_own && !s->absent)
			say(p, s, now_ns);
	}
}

/* In the second round it need not, but may say all that again. */
static void begin_again(struct vb_player *p, uint64_t now_ns, bool *done)
{
	if (*done || !p->pass || p->cursor < p->dev->n_steps / 2)
		return;
	*done = true;
	begin(p, now_ns, false);
}

/* The guest does what the player waits for. */
static void be_the_guest(struct vb_player *p, uint64_t now_ns)
{
	const struct vb_step *s = &p->dev->steps[p->cursor];

	if (s->type == VB_STEP_OPENED) {
		vb_player_opened(p, now_ns);
	} else if (s->type == VB_STEP_CLOSED) {
		vb_player_closed(p, now_ns);
	} else {
		say(p, s, now_ns);
	}
}

static void play(const struct vb_plan *plan, const struct vb_plan_device *d, bool is_eager)
{
	const struct vb_player_options opt = { .speed = 1,
					       .loops = 2,
					       .period_ns = plan->duration_ns };
	struct vb_player p;
	struct vb_todo todo = { .act = VB_ACT_WAIT };
	uint64_t now = 1;
	bool again = false;

	REQUIRE(!vb_player_init(&p, d, &opt));
	vb_player_opened(&p, now);
	begin(&p, now, is_eager);
	vb_player_start(&p, now);
	for (unsigned int i = 0; i < MAX_TURNS && todo.act != VB_ACT_END; i++) {
		vb_player_poll(&p, now, &todo);
		begin_again(&p, now, &again);
		if (todo.act == VB_ACT_WAIT && (todo.step || p.cursor == d->n_steps))
			now = todo.wake_ns;
		else if (todo.act == VB_ACT_WAIT)
			be_the_guest(&p, now);
		else if (todo.act != VB_ACT_END)
			vb_player_acted(&p, now, 0);
	}
	vb_player_finish(&p, VB_SKIP_UNSENT, now);
	REQUIRE(!p.counts.differing && !p.counts.unexpected);
	vb_player_done(&p);
}

static void play_all(const struct vb_plan *p, bool is_eager)
{
	for (size_t i = 0; i < p->n_devices; i++) {
		if (p->devices[i].skip)
			continue;
		check_steps(&p->devices[i]);
		if (p->devices[i].disk)
			check_disk(&p->devices[i]);
		play(p, &p->devices[i], is_eager);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vb_plan *p = make_plan(data, size);
	struct vb_buf text = { 0 };

	if (!p)
		return 0;
	vb_plan_describe(p, &text);
	REQUIRE(text.len > 0 && !text.failed);
	vb_buf_done(&text);
	play_all(p, size & 1);
	vb_plan_forbid_writes(p);
	play_all(p, !(size & 1));
	vb_plan_free(p);
	return 0;
}
