/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay/give.h"
#include "replay/interface.h"
#include "replay/outer/outer.h"
#include "replay/session_impl.h"

#define TAIL_LINES 20u
#define MAX_DEVICES 64u

void vb_session_progress(struct vb_guest_session *s, const char *line)
{
	s->opt->progress(s->opt->ctx, vb_clock_mono(vb_clock_machine()) - s->start_ns, line);
}

void vb_session_stage(struct vb_guest_session *s, enum vb_stage stage)
{
	s->stage = stage;
	s->stage_ns = s->alive_ns = vb_clock_mono(vb_clock_machine());
}

const struct vb_session_hooks *vb_session_hooks(const struct vb_guest_session *s)
{
	static const struct vb_session_hooks none;

	return s->opt->hooks ? s->opt->hooks : &none;
}

struct vb_host *vb_session_host(struct vb_guest_session *s)
{
	return s->host;
}

void vb_session_fail(struct vb_guest_session *s, int code, const char *fmt, ...)
{
	va_list args;

	if (s->failed)
		return;
	s->failed = code;
	va_start(args, fmt);
	vsnprintf(s->err.text, sizeof(s->err.text), fmt, args);
	va_end(args);
	vb_vm_stop(s->vm);
}

/* ---- callbacks of machine and host ---- */

static void console_bytes(void *ctx, const uint8_t *bytes, size_t n)
{
	struct vb_guest_session *s = ctx;

	vb_console_add(&s->console, bytes, n);
}

static void trouble(void *ctx, const char *line)
{
	struct vb_guest_session *s = ctx;

	s->opt->trouble(s->opt->ctx, line);
}

static void connected(void *ctx, uint32_t version)
{
	struct vb_guest_session *s = ctx;
	char line[64];

	if (version)
		snprintf(line, sizeof(line), "VMBus %u.%u", version >> 16, version & 0xffff);
	vb_session_progress(s, version ? line : "VMBus unloaded");
}

static int open_file(void *ctx, const char *name)
{
	struct vb_guest_session *s = ctx;

	return vb_give_open(s->opt->give, s->opt->n_give, name);
}

static int open_link(void *ctx, const char *name, struct vb_err *err)
{
	struct vb_guest_session *s = ctx;
	int fd = vb_interface_open(name, err), rc;

	if (fd < 0 || !s->opt->emulated)
		return fd;
	rc = vb_interface_serve(name, err);
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

static int open_drive(const struct vb_guest_session *s, const char *name, bool writable,
		      struct vb_err *err)
{
	size_t i = 0;
	int fd;

	while (i < s->opt->n_images && strcmp(s->opt->images[i], name) != 0)
		i++;
	if (i == s->opt->n_images)
		return vb_fail(err, -ENOENT,
			       "the emulated machine has only the images that the persona names");
	fd = vb_inner_drive(i, writable);
	return fd < 0 ? vb_fail(err, fd, "%s", strerror(-fd)) : fd;
}

static int open_disk(void *ctx, const char *name, bool writable, struct vb_err *err)
{
	const struct vb_guest_session *s = ctx;
	int fd;

	if (s->opt->emulated)
		return open_drive(s, name, writable, err);
	fd = open(name, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	return fd < 0 ? vb_fail(err, -errno, "%s", strerror(errno)) : fd;
}

/* ---- setting up ---- */

/* The second serial port is the agent's: the kernel's driver, which would try it out, leaves it alone. */
#define APPEND "8250.nr_uarts=1"
/*
 * QEMU's VMRUN may deliver an interrupt twice, when the instructions that it may count at a time are
 * used up before the guest acknowledges it. The second comes inside the first. Without a tick while
 * idle, Linux brings its clock up to date right there, with the lock of the clock held, and hangs.
 */
#define APPEND_COUNTED " nohz=off"
/* Linux 6.1 tries all of its ciphers at every start: one virtual second. */
#define APPEND_EMULATED " cryptomgr.notests"

static int make_machine(struct vb_guest_session *s, struct vb_err *err)
{
	const struct vb_session_options *o = s->opt;
	char append[2048];
	int n = snprintf(append, sizeof(append), APPEND "%s%s%s%s",
			 o->emulated ? APPEND_EMULATED : "", o->counted ? APPEND_COUNTED : "",
			 o->append ? " " : "", o->append ? o->append : "");
	struct vb_vm_options vm = {
		.kernel = o->kernel,
		.kernel_len = o->kernel_len,
		.initrd = o->initrd,
		.initrd_len = o->initrd_len,
		.append = append,
		.memory = o->memory,
		.n_vcpus = o->n_vcpus,
		.async_signals = o->async_signals,
		.measure = o->measure,
		.ctx = s,
		.console = console_bytes,
		.agent = vb_session_agent_bytes,
		.tick = vb_session_watch,
	};

	if (n >= (int)sizeof(append))
		return vb_fail(err, -EINVAL, "--append: the text is too long");
	return vb_vm_new(&vm, &s->vm, err);
}

static int make_host(struct vb_guest_session *s, struct vb_err *err)
{
	struct vb_host_options host = {
		.transport = vb_vm_transport(s->vm),
		.clock = vb_vm_clock(s->vm),
		.log = s->log.writer || s->log.also ? &s->log.log : NULL,
		.max_version = s->opt->max_version,
		.n_vps = s->opt->n_vcpus,
		.ctx = s,
		.trouble = trouble,
		.connected = connected,
		.open_file = open_file,
		.open_link = open_link,
		.open_disk = open_disk,
		.write_disks = s->opt->write_disks,
	};

	s->host = vb_host_new(&host);
	if (!s->host)
		return vb_fail(err, -ENOMEM, "not enough memory");
	vb_vm_attach(s->vm, s->host);
	return 0;
}

static int add_device(struct vb_guest_session *s, const char *name, struct vb_err *err)
{
	char class[40];
	struct vb_hdevice_config cfg = { .model = NULL };
	struct vb_hdevice *d;

	snprintf(class, sizeof(class), "%.*s", (int)strcspn(name, "."), name);
	cfg.model = vb_model_by_name(class);
	if (!cfg.model)
		return vb_fail(err, -EINVAL, "--devices: there is no device '%s'; see --doctor",
			       name);
	cfg.class = cfg.model->class;
	cfg.settings = s->opt->persona ? vb_persona_settings(s->opt->persona, name) : NULL;
	return vb_host_add(s->host, &cfg, &d, err);
}

/* A persona for a device that is not there is a mistake. */
static int check_persona(const struct vb_guest_session *s, struct vb_err *err)
{
	const struct vb_persona *p = s->opt->persona;

	for (size_t i = 0; p && i < p->n; i++)
		if (!vb_host_find(s->host, p->devices[i].name))
			return vb_fail(err, -EINVAL,
				       "the persona has a section [%s] in line %u, but no such "
				       "device is offered",
				       p->devices[i].name, p->devices[i].line);
	return 0;
}

static int add_devices(struct vb_guest_session *s, struct vb_err *err)
{
	const struct vb_session_hooks *h = vb_session_hooks(s);
	char *list, *save, *word;
	int rc = 0;

	if (h->devices)
		return h->devices(h->ctx, s, s->host, err);
	list = strdup(s->opt->devices);
	if (!list)
		return vb_fail(err, -ENOMEM, "not enough memory");
	for (word = strtok_r(list, ",", &save); word && rc == 0; word = strtok_r(NULL, ",", &save))
		rc = add_device(s, word, err);
	free(list);
	return rc < 0 ? rc : check_persona(s, err);
}

static int set_up(struct vb_guest_session *s, struct vb_err *err)
{
	const struct vb_session_hooks *h = vb_session_hooks(s);
	int rc = vb_host_log_open(&s->log, s->opt->host_log, s->opt->payload, err);

	s->log.also = h->record;
	s->log.also_ctx = h->ctx;
	if (rc == 0)
		rc = vb_console_open(&s->console, s->opt->console, err);
	if (rc == 0)
		rc = make_machine(s, err);
	if (rc == 0)
		rc = make_host(s, err);
	if (rc == 0)
		rc = add_devices(s, err);
	for (size_t i = 0; i < s->opt->n_faults && rc == 0; i++)
		rc = vb_host_fault(s->host, s->opt->faults[i], err);
	return rc;
}

/* ---- the end ---- */

/* Words for an end that nobody had ordered. */
static int judge(struct vb_guest_session *s, enum vb_vm_end end, struct vb_err *err)
{
	bool done = s->stage == VB_STAGE_DONE;

	if (s->failed)
		return vb_fail(err, s->failed, "%s", s->err.text);
	switch (end) {
	case VB_VM_POWERED_OFF:
		return done ? 0 :
			      vb_fail(err, -EIO,
				      "the guest powered off before its agent was "
				      "done");
	case VB_VM_RESET:
		s->result->rebooted = true;
		return done ? 0 : vb_fail(err, -EIO, "the guest reset itself");
	case VB_VM_PANICKED:
		return vb_fail(err, -EIO, "the guest's kernel panicked");
	case VB_VM_STOPPED:
		return vb_fail(err, -EIO, "the machine was stopped");
	case VB_VM_FAILED:
		return vb_fail(err, -EIO, "the machine failed: %s", s->vm_err.text);
	}
	return -EIO;
}

static const char *console_name(const struct vb_session_options *o)
{
	if (o->console_name)
		return o->console_name;
	return o->console ? o->console : o->failure_log;
}

static void show_failure(struct vb_guest_session *s, enum vb_vm_end end)
{
	struct vb_err err = { "" };
	struct vb_buf text = { 0 };

	if (s->failed == -ETIMEDOUT)
		vb_vm_describe(s->vm, &text);
	if (s->console.text.len > 0)
		vb_buf_fmt(&text, "the last lines of the guest's console (all: %s):\n",
			   console_name(s->opt));
	vb_console_tail(&s->console, TAIL_LINES, &text);
	if (vb_console_keep(&s->console, s->opt->failure_log, &err) < 0)
		vb_buf_fmt(&text, "%s\n", err.text);
	if (s->opt->counted && (s->failed == -ETIMEDOUT || end == VB_VM_PANICKED))
		vb_buf_str(&text, "the emulated machine itself may be at fault: CAVEATS in "
				  "vmbusreplay(1)\n");
	if (text.len > 0)
		s->opt->trouble(s->opt->ctx, text.data);
	vb_buf_done(&text);
}

static void take_figures(struct vb_guest_session *s)
{
	struct vb_session_result *r = s->result;

	r->duration_ns = vb_clock_mono(vb_clock_machine()) - s->start_ns;
	vb_host_get_stats(s->host, &r->host);
	vb_vm_get_stats(s->vm, &r->vm);
	vb_memory_use(&r->memory);
	r->n_files = s->files.n_files;
	r->n_dropped = s->files.n_dropped;
	r->has_capture = s->files.has_capture;
	for (size_t i = 0; i < s->log.n_stats; i++)
		r->n_records += s->log.stats[i].delivered;
}

static int run(struct vb_guest_session *s, struct vb_err *err)
{
	enum vb_vm_end end;
	int rc;

	s->start_ns = s->second_ns = vb_clock_mono(vb_clock_machine());
	vb_session_stage(s, VB_STAGE_BOOT);
	vb_session_progress(s, "the kernel starts");
	rc = vb_vm_run(s->vm, &end, &s->vm_err);
	if (rc < 0)
		return vb_fail(err, rc, "%s", s->vm_err.text);
	rc = judge(s, end, err);
	take_figures(s);
	if (rc < 0 && !(rc == -EINTR && s->interrupted))
		show_failure(s, end);
	if (rc == 0 && s->deadline_passed)
		rc = vb_fail(err, -ETIMEDOUT, "the deadline passed before the workload was done");
	return rc;
}

static void tear_down(struct vb_guest_session *s)
{
	vb_host_free(s->host);
	vb_vm_free(s->vm);
	vb_console_close(&s->console);
	vb_guest_files_done(&s->files);
}

int vb_session_run(const struct vb_session_options *opt, struct vb_session_result *ret,
		   struct vb_err *err)
{
	struct vb_guest_session *s = calloc(1, sizeof(*s));
	struct vb_err log_err = { "" };
	int rc, log_rc;

	*ret = (struct vb_session_result){ 0 };
	if (!s)
		return vb_fail(err, -ENOMEM, "not enough memory");
	s->opt = opt;
	s->result = ret;
	s->files = opt->files;
	s->console.fd = -1;
	rc = set_up(s, err);
	if (rc == 0)
		rc = run(s, err);
	log_rc = vb_host_log_close(&s->log, &log_err);
	if (rc == 0 && log_rc < 0)
		rc = vb_fail(err, log_rc, "%s", log_err.text);
	tear_down(s);
	free(s);
	return rc;
}
