/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of SCSI commands that programs here send or answer (T10 SPC-4, SBC-3), and rows of the data
 * of commands that have files of their own. Private to dissectors/ but for the numbers.
 */
#ifndef VB_SCSI_H
#define VB_SCSI_H

#include "wire.h"

enum vb_scsi {
	VB_SCSI_TEST_UNIT_READY = 0x00,
	VB_SCSI_REQUEST_SENSE = 0x03,
	VB_SCSI_READ_6 = 0x08,
	VB_SCSI_WRITE_6 = 0x0a,
	VB_SCSI_INQUIRY = 0x12,
	VB_SCSI_MODE_SELECT_6 = 0x15,
	VB_SCSI_RESERVE_6 = 0x16,
	VB_SCSI_RELEASE_6 = 0x17,
	VB_SCSI_MODE_SENSE_6 = 0x1a,
	VB_SCSI_START_STOP_UNIT = 0x1b,
	VB_SCSI_PREVENT_REMOVAL = 0x1e,
	VB_SCSI_READ_CAPACITY_10 = 0x25,
	VB_SCSI_READ_10 = 0x28,
	VB_SCSI_WRITE_10 = 0x2a,
	VB_SCSI_WRITE_VERIFY_10 = 0x2e,
	VB_SCSI_VERIFY_10 = 0x2f,
	VB_SCSI_PRE_FETCH_10 = 0x34,
	VB_SCSI_SYNCHRONIZE_CACHE_10 = 0x35,
	VB_SCSI_WRITE_SAME_10 = 0x41,
	VB_SCSI_UNMAP = 0x42,
	VB_SCSI_READ_TOC = 0x43,
	VB_SCSI_GET_CONFIGURATION = 0x46,
	VB_SCSI_GET_EVENT_STATUS = 0x4a,
	VB_SCSI_LOG_SENSE = 0x4d,
	VB_SCSI_READ_DISC_INFORMATION = 0x51,
	VB_SCSI_MODE_SELECT_10 = 0x55,
	VB_SCSI_MODE_SENSE_10 = 0x5a,
	VB_SCSI_RESERVE_IN = 0x5e,
	VB_SCSI_RESERVE_OUT = 0x5f,
	VB_SCSI_READ_16 = 0x88,
	VB_SCSI_WRITE_16 = 0x8a,
	VB_SCSI_WRITE_VERIFY_16 = 0x8e,
	VB_SCSI_VERIFY_16 = 0x8f,
	VB_SCSI_PRE_FETCH_16 = 0x90,
	VB_SCSI_SYNCHRONIZE_CACHE_16 = 0x91,
	VB_SCSI_WRITE_SAME_16 = 0x93,
	VB_SCSI_SERVICE_IN_16 = 0x9e,
	VB_SCSI_REPORT_LUNS = 0xa0,
	VB_SCSI_MAINTENANCE_IN = 0xa3,
	VB_SCSI_READ_12 = 0xa8,
	VB_SCSI_WRITE_12 = 0xaa,
	VB_SCSI_WRITE_VERIFY_12 = 0xae,
	VB_SCSI_VERIFY_12 = 0xaf,
	VB_SCSI_MECHANISM_STATUS = 0xbd,
};

/* Service actions. */
#define VB_SCSI_READ_CAPACITY_16 0x10u
#define VB_SCSI_GET_LBA_STATUS 0x12u
#define VB_SCSI_PORT_GROUPS 0x0au
#define VB_SCSI_SUPPORTED_OPCODES 0x0cu

/*
 * Conditions on what the request's CDB had: bytes 1 and 2 (vb_frame.recalled has byte 0 in its lowest
 * bits).
 */
#define VB_CDB_BYTE_1(m, v) .when = VB_S_RECALLED, .mask = (m) << 8, .equals = (v) << 8
#define VB_CDB_BYTE_2(m, v) .when = VB_S_RECALLED, .mask = (m) << 16, .equals = (v) << 16

extern const struct vb_row vb_scsi_inquiry[]; /* scsi_vpd.c */
extern const struct vb_row vb_scsi_mode_6[];  /* scsi_mode.c */
extern const struct vb_row vb_scsi_mode_10[];
extern const struct vb_name vb_scsi_mode_pages[];
extern const struct vb_row vb_scsi_log[]; /* scsi_log.c */
extern const struct vb_name vb_scsi_log_pages[];

#endif
