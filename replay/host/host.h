/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The software VMBus host: what a guest finds at the other end of the bus.
 *
 * It speaks over a transport (guest memory and an interrupt), is told of hypercalls, and never
 * waits: the caller runs it when the guest acted or when a deadline has come. Whatever the guest
 * writes is hostile input: nothing in guest memory is believed twice, and a guest that breaks the
 * rules loses a channel or its connection, with a reason, never more.
 *
 * Nothing here is safe against a second thread: whoever has several holds one lock around it all.
 */
#ifndef VB_HOST_H
#define VB_HOST_H

#include "capture/event.h"
#include "dissectors/values.h"
#include "replay/clock.h"

struct vb_host;
struct vb_model;
struct vb_hdevice;  /* a device that the host offers; see model.h */
struct vb_hchannel; /* one channel of it: the primary or a sub-channel */

#define VB_PAGE 4096u
#define VB_MAX_VPS 64u

/* ---- what the host stands on ---- */

struct vb_transport {
	void *ctx;
	/* len bytes of guest memory at gpa as the host can reach them; NULL: not all of it is memory. */
	uint8_t *(*map)(void *ctx, uint64_t gpa, uint64_t len);
	/*
	 * One direction of a ring: n guest pages (the control page first) in this order as contiguous
	 * memory, and all but the first once more behind them, so that what wraps is contiguous, too.
	 * NULL: a page is outside guest memory, or there is no room.
	 */
	uint8_t *(*map_ring)(void *ctx, const uint64_t *pfns, uint32_t n);
	void (*unmap_ring)(void *ctx, uint8_t *ring, uint32_t n);
	/* Raise the interrupt of VMBus (SINT 2) on a virtual processor. */
	void (*interrupt)(void *ctx, uint32_t vp);
};

/* Where the host's own record of the conversation goes in the form of a capture. */
struct vb_host_log {
	void *ctx;
	/* ev lives during the call only. */
	void (*record)(void *ctx, const struct vb_event *ev);
	/* A device, before its first record. */
	void (*device)(void *ctx, const struct vb_device *dev);
	/* Bytes kept of each message's data outside the ring; 0: none, UINT32_MAX: all. */
	uint32_t payload;
};

struct vb_host_options {
	const struct vb_transport *transport;
	const struct vb_clock *clock;
	const struct vb_host_log *log; /* NULL: none */
	uint32_t max_version; /* newest VMBus version accepted (enum vb_vmbus_version); 0: 6.0 */
	uint32_t n_vps;	      /* virtual processors, 1 .. VB_MAX_VPS */
	uint64_t capture_id;  /* of the log's records; 0: a random one */
	void *ctx;
	/* Why something failed, one line: a channel that the guest broke, a message that made no sense. */
	void (*trouble)(void *ctx, const char *line);
	/*
	 * Open a file that may go to the guest, by a name that the guest may have chosen: a descriptor
	 * or a negative errno. NULL: there are none.
	 */
	int (*open_file)(void *ctx, const char *name);
	/*
	 * Open a network interface of the machine by name: a descriptor as replay/host/tap.h wants it, or
	 * a negative errno, and err says why. NULL: there are none.
	 */
	int (*open_link)(void *ctx, const char *name, struct vb_err *err);
	/*
	 * Open a disk image by name, for reading, or reading and writing: a descriptor or a negative
	 * errno, and err says why. NULL: there are none.
	 */
	int (*open_disk)(void *ctx, const char *name, bool writable, struct vb_err *err);
	bool write_disks; /* guests may write to images; else what they write is kept in memory */
	/* A version was agreed, or (0) the guest unloaded. NULL: nobody wants to know. */
	void (*connected)(void *ctx, uint32_t version);
};

/* Whether hosts speak this version of the bus (enum vb_vmbus_version) at all. */
bool vb_host_speaks(uint32_t version);

/* opt is copied; what it points at must outlive the host. NULL: no memory. */
struct vb_host *vb_host_new(const struct vb_host_options *opt);
void vb_host_free(struct vb_host *h);

/* ---- what the guest does: called by the transport's owner ---- */

/*
 * HvPostMessage: the 256-byte input page (TLFS, "HvCallPostMessage"); already a copy. Returns the
 * hypercall status (0 success, 18 invalid connection id, 11 insufficient memory ...).
 */
uint16_t vb_host_post(struct vb_host *h, const uint8_t input[256]);
/* HvSignalEvent: connection id and flag number. Returns the hypercall status. */
uint16_t vb_host_signal(struct vb_host *h, uint32_t connection, uint16_t flag);
/* The guest acknowledged a message (EOM or EOI): the slot of that processor may be free. */
void vb_host_eom(struct vb_host *h, uint32_t vp);
/* SynIC state of a processor as its MSRs have it: SCONTROL, SIMP, SIEFP. */
void vb_host_synic(struct vb_host *h, uint32_t vp, uint64_t control, uint64_t simp, uint64_t siefp);
/* The machine was reset: forget the guest, keep the devices. */
void vb_host_reset(struct vb_host *h);

/*
 * Do what is due (timers, delayed packets, messages that wait for their slot). Returns the next
 * deadline on the monotonic clock, or VB_NEVER. Call again then, or after any of the above.
 */
uint64_t vb_host_run(struct vb_host *h);

/* Connection ids at which signals are expected; for KVM's event file descriptors. */
uint32_t vb_host_connection(const struct vb_hchannel *c);
/* Told when a connection id begins or ceases to be in use; for KVM's event file descriptors. */
void vb_host_watch_connections(struct vb_host *h,
			       void (*changed)(void *ctx, uint32_t connection, bool in_use),
			       void *ctx);

/* ---- devices ---- */

#define VB_PIPE_DATA 112u

/* What is offered. Zero-initialise; the model fills in what is left zero. */
struct vb_hdevice_config {
	const struct vb_model *model;
	uint8_t class;	       /* enum vb_class */
	uint8_t interface[16]; /* class GUID; zero: that of the class */
	uint8_t instance[16];  /* zero: the model's default */
	uint16_t flags;	       /* channel flags of the offer */
	uint16_t mmio_megabytes;
	uint8_t user_defined[120]; /* of a pipe VB_PIPE_DATA bytes, its device data */
	/* Of a pipe only. The mode counts where the model leaves it open, see struct vb_model. */
	uint32_t pipe_mode, pipe_flags;
	uint16_t n_subchannels;	     /* that the guest may ask for, at most */
	const char *const *settings; /* "key=value" for the model, NULL-terminated; or NULL */
};

/* Offered at the next REQUESTOFFERS, or at once when the guest has its offers already. */
int vb_host_add(struct vb_host *h, const struct vb_hdevice_config *cfg, struct vb_hdevice **ret,
		struct vb_err *err);
#define VB_LEAVE_NS UINT64_C(10000000000)

/*
 * Rescind all channels of the device: at once, or within VB_LEAVE_NS if its model wants to end first
 * what is under way. It can be offered again (with new channel ids); the guest hears
 * of that when it has released the old one.
 */
void vb_host_rescind(struct vb_hdevice *d);
int vb_host_reoffer(struct vb_hdevice *d);
/* Offer n sub-channels of an open device; fewer when the device has fewer. Returns how many. */
unsigned int vb_host_offer_subchannels(struct vb_hdevice *d, unsigned int n);
/* The device of that class name ("kvp", or "kvp.1" for the second); NULL: none. */
struct vb_hdevice *vb_host_find(struct vb_host *h, const char *name);

/*
 * A message to the guest that Linux ignores (TL_CONNECT_RESULT with the service GUID below) but that
 * both sides' records have: two captures are compared from mark to mark. The endpoint is the service
 * GUID but for its last four bytes on the wire, which are the number, little-endian. Held back until
 * all rings are empty and no answer is owed; timers of devices stand still meanwhile. What a guest
 * begins to send on its own between that look and the mark's arrival, nobody can hold back.
 *
 * 0: done() is told when it was posted, or when the guest is gone. -EBUSY: one is under way;
 * -ENOTCONN: there is no guest that knows the message (VMBus 4.1).
 */
#define VB_MARK_SERVICE "6b72616d-4256-4d56-8000-766275730000"
int vb_host_mark(struct vb_host *h, uint32_t number, void (*done)(void *ctx), void *ctx);

/* Act on a device or the bus by words: "kvp set 1 KEY VALUE", "rescind kvp"; see model.h. */
struct vb_hrequest;
void vb_host_command(struct vb_host *h, const char *const *words, size_t n, struct vb_hrequest *rq);

/* ---- faults ---- */

/*
 * What goes wrong on purpose, from a text: CLASS:FAULT[,FAULT...] with FAULT one of
 *	delay=US drop=N reorder=N short=N status=HEX full=MS rescind=N
 * N: every Nth packet of the host. delay, status: every packet (status: the first field of that name
 * in it). short: half of the payload is missing, and the descriptor says so. full: from the first
 * packet after opening on there is no room for so long. rescind: after the Nth packet of either
 * side, once; abrupt, whatever is under way, unlike vb_host_rescind(). Replaces what the device (which
 * must be there) had; "CLASS:none" ends it. -EINVAL: err says what is wrong with the text.
 */
int vb_host_fault(struct vb_host *h, const char *spec, struct vb_err *err);

/* ---- figures ---- */

struct vb_host_stats {
	uint64_t messages_in, messages_out; /* control */
	uint64_t packets_in, packets_out;
	uint64_t signals_in, interrupts_out;
	uint64_t slot_waits; /* a message had to wait for the guest's acknowledgement */
	uint64_t ring_full;  /* a packet had to wait for room */
	uint64_t faults;     /* injected */
	uint64_t broken;     /* channels failed because of what the guest did */
};
void vb_host_get_stats(const struct vb_host *h, struct vb_host_stats *ret);

#endif
