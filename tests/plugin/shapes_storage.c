/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Storage: completions behind the requests that say what they are, commands and sense data in their
 * packets, and what commands read and write outside the ring.
 */
#include "shapes.h"

#include <string.h>

#include "dissectors/scsi.h"
#include "dissectors/storvsc.h"

#define PACKET_HEAD 16u
#define VSTOR 64u
#define SRB_STATUS 14
#define CDB_LEN 20
#define SENSE_LEN 21
#define AREA 28u /* of the CDB or of sense data */
#define AREA_LEN 20u

bool is_in_storage(const struct vb_proto *proto)
{
	return !strcmp(proto->name, "hv_scsi") || !strcmp(proto->name, "hv_scsi_data") ||
	       !strcmp(proto->name, "hv_sense");
}

/* A packet in m->packet: descriptor, operation, zeros. */
static void fill_packet(struct making *m, uint16_t type, uint64_t id, uint32_t operation)
{
	uint16_t descriptor[4] = { type, 2, (PACKET_HEAD + VSTOR) / 8, type != 11 };

	memset(m->packet, 0, PACKET_HEAD + VSTOR);
	memcpy(m->packet, descriptor, sizeof(descriptor));
	memcpy(m->packet + 8, &id, sizeof(id));
	memcpy(m->packet + PACKET_HEAD, &operation, sizeof(operation));
}

/* The request of a completion with that id: its operation and command are what is recalled. */
static void put_request(struct making *m, const struct vb_frame *f, uint64_t id)
{
	uint32_t recalled = f->recalled;

	fill_packet(m, 6, id, recalled >> VB_STORVSC_RECALL_SHIFT);
	m->packet[PACKET_HEAD + CDB_LEN] = 16;
	memcpy(m->packet + PACKET_HEAD + AREA, &recalled, 3);
	/* one that does not say who sent it is answered by such a one */
	begin(m, VB_KIND_PACKET, f->direction ? VB_TO_HOST : VB_DIR_NONE, f->class, m->relid);
	end(m, m->packet, PACKET_HEAD + VSTOR, PACKET_HEAD + VSTOR);
}

/* What there is of a record, but for the losses in front of it: they would take the request away. */
static void vary_answer(struct making *m)
{
	vary_header(m);
	m->ev.hdr.lost = 0;
}

void put_storage_request(struct making *m, const struct vb_frame *f)
{
	uint64_t id = 0;

	if (f->wire_len >= PACKET_HEAD)
		memcpy(&id, m->data + 8, sizeof(id));
	put_request(m, f, id);
}

static void put_packet(struct making *m, const struct vb_frame *f, uint8_t direction,
		       uint32_t cap_len, uint32_t wire_len)
{
	begin(m, VB_KIND_PACKET, direction, f->class, m->relid);
	vary_answer(m);
	end(m, m->packet, cap_len, wire_len);
}

/* m->packet with what is in m->data where the CDB is, or sense data. */
static void put_in_packet(struct making *m, const struct vb_frame *f, uint8_t direction)
{
	uint32_t at = PACKET_HEAD + AREA, len = PACKET_HEAD + VSTOR;
	uint32_t n = f->wire_len < AREA_LEN ? f->wire_len : AREA_LEN;

	memcpy(m->packet + at, m->data, n);
	put_packet(m, f, direction, f->cap_len < n ? at + f->cap_len : len, len);
}

/* It ends in there: nobody can say what it is. */
static void put_too_short(struct making *m, const struct vb_frame *f, uint8_t direction)
{
	uint32_t len = PACKET_HEAD + AREA + (uint32_t)number(m, AREA_LEN);

	put_packet(m, f, direction, len, len);
}

static void put_command(struct making *m, const struct vb_frame *f)
{
	fill_packet(m, 6, number(m, 5), VB_STORVSC_EXECUTE_SRB);
	m->packet[PACKET_HEAD + CDB_LEN] =
		(uint8_t)(f->wire_len < AREA_LEN ? f->wire_len : AREA_LEN);
	put_in_packet(m, f, VB_TO_HOST);
	if (!number(m, 16))
		put_too_short(m, f, VB_TO_HOST);
}

/* A completion with so many bytes of sense data, its request in front of it. */
static void fill_failure(struct making *m, const struct vb_frame *f, uint32_t len)
{
	struct vb_frame of = *f;

	of.direction = VB_TO_GUEST;
	of.recalled = (uint32_t)VB_STORVSC_EXECUTE_SRB << VB_STORVSC_RECALL_SHIFT;
	put_request(m, &of, 3);
	fill_packet(m, 11, 3, VB_STORVSC_COMPLETE_IO);
	m->packet[PACKET_HEAD + SRB_STATUS] = VB_SRB_AUTOSENSE | VB_SRB_ERROR;
	m->packet[PACKET_HEAD + SENSE_LEN] = (uint8_t)len;
}

static void put_sense(struct making *m, const struct vb_frame *f)
{
	fill_failure(m, f, f->wire_len);
	put_in_packet(m, f, VB_TO_GUEST);
	if (number(m, 4))
		return;
	fill_failure(m, f, AREA_LEN);
	put_too_short(m, f, VB_TO_GUEST);
}

/* Of a request to the host, or of a completion, whose request comes first, unless nobody saw it. */
static void put_data(struct making *m, const struct vb_frame *f)
{
	bool asks = f->direction == VB_TO_HOST;
	struct vb_frame of = *f;

	of.recalled |= (uint32_t)VB_STORVSC_EXECUTE_SRB << VB_STORVSC_RECALL_SHIFT;
	if (!asks && f->recalled)
		put_request(m, &of, 4);
	fill_packet(m, asks ? 6 : 11, 4, asks ? VB_STORVSC_EXECUTE_SRB : VB_STORVSC_COMPLETE_IO);
	if (asks) {
		m->packet[PACKET_HEAD + CDB_LEN] = 16;
		memcpy(m->packet + PACKET_HEAD + AREA, &of.recalled, 3);
	}
	begin(m, VB_KIND_PACKET, f->direction, f->class, m->relid);
	vary_answer(m);
	m->ev.ext = m->ext;
	m->ev.hdr.ext_len = put_pieces(m, f, 1 + (uint32_t)number(m, 3));
	m->ev.hdr.ext_wire_len = f->wire_len;
	end(m, m->packet, PACKET_HEAD + VSTOR, PACKET_HEAD + VSTOR);
}

void put_in_storage(struct making *m, const struct vb_frame *of)
{
	const struct vb_proto *proto = m->tree.proto;
	struct vb_frame f = *of;

	f.class = VB_CLASS_SCSI;
	say_versions(m, &f);
	if (!strcmp(proto->name, "hv_scsi")) {
		put_command(m, &f);
	} else if (proto->by_request) {
		put_data(m, &f);
	} else if (f.wire_len <= AREA_LEN && number(m, 2)) {
		put_sense(m, &f);
	} else {
		f.recalled = VB_SCSI_REQUEST_SENSE;
		put_data(m, &f);
	}
}
