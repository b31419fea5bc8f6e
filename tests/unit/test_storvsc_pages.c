/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What programs ask a disk or a drive about itself: logs, commands; and a disc about its tracks. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "disk_made.h"
#include "tests/loop/stor_bench.h"

#define CDB 0x052400u

static uint8_t data[4096];

/* ---- logs ---- */

static struct stor_request log_sense(uint8_t page, uint8_t subpage)
{
	return (struct stor_request){ STOR_CDB(0x4d, 0, page, subpage, 0, 0, 0, 1, 0, 0),
				      .way = STOR_IN, .data_len = 256 };
}

static void expect_log(struct stor_bench *b, uint8_t page, uint8_t subpage, const void *bytes,
		       uint32_t len)
{
	struct stor_request r = log_sense(page, subpage);

	cr_expect_eq(stor_answer(b, &r, data), len, "page 0x%02x", page);
	cr_expect(memcmp(data, bytes, len) == 0, "page 0x%02x", page);
}

#define LOG(b, page, subpage, ...)                                                                 \
	expect_log(b, page, subpage, ((const uint8_t[]){ __VA_ARGS__ }),                           \
		   sizeof((const uint8_t[]){ __VA_ARGS__ }))

Test(storvsc_pages, logs)
{
	struct stor_bench *b = stor_bench_started(NULL);

	LOG(b, 0x40, 0, 0, 0, 0, 4, 0, 0x0d, 0x11, 0x2f);
	LOG(b, 0x40, 0xff, 0x40, 0xff, 0, 8, 0, 0, 0x0d, 0, 0x11, 0, 0x2f, 0);
	LOG(b, 0x4d, 0, 0x0d, 0, 0, 12, 0, 0, 3, 2, 0, 30, 0, 1, 3, 2, 0, 65);
	LOG(b, 0x51, 0, 0x11, 0, 0, 8, 0, 1, 3, 4, 0, 0, 0, 0);
	LOG(b, 0x6f, 0, 0x2f, 0, 0, 8, 0, 0, 3, 4, 0, 0, 30, 0);
	LOG(b, 0x0d, 0, 0x0d, 0, 0, 12, 0, 0, 3, 2, 0, 30, 0, 1, 3, 2, 0, 65);
	stor_bench_free(b);
}

Test(storvsc_pages, logs_from_a_parameter_on)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r = log_sense(0x4d, 0);

	r.cdb[6] = 1;
	cr_expect_eq(stor_answer(b, &r, data), 10);
	cr_expect_eq(stor_be(data + 2, 2), 6);
	cr_expect_eq(stor_be(data + 4, 2), 1);
	r.cdb[6] = 2;
	cr_expect_eq(stor_sense(b, &r), CDB);
	stor_bench_free(b);
}

Test(storvsc_pages, logs_that_are_not_there)
{
	const char *const settings[] = { "disks=1", "dvd=on", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_request r = log_sense(0x42, 0);

	cr_expect_eq(stor_sense(b, &r), CDB, "no such page");
	r = log_sense(0x4d, 1);
	cr_expect_eq(stor_sense(b, &r), CDB, "no such subpage");
	r = log_sense(0x4d, 0xff);
	cr_expect_eq(stor_sense(b, &r), CDB);
	r = log_sense(0x40, 0);
	r.cdb[1] = 1;
	cr_expect_eq(stor_sense(b, &r), CDB, "nothing is saved");
	r.cdb[1] = 0;
	r.lun = 1;
	cr_expect_eq(stor_sense(b, &r), 0x052000, "a drive keeps none");
	stor_bench_free(b);
}

/* ---- all commands ---- */

/* What the list says of a command: its entry; NULL: nothing. */
static const uint8_t *entry(uint32_t len, uint8_t opcode, uint16_t action)
{
	for (uint32_t at = 4; at < len; at += 8)
		if (data[at] == opcode && stor_be(data + at + 2, 2) == action)
			return data + at;
	return NULL;
}

Test(storvsc_pages, all_commands)
{
	const char *const settings[] = { "disks=1", "dvd=on", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_request r = { STOR_CDB(0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0),
				  .way = STOR_IN, .data_len = 4096 };
	uint32_t len = stor_answer(b, &r, data);
	const uint8_t *e;

	cr_assert_geq(len, 4 + 8 * 40);
	cr_expect_eq(stor_be(data, 4), len - 4);
	e = entry(len, 0x9e, 0x12);
	cr_assert(e);
	cr_expect_eq(e[5], 1);
	cr_expect_eq(stor_be(e + 6, 2), 16);
	e = entry(len, 0x28, 0);
	cr_assert(e);
	cr_expect_eq(e[5], 0);
	cr_expect_eq(stor_be(e + 6, 2), 10);
	cr_expect(entry(len, 0x5f, 6));
	cr_expect(!entry(len, 0x43, 0), "of drives");
	cr_expect(!entry(len, 0x42, 0), "of thin disks");
	/* each of them can be asked for, too */
	for (uint32_t at = 4; at < len; at += 8) {
		struct stor_request one = { STOR_CDB(0xa3, 0x0c, 3, data[at], data[at + 2],
						     data[at + 3], 0, 0, 0, 64, 0, 0),
					    .way = STOR_IN, .data_len = 64 };
		uint8_t answer[64];

		stor_answer(b, &one, answer);
		cr_expect_eq(answer[1], 3, "%02x", data[at]);
	}
	r.lun = 1;
	len = stor_answer(b, &r, data);
	cr_expect(entry(len, 0x43, 0));
	cr_expect(!entry(len, 0x2a, 0), "of disks");
	stor_bench_free(b);
}

/* ---- discs ---- */

#define DISC_BLOCKS 100u

static struct stor_bench *with_disc(int fd)
{
	char medium[64];
	const char *const settings[] = { "disks=0", "dvd=on", medium, NULL };
	struct stor_bench *b;

	snprintf(medium, sizeof(medium), "medium=/proc/self/fd/%d", fd);
	b = stor_bench_started(settings);
	stor_calm(b, 0);
	return b;
}

static struct stor_request dvd_structure(uint8_t format)
{
	return (struct stor_request){ STOR_CDB(0xad, 0, 0, 0, 0, 0, 0, format, 16, 0, 0, 0),
				      .way = STOR_IN, .data_len = 4096 };
}

Test(storvsc_pages, structure_of_a_disc)
{
	int fd = disk_file(DISC_BLOCKS * 2048);
	struct stor_bench *b = with_disc(fd);
	struct stor_request r = dvd_structure(0);

	cr_assert_eq(stor_answer(b, &r, data), 2052);
	cr_expect_eq(stor_be(data, 2), 2050);
	cr_expect_eq(stor_be(data + 4, 4), 0x01020100);
	cr_expect_eq(stor_be(data + 8, 4), 0x30000);
	cr_expect_eq(stor_be(data + 12, 4), 0x30000 + DISC_BLOCKS - 1);
	r = dvd_structure(1);
	cr_expect_eq(stor_answer(b, &r, data), 8);
	cr_expect_eq(stor_be(data, 8), UINT64_C(0x0006000000000000));
	r = dvd_structure(4);
	cr_expect_eq(stor_sense(b, &r), CDB);
	r = dvd_structure(0);
	r.cdb[6] = 1;
	cr_expect_eq(stor_sense(b, &r), CDB, "it has one layer");
	stor_do(b, "eject");
	stor_calm(b, 0);
	r.cdb[6] = 0;
	cr_expect_eq(stor_sense(b, &r), 0x023a00);
	stor_bench_free(b);
	close(fd);
}

Test(storvsc_pages, track_of_a_disc)
{
	int fd = disk_file(DISC_BLOCKS * 2048);
	struct stor_bench *b = with_disc(fd);
	struct stor_request r = { STOR_CDB(0x52, 1, 0, 0, 0, 1, 0, 0, 64, 0), .way = STOR_IN,
				  .data_len = 64 };

	cr_assert_eq(stor_answer(b, &r, data), 36);
	cr_expect_eq(stor_be(data, 8), UINT64_C(0x0022010100040102));
	cr_expect_eq(stor_be(data + 8, 4), 0);
	cr_expect_eq(stor_be(data + 24, 4), DISC_BLOCKS);
	cr_expect_eq(stor_be(data + 28, 4), DISC_BLOCKS - 1);
	r.cdb[5] = 2;
	cr_expect_eq(stor_sense(b, &r), CDB, "no second track");
	r.cdb[1] = 0;
	cr_expect_eq(stor_answer(b, &r, data), 36, "a block in it");
	r.cdb[2] = 0xff;
	cr_expect_eq(stor_sense(b, &r), CDB, "a block behind it");
	r.cdb[1] = 3;
	cr_expect_eq(stor_sense(b, &r), CDB);
	stor_bench_free(b);
	close(fd);
}
