/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File copy: every piece in its place, and every way to fail. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/loop/ic_bench.h"

enum { START, WRITE, COMPLETE, CANCEL };

/* struct hv_fcopy_hdr, struct hv_start_fcopy, struct hv_do_fcopy */
struct fcopy {
	uint32_t operation;
	uint8_t service[32];
	union {
		struct {
			uint8_t file_name[520], path_name[520];
			uint32_t flags;
			uint64_t size;
		} __attribute__((packed)) start;
		struct {
			uint32_t pad;
			uint64_t offset;
			uint32_t size;
			uint8_t data[6144];
		} __attribute__((packed)) write;
	};
} __attribute__((packed));

/* A copy of a file of so many bytes, which count. */
struct copy {
	struct ic_bench *b;
	struct ic_request r;
	char file[32];
};

static uint8_t byte_at(uint64_t at)
{
	return (uint8_t)(at * 7 + at / 6144);
}

static void begin(struct copy *c, size_t size, const char *words)
{
	static const char *const settings[] = { "progress=2", NULL };
	char line[200];
	FILE *f;
	int fd;

	strcpy(c->file, "/tmp/vb-fcopy-XXXXXX");
	fd = mkstemp(c->file);
	cr_assert_geq(fd, 0);
	f = fdopen(fd, "w");
	for (size_t i = 0; i < size; i++)
		putc(byte_at(i), f);
	fclose(f);
	c->b = ic_bench_new("fcopy", settings);
	ic_bench_negotiate(c->b, 3, 1, 1);
	snprintf(line, sizeof(line), "copy %s %s", c->file, words);
	ic_bench_command(c->b, &c->r, line);
}

static void end(struct copy *c)
{
	ic_bench_expect_nothing(c->b);
	ic_bench_free(c->b);
	unlink(c->file);
}

static void take(struct copy *c, uint32_t operation, struct ic_wire *ret)
{
	static const uint16_t sizes[] = { 1088, 6196, 36, 36 };
	const struct fcopy *f = (const void *)ret->body;

	ic_bench_take(c->b, ret);
	cr_assert_eq(ret->message_type, 7);
	cr_assert_eq(f->operation, operation, "%u", f->operation);
	cr_assert_eq(ret->size, sizes[operation]);
}

static void answer(struct copy *c, uint32_t operation, uint32_t status)
{
	struct ic_wire w;

	take(c, operation, &w);
	ic_bench_answer(c->b, &w, status);
}

static void expect_piece(struct copy *c, uint64_t offset, uint32_t size)
{
	const struct fcopy *f;
	struct ic_wire w;

	take(c, WRITE, &w);
	f = (const void *)w.body;
	cr_expect_eq(f->write.offset, offset);
	cr_expect_eq(f->write.size, size);
	for (uint32_t i = 0; i < 6144; i++)
		cr_assert_eq(f->write.data[i], i < size ? byte_at(offset + i) : 0, "%u", i);
	ic_bench_answer(c->b, &w, 0);
}

Test(ic_fcopy, a_file)
{
	const struct fcopy *f;
	struct ic_wire w;
	struct copy c;

	begin(&c, 2 * 6144 + 100, "/var/lib/x.bin overwrite create-path");
	take(&c, START, &w);
	f = (const void *)w.body;
	cr_expect_arr_eq(f->start.file_name, "x\0.\0b\0i\0n\0\0\0", 12);
	cr_expect_arr_eq(f->start.path_name, "/\0v\0a\0r\0/\0l\0i\0b\0/\0\0\0", 20);
	cr_expect_eq(f->start.flags, 3);
	cr_expect_eq(f->start.size, 2 * 6144 + 100);
	ic_bench_answer(c.b, &w, 0);
	expect_piece(&c, 0, 6144);
	cr_expect_eq(c.r.n_progress, 0);
	expect_piece(&c, 6144, 6144);
	cr_expect_eq(c.r.n_progress, 1);
	cr_expect_str_eq(c.r.progress, "12288 of 12388 bytes");
	ic_bench_advance(c.b, 5 * MS);
	expect_piece(&c, 12288, 100);
	cr_expect_eq(c.r.n_done, 0);
	answer(&c, COMPLETE, 0);
	ic_expect_done(&c.r, 0, "12388 bytes copied in 5000000 ns");
	end(&c);
}

Test(ic_fcopy, an_empty_file)
{
	struct copy c;

	begin(&c, 0, "/x");
	answer(&c, START, 0);
	answer(&c, COMPLETE, 0);
	ic_expect_done(&c.r, 0, "0 bytes");
	end(&c);
}

Test(ic_fcopy, whole_pieces)
{
	struct copy c;

	begin(&c, 6144, "/x");
	answer(&c, START, 0);
	expect_piece(&c, 0, 6144);
	answer(&c, COMPLETE, 0);
	ic_expect_done(&c.r, 0, NULL);
	end(&c);
}

Test(ic_fcopy, a_guest_that_refuses_the_file)
{
	struct copy c;

	begin(&c, 10, "/x");
	answer(&c, START, 0x80070050);
	ic_expect_done(&c.r, -EREMOTEIO,
		       "start at byte 0: the guest answered 0x80070050 (already exists)");
	end(&c);
}

Test(ic_fcopy, a_write_that_fails_cancels)
{
	struct copy c;

	begin(&c, 20000, "/x");
	answer(&c, START, 0);
	expect_piece(&c, 0, 6144);
	answer(&c, WRITE, 0x80070070);
	cr_expect_eq(c.r.n_done, 0);
	/* the user-space daemon of Linux 6.10 fails each cancel */
	answer(&c, CANCEL, 0x80004005);
	ic_expect_done(&c.r, -EREMOTEIO,
		       "write at byte 6144: the guest answered 0x80070070 (disk full)");
	end(&c);
}

Test(ic_fcopy, a_guest_that_falls_silent)
{
	struct ic_wire w;
	struct copy c;

	begin(&c, 20000, "/x");
	answer(&c, START, 0);
	ic_bench_advance(c.b, 60 * S);
	cr_expect_eq(c.r.n_done, 0);
	take(&c, WRITE, &w);
	ic_bench_advance(c.b, 60 * S);
	ic_expect_done(&c.r, -ETIMEDOUT, "write at byte 0");
	take(&c, CANCEL, &w);
	end(&c);
}

Test(ic_fcopy, a_channel_closed_in_the_middle)
{
	struct copy c;

	begin(&c, 20000, "/x");
	answer(&c, START, 0);
	ic_bench_close(c.b);
	ic_expect_done(&c.r, -ENOTCONN, "closed");
	ic_bench_free(c.b);
	unlink(c.file);
}

Test(ic_fcopy, a_file_that_becomes_shorter)
{
	struct copy c;

	begin(&c, 20000, "/x");
	cr_assert_eq(truncate(c.file, 7000), 0);
	answer(&c, START, 0);
	/* what stdio read ahead it has */
	answer(&c, WRITE, 0);
	answer(&c, CANCEL, 0);
	ic_expect_done(&c.r, -EIO, "shorter");
	end(&c);
}

Test(ic_fcopy, one_copy_at_a_time)
{
	struct ic_request second;
	struct copy c;

	begin(&c, 10, "/x");
	ic_bench_command(c.b, &second, "copy /dev/null /y");
	ic_expect_done(&second, -EBUSY, "under way");
	answer(&c, START, 0x80004005);
	ic_expect_done(&c.r, -EREMOTEIO, NULL);
	end(&c);
}

static void expect_refused(const char *line, int status, const char *part)
{
	struct ic_bench *b = ic_bench_new("fcopy", NULL);
	struct ic_request r;

	ic_bench_negotiate(b, 3, 1, 1);
	ic_bench_command(b, &r, line);
	ic_expect_done(&r, status, part);
	ic_bench_expect_nothing(b);
	ic_bench_free(b);
}

Test(ic_fcopy, files_and_words_that_will_not_do)
{
	char line[1000] = "copy /dev/null /";

	expect_refused("copy /does/not/exist /x", -ENOENT, "/does/not/exist: No such file");
	expect_refused("copy /tmp /x", -EISDIR, "no regular file");
	expect_refused("copy /dev/null /x", -EISDIR, "no regular file");
	expect_refused("copy " VB_SOURCE_DIR "/LICENSE x", -EINVAL, "GUESTPATH");
	expect_refused("copy " VB_SOURCE_DIR "/LICENSE /x/", -EINVAL, "GUESTPATH");
	expect_refused("copy " VB_SOURCE_DIR "/LICENSE /x twice", -EINVAL, "GUESTPATH");
	expect_refused("copy x", -EINVAL, "GUESTPATH");
	memset(line + strlen(line), 'n', 260);
	expect_refused(line, -EINVAL, "GUESTPATH");
}
