/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/disk_made.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct vb_disk *disk_make(const struct vb_disk_options *o)
{
	struct vb_disk *d = NULL;

	cr_assert_eq(vb_disk_new(o, &d), 0);
	return d;
}

struct vb_disk *disk_in_memory(uint32_t block_len, uint64_t n_blocks, uint64_t max_memory)
{
	return disk_make(&(struct vb_disk_options){
		.block_len = block_len, .n_blocks = n_blocks, .fd = -1, .max_memory = max_memory });
}

/* What byte i of a file is. */
uint8_t disk_file_byte(uint64_t i)
{
	return (uint8_t)(i % 251 + 1);
}

int disk_file(uint64_t len)
{
	int fd = memfd_create("disk", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	uint8_t *bytes = malloc(len + 1);

	cr_assert(fd >= 0 && bytes);
	for (uint64_t i = 0; i < len; i++)
		bytes[i] = disk_file_byte(i);
	cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
	free(bytes);
	return fd;
}

/* A disk on a file, which stays open here. */
struct vb_disk *disk_on(int fd, uint32_t block_len, uint64_t n_blocks, bool writable)
{
	return disk_make(&(struct vb_disk_options){ .block_len = block_len,
						    .n_blocks = n_blocks,
						    .fd = dup(fd),
						    .writable = writable,
						    .max_memory = 16 * MIB });
}

uint64_t disk_file_len(int fd)
{
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	return (uint64_t)st.st_size;
}

void disk_expect_file(int fd, uint64_t from, uint64_t len)
{
	uint8_t *bytes = malloc(len + 1);

	cr_assert_eq(pread(fd, bytes, len, (off_t)from), (ssize_t)len);
	for (uint64_t i = 0; i < len; i++)
		cr_assert_eq(bytes[i], disk_file_byte(from + i), "byte %lu", from + i);
	free(bytes);
}

/* Blocks that are full of one value. */
int disk_put(struct vb_disk *d, uint64_t lba, uint64_t n, uint8_t value)
{
	uint64_t len = n * vb_disk_block_len(d);
	uint8_t *buf = malloc(len + 1);
	int rc;

	memset(buf, value, len);
	rc = vb_disk_write(d, lba, n, buf);
	free(buf);
	return rc;
}

void disk_expect(struct vb_disk *d, uint64_t lba, uint64_t n, uint8_t value)
{
	uint64_t len = n * vb_disk_block_len(d);
	uint8_t *buf = malloc(len + 1);

	memset(buf, 0xee, len + 1);
	cr_assert_eq(vb_disk_read(d, lba, n, buf), 0);
	for (uint64_t i = 0; i < len; i++)
		cr_assert_eq(buf[i], value, "byte %lu from block %lu on", i, lba);
	cr_assert_eq(buf[len], 0xee, "not behind them");
	free(buf);
}

/* As the file was made. */
void disk_expect_through(struct vb_disk *d, uint64_t lba, uint64_t n)
{
	uint32_t block_len = vb_disk_block_len(d);
	uint8_t *buf = malloc(n * block_len);

	cr_assert_eq(vb_disk_read(d, lba, n, buf), 0);
	for (uint64_t i = 0; i < n * block_len; i++)
		cr_assert_eq(buf[i], disk_file_byte(lba * block_len + i), "byte %lu", i);
	free(buf);
}

void disk_expect_extent(const struct vb_disk *d, uint64_t lba, uint64_t n, bool mapped)
{
	uint64_t got_n = 0;
	bool got = !mapped;

	cr_assert_eq(vb_disk_extent(d, lba, &got_n, &got), 0);
	cr_expect_eq(got, mapped, "block %lu", lba);
	cr_expect_eq(got_n, n, "from block %lu on %lu are alike, not %lu", lba, got_n, n);
	cr_expect_eq(vb_disk_is_mapped(d, lba), mapped);
}
