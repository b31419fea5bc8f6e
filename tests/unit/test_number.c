/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>

#include "capture/number.h"

static void expect_number(const char *text, uint64_t want)
{
	uint64_t value = ~want;

	cr_expect_eq(vb_number_parse(text, UINT64_MAX, &value), 0, "%s", text);
	cr_expect_eq(value, want, "%s: %llu", text, (unsigned long long)value);
}

static void expect_none(const char *text, uint64_t max)
{
	uint64_t value = 4711;

	cr_expect_eq(vb_number_parse(text, max, &value), -EINVAL, "%s", text);
	cr_expect_eq(value, 4711, "%s changed something", text);
}

Test(number, decimal_and_hexadecimal)
{
	expect_number("0", 0);
	expect_number("007", 7);
	expect_number("4294967296", UINT64_C(1) << 32);
	expect_number("18446744073709551615", UINT64_MAX);
	expect_number("0xcafe0001", 0xcafe0001);
	expect_number("0xFFFFffffFFFFffff", UINT64_MAX);
}

Test(number, nothing_else)
{
	static const char *const wrong[] = { "",   "0x",  "-1", "+1", " 1",  "1 ",
					     "1a", "0xg", "x1", "0X", "1.0", "0x-1" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_none(wrong[i], UINT64_MAX);
}

static void expect_scanned(const char *text, unsigned int base, uint64_t want, const char *rest)
{
	const char *end = NULL;
	uint64_t value = ~want;

	cr_expect_eq(vb_number_scan(text, base, want, &value, &end), 0, "%s", text);
	cr_expect_eq(value, want, "%s: %llu", text, (unsigned long long)value);
	cr_expect_str_eq(end, rest);
}

Test(number, at_the_beginning_of_a_text)
{
	const char *end;
	uint64_t value;

	expect_scanned("12,3", 10, 12, ",3");
	expect_scanned("12ab", 10, 12, "ab");
	expect_scanned("12abg", 16, 0x12ab, "g");
	expect_scanned("0x12", 16, 0, "x12");
	expect_scanned("18446744073709551615", 10, UINT64_MAX, "");
	cr_expect_eq(vb_number_scan("", 10, 9, &value, &end), -EINVAL);
	cr_expect_eq(vb_number_scan(" 1", 10, 9, &value, &end), -EINVAL);
	cr_expect_eq(vb_number_scan("-1", 10, 9, &value, &end), -EINVAL);
	cr_expect_eq(vb_number_scan("a", 10, 9, &value, &end), -EINVAL);
	cr_expect_eq(vb_number_scan("10,", 10, 9, &value, &end), -EINVAL);
	cr_expect_eq(vb_number_scan("10000000000000000", 16, UINT64_MAX, &value, &end), -EINVAL);
}

Test(number, up_to_the_most_that_is_allowed)
{
	expect_none("256", 255);
	expect_none("1", 0);
	expect_none("18446744073709551616", UINT64_MAX);
	expect_none("0x10000000000000000", UINT64_MAX);
	expect_none("99999999999999999999999", UINT64_MAX);
}
