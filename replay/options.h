/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of vmbusreplay: a command, and options of one table.
 */
#ifndef VB_REPLAY_OPTIONS_H
#define VB_REPLAY_OPTIONS_H

#include "capture/option_table.h"
#include "replay/outer/outer.h"

/* What the program is asked to do; one bit each, so that an option can belong to several. */
enum vb_replay_mode {
	VB_REPLAY_SETUP = 0x01,
	VB_REPLAY_GUEST = 0x02,
	VB_REPLAY_PLAN = 0x04,
	VB_REPLAY_RUN = 0x08,
	VB_REPLAY_DOCTOR = 0x10,
	VB_REPLAY_VERSION = 0x20,
	VB_REPLAY_HELP = 0x40,
	VB_REPLAY_TOLERATED = 0x80,
};

/* An option that may be given again. */
struct vb_list {
	const char **words;
	size_t n;
};

struct vb_replay_options {
	enum vb_replay_mode mode;
	enum vb_replay_mode command; /* with HELP: the command that is explained, or 0 */
	const char *const *words;    /* behind the options: a trace, words of setup */
	size_t n_words;

	/* the machine */
	const char *kernel, *modules, *append, *cache, *vmbusdump;
	enum vb_accel accel;
	uint64_t memory_mib, n_vcpus, n_cpus;
	bool real_time, counted; /* instructions are time for one processor, or for several too */
	/* the host */
	const char *devices, *persona;
	uint32_t vmbus_version; /* 0: the newest */
	uint64_t payload;	/* of each frame, in both records */
	struct vb_list faults;
	bool async_signals;
	/* what happens */
	const char *workload;
	struct vb_list add, give, images;
	uint64_t deadline_ns; /* 0: none */
	bool write, quiet;
	/* what comes of it */
	const char *capture, *host_log, *stats, *out_dir, *console, *log_dir;
	/* replay */
	uint64_t speed_milli; /* thousandths; 0: as fast as can be */
	uint64_t n_loops;
	const char *channels, *service_time, *tolerate, *json, *junit;
	/* what the trace says */
	const char *interfaces, *disks; /* as in struct vb_guest_root */
	bool vlans;
	/* what the program tells itself in the inner machine */
	const char *initrd, *files, *failure_log, *trace_name, *console_name;

	uint64_t given; /* bit per row of the table */
};

/*
 * Read the arguments into ret. -EINVAL: they are wrong, err says in one line what to do. Strings
 * point into argv. Call vb_replay_options_done() in any case.
 */
int vb_replay_options_parse(int argc, char *const argv[], struct vb_replay_options *ret,
			    struct vb_err *err);
void vb_replay_options_done(struct vb_replay_options *o);

/* Append the text of --help: of the program (0), or of one command. */
void vb_replay_options_help(enum vb_replay_mode command, struct vb_buf *out);

#define VB_REPLAY_OPTION_ROWS 46
extern const struct vb_option_row vb_replay_rows[VB_REPLAY_OPTION_ROWS];
extern const struct vb_option_table vb_replay_table;

#endif
