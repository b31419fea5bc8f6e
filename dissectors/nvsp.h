/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of the messages between a network device and the virtual switch, and of what stands in them
 * (Linux 6.1 drivers/net/hyperv/hyperv_net.h). The layouts are rows, in proto/nvsp.c; numbers without a
 * layout stand there only.
 */
#ifndef VB_NVSP_H
#define VB_NVSP_H

#include <stdint.h>

enum vb_nvsp {
	VB_NVSP_INIT = 1,
	VB_NVSP_INIT_COMPLETE = 2,
	VB_NVSP_NDIS_VERSION = 100,
	VB_NVSP_RECEIVE_BUFFER = 101,
	VB_NVSP_RECEIVE_BUFFER_COMPLETE = 102,
	VB_NVSP_REVOKE_RECEIVE_BUFFER = 103,
	VB_NVSP_SEND_BUFFER = 104,
	VB_NVSP_SEND_BUFFER_COMPLETE = 105,
	VB_NVSP_REVOKE_SEND_BUFFER = 106,
	VB_NVSP_RNDIS = 107,
	VB_NVSP_RNDIS_COMPLETE = 108,
	VB_NVSP_ALLOC_RECEIVE_BUFFER = 120,
	VB_NVSP_ALLOC_RECEIVE_BUFFER_COMPLETE = 121,
	VB_NVSP_FREE_RECEIVE_BUFFER = 122,
	VB_NVSP_NDIS_CONFIG = 125,
	VB_NVSP_VF_ASSOCIATION = 128,
	VB_NVSP_SWITCH_DATA_PATH = 129,
	VB_NVSP_OID_QUERY = 131,
	VB_NVSP_OID_QUERY_COMPLETE = 132,
	VB_NVSP_SUBCHANNEL = 133, /* its answer has the same number */
	VB_NVSP_INDIRECTION_TABLE = 134,
	VB_NVSP_PACKET_DIRECT = 135, /* so has its answer */
	VB_NVSP_POST_BATCH = 136,
};

enum vb_nvsp_status {
	VB_NVSP_NONE = 0,
	VB_NVSP_SUCCESS = 1,
	VB_NVSP_FAILURE = 2,
	VB_NVSP_TOO_NEW = 3,
	VB_NVSP_TOO_OLD = 4,
	VB_NVSP_INVALID_RNDIS = 5,
	VB_NVSP_BUSY = 6,
	VB_NVSP_UNSUPPORTED = 7,
};

/* Major version in the upper half; 1 and 2 are older than that rule. */
enum vb_nvsp_version {
	VB_NVSP_1 = 0x00000002,
	VB_NVSP_2 = 0x00030002,
	VB_NVSP_4 = 0x00040000,
	VB_NVSP_5 = 0x00050000,
	VB_NVSP_6 = 0x00060000,
	VB_NVSP_6_1 = 0x00060001,
};

#define VB_NVSP_LEN_6_1 40u /* bytes of a message from version 6.1 on */

/* What an RNDIS packet has: frames, or the control of the adapter. */
enum vb_nvsp_channel { VB_NVSP_DATA = 0, VB_NVSP_CONTROL = 1 };

#define VB_NVSP_NO_SECTION UINT32_MAX /* the messages are not in the send buffer */

enum vb_nvsp_data_path { VB_NVSP_SYNTHETIC = 0, VB_NVSP_VIRTUAL_FUNCTION = 1 };

enum vb_nvsp_subchannel { VB_NVSP_SUBCHANNEL_NONE = 0, VB_NVSP_SUBCHANNEL_ALLOCATE = 1 };

#endif
