/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a disk against an array: what is done at random to both has to be the same. All of it is
 * done in a window of the disk that lies over the end of a leaf of its table, at 32 MiB.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/disk_made.h"

#define WINDOW (6 * PIECE) /* bytes */
#define BEFORE (32 * MIB - WINDOW / 2)
#define N_OPERATIONS 20000

enum kind { IN_MEMORY, OVER_FILE, IN_FILE };

struct game {
	enum kind kind;
	uint64_t seed;
	uint32_t block_len;
	uint64_t before, n; /* blocks: in front of the window, of it */
	uint64_t n_now;	    /* that the disk has in the window */
	struct vb_disk *d;
	uint8_t is[WINDOW]; /* what the window should be */
	bool mapped[WINDOW / 512];
	uint8_t buf[WINDOW];
	uint8_t original[WINDOW];
};

static uint64_t next_random(struct game *g, uint64_t n)
{
	g->seed = g->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (g->seed >> 33) % n;
}

/* A range in the window; most are short. */
static uint64_t range(struct game *g, uint64_t *ret_n)
{
	uint64_t from = next_random(g, g->n_now), most = g->n_now - from;

	if (most > 8 && next_random(g, 4))
		most = 8;
	*ret_n = next_random(g, most + 1);
	return from;
}

static uint8_t *at(struct game *g, uint64_t block)
{
	return g->is + block * g->block_len;
}

static void set(struct game *g, uint64_t from, uint64_t n, bool mapped)
{
	for (uint64_t i = from; i < from + n; i++)
		g->mapped[i] = mapped;
}

static void set_zero(struct game *g, uint64_t from, uint64_t n)
{
	memset(at(g, from), 0, n * g->block_len);
	set(g, from, n, false);
}

static void some_bytes(struct game *g, uint64_t len)
{
	uint8_t first = (uint8_t)next_random(g, 256), step = (uint8_t)next_random(g, 256);

	for (uint64_t i = 0; i < len; i++)
		g->buf[i] = (uint8_t)(first + i / 512 + i * step);
}

static void do_write(struct game *g)
{
	uint64_t n, from = range(g, &n);

	some_bytes(g, n * g->block_len);
	cr_assert_eq(vb_disk_write(g->d, g->before + from, n, g->buf), 0);
	memcpy(at(g, from), g->buf, n * g->block_len);
	set(g, from, n, true);
}

static void do_read(struct game *g)
{
	uint64_t n, from = range(g, &n);

	cr_assert_eq(vb_disk_read(g->d, g->before + from, n, g->buf), 0);
	cr_assert_arr_eq(g->buf, at(g, from), n * g->block_len);
}

static void do_unmap(struct game *g)
{
	uint64_t n, from = range(g, &n);

	cr_assert_eq(vb_disk_unmap(g->d, g->before + from, n), 0);
	set_zero(g, from, n);
}

/* With what is in front of the window, too: a whole leaf of the table goes. */
static void do_unmap_more(struct game *g)
{
	uint64_t n = next_random(g, g->n_now + 1);

	cr_assert_eq(vb_disk_unmap(g->d, 0, g->before + n), 0);
	set_zero(g, 0, n);
}

static void do_write_same(struct game *g)
{
	uint64_t n, from = range(g, &n);
	bool zero = next_random(g, 2);

	memset(g->buf, 0, g->block_len);
	g->buf[next_random(g, g->block_len)] = zero ? 0 : 1;
	cr_assert_eq(vb_disk_write_same(g->d, g->before + from, n, g->buf), 0);
	for (uint64_t i = from; i < from + n; i++)
		memcpy(at(g, i), g->buf, g->block_len);
	set(g, from, n, !zero);
}

static void do_resize(struct game *g)
{
	uint64_t n = 1 + next_random(g, g->n);

	cr_assert_eq(vb_disk_resize(g->d, g->before + n), 0);
	if (n < g->n_now)
		set_zero(g, n, g->n_now - n);
	g->n_now = n;
}

/* Of a file the system decides what is mapped: but what is not is zero. */
static void do_extent(struct game *g)
{
	uint64_t from = next_random(g, g->n_now), n, k = 0;
	bool mapped;

	cr_assert_eq(vb_disk_extent(g->d, g->before + from, &n, &mapped), 0);
	cr_assert(n > 0 && n <= g->n_now - from);
	if (g->kind == IN_FILE) {
		for (; k < n * g->block_len && !mapped; k++)
			cr_assert_eq(at(g, from)[k], 0);
		return;
	}
	while (k < g->n_now - from && g->mapped[from + k] == mapped)
		k++;
	cr_assert_eq(k, n);
}

static void check_all(struct game *g)
{
	cr_assert_eq(vb_disk_blocks(g->d), g->before + g->n_now);
	cr_assert_eq(vb_disk_read(g->d, g->before, g->n_now, g->buf), 0);
	cr_assert_arr_eq(g->buf, g->is, g->n_now * g->block_len);
	cr_assert_leq(vb_disk_held(g->d), WINDOW);
}

static void operate(struct game *g)
{
	static void (*const common[])(struct game *) = { do_write,	do_write, do_read,  do_read,
							 do_write_same, do_unmap, do_extent };
	uint64_t rare = next_random(g, 100);

	if (rare == 0)
		do_unmap_more(g);
	else if (rare < 3)
		do_resize(g);
	else if (rare < 5)
		check_all(g);
	else
		common[next_random(g, sizeof(common) / sizeof(common[0]))](g);
}

/* A file that has nothing in front of the window. */
static int window_file(struct game *g)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);

	some_bytes(g, WINDOW);
	memcpy(g->original, g->buf, WINDOW);
	cr_assert_eq(pwrite(fd, g->original, WINDOW, (off_t)BEFORE), WINDOW);
	return fd;
}

static void play(enum kind kind, uint32_t block_len, uint64_t seed)
{
	struct game *g = calloc(1, sizeof(*g));
	int fd;

	*g = (struct game){ .kind = kind, .seed = seed, .block_len = block_len };
	g->before = BEFORE / block_len;
	g->n = g->n_now = WINDOW / block_len;
	fd = window_file(g);
	if (kind == IN_MEMORY) {
		g->d = disk_in_memory(block_len, g->before + g->n, WINDOW);
	} else {
		g->d = disk_on(fd, block_len, 0, kind == IN_FILE);
		memcpy(g->is, g->original, WINDOW);
		set(g, 0, g->n, true);
	}
	for (unsigned int i = 0; i < N_OPERATIONS; i++)
		operate(g);
	check_all(g);
	cr_assert_eq(disk_file_len(fd), BEFORE + (kind == IN_FILE ? g->n_now * block_len : WINDOW));
	cr_assert_geq(pread(fd, g->buf, WINDOW, (off_t)BEFORE), 0);
	if (kind == IN_FILE)
		cr_expect_arr_eq(g->buf, g->is, g->n_now * block_len);
	else
		cr_expect_arr_eq(g->buf, g->original, WINDOW, "the file is as it was");
	vb_disk_free(g->d);
	close(fd);
	free(g);
}

Test(disk_random, in_memory)
{
	play(IN_MEMORY, 512, 1);
	play(IN_MEMORY, 4096, 2);
}

Test(disk_random, over_a_file)
{
	play(OVER_FILE, 512, 3);
	play(OVER_FILE, 4096, 4);
}

Test(disk_random, in_a_file)
{
	play(IN_FILE, 512, 5);
	play(IN_FILE, 4096, 6);
}
