/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Storage: SCSI and Fibre Channel controllers, and disks of the IDE controller.
 *
 * Layouts: Linux 6.1 drivers/scsi/storvsc_drv.c, struct vstor_packet and those in it. What a
 * completion holds, the operation of its request says. Codes that Linux has no names for: the
 * Windows driver kit's srb.h and ntstatus.h, by their documentation.
 */
#include "../rows.h"
#include "../storage.h"
#include "../walk.h"

#define CDB_LEN VB_S_LEN
#define SENSE_LEN VB_S_HEAD
#define SRB_CODE VB_STORVSC_SRB_CODE
#define HAS_SENSE VB_S_B

#define AREA 20u /* bytes for the CDB, or for sense data */

static const struct vb_name versions[] = {
	{ VB_STORVSC_WIN6, "Win6" },	 { VB_STORVSC_WIN7, "Win7" },	{ VB_STORVSC_WIN8, "Win8" },
	{ VB_STORVSC_WIN8_1, "Win8.1" }, { VB_STORVSC_WIN10, "Win10" }, END_NAMES,
};

static const struct vb_name statuses[] = {
	{ VB_STORVSC_STATUS_SUCCESS, "success" },
	{ VB_STORVSC_STATUS_OVERFLOW, "buffer overflow" },
	{ VB_STORVSC_STATUS_BUSY, "device busy" },
	{ 0xc0000001, "unsuccessful" },
	{ VB_STORVSC_STATUS_INVALID_PARAMETER, "invalid parameter" },
	{ VB_STORVSC_STATUS_INVALID_REQUEST, "invalid device request" },
	{ VB_STORVSC_STATUS_REVISION, "revision mismatch" },
	{ 0xc000009d, "device not connected" },
	{ 0xc00000b5, "I/O timeout" },
	{ VB_STORVSC_STATUS_NO_DEVICE, "no such device" },
	{ VB_STORVSC_STATUS_CANCELLED, "cancelled" },
	{ VB_STORVSC_STATUS_INVALID_STATE, "invalid device state" },
	{ VB_STORVSC_STATUS_IO_ERROR, "I/O device error" },
	END_NAMES,
};

static const struct vb_row flags[] = {
	BITS("request_completion", "Completion requested", 0, 1),
	END_ROWS,
};

static const struct vb_row head[] = {
	U32("operation", "Operation", .set = VB_S_TYPE),
	U32("flags", "Flags", .base = VB_HEX, .bits = flags),
	U32("status", "Status", .base = VB_HEX, .names = statuses, .set = VB_S_STATUS,
	    .summary = VB_SUM_NONZERO, .help = "NTSTATUS; in completions only"),
	END_ROWS,
};

/* ---- requests of SCSI ---- */

static const struct vb_name srb_codes[] = {
	{ 0x00, "pending" },
	{ VB_SRB_SUCCESS, "success" },
	{ VB_SRB_ABORTED, "aborted" },
	{ 0x03, "abort failed" },
	{ VB_SRB_ERROR, "error" },
	{ VB_SRB_BUSY, "busy" },
	{ VB_SRB_INVALID_REQUEST, "invalid request" },
	{ 0x07, "invalid path id" },
	{ 0x08, "no device" },
	{ 0x09, "timeout" },
	{ 0x0a, "selection timeout" },
	{ 0x0b, "command timeout" },
	{ 0x0d, "message rejected" },
	{ 0x0e, "bus reset" },
	{ 0x0f, "parity error" },
	{ 0x10, "request sense failed" },
	{ 0x11, "no HBA" },
	{ VB_SRB_DATA_OVERRUN, "data overrun" },
	{ 0x13, "unexpected bus free" },
	{ 0x14, "phase sequence failure" },
	{ 0x15, "bad SRB block length" },
	{ 0x16, "request flushed" },
	{ VB_SRB_INVALID_LUN, "invalid LUN" },
	{ 0x21, "invalid target id" },
	{ 0x22, "bad function" },
	{ 0x23, "error recovery" },
	{ 0x24, "not powered" },
	{ 0x25, "link down" },
	{ 0x30, "internal error" },
	END_NAMES,
};

#define SRB_STATUS(how)                                                                            \
	BITS("code", "Code", 0, 6, .names = srb_codes, .set = SRB_CODE, .summary = (how)),         \
		BITS("queue_frozen", "Queue frozen", 6, 1, .summary = VB_SUM_NONZERO),             \
		BITS("autosense_valid", "Autosense valid", 7, 1, .set = HAS_SENSE), END_ROWS

/* Of a request it says nothing. */
static const struct vb_row srb_status[] = {
	SRB_STATUS(VB_SUM_NONZERO),
};

static const struct vb_row srb_status_done[] = {
	SRB_STATUS(VB_SUM_NAME),
};

static const struct vb_name scsi_statuses[] = {
	{ VB_SCSI_GOOD, "good" },
	{ VB_SCSI_CHECK_CONDITION, "check condition" },
	{ 0x04, "condition met" },
	{ VB_SCSI_BUSY, "busy" },
	{ VB_SCSI_CONFLICT, "reservation conflict" },
	{ 0x28, "task set full" },
	{ 0x30, "ACA active" },
	{ 0x40, "task aborted" },
	END_NAMES,
};

static const struct vb_name directions[] = {
	{ VB_STORVSC_WRITE, "write" },
	{ VB_STORVSC_READ, "read" },
	{ VB_STORVSC_UNKNOWN, "unknown" },
	END_NAMES,
};

static const struct vb_row srb_flags[] = {
	BITS("queue_action_enable", "Queue action enable", 1, 1),
	BITS("disable_disconnect", "Disable disconnect", 2, 1),
	BITS("disable_synch_transfer", "Disable synchronous transfer", 3, 1),
	BITS("bypass_frozen_queue", "Bypass frozen queue", 4, 1),
	BITS("disable_autosense", "Disable autosense", 5, 1),
	BITS("data_in", "Data in", 6, 1),
	BITS("data_out", "Data out", 7, 1),
	BITS("no_queue_freeze", "No queue freeze", 8, 1),
	BITS("adapter_cache_enable", "Adapter cache enable", 9, 1),
	BITS("free_sense_buffer", "Free sense buffer", 10, 1),
	BITS("d3_processing", "D3 processing", 11, 1),
	BITS("is_active", "Is active", 16, 1),
	BITS("allocated_from_zone", "Allocated from zone", 17, 1),
	BITS("sglist_from_pool", "Scatter list from pool", 18, 1),
	BITS("bypass_locked_queue", "Bypass locked queue", 19, 1),
	BITS("no_keep_awake", "No keep-awake", 20, 1),
	BITS("port_driver_allocsense", "Port driver allocates sense", 21, 1),
	BITS("port_driver_sensehasport", "Sense has port", 22, 1),
	BITS("dont_start_next_packet", "Do not start the next packet", 23, 1),
	BITS("port_driver_reserved", "Port driver reserved", 24, 4),
	BITS("class_driver_reserved", "Class driver reserved", 28, 4),
	END_ROWS,
};

static uint64_t cdb_bytes(const struct vb_scope *sc)
{
	uint64_t n = vb_slot(sc, CDB_LEN);

	return n < AREA ? n : AREA;
}

static uint64_t behind_cdb(const struct vb_scope *sc)
{
	return AREA - cdb_bytes(sc);
}

static uint64_t sense_bytes(const struct vb_scope *sc)
{
	uint64_t n = vb_slot(sc, SENSE_LEN);

	return !vb_slot(sc, HAS_SENSE) ? 0 : n < AREA ? n : AREA;
}

static uint64_t behind_sense(const struct vb_scope *sc)
{
	return AREA - sense_bytes(sc);
}

/* Who it is for, and how much data it has: the packet says that of a request, too. */
#define SRB_HEAD(status, lun, transferred)                                                         \
	U16("length", "Length"), U8("srb_status", "SRB status", .base = VB_HEX, .bits = (status)), \
		U8("scsi_status", "SCSI status", .base = VB_HEX, .names = scsi_statuses,           \
		   .summary = VB_SUM_NONZERO),                                                     \
		U8("port_number", "Port"), U8("path_id", "Path", .summary = VB_SUM_NONZERO),       \
		U8("target_id", "Target", .summary = VB_SUM_NONZERO),                              \
		U8("lun", "LUN", .summary = (lun)),                                                \
		U8("cdb_length", "CDB length", .set = CDB_LEN, .max = 16),                         \
		U8("sense_info_length", "Sense length", .set = SENSE_LEN),                         \
		U8("data_in", "Direction", .names = directions), PAD("reserved", 1),               \
		U32("data_transfer_length", "Data length", .summary = (transferred))

#define WIN8(row, ...) row(__VA_ARGS__, .since = VB_STORVSC_WIN8, .optional = true)

/* Since Windows 8. */
#define SRB_TAIL                                                                                   \
	WIN8(PAD, "reserved_2", 2), WIN8(U8, "queue_tag", "Queue tag", .base = VB_HEX),            \
		WIN8(U8, "queue_action", "Queue action", .base = VB_HEX),                          \
		WIN8(U32, "srb_flags", "SRB flags", .base = VB_HEX, .bits = srb_flags),            \
		WIN8(U32, "time_out_value", "Timeout", .help = "Seconds"),                         \
		WIN8(U32, "queue_sort_key", "Queue sort key")

static const struct vb_row srb[] = {
	SRB_HEAD(srb_status, VB_SUM_YES, VB_SUM_NO),
	PAYLOAD("cdb", "CDB", "hv_scsi", .calc = cdb_bytes),
	HIDDEN("cdb_unused", "Behind the CDB", 0, .calc = behind_cdb),
	SRB_TAIL,
	END_ROWS,
};

/* Where there is no sense data, the CDB may still be there. */
static const struct vb_row srb_done[] = {
	SRB_HEAD(srb_status_done, VB_SUM_YES, VB_SUM_NONZERO),
	PAYLOAD("sense", "Sense data", "hv_sense", .calc = sense_bytes),
	HIDDEN("sense_unused", "Behind the sense data", 0, .calc = behind_sense),
	SRB_TAIL,
	END_ROWS,
};

/* Linux fills in nothing of a reset but its path, and that in later versions only. */
static const struct vb_row reset[] = {
	SRB_HEAD(srb_status, VB_SUM_NONZERO, VB_SUM_NONZERO),
	HIDDEN("unused", "CDB or sense data", AREA),
	SRB_TAIL,
	END_ROWS,
};

/* ---- the other operations ---- */

#define UNUSED HIDDEN("unused", "Unused", 0, .len = VB_REST)

static const struct vb_row unused[] = {
	UNUSED,
	END_ROWS,
};

static const struct vb_row version[] = {
	U16("major_minor", "Version", .base = VB_HEX, .names = versions, .set = VB_S_VERSION,
	    .summary = VB_SUM_NAME),
	U16("revision", "Revision"),
	UNUSED,
	END_ROWS,
};

/* The version stands there still, or not. */
static const struct vb_row version_done[] = {
	U16("major_minor", "Version", .base = VB_HEX, .names = versions),
	U16("revision", "Revision"),
	UNUSED,
	END_ROWS,
};

static const struct vb_row property_flags[] = {
	BITS("multi_channel", "Multi-channel", 0, 1),
	END_ROWS,
};

static const struct vb_row properties[] = {
	PAD("reserved", 4),
	U16("max_channel_cnt", "Most sub-channels", .summary = VB_SUM_YES),
	PAD("reserved_2", 2),
	U32("flags", "Flags", .base = VB_HEX, .bits = property_flags),
	U32("max_transfer_bytes", "Most bytes of a transfer", .summary = VB_SUM_YES),
	PAD("reserved_3", 8),
	UNUSED,
	END_ROWS,
};

static const struct vb_row fc_data[] = {
	U8("primary_active", "Primary active"),
	PAD("reserved", 3),
	BE64("primary_port_wwn", "Primary port", .base = VB_HEX, .summary = VB_SUM_YES),
	BE64("primary_node_wwn", "Primary node", .base = VB_HEX),
	BE64("secondary_port_wwn", "Secondary port", .base = VB_HEX),
	BE64("secondary_node_wwn", "Secondary node", .base = VB_HEX),
	UNUSED,
	END_ROWS,
};

static const struct vb_row sub_channels[] = {
	U16("sub_channel_count", "Sub-channels", .summary = VB_SUM_YES),
	UNUSED,
	END_ROWS,
};

static const struct vb_row event[] = {
	U8("lun", "LUN", .summary = VB_SUM_YES),
	U8("target", "Target"),
	U8("path", "Path"),
	U8("flags", "Flags", .base = VB_HEX),
	UNUSED,
	END_ROWS,
};

static const struct vb_row unknown[] = {
	OPAQUE("data", "Data", .len = VB_REST),
	END_ROWS,
};

#define ASKED(number, name, title, rows, ...)                                                      \
	MSG(number, name, title, rows, .from = VB_TO_HOST, ##__VA_ARGS__)
#define DONE(of, name, title, rows, ...)                                                           \
	MSG(VB_STORVSC_COMPLETE_IO, name, title, rows, .from = VB_TO_GUEST, .reply_to = (of),      \
	    ##__VA_ARGS__)
/* Bytes that mean nothing, as the request has them. */
#define DONE_PLAIN(of, name, title) DONE(of, name, title, unused, .status = VB_S_STATUS)

static const struct vb_msg msgs[] = {
	DONE(VB_STORVSC_EXECUTE_SRB, "execute_srb_complete", "SCSI request completed", srb_done,
	     .outside = "hv_scsi_data"),
	DONE(VB_STORVSC_RESET_LUN, "reset_lun_complete", "LUN reset", reset, .status = VB_S_STATUS),
	DONE(VB_STORVSC_RESET_ADAPTER, "reset_adapter_complete", "Adapter reset", reset,
	     .status = VB_S_STATUS),
	DONE(VB_STORVSC_RESET_BUS, "reset_bus_complete", "Bus reset", reset, .status = VB_S_STATUS),
	DONE_PLAIN(VB_STORVSC_BEGIN_INIT, "begin_initialization_complete", "Initialization begun"),
	DONE_PLAIN(VB_STORVSC_END_INIT, "end_initialization_complete", "Initialization ended"),
	DONE(VB_STORVSC_QUERY_VERSION, "query_protocol_version_complete", "Version answer",
	     version_done, .accepts_if = VB_S_STATUS, .accepts_zero = true),
	DONE(VB_STORVSC_QUERY_PROPERTIES, "query_properties_complete", "Properties", properties,
	     .status = VB_S_STATUS),
	DONE(VB_STORVSC_FC_DATA, "fchba_data_complete", "Fibre Channel names", fc_data,
	     .status = VB_S_STATUS),
	DONE_PLAIN(VB_STORVSC_CREATE_SUB_CHANNELS, "create_sub_channels_complete",
		   "Sub-channels granted"),
	MSG(VB_STORVSC_COMPLETE_IO, "complete_io", "Completion of an unknown request", unknown,
	    .from = VB_TO_GUEST, .outside = "hv_scsi_data"),
	MSG(VB_STORVSC_REMOVE_DEVICE, "remove_device", "Remove device", unused,
	    .from = VB_TO_GUEST),
	ASKED(VB_STORVSC_EXECUTE_SRB, "execute_srb", "SCSI request", srb,
	      .outside = "hv_scsi_data"),
	ASKED(VB_STORVSC_RESET_LUN, "reset_lun", "Reset LUN", reset),
	ASKED(VB_STORVSC_RESET_ADAPTER, "reset_adapter", "Reset adapter", reset),
	ASKED(VB_STORVSC_RESET_BUS, "reset_bus", "Reset bus", reset),
	ASKED(VB_STORVSC_BEGIN_INIT, "begin_initialization", "Begin initialization", unused),
	ASKED(VB_STORVSC_END_INIT, "end_initialization", "End initialization", unused),
	ASKED(VB_STORVSC_QUERY_VERSION, "query_protocol_version", "Version request", version,
	      .proposes = true),
	ASKED(VB_STORVSC_QUERY_PROPERTIES, "query_properties", "Properties request", unused),
	MSG(VB_STORVSC_ENUMERATE_BUS, "enumerate_bus", "Enumerate bus", unused,
	    .from = VB_TO_GUEST),
	ASKED(VB_STORVSC_FC_DATA, "fchba_data", "Fibre Channel names request", unused),
	ASKED(VB_STORVSC_CREATE_SUB_CHANNELS, "create_sub_channels", "Create sub-channels",
	      sub_channels),
	MSG(VB_STORVSC_EVENT, "event_notification", "Event", event, .from = VB_TO_GUEST),
	END_MSGS,
};

const struct vb_proto vb_proto_storvsc = {
	.name = "hv_storvsc",
	.title = "Storage",
	.head = head,
	.msgs = msgs,
	.titled = true,
	.recall_len = 1,
	.recall_shift = VB_STORVSC_RECALL_SHIFT,
	.by_class_version = true,
	.versions = versions,
	.help = "Requests of storage controllers, and their completions",
};
