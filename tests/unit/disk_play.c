/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/disk_play.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay/host_log.h"
#include "tests/unit/trace_helpers.h"

void disk_play_done(struct disk_play *p)
{
	vb_result_done(&p->result);
	if (p->bench)
		stor_bench_free(p->bench);
	vb_replay_free(p->replay);
	vb_plan_free(p->plan);
	if (p->path)
		unlink(p->path);
	free(p->path);
}

/* ---- what was recorded ---- */

static const struct stor_request inquiry = { STOR_CDB(0x12, 0, 0, 0, 36, 0), .way = STOR_IN,
					     .data_len = 36 };
static const struct stor_request capacity = { STOR_CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0),
					      .way = STOR_IN, .data_len = 8 };

/* A block that is told from others. */
void disk_play_block(uint8_t *block, uint8_t seed)
{
	for (unsigned int i = 0; i < BLOCK; i++)
		block[i] = (uint8_t)(stor_pattern(i) ^ seed);
}

/* A command whose answer takes its time; the time goes on to it. */
static void run(struct disk_play *p, const struct stor_request *r, struct stor_wire *ret)
{
	uint64_t id = stor_submit(p->bench, 0, r), got;

	loop_advance(&p->bench->l, DISK_PLAY_SERVICE);
	cr_assert(stor_take(p->bench, 0, ret, &got));
	cr_assert_eq(got, id);
}

static void rw(struct disk_play *p, bool is_write, uint64_t lba, uint8_t seed)
{
	struct stor_request r;
	struct stor_wire w;
	uint8_t block[BLOCK];

	stor_rw(&r, is_write, 0, lba, 1, BLOCK);
	disk_play_block(block, seed);
	if (is_write)
		stor_put(p->bench, 0, block, BLOCK);
	run(p, &r, &w);
}

/* What a driver asks by itself. */
void disk_play_look(struct disk_play *p)
{
	struct stor_wire w;

	run(p, &inquiry, &w);
	run(p, &capacity, &w);
}

static void work(struct disk_play *p)
{
	rw(p, true, 7, 1);
	rw(p, false, 7, 1);
	rw(p, false, 8, 0);
	stor_do(p->bench, "error 0 read 100 1");
	rw(p, false, 100, 0);
	stor_do(p->bench, "busy 0 1");
	rw(p, false, 9, 0);
	rw(p, false, 9, 0);
}

static void notice(struct disk_play *p)
{
	struct stor_wire w;
	uint64_t id;

	stor_do(p->bench, "add 1 1");
	cr_assert(stor_take(p->bench, 0, &w, &id));
	cr_assert_eq(w.operation, VB_STORVSC_ENUMERATE_BUS);
}

void disk_play_record(struct disk_play *p, uint32_t payload)
{
	static const char *const settings[] = { "latency=3000", "vendor=Recorded", NULL };
	struct vb_host_log_file file;
	struct vb_err err = { "" };

	*p = (struct disk_play){ .path = scratch_file() };
	cr_assert_eq(vb_host_log_open(&file, p->path, payload, &err), 0, "%s", err.text);
	p->bench = stor_bench_new_with("scsi", settings, &file.log, false);
	stor_start(p->bench, VB_STORVSC_WIN10);
	disk_play_look(p);
	loop_advance(&p->bench->l, DISK_PLAY_PAUSE);
	work(p);
	loop_advance(&p->bench->l, DISK_PLAY_PAUSE);
	notice(p);
	loop_advance(&p->bench->l, DISK_PLAY_PAUSE);
	stor_bench_free(p->bench);
	p->bench = NULL;
	cr_assert_eq(vb_host_log_close(&file, &err), 0, "%s", err.text);
	cr_assert_eq(vb_plan_read(p->path, &p->plan, &err), 0, "%s", err.text);
}

/* ---- the guest of the replay ---- */

static int command(void *ctx, const struct vb_agent_scsi *how, const uint8_t *data)
{
	struct disk_play *p = ctx;
	struct disk_wanted *w = &p->wanted[p->n_wanted];

	if (p->agent_result)
		return p->agent_result;
	cr_assert_lt(p->n_wanted, DISK_PLAY_MOST);
	cr_assert_leq(how->data_len, BLOCK);
	*w = (struct disk_wanted){ .how = *how };
	if (how->direction == VB_AGENT_SCSI_WRITE)
		memcpy(w->data, data, how->data_len);
	p->n_wanted++;
	return 0;
}

static void make(struct disk_play *p, const struct disk_wanted *w)
{
	static const enum stor_way ways[] = { [VB_AGENT_SCSI_NONE] = STOR_NONE,
					      [VB_AGENT_SCSI_READ] = STOR_IN,
					      [VB_AGENT_SCSI_WRITE] = STOR_OUT };
	struct stor_request r = { .lun = w->how.lun,
				  .cdb_len = w->how.cdb_len,
				  .way = ways[w->how.direction],
				  .data_len = w->how.data_len };
	uint8_t data[BLOCK] = { 0 };

	cr_assert_leq(r.cdb_len, sizeof(r.cdb));
	memcpy(r.cdb, w->how.cdb, r.cdb_len);
	if (p->max_len && r.data_len > p->max_len)
		r.data_len = p->max_len;
	if (r.way == STOR_OUT)
		memcpy(data, w->data, sizeof(data));
	data[17] ^= p->is_wrong && r.way == STOR_OUT;
	stor_put(p->bench, 0, data, sizeof(data));
	p->asked_ns = p->bench->l.now_ns;
	stor_submit(p->bench, 0, &r);
}

void disk_play_take(struct disk_play *p)
{
	struct stor_wire w;
	uint64_t id;

	while (stor_take(p->bench, 0, &w, &id)) {
		if (w.operation == VB_STORVSC_ENUMERATE_BUS) {
			p->n_notices++;
			continue;
		}
		cr_assert_lt(p->n_answers, DISK_PLAY_MOST);
		p->srb_status[p->n_answers] = w.srb.srb_status;
		p->took_ns[p->n_answers] = p->bench->l.now_ns - p->asked_ns;
		stor_get(p->bench, 0, p->data[p->n_answers++], BLOCK);
	}
}

/* One request after the other, as they were recorded. */
void disk_play_serve(struct disk_play *p, uint64_t ns)
{
	uint64_t until = p->bench->l.now_ns + ns;

	while (p->bench->l.now_ns < until) {
		loop_advance(&p->bench->l, MS / 4);
		disk_play_take(p);
		if (p->n_made < p->n_wanted && p->n_made == p->n_answers)
			make(p, &p->wanted[p->n_made++]);
		disk_play_take(p);
	}
}

void disk_play_attach(struct disk_play *p, double speed, uint32_t loops)
{
	const struct vb_replay_config opt = {
		.speed = speed, .loops = loops, .waits = true, .ctx = p, .command = command
	};
	struct vb_err err = { "" };

	p->bench = stor_bench_bare(NULL, false);
	cr_assert_eq(vb_replay_new(p->plan, &opt, &p->replay, &err), 0, "%s", err.text);
	cr_assert_eq(vb_replay_attach(p->replay, p->bench->l.host, &err), 0, "%s", err.text);
	stor_bench_connect(p->bench, vb_host_find(p->bench->l.host, "scsi"));
	stor_start(p->bench, VB_STORVSC_WIN10);
}

void disk_play_begin(struct disk_play *p)
{
	vb_replay_ready(p->replay);
	for (unsigned int i = 0; !p->n_wanted && i < 1000; i++)
		loop_advance(&p->bench->l, MS);
	cr_assert_gt(p->n_wanted, 0);
	make(p, &p->wanted[p->n_made++]);
	loop_advance(&p->bench->l, MS);
	disk_play_take(p);
	cr_assert_eq(p->n_answers, 0, "it takes 3 ms");
}

void disk_play_end(struct disk_play *p, uint32_t loops)
{
	disk_play_serve(p, loops * SECOND);
	loop_advance(&p->bench->l, 30 * SECOND);
	cr_assert(vb_replay_is_done(p->replay));
	cr_assert_eq(vb_replay_result(p->replay, &p->result), 0);
}
