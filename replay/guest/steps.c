/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps, one a line, words divided by blanks:
 *
 *	load FILE.ko [PARAMETER...]	a kernel module; all ends when it cannot be loaded
 *	try PROGRAM [WORD...]		run it; never mind how it ends
 *	write FILE WORD...		as echo does
 *	capture PROGRAM [WORD...]	start vmbusdump, wait until it captures
 *	captured			wait until vmbusdump has found a hv_vmbus loaded after it
 *	daemon DEVICE PROGRAM [WORD...]	start it when the device file is there, wait until it serves it
 *	interface GUID			have the device's network interface up, for frames of the replay
 *	disks GUID			wait until the driver has found the units, for requests of the replay
 *	settle				wait until drivers have found their devices
 *	workload FILE			run it with busybox sh; its exit status is that of the guest
 *	wait				until somebody ends the guest
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "replay/guest/agent.h"

#define CAPTURE_MS 60000 /* until vmbusdump must capture */
#define DEVICE_MS 5000	 /* until a daemon's device must be there */
#define SETTLE_MS 3000
#define LINE_MAX_TEXT 1024

static int fail(const char *step, const char *what, int status)
{
	char text[256];

	snprintf(text, sizeof(text), "%s %s failed: %d", step, what, status);
	vb_port_send_text(VB_AGENT_PHASE, text);
	return 1;
}

static void say(const char *what, const char *name)
{
	char text[256];

	snprintf(text, sizeof(text), "%s %s", what, name);
	vb_port_send_text(VB_AGENT_PHASE, text);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Run a program to its end; returns its status. */
static int run(struct vb_agent *a, char *const words[])
{
	int rc = vb_agent_start(&a->loader, words, VB_WIRE_CONSOLE);

	if (rc < 0)
		return rc;
	while (!a->loader.ended && a->end == VB_END_NONE)
		vb_agent_pump(a, 100);
	return a->loader.ended ? a->loader.status : 0;
}

static int step_load(struct vb_agent *a, char *words[])
{
	int status;

	say("load", base_name(words[1]));
	words[0] = "insmod";
	status = run(a, words);
	return status == 0 ? 0 : fail("load", words[1], status);
}

static int step_try(struct vb_agent *a, char *words[])
{
	run(a, words + 1);
	return 0;
}

static int step_write(struct vb_agent *a, char *words[])
{
	int fd = open(words[1], O_WRONLY | O_CLOEXEC);
	char text[LINE_MAX_TEXT] = "";
	size_t n = 0;

	(void)a;
	for (size_t i = 2; words[i] && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i > 2 ? " " : "",
				      words[i]);
	if (fd < 0 || n >= sizeof(text) || write(fd, text, n) != (ssize_t)n)
		fail("write", words[1], errno);
	if (fd >= 0)
		close(fd);
	return 0;
}

static int step_capture(struct vb_agent *a, char *words[])
{
	uint64_t until = vb_agent_now_ms() + CAPTURE_MS;
	int rc = vb_agent_start(&a->capture, words + 1, VB_WIRE_ERR);

	if (rc < 0)
		return fail("capture", words[1], rc);
	while (!a->capture_ready && !a->capture.ended && a->end == VB_END_NONE &&
	       vb_agent_now_ms() < until)
		vb_agent_pump(a, 50);
	if (a->capture_ready || a->end != VB_END_NONE)
		return 0;
	vb_agent_pump(a, 50); /* its last words */
	return fail("capture", words[1], a->capture.ended ? a->capture.status : -ETIMEDOUT);
}

static int step_captured(struct vb_agent *a, char *words[])
{
	uint64_t until = vb_agent_now_ms() + CAPTURE_MS;

	(void)words;
	while (!a->capture_whole && !a->capture.ended && a->end == VB_END_NONE &&
	       vb_agent_now_ms() < until)
		vb_agent_pump(a, 20);
	return a->capture_whole || a->end != VB_END_NONE ?
		       0 :
		       fail("capture of", "hv_vmbus", -ETIMEDOUT);
}

static int step_daemon(struct vb_agent *a, char *words[])
{
	uint64_t until = vb_agent_now_ms() + DEVICE_MS;
	struct vb_agent_child daemon;
	int rc;

	while (access(words[1], F_OK) != 0 && a->end == VB_END_NONE && vb_agent_now_ms() < until)
		vb_agent_pump(a, 50);
	if (access(words[1], F_OK) != 0) {
		fail("no device for", base_name(words[2]), -ENOENT);
		return 0;
	}
	say("start", base_name(words[2]));
	rc = vb_agent_start(&daemon, words + 2, VB_WIRE_CONSOLE);
	if (rc < 0)
		return fail("start", words[2], rc);
	until = vb_agent_now_ms() + DEVICE_MS;
	while (!vb_agent_is_served(words[1]) && a->end == VB_END_NONE && vb_agent_now_ms() < until)
		vb_agent_pump(a, 5);
	return 0;
}

/* How many devices of the bus there are, and how many of them have a driver. */
static void count_devices(size_t *ret_n, size_t *ret_bound)
{
	DIR *dir = opendir("/sys/bus/vmbus/devices");
	struct dirent *e;
	char path[512];

	*ret_n = *ret_bound = 0;
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		++*ret_n;
		snprintf(path, sizeof(path), "/sys/bus/vmbus/devices/%s/driver", e->d_name);
		if (access(path, F_OK) == 0)
			++*ret_bound;
	}
	if (dir)
		closedir(dir);
}

static int step_settle(struct vb_agent *a, char *words[])
{
	uint64_t now = vb_agent_now_ms(), until = now + SETTLE_MS, still = now + 500;
	size_t n, bound, last = 0;

	(void)words;
	while (now < until && now < still && a->end == VB_END_NONE) {
		vb_agent_pump(a, 50);
		now = vb_agent_now_ms();
		count_devices(&n, &bound);
		if (n > 0 && n == bound)
			return 0;
		if (n + bound != last)
			still = now + 500;
		last = n + bound;
	}
	return 0;
}

/* Without it the replay goes on: it says what is missing. */
static int step_interface(struct vb_agent *a, char *words[])
{
	uint64_t until = vb_agent_now_ms() + DEVICE_MS;
	int rc;

	say("interface of", words[1]);
	while ((rc = vb_agent_interface_add(a, words[1])) == -ENOENT && a->end == VB_END_NONE &&
	       vb_agent_now_ms() < until)
		vb_agent_pump(a, 50);
	if (rc < 0)
		fail("interface", words[1], rc);
	a->n_interfaces += rc != -ENOSPC;
	return 0;
}

#define QUIET_MS 300 /* nothing was found for so long: there is nothing more */

/* As with interfaces, the replay goes on without them. */
static int step_disks(struct vb_agent *a, char *words[])
{
	uint64_t now = vb_agent_now_ms(), until = now + DEVICE_MS, quiet = now + QUIET_MS;
	uint64_t count = vb_agent_disks_count(), last = count;
	int rc = vb_agent_disks_add(a, words[1]);

	say("disks of", words[1]);
	if (rc < 0)
		fail("disks", words[1], rc);
	while (a->end == VB_END_NONE && now < until && now < quiet) {
		vb_agent_pump(a, 20);
		now = vb_agent_now_ms();
		count = vb_agent_disks_count();
		if (count != last)
			quiet = now + QUIET_MS;
		last = count;
	}
	return 0;
}

static int step_workload(struct vb_agent *a, char *words[])
{
	char *argv[] = { "/bin/busybox", "sh", words[1], NULL };
	int rc = vb_agent_start(&a->workload, argv, VB_WIRE_OUT);

	if (rc < 0)
		return fail("start", words[1], rc);
	vb_port_send_text(VB_AGENT_PHASE, "workload");
	while (!a->workload.ended && a->end == VB_END_NONE)
		vb_agent_pump(a, 100);
	/* What it printed last; its background jobs may keep the pipe open. */
	for (int i = 0; i < 5 && a->workload.ended && a->workload.out >= 0; i++)
		vb_agent_pump(a, 100);
	if (a->workload.ended)
		return a->workload.status;
	vb_agent_kill(a, &a->workload, SIGTERM, 2000);
	return a->end == VB_END_STOP ? 1 : 0;
}

static int step_wait(struct vb_agent *a, char *words[])
{
	(void)words;
	vb_port_send_text(VB_AGENT_PHASE, "waiting for Ctrl-C or a shutdown");
	while (a->end == VB_END_NONE)
		vb_agent_pump(a, 100);
	return 0;
}

static const struct {
	const char *name;
	size_t n_words; /* at least, with its name */
	int (*act)(struct vb_agent *a, char *words[]);
} steps[] = {
	{ "load", 2, step_load },	  { "try", 2, step_try },
	{ "write", 3, step_write },	  { "capture", 2, step_capture },
	{ "captured", 1, step_captured }, { "daemon", 3, step_daemon },
	{ "settle", 1, step_settle },	  { "interface", 2, step_interface },
	{ "workload", 2, step_workload }, { "wait", 1, step_wait },
	{ "disks", 2, step_disks },
};

static int perform(struct vb_agent *a, char *line)
{
	char *words[VB_AGENT_WORDS_MAX + 1], *save;
	size_t n = 0;

	for (char *w = strtok_r(line, " \t\n", &save); w && n < VB_AGENT_WORDS_MAX;
	     w = strtok_r(NULL, " \t\n", &save))
		words[n++] = w;
	words[n] = NULL;
	if (n == 0 || words[0][0] == '#')
		return 0;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (strcmp(steps[i].name, words[0]) == 0 && n >= steps[i].n_words)
			return steps[i].act(a, words);
	return fail("step", words[0], -EINVAL);
}

/* A capture that is not whole spoils what was good. */
static int end_capture(struct vb_agent *a, int status)
{
	if (a->capture.pid == 0)
		return status;
	vb_agent_kill(a, &a->capture, SIGINT, 20000);
	for (int i = 0; i < 5 && a->capture.out >= 0; i++)
		vb_agent_pump(a, 20);
	if (a->capture.status == 0)
		return status;
	return fail("vmbusdump", "in the guest", a->capture.status);
}

int vb_agent_steps(struct vb_agent *a)
{
	FILE *f = fopen(VB_AGENT_STEPS, "re");
	char line[LINE_MAX_TEXT];
	int status = 0;

	if (!f)
		return fail("open", VB_AGENT_STEPS, errno);
	while (status == 0 && a->end == VB_END_NONE && fgets(line, sizeof(line), f))
		status = perform(a, line);
	fclose(f);
	return end_capture(a, status);
}
