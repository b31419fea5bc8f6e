/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The request to shut down. Layouts: Linux 6.1 include/linux/hyperv.h, struct shutdown_msg_data; the
 * names of the flags as OpenVMM hyperv_ic_protocol has them.
 */
#include "../rows.h"

static const struct vb_name reasons[] = {
	{ 0x80000000, "planned" }, /* Windows SDK, SHTDN_REASON_FLAG_PLANNED */
	END_NAMES,
};

static const struct vb_row flags[] = {
	BITS("force", "Force", 0, 1),
	BITS("restart", "Restart", 1, 1),
	BITS("hibernate", "Hibernate", 2, 1),
	END_ROWS,
};

static const struct vb_row head[] = {
	U32("reason_code", "Reason", .base = VB_HEX, .names = reasons, .summary = VB_SUM_YES),
	U32("timeout_seconds", "Timeout", .help = "Seconds"),
	U32("flags", "Flags", .base = VB_HEX, .bits = flags, .summary = VB_SUM_YES),
	UTF16("display_message", "Message", 2048),
	HIDDEN("unused", "Unused", 0, .len = VB_REST),
	END_ROWS,
};

const struct vb_proto vb_proto_shutdown = {
	.name = "hv_shutdown",
	.title = "Shutdown",
	.head = head,
	.by_class_version = true,
	.help = "The host wants the guest to power off, restart or hibernate",
};
