/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peer's TCP: connections begin and end, three services, losses, and segments that lie. */
#include <criterion/criterion.h>
#include <string.h>

#include "peer_client.h"

/* ---- beginning and end ---- */

Test(peer_tcp, a_connection_begins_and_ends)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);

	client_expect_silence(&c);
	client_send_flags(&c, FIN | ACK);
	client_expect(&c, FIN | ACK);
	client_ack(&c);
	client_expect_silence(&c);
	wire_wait(w, 10000 * WIRE_MS);
	client_expect_silence(&c);
	cr_expect_eq(w->next_ns, UINT64_MAX, "nothing is left to be done");
	wire_free(w);
}

Test(peer_tcp, ports_that_nobody_serves_are_refused)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = { w, 40000, 80, 1000, 0, 0xffff };
	struct client_segment s;

	client_send_flags(&c, SYN);
	cr_assert(client_take(&c, &s));
	cr_expect_eq(s.flags, RST | ACK);
	cr_expect_eq(s.seq, 0);
	cr_expect_eq(s.ack, c.seq);
	wire_free(w);
}

Test(peer_tcp, segments_of_no_connection_are_refused)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = { w, 40000, ECHO, 1000, 5000, 0xffff };
	struct client_segment s;

	client_send(&c, "hello", 5);
	cr_assert(client_take(&c, &s));
	cr_expect(s.flags & RST);
	cr_expect_eq(s.seq, 5000, "as the guest believes");
	client_send_flags(&c, RST);
	client_expect_silence(&c);
	wire_free(w);
}

Test(peer_tcp, a_reset_ends_all)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);
	struct client_segment s;

	client_send_flags(&c, RST);
	client_expect_silence(&c);
	client_send(&c, "hello", 5);
	cr_assert(client_take(&c, &s));
	cr_expect(s.flags & RST);
	wire_free(w);
}

Test(peer_tcp, a_guest_may_begin_anew)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);

	client_send(&c, "hello", 5);
	client_expect(&c, ACK);
	c = client_established(w, ECHO);
	client_send(&c, "again", 5);
	cr_expect_eq(memcmp(client_expect(&c, ACK).data, "again", 5), 0);
	wire_free(w);
}

/* More than there are places for: the one that was silent for the longest time goes. */
Test(peer_tcp, connections_have_a_bound)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client first = client_established(w, ECHO), c;
	struct client_segment s;

	for (uint32_t i = 0; i < 200; i++) {
		wire_wait(w, WIRE_MS);
		c = (struct client){ w, 50000 + i, DISCARD, 1, 0, 0xffff };
		client_send_flags(&c, SYN);
		cr_assert(client_take(&c, &s));
		c.ack = s.seq + 1;
		client_ack(&c);
	}
	client_send(&c, "x", 1);
	client_expect(&c, ACK);
	client_send(&first, "x", 1);
	cr_assert(client_take(&first, &s));
	cr_expect(s.flags & RST);
	wire_free(w);
}

/* ---- services ---- */

Test(peer_tcp, echo_sends_back_what_comes)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);
	uint8_t data[3000];
	struct client_segment s;

	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 13);
	client_send(&c, data, 100);
	s = client_expect(&c, ACK);
	cr_assert_eq(s.len, 100);
	cr_expect_eq(memcmp(s.data, data, 100), 0);
	cr_expect(s.flags & PSH);
	client_send(&c, data, 3000);
	for (uint32_t at = 0; at < 3000; at += s.len) {
		s = client_expect(&c, ACK);
		cr_expect_leq(s.len, MSS);
		cr_expect_eq(memcmp(s.data, data + at, s.len), 0);
	}
	client_ack(&c);
	client_expect_silence(&c);
	wire_free(w);
}

/* What has come before the end is sent back before the end. */
Test(peer_tcp, echo_ends_behind_the_last_octet)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);

	c.window = 3;
	client_send(&c, "12345", 5);
	cr_expect_eq(client_expect(&c, ACK).len, 3, "as much as the window takes");
	client_send_flags(&c, FIN | ACK);
	cr_expect_eq(client_expect(&c, ACK).len, 2);
	client_expect(&c, FIN | ACK);
	client_ack(&c);
	cr_expect_eq(w->next_ns, UINT64_MAX);
	wire_free(w);
}

Test(peer_tcp, discard_takes_all)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, DISCARD);
	uint8_t data[60000] = { 0 };

	for (int i = 0; i < 20; i++) {
		client_send(&c, data, sizeof(data));
		cr_expect_eq(client_expect(&c, ACK).len, 0);
	}
	client_send_flags(&c, FIN | ACK);
	client_expect(&c, FIN | ACK);
	wire_free(w);
}

static void expect_chargen(const struct client_segment *s, uint32_t at)
{
	for (uint32_t i = 0; i < s->len; i++)
		cr_assert_eq(s->data[i], ' ' + (at + i) % 95);
}

Test(peer_tcp, chargen_sends_so_much_and_ends)
{
	struct wire *w = wire_new(MTU, 10000, false);
	struct client c = client_established(w, CHARGEN);
	uint32_t at = 0;

	while (at < 10000) {
		struct client_segment s = client_expect(&c, ACK);

		expect_chargen(&s, at);
		at += s.len;
	}
	cr_expect_eq(at, 10000);
	client_expect(&c, FIN | ACK);
	client_ack(&c);
	client_expect_silence(&c);
	client_send_flags(&c, FIN | ACK);
	client_expect(&c, ACK);
	wire_free(w);
}

Test(peer_tcp, chargen_heeds_the_window)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_connected(w, CHARGEN);
	uint32_t n = 0;
	struct client_segment s;

	c.window = 5000;
	client_ack(&c);
	while (client_take(&c, &s))
		n += s.len;
	cr_expect_eq(n, 5000);
	c.ack += n;
	c.window = 0;
	client_ack(&c);
	client_expect_silence(&c);
	c.window = 10;
	client_ack(&c);
	cr_expect_eq(client_expect(&c, ACK).len, 10);
	wire_free(w);
}

Test(peer_tcp, windows_are_scaled)
{
	static const uint8_t options[] = { 1, 3, 3, 4 };
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = { w, 40000, CHARGEN, 1000, 0, 0xffff };
	uint32_t n = 0;
	struct client_segment s;

	client_send_raw(&c, SYN, options, sizeof(options), NULL, 0);
	c.seq++;
	cr_assert(client_take(&c, &s));
	c.ack = s.seq + 1;
	c.window = 1000;
	client_ack(&c);
	while (client_take(&c, &s)) {
		cr_expect_leq(s.len, 536, "no MSS was given");
		n += s.len;
	}
	cr_expect_eq(n, 16000);
	wire_free(w);
}

/* RFC 7323: the scale is used when both ends have named one. */
Test(peer_tcp, without_scaling_there_is_none)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = { w, 40000, ECHO, 1000, 0, 0xffff };
	struct client_segment s;

	client_send_flags(&c, SYN);
	cr_assert(client_take(&c, &s));
	cr_expect_eq(s.scale, UINT32_MAX);
	cr_expect_eq(s.mss, MSS);
	c.ack = s.seq + 1;
	client_send(&c, "12345", 5);
	s = client_expect(&c, ACK);
	cr_expect_geq(s.window, 65000);
	wire_free(w);
}

/* What the window says is taken, and a byte more is not. */
Test(peer_tcp, echo_takes_no_more_than_it_said)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);
	uint8_t data[60000] = { 0 };
	struct client_segment s;
	uint32_t taken = 0;

	c.window = 0;
	for (int i = 0; i < 3; i++) {
		client_send_raw(&c, ACK, NULL, 0, data, sizeof(data));
		cr_assert(client_take(&c, &s));
		taken += s.ack - c.seq;
		c.seq = s.ack;
	}
	cr_expect_eq(taken, 65536);
	cr_expect_eq(s.window, 0);
	wire_free(w);
}

Test(peer_tcp, large_frames_when_they_are_wanted)
{
	struct wire *w = wire_new(MTU, 50000, true);
	struct client c = client_established(w, CHARGEN);
	struct client_segment s = client_expect(&c, ACK);

	cr_expect_gt(s.len, MSS);
	cr_expect_eq(s.f->part_len, MSS);
	cr_expect_eq(s.f->head_len, 54);
	expect_chargen(&s, 0);
	wire_free(w);
}

Test(peer_tcp, tags_tell_connections_apart)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);
	uint8_t frame[100];
	struct vb_peer_frame f = { .bytes = frame, .vlan = 5 };
	struct client_segment s;

	f.len = wire_ip(frame, TCP, 20);
	memset(frame + WIRE_PAYLOAD, 0, 20);
	wire_put16(frame + WIRE_PAYLOAD, c.port);
	wire_put16(frame + WIRE_PAYLOAD + 2, c.service);
	frame[WIRE_PAYLOAD + 12] = 0x50;
	frame[WIRE_PAYLOAD + 13] = ACK;
	wire_send(w, &f);
	cr_assert(client_take(&c, &s));
	cr_expect(s.flags & RST, "in that network there is no such connection");
	cr_expect_eq(s.f->vlan, 5);
	wire_free(w);
}
