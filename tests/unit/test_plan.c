/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a trace becomes: devices, steps, times, reasons. */
#include <criterion/criterion.h>
#include <errno.h>

#include "replay/plan.h"
#include "tests/unit/trace_made.h"

#define MS UINT64_C(1000000)

static void begin(struct made *m, uint8_t class)
{
	made_open(m);
	m->class = class;
	m->instance = 0xa1;
	m->relid = 14;
}

static struct vb_plan *plan_of(struct made *m)
{
	struct vb_plan *p = NULL;
	struct vb_err err = { "" };

	made_close(m);
	cr_assert_eq(vb_plan_read(m->path, &p, &err), 0, "%s", err.text);
	return p;
}

static void done(struct made *m, struct vb_plan *p)
{
	vb_plan_free(p);
	made_done(m);
}

/* One round trip, with all that a device needs. */
static void round_trip(struct made *m)
{
	made_offer(m, 0x10);
	made_open_channel(m);
	made_ask(m, VB_TO_GUEST, 5, 1);
	made_complete(m, VB_TO_HOST, 5, 2);
}

Test(plan, persona)
{
	struct vb_plan_device *d;
	struct vb_plan *p;
	struct made m;

	begin(&m, VB_CLASS_HEARTBEAT);
	round_trip(&m);
	p = plan_of(&m);
	cr_assert_eq(p->n_devices, 1);
	d = &p->devices[0];
	cr_assert_str_eq(d->name, "heartbeat");
	cr_assert_eq(d->class, VB_CLASS_HEARTBEAT);
	cr_assert(d->offered && !d->late);
	cr_assert_eq(d->flags, 0x10);
	cr_assert_eq(d->mmio_megabytes, 7);
	cr_assert_eq(d->instance[15], 0xa1);
	cr_assert_eq(d->interface[0], 0x39, "57164f39-...");
	cr_assert_eq(d->pipe_mode, 4);
	cr_assert_eq(d->pipe_flags, 1);
	cr_assert_eq(d->user_defined[0], 0xd0);
	cr_assert_eq(d->user_defined[111], 0xd0);
	cr_assert_eq(d->user_defined[112], 0);
	done(&m, p);
}

Test(plan, steps)
{
	struct vb_plan_device *d;
	struct vb_plan *p;
	struct made m;

	begin(&m, VB_CLASS_HEARTBEAT);
	round_trip(&m);
	made_ask(&m, VB_TO_GUEST, 6, 3);
	p = plan_of(&m);
	d = &p->devices[0];
	cr_assert_eq(d->n_steps, 4);
	cr_assert_eq(d->steps[0].type, VB_STEP_OPENED);
	cr_assert_eq(d->steps[1].type, VB_STEP_SEND);
	cr_assert_eq(d->steps[1].at_ns, 0, "the first thing that has a time");
	cr_assert_eq(d->steps[1].number, 3);
	cr_assert_eq(d->steps[1].cap_len, 24);
	cr_assert(d->steps[1].answered);
	cr_assert_eq(d->steps[2].type, VB_STEP_EXPECT);
	cr_assert_eq(d->steps[2].answers, 1);
	cr_assert_eq(d->steps[2].latency_ns, MS);
	cr_assert_eq(d->steps[3].at_ns, 2 * MS);
	cr_assert_not(d->steps[3].answered);
	cr_assert_eq(p->duration_ns, 2 * MS);
	done(&m, p);
}

Test(plan, second_device_of_a_class)
{
	struct vb_plan *p;
	struct made m;

	begin(&m, VB_CLASS_KVP);
	round_trip(&m);
	m.instance = 0xa2;
	m.relid = 15;
	round_trip(&m);
	p = plan_of(&m);
	cr_assert_eq(p->n_devices, 2);
	cr_assert_str_eq(p->devices[1].name, "kvp.1");
	cr_assert_eq(p->devices[1].steps[1].at_ns, 4 * MS, "one epoch for all");
	done(&m, p);
}

/* The channel was open before the capture began: the offer is made up, the opening is not there. */
Test(plan, late)
{
	struct vb_plan_device *d;
	struct vb_plan *p;
	struct made m;

	begin(&m, VB_CLASS_HEARTBEAT);
	m.flags = VB_REC_SYNTHESIZED;
	made_offer(&m, 0x10);
	m.flags = 0;
	made_ask(&m, VB_TO_GUEST, 5, 1);
	made_complete(&m, VB_TO_HOST, 5, 2);
	p = plan_of(&m);
	d = &p->devices[0];
	cr_assert(d->late && d->offered);
	cr_assert_eq(d->steps[0].type, VB_STEP_OPENED);
	cr_assert(d->steps[0].made);
	cr_assert_eq(d->steps[d->n_steps - 1].answers, d->n_steps - 2);
	cr_assert_eq(d->steps[d->n_steps - 2].at_ns, 0);
	done(&m, p);
}

Test(plan, without_any_offer)
{
	struct vb_plan *p;
	struct made m;

	begin(&m, VB_CLASS_HEARTBEAT);
	made_ask(&m, VB_TO_GUEST, 5, 1);
	p = plan_of(&m);
	cr_assert_not(p->devices[0].offered);
	cr_assert_eq(p->devices[0].interface[0], 0x39, "that of the class");
	done(&m, p);
}

Test(plan, what_cannot_be_played)
{
	struct vb_plan_device *d;
	struct vb_plan *p;
	struct made m;

	begin(&m, VB_CLASS_HEARTBEAT);
	round_trip(&m); /* steps 0 to 2 */
	m.cut = 4;
	made_ask(&m, VB_TO_GUEST, 6, 1);
	made_complete(&m, VB_TO_HOST, 6, 2);
	m.flags = VB_REC_WITHHELD;
	made_ask(&m, VB_TO_GUEST, 7, 1);
	m.flags = VB_REC_FAILED;
	made_complete(&m, VB_TO_HOST, 7, 2);
	m.flags = 0;
	made_ask(&m, VB_TO_GUEST, 8, 1);
	m.cut = 1;
	made_complete(&m, VB_TO_HOST, 8, 2);
	p = plan_of(&m);
	d = &p->devices[0];
	cr_assert_eq(d->n_steps, 9);
	cr_assert(d->steps[3].absent && d->steps[3].skip == VB_SKIP_CUT);
	cr_assert(d->steps[4].absent && d->steps[4].skip == VB_SKIP_NO_REQUEST);
	cr_assert(d->steps[5].absent && d->steps[5].skip == VB_SKIP_WITHHELD);
	cr_assert(d->steps[6].absent && d->steps[6].skip == VB_SKIP_FAILED);
	cr_assert_not(d->steps[7].skip);
	cr_assert(!d->steps[8].absent && d->steps[8].skip == VB_SKIP_CUT, "still waited for");
	done(&m, p);
}

Test(plan, loss)
{
	struct vb_buf text = { 0 };
	struct vb_plan *p;
	struct made m;

	begin(&m, VB_CLASS_HEARTBEAT);
	round_trip(&m);
	m.lost = 3;
	made_ask(&m, VB_TO_GUEST, 6, 1);
	p = plan_of(&m);
	cr_assert_eq(p->n_lost, 3);
	vb_plan_describe(p, &text);
	cr_assert(strstr(text.data, "3 lost"), "%s", text.data);
	cr_assert(strstr(text.data, "unanswered 1"), "%s", text.data);
	vb_buf_done(&text);
	done(&m, p);
}

/* A close after a rescind is the guest's answer to it; one without is its own idea. */
Test(plan, rescind)
{
	static const uint8_t types[] = { VB_STEP_OPENED,  VB_STEP_SEND,	  VB_STEP_EXPECT,
					 VB_STEP_RESCIND, VB_STEP_CLOSED, VB_STEP_OFFER,
					 VB_STEP_OPENED,  VB_STEP_SEND,	  VB_STEP_EXPECT };
	struct vb_plan_device *d;
	struct vb_plan *p;
	struct made m;

	begin(&m, VB_CLASS_HEARTBEAT);
	round_trip(&m);
	made_rescind(&m);
	made_close_channel(&m);
	m.relid = 20;
	round_trip(&m);
	p = plan_of(&m);
	d = &p->devices[0];
	cr_assert_eq(d->n_steps, 9);
	for (size_t i = 0; i < 9; i++) {
		cr_assert_eq(d->steps[i].type, types[i], "step %zu", i);
		cr_assert_not(d->steps[i].skip, "step %zu", i);
	}
	done(&m, p);
}

Test(plan, guest_closes_by_itself)
{
	struct vb_plan_device *d;
	struct vb_plan *p;
	struct made m;

	begin(&m, VB_CLASS_HEARTBEAT);
	round_trip(&m);
	made_close_channel(&m);
	made_open_channel(&m);
	made_ask(&m, VB_TO_GUEST, 9, 1);
	p = plan_of(&m);
	d = &p->devices[0];
	cr_assert_eq(d->n_steps, 6);
	cr_assert(d->steps[3].absent && d->steps[3].skip == VB_SKIP_GUESTS_OWN);
	cr_assert(d->steps[4].absent && d->steps[4].skip == VB_SKIP_GUESTS_OWN);
	cr_assert_not(d->steps[5].skip, "the channel is open all the same");
	done(&m, p);
}

/* ---- the end of the guest ---- */

/* A request of a service, or an answer to it. */
static void service(struct made *m, uint8_t direction, uint64_t type, uint64_t status)
{
	struct vb_value v[] = {
		VB_NUMBER("hv_ring.type", 6),
		VB_NUMBER("hv_ring.data_offset8", 2),
		VB_NUMBER("hv_ring.len8", 9),
		VB_NUMBER("hv_pipe.type", 1),
		VB_NUMBER("hv_pipe.length", 44),
		VB_NUMBER("hv_icmsg.type", type),
		VB_NUMBER("hv_icmsg.size", 24),
		VB_NUMBER("hv_icmsg.status", status),
		VB_NUMBER("hv_icmsg.flags", direction == VB_TO_GUEST ? 3 : 5),
		VB_NUMBER("hv_icmsg.framework_version", 3),
		VB_NUMBER("hv_icmsg.message_version", 3),
	};

	made_packet(m, direction, 72, v, sizeof(v) / sizeof(v[0]));
}

/* Asked twice: the guest answers with these. What ends it is what it agreed to. */
static void expect_ends(uint8_t class, uint64_t type, uint64_t first, uint64_t second,
			bool first_ends, bool second_ends)
{
	struct vb_plan_device *d;
	struct vb_plan *p;
	struct made m;

	begin(&m, class);
	made_offer(&m, 0x10);
	made_open_channel(&m);
	service(&m, VB_TO_GUEST, type, 0);
	service(&m, VB_TO_HOST, type, first);
	service(&m, VB_TO_GUEST, type, 0);
	service(&m, VB_TO_HOST, type, second);
	service(&m, VB_TO_GUEST, type, 0);
	p = plan_of(&m);
	d = &p->devices[0];
	cr_assert_eq(d->n_steps, 6);
	cr_assert_eq(d->steps[2].answers, 1);
	cr_assert_eq(d->steps[1].ends, first_ends);
	cr_assert_eq(d->steps[3].ends, second_ends);
	for (size_t i = 0; i < d->n_steps; i++)
		if (i != 1 && i != 3)
			cr_assert_not(d->steps[i].ends, "step %zu", i);
	done(&m, p);
}

/* The request ends the guest, not its answer; one that nobody answered does not. */
Test(plan, the_guest_agrees_to_end)
{
	expect_ends(VB_CLASS_SHUTDOWN, 3, 0x80004005, 0, false, true);
	expect_ends(VB_CLASS_SHUTDOWN, 3, 0, 0x80004005, true, false);
}

Test(plan, other_agreements_end_nothing)
{
	expect_ends(VB_CLASS_SHUTDOWN, 0, 0, 0, false, false); /* negotiations */
	expect_ends(VB_CLASS_HEARTBEAT, 3, 0, 0, false, false);
}

/* ---- what is no plan ---- */

static void refused(struct made *m, const char *why)
{
	struct vb_err err = { "" };
	struct vb_plan *p;

	made_close(m);
	cr_assert_eq(vb_plan_read(m->path, &p, &err), -ENODATA);
	cr_assert(strstr(err.text, why), "%s", err.text);
	made_done(m);
}

Test(plan, nothing_in_it)
{
	struct made m;

	begin(&m, VB_CLASS_HEARTBEAT);
	refused(&m, "it has none");
}

Test(plan, nothing_of_ours)
{
	struct made m;

	begin(&m, VB_CLASS_BALLOON);
	round_trip(&m);
	refused(&m, "(balloon)");
}

Test(plan, only_what_the_guest_said)
{
	struct made m;

	begin(&m, VB_CLASS_HEARTBEAT);
	made_ask(&m, VB_TO_HOST, 1, 1);
	refused(&m, "(heartbeat)");
}

/* ---- choosing ---- */

static struct vb_plan *two_devices(struct made *m)
{
	begin(m, VB_CLASS_KVP);
	round_trip(m);
	m->class = VB_CLASS_HEARTBEAT;
	m->relid = 15;
	round_trip(m);
	m->class = VB_CLASS_BALLOON;
	m->relid = 16;
	round_trip(m);
	return plan_of(m);
}

Test(plan, choose)
{
	struct vb_plan *p;
	struct vb_err err;
	struct made m;

	p = two_devices(&m);
	cr_assert_eq(p->devices[2].skip, VB_SKIP_CLASS);
	cr_assert_eq(p->devices[2].n_left_out, 2);
	cr_assert_eq(vb_plan_choose(p, "heartbeat", &err), 0);
	cr_assert_eq(p->devices[0].skip, VB_SKIP_NOT_CHOSEN);
	cr_assert_eq(p->devices[1].skip, VB_SKIP_NONE);
	cr_assert_eq(p->devices[1].steps[1].at_ns, 0, "it comes first now");
	cr_assert_eq(p->duration_ns, MS);
	done(&m, p);
}

Test(plan, choose_what_is_not_there)
{
	struct vb_plan *p;
	struct vb_err err;
	struct made m;

	p = two_devices(&m);
	cr_assert_eq(vb_plan_choose(p, "kvp,vss", &err), -EINVAL);
	cr_assert(strstr(err.text, "\"vss\""), "%s", err.text);
	cr_assert_eq(vb_plan_choose(p, "balloon", &err), -ENODATA);
	done(&m, p);
}

Test(plan, describe)
{
	struct vb_buf text = { 0 };
	struct vb_plan *p;
	struct made m;

	p = two_devices(&m);
	vb_plan_describe(p, &text);
	cr_assert(strstr(text.data, "\nkvp       instance a1a1a1a1-a1a1-a1a1-a1a1-a1a1a1a1a1a1, "
				    "channel flags 0x0010, 7 MiB of MMIO\n"),
		  "%s", text.data);
	cr_assert(strstr(text.data, " send 1\n"), "%s", text.data);
	cr_assert(strstr(text.data, " expect 1\n"), "%s", text.data);
	cr_assert(strstr(text.data, "skip all 2 packets: devices of this class cannot be"), "%s",
		  text.data);
	cr_assert(strstr(text.data, "duration  0.005000000 s\n"), "%s", text.data);
	vb_buf_done(&text);
	done(&m, p);
}
