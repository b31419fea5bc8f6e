/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What INQUIRY answers: the standard data, and the pages of vital product data.
 *
 * Layouts: T10 SPC-4 6.6 and 7.8; pages 0xb0 to 0xb2: SBC-3 6.5; page 0x89: SAT-3.
 */
#include "../rows.h"
#include "../scsi_rows.h"

#define LENGTH VB_S_LEN
#define PAGE VB_S_A
#define CODE_SET VB_S_B
#define KIND VB_S_C
#define ID_LENGTH VB_S_HEAD

static const struct vb_name device_types[] = {
	{ 0x00, "disk" },
	{ 0x01, "tape" },
	{ 0x02, "printer" },
	{ 0x03, "processor" },
	{ 0x04, "write-once" },
	{ VB_SCSI_CD_DVD, "CD/DVD" },
	{ 0x07, "optical memory" },
	{ 0x08, "medium changer" },
	{ 0x0c, "storage array" },
	{ 0x0d, "enclosure" },
	{ 0x0e, "simplified disk" },
	{ 0x11, "object storage" },
	{ 0x14, "zoned disk" },
	{ 0x1e, "well known LUN" },
	{ 0x1f, "unknown or none" },
	END_NAMES,
};

static const struct vb_name qualifiers[] = {
	{ 0, "connected" },
	{ 1, "not connected" },
	{ 3, "no such LUN" },
	END_NAMES,
};

static const struct vb_row peripheral[] = {
	BITS("device_type", "Device type", 0, 5, .names = device_types, .summary = VB_SUM_NAME),
	BITS("qualifier", "Qualifier", 5, 3, .names = qualifiers, .summary = VB_SUM_NONZERO),
	END_ROWS,
};

#define PERIPHERAL U8("peripheral", "Peripheral", .base = VB_HEX, .bits = peripheral)

/* ---- standard data ---- */

static const struct vb_row removable[] = {
	BITS("lu_cong", "LUs conglomerate", 6, 1),
	BITS("rmb", "Removable medium", 7, 1),
	END_ROWS,
};

static const struct vb_name spc_versions[] = {
	{ 0, "none" },	{ 3, "SPC" },	{ 4, "SPC-2" }, { 5, "SPC-3" },
	{ 6, "SPC-4" }, { 7, "SPC-5" }, END_NAMES,
};

static const struct vb_row format[] = {
	BITS("response_format", "Response data format", 0, 4),
	BITS("hisup", "Hierarchical LUNs", 4, 1),
	BITS("normaca", "Normal ACA", 5, 1),
	END_ROWS,
};

static const struct vb_row flags_5[] = {
	BITS("protect", "Protection information", 0, 1), BITS("three_pc", "Third-party copy", 3, 1),
	BITS("tpgs", "Target port groups", 4, 2),	 BITS("acc", "Access controls", 6, 1),
	BITS("sccs", "Storage array controller", 7, 1),	 END_ROWS,
};

static const struct vb_row flags_6[] = {
	BITS("multip", "Multi-port", 4, 1),
	BITS("vs", "Vendor specific", 5, 1),
	BITS("encserv", "Enclosure services", 6, 1),
	END_ROWS,
};

static const struct vb_row flags_7[] = {
	BITS("vs", "Vendor specific", 0, 1),
	BITS("cmdque", "Command queuing", 1, 1),
	END_ROWS,
};

static const struct vb_row standard[] = {
	U8("removable", "Removable", .base = VB_HEX, .bits = removable),
	U8("version", "Version", .names = spc_versions),
	U8("format", "Format", .base = VB_HEX, .bits = format),
	U8("additional_length", "Additional length"),
	U8("flags_5", "Flags, byte 5", .base = VB_HEX, .bits = flags_5, .optional = true),
	U8("flags_6", "Flags, byte 6", .base = VB_HEX, .bits = flags_6, .optional = true),
	U8("flags_7", "Flags, byte 7", .base = VB_HEX, .bits = flags_7, .optional = true),
	ASCII("vendor", "Vendor", 8, .summary = VB_SUM_YES, .optional = true),
	ASCII("product", "Product", 16, .summary = VB_SUM_YES, .optional = true),
	ASCII("revision", "Revision", 4, .optional = true),
	HIDDEN("vendor_specific", "Vendor specific", 20, .optional = true),
	PAD("reserved", 2, .optional = true),
	BE16("descriptor", "Version descriptor", .count = VB_REST, .base = VB_HEX),
	HIDDEN("odd", "Odd byte", 0, .len = VB_REST),
	END_ROWS,
};

/* ---- vital product data ---- */

static const struct vb_row supported[] = {
	U8("page", "Page", .count = VB_REST, .base = VB_HEX),
	END_ROWS,
};

static const struct vb_row serial[] = {
	ASCII_BY("serial", "Serial number", .len = LENGTH, .summary = VB_SUM_YES),
	END_ROWS,
};

static const struct vb_name code_sets[] = {
	{ 1, "binary" },
	{ 2, "ASCII" },
	{ 3, "UTF-8" },
	END_NAMES,
};

static const struct vb_row code_set[] = {
	BITS("code_set", "Code set", 0, 4, .names = code_sets, .set = CODE_SET),
	BITS("protocol", "Protocol", 4, 4),
	END_ROWS,
};

static const struct vb_name designator_types[] = {
	{ 0, "vendor specific" },
	{ 1, "T10 vendor id" },
	{ 2, "EUI-64" },
	{ 3, "NAA" },
	{ 4, "relative target port" },
	{ 5, "target port group" },
	{ 6, "logical unit group" },
	{ 7, "MD5" },
	{ 8, "SCSI name" },
	END_NAMES,
};

static const struct vb_name associations[] = {
	{ 0, "logical unit" },
	{ 1, "target port" },
	{ 2, "target device" },
	END_NAMES,
};

static const struct vb_row kind[] = {
	BITS("type", "Type", 0, 4, .names = designator_types),
	BITS("association", "Association", 4, 2, .names = associations),
	BITS("piv", "Protocol is valid", 7, 1),
	END_ROWS,
};

#define SET_IS(v) .when = CODE_SET, .mask = 0xf, .equals = (v)

static const struct vb_row designator[] = {
	U8("code_set", "Code set", .base = VB_HEX, .bits = code_set),
	U8("kind", "Kind", .base = VB_HEX, .bits = kind),
	PAD("reserved", 1),
	U8("length", "Length", .set = ID_LENGTH),
	ASCII_BY("text", "Text", .len = ID_LENGTH, SET_IS(2)),
	BYTES("utf_8", "Text, UTF-8", .len = ID_LENGTH, SET_IS(3)),
	BYTES("binary", "Id", .len = ID_LENGTH, SET_IS(1)),
	BYTES("other", "Id of another code set", .len = ID_LENGTH, SET_IS(0)),
	END_ROWS,
};

static const struct vb_row identification[] = {
	STRUCT("designator", "Designator", designator, .count = VB_REST),
	END_ROWS,
};

static const struct vb_row extended[] = {
	U8("check", "Protection types", .base = VB_HEX),
	U8("sense", "Commands and keywords", .base = VB_HEX),
	U8("write", "Write features", .base = VB_HEX),
	U8("cache", "Cache features", .base = VB_HEX),
	U8("i_t_l", "Nexus features", .base = VB_HEX),
	PAD("reserved", 1),
	BE16("self_test_minutes", "Extended self-test, minutes", .optional = true),
	U8("poll", "Power-on and poll features", .base = VB_HEX, .optional = true),
	U8("sense_length", "Most sense bytes", .optional = true),
	HIDDEN("rest", "Rest", 0, .len = VB_REST),
	END_ROWS,
};

static const struct vb_row ata_information[] = {
	PAD("reserved", 4),
	ASCII("vendor", "SAT vendor", 8),
	ASCII("product", "SAT product", 16),
	ASCII("revision", "SAT revision", 4),
	FIXED("signature", "Device signature", 20),
	U8("command", "Command", .base = VB_HEX),
	PAD("reserved_2", 3),
	BYTES("identify", "Identify data", .len = VB_REST),
	END_ROWS,
};

static const struct vb_row wsnz[] = {
	BITS("wsnz", "WRITE SAME of 0 blocks refused", 0, 1),
	END_ROWS,
};

static const struct vb_row alignment[] = {
	BITS("alignment", "Alignment", 0, 31),
	BITS("valid", "Alignment is valid", 31, 1),
	END_ROWS,
};

static const struct vb_row block_limits[] = {
	U8("flags", "Flags", .base = VB_HEX, .bits = wsnz),
	U8("max_compare_and_write", "Most blocks of COMPARE AND WRITE"),
	BE16("optimal_granularity", "Optimal transfer granularity, blocks"),
	BE32("max_transfer", "Most blocks of a transfer", .summary = VB_SUM_YES),
	BE32("optimal_transfer", "Optimal blocks of a transfer"),
	BE32("max_prefetch", "Most blocks of a prefetch", .optional = true),
	BE32("max_unmap_blocks", "Most blocks of UNMAP", .optional = true,
	     .summary = VB_SUM_NONZERO),
	BE32("max_unmap_descriptors", "Most descriptors of UNMAP", .optional = true),
	BE32("unmap_granularity", "Optimal UNMAP granularity, blocks", .optional = true),
	BE32("unmap_alignment", "UNMAP granularity alignment", .base = VB_HEX, .bits = alignment,
	     .optional = true),
	BE64("max_write_same", "Most blocks of WRITE SAME", .optional = true),
	HIDDEN("rest", "Rest", 0, .len = VB_REST),
	END_ROWS,
};

static const struct vb_row form_factor[] = {
	BITS("form_factor", "Form factor", 0, 4),
	BITS("wacereq", "Write after sanitize", 4, 2),
	BITS("wabereq", "Write after block erase", 6, 2),
	END_ROWS,
};

static const struct vb_row characteristics[] = {
	BE16("rotation_rate", "Rotation rate", .summary = VB_SUM_YES,
	     .help = "Per minute; 1: it does not rotate"),
	U8("product_type", "Product type"),
	U8("form", "Form", .base = VB_HEX, .bits = form_factor),
	U8("support", "Features", .base = VB_HEX, .optional = true),
	HIDDEN("rest", "Rest", 0, .len = VB_REST),
	END_ROWS,
};

static const struct vb_row provisioning_flags[] = {
	BITS("dp", "Group descriptor present", 0, 1),
	BITS("anc_sup", "Anchor supported", 1, 1),
	BITS("lbprz", "Unmapped blocks read as zeros", 2, 3),
	BITS("lbpws10", "WRITE SAME(10) unmaps", 5, 1),
	BITS("lbpws", "WRITE SAME(16) unmaps", 6, 1),
	BITS("lbpu", "UNMAP supported", 7, 1),
	END_ROWS,
};

static const struct vb_name provisioning_types[] = {
	{ 0, "not reported, or full" },
	{ 1, "resource" },
	{ 2, "thin" },
	END_NAMES,
};

static const struct vb_row provisioning_type[] = {
	BITS("type", "Provisioning type", 0, 3, .names = provisioning_types,
	     .summary = VB_SUM_NAME),
	END_ROWS,
};

static const struct vb_row provisioning[] = {
	U8("threshold_exponent", "Threshold exponent"),
	U8("flags", "Flags", .base = VB_HEX, .bits = provisioning_flags),
	U8("provisioning", "Provisioning", .base = VB_HEX, .bits = provisioning_type),
	U8("percentage", "Threshold percentage", .optional = true),
	HIDDEN("rest", "Rest", 0, .len = VB_REST),
	END_ROWS,
};

#define PAGE_IS(number, name, title, rows)                                                         \
	STRUCT(name, title, rows, .when = PAGE, .mask = 0xff, .equals = (number))

static const struct vb_row page_body[] = {
	PAGE_IS(0x00, "supported", "Supported pages", supported),
	PAGE_IS(0x80, "unit_serial", "Unit serial number", serial),
	PAGE_IS(0x83, "ids", "Device identification", identification),
	PAGE_IS(0x86, "extended", "Extended INQUIRY data", extended),
	PAGE_IS(0x89, "ata", "ATA information", ata_information),
	PAGE_IS(0xb0, "block_limits", "Block limits", block_limits),
	PAGE_IS(0xb1, "characteristics", "Block device characteristics", characteristics),
	PAGE_IS(0xb2, "provisioning", "Logical block provisioning", provisioning),
	OPAQUE("rest", "Rest", .len = VB_REST),
	END_ROWS,
};

static const struct vb_name pages[] = {
	{ 0x00, "supported pages" },
	{ 0x80, "unit serial number" },
	{ 0x83, "device identification" },
	{ 0x85, "management network addresses" },
	{ 0x86, "extended INQUIRY data" },
	{ 0x87, "mode page policy" },
	{ 0x88, "SCSI ports" },
	{ 0x89, "ATA information" },
	{ 0x8f, "third-party copy" },
	{ 0xb0, "block limits" },
	{ 0xb1, "block device characteristics" },
	{ 0xb2, "logical block provisioning" },
	{ 0xb6, "zoned block device characteristics" },
	END_NAMES,
};

static const struct vb_row vital[] = {
	U8("page_code", "Page", .base = VB_HEX, .names = pages, .set = PAGE,
	   .summary = VB_SUM_NAME),
	BE16("length", "Page length", .set = LENGTH),
	STRUCT("body", "Body", page_body, .within = LENGTH),
	END_ROWS,
};

/* The request says which of the two it is. */
const struct vb_row vb_scsi_inquiry[] = {
	PERIPHERAL,
	STRUCT("standard", "Standard data", standard, VB_CDB_BYTE_1(1u, 0u)),
	STRUCT("vpd", "Vital product data", vital, VB_CDB_BYTE_1(1u, 1u)),
	HIDDEN("rest", "Behind it", 0, .len = VB_REST),
	END_ROWS,
};
