/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --doctor tells of Wireshark, on machines made of empty files. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/doctor_wireshark.h"
#include "dissectors/sinks.h"
#include "tests/unit/machine_root.h"

static struct machine_root machine;

static void make_machine(void)
{
	machine_root_make(&machine);
}

static void remove_machine(void)
{
	machine_root_remove(&machine);
}

TestSuite(doctor, .init = make_machine, .fini = remove_machine);

static void place(const char *path)
{
	machine_root_file(&machine, path, "");
}

static void note(void *ctx, const struct vb_finding *f)
{
	const char *detail = f->detail;

	if (strncmp(detail, machine.path, strlen(machine.path)) == 0)
		detail += strlen(machine.path);
	vb_buf_fmt(ctx, "%s %s: %s - %s\n",
		   f->verdict == VB_GOOD ? "good" :
		   f->verdict == VB_WARN ? "warn" :
					   "bad",
		   f->subject, detail, f->remedy);
}

static char *look(bool superuser)
{
	char home[64];
	struct vb_wireshark_place where = { .root = machine.path,
					    .home = home,
					    .superuser = superuser };
	struct vb_buf text = { 0 };

	snprintf(home, sizeof(home), "%s/home", machine.path);
	vb_wireshark_doctor(&where, note, &text);
	cr_assert_not_null(text.data);
	return text.data;
}

static void expect_seen(bool superuser, const char *part)
{
	char *text = look(superuser);

	cr_assert_not_null(strstr(text, part), "%s", text);
	free(text);
}

static void expect_not_seen(bool superuser, const char *part)
{
	char *text = look(superuser);

	cr_assert_null(strstr(text, part), "%s", text);
	free(text);
}

Test(doctor, no_wireshark)
{
	place("/usr/lib/x86_64-linux-gnu/wireshark/plugins/4.0/epan/vmbus.so");
	expect_seen(true, "good Wireshark: not installed here");
	expect_not_seen(true, "plugin");
}

Test(doctor, all_there)
{
	place("/usr/bin/tshark");
	place("/usr/lib/x86_64-linux-gnu/wireshark/plugins/4.0/epan/vmbus.so");
	place("/usr/libexec/wireshark/extcap/vmbusdump");
	expect_seen(true,
		    "good Wireshark: /usr/bin/tshark - \n"
		    "good Wireshark's plugin: "
		    "/usr/lib/x86_64-linux-gnu/wireshark/plugins/4.0/epan/vmbus.so - \n"
		    "good capture in Wireshark: /usr/libexec/wireshark/extcap/vmbusdump - \n");
}

/* What is installed for another Wireshark than the one that runs is not there. */
Test(doctor, other_prefix)
{
	place("/usr/bin/tshark");
	place("/usr/local/lib/wireshark/extcap/vmbusdump");
	place("/usr/lib/wireshark/plugins/4.4/epan/other.so");
	expect_seen(false, "warn Wireshark's plugin: not installed");
	expect_seen(false, "warn capture in Wireshark: ");
	place("/usr/local/bin/wireshark");
	expect_seen(false, "good capture in Wireshark: ");
}

Test(doctor, plugin_at_home)
{
	place("/usr/bin/wireshark");
	place("/home/.local/lib/wireshark/plugins/4.0/epan/vmbus.so");
	place("/home/.local/lib/wireshark/extcap/vmbusdump");
	expect_seen(false, "good Wireshark's plugin: /home/");
	expect_seen(false, "good capture in Wireshark: /home/");
	expect_seen(true, "warn Wireshark's plugin: /home/");
	expect_seen(true, "Wireshark run as root ignores plugins in ~/.local");
}
