/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network device and its trouble: a query that is refused, an answer that lacks what was asked for, a
 * frame that found no section free, a full ring, and a host that answers no more.
 */
#include <string.h>

#include "traces.h"

/* A message in the ring and nowhere else; id 0: no completion is asked for. */
static void put_nvsp(struct making *m, const struct record *how, uint16_t type, uint8_t id,
		     const uint32_t words[4])
{
	struct record r = *how;
	uint8_t p[56] = { 0 };
	uint16_t descriptor[4] = { type, 2, 7, type == 6 && id };

	memcpy(p, descriptor, sizeof(descriptor));
	p[8] = id;
	memcpy(p + 16, words, 4 * sizeof(*words));
	r.network = true;
	put(m, &r, p, sizeof(p));
}

static void put_completion(struct making *m, uint8_t id)
{
	put_nvsp(m, &to_guest, 11, id, (const uint32_t[4]){ 108, 1 });
}

/* A query, its completion, and the answer. */
static void put_query(struct making *m, uint32_t oid, const uint32_t *answer, uint32_t len)
{
	static const uint32_t page[6] = { 0, 1, 28, 0x80, 0x12345, 0 };
	static const uint32_t range[4] = { 0xcafe, 1, 64, 0 };
	const uint32_t query[7] = { 4, 28, answer[2], oid, 0, 20, 0 };
	struct outside o = { 0 };

	add_piece(&o, 0, query, sizeof(query), sizeof(query));
	put_rndis(m, true, 9, page, sizeof(page), true, &o, 0);
	put_completion(m, (uint8_t)(m->id - 1));
	o = (struct outside){ 0 };
	add_piece(&o, 0, answer, len, len);
	put_rndis(m, false, 7, range, sizeof(range), true, &o, 0);
}

/* A frame of 42 bytes in a section, then one that no section was free for. */
static void put_two_frames(struct making *m)
{
	static const uint32_t message[22] = { 1, 86, 36, 42 };
	static const uint32_t page[6] = { 0, 1, 86, 0x80, 0x12345, 0 };
	struct outside o = { 0 };

	add_piece(&o, SECTION, message, 86, 86);
	put_rndis(m, true, 6, NULL, 0, false, &o, 0);
	o = (struct outside){ 0 };
	add_piece(&o, 0, message, 86, 86);
	put_rndis(m, true, 9, page, sizeof(page), false, &o, 0);
}

void put_trouble(struct making *m)
{
	static const uint8_t section_size[8] = { 4, 0, 4, 0, 0, 0x18 };
	static const uint32_t refused[6] = { 0x80000004, 24, 1, 0xc00000bb };
	static const uint32_t too_short[6] = { 0x80000004, 24, 2, 0, 0, 16 };
	struct record r = state, failed = to_host;

	m->id = 100;
	put_network_beginning(m);
	r.network = true;
	put(m, &r, section_size, sizeof(section_size));
	put_nvsp(m, &to_host, 6, 0, (const uint32_t[4]){ 125, 1514 });
	put_query(m, 0x10107, refused, sizeof(refused));
	put_query(m, 0x10107, too_short, sizeof(too_short));
	put_two_frames(m);
	failed.flags = VB_REC_FAILED;
	failed.result = (uint32_t)VB_RESULT_RING_FULL;
	put_nvsp(m, &failed, 6, 90, (const uint32_t[4]){ 107, 0, UINT32_MAX });
	m->time_ns += UINT64_C(6000000000);
	put_two_frames(m);
	m->time_ns += UINT64_C(6000000000);
	put_nvsp(m, &to_host, 6, 0, (const uint32_t[4]){ 129, 0 });
}
