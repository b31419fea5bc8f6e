/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream out of the inner machine, cut anywhere and garbled. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "replay/outer/frame.h"

struct seen {
	struct vb_frame_head heads[8];
	char data[8][16];
	unsigned int n;
	int answer; /* what the callback returns */
};

static int see(void *ctx, const struct vb_frame_head *head, const uint8_t *data, struct vb_err *err)
{
	struct seen *s = ctx;

	cr_assert_lt(s->n, 8u);
	s->heads[s->n] = *head;
	memcpy(s->data[s->n], data, head->len < 15 ? head->len : 15);
	s->n++;
	return s->answer ? vb_fail(err, s->answer, "the callback's") : 0;
}

static size_t put(uint8_t *to, uint16_t type, uint16_t file, const char *text)
{
	struct vb_frame_head head = { type, file, (uint32_t)strlen(text) };

	memcpy(to, &head, sizeof(head));
	memcpy(to + sizeof(head), text, strlen(text));
	return sizeof(head) + strlen(text);
}

static struct vb_frame_reader reader;

static void reader_init(struct seen *s)
{
	memset(s, 0, sizeof(*s));
	memset(&reader, 0, sizeof(reader));
	reader.ctx = s;
	reader.frame = see;
}

/* Three frames in pieces of every size. */
Test(outer_frame, cut_anywhere)
{
	uint8_t bytes[128];
	struct vb_err err = { "" };
	struct seen s;
	size_t len = 0;

	len += put(bytes + len, VB_FRAME_TICK, 0, "");
	len += put(bytes + len, VB_FRAME_STDOUT, 0, "hello");
	len += put(bytes + len, VB_FRAME_FILE_DATA, 3, "data");
	for (size_t step = 1; step <= len; step++) {
		reader_init(&s);
		for (size_t at = 0; at < len; at += step)
			cr_assert_eq(vb_frame_feed(&reader, bytes + at,
						   len - at < step ? len - at : step, &err),
				     0);
		cr_assert_eq(s.n, 3u, "step %zu", step);
		cr_assert_eq(s.heads[0].type, VB_FRAME_TICK);
		cr_assert_str_eq(s.data[1], "hello");
		cr_assert_eq(s.heads[2].file, 3);
		cr_assert_str_eq(s.data[2], "data");
	}
}

/* A machine that died left a frame unfinished: it is never shown. */
Test(outer_frame, unfinished)
{
	uint8_t bytes[64];
	struct vb_err err = { "" };
	struct seen s;
	size_t len = put(bytes, VB_FRAME_STDOUT, 0, "hello");

	reader_init(&s);
	cr_assert_eq(vb_frame_feed(&reader, bytes, len - 1, &err), 0);
	cr_assert_eq(s.n, 0u);
}

static int feed_head(uint16_t type, uint32_t len)
{
	struct vb_frame_head head = { type, 0, len };
	struct vb_err err = { "" };
	struct seen s;
	int ret;

	reader_init(&s);
	ret = vb_frame_feed(&reader, (const uint8_t *)&head, sizeof(head), &err);
	cr_assert(ret != -EPROTO || strstr(err.text, "garbled"));
	return ret;
}

Test(outer_frame, hostile)
{
	cr_assert_eq(feed_head(0, 0), -EPROTO);
	cr_assert_eq(feed_head(VB_FRAME_N_TYPES, 0), -EPROTO);
	cr_assert_eq(feed_head(0xffff, 0), -EPROTO);
	cr_assert_eq(feed_head(VB_FRAME_STDOUT, VB_FRAME_MAX), 0);
	cr_assert_eq(feed_head(VB_FRAME_STDOUT, VB_FRAME_MAX + 1), -EPROTO);
	cr_assert_eq(feed_head(VB_FRAME_STDOUT, UINT32_MAX), -EPROTO);
}

Test(outer_frame, largest)
{
	static uint8_t data[VB_FRAME_MAX];
	struct vb_frame_head head = { VB_FRAME_FILE_DATA, 1, VB_FRAME_MAX };
	struct vb_err err = { "" };
	struct seen s;

	reader_init(&s);
	memcpy(data, "begin", 6);
	cr_assert_eq(vb_frame_feed(&reader, (const uint8_t *)&head, sizeof(head), &err), 0);
	cr_assert_eq(vb_frame_feed(&reader, data, sizeof(data), &err), 0);
	cr_assert_eq(s.n, 1u);
	cr_assert_str_eq(s.data[0], "begin");
}

Test(outer_frame, callback_ends_it)
{
	uint8_t bytes[64];
	struct vb_err err = { "" };
	struct seen s;
	size_t len = put(bytes, VB_FRAME_STDOUT, 0, "a");

	len += put(bytes + len, VB_FRAME_STDOUT, 0, "b");
	reader_init(&s);
	s.answer = -ENOSPC;
	cr_assert_eq(vb_frame_feed(&reader, bytes, len, &err), -ENOSPC);
	cr_assert_eq(s.n, 1u);
	cr_assert_str_eq(err.text, "the callback's");
}
