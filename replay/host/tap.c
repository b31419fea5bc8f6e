/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/host/tap.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "replay/host/peer_impl.h"

#define TAG_LEN 4u
#define ETHERNET_HEAD 14u
#define ADDRESSES 12u /* bytes before a tag */

struct vb_tap {
	int fd;
	void *ctx;
	void (*send)(void *ctx, const struct vb_peer_frame *f);
	struct virtio_net_hdr head;
	uint8_t frame[VB_PEER_MAX_FRAME + TAG_LEN];
};

/* Header and len bytes of the frame. */
#define PIECES(t, len)                                                                             \
	{                                                                                          \
		{ &(t)->head, sizeof((t)->head) },                                                 \
		{                                                                                  \
			(t)->frame, (len)                                                          \
		}                                                                                  \
	}

struct vb_tap *vb_tap_new(int fd, void *ctx, void (*send)(void *ctx, const struct vb_peer_frame *f))
{
	struct vb_tap *t = calloc(1, sizeof(*t));

	if (!t) {
		close(fd);
		return NULL;
	}
	t->fd = fd;
	t->ctx = ctx;
	t->send = send;
	return t;
}

void vb_tap_free(struct vb_tap *t)
{
	if (t)
		close(t->fd);
	free(t);
}

/* ---- from the guest ---- */

/* Where TCP or UDP is in a frame, and how it was called for. */
struct transport {
	uint32_t at, len;   /* in the frame; of head and payload */
	uint32_t sum_field; /* where in its head the checksum is */
	uint8_t protocol;
	bool is_ipv6;
};

static int find_ipv4(const struct vb_peer_frame *f, struct transport *t)
{
	struct iphdr ip;
	uint32_t end;

	if (f->len < ETHERNET_HEAD + sizeof(ip))
		return -EINVAL;
	memcpy(&ip, f->bytes + ETHERNET_HEAD, sizeof(ip));
	end = f->part_len ? f->len : ETHERNET_HEAD + ntohs(ip.tot_len);
	if (ip.version != 4 || ip.ihl < 5 || t->at < ETHERNET_HEAD + ip.ihl * 4u || end > f->len ||
	    t->at > end)
		return -EINVAL;
	t->len = end - t->at;
	return 0;
}

static int find_ipv6(const struct vb_peer_frame *f, struct transport *t)
{
	struct ip6_hdr ip;
	uint32_t end;

	if (f->len < ETHERNET_HEAD + sizeof(ip))
		return -EINVAL;
	memcpy(&ip, f->bytes + ETHERNET_HEAD, sizeof(ip));
	end = f->part_len ? f->len : ETHERNET_HEAD + (uint32_t)sizeof(ip) + ntohs(ip.ip6_plen);
	if (ip.ip6_vfc >> 4 != 6 || t->at < ETHERNET_HEAD + sizeof(ip) || end > f->len ||
	    t->at > end)
		return -EINVAL;
	t->len = end - t->at;
	return 0;
}

static int find_transport(const struct vb_peer_frame *f, struct transport *ret)
{
	uint16_t type;
	uint32_t head;
	int rc;

	if (f->len < ETHERNET_HEAD)
		return -EINVAL;
	memcpy(&type, f->bytes + ADDRESSES, sizeof(type));
	*ret = (struct transport){ .at = f->transport_at,
				   .is_ipv6 = type == htons(ETHERTYPE_IPV6) };
	if (!ret->is_ipv6 && type != htons(ETHERTYPE_IP))
		return -EINVAL;
	ret->protocol = f->open_udp ? IPPROTO_UDP : IPPROTO_TCP;
	ret->sum_field = f->open_udp ? offsetof(struct udphdr, check) :
				       offsetof(struct tcphdr, check);
	head = f->open_udp ? sizeof(struct udphdr) : sizeof(struct tcphdr);
	rc = ret->is_ipv6 ? find_ipv6(f, ret) : find_ipv4(f, ret);
	return rc ? rc : ret->len < head ? -EINVAL : 0;
}

/* A large send comes without length and checksum: those of all of it, which the interface expects. */
static void close_ipv4(uint8_t *frame, uint32_t len)
{
	struct iphdr ip;

	memcpy(&ip, frame + ETHERNET_HEAD, sizeof(ip));
	ip.tot_len = htons((uint16_t)(len - ETHERNET_HEAD));
	memcpy(frame + ETHERNET_HEAD, &ip, sizeof(ip));
	ip.check = 0;
	memcpy(frame + ETHERNET_HEAD, &ip, sizeof(ip));
	ip.check = vb_peer_checksum(frame + ETHERNET_HEAD, ip.ihl * 4u, 0);
	memcpy(frame + ETHERNET_HEAD, &ip, sizeof(ip));
}

static void close_ipv6(uint8_t *frame, uint32_t len)
{
	struct ip6_hdr ip;

	memcpy(&ip, frame + ETHERNET_HEAD, sizeof(ip));
	ip.ip6_plen = htons((uint16_t)(len - ETHERNET_HEAD - sizeof(ip)));
	memcpy(frame + ETHERNET_HEAD, &ip, sizeof(ip));
}

/* The sum of the pseudo header goes where the checksum will be: whoever completes it adds the rest. */
static void put_pseudo(uint8_t *frame, const struct transport *p)
{
	uint32_t from = ETHERNET_HEAD + (p->is_ipv6 ? offsetof(struct ip6_hdr, ip6_src) :
						      offsetof(struct iphdr, saddr));
	uint16_t sum = vb_peer_checksum(frame + from, p->is_ipv6 ? 32 : 8,
					p->protocol + (p->len >> 16) + (p->len & 0xffff));

	sum = (uint16_t)~sum;
	memcpy(frame + p->at + p->sum_field, &sum, sizeof(sum));
}

static int leave_open(struct vb_tap *t, const struct vb_peer_frame *f)
{
	struct transport p;
	struct tcphdr tcp;
	int rc = find_transport(f, &p);

	if (rc)
		return rc;
	put_pseudo(t->frame, &p);
	t->head = (struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
					   .csum_start = (uint16_t)p.at,
					   .csum_offset = (uint16_t)p.sum_field };
	if (!f->part_len)
		return 0;
	memcpy(&tcp, t->frame + p.at, sizeof(tcp));
	t->head.gso_type = p.is_ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
	t->head.gso_size = (uint16_t)f->part_len;
	t->head.hdr_len = (uint16_t)(p.at + tcp.doff * 4u);
	if (tcp.doff < 5 || t->head.hdr_len > f->len || f->part_len > UINT16_MAX)
		return -EINVAL;
	if (p.is_ipv6)
		close_ipv6(t->frame, f->len);
	else
		close_ipv4(t->frame, f->len);
	return 0;
}

/* Returns the frame's length with it. */
static uint32_t add_tag(struct vb_tap *t, const struct vb_peer_frame *f)
{
	const uint16_t tag[2] = { htons(ETHERTYPE_VLAN), htons((uint16_t)f->vlan) };

	if (f->vlan == VB_PEER_NO_VLAN)
		return f->len;
	memmove(t->frame + ADDRESSES + TAG_LEN, t->frame + ADDRESSES, f->len - ADDRESSES);
	memcpy(t->frame + ADDRESSES, tag, TAG_LEN);
	if (t->head.flags)
		t->head.csum_start = (uint16_t)(t->head.csum_start + TAG_LEN);
	if (t->head.gso_type)
		t->head.hdr_len = (uint16_t)(t->head.hdr_len + TAG_LEN);
	return f->len + TAG_LEN;
}

int vb_tap_take(struct vb_tap *t, const struct vb_peer_frame *f)
{
	uint32_t len;
	int rc = 0;

	if (f->len < ETHERNET_HEAD || f->len > VB_PEER_MAX_FRAME)
		return -EINVAL;
	memcpy(t->frame, f->bytes, f->len);
	t->head = (struct virtio_net_hdr){ 0 };
	if (f->open_tcp || f->open_udp || f->part_len)
		rc = leave_open(t, f);
	if (rc)
		return rc;
	len = add_tag(t, f);
	const struct iovec pieces[2] = PIECES(t, len);

	return writev(t->fd, pieces, 2) < 0 ? -errno : 0;
}

/* ---- from there ---- */

/* A tag goes beside the frame, not in it. */
static void take_tag(struct vb_peer_frame *f, uint8_t *frame)
{
	uint16_t type, tag;

	memcpy(&type, frame + ADDRESSES, sizeof(type));
	if (type != htons(ETHERTYPE_VLAN) || f->len < ETHERNET_HEAD + TAG_LEN)
		return;
	memcpy(&tag, frame + ADDRESSES + sizeof(type), sizeof(tag));
	f->vlan = ntohs(tag);
	f->len -= TAG_LEN;
	memmove(frame + ADDRESSES, frame + ADDRESSES + TAG_LEN, f->len - ADDRESSES);
}

unsigned int vb_tap_read(struct vb_tap *t, unsigned int most)
{
	const struct iovec pieces[2] = PIECES(t, sizeof(t->frame));
	unsigned int n = 0;
	ssize_t got;

	for (; n < most; n++) {
		struct vb_peer_frame f = { .bytes = t->frame, .vlan = VB_PEER_NO_VLAN };

		got = readv(t->fd, pieces, 2);
		if (got < (ssize_t)(sizeof(t->head) + ETHERNET_HEAD))
			break;
		/* nothing is left open: we have not offered to complete it */
		f.len = (uint32_t)((size_t)got - sizeof(t->head));
		take_tag(&f, t->frame);
		t->send(t->ctx, &f);
	}
	return n;
}
