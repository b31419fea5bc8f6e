/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for records: what one leaves is kept for the next of about its size. Most are alike, and
 * malloc() and free() cost more than all else that is done to one.
 */
#include <stdlib.h>

#include "capture/source_bpf.h"

/* A list for each multiple of STEP; larger records are not kept. */
#define STEP 64u
#define N_LISTS 32u
/* Kept at most: a burst may have needed far more. */
#define MAX_KEPT ((size_t)4 << 20)

struct vb_kept {
	struct vb_kept *next;
};

struct vb_pool {
	struct vb_kept *lists[N_LISTS];
	size_t kept; /* bytes */
};

struct vb_pool *vb_pool_new(void)
{
	return calloc(1, sizeof(struct vb_pool));
}

void vb_pool_free(struct vb_pool *p)
{
	struct vb_kept *it, *next;

	for (size_t i = 0; p && i < N_LISTS; i++) {
		for (it = p->lists[i]; it; it = next) {
			next = it->next;
			free(it);
		}
	}
	free(p);
}

void *vb_pool_take(struct vb_pool *p, size_t size)
{
	size_t i = (size + STEP - 1) / STEP;
	struct vb_kept *it = i < N_LISTS ? p->lists[i] : NULL;

	if (!it)
		return malloc(i * STEP);
	p->lists[i] = it->next;
	p->kept -= i * STEP;
	return it;
}

void vb_pool_give(struct vb_pool *p, void *bytes, size_t size)
{
	size_t i = (size + STEP - 1) / STEP;
	struct vb_kept *it = bytes;

	if (i >= N_LISTS || p->kept + i * STEP > MAX_KEPT) {
		free(bytes);
		return;
	}
	it->next = p->lists[i];
	p->lists[i] = it;
	p->kept += i * STEP;
}
