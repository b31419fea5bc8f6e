/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where we are in the RNDIS messages of a packet. Included by payload.bpf.h and frames.bpf.h only.
 */
#ifndef VB_BPF_MESSAGE_H
#define VB_BPF_MESSAGE_H

#include "bpf/common.bpf.h"

enum {
	RNDIS_PACKET = 1,
	RNDIS_HEADER_LEN = 44,
	MAX_HEAD = 256,
	MAX_CONTROL = 1024,
	MAX_PADDING = 64
};

struct rndis {
	__u32 type, len;
	__u32 data_at, data_len; /* places count from here */
	__u32 oob_at, oob_len, n_oob;
	__u32 info_at, info_len;
	__u32 vc_handle, reserved;
};

struct cursor {
	__u64 pos;  /* bytes used behind the record */
	__u64 addr; /* what is looked at next: memory of messages, or a list of ranges */
	__u64 left; /* bytes there */
	__u64 base; /* of the buffer or of memory that ranges refer to, 0: not known */
	__u64 base_len;
	__u64 wire; /* bytes of all pieces */
	/*
	 * The message that the next piece begins or goes on with: its length (0: one begins), how much
	 * of it is behind us, and what of it is taken: up to head, and from data to end. What is
	 * between those is left over from others and becomes zeros.
	 */
	__u64 len, at, head, data, end;
	__u64 want; /* where it ends that all of it is there */
	__u32 n_ranges;
	__u32 incomplete;
	__u32 scratch; /* where the record is */
	__u32 padding; /* bytes behind a frame that are taken with all of it */
	/* For --frames: messages begun, those refused, and the length of a frame not yet judged. */
	__u32 begun, refused;
	__u32 frame_len;
	__u32 info_at, info_len; /* of the message it is in */
};

static __always_inline __u64 smaller(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

#endif
