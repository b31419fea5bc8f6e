/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures of a session: every one has its own name and value, and memory is what is left of it.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dissectors/sinks.h"
#include "replay/stats.h"

static const struct vb_session_result result = {
	.release = "6.1 \"x\"",
	.boot_ns = 1,
	.host = { .messages_in = 2, .messages_out = 3, .packets_in = 4, .packets_out = 5 },
	.vm = { .exits = 6, .host_cpu_ns = 7, .control_cpu_ns = 8, .packets_cpu_ns = 9 },
	.memory = { .peak = 30, .guest = 20, .own = VB_UNKNOWN },
};

Test(stats, json)
{
	struct vb_buf b = { 0 };

	vb_stats_json(&result, &b);
	cr_assert_eq(strncmp(b.data, "{\"kernel\":\"6.1 \\\"x\\\"\",\"boot_ns\":1,", 34), 0);
	cr_assert(strstr(b.data, ",\"control_in\":2,\"control_out\":3,\"packets_in\":4,"));
	cr_assert(strstr(b.data, ",\"packets_out\":5,"));
	cr_assert(strstr(b.data, ",\"exits\":6,"));
	cr_assert(strstr(b.data, ",\"cpu_ns\":7,\"cpu_control_ns\":8,\"cpu_packets_ns\":9,"));
	cr_assert(strstr(b.data, ",\"memory_guest_bytes\":20,\"memory_own_bytes\":null,"));
	cr_assert_str_eq(b.data + b.len - 2, "}\n");
	vb_buf_done(&b);
}

Test(stats, text)
{
	struct vb_buf b = { 0 };

	vb_stats_text(&result, &b);
	cr_assert_str_eq(b.data, "2 control messages in, 3 out, 4 packets in, 5 out");
	vb_buf_done(&b);
}

Test(stats, a_file_that_cannot_be_written)
{
	struct vb_err err = { "" };

	cr_assert_eq(vb_stats_write(&result, "/nowhere/stats", &err), -ENOENT);
	cr_assert(strstr(err.text, "/nowhere/stats"));
	if (access("/dev/full", W_OK) == 0)
		cr_assert_eq(vb_stats_write(&result, "/dev/full", &err), -ENOSPC);
}

Test(memory_use, what_is_left_of_the_peak)
{
	struct vb_memory_use m;

	vb_memory_use_parse("Name:\tx\nVmHWM:\t    3000 kB\nVmRSS:\t 2900 kB\nRssAnon:\t 10 kB\n"
			    "RssShmem:\t    1000 kB\n",
			    &m);
	cr_assert_eq(m.peak, 3000 * 1024);
	cr_assert_eq(m.guest, 1000 * 1024);
	cr_assert_eq(m.own, 2000 * 1024);
}

Test(memory_use, what_is_not_known_is_not_zero)
{
	struct vb_memory_use m;

	vb_memory_use_parse("", &m);
	cr_assert_eq(m.peak, VB_UNKNOWN);
	cr_assert_eq(m.own, VB_UNKNOWN);
	vb_memory_use_parse("VmHWM:\t10 kB\nRssShmem:\t20 kB\n", &m);
	cr_assert_eq(m.own, VB_UNKNOWN);
	vb_memory_use_parse("VmHWM:\t10 MB\nRssShmem:\t2 kB\n", &m);
	cr_assert_eq(m.peak, VB_UNKNOWN);
}

Test(memory_use, of_this_process)
{
	struct vb_memory_use m;

	vb_memory_use(&m);
	cr_assert_neq(m.own, VB_UNKNOWN);
	cr_assert_gt(m.peak, 4096);
}
