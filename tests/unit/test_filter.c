/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The display filter: what it matches, and what it says of expressions that are wrong.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/fields_out.h"
#include "capture/filter.h"
#include "dissectors/session.h"
#include "frames.h"

#define INSTANCE "1eccfd72-4b41-45ef-b73a-4a6e44c12924"
#define BALLOON_CLASS "525074dc-8985-46e2-8057-a307dc18a502"

/* A status report of the balloon: 50000 pages available, 3000 committed. */
static const char status_packet[] =
	"0600 0200 0800 0000 0500000000000000"
	"0500 3000 07000000"
	"50c3000000000000 b80b000000000000 0700000000000000 0800000000000000 00000000 00000000";

/* A balloon response with two ranges: pages 0x1000, 16 of them, and 0x2000, 8. */
static const char response_packet[] = "0600 0200 0600 0000 0500000000000000"
				      "0700 2000 07000000"
				      "00000000 04000000 0010000000100000 0020000000080000";

static void make_balloon(struct made_frame *m, const char *hex)
{
	frame_make(m, VB_KIND_PACKET, VB_TO_HOST, hex);
	m->f.class = VB_CLASS_BALLOON;
	m->f.relid = 3;
	m->f.number = 17;
}

static void make_offer(struct made_frame *m)
{
	char hex[2 * 196 + 1];

	memset(hex, '0', sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = '\0';
	memcpy(hex,
	       "0100000000000000dc7450528589e2468057a307dc18a50272fdcc1e414bef45"
	       "b73a4a6e44c12924",
	       80);
	frame_make(m, VB_KIND_CONTROL, VB_TO_GUEST, hex);
	m->f.number = 1;
}

static bool match(const struct made_frame *m, const char *text)
{
	struct vb_filter *f;
	struct vb_err err = { "" };
	struct vb_walked w;
	struct vb_sink sink;
	bool result;

	cr_assert_eq(vb_filter_compile(text, &f, &err), 0, "%s: %s", text, err.text);
	sink = vb_filter_sink(f);
	/* Twice: nothing of a record may be left when the next one comes. */
	for (int i = 0; i < 2; i++) {
		vb_filter_begin(f, m->f.number);
		vb_walk(vb_root_proto(m->f.kind), &m->f, &sink, &w);
		result = vb_filter_match(f);
	}
	vb_filter_free(f);
	return result;
}

static void expect(const struct made_frame *m, const char *text, bool result)
{
	cr_assert_eq(match(m, text), result, "%s is %s", text, result ? "false" : "true");
}

static void expect_error(const char *text, const char *message)
{
	struct vb_filter *f = NULL;
	struct vb_err err = { "" };

	cr_assert_eq(vb_filter_compile(text, &f, &err), -EINVAL, "%s was taken", text);
	cr_assert_str_eq(err.text, message);
	cr_assert_null(strchr(err.text, '\n'));
}

/* Among the names that are near; which others there are changes with every protocol. */
static void expect_suggestion(const char *text, const char *name)
{
	struct vb_filter *f = NULL;
	struct vb_err err = { "" };

	cr_assert_eq(vb_filter_compile(text, &f, &err), -EINVAL, "%s was taken", text);
	cr_assert_not_null(strstr(err.text, name), "%s", err.text);
}

Test(filter, presence)
{
	struct made_frame m;

	make_balloon(&m, status_packet);
	expect(&m, "hv_balloon", true);
	expect(&m, "hv_ring", true);
	expect(&m, "vmbus", false);
	expect(&m, "hv_balloon.status", true);
	expect(&m, "hv_balloon.balloon_response", false);
	expect(&m, "hv_balloon.status.available", true);
	expect(&m, "hv_balloon.balloon_response.range", false);
	expect(&m, "number", true);
}

Test(filter, comparisons)
{
	struct made_frame m;

	make_balloon(&m, status_packet);
	expect(&m, "hv_balloon.status.available == 50000", true);
	expect(&m, "hv_balloon.status.available eq 0xc350", true);
	expect(&m, "hv_balloon.status.available != 50000", false);
	expect(&m, "hv_balloon.status.available ne 1", true);
	expect(&m, "hv_balloon.status.available < 50001", true);
	expect(&m, "hv_balloon.status.available lt 50000", false);
	expect(&m, "hv_balloon.status.available <= 50000", true);
	expect(&m, "hv_balloon.status.available le 49999", false);
	expect(&m, "hv_balloon.status.available > 49999", true);
	expect(&m, "hv_balloon.status.available gt 50000", false);
	expect(&m, "hv_balloon.status.available>=50000", true);
	expect(&m, "hv_balloon.status.available ge 18446744073709551615", false);
	expect(&m, "number == 17", true);
}

Test(filter, sets)
{
	struct made_frame m;

	make_balloon(&m, status_packet);
	expect(&m, "hv_balloon.type in {5}", true);
	expect(&m, "hv_balloon.type in {1, 2, 6..9}", false);
	expect(&m, "hv_balloon.type in {1,4..6}", true);
	expect(&m, "hv_balloon.type in { \"version_request\" , \"status\" }", true);
	expect(&m, "hv_balloon.type not in {5}", false);
	expect(&m, "hv_balloon.type not in {6}", true);
	expect(&m, "hv_balloon.balloon_request.num_pages not in {6}", false);
	expect(&m, "number in {1..3, 15..20}", true);
}

Test(filter, connections)
{
	struct made_frame m;

	make_balloon(&m, status_packet);
	expect(&m, "hv_balloon and hv_ring", true);
	expect(&m, "hv_balloon && vmbus", false);
	expect(&m, "vmbus or hv_balloon", true);
	expect(&m, "vmbus || vmbus.offer", false);
	expect(&m, "not vmbus", true);
	expect(&m, "!hv_balloon", false);
	expect(&m, "not not hv_balloon", true);
	expect(&m, "! ! ! hv_balloon", false);
	/* "and" binds closer than "or", "not" closest. */
	expect(&m, "hv_balloon or vmbus and vmbus", true);
	expect(&m, "(hv_balloon or vmbus) and vmbus", false);
	expect(&m, "not vmbus or vmbus", true);
	expect(&m, "not (vmbus or hv_balloon)", false);
	expect(&m, "hv_ring and not (vmbus or (vmbus and hv_ring)) and hv_balloon", true);
}

Test(filter, names_of_values)
{
	struct made_frame m;

	make_balloon(&m, status_packet);
	expect(&m, "hv_balloon.type == \"status\"", true);
	expect(&m, "hv_balloon.type == status", true);
	expect(&m, "hv_balloon.type == \"Status report\"", true);
	expect(&m, "hv_balloon.type == \"balloon_request\"", false);
	expect(&m, "hv_balloon.type != \"balloon_request\"", true);
}

/* Any occurrence makes a comparison true; "!=" needs all of them to differ. */
Test(filter, several_occurrences)
{
	struct made_frame m;

	make_balloon(&m, response_packet);
	expect(&m, "hv_balloon.balloon_response.range.start_page == 0x1000", true);
	expect(&m, "hv_balloon.balloon_response.range.start_page == 0x2000", true);
	expect(&m, "hv_balloon.balloon_response.range.start_page == 0x3000", false);
	expect(&m, "hv_balloon.balloon_response.range.start_page != 0x1000", false);
	expect(&m, "hv_balloon.balloon_response.range.start_page != 0x3000", true);
	expect(&m, "!(hv_balloon.balloon_response.range.start_page == 0x1000)", false);
	expect(&m, "hv_balloon.balloon_response.range.page_cnt < 9", true);
	expect(&m, "hv_balloon.balloon_response.range.page_cnt > 20", false);
}

Test(filter, an_absent_field_makes_every_comparison_false)
{
	struct made_frame m;

	make_balloon(&m, response_packet);
	expect(&m, "hv_balloon.status.available == 1", false);
	expect(&m, "hv_balloon.status.available != 1", false);
	expect(&m, "hv_balloon.status.available < 1", false);
	expect(&m, "hv_balloon.status.available in {0..1000}", false);
	expect(&m, "not hv_balloon.status.available == 1", true);
}

Test(filter, integers_with_bits)
{
	struct made_frame m;

	make_balloon(&m, response_packet);
	expect(&m, "hv_balloon.balloon_response.info == 4", true);
	expect(&m, "hv_balloon.balloon_response.info.range_count == 2", true);
	expect(&m, "hv_balloon.balloon_response.info.more_pages == 0", true);
	expect(&m, "hv_balloon.balloon_response.info.more_pages == false", true);
	expect(&m, "hv_balloon.balloon_response.info.more_pages == true", false);
}

Test(filter, guids)
{
	struct made_frame m;

	make_offer(&m);
	expect(&m, "vmbus.offer.if_instance == " INSTANCE, true);
	expect(&m, "vmbus.offer.if_instance == \"" INSTANCE "\"", true);
	expect(&m, "vmbus.offer.if_instance == " BALLOON_CLASS, false);
	expect(&m, "vmbus.offer.if_type == " BALLOON_CLASS, true);
	expect(&m, "vmbus.offer.if_type == balloon", true);
	expect(&m, "vmbus.offer.if_type == \"Dynamic memory\"", true);
	expect(&m, "vmbus.offer.if_type != netvsc", true);
	expect(&m, "vmbus.offer.if_type in {netvsc, balloon}", true);
}

Test(filter, bytes)
{
	struct made_frame m;

	/* An unknown message type: its bytes are a gap. Those of a channel nobody knows are data. */
	frame_make(&m, VB_KIND_PACKET, VB_TO_HOST,
		   "0600 0200 0400 0000 0500000000000000 68656c6c6f20776f726c642100000000");
	m.f.class = VB_CLASS_OTHER;
	expect(&m, "hv_ring.data contains \"world\"", true);
	expect(&m, "hv_ring.data contains \"World\"", false);
	expect(&m, "hv_ring.data contains 68:65:6c", true);
	expect(&m, "hv_ring.data contains 0x68656c", true);
	expect(&m, "hv_ring.data contains 68:65:6d", false);
	expect(&m, "hv_ring.data contains \"o\\x20w\"", true);
	expect(&m, "hv_ring.data == 68656c6c6f20776f726c642100000000", true);
	expect(&m, "hv_ring.data == \"hello\"", false);
	expect(&m, "hv_ring.data > \"hello\"", true);
	expect(&m, "hv_ring.data < \"hellp\"", true);
}

Test(filter, times_have_units)
{
	struct vb_link link = { .request = 3, .latency_ns = 1500000 };
	struct vb_filter *f;
	struct vb_err err = { "" };
	struct vb_sink sink;

	cr_assert_eq(vb_filter_compile("hv_link.latency >= 1500us and hv_link.latency < 2ms", &f,
				       &err),
		     0, "%s", err.text);
	sink = vb_filter_sink(f);
	vb_filter_begin(f, 1);
	vb_link_walk(&link, &sink);
	cr_assert(vb_filter_match(f));
	cr_assert(vb_filter_needs(f, "hv_link"));
	cr_assert_not(vb_filter_needs(f, "hv_record"));
	vb_filter_free(f);
}

Test(filter, negative_numbers)
{
	struct vb_record_header h = { .magic = VB_RECORD_MAGIC, .result = (uint32_t)-11 };
	struct made_frame m = {
		.f = { .data = (const uint8_t *)&h, .cap_len = sizeof(h), .wire_len = sizeof(h) }
	};
	struct vb_filter *f;
	struct vb_err err;
	struct vb_walked w;
	struct vb_sink sink;

	cr_assert_eq(vb_filter_compile("hv_record.result == -11 && hv_record.result < 0 && "
				       "hv_record.result > -12 and hv_record.seq >= 0",
				       &f, &err),
		     0, "%s", err.text);
	sink = vb_filter_sink(f);
	vb_filter_begin(f, 1);
	vb_walk(vb_proto_by_name("hv_record"), &m.f, &sink, &w);
	cr_assert(vb_filter_match(f));
	vb_filter_free(f);
}

Test(filter, wrong_names)
{
	expect_error("hv_baloon", "-Y, column 1: there is no field 'hv_baloon': did you mean "
				  "'hv_balloon'?");
	expect_error("hv_balloon and (vmbus or x)",
		     "-Y, column 26: there is no field 'x'; vmbusdump --list-fields shows all");
	expect_suggestion("hv_balloon.status.avail == 1", "'hv_balloon.status.available'");
	expect_suggestion("available == 1", "'hv_balloon.status.available'");
	expect_error("hv_balloon.type == \"stattus\"",
		     "-Y, column 20: hv_balloon.type has no value called 'stattus': did you mean "
		     "'status'?");
}

Test(filter, wrong_types)
{
	expect_error("hv_balloon.status.available == \"many\"",
		     "-Y, column 32: hv_balloon.status.available is a number; 'many' is none");
	expect_error("hv_balloon.status == 1",
		     "-Y, column 1: hv_balloon.status has no value to compare; its name alone "
		     "asks whether it is there");
	expect_error("vmbus.offer.if_type > netvsc",
		     "-Y, column 23: GUIDs have no order: compare with ==, != or in");
	expect_error("vmbus.offer.if_type == 5",
		     "-Y, column 24: vmbus.offer.if_type is a GUID; '5' is neither one nor a kind "
		     "of device");
	expect_error("hv_balloon.type contains 5",
		     "-Y, column 26: only bytes can contain something; hv_balloon.type are none");
	expect_error("hv_balloon.type == 65536", "-Y, column 20: hv_balloon.type cannot be 65536");
	expect_error("hv_balloon.type == -1", "-Y, column 20: hv_balloon.type cannot be -1");
	expect_error("hv_balloon.type in {7..5}",
		     "-Y, column 21: a range must begin with the smaller value");
}

Test(filter, wrong_grammar)
{
	expect_error("", "-Y: the expression is empty");
	expect_error("  ", "-Y: the expression is empty");
	expect_error("hv_balloon vmbus", "-Y, column 12: 'and', 'or' or a comparison is due here");
	expect_error("hv_balloon and", "-Y, column 15: a name of a field is missing here");
	expect_error("(hv_balloon", "-Y, column 12: ')' is missing here");
	expect_error("hv_balloon)", "-Y, column 11: ')' without '('");
	expect_error("hv_balloon.type ==", "-Y, column 19: a value is missing here");
	expect_error("hv_balloon.type = 5", "-Y, column 17: to compare, write '=='");
	expect_error("hv_balloon & vmbus", "-Y, column 12: write 'and' or '&&', 'or' or '||'");
	expect_error("hv_balloon.type == \"status",
		     "-Y, column 20: the text that begins here has no closing '\"'");
	expect_error("\"status\" == hv_balloon.type",
		     "-Y, column 1: a name of a field must stand on the left side");
	expect_error("hv_balloon.type in {}", "-Y, column 21: a value is missing here");
	expect_error("hv_balloon.type in {5", "-Y, column 22: ',' or '}' is missing here");
	expect_error("hv_balloon.type in 5", "-Y, column 20: '{' of a set is missing here");
	expect_error("hv_balloon.type not 5", "-Y, column 21: after a name and 'not', 'in' is due");
	expect_error("hv_balloon ; vmbus", "-Y, column 12: ';' has no meaning here");
	expect_error("hv_balloon \x01", "-Y, column 12: a character that no expression has (0x01)");
}

/* Neither stack nor time of the parser depend on what somebody writes. */
Test(filter, depth_is_bounded)
{
	char text[4096] = "";
	struct made_frame m;

	make_balloon(&m, status_packet);
	for (int i = 0; i < 64; i++)
		strcat(text, "(");
	strcat(text, "hv_balloon");
	for (int i = 0; i < 64; i++)
		strcat(text, ")");
	expect(&m, text, true);

	memset(text, '(', 65);
	text[65] = '\0';
	strcat(text, "hv_balloon");
	expect_error(text, "-Y, column 65: more than 64 parentheses inside each other");
}

Test(filter, the_deepest_evaluation_stays_on_its_stack)
{
	char text[4096] = "";
	struct made_frame m;

	make_balloon(&m, status_packet);
	for (int i = 0; i < 64; i++)
		strcat(text, "vmbus or hv_ring and (");
	strcat(text, "vmbus or hv_ring and hv_balloon");
	for (int i = 0; i < 64; i++)
		strcat(text, ")");
	expect(&m, text, true);
}

Test(filter, long_expressions)
{
	size_t n = 20000;
	char *text = malloc(n * 32);
	char *p = text;
	struct made_frame m;

	make_balloon(&m, status_packet);
	for (size_t i = 0; i < n; i++)
		p += sprintf(p, "%snumber == %zu", i ? " or " : "", i + 18);
	expect(&m, text, false);
	sprintf(p, " or number == 17");
	expect(&m, text, true);
	p = text;
	for (size_t i = 0; i < n; i++)
		p += sprintf(p, "not ");
	sprintf(p, "hv_balloon");
	expect(&m, text, true);
	free(text);
}

/* ---- -e, which finds fields in the same way ---- */

static void expect_line(const struct made_frame *m, const char *const *names, size_t n,
			const char *line)
{
	struct vb_time_text time = { .format = VB_TIME_ISO };
	struct vb_event ev = { .time_ns = 0 };
	struct vb_fields_out *fo;
	struct vb_buf out = { 0 };
	struct vb_err err;
	struct vb_walked w;
	struct vb_sink sink;

	cr_assert_eq(vb_fields_out_new(names, n, &fo, &err), 0, "%s", err.text);
	sink = vb_fields_out_sink(fo);
	for (int i = 0; i < 2; i++) {
		vb_buf_reset(&out);
		vb_fields_out_begin(fo, m->f.number);
		vb_walk(vb_root_proto(m->f.kind), &m->f, &sink, &w);
		vb_fields_out_line(fo, &time, &ev, &out);
	}
	cr_assert_str_eq(out.data, line);
	vb_buf_done(&out);
	vb_fields_out_free(fo);
}

Test(fields_out, columns)
{
	static const char *const names[] = {
		"number",
		"time",
		"hv_balloon.balloon_response.range.start_page",
		"hv_ring.type",
		"hv_balloon.status.available",
		"hv_balloon.balloon_response.info",
	};
	struct made_frame m;

	make_balloon(&m, response_packet);
	expect_line(&m, names, 6, "17\t1970-01-01T00:00:00.000000000Z\t4096,8192\t6\t\t0x4\n");
}

Test(fields_out, guids)
{
	static const char *const names[] = { "vmbus.offer.if_type", "vmbus.offer.if_instance" };
	struct made_frame m;

	make_offer(&m);
	expect_line(&m, names, 2, BALLOON_CLASS "\t" INSTANCE "\n");
}

Test(fields_out, unknown)
{
	static const char *const wrong[] = { "number", "hv_baloon.type" };
	static const char *const group[] = { "number", "hv_balloon.status" };
	struct vb_fields_out *fo;
	struct vb_err err;

	cr_assert_eq(vb_fields_out_new(wrong, 2, &fo, &err), -EINVAL);
	cr_assert_str_eq(err.text, "-e: there is no field 'hv_baloon.type': did you mean "
				   "'hv_balloon.type'?");
	cr_assert_eq(vb_fields_out_new(group, 2, &fo, &err), -EINVAL);
	cr_assert_str_eq(err.text,
			 "-e: hv_balloon.status is a group of fields; name one inside it");
}
