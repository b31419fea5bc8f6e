/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng as these tools use it: constants shared by reader and writer, and the seams between the
 * layers that read a trace. Private to trace_*.c, source_file.c, device.c and their tests.
 *
 * bytes -> vb_blocks (source_file.c) -> whole blocks -> vb_trace_reader (trace_read.c) -> events
 */
#ifndef VB_PCAPNG_H
#define VB_PCAPNG_H

#include <string.h>
#include <sys/types.h>

#include "capture/event.h"

/* Block types. */
#define VB_BLOCK_SECTION 0x0a0d0d0au /* reads the same in both byte orders */
#define VB_BLOCK_INTERFACE 1u
#define VB_BLOCK_PACKET_OLD 2u
#define VB_BLOCK_PACKET_SIMPLE 3u
#define VB_BLOCK_STATISTICS 5u
#define VB_BLOCK_PACKET 6u

#define VB_BYTE_ORDER 0x1a2b3c4du
#define VB_BYTE_ORDER_SWAPPED 0x4d3c2b1au
#define VB_BLOCK_MIN 12u	     /* type and two lengths */
#define VB_BLOCK_SECTION_MIN 28u     /* and byte order, version, section length */
#define VB_BLOCK_MAX (16u << 20)     /* what other readers accept, too */
#define VB_BLOCK_STATISTICS_BODY 12u /* fixed part of the body: interface, time */
#define VB_BLOCK_PACKET_BODY 20u     /* the same, captured and original length */

/* Options; each block type counts anew. */
#define VB_OPT_END 0u
#define VB_OPT_SHB_HARDWARE 2u
#define VB_OPT_SHB_OS 3u
#define VB_OPT_SHB_USERAPPL 4u
#define VB_OPT_IF_NAME 2u
#define VB_OPT_IF_DESCRIPTION 3u
#define VB_OPT_IF_TSRESOL 9u
#define VB_OPT_IF_FILTER 11u
#define VB_OPT_IF_OS 12u
#define VB_OPT_IF_TSOFFSET 14u
#define VB_OPT_EPB_FLAGS 2u
#define VB_OPT_EPB_DROPCOUNT 4u
#define VB_OPT_EPB_QUEUE 6u
#define VB_OPT_ISB_IFRECV 4u
#define VB_OPT_ISB_IFDROP 5u
#define VB_OPT_ISB_FILTERACCEPT 6u
#define VB_OPT_ISB_OSDROP 7u
#define VB_OPT_ISB_USRDELIV 8u

#define VB_EPB_INBOUND 1u
#define VB_EPB_OUTBOUND 2u
#define VB_TSRESOL_DEFAULT 6u
#define VB_TSRESOL_NS 9u
#define VB_TSRESOL_BINARY 0x80u

#define VB_LINKTYPE_USER0 147u /* from here on: numbers our records may have of their own */
#define VB_SNAPLEN 262144u     /* longest packet data that other readers accept */

/* Tags in front of a record: big-endian tag and length, then the value. */
#define VB_TAG_END 0u
#define VB_TAG_DISSECTOR 12u
#define VB_TAG_DIRECTION 35u
#define VB_TAG_NAME "vmbus\0\0" /* with its final zero 8 bytes */
#define VB_TAG_NAME_LEN 8u

/* ---- devices and the interfaces that stand for them: device.c ---- */

/* What makes two records share an interface; control messages are the zero instance. */
struct vb_device_key {
	uint8_t hvsock; /* 1: all hv_sock connections are one interface */
	uint8_t instance[16];
};

#define VB_IF_NAME_MAX 64
#define VB_IF_DESCRIPTION_MAX 96

void vb_device_key_of(const struct vb_device *dev, struct vb_device_key *ret);
void vb_device_if_name(const struct vb_device *dev, char ret[VB_IF_NAME_MAX]);
void vb_device_if_description(const struct vb_device *dev, char ret[VB_IF_DESCRIPTION_MAX]);

/* The inverse; false when the name is none that vb_device_if_name() makes. */
bool vb_device_from_interface(const char *name, const char *description, struct vb_device *ret);

/* A map from key to number; a balanced tree, because the keys come from files of any origin. */
struct vb_device_index {
	void *root;
};

bool vb_device_index_find(const struct vb_device_index *ix, const struct vb_device_key *key,
			  uint32_t *ret);
int vb_device_index_add(struct vb_device_index *ix, const struct vb_device_key *key,
			uint32_t value);
void vb_device_index_done(struct vb_device_index *ix);

/* ---- whole blocks out of bytes: source_file.c ---- */

struct vb_block {
	uint32_t type;
	uint32_t body_len; /* without type and lengths */
	uint8_t *body;	   /* may be changed in place; lives until the next block is asked for */
	uint64_t offset;   /* where the block begins in the file */
	bool swap;	   /* the section has the other byte order */
};

/* ---- blocks on their way to a file: block_write.c ---- */

struct vb_out {
	int fd;
	bool own_fd, regular;
	char *name; /* for messages */
	uint8_t *buf;
	size_t len;	  /* whole blocks */
	size_t pos;	  /* end of the block being made */
	uint64_t written; /* bytes handed to the kernel */
	uint64_t tick_ns, oldest_ns, looked_ns;
	int failed; /* a failure is final; the same is said again */
	struct vb_err failure;
};

#define VB_STRING_MAX ((size_t)4096) /* of one option */

/* "-": standard output. To be followed by vb_out_done() whatever happens. */
int vb_out_open(struct vb_out *w, const char *path, struct vb_err *err);
int vb_out_flush(struct vb_out *w, struct vb_err *err);
int vb_out_tick(struct vb_out *w, uint64_t now_ns, uint64_t max_age_ns, struct vb_err *err);
int vb_out_close(struct vb_out *w, struct vb_err *err);
void vb_out_done(struct vb_out *w);

/* A block with at most n bytes of packet data and strings; there is room for no more. */
int vb_out_begin(struct vb_out *w, uint32_t type, size_t n, struct vb_err *err);
void vb_out_end(struct vb_out *w);

/* Parts of the block that was begun. */
void vb_out_put(struct vb_out *w, const void *bytes, size_t n);
void vb_out_16(struct vb_out *w, uint16_t v);
void vb_out_32(struct vb_out *w, uint32_t v);
void vb_out_padding(struct vb_out *w);
void vb_out_option(struct vb_out *w, uint16_t code, const void *value, uint16_t len);
void vb_out_option64(struct vb_out *w, uint16_t code, uint64_t value);
void vb_out_string(struct vb_out *w, uint16_t code, const char *s);

/* ---- events out of blocks: trace_read.c ---- */

/* What an interface block says; see trace_read.c. */
struct vb_interface;

struct vb_trace_reader {
	const char *name; /* of the file, for messages */
	struct vb_trace_info info;
	struct vb_interface *interfaces; /* of the current section */
	size_t n_interfaces;
	size_t max_interfaces;
	struct vb_device_stats *devices; /* of all sections */
	size_t n_devices;
	size_t max_devices;
	struct vb_device_index index; /* of devices */
	uint64_t n_packets;	      /* of any kind, as other tools number them */
};

/* Take one block in. 1: it held an event; 0: it did not; negative errno. */
int vb_trace_reader_block(struct vb_trace_reader *r, struct vb_block *b, struct vb_event *ret_event,
			  struct vb_err *err);

/* Forget everything; the reader can be used again. */
void vb_trace_reader_reset(struct vb_trace_reader *r);

/* The event in packet data; false when it is none of ours. */
bool vb_trace_decode(uint16_t linktype, uint8_t *data, uint32_t len, struct vb_event *ret);

/* ---- numbers in the byte order of the section ---- */

static inline uint16_t vb_get16(const struct vb_block *b, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return b->swap ? __builtin_bswap16(v) : v;
}

static inline uint32_t vb_get32(const struct vb_block *b, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return b->swap ? __builtin_bswap32(v) : v;
}

static inline uint64_t vb_get64(const struct vb_block *b, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return b->swap ? __builtin_bswap64(v) : v;
}

#endif
