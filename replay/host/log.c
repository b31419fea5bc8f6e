/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's own record of the conversation, in the form of a capture.
 */
#include <stdlib.h>
#include <string.h>

#include "dissectors/sinks.h"
#include "internal.h"
#include "outside.h"

static void record(struct vb_host *h, struct vb_event *ev, const uint8_t *bytes, uint32_t len)
{
	struct vb_record_header *hdr = &ev->hdr;

	hdr->magic = VB_RECORD_MAGIC;
	hdr->header_len = VB_RECORD_HEADER_LEN;
	hdr->flags |= VB_REC_HOST_SIDE;
	/* one count for each channel id, which later channels go on with */
	hdr->seq = h->seq[hdr->relid]++;
	hdr->wire_len = hdr->cap_len = len;
	hdr->capture = h->capture_id;
	hdr->mono_ns = vb_host_now(h);
	ev->time_ns = vb_clock_wall(h->opt.clock);
	ev->number = ++h->n_records;
	ev->data = bytes;
	h->opt.log->record(h->opt.log->ctx, ev);
}

void vb_log_control(struct vb_host *h, uint8_t direction, const uint8_t *msg, uint32_t len)
{
	struct vb_event ev = { .hdr = {
				       .kind = VB_KIND_CONTROL,
				       .direction = direction,
				       .cpu = h->synic.message_vp,
				       .ring_pos = VB_RING_POS_UNKNOWN,
			       } };

	if (h->opt.log)
		record(h, &ev, msg, len);
}

/* What the packet refers to outside the ring, if its model knows. */
static void add_outside(struct vb_hchannel *c, struct vb_event *ev, const uint8_t *packet,
			uint32_t len, struct vb_hext *ext)
{
	const struct vb_model *m = c->d->cfg.model;
	struct vb_frame f;

	if (!m->outside)
		return;
	vb_packets_frame(c, &f);
	f.direction = ev->hdr.direction;
	f.data = packet;
	f.wire_len = f.cap_len = len;
	m->outside(c->d, &f, c->h->opt.log->payload, ext);
	if (ext->failed)
		ext->len = 0;
	ev->ext = ext->bytes;
	ev->hdr.ext_len = (uint32_t)ext->len;
	ev->hdr.ext_wire_len = ext->wire_len;
	if (ext->cut || ext->failed)
		ev->hdr.flags |= VB_REC_EXT_CUT;
}

void vb_log_packet(struct vb_hchannel *c, uint8_t direction, const uint8_t *packet, uint32_t len,
		   uint32_t pos, uint32_t read_index)
{
	const struct vb_ring *r = direction == VB_TO_HOST ? &c->in : &c->out;
	struct vb_event ev = { .hdr = {
				       .kind = VB_KIND_PACKET,
				       .direction = direction,
				       .class = c->d->cfg.class,
				       .relid = c->relid,
				       .subchannel = c->index,
				       .cpu = c->target_vp < c->h->opt.n_vps ? c->target_vp : 0,
				       .ring_size = r->size,
				       .ring_pos = pos,
				       .ring_read = read_index,
			       } };
	struct vb_hext ext = { 0 };

	if (!c->h->opt.log)
		return;
	memcpy(ev.hdr.device, c->d->cfg.instance, sizeof(ev.hdr.device));
	add_outside(c, &ev, packet, len, &ext);
	record(c->h, &ev, packet, len);
	free(ext.bytes);
}

void vb_log_device(struct vb_hdevice *d)
{
	struct vb_device dev = { .class = d->cfg.class };

	if (!d->h->opt.log || !d->h->opt.log->device || d->logged)
		return;
	d->logged = true;
	memcpy(dev.instance, d->cfg.instance, sizeof(dev.instance));
	dev.relid = d->channels[0] ? d->channels[0]->relid : 0;
	_Static_assert(sizeof(dev.name) >= VB_GUID_TEXT, "a GUID is a name of the bus");
	vb_guid_text(d->cfg.instance, dev.name);
	d->h->opt.log->device(d->h->opt.log->ctx, &dev);
}
