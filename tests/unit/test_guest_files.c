/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of a guest: they arrive whole, and nowhere but where they may.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/guest_files.h"

struct place {
	char dir[64];
	struct vb_guest_files files;
	struct vb_err err;
};

static void begin(struct place *p)
{
	memset(p, 0, sizeof(*p));
	strcpy(p->dir, "/tmp/vb-files-XXXXXX");
	cr_assert_not_null(mkdtemp(p->dir));
	p->files = (struct vb_guest_files){ .out_dir = p->dir, .max_bytes = 1000 };
}

static void end(struct place *p)
{
	char command[128];

	vb_guest_files_done(&p->files);
	snprintf(command, sizeof(command), "rm -r %s", p->dir);
	cr_assert_eq(system(command), 0);
}

static int take(struct place *p, uint32_t type, const char *text)
{
	struct vb_agent_message m = { type, (uint32_t)strlen(text), (const uint8_t *)text };

	return vb_guest_files_take(&p->files, &m, &p->err);
}

static int send_file(struct place *p, const char *name, const char *text)
{
	int rc = take(p, VB_AGENT_FILE, name);

	if (rc == 0)
		rc = take(p, VB_AGENT_FILE_DATA, text);
	return rc < 0 ? rc : take(p, VB_AGENT_FILE_END, "");
}

static void expect_file(const struct place *p, const char *name, const char *text)
{
	char path[PATH_MAX], found[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	f = fopen(path, "r");
	cr_assert_not_null(f, "%s", path);
	cr_assert_eq(fread(found, 1, sizeof(found) - 1, f), strlen(text));
	fclose(f);
	cr_assert_str_eq(found, text);
}

Test(guest_files, files_and_their_directories)
{
	struct place p;

	begin(&p);
	cr_assert_eq(send_file(&p, "dmesg.log", "text"), 0);
	cr_assert_eq(send_file(&p, "a/b/c.bin", "more"), 0);
	expect_file(&p, "dmesg.log", "text");
	expect_file(&p, "a/b/c.bin", "more");
	cr_assert_eq(p.files.n_files, 2);
	cr_assert_eq(p.files.n_dropped, 0);
	end(&p);
}

Test(guest_files, names_that_lead_elsewhere)
{
	static const char *const names[] = { "",	  "/etc/passwd", "..",	     "../x",
					     "a/../../x", "a//x",	 "a/",	     ".hidden",
					     "a/.x",	  "x\ny",	 "x\033[2J", "a\\b" };
	struct place p;

	begin(&p);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		cr_assert_eq(send_file(&p, names[i], "x"), -EINVAL, "'%s' was taken", names[i]);
	end(&p);
}

Test(guest_files, a_name_with_a_nul_and_one_too_long)
{
	static const uint8_t nul[] = "good\0/../bad";
	struct vb_agent_message m = { VB_AGENT_FILE, sizeof(nul) - 1, nul };
	char longest[400];
	struct place p;

	begin(&p);
	cr_assert_eq(vb_guest_files_take(&p.files, &m, &p.err), -EINVAL);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	cr_assert_eq(send_file(&p, longest, "x"), -EINVAL);
	end(&p);
}

Test(guest_files, data_without_a_file_and_too_much_of_it)
{
	static char much[600];
	struct place p;

	memset(much, 'x', sizeof(much) - 1);
	begin(&p);
	cr_assert_eq(take(&p, VB_AGENT_FILE_DATA, "x"), -EINVAL);
	cr_assert_eq(send_file(&p, "first", much), 0);
	cr_assert_eq(take(&p, VB_AGENT_FILE_DATA, "x"), -EINVAL, "the file has ended");
	cr_assert_eq(send_file(&p, "second", much), -EFBIG);
	end(&p);
}

Test(guest_files, the_capture_goes_where_the_user_wants_it)
{
	char path[96];
	struct place p;

	begin(&p);
	snprintf(path, sizeof(path), "%s/mine.pcapng", p.dir);
	p.files.capture = path;
	p.files.out_dir = NULL;
	cr_assert_eq(send_file(&p, "guest.pcapng", "records"), 0);
	cr_assert_eq(send_file(&p, "other", "dropped"), 0);
	expect_file(&p, "mine.pcapng", "records");
	cr_assert(p.files.has_capture);
	cr_assert_eq(p.files.n_dropped, 1);
	end(&p);
}

Test(guest_files, forwarded_and_unpacked)
{
	struct place p, q;
	char path[96];

	begin(&p);
	begin(&q);
	snprintf(path, sizeof(path), "%s/all", p.dir);
	p.files.forward = path;
	cr_assert_eq(send_file(&p, "one", "1"), 0);
	cr_assert_eq(send_file(&p, "two/2", "22"), 0);
	vb_guest_files_done(&p.files);
	cr_assert_eq(vb_guest_files_unpack(&q.files, path, &q.err), 0, "%s", q.err.text);
	expect_file(&q, "one", "1");
	expect_file(&q, "two/2", "22");
	cr_assert_eq(truncate(path, 20), 0);
	cr_assert_lt(vb_guest_files_unpack(&q.files, path, &q.err), 0);
	end(&q);
	end(&p);
}
