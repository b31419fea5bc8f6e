/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options, one row each, and how their arguments are read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/number.h"
#include "capture/options_impl.h"

/* ---- kinds of arguments ---- */

/* As tcpdump has it, 0 stands for the most there can be. */
static int set_snaplen(const struct vb_option_row *row, void *options, const char *arg,
		       struct vb_err *err)
{
	struct vb_options *o = options;
	int rc = vb_option_number(row, options, arg, err);

	if (rc == 0 && o->snaplen == 0)
		o->snaplen = VB_SNAPLEN_MAX;
	return rc;
}

/* duration:S, where S may have decimals: duration:0.5. */
static int set_autostop(const struct vb_option_row *row, void *options, const char *arg,
			struct vb_err *err)
{
	struct vb_options *o = options;
	static const char word[] = "duration:";
	const char *p = arg + sizeof(word) - 1;
	uint64_t ns = 0, unit = 1000000000;
	bool ok = strncmp(arg, word, sizeof(word) - 1) == 0;

	for (; ok && *p >= '0' && *p <= '9' && ns < UINT64_C(1) << 55; p++)
		ns = ns * 10 + (uint64_t)(*p - '0') * 1000000000;
	if (ok && *p == '.')
		for (p++; *p >= '0' && *p <= '9' && unit > 1; p++)
			ns += (uint64_t)(*p - '0') * (unit /= 10);
	if (!ok || *p != '\0' || ns == 0)
		return vb_fail(err, -EINVAL,
			       "-%c %s: write duration:SECONDS, for example -a duration:60",
			       row->letter, arg);
	o->duration_ns = ns;
	return 0;
}

static int set_time(const struct vb_option_row *row, void *options, const char *arg,
		    struct vb_err *err)
{
	struct vb_options *o = options;
	if (vb_time_format_by_name(arg, &o->time) == 0)
		return 0;
	return vb_fail(err, -EINVAL, "-%c %s: formats are %s", row->letter, arg,
		       vb_time_format_names());
}

static const char *const form_names[] = {
	[VB_FORM_TEXT] = "text",
	[VB_FORM_JSON] = "json",
	[VB_FORM_FIELDS] = "fields",
	[VB_FORM_NONE] = "none",
};

static int set_form(const struct vb_option_row *row, void *options, const char *arg,
		    struct vb_err *err)
{
	struct vb_options *o = options;
	for (size_t i = 0; i < sizeof(form_names) / sizeof(*form_names); i++) {
		if (strcmp(form_names[i], arg) == 0) {
			o->form = (enum vb_form)i;
			return 0;
		}
	}
	return vb_fail(err, -EINVAL, "-%c %s: forms are text, json, fields or none", row->letter,
		       arg);
}

static int add_text(const char ***list, size_t *n, const char *arg, struct vb_err *err)
{
	const char **bigger = reallocarray(*list, *n + 1, sizeof(*bigger));

	if (!bigger)
		return vb_fail(err, -ENOMEM, "not enough memory");
	*list = bigger;
	bigger[(*n)++] = arg;
	return 0;
}

static int add_field(const struct vb_option_row *row, void *options, const char *arg,
		     struct vb_err *err)
{
	struct vb_options *o = options;

	(void)row;
	return add_text(&o->fields, &o->n_fields, arg, err);
}

static int add_ignore(const struct vb_option_row *row, void *options, const char *arg,
		      struct vb_err *err)
{
	struct vb_options *o = options;

	(void)row;
	return add_text(&o->ignore, &o->n_ignore, arg, err);
}

/* What stands before the '=' of --min. */
static bool parse_min_class(const char *name, int *ret)
{
	const struct vb_class_info *class = vb_class_by_name(name);

	if (strcmp(name, "any") == 0)
		*ret = VB_MIN_ANY;
	else if (strcmp(name, "total") == 0)
		*ret = VB_MIN_TOTAL;
	else if (strcmp(name, "vmbus") == 0)
		*ret = VB_CLASS_UNKNOWN;
	else if (class)
		*ret = class->code;
	else
		return false;
	return true;
}

static int add_min(const struct vb_option_row *row, void *options, const char *arg,
		   struct vb_err *err)
{
	struct vb_options *o = options;
	struct vb_option_min *bigger = reallocarray(o->mins, o->n_mins + 1, sizeof(*bigger));
	const char *digits = strchr(arg, '=');
	struct vb_option_min min = { .text = arg };
	char name[32];

	if (!bigger)
		return vb_fail(err, -ENOMEM, "not enough memory");
	o->mins = bigger;
	snprintf(name, sizeof(name), "%.*s", digits ? (int)(digits - arg) : 0, arg);
	if (!digits || vb_number_parse(digits + 1, UINT64_MAX, &min.n) ||
	    !parse_min_class(name, &min.class))
		return vb_fail(err, -EINVAL,
			       "--%s %s: write CLASS=N, any=N or total=N, for example "
			       "--min netvsc=100",
			       row->name, arg);
	bigger[o->n_mins++] = min;
	return 0;
}

static int set_list_form(const struct vb_option_row *row, void *options, const char *arg,
			 struct vb_err *err)
{
	struct vb_options *o = options;
	o->markdown = arg != NULL;
	if (!arg || strcmp(arg, "md") == 0)
		return 0;
	return vb_fail(err, -EINVAL, "--%s=%s: the only other form is md", row->name, arg);
}

/* ---- the table ---- */

#define LIVE VB_MODE_LIVE
#define READ VB_MODE_READ
#define BOTH VB_MODE_BOTH
#define DIFF VB_MODE_DIFF
#define MEMBER(m) .offset = offsetof(struct vb_options, m)

const struct vb_option_row vb_option_rows[] = {
	{ "What to do", "interface", 'i', "any|CHANNEL[,..]", LIVE, 0, NULL, vb_option_text,
	  MEMBER(channels),
	  .help = "capture on all channels, or on those named by class (netvsc), channel id or "
		  "instance GUID" },
	{ NULL, "read", 'r', "FILE|-", READ, 0, NULL, vb_option_text, MEMBER(input),
	  .help = "read a trace file, or standard input" },
	{ NULL, "check", 0, "FILE", VB_MODE_CHECK, 0, NULL, vb_option_text, MEMBER(input),
	  .help = "tell whether a trace is complete and well formed; exit 1 if not" },
	{ NULL, "diff", 0, "A B", DIFF, 0, NULL, vb_option_text, MEMBER(input),
	  .help = "compare two traces of the same traffic by device and direction; exit 1 if they "
		  "differ" },
	{ NULL, "list-interfaces", 'D', NULL, VB_MODE_DEVICES, 0, NULL, vb_option_nothing,
	  .help = "list the channels of this machine" },
	{ NULL, "list-fields", 0, "[md]", VB_MODE_FIELDS, 0, NULL, set_list_form,
	  .help = "list the fields for -Y and -e; md: as Markdown" },
	{ NULL, "doctor", 0, NULL, VB_MODE_DOCTOR, 0, NULL, vb_option_nothing,
	  .help = "say whether this machine can capture, and what to do if not" },
	{ NULL, "version", 0, NULL, VB_MODE_VERSION, 0, NULL, vb_option_nothing,
	  .help = "show versions" },
	{ NULL, "help", 'h', NULL, VB_MODE_HELP, 0, NULL, vb_option_nothing,
	  .help = "show this text" },

	{ "Both when capturing and when reading", "write", 'w', "FILE|-", 0, BOTH, NULL,
	  vb_option_text, MEMBER(output),
	  .help = "write a trace; with -r a copy of the records that -Y selects" },
	{ NULL, "count", 'c', "N", 0, BOTH, NULL, vb_option_number, MEMBER(max_records), 1,
	  UINT64_MAX, .help = "stop after N records" },
	{ NULL, "display-filter", 'Y', "EXPR", 0, BOTH | DIFF, NULL, vb_option_text, MEMBER(filter),
	  .help = "only records that match: 'hv_balloon.status.available < 1000'" },
	{ NULL, "frames", 0, "EXPR", 0, BOTH, NULL, vb_option_text, MEMBER(frames),
	  .help = "only records with a network frame that matches, in tcpdump's language: "
		  "'tcp port 80'" },
	{ NULL, "strict", 0, NULL, 0, BOTH, NULL, vb_option_flag, MEMBER(strict),
	  .help = "exit 1 when a record is malformed" },
	{ NULL, "quiet", 'q', NULL, 0, BOTH, NULL, vb_option_flag, MEMBER(quiet),
	  .help = "say only what goes wrong" },

	{ "When capturing", "snapshot-length", 's', "BYTES", 0, LIVE, NULL, set_snaplen,
	  MEMBER(snaplen), 0, VB_SNAPLEN_MAX,
	  .help = "keep at most BYTES of each packet; 0: all (default)" },
	{ NULL, "payload", 0, "BYTES|none|all", 0, LIVE, NULL, vb_option_payload, MEMBER(payload),
	  0, VB_SNAPLEN_MAX,
	  .help = "keep at most BYTES of each network frame and storage command's data (default "
		  "256); none: nothing outside the ring" },
	{ NULL, "autostop", 'a', "duration:S", 0, LIVE, NULL, set_autostop,
	  .help = "stop after S seconds" },
	{ NULL, "file-size", 'C', "MB", 0, LIVE, "write", vb_option_number, MEMBER(file_bytes), 1,
	  1u << 30, 1000000, .help = "begin a new file after MB million bytes: FILE, FILE1, ..." },
	{ NULL, "rotate-seconds", 'G', "S", 0, LIVE, "write", vb_option_number,
	  MEMBER(file_seconds), 1, 1u << 30,
	  .help = "begin a new file every S seconds; FILE may hold %H%M%S and the like" },
	{ NULL, "file-count", 'W', "N", 0, LIVE, "write", vb_option_number, MEMBER(n_files), 1,
	  1000000, .help = "with -C: keep the last N files; with -G: stop after N files" },
	{ NULL, "buffer-size", 'B', "KIB", 0, LIVE, NULL, vb_option_number, MEMBER(ring_kib), 4,
	  VB_RING_KIB_MAX, .help = "size of the kernel buffer, per CPU" },
	{ NULL, "relinquish-privileges", 'Z', "USER|UID", 0, LIVE, NULL, vb_option_text,
	  MEMBER(user), .help = "become USER once the probes are attached" },
	{ NULL, "line-buffered", 'l', NULL, 0, BOTH, NULL, vb_option_flag, MEMBER(line_buffered),
	  .help = "hand on every record at once" },
	{ NULL, "signals", 0, NULL, 0, LIVE, NULL, vb_option_flag, MEMBER(signals),
	  .help = "record guest signals and host interrupts as well" },

	{ "When reading", "ethernet", 0, "FILE|-", 0, READ, NULL, vb_option_text, MEMBER(ethernet),
	  .help = "write the network frames as an ordinary pcap file, for tcpdump and others" },

	{ "When comparing (--diff)", "from", 0, "EXPR", 0, DIFF, NULL, vb_option_text, MEMBER(from),
	  .help = "only what stands after the first record that matches, in each trace" },
	{ NULL, "to", 0, "EXPR", 0, DIFF, NULL, vb_option_text, MEMBER(to),
	  .help = "only what stands before the first record after that which matches" },
	{ NULL, "ignore", 0, "FIELD", 0, DIFF, NULL, add_ignore,
	  .help = "a field that may differ; may be given again" },
	{ NULL, "min", 0, "CLASS|any|total=N", 0, DIFF, NULL, add_min,
	  .help = "exit 1 as well when fewer than N packets are equal on a device of that class, "
		  "on any, or in all; may be given again" },
	{ NULL, "all", 0, NULL, 0, DIFF, NULL, vb_option_flag, MEMBER(all),
	  .help = "show all differences, not only the first 10 of each device" },

	{ "How records are shown", "output", 'T', "text|json|fields|none", 0, BOTH | DIFF, NULL,
	  set_form, .help = "how records are shown; json: one object a line" },
	{ NULL, "verbose", 'v', NULL, 0, BOTH | DIFF, NULL, vb_option_count, MEMBER(verbose),
	  .help = "all fields; -vv: record header, names and offsets too" },
	{ NULL, "hex", 'x', NULL, 0, BOTH | DIFF, NULL, vb_option_flag, MEMBER(hex),
	  .help = "the bytes as well" },
	{ NULL, "field", 'e', "FIELD", 0, BOTH, NULL, add_field,
	  .help = "with -T fields: print this field; may be given again" },
	{ NULL, "time", 't', "FORMAT", 0, BOTH | DIFF, NULL, set_time,
	  .help = "time, date, iso, epoch, delta, relative, mono, none; all UTC" },
};
