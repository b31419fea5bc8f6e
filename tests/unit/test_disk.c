/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a disk: what is the same for all kinds, and those in memory. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/disk_made.h"

static const uint32_t block_lens[] = { 512, 4096 };

/* ---- options ---- */

static int new_of(uint32_t block_len, uint64_t n_blocks, int fd, bool writable)
{
	struct vb_disk *d = NULL;
	int rc = vb_disk_new(&(struct vb_disk_options){ .block_len = block_len,
							.n_blocks = n_blocks,
							.fd = fd,
							.writable = writable },
			     &d);

	vb_disk_free(d);
	cr_expect(fd < 0 || fcntl(fd, F_GETFD) < 0, "the file is closed");
	return rc;
}

Test(disk, options)
{
	cr_expect_eq(new_of(512, 1, -1, true), 0);
	cr_expect_eq(new_of(0, 1, -1, false), -EINVAL);
	cr_expect_eq(new_of(1024, 1, -1, false), -EINVAL);
	cr_expect_eq(new_of(512, 0, -1, false), -EINVAL);
	cr_expect_eq(new_of(512, 64 * TIB / 512 + 1, -1, false), -EFBIG);
	cr_expect_eq(new_of(4096, UINT64_MAX, -1, false), -EFBIG);
	cr_expect_eq(new_of(512, UINT64_MAX, disk_file(512), true), -EFBIG);
	cr_expect_eq(new_of(77, 0, disk_file(512), false), -EINVAL);
	cr_expect_eq(new_of(512, 0, disk_file(511), false), -EINVAL);
	cr_expect_eq(new_of(512, 0, open("/", O_RDONLY), false), -EINVAL);
	cr_expect_eq(new_of(512, 1, open("/dev/null", O_RDWR), true), -EINVAL);
	cr_expect_eq(new_of(512, 1, open("/proc/self/exe", O_RDONLY), true), -EBADF);
	cr_expect_eq(new_of(512, 1, open("/proc/self/exe", O_RDONLY), false), 0);
	vb_disk_free(NULL);
}

/* Linux writes at the end of such a file, whatever place it is told. */
Test(disk, file_that_only_grows)
{
	int fd = disk_file(512);

	cr_assert_eq(fcntl(fd, F_SETFL, O_APPEND), 0);
	cr_expect_eq(new_of(512, 0, dup(fd), true), -EBADF);
	cr_expect_eq(new_of(512, 0, fd, false), 0);
}

Test(disk, size_is_that_of_the_file)
{
	int fd = disk_file(4096 * 3 + 700);
	struct vb_disk *d = disk_on(fd, 512, 0, false);

	cr_expect_eq(vb_disk_blocks(d), 25);
	cr_expect_eq(vb_disk_block_len(d), 512);
	vb_disk_free(d);
	d = disk_on(fd, 4096, 0, true);
	cr_expect_eq(vb_disk_blocks(d), 3);
	cr_expect_eq(vb_disk_block_len(d), 4096);
	vb_disk_free(d);
	cr_expect_eq(disk_file_len(fd), 4096 * 3 + 700);
	close(fd);
}

/* ---- all kinds ---- */

static void expect_range(struct vb_disk *d, uint64_t lba, uint64_t n, int rc)
{
	static uint8_t buf[4096];
	uint64_t got;
	bool mapped;

	cr_expect_eq(vb_disk_read(d, lba, n, buf), rc, "%lu from %lu on", n, lba);
	cr_expect_eq(vb_disk_write(d, lba, n, buf), rc, "%lu from %lu on", n, lba);
	cr_expect_eq(vb_disk_unmap(d, lba, n), rc, "%lu from %lu on", n, lba);
	cr_expect_eq(vb_disk_write_same(d, lba, n, buf), rc, "%lu from %lu on", n, lba);
	buf[0] ^= 1;
	cr_expect_eq(vb_disk_write_same(d, lba, n, buf), rc, "%lu from %lu on", n, lba);
	if (lba >= vb_disk_blocks(d)) {
		cr_expect_eq(vb_disk_extent(d, lba, &got, &mapped), -ERANGE);
		cr_expect_not(vb_disk_is_mapped(d, lba));
	}
}

static void expect_ranges(struct vb_disk *d)
{
	const uint64_t blocks = vb_disk_blocks(d), len = vb_disk_block_len(d);

	expect_range(d, 0, 0, 0);
	expect_range(d, blocks, 0, 0);
	expect_range(d, blocks - 1, 1, 0);
	expect_range(d, blocks + 1, 0, -ERANGE);
	expect_range(d, blocks, 1, -ERANGE);
	expect_range(d, blocks - 1, 2, -ERANGE);
	expect_range(d, 0, blocks + 1, -ERANGE);
	expect_range(d, 0, UINT64_MAX, -ERANGE);
	expect_range(d, 1, UINT64_MAX, -ERANGE);
	expect_range(d, UINT64_MAX, 1, -ERANGE);
	expect_range(d, UINT64_MAX, UINT64_MAX, -ERANGE);
	expect_range(d, UINT64_MAX / len + 1, 1, -ERANGE);
	expect_range(d, 1, UINT64_MAX / len + 1, -ERANGE);
	vb_disk_free(d);
}

Test(disk, ranges)
{
	for (size_t i = 0; i < 2; i++) {
		int fd = disk_file(10 * block_lens[i]);

		expect_ranges(disk_in_memory(block_lens[i], 100, MIB));
		expect_ranges(disk_on(fd, block_lens[i], 100, false));
		disk_expect_file(fd, 0, 10 * block_lens[i]);
		expect_ranges(disk_on(fd, block_lens[i], 0, true));
		close(fd);
	}
}

/* Each block as it was written last, over the ends of pieces. */
static void expect_writes(struct vb_disk *d)
{
	const uint64_t piece = PIECE / vb_disk_block_len(d);

	cr_assert_eq(disk_put(d, piece - 3, 2 * piece + 5, 1), 0);
	cr_assert_eq(disk_put(d, piece + 1, 1, 2), 0);
	cr_assert_eq(disk_put(d, 2 * piece - 1, 2, 3), 0);
	disk_expect(d, piece - 3, 4, 1);
	disk_expect(d, piece + 1, 1, 2);
	disk_expect(d, piece + 2, piece - 3, 1);
	disk_expect(d, 2 * piece - 1, 2, 3);
	disk_expect(d, 2 * piece + 1, piece + 1, 1);
	cr_assert_eq(vb_disk_unmap(d, piece, 2 * piece - 1), 0);
	disk_expect(d, piece - 3, 3, 1);
	disk_expect(d, piece, 2 * piece - 1, 0);
	disk_expect(d, 3 * piece - 1, 3, 1);
	cr_assert_eq(vb_disk_sync(d), 0);
	vb_disk_free(d);
}

Test(disk, writes)
{
	for (size_t i = 0; i < 2; i++) {
		int fd = disk_file(5 * PIECE);

		expect_writes(disk_in_memory(block_lens[i], 5 * PIECE / block_lens[i], 4 * PIECE));
		expect_writes(disk_on(fd, block_lens[i], 0, false));
		disk_expect_file(fd, 0, 5 * PIECE);
		expect_writes(disk_on(fd, block_lens[i], 0, true));
		close(fd);
	}
}

static void expect_write_same(struct vb_disk *d)
{
	uint8_t block[4096] = { 0 };

	memset(block, 7, vb_disk_block_len(d));
	cr_assert_eq(vb_disk_write_same(d, 5, 500, block), 0);
	disk_expect(d, 5, 500, 7);
	memset(block, 0, sizeof(block));
	block[vb_disk_block_len(d) - 1] = 1;
	cr_assert_eq(vb_disk_write_same(d, 505, 1, block), 0);
	cr_expect(vb_disk_is_mapped(d, 505), "not all is zero");
	memset(block, 0, sizeof(block));
	cr_assert_eq(vb_disk_write_same(d, 0, vb_disk_blocks(d), block), 0);
	disk_expect(d, 0, vb_disk_blocks(d), 0);
	disk_expect_extent(d, 0, vb_disk_blocks(d), false);
	vb_disk_free(d);
}

Test(disk, write_same)
{
	int fd = disk_file(4096 * 600);

	expect_write_same(disk_in_memory(512, 600, MIB));
	expect_write_same(disk_in_memory(4096, 600, 4 * MIB));
	expect_write_same(disk_on(fd, 512, 0, false));
	expect_write_same(disk_on(fd, 4096, 0, false));
	disk_expect_file(fd, 0, 4096 * 600);
	expect_write_same(disk_on(fd, 512, 0, true));
	expect_write_same(disk_on(fd, 4096, 0, true));
	close(fd);
}

static void expect_resizes(struct vb_disk *d)
{
	const uint64_t piece = PIECE / vb_disk_block_len(d);

	cr_assert_eq(vb_disk_resize(d, 3 * piece), 0);
	cr_assert_eq(disk_put(d, 0, 3 * piece, 1), 0);
	cr_assert_eq(vb_disk_resize(d, piece + 3), 0);
	cr_expect_eq(vb_disk_blocks(d), piece + 3);
	cr_expect_eq(disk_put(d, piece + 3, 1, 1), -ERANGE);
	cr_assert_eq(vb_disk_resize(d, 4000 * piece), 0);
	disk_expect(d, 0, piece + 3, 1);
	disk_expect(d, piece + 3, 3 * piece, 0);
	disk_expect(d, 4000 * piece - 1, 1, 0);
	cr_assert_eq(disk_put(d, 4000 * piece - 1, 1, 2), 0);
	disk_expect(d, 4000 * piece - 1, 1, 2);
	cr_expect_eq(vb_disk_resize(d, 0), -EINVAL);
	cr_expect_eq(vb_disk_resize(d, VB_DISK_MAX_LEN / vb_disk_block_len(d) + 1), -EFBIG);
	cr_expect_eq(vb_disk_resize(d, UINT64_MAX), -EFBIG);
	cr_expect_eq(vb_disk_blocks(d), 4000 * piece);
	vb_disk_free(d);
}

Test(disk, resize)
{
	for (size_t i = 0; i < 2; i++) {
		int fd = disk_file(5 * PIECE);

		expect_resizes(disk_in_memory(block_lens[i], 7, 4 * PIECE));
		expect_resizes(disk_on(fd, block_lens[i], 0, false));
		disk_expect_file(fd, 0, 5 * PIECE);
		expect_resizes(disk_on(fd, block_lens[i], 0, true));
		cr_expect_eq(disk_file_len(fd), 4000 * PIECE);
		close(fd);
	}
}

/* ---- memory ---- */

/* A piece is released with the last of its blocks. */
Test(disk, memory_that_is_held)
{
	struct vb_disk *d = disk_in_memory(512, 1000, MIB);

	cr_expect_eq(vb_disk_held(d), 0);
	cr_assert_eq(disk_put(d, 130, 1, 1), 0);
	cr_assert_eq(disk_put(d, 133, 2, 1), 0);
	cr_expect_eq(vb_disk_held(d), PIECE);
	cr_assert_eq(disk_put(d, 127, 1, 1), 0);
	cr_expect_eq(vb_disk_held(d), 2 * PIECE);
	cr_assert_eq(vb_disk_unmap(d, 100, 34), 0);
	cr_expect_eq(vb_disk_held(d), PIECE);
	disk_expect(d, 134, 1, 1);
	cr_assert_eq(vb_disk_unmap(d, 134, 1), 0);
	cr_expect_eq(vb_disk_held(d), 0);
	cr_assert_eq(disk_put(d, 0, 1000, 1), 0);
	cr_assert_eq(vb_disk_resize(d, 1), 0);
	cr_expect_eq(vb_disk_held(d), PIECE);
	vb_disk_free(d);
}

Test(disk, extents_of_memory)
{
	struct vb_disk *d = disk_in_memory(512, 1000000, MIB);

	disk_expect_extent(d, 0, 1000000, false);
	disk_expect_extent(d, 999999, 1, false);
	cr_assert_eq(disk_put(d, 100, 400, 1), 0);
	cr_assert_eq(vb_disk_unmap(d, 300, 1), 0);
	disk_expect_extent(d, 0, 100, false);
	disk_expect_extent(d, 100, 200, true);
	disk_expect_extent(d, 150, 150, true);
	disk_expect_extent(d, 300, 1, false);
	disk_expect_extent(d, 301, 199, true);
	disk_expect_extent(d, 500, 999500, false);
	vb_disk_free(d);
}

Test(disk, memory_is_used_up)
{
	struct vb_disk *d = disk_in_memory(512, 100000, 3 * PIECE + 1000);
	uint8_t block[512] = { 1 };

	cr_assert_eq(disk_put(d, 0, 384, 1), 0);
	cr_expect_eq(disk_put(d, 384, 1, 2), -ENOSPC);
	cr_expect_eq(disk_put(d, 50000, 1, 2), -ENOSPC);
	cr_expect_eq(vb_disk_write_same(d, 384, 90000, block), -ENOSPC);
	cr_expect_eq(disk_put(d, 383, 1, 3), 0, "it is there already");
	disk_expect(d, 384, 99616, 0);
	cr_expect_eq(vb_disk_held(d), 3 * PIECE);
	cr_assert_eq(vb_disk_unmap(d, 128, 128), 0);
	cr_expect_eq(disk_put(d, 50000, 1, 2), 0);
	disk_expect(d, 50000, 1, 2);
	disk_expect(d, 0, 128, 1);
	disk_expect(d, 128, 128, 0);
	disk_expect(d, 383, 1, 3);
	vb_disk_free(d);
	d = disk_in_memory(512, 100, PIECE - 1);
	cr_expect_eq(disk_put(d, 0, 1, 1), -ENOSPC);
	cr_expect_eq(vb_disk_unmap(d, 0, 100), 0);
	vb_disk_free(d);
}

/* Pieces as far from each other as can be: what keeps track of them is no reason to fail. */
Test(disk, memory_far_apart)
{
	struct vb_disk *d = disk_in_memory(512, 64 * TIB / 512, MIB);

	for (uint64_t i = 0; i < 16; i++)
		cr_assert_eq(disk_put(d, i * TIB / 512 * 4 + i, 1, (uint8_t)(i + 1)), 0);
	cr_expect_eq(disk_put(d, 64 * TIB / 512 - 1, 1, 1), -ENOSPC);
	for (uint64_t i = 0; i < 16; i++)
		disk_expect(d, i * TIB / 512 * 4 + i, 1, (uint8_t)(i + 1));
	vb_disk_free(d);
}

/* As large as can be: nothing takes time or memory for blocks that are not there. */
static void expect_huge(uint32_t block_len)
{
	const uint64_t blocks = VB_DISK_MAX_LEN / block_len, many = UINT64_C(1) << 32;
	struct vb_disk *d = disk_in_memory(block_len, 1, MIB);
	const uint8_t zeros[4096] = { 0 };

	cr_assert_eq(vb_disk_resize(d, blocks), 0);
	disk_expect_extent(d, 0, blocks, false);
	cr_assert_eq(disk_put(d, 0, 1, 1), 0);
	cr_assert_eq(disk_put(d, blocks / 2 + 5, 1, 2), 0);
	cr_assert_eq(disk_put(d, blocks - 1, 1, 3), 0);
	disk_expect_extent(d, 1, blocks / 2 + 4, false);
	disk_expect_extent(d, blocks / 2 + 5, 1, true);
	disk_expect_extent(d, blocks / 2 + 6, blocks / 2 - 7, false);
	cr_expect_eq(vb_disk_held(d), 3 * PIECE);
	cr_assert_eq(vb_disk_unmap(d, 1, blocks - 2), 0);
	disk_expect(d, blocks / 2 + 5, 1, 0);
	disk_expect(d, 0, 1, 1);
	disk_expect(d, blocks - 1, 1, 3);
	cr_assert_eq(vb_disk_write_same(d, 0, many, zeros), 0);
	cr_assert_eq(vb_disk_write_same(d, blocks - many, many, zeros), 0);
	cr_expect_eq(vb_disk_held(d), 0);
	cr_assert_eq(vb_disk_resize(d, 1), 0);
	vb_disk_free(d);
}

Test(disk, huge, .timeout = 20)
{
	expect_huge(512);
	expect_huge(4096);
}
