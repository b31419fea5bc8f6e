/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/cpio.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_LEN 110u /* magic and 13 numbers of 8 hexadecimal digits */
#define BLOCK_LEN 512u

static const char trailer[] = "TRAILER!!!";

void vb_cpio_init(struct vb_cpio *c, int fd, const char *what)
{
	memset(c, 0, sizeof(*c));
	c->fd = fd;
	c->what = what;
}

void vb_cpio_done(struct vb_cpio *c)
{
	while (c->n_dirs)
		free(c->dirs[--c->n_dirs]);
	free(c->dirs);
	c->dirs = NULL;
}

static int put(struct vb_cpio *c, const void *bytes, size_t len, struct vb_err *err)
{
	const char *at = bytes;
	ssize_t n;

	while (len) {
		n = write(c->fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return vb_fail(err, -errno, "cannot write %s: %s", c->what,
				       strerror(errno));
		at += n;
		len -= (size_t)n;
		c->len += (uint64_t)n;
	}
	return 0;
}

/* Zeros up to a multiple of align, a power of two. */
static int pad(struct vb_cpio *c, uint32_t align, struct vb_err *err)
{
	static const char zeros[BLOCK_LEN];

	return put(c, zeros, (size_t)(-c->len & (align - 1)), err);
}

/* Head and name of a member whose len bytes of data follow. */
static int begin_member(struct vb_cpio *c, const char *name, uint32_t mode, uint64_t len,
			struct vb_err *err)
{
	bool is_trailer = name == trailer;
	char head[HEAD_LEN + 1];
	int ret;

	if (len > UINT32_MAX)
		return vb_fail(err, -EFBIG, "%s is too large for an initramfs", name);
	/* number, mode, owner, group, links, time, length, 4 of devices, length of name, no sum */
	snprintf(head, sizeof(head),
		 "070701%08" PRIX32 "%08" PRIX32 "%08X%08X%08X%08X%08" PRIX32
		 "%08X%08X%08X%08X%08" PRIX32 "%08X",
		 is_trailer ? 0 : ++c->n_members, mode, 0, 0, 1, 0, (uint32_t)len, 0, 0, 0, 0,
		 (uint32_t)strlen(name) + 1, 0);
	ret = put(c, head, HEAD_LEN, err);
	if (!ret)
		ret = put(c, name, strlen(name) + 1, err);
	return ret ? ret : pad(c, 4, err);
}

/* ---- names and parents ---- */

static bool has_dir(const struct vb_cpio *c, const char *name)
{
	for (size_t i = 0; i < c->n_dirs; i++)
		if (!strcmp(c->dirs[i], name))
			return true;
	return false;
}

static int add_dir(struct vb_cpio *c, const char *name, struct vb_err *err)
{
	char **dirs;

	if (has_dir(c, name))
		return 0;
	dirs = reallocarray(c->dirs, c->n_dirs + 1, sizeof(*dirs));
	if (dirs)
		c->dirs = dirs;
	if (!dirs || !(dirs[c->n_dirs] = strdup(name)))
		return vb_fail(err, -ENOMEM, "out of memory");
	c->n_dirs++;
	return begin_member(c, name, S_IFDIR | 0755, 0, err);
}

/* Make the parents; *ret_name is the name as it is stored. */
static int place(struct vb_cpio *c, const char *name, const char **ret_name, struct vb_err *err)
{
	char parent[PATH_MAX];
	int ret = 0;

	while (*name == '/')
		name++;
	if (!*name || strlen(name) >= sizeof(parent) || !strcmp(name, trailer))
		return vb_fail(err, -EINVAL, "no name for a file of an initramfs: '%s'", name);
	*ret_name = name;
	for (const char *slash = strchr(name, '/'); slash && !ret; slash = strchr(slash + 1, '/')) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - name), name);
		ret = add_dir(c, parent, err);
	}
	return ret;
}

/* ---- members ---- */

int vb_cpio_dir(struct vb_cpio *c, const char *name, struct vb_err *err)
{
	int ret = place(c, name, &name, err);

	return ret ? ret : add_dir(c, name, err);
}

static int add_bytes(struct vb_cpio *c, const char *name, uint32_t mode, const void *bytes,
		     size_t len, struct vb_err *err)
{
	int ret = place(c, name, &name, err);

	if (!ret)
		ret = begin_member(c, name, mode, len, err);
	if (!ret)
		ret = put(c, bytes, len, err);
	return ret ? ret : pad(c, 4, err);
}

int vb_cpio_symlink(struct vb_cpio *c, const char *name, const char *target, struct vb_err *err)
{
	return add_bytes(c, name, S_IFLNK | 0777, target, strlen(target), err);
}

int vb_cpio_bytes(struct vb_cpio *c, const char *name, uint32_t mode, const void *bytes, size_t len,
		  struct vb_err *err)
{
	return add_bytes(c, name, S_IFREG | (mode & 07777), bytes, len, err);
}

/* Exactly len bytes: the head says so already. */
static int put_file(struct vb_cpio *c, int fd, uint64_t len, const char *path, struct vb_err *err)
{
	char buf[64 * 1024];
	ssize_t n;
	int ret;

	while (len) {
		n = read(fd, buf, len < sizeof(buf) ? (size_t)len : sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return vb_fail(err, -errno, "cannot read %s: %s", path, strerror(errno));
		if (!n)
			return vb_fail(err, -EIO, "%s became shorter while it was read", path);
		ret = put(c, buf, (size_t)n, err);
		if (ret)
			return ret;
		len -= (uint64_t)n;
	}
	return 0;
}

static int add_open_file(struct vb_cpio *c, const char *name, uint32_t mode, int fd,
			 const char *path, struct vb_err *err)
{
	struct stat st;
	int ret;

	if (fstat(fd, &st))
		return vb_fail(err, -errno, "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return vb_fail(err, -EINVAL, "%s is no regular file", path);
	ret = place(c, name, &name, err);
	if (!ret)
		ret = begin_member(c, name, S_IFREG | (mode & 07777), (uint64_t)st.st_size, err);
	if (!ret)
		ret = put_file(c, fd, (uint64_t)st.st_size, path, err);
	return ret ? ret : pad(c, 4, err);
}

int vb_cpio_file(struct vb_cpio *c, const char *name, uint32_t mode, const char *path,
		 struct vb_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret;

	if (fd < 0)
		return vb_fail(err, -errno, "cannot open %s: %s", path, strerror(errno));
	ret = add_open_file(c, name, mode, fd, path, err);
	close(fd);
	return ret;
}

int vb_cpio_end(struct vb_cpio *c, struct vb_err *err)
{
	int ret = begin_member(c, trailer, 0, 0, err);

	return ret ? ret : pad(c, BLOCK_LEN, err);
}
