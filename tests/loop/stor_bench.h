/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A storage device of the host, with a guest whose requests the tests write: by structures that
 * Linux's driver has (6.1 drivers/scsi/storvsc_drv.c) and by the bytes of CDBs, not by the rows, which
 * thus are tested, too.
 */
#ifndef STOR_BENCH_H
#define STOR_BENCH_H

#include "replay/host/storvsc.h"
#include "tests/loop/guest.h"

#define STOR_CHANNELS 4u
#define STOR_PAGES 65u /* of the guest's buffer: 256 KiB that need not begin at a page */
#define STOR_DATA (256u << 10)
#define STOR_MESSAGE 64u
#define STOR_OLD_MESSAGE 48u

struct stor_wire {
	uint32_t operation, flags, status;
	union {
		struct {
			uint16_t length;
			uint8_t srb_status, scsi_status;
			uint8_t port, path, target, lun;
			uint8_t cdb_len, sense_len, data_in, reserved;
			uint32_t data_len;
			uint8_t bytes[20]; /* the CDB, or sense data */
			uint16_t reserved_2;
			uint8_t queue_tag, queue_action;
			uint32_t flags, timeout, sort_key;
		} srb;
		struct {
			uint16_t number, revision;
		} version;
		struct {
			uint32_t reserved;
			uint16_t max_channels, reserved_2;
			uint32_t flags, max_transfer;
			uint32_t reserved_3[2];
		} properties;
		struct {
			uint8_t primary_active, reserved[3];
			uint8_t primary_port[8], primary_node[8];
			uint8_t secondary_port[8], secondary_node[8];
		} names;
		uint16_t n_channels;
		uint8_t payload[52];
	};
} __attribute__((packed));

struct stor_bench {
	struct loop l;
	struct guest g;
	struct guest_channel c[STOR_CHANNELS];
	bool is_open[STOR_CHANNELS];
	struct vb_hdevice *d;
	struct vb_storage *s; /* its state */
	uint64_t page[STOR_PAGES];
	uint32_t offset;      /* of the buffer in its first page */
	uint32_t message_len; /* of what the guest sends */
	uint64_t next_id;
	uint8_t path, target; /* of the next commands */
};

/* settings: "key=value", NULL-terminated, or NULL. The guest has opened the primary channel. */
struct stor_bench *stor_bench_new(const char *model, const char *const *settings);
/* ... and the host's log goes to log (NULL: none); write: images may be written to. */
struct stor_bench *stor_bench_new_with(const char *model, const char *const *settings,
				       const struct vb_host_log *log, bool write);
/* Its two halves: a host without a device, and the guest of a device that it has got meanwhile. */
struct stor_bench *stor_bench_bare(const struct vb_host_log *log, bool write);
void stor_bench_connect(struct stor_bench *b, struct vb_hdevice *d);
/* A SCSI controller whose guest is ready, of the newest version. */
struct stor_bench *stor_bench_started(const char *const *settings);
void stor_bench_free(struct stor_bench *b);
void stor_bench_open(struct stor_bench *b, uint16_t channel);
void stor_bench_close(struct stor_bench *b, uint16_t channel);
/* The last line the host complained with since the last call; "": none. */
const char *stor_bench_trouble(struct stor_bench *b);
/* A command to the device, "resize 0 100": its status. */
int stor_word(struct stor_bench *b, const char *line, struct loop_request *rq);
/* Required to succeed. */
void stor_do(struct stor_bench *b, const char *line);
/* One figure of its command "stats". */
uint64_t stor_counter(struct stor_bench *b, const char *name);

/* ---- messages ---- */

/* Send one in band. Returns the id. */
uint64_t stor_send(struct stor_bench *b, uint16_t channel, const struct stor_wire *w);
/* Take the next packet; false: there is none. */
bool stor_take(struct stor_bench *b, uint16_t channel, struct stor_wire *ret, uint64_t *ret_id);
/* An operation on the primary channel: its answer is taken. Returns its status. */
uint32_t stor_ask(struct stor_bench *b, uint32_t operation, uint16_t value, struct stor_wire *ret);
/* All that comes before the first request; required to succeed. */
void stor_start(struct stor_bench *b, uint16_t version);
/* Ask for n sub-channels and open them. */
void stor_more_channels(struct stor_bench *b, uint16_t n);

/* ---- requests ---- */

enum stor_way { STOR_OUT, STOR_IN, STOR_NONE };

/* A request, as the guest sends it: data_len bytes of its buffer go with it. */
struct stor_request {
	uint8_t lun, cdb_len;
	uint8_t cdb[16];
	enum stor_way way;
	uint32_t data_len;
};

void stor_fill(const struct stor_bench *b, const struct stor_request *r, struct stor_wire *ret);
/* The header of a GPA packet for len bytes of the buffer. Returns its bytes. */
uint32_t stor_ranges(const struct stor_bench *b, uint32_t len, uint8_t ret[1024]);
uint64_t stor_submit(struct stor_bench *b, uint16_t channel, const struct stor_request *r);
/* Send it on the primary channel and take its completion, which must come. */
void stor_run(struct stor_bench *b, const struct stor_request *r, struct stor_wire *ret);

#define STOR_CDB(...) .cdb = { __VA_ARGS__ }, .cdb_len = sizeof((const uint8_t[]){ __VA_ARGS__ })

void stor_put(struct stor_bench *b, uint32_t at, const void *bytes, uint32_t len);
void stor_get(const struct stor_bench *b, uint32_t at, void *bytes, uint32_t len);

/* READ(16) and WRITE(16) of n blocks. Returns the SRB's status. */
uint8_t stor_read(struct stor_bench *b, uint8_t lun, uint64_t lba, uint32_t n, void *to);
uint8_t stor_write(struct stor_bench *b, uint8_t lun, uint64_t lba, uint32_t n, const void *bytes);
void stor_rw(struct stor_request *ret, bool is_write, uint8_t lun, uint64_t lba, uint32_t n,
	     uint32_t block);
/* An answer of at most len bytes. Returns how many there were; REQUIREs success. */
uint32_t stor_answer(struct stor_bench *b, const struct stor_request *r, void *to);
/* Run it: sense data, key << 16 | ASC << 8 | ASCQ; 0: it succeeded; others are required not to be. */
uint32_t stor_sense(struct stor_bench *b, const struct stor_request *r);
/* Unit attentions of a LUN are taken. */
void stor_calm(struct stor_bench *b, uint8_t lun);

/* Bytes of SCSI. */
uint64_t stor_be(const uint8_t *bytes, unsigned int n);
uint8_t stor_pattern(uint64_t i);

#endif
