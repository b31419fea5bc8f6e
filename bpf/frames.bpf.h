/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records that the user does not want, by the frames in them: they are not handed over. Only what user
 * space would surely leave out goes: every message of the packet holds a frame as it was on the wire,
 * and the user's expression is true of none. Included by payload.bpf.h only.
 */
#ifndef VB_BPF_FRAMES_H
#define VB_BPF_FRAMES_H

#include "bpf/common.bpf.h"
#include "bpf/message.bpf.h"
#include "bpf/nvsp.bpf.h"

/* ---- set before loading ---- */

const volatile bool filters = false;	  /* filter_frame() is the user's expression */
const volatile bool wants_answers = true; /* completions of frames */

struct frame_head {
	__u8 bytes[VB_BPF_FRAME_ROOM];
	__u32 words[16];
};

/* As scratch. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct frame_head);
} frame_heads SEC(".maps");

/*
 * Its instructions are replaced, see bpf/record.h; as they stand here it is never called. It is not
 * naked: kernels want to know its arguments' names.
 */
static __noinline __u64 filter_frame(const __u8 *bytes, __u64 n, __u64 wire_len, __u64 unseen)
{
	register const __u8 *r1 asm("r1") = bytes;
	register __u64 r2 asm("r2") = n;
	register __u64 r3 asm("r3") = wire_len;
	register __u64 r4 asm("r4") = unseen;
	register __u64 r0 asm("r0");

	asm volatile(".rept %[len]\n" VB_BPF_FILTER_LEFT "\n.endr"
		     : "=r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4)
		     : [len] "i"(VB_BPF_FILTER_LEN)
		     : "r5", "r6", "r7", "memory");
	return r0;
}

/*
 * The frame of the message at hand has n bytes at addr, its first ones. User space would see no more
 * of them than it wants (payload); what it would not see does not match.
 */
__noinline int judge_frame(struct cursor *c, __u64 addr, __u64 n)
{
	struct frame_head *head;
	__u64 want, unseen;
	__u32 key, len;

	if (!filters || !c)
		return 0;
	len = c->frame_len;
	c->frame_len = 0;
	key = c->scratch;
	head = bpf_map_lookup_elem(&frame_heads, &key);
	want = smaller(len, payload);
	n = smaller(n, want);
	n = smaller(n, VB_BPF_FRAME_ROOM);
	unseen = n < want;
	KEEP(n);
	if (!head || !n || n > VB_BPF_FRAME_ROOM ||
	    bpf_probe_read_kernel(head->bytes, n, (void *)addr))
		return 0;
	if (!filter_frame(head->bytes, n, len, unseen))
		c->refused++;
	return 0;
}

struct info_entry {
	__u32 len, type;
	__u32 at;
};

/* checksum, large send, hash value, hash information, cached list: none of them changes the bytes */
#define PLAIN_INFO (1U << 0 | 1U << 2 | 1U << 8 | 1U << 9 | 1U << 10)

/* Not plain: a tag, which belongs into the frame, parts of one frame, and whatever else there is. */
static __noinline bool is_info_plain(__u64 addr, __u64 len)
{
	struct info_entry e;
	int i;

	for (i = 0; i < 8 && len; i++) {
		if (len < sizeof(e) || bpf_probe_read_kernel(&e, sizeof(e), (void *)addr))
			return false;
		if (e.len < sizeof(e) || e.len > len || e.type > 31 || !(PLAIN_INFO >> e.type & 1))
			return false;
		addr += e.len;
		len -= e.len;
	}
	return !len;
}

/* A message begins, of which n bytes are at hand: has it a frame that can be judged? */
static __always_inline void look_at_message(struct cursor *c, const struct rndis *h, __u64 n)
{
	__u64 data = (__u64)8 + h->data_at, info = (__u64)8 + h->info_at;

	c->begun++;
	c->frame_len = 0;
	if (n < RNDIS_HEADER_LEN || h->type != RNDIS_PACKET || h->len != c->len || !h->data_len ||
	    data < RNDIS_HEADER_LEN || data + h->data_len > h->len)
		return;
	if (h->info_len && (info < RNDIS_HEADER_LEN || info + h->info_len > smaller(n, data)))
		return;
	c->info_at = info;
	c->info_len = h->info_len;
	c->frame_len = h->data_len;
}

/* The next n bytes of the message at hand are at addr: its frame begins there, perhaps. */
static __always_inline void judge_message(struct cursor *c, __u64 addr, __u64 n)
{
	__u64 skip = c->data - c->at;

	if (!filters || !c->frame_len)
		return;
	if (!c->at && !is_info_plain(addr + c->info_at, c->info_len))
		c->frame_len = 0;
	else if (c->at <= c->data && skip < n)
		judge_frame(c, addr + skip, n - skip);
}

/* Whether all that the packet refers to was refused. */
static __always_inline bool is_refused(const struct cursor *c)
{
	return filters && c->begun && c->begun == c->refused;
}

/* That a frame was taken. No frame is in it. */
static __always_inline bool is_answer_refused(const struct nvsp *m)
{
	return filters && !wants_answers && m->type == NVSP_RNDIS_DONE;
}

/* Leave the record out, if that is wanted and it tells nothing else: as if it had never begun. */
static __noinline bool leave_out(const struct vb_bpf_record *rec, struct vb_bpf_channel *c)
{
	__u32 zero = 0, stream;
	struct sequence *seq;

	if (!filters || !rec || !c || !(rec->flags & VB_BPF_F_REFUSED) || rec->missed)
		return false;
	seq = bpf_map_lookup_elem(&sequences, &zero);
	stream = rec->stream;
	KEEP(stream);
	if (!seq || stream >= VB_BPF_N_STREAMS)
		return false;
	seq->next[stream]--;
	__sync_fetch_and_add(&c->filtered, 1);
	return true;
}

#endif
