/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/doctor.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dissectors/sinks.h"
#include "replay/host/model.h"
#include "replay/outer/outer.h"
#include "replay/setup/setup.h"
#include "replay/vmm/vm.h"

struct doctor {
	void (*found)(void *ctx, const struct vb_finding *f);
	void *ctx;
	bool bad;
};

static void tell(struct doctor *d, int verdict, const char *subject, const char *detail,
		 const char *remedy)
{
	struct vb_finding f = { .subject = subject, .detail = detail, .remedy = remedy };

	f.verdict = verdict == VB_BAD ? VB_BAD : verdict == VB_WARN ? VB_WARN : VB_GOOD;
	d->bad |= verdict == VB_BAD;
	d->found(d->ctx, &f);
}

static void look_at_machine(struct doctor *d)
{
	struct vb_err err = { "" };
	bool emulated;

	if (vb_vm_possible(&err) == 0) {
		tell(d, VB_GOOD, "KVM", "emulates Hyper-V: guests run on this machine's processor",
		     "");
		return;
	}
	tell(d, VB_WARN, "KVM", err.text, "");
	if (vb_outer_choose(VB_ACCEL_EMULATED, &emulated, &err) == 0)
		tell(d, VB_GOOD, "emulation", "guests run inside an emulated machine, slower", "");
	else
		tell(d, VB_BAD, "emulation", err.text, "install qemu-system-x86");
}

static void look_at(struct doctor *d, const char *cache, enum vb_setup_item item,
		    const char *kernel, const char *subject, int verdict)
{
	struct vb_err err = { "" };
	char path[PATH_MAX];

	if (vb_setup_path(cache, item, kernel, path, &err) == 0)
		tell(d, VB_GOOD, subject, path, "");
	else
		tell(d, verdict, subject, err.text, "");
}

static void look_at_cache(struct doctor *d, const char *option)
{
	struct vb_err err = { "" };
	char cache[PATH_MAX];

	if (vb_setup_cache(option, cache, &err) < 0) {
		tell(d, VB_BAD, "cache", err.text, "");
		return;
	}
	look_at(d, cache, VB_SETUP_IMAGE, VB_SETUP_KERNEL, "kernel " VB_SETUP_KERNEL, VB_BAD);
	look_at(d, cache, VB_SETUP_MODULES, VB_SETUP_KERNEL, "its modules", VB_BAD);
	look_at(d, cache, VB_SETUP_DAEMONS, VB_SETUP_KERNEL, "its daemons", VB_WARN);
	look_at(d, cache, VB_SETUP_BUSYBOX, NULL, "busybox", VB_BAD);
}

static void look_at_vmbusdump(struct doctor *d)
{
	static const char name[] = "vmbusdump-static";
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof(name));
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash ? slash + 1 : path, name);
	if (access(path, X_OK) == 0)
		tell(d, VB_GOOD, name, path, "");
	else
		tell(d, VB_WARN, name, "not beside this program: --capture needs --vmbusdump", "");
}

static void look_at_devices(struct doctor *d)
{
	struct vb_buf names = { 0 };
	size_t n;
	const struct vb_model *const *models = vb_models(&n);

	for (size_t i = 0; i < n; i++)
		vb_buf_fmt(&names, "%s%s", i ? ", " : "", models[i]->name);
	tell(d, n ? VB_GOOD : VB_BAD, "devices", n ? names.data : "none", "");
	vb_buf_done(&names);
}

int vb_replay_doctor(const char *cache, void (*found)(void *ctx, const struct vb_finding *f),
		     void *ctx)
{
	struct doctor d = { .found = found, .ctx = ctx };

	look_at_machine(&d);
	look_at_cache(&d, cache);
	look_at_vmbusdump(&d);
	look_at_devices(&d);
	tell(&d, VB_WARN, "untested here",
	     "KVM that emulates Hyper-V itself, Intel processors, arm64", "");
	return d.bad ? -ENOTSUP : 0;
}
