/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs say: lines with their name, and nothing that moves a terminal. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "capture/report.h"

static struct vb_report report;
static FILE *file;

/* Each test is a process of its own: what it does to its descriptors stays there. */
static void begin(int fd)
{
	vb_report_init(&report, "prog", false);
	file = tmpfile();
	cr_assert_not_null(file);
	cr_assert_geq(dup2(fileno(file), fd), 0);
}

static void expect_written(const char *expected)
{
	char text[4096] = "";
	ssize_t n = pread(fileno(file), text, sizeof(text) - 1, 0);

	cr_assert_geq(n, 0);
	cr_expect_str_eq(text, expected);
	fclose(file);
	vb_report_done(&report);
}

Test(report, lines_have_the_name)
{
	begin(STDERR_FILENO);
	vb_report_say(&report, "%d record%s", 1, vb_plural(1));
	expect_written("prog: 1 record\n");
}

Test(report, progress_has_the_time)
{
	begin(STDERR_FILENO);
	vb_report_progress(&report, 1599999999, "up\x1b[2J\x7f");
	vb_report_progress(&report, UINT64_C(1234000000000), "late");
	report.quiet = true;
	vb_report_progress(&report, 0, "not said");
	expect_written("prog: [  1.599] up [2J \nprog: [1234.000] late\n");
}

Test(report, trouble_line_by_line)
{
	begin(STDERR_FILENO);
	report.quiet = true;
	vb_report_trouble(&report, "one\n\ttwo\r\n\nthree");
	vb_report_trouble(&report, "");
	expect_written("prog: one\nprog:  two \nprog: \nprog: three\n");
}

Test(report, output_goes_out_at_once)
{
	begin(STDOUT_FILENO);
	vb_buf_str(&report.out, "before ");
	vb_report_output(&report, "a\0b", 3);
	cr_expect_eq(lseek(STDOUT_FILENO, 0, SEEK_CUR), 10);
	cr_expect_eq(report.failed, 0);
	expect_written("before a");
}

Test(report, output_that_cannot_be_written)
{
	int fd = open("/dev/full", O_WRONLY);

	begin(STDERR_FILENO);
	cr_assert_geq(dup2(fd, STDOUT_FILENO), 0);
	vb_report_output(&report, "text", 4);
	cr_expect_eq(report.failed, -ENOSPC);
	vb_report_output(&report, "more", 4);
	cr_expect_eq(report.failed, -ENOSPC);
	cr_expect_eq(report.out.len, 0, "nothing piles up");
	expect_written("");
}
