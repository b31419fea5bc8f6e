/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text in UTF-16 and in ASCII: what is text, how it is shown, and that no byte of it is lost.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "capture/filter.h"
#include "dissectors/rows.h"
#include "frames.h"

static void expect_text(const char *hex, uint32_t len, const char *text)
{
	struct vb_buf out = { 0 };
	struct made_frame m;
	uint8_t back[64];
	size_t n;

	frame_make(&m, 0, 0, hex);
	cr_assert_eq(vb_utf16_len(m.bytes, m.f.wire_len), len, "%s", hex);
	vb_buf_utf16(&out, m.bytes, m.f.wire_len);
	cr_assert_str_eq(out.data, text);
	cr_assert_eq(vb_utf16_from_utf8(text, strlen(text), back, sizeof(back), &n), 0);
	cr_assert_eq(n, len);
	cr_assert_arr_eq(back, m.bytes, len);
	vb_buf_done(&out);
}

Test(text_rows, what_is_text)
{
	expect_text("", 0, "");
	expect_text("4100", 2, "A");
	expect_text("4100 0000 4200", 2, "A");
	expect_text("4100 42", 2, "A");
	expect_text("e900 ac20 3dd8 00de", 8, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	expect_text("4100 3dd8", 2, "A");
	expect_text("4100 3dd8 4200", 2, "A");
	expect_text("4100 00de 4200", 2, "A");
	expect_text("ff07 ffff ffdb ffdf", 8, "\xdf\xbf\xef\xbf\xbf\xf4\x8f\xbf\xbf");
}

static int from_utf8(const char *text, size_t len, size_t size)
{
	uint8_t buf[8];
	size_t n;

	return vb_utf16_from_utf8(text, len, buf, size, &n);
}

Test(text_rows, what_is_none)
{
	cr_expect_eq(from_utf8("ab", 2, 4), 0);
	cr_expect_eq(from_utf8("ab", 2, 3), -EMSGSIZE);
	cr_expect_eq(from_utf8("\xf0\x9f\x98\x80", 4, 3), -EMSGSIZE);
	cr_expect_eq(from_utf8("a\0b", 3, 8), -EINVAL, "a NUL would end it");
	cr_expect_eq(from_utf8("\xed\xa0\x80", 3, 8), -EINVAL, "a surrogate");
	cr_expect_eq(from_utf8("\xc3", 1, 8), -EINVAL, "half a character");
	cr_expect_eq(from_utf8("\x80", 1, 8), -EINVAL, "no beginning");
}

Test(text_rows, escapes)
{
	struct vb_buf out = { 0 };
	struct made_frame m;

	frame_make(&m, 0, 0, "0700 0a00 2200 5c00 1b00 7f00 9b00 a000");
	vb_buf_utf16_escaped(&out, m.bytes, m.f.wire_len);
	cr_assert_str_eq(out.data, "\\u0007\\n\\\"\\\\\\u001b\\u007f\\u009b\xc2\xa0");
	vb_buf_done(&out);
}

/* ---- as a row ---- */

static const struct vb_row rows[] = {
	U16("before", "Before"),
	UTF16("text", "Text", 8),
	U16("after", "After"),
	END_ROWS,
};

static const struct vb_proto proto = { .name = "hv_text", .title = "Text", .head = rows };

static void expect_json_of(const struct vb_proto *of, const char *hex, uint32_t cut,
			   const char *json)
{
	struct vb_json j = { 0 };
	struct vb_sink sink = vb_json_sink(&j);
	struct vb_buf out = { 0 };
	struct vb_walked w;
	struct made_frame m;

	frame_make(&m, 0, 0, hex);
	m.f.cap_len -= cut;
	vb_walk(of, &m.f, &sink, &w);
	vb_json_flush(&j, &out);
	cr_assert_str_eq(out.data, json);
	vb_json_done(&j);
	vb_buf_done(&out);
}

static void expect_json(const char *hex, uint32_t cut, const char *json)
{
	expect_json_of(&proto, hex, cut, json);
}

Test(text_rows, row)
{
	expect_json("0100 4100420000000000 0200", 0,
		    "\"hv_text\":{\"before\":1,\"text\":\"AB\",\"after\":2}");
	expect_json("0100 4100420043004400 0200", 0,
		    "\"hv_text\":{\"before\":1,\"text\":\"ABCD\",\"after\":2}");
	expect_json("0100 0000000000000000 0200", 0, "\"hv_text\":{\"before\":1,\"after\":2}");
}

/* What would be lost stands beside the text. */
Test(text_rows, rest)
{
	expect_json("0100 4100000043000000 0200", 0,
		    "\"hv_text\":{\"before\":1,\"text\":\"A\",\"text_rest\":\"000043000000\","
		    "\"after\":2}");
	expect_json("0100 410000d843000000 0200", 0,
		    "\"hv_text\":{\"before\":1,\"text\":\"A\",\"text_rest\":\"00d843000000\","
		    "\"after\":2}");
}

Test(text_rows, ends_early)
{
	expect_json("0100 41004200", 0,
		    "\"hv_text\":{\"before\":1,\"text\":\"AB\"},\"notes\":[{\"code\":\"short\","
		    "\"field\":\"hv_text.text_rest\",\"offset\":6}]");
	expect_json("0100 4100420000000000 0200", 5,
		    "\"hv_text\":{\"before\":1,\"text\":\"AB\"},\"notes\":[{\"code\":\"cut\","
		    "\"field\":\"hv_text.text_rest\",\"offset\":6},{\"code\":\"cut\",\"field\":"
		    "\"hv_text.after\",\"offset\":10}]");
}

/* ---- of one byte for each character ---- */

static const struct vb_row ascii_rows[] = {
	ASCII("text", "Text", 8, .summary = VB_SUM_YES),
	BE16("after", "After"),
	END_ROWS,
};

static const struct vb_proto ascii_proto = { .name = "hv_text",
					     .title = "Text",
					     .head = ascii_rows };

Test(text_rows, what_is_ascii)
{
	uint8_t buf[4];
	size_t n;

	cr_expect_eq(vb_ascii_len((const uint8_t *)"A ~", 3), 3);
	cr_expect_eq(vb_ascii_len((const uint8_t *)"A\0B", 3), 1);
	cr_expect_eq(vb_ascii_len((const uint8_t *)"A\x7f", 2), 1);
	cr_expect_eq(vb_ascii_len((const uint8_t *)"\xe9", 1), 0);
	cr_expect_eq(vb_ascii_from_text("abcd", 4, buf, sizeof(buf), &n), 0);
	cr_expect_eq(n, 4);
	cr_expect_eq(vb_ascii_from_text("abcde", 5, buf, sizeof(buf), &n), -EMSGSIZE);
	cr_expect_eq(vb_ascii_from_text("\xc3\xa9", 2, buf, sizeof(buf), &n), -EINVAL);
	cr_expect_eq(vb_ascii_from_text("a\nb", 3, buf, sizeof(buf), &n), -EINVAL);
}

Test(text_rows, ascii_row)
{
	expect_json_of(&ascii_proto, "4142202020202020 0203", 0,
		       "\"hv_text\":{\"text\":\"AB      \",\"after\":515}");
	expect_json_of(&ascii_proto, "4142000000000000 0203", 0,
		       "\"hv_text\":{\"text\":\"AB\",\"after\":515}");
	expect_json_of(&ascii_proto, "4142ff4300000000 0203", 0,
		       "\"hv_text\":{\"text\":\"AB\",\"text_rest\":\"ff4300000000\","
		       "\"after\":515}");
	expect_json_of(&ascii_proto, "22415c4200000000 0203", 0,
		       "\"hv_text\":{\"text\":\"\\\"A\\\\B\",\"after\":515}");
	expect_json_of(&ascii_proto, "4142", 0,
		       "\"hv_text\":{\"text\":\"AB\"},\"notes\":[{\"code\":\"short\",\"field\":"
		       "\"hv_text.text_rest\",\"offset\":2}]");
	expect_json_of(&ascii_proto, "4142202020202020 0203", 4,
		       "\"hv_text\":{\"text\":\"AB    \"},\"notes\":[{\"code\":\"cut\",\"field\":"
		       "\"hv_text.text_rest\",\"offset\":6},{\"code\":\"cut\",\"field\":"
		       "\"hv_text.after\",\"offset\":8}]");
}

/* What fills it up says nothing. */
Test(text_rows, ascii_in_a_line)
{
	struct vb_buf out = { 0 };
	struct made_frame m;
	struct vb_walked w;
	struct vb_text t;
	struct vb_sink sink = vb_text_summary(&t, &out);

	frame_make(&m, 0, 0, "22422043 20202020 0203");
	vb_walk(&ascii_proto, &m.f, &sink, &w);
	cr_assert_str_eq(out.data, "text \"\\\"B C\"");
	vb_buf_done(&out);
}

/* ---- given to the encoder as bytes ---- */

static const char node = 'n';

static const void *any_member(void *ctx, const void *n, const char *name)
{
	(void)ctx;
	(void)n;
	return !strcmp(name, "hv_text") || !strcmp(name, "text") ? &node : NULL;
}

static int some_bytes(void *ctx, const void *n, uint8_t *buf, size_t size, size_t *ret_n)
{
	const struct made_frame *m = ctx;

	(void)n;
	cr_assert_leq(m->f.wire_len, size);
	memcpy(buf, m->bytes, m->f.wire_len);
	*ret_n = m->f.wire_len;
	return 0;
}

Test(text_rows, bytes_of_a_tree_without_text)
{
	static const uint8_t expected[] = { 0, 0, 'A', 0, 0, 0, 'C', 0, 0, 0, 0, 0 };
	struct made_frame m;
	struct vb_tree tree = { .ctx = &m, .member = any_member, .bytes = some_bytes };
	struct vb_frame f = { .wire_len = sizeof(expected) };
	uint8_t buf[sizeof(expected)];

	frame_make(&m, 0, 0, "4100 0000 4300");
	cr_assert_eq(vb_encode(&proto, &f, &tree, &node, buf, sizeof(buf)), 0);
	cr_assert_arr_eq(buf, expected, sizeof(expected));
}

/* ---- in filters ---- */

static bool match_in(const char *of, const struct vb_frame *f, const char *text)
{
	struct vb_filter *filter;
	struct vb_err err = { "" };
	struct vb_walked w;
	struct vb_sink sink;
	bool result;

	cr_assert_eq(vb_filter_compile(text, &filter, &err), 0, "%s: %s", text, err.text);
	sink = vb_filter_sink(filter);
	vb_filter_begin(filter, 1);
	vb_walk(vb_proto_by_name(of), f, &sink, &w);
	result = vb_filter_match(filter);
	vb_filter_free(filter);
	return result;
}

static bool match(const struct vb_frame *f, const char *text)
{
	return match_in("hv_fcopy", f, text);
}

Test(text_rows, filters)
{
	struct made_frame m;

	frame_make(&m, VB_KIND_PACKET, VB_TO_GUEST, "");
	m.f.wire_len = m.f.cap_len = 1088;
	memcpy(m.bytes + 36, "c\0a\0f\0\xe9\0.\0t\0x\0t\0", 16);
	cr_expect(match(&m.f, "hv_fcopy.start.file_name == \"caf\xc3\xa9.txt\""));
	cr_expect(match(&m.f, "hv_fcopy.start.file_name contains \".txt\""));
	cr_expect(match(&m.f, "hv_fcopy.start.file_name contains txt"));
	cr_expect(match(&m.f, "hv_fcopy.start.file_name in {\"a\", \"caf\xc3\xa9.txt\"}"));
	cr_expect(match(&m.f, "hv_fcopy.start.file_name > \"c\""));
	cr_expect_not(match(&m.f, "hv_fcopy.start.file_name == \"caf\""));
	cr_expect_not(match(&m.f, "hv_fcopy.start.file_name contains 63:61"));
	cr_expect_not(match(&m.f, "hv_fcopy.start.path_name"), "no text, no field");
}

static bool match_data(const struct vb_frame *f, const char *text)
{
	return match_in("hv_scsi_data", f, text);
}

Test(text_rows, filters_of_ascii)
{
	struct made_frame m;

	frame_make(&m, VB_KIND_PACKET, VB_TO_GUEST,
		   "00 00 05 02 1f 00 00 02 4d736674 20202020 56697274 75616c20 4469736b 20202020");
	m.f.recalled = 0x12;
	cr_expect(match_data(&m.f, "hv_scsi_data.inquiry.standard.vendor == \"Msft    \""));
	cr_expect(match_data(&m.f, "hv_scsi_data.inquiry.standard.product contains Disk"));
	cr_expect_not(match_data(&m.f, "hv_scsi_data.inquiry.standard.product contains disk"));
}
