/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ranges of guest memory, as GPADLs and packets describe them.
 *
 * Layout: Linux 6.1 include/linux/hyperv.h, struct gpa_range.
 */
#include "../gpa.h"
#include "../rows.h"
#include "../walk.h"

#define BYTE_COUNT VB_S_A
#define BYTE_OFFSET VB_S_B

/*
 * Pages that a range touches, as far as the message has room for their numbers: those of a GPADL go
 * on in bodies.
 */
static uint64_t pages(const struct vb_scope *sc)
{
	uint64_t n = (vb_slot(sc, BYTE_OFFSET) + vb_slot(sc, BYTE_COUNT) + 4095) / 4096;

	return n < vb_left(sc) / 8 ? n : vb_left(sc) / 8;
}

const struct vb_row vb_gpa_range[] = {
	U32("byte_count", "Bytes", .set = BYTE_COUNT, .summary = VB_SUM_YES),
	U32("byte_offset", "Offset in first page", .set = BYTE_OFFSET, .max = 4095),
	U64("pfn", "Page number", .calc = pages, .base = VB_HEX,
	    .help = "Guest physical address divided by 4096"),
	END_ROWS,
};
