/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of RNDIS messages and of what stands in them (Linux 6.1 drivers/net/hyperv/hyperv_net.h and
 * include/linux/rndis.h). The layouts are rows, in proto/rndis.c.
 */
#ifndef VB_RNDIS_H
#define VB_RNDIS_H

enum vb_rndis {
	VB_RNDIS_PACKET = 1,
	VB_RNDIS_INITIALIZE = 2,
	VB_RNDIS_HALT = 3,
	VB_RNDIS_QUERY = 4,
	VB_RNDIS_SET = 5,
	VB_RNDIS_RESET = 6,
	VB_RNDIS_INDICATE_STATUS = 7,
	VB_RNDIS_KEEPALIVE = 8,
	VB_RNDIS_SET_EX = 9,
};

#define VB_RNDIS_COMPLETE 0x80000000u /* with the request's number: its answer */
#define VB_RNDIS_BODY 8u	      /* bytes of type and length; offsets count from behind them */
#define VB_RNDIS_PACKET_LEN 44u	      /* bytes of a frame's message up to per-packet information */

/* Statuses of answers, and those that are indicated. */
#define VB_RNDIS_SUCCESS 0u
#define VB_RNDIS_PENDING 0x00000103u
#define VB_RNDIS_CONNECT 0x4001000bu
#define VB_RNDIS_DISCONNECT 0x4001000cu
#define VB_RNDIS_SPEED_CHANGE 0x40010013u
#define VB_RNDIS_NETWORK_CHANGE 0x40010018u
#define VB_RNDIS_OFFLOAD_CHANGE 0x40020006u
#define VB_RNDIS_OVERFLOW 0x80000005u
#define VB_RNDIS_FAILURE 0xc0000001u
#define VB_RNDIS_RESOURCES 0xc000009au
#define VB_RNDIS_NOT_SUPPORTED 0xc00000bbu
#define VB_RNDIS_BAD_VERSION 0xc0010004u
#define VB_RNDIS_IN_RESET 0xc001000du
#define VB_RNDIS_INVALID_LENGTH 0xc0010014u
#define VB_RNDIS_INVALID_DATA 0xc0010015u
#define VB_RNDIS_TOO_SHORT 0xc0010016u
#define VB_RNDIS_INVALID_OID 0xc0010017u

/* Kinds of per-packet information. */
enum vb_rndis_info {
	VB_RNDIS_INFO_CHECKSUM = 0,
	VB_RNDIS_INFO_LARGE_SEND = 2,
	VB_RNDIS_INFO_VLAN = 6,
	VB_RNDIS_INFO_HASH = 8,
	VB_RNDIS_INFO_HASH_TYPE = 9,
};

#define VB_RNDIS_INFO_INTERNAL 0x80000000u /* with a number: of the switch's own kinds */
#define VB_RNDIS_INFO_PACKET_ID (VB_RNDIS_INFO_INTERNAL | 1)

#endif
