/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the network device and what they know of each other. Private to replay/host/netvsc*.c
 * and to whoever plays a recorded network device.
 *
 *	netvsc.c	  what the host calls, commands
 *	netvsc_settings.c settings
 *	netvsc_switch.c	  NVSP: versions, buffers, sub-channels, the messages between
 *	netvsc_adapter.c  RNDIS control: initialise, query, set
 *	netvsc_objects.c  what an OID is answered with
 *	netvsc_send.c	  messages of the guest: gathered from section and ranges, taken apart
 *	netvsc_receive.c  messages to the guest: parts of the receive buffer
 *	netvsc_queue.c	  what waits for the guest, and in which order it goes
 *	netvsc_message.c  the message of a frame
 *	netvsc_rss.c	  which queue a frame arrives on
 *	netvsc_log.c	  the bytes outside the ring, for the host's log
 *	netvsc_wire.c	  who is on the wire
 *	peer.h, peer*.c	  one that answers
 *	tap.h, tap.c	  an interface of the machine
 */
#ifndef VB_NETVSC_H
#define VB_NETVSC_H

#include "dissectors/nvsp.h"
#include "dissectors/rndis.h"
#include "replay/host/outside.h"
#include "replay/host/peer.h"
#include "replay/host/tap.h"

#define NETVSC_MAX_QUEUES 64u
#define NETVSC_TABLE 128u /* entries of the guest's indirection table, at most */
#define NETVSC_KEY 40u
#define NETVSC_MAX_MESSAGE (256u << 10) /* bytes of one packet's messages; more is refused */
#define NETVSC_MAX_MTU 9216u		/* that a guest may want */
#define NETVSC_MAX_HEAD 108u		/* bytes of a message before its frame, at most */
#define NETVSC_MAX_PARTS 45u		/* of a coalesced frame */
#define NETVSC_CONTROL_PARTS 16u	/* of the receive buffer, which frames leave alone */
#define NETVSC_MAX_CONTROL 128u		/* answers that wait; more requests are refused */

/* A buffer that the guest shares with us. */
struct vb_netvsc_buffer {
	uint32_t gpadl, id;
	uint32_t part_len, n_parts;
	bool there;
};

/* Something for the guest that waits for its turn. */
struct vb_netvsc_out {
	struct vb_netvsc_out *next;
	enum { OUT_COMPLETION, OUT_IN_BAND, OUT_CONTROL, OUT_FRAME } kind;
	uint64_t trans_id;	    /* COMPLETION */
	struct vb_peer_frame frame; /* FRAME; its bytes are those below */
	uint32_t len;
	uint8_t bytes[]; /* a whole packet; an RNDIS message; a frame */
};

struct vb_netvsc_list {
	struct vb_netvsc_out *first, **end;
};

/* One channel. */
struct vb_netvsc_queue {
	struct vb_netvsc_list answers;	       /* while there are some, no more packets are taken */
	struct vb_netvsc_list control, frames; /* go into the receive buffer */
	uint32_t n_control, n_frames;
	bool is_paused;
};

struct vb_netvsc_counters {
	uint64_t sent, sent_bytes, received, received_bytes; /* by the guest: frames */
	uint64_t large_sends, coalesced, batches;
	uint64_t refused;	 /* packets answered with a failure */
	uint64_t dropped_filter; /* frames for the guest: it takes none */
	uint64_t dropped_full;	 /* too many wait */
	uint64_t dropped_long;	 /* longer than a part of the receive buffer */
	uint64_t dropped_fault;	 /* the memory of the receive buffer is gone */
	uint64_t dropped_wire;	 /* frames of the guest that the wire does not take */
};

/*
 * Who plays a recorded device: is told what the guest sends, and answers in our place where the trace
 * has the answer.
 */
struct vb_netvsc_player {
	void *ctx;
	/* A packet of RNDIS messages, each of them, and its end: true when player completes it. */
	void (*begin)(void *ctx, uint16_t queue, uint64_t trans_id);
	void (*message)(void *ctx, const struct vb_frame *f);
	bool (*end)(void *ctx);
	/* Answer a request of that id with a message of that type; false: we are to do it. */
	bool (*answer)(void *ctx, uint32_t type, uint32_t oid, uint32_t id);
};

struct vb_netvsc {
	struct vb_hdevice *d;
	/* settings */
	uint8_t mac[6], peer_mac[6];
	uint64_t max_version, mtu, queues, sections, section_len, part_len, max_packets, alignment;
	uint64_t speed, backlog, chargen, table_len;
	bool rsc, checksum, lso, link;
	enum netvsc_backend { NETVSC_SINK, NETVSC_ECHO, NETVSC_TAP } backend;
	char tap_name[16], open_name[16]; /* of an interface: as set, and the one that is open */
	uint32_t address;
	/* the conversation */
	uint32_t version; /* of NVSP; 0: none agreed */
	uint32_t config_mtu;
	uint32_t n_subchannels; /* that were offered since the primary channel was opened */
	bool takes_rsc;		/* the guest says that it takes coalesced frames */
	struct vb_netvsc_buffer receive, send;
	uint32_t filter; /* 0: the guest takes no frames */
	bool rsc_on;	 /* the guest wants it */
	bool is_leaving; /* it will be taken back: no more frames */
	bool vf_path;	 /* the guest moved its data path */
	uint32_t vf_serial;
	/* receive side scaling, as the guest set it; n_table 0: off */
	uint32_t hash, table[NETVSC_TABLE], n_table;
	uint8_t key[NETVSC_KEY];
	/* parts of the receive buffer: the next one free, or the next one of the same packet */
	uint32_t *next_part;
	uint16_t *part_queue; /* of the first part of a packet: its channel, and 1; 0: not out */
	uint32_t free_part, n_free;
	struct vb_netvsc_queue queue[NETVSC_MAX_QUEUES];
	uint32_t corked;      /* a queue that is not flushed now, and 1; 0: all are */
	struct vb_peer *peer; /* of peer and tap there is one at most */
	struct vb_tap *tap;
	bool is_wire_lost;		       /* the last frame was not taken */
	const struct vb_netvsc_player *player; /* NULL: nobody plays */
	struct vb_netvsc_counters counters;
	uint8_t message[NETVSC_MAX_HEAD + NETVSC_MAX_MTU]; /* that is being written */
};

extern const struct vb_model vb_model_netvsc;

/* ---- netvsc_settings.c ---- */

extern const struct vb_setting vb_netvsc_settings[];

/* ---- netvsc_switch.c ---- */

void vb_netvsc_switch_packet(struct vb_netvsc *n, struct vb_hchannel *c,
			     const struct vb_hpacket *p);
/* Everything that was agreed is forgotten. */
void vb_netvsc_switch_reset(struct vb_netvsc *n);
/* Bytes of an NVSP message of the version that was agreed. */
uint32_t vb_netvsc_message_len(const struct vb_netvsc *n);
void vb_netvsc_tell_vf(struct vb_netvsc *n, bool there, uint32_t serial);
/* 16 entries. */
void vb_netvsc_tell_table(struct vb_netvsc *n, const uint32_t table[16]);

/* ---- netvsc_adapter.c ---- */

/* One control message of the guest, a copy. False: it is none. */
bool vb_netvsc_control(struct vb_netvsc *n, const struct vb_frame *f);
/* INDICATE_STATUS with len bytes of status buffer. */
void vb_netvsc_indicate(struct vb_netvsc *n, uint32_t status, const void *bytes, uint32_t len);

/* ---- netvsc_objects.c ---- */

#define NETVSC_MAX_INFO 512u  /* bytes of information in an answer */
#define NETVSC_MAX_OBJECT 48u /* fields of it */

/* What a query is answered with: fields of hv_rndis.query_complete.info, len bytes in all. */
struct vb_netvsc_object {
	struct vb_value value[NETVSC_MAX_OBJECT];
	size_t n;
	uint32_t len;
};

/* Returns the status. Which revision of an object is given, NVSP's version decides. */
uint32_t vb_netvsc_query(const struct vb_netvsc *n, uint32_t oid, struct vb_netvsc_object *ret);
/* f: the whole message that sets it. Returns the status. */
uint32_t vb_netvsc_set(struct vb_netvsc *n, const struct vb_frame *f, uint32_t oid);

/* ---- netvsc_send.c ---- */

/* A place that bytes of the guest's messages are in: VB_SECTION, or a range of the packet. */
struct vb_netvsc_piece {
	uint32_t range;
	uint32_t len;
};

#define NETVSC_SECTION UINT32_MAX
#define NETVSC_MAX_PIECES 64u

/* The messages of a packet, one behind the other. */
struct vb_netvsc_gathered {
	uint8_t *bytes;
	uint32_t len;
	struct vb_netvsc_piece piece[NETVSC_MAX_PIECES];
	unsigned int n;
	bool is_control;
	const char *wrong; /* with its messages; NULL: nothing, or nothing that is known */
};

/* Of the RNDIS message of a frame: its bytes, its tag, and what is left to the host. */
enum {
	NETVSC_W_FRAME,
	NETVSC_W_PRIORITY,
	NETVSC_W_CFI,
	NETVSC_W_VLAN,
	NETVSC_W_MSS,
	NETVSC_W_LARGE_AT,
	NETVSC_W_IS_IPV6,
	NETVSC_W_TCP_IS_OPEN,
	NETVSC_W_UDP_IS_OPEN,
	NETVSC_W_CHECKSUM_AT,
	NETVSC_N_WANTED,
};

/* The names of these fields, for vb_values_read() of hv_rndis. */
void vb_netvsc_want(struct vb_wanted ret[NETVSC_N_WANTED]);
/* 0, or why the packet is refused: -EBADMSG, -EMSGSIZE, -ENOMEM ... Free .bytes in any case. */
int vb_netvsc_gather(struct vb_netvsc *n, const struct vb_frame *packet,
		     struct vb_netvsc_gathered *ret);
/* An RNDIS packet of the guest: what is in it is handed on, and it is answered. */
void vb_netvsc_take_rndis(struct vb_netvsc *n, struct vb_hchannel *c, const struct vb_hpacket *p);

/* ---- netvsc_receive.c ---- */

int vb_netvsc_receive_begin(struct vb_netvsc *n); /* the buffer is there; -ENOMEM */
void vb_netvsc_receive_end(struct vb_netvsc *n);  /* it is not any more */
/* The guest is done with a packet of ours. */
void vb_netvsc_completed(struct vb_netvsc *n, struct vb_hchannel *c, uint64_t trans_id);
/* What a channel had will not be completed any more. */
void vb_netvsc_forget_queue(struct vb_netvsc *n, uint16_t queue);
/* The frame can be sent at all, though it may have to wait. */
bool vb_netvsc_fits(const struct vb_netvsc *n, const struct vb_peer_frame *f);
/* Send it now: 0, -EAGAIN, or why it cannot be. The receive buffer must be there. */
int vb_netvsc_hand_control(struct vb_netvsc *n, uint16_t queue, const struct vb_netvsc_out *o);
int vb_netvsc_hand_frame(struct vb_netvsc *n, uint16_t queue, const struct vb_netvsc_out *o);
/*
 * A packet of n_parts messages, one behind the other in bytes, now or not at all. The id is that which
 * the guest completes it with. -EAGAIN: there is no room, or others wait for it; -ENETDOWN: the guest
 * takes no frames; -ENOTCONN: it has no such channel, or shares no buffer; -EMSGSIZE.
 */
int vb_netvsc_receive(struct vb_netvsc *n, uint16_t queue, const uint8_t *bytes,
		      const uint32_t *lens, uint32_t n_parts, bool is_control,
		      uint64_t *ret_trans_id);

/* ---- netvsc_queue.c ---- */

void vb_netvsc_queue_reset(struct vb_netvsc *n, uint16_t queue);
void vb_netvsc_drop_messages(struct vb_netvsc *n, uint16_t queue);
bool vb_netvsc_is_waiting(const struct vb_netvsc *n, uint16_t queue);
/* There is a place for one more answer to a control message. */
bool vb_netvsc_takes_control(const struct vb_netvsc *n);
/* Answer a packet: status of NVSP. */
void vb_netvsc_complete(struct vb_netvsc *n, uint16_t queue, uint64_t trans_id, uint32_t status);
/* A whole packet, in its turn. */
void vb_netvsc_send_packet(struct vb_netvsc *n, uint16_t queue, const struct vb_value *values,
			   size_t n_values, uint32_t len);
/* An RNDIS message that is no frame. */
void vb_netvsc_send_control(struct vb_netvsc *n, const uint8_t *message, uint32_t len);
/* A frame, on a queue or (UINT16_MAX) on that which the guest's table says. */
void vb_netvsc_send_frame(struct vb_netvsc *n, uint16_t queue, const struct vb_peer_frame *f);
/* Send what waits on a channel, as far as there is room. */
void vb_netvsc_flush(struct vb_netvsc *n, uint16_t queue);

/* ---- netvsc_message.c ---- */

/* Of a coalesced frame's part. */
#define NETVSC_COALESCED 1u
#define NETVSC_FIRST 2u
#define NETVSC_LAST 4u

/*
 * A frame's message with len bytes of the frame from at on; flags of the part, 0: it is all. Returns
 * its length; 0: it is longer than room.
 */
uint32_t vb_netvsc_write_message(const struct vb_netvsc *n, const struct vb_peer_frame *f,
				 uint32_t at, uint32_t len, uint32_t flags, uint8_t *buf,
				 uint32_t room);

/* ---- netvsc_rss.c ---- */

/* Toeplitz' hash of the frame's addresses and ports by the guest's key; 0: nothing to hash. */
uint32_t vb_netvsc_hash(const struct vb_netvsc *n, const struct vb_peer_frame *f);
uint16_t vb_netvsc_queue_of(const struct vb_netvsc *n, uint32_t hash);

/* ---- netvsc_wire.c ---- */

/* What the settings say; also when they have changed. What the peer knew is forgotten. */
int vb_netvsc_wire_begin(struct vb_netvsc *n, struct vb_err *err);
void vb_netvsc_wire_end(struct vb_netvsc *n);
void vb_netvsc_wire_adapt(struct vb_netvsc *n, uint32_t mtu); /* to what was agreed */
/* A frame of the guest. */
void vb_netvsc_wire_take(struct vb_netvsc *n, const struct vb_peer_frame *f);
/* What is due, and when to come again. */
void vb_netvsc_wire_run(struct vb_netvsc *n, bool is_timer);

/* ---- netvsc_log.c ---- */

void vb_netvsc_outside(struct vb_hdevice *d, const struct vb_frame *packet, uint32_t limit,
		       struct vb_hext *ext);

#endif
