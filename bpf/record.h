/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records shared by the BPF programs and user space: fixed-size types only, no pointers.
 */
#ifndef VB_BPF_RECORD_H
#define VB_BPF_RECORD_H

#include <linux/types.h>

enum vb_bpf_type {
	VB_BPF_WRITE = 1,  /* a packet is about to be written; its bytes follow */
	VB_BPF_WRITE_DONE, /* how that went; same id as the VB_BPF_WRITE */
	VB_BPF_READ,	   /* a packet was fetched from the ring; its bytes follow */
	VB_BPF_POST,	   /* a message is about to be posted to the host; its bytes follow */
	VB_BPF_POST_DONE,  /* how that went */
	VB_BPF_MESSAGE,	   /* a message from the host; its bytes follow */
	VB_BPF_SIGNAL,	   /* the guest signals the host */
	VB_BPF_INTERRUPT,  /* the host's interrupt is taken for the channel */
};

/*
 * A program does not run nested in itself on one CPU, but may in another: an interrupt comes at any
 * time. So each has a stream of its own, in which sequence numbers enter the ring buffer in order
 * and a gap is a loss.
 */
enum vb_bpf_stream {
	VB_BPF_S_WRITE,
	VB_BPF_S_WRITE_TWIN,
	VB_BPF_S_READ,
	VB_BPF_S_READ_TWIN,
	VB_BPF_S_POST,
	VB_BPF_S_POST_TWIN,
	VB_BPF_S_MESSAGE,
	VB_BPF_S_MESSAGE_EARLY,
	VB_BPF_S_SIGNAL,
	VB_BPF_S_INTERRUPT,
	VB_BPF_N_STREAMS
};

enum vb_bpf_flag {
	VB_BPF_F_TRANS_ID = 1,	    /* trans_id is what is on the wire */
	VB_BPF_F_NO_REQUEST_ID = 2, /* the write failed for want of a request id, not of room */
	VB_BPF_F_EXT_CUT = 4,	    /* of the external part something is missing */
	VB_BPF_F_REFUSED = 8,	    /* for the probes: the user does not want it */
	VB_BPF_F_READS = 32,	    /* for the probes: its completion brings data */
	VB_BPF_F_FILTERED = 16,	    /* others of this channel were not wanted: gaps are no losses */
};

struct vb_bpf_record {
	__u64 time_ns;	/* CLOCK_MONOTONIC */
	__u64 seq;	/* per CPU and stream, counts lost records; not in _DONE records */
	__u64 id;	/* joins _DONE to what it tells about */
	__u64 trans_id; /* VB_BPF_WRITE_DONE */
	__u32 cpu;
	__u16 type;	  /* enum vb_bpf_type */
	__u16 stream;	  /* enum vb_bpf_stream */
	__u32 relid;	  /* 0: not about a channel */
	__u32 subchannel; /* sub-channel index */
	__u8 instance[16];
	__u32 wire_len;	    /* bytes of the packet or message */
	__u32 cap_len;	    /* how many of them follow this structure, padded to 4 before ext_len */
	__u32 ext_wire_len; /* bytes outside the ring that the packet refers to */
	__u32 ext_len;	    /* of the external part: segments, as the trace has them */
	__s32 result;	    /* _DONE: 0 or -errno */
	__u32 ring_size;    /* bytes of the ring's data area */
	__u32 ring_pos;	    /* where the packet starts, 0xffffffff: unknown */
	__u32 ring_read;    /* read index at that moment */
	__u32 missed;	    /* VB_BPF_READ: packets before this one that the probe did not see */
	__u32 flags;	    /* enum vb_bpf_flag */
	__u64 lost;	    /* records of this channel lost up to now */
};

/* What stands in front of each piece of the external part; its bytes follow, padded to 4. */
struct vb_bpf_segment {
	__u32 range;	/* VB_BPF_SECTION, or which range of the packet */
	__u32 wire_len; /* bytes there are */
	__u32 cap_len;	/* how many of them follow */
	__u32 reason;	/* enum vb_bpf_reason */
};

#define VB_BPF_SECTION 0xffffffffu /* the send buffer's section */

enum vb_bpf_reason {
	VB_BPF_R_COMPLETE,
	VB_BPF_R_LIMIT,	      /* more than the user wanted */
	VB_BPF_R_ROOM,	      /* more than a record holds */
	VB_BPF_R_UNREADABLE,  /* a page could not be read */
	VB_BPF_R_UNKNOWN = 6, /* where the buffer is */
};

/* Of those, the first ones put packets together in memory of their own. */
#define VB_BPF_N_SCRATCH VB_BPF_S_POST

/* Linux has this many channels at most (MAX_CHANNEL_RELIDS in drivers/hv/hyperv_vmbus.h). */
#define VB_BPF_MAX_RELIDS 2048

/* What is known of a network device, by its primary channel. */
struct vb_bpf_net {
	__u64 recv_buf, send_buf; /* where the kernel has them, 0: not known */
	__u64 gpadl, gpadl_buf; /* the buffer shared with the host last, and where its handle is */
	__u32 gpadl_len;
	__u32 recv_len, send_len; /* bytes */
	__u32 recv_section, send_section;
	__u32 recv_id;
	__u32 version; /* of NVSP, 0: not known */
	__u32 on_vf;   /* frames go over a virtual function */
};

/* One per relid, shared with user space through memory; element 0 is the control messages. */
struct vb_bpf_channel {
	__u64 lost;	/* records that did not fit into the ring buffer */
	__u64 filtered; /* records that the user does not want */
	__u32 wanted;	/* this channel is captured */
	__u32 chosen;	/* the user named this relid: wanted whatever is offered under it */
	__u32 storage;	/* version of a storage device's protocol, perhaps; 0: not known */
	__u32 pad;
	struct vb_bpf_net net;
};

/* What the user selected that may be offered later: 16 bytes of the offer at an offset. */
#define VB_BPF_MAX_SELECTORS 16
struct vb_bpf_selector {
	__u32 at;   /* 8: class, 24: instance, 56: channel flags */
	__u32 mask; /* at 56: the flags that select */
	__u8 guid[16];
};

/* Classes of devices whose packets refer to memory: what they do with it is known. */
enum vb_bpf_device { VB_BPF_OTHER, VB_BPF_NETWORK, VB_BPF_STORAGE };

#define VB_BPF_MAX_CLASSES 8
struct vb_bpf_class {
	__u64 guid[2]; /* as in offers */
	__u32 device;  /* enum vb_bpf_device; VB_BPF_OTHER: an entry without use */
	__u32 pad;
};

/* Bytes copied of a packet at least: what is needed to find it again in the ring. */
#define VB_BPF_MIN_SNAP 48

/* A channel message is at most this long (HV_MESSAGE_PAYLOAD_BYTE_COUNT). */
#define VB_BPF_MAX_MESSAGE 240

/* The head of an offer, struct vmbus_channel_offer_channel. */
#define VB_BPF_OFFER_LEN 196

/*
 * A filter of frames is a function of so many instructions and an exit. As it is compiled each of them
 * is the same, VB_BPF_FILTER_LEFT, and user space puts others in their place before it loads them.
 * r1: the frame's first bytes, VB_BPF_FRAME_ROOM of them, and 16 words that may be written; r2: how
 * many of those bytes there are; r3: the frame's length; r4: what to return when it asks for others.
 * Returns 0 when the frame does not match. It may use r0 to r7.
 */
#define VB_BPF_FILTER_LEN 1024
#define VB_BPF_FILTER_LEFT "w0 = w4"
#define VB_BPF_FRAME_ROOM 256

/* Of hv_vmbus: vmbus_connection, vmbus_proto_version; of hv_storvsc: vmstor_proto_version. */
enum vb_bpf_symbol { VB_BPF_CONNECTION, VB_BPF_VERSION, VB_BPF_STORAGE_VERSION, VB_BPF_N_SYMBOLS };

/* In and out of the program that looks up one channel. */
struct vb_bpf_walk {
	__u64 symbols[VB_BPF_N_SYMBOLS]; /* in: addresses; the last may be 0, not known */
	__u32 relid;			 /* in */
	__u32 found;			 /* out: 1 when the relid has a channel */
	__u32 version;			 /* out: the negotiated VMBus version */
	__u8 offer[VB_BPF_OFFER_LEN];
};

#endif
