/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes wrong on purpose, one thing at a time.
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

/* The ids of the packets that are there, as text. */
static const char *ids(void)
{
	static char text[256];
	int len = 0;

	text[0] = '\0';
	if (!guest_event(&bus.chan))
		return text;
	while (guest_read(&bus.chan, &packet) && len < 240)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%u", len ? " " : "",
				(unsigned int)packet.trans_id);
	return text;
}

TestSuite(host_fault, .init = setup, .fini = teardown);

Test(host_fault, texts_that_make_no_sense)
{
	static const char *const wrong[] = {
		"",
		"echo",
		"echo:",
		"echo:delay",
		"echo:delay=",
		"echo:delay=x",
		"echo:drop=0",
		"echo:drop=-1",
		"echo:drop= 1",
		"echo:drop=1,",
		"echo:lose=1",
		"nobody:drop=1",
		"echo:drop=1;full=2",
		"echo:full=99999999999",
		"echo:status=g",
		"echo:status=100000000",
		":drop=1",
		"echo:drop=a",
		"echo:drop=1,none",
		"echo:none,drop=1",
		"echo:none=1",
		"a-name-that-is-longer-than-any-device-has:drop=1",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct vb_err err = { "" };

		cr_assert_eq(vb_host_fault(bus.loop.host, wrong[i], &err), -EINVAL, "%s", wrong[i]);
		cr_assert(strstr(err.text, wrong[i]), "%s", err.text);
	}
	cr_assert_eq(echo_stats(&bus).faults, 0);
}

Test(host_fault, delay)
{
	echo_fault(&bus, "echo:delay=500");
	echo_command(&bus, "echo send 3 8");
	cr_assert_str_eq(ids(), "");
	cr_assert_eq(loop_run(&bus.loop), bus.loop.now_ns + 500000);
	loop_advance(&bus.loop, 499999);
	cr_assert_str_eq(ids(), "");
	loop_advance(&bus.loop, 1);
	cr_assert_str_eq(ids(), "0 1 2");
	cr_assert_eq(echo_stats(&bus).faults, 3);
	cr_assert_eq(loop_run(&bus.loop), VB_NEVER);
}

Test(host_fault, an_end_of_them)
{
	echo_fault(&bus, "echo:drop=1");
	echo_command(&bus, "echo send 2 8");
	cr_expect_str_eq(ids(), "");
	cr_expect_eq(echo_stats(&bus).faults, 2);
	echo_fault(&bus, "echo:none");
	echo_command(&bus, "echo send 2 8");
	cr_expect_str_neq(ids(), "");
	cr_expect_eq(echo_stats(&bus).faults, 2);
}

Test(host_fault, drop)
{
	echo_fault(&bus, "echo:drop=3");
	echo_command(&bus, "echo send 10 8");
	cr_assert_str_eq(ids(), "0 1 3 4 6 7 9");
	cr_assert_eq(echo_stats(&bus).faults, 3);
}

Test(host_fault, reorder)
{
	echo_fault(&bus, "echo:reorder=3");
	echo_command(&bus, "echo send 8 8");
	cr_assert_str_eq(ids(), "0 1 3 2 4 6 5 7");
	cr_assert_eq(echo_stats(&bus).faults, 2);
}

Test(host_fault, a_packet_that_nobody_overtakes_comes_late)
{
	echo_fault(&bus, "echo:reorder=1");
	echo_command(&bus, "echo send 1 8");
	cr_assert_str_eq(ids(), "");
	loop_advance(&bus.loop, 20000000);
	cr_assert_str_eq(ids(), "0");
}

Test(host_fault, short_packets)
{
	echo_fault(&bus, "echo:short=2");
	echo_command(&bus, "echo send 1 64");
	cr_assert_str_eq(ids(), "0");
	cr_assert_eq(packet.payload_len, 64);
	echo_command(&bus, "echo send 1 64");
	cr_assert_str_eq(ids(), "1");
	cr_assert_eq(packet.payload_len, 32);
	cr_assert_eq(packet.type, 6);
	/* a completion */
	echo_command(&bus, "echo send 1 64");
	cr_assert_str_eq(ids(), "2");
	cr_assert_eq(guest_send(&bus.chan, 6, 1, 77, "question", 8), 0);
	loop_run(&bus.loop);
	cr_assert_str_eq(ids(), "77");
	cr_assert_eq(packet.type, 11);
	cr_assert_eq(packet.payload_len, 0);
	cr_assert_eq(echo_stats(&bus).faults, 2);
}

Test(host_fault, a_full_ring)
{
	echo_fault(&bus, "echo:full=5");
	echo_command(&bus, "echo send 2 8");
	cr_assert_str_eq(ids(), "");
	cr_assert_eq(loop_run(&bus.loop), bus.loop.now_ns + 5000000);
	loop_advance(&bus.loop, 4999999);
	cr_assert_str_eq(ids(), "");
	loop_advance(&bus.loop, 1);
	cr_assert_str_eq(ids(), "0 1");
	echo_command(&bus, "echo send 1 8");
	cr_assert_str_eq(ids(), "2");
	cr_assert_eq(echo_stats(&bus).faults, 1);
}

/* An integration service: a message has a field called "status". */
Test(host_fault, status)
{
	const struct vb_value values[] = {
		VB_NUMBER("hv_ring.type", 6),	 VB_NUMBER("hv_pipe.type", 1),
		VB_NUMBER("hv_pipe.length", 28), VB_NUMBER("hv_icmsg.type", 1),
		VB_NUMBER("hv_icmsg.size", 8),	 VB_NUMBER("hv_icmsg.transaction_id", 9),
		VB_NUMBER("hv_icmsg.flags", 3),
	};
	struct vb_wanted status = { .path = "hv_icmsg.status" };
	struct vb_frame f = { .kind = VB_KIND_PACKET,
			      .class = VB_CLASS_HEARTBEAT,
			      .wire_len = 56,
			      .cap_len = 56,
			      .direction = VB_TO_GUEST };
	struct vb_hdevice_config cfg;
	struct vb_hdevice *device;
	struct guest_channel beat;

	loop_echo_config(&cfg);
	cfg.class = VB_CLASS_HEARTBEAT;
	device = loop_add(&bus.loop, &cfg);
	bus.guest.n_offers = 0;
	guest_request_offers(&bus.guest);
	guest_open(&bus.guest, &beat, 2, 3, 0);
	echo_fault(&bus, "echo.1:status=80004005");
	cr_assert_eq(vb_hchannel_send_values(vb_hdevice_primary(device), 16 + 8 + 28, values, 7),
		     0);
	cr_assert(guest_event(&beat));
	f.data = beat.in.data;
	cr_assert_eq(vb_values_read(vb_root_proto(VB_KIND_PACKET), &f, &status, 1, NULL), 1);
	cr_assert_eq(status.number, 0x80004005);
	cr_assert_eq(echo_stats(&bus).faults, 1);
	guest_unmap(&beat);
}

/* Of a ring that is full itself the guest tells: the host must not look again and again. */
Test(host_fault, a_full_ring_that_is_really_full)
{
	struct vb_err err;

	echo_command(&bus, "echo send 600 8");
	cr_assert_eq(vb_host_fault(bus.loop.host, "echo:drop=1000", &err), 0);
	cr_assert_eq(loop_run(&bus.loop), VB_NEVER);
	echo_fault(&bus, "echo:full=5");
	loop_advance(&bus.loop, 20000000);
	cr_assert_eq(loop_run(&bus.loop), VB_NEVER);
	while (echo_state(&bus)->to_send ||
	       bus.chan.in.control->read_index != bus.chan.in.control->write_index) {
		cr_assert_gt(guest_drain(&bus.chan, &packet), 0);
		loop_advance(&bus.loop, 10000000);
	}
	cr_assert_eq(packet.trans_id, 599);
}

Test(host_fault, rescind)
{
	echo_fault(&bus, "echo:rescind=3");
	cr_assert_eq(guest_send(&bus.chan, 6, 1, 1, "question", 8), 0); /* two: and its answer */
	loop_run(&bus.loop);
	cr_assert_eq(echo_state(&bus)->n_closed, 0);
	echo_command(&bus, "echo send 1 8");
	loop_run(&bus.loop);
	cr_assert_eq(echo_state(&bus)->n_closed, 1);
	cr_assert(guest_take(&bus.guest));
	cr_assert_eq(guest_field(&bus.guest, "vmbus.type"), VB_CTL_RESCIND);
	cr_assert_str_eq(ids(), "1 0");
	cr_assert_eq(echo_stats(&bus).faults, 1);
	/* once */
	cr_assert_eq(vb_host_reoffer(bus.device), 0);
}

Test(host_fault, several_at_once_and_others_later)
{
	echo_fault(&bus, "echo:delay=100,drop=2");
	echo_command(&bus, "echo send 4 8");
	loop_advance(&bus.loop, 100000);
	cr_assert_str_eq(ids(), "0 2");
	echo_fault(&bus, "echo:drop=1000");
	echo_command(&bus, "echo send 2 8");
	cr_assert_str_eq(ids(), "4 5");
}

Test(host_fault, what_is_held_when_the_ring_is_full_waits_for_room)
{
	uint32_t n = 0;

	echo_fault(&bus, "echo:delay=10");
	echo_command(&bus, "echo send 600 8");
	while (n < 600) {
		unsigned int got;

		loop_advance(&bus.loop, 10000);
		got = guest_drain(&bus.chan, &packet);
		n += got;
		if (!got)
			loop_advance(&bus.loop, 10000000);
	}
	cr_assert_eq(packet.trans_id, 599);
	cr_assert_eq(echo_stats(&bus).faults, 600);
}

Test(host_fault, what_is_held_is_forgotten_with_the_channel)
{
	echo_fault(&bus, "echo:delay=10");
	echo_command(&bus, "echo send 6 8");
	vb_host_rescind(bus.device);
	loop_advance(&bus.loop, 1000000);
	cr_assert_eq(bus.chan.in.control->write_index, 0);
}
