/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network devices that are there already when the capture starts: what their driver knows. Its types
 * are there when it is loaded; where it has no such member, that is not known. Included by
 * vmbus.bpf.c only.
 */
#ifndef VB_BPF_NETVSC_H
#define VB_BPF_NETVSC_H

#include "bpf/common.bpf.h"

struct net_device {
} KERNEL_TYPE;

struct rndis_device {
	struct net_device *ndev;
} KERNEL_TYPE;

/* Linux 6.1 drivers/net/hyperv/hyperv_net.h; 6.12 has some members elsewhere. */
struct netvsc_device {
	__u32 nvsp_version;
	void *recv_buf;
	__u32 recv_buf_size;
	__u32 recv_section_size;
	void *send_buf;
	__u32 send_buf_size;
	__u32 send_section_size;
	struct rndis_device *extension;
} KERNEL_TYPE;

struct netvsc_channel {
	struct vmbus_channel *channel;
	struct netvsc_device *net_device;
} KERNEL_TYPE;

struct net_device_context {
	bool data_path_is_vf;
} KERNEL_TYPE;

#define RECV_BUF_ID 0xcafe /* NETVSC_RECEIVE_BUFFER_ID */

#define READ_IF_THERE(p, member) (bpf_core_field_exists((p)->member) ? BPF_CORE_READ(p, member) : 0)

/* The driver's own part of a struct net_device stands behind it (Linux 6.1 netdev_priv()). */
static __always_inline bool on_vf(struct netvsc_device *dev)
{
	struct net_device *ndev;
	struct net_device_context *priv;

	if (!bpf_core_field_exists(dev->extension) ||
	    !bpf_core_field_exists(((struct rndis_device *)0)->ndev))
		return false;
	ndev = BPF_CORE_READ(dev, extension, ndev);
	priv = (void *)ndev + ((bpf_core_type_size(struct net_device) + 31) & ~31U);
	return ndev && READ_IF_THERE(priv, data_path_is_vf);
}

static __always_inline void find_network(struct vmbus_channel *ch, __u32 relid)
{
	struct netvsc_channel *nvchan = BPF_CORE_READ(ch, channel_callback_context);
	struct vb_bpf_channel *c = channel_of(relid);
	struct netvsc_device *dev;
	struct vb_bpf_record rec;

	if (!bpf_core_type_exists(struct netvsc_channel) || !c || !nvchan ||
	    describe(&rec, ch, false) != VB_BPF_NETWORK || BPF_CORE_READ(ch, primary_channel) ||
	    BPF_CORE_READ(nvchan, channel) != ch)
		return;
	dev = BPF_CORE_READ(nvchan, net_device);
	if (!dev)
		return;
	c->net.recv_len = READ_IF_THERE(dev, recv_buf_size);
	c->net.send_len = READ_IF_THERE(dev, send_buf_size);
	c->net.recv_section = READ_IF_THERE(dev, recv_section_size);
	c->net.send_section = READ_IF_THERE(dev, send_section_size);
	c->net.recv_id = RECV_BUF_ID;
	c->net.recv_buf = (__u64)READ_IF_THERE(dev, recv_buf);
	c->net.send_buf = (__u64)READ_IF_THERE(dev, send_buf);
	c->net.version = READ_IF_THERE(dev, nvsp_version);
	c->net.on_vf = on_vf(dev);
}

#endif
