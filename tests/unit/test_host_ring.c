/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rings: wrapping, filling both ways, who signals when, and guests that break the rules.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/echo_bus.h"

static struct echo_bus bus;
static struct guest_packet packet;

static void setup(void)
{
	struct loop_options opt = { .n_vps = 1 };

	echo_start(&bus, &opt, 0);
}

static void teardown(void)
{
	echo_end(&bus);
}

TestSuite(host_ring, .init = setup, .fini = teardown);

Test(host_ring, an_answer_wakes_the_guest)
{
	cr_assert_eq(guest_send(&bus.chan, 6, 1, 0x1234, "question", 8), 0);
	cr_assert_eq(bus.chan.n_signals, 1);
	cr_assert_eq(echo_state(&bus)->n_packets, 0); /* not before it is the host's turn */
	loop_run(&bus.loop);
	cr_assert_eq(guest_drain(&bus.chan, &packet), 1);
	cr_assert_eq(packet.type, 11);
	cr_assert_eq(packet.flags, 0);
	cr_assert_eq(packet.trans_id, 0x1234);
	cr_assert_eq(packet.payload_len, 8);
	cr_assert_arr_eq(packet.payload, "question", 8);
	cr_assert_eq(echo_stats(&bus).packets_in, 1);
	cr_assert_eq(echo_stats(&bus).packets_out, 1);
}

Test(host_ring, packets_wrap_at_every_place)
{
	uint8_t payload[200];
	unsigned int n = 0;

	/* lengths that have no common measure with the ring's: 8192 = 2^13 */
	for (uint32_t i = 0; i < 5000; i++) {
		uint32_t len = 8 * (i % 23);

		memset(payload, (int)i, sizeof(payload));
		cr_assert_eq(guest_send(&bus.chan, 6, 1, i, payload, len), 0);
		loop_run(&bus.loop);
		cr_assert_eq(guest_drain(&bus.chan, &packet), 1);
		cr_assert_eq(packet.trans_id, i);
		cr_assert_eq(packet.payload_len, len);
		cr_assert_arr_eq(packet.payload, payload, len);
		n += 16 + len + 8;
	}
	cr_assert_gt(n, 50 * bus.chan.in.size);
	cr_assert_eq(echo_state(&bus)->n_packets, 5000);
}

Test(host_ring, a_burst_needs_one_signal)
{
	for (int i = 0; i < 50; i++)
		cr_assert_eq(guest_send(&bus.chan, 6, 1, 1, "question", 8), 0);
	cr_assert_eq(bus.chan.n_signals, 1);
	loop_run(&bus.loop);
	cr_assert_eq(echo_stats(&bus).interrupts_out - bus.guest.n_eoms,
		     bus.loop.n_interrupts[0] - bus.guest.n_eoms);
	cr_assert_eq(guest_drain(&bus.chan, &packet), 50);
	cr_assert_eq(guest_drain(&bus.chan, &packet), 0);
}

Test(host_ring, only_the_first_packet_into_an_empty_ring_interrupts)
{
	uint64_t before = bus.loop.n_interrupts[0];

	echo_command(&bus, "echo send 1 8");
	cr_assert(guest_event(&bus.chan));
	echo_command(&bus, "echo send 3 8"); /* the ring is not empty: no flag */
	cr_assert_not(guest_event(&bus.chan));
	cr_assert_eq(bus.loop.n_interrupts[0], before + 1);
	for (int i = 0; i < 4; i++)
		cr_assert(guest_read(&bus.chan, &packet));
	echo_command(&bus, "echo send 1 8");
	cr_assert(guest_event(&bus.chan));
}

Test(host_ring, a_masked_guest_is_left_alone)
{
	bus.chan.in.control->interrupt_mask = 1;
	echo_command(&bus, "echo send 1 8");
	cr_assert_not(guest_event(&bus.chan));
	cr_assert(guest_read(&bus.chan, &packet));
	bus.chan.in.control->interrupt_mask = 0;
	echo_command(&bus, "echo send 1 8");
	cr_assert(guest_event(&bus.chan));
}

/* ---- full rings ---- */

/* Packets of 16 + 8, and a ring that must keep 8 bytes free: how many there is room for. */
#define N_FIT ((8192u - 8u) / 32u)

Test(host_ring, the_host_fills_its_ring_and_goes_on_when_there_is_room)
{
	uint32_t n = 0;

	echo_command(&bus, "echo send 1000 8");
	cr_assert_eq(echo_state(&bus)->n_sent, N_FIT);
	cr_assert_eq(bus.chan.in.control->pending_send_sz, 32);
	cr_assert_eq(echo_stats(&bus).ring_full, 1);
	loop_run(&bus.loop);
	cr_assert_eq(echo_state(&bus)->n_sent, N_FIT);
	while (n < 1000 && loop_run(&bus.loop) == VB_NEVER) {
		/* a drain of nothing would be a wake-up that was missed */
		unsigned int got = guest_drain(&bus.chan, &packet);

		cr_assert_gt(got, 0);
		n += got;
		cr_assert_eq(packet.trans_id, n - 1);
	}
	cr_assert_eq(n, 1000);
	cr_assert_eq(bus.chan.in.control->pending_send_sz, 0);
}

Test(host_ring, the_guest_tells_of_room_once)
{
	unsigned int before;

	echo_command(&bus, "echo send 500 8");
	before = bus.chan.n_signals;
	cr_assert(guest_read(&bus.chan, &packet)); /* 32 + what is free: more than is wanted now */
	cr_assert_eq(bus.chan.n_signals, before + 1);
	cr_assert(guest_read(&bus.chan, &packet));
	cr_assert_eq(bus.chan.n_signals, before + 1);
	loop_run(&bus.loop);
	cr_assert_eq(echo_state(&bus)->n_sent, N_FIT + 2);
}

Test(host_ring, a_guest_that_never_tells_is_asked)
{
	bus.chan.out.control->feature_bits = 0;
	echo_command(&bus, "echo send 500 8");
	for (int i = 0; i < 3; i++)
		cr_assert(guest_read(&bus.chan, &packet));
	bus.chan.in.control->pending_send_sz = 0;
	bus.loop.now_ns += 1;
	cr_assert_leq(loop_run(&bus.loop), bus.loop.now_ns + 10000000);
	loop_advance(&bus.loop, 20000000);
	cr_assert_eq(echo_state(&bus)->n_sent, N_FIT + 3);
}

Test(host_ring, the_host_tells_a_blocked_guest_of_room)
{
	uint32_t n = 0, size = bus.chan.out.size;
	struct vb_ring_control *control = bus.chan.out.control;

	vb_hchannel_pause(vb_hdevice_primary(bus.device), true);
	while (!guest_send(&bus.chan, 6, 0, 1, "question", 8))
		n++;
	cr_assert_eq(n, N_FIT);
	cr_assert_eq(control->pending_send_sz, 32);
	loop_run(&bus.loop);
	cr_assert_eq(echo_state(&bus)->n_packets, 0);
	cr_assert_not(guest_event(&bus.chan));
	vb_hchannel_pause(vb_hdevice_primary(bus.device), false);
	loop_run(&bus.loop);
	cr_assert_eq(echo_state(&bus)->n_packets, N_FIT);
	cr_assert_eq(control->read_index, control->write_index);
	cr_assert(guest_event(&bus.chan));
	cr_assert_eq(guest_send(&bus.chan, 6, 0, 1, "question", 8), 0);
	cr_assert_lt(control->write_index, size);
}

/* With pending_send_sz: exactly when the room grows from not enough to enough. */
Test(host_ring, a_guest_that_is_not_blocked_is_not_told)
{
	cr_assert_eq(guest_send(&bus.chan, 6, 0, 1, "question", 8), 0);
	loop_run(&bus.loop);
	cr_assert_not(guest_event(&bus.chan)); /* no wish */
	bus.chan.out.control->pending_send_sz = 4000;
	cr_assert_eq(guest_send(&bus.chan, 6, 0, 1, "question", 8), 0);
	bus.chan.out.control->pending_send_sz = 4000;
	loop_run(&bus.loop);
	cr_assert_not(guest_event(&bus.chan));	      /* there was room before */
	bus.chan.out.control->pending_send_sz = 8191; /* as old Windows guests have it */
	cr_assert_eq(guest_send(&bus.chan, 6, 0, 1, "question", 8), 0);
	bus.chan.out.control->pending_send_sz = 8191;
	loop_run(&bus.loop);
	cr_assert(guest_event(&bus.chan)); /* only an empty ring is enough */
	bus.chan.out.control->feature_bits = 0;
	cr_assert_eq(guest_send(&bus.chan, 6, 0, 1, "question", 8), 0);
	bus.chan.out.control->pending_send_sz = 8191;
	loop_run(&bus.loop);
	cr_assert_not(guest_event(&bus.chan)); /* it does not know about wishes */
}

Test(host_ring, both_rings_full_and_nothing_is_lost)
{
	uint32_t sent = 0, got = 0;
	uint64_t next_id = 0;

	/* each packet is answered with one as long: the answers fill the other ring */
	for (unsigned int rounds = 0; got < 3000; rounds++) {
		cr_assert_lt(rounds, 3000);
		while (sent < 3000 && !guest_send(&bus.chan, 6, 1, sent, "question", 8))
			sent++;
		loop_run(&bus.loop);
		if (rounds % 3)
			continue;
		if (!guest_event(&bus.chan))
			cr_assert_eq(rounds % 3, 0);
		while (guest_read(&bus.chan, &packet)) {
			cr_assert_eq(packet.trans_id, next_id++);
			got++;
		}
	}
	cr_assert_eq(sent, 3000);
	cr_assert_gt(echo_stats(&bus).ring_full, 5);
	cr_assert_eq(bus.loop.n_troubles, 0, "%s", bus.loop.trouble);
}

Test(host_ring, one_turn_has_an_end)
{
	/* more than one turn takes: the rest is for the next, at once */
	bus.chan.in.control->interrupt_mask = 1;
	for (int i = 0; i < 255; i++)
		cr_assert_eq(guest_send(&bus.chan, 6, 0, 1, "", 0), 0);
	for (int i = 0; i < 50; i++)
		cr_assert_eq(guest_send(&bus.chan, 6, 0, 1, "", 0), 0);
	cr_assert_eq(vb_host_run(bus.loop.host), bus.loop.now_ns);
	cr_assert_eq(echo_state(&bus)->n_packets, 256);
	cr_assert_eq(vb_host_run(bus.loop.host), VB_NEVER);
	cr_assert_eq(echo_state(&bus)->n_packets, 305);
}

Test(host_ring, what_a_model_may_not_send)
{
	struct vb_hchannel *c = vb_hdevice_primary(bus.device);
	const struct vb_value wrong[] = { VB_NUMBER("hv_ring.type", 6),
					  VB_NUMBER("hv_ring.nonsense", 1) };
	static uint8_t large[8192];

	cr_assert_eq(vb_hchannel_send(c, large, 8), -EMSGSIZE);
	cr_assert_eq(vb_hchannel_send(c, large, 20), -EMSGSIZE);
	cr_assert_eq(vb_hchannel_send(c, large, 8192 - 8), -EMSGSIZE);
	cr_assert_eq(vb_hchannel_send_values(c, 24, wrong, 2), -EINVAL);
	cr_assert_eq(vb_hchannel_send_values(c, UINT32_MAX, wrong, 1), -EMSGSIZE);
	vb_hchannel_publish(c); /* nothing is reserved */
	cr_assert_eq(bus.chan.in.control->write_index, 0);
	large[0] = 6;
	large[2] = 2;
	large[4] = (8192 - 16) / 8 & 0xff;
	large[5] = (8192 - 16) / 8 >> 8;
	cr_assert_eq(vb_hchannel_send(c, large, 8192 - 16), 0);
	cr_assert(guest_read(&bus.chan, &packet));
	vb_host_rescind(bus.device);
	cr_assert_eq(vb_hchannel_send(c, large, 16), -ENOTCONN);
}

/* ---- hostile guests ---- */

static void breaks(const char *why)
{
	vb_host_signal(bus.loop.host, bus.chan.connection, 0);
	loop_run(&bus.loop);
	cr_assert(strstr(bus.loop.trouble, why), "'%s' lacks '%s'", bus.loop.trouble, why);
	cr_assert_eq(echo_stats(&bus).broken, 1);
	cr_assert_eq(echo_state(&bus)->n_closed, 1);
	cr_assert(guest_take(&bus.guest));
	cr_assert_eq(guest_field(&bus.guest, "vmbus.type"), VB_CTL_RESCIND);
	/* it is out of the way, and the device can be had again */
	cr_assert_eq(vb_host_reoffer(bus.device), 0);
	guest_release(&bus.guest, bus.chan.relid);
	guest_expect(&bus.guest, VB_CTL_OFFER);
}

static void put(uint16_t type, uint16_t offset8, uint16_t len8, uint16_t flags, uint32_t written)
{
	uint16_t descriptor[8] = { type, offset8, len8, flags };

	memcpy(bus.chan.out.data, descriptor, sizeof(descriptor));
	bus.chan.out.control->write_index = written;
}

Test(host_ring, a_write_index_outside)
{
	bus.chan.out.control->write_index = bus.chan.out.size;
	breaks("write index is outside");
}

Test(host_ring, a_write_index_between)
{
	bus.chan.out.control->write_index = 4;
	breaks("write index is outside");
}

Test(host_ring, a_read_index_outside)
{
	struct loop_request rq;

	bus.chan.in.control->read_index = UINT32_MAX;
	loop_command(&bus.loop, &rq, "echo send 1 8");
	breaks("read index is outside");
}

Test(host_ring, less_than_a_packet)
{
	put(6, 2, 2, 0, 16);
	breaks("less than a packet");
}

Test(host_ring, longer_than_what_was_written)
{
	put(6, 2, 3, 0, 24);
	breaks("longer than");
}

Test(host_ring, the_longest_of_all)
{
	put(6, 2, 65535, 0, 8184);
	breaks("longer than");
}

Test(host_ring, shorter_than_its_descriptor)
{
	put(6, 1, 1, 0, 24);
	breaks("header length");
}

Test(host_ring, of_no_length)
{
	put(6, 2, 0, 0, 24);
	breaks("header length");
}

Test(host_ring, a_header_longer_than_the_packet)
{
	put(6, 3, 2, 0, 24);
	breaks("header length");
}

Test(host_ring, ranges_without_room_for_them)
{
	put(9, 2, 4, 0, 40);
	breaks("header length");
}

Test(host_ring, an_unknown_type)
{
	put(5, 2, 2, 0, 24);
	breaks("type that no guest sends");
}

Test(host_ring, reserved_flags)
{
	put(6, 2, 2, 2, 24);
	breaks("reserved flags");
}

Test(host_ring, indices_of_the_host_are_its_own)
{
	cr_assert_eq(guest_send(&bus.chan, 6, 1, 1, "question", 8), 0);
	bus.chan.out.control->read_index = 4000; /* the guest writes what is the host's */
	bus.chan.in.control->write_index = 12345;
	loop_run(&bus.loop);
	cr_assert_eq(echo_state(&bus)->n_packets, 1);
	cr_assert_eq(bus.chan.out.control->read_index, 32);
	cr_assert_eq(bus.chan.in.control->write_index, 32);
	cr_assert_eq(bus.loop.n_troubles, 0, "%s", bus.loop.trouble);
}
