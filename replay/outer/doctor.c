/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/outer/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "capture/child.h"
#include "capture/findings.h"
#include "dissectors/sinks.h"
#include "replay/outer/command.h"
#include "replay/setup/setup.h"
#include "replay/vmm/vm.h"

#define MIN_MIB 1024u	  /* a guest, the inner machine around it, and the emulator */
#define MIN_ROOM_MIB 256u /* an initramfs that has another one inside, and what comes out */

struct doctor {
	struct vb_findings told;
	const char *cache;
	bool kvm; /* guests run on it; nothing is emulated */
};

/* ---- what guests run on ---- */

static void check_machine(struct doctor *d)
{
	struct utsname uts = { .machine = "?" };
	struct vb_err why = { "" };

	uname(&uts);
	vb_findings_tell(&d->told, strcmp(uts.machine, "x86_64") ? VB_BAD : VB_GOOD, "processor",
			 uts.machine, "guests are machines for x86-64, and so has this one to be");
	d->kvm = !vb_vm_possible(&why);
	if (d->kvm)
		vb_findings_tell(
			&d->told, VB_GOOD, "KVM with Hyper-V",
			"guests run on it; not tested by this project, least of all on Intel's "
			"processors (--accel emulated is what was tested)",
			"");
	else
		vb_findings_tell(&d->told, VB_WARN, "KVM with Hyper-V", why.text,
				 "nothing: the machine is emulated instead, which is slower");
	vb_findings_tell(
		&d->told, VB_GOOD, "tested by this project",
		"emulation on x86-64; never tried: KVM that emulates Hyper-V itself, Intel's "
		"processors, arm64",
		"");
}

/* The first line it prints. */
static void read_version(char *ret, size_t size)
{
	struct vb_child c;
	struct vb_err err = { "" };
	ssize_t n;

	snprintf(ret, size, "%s", "of unknown version");
	if (vb_child_start(VB_OUTER_EMULATOR " --version", &c, &err))
		return;
	n = read(c.fd, ret, size - 1);
	ret[n > 0 ? n : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	vb_child_stop(&c);
}

static void check_emulator(struct doctor *d)
{
	static const char remedy[] = "install qemu-system-x86";
	char path[PATH_MAX], version[128];
	struct vb_err err = { "" };

	if (vb_outer_find_emulator(path, sizeof(path), &err)) {
		vb_findings_tell(&d->told, d->kvm ? VB_WARN : VB_BAD, VB_OUTER_EMULATOR,
				 "not installed", remedy);
		return;
	}
	read_version(version, sizeof(version));
	vb_findings_tell(&d->told, VB_GOOD, VB_OUTER_EMULATOR, version, "");
	if (vb_outer_is_static("/proc/self/exe", &err))
		vb_findings_tell(&d->told, d->kvm ? VB_WARN : VB_BAD, "this program", err.text,
				 "build it with VB_STATIC=ON");
}

/* ---- the cache ---- */

/* First line of a file; "" if there is none. */
static void first_words(const char *path, char *ret, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n;

	ret[0] = '\0';
	if (f && !fgets(ret, (int)size, f))
		ret[0] = '\0';
	if (f)
		fclose(f);
	n = strcspn(ret, "\n");
	while (n && ret[n - 1] == ' ')
		n--;
	ret[n] = '\0';
}

static void check_item(struct doctor *d, const char *subject, enum vb_setup_item item,
		       const char *kernel, enum vb_verdict missing)
{
	char path[PATH_MAX], version[PATH_MAX], remedy[128];
	struct vb_err err = { "" };
	const char *run;

	if (!vb_setup_path(d->cache, item, kernel, path, &err)) {
		if (item == VB_SETUP_VERSION)
			first_words(path, version, sizeof(version));
		vb_findings_tell(&d->told, VB_GOOD, subject,
				 item == VB_SETUP_VERSION ? version : path, "");
		return;
	}
	run = strstr(err.text, "run ");
	snprintf(remedy, sizeof(remedy), "%s", run ? run : "run vmbusreplay setup");
	vb_findings_tell(&d->told, missing, subject, "not in the cache", remedy);
}

/* A kernel besides the default one. */
static int is_other(const struct dirent *e)
{
	return e->d_name[0] != '.' && strcmp(e->d_name, VB_SETUP_KERNEL);
}

/* None of them is needed. */
static void check_kernels(struct doctor *d)
{
	char path[PATH_MAX], subject[128];
	struct dirent **list = NULL;
	int n;

	snprintf(path, sizeof(path), "%s/kernel", d->cache);
	n = scandir(path, &list, is_other, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(subject, sizeof(subject), "kernel %.100s", list[i]->d_name);
		check_item(d, subject, VB_SETUP_VERSION, list[i]->d_name, VB_WARN);
		free(list[i]);
	}
	free(list);
}

static void check_cache(struct doctor *d)
{
	vb_findings_tell(&d->told, VB_GOOD, "cache", d->cache, "");
	check_item(d, "kernel " VB_SETUP_KERNEL, VB_SETUP_VERSION, VB_SETUP_KERNEL, VB_BAD);
	check_item(d, "busybox", VB_SETUP_BUSYBOX, NULL, VB_BAD);
	check_item(d, "daemons of Hyper-V", VB_SETUP_DAEMONS, VB_SETUP_KERNEL, VB_WARN);
	check_kernels(d);
}

/* ---- room ---- */

static void check_memory(struct doctor *d)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	char line[128], detail[64];

	while (f && fgets(line, sizeof(line), f) &&
	       sscanf(line, "MemAvailable: %llu kB", &kib) != 1)
		;
	if (f)
		fclose(f);
	snprintf(detail, sizeof(detail), "%llu MiB available", kib / 1024);
	vb_findings_tell(&d->told, kib / 1024 < MIN_MIB ? VB_WARN : VB_GOOD, "memory", detail,
			 "a guest and the machine around it take about a gigabyte");
}

static void check_room(struct doctor *d)
{
	const char *tmp = getenv("TMPDIR");
	char detail[PATH_MAX + 64];
	struct statvfs s;
	unsigned long long mib;

	tmp = tmp && *tmp ? tmp : "/tmp";
	if (statvfs(tmp, &s)) {
		vb_findings_tell(&d->told, VB_BAD, "temporary files", strerror(errno),
				 "name a directory in TMPDIR");
		return;
	}
	mib = (unsigned long long)s.f_bavail * s.f_frsize / (1024ull * 1024u);
	snprintf(detail, sizeof(detail), "%llu MiB free in %s", mib, tmp);
	vb_findings_tell(&d->told, mib < MIN_ROOM_MIB ? VB_WARN : VB_GOOD, "temporary files",
			 detail, "name a directory with more room in TMPDIR");
}

int vb_outer_doctor(const char *cache, void (*found)(void *ctx, const struct vb_finding *f),
		    void *ctx)
{
	struct doctor d = { .told = { .found = found, .ctx = ctx }, .cache = cache };

	check_machine(&d);
	check_emulator(&d);
	check_cache(&d);
	check_memory(&d);
	check_room(&d);
	return d.told.bad ? -ENOTSUP : 0;
}
