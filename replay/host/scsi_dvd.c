/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only drives with a removable medium know (MMC-6). */
#include <stdio.h>
#include <string.h>

#include "replay/host/storvsc.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- the tray ---- */

enum { START = 1, LOAD_OR_EJECT = 2 };

void vb_unit_start_stop(struct vb_storvsc_request *r)
{
	struct vb_storvsc_unit *u = r->unit;
	uint64_t flags = r->field[SCSI_ROOM];
	struct vb_err err;

	/* a disk turns, whatever it is told */
	if (!u->is_dvd || !(flags & LOAD_OR_EJECT))
		return;
	if (flags & START) {
		if (!u->disk && vb_storvsc_insert(r->s, u, "", &err))
			vb_unit_fail(r, SENSE_NO_MEDIUM);
		return;
	}
	if (u->disk && u->is_locked)
		return vb_unit_fail(r, SENSE_REMOVAL_PREVENTED);
	if (u->disk)
		vb_storvsc_eject(u);
}

void vb_unit_prevent_removal(struct vb_storvsc_request *r)
{
	r->unit->is_locked = r->unit->is_dvd && r->field[SCSI_ROOM] & 1;
}

/* ---- the table of contents: one track of data ---- */

#define TOC "hv_scsi_data.read_toc."
#define DATA_TRACK 0x14
#define LEAD_OUT 0xaau
enum { TRACKS = 0, SESSIONS = 1 };
enum { MSF = 2 };

/* Minutes, seconds and frames, which begin two seconds before the first block. */
static uint64_t address(const struct vb_storvsc_request *r, uint64_t lba)
{
	uint64_t frames = lba + 150;

	if (!(r->field[SCSI_A] & MSF))
		return lba;
	return frames / 4500 << 16 | frames / 75 % 60 << 8 | frames % 75;
}

struct toc {
	struct vb_value value[16];
	char path[16][64];
	size_t n;
	unsigned int n_entries;
	const char *list;
};

static void add_entry(struct toc *t, uint64_t number, uint64_t start)
{
	static const char *const names[] = { "adr_control", "number", "start" };
	const uint64_t numbers[] = { DATA_TRACK, number, start };

	for (unsigned int i = 0; i < 3; i++, t->n++) {
		snprintf(t->path[t->n], sizeof(t->path[0]), TOC "%s.track[%u].%s", t->list,
			 t->n_entries, names[i]);
		t->value[t->n] = (struct vb_value)VB_NUMBER(t->path[t->n], numbers[i]);
	}
	t->n_entries++;
}

void vb_unit_read_toc(struct vb_storvsc_request *r)
{
	uint64_t format = r->field[SCSI_B] & 0xf, track = r->field[SCSI_C];
	struct toc t = { .list = format == TRACKS ? "tracks" : "sessions" };

	if (format > SESSIONS || (format == TRACKS && track > 1 && track != LEAD_OUT))
		return vb_unit_fail(r, SENSE_CDB);
	if (format == SESSIONS || track <= 1)
		add_entry(&t, 1, address(r, 0));
	if (format == TRACKS)
		add_entry(&t, LEAD_OUT, address(r, vb_storvsc_unit_blocks(r->unit)));
	t.value[t.n++] = (struct vb_value)VB_NUMBER(TOC "toc_length", 2 + 8 * t.n_entries);
	t.value[t.n++] = (struct vb_value)VB_NUMBER(TOC "first", 1);
	t.value[t.n++] = (struct vb_value)VB_NUMBER(TOC "last", 1);
	vb_unit_answer(r, t.value, t.n, 4 + 8 * t.n_entries, r->field[SCSI_ROOM]);
}

/* ---- features ---- */

#define CONFIGURATION "hv_scsi_data.get_configuration."
#define DVD_ROM 0x10

static const struct feature {
	uint16_t code;
	uint8_t flags, len;
	bool of_medium; /* it is current when there is one */
	uint8_t data[8];
} features[] = {
	/* profiles: DVD-ROM and CD-ROM */
	{ 0x0000, 0x03, 8, false, { 0, 0x10, 0, 0, 0, 0x08, 0, 0 } },
	/* core: SCSI */
	{ 0x0001, 0x0b, 8, false, { 0, 0, 0, 1, 1, 0, 0, 0 } },
	/* removable: a tray that can be locked */
	{ 0x0003, 0x03, 4, false, { 0x29, 0, 0, 0 } },
	/* random access: blocks of 2048 bytes, one at a time */
	{ 0x0010, 0x00, 8, true, { 0, 0, 8, 0, 0, 1, 0, 0 } },
	/* CDs, DVDs */
	{ 0x001e, 0x08, 4, false, { 0 } },
	{ 0x001f, 0x00, 4, true, { 0 } },
};

enum { ALL, CURRENT, ONE };

static uint8_t flags_of(const struct vb_storvsc_request *r, const struct feature *f)
{
	return (uint8_t)(f->flags | (f->of_medium && r->unit->disk ? 1 : 0));
}

static bool is_wanted(const struct vb_storvsc_request *r, const struct feature *f)
{
	uint64_t how = r->field[SCSI_A] & 3, first = r->field[SCSI_B];

	if (how == ONE)
		return f->code == first;
	return f->code >= first && (how == ALL || flags_of(r, f) & 1);
}

void vb_unit_configuration(struct vb_storvsc_request *r)
{
	static const char *const names[] = { "code", "flags", "additional_length", "data" };
	struct vb_value values[2 + 4 * COUNT(features)];
	char paths[4 * COUNT(features)][64];
	size_t n = 0, n_paths = 0;
	uint32_t len = 8;

	if ((r->field[SCSI_A] & 3) > ONE)
		return vb_unit_fail(r, SENSE_CDB);
	for (size_t i = 0; i < COUNT(features); i++) {
		const struct feature *f = &features[i];
		const uint64_t numbers[] = { f->code, flags_of(r, f), f->len, 0 };

		if (!is_wanted(r, f))
			continue;
		for (unsigned int k = 0; k < 4; k++, n++) {
			snprintf(paths[n], sizeof(paths[0]), CONFIGURATION "feature[%zu].%s",
				 n_paths, names[k]);
			values[n] = (struct vb_value)VB_NUMBER(paths[n], numbers[k]);
		}
		values[n - 1].bytes = f->data;
		values[n - 1].n_bytes = f->len;
		n_paths++;
		len += 4u + f->len;
	}
	values[n++] = (struct vb_value)VB_NUMBER(CONFIGURATION "data_length", len - 4);
	values[n++] =
		(struct vb_value)VB_NUMBER(CONFIGURATION "profile", r->unit->disk ? DVD_ROM : 0);
	vb_unit_answer(r, values, n, len, r->field[SCSI_ROOM]);
}

/* ---- events ---- */

#define EVENT "hv_scsi_data.get_event_status."
enum { MEDIA = 4, NO_EVENT_AVAILABLE = 0x80, PRESENT = 2, POLLED = 1 };

void vb_unit_event_status(struct vb_storvsc_request *r)
{
	bool is_media = r->field[SCSI_A] >> MEDIA & 1;
	const struct vb_value values[] = {
		VB_NUMBER(EVENT "event_length", is_media ? 6 : 2),
		VB_NUMBER(EVENT "class", is_media ? MEDIA : NO_EVENT_AVAILABLE),
		VB_NUMBER(EVENT "supported", 1 << MEDIA),
		VB_NUMBER(EVENT "event", r->unit->event),
		VB_NUMBER(EVENT "status", r->unit->disk ? PRESENT : 0),
	};

	/* nobody is told when something happens: it has to be asked */
	if (!(r->field[SCSI_B] & POLLED))
		return vb_unit_fail(r, SENSE_CDB);
	if (is_media)
		r->unit->event = 0;
	vb_unit_answer(r, values, is_media ? 5 : 3, is_media ? 8 : 4, r->field[SCSI_ROOM]);
}

/* ---- the disc and the drive ---- */

#define DISC "hv_scsi_data.read_disc_information."
#define DISC_LEN 34u
#define COMPLETE 0x0e

void vb_unit_disc_information(struct vb_storvsc_request *r)
{
	/* first and last track of the only session; may be used without restriction */
	static const uint8_t rest[] = { 1, 1, 0x20 };
	const struct vb_value values[] = {
		VB_NUMBER(DISC "length", DISC_LEN - 2),	  VB_NUMBER(DISC "status", COMPLETE),
		VB_NUMBER(DISC "first_track", 1),	  VB_NUMBER(DISC "n_sessions", 1),
		VB_DATA(DISC "data", rest, sizeof(rest)),
	};

	if (r->field[SCSI_A])
		return vb_unit_fail(r, SENSE_CDB);
	vb_unit_answer(r, values, COUNT(values), DISC_LEN, r->field[SCSI_ROOM]);
}

void vb_unit_mechanism_status(struct vb_storvsc_request *r)
{
	const struct vb_value values[] = {
		VB_NUMBER("hv_scsi_data.mechanism_status.n_slots", 1),
	};

	vb_unit_answer(r, values, COUNT(values), 8, r->field[SCSI_ROOM]);
}

#define STRUCTURE "hv_scsi_data.read_dvd_structure."
#define STRUCTURE_HEAD 4u
#define PHYSICAL_LEN 2048u
#define COPYRIGHT_LEN 4u
#define FIRST_SECTOR 0x30000u

enum { PHYSICAL = 0, COPYRIGHT = 1 };
enum { VERSION_1 = 1, MAX_RATE_10 = 2, EMBOSSED = 1 };

/* Of the first layer, the only one: a DVD-ROM of 120 mm. */
static void describe(const struct vb_storvsc_request *r, uint8_t structure[PHYSICAL_LEN])
{
	uint64_t last = FIRST_SECTOR + vb_storvsc_unit_blocks(r->unit) - 1;
	const uint64_t ends[] = { FIRST_SECTOR, last < 0xffffff ? last : 0xffffff };

	structure[0] = VERSION_1;
	structure[1] = MAX_RATE_10;
	structure[2] = EMBOSSED;
	for (unsigned int i = 0; i < 2; i++)
		for (unsigned int k = 0; k < 3; k++)
			structure[5 + 4 * i + k] = (uint8_t)(ends[i] >> (16 - 8 * k));
}

/* Nothing is protected, nor of a region. */
void vb_unit_dvd_structure(struct vb_storvsc_request *r)
{
	uint64_t format = r->field[SCSI_A], layer = r->field[SCSI_B];
	uint8_t structure[PHYSICAL_LEN] = { 0 };
	uint32_t len = format == PHYSICAL ? PHYSICAL_LEN : COPYRIGHT_LEN;
	const struct vb_value values[] = {
		VB_NUMBER(STRUCTURE "length", len + 2),
		VB_DATA(STRUCTURE "data", structure, len),
	};

	if (format > COPYRIGHT || layer)
		return vb_unit_fail(r, SENSE_CDB);
	if (format == PHYSICAL)
		describe(r, structure);
	vb_unit_answer(r, values, COUNT(values), STRUCTURE_HEAD + len, r->field[SCSI_ROOM]);
}

#define TRACK "hv_scsi_data.read_track_information."
#define TRACK_LEN 36u
enum { BY_LBA, BY_TRACK, BY_SESSION };
enum { DATA_MODE = 4, MODE_1 = 1, LAST_VALID = 2 };

/* Of the only track of the only session; what is behind it is none. */
void vb_unit_track_information(struct vb_storvsc_request *r)
{
	uint64_t blocks = vb_storvsc_unit_blocks(r->unit), how = r->field[SCSI_A] & 3;
	const struct vb_value values[] = {
		VB_NUMBER(TRACK "length", TRACK_LEN - 2),
		VB_NUMBER(TRACK "track", 1),
		VB_NUMBER(TRACK "session", 1),
		VB_NUMBER(TRACK "track_mode", DATA_MODE),
		VB_NUMBER(TRACK "data_mode", MODE_1),
		VB_NUMBER(TRACK "valid", LAST_VALID),
		VB_NUMBER(TRACK "size", blocks),
		VB_NUMBER(TRACK "last_recorded", blocks - 1),
	};
	bool is_there = how == BY_LBA ? r->field[SCSI_B] < blocks : r->field[SCSI_B] == 1;

	if (how > BY_SESSION || !is_there)
		return vb_unit_fail(r, SENSE_CDB);
	vb_unit_answer(r, values, COUNT(values), TRACK_LEN, r->field[SCSI_ROOM]);
}
