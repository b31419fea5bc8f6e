/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The units of a storage device: what they were, and which of the guest's requests are its driver's
 * own, when it looks for them.
 */
#include <stdlib.h>
#include <string.h>

#include "dissectors/scsi.h"
#include "dissectors/storvsc.h"
#include "dissectors/values.h"
#include "replay/plan_impl.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define DONE "hv_storvsc.execute_srb_complete."
#define UNIT_ATTENTION 6u /* a sense key (SPC-4 table 43) */
#define MAX_LUNS 4096u
/* A driver reads a partition table with so many requests. */
#define MAX_LOOKS 16u
/* It asks one thing after the other; who comes later is somebody else, who may be answered by it too. */
#define PAUSE_NS UINT64_C(100000000)
/* The same of one unit that is found: what is asked then is asked by programs. */
#define LEFT_NS UINT64_C(50000000)

/* ---- requests ---- */

bool vb_plan_srb_read(const struct vb_decoder *dec, struct vb_plan_srb *ret)
{
#define SRB "hv_storvsc.execute_srb."
	struct vb_wanted w[] = {
		{ .path = SRB "path_id" },
		{ .path = SRB "target_id" },
		{ .path = SRB "lun" },
		{ .path = SRB "data_in" },
		{ .path = SRB "data_transfer_length" },
	};
	const struct vb_layer *l = dec->walked.layer;

	if (!dec->walked.n_layers)
		return false;
	l += dec->walked.n_layers - 1;
	if (strcmp(l->proto->name, "hv_scsi") != 0 || !l->len ||
	    (uint64_t)l->off + l->len > dec->frame.cap_len)
		return false;
	if (vb_values_read(vb_root_proto(VB_KIND_PACKET), &dec->frame, w, COUNT(w), NULL) !=
	    COUNT(w))
		return false;
	*ret = (struct vb_plan_srb){ .path = (uint8_t)w[0].number,
				     .target = (uint8_t)w[1].number,
				     .lun = (uint8_t)w[2].number,
				     .direction = (uint8_t)w[3].number,
				     .data_len = (uint32_t)w[4].number,
				     .cdb = dec->frame.data + l->off,
				     .cdb_len = l->len };
	return true;
}

static uint64_t hash(uint64_t so_far, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) /* FNV-1a */
		so_far = (so_far ^ bytes[i]) * UINT64_C(0x100000001b3);
	return so_far;
}

static uint64_t key_of(const uint8_t unit[3], const uint8_t *cdb, size_t cdb_len)
{
	uint64_t key = hash(hash(UINT64_C(0xcbf29ce484222325), unit, 3), cdb, cdb_len);

	return key ? key : 1;
}

uint64_t vb_plan_key(const struct vb_frame *message)
{
	struct vb_wanted w[] = { { .path = SRB "path_id" },
				 { .path = SRB "target_id" },
				 { .path = SRB "lun" } };
	const struct vb_layer *cdb;
	struct vb_walked walked;
	uint8_t unit[3];

	if (vb_values_read(vb_proto_by_name("hv_storvsc"), message, w, COUNT(w), &walked) !=
	    COUNT(w))
		return 0;
	for (size_t i = 0; i < COUNT(w); i++)
		unit[i] = (uint8_t)w[i].number;
	cdb = &walked.layer[walked.n_layers - 1];
	if (walked.n_layers < 2 || (uint64_t)cdb->off + cdb->len > message->cap_len)
		return key_of(unit, NULL, 0);
	return key_of(unit, message->data + cdb->off, cdb->len);
}

static bool has(const uint8_t *list, size_t n, uint8_t opcode)
{
	return memchr(list, opcode, n) != NULL;
}

static bool reads(uint8_t opcode)
{
	static const uint8_t list[] = { VB_SCSI_READ_6, VB_SCSI_READ_10, VB_SCSI_READ_12,
					VB_SCSI_READ_16 };

	return has(list, COUNT(list), opcode);
}

/* What a driver does with a unit that it finds, or that is gone. */
static bool looks(uint8_t opcode)
{
	return reads(opcode) || opcode == VB_SCSI_SYNCHRONIZE_CACHE_10 ||
	       opcode == VB_SCSI_SYNCHRONIZE_CACHE_16;
}

/* What a driver asks a unit that it finds (Linux scsi_scan.c, sd.c, sr.c). */
static bool asks(uint8_t opcode)
{
	static const uint8_t list[] = {
		VB_SCSI_INQUIRY,	  VB_SCSI_REPORT_LUNS,
		VB_SCSI_TEST_UNIT_READY,  VB_SCSI_REQUEST_SENSE,
		VB_SCSI_READ_CAPACITY_10, VB_SCSI_SERVICE_IN_16,
		VB_SCSI_MODE_SENSE_6,	  VB_SCSI_MODE_SENSE_10,
		VB_SCSI_MAINTENANCE_IN,	  VB_SCSI_GET_CONFIGURATION,
		VB_SCSI_GET_EVENT_STATUS, VB_SCSI_READ_TOC,
		VB_SCSI_MECHANISM_STATUS, VB_SCSI_START_STOP_UNIT,
		VB_SCSI_PREVENT_REMOVAL,  VB_SCSI_READ_DISC_INFORMATION,
	};

	return has(list, COUNT(list), opcode);
}

/* Nothing is different after these. All others are taken for writes: there may be ones unknown here. */
static bool is_harmless(uint8_t opcode)
{
	static const uint8_t list[] = {
		VB_SCSI_INQUIRY,
		VB_SCSI_REPORT_LUNS,
		VB_SCSI_TEST_UNIT_READY,
		VB_SCSI_REQUEST_SENSE,
		VB_SCSI_READ_CAPACITY_10,
		VB_SCSI_SERVICE_IN_16,
		VB_SCSI_MODE_SENSE_6,
		VB_SCSI_MODE_SENSE_10,
		VB_SCSI_MAINTENANCE_IN,
		VB_SCSI_LOG_SENSE,
		VB_SCSI_RESERVE_IN,
		VB_SCSI_GET_CONFIGURATION,
		VB_SCSI_READ_TOC,
		VB_SCSI_GET_EVENT_STATUS,
		VB_SCSI_MECHANISM_STATUS,
		VB_SCSI_VERIFY_10,
		VB_SCSI_VERIFY_12,
		VB_SCSI_VERIFY_16,
		VB_SCSI_PRE_FETCH_10,
		VB_SCSI_PRE_FETCH_16,
		VB_SCSI_SYNCHRONIZE_CACHE_10,
		VB_SCSI_SYNCHRONIZE_CACHE_16,
		VB_SCSI_READ_DISC_INFORMATION,
	};

	return reads(opcode) || has(list, COUNT(list), opcode);
}

bool vb_plan_srb_writes(const struct vb_plan_srb *srb)
{
	return !is_harmless(srb->cdb[0]) ||
	       (srb->direction == VB_STORVSC_WRITE && srb->data_len > 0);
}

/* ---- units ---- */

struct vb_plan_lun *vb_plan_lun_of(struct vb_plan_disk *disk, const struct vb_plan_srb *srb)
{
	struct vb_plan_lun *luns;

	for (size_t i = 0; i < disk->n_luns; i++) {
		struct vb_plan_lun *u = &disk->luns[i];

		if (u->path == srb->path && u->target == srb->target && u->lun == srb->lun)
			return u;
	}
	if (disk->n_luns == MAX_LUNS) /* no host has so many: the others are one */
		return &disk->luns[MAX_LUNS - 1];
	luns = reallocarray(disk->luns, disk->n_luns + 1, sizeof(*luns));
	if (!luns)
		return NULL;
	disk->luns = luns;
	luns += disk->n_luns++;
	*luns = (struct vb_plan_lun){
		.path = srb->path, .target = srb->target, .lun = srb->lun, .stirred = VB_NO_STEP
	};
	return luns;
}

void vb_plan_luns_again(struct vb_plan_disk *disk)
{
	for (size_t i = 0; i < disk->n_luns; i++) {
		disk->luns[i].is_known = false;
		disk->luns[i].is_left = false;
		disk->luns[i].n_looks = 0;
	}
}

/* ---- who asks ---- */

/* It is made again, or the driver looks at the unit once more. */
static bool is_stirred(const struct vb_plan_device *d, const struct vb_plan_lun *u,
		       const struct vb_plan_srb *srb)
{
	const uint8_t unit[3] = { srb->path, srb->target, srb->lun };

	if (u->stirred == VB_NO_STEP)
		return false;
	return asks(srb->cdb[0]) ||
	       d->steps[u->stirred].key == key_of(unit, srb->cdb, srb->cdb_len);
}

static bool is_pause(uint64_t last_ns, uint64_t now_ns, uint64_t longest_ns)
{
	return now_ns > last_ns && now_ns - last_ns > longest_ns;
}

/* A driver reads blocks of a disk last; of a drive it may have no disc to read. */
static void see_pause(struct vb_plan_lun *u, uint64_t now_ns)
{
	bool is_found = u->is_there && (u->is_dvd || u->n_looks);

	u->is_left |= is_found && is_pause(u->asked_ns, now_ns, LEFT_NS);
	u->asked_ns = now_ns;
}

enum vb_plan_maker vb_plan_maker_of(const struct vb_plan_device *d, struct vb_plan_lun *u,
				    const struct vb_plan_srb *srb, uint64_t now_ns)
{
	bool pauses = is_pause(d->disk->last_ns, now_ns, PAUSE_NS);

	see_pause(u, now_ns);
	if (!u->is_known && asks(srb->cdb[0]))
		return u->is_left || (pauses && u->is_there) ? VB_PLAN_EITHER : VB_PLAN_DRIVER;
	u->is_there = true;
	if (!u->is_known && looks(srb->cdb[0]) && u->n_looks++ < MAX_LOOKS)
		return VB_PLAN_EITHER;
	u->is_known = true;
	if (is_stirred(d, u, srb))
		return VB_PLAN_EITHER;
	u->stirred = VB_NO_STEP;
	return VB_PLAN_AGENT;
}

bool vb_plan_stirs(const struct vb_decoder *dec)
{
	uint64_t scsi = 0, key = 0;

	vb_plan_value(dec, DONE "scsi_status", &scsi);
	if (scsi != VB_SCSI_CHECK_CONDITION)
		return true;
	return vb_plan_value(dec, "hv_sense.current.flags.key", &key) && key == UNIT_ATTENTION;
}

/* ---- persona ---- */

void vb_plan_disk_persona(struct vb_plan_disk *disk, const struct vb_decoder *dec)
{
#define PROPERTIES "hv_storvsc.query_properties_complete."
#define NAMES "hv_storvsc.fchba_data_complete."
	uint64_t value;

	disk->n_own++;
	if (vb_plan_value(dec, PROPERTIES "max_transfer_bytes", &value))
		disk->max_transfer = (uint32_t)value;
	if (vb_plan_value(dec, PROPERTIES "max_channel_cnt", &value)) {
		disk->has_subchannels = true;
		disk->n_subchannels = (uint16_t)value;
	}
	if (vb_plan_value(dec, NAMES "primary_port_wwn", &disk->port_wwn) &&
	    vb_plan_value(dec, NAMES "primary_node_wwn", &disk->node_wwn))
		disk->has_names = true;
}

enum {
	W_QUALIFIER,
	W_TYPE,
	W_VENDOR,
	W_PRODUCT,
	W_REVISION,
	W_LAST_10,
	W_LEN_10,
	W_LAST_16,
	W_LEN_16,
	N_WANTED,
};

static void keep_text(char *to, size_t size, const struct vb_wanted *w)
{
	size_t n = w->n_bytes < size - 1 ? w->n_bytes : size - 1;

	if (!w->found)
		return;
	memcpy(to, w->bytes, n);
	while (n && (to[n - 1] == ' ' || !to[n - 1]))
		n--;
	to[n] = '\0';
}

static void keep_inquiry(struct vb_plan_disk *disk, struct vb_plan_lun *u,
			 const struct vb_wanted *w)
{
	if (!w[W_TYPE].found || w[W_QUALIFIER].number != 0)
		return;
	u->is_there = true;
	u->is_dvd = w[W_TYPE].number == VB_SCSI_CD_DVD;
	if (u->is_dvd || disk->vendor[0] || disk->product[0])
		return;
	keep_text(disk->vendor, sizeof(disk->vendor), &w[W_VENDOR]);
	keep_text(disk->product, sizeof(disk->product), &w[W_PRODUCT]);
	keep_text(disk->revision, sizeof(disk->revision), &w[W_REVISION]);
}

void vb_plan_lun_persona(struct vb_plan_disk *disk, struct vb_plan_lun *u,
			 const struct vb_frame *data)
{
#define INQUIRY "hv_scsi_data.inquiry."
	struct vb_wanted w[N_WANTED] = {
		[W_QUALIFIER].path = INQUIRY "peripheral.qualifier",
		[W_TYPE].path = INQUIRY "peripheral.device_type",
		[W_VENDOR].path = INQUIRY "standard.vendor",
		[W_PRODUCT].path = INQUIRY "standard.product",
		[W_REVISION].path = INQUIRY "standard.revision",
		[W_LAST_10].path = "hv_scsi_data.read_capacity_10.last_lba",
		[W_LEN_10].path = "hv_scsi_data.read_capacity_10.block_length",
		[W_LAST_16].path = "hv_scsi_data.service_action_in_16.capacity.last_lba",
		[W_LEN_16].path = "hv_scsi_data.service_action_in_16.capacity.block_length",
	};
	const struct vb_wanted *last = &w[W_LAST_16];

	vb_values_read(vb_proto_by_name("hv_scsi_data"), data, w, N_WANTED, NULL);
	keep_inquiry(disk, u, w);
	if (!last->found)
		last = &w[W_LAST_10];
	if (!last->found || !last[1].found || u->n_blocks)
		return;
	u->n_blocks = last->number + 1;
	u->block_len = (uint32_t)last[1].number;
}
