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

/* ---- kvp_pair.c ---- */

#define VB_KVP_KEY_LEN 512u
#define VB_KVP_VALUE_LEN 2048u
#define VB_KVP_PAIR_VALUES 8u

/* What a message of the host says. Texts are UTF-16. */
struct vb_kvp_pair {
	uint8_t operation, pool; /* GET, SET, DELETE or ENUMERATE */
	uint32_t index;		 /* of an enumeration */
	uint32_t type;
	uint8_t key[VB_KVP_KEY_LEN], value[VB_KVP_VALUE_LEN];
	size_t key_len, value_len;
	uint64_t number; /* the value, if it is one */
};

/*
 * From the words of a command, the type before the value. -EINVAL, -EMSGSIZE: the word is none such, or
 * too long. A value of a type that is neither text nor number is the bytes of the word.
 */
int vb_kvp_parse_pool(struct vb_kvp_pair *k, const char *text);
int vb_kvp_parse_key(struct vb_kvp_pair *k, const char *text);
int vb_kvp_parse_type(struct vb_kvp_pair *k, const char *text);
int vb_kvp_parse_value(struct vb_kvp_pair *k, const char *text);

/* The fields of the message, which refer to the pair; returns how many there are. */
size_t vb_kvp_pair_values(const struct vb_kvp_pair *k, struct vb_value v[VB_KVP_PAIR_VALUES]);

/*
 * Append "KEY = VALUE" of an answer, or the value alone; text that is empty is not there. -EPROTO: the
 * answer makes no sense.
 */
int vb_kvp_pair_text(uint8_t operation, const struct vb_hpacket *packet, bool with_key,
		     struct vb_buf *out);

/* ---- for commands ---- */

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
