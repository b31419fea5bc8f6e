/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of the storage protocol and of SCSI requests in it (Linux 6.1 drivers/scsi/storvsc_drv.c).
 * The layouts are rows, in proto/storvsc.c.
 */
#ifndef VB_STORVSC_H
#define VB_STORVSC_H

enum vb_storvsc {
	VB_STORVSC_COMPLETE_IO = 1,
	VB_STORVSC_REMOVE_DEVICE = 2,
	VB_STORVSC_EXECUTE_SRB = 3,
	VB_STORVSC_RESET_LUN = 4,
	VB_STORVSC_RESET_ADAPTER = 5,
	VB_STORVSC_RESET_BUS = 6,
	VB_STORVSC_BEGIN_INIT = 7,
	VB_STORVSC_END_INIT = 8,
	VB_STORVSC_QUERY_VERSION = 9,
	VB_STORVSC_QUERY_PROPERTIES = 10,
	VB_STORVSC_ENUMERATE_BUS = 11,
	VB_STORVSC_FC_DATA = 12,
	VB_STORVSC_CREATE_SUB_CHANNELS = 13,
	VB_STORVSC_EVENT = 14,
};

/* Versions; later ones have the layout of Windows 8. */
#define VB_STORVSC_WIN6 0x0200u
#define VB_STORVSC_WIN7 0x0402u
#define VB_STORVSC_WIN8 0x0501u
#define VB_STORVSC_WIN8_1 0x0600u
#define VB_STORVSC_WIN10 0x0602u

/* Codes of an SRB's status, and bits beside them. */
#define VB_SRB_SUCCESS 0x01u
#define VB_SRB_ABORTED 0x02u
#define VB_SRB_ERROR 0x04u
#define VB_SRB_BUSY 0x05u
#define VB_SRB_INVALID_REQUEST 0x06u
#define VB_SRB_DATA_OVERRUN 0x12u
#define VB_SRB_INVALID_LUN 0x20u
#define VB_SRB_AUTOSENSE 0x80u

/* Flags of an SRB. */
#define VB_SRB_DISABLE_AUTOSENSE 0x20u

/* What the operation of a completion came to (NTSTATUS). */
#define VB_STORVSC_STATUS_SUCCESS 0x00000000u
#define VB_STORVSC_STATUS_OVERFLOW 0x80000005u
#define VB_STORVSC_STATUS_BUSY 0x80000011u
#define VB_STORVSC_STATUS_INVALID_PARAMETER 0xc000000du
#define VB_STORVSC_STATUS_INVALID_REQUEST 0xc0000010u
#define VB_STORVSC_STATUS_REVISION 0xc0000059u
#define VB_STORVSC_STATUS_NO_DEVICE 0xc00000c0u
#define VB_STORVSC_STATUS_CANCELLED 0xc0000120u
#define VB_STORVSC_STATUS_INVALID_STATE 0xc0000184u
#define VB_STORVSC_STATUS_IO_ERROR 0xc0000185u

/* Statuses of SCSI. */
#define VB_SCSI_GOOD 0x00u
#define VB_SCSI_CHECK_CONDITION 0x02u
#define VB_SCSI_BUSY 0x08u
#define VB_SCSI_CONFLICT 0x18u

/* Where the data goes. */
enum vb_storvsc_direction {
	VB_STORVSC_WRITE = 0,
	VB_STORVSC_READ = 1,
	VB_STORVSC_UNKNOWN = 2, /* or there is none */
};

/*
 * What a completion knows of its request (vb_frame.recalled): the operation in the highest byte, the
 * first three bytes of the CDB in the others.
 */
#define VB_STORVSC_RECALL_SHIFT 24

#endif
