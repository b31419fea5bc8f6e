/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What SCSI commands read and write, and sense data: from bytes that were written by hand. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/scsi.h"
#include "storage_frame.h"

#define D "hv_scsi_data."

static void make(struct made_frame *ret, uint8_t direction, uint32_t recalled, const char *hex,
		 const char *summary)
{
	storage_data(ret, direction, recalled, hex);
	storage_data_whole(ret);
	storage_data_summary(ret, summary);
}

static void read_data(struct made_frame *ret, uint32_t recalled, const char *hex,
		      const char *summary)
{
	make(ret, VB_TO_GUEST, recalled, hex, summary);
}

#define MSFT "4d736674 20202020 "
#define VIRTUAL_DISK "56697274 75616c20 4469736b 20202020 "

Test(scsi_data, inquiry)
{
	struct made_frame m;

	read_data(&m, OF_COMMAND(0x12, 0, 0),
		  "00 00 05 02 1f 00 00 02 " MSFT VIRTUAL_DISK "312e3020",
		  "INQUIRY data, disk, vendor \"Msft\", product \"Virtual Disk\"");
	cr_assert_eq(storage_data_value(&m, D "inquiry.standard.flags_7.cmdque"), 1);
	storage_data_line(&m, "Product: \"Virtual Disk    \"");
	storage_data_line(&m, "Revision: \"1.0 \"");
	/* a unit that is not there */
	read_data(&m, OF_COMMAND(0x12, 0, 0), "7f 00 05 02 1f",
		  "INQUIRY data, unknown or none, qualifier no such LUN");
	/* text that ends with a NUL, and bytes that are none */
	read_data(&m, OF_COMMAND(0x12, 0, 0),
		  "05 80 05 02 1f 00 00 00 41420000 000000ff " VIRTUAL_DISK "312e3020",
		  "INQUIRY data, CD/DVD, vendor \"AB\", product \"Virtual Disk\"");
	storage_data_line(&m, "Vendor, the rest: 0000000000ff");
	cr_assert_eq(storage_data_value(&m, D "inquiry.standard.removable.rmb"), 1);
}

Test(scsi_data, log_pages)
{
	struct made_frame m;

	read_data(&m, OF_COMMAND(0x4d, 0, 0x40), "00 00 0004 00 0d 11 2f",
		  "Log page, supported pages");
	storage_data_line(&m, "0x0 0xd 0x11 0x2f");
	read_data(&m, OF_COMMAND(0x4d, 0, 0x40), "40 ff 0004 0000 0d01",
		  "Log page, supported pages");
	storage_data_line(&m, "Its subpage: 0x1");
	read_data(&m, OF_COMMAND(0x4d, 0, 0x4d), "0d 00 000c 0000 03 02 001e 0001 03 02 0041",
		  "Log page, temperature");
	storage_data_line(&m, "Code: 0x1");
}

Test(scsi_data, track_information)
{
	struct made_frame m;

	read_data(&m, OF_COMMAND(0x52, 1, 0),
		  "0022 01 01 00 04 01 02 00000000 00000000 00000000 00000000 00000064 00000063"
		  "00 00 0000",
		  "Track information, track 1, start 0, size 100");
	cr_assert_eq(storage_data_value(&m, D "read_track_information.valid.lra_v"), 1);
	/* as of drives before MMC-3 */
	read_data(&m, OF_COMMAND(0x52, 1, 0),
		  "001a 01 01 00 04 01 00 00000000 00000000 00000000 00000000 00000064",
		  "Track information, track 1, start 0, size 100");
}

#define VPD(page) OF_COMMAND(0x12, 1, page)

Test(scsi_data, vital_product_data)
{
	struct made_frame m;

	read_data(&m, VPD(0), "00 00 0006 00 80 83 b0 b1 b2",
		  "INQUIRY data, disk, supported pages");
	read_data(&m, VPD(0x80), "00 80 0004 41424344",
		  "INQUIRY data, disk, unit serial number, serial \"ABCD\"");
	read_data(&m, VPD(0x83),
		  "00 83 0028 01 03 00 10 600224808a9b1c2d3e4f506172839405"
		  "02 01 00 10 4d736674 20202020 41424344 45464748",
		  "INQUIRY data, disk, device identification");
	cr_assert_eq(storage_data_value(&m, D "inquiry.vpd.body.ids.designator.text"), 0);
	storage_data_line(&m, "Id: 600224808a9b1c2d3e4f506172839405");
	storage_data_line(&m, "Text: \"Msft    ABCDEFGH\"");
	read_data(&m, VPD(0xb0),
		  "00 b0 003c 00 00 0001 00002000 00001000 00000000 ffffffff 00000001 00000800"
		  "80000000 0000000000010000 0000000000000000 0000000000000000 00000000",
		  "INQUIRY data, disk, block limits, max transfer 8192, "
		  "max unmap blocks 4294967295");
	cr_assert_eq(storage_data_value(&m, D "inquiry.vpd.body.block_limits.max_write_same"),
		     0x10000);
	cr_assert_eq(
		storage_data_value(&m, D "inquiry.vpd.body.block_limits.unmap_alignment.valid"), 1);
	read_data(&m, VPD(0xb1), "00 b1 0004 0001 00 00",
		  "INQUIRY data, disk, block device characteristics, rotation rate 1");
	read_data(&m, VPD(0xb2), "00 b2 0004 00 e4 02 00",
		  "INQUIRY data, disk, logical block provisioning, thin");
	/* a page nobody describes is shown, not lost */
	read_data(&m, VPD(0xb6), "00 b6 0002 1234",
		  "INQUIRY data, disk, zoned block device characteristics");
	storage_data_line(&m, "Rest: 1234");
}

Test(scsi_data, capacities)
{
	struct made_frame m;

	read_data(&m, OF_COMMAND(0x25, 0, 0), "003fffff 00000200",
		  "Capacity, last lba 4194303, block length 512");
	read_data(&m, OF_COMMAND(0x9e, 0x10, 0),
		  "00000001ffffffff 00001000 00 03 c001 00000000 00000000 00000000 00000000",
		  "Capacity or LBA status, last lba 8589934591, block length 4096, lbpme");
	cr_assert_eq(storage_data_value(&m, D "service_action_in_16.capacity.exponents."
					      "physical_exponent"),
		     3);
	cr_assert_eq(storage_data_value(&m, D "service_action_in_16.capacity.provisioning."
					      "lowest_aligned"),
		     1);
	/* the same command, another action */
	read_data(&m, OF_COMMAND(0x9e, 0x12, 0),
		  "00000014 00000000 0000000000000800 00000010 01 000000",
		  "Capacity or LBA status, lba 2048, n blocks 16, deallocated");
	read_data(&m, OF_COMMAND(0x9e, 0x13, 0), "0102", "Capacity or LBA status");
	storage_data_line(&m, "Data of another action: 0102");
}

Test(scsi_data, luns)
{
	struct made_frame m;

	read_data(&m, OF_COMMAND(0xa0, 0, 0),
		  "00000010 00000000 0000000000000000 0001000000000000 0000000000000000",
		  "LUNs, first level 0x0, first level 0x1");
	read_data(&m, OF_COMMAND(0xa0, 0, 0), "00000000 00000000", "LUNs");
}

Test(scsi_data, mode_pages)
{
	struct made_frame m;

	read_data(&m, OF_COMMAND(0x1a, 8, 0x3f),
		  "1b 00 90 08 00 400000 00 000200 08 0a 0400 0000 0000 0000 0000"
		  "0a 0a 02 00 00 00 0000 0000 0000",
		  "Mode parameters, wp, caching, wce 1, control");
	cr_assert_eq(storage_data_value(&m, D "mode_sense_6.block_descriptor.block_length"), 512);
	cr_assert_eq(storage_data_value(&m, D "mode_sense_6.block_descriptor.n_blocks"), 0x400000);
	cr_assert_eq(storage_data_value(&m, D "mode_sense_6.device_specific.dpofua"), 1);
	/* a subpage has a longer length */
	read_data(&m, OF_COMMAND(0x5a, 0, 0x0a), "000c 00 10 00 00 0000 4a 01 0002 1234",
		  "Mode parameters, control");
	cr_assert_eq(storage_data_value(&m, D "mode_sense_10.pages.long_length"), 2);
	make(&m, VB_TO_HOST, OF_COMMAND(0x15, 0x10, 0),
	     "00 00 00 00 08 0a 0400 0000 0000 0000 0000", "Mode parameters, caching, wce 1");
}

/* Linux asks for the head, to see how much there is. To end there is no fault. */
Test(scsi_data, ends_where_the_reader_wanted)
{
	struct made_frame m;
	struct vb_walked w;

	storage_data(&m, VB_TO_GUEST, OF_COMMAND(0x1a, 0, 0x3f), "1b 00 90 08");
	w = storage_data_walk(&m);
	cr_assert_eq(w.n_notes[VB_NOTE_CUT], 1);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT], 0);
	storage_data(&m, VB_TO_GUEST, VPD(0x83), "00 83 0028");
	w = storage_data_walk(&m);
	cr_assert_eq(w.n_notes[VB_NOTE_CUT], 1);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT], 0);
	storage_data(&m, VB_TO_GUEST, OF_COMMAND(0xa0, 0, 0), "00000010 00000000 0000");
	w = storage_data_walk(&m);
	cr_assert_neq(w.n_notes[VB_NOTE_CUT], 0);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT], 0);
}

Test(scsi_data, unmap)
{
	struct made_frame m;
	struct vb_walked w;

	make(&m, VB_TO_HOST, OF_COMMAND(0x42, 0, 0),
	     "0026 0020 00000000 0000000000000800 00000008 00000000"
	     "0000000000001000 00000010 00000000",
	     "Extents to unmap, lba 2048, n blocks 8, lba 4096, n blocks 16");
	/* of what the guest writes, all must be there */
	storage_data(&m, VB_TO_HOST, OF_COMMAND(0x42, 0, 0), "0026 0020 00000000 00000000");
	w = storage_data_walk(&m);
	cr_assert_neq(w.n_notes[VB_NOTE_SHORT], 0);
	m.f.cap_len = 9;
	m.f.wire_len = 40;
	w = storage_data_walk(&m);
	cr_assert_neq(w.n_notes[VB_NOTE_CUT], 0);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT], 0);
}

Test(scsi_data, blocks)
{
	struct made_frame m;

	read_data(&m, OF_COMMAND(0x28, 0, 0), "000102030405060708090a0b0c0d0e0f", "");
	storage_data_line(&m, "Of command: 0x28");
	storage_data_line(&m, "Blocks: 000102030405060708090a0b0c0d0e0f");
	read_data(&m, 0, "0102", "Data of an unknown command");
	storage_data_line(&m, "Data: 0102");
}

Test(scsi_data, a_command_nobody_describes)
{
	struct made_frame m;
	struct vb_walked w;

	storage_data(&m, VB_TO_GUEST, OF_COMMAND(0xc1, 0, 0), "0102");
	w = storage_data_walk(&m);
	cr_assert_eq(w.n_notes[VB_NOTE_UNKNOWN], 1);
	cr_assert_eq(w.unexplained, 2);
}

Test(scsi_data, reservations)
{
	struct made_frame m;

	read_data(&m, OF_COMMAND(0x5e, 0, 0), "00000007 00000010 1111111111111111 2222222222222222",
		  "Reservations");
	cr_assert_eq(storage_data_value(&m, D "persistent_reserve_in.keys.generation"), 7);
	read_data(&m, OF_COMMAND(0x5e, 1, 0),
		  "00000007 00000010 1111111111111111 00000000 00 05 0000", "Reservations");
	cr_assert_eq(storage_data_value(&m, D "persistent_reserve_in.reservation.holder.scope_type."
					      "type"),
		     5);
	read_data(&m, OF_COMMAND(0x5e, 3, 0),
		  "00000007 0000001c 1111111111111111 00000000 01 05 00000000 0001 00000004"
		  "aabbccdd",
		  "Reservations");
	storage_data_line(&m, "Id of the port: aabbccdd");
	make(&m, VB_TO_HOST, OF_COMMAND(0x5f, 0, 0),
	     "0000000000000001 0000000000000002 00000000 01 00 0000",
	     "Reservation, key 0x1, action key 0x2");
}

/* ---- sense data ---- */

static void sense(struct made_frame *ret, const char *hex)
{
	storage_data(ret, VB_TO_GUEST, OF_COMMAND(0x03, 0, 0), hex);
}

Test(scsi_data, fixed_sense)
{
	struct made_frame m;

	sense(&m, "f0 00 03 00000800 0a 00000000 11 00 00 800003");
	storage_data_whole(&m);
	storage_data_summary(&m, "Sense data, Current error, medium error, Unrecovered read error");
	storage_data_line(&m, "Information: 0x800");
	cr_assert_eq(storage_data_value(&m, "hv_sense.response.valid"), 1);
	cr_assert_eq(storage_data_value(&m, "hv_sense.current.specific.field"), 3);
	/* vendors assign codes, too */
	sense(&m, "71 00 06 00000000 0a 00000000 80 81");
	storage_data_whole(&m);
	storage_data_summary(&m, "Sense data, Deferred error, unit attention, asc ascq 0x8081");
}

Test(scsi_data, sense_in_descriptors)
{
	struct made_frame m;
	struct vb_walked w;

	sense(&m, "72 05 20 00 00 0000 18 00 0a 80 00 0000000000000800 02 06 0000 c00002 00"
		  "03 02 00 07");
	w = storage_data_walk(&m);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT] + w.n_notes[VB_NOTE_UNEXPECTED], 0);
	storage_data_summary(&m, "Sense data, Current error, in descriptors, illegal request, "
				 "Invalid command operation code");
	cr_assert_eq(storage_data_value(&m, "hv_sense.current_desc.descriptor.body.information."
					    "information"),
		     2048);
	cr_assert_eq(storage_data_value(&m, "hv_sense.current_desc.descriptor.body.sks.specific."
					    "flags.cd"),
		     1);
	cr_assert_eq(storage_data_value(&m, "hv_sense.current_desc.descriptor.body.fru.code"), 7);
	/* a completion has room for 20 bytes */
	m.f.wire_len = m.f.cap_len = 20;
	w = storage_data_walk(&m);
	cr_assert_eq(w.n_notes[VB_NOTE_SHORT] + w.n_notes[VB_NOTE_UNEXPECTED], 0);
	cr_assert_neq(w.n_notes[VB_NOTE_CUT], 0);
}

Test(scsi_data, no_sense_data)
{
	struct made_frame m;
	struct vb_walked w;

	sense(&m, "12 34 56");
	w = storage_data_walk(&m);
	cr_assert_eq(w.n_notes[VB_NOTE_UNKNOWN], 1);
	cr_assert_eq(w.unexplained, 2);
}
