/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Receive side scaling: the hash that Microsoft's documents have numbers for ("Verifying the RSS
 * Hash Calculation"), the guest's table and key, and which queue a frame arrives on.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/loop/net_bench.h"

#define IPV4 0x100u
#define TCP_IPV4 0x200u
#define TOEPLITZ 1u
#define OID_RSS 0x10204u

static const uint8_t key[NETVSC_KEY] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

struct flow {
	uint8_t from[4], to[4];
	uint16_t from_port, to_port;
	uint32_t by_ports, by_addresses;
};

static const struct flow flows[] = {
	{ { 66, 9, 149, 187 }, { 161, 142, 100, 80 }, 2794, 1766, 0x51ccc178, 0x323e8fc2 },
	{ { 199, 92, 111, 2 }, { 65, 69, 140, 83 }, 14230, 4739, 0xc626b0ea, 0xd718262a },
	{ { 24, 19, 198, 95 }, { 12, 22, 207, 184 }, 12898, 38024, 0x5c2b394a, 0xd2d0a5de },
	{ { 38, 27, 205, 30 }, { 209, 142, 163, 6 }, 48228, 2217, 0xafc7327f, 0x82989176 },
	{ { 153, 39, 163, 191 }, { 202, 188, 127, 2 }, 44251, 1303, 0x10e828a2, 0x5d1809c5 },
};
#define N_FLOWS (sizeof(flows) / sizeof(flows[0]))

#define FRAME 54u

/* An Ethernet frame of the flow, TCP or else. */
static struct vb_peer_frame frame_of(uint8_t bytes[FRAME], const struct flow *f, uint8_t protocol)
{
	memset(bytes, 0, FRAME);
	bytes[12] = 8;
	bytes[14] = 0x45;
	bytes[23] = protocol;
	memcpy(bytes + 26, f->from, 4);
	memcpy(bytes + 30, f->to, 4);
	bytes[34] = (uint8_t)(f->from_port >> 8);
	bytes[35] = (uint8_t)f->from_port;
	bytes[36] = (uint8_t)(f->to_port >> 8);
	bytes[37] = (uint8_t)f->to_port;
	return (struct vb_peer_frame){ .bytes = bytes, .len = FRAME, .vlan = VB_PEER_NO_VLAN };
}

static uint32_t hash_of(uint32_t wanted, const struct vb_peer_frame *f)
{
	struct vb_netvsc *n = calloc(1, sizeof(*n));
	uint32_t hash;

	cr_assert(n);
	n->hash = wanted | TOEPLITZ;
	memcpy(n->key, key, sizeof(key));
	hash = vb_netvsc_hash(n, f);
	free(n);
	return hash;
}

/* ---- the hash ---- */

Test(netvsc_rss, published_hashes)
{
	uint8_t bytes[FRAME];

	for (size_t i = 0; i < N_FLOWS; i++) {
		struct vb_peer_frame tcp = frame_of(bytes, &flows[i], 6);

		cr_expect_eq(hash_of(IPV4 | TCP_IPV4, &tcp), flows[i].by_ports, "%zu", i);
		cr_expect_eq(hash_of(TCP_IPV4, &tcp), flows[i].by_ports);
		cr_expect_eq(hash_of(IPV4, &tcp), flows[i].by_addresses);
		bytes[23] = 17;
		cr_expect_eq(hash_of(IPV4 | TCP_IPV4, &tcp), flows[i].by_addresses, "UDP");
		cr_expect_eq(hash_of(TCP_IPV4, &tcp), 0, "nothing to hash");
	}
}

static const struct flow6 {
	uint8_t from[16], to[16];
	uint8_t ports[4];
	uint32_t by_ports, by_addresses;
} flows6[] = {
	{ { 0x3f, 0xfe, 0x25, 1, 2, 0, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7 },
	  { 0x3f, 0xfe, 0x25, 1, 2, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1 },
	  { 0x0a, 0xea, 0x06, 0xe6 },
	  0x40207d3d,
	  0x2cc18cd5 },
	{ { 0x3f, 0xfe, 5, 1, 0, 8, 0, 0, 2, 0x60, 0x97, 0xff, 0xfe, 0x40, 0xef, 0xab },
	  { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
	  { 0x37, 0x96, 0x12, 0x83 },
	  0xdde51bbf,
	  0x0f0c461c },
};

Test(netvsc_rss, published_hashes_of_ipv6)
{
	for (size_t i = 0; i < 2; i++) {
		uint8_t bytes[74] = { 0 };
		struct vb_peer_frame f = { .bytes = bytes, .len = sizeof(bytes) };

		bytes[12] = 0x86;
		bytes[13] = 0xdd;
		bytes[14] = 0x60;
		bytes[20] = 6;
		memcpy(bytes + 22, flows6[i].from, 32);
		memcpy(bytes + 54, flows6[i].ports, 4);
		cr_expect_eq(hash_of(0x1400, &f), flows6[i].by_ports, "%zu", i);
		cr_expect_eq(hash_of(0x400, &f), flows6[i].by_addresses);
		cr_expect_eq(hash_of(IPV4 | TCP_IPV4, &f), 0);
		bytes[20] = 17;
		cr_expect_eq(hash_of(0x1400, &f), flows6[i].by_addresses);
		f.len = 53;
		cr_expect_eq(hash_of(0x1400, &f), 0);
		f.len = 74;
		bytes[14] = 0x45;
		cr_expect_eq(hash_of(0x1400, &f), 0);
	}
}

Test(netvsc_rss, options_of_ip_are_stepped_over)
{
	uint8_t bytes[FRAME + 8] = { 0 };
	struct vb_peer_frame f = frame_of(bytes, &flows[0], 6);

	memmove(bytes + 42, bytes + 34, 4);
	memset(bytes + 34, 1, 8);
	bytes[14] = 0x47;
	f.len = sizeof(bytes);
	cr_expect_eq(hash_of(IPV4 | TCP_IPV4, &f), flows[0].by_ports);
}

/* Of a fragment the ports are not known, or are not there: all of a datagram go one way. */
Test(netvsc_rss, fragments_have_no_ports)
{
	static const uint8_t fragments[][2] = { { 0x20, 0 }, { 0x20, 1 }, { 0, 100 } };
	uint8_t bytes[FRAME];

	for (size_t i = 0; i < 3; i++) {
		struct vb_peer_frame f = frame_of(bytes, &flows[0], 6);

		memcpy(bytes + 20, fragments[i], 2);
		cr_expect_eq(hash_of(IPV4 | TCP_IPV4, &f), flows[0].by_addresses, "%zu", i);
	}
}

Test(netvsc_rss, what_is_no_ip_or_too_short_has_no_hash)
{
	uint8_t bytes[FRAME];
	struct vb_peer_frame f = frame_of(bytes, &flows[0], 6);

	f.len = 33;
	cr_expect_eq(hash_of(IPV4 | TCP_IPV4, &f), 0);
	f.len = 37;
	cr_expect_eq(hash_of(IPV4 | TCP_IPV4, &f), flows[0].by_addresses, "no ports are there");
	f.len = FRAME;
	bytes[14] = 0x4f;
	cr_expect_eq(hash_of(IPV4 | TCP_IPV4, &f), flows[0].by_addresses,
		     "nor behind so long a head");
	bytes[14] = 0x60;
	cr_expect_eq(hash_of(IPV4 | TCP_IPV4, &f), 0);
	bytes[14] = 0x45;
	bytes[13] = 6;
	cr_expect_eq(hash_of(IPV4 | TCP_IPV4, &f), 0, "ARP");
}

/* ---- the guest's parameters ---- */

struct parameters {
	uint8_t head[4];
	uint16_t flags, base_cpu;
	uint32_t hash;
	uint16_t table_size, pad;
	uint32_t table_offset;
	uint16_t key_size, pad2;
	uint32_t key_offset, mask_offset, mask_count, mask_size;
	uint32_t table[NETVSC_TABLE];
	uint8_t key[NETVSC_KEY];
};

_Static_assert(sizeof(struct parameters) == 592, "as Linux has it");

/* What Linux sends: entry i is queue i % n. */
static struct parameters parameters_of(uint32_t n_queues)
{
	struct parameters p = { .head = { 0x89, 2, 40, 0 },
				.hash = 0x1701,
				.table_size = 512,
				.table_offset = 40,
				.key_size = 40,
				.key_offset = 552 };

	for (uint32_t i = 0; i < NETVSC_TABLE; i++)
		p.table[i] = i % n_queues;
	memcpy(p.key, key, sizeof(key));
	return p;
}

static struct net_bench *started(void)
{
	const char *const settings[] = { "queues=4", NULL };

	return net_bench_started(settings, VB_NVSP_6_1);
}

Test(netvsc_rss, capabilities)
{
	const char *const settings[] = { "queues=8", "table=64", NULL };
	struct net_bench *b = net_bench_started(settings, VB_NVSP_6_1);
	uint32_t answer[16] = { 0 };

	cr_assert_eq(net_query(b, 0x10203, answer, sizeof(answer)), 24 + 18);
	cr_expect_eq(answer[3], 0);
	cr_expect_eq(answer[6], 0x120288);
	cr_expect_eq(answer[7] & 0x7ff, 0x701, "Toeplitz over TCP of both");
	cr_expect_eq(answer[8], 8, "interrupts");
	cr_expect_eq(answer[9], 8);
	cr_expect_eq(answer[10] & 0xffff, 64);
	net_bench_free(b);
}

Test(netvsc_rss, one_queue_has_none)
{
	const char *const settings[] = { "queues=1", NULL };
	struct net_bench *b = net_bench_started(settings, VB_NVSP_6_1);
	uint32_t answer[16];
	struct net_packet p;

	cr_assert_eq(net_query(b, 0x10203, answer, sizeof(answer)), 24);
	cr_expect_eq(answer[3], VB_RNDIS_NOT_SUPPORTED);
	NET_ASK(b, &p, VB_NVSP_SUBCHANNEL, 1, 3);
	cr_expect_eq(p.word[2], 0);
	net_bench_free(b);
}

Test(netvsc_rss, table_and_key_are_kept)
{
	struct net_bench *b = started();
	struct parameters p = parameters_of(3);

	cr_expect_eq(net_set(b, OID_RSS, &p, sizeof(p)), 0);
	cr_expect_eq(b->n->n_table, NETVSC_TABLE);
	cr_expect_eq(b->n->hash, 0x1701);
	cr_expect_eq(memcmp(b->n->table, p.table, sizeof(p.table)), 0);
	cr_expect_eq(memcmp(b->n->key, key, sizeof(key)), 0);
	p.flags = 0x10;
	cr_expect_eq(net_set(b, OID_RSS, &p, sizeof(p)), 0);
	cr_expect_eq(b->n->n_table, 0, "off");
	net_bench_free(b);
}

Test(netvsc_rss, a_shorter_table_may_stand_behind_the_key)
{
	struct net_bench *b = started();
	struct parameters p = parameters_of(2);

	p.key_offset = 40;
	p.table_offset = 80;
	p.table_size = 8;
	memcpy(p.table, key, sizeof(key));
	p.table[10] = 1;
	p.table[11] = 0;
	cr_expect_eq(net_set(b, OID_RSS, &p, 88), 0);
	cr_expect_eq(b->n->n_table, 2);
	cr_expect_eq(b->n->table[0], 1);
	cr_expect_eq(memcmp(b->n->key, key, sizeof(key)), 0);
	net_bench_free(b);
}

static void expect_refused(const struct parameters *p, uint32_t len)
{
	struct net_bench *b = started();
	struct parameters good = parameters_of(2);

	good.hash = 0x301;
	cr_assert_eq(net_set(b, OID_RSS, &good, sizeof(good)), 0);
	cr_expect_eq(net_set(b, OID_RSS, p, len), VB_RNDIS_INVALID_DATA);
	cr_expect_eq(b->n->hash, 0x301, "all is as it was");
	cr_expect_eq(b->n->n_table, NETVSC_TABLE);
	cr_expect_eq(memcmp(b->n->table, good.table, sizeof(good.table)), 0);
	cr_expect_eq(memcmp(b->n->key, key, sizeof(key)), 0);
	net_bench_free(b);
}

Test(netvsc_rss, parameters_that_cannot_be)
{
	struct parameters p;
	static const struct {
		uint16_t table_size, key_size;
		uint32_t table_offset, key_offset;
	} wrong[] = {
		{ 0, 40, 40, 552 },	{ 510, 40, 40, 552 },	      { 516, 40, 40, 552 },
		{ 512, 39, 40, 552 },	{ 512, 0, 40, 552 },	      { 512, 40, 84, 552 },
		{ 512, 40, 40, 556 },	{ 512, 40, UINT32_MAX, 552 }, { 512, 40, 40, UINT32_MAX },
		{ 65532, 40, 40, 552 }, { 512, 65535, 40, 552 },      { 512, 40, 40, 0x80000000 },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		p = parameters_of(2);
		p.key[0] ^= 1;
		p.table_size = wrong[i].table_size;
		p.key_size = wrong[i].key_size;
		p.table_offset = wrong[i].table_offset;
		p.key_offset = wrong[i].key_offset;
		expect_refused(&p, sizeof(p));
	}
	p = parameters_of(2);
	p.table[127] = 4; /* a queue that is not */
	p.key[0] ^= 1;
	expect_refused(&p, sizeof(p));
	p = parameters_of(2);
	expect_refused(&p, 20); /* it ends in the middle of its head */
}

/* ---- which queue ---- */

Test(netvsc_rss, frames_arrive_where_the_table_says)
{
	struct net_bench *b = started();
	struct parameters p = parameters_of(3);
	uint8_t bytes[FRAME];
	struct net_frame got;

	net_bench_more_queues(b, 2, 4);
	cr_assert_eq(net_set(b, OID_RSS, &p, sizeof(p)), 0);
	for (size_t i = 0; i < N_FLOWS; i++) {
		struct vb_peer_frame f = frame_of(bytes, &flows[i], 6);
		uint16_t queue = (uint16_t)(flows[i].by_ports % NETVSC_TABLE % 3);

		vb_netvsc_send_frame(b->n, UINT16_MAX, &f);
		cr_assert(net_take_frame(b, queue, &got), "flow %zu on queue %u", i, queue);
		cr_expect_eq(net_info(&got, 8), flows[i].by_ports, "with its hash");
	}
	net_bench_free(b);
}

Test(netvsc_rss, without_a_table_all_arrive_on_the_first)
{
	struct net_bench *b = started();
	uint8_t bytes[FRAME];
	struct vb_peer_frame f = frame_of(bytes, &flows[0], 6);
	struct net_frame got;

	net_bench_more_queues(b, 2, 4);
	vb_netvsc_send_frame(b->n, UINT16_MAX, &f);
	cr_assert(net_take_frame(b, 0, &got));
	cr_expect_eq(net_info(&got, 8), UINT32_MAX);
	net_bench_free(b);
}

/* The table may name a queue that the guest has not opened. */
Test(netvsc_rss, a_queue_that_is_closed_is_not_used)
{
	struct net_bench *b = started();
	struct parameters p = parameters_of(2);
	uint8_t bytes[FRAME];
	struct net_frame got;

	cr_assert_eq(net_set(b, OID_RSS, &p, sizeof(p)), 0);
	for (size_t i = 0; i < N_FLOWS; i++) {
		struct vb_peer_frame f = frame_of(bytes, &flows[i], 6);

		vb_netvsc_send_frame(b->n, UINT16_MAX, &f);
		cr_expect(net_take_frame(b, 0, &got), "%zu", i);
	}
	net_bench_free(b);
}
