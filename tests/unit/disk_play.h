/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A conversation with a disk, recorded by the host's log; and a guest of the replay that does again
 * what it is told to, or something else.
 */
#ifndef VB_DISK_PLAY_H
#define VB_DISK_PLAY_H

#include "replay/replay.h"
#include "tests/loop/stor_bench.h"

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)
#define DISK_PLAY_SERVICE (3 * MS) /* what each command took when it was recorded */
#define DISK_PLAY_PAUSE (200 * MS) /* behind the driver's start; before and behind what is told */
#define DISK_PLAY_COMMANDS 6u	   /* of the workload */
#define BLOCK 512u
#define DISK_PLAY_MOST 16u

/* A request that the replay wants to be made. */
struct disk_wanted {
	struct vb_agent_scsi how;
	uint8_t data[BLOCK];
};

struct disk_play {
	char *path; /* of the trace */
	struct stor_bench *bench;
	struct vb_plan *plan;
	struct vb_replay *replay;
	struct vb_result result;
	/* what it wants, and what came of it */
	struct disk_wanted wanted[DISK_PLAY_MOST];
	unsigned int n_wanted, n_made, n_answers, n_notices;
	uint64_t asked_ns, took_ns[DISK_PLAY_MOST];
	uint8_t srb_status[DISK_PLAY_MOST], data[DISK_PLAY_MOST][BLOCK];
	/* what the guest does otherwise than it should */
	int agent_result;
	bool is_wrong;	  /* it writes another byte */
	uint32_t max_len; /* it asks for no more bytes of data; 0: for all */
};

/*
 * The driver's start and what it asks; then a write of block 7, reads of it and of block 8, an error,
 * and one that finds the unit busy and is tried again; then a disk is added. payload: bytes of data
 * that are kept.
 */
void disk_play_record(struct disk_play *p, uint32_t payload);
void disk_play_done(struct disk_play *p);

/* A block that is told from others by its seed. */
void disk_play_block(uint8_t *block, uint8_t seed);

/* The plan on a host, and a driver that has opened its device. */
void disk_play_attach(struct disk_play *p, double speed, uint32_t loops);
/* What a driver asks by itself: INQUIRY and READ CAPACITY. */
void disk_play_look(struct disk_play *p);
/* Make what is wanted, one after the other, for so long. */
void disk_play_serve(struct disk_play *p, uint64_t ns);
/* The first of what is wanted is made, and not answered yet. */
void disk_play_begin(struct disk_play *p);
/* Take what the host says. */
void disk_play_take(struct disk_play *p);
/* Serve until all is over, and have the result. */
void disk_play_end(struct disk_play *p, uint32_t loops);

#endif
