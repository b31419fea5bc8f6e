/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that the guest may take by itself before it is asked to; and what a disk's requests are. */
#include <criterion/criterion.h>
#include <string.h>

#include "replay/plan_impl.h"
#include "tests/unit/player_game.h"

static struct game g;

static void end(void)
{
	game_done(&g);
}

TestSuite(player_early, .fini = end);

/* A request, what causes it, and its answer 1 ms later. */
struct thread {
	uint32_t cause, request, answer;
};

static struct thread thread(uint64_t at_ns, uint8_t value, bool is_early)
{
	struct thread t = { .cause = game_step(&g, VB_STEP_CAUSE, at_ns) };

	t.request = game_expect(&g, t.cause, at_ns, value);
	t.answer = game_send(&g, at_ns + MS, value);
	g.dev->steps[t.cause].causes = t.request;
	g.dev->steps[t.cause].early = g.dev->steps[t.request].early = is_early;
	g.dev->steps[t.request].status = t.answer;
	g.dev->steps[t.answer].answers = t.request;
	g.dev->steps[t.answer].latency_ns = MS;
	return t;
}

static void begin(void)
{
	game_init(&g);
	game_step(&g, VB_STEP_OPENED, 0);
}

static enum vb_act next(void)
{
	struct vb_todo todo;

	vb_player_poll(&g.player, g.now_ns, &todo);
	return todo.act;
}

static void expect_end(uint64_t matched, uint64_t sent, uint64_t caused)
{
	cr_expect_eq(game_run(&g, NULL).act, VB_ACT_END);
	cr_expect_eq(g.player.counts.matched, matched);
	cr_expect_eq(g.player.counts.sent, sent);
	cr_expect_eq(g.player.counts.caused, caused);
	cr_expect_eq(g.player.counts.missing, 0);
	cr_expect_eq(g.player.counts.unexpected, 0);
	cr_expect_str_eq(g.told, "");
}

/* ---- who comes first ---- */

Test(player_early, by_itself)
{
	struct thread t;

	begin();
	game_send(&g, 0, 1);
	t = thread(10 * MS, 2, true);
	game_start(&g);
	cr_expect_eq(game_run(&g, NULL).act, VB_ACT_WAIT);
	g.now_ns += 5 * MS;
	game_answer(&g, 2);
	cr_expect(vb_player_is_by_itself(&g.player, t.request));
	cr_expect(vb_player_is_done(&g.player, t.request));
	expect_end(1, 2, 0);
}

/* A driver does it as soon as the channel is open. */
Test(player_early, by_itself_before_the_epoch)
{
	struct thread t;

	begin();
	t = thread(10 * MS, 2, true);
	game_send(&g, 20 * MS, 3);
	vb_plan_settle(&g.plan);
	cr_assert_eq(vb_player_init(&g.player, g.dev, &g.opt), 0);
	vb_player_opened(&g.player, g.now_ns);
	game_answer(&g, 2);
	cr_expect(vb_player_is_by_itself(&g.player, t.request));
	g.now_ns += SECOND;
	vb_player_start(&g.player, g.now_ns);
	cr_expect_eq(next(), VB_ACT_WAIT);
	g.now_ns += 10 * MS;
	expect_end(1, 2, 0);
}

/* It is not in the others' way: they come as if it had been caused. */
Test(player_early, the_next_is_caused_at_its_time)
{
	unsigned int n;

	begin();
	thread(0, 2, true);
	thread(5 * MS, 3, false);
	game_start(&g);
	game_answer(&g, 2);
	game_run(&g, &n);
	cr_expect_eq(n, 0);
	g.now_ns += 5 * MS - 1;
	cr_expect_eq(next(), VB_ACT_WAIT);
	g.now_ns++;
	cr_expect_eq(next(), VB_ACT_CAUSE);
	vb_player_acted(&g.player, g.now_ns, 0);
	game_answer(&g, 3);
	cr_expect_not(vb_player_is_by_itself(&g.player, 5));
	g.now_ns += MS;
	expect_end(2, 2, 1);
}

/* Nothing had the driver do it: there is nothing to wait for. */
Test(player_early, caused_at_its_time)
{
	struct thread t;

	begin();
	game_send(&g, 0, 1);
	t = thread(10 * MS, 2, true);
	game_start(&g);
	game_run(&g, NULL);
	g.now_ns += 10 * MS - 1;
	cr_expect_eq(next(), VB_ACT_WAIT);
	g.now_ns++;
	cr_expect_eq(next(), VB_ACT_CAUSE);
	vb_player_acted(&g.player, g.now_ns, 0);
	game_answer(&g, 2);
	cr_expect_not(vb_player_is_by_itself(&g.player, t.request));
	g.now_ns += MS;
	expect_end(1, 2, 1);
}

/* Only what may be early may be: the same message asks for a step that is not yet due. */
Test(player_early, others_are_not_taken_before_their_cause)
{
	begin();
	game_send(&g, 0, 1);
	thread(10 * MS, 2, false);
	game_start(&g);
	game_answer(&g, 2);
	cr_expect_eq(g.player.counts.unexpected, 1);
	cr_expect_eq(g.player.counts.matched, 0);
}

/* In the second round nobody does it by itself: it is caused then. */
Test(player_early, in_rounds)
{
	begin();
	g.opt.loops = 2;
	g.opt.speed = 0;
	thread(0, 2, true);
	game_start(&g);
	game_answer(&g, 2);
	game_run(&g, NULL);
	g.now_ns += VB_STIRRED_NS;
	game_run(&g, NULL);
	game_answer(&g, 2);
	expect_end(2, 2, 1);
}

/* How long the replay took counts from what was sent first, not from what the driver did before. */
Test(player_early, the_first_that_is_sent)
{
	uint64_t began;

	begin();
	thread(0, 2, true);
	game_send(&g, 20 * MS, 3);
	game_start(&g);
	began = g.now_ns;
	game_answer(&g, 2);
	game_run(&g, NULL);
	g.now_ns += 20 * MS;
	expect_end(1, 2, 0);
	cr_expect_eq(g.player.last_ns, began + 20 * MS);
	cr_expect_geq(g.player.first_ns, began);
}

/* ---- what stirs ---- */

static void expect_caused_at(uint64_t ns)
{
	uint64_t until = g.now_ns + ns - 1;
	struct vb_todo todo = game_run(&g, NULL);

	cr_expect_eq(todo.act, VB_ACT_WAIT);
	cr_expect_eq(todo.wake_ns, until + 1);
	g.now_ns = until;
	cr_expect_eq(next(), VB_ACT_WAIT);
	g.now_ns++;
	cr_expect_eq(next(), VB_ACT_CAUSE);
}

/* The device told something: its driver gets its time, whatever the recorded one was. */
Test(player_early, a_step_that_stirs)
{
	uint32_t told;

	begin();
	told = game_send(&g, 0, 1);
	g.dev->steps[told].stirs = true;
	thread(2 * MS, 2, true);
	game_start(&g);
	expect_caused_at(VB_STIRRED_NS);
}

Test(player_early, a_step_that_stirs_at_top_speed)
{
	uint32_t told;

	begin();
	g.opt.speed = 0;
	told = game_send(&g, 0, 1);
	g.dev->steps[told].stirs = true;
	thread(2 * MS, 2, true);
	game_start(&g);
	expect_caused_at(VB_STIRRED_NS);
}

Test(player_early, later_than_what_stirred)
{
	uint32_t told;

	begin();
	told = game_send(&g, 0, 1);
	g.dev->steps[told].stirs = true;
	thread(80 * MS, 2, true);
	game_start(&g);
	expect_caused_at(80 * MS);
}

/* A driver that begins to ask by itself goes on with it. */
Test(player_early, free_arrivals_stir)
{
	begin();
	game_send(&g, 0, 1);
	g.dev->steps[game_expect(&g, VB_NO_STEP, 0, 5)].free = true;
	thread(2 * MS, 2, true);
	game_start(&g);
	g.now_ns += MS;
	game_answer(&g, 5);
	expect_caused_at(VB_STIRRED_NS);
}

Test(player_early, early_arrivals_stir)
{
	begin();
	thread(0, 2, true);
	thread(3 * MS, 3, true);
	game_start(&g);
	game_answer(&g, 2);
	expect_caused_at(VB_STIRRED_NS);
}

/* Its answer comes by itself, too, and later: from then on the driver has its time. */
Test(player_early, an_answer_that_stirs)
{
	struct thread t;

	begin();
	t = thread(0, 2, true);
	g.dev->steps[t.answer].stirs = true;
	g.dev->steps[t.answer].latency_ns = 100 * MS;
	thread(3 * MS, 3, true);
	game_start(&g);
	game_answer(&g, 2);
	expect_caused_at(100 * MS + VB_STIRRED_NS);
}

Test(player_early, unexpected_arrivals_stir)
{
	struct vb_plan_disk disk = { 0 };
	struct thread t;

	begin();
	t = thread(3 * MS, 3, true);
	g.dev->disk = &disk;
	g.dev->steps[t.request].key = 77;
	game_start(&g);
	game_answer(&g, 3);
	cr_expect_eq(g.player.counts.unexpected, 1);
	expect_caused_at(VB_STIRRED_NS);
	g.dev->disk = NULL;
}

/* What is asked for does not: the agent's requests are its own. */
Test(player_early, caused_arrivals_do_not_stir)
{
	begin();
	thread(0, 2, false);
	thread(3 * MS, 3, true);
	game_start(&g);
	game_run(&g, NULL);
	game_answer(&g, 2);
	g.now_ns += MS;
	expect_caused_at(2 * MS);
}

/* A step that is not early does not wait for the driver. */
Test(player_early, others_do_not_wait)
{
	begin();
	game_send(&g, 0, 1);
	g.dev->steps[game_expect(&g, VB_NO_STEP, 0, 5)].free = true;
	thread(2 * MS, 2, false);
	game_start(&g);
	game_answer(&g, 5);
	expect_caused_at(2 * MS);
}

/* ---- what it says beside the message ---- */

Test(player_early, differs_once)
{
	struct thread t;
	uint16_t kind;

	begin();
	t = thread(0, 2, false);
	game_start(&g);
	game_run(&g, NULL);
	game_answer(&g, 2);
	cr_assert_eq(g.player.counts.matched, 1);
	kind = g.dev->steps[t.request].kind;
	vb_player_differs(&g.player, t.request, "data written, byte 7\n", g.now_ns);
	cr_expect_eq(g.player.counts.matched, 0);
	cr_expect_eq(g.player.counts.differing, 1);
	vb_player_differs(&g.player, t.request, "something else\n", g.now_ns);
	cr_expect_eq(g.player.counts.matched, 0);
	cr_expect_eq(g.player.counts.differing, 1);
	cr_expect_eq(g.player.kinds[kind].matched, 0);
	cr_expect_eq(g.player.kinds[kind].differing, 1);
	cr_expect_not_null(strstr(g.told, "differing 3 in round 1"), "%s", g.told);
	cr_expect_not_null(strstr(g.told, "byte 7"), "%s", g.told);
	cr_expect_not_null(strstr(g.told, "something else"), "all is told");
}

/* It differed in the message already: it is one that differs, not two. */
Test(player_early, differs_in_both)
{
	struct thread t;

	begin();
	t = thread(0, 2, false);
	game_start(&g);
	game_run(&g, NULL);
	game_answer(&g, 3);
	cr_assert_eq(g.player.counts.differing, 1);
	vb_player_differs(&g.player, t.request, "data, too\n", g.now_ns);
	cr_expect_eq(g.player.counts.matched, 0);
	cr_expect_eq(g.player.counts.differing, 1);
}

/* ---- keys ---- */

/* What a disk's request is, its key says: no other one is taken for it. */
Test(player_early, another_key_is_another_message)
{
	struct vb_plan_disk disk = { 0 };
	struct thread t;

	begin();
	t = thread(0, 2, false);
	g.dev->disk = &disk;
	g.dev->steps[t.request].key = 77; /* a packet of the game has none */
	game_start(&g);
	game_run(&g, NULL);
	game_answer(&g, 2);
	cr_expect_eq(g.player.counts.unexpected, 1);
	cr_expect_eq(g.player.counts.matched + g.player.counts.differing, 0);
	g.dev->steps[t.request].key = 0;
	game_answer(&g, 3);
	cr_expect_eq(g.player.counts.differing, 1, "of the same key, it is taken, and compared");
	g.dev->disk = NULL;
}
