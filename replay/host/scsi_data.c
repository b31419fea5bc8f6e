/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What SCSI commands say: bytes in and out, answers of named fields, sense data. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/host/storvsc.h"

/* ---- failures ---- */

void vb_unit_fail(struct vb_storvsc_request *r, uint32_t sense)
{
	r->srb_status = VB_SRB_ERROR;
	r->scsi_status = VB_SCSI_CHECK_CONDITION;
	r->sense = sense;
	r->moved = 0;
	r->s->counters.failed++;
}

/* The fixed format has room for 32 bits of it. */
void vb_unit_fail_at(struct vb_storvsc_request *r, uint32_t sense, uint64_t lba)
{
	vb_unit_fail(r, sense);
	r->has_lba = lba <= UINT32_MAX;
	r->lba = (uint32_t)lba;
}

void vb_unit_refuse(struct vb_storvsc_request *r, uint8_t srb_status)
{
	r->srb_status = srb_status;
	r->scsi_status = srb_status == VB_SRB_BUSY ? VB_SCSI_BUSY : VB_SCSI_GOOD;
	r->sense = 0;
	r->moved = 0;
}

/* ---- sense data ---- */

#define CURRENT 0x70u
#define VALID 0x80u

size_t vb_unit_sense_values(uint32_t sense, bool has_lba, uint32_t lba, struct vb_value *ret)
{
	const struct vb_value values[SCSI_SENSE_VALUES] = {
		VB_NUMBER("hv_sense.response", CURRENT | (has_lba ? VALID : 0)),
		VB_NUMBER("hv_sense.current.flags", sense >> 16),
		VB_NUMBER("hv_sense.current.information", has_lba ? lba : 0),
		VB_NUMBER("hv_sense.current.additional_length", STORVSC_SENSE_LEN - 8),
		VB_NUMBER("hv_sense.current.asc_ascq", sense & 0xffff),
	};

	memcpy(ret, values, sizeof(values));
	return SCSI_SENSE_VALUES;
}

uint32_t vb_unit_attention(struct vb_storvsc_unit *u)
{
	static const uint32_t senses[] = { SENSE_RESET, SENSE_NEW_MEDIUM, SENSE_CAPACITY,
					   SENSE_LUNS, SENSE_RELEASED };

	for (unsigned int i = 0; i < sizeof(senses) / sizeof(senses[0]); i++)
		if (u->attention & 1u << i) {
			u->attention &= ~(1u << i);
			return senses[i];
		}
	return 0;
}

/* ---- bytes ---- */

uint8_t *vb_unit_buffer(struct vb_storvsc_request *r, uint32_t len)
{
	struct vb_storage *s = r->s;
	uint8_t *bigger;

	if (len <= s->buffer_len)
		return s->buffer;
	bigger = realloc(s->buffer, len);
	if (!bigger) {
		vb_hdevice_trouble(s->d, "no memory for %u bytes of data", len);
		vb_unit_refuse(r, VB_SRB_BUSY);
		return NULL;
	}
	s->buffer = bigger;
	s->buffer_len = len;
	return bigger;
}

/* What the guest says is its memory is none. */
static void tell_fault(struct vb_storvsc_request *r, int rc)
{
	vb_hdevice_trouble(r->s->d, "the data of a request cannot be had: %s", strerror(-rc));
	vb_unit_refuse(r, VB_SRB_INVALID_REQUEST);
}

const uint8_t *vb_unit_get(struct vb_storvsc_request *r, uint32_t len)
{
	uint8_t *to;
	int rc;

	if (len > r->data_len) {
		vb_unit_refuse(r, VB_SRB_INVALID_REQUEST);
		return NULL;
	}
	to = vb_unit_buffer(r, len ? len : 1);
	if (!to || !len)
		return to;
	rc = vb_hrange_get(r->s->d, &r->data, 0, 0, to, len);
	if (rc) {
		tell_fault(r, rc);
		return NULL;
	}
	r->moved = len;
	return to;
}

void vb_unit_put(struct vb_storvsc_request *r, const uint8_t *bytes, uint32_t len)
{
	uint32_t n = len < r->data_len ? len : r->data_len;
	int rc = n ? vb_hrange_put(r->s->d, &r->data, 0, 0, bytes, n) : 0;

	if (rc)
		return tell_fault(r, rc);
	r->moved = n;
	if (n < len)
		r->srb_status = VB_SRB_DATA_OVERRUN;
}

/* ---- named fields ---- */

static struct vb_frame frame_of(const struct vb_storvsc_request *r, uint8_t direction, uint32_t len)
{
	return (struct vb_frame){
		.kind = VB_KIND_PACKET,
		.class = vb_hdevice_config(r->s->d)->class,
		.direction = direction,
		.proto_version = r->s->version,
		.recalled = r->recalled,
		.wire_len = len,
		.cap_len = len,
	};
}

void vb_unit_answer(struct vb_storvsc_request *r, const struct vb_value *values, size_t n,
		    uint32_t len, uint64_t room)
{
	struct vb_frame f = frame_of(r, VB_TO_GUEST, len);
	uint8_t bytes[SCSI_MAX_ANSWER];
	int rc = vb_values_encode(vb_proto_by_name("hv_scsi_data"), &f, values, n, bytes,
				  sizeof(bytes));

	if (rc) {
		vb_hdevice_trouble(r->s->d, "an answer to command 0x%02x cannot be written: %s",
				   (unsigned int)(r->recalled & 0xff), strerror(-rc));
		return vb_unit_fail(r, SENSE_CDB);
	}
	vb_unit_put(r, bytes, len < room ? len : (uint32_t)room);
}

size_t vb_unit_read(const struct vb_storvsc_request *r, const uint8_t *bytes, uint32_t len,
		    struct vb_wanted *wanted, size_t n)
{
	struct vb_frame f = frame_of(r, VB_TO_HOST, len);

	f.data = bytes;
	return vb_values_read(vb_proto_by_name("hv_scsi_data"), &f, wanted, n, NULL);
}
