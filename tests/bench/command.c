/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command read|write N LEN: N commands of LEN bytes each between the host's disk and a guest of a
 * few lines, both in this process: what the host itself costs. tests/bench/storage counts
 * instructions. The commands are those that Linux makes of what "costs" does in a guest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/loop/stor_bench.h"

#define PLACE_LEN 65536u
#define N_PLACES 512u
#define BLOCK 512u

/* READ(10), WRITE(10) */
static void fill(struct stor_request *ret, bool writes, uint32_t place, uint32_t len)
{
	uint32_t block = place * (PLACE_LEN / BLOCK), n = len / BLOCK;

	*ret = (struct stor_request){
		STOR_CDB(writes ? 0x2a : 0x28, 0, (uint8_t)(block >> 24), (uint8_t)(block >> 16),
			 (uint8_t)(block >> 8), (uint8_t)block, 0, (uint8_t)(n >> 8), (uint8_t)n,
			 0),
		.way = writes ? STOR_OUT : STOR_IN,
		.data_len = len,
	};
}

/* As a driver does it: the host gets one signal, and runs once. */
static void do_one(struct stor_bench *b, const struct stor_request *r)
{
	struct guest_packet p;
	struct stor_wire w;
	uint8_t ranges[1024];
	uint32_t len = stor_ranges(b, r->data_len, ranges);

	stor_fill(b, r, &w);
	REQUIRE(!guest_send_ranges(&b->c[0], 9, 1, b->next_id, ranges, len, &w, b->message_len));
	loop_run(&b->l);
	REQUIRE(guest_read(&b->c[0], &p) && p.trans_id == b->next_id++);
	memcpy(&w, p.payload, sizeof(w));
	REQUIRE(w.srb.srb_status == VB_SRB_SUCCESS && w.srb.data_len == r->data_len);
}

int main(int argc, char **argv)
{
	bool writes = argc > 1 && !strcmp(argv[1], "write");
	unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
	uint32_t len = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 4096, place = 4711;
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r;

	REQUIRE(len && len <= PLACE_LEN && len % BLOCK == 0);
	stor_calm(b, 0);
	for (uint32_t i = 0; i < N_PLACES; i++) {
		fill(&r, true, i, PLACE_LEN);
		do_one(b, &r);
	}
	for (unsigned long i = 0; i < n; i++) {
		fill(&r, writes, (place >> 16) % N_PLACES, len);
		do_one(b, &r);
		place = place * 1664525u + 1013904223u;
	}
	stor_bench_free(b);
	return 0;
}
