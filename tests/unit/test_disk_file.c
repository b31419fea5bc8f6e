/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a disk on a file: in memory over it, and in it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/disk_made.h"

/* ---- in the place of the C library's ---- */

static bool without_holes;
static unsigned int n_syncs;

int fallocate(int fd, int mode, off_t off, off_t len)
{
	if (without_holes) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return (int)syscall(SYS_fallocate, fd, mode, off, len);
}

int fdatasync(int fd)
{
	n_syncs++;
	return (int)syscall(SYS_fdatasync, fd);
}

/* ---- over a file ---- */

Test(disk_over, file_shows_through)
{
	int fd = disk_file(4096 * 50 + 700);
	struct vb_disk *d = disk_on(fd, 512, 1000, false);

	disk_expect_through(d, 0, 401);
	cr_assert_eq(disk_put(d, 3, 5, 0xff), 0);
	disk_expect_through(d, 0, 3);
	disk_expect(d, 3, 5, 0xff);
	disk_expect_through(d, 8, 393);
	disk_expect(d, 402, 598, 0);
	vb_disk_free(d);
	disk_expect_file(fd, 0, 4096 * 50 + 700);
	close(fd);
}

/* The rest of a file that is no block is the beginning of one where the disk is longer. */
Test(disk_over, part_of_a_block)
{
	int fd = disk_file(4096 + 700);
	struct vb_disk *d = disk_on(fd, 4096, 3, false);
	uint8_t buf[2 * 4096];

	memset(buf, 0xee, sizeof(buf));
	cr_assert_eq(vb_disk_read(d, 1, 2, buf), 0);
	for (uint32_t i = 0; i < sizeof(buf); i++)
		cr_assert_eq(buf[i], i < 700 ? disk_file_byte(4096 + i) : 0, "byte %u", i);
	disk_expect_extent(d, 0, 2, true);
	disk_expect_extent(d, 2, 1, false);
	cr_assert_eq(vb_disk_unmap(d, 1, 1), 0);
	disk_expect(d, 1, 2, 0);
	disk_expect_extent(d, 1, 2, false);
	vb_disk_free(d);
	close(fd);
}

Test(disk_over, unmapped_is_zero)
{
	int fd = disk_file(5 * PIECE);
	struct vb_disk *d = disk_on(fd, 512, 1000, false);

	cr_assert_eq(vb_disk_unmap(d, 100, 200), 0);
	cr_expect_eq(vb_disk_held(d), 0);
	disk_expect_through(d, 0, 100);
	disk_expect(d, 100, 200, 0);
	disk_expect_through(d, 300, 340);
	cr_assert_eq(disk_put(d, 150, 1, 9), 0);
	disk_expect_extent(d, 0, 100, true);
	disk_expect_extent(d, 100, 50, false);
	disk_expect_extent(d, 150, 1, true);
	disk_expect_extent(d, 151, 149, false);
	disk_expect_extent(d, 300, 340, true);
	disk_expect_extent(d, 640, 360, false);
	cr_assert_eq(vb_disk_unmap(d, 0, 1000), 0);
	cr_expect_eq(vb_disk_held(d), 0);
	disk_expect(d, 0, 1000, 0);
	disk_expect_extent(d, 0, 1000, false);
	vb_disk_free(d);
	disk_expect_file(fd, 0, 5 * PIECE);
	close(fd);
}

Test(disk_over, cut_off_is_zero)
{
	int fd = disk_file(5 * PIECE);
	struct vb_disk *d = disk_on(fd, 512, 0, false);

	cr_assert_eq(vb_disk_unmap(d, 250, 250), 0);
	cr_assert_eq(vb_disk_resize(d, 300), 0);
	cr_assert_eq(vb_disk_resize(d, 640), 0);
	disk_expect_through(d, 0, 250);
	disk_expect(d, 250, 390, 0);
	disk_expect_extent(d, 250, 390, false);
	vb_disk_free(d);
	d = disk_on(fd, 512, 100, false);
	cr_assert_eq(vb_disk_resize(d, 640), 0);
	disk_expect_through(d, 0, 640);
	vb_disk_free(d);
	disk_expect_file(fd, 0, 5 * PIECE);
	close(fd);
}

/* Its data: 64 KiB from 1 MiB on and from 1 TiB on. */
static int sparse_file(void)
{
	static const uint8_t bytes[PIECE] = { 1 };
	int fd = memfd_create("sparse", MFD_CLOEXEC);

	cr_assert_eq(pwrite(fd, bytes, PIECE, (off_t)MIB), PIECE);
	cr_assert_eq(pwrite(fd, bytes, PIECE, (off_t)TIB), PIECE);
	cr_assert_eq(ftruncate(fd, (off_t)(4 * TIB)), 0);
	return fd;
}

Test(disk_over, holes_of_the_file)
{
	int fd = sparse_file();
	struct vb_disk *d = disk_on(fd, 512, 16 * TIB / 512, false);

	disk_expect_extent(d, 0, MIB / 512, false);
	disk_expect_extent(d, MIB / 512, 128, true);
	disk_expect_extent(d, MIB / 512 + 128, (TIB - MIB) / 512 - 128, false);
	disk_expect_extent(d, TIB / 512, 128, true);
	disk_expect_extent(d, TIB / 512 + 128, 15 * TIB / 512 - 128, false);
	cr_assert_eq(disk_put(d, MIB / 512 - 2, 2, 1), 0);
	cr_assert_eq(disk_put(d, MIB / 512 + 128, 2, 1), 0);
	disk_expect_extent(d, 0, MIB / 512 - 2, false);
	disk_expect_extent(d, MIB / 512 - 2, 132, true);
	cr_assert_eq(vb_disk_unmap(d, 0, 16 * TIB / 512), 0);
	disk_expect_extent(d, 0, 16 * TIB / 512, false);
	cr_expect_eq(vb_disk_held(d), 0);
	vb_disk_free(d);
	close(fd);
}

/* What keeps track of blocks that are unmapped is bounded, and released as they become all alike. */
Test(disk_over, notes_are_used_up)
{
	struct vb_disk *d = disk_make(&(struct vb_disk_options){
		.block_len = 512, .fd = sparse_file(), .max_memory = 2 * PIECE });
	uint64_t lba = 0;

	for (int rc = 0; !rc; lba += 2)
		rc = vb_disk_unmap(d, lba, 1);
	cr_expect_eq(vb_disk_unmap(d, lba, 1), -ENOSPC);
	cr_expect_eq(disk_put(d, lba, 1, 1), -ENOSPC);
	cr_expect_gt(lba, 10 * 128, "more than ten pieces");
	cr_assert_eq(vb_disk_unmap(d, 0, vb_disk_blocks(d)), 0);
	cr_expect_eq(disk_put(d, lba, 1, 1), 0);
	disk_expect(d, lba - 1, 1, 0);
	disk_expect(d, lba, 1, 1);
	vb_disk_free(d);
}

/* There is room for those of 32 MiB, but not for others. */
Test(disk_over, notes_far_apart)
{
	const uint64_t far = 100 * MIB / 512;
	struct vb_disk *d = disk_make(&(struct vb_disk_options){
		.block_len = 512, .fd = sparse_file(), .max_memory = PIECE });

	cr_assert_eq(vb_disk_unmap(d, 1, 1), 0);
	cr_expect_eq(vb_disk_unmap(d, far, 1), -ENOSPC);
	cr_expect_eq(vb_disk_unmap(d, far, 128), -ENOSPC);
	cr_expect_eq(disk_put(d, far, 1, 1), -ENOSPC);
	cr_expect_eq(vb_disk_held(d), 0);
	cr_assert_eq(vb_disk_unmap(d, 0, 128), 0);
	cr_expect_eq(vb_disk_unmap(d, 128, vb_disk_blocks(d) - 128), 0);
	cr_expect_eq(disk_put(d, far, 1, 1), 0);
	vb_disk_free(d);
}

Test(disk_over, notes_are_released)
{
	struct vb_disk *d = disk_make(&(struct vb_disk_options){
		.block_len = 4096, .fd = sparse_file(), .max_memory = PIECE });

	for (uint64_t lba = 0; lba < 200 * MIB / 4096; lba += 4)
		cr_assert_eq(vb_disk_unmap(d, lba, 4), 0, "block %lu", lba);
	disk_expect(d, 0, 2 * MIB / 4096, 0);
	disk_expect_extent(d, 0, TIB / 4096, false);
	vb_disk_free(d);
}

/* ---- in a file ---- */

Test(disk_in, file_is_written)
{
	int fd = disk_file(100 * 512);
	struct vb_disk *d = disk_on(fd, 512, 0, true);
	uint8_t bytes[1024], other[1024];

	memset(other, 0xff, sizeof(other));
	cr_assert_eq(disk_put(d, 7, 2, 0xff), 0);
	cr_assert_eq(pread(fd, bytes, 1024, 7 * 512), 1024);
	cr_expect_arr_eq(bytes, other, 1024);
	disk_expect_file(fd, 0, 7 * 512);
	disk_expect_file(fd, 9 * 512, 91 * 512);
	cr_expect_eq(vb_disk_held(d), 0);
	vb_disk_free(d);
	close(fd);
}

Test(disk_in, file_is_lengthened)
{
	int fd = disk_file(1000);
	struct vb_disk *d = disk_on(fd, 512, 100, true);

	cr_expect_eq(disk_file_len(fd), 51200);
	disk_expect_through(d, 0, 1);
	disk_expect(d, 2, 98, 0);
	vb_disk_free(d);
	d = disk_on(fd, 512, 10, true);
	cr_expect_eq(disk_file_len(fd), 51200, "what is behind the disk is not touched");
	cr_assert_eq(vb_disk_resize(d, 20), 0);
	cr_expect_eq(disk_file_len(fd), 10240);
	vb_disk_free(d);
	disk_expect_file(fd, 0, 1000);
	close(fd);
}

static blkcnt_t file_use(int fd)
{
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	return st.st_blocks;
}

Test(disk_in, unmapped_is_released)
{
	int fd = disk_file(5 * PIECE);
	struct vb_disk *d = disk_on(fd, 4096, 0, true);
	blkcnt_t before = file_use(fd);

	cr_assert_eq(vb_disk_unmap(d, 16, 17), 0);
	cr_expect_eq(file_use(fd), before - 17 * 8);
	cr_expect_eq(disk_file_len(fd), 5 * PIECE);
	disk_expect_through(d, 0, 16);
	disk_expect(d, 16, 17, 0);
	disk_expect_through(d, 33, 47);
	disk_expect_extent(d, 0, 16, true);
	disk_expect_extent(d, 16, 17, false);
	disk_expect_extent(d, 33, 47, true);
	vb_disk_free(d);
	close(fd);
}

/* Blocks that are smaller than those of the file's memory. */
Test(disk_in, part_of_a_page_stays_mapped)
{
	int fd = disk_file(5 * PIECE);
	struct vb_disk *d = disk_on(fd, 512, 0, true);

	cr_assert_eq(vb_disk_unmap(d, 17, 16), 0);
	disk_expect_through(d, 0, 17);
	disk_expect(d, 17, 16, 0);
	disk_expect_through(d, 33, 7);
	disk_expect_extent(d, 17, 7, true);
	disk_expect_extent(d, 24, 8, false);
	disk_expect_extent(d, 32, 608, true);
	vb_disk_free(d);
	close(fd);
}

/* Zeros are written, but not where there is nothing: else this would never end. */
Test(disk_in, file_system_without_holes)
{
	int fd = sparse_file();
	struct vb_disk *d = disk_on(fd, 512, 0, true);

	without_holes = true;
	cr_assert_eq(disk_put(d, TIB / 512, 128, 1), 0);
	cr_assert_eq(vb_disk_unmap(d, 100, vb_disk_blocks(d) - 100), 0);
	disk_expect(d, MIB / 512, 128, 0);
	disk_expect(d, TIB / 512, 128, 0);
	disk_expect_extent(d, MIB / 512, 128, true);
	vb_disk_free(d);
	close(fd);
}

Test(disk_in, synchronized)
{
	int fd = disk_file(PIECE);
	struct vb_disk *d = disk_on(fd, 512, 0, false);

	cr_expect_eq(vb_disk_sync(d), 0);
	cr_expect_eq(n_syncs, 0);
	vb_disk_free(d);
	d = disk_on(fd, 512, 0, true);
	cr_expect_eq(vb_disk_sync(d), 0);
	cr_expect_eq(n_syncs, 1);
	vb_disk_free(d);
	close(fd);
}

/* ---- files that do not what they should ---- */

Test(disk_file, becomes_shorter)
{
	int fd = disk_file(5 * PIECE);
	struct vb_disk *over = disk_on(fd, 512, 0, false), *in = disk_on(fd, 512, 0, true);
	uint8_t buf[2 * 512];

	cr_assert_eq(disk_put(over, 500, 1, 1), 0);
	cr_assert_eq(ftruncate(fd, 300 * 512 + 10), 0);
	cr_expect_eq(vb_disk_read(over, 299, 2, buf), -EIO);
	cr_expect_eq(vb_disk_read(in, 299, 2, buf), -EIO);
	cr_expect_eq(vb_disk_read(over, 499, 2, buf), -EIO);
	cr_expect_eq(vb_disk_read(in, 639, 1, buf), -EIO);
	disk_expect(over, 500, 1, 1);
	disk_expect_through(over, 0, 300);
	disk_expect_through(in, 0, 300);
	vb_disk_free(over);
	vb_disk_free(in);
	close(fd);
}

Test(disk_file, refuses)
{
	int fd = disk_file(PIECE);
	struct vb_disk_options o = {
		.block_len = 512, .n_blocks = 129, .fd = dup(fd), .writable = true
	};
	struct vb_disk *d;

	cr_assert_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK), 0);
	cr_expect_eq(vb_disk_new(&o, &d), -EPERM);
	d = disk_on(fd, 512, 0, true);
	cr_expect_eq(vb_disk_resize(d, 100), -EPERM);
	cr_expect_eq(vb_disk_resize(d, 200), -EPERM);
	cr_expect_eq(vb_disk_blocks(d), 128);
	disk_expect_through(d, 0, 128);
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	cr_expect_eq(disk_put(d, 0, 1, 1), -EPERM);
	cr_expect_eq(vb_disk_unmap(d, 0, 1), -EPERM);
	cr_expect_eq(vb_disk_write_same(d, 0, 128, (const uint8_t[512]){ 1 }), -EPERM);
	without_holes = true;
	cr_expect_eq(vb_disk_unmap(d, 0, 128), -EPERM);
	disk_expect_through(d, 0, 128);
	vb_disk_free(d);
	close(fd);
}
