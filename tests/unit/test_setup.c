/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the cache is and what is in it; the script inside the program. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/setup/setup.h"

static void set_places(const char *own, const char *xdg, const char *home)
{
	static const char *const names[] = { "VMBUSREPLAY_CACHE", "XDG_CACHE_HOME", "HOME" };
	const char *const values[] = { own, xdg, home };

	for (size_t i = 0; i < 3; i++) {
		if (values[i])
			setenv(names[i], values[i], 1);
		else
			unsetenv(names[i]);
	}
}

Test(setup, cache)
{
	struct vb_err err = { "" };
	char dir[PATH_MAX];

	set_places("/own", "/xdg", "/home/x");
	cr_assert_eq(vb_setup_cache("/option", dir, &err), 0);
	cr_assert_str_eq(dir, "/option");
	cr_assert_eq(vb_setup_cache(NULL, dir, &err), 0);
	cr_assert_str_eq(dir, "/own");
	set_places("", "/xdg", "/home/x");
	cr_assert_eq(vb_setup_cache(NULL, dir, &err), 0);
	cr_assert_str_eq(dir, "/xdg/vmbusreplay");
	set_places(NULL, "", "/home/x");
	cr_assert_eq(vb_setup_cache(NULL, dir, &err), 0);
	cr_assert_str_eq(dir, "/home/x/.cache/vmbusreplay");
	set_places(NULL, NULL, NULL);
	cr_assert_eq(vb_setup_cache(NULL, dir, &err), -ENOENT);
	cr_assert_not_null(strstr(err.text, "VMBUSREPLAY_CACHE"));
}

/* A directory, and an empty file in it, below root. */
static void lay(const char *root, const char *dir, const char *file)
{
	char path[PATH_MAX], *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/", root, dir);
	for (slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0777);
		*slash = '/';
	}
	strcat(path, file);
	f = fopen(path, "we");
	cr_assert_not_null(f, "%s", path);
	fclose(f);
}

Test(setup, items)
{
	char root[] = "/tmp/vb-setup-XXXXXX", path[PATH_MAX], want[PATH_MAX], command[64];
	struct vb_err err = { "" };

	cr_assert_not_null(mkdtemp(root));
	lay(root, "kernel/trixie-generic", "vmlinuz");
	lay(root, "busybox", "busybox");
	lay(root, "daemons/trixie/root", "x");
	cr_assert_eq(vb_setup_path(root, VB_SETUP_IMAGE, "trixie-generic", path, &err), 0);
	snprintf(want, sizeof(want), "%s/kernel/trixie-generic/vmlinuz", root);
	cr_assert_str_eq(path, want);
	cr_assert_eq(vb_setup_path(root, VB_SETUP_BUSYBOX, NULL, path, &err), 0);
	snprintf(want, sizeof(want), "%s/busybox/busybox", root);
	cr_assert_str_eq(path, want);
	cr_assert_eq(vb_setup_path(root, VB_SETUP_DAEMONS, "trixie-generic", path, &err), 0);
	snprintf(want, sizeof(want), "%s/daemons/trixie/root", root);
	cr_assert_str_eq(path, want);
	cr_assert_eq(vb_setup_path(root, VB_SETUP_ORDER, "trixie-generic", path, &err), -ENOENT);
	cr_assert_not_null(strstr(err.text, "run vmbusreplay setup kernel trixie-generic"));
	cr_assert_eq(vb_setup_path(root, VB_SETUP_DAEMONS, "sid-generic", path, &err), -ENOENT);
	cr_assert_not_null(strstr(err.text, "run vmbusreplay setup daemons sid"));
	cr_assert_eq(vb_setup_path(root, VB_SETUP_IMAGE, "../busybox", path, &err), -ENOENT);
	snprintf(command, sizeof(command), "rm -r %s", root);
	cr_assert_eq(system(command), 0);
}

/* Standard output of the script goes to a file. */
Test(setup, the_script_is_inside)
{
	static const char *const table[] = { "table" }, *const wrong[] = { "kernel", "nosuch" };
	char text[4096] = "";
	struct vb_err err = { "" };
	FILE *out = tmpfile();

	cr_assert_eq(memcmp(vb_setup_script, "#!/bin/sh\n", 10), 0);
	fflush(stdout);
	dup2(fileno(out), STDOUT_FILENO);
	cr_assert_eq(vb_setup_run("/nonexistent", table, 1, &err), 0, "%s", err.text);
	rewind(out);
	cr_assert_gt(fread(text, 1, sizeof(text) - 1, out), 0u);
	cr_assert_not_null(strstr(text, "trixie-backports "));
	cr_assert_not_null(strstr(text, "linux-image-cloud-amd64"));
	cr_assert_eq(vb_setup_run("/dev/null/no", wrong, 2, &err), -EIO);
	fclose(out);
}

Test(setup, unknown_words)
{
	static const char *const words[] = { "frobnicate" };
	char root[] = "/tmp/vb-setup-XXXXXX";
	struct vb_err err = { "" };

	cr_assert_not_null(mkdtemp(root));
	cr_assert_eq(vb_setup_run(root, words, 1, &err), -EINVAL);
	cr_assert_eq(rmdir(root), 0);
}
