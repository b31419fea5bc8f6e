/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a packet refers to outside the ring, from the probes' record to the trace's. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/source_bpf.h"

_Static_assert(sizeof(struct vb_bpf_segment) == sizeof(struct vb_segment),
	       "the trace has them as is");

static const struct vb_bpf_record written = {
	.time_ns = 10,
	.id = 1,
	.type = VB_BPF_WRITE,
	.relid = 1,
	.ring_size = 4096,
	.wire_len = 5,
	.cap_len = 5,
	.ext_len = 20,
	.ext_wire_len = 100,
	.flags = VB_BPF_F_EXT_CUT,
};

static const struct vb_bpf_record done = {
	.time_ns = 20,
	.id = 1,
	.type = VB_BPF_WRITE_DONE,
	.flags = VB_BPF_F_TRANS_ID,
};

/* It stands behind the packet, from the next multiple of 4 on. */
Test(merge_ext, stands_behind_the_packet)
{
	uint8_t buf[sizeof(written) + 8 + 20] = { 0 };
	struct vb_record_header h;
	struct vb_merged *it;
	struct vb_merge *m;

	memcpy(buf, &written, sizeof(written));
	memset(buf + sizeof(written) + 8, 7, 20);
	cr_assert_eq(vb_merge_new(1, &m), 0);
	cr_assert_eq(vb_merge_push(m, buf, sizeof(buf) - 1), -EINVAL);
	cr_assert_eq(vb_merge_push(m, buf, sizeof(buf)), 0);
	cr_assert_eq(vb_merge_push(m, &done, sizeof(done)), 0);
	it = vb_merge_pop(m, 100);
	cr_assert_not_null(it);
	vb_merged_header(it, 1, &h);
	cr_expect_eq(h.cap_len, 5);
	cr_expect_eq(h.ext_len, 20);
	cr_expect_eq(h.ext_wire_len, 100);
	cr_expect_eq(h.flags, VB_REC_EXT_CUT, "whatever the outcome says");
	cr_expect_eq(vb_merged_ext(it)[0], 7);
	cr_expect_eq(vb_merged_ext(it)[19], 7);
	cr_expect_eq(vb_merge_held(m), 0);
	vb_merge_release(m, it);
	vb_merge_free(m);
}
