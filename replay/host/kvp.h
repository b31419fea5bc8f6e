/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the model of key-value pairs: what its files share. */
#ifndef VB_KVP_H
#define VB_KVP_H

#include "replay/host/ic.h"

#define VB_KVP "hv_kvp."

/* Bodies have the same length whatever their operation needs, as those of Hyper-V do. */
#define VB_KVP_BODY_LEN 2580u
#define VB_KVP_IP_BODY_LEN 7428u

enum vb_kvp_operation {
	VB_KVP_GET,
	VB_KVP_SET,
	VB_KVP_DELETE,
	VB_KVP_ENUMERATE,
	VB_KVP_GET_IP,
	VB_KVP_SET_IP,
};

struct vb_kvp {
	struct vb_ic ic; /* first */
	uint64_t timeout_ns;
};

extern const struct vb_command vb_kvp_commands[];

/*
 * size zeroed bytes that begin with a call of the device, which has its time limit. NULL: the request
 * is done.
 */
void *vb_kvp_new_call(struct vb_hdevice *d, size_t size, struct vb_hrequest *rq);

void vb_kvp_get_ip(struct vb_hdevice *d, const char *const *words, size_t n,
		   struct vb_hrequest *rq);
void vb_kvp_set_ip(struct vb_hdevice *d, const char *const *words, size_t n,
		   struct vb_hrequest *rq);

#endif
