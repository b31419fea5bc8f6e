/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a storage device says of its units: which there are, what they are, their modes. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/loop/stor_bench.h"

#define CDB 0x052400u

static uint8_t data[1024];

/* ---- INQUIRY ---- */

static const struct stor_request inquiry = { STOR_CDB(0x12, 0, 0, 0, 96, 0), .way = STOR_IN,
					     .data_len = 96 };

Test(storvsc_units, standard_data)
{
	const char *const settings[] = { "vendor=ACME", "product=Disk 2000", "revision=7", NULL };
	struct stor_bench *b = stor_bench_started(settings);

	cr_assert_eq(stor_answer(b, &inquiry, data), 36);
	cr_expect_eq(data[0], 0);
	cr_expect_eq(data[1], 0);
	cr_expect_eq(data[2], 5, "SPC-3");
	cr_expect_eq(data[3], 0x12);
	cr_expect_eq(data[4], 31);
	cr_expect_eq(data[7], 2, "commands are queued");
	cr_expect(memcmp(data + 8, "ACME    Disk 2000       7   ", 28) == 0);
	stor_bench_free(b);
}

Test(storvsc_units, it_is_cut_to_the_room)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r = inquiry;
	struct stor_wire w;

	r.cdb[4] = 5;
	cr_expect_eq(stor_answer(b, &r, data), 5);
	r.cdb[4] = 0;
	cr_expect_eq(stor_answer(b, &r, data), 0);
	r.cdb[4] = 36;
	r.data_len = 10;
	stor_run(b, &r, &w);
	cr_expect_eq(w.srb.srb_status, VB_SRB_DATA_OVERRUN, "the buffer is smaller than it said");
	cr_expect_eq(w.srb.data_len, 10);
	stor_bench_free(b);
}

Test(storvsc_units, fields_that_nobody_has)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r = inquiry;

	r.cdb[2] = 0x80;
	cr_expect_eq(stor_sense(b, &r), CDB, "a page, but not of vital product data");
	r.cdb[1] = 2;
	cr_expect_eq(stor_sense(b, &r), CDB);
	r.cdb[1] = 1;
	r.cdb[2] = 0xc0;
	cr_expect_eq(stor_sense(b, &r), CDB);
	stor_bench_free(b);
}

static uint32_t page(struct stor_bench *b, uint8_t lun, uint8_t code)
{
	const struct stor_request r = {
		.lun = lun, STOR_CDB(0x12, 1, code, 1, 0, 0), .way = STOR_IN, .data_len = 256
	};
	uint32_t len = stor_answer(b, &r, data);

	cr_assert_geq(len, 4);
	cr_expect_eq(data[1], code);
	cr_expect_eq(stor_be(data + 2, 2), len - 4, "page 0x%x", code);
	return len - 4;
}

Test(storvsc_units, vital_product_data)
{
	const char *const settings[] = { "serial=S-1-", "thin=on", "max-transfer=65536", "disks=2",
					 NULL };
	static const uint8_t pages[] = { 0, 0x80, 0x83, 0xb0, 0xb1, 0xb2 };
	struct stor_bench *b = stor_bench_started(settings);
	uint8_t id[16];

	cr_assert_eq(page(b, 0, 0), 6);
	cr_expect_arr_eq(data + 4, pages, 6);
	cr_assert_eq(page(b, 1, 0x80), 6);
	cr_expect(memcmp(data + 4, "S-1-01", 6) == 0);
	cr_assert_eq(page(b, 1, 0x83), 4 + 16 + 4 + 14);
	cr_expect_eq(stor_be(data + 4, 4), 0x01030010, "binary, NAA");
	cr_expect_eq(data[8] >> 4, 6);
	cr_expect_eq(stor_be(data + 24, 4), 0x0201000e, "ASCII, T10");
	cr_expect(memcmp(data + 28, "Msft    S-1-01", 14) == 0);
	memcpy(id, data + 8, 16);
	page(b, 0, 0x83);
	cr_expect(memcmp(id, data + 8, 16) != 0, "each has one of its own");
	cr_assert_eq(page(b, 0, 0xb0), 60);
	cr_expect_eq(data[4], 1, "WRITE SAME wants blocks");
	cr_expect_eq(stor_be(data + 8, 4), 128);
	cr_expect_eq(stor_be(data + 20, 4), 1 << 21, "1 GiB");
	cr_expect_eq(stor_be(data + 24, 4), 32);
	cr_expect_eq(stor_be(data + 36, 8), 65536);
	cr_assert_eq(page(b, 0, 0xb1), 60);
	cr_expect_eq(stor_be(data + 4, 2), 1);
	cr_assert_eq(page(b, 0, 0xb2), 4);
	cr_expect_eq(data[5], 0xe4);
	cr_expect_eq(data[6], 2);
	stor_bench_free(b);
}

Test(storvsc_units, without_thin_provisioning)
{
	struct stor_bench *b = stor_bench_started(NULL);
	const struct stor_request r = { STOR_CDB(0x12, 1, 0xb2, 0, 64, 0), .way = STOR_IN,
					.data_len = 64 };

	cr_expect_eq(page(b, 0, 0), 5);
	cr_expect_eq(stor_sense(b, &r), CDB);
	page(b, 0, 0xb0);
	cr_expect_eq(stor_be(data + 20, 8), 0);
	cr_assert_eq(page(b, 0, 0x80), 16, "a number, the same in each run");
	stor_bench_free(b);
}

/* ---- units that are not there ---- */

static void expect_absent(struct stor_bench *b, uint8_t lun)
{
	struct stor_request r = inquiry;
	struct stor_wire w;

	r.lun = lun;
	cr_expect_eq(stor_answer(b, &r, data), 36);
	cr_expect_eq(data[0], 0x7f);
	cr_expect_eq(data[4], 31);
	for (unsigned int i = 5; i < 36; i++)
		cr_expect_eq(data[i], 0);
	r.cdb[1] = 1;
	stor_run(b, &r, &w);
	cr_expect_eq(w.srb.srb_status, VB_SRB_INVALID_LUN);
	cr_expect_eq(w.status, 0xc00000c0);
	r = (struct stor_request){ .lun = lun, STOR_CDB(0, 0, 0, 0, 0, 0), .way = STOR_NONE };
	stor_run(b, &r, &w);
	cr_expect_eq(w.srb.srb_status, VB_SRB_INVALID_LUN);
	cr_expect_eq(w.srb.data_len, 0);
	r = (struct stor_request){ .lun = lun, STOR_CDB(0xff, 0, 0, 0, 0, 0), .way = STOR_NONE };
	stor_run(b, &r, &w);
	cr_expect_eq(w.srb.srb_status, VB_SRB_INVALID_LUN);
}

Test(storvsc_units, absent)
{
	struct stor_bench *b = stor_bench_started(NULL);

	expect_absent(b, 1);
	expect_absent(b, 63);
	expect_absent(b, 255);
	b->target = 1;
	expect_absent(b, 0);
	b->target = 0;
	b->path = 1;
	expect_absent(b, 0);
	stor_bench_free(b);
}

Test(storvsc_units, two_paths_to_one_disk)
{
	const char *const settings[] = { "paths=2", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	uint8_t id[16];

	page(b, 0, 0x83);
	memcpy(id, data + 8, 16);
	b->path = 1;
	page(b, 0, 0x83);
	cr_expect_arr_eq(id, data + 8, 16);
	b->path = 2;
	expect_absent(b, 0);
	stor_bench_free(b);
}

/* ---- REPORT LUNS ---- */

static struct stor_request report = { STOR_CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0),
				      .way = STOR_IN, .data_len = 512 };

Test(storvsc_units, report_luns)
{
	const char *const settings[] = { "disks=3", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_wire w;
	uint64_t id;

	stor_do(b, "add 40 1");
	stor_do(b, "remove 0");
	while (stor_take(b, 0, &w, &id))
		cr_expect_eq(w.operation, VB_STORVSC_ENUMERATE_BUS);
	cr_expect_eq(stor_answer(b, &report, data), 8 + 3 * 8);
	cr_expect_eq(stor_be(data, 4), 24);
	cr_expect_eq(stor_be(data + 8, 8), UINT64_C(1) << 48);
	cr_expect_eq(stor_be(data + 16, 8), UINT64_C(2) << 48);
	cr_expect_eq(stor_be(data + 24, 8), UINT64_C(40) << 48);
	report.cdb[2] = 1;
	cr_expect_eq(stor_answer(b, &report, data), 8, "none are well known");
	report.cdb[2] = 0;
	b->path = 5;
	cr_expect_eq(stor_answer(b, &report, data), 8);
	cr_expect_eq(stor_be(data, 4), 0);
	stor_bench_free(b);
}

Test(storvsc_units, as_many_as_there_can_be)
{
	const char *const settings[] = { "disks=63", "dvd=on", NULL };
	struct stor_bench *b = stor_bench_started(settings);

	report.data_len = 1024;
	report.cdb[8] = 4;
	cr_expect_eq(stor_answer(b, &report, data), 8 + 64 * 8);
	cr_expect_eq(data[8 + 63 * 8 + 1], 63);
	stor_bench_free(b);
}

/* ---- modes ---- */

static uint32_t mode_sense(struct stor_bench *b, uint8_t flags, uint8_t code)
{
	const struct stor_request r = { STOR_CDB(0x1a, flags, code, 0, 255, 0), .way = STOR_IN,
					.data_len = 255 };
	uint32_t len = stor_answer(b, &r, data);

	cr_expect_eq(data[0], len - 1);
	return len;
}

Test(storvsc_units, mode_pages)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r = { STOR_CDB(0x5a, 8, 0x3f, 0xff, 0, 0, 0, 1, 0, 0), .way = STOR_IN,
				  .data_len = 256 };

	cr_expect_eq(mode_sense(b, 0, 0x3f), 4 + 8 + 12 + 20 + 12 + 12);
	cr_expect_eq(data[2], 0x10, "forced unit access");
	cr_expect_eq(data[3], 8);
	cr_expect_eq(stor_be(data + 5, 3), 131072);
	cr_expect_eq(stor_be(data + 9, 3), 512);
	cr_expect_eq(data[12], 1);
	cr_expect_eq(data[24], 8);
	cr_expect_eq(data[25], 18);
	cr_expect_eq(data[26], 0, "no write cache");
	cr_expect_eq(data[44], 0x0a);
	cr_expect_eq(data[56], 0x1c);
	cr_expect_eq(mode_sense(b, 8, 0x08), 4 + 20);
	cr_expect_eq(stor_answer(b, &r, data), 8 + 12 + 20 + 12 + 12);
	cr_expect_eq(stor_be(data, 2), 8 + 56 - 2);
	cr_expect_eq(data[8], 1);
	r.cdb[2] = 0x0a;
	cr_expect_eq(stor_sense(b, &r), CDB, "no subpages");
	r.cdb[3] = 0;
	r.cdb[2] = 0x2a;
	cr_expect_eq(stor_sense(b, &r), CDB, "of drives only");
	r.cdb[2] = 0xc8;
	cr_expect_eq(stor_sense(b, &r), 0x053900, "nothing is saved");
	stor_bench_free(b);
}

/* A list with the caching page. */
static uint32_t select_cache(struct stor_bench *b, bool is_long, uint8_t flags)
{
	uint8_t list[8 + 20] = { 0 };
	uint32_t head = is_long ? 8 : 4, len = head + 20;
	struct stor_request r = { STOR_CDB(0x15, 0x10, 0, 0, 24, 0), .way = STOR_OUT,
				  .data_len = len };

	if (is_long)
		r = (struct stor_request){ STOR_CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, 28, 0),
					   .way = STOR_OUT, .data_len = len };
	list[head] = 8;
	list[head + 1] = 18;
	list[head + 2] = flags;
	stor_put(b, 0, list, len);
	return stor_sense(b, &r);
}

Test(storvsc_units, the_write_cache)
{
	const char *const settings[] = { "cache=on", NULL };
	struct stor_bench *b = stor_bench_started(settings);

	mode_sense(b, 8, 0x08);
	cr_expect_eq(data[6], 4);
	mode_sense(b, 8, 0x48);
	cr_expect_eq(data[6], 4, "can be changed");
	cr_expect_eq(select_cache(b, false, 0), 0);
	mode_sense(b, 8, 0x08);
	cr_expect_eq(data[6], 0);
	mode_sense(b, 8, 0x88);
	cr_expect_eq(data[6], 4, "is how it begins");
	cr_expect_eq(select_cache(b, true, 4), 0);
	mode_sense(b, 8, 0x08);
	cr_expect_eq(data[6], 4);
	stor_bench_free(b);
}

Test(storvsc_units, modes_that_cannot_be)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r = { STOR_CDB(0x15, 0x11, 0, 0, 24, 0), .way = STOR_OUT,
				  .data_len = 24 };
	uint8_t list[24] = { 0, 0, 0, 0, 0x3f, 18 };

	stor_put(b, 0, list, 24);
	cr_expect_eq(stor_sense(b, &r), CDB, "nothing is saved");
	r.cdb[1] = 0x10;
	cr_expect_eq(stor_sense(b, &r), 0x052600, "no page of that code");
	list[4] = 8;
	stor_put(b, 0, list, 24);
	r.cdb[4] = 6;
	cr_expect_eq(stor_sense(b, &r), 0x051a00);
	r.cdb[4] = 2;
	cr_expect_eq(stor_sense(b, &r), 0x051a00);
	r.cdb[4] = 0;
	cr_expect_eq(stor_sense(b, &r), 0);
	stor_bench_free(b);
}

/* ---- other commands ---- */

Test(storvsc_units, commands_without_data)
{
	static const uint8_t good[][10] = { { 0x00 }, { 0x1b, 0, 0, 0, 1 },
					    { 0x1b }, { 0x1e, 0, 0, 0, 1 },
					    { 0x16 }, { 0x17 } };
	struct stor_bench *b = stor_bench_started(NULL);

	for (size_t i = 0; i < 6; i++) {
		struct stor_request r = { .cdb_len = 6, .way = STOR_NONE };

		memcpy(r.cdb, good[i], 10);
		cr_expect_eq(stor_sense(b, &r), 0, "%02x", r.cdb[0]);
	}
	stor_bench_free(b);
}

Test(storvsc_units, commands_that_are_not_there)
{
	static const uint8_t opcodes[] = { 0x04, 0x3b, 0x43, 0x46, 0x52, 0x85, 0xad, 0xff };
	struct stor_bench *b = stor_bench_started(NULL);

	for (size_t i = 0; i < 8; i++) {
		const struct stor_request r = { STOR_CDB(opcodes[i], 0, 0, 0, 0, 0, 0, 0, 0, 0),
						.way = STOR_NONE };

		cr_expect_eq(stor_sense(b, &r), 0x052000, "%02x", opcodes[i]);
	}
	stor_bench_free(b);
}

Test(storvsc_units, which_commands_there_are)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r = { STOR_CDB(0xa3, 0x0c, 1, 0x93, 0, 0, 0, 0, 0, 64, 0, 0),
				  .way = STOR_IN, .data_len = 64 };

	cr_expect_eq(stor_answer(b, &r, data), 4 + 16);
	cr_expect_eq(data[1], 3);
	cr_expect_eq(stor_be(data + 2, 2), 16);
	cr_expect_eq(data[4], 0x93);
	r.cdb[3] = 0x85;
	cr_expect_eq(stor_answer(b, &r, data), 4);
	cr_expect_eq(data[1], 1);
	r.cdb[2] = 2;
	r.cdb[3] = 0x9e;
	r.cdb[5] = 0x10;
	cr_expect_eq(stor_answer(b, &r, data), 4 + 16);
	cr_expect_eq(data[1], 3);
	r.cdb[5] = 0x11;
	cr_expect_eq(stor_answer(b, &r, data), 4);
	r.cdb[3] = 0x28;
	cr_expect_eq(stor_sense(b, &r), CDB, "it has no actions");
	r.cdb[2] = 4;
	cr_expect_eq(stor_sense(b, &r), CDB);
	r.cdb[1] = 0x0a;
	cr_expect_eq(stor_sense(b, &r), 0x052400);
	stor_bench_free(b);
}
