/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmbusdump as a capture program of Wireshark, on a machine with two devices that is made here.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/extcap.h"
#include "capture/live.h"
#include "fake_bpf.h"

/* ---- the machine ---- */

static struct {
	bool possible, works;
	struct vb_bpf_options opened; /* with which a capture was begun */
	char channels[64];
	unsigned int n_records; /* to come, then nothing does */
	bool stopped;
} machine = { .possible = true };

static int bus_next(struct vb_source *src, int timeout_ms, struct vb_event *ev, struct vb_err *err)
{
	static const uint8_t data[8];
	struct vb_record_header *h = &ev->hdr;

	(void)src;
	(void)err;
	if (machine.stopped)
		return 0;
	if (machine.n_records == 0) {
		usleep((useconds_t)timeout_ms * 1000);
		return -EAGAIN;
	}
	*ev = (struct vb_event){ .number = machine.n_records--, .data = data };
	h->magic = VB_RECORD_MAGIC;
	h->header_len = VB_RECORD_HEADER_LEN;
	h->kind = VB_KIND_PACKET;
	h->direction = VB_TO_HOST;
	h->cap_len = h->wire_len = sizeof(data);
	return 1;
}

static void bus_stop(struct vb_source *src)
{
	(void)src;
	machine.stopped = true;
}

static void bus_close(struct vb_source *src)
{
	(void)src;
}

static const struct vb_source_ops bus_ops = {
	.next = bus_next,
	.stop = bus_stop,
	.close = bus_close,
};

static struct vb_source bus = { .ops = &bus_ops };

static int open_bus(const struct vb_bpf_options *opt, struct vb_source **ret, struct vb_err *err)
{
	machine.opened = *opt;
	snprintf(machine.channels, sizeof(machine.channels), "%s", opt->channels);
	if (!machine.works)
		return vb_fail(err, -ENOTSUP, "no bus today");
	*ret = &bus;
	return 0;
}

static bool is_possible(void)
{
	return machine.possible;
}

static int list_devices(void (*seen)(void *ctx, const struct vb_device *dev, uint32_t n_channels),
			void *ctx, struct vb_err *err)
{
	struct vb_device dev = { .class = VB_CLASS_BALLOON, .relid = 14, .driver = "hv_balloon" };

	(void)err;
	memset(dev.instance, 0x11, 16);
	seen(ctx, &dev, 1);
	dev = (struct vb_device){ .class = VB_CLASS_OTHER, .relid = 15, .driver = "a{b}\n" };
	memset(dev.instance, 0x22, 16);
	seen(ctx, &dev, 4);
	dev.driver[0] = '\0';
	seen(ctx, &dev, 1);
	return 0;
}

static void be_there(void)
{
	static const struct fake_bpf fake_bpf = {
		.open = open_bus,
		.possible = is_possible,
		.list = list_devices,
	};

	fake_bpf_use(&fake_bpf);
}

TestSuite(extcap, .init = be_there);

/* ---- asking ---- */

struct answer {
	enum vb_exit code;
	struct vb_report report;
	char words[512];
	char *argv[32];
};

/* words are separated by blanks, ~ stands for one within a word */
static const char *ask(struct answer *a, const char *words)
{
	char *rest;
	int argc = 1;

	*a = (struct answer){ .argv = { "vmbusdump" } };
	snprintf(a->words, sizeof(a->words), "%s", words);
	vb_report_init(&a->report, "vmbusdump", false);
	for (char *word = strtok_r(a->words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		for (char *p = word; *p != '\0'; p++)
			*p = *p == '~' ? ' ' : *p;
		a->argv[argc++] = word;
	}
	cr_assert(vb_extcap_called(argc, a->argv), "%s", words);
	a->code = vb_run_extcap(argc, a->argv, &a->report);
	return a->report.out.data ? a->report.out.data : "";
}

static void done(struct answer *a)
{
	vb_report_done(&a->report);
}

static const char *ask_good(struct answer *a, const char *words)
{
	const char *text = ask(a, words);

	cr_assert_eq(a->code, VB_EXIT_GOOD, "%s: %d", words, (int)a->code);
	return text;
}

static char out[] = "/tmp/vmbusdump-extcap-XXXXXX";

/* The exit code of a capture; standard output is the file from then on. */
static enum vb_exit capture(const char *words)
{
	struct answer a;
	char line[512];

	if (strstr(out, "XXXXXX"))
		close(mkstemp(out));
	snprintf(line, sizeof(line), "--capture --fifo %s %s", out, words);
	ask(&a, line);
	done(&a);
	unlink(out);
	return a.code;
}

/* ---- tests ---- */

Test(extcap, is_recognized)
{
	char *own[] = { "vmbusdump", "-i", "any", "--check", "x" };
	char *theirs[] = { "vmbusdump", "--fifo", "x", "--capture" };

	cr_assert_not(vb_extcap_called(5, own));
	cr_assert(vb_extcap_called(4, theirs));
}

Test(extcap, interfaces)
{
	struct answer a;
	const char *text = ask_good(&a, "--extcap-interfaces --extcap-version=4.0");

	cr_assert_str_eq(
		text,
		"extcap {version=" VB_TOOLS_VERSION "}{help=man:vmbusdump(1)}\n"
		"interface {value=vmbus}{display=VMBus (all devices)}\n"
		"interface {value=vmbus:11111111-1111-1111-1111-111111111111}"
		"{display=VMBus balloon, hv_balloon, 11111111}\n"
		"interface {value=vmbus:22222222-2222-2222-2222-222222222222}"
		"{display=VMBus other, ab, 22222222}\n"
		"interface {value=vmbus:22222222-2222-2222-2222-222222222222}"
		"{display=VMBus other, no driver, 22222222}\n"
		"interface {value=vmbus-remote}{display=VMBus of another machine (remote command)}\n");
	done(&a);
}

Test(extcap, no_guest)
{
	struct answer a;
	const char *text;

	machine.possible = false;
	text = ask_good(&a, "--extcap-interfaces --extcap-version 4.6");
	cr_assert_null(strstr(text, "value=vmbus}"));
	cr_assert_null(strstr(text, "value=vmbus:"));
	cr_assert_not_null(strstr(text, "value=vmbus-remote}"));
	done(&a);
}

/* What the dialog offers is what a capture takes, and what each one does. */
Test(extcap, every_option_offered_is_taken)
{
	struct answer a;
	unsigned int n = 0;

	ask_good(&a, "--extcap-config --extcap-interface vmbus");
	for (char *line = strtok(a.report.out.data, "\n"); line; line = strtok(NULL, "\n")) {
		char call[64], words[256];
		unsigned int number;

		cr_assert_eq(sscanf(line, "arg {number=%u}{call=%63[^}]}", &number, call), 2);
		cr_assert_eq(number, n++);
		snprintf(words, sizeof(words), "--extcap-interface vmbus %s%s", call,
			 strstr(line, "{type=boolflag}") ? "" :
			 strcmp(call, "--frames") == 0	 ? " udp" :
			 strstr(line, "{type=string}")	 ? " hv_balloon" :
							   " 96");
		/* the options are good, so that it gets as far as the bus */
		cr_assert_eq(capture(words), VB_EXIT_CANNOT, "%s", words);
	}
	cr_assert_eq(n, 6);
	done(&a);
}

Test(extcap, options_reach_the_capture)
{
	cr_assert_eq(capture("--extcap-interface=vmbus:11111111-1111-1111-1111-111111111111 "
			     "--snapshot-length=96 --payload 64 --buffer-size 64 --signals"),
		     VB_EXIT_CANNOT);
	cr_assert_str_eq(machine.channels, "11111111-1111-1111-1111-111111111111");
	cr_assert_eq(machine.opened.snaplen, 96);
	cr_assert_eq(machine.opened.payload, 64);
	cr_assert_eq(machine.opened.ring_kib, 64);
	cr_assert(machine.opened.signals);
	cr_assert_eq(capture("--extcap-interface vmbus --snapshot-length --signals"),
		     VB_EXIT_USAGE);
	cr_assert_eq(capture("--extcap-interface vmbus --display-filter="), VB_EXIT_CANNOT);
	cr_assert_str_eq(machine.channels, "any");
	cr_assert_eq(machine.opened.snaplen, 262144);
	cr_assert_eq(machine.opened.payload, 256);
	cr_assert_not(machine.opened.signals);
}

Test(extcap, filters)
{
	struct answer a;

	cr_assert_str_eq(ask_good(&a, "--extcap-interface vmbus --extcap-capture-filter vmbus"),
			 "");
	done(&a);
	cr_assert_str_eq(ask_good(&a, "--extcap-capture-filter vmbos --extcap-interface vmbus"),
			 "-Y, column 1: there is no field 'vmbos': did you mean 'vmbus'?\n");
	done(&a);
	cr_assert_eq(capture("--extcap-interface vmbus --extcap-capture-filter vmbus~or~hv_balloon "
			     "--display-filter number~<~3~or~hv_ext"),
		     VB_EXIT_CANNOT);
	cr_assert_eq(capture("--extcap-interface vmbus --extcap-capture-filter vmbus "
			     "--display-filter number~<"),
		     VB_EXIT_USAGE);
	/* two halves that are good only together */
	cr_assert_eq(capture("--extcap-interface vmbus --extcap-capture-filter vmbus)~or~(vmbus "
			     "--display-filter vmbus"),
		     VB_EXIT_USAGE);
}

Test(extcap, frames)
{
	struct answer a;

	cr_assert(strstr(ask_good(&a, "--extcap-config --extcap-interface vmbus-remote"),
			 "{call=--frames}"));
	done(&a);
	cr_assert_eq(capture("--extcap-interface vmbus --frames udp~port~9 --display-filter vmbus"),
		     VB_EXIT_CANNOT);
	cr_assert_eq(capture("--extcap-interface vmbus --frames="), VB_EXIT_CANNOT);
#ifdef VB_HAVE_PCAP
	cr_assert_eq(capture("--extcap-interface vmbus --frames udp~pork~9"), VB_EXIT_USAGE);
#endif
}

/* ---- a capture goes on until either side ends it ---- */

static char pipe_path[] = "/tmp/vmbusdump-pipe-XXXXXX";

/* Begin a capture in another process; returns it, and the end where its records come out. */
static pid_t begin(unsigned int n_records, int *ret_reader)
{
	struct answer a;
	char line[128], errors[64];
	pid_t pid;

	close(mkstemp(pipe_path));
	unlink(pipe_path);
	cr_assert_eq(mkfifo(pipe_path, 0600), 0);
	snprintf(line, sizeof(line), "--capture --extcap-interface vmbus --fifo %s", pipe_path);
	snprintf(errors, sizeof(errors), "%s.err", pipe_path);
	machine.works = true;
	machine.n_records = n_records;
	pid = fork();
	if (pid == 0) {
		dup2(open(errors, O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
		ask(&a, line);
		done(&a);
		_exit((int)a.code);
	}
	*ret_reader = open(pipe_path, O_RDONLY);
	cr_assert_geq(*ret_reader, 0);
	return pid;
}

/* It ends well, and without a word: Wireshark would show it as an error. */
static void expect_end(pid_t pid)
{
	char errors[64];
	struct stat st;
	int status;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == VB_EXIT_GOOD, "%#x",
		  (unsigned int)status);
	snprintf(errors, sizeof(errors), "%s.err", pipe_path);
	cr_assert_eq(stat(errors, &st), 0);
	cr_assert_eq(st.st_size, 0);
	unlink(errors);
	unlink(pipe_path);
}

Test(extcap, a_signal_ends_the_capture, .timeout = 20)
{
	uint8_t buf[65536];
	ssize_t n, before = 0;
	int reader;
	pid_t pid = begin(3, &reader);

	/* section, interface and three records come while nothing else happens */
	while (before < 500) {
		n = read(reader, buf, sizeof(buf));
		cr_assert_gt(n, 0);
		before += n;
	}
	kill(pid, SIGTERM);
	while ((n = read(reader, buf, sizeof(buf))) > 0)
		;
	cr_assert_eq(n, 0);
	close(reader);
	expect_end(pid);
}

Test(extcap, nobody_reads_any_more, .timeout = 20)
{
	uint8_t buf[65536];
	int reader;
	pid_t pid = begin(1, &reader);

	cr_assert_gt(read(reader, buf, sizeof(buf)), 0);
	close(reader);
	expect_end(pid);
}

Test(extcap, nobody_reads_at_all, .timeout = 20)
{
	int reader;
	pid_t pid = begin(1, &reader);

	close(reader);
	expect_end(pid);
}
