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

/* Slots of that information: what an object says its size is, and the largest frame. */
#define VB_NDIS_OBJECT_SIZE VB_S_LEN
#define VB_NDIS_MAX_FRAME VB_S_B

/* The fewest bytes that an answer about the OID has, 0 for those that may be empty or are not known. */
uint32_t vb_ndis_least(uint32_t oid);

#endif
