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

#define MAX_EVENTS 8
#define GROUP "vmbusdump_"

struct vb_early {
	const char *root; /* of tracefs */
	int command_fd;	  /* kprobe_events; kept open, since we may lose the right to open it */
	char names[MAX_EVENTS][64];
	int fds[MAX_EVENTS]; /* perf events */
	size_t n;
};

static const char *find_tracefs(void)
{
	if (!access("/sys/kernel/tracing/kprobe_events", W_OK))
		return "/sys/kernel/tracing";
	if (!access("/sys/kernel/debug/tracing/kprobe_events", W_OK))
		return "/sys/kernel/debug/tracing";
	return NULL;
}

static int command(const struct vb_early *e, const char *text)
{
	return write(e->command_fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* Remove events whose maker is dead; lines read "p:GROUP/NAME PLACE". */
static void remove_stale(const struct vb_early *e)
{
	char path[128], line[512], remove[128], event[96];
	FILE *f;
	long pid;

	snprintf(path, sizeof(path), "%s/kprobe_events", e->root);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		const char *colon = strchr(line, ':');

		if (!colon || sscanf(colon + 1, "%95s", event) != 1 ||
		    sscanf(event, GROUP "%ld/", &pid) != 1)
			continue;
		if (pid <= 0 || !kill((pid_t)pid, 0) || errno != ESRCH)
			continue;
		snprintf(remove, sizeof(remove), "-:%s", event);
		command(e, remove);
	}
	fclose(f);
}

int vb_early_open(struct vb_early **ret, struct vb_err *err)
{
	struct vb_early *e;
	const char *root = find_tracefs();
	char path[128];

	if (!root)
		return vb_fail(err, -ENOTSUP,
			       "hv_vmbus is not loaded, and waiting for it needs tracefs: run as "
			       "root, mount -t tracefs tracefs /sys/kernel/tracing");
	e = calloc(1, sizeof(*e));
	if (!e)
		return vb_fail(err, -ENOMEM, "out of memory");
	e->root = root;
	/* commands are appended: without that, opening it removes all events */
	snprintf(path, sizeof(path), "%s/kprobe_events", root);
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
	char path[192];
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
