/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File copy: a file of the host's is written into the guest, piece after piece (Linux 6.1
 * drivers/hv/hv_fcopy.c, tools/hv/hv_fcopy_daemon.c).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/host/ic.h"

#define PATH "hv_fcopy."
#define START_LEN 1088u
#define WRITE_LEN 6196u
#define SHORT_LEN 36u /* complete, cancel */
#define PIECE_LEN 6144u
#define NAME_LEN 520u /* bytes of each: name, folder */

enum operation { START = 0, WRITE = 1, COMPLETE = 2, CANCEL = 3 };
enum { OVERWRITE = 1, CREATE_PATH = 2 };

struct copy;

struct fcopy {
	struct vb_ic ic; /* first */
	uint64_t timeout_ns, progress_pieces;
	struct copy *copy; /* that is under way; NULL: none */
};

struct copy {
	struct vb_ic_call call; /* first */
	struct vb_hrequest *rq;
	FILE *file;
	uint64_t size, done_len; /* bytes the file had when it was opened; that the guest has */
	uint8_t operation;
	uint32_t flags;
	uint8_t name[NAME_LEN], folder[NAME_LEN];
	size_t name_len, folder_len;
	uint8_t piece[PIECE_LEN];
	uint32_t piece_len;
	uint64_t started_ns;
	int status; /* why it is cancelled; 0: it is not */
	struct vb_buf text;
};

/* ---- messages ---- */

static int send_start(struct vb_ic *ic, const struct copy *c)
{
	const struct vb_value v[] = {
		VB_NUMBER(PATH "operation", START),
		VB_DATA(PATH "start.file_name", c->name, c->name_len),
		VB_DATA(PATH "start.path_name", c->folder, c->folder_len),
		VB_NUMBER(PATH "start.copy_flags", c->flags),
		VB_NUMBER(PATH "start.file_size", c->size),
	};

	return vb_ic_send(ic, &c->call, START_LEN, v, sizeof(v) / sizeof(v[0]));
}

static int send_write(struct vb_ic *ic, const struct copy *c)
{
	const struct vb_value v[] = {
		VB_NUMBER(PATH "operation", WRITE),
		VB_NUMBER(PATH "write.offset", c->done_len),
		VB_NUMBER(PATH "write.data_size", c->piece_len),
		VB_DATA(PATH "write.data", c->piece, c->piece_len),
	};

	return vb_ic_send(ic, &c->call, WRITE_LEN, v, sizeof(v) / sizeof(v[0]));
}

static int send_call(struct vb_ic *ic, struct vb_ic_call *call)
{
	const struct copy *c = (const struct copy *)call;
	const struct vb_value v[] = { VB_NUMBER(PATH "operation", c->operation) };

	if (c->operation == START)
		return send_start(ic, c);
	if (c->operation == WRITE)
		return send_write(ic, c);
	return vb_ic_send(ic, call, SHORT_LEN, v, 1);
}

/* ---- steps ---- */

static void take_step(struct fcopy *f, struct copy *c, uint8_t operation)
{
	c->operation = operation;
	vb_ic_submit(&f->ic, &c->call);
}

static void free_copy(struct copy *c)
{
	if (c->file)
		fclose(c->file);
	vb_buf_done(&c->text);
	free(c);
}

static void finish(struct fcopy *f, struct copy *c)
{
	if (!c->status)
		vb_buf_fmt(&c->text, "%" PRIu64 " bytes copied in %" PRIu64 " ns", c->size,
			   vb_ic_now(&f->ic) - c->started_ns);
	f->copy = NULL;
	vb_ic_done_text(c->rq, c->status, &c->text);
	free_copy(c);
}

/* The guest is told to forget what it has, unless it is not there. */
static void cancel(struct fcopy *f, struct copy *c, int status)
{
	c->status = status;
	if (status == -ENOTCONN || c->operation == START || c->operation == CANCEL)
		finish(f, c);
	else
		take_step(f, c, CANCEL);
}

static void tell_progress(const struct fcopy *f, const struct copy *c)
{
	uint64_t pieces = c->done_len / PIECE_LEN;
	char text[80];

	if (!c->rq->progress || !f->progress_pieces || pieces % f->progress_pieces)
		return;
	snprintf(text, sizeof(text), "%" PRIu64 " of %" PRIu64 " bytes", c->done_len, c->size);
	c->rq->progress(c->rq, text);
}

static void next_piece(struct fcopy *f, struct copy *c)
{
	uint64_t left = c->size - c->done_len;

	if (!left)
		return take_step(f, c, COMPLETE);
	c->piece_len = left < PIECE_LEN ? (uint32_t)left : PIECE_LEN;
	if (fread(c->piece, 1, c->piece_len, c->file) == c->piece_len)
		return take_step(f, c, WRITE);
	vb_buf_str(&c->text, "the file became shorter, or cannot be read");
	c->operation = WRITE;
	cancel(f, c, -EIO);
}

static const char *operation_name(uint8_t operation)
{
	static const char *const names[] = { "start", "write", "complete", "cancel" };

	return names[operation];
}

static void step_ended(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a)
{
	struct fcopy *f = (struct fcopy *)ic;
	struct copy *c = (struct copy *)call;

	if (c->operation == CANCEL) /* whatever it says: c->status tells why */
		return finish(f, c);
	if (a->error || a->status) {
		vb_buf_fmt(&c->text, "%s at byte %" PRIu64 ": ", operation_name(c->operation),
			   c->done_len);
		vb_ic_outcome(&c->text, a);
		return cancel(f, c, a->error ? a->error : vb_ic_status_error(a->status));
	}
	if (c->operation == COMPLETE)
		return finish(f, c);
	if (c->operation == WRITE) {
		c->done_len += c->piece_len;
		tell_progress(f, c);
	}
	next_piece(f, c);
}

/* ---- commands ---- */

/* GUESTPATH is a folder and a name. */
static int parse_path(struct copy *c, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t folder_len = slash ? (size_t)(slash - path) + 1 : 0;
	char folder[NAME_LEN * 2];

	if (!slash || !slash[1] || folder_len >= sizeof(folder))
		return -EINVAL;
	memcpy(folder, path, folder_len);
	folder[folder_len] = '\0';
	if (vb_ic_utf16(folder, c->folder, sizeof(c->folder), &c->folder_len))
		return -EINVAL;
	return vb_ic_utf16(slash + 1, c->name, sizeof(c->name), &c->name_len);
}

static int parse_flag(struct copy *c, const char *word)
{
	if (!strcmp(word, "overwrite"))
		c->flags |= OVERWRITE;
	else if (!strcmp(word, "create-path"))
		c->flags |= CREATE_PATH;
	else
		return -EINVAL;
	return 0;
}

static int parse_words(struct copy *c, const char *const *words, size_t n)
{
	if (parse_path(c, words[2]))
		return -EINVAL;
	for (size_t i = 3; i < n; i++)
		if (parse_flag(c, words[i]))
			return -EINVAL;
	return 0;
}

static int open_file(struct vb_hdevice *d, struct copy *c, const char *name)
{
	int fd = vb_hdevice_open_file(d, name);
	struct stat st;

	if (fd < 0)
		return fd;
	c->file = fdopen(fd, "r");
	if (!c->file) {
		close(fd);
		return -ENOMEM;
	}
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EISDIR;
	c->size = (uint64_t)st.st_size;
	return 0;
}

static void copy(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq);

static const struct vb_command commands[] = {
	{ "copy", "NAME GUESTPATH [overwrite] [create-path]",
	  "copy a file (--give) into the guest; the path is absolute", copy },
	VB_IC_COMMANDS,
	{ 0 },
};

/* A copy that can begin, or NULL: the request is done. */
static struct copy *new_copy(struct vb_hdevice *d, const char *const *words, size_t n,
			     struct vb_hrequest *rq)
{
	struct copy *c = calloc(1, sizeof(*c));
	int rc;

	if (!c) {
		vb_hrequest_done(rq, -ENOMEM, NULL);
		return NULL;
	}
	c->rq = rq;
	if (parse_words(c, words, n)) {
		vb_ic_usage(rq, commands, words[0]);
	} else {
		rc = open_file(d, c, words[1]);
		if (!rc)
			return c;
		vb_buf_fmt(&c->text, "%s: %s", words[1],
			   rc == -EISDIR ? "no regular file" : strerror(-rc));
		vb_ic_done_text(rq, rc, &c->text);
	}
	free_copy(c);
	return NULL;
}

static void copy(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	struct fcopy *f = vb_hdevice_state(d);
	struct copy *c;

	if (n < 3)
		return vb_ic_usage(rq, commands, words[0]);
	if (!vb_ic_usable(&f->ic, rq))
		return;
	if (f->copy)
		return vb_hrequest_done(rq, -EBUSY, "a copy is under way");
	c = new_copy(d, words, n, rq);
	if (!c)
		return;
	c->call.timeout_ns = f->timeout_ns;
	c->call.send = send_call;
	c->call.ended = step_ended;
	c->started_ns = vb_ic_now(&f->ic);
	f->copy = c;
	take_step(f, c, START);
}

/* ---- settings ---- */

static const struct vb_setting settings[] = {
	VB_IC_SETTINGS("3.0,1.0", "1.1"),
	{ "progress", "pieces of 6144 bytes from one word of progress to the next; 0: none", "170",
	  VB_SETTING_NUMBER(struct fcopy, progress_pieces, 0, UINT32_MAX) },
	{ "timeout", "seconds until a piece is given up", "60",
	  VB_SETTING_BY(vb_ic_setting_duration, struct fcopy, timeout_ns) },
	{ 0 },
};

static const struct vb_ic_service service = { .type = 7 };

static int start(struct vb_hdevice *d, struct vb_err *err)
{
	return vb_ic_start(d, &service, err);
}

const struct vb_model vb_model_fcopy = {
	.name = "fcopy",
	.class = VB_CLASS_FCOPY,
	.instance = "eb765408-105f-49b6-b4aa-c123b64d17d4",
	.offer_flags = VB_IC_OFFER_FLAGS,
	.pipe = true,
	.state_size = sizeof(struct fcopy),
	.settings = settings,
	.commands = commands,
	.start = start,
	VB_IC_VTABLE,
};
