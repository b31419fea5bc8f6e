/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images that a persona names, opened for an emulated machine. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "disk_made.h"
#include "replay/images.h"

#define NAME 64u

/* Names of files in memory, of these lengths. */
struct files {
	int fd[2];
	char name[2][NAME];
};

static void make(struct files *f, uint64_t len)
{
	for (unsigned int i = 0; i < 2; i++) {
		f->fd[i] = disk_file(len);
		snprintf(f->name[i], NAME, "/proc/self/fd/%d", f->fd[i]);
	}
}

static void done(struct files *f, struct vb_images *i)
{
	vb_images_done(i);
	for (unsigned int k = 0; k < 2; k++)
		close(f->fd[k]);
}

static int open_all(const char *text, bool writable, struct vb_images *ret, struct vb_err *err)
{
	struct vb_persona p;
	int rc;

	cr_assert_eq(vb_persona_parse("p", text, strlen(text), &p, err), 0, "%s", err->text);
	rc = vb_images_open(&p, writable, ret, err);
	vb_persona_done(&p);
	return rc;
}

static void expect_access(const struct vb_images *i, size_t k, int mode)
{
	cr_expect_eq(fcntl(i->drive[k].fd, F_GETFL) & O_ACCMODE, mode);
	cr_expect_eq(i->drive[k].writable, mode == O_RDWR);
}

Test(images, each_once)
{
	struct files f;
	struct vb_images i;
	struct vb_err err = { "" };
	char text[512];

	make(&f, MIB);
	snprintf(text, sizeof(text),
		 "[scsi]\nfile = ,%s\nmedium = %s\ndisks = 2\n[ide]\nfile = %s\n"
		 "[heartbeat]\nperiod = 2\n",
		 f.name[0], f.name[1], f.name[0]);
	cr_assert_eq(open_all(text, false, &i, &err), 0, "%s", err.text);
	cr_assert_eq(i.n, 2);
	/* in the order of the model's settings */
	cr_expect_str_eq(i.name[0], f.name[0]);
	cr_expect_str_eq(i.name[1], f.name[1]);
	expect_access(&i, 0, O_RDONLY);
	expect_access(&i, 1, O_RDONLY);
	done(&f, &i);
}

Test(images, for_writing)
{
	struct files f;
	struct vb_images i;
	struct vb_err err = { "" };
	char text[512];

	make(&f, 512);
	snprintf(text, sizeof(text), "[scsi]\nmedium = %s\nfile = ,%s\n", f.name[0], f.name[1]);
	cr_assert_eq(open_all(text, true, &i, &err), 0, "%s", err.text);
	cr_assert_eq(i.n, 2);
	cr_expect_str_eq(i.name[0], f.name[1]);
	expect_access(&i, 0, O_RDWR);
	expect_access(&i, 1, O_RDONLY);
	done(&f, &i);
}

static void expect_error(const char *file, const char *why)
{
	struct vb_images i;
	struct vb_err err = { "" };
	char text[300];

	snprintf(text, sizeof(text), "[ide]\nfile = %s\n", file);
	cr_expect_eq(open_all(text, false, &i, &err), -EINVAL);
	cr_expect_str_eq(err.text, why);
	cr_expect_eq(i.n, 0);
	vb_images_done(&i);
}

Test(images, that_are_none)
{
	struct files f;
	struct vb_images none = { .n = 0 };
	char why[200];

	expect_error("/no such", "ide: cannot open /no such: No such file or directory");
	expect_error("/proc", "ide: /proc: it is no regular file");
	make(&f, 1000);
	snprintf(why, sizeof(why), "ide: %s: its length is no multiple of 512 bytes", f.name[0]);
	expect_error(f.name[0], why);
	done(&f, &none);
	make(&f, 0);
	snprintf(why, sizeof(why), "ide: %s: its length is no multiple of 512 bytes", f.name[0]);
	expect_error(f.name[0], why);
	done(&f, &none);
}

Test(images, too_many)
{
	struct vb_images i;
	struct vb_err err = { "" };
	char text[4096] = "[scsi]\nfile = ";
	int fd[VB_OUTER_DRIVES + 1];
	size_t len = strlen(text);

	for (unsigned int k = 0; k < VB_OUTER_DRIVES + 1; k++) {
		fd[k] = disk_file(512);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "/proc/self/fd/%d,", fd[k]);
	}
	cr_expect_eq(open_all(text, false, &i, &err), -EINVAL);
	cr_expect(strstr(err.text, "an emulated machine has at most 16 images"), "%s", err.text);
	cr_expect_eq(i.n, VB_OUTER_DRIVES);
	vb_images_done(&i);
	for (unsigned int k = 0; k < VB_OUTER_DRIVES + 1; k++)
		close(fd[k]);
}
