/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our end of the line to the agent (guest/agent_proto.h): a stream of bytes becomes messages, and
 * messages become bytes. What comes from the guest is not trusted.
 */
#ifndef VB_AGENT_LINK_H
#define VB_AGENT_LINK_H

#include "capture/event.h"
#include "dissectors/sinks.h"
#include "replay/guest/agent_proto.h"

struct vb_agent_message {
	uint32_t type;
	uint32_t len;
	const uint8_t *data; /* len bytes, then a NUL; for the call only */
};

struct vb_agent_link {
	void *ctx;
	void (*message)(void *ctx, const struct vb_agent_message *m);
	bool broken; /* what came were no messages: nothing more is read */
	size_t have;
	uint8_t buf[sizeof(struct vb_agent_head) + VB_AGENT_MAX + 1];
};

/*
 * Take the next n bytes, cut anywhere. 0; -EPROTO: they are no message of the agent, and err says
 * why.
 */
int vb_agent_feed(struct vb_agent_link *l, const uint8_t *bytes, size_t n, struct vb_err *err);

/* A message under way has not come whole. */
bool vb_agent_is_cut(const struct vb_agent_link *l);

/* A number of 4 bytes at a place in a message's data; false: it is too short. */
bool vb_agent_u32(const struct vb_agent_message *m, size_t at, uint32_t *ret);

/*
 * Words from a place in a message's data, each with its NUL; ret has room for max pointers. -EINVAL:
 * no word, one without an end, or too many. Else their number.
 */
int vb_agent_words(const struct vb_agent_message *m, size_t at, const char **ret, size_t max);

/* Append a message of two pieces of data, of which either may be empty. -EMSGSIZE: they are too long. */
int vb_agent_encode(struct vb_buf *out, uint32_t type, const void *first, size_t n_first,
		    const void *second, size_t n_second);

#endif
