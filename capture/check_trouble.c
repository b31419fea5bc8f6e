/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/check_trouble.h"

#include <inttypes.h>
#include <string.h>

#include "capture/report.h"
#include "capture/time_text.h"

static const char *meaning(enum vb_note_code code)
{
	static const char *const texts[VB_N_NOTES] = {
		[VB_NOTE_STATUS] = "answers that say the request failed",
		[VB_NOTE_NO_SECTION] = "frames that no section of the send buffer was free for",
		[VB_NOTE_RING_FULL] = "writes that the ring had no room for",
		[VB_NOTE_STALLED] = "times that requests of a channel had no answer for 5 s",
		[VB_NOTE_SIZE] = "sizes that host and guest disagree about",
		[VB_NOTE_FORCED] = "failures that the driver takes for successes",
	};

	return texts[code];
}

int vb_trouble_add(struct vb_trouble *t, const struct vb_decoder *d)
{
	for (unsigned int i = 0; i < VB_N_NOTES; i++) {
		if (!(d->link.notes & 1u << i))
			continue;
		if (t->n[i]++ == 0)
			t->first[i] = d->ev->number;
	}
	return vb_queues_add(&t->queues, d);
}

void vb_trouble_done(struct vb_trouble *t)
{
	vb_queues_done(&t->queues);
}

/* ---- the lines ---- */

static void put_device(struct vb_buf *out, uint8_t class, const uint8_t instance[16],
		       uint32_t relid)
{
	static const uint8_t zero[16];
	char guid[VB_GUID_TEXT];

	vb_guid_text(instance, guid);
	if (memcmp(instance, zero, sizeof(zero)) != 0)
		vb_buf_fmt(out, "%s %s", vb_class_by_code(class)->name, guid);
	else
		vb_buf_fmt(out, "channel %" PRIu32, relid);
}

static const char *way(uint8_t direction)
{
	return direction == VB_TO_GUEST ? "host > guest" : "guest > host";
}

static void put_stalled(void *ctx, const struct vb_stalled *q)
{
	struct vb_buf *out = ctx;

	vb_buf_fmt(out, "%s: ", vb_note_name(VB_NOTE_STALLED));
	put_device(out, q->class, q->instance, q->relid);
	vb_buf_fmt(out, ", sub-channel %u, %s: no answer to %s in the last ", q->subchannel,
		   way(q->direction), q->outside ? "messages" : "packets");
	vb_time_seconds(out, q->waiting_ns);
	vb_buf_str(out, " s\n");
}

static void put_unbalanced(void *ctx, const struct vb_queue *busy, uint8_t direction,
			   size_t n_queues, uint64_t n_packets)
{
	struct vb_buf *out = ctx;

	vb_buf_fmt(out, "%s: ", vb_note_name(VB_NOTE_UNBALANCED));
	put_device(out, VB_CLASS_NETWORK, busy->instance, 0);
	vb_buf_fmt(out,
		   ", %s: sub-channel %u, one of %zu, has %" PRIu64 " of %" PRIu64
		   " packets with frames\n",
		   way(direction), busy->subchannel, n_queues, busy->n_packets[direction],
		   n_packets);
}

static void put_unanswered(const struct vb_session *s, struct vb_buf *out)
{
	struct vb_session_stats stats;

	vb_session_get_stats(s, &stats);
	if (stats.n_unanswered > 0)
		vb_buf_fmt(out,
			   "unanswered: %" PRIu64 " request%s whose id was used again before an "
			   "answer came\n",
			   stats.n_unanswered, vb_plural(stats.n_unanswered));
	if (stats.n_overlapped > 0)
		vb_buf_fmt(out,
			   "overlaps: %" PRIu64 " request%s stamped on one CPU before another read "
			   "the answer that freed the id\n",
			   stats.n_overlapped, vb_plural(stats.n_overlapped));
	if (stats.n_forgotten > 0)
		vb_buf_fmt(out, "forgotten: %" PRIu64 " request%s, too many were open\n",
			   stats.n_forgotten, vb_plural(stats.n_forgotten));
}

void vb_trouble_put(const struct vb_trouble *t, const struct vb_session *s, uint64_t now_ns,
		    struct vb_buf *out)
{
	for (unsigned int i = 0; i < VB_N_NOTES; i++)
		if (t->n[i] > 0)
			vb_buf_fmt(out, "%s: %" PRIu64 " (%s); the first is record %" PRIu64 "\n",
				   vb_note_name((enum vb_note_code)i), t->n[i],
				   meaning((enum vb_note_code)i), t->first[i]);
	vb_session_each_stalled(s, now_ns, put_stalled, out);
	vb_queues_unbalanced(&t->queues, put_unbalanced, out);
	if (t->queues.n_left_out > 0)
		vb_buf_fmt(out,
			   "queues: %" PRIu64 " packets of further channels were not weighed\n",
			   t->queues.n_left_out);
	put_unanswered(s, out);
}
