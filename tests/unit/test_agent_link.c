/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line to the agent: messages in any pieces, and a guest that lies about them.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/agent_link.h"

struct seen {
	struct vb_agent_link link;
	unsigned int n;
	uint32_t types[8], lens[8];
	char last[64];
};

static void message(void *ctx, const struct vb_agent_message *m)
{
	struct seen *s = ctx;

	cr_assert_lt(s->n, 8);
	s->types[s->n] = m->type;
	s->lens[s->n++] = m->len;
	cr_assert_eq(m->data[m->len], '\0', "a NUL follows the data");
	strncpy(s->last, (const char *)m->data, sizeof(s->last) - 1);
}

static struct seen *begin(void)
{
	struct seen *s = calloc(1, sizeof(*s));

	cr_assert_not_null(s);
	s->link.ctx = s;
	s->link.message = message;
	return s;
}

static struct vb_buf three_messages(void)
{
	struct vb_buf b = { 0 };

	cr_assert_eq(vb_agent_encode(&b, VB_AGENT_PHASE, "load ", 5, "it", 2), 0);
	cr_assert_eq(vb_agent_encode(&b, VB_AGENT_TICK, NULL, 0, NULL, 0), 0);
	cr_assert_eq(vb_agent_encode(&b, VB_AGENT_TEXT, "hello", 5, NULL, 0), 0);
	return b;
}

Test(agent_link, the_bytes_of_a_message)
{
	static const uint8_t wanted[] = { 3, 0, 0, 0, 2, 0, 0, 0, 'o', 'k' };
	struct vb_buf b = { 0 };

	cr_assert_eq(vb_agent_encode(&b, VB_AGENT_PHASE, "ok", 2, NULL, 0), 0);
	cr_assert_eq(b.len, sizeof(wanted));
	cr_assert_arr_eq(b.data, wanted, sizeof(wanted));
	vb_buf_done(&b);
}

Test(agent_link, messages_cut_at_every_place)
{
	struct vb_buf b = three_messages();

	for (size_t cut = 0; cut <= b.len; cut++) {
		struct seen *s = begin();
		struct vb_err err = { "" };

		cr_assert_eq(vb_agent_feed(&s->link, (uint8_t *)b.data, cut, &err), 0);
		cr_assert_eq(vb_agent_feed(&s->link, (uint8_t *)b.data + cut, b.len - cut, &err),
			     0);
		cr_assert_eq(s->n, 3, "cut at %zu", cut);
		cr_assert_eq(s->types[0], VB_AGENT_PHASE);
		cr_assert_eq(s->lens[0], 7);
		cr_assert_eq(s->lens[1], 0);
		cr_assert_str_eq(s->last, "hello");
		cr_assert_not(vb_agent_is_cut(&s->link));
		free(s);
	}
	vb_buf_done(&b);
}

Test(agent_link, a_message_that_does_not_come_whole_is_cut)
{
	struct vb_buf b = three_messages();
	struct seen *s = begin();
	struct vb_err err = { "" };

	cr_assert_eq(vb_agent_feed(&s->link, (uint8_t *)b.data, b.len - 1, &err), 0);
	cr_assert_eq(s->n, 2);
	cr_assert(vb_agent_is_cut(&s->link));
	free(s);
	vb_buf_done(&b);
}

static void expect_refused(uint32_t type, uint32_t len)
{
	struct vb_agent_head head = { type, len };
	struct seen *s = begin();
	struct vb_err err = { "" };

	cr_assert_eq(vb_agent_feed(&s->link, (uint8_t *)&head, sizeof(head), &err), -EPROTO,
		     "type %u, %u bytes", type, len);
	cr_assert_eq(s->n, 0);
	cr_assert_neq(err.text[0], '\0');
	head = (struct vb_agent_head){ VB_AGENT_TICK, 0 };
	cr_assert_eq(vb_agent_feed(&s->link, (uint8_t *)&head, sizeof(head), &err), -EPROTO,
		     "nothing is read after that");
	free(s);
}

Test(agent_link, hostile_heads)
{
	expect_refused(VB_AGENT_TEXT, VB_AGENT_MAX + 1);
	expect_refused(VB_AGENT_TEXT, UINT32_MAX);
	expect_refused(0, 0);
	expect_refused(VB_AGENT_DONE + 1, 0);
	expect_refused(VB_AGENT_REPLY, 0); /* ours */
	expect_refused(UINT32_MAX, 8);
}

Test(agent_link, the_largest_message)
{
	static uint8_t data[VB_AGENT_MAX];
	struct seen *s = begin();
	struct vb_buf b = { 0 };
	struct vb_err err = { "" };

	memset(data, 'x', sizeof(data));
	cr_assert_eq(vb_agent_encode(&b, VB_AGENT_FILE_DATA, data, sizeof(data), NULL, 0), 0);
	cr_assert_eq(vb_agent_encode(&b, VB_AGENT_FILE_DATA, data, sizeof(data), "y", 1),
		     -EMSGSIZE);
	cr_assert_eq(vb_agent_encode(&b, VB_AGENT_FILE_DATA, NULL, SIZE_MAX, NULL, 0), -EMSGSIZE);
	cr_assert_eq(vb_agent_feed(&s->link, (uint8_t *)b.data, b.len, &err), 0);
	cr_assert_eq(s->n, 1);
	cr_assert_eq(s->lens[0], VB_AGENT_MAX);
	vb_buf_done(&b);
	free(s);
}

/* ---- words, numbers ---- */

#define MESSAGE(text)                                                                              \
	{                                                                                          \
		.type = VB_AGENT_COMMAND, .len = sizeof(text) - 1, .data = (const uint8_t *)(text) \
	}

Test(agent_link, words_of_a_command)
{
	struct vb_agent_message m = MESSAGE("1234kvp\0set\0\0x\0");
	const char *words[4];

	cr_assert_eq(vb_agent_words(&m, 4, words, 4), 4);
	cr_assert_str_eq(words[0], "kvp");
	cr_assert_str_eq(words[1], "set");
	cr_assert_str_eq(words[2], "");
	cr_assert_str_eq(words[3], "x");
	cr_assert_eq(vb_agent_words(&m, 4, words, 3), -EINVAL, "more than fit");
}

Test(agent_link, words_without_an_end)
{
	struct vb_agent_message open = MESSAGE("1234kvp\0set"), none = MESSAGE("1234"),
				short_one = MESSAGE("12");
	const char *words[4];

	cr_assert_eq(vb_agent_words(&open, 4, words, 4), -EINVAL);
	cr_assert_eq(vb_agent_words(&none, 4, words, 4), -EINVAL);
	cr_assert_eq(vb_agent_words(&short_one, 4, words, 4), -EINVAL);
}

Test(agent_link, numbers_inside_the_data_only)
{
	struct vb_agent_message m = MESSAGE("\1\0\0\0\2\0\0");
	uint32_t number = 9;

	cr_assert(vb_agent_u32(&m, 0, &number));
	cr_assert_eq(number, 1);
	cr_assert_not(vb_agent_u32(&m, 4, &number));
	cr_assert_not(vb_agent_u32(&m, 8, &number));
	cr_assert_not(vb_agent_u32(&m, SIZE_MAX, &number));
}
