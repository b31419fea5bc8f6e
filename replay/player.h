/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plays the host's side of one device by a plan. A state machine: it is told what the guest did and
 * what time it is, and says what to do next and when to ask again. It does nothing itself.
 *
 * Steps are taken in the order of the trace. What the host does has a deadline, counted from one
 * epoch; but it never comes before what the guest did before it in the trace, whatever the speed.
 */
#ifndef VB_PLAYER_H
#define VB_PLAYER_H

#include "replay/clock.h"
#include "replay/measure.h"
#include "replay/plan.h"

/* Later than its deadline by more than this counts as late. */
#define VB_LATE_NS 1000000u
/* What the guest may do by itself, it does so long after what stirred it, or it does not. */
#define VB_STIRRED_NS UINT64_C(50000000)

struct vb_player_options {
	double speed;	     /* 1: as recorded, 2: twice as fast; 0: as fast as the guest answers */
	uint32_t loops;	     /* how often the whole trace is played, at least once */
	uint64_t period_ns;  /* of one round: the plan's duration */
	uint32_t patience;   /* an answer may take so many times what it took in the trace */
	uint64_t grace_ns;   /* and so much more */
	uint64_t opening_ns; /* the same for what belongs to the opening of a channel */
	bool service_none; /* answers to the guest are sent at once, not after the recorded time */
	const char *const *tolerate; /* fields that may differ, besides vb_match_tolerated() */
	size_t n_tolerate;
};

/* The fields left zero get their usual values. */
void vb_player_options_default(struct vb_player_options *opt);

enum vb_act {
	VB_ACT_WAIT, /* until the deadline, or until the guest does something */
	VB_ACT_SEND,
	VB_ACT_RESCIND,
	VB_ACT_OFFER,
	VB_ACT_CAUSE, /* have the agent do what step->causes expects */
	VB_ACT_END,   /* all of the trace is played */
};

struct vb_todo {
	enum vb_act act;
	const struct vb_step *step; /* that is to be done now */
	uint64_t trans_id;	    /* SEND with .answers: the id of the guest's live request */
	uint64_t wake_ns;	    /* WAIT: ask again then at the latest; may be VB_NEVER */
};

/* How often a kind of message came out how. */
struct vb_kind_count {
	uint64_t matched, differing, missing, unexpected, skipped;
};

enum vb_divergence_type { VB_DIFFERING, VB_MISSING, VB_UNEXPECTED };

/* One thing that was not as recorded. Texts live during the call. */
struct vb_divergence {
	enum vb_divergence_type type;
	const struct vb_plan_device *dev;
	const char *kind;   /* of the message; for a channel "opened" or "closed" */
	uint64_t number;    /* of the record; 0: the trace has none such */
	uint32_t pass;	    /* round of the loop, from 1 */
	uint64_t at_ns;	    /* since the epoch */
	const char *detail; /* a line per field, or empty */
};

struct vb_player_counts {
	uint64_t sent, caused, matched, differing, missing, unexpected;
	uint64_t skipped[VB_N_SKIPS];
	uint64_t late;	    /* sent more than VB_LATE_NS after the deadline */
	uint64_t held;	    /* of them, because the guest had not answered before */
	uint64_t overdue;   /* matched, but only after it was given up */
	uint64_t tolerated; /* fields that differed and may */
};

struct vb_live;

struct vb_player {
	const struct vb_plan_device *dev;
	struct vb_player_options opt;
	void *ctx;
	void (*diverged)(void *ctx, const struct vb_divergence *d);
	/* results: */
	struct vb_player_counts counts;
	struct vb_kind_count *kinds;		       /* dev->n_kinds, and one for all others */
	struct vb_measure latency, recorded, lateness; /* of answers; of sends */
	uint64_t first_ns, last_ns;		       /* sends, on the clock; 0: there was none */
	uint32_t rounds;			       /* played to the end */
	bool ended;
	/* private: */
	struct vb_live *live; /* of each step, in this round */
	uint64_t epoch_ns, reached_ns, released_ns;
	uint64_t stirred_ns; /* when the guest last did something by itself, or had reason to; 0: never */
	uint32_t pass, cursor, oldest;
	uint32_t n_opened, n_opened_seen;
	uint32_t n_owed; /* answers that the trace lacks */
	bool started, open, fresh;
};

/* A time that a trace may make as long as it likes, at a speed > 0: at most 100 years. */
uint64_t vb_player_scaled(double ns, double speed);

/* opt is copied, all else must outlive the player. 0 or -ENOMEM. */
int vb_player_init(struct vb_player *p, const struct vb_plan_device *dev,
		   const struct vb_player_options *opt);
void vb_player_done(struct vb_player *p);

/* The epoch: before it nothing is done. */
void vb_player_start(struct vb_player *p, uint64_t now_ns);

/* What to do now. The same until vb_player_acted() says how it went; 0 or a negative errno. */
void vb_player_poll(struct vb_player *p, uint64_t now_ns, struct vb_todo *ret);
void vb_player_acted(struct vb_player *p, uint64_t now_ns, int result);

/* What the guest did. f is a packet, prepared by the live session; trans_id that of its descriptor. */
void vb_player_opened(struct vb_player *p, uint64_t now_ns);
void vb_player_closed(struct vb_player *p, uint64_t now_ns);
void vb_player_take(struct vb_player *p, const struct vb_frame *f, uint64_t trans_id,
		    uint64_t now_ns);

/*
 * A message of the guest that is no packet of its own, of that protocol. Returns the step that it is;
 * VB_NO_STEP: none was expected.
 */
uint32_t vb_player_take_message(struct vb_player *p, const struct vb_proto *proto,
				const struct vb_frame *f, uint64_t now_ns);

/* The guest's answer to the request of that step: a packet. */
void vb_player_take_answer(struct vb_player *p, uint32_t request, const struct vb_frame *f,
			   uint64_t now_ns);

/*
 * A message that was taken for that step differs in what it has outside the ring. detail: a line per
 * difference.
 */
void vb_player_differs(struct vb_player *p, uint32_t step, const char *detail, uint64_t now_ns);

/* Whether a step of this round is still to be played. */
bool vb_player_is_ahead(const struct vb_player *p, uint32_t step);

/* Whether it was done, or came. */
bool vb_player_is_done(const struct vb_player *p, uint32_t step);

/*
 * Whether a message that was to be caused came before that. It is answered at once: the steps that cause
 * and answer it are passed over.
 */
bool vb_player_is_by_itself(const struct vb_player *p, uint32_t step);

/* Whether a request is out and its answer is what comes next in the trace. */
bool vb_player_is_waiting(const struct vb_player *p);

/* Whether all that the trace has up to a time of a round (from 0) is over. */
bool vb_player_is_past(const struct vb_player *p, uint32_t pass, uint64_t at_ns);

/*
 * The guest is gone, or will be: what was not done is skipped for that reason; what was asked and is
 * not answered is missing, unless the guest was told to go (VB_SKIP_GUEST_GONE, _INTERRUPTED).
 */
void vb_player_finish(struct vb_player *p, enum vb_skip why, uint64_t now_ns);

#endif
