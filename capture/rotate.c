/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

/* Digits of the numbers 0 to n - 1. */
static int digits_for(uint64_t n)
{
	int digits = 1;

	for (n = n > 0 ? (n - 1) / 10 : 0; n > 0; n /= 10)
		digits++;
	return digits;
}

char *vb_files_name(const struct vb_files_options *opt, uint64_t now, uint64_t count)
{
	char base[4096];
	time_t t = (time_t)now;
	struct tm tm;
	char *name;
	int n;

	snprintf(base, sizeof(base), "%s", opt->path);
	/* strftime() gives 0 for what does not fit: the name is then taken as it is. */
	if (opt->max_seconds > 0 && gmtime_r(&t, &tm) &&
	    strftime(base, sizeof(base), opt->path, &tm) == 0)
		snprintf(base, sizeof(base), "%s", opt->path);
	if (opt->max_bytes > 0 && opt->n_files > 0)
		n = asprintf(&name, "%s%0*" PRIu64, base, digits_for(opt->n_files), count);
	else if (count > 0)
		n = asprintf(&name, "%s%" PRIu64, base, count);
	else
		n = asprintf(&name, "%s", base);
	return n < 0 ? NULL : name;
}

/* The user that the program becomes must be able to write what root created. */
static int give_away(const char *path, const struct vb_identity *owner, struct vb_err *err)
{
	int fd, rc = 0;

	if (!owner || strcmp(path, "-") == 0)
		return 0;
	fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return 0; /* not a plain file: it belongs to somebody already */
	if (fchown(fd, owner->uid, owner->gid) < 0)
		rc = vb_fail(err, -errno, "%s: cannot give it to user %u: %s", path,
			     (unsigned int)owner->uid, strerror(errno));
	close(fd);
	return rc;
}

static int open_file(struct vb_files *f, char *path, struct vb_err *err)
{
	int rc;

	free(f->path);
	f->path = path;
	f->n_devices = 0;
	f->has_traffic = false;
	f->writer = NULL;
	if (!path)
		return vb_fail(err, -ENOMEM, "not enough memory for the name of a file");
	rc = vb_trace_writer_open(path, &f->opt->writer, &f->writer, err);
	if (rc < 0)
		return rc;
	f->n_opened++;
	return geteuid() == 0 ? give_away(path, f->opt->owner, err) : 0;
}

int vb_files_open(struct vb_files *f, const struct vb_files_options *opt, uint64_t now_ns,
		  struct vb_err *err)
{
	*f = (struct vb_files){ .opt = opt, .slice_ns = now_ns };
	return open_file(f, vb_files_name(opt, (uint64_t)time(NULL), 0), err);
}

static bool slice_is_over(const struct vb_files *f, uint64_t now_ns)
{
	return f->opt->max_seconds > 0 && now_ns - f->slice_ns >= f->opt->max_seconds * NS_PER_S;
}

bool vb_files_due(const struct vb_files *f, uint64_t now_ns)
{
	/* A file that its beginning alone fills would be followed by such files without end. */
	return (f->has_traffic && f->opt->max_bytes > 0 &&
		vb_trace_writer_size(f->writer) >= f->opt->max_bytes) ||
	       slice_is_over(f, now_ns);
}

/* The name of the next file, and the counter that is in it. */
static char *next_name(struct vb_files *f, uint64_t now_ns)
{
	const struct vb_files_options *opt = f->opt;
	uint64_t now = (uint64_t)time(NULL), before = f->count;
	char *name;

	f->count++;
	if (opt->max_bytes > 0 && opt->n_files > 0)
		f->count %= opt->n_files;
	if (!slice_is_over(f, now_ns))
		return vb_files_name(opt, now, f->count);
	/* Slices follow each other without drift, however late this one was noticed. */
	f->slice_ns += (now_ns - f->slice_ns) / (opt->max_seconds * NS_PER_S) *
		       (opt->max_seconds * NS_PER_S);
	f->count = 0;
	name = vb_files_name(opt, now, 0);
	if (name && strcmp(name, f->path) == 0) {
		free(name);
		f->count = before + 1;
		name = vb_files_name(opt, now, f->count);
	}
	return name;
}

int vb_files_next(struct vb_files *f, const struct vb_device_stats *stats, size_t n,
		  uint64_t now_ns, struct vb_err *err)
{
	const struct vb_files_options *opt = f->opt;
	int rc;

	rc = vb_trace_writer_close(f->writer, stats, n, err);
	f->writer = NULL;
	if (rc < 0)
		return rc;
	if (opt->max_bytes == 0 && opt->n_files > 0 && f->n_opened >= opt->n_files)
		return 0;
	rc = open_file(f, next_name(f, now_ns), err);
	return rc < 0 ? rc : 1;
}

int vb_files_devices(struct vb_files *f, const struct vb_device_stats *stats, size_t n,
		     struct vb_err *err)
{
	int rc = 0;

	for (; rc == 0 && f->n_devices < n; f->n_devices++)
		rc = vb_trace_writer_device(f->writer, &stats[f->n_devices].dev, err);
	return rc;
}

int vb_files_close(struct vb_files *f, const struct vb_device_stats *stats, size_t n, bool failed,
		   struct vb_err *err)
{
	int rc = 0;

	if (f->writer && failed)
		vb_trace_writer_abandon(f->writer);
	else if (f->writer)
		rc = vb_trace_writer_close(f->writer, stats, n, err);
	f->writer = NULL;
	free(f->path);
	f->path = NULL;
	return rc;
}

uint64_t vb_monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
