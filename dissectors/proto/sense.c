/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sense data: why a SCSI command failed.
 *
 * Layouts: T10 SPC-4 4.5; descriptor of ATA: SAT-3. Additional sense codes: asc.txt.
 */
#include "../sense.h"
#include "../rows.h"

#define DESCRIPTOR VB_S_A
#define DESCRIPTOR_LEN VB_S_B

static const struct vb_name response_codes[] = {
	{ 0x70, "current, fixed" },	  { 0x71, "deferred, fixed" },
	{ 0x72, "current, descriptors" }, { 0x73, "deferred, descriptors" },
	{ 0x7f, "vendor specific" },	  END_NAMES,
};

static const struct vb_row response[] = {
	BITS("code", "Code", 0, 7, .names = response_codes, .set = VB_S_TYPE),
	BITS("valid", "Information is valid", 7, 1),
	END_ROWS,
};

static const struct vb_row head[] = {
	U8("response", "Response", .base = VB_HEX, .bits = response),
	END_ROWS,
};

static const struct vb_name keys[] = {
	{ 0x0, "no sense" },	    { 0x1, "recovered error" },
	{ 0x2, "not ready" },	    { 0x3, "medium error" },
	{ 0x4, "hardware error" },  { 0x5, "illegal request" },
	{ 0x6, "unit attention" },  { 0x7, "data protect" },
	{ 0x8, "blank check" },	    { 0x9, "vendor specific" },
	{ 0xa, "copy aborted" },    { 0xb, "aborted command" },
	{ 0xd, "volume overflow" }, { 0xe, "miscompare" },
	{ 0xf, "completed" },	    END_NAMES,
};

static const struct vb_row fixed_flags[] = {
	BITS("key", "Sense key", 0, 4, .names = keys, .summary = VB_SUM_NAME),
	BITS("sdat_ovfl", "Sense data overflow", 4, 1),
	BITS("ili", "Incorrect length", 5, 1, .summary = VB_SUM_NONZERO),
	BITS("eom", "End of medium", 6, 1, .summary = VB_SUM_NONZERO),
	BITS("filemark", "Filemark", 7, 1, .summary = VB_SUM_NONZERO),
	END_ROWS,
};

static const struct vb_row specific_flags[] = {
	BITS("bit_pointer", "Bit", 0, 3),
	BITS("bpv", "Bit is valid", 3, 1),
	BITS("cd", "In the CDB", 6, 1),
	BITS("sksv", "Valid", 7, 1),
	END_ROWS,
};

static const struct vb_row specific[] = {
	U8("flags", "Flags", .base = VB_HEX, .bits = specific_flags, .optional = true),
	BE16("field", "Field, or progress, or retries", .optional = true),
	END_ROWS,
};

#define ASC                                                                                        \
	BE16("asc_ascq", "Additional sense code", .base = VB_HEX, .names = vb_asc_names,           \
	     .summary = VB_SUM_NAME, .optional = true)
#define SPECIFIC STRUCT("specific", "Sense-key specific", specific, .optional = true)

static const struct vb_row fixed[] = {
	U8("segment", "Segment"),
	U8("flags", "Flags", .base = VB_HEX, .bits = fixed_flags),
	BE32("information", "Information", .base = VB_HEX, .optional = true),
	U8("additional_length", "Additional length", .optional = true),
	BE32("command_specific", "Command specific", .base = VB_HEX, .optional = true),
	ASC,
	U8("fru", "Field replaceable unit", .optional = true),
	SPECIFIC,
	HIDDEN("additional", "Additional bytes", 0, .len = VB_REST),
	END_ROWS,
};

static const struct vb_row information[] = {
	U8("valid", "Valid", .base = VB_HEX),
	PAD("reserved", 1),
	BE64("information", "Information", .base = VB_HEX),
	END_ROWS,
};

static const struct vb_row command_specific[] = {
	PAD("reserved", 2),
	BE64("information", "Information", .base = VB_HEX),
	END_ROWS,
};

static const struct vb_row key_specific[] = {
	PAD("reserved", 2),
	SPECIFIC,
	PAD("reserved_2", 1),
	END_ROWS,
};

static const struct vb_row replaceable_unit[] = {
	PAD("reserved", 1),
	U8("code", "Code", .base = VB_HEX),
	END_ROWS,
};

static const struct vb_row stream_flags[] = {
	BITS("ili", "Incorrect length", 5, 1),
	BITS("eom", "End of medium", 6, 1),
	BITS("filemark", "Filemark", 7, 1),
	END_ROWS,
};

static const struct vb_row stream[] = {
	PAD("reserved", 1),
	U8("flags", "Flags", .base = VB_HEX, .bits = stream_flags),
	END_ROWS,
};

static const struct vb_row ata_return[] = {
	U8("extend", "Extended"),
	U8("error", "Error", .base = VB_HEX),
	BE16("count", "Count"),
	BE16("lba_low", "LBA, low", .base = VB_HEX),
	BE16("lba_mid", "LBA, middle", .base = VB_HEX),
	BE16("lba_high", "LBA, high", .base = VB_HEX),
	U8("device", "Device", .base = VB_HEX),
	U8("status", "Status", .base = VB_HEX),
	END_ROWS,
};

#define KIND(number, name, title, rows)                                                            \
	STRUCT(name, title, rows, .when = DESCRIPTOR, .mask = 0xff, .equals = (number))

static const struct vb_row descriptor_body[] = {
	KIND(0x00, "information", "Information", information),
	KIND(0x01, "command", "Command specific", command_specific),
	KIND(0x02, "sks", "Sense-key specific", key_specific),
	KIND(0x03, "fru", "Field replaceable unit", replaceable_unit),
	KIND(0x04, "stream", "Stream command", stream),
	KIND(0x05, "block", "Block command", stream),
	KIND(0x09, "ata", "ATA status return", ata_return),
	OPAQUE("rest", "Rest", .len = VB_REST),
	END_ROWS,
};

static const struct vb_name descriptor_types[] = {
	{ 0x00, "information" },      { 0x01, "command specific" },  { 0x02, "sense-key specific" },
	{ 0x03, "replaceable unit" }, { 0x04, "stream command" },    { 0x05, "block command" },
	{ 0x06, "OSD object" },	      { 0x09, "ATA status return" }, { 0x0a, "progress" },
	{ 0x0b, "referral" },	      { 0x0c, "forwarded sense" },   END_NAMES,
};

static const struct vb_row descriptor[] = {
	U8("type", "Type", .base = VB_HEX, .names = descriptor_types, .set = DESCRIPTOR),
	U8("length", "Length", .set = DESCRIPTOR_LEN),
	STRUCT("body", "Body", descriptor_body, .within = DESCRIPTOR_LEN),
	END_ROWS,
};

static const struct vb_row key_flags[] = {
	BITS("key", "Sense key", 0, 4, .names = keys, .summary = VB_SUM_NAME),
	END_ROWS,
};

static const struct vb_row overflow_flags[] = {
	BITS("sdat_ovfl", "Sense data overflow", 7, 1),
	END_ROWS,
};

static const struct vb_row descriptors[] = {
	U8("flags", "Flags", .base = VB_HEX, .bits = key_flags),
	ASC,
	U8("overflow", "Overflow", .base = VB_HEX, .bits = overflow_flags, .optional = true),
	PAD("reserved", 2, .optional = true),
	U8("additional_length", "Additional length", .set = VB_S_LEN, .optional = true),
	STRUCT("descriptor", "Descriptor", descriptor, .count = VB_REST, .within = VB_S_LEN),
	HIDDEN("additional", "Additional bytes", 0, .len = VB_REST),
	END_ROWS,
};

static const struct vb_msg msgs[] = {
	MSG(0x70, "current", "Current error", fixed),
	MSG(0x71, "deferred", "Deferred error", fixed),
	MSG(0x72, "current_desc", "Current error, in descriptors", descriptors),
	MSG(0x73, "deferred_desc", "Deferred error, in descriptors", descriptors),
	END_MSGS,
};

const struct vb_proto vb_proto_sense = {
	.name = "hv_sense",
	.title = "SCSI sense data",
	.head = head,
	.msgs = msgs,
	.repeats = true, /* of a completion, and what REQUEST SENSE reads */
	.titled = true,
	.as_asked = true,
	.help = "Why a SCSI command failed",
};
