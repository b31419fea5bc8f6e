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
	__builtin_memset(m->data, 0, sizeof(m->data));
	if (len > sizeof(m->data))
		len = sizeof(m->data);
	KEEP(len);
	if (len > sizeof(m->data) || bpf_probe_read_kernel(m->data, len, from))
		return;
	m->rec.cap_len = len;
}

static __always_inline void take_post(const void *buffer, __u64 len, __u64 key)
{
	struct pending p = {};
	struct message m;

	begin(&m.rec, VB_BPF_POST, VB_BPF_S_POST, 0);
	copy_message(&m, buffer, len);
	if (emit(&m.rec, sizeof(m)))
		return;
	p.id = m.rec.id;
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

static __always_inline void take_message(const void *payload, __u8 len)
{
	struct message m;

	begin(&m.rec, VB_BPF_MESSAGE, VB_BPF_S_MESSAGE, 0);
	copy_message(&m, payload, len);
	if (*(const __u32 *)m.data == MSG_OFFERCHANNEL)
		select_offer(&m);
	emit(&m.rec, sizeof(m));
}

/* The 256-byte message slot: type at 0, payload size at 4, payload at 16. */
enum { SLOT_LEN = 4, SLOT_PAYLOAD = 16, SLOT_SIZE = 256 };

#endif
