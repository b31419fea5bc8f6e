/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --frames while capturing: the records of a trace as if they were captured now. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/live.h"
#include "capture/modes.h"
#include "fake_bpf.h"
#include "tests/unit/trace_helpers.h"

#ifdef VB_HAVE_PCAP

#define TRACE VB_SOURCE_DIR "/tests/golden/frames.pcapng"

static int open_trace(const struct vb_bpf_options *opt, struct vb_source **ret, struct vb_err *err)
{
	(void)opt;
	return vb_source_file_open(TRACE, ret, err);
}

static void begin(void)
{
	static const struct fake_bpf fake_bpf = { .open = open_trace };

	fake_bpf_use(&fake_bpf);
}

TestSuite(live_frames, .init = begin);

struct captured {
	char *path, said[4096];
	enum vb_exit code;
};

/* Capture with this expression; -c n, if not 0. */
static struct captured capture(const char *expression, const char *n)
{
	struct captured c = { .path = scratch_file() };
	char *argv[] = {
		"vmbusdump",	 "-i",	    "any", "-w", c.path, "--frames", (char *)expression,
		n ? "-c" : NULL, (char *)n, NULL
	};
	struct vb_err err = { "" };
	struct vb_options opt;
	struct vb_report report;
	int fds[2];
	ssize_t len;

	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(vb_options_parse(n ? 9 : 7, argv, &opt, &err), 0, "%s", err.text);
	vb_report_init(&report, "vmbusdump", false);
	dup2(fds[1], STDERR_FILENO);
	c.code = vb_run_live(&opt, &report);
	len = read(fds[0], c.said, sizeof(c.said) - 1);
	cr_assert_geq(len, 0);
	vb_report_done(&report);
	vb_options_done(&opt);
	close(fds[0]);
	close(fds[1]);
	return c;
}

static void expect_numbers(const struct captured *c, size_t n, uint32_t first_wire_len)
{
	struct events e;

	events_read_file(&e, c->path);
	cr_assert_eq(e.result, 0, "%s", e.err.text);
	cr_assert_eq(e.n, 2 + n, "%zu records: %s", e.n, c->said);
	for (size_t i = 0; i < 2; i++)
		cr_assert(e.list[i].hdr.flags & VB_REC_SYNTHESIZED);
	if (n)
		cr_assert_eq(e.list[2].hdr.wire_len, first_wire_len);
	events_done(&e);
	unlink(c->path);
	free(c->path);
}

/* State and offer stand in every file, whatever the expression is; other records only by frames. */
Test(live_frames, only_what_matches_is_written)
{
	struct captured c = capture("vlan 100 and src port 80", NULL);

	expect_numbers(&c, 1, 72);
	cr_assert_eq(c.code, VB_EXIT_DATA, "frames are missing in that trace");
	cr_assert(strstr(c.said, "frames missing because no byte of them was captured: at least 3"),
		  "%s", c.said);
}

/* Up to there all frames are whole. */
Test(live_frames, counts_matches)
{
	struct captured c = capture("tcp[tcpflags] & tcp-fin != 0", "2");

	expect_numbers(&c, 2, 56);
	cr_assert_eq(c.code, VB_EXIT_GOOD, "%s", c.said);
}

Test(live_frames, wrong_expression)
{
	struct captured c = capture("tcp prot 80", NULL);

	cr_assert_eq(c.code, VB_EXIT_USAGE);
	cr_assert(strstr(c.said, "can't parse filter expression"), "%s", c.said);
	cr_assert(!strstr(c.said, "capturing"), "%s", c.said);
	unlink(c.path);
	free(c.path);
}

#endif
