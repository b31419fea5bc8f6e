/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live capture as a source of events. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "capture/source_bpf.h"

#define TICK_MS 20   /* how often the ring buffers are looked at while records come */
#define IDLE_MS 1000 /* and how often while none do: the clock is checked then */
#define CLOCK_CHECK_NS 1000000000ull /* how often the wall clock is, and who has the rings */
#define CLOCK_STEP_NS 10000000	     /* a change by more is a step */
/* Packet bytes in an event: a record has its tags and header beside them. */
#define MAX_PACKET (262144u - 24u - VB_RECORD_HEADER_LEN)

struct source {
	struct vb_source base;
	struct vb_probes *probes;
	struct vb_merge *merge;
	struct vb_table table;
	struct vb_selection selection;
	uint32_t snaplen;
	struct vb_made_list made; /* go before everything merged */
	struct vb_made *given;	  /* behind the event handed out last */
	struct vb_merged *merged; /* likewise */
	uint64_t capture_id;
	uint64_t start_ns;  /* monotonic */
	uint64_t until_ns;  /* everything older has been read */
	int64_t offset_ns;  /* wall clock minus monotonic at the start: makes block times */
	int64_t current_ns; /* the same now */
	uint64_t clock_checked_ns, rings_checked_ns;
	struct vb_follow follow;     /* used when the probes were there before hv_vmbus */
	uint64_t n_events, n_placed; /* losses that stand before a record handed out */
	bool stopping, drained, ended;
};

/* ---- events made here ---- */

/* An event that belongs to the record h, right after it. */
static int add_event(struct source *s, const struct vb_record_header *h, uint16_t key,
		     const void *value, uint16_t len)
{
	struct vb_made *m =
		vb_made_keyed(s->capture_id, h->mono_ns, VB_KIND_EVENT, key, value, len);

	if (!m)
		return -ENOMEM;
	m->hdr.class = h->class;
	m->hdr.relid = h->relid;
	m->hdr.subchannel = h->subchannel;
	m->hdr.cpu = h->cpu;
	m->hdr.seq = vb_merge_sequence(s->merge, h->cpu);
	memcpy(m->hdr.device, h->device, sizeof(m->hdr.device));
	vb_made_append(&s->made, m);
	return 0;
}

/*
 * What was lost after the last record has no record to stand before: the end of the capture does
 * for it.
 */
static int add_end(struct source *s)
{
	struct vb_record_header h = { .mono_ns = vb_clock_ns() };
	struct vb_made *m;
	uint64_t lost;
	int rc;

	s->ended = true;
	vb_table_losses(&s->table, vb_probes_channels(s->probes), s->merge, true);
	lost = vb_table_lost(&s->table);
	if (lost <= s->n_placed)
		return 0;
	rc = add_event(s, &h, VB_EVENT_END, NULL, 0);
	if (rc)
		return rc;
	m = s->made.first;
	m->hdr.lost = (uint32_t)(lost - s->n_placed);
	m->hdr.seq += m->hdr.lost;
	return 0;
}

/* An event of a channel, if that is captured, right after the record base. */
static int add_channel_event(struct source *s, const struct vb_record_header *base, uint32_t relid,
			     uint16_t key, const void *value, uint16_t len)
{
	const struct vb_chan *ch = &s->table.chan[relid];
	struct vb_record_header h = *base;

	if (!vb_probes_channels(s->probes)[relid].wanted)
		return 0;
	h.relid = relid;
	h.class = ch->class;
	h.subchannel = ch->subchannel;
	memcpy(h.device, ch->instance, sizeof(h.device));
	return add_event(s, &h, key, value, len);
}

/* The driver may have given the rings of this channel to user space. */
static int look(struct source *s, const struct vb_record_header *base, uint32_t relid)
{
	if (!vb_table_look(&s->table, relid, ""))
		return 0;
	return add_channel_event(s, base, relid, VB_EVENT_BYPASS, &vb_bypass_user_space,
				 sizeof(vb_bypass_user_space));
}

int vb_source_bpf_restate(struct vb_source *src, struct vb_err *err)
{
	struct source *s = (struct source *)src;
	struct vb_made_list list = { .end = &list.first };
	int rc = vb_made_beginning(&list, &s->table, vb_probes_channels(s->probes), s->capture_id,
				   s->start_ns);

	if (rc) {
		vb_made_free(&list);
		return vb_fail(err, rc, "out of memory");
	}
	vb_made_prepend(&s->made, &list);
	return 0;
}

/* ---- records to events ---- */

static int take_control(struct source *s, const struct vb_record_header *h, const uint8_t *data)
{
	uint32_t closed, opened;
	int rc;

	if (h->flags & VB_REC_FAILED)
		return 0;
	/* what a channel has lost was its device's, before its number may be another's */
	vb_table_losses(&s->table, vb_probes_channels(s->probes), s->merge, false);
	rc = vb_table_message(&s->table, h->direction, data, h->cap_len, &closed, &opened);
	if (!rc && opened) {
		vb_merge_restart(s->merge, opened);
		rc = look(s, h, opened);
	}
	if (!rc && closed)
		rc = add_channel_event(s, h, closed, VB_EVENT_CLOSED, NULL, 0);
	return rc;
}

/* What follows from a packet. */
static int take_packet(struct source *s, struct vb_record_header *h, const struct vb_merged *it)
{
	uint32_t bytes = h->wire_len + 8; /* with its trailer */

	h->class = s->table.chan[h->relid].class;
	if (h->cap_len > s->snaplen)
		h->cap_len = s->snaplen;
	if (h->cap_len > MAX_PACKET)
		h->cap_len = MAX_PACKET;
	if (h->cap_len < h->wire_len)
		h->flags |= VB_REC_CUT;
	if (vb_table_moves_path(&s->table, h, it->data))
		return add_event(s, h, VB_EVENT_BYPASS, &vb_bypass_vf, sizeof(vb_bypass_vf));
	if (it->rec.result != -EAGAIN || it->rec.flags & VB_BPF_F_NO_REQUEST_ID)
		return 0;
	return add_event(s, h, VB_EVENT_RING_FULL, &bytes, sizeof(bytes));
}

static void hand_out(struct source *s, struct vb_event *ret, const uint8_t *data,
		     const uint8_t *ext)
{
	ret->data = data;
	ret->ext = ret->hdr.ext_len ? ext : NULL;
	ret->number = ++s->n_events;
	ret->time_ns = ret->hdr.mono_ns + (uint64_t)s->offset_ns;
}

static int give_merged(struct source *s, struct vb_merged *it, struct vb_event *ret)
{
	struct vb_device_stats *dev;
	const uint8_t *data = it->data;
	int rc;

	vb_merge_release(s->merge, s->merged);
	s->merged = it;
	memset(ret, 0, sizeof(*ret));
	vb_merged_header(it, s->capture_id, &ret->hdr);
	rc = vb_table_device(&s->table, it->rec.relid, it->rec.instance, ret->hdr.subchannel, &dev);
	if (rc)
		return rc;
	dev->delivered++;
	s->n_placed += it->lost;
	if (ret->hdr.kind == VB_KIND_CONTROL) {
		rc = take_control(s, &ret->hdr, data);
	} else if (ret->hdr.kind == VB_KIND_PACKET) {
		vb_merged_patch(it);
		rc = take_packet(s, &ret->hdr, it);
	} else {
		data = vb_merged_signal(it, &ret->hdr);
		ret->hdr.class = s->table.chan[it->rec.relid].class;
	}
	hand_out(s, ret, data, vb_merged_ext(it));
	return rc ? rc : 1;
}

static int give_made(struct source *s, struct vb_event *ret)
{
	struct vb_device_stats *dev;
	struct vb_made *m = vb_made_take(&s->made);
	int rc;

	free(s->given);
	s->given = m;
	memset(ret, 0, sizeof(*ret));
	ret->hdr = m->hdr;
	if (!(m->hdr.flags & VB_REC_SYNTHESIZED)) {
		rc = vb_table_device(&s->table, m->hdr.relid, m->hdr.device, m->hdr.subchannel,
				     &dev);
		if (rc)
			return rc;
		dev->delivered++;
	}
	hand_out(s, ret, m->data, NULL);
	return 1;
}

/* ---- the source ---- */

static int check_clock(struct source *s, uint64_t now)
{
	struct vb_record_header h = { .mono_ns = now };
	int64_t offset, step;
	uint64_t error;

	if (now - s->clock_checked_ns < CLOCK_CHECK_NS)
		return 0;
	s->clock_checked_ns = now;
	offset = vb_clock_offset(&error);
	step = offset - s->current_ns;
	if (error > CLOCK_STEP_NS / 2)
		return 0;
	if (step < CLOCK_STEP_NS && step > -CLOCK_STEP_NS)
		return 0;
	s->current_ns = offset;
	return add_event(s, &h, VB_EVENT_CLOCK_STEP, &step, sizeof(step));
}

/* Rings change hands after the channel was opened, too. */
static int check_rings(struct source *s, uint64_t now)
{
	struct vb_record_header h = { .mono_ns = now };
	int rc = 0;

	if (now - s->rings_checked_ns < CLOCK_CHECK_NS)
		return 0;
	s->rings_checked_ns = now;
	for (uint32_t i = 0; i < VB_BPF_MAX_RELIDS && !rc; i++)
		rc = s->table.chan[i].known ? look(s, &h, i) : 0;
	return rc;
}

/* ---- hv_vmbus comes and goes: for source_bpf_follow.c ---- */

static uint64_t bus_instance(void *ctx)
{
	(void)ctx;
	return vb_bus_instance("");
}

static int attach_rest(void *ctx, struct vb_err *err)
{
	struct source *s = ctx;
	uint32_t version;
	int rc = vb_probes_complete(s->probes, err);

	/* the offers were seen as they came; the walk only finds the buffers */
	return rc ? rc : vb_probes_walk(s->probes, NULL, NULL, &version, err);
}

static void detach_rest(void *ctx)
{
	vb_probes_retreat(((struct source *)ctx)->probes);
}

/* ---- polling ---- */

static int poll_probes(struct source *s, int timeout_ms, struct vb_err *err)
{
	bool idle = !vb_merge_held(s->merge);
	int longest = idle && !vb_probes_early(s->probes) ? IDLE_MS : TICK_MS, rc;
	uint64_t now = vb_clock_ns();

	if (timeout_ms > longest)
		timeout_ms = longest;
	if (s->stopping) {
		vb_probes_detach(s->probes);
		rc = vb_probes_poll(s->probes, 0, false, &s->until_ns);
		s->drained = s->until_ns + 1000000000u > now; /* nothing was left behind */
		if (s->drained) {
			vb_merge_end(s->merge);
			s->until_ns = UINT64_MAX;
		}
	} else {
		rc = check_clock(s, now);
		if (!rc)
			rc = check_rings(s, now);
		if (!rc && vb_probes_early(s->probes))
			rc = vb_follow_bus(&s->follow, now, err);
		if (!rc)
			rc = vb_probes_poll(s->probes, timeout_ms, idle, &s->until_ns);
	}
	return rc && !err->text[0] ? vb_fail(err, rc, "reading records: %s", strerror(-rc)) : rc;
}

/* 1 when there was an event. */
static int give_next(struct source *s, struct vb_event *ret)
{
	struct vb_merged *it;

	if (s->made.first)
		return give_made(s, ret);
	it = vb_merge_pop(s->merge, s->until_ns);
	return it ? give_merged(s, it, ret) : 0;
}

static int source_next(struct vb_source *src, int timeout_ms, struct vb_event *ret,
		       struct vb_err *err)
{
	struct source *s = (struct source *)src;
	uint64_t deadline = 0, now;
	bool polled = false;
	int rc, left;

	err->text[0] = '\0';
	for (;;) {
		rc = give_next(s, ret);
		if (!rc && s->drained && !s->ended) {
			rc = add_end(s);
			if (!rc)
				continue;
		}
		if (rc < 0)
			return vb_fail(err, rc, "out of memory");
		if (rc || s->drained)
			return rc;
		if (!s->stopping && vb_selection_gone(&s->selection, &s->table))
			return vb_selection_fail_gone(&s->selection, err);
		now = vb_clock_ns();
		if (!polled)
			deadline = now + (uint64_t)timeout_ms * 1000000u;
		left = now < deadline ? (int)((deadline - now) / 1000000u) : 0;
		if (polled && !left && !s->stopping)
			return -EAGAIN;
		rc = poll_probes(s, left, err);
		if (rc)
			return rc;
		polled = true;
	}
}

static size_t source_devices(struct vb_source *src, const struct vb_device_stats **ret)
{
	struct source *s = (struct source *)src;

	*ret = s->table.devices;
	return s->table.n_devices;
}

static void source_count(struct vb_source *src)
{
	struct source *s = (struct source *)src;

	vb_table_losses(&s->table, vb_probes_channels(s->probes), s->merge, s->drained);
}

static void source_stop(struct vb_source *src)
{
	struct source *s = (struct source *)src;

	s->stopping = true;
}

static void source_close(struct vb_source *src)
{
	struct source *s = (struct source *)src;

	vb_probes_close(s->probes);
	vb_merge_release(s->merge, s->merged);
	vb_merge_free(s->merge);
	vb_table_done(&s->table);
	vb_made_free(&s->made);
	free(s->given);
	free(s);
}

static const struct vb_source_ops ops = {
	.next = source_next,
	.devices = source_devices,
	.count = source_count,
	.stop = source_stop,
	.close = source_close,
};

const char *vb_source_bpf_probes(const struct vb_source *src)
{
	return vb_probes_names(((const struct source *)src)->probes);
}

enum vb_bus_state vb_source_bpf_bus(const struct vb_source *src)
{
	const struct vb_probes *p = ((const struct source *)src)->probes;

	return vb_probes_waiting(p) ? VB_BUS_AWAITED :
	       vb_probes_early(p)   ? VB_BUS_CAME :
				      VB_BUS_THERE;
}

/* ---- opening ---- */

static int push_record(void *ctx, void *data, size_t len)
{
	struct source *s = ctx;
	int rc = vb_merge_push(s->merge, data, len);

	return rc == -EAGAIN ? -EIO : rc;
}

static int see_offer(void *ctx, const uint8_t *offer)
{
	struct source *s = ctx;
	uint32_t closed, opened, relid = (uint32_t)offer[184] | (uint32_t)offer[185] << 8;
	int rc;

	rc = vb_table_message(&s->table, VB_TO_GUEST, offer, VB_BPF_OFFER_LEN, &closed, &opened);
	if (rc)
		return rc;
	s->table.chan[relid].open = true;
	vb_table_look(&s->table, relid, "");
	if (vb_probes_channels(s->probes)[relid].net.on_vf)
		vb_table_set_path(&s->table, relid, true);
	if (vb_selection_offer(&s->selection, offer))
		vb_probes_want(s->probes, relid);
	return 0;
}

static int start(struct source *s, const struct vb_bpf_options *opt, struct vb_err *err)
{
	struct vb_probes_options popt = {
		.selection = &s->selection,
		.snaplen = opt->snaplen,
		.payload = opt->payload,
		.ring_kib = opt->ring_kib,
		.signals = opt->signals,
		.frames = opt->frames,
		.record = push_record,
		.ctx = s,
	};
	int rc = vb_probes_open(&popt, &s->probes, err);
	uint64_t error;

	if (rc)
		return rc;
	rc = vb_merge_new(vb_probes_n_cpus(s->probes), &s->merge);
	if (rc)
		return vb_fail(err, rc, "out of memory");
	s->start_ns = vb_clock_ns();
	s->clock_checked_ns = s->rings_checked_ns = s->start_ns;
	s->offset_ns = s->current_ns = vb_clock_offset(&error);
	if (!vb_probes_waiting(s->probes))
		rc = vb_probes_walk(s->probes, see_offer, s, &s->table.version, err);
	return rc ? rc : vb_source_bpf_restate(&s->base, err);
}

int vb_source_bpf_open(const struct vb_bpf_options *opt, struct vb_source **ret, struct vb_err *err)
{
	struct source *s;
	int rc;

	rc = vb_environment_check(err);
	if (rc)
		return rc;
	s = calloc(1, sizeof(*s));
	if (!s)
		return vb_fail(err, -ENOMEM, "out of memory");
	s->base.ops = &ops;
	s->made.end = &s->made.first;
	s->follow = (struct vb_follow){ s, bus_instance, attach_rest, detach_rest, 0, 0 };
	s->snaplen = opt->snaplen;
	rc = vb_table_init(&s->table);
	if (!rc && getrandom(&s->capture_id, sizeof(s->capture_id), 0) < 0)
		rc = -errno;
	if (rc)
		vb_fail(err, rc, "starting the capture: %s", strerror(-rc));
	else
		rc = vb_selection_parse(opt->channels, vb_bus_is_up(), &s->selection, err);
	if (!rc)
		rc = start(s, opt, err);
	if (rc) {
		source_close(&s->base);
		return rc;
	}
	*ret = &s->base;
	return 0;
}
