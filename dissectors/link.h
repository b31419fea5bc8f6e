/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots by which session.c hands its findings to the rows of proto/link.c.
 */
#ifndef VB_LINK_H
#define VB_LINK_H

enum vb_link_slot {
	VB_LINK_REQUEST = 1,
	VB_LINK_RESPONSE,
	VB_LINK_LATENCY,
	VB_LINK_PART_OF,
	VB_LINK_PART,
	VB_LINK_JOINED,
	VB_LINK_TOTAL,
	VB_LINK_DEPTH,
};

#endif
