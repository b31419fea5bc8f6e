/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heartbeat. Layouts: Linux 6.1 include/linux/hyperv.h, struct heartbeat_msg_data, 40 bytes; the
 * application state as OpenVMM hyperv_ic_protocol has it, 16 bytes in all.
 */
#include "../rows.h"

static const struct vb_name states[] = {
	{ 0, "unknown" }, { 1, "healthy" }, { 2, "critical" }, { 3, "stopped" }, END_NAMES,
};

static const struct vb_row head[] = {
	U64("seq_num", "Sequence number", .summary = VB_SUM_YES,
	    .help = "The guest answers with one more"),
	U32("application_state", "Application state", .names = states, .optional = true,
	    .summary = VB_SUM_NONZERO),
	HIDDEN("reserved", "Reserved", 0, .len = VB_REST),
	END_ROWS,
};

const struct vb_proto vb_proto_heartbeat = {
	.name = "hv_heartbeat",
	.title = "Heartbeat",
	.head = head,
	.by_class_version = true,
	.help = "The host asks whether the guest is alive, every other second",
};
