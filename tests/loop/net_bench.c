/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network guest: channels, NVSP. */
#include "net_bench.h"

#include <errno.h>
#include <string.h>

#define RING_PAGES 8u

struct net_bench *net_bench_new_with(const char *const *settings, const struct vb_host_log *log,
				     int link_fd)
{
	const struct loop_options opt = { .max_records = log ? 1 : 0, .link_fd = link_fd };
	struct net_bench *b = calloc(1, sizeof(*b));
	struct vb_hdevice_config cfg = { .model = vb_model_by_name("netvsc"),
					 .settings = settings };

	REQUIRE(b && cfg.model);
	loop_init(&b->l, &opt);
	if (log)
		b->l.log = *log;
	b->d = loop_add(&b->l, &cfg);
	b->n = vb_hdevice_state(b->d);
	guest_init(&b->g, &b->l, 1);
	guest_connect(&b->g, VB_VMBUS_5_3);
	guest_pages(&b->g, b->receive, NET_RECEIVE_PAGES);
	guest_pages(&b->g, b->send, NET_SEND_PAGES);
	guest_pages(&b->g, b->page, NET_SEND_PAGES);
	b->next_id = 1;
	b->next_request = 1;
	net_bench_open(b, 0, RING_PAGES);
	return b;
}

struct net_bench *net_bench_new(const char *const *settings)
{
	return net_bench_new_with(settings, NULL, 0);
}

void net_bench_free(struct net_bench *b)
{
	for (uint16_t i = 0; i < NET_CHANNELS; i++)
		if (b->is_open[i])
			guest_unmap(&b->c[i]);
	loop_done(&b->l);
	free(b);
}

void net_bench_open(struct net_bench *b, uint16_t queue, uint32_t n_pages)
{
	REQUIRE(queue < NET_CHANNELS && !b->is_open[queue]);
	guest_open(&b->g, &b->c[queue], guest_offer(&b->g, queue)->relid, n_pages, 0);
	b->is_open[queue] = true;
	loop_run(&b->l);
}

void net_bench_close(struct net_bench *b, uint16_t queue)
{
	guest_close(&b->c[queue], false);
	b->is_open[queue] = false;
	loop_run(&b->l);
}

const char *net_bench_trouble(struct net_bench *b)
{
	return loop_trouble(&b->l);
}

/* ---- packets ---- */

#define XFER_PAGES 7u

static void read_ranges(const struct guest_packet *p, struct net_packet *ret)
{
	uint32_t head[2];

	if (p->type != XFER_PAGES)
		return;
	REQUIRE(p->ranges_len >= 8 && p->ranges_len <= GUEST_MAX_RANGES);
	memcpy(head, p->ranges, 8);
	ret->set_id = head[0] & 0xffff;
	ret->n_ranges = head[1];
	REQUIRE(p->ranges_len == 8 + 8 * ret->n_ranges);
	memcpy(ret->range, p->ranges + 8, 8 * (size_t)ret->n_ranges);
}

bool net_take(struct net_bench *b, uint16_t queue, struct net_packet *ret)
{
	struct guest_packet p;

	loop_run(&b->l);
	b->was_told[queue] |= guest_event(&b->c[queue]);
	if (!b->was_told[queue] || !guest_read(&b->c[queue], &p)) {
		b->was_told[queue] = false;
		return false;
	}
	*ret = (struct net_packet){
		.type = p.type, .flags = p.flags, .trans_id = p.trans_id, .len = p.payload_len
	};
	REQUIRE(p.payload_len <= sizeof(ret->word));
	memcpy(ret->word, p.payload, p.payload_len);
	read_ranges(&p, ret);
	return true;
}

void net_expect_completion(struct net_bench *b, uint16_t queue, uint64_t trans_id, uint32_t type,
			   uint32_t status)
{
	struct net_packet p;

	REQUIRE(net_take(b, queue, &p));
	REQUIRE(p.type == 11 && p.trans_id == trans_id && p.flags == 0);
	REQUIRE(p.word[0] == type);
	REQUIRE(p.word[1] == status);
}

uint64_t net_send_words(struct net_bench *b, uint16_t queue, bool ask, const uint32_t *words,
			uint32_t n_words)
{
	uint32_t all[NET_WORDS] = { 0 };

	REQUIRE(n_words <= NET_WORDS);
	memcpy(all, words, 4 * (size_t)n_words);
	REQUIRE(!guest_send(&b->c[queue], 6, ask, b->next_id, all, sizeof(all)));
	loop_run(&b->l);
	return b->next_id++;
}

void net_ask(struct net_bench *b, const uint32_t *words, uint32_t n_words, struct net_packet *ret)
{
	uint64_t id = net_send_words(b, 0, true, words, n_words);

	REQUIRE(net_take(b, 0, ret));
	REQUIRE(ret->type == 11 && ret->trans_id == id);
}

/* ---- the beginning ---- */

#define CAPABILITIES 0xacu /* VLAN, SR-IOV, teaming, coalescing: Linux at 6.1 */
#define RECEIVE_ID 0xcafeu

bool net_init(struct net_bench *b, uint32_t version)
{
	struct net_packet p;

	NET_ASK(b, &p, VB_NVSP_INIT, version, version);
	REQUIRE(p.word[0] == VB_NVSP_INIT_COMPLETE);
	/* Linux 6.1 wants 28 bytes */
	REQUIRE(p.len == 32);
	return p.word[3] == VB_NVSP_SUCCESS;
}

void net_share(struct net_bench *b, uint32_t n_receive_pages)
{
	uint32_t relid = b->c[0].relid;
	struct net_packet p;

	REQUIRE(n_receive_pages <= NET_RECEIVE_PAGES);
	b->n_receive_pages = n_receive_pages;
	b->receive_gpadl = guest_make_gpadl(&b->g, relid, b->receive, n_receive_pages);
	b->send_gpadl = guest_make_gpadl(&b->g, relid, b->send, NET_SEND_PAGES);
	NET_ASK(b, &p, VB_NVSP_RECEIVE_BUFFER, b->receive_gpadl, RECEIVE_ID);
	REQUIRE(p.word[0] == VB_NVSP_RECEIVE_BUFFER_COMPLETE && p.word[1] == VB_NVSP_SUCCESS);
	NET_ASK(b, &p, VB_NVSP_SEND_BUFFER, b->send_gpadl, 0);
	REQUIRE(p.word[0] == VB_NVSP_SEND_BUFFER_COMPLETE && p.word[1] == VB_NVSP_SUCCESS);
}

void net_bench_start_small(struct net_bench *b, uint32_t version, uint32_t n_receive_pages)
{
	const uint32_t filter = 0x0d, initialize[] = { 2, 24, b->next_request++, 1, 0, 0x4000 };
	uint32_t answer[13];

	REQUIRE(net_init(b, version));
	if (version >= VB_NVSP_2)
		NET_TELL(b, 0, VB_NVSP_NDIS_CONFIG, 1514, 0,
			 version >= VB_NVSP_6_1 ? CAPABILITIES : 8);
	NET_TELL(b, 0, VB_NVSP_NDIS_VERSION, 6, version >= VB_NVSP_5 ? 30 : 1);
	net_share(b, n_receive_pages);
	REQUIRE(net_control(b, initialize, sizeof(initialize), answer, sizeof(answer)) == 52);
	REQUIRE(answer[3] == 0);
	REQUIRE(net_set(b, 0x1010e, &filter, 4) == 0);
}

void net_bench_start(struct net_bench *b, uint32_t version)
{
	net_bench_start_small(b, version, NET_RECEIVE_PAGES);
}

struct net_bench *net_bench_started(const char *const *settings, uint32_t version)
{
	struct net_bench *b = net_bench_new(settings);

	net_bench_start(b, version);
	return b;
}

void net_bench_more_queues(struct net_bench *b, uint32_t n, uint32_t n_pages)
{
	struct net_packet p;

	NET_ASK(b, &p, VB_NVSP_SUBCHANNEL, 1, n);
	REQUIRE(p.word[1] == VB_NVSP_SUCCESS && p.word[2] == n);
	while (guest_take_offers(&b->g))
		continue;
	for (uint16_t i = 1; i <= n; i++)
		net_bench_open(b, i, n_pages);
}
