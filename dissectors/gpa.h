/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows that more than one protocol uses: ranges of guest memory. Private to dissectors/.
 */
#ifndef VB_GPA_H
#define VB_GPA_H

#include "wire.h"

/*
 * One range: how many bytes, where in its first page it begins, and the numbers of its pages. Keeps
 * values in slots VB_S_A and VB_S_B: not for a message that needs them otherwise.
 */
extern const struct vb_row vb_gpa_range[];

#endif
