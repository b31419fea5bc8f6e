/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network guest: RNDIS. */
#include <errno.h>
#include <string.h>

#include "net_bench.h"

#define HEAD 44u
#define INFO 16u
#define SUCCESS_WORD 1u

/* Bytes of a buffer whose pages lie anywhere. */
static void copy(const struct net_bench *b, const uint64_t *pfns, uint32_t offset, void *to,
		 const void *from, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++, offset++) {
		uint8_t *at = guest_memory(&b->g, pfns[offset / VB_PAGE]) + offset % VB_PAGE;

		if (from)
			*at = ((const uint8_t *)from)[i];
		else
			((uint8_t *)to)[i] = *at;
	}
}

/* ---- sending ---- */

void net_put_section(struct net_bench *b, uint32_t index, const void *bytes, uint32_t len)
{
	REQUIRE((index + 1) * NET_SECTION <= NET_SEND_PAGES * VB_PAGE && len <= NET_SECTION);
	copy(b, b->send, index * NET_SECTION, NULL, bytes, len);
}

uint64_t net_send_section(struct net_bench *b, uint16_t queue, uint32_t channel_type,
			  uint32_t index, uint32_t len)
{
	const uint32_t words[] = { VB_NVSP_RNDIS, channel_type, index, len };

	return net_send_words(b, queue, true, words, 4);
}

/* The bytes of a range into pages from the first on; returns how many pages it took. */
static uint32_t put_range(struct net_bench *b, uint32_t first, const struct net_range *r,
			  uint64_t *ret_at)
{
	uint32_t n = (r->offset + r->len + VB_PAGE - 1) / VB_PAGE;

	REQUIRE(first + n <= NET_SEND_PAGES);
	ret_at[0] = r->len | (uint64_t)r->offset << 32;
	memcpy(ret_at + 1, b->page + first, 8 * (size_t)n);
	if (r->bytes)
		copy(b, b->page + first, r->offset, NULL, r->bytes, r->len);
	return n;
}

uint64_t net_send_ranges(struct net_bench *b, uint16_t queue, uint32_t channel_type, uint32_t index,
			 uint32_t section_len, const struct net_range *ranges, uint32_t n_ranges)
{
	const uint32_t words[NET_WORDS] = { VB_NVSP_RNDIS, channel_type, index, section_len };
	uint64_t head[1 + 3 * NET_SEND_PAGES] = { (uint64_t)n_ranges << 32 };
	uint32_t n = 1, page = 0, took;

	for (uint32_t i = 0; i < n_ranges; i++) {
		took = put_range(b, page, &ranges[i], head + n);
		page += took;
		n += 1 + took;
	}
	REQUIRE(!guest_send_ranges(&b->c[queue], 9, 1, b->next_id, head, 8 * n, words,
				   sizeof(words)));
	loop_run(&b->l);
	return b->next_id++;
}

uint32_t net_message(uint8_t *to, const void *frame, uint32_t len, const uint32_t (*infos)[2],
		     uint32_t n_infos)
{
	const uint32_t head[11] = { 1,
				    HEAD + n_infos * INFO + len,
				    HEAD - 8 + n_infos * INFO,
				    len,
				    0,
				    0,
				    0,
				    n_infos ? HEAD - 8 : 0,
				    n_infos * INFO };

	memcpy(to, head, HEAD);
	for (uint32_t i = 0; i < n_infos; i++) {
		const uint32_t entry[4] = { INFO, infos[i][0], 12, infos[i][1] };

		memcpy(to + HEAD + (size_t)i * INFO, entry, INFO);
	}
	memcpy(to + HEAD + (size_t)n_infos * INFO, frame, len);
	return head[1];
}

void net_send_frame(struct net_bench *b, uint16_t queue, const void *frame, uint32_t len)
{
	uint8_t message[NET_SECTION];
	uint32_t n = net_message(message, frame, len, NULL, 0);

	net_put_section(b, 0, message, n);
	net_expect_completion(b, queue, net_send_section(b, queue, 0, 0, n), VB_NVSP_RNDIS_COMPLETE,
			      SUCCESS_WORD);
}

/* ---- receiving ---- */

uint32_t net_read_range(const struct net_bench *b, const struct net_packet *p, uint32_t i,
			uint8_t *to, uint32_t size)
{
	REQUIRE(i < p->n_ranges && p->range[i].len <= size);
	REQUIRE((uint64_t)p->range[i].offset + p->range[i].len <=
		(uint64_t)b->n_receive_pages * VB_PAGE);
	copy(b, b->receive, p->range[i].offset, to, NULL, p->range[i].len);
	return p->range[i].len;
}

void net_complete(struct net_bench *b, uint16_t queue, uint64_t trans_id)
{
	const uint32_t words[] = { VB_NVSP_RNDIS_COMPLETE, SUCCESS_WORD };

	REQUIRE(!guest_send(&b->c[queue], 11, 0, trans_id, words, sizeof(words)));
	loop_run(&b->l);
}

/* Type, length and where the data are: as rndis_filter_receive_data() of Linux wants them. */
static void take_apart(const uint8_t *bytes, uint32_t len, struct net_frame *ret)
{
	uint32_t head[11], entry[4];

	REQUIRE(len >= HEAD);
	memcpy(head, bytes, HEAD);
	REQUIRE(head[0] == 1 && head[1] == len && head[4] == 0 && head[9] == 0 && head[10] == 0);
	REQUIRE(8 + head[2] + head[3] == len && head[3] <= sizeof(ret->bytes));
	REQUIRE(head[8] % INFO == 0 && head[8] / INFO <= 8);
	*ret = (struct net_frame){ .len = head[3], .n_infos = head[8] / INFO };
	REQUIRE(!ret->n_infos || 8 + head[7] == HEAD);
	for (uint32_t i = 0; i < ret->n_infos; i++) {
		memcpy(entry, bytes + HEAD + (size_t)i * INFO, INFO);
		REQUIRE(entry[0] == INFO && entry[2] == 12);
		ret->info[i][0] = entry[1];
		ret->info[i][1] = entry[3];
	}
	memcpy(ret->bytes, bytes + 8 + head[2], head[3]);
}

void net_read_frame(const struct net_bench *b, const struct net_packet *p, uint32_t i,
		    struct net_frame *ret)
{
	uint8_t bytes[NET_MAX_MESSAGE];
	uint32_t len = net_read_range(b, p, i, bytes, sizeof(bytes));

	REQUIRE(p->type == 7 && p->flags == 1 && p->set_id == 0xcafe);
	REQUIRE(p->word[0] == VB_NVSP_RNDIS && p->word[1] == 0 && p->word[2] == NET_NO_SECTION);
	take_apart(bytes, len, ret);
}

uint32_t net_info(const struct net_frame *f, uint32_t type)
{
	for (uint32_t i = 0; i < f->n_infos; i++)
		if (f->info[i][0] == type)
			return f->info[i][1];
	return UINT32_MAX;
}

bool net_take_frame(struct net_bench *b, uint16_t queue, struct net_frame *ret)
{
	struct net_packet p;

	if (!net_take(b, queue, &p))
		return false;
	REQUIRE(p.n_ranges == 1);
	net_read_frame(b, &p, 0, ret);
	net_complete(b, queue, p.trans_id);
	return true;
}

/* ---- the wire ---- */

uint8_t net_pattern(uint32_t i)
{
	return (uint8_t)(i * 11 + (i >> 8));
}

struct vb_peer_frame net_plain(uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = net_pattern(i);
	memset(bytes, 0x88, 14);
	return (struct vb_peer_frame){ .bytes = bytes, .len = len, .vlan = VB_PEER_NO_VLAN };
}

void net_deliver(struct net_bench *b, uint16_t queue, uint32_t len)
{
	uint8_t bytes[NET_MAX_MESSAGE];
	const struct vb_peer_frame f = net_plain(bytes, len);

	REQUIRE(len <= sizeof(bytes));
	vb_netvsc_send_frame(b->n, queue, &f);
}

/* ---- control ---- */

static uint32_t take_answer(struct net_bench *b, uint32_t *ret_answer, uint32_t size)
{
	struct net_packet p;
	uint32_t len;

	REQUIRE(net_take(b, 0, &p));
	REQUIRE(p.type == 7 && p.n_ranges == 1 && p.word[0] == VB_NVSP_RNDIS && p.word[1] == 1);
	len = net_read_range(b, &p, 0, (uint8_t *)ret_answer, size);
	REQUIRE(len >= 8 && ret_answer[1] == len);
	net_complete(b, 0, p.trans_id);
	return len;
}

uint32_t net_control(struct net_bench *b, const uint32_t *words, uint32_t len, uint32_t *ret_answer,
		     uint32_t size)
{
	const struct net_range range = { words, len, 64 };
	uint64_t id = net_send_ranges(b, 0, 1, NET_NO_SECTION, 0, &range, 1);

	net_expect_completion(b, 0, id, VB_NVSP_RNDIS_COMPLETE, SUCCESS_WORD);
	return ret_answer ? take_answer(b, ret_answer, size) : 0;
}

uint32_t net_set(struct net_bench *b, uint32_t oid, const void *bytes, uint32_t len)
{
	uint32_t words[7 + 256] = { 5, 28 + len, b->next_request++, oid, len, 20 }, answer[4];

	REQUIRE(len <= 1024);
	if (len)
		memcpy(words + 7, bytes, len);
	REQUIRE(net_control(b, words, 28 + len, answer, sizeof(answer)) == 16);
	REQUIRE(answer[0] == 0x80000005 && answer[2] == words[2]);
	return answer[3];
}

uint32_t net_query(struct net_bench *b, uint32_t oid, uint32_t *ret_answer, uint32_t size)
{
	const uint32_t words[7] = { 4, 28, b->next_request++, oid, 0, 20 };
	uint32_t len = net_control(b, words, sizeof(words), ret_answer, size);

	REQUIRE(len >= 24 && ret_answer[0] == 0x80000004 && ret_answer[2] == words[2]);
	return len;
}

/* ---- commands ---- */

int net_command(struct net_bench *b, const char *line, struct loop_request *ret)
{
	loop_word(&b->l, b->d, line, ret);
	REQUIRE(ret->n_done == 1);
	return ret->status;
}

uint64_t net_counter(struct net_bench *b, const char *name)
{
	struct loop_request rq;

	REQUIRE(net_command(b, "counters", &rq) == 0);
	return loop_figure(&rq, name);
}
