/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between replay.c, which knows all devices, and replay_device.c, which knows the host. */
#ifndef VB_REPLAY_IMPL_H
#define VB_REPLAY_IMPL_H

#include "dissectors/session.h"
#include "replay/host/model.h"
#include "replay/replay.h"

struct vb_replay_net;
struct vb_replay_disk;

/* A recorded device on the software host: a model of its own. */
struct vb_replay_device {
	struct vb_model model;
	struct vb_replay *replay;
	const struct vb_plan_device *plan;
	struct vb_player player;
	struct vb_hdevice *hd;
	struct vb_replay_net *net;   /* of a network device */
	struct vb_replay_disk *disk; /* of a storage device */
	char instance[VB_GUID_TEXT];
	uint8_t *scratch; /* one packet */
	size_t scratch_size;
	bool stalled;  /* the ring was full */
	bool held;     /* the end of the guest waits for the other devices */
	bool driving;  /* vb_replay_drive() is under way */
	bool is_timer; /* of all devices: the one whose timer serves the replay */
};

struct vb_replay {
	const struct vb_plan *plan;
	struct vb_replay_config opt;
	struct vb_player_options player_opt;
	char *tolerate_text;
	const char **tolerate;
	struct vb_session *session; /* of the live traffic */
	struct vb_replay_device *devices;
	size_t n_devices;
	const struct vb_clock *clock;
	uint64_t n_packets;   /* of the live traffic */
	uint64_t now_ns;      /* when something happened last */
	uint64_t start_by_ns; /* VB_NEVER: no device is open yet */
	uint64_t linger_ns;   /* VB_NEVER: something is still to be played */
	bool ready, started, done, interrupted;
	bool shut_down; /* the trace asked the guest to, and it agreed */
	char *broken_off;
	struct vb_result_divergence *divergences;
	size_t n_divergences, n_untold;
};

/* Set up the model and the player of a device; 0 or -ENOMEM. */
int vb_replay_device_init(struct vb_replay *r, struct vb_replay_device *d,
			  const struct vb_plan_device *plan);
void vb_replay_device_done(struct vb_replay_device *d);

/* Do what the player wants done now. */
void vb_replay_drive(struct vb_replay_device *d);

/* What a recorded device does when the host calls. */
extern const struct vb_model vb_replay_model;
struct vb_replay_device *vb_replay_device_of(struct vb_hdevice *hd);
uint64_t vb_replay_now(const struct vb_replay_device *d);
/* Room for one packet of len bytes, until the next call; NULL: no memory. */
uint8_t *vb_replay_scratch(struct vb_replay_device *d, uint32_t len);

/* ---- replay_net.c: network devices have a model that is told what to do ---- */

/* 0 or -ENOMEM; d->model is that of the host then. */
int vb_replay_net_init(struct vb_replay_device *d, unsigned int number);
void vb_replay_net_done(struct vb_replay_device *d);
/* SEND and CAUSE. 0; -EAGAIN: not now; other errors: not at all. */
int vb_replay_net_act(struct vb_replay_device *d, const struct vb_step *s);

/* ---- replay_disk.c: storage devices, too ---- */

int vb_replay_disk_init(struct vb_replay_device *d, unsigned int number);
void vb_replay_disk_done(struct vb_replay_device *d);
int vb_replay_disk_act(struct vb_replay_device *d, const struct vb_step *s);
/* The player does no more: the guest, which is there still, gets its answers from the model. */
void vb_replay_disk_leave(struct vb_replay_device *d);
/* When its model has something to do; the device has one timer for both. */
uint64_t vb_replay_disk_due_ns(const struct vb_replay_device *d);

/* ---- what devices tell the replay ---- */

void vb_replay_opened(struct vb_replay *r, uint64_t now_ns);
/* The replay's own times: the start, the end. Returns when to call again. */
uint64_t vb_replay_tick(struct vb_replay *r, uint64_t now_ns);
void vb_replay_note(void *ctx, const struct vb_divergence *d);

/* ---- rewrite.c ---- */

/*
 * Replace what only the live side knows in a packet that is about to be sent: ids of live requests,
 * times that count from the live guest's start.
 */
void vb_replay_rewrite(uint8_t *bytes, const struct vb_frame *f, const struct vb_todo *todo,
		       const struct vb_clock *clock);

#endif
