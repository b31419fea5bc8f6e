/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --doctor tells of Wireshark. Nothing of it keeps anybody from capturing.
 */
#ifndef VB_DOCTOR_WIRESHARK_H
#define VB_DOCTOR_WIRESHARK_H

#include "capture/event.h"

struct vb_wireshark_place {
	const char *root; /* put in front of every system directory; "" */
	const char *home; /* of the user; NULL: not known */
	bool superuser;
};

/* Look for Wireshark, our plugin and our place among its capture programs; calls found() for each. */
void vb_wireshark_doctor(const struct vb_wireshark_place *where,
			 void (*found)(void *ctx, const struct vb_finding *f), void *ctx);

#endif
