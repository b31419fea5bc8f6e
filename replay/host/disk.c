/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a disk. Reading looks at the pieces in memory first, then at the file; a memory disk
 * has no file below, a writable file no pieces above it.
 */
#include "replay/host/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/host/disk_pieces.h"

#define MAX_BLOCK_LEN 4096u
#define FILL_LEN 65536u /* written at once where one block is written many times */

struct vb_disk {
	uint32_t block_len;
	uint64_t n_blocks;
	int fd; /* -1: memory */
	bool writable;
	uint64_t file_end; /* bytes of the file that are bytes of the disk; behind them are zeros */
	struct vb_pieces pieces;
};

static const uint8_t zero_block[MAX_BLOCK_LEN];

static uint64_t min_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- the file ---- */

static int read_file(const struct vb_disk *d, uint64_t off, uint64_t len, uint8_t *buf)
{
	ssize_t got;

	for (; len; off += (uint64_t)got, buf += got, len -= (uint64_t)got) {
		got = TEMP_FAILURE_RETRY(pread(d->fd, buf, len, (off_t)off));
		if (got <= 0)
			return got ? -errno : -EIO;
	}
	return 0;
}

static int write_file(const struct vb_disk *d, uint64_t off, uint64_t len, const uint8_t *buf)
{
	ssize_t put;

	for (; len; off += (uint64_t)put, buf += put, len -= (uint64_t)put) {
		put = TEMP_FAILURE_RETRY(pwrite(d->fd, buf, len, (off_t)off));
		if (put <= 0)
			return put ? -errno : -EIO;
	}
	return 0;
}

static int set_file_len(int fd, uint64_t len)
{
	return TEMP_FAILURE_RETRY(ftruncate(fd, (off_t)len)) ? -errno : 0;
}

/* Blocks that have at least a byte of the file. */
static uint64_t file_blocks(const struct vb_disk *d)
{
	return (d->file_end + d->block_len - 1) / d->block_len;
}

/*
 * Whether the file keeps bytes for a block, and how many of n from it on are alike; there may be more.
 * A file system that has no holes, or cannot tell, keeps all.
 */
static bool is_file_mapped(const struct vb_disk *d, uint64_t lba, uint64_t n, uint64_t *ret_n)
{
	off_t data = lseek(d->fd, (off_t)(lba * d->block_len), SEEK_DATA), hole;

	*ret_n = n;
	if (data < 0)
		return errno != ENXIO; /* it has no more data */
	if ((uint64_t)data / d->block_len > lba) {
		*ret_n = min_of(n, (uint64_t)data / d->block_len - lba);
		return false;
	}
	hole = lseek(d->fd, data, SEEK_HOLE);
	if (hole > data)
		*ret_n = min_of(n, ((uint64_t)hole - 1) / d->block_len + 1 - lba);
	return true;
}

/* A block n times; there is no system call for that. */
static int fill_file(const struct vb_disk *d, uint64_t lba, uint64_t n, const uint8_t *block)
{
	uint64_t most = FILL_LEN / d->block_len, step;
	uint8_t *many = malloc(FILL_LEN);
	int rc = 0;

	if (!many)
		return -ENOMEM;
	for (uint64_t i = 0; i < most; i++)
		memcpy(many + i * d->block_len, block, d->block_len);
	for (; n && !rc; lba += step, n -= step) {
		step = min_of(n, most);
		rc = write_file(d, lba * d->block_len, step * d->block_len, many);
	}
	free(many);
	return rc;
}

/* For a file system without holes: where there is nothing, nothing is written. */
static int fill_file_with_zeros(const struct vb_disk *d, uint64_t lba, uint64_t n)
{
	uint64_t step;
	int rc = 0;

	for (; n && !rc; lba += step, n -= step) {
		if (is_file_mapped(d, lba, n, &step))
			rc = fill_file(d, lba, step, zero_block);
	}
	return rc;
}

static int unmap_file(const struct vb_disk *d, uint64_t lba, uint64_t n)
{
	const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	off_t off = (off_t)(lba * d->block_len), len = (off_t)(n * d->block_len);

	if (!n || !TEMP_FAILURE_RETRY(fallocate(d->fd, mode, off, len)))
		return 0;
	if (errno == EOPNOTSUPP || errno == ENOSYS)
		return fill_file_with_zeros(d, lba, n);
	return -errno;
}

/* ---- a disk ---- */

static int check_len(uint32_t block_len, uint64_t n_blocks)
{
	if (!n_blocks)
		return -EINVAL;
	return n_blocks > VB_DISK_MAX_LEN / block_len ? -EFBIG : 0;
}

static int take_file(struct vb_disk *d)
{
	int flags = fcntl(d->fd, F_GETFL);
	struct stat st;
	off_t end;

	if (flags < 0 || fstat(d->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return -EINVAL;
	flags &= O_ACCMODE | O_APPEND;
	if (d->writable ? flags != O_RDWR : (flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	end = lseek(d->fd, 0, SEEK_END); /* a block device has no length in st */
	if (end < 0)
		return -errno;
	d->file_end = (uint64_t)end;
	if (!d->n_blocks)
		d->n_blocks = d->file_end / d->block_len;
	return 0;
}

/* A writable file has all of the disk's blocks. */
static int lengthen_file(struct vb_disk *d)
{
	uint64_t len = d->n_blocks * d->block_len;
	int rc = len > d->file_end ? set_file_len(d->fd, len) : 0;

	d->file_end = len;
	return rc;
}

static int start(struct vb_disk *d)
{
	int rc = d->fd < 0 ? 0 : take_file(d);

	if (!rc)
		rc = check_len(d->block_len, d->n_blocks);
	if (rc)
		return rc;
	return d->writable ? lengthen_file(d) : vb_pieces_reach(&d->pieces, d->n_blocks);
}

int vb_disk_new(const struct vb_disk_options *o, struct vb_disk **ret_disk)
{
	struct vb_disk *d = calloc(1, sizeof(*d));
	int rc = -EINVAL;

	if (!d) {
		if (o->fd >= 0)
			close(o->fd);
		return -ENOMEM;
	}
	d->block_len = o->block_len;
	d->n_blocks = o->n_blocks;
	d->fd = o->fd;
	d->writable = o->writable && o->fd >= 0;
	if (o->block_len == 512 || o->block_len == MAX_BLOCK_LEN) {
		vb_pieces_init(&d->pieces, o->block_len, o->max_memory);
		rc = start(d);
	}
	if (rc)
		vb_disk_free(d);
	else
		*ret_disk = d;
	return rc;
}

void vb_disk_free(struct vb_disk *d)
{
	if (!d)
		return;
	vb_pieces_done(&d->pieces);
	if (d->fd >= 0)
		close(d->fd);
	free(d);
}

uint64_t vb_disk_blocks(const struct vb_disk *d)
{
	return d->n_blocks;
}

uint32_t vb_disk_block_len(const struct vb_disk *d)
{
	return d->block_len;
}

uint64_t vb_disk_held(const struct vb_disk *d)
{
	return d->pieces.held;
}

static int check_range(const struct vb_disk *d, uint64_t lba, uint64_t n)
{
	return lba > d->n_blocks || n > d->n_blocks - lba ? -ERANGE : 0;
}

/* What the pieces say of a block, and of how many from it on; a writable file has none. */
static enum vb_block_state run_at(const struct vb_disk *d, uint64_t lba, uint64_t n,
				  uint64_t *ret_n, uint8_t **ret_bytes)
{
	if (!d->writable)
		return vb_pieces_run(&d->pieces, lba, n, ret_n, ret_bytes);
	*ret_n = n;
	*ret_bytes = NULL;
	return VB_BLOCK_BELOW;
}

static int read_below(const struct vb_disk *d, uint64_t lba, uint64_t n, uint8_t *buf)
{
	uint64_t off = lba * d->block_len, len = n * d->block_len;
	uint64_t in_file = off < d->file_end ? min_of(len, d->file_end - off) : 0;

	memset(buf + in_file, 0, len - in_file);
	return read_file(d, off, in_file, buf);
}

int vb_disk_read(struct vb_disk *d, uint64_t lba, uint64_t n, uint8_t *buf)
{
	int rc = check_range(d, lba, n);
	enum vb_block_state state;
	uint64_t step;
	uint8_t *bytes;

	for (; n && !rc; lba += step, n -= step, buf += step * d->block_len) {
		state = run_at(d, lba, n, &step, &bytes);
		if (state == VB_BLOCK_DATA)
			memcpy(buf, bytes, step * d->block_len);
		else if (state == VB_BLOCK_ZERO)
			memset(buf, 0, step * d->block_len);
		else
			rc = read_below(d, lba, step, buf);
	}
	return rc;
}

int vb_disk_write(struct vb_disk *d, uint64_t lba, uint64_t n, const uint8_t *buf)
{
	int rc = check_range(d, lba, n);
	uint64_t step;
	uint8_t *bytes;

	if (!rc && d->writable)
		return write_file(d, lba * d->block_len, n * d->block_len, buf);
	for (; n && !rc; lba += step, n -= step, buf += step * d->block_len) {
		rc = vb_pieces_hold(&d->pieces, lba, n, &step, &bytes);
		if (!rc)
			memcpy(bytes, buf, step * d->block_len);
	}
	return rc;
}

int vb_disk_unmap(struct vb_disk *d, uint64_t lba, uint64_t n)
{
	uint64_t end = file_blocks(d), over_file = lba < end ? min_of(n, end - lba) : 0;
	int rc = check_range(d, lba, n);

	if (rc)
		return rc;
	if (d->writable)
		return unmap_file(d, lba, n);
	vb_pieces_drop(&d->pieces, lba + over_file, n - over_file);
	return vb_pieces_hide(&d->pieces, lba, over_file);
}

static int fill_pieces(struct vb_disk *d, uint64_t lba, uint64_t n, const uint8_t *block)
{
	uint64_t step;
	uint8_t *bytes;
	int rc = 0;

	for (; n && !rc; lba += step, n -= step) {
		rc = vb_pieces_hold(&d->pieces, lba, n, &step, &bytes);
		for (uint64_t i = 0; i < step && !rc; i++)
			memcpy(bytes + i * d->block_len, block, d->block_len);
	}
	return rc;
}

int vb_disk_write_same(struct vb_disk *d, uint64_t lba, uint64_t n, const uint8_t *block)
{
	int rc = check_range(d, lba, n);

	if (rc)
		return rc;
	if (!memcmp(block, zero_block, d->block_len))
		return vb_disk_unmap(d, lba, n);
	return d->writable ? fill_file(d, lba, n, block) : fill_pieces(d, lba, n, block);
}

int vb_disk_sync(struct vb_disk *d)
{
	return d->writable && TEMP_FAILURE_RETRY(fdatasync(d->fd)) ? -errno : 0;
}

int vb_disk_resize(struct vb_disk *d, uint64_t n_blocks)
{
	uint64_t len = n_blocks * d->block_len;
	int rc = check_len(d->block_len, n_blocks);

	if (rc)
		return rc;
	rc = d->writable ? set_file_len(d->fd, len) : vb_pieces_reach(&d->pieces, n_blocks);
	if (rc)
		return rc;
	d->file_end = d->writable ? len : min_of(d->file_end, len);
	if (!d->writable && n_blocks < d->n_blocks)
		vb_pieces_drop(&d->pieces, n_blocks, d->n_blocks - n_blocks);
	d->n_blocks = n_blocks;
	return 0;
}

/* ---- what is mapped ---- */

/* What the file was found to be, up to a block: to ask it but once for many pieces over it. */
struct found {
	uint64_t end;
	bool mapped;
};

static bool is_run_mapped(const struct vb_disk *d, uint64_t lba, struct found *found,
			  uint64_t *ret_n)
{
	uint64_t end = file_blocks(d), n;
	uint8_t *bytes;
	enum vb_block_state state = run_at(d, lba, d->n_blocks - lba, ret_n, &bytes);

	if (state != VB_BLOCK_BELOW || lba >= end)
		return state == VB_BLOCK_DATA;
	if (lba >= found->end) {
		found->mapped = is_file_mapped(d, lba, end - lba, &n);
		found->end = lba + n;
	}
	*ret_n = min_of(*ret_n, found->end - lba);
	return found->mapped;
}

int vb_disk_extent(const struct vb_disk *d, uint64_t lba, uint64_t *ret_n, bool *ret_mapped)
{
	struct found found = { 0 };
	uint64_t end = lba, n;

	if (lba >= d->n_blocks)
		return -ERANGE;
	*ret_mapped = is_run_mapped(d, lba, &found, &n);
	do
		end += n;
	while (end < d->n_blocks && is_run_mapped(d, end, &found, &n) == *ret_mapped);
	*ret_n = end - lba;
	return 0;
}

bool vb_disk_is_mapped(const struct vb_disk *d, uint64_t lba)
{
	struct found found = { 0 };
	uint64_t n;

	return lba < d->n_blocks && is_run_mapped(d, lba, &found, &n);
}
