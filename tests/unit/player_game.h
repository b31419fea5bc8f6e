/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A player, a plan made by hand, and a clock whose hands the test turns. */
#ifndef VB_PLAYER_GAME_H
#define VB_PLAYER_GAME_H

#include "replay/player.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

struct game {
	struct vb_plan plan;
	struct vb_plan_device *dev; /* the plan's only device */
	struct vb_player_options opt;
	struct vb_player player;
	uint64_t now_ns;
	char told[2048]; /* divergences: "differing 5 1: ..." */
	size_t n_told;
};

void game_init(struct game *g);
void game_done(struct game *g);

/*
 * Steps, with the time since the first. A packet has 8 bytes of payload, all of that value; the
 * others return the index of the step.
 */
uint32_t game_step(struct game *g, uint8_t type, uint64_t at_ns);
uint32_t game_send(struct game *g, uint64_t at_ns, uint8_t value);
uint32_t game_expect(struct game *g, uint32_t request, uint64_t at_ns, uint8_t value);

/* Settle the plan, make the player, open the channel and start at now_ns. */
void game_start(struct game *g);

/*
 * Do all that is due now and return the last of it; sends and turns succeed. n: how many were done.
 */
struct vb_todo game_run(struct game *g, unsigned int *ret_n);
/* The guest sends a packet now. */
void game_answer(struct game *g, uint8_t value);

#endif
