/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is not sent as recorded. Everything else is, byte for byte.
 */
#include "replay/place.h"
#include "replay/replay_impl.h"

static bool live_trans_id(const struct vb_todo *todo, const struct vb_clock *clock, uint64_t *ret)
{
	(void)clock;
	*ret = todo->trans_id;
	return todo->step->answers != VB_NO_STEP;
}

/*
 * The guest takes host time and reference time as one moment. The recorded reference counts from the
 * start of the recorded machine; with the live one the guest's clock gets the recorded host's time.
 */
static bool live_reference(const struct vb_todo *todo, const struct vb_clock *clock, uint64_t *ret)
{
	(void)todo;
	*ret = vb_clock_reference(clock) / 100;
	return true;
}

static const struct {
	const char *path;
	bool (*value)(const struct vb_todo *todo, const struct vb_clock *clock, uint64_t *ret);
} rewrites[] = {
	{ "hv_ring.trans_id", live_trans_id },
	{ "hv_timesync.vm_reference_time", live_reference },
};

#define N_REWRITES (sizeof(rewrites) / sizeof(rewrites[0]))

void vb_replay_rewrite(uint8_t *bytes, const struct vb_frame *f, const struct vb_todo *todo,
		       const struct vb_clock *clock)
{
	struct vb_place places[N_REWRITES];
	uint64_t value;

	for (size_t i = 0; i < N_REWRITES; i++)
		places[i] = (struct vb_place){ .path = rewrites[i].path };
	vb_places(vb_root_proto(f->kind), f, places, N_REWRITES);
	for (size_t i = 0; i < N_REWRITES; i++)
		if (places[i].found && rewrites[i].value(todo, clock, &value))
			vb_place_store(bytes, &places[i], value);
}
