/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recorded trace against a little guest: the host says what was recorded, the guest answers. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "replay/replay.h"
#include "tests/loop/guest.h"
#include "tests/unit/trace_made.h"

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

static struct loop loop;
static struct guest guest;
static struct made made;
static struct vb_plan *plan;
static struct vb_replay *replay;
static struct vb_result result;
static struct guest_channel heartbeat, kvp;
static unsigned int n_finished;
static bool with_idle; /* a third device that nobody opened */

static void finished(void *ctx)
{
	(void)ctx;
	n_finished++;
}

/* Two devices: heartbeat with two beats, and one KVP request 100 ms after the first. */
static void record(void)
{
	made_open(&made);
	made.class = VB_CLASS_FCOPY;
	made.relid = 16;
	if (with_idle)
		made_offer(&made, 0);
	made.class = VB_CLASS_HEARTBEAT;
	made.instance = 0xa1;
	made.relid = 14;
	made_offer(&made, 0x10);
	made_open_channel(&made);
	made.class = VB_CLASS_KVP;
	made.relid = 15;
	made_offer(&made, 0);
	made_open_channel(&made);
	made.class = VB_CLASS_HEARTBEAT;
	made.relid = 14;
	made_ask(&made, VB_TO_GUEST, 5, 1);
	made_complete(&made, VB_TO_HOST, 5, 2);
	made.time_ns += 98 * MS;
	made.class = VB_CLASS_KVP;
	made.relid = 15;
	made_ask(&made, VB_TO_GUEST, 6, 3);
	made_complete(&made, VB_TO_HOST, 6, 4);
	made.class = VB_CLASS_HEARTBEAT;
	made.relid = 14;
	made_ask(&made, VB_TO_GUEST, 7, 5);
	made_complete(&made, VB_TO_HOST, 7, 6);
	made_close(&made);
}

static void make_plan(void)
{
	struct vb_err err = { "" };

	record();
	cr_assert_eq(vb_plan_read(made.path, &plan, &err), 0, "%s", err.text);
}

static void start_plan(const struct vb_replay_config *opt)
{
	struct loop_options lopt = { .n_vps = 1 };
	struct vb_err err = { "" };

	loop_init(&loop, &lopt);
	cr_assert_eq(vb_replay_new(plan, opt, &replay, &err), 0, "%s", err.text);
	cr_assert_eq(vb_replay_attach(replay, loop.host, &err), 0, "%s", err.text);
	guest_init(&guest, &loop, 1);
	guest_connect(&guest, VB_VMBUS_5_3);
}

static void start(const struct vb_replay_config *opt)
{
	make_plan();
	start_plan(opt);
}

static void end(void)
{
	cr_assert_eq(loop.n_troubles, 0, "%s", loop.trouble);
	vb_result_done(&result);
	if (heartbeat.g)
		guest_unmap(&heartbeat);
	if (kvp.g)
		guest_unmap(&kvp);
	loop_done(&loop);
	vb_replay_free(replay);
	vb_plan_free(plan);
	made_done(&made);
}

static const struct guest_offer *offer_of(uint8_t first_of_interface)
{
	for (size_t i = 0; i < guest.n_offers; i++)
		if (guest.offers[i].interface[0] == first_of_interface)
			return &guest.offers[i];
	cr_assert_fail("no such offer");
	return NULL;
}

static void open_both(void)
{
	guest_open(&guest, &heartbeat, offer_of(0x39)->relid, 4, 0);
	guest_open(&guest, &kvp, offer_of(0xe7)->relid, 4, 0);
	loop_run(&loop);
}

/* Payloads are all of one value: answer each with what is in the table, 0: do not. */
static unsigned int answer(struct guest_channel *c, const uint8_t table[256])
{
	struct guest_packet p;
	uint8_t payload[8];
	unsigned int n = 0;

	while (guest_read(c, &p)) {
		n++;
		memset(payload, table[p.payload[0]], sizeof(payload));
		if (payload[0])
			cr_assert_eq(guest_send(c, 11, 0, p.trans_id, payload, sizeof(payload)), 0);
	}
	loop_run(&loop);
	return n;
}

static const uint8_t as_recorded[256] = { [1] = 2, [3] = 4, [5] = 6 };

Test(replay, as_recorded)
{
	const struct vb_replay_config opt = { .speed = 1, .finished = finished };

	start(&opt);
	cr_assert_eq(guest.n_offers, 2);
	cr_assert_eq(offer_of(0x39)->instance[7], 0xa1);
	guest_open(&guest, &heartbeat, offer_of(0x39)->relid, 4, 0);
	loop_advance(&loop, SECOND);
	cr_assert_eq(answer(&heartbeat, as_recorded), 0, "the other device is not open yet");
	guest_open(&guest, &kvp, offer_of(0xe7)->relid, 4, 0);
	loop_run(&loop);
	cr_assert_eq(answer(&heartbeat, as_recorded), 1);
	loop_advance(&loop, 99 * MS);
	cr_assert_eq(answer(&kvp, as_recorded), 0);
	loop_advance(&loop, MS);
	cr_assert_eq(answer(&kvp, as_recorded), 1);
	loop_advance(&loop, 2 * MS);
	cr_assert_eq(answer(&heartbeat, as_recorded), 1);
	cr_assert_not(vb_replay_is_done(replay), "something unexpected may still come");
	loop_advance(&loop, SECOND);
	cr_assert(vb_replay_is_done(replay));
	cr_assert_eq(n_finished, 1);
	cr_assert_eq(vb_replay_result(replay, &result), 0);
	cr_assert(vb_result_is_same(&result));
	cr_assert_eq(result.rounds, 1);
	cr_assert_eq(result.taken_ns, 102 * MS);
	cr_assert_eq(result.n_devices, 2);
	cr_assert_eq(result.devices[0].counts.matched, 2);
	cr_assert_eq(result.devices[1].counts.matched, 1);
	cr_assert_eq(result.devices[0].latency.n, 2);
	cr_assert_eq(result.devices[0].recorded.max_ns, MS);
	end();
}

/* What was only offered is offered again, and nobody waits for it. */
Test(replay, never_opened)
{
	const struct vb_replay_config opt = { .speed = 0, .loops = 2 };

	with_idle = true;
	start(&opt);
	cr_assert_eq(guest.n_offers, 3);
	open_both();
	for (unsigned int i = 0; i < 8; i++) {
		answer(&heartbeat, as_recorded);
		answer(&kvp, as_recorded);
	}
	loop_advance(&loop, SECOND);
	cr_assert(vb_replay_is_done(replay));
	cr_assert_eq(vb_replay_result(replay, &result), 0);
	cr_assert(vb_result_is_same(&result));
	cr_assert_eq(result.rounds, 2);
	cr_assert_eq(result.n_devices, 3);
	for (size_t i = 0; i < result.n_devices; i++) {
		bool is_idle = strcmp(result.devices[i].class, "fcopy") == 0;

		cr_assert_eq(result.devices[i].skip, VB_SKIP_NONE);
		cr_assert_eq(result.devices[i].counts.matched == 0, is_idle);
	}
	end();
}

/* The recorded transaction id of a host is its own: it goes out and comes back as it was. */
Test(replay, not_as_recorded)
{
	static const uint8_t wrong[256] = { [1] = 2, [3] = 9, [5] = 0 };
	const struct vb_replay_config opt = { .speed = 0 };

	start(&opt);
	open_both();
	answer(&heartbeat, wrong);
	answer(&kvp, wrong);
	answer(&heartbeat, wrong);
	cr_assert_eq(guest_send(&kvp, 11, 0, 99, "surprise", 8), 0);
	loop_run(&loop);
	loop_advance(&loop, 60 * SECOND);
	cr_assert(vb_replay_is_done(replay));
	cr_assert_eq(vb_replay_result(replay, &result), 0);
	cr_assert_not(vb_result_is_same(&result));
	cr_assert_eq(result.devices[0].counts.matched, 1);
	cr_assert_eq(result.devices[0].counts.missing, 1);
	cr_assert_eq(result.devices[1].counts.differing, 1);
	cr_assert_eq(result.devices[1].counts.unexpected, 1);
	cr_assert_eq(result.n_divergences, 3);
	cr_assert_eq(result.divergences[0].type, VB_DIFFERING);
	cr_assert_eq(result.divergences[0].number, 8);
	cr_assert_str_eq(result.divergences[0].device, "kvp");
	end();
}

Test(replay, a_pipe_is_offered_as_it_was)
{
	const struct vb_replay_config opt = { .speed = 1 };
	uint8_t area[120] = { 4 };

	start(&opt);
	memset(area + 4, 0xd0, 112);
	area[116] = 1;
	cr_assert_arr_eq(offer_of(0x39)->area, area, sizeof(area));
	end();
}

/* No driver for one of the devices: the other is played after ten seconds without any opening. */
Test(replay, a_device_is_not_opened)
{
	const struct vb_replay_config opt = { .speed = 1 };

	start(&opt);
	guest_open(&guest, &heartbeat, offer_of(0x39)->relid, 4, 0);
	loop_advance(&loop, 10 * SECOND - MS);
	cr_assert_eq(answer(&heartbeat, as_recorded), 0);
	loop_advance(&loop, MS);
	cr_assert_eq(answer(&heartbeat, as_recorded), 1);
	loop_advance(&loop, 102 * MS);
	cr_assert_eq(answer(&heartbeat, as_recorded), 1);
	loop_advance(&loop, 10 * SECOND);
	cr_assert(vb_replay_is_done(replay));
	cr_assert_eq(vb_replay_result(replay, &result), 0);
	cr_assert_not(vb_result_is_same(&result));
	cr_assert_eq(result.devices[0].counts.matched, 2);
	cr_assert_eq(result.devices[1].counts.skipped[VB_SKIP_NEVER_OPEN], 2);
	end();
}

Test(replay, the_guest_goes)
{
	const struct vb_replay_config opt = { .speed = 1, .finished = finished };

	start(&opt);
	open_both();
	answer(&heartbeat, as_recorded);
	vb_replay_stop(replay, "the guest crashed");
	cr_assert_eq(n_finished, 1);
	cr_assert_eq(vb_replay_result(replay, &result), 0);
	cr_assert_not(vb_result_is_same(&result));
	cr_assert_str_eq(result.broken_off, "the guest crashed");
	cr_assert_eq(result.rounds, 0);
	cr_assert_eq(result.devices[0].counts.matched, 1);
	cr_assert_eq(result.devices[0].counts.skipped[VB_SKIP_UNSENT], 2);
	end();
}

/* What the guest says while it ends is no part of the replay. */
Test(replay, interrupted)
{
	const struct vb_replay_config opt = { .speed = 1, .finished = finished };

	start(&opt);
	open_both();
	vb_replay_interrupt(replay, "interrupted");
	cr_assert_eq(n_finished, 1);
	cr_assert_eq(answer(&heartbeat, as_recorded), 1);
	loop_run(&loop);
	guest_close(&kvp, false);
	kvp.g = NULL; /* unmapped */
	loop_advance(&loop, SECOND);
	vb_replay_interrupt(replay, "the deadline passed");
	vb_replay_stop(replay, NULL);
	cr_assert_eq(n_finished, 1);
	cr_assert_eq(vb_replay_result(replay, &result), 0);
	cr_assert_not(vb_result_is_same(&result));
	cr_assert_str_eq(result.broken_off, "interrupted");
	cr_assert_eq(result.n_divergences, 0);
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(result.devices[i].counts.skipped[VB_SKIP_INTERRUPTED],
			     result.devices[i].skipped_n, "%s", result.devices[i].name);
	cr_assert_eq(result.devices[0].skipped_n, 3);
	end();
}

Test(replay, the_guest_ends_too_early)
{
	const struct vb_replay_config opt = { .speed = 1 };

	start(&opt);
	open_both();
	vb_replay_stop(replay, NULL);
	cr_assert_eq(vb_replay_result(replay, &result), 0);
	cr_assert_not(vb_result_is_same(&result));
	cr_assert_str_eq(result.broken_off, "the guest ended before the trace did");
	cr_assert_eq(result.devices[0].counts.missing, 1, "it was asked");
	end();
}

Test(replay, in_rounds)
{
	const struct vb_replay_config opt = { .speed = 0, .loops = 50 };

	start(&opt);
	open_both();
	for (unsigned int i = 0; i < 200; i++) {
		answer(&heartbeat, as_recorded);
		answer(&kvp, as_recorded);
	}
	loop_advance(&loop, SECOND);
	cr_assert(vb_replay_is_done(replay));
	cr_assert_eq(vb_replay_result(replay, &result), 0);
	cr_assert(vb_result_is_same(&result));
	cr_assert_eq(result.rounds, 50);
	cr_assert_eq(result.devices[0].counts.matched, 100);
	cr_assert_eq(result.devices[1].counts.matched, 50);
	end();
}

/* The channels are open long before the daemons run. */
Test(replay, waits_until_ready)
{
	const struct vb_replay_config opt = { .speed = 1, .waits = true };

	start(&opt);
	open_both();
	loop_advance(&loop, 60 * SECOND);
	cr_assert_eq(answer(&heartbeat, as_recorded), 0);
	vb_replay_ready(replay);
	loop_run(&loop);
	cr_assert_eq(answer(&heartbeat, as_recorded), 1);
	end();
}

/* ---- the end of the guest waits for the other devices ---- */

/* The KVP request is the end of the guest: 1 ms after the answer to the first beat, say. */
static struct vb_step *make_end(void)
{
	struct vb_step *s;

	make_plan();
	s = &plan->devices[1].steps[1];
	cr_assert_eq(s->type, VB_STEP_SEND);
	s->ends = true;
	return s;
}

Test(replay_end, comes_when_the_others_have_done_what_was_before)
{
	const struct vb_replay_config opt = { .speed = 0 };

	make_end();
	start_plan(&opt);
	open_both();
	cr_assert_eq(answer(&kvp, as_recorded), 0, "the first beat is not answered yet");
	loop_advance(&loop, 4 * SECOND);
	cr_assert_eq(answer(&kvp, as_recorded), 0, "whatever time it takes");
	cr_assert_eq(answer(&heartbeat, as_recorded), 1);
	cr_assert_eq(answer(&kvp, as_recorded), 1,
		     "at once, and before the second beat is answered");
	answer(&heartbeat, as_recorded);
	loop_advance(&loop, SECOND);
	cr_assert_eq(vb_replay_result(replay, &result), 0);
	cr_assert(vb_result_is_same(&result));
	end();
}

Test(replay_end, other_requests_do_not_wait)
{
	const struct vb_replay_config opt = { .speed = 0 };

	make_end()->ends = false;
	start_plan(&opt);
	open_both();
	cr_assert_eq(answer(&kvp, as_recorded), 1);
	end();
}

/* 5 s, and ten times what it took in the trace. */
Test(replay_end, does_not_wait_for_what_is_given_up)
{
	const struct vb_replay_config opt = { .speed = 0 };

	make_end();
	start_plan(&opt);
	open_both();
	loop_advance(&loop, 5 * SECOND + 9 * MS);
	cr_assert_eq(answer(&kvp, as_recorded), 0);
	loop_advance(&loop, MS);
	cr_assert_eq(answer(&kvp, as_recorded), 1);
	end();
}

/* After 10 s all begins without it, and 5 s later its opening is given up. */
Test(replay_end, does_not_wait_for_a_device_without_a_driver)
{
	const struct vb_replay_config opt = { .speed = 0 };

	make_end();
	start_plan(&opt);
	guest_open(&guest, &kvp, offer_of(0xe7)->relid, 4, 0);
	loop_advance(&loop, 15 * SECOND - MS);
	cr_assert_eq(answer(&kvp, as_recorded), 0);
	loop_advance(&loop, MS);
	cr_assert_eq(answer(&kvp, as_recorded), 1);
	end();
}

/* In the last round of two, when the other device is in its last one, too. */
Test(replay_end, waits_for_the_round_of_the_others)
{
	const struct vb_replay_config opt = { .speed = 0, .loops = 2 };

	make_end();
	start_plan(&opt);
	open_both();
	for (unsigned int i = 0; i < 3; i++) {
		cr_assert_eq(answer(&kvp, as_recorded), 0, "beat %u of 3 is not answered yet", i);
		cr_assert_eq(answer(&heartbeat, as_recorded), 1);
	}
	cr_assert_eq(answer(&kvp, as_recorded), 1);
	cr_assert_eq(answer(&heartbeat, as_recorded), 1);
	loop_advance(&loop, SECOND);
	cr_assert_eq(vb_replay_result(replay, &result), 0);
	cr_assert_eq(result.devices[0].counts.matched, 4);
	cr_assert_eq(result.devices[1].counts.matched, 1);
	cr_assert_eq(result.devices[1].counts.skipped[VB_SKIP_NOT_LAST], 2);
	end();
}

/* Two of the same time: who waits holds nobody else. */
Test(replay_end, two_do_not_wait_for_each_other)
{
	const struct vb_replay_config opt = { .speed = 0 };
	struct vb_step *first = make_end(), *second = &plan->devices[0].steps[3];

	cr_assert_eq(second->type, VB_STEP_SEND);
	second->ends = true;
	second->at_ns = first->at_ns;
	start_plan(&opt);
	open_both();
	cr_assert_eq(answer(&heartbeat, as_recorded), 1);
	cr_assert_eq(answer(&heartbeat, as_recorded), 1);
	cr_assert_eq(answer(&kvp, as_recorded), 1);
	end();
}

/* ---- options ---- */

Test(replay, fields_that_may_differ)
{
	static const char *const good[] = { "hv_ring.trans_id", "hv_ring,vmbus.offer.*", "gaps.*",
					    "vmbus.offer" };
	static const char *const wrong[] = { "hv_ring.trans", "x", "hv_ring.trans_id,y", ".*" };
	struct vb_replay_config opt = { .speed = 1 };
	struct vb_err err;

	record();
	cr_assert_eq(vb_plan_read(made.path, &plan, &err), 0);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		opt.tolerate = good[i];
		cr_assert_eq(vb_replay_new(plan, &opt, &replay, &err), 0, "%s", good[i]);
		vb_replay_free(replay);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		opt.tolerate = wrong[i];
		cr_assert_eq(vb_replay_new(plan, &opt, &replay, &err), -EINVAL, "%s", wrong[i]);
		cr_assert(strstr(err.text, "no field is called"));
	}
	vb_plan_free(plan);
	made_done(&made);
}
