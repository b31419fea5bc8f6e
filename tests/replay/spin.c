/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spins with PAUSE, ahead of all other processes: on one processor nothing else runs any more. The
 * kernel must allow that: sched_rt_runtime_us of -1.
 */
#include <immintrin.h>
#include <sched.h>
#include <stdio.h>

int main(void)
{
	struct sched_param first = { .sched_priority = sched_get_priority_max(SCHED_FIFO) };

	if (sched_setscheduler(0, SCHED_FIFO, &first)) {
		perror("spin");
		return 1;
	}
	for (;;)
		_mm_pause();
}
