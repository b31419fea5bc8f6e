/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peer's TCP when segments are lost, doubled, too early or nonsense. */
#include <criterion/criterion.h>
#include <string.h>

#include "peer_client.h"

static uint8_t data[60000];

/* ---- lost ---- */

Test(peer_loss, a_lost_syn_is_sent_again)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_connected(w, ECHO);
	struct client_segment s;

	wire_wait(w, 150 * WIRE_MS);
	client_expect_silence(&c);
	wire_wait(w, 100 * WIRE_MS);
	cr_assert(client_take(&c, &s));
	cr_expect_eq(s.flags, SYN | ACK);
	cr_expect_eq(s.seq + 1, c.ack);
	cr_expect_eq(s.mss, MSS);
	client_ack(&c);
	wire_wait(w, 10000 * WIRE_MS);
	client_expect_silence(&c);
	wire_free(w);
}

/* The guest has not got it either. */
Test(peer_loss, a_second_syn_is_answered_again)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_connected(w, ECHO);
	uint32_t first = c.ack;

	c = client_connected(w, ECHO);
	cr_expect_eq(c.ack, first, "by the same number");
	client_ack(&c);
	client_send(&c, "hello", 5);
	cr_expect_eq(client_expect(&c, ACK).len, 5);
	wire_free(w);
}

Test(peer_loss, lost_data_are_sent_again)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);
	struct client_segment s;

	client_send(&c, data, 4000);
	cr_expect_eq(wire_lose(w), 3);
	wire_wait(w, 250 * WIRE_MS);
	for (uint32_t n = 0; n < 4000; n += s.len)
		s = client_expect(&c, ACK);
	client_ack(&c);
	cr_expect_eq(w->next_ns, UINT64_MAX);
	wire_free(w);
}

/* Only from the place where something is missing. */
Test(peer_loss, what_was_acknowledged_is_not_sent_again)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);
	struct client_segment s;

	client_send(&c, data, 4000);
	s = client_expect(&c, ACK);
	client_ack(&c);
	wire_lose(w);
	wire_wait(w, 250 * WIRE_MS);
	s = client_expect(&c, ACK);
	cr_expect_eq(s.len, MSS);
	cr_expect_eq(client_expect(&c, ACK).len, 4000 - 2 * MSS);
	wire_free(w);
}

Test(peer_loss, three_same_acks_are_a_loss)
{
	struct wire *w = wire_new(MTU, 20000, false);
	struct client c = client_connected(w, CHARGEN);
	struct client_segment s;

	c.window = 5000;
	client_ack(&c);
	cr_expect_eq(wire_lose(w), 4);
	client_ack(&c);
	client_ack(&c);
	client_expect_silence(&c);
	client_ack(&c);
	cr_assert(client_take(&c, &s), "at once");
	cr_expect_eq(s.seq, c.ack);
	cr_expect_eq(wire_lose(w), 3, "and all behind it");
	client_ack(&c);
	client_expect_silence(&c);
	wire_free(w);
}

/* Such an acknowledgement says that there is more room, not that something is missing. */
Test(peer_loss, updates_of_the_window_are_no_loss)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_connected(w, CHARGEN);
	struct client_segment s;

	c.window = MSS;
	client_ack(&c);
	client_expect(&c, ACK);
	for (uint32_t i = 0; i < 5; i++) {
		c.window += 100;
		c.ack -= MSS + i * 100; /* none of it is acknowledged */
		client_ack(&c);
		c.ack += MSS + i * 100;
		s = client_expect(&c, ACK);
		cr_expect_eq(s.len, 100, "only what is new");
	}
	client_expect_silence(&c);
	wire_free(w);
}

Test(peer_loss, a_lost_end_is_sent_again)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);

	client_send(&c, "hello", 5);
	client_expect(&c, ACK);
	client_send_flags(&c, FIN | ACK);
	cr_expect_eq(wire_lose(w), 1);
	wire_wait(w, 250 * WIRE_MS);
	client_expect(&c, FIN | ACK);
	client_ack(&c);
	cr_expect_eq(w->next_ns, UINT64_MAX);
	wire_free(w);
}

Test(peer_loss, a_silent_guest_is_given_up)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);
	struct client_segment s;
	uint32_t n = 0;

	client_send(&c, "hello", 5);
	wire_wait(w, 60000 * WIRE_MS);
	while (client_take(&c, &s))
		n++;
	cr_expect_eq(n, 9, "once, and eight times again");
	cr_expect_eq(w->next_ns, UINT64_MAX);
	client_send(&c, "x", 1);
	cr_assert(client_take(&c, &s));
	cr_expect(s.flags & RST);
	wire_free(w);
}

/* ---- out of order ---- */

Test(peer_loss, what_comes_too_early_is_asked_for_again)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, DISCARD);
	struct client_segment s;

	c.seq += 100;
	client_send(&c, data, 50);
	cr_assert(client_take(&c, &s));
	cr_expect_eq(s.ack, c.seq - 150);
	c.seq -= 150;
	client_send(&c, data, 150);
	client_expect(&c, ACK);
	wire_free(w);
}

Test(peer_loss, what_comes_twice_counts_once)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);
	struct client_segment s;

	client_send(&c, "12345", 5);
	client_expect(&c, ACK);
	client_ack(&c);
	c.seq -= 5;
	client_send(&c, "12345", 5);
	s = client_expect(&c, ACK);
	cr_expect_eq(s.len, 0);
	c.seq -= 3;
	client_send(&c, "345678", 6);
	s = client_expect(&c, ACK);
	cr_assert_eq(s.len, 3);
	cr_expect_eq(memcmp(s.data, "678", 3), 0);
	wire_free(w);
}

/* A byte from before: the guest asks whether we are still there (RFC 9293, 3.8.4). */
Test(peer_loss, a_keepalive_is_answered)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);
	struct client_segment s;

	for (uint32_t len = 0; len < 2; len++) {
		c.seq--;
		client_send_raw(&c, ACK, NULL, 0, "\0", len);
		c.seq++;
		cr_assert(client_take(&c, &s), "%u", len);
		cr_expect_eq(s.ack, c.seq);
		cr_expect_eq(s.len, 0);
	}
	wire_free(w);
}

/* Acknowledged is what was never sent, or long ago. */
Test(peer_loss, numbers_that_cannot_be)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);
	uint32_t ack;

	client_send(&c, "12345", 5);
	client_expect(&c, ACK);
	ack = c.ack;
	for (uint32_t i = 1; i; i <<= 1) {
		c.ack = ack + i;
		client_ack(&c);
		c.ack = ack - 5 - i;
		client_ack(&c);
	}
	wire_lose(w);
	c.ack = ack - 5;
	wire_wait(w, 250 * WIRE_MS);
	cr_expect_eq(client_expect(&c, ACK).len, 5, "it is still there");
	wire_free(w);
}

/* ---- nonsense ---- */

static const struct {
	uint8_t bytes[12];
	uint32_t len, mss;
} oddities[] = {
	{ { 2, 4, 1, 0, 2 }, 8, 256 },		 /* ends in the middle of one */
	{ { 2, 0, 0, 0 }, 4, 536 },		 /* a length of 0 */
	{ { 2, 1, 2, 4, 1, 0, 0, 0 }, 8, 256 },	 /* one of 1 */
	{ { 2, 40, 9, 9 }, 4, 536 },		 /* longer than all of them */
	{ { 2, 3, 9, 2, 4, 2, 0, 0 }, 8, 512 },	 /* not as long as it should be */
	{ { 0, 2, 4, 1 }, 4, 536 },		 /* behind the end */
	{ { 1, 1, 1, 1, 2, 4, 1, 0 }, 8, 256 },	 /* padding */
	{ { 99, 4, 2, 4, 2, 4, 1, 0 }, 8, 256 }, /* unknown */
	{ { 2, 4, 0, 0 }, 4, 64 },		 /* so short that nothing would come forward */
	{ { 2, 4, 0xff, 0xff }, 4, MSS },
	{ { 3, 3, 255, 1, 2, 4, 1, 0 }, 8, 256 }, /* a scale beyond all windows */
	{ { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2 }, 12, 536 },
};

Test(peer_loss, options_that_make_no_sense)
{
	for (size_t i = 0; i < sizeof(oddities) / sizeof(oddities[0]); i++) {
		struct wire *w = wire_new(MTU, 0, false);
		struct client c = { w, 40000, CHARGEN, 1000, 0, 5000 };
		struct client_segment s;

		client_send_raw(&c, SYN, oddities[i].bytes, oddities[i].len, NULL, 0);
		c.seq++;
		cr_assert(client_take(&c, &s), "%zu", i);
		c.ack = s.seq + 1;
		client_ack(&c);
		cr_expect_eq(client_expect(&c, ACK).len, oddities[i].mss, "%zu", i);
		wire_free(w);
	}
}

Test(peer_loss, heads_that_lie)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, ECHO);
	uint8_t b[40] = { 0 };

	wire_put16(b, c.port);
	wire_put16(b + 2, c.service);
	wire_put32(b + 4, c.seq);
	wire_put32(b + 8, c.ack);
	b[13] = ACK;
	for (uint32_t words = 0; words < 16; words++) {
		b[12] = (uint8_t)(words << 4);
		wire_send_ip(w, 6, b, 20);
		cr_expect_eq(wire_lose(w), 0, "%u words", words);
	}
	for (uint32_t len = 0; len < 20; len++)
		wire_send_ip(w, 6, b, len);
	client_expect_silence(&c);
	client_send(&c, "hello", 5);
	cr_expect_eq(client_expect(&c, ACK).len, 5);
	wire_free(w);
}

/* Fragments of segments are not joined here. */
Test(peer_loss, fragments_are_not_taken)
{
	struct wire *w = wire_new(MTU, 0, false);
	uint8_t frame[60];
	struct vb_peer_frame f = { .bytes = frame, .vlan = VB_PEER_NO_VLAN };

	f.len = wire_ip(frame, 6, 20);
	memset(frame + WIRE_PAYLOAD, 0, 20);
	frame[WIRE_PAYLOAD + 12] = 0x50;
	frame[WIRE_IP + 6] = 0x20;
	wire_send(w, &f);
	cr_expect_eq(w->n, 0);
	wire_free(w);
}

/* With a large send, IP's length is 0 or the first segment's: the frame says how much it is. */
Test(peer_loss, large_sends_are_taken_whole)
{
	struct wire *w = wire_new(MTU, 0, false);
	struct client c = client_established(w, DISCARD);
	static uint8_t frame[WIRE_PAYLOAD + 20 + 40000];
	struct vb_peer_frame f = { .bytes = frame, .vlan = VB_PEER_NO_VLAN, .part_len = MSS };
	uint8_t *b = frame + WIRE_PAYLOAD;

	f.len = wire_ip(frame, 6, 20 + 40000);
	wire_put16(frame + WIRE_IP + 2, 0);
	wire_put16(b, c.port);
	wire_put16(b + 2, c.service);
	wire_put32(b + 4, c.seq);
	wire_put32(b + 8, c.ack);
	b[12] = 0x50;
	b[13] = ACK;
	wire_send(w, &f);
	c.seq += 40000;
	client_expect(&c, ACK);
	wire_free(w);
}

/* Other settings in the middle of it. */
Test(peer_loss, connections_outlive_other_settings)
{
	struct wire *w = wire_new(MTU, 0, true);
	struct client c = client_established(w, ECHO);

	vb_peer_adapt(w->p, 1000, false);
	client_send(&c, data, 3000);
	cr_expect_eq(client_expect(&c, ACK).len, 960);
	wire_free(w);
}
