/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --doctor tells of Wireshark, on machines made of empty files. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/doctor_wireshark.h"
#include "dissectors/sinks.h"

static char root[] = "/tmp/vmbusdump-doctor-XXXXXX";

static void make_root(void)
{
	cr_assert_not_null(mkdtemp(root));
}

static void remove_root(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	cr_assert_eq(system(command), 0);
}

TestSuite(doctor, .init = make_root, .fini = remove_root);

static void place(const char *path)
{
	char full[256];
	int fd;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *p = strchr(full + sizeof(root), '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(full, 0700);
		*p = '/';
	}
	fd = open(full, O_WRONLY | O_CREAT, 0700);
	cr_assert_geq(fd, 0, "%s", full);
	close(fd);
}

static void note(void *ctx, const struct vb_finding *f)
{
	const char *detail = f->detail;

	if (strncmp(detail, root, sizeof(root) - 1) == 0)
		detail += sizeof(root) - 1;
	vb_buf_fmt(ctx, "%s %s: %s - %s\n",
		   f->verdict == VB_GOOD ? "good" :
		   f->verdict == VB_WARN ? "warn" :
					   "bad",
		   f->subject, detail, f->remedy);
}

static char *look(bool superuser)
{
	char home[64];
	struct vb_wireshark_place where = { .root = root, .home = home, .superuser = superuser };
	struct vb_buf text = { 0 };

	snprintf(home, sizeof(home), "%s/home", root);
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
