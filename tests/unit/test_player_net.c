/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps of network devices: what is caused, what may come at any time, what has a status. */
#include <criterion/criterion.h>
#include <string.h>

#include "replay/plan_impl.h"
#include "tests/unit/player_game.h"

static struct game g;

static void end(void)
{
	game_done(&g);
}

TestSuite(player_net, .fini = end);

static uint32_t cause(uint64_t at_ns, uint8_t value)
{
	uint32_t asked = game_step(&g, VB_STEP_CAUSE, at_ns);
	uint32_t frame = game_expect(&g, asked, at_ns, value);

	g.dev->steps[asked].causes = frame;
	return frame;
}

static uint32_t free_step(uint8_t value)
{
	uint32_t i = game_expect(&g, VB_NO_STEP, 0, value);

	g.dev->steps[i].free = true;
	return i;
}

/* The agent is told at the recorded time, and what the driver makes of it is compared. */
Test(player_net, caused_at_its_time)
{
	struct vb_todo todo;
	unsigned int n;

	game_init(&g);
	game_step(&g, VB_STEP_OPENED, 0);
	game_send(&g, 0, 1);
	cause(10 * MS, 2);
	game_start(&g);
	game_run(&g, &n);
	cr_assert_eq(n, 1);
	g.now_ns += 10 * MS;
	vb_player_poll(&g.player, g.now_ns, &todo);
	cr_assert_eq(todo.act, VB_ACT_CAUSE);
	cr_assert_eq(todo.step->causes, 3);
	vb_player_acted(&g.player, g.now_ns, 0);
	game_answer(&g, 2);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.caused, 1);
	cr_assert_eq(g.player.counts.sent, 1);
	cr_assert_eq(g.player.counts.matched, 1);
	cr_assert_eq(g.player.latency.n, 0, "how long the agent takes says nothing of the driver");
}

/* What the agent cannot do is not missing: nobody asked for it. */
Test(player_net, cannot_be_caused)
{
	struct vb_todo todo;

	game_init(&g);
	game_step(&g, VB_STEP_OPENED, 0);
	cause(0, 2);
	game_start(&g);
	vb_player_poll(&g.player, g.now_ns, &todo);
	cr_assert_eq(todo.act, VB_ACT_CAUSE);
	vb_player_acted(&g.player, g.now_ns, -1);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.skipped[VB_SKIP_UNSENT], 2);
	cr_assert_eq(g.player.counts.missing, 0);
}

/* A driver begins before the epoch, and nothing waits for what it asks. */
Test(player_net, free_before_the_epoch_and_later)
{
	game_init(&g);
	game_step(&g, VB_STEP_OPENED, 0);
	free_step(5);
	free_step(6);
	game_send(&g, 0, 1);
	vb_plan_settle(&g.plan);
	cr_assert_eq(vb_player_init(&g.player, g.dev, &g.opt), 0);
	vb_player_opened(&g.player, g.now_ns);
	game_answer(&g, 5);
	cr_assert_eq(g.player.counts.matched, 1, "before the start");
	vb_player_start(&g.player, g.now_ns);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_WAIT, "for the second");
	cr_assert_eq(g.player.counts.sent, 1, "nothing waited for it");
	game_answer(&g, 6);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.matched, 2);
	cr_assert_eq(g.player.counts.missing, 0);
}

Test(player_net, free_and_missing)
{
	struct vb_todo todo;

	game_init(&g);
	game_step(&g, VB_STEP_OPENED, 0);
	free_step(5);
	game_send(&g, 0, 1);
	game_start(&g);
	todo = game_run(&g, NULL);
	cr_assert_eq(todo.act, VB_ACT_WAIT);
	g.now_ns = todo.wake_ns;
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.missing, 1);
	cr_assert_not_null(strstr(g.told, "missing 2 in round 1"), "%s", g.told);
}

/* The channel stays open: in the second round its driver asks nothing. */
Test(player_net, free_in_rounds)
{
	game_init(&g);
	g.opt.loops = 2;
	game_step(&g, VB_STEP_OPENED, 0);
	free_step(5);
	game_send(&g, 0, 1);
	game_start(&g);
	game_answer(&g, 5);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.skipped[VB_SKIP_LOOP], 1);
	cr_assert_eq(g.player.counts.missing, 0);
	cr_assert_eq(g.player.counts.sent, 2);
}

/* The device is taken away and comes back: its driver asks anew. */
static void comes_back(void)
{
	game_run(&g, NULL);
	vb_player_closed(&g.player, g.now_ns);
	game_run(&g, NULL);
	vb_player_opened(&g.player, g.now_ns);
	game_answer(&g, 5);
	game_run(&g, NULL);
}

/* What need not come in a round may come, and is then compared with what it was in that place. */
Test(player_net, free_comes_again)
{
	game_init(&g);
	g.opt.loops = 2;
	g.opt.speed = 0;
	game_step(&g, VB_STEP_OPENED, 0);
	free_step(5);
	free_step(6);
	game_send(&g, 0, 1);
	game_step(&g, VB_STEP_RESCIND, 0);
	game_step(&g, VB_STEP_CLOSED, 0);
	game_step(&g, VB_STEP_OFFER, 0);
	game_step(&g, VB_STEP_OPENED, 0);
	free_step(5);
	game_start(&g);
	game_answer(&g, 5);
	game_answer(&g, 6);
	comes_back();
	cr_assert_eq(g.player.counts.matched, 3);
	cr_assert_eq(g.player.counts.skipped[VB_SKIP_LOOP], 2, "round 2: open still");
	game_answer(&g, 6);
	cr_assert_eq(g.player.counts.matched, 4);
	cr_assert_eq(g.player.counts.skipped[VB_SKIP_LOOP], 1);
	comes_back();
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.matched, 5);
	cr_assert_eq(g.player.counts.differing + g.player.counts.unexpected, 0, "%s", g.told);
}

/* The status comes after the recorded time, and the next frame behind it, at top speed too. */
Test(player_net, next_behind_the_status)
{
	uint32_t frame, status;
	unsigned int n;

	game_init(&g);
	g.opt.speed = 0;
	game_step(&g, VB_STEP_OPENED, 0);
	frame = cause(0, 2);
	status = game_send(&g, 1 * MS, 9);
	g.dev->steps[status].answers = frame;
	g.dev->steps[frame].status = status;
	cause(2 * MS, 3);
	game_start(&g);
	game_run(&g, &n);
	cr_assert_eq(n, 1, "only the first is caused");
	cr_assert_not(vb_player_is_ahead(&g.player, frame - 1));
	cr_assert(vb_player_is_ahead(&g.player, status));
	game_answer(&g, 2);
	game_run(&g, &n);
	cr_assert_eq(n, 2, "status, and the next");
	cr_assert_not(vb_player_is_ahead(&g.player, status));
	game_answer(&g, 3);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.matched, 2);
}

/* Which answer of several a completion is, its id says, not what it says. */
Test(player_net, answer_by_request)
{
	uint32_t first, second;
	struct vb_frame f;

	game_init(&g);
	game_step(&g, VB_STEP_OPENED, 0);
	first = game_send(&g, 0, 1);
	second = game_send(&g, 0, 2);
	game_expect(&g, first, 1 * MS, 7);
	game_expect(&g, second, 1 * MS, 8);
	game_start(&g);
	game_run(&g, NULL);
	vb_step_frame(g.dev, &g.dev->steps[4], &f);
	vb_player_take_answer(&g.player, second, &f, g.now_ns);
	cr_assert_eq(g.player.counts.matched, 1);
	vb_player_take_answer(&g.player, first, &f, g.now_ns);
	cr_assert_eq(g.player.counts.differing, 1, "as the first it says another thing");
	vb_player_take_answer(&g.player, first, &f, g.now_ns);
	cr_assert_eq(g.player.counts.unexpected, 1);
}
