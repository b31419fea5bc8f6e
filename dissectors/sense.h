/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of SCSI's additional sense codes: what a device says is the matter with a command. A code is
 * two bytes of sense data, ASC and its qualifier ASCQ; here it is asc << 8 | ascq, 0 to 0xffff.
 * The names are T10's (SPC-4, the annex of assignments, and later ones), from asc.txt.
 */
#ifndef VB_SENSE_H
#define VB_SENSE_H

#include "wire.h"

/* In ascending order; a NULL name ends the list. */
extern const struct vb_name vb_asc_names[];
extern const size_t vb_n_asc_names; /* without the last, which has no name */

/* NULL: unknown, as are those that vendors assign, mostly with an ASC or ASCQ from 0x80 on. */
const char *vb_asc_name(uint16_t asc_ascq);

#endif
