/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key-value pairs and backup: every message from bytes that were written by hand.
 */
#include <criterion/criterion.h>

#include "dissectors/values.h"
#include "ic_frame.h"

/* ---- key-value pairs ---- */

Test(ic_bodies, kvp_get_set)
{
	struct ic ic;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_KVP, 2, "0400 0000", 2576);
	ic_put_body(&ic, 0, "01 01 0000 01000000 06000000 0c000000");
	ic_put_body(&ic, 16, IC_OS);
	ic_put_body(&ic, 528, IC_LINUX);
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "set, pool guest, key \"OS\", value text \"Linux\"");
	cr_assert_eq(ic_value(&ic, "hv_kvp.set.key_size"), 6);
	cr_assert_eq(ic_value(&ic, "hv_kvp.set.value_size"), 12);

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_KVP, 2, "0400 0000", 2580);
	ic_put_body(&ic, 0, "00 00 0000 00000000 06000000 00000000");
	ic_put_body(&ic, 16, IC_OS);
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "get, pool external, key \"OS\"");
}

Test(ic_bodies, kvp_value_types)
{
	struct ic ic;

	ic_make(&ic, VB_TO_HOST, VB_CLASS_KVP, 2, "0400 0000", 2576);
	ic_put_body(&ic, 0, "00 01 0000 04000000 06000000 04000000");
	ic_put_body(&ic, 528, "78563412");
	ic_expect_whole(&ic);
	cr_assert_eq(ic_value(&ic, "hv_kvp.get.value_u32"), 0x12345678);
	ic_put_body(&ic, 4, "08000000"); /* Linux's headers */
	ic_put_body(&ic, 532, "01000000");
	ic_expect_whole(&ic);
	cr_assert_eq(ic_value(&ic, "hv_kvp.get.value_u64"), 0x112345678);
	ic_put_body(&ic, 4, "0b000000"); /* Windows */
	ic_expect_whole(&ic);
	cr_assert_eq(ic_value(&ic, "hv_kvp.get.value_u64"), 0x112345678);
	ic_put_body(&ic, 4, "02000000 06000000 0c000000");
	ic_put_body(&ic, 528, IC_LINUX);
	ic_expect_line(&ic, "Value: \"Linux\"");
	ic_put_body(&ic, 4, "03000000"); /* binary */
	ic_expect_whole(&ic);
	ic_expect_line(&ic, "Value: 4c0069006e00750078000000");
}

Test(ic_bodies, kvp_delete)
{
	struct ic ic;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_KVP, 2, "0400 0000", 2580);
	ic_put_body(&ic, 0, "02 01 0000 0e000000");
	ic_put_body(&ic, 8, IC_OS_NAME);
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "delete, pool guest, key \"OSName\"");
}

Test(ic_bodies, kvp_enumerate)
{
	struct ic ic;

	ic_make(&ic, VB_TO_HOST, VB_CLASS_KVP, 2, "0400 0000", 2580);
	ic_put_body(&ic, 0, "03 02 0000 05000000 01000000 0e000000 0c000000");
	ic_put_body(&ic, 20, IC_OS_NAME);
	ic_put_body(&ic, 532, IC_LINUX);
	ic_expect_whole(&ic);
	ic_expect_summary(&ic,
			  "enumerate, pool auto, index 5, key \"OSName\", value text \"Linux\"");
}

/* The strings begin at 2, not at 4. */
Test(ic_bodies, kvp_ip_info_strings)
{
	struct ic ic;

	ic_make(&ic, VB_TO_HOST, VB_CLASS_KVP, 2, "0400 0000", 7428);
	ic_put_body(&ic, 0, "04 00 4e006f00");
	ic_put_body(&ic, 258, "03 01 3100"); /* "1" */
	ic_put_body(&ic, 2308, "3200");
	ic_put_body(&ic, 4356, "3300");
	ic_put_body(&ic, 5380, "3400");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "get_ip_info, adapter id \"No\", ipv4, ipv6, dhcp enabled 1, "
			       "ip addr \"1\"");
	ic_expect_line(&ic, "Subnet masks: \"2\"");
	ic_expect_line(&ic, "Gateways: \"3\"");
	ic_expect_line(&ic, "DNS servers: \"4\"");
	cr_assert(!ic_has(&ic, "hv_kvp.get_ip_info.binary.ipv4_addr_count"));
}

Test(ic_bodies, kvp_ip_info_binary)
{
	struct ic ic;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_KVP, 2, "0500 0000", 7428);
	ic_put_body(&ic, 0, "05 00 0000 01000000 02000000 01000000 01000000 01000000 01000000");
	ic_put_body(&ic, 4 + 24, "4e006f00");
	ic_put_body(&ic, 4 + 280, "01 01");
	ic_put_body(&ic, 4 + 284, "c0a80001");
	ic_put_body(&ic, 4 + 540 + 16, "fe80000000000000 0000000000000001");
	ic_put_body(&ic, 4 + 1564, "ffffff00");
	ic_put_body(&ic, 4 + 1820, "40000000");
	ic_put_body(&ic, 4 + 2076, "c0a800fe");
	ic_put_body(&ic, 4 + 2096, "fe80000000000000 00000000000000fe");
	ic_put_body(&ic, 4 + 2176, "08080808");
	ic_put_body(&ic, 4 + 2432, "20014860486000000000000000008888");
	ic_put_body(&ic, 4 + 3456 + 2 * 127, "0100");
	ic_expect_whole(&ic);
	ic_expect_line(&ic, "Adapter: \"No\"");
	ic_expect_line(&ic, "IPv4 address: c0a80001");
	ic_expect_line(&ic, "IPv6 address: fe800000000000000000000000000001");
	ic_expect_line(&ic, "IPv4 subnet mask: ffffff00");
	ic_expect_line(&ic, "IPv4 gateway: c0a800fe");
	ic_expect_line(&ic, "IPv6 gateway: fe8000000000000000000000000000fe");
	ic_expect_line(&ic, "IPv4 DNS server: 08080808");
	ic_expect_line(&ic, "IPv6 DNS server: 20014860486000000000000000008888");
	ic_expect_line(&ic, "64 0");
	ic_expect_line(&ic, "0 0 0 0 0 0 0 1");
	ic_put_body(&ic, 4 + 284 + 4, "01"); /* in a table, beyond its count */
	cr_assert(ic_has(&ic, "hv_kvp.set_ip_info.binary.ipv4_addr_unused"));
	ic_put_body(&ic, 4, "41000000"); /* more than the table has */
	cr_assert_eq(ic_walk(&ic).n_notes[VB_NOTE_UNEXPECTED], 1);
}

/* A request as a host writes it: by the names of its fields, through all protocols around it. */
Test(ic_bodies, kvp_by_names)
{
	static const struct vb_value values[] = {
		VB_NUMBER("hv_ring.type", 6),
		VB_NUMBER("hv_ring.data_offset8", 2),
		VB_NUMBER("hv_ring.len8", 328),
		VB_NUMBER("hv_pipe.type", 1),
		VB_NUMBER("hv_pipe.length", 2600),
		VB_NUMBER("hv_icmsg.framework_version", 1),
		VB_NUMBER("hv_icmsg.type", 2),
		VB_NUMBER("hv_icmsg.message_version", 4),
		VB_NUMBER("hv_icmsg.size", 2580),
		VB_NUMBER("hv_icmsg.flags", 3),
		VB_NUMBER("hv_kvp.operation", 3),
		VB_NUMBER("hv_kvp.enumerate.pool", 2),
		VB_NUMBER("hv_kvp.enumerate.index", 5),
		VB_NUMBER("hv_kvp.enumerate.value_type", 1),
		VB_DATA("hv_kvp.enumerate.key", "O\0S", 4),
		VB_DATA("hv_kvp.enumerate.value_text", "L\0i\0n\0u\0x", 10),
	};
	struct vb_wanted wanted[] = { { .path = "hv_kvp.enumerate.key" },
				      { .path = "hv_kvp.enumerate.value_text" } };
	uint8_t buf[FRAME_MAX];
	struct ic ic;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_KVP, 2, "0400 0000", 2580);
	ic_put(&ic, 24, "0100 0000");
	ic_put_body(&ic, 0, "03 02 0000 05000000 01000000 00000000 00000000");
	ic_put_body(&ic, 20, IC_OS);
	ic_put_body(&ic, 532, IC_LINUX);
	cr_assert_eq(vb_values_encode(vb_root_proto(VB_KIND_PACKET), &ic.m.f, values,
				      sizeof(values) / sizeof(values[0]), buf, sizeof(buf)),
		     0);
	for (uint32_t i = 0; i < ic.m.f.wire_len; i++)
		cr_assert_eq(buf[i], ic.m.bytes[i], "byte %u: %02x, %02x", i, buf[i],
			     ic.m.bytes[i]);
	cr_assert_eq(vb_values_read(vb_root_proto(VB_KIND_PACKET), &ic.m.f, wanted, 2, NULL), 2);
	cr_assert_eq(wanted[0].n_bytes, 4, "without what is behind its end");
	cr_assert_eq(wanted[1].n_bytes, 10);
}

/* ---- backup ---- */

Test(ic_bodies, vss_short_messages)
{
	struct ic ic;

	ic_make(&ic, VB_TO_HOST, VB_CLASS_VSS, 5, "0500 0000", 12);
	ic_put_body(&ic, 0, "02 00000000000000 05000000");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "hot_backup, flags no auto recovery");

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_VSS, 5, "0500 0000", 12);
	ic_put_body(&ic, 0, "06 00000000000000 01000000");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "thaw, flags 0x1");

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_VSS, 5, "0500 0000", 12);
	ic_put_body(&ic, 0, "05 00000000000000 01000000");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "freeze_short, flags 0x1");
}

Test(ic_bodies, vss_snapshot_set)
{
	struct ic ic;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_VSS, 5, "0600 0000", 28);
	ic_put_body(&ic, 0, "00 00000000000000 33221100 5544 7766 8899 aabbccddeeff 02000000");
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "create, snapshot set id 00112233-4455-6677-8899-aabbccddeeff");
	cr_assert_eq(ic_value(&ic, "hv_vss.create.backup_type"), 2);
}

#define LUN(controller, lun) "01 000000 " controller "445566778899aabbccddeeff 07 08 " lun " 00"

Test(ic_bodies, vss_freeze)
{
	struct ic ic;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_VSS, 5, "0500 0000", 6260);
	ic_put_body(&ic, 0, "05 00000000000000 01000000 02000000 02000000");
	ic_put_body(&ic, 20, LUN("00112233", "09") LUN("01112233", "0a"));
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "freeze, backup type 1, flags 0x2, lun count 2");
	ic_expect_line(&ic, "LUN: 10");
	ic_put_body(&ic, 16, "05010000"); /* 261 disks */
	cr_assert_eq(ic_walk(&ic).n_notes[VB_NOTE_UNEXPECTED], 1);
	cr_assert_eq(ic_walk(&ic).n_notes[VB_NOTE_SHORT], 0);
}

Test(ic_bodies, vss_auto_recover)
{
	struct ic ic;

	ic_make(&ic, VB_TO_GUEST, VB_CLASS_VSS, 5, "0500 0000", 12500);
	ic_put_body(&ic, 0, "07 00000000000000 01000000 00000000 01000000");
	ic_put_body(&ic, 20, LUN("00112233", "09"));
	ic_put_body(&ic, 6260, LUN("01112233", "0b"));
	ic_expect_whole(&ic);
	ic_expect_summary(&ic, "auto_recover, backup type 1, lun count 1");
	cr_assert_eq(ic_value(&ic, "hv_vss.auto_recover.luns.lun"), 9);
	cr_assert_eq(ic_value(&ic, "hv_vss.auto_recover.shadow_luns.lun"), 11);
}

Test(ic_bodies, vss_cluster)
{
	struct ic ic;

	ic_make(&ic, VB_TO_HOST, VB_CLASS_VSS, 5, "0700 0000", 7320);
	ic_put_body(&ic, 0, "08 00000000000000 33221100554477668899aabbccddeeff 03000000 01000000");
	ic_put_body(&ic, 32, LUN("00112233", "09"));
	ic_put_body(&ic, 6272, "0d000000");
	ic_put_body(&ic, 7312, "1100000000000000");
	ic_expect_whole(&ic);
	cr_assert_eq(ic_value(&ic, "hv_vss.query_cluster.cluster_size"), 3);
	cr_assert_eq(ic_value(&ic, "hv_vss.query_cluster.shared_lun_status"), 13);
	cr_assert_eq(ic_value(&ic, "hv_vss.query_cluster.last_move_time"), 17);

	ic_make(&ic, VB_TO_HOST, VB_CLASS_VSS, 5, "0600 0000", 7312);
	ic_put_body(&ic, 0, "08");
	ic_expect_whole(&ic);
}
