/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of trace files share: bytes by hand, files in a scratch place, events kept. */
#ifndef VB_TRACE_HELPERS_H
#define VB_TRACE_HELPERS_H

#include "capture/pcapng.h"

/* Growing bytes; the numbers in the byte order of the section that is being made. */
struct bytes {
	uint8_t *data;
	size_t len;
	bool big_endian;
};

void bytes_add(struct bytes *b, const void *data, size_t len);
void bytes_16(struct bytes *b, uint16_t v);
void bytes_32(struct bytes *b, uint32_t v);
void bytes_64(struct bytes *b, uint64_t v);
void bytes_option(struct bytes *b, uint16_t code, const void *value, uint16_t len);
void bytes_done(struct bytes *b);

/* Begin a block and end the one begun at start. */
size_t bytes_block(struct bytes *b, uint32_t type);
void bytes_block_end(struct bytes *b, size_t start);

/* Whole blocks. An interface without options when tsresol is the default. */
void bytes_section(struct bytes *b);
void bytes_interface(struct bytes *b, uint16_t linktype, uint8_t tsresol, int64_t tsoffset);
void bytes_packet(struct bytes *b, uint32_t interface, uint64_t ticks, const void *data,
		  uint32_t len);

/* Tags of ours and a record of kind 2 with n packet bytes and no external part. */
void bytes_record(struct bytes *b, uint32_t n);
#define RECORD_AT 16u /* where bytes_record() puts the header */

/* Events of a trace with copies of their bytes. */
struct events {
	struct vb_event *list;
	size_t n;
	struct vb_trace_info info;
	struct vb_device_stats devices[8]; /* the first ones */
	size_t n_devices;
	int result; /* of the last next(), or of opening */
	struct vb_err err;
};

/* Read to the end, chunk bytes at a time. */
void events_read(struct events *ret, const void *data, size_t len, size_t chunk);
void events_read_file(struct events *ret, const char *path);
void events_done(struct events *e);

/* A scratch file; the name must be freed. */
char *scratch_file(void);
uint8_t *file_bytes(const char *path, size_t *ret_len);

/* A writer on path with nothing but defaults. */
struct vb_trace_writer *writer_open(const char *path);

#endif
