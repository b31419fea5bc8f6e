/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture that began late lacks what was said when the channels were opened. A driver that starts
 * anew has to hear it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/packet.h"
#include "dissectors/values.h"
#include "replay/plan_impl.h"

#define N_MADE 3u /* opening, negotiation, its answer */

/* A negotiation of one version of each kind: descriptor, pipe, header, body; padded. */
#define DESCRIPTOR_LEN 16u
#define PIPE_LEN 8u
#define HEADER_LEN 20u
#define BODY_LEN 16u
#define PACKET_LEN 64u

_Static_assert(DESCRIPTOR_LEN + PIPE_LEN + HEADER_LEN + BODY_LEN <= PACKET_LEN, "negotiation");

bool vb_plan_opens(const char *kind)
{
	static const char *const kinds[] = { "hv_icmsg.negotiate", "hv_icmsg.negotiate_response" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

static bool is_packet(const struct vb_step *s)
{
	return s->type == VB_STEP_SEND || s->type == VB_STEP_EXPECT || s->type == VB_STEP_CAUSE;
}

/* n empty steps in front of all others. */
static int make_room(struct vb_plan_device *d, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!vb_plan_step_add(d, VB_STEP_OPENED))
			return -ENOMEM;
	memmove(d->steps + n, d->steps, (d->n_steps - n) * sizeof(*d->steps));
	for (size_t i = n; i < d->n_steps; i++) {
		uint32_t *refs[] = { &d->steps[i].answers, &d->steps[i].causes,
				     &d->steps[i].status };

		for (size_t k = 0; k < 3; k++)
			*refs[k] += *refs[k] == VB_NO_STEP ? 0 : n;
	}
	return 0;
}

/* ---- the negotiation ---- */

/* The versions by which the recorded messages are: what was agreed. */
static bool read_versions(const struct vb_plan_device *d, const struct vb_step *s,
			  uint64_t *ret_framework, uint64_t *ret_message)
{
	struct vb_wanted w[] = { { .path = "hv_icmsg.framework_version" },
				 { .path = "hv_icmsg.message_version" } };
	struct vb_frame f;

	vb_step_frame(d, s, &f);
	if (vb_values_read(vb_root_proto(VB_KIND_PACKET), &f, w, 2, NULL) != 2)
		return false;
	*ret_framework = w[0].number;
	*ret_message = w[1].number;
	return true;
}

static int encode(const struct vb_frame *f, const struct vb_value *versions, uint64_t flags,
		  uint8_t *bytes)
{
	struct vb_value v[] = {
		VB_NUMBER("hv_ring.type", VB_PACKET_IN_BAND),
		VB_NUMBER("hv_ring.data_offset8", DESCRIPTOR_LEN / 8),
		VB_NUMBER("hv_ring.len8", PACKET_LEN / 8),
		VB_NUMBER("hv_pipe.type", 1),
		VB_NUMBER("hv_pipe.length", HEADER_LEN + BODY_LEN),
		VB_NUMBER("hv_icmsg.type", 0),
		VB_NUMBER("hv_icmsg.size", BODY_LEN),
		VB_NUMBER("hv_icmsg.flags", flags),
		versions[0],
		versions[1],
		versions[2],
		versions[3],
	};

	return vb_values_encode(vb_root_proto(VB_KIND_PACKET), f, v, sizeof(v) / sizeof(v[0]),
				bytes, PACKET_LEN);
}

#define TRANSACTION 1u
#define REQUEST 2u
#define RESPONSE 4u
#define VERSIONS(message)                                                                          \
	{                                                                                          \
		VB_NUMBER("hv_icmsg." message ".framework_count", 1),                              \
			VB_NUMBER("hv_icmsg." message ".message_count", 1),                        \
			VB_NUMBER("hv_icmsg." message ".framework[0]", framework),                 \
			VB_NUMBER("hv_icmsg." message ".message[0]", version),                     \
	}

/* The packet of a made step, and what kind of message it is. */
static int make_packet(struct vb_plan_device *d, struct vb_step *s, uint64_t framework,
		       uint64_t version)
{
	const struct vb_value ask[] = VERSIONS("negotiate");
	const struct vb_value answer[] = VERSIONS("negotiate_response");
	bool asks = s->type == VB_STEP_SEND;
	struct vb_walked w;
	struct vb_frame f;
	int rc;

	s->bytes = calloc(1, PACKET_LEN);
	if (!s->bytes)
		return -ENOMEM;
	s->cap_len = PACKET_LEN;
	s->wire_len = PACKET_LEN;
	vb_step_frame(d, s, &f);
	rc = encode(&f, asks ? ask : answer, TRANSACTION | (asks ? REQUEST : RESPONSE), s->bytes);
	if (rc)
		return rc;
	vb_walk(vb_root_proto(VB_KIND_PACKET), &f, NULL, &w);
	return vb_plan_kind_add(d, &w, &s->kind);
}

static struct vb_step made_step(uint8_t type, uint32_t answers)
{
	return (struct vb_step){ .type = type,
				 .made = true,
				 .kind = VB_NO_KIND,
				 .answers = answers,
				 .causes = VB_NO_STEP,
				 .status = VB_NO_STEP };
}

/* The answer is waited for, but there is none to compare it with. */
static int add_negotiation(struct vb_plan_device *d, uint64_t framework, uint64_t version)
{
	int rc;

	if (make_room(d, N_MADE))
		return -ENOMEM;
	d->steps[0] = made_step(VB_STEP_OPENED, VB_NO_STEP);
	d->steps[1] = made_step(VB_STEP_SEND, VB_NO_STEP);
	d->steps[1].answered = true;
	d->steps[2] = made_step(VB_STEP_EXPECT, 1);
	d->steps[2].skip = VB_SKIP_UNRECORDED;
	rc = make_packet(d, &d->steps[1], framework, version);
	return rc ? rc : make_packet(d, &d->steps[2], framework, version);
}

/* ---- the beginning ---- */

static const struct vb_step *first_packet(const struct vb_plan_device *d)
{
	for (size_t i = 0; i < d->n_steps && d->steps[i].type != VB_STEP_OPENED; i++)
		if (is_packet(&d->steps[i]))
			return &d->steps[i];
	return NULL;
}

int vb_plan_begin_late(struct vb_plan_device *d)
{
	const struct vb_step *s = first_packet(d);
	uint64_t framework, version;

	if (!s)
		return 0;
	d->late = true;
	if (!vb_plan_opens(vb_plan_kind_name(d, s->kind)) &&
	    read_versions(d, s, &framework, &version))
		return add_negotiation(d, framework, version);
	if (make_room(d, 1))
		return -ENOMEM;
	d->steps[0] = made_step(VB_STEP_OPENED, VB_NO_STEP);
	return 0;
}
