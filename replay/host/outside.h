/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory that packets and devices refer to: ranges of a packet, and lists of pages (GPADLs)
 * that a device shares with its guest. Nothing in it stays as it is while we look: what is decided
 * upon is copied first.
 */
#ifndef VB_OUTSIDE_H
#define VB_OUTSIDE_H

#include "replay/host/model.h"

/* One range of a packet. In a GPA packet its pages are named, in a transfer-page packet they are not. */
struct vb_hrange {
	uint32_t len, offset; /* bytes; offset: in the first page, or in the page set */
	size_t first_pfn;
	size_t n_pfns;
};

struct vb_hranges {
	struct vb_hrange *range;
	size_t n;
	uint64_t n_said; /* how many there are by the packet's own word, found or not */
	uint64_t *pfns;
	size_t n_pfns;
	uint64_t len; /* bytes of all ranges */
};

/*
 * The ranges of a packet, read once. 0; -ENOMEM; -EBADMSG: a range names fewer pages than it has
 * bytes for. Packets of other types have none. Ended with vb_hranges_done() whatever comes of it.
 */
int vb_hranges_read(const struct vb_frame *packet, struct vb_hranges *ret);
void vb_hranges_done(struct vb_hranges *r);

/*
 * Copy len bytes from or to a range of a GPA packet, beginning at offset in it. -ERANGE: the range is
 * shorter; -EFAULT: a page is outside the guest's memory.
 */
int vb_hrange_get(struct vb_hdevice *d, const struct vb_hranges *r, size_t i, uint32_t offset,
		  uint8_t *buf, uint32_t len);
int vb_hrange_put(struct vb_hdevice *d, const struct vb_hranges *r, size_t i, uint32_t offset,
		  const uint8_t *buf, uint32_t len);

/*
 * Bytes of a complete list that the guest made for the device's primary channel; whole pages are
 * counted. 0: there is none of that id.
 */
uint64_t vb_hgpadl_len(struct vb_hdevice *d, uint32_t id);
/* As above, in the bytes of such a list. -ENOENT: there is none. */
int vb_hgpadl_get(struct vb_hdevice *d, uint32_t id, uint64_t offset, uint8_t *buf, uint32_t len);
int vb_hgpadl_put(struct vb_hdevice *d, uint32_t id, uint64_t offset, const uint8_t *buf,
		  uint32_t len);

/* ---- the external part of a record ---- */

/* What a model gives the host's log of the bytes outside the ring: format.md, "External part". */
struct vb_hext {
	uint8_t *bytes; /* segments, as they stand in the record */
	size_t len, room;
	uint32_t wire_len; /* of all segments */
	bool cut;	   /* something is missing */
	bool failed;	   /* no memory */
};

/* Room for a segment's n captured bytes of wire_len; NULL: no memory. */
uint8_t *vb_hext_add(struct vb_hext *e, uint32_t range, uint32_t wire_len, uint32_t n,
		     uint32_t reason);

#endif
