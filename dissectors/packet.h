/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types of the packets on a ring (Linux 6.1 include/linux/hyperv.h, enum vmbus_packet_type; those
 * that Linux dropped later as that file had them). Their layouts are rows, in proto/ring.c.
 */
#ifndef VB_PACKET_H
#define VB_PACKET_H

enum vb_packet_type {
	VB_PACKET_INVALID = 0,
	VB_PACKET_SYNCH = 1,
	VB_PACKET_ADD_XFER_PAGE_SET = 2,
	VB_PACKET_RM_XFER_PAGE_SET = 3,
	VB_PACKET_ESTABLISH_GPADL = 4,
	VB_PACKET_TEARDOWN_GPADL = 5,
	VB_PACKET_IN_BAND = 6,
	VB_PACKET_XFER_PAGES = 7,
	VB_PACKET_GPADL_DATA = 8,
	VB_PACKET_GPA_DIRECT = 9,
	VB_PACKET_CANCEL_REQUEST = 10,
	VB_PACKET_COMPLETION = 11,
	VB_PACKET_ADDITIONAL_PACKET = 12,
	VB_PACKET_ADDITIONAL_DATA = 13,
};

#endif
