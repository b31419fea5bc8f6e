/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether this machine can capture, and why not: what --doctor tells. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "capture/findings.h"
#include "capture/source_bpf.h"
#include "dissectors/sinks.h"

static const char vmlinux_btf[] = "/sys/kernel/btf/vmlinux";
static const char module_btf[] = "/sys/kernel/btf/hv_vmbus";

struct doctor {
	struct vb_findings told;
	struct btf *base, *module; /* module: NULL when hv_vmbus is built in or not there */
};

/* ---- machine ---- */

static void check_machine(struct doctor *d)
{
	struct utsname uts;

	if (vb_source_bpf_possible())
		vb_findings_tell(&d->told, VB_GOOD, "hypervisor", "Hyper-V", "");
	else
		vb_findings_tell(
			&d->told, VB_BAD, "hypervisor", "this is no Hyper-V guest",
			"capture in a guest of Hyper-V or Azure; traces can be read anywhere");
	if (!uname(&uts))
		vb_findings_tell(&d->told, VB_GOOD, "kernel", uts.release, "");
	if (vb_bus_is_up())
		vb_findings_tell(&d->told, VB_GOOD, "VMBus driver", "hv_vmbus is running", "");
	else
		vb_findings_tell(
			&d->told, VB_WARN, "VMBus driver", "hv_vmbus is not loaded",
			"modprobe hv_vmbus; or start the capture first: it waits for the module");
}

static void check_capabilities(struct doctor *d)
{
	static const struct {
		unsigned int bit;
		const char *name, *what;
	} needed[] = {
		{ 39, "CAP_BPF", "to load the probes" },
		{ 38, "CAP_PERFMON", "to attach them" },
		{ 21, "CAP_SYS_ADMIN", "to read the types of modules" },
	};
	unsigned long long caps = 0;
	char line[256], subject[32], detail[64];
	FILE *f = fopen("/proc/self/status", "re");
	size_t i;
	bool has;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	}
	if (f)
		fclose(f);
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		has = caps >> needed[i].bit & 1;
		snprintf(subject, sizeof(subject), "%s", needed[i].name);
		snprintf(detail, sizeof(detail), "%s, needed %s", has ? "present" : "missing",
			 needed[i].what);
		vb_findings_tell(&d->told, has ? VB_GOOD : VB_BAD, subject, detail,
				 "run as root or with CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN");
	}
}

static void check_lockdown(struct doctor *d)
{
	FILE *f = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "";

	if (!f) {
		vb_findings_tell(&d->told, VB_GOOD, "lockdown", "not in use", "");
		return;
	}
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	if (strstr(line, "[confidentiality]"))
		vb_findings_tell(
			&d->told, VB_BAD, "lockdown", line,
			"boot without lockdown=confidentiality: it forbids reading kernel memory");
	else
		vb_findings_tell(&d->told, VB_GOOD, "lockdown", line, "");
}

/* ---- types ---- */

static bool has_channel(const struct btf *btf)
{
	return btf && btf__find_by_name_kind(btf, "vmbus_channel", BTF_KIND_STRUCT) > 0;
}

static void check_types(struct doctor *d)
{
	if (!access(vmlinux_btf, R_OK))
		d->base = btf__parse(vmlinux_btf, NULL);
	if (!d->base) {
		vb_findings_tell(&d->told, VB_BAD, "BTF of the kernel", "missing or unreadable",
				 "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y");
		return;
	}
	vb_findings_tell(&d->told, VB_GOOD, "BTF of the kernel", vmlinux_btf, "");
	if (!access(module_btf, R_OK))
		d->module = btf__parse_split(module_btf, d->base);
	if (has_channel(d->module))
		vb_findings_tell(&d->told, VB_GOOD, "BTF of hv_vmbus", module_btf, "");
	else if (has_channel(d->base))
		vb_findings_tell(&d->told, VB_GOOD, "BTF of hv_vmbus", "built in, in the kernel's",
				 "");
	else if (!vb_bus_is_up())
		vb_findings_tell(&d->told, VB_WARN, "BTF of hv_vmbus", "hv_vmbus is not loaded",
				 "load hv_vmbus and look again");
	else
		vb_findings_tell(
			&d->told, VB_BAD, "BTF of hv_vmbus", "missing",
			"boot a kernel built with CONFIG_DEBUG_INFO_BTF_MODULES=y (5.11 or later)");
}

/* ---- functions ---- */

/* "*name" for a pointer to a structure or to void, else the name; skips const and volatile. */
static void type_name(const struct btf *btf, uint32_t id, char *buf, size_t size)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	bool pointer = false;

	while (t && (btf_is_mod(t) || btf_is_ptr(t))) {
		pointer |= btf_is_ptr(t);
		id = t->type;
		t = btf__type_by_id(btf, id);
	}
	snprintf(buf, size, "%s%s", pointer ? "*" : "",
		 id && t ? btf__name_by_offset(btf, t->name_off) : "void");
}

/* Whether the function's arguments begin with those that are wanted. */
static bool args_match(const struct btf *btf, const struct btf_type *func, const char *wanted)
{
	const struct btf_type *proto = btf__type_by_id(btf, func->type);
	const struct btf_param *param = btf_params(proto);
	unsigned int i = 0, n = btf_vlen(proto);
	char word[64], have[64];
	int used;

	while (sscanf(wanted, " %63s%n", word, &used) == 1) {
		wanted += used;
		if (i == n)
			return false;
		type_name(btf, param[i++].type, have, sizeof(have));
		if (strcmp(word, have))
			return false;
	}
	return true;
}

/* What is known of a hook: address, and whether ftrace serves it; a breakpoint does otherwise. */
struct place {
	uint64_t addr;
	bool traced;
};

#define MAX_HOOKS 40

static void find_places(struct place *ret, const struct vb_hook *h, size_t n)
{
	const char *names[MAX_HOOKS];
	uint64_t addrs[MAX_HOOKS] = { 0 };
	FILE *f = fopen("/sys/kernel/tracing/available_filter_functions", "re");
	char line[256], name[128];
	size_t i;

	for (i = 0; i < n; i++)
		names[i] = h[i].function;
	vb_kernel_symbols(names, n, addrs);
	for (i = 0; i < n; i++) {
		ret[i].addr = addrs[i];
		ret[i].traced = !f; /* not known: nothing to complain about */
	}
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%127s", name) != 1)
			continue;
		for (i = 0; i < n; i++)
			ret[i].traced |= !strcmp(name, names[i]);
	}
	if (f)
		fclose(f);
}

static void check_tracepoint(struct doctor *d, const struct vb_hook *h, const struct btf *btf)
{
	char name[192];
	int id;

	snprintf(name, sizeof(name), "btf_trace_%s", h->function);
	id = btf ? btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF) : -ENOENT;
	vb_findings_tell(&d->told, id > 0 ? VB_GOOD : VB_BAD, h->function,
			 id > 0 ? "tracepoint" : "tracepoint, not in BTF",
			 "this kernel lacks the tracepoint: report it with the kernel's release");
}

static void check_function(struct doctor *d, const struct vb_hook *h, const struct place *place)
{
	const struct btf *btf = has_channel(d->module) ? d->module : d->base;
	int id = btf ? btf__find_by_name_kind(btf, h->function, BTF_KIND_FUNC) : -ENOENT;
	enum vb_verdict bad = h->optional ? VB_WARN : VB_BAD;
	char detail[192];

	if (!place->addr && id <= 0 && h->set == VB_SET_OTHER_MODULE) {
		snprintf(detail, sizeof(detail), "not there: %s is not loaded", h->module);
		vb_findings_tell(&d->told, VB_GOOD, h->function, detail, "");
	} else if (!place->addr && id <= 0 && h->set == VB_SET_BUFFER) {
		vb_findings_tell(&d->told, VB_GOOD, h->function,
				 "not there: no driver of this kernel needs it", "");
	} else if (!place->addr && id <= 0) {
		vb_findings_tell(&d->told, bad, h->function, "no such function",
				 "report it with the kernel's release");
	} else if (id > 0 && h->args &&
		   !args_match(btf, btf__type_by_id(btf, (uint32_t)id), h->args)) {
		snprintf(detail, sizeof(detail), "its arguments are not (%s, ...)", h->args);
		vb_findings_tell(&d->told, bad, h->function, detail,
				 "report it with the kernel's release");
	} else {
		snprintf(detail, sizeof(detail), "%s%s",
			 id <= 0 || !h->args ? "kprobe" :
			 place->traced	     ? "fentry or kprobe" :
					       "kprobe by a breakpoint (slower)",
			 id > 0 && h->args ? ", arguments as expected" : "");
		vb_findings_tell(&d->told, VB_GOOD, h->function, detail, "");
	}
}

static void check_symbols(struct doctor *d)
{
	static const char *const names[] = { "vmbus_connection", "vmbus_proto_version" };
	uint64_t addr[2] = { 0, 0 };

	vb_kernel_symbols(names, 2, addr);
	if (addr[0] && addr[1])
		vb_findings_tell(&d->told, VB_GOOD, "kernel symbols", "addresses are visible", "");
	else
		vb_findings_tell(&d->told, VB_BAD, "kernel symbols", "addresses are hidden",
				 "run as root, and with sysctl kernel.kptr_restrict=1 or 0");
}

static void check_hooks(struct doctor *d)
{
	struct place places[MAX_HOOKS];
	size_t i, n;
	const struct vb_hook *h = vb_hooks(&n);

	if (n > MAX_HOOKS)
		n = MAX_HOOKS;
	find_places(places, h, n);
	for (i = 0; i < n; i++) {
		if (i && !strcmp(h[i].function, h[i - 1].function))
			continue; /* entry and return of the same */
		if (h[i].kind == VB_HOOK_TRACEPOINT)
			check_tracepoint(d, &h[i], has_channel(d->module) ? d->module : d->base);
		else if (h[i].set & (VB_SET_TRACING | VB_SET_TRACING_SIGNAL | VB_SET_OTHER_MODULE |
				     VB_SET_BUFFER))
			check_function(d, &h[i], &places[i]);
	}
}

/* ---- devices ---- */

static void check_device(void *ctx, const struct vb_device *dev, uint32_t n_channels)
{
	char subject[VB_GUID_TEXT + 32], guid[VB_GUID_TEXT];
	struct doctor *d = ctx;

	(void)n_channels;
	if (!dev->bypassed)
		return;
	vb_guid_text(dev->instance, guid);
	snprintf(subject, sizeof(subject), "%s %s", vb_class_by_code(dev->class)->name, guid);
	vb_findings_tell(
		&d->told, VB_WARN, subject, "bypassed: user space has its rings, past all probes",
		"its packets cannot be captured, unless a driver of the kernel is bound to it");
}

int vb_source_bpf_doctor(void (*found)(void *ctx, const struct vb_finding *f), void *ctx)
{
	struct doctor d = { .told = { .found = found, .ctx = ctx } };
	struct vb_err err;

	check_machine(&d);
	check_capabilities(&d);
	check_lockdown(&d);
	check_types(&d);
	if (vb_bus_is_up()) {
		check_symbols(&d);
		check_hooks(&d);
		vb_source_bpf_list(check_device, &d, &err);
	} else if (access("/sys/kernel/tracing/kprobe_events", W_OK) &&
		   access("/sys/kernel/debug/tracing/kprobe_events", W_OK)) {
		vb_findings_tell(
			&d.told, VB_WARN, "tracefs", "not there, or not writable",
			"mount -t tracefs tracefs /sys/kernel/tracing, to wait for hv_vmbus");
	}
	btf__free(d.module);
	btf__free(d.base);
	return d.told.bad ? -ENOTSUP : 0;
}

int vb_environment_fail(struct vb_err *err, int code, const char *what)
{
	if (code == -EPERM || code == -EACCES)
		return vb_fail(err, -ENOTSUP,
			       "%s: permission denied; run as root or with CAP_BPF, CAP_PERFMON "
			       "and CAP_SYS_ADMIN",
			       what);
	return vb_fail(err, code == -ENOMEM ? -ENOMEM : -ENOTSUP, "%s: %s; --doctor tells more",
		       what, strerror(-code));
}

int vb_environment_check(struct vb_err *err)
{
	if (!vb_source_bpf_possible())
		return vb_fail(err, -ENOTSUP,
			       "this is no Hyper-V guest: there is no VMBus to capture from");
	if (access("/sys/kernel/btf/vmlinux", F_OK))
		return vb_fail(err, -ENOTSUP,
			       "kernel has no BTF: boot one built with CONFIG_DEBUG_INFO_BTF=y "
			       "(Debian's and Ubuntu's are)");
	return 0;
}
