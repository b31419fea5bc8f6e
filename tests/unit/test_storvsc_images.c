/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images of disks and discs, and the drive. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "disk_made.h"
#include "tests/loop/ic_bench.h"
#include "tests/loop/stor_bench.h"

#define DRIVE 1 /* its LUN, behind one disk */
#define NO_MEDIUM 0x023a00u
#define NEW_MEDIUM 0x062800u
#define CDB 0x052400u

static const struct stor_request ready = { .lun = DRIVE,
					   STOR_CDB(0, 0, 0, 0, 0, 0),
					   .way = STOR_NONE };

static uint8_t data[STOR_DATA];

/* ---- disks ---- */

static struct stor_bench *on_image(int fd, bool write)
{
	char file[64];
	const char *const settings[] = { file, "disks=2", NULL };
	struct stor_bench *b;

	snprintf(file, sizeof(file), "file=/proc/self/fd/%d", fd);
	b = stor_bench_new_with("scsi", settings, NULL, write);
	stor_start(b, VB_STORVSC_WIN10);
	return b;
}

Test(storvsc_images, an_image_stays_as_it_is)
{
	int fd = disk_file(MIB);
	struct stor_bench *b = on_image(fd, false);

	cr_expect_eq(vb_storvsc_unit_blocks(b->s->unit[0]), 2048);
	cr_expect_eq(vb_storvsc_unit_blocks(b->s->unit[1]), 131072, "the other is in memory");
	cr_expect_eq(stor_read(b, 0, 5, 1, data), VB_SRB_SUCCESS);
	for (unsigned int i = 0; i < 512; i++)
		cr_assert_eq(data[i], disk_file_byte(5 * 512 + i));
	memset(data, 0, 512);
	cr_expect_eq(stor_write(b, 0, 5, 1, data), VB_SRB_SUCCESS);
	cr_expect_eq(stor_read(b, 0, 5, 1, data), VB_SRB_SUCCESS);
	cr_expect_eq(data[0], 0);
	stor_bench_free(b);
	disk_expect_file(fd, 0, MIB);
	close(fd);
}

Test(storvsc_images, unless_it_may_be_written_to)
{
	int fd = disk_file(MIB);
	struct stor_bench *b = on_image(fd, true);
	uint8_t byte;

	memset(data, 0, 512);
	cr_expect_eq(stor_write(b, 0, 5, 1, data), VB_SRB_SUCCESS);
	stor_bench_free(b);
	cr_assert_eq(pread(fd, &byte, 1, 5 * 512), 1);
	cr_expect_eq(byte, 0);
	disk_expect_file(fd, 6 * 512, MIB - 6 * 512);
	close(fd);
}

/* Who made it wanted something else. */
Test(storvsc_images, a_part_of_a_block)
{
	int fd = disk_file(MIB + 512);
	char file[64], why[200];
	const char *const settings[] = { file, "block=4096", NULL };
	struct vb_err err = { "" };

	snprintf(file, sizeof(file), "file=/proc/self/fd/%d", fd);
	snprintf(why, sizeof(why), "scsi: %s: its length is no multiple of 4096 bytes", file + 5);
	cr_expect_eq(ic_bench_try_settings("scsi", settings, &err), -EINVAL);
	cr_expect_str_eq(err.text, why);
	close(fd);
}

Test(storvsc_images, the_second_of_two)
{
	int fd = disk_file(MIB);
	char file[64];
	const char *const settings[] = { file, "disks=2", NULL };
	struct stor_bench *b;

	snprintf(file, sizeof(file), "file=,/proc/self/fd/%d", fd);
	b = stor_bench_started(settings);
	cr_expect_eq(vb_storvsc_unit_blocks(b->s->unit[0]), 131072);
	cr_expect_eq(vb_storvsc_unit_blocks(b->s->unit[1]), 2048);
	stor_bench_free(b);
	close(fd);
}

/* ---- an empty drive ---- */

static struct stor_request event = {
	.lun = DRIVE, STOR_CDB(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8, 0), .way = STOR_IN, .data_len = 8
};
static struct stor_request configuration = {
	.lun = DRIVE, STOR_CDB(0x46, 0, 0, 0, 0, 0, 0, 2, 0, 0), .way = STOR_IN, .data_len = 512
};

Test(storvsc_images, a_drive)
{
	const char *const settings[] = { "dvd=on", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_request r = {
		.lun = DRIVE, STOR_CDB(0x12, 0, 0, 0, 36, 0), .way = STOR_IN, .data_len = 36
	};

	cr_expect_eq(stor_answer(b, &r, data), 36);
	cr_expect_eq(data[0], 5);
	cr_expect_eq(data[1], 0x80);
	cr_expect(memcmp(data + 16, "Virtual DVD-ROM ", 16) == 0);
	r.cdb[1] = 1;
	cr_expect_eq(stor_answer(b, &r, data), 4 + 3);
	r = (struct stor_request){ .lun = DRIVE,
				   STOR_CDB(0x5a, 8, 0x2a, 0, 0, 0, 0, 0, 64, 0),
				   .way = STOR_IN,
				   .data_len = 64 };
	cr_expect_eq(stor_answer(b, &r, data), 8 + 22);
	cr_expect_eq(data[8], 0x2a);
	cr_expect_eq(data[14] >> 5, 1, "a tray");
	r.cdb[2] = 8;
	cr_expect_eq(stor_sense(b, &r), CDB);
	r = (struct stor_request){ .lun = DRIVE,
				   STOR_CDB(0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0),
				   .way = STOR_IN,
				   .data_len = 8 };
	cr_expect_eq(stor_answer(b, &r, data), 8);
	cr_expect_eq(data[5], 1);
	stor_bench_free(b);
}

Test(storvsc_images, an_empty_drive)
{
	static const uint8_t wanting[] = { 0x00, 0x25, 0x28, 0xa8, 0x43, 0x51 };
	const char *const settings[] = { "dvd=on", NULL };
	struct stor_bench *b = stor_bench_started(settings);

	for (size_t i = 0; i < sizeof(wanting); i++) {
		const struct stor_request r = { .lun = DRIVE,
						STOR_CDB(wanting[i], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
							 0),
						.way = STOR_NONE };

		cr_expect_eq(stor_sense(b, &r), NO_MEDIUM, "%02x", wanting[i]);
	}
	cr_expect_eq(stor_answer(b, &event, data), 8);
	cr_expect_eq(stor_be(data, 4), 0x00060410);
	cr_expect_eq(data[5], 0);
	stor_answer(b, &configuration, data);
	cr_expect_eq(stor_be(data + 6, 2), 0, "no profile");
	stor_bench_free(b);
}

/* ---- a disc ---- */

static struct stor_bench *with_disc(int fd)
{
	char medium[64];
	const char *const settings[] = { "dvd=on", medium, NULL };
	struct stor_bench *b;

	snprintf(medium, sizeof(medium), "medium=/proc/self/fd/%d", fd);
	b = stor_bench_started(settings);
	cr_assert_eq(stor_sense(b, &ready), NEW_MEDIUM);
	cr_assert_eq(stor_sense(b, &ready), 0);
	return b;
}

Test(storvsc_images, a_disc)
{
	int fd = disk_file(100 * 2048 + 512);
	struct stor_bench *b = with_disc(fd);
	struct stor_request r = { .lun = DRIVE,
				  STOR_CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0),
				  .way = STOR_IN,
				  .data_len = 8 };

	cr_expect_eq(stor_answer(b, &r, data), 8);
	cr_expect_eq(stor_be(data, 4), 99);
	cr_expect_eq(stor_be(data + 4, 4), 2048);
	r = (struct stor_request){ .lun = DRIVE,
				   STOR_CDB(0x28, 0, 0, 0, 0, 7, 0, 0, 3, 0),
				   .way = STOR_IN,
				   .data_len = 3 * 2048 };
	cr_expect_eq(stor_answer(b, &r, data), 3 * 2048);
	for (unsigned int i = 0; i < 3 * 2048; i++)
		cr_assert_eq(data[i], disk_file_byte(7 * 2048 + i));
	r.cdb[5] = 98;
	cr_expect_eq(stor_sense(b, &r), 0x052100);
	r.cdb[0] = 0x2a;
	cr_expect_eq(stor_sense(b, &r), 0x052000, "nothing is written to it");
	stor_bench_free(b);
	close(fd);
}

Test(storvsc_images, table_of_contents)
{
	int fd = disk_file(10000 * 2048);
	struct stor_bench *b = with_disc(fd);
	struct stor_request r = { .lun = DRIVE,
				  STOR_CDB(0x43, 0, 0, 0, 0, 0, 0, 0, 64, 0),
				  .way = STOR_IN,
				  .data_len = 64 };

	cr_expect_eq(stor_answer(b, &r, data), 20);
	cr_expect_eq(stor_be(data, 4), 0x00120101);
	cr_expect_eq(stor_be(data + 4, 8), UINT64_C(0x0014010000000000));
	cr_expect_eq(stor_be(data + 12, 8), UINT64_C(0x0014aa0000002710));
	r.cdb[1] = 2;
	stor_answer(b, &r, data);
	cr_expect_eq(stor_be(data + 8, 4), 0x00000200);
	cr_expect_eq(stor_be(data + 16, 4), (2 << 16) | (15 << 8) | 25, "10150 frames");
	r.cdb[6] = 0xaa;
	cr_expect_eq(stor_answer(b, &r, data), 12);
	r.cdb[6] = 2;
	cr_expect_eq(stor_sense(b, &r), CDB);
	r.cdb[2] = 1;
	cr_expect_eq(stor_answer(b, &r, data), 12, "the session");
	r.cdb[2] = 2;
	cr_expect_eq(stor_sense(b, &r), CDB);
	r = (struct stor_request){ .lun = DRIVE,
				   STOR_CDB(0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0),
				   .way = STOR_IN,
				   .data_len = 34 };
	cr_expect_eq(stor_answer(b, &r, data), 34);
	cr_expect_eq(stor_be(data, 8), UINT64_C(0x00200e0101010120));
	stor_bench_free(b);
	close(fd);
}

Test(storvsc_images, features)
{
	int fd = disk_file(MIB);
	struct stor_bench *b = with_disc(fd);
	struct stor_request r = configuration;
	uint32_t len = stor_answer(b, &r, data);

	cr_expect_eq(stor_be(data, 4), len - 4);
	cr_expect_eq(stor_be(data + 6, 2), 0x10);
	cr_expect_eq(stor_be(data + 8, 4), 0x00000308);
	r.cdb[1] = 2;
	r.cdb[3] = 0x10;
	cr_expect_eq(stor_answer(b, &r, data), 8 + 12);
	cr_expect_eq(stor_be(data + 8, 8), 0x0010010800000800);
	r.cdb[1] = 1;
	r.cdb[3] = 0x1e;
	cr_expect_eq(stor_answer(b, &r, data), 8 + 8, "those that are current");
	cr_expect_eq(stor_be(data + 8, 2), 0x1f);
	r.cdb[1] = 3;
	cr_expect_eq(stor_sense(b, &r), CDB);
	stor_bench_free(b);
	close(fd);
}

/* ---- in and out ---- */

static uint8_t media_event(struct stor_bench *b)
{
	cr_assert_eq(stor_answer(b, &event, data), 8);
	return data[4];
}

static uint32_t tray(struct stor_bench *b, uint8_t flags)
{
	const struct stor_request r = { .lun = DRIVE,
					STOR_CDB(0x1b, 0, 0, 0, flags, 0),
					.way = STOR_NONE };

	return stor_sense(b, &r);
}

Test(storvsc_images, in_and_out)
{
	int fd = disk_file(MIB);
	struct stor_bench *b = with_disc(fd);
	struct loop_request rq;

	cr_expect_eq(media_event(b), 2);
	cr_expect_eq(data[5], 2);
	cr_expect_eq(media_event(b), 0);
	cr_expect_eq(stor_word(b, "insert", &rq), -EBUSY);
	stor_do(b, "eject");
	cr_expect_eq(stor_sense(b, &ready), NO_MEDIUM);
	cr_expect_eq(media_event(b), 3);
	cr_expect_eq(data[5], 0);
	cr_expect_eq(stor_word(b, "eject", &rq), -ENOENT);
	stor_do(b, "insert");
	cr_expect_eq(stor_sense(b, &ready), NEW_MEDIUM);
	cr_expect_eq(media_event(b), 2);
	cr_expect_eq(tray(b, 2), 0, "the guest ejects");
	cr_expect_eq(stor_sense(b, &ready), NO_MEDIUM);
	cr_expect_eq(tray(b, 3), 0, "and loads");
	cr_expect_eq(stor_sense(b, &ready), NEW_MEDIUM);
	cr_expect_eq(tray(b, 0), 0);
	cr_expect_eq(stor_sense(b, &ready), 0, "stopped is not ejected");
	stor_do(b, "eject");
	cr_expect_eq(stor_word(b, "insert /nonexistent/x", &rq), -ENOENT);
	cr_expect(strstr(rq.text, "nonexistent"), "%s", rq.text);
	event.cdb[1] = 0;
	cr_expect_eq(stor_sense(b, &event), CDB, "nobody is told by itself");
	event.cdb[1] = 1;
	event.cdb[4] = 2;
	cr_expect_eq(stor_answer(b, &event, data), 4);
	cr_expect_eq(data[2], 0x80, "events of another kind");
	stor_bench_free(b);
	close(fd);
}

Test(storvsc_images, a_guest_that_keeps_it)
{
	int fd = disk_file(MIB);
	struct stor_bench *b = with_disc(fd);
	struct stor_request keep = { .lun = DRIVE,
				     STOR_CDB(0x1e, 0, 0, 0, 1, 0),
				     .way = STOR_NONE };

	cr_assert_eq(stor_sense(b, &keep), 0);
	cr_expect_eq(tray(b, 2), 0x055302);
	media_event(b);
	stor_do(b, "eject");
	cr_expect_eq(media_event(b), 1, "it is asked");
	cr_expect_eq(stor_sense(b, &ready), 0);
	keep.cdb[4] = 0;
	cr_assert_eq(stor_sense(b, &keep), 0);
	cr_expect_eq(tray(b, 2), 0);
	stor_do(b, "insert");
	stor_calm(b, DRIVE);
	keep.cdb[4] = 1;
	cr_assert_eq(stor_sense(b, &keep), 0);
	stor_do(b, "eject force");
	cr_expect_eq(stor_sense(b, &ready), NO_MEDIUM);
	stor_bench_free(b);
	close(fd);
}

/* Nobody, not even root, may write to a program that runs. */
Test(storvsc_images, what_is_only_read_need_not_be_writable)
{
	const char *const settings[] = { "dvd=on", "medium=/proc/self/exe", NULL };
	struct stor_bench *b = stor_bench_new_with("scsi", settings, NULL, true);

	stor_start(b, VB_STORVSC_WIN10);
	cr_expect_eq(stor_sense(b, &ready), NEW_MEDIUM);
	cr_expect_eq(stor_sense(b, &ready), 0);
	stor_bench_free(b);
}

Test(storvsc_images, discs_that_are_none)
{
	int fd = disk_file(2047);
	const char *const settings[] = { "dvd=on", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct loop_request rq;
	char line[64];

	snprintf(line, sizeof(line), "insert /proc/self/fd/%d", fd);
	cr_expect_eq(stor_word(b, line, &rq), -EINVAL, "not a single block");
	cr_expect_eq(stor_word(b, "insert", &rq), -EINVAL, "there is no image");
	cr_expect_eq(stor_word(b, "resize 1 5", &rq), -EINVAL);
	cr_expect_eq(stor_sense(b, &ready), NO_MEDIUM);
	stor_bench_free(b);
	close(fd);
}
