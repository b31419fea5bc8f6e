/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Merging records of several CPUs: order, outcomes, losses.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/source_bpf.h"

#define SIZE 4096u /* of the rings */
#define LEN 24u	   /* of the packets; with the trailer 32 bytes of the ring */

struct bench {
	struct vb_merge *m;
	uint64_t lost; /* what the kernel has counted for channel 1 */
	uint64_t seq[4][VB_BPF_N_STREAMS];
};

static struct bench *bench;

static void setup(void)
{
	bench = calloc(1, sizeof(*bench));
	cr_assert(bench);
	cr_assert_eq(vb_merge_new(4, &bench->m), 0);
}

static void teardown(void)
{
	vb_merge_free(bench->m);
	free(bench);
}

/* A record of CPU cpu at time ns about channel relid; its bytes are all the time. */
static struct vb_bpf_record record(uint16_t type, uint32_t cpu, uint64_t ns, uint32_t relid)
{
	struct vb_bpf_record rec = {
		.time_ns = ns,
		.cpu = cpu,
		.type = type,
		.relid = relid,
		.ring_size = SIZE,
		.ring_pos = VB_RING_POS_UNKNOWN,
		.lost = bench->lost,
	};

	rec.stream = type == VB_BPF_MESSAGE ? VB_BPF_S_MESSAGE :
		     type == VB_BPF_POST    ? VB_BPF_S_POST :
		     type == VB_BPF_WRITE   ? VB_BPF_S_WRITE :
					      VB_BPF_S_READ;
	rec.seq = bench->seq[cpu][rec.stream]++;
	rec.id = (uint64_t)(cpu + 1) << 48 | (uint64_t)rec.stream << 44 | rec.seq;
	return rec;
}

static void push(const struct vb_bpf_record *rec)
{
	uint8_t buf[sizeof(*rec) + LEN];
	struct vb_bpf_record copy = *rec;

	copy.wire_len = copy.cap_len = LEN;
	memcpy(buf, &copy, sizeof(copy));
	memset(buf + sizeof(copy), (int)rec->time_ns, LEN);
	cr_assert_eq(vb_merge_push(bench->m, buf, sizeof(buf)), 0);
}

static void push_read(uint32_t cpu, uint64_t ns, uint32_t relid, uint32_t pos)
{
	struct vb_bpf_record rec = record(VB_BPF_READ, cpu, ns, relid);

	rec.ring_pos = pos;
	push(&rec);
}

static uint64_t push_write(uint32_t cpu, uint64_t ns, uint32_t relid)
{
	struct vb_bpf_record rec = record(VB_BPF_WRITE, cpu, ns, relid);

	push(&rec);
	return rec.id;
}

static void push_done(uint64_t id, uint64_t ns, uint32_t pos, int32_t result)
{
	struct vb_bpf_record rec = {
		.type = VB_BPF_WRITE_DONE,
		.id = id,
		.time_ns = ns,
		.ring_pos = pos,
		.result = result,
		.trans_id = id + 7,
		.lost = bench->lost,
		.flags = result ? 0 : VB_BPF_F_TRANS_ID,
	};

	cr_assert_eq(vb_merge_push(bench->m, &rec, sizeof(rec)), 0);
}

/* A write whose probes saw the given interval. */
static void push_written(uint32_t cpu, uint64_t from, uint64_t to, uint32_t pos)
{
	push_done(push_write(cpu, from, 1), to, pos, 0);
}

static struct vb_merged *pop(uint64_t until)
{
	struct vb_merged *it = vb_merge_pop(bench->m, until);

	cr_assert(it, "nothing before %lu", (unsigned long)until);
	return it;
}

/* The next record was taken at that time. */
static void expect(uint64_t until, uint64_t ns)
{
	struct vb_merged *it = pop(until);

	cr_expect_eq(it->rec.time_ns, ns, "%lu instead of %lu", (unsigned long)it->rec.time_ns,
		     (unsigned long)ns);
	cr_expect_eq(it->data[0], (uint8_t)ns);
	vb_merge_release(bench->m, it);
}

static void expect_none(uint64_t until)
{
	cr_expect_null(vb_merge_pop(bench->m, until));
}

TestSuite(merge, .init = setup, .fini = teardown);

Test(merge, orders_cpus_by_time)
{
	push_read(0, 10, 1, 0);
	push_read(0, 30, 1, 64);
	push_read(1, 20, 2, 0);
	push_read(1, 40, 1, 96);
	expect(100, 10);
	expect(100, 20);
	expect(100, 30);
	expect(100, 40);
	expect_none(100);
	cr_expect_eq(vb_merge_held(bench->m), 0);
}

Test(merge, holds_back_what_is_newer_than_the_watermark)
{
	push_read(0, 10, 1, 0);
	push_read(0, 50, 1, 32);
	expect(20, 10);
	expect_none(20);
	push_read(1, 30, 2, 0);
	expect(60, 30);
	expect(60, 50);
}

Test(merge, fills_in_the_outcome_of_a_write)
{
	uint64_t id = push_write(0, 10, 1);
	struct vb_merged *it;

	expect_none(100);
	push_done(id, 12, 32, 0);
	it = pop(100);
	cr_expect_eq(it->rec.ring_pos, 32);
	cr_expect_eq(it->rec.trans_id, id + 7);
	cr_expect_eq(it->rec.result, 0);
	vb_merge_release(bench->m, it);
}

Test(merge, outcome_may_come_first_from_another_cpu_ring)
{
	/* all rings are read one after the other: an outcome may be read after newer records */
	uint64_t id = push_write(1, 10, 1);

	push_read(0, 20, 2, 0);
	expect(100, 20);
	push_done(id, 11, 0, 0);
	expect(100, 10);
}

Test(merge, overlapping_writes_go_by_ring_position)
{
	push_written(0, 10, 12, 0);
	/* the write that began later came first into the ring */
	push_written(0, 20, 30, 64);
	push_written(1, 22, 28, 32);
	expect(100, 10);
	expect(100, 22);
	expect(100, 20);
}

Test(merge, overlapping_writes_go_by_position_across_the_wrap)
{
	push_written(0, 10, 30, 0);
	push_written(1, 12, 28, SIZE - 32);
	push_written(2, 14, 29, 32);
	expect(100, 12);
	expect(100, 10);
	expect(100, 14);
}

Test(merge, writes_that_do_not_overlap_keep_their_time_order)
{
	/* the ring has wrapped once: positions alone would mislead */
	push_written(0, 10, 11, 64);
	push_written(0, 20, 21, 32);
	expect(100, 10);
	expect(100, 20);
}

Test(merge, overlapping_writes_of_unknown_position_keep_their_time_order)
{
	push_written(0, 10, 30, VB_RING_POS_UNKNOWN);
	push_written(1, 12, 20, VB_RING_POS_UNKNOWN);
	expect(100, 10);
	expect(100, 12);
}

Test(merge, waits_for_an_earlier_write_unless_the_ring_says_who_is_next)
{
	uint64_t id;

	push_written(0, 10, 11, 0);
	expect(100, 10);
	id = push_write(0, 20, 1);
	push_written(1, 21, 30, 64);
	expect_none(100); /* position 32 is still missing, and may be the pending one */
	push_done(id, 31, 32, 0);
	expect(100, 20);
	expect(100, 21);
	id = push_write(0, 40, 1);
	push_written(1, 41, 50, 96);
	expect(100, 41); /* exactly the next one */
	push_done(id, 52, 128, 0);
	expect(100, 40);
}

Test(merge, failed_writes_are_kept)
{
	struct vb_merged *it;
	uint64_t id = push_write(0, 10, 1);

	push_done(id, 12, VB_RING_POS_UNKNOWN, -EAGAIN);
	it = pop(100);
	cr_expect_eq(it->rec.result, -EAGAIN);
	vb_merge_release(bench->m, it);
}

Test(merge, outcomes_of_unknown_calls_are_ignored)
{
	push_done(12345, 10, 0, 0);
	expect_none(100);
}

Test(merge, gap_in_the_sequence_is_a_loss_at_its_place)
{
	struct vb_merged *it;

	push_read(0, 10, 1, 0);
	bench->seq[0][VB_BPF_S_READ] += 3;
	push_read(1, 20, 2, 0);
	push_read(0, 30, 1, 128);
	push_read(0, 40, 1, 160);
	expect(100, 10);
	it = pop(100);
	cr_expect_eq(it->lost, 0, "a loss of another CPU");
	vb_merge_release(bench->m, it);
	it = pop(100);
	cr_expect_eq(it->lost, 3);
	cr_expect_eq(it->seq, 4);
	vb_merge_release(bench->m, it);
	it = pop(100);
	cr_expect_eq(it->lost, 0);
	cr_expect_eq(it->seq, 5);
	vb_merge_release(bench->m, it);
}

Test(merge, streams_of_a_cpu_have_sequences_of_their_own)
{
	struct vb_bpf_record rec;
	struct vb_merged *it;
	unsigned int i;

	push_read(0, 10, 1, 0);
	rec = record(VB_BPF_MESSAGE, 0, 20, 0);
	push(&rec);
	push_read(0, 30, 1, 32);
	for (i = 0; i < 3; i++) {
		it = pop(100);
		cr_expect_eq(it->lost, 0);
		cr_expect_eq(it->seq, i);
		vb_merge_release(bench->m, it);
	}
}

Test(merge, packets_missed_by_the_probe_count_for_their_channel)
{
	struct vb_bpf_record rec;
	struct vb_merged *it;

	push_read(0, 10, 1, 0);
	bench->seq[0][VB_BPF_S_READ] += 2;
	rec = record(VB_BPF_READ, 0, 20, 1);
	rec.missed = 2;
	push(&rec);
	expect(100, 10);
	it = pop(100);
	cr_expect_eq(it->lost, 2);
	vb_merge_release(bench->m, it);
	cr_expect_eq(vb_merge_lost(bench->m, 1), 2);
}

Test(merge, hole_in_the_ring_is_a_loss)
{
	struct vb_merged *it;

	push_written(0, 10, 11, 0);
	push_written(0, 20, 21, 96);
	push_written(0, 30, 31, 128);
	expect(100, 10);
	it = pop(100);
	cr_expect_eq(it->lost, 1);
	vb_merge_release(bench->m, it);
	it = pop(100);
	cr_expect_eq(it->lost, 0);
	vb_merge_release(bench->m, it);
	cr_expect_eq(vb_merge_lost(bench->m, 1), 1);
}

Test(merge, hole_in_the_ring_that_the_kernel_counted_is_not_counted_again)
{
	struct vb_merged *it;

	push_written(0, 10, 11, 0);
	bench->lost = 2;
	bench->seq[0][VB_BPF_S_WRITE] += 2;
	push_written(0, 20, 21, 96);
	push_written(0, 30, 31, 160);
	expect(100, 10);
	it = pop(100);
	cr_expect_eq(it->lost, 2);
	vb_merge_release(bench->m, it);
	cr_expect_eq(vb_merge_lost(bench->m, 1), 0);
}

/* The lost write began before its predecessor in the ring did. */
Test(merge, hole_in_the_ring_may_be_an_unplaced_write)
{
	struct vb_merged *it;

	push_written(0, 10, 11, 0);
	push_written(0, 20, 30, 64);
	push_written(1, 22, 28, VB_RING_POS_UNKNOWN);
	push_written(0, 40, 41, 96);
	expect(100, 10);
	expect(100, 20);
	expect(100, 22);
	it = pop(100);
	cr_expect_eq(it->lost, 0);
	vb_merge_release(bench->m, it);
}

Test(merge, hole_in_the_ring_by_an_overlapping_lost_write)
{
	struct vb_merged *it;

	push_written(0, 10, 11, 0);
	bench->lost = 1;
	bench->seq[1][VB_BPF_S_WRITE]++;
	push_written(0, 20, 21, 32);
	push_written(0, 30, 31, 96);
	expect(100, 10);
	expect(100, 20);
	it = pop(100);
	cr_expect_eq(it->lost, 0);
	vb_merge_release(bench->m, it);
	cr_expect_eq(vb_merge_lost(bench->m, 1), 0);
}

Test(merge, ring_that_starts_over_has_no_hole)
{
	struct vb_merged *it;

	push_written(0, 10, 11, 256);
	expect(100, 10);
	vb_merge_restart(bench->m, 1);
	push_written(0, 20, 21, 0);
	it = pop(100);
	cr_expect_eq(it->lost, 0);
	vb_merge_release(bench->m, it);
}

Test(merge, write_without_outcome_is_given_up_and_counted)
{
	const uint64_t late = 10 + 6000000000ull;
	struct vb_merged *it;

	push_write(0, 10, 1);
	push_read(0, late, 2, 0);
	expect_none(1000);
	it = pop(late);
	cr_expect_eq(it->rec.time_ns, late);
	cr_expect_eq(it->lost, 1);
	vb_merge_release(bench->m, it);
	cr_expect_eq(vb_merge_lost(bench->m, 1), 1);
}

Test(merge, end_gives_up_what_is_undone)
{
	push_write(0, 10, 1);
	push_written(1, 12, 14, 32);
	expect_none(100);
	vb_merge_end(bench->m);
	expect(UINT64_MAX, 12);
	expect_none(UINT64_MAX);
	cr_expect_eq(vb_merge_lost(bench->m, 1), 1);
}

Test(merge, write_without_its_wire_id_is_not_delivered)
{
	struct vb_bpf_record done = { .type = VB_BPF_WRITE_DONE, .time_ns = 12 };

	done.id = push_write(0, 10, 1);
	cr_assert_eq(vb_merge_push(bench->m, &done, sizeof(done)), 0);
	push_written(0, 20, 21, 64);
	expect(100, 20);
	expect_none(100);
	cr_expect_eq(vb_merge_lost(bench->m, 1), 1);
}

Test(merge, post_that_takes_long_holds_nothing_up)
{
	struct vb_bpf_record post = record(VB_BPF_POST, 0, 10, 0);
	struct vb_bpf_record done = { .type = VB_BPF_POST_DONE, .id = post.id, .time_ns = 90 };
	struct vb_bpf_record other;

	push(&post);
	other = record(VB_BPF_POST, 1, 20, 0);
	push(&other);
	push_read(0, 30, 1, 0);
	expect(100, 30);
	done.id = other.id;
	cr_assert_eq(vb_merge_push(bench->m, &done, sizeof(done)), 0);
	expect(100, 20);
	done.id = post.id;
	done.result = -EINVAL;
	cr_assert_eq(vb_merge_push(bench->m, &done, sizeof(done)), 0);
	expect(100, 10);
}

Test(merge, refuses_what_is_no_record)
{
	struct vb_bpf_record rec = record(VB_BPF_READ, 0, 10, 1);

	cr_expect_eq(vb_merge_push(bench->m, &rec, sizeof(rec) - 1), -EINVAL);
	rec.cap_len = 1;
	cr_expect_eq(vb_merge_push(bench->m, &rec, sizeof(rec)), -EINVAL);
	rec.cap_len = 0;
	rec.cpu = 4;
	cr_expect_eq(vb_merge_push(bench->m, &rec, sizeof(rec)), -EINVAL);
	rec.cpu = 0;
	rec.relid = VB_BPF_MAX_RELIDS;
	cr_expect_eq(vb_merge_push(bench->m, &rec, sizeof(rec)), -EINVAL);
	rec.relid = 1;
	rec.stream = VB_BPF_N_STREAMS;
	cr_expect_eq(vb_merge_push(bench->m, &rec, sizeof(rec)), -EINVAL);
}

/* Writers on four CPUs, shuffled as their rings are read: ring order comes out. */
Test(merge, many_writers)
{
	enum { N = 2000 };
	uint32_t pos[N], next = 0;
	uint64_t id, from;
	unsigned int cpu, i;
	struct vb_merged *it;

	srand(1);
	for (i = 0; i < N; i++) {
		pos[i] = next;
		next = (next + LEN + 8) % SIZE;
	}
	for (cpu = 0; cpu < 4; cpu++) {
		for (i = cpu; i < N; i += 4) {
			/* true time 100 * i lies between entry and return */
			from = 1000 + 100 * i - (uint64_t)(rand() % 350);
			id = push_write(cpu, from, 1);
			push_done(id, 1000 + 100 * i + (uint64_t)(rand() % 50), pos[i], 0);
		}
	}
	for (i = 0; i < N; i++) {
		it = pop(UINT64_MAX);
		cr_assert_eq(it->rec.ring_pos, pos[i], "packet %u", i);
		cr_assert_eq(it->lost, 0);
		vb_merge_release(bench->m, it);
	}
	expect_none(UINT64_MAX);
}
