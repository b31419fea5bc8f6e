/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe CACHE IN OUT WHAT [deterministic]: does WHAT in the inner machine, where IN is /in/a and OUT
 * is /out/b. Exit status: that of what was done; 125: it could not be run, and standard error ends
 * with the reason.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dissectors/sinks.h"
#include "replay/outer/outer.h"
#include "replay/vmm/vm.h"

#define SILENCE_NS 15000000000ull
#define GRACE_NS 5000000000ull

/* ---- in there ---- */

/* Input and output, standard output and error, KVM, and a status. */
static int copy(void)
{
	FILE *in = fopen("/in/a", "re"), *out = fopen("/out/b", "we");
	struct vb_err err = { "" };
	char buf[4096];
	size_t n;

	while (in && out && (n = fread(buf, 1, sizeof(buf), in)) > 0)
		fwrite(buf, 1, n, out);
	if (!in || !out || fclose(out))
		return 1;
	puts(vb_vm_possible(&err) ? err.text : "KVM emulates Hyper-V");
	fputs("complaint\n", stderr);
	return 7;
}

/* What is different in each run unless time is counted in instructions. */
static int watch(void)
{
	struct timespec mono, wall, nap = { 0, 250000000 };
	FILE *out = fopen("/out/b", "we");

	for (int i = 0; out && i < 20; i++) {
		clock_gettime(CLOCK_MONOTONIC, &mono);
		clock_gettime(CLOCK_REALTIME, &wall);
		printf("%ld.%09ld\n", mono.tv_sec, mono.tv_nsec);
		fprintf(out, "%ld.%09ld\n", wall.tv_sec, wall.tv_nsec);
		nanosleep(&nap, NULL);
	}
	return out ? fclose(out) : 1;
}

/* Until SIGINT or SIGTERM; the output grows meanwhile. */
static int await(void)
{
	FILE *out = fopen("/out/b", "we");
	struct timespec nap = { 0, 100000000 };
	sigset_t set;
	int number = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	puts("waiting");
	fflush(stdout);
	while (out && (number = sigtimedwait(&set, NULL, &nap)) < 0) {
		fputs("line\n", out);
		fflush(out);
	}
	printf("signal %d\n", number);
	return 42;
}

static int ignore(void)
{
	signal(SIGINT, SIG_IGN);
	puts("waiting");
	fflush(stdout);
	while (pause() < 0)
		;
	return 1;
}

/* Nothing in there runs any more: the kernel stands still in its panic. */
static int fall_silent(void)
{
	int timeout = open("/proc/sys/kernel/panic", O_WRONLY | O_CLOEXEC);
	int sysrq = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	sleep(1); /* what was printed gets out */
	return write(timeout, "0", 1) != 1 || write(sysrq, "c", 1) != 1;
}

static int crash(void)
{
	abort();
}

static int act(const char *what)
{
	static const struct {
		const char *name;
		int (*act)(void);
	} acts[] = { { "copy", copy },
		     { "watch", watch },
		     { "await", await },
		     { "ignore", ignore },
		     { "fall-silent", fall_silent },
		     { "crash", crash } };

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (!strcmp(acts[i].name, what))
			return acts[i].act();
	return 2;
}

/* ---- out here ---- */

static int run(int argc, char **argv, struct vb_err *err)
{
	const char *const words[] = { "probe", argv[4], NULL };
	const struct vb_outer_file files[] = { { argv[2], "a", false },
					       { argv[3], "b", true },
					       { NULL, NULL, false } };
	struct vb_outer_options opt = { .cache = argv[1],
					.argv = words,
					.files = files,
					.memory_mib = 128,
					.deterministic = argc > 5,
					.deadline_ns = SILENCE_NS,
					.grace_ns = GRACE_NS };
	bool emulated;
	int status = 0, ret = vb_outer_choose(VB_ACCEL_EMULATED, &emulated, err);

	if (!ret)
		ret = vb_outer_run(&opt, &status, err);
	return ret ? ret : status;
}

int main(int argc, char **argv)
{
	struct vb_err err = { "" };
	int ret;

	if (vb_inner_is()) {
		ret = vb_inner_begin(&argc, &argv, &err) > 0 ? act(argv[1]) : 125;
		vb_inner_end();
		return ret;
	}
	if (argc < 5)
		return 2;
	ret = run(argc, argv, &err);
	if (ret < 0)
		fprintf(stderr, "probe: %s\n", err.text);
	return ret < 0 ? 125 : ret;
}
