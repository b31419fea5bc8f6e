/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/agent_link.h"

#include <errno.h>
#include <string.h>

static bool is_of_guest(uint32_t type)
{
	return (type >= VB_AGENT_HELLO && type <= VB_AGENT_DONE) || type == VB_AGENT_DID;
}

static size_t take(struct vb_agent_link *l, size_t want, const uint8_t *bytes, size_t n)
{
	size_t take_n = want - l->have;

	if (take_n > n)
		take_n = n;
	memcpy(l->buf + l->have, bytes, take_n);
	l->have += take_n;
	return take_n;
}

static int check_head(struct vb_agent_link *l, const struct vb_agent_head *head, struct vb_err *err)
{
	if (is_of_guest(head->type) && head->len <= VB_AGENT_MAX)
		return 0;
	l->broken = true;
	return vb_fail(err, -EPROTO,
		       "the agent's port brought no message of the agent: type %u, %u bytes",
		       head->type, head->len);
}

int vb_agent_feed(struct vb_agent_link *l, const uint8_t *bytes, size_t n, struct vb_err *err)
{
	struct vb_agent_head head;

	if (l->broken)
		return vb_fail(err, -EPROTO, "the agent's port brought no message of the agent");
	for (;;) {
		size_t taken = take(l, l->have < sizeof(head) ? sizeof(head) : l->have, bytes, n);

		bytes += taken;
		n -= taken;
		if (l->have < sizeof(head))
			return 0;
		memcpy(&head, l->buf, sizeof(head));
		if (check_head(l, &head, err) < 0)
			return -EPROTO;
		taken = take(l, sizeof(head) + head.len, bytes, n);
		bytes += taken;
		n -= taken;
		if (l->have < sizeof(head) + head.len)
			return 0;
		l->buf[l->have] = '\0';
		l->have = 0;
		l->message(l->ctx, &(struct vb_agent_message){ .type = head.type,
							       .len = head.len,
							       .data = l->buf + sizeof(head) });
	}
}

bool vb_agent_is_cut(const struct vb_agent_link *l)
{
	return l->broken || l->have > 0;
}

bool vb_agent_u32(const struct vb_agent_message *m, size_t at, uint32_t *ret)
{
	if (at > m->len || m->len - at < sizeof(*ret))
		return false;
	memcpy(ret, m->data + at, sizeof(*ret));
	return true;
}

int vb_agent_words(const struct vb_agent_message *m, size_t at, const char **ret, size_t max)
{
	size_t n = 0;

	if (at >= m->len || m->data[m->len - 1] != '\0')
		return -EINVAL;
	while (at < m->len) {
		if (n == max)
			return -EINVAL;
		ret[n++] = (const char *)m->data + at;
		at += strlen((const char *)m->data + at) + 1;
	}
	return (int)n;
}

int vb_agent_encode(struct vb_buf *out, uint32_t type, const void *first, size_t n_first,
		    const void *second, size_t n_second)
{
	struct vb_agent_head head = { .type = type };

	if (n_first > VB_AGENT_MAX || n_second > VB_AGENT_MAX - n_first)
		return -EMSGSIZE;
	head.len = (uint32_t)(n_first + n_second);
	vb_buf_add(out, (const char *)&head, sizeof(head));
	if (n_first > 0)
		vb_buf_add(out, first, n_first);
	if (n_second > 0)
		vb_buf_add(out, second, n_second);
	return out->failed ? -ENOMEM : 0;
}
