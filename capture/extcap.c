/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words that Wireshark calls a capture program with, and the sentences it expects (its manual
 * page extcap(4) and developer's guide). A capture itself is what -i or -r does, with -w and -q.
 *
 * Wireshark shows as an error whatever a capture writes to standard error, so that stays empty
 * unless something is wrong.
 */
#include "capture/extcap.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/live.h"
#include "capture/modes.h"
#include "capture/options_impl.h"

/* Names of interfaces. That of a device goes on with what -i takes. */
static const char all_devices[] = "vmbus";
static const char one_device[] = "vmbus:";
static const char remote[] = "vmbus-remote";

enum word {
	INTERFACES = 1,
	VERSION,
	INTERFACE,
	DLTS,
	CONFIG,
	CAPTURE,
	FILTER,
	FIFO,
	CLEANUP,
	COMMAND,
	SETTING /* this and what follows: a row of settings[] */
};

static const struct option words[] = {
	{ "extcap-interfaces", no_argument, NULL, INTERFACES },
	{ "extcap-version", required_argument, NULL, VERSION },
	{ "extcap-interface", required_argument, NULL, INTERFACE },
	{ "extcap-dlts", no_argument, NULL, DLTS },
	{ "extcap-config", no_argument, NULL, CONFIG },
	{ "capture", no_argument, NULL, CAPTURE },
	{ "extcap-capture-filter", required_argument, NULL, FILTER },
	{ "fifo", required_argument, NULL, FIFO },
	{ "extcap-cleanup-postkill", no_argument, NULL, CLEANUP },
	{ "command", required_argument, NULL, COMMAND },
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

/* Our own options that Wireshark's dialog offers. The rest of what is said of them is in their row. */
static const struct setting {
	const char *call; /* the option as it is written */
	const char *display, *type;
	bool remote; /* makes sense for a trace that another machine records */
} settings[] = {
	{ "--display-filter", "Display filter", "string", true },
	{ "--frames", "Network frames (as a capture filter)", "string", true },
	{ "--snapshot-length", "Snapshot length (bytes)", "unsigned", false },
	{ "--payload", "Bytes of each network frame or storage command", "unsigned", false },
	{ "--buffer-size", "Buffer size (KiB)", "unsigned", false },
	{ "--signals", "Signals and interrupts", "boolflag", false },
};

#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))
#define DISPLAY_FILTER 0 /* in settings[] */

struct extcap {
	struct vb_report *report;
	bool given[SETTING]; /* by enum word */
	const char *interface, *fifo, *command, *filter;
	bool set[N_SETTINGS];
	const char *value[N_SETTINGS];
};

/* ---- reading the words ---- */

bool vb_extcap_called(int argc, char *const argv[])
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--extcap-", 9) == 0 || strcmp(argv[i], "--capture") == 0)
			return true;
	return false;
}

static const struct vb_option_row *row_of(const struct setting *s)
{
	return &vb_option_rows[vb_option_by_name(s->call + 2)];
}

static void make_getopt(struct option longs[N_WORDS + N_SETTINGS + 1])
{
	memcpy(longs, words, sizeof(words));
	for (size_t i = 0; i < N_SETTINGS; i++)
		longs[N_WORDS + i] = (struct option){
			.name = settings[i].call + 2,
			.has_arg = row_of(&settings[i])->argument ? required_argument : no_argument,
			.val = SETTING + (int)i,
		};
	longs[N_WORDS + N_SETTINGS] = (struct option){ 0 };
}

static void take_word(struct extcap *x, int word, const char *arg)
{
	if (word >= SETTING) {
		/* An empty field of the dialog is one that was not filled in. */
		x->set[word - SETTING] = !arg || arg[0] != '\0';
		x->value[word - SETTING] = arg;
		return;
	}
	x->given[word] = true;
	if (word == INTERFACE)
		x->interface = arg;
	else if (word == FIFO)
		x->fifo = arg;
	else if (word == COMMAND)
		x->command = arg;
	else if (word == FILTER)
		x->filter = arg;
}

static int parse_words(struct extcap *x, int argc, char *const argv[], struct vb_err *err)
{
	struct option longs[N_WORDS + N_SETTINGS + 1];
	int c;

	make_getopt(longs);
	optind = 0; /* glibc: begin anew */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
		if (c == ':')
			return vb_fail(err, -EINVAL, "%s needs a value", argv[optind - 1]);
		if (c == '?')
			return vb_fail(
				err, -EINVAL,
				"%s is no option of a capture for Wireshark; see the section "
				"EXTCAP of the manual",
				argv[optind - 1]);
		take_word(x, c, optarg);
	}
	if (optind < argc)
		return vb_fail(err, -EINVAL,
			       "'%s' is not expected here; see the section EXTCAP "
			       "of the manual",
			       argv[optind]);
	return 0;
}

static bool is_remote(const struct extcap *x)
{
	return strcmp(x->interface, remote) == 0;
}

static int check_interface(const struct extcap *x, struct vb_err *err)
{
	if (!x->interface)
		return vb_fail(
			err, -EINVAL,
			"--extcap-interface NAME is missing; --extcap-interfaces lists them");
	if (strcmp(x->interface, all_devices) == 0 || is_remote(x) ||
	    strncmp(x->interface, one_device, sizeof(one_device) - 1) == 0)
		return 0;
	return vb_fail(err, -EINVAL, "there is no interface %s; --extcap-interfaces lists them",
		       x->interface);
}

/* ---- telling ---- */

/* Braces end a value, and no other character than these would need quoting. */
static void put_value(struct vb_buf *out, const char *name, const char *value)
{
	vb_buf_fmt(out, "{%s=", name);
	for (; *value != '\0'; value++)
		if (*value >= ' ' && *value <= '~' && *value != '{' && *value != '}')
			vb_buf_add(out, value, 1);
	vb_buf_str(out, "}");
}

static void put_interface(struct vb_buf *out, const char *name, const char *display)
{
	vb_buf_str(out, "interface ");
	put_value(out, "value", name);
	put_value(out, "display", display);
	vb_buf_str(out, "\n");
}

static void put_device(void *ctx, const struct vb_device *dev, uint32_t n_channels)
{
	struct vb_report *report = ctx;
	char guid[VB_GUID_TEXT], name[sizeof(one_device) + VB_GUID_TEXT], display[128];

	(void)n_channels;
	/* Channels are numbered anew at each boot; by its GUID Wireshark knows a device again. */
	vb_guid_text(dev->instance, guid);
	snprintf(name, sizeof(name), "%s%s", one_device, guid);
	snprintf(display, sizeof(display), "VMBus %s, %s, %.8s", vb_class_by_code(dev->class)->name,
		 dev->driver[0] ? dev->driver : "no driver", guid);
	put_interface(&report->out, name, display);
}

/* Asked at every start of Wireshark, on any machine: what is not there goes without saying. */
static void tell_interfaces(struct vb_report *report)
{
	struct vb_buf *out = &report->out;

	vb_buf_str(out, "extcap ");
	put_value(out, "version", VB_TOOLS_VERSION);
	put_value(out, "help", "man:vmbusdump(1)");
	vb_buf_str(out, "\n");
	if (vb_source_bpf_possible()) {
		put_interface(out, all_devices, "VMBus (all devices)");
		vb_source_bpf_list(put_device, report, NULL);
	}
	put_interface(out, remote, "VMBus of another machine (remote command)");
}

static void tell_link_type(struct vb_buf *out)
{
	vb_buf_fmt(out, "dlt {number=%u}{name=WIRESHARK_UPPER_PDU}{display=VMBus}\n",
		   VB_LINKTYPE_UPPER_PDU);
}

static void put_command(struct vb_buf *out)
{
	vb_buf_str(out, "arg {number=0}{call=--command}{display=Command}{type=string}");
	vb_buf_str(out, "{tooltip=a shell command that writes a trace to its standard output}");
	vb_buf_str(out, "{placeholder=ssh root@guest vmbusdump -q -i any -w -}{required=true}\n");
}

static void put_setting(struct vb_buf *out, unsigned int number, const struct setting *s)
{
	const struct vb_option_row *row = row_of(s);
	struct vb_options usual;
	uint64_t value;

	vb_buf_fmt(out, "arg {number=%u}", number);
	put_value(out, "call", s->call);
	put_value(out, "display", s->display);
	put_value(out, "type", s->type);
	put_value(out, "tooltip", row->help);
	if (row->max > 0) {
		vb_options_default(&usual);
		memcpy(&value, (const char *)&usual + row->offset, sizeof(value));
		vb_buf_fmt(out, "{range=%" PRIu64 ",%" PRIu64 "}{default=%" PRIu64 "}", row->min,
			   row->max, value);
	}
	vb_buf_str(out, "\n");
}

static void tell_options(const struct extcap *x)
{
	struct vb_buf *out = &x->report->out;
	unsigned int number = 0;

	if (is_remote(x)) {
		put_command(out);
		number++;
	}
	for (size_t i = 0; i < N_SETTINGS; i++)
		if (settings[i].remote || !is_remote(x))
			put_setting(out, number++, &settings[i]);
}

static int check_filter(const char *text, struct vb_err *err)
{
	struct vb_filter *filter = NULL;
	int rc = text && text[0] != '\0' ? vb_filter_compile(text, &filter, err) : 0;

	vb_filter_free(filter);
	return rc;
}

/* Wireshark reads the objection from standard output, and only of a program that ends well. */
static void tell_filter(const struct extcap *x)
{
	struct vb_err err = { "" };

	if (check_filter(x->filter, &err) < 0)
		vb_buf_fmt(&x->report->out, "%s\n", err.text);
}

/* ---- capturing ---- */

/*
 * The pipe becomes standard output before anything can fail: Wireshark waits for somebody to open
 * it, and to close it again.
 */
static int open_fifo(const char *path, struct vb_err *err)
{
	int fd, rc = 0;

	if (strcmp(path, "-") == 0)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		rc = vb_fail(err, -errno, "--fifo: cannot open %s: %s", path, strerror(errno));
	if (fd > STDOUT_FILENO)
		close(fd);
	return rc;
}

/* Both filters, NULL for none, to be freed. */
static int join_filters(const struct extcap *x, char **ret, struct vb_err *err)
{
	const char *a = x->filter, *b = x->value[DISPLAY_FILTER];
	int n = 0;

	*ret = NULL;
	/* Alone, so that the column told is one that the user typed. */
	if (check_filter(a, err) < 0 || check_filter(b, err) < 0)
		return -EINVAL;
	if (a && a[0] && b && b[0])
		n = asprintf(ret, "(%s) and (%s)", a, b);
	else if ((a && a[0]) || (b && b[0]))
		n = asprintf(ret, "%s", a && a[0] ? a : b);
	return n < 0 ? vb_fail(err, -ENOMEM, "not enough memory") : 0;
}

/* The same command line as somebody would type it. */
static enum vb_exit run_options(const struct extcap *x, const char *filter)
{
	const char *argv[8 + 2 * N_SETTINGS + 1] = { "vmbusdump", "-q", "-w", "-" };
	const char *channels = strchr(x->interface, ':');
	struct vb_options opt;
	struct vb_err err = { "" };
	enum vb_exit code = VB_EXIT_USAGE;
	int argc = 4;

	argv[argc++] = is_remote(x) ? "-r" : "-i";
	argv[argc++] = is_remote(x) ? "-" : channels ? channels + 1 : "any";
	for (size_t i = 0; i < N_SETTINGS; i++) {
		if (!x->set[i] || i == DISPLAY_FILTER)
			continue;
		argv[argc++] = settings[i].call;
		if (x->value[i])
			argv[argc++] = x->value[i];
	}
	if (filter) {
		argv[argc++] = "-Y";
		argv[argc++] = filter;
	}
	if (vb_options_parse(argc, (char *const *)argv, &opt, &err) < 0)
		vb_report_say(x->report, "%s", err.text);
	else if (is_remote(x))
		code = vb_run_read_command(&opt, x->command, x->report);
	else
		code = vb_run_live(&opt, x->report);
	vb_options_done(&opt);
	return code;
}

static enum vb_exit capture(const struct extcap *x)
{
	struct vb_err err = { "" };
	char *filter = NULL;
	enum vb_exit code = VB_EXIT_USAGE;

	if (!x->fifo) {
		vb_report_say(x->report, "--capture needs --fifo PATH as well");
	} else if (open_fifo(x->fifo, &err) < 0) {
		vb_report_say(x->report, "%s", err.text);
		code = VB_EXIT_DATA;
	} else if (is_remote(x) && !(x->command && x->command[0])) {
		vb_report_say(x->report,
			      "%s needs --command COMMAND, in Wireshark's options of this "
			      "interface: a shell command that writes a trace",
			      remote);
	} else if (join_filters(x, &filter, &err) < 0) {
		vb_report_say(x->report, "%s", err.text);
	} else {
		code = run_options(x, filter);
	}
	free(filter);
	return code;
}

enum vb_exit vb_run_extcap(int argc, char *const argv[], struct vb_report *report)
{
	struct extcap x = { .report = report };
	struct vb_err err = { "" };

	if (parse_words(&x, argc, argv, &err) < 0) {
		vb_report_say(report, "%s", err.text);
		return VB_EXIT_USAGE;
	}
	if (x.given[INTERFACES]) {
		tell_interfaces(report);
		return VB_EXIT_GOOD;
	}
	if (x.given[CLEANUP]) /* we were killed: nothing of ours is left */
		return VB_EXIT_GOOD;
	if (check_interface(&x, &err) < 0) {
		vb_report_say(report, "%s", err.text);
		return VB_EXIT_USAGE;
	}
	if (x.given[CAPTURE])
		return capture(&x);
	if (x.given[DLTS])
		tell_link_type(&report->out);
	else if (x.given[CONFIG])
		tell_options(&x);
	else if (x.given[FILTER])
		tell_filter(&x);
	return VB_EXIT_GOOD;
}
