/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What adapters are asked for and told, by object identifier (OID). Private to dissectors/.
 */
#ifndef VB_NDIS_H
#define VB_NDIS_H

#include "wire.h"

/* Names of OIDs. */
extern const struct vb_name vb_ndis_oids[];

/*
 * The information of a query, a set or an answer, whose OID is in slot VB_S_RECALLED; in so many bytes
 * as the struct around these rows has.
 */
extern const struct vb_row vb_ndis_info[];

#endif
