/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of the guest in a player's steps, and how far a player is. */
#include <criterion/criterion.h>

#include "tests/unit/player_game.h"

/* A round trip, then a request to end and the guest's agreement: steps 0 to 3. */
static void make(struct game *g, uint32_t loops)
{
	game_init(g);
	g->opt.loops = loops;
	game_expect(g, game_send(g, 0, 1), 2 * MS, 2);
	game_expect(g, game_send(g, 5 * MS, 3), 6 * MS, 4);
	g->dev->steps[2].ends = true;
	game_start(g);
}

/* Answer what is asked; returns whether the request to end was among it. */
static bool answer(struct game *g, unsigned int n)
{
	cr_assert_eq(n, 1);
	game_answer(g, g->dev->steps[g->player.cursor - 1].ends ? 4 : 2);
	return g->dev->steps[g->player.cursor - 1].ends;
}

/* Play to the end, and say in how many rounds, and in which last, the guest was told to end. */
static unsigned int play(struct game *g, uint32_t *ret_pass)
{
	struct vb_todo todo = { .act = VB_ACT_WAIT };
	unsigned int n, n_ends = 0;

	for (unsigned int i = 0; i < 100 && todo.act != VB_ACT_END; i++) {
		todo = game_run(g, &n);
		if (n > 0 && answer(g, n)) {
			n_ends++;
			*ret_pass = g->player.pass;
		} else if (n == 0 && todo.act == VB_ACT_WAIT) {
			g->now_ns = todo.wake_ns;
		}
	}
	cr_assert_eq(todo.act, VB_ACT_END);
	return n_ends;
}

Test(player_end, in_the_last_round_only)
{
	uint32_t pass = UINT32_MAX;
	struct game g;

	make(&g, 3);
	cr_assert_eq(play(&g, &pass), 1);
	cr_assert_eq(pass, 2);
	cr_assert_eq(g.player.counts.sent, 4);
	cr_assert_eq(g.player.counts.matched, 4);
	cr_assert_eq(g.player.counts.skipped[VB_SKIP_NOT_LAST], 4, "requests, and their answers");
	cr_assert_eq(g.player.counts.missing, 0);
	cr_assert_str_empty(g.told);
	game_done(&g);
}

Test(player_end, of_one_round)
{
	uint32_t pass = UINT32_MAX;
	struct game g;

	make(&g, 1);
	cr_assert_eq(play(&g, &pass), 1);
	cr_assert_eq(pass, 0);
	cr_assert_eq(g.player.counts.skipped[VB_SKIP_NOT_LAST], 0);
	game_done(&g);
}

/* Only a request to end is left out: a guest that had refused would be asked in each round. */
Test(player_end, a_request_that_ends_nothing)
{
	uint32_t pass = UINT32_MAX;
	struct game g;

	make(&g, 3);
	g.dev->steps[2].ends = false;
	for (unsigned int i = 0; i < 3; i++) {
		game_run(&g, NULL);
		game_answer(&g, 2);
		g.now_ns += 5 * MS;
		game_run(&g, NULL);
		game_answer(&g, 4);
		g.now_ns += MS;
	}
	cr_assert_eq(play(&g, &pass), 0);
	cr_assert_eq(g.player.counts.matched, 6);
	cr_assert_eq(g.player.counts.skipped[VB_SKIP_NOT_LAST], 0);
	game_done(&g);
}

/* ---- how far a player is ---- */

static void expect_past(const struct game *g, uint32_t pass, uint64_t before_ns)
{
	cr_assert(vb_player_is_past(&g->player, pass, before_ns - 1));
	cr_assert_not(vb_player_is_past(&g->player, pass, before_ns));
}

/* What is under way is not over: an answer that is waited for, a request whose time has not come. */
Test(player_end, past_is_what_is_over)
{
	struct game g;

	make(&g, 1);
	cr_assert_not(vb_player_is_past(&g.player, 0, 0), "not even begun");
	game_run(&g, NULL);
	expect_past(&g, 0, 2 * MS);
	game_answer(&g, 2);
	game_run(&g, NULL);
	expect_past(&g, 0, 5 * MS);
	g.now_ns += 5 * MS;
	game_run(&g, NULL);
	expect_past(&g, 0, 6 * MS);
	game_answer(&g, 4);
	game_run(&g, NULL);
	cr_assert(vb_player_is_past(&g.player, 0, UINT64_MAX));
	game_done(&g);
}

/* An earlier round is over, a later one has not begun. */
Test(player_end, past_in_another_round)
{
	struct game g;

	make(&g, 2);
	game_run(&g, NULL);
	cr_assert_not(vb_player_is_past(&g.player, 1, 0), "a round that has not begun");
	game_answer(&g, 2);
	game_run(&g, NULL);
	cr_assert_eq(g.player.pass, 1, "the end is not in this round");
	cr_assert(vb_player_is_past(&g.player, 0, UINT64_MAX));
	cr_assert_not(vb_player_is_past(&g.player, 1, 0));
	game_done(&g);
}

Test(player_end, past_when_all_is_over)
{
	struct game g;

	make(&g, 1);
	game_run(&g, NULL);
	vb_player_finish(&g.player, VB_SKIP_UNSENT, g.now_ns);
	cr_assert(vb_player_is_past(&g.player, 0, UINT64_MAX));
	cr_assert(vb_player_is_past(&g.player, 7, 0), "no round will come");
	game_done(&g);
}

/* At the end of the steps, before anyone asked what comes next. */
Test(player_end, past_at_the_last_step)
{
	struct game g;

	game_init(&g);
	game_send(&g, 0, 1);
	game_start(&g);
	vb_player_poll(&g.player, g.now_ns, &(struct vb_todo){ 0 });
	vb_player_acted(&g.player, g.now_ns, 0);
	cr_assert_not(g.player.ended);
	cr_assert(vb_player_is_past(&g.player, 0, 0));
	game_done(&g);
}
