/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices whose rings user space has, on machines made of a few files; and how a file begins. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capture/source_bpf.h"
#include "dissectors/sinks.h"
#include "tests/unit/bus_messages.h"
#include "tests/unit/machine_root.h"

#define DEVICES "/sys/bus/vmbus/devices/"
#define FCOPY "eb765408-105f-49b6-b4aa-c123b64d17d4"
#define NET "f8615163-df3e-46c5-913f-f2d2f965ed0e"
#define FC "2f9bcc4a-0069-4af3-b76b-6fd0be528cda"

static struct machine_root machine;

static void make_machine(void)
{
	machine_root_make(&machine);
}

static void remove_machine(void)
{
	machine_root_remove(&machine);
}

TestSuite(bypass, .init = make_machine, .fini = remove_machine);

static void bind_driver(const char *device, const char *driver)
{
	char path[128], target[128];

	snprintf(path, sizeof(path), DEVICES "%s/driver", device);
	snprintf(target, sizeof(target), "../../../../bus/vmbus/drivers/%s", driver);
	machine_root_link(&machine, path, target);
}

static bool bypassed(const char *device)
{
	uint8_t guid[16];

	cr_assert(vb_guid_parse(device, guid));
	return vb_sysfs_bypassed(machine.path, guid);
}

Test(bypass, by_the_driver)
{
	cr_assert_not(bypassed(FCOPY), "it is not even there");
	machine_root_file(&machine, DEVICES FCOPY "/channels/3/out_mask", "");
	cr_assert_not(bypassed(FCOPY), "no driver");
	bind_driver(FCOPY, "hv_utils");
	cr_assert_not(bypassed(FCOPY));
	bind_driver(FCOPY, "uio_hv_generic");
	cr_assert(bypassed(FCOPY));
	cr_assert_not(bypassed(NET), "only that one");
	bind_driver(FCOPY, "uio_hv_generic2");
	cr_assert_not(bypassed(FCOPY));
}

Test(bypass, by_a_ring_that_can_be_mapped)
{
	bind_driver(NET, "hv_something");
	machine_root_file(&machine, DEVICES NET "/channels/14/out_mask", "");
	cr_assert_not(bypassed(NET));
	machine_root_file(&machine, DEVICES NET "/channels/15/ring", "");
	cr_assert(bypassed(NET));
}

/* ---- what the capture makes of it ---- */

static struct vb_table table;
static struct vb_bpf_channel channels[VB_BPF_MAX_RELIDS];

static void fill_table(void)
{
	cr_assert_eq(vb_table_init(&table), 0);
	table.version = 0x50003;
	bus_offer(&table, 3, "34d14be3-dee4-41c8-9ae7-6b174977c192", FCOPY, 0);
	bus_offer(&table, 4, "f8615163-df3e-46c5-913f-f2d2f965ed0e", NET, 0);
	bus_offer(&table, 5, "f8615163-df3e-46c5-913f-f2d2f965ed0e", NET, 1);
	channels[3].wanted = channels[4].wanted = channels[5].wanted = 1;
}

Test(bypass, is_told_once_until_it_ends)
{
	fill_table();
	bind_driver(FCOPY, "hv_utils");
	cr_assert_not(vb_table_look(&table, 3, machine.path));
	bind_driver(FCOPY, "uio_hv_generic");
	cr_assert(vb_table_look(&table, 3, machine.path));
	cr_assert_not(vb_table_look(&table, 3, machine.path), "nothing new");
	bind_driver(FCOPY, "hv_utils");
	cr_assert_not(vb_table_look(&table, 3, machine.path));
	bind_driver(FCOPY, "uio_hv_generic");
	cr_assert(vb_table_look(&table, 3, machine.path));
	bus_offer(&table, 3, "34d14be3-dee4-41c8-9ae7-6b174977c192", FCOPY, 0);
	cr_assert(vb_table_look(&table, 3, machine.path), "offered anew");
	cr_assert(table.devices[table.chan[3].device].dev.bypassed);
	cr_assert_not(table.devices[table.chan[4].device].dev.bypassed);
	vb_table_done(&table);
}

Test(bypass, a_device_is_told_by_its_primary_channel)
{
	fill_table();
	bind_driver(NET, "uio_hv_generic");
	cr_assert(vb_table_look(&table, 4, machine.path));
	cr_assert_not(vb_table_look(&table, 5, machine.path));
	cr_assert_not(vb_table_look(&table, 6, machine.path), "was never offered");
	vb_table_done(&table);
}

/* Sends SWITCH_DATA_PATH on the network device's channel. */
static bool moves_path(uint8_t to, uint8_t direction, int32_t result)
{
	uint8_t packet[56] = { 6, 0, 2, 0, 7, 0, 1, 0, [16] = 129, [20] = to };
	struct vb_record_header h = {
		.kind = VB_KIND_PACKET,
		.direction = direction,
		.class = VB_CLASS_NETWORK,
		.relid = 4,
		.result = (uint32_t)result,
		.wire_len = sizeof(packet),
		.cap_len = 48,
	};

	return vb_table_moves_path(&table, &h, packet);
}

Test(bypass, frames_move_to_the_virtual_function)
{
	const struct vb_device *dev;

	fill_table();
	dev = &table.devices[table.chan[4].device].dev;
	cr_assert_not(moves_path(0, VB_TO_HOST, 0), "they stay");
	cr_assert_not(moves_path(1, VB_TO_GUEST, 0), "not the guest's word");
	cr_assert_not(moves_path(1, VB_TO_HOST, -EAGAIN), "never arrived");
	cr_assert_not(dev->on_vf);
	cr_assert(moves_path(1, VB_TO_HOST, 0));
	cr_assert(dev->on_vf);
	cr_assert_not(moves_path(1, VB_TO_HOST, 0), "told already");
	cr_assert_not(moves_path(0, VB_TO_HOST, 0));
	cr_assert(dev->on_vf, "they were there");
	cr_assert(moves_path(1, VB_TO_HOST, 0), "once more");
	vb_table_done(&table);
}

/* Kinds of the records, events with their channel. */
static void expect_beginning(const char *expected)
{
	struct vb_made_list list = { .end = &list.first };
	struct vb_buf text = { 0 };

	cr_assert_eq(vb_made_beginning(&list, &table, channels, 7, 8), 0);
	for (const struct vb_made *m = list.first; m; m = m->next) {
		cr_assert_eq(m->hdr.flags, VB_REC_SYNTHESIZED);
		cr_assert_eq(m->hdr.seq, VB_SEQ_SYNTHESIZED);
		vb_buf_fmt(&text, "%s%u", text.len ? " " : "", m->hdr.kind);
		if (m->hdr.kind == VB_KIND_CONTROL)
			vb_buf_fmt(&text, ":%u", m->data[184]);
		else if (m->hdr.kind == VB_KIND_STATE && m->hdr.class == VB_CLASS_FC)
			vb_buf_fmt(&text, ":%u key %u value %x", m->hdr.relid, m->data[0],
				   m->data[4] | m->data[5] << 8);
		else if (m->hdr.kind == VB_KIND_EVENT)
			vb_buf_fmt(&text, ":%u key %u value %u", m->hdr.relid, m->data[0],
				   m->data[4]);
	}
	cr_expect_str_eq(text.data, expected);
	vb_buf_done(&text);
	vb_made_free(&list);
}

Test(bypass, every_file_begins_with_it)
{
	fill_table();
	expect_beginning("3 1:3 1:4 1:5");
	bind_driver(FCOPY, "uio_hv_generic");
	bind_driver(NET, "uio_hv_generic");
	for (uint32_t relid = 0; relid < 7; relid++)
		vb_table_look(&table, relid, machine.path);
	expect_beginning("3 1:3 1:4 1:5 4:3 key 20 value 1 4:4 key 20 value 1");
	channels[4].wanted = 0;
	expect_beginning("3 1:3 1:4 1:5 4:3 key 20 value 1");
	vb_table_done(&table);
}

/* What a network device agreed on stands before its offer; where its frames are, behind. */
Test(bypass, every_file_begins_with_a_network_device)
{
	fill_table();
	channels[4].net.version = 0x60001;
	channels[5].net.version = 0x60001; /* a sub-channel */
	vb_table_set_path(&table, 4, true);
	expect_beginning("3 3 1:3 1:4 1:5 4:4 key 20 value 2");
	channels[4].wanted = 0;
	expect_beginning("3 1:3 1:4 1:5");
	channels[4].wanted = 1;
	table.chan[4].gone = true;
	expect_beginning("3 1:3 1:5");
	vb_table_done(&table);
}

/* Only a version that there is; and that of a primary channel. */
Test(bypass, every_file_begins_with_a_storage_device)
{
	fill_table();
	bus_offer(&table, 6, "2f9bcc4a-0069-4af3-b76b-6fd0be528cda", FC, 0);
	bus_offer(&table, 7, "2f9bcc4a-0069-4af3-b76b-6fd0be528cda", FC, 1);
	channels[6].wanted = channels[7].wanted = 1;
	channels[4].storage = channels[7].storage = 0x501;
	expect_beginning("3 1:3 1:4 1:6 1:5 1:7");
	channels[6].storage = 0x10602;
	expect_beginning("3 1:3 1:4 1:6 1:5 1:7");
	channels[6].storage = 0x602;
	expect_beginning("3 3:6 key 2 value 602 1:3 1:4 1:6 1:5 1:7");
	channels[6].wanted = 0;
	expect_beginning("3 1:3 1:4 1:6 1:5 1:7");
	channels[6].wanted = 1;
	table.chan[6].gone = true;
	expect_beginning("3 1:3 1:4 1:5 1:7");
	vb_table_done(&table);
}

/* What nothing arrived of is looked for when all else is done. */
Test(bypass, losses_of_channels_that_are_not_known)
{
	struct vb_merge *m;

	fill_table();
	cr_assert_eq(vb_merge_new(1, &m), 0);
	channels[4].lost = 3;
	channels[9].lost = 2;
	vb_table_losses(&table, channels, m, false);
	cr_expect_eq(table.devices[table.chan[4].device].dev.relid, 4);
	cr_expect_eq(table.devices[table.chan[4].device].lost, 3);
	cr_expect_eq(vb_table_lost(&table), 3);
	vb_table_losses(&table, channels, m, true);
	cr_expect_eq(table.devices[0].lost, 2);
	cr_expect_eq(vb_table_lost(&table), 5);
	vb_merge_free(m);
	vb_table_done(&table);
}
