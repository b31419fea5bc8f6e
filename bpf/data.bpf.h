/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets in both directions. Every send path of the kernel ends in hv_ringbuffer_write(), every
 * packet that is read comes out of hv_pkt_iter_first(). A packet may be freed as soon as it is
 * written (its completion may run on another CPU), so its bytes are taken at entry and the outcome
 * follows in a record of its own. Included by vmbus.bpf.c only.
 */
#ifndef VB_BPF_DATA_H
#define VB_BPF_DATA_H

#include "bpf/common.bpf.h"
#include "bpf/payload.bpf.h"
#include "bpf/storage.bpf.h"

/* ---- guest to host ---- */

/* Copy the parts of a packet behind rec; sets its lengths. */
static __always_inline void gather(struct vb_bpf_record *rec, const struct parts *parts)
{
	__u8 *data = (__u8 *)(rec + 1);
	__u64 wire = 0, cap = 0, n;
	int i;

	for (i = 0; i < MAX_PARTS; i++) {
		n = parts->part[i].len;
		if (!n)
			continue;
		wire += n;
		if (cap > snaplen)
			break;
		if (n > snaplen - cap)
			n = snaplen - cap;
		KEEP(n);
		if (n > snaplen)
			break;
		KEEP(cap);
		if (cap > snaplen)
			break;
		if (bpf_probe_read_kernel(data + cap, n, (void *)parts->part[i].base))
			break;
		cap += n;
	}
	rec->wire_len = wire;
	rec->cap_len = cap;
}

static __always_inline struct slot *slot_of(__u64 key)
{
	__u64 half;
	__u32 i;

	/* half of a pointer is a number to the verifier, which may be multiplied */
	asm volatile("r0 = %1\n\tw0 = w0\n\t%0 = r0" : "=r"(half) : "r"(key) : "r0");
	i = (__u32)half * 0x9e3779b1U >> (32 - SLOT_BITS);
	return bpf_map_lookup_elem(&slots, &i);
}

/* What is remembered of a write, NULL: nothing. */
static __always_inline struct pending *find_write(__u64 key)
{
	struct slot *slot = slot_of(key);

	if (!slot)
		return NULL;
	if (slot->pending.key == key)
		return &slot->pending;
	return slot->n_others ? bpf_map_lookup_elem(&pendings, &key) : NULL;
}

static __always_inline void forget_write(__u64 key)
{
	struct slot *slot = slot_of(key);

	if (!slot)
		return;
	if (slot->pending.key == key)
		__sync_lock_test_and_set(&slot->pending.key, 0);
	else if (!bpf_map_delete_elem(&pendings, &key))
		__sync_fetch_and_sub(&slot->n_others, 1);
}

/*
 * Keep in mind what is being written until that is done. What was lost, too, so that a twin leaves it
 * alone: id 0 tells of nothing.
 */
static __noinline long remember_write(const struct vb_bpf_record *rec, struct vmbus_channel *ch,
				      __u64 request_id, __u32 write_index, __u64 key)
{
	struct pending none = { .key = key }, *p;
	struct slot *slot = slot_of(key);
	__u64 *latest, had;
	__u32 zero = 0;

	if (!slot)
		return -ENOENT;
	p = &slot->pending;
	/* the same key: of a write whose end went unseen */
	had = __sync_val_compare_and_swap(&slot->pending.key, 0, key);
	if (had && had != key) {
		if (!bpf_map_update_elem(&pendings, &key, &none, BPF_NOEXIST))
			__sync_fetch_and_add(&slot->n_others, 1);
		p = bpf_map_lookup_elem(&pendings, &key);
	}
	if (!p)
		return -ENOMEM;
	p->id = rec->id;
	p->channel = (__u64)ch;
	p->request_id = request_id;
	p->relid = rec->relid;
	p->stream = rec->stream;
	p->write_index = write_index;
	p->wire_len = rec->wire_len;
	p->has_id = 0;
	p->reads = rec->flags & VB_BPF_F_READS;
	__builtin_memcpy(p->head, rec + 1, sizeof(p->head));
	latest = bpf_map_lookup_elem(&latest_write, &zero);
	if (latest)
		*latest = key;
	return 0;
}

static __always_inline void take_write(struct vmbus_channel *ch, bool typed,
				       const struct kvec *list, __u32 count, __u64 request_id,
				       __u64 key, enum vb_bpf_stream stream)
{
	__u32 relid, write_index, place = scratch_place(stream);
	struct vb_bpf_record *rec = scratch_record(stream);
	struct parts *parts = bpf_map_lookup_elem(&part_lists, &place);
	struct hv_ring_buffer *ring;
	struct vb_bpf_channel *c;
	enum vb_bpf_device device;
	__u64 len;

	if (!rec || !parts)
		return;
	c = wanted(ch, typed, &relid);
	if (!c)
		return;
	begin(rec, VB_BPF_WRITE, stream, relid);
	device = describe(rec, ch, typed);
	rec->ring_size = FIELD(typed, ch, outbound.ring_datasize);
	ring = FIELD(typed, ch, outbound.ring_buffer);
	rec->ring_read = FIELD(typed, ring, read_index);
	write_index = FIELD(typed, ring, write_index);
	list_parts(list, count, parts);
	gather(rec, parts);

	len = rec->cap_len;
	if (device == VB_BPF_NETWORK)
		len = send_payload(rec, net_of(ch, typed, c), parts);
	else if (device == VB_BPF_STORAGE)
		len = send_blocks(rec, c, (__u64)ch, request_id, parts);
	if (len > max_len)
		return;
	KEEP(len);
	if (filters && device == VB_BPF_NETWORK)
		rec->flags |= VB_BPF_F_FILTERED;
	if (leave_out(rec, c) || emit(rec, sizeof(*rec) + len))
		rec->id = 0;
	remember_write(rec, ch, request_id, write_index, key);
}

/* A walk back through a ring, in search of a packet that begins with head. */
struct search {
	__u64 head[VB_BPF_MIN_SNAP / 8];
	const void *data; /* of the ring */
	__u32 wire_len;
	__u32 size;  /* of the ring */
	__u32 at;    /* where the packet after the next one to look at begins */
	__u32 stop;  /* where to stop */
	__u32 found; /* the position, POS_UNKNOWN while there is none */
	__u32 n_found;
};

/* Whether the packet at a position begins as wanted; its transaction id is not compared. */
static __always_inline bool same_head(const struct search *s, __u32 pos)
{
	__u64 head[VB_BPF_MIN_SNAP / 8], diff;
	unsigned int i;

	if (bpf_probe_read_kernel(head, sizeof(head), s->data + pos))
		return false;
	diff = head[0] ^ s->head[0];
#pragma unroll
	for (i = 2; i < VB_BPF_MIN_SNAP / 8; i++)
		diff |= i * 8 < s->wire_len ? head[i] ^ s->head[i] : 0;
	return !diff;
}

/* One packet back: the upper half of the 8 bytes before a packet says where its predecessor is. */
static long step_back(__u32 i, void *ctx)
{
	struct search *s = ctx;
	__u64 trailer;

	if (s->at == s->stop)
		return 1;
	if (bpf_probe_read_kernel(&trailer, sizeof(trailer),
				  s->data + (s->at ? s->at : s->size) - TRAILER_LEN))
		return 1;
	s->at = trailer >> 32;
	if (s->at >= s->size)
		return 1;
	if (same_head(s, s->at)) {
		s->found = s->at;
		s->n_found++;
	}
	return 0;
}

/*
 * Where packet p went: one of those between the write index before its write and the one now. The
 * ring is mapped twice in a row, so what wraps around still reads as one piece. Two packets alike
 * in that stretch, or too many of them: unknown.
 */
static __always_inline __u32 locate(struct vmbus_channel *ch, const struct pending *p)
{
	struct hv_ring_buffer *ring = BPF_CORE_READ(ch, outbound.ring_buffer);
	struct search s = {
		.data = (void *)ring + bpf_core_field_offset(struct hv_ring_buffer, buffer),
		.wire_len = p->wire_len,
		.size = BPF_CORE_READ(ch, outbound.ring_datasize),
		.at = BPF_CORE_READ(ring, write_index),
		.stop = p->write_index,
		.found = POS_UNKNOWN,
	};

	__builtin_memcpy(s.head, p->head, sizeof(s.head));
	bpf_loop(128, step_back, &s, 0);
	return s.at == s.stop && s.n_found == 1 ? s.found : POS_UNKNOWN;
}

/* The transaction id that the ring holds at a position. */
static __always_inline __u64 trans_id_at(struct vmbus_channel *ch, __u32 pos)
{
	void *ring = BPF_CORE_READ(ch, outbound.ring_buffer);
	__u64 id = 0;

	bpf_probe_read_kernel(&id, sizeof(id),
			      ring + bpf_core_field_offset(struct hv_ring_buffer, buffer) + pos +
				      DESC_TRANS_ID);
	return id;
}

/* VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED and nothing else */
static __always_inline bool asks_completion(const struct pending *p)
{
	return p->head[0] >> (DESC_FLAGS * 8) == 1;
}

/* What the request-id callback gave packet p, if it was called and is probed. */
static __always_inline bool find_request_id(const struct pending *p, struct request_id *ret)
{
	struct request req = { .channel = p->channel, .address = p->request_id };
	struct request_id *id;

	*ret = p->got;
	if (p->has_id)
		return true;
	id = bpf_map_lookup_elem(&request_ids, &req);
	if (!id)
		return false;
	*ret = *id;
	bpf_map_delete_elem(&request_ids, &req);
	return true;
}

/*
 * Position and transaction id of a written packet. The request-id callback, where the channel has
 * one and it is probed, ran under the ring's lock and knows both.
 */
static __always_inline void outcome(struct vb_bpf_record *rec, const struct pending *p,
				    struct vmbus_channel *ch, bool typed)
{
	bool asks = asks_completion(p) && FIELD(typed, ch, next_request_id_callback);
	struct request_id id;

	rec->trans_id = p->request_id;
	rec->flags = asks ? 0 : VB_BPF_F_TRANS_ID;
	/* not for others: the address of netvsc's control messages, 0, may be their id, too */
	if (asks && find_request_id(p, &id)) {
		rec->ring_pos = id.ring_pos;
		rec->flags = VB_BPF_F_TRANS_ID;
		if (id.trans_id == REQUEST_ERROR) {
			rec->flags = VB_BPF_F_NO_REQUEST_ID;
			rec->ring_pos = POS_UNKNOWN;
		} else if (id.trans_id != NO_REQUESTOR) {
			rec->trans_id = id.trans_id;
		}
		return;
	}
	/* -ENODEV: the channel was rescinded, before the write or after it */
	if (rec->result && rec->result != -ENODEV)
		return;
	rec->ring_pos = locate(ch, p);
	if (asks && rec->ring_pos != POS_UNKNOWN) {
		rec->trans_id = trans_id_at(ch, rec->ring_pos);
		rec->flags = VB_BPF_F_TRANS_ID;
	}
}

/* Without ch, untyped, it is the channel that was remembered. */
static __always_inline void take_write_done(struct vmbus_channel *ch, bool typed, __u64 key,
					    int ret)
{
	struct pending *p = find_write(key);
	struct vb_bpf_record rec;

	if (!p)
		return;
	if (p->id) {
		begin(&rec, VB_BPF_WRITE_DONE, VB_BPF_S_WRITE, p->relid);
		rec.id = p->id;
		rec.result = ret;
		outcome(&rec, p, typed ? ch : (struct vmbus_channel *)p->channel, typed);
		if (p->reads)
			end_asking(p, &rec);
		emit(&rec, sizeof(rec));
	}
	forget_write(key);
}

/*
 * The callback is called after the copy, under the lock: the write index is the packet's place. Its
 * write is the latest one to begin on this CPU, unless another began between that and the lock.
 */
static __always_inline void take_request_id(struct vmbus_channel *ch, __u64 address, __u64 ret,
					    __u32 ring_pos)
{
	struct request req = { .channel = (__u64)ch, .address = address };
	struct request_id id = { .trans_id = ret, .ring_pos = ring_pos };
	__u32 zero = 0;
	__u64 *key = bpf_map_lookup_elem(&latest_write, &zero);
	struct pending *p = key ? find_write(*key) : NULL;

	if (p && !p->has_id && p->channel == req.channel && p->request_id == address &&
	    asks_completion(p)) {
		p->got = id;
		p->has_id = 1;
		if (p->reads)
			name_io(req.channel, address, ret);
		return;
	}
	if (bpf_map_lookup_elem(&ios, &req))
		name_io(req.channel, address, ret);
	bpf_map_update_elem(&request_ids, &req, &id, BPF_ANY);
}

/* ---- host to guest ---- */

/* How many packets stand between two positions, at least 1. */
static __always_inline __u32 count_missed(struct vmbus_channel *ch, __u32 from, __u32 to)
{
	struct hv_ring_buffer *ring = BPF_CORE_READ(ch, inbound.ring_buffer);
	void *data = (void *)ring + bpf_core_field_offset(struct hv_ring_buffer, buffer);
	__u32 size = BPF_CORE_READ(ch, inbound.ring_datasize);
	__u32 n = 0;
	__u16 len8;

	while (from != to && n < 64) {
		if (bpf_probe_read_kernel(&len8, sizeof(len8), data + from + DESC_LEN8))
			break;
		n++;
		from += (__u32)len8 * 8 + TRAILER_LEN;
		if (from >= size)
			from -= size;
		if (from >= size)
			break;
	}
	return n ? n : 1;
}

/*
 * hv_pkt_iter_first() is called again for a packet that it returned before: to peek after an
 * advance, when a reader was out of time or its buffer too short. Two packets in a row never have
 * the same position. A successor that is not where it should be tells of packets that went
 * unseen: a probe is skipped when its CPU was interrupted in a probe of the same kind.
 */
static __always_inline bool is_new(struct inbound *in, struct vmbus_channel *ch, __u32 pos,
				   __u32 wire_len, __u32 size, __u32 *ret_missed)
{
	__u32 next = pos + wire_len + TRAILER_LEN;

	*ret_missed = 0;
	if (in->valid && in->last == pos)
		return false;
	if (in->valid && in->next != pos && in->next < size)
		*ret_missed = count_missed(ch, in->next, pos);
	in->valid = 1;
	in->last = pos;
	in->next = next >= size ? next - size : next;
	return true;
}

/* Without ch, untyped, it is the channel whose buffer this is. */
static __always_inline void take_read(struct vmbus_channel *ch, bool typed, const void *packet,
				      enum vb_bpf_stream stream)
{
	struct vb_bpf_record *rec;
	__u32 relid, pos, size, missed, zero = 0;
	__u64 key = (__u64)packet, len, *channel;
	struct hv_ring_buffer *ring;
	struct vb_bpf_channel *c;
	struct sequence *seq;
	struct inbound *in;
	enum vb_bpf_device device;
	__u16 len8 = 0;

	/* every other call, the one that finds nothing more */
	if (!packet)
		return;
	if (!typed) {
		channel = bpf_map_lookup_elem(&inbounds, &key);
		if (!channel)
			return;
		ch = (struct vmbus_channel *)*channel;
	}
	c = wanted(ch, typed, &relid);
	in = bpf_map_lookup_elem(&read_up_to, &relid);
	rec = scratch_record(stream);
	if (!c || !in || !rec)
		return;
	bpf_probe_read_kernel(&len8, sizeof(len8), packet + DESC_LEN8);
	pos = FIELD(typed, ch, inbound.priv_read_index);
	size = FIELD(typed, ch, inbound.ring_datasize);
	if (!is_new(in, ch, pos, (__u32)len8 * 8, size, &missed))
		return;
	seq = bpf_map_lookup_elem(&sequences, &zero);
	if (seq)
		seq->next[stream] += missed;
	begin(rec, VB_BPF_READ, stream, relid);
	device = describe(rec, ch, typed);
	ring = FIELD(typed, ch, inbound.ring_buffer);
	rec->missed = missed;
	rec->ring_size = size;
	rec->ring_pos = pos;
	rec->ring_read = FIELD(typed, ring, read_index);
	rec->wire_len = (__u32)len8 * 8;
	len = rec->wire_len;
	if (len > snaplen)
		len = snaplen;
	KEEP(len);
	if (len > snaplen || bpf_probe_read_kernel(rec + 1, len, packet))
		return;
	rec->cap_len = len;
	if (device == VB_BPF_NETWORK)
		len = receive_payload(rec, net_of(ch, typed, c), packet);
	else if (device == VB_BPF_STORAGE)
		len = receive_blocks(rec, (__u64)ch, packet);
	if (len > max_len)
		return;
	KEEP(len);
	if (!leave_out(rec, c))
		emit(rec, sizeof(*rec) + len);
}

/* A ring begins anew, and perhaps at another address. */
static __always_inline void take_ring(struct hv_ring_buffer_info *ring)
{
	/* only rings that are read have a buffer for packets */
	__u64 key = (__u64)BPF_CORE_READ(ring, pkt_buffer), channel;
	struct inbound *in;
	__u32 relid;

	if (!key)
		return;
	channel = (__u64)ring - bpf_core_field_offset(struct vmbus_channel, inbound);
	bpf_map_update_elem(&inbounds, &key, &channel, BPF_ANY);
	relid = BPF_CORE_READ((struct vmbus_channel *)channel, offermsg.child_relid);
	in = bpf_map_lookup_elem(&read_up_to, &relid);
	if (in)
		in->valid = 0;
}

static __always_inline void forget_ring(struct hv_ring_buffer_info *ring)
{
	__u64 key = (__u64)BPF_CORE_READ(ring, pkt_buffer);

	if (!key)
		return;
	bpf_map_delete_elem(&inbounds, &key);
	forget_ios((__u64)ring - bpf_core_field_offset(struct vmbus_channel, inbound));
}

/* ---- signals, when asked ---- */

static __always_inline void take_event(struct vmbus_channel *ch, bool typed, __u16 type,
				       __u16 stream)
{
	struct vb_bpf_record rec;
	__u32 relid;

	if (!wanted(ch, typed, &relid))
		return;
	begin(&rec, type, stream, relid);
	describe(&rec, ch, typed);
	emit(&rec, sizeof(rec));
}

#endif
