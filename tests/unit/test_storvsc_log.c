/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's record of a storage device: which bytes outside the ring it has. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/loop/stor_bench.h"

#define ALL UINT32_MAX
#define LEN 3000u

/* The last record with an external part. */
struct taken {
	uint32_t n_records;
	uint8_t direction;
	bool is_cut, was_cut; /* that one; any */
	struct vb_segment head;
	uint8_t bytes[8192];
};

static void record(void *ctx, const struct vb_event *ev)
{
	struct taken *t = ctx;

	t->was_cut |= ev->hdr.flags & VB_REC_EXT_CUT;
	if (!ev->hdr.ext_len)
		return;
	t->n_records++;
	t->direction = ev->hdr.direction;
	t->is_cut = ev->hdr.flags & VB_REC_EXT_CUT;
	memcpy(&t->head, ev->ext, sizeof(t->head));
	cr_assert_eq(ev->hdr.ext_len, sizeof(t->head) + vb_pad4(t->head.cap_len), "one segment");
	cr_assert_eq(ev->hdr.ext_wire_len, t->head.wire_len);
	cr_assert_leq(t->head.cap_len, sizeof(t->bytes));
	memcpy(t->bytes, ev->ext + sizeof(t->head), t->head.cap_len);
}

static struct stor_bench *started(struct taken *t, uint32_t limit)
{
	const struct vb_host_log log = { .ctx = t, .record = record, .payload = limit };
	struct stor_bench *b = stor_bench_new_with("scsi", NULL, &log, false);

	stor_start(b, VB_STORVSC_WIN10);
	memset(t, 0, sizeof(*t));
	b->offset = 3000;
	return b;
}

static void expect(const struct taken *t, uint8_t direction, uint32_t len, uint32_t kept)
{
	cr_expect_eq(t->n_records, 1);
	cr_expect_eq(t->direction, direction);
	cr_expect_eq(t->head.range, 0);
	cr_expect_eq(t->head.wire_len, len);
	cr_expect_eq(t->head.cap_len, kept);
	cr_expect_eq(t->head.reason, kept < len ? VB_REASON_SNAPLEN : VB_REASON_COMPLETE);
	cr_expect_eq(t->is_cut, kept < len);
	for (uint32_t i = 0; i < kept; i++)
		cr_assert_eq(t->bytes[i], stor_pattern(i), "byte %u", i);
}

static void blocks(uint32_t limit, uint32_t kept)
{
	struct taken t;
	struct stor_bench *b = started(&t, limit);
	uint8_t data[3072];

	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = stor_pattern(i);
	stor_write(b, 0, 8, 6, data);
	expect(&t, VB_TO_HOST, 3072, kept);
	memset(&t, 0, sizeof(t));
	memset(data, 0, sizeof(data));
	stor_put(b, 0, data, sizeof(data));
	stor_read(b, 0, 8, 6, data);
	expect(&t, VB_TO_GUEST, 3072, kept);
	stor_bench_free(b);
}

Test(storvsc_log, blocks)
{
	blocks(ALL, 3072);
	blocks(3072, 3072);
	blocks(3071, 3071);
	blocks(1, 1);
	blocks(0, 0);
}

Test(storvsc_log, what_was_moved_counts)
{
	struct taken t;
	struct stor_bench *b = started(&t, ALL);
	const struct stor_request r = { STOR_CDB(0x12, 0, 0, 0, 255, 0), .way = STOR_IN,
					.data_len = 255 };
	uint8_t data[255];

	stor_answer(b, &r, data);
	cr_expect_eq(t.n_records, 1);
	cr_expect_eq(t.head.wire_len, 36);
	cr_expect(memcmp(t.bytes, data, 36) == 0);
	stor_bench_free(b);
}

Test(storvsc_log, requests_without_data)
{
	struct taken t;
	struct stor_bench *b = started(&t, ALL);
	const struct stor_request ready = { STOR_CDB(0, 0, 0, 0, 0, 0), .way = STOR_NONE };
	struct stor_request r;

	stor_sense(b, &ready);
	stor_rw(&r, false, 0, UINT32_MAX, 1, 512);
	stor_sense(b, &r);
	cr_expect_eq(t.n_records, 0);
	cr_expect(!t.was_cut);
	stor_bench_free(b);
}

/* Held back by a fault, the completion still has its data. */
Test(storvsc_log, completions_that_come_late)
{
	struct taken t;
	struct stor_bench *b = started(&t, ALL);
	struct stor_request r;
	struct stor_wire w;
	uint64_t id, got;
	uint8_t data[512];

	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = stor_pattern(i);
	stor_write(b, 0, 0, 1, data);
	cr_assert_eq(vb_host_fault(b->l.host, "scsi:delay=1000", &(struct vb_err){ "" }), 0);
	memset(&t, 0, sizeof(t));
	stor_rw(&r, false, 0, 0, 1, 512);
	for (unsigned int i = 0; i < 3; i++) {
		id = stor_submit(b, 0, &r);
		cr_expect_eq(t.n_records, i);
		loop_advance(&b->l, 1000000);
		cr_assert(stor_take(b, 0, &w, &got));
		cr_expect_eq(got, id);
		cr_expect_eq(t.n_records, i + 1);
	}
	t.n_records = 1;
	expect(&t, VB_TO_GUEST, 512, 512);
	cr_expect(!t.was_cut);
	/* closed meanwhile: nothing is kept */
	stor_submit(b, 0, &r);
	stor_bench_close(b, 0);
	loop_advance(&b->l, 1000000);
	stor_bench_free(b);
}

Test(storvsc_log, what_is_not_there_is_missing)
{
	struct taken t;
	struct stor_bench *b = started(&t, ALL);
	const uint64_t words[] = { UINT64_C(1) << 32, 512, LOOP_MEMORY / VB_PAGE };
	struct stor_request r;
	struct stor_wire w;

	stor_rw(&r, true, 0, 0, 1, 512);
	stor_fill(b, &r, &w);
	cr_assert(!guest_send_ranges(&b->c[0], 9, 1, 7, words, sizeof(words), &w, sizeof(w)));
	loop_run(&b->l);
	cr_expect_eq(t.n_records, 0);
	cr_expect(t.was_cut, "the record says so");
	stor_bench_free(b);
}
