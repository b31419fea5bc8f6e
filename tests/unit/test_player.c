/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the player does what, on a clock that the test turns. */
#include <criterion/criterion.h>

#include "tests/unit/player_game.h"

Test(player, sends_at_its_deadlines)
{
	struct vb_todo todo;
	struct game g;
	unsigned int n;
	uint64_t epoch;

	game_init(&g);
	game_send(&g, 0, 1);
	game_send(&g, 5 * MS, 2);
	game_start(&g);
	epoch = g.now_ns;
	todo = game_run(&g, &n);
	cr_assert_eq(n, 1);
	cr_assert_eq(todo.act, VB_ACT_WAIT);
	cr_assert_eq(todo.wake_ns, epoch + 5 * MS);
	g.now_ns = epoch + 5 * MS - 1;
	game_run(&g, &n);
	cr_assert_eq(n, 0, "a nanosecond too early");
	g.now_ns++;
	todo = game_run(&g, &n);
	cr_assert_eq(n, 1);
	cr_assert_eq(todo.act, VB_ACT_END);
	cr_assert_eq(g.player.counts.sent, 2);
	cr_assert_eq(g.player.lateness.max_ns, 0);
	game_done(&g);
}

/* Every wake-up comes 300 us late; after 10,000 of them the last is 300 us late, not 3 s. */
Test(player, lateness_does_not_add_up)
{
	struct vb_todo todo = { 0 };
	struct game g;
	uint64_t epoch;

	game_init(&g);
	for (uint64_t i = 0; i < 10000; i++)
		game_send(&g, i * MS, 1);
	game_start(&g);
	epoch = g.now_ns;
	while ((todo = game_run(&g, NULL)).act != VB_ACT_END)
		g.now_ns = todo.wake_ns + 300 * US;
	cr_assert_eq(g.now_ns, epoch + 9999 * MS + 300 * US);
	cr_assert_eq(g.player.counts.sent, 10000);
	cr_assert_eq(g.player.lateness.max_ns, 300 * US);
	cr_assert_eq(g.player.counts.late, 0, "less than a millisecond is not late");
	game_done(&g);
}

/* A wake-up that is later than the distance of the steps delays no others but those it covers. */
Test(player, catches_up)
{
	struct game g;
	unsigned int n;
	uint64_t epoch;

	game_init(&g);
	for (uint64_t i = 0; i < 100; i++)
		game_send(&g, i * MS, 1);
	game_start(&g);
	epoch = g.now_ns;
	game_run(&g, NULL);
	g.now_ns = epoch + 50 * MS;
	cr_assert_eq(game_run(&g, &n).wake_ns, epoch + 51 * MS);
	cr_assert_eq(n, 50);
	cr_assert_eq(g.player.counts.late, 48, "those of 1 to 48 ms");
	cr_assert_eq(g.player.counts.held, 0);
	game_done(&g);
}

Test(player, speed)
{
	struct game g;
	uint64_t epoch;

	game_init(&g);
	g.opt.speed = 2.5;
	game_send(&g, 0, 1);
	game_send(&g, 100 * MS, 2);
	game_start(&g);
	epoch = g.now_ns;
	cr_assert_eq(game_run(&g, NULL).wake_ns, epoch + 40 * MS);
	game_done(&g);
}

/* At top speed nothing has a time, but a request still comes after the answer it came after. */
Test(player, top_speed_waits_for_answers)
{
	struct vb_todo todo;
	struct game g;
	unsigned int n;

	game_init(&g);
	g.opt.speed = 0;
	game_expect(&g, game_send(&g, 0, 1), 1 * MS, 2);
	game_expect(&g, game_send(&g, 3 * SECOND, 3), 3 * SECOND + 2 * MS, 4);
	game_start(&g);
	game_run(&g, &n);
	cr_assert_eq(n, 1);
	g.now_ns += 10 * US;
	game_run(&g, &n);
	cr_assert_eq(n, 0);
	game_answer(&g, 2);
	game_run(&g, &n);
	cr_assert_eq(n, 1);
	g.now_ns += 20 * US;
	game_answer(&g, 4);
	todo = game_run(&g, &n);
	cr_assert_eq(todo.act, VB_ACT_END);
	cr_assert_eq(g.player.counts.matched, 2);
	cr_assert_eq(g.player.counts.late, 0);
	cr_assert_eq(g.player.latency.min_ns, 10 * US);
	cr_assert_eq(g.player.latency.max_ns, 20 * US);
	cr_assert_eq(g.player.recorded.max_ns, 2 * MS);
	game_done(&g);
}

/* Requests that were under way together are again, also when the first answer is early. */
Test(player, answers_before_the_next_request)
{
	struct game g;
	uint32_t a, b;
	uint64_t epoch;

	game_init(&g);
	a = game_send(&g, 0, 1);
	b = game_send(&g, 1 * MS, 2);
	game_expect(&g, a, 2 * MS, 3);
	game_expect(&g, b, 3 * MS, 4);
	game_start(&g);
	epoch = g.now_ns;
	game_run(&g, NULL);
	game_answer(&g, 3);
	game_run(&g, NULL);
	g.now_ns = epoch + MS;
	game_run(&g, NULL);
	game_answer(&g, 4);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.matched, 2);
	cr_assert_str_empty(g.told);
	game_done(&g);
}

Test(player, differing)
{
	struct game g;

	game_init(&g);
	game_expect(&g, game_send(&g, 0, 1), MS, 2);
	game_start(&g);
	game_run(&g, NULL);
	game_answer(&g, 3);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.matched, 0);
	cr_assert_eq(g.player.counts.differing, 1);
	cr_assert_str_eq(g.told, "differing 2 in round 1: hv_ring.in_band, hv_ring.data: recorded "
				 "0202020202020202, now 0303030303030303\n");
	game_done(&g);
}

Test(player, differing_may_be_tolerated)
{
	static const char *const tolerate[] = { "hv_ring.data" };
	struct game g;

	game_init(&g);
	g.opt.tolerate = tolerate;
	g.opt.n_tolerate = 1;
	game_expect(&g, game_send(&g, 0, 1), MS, 2);
	game_start(&g);
	game_run(&g, NULL);
	game_answer(&g, 3);
	cr_assert_eq(g.player.counts.matched, 1);
	cr_assert_eq(g.player.counts.tolerated, 1);
	cr_assert_str_empty(g.told);
	game_done(&g);
}

/* The answer may take ten times as long, and five seconds. The rest is played all the same. */
Test(player, missing)
{
	struct vb_todo todo;
	struct game g;
	unsigned int n;
	uint64_t epoch;

	game_init(&g);
	game_expect(&g, game_send(&g, 0, 1), 100 * MS, 2);
	game_send(&g, 200 * MS, 3);
	game_start(&g);
	epoch = g.now_ns;
	todo = game_run(&g, NULL);
	cr_assert_eq(todo.wake_ns, epoch + 6 * SECOND);
	g.now_ns = todo.wake_ns;
	todo = game_run(&g, &n);
	cr_assert_eq(n, 1);
	cr_assert_eq(todo.act, VB_ACT_END);
	cr_assert_eq(g.player.counts.missing, 1);
	cr_assert_eq(g.player.counts.late, 1);
	cr_assert_eq(g.player.counts.held, 1, "late because of the guest");
	cr_assert_str_eq(g.told, "missing 2 in round 1: hv_ring.in_band\n");
	game_done(&g);
}

/* What comes after it was given up, but before the end, is not missing. */
Test(player, overdue)
{
	struct game g;

	game_init(&g);
	game_expect(&g, game_send(&g, 0, 1), MS, 2);
	game_expect(&g, game_send(&g, 60 * SECOND, 3), 60 * SECOND + MS, 4);
	game_start(&g);
	g.now_ns = game_run(&g, NULL).wake_ns;
	g.now_ns = game_run(&g, NULL).wake_ns;
	game_run(&g, NULL);
	game_answer(&g, 2);
	game_answer(&g, 4);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.matched, 2);
	cr_assert_eq(g.player.counts.missing, 0);
	cr_assert_eq(g.player.counts.overdue, 1);
	cr_assert_str_empty(g.told);
	game_done(&g);
}

/* An answer that never comes is not mistaken for the next one. */
Test(player, missing_before_another)
{
	struct game g;

	game_init(&g);
	game_expect(&g, game_send(&g, 0, 1), MS, 2);
	game_expect(&g, game_send(&g, 60 * SECOND, 3), 60 * SECOND + MS, 4);
	game_start(&g);
	g.now_ns = game_run(&g, NULL).wake_ns;
	g.now_ns = game_run(&g, NULL).wake_ns;
	game_run(&g, NULL);
	game_answer(&g, 4);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.matched, 1);
	cr_assert_eq(g.player.counts.missing, 1);
	cr_assert_str_eq(g.told, "missing 2 in round 1: hv_ring.in_band\n");
	game_done(&g);
}

Test(player, unexpected)
{
	struct game g;

	game_init(&g);
	game_expect(&g, game_send(&g, 0, 1), MS, 2);
	game_start(&g);
	game_run(&g, NULL);
	game_answer(&g, 2);
	game_answer(&g, 2);
	cr_assert_eq(g.player.counts.matched, 1);
	cr_assert_eq(g.player.counts.unexpected, 1);
	cr_assert_str_eq(g.told,
			 "unexpected 0 in round 1: hv_ring.in_band, hv_ring.in_band, 24 bytes\n");
	game_done(&g);
}

/* The trace ends, or lost a record, before the answer: then the answer is no surprise. */
Test(player, unrecorded)
{
	struct game g;

	game_init(&g);
	game_send(&g, 0, 1);
	game_start(&g);
	game_run(&g, NULL);
	game_answer(&g, 2);
	cr_assert_eq(g.player.counts.unexpected, 0);
	cr_assert_eq(g.player.counts.skipped[VB_SKIP_UNRECORDED], 1);
	game_done(&g);
}

/* A cut answer is waited for and not compared; a cut request is not sent, nor its answer missed. */
Test(player, cut)
{
	struct game g;
	uint32_t answer;

	game_init(&g);
	answer = game_expect(&g, game_send(&g, 0, 1), MS, 2);
	g.dev->steps[answer].skip = VB_SKIP_CUT;
	game_expect(&g, game_send(&g, 2 * MS, 3), 3 * MS, 4);
	g.dev->steps[2].skip = VB_SKIP_CUT;
	game_start(&g);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_WAIT);
	game_answer(&g, 99);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.sent, 1);
	cr_assert_eq(g.player.counts.skipped[VB_SKIP_CUT], 2);
	cr_assert_eq(g.player.counts.skipped[VB_SKIP_NO_REQUEST], 1);
	cr_assert_eq(g.player.counts.matched + g.player.counts.differing, 0);
	cr_assert_str_empty(g.told);
	game_done(&g);
}

/* ---- rounds, openings ---- */

Test(player, loop)
{
	struct vb_todo todo = { 0 };
	struct game g;
	unsigned int n, rounds = 0;
	uint64_t epoch;

	game_init(&g);
	g.opt.loops = 3;
	game_expect(&g, game_send(&g, 0, 1), 10 * MS, 2);
	game_start(&g);
	epoch = g.now_ns;
	do {
		todo = game_run(&g, &n);
		if (n) {
			cr_assert_eq(g.now_ns, epoch + rounds * 10 * MS);
			rounds++;
			g.now_ns += MS;
			game_answer(&g, 2);
			todo = game_run(&g, NULL);
		}
		if (todo.act == VB_ACT_WAIT)
			g.now_ns = todo.wake_ns;
	} while (todo.act != VB_ACT_END);
	cr_assert_eq(rounds, 3);
	cr_assert_eq(g.player.counts.matched, 3);
	game_done(&g);
}

/* Only a channel that was opened again is negotiated again. */
Test(player, loop_keeps_the_channel)
{
	struct game g;

	game_init(&g);
	g.opt.loops = 2;
	game_step(&g, VB_STEP_OPENED, 0);
	game_expect(&g, game_send(&g, 0, 1), MS, 2);
	game_expect(&g, game_send(&g, 2 * MS, 3), 3 * MS, 4);
	game_start(&g);
	g.dev->steps[1].opening = true;
	g.dev->steps[2].opening = true;
	for (uint8_t i = 0; i < 2; i++) {
		g.now_ns += SECOND;
		game_run(&g, NULL);
		if (i == 0)
			game_answer(&g, 2);
		game_run(&g, NULL);
		game_answer(&g, 4);
	}
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.sent, 3);
	cr_assert_eq(g.player.counts.matched, 3);
	cr_assert_eq(g.player.counts.skipped[VB_SKIP_LOOP], 2);
	game_done(&g);
}

/* The host takes the device away and offers it again; the guest closes and opens the channel. */
Test(player, rescind_and_offer)
{
	struct vb_todo todo;
	struct game g;

	game_init(&g);
	game_step(&g, VB_STEP_OPENED, 0);
	game_send(&g, 0, 1);
	game_step(&g, VB_STEP_RESCIND, MS);
	game_step(&g, VB_STEP_CLOSED, 2 * MS);
	game_step(&g, VB_STEP_OFFER, 3 * MS);
	game_step(&g, VB_STEP_OPENED, 4 * MS);
	game_send(&g, 4 * MS, 2);
	game_start(&g);
	game_run(&g, NULL);
	g.now_ns += MS;
	vb_player_poll(&g.player, g.now_ns, &todo);
	cr_assert_eq(todo.act, VB_ACT_RESCIND);
	vb_player_acted(&g.player, g.now_ns, 0);
	g.now_ns += 9 * MS;
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_WAIT, "the channel is still open");
	vb_player_closed(&g.player, g.now_ns);
	vb_player_poll(&g.player, g.now_ns, &todo);
	cr_assert_eq(todo.act, VB_ACT_OFFER);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_WAIT, "and now not yet");
	vb_player_opened(&g.player, g.now_ns);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.sent, 2);
	cr_assert_str_empty(g.told);
	game_done(&g);
}

/* A channel that the guest does not open in time is missed, and all that it should carry. */
Test(player, never_open)
{
	struct game g;

	game_init(&g);
	game_step(&g, VB_STEP_OPENED, 0);
	game_expect(&g, game_send(&g, 0, 1), MS, 2);
	game_start(&g);
	g.player.open = false;
	g.player.n_opened = 0;
	g.now_ns = game_run(&g, NULL).wake_ns;
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_str_eq(g.told, "missing 1 in round 1: opened\n");
	cr_assert_eq(g.player.counts.skipped[VB_SKIP_NEVER_OPEN], 2);
	game_done(&g);
}

Test(player, finish_tells_what_was_asked)
{
	struct game g;

	game_init(&g);
	game_expect(&g, game_send(&g, 0, 1), MS, 2);
	game_expect(&g, game_send(&g, 2 * MS, 1), 3 * MS, 2);
	game_start(&g);
	game_run(&g, NULL);
	vb_player_finish(&g.player, VB_SKIP_UNSENT, g.now_ns);
	cr_assert_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_assert_eq(g.player.counts.missing, 1);
	cr_assert_eq(g.player.counts.skipped[VB_SKIP_UNSENT], 2);
	game_done(&g);
}
