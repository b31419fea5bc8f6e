/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks: places in the conversation that the records of both sides have.
 *
 * TL_CONNECT_RESULT tells a guest how an hv_sock connection that it asked for went; Linux ignores
 * it (6.1 to 7.2, drivers/hv/channel_mgmt.c: it has no handler). Service GUID and the first 12 bytes
 * of the endpoint are ours; the last four are the mark's number, little-endian.
 */
#include <errno.h>
#include <string.h>

#include "dissectors/sinks.h"
#include "internal.h"

#define POLL_NS 1000000u /* how often the rings are looked at: the guest does not say it has read */

int vb_host_mark(struct vb_host *h, uint32_t number, void (*done)(void *ctx), void *ctx)
{
	if (h->mark.active)
		return -EBUSY;
	if (h->version < VB_VMBUS_4_1)
		return -ENOTCONN;
	h->mark = (struct vb_mark){ true, number, done, ctx };
	return 0;
}

static bool is_quiet(struct vb_host *h)
{
	for (uint32_t relid = 1; relid < h->relid_end; relid++) {
		struct vb_hchannel *c = h->channels[relid];

		if (c && !c->broken && !vb_packets_idle(c))
			return false;
	}
	for (struct vb_hdevice *d = h->devices; d; d = d->next)
		if (vb_hdevice_primary(d) && d->cfg.model->busy && d->cfg.model->busy(d))
			return false;
	return true;
}

static void post(struct vb_host *h, uint32_t number)
{
	uint8_t endpoint[16], service[16];

	vb_guid_parse(VB_MARK_SERVICE, service);
	memcpy(endpoint, service, sizeof(endpoint));
	for (int i = 0; i < 4; i++)
		endpoint[12 + i] = (uint8_t)(number >> 8 * i);

	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_TL_CONNECT_RESULT),
		VB_DATA("vmbus.tl_connect_result.endpoint", endpoint, 16),
		VB_DATA("vmbus.tl_connect_result.service", service, 16),
		VB_NUMBER("vmbus.tl_connect_result.status", VB_STATUS_REFUSED),
	};

	vb_bus_send(h, values, 4, 44);
}

uint64_t vb_mark_run(struct vb_host *h, uint64_t now)
{
	struct vb_mark mark = h->mark;

	if (!mark.active)
		return VB_NEVER;
	/* a guest that is gone gets no mark, but who waits for it must go on */
	if (h->version && !is_quiet(h))
		return now + POLL_NS;
	h->mark.active = false;
	if (h->version)
		post(h, mark.number);
	if (mark.done)
		mark.done(mark.ctx);
	return now;
}
