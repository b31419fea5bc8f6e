/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks and the files they are on, and what should be on them; a test fails where it is not. */
#ifndef VB_DISK_MADE_H
#define VB_DISK_MADE_H

#include "replay/host/disk.h"

#define PIECE 65536u
#define MIB (UINT64_C(1) << 20)
#define TIB (UINT64_C(1) << 40)

struct vb_disk *disk_make(const struct vb_disk_options *o);
struct vb_disk *disk_in_memory(uint32_t block_len, uint64_t n_blocks, uint64_t max_memory);
/* A disk on a file, which stays open here; at most 16 MiB of memory over it. */
struct vb_disk *disk_on(int fd, uint32_t block_len, uint64_t n_blocks, bool writable);

/* A file in memory of these bytes, none of them 0. */
int disk_file(uint64_t len);
uint8_t disk_file_byte(uint64_t i);
uint64_t disk_file_len(int fd);
/* That part of the file is as disk_file() made it. */
void disk_expect_file(int fd, uint64_t from, uint64_t len);

/* Write blocks that are full of one value; as vb_disk_write(). */
int disk_put(struct vb_disk *d, uint64_t lba, uint64_t n, uint8_t value);
void disk_expect(struct vb_disk *d, uint64_t lba, uint64_t n, uint8_t value);
/* The blocks are those of disk_file(). */
void disk_expect_through(struct vb_disk *d, uint64_t lba, uint64_t n);
/* What vb_disk_extent() and vb_disk_is_mapped() have to say. */
void disk_expect_extent(const struct vb_disk *d, uint64_t lba, uint64_t n, bool mapped);

#endif
