/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The check of the tables finds each fault, and none in the real tables.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "dissectors/rows.h"
#include "dissectors/sinks.h"

#define ROWS(...) ((const struct vb_row[]){ __VA_ARGS__, END_ROWS })
#define MSGS(...) ((const struct vb_msg[]){ __VA_ARGS__, END_MSGS })
#define NAMES(...) ((const struct vb_name[]){ __VA_ARGS__, END_NAMES })

static const struct vb_row type_head[] = {
	U32("type", "Type", .set = VB_S_TYPE),
	END_ROWS,
};

static void expect_proto(struct vb_proto proto, const char *expected)
{
	struct vb_buf out = { 0 };
	unsigned int n;

	if (!proto.name)
		proto.name = "p";
	if (!proto.title)
		proto.title = "P";
	n = vb_lint_proto(&proto, &out);
	cr_expect_str_eq(out.data ? out.data : "", expected);
	cr_expect_eq(n, *expected ? 1 : 0, "faults: %u", n);
	vb_buf_done(&out);
}

/* Rows as they would stand in a message whose type the head has set. */
static void expect_rows(const struct vb_row *rows, const char *expected)
{
	const struct vb_msg msgs[] = {
		MSG(1, "m", "M", rows),
		END_MSGS,
	};

	expect_proto((struct vb_proto){ .head = type_head, .msgs = msgs }, expected);
}

static void expect_msgs(const struct vb_msg *msgs, const char *expected)
{
	expect_proto((struct vb_proto){ .head = type_head, .msgs = msgs }, expected);
}

Test(lint, real_tables_have_no_faults)
{
	struct vb_buf out = { 0 };
	unsigned int n = vb_lint(&out);

	cr_assert_eq(n, 0, "%u faults:\n%s", n, out.data);
	vb_buf_done(&out);
}

Test(lint, good_rows)
{
	expect_rows(ROWS(U8("n", "N", .set = VB_S_COUNT, .help = "How many"),
			 U16("item", "Item", .count = VB_S_COUNT), U8("old", "Old", .until = 5),
			 U8("new", "New", .since = 5, .until = 6),
			 BYTES("rest", "Rest", .len = VB_REST)),
		    "");
}

Test(lint, words)
{
	expect_rows(ROWS(U8("Size", "Size")), "p.m.Size: the name is not made of a-z, 0-9 and _\n");
	expect_rows(ROWS(U8("", "Size")), "p.m.: the name is not made of a-z, 0-9 and _\n");
	expect_rows(ROWS(U8("size", NULL)), "p.m.size: no title, or space around it\n");
	expect_rows(ROWS(U8("size", "Size ")), "p.m.size: no title, or space around it\n");
	expect_rows(ROWS(U8("size", "Size", .help = "Bytes.")),
		    "p.m.size: the help ends with a full stop\n");
	expect_rows(ROWS(U8("size", "Size", .help = " Bytes")),
		    "p.m.size: the help is empty, or has space around it\n");
	expect_rows(ROWS(U8("value", "Value")),
		    "p.m.value: a name that JSON readers take for a named value\n");
	expect_rows(ROWS(U8("a", "A"), U8("b", "B"), U16("a", "A")), "p.m.a: this name twice\n");
}

Test(lint, long_path)
{
	char name[70];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	expect_rows(ROWS(U8(name, "A")),
		    "p.m.nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn: "
		    "the path has more than 72 characters\n");
}

Test(lint, value_names)
{
	expect_rows(ROWS(U8("a", "A", .names = NAMES({ 1, "x" }, { 1, "y" }))),
		    "p.m.a: value 0x1: not in ascending order\n");
	expect_rows(ROWS(U8("a", "A", .names = NAMES({ 2, "x" }, { 1, "y" }))),
		    "p.m.a: value 0x1: not in ascending order\n");
	expect_rows(ROWS(U8("a", "A", .names = NAMES({ 2, "" }))),
		    "p.m.a: value 0x2: no name, or space around it\n");
	expect_rows(ROWS(U8("a", "A", .names = NAMES({ 2, "x " }))),
		    "p.m.a: value 0x2: no name, or space around it\n");
	expect_rows(ROWS(U8("a", "A", .names = NAMES({ 256, "x" }))),
		    "p.m.a: value 0x100: larger than the field\n");
}

Test(lint, integers)
{
	expect_rows(ROWS(VB_ROW("a", "A", VB_UINT, 3)), "p.m.a: an integer of 3 bytes\n");
	expect_rows(ROWS(BE16("a", "A"), BE24("b", "B", .is_signed = true), BE64("c", "C")), "");
	expect_rows(ROWS(BE24("a", "A", .max = 0x1000000)),
		    "p.m.a: the largest value is larger than the field\n");
	expect_rows(ROWS(BE24("a", "A", .names = NAMES({ 0x1000000, "x" }))),
		    "p.m.a: value 0x1000000: larger than the field\n");
	expect_rows(ROWS(U8("a", "A", .len = VB_REST)), "p.m.a: an integer with a length\n");
	expect_rows(ROWS(U8("a", "A", .max = 256)),
		    "p.m.a: the largest value is larger than the field\n");
	expect_rows(ROWS(VB_ROW("a", "A", VB_GUID, 8)), "p.m.a: a GUID of 8 bytes\n");
}

/* Constructors do not nest: the bits come as a table of their own. */
static void expect_bits(const struct vb_row *bits, const char *expected)
{
	expect_rows(ROWS(U8("a", "A", .bits = bits)), expected);
}

Test(lint, bits)
{
	const struct vb_row *one = ROWS(BITS("b", "B", 0, 1));

	expect_bits(ROWS(BITS("b", "B", 7, 2)), "p.m.a.b: not inside the integer\n");
	expect_bits(ROWS(BITS("b", "B", 7, 0)), "p.m.a.b: not inside the integer\n");
	expect_bits(ROWS(BITS("b", "B", 0, 2), BITS("c", "C", 1, 1)),
		    "p.m.a.c: overlaps with other bits\n");
	expect_bits(ROWS(BITS("b", "B", 0, 1), BITS("b", "B", 1, 1)), "p.m.a.b: this name twice\n");
	expect_bits(ROWS(BITS("value", "V", 0, 1)),
		    "p.m.a.value: a member that named values have already\n");
	expect_bits(ROWS(U8("b", "B")), "p.m.a.b: only bits can stand here\n");
	expect_bits(ROWS(BITS("b", "B", 0, 2, .names = NAMES({ 4, "x" }))),
		    "p.m.a.b: value 0x4: larger than the field\n");
	expect_rows(ROWS(BITS("b", "B", 0, 1)), "p.m.b: bits outside an integer\n");
	expect_rows(ROWS(GUID("a", "A", .bits = one)), "p.m.a: bits of what is no integer\n");
}

Test(lint, slots)
{
	const struct vb_row *bits = ROWS(BITS("n", "N", 0, 4, .set = VB_S_COUNT));

	expect_rows(ROWS(U8("a", "A", .count = VB_S_COUNT)),
		    "p.m.a: count: slot 6 is not set here\n");
	expect_rows(ROWS(BYTES("a", "A", .len = VB_S_LEN), U8("n", "N", .set = VB_S_LEN)),
		    "p.m.a: len: slot 3 is not set here\n");
	expect_rows(ROWS(BYTES("a", "A", .len = VB_REST, .at = VB_S_HEAD)),
		    "p.m.a: at: slot 4 is not set here\n");
	expect_rows(ROWS(U8("a", "A", .when = VB_S_A, .mask = 1, .equals = 1)),
		    "p.m.a: when: slot 15 is not set here\n");
	expect_rows(ROWS(VALUE("a", "A", VB_S_A)), "p.m.a: value: slot 15 is not set here\n");
	expect_rows(ROWS(U8("a", "A", .set = 31)), "p.m.a: there is no slot 31\n");
	expect_rows(ROWS(U8("a", "A", .set = VB_S_TYPE)),
		    "p.m.a: sets the message type inside a message\n");
	expect_rows(ROWS(U8("a", "A", .set = VB_S_CLASS)),
		    "p.m.a: sets the class but is no GUID\n");
	expect_rows(ROWS(U8("a", "A", .when = VB_S_VERSION, .mask = 1, .equals = 1)), "");
	expect_rows(ROWS(U8("a", "A", .bits = bits), U8("b", "B", .count = VB_S_COUNT)), "");
}

Test(lint, slots_of_one_message_are_not_those_of_another)
{
	expect_msgs(MSGS(MSG(1, "a", "A", ROWS(U8("n", "N", .set = VB_S_COUNT))),
			 MSG(2, "b", "B", ROWS(U8("x", "X", .count = VB_S_COUNT)))),
		    "p.b.x: count: slot 6 is not set here\n");
}

Test(lint, lengths)
{
	const struct vb_row *inner = ROWS(U8("b", "B"));

	expect_rows(ROWS(BYTES("a", "A")), "p.m.a: the length is said 0 times\n");
	expect_rows(ROWS(VB_ROW("a", "A", VB_BYTES, 4, .len = VB_REST)),
		    "p.m.a: the length is said 2 times\n");
	expect_rows(ROWS(PAYLOAD("a", "A", NULL)), "p.m.a: the length is said 0 times\n");
	expect_rows(ROWS(STRUCT("a", "A", inner, .len = VB_REST)),
		    "p.m.a: a struct with a length\n");
	expect_rows(ROWS(STRUCT("a", "A", NULL)), "p.m.a: a struct without rows\n");
}

Test(lint, texts)
{
	static const struct vb_row alone[] = {
		VB_ROW("a", "A", VB_UTF16, 8),
		U8("b", "B"),
		END_ROWS,
	};
	static const struct vb_row second[] = {
		VB_ROW("a_rest", "A", VB_PAD, 0, .after_text = true),
		END_ROWS,
	};

	expect_rows(ROWS(UTF16("a", "A", 8), U8("b", "B")), "");
	expect_rows(ROWS(UTF16("a", "A", 8, .len = VB_REST)),
		    "p.m.a: the length is said 2 times\n");
	expect_rows(ROWS(ASCII("a", "A", 8), ASCII_BY("b", "B", .len = VB_REST)), "");
	expect_rows(ROWS(ASCII("a", "A", 8, .count = VB_REST)), "p.m.a: an array of texts\n");
	expect_rows(alone, "p.m.a: text, and no row has what is behind its end\n");
	expect_rows(second, "p.m.a_rest: there is no text in front of it\n");
}

Test(lint, attributes)
{
	const struct vb_row *good = ROWS(U8("b", "B"));

	expect_rows(ROWS(U8("a", "A", .since = 5, .until = 5)),
		    "p.m.a: since is not before until\n");
	expect_rows(ROWS(U8("a", "A", .from_slot = VB_S_A)),
		    "p.m.a: from_slot on a row with bytes\n");
	expect_rows(ROWS(GUID("a", "A", .base = VB_HEX)),
		    "p.m.a: a number base on what is no number\n");
	expect_rows(ROWS(GUID("a", "A", .max = 1)),
		    "p.m.a: a number's attribute on what is no number\n");
	expect_rows(ROWS(U8("a", "A", .rows = good)), "p.m.a: rows in what is no struct\n");
	expect_rows(ROWS(FIXED("a", "A", 4, .big = true)),
		    "p.m.a: big-endian what is no integer\n");
	expect_rows(ROWS(U8("a", "A", .opaque = true)), "p.m.a: opaque what is not bytes\n");
	expect_rows(ROWS(U8("a", "A", .proto = "vmbus")),
		    "p.m.a: a protocol in what is no payload\n");
	expect_rows(ROWS(U8("v", "V", .set = VB_S_A), U8("a", "A", .version = VB_S_A)),
		    "p.m.a: a version for what is no payload\n");
	expect_rows(ROWS(U8("v", "V", .set = VB_S_A),
			 U8("a", "A", .count = VB_REST, .within = VB_S_A)),
		    "p.m.a: within what is no struct, and no array of them to the end\n");
	expect_rows(ROWS(STRUCT("a", "A", ROWS(U8("b", "B")), .count = VB_REST, .within = VB_S_B)),
		    "p.m.a: within: slot 16 is not set here\n");
	expect_rows(ROWS(U8("a", "A", .from = 3)), "p.m.a: from nobody\n");
	expect_rows(ROWS(U8("a", "A", .scale = 8)), "p.m.a: scale or bias of nothing\n");
	expect_rows(ROWS(U8("a", "A", .at_bias = 8)), "p.m.a: at_scale or at_bias of nothing\n");
	expect_rows(ROWS(U8("n", "N", .set = VB_S_A),
			 U8("a", "A", .when = VB_S_A, .mask = 1, .equals = 2)),
		    "p.m.a: a condition that never or always holds\n");
	expect_rows(ROWS(U8("n", "N", .set = VB_S_A), U8("a", "A", .when = VB_S_A)),
		    "p.m.a: a condition that never or always holds\n");
	expect_rows(ROWS(U8("a", "A", .mask = 1)),
		    "p.m.a: a condition that never or always holds\n");
	expect_rows(ROWS(U8("a", "A", .unless = true)), "p.m.a: unless what\n");
}

Test(lint, payloads)
{
	const struct vb_row *inner = ROWS(PAYLOAD("a", "A", "vmbus", .len = VB_REST));

	expect_rows(ROWS(PAYLOAD("a", "A", "hv_nowhere", .len = VB_REST)),
		    "p.m.a: there is no protocol hv_nowhere\n");
	expect_rows(ROWS(FOREIGN("a", "A", "eth_withoutfcs", .len = VB_REST)), "");
	expect_rows(ROWS(FOREIGN("a", "A", "vmbus", .len = VB_REST)),
		    "p.m.a: a foreign payload of no dissector, or of a protocol of ours\n");
	expect_rows(ROWS(STRUCT("s", "S", inner, .count = VB_REST)),
		    "p.m.s.a: a payload in an array: its protocol could occur twice\n");
	expect_proto(
		(struct vb_proto){ .name = "hv_balloon",
				   .head = ROWS(PAYLOAD("a", "A", "hv_ring", .len = VB_REST)) },
		"hv_balloon: comes back to itself, or too deep, on class balloon\n");
}

Test(lint, nesting)
{
	const struct vb_row *rows = ROWS(U8("a", "A"));
	struct vb_row deeper[9][2];

	for (int i = 0; i < 9; i++) {
		deeper[i][0] = (struct vb_row)STRUCT("a", "A", rows);
		deeper[i][1] = (struct vb_row)END_ROWS;
		rows = deeper[i];
	}
	expect_rows(rows, "p.m.a.a.a.a.a.a.a.a.a: nested too deep\n");
}

Test(lint, messages)
{
	expect_msgs(MSGS(MSG(1, "a", "A", NULL), MSG(1, "b", "B", NULL)),
		    "p.b: never chosen: a comes first\n");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL), MSG(1, "b", "B", NULL, .since = 2)),
		    "p.b: never chosen: a comes first\n");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .since = 2), MSG(1, "b", "B", NULL)), "");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .min_len = 2), MSG(1, "b", "B", NULL)), "");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .from = VB_TO_HOST),
			 MSG(1, "b", "B", NULL, .from = VB_TO_GUEST)),
		    "");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL), MSG(2, "a", "A", NULL)), "p.a: this name twice\n");
	expect_msgs(MSGS(MSG(1, "a", "", NULL)), "p.a: no title, or space around it\n");
	expect_msgs(MSGS(MSG(1, "type", "A", NULL)), "p.type: a message has this name\n");
}

Test(lint, answers)
{
	const struct vb_row *id = ROWS(U8("id", "Id", .set = VB_S_ID));

	expect_msgs(MSGS(MSG(1, "a", "A", id, .key = { VB_S_ID }),
			 MSG(2, "b", "B", id, .answers = 1, .key = { VB_S_ID })),
		    "");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .answers = 7)),
		    "p.a: answers message 7, which does not exist\n");
	expect_msgs(MSGS(MSG(1, "a", "A", id),
			 MSG(2, "b", "B", id, .answers = 1, .key = { VB_S_ID })),
		    "p.b: has other keys than its request a\n");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .answers = VB_ANY)),
		    "p.a: answers any request but has no key\n");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .key = { VB_S_ID })),
		    "p.a: key: slot 7 is not set here\n");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .asks_if = VB_S_FLAGS)),
		    "p.a: asks_if: slot 5 is not set here\n");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .outside = "hv_kvp")),
		    "p.a: outside: hv_kvp neither repeats nor is what a request says\n");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .accepts_if = VB_S_A)),
		    "p.a: accepts_if: slot 15 is not set here\n");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .proposes = true)),
		    "p.a: proposes: slot 2 is not set here\n");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .more = VB_S_MORE)),
		    "p.a: more: slot 10 is not set here\n");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .total = VB_S_LEN)),
		    "p.a: total: slot 3 is not set here\n");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .continues = 9)),
		    "p.a: continues message 9, which does not exist\n");
}

/* Messages that are chosen by their request, and rows that are. */
Test(lint, what_is_recalled)
{
	const struct vb_row *by_recalled =
		ROWS(U8("a", "A", .when = VB_S_RECALLED, .mask = 1, .equals = 1));
	const struct vb_row *rows = ROWS(U8("a", "A"));

	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .reply_to = 7),
			 MSG(1, "b", "B", NULL, .reply_to = 8), MSG(1, "c", "C", NULL)),
		    "");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .reply_to = 7),
			 MSG(1, "b", "B", NULL, .reply_to = 7)),
		    "p.b: never chosen: a comes first\n");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL), MSG(1, "b", "B", NULL, .reply_to = 7)),
		    "p.b: never chosen: a comes first\n");
	expect_msgs(MSGS(MSG(1, "a", "A", by_recalled, .reply_to = 7)), "");
	expect_msgs(MSGS(MSG(1, "a", "A", by_recalled)), "p.a.a: when: slot 19 is not set here\n");
	expect_msgs(MSGS(MSG(1, "a", "A", NULL, .recalls = true)),
		    "p.a: recalls: slot 19 is not set here\n");
	expect_proto((struct vb_proto){ .head = rows,
					.by_request = true,
					.msgs = MSGS(MSG(1, "m", "M", by_recalled)) },
		     "");
	expect_proto((struct vb_proto){ .head = rows, .recall_len = 4 }, "");
	expect_proto((struct vb_proto){ .head = rows, .recall_len = 1, .recall_shift = 24 }, "");
	expect_proto((struct vb_proto){ .head = rows, .recall_len = 5 },
		     "p: more to recall than there is room for\n");
	expect_proto((struct vb_proto){ .head = rows, .recall_len = 2, .recall_shift = 24 },
		     "p: more to recall than there is room for\n");
}

Test(lint, protocols)
{
	const struct vb_row *rows = ROWS(U8("a", "A"));

	expect_proto((struct vb_proto){ .head = rows }, "");
	expect_proto((struct vb_proto){ .head = rows, .title = " " },
		     "p: no title, or space around it\n");
	expect_proto((struct vb_proto){ .head = rows, .name = "notes" },
		     "notes: a member that every record has already\n");
	expect_proto((struct vb_proto){ .head = rows, .msgs = MSGS(MSG(1, "m", "M", NULL)) },
		     "p: has messages, but the head does not set their type\n");
	expect_proto((struct vb_proto){ .head = rows, .own_len = VB_S_LEN },
		     "p: own_len: slot 3 is not set here\n");
	expect_proto((struct vb_proto){ .head = rows, .head_len = VB_S_HEAD },
		     "p: head_len: slot 4 is not set here\n");
	expect_proto((struct vb_proto){ .head = rows, .unit = 8 }, "p: a unit of nothing\n");
	expect_proto((struct vb_proto){ .head = rows, .tail = rows },
		     "p.a: this name in head and tail\n");
	expect_proto((struct vb_proto){ .head = type_head,
					.msgs = MSGS(MSG(1, "m", "M", NULL)),
					.tail = rows },
		     "p: a tail, but nothing says where the message ends\n");
	expect_proto((struct vb_proto){ .head = rows, .versions = NAMES({ 2, "2" }, { 1, "1" }) },
		     "p: value 0x1: not in ascending order\n");
}

/* ---- the field reference ---- */

struct fields {
	unsigned int n;
	const char *stop_at;
	char last[100];
	int32_t offset;
	char type[16];
};

static bool note_field(void *ctx, const struct vb_field_info *fi)
{
	struct fields *f = ctx;

	f->n++;
	snprintf(f->last, sizeof(f->last), "%s", fi->path);
	snprintf(f->type, sizeof(f->type), "%s", fi->type);
	f->offset = fi->offset;
	return !f->stop_at || strcmp(fi->path, f->stop_at) != 0;
}

static void expect_field(const char *path, const char *type, int32_t offset)
{
	struct fields f = { .stop_at = path };

	vb_fields_each(note_field, &f);
	cr_expect_str_eq(f.last, path);
	cr_expect_str_eq(f.type, type, "%s: %s", path, f.type);
	cr_expect_eq(f.offset, offset, "%s: %d", path, f.offset);
}

Test(fields, each_has_path_type_and_offset)
{
	expect_field("hv_record.magic", "u32", 0);
	expect_field("hv_record.result", "s32", 20);
	expect_field("hv_record.device", "guid", 64);
	expect_field("hv_record.mono_ns", "u64", 88);
	expect_field("hv_record.flags.cut", "bit", 14);
	expect_field("vmbus.offer.if_type", "guid", 8);
	expect_field("vmbus.gpadl_body.pfn", "u64[]", 16);
	expect_field("vmbus.gpadl_header.range", "struct[]", 20);
	expect_field("vmbus.gpadl_header.range.byte_count", "u32", -1);
	expect_field("hv_ring.data", "opaque", -1);
	expect_field("hv_fcopy.write.data", "bytes", 52);
	expect_field("hv_shutdown.unused", "opaque", 2060);
	expect_field("hv_state.item.data", "opaque", -1);
	expect_field("hv_link.part", "value", 0);
	expect_field("hv_scsi.read_10.lba", "u32be", 2);
	expect_field("hv_scsi.space_6.count", "s24be", 2);
	expect_field("hv_scsi_data.persistent_reserve_in.keys.list.key", "u64be[]", 8);
	expect_field("hv_scsi_data.inquiry.standard.vendor", "ascii", 8);
}

Test(fields, list_has_a_line_for_each)
{
	struct vb_buf out = { 0 };
	struct fields f = { 0 };
	unsigned int n_lines = 0;

	vb_fields_each(note_field, &f);
	vb_fields_list(&out, false);
	for (const char *s = out.data; (s = strchr(s, '\n')); s++)
		n_lines++;
	cr_assert_eq(n_lines, f.n);
	cr_assert(strstr(out.data, "\nvmbus.offer.relid\tu32\tChannel\t"));
	vb_buf_done(&out);
}

Test(fields, markdown_has_an_anchor_for_each)
{
	struct vb_buf out = { 0 };
	struct fields f = { 0 };
	unsigned int n_anchors = 0, n_messages = 0;
	size_t n;
	const struct vb_proto *const *protos = vb_protos(&n);

	vb_fields_each(note_field, &f);
	vb_fields_list(&out, true);
	for (const char *s = out.data; (s = strstr(s, "<a id=\"")); s++)
		n_anchors++;
	cr_assert_eq(n_anchors, f.n);
	for (size_t i = 0; i < n; i++)
		for (const struct vb_msg *m = protos[i]->msgs; m && m->name; m++)
			n_messages++;
	for (const char *s = out.data; (s = strstr(s, ": type ")); s++)
		n_messages--;
	cr_assert_eq(n_messages, 0, "each message has its heading");
	vb_buf_done(&out);
}
