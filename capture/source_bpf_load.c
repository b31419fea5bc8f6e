/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads the probes and attaches them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "capture/source_bpf.h"
#include "vmbus.skel.h"

/* No Linux driver writes or accepts a longer packet; more would only cost memory per CPU. */
#define MAX_SNAPLEN 65536u
/* Bytes of a packet and of what it refers to: with tags and header they are a record of the trace. */
#define MAX_RECORD (262144u - 24u - VB_RECORD_HEADER_LEN - 8u)
/* Head, and data or a control message, of what is copied at once. */
#define MIN_COPY 2048u
#define MAX_COPY 65536u
#define MAX_LINKS 32

struct vb_probes {
	struct vb_probes_options opt;
	struct vmbus_bpf *early; /* control messages only, before hv_vmbus is there */
	struct vmbus_bpf *full;
	struct vb_early *events; /* of early */
	struct vb_early *later;	 /* of full, in modules to come */
	struct {
		struct bpf_link *link;
		const struct vb_hook *hook;
	} links[MAX_LINKS];
	size_t n_links;
	struct vb_rings *rings;
	int channels_fd, sequences_fd; /* shared by both sets of programs */
	struct vb_bpf_channel *channels;
	char names[512];
	struct vb_filter_object *filter;
	const char *obstacle;		    /* to it */
	bool filters;			    /* what is loaded next does */
	uint64_t symbols[VB_BPF_N_SYMBOLS]; /* addresses, see enum vb_bpf_symbol */
};

#define CHANNELS_LEN (VB_BPF_MAX_RELIDS * sizeof(struct vb_bpf_channel))

/* ---- loading ---- */

static uint32_t clamp(uint32_t value, uint32_t least, uint32_t most)
{
	return value < least ? least : value > most ? most : value;
}

static int size_maps(struct vb_probes *p, struct vmbus_bpf *skel)
{
	const uint32_t snaplen = skel->rodata->snaplen, max_copy = skel->rodata->max_copy;
	/* programs look whether one length is in bounds, and then whether the next is */
	uint32_t room = skel->rodata->max_len + (snaplen > max_copy ? snaplen : max_copy) + 8;
	unsigned int n_cpus = vb_rings_n_cpus(p->rings);
	int rc;

	rc = bpf_map__set_max_entries(skel->maps.rings, n_cpus);
	if (!rc)
		rc = bpf_map__set_max_entries(skel->maps.scratch, VB_BPF_N_SCRATCH * n_cpus);
	if (!rc)
		rc = bpf_map__set_max_entries(skel->maps.part_lists, VB_BPF_N_SCRATCH * n_cpus);
	if (!rc && p->filters)
		rc = bpf_map__set_max_entries(skel->maps.frame_heads, VB_BPF_N_SCRATCH * n_cpus);
	if (!rc)
		rc = bpf_map__set_value_size(skel->maps.scratch,
					     (uint32_t)sizeof(struct vb_bpf_record) + room);
	if (!rc && p->channels_fd >= 0)
		rc = bpf_map__reuse_fd(skel->maps.channels, p->channels_fd);
	if (!rc && p->sequences_fd >= 0)
		rc = bpf_map__reuse_fd(skel->maps.sequences, p->sequences_fd);
	return rc;
}

static int configure(struct vb_probes *p, struct vmbus_bpf *skel, unsigned int sets)
{
	const struct vb_selection *sel = p->opt.selection;
	uint32_t snaplen = clamp(p->opt.snaplen, VB_BPF_MIN_SNAP, MAX_SNAPLEN);
	uint32_t quarter = vb_rings_kib(p->rings) * 256;
	struct bpf_program *prog;

	skel->rodata->snaplen = snaplen;
	skel->rodata->payload = p->opt.payload;
	skel->rodata->max_len = clamp(quarter, snaplen + 8, MAX_RECORD);
	skel->rodata->max_copy = clamp(p->opt.payload + 512, MIN_COPY, MAX_COPY);
	skel->rodata->filters = p->filters;
	skel->rodata->wants_answers = p->filters && p->opt.frames->wants_answers;
	skel->rodata->any = sel->any;
	skel->rodata->n_selectors = sel->n_selectors;
	memcpy(skel->rodata->selectors, sel->selectors, sizeof(sel->selectors));
	vb_bpf_classes(skel->rodata->classes);
	bpf_object__for_each_program(prog, skel->obj)
		bpf_program__set_autoload(prog, vb_hooks_need(bpf_program__name(prog), sets));
	return size_maps(p, skel);
}

static int share_maps(struct vb_probes *p, const struct vmbus_bpf *skel)
{
	const struct vb_selection *sel = p->opt.selection;
	void *mem;
	uint32_t i;

	p->channels_fd = dup(bpf_map__fd(skel->maps.channels));
	p->sequences_fd = dup(bpf_map__fd(skel->maps.sequences));
	if (p->channels_fd < 0 || p->sequences_fd < 0)
		return -errno;
	mem = mmap(NULL, CHANNELS_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, p->channels_fd, 0);
	if (mem == MAP_FAILED)
		return -errno;
	p->channels = mem;
	for (i = 0; i < VB_BPF_MAX_RELIDS; i++)
		p->channels[i].wanted = sel->any;
	for (i = 0; i < sel->n_relids; i++) {
		p->channels[sel->relids[i]].chosen = 1;
		p->channels[sel->relids[i]].wanted = 1;
	}
	return 0;
}

/* As vmbus_bpf__open(), with the user's filter in its place. */
static struct vmbus_bpf *open_filter(const struct vb_filter_object *filter)
{
	struct vmbus_bpf *skel = calloc(1, sizeof(*skel));

	if (!skel || vmbus_bpf__create_skeleton(skel)) {
		free(skel);
		return NULL;
	}
	skel->skeleton->data = vb_filter_object_bytes(filter, &skel->skeleton->data_sz);
	if (!bpf_object__open_skeleton(skel->skeleton, NULL))
		return skel;
	vmbus_bpf__destroy(skel);
	return NULL;
}

static int load(struct vb_probes *p, unsigned int sets, struct vmbus_bpf **ret, struct vb_err *err)
{
	struct vmbus_bpf *skel = p->filters ? open_filter(p->filter) : vmbus_bpf__open();
	uint32_t cpu;
	int rc, fd;

	if (!skel)
		return vb_environment_fail(err, -errno, "opening the probes");
	rc = configure(p, skel, sets);
	if (!rc)
		rc = vmbus_bpf__load(skel);
	for (cpu = 0; cpu < vb_rings_n_cpus(p->rings) && !rc; cpu++) {
		fd = vb_rings_fd(p->rings, cpu);
		rc = bpf_map_update_elem(bpf_map__fd(skel->maps.rings), &cpu, &fd, BPF_ANY);
	}
	if (!rc && !p->channels)
		rc = share_maps(p, skel);
	if (rc) {
		vmbus_bpf__destroy(skel);
		return vb_environment_fail(err, rc, "loading the probes");
	}
	*ret = skel;
	return 0;
}

/* ---- attaching ---- */

static void add_name(struct vb_probes *p, const char *name)
{
	size_t len = strlen(p->names);

	if (!strstr(p->names, name))
		snprintf(p->names + len, sizeof(p->names) - len, "%s%s", len ? "," : "", name);
}

/* The module comes later, perhaps; without tracefs then unseen. */
static void attach_later(struct vb_probes *p, const struct bpf_program *prog,
			 const struct vb_hook *hook)
{
	struct vb_err ignored;

	if (p->later || !vb_early_open("", &p->later, &ignored))
		vb_early_attach(p->later, prog, hook, &ignored);
}

static int attach_hook(struct vb_probes *p, const struct vmbus_bpf *skel,
		       const struct vb_hook *hook, struct vb_err *err)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(skel->obj, hook->program);
	struct bpf_link *link;

	if (p->n_links == MAX_LINKS)
		return vb_fail(err, -E2BIG, "too many probes");
	link = vb_hook_attach(prog, hook);
	if (!link && hook->set == VB_SET_OTHER_MODULE)
		attach_later(p, prog, hook);
	if (!link)
		return hook->optional ? 0 : vb_environment_fail(err, -errno, hook->function);
	p->links[p->n_links].link = link;
	p->links[p->n_links++].hook = hook;
	add_name(p, hook->function);
	return 0;
}

static bool is_any(const struct vb_hook *hook)
{
	(void)hook;
	return true;
}

static bool is_full(const struct vb_hook *hook)
{
	return hook->set != VB_SET_WAIT_KERNEL;
}

static void destroy_links(struct vb_probes *p, bool (*which)(const struct vb_hook *hook))
{
	size_t i, n = 0;

	vb_early_close(p->later);
	p->later = NULL;
	for (i = 0; i < p->n_links; i++) {
		if (which(p->links[i].hook))
			bpf_link__destroy(p->links[i].link);
		else
			p->links[n++] = p->links[i];
	}
	p->n_links = n;
}

void vb_probes_retreat(struct vb_probes *p)
{
	p->symbols[0] = 0; /* of a module that may be loaded elsewhere next */
	destroy_links(p, is_full);
	vmbus_bpf__destroy(p->full);
	p->full = NULL;
}

static int attach_full(struct vb_probes *p, unsigned int sets, const char *method,
		       struct vb_err *err)
{
	size_t i, n;
	const struct vb_hook *hooks = vb_hooks(&n);
	uint32_t version;
	int rc;

	if (!p->opt.signals)
		sets &= ~(unsigned int)(VB_SET_TRACING_SIGNAL | VB_SET_KPROBE_SIGNAL |
					VB_SET_INTERRUPT);
	if (!p->early)
		snprintf(p->names, sizeof(p->names), "%s", method);
	rc = load(p, sets, &p->full, err);
	if (!rc) /* what is read and written from now on refers to buffers that are known */
		rc = vb_probes_walk(p, NULL, NULL, &version, err);
	for (i = 0; i < n && !rc; i++) {
		if (sets & hooks[i].set)
			rc = attach_hook(p, p->full, &hooks[i], err);
	}
	if (rc)
		vb_probes_retreat(p);
	return rc;
}

/* With the user's filter of frames, if the kernel takes it. */
static int attach_filter(struct vb_probes *p, unsigned int sets, const char *method,
			 struct vb_err *err)
{
	int rc = -ENOTSUP;

	p->filters = p->filter;
	if (p->filters)
		rc = attach_full(p, sets, method, err);
	p->filters = false;
	if (!rc) {
		add_name(p, "--frames in the kernel");
		return 0;
	}
	rc = attach_full(p, sets, method, err);
	if (!rc && p->opt.frames)
		add_name(p, p->filter ? vb_filter_obstacle(-EACCES) : p->obstacle);
	return rc;
}

static int attach_now(struct vb_probes *p, struct vb_err *err)
{
	unsigned int both = VB_SET_MESSAGE | VB_SET_INTERRUPT | VB_SET_OTHER_MODULE | VB_SET_BUFFER;
	struct vb_err ignored;

	if (!attach_filter(p, both | VB_SET_TRACING | VB_SET_TRACING_SIGNAL, "fentry", &ignored))
		return 0;
	return attach_filter(p, both | VB_SET_KPROBE | VB_SET_KPROBE_POST | VB_SET_KPROBE_SIGNAL,
			     "kprobe", err);
}

static int attach_waiting(struct vb_probes *p, const struct vb_hook *hook, struct vb_err *err)
{
	const struct bpf_program *prog =
		bpf_object__find_program_by_name(p->early->obj, hook->program);

	if (hook->set == VB_SET_WAIT_KERNEL)
		return attach_hook(p, p->early, hook, err);
	add_name(p, hook->function);
	return vb_early_attach(p->events, prog, hook, err);
}

static int attach_early_sets(struct vb_probes *p, unsigned int sets, struct vb_err *err)
{
	size_t i, n;
	const struct vb_hook *hooks = vb_hooks(&n);
	int rc;

	snprintf(p->names, sizeof(p->names), "kprobe");
	rc = load(p, sets, &p->early, err);
	if (!rc)
		rc = vb_early_open("", &p->events, err);
	for (i = 0; i < n && !rc; i++) {
		if (hooks[i].set & sets)
			rc = attach_waiting(p, &hooks[i], err);
	}
	if (!rc)
		return 0;
	destroy_links(p, is_any);
	vb_early_close(p->events);
	p->events = NULL;
	vmbus_bpf__destroy(p->early);
	p->early = NULL;
	return rc;
}

/* Without fentry (arm64 before Linux 6.4) a message of the host may go unseen. */
static int attach_early(struct vb_probes *p, struct vb_err *err)
{
	struct vb_err ignored;

	if (!attach_early_sets(p, VB_SET_WAIT | VB_SET_WAIT_KERNEL, &ignored))
		return 0;
	return attach_early_sets(p, VB_SET_WAIT, err);
}

void vb_probes_detach(struct vb_probes *p)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	/* calls under way get their return seen */
	destroy_links(p, vb_hook_begins);
	nanosleep(&pause, NULL);
	destroy_links(p, is_any);
	vb_early_close(p->events);
	p->events = NULL;
}

/* fentry and the tracepoints would keep hv_vmbus from being unloaded. */
int vb_probes_complete(struct vb_probes *p, struct vb_err *err)
{
	return attach_filter(
		p, VB_SET_KPROBE | VB_SET_KPROBE_SIGNAL | VB_SET_OTHER_MODULE | VB_SET_BUFFER,
		"kprobe", err);
}

bool vb_probes_waiting(const struct vb_probes *p)
{
	return !p->full;
}

bool vb_probes_early(const struct vb_probes *p)
{
	return p->early;
}

/* What cannot run in the kernel runs in user space only, as it does in any case. */
static int make_filter(struct vb_probes *p, struct vb_err *err)
{
	size_t len;
	const void *object = vmbus_bpf__elf_bytes(&len);
	int rc = p->opt.payload ? vb_filter_object_new(p->opt.frames, object, len, &p->filter) :
				  -ENODATA;

	p->obstacle = vb_filter_obstacle(rc);
	return rc == -ENOMEM ? vb_fail(err, rc, "out of memory") : 0;
}

int vb_probes_open(const struct vb_probes_options *opt, struct vb_probes **ret, struct vb_err *err)
{
	struct vb_probes *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return vb_fail(err, -ENOMEM, "out of memory");
	p->opt = *opt;
	p->channels_fd = p->sequences_fd = -1;
	libbpf_set_print(NULL);
	rc = vb_rings_open(opt->ring_kib, opt->record, opt->ctx, &p->rings);
	if (rc)
		vb_environment_fail(err, rc, "creating ring buffers");
	else if (opt->frames)
		rc = make_filter(p, err);
	if (!rc)
		rc = vb_bus_is_up() ? attach_now(p, err) : attach_early(p, err);
	if (rc) {
		vb_probes_close(p);
		return rc == -ENOMEM ? rc : -ENOTSUP;
	}
	*ret = p;
	return 0;
}

/* ---- use ---- */

/* Programs look at this before they wake us. */
static void tell_idle(const struct vb_probes *p, uint32_t idle)
{
	if (p->early)
		__atomic_store_n(&p->early->bss->reader_idle, idle, __ATOMIC_SEQ_CST);
	if (p->full)
		__atomic_store_n(&p->full->bss->reader_idle, idle, __ATOMIC_SEQ_CST);
}

int vb_probes_poll(struct vb_probes *p, int timeout_ms, bool idle, uint64_t *ret_until_ns)
{
	size_t n = 0;
	int rc = 0;

	if (timeout_ms > 0 && idle) {
		/* a record from before the probes knew that wakes nobody */
		tell_idle(p, 1);
		rc = vb_rings_read(p->rings, &n, ret_until_ns);
	}
	if (timeout_ms > 0 && !n && !rc)
		rc = vb_rings_wait(p->rings, timeout_ms);
	if (idle)
		tell_idle(p, 0);
	return rc ? rc : vb_rings_read(p->rings, &n, ret_until_ns);
}

int vb_probes_walk(struct vb_probes *p, int (*seen)(void *ctx, const uint8_t *offer), void *ctx,
		   uint32_t *ret_version, struct vb_err *err)
{
	static const char *const names[VB_BPF_N_SYMBOLS] = { "vmbus_connection",
							     "vmbus_proto_version",
							     "vmstor_proto_version" };
	struct vb_bpf_walk *walk = &p->full->bss->walk;
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int fd = bpf_program__fd(p->full->progs.walk_channel);
	int rc = p->symbols[0] ? 0 : vb_kernel_symbols(names, VB_BPF_N_SYMBOLS, p->symbols);

	if (rc || !p->symbols[0] || !p->symbols[1])
		return vb_fail(err, -ENOTSUP,
			       "/proc/kallsyms hides vmbus_connection: run as root, and with "
			       "sysctl kernel.kptr_restrict=1 or 0");
	memcpy(walk->symbols, p->symbols, sizeof(walk->symbols));
	for (walk->relid = 1; walk->relid < VB_BPF_MAX_RELIDS; walk->relid++) {
		rc = bpf_prog_test_run_opts(fd, &opts);
		if (!rc && walk->found && seen)
			rc = seen(ctx, walk->offer);
		if (rc)
			return vb_environment_fail(err, rc, "looking up channels");
	}
	*ret_version = walk->version;
	return 0;
}

const struct vb_bpf_channel *vb_probes_channels(const struct vb_probes *p)
{
	return p->channels;
}

void vb_probes_want(struct vb_probes *p, uint32_t relid)
{
	p->channels[relid].wanted = 1;
}

unsigned int vb_probes_n_cpus(const struct vb_probes *p)
{
	return vb_rings_n_cpus(p->rings);
}

const char *vb_probes_names(const struct vb_probes *p)
{
	return p->names;
}

void vb_probes_close(struct vb_probes *p)
{
	if (!p)
		return;
	destroy_links(p, is_any);
	vb_early_close(p->events);
	vmbus_bpf__destroy(p->full);
	vmbus_bpf__destroy(p->early);
	if (p->channels)
		munmap(p->channels, CHANNELS_LEN);
	vb_rings_close(p->rings);
	vb_filter_object_free(p->filter);
	if (p->channels_fd >= 0)
		close(p->channels_fd);
	if (p->sequences_fd >= 0)
		close(p->sequences_fd);
	free(p);
}
