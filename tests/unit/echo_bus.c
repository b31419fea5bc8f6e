/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/echo_bus.h"

#include <criterion/criterion.h>

void echo_start(struct echo_bus *b, const struct loop_options *opt, uint32_t vp)
{
	b->device = guest_start(&b->guest, &b->loop, opt);
	guest_connect(&b->guest, VB_VMBUS_5_3);
	guest_open(&b->guest, &b->chan, 1, 3, vp);
}

void echo_end(struct echo_bus *b)
{
	guest_unmap(&b->chan);
	loop_done(&b->loop);
}

struct loop_echo_state *echo_state(const struct echo_bus *b)
{
	return vb_hdevice_state(b->device);
}

struct vb_host_stats echo_stats(const struct echo_bus *b)
{
	struct vb_host_stats s;

	vb_host_get_stats(b->loop.host, &s);
	return s;
}

void echo_command(struct echo_bus *b, const char *line)
{
	struct loop_request rq;

	loop_command(&b->loop, &rq, line);
	cr_assert_eq(rq.n_done, 1);
	cr_assert_eq(rq.status, 0, "%s", rq.text);
}

void echo_fault(struct echo_bus *b, const char *spec)
{
	struct vb_err err;

	cr_assert_eq(vb_host_fault(b->loop.host, spec, &err), 0, "%s", err.text);
}
