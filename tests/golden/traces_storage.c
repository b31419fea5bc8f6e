/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A storage controller from its start on: versions, sub-channels, INQUIRY and its pages, capacity, mode
 * pages, blocks read and written, an UNMAP; what fails; what the host says unasked; a completion of
 * which nobody saw the request. Then a Fibre Channel adapter.
 */
#include <string.h>

#include "dissectors/scsi.h"
#include "dissectors/sinks.h"
#include "dissectors/storvsc.h"
#include "traces.h"

#define INIT UINT64_C(0xfffffffffffffffd)  /* the id of all requests at the start */
#define RESET UINT64_C(0xfffffffffffffffc) /* and of a reset */
#define VSTOR 64u
#define PFNS 2u

struct cdb {
	uint8_t bytes[16];
	uint8_t len;
};

/* The payload is at the end of the packet; in front of it may be ranges of guest memory. */
static void put_packet(struct making *m, struct record r, uint16_t type, uint64_t id,
		       const uint8_t payload[VSTOR], uint32_t n_bytes)
{
	uint8_t p[16 + 24 + 8 * PFNS + VSTOR] = { 0 };
	uint32_t n_pages = (n_bytes + 4095) / 4096;
	uint32_t at = type == 9 ? 32 + 8 * n_pages : 16, len = at + VSTOR;
	uint16_t descriptor[4] = { type, (uint16_t)(at / 8), (uint16_t)(len / 8),
				   type != 11 && id };
	uint32_t range[4] = { 0, 1, n_bytes, 0 };

	memcpy(p, descriptor, sizeof(descriptor));
	memcpy(p + 8, &id, sizeof(id));
	if (type == 9)
		memcpy(p + 16, range, sizeof(range));
	for (uint64_t i = 0, pfn = 0x12345; type == 9 && i < n_pages; i++, pfn++)
		memcpy(p + 32 + 8 * i, &pfn, sizeof(pfn));
	memcpy(p + at, payload, VSTOR);
	if (!r.storage)
		r.storage = VB_CLASS_SCSI;
	put(m, &r, p, len);
}

/* ---- operations other than SCSI requests ---- */

static void put_operation(struct making *m, const struct record *how, uint64_t id,
			  uint32_t operation, uint32_t status, const void *body, uint32_t len)
{
	bool done = operation == VB_STORVSC_COMPLETE_IO;
	uint32_t head[3] = { operation, !done && id, status };
	uint8_t payload[VSTOR] = { 0 };

	memcpy(payload, head, sizeof(head));
	if (len)
		memcpy(payload + sizeof(head), body, len);
	put_packet(m, *how, done ? 11 : 6, id, payload, 0);
}

static void put_asked(struct making *m, uint64_t id, uint32_t operation, uint32_t word,
		      uint32_t status)
{
	put_operation(m, &to_host, id, operation, 0, &word, sizeof(word));
	put_operation(m, &to_guest, id, VB_STORVSC_COMPLETE_IO, status, &word, sizeof(word));
}

static void put_offer(struct making *m, uint8_t class, uint8_t relid, uint16_t subchannel,
		      const char *instance)
{
	const struct vb_class_info *info = vb_class_by_code(class);
	uint8_t bytes[196] = { 1 };

	vb_guid_parse(info->guid, bytes + 8);
	vb_guid_parse(instance, bytes + 24);
	bytes[184] = relid;
	memcpy(bytes + 178, &subchannel, sizeof(subchannel));
	put(m, &offer, bytes, sizeof(bytes));
}

static void put_start(struct making *m)
{
	static const uint32_t properties[6] = { 0, 3, 1, 0x40000 };

	put_asked(m, INIT, VB_STORVSC_BEGIN_INIT, 0, 0);
	put_asked(m, INIT, VB_STORVSC_QUERY_VERSION, VB_STORVSC_WIN10, 0xc0000059);
	put_asked(m, INIT, VB_STORVSC_QUERY_VERSION, VB_STORVSC_WIN8_1, 0);
	put_operation(m, &to_host, INIT, VB_STORVSC_QUERY_PROPERTIES, 0, NULL, 0);
	put_operation(m, &to_guest, INIT, VB_STORVSC_COMPLETE_IO, 0, properties,
		      sizeof(properties));
	put_asked(m, INIT, VB_STORVSC_END_INIT, 0, 0);
	put_asked(m, INIT, VB_STORVSC_CREATE_SUB_CHANNELS, 1, 0);
	put_offer(m, VB_CLASS_SCSI, 6, 1, STORAGE);
	put_operation(m, &to_guest, 0, VB_STORVSC_ENUMERATE_BUS, 0, NULL, 0);
}

/* ---- SCSI requests ---- */

/* What is common to a request and its completion, which is written there. */
static void fill_srb(uint8_t *srb, uint32_t operation, uint8_t direction, uint32_t n_bytes)
{
	const uint32_t head[3] = { operation, operation != VB_STORVSC_COMPLETE_IO, 0 };

	memset(srb, 0, VSTOR);
	memcpy(srb, head, sizeof(head));
	srb[12] = 52; /* length */
	srb[19] = 0;  /* LUN */
	srb[21] = 20; /* room for sense data */
	srb[22] = direction;
	memcpy(srb + 24, &n_bytes, sizeof(n_bytes));
}

static void put_request(struct making *m, struct record r, uint64_t id, struct cdb cdb,
			uint8_t direction, uint32_t n_bytes)
{
	static const uint8_t tail[16] = { 0, 0, 0xff, 0x20, 0x0a, 1, 0, 0, 60 };
	uint8_t srb[VSTOR];

	fill_srb(srb, VB_STORVSC_EXECUTE_SRB, direction, n_bytes);
	srb[20] = cdb.len;
	memcpy(srb + 28, cdb.bytes, sizeof(cdb.bytes));
	memcpy(srb + 48, tail, sizeof(tail));
	if (n_bytes)
		srb[52] |= direction == VB_STORVSC_READ ? 0x40 : 0x80;
	put_packet(m, r, n_bytes ? 9 : 6, id, srb, n_bytes);
}

struct sense {
	uint8_t bytes[20];
	uint8_t len;
};

static void put_completion(struct making *m, struct record r, uint64_t id, uint8_t status,
			   const struct sense *sense, uint32_t n_bytes)
{
	uint8_t srb[VSTOR];

	fill_srb(srb, VB_STORVSC_COMPLETE_IO, n_bytes ? VB_STORVSC_READ : VB_STORVSC_UNKNOWN,
		 n_bytes);
	srb[14] = status;
	srb[21] = 0;
	if (sense) {
		srb[14] |= VB_SRB_AUTOSENSE;
		srb[15] = VB_SCSI_CHECK_CONDITION;
		srb[21] = sense->len;
		memcpy(srb + 28, sense->bytes, sizeof(sense->bytes));
	}
	put_packet(m, r, 11, id, srb, 0);
}

static struct record with_data(const struct record *how, struct outside *o, const void *data,
			       uint32_t n, uint32_t kept)
{
	struct record r = *how;

	add_piece(o, 0, data, n, kept);
	r.ext = o->bytes;
	r.ext_len = o->len;
	r.ext_wire_len = o->wire_len;
	r.flags = kept < n ? VB_REC_EXT_CUT : 0;
	return r;
}

/* A command that reads n bytes, of which the capture kept so many; the reader has room for more. */
static void put_read(struct making *m, uint64_t id, struct cdb cdb, uint32_t room, const void *data,
		     uint32_t n, uint32_t kept)
{
	struct outside o = { 0 };

	put_request(m, to_host, id, cdb, VB_STORVSC_READ, room);
	put_completion(m, with_data(&to_guest, &o, data, n, kept), id, VB_SRB_SUCCESS, NULL, n);
}

static void put_write(struct making *m, uint64_t id, struct cdb cdb, const void *data, uint32_t n)
{
	struct outside o = { 0 };

	put_request(m, with_data(&to_host, &o, data, n, n), id, cdb, VB_STORVSC_WRITE, n);
	put_completion(m, to_guest, id, VB_SRB_SUCCESS, NULL, n);
}

static void put_failure(struct making *m, uint64_t id, struct cdb cdb, uint32_t n,
			const struct sense *sense)
{
	put_request(m, to_host, id, cdb, n ? VB_STORVSC_READ : VB_STORVSC_UNKNOWN, n);
	put_completion(m, to_guest, id, sense ? VB_SRB_ERROR : VB_SRB_INVALID_LUN, sense, 0);
}

#define CDB(...)                                                                                   \
	((struct cdb){ .bytes = { __VA_ARGS__ }, .len = sizeof((const uint8_t[]){ __VA_ARGS__ }) })
/* All of it is captured; the reader has as much room. */
#define READ(id, cdb, data) put_read(m, id, cdb, sizeof(data), data, sizeof(data), sizeof(data))

/* ---- what a guest does with a disk ---- */

static void put_scan(struct making *m)
{
	static const struct sense changed = { { 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 0 },
					      18 };
	static const uint8_t standard[] = "\0\0\5\2\37\0\0\2Msft    Virtual Disk    1.0 ";
	static const uint8_t no_more[18] = { 0x70, 0, 0, 0, 0, 0, 0, 10 };
	static const uint8_t no_lun[36] = { 0x7f, 0, 5, 2, 31 };
	static const uint8_t luns[24] = { 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };

	put_read(m, 1, CDB(0x12, 0, 0, 0, 36, 0), 36, standard, 36, 36);
	READ(2, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0), luns);
	READ(3, CDB(0x12, 0, 0, 0, 36, 0), no_lun);
	put_failure(m, 4, CDB(0, 0, 0, 0, 0, 0), 0, &changed);
	READ(4, CDB(3, 0, 0, 0, 18, 0), no_more);
}

static void put_pages(struct making *m)
{
	static const uint8_t supported[] = { 0, 0, 0, 6, 0, 0x80, 0x83, 0xb0, 0xb1, 0xb2 };
	static const uint8_t serial[] = { 0, 0x80, 0, 4, 'A', 'B', 'C', 'D' };
	static const uint8_t ids[] = { 0,    0x83, 0,	 44,   1,    3,	   0,	 16,   0x60, 0x02,
				       0x24, 0x80, 0x8a, 0x9b, 0x1c, 0x2d, 0x3e, 0x4f, 0x50, 0x61,
				       0x72, 0x83, 0x94, 0x05, 2,    1,	   0,	 20,   'M',  's',
				       'f',  't',  ' ',	 ' ',  ' ',  ' ',  'V',	 'i',  'r',  't',
				       'u',  'a',  'l',	 ' ',  'D',  'i',  's',	 'k' };
	static const uint8_t limits[64] = { 0,	  0xb0, 0, 60, 0, 0, 0, 1, 0, 0, 0x20,
					    0,	  0,	0, 8,  0, 0, 0, 0, 0, 0, 0,
					    0x20, 0,	0, 0,  0, 1, 0, 0, 8, 0, 0x80 };
	static const uint8_t kind[64] = { 0, 0xb1, 0, 60, 0, 1 };
	static const uint8_t thin[8] = { 0, 0xb2, 0, 4, 0, 0xe4, 2 };

	/* the head alone, then the page */
	put_read(m, 5, CDB(0x12, 1, 0, 0, 4, 0), 4, supported, 4, 4);
	READ(5, CDB(0x12, 1, 0, 0, 10, 0), supported);
	READ(6, CDB(0x12, 1, 0x80, 0, 255, 0), serial);
	READ(7, CDB(0x12, 1, 0x83, 0, 255, 0), ids);
	READ(8, CDB(0x12, 1, 0xb0, 0, 64, 0), limits);
	READ(9, CDB(0x12, 1, 0xb1, 0, 64, 0), kind);
	READ(10, CDB(0x12, 1, 0xb2, 0, 8, 0), thin);
}

static void put_attach(struct making *m)
{
	static const uint8_t capacity[32] = { 0, 0, 0, 0, 0, 0x3f, 0xff, 0xff,
					      0, 0, 2, 0, 0, 3,	   0xc0, 0 };
	static const uint8_t mode[] = { 31, 0, 0x10, 8, 0, 0x40, 0, 0, 0, 0, 2, 0, 0x88, 18, 4, 0,
					0,  0, 0,    0, 0, 0,	 0, 0, 0, 0, 0, 0, 0,	 0,  0, 0 };
	static const struct sense no_page = {
		{ 0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0, 0, 0xc0, 0, 2 }, 18
	};

	READ(11, CDB(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), capacity);
	put_read(m, 12, CDB(0x1a, 0, 0x3f, 0, 4, 0), 4, mode, 4, 4);
	put_read(m, 12, CDB(0x1a, 0, 8, 0, 32, 0), 32, mode, 32, 32);
	put_failure(m, 13, CDB(0x1a, 8, 0x1c, 0, 0xc0, 0), 192, &no_page);
	put_failure(m, 13, CDB(0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0), 64, NULL);
}

static void put_work(struct making *m)
{
	static const struct sense bad_block = {
		{ 0x72, 3, 0x11, 0, 0, 0, 0, 12, 0, 10, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x10, 0 }, 20
	};
	static const uint8_t extents[24] = { 0, 22, 0, 16, 0, 0, 0, 0, 0, 0,
					     0, 0,  0, 0,  8, 0, 0, 0, 0, 8 };
	struct record r = to_host, failed = to_host;
	struct outside o = { 0 };
	uint8_t blocks[4096];

	for (uint32_t i = 0; i < sizeof(blocks); i++)
		blocks[i] = (uint8_t)(i * 7);
	put_read(m, 20, CDB(0x28, 0, 0, 0, 8, 0, 0, 0, 8, 0), 4096, blocks, 4096, 48);
	put_write(m, 21, CDB(0x2a, 8, 0, 0, 8, 0, 0, 0, 1, 0), blocks, 512);
	put_write(m, 22, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), extents, sizeof(extents));
	/* two at a time, completed in the other order; one by the sub-channel */
	r.relid = 6;
	r.subchannel = 1;
	put_request(m, to_host, 23, CDB(0x28, 0, 0, 0, 16, 0, 0, 0, 16, 0), VB_STORVSC_READ, 8192);
	put_request(m, r, 24, CDB(0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), VB_STORVSC_UNKNOWN, 0);
	r.direction = VB_TO_GUEST;
	put_completion(m, r, 24, VB_SRB_SUCCESS, NULL, 0);
	put_completion(m, to_guest, 23, VB_SRB_ERROR, &bad_block, 0);
	/* the ring had no room for it */
	failed.flags = VB_REC_FAILED;
	failed.result = (uint32_t)VB_RESULT_RING_FULL;
	r = with_data(&failed, &o, blocks, 512, 512);
	r.flags |= VB_REC_FAILED;
	put_request(m, r, 25, CDB(0x2a, 0, 0, 0, 8, 0, 0, 0, 1, 0), VB_STORVSC_WRITE, 512);
}

static void put_trouble_of_host(struct making *m)
{
	static const uint8_t event[4] = { 0, 1, 0, 1 };
	static const uint8_t unseen[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct outside o = { 0 };

	put_asked(m, RESET, VB_STORVSC_RESET_BUS, 0, 0);
	put_request(m, to_host, 30, CDB(0xc1, 1, 2, 3, 0, 0), VB_STORVSC_UNKNOWN, 0);
	put_completion(m, with_data(&to_guest, &o, unseen, 8, 8), 99, VB_SRB_SUCCESS, NULL, 8);
	put_operation(m, &to_guest, 0, VB_STORVSC_EVENT, 0, event, sizeof(event));
	put_operation(m, &to_guest, 0, VB_STORVSC_REMOVE_DEVICE, 0, NULL, 0);
}

static void put_fibre_channel(struct making *m)
{
	static const uint8_t names[36] = { 1,	 0, 0,	  0, 0xc0, 3, 0xff, 0,	  0,	0xff,
					   0xff, 1, 0xc0, 3, 0xff, 0, 0,    0xff, 0xff, 0 };
	struct record out = to_host, in = to_guest;

	out.storage = in.storage = VB_CLASS_FC;
	put_offer(m, VB_CLASS_FC, 5, 0, FIBRE);
	put_operation(m, &out, INIT, VB_STORVSC_FC_DATA, 0, NULL, 0);
	put_operation(m, &in, INIT, VB_STORVSC_COMPLETE_IO, 0, names, sizeof(names));
}

void put_storage(struct making *m)
{
	put_offer(m, VB_CLASS_SCSI, 4, 0, STORAGE);
	put_start(m);
	put_scan(m);
	put_pages(m);
	put_attach(m);
	put_work(m);
	put_trouble_of_host(m);
	put_fibre_channel(m);
}
