/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON form: what each kind of row becomes; escaping; growing text and GUIDs.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "dissectors/rows.h"
#include "dissectors/sinks.h"

/* ---- a protocol with one row of each kind ---- */

static const struct vb_name colours[] = { { 1, "red" }, { 2, "a \"blue\"" }, END_NAMES };

static const struct vb_row bits[] = {
	BITS("on", "On", 0, 1, .names = colours),
	BITS("level", "Level", 1, 3),
	BITS("colour", "Colour", 4, 4, .names = colours),
	END_ROWS,
};

static const struct vb_row pair[] = {
	U8("a", "A"),
	U8("b", "B", .names = colours),
	END_ROWS,
};

static const struct vb_row head[] = {
	U16("type", "Type", .set = VB_S_TYPE),
	U8("n", "N", .set = VB_S_COUNT),
	END_ROWS,
};

static const struct vb_row numbers[] = {
	U32("plain", "Plain", .base = VB_HEX),
	U64("big", "Big"),
	U64("id", "Id", .base = VB_HEX),
	U16("minus", "Minus", .is_signed = true),
	U8("colour", "Colour", .names = colours),
	U64("named_id", "Named id", .base = VB_HEX, .names = colours),
	VALUE("count", "Count", VB_S_COUNT),
	END_ROWS,
};

static const struct vb_row bytes[] = {
	GUID("guid", "GUID"),
	GUID("class", "Class", .set = VB_S_CLASS),
	VB_ROW("raw", "Raw", VB_BYTES, 2),
	PAD("quiet", 2),
	PAD("loud", 2),
	END_ROWS,
};

static const struct vb_row arrays[] = {
	U16("number", "Number", .count = VB_S_COUNT),
	STRUCT("pair", "Pair", pair, .count = VB_S_COUNT),
	U8("flags", "Flags", .count = VB_S_COUNT, .bits = bits),
	STRUCT("one", "One", pair),
	U8("colour", "Colour", .count = VB_S_COUNT, .names = colours),
	END_ROWS,
};

static const struct vb_row wrapped[] = {
	PAYLOAD("inner", "Inner", "vmbus", .len = VB_REST),
	END_ROWS,
};

static const struct vb_msg msgs[] = {
	MSG(1, "numbers", "Numbers", numbers),
	MSG(2, "bytes", "Bytes", bytes),
	MSG(3, "arrays", "Arrays", arrays),
	MSG(4, "wrapped", "Wrapped", wrapped),
	END_MSGS,
};

static const struct vb_proto proto = {
	.name = "kinds",
	.title = "Kinds",
	.head = head,
	.msgs = msgs,
};

static void add_walk(struct vb_json *j, const struct vb_proto *p, const void *data, size_t len)
{
	struct vb_frame f = { .data = data, .cap_len = (uint32_t)len, .wire_len = (uint32_t)len };
	struct vb_sink sink = vb_json_sink(j);
	struct vb_walked w;

	vb_walk(p, &f, &sink, &w);
}

static void expect_flushed(struct vb_json *j, const char *expected)
{
	struct vb_buf out = { 0 };

	vb_json_flush(j, &out);
	cr_expect_str_eq(out.data ? out.data : "", expected);
	cr_expect(!out.failed);
	vb_buf_done(&out);
}

#define EXPECT_JSON(data, expected)                                                                \
	expect_json(data, sizeof(data) - 1, expected) /* a literal, without its NUL */

static void expect_json(const char *data, size_t len, const char *expected)
{
	struct vb_json j = { 0 };

	add_walk(&j, &proto, data, len);
	expect_flushed(&j, expected);
	vb_json_done(&j);
}

Test(json, numbers)
{
	EXPECT_JSON(
		"\1\0\7"
		"\1\0\0\200"
		"\377\377\377\377\377\377\377\377"
		"\1\0\0\0\0\0\0\376"
		"\376\377"
		"\2"
		"\1\0\0\0\0\0\0\0",
		"\"kinds\":{\"type\":{\"value\":1,\"name\":\"numbers\"},\"n\":7,"
		"\"numbers\":{\"plain\":2147483649,\"big\":18446744073709551615,"
		"\"id\":\"0xfe00000000000001\",\"minus\":-2,"
		"\"colour\":{\"value\":2,\"name\":\"a \\\"blue\\\"\"},"
		"\"named_id\":{\"value\":\"0x0000000000000001\",\"name\":\"red\"},\"count\":7}}");
}

Test(json, bytes)
{
	EXPECT_JSON("\2\0\0"
		    "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20"
		    "\334\164\120\122\205\211\342\106\200\127\243\7\334\30\245\2"
		    "\253\315"
		    "\0\0"
		    "\0\1",
		    "\"kinds\":{\"type\":{\"value\":2,\"name\":\"bytes\"},\"n\":0,\"bytes\":{"
		    "\"guid\":\"04030201-0605-0807-090a-0b0c0d0e0f10\","
		    "\"class\":{\"value\":\"525074dc-8985-46e2-8057-a307dc18a502\","
		    "\"name\":\"Dynamic memory\"},"
		    "\"raw\":\"abcd\",\"loud\":\"0001\"}}");
}

Test(json, class_unknown_has_the_same_type)
{
	char data[3 + 16 + 16 + 6] = { 2 };
	struct vb_json j = { 0 };

	add_walk(&j, &proto, data, sizeof(data));
	expect_flushed(&j,
		       "\"kinds\":{\"type\":{\"value\":2,\"name\":\"bytes\"},\"n\":0,\"bytes\":{"
		       "\"guid\":\"00000000-0000-0000-0000-000000000000\","
		       "\"class\":{\"value\":\"00000000-0000-0000-0000-000000000000\"},"
		       "\"raw\":\"0000\"}}");
	vb_json_done(&j);
}

Test(json, arrays)
{
	EXPECT_JSON("\3\0\2"
		    "\1\0\2\0"
		    "\3\1\4\5"
		    "\53\0"
		    "\6\7"
		    "\1\3",
		    "\"kinds\":{\"type\":{\"value\":3,\"name\":\"arrays\"},\"n\":2,\"arrays\":{"
		    "\"number\":[1,2],"
		    "\"pair\":[{\"a\":3,\"b\":{\"value\":1,\"name\":\"red\"}},"
		    "{\"a\":4,\"b\":{\"value\":5}}],"
		    "\"flags\":[{\"value\":43,\"on\":true,\"level\":5,"
		    "\"colour\":{\"value\":2,\"name\":\"a \\\"blue\\\"\"}},"
		    "{\"value\":0,\"on\":false,\"level\":0,\"colour\":{\"value\":0}}],"
		    "\"one\":{\"a\":6,\"b\":{\"value\":7}},"
		    "\"colour\":[{\"value\":1,\"name\":\"red\"},{\"value\":3}]}}");
}

Test(json, empty_array)
{
	EXPECT_JSON("\3\0\0\6\7",
		    "\"kinds\":{\"type\":{\"value\":3,\"name\":\"arrays\"},\"n\":0,\"arrays\":{"
		    "\"number\":[],\"pair\":[],\"flags\":[],\"one\":{\"a\":6,\"b\":{\"value\":7}},"
		    "\"colour\":[]}}");
}

Test(json, unknown_type_has_no_name)
{
	EXPECT_JSON("\11\0\0",
		    "\"kinds\":{\"type\":{\"value\":9},\"n\":0},"
		    "\"notes\":[{\"code\":\"unknown\",\"field\":\"kinds\",\"offset\":0}]");
}

Test(json, note_names_the_field)
{
	EXPECT_JSON("\3\0\1"
		    "\1\0"
		    "\3",
		    "\"kinds\":{\"type\":{\"value\":3,\"name\":\"arrays\"},\"n\":1,\"arrays\":{"
		    "\"number\":[1],\"pair\":[{\"a\":3}]}},"
		    "\"notes\":[{\"code\":\"short\",\"field\":\"kinds.arrays.pair.b\","
		    "\"offset\":6}]");
}

Test(json, payloads_are_siblings)
{
	EXPECT_JSON(
		"\4\0\0"
		"\2\0\0\0\0\0\0\0\5\0\0\0",
		"\"kinds\":{\"type\":{\"value\":4,\"name\":\"wrapped\"},\"n\":0,\"wrapped\":{}},"
		"\"vmbus\":{\"type\":{\"value\":2,\"name\":\"rescind_offer\"},"
		"\"rescind_offer\":{\"relid\":5}}");
}

Test(json, gaps_stand_under_their_walk)
{
	static const char first[] = "\4\0\0\2\0\0\0\0\0\0\0\5\0\0\0\1\2";
	static const char second[] = "\4\0\0\0\0\0\0\0\3";
	const struct vb_proto *vmbus = vb_proto_by_name("vmbus");
	struct vb_json j = { 0 };

	add_walk(&j, &proto, first, sizeof(first) - 1);
	expect_flushed(
		&j,
		"\"kinds\":{\"type\":{\"value\":4,\"name\":\"wrapped\"},\"n\":0,\"wrapped\":{}},"
		"\"vmbus\":{\"type\":{\"value\":2,\"name\":\"rescind_offer\"},"
		"\"rescind_offer\":{\"relid\":5}},"
		"\"gaps\":{\"kinds\":[{\"offset\":15,\"bytes\":\"0102\"}]},"
		"\"notes\":[{\"code\":\"extra\",\"field\":\"vmbus\",\"offset\":15}]");
	add_walk(&j, &proto, "\11\0\0\4", 4);
	add_walk(&j, vmbus, second, sizeof(second) - 1);
	expect_flushed(&j, "\"kinds\":{\"type\":{\"value\":9},\"n\":0},"
			   "\"vmbus\":{\"type\":{\"value\":4,\"name\":\"all_offers_delivered\"}"
			   ",\"all_offers_delivered\":{}},"
			   "\"gaps\":{\"kinds\":[{\"offset\":3,\"bytes\":\"04\"}],"
			   "\"vmbus\":[{\"offset\":8,\"bytes\":\"03\"}]},"
			   "\"notes\":[{\"code\":\"unknown\",\"field\":\"kinds\",\"offset\":0},"
			   "{\"code\":\"extra\",\"field\":\"kinds\",\"offset\":3},"
			   "{\"code\":\"extra\",\"field\":\"vmbus\",\"offset\":8}]");
	vb_json_done(&j);
}

/* Of several messages they say which one they are of. */
Test(json, gaps_of_a_protocol_that_repeats)
{
	struct vb_proto repeating = proto;
	struct vb_json j = { 0 };

	repeating.repeats = true;
	for (int i = 0; i < 2; i++) { /* nothing is left over from the first time */
		add_walk(&j, &repeating, "\11\0\0\4", 4);
		add_walk(&j, &repeating, "\11\0\0", 3);
		add_walk(&j, &repeating, "\11\0\0\5", 4);
		expect_flushed(&j,
			       "\"kinds\":[{\"type\":{\"value\":9},\"n\":0},"
			       "{\"type\":{\"value\":9},\"n\":0},{\"type\":{\"value\":9},\"n\":0}],"
			       "\"gaps\":{\"kinds\":[{\"message\":0,\"offset\":3,\"bytes\":\"04\"},"
			       "{\"message\":2,\"offset\":3,\"bytes\":\"05\"}]},"
			       "\"notes\":[{\"code\":\"unknown\",\"field\":\"kinds\",\"offset\":0},"
			       "{\"code\":\"extra\",\"field\":\"kinds\",\"offset\":3},"
			       "{\"code\":\"unknown\",\"field\":\"kinds\",\"offset\":0},"
			       "{\"code\":\"unknown\",\"field\":\"kinds\",\"offset\":0},"
			       "{\"code\":\"extra\",\"field\":\"kinds\",\"offset\":3}]");
	}
	vb_json_done(&j);
}

Test(json, same_protocol_twice_is_one_member)
{
	struct vb_json j = { 0 };

	add_walk(&j, &proto, "\11\0\0", 3);
	add_walk(&j, &proto, "\11\0\0", 3);
	expect_flushed(&j, "\"kinds\":{\"type\":{\"value\":9},\"n\":0},"
			   "\"notes\":[{\"code\":\"unknown\",\"field\":\"kinds\",\"offset\":0},"
			   "{\"code\":\"limit\",\"field\":\"kinds\",\"offset\":0},"
			   "{\"code\":\"unknown\",\"field\":\"kinds\",\"offset\":0}]");
	vb_json_done(&j);
}

Test(json, nothing_is_nothing)
{
	struct vb_json j = { 0 };

	expect_flushed(&j, "");
	vb_json_done(&j);
}

/* ---- what json.c is made of ---- */

static void expect_escaped(const char *s, const char *expected)
{
	struct vb_buf b = { 0 };

	vb_buf_json(&b, s);
	cr_expect_str_eq(b.data, expected);
	vb_buf_done(&b);
}

Test(json, strings_are_escaped)
{
	expect_escaped("", "\"\"");
	expect_escaped("a/b", "\"a/b\"");
	expect_escaped("\"\\\b\f\n\r\t", "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
	expect_escaped("\1\37\177", "\"\\u0001\\u001f\\u007f\"");
	expect_escaped("\303\251\342\202\254\360\220\215\210",
		       "\"\303\251\342\202\254\360\220\215\210\"");
}

#define BAD "\357\277\275" /* U+FFFD */

Test(json, bytes_that_are_no_utf8_are_replaced)
{
	expect_escaped("\200a", "\"" BAD "a\"");
	expect_escaped("\303", "\"" BAD "\"");
	expect_escaped("\303(", "\"" BAD "(\"");
	expect_escaped("\300\200", "\"" BAD BAD "\"");	       /* overlong */
	expect_escaped("\340\237\277", "\"" BAD BAD BAD "\""); /* overlong */
	expect_escaped("\355\240\200", "\"" BAD BAD BAD "\""); /* surrogate */
	expect_escaped("\364\220\200\200", "\"" BAD BAD BAD BAD "\"");
	expect_escaped("\377", "\"" BAD "\"");
}

Test(buf, grows)
{
	struct vb_buf b = { 0 };
	char long_text[1000];

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	vb_buf_str(&b, "");
	cr_assert_str_eq(b.data, "");
	for (int i = 0; i < 100; i++)
		vb_buf_fmt(&b, "%s,%d;", long_text, i);
	cr_assert(!b.failed);
	cr_assert_eq(b.len, strlen(b.data));
	cr_assert_eq(b.len, 100 * 999 + 10 * 3 + 90 * 4);
	vb_buf_reset(&b);
	cr_assert_str_eq(b.data, "");
	vb_buf_hex(&b, (const uint8_t *)"\1\253", 2);
	vb_buf_add(&b, "z", 1);
	cr_assert_str_eq(b.data, "01abz");
	vb_buf_done(&b);
	cr_assert_null(b.data);
}

Test(buf, guid_text_and_back)
{
	uint8_t guid[16], again[16];
	char text[VB_GUID_TEXT];

	for (uint8_t i = 0; i < 16; i++)
		guid[i] = (uint8_t)(0xf0 + i);
	vb_guid_text(guid, text);
	cr_assert_str_eq(text, "f3f2f1f0-f5f4-f7f6-f8f9-fafbfcfdfeff");
	cr_assert(vb_guid_parse(text, again));
	cr_assert_arr_eq(again, guid, sizeof(guid));
	cr_assert(vb_guid_parse("F3F2F1F0-F5F4-F7F6-F8F9-FAFBFCFDFEFF", again));
	cr_assert_arr_eq(again, guid, sizeof(guid));
}

Test(buf, guid_refuses_other_text)
{
	static const char *const wrong[] = {
		"",
		"f3f2f1f0",
		"f3f2f1f0-f5f4-f7f6-f8f9-fafbfcfdfef",
		"f3f2f1f0-f5f4-f7f6-f8f9-fafbfcfdfefff",
		"f3f2f1f0-f5f4-f7f6-f8f9-fafbfcfdfefg",
		"f3f2f1f0f5f4-f7f6-f8f9-fafbfcfdfeff",
		"{f3f2f1f0-f5f4-f7f6-f8f9-fafbfcfdfeff}",
	};
	uint8_t guid[16] = { 1 };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect(!vb_guid_parse(wrong[i], guid), "%s", wrong[i]);
	cr_expect_eq(guid[0], 1, "untouched");
}
