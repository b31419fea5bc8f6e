/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person or a script has a storage device do. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/loop/stor_bench.h"
#include "tests/unit/manual.h"

#define S UINT64_C(1000000000)

static const struct stor_request ready = { STOR_CDB(0, 0, 0, 0, 0, 0), .way = STOR_NONE };

static uint8_t data[4096];

static void expect_notice(struct stor_bench *b, uint32_t operation)
{
	struct stor_wire w;
	uint64_t id;

	cr_assert(stor_take(b, 0, &w, &id));
	cr_expect_eq(id, 0);
	cr_expect_eq(w.operation, operation);
	cr_expect_eq(w.flags, 0);
	cr_expect_eq(w.status, 0);
}

static uint64_t last_lba(struct stor_bench *b, uint8_t lun)
{
	const struct stor_request r = {
		.lun = lun, STOR_CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), .way = STOR_IN, .data_len = 8
	};

	cr_assert_eq(stor_answer(b, &r, data), 8);
	return stor_be(data, 4);
}

/* ---- units ---- */

Test(storvsc_commands, resize)
{
	struct stor_bench *b = stor_bench_started(NULL);

	memset(data, 1, 512);
	stor_write(b, 0, 131071, 1, data);
	stor_do(b, "resize 0 100");
	cr_expect_eq(stor_sense(b, &ready), 0x062a09);
	cr_expect_eq(stor_sense(b, &ready), 0, "it is told once");
	cr_expect_eq(last_lba(b, 0), 204799);
	stor_do(b, "resize 0 1");
	stor_do(b, "resize 0 64");
	stor_calm(b, 0);
	cr_expect_eq(last_lba(b, 0), 131071);
	cr_expect_eq(stor_read(b, 0, 131071, 1, data), VB_SRB_SUCCESS);
	cr_expect_eq(data[0], 0, "what was cut off is gone");
	stor_bench_free(b);
}

Test(storvsc_commands, add_and_remove)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct loop_request rq;
	struct stor_request r = ready;
	struct stor_wire w;

	stor_do(b, "add 5 8");
	expect_notice(b, VB_STORVSC_ENUMERATE_BUS);
	cr_expect_eq(stor_sense(b, &ready), 0x063f0e);
	cr_expect_eq(stor_sense(b, &ready), 0);
	cr_expect_eq(last_lba(b, 5), 16383);
	cr_expect_eq(stor_word(b, "add 5 8", &rq), -EEXIST);
	cr_expect_eq(stor_sense(b, &ready), 0, "nothing has changed");
	stor_do(b, "remove 5");
	expect_notice(b, VB_STORVSC_ENUMERATE_BUS);
	stor_calm(b, 0);
	r.lun = 5;
	stor_run(b, &r, &w);
	cr_expect_eq(w.srb.srb_status, VB_SRB_INVALID_LUN);
	cr_expect_eq(stor_word(b, "remove 5", &rq), -ENOENT);
	stor_do(b, "notify remove");
	expect_notice(b, VB_STORVSC_REMOVE_DEVICE);
	stor_do(b, "notify enumerate");
	expect_notice(b, VB_STORVSC_ENUMERATE_BUS);
	stor_bench_free(b);
}

/* Its requests are under way. */
Test(storvsc_commands, remove_a_unit_in_use)
{
	const char *const settings[] = { "latency=1000", "disks=2", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_request r;
	struct stor_wire w;
	uint64_t id, got;

	stor_rw(&r, true, 1, 0, 1, 512);
	id = stor_submit(b, 0, &r);
	stor_do(b, "remove 1");
	expect_notice(b, VB_STORVSC_ENUMERATE_BUS);
	loop_advance(&b->l, S);
	cr_assert(stor_take(b, 0, &w, &got));
	cr_expect_eq(got, id);
	cr_expect_eq(w.srb.srb_status, VB_SRB_INVALID_LUN);
	stor_bench_free(b);
}

/* A guest that is not ready looks by itself. */
Test(storvsc_commands, nobody_is_told_before_the_beginning)
{
	struct stor_bench *b = stor_bench_new("scsi", NULL);
	struct loop_request rq;
	struct stor_wire w;
	uint64_t id;

	stor_do(b, "add 1 8");
	stor_do(b, "notify enumerate");
	cr_expect(!stor_take(b, 0, &w, &id));
	stor_bench_close(b, 0);
	stor_do(b, "add 2 8");
	cr_expect_eq(stor_word(b, "notify remove", &rq), -ENOTCONN);
	stor_bench_free(b);
}

/* ---- errors ---- */

static uint32_t read_sense(struct stor_bench *b, uint64_t lba, uint32_t n)
{
	struct stor_request r;

	stor_rw(&r, false, 0, lba, n, 512);
	return stor_sense(b, &r);
}

Test(storvsc_commands, errors)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r;
	struct stor_wire w;

	stor_do(b, "error 0 read 100 2");
	cr_expect_eq(read_sense(b, 99, 1), 0);
	cr_expect_eq(read_sense(b, 101, 1), 0);
	stor_rw(&r, true, 0, 100, 1, 512);
	cr_expect_eq(stor_sense(b, &r), 0, "only reading");
	stor_rw(&r, false, 0, 98, 4, 512);
	stor_run(b, &r, &w);
	cr_expect_eq(w.srb.srb_status, 0x84);
	cr_expect_eq(w.srb.bytes[0], 0xf0);
	cr_expect_eq(w.srb.bytes[2], 3);
	cr_expect_eq(stor_be(w.srb.bytes + 3, 4), 100, "the block");
	cr_expect_eq(stor_be(w.srb.bytes + 12, 2), 0x1100);
	cr_expect_eq(read_sense(b, 100, 1), 0x031100);
	cr_expect_eq(read_sense(b, 100, 1), 0, "twice");
	stor_do(b, "error 0 write 7 1");
	stor_rw(&r, true, 0, 0, 8, 512);
	cr_expect_eq(stor_sense(b, &r), 0x030c00);
	stor_do(b, "error 0 read 7 1 4/44/0");
	cr_expect_eq(read_sense(b, 7, 1), 0x044400);
	/* a later one of the same place counts */
	stor_do(b, "error 0 read 7 1 4/44/0");
	stor_do(b, "error 0 read 7 1 b/8/1");
	cr_expect_eq(read_sense(b, 7, 1), 0x0b0801);
	cr_expect_eq(read_sense(b, 7, 1), 0);
	stor_bench_free(b);
}

Test(storvsc_commands, no_more_errors_than_may_be)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct loop_request rq;
	char line[64];

	for (unsigned int i = 0; i < STORVSC_MAX_ERRORS; i++) {
		snprintf(line, sizeof(line), "error 0 read %u 1", i);
		stor_do(b, line);
	}
	cr_expect_eq(stor_word(b, "error 0 read 99 1", &rq), -ENOSPC);
	cr_expect_eq(read_sense(b, 3, 1), 0x031100);
	stor_do(b, "error 0 read 99 1");
	stor_bench_free(b);
}

Test(storvsc_commands, busy)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_wire w;

	stor_do(b, "busy 0 2");
	for (unsigned int i = 0; i < 2; i++) {
		stor_run(b, &ready, &w);
		cr_expect_eq(w.srb.srb_status, VB_SRB_BUSY);
		cr_expect_eq(w.srb.scsi_status, 8);
	}
	cr_expect_eq(stor_sense(b, &ready), 0);
	stor_bench_free(b);
}

Test(storvsc_commands, drop)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_wire w;
	uint64_t id;

	stor_do(b, "drop 1");
	stor_submit(b, 0, &ready);
	loop_advance(&b->l, 1000 * S);
	cr_expect(!stor_take(b, 0, &w, &id));
	cr_expect_eq(stor_sense(b, &ready), 0, "the next one is not lost");
	cr_expect_eq(stor_counter(b, "dropped"), 1);
	stor_bench_free(b);
}

Test(storvsc_commands, stats)
{
	struct stor_bench *b = stor_bench_started(NULL);

	stor_read(b, 0, 0, 4, data);
	stor_write(b, 0, 0, 2, data);
	stor_read(b, 0, UINT32_MAX, 1, data);
	cr_expect_eq(stor_counter(b, "commands"), 3);
	cr_expect_eq(stor_counter(b, "reads"), 1);
	cr_expect_eq(stor_counter(b, "read_bytes"), 2048);
	cr_expect_eq(stor_counter(b, "writes"), 1);
	cr_expect_eq(stor_counter(b, "written_bytes"), 1024);
	cr_expect_eq(stor_counter(b, "failed"), 1);
	stor_bench_free(b);
}

/* ---- wrong ones ---- */

Test(storvsc_commands, wrong_ones)
{
	static const char *const lines[] = {
		"resize",
		"resize 0",
		"resize 64 1",
		"resize 0 0",
		"resize 0 x",
		"resize 0 67108865",
		"add",
		"add 1",
		"add 64 1",
		"add 1 0",
		"remove",
		"remove x",
		"notify",
		"notify x",
		"eject x",
		"eject force x",
		"insert a b",
		"error",
		"error 0 read 1",
		"error 0 erase 1 1",
		"error 0 read x 1",
		"error 0 read 1 1 3",
		"error 0 read 1 1 3/11",
		"error 0 read 1 1 0/11/0",
		"error 0 read 1 1 10/0/0",
		"error 0 read 1 1 3/11/0/0",
		"latency",
		"latency x",
		"latency 60000001",
		"busy 0",
		"busy x 1",
		"drop",
		"drop x",
		"nonsense",
	};
	struct stor_bench *b = stor_bench_started(NULL);
	struct loop_request rq;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		cr_expect_eq(stor_word(b, lines[i], &rq), -EINVAL, "%s: %d", lines[i], rq.status);
		cr_expect_neq(rq.text[0], '\0');
	}
	cr_expect_eq(stor_word(b, "resize 1 5", &rq), -ENOENT);
	cr_expect_eq(stor_word(b, "busy 1 5", &rq), -ENOENT);
	cr_expect_eq(stor_word(b, "error 1 read 5 1", &rq), -ENOENT);
	cr_expect_eq(stor_word(b, "eject", &rq), -ENOENT);
	cr_expect_eq(stor_word(b, "insert", &rq), -ENOENT);
	stor_bench_free(b);
}

Test(storvsc_commands, each_has_a_help)
{
	static const char *const models[] = { "scsi", "ide", "fc" };

	for (size_t i = 0; i < 3; i++) {
		const struct vb_model *m = vb_model_by_name(models[i]);

		for (const struct vb_command *c = m->commands; c->name; c++)
			cr_expect(c->help && *c->help && c->act, "%s", c->name);
		for (const struct vb_setting *s = m->settings; s->key; s++)
			cr_expect(s->help && *s->help && s->value, "%s", s->key);
	}
}

Test(storvsc_commands, all_are_in_the_manual)
{
	static const char *const models[] = { "scsi", "ide", "fc" };

	for (size_t i = 0; i < 3; i++)
		manual_has_model("STORAGE DEVICES", models[i]);
}
