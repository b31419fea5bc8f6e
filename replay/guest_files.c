/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/guest_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Relative, no part of it hidden or a way up, nothing that upsets a terminal. */
static bool is_good_name(const char *name)
{
	size_t len = strlen(name);
	bool start = true;

	if (len == 0 || len >= sizeof(((struct vb_guest_files *)NULL)->name) ||
	    name[len - 1] == '/')
		return false;
	for (const char *p = name; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f || *p == '\\' ||
		    (start && (*p == '.' || *p == '/')))
			return false;
		start = *p == '/';
	}
	return true;
}

/* All directories of the path; those that are there stay. */
static int make_parents(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return 0;
}

static int create(struct vb_guest_files *f, char *path, struct vb_err *err)
{
	int rc = make_parents(path);

	if (rc == 0) {
		f->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		rc = f->fd < 0 ? -errno : 0;
	}
	if (rc == 0)
		return 0;
	f->fd = 0;
	return vb_fail(err, rc, "cannot create %s: %s", path, strerror(-rc));
}

static void close_file(struct vb_guest_files *f)
{
	if (f->fd > 0)
		close(f->fd);
	f->fd = 0;
	f->name[0] = '\0';
}

static int begin_file(struct vb_guest_files *f, const struct vb_agent_message *m,
		      struct vb_err *err)
{
	const char *name = (const char *)m->data;
	bool is_capture = f->capture && strcmp(name, VB_GUEST_CAPTURE) == 0;
	char path[PATH_MAX];
	int n;

	close_file(f);
	if (strlen(name) != m->len || !is_good_name(name))
		return vb_fail(err, -EINVAL, "the guest named a file '%s'", name);
	memcpy(f->name, name, m->len + 1);
	f->n_files++;
	f->has_capture |= is_capture;
	if (!is_capture && !f->out_dir) {
		f->n_dropped++;
		return 0;
	}
	n = is_capture ? snprintf(path, sizeof(path), "%s", f->capture) :
			 snprintf(path, sizeof(path), "%s/%s", f->out_dir, name);
	if (n >= (int)sizeof(path))
		return vb_fail(err, -ENAMETOOLONG, "the name of the guest's file %s is too long",
			       name);
	return create(f, path, err);
}

static int add_data(struct vb_guest_files *f, const struct vb_agent_message *m, struct vb_err *err)
{
	int rc;

	if (f->name[0] == '\0')
		return vb_fail(err, -EINVAL, "the guest sent a file without a name");
	f->n_bytes += m->len;
	if (f->n_bytes > f->max_bytes)
		return vb_fail(err, -EFBIG, "the guest's files are larger than %llu MiB",
			       (unsigned long long)(f->max_bytes >> 20));
	rc = f->fd > 0 ? write_all(f->fd, m->data, m->len) : 0;
	return rc < 0 ?
		       vb_fail(err, rc, "cannot write the guest's %s: %s", f->name, strerror(-rc)) :
		       0;
}

static int forward(struct vb_guest_files *f, const struct vb_agent_message *m, struct vb_err *err)
{
	struct vb_buf b = { 0 };
	int rc;

	if (f->forward_fd == 0) {
		f->forward_fd = open(f->forward, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (f->forward_fd < 0) {
			f->forward_fd = 0;
			return vb_fail(err, -errno, "cannot create %s: %s", f->forward,
				       strerror(errno));
		}
	}
	rc = vb_agent_encode(&b, m->type, m->data, m->len, NULL, 0);
	if (rc == 0)
		rc = write_all(f->forward_fd, b.data, b.len);
	vb_buf_done(&b);
	return rc < 0 ? vb_fail(err, rc, "cannot write %s: %s", f->forward, strerror(-rc)) : 0;
}

int vb_guest_files_take(struct vb_guest_files *f, const struct vb_agent_message *m,
			struct vb_err *err)
{
	if (f->forward) {
		f->n_bytes += m->len;
		if (f->n_bytes <= f->max_bytes)
			return forward(f, m, err);
		return vb_fail(err, -EFBIG, "the guest's files are too large");
	}
	switch (m->type) {
	case VB_AGENT_FILE:
		return begin_file(f, m, err);
	case VB_AGENT_FILE_DATA:
		return add_data(f, m, err);
	default:
		close_file(f);
		return 0;
	}
}

/* ---- what another one forwarded ---- */

struct unpacking {
	struct vb_guest_files *files;
	struct vb_err *err;
	int rc;
};

static void unpack_message(void *ctx, const struct vb_agent_message *m)
{
	struct unpacking *u = ctx;

	if (u->rc == 0)
		u->rc = vb_guest_files_take(u->files, m, u->err);
}

int vb_guest_files_unpack(struct vb_guest_files *f, const char *path, struct vb_err *err)
{
	struct unpacking u = { .files = f, .err = err };
	struct vb_agent_link *link = calloc(1, sizeof(*link));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t bytes[16384];
	ssize_t n = 0;

	if (!link || fd < 0)
		u.rc = vb_fail(err, fd < 0 ? -errno : -ENOMEM, "cannot open %s", path);
	if (link)
		*link = (struct vb_agent_link){ .ctx = &u, .message = unpack_message };
	while (u.rc == 0 && (n = read(fd, bytes, sizeof(bytes))) > 0) {
		int rc = vb_agent_feed(link, bytes, (size_t)n, err);

		u.rc = u.rc ? u.rc : rc;
	}
	if (u.rc == 0 && (n < 0 || vb_agent_is_cut(link) || f->name[0]))
		u.rc = vb_fail(err, -EIO, "not all of the guest's files came out");
	if (fd >= 0)
		close(fd);
	free(link);
	return u.rc;
}

void vb_guest_files_done(struct vb_guest_files *f)
{
	close_file(f);
	if (f->forward_fd > 0)
		close(f->forward_fd);
	f->forward_fd = 0;
}
