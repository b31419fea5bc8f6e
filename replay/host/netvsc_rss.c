/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Receive side scaling: Toeplitz' hash by the guest's key, and the guest's table from hashes to queues
 * (NDIS documentation, "RSS Hashing Functions").
 */
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>

#include "replay/host/netvsc.h"

#define HASH_TCP_IPV4 0x200u
#define HASH_IPV4 0x100u
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

/* Of addresses and, where both ends have them, ports: as they stand in the frame. */
uint32_t vb_netvsc_hash(const struct vb_netvsc *n, const struct vb_peer_frame *f)
{
	uint8_t tuple[12];
	uint32_t len = 8, head;
	struct iphdr ip;

	if (f->len < ETHERNET_HEAD + sizeof(ip) || f->bytes[12] != 0x08 || f->bytes[13])
		return 0;
	memcpy(&ip, f->bytes + ETHERNET_HEAD, sizeof(ip));
	memcpy(tuple, &ip.saddr, 4);
	memcpy(tuple + 4, &ip.daddr, 4);
	head = ETHERNET_HEAD + ip.ihl * 4u;
	if (ip.protocol == IPPROTO_TCP && n->hash & HASH_TCP_IPV4 && f->len >= head + 4) {
		memcpy(tuple + 8, f->bytes + head, 4);
		len = 12;
	} else if (!(n->hash & HASH_IPV4)) {
		return 0;
	}
	return toeplitz(n->key, tuple, len);
}

uint16_t vb_netvsc_queue_of(const struct vb_netvsc *n, uint32_t hash)
{
	uint32_t queue = n->n_table ? n->table[hash % n->n_table] : 0;

	return vb_hdevice_channel(n->d, (uint16_t)queue) ? (uint16_t)queue : 0;
}
