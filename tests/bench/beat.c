/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * beat N: N heartbeats between the host and a guest of a few lines, both in this process: what the
 * host itself costs. tests/bench/beats counts instructions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/loop/ic_bench.h"

static const char *const settings[] = { "period=0", NULL };

static void answer_all(struct ic_bench *b, unsigned long n)
{
	struct ic_wire w;
	uint64_t number;

	for (unsigned long i = 0; i < n; i++) {
		ic_bench_take(b, &w);
		memcpy(&number, w.body, sizeof(number));
		number++;
		memcpy(w.body, &number, sizeof(number));
		ic_bench_answer(b, &w, 0);
	}
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	struct ic_bench *b = ic_bench_new("heartbeat", settings);
	struct ic_request r;
	char line[40];

	ic_bench_negotiate(b, 3, 3, 0);
	snprintf(line, sizeof(line), "beat %lu", n);
	ic_bench_command(b, &r, line);
	answer_all(b, n);
	ic_expect_done(&r, 0, "answered");
	ic_bench_free(b);
	return 0;
}
