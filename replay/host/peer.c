/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames: ARP (RFC 826), ICMP echo (RFC 792), UDP echo (RFC 862). The frame is in private memory, but
 * its lengths are the guest's word.
 */
#include <net/if_arp.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#include "replay/host/peer_impl.h"

#define ECHO_PORT 7
#define TTL 64
#define FRAGMENT 0x3fff /* offset, and more to come */
#define OFFSET 0x1fff

uint16_t vb_peer_checksum(const void *bytes, uint32_t len, uint32_t sum)
{
	const uint8_t *b = bytes;

	for (uint32_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)b[i] << 8 | b[i + 1];
	if (len & 1)
		sum += (uint32_t)b[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

uint32_t vb_peer_pseudo(const struct iphdr *ip, uint32_t len)
{
	uint32_t from = ntohl(ip->saddr), to = ntohl(ip->daddr);

	return (from >> 16) + (from & 0xffff) + (to >> 16) + (to & 0xffff) + ip->protocol + len;
}

uint8_t *vb_peer_begin(struct vb_peer *p, const struct ether_header *from, uint32_t to_address,
		       uint8_t protocol, uint32_t len)
{
	struct ether_header ether = { .ether_type = htons(ETHERTYPE_IP) };
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons((uint16_t)(sizeof(ip) + len)),
		.id = htons(p->ip_id++),
		.frag_off = htons(0x4000),
		.ttl = TTL,
		.protocol = protocol,
		.saddr = htonl(p->opt.address),
		.daddr = to_address,
	};

	if (sizeof(ether) + sizeof(ip) + len > sizeof(p->frame))
		return NULL;
	memcpy(ether.ether_dhost, from->ether_shost, ETH_ALEN);
	memcpy(ether.ether_shost, p->opt.mac, ETH_ALEN);
	ip.check = vb_peer_checksum(&ip, sizeof(ip), 0);
	memcpy(p->frame, &ether, sizeof(ether));
	memcpy(p->frame + sizeof(ether), &ip, sizeof(ip));
	return p->frame + sizeof(ether) + sizeof(ip);
}

void vb_peer_send(struct vb_peer *p, uint32_t vlan, uint32_t len, uint32_t part_len,
		  uint32_t head_len)
{
	struct iphdr ip;
	struct vb_peer_frame f = {
		.bytes = p->frame,
		.len = (uint32_t)(sizeof(struct ether_header) + sizeof(ip)) + len,
		.vlan = vlan,
		.part_len = part_len,
		.head_len = head_len,
		.is_ip = true,
	};

	memcpy(&ip, p->frame + sizeof(struct ether_header), sizeof(ip));
	f.is_tcp = ip.protocol == IPPROTO_TCP;
	f.is_udp = ip.protocol == IPPROTO_UDP && !(ntohs(ip.frag_off) & FRAGMENT);
	p->opt.send(p->opt.ctx, &f);
}

/* ---- ARP ---- */

struct arp_ip {
	struct arphdr head;
	uint8_t from_mac[6], from[4], to_mac[6], to[4];
} __attribute__((packed));

static void take_arp(struct vb_peer *p, const struct vb_peer_frame *f)
{
	struct ether_header ether;
	uint32_t address = htonl(p->opt.address);
	struct vb_peer_frame reply = { .vlan = f->vlan };
	struct arp_ip arp;

	if (f->len < sizeof(ether) + sizeof(arp))
		return;
	memcpy(&ether, f->bytes, sizeof(ether));
	memcpy(&arp, f->bytes + sizeof(ether), sizeof(arp));
	if (arp.head.ar_op != htons(ARPOP_REQUEST) || memcmp(arp.to, &address, 4) != 0)
		return;
	arp.head.ar_op = htons(ARPOP_REPLY);
	memcpy(arp.to_mac, arp.from_mac, 6);
	memcpy(arp.to, arp.from, 4);
	memcpy(arp.from_mac, p->opt.mac, 6);
	memcpy(arp.from, &address, 4);
	memcpy(ether.ether_dhost, ether.ether_shost, 6);
	memcpy(ether.ether_shost, p->opt.mac, 6);
	memcpy(p->frame, &ether, sizeof(ether));
	memcpy(p->frame + sizeof(ether), &arp, sizeof(arp));
	reply.bytes = p->frame;
	reply.len = sizeof(ether) + sizeof(arp);
	p->opt.send(p->opt.ctx, &reply);
}

/* ---- IP ---- */

/*
 * Send a packet back as it is. What leads to a checksum that is right, the caller has done: it does
 * not change when addresses or ports change places. A fragment goes back as a fragment.
 */
static void send_back(struct vb_peer *p, const struct peer_packet *k)
{
	struct iphdr ip = k->ip;
	uint8_t *to = vb_peer_begin(p, &k->ether, k->ip.saddr, k->ip.protocol, k->len);

	if (!to)
		return;
	memcpy(to, k->payload, k->len);
	ip.ihl = 5;
	ip.tot_len = htons((uint16_t)(sizeof(ip) + k->len));
	ip.ttl = TTL;
	ip.saddr = k->ip.daddr;
	ip.daddr = k->ip.saddr;
	ip.check = 0;
	ip.check = vb_peer_checksum(&ip, sizeof(ip), 0);
	memcpy(p->frame + sizeof(struct ether_header), &ip, sizeof(ip));
	vb_peer_send(p, k->vlan, k->len, 0, 0);
}

static bool is_fragment(const struct peer_packet *k)
{
	return ntohs(k->ip.frag_off) & FRAGMENT;
}

static bool is_later_fragment(const struct peer_packet *k)
{
	return ntohs(k->ip.frag_off) & OFFSET;
}

/*
 * A request becomes the reply, and its checksum by what the type has changed: RFC 1624. False: it is no
 * request.
 */
static bool turn_icmp(uint8_t *bytes)
{
	struct icmphdr head;
	uint32_t sum;

	memcpy(&head, bytes, sizeof(head));
	if (head.type != ICMP_ECHO)
		return false;
	head.type = ICMP_ECHOREPLY;
	sum = (uint32_t)ntohs(head.checksum) + (ICMP_ECHO << 8);
	head.checksum = htons((uint16_t)(sum + (sum >> 16)));
	memcpy(bytes, &head, sizeof(head));
	return true;
}

/*
 * The ports change places. The guest may have left the checksum to us, so it is made anew; of a fragment
 * it is right. False: it is for another port.
 */
static bool turn_udp(const struct peer_packet *k, uint8_t *bytes)
{
	struct udphdr head;
	uint16_t port;

	memcpy(&head, bytes, sizeof(head));
	if (head.dest != htons(ECHO_PORT))
		return false;
	port = head.source;
	head.source = head.dest;
	head.dest = port;
	if (!is_fragment(k)) {
		head.check = 0;
		memcpy(bytes, &head, sizeof(head));
		head.check = vb_peer_checksum(bytes, k->len, vb_peer_pseudo(&k->ip, k->len));
		head.check = head.check ? head.check : 0xffff; /* 0 would say that there is none */
	}
	memcpy(bytes, &head, sizeof(head));
	return true;
}

/* ICMP and UDP: the first fragment's header is turned round, the others have none. */
static void take_echo(struct vb_peer *p, struct peer_packet *k)
{
	bool is_udp = k->ip.protocol == IPPROTO_UDP;

	if (is_later_fragment(k))
		return send_back(p, k);
	if (k->len < (is_udp ? sizeof(struct udphdr) : sizeof(struct icmphdr)) ||
	    k->len > sizeof(p->payload))
		return;
	memcpy(p->payload, k->payload, k->len);
	k->payload = p->payload;
	if (is_udp ? turn_udp(k, p->payload) : turn_icmp(p->payload))
		send_back(p, k);
}

static void take_ip(struct vb_peer *p, const struct vb_peer_frame *f, uint64_t now_ns)
{
	struct peer_packet k = { .vlan = f->vlan };
	uint32_t at = sizeof(k.ether), head, len;

	if (f->len < at + sizeof(k.ip) || f->len > VB_PEER_MAX_FRAME)
		return;
	memcpy(&k.ether, f->bytes, at);
	memcpy(&k.ip, f->bytes + at, sizeof(k.ip));
	head = k.ip.ihl * 4u;
	/* a large send has no length: it is what there is */
	len = f->part_len || !k.ip.tot_len ? f->len - at : ntohs(k.ip.tot_len);
	if (k.ip.version != 4 || head < sizeof(k.ip) || head > len || len > f->len - at ||
	    k.ip.daddr != htonl(p->opt.address))
		return;
	k.payload = f->bytes + at + head;
	k.len = len - head;
	if (k.ip.protocol == IPPROTO_ICMP || k.ip.protocol == IPPROTO_UDP)
		take_echo(p, &k);
	else if (k.ip.protocol == IPPROTO_TCP && !is_fragment(&k))
		vb_peer_tcp_take(p, &k, now_ns);
}

/* ---- for the device ---- */

void vb_peer_take(struct vb_peer *p, const struct vb_peer_frame *f, uint64_t now_ns)
{
	struct ether_header ether;

	if (f->len < sizeof(ether))
		return;
	memcpy(&ether, f->bytes, sizeof(ether));
	if (ether.ether_type == htons(ETHERTYPE_ARP))
		take_arp(p, f);
	else if (ether.ether_type == htons(ETHERTYPE_IP))
		take_ip(p, f, now_ns);
}

uint64_t vb_peer_run(struct vb_peer *p, uint64_t now_ns)
{
	return vb_peer_tcp_run(p, now_ns);
}

struct vb_peer *vb_peer_new(const struct vb_peer_options *opt)
{
	struct vb_peer *p = calloc(1, sizeof(*p));

	if (p)
		p->opt = *opt;
	return p;
}

void vb_peer_adapt(struct vb_peer *p, uint32_t mtu, bool coalesce)
{
	p->opt.mtu = mtu;
	p->opt.coalesce = coalesce;
	vb_peer_tcp_adapt(p);
}

void vb_peer_free(struct vb_peer *p)
{
	if (p)
		vb_peer_tcp_reset(p);
	free(p);
}
