/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Offers: which devices the guest knows of, by which ids, and how they are taken back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* How long the message is: QEMU's host sends four bytes more, Hyper-V and OpenVMM do not. */
#define OFFER_LEN 196u

static void tell_connection(struct vb_host *h, const struct vb_hchannel *c, bool in_use)
{
	if (h->connection_changed)
		h->connection_changed(h->connection_ctx, vb_host_connection(c), in_use);
}

void vb_host_watch_connections(struct vb_host *h,
			       void (*changed)(void *ctx, uint32_t connection, bool in_use),
			       void *ctx)
{
	h->connection_changed = changed;
	h->connection_ctx = ctx;
	for (uint32_t relid = 1; relid < h->relid_end; relid++)
		if (h->channels[relid])
			tell_connection(h, h->channels[relid], true);
}

#define FLAG_PIPE 0x0010u
#define PIPE_OF_MESSAGES 4u
#define N_FIELDS 9u
#define N_AREA_FIELDS 3u

static uint16_t flags_of(const struct vb_hdevice *d)
{
	return (uint16_t)(d->cfg.flags | (d->cfg.model->pipe ? FLAG_PIPE : 0));
}

/* The user-defined area has more than one form. Returns how many values there are. */
static size_t add_area(const struct vb_hdevice *d, uint16_t flags, struct vb_value *ret)
{
	const struct vb_hdevice_config *cfg = &d->cfg;

	if (!(flags & FLAG_PIPE)) {
		ret[0] = (struct vb_value)VB_DATA("vmbus.offer.user_defined", cfg->user_defined,
						  sizeof(cfg->user_defined));
		return 1;
	}
	ret[0] = (struct vb_value)VB_NUMBER("vmbus.offer.pipe.mode",
					    d->cfg.model->pipe ? PIPE_OF_MESSAGES : cfg->pipe_mode);
	ret[1] = (struct vb_value)VB_DATA("vmbus.offer.pipe.device_data", cfg->user_defined,
					  VB_PIPE_DATA);
	ret[2] = (struct vb_value)VB_NUMBER("vmbus.offer.pipe.flags", cfg->pipe_flags);
	return 3;
}

static void send_offer(const struct vb_hchannel *c)
{
	const struct vb_hdevice_config *cfg = &c->d->cfg;
	uint16_t flags = flags_of(c->d);
	struct vb_value values[N_FIELDS + N_AREA_FIELDS] = {
		VB_NUMBER("vmbus.type", VB_CTL_OFFER),
		VB_DATA("vmbus.offer.if_type", cfg->interface, 16),
		VB_DATA("vmbus.offer.if_instance", cfg->instance, 16),
		VB_NUMBER("vmbus.offer.flags", flags),
		VB_NUMBER("vmbus.offer.mmio_megabytes", cfg->mmio_megabytes),
		VB_NUMBER("vmbus.offer.sub_channel_index", c->index),
		VB_NUMBER("vmbus.offer.relid", c->relid),
		VB_NUMBER("vmbus.offer.interrupt", 1),
		VB_NUMBER("vmbus.offer.connection_id", vb_host_connection(c)),
	};
	size_t n = N_FIELDS + add_area(c->d, flags, &values[N_FIELDS]);

	vb_bus_send(c->h, values, n, OFFER_LEN);
}

static uint32_t free_relid(const struct vb_host *h)
{
	uint32_t relid = 1;

	while (relid < VB_N_RELIDS && h->channels[relid])
		relid++;
	return relid;
}

int vb_offer_channel(struct vb_hdevice *d, uint16_t index)
{
	struct vb_host *h = d->h;
	uint32_t relid = free_relid(h);
	struct vb_hchannel *c;

	if (relid == VB_N_RELIDS)
		return -ENOSPC;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->h = h;
	c->d = d;
	c->relid = relid;
	c->index = index;
	c->held_end = &c->held;
	h->channels[relid] = c;
	h->relid_end = relid < h->relid_end ? h->relid_end : relid + 1;
	d->channels[index] = c;
	vb_log_device(d);
	tell_connection(h, c, true);
	send_offer(c);
	return 0;
}

/*
 * The guest has not done with the channel that was taken back. Linux would take a second offer of the
 * instance for the old channel, come back from hibernation, and release the new id with the old
 * device (6.1 drivers/hv/channel_mgmt.c, vmbus_onoffer()).
 */
static bool is_leaving(const struct vb_hdevice *d)
{
	const struct vb_host *h = d->h;

	for (uint32_t relid = 1; relid < h->relid_end; relid++)
		if (h->channels[relid] && h->channels[relid]->d == d &&
		    h->channels[relid]->rescinded && h->channels[relid]->index == 0)
			return true;
	return false;
}

void vb_offer_device(struct vb_hdevice *d)
{
	if (!d->h->wants_offers || !d->offered || d->channels[0] || is_leaving(d))
		return;
	if (vb_offer_channel(d, 0))
		vb_host_trouble(d->h, "%s: no channel id or no memory for it", d->name);
}

static int by_guids(const void *a, const void *b)
{
	const struct vb_hdevice *const *x = a, *const *y = b;
	int order = memcmp((*x)->cfg.interface, (*y)->cfg.interface, 16);

	return order ? order : memcmp((*x)->cfg.instance, (*y)->cfg.instance, 16);
}

/* All devices in the order of their GUIDs, as Hyper-V and OpenVMM have them. */
static void offer_all(struct vb_host *h)
{
	struct vb_hdevice **sorted;
	size_t n = 0, i = 0;

	for (struct vb_hdevice *d = h->devices; d; d = d->next)
		n++;
	sorted = calloc(n + 1, sizeof(struct vb_hdevice *));
	if (!sorted) {
		vb_host_trouble(h, "no memory for the offers");
		return;
	}
	for (struct vb_hdevice *d = h->devices; d; d = d->next)
		sorted[i++] = d;
	qsort(sorted, n, sizeof(struct vb_hdevice *), by_guids);
	for (i = 0; i < n; i++)
		vb_offer_device(sorted[i]);
	free(sorted);
}

void vb_offers_requested(struct vb_host *h)
{
	const struct vb_value values[] = { VB_NUMBER("vmbus.type", VB_CTL_ALL_OFFERS) };

	if (h->wants_offers)
		vb_host_trouble(h, "the guest asks for the offers a second time");
	h->wants_offers = true;
	offer_all(h);
	vb_bus_send(h, values, 1, 8);
}

/* ---- taking back ---- */

void vb_offer_rescind_subchannels(struct vb_hdevice *d)
{
	for (uint32_t i = 1; i <= d->cfg.n_subchannels; i++)
		if (d->channels[i])
			vb_offer_rescind(d->channels[i]);
}

void vb_offer_rescind(struct vb_hchannel *c)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_RESCIND),
		VB_NUMBER("vmbus.rescind_offer.relid", c->relid),
	};

	if (c->rescinded)
		return;
	/* without its primary a sub-channel is of no use */
	if (c->index == 0)
		vb_offer_rescind_subchannels(c->d);
	c->rescinded = true;
	if (c->d->channels[c->index] == c)
		c->d->channels[c->index] = NULL;
	vb_channel_close(c);
	vb_bus_send(c->h, values, 2, 12);
}

/* Forget an id; only now it can be given to another channel. */
static void release(struct vb_hchannel *c)
{
	struct vb_host *h = c->h;

	tell_connection(h, c, false);
	if (c->d->channels[c->index] == c)
		c->d->channels[c->index] = NULL;
	h->channels[c->relid] = NULL;
	h->work[c->relid / 64] &= ~(UINT64_C(1) << c->relid % 64);
	vb_channel_free(c);
}

/* Linux tears no GPADL of a rescinded channel down: they end with its id. */
void vb_offer_released(struct vb_host *h, uint32_t relid)
{
	struct vb_hchannel *c = vb_channel_by_relid(h, relid);
	struct vb_hdevice *d;

	/* after UNLOAD, Linux 6.1 releases what it had: drivers/hv/vmbus_drv.c, vmbus_exit() */
	if (!h->version)
		return;
	if (!c || !c->rescinded) {
		vb_host_trouble(h, "the guest releases channel id %u, which was not taken back",
				relid);
		return;
	}
	vb_gpadl_forget_channel(h, relid);
	d = c->d;
	release(c);
	if (d->reoffer_due && !is_leaving(d)) {
		d->reoffer_due = false;
		vb_offer_device(d);
	}
}

void vb_offers_forget(struct vb_host *h)
{
	h->wants_offers = false;
	for (uint32_t relid = 1; relid < h->relid_end; relid++)
		if (h->channels[relid])
			release(h->channels[relid]);
	for (struct vb_hdevice *d = h->devices; d; d = d->next) {
		d->reoffer_due = false;
		d->leave_by_ns = 0;
	}
}

/* How often it is looked whether a device is done with what is under way. */
#define LEAVE_POLL_NS 1000000u

uint64_t vb_offer_leave(struct vb_hdevice *d, uint64_t now)
{
	if (!d->leave_by_ns)
		return VB_NEVER;
	if (now < d->leave_from_ns)
		return d->leave_from_ns;
	if (now < d->leave_by_ns && !vb_device_idle(d))
		return now + LEAVE_POLL_NS;
	d->leave_by_ns = 0;
	if (d->channels[0])
		vb_offer_rescind(d->channels[0]);
	return VB_NEVER;
}

static void take_back(struct vb_hdevice *d)
{
	d->offered = false;
	d->rescind_due = false;
	d->reoffer_due = false;
}

void vb_offer_cut_off(struct vb_hdevice *d)
{
	take_back(d);
	d->leave_by_ns = 0;
	if (d->channels[0])
		vb_offer_rescind(d->channels[0]);
}

void vb_host_rescind(struct vb_hdevice *d)
{
	uint64_t now = vb_host_now(d->h);
	bool is_orderly = d->cfg.model->leave && vb_hdevice_primary(d);

	take_back(d);
	if (d->leave_by_ns)
		return;
	d->leave_from_ns = d->leave_by_ns = now;
	if (is_orderly) {
		d->leave_from_ns += d->cfg.model->leave(d);
		d->leave_by_ns += VB_LEAVE_NS;
	}
	vb_offer_leave(d, now);
}

int vb_host_reoffer(struct vb_hdevice *d)
{
	/* a device whose channel the guest broke is offered, but has none */
	if (d->offered && (d->channels[0] || d->reoffer_due || !d->h->wants_offers))
		return -EALREADY;
	d->offered = true;
	d->reoffer_due = is_leaving(d) || d->leave_by_ns;
	vb_offer_device(d);
	return 0;
}

unsigned int vb_host_offer_subchannels(struct vb_hdevice *d, unsigned int n)
{
	unsigned int n_offered = 0;

	if (!vb_hdevice_primary(d))
		return 0;
	for (uint16_t i = 1; i <= d->cfg.n_subchannels && n_offered < n; i++) {
		if (d->channels[i])
			continue;
		if (vb_offer_channel(d, i))
			break;
		n_offered++;
	}
	return n_offered;
}
