/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameters of MODE SENSE and MODE SELECT.
 *
 * Layouts: T10 SPC-4 7.5; pages 0x01, 0x08: SBC-3 6.4; 0x0f, 0x10, 0x11: SSC-4; 0x2a: MMC-6 and those
 * before it.
 */
#include "../rows.h"
#include "../scsi_rows.h"

#define BLOCK_DESCRIPTORS VB_S_HEAD
#define CODE VB_S_A
#define SUBPAGE_FORMAT VB_S_B
#define LENGTH VB_S_LEN

static const struct vb_row recovery_flags[] = {
	BITS("dcr", "Disable correction", 0, 1),
	BITS("dte", "Disable transfer on error", 1, 1),
	BITS("per", "Post error", 2, 1),
	BITS("eer", "Enable early recovery", 3, 1),
	BITS("rc", "Read continuous", 4, 1),
	BITS("tb", "Transfer block", 5, 1),
	BITS("arre", "Automatic read reallocation", 6, 1),
	BITS("awre", "Automatic write reallocation", 7, 1),
	END_ROWS,
};

static const struct vb_row recovery[] = {
	U8("flags", "Flags", .base = VB_HEX, .bits = recovery_flags),
	U8("read_retries", "Read retries"),
	PAD("obsolete", 3, .optional = true),
	U8("flags_2", "Further flags", .base = VB_HEX, .optional = true),
	U8("write_retries", "Write retries", .optional = true),
	PAD("reserved", 1, .optional = true),
	BE16("time_limit", "Recovery time limit", .optional = true, .help = "Milliseconds"),
	END_ROWS,
};

static const struct vb_row reconnect[] = {
	U8("buffer_full_ratio", "Buffer full ratio"),
	U8("buffer_empty_ratio", "Buffer empty ratio"),
	BE16("bus_inactivity_limit", "Bus inactivity limit"),
	BE16("disconnect_limit", "Disconnect time limit"),
	BE16("connect_limit", "Connect time limit"),
	BE16("max_burst", "Most bytes of a burst", .help = "In units of 512 bytes"),
	U8("flags", "Flags", .base = VB_HEX, .optional = true),
	PAD("reserved", 1, .optional = true),
	BE16("first_burst", "First burst", .optional = true),
	END_ROWS,
};

static const struct vb_row cache_flags[] = {
	BITS("rcd", "Read cache disabled", 0, 1, .summary = VB_SUM_NONZERO),
	BITS("mf", "Multiplication factor", 1, 1),
	BITS("wce", "Write cache enabled", 2, 1, .summary = VB_SUM_YES),
	BITS("size", "Size enabled", 3, 1),
	BITS("disc", "Discontinuity", 4, 1),
	BITS("cap", "Caching analysis permitted", 5, 1),
	BITS("abpf", "Abort prefetch", 6, 1),
	BITS("ic", "Initiator control", 7, 1),
	END_ROWS,
};

static const struct vb_row caching[] = {
	U8("flags", "Flags", .base = VB_HEX, .bits = cache_flags),
	U8("retention", "Retention priorities", .base = VB_HEX),
	BE16("disable_prefetch", "Disable prefetch above"),
	BE16("min_prefetch", "Least prefetch"),
	BE16("max_prefetch", "Most prefetch"),
	BE16("prefetch_ceiling", "Prefetch ceiling"),
	U8("flags_2", "Further flags", .base = VB_HEX, .optional = true),
	U8("n_segments", "Cache segments", .optional = true),
	BE16("segment_size", "Cache segment size", .optional = true),
	PAD("reserved", 4, .optional = true),
	END_ROWS,
};

static const struct vb_row control_flags[] = {
	BITS("rlec", "Report log exception", 0, 1),
	BITS("gltsd", "Global logging targets saving disabled", 1, 1),
	BITS("d_sense", "Descriptor sense", 2, 1),
	BITS("dpicz", "Disable protection check of zeros", 3, 1),
	BITS("tmf_only", "Task management only", 4, 1),
	BITS("tst", "Task set type", 5, 3),
	END_ROWS,
};

static const struct vb_row control[] = {
	U8("flags", "Flags", .base = VB_HEX, .bits = control_flags),
	U8("queue", "Queue algorithm", .base = VB_HEX),
	U8("access", "Access and attention", .base = VB_HEX),
	U8("autoload", "Autoload and aborts", .base = VB_HEX),
	PAD("reserved", 2),
	BE16("busy_timeout", "Busy timeout", .optional = true, .help = "100 ms"),
	BE16("self_test_time", "Extended self-test time", .optional = true, .help = "Seconds"),
	END_ROWS,
};

static const struct vb_row compression_flags[] = {
	BITS("dcc", "Compression capable", 6, 1),
	BITS("dce", "Compression enabled", 7, 1),
	END_ROWS,
};

static const struct vb_row compression[] = {
	U8("flags", "Flags", .base = VB_HEX, .bits = compression_flags),
	U8("exception", "Decompression and exceptions", .base = VB_HEX),
	BE32("compress_algorithm", "Compression algorithm"),
	BE32("decompress_algorithm", "Decompression algorithm"),
	PAD("reserved", 4),
	END_ROWS,
};

static const struct vb_row device_configuration[] = {
	U8("active_format", "Active format", .base = VB_HEX),
	U8("active_partition", "Active partition"),
	U8("write_full_ratio", "Write buffer full ratio"),
	U8("read_empty_ratio", "Read buffer empty ratio"),
	BE16("write_delay", "Write delay time", .help = "100 ms"),
	U8("flags", "Flags", .base = VB_HEX),
	U8("gap_size", "Gap size"),
	U8("flags_2", "Further flags", .base = VB_HEX),
	BE24("early_warning", "Buffer size at early warning"),
	U8("compression", "Selected compression"),
	U8("flags_3", "Protection flags", .base = VB_HEX),
	END_ROWS,
};

static const struct vb_row power_condition[] = {
	U8("flags", "Flags", .base = VB_HEX),
	U8("enabled", "Timers enabled", .base = VB_HEX),
	BE32("idle_a_timer", "Idle timer", .optional = true, .help = "100 ms"),
	BE32("standby_z_timer", "Standby timer", .optional = true, .help = "100 ms"),
	END_ROWS,
};

static const struct vb_row exceptions_flags[] = {
	BITS("logerr", "Log errors", 0, 1),
	BITS("ebackerr", "Background errors", 1, 1),
	BITS("test", "Test", 2, 1),
	BITS("dexcpt", "Disable exceptions", 3, 1),
	BITS("ewasc", "Enable warnings", 4, 1),
	BITS("ebf", "Background functions", 5, 1),
	BITS("perf", "Performance", 7, 1),
	END_ROWS,
};

static const struct vb_row exceptions[] = {
	U8("flags", "Flags", .base = VB_HEX, .bits = exceptions_flags),
	U8("mrie", "Method of reporting"),
	BE32("interval", "Interval", .help = "100 ms"),
	BE32("report_count", "Report count"),
	END_ROWS,
};

static const struct vb_row capabilities[] = {
	U8("read", "Read capabilities", .base = VB_HEX),
	U8("write", "Write capabilities", .base = VB_HEX),
	U8("audio", "Audio and modes", .base = VB_HEX),
	U8("cd", "CD features", .base = VB_HEX),
	U8("mechanism", "Loading mechanism", .base = VB_HEX),
	U8("volume", "Volume and side features", .base = VB_HEX),
	BE16("max_read_speed", "Highest read speed", .optional = true, .help = "kB/s"),
	BE16("volume_levels", "Volume levels", .optional = true),
	BE16("buffer_size", "Buffer size", .optional = true, .help = "KiB"),
	BE16("read_speed", "Read speed", .optional = true, .help = "kB/s"),
	HIDDEN("further", "Further bytes", 0, .len = VB_REST),
	END_ROWS,
};

#define CODE_IS(number, name, title, rows)                                                         \
	STRUCT(name, title, rows, .when = CODE, .mask = 0xff, .equals = (number))

/* Subpages have the number of the page in the bits above. */
static const struct vb_row page_body[] = {
	CODE_IS(0x01, "recovery", "Read-write error recovery", recovery),
	CODE_IS(0x02, "reconnect", "Disconnect-reconnect", reconnect),
	CODE_IS(0x08, "caching", "Caching", caching),
	CODE_IS(0x0a, "control", "Control", control),
	CODE_IS(0x0f, "compression", "Data compression", compression),
	CODE_IS(0x10, "configuration", "Device configuration", device_configuration),
	CODE_IS(0x1a, "power", "Power condition", power_condition),
	CODE_IS(0x1c, "exceptions", "Informational exceptions", exceptions),
	CODE_IS(0x2a, "capabilities", "CD and DVD capabilities", capabilities),
	OPAQUE("rest", "Rest", .len = VB_REST),
	END_ROWS,
};

static const struct vb_row subpage_body[] = {
	OPAQUE("bytes", "Parameters", .len = VB_REST),
	END_ROWS,
};

const struct vb_name vb_scsi_mode_pages[] = {
	{ 0x01, "read-write error recovery" },
	{ 0x02, "disconnect-reconnect" },
	{ 0x05, "write parameters" },
	{ 0x07, "verify error recovery" },
	{ 0x08, "caching" },
	{ 0x0a, "control" },
	{ 0x0d, "CD device parameters" },
	{ 0x0f, "data compression" },
	{ 0x10, "device configuration" },
	{ 0x11, "medium partition" },
	{ 0x18, "protocol specific LU" },
	{ 0x19, "protocol specific port" },
	{ 0x1a, "power condition" },
	{ 0x1c, "informational exceptions" },
	{ 0x1d, "timeout and protect" },
	{ 0x2a, "CD and DVD capabilities" },
	{ 0x3f, "all pages" },
	END_NAMES,
};

static const struct vb_row page_bits[] = {
	BITS("page_code", "Page", 0, 6, .base = VB_HEX, .names = vb_scsi_mode_pages, .set = CODE,
	     .summary = VB_SUM_NAME),
	BITS("spf", "Subpage format", 6, 1, .set = SUBPAGE_FORMAT),
	BITS("ps", "Savable", 7, 1),
	END_ROWS,
};

#define IS_PAGE .when = SUBPAGE_FORMAT, .mask = 1, .equals = 0
#define IS_SUBPAGE .when = SUBPAGE_FORMAT, .mask = 1, .equals = 1

static const struct vb_row page[] = {
	U8("page", "Page", .base = VB_HEX, .bits = page_bits),
	U8("subpage", "Subpage", .base = VB_HEX, IS_SUBPAGE),
	U8("length", "Length", .set = LENGTH, IS_PAGE),
	BE16("long_length", "Length", .set = LENGTH, IS_SUBPAGE),
	STRUCT("body", "Parameters", page_body, .within = LENGTH, IS_PAGE),
	STRUCT("subpage_body", "Parameters", subpage_body, .within = LENGTH, IS_SUBPAGE),
	END_ROWS,
};

static const struct vb_row block_descriptor[] = {
	U8("density", "Density", .base = VB_HEX),
	BE24("n_blocks", "Blocks"),
	PAD("reserved", 1),
	BE24("block_length", "Block length"),
	END_ROWS,
};

static const struct vb_row specific_bits[] = {
	BITS("dpofua", "FUA supported", 4, 1),
	BITS("wp", "Write protected", 7, 1, .summary = VB_SUM_NONZERO),
	END_ROWS,
};

#define SPECIFIC U8("device_specific", "Device specific", .base = VB_HEX, .bits = specific_bits)

/* MODE SENSE gives as much as the request has room for. */
#define DESCRIPTORS_AND_PAGES                                                                      \
	STRUCT("block_descriptor", "Block descriptor", block_descriptor, .count = VB_REST,         \
	       .within = BLOCK_DESCRIPTORS),                                                       \
		STRUCT("pages", "Mode page", page, .count = VB_REST)

const struct vb_row vb_scsi_mode_6[] = {
	U8("mode_data_length", "Mode data length"),
	U8("medium_type", "Medium type", .base = VB_HEX),
	SPECIFIC,
	U8("block_descriptor_length", "Block descriptors, bytes", .set = BLOCK_DESCRIPTORS),
	DESCRIPTORS_AND_PAGES,
	END_ROWS,
};

static const struct vb_row long_lba[] = {
	BITS("longlba", "Long LBA", 0, 1),
	END_ROWS,
};

const struct vb_row vb_scsi_mode_10[] = {
	BE16("mode_data_length", "Mode data length"),
	U8("medium_type", "Medium type", .base = VB_HEX),
	SPECIFIC,
	U8("flags", "Flags", .base = VB_HEX, .bits = long_lba),
	PAD("reserved", 1),
	BE16("block_descriptor_length", "Block descriptors, bytes", .set = BLOCK_DESCRIPTORS),
	DESCRIPTORS_AND_PAGES,
	END_ROWS,
};
