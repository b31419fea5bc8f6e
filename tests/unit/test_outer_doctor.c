/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vmbusreplay --doctor finds in a cache and on a machine laid out for it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/doctor.h"
#include "replay/outer/doctor.h"

struct findings {
	struct {
		enum vb_verdict verdict;
		char subject[64], detail[512], remedy[256];
	} list[32];
	size_t n;
};

static void keep(void *ctx, const struct vb_finding *f)
{
	struct findings *all = ctx;

	cr_assert_lt(all->n, 32u);
	all->list[all->n].verdict = f->verdict;
	snprintf(all->list[all->n].subject, 64, "%s", f->subject);
	snprintf(all->list[all->n].detail, 512, "%s", f->detail);
	snprintf(all->list[all->n].remedy, 256, "%s", f->remedy);
	all->n++;
}

/* Position of the finding of that subject. */
static size_t of(const struct findings *all, const char *subject)
{
	size_t i = 0;

	while (i < all->n && strcmp(all->list[i].subject, subject))
		i++;
	cr_assert_lt(i, all->n, "nothing is said of %s", subject);
	return i;
}

static void expect(const struct findings *all, const char *subject, enum vb_verdict verdict,
		   const char *detail, const char *remedy)
{
	size_t i = of(all, subject);

	cr_assert_eq(all->list[i].verdict, verdict, "%s: %d", subject, all->list[i].verdict);
	cr_assert_not_null(strstr(all->list[i].detail, detail), "%s: %s", subject,
			   all->list[i].detail);
	cr_assert_str_eq(all->list[i].remedy, remedy);
}

static void lay(const char *root, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	if (!text) {
		cr_assert_eq(mkdir(path, 0777), 0);
		return;
	}
	f = fopen(path, "we");
	cr_assert_not_null(f, "%s", path);
	fputs(text, f);
	fclose(f);
}

Test(outer_doctor, empty_cache_and_no_emulator)
{
	struct findings all = { .n = 0 };

	setenv("PATH", "/nonexistent", 1);
	setenv("TMPDIR", "/nonexistent", 1);
	cr_assert_eq(vb_outer_doctor("/nonexistent", keep, &all), -ENOTSUP);
	expect(&all, "kernel bookworm", VB_BAD, "not in the cache",
	       "run vmbusreplay setup kernel bookworm");
	expect(&all, "busybox", VB_BAD, "not in the cache", "run vmbusreplay setup busybox");
	expect(&all, "daemons of Hyper-V", VB_WARN, "not in the cache",
	       "run vmbusreplay setup daemons bookworm");
	expect(&all, "temporary files", VB_BAD, "No such file", "name a directory in TMPDIR");
	cr_assert_neq(all.list[of(&all, "qemu-system-x86_64")].verdict, VB_GOOD);
	expect(&all, "tested by this project", VB_GOOD,
	       "never tried: KVM that emulates Hyper-V itself, Intel's processors, arm64", "");
}

/* An emulator that only has a version. */
Test(outer_doctor, all_there)
{
	char root[] = "/tmp/vb-doctor-XXXXXX", path[256], command[64];
	struct findings all = { .n = 0 };

	cr_assert_not_null(mkdtemp(root));
	lay(root, "kernel", NULL);
	lay(root, "kernel/bookworm", NULL);
	lay(root, "kernel/bookworm/version", "linux-image 6.1.0-1 \nlinux-base 4 \n");
	lay(root, "kernel/trixie", NULL);
	lay(root, "kernel/trixie/version", "linux-image 6.12.0-1 \n");
	lay(root, "busybox", NULL);
	lay(root, "busybox/busybox", "");
	lay(root, "qemu-system-x86_64", "#!/bin/sh\necho fake version 77\necho more\n");
	snprintf(path, sizeof(path), "%s/qemu-system-x86_64", root);
	cr_assert_eq(chmod(path, 0755), 0);
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", root);
	setenv("PATH", path, 1);
	setenv("TMPDIR", root, 1);
	vb_outer_doctor(root, keep, &all);
	expect(&all, "kernel bookworm", VB_GOOD, "linux-image 6.1.0-1", "");
	expect(&all, "kernel trixie", VB_GOOD, "linux-image 6.12.0-1", "");
	expect(&all, "busybox", VB_GOOD, "/busybox/busybox", "");
	expect(&all, "qemu-system-x86_64", VB_GOOD, "fake version 77", "");
	cr_assert_null(strstr(all.list[of(&all, "qemu-system-x86_64")].detail, "more"));
	snprintf(command, sizeof(command), "rm -r %s", root);
	cr_assert_eq(system(command), 0);
}

/* What --doctor shows has all of that, and what is known of the guest. */
Test(outer_doctor, of_the_program)
{
	struct findings all = { .n = 0 };

	cr_assert_eq(vb_replay_doctor("/nonexistent", keep, &all), -ENOTSUP);
	expect(&all, "cache", VB_GOOD, "/nonexistent", "");
	expect(&all, "kernel bookworm", VB_BAD, "not in the cache",
	       "run vmbusreplay setup kernel bookworm");
	expect(&all, "tested by this project", VB_GOOD, "never tried", "");
	of(&all, "KVM with Hyper-V");
	of(&all, "qemu-system-x86_64");
	expect(&all, "devices", VB_GOOD, "heartbeat", "");
}
