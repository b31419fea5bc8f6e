/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host without a machine: guest memory, hypercalls and interrupts in one process, and a clock that
 * stands still until it is moved. For unit tests and fuzzing; what must hold is required (aborts).
 */
#ifndef LOOP_H
#define LOOP_H

#include "replay/host/memory.h"
#include "replay/host/model.h"
#include "tests/fuzz/require.h"

#define LOOP_MEMORY (8u << 20)

/* A record of the host's log, kept. */
struct loop_record {
	struct vb_record_header hdr;
	uint8_t data[64]; /* the first bytes */
};

struct loop {
	struct vb_memory memory;
	struct vb_transport transport;
	struct vb_clock clock;
	struct vb_host_log log;
	uint64_t now_ns;
	struct vb_host *host;
	uint64_t n_interrupts[VB_MAX_VPS];
	unsigned int n_troubles;
	unsigned int n_told; /* of them, by loop_trouble() */
	char trouble[256];   /* the last */
	uint32_t connected;  /* version, as the host told */
	unsigned int n_connected;
	struct loop_record *records; /* NULL: none are kept */
	size_t n_records, max_records;
	int link_fd;	    /* what an interface is opened by; -1: there is none */
	char link_name[32]; /* the last one that was asked for */
	struct vb_device devices[16];
	size_t n_devices;
};

struct loop_options {
	uint32_t max_version;
	uint32_t n_vps;	    /* 0: 1 */
	uint64_t memory;    /* bytes; 0: LOOP_MEMORY */
	size_t max_records; /* of the log, kept; 0: no log */
	int link_fd;	    /* the end of an interface that a device may open; 0: none */
	bool write_disks;   /* guests may write to disk images */
};

void loop_init(struct loop *l, const struct loop_options *opt);
void loop_done(struct loop *l);

/* Run the host until it has nothing to do at this time; returns its next deadline. */
uint64_t loop_run(struct loop *l);
/* Move the clock, stopping at each deadline of the host. */
void loop_advance(struct loop *l, uint64_t ns);
/* Add a device; required to succeed. */
struct vb_hdevice *loop_add(struct loop *l, const struct vb_hdevice_config *cfg);

/* A command line: status, and text if there is room for it. -EINPROGRESS: not done yet. */
struct loop_request {
	struct vb_hrequest rq;
	int status;
	unsigned int n_done;
	char text[2048];
};
void loop_command(struct loop *l, struct loop_request *rq, const char *line);
/* A command of a device, "resize 0 100", and what comes of it. Returns its status. */
int loop_word(struct loop *l, const struct vb_hdevice *d, const char *line,
	      struct loop_request *rq);
/* What stands behind the name in an answer "name figure name figure"; required to be there. */
uint64_t loop_figure(const struct loop_request *rq, const char *name);
/* The last line the host complained with since the last call; "": none. */
const char *loop_trouble(struct loop *l);

/* ---- a device for tests: echo.c ---- */

/*
 * Answers each packet that asks for it with a completion of the same payload; a first payload byte
 * 'S' has sub-channels offered, as many as the second says. Commands: "send N BYTES" sends packets
 * with counted payload, "ask" makes the device busy until a packet comes.
 */
extern const struct vb_model loop_echo;

struct loop_echo_state {
	unsigned int n_opened, n_closed, n_packets, n_timers;
	uint32_t to_send, send_bytes, n_sent;
	bool is_asking;
	uint64_t beat_ns;	   /* setting "beat": a timer that often; 0: none */
	struct vb_hchannel *owing; /* an answer that had no room */
	uint32_t owed_len;
	uint8_t owed[4096];
};

/* For cfg: interface of the class "other". */
void loop_echo_config(struct vb_hdevice_config *ret_cfg);

#endif
