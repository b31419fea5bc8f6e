/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the packets of a network device refer to outside the ring: RNDIS messages in a section of the
 * send buffer, in pages, in ranges of the receive buffer. Of each message its head is taken, and of
 * its frame as much as the user wants. Included by data.bpf.h only.
 *
 * Offsets are those of dissectors/proto: ring.c, nvsp.c, rndis.c.
 */
#ifndef VB_BPF_PAYLOAD_H
#define VB_BPF_PAYLOAD_H

#include "bpf/common.bpf.h"
#include "bpf/frames.bpf.h"
#include "bpf/message.bpf.h"
#include "bpf/nvsp.bpf.h"

/* ---- packets ---- */

enum { PACKET_IN_RANGES = 7, PACKET_GPA = 9, PACKET_COMPLETION = 11 };
enum { DESC_OFFSET8 = 2, DESC_SET_ID = 16, DESC_N_RANGES = 20, DESC_RANGES = 24 };

#define MAX_RANGES 1024
#define MAX_MESSAGES 256 /* in a section */

/* ---- the parts of a packet that is to be written ---- */

/* Descriptor with ranges, payload, padding; as struct kvec has them. */
#define MAX_PARTS 4

struct parts {
	struct {
		__u64 base, len;
	} part[MAX_PARTS];
};

/* As scratch: the stack has no room for it below all that a filter calls. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct parts);
} part_lists SEC(".maps");

static __always_inline void list_parts(const struct kvec *list, __u32 count, struct parts *ret)
{
	__u64 len = count < MAX_PARTS ? count * sizeof(ret->part[0]) : sizeof(*ret);

	__builtin_memset(ret, 0, sizeof(*ret));
	KEEP(len);
	if (len <= sizeof(*ret))
		bpf_probe_read_kernel(ret, len, list);
}

/* ---- pieces of messages ---- */

static __always_inline __u8 *bytes_of(const struct cursor *c)
{
	__u32 key = c->scratch;
	struct vb_bpf_record *rec = bpf_map_lookup_elem(&scratch, &key);

	return rec ? (__u8 *)(rec + 1) : NULL;
}

/*
 * Functions that are not inline are so for the verifier: it loses sight of bounds when registers run
 * out, and what is not static it looks at once, whatever calls it, instead of along every path.
 */

/* n bytes from an address; zeros when it cannot be read, as address 0. */
static __noinline long put(struct cursor *c, __u64 n, __u64 addr)
{
	__u8 *to = bytes_of(c);
	__u64 pos = c->pos;
	long rc;

	KEEP(n);
	if (!to || n > max_copy)
		return -E2BIG;
	KEEP(pos);
	if (pos > max_len)
		return -E2BIG;
	rc = bpf_probe_read_kernel(to + pos, n, (void *)addr);
	c->pos = pos + n;
	return rc;
}

static __noinline long put_padding(struct cursor *c)
{
	__u8 *to = bytes_of(c);
	__u64 pos = c->pos;

	KEEP(pos);
	if (!to || pos > max_len)
		return -E2BIG;
	__builtin_memset(to + pos, 0, 4);
	c->pos = (pos + 3) & ~3ULL;
	return 0;
}

static __noinline long put_segment(struct cursor *c, __u64 at, const struct vb_bpf_segment *s)
{
	__u8 *to = bytes_of(c);

	KEEP(at);
	if (!to || at > max_len)
		return -E2BIG;
	__builtin_memcpy(to + at, s, sizeof(*s));
	return 0;
}

/* Bytes lo to hi of a message that addr has from lo on: less when they do not fit. */
static __always_inline long put_bytes(struct cursor *c, __u64 lo, __u64 hi, __u64 addr)
{
	__u64 head = lo < c->head ? smaller(c->head, hi) : lo;
	__u64 data = head < c->data ? smaller(c->data, hi) : head;
	long rc = 0;

	if (data == head) /* most often: nothing between them */
		return put(c, hi - lo, addr);
	if (head > lo)
		rc |= put(c, head - lo, addr);
	if (data > head)
		put(c, data - head, 0);
	if (hi > data)
		rc |= put(c, hi - data, addr + (data - lo));
	return rc;
}

/* A segment: the next wire bytes of the message at hand, at addr. */
__noinline int put_piece(struct cursor *c, __u32 range, __u64 wire, __u64 addr, __u32 reason)
{
	struct vb_bpf_segment s = { .range = range, .reason = reason };
	__u64 lo, hi, want, at, room;

	if (!c)
		return 0;
	at = c->pos;
	lo = c->at;
	hi = smaller(lo + wire, c->end);
	want = smaller(lo + wire, c->want);
	s.wire_len = wire;
	c->wire += wire;
	c->at += wire;
	if (c->at >= c->len)
		c->len = 0;
	if (at + sizeof(s) > max_len) {
		c->incomplete = 1;
		return 0;
	}
	if (hi < lo)
		hi = lo;
	if (reason)
		c->begun++; /* what nobody judged */
	if (!reason) {
		room = smaller(max_len - at - sizeof(s), max_copy);
		s.reason = hi < want ? VB_BPF_R_LIMIT : VB_BPF_R_COMPLETE;
		if (hi - lo > room) {
			hi = lo + room;
			s.reason = VB_BPF_R_ROOM;
		}
		c->pos = at + sizeof(s);
		s.cap_len = hi - lo;
		if (hi > lo && put_bytes(c, lo, hi, addr)) {
			s.cap_len = 0;
			s.reason = VB_BPF_R_UNREADABLE;
		}
	}
	c->incomplete |= s.reason;
	put_segment(c, at, &s);
	c->pos = at + sizeof(s) + s.cap_len;
	put_padding(c);
	return 0;
}

/*
 * What to take of the message that begins at addr, where n of its bytes are; with what follows them
 * it has most bytes at most. What it says of itself comes from the other side and may be anything.
 */
__noinline int begin_message(struct cursor *c, __u64 addr, __u64 n, __u64 most)
{
	struct rndis h = {};
	__u64 info, here = n;

	if (!c)
		return 0;
	c->at = c->end = c->head = c->data = 0;
	c->len = c->want = most;
	if (!payload)
		return 0;
	if (n > sizeof(h))
		n = sizeof(h);
	KEEP(n);
	if (n > sizeof(h) || bpf_probe_read_kernel(&h, n, (void *)addr))
		h.type = RNDIS_PACKET;
	if (h.len >= 8 && h.len < most)
		c->len = c->want = h.len;
	if (h.type != RNDIS_PACKET) {
		c->begun++;
		c->end = smaller(c->len, payload > MAX_CONTROL ? payload : MAX_CONTROL);
		return 0;
	}
	info = h.info_len ? (__u64)8 + h.info_at + h.info_len : 0;
	c->head = info > RNDIS_HEADER_LEN ? smaller(info, MAX_HEAD) : RNDIS_HEADER_LEN;
	c->data = (__u64)8 + h.data_at;
	if (!h.data_len || c->data >= c->len)
		c->data = c->len; /* no frame */
	/* A frame that claims to begin in the head is not taken with that. */
	c->head = smaller(c->head, c->data);
	c->end = c->data < c->len ? c->data + smaller(payload, h.data_len) : c->head;
	c->end = smaller(c->end, c->len);
	c->want = c->data < c->len ? c->data + h.data_len : info;
	c->want = smaller(c->want, c->len);
	if (c->end == c->want && c->len - c->end < c->padding)
		c->end = c->len;
	if (filters)
		look_at_message(c, &h, here);
	return 0;
}

/*
 * The NVSP message of a packet, at offset at in it and at addr in memory: most often it is among what
 * was taken of the packet already.
 */
static __always_inline void read_nvsp(const struct vb_bpf_record *rec, __u64 at, __u64 addr,
				      struct nvsp *ret)
{
	KEEP(at);
	if (at <= VB_BPF_MIN_SNAP - sizeof(*ret) && at + sizeof(*ret) <= rec->cap_len)
		__builtin_memcpy(ret, (const __u8 *)(rec + 1) + at, sizeof(*ret));
	else
		bpf_probe_read_kernel(ret, sizeof(*ret), (void *)addr);
}

/* ---- guest to host ---- */

/* The next message in a section. The last one may go on in the packet's ranges. */
static long take_section_message(__u32 i, void *ctx)
{
	struct cursor *c = ctx;
	__u64 n = c->left;

	if (!n)
		return 1;
	begin_message(c, c->addr, n, c->n_ranges ? ~0U : n);
	judge_message(c, c->addr, n);
	n = smaller(n, c->len);
	put_piece(c, VB_BPF_SECTION, n, c->addr, 0);
	c->addr += n;
	c->left -= n;
	return 0;
}

struct gpa_range {
	__u32 len;
	__u32 offset; /* into the first of its pages */
	__u64 pfn;
};

/* The next of a packet's ranges of pages. */
static long take_gpa_range(__u32 i, void *ctx)
{
	struct cursor *c = ctx;
	struct gpa_range r;
	__u64 n_pages, len, last, addr;

	if (i >= c->n_ranges || c->left < sizeof(r) ||
	    bpf_probe_read_kernel(&r, sizeof(r), (void *)c->addr))
		return 1;
	n_pages = ((__u64)r.offset + r.len + 4095) >> 12;
	len = 8 + 8 * n_pages;
	if (len > c->left)
		return 1;
	last = r.pfn;
	if (n_pages > 1)
		bpf_probe_read_kernel(&last, sizeof(last), (void *)c->addr + len - 8);
	/* pages in a row: all that drivers put into one range */
	addr = last - r.pfn + 1 == n_pages && c->base ? c->base + (r.pfn << 12) + r.offset : 0;
	c->addr += len;
	c->left -= len;
	if (!c->len)
		begin_message(c, addr, r.len, ~0U);
	judge_message(c, addr, r.len);
	put_piece(c, i, r.len, addr, addr || !payload ? 0 : VB_BPF_R_UNREADABLE);
	return 0;
}

/* Where the kernel has all of memory (Linux 6.1 arch/x86/include/asm/page_64_types.h). */
extern const void page_offset_base __ksym __weak;

static __always_inline __u64 direct_map(void)
{
	__u64 base = 0;

#if defined(__TARGET_ARCH_x86)
	base = 0xffff888000000000ULL;
	if (&page_offset_base)
		bpf_probe_read_kernel(&base, sizeof(base), &page_offset_base);
#endif
	return base;
}

static __always_inline void take_section(struct cursor *c, const struct vb_bpf_net *net,
					 __u64 index, __u64 size)
{
	__u64 at = index * net->send_section;

	c->left = size;
	c->addr = net->send_buf + at;
	if (!net->send_buf || !net->send_section || size > net->send_len ||
	    at > net->send_len - size) {
		put_piece(c, VB_BPF_SECTION, size, 0, VB_BPF_R_UNKNOWN);
		return;
	}
	take_section_message(0, c);
	if (c->left)
		bpf_loop(MAX_MESSAGES, take_section_message, c, 0);
	if (c->left) { /* too many */
		c->len = c->want = c->left;
		c->at = c->end = 0;
		c->begun++; /* what nobody judged */
		put_piece(c, VB_BPF_SECTION, c->left, c->addr, 0);
	}
}

static __always_inline void take_gpa_ranges(struct cursor *c, __u64 desc, __u64 desc_len)
{
	c->addr = desc + DESC_RANGES;
	c->left = desc_len > DESC_RANGES ? desc_len - DESC_RANGES : 0;
	c->base = direct_map();
	take_gpa_range(0, c);
	if (c->n_ranges > 1)
		bpf_loop(MAX_RANGES, take_gpa_range, c, 0);
}

static __always_inline void begin_payload(struct cursor *c, const struct vb_bpf_record *rec)
{
	__builtin_memset(c, 0, sizeof(*c));
	c->scratch = rec->cpu * VB_BPF_N_SCRATCH + rec->stream;
	c->pos = rec->cap_len;
	put_padding(c);
}

/* Sets the record's lengths; returns how many bytes follow it. */
static __always_inline __u64 end_payload(const struct cursor *c, struct vb_bpf_record *rec)
{
	__u64 begin = (rec->cap_len + 3) & ~3ULL;

	rec->flags |= is_refused(c) ? VB_BPF_F_REFUSED : 0;
	if (c->pos == begin)
		return rec->cap_len;
	rec->ext_len = c->pos - begin;
	rec->ext_wire_len = smaller(c->wire, ~0U);
	rec->flags |= c->incomplete ? VB_BPF_F_EXT_CUT : 0;
	return c->pos;
}

static __noinline __u64 send_payload(struct vb_bpf_record *rec, struct vb_bpf_net *net,
				     const struct parts *parts)
{
	__u64 desc = parts->part[0].base;
	struct cursor c;
	struct nvsp m = {};

	if (!net || !rec)
		return rec ? rec->cap_len : 0;
	read_nvsp(rec, parts->part[0].len, parts->part[1].base, &m);
	if (m.type != NVSP_RNDIS) {
		rec->flags |= is_answer_refused(&m) ? VB_BPF_F_REFUSED : 0;
		learn_sent(net, &m);
		return rec->cap_len;
	}
	begin_payload(&c, rec);
	if (*(const __u16 *)(rec + 1) == PACKET_GPA && rec->cap_len >= DESC_RANGES)
		c.n_ranges = *(const __u32 *)((const __u8 *)(rec + 1) + DESC_N_RANGES);
	/* between messages in a section: the driver makes it zero (netvsc_copy_to_send_buf()) */
	c.padding = MAX_PADDING;
	if (m.word[1] != VB_BPF_SECTION)
		take_section(&c, net, m.word[1], m.word[2]);
	if (c.n_ranges)
		take_gpa_ranges(&c, desc, parts->part[0].len);
	return end_payload(&c, rec);
}

/* ---- host to guest ---- */

struct buffer_range {
	__u32 len;
	__u32 at;
};

/* The next range of the receive buffer: each has a message of its own. */
static long take_buffer_range(__u32 i, void *ctx)
{
	struct cursor *c = ctx;
	struct buffer_range r;
	__u64 addr = c->base + 0;

	if (i >= c->n_ranges || c->left < sizeof(r) ||
	    bpf_probe_read_kernel(&r, sizeof(r), (void *)c->addr))
		return 1;
	c->addr += sizeof(r);
	c->left -= sizeof(r);
	if (!addr || r.len > c->base_len || r.at > c->base_len - r.len) {
		c->len = 0;
		put_piece(c, i, r.len, 0, VB_BPF_R_UNKNOWN);
		return 0;
	}
	addr += r.at;
	begin_message(c, addr, r.len, r.len);
	judge_message(c, addr, r.len);
	put_piece(c, i, c->len, addr, 0);
	return 0;
}

static __always_inline void take_buffer_ranges(struct cursor *c, const struct vb_bpf_net *net,
					       const void *packet, __u64 desc_len)
{
	__u16 set_id = 0;

	bpf_probe_read_kernel(&set_id, sizeof(set_id), packet + DESC_SET_ID);
	bpf_probe_read_kernel(&c->n_ranges, sizeof(c->n_ranges), packet + DESC_N_RANGES);
	c->addr = (__u64)packet + DESC_RANGES;
	c->left = desc_len > DESC_RANGES ? desc_len - DESC_RANGES : 0;
	c->base = set_id == net->recv_id ? net->recv_buf : 0;
	c->base_len = net->recv_len;
	take_buffer_range(0, c);
	if (c->n_ranges > 1)
		bpf_loop(MAX_RANGES, take_buffer_range, c, 0);
}

static __noinline __u64 receive_payload(struct vb_bpf_record *rec, struct vb_bpf_net *net,
					const void *packet)
{
	const __u16 *head; /* type, offset of the message */
	struct nvsp m = {};
	struct cursor c;

	if (!net || !rec || rec->cap_len < 2 * sizeof(*head))
		return rec ? rec->cap_len : 0;
	head = (const __u16 *)(rec + 1);
	read_nvsp(rec, (__u64)head[1] * 8, (__u64)packet + (__u32)head[1] * 8, &m);
	if (head[0] == PACKET_COMPLETION) {
		rec->flags |= is_answer_refused(&m) ? VB_BPF_F_REFUSED : 0;
		learn_completion(net, &m);
	}
	if (head[0] != PACKET_IN_RANGES || m.type != NVSP_RNDIS)
		return rec->cap_len;
	begin_payload(&c, rec);
	take_buffer_ranges(&c, net, packet, (__u64)head[1] * 8);
	return end_payload(&c, rec);
}

#endif
