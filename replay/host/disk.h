/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a disk: logical blocks in memory, on a raw file, or in memory over a file that stays
 * as it is. Memory is taken only for blocks that were written, in pieces of 64 KiB.
 *
 * Blocks are counted from 0. A block is mapped when something keeps bytes for it; one that is not
 * reads as zeros. A range of no blocks is no error where it may lie.
 */
#ifndef VB_HOST_DISK_H
#define VB_HOST_DISK_H

#include <stdbool.h>
#include <stdint.h>

#define VB_DISK_MAX_LEN (UINT64_C(64) << 40) /* bytes, of any disk */

struct vb_disk;

struct vb_disk_options {
	uint32_t block_len; /* 512 or 4096 */
	/*
	 * 0: as many as the file has, a rest of it left out. A file may have more: they stay as they are,
	 * and are there when the disk grows over a file.
	 */
	uint64_t n_blocks;
	/*
	 * -1: memory. Else a file or block device for reading, or reading and writing (not O_APPEND); it is
	 * the disk's from then on, and its offset moves. A file with holes has blocks that are not mapped.
	 */
	int fd;
	/*
	 * Of a file only: writes go to it, and it is made as long as the disk if it is shorter. Else they
	 * go to memory, the file never changes, and the disk is zero behind its end.
	 */
	bool writable;
	/*
	 * Bytes of blocks in memory, in whole pieces. To keep track of them, and of what is unmapped over
	 * a file, takes an eighth of it more at most, besides 8 bytes for each 32 MiB of the disk.
	 */
	uint64_t max_memory;
};

/*
 * 0 and the disk, or, with the file closed all the same: -EINVAL: no such length of blocks, no block at
 * all, or neither regular file nor block device; -EFBIG: longer than VB_DISK_MAX_LEN; -EBADF: the file was not opened for
 * that; -ENOMEM; or what the file says.
 */
int vb_disk_new(const struct vb_disk_options *o, struct vb_disk **ret_disk);
void vb_disk_free(struct vb_disk *d);

uint64_t vb_disk_blocks(const struct vb_disk *d);
uint32_t vb_disk_block_len(const struct vb_disk *d);
/* Bytes of memory that hold blocks, a multiple of 64 KiB; 0 for a writable file. */
uint64_t vb_disk_held(const struct vb_disk *d);

/*
 * All of these: -ERANGE: part of it is beyond the end, and nothing was done. Other errors may come when
 * part of it is done: those of the file; -EIO: the file has become shorter than it was; -ENOSPC:
 * max_memory is used up, or the machine has no more; -ENOMEM: no memory to fill a file from.
 */
int vb_disk_read(struct vb_disk *d, uint64_t lba, uint64_t n, uint8_t *buf);
int vb_disk_write(struct vb_disk *d, uint64_t lba, uint64_t n, const uint8_t *buf);
/*
 * Zeros from now on, and what held the blocks is released: memory once no block of its piece is in use;
 * of a file what its file system can release, and where it cannot, zeros are written. -ENOSPC over a
 * file only: that blocks are unmapped has to be kept. Blocks that nothing is kept for take next to no
 * time: all of the largest disk some milliseconds.
 */
int vb_disk_unmap(struct vb_disk *d, uint64_t lba, uint64_t n);
/* One block, n times. Zeros: as unmapping them. Else it takes as long as writing does: bound n. */
int vb_disk_write_same(struct vb_disk *d, uint64_t lba, uint64_t n, const uint8_t *block);

/* What was written is on the device that the file is on. Nothing to do for the others. */
int vb_disk_sync(struct vb_disk *d);

/*
 * Make it longer or shorter. What is cut off is gone: it is zero when the disk grows again. A writable
 * file then is as long as the disk. Errors as of vb_disk_new(); the disk is as before.
 */
int vb_disk_resize(struct vb_disk *d, uint64_t n_blocks);

/*
 * Whether a block is mapped, and how many blocks from it on are alike, itself counted. Blocks of a file
 * that are smaller than what its file system can release may stay mapped. -ERANGE: no such block.
 */
int vb_disk_extent(const struct vb_disk *d, uint64_t lba, uint64_t *ret_n, bool *ret_mapped);
/* That of one block; one beyond the end is not. */
bool vb_disk_is_mapped(const struct vb_disk *d, uint64_t lba);

#endif
