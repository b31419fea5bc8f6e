/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "capture/number.h"
#include "loop.h"

static void opened(struct vb_hdevice *d, struct vb_hchannel *c)
{
	struct loop_echo_state *s = vb_hdevice_state(d);

	s->n_opened++;
	REQUIRE(vb_hchannel_is_open(c));
	if (s->beat_ns && !vb_hchannel_index(c))
		vb_hdevice_wake(d, vb_clock_mono(vb_hdevice_clock(d)) + s->beat_ns);
}

static void closed(struct vb_hdevice *d, struct vb_hchannel *c)
{
	struct loop_echo_state *s = vb_hdevice_state(d);

	s->n_closed++;
	REQUIRE(s->n_closed <= s->n_opened);
	REQUIRE(!vb_hchannel_is_open(c) && !vb_hchannel_reserve(c, 16));
	if (s->owing == c)
		s->owing = NULL;
	if (!vb_hchannel_index(c)) {
		s->to_send = 0;
		s->is_asking = false;
		vb_hdevice_wake(d, VB_NEVER);
	}
}

static int answer(struct vb_hchannel *c, uint64_t trans_id, const uint8_t *payload, uint32_t len)
{
	const struct vb_value values[] = {
		VB_NUMBER("hv_ring.type", 11),
		VB_NUMBER("hv_ring.trans_id", trans_id),
		VB_DATA("hv_ring.data", payload, len),
	};

	return vb_hchannel_send_values(c, 16 + len, values, len ? 3 : 2);
}

/* The answer that is owed, its id in front; the guest may write no more until it is sent. */
static void owe(struct loop_echo_state *s, struct vb_hchannel *c, const struct vb_hpacket *p)
{
	uint32_t room = (uint32_t)(sizeof(s->owed) - 8);

	s->owing = c;
	s->owed_len = p->payload_len < room ? p->payload_len : room;
	memcpy(s->owed, &p->trans_id, 8);
	memcpy(s->owed + 8, p->payload, s->owed_len);
	vb_hchannel_pause(c, true);
}

static void packet(struct vb_hdevice *d, struct vb_hchannel *c, const struct vb_hpacket *p)
{
	struct loop_echo_state *s = vb_hdevice_state(d);

	REQUIRE(!vb_hdevice_state(d) || s->owing != c);
	s->n_packets++;
	s->is_asking = false;
	if (p->payload_len >= 8 && p->payload[0] == 'S')
		vb_host_offer_subchannels(d, p->payload[1]);
	if ((p->flags & 1) && answer(c, p->trans_id, p->payload, p->payload_len) == -EAGAIN &&
	    !s->owing)
		owe(s, c, p);
}

static void send_more(struct vb_hdevice *d)
{
	struct loop_echo_state *s = vb_hdevice_state(d);
	struct vb_hchannel *c = vb_hdevice_primary(d);
	uint32_t len = (16 + s->send_bytes + 7) & ~7u;
	uint8_t buf[512];

	while (c && s->to_send) {
		const struct vb_value values[] = {
			VB_NUMBER("hv_ring.type", 6),
			VB_NUMBER("hv_ring.trans_id", s->n_sent),
			VB_DATA("hv_ring.data", buf, s->send_bytes),
		};

		memset(buf, (int)s->n_sent, sizeof(buf));
		if (vb_hchannel_send_values(c, len, values, s->send_bytes ? 3 : 2))
			return;
		s->n_sent++;
		s->to_send--;
	}
}

static void room(struct vb_hdevice *d, struct vb_hchannel *c)
{
	struct loop_echo_state *s = vb_hdevice_state(d);
	uint64_t trans_id;

	if (s->owing == c) {
		memcpy(&trans_id, s->owed, 8);
		if (answer(c, trans_id, s->owed + 8, s->owed_len) == -EAGAIN)
			return;
		s->owing = NULL;
		vb_hchannel_pause(c, false);
	}
	if (!vb_hchannel_index(c))
		send_more(d);
}

static void timer(struct vb_hdevice *d, uint64_t now_ns)
{
	struct loop_echo_state *s = vb_hdevice_state(d);

	s->n_timers++;
	if (s->beat_ns)
		vb_hdevice_wake(d, now_ns + s->beat_ns);
}

static bool busy(struct vb_hdevice *d)
{
	return ((struct loop_echo_state *)vb_hdevice_state(d))->is_asking;
}

static const struct vb_setting settings[] = {
	{ "beat", "a timer every so many ns", "0",
	  VB_SETTING_NUMBER(struct loop_echo_state, beat_ns, 0, UINT64_MAX) },
	{ .key = NULL },
};

static void act_send(struct vb_hdevice *d, const char *const *words, size_t n,
		     struct vb_hrequest *rq)
{
	struct loop_echo_state *s = vb_hdevice_state(d);
	uint64_t count, bytes;

	if (n != 3 || vb_number_parse(words[1], UINT64_MAX, &count) ||
	    vb_number_parse(words[2], UINT64_MAX, &bytes)) {
		vb_hrequest_done(rq, -EINVAL, "send N BYTES");
		return;
	}
	s->to_send += (uint32_t)(count % 4096);
	s->send_bytes = (uint32_t)(bytes % 512);
	send_more(d);
	vb_hrequest_done(rq, 0, NULL);
}

static void act_ask(struct vb_hdevice *d, const char *const *words, size_t n,
		    struct vb_hrequest *rq)
{
	(void)words;
	(void)n;
	((struct loop_echo_state *)vb_hdevice_state(d))->is_asking = true;
	vb_hrequest_done(rq, 0, NULL);
}

static const struct vb_command commands[] = {
	{ "send", "N BYTES", "send packets", act_send },
	{ "ask", "", "owe an answer", act_ask },
	{ .name = NULL },
};

const struct vb_model loop_echo = {
	.name = "echo",
	.class = VB_CLASS_OTHER,
	.instance = "00000000-0000-0000-0000-0000000000e0",
	.state_size = sizeof(struct loop_echo_state),
	.settings = settings,
	.commands = commands,
	.opened = opened,
	.closed = closed,
	.packet = packet,
	.room = room,
	.timer = timer,
	.busy = busy,
};

void loop_echo_config(struct vb_hdevice_config *ret_cfg)
{
	*ret_cfg = (struct vb_hdevice_config){ .model = &loop_echo, .n_subchannels = 4 };
	memset(ret_cfg->interface, 0xec, sizeof(ret_cfg->interface));
}
