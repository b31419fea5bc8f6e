/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One turn of the host: everything that is due, but no more of each thing than is good for the
 * others.
 */
#include <string.h>

#include "internal.h"

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void run_channel(struct vb_host *h, uint32_t relid)
{
	struct vb_hchannel *c = h->channels[relid];

	h->work[relid / 64] &= ~(UINT64_C(1) << relid % 64);
	if (!c)
		return;
	if (!c->broken && c->open)
		vb_packets_run(c);
	if (c->broken && !c->rescinded)
		vb_offer_rescind(c);
}

/* Channels that asked for a look before this turn; those that ask meanwhile wait for the next. */
static void run_channels(struct vb_host *h)
{
	uint64_t work[VB_N_RELIDS / 64];

	memcpy(work, h->work, sizeof(work));
	for (uint32_t i = 0; i < VB_N_RELIDS / 64; i++) {
		while (work[i]) {
			uint32_t bit = (uint32_t)__builtin_ctzll(work[i]);

			work[i] &= work[i] - 1;
			run_channel(h, i * 64 + bit);
		}
	}
}

/* When the channels that still want a look are to get it. */
static uint64_t next_look(const struct vb_host *h, uint64_t now)
{
	uint64_t next = VB_NEVER;

	for (uint32_t i = 0; i < VB_N_RELIDS / 64; i++) {
		if (!h->work[i])
			continue;
		for (uint32_t bit = 0; bit < 64; bit++) {
			const struct vb_hchannel *c = h->channels[i * 64 + bit];

			if (h->work[i] >> bit & 1 && c)
				next = earlier(next, vb_packets_next(c, now));
		}
	}
	return next;
}

uint64_t vb_host_run(struct vb_host *h)
{
	uint64_t now = vb_host_now(h), next;

	vb_synic_run(&h->synic);
	run_channels(h);
	next = vb_devices_run(h, now);
	next = earlier(next, vb_mark_run(h, now));
	return earlier(next, next_look(h, now));
}
