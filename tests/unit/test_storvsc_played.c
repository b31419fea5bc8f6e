/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A storage device whose answers are somebody else's: when they come, and when they do not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/loop/stor_bench.h"

#define MS UINT64_C(1000000)
#define MAX_TOLD 512u

/* Who answers: each SRB is held, comes after a time, or is left to the model. */
struct player {
	struct vb_storvsc_player watch;
	bool is_silent;	  /* it answers none */
	uint64_t wait_ns; /* VB_NEVER: until it is called */
	uint32_t next_tag;
	uint8_t told[MAX_TOLD]; /* operations, in their order */
	unsigned int n_told;
	uint32_t run[MAX_TOLD], sent[MAX_TOLD]; /* tags */
	unsigned int n_run, n_sent, n_refused;	/* n_refused: there was no room */
	uint8_t last[STOR_MESSAGE];		/* the message of the last one that was told */
	uint32_t last_len;
};

static struct stor_bench *bench;
static struct player player;

static bool request(void *ctx, struct vb_storvsc_request *r, const struct vb_frame *message)
{
	struct player *p = ctx;

	cr_assert_lt(p->n_told, MAX_TOLD);
	p->told[p->n_told++] = vb_storvsc_operation(r);
	cr_assert_leq(message->cap_len, sizeof(p->last));
	memcpy(p->last, message->data, message->cap_len);
	p->last_len = message->cap_len;
	if (vb_storvsc_operation(r) != VB_STORVSC_EXECUTE_SRB || p->is_silent)
		return false;
	r->tag = p->next_tag++;
	r->due_ns = p->wait_ns == VB_NEVER ? VB_NEVER : r->began_ns + p->wait_ns;
	return true;
}

static void run(void *ctx, struct vb_storvsc_request *r)
{
	struct player *p = ctx;
	uint8_t bytes[512];

	p->run[p->n_run++] = r->tag;
	memset(bytes, (int)(r->tag + 1), sizeof(bytes));
	r->moved = r->data_len < sizeof(bytes) ? r->data_len : sizeof(bytes);
	cr_assert_eq(vb_hrange_put(r->s->d, &r->data, 0, 0, bytes, r->moved), 0);
}

/* A completion of our own: the status says which. */
static int send(void *ctx, const struct vb_storvsc_request *r, struct vb_hchannel *c)
{
	struct player *p = ctx;
	struct vb_value v[] = {
		VB_NUMBER("hv_ring.type", 11),
		VB_NUMBER("hv_ring.trans_id", r->trans_id),
		VB_NUMBER("hv_storvsc.operation", VB_STORVSC_COMPLETE_IO),
		VB_NUMBER("hv_storvsc.execute_srb_complete.srb_status", 0x3f),
		VB_NUMBER("hv_storvsc.execute_srb_complete.data_transfer_length", r->moved),
	};
	int rc = vb_hchannel_send_answer(c, r->recalled, 16 + STOR_MESSAGE, v, 5);

	cr_assert(rc == 0 || rc == -EAGAIN, "%d", rc);
	if (rc)
		p->n_refused++;
	else
		p->sent[p->n_sent++] = r->tag;
	return rc;
}

static void start(void)
{
	bench = stor_bench_new("scsi", NULL);
	player = (struct player){ .wait_ns = VB_NEVER };
	player.watch = (struct vb_storvsc_player){
		.ctx = &player, .request = request, .run = run, .send = send
	};
	bench->s->player = &player.watch;
	stor_start(bench, VB_STORVSC_WIN10);
}

static void end(void)
{
	stor_bench_free(bench);
}

TestSuite(storvsc_played, .init = start, .fini = end);

static uint64_t ask(uint16_t channel)
{
	struct stor_request r;

	stor_rw(&r, false, 0, 0, 1, 512);
	return stor_submit(bench, channel, &r);
}

static bool is_answered(uint16_t channel, uint64_t id)
{
	struct stor_wire w;
	uint64_t got;

	if (!stor_take(bench, channel, &w, &got))
		return false;
	cr_assert_eq(got, id);
	cr_assert_eq(w.srb.srb_status, 0x3f, "by the player, not by the model");
	cr_assert_eq(w.srb.data_len, 512);
	return true;
}

/* ---- what it is told ---- */

Test(storvsc_played, is_told_of_all)
{
	static const uint8_t wanted[] = {
		VB_STORVSC_BEGIN_INIT, VB_STORVSC_QUERY_VERSION, VB_STORVSC_QUERY_PROPERTIES,
		VB_STORVSC_END_INIT,   VB_STORVSC_EXECUTE_SRB,	 VB_STORVSC_RESET_BUS,
	};
	struct stor_wire w;

	player.is_silent = true;
	stor_read(bench, 0, 0, 1, (uint8_t[512]){ 0 });
	cr_expect_eq(stor_ask(bench, VB_STORVSC_RESET_BUS, 0, &w), 0);
	cr_assert_eq(player.n_told, sizeof(wanted));
	cr_expect_arr_eq(player.told, wanted, sizeof(wanted));
	cr_expect_eq(player.n_run + player.n_sent, 0, "what is no SRB is the model's to answer");
}

/* The message itself, without descriptor and ranges. */
Test(storvsc_played, the_message)
{
	struct stor_request r;
	struct stor_wire w;

	stor_rw(&r, false, 7, 0x1234, 1, 512);
	stor_fill(bench, &r, &w);
	stor_submit(bench, 0, &r);
	cr_assert_eq(player.last_len, STOR_MESSAGE);
	cr_expect_arr_eq(player.last, &w, sizeof(w));
}

/* What makes no sense is refused before anybody is asked. */
Test(storvsc_played, is_not_told_of_lies)
{
	unsigned int n = player.n_told;
	struct stor_request r;
	struct stor_wire w;
	uint64_t id;

	stor_rw(&r, false, 0, 0, 1, 512);
	stor_fill(bench, &r, &w);
	w.srb.cdb_len = 0;
	stor_send(bench, 0, &w);
	cr_assert(stor_take(bench, 0, &w, &id));
	cr_expect_eq(w.srb.srb_status, VB_SRB_INVALID_REQUEST);
	cr_expect_eq(player.n_told, n);
}

/* ---- when it answers ---- */

Test(storvsc_played, held_until_it_says_so)
{
	uint64_t first = ask(0), second = ask(0);
	uint8_t byte;

	loop_advance(&bench->l, 3600 * 1000 * MS);
	cr_assert_not(is_answered(0, first));
	cr_expect_eq(player.n_run + player.n_sent, 0);
	cr_assert(vb_storvsc_answer(bench->s, 1));
	cr_assert(is_answered(0, second), "in any order");
	stor_get(bench, 0, &byte, 1);
	cr_expect_eq(byte, 2);
	cr_assert(vb_storvsc_answer(bench->s, 0));
	cr_assert(is_answered(0, first));
	cr_expect_not(vb_storvsc_answer(bench->s, 0), "once");
	cr_expect_not(vb_storvsc_answer(bench->s, 2), "nobody asked");
	cr_expect_eq(player.n_run, 2);
	cr_expect_eq(player.n_sent, 2);
}

Test(storvsc_played, when_it_is_due)
{
	uint64_t id;

	player.wait_ns = 5 * MS;
	id = ask(0);
	loop_advance(&bench->l, 5 * MS - 1);
	cr_assert_not(is_answered(0, id));
	loop_advance(&bench->l, 1);
	cr_assert(is_answered(0, id));
	cr_expect_not(vb_storvsc_answer(bench->s, 0));
	player.wait_ns = 0;
	id = ask(0);
	cr_assert(is_answered(0, id), "at once");
}

/* What is due may be had before. */
Test(storvsc_played, before_it_is_due)
{
	uint64_t id;

	player.wait_ns = 5 * MS;
	id = ask(0);
	cr_assert(vb_storvsc_answer(bench->s, 0));
	cr_assert(is_answered(0, id));
	loop_advance(&bench->l, 10 * MS);
	cr_expect_eq(player.n_run, 1);
}

Test(storvsc_played, the_model_does_what_it_does_not)
{
	uint8_t data[512] = { 1, 2, 3 }, back[512];

	player.is_silent = true;
	cr_expect_eq(stor_write(bench, 0, 5, 1, data), VB_SRB_SUCCESS);
	cr_expect_eq(stor_read(bench, 0, 5, 1, back), VB_SRB_SUCCESS);
	cr_expect_arr_eq(back, data, sizeof(data));
	cr_expect_eq(player.n_told, 4 + 2);
	cr_expect_eq(player.n_run, 0);
}

/* It goes away: what waits for it is the model's; what has a time is still the player's. */
Test(storvsc_played, it_calls_no_more)
{
	uint64_t held = ask(0), due, got;
	struct stor_wire w;

	player.wait_ns = 5 * MS;
	due = ask(0);
	vb_storvsc_answer_held(bench->s);
	cr_assert(stor_take(bench, 0, &w, &got));
	cr_expect_eq(got, held);
	cr_expect_eq(w.srb.srb_status, VB_SRB_SUCCESS);
	cr_expect_not(vb_storvsc_answer(bench->s, 0));
	loop_advance(&bench->l, 5 * MS);
	cr_expect(is_answered(0, due));
	cr_expect_eq(bench->s->n_lost, 0);
}

/* ---- when it cannot ---- */

static void expect_aborted(uint64_t id)
{
	struct stor_wire w;
	uint64_t got;

	cr_assert(stor_take(bench, 0, &w, &got));
	cr_expect_eq(got, id);
	cr_expect_eq(w.srb.srb_status, VB_SRB_ABORTED);
	cr_expect_eq(w.srb.data_len, 0);
}

/* The guest has lost its patience: what it waits for is aborted, then the reset is answered. */
Test(storvsc_played, a_reset)
{
	const struct stor_wire reset = { .operation = VB_STORVSC_RESET_BUS, .flags = 1 };
	uint64_t first = ask(0), second = ask(0), id;
	struct stor_wire w;

	stor_send(bench, 0, &reset);
	expect_aborted(first);
	expect_aborted(second);
	cr_assert(stor_take(bench, 0, &w, &id));
	cr_expect_eq(w.status, 0);
	cr_expect_not(vb_storvsc_answer(bench->s, 0));
	cr_expect_not(vb_storvsc_answer(bench->s, 1));
	cr_expect_eq(player.n_run + player.n_sent, 0);
	cr_expect_eq(stor_counter(bench, "aborted"), 2);
}

Test(storvsc_played, the_channel_is_closed)
{
	ask(0);
	player.wait_ns = 5 * MS;
	ask(0);
	stor_bench_close(bench, 0);
	cr_expect_not(vb_storvsc_answer(bench->s, 0));
	loop_advance(&bench->l, 10 * MS);
	cr_expect_eq(player.n_run + player.n_sent, 0);
	cr_expect_eq(bench->s->n_waiting, 0);
	cr_expect_eq(bench->s->n_lost, 0);
}

/* That of one channel is nothing to the others. */
Test(storvsc_played, a_subchannel_is_closed)
{
	uint64_t id;

	stor_more_channels(bench, 1);
	id = ask(0);
	ask(1);
	stor_bench_close(bench, 1);
	cr_expect_not(vb_storvsc_answer(bench->s, 1));
	cr_expect(vb_storvsc_answer(bench->s, 0));
	cr_expect(is_answered(0, id));
	cr_expect_eq(player.n_run, 1);
}

/* It ends with requests that nobody answers: nothing leaks, as the sanitizers see. */
Test(storvsc_played, the_end)
{
	for (unsigned int i = 0; i < 20; i++)
		ask(0);
	cr_expect_eq(bench->s->n_waiting, 20);
}

/* More than the guest reads: each is sent in its turn, when there is room, and once. */
Test(storvsc_played, no_room)
{
	enum { N = 400 };
	static uint64_t ids[N];
	unsigned int n = 0;

	for (unsigned int i = 0; i < N; i++)
		ids[i] = ask(0);
	for (unsigned int i = 0; i < N; i++)
		cr_assert(vb_storvsc_answer(bench->s, i), "%u", i);
	cr_expect_eq(player.n_run, N);
	cr_assert_gt(player.n_refused, 0, "the ring has no room for all");
	cr_expect_lt(player.n_sent, N);
	while (n < N && is_answered(0, ids[n]))
		n++;
	cr_expect_eq(n, N);
	cr_expect_not(is_answered(0, 0));
	cr_assert_eq(player.n_sent, N);
	for (unsigned int i = 0; i < N; i++)
		cr_assert_eq(player.sent[i], i);
	cr_expect_eq(player.n_run, N);
}

/* It is told of one that then finds the device busy: there is nothing of it to answer. */
Test(storvsc_played, more_than_may_wait)
{
	struct stor_wire w;
	uint64_t id, got;

	bench->s->n_waiting = STORVSC_MAX_WAITING; /* as if there were so many */
	id = ask(0);
	cr_assert(stor_take(bench, 0, &w, &got));
	cr_expect_eq(got, id);
	cr_expect_eq(w.srb.srb_status, VB_SRB_BUSY);
	cr_expect_not(vb_storvsc_answer(bench->s, 0));
	bench->s->n_waiting = 0;
}
