/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backup: the volume shadow copy service. Layouts: Linux 6.1 include/uapi/linux/hyperv.h, struct
 * hv_vss_*, for the messages that a Linux guest answers; the others as OpenVMM hyperv_ic_protocol
 * has them. Tables of disks have 260 entries, whatever their count is.
 */
#include "../rows.h"
#include "../walk.h"

#define N_LUNS VB_S_COUNT
#define MAX_LUNS 260
#define LUN_LEN 24

static const struct vb_name versions[] = {
	{ 4, "4" }, { 5, "5" }, { 6, "6" }, { 7, "7" }, END_NAMES,
};

static const struct vb_row head[] = {
	U8("operation", "Operation", .set = VB_S_TYPE),
	PAD("reserved", 7),
	END_ROWS,
};

#define UNUSED HIDDEN("unused", "Unused", 0, .len = VB_REST)

static const struct vb_row create[] = {
	GUID("snapshot_set_id", "Snapshot set", .optional = true, .summary = VB_SUM_YES),
	U32("backup_type", "Backup type", .optional = true),
	UNUSED,
	END_ROWS,
};

static const struct vb_row delete[] = {
	GUID("snapshot_set_id", "Snapshot set", .optional = true, .summary = VB_SUM_YES),
	UNUSED,
	END_ROWS,
};

/* Linux 6.1 include/uapi/linux/hyperv.h: VSS_HBU_NO_AUTO_RECOVERY is 5, both bits. */
static const struct vb_name backup_flags[] = {
	{ 5, "no auto recovery" },
	END_NAMES,
};

static const struct vb_row check[] = {
	U32("flags", "Flags", .base = VB_HEX, .names = backup_flags, .optional = true,
	    .summary = VB_SUM_NONZERO),
	UNUSED,
	END_ROWS,
};

static const struct vb_row short_form[] = {
	U32("flags", "Flags", .base = VB_HEX, .optional = true, .summary = VB_SUM_NONZERO),
	UNUSED,
	END_ROWS,
};

/* ---- tables of disks ---- */

static const struct vb_row lun[] = {
	U8("bus_type", "Bus"),
	PAD("reserved", 3),
	GUID("controller", "Controller"),
	U8("port", "Port"),
	U8("target", "Target"),
	U8("lun", "LUN"),
	PAD("reserved2", 1),
	END_ROWS,
};

static uint64_t n_luns(const struct vb_scope *sc)
{
	uint64_t n = vb_slot(sc, N_LUNS);

	return n < MAX_LUNS ? n : MAX_LUNS;
}

static uint64_t luns_unused(const struct vb_scope *sc)
{
	return LUN_LEN * (MAX_LUNS - n_luns(sc));
}

static uint64_t status_unused(const struct vb_scope *sc)
{
	return 4 * (MAX_LUNS - n_luns(sc));
}

#define LUN_COUNT U32("lun_count", "Disks", .set = N_LUNS, .max = MAX_LUNS, .summary = VB_SUM_YES)
#define LUNS(n, t)                                                                                 \
	STRUCT(n, t, lun, .calc = n_luns),                                                         \
		HIDDEN(n "_unused", "Unused entries", 0, .calc = luns_unused)
#define TYPE_AND_FLAGS                                                                             \
	U32("backup_type", "Backup type", .summary = VB_SUM_YES),                                  \
		U32("flags", "Flags", .base = VB_HEX, .summary = VB_SUM_NONZERO)

static const struct vb_row freeze[] = {
	TYPE_AND_FLAGS, LUN_COUNT, LUNS("luns", "Disk"), UNUSED, END_ROWS,
};

static const struct vb_row auto_recover[] = {
	TYPE_AND_FLAGS, LUN_COUNT, LUNS("luns", "Disk"), LUNS("shadow_luns", "Shadow copy"),
	UNUSED,		END_ROWS,
};

static const struct vb_row cluster[] = {
	GUID("cluster_id", "Cluster", .summary = VB_SUM_YES),
	U32("cluster_size", "Nodes of the cluster", .summary = VB_SUM_YES),
	LUN_COUNT,
	LUNS("shared_luns", "Shared disk"),
	U32("shared_lun_status", "Status of a shared disk", .calc = n_luns, .base = VB_HEX),
	HIDDEN("shared_lun_status_unused", "Unused entries", 0, .calc = status_unused),
	U64("last_move_time", "Last move", .optional = true),
	UNUSED,
	END_ROWS,
};

/* A message with a table is known by its length: bytes up to the table's count. */
#define TABLE_FROM 20

static const struct vb_msg msgs[] = {
	MSG(0, "create", "Create", create),
	MSG(1, "delete", "Delete", delete),
	MSG(2, "hot_backup", "Check hot backup", check),
	MSG(3, "get_dm_info", "Get direct-mapped devices", check),
	MSG(4, "bu_complete", "Backup complete", short_form),
	MSG(5, "freeze", "Freeze", freeze, .min_len = TABLE_FROM),
	MSG(5, "freeze_short", "Freeze, without disks", short_form),
	MSG(6, "thaw", "Thaw", short_form),
	MSG(7, "auto_recover", "Auto-recover", auto_recover, .min_len = TABLE_FROM),
	MSG(7, "auto_recover_short", "Auto-recover, without disks", short_form),
	MSG(8, "query_cluster", "Query guest cluster", cluster),
	END_MSGS,
};

const struct vb_proto vb_proto_vss = {
	.name = "hv_vss",
	.title = "Backup",
	.head = head,
	.msgs = msgs,
	.by_class_version = true,
	.versions = versions,
	.help = "The host takes a snapshot, and the guest holds its file systems still",
};
