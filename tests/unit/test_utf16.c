/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UTF-16 of messages to text and back: pairs, what is no text, and what does not fit.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "replay/host/utf16.h"

static void expect_units(const char *text, const uint8_t *units, size_t len)
{
	uint8_t buf[64];
	char back[64];
	size_t got = 0;

	cr_assert_eq(vb_utf16_from_text(text, buf, sizeof(buf), &got), 0, "%s", text);
	cr_expect_eq(got, len, "%s: %zu bytes", text, got);
	cr_expect_arr_eq(buf, units, len, "%s", text);
	cr_expect_eq(vb_utf16_to_text(buf, got, back, sizeof(back)), strlen(text));
	cr_expect_str_eq(back, text);
}

Test(utf16, characters_of_every_length)
{
	expect_units("", (const uint8_t[]){ 0, 0 }, 2);
	expect_units("a", (const uint8_t[]){ 'a', 0, 0, 0 }, 4);
	expect_units("\xc3\xa9", (const uint8_t[]){ 0xe9, 0, 0, 0 }, 4);
	expect_units("\xe2\x82\xac", (const uint8_t[]){ 0xac, 0x20, 0, 0 }, 4);
	expect_units("\xef\xbf\xbf", (const uint8_t[]){ 0xff, 0xff, 0, 0 }, 4);
	expect_units("\xf0\x9f\x98\x80.", (const uint8_t[]){ 0x3d, 0xd8, 0, 0xde, '.', 0, 0, 0 },
		     8);
	expect_units("\xf4\x8f\xbf\xbf", (const uint8_t[]){ 0xff, 0xdb, 0xff, 0xdf, 0, 0 }, 6);
}

Test(utf16, what_is_no_utf8)
{
	static const char *const wrong[] = {
		"\x80",		    /* a continuation alone */
		"a\xc3",	    /* ends too early */
		"\xc3(",	    /* no continuation */
		"\xc0\x80",	    /* longer than it need be */
		"\xe0\x80\x80",	    /* likewise */
		"\xf0\x80\x80\x80", /* likewise */
		"\xed\xa0\x80",	    /* half of a pair */
		"\xf4\x90\x80\x80", /* beyond the last character */
		"\xff",
	};
	uint8_t buf[64];
	size_t got;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(vb_utf16_from_text(wrong[i], buf, sizeof(buf), &got), -EINVAL, "%zu",
			     i);
}

Test(utf16, text_that_does_not_fit)
{
	uint8_t buf[9] = { [8] = 0xaa };
	size_t got;

	cr_expect_eq(vb_utf16_from_text("abc", buf, 8, &got), 0);
	cr_expect_eq(got, 8);
	cr_expect_eq(vb_utf16_from_text("abc", buf, 7, &got), -EMSGSIZE);
	cr_expect_eq(vb_utf16_from_text("abcd", buf, 8, &got), -EMSGSIZE);
	cr_expect_eq(vb_utf16_from_text("", buf, 0, &got), -EMSGSIZE);
	cr_expect_eq(vb_utf16_from_text("\xf0\x9f\x98\x80", buf, 3, &got), -EMSGSIZE);
	cr_expect_eq(buf[8], 0xaa);
}

Test(utf16, units_that_are_no_text)
{
	static const uint8_t high[] = { 0x3d, 0xd8, 'a', 0 };
	static const uint8_t low[] = { 0x00, 0xde, 'b', 0, 0, 0, 'c', 0 };
	static const uint8_t last[] = { 'd', 0, 0x3d, 0xd8 };
	char text[32];

	cr_expect_eq(vb_utf16_to_text(high, sizeof(high), text, sizeof(text)), 4);
	cr_expect_str_eq(text, "\xef\xbf\xbd"
			       "a");
	vb_utf16_to_text(low, sizeof(low), text, sizeof(text));
	cr_expect_str_eq(text, "\xef\xbf\xbd"
			       "b");
	vb_utf16_to_text(last, sizeof(last), text, sizeof(text));
	cr_expect_str_eq(text, "d\xef\xbf\xbd");
	/* no whole unit */
	cr_expect_eq(vb_utf16_to_text(last, 1, text, sizeof(text)), 0);
	cr_expect_str_eq(text, "");
}

Test(utf16, text_is_cut_at_a_character)
{
	static const uint8_t euros[] = { 0xac, 0x20, 0xac, 0x20 };
	char text[VB_UTF16_TEXT(sizeof(euros))];

	cr_expect_eq(vb_utf16_to_text(euros, sizeof(euros), text, sizeof(text)), 6);
	cr_expect_eq(vb_utf16_to_text(euros, sizeof(euros), text, 6), 3);
	cr_expect_str_eq(text, "\xe2\x82\xac");
	cr_expect_eq(vb_utf16_to_text(euros, sizeof(euros), text, 1), 0);
	cr_expect_str_eq(text, "");
}
