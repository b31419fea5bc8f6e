/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection: versions, offers, the message slot, a guest that goes and comes again.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "replay/host/synic.h"
#include "tests/loop/guest.h"

static struct loop loop;
static struct guest guest;

static void start(uint32_t max_version)
{
	struct loop_options opt = { .max_version = max_version, .n_vps = 2 };

	guest_start(&guest, &loop, &opt);
}

static void setup(void)
{
	start(0);
}

static void teardown(void)
{
	loop_done(&loop);
}

static void no_trouble(void)
{
	cr_assert_eq(loop.n_troubles, 0, "%s", loop.trouble);
}

static struct vb_host_stats stats(void)
{
	struct vb_host_stats s;

	vb_host_get_stats(loop.host, &s);
	return s;
}

TestSuite(host_bus, .init = setup, .fini = teardown);

Test(host_bus, connects_with_every_version)
{
	static const uint32_t versions[] = { VB_VMBUS_2_4, VB_VMBUS_3_0, VB_VMBUS_4_0,
					     VB_VMBUS_4_1, VB_VMBUS_5_0, VB_VMBUS_5_1,
					     VB_VMBUS_5_2, VB_VMBUS_5_3, VB_VMBUS_6_0 };

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		cr_assert(guest_contact(&guest, versions[i]));
		cr_assert_eq(loop.connected, versions[i]);
		cr_assert_eq(guest_request_offers(&guest), 1);
		guest_unload(&guest);
		cr_assert_eq(loop.connected, 0);
	}
	no_trouble();
}

Test(host_bus, refuses_versions_that_it_does_not_know)
{
	cr_assert_not(guest_contact(&guest, VB_VMBUS_0_13));
	cr_assert_not(guest_contact(&guest, VB_VMBUS_1_1));
	cr_assert_not(guest_contact(&guest, 0x00050004));
	cr_assert_not(guest_contact(&guest, 0x00060001));
	cr_assert_eq(loop.n_connected, 0);
}

Test(host_bus, refuses_versions_above_the_cap)
{
	loop_done(&loop);
	start(VB_VMBUS_4_0);
	cr_assert_not(guest_contact(&guest, VB_VMBUS_6_0));
	cr_assert_not(guest_contact(&guest, VB_VMBUS_5_3));
	cr_assert_not(guest_contact(&guest, VB_VMBUS_4_1));
	cr_assert(guest_contact(&guest, VB_VMBUS_4_0));
	cr_assert_eq(loop.connected, VB_VMBUS_4_0);
}

Test(host_bus, version_6_has_no_features)
{
	cr_assert(guest_contact(&guest, VB_VMBUS_6_0));
	cr_assert_eq(guest_field(&guest, "vmbus.version_response.features"), 0);
}

static uint16_t contact_at(uint32_t connection, uint32_t version)
{
	const uint32_t msg[10] = { VB_CTL_CONTACT, 0, version, 0, VB_SINT };

	return guest_post_bytes(&guest, connection, msg, sizeof(msg));
}

Test(host_bus, every_version_has_its_connection)
{
	cr_assert_eq(contact_at(1, VB_VMBUS_5_0), 18);
	cr_assert_eq(contact_at(4, VB_VMBUS_4_1), 18);
	cr_assert_eq(contact_at(2, VB_VMBUS_4_1), 18);
	cr_assert_eq(contact_at(0x800074, VB_VMBUS_6_0), 18);
	cr_assert_not(guest_take(&guest));
	cr_assert_eq(contact_at(4, VB_VMBUS_5_0), 0);
	cr_assert(guest_take(&guest));
	/* from now on messages come where VERSION_RESPONSE said */
	cr_assert_eq(guest_post_bytes(&guest, 4, "\3\0\0\0\0\0\0", 8), 18);
	cr_assert_eq(guest_post_bytes(&guest, 0x24, "\3\0\0\0\0\0\0", 8), 0);
}

Test(host_bus, refuses_another_interrupt_source_or_processor)
{
	uint32_t msg[10] = { VB_CTL_CONTACT, 0, VB_VMBUS_5_3, 0, 5 };

	guest.version = VB_VMBUS_5_3;
	cr_assert_eq(guest_post_bytes(&guest, 4, msg, sizeof(msg)), 0);
	guest_expect(&guest, VB_CTL_VERSION_RESPONSE);
	cr_assert_eq(guest_field(&guest, "vmbus.version_response.supported"), 0);
	msg[4] = VB_SINT;
	msg[3] = 2; /* there are processors 0 and 1 */
	cr_assert_eq(guest_post_bytes(&guest, 4, msg, sizeof(msg)), 0);
	guest_expect(&guest, VB_CTL_VERSION_RESPONSE);
	cr_assert_eq(guest_field(&guest, "vmbus.version_response.supported"), 0);
}

Test(host_bus, messages_that_make_no_sense_are_told)
{
	struct vb_post_input input = { .connection = 4, .message_type = 1, .payload_len = 241 };

	cr_assert_eq(vb_host_post(loop.host, (uint8_t *)&input), 5);
	input.payload_len = 8;
	input.message_type = 0x80000010;
	cr_assert_eq(vb_host_post(loop.host, (uint8_t *)&input), 5);
	cr_assert_eq(guest_post_bytes(&guest, 4, "\3\0\0\0\0\0\0", 8), 0);
	cr_assert(strstr(loop.trouble, "before a version"), "%s", loop.trouble);

	guest_connect(&guest, VB_VMBUS_4_0);
	cr_assert_eq(guest_post_bytes(&guest, 1, "\7\0\0\0\0\0\0\0\1", 9), 0);
	cr_assert(strstr(loop.trouble, "too short"), "%s", loop.trouble);
	cr_assert_eq(guest_post_bytes(&guest, 1, "", 0), 0);
	cr_assert_eq(guest_post_bytes(&guest, 1, "\x63\0\0\0\0\0\0", 8), 0);
	cr_assert(strstr(loop.trouble, "type 99"), "%s", loop.trouble);
	/* of another version; of the host */
	cr_assert_eq(guest_post_bytes(&guest, 1, "\x16\0\0\0\0\0\0\0\1\0\0\0\0\0\0", 16), 0);
	cr_assert(strstr(loop.trouble, "type 22"), "%s", loop.trouble);
	cr_assert_eq(guest_post_bytes(&guest, 1, "\1\0\0\0\0\0\0", 8), 0);
	cr_assert(strstr(loop.trouble, "type 1"), "%s", loop.trouble);
	cr_assert_not(guest_take(&guest));
}

Test(host_bus, troubles_are_not_without_end)
{
	for (int i = 0; i < 1000; i++)
		guest_post_bytes(&guest, 4, "\3\0\0\0\0\0\0", 8);
	cr_assert_eq(loop.n_troubles, 50);
	loop.now_ns += 1000000000;
	guest_post_bytes(&guest, 4, "\3\0\0\0\0\0\0", 8);
	cr_assert_eq(loop.n_troubles, 51);
}

static void add_echoes(unsigned int n)
{
	struct vb_hdevice_config cfg;

	loop_echo_config(&cfg);
	while (n--)
		loop_add(&loop, &cfg);
}

Test(host_bus, sixty_offers_wait_for_the_slot)
{
	add_echoes(59);
	cr_assert(guest_contact(&guest, VB_VMBUS_5_3));
	guest.n_eoms = 0;
	guest_post_relid(&guest, VB_CTL_REQUEST_OFFERS, NULL, 0);
	cr_assert_eq(loop.n_interrupts[0], 2); /* for the version, and for the first offer */
	guest_expect(&guest, VB_CTL_ALL_OFFERS);
	cr_assert_eq(guest.n_offers, 60);
	cr_assert_eq(guest.n_eoms, 60); /* one for each message but the last */
	cr_assert_eq(loop.n_interrupts[0], 62);
	cr_assert_eq(stats().slot_waits, 60);
	cr_assert_eq(stats().messages_out, 62);
	no_trouble();
}

Test(host_bus, a_message_that_waits_is_delivered_by_the_next_run)
{
	struct vb_synic_message *slot;

	cr_assert(guest_contact(&guest, VB_VMBUS_5_3));
	guest_post_relid(&guest, VB_CTL_REQUEST_OFFERS, NULL, 0);
	slot = (void *)(guest_memory(&guest, 1) + VB_SINT * sizeof(*slot));
	cr_assert_eq(slot->flags, VB_MESSAGE_PENDING);
	/* a guest that saw no flag does not acknowledge: the host looks by itself */
	slot->type = 0;
	cr_assert_eq(loop_run(&loop), VB_NEVER);
	cr_assert_eq(slot->type, VB_MESSAGE_CHANNEL);
	cr_assert_eq(slot->flags, 0);
	guest_expect(&guest, VB_CTL_ALL_OFFERS);
}

Test(host_bus, a_guest_that_takes_no_messages_gets_no_more_memory)
{
	unsigned int n = 0;
	uint16_t status = 0;

	cr_assert(guest_contact(&guest, VB_VMBUS_5_3));
	while (!status && n++ < 100000) /* each gets an answer */
		status = guest_post_bytes(&guest, 0x24, "\x0b\0\0\0\0\0\0\0\1\0\0\0\2\0\0", 16);
	cr_assert_eq(status, 11);
	cr_assert_lt(n, 10000);
	for (unsigned int i = 0; i < 100; i++)
		cr_assert(guest_take(&guest));
	status = guest_post_bytes(&guest, 0x24, "\x0b\0\0\0\0\0\0\0\1\0\0\0\2\0\0", 16);
	cr_assert_eq(status, 0);
}

static void add(const char *interface, const char *instance)
{
	struct vb_hdevice_config cfg;

	loop_echo_config(&cfg);
	memset(cfg.interface, 0, 16);
	memcpy(cfg.interface, interface, strlen(interface));
	memcpy(cfg.instance, instance, strlen(instance));
	loop_add(&loop, &cfg);
}

Test(host_bus, offers_come_in_the_order_of_their_guids)
{
	add("b", "2");
	add("a", "z");
	add("b", "1");
	guest_connect(&guest, VB_VMBUS_5_3);
	cr_assert_eq(guest.n_offers, 4);
	cr_assert_eq(guest.offers[0].instance[0], 'z');
	cr_assert_eq(guest.offers[1].instance[0], '1');
	cr_assert_eq(guest.offers[2].instance[0], '2');
	cr_assert_eq(guest.offers[3].interface[0], 0xec);
	for (uint32_t i = 0; i < 4; i++)
		cr_assert_eq(guest.offers[i].relid, i + 1);
}

Test(host_bus, a_device_added_later_is_offered_at_once)
{
	guest_connect(&guest, VB_VMBUS_5_3);
	add_echoes(1);
	cr_assert(guest_take(&guest));
	cr_assert_eq(guest_field(&guest, "vmbus.type"), VB_CTL_OFFER);
	cr_assert_eq(guest_field(&guest, "vmbus.offer.relid"), 2);
}

Test(host_bus, a_guest_goes_and_comes_again)
{
	struct guest_channel c;

	for (int i = 0; i < 3; i++) {
		guest_connect(&guest, i == 1 ? VB_VMBUS_4_0 : VB_VMBUS_5_3);
		cr_assert_eq(guest.n_offers, 1);
		cr_assert_eq(guest_offer(&guest, 0)->relid, 1);
		/* the same GPADL ids every time, and it leaves without closing */
		guest_open(&guest, &c, 1, 4, 0);
		guest_unload(&guest);
		/* and Linux releases its ids only now */
		guest_release(&guest, 1);
		loop_run(&loop);
		guest_unmap(&c);
		cr_assert_eq(loop.memory.n_pages, 0);
	}
	cr_assert_eq(loop.n_connected, 6);
	no_trouble();
}

static void word(const char *line, int status, const char *text)
{
	struct loop_request rq;

	loop_command(&loop, &rq, line);
	cr_expect_eq(rq.status, status, "%s: %s", line, rq.text);
	cr_expect(strstr(rq.text, text), "%s: %s", line, rq.text);
}

Test(host_bus, the_newest_version_can_be_set_for_the_next_connection)
{
	word("version", 0, "not connected");
	guest_connect(&guest, VB_VMBUS_5_3);
	word("version", 0, "VMBus 5.3");
	word("version 4.0", 0, "");
	word("version", 0, "VMBus 5.3");
	guest_unload(&guest);
	cr_assert_not(guest_contact(&guest, VB_VMBUS_5_3));
	cr_assert_not(guest_contact(&guest, VB_VMBUS_4_1));
	guest_connect(&guest, VB_VMBUS_4_0);
	word("version", 0, "VMBus 4.0");
	word("version 4", -EINVAL, "no version");
	word("version 1.1", -EINVAL, "no version");
	word("version 4.0 5.0", -EINVAL, "other arguments");
	no_trouble();
}

Test(host_bus, a_new_kernel_comes_without_the_farewell_of_the_old_one)
{
	struct guest_channel c;

	add_echoes(20);
	guest_connect(&guest, VB_VMBUS_5_3);
	guest_open(&guest, &c, guest_offer(&guest, 0)->relid, 4, 0);
	guest_post_relid(&guest, VB_CTL_REQUEST_OFFERS, NULL, 0); /* its answer is not taken */
	guest.n_offers = 0;
	cr_assert(guest_take(&guest));
	guest_unmap(&c);
	guest.next_gpadl = 0xe1e10;
	guest_connect(&guest, VB_VMBUS_6_0);
	cr_assert_eq(guest.n_offers, 21);
	guest_open(&guest, &c, guest_offer(&guest, 0)->relid, 4, 0);
	guest_close(&c, false);
}

Test(host_bus, a_reset_machine_begins_anew)
{
	struct guest_channel c;

	guest_connect(&guest, VB_VMBUS_5_3);
	guest_open(&guest, &c, 1, 4, 0);
	vb_host_reset(loop.host);
	guest_unmap(&c);
	cr_assert_eq(loop.connected, 0);
	guest_init(&guest, &loop, 2);
	guest_connect(&guest, VB_VMBUS_5_3);
	guest_open(&guest, &c, 1, 4, 0);
	guest_close(&c, false);
	no_trouble();
}

/* A device of flags 0x10 is a pipe: its area has the mode first and the flags last. */
Test(host_bus, a_pipe_is_offered_with_its_device_data)
{
	struct vb_hdevice_config cfg;
	struct vb_hdevice *d;
	struct vb_err err;
	uint8_t area[120];

	loop_echo_config(&cfg);
	cfg.flags = 0x10;
	cfg.pipe_mode = 4;
	cfg.pipe_flags = 1;
	memset(cfg.user_defined, 0xd0, sizeof(cfg.user_defined));
	memset(area, 0xd0, sizeof(area));
	memcpy(area, "\4\0\0", 4);
	memcpy(area + 116, "\1\0\0", 4);
	cr_assert_eq(vb_host_add(loop.host, &cfg, &d, &err), 0, "%s", err.text);
	guest_connect(&guest, VB_VMBUS_5_3);
	cr_assert_eq(guest.n_offers, 2);
	cr_assert_arr_eq(guest.offers[1].area, area, sizeof(area));
	no_trouble();
}

Test(host_bus, an_area_without_a_form)
{
	struct vb_hdevice_config cfg;
	struct vb_hdevice *d;
	struct vb_err err;

	loop_echo_config(&cfg);
	for (unsigned int i = 0; i < sizeof(cfg.user_defined); i++)
		cfg.user_defined[i] = (uint8_t)(i + 1);
	cr_assert_eq(vb_host_add(loop.host, &cfg, &d, &err), 0, "%s", err.text);
	guest_connect(&guest, VB_VMBUS_5_3);
	cr_assert_eq(guest.n_offers, 2);
	cr_assert_arr_eq(guest.offers[1].area, cfg.user_defined, sizeof(cfg.user_defined));
	no_trouble();
}

Test(host_bus, hv_sock_connections_are_refused)
{
	uint8_t endpoint[16] = "guest's endpoint", service[16] = "service in host";
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_TL_CONNECT),
		VB_DATA("vmbus.tl_connect_request.endpoint", endpoint, 16),
		VB_DATA("vmbus.tl_connect_request.service", service, 16),
	};

	guest_connect(&guest, VB_VMBUS_4_0);
	guest_post(&guest, values, 3, 40); /* 4.0 has no answer to it */
	cr_assert_not(guest_take(&guest));
	guest_unload(&guest);
	guest_connect(&guest, VB_VMBUS_5_3);
	guest_post(&guest, values, 3, 56);
	guest_expect(&guest, VB_CTL_TL_CONNECT_RESULT);
	cr_assert_eq(guest_field(&guest, "vmbus.tl_connect_result.status"), 0xc0000236);
	cr_assert_arr_eq(guest.msg + 8, endpoint, 16);
	cr_assert_arr_eq(guest.msg + 24, service, 16);
	no_trouble();
}

Test(host_bus, pages_of_the_interrupt_controller_outside_memory_are_none)
{
	vb_host_synic(loop.host, 0, 1, LOOP_MEMORY | 1, LOOP_MEMORY | 1);
	cr_assert_eq(contact_at(4, VB_VMBUS_5_3), 0);
	cr_assert_eq(loop.n_interrupts[0], 0);
	vb_host_synic(loop.host, 0, 1, 0x1001, 0x2001);
	loop_run(&loop);
	cr_assert_eq(loop.n_interrupts[0], 1);
	guest.version = VB_VMBUS_5_3;
	guest_expect(&guest, VB_CTL_VERSION_RESPONSE);
	vb_host_synic(loop.host, 63, 1, 0x1001, 0x2001); /* there is none such */
	vb_host_synic(loop.host, 1000, 1, 0x1001, 0x2001);
}
