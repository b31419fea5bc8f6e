/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One event of a trace, where events come from (a source) and where they go (a trace writer).
 *
 * Nothing here prints or exits: functions return 0 or a negative errno, and leave a sentence for
 * the user in a struct vb_err.
 */
#ifndef VB_EVENT_H
#define VB_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "dissectors/wire.h"

/* One line that says what went wrong and what to do; empty when nothing did. */
struct vb_err {
	char text[512];
};

/* Write the sentence and return code (a negative errno), so that `return vb_fail(...)` reads well. */
int vb_fail(struct vb_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What to do about a write that failed with this negative errno. */
const char *vb_write_remedy(int code);

/*
 * One event. The header is the record header of the file, byte for byte; data and ext belong to
 * whoever made the event and live until the next call on that source.
 */
struct vb_event {
	struct vb_record_header hdr;
	uint64_t time_ns;     /* wall clock, ns since 1970-01-01 UTC */
	uint64_t number;      /* position in the file or capture, from 1 */
	const uint8_t *data;  /* hdr.cap_len bytes */
	const uint8_t *ext;   /* hdr.ext_len bytes, segments */
	uint32_t n_malformed; /* reader: faults repaired in this record (lengths, tags); 0 is good */
	const char *malformed; /* reader: the first of those faults, in words; NULL when none */
};

/* A device, as its interface block in the file names it. */
struct vb_device {
	uint8_t class;	      /* enum vb_class */
	uint8_t instance[16]; /* all zero: the control messages' interface */
	uint32_t relid;	      /* of the primary channel, 0 when unknown */
	char name[40];	      /* the bus's name of the device, e.g. the sysfs directory */
	char driver[32];      /* bound driver, empty when none */
	bool bypassed;	      /* user space has, or had, its rings: packets went past the kernel */
	bool on_vf;	      /* its frames go, or went, over a virtual function */
};

/* What happened to the records of one device, for the last line and the statistics blocks. */
struct vb_device_stats {
	struct vb_device dev;
	uint64_t received;  /* seen by the probes: delivered, lost or filtered */
	uint64_t lost;	    /* lost between kernel and user space */
	uint64_t delivered; /* written to the file or shown */
	uint64_t filtered;  /* left out by the probes, because the user does not want them */
};

struct vb_frame_program;
struct vb_source;

struct vb_source_ops {
	/*
	 * The next event. 1: *ret_event is filled in; 0: the end; -EAGAIN: nothing within timeout_ms
	 * (live sources only); other negative errno: a failure, the sentence is in err.
	 */
	int (*next)(struct vb_source *src, int timeout_ms, struct vb_event *ret_event,
		    struct vb_err *err);
	/*
	 * Devices known by now; returns how many and points ret at them. A live source's counts are
	 * those of its last count(). NULL: none are known.
	 */
	size_t (*devices)(struct vb_source *src, const struct vb_device_stats **ret);
	/* Add up the counts: too much work to do for each record. NULL: they always hold. */
	void (*count)(struct vb_source *src);
	/* Ask a live source to end: next() then drains what is left and returns 0. NULL: just stop. */
	void (*stop)(struct vb_source *src);
	void (*close)(struct vb_source *src);
};

/* A source embeds this as its first member. */
struct vb_source {
	const struct vb_source_ops *ops;
};

/* ---- reading trace files: trace_read.c, source_file.c ---- */

/* Link type of the traces that are written: upper PDU, tags in front of the record. */
#define VB_LINKTYPE_UPPER_PDU 252u

/* Facts of the section header; strings are empty when absent. */
struct vb_trace_info {
	char hardware[128];
	char os[128];
	char application[256];
	uint32_t n_interfaces;
	uint64_t n_skipped_blocks; /* blocks of other types, passed over */
	uint64_t n_foreign;	   /* packets that are no records of ours, passed over */
	bool truncated;		   /* the file ends inside a block (a killed writer) */
	bool has_statistics;	   /* interface statistics were seen: the capture ended in order */
	uint64_t stats_received;   /* sums over the interface statistics blocks seen so far */
	uint64_t stats_dropped;
};

/* Open a trace file, or standard input for "-". */
int vb_source_file_open(const char *path, struct vb_source **ret, struct vb_err *err);

/* Up to len bytes; 0: the end; -EAGAIN: none within timeout_ms (< 0: wait); else -errno. */
typedef ssize_t (*vb_read_fn)(void *ctx, void *buf, size_t len, int timeout_ms);

/*
 * A source that reads a trace through a function; name stands in messages. -EINTR: the function
 * gave up waiting for the first bytes.
 */
int vb_source_stream_open(vb_read_fn read, void *ctx, const char *name, struct vb_source **ret,
			  struct vb_err *err);

/* What is known of the file so far; complete after next() returned 0. */
const struct vb_trace_info *vb_source_file_info(const struct vb_source *src);

/* True when the file can be read a second time (a regular file). */
bool vb_source_file_seekable(const struct vb_source *src);

/* Go back to the first block. */
int vb_source_file_rewind(struct vb_source *src, struct vb_err *err);

/* ---- writing trace files: trace_write.c ---- */

struct vb_trace_writer;

struct vb_trace_writer_options {
	const char *application; /* shb_userappl: tool, version, probes used */
	const char *os;		 /* shb_os: guest kernel release; NULL: leave out */
	const char *hardware;	 /* NULL: leave out */
	const char *filter;	 /* if_filter of every interface; NULL: leave out */
	bool flush_each;	 /* -l: flush after every record */
};

/*
 * Create path ("-": standard output). An existing file is replaced. Blocks are collected in memory
 * and written whole, so that what is on disk always ends at a block boundary or can be cut there.
 */
int vb_trace_writer_open(const char *path, const struct vb_trace_writer_options *opt,
			 struct vb_trace_writer **ret, struct vb_err *err);

/* Name a device before its first event; unnamed ones get a block with class and GUID only. */
int vb_trace_writer_device(struct vb_trace_writer *w, const struct vb_device *dev,
			   struct vb_err *err);

/* Append one event; cuts the external part, then the packet, to the longest record there may be. */
int vb_trace_writer_event(struct vb_trace_writer *w, const struct vb_event *ev, struct vb_err *err);

/* Hand everything written so far to the kernel. */
int vb_trace_writer_flush(struct vb_trace_writer *w, struct vb_err *err);

/*
 * Flush when the oldest unflushed byte is older than max_age_ns by the caller's clock, in a pipe
 * 100 ms at most. With nothing to flush: -EPIPE when nobody reads the pipe any more.
 */
int vb_trace_writer_tick(struct vb_trace_writer *w, uint64_t now_ns, uint64_t max_age_ns,
			 struct vb_err *err);

/* Bytes of the file so far, flushed or not. */
uint64_t vb_trace_writer_size(const struct vb_trace_writer *w);

/* Statistics blocks for the devices given (n may be 0), flush, close. Frees w whatever happens. */
int vb_trace_writer_close(struct vb_trace_writer *w, const struct vb_device_stats *stats, size_t n,
			  struct vb_err *err);

/* Close without statistics after a failed write; what reached the file stays. Accepts NULL. */
void vb_trace_writer_abandon(struct vb_trace_writer *w);

/* ---- live capture: source_bpf.c ---- */

struct vb_bpf_options {
	const char *channels; /* -i: "any" or a comma list of relid, class name, instance GUID */
	uint32_t snaplen;     /* packet bytes copied per record, at most 262144 */
	uint32_t payload;     /* --payload: bytes copied of each frame outside the ring; 0: none */
	uint32_t ring_kib;    /* -B: BPF ring buffer per CPU, KiB; rounded up to a power of two */
	bool signals;	      /* guest signals and host interrupts as events */
	const struct vb_frame_program *frames; /* only what may have such frames; NULL: all */
};

/*
 * Find the kernel's types, attach the probes, read the state of bus and channels. -ENOTSUP: the
 * environment cannot do it (exit code 125), err says what to do. -EINVAL, -ENOENT, -E2BIG: the
 * channels named are none, are not there, or are too many (exit code 2).
 */
int vb_source_bpf_open(const struct vb_bpf_options *opt, struct vb_source **ret,
		       struct vb_err *err);

/*
 * Where hv_vmbus is. If it was not there when the source was opened, the source waits for it, and may
 * have to again: it needs its privileges for good.
 */
enum vb_bus_state { VB_BUS_THERE, VB_BUS_AWAITED, VB_BUS_CAME };
enum vb_bus_state vb_source_bpf_bus(const struct vb_source *src);

/* How it probes (fentry or kprobe) and what, comma separated, for shb_userappl. */
const char *vb_source_bpf_probes(const struct vb_source *src);

/* The records that begin every file: states and offers, made anew from what is known now. */
int vb_source_bpf_restate(struct vb_source *src, struct vb_err *err);

enum vb_verdict { VB_GOOD, VB_WARN, VB_BAD };

/* One finding of --doctor. */
struct vb_finding {
	enum vb_verdict verdict;
	const char *subject; /* e.g. "BTF of hv_vmbus" */
	const char *detail;  /* what was found */
	const char *remedy;  /* what to do; empty when good */
};

/* Look at kernel, BTF, hooks, capabilities; calls found() for each. 0: can capture, else -ENOTSUP. */
int vb_source_bpf_doctor(void (*found)(void *ctx, const struct vb_finding *f), void *ctx);

/* Whether a capture may succeed here: this is a guest, even if hv_vmbus is not loaded yet. */
bool vb_source_bpf_possible(void);

/* The channels of this machine (-D), from sysfs; calls seen() for each. */
int vb_source_bpf_list(void (*seen)(void *ctx, const struct vb_device *dev, uint32_t n_channels),
		       void *ctx, struct vb_err *err);

#endif
