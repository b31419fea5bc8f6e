/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the trace of a network device becomes: what the device was, frames, and their order. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/values.h"
#include "replay/plan_impl.h"
#include "tests/unit/frames.h"

static struct vb_plan *plan;
static struct vb_plan_device *dev;

static void read_plan(const char *path)
{
	struct vb_err err = { "" };

	cr_assert_eq(vb_plan_read(path, &plan, &err), 0, "%s", err.text);
	cr_assert_eq(plan->n_devices, 1);
	dev = &plan->devices[0];
	cr_assert_not_null(dev->net);
}

static void read_sample(void)
{
	read_plan(VB_SOURCE_DIR "/samples/netvsc.pcapng");
}

static void done(void)
{
	vb_plan_free(plan);
}

TestSuite(plan_net, .fini = done);

static bool value(const struct vb_step *s, struct vb_wanted *w)
{
	struct vb_frame f;

	vb_step_frame(dev, s, &f);
	return vb_values_read(vb_step_proto(s), &f, w, 1, NULL) == 1;
}

static bool is_frame(const struct vb_step *s)
{
	return s->type == VB_STEP_EXPECT && s->answers != VB_NO_STEP &&
	       dev->steps[s->answers].type == VB_STEP_CAUSE;
}

Test(plan_net, persona)
{
	read_sample();
	cr_assert_eq(dev->net->version, 0x60001);
	cr_assert_eq(dev->net->part_len, 1806);
	cr_assert_eq(dev->net->section_len, 6144);
	cr_assert_eq(dev->net->n_queues, 0, "the guest has one processor, and did not ask");
	cr_assert(dev->net->has_mac && dev->net->has_vlans);
	cr_assert_arr_eq(dev->net->mac, ((uint8_t[]){ 0x00, 0x15, 0x5d, 0, 0, 1 }), 6);
}

/* What the adapter is asked comes with what it is asked for. */
Test(plan_net, answers_by_oid)
{
	static const uint32_t oids[] = { 0,	     0x00010106, 0x01010101, 0x00020216,
					 0xfc01020d, 0xfc01020c, 0x00010114, 0x00010107,
					 0x00010203, 0x0001010e, 0xfc01020c };

	read_sample();
	cr_assert_eq(dev->net->n_answers, 11);
	for (size_t i = 0; i < 11; i++)
		cr_assert_eq(dev->net->answers[i].oid, oids[i], "%zu: 0x%x", i,
			     dev->net->answers[i].oid);
	cr_assert_eq(dev->net->answers[0].type, 0x80000002);
	cr_assert_eq(dev->net->answers[0].len, 52);
	cr_assert_eq(dev->net->answers[5].type, 0x80000005);
}

/* The driver's own requests: expected at any time, and no part of the plan's time. */
Test(plan_net, start_is_free)
{
	unsigned int n_free = 0;

	read_sample();
	for (size_t i = 0; i < dev->n_steps; i++) {
		const struct vb_step *s = &dev->steps[i];

		n_free += s->free;
		cr_assert(!s->free || (s->type == VB_STEP_EXPECT && s->opening));
		cr_assert(!s->free || s->at_ns < plan->duration_ns);
	}
	cr_assert_eq(n_free, 16);
	cr_assert_eq(dev->steps[0].type, VB_STEP_OPENED);
	cr_assert_eq(dev->steps[1].at_ns, 0);
}

/* A frame of the guest: caused first, then expected, then completed by the host. */
Test(plan_net, frames_are_caused)
{
	unsigned int n = 0;

	read_sample();
	for (uint32_t i = 0; i < dev->n_steps; i++) {
		const struct vb_step *s = &dev->steps[i];

		if (!is_frame(s))
			continue;
		n++;
		cr_assert_lt(s->answers, i);
		cr_assert_eq(dev->steps[s->answers].causes, i);
		cr_assert_lt(i, s->status);
		cr_assert_lt(s->status, dev->n_steps);
		cr_assert_eq(dev->steps[s->status].type, VB_STEP_SEND);
		cr_assert_eq(dev->steps[s->status].answers, i, "one frame each in this trace");
		cr_assert_gt(dev->steps[s->status].latency_ns, 0);
		cr_assert_eq(dev->steps[s->answers].at_ns, s->at_ns);
	}
	cr_assert_eq(n, 27);
}

/* Each byte that was not captured is the low byte of its place in the frame. */
Test(plan_net, what_was_cut_is_filled)
{
	unsigned int n = 0;

	read_sample();
	for (uint32_t i = 0; i < dev->n_steps; i++) {
		struct vb_wanted w = { .path = "hv_rndis.packet.frame" };
		const struct vb_step *s = &dev->steps[i];

		if (!s->filled)
			continue;
		n++;
		cr_assert_eq(s->cap_len, s->wire_len);
		cr_assert(value(s, &w));
		cr_assert_gt(w.n_bytes, 256);
		for (uint32_t k = 256; k < w.n_bytes; k++)
			cr_assert_eq(w.bytes[k], (uint8_t)k);
	}
	cr_assert_eq(n, 9);
	cr_assert_eq(dev->net->n_filled, 9);
}

/* Frames for the guest, which it completes; the messages of a packet stay together. */
Test(plan_net, frames_are_sent)
{
	unsigned int n = 0;

	read_sample();
	for (uint32_t i = 0; i < dev->n_steps; i++) {
		const struct vb_step *s = &dev->steps[i];

		if (s->type != VB_STEP_SEND || s->answers != VB_NO_STEP)
			continue;
		n++;
		cr_assert_eq(s->n_parts, 1);
		cr_assert_eq(s->parts[0], s->wire_len);
		cr_assert(s->answered && !s->control);
	}
	cr_assert_eq(n, 16);
}

/* Between two things of the host, all that is caused comes before all that is expected. */
Test(plan_net, causes_come_first)
{
	bool expected = false;

	read_plan(VB_SOURCE_DIR "/tests/golden/network.pcapng");
	cr_assert(dev->late);
	for (uint32_t i = 0; i < dev->n_steps; i++) {
		const struct vb_step *s = &dev->steps[i];

		if (s->type == VB_STEP_CAUSE) {
			cr_assert_not(expected, "step %u", i);
			cr_assert_eq(dev->steps[s->causes].answers, i);
		}
		expected = s->type == VB_STEP_EXPECT || (expected && s->type == VB_STEP_CAUSE);
	}
}

/* The sample begins with a driver that ends, on its way to another number of queues. */
Test(plan_net, endings_are_the_guests_own)
{
	unsigned int n = 0;

	read_plan(VB_SOURCE_DIR "/samples/netvsc-queues.pcapng");
	for (uint32_t i = 0; i < dev->n_steps; i++) {
		const char *kind = vb_plan_kind_name(dev, dev->steps[i].kind);

		if (strcmp(kind, "hv_rndis.halt") != 0 && !strstr(kind, "nvsp.revoke"))
			continue;
		n++;
		cr_assert(dev->steps[i].absent);
		cr_assert_eq(dev->steps[i].skip, VB_SKIP_GUESTS_OWN);
	}
	cr_assert_eq(n, 3);
}

/* ---- hostile traces ---- */

#define XFER_PAGES                                                                                 \
	"0700 0400 0900 0100 0100000000000000 feca 0000 01000000 04010000 00000000"                \
	"6b000000 00000000 ffffffff 00000000 000000000000000000000000 000000000000000000000000"
#define LOST 200u /* bytes of the frame that were not captured */

/* A record with a frame for the guest, of which only the first bytes were kept. */
static void take_cut_frame(struct vb_plan_device *d, uint64_t number, uint64_t *left)
{
	static const uint32_t message[] = { 1, 60 + LOST, 36, 16 + LOST, 0, 0, 0, 0,
					    0, 0,	  0,  1,	 2, 3, 4 };
	const struct vb_segment s = { .wire_len = sizeof(message) + LOST,
				      .cap_len = sizeof(message) };
	uint8_t ext[sizeof(s) + sizeof(message)];
	struct made_frame packet;
	struct vb_event ev = {
		.hdr = { .kind = VB_KIND_PACKET,
			 .direction = VB_TO_GUEST,
			 .class = VB_CLASS_NETWORK,
			 .relid = 5,
			 .flags = VB_REC_EXT_CUT,
			 .ext_len = sizeof(ext),
			 .ext_wire_len = sizeof(message) + LOST },
		.data = packet.bytes,
		.ext = ext,
		.number = number,
	};
	struct vb_decoder decoder;

	frame_make(&packet, VB_KIND_PACKET, VB_TO_GUEST, XFER_PAGES);
	ev.hdr.wire_len = ev.hdr.cap_len = packet.f.cap_len;
	memcpy(ext, &s, sizeof(s));
	memcpy(ext + sizeof(s), message, sizeof(message));
	cr_assert_eq(vb_decoder_init(&decoder, NULL), 0);
	vb_decoder_begin(&decoder, &ev);
	vb_decoder_walk(&decoder, 0, NULL);
	cr_assert_eq(vb_plan_net_packet(d, &decoder, left), 0);
	vb_decoder_done(&decoder);
}

/* What records claim that they do not hold takes memory up to a bound. */
Test(plan_net, filling_has_a_bound)
{
	uint64_t left = 3 * LOST - 1;

	plan = calloc(1, sizeof(*plan));
	cr_assert(plan);
	plan->devices = dev = calloc(1, sizeof(*dev));
	cr_assert(dev);
	plan->n_devices = 1;
	dev->class = VB_CLASS_NETWORK;
	for (uint64_t i = 1; i <= 3; i++)
		take_cut_frame(dev, i, &left);
	cr_assert_eq(dev->n_steps, 3);
	cr_expect_eq(left, LOST - 1);
	cr_expect_eq(dev->net->n_filled, 2);
	cr_expect(dev->steps[1].bytes && dev->steps[1].wire_len == 60 + LOST);
	cr_expect(!dev->steps[2].bytes);
	cr_expect_eq(dev->steps[2].skip, VB_SKIP_CUT);
}
