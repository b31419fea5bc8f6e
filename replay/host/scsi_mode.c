/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mode pages (T10 SPC-4; SBC-3 of disks, MMC-6 of drives). */
#include <stdio.h>
#include <string.h>

#include "replay/host/storvsc.h"

enum { RECOVERY = 0x01, CACHING = 0x08, CONTROL = 0x0a, EXCEPTIONS = 0x1c, DRIVE = 0x2a };
enum { ALL_PAGES = 0x3f, ALL_SUBPAGES = 0xff };
enum { CURRENT, CHANGEABLE, DEFAULTS, SAVED };
enum { WCE = 4 };

/* ---- what pages there are ---- */

struct field {
	const char *name;
	uint32_t value;
};

static const struct page {
	uint8_t code, of, len; /* of: SCSI_DISK, SCSI_DVD; len: of what follows it */
	struct field field[6];
} pages[] = {
	{ RECOVERY, SCSI_DISK | SCSI_DVD, 10, { { "recovery.flags", 0xc0 } } },
	{ CACHING, SCSI_DISK, 18, { { "caching.flags", WCE } } },
	/* commands may pass each other */
	{ CONTROL, SCSI_DISK, 10, { { "control.queue", 0x10 } } },
	{ EXCEPTIONS, SCSI_DISK, 10, { { "exceptions.mrie", 0 } } },
	/* a tray that reads CDs and DVDs */
	{ DRIVE,
	  SCSI_DVD,
	  20,
	  { { "capabilities.read", 0x3b },
	    { "capabilities.audio", 0x70 },
	    { "capabilities.mechanism", 0x29 },
	    { "capabilities.max_read_speed", 7056 },
	    { "capabilities.buffer_size", 512 },
	    { "capabilities.read_speed", 7056 } } },
};

#define N_PAGES (sizeof(pages) / sizeof(pages[0]))

static bool has_page(const struct vb_storvsc_request *r, const struct page *p, uint8_t code)
{
	return p->of & (r->unit->is_dvd ? SCSI_DVD : SCSI_DISK) &&
	       (code == ALL_PAGES || code == p->code);
}

/* ---- writing ---- */

#define MAX_VALUES (8 + 8 * N_PAGES)

/* An answer that grows. */
struct answer {
	struct vb_value value[MAX_VALUES];
	char path[MAX_VALUES][80];
	size_t n;
	uint32_t len;
	const char *prefix;
	unsigned int n_pages;
};

static void set(struct answer *a, const char *name, uint64_t number)
{
	snprintf(a->path[a->n], sizeof(a->path[0]), "%s%s", a->prefix, name);
	a->value[a->n] = (struct vb_value)VB_NUMBER(a->path[a->n], number);
	a->n++;
}

static void set_in_page(struct answer *a, const char *name, uint64_t number)
{
	char whole[64];

	snprintf(whole, sizeof(whole), "pages[%u].%s", a->n_pages, name);
	set(a, whole, number);
}

static uint32_t value_of(const struct vb_storvsc_request *r, const struct page *p,
			 const struct field *f, unsigned int control)
{
	if (p->code == CACHING)
		return control == CHANGEABLE || (control == DEFAULTS ? r->s->cache : r->unit->wce) ?
			       f->value :
			       0;
	return control == CHANGEABLE ? 0 : f->value;
}

static void add_page(const struct vb_storvsc_request *r, struct answer *a, const struct page *p,
		     unsigned int control)
{
	char name[48];

	set_in_page(a, "page", p->code);
	set_in_page(a, "length", p->len);
	for (unsigned int i = 0; i < 6 && p->field[i].name; i++) {
		snprintf(name, sizeof(name), "body.%s", p->field[i].name);
		set_in_page(a, name, value_of(r, p, &p->field[i], control));
	}
	a->n_pages++;
	a->len += 2u + p->len;
}

enum { NO_DESCRIPTOR = 8 };
enum { FUA = 0x10, PROTECTED = 0x80 };

static void add_descriptor(const struct vb_storvsc_request *r, struct answer *a)
{
	uint64_t n = vb_storvsc_unit_blocks(r->unit);

	if (r->field[SCSI_C] & NO_DESCRIPTOR)
		return;
	set(a, "block_descriptor_length", 8);
	set(a, "block_descriptor[0].n_blocks", n < 0xffffff ? n : 0xffffff);
	set(a, "block_descriptor[0].block_length", r->unit->block_len);
	a->len += 8;
}

void vb_unit_mode_sense(struct vb_storvsc_request *r)
{
	bool is_long = (uint8_t)r->recalled == VB_SCSI_MODE_SENSE_10;
	uint8_t code = r->field[SCSI_A] & 0x3f, subpage = (uint8_t)r->field[SCSI_B];
	unsigned int control = r->field[SCSI_A] >> 6 & 3;
	struct answer a = {
		.len = is_long ? 8 : 4,
		.prefix = is_long ? "hv_scsi_data.mode_sense_10." : "hv_scsi_data.mode_sense_6.",
	};

	if (control == SAVED)
		return vb_unit_fail(r, SENSE_NOT_SAVED);
	if (subpage && (subpage != ALL_SUBPAGES || code != ALL_PAGES))
		return vb_unit_fail(r, SENSE_CDB);
	if (!r->unit->is_dvd)
		set(&a, "device_specific", FUA | (r->unit->readonly ? PROTECTED : 0));
	add_descriptor(r, &a);
	for (size_t i = 0; i < N_PAGES; i++)
		if (has_page(r, &pages[i], code))
			add_page(r, &a, &pages[i], control);
	if (!a.n_pages)
		return vb_unit_fail(r, SENSE_CDB);
	set(&a, "mode_data_length", a.len - (is_long ? 2 : 1));
	vb_unit_answer(r, a.value, a.n, a.len, r->field[SCSI_ROOM]);
}

/* ---- reading ---- */

#define MAX_SELECTED 4u
enum { SAVE_PAGES = 1 };

/* One page of the list: what it says about caching is taken. Sense, 0: nothing is wrong. */
static uint32_t select_page(struct vb_storvsc_request *r, const struct vb_wanted *page,
			    const struct vb_wanted *flags)
{
	uint8_t code = page->number & 0x3f;
	size_t i = 0;

	while (i < N_PAGES && (code == ALL_PAGES || !has_page(r, &pages[i], code)))
		i++;
	if (i == N_PAGES)
		return SENSE_PARAMETERS;
	if (code != CACHING)
		return 0;
	if (!flags->found)
		return SENSE_LIST_LENGTH;
	r->unit->wce = flags->number & WCE;
	return 0;
}

static void select_pages(struct vb_storvsc_request *r, const uint8_t *list, uint32_t len,
			 const char *prefix)
{
	struct vb_wanted w[2 * MAX_SELECTED + 1];
	char paths[2 * MAX_SELECTED + 1][80];
	size_t n = 0;
	uint32_t sense = 0;

	for (unsigned int i = 0; i < MAX_SELECTED; i++) {
		snprintf(paths[n++], sizeof(paths[0]), "%spages[%u].page", prefix, i);
		snprintf(paths[n++], sizeof(paths[0]), "%spages[%u].body.caching.flags", prefix, i);
	}
	snprintf(paths[n++], sizeof(paths[0]), "%sblock_descriptor_length", prefix);
	for (size_t i = 0; i < n; i++)
		w[i].path = paths[i];
	vb_unit_read(r, list, len, w, n);
	if (!w[n - 1].found)
		return vb_unit_fail(r, SENSE_LIST_LENGTH);
	for (size_t i = 0; i < MAX_SELECTED && w[2 * i].found && !sense; i++)
		sense = select_page(r, &w[2 * i], &w[2 * i + 1]);
	if (sense)
		vb_unit_fail(r, sense);
}

void vb_unit_mode_select(struct vb_storvsc_request *r)
{
	bool is_long = (uint8_t)r->recalled == VB_SCSI_MODE_SELECT_10;
	uint32_t len = (uint32_t)r->field[SCSI_ROOM];
	const uint8_t *list;

	if (r->field[SCSI_A] & SAVE_PAGES)
		return vb_unit_fail(r, SENSE_CDB);
	if (!len)
		return;
	list = vb_unit_get(r, len);
	if (list)
		select_pages(r, list, len,
			     is_long ? "hv_scsi_data.mode_select_10." :
				       "hv_scsi_data.mode_select_6.");
}
