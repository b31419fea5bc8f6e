/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a network adapter does to a frame before it goes out: checksums and lengths. RFC 791, 8200,
 * 9293, 768; the sum is that of RFC 1071.
 */
#include "ether.h"

#define TYPE_AT 12u
#define IPV4 0x0800u
#define IPV6 0x86ddu
#define IPV4_LEN 20u
#define IPV6_LEN 40u
#define TCP 6u
#define UDP 17u

/* Where in the frame what is. */
struct places {
	uint32_t ip, transport, end; /* end: of the IP packet */
	bool is_ipv6;
};

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t add_up(uint64_t sum, const uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i + 1 < n; i += 2)
		sum += get16(p + i);
	if (n % 2)
		sum += (uint32_t)p[n - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

/* Behind addresses, tags and type. False: no IP. */
static bool find_ip(const uint8_t *p, uint32_t n, struct places *ret)
{
	uint32_t at = TYPE_AT, type;

	do {
		if (at + 2 > n)
			return false;
		type = get16(p + at);
		at += type == 0x8100 || type == 0x88a8 ? 4 : 2;
	} while (type == 0x8100 || type == 0x88a8);
	*ret = (struct places){ .ip = at, .is_ipv6 = type == IPV6 };
	return (type == IPV4 && n - at >= IPV4_LEN && p[at] >= 0x45 && p[at] >> 4 == 4) ||
	       (type == IPV6 && n - at >= IPV6_LEN && p[at] >> 4 == 6);
}

/* The length that IP says; that of the frame when others are to put it in. False: it is not true. */
static bool find_end(const struct vb_ether_frame *f, const uint8_t *p, struct places *pl)
{
	uint64_t said = pl->is_ipv6 ? (uint64_t)IPV6_LEN + get16(p + pl->ip + 4) :
				      get16(p + pl->ip + 2);

	uint32_t header = pl->is_ipv6 ? IPV6_LEN : (p[pl->ip] & 15u) * 4;

	pl->end = f->open & VB_ETHER_IP_LEN ? f->cap_len : (uint32_t)(pl->ip + said);
	return pl->end <= f->cap_len && pl->ip + header <= pl->end;
}

/* Extension headers of IPv6 are only behind us if the frame's information says where TCP begins. */
static bool find_transport(const struct vb_ether_frame *f, const uint8_t *p, struct places *pl)
{
	uint8_t wanted = f->open & VB_ETHER_UDP_SUM ? UDP : TCP;
	uint32_t header = pl->is_ipv6 ? IPV6_LEN : (p[pl->ip] & 15u) * 4;
	uint8_t next = p[pl->ip + (pl->is_ipv6 ? 6 : 9)];
	uint32_t least = f->open & VB_ETHER_UDP_SUM ? 8 : 20;

	pl->transport = pl->ip + header;
	if (pl->is_ipv6 && f->transport > pl->transport)
		pl->transport = f->transport;
	else if (next != wanted)
		return false;
	return (!f->transport || f->transport == pl->transport) &&
	       (uint64_t)pl->transport + least <= pl->end;
}

static void put_length(uint8_t *p, const struct places *pl)
{
	uint32_t len = pl->end - pl->ip - (pl->is_ipv6 ? IPV6_LEN : 0);

	if (len <= UINT16_MAX)
		put16(p + pl->ip + (pl->is_ipv6 ? 4 : 2), len);
}

static void put_ip_sum(uint8_t *p, const struct places *pl)
{
	uint8_t *ip = p + pl->ip;

	put16(ip + 10, 0);
	put16(ip + 10, ~add_up(0, ip, (ip[0] & 15u) * 4));
}

/* Over the addresses, number and length of the transport, too. */
static void put_transport_sum(uint8_t *p, const struct places *pl, bool udp)
{
	uint32_t len = pl->end - pl->transport, sum;
	uint8_t *field = p + pl->transport + (udp ? 6 : 16);

	put16(field, 0);
	sum = add_up((uint64_t)len + (udp ? UDP : TCP), p + pl->ip + (pl->is_ipv6 ? 8 : 12),
		     pl->is_ipv6 ? 32 : 8);
	sum = ~add_up(sum, p + pl->transport, len) & 0xffff;
	put16(field, udp && !sum ? 0xffff : sum);
}

bool vb_ether_complete(const struct vb_ether_frame *f, uint8_t *bytes)
{
	uint32_t transport = f->open & (VB_ETHER_TCP_SUM | VB_ETHER_UDP_SUM);
	struct places pl;

	if (!f->open || f->cap_len < f->wire_len || !find_ip(bytes, f->cap_len, &pl) ||
	    !find_end(f, bytes, &pl))
		return false;
	if (transport && !find_transport(f, bytes, &pl))
		return false;
	if (f->open & VB_ETHER_IP_LEN)
		put_length(bytes, &pl);
	if (f->open & VB_ETHER_IP_SUM && !pl.is_ipv6)
		put_ip_sum(bytes, &pl);
	if (transport)
		put_transport_sum(bytes, &pl, transport & VB_ETHER_UDP_SUM);
	return true;
}
