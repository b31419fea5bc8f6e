/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes on a module that is not loaded yet.
 *
 * tracefs takes a kprobe on module:function before the module is there and arms it when the module
 * comes (Linux 6.1 kernel/trace/trace_kprobe.c, trace_kprobe_module_callback()). Such events
 * outlive their maker, so their group carries our process id, and groups of dead processes are
 * removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "capture/source_bpf.h"
#include "dissectors/sinks.h"

#define MAX_EVENTS 8
#define GROUP "vmbusdump_"

struct vb_early {
	char root[128]; /* of tracefs */
	int command_fd; /* kprobe_events; kept open, since we may lose the right to open it */
	char names[MAX_EVENTS][64];
	int fds[MAX_EVENTS]; /* perf events */
	size_t n;
};

static bool find_tracefs(const char *root, char *ret, size_t size)
{
	static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char path[192];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(ret, size, "%s%s", root, places[i]);
		snprintf(path, sizeof(path), "%s/kprobe_events", ret);
		if (!access(path, W_OK))
			return true;
	}
	return false;
}

static int command(const struct vb_early *e, const char *text)
{
	return write(e->command_fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* All lines of kprobe_events; tracefs may skip some when others are removed meanwhile. */
static void read_events(const struct vb_early *e, struct vb_buf *ret)
{
	char path[192], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/kprobe_events", e->root);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		vb_buf_str(ret, line);
	fclose(f);
}

/* Remove the event of a line, "p:GROUP/NAME PLACE", if its maker is dead. */
static void remove_if_stale(const struct vb_early *e, const char *line)
{
	const char *colon = strchr(line, ':');
	char remove[128], event[96];
	long pid;

	if (!colon || sscanf(colon + 1, "%95s", event) != 1 ||
	    sscanf(event, GROUP "%ld/", &pid) != 1)
		return;
	if (pid <= 0 || !kill((pid_t)pid, 0) || errno != ESRCH)
		return;
	snprintf(remove, sizeof(remove), "-:%s", event);
	command(e, remove);
}

static void remove_stale(const struct vb_early *e)
{
	struct vb_buf text = { 0 };
	char *rest = NULL;

	read_events(e, &text);
	if (text.data)
		for (char *s = strtok_r(text.data, "\n", &rest); s; s = strtok_r(NULL, "\n", &rest))
			remove_if_stale(e, s);
	vb_buf_done(&text);
}

int vb_early_open(const char *root, struct vb_early **ret, struct vb_err *err)
{
	struct vb_early *e = calloc(1, sizeof(*e));
	char path[192];

	if (!e)
		return vb_fail(err, -ENOMEM, "out of memory");
	if (!find_tracefs(root, e->root, sizeof(e->root))) {
		free(e);
		return vb_fail(err, -ENOTSUP,
			       "hv_vmbus is not loaded, and waiting for it needs tracefs: run as "
			       "root, mount -t tracefs tracefs /sys/kernel/tracing");
	}
	/* commands are appended: without that, opening it removes all events */
	snprintf(path, sizeof(path), "%s/kprobe_events", e->root);
	e->command_fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (e->command_fd < 0) {
		vb_fail(err, -ENOTSUP, "%s: %s", path, strerror(errno));
		free(e);
		return -ENOTSUP;
	}
	remove_stale(e);
	*ret = e;
	return 0;
}

static int event_id(const struct vb_early *e, const char *name, unsigned long long *ret)
{
	char path[256];
	FILE *f;
	int rc = 0;

	snprintf(path, sizeof(path), "%s/events/%s/id", e->root, name);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	if (fscanf(f, "%llu", ret) != 1)
		rc = -EIO;
	fclose(f);
	return rc;
}

/* Run prog whenever the event happens, on any CPU. */
static int attach_event(const struct bpf_program *prog, unsigned long long id, int *ret_fd)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
	};
	int fd, rc;

	fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, bpf_program__fd(prog)) ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0)) {
		rc = -errno;
		close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

int vb_early_attach(struct vb_early *e, const struct bpf_program *prog, const struct vb_hook *hook,
		    struct vb_err *err)
{
	bool on_return = hook->kind == VB_HOOK_RETURN;
	unsigned long long id;
	char text[192];
	char *name = e->names[e->n];
	int rc;

	if (e->n == MAX_EVENTS)
		return vb_fail(err, -E2BIG, "too many probes");
	snprintf(name, sizeof(e->names[0]), GROUP "%d/%s_%s", (int)getpid(), hook->function,
		 on_return ? "return" : "entry");
	snprintf(text, sizeof(text), "%c:%s %s:%s", on_return ? 'r' : 'p', name, hook->module,
		 hook->function);
	rc = command(e, text);
	if (rc)
		return vb_fail(err, -ENOTSUP, "%s: cannot wait for %s:%s: %s", e->root,
			       hook->module, hook->function, strerror(-rc));
	e->fds[e->n++] = -1;
	rc = event_id(e, name, &id);
	if (!rc)
		rc = attach_event(prog, id, &e->fds[e->n - 1]);
	if (rc)
		return vb_fail(err, -ENOTSUP, "attaching to %s:%s: %s", hook->module,
			       hook->function, strerror(-rc));
	return 0;
}

void vb_early_close(struct vb_early *e)
{
	char text[96];
	size_t i;

	if (!e)
		return;
	for (i = 0; i < e->n; i++) {
		if (e->fds[i] >= 0)
			close(e->fds[i]);
		snprintf(text, sizeof(text), "-:%s", e->names[i]);
		command(e, text);
	}
	close(e->command_fd);
	free(e);
}
