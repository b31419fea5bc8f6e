/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recorded conversation with a disk, and a guest that does the same again, or does not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/disk_play.h"

static struct disk_play play;

static void done(void)
{
	disk_play_done(&play);
}

TestSuite(replay_disk, .fini = done);

static void driver_comes(void)
{
	disk_play_attach(&play, 1, 1);
	disk_play_look(&play);
}

static void play_all(double speed, uint32_t loops)
{
	disk_play_attach(&play, speed, loops);
	disk_play_look(&play);
	vb_replay_ready(play.replay);
	disk_play_end(&play, loops);
}

static const struct vb_player_counts *counts(void)
{
	return &play.result.devices[0].counts;
}

static void expect_same(void)
{
	cr_expect(vb_result_is_same(&play.result), "%s %s",
		  play.result.n_divergences ? play.result.divergences[0].kind : "",
		  play.result.n_divergences ? play.result.divergences[0].detail : "");
	cr_expect_eq(counts()->missing + counts()->differing + counts()->unexpected, 0);
	cr_expect_str_eq(play.bench->l.trouble, "");
}

/* What the guest got: statuses and bytes of the conversation above. */
static void expect_answers(unsigned int from)
{
	static const uint8_t statuses[] = { VB_SRB_SUCCESS, VB_SRB_SUCCESS,
					    VB_SRB_SUCCESS, VB_SRB_ERROR | VB_SRB_AUTOSENSE,
					    VB_SRB_BUSY,    VB_SRB_SUCCESS };
	uint8_t block[BLOCK];

	cr_assert_geq(play.n_answers, from + 6);
	for (unsigned int i = 0; i < 6; i++)
		cr_expect_eq(play.srb_status[from + i], statuses[i], "%u: 0x%02x", i,
			     play.srb_status[from + i]);
	disk_play_block(block, 1);
	cr_expect_arr_eq(play.data[from + 1], block, BLOCK);
	memset(block, 0, BLOCK);
	cr_expect_arr_eq(play.data[from + 2], block, BLOCK);
}

/* ---- as recorded ---- */

Test(replay_disk, as_recorded)
{
	uint8_t block[BLOCK];

	disk_play_record(&play, UINT32_MAX);
	play_all(1, 1);
	expect_same();
	expect_answers(0);
	disk_play_block(block, 1);
	cr_expect_eq(play.wanted[0].how.direction, VB_AGENT_SCSI_WRITE);
	cr_expect_arr_eq(play.wanted[0].data, block, BLOCK, "what was written then");
	cr_expect_eq(play.n_wanted, 6);
	cr_expect_eq(play.n_notices, 1);
	cr_expect_eq(counts()->caused, 6);
	cr_expect_eq(counts()->sent, 6 + 1);
	cr_expect_eq(counts()->matched, 4 + 2 + 6);
}

/* The device is what it was: names and units, by recorded answers and by the model's own. */
Test(replay_disk, the_device)
{
	uint8_t data[36];

	disk_play_record(&play, UINT32_MAX);
	driver_comes();
	stor_get(play.bench, 0, data, 8);
	cr_expect_eq(stor_be(data, 4), 131071);
	cr_expect_str_eq(play.bench->s->vendor, "Recorded");
	cr_expect_eq(play.bench->s->max_version, VB_STORVSC_WIN10);
	cr_assert_not_null(play.bench->s->unit[0]);
	cr_expect_eq(vb_storvsc_unit_blocks(play.bench->s->unit[0]), 131072);
	cr_expect_null(play.bench->s->unit[1], "nobody asked for it");
}

static void expect_service(double speed, uint64_t ns)
{
	disk_play_record(&play, UINT32_MAX);
	play_all(speed, 1);
	expect_same();
	for (unsigned int i = 0; i < 6; i++) {
		cr_expect_geq(play.took_ns[i], ns);
		cr_expect_leq(play.took_ns[i], ns + MS / 4, "%lu", (unsigned long)play.took_ns[i]);
	}
}

Test(replay_disk, service_times)
{
	expect_service(1, DISK_PLAY_SERVICE);
}

Test(replay_disk, service_times_twice_as_fast)
{
	expect_service(2, DISK_PLAY_SERVICE / 2);
}

/* The answer's time has no more to do with the trace's; what follows waits for it. */
Test(replay_disk, top_speed)
{
	expect_service(0, 0);
	expect_answers(0);
}

Test(replay_disk, two_rounds)
{
	disk_play_record(&play, UINT32_MAX);
	play_all(1, 2);
	expect_same();
	cr_expect_eq(play.result.rounds, 2);
	expect_answers(0);
	expect_answers(6);
	cr_expect_eq(counts()->caused, 12);
	cr_expect_eq(play.n_notices, 2);
}

/* ---- otherwise ---- */

/* Nothing is written: not by the agent, and what is read is what was read then. */
Test(replay_disk, without_writes)
{
	uint8_t block[BLOCK];

	disk_play_record(&play, UINT32_MAX);
	vb_plan_forbid_writes(play.plan);
	play_all(1, 1);
	expect_same();
	cr_expect_eq(play.n_wanted, 5);
	cr_expect_eq(counts()->skipped[VB_SKIP_WRITES], 2);
	cr_expect_eq(counts()->skipped[VB_SKIP_NO_REQUEST], 1);
	disk_play_block(block, 1);
	cr_expect_arr_eq(play.data[0], block, BLOCK);
}

/* The capture kept nothing of the data: what is read is what the replay's guest wrote. */
Test(replay_disk, data_that_was_not_captured)
{
	uint8_t block[BLOCK];

	disk_play_record(&play, 0);
	play_all(1, 1);
	expect_same();
	cr_expect_eq(play.result.devices[0].filled, 1);
	for (unsigned int i = 0; i < BLOCK; i++)
		block[i] = (uint8_t)i;
	cr_expect_arr_eq(play.wanted[0].data, block, BLOCK);
	cr_expect_arr_eq(play.data[1], block, BLOCK);
}

Test(replay_disk, another_byte_is_written)
{
	disk_play_record(&play, UINT32_MAX);
	play.is_wrong = true;
	play_all(1, 1);
	cr_expect_not(vb_result_is_same(&play.result));
	cr_expect_eq(counts()->differing, 1);
	cr_expect_eq(counts()->missing + counts()->unexpected, 0);
	cr_assert_eq(play.result.n_divergences, 1);
	cr_expect_not_null(strstr(play.result.divergences[0].detail, "data written, byte 17: "),
			   "%s", play.result.divergences[0].detail);
	expect_answers(0);
}

/* A driver that wants fewer bytes gets no more, and the difference is told. */
Test(replay_disk, fewer_bytes_are_wanted)
{
	uint8_t block[BLOCK], zeros[BLOCK] = { 0 };

	disk_play_record(&play, UINT32_MAX);
	play.max_len = 100;
	play_all(1, 1);
	cr_expect_not(vb_result_is_same(&play.result));
	cr_expect_eq(counts()->differing, 6);
	disk_play_block(block, 1);
	cr_expect_arr_eq(play.data[1], block, 100);
	cr_expect_arr_eq(play.data[1] + 100, zeros, BLOCK - 100);
}

/* What was never recorded is told, and the model answers: the replay goes on. */
Test(replay_disk, a_command_that_is_not_in_the_trace)
{
	uint8_t data[BLOCK];

	disk_play_record(&play, UINT32_MAX);
	driver_comes();
	cr_expect_eq(stor_read(play.bench, 0, 4711, 1, data), VB_SRB_SUCCESS);
	vb_replay_ready(play.replay);
	disk_play_end(&play, 1);
	cr_expect_eq(counts()->unexpected, 1);
	cr_expect_eq(counts()->missing + counts()->differing, 0);
	expect_answers(0);
}

/* The driver asks its own questions again: the answer is the same, and the second one is told. */
Test(replay_disk, asked_again)
{
	uint8_t data[36] = { 0 };

	disk_play_record(&play, UINT32_MAX);
	driver_comes();
	stor_put(play.bench, 0, data, sizeof(data));
	disk_play_look(&play);
	stor_get(play.bench, 0, data, 8);
	cr_expect_eq(stor_be(data, 4), 131071);
	vb_replay_ready(play.replay);
	disk_play_end(&play, 1);
	cr_expect_eq(counts()->unexpected, 2);
	expect_answers(0);
}

/* What the agent cannot do is skipped with its answer. */
Test(replay_disk, the_agent_cannot)
{
	disk_play_record(&play, UINT32_MAX);
	play.agent_result = -ENODEV;
	play_all(1, 1);
	cr_expect_eq(counts()->skipped[VB_SKIP_UNSENT], 3 * 6);
	cr_expect_eq(counts()->missing, 0);
	cr_expect_eq(counts()->sent, 1);
}

/* The guest goes while a command is held: nothing leaks, and it is told. */
Test(replay_disk, the_guest_goes)
{
	disk_play_record(&play, UINT32_MAX);
	driver_comes();
	disk_play_begin(&play);
	stor_bench_close(play.bench, 0);
	vb_replay_stop(play.replay, "the guest crashed");
	cr_assert_eq(vb_replay_result(play.replay, &play.result), 0);
	cr_expect_not(vb_result_is_same(&play.result));
}

/* A sub-channel that is opened does not make the replay forget what it waits for. */
Test(replay_disk, subchannels)
{
	disk_play_record(&play, UINT32_MAX);
	driver_comes();
	vb_replay_ready(play.replay);
	disk_play_serve(&play, DISK_PLAY_PAUSE / 2);
	cr_assert_eq(play.n_answers, DISK_PLAY_COMMANDS);
	stor_more_channels(play.bench, 1);
	disk_play_serve(&play, DISK_PLAY_PAUSE);
	cr_expect_eq(play.n_notices, 1, "at its time");
	stor_bench_close(play.bench, 1);
	loop_advance(&play.bench->l, 30 * SECOND);
	cr_expect(vb_replay_is_done(play.replay));
}

/* A guest that ends while a command is under way gets its answer, or it would wait for ever. */
Test(replay_disk, interrupted)
{
	disk_play_record(&play, UINT32_MAX);
	driver_comes();
	disk_play_begin(&play);
	vb_replay_interrupt(play.replay, "interrupted");
	loop_run(&play.bench->l);
	disk_play_take(&play);
	cr_expect_eq(play.n_answers, 1);
	cr_expect_eq(play.srb_status[0], VB_SRB_SUCCESS);
}

/* An answer took longer than there are numbers for: that is none at once. */
Test(replay_disk, an_answer_that_takes_for_ever)
{
	const struct stor_request inquiry = { STOR_CDB(0x12, 0, 0, 0, 36, 0), .way = STOR_IN,
					      .data_len = 36 };

	disk_play_record(&play, UINT32_MAX);
	play.plan->devices[0].disk->replies[0].latency_ns = UINT64_MAX;
	disk_play_attach(&play, 1, 1);
	stor_submit(play.bench, 0, &inquiry);
	loop_advance(&play.bench->l, 3600 * SECOND);
	disk_play_take(&play);
	cr_expect_eq(play.n_answers, 0);
}
