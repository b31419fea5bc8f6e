/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control messages in both directions. These programs use no type of hv_vmbus, so that they also
 * load while that module is not there yet. Included by vmbus.bpf.c only.
 */
#ifndef VB_BPF_CONTROL_H
#define VB_BPF_CONTROL_H

#include "bpf/common.bpf.h"

struct message {
	struct vb_bpf_record rec;
	__u8 data[VB_BPF_MAX_MESSAGE];
};

static __always_inline void copy_message(struct message *m, const void *from, __u64 len)
{
	m->rec.wire_len = len;
	m->rec.cap_len = 0;
	__builtin_memset(m->data, 0, sizeof(m->data));
	if (len > sizeof(m->data))
		len = sizeof(m->data);
	KEEP(len);
	if (len > sizeof(m->data) || bpf_probe_read_kernel(m->data, len, from))
		return;
	m->rec.cap_len = len;
}

static __always_inline void take_post(const void *buffer, __u64 len, __u64 key,
				      enum vb_bpf_stream stream)
{
	struct pending p = {};
	struct message m;

	begin(&m.rec, VB_BPF_POST, stream, 0);
	copy_message(&m, buffer, len);
	if (emit(&m.rec, sizeof(m)))
		return;
	p.id = m.rec.id;
	p.stream = stream;
	bpf_map_update_elem(&pendings, &key, &p, BPF_ANY);
}

static __always_inline void take_post_done(__u64 key, int ret)
{
	struct pending *p = bpf_map_lookup_elem(&pendings, &key);
	struct vb_bpf_record rec;

	if (!p)
		return;
	begin(&rec, VB_BPF_POST_DONE, VB_BPF_S_POST, 0);
	rec.id = p->id;
	rec.result = ret;
	bpf_map_delete_elem(&pendings, &key);
	emit(&rec, sizeof(rec));
}

static __always_inline bool selects(const volatile struct vb_bpf_selector *s,
				    const struct message *m)
{
	__u64 diff = 0;
	int i;

	if (s->at == OFFER_FLAGS)
		return *(const __u16 *)&m->data[OFFER_FLAGS] & s->mask;
	for (i = 0; i < 16; i++)
		diff |= s->guid[i] ^ (s->at == OFFER_CLASS ? m->data[OFFER_CLASS + i] :
							     m->data[OFFER_INSTANCE + i]);
	return !diff;
}

/* Decide about a channel before its first packet. */
static __always_inline void select_offer(const struct message *m)
{
	__u32 relid = *(const __u32 *)&m->data[OFFER_RELID], i;
	struct vb_bpf_channel *c = channel_of(relid);
	bool hit = false;

	if (!relid || !c)
		return;
	for (i = 0; i < VB_BPF_MAX_SELECTORS && i < n_selectors; i++)
		hit |= selects(&selectors[i], m);
	c->wanted = any || c->chosen || hit;
}

static __always_inline void emit_message(struct message *m)
{
	if (*(const __u32 *)m->data == MSG_OFFERCHANNEL)
		select_offer(m);
	emit(&m->rec, sizeof(*m));
}

static __always_inline void take_message(const void *payload, __u8 len)
{
	struct message m;

	begin(&m.rec, VB_BPF_MESSAGE, VB_BPF_S_MESSAGE, 0);
	copy_message(&m, payload, len);
	emit_message(&m);
}

/* The 256-byte message slot: type at 0, payload size at 4, payload at 16; VMBus has the third. */
enum { SLOT_LEN = 4, SLOT_PAYLOAD = 16, SLOT_SIZE = 256, SLOT_VMBUS = 2, SLOT_TYPE_VMBUS = 1 };

/*
 * While only kprobes may look into hv_vmbus, one on vmbus_on_msg_dpc() is not enough for what the
 * host sends: it does not run when the tasklet interrupts another kprobe's program, as that of
 * vmbus_post_msg(), whose answer it brings. So a message is also looked for where the interrupt
 * schedules the tasklet, in a function of the kernel proper, which fentry serves.
 *
 * Both see the slot before the tasklet empties it. That a message was taken is known until the
 * tasklet is seen to begin; should that go unseen, then it is known from where the next interrupt
 * comes: while no tasklet runs on this CPU, a message in the slot is new. While one runs, the
 * interrupt may have another cause and find the message that is being handled; so one that equals
 * the last is left to the tasklet.
 */
struct arrival {
	bool taken;	  /* what is in last, and the tasklet did not come for it yet */
	bool in_tasklets; /* this CPU is running tasklets */
	__u8 last[VB_BPF_MAX_MESSAGE];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arrival);
} arrivals SEC(".maps");

/* hv_vmbus's tasklets, one per CPU, and what vmbus_on_msg_dpc() is called with. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, __u64);
} tasklets SEC(".maps");

static __always_inline bool equals_last(const struct message *m, const struct arrival *a)
{
	__u64 diff = 0;
	int i;

	for (i = 0; i < VB_BPF_MAX_MESSAGE; i += 8)
		diff |= *(const __u64 *)&m->data[i] ^ *(const __u64 *)&a->last[i];
	return !diff;
}

/* False when there is none. */
static __always_inline bool read_slot(struct message *m, const void *const *context)
{
	const void *page = NULL, *slot;
	__u32 type = 0;
	__u8 len = 0;

	/* Up to Linux 6.12 struct hv_per_cpu_context begins with the message page's address. */
	bpf_probe_read_kernel(&page, sizeof(page), context);
	slot = page + SLOT_VMBUS * SLOT_SIZE;
	if (!page || bpf_probe_read_kernel(&type, sizeof(type), slot) || type != SLOT_TYPE_VMBUS)
		return false;
	bpf_probe_read_kernel(&len, sizeof(len), slot + SLOT_LEN);
	copy_message(m, slot + SLOT_PAYLOAD, len);
	return true;
}

static __always_inline void keep_arrival(struct message *m, struct arrival *a, __u16 stream)
{
	__u32 wire_len = m->rec.wire_len, cap_len = m->rec.cap_len;

	__builtin_memcpy(a->last, m->data, sizeof(a->last));
	begin(&m->rec, VB_BPF_MESSAGE, stream, 0);
	m->rec.wire_len = wire_len;
	m->rec.cap_len = cap_len;
	emit_message(m);
}

/* The interrupt schedules the tasklet. */
static __always_inline void message_arrives(const void *const *context)
{
	__u32 zero = 0;
	struct arrival *a = bpf_map_lookup_elem(&arrivals, &zero);
	struct message m;

	if (!a || !read_slot(&m, context) || (a->in_tasklets && equals_last(&m, a)))
		return;
	a->taken = true;
	keep_arrival(&m, a, VB_BPF_S_MESSAGE_EARLY);
}

/* The tasklet begins. */
static __always_inline void message_is_handled(const void *const *context)
{
	__u32 zero = 0;
	struct arrival *a = bpf_map_lookup_elem(&arrivals, &zero);
	struct message m;
	bool taken;

	if (!a)
		return;
	taken = a->taken;
	a->taken = false;
	if (read_slot(&m, context) && !(taken && equals_last(&m, a)))
		keep_arrival(&m, a, VB_BPF_S_MESSAGE);
}

#endif
