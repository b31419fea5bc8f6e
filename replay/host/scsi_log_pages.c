/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log pages of disks (T10 SPC-4, 7.3; SBC-3, 6.4). */
#include <stdio.h>
#include <string.h>

#include "replay/host/storvsc.h"

#define LOG "hv_scsi_data.log_sense."
#define PAGE_HEAD 4u
#define PARAMETER_HEAD 4u
#define MAX_PARAMETERS 2ul

enum { ALL_SUBPAGES = 0xff, HAS_SUBPAGES = 0x40 };
enum { SAVE = 1 };
enum { BINARY = 3 }; /* of a parameter's control */

/* Degrees Celsius, which never change. */
enum { TEMPERATURE = 30, HIGHEST = 65 };

/* The parameters of a page have the codes from the first on, without a gap. */
static const struct page {
	uint8_t code, first, n;
	struct {
		uint8_t len, data[4];
	} parameter[MAX_PARAMETERS];
} pages[] = {
	{ .code = 0x00 },
	/* now, and what it is made for */
	{ 0x0d, 0, 2, { { 2, { 0, TEMPERATURE } }, { 2, { 0, HIGHEST } } } },
	/* nothing of it is worn */
	{ 0x11, 1, 1, { { 4, { 0, 0, 0, 0 } } } },
	/* ASC, ASCQ and the temperature: there is nothing to tell */
	{ 0x2f, 0, 1, { { 4, { 0, 0, TEMPERATURE } } } },
};

#define N_PAGES (sizeof(pages) / sizeof(pages[0]))
#define MAX_NUMBERS (4ul * MAX_PARAMETERS)
#define MAX_VALUES (3 + (N_PAGES > MAX_NUMBERS ? N_PAGES : MAX_NUMBERS))

/* An answer that grows. */
struct answer {
	struct vb_value value[MAX_VALUES];
	char path[MAX_VALUES][80];
	size_t n;
	uint32_t len; /* behind its head */
};

static struct vb_value *set(struct answer *a, const char *path, uint64_t number)
{
	struct vb_value *v = &a->value[a->n];

	snprintf(a->path[a->n++], sizeof(a->path[0]), LOG "%s", path);
	*v = (struct vb_value)VB_NUMBER(a->path[a->n - 1], number);
	return v;
}

static void add_page_code(struct answer *a, unsigned int i, bool with_subpages)
{
	char path[48];

	snprintf(path, sizeof(path),
		 with_subpages ? "supported.subpages.entry[%u].page" : "supported.pages.page[%u]",
		 i);
	set(a, path, pages[i].code);
	a->len += with_subpages ? 2 : 1;
}

static void add_parameter(struct answer *a, const struct page *p, unsigned int i, unsigned int at)
{
	static const char *const names[] = { "code", "control", "length", "data" };
	const uint64_t numbers[] = { p->first + i, BINARY, p->parameter[i].len, 0 };
	struct vb_value *v = NULL;
	char path[48];

	for (unsigned int k = 0; k < 4; k++) {
		snprintf(path, sizeof(path), "parameter[%u].%s", at, names[k]);
		v = set(a, path, numbers[k]);
	}
	v->bytes = p->parameter[i].data;
	v->n_bytes = p->parameter[i].len;
	a->len += PARAMETER_HEAD + p->parameter[i].len;
}

static const struct page *find(uint8_t code)
{
	for (size_t i = 0; i < N_PAGES; i++)
		if (pages[i].code == code)
			return &pages[i];
	return NULL;
}

enum { W_PAGE = SCSI_A, W_SUBPAGE = SCSI_B, W_FLAGS = SCSI_C, W_FIRST = SCSI_D };

/* There are no subpages, but the list of pages may be asked for as if there were. */
static bool is_known(const struct vb_storvsc_request *r, const struct page *p)
{
	uint64_t subpage = r->field[W_SUBPAGE];

	if (!p || r->field[W_FLAGS] & SAVE)
		return false;
	if (subpage && (p->code || subpage != ALL_SUBPAGES))
		return false;
	return !r->field[W_FIRST] || r->field[W_FIRST] < (uint64_t)p->first + p->n;
}

/* Whatever values are asked for, these or what they began with: they never change. */
void vb_unit_log_sense(struct vb_storvsc_request *r)
{
	const struct page *p = find(r->field[W_PAGE] & 0x3f);
	bool with_subpages = r->field[W_SUBPAGE];
	struct answer a = { .n = 0 };
	unsigned int n = 0;

	if (!is_known(r, p))
		return vb_unit_fail(r, SENSE_CDB);
	set(&a, "page", p->code | (with_subpages ? HAS_SUBPAGES : 0));
	set(&a, "subpage", r->field[W_SUBPAGE]);
	for (unsigned int i = 0; !p->code && i < N_PAGES; i++)
		add_page_code(&a, i, with_subpages);
	for (unsigned int i = 0; i < p->n; i++)
		if (p->first + i >= r->field[W_FIRST])
			add_parameter(&a, p, i, n++);
	set(&a, "page_length", a.len);
	vb_unit_answer(r, a.value, a.n, PAGE_HEAD + a.len, r->field[SCSI_ROOM]);
}
