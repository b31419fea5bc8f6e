/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/outer/frame.h"

#include <errno.h>
#include <string.h>

/* Bytes of the frame that buf begins with; as many as the head's while that is not whole. */
static size_t wanted(const struct vb_frame_reader *r)
{
	struct vb_frame_head head;

	if (r->have < sizeof(head))
		return sizeof(head);
	memcpy(&head, r->buf, sizeof(head));
	return sizeof(head) + head.len;
}

static int check_head(const struct vb_frame_reader *r, struct vb_frame_head *ret,
		      struct vb_err *err)
{
	memcpy(ret, r->buf, sizeof(*ret));
	if (ret->type == 0 || ret->type >= VB_FRAME_N_TYPES || ret->len > VB_FRAME_MAX)
		return vb_fail(err, -EPROTO,
			       "what the inner machine sends is garbled (type %u, %u bytes)",
			       ret->type, ret->len);
	return 0;
}

int vb_frame_feed(struct vb_frame_reader *r, const uint8_t *bytes, size_t len, struct vb_err *err)
{
	struct vb_frame_head head;
	size_t n;
	int ret;

	while (len) {
		n = wanted(r) - r->have;
		n = n < len ? n : len;
		memcpy(r->buf + r->have, bytes, n);
		r->have += n;
		bytes += n;
		len -= n;
		if (r->have < sizeof(head))
			continue;
		ret = check_head(r, &head, err);
		if (!ret && r->have == sizeof(head) + head.len) {
			r->have = 0;
			ret = r->frame(r->ctx, &head, r->buf + sizeof(head), err);
		}
		if (ret)
			return ret;
	}
	return 0;
}
