/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of the data of SCSI commands that have files of their own, and what they depend on. Private to
 * dissectors/.
 */
#ifndef VB_SCSI_ROWS_H
#define VB_SCSI_ROWS_H

#include "scsi.h"
#include "wire.h"

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
