/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Value names that more than one protocol uses. Private to dissectors/.
 */
#ifndef VB_NAMES_H
#define VB_NAMES_H

#include "wire.h"

extern const struct vb_name vb_kinds[];
extern const struct vb_name vb_directions[];
extern const struct vb_name vb_class_codes[];
extern const struct vb_name vb_vmbus_versions[];
extern const struct vb_name vb_no_yes[];
extern const struct vb_name vb_status_names[];

#endif
