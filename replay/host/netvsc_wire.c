/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is on the network device's wire: nobody, the peer that echoes, or an interface of the machine. */
#include <errno.h>
#include <string.h>

#include "replay/host/netvsc.h"

#define DEFAULT_MTU 1500u
/* How often it is looked for frames of the interface, and for how many at a time. */
#define READ_NS 1000000u
#define READ_FRAMES 256u

static void wire_sends(void *ctx, const struct vb_peer_frame *f)
{
	vb_netvsc_send_frame(ctx, UINT16_MAX, f);
}

static int begin_echo(struct vb_netvsc *n, struct vb_err *err)
{
	struct vb_peer_options opt = {
		.address = n->address,
		.mtu = DEFAULT_MTU,
		.chargen = n->chargen,
		.ctx = n,
		.send = wire_sends,
	};

	memcpy(opt.mac, n->peer_mac, 6);
	n->peer = vb_peer_new(&opt);
	return n->peer ? 0 : vb_fail(err, -ENOMEM, "not enough memory");
}

static int begin_tap(struct vb_netvsc *n, struct vb_err *err)
{
	struct vb_err why = { "" };
	int fd = vb_hdevice_open_link(n->d, n->tap_name, &why);

	if (fd < 0)
		return vb_fail(err, fd, "cannot open tap %s: %s", n->tap_name, why.text);
	n->tap = vb_tap_new(fd, n, wire_sends);
	if (!n->tap)
		return vb_fail(err, -ENOMEM, "not enough memory");
	memcpy(n->open_name, n->tap_name, sizeof(n->open_name));
	return 0;
}

void vb_netvsc_wire_end(struct vb_netvsc *n)
{
	vb_peer_free(n->peer);
	vb_tap_free(n->tap);
	n->peer = NULL;
	n->tap = NULL;
	n->is_wire_lost = false;
}

int vb_netvsc_wire_begin(struct vb_netvsc *n, struct vb_err *err)
{
	/* an interface stays as it is: others may have made settings of theirs */
	if (n->backend == NETVSC_TAP && n->tap && strcmp(n->tap_name, n->open_name) == 0)
		return 0;
	vb_netvsc_wire_end(n);
	switch (n->backend) {
	case NETVSC_ECHO:
		return begin_echo(n, err);
	case NETVSC_TAP:
		return begin_tap(n, err);
	case NETVSC_SINK:
		break;
	}
	return 0;
}

void vb_netvsc_wire_adapt(struct vb_netvsc *n, uint32_t mtu)
{
	if (n->peer)
		vb_peer_adapt(n->peer, mtu, n->rsc_on);
}

/* Told once: an interface that is down takes nothing until it is up. */
static void give_tap(struct vb_netvsc *n, const struct vb_peer_frame *f)
{
	int rc = vb_tap_take(n->tap, f);

	n->counters.dropped_wire += rc != 0;
	if (rc && !n->is_wire_lost)
		vb_hdevice_trouble(n->d, "tap %s does not take a frame: %s", n->open_name,
				   strerror(-rc));
	n->is_wire_lost = rc != 0;
}

void vb_netvsc_wire_take(struct vb_netvsc *n, const struct vb_peer_frame *f)
{
	if (!n->link || (n->backend == NETVSC_TAP && !n->tap))
		n->counters.dropped_wire++;
	else if (n->peer)
		vb_peer_take(n->peer, f, vb_clock_mono(vb_hdevice_clock(n->d)));
	else if (n->tap)
		give_tap(n, f);
}

/* Frames of the interface are due when the time has come, those of the peer at any time. */
void vb_netvsc_wire_run(struct vb_netvsc *n, bool is_timer)
{
	uint64_t now = vb_clock_mono(vb_hdevice_clock(n->d));

	if (n->peer)
		vb_hdevice_wake(n->d, vb_peer_run(n->peer, now));
	if (!n->tap || !is_timer || !vb_hdevice_primary(n->d))
		return;
	vb_tap_read(n->tap, READ_FRAMES);
	vb_hdevice_wake(n->d, now + READ_NS);
}
