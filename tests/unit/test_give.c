/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest gets the files that it was given, and no others. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay/give.h"

Test(give, a_file_and_its_name)
{
	char file[VB_GIVE_TEXT];
	const char *name;

	cr_assert_eq(vb_give_split("dir/file.img", file, &name), 0);
	cr_assert_str_eq(file, "dir/file.img");
	cr_assert_str_eq(name, "file.img");
	cr_assert_eq(vb_give_split("dir/file.img:other", file, &name), 0);
	cr_assert_str_eq(file, "dir/file.img");
	cr_assert_str_eq(name, "other");
	cr_assert_eq(vb_give_split("", file, &name), -EINVAL);
	cr_assert_eq(vb_give_split(":name", file, &name), -EINVAL);
	cr_assert_eq(vb_give_split("file:", file, &name), -EINVAL);
	cr_assert_eq(vb_give_split("dir/", file, &name), -EINVAL);
}

Test(give, no_file_but_those)
{
	char path[] = "/tmp/vb-give-XXXXXX", word[64], got[4] = "";
	const char *words[] = { "/nonexistent:gone", word };
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "abc", 3), 3);
	close(fd);
	strcpy(word, path);
	strcat(word, ":payload");
	fd = vb_give_open(words, 2, "payload");
	cr_assert_geq(fd, 0);
	cr_assert_eq(read(fd, got, 4), 3);
	cr_assert_str_eq(got, "abc");
	close(fd);
	cr_assert_eq(vb_give_open(words, 2, path), -ENOENT, "a path is no name");
	cr_assert_eq(vb_give_open(words, 2, "gone"), -ENOENT);
	cr_assert_eq(vb_give_open(words, 1, "payload"), -ENOENT);
	cr_assert_eq(vb_give_open(NULL, 0, "/etc/passwd"), -ENOENT);
	unlink(path);
}
