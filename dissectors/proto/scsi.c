/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SCSI commands, as disks, DVDs, tapes and enclosures get them.
 *
 * Layouts: T10 SPC-4 (of all devices), SBC-3 (disks), SSC-4 (tapes), SES-3 (enclosures), SAT-3 (ATA in
 * SCSI); MMC-6 (DVDs). Where types of devices give one number different meanings, it is that of
 * disks.
 */
#include "../rows.h"
#include "../scsi_rows.h"

static const struct vb_row head[] = {
	U8("opcode", "Command", .base = VB_HEX, .set = VB_S_TYPE),
	END_ROWS,
};

static const struct vb_row control_bits[] = {
	BITS("naca", "Normal ACA", 2, 1),
	BITS("vendor", "Vendor specific", 6, 2),
	END_ROWS,
};

#define CONTROL U8("control", "Control", .base = VB_HEX, .bits = control_bits), END_ROWS
#define GROUP U8("group", "Group", .base = VB_HEX)
#define LBA32 BE32("lba", "LBA", .summary = VB_SUM_YES)
#define LBA64 BE64("lba", "LBA", .summary = VB_SUM_YES)
#define BLOCKS(size) size("blocks", "Blocks", .summary = VB_SUM_YES)
#define ALLOCATED(size) size("allocation_length", "Allocation length", .summary = VB_SUM_YES)
#define LISTED(size) size("parameter_list_length", "Parameter list length", .summary = VB_SUM_YES)
#define FLAGS(table) U8("flags", "Flags", .base = VB_HEX, .bits = (table))

/* ---- of all devices ---- */

static const struct vb_row nothing[] = {
	PAD("reserved", 4),
	CONTROL,
};

static const struct vb_row sense_flags[] = {
	BITS("desc", "Descriptor format", 0, 1),
	END_ROWS,
};

static const struct vb_row request_sense[] = {
	FLAGS(sense_flags),
	PAD("reserved", 2),
	ALLOCATED(U8),
	CONTROL,
};

static const struct vb_row inquiry_flags[] = {
	BITS("evpd", "Vital product data", 0, 1, .summary = VB_SUM_NONZERO),
	BITS("cmddt", "Command support data", 1, 1),
	END_ROWS,
};

static const struct vb_row inquiry[] = {
	FLAGS(inquiry_flags),
	U8("page_code", "Page", .base = VB_HEX, .summary = VB_SUM_NONZERO),
	ALLOCATED(BE16),
	CONTROL,
};

static const struct vb_row select_flags[] = {
	BITS("sp", "Save pages", 0, 1),
	BITS("rtd", "Revert to defaults", 1, 1),
	BITS("pf", "Page format", 4, 1),
	END_ROWS,
};

static const struct vb_row mode_select_6[] = {
	FLAGS(select_flags),
	PAD("reserved", 2),
	LISTED(U8),
	CONTROL,
};

static const struct vb_row mode_select_10[] = {
	FLAGS(select_flags),
	PAD("reserved", 5),
	LISTED(BE16),
	CONTROL,
};

static const struct vb_row mode_sense_flags[] = {
	BITS("dbd", "Disable block descriptors", 3, 1),
	BITS("llbaa", "Long LBA accepted", 4, 1),
	END_ROWS,
};

static const struct vb_name page_controls[] = {
	{ 0, "current" }, { 1, "changeable" }, { 2, "default" }, { 3, "saved" }, END_NAMES,
};

static const struct vb_row mode_page[] = {
	BITS("page_code", "Page", 0, 6, .base = VB_HEX, .names = vb_scsi_mode_pages,
	     .summary = VB_SUM_NAME),
	BITS("pc", "Page control", 6, 2, .names = page_controls),
	END_ROWS,
};

#define MODE_PAGE                                                                                  \
	FLAGS(mode_sense_flags), U8("page", "Page", .base = VB_HEX, .bits = mode_page),            \
		U8("subpage", "Subpage", .base = VB_HEX, .summary = VB_SUM_NONZERO)

static const struct vb_row mode_sense_6[] = {
	MODE_PAGE,
	ALLOCATED(U8),
	CONTROL,
};

static const struct vb_row mode_sense_10[] = {
	MODE_PAGE,
	PAD("reserved", 3),
	ALLOCATED(BE16),
	CONTROL,
};

static const struct vb_row receive_flags[] = {
	BITS("pcv", "Page code valid", 0, 1),
	END_ROWS,
};

static const struct vb_row receive_diagnostic[] = {
	FLAGS(receive_flags),
	U8("page_code", "Page", .base = VB_HEX, .summary = VB_SUM_YES),
	ALLOCATED(BE16),
	CONTROL,
};

static const struct vb_row send_flags[] = {
	BITS("unit_offline", "Unit offline", 0, 1),
	BITS("device_offline", "Device offline", 1, 1),
	BITS("self_test", "Self-test", 2, 1),
	BITS("pf", "Page format", 4, 1),
	BITS("self_test_code", "Self-test code", 5, 3),
	END_ROWS,
};

static const struct vb_row send_diagnostic[] = {
	FLAGS(send_flags),
	PAD("reserved", 1),
	LISTED(BE16),
	CONTROL,
};

static const struct vb_row log_flags[] = {
	BITS("sp", "Save parameters", 0, 1),
	BITS("pcr", "Parameter code reset", 1, 1),
	END_ROWS,
};

static const struct vb_name log_controls[] = {
	{ 0, "threshold" },	     { 1, "cumulative" }, { 2, "default threshold" },
	{ 3, "default cumulative" }, END_NAMES,
};

static const struct vb_row log_page[] = {
	BITS("page_code", "Page", 0, 6, .base = VB_HEX, .names = vb_scsi_log_pages,
	     .summary = VB_SUM_NAME),
	BITS("pc", "Page control", 6, 2, .names = log_controls),
	END_ROWS,
};

#define LOG_PAGE                                                                                   \
	FLAGS(log_flags), U8("page", "Page", .base = VB_HEX, .bits = log_page),                    \
		U8("subpage", "Subpage", .base = VB_HEX, .summary = VB_SUM_NONZERO)

static const struct vb_row log_select[] = {
	LOG_PAGE,
	PAD("reserved", 3),
	LISTED(BE16),
	CONTROL,
};

static const struct vb_row log_sense[] = {
	LOG_PAGE, PAD("reserved", 1), BE16("parameter_pointer", "First parameter"), ALLOCATED(BE16),
	CONTROL,
};

static const struct vb_row buffer_mode[] = {
	BITS("mode", "Mode", 0, 5, .summary = VB_SUM_YES),
	BITS("mode_specific", "Mode specific", 5, 3),
	END_ROWS,
};

#define BUFFER                                                                                     \
	FLAGS(buffer_mode), U8("buffer_id", "Buffer"), BE24("buffer_offset", "Offset in the buffer")

static const struct vb_row write_buffer[] = {
	BUFFER,
	LISTED(BE24),
	CONTROL,
};

static const struct vb_row read_buffer[] = {
	BUFFER,
	ALLOCATED(BE24),
	CONTROL,
};

static const struct vb_name reserve_in[] = {
	{ 0, "read keys" },
	{ 1, "read reservation" },
	{ 2, "report capabilities" },
	{ 3, "read full status" },
	END_NAMES,
};

static const struct vb_row reserve_in_action[] = {
	BITS("action", "Service action", 0, 5, .names = reserve_in, .summary = VB_SUM_NAME),
	END_ROWS,
};

static const struct vb_row persistent_reserve_in[] = {
	U8("service_action", "Service action", .base = VB_HEX, .bits = reserve_in_action),
	PAD("reserved", 5),
	ALLOCATED(BE16),
	CONTROL,
};

static const struct vb_name reserve_out[] = {
	{ 0, "register" },
	{ 1, "reserve" },
	{ 2, "release" },
	{ 3, "clear" },
	{ 4, "preempt" },
	{ 5, "preempt and abort" },
	{ 6, "register and ignore existing key" },
	{ 7, "register and move" },
	{ 8, "replace lost reservation" },
	END_NAMES,
};

static const struct vb_row reserve_out_action[] = {
	BITS("action", "Service action", 0, 5, .names = reserve_out, .summary = VB_SUM_NAME),
	END_ROWS,
};

static const struct vb_name reservation_types[] = {
	{ 1, "write exclusive" },
	{ 3, "exclusive access" },
	{ 5, "write exclusive, registrants only" },
	{ 6, "exclusive access, registrants only" },
	{ 7, "write exclusive, all registrants" },
	{ 8, "exclusive access, all registrants" },
	END_NAMES,
};

static const struct vb_row reservation[] = {
	BITS("type", "Type", 0, 4, .names = reservation_types),
	BITS("scope", "Scope", 4, 4),
	END_ROWS,
};

static const struct vb_row persistent_reserve_out[] = {
	U8("service_action", "Service action", .base = VB_HEX, .bits = reserve_out_action),
	U8("scope_type", "Scope and type", .base = VB_HEX, .bits = reservation),
	PAD("reserved", 2),
	LISTED(BE32),
	CONTROL,
};

static const struct vb_name report_kinds[] = {
	{ 0, "without well-known" },
	{ 1, "well-known" },
	{ 2, "all" },
	END_NAMES,
};

static const struct vb_row report_luns[] = {
	PAD("reserved", 1),   U8("select_report", "Select report", .names = report_kinds),
	PAD("reserved_2", 3), ALLOCATED(BE32),
	PAD("reserved_3", 1), CONTROL,
};

static const struct vb_name maintenance_in_codes[] = {
	{ 0x05, "report identifying information" },
	{ 0x0a, "report target port groups" },
	{ 0x0b, "report aliases" },
	{ 0x0c, "report supported operation codes" },
	{ 0x0d, "report supported task management functions" },
	{ 0x0e, "report priority" },
	{ 0x0f, "report timestamp" },
	END_NAMES,
};

static const struct vb_row maintenance_in_action[] = {
	BITS("action", "Service action", 0, 5, .names = maintenance_in_codes,
	     .summary = VB_SUM_NAME),
	BITS("format", "Parameter data format", 5, 3),
	END_ROWS,
};

static const struct vb_row report_options[] = {
	BITS("reporting_options", "Reporting options", 0, 3),
	BITS("rctd", "With timeouts", 7, 1),
	END_ROWS,
};

/* What is asked about: of supported operation codes only. */
static const struct vb_row maintenance_in[] = {
	U8("service_action", "Service action", .base = VB_HEX, .bits = maintenance_in_action),
	U8("options", "Options", .base = VB_HEX, .bits = report_options),
	U8("requested_opcode", "Command asked about", .base = VB_HEX, .summary = VB_SUM_NONZERO),
	BE16("requested_service_action", "Service action asked about"),
	ALLOCATED(BE32),
	PAD("reserved", 1),
	CONTROL,
};

static const struct vb_name maintenance_out_codes[] = {
	{ 0x06, "set identifying information" },
	{ 0x0a, "set target port groups" },
	{ 0x0b, "change aliases" },
	{ 0x0e, "set priority" },
	{ 0x0f, "set timestamp" },
	END_NAMES,
};

static const struct vb_row maintenance_out_action[] = {
	BITS("action", "Service action", 0, 5, .names = maintenance_out_codes,
	     .summary = VB_SUM_NAME),
	END_ROWS,
};

static const struct vb_row maintenance_out[] = {
	U8("service_action", "Service action", .base = VB_HEX, .bits = maintenance_out_action),
	PAD("reserved", 4),
	LISTED(BE32),
	PAD("reserved_2", 1),
	CONTROL,
};

#define SECURITY                                                                                   \
	U8("security_protocol", "Security protocol", .base = VB_HEX, .summary = VB_SUM_YES),       \
		BE16("security_specific", "Protocol specific", .base = VB_HEX),                    \
		U8("inc_512", "Length in 512 bytes", .base = VB_HEX), PAD("reserved", 1)

static const struct vb_row security_in[] = {
	SECURITY,
	ALLOCATED(BE32),
	PAD("reserved_2", 1),
	CONTROL,
};

static const struct vb_row security_out[] = {
	SECURITY,
	BE32("transfer_length", "Transfer length", .summary = VB_SUM_YES),
	PAD("reserved_2", 1),
	CONTROL,
};

static const struct vb_row extended_copy[] = {
	U8("service_action", "Service action", .base = VB_HEX),
	PAD("reserved", 8),
	LISTED(BE32),
	PAD("reserved_2", 1),
	CONTROL,
};

static const struct vb_row receive_copy[] = {
	U8("service_action", "Service action", .base = VB_HEX, .summary = VB_SUM_YES),
	U8("list_id", "List"),
	PAD("reserved", 7),
	ALLOCATED(BE32),
	PAD("reserved_2", 1),
	CONTROL,
};

/* ---- disks ---- */

static const struct vb_row lba_21[] = {
	BITS("lba", "LBA", 0, 21, .summary = VB_SUM_YES),
	END_ROWS,
};

static const struct vb_row io_6[] = {
	BE24("address", "Address", .base = VB_HEX, .bits = lba_21),
	U8("blocks", "Blocks", .summary = VB_SUM_YES, .help = "0 stands for 256"),
	CONTROL,
};

static const struct vb_row io_flags[] = {
	BITS("fua_nv", "FUA to non-volatile cache", 1, 1),
	BITS("rarc", "Rebuild assist recovery", 2, 1),
	BITS("fua", "Force unit access", 3, 1, .summary = VB_SUM_NONZERO),
	BITS("dpo", "Disable page out", 4, 1),
	BITS("protect", "Protection", 5, 3),
	END_ROWS,
};

static const struct vb_row io_10[] = {
	FLAGS(io_flags), LBA32, GROUP, BLOCKS(BE16), CONTROL,
};

static const struct vb_row io_12[] = {
	FLAGS(io_flags), LBA32, BLOCKS(BE32), GROUP, CONTROL,
};

static const struct vb_row io_16[] = {
	FLAGS(io_flags), LBA64, BLOCKS(BE32), GROUP, CONTROL,
};

static const struct vb_row verify_flags[] = {
	BITS("bytchk", "Byte check", 1, 2),
	BITS("dpo", "Disable page out", 4, 1),
	BITS("protect", "Protection", 5, 3),
	END_ROWS,
};

static const struct vb_row verify_10[] = {
	FLAGS(verify_flags), LBA32, GROUP, BLOCKS(BE16), CONTROL,
};

static const struct vb_row verify_12[] = {
	FLAGS(verify_flags), LBA32, BLOCKS(BE32), GROUP, CONTROL,
};

static const struct vb_row verify_16[] = {
	FLAGS(verify_flags), LBA64, BLOCKS(BE32), GROUP, CONTROL,
};

static const struct vb_row cache_flags[] = {
	BITS("immed", "Immediate", 1, 1),
	BITS("sync_nv", "To non-volatile cache", 2, 1),
	END_ROWS,
};

static const struct vb_row cache_10[] = {
	FLAGS(cache_flags), LBA32, GROUP, BLOCKS(BE16), CONTROL,
};

static const struct vb_row cache_16[] = {
	FLAGS(cache_flags), LBA64, BLOCKS(BE32), GROUP, CONTROL,
};

static const struct vb_row same_flags[] = {
	BITS("ndob", "No data-out buffer", 0, 1),
	BITS("lbdata", "LBA as data", 1, 1),
	BITS("pbdata", "Physical address as data", 2, 1),
	BITS("unmap", "Unmap", 3, 1, .summary = VB_SUM_NONZERO),
	BITS("anchor", "Anchor", 4, 1),
	BITS("wrprotect", "Protection", 5, 3),
	END_ROWS,
};

static const struct vb_row write_same_10[] = {
	FLAGS(same_flags), LBA32, GROUP, BLOCKS(BE16), CONTROL,
};

static const struct vb_row write_same_16[] = {
	FLAGS(same_flags), LBA64, BLOCKS(BE32), GROUP, CONTROL,
};

static const struct vb_row unmap_flags[] = {
	BITS("anchor", "Anchor", 0, 1),
	END_ROWS,
};

static const struct vb_row unmap[] = {
	FLAGS(unmap_flags), PAD("reserved", 4), GROUP, LISTED(BE16), CONTROL,
};

static const struct vb_row compare_and_write[] = {
	FLAGS(io_flags), LBA64, PAD("reserved", 3), BLOCKS(U8), GROUP, CONTROL,
};

/* Where capacities are asked for, the block has no meaning any more. */
#define LBA_IF_ANY(size) size("lba", "LBA", .summary = VB_SUM_NONZERO)

static const struct vb_row read_capacity_10[] = {
	PAD("reserved", 1),
	LBA_IF_ANY(BE32),
	PAD("reserved_2", 2),
	U8("pmi", "Partial medium indicator"),
	CONTROL,
};

static const struct vb_name service_in_codes[] = {
	{ 0x10, "read capacity (16)" },
	{ 0x11, "read long (16)" },
	{ 0x12, "get LBA status" },
	{ 0x13, "report referrals" },
	END_NAMES,
};

static const struct vb_row service_in_action[] = {
	BITS("action", "Service action", 0, 5, .names = service_in_codes, .summary = VB_SUM_NAME),
	END_ROWS,
};

static const struct vb_row service_in_16[] = {
	U8("service_action", "Service action", .base = VB_HEX, .bits = service_in_action),
	LBA_IF_ANY(BE64),
	ALLOCATED(BE32),
	U8("flags", "Flags", .base = VB_HEX),
	CONTROL,
};

static const struct vb_row start_flags[] = {
	BITS("start", "Start", 0, 1, .summary = VB_SUM_YES),
	BITS("loej", "Load or eject", 1, 1, .summary = VB_SUM_NONZERO),
	BITS("no_flush", "No flush", 2, 1),
	BITS("power_condition", "Power condition", 4, 4),
	END_ROWS,
};

static const struct vb_row immed_flags[] = {
	BITS("immed", "Immediate", 0, 1),
	END_ROWS,
};

static const struct vb_row start_stop[] = {
	FLAGS(immed_flags),
	PAD("reserved", 1),
	U8("power_modifier", "Power condition modifier"),
	U8("start_flags", "Start flags", .base = VB_HEX, .bits = start_flags),
	CONTROL,
};

static const struct vb_row prevent_flags[] = {
	BITS("prevent", "Prevent", 0, 2, .summary = VB_SUM_YES),
	END_ROWS,
};

static const struct vb_row prevent_removal[] = {
	PAD("reserved", 3),
	U8("prevent_flags", "Prevent flags", .base = VB_HEX, .bits = prevent_flags),
	CONTROL,
};

static const struct vb_row format_flags[] = {
	BITS("defect_list_format", "Defect list format", 0, 3),
	BITS("cmplst", "Complete list", 3, 1),
	BITS("fmtdata", "Format data", 4, 1),
	BITS("longlist", "Long list", 5, 1),
	BITS("fmtpinfo", "Protection information", 6, 2),
	END_ROWS,
};

static const struct vb_row format_unit[] = {
	FLAGS(format_flags),
	U8("vendor", "Vendor specific", .base = VB_HEX),
	PAD("reserved", 2),
	CONTROL,
};

static const struct vb_row reassign_flags[] = {
	BITS("longlist", "Long list", 0, 1),
	BITS("longlba", "Long LBA", 1, 1),
	END_ROWS,
};

static const struct vb_row reassign_blocks[] = {
	FLAGS(reassign_flags),
	PAD("reserved", 3),
	CONTROL,
};

static const struct vb_row defect_flags[] = {
	BITS("defect_list_format", "Defect list format", 0, 3),
	BITS("req_glist", "Grown list", 3, 1),
	BITS("req_plist", "Primary list", 4, 1),
	END_ROWS,
};

static const struct vb_row read_defect_data[] = {
	PAD("reserved", 1),
	U8("list", "List", .base = VB_HEX, .bits = defect_flags),
	PAD("reserved_2", 4),
	ALLOCATED(BE16),
	CONTROL,
};

static const struct vb_row sanitize_action[] = {
	BITS("action", "Service action", 0, 5, .summary = VB_SUM_YES),
	BITS("ause", "Allow unrestricted exit", 5, 1),
	BITS("immed", "Immediate", 7, 1),
	END_ROWS,
};

static const struct vb_row sanitize[] = {
	U8("service_action", "Service action", .base = VB_HEX, .bits = sanitize_action),
	PAD("reserved", 5),
	LISTED(BE16),
	CONTROL,
};

/* ---- ATA ---- */

static const struct vb_row ata_protocol[] = {
	BITS("extend", "Extended", 0, 1),
	BITS("protocol", "Protocol", 1, 4),
	BITS("multiple_count", "Multiple count", 5, 3),
	END_ROWS,
};

static const struct vb_row ata_flags[] = {
	BITS("t_length", "Length in", 0, 2),
	BITS("byt_blok", "Blocks", 2, 1),
	BITS("t_dir", "From the device", 3, 1),
	BITS("t_type", "Type", 4, 1),
	BITS("ck_cond", "Check condition", 5, 1),
	BITS("off_line", "Off line", 6, 2),
	END_ROWS,
};

#define ATA_HEAD U8("ata", "ATA protocol", .base = VB_HEX, .bits = ata_protocol), FLAGS(ata_flags)

static const struct vb_row ata_12[] = {
	ATA_HEAD,
	U8("features", "Features", .base = VB_HEX),
	U8("sector_count", "Sector count"),
	BE24("lba", "LBA, bytes as they are", .base = VB_HEX),
	U8("device", "Device", .base = VB_HEX),
	U8("command", "ATA command", .base = VB_HEX, .summary = VB_SUM_YES),
	PAD("reserved", 1),
	CONTROL,
};

static const struct vb_row ata_16[] = {
	ATA_HEAD,
	BE16("features", "Features", .base = VB_HEX),
	BE16("sector_count", "Sector count"),
	BE16("lba_low", "LBA, low", .base = VB_HEX),
	BE16("lba_mid", "LBA, middle", .base = VB_HEX),
	BE16("lba_high", "LBA, high", .base = VB_HEX),
	U8("device", "Device", .base = VB_HEX),
	U8("command", "ATA command", .base = VB_HEX, .summary = VB_SUM_YES),
	CONTROL,
};

/* ---- tapes ---- */

static const struct vb_row filemarks_flags[] = {
	BITS("immed", "Immediate", 0, 1),
	BITS("wsmk", "Setmarks", 1, 1),
	END_ROWS,
};

static const struct vb_row write_filemarks[] = {
	FLAGS(filemarks_flags),
	BE24("count", "Filemarks", .summary = VB_SUM_YES),
	CONTROL,
};

static const struct vb_name space_codes[] = {
	{ 0, "blocks" },      { 1, "filemarks" }, { 2, "sequential filemarks" },
	{ 3, "end of data" }, END_NAMES,
};

static const struct vb_row space_flags[] = {
	BITS("code", "Code", 0, 4, .names = space_codes, .summary = VB_SUM_YES),
	END_ROWS,
};

static const struct vb_row space_6[] = {
	FLAGS(space_flags),
	BE24("count", "Count", .is_signed = true, .summary = VB_SUM_YES),
	CONTROL,
};

static const struct vb_row erase_flags[] = {
	BITS("long", "Long", 0, 1),
	BITS("immed", "Immediate", 1, 1),
	END_ROWS,
};

static const struct vb_row erase_6[] = {
	FLAGS(erase_flags),
	PAD("reserved", 3),
	CONTROL,
};

static const struct vb_row locate_flags[] = {
	BITS("immed", "Immediate", 0, 1),
	BITS("cp", "Change partition", 1, 1),
	BITS("bt", "Block address type", 2, 1),
	END_ROWS,
};

static const struct vb_row locate_10[] = {
	FLAGS(locate_flags),
	PAD("reserved", 1),
	BE32("block", "Block", .summary = VB_SUM_YES),
	PAD("reserved_2", 1),
	U8("partition", "Partition"),
	CONTROL,
};

static const struct vb_row density_flags[] = {
	BITS("media", "Of the medium", 0, 1),
	END_ROWS,
};

static const struct vb_row report_density[] = {
	FLAGS(density_flags),
	PAD("reserved", 5),
	ALLOCATED(BE16),
	CONTROL,
};

/* ---- DVDs ---- */

static const struct vb_row read_format_capacities[] = {
	PAD("reserved", 6),
	ALLOCATED(BE16),
	CONTROL,
};

static const struct vb_row msf_flags[] = {
	BITS("msf", "Addresses as minutes, seconds, frames", 1, 1),
	END_ROWS,
};

static const struct vb_row read_toc[] = {
	FLAGS(msf_flags),   U8("format", "Format", .summary = VB_SUM_YES),
	PAD("reserved", 3), U8("track", "Track or session"),
	ALLOCATED(BE16),    CONTROL,
};

static const struct vb_row get_configuration[] = {
	U8("rt", "Requested type"),
	BE16("starting_feature", "First feature", .base = VB_HEX, .summary = VB_SUM_YES),
	PAD("reserved", 3),
	ALLOCATED(BE16),
	CONTROL,
};

static const struct vb_row polled_flags[] = {
	BITS("polled", "Polled", 0, 1),
	END_ROWS,
};

static const struct vb_row get_event_status[] = {
	FLAGS(polled_flags),
	PAD("reserved", 2),
	U8("class_request", "Classes asked for", .base = VB_HEX, .summary = VB_SUM_YES),
	PAD("reserved_2", 2),
	ALLOCATED(BE16),
	CONTROL,
};

static const struct vb_row read_disc_information[] = {
	U8("data_type", "Data type"),
	PAD("reserved", 5),
	ALLOCATED(BE16),
	CONTROL,
};

static const struct vb_row read_track_information[] = {
	U8("address_type", "Address type"),
	BE32("address", "Address", .summary = VB_SUM_YES),
	PAD("reserved", 1),
	ALLOCATED(BE16),
	CONTROL,
};

static const struct vb_row read_dvd_structure[] = {
	U8("media_type", "Media type"),
	BE32("address", "Address"),
	U8("layer", "Layer"),
	U8("format", "Format", .base = VB_HEX, .summary = VB_SUM_YES),
	ALLOCATED(BE16),
	U8("agid", "Authentication grant", .base = VB_HEX),
	CONTROL,
};

static const struct vb_row set_cd_speed[] = {
	U8("rotation", "Rotation"),
	BE16("read_speed", "Read speed", .summary = VB_SUM_YES, .help = "kB/s"),
	BE16("write_speed", "Write speed", .help = "kB/s"),
	PAD("reserved", 5),
	CONTROL,
};

static const struct vb_row mechanism_status[] = {
	PAD("reserved", 7),
	ALLOCATED(BE16),
	PAD("reserved_2", 1),
	CONTROL,
};

static const struct vb_row read_cd[] = {
	U8("sector_type", "Sector type", .base = VB_HEX),
	LBA32,
	BLOCKS(BE24),
	U8("selection", "Selection", .base = VB_HEX),
	U8("sub_channel", "Sub-channel", .base = VB_HEX),
	CONTROL,
};

static const struct vb_msg msgs[] = {
	MSG(0x00, "test_unit_ready", "TEST UNIT READY", nothing),
	MSG(0x01, "rewind", "REWIND", nothing),
	MSG(0x03, "request_sense", "REQUEST SENSE", request_sense),
	MSG(0x04, "format_unit", "FORMAT UNIT", format_unit),
	MSG(0x05, "read_block_limits", "READ BLOCK LIMITS", nothing),
	MSG(0x07, "reassign_blocks", "REASSIGN BLOCKS", reassign_blocks),
	MSG(0x08, "read_6", "READ(6)", io_6),
	MSG(0x0a, "write_6", "WRITE(6)", io_6),
	MSG(0x10, "write_filemarks_6", "WRITE FILEMARKS(6)", write_filemarks),
	MSG(0x11, "space_6", "SPACE(6)", space_6),
	MSG(0x12, "inquiry", "INQUIRY", inquiry),
	MSG(0x15, "mode_select_6", "MODE SELECT(6)", mode_select_6),
	MSG(0x16, "reserve_6", "RESERVE(6)", nothing),
	MSG(0x17, "release_6", "RELEASE(6)", nothing),
	MSG(0x19, "erase_6", "ERASE(6)", erase_6),
	MSG(0x1a, "mode_sense_6", "MODE SENSE(6)", mode_sense_6),
	MSG(0x1b, "start_stop_unit", "START STOP UNIT", start_stop),
	MSG(0x1c, "receive_diagnostic", "RECEIVE DIAGNOSTIC RESULTS", receive_diagnostic),
	MSG(0x1d, "send_diagnostic", "SEND DIAGNOSTIC", send_diagnostic),
	MSG(0x1e, "prevent_removal", "PREVENT ALLOW MEDIUM REMOVAL", prevent_removal),
	MSG(0x23, "read_format_capacities", "READ FORMAT CAPACITIES", read_format_capacities),
	MSG(0x25, "read_capacity_10", "READ CAPACITY(10)", read_capacity_10),
	MSG(0x28, "read_10", "READ(10)", io_10),
	MSG(0x2a, "write_10", "WRITE(10)", io_10),
	MSG(0x2b, "locate_10", "LOCATE(10)", locate_10),
	MSG(0x2e, "write_verify_10", "WRITE AND VERIFY(10)", verify_10),
	MSG(0x2f, "verify_10", "VERIFY(10)", verify_10),
	MSG(0x34, "pre_fetch_10", "PRE-FETCH(10)", cache_10),
	MSG(0x35, "synchronize_cache_10", "SYNCHRONIZE CACHE(10)", cache_10),
	MSG(0x37, "read_defect_data_10", "READ DEFECT DATA(10)", read_defect_data),
	MSG(0x3b, "write_buffer", "WRITE BUFFER", write_buffer),
	MSG(0x3c, "read_buffer", "READ BUFFER", read_buffer),
	MSG(0x41, "write_same_10", "WRITE SAME(10)", write_same_10),
	MSG(0x42, "unmap", "UNMAP", unmap),
	MSG(0x43, "read_toc", "READ TOC/PMA/ATIP", read_toc),
	MSG(0x44, "report_density", "REPORT DENSITY SUPPORT", report_density),
	MSG(0x46, "get_configuration", "GET CONFIGURATION", get_configuration),
	MSG(0x48, "sanitize", "SANITIZE", sanitize),
	MSG(0x4a, "get_event_status", "GET EVENT STATUS NOTIFICATION", get_event_status),
	MSG(0x4c, "log_select", "LOG SELECT", log_select),
	MSG(0x4d, "log_sense", "LOG SENSE", log_sense),
	MSG(0x51, "read_disc_information", "READ DISC INFORMATION", read_disc_information),
	MSG(0x52, "read_track_information", "READ TRACK INFORMATION", read_track_information),
	MSG(0x55, "mode_select_10", "MODE SELECT(10)", mode_select_10),
	MSG(0x5a, "mode_sense_10", "MODE SENSE(10)", mode_sense_10),
	MSG(0x5e, "persistent_reserve_in", "PERSISTENT RESERVE IN", persistent_reserve_in),
	MSG(0x5f, "persistent_reserve_out", "PERSISTENT RESERVE OUT", persistent_reserve_out),
	MSG(0x83, "extended_copy", "EXTENDED COPY", extended_copy),
	MSG(0x84, "receive_copy", "RECEIVE COPY RESULTS", receive_copy),
	MSG(0x85, "ata_16", "ATA PASS-THROUGH(16)", ata_16),
	MSG(0x88, "read_16", "READ(16)", io_16),
	MSG(0x89, "compare_and_write", "COMPARE AND WRITE", compare_and_write),
	MSG(0x8a, "write_16", "WRITE(16)", io_16),
	MSG(0x8e, "write_verify_16", "WRITE AND VERIFY(16)", verify_16),
	MSG(0x8f, "verify_16", "VERIFY(16)", verify_16),
	MSG(0x90, "pre_fetch_16", "PRE-FETCH(16)", cache_16),
	MSG(0x91, "synchronize_cache_16", "SYNCHRONIZE CACHE(16)", cache_16),
	MSG(0x93, "write_same_16", "WRITE SAME(16)", write_same_16),
	MSG(0x9e, "service_action_in_16", "SERVICE ACTION IN(16)", service_in_16),
	MSG(0xa0, "report_luns", "REPORT LUNS", report_luns),
	MSG(0xa1, "ata_12", "ATA PASS-THROUGH(12)", ata_12),
	MSG(0xa2, "security_protocol_in", "SECURITY PROTOCOL IN", security_in),
	MSG(0xa3, "maintenance_in", "MAINTENANCE IN", maintenance_in),
	MSG(0xa4, "maintenance_out", "MAINTENANCE OUT", maintenance_out),
	MSG(0xa8, "read_12", "READ(12)", io_12),
	MSG(0xaa, "write_12", "WRITE(12)", io_12),
	MSG(0xad, "read_dvd_structure", "READ DVD STRUCTURE", read_dvd_structure),
	MSG(0xae, "write_verify_12", "WRITE AND VERIFY(12)", verify_12),
	MSG(0xaf, "verify_12", "VERIFY(12)", verify_12),
	MSG(0xb5, "security_protocol_out", "SECURITY PROTOCOL OUT", security_out),
	MSG(0xbb, "set_cd_speed", "SET CD SPEED", set_cd_speed),
	MSG(0xbd, "mechanism_status", "MECHANISM STATUS", mechanism_status),
	MSG(0xbe, "read_cd", "READ CD", read_cd),
	END_MSGS,
};

const struct vb_proto vb_proto_scsi = {
	.name = "hv_scsi",
	.title = "SCSI command",
	.head = head,
	.msgs = msgs,
	.titled = true,
	.recall_len = 3,
	.help = "A SCSI command descriptor block",
};
