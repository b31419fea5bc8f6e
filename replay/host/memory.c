/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory as a file. */
#include "memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host.h"

/*
 * Of all rings. A process may have 65530 mappings by Linux' default, and a guest can scatter its
 * rings so that each page needs one of its own.
 */
#define MAX_PAGES 40000u

#define LARGE_PAGE (UINT64_C(2) << 20)

static void cut_off(uint8_t *p, uint64_t len)
{
	if (len)
		munmap(p, len);
}

/* Pages of nothing that begin at a multiple of align (a power of 2, a page at least), between two more. */
static uint8_t *reserve(uint64_t len, uint64_t align)
{
	uint64_t whole = len + 2 * (uint64_t)VB_PAGE, most = whole + align - VB_PAGE, before;
	uint8_t *p = mmap(NULL, most, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	before = -((uintptr_t)p + VB_PAGE) & (align - 1);
	cut_off(p, before);
	cut_off(p + before + whole, most - whole - before);
	return p + before + VB_PAGE;
}

static void unreserve(uint8_t *p, uint64_t len)
{
	munmap(p - VB_PAGE, len + 2 * (uint64_t)VB_PAGE);
}

static int map_at(const struct vb_memory *m, uint8_t *at, uint64_t gpa, uint64_t len)
{
	void *p = mmap(at, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, m->fd, (off_t)gpa);

	return p == MAP_FAILED ? -errno : 0;
}

int vb_memory_init(struct vb_memory *m, uint64_t size)
{
	int rc = 0;

	*m = (struct vb_memory){ .fd = memfd_create("guest memory", MFD_CLOEXEC), .size = size };
	if (m->fd < 0)
		return -errno;
	m->base = reserve(size, LARGE_PAGE);
	if (!m->base)
		rc = -ENOMEM;
	else if (ftruncate(m->fd, (off_t)size))
		rc = -errno;
	else
		rc = map_at(m, m->base, 0, size);
	if (rc)
		vb_memory_done(m);
	else
		madvise(m->base, size, MADV_HUGEPAGE); /* a kernel without has small ones */
	return rc;
}

void vb_memory_done(struct vb_memory *m)
{
	if (m->base)
		unreserve(m->base, m->size);
	if (m->fd >= 0)
		close(m->fd);
	*m = (struct vb_memory){ .fd = -1 };
}

uint8_t *vb_memory_map(void *ctx, uint64_t gpa, uint64_t len)
{
	const struct vb_memory *m = ctx;

	if (gpa > m->size || len > m->size - gpa)
		return NULL;
	return m->base + gpa;
}

/* Pages that follow each other in guest memory, too: one mapping for them all. */
static uint32_t row_of(const uint64_t *pfns, uint32_t n)
{
	uint32_t i = 1;

	while (i < n && pfns[i] == pfns[0] + i)
		i++;
	return i;
}

static int map_pages(struct vb_memory *m, uint8_t *at, const uint64_t *pfns, uint32_t n)
{
	uint32_t row;

	for (uint32_t i = 0; i < n; i += row) {
		row = row_of(pfns + i, n - i);
		if (pfns[i] >= m->size / VB_PAGE || row > m->size / VB_PAGE - pfns[i])
			return -EFAULT;
		if (map_at(m, at + (uint64_t)i * VB_PAGE, pfns[i] * VB_PAGE,
			   (uint64_t)row * VB_PAGE))
			return -ENOMEM;
	}
	return 0;
}

static uint32_t ring_pages(uint32_t n)
{
	return 2 * n - 1;
}

static uint64_t ring_len(uint32_t n)
{
	return (uint64_t)ring_pages(n) * VB_PAGE;
}

uint8_t *vb_memory_map_ring(void *ctx, const uint64_t *pfns, uint32_t n)
{
	struct vb_memory *m = ctx;
	uint8_t *ring;

	if (n < 2 || n > MAX_PAGES || ring_pages(n) > MAX_PAGES - m->n_pages)
		return NULL;
	ring = reserve(ring_len(n), VB_PAGE);
	if (!ring)
		return NULL;
	if (map_pages(m, ring, pfns, n) ||
	    map_pages(m, ring + (uint64_t)n * VB_PAGE, pfns + 1, n - 1)) {
		unreserve(ring, ring_len(n));
		return NULL;
	}
	m->n_pages += ring_pages(n);
	return ring;
}

void vb_memory_unmap_ring(void *ctx, uint8_t *ring, uint32_t n)
{
	struct vb_memory *m = ctx;

	m->n_pages -= ring_pages(n);
	unreserve(ring, ring_len(n));
}
