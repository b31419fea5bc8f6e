/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the host, and what they know of each other. Private to replay/host/.
 */
#ifndef VB_HOST_INTERNAL_H
#define VB_HOST_INTERNAL_H

#include "dissectors/control.h"
#include "replay/host/model.h"
#include "replay/host/ring.h"
#include "replay/host/synic.h"

#define VB_N_RELIDS 2048u	     /* flags of one SINT; 0 is reserved (core limits of Linux) */
#define VB_CONNECTION_OLD 1u	     /* control messages before 5.0 */
#define VB_CONNECTION_CONTACT 4u     /* INITIATE_CONTACT from 5.0 on */
#define VB_CONNECTION_MESSAGES 0x24u /* what VERSION_RESPONSE names */
#define VB_CONNECTION_EVENTS 0x2000u /* + relid; KVM wants connection ids below 2^24 */

/* Status words (dissectors/names.c, vb_status_names). */
#define VB_STATUS_FAILURE 0x8000ffffu
#define VB_STATUS_INVALID 0xc000000du
#define VB_STATUS_REFUSED 0xc0000236u

#define VB_MAX_CONTROL 240u /* bytes of a control message */

/* ---- guest memory lists: gpadl.c ---- */

struct vb_gpadl {
	struct vb_gpadl *next;
	uint32_t id, relid;
	uint8_t *joined; /* header and bodies so far, as one message; NULL: complete */
	uint32_t joined_len, joined_total;
	uint64_t *pfns;
	uint32_t n_pfns, n_ranges, byte_offset; /* of the first range */
	size_t charged;				/* bytes counted against the host's limit */
};

/* Most bytes that lists of one guest may hold: 1 M pages. More is refused. */
#define VB_GPADL_LIMIT (8u << 20)
#define VB_GPADL_MAX 4096u

void vb_gpadl_header(struct vb_host *h, const struct vb_frame *f);
void vb_gpadl_body(struct vb_host *h, const struct vb_frame *f);
void vb_gpadl_teardown(struct vb_host *h, const struct vb_frame *f);
/* A complete list of that channel, or NULL. */
const struct vb_gpadl *vb_gpadl_find(const struct vb_host *h, uint32_t relid, uint32_t id);
void vb_gpadl_forget_channel(struct vb_host *h, uint32_t relid);
void vb_gpadl_forget_all(struct vb_host *h);

/* ---- faults: fault.c ---- */

struct vb_fault;

/* A copy of a packet that waits for its time or for room. */
struct vb_held {
	struct vb_held *next;
	uint64_t due_ns;
	uint32_t len;
	uint8_t bytes[];
};

void vb_fault_free(struct vb_fault *fault);
/* A packet was built in c->scratch: hold, change, lose or pass it on. */
void vb_fault_publish(struct vb_hchannel *c, uint32_t len);
/* The channel counts as full for now. */
bool vb_fault_is_full(struct vb_hchannel *c);
/* Move what is due into the ring. Returns when to come again. */
uint64_t vb_fault_run(struct vb_hchannel *c, uint64_t now);
/* Another packet crossed the channel, in either direction. */
void vb_fault_count(struct vb_hchannel *c);
void vb_fault_forget(struct vb_hchannel *c); /* what is held */

/* ---- channels ---- */

struct vb_hchannel {
	struct vb_host *h;
	struct vb_hdevice *d;
	uint32_t relid;
	uint16_t index;
	bool open;
	bool broken;	/* the guest broke a rule: to be rescinded */
	bool rescinded; /* the guest was told; waits for RELID_RELEASED */
	bool paused;	/* the model takes no packets */
	bool want_room; /* the model was told -EAGAIN */
	bool again;	/* more work than one run may do */
	bool is_poll;	/* the look that it asked for is for later */
	uint32_t gpadl, target_vp;
	struct vb_ring in, out;
	uint32_t reserved;    /* length of the packet being built; 0: none */
	uint32_t room_wanted; /* bytes */
	uint8_t *scratch;     /* where it is built when faults are on */
	uint32_t scratch_size;
	struct vb_held *held, **held_end;
	uint32_t n_held;
	uint64_t full_until; /* fault: 0 until the first packet */
	bool full_is_over;
	bool is_waiting; /* fault: the last one held waits to be overtaken */
};

struct vb_hdevice {
	struct vb_hdevice *next;
	struct vb_host *h;
	struct vb_hdevice_config cfg;
	char name[40];
	void *state;
	uint64_t wake_ns;
	bool offered; /* false: rescinded by the user, until it is offered again */
	bool logged;
	bool rescind_due; /* a fault wants it */
	bool reoffer_due; /* once the guest has let go of it */
	/* it is about to be taken back, not before and not after these times; 0: it is not */
	uint64_t leave_from_ns, leave_by_ns;
	uint32_t proto_version;
	struct vb_fault *fault;
	struct vb_later *later;	       /* settings for the next opening */
	struct vb_hchannel **channels; /* cfg.n_subchannels + 1; NULL: not offered */
};

struct vb_mark {
	bool active;
	uint32_t number;
	void (*done)(void *ctx);
	void *ctx;
};

struct vb_host {
	struct vb_host_options opt;
	struct vb_synic synic;
	uint32_t version; /* 0: not connected */
	bool wants_offers;
	struct vb_hchannel *channels[VB_N_RELIDS]; /* by relid */
	uint32_t relid_end;			   /* one behind the highest that was ever used */
	uint64_t seq[VB_N_RELIDS];		   /* records so far; [0]: of control messages */
	uint64_t work[VB_N_RELIDS / 64];	   /* channels whose rings want a look */
	struct vb_gpadl *gpadls;
	size_t n_gpadls, gpadl_bytes;
	struct vb_hdevice *devices;
	struct vb_host_stats stats;
	uint64_t capture_id;
	uint64_t n_records;
	struct vb_mark mark;
	void (*connection_changed)(void *ctx, uint32_t connection, bool in_use);
	void *connection_ctx;
	uint64_t trouble_second; /* which the count below is of */
	uint32_t n_troubles;
};

static inline uint64_t vb_host_now(const struct vb_host *h)
{
	return vb_clock_mono(h->opt.clock);
}

/* ---- bus.c ---- */

uint32_t vb_bus_version_by_name(const char *name); /* "4.1"; 0: none that this host speaks */
void vb_host_trouble(struct vb_host *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Queue a control message of len bytes for the guest; version: whose layout it has. */
void vb_bus_send_version(struct vb_host *h, uint32_t version, const struct vb_value *values,
			 size_t n, uint32_t len);
void vb_bus_send(struct vb_host *h, const struct vb_value *values, size_t n, uint32_t len);
/* Read all n fields of a message; false, and trouble is told, when one is missing. */
bool vb_bus_read(struct vb_host *h, const struct vb_frame *f, struct vb_wanted *wanted, size_t n);
/* The guest is gone: close everything, forget all ids. */
void vb_bus_disconnect(struct vb_host *h);

/* ---- offers.c ---- */

void vb_offers_requested(struct vb_host *h);
int vb_offer_channel(struct vb_hdevice *d, uint16_t index);
void vb_offer_rescind(struct vb_hchannel *c); /* and the sub-channels of a primary */
void vb_offer_rescind_subchannels(struct vb_hdevice *d);
/* Rescind all channels of the device at once, whatever is under way: what a fault does. */
void vb_offer_cut_off(struct vb_hdevice *d);
void vb_offer_released(struct vb_host *h, uint32_t relid);
/* Take it back if its time has come; returns when to come again. */
uint64_t vb_offer_leave(struct vb_hdevice *d, uint64_t now);
/* Offer a device now if the guest has the others already. */
void vb_offer_device(struct vb_hdevice *d);
void vb_offers_forget(struct vb_host *h);

/* ---- channel.c ---- */

void vb_channel_on_open(struct vb_host *h, const struct vb_frame *f);
void vb_channel_on_close(struct vb_host *h, const struct vb_frame *f);
void vb_channel_on_modify(struct vb_host *h, const struct vb_frame *f);
void vb_channel_close(struct vb_hchannel *c); /* rings away, the model is told */
void vb_channel_free(struct vb_hchannel *c);
struct vb_hchannel *vb_channel_by_relid(const struct vb_host *h, uint32_t relid);
/* The guest broke a rule on this channel: it is rescinded at the end of the run. */
void vb_channel_break(struct vb_hchannel *c, const char *why);
void vb_channel_interrupt(struct vb_hchannel *c);

/* ---- packets.c: packets in and out of a channel's rings ---- */

/* How often a ring is looked at whose guest does not say when there is room. */
#define VB_ROOM_POLL_NS 10000000u

void vb_packets_kick(struct vb_hchannel *c); /* have its rings looked at */
void vb_packets_run(struct vb_hchannel *c);
/* Room in the ring itself, not counting faults; NULL: none. */
uint8_t *vb_packets_room(struct vb_hchannel *c, uint32_t len);
/* What is at the place that vb_packets_room() gave becomes the guest's. */
void vb_packets_publish(struct vb_hchannel *c, uint32_t len);
/* When a channel that wants a look is to get it. */
uint64_t vb_packets_next(const struct vb_hchannel *c, uint64_t now);
bool vb_packets_idle(struct vb_hchannel *c); /* both rings are empty */
void vb_packets_frame(const struct vb_hchannel *c, struct vb_frame *ret_f);

/* ---- device.c ---- */

uint64_t vb_devices_run(struct vb_host *h, uint64_t now);
/* Nothing is under way between the device and the guest. */
bool vb_device_idle(struct vb_hdevice *d);
void vb_devices_free(struct vb_host *h);

/* ---- settings.c ---- */

/* The model's defaults, then texts ("key=value", NULL-terminated, or NULL). -EINVAL: err says why. */
int vb_settings_begin(struct vb_hdevice *d, const char *const *texts, struct vb_err *err);
/* For the next opening of the primary channel. One text that is wrong: none is taken. */
int vb_settings_later(struct vb_hdevice *d, const char *const *texts, size_t n, struct vb_err *err);
/* The primary channel is about to be opened. */
void vb_settings_apply(struct vb_hdevice *d);
void vb_settings_forget(struct vb_hdevice *d); /* what was for later */

/* ---- mark.c ---- */

uint64_t vb_mark_run(struct vb_host *h, uint64_t now);

/* ---- log.c ---- */

void vb_log_control(struct vb_host *h, uint8_t direction, const uint8_t *msg, uint32_t len);
void vb_log_packet(struct vb_hchannel *c, uint8_t direction, const uint8_t *packet, uint32_t len,
		   uint32_t pos, uint32_t read_index);
void vb_log_device(struct vb_hdevice *d);

#endif
