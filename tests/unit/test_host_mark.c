/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks, the host's own record, and commands.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "dissectors/sinks.h"
#include "tests/unit/echo_bus.h"

static struct echo_bus bus;
static struct guest_packet packet;

static void setup(void)
{
	struct loop_options opt = { .n_vps = 2, .max_records = 1000 };

	echo_start(&bus, &opt, 1);
}

static void teardown(void)
{
	echo_end(&bus);
}

TestSuite(host_mark, .init = setup, .fini = teardown);
TestSuite(host_log, .init = setup, .fini = teardown);
TestSuite(host_command, .init = setup, .fini = teardown);

static void count(void *ctx)
{
	++*(unsigned int *)ctx;
}

static void expect_mark(uint32_t number)
{
	uint8_t service[16];

	guest_expect(&bus.guest, VB_CTL_TL_CONNECT_RESULT);
	cr_assert(vb_guid_parse(VB_MARK_SERVICE, service));
	cr_assert_arr_eq(bus.guest.msg + 24, service, 16);
	cr_assert_arr_eq(bus.guest.msg + 8, service, 12);
	cr_assert_arr_eq(bus.guest.msg + 20, &number, 4);
	cr_assert_eq(guest_field(&bus.guest, "vmbus.tl_connect_result.status"), 0xc0000236);
}

Test(host_mark, in_a_quiet_bus_at_once)
{
	unsigned int n = 0;

	cr_assert_eq(vb_host_mark(bus.loop.host, 0xcafe0001, count, &n), 0);
	loop_run(&bus.loop);
	cr_assert_eq(n, 1);
	expect_mark(0xcafe0001);
	cr_assert_eq(vb_host_mark(bus.loop.host, 2, count, &n), 0);
	loop_run(&bus.loop);
	expect_mark(2);
	cr_assert_eq(n, 2);
}

Test(host_mark, waits_for_empty_rings)
{
	unsigned int n = 0;

	echo_command(&bus, "echo send 2 8");
	cr_assert_eq(vb_host_mark(bus.loop.host, 1, count, &n), 0);
	cr_assert_eq(vb_host_mark(bus.loop.host, 2, count, &n), -EBUSY);
	loop_advance(&bus.loop, 50000000);
	cr_assert_eq(n, 0);
	cr_assert(guest_read(&bus.chan, &packet));
	loop_advance(&bus.loop, 5000000);
	cr_assert_eq(n, 0);
	/* the last one is read, and its answer is on its way */
	cr_assert(guest_read(&bus.chan, &packet));
	cr_assert_eq(guest_send(&bus.chan, 6, 1, 1, "question", 8), 0);
	loop_run(&bus.loop);
	cr_assert_eq(n, 0);
	cr_assert_eq(guest_drain(&bus.chan, &packet), 1);
	loop_advance(&bus.loop, 1000000);
	cr_assert_eq(n, 1);
	expect_mark(1);
}

Test(host_mark, waits_for_answers_and_for_what_is_held)
{
	unsigned int n = 0;
	struct vb_err err;

	echo_command(&bus, "echo ask");
	cr_assert_eq(vb_host_mark(bus.loop.host, 1, count, &n), 0);
	loop_advance(&bus.loop, 50000000);
	cr_assert_eq(n, 0);
	cr_assert_eq(guest_send(&bus.chan, 6, 0, 1, "answer", 6), 0);
	loop_run(&bus.loop);
	cr_assert_eq(n, 1);
	expect_mark(1);
	cr_assert_eq(vb_host_fault(bus.loop.host, "echo:delay=3000", &err), 0);
	echo_command(&bus, "echo send 1 8");
	cr_assert_eq(vb_host_mark(bus.loop.host, 2, count, &n), 0);
	loop_advance(&bus.loop, 3500000);
	cr_assert_eq(n, 1);
	cr_assert_eq(guest_drain(&bus.chan, &packet), 1);
	loop_advance(&bus.loop, 1000000);
	cr_assert_eq(n, 2);
	expect_mark(2);
}

Test(host_mark, timers_stand_still_until_it_is_there)
{
	struct guest_packet p;
	unsigned int n = 0;

	echo_state(&bus)->beat_ns = 1000000;
	vb_hdevice_wake(bus.device, bus.loop.now_ns + 1000000);
	loop_advance(&bus.loop, 3000000);
	cr_assert_eq(echo_state(&bus)->n_timers, 3);
	echo_command(&bus, "echo send 1 8");
	cr_assert_eq(vb_host_mark(bus.loop.host, 1, count, &n), 0);
	loop_advance(&bus.loop, 10000000);
	cr_assert_eq(echo_state(&bus)->n_timers, 3);
	cr_assert_eq(guest_drain(&bus.chan, &p), 1);
	loop_advance(&bus.loop, 5000000);
	cr_assert_eq(n, 1);
	cr_assert_geq(echo_state(&bus)->n_timers, 7);
}

/* Who waits for an answer must be able to give it up. */
Test(host_mark, the_timer_of_who_waits_for_an_answer_goes_on)
{
	unsigned int n = 0;

	echo_state(&bus)->beat_ns = 1000000;
	vb_hdevice_wake(bus.device, bus.loop.now_ns + 1000000);
	echo_command(&bus, "echo ask");
	cr_assert_eq(vb_host_mark(bus.loop.host, 1, count, &n), 0);
	loop_advance(&bus.loop, 3000000);
	cr_assert_eq(echo_state(&bus)->n_timers, 3);
	cr_assert_eq(n, 0);
	cr_assert_eq(guest_send(&bus.chan, 6, 0, 1, "answer", 6), 0);
	loop_advance(&bus.loop, 5000000);
	cr_assert_eq(n, 1);
}

Test(host_mark, needs_a_guest_that_knows_the_message)
{
	unsigned int n = 0;

	echo_command(&bus, "echo ask");
	cr_assert_eq(vb_host_mark(bus.loop.host, 1, count, &n), 0);
	guest_unload(&bus.guest);
	loop_run(&bus.loop);
	cr_assert_eq(n, 1); /* who waits may go on */
	cr_assert_not(guest_take(&bus.guest));
	cr_assert_eq(vb_host_mark(bus.loop.host, 1, count, &n), -ENOTCONN);
	guest_connect(&bus.guest, VB_VMBUS_4_0);
	cr_assert_eq(vb_host_mark(bus.loop.host, 1, count, &n), -ENOTCONN);
}

/* ---- the log ---- */

static const struct loop_record *last(void)
{
	return &bus.loop.records[bus.loop.n_records - 1];
}

Test(host_log, control_messages)
{
	/* contact, response, request, offer, all offers, GPADL, created, open, result */
	static const uint8_t types[] = { 14, 15, 3, 1, 4, 8, 10, 5, 6 };

	cr_assert_eq(bus.loop.n_records, sizeof(types));
	for (uint32_t i = 0; i < sizeof(types); i++) {
		const struct vb_record_header *h = &bus.loop.records[i].hdr;

		cr_assert_eq(bus.loop.records[i].data[0], types[i]);
		cr_assert_eq(h->magic, VB_RECORD_MAGIC);
		cr_assert_eq(h->header_len, VB_RECORD_HEADER_LEN);
		cr_assert_eq(h->kind, VB_KIND_CONTROL);
		cr_assert_eq(h->direction,
			     strchr("\16\3\10\5", types[i]) ? VB_TO_HOST : VB_TO_GUEST);
		cr_assert_eq(h->flags, VB_REC_HOST_SIDE);
		cr_assert_eq(h->relid, 0);
		cr_assert_eq(h->seq, i);
		cr_assert_eq(h->capture, 0x1122334455667788);
		cr_assert_eq(h->ring_pos, VB_RING_POS_UNKNOWN);
		cr_assert_eq(h->mono_ns, bus.loop.now_ns);
	}
	cr_assert_eq(bus.loop.records[0].hdr.wire_len, 40);
	cr_assert_eq(bus.loop.records[3].hdr.wire_len, 196);
}

Test(host_log, messages_are_logged_when_they_are_delivered)
{
	size_t before = bus.loop.n_records;

	for (int i = 0; i < 3; i++)
		guest_post_relid(&bus.guest, VB_CTL_REQUEST_OFFERS, NULL, 0);
	cr_assert_eq(bus.loop.n_records, before + 4); /* three requests, one answer */
	cr_assert(guest_take(&bus.guest));
	cr_assert_eq(bus.loop.n_records, before + 5);
}

Test(host_log, packets)
{
	const struct vb_record_header *h;

	bus.loop.now_ns += 5;
	cr_assert_eq(guest_send(&bus.chan, 6, 1, 1, "question and more", 17), 0);
	loop_run(&bus.loop);
	h = &bus.loop.records[bus.loop.n_records - 2].hdr;
	cr_assert_eq(h->kind, VB_KIND_PACKET);
	cr_assert_eq(h->direction, VB_TO_HOST);
	cr_assert_eq(h->class, VB_CLASS_OTHER);
	cr_assert_eq(h->relid, 1);
	cr_assert_eq(h->subchannel, 0);
	cr_assert_eq(h->flags, VB_REC_HOST_SIDE);
	cr_assert_eq(h->cpu, 1);
	cr_assert_eq(h->seq, 0);
	cr_assert_eq(h->wire_len, 40);
	cr_assert_eq(h->cap_len, 40);
	cr_assert_eq(h->ring_size, 8192);
	cr_assert_eq(h->ring_pos, 0);
	cr_assert_arr_eq(h->device, bus.guest.offers[0].instance, 16);
	cr_assert_eq(h->mono_ns, bus.loop.now_ns);
	cr_assert_arr_eq(bus.loop.records[bus.loop.n_records - 2].data + 16, "question and more",
			 17);
	h = &last()->hdr;
	cr_assert_eq(h->direction, VB_TO_GUEST);
	cr_assert_eq(h->seq, 1);
	cr_assert_eq(last()->data[0], 11);
	echo_command(&bus, "echo send 1 8");
	cr_assert_eq(last()->hdr.seq, 2);
	cr_assert_eq(last()->hdr.ring_pos, 48);
	cr_assert_eq(last()->hdr.ring_read, 0);
	cr_assert_eq(last()->hdr.wire_len, 24);
}

Test(host_log, devices_before_their_first_record)
{
	cr_assert_eq(bus.loop.n_devices, 1);
	cr_assert_eq(bus.loop.devices[0].class, VB_CLASS_OTHER);
	cr_assert_eq(bus.loop.devices[0].relid, 1);
	cr_assert_str_eq(bus.loop.devices[0].name, "00000000-0000-0000-0000-0000000000e0");
	cr_assert_arr_eq(bus.loop.devices[0].instance, bus.guest.offers[0].instance, 16);
}

Test(host_log, an_id_that_is_used_again_counts_on)
{
	echo_command(&bus, "echo send 2 8");
	cr_assert_eq(last()->hdr.seq, 1);
	guest_unload(&bus.guest);
	guest_unmap(&bus.chan);
	guest_connect(&bus.guest, VB_VMBUS_5_3);
	guest_open(&bus.guest, &bus.chan, 1, 3, 1);
	echo_command(&bus, "echo send 1 8");
	cr_assert_eq(last()->hdr.relid, 1);
	cr_assert_eq(last()->hdr.seq, 2);
}

/* ---- commands ---- */

static struct loop_request request;

static void fails(const char *line, int status, const char *text)
{
	loop_command(&bus.loop, &request, line);
	cr_assert_eq(request.n_done, 1, "%s", line);
	cr_assert_eq(request.status, status, "%s", line);
	cr_assert(strstr(request.text, text), "'%s' lacks '%s'", request.text, text);
}

Test(host_command, that_are_wrong)
{
	fails("", -EINVAL, "no command");
	fails("nonsense", -EINVAL, "'nonsense'");
	fails("rescind", -EINVAL, "other arguments");
	fails("rescind nobody", -ENOENT, "'nobody'");
	fails("offer nobody", -ENOENT, "'nobody'");
	fails("offer echo", -EALREADY, "already");
	fails("mark x", -EINVAL, "no number");
	fails("mark -1", -EINVAL, "no number");
	fails("mark 4294967296", -EINVAL, "no number");
	fails("fault echo:x=1", -EINVAL, "echo:x=1");
	fails("echo", -EINVAL, "no such command");
	fails("echo nonsense", -EINVAL, "no such command");
	fails("echo send", -EINVAL, "send N BYTES");
}

Test(host_command, rescind_and_offer)
{
	echo_command(&bus, "rescind echo");
	cr_assert_eq(echo_state(&bus)->n_closed, 1);
	echo_command(&bus, "offer echo");
	guest_expect(&bus.guest, VB_CTL_RESCIND);
	guest_release(&bus.guest, bus.chan.relid);
	guest_expect(&bus.guest, VB_CTL_OFFER);
}

Test(host_command, a_mark_is_done_when_it_is_posted)
{
	struct loop_request second;

	echo_command(&bus, "echo send 1 8");
	loop_command(&bus.loop, &request, "mark 0x10");
	loop_run(&bus.loop);
	cr_assert_eq(request.n_done, 0);
	loop_command(&bus.loop, &second, "mark 17");
	cr_assert_eq(second.status, -EBUSY);
	cr_assert_eq(guest_drain(&bus.chan, &packet), 1);
	loop_advance(&bus.loop, 1000000);
	cr_assert_eq(request.n_done, 1);
	cr_assert_eq(request.status, 0);
	expect_mark(16);
}

Test(host_command, figures_and_help)
{
	echo_command(&bus, "echo send 3 8");
	echo_command(&bus, "fault echo:drop=2");
	loop_command(&bus.loop, &request, "stats");
	cr_assert(strstr(request.text, "packets out 3\n"), "%s", request.text);
	cr_assert(strstr(request.text, "channels broken 0"), "%s", request.text);
	loop_command(&bus.loop, &request, "help");
	cr_assert_eq(request.status, 0);
	cr_assert(strstr(request.text, "rescind DEVICE: "), "%s", request.text);
	cr_assert(strstr(request.text, "\necho send N BYTES: send packets"), "%s", request.text);
	cr_assert(strstr(request.text, "\necho ask: "), "%s", request.text);
}

/* ---- devices ---- */

Test(host_command, settings_and_names)
{
	const char *const good[] = { "beat=77", NULL };
	const char *const bad[] = { "beat=x", NULL };
	const char *const unknown[] = { "beet=1", NULL };
	struct vb_hdevice_config cfg;
	struct vb_hdevice *d;
	struct vb_err err;

	loop_echo_config(&cfg);
	cfg.settings = good;
	cr_assert_eq(vb_host_add(bus.loop.host, &cfg, &d, &err), 0);
	cr_assert_eq(((struct loop_echo_state *)vb_hdevice_state(d))->beat_ns, 77);
	cr_assert_str_eq(vb_hdevice_name(d), "echo.1");
	cr_assert_eq(vb_host_find(bus.loop.host, "echo.1"), d);
	cr_assert_eq(vb_hdevice_config(d)->instance[15], 0xe1);
	cfg.settings = bad;
	cr_assert_eq(vb_host_add(bus.loop.host, &cfg, &d, &err), -EINVAL);
	cr_assert(strstr(err.text, "'x' is no value of beat"), "%s", err.text);
	cfg.settings = unknown;
	cr_assert_eq(vb_host_add(bus.loop.host, &cfg, &d, &err), -EINVAL);
	cr_assert(strstr(err.text, "no setting 'beet'"), "%s", err.text);
	cfg = (struct vb_hdevice_config){ .model = &loop_echo };
	cr_assert_eq(vb_host_add(bus.loop.host, &cfg, &d, &err), -EINVAL);
	cr_assert(strstr(err.text, "no GUID"), "%s", err.text);
}
