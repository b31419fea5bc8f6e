/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a network device and the host tell each other of the buffers they share. Where those are in
 * the kernel's memory vmbus_establish_gpadl() tells, or netvsc.bpf.h. Included by payload.bpf.h only.
 */
#ifndef VB_BPF_NVSP_H
#define VB_BPF_NVSP_H

#include "bpf/common.bpf.h"

enum {
	NVSP_INIT = 1,
	NVSP_RECV_BUF = 101,
	NVSP_RECV_BUF_DONE = 102,
	NVSP_REVOKE_RECV_BUF = 103,
	NVSP_SEND_BUF = 104,
	NVSP_SEND_BUF_DONE = 105,
	NVSP_REVOKE_SEND_BUF = 106,
	NVSP_RNDIS = 107,
	NVSP_RNDIS_DONE = 108,
};

/* 101, 104: GPADL, id. 102: at [3] a section's size. 105: at [1]. 107: at [1] section, at [2] size. */
struct nvsp {
	__u32 type;
	__u32 word[4];
};

static __always_inline struct vb_bpf_net *net_of(struct vmbus_channel *ch, bool typed,
						 struct vb_bpf_channel *own)
{
	struct vmbus_channel *primary = FIELD(typed, ch, primary_channel);

	if (primary)
		own = channel_of(FIELD(typed, primary, offermsg.child_relid));
	return own ? &own->net : NULL;
}

/* The host is about to be told of a buffer; its handle will be known when a message names it. */
static __always_inline void take_gpadl(struct vmbus_channel *ch, void *buffer, __u32 len,
				       void *gpadl)
{
	struct vb_bpf_channel *c = channel_of(BPF_CORE_READ(ch, offermsg.child_relid));

	if (!c)
		return;
	c->net.gpadl = (__u64)gpadl;
	c->net.gpadl_buf = (__u64)buffer;
	c->net.gpadl_len = len;
}

/* Whether the buffer shared last has this handle. */
static __always_inline bool is_last_gpadl(const struct vb_bpf_net *net, __u32 handle)
{
	__u32 found = 0;

	return net->gpadl && !bpf_probe_read_kernel(&found, sizeof(found), (void *)net->gpadl) &&
	       found == handle;
}

static __always_inline void learn_sent(struct vb_bpf_net *net, const struct nvsp *m)
{
	bool is_last;

	switch (m->type) {
	case NVSP_INIT:
		__builtin_memset(net, 0, sizeof(*net));
		net->version = m->word[1];
		break;
	case NVSP_RECV_BUF:
		is_last = is_last_gpadl(net, m->word[0]);
		net->recv_buf = is_last ? net->gpadl_buf : 0;
		net->recv_len = net->gpadl_len;
		net->recv_id = m->word[1] & 0xffff;
		break;
	case NVSP_SEND_BUF:
		is_last = is_last_gpadl(net, m->word[0]);
		net->send_buf = is_last ? net->gpadl_buf : 0;
		net->send_len = net->gpadl_len;
		break;
	case NVSP_REVOKE_RECV_BUF:
		net->recv_buf = 0;
		break;
	case NVSP_REVOKE_SEND_BUF:
		net->send_buf = 0;
		break;
	}
}

static __always_inline void learn_completion(struct vb_bpf_net *net, const struct nvsp *m)
{
	if (m->type == NVSP_RECV_BUF_DONE)
		net->recv_section = m->word[3];
	else if (m->type == NVSP_SEND_BUF_DONE)
		net->send_section = m->word[1];
}

#endif
