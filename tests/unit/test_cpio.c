/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Archives for an initramfs, taken apart by a reader that knows nothing of the writer. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/cpio.h"

#define MAX_MEMBERS 16u

struct member {
	char name[64];
	uint32_t mode, mtime, len;
	const char *data;
};

struct archive {
	int fd;
	struct vb_cpio c;
	char *bytes;
	size_t len;
	struct member members[MAX_MEMBERS];
	size_t n;
};

static void archive_new(struct archive *a)
{
	memset(a, 0, sizeof(*a));
	a->fd = memfd_create("archive", MFD_CLOEXEC);
	cr_assert_geq(a->fd, 0);
	vb_cpio_init(&a->c, a->fd, "the archive");
}

static uint32_t number(const char *head, unsigned int i)
{
	char digits[9] = "";

	memcpy(digits, head + 6 + 8 * i, 8);
	cr_assert_eq(strspn(digits, "0123456789ABCDEFabcdef"), 8);
	return (uint32_t)strtoul(digits, NULL, 16);
}

/* The member at *at of the archive; false: it is the trailer. */
static bool read_member(struct archive *a, size_t *at)
{
	const char *head = a->bytes + *at;
	struct member m = { .name = "" };
	uint32_t name_len;

	cr_assert_leq(*at + 110, a->len);
	cr_assert_eq(memcmp(head, "070701", 6), 0, "no magic at %zu", *at);
	m.mode = number(head, 1);
	m.mtime = number(head, 5);
	m.len = number(head, 6);
	name_len = number(head, 11);
	cr_assert_lt(name_len, sizeof(m.name));
	memcpy(m.name, head + 110, name_len);
	cr_assert_eq(strlen(m.name) + 1, name_len);
	*at = (*at + 110 + name_len + 3) & ~(size_t)3;
	m.data = a->bytes + *at;
	*at = (*at + m.len + 3) & ~(size_t)3;
	cr_assert_leq(*at, a->len);
	if (!strcmp(m.name, "TRAILER!!!"))
		return false;
	cr_assert_lt(a->n, MAX_MEMBERS);
	a->members[a->n++] = m;
	return true;
}

/* End the archive and take it apart. */
static void archive_read(struct archive *a)
{
	struct vb_err err = { "" };
	size_t at = 0;

	cr_assert_eq(vb_cpio_end(&a->c, &err), 0, "%s", err.text);
	a->len = (size_t)lseek(a->fd, 0, SEEK_END);
	cr_assert_eq(a->len, a->c.len);
	cr_assert_eq(a->len % 512, 0);
	a->bytes = mmap(NULL, a->len, PROT_READ, MAP_PRIVATE, a->fd, 0);
	cr_assert_neq(a->bytes, MAP_FAILED);
	while (read_member(a, &at))
		;
	for (; at < a->len; at++)
		cr_assert_eq(a->bytes[at], 0);
}

static void archive_done(struct archive *a)
{
	vb_cpio_done(&a->c);
	if (a->bytes)
		munmap(a->bytes, a->len);
	close(a->fd);
}

static void expect(const struct archive *a, size_t i, const char *name, uint32_t mode,
		   const char *data)
{
	cr_assert_lt(i, a->n);
	cr_assert_str_eq(a->members[i].name, name);
	cr_assert_eq(a->members[i].mode, mode, "%s: mode %o", name, a->members[i].mode);
	cr_assert_eq(a->members[i].mtime, 0);
	cr_assert_eq(a->members[i].len, strlen(data));
	cr_assert_eq(memcmp(a->members[i].data, data, strlen(data)), 0);
}

static void add_some(struct archive *a)
{
	struct vb_err err = { "" };

	cr_assert_eq(vb_cpio_bytes(&a->c, "/init", 0755, "#!/bin/sh\n", 10, &err), 0);
	cr_assert_eq(vb_cpio_bytes(&a->c, "lib/modules/a.ko", 0644, "abc", 3, &err), 0);
	cr_assert_eq(vb_cpio_bytes(&a->c, "lib/modules/b.ko", 0644, "", 0, &err), 0);
	cr_assert_eq(vb_cpio_dir(&a->c, "lib", &err), 0);
	cr_assert_eq(vb_cpio_dir(&a->c, "/proc", &err), 0);
	cr_assert_eq(vb_cpio_symlink(&a->c, "bin/sh", "busybox", &err), 0, "%s", err.text);
}

Test(cpio, members_and_parents)
{
	struct archive a;

	archive_new(&a);
	add_some(&a);
	archive_read(&a);
	cr_assert_eq(a.n, 8);
	expect(&a, 0, "init", S_IFREG | 0755, "#!/bin/sh\n");
	expect(&a, 1, "lib", S_IFDIR | 0755, "");
	expect(&a, 2, "lib/modules", S_IFDIR | 0755, "");
	expect(&a, 3, "lib/modules/a.ko", S_IFREG | 0644, "abc");
	expect(&a, 4, "lib/modules/b.ko", S_IFREG | 0644, "");
	expect(&a, 5, "proc", S_IFDIR | 0755, "");
	expect(&a, 6, "bin", S_IFDIR | 0755, "");
	expect(&a, 7, "bin/sh", S_IFLNK | 0777, "busybox");
	archive_done(&a);
}

Test(cpio, same_calls_same_bytes)
{
	struct archive a, b;

	archive_new(&a);
	archive_new(&b);
	add_some(&a);
	usleep(1000); /* were there a time in it, it would differ */
	add_some(&b);
	archive_read(&a);
	archive_read(&b);
	cr_assert_eq(a.len, b.len);
	cr_assert_eq(memcmp(a.bytes, b.bytes, a.len), 0);
	archive_done(&a);
	archive_done(&b);
}

Test(cpio, a_file_of_the_machine)
{
	struct vb_err err = { "" };
	struct archive a;
	char path[32], want[200001];
	int fd = memfd_create("input", MFD_CLOEXEC);

	for (size_t i = 0; i < sizeof(want) - 1; i++)
		want[i] = (char)('a' + i % 23);
	want[sizeof(want) - 1] = '\0';
	cr_assert_eq(write(fd, want, sizeof(want) - 1), (ssize_t)sizeof(want) - 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	archive_new(&a);
	cr_assert_eq(vb_cpio_file(&a.c, "in/big", 0400, path, &err), 0, "%s", err.text);
	archive_read(&a);
	cr_assert_eq(a.n, 2);
	expect(&a, 1, "in/big", S_IFREG | 0400, want);
	archive_done(&a);
	close(fd);
}

Test(cpio, what_cannot_be_stored)
{
	struct vb_err err = { "" };
	struct archive a;
	char path[32];
	int fd = memfd_create("huge", MFD_CLOEXEC);

	archive_new(&a);
	cr_assert_eq(vb_cpio_bytes(&a.c, "/", 0644, "", 0, &err), -EINVAL);
	cr_assert_eq(vb_cpio_bytes(&a.c, "TRAILER!!!", 0644, "", 0, &err), -EINVAL);
	cr_assert_eq(vb_cpio_file(&a.c, "x", 0644, "/nonexistent", &err), -ENOENT);
	cr_assert_str_eq(err.text, "cannot open /nonexistent: No such file or directory");
	cr_assert_eq(vb_cpio_file(&a.c, "x", 0644, "/dev/null", &err), -EINVAL);
	cr_assert_eq(ftruncate(fd, 1ll << 32), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	cr_assert_eq(vb_cpio_file(&a.c, "x", 0644, path, &err), -EFBIG);
	cr_assert_str_eq(err.text, "x is too large for an initramfs");
	close(fd);
	archive_done(&a);
}

Test(cpio, a_full_disk_is_told)
{
	struct vb_err err = { "" };
	struct vb_cpio c;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	vb_cpio_init(&c, fd, "/somewhere/initrd");
	cr_assert_eq(vb_cpio_bytes(&c, "x", 0644, "abc", 3, &err), -ENOSPC);
	cr_assert_str_eq(err.text, "cannot write /somewhere/initrd: No space left on device");
	vb_cpio_done(&c);
	close(fd);
}
