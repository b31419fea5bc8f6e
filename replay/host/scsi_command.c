/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which SCSI commands there are, who may have them, and what is looked at before one is done (T10
 * SPC-4, SBC-3; MMC-6).
 */
#include "replay/host/storvsc.h"

#define BOTH (SCSI_DISK | SCSI_DVD)
#define WRITES (SCSI_DISK | SCSI_WRITES)
#define CDB "hv_scsi."

/* Commands of which the second byte says nothing about which they are. */
#define COMMAND(opcode, flags, run, ...)                                                           \
	{                                                                                          \
		(opcode), (flags), 0, 0, (run),                                                    \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define ACTION(opcode, action, flags, run, ...)                                                    \
	{                                                                                          \
		(opcode), (flags), (action), 0x1f, (run),                                          \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
/* Those with blocks all have the same three. */
#define BLOCKS(opcode, name, flags, run)                                                           \
	COMMAND(opcode, (flags) | SCSI_MEDIUM, run, CDB name ".lba", CDB name ".blocks",           \
		CDB name ".flags")
#define BLOCKS_6(opcode, name, flags, run)                                                         \
	COMMAND(opcode, (flags) | SCSI_MEDIUM, run, CDB name ".address.lba", CDB name ".blocks")
#define ROOM(name) CDB name ".allocation_length"
#define LIST(name) CDB name ".parameter_list_length"
#define RESERVE_IN(action)                                                                         \
	ACTION(VB_SCSI_RESERVE_IN, action, SCSI_DISK | SCSI_FREE, vb_unit_reserve_in,              \
	       ROOM("persistent_reserve_in"))
#define RESERVE_OUT(action)                                                                        \
	ACTION(VB_SCSI_RESERVE_OUT, action, SCSI_DISK | SCSI_FREE, vb_unit_reserve_out,            \
	       LIST("persistent_reserve_out"), CDB "persistent_reserve_out.scope_type")

/* The most frequent ones first. */
static const struct vb_unit_command commands[] = {
	BLOCKS(VB_SCSI_READ_10, "read_10", BOTH, vb_unit_read_blocks),
	BLOCKS(VB_SCSI_WRITE_10, "write_10", WRITES, vb_unit_write_blocks),
	BLOCKS(VB_SCSI_READ_16, "read_16", SCSI_DISK, vb_unit_read_blocks),
	BLOCKS(VB_SCSI_WRITE_16, "write_16", WRITES, vb_unit_write_blocks),
	BLOCKS(VB_SCSI_SYNCHRONIZE_CACHE_10, "synchronize_cache_10", WRITES, vb_unit_flush),
	BLOCKS(VB_SCSI_SYNCHRONIZE_CACHE_16, "synchronize_cache_16", WRITES, vb_unit_flush),
	COMMAND(VB_SCSI_UNMAP, WRITES | SCSI_MEDIUM, vb_unit_unmap, LIST("unmap"),
		CDB "unmap.flags"),
	COMMAND(VB_SCSI_TEST_UNIT_READY, BOTH | SCSI_MEDIUM | SCSI_FREE, vb_unit_nothing),
	BLOCKS_6(VB_SCSI_READ_6, "read_6", SCSI_DISK, vb_unit_read_blocks),
	BLOCKS_6(VB_SCSI_WRITE_6, "write_6", WRITES, vb_unit_write_blocks),
	BLOCKS(VB_SCSI_READ_12, "read_12", BOTH, vb_unit_read_blocks),
	BLOCKS(VB_SCSI_WRITE_12, "write_12", WRITES, vb_unit_write_blocks),
	BLOCKS(VB_SCSI_WRITE_VERIFY_10, "write_verify_10", WRITES, vb_unit_write_blocks),
	BLOCKS(VB_SCSI_WRITE_VERIFY_12, "write_verify_12", WRITES, vb_unit_write_blocks),
	BLOCKS(VB_SCSI_WRITE_VERIFY_16, "write_verify_16", WRITES, vb_unit_write_blocks),
	BLOCKS(VB_SCSI_VERIFY_10, "verify_10", BOTH, vb_unit_verify),
	BLOCKS(VB_SCSI_VERIFY_12, "verify_12", SCSI_DISK, vb_unit_verify),
	BLOCKS(VB_SCSI_VERIFY_16, "verify_16", SCSI_DISK, vb_unit_verify),
	BLOCKS(VB_SCSI_COMPARE_AND_WRITE, "compare_and_write", WRITES, vb_unit_compare_and_write),
	BLOCKS(VB_SCSI_PRE_FETCH_10, "pre_fetch_10", SCSI_DISK, vb_unit_prefetch),
	BLOCKS(VB_SCSI_PRE_FETCH_16, "pre_fetch_16", SCSI_DISK, vb_unit_prefetch),
	BLOCKS(VB_SCSI_WRITE_SAME_10, "write_same_10", WRITES, vb_unit_write_same),
	BLOCKS(VB_SCSI_WRITE_SAME_16, "write_same_16", WRITES, vb_unit_write_same),
	COMMAND(VB_SCSI_READ_CAPACITY_10, BOTH | SCSI_MEDIUM | SCSI_FREE, vb_unit_capacity_10),
	ACTION(VB_SCSI_SERVICE_IN_16, VB_SCSI_READ_CAPACITY_16, SCSI_DISK | SCSI_MEDIUM | SCSI_FREE,
	       vb_unit_capacity_16, ROOM("service_action_in_16")),
	ACTION(VB_SCSI_SERVICE_IN_16, VB_SCSI_GET_LBA_STATUS, SCSI_DISK | SCSI_MEDIUM,
	       vb_unit_lba_status, ROOM("service_action_in_16"), CDB "service_action_in_16.lba"),
	COMMAND(VB_SCSI_INQUIRY, BOTH | SCSI_CALM | SCSI_ANY | SCSI_FREE, vb_unit_inquiry,
		ROOM("inquiry"), CDB "inquiry.page_code", CDB "inquiry.flags"),
	COMMAND(VB_SCSI_REPORT_LUNS, BOTH | SCSI_CALM | SCSI_ANY | SCSI_FREE, vb_unit_report_luns,
		ROOM("report_luns"), CDB "report_luns.select_report"),
	COMMAND(VB_SCSI_REQUEST_SENSE, BOTH | SCSI_CALM | SCSI_FREE, vb_unit_request_sense,
		ROOM("request_sense"), CDB "request_sense.flags"),
	ACTION(VB_SCSI_MAINTENANCE_IN, VB_SCSI_SUPPORTED_OPCODES, BOTH | SCSI_CALM | SCSI_FREE,
	       vb_unit_supported_opcodes, ROOM("maintenance_in"), CDB "maintenance_in.options",
	       CDB "maintenance_in.requested_opcode",
	       CDB "maintenance_in.requested_service_action"),
	COMMAND(VB_SCSI_MODE_SENSE_6, BOTH, vb_unit_mode_sense, ROOM("mode_sense_6"),
		CDB "mode_sense_6.page", CDB "mode_sense_6.subpage", CDB "mode_sense_6.flags"),
	COMMAND(VB_SCSI_MODE_SENSE_10, BOTH, vb_unit_mode_sense, ROOM("mode_sense_10"),
		CDB "mode_sense_10.page", CDB "mode_sense_10.subpage", CDB "mode_sense_10.flags"),
	COMMAND(VB_SCSI_MODE_SELECT_6, BOTH | SCSI_WRITES, vb_unit_mode_select,
		LIST("mode_select_6"), CDB "mode_select_6.flags"),
	COMMAND(VB_SCSI_MODE_SELECT_10, BOTH | SCSI_WRITES, vb_unit_mode_select,
		LIST("mode_select_10"), CDB "mode_select_10.flags"),
	COMMAND(VB_SCSI_START_STOP_UNIT, BOTH | SCSI_WRITES, vb_unit_start_stop,
		CDB "start_stop_unit.start_flags"),
	COMMAND(VB_SCSI_PREVENT_REMOVAL, BOTH, vb_unit_prevent_removal,
		CDB "prevent_removal.prevent_flags"),
	/* these of the one guest keep nobody away */
	COMMAND(VB_SCSI_RESERVE_6, BOTH | SCSI_WRITES, vb_unit_nothing),
	COMMAND(VB_SCSI_RELEASE_6, BOTH | SCSI_WRITES, vb_unit_nothing),
	RESERVE_IN(0),
	RESERVE_IN(1),
	RESERVE_IN(2),
	RESERVE_IN(3),
	RESERVE_OUT(0),
	RESERVE_OUT(1),
	RESERVE_OUT(2),
	RESERVE_OUT(3),
	RESERVE_OUT(4),
	RESERVE_OUT(5),
	RESERVE_OUT(6),
	COMMAND(VB_SCSI_LOG_SENSE, SCSI_DISK | SCSI_FREE, vb_unit_log_sense, ROOM("log_sense"),
		CDB "log_sense.page", CDB "log_sense.subpage", CDB "log_sense.flags",
		CDB "log_sense.parameter_pointer"),
	COMMAND(VB_SCSI_READ_TOC, SCSI_DVD | SCSI_MEDIUM, vb_unit_read_toc, ROOM("read_toc"),
		CDB "read_toc.flags", CDB "read_toc.format", CDB "read_toc.track"),
	COMMAND(VB_SCSI_GET_CONFIGURATION, SCSI_DVD | SCSI_CALM, vb_unit_configuration,
		ROOM("get_configuration"), CDB "get_configuration.rt",
		CDB "get_configuration.starting_feature"),
	COMMAND(VB_SCSI_GET_EVENT_STATUS, SCSI_DVD | SCSI_CALM, vb_unit_event_status,
		ROOM("get_event_status"), CDB "get_event_status.class_request",
		CDB "get_event_status.flags"),
	COMMAND(VB_SCSI_READ_DISC_INFORMATION, SCSI_DVD | SCSI_MEDIUM, vb_unit_disc_information,
		ROOM("read_disc_information"), CDB "read_disc_information.data_type"),
	COMMAND(VB_SCSI_READ_DVD_STRUCTURE, SCSI_DVD | SCSI_MEDIUM, vb_unit_dvd_structure,
		ROOM("read_dvd_structure"), CDB "read_dvd_structure.format",
		CDB "read_dvd_structure.layer"),
	COMMAND(VB_SCSI_READ_TRACK_INFORMATION, SCSI_DVD | SCSI_MEDIUM, vb_unit_track_information,
		ROOM("read_track_information"), CDB "read_track_information.address_type",
		CDB "read_track_information.address"),
	COMMAND(VB_SCSI_MECHANISM_STATUS, SCSI_DVD, vb_unit_mechanism_status,
		ROOM("mechanism_status")),
};

const struct vb_unit_command *vb_unit_commands(size_t *ret_n)
{
	*ret_n = sizeof(commands) / sizeof(commands[0]);
	return commands;
}

const struct vb_unit_command *vb_unit_find(uint32_t recalled)
{
	uint8_t opcode = (uint8_t)recalled, second = (uint8_t)(recalled >> 8);

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].opcode == opcode &&
		    (second & commands[i].action_mask) == commands[i].action)
			return &commands[i];
	return NULL;
}

/* The group of an operation code says it (SPC-4 4.2.5.1). */
uint8_t vb_unit_cdb_len(uint8_t opcode)
{
	static const uint8_t lens[8] = { 6, 10, 10, 0, 16, 12, 0, 0 };

	return lens[opcode >> 5];
}

/* ---- before a command is done ---- */

static bool is_for(const struct vb_unit_command *c, const struct vb_storvsc_unit *u)
{
	return c && c->flags & (u->is_dvd ? SCSI_DVD : SCSI_DISK);
}

/* Where the code is known and the action is not, it is the action that is wrong. */
static uint32_t unknown(const struct vb_storvsc_request *r)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].opcode == (uint8_t)r->recalled && is_for(&commands[i], r->unit))
			return SENSE_CDB;
	return SENSE_OPCODE;
}

/* What it fails with before anything is done: sense, 0: nothing. */
static uint32_t wrong(struct vb_storvsc_request *r)
{
	const struct vb_unit_command *c = r->command;
	uint32_t sense;

	if (!c || !(c->flags & SCSI_CALM)) {
		sense = vb_unit_attention(r->unit);
		if (sense)
			return sense;
	}
	if (!is_for(c, r->unit))
		return unknown(r);
	return c->flags & SCSI_MEDIUM && !r->unit->disk ? SENSE_NO_MEDIUM : 0;
}

static void run_absent(struct vb_storvsc_request *r)
{
	if (r->command && r->command->flags & SCSI_ANY)
		r->command->run(r);
	else
		vb_unit_refuse(r, VB_SRB_INVALID_LUN);
}

void vb_unit_run(struct vb_storvsc_request *r)
{
	uint32_t sense;

	r->s->counters.commands++;
	r->unit = vb_storvsc_unit_of(r->s, r);
	if (!r->unit)
		return run_absent(r);
	if (r->unit->n_busy) {
		r->unit->n_busy--;
		return vb_unit_refuse(r, VB_SRB_BUSY);
	}
	if (vb_unit_is_kept_out(r))
		return vb_unit_conflict(r);
	sense = wrong(r);
	if (sense)
		return vb_unit_fail(r, sense);
	r->command->run(r);
}

void vb_unit_nothing(struct vb_storvsc_request *r)
{
	(void)r;
}
