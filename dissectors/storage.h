/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with what a storage controller answers. Private to dissectors/. */
#ifndef VB_STORAGE_H
#define VB_STORAGE_H

#include "scsi.h"
#include "storvsc.h"
#include "wire.h"

/* Slots of a completion; the rows are in proto/storvsc.c. */
#define VB_STORVSC_SRB_CODE VB_S_A

/*
 * Notes of a packet, bit n: enum vb_note_code n. Commands of which the driver ignores the outcome have
 * a note of their own.
 */
uint32_t vb_storage_packet(const struct vb_frame *f, const struct vb_walked *w);

#endif
