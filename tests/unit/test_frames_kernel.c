/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that are filtered in the kernel: the program's way into the probes' object file, and what
 * becomes of the records that are left out.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/source_bpf.h"
#include "tests/unit/trace_helpers.h"

/* ---- the object file ---- */

#define BEFORE 5u /* other instructions in front of the filter, and behind it */
#define OBJECT_MAX (2 * BEFORE + VB_BPF_FILTER_LEN)

static const struct bpf_insn left = { .code = BPF_ALU | BPF_MOV | BPF_X,
				      .dst_reg = BPF_REG_0,
				      .src_reg = BPF_REG_4 };

/* The filter as it is compiled, of n instructions, among others. Returns the bytes of all. */
static size_t make_object(struct bpf_insn *ret, size_t n)
{
	const struct bpf_insn other = { .code = BPF_JMP | BPF_EXIT };
	size_t all = n + 2 * BEFORE;

	for (size_t i = 0; i < all; i++)
		ret[i] = i < BEFORE || i >= BEFORE + n ? other : left;
	return all * sizeof(*ret);
}

static const struct vb_classic nothing[] = { { .code = BPF_RET | BPF_K, .k = 0 } };
static const struct vb_frame_program program = { .insns = nothing, .n_insns = 1 };

Test(frames_kernel, the_program_stands_where_the_filter_was)
{
	struct bpf_insn object[OBJECT_MAX], want[VB_BPF_FILTER_LEN], *got;
	size_t len = make_object(object, VB_BPF_FILTER_LEN), got_len;
	struct vb_filter_object *f = NULL;

	cr_assert_eq(vb_classic_translate(nothing, 1, want), 0);
	cr_assert_eq(vb_filter_object_new(&program, object, len, &f), 0);
	got = vb_filter_object_bytes(f, &got_len);
	cr_assert_eq(got_len, len);
	cr_expect_arr_eq(got, object, BEFORE * sizeof(*got));
	cr_expect_arr_eq(got + BEFORE, want, sizeof(want));
	cr_expect_arr_eq(got + BEFORE + VB_BPF_FILTER_LEN, object, BEFORE * sizeof(*got));
	/* what it was made from is as before */
	cr_expect_arr_eq(object + BEFORE, &left, sizeof(left));
	vb_filter_object_free(f);
}

Test(frames_kernel, an_object_without_the_filter)
{
	struct bpf_insn object[OBJECT_MAX];
	struct vb_filter_object *f = NULL;
	size_t len = make_object(object, VB_BPF_FILTER_LEN - 1);

	cr_expect_eq(vb_filter_object_new(&program, object, len, &f), -ENOENT);
	cr_expect_eq(vb_filter_object_new(&program, object, 0, &f), -ENOENT);
	/* the filter's end is cut off */
	make_object(object, VB_BPF_FILTER_LEN);
	len = (BEFORE + VB_BPF_FILTER_LEN) * sizeof(*object) - 1;
	cr_expect_eq(vb_filter_object_new(&program, object, len, &f), -ENOENT);
	cr_expect_null(f);
}

Test(frames_kernel, a_program_that_cannot_stand_there)
{
	static struct vb_classic longer[VB_BPF_FILTER_LEN + 1];
	const struct vb_classic jump[] = { { .code = BPF_JMP | BPF_JA, .k = 1 } };
	struct vb_frame_program too_long = { .insns = longer, .n_insns = VB_BPF_FILTER_LEN + 1 };
	struct vb_frame_program none = { .insns = jump, .n_insns = 1 };
	struct bpf_insn object[OBJECT_MAX];
	struct vb_filter_object *f = NULL;
	size_t len = make_object(object, VB_BPF_FILTER_LEN);

	for (size_t i = 0; i <= VB_BPF_FILTER_LEN; i++)
		longer[i] = nothing[0];
	cr_expect_eq(vb_filter_object_new(&too_long, object, len, &f), -E2BIG);
	cr_expect_eq(vb_filter_object_new(&none, object, len, &f), -EINVAL);
	cr_expect_null(f);
	cr_expect(strstr(vb_filter_obstacle(-E2BIG), "too long"));
	cr_expect(strstr(vb_filter_obstacle(-EACCES), "refuses"));
	cr_expect(strstr(vb_filter_obstacle(-ENODATA), "--payload"));
}

/* ---- what was left out ---- */

#define SIZE 4096u
#define LEN 24u /* of the packets; with the trailer 32 bytes of the ring */

static void push(struct vb_merge *m, const struct vb_bpf_record *rec)
{
	uint8_t buf[sizeof(*rec) + LEN] = { 0 };

	memcpy(buf, rec, sizeof(*rec));
	cr_assert_eq(vb_merge_push(m, buf, sizeof(*rec) + rec->cap_len), 0);
}

/* A write, and how it went. */
static void push_write(struct vb_merge *m, uint64_t n, uint32_t pos, uint16_t flags)
{
	struct vb_bpf_record rec = { .type = VB_BPF_WRITE,
				     .stream = VB_BPF_S_WRITE,
				     .relid = 1,
				     .seq = n,
				     .id = n + 1,
				     .time_ns = 10 * n + 10,
				     .ring_size = SIZE,
				     .ring_pos = VB_RING_POS_UNKNOWN,
				     .wire_len = LEN,
				     .cap_len = LEN,
				     .flags = flags };
	struct vb_bpf_record done = { .type = VB_BPF_WRITE_DONE,
				      .id = n + 1,
				      .time_ns = 10 * n + 11,
				      .ring_pos = pos,
				      .flags = VB_BPF_F_TRANS_ID };

	push(m, &rec);
	push(m, &done);
}

/* Lost, by the hole of one packet between two writes with those flags. */
static uint64_t lost_in_a_hole(uint16_t flags)
{
	struct vb_merge *m;
	struct vb_merged *it;
	uint64_t lost;

	cr_assert_eq(vb_merge_new(1, &m), 0);
	push_write(m, 0, 0, flags);
	push_write(m, 1, 64, flags);
	for (int i = 0; i < 2; i++) {
		it = vb_merge_pop(m, 1000);
		cr_assert(it);
		vb_merge_release(m, it);
	}
	lost = vb_merge_lost(m, 1);
	vb_merge_free(m);
	return lost;
}

Test(frames_kernel, a_hole_that_the_filter_left_is_no_loss)
{
	cr_expect_eq(lost_in_a_hole(0), 1);
	cr_expect_eq(lost_in_a_hole(VB_BPF_F_FILTERED), 0);
}

Test(frames_kernel, what_is_left_out_is_in_the_statistics)
{
	static const uint8_t instance[16] = { 1 };
	struct vb_device_stats stats = {
		.dev = { .class = VB_CLASS_NETWORK, .name = "n", .driver = "d" },
		.received = 10,
		.lost = 1,
		.filtered = 7,
		.delivered = 2,
	};
	char *path = scratch_file();
	struct vb_trace_writer *w = writer_open(path);
	struct vb_err err = { "" };
	struct events e;

	memcpy(stats.dev.instance, instance, sizeof(instance));
	cr_assert_eq(vb_trace_writer_device(w, &stats.dev, &err), 0, "%s", err.text);
	cr_assert_eq(vb_trace_writer_close(w, &stats, 1, &err), 0, "%s", err.text);
	events_read_file(&e, path);
	cr_assert_eq(e.result, 0, "%s", e.err.text);
	cr_assert_eq(e.n_devices, 2);
	cr_expect_eq(e.devices[1].received, 10);
	cr_expect_eq(e.devices[1].filtered, 7);
	cr_expect_eq(e.devices[1].lost, 1);
	cr_expect_eq(e.devices[1].delivered, 2);
	cr_expect_eq(e.devices[0].filtered, 0);
	events_done(&e);
	unlink(path);
	free(path);
}
