/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One integration service of the host, with a guest whose answers the tests write: by structures
 * that Linux's header has (include/linux/hyperv.h), not by the rows, which thus are tested, too.
 */
#ifndef IC_BENCH_H
#define IC_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/loop/guest.h"

#define S UINT64_C(1000000000)
#define MS UINT64_C(1000000)

/* ---- on the wire ---- */

struct ic_wire {
	uint16_t type, offset8, len8, flags;
	uint64_t trans_id;
	uint32_t pipe_type, pipe_len;
	uint16_t framework_major, framework_minor;
	uint16_t message_type;
	uint16_t major, minor;
	uint16_t size;
	uint32_t status;
	uint8_t id, ic_flags;
	uint8_t reserved[2];
	uint8_t body[8192];
} __attribute__((packed));

#define IC_HEADER 44u /* descriptor, pipe header, header */

struct ic_wire_negotiate {
	uint16_t n_frameworks, n_messages;
	uint32_t reserved;
	struct {
		uint16_t major, minor;
	} version[32];
} __attribute__((packed));

/* ---- the bench ---- */

struct ic_bench;

/* settings: "key=value", NULL-terminated, or NULL. The guest has opened the channel. */
struct ic_bench *ic_bench_new(const char *model, const char *const *settings);
void ic_bench_free(struct ic_bench *b);
/* Whether a device can have these settings: 0 or the error of vb_host_add(). */
int ic_bench_try_settings(const char *model, const char *const *settings, struct vb_err *err);

/* The guest reads the next packet; fails the test when there is none. */
void ic_bench_take(struct ic_bench *b, struct ic_wire *ret);
/* The host has sent nothing. */
void ic_bench_expect_nothing(struct ic_bench *b);
/* The guest sends these bytes, as long as len8 says. */
void ic_bench_send(struct ic_bench *b, const struct ic_wire *w);
/* The guest sends what it got back as an answer. */
void ic_bench_answer(struct ic_bench *b, struct ic_wire *w, uint32_t status);
/* Take the negotiation and choose. */
void ic_bench_negotiate(struct ic_bench *b, uint16_t framework, uint16_t major, uint16_t minor);

void ic_bench_close(struct ic_bench *b);
void ic_bench_open(struct ic_bench *b);
void ic_bench_rescind(struct ic_bench *b);

/* Turn the clocks. */
void ic_bench_advance(struct ic_bench *b, uint64_t ns);
void ic_bench_set_wall(struct ic_bench *b, uint64_t ns);
void ic_bench_set_reference(struct ic_bench *b, uint64_t ns);

/* The last line the host complained with since the last call; "": none. */
const char *ic_bench_trouble(struct ic_bench *b);
bool ic_bench_is_busy(struct ic_bench *b);

/* ---- commands ---- */

struct ic_request {
	struct vb_hrequest rq; /* first */
	unsigned int n_done, n_progress;
	int status;
	char text[8192]; /* of done */
	char progress[128];
};

/* Words as a person writes them, for the service; it is done or not when this returns. */
void ic_bench_command(struct ic_bench *b, struct ic_request *ret, const char *line);
/* A word of the bus's own. */
void ic_bench_bus_command(struct ic_bench *b, struct ic_request *ret, const char *line);
/* Done exactly once, with this status, and the text contains part. */
void ic_expect_done(const struct ic_request *r, int status, const char *part);

#endif
