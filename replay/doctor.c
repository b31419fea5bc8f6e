/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/doctor.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/findings.h"
#include "dissectors/sinks.h"
#include "replay/host/model.h"
#include "replay/launch.h"
#include "replay/outer/doctor.h"
#include "replay/setup/setup.h"

static void look_at_machine(struct vb_findings *d, const char *option)
{
	struct vb_err err = { "" };
	char cache[PATH_MAX];

	if (vb_setup_cache(option, cache, &err) < 0)
		vb_findings_tell(d, VB_BAD, "cache", err.text, "");
	else if (vb_outer_doctor(cache, d->found, d->ctx) < 0)
		d->bad = true;
}

static void look_at_vmbusdump(struct vb_findings *d)
{
	static const char name[] = VB_LAUNCH_VMBUSDUMP;
	char path[PATH_MAX];

	vb_launch_vmbusdump(path, sizeof(path));
	if (access(path, X_OK) == 0)
		vb_findings_tell(d, VB_GOOD, name, path, "");
	else
		vb_findings_tell(d, VB_WARN, name,
				 "not beside this program: --capture needs --vmbusdump", "");
}

static void look_at_devices(struct vb_findings *d)
{
	struct vb_buf names = { 0 };
	size_t n;
	const struct vb_model *const *models = vb_models(&n);

	for (size_t i = 0; i < n; i++)
		vb_buf_fmt(&names, "%s%s", i ? ", " : "", models[i]->name);
	vb_findings_tell(d, n ? VB_GOOD : VB_BAD, "devices", n ? names.data : "none", "");
	vb_buf_done(&names);
}

int vb_replay_doctor(const char *cache, void (*found)(void *ctx, const struct vb_finding *f),
		     void *ctx)
{
	struct vb_findings d = { .found = found, .ctx = ctx };

	look_at_machine(&d, cache);
	look_at_vmbusdump(&d);
	look_at_devices(&d);
	return d.bad ? -ENOTSUP : 0;
}
