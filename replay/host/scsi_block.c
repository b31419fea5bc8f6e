/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands with blocks of a disk (T10 SBC-3): read, written, compared, unmapped, counted. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "replay/host/storvsc.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_BLOCK 4096u

#define PROTECT 0xe0u /* flags of all of them: there is no protection information here */
#define FUA 0x08u     /* of reads and writes */

static uint64_t min_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- where and how many ---- */

static uint64_t length_of(const struct vb_storvsc_request *r)
{
	uint8_t opcode = (uint8_t)r->recalled;
	bool is_short = opcode == VB_SCSI_READ_6 || opcode == VB_SCSI_WRITE_6;

	return is_short && !r->field[SCSI_LENGTH] ? 256 : r->field[SCSI_LENGTH];
}

static bool is_inside(const struct vb_storvsc_unit *u, uint64_t lba, uint64_t n)
{
	uint64_t blocks = vb_storvsc_unit_blocks(u);

	return n <= blocks && lba <= blocks - n;
}

/* Blocks of the guest in blocks of the back end. */
static uint64_t in_disk(const struct vb_storvsc_unit *u, uint64_t n)
{
	return n * (u->block_len / vb_disk_block_len(u->disk));
}

/* An error that is to happen to one of these blocks. False: there is none. */
static bool meets_error(struct vb_storvsc_request *r, bool is_write, uint64_t n)
{
	uint64_t lba = r->field[SCSI_LBA];

	for (unsigned int i = 0; i < STORVSC_MAX_ERRORS; i++) {
		struct vb_storvsc_error *e = &r->s->error[i];

		if (!e->n_left || e->lun != r->unit->lun || e->is_write != is_write ||
		    e->lba < lba || e->lba - lba >= n)
			continue;
		e->n_left--;
		vb_unit_fail_at(r, e->sense, e->lba);
		return true;
	}
	return false;
}

/* False: they cannot be had, and the request has failed. */
static bool may_use(struct vb_storvsc_request *r, bool is_write, uint64_t n)
{
	if (is_write && r->unit->readonly)
		vb_unit_fail(r, SENSE_PROTECTED);
	else if (r->field[SCSI_FLAGS] & PROTECT)
		vb_unit_fail(r, SENSE_CDB);
	else if (!is_inside(r->unit, r->field[SCSI_LBA], n))
		vb_unit_fail_at(r, SENSE_LBA_RANGE, r->field[SCSI_LBA]);
	else
		return !meets_error(r, is_write, n);
	return false;
}

static void fail_disk(struct vb_storvsc_request *r, int rc, bool is_write)
{
	if (rc == -ENOSPC)
		return vb_unit_fail(r, SENSE_NO_SPACE);
	vb_hdevice_trouble(r->s->d, "LUN %u cannot be %s: %s", r->unit->lun,
			   is_write ? "written" : "read", strerror(-rc));
	vb_unit_fail_at(r, is_write ? SENSE_WRITE_ERROR : SENSE_READ_ERROR, r->field[SCSI_LBA]);
}

/* ---- reading and writing ---- */

/* No more is read than the guest has room for. */
void vb_unit_read_blocks(struct vb_storvsc_request *r)
{
	struct vb_storvsc_unit *u = r->unit;
	uint64_t n = length_of(r), bytes = n * u->block_len, here;
	uint8_t *buffer;
	int rc;

	if (!may_use(r, false, n))
		return;
	here = min_of(n, ((uint64_t)r->data_len + u->block_len - 1) / u->block_len);
	buffer = vb_unit_buffer(r, (uint32_t)(here * u->block_len) + 1);
	if (!buffer)
		return;
	rc = vb_disk_read(u->disk, in_disk(u, r->field[SCSI_LBA]), in_disk(u, here), buffer);
	if (rc)
		return fail_disk(r, rc, false);
	vb_unit_put(r, buffer, (uint32_t)min_of(bytes, UINT32_MAX));
	r->s->counters.reads++;
	r->s->counters.read_bytes += r->moved;
}

void vb_unit_write_blocks(struct vb_storvsc_request *r)
{
	struct vb_storvsc_unit *u = r->unit;
	uint64_t n = length_of(r), bytes = n * u->block_len;
	const uint8_t *data;
	int rc;

	if (!may_use(r, true, n))
		return;
	data = vb_unit_get(r, (uint32_t)min_of(bytes, UINT32_MAX));
	if (!data)
		return;
	rc = vb_disk_write(u->disk, in_disk(u, r->field[SCSI_LBA]), in_disk(u, n), data);
	if (rc == 0 && r->field[SCSI_FLAGS] & FUA)
		rc = vb_disk_sync(u->disk);
	if (rc)
		return fail_disk(r, rc, true);
	r->s->counters.writes++;
	r->s->counters.written_bytes += r->moved;
}

/* ---- comparing ---- */

static void compare(struct vb_storvsc_request *r, const uint8_t *data, uint64_t n)
{
	struct vb_storvsc_unit *u = r->unit;
	uint8_t block[MAX_BLOCK];
	int rc;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t lba = r->field[SCSI_LBA] + i;

		rc = vb_disk_read(u->disk, in_disk(u, lba), in_disk(u, 1), block);
		if (rc)
			return fail_disk(r, rc, false);
		if (memcmp(block, data + i * u->block_len, u->block_len) != 0)
			return vb_unit_fail_at(r, SENSE_MISCOMPARE, lba);
	}
}

void vb_unit_verify(struct vb_storvsc_request *r)
{
	uint64_t n = length_of(r), how = r->field[SCSI_FLAGS] >> 1 & 3;
	const uint8_t *data;

	if (!may_use(r, false, n))
		return;
	if (how > 1)
		return vb_unit_fail(r, SENSE_CDB);
	if (how == 0)
		return;
	data = vb_unit_get(r, (uint32_t)min_of(n * r->unit->block_len, UINT32_MAX));
	if (data)
		compare(r, data, n);
}

/* Whether n blocks are as data says; the sense data has the place of the first byte that is not. */
static bool is_as_expected(struct vb_storvsc_request *r, const uint8_t *data, uint64_t n)
{
	struct vb_storvsc_unit *u = r->unit;
	uint8_t block[MAX_BLOCK];
	uint64_t at = 0;
	int rc;

	for (uint64_t i = 0; i < n; i++) {
		rc = vb_disk_read(u->disk, in_disk(u, r->field[SCSI_LBA] + i), in_disk(u, 1),
				  block);
		if (rc) {
			fail_disk(r, rc, false);
			return false;
		}
		for (uint32_t k = 0; k < u->block_len; k++, at++)
			if (block[k] != data[at]) {
				vb_unit_fail_at(r, SENSE_MISCOMPARE, at);
				return false;
			}
	}
	return true;
}

/* The data has the blocks twice: as they are to be, and as they are to become. */
void vb_unit_compare_and_write(struct vb_storvsc_request *r)
{
	struct vb_storvsc_unit *u = r->unit;
	uint64_t n = r->field[SCSI_LENGTH], bytes = n * u->block_len;
	const uint8_t *data;
	int rc;

	if (!may_use(r, true, n))
		return;
	if (n > SCSI_MAX_COMPARED)
		return vb_unit_fail(r, SENSE_CDB);
	data = vb_unit_get(r, (uint32_t)(2 * bytes));
	if (!data || !is_as_expected(r, data, n))
		return;
	rc = vb_disk_write(u->disk, in_disk(u, r->field[SCSI_LBA]), in_disk(u, n), data + bytes);
	if (rc == 0 && r->field[SCSI_FLAGS] & FUA)
		rc = vb_disk_sync(u->disk);
	if (rc)
		return fail_disk(r, rc, true);
	r->s->counters.writes++;
	r->s->counters.written_bytes += bytes;
}

/* ---- the cache ---- */

void vb_unit_flush(struct vb_storvsc_request *r)
{
	int rc;

	if (!is_inside(r->unit, r->field[SCSI_LBA], length_of(r)))
		return vb_unit_fail_at(r, SENSE_LBA_RANGE, r->field[SCSI_LBA]);
	rc = vb_disk_sync(r->unit->disk);
	if (rc)
		return fail_disk(r, rc, true);
	r->s->counters.flushes++;
}

void vb_unit_prefetch(struct vb_storvsc_request *r)
{
	if (!is_inside(r->unit, r->field[SCSI_LBA], length_of(r)))
		vb_unit_fail_at(r, SENSE_LBA_RANGE, r->field[SCSI_LBA]);
}

/* ---- one block, many times ---- */

enum { NO_DATA = 0x01, ANCHOR_OR_NUMBERED = 0x16, DO_UNMAP = 0x08 };

static const uint8_t zeros[MAX_BLOCK];

static bool is_same_allowed(const struct vb_storvsc_request *r)
{
	uint64_t flags = r->field[SCSI_FLAGS], n = r->field[SCSI_LENGTH];
	bool is_long = (uint8_t)r->recalled == VB_SCSI_WRITE_SAME_16;

	if (flags & ANCHOR_OR_NUMBERED || (flags & NO_DATA && !is_long))
		return false;
	if (flags & DO_UNMAP && !r->s->thin)
		return false;
	return n && n * r->unit->block_len <= SCSI_MAX_SAME;
}

void vb_unit_write_same(struct vb_storvsc_request *r)
{
	struct vb_storvsc_unit *u = r->unit;
	uint64_t lba = r->field[SCSI_LBA], n = r->field[SCSI_LENGTH];
	const uint8_t *data = zeros;
	bool is_unmap = r->field[SCSI_FLAGS] & DO_UNMAP;
	int rc;

	if (!may_use(r, true, n))
		return;
	if (!is_same_allowed(r))
		return vb_unit_fail(r, SENSE_CDB);
	if (!(r->field[SCSI_FLAGS] & NO_DATA))
		data = vb_unit_get(r, u->block_len);
	if (!data)
		return;
	if (is_unmap && memcmp(data, zeros, u->block_len) == 0)
		rc = vb_disk_unmap(u->disk, in_disk(u, lba), in_disk(u, n));
	else
		rc = vb_disk_write_same(u->disk, in_disk(u, lba), in_disk(u, n), data);
	if (rc)
		return fail_disk(r, rc, true);
	r->s->counters.unmaps += is_unmap;
	r->s->counters.writes += !is_unmap;
}

/* ---- unmapping ---- */

#define UNMAP "hv_scsi_data.unmap."
#define UNMAP_HEAD 8u
#define UNMAP_EXTENT 16u

struct extent {
	uint64_t lba, n;
};

/* The extents of a list; -1: there are more than may be. */
static int read_extents(const struct vb_storvsc_request *r, const uint8_t *list, uint32_t len,
			struct extent ret[SCSI_MAX_EXTENTS])
{
	struct vb_wanted w[2 * SCSI_MAX_EXTENTS], head = { .path = UNMAP "descriptors_length" };
	char paths[2 * SCSI_MAX_EXTENTS][48];
	uint64_t n;

	vb_unit_read(r, list, len, &head, 1);
	n = min_of(head.number, len - UNMAP_HEAD) / UNMAP_EXTENT;
	if (n > SCSI_MAX_EXTENTS)
		return -1;
	for (size_t i = 0; i < n; i++) {
		snprintf(paths[2 * i], sizeof(paths[0]), UNMAP "extent[%zu].lba", i);
		snprintf(paths[2 * i + 1], sizeof(paths[0]), UNMAP "extent[%zu].n_blocks", i);
		w[2 * i].path = paths[2 * i];
		w[2 * i + 1].path = paths[2 * i + 1];
	}
	if (vb_unit_read(r, list, len, w, 2 * n) != 2 * n)
		return -1;
	for (size_t i = 0; i < n; i++)
		ret[i] = (struct extent){ w[2 * i].number, w[2 * i + 1].number };
	return (int)n;
}

static void unmap_extents(struct vb_storvsc_request *r, const struct extent *e, int n)
{
	struct vb_storvsc_unit *u = r->unit;
	int rc;

	/* all or nothing, as far as that can be known before */
	for (int i = 0; i < n; i++)
		if (!is_inside(u, e[i].lba, e[i].n))
			return vb_unit_fail_at(r, SENSE_LBA_RANGE, e[i].lba);
	for (int i = 0; i < n; i++) {
		rc = vb_disk_unmap(u->disk, in_disk(u, e[i].lba), in_disk(u, e[i].n));
		if (rc)
			return fail_disk(r, rc, true);
	}
	r->s->counters.unmaps++;
}

void vb_unit_unmap(struct vb_storvsc_request *r)
{
	struct extent extents[SCSI_MAX_EXTENTS];
	uint32_t len = (uint32_t)r->field[SCSI_ROOM];
	const uint8_t *list;
	int n;

	if (!r->s->thin)
		return vb_unit_fail(r, SENSE_OPCODE);
	if (r->unit->readonly)
		return vb_unit_fail(r, SENSE_PROTECTED);
	if (r->field[SCSI_A])
		return vb_unit_fail(r, SENSE_CDB);
	if (!len)
		return;
	if (len < UNMAP_HEAD)
		return vb_unit_fail(r, SENSE_LIST_LENGTH);
	list = vb_unit_get(r, len);
	if (!list)
		return;
	n = read_extents(r, list, len, extents);
	if (n < 0)
		return vb_unit_fail(r, SENSE_PARAMETERS);
	unmap_extents(r, extents, n);
}

/* ---- how many there are, and which are mapped ---- */

void vb_unit_capacity_10(struct vb_storvsc_request *r)
{
	uint64_t last = vb_storvsc_unit_blocks(r->unit) - 1;
	const struct vb_value values[] = {
		VB_NUMBER("hv_scsi_data.read_capacity_10.last_lba", min_of(last, UINT32_MAX)),
		VB_NUMBER("hv_scsi_data.read_capacity_10.block_length", r->unit->block_len),
	};

	vb_unit_answer(r, values, COUNT(values), 8, 8);
}

#define THIN_AND_ZERO 0xc000u

void vb_unit_capacity_16(struct vb_storvsc_request *r)
{
#define CAPACITY "hv_scsi_data.service_action_in_16.capacity."
	const struct vb_value values[] = {
		VB_NUMBER(CAPACITY "last_lba", vb_storvsc_unit_blocks(r->unit) - 1),
		VB_NUMBER(CAPACITY "block_length", r->unit->block_len),
		VB_NUMBER(CAPACITY "provisioning", r->s->thin ? THIN_AND_ZERO : 0),
	};

	vb_unit_answer(r, values, COUNT(values), 32, r->field[SCSI_ROOM]);
}

#define STATUS "hv_scsi_data.service_action_in_16.lba_status."
#define STATUS_HEAD 8u
#define STATUS_EXTENT 16u

/* Without thin provisioning all are mapped. */
static uint64_t extent_at(const struct vb_storvsc_request *r, uint64_t lba, bool *ret_mapped)
{
	uint64_t left = vb_storvsc_unit_blocks(r->unit) - lba, n = left;

	*ret_mapped = true;
	if (r->s->thin && vb_disk_extent(r->unit->disk, lba, &n, ret_mapped))
		n = left;
	return min_of(min_of(n, left), UINT32_MAX);
}

void vb_unit_lba_status(struct vb_storvsc_request *r)
{
	struct vb_value values[1 + 3 * SCSI_MAX_EXTENTS];
	char paths[3 * SCSI_MAX_EXTENTS][72];
	uint64_t lba = r->field[SCSI_A], blocks = vb_storvsc_unit_blocks(r->unit);
	static const char *const names[] = { "lba", "n_blocks", "provisioning" };
	unsigned int n = 0;
	bool is_mapped;

	if (lba >= blocks)
		return vb_unit_fail_at(r, SENSE_LBA_RANGE, lba);
	for (; n < SCSI_MAX_EXTENTS && lba < blocks; n++) {
		uint64_t len = extent_at(r, lba, &is_mapped);
		const uint64_t numbers[] = { lba, len, !is_mapped };

		for (unsigned int i = 0; i < 3; i++) {
			char *path = paths[3 * n + i];

			snprintf(path, sizeof(paths[0]), STATUS "extent[%u].%s", n, names[i]);
			values[1 + 3 * n + i] = (struct vb_value)VB_NUMBER(path, numbers[i]);
		}
		lba += len;
	}
	values[0] = (struct vb_value)VB_NUMBER(STATUS "parameter_length", 4 + n * STATUS_EXTENT);
	vb_unit_answer(r, values, 1 + 3 * n, STATUS_HEAD + n * STATUS_EXTENT, r->field[SCSI_ROOM]);
}
