/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/trace_made.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dissectors/sinks.h"
#include "tests/unit/trace_helpers.h"

#define START (UINT64_C(1767225600) * 1000000000)
#define BYTES_MAX 256u

static void must(bool good)
{
	if (!good)
		abort();
}

void made_open(struct made *m)
{
	*m = (struct made){ .path = scratch_file(), .time_ns = START };
	m->writer = writer_open(m->path);
}

void made_close(struct made *m)
{
	struct vb_err err;

	must(!vb_trace_writer_close(m->writer, NULL, 0, &err));
	m->writer = NULL;
}

void made_done(struct made *m)
{
	unlink(m->path);
	free(m->path);
}

static void write_record(struct made *m, uint8_t kind, uint8_t direction, const uint8_t *bytes,
			 uint32_t len)
{
	bool is_packet = kind == VB_KIND_PACKET;
	struct vb_err err;
	struct vb_event ev = {
		.hdr = { .magic = VB_RECORD_MAGIC,
			 .header_len = VB_RECORD_HEADER_LEN,
			 .kind = kind,
			 .direction = direction,
			 .flags = m->flags | (m->cut ? VB_REC_CUT : 0),
			 .class = is_packet ? m->class : 0,
			 .relid = is_packet ? m->relid : 0,
			 .lost = m->lost,
			 .wire_len = len,
			 .cap_len = len - m->cut,
			 .ring_pos = VB_RING_POS_UNKNOWN },
		.data = bytes,
	};

	if (is_packet)
		memset(ev.hdr.device, m->instance, sizeof(ev.hdr.device));
	m->time_ns += 1000000;
	m->lost = 0;
	m->cut = 0;
	ev.time_ns = m->time_ns;
	ev.number = ++m->number;
	must(!vb_trace_writer_event(m->writer, &ev, &err));
}

static void encode(uint8_t kind, uint8_t class, uint8_t direction, const struct vb_value *v,
		   size_t n, uint8_t *bytes, uint32_t len)
{
	struct vb_frame f = { .class = class,
			      .kind = kind,
			      .direction = direction,
			      .cap_len = len,
			      .wire_len = len,
			      .vmbus_version = 0x00050003 };

	must(!vb_values_encode(vb_root_proto(kind), &f, v, n, bytes, len));
}

/* ---- control messages ---- */

void made_control(struct made *m, uint8_t direction, uint32_t len, const struct vb_value *v,
		  size_t n)
{
	uint8_t bytes[BYTES_MAX];

	must(len <= sizeof(bytes));
	encode(VB_KIND_CONTROL, 0, direction, v, n, bytes, len);
	write_record(m, VB_KIND_CONTROL, direction, bytes, len);
}

void made_offer(struct made *m, uint16_t flags)
{
	const struct vb_class_info *class = vb_class_by_code(m->class);
	uint8_t guid[16], instance[16], data[112];
	struct vb_value v[] = { VB_NUMBER("vmbus.type", 1),
				VB_DATA("vmbus.offer.if_type", guid, 16),
				VB_DATA("vmbus.offer.if_instance", instance, 16),
				VB_NUMBER("vmbus.offer.flags", flags),
				VB_NUMBER("vmbus.offer.mmio_megabytes", 7),
				VB_NUMBER("vmbus.offer.relid", m->relid),
				VB_NUMBER("vmbus.offer.pipe.mode", 4),
				VB_DATA("vmbus.offer.pipe.device_data", data, sizeof(data)),
				VB_NUMBER("vmbus.offer.pipe.flags", 1) };

	must(class->guid && vb_guid_parse(class->guid, guid));
	memset(instance, m->instance, sizeof(instance));
	memset(data, 0xd0, sizeof(data));
	made_control(m, VB_TO_GUEST, 196, v, flags & 0x10 ? 9 : 6);
}

void made_open_channel(struct made *m)
{
	struct vb_value v[] = { VB_NUMBER("vmbus.type", 5),
				VB_NUMBER("vmbus.open.relid", m->relid) };

	made_control(m, VB_TO_HOST, 148, v, 2);
}

void made_close_channel(struct made *m)
{
	struct vb_value v[] = { VB_NUMBER("vmbus.type", 7),
				VB_NUMBER("vmbus.close.relid", m->relid) };

	made_control(m, VB_TO_HOST, 12, v, 2);
}

void made_rescind(struct made *m)
{
	struct vb_value v[] = { VB_NUMBER("vmbus.type", 2),
				VB_NUMBER("vmbus.rescind_offer.relid", m->relid) };

	made_control(m, VB_TO_GUEST, 12, v, 2);
}

/* ---- packets ---- */

void made_packet(struct made *m, uint8_t direction, uint32_t len, const struct vb_value *v,
		 size_t n)
{
	uint8_t bytes[BYTES_MAX];

	must(len <= sizeof(bytes));
	encode(VB_KIND_PACKET, m->class, direction, v, n, bytes, len);
	write_record(m, VB_KIND_PACKET, direction, bytes, len);
}

void made_message(struct made *m, uint8_t direction, uint16_t type, uint64_t trans_id,
		  const void *payload, uint32_t len)
{
	uint8_t bytes[BYTES_MAX];
	uint32_t whole = 16 + len;
	struct vb_value v[] = {
		VB_NUMBER("hv_ring.type", type),	 VB_NUMBER("hv_ring.flags", type != 11),
		VB_NUMBER("hv_ring.trans_id", trans_id), VB_NUMBER("hv_ring.data_offset8", 2),
		VB_NUMBER("hv_ring.len8", whole / 8),	 VB_DATA("hv_ring.data", payload, len)
	};

	must(len % 8 == 0 && whole <= sizeof(bytes));
	encode(VB_KIND_PACKET, 0, direction, v, 6, bytes, whole);
	write_record(m, VB_KIND_PACKET, direction, bytes, whole);
}

void made_ask(struct made *m, uint8_t direction, uint64_t trans_id, uint8_t value)
{
	uint8_t payload[8];

	memset(payload, value, sizeof(payload));
	made_message(m, direction, 6, trans_id, payload, sizeof(payload));
}

void made_complete(struct made *m, uint8_t direction, uint64_t trans_id, uint8_t value)
{
	uint8_t payload[8];

	memset(payload, value, sizeof(payload));
	made_message(m, direction, 11, trans_id, payload, sizeof(payload));
}
