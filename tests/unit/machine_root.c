/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/machine_root.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_LEN 256u

void machine_root_make(struct machine_root *m)
{
	snprintf(m->path, sizeof(m->path), "/tmp/vmbusdump-XXXXXX");
	cr_assert_not_null(mkdtemp(m->path));
}

void machine_root_remove(const struct machine_root *m)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", m->path);
	cr_assert_eq(system(command), 0);
}

static void full_path(const struct machine_root *m, const char *path, char ret[PATH_LEN])
{
	int n = snprintf(ret, PATH_LEN, "%s%s", m->path, path);

	cr_assert_lt(n, (int)PATH_LEN, "%s", path);
}

static void make_parents(const struct machine_root *m, char *full)
{
	for (char *p = strchr(full + strlen(m->path) + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(full, 0700);
		*p = '/';
	}
}

void machine_root_file(const struct machine_root *m, const char *path, const char *text)
{
	char full[PATH_LEN];
	int fd;

	full_path(m, path, full);
	make_parents(m, full);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0700);
	cr_assert_geq(fd, 0, "%s", full);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

void machine_root_link(const struct machine_root *m, const char *path, const char *target)
{
	char full[PATH_LEN];

	full_path(m, path, full);
	make_parents(m, full);
	unlink(full);
	cr_assert_eq(symlink(target, full), 0, "%s", full);
}

char *machine_root_read(const struct machine_root *m, const char *path)
{
	char full[PATH_LEN], *text = calloc(1, 4096);
	FILE *f;

	full_path(m, path, full);
	f = fopen(full, "re");
	cr_assert(f && text, "%s", full);
	cr_assert_lt(fread(text, 1, 4095, f), 4095);
	fclose(f);
	return text;
}
