/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network device: one adapter at a virtual switch of its own, with one peer at the other end.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture/number.h"
#include "replay/host/netvsc.h"

/* ---- what the host calls ---- */

static int start(struct vb_hdevice *d, struct vb_err *err)
{
	struct vb_netvsc *n = vb_hdevice_state(d);
	struct vb_err why;
	int rc;

	n->d = d;
	n->link = true;
	/* further adapters have further addresses */
	n->mac[5] = (uint8_t)(n->mac[5] + vb_hdevice_config(d)->instance[15]);
	memcpy(n->peer_mac, n->mac, 6);
	n->peer_mac[4] ^= 0x80;
	vb_netvsc_switch_reset(n);
	rc = vb_netvsc_wire_begin(n, &why);
	return rc ? vb_fail(err, rc, "%s: %s", vb_hdevice_name(d), why.text) : 0;
}

static void stop(struct vb_hdevice *d)
{
	struct vb_netvsc *n = vb_hdevice_state(d);

	for (uint16_t i = 0; i < NETVSC_MAX_QUEUES; i++)
		vb_netvsc_queue_reset(n, i);
	vb_netvsc_receive_end(n);
	vb_netvsc_wire_end(n);
}

static void opened(struct vb_hdevice *d, struct vb_hchannel *c)
{
	struct vb_netvsc *n = vb_hdevice_state(d);
	struct vb_err err;

	vb_netvsc_queue_reset(n, vb_hchannel_index(c));
	if (vb_hchannel_index(c) != 0)
		return;
	vb_netvsc_switch_reset(n);
	n->n_subchannels = 0;
	/* settings may have changed, and a new driver knows of no connections */
	if (vb_netvsc_wire_begin(n, &err))
		vb_hdevice_trouble(d, "%s", err.text);
	vb_netvsc_wire_run(n, true);
}

static void closed(struct vb_hdevice *d, struct vb_hchannel *c)
{
	struct vb_netvsc *n = vb_hdevice_state(d);

	vb_netvsc_queue_reset(n, vb_hchannel_index(c));
	if (vb_hchannel_index(c) == 0)
		vb_netvsc_switch_reset(n);
}

static void packet(struct vb_hdevice *d, struct vb_hchannel *c, const struct vb_hpacket *p)
{
	struct vb_netvsc *n = vb_hdevice_state(d);

	vb_netvsc_switch_packet(n, c, p);
	vb_netvsc_wire_run(n, false);
}

static void room(struct vb_hdevice *d, struct vb_hchannel *c)
{
	vb_netvsc_flush(vb_hdevice_state(d), vb_hchannel_index(c));
}

static void timer(struct vb_hdevice *d, uint64_t now_ns)
{
	(void)now_ns;
	vb_netvsc_wire_run(vb_hdevice_state(d), true);
}

static bool is_out(const struct vb_netvsc *n)
{
	return n->receive.there && n->n_free < n->receive.n_parts;
}

/* The guest has packets that it has not completed, or there are some that it has not got. */
static bool busy(struct vb_hdevice *d)
{
	const struct vb_netvsc *n = vb_hdevice_state(d);
	bool waits = is_out(n);

	for (uint16_t i = 0; i < NETVSC_MAX_QUEUES; i++)
		waits |= vb_netvsc_is_waiting(n, i);
	return waits;
}

/* Linux spaces changes of the link 2 s apart (6.1 drivers/net/hyperv/netvsc_drv.c, LINKCHANGE_INT). */
#define LINK_CHANGE_NS UINT64_C(2500000000)

/*
 * The cable is pulled first, and the guest stops sending. A driver that is told while a send of its is
 * under way waits for the answer without end: it does not look into its ring any more (Linux 6.12,
 * rndis_filter_halt_device()).
 */
static uint64_t leave(struct vb_hdevice *d)
{
	struct vb_netvsc *n = vb_hdevice_state(d);

	if (n->receive.there)
		vb_netvsc_indicate(n, VB_RNDIS_DISCONNECT, NULL, 0);
	n->is_leaving = true;
	return n->receive.there ? LINK_CHANGE_NS : 0;
}

/* ---- commands ---- */

static bool is_usable(struct vb_hdevice *d, struct vb_hrequest *rq)
{
	if (vb_hdevice_primary(d))
		return true;
	vb_hrequest_done(rq, -ENOTCONN, "the guest has not opened the adapter");
	return false;
}

static void link_command(struct vb_hdevice *d, const char *const *words, size_t n_words,
			 struct vb_hrequest *rq)
{
	struct vb_netvsc *n = vb_hdevice_state(d);

	if (n_words != 2 || (strcmp(words[1], "up") != 0 && strcmp(words[1], "down") != 0))
		return vb_hrequest_done(rq, -EINVAL, "link up|down");
	if (!is_usable(d, rq))
		return;
	n->link = words[1][0] == 'u';
	vb_netvsc_indicate(n, n->link ? VB_RNDIS_CONNECT : VB_RNDIS_DISCONNECT, NULL, 0);
	vb_hrequest_done(rq, 0, NULL);
}

static void speed_command(struct vb_hdevice *d, const char *const *words, size_t n_words,
			  struct vb_hrequest *rq)
{
	struct vb_netvsc *n = vb_hdevice_state(d);
	uint64_t before = n->speed;
	uint32_t units;

	if (n_words != 2 || vb_setting_set(&vb_model_netvsc, "speed", n, words[1]))
		return vb_hrequest_done(rq, -EINVAL, "speed MBITS");
	if (!is_usable(d, rq)) {
		n->speed = before;
		return;
	}
	units = (uint32_t)n->speed * 10000;
	vb_netvsc_indicate(n, VB_RNDIS_SPEED_CHANGE, &units, sizeof(units));
	vb_hrequest_done(rq, 0, NULL);
}

static void change_command(struct vb_hdevice *d, const char *const *words, size_t n_words,
			   struct vb_hrequest *rq)
{
	(void)words;
	(void)n_words;
	if (!is_usable(d, rq))
		return;
	vb_netvsc_indicate(vb_hdevice_state(d), VB_RNDIS_NETWORK_CHANGE, NULL, 0);
	vb_hrequest_done(rq, 0, NULL);
}

static void vf_command(struct vb_hdevice *d, const char *const *words, size_t n_words,
		       struct vb_hrequest *rq)
{
	struct vb_netvsc *n = vb_hdevice_state(d);
	bool none = n_words == 2 && strcmp(words[1], "none") == 0;
	uint64_t serial = n->vf_serial;

	if (n_words != 2 || (!none && vb_number_parse(words[1], UINT32_MAX, &serial)))
		return vb_hrequest_done(rq, -EINVAL, "vf SERIAL|none");
	if (!is_usable(d, rq))
		return;
	n->vf_serial = (uint32_t)serial;
	vb_netvsc_tell_vf(n, !none, n->vf_serial);
	vb_hrequest_done(rq, 0, NULL);
}

static void table_command(struct vb_hdevice *d, const char *const *words, size_t n_words,
			  struct vb_hrequest *rq)
{
	uint32_t table[16];
	uint64_t queue;

	for (size_t i = 0; i < 16; i++) {
		if (n_words < 2 ||
		    vb_number_parse(words[1 + i % (n_words - 1)], NETVSC_MAX_QUEUES - 1, &queue))
			return vb_hrequest_done(rq, -EINVAL, "table QUEUE...");
		table[i] = (uint32_t)queue;
	}
	if (!is_usable(d, rq))
		return;
	vb_netvsc_tell_table(vb_hdevice_state(d), table);
	vb_hrequest_done(rq, 0, NULL);
}

static void counters_command(struct vb_hdevice *d, const char *const *words, size_t n_words,
			     struct vb_hrequest *rq)
{
	const struct vb_netvsc *n = vb_hdevice_state(d);
	const struct vb_netvsc_counters *c = &n->counters;
	char text[500];

	(void)words;
	(void)n_words;
	snprintf(text, sizeof(text),
		 "sent %" PRIu64 " sent_bytes %" PRIu64 " received %" PRIu64
		 " received_bytes %" PRIu64 " large_sends %" PRIu64 " coalesced %" PRIu64
		 " batches %" PRIu64 " refused %" PRIu64 " dropped_filter %" PRIu64
		 " dropped_full %" PRIu64 " dropped_long %" PRIu64 " dropped_fault %" PRIu64
		 " dropped_wire %" PRIu64,
		 c->sent, c->sent_bytes, c->received, c->received_bytes, c->large_sends,
		 c->coalesced, c->batches, c->refused, c->dropped_filter, c->dropped_full,
		 c->dropped_long, c->dropped_fault, c->dropped_wire);
	vb_hrequest_done(rq, 0, text);
}

static const struct vb_command commands[] = {
	{ "link", "up|down", "connect or disconnect the cable", link_command },
	{ "speed", "MBITS", "tell the guest of another speed", speed_command },
	{ "change", "", "tell the guest that it is in another network now", change_command },
	{ "vf", "SERIAL|none", "tell the guest of a virtual function, or that it is gone",
	  vf_command },
	{ "table", "QUEUE...", "tell the guest on which queues to send, 16 entries in turn",
	  table_command },
	{ "counters", "", "what was sent, received, refused and dropped so far", counters_command },
	{ 0 },
};

const struct vb_model vb_model_netvsc = {
	.name = "netvsc",
	.class = VB_CLASS_NETWORK,
	.instance = "f8615163-0001-1000-2000-00155d000000",
	.n_subchannels = NETVSC_MAX_QUEUES - 1,
	.state_size = sizeof(struct vb_netvsc),
	.settings = vb_netvsc_settings,
	.commands = commands,
	.start = start,
	.stop = stop,
	.opened = opened,
	.closed = closed,
	.packet = packet,
	.room = room,
	.timer = timer,
	.outside = vb_netvsc_outside,
	.leave = leave,
	.busy = busy,
};
