/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time synchronization. Layouts: Linux 6.1 include/linux/hyperv.h, struct ictimesync_data up to
 * version 3, struct ictimesync_ref_data from version 4 on.
 */
#include "../rows.h"

static const struct vb_name versions[] = {
	{ 1, "1" },
	{ 3, "3" },
	{ 4, "4" },
	END_NAMES,
};

static const struct vb_name kinds[] = {
	{ 0, "probe" },
	{ 1, "sync" },
	{ 2, "sample" },
	END_NAMES,
};

#define V4 .since = 4
#define BEFORE_V4 .until = 4

static const struct vb_row head[] = {
	U64("parent_time", "Host's time", .base = VB_FILETIME, .summary = VB_SUM_YES),
	U64("child_time", "Guest's time", .base = VB_FILETIME, BEFORE_V4),
	U64("round_trip_time", "Round trip time", .help = "Units of 100 ns", BEFORE_V4),
	U64("vm_reference_time", "VM reference time", .help = "Units of 100 ns, at the host's time",
	    V4),
	U8("flags", "Flags", .names = kinds, .summary = VB_SUM_NAME),
	U8("leap_flags", "Leap flags", .base = VB_HEX, V4),
	U8("stratum", "Stratum", V4),
	HIDDEN("reserved", "Reserved", 0, .len = VB_REST),
	END_ROWS,
};

const struct vb_proto vb_proto_timesync = {
	.name = "hv_timesync",
	.title = "Time synchronization",
	.head = head,
	.by_class_version = true,
	.versions = versions,
	.help = "The host tells the guest what time it is",
};
