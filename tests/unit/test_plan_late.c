/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a capture that began late lacks is made up, by the versions of its messages. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "replay/plan_impl.h"
#include "tests/unit/trace_made.h"

#define FRAMEWORK 0x00000003u
#define VERSION 0x00000004u /* 4.0: time sync with a reference */

/* A heartbeat-like message of a service, without a negotiation before it. */
static void beat(struct made *m)
{
	struct vb_value v[] = {
		VB_NUMBER("hv_ring.type", 6),
		VB_NUMBER("hv_ring.data_offset8", 2),
		VB_NUMBER("hv_ring.len8", 9),
		VB_NUMBER("hv_pipe.type", 1),
		VB_NUMBER("hv_pipe.length", 44),
		VB_NUMBER("hv_icmsg.type", 4),
		VB_NUMBER("hv_icmsg.framework_version", FRAMEWORK),
		VB_NUMBER("hv_icmsg.message_version", VERSION),
		VB_NUMBER("hv_icmsg.size", 24),
		VB_NUMBER("hv_icmsg.flags", 3),
		VB_NUMBER("hv_timesync.vm_reference_time", 12345),
	};

	made_packet(m, VB_TO_GUEST, 72, v, sizeof(v) / sizeof(v[0]));
}

static uint64_t field(const struct vb_plan_device *d, size_t i, const char *path)
{
	struct vb_wanted w = { .path = path };
	struct vb_frame f;

	vb_step_frame(d, &d->steps[i], &f);
	cr_assert_eq(vb_values_read(vb_root_proto(VB_KIND_PACKET), &f, &w, 1, NULL), 1, "%s", path);
	return w.number;
}

Test(plan_late, negotiation_is_made_up)
{
	struct vb_plan_device *d;
	struct vb_plan *p;
	struct vb_err err = { "" };
	struct made m;

	made_open(&m);
	m.class = VB_CLASS_TIMESYNC;
	m.instance = 0xa1;
	m.relid = 3;
	beat(&m);
	made_close(&m);
	cr_assert_eq(vb_plan_read(m.path, &p, &err), 0, "%s", err.text);
	d = &p->devices[0];
	cr_assert_eq(d->n_steps, 4);
	cr_assert(d->late);
	cr_assert_eq(d->steps[0].type, VB_STEP_OPENED);
	cr_assert(d->steps[1].type == VB_STEP_SEND && d->steps[1].made && d->steps[1].opening);
	cr_assert_str_eq(vb_plan_kind_name(d, d->steps[1].kind), "hv_icmsg.negotiate");
	cr_assert_eq(field(d, 1, "hv_icmsg.negotiate.framework_count"), 1);
	cr_assert_eq(field(d, 1, "hv_icmsg.negotiate.framework"), FRAMEWORK);
	cr_assert_eq(field(d, 1, "hv_icmsg.negotiate.message"), VERSION);
	cr_assert_eq(field(d, 1, "hv_icmsg.flags"), 3);
	cr_assert(d->steps[2].type == VB_STEP_EXPECT && d->steps[2].answers == 1);
	cr_assert_eq(d->steps[2].skip, VB_SKIP_UNRECORDED, "not compared");
	cr_assert_not(d->steps[2].absent, "but waited for");
	cr_assert_str_eq(vb_plan_kind_name(d, d->steps[2].kind), "hv_icmsg.negotiate_response");
	cr_assert_eq(d->steps[3].at_ns, 0);
	vb_plan_free(p);
	made_done(&m);
}

/* What rows cannot say: the answer to message 0 belongs to the negotiation before it. */
Test(plan_late, negotiation_is_paired)
{
	static const char *const names[] = { "hv_icmsg.negotiate.framework_count",
					     "hv_icmsg.negotiate_response.framework_count" };
	struct vb_plan_device *d;
	struct vb_plan *p;
	struct vb_err err = { "" };
	struct made m;

	made_open(&m);
	m.class = VB_CLASS_HEARTBEAT;
	m.instance = 0xa1;
	m.relid = 3;
	made_offer(&m, 0x10);
	made_open_channel(&m);
	for (unsigned int i = 0; i < 2; i++) {
		struct vb_value v[] = {
			VB_NUMBER("hv_ring.type", 6),	 VB_NUMBER("hv_ring.data_offset8", 2),
			VB_NUMBER("hv_ring.len8", 8),	 VB_NUMBER("hv_pipe.type", 1),
			VB_NUMBER("hv_pipe.length", 36), VB_NUMBER("hv_icmsg.type", 0),
			VB_NUMBER("hv_icmsg.size", 16),	 VB_NUMBER("hv_icmsg.flags", i ? 5 : 3),
			VB_NUMBER(names[i], 0),
		};

		made_packet(&m, i ? VB_TO_HOST : VB_TO_GUEST, 64, v, sizeof(v) / sizeof(v[0]));
	}
	made_close(&m);
	cr_assert_eq(vb_plan_read(m.path, &p, &err), 0, "%s", err.text);
	d = &p->devices[0];
	cr_assert_eq(d->n_steps, 3);
	cr_assert(d->steps[1].answered && d->steps[1].opening);
	cr_assert_eq(d->steps[2].answers, 1);
	cr_assert_eq(d->steps[2].latency_ns, 1000000);
	cr_assert_not(d->late);
	vb_plan_free(p);
	made_done(&m);
}
