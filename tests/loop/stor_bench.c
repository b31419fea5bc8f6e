/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The storage guest: channels, messages, requests. */
#include "stor_bench.h"

#include <errno.h>
#include <string.h>

#define RING_PAGES 5u
#define SENSE_ROOM 20u

_Static_assert(sizeof(struct stor_wire) == STOR_MESSAGE, "struct vstor_packet");

struct stor_bench *stor_bench_bare(const struct vb_host_log *log, bool write)
{
	const struct loop_options opt = { .max_records = log ? 1 : 0, .write_disks = write };
	struct stor_bench *b = calloc(1, sizeof(*b));

	REQUIRE(b);
	loop_init(&b->l, &opt);
	if (log)
		b->l.log = *log;
	return b;
}

void stor_bench_connect(struct stor_bench *b, struct vb_hdevice *d)
{
	b->d = d;
	b->s = vb_hdevice_state(d);
	guest_init(&b->g, &b->l, 1);
	guest_connect(&b->g, VB_VMBUS_5_3);
	guest_pages(&b->g, b->page, STOR_PAGES);
	b->message_len = STOR_MESSAGE;
	b->next_id = 1;
	stor_bench_open(b, 0);
}

struct stor_bench *stor_bench_new_with(const char *model, const char *const *settings,
				       const struct vb_host_log *log, bool write)
{
	struct vb_hdevice_config cfg = { .model = vb_model_by_name(model), .settings = settings };
	struct stor_bench *b = stor_bench_bare(log, write);

	REQUIRE(cfg.model);
	stor_bench_connect(b, loop_add(&b->l, &cfg));
	return b;
}

struct stor_bench *stor_bench_new(const char *model, const char *const *settings)
{
	return stor_bench_new_with(model, settings, NULL, false);
}

struct stor_bench *stor_bench_started(const char *const *settings)
{
	struct stor_bench *b = stor_bench_new("scsi", settings);

	stor_start(b, VB_STORVSC_WIN10);
	return b;
}

void stor_bench_free(struct stor_bench *b)
{
	for (uint16_t i = 0; i < STOR_CHANNELS; i++)
		if (b->is_open[i])
			guest_unmap(&b->c[i]);
	loop_done(&b->l);
	free(b);
}

void stor_bench_open(struct stor_bench *b, uint16_t channel)
{
	REQUIRE(channel < STOR_CHANNELS && !b->is_open[channel]);
	guest_open(&b->g, &b->c[channel], guest_offer(&b->g, channel)->relid, RING_PAGES, 0);
	b->is_open[channel] = true;
	loop_run(&b->l);
}

void stor_bench_close(struct stor_bench *b, uint16_t channel)
{
	guest_close(&b->c[channel], false);
	b->is_open[channel] = false;
	loop_run(&b->l);
}

const char *stor_bench_trouble(struct stor_bench *b)
{
	return loop_trouble(&b->l);
}

int stor_word(struct stor_bench *b, const char *line, struct loop_request *rq)
{
	return loop_word(&b->l, b->d, line, rq);
}

void stor_do(struct stor_bench *b, const char *line)
{
	struct loop_request rq;

	REQUIRE(stor_word(b, line, &rq) == 0);
}

uint64_t stor_counter(struct stor_bench *b, const char *name)
{
	struct loop_request rq;

	REQUIRE(stor_word(b, "stats", &rq) == 0);
	return loop_figure(&rq, name);
}

/* ---- messages ---- */

uint64_t stor_send(struct stor_bench *b, uint16_t channel, const struct stor_wire *w)
{
	REQUIRE(!guest_send(&b->c[channel], 6, 1, b->next_id, w, b->message_len));
	loop_run(&b->l);
	return b->next_id++;
}

bool stor_take(struct stor_bench *b, uint16_t channel, struct stor_wire *ret, uint64_t *ret_id)
{
	struct guest_packet p;

	loop_run(&b->l);
	if (!guest_read(&b->c[channel], &p))
		return false;
	/* what a driver has room for */
	REQUIRE(p.payload_len == b->message_len && p.flags == 0);
	REQUIRE(p.type == (p.trans_id ? 11 : 6));
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, p.payload, p.payload_len);
	*ret_id = p.trans_id;
	return true;
}

uint32_t stor_ask(struct stor_bench *b, uint32_t operation, uint16_t value, struct stor_wire *ret)
{
	const struct stor_wire w = { .operation = operation, .flags = 1, .n_channels = value };
	uint64_t id = stor_send(b, 0, &w), got;

	REQUIRE(stor_take(b, 0, ret, &got));
	REQUIRE(got == id && ret->operation == VB_STORVSC_COMPLETE_IO);
	return ret->status;
}

void stor_start(struct stor_bench *b, uint16_t version)
{
	struct stor_wire w;

	REQUIRE(stor_ask(b, VB_STORVSC_BEGIN_INIT, 0, &w) == 0);
	REQUIRE(stor_ask(b, VB_STORVSC_QUERY_VERSION, version, &w) == 0);
	b->message_len = version < VB_STORVSC_WIN8 ? STOR_OLD_MESSAGE : STOR_MESSAGE;
	REQUIRE(stor_ask(b, VB_STORVSC_QUERY_PROPERTIES, 0, &w) == 0);
	REQUIRE(stor_ask(b, VB_STORVSC_END_INIT, 0, &w) == 0);
}

void stor_more_channels(struct stor_bench *b, uint16_t n)
{
	struct stor_wire w;

	REQUIRE(stor_ask(b, VB_STORVSC_CREATE_SUB_CHANNELS, n, &w) == 0);
	while (guest_take_offers(&b->g))
		continue;
	for (uint16_t i = 1; i <= n; i++)
		stor_bench_open(b, i);
}

/* ---- requests ---- */

void stor_fill(const struct stor_bench *b, const struct stor_request *r, struct stor_wire *ret)
{
	*ret = (struct stor_wire){ .operation = VB_STORVSC_EXECUTE_SRB, .flags = 1 };
	ret->srb.length = (uint16_t)(b->message_len - 12);
	ret->srb.path = b->path;
	ret->srb.target = b->target;
	ret->srb.lun = r->lun;
	ret->srb.cdb_len = r->cdb_len;
	ret->srb.sense_len = b->message_len == STOR_MESSAGE ? SENSE_ROOM : 18;
	ret->srb.data_in = (uint8_t)r->way;
	ret->srb.data_len = r->data_len;
	memcpy(ret->srb.bytes, r->cdb, sizeof(r->cdb));
}

uint32_t stor_ranges(const struct stor_bench *b, uint32_t len, uint8_t ret[1024])
{
	const uint32_t head[4] = { 0xdeadbeef, 1, len, b->offset };
	uint32_t n = (b->offset + len + VB_PAGE - 1) / VB_PAGE;

	REQUIRE(n <= STOR_PAGES);
	memcpy(ret, head, sizeof(head));
	memcpy(ret + sizeof(head), b->page, 8 * (size_t)n);
	return (uint32_t)sizeof(head) + 8 * n;
}

uint64_t stor_submit(struct stor_bench *b, uint16_t channel, const struct stor_request *r)
{
	struct stor_wire w;
	uint8_t ranges[1024];
	uint32_t len;

	stor_fill(b, r, &w);
	if (!r->data_len)
		return stor_send(b, channel, &w);
	len = stor_ranges(b, r->data_len, ranges);
	REQUIRE(!guest_send_ranges(&b->c[channel], 9, 1, b->next_id, ranges, len, &w,
				   b->message_len));
	loop_run(&b->l);
	return b->next_id++;
}

void stor_run(struct stor_bench *b, const struct stor_request *r, struct stor_wire *ret)
{
	uint64_t id = stor_submit(b, 0, r), got;

	REQUIRE(stor_take(b, 0, ret, &got));
	REQUIRE(got == id && ret->operation == VB_STORVSC_COMPLETE_IO && ret->flags == 0);
	REQUIRE(ret->srb.length == b->message_len - 12 && ret->srb.lun == r->lun);
	REQUIRE(ret->srb.data_len <= r->data_len);
}

static void copy(const struct stor_bench *b, uint32_t at, uint8_t *to, const uint8_t *from,
		 uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		uint32_t place = b->offset + at + i;
		uint8_t *byte = guest_memory(&b->g, b->page[place / VB_PAGE]) + place % VB_PAGE;

		if (from)
			*byte = from[i];
		else
			to[i] = *byte;
	}
}

void stor_put(struct stor_bench *b, uint32_t at, const void *bytes, uint32_t len)
{
	copy(b, at, NULL, bytes, len);
}

void stor_get(const struct stor_bench *b, uint32_t at, void *bytes, uint32_t len)
{
	copy(b, at, bytes, NULL, len);
}

static void put_be(uint8_t *to, uint64_t value, unsigned int n)
{
	while (n--) {
		to[n] = (uint8_t)value;
		value >>= 8;
	}
}

void stor_rw(struct stor_request *ret, bool is_write, uint8_t lun, uint64_t lba, uint32_t n,
	     uint32_t block)
{
	*ret = (struct stor_request){ .lun = lun,
				      .cdb = { is_write ? 0x8a : 0x88 },
				      .cdb_len = 16,
				      .way = is_write ? STOR_OUT : STOR_IN,
				      .data_len = n * block };
	put_be(ret->cdb + 2, lba, 8);
	put_be(ret->cdb + 10, n, 4);
}

static uint32_t block_of(const struct stor_bench *b, uint8_t lun)
{
	return b->s->unit[lun] ? b->s->unit[lun]->block_len : 512;
}

uint8_t stor_read(struct stor_bench *b, uint8_t lun, uint64_t lba, uint32_t n, void *to)
{
	struct stor_request r;
	struct stor_wire w;

	stor_rw(&r, false, lun, lba, n, block_of(b, lun));
	stor_run(b, &r, &w);
	stor_get(b, 0, to, w.srb.data_len);
	return w.srb.srb_status;
}

uint8_t stor_write(struct stor_bench *b, uint8_t lun, uint64_t lba, uint32_t n, const void *bytes)
{
	struct stor_request r;
	struct stor_wire w;

	stor_rw(&r, true, lun, lba, n, block_of(b, lun));
	stor_put(b, 0, bytes, r.data_len);
	stor_run(b, &r, &w);
	REQUIRE(w.srb.srb_status != VB_SRB_SUCCESS || w.srb.data_len == r.data_len);
	return w.srb.srb_status;
}

uint32_t stor_answer(struct stor_bench *b, const struct stor_request *r, void *to)
{
	struct stor_wire w;

	stor_run(b, r, &w);
	REQUIRE(w.srb.srb_status == VB_SRB_SUCCESS && w.srb.scsi_status == 0 && w.status == 0);
	stor_get(b, 0, to, w.srb.data_len);
	return w.srb.data_len;
}

uint32_t stor_sense(struct stor_bench *b, const struct stor_request *r)
{
	struct stor_wire w;
	const uint8_t *sense = w.srb.bytes;

	stor_run(b, r, &w);
	if (w.srb.srb_status == VB_SRB_SUCCESS)
		return 0;
	REQUIRE(w.srb.srb_status == 0x84 && w.srb.scsi_status == 2 && w.status == 0xc0000185);
	REQUIRE(w.srb.data_len == 0 && w.srb.sense_len == 18);
	REQUIRE((sense[0] & 0x7f) == 0x70 && sense[7] == 10);
	return (uint32_t)(sense[2] & 0xf) << 16 | (uint32_t)sense[12] << 8 | sense[13];
}

void stor_calm(struct stor_bench *b, uint8_t lun)
{
	const struct stor_request ready = { .lun = lun,
					    STOR_CDB(0, 0, 0, 0, 0, 0),
					    .way = STOR_NONE };

	for (unsigned int i = 0; i < 4; i++)
		stor_sense(b, &ready);
}

uint64_t stor_be(const uint8_t *bytes, unsigned int n)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < n; i++)
		value = value << 8 | bytes[i];
	return value;
}

uint8_t stor_pattern(uint64_t i)
{
	return (uint8_t)(i * 7 + i / 251 + 3);
}
