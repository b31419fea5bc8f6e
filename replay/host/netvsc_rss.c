/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Receive side scaling: Toeplitz' hash by the guest's key, and the guest's table from hashes to queues
 * (NDIS documentation, "RSS Hashing Functions").
 */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#include "replay/host/netvsc.h"

#define HASH_IPV4 0x100u
#define HASH_TCP_IPV4 0x200u
#define HASH_IPV6 0x400u
#define HASH_TCP_IPV6 0x1000u
#define FRAGMENT 0x3fff /* offset, and more to come */
#define ETHERNET_HEAD 14u

static uint32_t toeplitz(const uint8_t key[NETVSC_KEY], const uint8_t *bytes, uint32_t len)
{
	uint32_t hash = 0, window;

	memcpy(&window, key, 4);
	window = ntohl(window);
	for (uint32_t i = 0; i < len; i++) {
		for (int bit = 7; bit >= 0; bit--) {
			if (bytes[i] >> bit & 1)
				hash ^= window;
			window = window << 1 | (key[i + 4] >> bit & 1);
		}
	}
	return hash;
}

/* What is hashed: addresses and, where both ends have them, ports, as they stand in the frame. */
struct tuple {
	uint8_t bytes[36];
	uint32_t len;
	uint32_t ports_at;		 /* in the frame; 0: there are none */
	uint32_t by_addresses, by_ports; /* kinds of hashes */
};

/* A fragment has ports only if it is the first, and must go where the others go. */
static bool take_ipv4(const struct vb_peer_frame *f, struct tuple *t)
{
	struct iphdr ip;

	if (f->len < ETHERNET_HEAD + sizeof(ip))
		return false;
	memcpy(&ip, f->bytes + ETHERNET_HEAD, sizeof(ip));
	memcpy(t->bytes, &ip.saddr, 4);
	memcpy(t->bytes + 4, &ip.daddr, 4);
	t->len = 8;
	if (ip.protocol == IPPROTO_TCP && !(ntohs(ip.frag_off) & FRAGMENT))
		t->ports_at = ETHERNET_HEAD + ip.ihl * 4u;
	t->by_addresses = HASH_IPV4;
	t->by_ports = HASH_TCP_IPV4;
	return ip.version == 4 && ip.ihl >= 5;
}

/* With headers between, TCP is one of the kinds that this host does not offer. */
static bool take_ipv6(const struct vb_peer_frame *f, struct tuple *t)
{
	struct ip6_hdr ip;

	if (f->len < ETHERNET_HEAD + sizeof(ip))
		return false;
	memcpy(&ip, f->bytes + ETHERNET_HEAD, sizeof(ip));
	memcpy(t->bytes, &ip.ip6_src, 16);
	memcpy(t->bytes + 16, &ip.ip6_dst, 16);
	t->len = 32;
	t->ports_at = ip.ip6_nxt == IPPROTO_TCP ? ETHERNET_HEAD + (uint32_t)sizeof(ip) : 0;
	t->by_addresses = HASH_IPV6;
	t->by_ports = HASH_TCP_IPV6;
	return ip.ip6_vfc >> 4 == 6;
}

static bool take_addresses(const struct vb_peer_frame *f, struct tuple *t)
{
	uint16_t type;

	*t = (struct tuple){ .len = 0 };
	if (f->len < ETHERNET_HEAD)
		return false;
	memcpy(&type, f->bytes + 12, 2);
	return type == htons(ETHERTYPE_IP)   ? take_ipv4(f, t) :
	       type == htons(ETHERTYPE_IPV6) ? take_ipv6(f, t) :
					       false;
}

uint32_t vb_netvsc_hash(const struct vb_netvsc *n, const struct vb_peer_frame *f)
{
	struct tuple t;

	if (!take_addresses(f, &t))
		return 0;
	if (n->hash & t.by_ports && t.ports_at && f->len >= t.ports_at + 4) {
		memcpy(t.bytes + t.len, f->bytes + t.ports_at, 4);
		t.len += 4;
	} else if (!(n->hash & t.by_addresses)) {
		return 0;
	}
	return toeplitz(n->key, t.bytes, t.len);
}

uint16_t vb_netvsc_queue_of(const struct vb_netvsc *n, uint32_t hash)
{
	uint32_t queue = n->n_table ? n->table[hash % n->n_table] : 0;

	return vb_hdevice_channel(n->d, (uint16_t)queue) ? (uint16_t)queue : 0;
}
