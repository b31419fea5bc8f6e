/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the trace of a storage device becomes: what it was, who asks again, and what is answered. */
#include <criterion/criterion.h>
#include <string.h>

#include "dissectors/storvsc.h"
#include "replay/plan_impl.h"

#define SRB "hv_storvsc.execute_srb"

static struct vb_plan *plan;
static struct vb_plan_device *dev;
static struct vb_plan_disk *disk;

static void read_plan(const char *path)
{
	struct vb_err err = { "" };

	cr_assert_eq(vb_plan_read(path, &plan, &err), 0, "%s", err.text);
	cr_assert_eq(plan->n_devices, 1);
	dev = &plan->devices[0];
	disk = dev->disk;
	cr_assert_not_null(disk);
}

static void done(void)
{
	vb_plan_free(plan);
}

TestSuite(plan_disk, .fini = done);

/* ---- counting ---- */

typedef bool step_fn(const struct vb_step *s);

static unsigned int count(step_fn *is, const char *kind)
{
	unsigned int n = 0;

	for (size_t i = 0; i < dev->n_steps; i++) {
		const struct vb_step *s = &dev->steps[i];

		n += is(s) && (!kind || strcmp(vb_plan_kind_name(dev, s->kind), kind) == 0);
	}
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

static bool writes(const struct vb_step *s)
{
	return s->type == VB_STEP_CAUSE && s->writes;
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

/* ---- the samples ---- */

#define SAMPLE(name) read_plan(VB_SOURCE_DIR "/samples/" name ".pcapng")

static void expect_unit(size_t i, uint8_t lun, bool is_dvd, uint64_t n_blocks)
{
	size_t k = 0;

	for (; k < disk->n_luns; k++)
		if (disk->luns[k].is_there && !i--)
			break;
	cr_assert_lt(k, disk->n_luns);
	cr_expect_eq(disk->luns[k].path, 0);
	cr_expect_eq(disk->luns[k].target, 0);
	cr_expect_eq(disk->luns[k].lun, lun);
	cr_expect_eq(disk->luns[k].is_dvd, is_dvd);
	cr_expect_eq(disk->luns[k].n_blocks, n_blocks);
	cr_expect_eq(disk->luns[k].block_len, n_blocks ? 512 : 0);
}

static size_t count_units(void)
{
	size_t n = 0;

	for (size_t i = 0; i < disk->n_luns; i++)
		n += disk->luns[i].is_there;
	return n;
}

Test(plan_disk, persona)
{
	SAMPLE("scsi");
	cr_expect_eq(dev->class, VB_CLASS_SCSI);
	cr_expect_eq(disk->version, VB_STORVSC_WIN10);
	cr_expect_eq(disk->max_transfer, 262144);
	cr_expect(disk->has_subchannels);
	cr_expect_eq(disk->n_subchannels, 63);
	cr_expect(!disk->has_names);
	cr_expect_str_eq(disk->vendor, "Msft");
	cr_expect_str_eq(disk->product, "Virtual Disk");
	cr_expect_str_eq(disk->revision, "1.0");
	cr_expect_eq(count_units(), 2, "of the %zu that were asked for", disk->n_luns);
	cr_expect_gt(disk->n_luns, 8, "on 8 paths, at least one each");
	expect_unit(0, 0, false, 131072);
	expect_unit(1, 1, true, 0);
}

Test(plan_disk, persona_of_fibre_channel)
{
	SAMPLE("fc");
	cr_expect_eq(dev->class, VB_CLASS_FC);
	cr_expect_eq(disk->version, VB_STORVSC_WIN10);
	cr_expect(disk->has_names);
	cr_expect_neq(disk->port_wwn, 0);
	cr_expect_neq(disk->node_wwn, 0);
	cr_expect_eq(count_units(), 1);
	expect_unit(0, 0, false, 131072);
}

/* A disk that was added is one of the device's from the beginning on. */
Test(plan_disk, persona_of_disks_that_come)
{
	SAMPLE("scsi-errors");
	cr_expect_eq(count_units(), 2);
	expect_unit(0, 0, false, 131072);
	expect_unit(1, 1, false, 32768);
}

/* The driver's own start, and what it asks of units; then blocks, which are caused. */
Test(plan_disk, who_asks)
{
	SAMPLE("scsi");
	cr_expect_eq(count(is_free, SRB " > hv_scsi.inquiry"), 44);
	cr_expect_eq(count(is_free, SRB " > hv_scsi.report_luns"), 16);
	cr_expect_eq(count(is_free, "hv_storvsc.begin_initialization"), 1);
	cr_expect_eq(count(is_free, "hv_storvsc.query_protocol_version"), 1);
	cr_expect_eq(count(is_free, "hv_storvsc.query_properties"), 1);
	cr_expect_eq(count(is_free, "hv_storvsc.end_initialization"), 1);
	cr_expect_eq(count(is_free, SRB " > hv_scsi.read_10"), 0);
	cr_expect_eq(count(is_early, SRB " > hv_scsi.read_10"), 1, "the partition table");
	cr_expect_eq(count(is_caused, SRB " > hv_scsi.read_10"), 2);
	cr_expect_eq(count(is_caused, SRB " > hv_scsi.write_10"), 1);
	cr_expect_eq(count(is_caused, NULL), 3);
}

/* The drive was found 70 ms before: a program opens it, which is not there in a replay. */
Test(plan_disk, who_asks_a_unit_that_was_found)
{
	static const struct {
		const char *kind;
		unsigned int n_free, n_early;
	} table[] = {
		{ SRB " > hv_scsi.get_event_status", 1, 3 },
		{ SRB " > hv_scsi.test_unit_ready", 4, 4 },
		{ SRB " > hv_scsi.prevent_removal", 0, 1 },
		{ SRB " > hv_scsi.get_configuration", 2, 0 },
	};

	SAMPLE("scsi");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		cr_expect_eq(count(is_free, table[i].kind), table[i].n_free);
		cr_expect_eq(count(is_early, table[i].kind), table[i].n_early);
	}
	cr_expect_eq(count(is_early, NULL), 1 + 8);
}

/* Cause, request, answer: they know each other, whatever else is in between. */
static void expect_threads(void)
{
	for (uint32_t i = 0; i < dev->n_steps; i++) {
		const struct vb_step *s = &dev->steps[i], *e, *a;

		if (s->type != VB_STEP_CAUSE)
			continue;
		e = &dev->steps[s->causes];
		cr_assert_gt(s->causes, i);
		cr_assert_eq(e->type, VB_STEP_EXPECT);
		cr_assert_eq(e->answers, i);
		cr_assert_eq(e->early, s->early);
		cr_assert_eq(e->writes, s->writes);
		cr_assert_eq(e->kind, s->kind);
		cr_assert_neq(e->key, 0);
		cr_assert_gt(e->status, s->causes);
		a = &dev->steps[e->status];
		cr_assert_eq(a->answers, s->causes);
		cr_assert_eq(a->reply, e->reply);
		cr_assert_gt(a->latency_ns, 0);
		cr_assert_eq(reply_of(a)->latency_ns, a->latency_ns);
	}
}

Test(plan_disk, steps_know_each_other)
{
	SAMPLE("scsi");
	expect_threads();
	cr_expect_eq(count(is_answer, NULL), 4 + 8);
	vb_plan_free(plan);
	SAMPLE("scsi-trim");
	expect_threads();
	vb_plan_free(plan);
	SAMPLE("scsi-errors");
	expect_threads();
}

/* What the driver asks by itself has its answer, too, and none that is a step. */
Test(plan_disk, free_requests_have_replies)
{
	unsigned int n = 0;

	SAMPLE("scsi");
	for (size_t i = 0; i < dev->n_steps; i++) {
		const struct vb_step *s = &dev->steps[i];

		if (!s->free || !s->key)
			continue;
		n++;
		cr_assert_eq(s->status, VB_NO_STEP);
		cr_assert_gt(reply_of(s)->len, 64);
		cr_assert_gt(reply_of(s)->latency_ns, 0);
	}
	cr_expect_eq(n, 76);
	cr_expect_eq(disk->n_replies, n + count(is_answer, NULL));
	cr_expect_eq(disk->n_unanswered, 0);
}

/* The capture kept 256 bytes; an INQUIRY is whole. */
Test(plan_disk, replies_have_data)
{
	const struct vb_plan_reply *r;

	SAMPLE("scsi");
	r = reply_of(&dev->steps[place(is_answer, 0)]);
	cr_expect(r->is_good);
	cr_expect_eq(r->moved, 4096);
	cr_expect_eq(r->data_len, 256);
	r = &disk->replies[0];
	cr_expect_eq(r->moved, 36);
	cr_expect_eq(r->data_len, 36);
	cr_expect_eq(memcmp(r->data + 8, "Msft    Virtual Disk    1.0 ", 28), 0);
}

Test(plan_disk, writes_have_what_was_written)
{
	const struct vb_step *e;

	SAMPLE("scsi");
	cr_assert_eq(count(writes, SRB " > hv_scsi.write_10"), 1);
	e = &dev->steps[dev->steps[place(writes, 0)].causes];
	cr_expect_eq(e->outside_len, 256);
	cr_expect(e->filled);
	cr_expect_eq(disk->n_filled, 1);
	cr_expect(!reply_of(e)->data_len);
	cr_expect_eq(reply_of(e)->moved, 8192);
}

/* Busy: the kernel tries again by itself. An error of the medium: it does not. */
Test(plan_disk, busy_stirs_and_errors_do_not)
{
	unsigned int n = 0;

	SAMPLE("scsi-errors");
	for (uint32_t i = 0; i < dev->n_steps; i++) {
		const struct vb_step *s = &dev->steps[i];

		if (!is_answer(s) || reply_of(s)->is_good)
			continue;
		n++;
		cr_expect_eq(s->stirs,
			     reply_of(s)->moved == 0 && reply_of(s)->len &&
				     strcmp(vb_plan_kind_name(dev, s->kind),
					    "hv_storvsc.execute_srb_complete") == 0,
			     "step %u", i);
	}
	cr_expect_eq(n, 10, "2 reads and 6 writes of bad blocks, busy twice");
	cr_expect_eq(count(is_event, NULL), 2);
	cr_expect_eq(count(stirs, NULL), 2 + 2);
	cr_expect_eq(count(is_early, NULL), 4 + 2, "reads before the first write, busy twice");
}

/* A unit attention has the kernel look at all of the unit again; what it then asks is early. */
Test(plan_disk, unit_attention_stirs)
{
	uint32_t i;

	SAMPLE("scsi-trim");
	cr_assert_eq(count(stirs, NULL), 1);
	i = dev->steps[place(stirs, 0)].answers;
	cr_expect_str_eq(vb_plan_kind_name(dev, dev->steps[i].kind),
			 SRB " > hv_scsi.test_unit_ready");
	cr_expect_eq(count(is_caused, SRB " > hv_scsi.write_10"), 1);
	cr_expect_eq(count(is_caused, SRB " > hv_scsi.unmap"), 1);
	cr_expect_eq(count(is_early, SRB " > hv_scsi.service_action_in_16"), 2);
	for (uint32_t k = i + 1; k < dev->n_steps; k++)
		cr_expect(dev->steps[k].type != VB_STEP_CAUSE || dev->steps[k].early);
}

/* ---- without writes ---- */

static void expect_no_writes(unsigned int n_writes)
{
	unsigned int n = count(writes, NULL), n_absent = count(is_absent, NULL);

	cr_expect_eq(n, n_writes);
	vb_plan_forbid_writes(plan);
	cr_expect_eq(count(is_absent, NULL), n_absent + 3 * n);
	for (size_t i = 0; i < dev->n_steps; i++) {
		const struct vb_step *s = &dev->steps[i];
		bool answers = s->type == VB_STEP_SEND && s->answers != VB_NO_STEP;

		if (s->writes)
			cr_assert_eq(s->skip, VB_SKIP_WRITES);
		else if (answers && dev->steps[s->answers].writes)
			cr_assert_eq(s->skip, VB_SKIP_NO_REQUEST);
		else
			cr_assert_eq(s->skip, VB_SKIP_NONE);
		cr_assert_eq(s->absent, s->skip != VB_SKIP_NONE);
	}
}

Test(plan_disk, forbidding_writes)
{
	SAMPLE("scsi");
	expect_no_writes(2);
	vb_plan_free(plan);
	SAMPLE("scsi-trim");
	expect_no_writes(2);
	vb_plan_free(plan);
	SAMPLE("scsi-errors");
	expect_no_writes(6);
	vb_plan_free(plan);
	SAMPLE("fc");
	expect_no_writes(0);
}

/* By its CDB, or because it has data to write. What is not known is not harmless. */
Test(plan_disk, what_writes)
{
	static const struct {
		uint8_t opcode, direction, writes;
		uint32_t data_len;
	} table[] = {
		{ 0x00, VB_STORVSC_UNKNOWN, false, 0 }, { 0x12, VB_STORVSC_READ, false, 36 },
		{ 0x28, VB_STORVSC_READ, false, 512 },	{ 0x2a, VB_STORVSC_WRITE, true, 512 },
		{ 0x2a, VB_STORVSC_WRITE, true, 0 },	{ 0x42, VB_STORVSC_WRITE, true, 24 },
		{ 0x35, VB_STORVSC_UNKNOWN, false, 0 }, { 0x15, VB_STORVSC_WRITE, true, 16 },
		{ 0x1b, VB_STORVSC_UNKNOWN, true, 0 },	{ 0xc1, VB_STORVSC_UNKNOWN, true, 0 },
		{ 0x2f, VB_STORVSC_WRITE, true, 512 },	{ 0x2f, VB_STORVSC_UNKNOWN, false, 0 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct vb_plan_srb srb = { .direction = table[i].direction,
						 .data_len = table[i].data_len,
						 .cdb = &table[i].opcode,
						 .cdb_len = 1 };

		cr_expect_eq(vb_plan_srb_writes(&srb), table[i].writes, "0x%02x", table[i].opcode);
	}
}
