/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory and rings mapped out of it. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "replay/host/memory.h"

#define PAGE 4096u
#define LEN (4u << 20)

static struct vb_memory mem;

static void setup(void)
{
	cr_assert_eq(vb_memory_init(&mem, LEN), 0);
}

static void teardown(void)
{
	vb_memory_done(&mem);
}

TestSuite(memory, .init = setup, .fini = teardown);

Test(memory, bounds)
{
	cr_assert_eq(vb_memory_map(&mem, 0, LEN), mem.base);
	cr_assert_eq(vb_memory_map(&mem, LEN - 1, 1), mem.base + LEN - 1);
	cr_assert_null(vb_memory_map(&mem, LEN - 1, 2));
	cr_assert_null(vb_memory_map(&mem, LEN + 1, 0));
	cr_assert_null(vb_memory_map(&mem, 0, LEN + 1ull));
	cr_assert_null(vb_memory_map(&mem, 8, UINT64_MAX));
	cr_assert_null(vb_memory_map(&mem, UINT64_MAX, 8));
	cr_assert_null(vb_memory_map(&mem, UINT64_MAX - 7, 8));
}

/* Else no page of it can be a large one. Sizes that shift what comes after them. */
Test(memory, begins_at_a_large_page)
{
	struct vb_memory others[8];

	cr_assert_eq((uintptr_t)mem.base % (2u << 20), 0);
	for (size_t i = 0; i < 8; i++) {
		cr_assert_eq(vb_memory_init(&others[i], LEN + (i + 1) * PAGE), 0);
		cr_assert_eq((uintptr_t)others[i].base % (2u << 20), 0, "memory %zu", i);
		others[i].base[others[i].size - 1] = 1;
	}
	for (size_t i = 0; i < 8; i++)
		vb_memory_done(&others[i]);
}

/* Pages in any order; what is written at one place is read at all others. */
Test(memory, ring)
{
	static const uint64_t pfns[] = { 7, 8, 9, 3, 1023, 0 };
	const uint32_t n = sizeof(pfns) / sizeof(pfns[0]);
	uint8_t *ring = vb_memory_map_ring(&mem, pfns, n);

	cr_assert_not_null(ring);
	for (uint32_t i = 0; i < n; i++)
		memset(mem.base + pfns[i] * PAGE, (int)(0x10 + i), PAGE);
	for (uint32_t i = 0; i < n; i++)
		cr_assert_eq(ring[i * PAGE + 5], 0x10 + i);
	for (uint32_t i = 1; i < n; i++)
		cr_assert_eq(ring[(n - 1 + i) * PAGE + 5], 0x10 + i, "the data once more");
	memset(ring + n * PAGE - 4, 0xaa, 8);
	cr_assert_eq(mem.base[4092], 0xaa, "the end of the last page");
	cr_assert_eq(mem.base[8 * PAGE + 3], 0xaa, "the beginning of the first data page");
	vb_memory_unmap_ring(&mem, ring, n);
}

Test(memory, ring_of_wrong_pages)
{
	uint64_t pfns[2] = { 0, LEN / PAGE };

	cr_assert_null(vb_memory_map_ring(&mem, pfns, 2), "behind the end");
	pfns[1] = UINT64_MAX / PAGE + 2;
	cr_assert_null(vb_memory_map_ring(&mem, pfns, 2), "an address of more than 64 bits");
	cr_assert_null(vb_memory_map_ring(&mem, pfns, 0));
	cr_assert_null(vb_memory_map_ring(&mem, pfns, UINT32_MAX));
	pfns[1] = 0;
	cr_assert_not_null(vb_memory_map_ring(&mem, pfns, 2), "a page may be there twice");
}

/* Whoever built the test with a sanitizer, the signal is to end it. */
static void die_of_faults(void)
{
	signal(SIGSEGV, SIG_DFL);
}

Test(memory, before_a_ring, .signal = SIGSEGV)
{
	uint64_t pfns[2] = { 0, 1 };
	volatile uint8_t *ring = vb_memory_map_ring(&mem, pfns, 2);

	die_of_faults();
	ring[-1] = 1;
}

Test(memory, behind_a_ring, .signal = SIGSEGV)
{
	uint64_t pfns[2] = { 0, 1 };
	volatile uint8_t *ring = vb_memory_map_ring(&mem, pfns, 2);

	die_of_faults();
	ring[3 * PAGE - 1] = 1;
	ring[3 * PAGE] = 1;
}

Test(memory, behind_it_all, .signal = SIGSEGV)
{
	volatile uint8_t *base = mem.base;

	die_of_faults();
	base[LEN - 1] = 1;
	base[LEN] = 1;
}
