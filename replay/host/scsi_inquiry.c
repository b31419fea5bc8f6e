/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What units say of themselves (T10 SPC-4; SBC-3 for the pages of disks). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "replay/host/storvsc.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define INQUIRY "hv_scsi_data.inquiry."
#define VPD INQUIRY "vpd."

enum { TYPE_DVD = 0x05, NO_UNIT = 0x7f };

static unsigned int peripheral(const struct vb_storvsc_request *r)
{
	return !r->unit ? NO_UNIT : r->unit->is_dvd ? TYPE_DVD : 0;
}

/* ---- standard data ---- */

#define STANDARD_LEN 36u
#define SPC_3 5
#define FORMAT 0x12 /* LUNs in levels; this form of data */
#define QUEUES 0x02
#define REMOVABLE 0x80

static void pad(char *to, size_t len, const char *text)
{
	memset(to, ' ', len);
	memcpy(to, text, strlen(text) < len ? strlen(text) : len);
}

/* Of a unit that is not there only what says so: Linux makes disks of anything else. */
static void answer_absent(struct vb_storvsc_request *r)
{
	const struct vb_value values[] = {
		VB_NUMBER(INQUIRY "peripheral", NO_UNIT),
		VB_NUMBER(INQUIRY "standard.additional_length", STANDARD_LEN - 5),
	};

	vb_unit_answer(r, values, COUNT(values), STANDARD_LEN, r->field[SCSI_ROOM]);
}

static void answer_standard(struct vb_storvsc_request *r)
{
	const struct vb_storage *s = r->s;
	char vendor[8], product[16], revision[4];
	const struct vb_value values[] = {
		VB_NUMBER(INQUIRY "peripheral", peripheral(r)),
		VB_NUMBER(INQUIRY "standard.removable", r->unit->is_dvd ? REMOVABLE : 0),
		VB_NUMBER(INQUIRY "standard.version", SPC_3),
		VB_NUMBER(INQUIRY "standard.format", FORMAT),
		VB_NUMBER(INQUIRY "standard.additional_length", STANDARD_LEN - 5),
		VB_NUMBER(INQUIRY "standard.flags_7", QUEUES),
		VB_DATA(INQUIRY "standard.vendor", vendor, sizeof(vendor)),
		VB_DATA(INQUIRY "standard.product", product, sizeof(product)),
		VB_DATA(INQUIRY "standard.revision", revision, sizeof(revision)),
	};

	pad(vendor, sizeof(vendor), s->vendor);
	pad(product, sizeof(product), r->unit->is_dvd ? "Virtual DVD-ROM" : s->product);
	pad(revision, sizeof(revision), s->revision);
	vb_unit_answer(r, values, COUNT(values), STANDARD_LEN, r->field[SCSI_ROOM]);
}

/* ---- vital product data ---- */

#define MAX_PAGE_VALUES 16u
#define VENDOR_LEN 8u
#define NAME_LEN 64u

/* A page: values of its body, and bytes of it. */
struct page {
	struct vb_value value[MAX_PAGE_VALUES];
	size_t n;
	uint32_t len;
	char path[8][64];
	char text[VENDOR_LEN + NAME_LEN];
	uint8_t id[16];
};

static void set(struct page *p, const char *path, uint64_t number)
{
	p->value[p->n++] = (struct vb_value)VB_NUMBER(path, number);
}

static void set_bytes(struct page *p, const char *path, const void *bytes, size_t len)
{
	p->value[p->n++] = (struct vb_value)VB_DATA(path, bytes, len);
}

static void name_of(const struct vb_storvsc_request *r, char text[NAME_LEN])
{
	if (r->s->serial[0])
		snprintf(text, NAME_LEN, "%s%02x", r->s->serial, r->unit->lun);
	else
		snprintf(text, NAME_LEN, "%016" PRIx64, vb_storvsc_unit_id(r->s, r->unit->lun));
}

static void put_serial(const struct vb_storvsc_request *r, struct page *p)
{
	name_of(r, p->text);
	p->len = (uint32_t)strlen(p->text);
	set_bytes(p, VPD "body.unit_serial.serial", p->text, p->len);
}

#define ID VPD "body.ids.designator[0]."
#define NAME VPD "body.ids.designator[1]."
enum { BINARY = 1, ASCII = 2, KIND_T10 = 1, KIND_NAA = 3 };

/* NAA 6 with Microsoft's company id, and the vendor's own form behind that. */
static void put_ids(const struct vb_storvsc_request *r, struct page *p)
{
	static const uint8_t company[] = { 0x60, 0x02, 0x24, 0x80 };
	uint64_t id = vb_storvsc_unit_id(r->s, r->unit->lun);
	uint32_t len;

	memcpy(p->id, company, sizeof(company));
	for (unsigned int i = 0; i < 8; i++)
		p->id[8 + i] = (uint8_t)(id >> (56 - 8 * i));
	pad(p->text, VENDOR_LEN, r->s->vendor);
	name_of(r, p->text + VENDOR_LEN);
	len = (uint32_t)(VENDOR_LEN + strlen(p->text + VENDOR_LEN));
	set(p, ID "code_set", BINARY);
	set(p, ID "kind", KIND_NAA);
	set(p, ID "length", sizeof(p->id));
	set_bytes(p, ID "binary", p->id, sizeof(p->id));
	set(p, NAME "code_set", ASCII);
	set(p, NAME "kind", KIND_T10);
	set(p, NAME "length", len);
	set_bytes(p, NAME "text", p->text, len);
	p->len = 4 + (uint32_t)sizeof(p->id) + 4 + len;
}

#define LIMITS VPD "body.block_limits."
#define LIMITS_LEN 60u
#define WRITE_SAME_WANTS_BLOCKS 1
#define UNMAP_BLOCKS (UINT64_C(1) << 30) /* bytes of one UNMAP */

static void put_limits(const struct vb_storvsc_request *r, struct page *p)
{
	uint32_t block = r->unit->block_len;

	p->len = LIMITS_LEN;
	set(p, LIMITS "flags", WRITE_SAME_WANTS_BLOCKS);
	set(p, LIMITS "max_compare_and_write", SCSI_MAX_COMPARED);
	set(p, LIMITS "max_transfer", r->s->max_transfer / block);
	set(p, LIMITS "max_write_same", SCSI_MAX_SAME / block);
	if (!r->s->thin)
		return;
	set(p, LIMITS "max_unmap_blocks", UNMAP_BLOCKS / block);
	set(p, LIMITS "max_unmap_descriptors", SCSI_MAX_EXTENTS);
	set(p, LIMITS "unmap_granularity", 4096 / block);
}

#define STEADY 1 /* as a rotation rate: it does not turn */

static void put_characteristics(const struct vb_storvsc_request *r, struct page *p)
{
	(void)r;
	p->len = LIMITS_LEN;
	set(p, VPD "body.characteristics.rotation_rate", STEADY);
}

#define UNMAP_AND_SAME_AND_ZERO 0xe4u
#define THIN 2

static void put_provisioning(const struct vb_storvsc_request *r, struct page *p)
{
	(void)r;
	p->len = 4;
	set(p, VPD "body.provisioning.flags", UNMAP_AND_SAME_AND_ZERO);
	set(p, VPD "body.provisioning.provisioning", THIN);
}

static void put_supported(const struct vb_storvsc_request *r, struct page *p);

enum of { ALL, DISKS, THIN_DISKS };

static const struct page_kind {
	uint8_t code;
	enum of of;
	void (*put)(const struct vb_storvsc_request *r, struct page *p);
} kinds[] = {
	{ 0x00, ALL, put_supported },
	{ 0x80, ALL, put_serial },
	{ 0x83, ALL, put_ids },
	{ 0xb0, DISKS, put_limits },
	{ 0xb1, DISKS, put_characteristics },
	{ 0xb2, THIN_DISKS, put_provisioning },
};

static bool has_page(const struct vb_storvsc_request *r, const struct page_kind *k)
{
	return k->of == ALL || (!r->unit->is_dvd && (k->of == DISKS || r->s->thin));
}

static void put_supported(const struct vb_storvsc_request *r, struct page *p)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (!has_page(r, &kinds[i]))
			continue;
		snprintf(p->path[p->len], sizeof(p->path[0]), VPD "body.supported.page[%u]",
			 p->len);
		set(p, p->path[p->len], kinds[i].code);
		p->len++;
	}
}

#define PAGE_HEAD 4u

static void answer_page(struct vb_storvsc_request *r)
{
	uint8_t code = (uint8_t)r->field[SCSI_A];
	struct page p = { .n = 0 };
	size_t i = 0;

	while (i < COUNT(kinds) && (kinds[i].code != code || !has_page(r, &kinds[i])))
		i++;
	if (i == COUNT(kinds))
		return vb_unit_fail(r, SENSE_CDB);
	kinds[i].put(r, &p);
	set(&p, INQUIRY "peripheral", peripheral(r));
	set(&p, VPD "page_code", code);
	set(&p, VPD "length", p.len);
	vb_unit_answer(r, p.value, p.n, PAGE_HEAD + p.len, r->field[SCSI_ROOM]);
}

enum { EVPD = 1, CMDDT = 2 };

void vb_unit_inquiry(struct vb_storvsc_request *r)
{
	uint64_t flags = r->field[SCSI_B];

	if (!r->unit && !(flags & EVPD))
		answer_absent(r);
	else if (!r->unit)
		vb_unit_refuse(r, VB_SRB_INVALID_LUN);
	else if (flags & EVPD)
		answer_page(r);
	else if (flags & CMDDT || r->field[SCSI_A])
		vb_unit_fail(r, SENSE_CDB);
	else
		answer_standard(r);
}

/* ---- which units there are ---- */

#define LUNS "hv_scsi_data.report_luns."
#define WELL_KNOWN 1
#define LUN_LEN 8u

void vb_unit_report_luns(struct vb_storvsc_request *r)
{
	struct vb_value values[1 + STORVSC_MAX_LUNS];
	char paths[STORVSC_MAX_LUNS][48];
	bool is_empty = !vb_storvsc_is_target(r->s, r) || r->field[SCSI_A] == WELL_KNOWN;
	uint32_t n = 0;

	if (r->field[SCSI_A] > 2)
		return r->unit ? vb_unit_fail(r, SENSE_CDB) : vb_unit_refuse(r, VB_SRB_INVALID_LUN);
	for (unsigned int i = 0; i < STORVSC_MAX_LUNS && !is_empty; i++) {
		if (!r->s->unit[i])
			continue;
		snprintf(paths[n], sizeof(paths[n]), LUNS "lun[%u].first_level", n);
		values[1 + n] = (struct vb_value)VB_NUMBER(paths[n], i);
		n++;
	}
	values[0] = (struct vb_value)VB_NUMBER(LUNS "list_length", (uint64_t)n * LUN_LEN);
	vb_unit_answer(r, values, 1 + n, 8 + n * LUN_LEN, r->field[SCSI_ROOM]);
}

/* ---- what was the matter ---- */

enum { DESCRIPTORS = 1 };

void vb_unit_request_sense(struct vb_storvsc_request *r)
{
	struct vb_frame f = { .kind = VB_KIND_PACKET, .wire_len = STORVSC_SENSE_LEN };
	struct vb_value values[SCSI_SENSE_VALUES];
	uint8_t bytes[STORVSC_SENSE_LEN] = { 0 };
	uint32_t sense = r->unit->sense;
	size_t n;

	if (r->field[SCSI_A] & DESCRIPTORS)
		return vb_unit_fail(r, SENSE_CDB);
	if (!sense)
		sense = vb_unit_attention(r->unit);
	r->unit->sense = 0;
	n = vb_unit_sense_values(sense, false, 0, values);
	vb_values_encode(vb_proto_by_name("hv_sense"), &f, values, n, bytes, sizeof(bytes));
	const struct vb_value whole[] = {
		VB_DATA("hv_scsi_data.request_sense.sense", bytes, sizeof(bytes)),
	};

	vb_unit_answer(r, whole, 1, sizeof(bytes), r->field[SCSI_ROOM]);
}
