/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a capture: one, or one after the other (-C, -G, -W).
 *
 * Names are made as tcpdump makes them: the name given may hold strftime() conversions (-G, UTC);
 * with -C a number follows, none for the first file, or with -W one of so many digits that the
 * files sort. Where a new file would have the name of the one before, a number follows too.
 */
#ifndef VB_ROTATE_H
#define VB_ROTATE_H

#include "capture/event.h"
#include "capture/privileges.h"

struct vb_files_options {
	const char *path;
	uint64_t max_bytes;   /* 0: no limit */
	uint64_t max_seconds; /* 0: no limit */
	uint64_t n_files; /* with max_bytes: reuse the names of so many; else: stop after them */
	const struct vb_identity *owner; /* who is to own the first file, or NULL */
	struct vb_trace_writer_options writer;
};

struct vb_files {
	const struct vb_files_options *opt;
	struct vb_trace_writer *writer; /* the file at hand */
	char *path;			/* its name */
	uint64_t count;			/* number in the name, within a time slice */
	uint64_t n_opened;
	uint64_t slice_ns; /* monotonic begin of the time slice */
	size_t n_devices;  /* named in the file so far */
	bool has_traffic;  /* the caller wrote more into it than what every file begins with */
};

/* Nothing that was written stays in memory longer: what a killed program loses. */
#define VB_FLUSH_NS 1000000000u

/* The clock by which files age. */
uint64_t vb_monotonic_ns(void);

/* Name of file number count, begun at wall clock second now. NULL: out of memory. */
char *vb_files_name(const struct vb_files_options *opt, uint64_t now, uint64_t count);

/* Open the first file. opt must outlive f; now_ns: monotonic. */
int vb_files_open(struct vb_files *f, const struct vb_files_options *opt, uint64_t now_ns,
		  struct vb_err *err);

/* Is it time for the next file? */
bool vb_files_due(const struct vb_files *f, uint64_t now_ns);

/* Close with these statistics and open the next file: 1; or 0 when it was the last one. */
int vb_files_next(struct vb_files *f, const struct vb_device_stats *stats, size_t n,
		  uint64_t now_ns, struct vb_err *err);

/* Name the source's devices in the file, as far as that was not done. */
int vb_files_devices(struct vb_files *f, const struct vb_device_stats *stats, size_t n,
		     struct vb_err *err);

/* Close the last file; when failed, without statistics, and err is left alone. */
int vb_files_close(struct vb_files *f, const struct vb_device_stats *stats, size_t n, bool failed,
		   struct vb_err *err);

#endif
