/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "replay/persona.h"

static void expect_error(const char *text, const char *message)
{
	struct vb_persona p;
	struct vb_err err = { "" };

	cr_assert_eq(vb_persona_parse("p", text, strlen(text), &p, &err), -EINVAL, "%s", text);
	cr_assert_str_eq(err.text, message);
	cr_assert_eq(p.n, 0);
}

Test(persona, sections_and_settings)
{
	static const char text[] = "# a host\n\n[heartbeat]\n interval_ms =  500 \r\nempty=\n"
				   "[kvp.1]\nname = a = b # no comment";
	struct vb_persona p;
	struct vb_err err = { "" };
	const char *const *s;

	cr_assert_eq(vb_persona_parse("p", text, strlen(text), &p, &err), 0, "%s", err.text);
	cr_assert_eq(p.n, 2);
	s = vb_persona_settings(&p, "heartbeat");
	cr_assert_str_eq(s[0], "interval_ms=500");
	cr_assert_str_eq(s[1], "empty=");
	cr_assert_null(s[2]);
	s = vb_persona_settings(&p, "kvp.1");
	cr_assert_str_eq(s[0], "name=a = b # no comment");
	cr_assert_null(s[1]);
	cr_assert_null(vb_persona_settings(&p, "kvp"));
	cr_assert_eq(p.devices[1].line, 6);
	vb_persona_done(&p);
	cr_assert_eq(p.n, 0);
}

Test(persona, an_empty_section_and_an_empty_file)
{
	struct vb_persona p;
	struct vb_err err = { "" };

	cr_assert_eq(vb_persona_parse("p", "[vss]\n", 6, &p, &err), 0);
	cr_assert_eq(p.n, 1);
	cr_assert_null(vb_persona_settings(&p, "vss"));
	vb_persona_done(&p);
	cr_assert_eq(vb_persona_parse("p", "", 0, &p, &err), 0);
	cr_assert_eq(p.n, 0);
	vb_persona_done(&p);
}

Test(persona, errors_name_the_line)
{
	struct vb_persona p;
	struct vb_err err = { "" };

	expect_error("x = 1\n", "p:1: a section [DEVICE] comes first");
	expect_error("\n[kvp\n", "p:2: a section reads [DEVICE]");
	expect_error("[]\n", "p:1: a section reads [DEVICE]");
	expect_error("[a b]\n", "p:1: a section reads [DEVICE]");
	expect_error("[kvp]\nword\n", "p:2: a setting reads KEY = VALUE");
	expect_error("[kvp]\n= 5\n", "p:2: a setting reads KEY = VALUE");
	expect_error("[kvp]\na b = 5\n", "p:2: a setting reads KEY = VALUE");
	expect_error("[kvp]\na=1\nab=1\na=2\n", "p:4: a was set already");
	expect_error("[kvp]\n[vss]\n[kvp]\n", "p:3: [kvp] was there already, in line 1");
	cr_assert_eq(vb_persona_parse("p", "[kvp]\na=\0\n", 10, &p, &err), -EINVAL);
	cr_assert_str_eq(err.text, "p:2: this is no text");
	cr_assert_eq(vb_persona_read("/nowhere/at/all", &p, &err), -ENOENT);
}
