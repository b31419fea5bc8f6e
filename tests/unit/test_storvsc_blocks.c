/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of a storage device's disks. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/loop/stor_bench.h"

#define LBA_RANGE 0x052100u
#define CDB 0x052400u
#define BLOCKS 131072u /* of a disk of 64 MiB */

static void fill(uint8_t *bytes, uint32_t len, uint64_t from)
{
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = stor_pattern(from + i);
}

static uint8_t large[STOR_DATA], back[STOR_DATA];

/* ---- compare and write ---- */

static struct stor_request compare_and_write(uint8_t lba, uint8_t n)
{
	return (struct stor_request){ STOR_CDB(0x89, 0, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0, n, 0, 0),
				      .way = STOR_OUT, .data_len = 2 * n * 512u };
}

Test(storvsc_blocks, compared_and_written)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r = compare_and_write(8, 2);
	struct stor_wire w;

	fill(large, 2048, 0);
	stor_write(b, 0, 8, 2, large);
	stor_put(b, 0, large, 2048);
	cr_expect_eq(stor_sense(b, &r), 0);
	cr_expect_eq(stor_read(b, 0, 8, 2, back), VB_SRB_SUCCESS);
	cr_expect(memcmp(back, large + 1024, 1024) == 0);
	/* the same once more: what is there is not what was */
	large[0] = back[0];
	memcpy(large + 1, back + 1, 699);
	large[700] = (uint8_t)~back[700];
	stor_put(b, 0, large, 2048);
	stor_run(b, &r, &w);
	cr_expect_eq(w.srb.srb_status, VB_SRB_ERROR | VB_SRB_AUTOSENSE);
	cr_expect_eq(stor_be(w.srb.bytes, 1), 0xf0);
	cr_expect_eq(w.srb.bytes[2], 0x0e);
	cr_expect_eq(stor_be(w.srb.bytes + 3, 4), 700, "the first byte that is another");
	cr_expect_eq(stor_be(w.srb.bytes + 12, 2), 0x1d00);
	stor_read(b, 0, 8, 2, large);
	cr_expect(memcmp(back, large, 1024) == 0, "nothing was written");
	stor_bench_free(b);
}

Test(storvsc_blocks, compared_and_refused)
{
	const char *const readonly[] = { "readonly=on", NULL };
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r = compare_and_write(0, 129);

	cr_expect_eq(stor_sense(b, &r), CDB, "more than it says it takes");
	r = compare_and_write(0, 0);
	r.way = STOR_NONE;
	cr_expect_eq(stor_sense(b, &r), 0, "none at all");
	r = compare_and_write(0, 1);
	r.cdb[7] = 0xff;
	cr_expect_eq(stor_sense(b, &r), LBA_RANGE);
	stor_bench_free(b);
	b = stor_bench_started(readonly);
	r = compare_and_write(0, 1);
	cr_expect_eq(stor_sense(b, &r), 0x072700);
	stor_bench_free(b);
}

/* ---- read and write ---- */

/* All of the buffer, from any place in a page. */
static void roundtrip(const char *const *settings, uint32_t block, uint32_t offset)
{
	struct stor_bench *b = stor_bench_started(settings);
	uint32_t n = STOR_DATA / block;

	b->offset = offset;
	fill(large, STOR_DATA, offset);
	memset(back, 0, STOR_DATA);
	cr_expect_eq(stor_write(b, 0, 3, n, large), VB_SRB_SUCCESS);
	stor_put(b, 0, back, STOR_DATA);
	cr_expect_eq(stor_read(b, 0, 3, n, back), VB_SRB_SUCCESS);
	cr_expect(memcmp(large, back, STOR_DATA) == 0);
	cr_expect_eq(stor_read(b, 0, 4, 1, back), VB_SRB_SUCCESS);
	cr_expect(memcmp(large + block, back, block) == 0);
	cr_expect_eq(stor_read(b, 0, 2, 1, back), VB_SRB_SUCCESS);
	cr_expect_eq(back[0] | back[block - 1], 0, "nothing was written there");
	cr_expect_eq(stor_counter(b, "written_bytes"), STOR_DATA);
	stor_bench_free(b);
}

Test(storvsc_blocks, roundtrip)
{
	const char *const large_blocks[] = { "block=4096", NULL };

	roundtrip(NULL, 512, 0);
	roundtrip(NULL, 512, 1);
	roundtrip(NULL, 512, 4095);
	roundtrip(large_blocks, 4096, 512);
}

/* The same blocks by each form of the commands. */
Test(storvsc_blocks, all_forms)
{
	static const struct {
		uint8_t cdb[16], len;
	} writes[] = {
		{ { 0x0a, 0, 0, 8, 2 }, 6 },
		{ { 0x2a, 0, 0, 0, 0, 8, 0, 0, 2 }, 10 },
		{ { 0x2e, 0, 0, 0, 0, 8, 0, 0, 2 }, 10 },
		{ { 0xaa, 0, 0, 0, 0, 8, 0, 0, 0, 2 }, 12 },
		{ { 0xae, 0, 0, 0, 0, 8, 0, 0, 0, 2 }, 12 },
		{ { 0x8a, 0x08, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 2 }, 16 },
		{ { 0x8e, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 2 }, 16 },
	}, reads[] = {
		{ { 0x08, 0, 0, 8, 2 }, 6 },
		{ { 0x28, 0, 0, 0, 0, 8, 0, 0, 2 }, 10 },
		{ { 0xa8, 0, 0, 0, 0, 8, 0, 0, 0, 2 }, 12 },
		{ { 0x88, 0x18, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 2 }, 16 },
	};
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_wire w;

	for (size_t i = 0; i < 7; i++) {
		struct stor_request r = { .way = STOR_OUT,
					  .data_len = 1024,
					  .cdb_len = writes[i].len };

		memcpy(r.cdb, writes[i].cdb, 16);
		fill(large, 1024, i);
		stor_put(b, 0, large, 1024);
		stor_run(b, &r, &w);
		cr_expect_eq(w.srb.srb_status, VB_SRB_SUCCESS, "%02x", r.cdb[0]);
		cr_expect_eq(w.srb.data_len, 1024);
		r = (struct stor_request){ .way = STOR_IN,
					   .data_len = 1024,
					   .cdb_len = reads[i % 4].len };
		memcpy(r.cdb, reads[i % 4].cdb, 16);
		cr_expect_eq(stor_answer(b, &r, back), 1024);
		cr_expect(memcmp(back, large, 1024) == 0, "%02x", r.cdb[0]);
	}
	stor_bench_free(b);
}

Test(storvsc_blocks, no_blocks_of_read_6_are_256)
{
	struct stor_bench *b = stor_bench_started(NULL);
	const struct stor_request r = { STOR_CDB(0x08, 0, 0, 0, 0, 0), .way = STOR_IN,
					.data_len = 256 * 512 };
	struct stor_wire w;

	stor_run(b, &r, &w);
	cr_expect_eq(w.srb.data_len, 256 * 512);
	stor_bench_free(b);
}

Test(storvsc_blocks, no_blocks_are_no_error)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r;
	struct stor_wire w;

	stor_rw(&r, false, 0, BLOCKS, 0, 512);
	stor_run(b, &r, &w);
	cr_expect_eq(w.srb.srb_status, VB_SRB_SUCCESS);
	cr_expect_eq(w.srb.data_len, 0);
	stor_bench_free(b);
}

/* ---- where there are none ---- */

Test(storvsc_blocks, beyond_the_end)
{
	static const uint64_t lbas[] = { BLOCKS, BLOCKS - 1, UINT32_MAX, UINT64_MAX,
					 UINT64_MAX - 1 };
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r;

	for (size_t i = 0; i < 5; i++)
		for (unsigned int write = 0; write < 2; write++) {
			stor_rw(&r, write, 0, lbas[i], 2, 512);
			cr_expect_eq(stor_sense(b, &r), LBA_RANGE);
		}
	stor_rw(&r, false, 0, BLOCKS - 2, 2, 512);
	cr_expect_eq(stor_sense(b, &r), 0);
	/* more blocks than any buffer has bytes for */
	stor_rw(&r, false, 0, 0, UINT32_MAX, 1);
	r.data_len = 512;
	cr_expect_eq(stor_sense(b, &r), LBA_RANGE);
	stor_bench_free(b);
}

Test(storvsc_blocks, protection_is_refused)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r;

	stor_rw(&r, false, 0, 0, 1, 512);
	r.cdb[1] = 0x20;
	cr_expect_eq(stor_sense(b, &r), CDB);
	stor_bench_free(b);
}

/* More blocks than the guest has room for are an overrun; what it does not give cannot be written. */
Test(storvsc_blocks, other_lengths_than_the_buffers)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r;
	struct stor_wire w;

	fill(large, 2048, 1);
	stor_write(b, 0, 0, 4, large);
	stor_rw(&r, false, 0, 0, 4, 512);
	r.data_len = 1000;
	memset(back, 0xee, 2048);
	stor_put(b, 0, back, 2048);
	stor_run(b, &r, &w);
	cr_expect_eq(w.srb.srb_status, VB_SRB_DATA_OVERRUN);
	cr_expect_eq(w.srb.data_len, 1000);
	cr_expect_eq(w.srb.scsi_status, 0);
	stor_get(b, 0, back, 2048);
	cr_expect(memcmp(back, large, 1000) == 0);
	cr_expect_eq(back[1000], 0xee, "no byte more");
	stor_rw(&r, true, 0, 0, 4, 512);
	r.data_len = 2047;
	stor_run(b, &r, &w);
	cr_expect_eq(w.srb.srb_status, VB_SRB_INVALID_REQUEST);
	cr_expect_eq(w.srb.data_len, 0);
	/* fewer are fine */
	stor_rw(&r, false, 0, 0, 2, 512);
	r.data_len = 2048;
	stor_run(b, &r, &w);
	cr_expect_eq(w.srb.srb_status, VB_SRB_SUCCESS);
	cr_expect_eq(w.srb.data_len, 1024);
	stor_bench_free(b);
}

Test(storvsc_blocks, write_protected)
{
	const char *const settings[] = { "readonly=on", "thin=on", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_request r;

	stor_rw(&r, true, 0, 0, 1, 512);
	cr_expect_eq(stor_sense(b, &r), 0x072700);
	r = (struct stor_request){ STOR_CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), .way = STOR_OUT,
				   .data_len = 24 };
	cr_expect_eq(stor_sense(b, &r), 0x072700);
	r = (struct stor_request){ STOR_CDB(0x41, 0, 0, 0, 0, 0, 0, 0, 1, 0), .way = STOR_OUT,
				   .data_len = 512 };
	cr_expect_eq(stor_sense(b, &r), 0x072700);
	stor_rw(&r, false, 0, 0, 1, 512);
	cr_expect_eq(stor_sense(b, &r), 0);
	stor_bench_free(b);
}

Test(storvsc_blocks, space_exhausted)
{
	const char *const settings[] = { "memory=1", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_request r;

	memset(large, 0x55, STOR_DATA);
	for (unsigned int i = 0; i < 4; i++)
		cr_expect_eq(stor_write(b, 0, i * 512, 512, large), VB_SRB_SUCCESS);
	stor_rw(&r, true, 0, 4 * 512, 512, 512);
	cr_expect_eq(stor_sense(b, &r), 0x072707);
	stor_bench_free(b);
}

/* ---- comparing ---- */

Test(storvsc_blocks, verify)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r = { STOR_CDB(0x2f, 0, 0, 0, 0, 4, 0, 0, 2, 0), .way = STOR_NONE };
	struct stor_wire w;

	fill(large, 1024, 0);
	stor_write(b, 0, 4, 2, large);
	cr_expect_eq(stor_sense(b, &r), 0, "that they are there");
	r.cdb[1] = 2;
	r.way = STOR_OUT;
	r.data_len = 1024;
	cr_expect_eq(stor_sense(b, &r), 0);
	large[1023] ^= 1;
	stor_put(b, 0, large, 1024);
	stor_run(b, &r, &w);
	cr_expect_eq(w.srb.srb_status, 0x84);
	cr_expect_eq(w.srb.bytes[2], 0x0e);
	cr_expect_eq(stor_be(w.srb.bytes + 12, 2), 0x1d00);
	cr_expect_eq(w.srb.bytes[0], 0xf0, "it says where");
	cr_expect_eq(stor_be(w.srb.bytes + 3, 4), 5);
	r.cdb[1] = 6;
	cr_expect_eq(stor_sense(b, &r), CDB);
	r.cdb[1] = 0;
	r.cdb[2] = 0xff;
	cr_expect_eq(stor_sense(b, &r), LBA_RANGE);
	stor_bench_free(b);
}

/* ---- the cache ---- */

Test(storvsc_blocks, flush)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r = { STOR_CDB(0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), .way = STOR_NONE };

	cr_expect_eq(stor_sense(b, &r), 0);
	r = (struct stor_request){ STOR_CDB(0x91, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0),
				   .way = STOR_NONE };
	cr_expect_eq(stor_sense(b, &r), 0);
	cr_expect_eq(stor_counter(b, "flushes"), 2);
	r.cdb[2] = 1;
	cr_expect_eq(stor_sense(b, &r), LBA_RANGE);
	r = (struct stor_request){ STOR_CDB(0x34, 0, 0, 0, 0, 9, 0, 0, 9, 0), .way = STOR_NONE };
	cr_expect_eq(stor_sense(b, &r), 0, "PRE-FETCH");
	stor_bench_free(b);
}

/* ---- one block, many times ---- */

static void write_same(struct stor_bench *b, uint8_t flags, uint32_t n, uint32_t data_len,
		       uint32_t sense)
{
	struct stor_request r = { STOR_CDB(0x93, flags, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0),
				  .way = data_len ? STOR_OUT : STOR_NONE, .data_len = data_len };

	for (unsigned int i = 0; i < 4; i++)
		r.cdb[10 + i] = (uint8_t)(n >> (24 - 8 * i));
	cr_expect_eq(stor_sense(b, &r), sense, "flags 0x%x, %u blocks", flags, n);
}

Test(storvsc_blocks, write_same)
{
	struct stor_bench *b = stor_bench_started(NULL);

	memset(large, 0x77, 512);
	stor_put(b, 0, large, 512);
	write_same(b, 0, 100, 512, 0);
	stor_read(b, 0, 15, 102, back);
	cr_expect_eq(back[511], 0);
	cr_expect_eq(back[512], 0x77);
	cr_expect_eq(back[101 * 512 - 1], 0x77);
	cr_expect_eq(back[101 * 512], 0);
	write_same(b, 1, 100, 0, 0); /* no data: zeros */
	stor_read(b, 0, 15, 102, back);
	cr_expect_eq(back[512], 0);
	write_same(b, 0, 0, 512, CDB);
	write_same(b, 0, 65537, 512, CDB);
	write_same(b, 0x08, 1, 512, CDB);
	write_same(b, 0x10, 1, 512, CDB);
	write_same(b, 0x02, 1, 512, CDB);
	write_same(b, 0, UINT32_MAX, 512, LBA_RANGE);
	stor_bench_free(b);
}

/* ---- unmapping ---- */

static void put_number(uint8_t *to, uint64_t value, unsigned int n)
{
	while (n--) {
		to[n] = (uint8_t)value;
		value >>= 8;
	}
}

/* A list of n extents, each of which begins at that block. */
static uint32_t unmap(struct stor_bench *b, uint64_t lba, uint32_t n_blocks, unsigned int n)
{
	uint32_t len = 8 + 16 * n;
	struct stor_request r = { STOR_CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0), .way = STOR_OUT,
				  .data_len = len };
	uint8_t list[8 + 16 * 40] = { 0 };

	put_number(r.cdb + 7, len, 2);
	put_number(list, len - 2, 2);
	put_number(list + 2, len - 8, 2);
	for (unsigned int i = 0; i < n; i++) {
		put_number(list + 8 + 16 * i, lba, 8);
		put_number(list + 16 + 16 * i, n_blocks, 4);
	}
	stor_put(b, 0, list, len);
	return stor_sense(b, &r);
}

Test(storvsc_blocks, unmap)
{
	const char *const settings[] = { "thin=on", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_request r = { STOR_CDB(0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0),
				  .way = STOR_IN, .data_len = 512 };

	memset(large, 0x66, STOR_DATA);
	stor_write(b, 0, 0, 512, large);
	cr_expect_eq(stor_answer(b, &r, back), 8 + 2 * 16);
	cr_expect_eq(stor_be(back, 4), 4 + 2 * 16);
	cr_expect_eq(stor_be(back + 16, 4), 512);
	cr_expect_eq(back[20], 0, "mapped");
	cr_expect_eq(stor_be(back + 24, 8), 512);
	cr_expect_eq(back[36], 1, "not mapped");
	cr_expect_eq(stor_be(back + 32, 4), BLOCKS - 512);
	cr_expect_eq(unmap(b, 128, 256, 1), 0);
	stor_read(b, 0, 127, 2, back);
	cr_expect_eq(back[511], 0x66);
	cr_expect_eq(back[512], 0);
	cr_expect_eq(stor_answer(b, &r, back), 8 + 4 * 16);
	cr_expect_eq(unmap(b, 0, 1, 0), 0);
	cr_expect_eq(unmap(b, 0, 1, 32), 0);
	cr_expect_eq(unmap(b, 0, 1, 33), 0x052600);
	cr_expect_eq(unmap(b, BLOCKS, 1, 1), LBA_RANGE);
	cr_expect_eq(unmap(b, UINT64_MAX, UINT32_MAX, 1), LBA_RANGE);
	write_same(b, 0x08, 256, 512, 0);
	write_same(b, 0x09, 256, 0, 0);
	r.cdb[9] = 1;
	r.cdb[8] = 2;
	r.cdb[7] = 2;
	cr_expect_eq(stor_sense(b, &r), LBA_RANGE);
	stor_bench_free(b);
}

Test(storvsc_blocks, lists_that_lie)
{
	const char *const settings[] = { "thin=on", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_request r = { STOR_CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), .way = STOR_OUT,
				  .data_len = 24 };
	uint8_t list[24] = { 0, 22, 0xff, 0xf0 };

	stor_put(b, 0, list, 24);
	cr_expect_eq(stor_sense(b, &r), 0, "only what is there counts");
	r.cdb[8] = 7;
	cr_expect_eq(stor_sense(b, &r), 0x051a00);
	r.cdb[8] = 0;
	cr_expect_eq(stor_sense(b, &r), 0);
	r.cdb[1] = 1;
	cr_expect_eq(stor_sense(b, &r), CDB);
	stor_bench_free(b);
}

Test(storvsc_blocks, disks_that_cannot_be_unmapped)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r = { STOR_CDB(0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0),
				  .way = STOR_IN, .data_len = 64 };

	cr_expect_eq(unmap(b, 0, 1, 1), 0x052000);
	cr_expect_eq(stor_answer(b, &r, back), 24, "all is mapped");
	cr_expect_eq(stor_be(back + 16, 4), BLOCKS);
	cr_expect_eq(back[20], 0);
	stor_bench_free(b);
}

/* ---- capacity ---- */

Test(storvsc_blocks, capacity)
{
	const char *const settings[] = { "size=3T", "block=4096", "thin=on", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_request r = { STOR_CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), .way = STOR_IN,
				  .data_len = 8 };

	cr_expect_eq(stor_answer(b, &r, back), 8);
	cr_expect_eq(stor_be(back, 4), (UINT64_C(3) << 28) - 1);
	cr_expect_eq(stor_be(back + 4, 4), 4096);
	r = (struct stor_request){ STOR_CDB(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0),
				   .way = STOR_IN, .data_len = 32 };
	cr_expect_eq(stor_answer(b, &r, back), 32);
	cr_expect_eq(stor_be(back, 8), (UINT64_C(3) << 28) - 1);
	cr_expect_eq(back[14], 0xc0);
	r.cdb[13] = 12;
	cr_expect_eq(stor_answer(b, &r, back), 12);
	r.cdb[1] = 0x1f;
	cr_expect_eq(stor_sense(b, &r), CDB);
	stor_bench_free(b);
}

Test(storvsc_blocks, more_blocks_than_32_bits_count)
{
	const char *const settings[] = { "size=3T", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_request r = { STOR_CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), .way = STOR_IN,
				  .data_len = 8 };

	cr_expect_eq(stor_answer(b, &r, back), 8);
	cr_expect_eq(stor_be(back, 4), UINT32_MAX);
	memset(large, 0x12, 512);
	cr_expect_eq(stor_write(b, 0, UINT64_C(6) << 30, 1, large), 0x84, "one too many");
	cr_expect_eq(stor_write(b, 0, (UINT64_C(6) << 30) - 1, 1, large), VB_SRB_SUCCESS);
	stor_bench_free(b);
}
