/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parameters of LOG SENSE and LOG SELECT. Layout: T10 SPC-4 7.3. */
#include "../rows.h"
#include "../scsi_rows.h"

#define PAGE_LENGTH VB_S_LEN
#define VALUE_LENGTH VB_S_HEAD
#define PAGE VB_S_A
#define SUBPAGE VB_S_B

const struct vb_name vb_scsi_log_pages[] = {
	{ 0x00, "supported pages" },
	{ 0x02, "write errors" },
	{ 0x03, "read errors" },
	{ 0x05, "verify errors" },
	{ 0x06, "non-medium errors" },
	{ 0x0c, "logical block provisioning" },
	{ 0x0d, "temperature" },
	{ 0x0e, "start-stop cycles" },
	{ 0x0f, "application client" },
	{ 0x10, "self-test results" },
	{ 0x11, "solid state media" },
	{ 0x15, "background scan" },
	{ 0x18, "protocol specific port" },
	{ 0x19, "general statistics" },
	{ 0x1a, "power condition transitions" },
	{ 0x2f, "informational exceptions" },
	END_NAMES,
};

static const struct vb_row page_bits[] = {
	BITS("page_code", "Page", 0, 6, .base = VB_HEX, .names = vb_scsi_log_pages, .set = PAGE,
	     .summary = VB_SUM_NAME),
	BITS("spf", "Subpage format", 6, 1),
	BITS("ds", "Not saved", 7, 1),
	END_ROWS,
};

static const struct vb_row control_bits[] = {
	BITS("format", "Format and linking", 0, 2), BITS("tmc", "Threshold met criteria", 2, 2),
	BITS("etc", "Threshold comparison", 4, 1),  BITS("tsd", "Target save disabled", 5, 1),
	BITS("du", "Update disabled", 7, 1),	    END_ROWS,
};

static const struct vb_row parameter[] = {
	BE16("code", "Code", .base = VB_HEX),
	U8("control", "Control", .base = VB_HEX, .bits = control_bits),
	U8("length", "Length", .set = VALUE_LENGTH),
	BYTES("data", "Parameter", .len = VALUE_LENGTH),
	END_ROWS,
};

static const struct vb_row supported_pages[] = {
	U8("page", "Supported page", .base = VB_HEX, .names = vb_scsi_log_pages, .count = VB_REST),
	END_ROWS,
};

static const struct vb_row subpage[] = {
	U8("page", "Supported page", .base = VB_HEX, .names = vb_scsi_log_pages),
	U8("subpage", "Its subpage", .base = VB_HEX),
	END_ROWS,
};

static const struct vb_row supported_subpages[] = {
	STRUCT("entry", "Page and subpage", subpage, .count = VB_REST),
	END_ROWS,
};

/* A page has them, or parameters. */
static const struct vb_row lists[] = {
	STRUCT("pages", "Supported pages", supported_pages, .within = PAGE_LENGTH, .when = SUBPAGE,
	       .mask = 0xff, .equals = 0),
	STRUCT("subpages", "Supported pages and subpages", supported_subpages,
	       .within = PAGE_LENGTH, .when = SUBPAGE, .mask = 0xff, .equals = 0xff),
	END_ROWS,
};

const struct vb_row vb_scsi_log[] = {
	U8("page", "Page", .base = VB_HEX, .bits = page_bits),
	U8("subpage", "Subpage", .base = VB_HEX, .set = SUBPAGE),
	BE16("page_length", "Page length", .set = PAGE_LENGTH),
	STRUCT("supported", "Supported", lists, .when = PAGE, .mask = 0x3f, .equals = 0),
	STRUCT("parameter", "Parameter", parameter, .count = VB_REST, .within = PAGE_LENGTH,
	       .when = PAGE, .mask = 0x3f, .equals = 0, .unless = true),
	HIDDEN("rest", "Behind it", 0, .len = VB_REST),
	END_ROWS,
};
