/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libpcap does for us: filter expressions on Ethernet frames, and plain pcap files of them. Only
 * libpcap.c sees its headers; libpcap_none.c is in its place where the program is built without.
 */
#ifndef VB_LIBPCAP_H
#define VB_LIBPCAP_H

#include "capture/classic.h"
#include "capture/event.h"

/* A frame as it would be on a wire. */
struct vb_pcap_frame {
	const uint8_t *data;
	uint32_t cap_len;  /* bytes at data */
	uint32_t wire_len; /* bytes the frame had */
	uint64_t time_ns;  /* since 1970-01-01 UTC */
};

/* ---- expressions: pcap-filter(7) ---- */

struct vb_pcap_filter;

/* -EINVAL: it is wrong, err says in one line how; -ENOTSUP: built without libpcap; -ENOMEM. */
int vb_pcap_filter_compile(const char *text, struct vb_pcap_filter **ret, struct vb_err *err);
/* What asks for bytes that were not captured does not match. */
bool vb_pcap_filter_match(const struct vb_pcap_filter *f, const struct vb_pcap_frame *frame);
/*
 * What it was compiled to: how many instructions, of which the first max ones are put to ret. 0: that
 * is not known.
 */
size_t vb_pcap_filter_program(const struct vb_pcap_filter *f, struct vb_classic *ret, size_t max);
void vb_pcap_filter_free(struct vb_pcap_filter *f);

/* ---- files: link type Ethernet, times in ns ---- */

struct vb_pcap_file;

/*
 * Create path ("-": standard output). An existing file is replaced. Frames are collected in memory,
 * and a write that fails leaves whole ones in the file.
 */
int vb_pcap_file_open(const char *path, struct vb_pcap_file **ret, struct vb_err *err);
int vb_pcap_file_write(struct vb_pcap_file *f, const struct vb_pcap_frame *frame,
		       struct vb_err *err);
int vb_pcap_file_flush(struct vb_pcap_file *f, struct vb_err *err);
/* Flush and close. Frees f whatever happens; accepts NULL. */
int vb_pcap_file_close(struct vb_pcap_file *f, struct vb_err *err);

/* The library and its version, or that there is none. */
const char *vb_pcap_version(void);

#endif
