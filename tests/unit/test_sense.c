/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of additional sense codes. */
#include <criterion/criterion.h>
#include <string.h>

#include "dissectors/sense.h"

static void expect(uint16_t code, const char *name)
{
	const char *got = vb_asc_name(code);

	cr_assert(got, "%#x has no name", code);
	cr_assert_str_eq(got, name);
}

Test(sense, codes_have_the_words_of_the_standard)
{
	expect(0x0000, "No additional sense information");
	expect(0x0400, "Logical unit not ready, cause not reportable");
	expect(0x1100, "Unrecovered read error");
	expect(0x2400, "Invalid field in CDB");
	expect(0x2707, "Space allocation failed write protect");
	expect(0x2900, "Power on, reset, or bus device reset occurred");
	expect(0x3807, "Thin provisioning soft threshold reached");
	expect(0x3a00, "Medium not present");
	expect(0x3f0e, "Reported LUNs data has changed");
	expect(0x5dff, "Failure prediction threshold exceeded (false)");
	expect(0x7479, "Security conflict in translated device");
}

Test(sense, where_the_qualifier_is_a_number_any_will_do)
{
	expect(0x4080, "Diagnostic failure on component NN (80h-FFh)");
	expect(0x40ff, "Diagnostic failure on component NN (80h-FFh)");
	expect(0x4d00, "Tagged overlapped commands (NN = task tag)");
	expect(0x4dff, "Tagged overlapped commands (NN = task tag)");
	expect(0x7012, "Decompression exception short algorithm ID of NN");
	expect(0x4000, "RAM failure (should use 40 NN)");
}

Test(sense, unknown_codes_have_no_name)
{
	static const uint16_t codes[] = { 0x0008, 0x00ff, 0x04ff, 0x2477, 0x3fff,
					  0x4101, 0x5dfe, 0x747a, 0x8000, 0xffff };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		cr_assert_null(vb_asc_name(codes[i]), "%#x", codes[i]);
}

Test(sense, every_entry_is_found)
{
	for (const struct vb_name *n = vb_asc_names; n->name; n++)
		cr_assert_eq(vb_asc_name((uint16_t)n->value), n->name);
}

Test(sense, the_table_is_in_order)
{
	size_t n = 0;

	for (; vb_asc_names[n].name; n++) {
		cr_assert_gt(strlen(vb_asc_names[n].name), 0);
		if (n)
			cr_assert_gt(vb_asc_names[n].value, vb_asc_names[n - 1].value);
	}
	cr_assert_eq(n, vb_n_asc_names);
	cr_assert_geq(n, 300);
	cr_assert_leq(vb_asc_names[n - 1].value, 0xffff);
}
