/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A channel's life between its offer and its release: opened, moved, closed, broken.
 */
#include <stdlib.h>

#include "internal.h"

struct vb_hchannel *vb_channel_by_relid(const struct vb_host *h, uint32_t relid)
{
	return relid < VB_N_RELIDS ? h->channels[relid] : NULL;
}

void vb_channel_free(struct vb_hchannel *c)
{
	vb_channel_close(c);
	free(c->scratch);
	free(c);
}

void vb_channel_close(struct vb_hchannel *c)
{
	const struct vb_model *m = c->d->cfg.model;

	if (!c->open)
		return;
	c->open = false;
	c->reserved = 0;
	c->want_room = false;
	c->paused = false;
	c->again = false;
	c->full_until = 0;
	c->full_is_over = false;
	vb_fault_forget(c);
	vb_ring_detach(&c->in, c->h->opt.transport);
	vb_ring_detach(&c->out, c->h->opt.transport);
	if (m->closed)
		m->closed(c->d, c);
}

void vb_channel_break(struct vb_hchannel *c, const char *why)
{
	if (c->broken)
		return;
	c->broken = true;
	c->h->stats.broken++;
	vb_packets_kick(c);
	vb_host_trouble(c->h, "%s: channel %u: the guest broke it: %s", c->d->name, c->relid, why);
}

void vb_channel_interrupt(struct vb_hchannel *c)
{
	vb_synic_signal(&c->h->synic, c->target_vp, c->relid);
}

/* ---- OPENCHANNEL ---- */

enum { OPEN_RELID, OPEN_ID, OPEN_GPADL, OPEN_VP, OPEN_DOWNSTREAM, N_OPEN };

#define NO_INTERRUPTS UINT32_MAX /* as target processor */

static bool is_vp(const struct vb_host *h, uint64_t vp)
{
	return vp < h->opt.n_vps || vp == NO_INTERRUPTS;
}

/* The GPADL is the guest-to-host ring up to page `downstream`, then the other one. */
static int attach_rings(struct vb_hchannel *c, const struct vb_gpadl *g, uint64_t downstream)
{
	const struct vb_transport *t = c->h->opt.transport;
	int rc;

	if (g->n_ranges != 1 || g->byte_offset || downstream >= g->n_pfns)
		return -1;
	rc = vb_ring_attach(&c->in, t, g->pfns, (uint32_t)downstream);
	if (rc)
		return rc;
	rc = vb_ring_attach(&c->out, t, g->pfns + downstream, g->n_pfns - (uint32_t)downstream);
	if (rc)
		vb_ring_detach(&c->in, t);
	return rc;
}

static const char *open_channel(struct vb_hchannel *c, const struct vb_wanted *w)
{
	const struct vb_gpadl *g;

	if (c->rescinded || c->broken)
		return "it is rescinded";
	if (c->open)
		return "it is open";
	if (!is_vp(c->h, w[OPEN_VP].number))
		return "there is no such processor";
	g = vb_gpadl_find(c->h, c->relid, (uint32_t)w[OPEN_GPADL].number);
	if (!g)
		return "the ring's GPADL does not exist";
	if (attach_rings(c, g, w[OPEN_DOWNSTREAM].number))
		return "the ring's pages make no sense";
	c->gpadl = g->id;
	c->target_vp = (uint32_t)w[OPEN_VP].number;
	vb_ring_begin_read(&c->in);
	vb_ring_begin_write(&c->out);
	c->open = true;
	return NULL;
}

static void send_open_result(struct vb_host *h, const struct vb_wanted *w, uint32_t status)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_OPEN_RESULT),
		VB_NUMBER("vmbus.open_result.relid", w[OPEN_RELID].number),
		VB_NUMBER("vmbus.open_result.open_id", w[OPEN_ID].number),
		VB_NUMBER("vmbus.open_result.status", status),
	};

	vb_bus_send(h, values, sizeof(values) / sizeof(values[0]), 20);
}

void vb_channel_on_open(struct vb_host *h, const struct vb_frame *f)
{
	struct vb_wanted w[N_OPEN] = {
		[OPEN_RELID].path = "vmbus.open.relid",
		[OPEN_ID].path = "vmbus.open.open_id",
		[OPEN_GPADL].path = "vmbus.open.gpadl",
		[OPEN_VP].path = "vmbus.open.target_vp",
		[OPEN_DOWNSTREAM].path = "vmbus.open.downstream_page_offset",
	};
	struct vb_hchannel *c;
	const char *wrong;

	if (!vb_bus_read(h, f, w, N_OPEN))
		return;
	c = vb_channel_by_relid(h, (uint32_t)w[OPEN_RELID].number);
	wrong = c ? open_channel(c, w) : "there is no such channel";
	if (wrong)
		vb_host_trouble(h, "channel %u cannot be opened: %s",
				(unsigned int)w[OPEN_RELID].number, wrong);
	send_open_result(h, w, wrong ? VB_STATUS_INVALID : 0);
	if (wrong)
		return;
	if (c->index == 0)
		vb_settings_apply(c->d);
	if (c->d->cfg.model->opened)
		c->d->cfg.model->opened(c->d, c);
	vb_packets_kick(c);
}

/* ---- CLOSECHANNEL, MODIFYCHANNEL ---- */

void vb_channel_on_close(struct vb_host *h, const struct vb_frame *f)
{
	struct vb_wanted w = { .path = "vmbus.close.relid" };
	struct vb_hchannel *c;

	if (!vb_bus_read(h, f, &w, 1))
		return;
	c = vb_channel_by_relid(h, (uint32_t)w.number);
	if (!c || (!c->open && !c->rescinded)) {
		vb_host_trouble(h, "the guest closes channel %u, which is not open",
				(unsigned int)w.number);
		return;
	}
	/* Linux waits for the rescinding of its sub-channels when it closes a primary */
	if (c->open && c->index == 0)
		vb_offer_rescind_subchannels(c->d);
	vb_channel_close(c);
}

void vb_channel_on_modify(struct vb_host *h, const struct vb_frame *f)
{
	struct vb_wanted w[] = { { .path = "vmbus.modify_channel.relid" },
				 { .path = "vmbus.modify_channel.target_vp" } };
	struct vb_hchannel *c;
	bool is_good;

	if (!vb_bus_read(h, f, w, 2))
		return;
	c = vb_channel_by_relid(h, (uint32_t)w[0].number);
	is_good = c && c->open && is_vp(h, w[1].number);
	if (is_good)
		c->target_vp = (uint32_t)w[1].number;
	else
		vb_host_trouble(h, "channel %u cannot move to processor %u",
				(unsigned int)w[0].number, (unsigned int)w[1].number);
	if (h->version >= VB_VMBUS_5_3) {
		const struct vb_value values[] = {
			VB_NUMBER("vmbus.type", VB_CTL_MODIFY_CHANNEL_RESPONSE),
			VB_NUMBER("vmbus.modify_channel_response.relid", w[0].number),
			VB_NUMBER("vmbus.modify_channel_response.status",
				  is_good ? 0 : VB_STATUS_INVALID),
		};

		vb_bus_send(h, values, 3, 16);
	}
}

/* ---- what models and users ask ---- */

bool vb_hchannel_is_open(const struct vb_hchannel *c)
{
	return c->open && !c->broken;
}

uint32_t vb_hchannel_relid(const struct vb_hchannel *c)
{
	return c->relid;
}

uint16_t vb_hchannel_index(const struct vb_hchannel *c)
{
	return c->index;
}

uint32_t vb_host_connection(const struct vb_hchannel *c)
{
	return VB_CONNECTION_EVENTS + c->relid;
}
