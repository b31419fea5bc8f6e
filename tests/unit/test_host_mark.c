/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks, the host's own record, and commands.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "dissectors/sinks.h"
#include "tests/loop/guest.h"

static struct loop loop;
static struct guest guest;
static struct vb_hdevice *device;
static struct guest_channel chan;
static struct guest_packet packet;

static void setup(void)
{
	struct loop_options opt = { .n_vps = 2, .max_records = 1000 };

	device = guest_start(&guest, &loop, &opt);
	guest_connect(&guest, VB_VMBUS_5_3);
	guest_open(&guest, &chan, 1, 3, 1);
}

static void teardown(void)
{
	guest_unmap(&chan);
	loop_done(&loop);
}

static struct loop_echo_state *echo(void)
{
	return vb_hdevice_state(device);
}

static void command(const char *line)
{
	struct loop_request rq;

	loop_command(&loop, &rq, line);
	cr_assert_eq(rq.status, 0, "%s", rq.text);
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

	guest_expect(&guest, VB_CTL_TL_CONNECT_RESULT);
	cr_assert(vb_guid_parse(VB_MARK_SERVICE, service));
	cr_assert_arr_eq(guest.msg + 24, service, 16);
	cr_assert_arr_eq(guest.msg + 8, service, 12);
	cr_assert_arr_eq(guest.msg + 20, &number, 4);
	cr_assert_eq(guest_field(&guest, "vmbus.tl_connect_result.status"), 0xc0000236);
}

Test(host_mark, in_a_quiet_bus_at_once)
{
	unsigned int n = 0;

	cr_assert_eq(vb_host_mark(loop.host, 0xcafe0001, count, &n), 0);
	loop_run(&loop);
	cr_assert_eq(n, 1);
	expect_mark(0xcafe0001);
	cr_assert_eq(vb_host_mark(loop.host, 2, count, &n), 0);
	loop_run(&loop);
	expect_mark(2);
	cr_assert_eq(n, 2);
}

Test(host_mark, waits_for_empty_rings)
{
	unsigned int n = 0;

	command("echo send 2 8");
	cr_assert_eq(vb_host_mark(loop.host, 1, count, &n), 0);
	cr_assert_eq(vb_host_mark(loop.host, 2, count, &n), -EBUSY);
	loop_advance(&loop, 50000000);
	cr_assert_eq(n, 0);
	cr_assert(guest_read(&chan, &packet));
	loop_advance(&loop, 5000000);
	cr_assert_eq(n, 0);
	/* the last one is read, and its answer is on its way */
	cr_assert(guest_read(&chan, &packet));
	cr_assert_eq(guest_send(&chan, 6, 1, 1, "question", 8), 0);
	loop_run(&loop);
	cr_assert_eq(n, 0);
	cr_assert_eq(guest_drain(&chan, &packet), 1);
	loop_advance(&loop, 1000000);
	cr_assert_eq(n, 1);
	expect_mark(1);
}

Test(host_mark, waits_for_answers_and_for_what_is_held)
{
	unsigned int n = 0;
	struct vb_err err;

	command("echo ask");
	cr_assert_eq(vb_host_mark(loop.host, 1, count, &n), 0);
	loop_advance(&loop, 50000000);
	cr_assert_eq(n, 0);
	cr_assert_eq(guest_send(&chan, 6, 0, 1, "answer", 6), 0);
	loop_run(&loop);
	cr_assert_eq(n, 1);
	expect_mark(1);
	cr_assert_eq(vb_host_fault(loop.host, "echo:delay=3000", &err), 0);
	command("echo send 1 8");
	cr_assert_eq(vb_host_mark(loop.host, 2, count, &n), 0);
	loop_advance(&loop, 3500000);
	cr_assert_eq(n, 1);
	cr_assert_eq(guest_drain(&chan, &packet), 1);
	loop_advance(&loop, 1000000);
	cr_assert_eq(n, 2);
	expect_mark(2);
}

Test(host_mark, timers_stand_still_until_it_is_there)
{
	struct guest_packet p;
	unsigned int n = 0;

	echo()->beat_ns = 1000000;
	vb_hdevice_wake(device, loop.now_ns + 1000000);
	loop_advance(&loop, 3000000);
	cr_assert_eq(echo()->n_timers, 3);
	command("echo send 1 8");
	cr_assert_eq(vb_host_mark(loop.host, 1, count, &n), 0);
	loop_advance(&loop, 10000000);
	cr_assert_eq(echo()->n_timers, 3);
	cr_assert_eq(guest_drain(&chan, &p), 1);
	loop_advance(&loop, 5000000);
	cr_assert_eq(n, 1);
	cr_assert_geq(echo()->n_timers, 7);
}

/* Who waits for an answer must be able to give it up. */
Test(host_mark, the_timer_of_who_waits_for_an_answer_goes_on)
{
	unsigned int n = 0;

	echo()->beat_ns = 1000000;
	vb_hdevice_wake(device, loop.now_ns + 1000000);
	command("echo ask");
	cr_assert_eq(vb_host_mark(loop.host, 1, count, &n), 0);
	loop_advance(&loop, 3000000);
	cr_assert_eq(echo()->n_timers, 3);
	cr_assert_eq(n, 0);
	cr_assert_eq(guest_send(&chan, 6, 0, 1, "answer", 6), 0);
	loop_advance(&loop, 5000000);
	cr_assert_eq(n, 1);
}

Test(host_mark, needs_a_guest_that_knows_the_message)
{
	unsigned int n = 0;

	command("echo ask");
	cr_assert_eq(vb_host_mark(loop.host, 1, count, &n), 0);
	guest_unload(&guest);
	loop_run(&loop);
	cr_assert_eq(n, 1); /* who waits may go on */
	cr_assert_not(guest_take(&guest));
	cr_assert_eq(vb_host_mark(loop.host, 1, count, &n), -ENOTCONN);
	guest_connect(&guest, VB_VMBUS_4_0);
	cr_assert_eq(vb_host_mark(loop.host, 1, count, &n), -ENOTCONN);
}

/* ---- the log ---- */

static const struct loop_record *last(void)
{
	return &loop.records[loop.n_records - 1];
}

Test(host_log, control_messages)
{
	/* contact, response, request, offer, all offers, GPADL, created, open, result */
	static const uint8_t types[] = { 14, 15, 3, 1, 4, 8, 10, 5, 6 };

	cr_assert_eq(loop.n_records, sizeof(types));
	for (uint32_t i = 0; i < sizeof(types); i++) {
		const struct vb_record_header *h = &loop.records[i].hdr;

		cr_assert_eq(loop.records[i].data[0], types[i]);
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
		cr_assert_eq(h->mono_ns, loop.now_ns);
	}
	cr_assert_eq(loop.records[0].hdr.wire_len, 40);
	cr_assert_eq(loop.records[3].hdr.wire_len, 196);
}

Test(host_log, messages_are_logged_when_they_are_delivered)
{
	size_t before = loop.n_records;

	for (int i = 0; i < 3; i++)
		guest_post_relid(&guest, VB_CTL_REQUEST_OFFERS, NULL, 0);
	cr_assert_eq(loop.n_records, before + 4); /* three requests, one answer */
	cr_assert(guest_take(&guest));
	cr_assert_eq(loop.n_records, before + 5);
}

Test(host_log, packets)
{
	const struct vb_record_header *h;

	loop.now_ns += 5;
	cr_assert_eq(guest_send(&chan, 6, 1, 1, "question and more", 17), 0);
	loop_run(&loop);
	h = &loop.records[loop.n_records - 2].hdr;
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
	cr_assert_arr_eq(h->device, guest.offers[0].instance, 16);
	cr_assert_eq(h->mono_ns, loop.now_ns);
	cr_assert_arr_eq(loop.records[loop.n_records - 2].data + 16, "question and more", 17);
	h = &last()->hdr;
	cr_assert_eq(h->direction, VB_TO_GUEST);
	cr_assert_eq(h->seq, 1);
	cr_assert_eq(last()->data[0], 11);
	command("echo send 1 8");
	cr_assert_eq(last()->hdr.seq, 2);
	cr_assert_eq(last()->hdr.ring_pos, 48);
	cr_assert_eq(last()->hdr.ring_read, 0);
	cr_assert_eq(last()->hdr.wire_len, 24);
}

Test(host_log, devices_before_their_first_record)
{
	cr_assert_eq(loop.n_devices, 1);
	cr_assert_eq(loop.devices[0].class, VB_CLASS_OTHER);
	cr_assert_eq(loop.devices[0].relid, 1);
	cr_assert_str_eq(loop.devices[0].name, "00000000-0000-0000-0000-0000000000e0");
	cr_assert_arr_eq(loop.devices[0].instance, guest.offers[0].instance, 16);
}

Test(host_log, an_id_that_is_used_again_counts_on)
{
	command("echo send 2 8");
	cr_assert_eq(last()->hdr.seq, 1);
	guest_unload(&guest);
	guest_unmap(&chan);
	guest_connect(&guest, VB_VMBUS_5_3);
	guest_open(&guest, &chan, 1, 3, 1);
	command("echo send 1 8");
	cr_assert_eq(last()->hdr.relid, 1);
	cr_assert_eq(last()->hdr.seq, 2);
}

/* ---- commands ---- */

static struct loop_request request;

static void fails(const char *line, int status, const char *text)
{
	loop_command(&loop, &request, line);
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
	command("rescind echo");
	cr_assert_eq(echo()->n_closed, 1);
	command("offer echo");
	guest_expect(&guest, VB_CTL_RESCIND);
	guest_expect(&guest, VB_CTL_OFFER);
}

Test(host_command, a_mark_is_done_when_it_is_posted)
{
	struct loop_request second;

	command("echo send 1 8");
	loop_command(&loop, &request, "mark 0x10");
	loop_run(&loop);
	cr_assert_eq(request.n_done, 0);
	loop_command(&loop, &second, "mark 17");
	cr_assert_eq(second.status, -EBUSY);
	cr_assert_eq(guest_drain(&chan, &packet), 1);
	loop_advance(&loop, 1000000);
	cr_assert_eq(request.n_done, 1);
	cr_assert_eq(request.status, 0);
	expect_mark(16);
}

Test(host_command, figures_and_help)
{
	command("echo send 3 8");
	command("fault echo:drop=2");
	loop_command(&loop, &request, "stats");
	cr_assert(strstr(request.text, "packets out 3\n"), "%s", request.text);
	cr_assert(strstr(request.text, "channels broken 0"), "%s", request.text);
	loop_command(&loop, &request, "help");
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
	cr_assert_eq(vb_host_add(loop.host, &cfg, &d, &err), 0);
	cr_assert_eq(((struct loop_echo_state *)vb_hdevice_state(d))->beat_ns, 77);
	cr_assert_str_eq(vb_hdevice_name(d), "echo.1");
	cr_assert_eq(vb_host_find(loop.host, "echo.1"), d);
	cr_assert_eq(vb_hdevice_config(d)->instance[15], 0xe1);
	cfg.settings = bad;
	cr_assert_eq(vb_host_add(loop.host, &cfg, &d, &err), -EINVAL);
	cr_assert(strstr(err.text, "'x' is no value of beat"), "%s", err.text);
	cfg.settings = unknown;
	cr_assert_eq(vb_host_add(loop.host, &cfg, &d, &err), -EINVAL);
	cr_assert(strstr(err.text, "no setting 'beet'"), "%s", err.text);
	cfg = (struct vb_hdevice_config){ .model = &loop_echo };
	cr_assert_eq(vb_host_add(loop.host, &cfg, &d, &err), -EINVAL);
	cr_assert(strstr(err.text, "no GUID"), "%s", err.text);
}
