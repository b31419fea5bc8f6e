/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between player.c, which knows time, and match.c, which knows messages. */
#ifndef VB_PLAYER_IMPL_H
#define VB_PLAYER_IMPL_H

#include "replay/player.h"

enum vb_live_state {
	VB_LIVE_WAITING,
	VB_LIVE_DONE,	 /* sent, or came and was compared */
	VB_LIVE_OVERDUE, /* given up, but it may still come */
	VB_LIVE_SKIPPED,
};

/* What became of a step in this round. */
struct vb_live {
	uint64_t at_ns;
	uint64_t trans_id; /* of a packet of the guest */
	uint8_t state;	   /* enum vb_live_state */
	uint8_t skip;	   /* enum vb_skip, when skipped */
	bool differs;	   /* it was compared, and is not the same */
	bool by_itself;	   /* it was to be caused, but came before that */
};

/* Counts of a kind of message. */
static inline struct vb_kind_count *vb_player_kind(struct vb_player *p, uint16_t kind)
{
	return &p->kinds[kind < p->dev->n_kinds ? kind : p->dev->n_kinds];
}

/* Tell that something was not as recorded. step may be NULL. */
void vb_player_diverged(struct vb_player *p, enum vb_divergence_type type, const char *kind,
			const struct vb_step *step, const char *detail, uint64_t now_ns);

#endif
