/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to a storage device: their way, their time, and what a guest may do wrong with them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/loop/stor_bench.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define S UINT64_C(1000000000)

static const struct stor_request ready = { STOR_CDB(0, 0, 0, 0, 0, 0), .way = STOR_NONE };

static uint8_t data[STOR_DATA];

/* ---- packets that lie ---- */

static void expect_refused(struct stor_bench *b)
{
	struct stor_wire w;
	uint64_t id;

	loop_run(&b->l);
	cr_assert(stor_take(b, 0, &w, &id));
	cr_expect_eq(id, 1000);
	cr_expect_eq(w.srb.srb_status, VB_SRB_INVALID_REQUEST);
	cr_expect_eq(w.srb.data_len, 0);
	cr_expect_eq(w.status, 0xc000000d);
	cr_expect_neq(stor_bench_trouble(b)[0], '\0', "the user is told");
	cr_expect_eq(stor_read(b, 0, 0, 1, data), VB_SRB_SUCCESS, "and nothing is broken");
}

/* A read or write of one block, with these ranges. */
static void send_ranges(struct stor_bench *b, bool is_write, const uint64_t *words, size_t n)
{
	struct stor_request r;
	struct stor_wire w;

	stor_rw(&r, is_write, 0, 0, 1, 512);
	stor_fill(b, &r, &w);
	cr_assert(
		!guest_send_ranges(&b->c[0], 9, 1, 1000, words, (uint32_t)(8 * n), &w, sizeof(w)));
}

#define RANGE(len, offset) ((uint64_t)(offset) << 32 | (len))
#define RANGES(n) ((uint64_t)(n) << 32)

static void lie(uint64_t head, uint64_t range, uint64_t pfn, size_t n_pfns)
{
	struct stor_bench *b = stor_bench_started(NULL);
	uint64_t words[8] = { head, range, pfn ? pfn : b->page[0], b->page[1], b->page[2] };

	for (unsigned int write = 0; write < 2; write++) {
		send_ranges(b, write, words, 2 + n_pfns);
		expect_refused(b);
	}
	stor_bench_free(b);
}

Test(storvsc_requests, ranges_that_lie)
{
	lie(RANGES(0), 0, 0, 0);
	lie(RANGES(UINT32_MAX), RANGE(512, 0), 0, 1);
	lie(RANGES(1), RANGE(511, 0), 0, 1);
	lie(RANGES(1), RANGE(0, 0), 0, 0);
	lie(RANGES(1), RANGE(512, 4096), 0, 1);
	lie(RANGES(1), RANGE(512, UINT32_MAX), 0, 1);
	lie(RANGES(1), RANGE(512, 4000), 0, 1);
	lie(RANGES(1), RANGE(UINT32_MAX, 0), 0, 1);
	lie(RANGES(1), RANGE(UINT32_MAX, 4095), 0, 3);
	lie(RANGES(1), RANGE(512, 0), LOOP_MEMORY / VB_PAGE, 1);
	lie(RANGES(1), RANGE(512, 0), UINT64_MAX, 1);
	lie(RANGES(1), RANGE(512, 0), UINT64_C(1) << 52, 1);
}

Test(storvsc_requests, two_ranges)
{
	struct stor_bench *b = stor_bench_started(NULL);
	const uint64_t words[] = { RANGES(2), RANGE(512, 0), b->page[0], RANGE(512, 0),
				   b->page[1] };

	send_ranges(b, false, words, 5);
	expect_refused(b);
	send_ranges(b, true, words, 5);
	expect_refused(b);
	stor_bench_free(b);
}

Test(storvsc_requests, data_that_is_nowhere)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r;
	struct stor_wire w;

	stor_rw(&r, true, 0, 0, 1, 512);
	stor_fill(b, &r, &w);
	cr_assert(!guest_send(&b->c[0], 6, 1, 1000, &w, sizeof(w)));
	expect_refused(b);
	w.srb.data_len = UINT32_MAX;
	cr_assert(!guest_send(&b->c[0], 6, 1, 1000, &w, sizeof(w)));
	expect_refused(b);
	stor_bench_free(b);
}

static void send_cdb_len(struct stor_bench *b, uint8_t len)
{
	struct stor_wire w;

	stor_fill(b, &ready, &w);
	w.srb.cdb_len = len;
	w.srb.bytes[0] = 0x88;
	cr_assert(!guest_send(&b->c[0], 6, 1, 1000, &w, sizeof(w)));
}

Test(storvsc_requests, cdbs_that_are_too_long_or_too_short)
{
	static const uint8_t lens[] = { 0, 1, 2, 6, 10, 13, 17, 20, 21, 255 };
	struct stor_bench *b = stor_bench_started(NULL);

	for (size_t i = 0; i < sizeof(lens); i++) {
		send_cdb_len(b, lens[i]);
		expect_refused(b);
	}
	stor_bench_free(b);
}

Test(storvsc_requests, srbs_that_end_early)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_wire w;

	stor_fill(b, &ready, &w);
	for (uint32_t len = 8; len < 40; len += 8) {
		cr_assert(!guest_send(&b->c[0], 6, 1, 1000, &w, len));
		loop_run(&b->l);
		cr_assert(stor_take(b, 0, &w, &(uint64_t){ 0 }));
		cr_expect_neq(w.status, 0, "%u bytes", len);
		stor_fill(b, &ready, &w);
	}
	stor_bench_free(b);
}

/* The guest writes into its ring while we look: what counts is what was read. */
Test(storvsc_requests, what_is_behind_the_message_is_not_read)
{
	struct stor_bench *b = stor_bench_started(NULL);
	uint8_t bytes[256];
	struct stor_wire w;

	stor_fill(b, &ready, &w);
	memset(bytes, 0xff, sizeof(bytes));
	memcpy(bytes, &w, sizeof(w));
	cr_assert(!guest_send(&b->c[0], 6, 1, 5, bytes, sizeof(bytes)));
	cr_assert(stor_take(b, 0, &w, &(uint64_t){ 0 }));
	cr_expect_eq(w.srb.srb_status, VB_SRB_SUCCESS);
	stor_bench_free(b);
}

/* ---- sense data ---- */

static const struct stor_request unknown = { STOR_CDB(0xff, 0, 0, 0, 0, 0), .way = STOR_NONE };
static const struct stor_request request_sense = { STOR_CDB(3, 0, 0, 0, 252, 0), .way = STOR_IN,
						   .data_len = 252 };

static void expect_sense_later(struct stor_bench *b, struct stor_wire *w)
{
	uint64_t id;

	cr_assert(!guest_send(&b->c[0], 6, 1, 9, w, sizeof(*w)));
	cr_assert(stor_take(b, 0, w, &id));
	cr_expect_eq(w->srb.srb_status, VB_SRB_ERROR, "without sense data");
	cr_expect_eq(w->srb.scsi_status, 2);
	cr_expect_eq(w->srb.bytes[0], 0);
	cr_expect_eq(stor_answer(b, &request_sense, data), 18);
	cr_expect_eq(data[0], 0x70);
	cr_expect_eq(data[2], 5);
	cr_expect_eq(data[12], 0x20);
	stor_answer(b, &request_sense, data);
	cr_expect_eq(data[2], 0, "once");
	cr_expect_eq(data[0], 0x70);
}

Test(storvsc_requests, sense_that_is_asked_for)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r = request_sense;
	struct stor_wire w;

	stor_fill(b, &unknown, &w);
	w.srb.sense_len = 17;
	expect_sense_later(b, &w);
	stor_fill(b, &unknown, &w);
	w.srb.flags = 0x20;
	expect_sense_later(b, &w);
	r.cdb[1] = 1;
	cr_expect_eq(stor_sense(b, &r), 0x052400, "there are no descriptors");
	stor_bench_free(b);
}

/* ---- time ---- */

Test(storvsc_requests, latency)
{
	const char *const settings[] = { "latency=500", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_request r;
	struct stor_wire w;
	uint64_t id, got;

	stor_rw(&r, true, 0, 3, 1, 512);
	id = stor_submit(b, 0, &r);
	loop_advance(&b->l, 499 * US);
	cr_expect(!stor_take(b, 0, &w, &got));
	loop_advance(&b->l, 1 * US);
	cr_assert(stor_take(b, 0, &w, &got));
	cr_expect_eq(got, id);
	cr_expect_eq(w.srb.srb_status, VB_SRB_SUCCESS);
	stor_bench_free(b);
}

Test(storvsc_requests, latency_keeps_the_order)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_wire w;
	uint64_t id[5], got;

	stor_do(b, "latency 1000");
	for (unsigned int i = 0; i < 3; i++)
		id[i] = stor_submit(b, 0, &ready);
	stor_do(b, "latency 100");
	id[3] = stor_submit(b, 0, &ready);
	stor_do(b, "latency 0");
	id[4] = stor_submit(b, 0, &ready);
	cr_assert(stor_take(b, 0, &w, &got));
	cr_expect_eq(got, id[4]);
	loop_advance(&b->l, 100 * US);
	cr_assert(stor_take(b, 0, &w, &got));
	cr_expect_eq(got, id[3]);
	loop_advance(&b->l, MS);
	for (unsigned int i = 0; i < 3; i++) {
		cr_assert(stor_take(b, 0, &w, &got));
		cr_expect_eq(got, id[i]);
	}
	stor_bench_free(b);
}

/* The guest takes nothing: what is owed is bounded, and comes when there is room. */
Test(storvsc_requests, a_guest_that_takes_nothing)
{
	struct stor_bench *b = stor_bench_started(NULL);
	unsigned int n_sent = 0, n_taken = 0, n_owed = 0;
	struct stor_wire w;
	uint64_t got;

	stor_fill(b, &ready, &w);
	while (n_sent < 2000 && !guest_send(&b->c[0], 6, 1, n_sent + 1, &w, sizeof(w))) {
		n_sent++;
		loop_run(&b->l);
	}
	cr_expect_lt(n_sent, 2000, "it is not heard any more");
	for (const struct vb_storvsc_request *r = b->s->queue[0].first; r; r = r->next)
		n_owed++;
	cr_expect_leq(n_owed, 1);
	while (stor_take(b, 0, &w, &got)) {
		cr_expect_eq(got, ++n_taken);
		cr_expect_eq(w.srb.srb_status, VB_SRB_SUCCESS);
	}
	cr_expect_eq(n_taken, n_sent);
	stor_bench_free(b);
}

Test(storvsc_requests, no_more_wait_than_may)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_wire w;
	uint64_t got;

	stor_do(b, "drop 4096");
	for (unsigned int i = 0; i < STORVSC_MAX_WAITING; i++) {
		stor_submit(b, 0, &ready);
		cr_assert(!stor_take(b, 0, &w, &got));
	}
	cr_expect_eq(stor_counter(b, "waiting"), STORVSC_MAX_WAITING);
	stor_do(b, "latency 1");
	stor_submit(b, 0, &ready);
	cr_assert(stor_take(b, 0, &w, &got));
	cr_expect_eq(w.srb.srb_status, VB_SRB_BUSY);
	cr_expect_eq(w.srb.scsi_status, VB_SCSI_BUSY);
	cr_expect_eq(w.status, 0x80000011);
	stor_bench_free(b);
}

/* ---- resets ---- */

Test(storvsc_requests, a_reset_of_the_bus)
{
	const char *const settings[] = { "disks=2", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	const struct stor_wire reset = { .operation = 6, .flags = 1 };
	struct stor_request r = ready;
	struct stor_wire w;
	uint64_t id[4], got;

	stor_more_channels(b, 1);
	stor_do(b, "drop 1");
	id[0] = stor_submit(b, 0, &ready);
	stor_do(b, "latency 1000000");
	id[1] = stor_submit(b, 0, &ready);
	id[2] = stor_submit(b, 1, &ready);
	stor_do(b, "latency 0");
	id[3] = stor_send(b, 0, &reset);
	for (unsigned int i = 1; i < 3; i++) {
		cr_assert(stor_take(b, i - 1 ? 1 : 0, &w, &got));
		cr_expect_eq(got, id[i]);
		cr_expect_eq(w.srb.srb_status, VB_SRB_ABORTED);
		cr_expect_eq(w.status, 0xc0000120);
	}
	cr_assert(stor_take(b, 0, &w, &got));
	cr_expect_eq(got, id[0], "what was lost is found");
	cr_expect_eq(w.srb.srb_status, VB_SRB_ABORTED);
	cr_assert(stor_take(b, 0, &w, &got));
	cr_expect_eq(got, id[3]);
	cr_expect_eq(w.status, 0);
	cr_expect_eq(w.operation, 1);
	loop_advance(&b->l, 2 * S);
	cr_expect(!stor_take(b, 0, &w, &got));
	cr_expect_eq(stor_sense(b, &ready), 0x062900);
	cr_expect_eq(stor_sense(b, &ready), 0);
	r.lun = 1;
	cr_expect_eq(stor_sense(b, &r), 0x062900);
	cr_expect_eq(stor_counter(b, "aborted"), 3);
	stor_bench_free(b);
}

Test(storvsc_requests, a_reset_of_a_unit)
{
	const char *const settings[] = { "disks=2", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_request r = ready;
	struct stor_wire w;
	uint64_t id[2], got;

	stor_do(b, "drop 2");
	id[0] = stor_submit(b, 0, &r);
	r.lun = 1;
	id[1] = stor_submit(b, 0, &r);
	stor_fill(b, &r, &w);
	w.operation = 4;
	stor_send(b, 0, &w);
	cr_assert(stor_take(b, 0, &w, &got));
	cr_expect_eq(got, id[1]);
	cr_assert(stor_take(b, 0, &w, &got));
	cr_expect_eq(w.status, 0);
	cr_expect(!stor_take(b, 0, &w, &got), "%d waits on", (int)id[0]);
	cr_expect_eq(stor_sense(b, &ready), 0);
	cr_expect_eq(stor_sense(b, &r), 0x062900);
	stor_bench_free(b);
}

/* ---- the end ---- */

Test(storvsc_requests, what_is_under_way_is_waited_for)
{
	const char *const settings[] = { "latency=500000", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_wire w;
	uint64_t got;

	stor_submit(b, 0, &ready);
	vb_host_rescind(b->d);
	loop_advance(&b->l, 400 * MS);
	cr_expect(!guest_is_rescinded(&b->g, b->c[0].relid));
	loop_advance(&b->l, 100 * MS);
	cr_assert(stor_take(b, 0, &w, &got));
	loop_advance(&b->l, 100 * MS);
	cr_expect(guest_is_rescinded(&b->g, b->c[0].relid));
	stor_bench_free(b);
}

/* One that will never be answered is not. */
Test(storvsc_requests, what_is_lost_is_not_waited_for)
{
	struct stor_bench *b = stor_bench_started(NULL);

	stor_do(b, "drop 1");
	stor_submit(b, 0, &ready);
	vb_host_rescind(b->d);
	loop_advance(&b->l, 100 * MS);
	cr_expect(guest_is_rescinded(&b->g, b->c[0].relid));
	stor_bench_free(b);
}

Test(storvsc_requests, a_channel_that_is_closed_meanwhile)
{
	const char *const settings[] = { "latency=1000", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_wire w;
	uint64_t got;

	stor_more_channels(b, 1);
	stor_submit(b, 1, &ready);
	stor_submit(b, 0, &ready);
	stor_bench_close(b, 1);
	loop_advance(&b->l, 10 * MS);
	cr_assert(stor_take(b, 0, &w, &got));
	stor_submit(b, 0, &ready);
	stor_bench_close(b, 0);
	loop_advance(&b->l, 10 * MS);
	cr_expect_eq(stor_counter(b, "waiting"), 0);
	stor_bench_open(b, 0);
	stor_start(b, VB_STORVSC_WIN10);
	stor_bench_free(b);
}

Test(storvsc_requests, completions_raise_an_interrupt)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct guest_packet p;

	while (guest_drain(&b->c[0], &p))
		continue;
	stor_submit(b, 0, &ready);
	cr_expect_eq(guest_drain(&b->c[0], &p), 1);
	cr_expect_eq(p.type, 11);
	stor_bench_free(b);
}
