/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of vmbusreplay, one row each, and how their arguments are read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/host/host.h"
#include "replay/options.h"
#include "replay/vmm/vm.h"

static int add_word(const struct vb_option_row *row, void *options, const char *arg,
		    struct vb_err *err)
{
	struct vb_list *list = (struct vb_list *)((char *)options + row->offset);
	const char **bigger = reallocarray(list->words, list->n + 1, sizeof(*bigger));

	if (!bigger)
		return vb_fail(err, -ENOMEM, "not enough memory");
	list->words = bigger;
	list->words[list->n++] = arg;
	return 0;
}

static int set_accel(const struct vb_option_row *row, void *options, const char *arg,
		     struct vb_err *err)
{
	static const char *const names[] = {
		[VB_ACCEL_AUTO] = "auto",
		[VB_ACCEL_KVM] = "kvm",
		[VB_ACCEL_EMULATED] = "emulated",
	};
	struct vb_replay_options *o = options;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i], arg) == 0) {
			o->accel = (enum vb_accel)i;
			return 0;
		}
	}
	return vb_fail(err, -EINVAL, "--%s %s: give auto, kvm or emulated", row->name, arg);
}

/* "2.4, 3.0, ... and 6.0" */
static void list_versions(const struct vb_name *v, struct vb_buf *out)
{
	for (; v->name; v++)
		if (vb_host_speaks((uint32_t)v->value))
			vb_buf_fmt(out, "%s%s",
				   !out->len ? "" :
				   v[1].name ? ", " :
					       " and ",
				   v->name);
}

static int set_version(const struct vb_option_row *row, void *options, const char *arg,
		       struct vb_err *err)
{
	const struct vb_name *versions = vb_proto_by_name("vmbus")->versions;
	struct vb_replay_options *o = options;
	struct vb_buf text = { 0 };

	for (const struct vb_name *v = versions; v->name; v++) {
		if (vb_host_speaks((uint32_t)v->value) && strcmp(v->name, arg) == 0) {
			o->vmbus_version = (uint32_t)v->value;
			return 0;
		}
	}
	list_versions(versions, &text);
	vb_fail(err, -EINVAL, "--%s %s: versions are %s", row->name, arg,
		text.data ? text.data : "missing");
	vb_buf_done(&text);
	return -EINVAL;
}

/* "top", or a factor with up to three decimals. */
static int set_speed(const struct vb_option_row *row, void *options, const char *arg,
		     struct vb_err *err)
{
	struct vb_replay_options *o = options;
	uint64_t milli = 0, unit = 1000;
	const char *p = arg;

	if (strcmp(arg, "top") == 0) {
		o->speed_milli = 0;
		return 0;
	}
	for (; *p >= '0' && *p <= '9' && milli < 1000000000; p++)
		milli = milli * 10 + (uint64_t)(*p - '0') * 1000;
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9' && unit > 1; p++)
			milli += (uint64_t)(*p - '0') * (unit /= 10);
	if (*p != '\0' || milli == 0)
		return vb_fail(err, -EINVAL, "--%s %s: give top, or a factor such as 1, 2.5 or 0.1",
			       row->name, arg);
	o->speed_milli = milli;
	return 0;
}

/* ---- the table ---- */

#define GUEST VB_REPLAY_GUEST
#define RUN VB_REPLAY_RUN
#define BOTH (GUEST | RUN)
#define CACHE (BOTH | VB_REPLAY_SETUP | VB_REPLAY_DOCTOR)
#define MEMBER(m) .offset = offsetof(struct vb_replay_options, m)
#define TEXT(m) vb_option_text, MEMBER(m)

const struct vb_option_row vb_replay_rows[] = {
	{ "The program", "doctor", 0, NULL, VB_REPLAY_DOCTOR, 0, NULL, vb_option_nothing,
	  .help = "say whether this machine can run guests, and what to do if not" },
	{ NULL, "tolerated", 0, NULL, VB_REPLAY_TOLERATED, 0, NULL, vb_option_nothing,
	  .help = "list the fields that may differ in every replay, each with the reason" },
	{ NULL, "version", 0, NULL, VB_REPLAY_VERSION, 0, NULL, vb_option_nothing,
	  .help = "show the version" },
	{ NULL, "help", 'h', NULL, VB_REPLAY_HELP, 0, NULL, vb_option_nothing,
	  .help = "show this text; behind a command: that of the command" },
	{ NULL, "cache", 0, "DIR", 0, CACHE, NULL, TEXT(cache),
	  .help = "where setup puts kernels and programs; default: $VMBUSREPLAY_CACHE or "
		  "~/.cache/vmbusreplay" },
	{ NULL, "quiet", 'q', NULL, 0, BOTH, NULL, vb_option_flag, MEMBER(quiet),
	  .help = "say only what goes wrong" },

	{ "The machine", "kernel", 0, "IMG|NAME", 0, BOTH, NULL, TEXT(kernel),
	  .help = "a bzImage, or a kernel of setup by its name; default: bookworm" },
	{ NULL, "modules", 0, "DIR", 0, BOTH, "kernel", TEXT(modules),
	  .help = "where the modules of IMG are, at any depth; what is not there is taken to be "
		  "built in" },
	{ NULL, "append", 0, "TEXT", 0, BOTH, NULL, TEXT(append),
	  .help = "more for the kernel's command line" },
	{ NULL, "vcpus", 0, "N", 0, BOTH, NULL, vb_option_number, MEMBER(n_vcpus), 1,
	  VB_VM_MAX_VCPUS, .help = "virtual processors; default: 1" },
	{ NULL, "memory", 0, "MIB", 0, BOTH, NULL, vb_option_number, MEMBER(memory_mib), 128, 3072,
	  .help = "memory; default: 512" },
	{ NULL, "accel", 0, "auto|kvm|emulated", 0, BOTH, NULL, set_accel,
	  .help = "auto: KVM where it emulates Hyper-V, else an emulated machine whose KVM does" },
	{ NULL, "time", 0, NULL, 0, BOTH, NULL, vb_option_flag, MEMBER(real_time),
	  .help = "emulated: let time be time; else, with one processor, instructions are counted "
		  "and each run is like the other" },
	{ NULL, "count", 0, NULL, 0, BOTH, NULL, vb_option_flag, MEMBER(counted),
	  .help = "emulated: count instructions with several processors, too" },
	{ NULL, "cpus", 0, "N", 0, BOTH, NULL, vb_option_number, MEMBER(n_cpus), 1, 16,
	  .help = "emulated: processors of the outer machine; default: 1" },

	{ "The host", "devices", 0, "LIST", 0, GUEST, NULL, TEXT(devices),
	  .help = "what it offers, by class, with commas; default: all integration services; "
		  "netvsc: a network adapter; scsi, ide, fc: disks" },
	{ NULL, "persona", 0, "FILE", 0, GUEST, NULL, TEXT(persona),
	  .help = "settings of the devices" },
	{ NULL, "vmbus-version", 0, "V", 0, BOTH, NULL, set_version,
	  .help = "the newest version of the bus that the host accepts, for example 4.1" },
	{ NULL, "async-signals", 0, NULL, 0, BOTH, NULL, vb_option_flag, MEMBER(async_signals),
	  .help = "take the guest's signals in a thread of their own, while the guest runs on" },
	{ NULL, "fault", 0, "SPEC", 0, BOTH, NULL, add_word, MEMBER(faults),
	  .help = "CLASS:FAULT[,FAULT...]: what goes wrong on purpose; may be given again" },
	{ NULL, "write", 0, NULL, 0, BOTH | VB_REPLAY_PLAN, NULL, vb_option_flag, MEMBER(write),
	  .help = "guest: let it write to disk images, else what it writes is kept in memory; plan and "
		  "run: make the requests that change a disk, too" },

	{ "What happens", "workload", 0, "SCRIPT", 0, BOTH, NULL, TEXT(workload),
	  .help = "run this in the guest (busybox sh); without it the guest waits for Ctrl-C" },
	{ NULL, "add", 0, "FILE:PATH", 0, BOTH, NULL, add_word, MEMBER(add),
	  .help = "put a file into the guest; may be given again" },
	{ NULL, "give", 0, "FILE[:NAME]", 0, BOTH, NULL, add_word, MEMBER(give),
	  .help = "a file that the host may copy into the guest: host fcopy copy NAME PATH; may be "
		  "given again" },
	{ NULL, "deadline", 0, "S", 0, BOTH, NULL, vb_option_number, MEMBER(deadline_ns), 1, 604800,
	  1000000000, .help = "end the guest after S seconds, with exit status 1" },

	{ "What comes of it", "capture", 0, "FILE", 0, BOTH, NULL, TEXT(capture),
	  .help = "what vmbusdump captures in the guest" },
	{ NULL, "payload", 0, "BYTES|none|all", 0, BOTH, NULL, vb_option_payload, MEMBER(payload),
	  0, VB_SNAPLEN_MAX,
	  .help = "keep at most BYTES of each network frame in both records (default 256)" },
	{ NULL, "host-log", 0, "FILE", 0, BOTH, NULL, TEXT(host_log),
	  .help = "the host's own record of every message and packet" },
	{ NULL, "stats", 0, "FILE", 0, BOTH, NULL, TEXT(stats),
	  .help = "figures as JSON: times, messages, CPU time, memory" },
	{ NULL, "out", 0, "DIR", 0, BOTH, NULL, TEXT(out_dir),
	  .help = "all else that the workload leaves in /out" },
	{ NULL, "console", 0, "FILE", 0, BOTH, NULL, TEXT(console),
	  .help = "the guest's console; default: kept only when the guest fails" },
	{ NULL, "log-dir", 0, "DIR", 0, BOTH, NULL, TEXT(log_dir),
	  .help = "emulated: logs of the outer machine" },
	{ NULL, "vmbusdump", 0, "FILE", 0, BOTH, NULL, TEXT(vmbusdump),
	  .help = "the static vmbusdump for the guest; default: vmbusdump-static beside this "
		  "program" },

	{ "Replay", "speed", 0, "N|top", 0, RUN, NULL, set_speed,
	  .help = "so many times as fast as recorded; top: as fast as can be" },
	{ NULL, "loop", 0, "N", 0, RUN, NULL, vb_option_number, MEMBER(n_loops), 1, 1000000,
	  .help = "play it N times" },
	{ NULL, "channels", 0, "LIST", 0, RUN, NULL, TEXT(channels),
	  .help = "only these devices of the trace" },
	{ NULL, "service-time", 0, "recorded|none", 0, RUN, NULL, TEXT(service_time),
	  .help = "answer as late as the recorded host did, or at once" },
	{ NULL, "tolerate", 0, "LIST", 0, RUN, NULL, TEXT(tolerate),
	  .help = "fields that may differ, beside the documented ones" },
	{ NULL, "json", 0, "OUT", 0, RUN, NULL, TEXT(json), .help = "the report as JSON" },
	{ NULL, "junit", 0, "OUT", 0, RUN, NULL, TEXT(junit), .help = "the report as JUnit XML" },

	{ "Between the outer and the inner machine", "initrd", 0, "FILE", 0, BOTH, NULL,
	  TEXT(initrd), .help = "boot this initramfs as it is" },
	{ NULL, "files", 0, "FILE", 0, BOTH, NULL, TEXT(files),
	  .help = "put all files of the guest into this one" },
	{ NULL, "image", 0, "NAME", 0, BOTH, NULL, add_word, MEMBER(images),
	  .help = "what the next drive of the inner machine is called; may be given again" },
	{ NULL, "trace-name", 0, "NAME", 0, RUN, NULL, TEXT(trace_name),
	  .help = "what the trace is called in messages and in the report" },
	{ NULL, "failure-log", 0, "FILE", 0, BOTH, NULL, TEXT(failure_log),
	  .help = "where the console is kept when the guest fails; default: "
		  "vmbusreplay-console.log" },
	{ NULL, "console-name", 0, "NAME", 0, BOTH, NULL, TEXT(console_name),
	  .help = "what to call the file with the console when the guest fails" },
};
