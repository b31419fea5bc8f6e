/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File copy from the host, the "guest service interface". Layouts: Linux 6.1
 * include/uapi/linux/hyperv.h, struct hv_fcopy_hdr and those after it.
 */
#include "../rows.h"

#define DATA_LEN VB_S_LEN

static const struct vb_row head[] = {
	U32("operation", "Operation", .set = VB_S_TYPE),
	GUID("service_id0", "Service id 0"),
	GUID("service_id1", "Service id 1"),
	END_ROWS,
};

static const struct vb_row copy_flags[] = {
	BITS("overwrite", "Overwrite", 0, 1),
	BITS("create_path", "Create the path", 1, 1),
	END_ROWS,
};

#define UNUSED HIDDEN("unused", "Unused", 0, .len = VB_REST)

static const struct vb_row start[] = {
	UTF16("file_name", "File name", 520, .summary = VB_SUM_YES),
	UTF16("path_name", "Path", 520, .summary = VB_SUM_YES),
	U32("copy_flags", "Flags", .base = VB_HEX, .bits = copy_flags, .summary = VB_SUM_NONZERO),
	U64("file_size", "File size", .summary = VB_SUM_YES),
	UNUSED,
	END_ROWS,
};

/* The data may be shorter than the 6144 bytes that every message has for it. */
static const struct vb_row write[] = {
	PAD("reserved", 4),
	U64("offset", "Offset", .summary = VB_SUM_YES),
	U32("data_size", "Bytes of data", .set = DATA_LEN, .max = 6144, .summary = VB_SUM_YES),
	BYTES("data", "Data", .len = DATA_LEN),
	UNUSED,
	END_ROWS,
};

static const struct vb_row none[] = {
	UNUSED,
	END_ROWS,
};

static const struct vb_msg msgs[] = {
	MSG(0, "start", "Start", start),
	MSG(1, "write", "Write", write),
	MSG(2, "complete", "Complete", none),
	MSG(3, "cancel", "Cancel", none),
	END_MSGS,
};

const struct vb_proto vb_proto_fcopy = {
	.name = "hv_fcopy",
	.title = "File copy",
	.head = head,
	.msgs = msgs,
	.by_class_version = true,
	.help = "The host writes a file into the guest",
};
