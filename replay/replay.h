/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Play a plan on a software host: every recorded device is offered again as it was, and a player
 * speaks for it. One epoch for all: the moment when all devices are open and
 * the guest is ready.
 */
#ifndef VB_REPLAY_H
#define VB_REPLAY_H

#include "replay/guest/agent_proto.h"
#include "replay/host/host.h"
#include "replay/plan.h"
#include "replay/result.h"

struct vb_replay;

struct vb_replay_config {
	double speed; /* as vb_player_options has it: 0 is top speed */
	uint32_t loops;
	bool service_none;    /* answer the guest's requests at once */
	bool waits;	      /* for vb_replay_ready(), before anything is sent */
	const char *tolerate; /* fields that may differ, comma separated; NULL: only the usual */
	void *ctx;
	/*
	 * Have the agent send a frame of a network device: the interface is its number among the
	 * plan's network devices that are played. 0 or a negative errno. NULL: there is no agent.
	 */
	int (*cause)(void *ctx, const struct vb_agent_frame *how, const uint8_t *frame,
		     uint32_t len);
	/*
	 * Have the agent make a request of a storage device, which is numbered likewise; how->data_len
	 * bytes of data if it writes. Results as above.
	 */
	int (*command)(void *ctx, const struct vb_agent_scsi *how, const uint8_t *data);
	/* All is played, or the guest is gone: results are final. NULL: nobody wants to know. */
	void (*finished)(void *ctx);
};

/*
 * opt is copied. -EINVAL: a field that may differ does not exist. The plan must outlive the replay.
 */
int vb_replay_new(const struct vb_plan *plan, const struct vb_replay_config *opt,
		  struct vb_replay **ret, struct vb_err *err);
/* After the host's devices are gone (vb_host_free()). Accepts NULL. */
void vb_replay_free(struct vb_replay *r);

/*
 * Offer the plan's devices. The host must not have offered any of them itself. Its max_version
 * should be the plan's vmbus_version, if the plan has one.
 */
int vb_replay_attach(struct vb_replay *r, struct vb_host *h, struct vb_err *err);

/* The guest is ready: drivers are loaded, daemons run. Nothing that is not open soon will be. */
void vb_replay_ready(struct vb_replay *r);

/* Whether finished() was or would have been called. */
bool vb_replay_is_done(const struct vb_replay *r);

/*
 * The guest is gone, before the end perhaps. why: what happened, for the report; NULL: it shut down
 * in order, which is as recorded when the trace asked it to.
 */
void vb_replay_stop(struct vb_replay *r, const char *why);

/*
 * The guest is told to end before its time: nothing more is sent, and what it still says does not
 * count. why: for the report.
 */
void vb_replay_interrupt(struct vb_replay *r, const char *why);

/* How far it is: sends and expected messages that are over, and how many there are in all. */
void vb_replay_progress(const struct vb_replay *r, uint64_t *ret_done, uint64_t *ret_all);

/* The report; 0 or -ENOMEM. Valid until vb_replay_free(); vb_result_done() ends it before. */
int vb_replay_result(const struct vb_replay *r, struct vb_result *ret);

#endif
