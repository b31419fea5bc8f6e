/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory as a file, so that the pages of a ring can be mapped a second time, in a row. From
 * guest address 0 on, without holes. What a transport's map functions need; ctx is the memory.
 */
#ifndef VB_MEMORY_H
#define VB_MEMORY_H

#include <stddef.h>
#include <stdint.h>

struct vb_memory {
	int fd;
	uint8_t *base; /* size bytes; the pages before and behind them are no memory */
	uint64_t size;
	uint32_t n_pages; /* mapped for rings */
};

/* size: a multiple of the page size. 0, or negative errno. */
int vb_memory_init(struct vb_memory *m, uint64_t size);
void vb_memory_done(struct vb_memory *m);

/* As in struct vb_transport; ctx is a struct vb_memory. */
uint8_t *vb_memory_map(void *ctx, uint64_t gpa, uint64_t len);
uint8_t *vb_memory_map_ring(void *ctx, const uint64_t *pfns, uint32_t n);
void vb_memory_unmap_ring(void *ctx, uint8_t *ring, uint32_t n);

#endif
