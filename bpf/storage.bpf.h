/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands of a storage controller read and write: pages that the request lists. Written data
 * is taken with the request, read data with the completion, when it has come. Included by data.bpf.h
 * only.
 *
 * Offsets are those of dissectors/proto: ring.c, storvsc.c.
 */
#ifndef VB_BPF_STORAGE_H
#define VB_BPF_STORAGE_H

#include "bpf/payload.bpf.h"

enum { STORVSC_COMPLETE_IO = 1, STORVSC_EXECUTE_SRB = 3, STORVSC_QUERY_VERSION = 9 };

enum { STORVSC_WRITE = 0, STORVSC_READ = 1 };

struct srb {
	__u32 operation;
	__u8 before[8];
	__u16 version; /* of STORVSC_QUERY_VERSION */
	__u8 path[8];
	__u8 data_in;
	__u8 between;
	__u32 data_len;
};

/*
 * A read under way: where its descriptor is, which lists the pages. The driver keeps it until it has
 * seen the completion (Linux 6.1 drivers/scsi/storvsc_drv.c, storvsc_do_io()).
 */
struct io {
	__u64 desc;
	__u64 desc_len;
};

/* By what the driver calls the request. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct request);
	__type(value, struct io);
} ios SEC(".maps");

/* What it is called, by the transaction id that stands in for that on the wire. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct request);
	__type(value, __u64);
} io_addresses SEC(".maps");

#define MAX_PAGES 1024

/*
 * The next page of the range at hand: its first byte is at c->data in it. Other than 0: there is no more.
 * Not static, as put_piece(): else the verifier looks at it once for each page that there may be.
 */
__noinline int put_page(struct cursor *c)
{
	__u64 pfn, n;

	if (!c || c->at >= c->end || c->left < sizeof(pfn))
		return 1;
	n = smaller(4096 - (c->data & 4095), c->end - c->at);
	if (c->pos + n > max_len) {
		c->incomplete = VB_BPF_R_ROOM;
		return 1;
	}
	if (bpf_probe_read_kernel(&pfn, sizeof(pfn), (void *)c->addr) || !c->base ||
	    put(c, n, c->base + (pfn << 12) + (c->data & 4095))) {
		c->incomplete = VB_BPF_R_UNREADABLE;
		return 1;
	}
	c->data = 0;
	c->at += n;
	c->addr += sizeof(pfn);
	c->left -= sizeof(pfn);
	return 0;
}

static long take_page(__u32 i, void *ctx)
{
	return put_page(ctx) != 0;
}

/* A segment: the range of a descriptor, of which wire bytes count. */
static __always_inline void take_blocks(struct cursor *c, const struct io *io, __u64 wire)
{
	struct vb_bpf_segment s = {};
	struct {
		__u32 len, offset;
	} range = {};
	__u64 at = c->pos;

	if (io->desc_len < DESC_RANGES + sizeof(range) ||
	    bpf_probe_read_kernel(&range, sizeof(range), (void *)io->desc + DESC_RANGES))
		return;
	wire = smaller(wire, range.len);
	if (!wire || at + sizeof(s) > max_len)
		return;
	c->addr = io->desc + DESC_RANGES + sizeof(range);
	c->left = io->desc_len - DESC_RANGES - sizeof(range);
	c->base = direct_map();
	c->data = range.offset;
	c->end = smaller(wire, payload);
	c->wire = wire;
	c->pos = at + sizeof(s);
	if (!put_page(c))
		bpf_loop(MAX_PAGES, take_page, c, 0);
	s.wire_len = wire;
	s.cap_len = c->at;
	s.reason = c->incomplete  ? c->incomplete :
		   c->end < wire  ? VB_BPF_R_LIMIT :
		   c->at < c->end ? VB_BPF_R_UNREADABLE :
				    VB_BPF_R_COMPLETE;
	c->incomplete = s.reason;
	put_segment(c, at, &s);
	put_padding(c);
}

/* The data of a write; a read is kept in mind. c: the channel's. */
static __noinline __u64 send_blocks(struct vb_bpf_record *rec, struct vb_bpf_channel *c,
				    __u64 channel, __u64 address, const struct parts *parts)
{
	struct request key = { .channel = channel, .address = address };
	struct cursor cursor;
	struct srb m;
	struct io io;

	if (!rec || !c || !parts)
		return rec ? rec->cap_len : 0;
	if (bpf_probe_read_kernel(&m, sizeof(m), (void *)parts->part[1].base))
		return rec->cap_len;
	if (m.operation == STORVSC_QUERY_VERSION)
		c->storage =
			m.version; /* of those that the driver tries, the last one is agreed on */
	if (*(const __u16 *)(rec + 1) != PACKET_GPA || m.operation != STORVSC_EXECUTE_SRB)
		return rec->cap_len;
	io.desc = parts->part[0].base;
	io.desc_len = parts->part[0].len;
	if (m.data_in != STORVSC_WRITE) {
		/* refused: receive_blocks() will say so */
		bpf_map_update_elem(&ios, &key, &io, BPF_ANY);
		rec->flags |= VB_BPF_F_READS;
		return rec->cap_len;
	}
	begin_payload(&cursor, rec);
	take_blocks(&cursor, &io, m.data_len);
	return end_payload(&cursor, rec);
}

/* The request at an address has this id from now on. */
static __always_inline void name_io(__u64 channel, __u64 address, __u64 trans_id)
{
	struct request key = { .channel = channel, .address = trans_id };

	bpf_map_update_elem(&io_addresses, &key, &address, BPF_ANY);
}

/* The request at an address will not be completed. */
static __always_inline void forget_io(__u64 channel, __u64 address)
{
	struct request key = { .channel = channel, .address = address };

	bpf_map_delete_elem(&ios, &key);
}

/* A read was asked for, or that failed. */
static __always_inline void end_asking(const struct pending *p, const struct vb_bpf_record *done)
{
	if (done->result)
		forget_io(p->channel, p->request_id);
	else if (!p->has_id && (done->flags & VB_BPF_F_TRANS_ID))
		name_io(p->channel, p->request_id, done->trans_id);
}

static long forget_of_channel(void *map, const struct request *key, void *value, __u64 *channel)
{
	if (key->channel == *channel)
		bpf_map_delete_elem(map, key);
	return 0;
}

/* A channel closes: nothing that is under way in it will be completed. */
static __always_inline void forget_ios(__u64 channel)
{
	bpf_for_each_map_elem(&ios, forget_of_channel, &channel, 0);
	bpf_for_each_map_elem(&io_addresses, forget_of_channel, &channel, 0);
}

/* Whether this id completes a read that is known of, which is over. *ret stays when that is all. */
static __always_inline bool end_io(__u64 channel, __u64 trans_id, struct io *ret)
{
	struct request key = { .channel = channel, .address = trans_id };
	__u64 *address = bpf_map_lookup_elem(&io_addresses, &key);
	struct request called = { .channel = channel };
	struct io *io;

	if (!address)
		return false;
	called.address = *address;
	bpf_map_delete_elem(&io_addresses, &key);
	io = bpf_map_lookup_elem(&ios, &called);
	if (!io)
		return true;
	*ret = *io;
	bpf_map_delete_elem(&ios, &called);
	return true;
}

/*
 * The data that a read has brought. Of a read that was under way before the capture, or that the
 * maps had no room for, only the completion tells: hosts leave its request's direction in it.
 */
static __noinline __u64 receive_blocks(struct vb_bpf_record *rec, __u64 channel, const void *packet)
{
	const __u16 *head; /* type, offset of the message */
	struct io io = {};
	struct cursor c;
	struct srb m;
	bool known;

	if (!rec || rec->cap_len < DESC_LEN)
		return rec ? rec->cap_len : 0;
	head = (const __u16 *)(rec + 1);
	if (head[0] != PACKET_COMPLETION)
		return rec->cap_len;
	known = end_io(channel, *(const __u64 *)(head + DESC_TRANS_ID / sizeof(*head)), &io);
	if (bpf_probe_read_kernel(&m, sizeof(m), packet + (__u32)head[1] * 8) ||
	    m.operation != STORVSC_COMPLETE_IO || (!known && m.data_in != STORVSC_READ))
		return rec->cap_len;
	begin_payload(&c, rec);
	if (io.desc)
		take_blocks(&c, &io, m.data_len);
	else if (m.data_len)
		put_piece(&c, 0, m.data_len, 0, VB_BPF_R_UNKNOWN);
	return end_payload(&c, rec);
}

#endif
