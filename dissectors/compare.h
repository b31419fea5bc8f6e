/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two frames, field by field: what differs between a message and the one it should have been.
 *
 * Fields are paired by their permanent names, elements of arrays by name and index. Reserved bytes
 * are no fields while they are zero, nor is a text that is empty: a value there against none says
 * that the other is zero, or empty.
 */
#ifndef VB_COMPARE_H
#define VB_COMPARE_H

#include "sinks.h"
#include "wire.h"

/* One difference. The items and texts are valid during the call. */
struct vb_diff {
	/*
	 * Permanent name, with the index of each element: "vmbus.gpadl_header.range[0].pfn[1]"; bytes
	 * that no row describes: "gaps.hv_ring[0]", by the protocol the frame begins with.
	 */
	const char *path;
	const char *text[2]; /* as vb_item_text() gives it; NULL: this frame has no such field */
	const struct vb_item *item[2]; /* NULL likewise; .row is NULL for gaps */
	uint32_t first;		       /* first byte that differs, of fields that are bytes */
	bool ignored;		       /* one of the fields that may differ */
};

struct vb_compare {
	/*
	 * Fields that may differ, by their names without indices. "a.b" is the field and all that is
	 * inside it, its bits for example; "a.b.*" is what is inside it only; "gaps.*" all gaps.
	 */
	const char *const *ignore;
	size_t n_ignore;
	void (*differs)(void *ctx, const struct vb_diff *d); /* in wire order; may be NULL */
	void *ctx;
};

struct vb_compared {
	/*
	 * The protocols and messages of both frames, outermost first, are the same. If they are not,
	 * nothing was compared: all counts are zero, and n_common layers agree before the first that
	 * does not.
	 */
	bool same_message;
	unsigned int n_common;
	struct vb_walked walked[2];
	uint32_t n_fields; /* that either frame has; an integer with bits is as many fields as bits */
	uint32_t n_differ;  /* of them differ, or are missing in one frame */
	uint32_t n_ignored; /* of them differ and may; not in n_differ */
	uint32_t n_cut;	    /* of them cannot be compared: the capture kept too little of one */
};

/*
 * Compare two frames that begin with proto; what is known about each (class, versions) stands in the
 * frame, see vb_session_prepare(). 0, also when they differ, or -ENOMEM.
 */
int vb_compare(const struct vb_proto *proto, const struct vb_frame *a, const struct vb_frame *b,
	       const struct vb_compare *c, struct vb_compared *ret);

/*
 * Append what a frame is, outermost protocol first: "hv_ring.in_band > hv_pipe > hv_icmsg.kvp". A
 * message of a number that no row describes is its protocol's name and "?".
 */
void vb_compare_stack(struct vb_buf *out, const struct vb_walked *w);

#endif
