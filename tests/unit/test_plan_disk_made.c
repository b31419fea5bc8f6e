/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What traces of storage devices become that no sample is: cut, late, without answers, hostile. */
#include <criterion/criterion.h>
#include <string.h>

#include "replay/plan_impl.h"
#include "tests/unit/disk_trace.h"

static struct made made;
static struct vb_plan *plan;
static struct vb_plan_device *dev;
static struct vb_plan_disk *disk;

static void read_made(void)
{
	struct vb_err err = { "" };

	made_close(&made);
	cr_assert_eq(vb_plan_read(made.path, &plan, &err), 0, "%s", err.text);
	cr_assert_eq(plan->n_devices, 1);
	dev = &plan->devices[0];
	disk = dev->disk;
	cr_assert_not_null(disk);
}

static void done(void)
{
	vb_plan_free(plan);
	if (made.path)
		made_done(&made);
}

TestSuite(plan_disk_made, .fini = done);

typedef bool step_fn(const struct vb_step *s);

static unsigned int count(step_fn *is)
{
	unsigned int n = 0;

	for (size_t i = 0; i < dev->n_steps; i++)
		n += is(&dev->steps[i]);
	return n;
}

static bool is_free(const struct vb_step *s)
{
	return s->free;
}

static bool is_caused(const struct vb_step *s)
{
	return s->type == VB_STEP_CAUSE && !s->early;
}

static bool is_early(const struct vb_step *s)
{
	return s->type == VB_STEP_CAUSE && s->early;
}

static bool is_answer(const struct vb_step *s)
{
	return s->type == VB_STEP_SEND && s->answers != VB_NO_STEP;
}

static bool is_event(const struct vb_step *s)
{
	return s->type == VB_STEP_SEND && s->answers == VB_NO_STEP;
}

static bool stirs(const struct vb_step *s)
{
	return s->stirs;
}

static bool is_absent(const struct vb_step *s)
{
	return s->absent;
}

/* The place of the nth of them. */
static uint32_t place(step_fn *is, unsigned int n)
{
	uint32_t i = 0;

	while (i < dev->n_steps && (!is(&dev->steps[i]) || n--))
		i++;
	cr_assert_lt(i, dev->n_steps);
	return i;
}

static const struct vb_plan_reply *reply_of(const struct vb_step *s)
{
	cr_assert(s->reply && s->reply <= disk->n_replies);
	return &disk->replies[s->reply - 1];
}

/* ---- what is missing ---- */

static const struct stor_request inquiry = { STOR_CDB(0x12, 0, 0, 0, 36, 0), .way = STOR_IN,
					     .data_len = 36 };
static const struct stor_request ready = { STOR_CDB(0, 0, 0, 0, 0, 0), .way = STOR_NONE };
static const struct stor_request read_far = { STOR_CDB(0x28, 0, 0, 1, 0, 0, 0, 0, 1, 0),
					      .way = STOR_IN, .data_len = 512 };
/* No driver asks that when it finds a unit. */
static const struct stor_request log_sense = { STOR_CDB(0x4d, 0, 0x40, 0, 0, 0, 0, 0, 8, 0),
					       .way = STOR_IN, .data_len = 8 };

static void begin(bool is_late)
{
	disk_trace_begin(&made, is_late);
	disk_trace_done(&made, &inquiry);
	disk_trace_done(&made, &log_sense);
}

/* It is played, its persona is what the messages say; what came before the capture is made up. */
Test(plan_disk_made, late)
{
	begin(true);
	disk_trace_done(&made, &read_far);
	read_made();
	cr_expect(dev->late);
	cr_expect(dev->steps[0].made && dev->steps[0].type == VB_STEP_OPENED);
	cr_expect(!disk->has_subchannels && !disk->max_transfer);
	cr_expect_eq(count(is_free), 1);
	cr_expect_eq(count(is_caused), 2);
}

/* A request that is cut is not made, and its answer is nobody's. */
Test(plan_disk_made, a_request_that_is_cut)
{
	uint64_t id;

	begin(false);
	made.cut = 4;
	id = disk_trace_ask(&made, &read_far);
	disk_trace_answer(&made, id, &read_far, VB_SRB_SUCCESS, 0);
	read_made();
	cr_expect_eq(count(is_absent), 1);
	cr_expect_eq(dev->steps[place(is_absent, 0)].skip, VB_SKIP_CUT);
	cr_expect_eq(count(is_caused), 1);
	cr_expect_eq(disk->n_unanswered, 0);
}

/* A completion that is cut is none: the request is made, and the model answers. */
Test(plan_disk_made, a_completion_that_is_cut)
{
	uint64_t id;
	uint32_t i;

	begin(false);
	id = disk_trace_ask(&made, &read_far);
	made.cut = 4;
	disk_trace_answer(&made, id, &read_far, VB_SRB_SUCCESS, 0);
	read_made();
	cr_expect_eq(count(is_caused), 2);
	i = dev->steps[place(is_caused, 1)].causes;
	cr_expect_eq(dev->steps[i].status, VB_NO_STEP);
	cr_expect_eq(dev->steps[i].reply, 0);
	cr_expect_eq(disk->n_unanswered, 1);
	cr_expect_eq(dev->steps[place(is_absent, 0)].skip, VB_SKIP_CUT);
}

Test(plan_disk_made, unanswered)
{
	begin(false);
	disk_trace_ask(&made, &read_far);
	disk_trace_done(&made, &read_far);
	disk_trace_ask(&made, &inquiry);
	read_made();
	cr_expect_eq(disk->n_unanswered, 2);
	cr_expect_eq(count(is_caused), 4);
	cr_expect_eq(count(is_answer), 2);
}

/* Two answers to one request: the first counts. */
Test(plan_disk_made, answered_twice)
{
	uint64_t id;

	begin(false);
	id = disk_trace_ask(&made, &read_far);
	disk_trace_answer(&made, id, &read_far, VB_SRB_SUCCESS, 0);
	disk_trace_answer(&made, id, &read_far, VB_SRB_ERROR, 8);
	read_made();
	cr_expect_eq(disk->n_replies, 3);
	cr_expect(reply_of(&dev->steps[place(is_answer, 1)])->is_good);
	cr_expect_eq(count(is_answer), 2);
}

/* A command that found the unit busy, and is made again, may be the kernel's. */
Test(plan_disk_made, repetitions_are_early)
{
	uint64_t id;

	begin(false);
	id = disk_trace_ask(&made, &read_far);
	disk_trace_answer(&made, id, &read_far, VB_SRB_BUSY, VB_SCSI_BUSY);
	disk_trace_done(&made, &read_far);
	disk_trace_done(&made, &log_sense);
	disk_trace_done(&made, &read_far);
	read_made();
	cr_expect_eq(count(is_early), 1);
	cr_expect_eq(count(is_caused), 4);
	cr_expect_eq(place(is_early, 0) + 1, dev->steps[place(is_early, 0)].causes);
	cr_expect_eq(count(stirs), 1);
}

/* Units are looked for anew: the driver asks again what it asks of each. */
Test(plan_disk_made, a_notice_makes_units_new)
{
	begin(false);
	disk_trace_done(&made, &ready);
	disk_trace_notice(&made);
	disk_trace_done(&made, &ready);
	read_made();
	cr_expect_eq(count(is_caused), 2);
	cr_expect_eq(count(is_free), 2);
	cr_expect_eq(count(is_event), 1);
	cr_expect(dev->steps[place(is_event, 0)].stirs);
}

/* Records need not be in the order of their times: what is a little earlier is no pause. */
Test(plan_disk_made, time_that_goes_back_is_no_pause)
{
	begin(false);
	disk_trace_notice(&made);
	disk_trace_done(&made, &inquiry);
	made.time_ns -= 3000000;
	disk_trace_done(&made, &ready);
	read_made();
	cr_expect_eq(count(is_free), 3);
	cr_expect_eq(count(is_early), 0);
}

/* ---- keys ---- */

static uint64_t key_of(const struct stor_wire *w)
{
	const struct vb_frame f = { .data = (const uint8_t *)w,
				    .cap_len = sizeof(*w),
				    .wire_len = sizeof(*w),
				    .kind = VB_KIND_PACKET,
				    .direction = VB_TO_HOST,
				    .class = VB_CLASS_SCSI,
				    .proto_version = VB_STORVSC_WIN10 };

	return vb_plan_key(&f);
}

static struct stor_wire request(void)
{
	struct stor_wire w = { .operation = VB_STORVSC_EXECUTE_SRB, .flags = 1 };

	w.srb.length = 52;
	w.srb.cdb_len = 10;
	w.srb.data_len = 512;
	w.srb.data_in = VB_STORVSC_READ;
	memcpy(w.srb.bytes, read_far.cdb, sizeof(read_far.cdb));
	return w;
}

Test(plan_disk_made, keys)
{
	struct stor_wire w = request();
	const uint64_t key = key_of(&w);
	uint8_t *const others[] = { &w.srb.path, &w.srb.target, &w.srb.lun, &w.srb.bytes[0],
				    &w.srb.bytes[9] };

	cr_expect_neq(key, 0);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		*others[i] ^= 1;
		cr_expect_neq(key_of(&w), key, "byte %zu", i);
		*others[i] ^= 1;
	}
	w.srb.data_len = 4096;
	w.srb.data_in = VB_STORVSC_WRITE;
	w.srb.timeout = 60;
	w.srb.flags = 7;
	w.srb.queue_action = 0x20;
	w.srb.bytes[10] = 1;
	cr_expect_eq(key_of(&w), key, "the same CDB for the same unit");
	w.operation = VB_STORVSC_RESET_BUS;
	cr_expect_eq(key_of(&w), 0);
}

/* ---- hostile traces ---- */

/* More units than anybody has: those beyond are not told apart, and played. */
Test(plan_disk_made, too_many_units)
{
	struct stor_wire w = request();

	begin(false);
	for (unsigned int i = 1; i < 4100; i++) {
		w.srb.path = (uint8_t)(i >> 8);
		w.srb.lun = (uint8_t)i;
		made_message(&made, VB_TO_HOST, 6, made.number + 1, &w, sizeof(w));
	}
	disk_trace_done(&made, &read_far);
	read_made();
	cr_expect_eq(disk->n_luns, 4096);
	cr_expect_eq(count(is_caused) + count(is_early), 2 + 4099);
}

/* An operation that nobody knows, whose number ends as a request's does; and its completion. */
Test(plan_disk_made, an_unknown_operation)
{
	struct stor_wire w = request();
	uint64_t id;

	begin(false);
	w.operation |= 0x800;
	id = made.number + 1;
	made_message(&made, VB_TO_HOST, 6, id, &w, sizeof(w));
	disk_trace_answer(&made, id, &read_far, VB_SRB_SUCCESS, 0);
	read_made();
	cr_expect_eq(disk->n_replies, 2);
	cr_expect_eq(disk->n_unanswered, 0);
}

/* A request without any CDB. */
Test(plan_disk_made, no_cdb)
{
	struct stor_request r = read_far;

	begin(false);
	r.cdb_len = 0;
	disk_trace_done(&made, &r);
	read_made();
	cr_expect_eq(count(is_caused), 1);
	cr_expect_eq(dev->steps[place(is_absent, 0)].skip, VB_SKIP_CUT);
}

/* What it answers is not in the trace. */
Test(plan_disk_made, a_completion_that_is_alone)
{
	begin(false);
	disk_trace_answer(&made, 999, &read_far, VB_SRB_SUCCESS, 0);
	read_made();
	cr_expect_eq(count(is_answer), 1);
	cr_expect_eq(disk->n_replies, 2);
}

/* A driver resets the bus when a request has no answer for long; nothing here has it do that. */
Test(plan_disk_made, a_reset_is_the_drivers)
{
	const struct stor_wire w = { .operation = 6, .flags = 1 };

	begin(false);
	disk_trace_done(&made, &read_far);
	made_message(&made, VB_TO_HOST, 6, UINT64_C(0xfffffffffffffffc), &w, sizeof(w));
	read_made();
	cr_assert_eq(count(is_absent), 1);
	cr_assert_eq(dev->steps[place(is_absent, 0)].skip, VB_SKIP_LAST_RESORT);
}

/* Each byte that was not captured is filled in, but not more of them than a plan has room for. */
Test(plan_disk_made, what_was_written_and_not_captured)
{
	struct stor_wire w = request();

	begin(false);
	w.srb.bytes[0] = 0x2a;
	w.srb.data_in = 0;
	w.srb.data_len = 4096;
	made_message(&made, VB_TO_HOST, 6, 4711, &w, sizeof(w));
	w.srb.data_len = UINT32_MAX;
	made_message(&made, VB_TO_HOST, 6, 4712, &w, sizeof(w));
	read_made();
	cr_assert_eq(disk->n_filled, 1);
	cr_assert_eq(count(is_caused), 3, "one is of the beginning");
	cr_assert_eq(dev->steps[place(is_caused, 1)].skip, VB_SKIP_NONE);
	cr_assert_eq(dev->steps[place(is_caused, 2)].skip, VB_SKIP_CUT);
	cr_assert(dev->steps[place(is_caused, 2)].absent);
}
