/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the probes share: the kernel's types, the maps, and how a record is begun and handed over.
 * Included by vmbus.bpf.c only.
 */
#ifndef VB_BPF_COMMON_H
#define VB_BPF_COMMON_H

#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/ptrace.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/record.h"

/* BPF_KPROBE() gives every program a ctx, used or not. */
#pragma clang diagnostic ignored "-Wunused-parameter"

/* ---- the kernel's types, as far as needed; offsets come from the running kernel's BTF ---- */

#define KERNEL_TYPE __attribute__((preserve_access_index))

struct kvec {
	void *iov_base;
	unsigned long iov_len;
} KERNEL_TYPE;

struct hv_ring_buffer {
	__u32 write_index;
	__u32 read_index;
	__u8 buffer[];
} KERNEL_TYPE;

struct hv_ring_buffer_info {
	struct hv_ring_buffer *ring_buffer;
	__u32 ring_datasize;
	__u32 priv_read_index;
	void *pkt_buffer;
} KERNEL_TYPE;

/* The message as it came over the wire, so its inside has fixed offsets. */
struct vmbus_channel_offer_channel {
	__u32 child_relid;
} KERNEL_TYPE;

struct vmbus_channel {
	struct vmbus_channel_offer_channel offermsg;
	struct vmbus_channel *primary_channel; /* NULL: it is one */
	void *channel_callback_context;
	struct hv_ring_buffer_info outbound;
	struct hv_ring_buffer_info inbound;
	void *next_request_id_callback;
} KERNEL_TYPE;

struct vmbus_connection {
	struct vmbus_channel **channels;
} KERNEL_TYPE;

enum { OFFER_CLASS = 8, OFFER_INSTANCE = 24, OFFER_FLAGS = 56, OFFER_SUB = 180, OFFER_RELID = 184 };

enum { MSG_OFFERCHANNEL = 1 };

/* Packet descriptor: type, offset8, len8, flags, transaction id. */
enum { DESC_LEN8 = 4, DESC_FLAGS = 6, DESC_TRANS_ID = 8, DESC_LEN = 16, TRAILER_LEN = 8 };

#define POS_UNKNOWN 0xffffffffu
#define NO_REQUESTOR (~0ULL)	  /* VMBUS_NO_RQSTOR: the channel keeps no request ids */
#define REQUEST_ERROR (~0ULL - 1) /* VMBUS_RQST_ERROR: no id is free */

/* How far the stack pointer at a function's return is above that at its entry. */
#if defined(__TARGET_ARCH_x86)
#define RETURN_SP_BIAS 8 /* the return address is popped */
#else
#define RETURN_SP_BIAS 0
#endif

/* ---- set before loading ---- */

const volatile __u32 snaplen = VB_BPF_MIN_SNAP;
const volatile __u32 payload = 0;		 /* bytes of each frame, outside the ring */
const volatile __u32 max_len = VB_BPF_MIN_SNAP;	 /* of a record, without its head */
const volatile __u32 max_copy = VB_BPF_MIN_SNAP; /* bytes copied at once */
const volatile bool any = true;
const volatile __u32 n_selectors = 0;
const volatile struct vb_bpf_selector selectors[VB_BPF_MAX_SELECTORS];
const volatile struct vb_bpf_class classes[VB_BPF_MAX_CLASSES];

/* ---- maps ---- */

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct ring);
} rings SEC(".maps");

/* Where a packet is put together: one per CPU and stream. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct vb_bpf_record) + 2 * VB_BPF_MIN_SNAP);
} scratch SEC(".maps");

struct sequence {
	__u64 next[VB_BPF_N_STREAMS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sequence);
} sequences SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VB_BPF_MAX_RELIDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct vb_bpf_channel);
} channels SEC(".maps");

/* What the request-id callback gave a packet. */
struct request_id {
	__u64 trans_id;
	__u32 ring_pos;
	__u32 pad;
};

/*
 * A write or post under way. Its key is an address that no other call has meanwhile: of the list of
 * parts or the message; for return probes, which are not told arguments, the stack pointer.
 */
struct pending {
	__u64 key;
	__u64 id;
	__u64 channel;
	__u64 request_id;
	__u32 relid;
	__u32 write_index; /* before the ring's lock was taken */
	__u32 wire_len;
	__u32 has_id;
	__u32 reads;			 /* its completion brings data */
	__u32 stream;			 /* enum vb_bpf_stream: of the program that took it */
	struct request_id got;		 /* with has_id */
	__u64 head[VB_BPF_MIN_SNAP / 8]; /* how the packet begins */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct pending);
} pendings SEC(".maps");

/*
 * Whether the twin of the program with that stream has taken the call. What a program has taken
 * itself is of an earlier call whose end went unseen: it begins anew, and user space counts the
 * earlier as lost. Only where it does not run either is what its twin left taken for the call's.
 */
static __always_inline bool is_taken(const struct pending *p, enum vb_bpf_stream stream)
{
	return p && p->stream != stream;
}

/*
 * Where a write's pending is, by its key: one call instead of seven for each packet. Only writes whose
 * slot another one has at that moment are in pendings.
 */
#define SLOT_BITS 10

struct slot {
	struct pending pending; /* key 0: free */
	__u64 n_others;		/* writes of this slot that are in pendings */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << SLOT_BITS);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

/* The key of the write that began last on this CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} latest_write SEC(".maps");

struct request {
	__u64 channel;
	__u64 address; /* what the sender calls the request */
};

/* Ids whose write was not the latest one to begin. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct request);
	__type(value, struct request_id);
} request_ids SEC(".maps");

struct id_call {
	__u64 channel; /* 0: none */
	__u64 address;
	__u32 ring_pos;
	__u32 pad;
};

/* The request-id callback between entry and return: it runs with interrupts disabled. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct id_call);
} id_calls SEC(".maps");

/* The channel, by the address of its pkt_buffer, which hv_pkt_iter_first() returns. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VB_BPF_MAX_RELIDS);
	__type(key, __u64);
	__type(value, __u64);
} inbounds SEC(".maps");

struct inbound {
	__u32 last; /* where the packet seen last begins */
	__u32 next; /* where its successor will */
	__u32 valid;
};

/* How far the ring of a channel has been read, by relid. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VB_BPF_MAX_RELIDS);
	__type(key, __u32);
	__type(value, struct inbound);
} read_up_to SEC(".maps");

/* hv_ringbuffer_init() under way, by stack pointer. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, __u64);
} ring_inits SEC(".maps");

struct vb_bpf_walk walk;

/* Set by user space while it sleeps with nothing to do: then the first record wakes it. */
__u32 reader_idle;

/* ---- helpers ---- */

static __always_inline struct vb_bpf_channel *channel_of(__u32 relid)
{
	return bpf_map_lookup_elem(&channels, &relid);
}

/*
 * A field of what p points at. The verifier knows what the arguments of fentry and fexit point at
 * (typed), and lets such programs read it with a single load where others need a call for each field.
 * typed must be a constant.
 */
#define FIELD(typed, p, field) ((typed) ? (p)->field : BPF_CORE_READ(p, field))

/* Relid of a channel that is to be captured, else 0. */
static __always_inline struct vb_bpf_channel *wanted(struct vmbus_channel *ch, bool typed,
						     __u32 *ret_relid)
{
	struct vb_bpf_channel *c;

	*ret_relid = FIELD(typed, ch, offermsg.child_relid);
	c = channel_of(*ret_relid);
	return c && c->wanted ? c : NULL;
}

static __always_inline void begin(struct vb_bpf_record *rec, __u16 type, __u16 stream, __u32 relid)
{
	struct vb_bpf_channel *c = channel_of(relid);
	struct sequence *seq;
	__u32 zero = 0;

	__builtin_memset(rec, 0, sizeof(*rec));
	rec->time_ns = bpf_ktime_get_ns();
	rec->cpu = bpf_get_smp_processor_id();
	rec->type = type;
	rec->stream = stream;
	rec->relid = relid;
	rec->ring_pos = POS_UNKNOWN;
	rec->lost = c ? c->lost : 0;
	seq = bpf_map_lookup_elem(&sequences, &zero);
	if (seq && type != VB_BPF_WRITE_DONE && type != VB_BPF_POST_DONE)
		rec->seq = seq->next[stream]++;
	/* never 0 */
	rec->id = (__u64)(rec->cpu + 1) << 48 | (__u64)stream << 44 | (rec->seq & 0xfffffffffffULL);
}

/*
 * Hand over len bytes at rec. User space looks at the rings every few milliseconds; it is woken
 * only when it is idle or a ring fills up. Outcomes may use the last eighth of a ring: one of them
 * that is lost takes a packet with it that was already kept.
 */
static __always_inline long emit(struct vb_bpf_record *rec, __u32 len)
{
	__u32 cpu = rec->cpu;
	void *ring = bpf_map_lookup_elem(&rings, &cpu);
	bool done = rec->type == VB_BPF_WRITE_DONE || rec->type == VB_BPF_POST_DONE;
	struct vb_bpf_channel *c;
	__u64 used, size, mark, wake;

	if (ring) {
		used = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);
		size = bpf_ringbuf_query(ring, BPF_RB_RING_SIZE);
		mark = size / 4;
		wake = reader_idle || (used < mark && used + len >= mark) ? BPF_RB_FORCE_WAKEUP :
									    BPF_RB_NO_WAKEUP;
		if ((done || used + len <= size - size / 8) &&
		    !bpf_ringbuf_output(ring, rec, len, wake))
			return 0;
	}
	c = channel_of(rec->relid);
	if (c)
		__sync_fetch_and_add(&c->lost, 1);
	return -1;
}

static __always_inline enum vb_bpf_device device_of(const __u64 guid[2])
{
	for (int i = 0; i < VB_BPF_MAX_CLASSES; i++)
		if (classes[i].guid[0] == guid[0] && classes[i].guid[1] == guid[1])
			return classes[i].device;
	return VB_BPF_OTHER;
}

/* What device's channel it is. */
static __always_inline enum vb_bpf_device describe(struct vb_bpf_record *rec,
						   struct vmbus_channel *ch, bool typed)
{
	void *offer = &ch->offermsg;
	__u64 guids[4] = {}; /* class, instance */

	if (typed) {
		for (int i = 0; i < 4; i++)
			guids[i] = *(__u64 *)(offer + OFFER_CLASS + i * sizeof(guids[0]));
		rec->subchannel = *(__u16 *)(offer + OFFER_SUB);
	} else {
		bpf_probe_read_kernel(guids, sizeof(guids), offer + OFFER_CLASS);
		bpf_probe_read_kernel(&rec->subchannel, sizeof(__u16), offer + OFFER_SUB);
	}
	__builtin_memcpy(rec->instance, &guids[2], sizeof(rec->instance));
	return device_of(guids);
}

/* The place of this processor and stream in the maps that are as scratch. */
static __always_inline __u32 scratch_place(enum vb_bpf_stream stream)
{
	return bpf_get_smp_processor_id() * VB_BPF_N_SCRATCH + stream;
}

static __always_inline struct vb_bpf_record *scratch_record(enum vb_bpf_stream stream)
{
	__u32 i = scratch_place(stream);

	return bpf_map_lookup_elem(&scratch, &i);
}

/* Keeps the compiler from forgetting that it has compared a value. */
#define KEEP(x) asm volatile("" : "+r"(x))

#endif
