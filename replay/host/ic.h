/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the integration services share: negotiation, and calls of the host that the guest answers,
 * one at a time (Linux 6.1 drivers/hv/channel_mgmt.c, vmbus_prep_negotiate_resp(), hv_util.c).
 *
 * A service's state begins with a struct vb_ic, and its vtable hands everything to this.
 */
#ifndef VB_IC_H
#define VB_IC_H

#include "capture/number.h"
#include "dissectors/sinks.h"
#include "replay/host/model.h"
#include "replay/measure.h"

#define VB_IC_MAX_VERSIONS 16
#define VB_IC_MAX_VALUES 96 /* fields of a body that are not zero */

#define VB_IC_OFFER_FLAGS 0x10 /* named pipe */

#define VB_NS_PER_S UINT64_C(1000000000)
#define VB_NS_PER_MS UINT64_C(1000000)

/* HRESULTs that say more than failure. */
#define VB_IC_OK 0u
#define VB_IC_NO_MORE_ITEMS 0x80070103u

/* Versions as on the wire: two words, the major one first. */
#define VB_IC_VERSION(major, minor) ((uint32_t)(minor) << 16 | (uint32_t)(major))
#define VB_IC_MAJOR(version) ((version)&0xffff)
#define VB_IC_MINOR(version) ((version) >> 16)

struct vb_ic_versions {
	uint32_t version[VB_IC_MAX_VERSIONS];
	uint32_t n;
};

enum vb_ic_state {
	VB_IC_CLOSED,
	VB_IC_NEGOTIATING,
	VB_IC_SILENT, /* the negotiation was not answered in time; it may be later */
	VB_IC_REFUSED,
	VB_IC_READY,
};

struct vb_ic;
struct vb_ic_call;

struct vb_ic_answer {
	int error;			 /* 0, or a negative errno: why there is no answer */
	uint32_t status;		 /* HRESULT of the guest */
	uint64_t latency_ns;		 /* from the sending to the answer */
	const struct vb_hpacket *packet; /* NULL when there is no answer */
};

/* One message of the host and its answer. */
struct vb_ic_call {
	uint64_t timeout_ns;
	/* The time has come: vb_ic_send(), whose result to return. Again after a full ring. */
	int (*send)(struct vb_ic *ic, struct vb_ic_call *call);
	/* Exactly once for each vb_ic_submit(); the call belongs to the service again. */
	void (*ended)(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a);
	/* private: */
	struct vb_ic_call *next;
	uint64_t deadline_ns; /* 0: not tried yet */
	uint64_t sent_ns;
	bool sent;
	uint8_t id;
	uint16_t type;
};

struct vb_ic_service {
	uint16_t type; /* of its messages */
	/* All may be NULL. */
	void (*ready)(struct vb_ic *ic);		/* versions are agreed */
	void (*closed)(struct vb_ic *ic);		/* all calls have ended */
	void (*due)(struct vb_ic *ic, uint64_t now_ns); /* the time of vb_ic_wake() came */
};

struct vb_ic {
	struct vb_hdevice *device;
	const struct vb_ic_service *service;
	struct vb_ic_versions frameworks, versions; /* that the host lists */
	uint64_t negotiate_ns;			    /* how long the guest may take to agree */
	enum vb_ic_state state;
	uint32_t framework, version; /* agreed */
	/* private: */
	struct vb_ic_call *first, *last; /* the first may have been sent, the others wait */
	struct vb_ic_call negotiation;
	uint64_t due_ns;
	uint8_t next_id;
	unsigned int n_told; /* faults of the guest told since it opened the channel */
};

/* ---- for the vtable ---- */

int vb_ic_start(struct vb_hdevice *d, const struct vb_ic_service *service, struct vb_err *err);
void vb_ic_stop(struct vb_hdevice *d);
void vb_ic_opened(struct vb_hdevice *d, struct vb_hchannel *c);
void vb_ic_closed(struct vb_hdevice *d, struct vb_hchannel *c);
void vb_ic_packet(struct vb_hdevice *d, struct vb_hchannel *c, const struct vb_hpacket *p);
void vb_ic_room(struct vb_hdevice *d, struct vb_hchannel *c);
void vb_ic_timer(struct vb_hdevice *d, uint64_t now_ns);
bool vb_ic_busy(struct vb_hdevice *d);

#define VB_IC_VTABLE                                                                               \
	.stop = vb_ic_stop, .opened = vb_ic_opened, .closed = vb_ic_closed,                        \
	.packet = vb_ic_packet, .room = vb_ic_room, .timer = vb_ic_timer, .busy = vb_ic_busy

/* Settings that every service has; the texts are what it lists by default. */
#define VB_IC_SETTINGS(frameworks_text, versions_text)                                             \
	{ "framework", "framework versions to list, as 3.0,1.0", (frameworks_text),                \
	  VB_SETTING_BY(vb_ic_setting_versions, struct vb_ic, frameworks) },                       \
		{ "versions", "message versions to list, in this order", (versions_text),          \
		  VB_SETTING_BY(vb_ic_setting_versions, struct vb_ic, versions) },                 \
	{                                                                                          \
		"negotiate-timeout", "seconds the guest may take to agree on versions", "70",      \
			VB_SETTING_BY(vb_ic_setting_duration, struct vb_ic, negotiate_ns)          \
	}

/*
 * Kinds of values: struct vb_ic_versions, uint64_t by vb_ic_duration() and by vb_ic_period(), int64_t by
 * vb_ic_seconds().
 */
int vb_ic_setting_versions(const struct vb_setting *s, void *state, const char *text);
int vb_ic_setting_duration(const struct vb_setting *s, void *state, const char *text);
int vb_ic_setting_period(const struct vb_setting *s, void *state, const char *text);
int vb_ic_setting_seconds(const struct vb_setting *s, void *state, const char *text);

/* ---- for a service ---- */

/*
 * Have call->send() called when its turn comes. When the channel is not usable, call->ended() is
 * called before this returns.
 */
void vb_ic_submit(struct vb_ic *ic, struct vb_ic_call *call);

/*
 * Send the message of this call: a body of body_len bytes with these values (at most
 * VB_IC_MAX_VALUES). Errors as of vb_hchannel_send_values().
 */
int vb_ic_send(struct vb_ic *ic, const struct vb_ic_call *call, uint32_t body_len,
	       const struct vb_value *values, size_t n);

/* Fields of an answer. -EPROTO: one of the first n_needed of the n is not there. */
int vb_ic_read(const struct vb_hpacket *p, struct vb_wanted *wanted, size_t n, size_t n_needed);

/* Have due() called at that time; VB_NEVER: not any more. */
void vb_ic_wake(struct vb_ic *ic, uint64_t at_ns);
uint64_t vb_ic_now(const struct vb_ic *ic);

/* Tell what the guest did wrong, unless it did too much of it already. */
void vb_ic_complain(struct vb_ic *ic, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- commands ---- */

/*
 * Whether calls can be made. If not, the request is done, with the reason; else it is the caller's.
 */
bool vb_ic_usable(struct vb_ic *ic, struct vb_hrequest *rq);

/* A command that every service has: "framework 3.0, message 4.0". -EAGAIN: not agreed yet. */
void vb_ic_tell_versions(struct vb_hdevice *d, const char *const *words, size_t n,
			 struct vb_hrequest *rq);
#define VB_IC_COMMANDS                                                                             \
	{                                                                                          \
		"versions", "", "what was agreed with the guest", vb_ic_tell_versions              \
	}

/* 0, or a negative errno for an HRESULT: -ENOENT for no more items, -EREMOTEIO for others. */
int vb_ic_status_error(uint32_t status);

/* Why there is no answer, or the HRESULT by number and name. */
void vb_ic_outcome(struct vb_buf *out, const struct vb_ic_answer *a);

/* End a request with an answer's outcome. */
void vb_ic_done(struct vb_hrequest *rq, const struct vb_ic_answer *a);

/* End a request with the text of b, which is freed. */
void vb_ic_done_text(struct vb_hrequest *rq, int status, struct vb_buf *b);

/* End a request because its words are wrong: says how they should be. */
void vb_ic_usage(struct vb_hrequest *rq, const struct vb_command *commands, const char *name);

/*
 * UTF-8 to UTF-16. ret_len: bytes, the NUL at the end included. -EINVAL: the text is no UTF-8;
 * -EMSGSIZE: it does not fit size bytes.
 */
int vb_ic_utf16(const char *text, uint8_t *buf, size_t size, size_t *ret_len);

/* How long answers took: "3 of 5 answered, latency min 1 median 2 avg 2 max 3 ns". Ends m. */
void vb_ic_latency_text(struct vb_measure *m, uint64_t n_wanted, struct vb_buf *out);

/* ---- values of settings and arguments ---- */

/* Seconds with up to nine decimals to ns; a minus sign is allowed. At most 9 * 10^9 seconds. */
int vb_ic_seconds(const char *text, int64_t *ret_ns);
/* The same for times that are not negative. */
int vb_ic_duration(const char *text, uint64_t *ret_ns);
/* The same for what comes again and again: 0 (never), or 1 ms at least. */
int vb_ic_period(const char *text, uint64_t *ret_ns);

#endif
