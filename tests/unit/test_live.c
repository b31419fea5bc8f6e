/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live capture without a VMBus: the program's loop over a source made here, which takes the place
 * of the BPF one.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/live.h"
#include "capture/modes.h"
#include "fake_bpf.h"

#define START UINT64_C(1767300504000000000)
#define MIB 1000000

/* ---- the source ---- */

struct fake {
	struct vb_source src;
	struct vb_device_stats stats[2];
	uint64_t n, n_records; /* given, in all; then it waits */
	unsigned int n_states; /* synthesized records to give first */
	uint32_t data_len;
	bool stopped;
	uint8_t data[65536];
};

/* What the next source does; each test is a process of its own. */
static struct {
	uint64_t n_records, n_lost;
	uint32_t data_len;
	int open_error;
	bool waiting; /* for hv_vmbus */
	unsigned int n_opened, n_restated;
} plan = { .n_records = 10, .data_len = 64 };

static void fill_event(struct fake *f, struct vb_event *ev, bool state)
{
	static const uint8_t version[8] = { 1, 0, 4, 0, 3, 0, 5, 0 };
	struct vb_record_header *h = &ev->hdr;

	*ev = (struct vb_event){ .time_ns = START + f->n, .number = f->n + 1 };
	h->magic = VB_RECORD_MAGIC;
	h->header_len = VB_RECORD_HEADER_LEN;
	h->kind = state ? VB_KIND_STATE : VB_KIND_PACKET;
	h->flags = state ? VB_REC_SYNTHESIZED : 0;
	h->direction = state ? VB_DIR_NONE : VB_TO_HOST;
	h->class = state ? VB_CLASS_UNKNOWN : VB_CLASS_OTHER;
	h->relid = state ? 0 : 1;
	h->seq = state ? VB_SEQ_SYNTHESIZED : f->n;
	h->ring_pos = VB_RING_POS_UNKNOWN;
	if (!state)
		memcpy(h->device, f->stats[1].dev.instance, sizeof(h->device));
	ev->data = state ? version : f->data;
	h->cap_len = h->wire_len = state ? sizeof(version) : f->data_len;
}

static int fake_next(struct vb_source *src, int timeout_ms, struct vb_event *ev, struct vb_err *err)
{
	struct fake *f = (struct fake *)src;

	(void)err;
	if (f->n_states > 0) {
		f->n_states--;
		fill_event(f, ev, true);
		return 1;
	}
	if (f->n < f->n_records) {
		fill_event(f, ev, false);
		f->n++;
		f->stats[1].received++;
		f->stats[1].delivered++;
		return 1;
	}
	if (f->stopped)
		return 0;
	usleep((useconds_t)timeout_ms * 1000);
	return -EAGAIN;
}

static size_t fake_devices(struct vb_source *src, const struct vb_device_stats **ret)
{
	*ret = ((struct fake *)src)->stats;
	return 2;
}

static void fake_stop(struct vb_source *src)
{
	((struct fake *)src)->stopped = true;
}

static void fake_close(struct vb_source *src)
{
	free(src);
}

static const struct vb_source_ops fake_ops = {
	.next = fake_next,
	.devices = fake_devices,
	.stop = fake_stop,
	.close = fake_close,
};

static int fake_open(const struct vb_bpf_options *opt, struct vb_source **ret, struct vb_err *err)
{
	struct fake *f;

	(void)opt;
	if (plan.open_error)
		return vb_fail(err, plan.open_error, "no bus today");
	f = calloc(1, sizeof(*f));
	cr_assert_not_null(f);
	f->src.ops = &fake_ops;
	f->n_records = plan.n_records;
	f->data_len = plan.data_len;
	f->n_states = 2;
	f->stats[1].received = f->stats[1].lost = plan.n_lost;
	f->stats[1].dev = (struct vb_device){ .class = VB_CLASS_OTHER, .driver = "fake" };
	memset(f->stats[1].dev.instance, 0x11, 16);
	plan.n_opened++;
	*ret = &f->src;
	return 0;
}

static enum vb_bus_state fake_bus(const struct vb_source *src)
{
	(void)src;
	return plan.waiting ? VB_BUS_AWAITED : VB_BUS_THERE;
}

static int fake_restate(struct vb_source *src, struct vb_err *err)
{
	(void)err;
	((struct fake *)src)->n_states = 2;
	plan.n_restated++;
	return 0;
}

static const struct fake_bpf fake_bpf = {
	.open = fake_open,
	.bus = fake_bus,
	.restate = fake_restate,
};

/* ---- running ---- */

static char dir[] = "/tmp/vmbusdump-live-XXXXXX";

static void begin(void)
{
	fake_bpf_use(&fake_bpf);
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
}

static void leave_dir(void)
{
	DIR *d = opendir(".");
	struct dirent *e;

	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			unlink(e->d_name);
	closedir(d);
	cr_assert_eq(chdir("/"), 0);
	rmdir(dir);
}

TestSuite(live, .init = begin, .fini = leave_dir);

/* Run with these words; what goes to standard error is in the file "err". */
static enum vb_exit run(const char *const *words, int n)
{
	char *argv[32] = { "vmbusdump" };
	struct vb_options opt;
	struct vb_report report;
	struct vb_err err = { "" };
	enum vb_exit code;

	for (int i = 0; i < n; i++)
		argv[i + 1] = (char *)words[i];
	argv[n + 1] = NULL;
	cr_assert_eq(vb_options_parse(n + 1, argv, &opt, &err), 0, "%s", err.text);
	vb_report_init(&report, "vmbusdump", opt.line_buffered);
	dup2(open("err", O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
	dup2(open("out", O_WRONLY | O_CREAT | O_APPEND, 0600), STDOUT_FILENO);
	code = vb_run_live(&opt, &report);
	vb_report_done(&report);
	vb_options_done(&opt);
	return code;
}

#define RUN(...)                                                                                   \
	run((const char *const[]){ __VA_ARGS__ },                                                  \
	    (int)(sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)))

static bool has_line(const char *path, const char *text)
{
	char line[1024];
	bool found = false;
	FILE *f = fopen(path, "r");

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, text) != NULL;
	if (f)
		fclose(f);
	return found;
}

static unsigned int n_lines(const char *path)
{
	unsigned int n = 0;
	FILE *f = fopen(path, "r");
	int c;

	cr_assert_not_null(f);
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

struct counted {
	uint64_t n, n_synthesized;
	bool has_statistics;
};

static struct counted count(const char *path)
{
	struct counted c = { 0 };
	struct vb_source *src;
	struct vb_event ev;
	struct vb_err err;
	int rc;

	cr_assert_eq(vb_source_file_open(path, &src, &err), 0, "%s", err.text);
	while ((rc = src->ops->next(src, 0, &ev, &err)) > 0) {
		c.n++;
		c.n_synthesized += (ev.hdr.flags & VB_REC_SYNTHESIZED) != 0;
	}
	cr_assert_eq(rc, 0, "%s", err.text);
	c.has_statistics = vb_source_file_info(src)->has_statistics;
	src->ops->close(src);
	return c;
}

static void expect_file(const char *path, uint64_t n, uint64_t n_synthesized)
{
	struct counted c = count(path);

	cr_assert_eq(c.n, n, "%s has %lu records", path, (unsigned long)c.n);
	cr_assert_eq(c.n_synthesized, n_synthesized);
	cr_assert(c.has_statistics);
}

/* ---- tests ---- */

/* Who asks for five records means traffic, not what stands at the start of every file. */
Test(live, count)
{
	cr_assert_eq(RUN("-i", "any", "-w", "t", "-c", "5"), VB_EXIT_GOOD);
	expect_file("t", 7, 2);
	cr_assert(has_line("err", "vmbusdump: capturing on any (probes fake)"));
	cr_assert(has_line("err", "vmbusdump: 5 records received, 0 lost, 5 written: other 5"));
}

/* A capture with losses is not what was asked for: the exit status says so. */
Test(live, losses)
{
	plan.n_lost = 3;
	cr_assert_eq(RUN("-i", "any", "-w", "t", "-c", "5"), VB_EXIT_DATA);
	expect_file("t", 7, 2);
	cr_assert(has_line("err",
			   "vmbusdump: 8 records received, 3 lost, 5 written: other 5 (3 lost)"));
}

Test(live, duration)
{
	cr_assert_eq(RUN("-i", "any", "-w", "t", "-a", "duration:0.3"), VB_EXIT_GOOD);
	expect_file("t", 12, 2);
}

Test(live, text)
{
	cr_assert_eq(RUN("-i", "other", "-c", "3", "-t", "none"), VB_EXIT_GOOD);
	cr_assert(has_line("out", "vmbus state: "));
	cr_assert(has_line("out", "other 1 guest > host: "));
	cr_assert(has_line("err", "3 shown"));
}

Test(live, filter)
{
	cr_assert_eq(RUN("-i", "any", "-w", "t", "-Y", "number in {1..4}", "-a", "duration:0.2"),
		     VB_EXIT_GOOD);
	expect_file("t", 6, 2);
}

/* The ring keeps the last files; each begins with states and ends with statistics. */
Test(live, ring_of_files)
{
	plan.n_records = 100;
	plan.data_len = 65536;
	cr_assert_eq(RUN("-i", "any", "-w", "t", "-C", "1", "-W", "3", "-a", "duration:0.3"),
		     VB_EXIT_GOOD);
	cr_assert_gt(plan.n_restated, 3);
	for (int i = 0; i < 3; i++) {
		char name[] = { 't', (char)('0' + i), '\0' };
		struct counted c = count(name);
		struct stat st;

		cr_assert_eq(c.n_synthesized, 2);
		cr_assert(c.has_statistics);
		cr_assert_eq(stat(name, &st), 0);
		cr_assert_lt(st.st_size, MIB + 2 * 66000);
	}
	cr_assert_neq(access("t3", F_OK), 0);
	cr_assert_neq(access("t", F_OK), 0);
}

Test(live, files_by_size)
{
	plan.n_records = 130;
	plan.data_len = 65536;
	cr_assert_eq(RUN("-i", "any", "-w", "t", "-C", "1", "-c", "130"), VB_EXIT_GOOD);
	cr_assert_eq(access("t", F_OK), 0);
	cr_assert_eq(access("t1", F_OK), 0);
	cr_assert_eq(count("t").n_synthesized, 2);
	cr_assert_eq(count("t1").n_synthesized, 2);
}

/* Without conversions in the name no file takes the place of the one before. */
Test(live, files_by_time)
{
	cr_assert_eq(RUN("-i", "any", "-w", "t", "-G", "1", "-W", "2"), VB_EXIT_GOOD);
	expect_file("t", 12, 2);
	expect_file("t1", 2, 2);
	cr_assert_neq(access("t2", F_OK), 0);
}

static void signal_self_later(int signo, useconds_t us)
{
	pid_t parent = getpid();

	if (fork() == 0) {
		usleep(us);
		kill(parent, signo);
		_exit(0);
	}
}

Test(live, interrupt_ends_in_order)
{
	signal_self_later(SIGINT, 200000);
	cr_assert_eq(RUN("-i", "any", "-w", "t"), VB_EXIT_GOOD);
	expect_file("t", 12, 2);
}

Test(live, hangup_is_ignored_under_nohup)
{
	signal(SIGHUP, SIG_IGN);
	signal_self_later(SIGHUP, 50000);
	cr_assert_eq(RUN("-i", "any", "-w", "t", "-a", "duration:0.4"), VB_EXIT_GOOD);
	expect_file("t", 12, 2);
}

Test(live, usr1_tells_the_counts)
{
	signal_self_later(SIGUSR1, 100000);
	signal_self_later(SIGTERM, 500000);
	cr_assert_eq(RUN("-i", "any", "-w", "t"), VB_EXIT_GOOD);
	cr_assert(has_line("err", "10 records received, 0 lost, 10 written"));
}

Test(live, no_bus)
{
	plan.open_error = -ENOTSUP;
	cr_assert_eq(RUN("-i", "any", "-w", "t"), VB_EXIT_CANNOT);
	cr_assert(has_line("err", "vmbusdump: no bus today"));
	cr_assert_neq(access("t", F_OK), 0);
}

Test(live, unknown_channel)
{
	plan.open_error = -EINVAL;
	cr_assert_eq(RUN("-i", "nosuch"), VB_EXIT_USAGE);
}

Test(live, unwritable)
{
	cr_assert_eq(RUN("-i", "any", "-w", "no/such/dir"), VB_EXIT_DATA);
	cr_assert_not(has_line("err", "capturing on"));
}

Test(live, disk_full)
{
	plan.n_records = 1000;
	plan.data_len = 65536;
	cr_assert_eq(RUN("-i", "any", "-w", "/dev/full", "-a", "duration:0.3"), VB_EXIT_DATA);
	cr_assert(has_line("err", "No space left"));
}

/* The file belongs to the new user, and root is gone for good. */
Test(live, privileges)
{
	struct stat st;

	if (geteuid() != 0)
		cr_skip("only root can give up root");
	cr_assert_eq(chmod(".", 0777), 0);
	cr_assert_eq(RUN("-i", "any", "-w", "t", "-c", "1", "-Z", "12345"), VB_EXIT_GOOD);
	cr_assert_eq(getuid(), 12345);
	cr_assert_eq(geteuid(), 12345);
	cr_assert_eq(getgid(), 12345);
	cr_assert_neq(setuid(0), 0);
	cr_assert_eq(stat("t", &st), 0);
	cr_assert_eq(st.st_uid, 12345);
	expect_file("t", 3, 2);
}

Test(live, privileges_unknown_user)
{
	cr_assert_eq(RUN("-i", "any", "-Z", "no-such-user"), VB_EXIT_USAGE);
	cr_assert_eq(plan.n_opened, 0);
}

/* Without the privileges the probes could not be attached when hv_vmbus comes: said at the start. */
Test(live, privileges_while_waiting)
{
	uid_t uid = geteuid();

	plan.waiting = true;
	cr_assert_eq(RUN("-i", "any", "-w", "t", "-c", "1", "-Z", "12345"), VB_EXIT_CANNOT);
	cr_assert(has_line("err", "vmbusdump: -Z: hv_vmbus is not loaded"));
	cr_assert_eq(n_lines("err"), 1);
	cr_assert_eq(geteuid(), uid);
	cr_assert_neq(access("t", F_OK), 0);
	/* who keeps the privileges may wait */
	cr_assert_eq(RUN("-i", "any", "-w", "t", "-c", "1"), VB_EXIT_GOOD);
	expect_file("t", 3, 2);
}

/* ---- names of files ---- */

static void expect_name(const struct vb_files_options *opt, uint64_t count_in_slice,
			const char *name)
{
	char *got = vb_files_name(opt, 1767300504, count_in_slice);

	cr_assert_str_eq(got, name);
	free(got);
}

Test(rotate, names)
{
	struct vb_files_options opt = { .path = "t-%H%M%S%%.pcapng" };

	expect_name(&opt, 0, "t-%H%M%S%%.pcapng");
	opt.max_bytes = 1;
	expect_name(&opt, 0, "t-%H%M%S%%.pcapng");
	expect_name(&opt, 12, "t-%H%M%S%%.pcapng12");
	opt.n_files = 100;
	expect_name(&opt, 0, "t-%H%M%S%%.pcapng00");
	expect_name(&opt, 99, "t-%H%M%S%%.pcapng99");
	opt.n_files = 101;
	expect_name(&opt, 100, "t-%H%M%S%%.pcapng100");
	expect_name(&opt, 7, "t-%H%M%S%%.pcapng007");
	opt.max_bytes = 0;
	opt.max_seconds = 1;
	expect_name(&opt, 0, "t-204824%.pcapng");
}
