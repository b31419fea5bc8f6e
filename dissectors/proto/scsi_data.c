/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What SCSI commands read and write, outside the ring. It does not say what it is: the command does,
 * of which the packet is, or which it completes.
 *
 * Layouts: T10 SPC-4 (of all devices), SBC-3 (disks), SES-3 (enclosures); MMC-6 (DVDs).
 */
#include "../rows.h"
#include "../scsi_rows.h"

#define LENGTH VB_S_LEN
#define ID_LENGTH VB_S_HEAD

static const struct vb_row head[] = {
	VALUE("command", "Of command", VB_S_TYPE, .base = VB_HEX),
	END_ROWS,
};

#define REST HIDDEN("rest", "Behind it", 0, .len = VB_REST)

static const struct vb_row unknown[] = {
	OPAQUE("data", "Data", .len = VB_REST),
	END_ROWS,
};

/* What is on the disk is nobody's message. */
static const struct vb_row blocks[] = {
	BYTES("data", "Blocks", .len = VB_REST),
	END_ROWS,
};

static const struct vb_row buffer[] = {
	BYTES("data", "Buffer", .len = VB_REST),
	END_ROWS,
};

static const struct vb_row sense[] = {
	PAYLOAD("sense", "Sense data", "hv_sense", .len = VB_REST),
	END_ROWS,
};

/* ---- of all devices ---- */

static const struct vb_row lun[] = {
	BE16("first_level", "First level", .base = VB_HEX, .summary = VB_SUM_YES),
	BE16("second_level", "Second level", .base = VB_HEX),
	BE16("third_level", "Third level", .base = VB_HEX),
	BE16("fourth_level", "Fourth level", .base = VB_HEX),
	END_ROWS,
};

static const struct vb_row report_luns[] = {
	BE32("list_length", "List length", .set = LENGTH),
	PAD("reserved", 4),
	STRUCT("lun", "LUN", lun, .count = VB_REST, .within = LENGTH),
	REST,
	END_ROWS,
};

static const struct vb_row reservation_type[] = {
	BITS("type", "Type", 0, 4),
	BITS("scope", "Scope", 4, 4),
	END_ROWS,
};

static const struct vb_row keys[] = {
	BE64("key", "Key", .count = VB_REST, .base = VB_HEX),
	END_ROWS,
};

static const struct vb_row holder[] = {
	BE64("key", "Key", .base = VB_HEX),
	PAD("obsolete", 4),
	PAD("reserved", 1),
	U8("scope_type", "Scope and type", .base = VB_HEX, .bits = reservation_type),
	PAD("obsolete_2", 2),
	END_ROWS,
};

static const struct vb_row full_status[] = {
	BE64("key", "Key", .base = VB_HEX),
	PAD("reserved", 4),
	U8("flags", "Flags", .base = VB_HEX),
	U8("scope_type", "Scope and type", .base = VB_HEX, .bits = reservation_type),
	PAD("reserved_2", 4),
	BE16("relative_port", "Relative target port"),
	BE32("id_length", "Length of the port's id", .set = ID_LENGTH),
	BYTES("id", "Id of the port", .len = ID_LENGTH),
	END_ROWS,
};

#define RESERVE_LIST                                                                               \
	BE32("generation", "Generation"),                                                          \
		BE32("additional_length", "Additional length", .set = LENGTH)

static const struct vb_row key_list[] = {
	RESERVE_LIST,
	STRUCT("list", "Keys", keys, .within = LENGTH),
	REST,
	END_ROWS,
};

static const struct vb_row reservation_list[] = {
	RESERVE_LIST,
	STRUCT("holder", "Reservation", holder, .count = VB_REST, .within = LENGTH),
	REST,
	END_ROWS,
};

static const struct vb_row status_list[] = {
	RESERVE_LIST,
	STRUCT("registrant", "Registrant", full_status, .count = VB_REST, .within = LENGTH),
	REST,
	END_ROWS,
};

static const struct vb_row capability_bits[] = {
	BITS("ptpl_c", "Persist through power loss", 0, 1),
	BITS("atp_c", "All target ports", 2, 1),
	BITS("sip_c", "Specify initiator ports", 3, 1),
	BITS("crh", "Compatible reservation handling", 4, 1),
	END_ROWS,
};

static const struct vb_row capabilities[] = {
	BE16("length", "Length"),
	U8("flags", "Flags", .base = VB_HEX, .bits = capability_bits),
	U8("flags_2", "Further flags", .base = VB_HEX),
	BE16("types", "Types", .base = VB_HEX),
	PAD("reserved", 2),
	REST,
	END_ROWS,
};

static const struct vb_row reserve_in[] = {
	STRUCT("keys", "Keys", key_list, VB_CDB_BYTE_1(0x1fu, 0u)),
	STRUCT("reservation", "Reservation", reservation_list, VB_CDB_BYTE_1(0x1fu, 1u)),
	STRUCT("capabilities", "Capabilities", capabilities, VB_CDB_BYTE_1(0x1fu, 2u)),
	STRUCT("status", "Full status", status_list, VB_CDB_BYTE_1(0x1fu, 3u)),
	END_ROWS,
};

static const struct vb_row reserve_out_flags[] = {
	BITS("aptpl", "Persists through power loss", 0, 1),
	BITS("all_tg_pt", "All target ports", 2, 1),
	BITS("spec_i_pt", "Specified initiator ports", 3, 1),
	END_ROWS,
};

static const struct vb_row reserve_out[] = {
	BE64("key", "Key", .base = VB_HEX, .summary = VB_SUM_YES),
	BE64("action_key", "Key of the action", .base = VB_HEX, .summary = VB_SUM_YES),
	PAD("obsolete", 4),
	U8("flags", "Flags", .base = VB_HEX, .bits = reserve_out_flags),
	PAD("reserved", 1),
	PAD("obsolete_2", 2),
	REST,
	END_ROWS,
};

static const struct vb_name access_states[] = {
	{ 0x0, "active, optimized" },
	{ 0x1, "active, not optimized" },
	{ 0x2, "standby" },
	{ 0x3, "unavailable" },
	{ 0xe, "offline" },
	{ 0xf, "transitioning" },
	END_NAMES,
};

static const struct vb_row access_state[] = {
	BITS("state", "Access state", 0, 4, .names = access_states, .summary = VB_SUM_NAME),
	BITS("pref", "Preferred", 7, 1),
	END_ROWS,
};

#define N_PORTS VB_S_COUNT

static const struct vb_row port[] = {
	PAD("obsolete", 2),
	BE16("relative_port", "Relative target port"),
	END_ROWS,
};

static const struct vb_row port_group[] = {
	U8("access", "Access", .base = VB_HEX, .bits = access_state),
	U8("supported", "Supported states", .base = VB_HEX),
	BE16("group", "Target port group", .summary = VB_SUM_YES),
	PAD("reserved", 1),
	U8("status_code", "Status code"),
	U8("vendor", "Vendor specific", .base = VB_HEX),
	U8("n_ports", "Ports", .set = N_PORTS),
	STRUCT("port", "Port", port, .count = N_PORTS),
	END_ROWS,
};

static const struct vb_row port_groups[] = {
	BE32("return_length", "Length", .set = LENGTH),
	STRUCT("group", "Target port group", port_group, .count = VB_REST, .within = LENGTH),
	REST,
	END_ROWS,
};

#define HAS_TIMEOUTS VB_S_FLAGS

static const struct vb_row timeouts[] = {
	BE16("length", "Length"),
	PAD("reserved", 1),
	U8("specific", "Command specific", .base = VB_HEX),
	BE32("nominal", "Nominal time", .help = "Seconds"),
	BE32("recommended", "Recommended timeout", .help = "Seconds"),
	END_ROWS,
};

static const struct vb_row operation_flags[] = {
	BITS("servactv", "Has a service action", 0, 1),
	BITS("ctdp", "Has timeouts", 1, 1, .set = HAS_TIMEOUTS),
	END_ROWS,
};

static const struct vb_row operation[] = {
	U8("opcode", "Command", .base = VB_HEX),
	PAD("reserved", 1),
	BE16("service_action", "Service action", .base = VB_HEX),
	PAD("reserved_2", 1),
	U8("flags", "Flags", .base = VB_HEX, .bits = operation_flags),
	BE16("cdb_length", "CDB length"),
	STRUCT("timeouts", "Timeouts", timeouts, .when = HAS_TIMEOUTS, .mask = 1, .equals = 1),
	END_ROWS,
};

static const struct vb_row all_operations[] = {
	BE32("length", "Length", .set = LENGTH),
	STRUCT("operation", "Operation", operation, .count = VB_REST, .within = LENGTH),
	REST,
	END_ROWS,
};

static const struct vb_row one_operation_flags[] = {
	BITS("support", "Support", 0, 3, .summary = VB_SUM_YES),
	BITS("ctdp", "Has timeouts", 7, 1, .set = HAS_TIMEOUTS),
	END_ROWS,
};

static const struct vb_row one_operation[] = {
	PAD("reserved", 1),
	U8("flags", "Flags", .base = VB_HEX, .bits = one_operation_flags),
	BE16("cdb_length", "CDB length", .set = LENGTH),
	BYTES("usage", "Usage of the CDB", .len = LENGTH),
	STRUCT("timeouts", "Timeouts", timeouts, .when = HAS_TIMEOUTS, .mask = 1, .equals = 1),
	REST,
	END_ROWS,
};

#define ASKS_ALL VB_CDB_BYTE_2(0x7u, 0u)
#define ASKS_ONE(v) VB_CDB_BYTE_2(0x7u, v)

static const struct vb_row supported_opcodes[] = {
	STRUCT("all", "All operations", all_operations, ASKS_ALL),
	STRUCT("one", "One operation", one_operation, ASKS_ONE(1u)),
	STRUCT("one_action", "One service action", one_operation, ASKS_ONE(2u)),
	STRUCT("either", "One operation or service action", one_operation, ASKS_ONE(3u)),
	OPAQUE("other", "Rest", .len = VB_REST),
	END_ROWS,
};

static const struct vb_row maintenance_in[] = {
	STRUCT("port_groups", "Target port groups", port_groups,
	       VB_CDB_BYTE_1(0x1fu, VB_SCSI_PORT_GROUPS)),
	STRUCT("opcodes", "Supported operation codes", supported_opcodes,
	       VB_CDB_BYTE_1(0x1fu, VB_SCSI_SUPPORTED_OPCODES)),
	OPAQUE("data", "Data of another action", .len = VB_REST),
	END_ROWS,
};

static const struct vb_row diagnostic[] = {
	U8("page_code", "Page", .base = VB_HEX, .summary = VB_SUM_YES),
	U8("specific", "Page specific", .base = VB_HEX),
	BE16("page_length", "Page length", .set = LENGTH),
	BYTES("data", "Page data", .len = LENGTH),
	REST,
	END_ROWS,
};

/* ---- disks ---- */

static const struct vb_row capacity_10[] = {
	BE32("last_lba", "Last LBA", .summary = VB_SUM_YES),
	BE32("block_length", "Block length", .summary = VB_SUM_YES),
	REST,
	END_ROWS,
};

static const struct vb_row protection[] = {
	BITS("prot_en", "Protection enabled", 0, 1),
	BITS("p_type", "Protection type", 1, 3),
	BITS("rc_basis", "Basis of the last LBA", 4, 2),
	END_ROWS,
};

static const struct vb_row exponents[] = {
	BITS("physical_exponent", "Logical blocks per physical one, exponent", 0, 4),
	BITS("p_i_exponent", "Protection interval exponent", 4, 4),
	END_ROWS,
};

static const struct vb_row provisioning[] = {
	BITS("lowest_aligned", "Lowest aligned LBA", 0, 14),
	BITS("lbprz", "Unmapped blocks read as zeros", 14, 1),
	BITS("lbpme", "Thin provisioning", 15, 1, .summary = VB_SUM_NONZERO),
	END_ROWS,
};

static const struct vb_row capacity_16[] = {
	BE64("last_lba", "Last LBA", .summary = VB_SUM_YES),
	BE32("block_length", "Block length", .summary = VB_SUM_YES),
	U8("protection", "Protection", .base = VB_HEX, .bits = protection, .optional = true),
	U8("exponents", "Exponents", .base = VB_HEX, .bits = exponents, .optional = true),
	BE16("provisioning", "Provisioning", .base = VB_HEX, .bits = provisioning,
	     .optional = true),
	REST,
	END_ROWS,
};

static const struct vb_name block_states[] = {
	{ 0, "mapped or unknown" },
	{ 1, "deallocated" },
	{ 2, "anchored" },
	END_NAMES,
};

static const struct vb_row block_state[] = {
	BITS("state", "State", 0, 4, .names = block_states, .summary = VB_SUM_NAME),
	END_ROWS,
};

static const struct vb_row lba_status[] = {
	BE64("lba", "LBA", .summary = VB_SUM_YES),
	BE32("n_blocks", "Blocks", .summary = VB_SUM_YES),
	U8("provisioning", "Provisioning", .base = VB_HEX, .bits = block_state),
	PAD("reserved", 3),
	END_ROWS,
};

static const struct vb_row lba_statuses[] = {
	BE32("parameter_length", "Parameter data length"),
	PAD("reserved", 4),
	STRUCT("extent", "Extent", lba_status, .count = VB_REST),
	END_ROWS,
};

static const struct vb_row service_in_16[] = {
	STRUCT("capacity", "Capacity", capacity_16, VB_CDB_BYTE_1(0x1fu, VB_SCSI_READ_CAPACITY_16)),
	STRUCT("lba_status", "LBA status", lba_statuses,
	       VB_CDB_BYTE_1(0x1fu, VB_SCSI_GET_LBA_STATUS)),
	OPAQUE("data", "Data of another action", .len = VB_REST),
	END_ROWS,
};

static const struct vb_row extent[] = {
	BE64("lba", "LBA", .summary = VB_SUM_YES),
	BE32("n_blocks", "Blocks", .summary = VB_SUM_YES),
	PAD("reserved", 4),
	END_ROWS,
};

static const struct vb_row unmap[] = {
	BE16("data_length", "Data length"),
	BE16("descriptors_length", "Length of the extents", .set = LENGTH),
	PAD("reserved", 4),
	STRUCT("extent", "Extent", extent, .count = VB_REST, .within = LENGTH),
	REST,
	END_ROWS,
};

static const struct vb_row defects[] = {
	PAD("reserved", 1),
	U8("list", "List", .base = VB_HEX),
	BE16("list_length", "List length", .set = LENGTH),
	BYTES("data", "Defects", .len = LENGTH),
	REST,
	END_ROWS,
};

/* ---- DVDs ---- */

static const struct vb_name capacity_kinds[] = {
	{ 1, "unformatted" },
	{ 2, "formatted" },
	{ 3, "no medium" },
	END_NAMES,
};

static const struct vb_row capacity_kind[] = {
	BITS("kind", "Kind", 0, 2, .names = capacity_kinds),
	END_ROWS,
};

static const struct vb_row format_capacity[] = {
	BE32("n_blocks", "Blocks", .summary = VB_SUM_YES),
	U8("kind", "Kind", .base = VB_HEX, .bits = capacity_kind),
	BE24("block_length", "Block length"),
	END_ROWS,
};

static const struct vb_row format_capacities[] = {
	PAD("reserved", 3),
	U8("list_length", "List length", .set = LENGTH),
	STRUCT("capacity", "Capacity", format_capacity, .count = VB_REST, .within = LENGTH),
	REST,
	END_ROWS,
};

static const struct vb_row toc_track[] = {
	PAD("reserved", 1),
	U8("adr_control", "ADR and control", .base = VB_HEX),
	U8("number", "Track", .summary = VB_SUM_YES),
	PAD("reserved_2", 1),
	BE32("start", "Start address", .summary = VB_SUM_YES),
	END_ROWS,
};

static const struct vb_row toc_tracks[] = {
	STRUCT("track", "Track", toc_track, .count = VB_REST),
	END_ROWS,
};

static const struct vb_row toc_other[] = {
	BYTES("data", "Data of the format", .len = VB_REST),
	END_ROWS,
};

/* The length counts from behind it. */
static const struct vb_row toc[] = {
	BE16("toc_length", "Length"),
	U8("first", "First track or session"),
	U8("last", "Last track or session"),
	STRUCT("tracks", "Tracks", toc_tracks, VB_CDB_BYTE_2(0xfu, 0u)),
	STRUCT("sessions", "Sessions", toc_tracks, VB_CDB_BYTE_2(0xfu, 1u)),
	STRUCT("other", "Another format", toc_other, .optional = true),
	END_ROWS,
};

static const struct vb_row feature[] = {
	BE16("code", "Feature", .base = VB_HEX, .summary = VB_SUM_YES),
	U8("flags", "Flags", .base = VB_HEX),
	U8("additional_length", "Additional length", .set = LENGTH),
	BYTES("data", "Feature data", .len = LENGTH),
	END_ROWS,
};

static const struct vb_row configuration[] = {
	BE32("data_length", "Data length"),
	PAD("reserved", 2),
	BE16("profile", "Current profile", .base = VB_HEX, .summary = VB_SUM_YES),
	STRUCT("feature", "Feature", feature, .count = VB_REST),
	END_ROWS,
};

static const struct vb_row event_status[] = {
	BE16("event_length", "Length"),
	U8("class", "Class", .base = VB_HEX, .summary = VB_SUM_YES),
	U8("supported", "Supported classes", .base = VB_HEX),
	U8("event", "Event", .base = VB_HEX, .optional = true),
	U8("status", "Status", .base = VB_HEX, .optional = true),
	HIDDEN("rest", "Rest of the event", 0, .len = VB_REST),
	END_ROWS,
};

static const struct vb_row disc_information[] = {
	BE16("length", "Length"),
	U8("status", "Status", .base = VB_HEX),
	U8("first_track", "First track"),
	U8("n_sessions", "Sessions"),
	BYTES("data", "Rest of the information", .len = VB_REST),
	END_ROWS,
};

static const struct vb_row track_mode[] = {
	BITS("mode", "Mode", 0, 4),
	BITS("copy", "Copy", 4, 1),
	BITS("damage", "Damage", 5, 1),
	END_ROWS,
};

static const struct vb_row track_data[] = {
	BITS("data_mode", "Data mode", 0, 4), BITS("fp", "Fixed packets", 4, 1),
	BITS("packet", "Packets", 5, 1),      BITS("blank", "Blank", 6, 1),
	BITS("rt", "Reserved", 7, 1),	      END_ROWS,
};

static const struct vb_row track_valid[] = {
	BITS("nwa_v", "Next writable address is valid", 0, 1),
	BITS("lra_v", "Last recorded address is valid", 1, 1),
	END_ROWS,
};

/* Earlier drives end before one of the last. */
#define MAYBE(row, ...) row(__VA_ARGS__, .optional = true)

static const struct vb_row track_information[] = {
	BE16("length", "Length"),
	U8("track", "Track", .summary = VB_SUM_YES),
	U8("session", "Session"),
	PAD("reserved", 1),
	U8("track_mode", "Mode of the track", .base = VB_HEX, .bits = track_mode),
	U8("data_mode", "Mode of the data", .base = VB_HEX, .bits = track_data),
	U8("valid", "What is valid", .base = VB_HEX, .bits = track_valid),
	BE32("start", "Start address", .summary = VB_SUM_YES),
	BE32("next_writable", "Next writable address"),
	BE32("free_blocks", "Free blocks"),
	BE32("packet_size", "Fixed packet size"),
	BE32("size", "Size", .summary = VB_SUM_YES),
	MAYBE(BE32, "last_recorded", "Last recorded address"),
	MAYBE(U8, "track_high", "Track, high byte"),
	MAYBE(U8, "session_high", "Session, high byte"),
	HIDDEN("rest", "Behind it", 0, .len = VB_REST),
	END_ROWS,
};

static const struct vb_row mechanism_status[] = {
	U8("slot", "Fault and current slot", .base = VB_HEX),
	U8("mechanism", "Mechanism", .base = VB_HEX),
	BE24("current_lba", "Current LBA"),
	U8("n_slots", "Slots"),
	BE16("table_length", "Length of the slot tables"),
	REST,
	END_ROWS,
};

static const struct vb_row dvd_structure[] = {
	BE16("length", "Length"),
	PAD("reserved", 2),
	BYTES("data", "Structure", .len = VB_REST),
	END_ROWS,
};

#define BLOCKS(number, name, title) MSG(number, name, title, blocks, .quiet = true)

static const struct vb_msg msgs[] = {
	MSG(0x00, "unknown", "Data of an unknown command", unknown),
	MSG(VB_SCSI_REQUEST_SENSE, "request_sense", "Sense data", sense),
	BLOCKS(VB_SCSI_READ_6, "read_6", "Blocks read"),
	BLOCKS(VB_SCSI_WRITE_6, "write_6", "Blocks to write"),
	MSG(VB_SCSI_INQUIRY, "inquiry", "INQUIRY data", vb_scsi_inquiry),
	MSG(VB_SCSI_MODE_SELECT_6, "mode_select_6", "Mode parameters", vb_scsi_mode_6),
	MSG(VB_SCSI_MODE_SENSE_6, "mode_sense_6", "Mode parameters", vb_scsi_mode_6),
	MSG(0x1c, "receive_diagnostic", "Diagnostic page", diagnostic),
	MSG(0x1d, "send_diagnostic", "Diagnostic page", diagnostic),
	MSG(0x23, "read_format_capacities", "Format capacities", format_capacities),
	MSG(VB_SCSI_READ_CAPACITY_10, "read_capacity_10", "Capacity", capacity_10),
	BLOCKS(VB_SCSI_READ_10, "read_10", "Blocks read"),
	BLOCKS(VB_SCSI_WRITE_10, "write_10", "Blocks to write"),
	BLOCKS(VB_SCSI_WRITE_VERIFY_10, "write_verify_10", "Blocks to write"),
	BLOCKS(VB_SCSI_VERIFY_10, "verify_10", "Blocks to compare with"),
	MSG(0x37, "read_defect_data_10", "Defects", defects),
	MSG(0x3b, "write_buffer", "Buffer", buffer),
	MSG(0x3c, "read_buffer", "Buffer", buffer),
	BLOCKS(VB_SCSI_WRITE_SAME_10, "write_same_10", "Block to write"),
	MSG(VB_SCSI_UNMAP, "unmap", "Extents to unmap", unmap),
	MSG(VB_SCSI_READ_TOC, "read_toc", "Table of contents", toc),
	MSG(VB_SCSI_GET_CONFIGURATION, "get_configuration", "Configuration", configuration),
	MSG(VB_SCSI_GET_EVENT_STATUS, "get_event_status", "Events", event_status),
	MSG(0x4c, "log_select", "Log page", vb_scsi_log),
	MSG(VB_SCSI_LOG_SENSE, "log_sense", "Log page", vb_scsi_log),
	MSG(VB_SCSI_READ_DISC_INFORMATION, "read_disc_information", "Disc information",
	    disc_information),
	MSG(VB_SCSI_READ_TRACK_INFORMATION, "read_track_information", "Track information",
	    track_information),
	MSG(VB_SCSI_MODE_SELECT_10, "mode_select_10", "Mode parameters", vb_scsi_mode_10),
	MSG(VB_SCSI_MODE_SENSE_10, "mode_sense_10", "Mode parameters", vb_scsi_mode_10),
	MSG(VB_SCSI_RESERVE_IN, "persistent_reserve_in", "Reservations", reserve_in),
	MSG(VB_SCSI_RESERVE_OUT, "persistent_reserve_out", "Reservation", reserve_out),
	BLOCKS(VB_SCSI_READ_16, "read_16", "Blocks read"),
	BLOCKS(VB_SCSI_COMPARE_AND_WRITE, "compare_and_write", "Blocks to compare and write"),
	BLOCKS(VB_SCSI_WRITE_16, "write_16", "Blocks to write"),
	BLOCKS(VB_SCSI_WRITE_VERIFY_16, "write_verify_16", "Blocks to write"),
	BLOCKS(VB_SCSI_VERIFY_16, "verify_16", "Blocks to compare with"),
	BLOCKS(VB_SCSI_WRITE_SAME_16, "write_same_16", "Block to write"),
	MSG(VB_SCSI_SERVICE_IN_16, "service_action_in_16", "Capacity or LBA status", service_in_16),
	MSG(VB_SCSI_REPORT_LUNS, "report_luns", "LUNs", report_luns),
	MSG(VB_SCSI_MAINTENANCE_IN, "maintenance_in", "Maintenance data", maintenance_in),
	BLOCKS(VB_SCSI_READ_12, "read_12", "Blocks read"),
	BLOCKS(VB_SCSI_WRITE_12, "write_12", "Blocks to write"),
	MSG(VB_SCSI_READ_DVD_STRUCTURE, "read_dvd_structure", "DVD structure", dvd_structure),
	BLOCKS(VB_SCSI_WRITE_VERIFY_12, "write_verify_12", "Blocks to write"),
	BLOCKS(VB_SCSI_VERIFY_12, "verify_12", "Blocks to compare with"),
	MSG(VB_SCSI_MECHANISM_STATUS, "mechanism_status", "Mechanism status", mechanism_status),
	BLOCKS(0xbe, "read_cd", "Sectors read"),
	END_MSGS,
};

const struct vb_proto vb_proto_scsi_data = {
	.name = "hv_scsi_data",
	.title = "SCSI data",
	.head = head,
	.msgs = msgs,
	.titled = true,
	.as_asked = true,
	.by_request = true,
	.help = "What a SCSI command reads or writes",
};
