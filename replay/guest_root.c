/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/guest_root.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/cpio.h"
#include "replay/guest_files.h"
#include "replay/modules.h"

/* The driver of each device, and the daemon that it talks to. */
static const struct {
	const char *device, *module, *daemon, *device_file;
} drivers[] = {
	{ "heartbeat", "hv_utils", NULL, NULL },
	{ "shutdown", "hv_utils", NULL, NULL },
	{ "timesync", "hv_utils", NULL, NULL },
	{ "kvp", "hv_utils", "hv_kvp_daemon", "/dev/vmbus/hv_kvp" },
	{ "vss", "hv_utils", "hv_vss_daemon", "/dev/vmbus/hv_vss" },
	{ "fcopy", "hv_utils", "hv_fcopy_daemon", "/dev/vmbus/hv_fcopy" },
	/* where file copy is not in hv_utils any more, a daemon reads the ring itself */
	{ "fcopy", "uio_hv_generic", "hv_fcopy_uio_daemon", "/dev/uio0" },
	{ "netvsc", "hv_netvsc", NULL, NULL },
	/* disks, DVDs and SCSI commands by name: there before the first device is found */
	{ "scsi", "sd_mod", NULL, NULL },
	{ "scsi", "sr_mod", NULL, NULL },
	{ "scsi", "sg", NULL, NULL },
	{ "scsi", "hv_storvsc", NULL, NULL },
	{ "ide", "sd_mod", NULL, NULL },
	{ "ide", "sg", NULL, NULL },
	{ "ide", "hv_storvsc", NULL, NULL },
	{ "fc", "sd_mod", NULL, NULL },
	{ "fc", "sg", NULL, NULL },
	{ "fc", "hv_storvsc", NULL, NULL },
	{ "balloon", "hv_balloon", NULL, NULL },
};

#define N_DRIVERS (sizeof(drivers) / sizeof(*drivers))

/* Modules that workloads may want: they are there, and nobody loads them. */
static const char *const extras[] = { "brd", "loop", "dummy", "8021q" };

bool vb_list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, word, len) == 0 && (!p[len] || p[len] == ',' || p[len] == '.'))
			return true;
	}
	return false;
}

static bool has_daemon(const struct vb_guest_root *r, const char *name)
{
	char path[PATH_MAX];

	return r->daemons && name &&
	       snprintf(path, sizeof(path), "%s/usr/sbin/%s", r->daemons, name) <
		       (int)sizeof(path) &&
	       access(path, X_OK) == 0;
}

/* ---- steps ---- */

static bool is_uio(size_t driver)
{
	return strcmp(drivers[driver].module, "uio_hv_generic") == 0;
}

/* The driver is wanted: for file copy that depends on the daemon that the kernel's package has. */
static bool wants(const struct vb_guest_root *r, size_t driver)
{
	if (!vb_list_has(r->devices, drivers[driver].device))
		return false;
	return !is_uio(driver) || has_daemon(r, drivers[driver].daemon);
}

static void add_loads(const struct vb_module_list *list, struct vb_buf *out)
{
	for (size_t i = 0; i < list->n; i++)
		vb_buf_fmt(out, "load /lib/modules/%s.ko\n", list->modules[i].name);
}

/* File copy's class, for a driver that serves any device it is told of. */
static void add_uio(struct vb_buf *out)
{
	vb_buf_str(out, "write /sys/bus/vmbus/drivers/uio_hv_generic/new_id "
			"34d14be3-dee4-41c8-9ae7-6b174977c192\n");
}

/* A step for each word of a list with commas, which may be NULL. */
static void add_each(const char *step, const char *list, struct vb_buf *out)
{
	const char *at = list ? list : "";

	while (*at) {
		size_t n = strcspn(at, ",");

		vb_buf_fmt(out, "%s %.*s\n", step, (int)n, at);
		at += n + (at[n] == ',');
	}
}

void vb_guest_root_steps(const struct vb_guest_root *r, const struct vb_module_list *early,
			 const struct vb_module_list *late, struct vb_buf *out)
{
	/*
	 * vmbusdump waits for a hv_vmbus that comes later, and so sees all of the bus. It shares one
	 * processor with what it watches: a file copy of 10 MB is over before it gets its turn, and
	 * has to fit into the kernel's buffer.
	 */
	if (r->vmbusdump)
		vb_buf_fmt(out,
			   "capture /bin/vmbusdump -i any -B 32768 --payload %u "
			   "-w /out/" VB_GUEST_CAPTURE "\n",
			   r->payload);
	add_loads(early, out);
	if (r->vmbusdump && early->n > 0)
		vb_buf_str(out, "captured\n");
	add_loads(late, out);
	for (size_t i = 0; i < N_DRIVERS; i++)
		if (wants(r, i) && is_uio(i))
			add_uio(out);
	vb_buf_str(out, "settle\n");
	for (size_t i = 0; i < N_DRIVERS; i++)
		if (wants(r, i) && has_daemon(r, drivers[i].daemon))
			vb_buf_fmt(out, "daemon %s /usr/sbin/%s -n\n", drivers[i].device_file,
				   drivers[i].daemon);
	add_each("interface", r->interfaces, out);
	add_each("disks", r->disks, out);
	vb_buf_str(out, r->workload ? "workload /workload\n" : "wait\n");
}

/* ---- packing ---- */

struct packing {
	const struct vb_guest_root *r;
	struct vb_cpio cpio;
	struct vb_module_list early, late, extra;
	struct vb_err *err;
};

static int find_modules(struct packing *p)
{
	struct vb_module_dir dir;
	int rc = p->r->modules ? vb_module_dir_scan(p->r->modules, &dir, p->err) : 1;

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = vb_module_list_add(&p->early, &dir, "hv_vmbus", p->err);
	for (size_t i = 0; i < N_DRIVERS && rc == 0; i++)
		if (wants(p->r, i))
			rc = vb_module_list_add(&p->late, &dir, drivers[i].module, p->err);
	if (rc == 0 && p->r->vlans)
		rc = vb_module_list_add(&p->late, &dir, "8021q", p->err);
	for (size_t i = 0; i < sizeof(extras) / sizeof(*extras) && rc == 0; i++)
		rc = vb_module_list_add(&p->extra, &dir, extras[i], p->err);
	vb_module_dir_done(&dir);
	return rc;
}

/* What is in an earlier list needs no second loading. */
static void drop_twice(struct vb_module_list *list, const struct vb_module_list *earlier)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct vb_module m = list->modules[i];
		bool twice = false;

		for (size_t k = 0; k < earlier->n; k++)
			twice |= strcmp(earlier->modules[k].name, m.name) == 0;
		if (!twice) {
			list->modules[kept++] = m;
			continue;
		}
		free(m.name);
		free(m.bytes);
	}
	list->n = kept;
}

static int pack_modules(struct packing *p, const struct vb_module_list *list)
{
	char name[128];
	int rc = 0;

	for (size_t i = 0; i < list->n && rc == 0; i++) {
		const struct vb_module *m = &list->modules[i];

		snprintf(name, sizeof(name), "lib/modules/%s.ko", m->name);
		rc = vb_cpio_bytes(&p->cpio, name, 0644, m->bytes, m->len, p->err);
	}
	return rc;
}

static int pack_entry(struct packing *p, const FTSENT *e, size_t root_len)
{
	const char *name = e->fts_path + root_len;
	char target[PATH_MAX];
	ssize_t n;

	if (e->fts_info == FTS_F)
		return vb_cpio_file(&p->cpio, name, e->fts_statp->st_mode & 0777, e->fts_path,
				    p->err);
	if (e->fts_info != FTS_SL && e->fts_info != FTS_SLNONE)
		return 0; /* directories are made by what is in them */
	n = readlink(e->fts_path, target, sizeof(target) - 1);
	if (n < 0)
		return vb_fail(p->err, -errno, "cannot read %s: %s", e->fts_path, strerror(errno));
	target[n] = '\0';
	return vb_cpio_symlink(&p->cpio, name, target, p->err);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* All below a directory, in an order that does not change. */
static int pack_tree(struct packing *p, const char *dir)
{
	char *copy = strdup(dir), *roots[] = { copy, NULL };
	FTS *fts = copy ? fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name) : NULL;
	int rc = fts ? 0 : vb_fail(p->err, -ENOMEM, "not enough memory");
	FTSENT *e;

	while (rc == 0 && (e = fts_read(fts)))
		rc = pack_entry(p, e, strlen(dir));
	if (fts)
		fts_close(fts);
	free(copy);
	return rc;
}

static int pack_added(struct packing *p, const char *spec)
{
	const char *colon = strrchr(spec, ':');
	char path[PATH_MAX];
	struct stat st;

	if (!colon || (size_t)(colon - spec) >= sizeof(path))
		return vb_fail(p->err, -EINVAL, "--add %s: write FILE:PATH", spec);
	memcpy(path, spec, (size_t)(colon - spec));
	path[colon - spec] = '\0';
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return vb_fail(p->err, -EINVAL, "--add %s: %s is no file", spec, path);
	return vb_cpio_file(&p->cpio, colon + 1, st.st_mode & 0777, path, p->err);
}

static int pack_agent(struct packing *p)
{
	static const char *const names[] = { "bin/host", "sbin/poweroff", "sbin/reboot",
					     "sbin/halt" };
	int rc = vb_cpio_bytes(&p->cpio, "init", 0755, p->r->agent, p->r->agent_len, p->err);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && rc == 0; i++)
		rc = vb_cpio_symlink(&p->cpio, names[i], "/init", p->err);
	return rc;
}

static int pack_programs(struct packing *p)
{
	const struct vb_guest_root *r = p->r;
	int rc = vb_cpio_file(&p->cpio, "bin/busybox", 0755, r->busybox, p->err);

	if (rc == 0)
		rc = vb_cpio_symlink(&p->cpio, "bin/sh", "busybox", p->err);
	if (rc == 0 && r->vmbusdump)
		rc = vb_cpio_file(&p->cpio, "bin/vmbusdump", 0755, r->vmbusdump, p->err);
	if (rc == 0 && r->workload)
		rc = vb_cpio_file(&p->cpio, "workload", 0755, r->workload, p->err);
	if (rc == 0 && r->daemons)
		rc = pack_tree(p, r->daemons);
	for (size_t i = 0; i < r->n_add && rc == 0; i++)
		rc = pack_added(p, r->add[i]);
	return rc;
}

static int pack_steps(struct packing *p)
{
	struct vb_buf steps = { 0 };
	int rc;

	vb_guest_root_steps(p->r, &p->early, &p->late, &steps);
	rc = steps.failed ? vb_fail(p->err, -ENOMEM, "not enough memory") :
			    vb_cpio_bytes(&p->cpio, "etc/vmbus-agent", 0644, steps.data, steps.len,
					  p->err);
	vb_buf_done(&steps);
	return rc;
}

int vb_guest_root_pack(const struct vb_guest_root *r, int fd, struct vb_err *err)
{
	struct packing p = { .r = r, .err = err };
	int rc;

	vb_cpio_init(&p.cpio, fd, "the guest's initramfs");
	rc = find_modules(&p);
	drop_twice(&p.late, &p.early);
	drop_twice(&p.extra, &p.early);
	drop_twice(&p.extra, &p.late);
	if (rc == 0)
		rc = pack_agent(&p);
	if (rc == 0)
		rc = pack_programs(&p);
	if (rc == 0)
		rc = pack_modules(&p, &p.early);
	if (rc == 0)
		rc = pack_modules(&p, &p.late);
	if (rc == 0)
		rc = pack_modules(&p, &p.extra);
	if (rc == 0)
		rc = pack_steps(&p);
	if (rc == 0)
		rc = vb_cpio_end(&p.cpio, err);
	vb_cpio_done(&p.cpio);
	vb_module_list_done(&p.early);
	vb_module_list_done(&p.late);
	vb_module_list_done(&p.extra);
	return rc;
}
