/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dynamic memory: the balloon and hot-add.
 *
 * Layouts: Linux 6.1 drivers/hv/hv_balloon.c, struct dm_*. The transaction id is the guest's own
 * counter and pairs nothing: an answer belongs to the open request of its kind.
 */
#include "../names.h"
#include "../rows.h"
#include "../walk.h"

#define ACCEPTED VB_S_A
#define INFO_TYPE VB_S_B

static const struct vb_name versions[] = {
	{ 0x00000003, "0.3" },
	{ 0x00010000, "1.0" },
	{ 0x00020000, "2.0" },
	END_NAMES,
};

static const struct vb_row head[] = {
	U16("type", "Message type", .set = VB_S_TYPE),
	U16("size", "Message size", .set = VB_S_LEN, .help = "Bytes, header included"),
	U32("trans_id", "Transaction id", .help = "A counter of the guest's"),
	END_ROWS,
};

static const struct vb_row last_attempt_bits[] = {
	BITS("last", "No older version will be tried", 0, 1),
	END_ROWS,
};

static const struct vb_row version_request[] = {
	U32("version", "Version requested", .base = VB_HEX, .names = versions, .set = VB_S_VERSION,
	    .summary = VB_SUM_YES),
	U32("attempt", "Attempt", .base = VB_HEX, .bits = last_attempt_bits),
	END_ROWS,
};

static const struct vb_row accepted_bits[] = {
	BITS("accepted", "Accepted", 0, 1, .names = vb_no_yes),
	END_ROWS,
};

static const struct vb_row response[] = {
	U64("result", "Result", .base = VB_HEX, .bits = accepted_bits, .set = ACCEPTED,
	    .summary = VB_SUM_YES),
	END_ROWS,
};

static const struct vb_row capability_bits[] = {
	BITS("balloon", "Balloon", 0, 1),
	BITS("hot_add", "Hot-add", 1, 1),
	BITS("alignment", "Hot-add alignment", 2, 4, .help = "2 to this power, in MiB"),
	END_ROWS,
};

static const struct vb_row capabilities[] = {
	U64("caps", "Capabilities", .base = VB_HEX, .bits = capability_bits, .summary = VB_SUM_YES),
	U64("min_pages", "Minimum pages", .summary = VB_SUM_YES),
	U64("max_page_number", "Highest page number"),
	END_ROWS,
};

static const struct vb_row status[] = {
	U64("available", "Pages available", .summary = VB_SUM_YES),
	U64("committed", "Pages committed", .summary = VB_SUM_YES),
	U64("page_file_size", "Page file size", .help = "Pages"),
	U64("zero_free", "Zero and free pages"),
	U32("page_file_writes", "Page file writes"),
	U32("io_diff", "I/O difference"),
	END_ROWS,
};

static const struct vb_row page_range[] = {
	/* One 64-bit word: 40 bits of page number, 24 bits of count. */
	BITS("start_page", "First page", 0, 40),
	BITS("page_cnt", "Pages", 40, 24),
	END_ROWS,
};

static const struct vb_row balloon_request[] = {
	U32("num_pages", "Pages wanted", .summary = VB_SUM_YES),
	PAD("reserved", 4),
	END_ROWS,
};

static const struct vb_row range_info_bits[] = {
	BITS("more_pages", "More messages follow", 0, 1, .set = VB_S_MORE),
	BITS("range_count", "Ranges", 1, 31, .set = VB_S_COUNT),
	END_ROWS,
};

static const struct vb_row balloon_response[] = {
	PAD("reserved", 4),
	U32("info", "Range information", .base = VB_HEX, .bits = range_info_bits,
	    .summary = VB_SUM_YES),
	U64("range", "Page range", .count = VB_S_COUNT, .base = VB_HEX, .bits = page_range),
	END_ROWS,
};

static const struct vb_row more_bits[] = {
	BITS("more_pages", "More messages follow", 0, 1, .set = VB_S_MORE),
	END_ROWS,
};

static const struct vb_row unballoon_request[] = {
	U32("info", "More pages", .base = VB_HEX, .bits = more_bits),
	U32("range_count", "Ranges", .set = VB_S_COUNT, .summary = VB_SUM_YES),
	U64("range", "Page range", .count = VB_S_COUNT, .base = VB_HEX, .bits = page_range),
	END_ROWS,
};

static const struct vb_row hot_add_request[] = {
	U64("range", "Page range", .base = VB_HEX, .bits = page_range, .summary = VB_SUM_YES),
	U64("region", "Region", .base = VB_HEX, .bits = page_range, .optional = true),
	END_ROWS,
};

static const struct vb_name hot_add_results[] = {
	{ 0, "failed" },
	{ 1, "success" },
	END_NAMES,
};

static const struct vb_row hot_add_response[] = {
	U32("page_count", "Pages added", .summary = VB_SUM_YES),
	U32("result", "Result", .names = hot_add_results, .summary = VB_SUM_YES),
	END_ROWS,
};

static const struct vb_name info_types[] = {
	{ 0, "maximum page count" },
	END_NAMES,
};

/* Bytes of an information item that is not one we know. */
static uint64_t info_rest(const struct vb_scope *sc)
{
	uint64_t len = vb_slot(sc, VB_S_COUNT);

	if (vb_slot(sc, INFO_TYPE) == 0)
		return len > 8 ? len - 8 : 0;
	return len;
}

static const struct vb_row info_item[] = {
	U32("type", "Information", .names = info_types, .set = INFO_TYPE),
	U32("data_size", "Bytes", .set = VB_S_COUNT),
	U64("max_page_count", "Maximum page count", .when = INFO_TYPE, .mask = UINT32_MAX,
	    .equals = 0),
	OPAQUE("data", "Data", .calc = info_rest),
	END_ROWS,
};

static const struct vb_row info[] = {
	PAD("reserved", 4),
	U32("info_size", "Bytes of information"),
	STRUCT("item", "Item", info_item, .count = VB_REST),
	END_ROWS,
};

#define TO_HOST .from = VB_TO_HOST
#define TO_GUEST .from = VB_TO_GUEST

static const struct vb_msg msgs[] = {
	MSG(0, "error", "Error", NULL),
	MSG(1, "version_request", "Version request", version_request, TO_HOST, .proposes = true),
	MSG(2, "version_response", "Version response", response, TO_GUEST, .answers = 1,
	    .accepts_if = ACCEPTED),
	MSG(3, "capabilities", "Capabilities report", capabilities, TO_HOST),
	MSG(4, "capabilities_response", "Capabilities response", response, TO_GUEST, .answers = 3),
	MSG(5, "status", "Status report", status, TO_HOST),
	MSG(6, "balloon_request", "Balloon request", balloon_request, TO_GUEST),
	MSG(7, "balloon_response", "Balloon response", balloon_response, TO_HOST, .answers = 6,
	    .more = VB_S_MORE),
	MSG(8, "unballoon_request", "Unballoon request", unballoon_request, TO_GUEST,
	    .more = VB_S_MORE),
	MSG(9, "unballoon_response", "Unballoon response", NULL, TO_HOST, .answers = 8),
	MSG(10, "hot_add_request", "Hot-add request", hot_add_request, TO_GUEST),
	MSG(11, "hot_add_response", "Hot-add response", hot_add_response, TO_HOST, .answers = 10),
	MSG(12, "info", "Information", info, TO_GUEST),
	END_MSGS,
};

const struct vb_proto vb_proto_balloon = {
	.name = "hv_balloon",
	.title = "Dynamic memory",
	.head = head,
	.msgs = msgs,
	.own_len = VB_S_LEN,
	.by_class_version = true,
	.versions = versions,
	.help = "How much memory the guest needs, and how much it gives back",
};
