/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/console.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return; /* a console that is not kept is no reason to end a guest */
		p += done;
		n -= (size_t)done;
	}
}

static int create(const char *path, struct vb_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd >= 0)
		return fd;
	return vb_fail(err, -errno, "cannot create %s: %s", path, strerror(errno));
}

int vb_console_open(struct vb_console *c, const char *path, struct vb_err *err)
{
	*c = (struct vb_console){ .fd = -1 };
	if (!path)
		return 0;
	c->fd = create(path, err);
	return c->fd < 0 ? c->fd : 0;
}

void vb_console_add(struct vb_console *c, const uint8_t *bytes, size_t n)
{
	size_t room = VB_CONSOLE_MAX - c->text.len;

	if (n > room) {
		c->flooded = true;
		n = room;
	}
	vb_buf_add(&c->text, (const char *)bytes, n);
	if (c->fd >= 0)
		write_all(c->fd, (const char *)bytes, n);
}

int vb_console_keep(struct vb_console *c, const char *path, struct vb_err *err)
{
	int fd;

	if (c->fd >= 0)
		return 0;
	fd = create(path, err);
	if (fd < 0)
		return fd;
	write_all(fd, c->text.data, c->text.len);
	close(fd);
	return 0;
}

static const char *nth_last_line(const struct vb_buf *text, unsigned int n)
{
	size_t at = text->len;

	while (at > 0) {
		if (text->data[at - 1] == '\n' && at < text->len && n-- == 1)
			break;
		at--;
	}
	return text->data + at;
}

void vb_console_tail(const struct vb_console *c, unsigned int n, struct vb_buf *out)
{
	bool start = true;

	if (c->text.len == 0)
		return;
	for (const char *p = nth_last_line(&c->text, n); p < c->text.data + c->text.len; p++) {
		bool end = *p == '\n';

		if (start)
			vb_buf_str(out, "  | ");
		start = end;
		if (end || (*p >= ' ' && *p != 0x7f))
			vb_buf_add(out, p, 1);
	}
	if (!start)
		vb_buf_str(out, "\n");
}

void vb_console_close(struct vb_console *c)
{
	if (c->fd >= 0)
		close(c->fd);
	vb_buf_done(&c->text);
	c->fd = -1;
}
