/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/signals.h"
#include "replay/guest_root.h"
#include "replay/setup/setup.h"

#define MAX_FILES_BYTES (UINT64_C(4) << 30) /* that a guest may send */

/* Where everything is. */
struct places {
	char cache[PATH_MAX], kernel[PATH_MAX], modules[PATH_MAX], daemons[PATH_MAX];
	char busybox[PATH_MAX], vmbusdump[PATH_MAX];
	bool has_daemons, has_modules;
};

/* ---- finding ---- */

/* What setup should have fetched is not there: that is no mistake of the command line. */
static int not_there(int rc)
{
	return rc == -ENOENT ? -ENOTSUP : rc;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int find_kernel(const struct vb_replay_options *o, struct places *p, struct vb_err *err)
{
	struct vb_err ignored;
	int rc;

	if (strchr(o->kernel, '/') || is_file(o->kernel)) {
		if (!is_file(o->kernel))
			return vb_fail(err, -EINVAL, "--kernel: there is no file %s", o->kernel);
		snprintf(p->kernel, sizeof(p->kernel), "%s", o->kernel);
		p->has_modules = o->modules != NULL;
		if (o->modules)
			snprintf(p->modules, sizeof(p->modules), "%s", o->modules);
		p->has_daemons = vb_setup_path(p->cache, VB_SETUP_DAEMONS, VB_SETUP_KERNEL,
					       p->daemons, &ignored) == 0;
		return 0;
	}
	rc = vb_setup_path(p->cache, VB_SETUP_IMAGE, o->kernel, p->kernel, err);
	if (rc == 0)
		rc = vb_setup_path(p->cache, VB_SETUP_MODULES, o->kernel, p->modules, err);
	p->has_modules = rc == 0;
	p->has_daemons = rc == 0 && vb_setup_path(p->cache, VB_SETUP_DAEMONS, o->kernel, p->daemons,
						  &ignored) == 0;
	return not_there(rc);
}

void vb_launch_vmbusdump(char *ret, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", ret, size - sizeof(VB_LAUNCH_VMBUSDUMP));
	char *slash, *name;

	ret[n > 0 ? n : 0] = '\0';
	slash = strrchr(ret, '/');
	name = slash ? slash + 1 : ret;
	snprintf(name, size - (size_t)(name - ret), "%s", VB_LAUNCH_VMBUSDUMP);
}

static int find_vmbusdump(const struct vb_replay_options *o, struct places *p, struct vb_err *err)
{
	if (o->vmbusdump)
		snprintf(p->vmbusdump, sizeof(p->vmbusdump), "%s", o->vmbusdump);
	else
		vb_launch_vmbusdump(p->vmbusdump, sizeof(p->vmbusdump));
	if (is_file(p->vmbusdump))
		return 0;
	return vb_fail(err, o->vmbusdump ? -EINVAL : -ENOTSUP,
		       "--capture: there is no %s; name a static vmbusdump with --vmbusdump",
		       p->vmbusdump);
}

static int find_places(const struct vb_replay_options *o, struct places *p, struct vb_err *err)
{
	int rc = vb_setup_cache(o->cache, p->cache, err);

	if (rc == 0 && o->initrd) {
		snprintf(p->kernel, sizeof(p->kernel), "%s", o->kernel);
		return 0;
	}
	if (rc == 0)
		rc = find_kernel(o, p, err);
	if (rc == 0)
		rc = not_there(vb_setup_path(p->cache, VB_SETUP_BUSYBOX, NULL, p->busybox, err));
	if (rc == 0 && o->capture)
		rc = find_vmbusdump(o, p, err);
	return rc;
}

/* ---- the initramfs ---- */

static int pack(const struct vb_launch *l, const struct places *p, int fd, struct vb_err *err)
{
	const struct vb_replay_options *o = l->opt;
	struct vb_guest_root root = {
		.agent = l->agent,
		.agent_len = l->agent_len,
		.busybox = p->busybox,
		.vmbusdump = o->capture ? p->vmbusdump : NULL,
		.payload = (uint32_t)o->payload,
		.modules = p->has_modules ? p->modules : NULL,
		.daemons = p->has_daemons ? p->daemons : NULL,
		.devices = o->devices,
		.interfaces = o->interfaces,
		.disks = o->disks,
		.vlans = o->vlans,
		.workload = o->workload,
		.add = o->add.words,
		.n_add = o->add.n,
	};

	if (o->workload && !is_file(o->workload))
		return vb_fail(err, -EINVAL, "--workload: there is no file %s", o->workload);
	return vb_guest_root_pack(&root, fd, err);
}

static int open_initrd(const struct vb_launch *l, const struct places *p, struct vb_err *err)
{
	int fd, rc;

	fd = l->opt->initrd ? open(l->opt->initrd, O_RDONLY | O_CLOEXEC) :
			      memfd_create("initramfs", MFD_CLOEXEC);
	if (fd < 0)
		return vb_fail(err, -errno, "cannot open the initramfs: %s", strerror(errno));
	rc = l->opt->initrd ? 0 : pack(l, p, fd, err);
	if (rc < 0)
		close(fd);
	return rc < 0 ? rc : fd;
}

/* ---- here ---- */

struct mapped {
	void *bytes;
	size_t len;
};

static int map_fd(int fd, const char *name, struct mapped *ret, struct vb_err *err)
{
	struct stat st;

	*ret = (struct mapped){ 0 };
	if (fstat(fd, &st) < 0)
		return vb_fail(err, -errno, "cannot read %s: %s", name, strerror(errno));
	if (st.st_size <= 0)
		return vb_fail(err, -EINVAL, "%s is empty", name);
	ret->len = (size_t)st.st_size;
	ret->bytes = mmap(NULL, ret->len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (ret->bytes != MAP_FAILED)
		return 0;
	ret->bytes = NULL;
	return vb_fail(err, -errno, "cannot read %s: %s", name, strerror(errno));
}

static int map_path(const char *path, struct mapped *ret, struct vb_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return vb_fail(err, -EINVAL, "cannot open %s: %s", path, strerror(errno));
	rc = map_fd(fd, path, ret, err);
	close(fd);
	return rc;
}

static int run_session(struct vb_launch *l, const struct mapped *kernel,
		       const struct mapped *initrd, const struct vb_persona *persona,
		       struct vb_err *err)
{
	const struct vb_replay_options *o = l->opt;
	struct vb_session_options s = {
		.kernel = kernel->bytes,
		.kernel_len = kernel->len,
		.initrd = initrd->bytes,
		.initrd_len = initrd->len,
		.memory = o->memory_mib << 20,
		.n_vcpus = (uint32_t)o->n_vcpus,
		.append = o->append,
		.max_version = o->vmbus_version,
		.devices = o->devices,
		.persona = persona,
		.faults = o->faults.words,
		.n_faults = o->faults.n,
		.emulated = o->initrd != NULL, /* see launch_inside.c */
		.counted = o->initrd && !o->real_time,
		.give = o->give.words,
		.n_give = o->give.n,
		.async_signals = o->async_signals,
		.measure = o->stats,
		.write_disks = o->write,
		.images = o->images.words,
		.n_images = o->images.n,
		.deadline_ns = o->deadline_ns,
		.host_log = o->host_log,
		.payload = (uint32_t)o->payload,
		.console = o->console,
		.failure_log = o->failure_log,
		.console_name = o->console_name,
		.files = { .capture = o->capture,
			   .out_dir = o->out_dir,
			   .forward = o->files,
			   .max_bytes = MAX_FILES_BYTES },
		.signal_fd = vb_signals_open(),
		.slow_fd = vb_inner_slow(),
		.hooks = l->hooks,
		.ctx = l->ctx,
		.progress = l->progress,
		.trouble = l->trouble,
		.output = l->output,
	};
	int rc;

	if (s.emulated && s.n_vcpus > 1)
		vb_inner_take_turns();
	rc = vb_session_run(&s, &l->result, err);
	if (s.signal_fd >= 0)
		close(s.signal_fd);
	if (s.slow_fd >= 0)
		close(s.slow_fd);
	return rc;
}

static int run_here(struct vb_launch *l, const char *kernel_path, int initrd_fd, struct vb_err *err)
{
	struct mapped kernel, initrd = { 0 };
	struct vb_persona persona = { 0 };
	int rc = map_path(kernel_path, &kernel, err);

	if (rc == 0)
		rc = map_fd(initrd_fd, "the initramfs", &initrd, err);
	if (rc == 0 && l->opt->persona)
		rc = vb_persona_read(l->opt->persona, &persona, err);
	if (rc == -ENOENT || rc == -EACCES)
		rc = -EINVAL;
	if (rc == 0)
		rc = run_session(l, &kernel, &initrd, &persona, err);
	vb_persona_done(&persona);
	if (kernel.bytes)
		munmap(kernel.bytes, kernel.len);
	if (initrd.bytes)
		munmap(initrd.bytes, initrd.len);
	return rc;
}

int vb_launch(struct vb_launch *l, struct vb_err *err)
{
	struct places p = { .has_daemons = false };
	int rc, fd;

	rc = vb_outer_choose(l->opt->accel, &l->emulated, err);
	if (rc == 0)
		rc = find_places(l->opt, &p, err);
	if (rc == 0 && l->opt->log_dir && mkdir(l->opt->log_dir, 0777) < 0 && errno != EEXIST)
		rc = vb_fail(err, -EINVAL, "cannot make %s: %s", l->opt->log_dir, strerror(errno));
	if (rc < 0)
		return rc;
	fd = open_initrd(l, &p, err);
	if (fd < 0)
		return fd;
	rc = l->emulated ? vb_launch_inside(l, p.cache, p.kernel, fd, err) :
			   run_here(l, p.kernel, fd, err);
	close(fd);
	return rc;
}
