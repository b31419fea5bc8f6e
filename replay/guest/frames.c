/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that vmbusreplay has the guest send: raw on a packet socket, with the wishes that a program's
 * traffic would have led to (checksums to be computed, large sends to be cut), so that the driver asks
 * its host for the same. A tag is put on by an interface of the kernel's VLAN driver, beside the frame
 * and not in it. The frames go through the interface's queue discipline: without it, the kernel drops
 * what the driver has no room for.
 *
 * The kernel's own traffic is kept away: no IPv6, no address.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/if_vlan.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "replay/guest/agent.h"

#define MOST_TOLD 5u
#define PRIORITIES 8
#define PATIENCE_MS 4500 /* an interface whose cable was plugged in takes no frames at first */

static void silence(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* a kernel without IPv6 */
	if (write(fd, "1", 1) < 0)
		vb_port_send_text(VB_AGENT_PHASE, "IPv6 cannot be switched off");
	close(fd);
}

static int get_flags(int fd, const char *name, struct ifreq *ret)
{
	*ret = (struct ifreq){ .ifr_flags = 0 };
	memcpy(ret->ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	return ioctl(fd, SIOCGIFFLAGS, ret) < 0 ? -errno : 0;
}

static int bring_up(int fd, const char *name)
{
	struct ifreq r;
	int rc = get_flags(fd, name, &r);

	if (rc < 0)
		return rc;
	r.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &r) < 0 ? -errno : 0;
}

static int open_socket(struct vb_agent *a)
{
	int on = 1;

	if (a->frames_fd >= 0)
		return 0;
	a->frames_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (a->frames_fd < 0)
		return -errno;
	return setsockopt(a->frames_fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) < 0 ? -errno :
											    0;
}

static int find_name(const char *instance, char *ret, size_t size)
{
	char path[128];
	struct dirent *e = NULL;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/vmbus/devices/%.40s/net", instance);
	dir = opendir(path);
	if (!dir)
		return -ENOENT;
	while ((e = readdir(dir)) && e->d_name[0] == '.')
		;
	if (e)
		snprintf(ret, size, "%.15s", e->d_name);
	closedir(dir);
	return e ? 0 : -ENOENT;
}

static int begin(const struct vb_agent *a, struct vb_agent_interface *i)
{
	char name[sizeof(i->name)];
	int rc = find_name(i->instance, name, sizeof(name));

	if (rc < 0)
		return rc;
	silence("default");
	silence(name);
	rc = bring_up(a->frames_fd, name);
	if (rc < 0)
		return rc;
	memcpy(i->name, name, sizeof(i->name));
	i->index = (int)if_nametoindex(name);
	i->missing = false;
	return 0;
}

/* A device that was taken away comes back with another interface, and that is down. */
static int find_again(const struct vb_agent *a, struct vb_agent_interface *i)
{
	if (i->index && if_nametoindex(i->name) == (unsigned int)i->index)
		return 0;
	i->index = 0;
	return i->instance[0] ? begin(a, i) : -ENODEV;
}

int vb_agent_interface_add(struct vb_agent *a, const char *instance)
{
	struct vb_agent_interface *i = &a->interfaces[a->n_interfaces];
	int rc = a->n_interfaces < VB_AGENT_INTERFACES ? open_socket(a) : -ENOSPC;

	if (rc < 0)
		return rc;
	snprintf(i->instance, sizeof(i->instance), "%.40s", instance);
	return begin(a, i);
}

void vb_agent_interfaces_look(struct vb_agent *a)
{
	for (size_t i = 0; i < a->n_interfaces; i++)
		find_again(a, &a->interfaces[i]);
}

/* ---- tags ---- */

static int add_vlan(struct vb_agent *a, const char *parent, unsigned int id,
		    const char name[IFNAMSIZ])
{
	struct vlan_ioctl_args v = { .cmd = ADD_VLAN_CMD, .u.VID = (int)id };

	memcpy(v.device1, parent, strlen(parent));
	if (ioctl(a->frames_fd, SIOCSIFVLAN, &v) < 0)
		return -errno;
	v = (struct vlan_ioctl_args){ .cmd = SET_VLAN_EGRESS_PRIORITY_CMD };
	memcpy(v.device1, name, strlen(name));
	for (int priority = 0; priority < PRIORITIES; priority++) {
		v.u.skb_priority = (unsigned int)priority;
		v.vlan_qos = (short)priority;
		if (ioctl(a->frames_fd, SIOCSIFVLAN, &v) < 0)
			return -errno;
	}
	return bring_up(a->frames_fd, name);
}

/* The interface that puts on the tag, made when it is first needed. */
static int tagged_index(struct vb_agent *a, const struct vb_agent_interface *i, uint32_t tag)
{
	int priority = (int)(tag >> 13 & 7), rc = 0;
	unsigned int id = tag & 0xfff;
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "%.8s.%u", i->name, id);
	if (if_nametoindex(name) == 0)
		rc = add_vlan(a, i->name, id, name);
	if (rc == 0 &&
	    setsockopt(a->frames_fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority)) < 0)
		rc = -errno;
	return rc < 0 ? rc : (int)if_nametoindex(name);
}

/* ---- sending ---- */

/* There is a carrier, and the kernel has taken notice of it: the one follows the other. */
static int is_ready(const struct vb_agent *a, const struct vb_agent_interface *i)
{
	struct ethtool_value link = { .cmd = ETHTOOL_GLINK };
	struct ifreq r;
	int rc = get_flags(a->frames_fd, i->name, &r);

	if (rc < 0)
		return rc;
	if (!(r.ifr_flags & IFF_RUNNING))
		return 0;
	r.ifr_data = (void *)&link;
	return ioctl(a->frames_fd, SIOCETHTOOL, &r) < 0 ? -errno : (int)link.data;
}

/* What is sent meanwhile is lost without a word. One that stays away is waited for once. */
static int wait_until_ready(const struct vb_agent *a, struct vb_agent_interface *i)
{
	uint64_t until = vb_agent_now_ms() + PATIENCE_MS;
	bool waited = false;
	int rc;

	while ((rc = find_again(a, i)) < 0 || (rc = is_ready(a, i)) == 0) {
		if (rc < 0 && i->missing)
			return rc;
		if (vb_agent_now_ms() >= until) {
			i->missing = rc < 0;
			return rc < 0 ? rc : -ENETDOWN;
		}
		waited = true;
		usleep(1000);
	}
	if (waited)
		usleep(2000); /* the queues follow */
	return rc < 0 ? rc : 0;
}

static void tell(struct vb_agent *a, uint32_t len, int rc)
{
	char text[128];

	if (a->n_unsent++ >= MOST_TOLD)
		return;
	snprintf(text, sizeof(text), "a frame of %u bytes cannot be sent: %s", len, strerror(-rc));
	vb_port_send_text(VB_AGENT_PHASE, text);
}

static int send_frame(struct vb_agent *a, int index, const struct vb_agent_frame *how,
		      const uint8_t *frame, uint32_t len)
{
	struct virtio_net_hdr head = {
		.flags = how->needs_checksum ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0,
		.gso_type = how->segments,
		.hdr_len = how->head_len,
		.gso_size = how->segment_len,
		.csum_start = how->checksum_start,
		.csum_offset = how->checksum_at,
	};
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = index };
	struct iovec parts[] = { { &head, sizeof(head) }, { (void *)(uintptr_t)frame, len } };
	struct msghdr m = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = parts, .msg_iovlen = 2
	};

	return sendmsg(a->frames_fd, &m, 0) < 0 ? -errno : 0;
}

void vb_agent_frame_send(struct vb_agent *a, const struct vb_port_message *m)
{
	struct vb_agent_interface *i;
	struct vb_agent_frame how;
	int index;

	if (m->head.len < sizeof(how))
		return;
	a->frame_ms = vb_agent_now_ms();
	memcpy(&how, m->data, sizeof(how));
	if (how.interface >= a->n_interfaces)
		return tell(a, m->head.len, -ENODEV);
	i = &a->interfaces[how.interface];
	index = wait_until_ready(a, i);
	if (index == 0)
		index = how.vlan == VB_AGENT_NO_VLAN ? i->index : tagged_index(a, i, how.vlan);
	if (index > 0)
		index = send_frame(a, index, &how, m->data + sizeof(how),
				   m->head.len - (uint32_t)sizeof(how));
	if (index < 0)
		tell(a, m->head.len, index);
}
