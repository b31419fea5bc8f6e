/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live capture, in layers; private to source_bpf*.c and their tests.
 *
 * probes (kernel) -> vb_merge: order, outcomes, losses -> vb_table: channels, devices -> events
 */
#ifndef VB_SOURCE_BPF_H
#define VB_SOURCE_BPF_H

#include "bpf/record.h"
#include "capture/classic.h"
#include "capture/event.h"

struct bpf_link;
struct bpf_program;

/* ---- merging: source_bpf_merge.c, pure ---- */

/* One record, in its place. */
struct vb_merged {
	struct vb_bpf_record rec; /* with the outcome filled in */
	uint64_t seq;		  /* per CPU, in the order of output, counts lost records */
	uint32_t lost;		  /* records lost on this CPU directly before this one */
	/* private: */
	uint64_t done_ns;   /* when the outcome was known */
	uint64_t done_lost; /* the kernel's count of losses then */
	bool done;
	uint64_t order; /* of arrival */
	struct vb_merged *prev, *next, *chain;
	uint8_t data[]; /* rec.cap_len bytes; with an external part padding and that */
};

struct vb_merge;

int vb_merge_new(unsigned int n_cpus, struct vb_merge **ret);
void vb_merge_free(struct vb_merge *m);

/* One record as the kernel wrote it. -EINVAL: it is none; -ENOMEM. */
int vb_merge_push(struct vb_merge *m, const void *data, size_t len);

/*
 * The next record taken before until_ns (CLOCK_MONOTONIC), to be released by the caller; NULL when
 * there is none. All records older than that must have been pushed.
 */
struct vb_merged *vb_merge_pop(struct vb_merge *m, uint64_t until_ns);

/* Give back what vb_merge_pop() returned, its lengths unchanged; NULL: nothing. */
void vb_merge_release(struct vb_merge *m, struct vb_merged *it);

/* Nothing will be pushed any more: what still waits for its outcome is given up. */
void vb_merge_end(struct vb_merge *m);

/* A ring of this channel starts over (it was opened). */
void vb_merge_restart(struct vb_merge *m, uint32_t relid);

/* A sequence number for an event that was not pushed, on the CPU of the record it belongs to. */
uint64_t vb_merge_sequence(struct vb_merge *m, uint32_t cpu);

/* Bytes held. */
size_t vb_merge_held(const struct vb_merge *m);

/* Losses found here, beyond what the kernel counts: packets no probe saw, outcomes missing. */
uint64_t vb_merge_lost(const struct vb_merge *m, uint32_t relid);

/* ---- memory for records: source_bpf_pool.c, pure ---- */

struct vb_pool;

/* NULL: not enough memory. */
struct vb_pool *vb_pool_new(void);

/* With what it keeps, not what was taken and not given back. NULL: nothing. */
void vb_pool_free(struct vb_pool *p);

/* At least size bytes, more than 0, as malloc() returns them. */
void *vb_pool_take(struct vb_pool *p, size_t size);

/* What was taken with that size. */
void vb_pool_give(struct vb_pool *p, void *bytes, size_t size);

/* ---- clocks: source_bpf_clock.c ---- */

/* CLOCK_MONOTONIC, as bpf_ktime_get_ns(). */
uint64_t vb_clock_ns(void);

/* Wall clock minus monotonic, and how far off that may be: we may be interrupted in between. */
int64_t vb_clock_offset(uint64_t *ret_error_ns);

/* ---- record headers: source_bpf_made.c, pure ---- */

/* The external part, rec.ext_len bytes. */
const uint8_t *vb_merged_ext(const struct vb_merged *it);

void vb_merged_header(const struct vb_merged *it, uint64_t capture_id,
		      struct vb_record_header *ret);

/* What the record of a signal or interrupt holds. Sets the lengths in its header. */
const uint8_t *vb_merged_signal(const struct vb_merged *it, struct vb_record_header *h);

/* Outside the ring a descriptor holds a placeholder as its id; one that was not written has none. */
void vb_merged_patch(struct vb_merged *it);

/* An event made here: a state, a synthesized offer, something derived from a record. */
struct vb_made {
	struct vb_made *next;
	struct vb_record_header hdr;
	uint8_t data[];
};

struct vb_made_list {
	struct vb_made *first, **end;
};

/* NULL: out of memory. */
struct vb_made *vb_made_new(uint64_t capture_id, uint64_t mono_ns, uint8_t kind, const void *data,
			    uint32_t len);

#define VB_MADE_MAX_VALUE 8

/* A key with a value of len bytes, at most VB_MADE_MAX_VALUE. */
struct vb_made *vb_made_keyed(uint64_t capture_id, uint64_t mono_ns, uint8_t kind, uint16_t key,
			      const void *value, uint16_t len);

void vb_made_append(struct vb_made_list *l, struct vb_made *m);
/* Put all of first before what is in l. */
void vb_made_prepend(struct vb_made_list *l, struct vb_made_list *first);
/* The first one, which must be there. */
struct vb_made *vb_made_take(struct vb_made_list *l);
void vb_made_free(struct vb_made_list *l);

/* ---- channels and devices: source_bpf_table.c ---- */

struct vb_chan {
	bool known;    /* was offered */
	bool gone;     /* and taken back */
	bool open;     /* opened, or already there at the start */
	bool bypassed; /* user space has its device's rings, as of the last look */
	bool on_vf;    /* frames go over a virtual function */
	uint8_t class; /* enum vb_class */
	uint16_t subchannel;
	uint32_t device; /* index into the devices */
	uint64_t lost;	 /* of this relid, attributed to devices so far */
	uint64_t filtered;
	uint8_t instance[16];
	uint8_t offer[VB_BPF_MAX_MESSAGE];
	uint32_t offer_len;
};

struct vb_table {
	struct vb_chan chan[VB_BPF_MAX_RELIDS];
	struct vb_device_stats *devices; /* [0] is the control messages */
	size_t n_devices;
	uint32_t n_relids;	   /* of all channels that were ever known, the highest, plus 1 */
	uint32_t version;	   /* VMBus version in use, 0: not known */
	uint32_t proposed_version; /* in the latest INITIATE_CONTACT */
};

int vb_table_init(struct vb_table *t);
void vb_table_done(struct vb_table *t);

/*
 * Learn from a control message. *ret_closed: relid of a channel that went with it, 0: none.
 * *ret_opened: relid of a channel whose rings start over, 0: none.
 */
int vb_table_message(struct vb_table *t, uint8_t direction, const uint8_t *data, size_t len,
		     uint32_t *ret_closed, uint32_t *ret_opened);

/* The channel's device, made up when no offer told of it. */
int vb_table_device(struct vb_table *t, uint32_t relid, const uint8_t instance[16],
		    uint16_t subchannel, struct vb_device_stats **ret);

/* Losses of all devices, as last added up. */
uint64_t vb_table_lost(const struct vb_table *t);

/*
 * Add up losses by device: of the channels that are known, which is cheap, or of all: those of a
 * channel of which nothing arrived count for the control messages.
 */
void vb_table_losses(struct vb_table *t, const struct vb_bpf_channel *channels,
		     const struct vb_merge *m, bool all);

/*
 * The made-up records a file begins with: states, offers, and which of the channels that are
 * captured are bypassed. 0 or -ENOMEM.
 */
int vb_made_beginning(struct vb_made_list *l, const struct vb_table *t,
		      const struct vb_bpf_channel *channels, uint64_t capture_id, uint64_t mono_ns);

/* ---- devices whose packets no probe sees: source_bpf_bypass.c ---- */

/* Values of VB_EVENT_BYPASS. */
extern const uint32_t vb_bypass_user_space, vb_bypass_vf;

/* A device's frames go over its virtual function, or come back. True: they do, and did not before. */
bool vb_table_set_path(struct vb_table *t, uint32_t relid, bool on_vf);

/* The same, when this packet does that; data: h->cap_len bytes. */
bool vb_table_moves_path(struct vb_table *t, const struct vb_record_header *h, const uint8_t *data);

/* Whether user space has a device's rings; root is put in front of /sys: "". */
bool vb_sysfs_bypassed(const char *root, const uint8_t instance[16]);

/* Look again at the device of a primary channel. True: user space took its rings since. */
bool vb_table_look(struct vb_table *t, uint32_t relid, const char *root);

/* ---- what to capture: source_bpf_select.c ---- */

struct vb_selection {
	bool any;
	uint32_t relids[64];
	size_t n_relids;
	uint8_t instances[VB_BPF_MAX_SELECTORS][16];
	size_t n_instances;
	struct vb_bpf_selector selectors[VB_BPF_MAX_SELECTORS];
	uint32_t n_selectors;
};

/* bus_is_up: what is named by number or GUID must be there. */
int vb_selection_parse(const char *text, bool bus_is_up, struct vb_selection *ret,
		       struct vb_err *err);

/* Whether an offer is of a selected channel. */
bool vb_selection_offer(const struct vb_selection *s, const uint8_t *offer);

/* Whether all that was named one by one is gone; false when classes or any were named. */
bool vb_selection_gone(const struct vb_selection *s, const struct vb_table *t);
/* Say so; returns -ENODEV. */
int vb_selection_fail_gone(const struct vb_selection *s, struct vb_err *err);

/* For the probes: the classes of whose packets they take what lies outside the ring. */
void vb_bpf_classes(struct vb_bpf_class ret[VB_BPF_MAX_CLASSES]);

/* ---- sysfs: source_bpf_list.c ---- */

/* Bus name and driver of the device, left empty when there is none. */
void vb_sysfs_describe(const uint8_t instance[16], struct vb_device *ret);
bool vb_sysfs_has_channel(uint32_t relid);
bool vb_sysfs_has_device(const uint8_t instance[16]);

/* ---- frames that are not wanted: source_bpf_filter.c, pure ---- */

struct vb_filter_object;

/*
 * A copy of the probes' object file in which the program stands where frames are filtered, see
 * bpf/record.h. -EINVAL, -ENOTSUP, -E2BIG: it cannot stand there; -ENOENT: nor can any; -ENOMEM.
 */
int vb_filter_object_new(const struct vb_frame_program *program, const void *object, size_t len,
			 struct vb_filter_object **ret);
/* Why it cannot, as a part of a sentence. */
const char *vb_filter_obstacle(int rc);
void *vb_filter_object_bytes(const struct vb_filter_object *f, size_t *ret_len);
void vb_filter_object_free(struct vb_filter_object *f);

/* ---- probes: source_bpf_load.c, source_bpf_wait.c, source_bpf_rings.c ---- */

/* Takes one record; a negative errno stops the reading. */
typedef int (*vb_record_fn)(void *ctx, void *data, size_t len);

struct vb_rings;

int vb_rings_open(uint32_t kib, vb_record_fn record, void *ctx, struct vb_rings **ret);
void vb_rings_close(struct vb_rings *r);
unsigned int vb_rings_n_cpus(const struct vb_rings *r);
uint32_t vb_rings_kib(const struct vb_rings *r); /* size of one */
int vb_rings_fd(const struct vb_rings *r, unsigned int cpu);
/* Until a program wakes us; 0 as well when it does not within timeout_ms. */
int vb_rings_wait(struct vb_rings *r, int timeout_ms);
/* Read all there is. *ret_until_ns: all records taken before that time have been read by now. */
int vb_rings_read(struct vb_rings *r, size_t *ret_n, uint64_t *ret_until_ns);

struct vb_probes;

struct vb_probes_options {
	const struct vb_selection *selection;
	uint32_t snaplen;
	uint32_t payload;
	uint32_t ring_kib;
	bool signals;
	const struct vb_frame_program *frames; /* NULL: none */
	vb_record_fn record;		       /* called for each record read */
	void *ctx;
};

/* Open the ring buffers and attach what can be attached now. */
int vb_probes_open(const struct vb_probes_options *opt, struct vb_probes **ret, struct vb_err *err);

/* Call seen() with the offer of each channel there is. */
int vb_probes_walk(struct vb_probes *p, int (*seen)(void *ctx, const uint8_t *offer), void *ctx,
		   uint32_t *ret_version, struct vb_err *err);

/* hv_vmbus is not there yet: only its control messages will be seen until vb_probes_complete(). */
bool vb_probes_waiting(const struct vb_probes *p);

/* Probes were attached before hv_vmbus was there; it may also go again. */
bool vb_probes_early(const struct vb_probes *p);

/* hv_vmbus is there: attach the rest. */
int vb_probes_complete(struct vb_probes *p, struct vb_err *err);

/* hv_vmbus is gone: undo vb_probes_complete(). */
void vb_probes_retreat(struct vb_probes *p);

/*
 * Read all there is after waiting up to timeout_ms; less when a ring fills up, or with idle when
 * the first record comes. *ret_until_ns: all records taken before that time have been read.
 */
int vb_probes_poll(struct vb_probes *p, int timeout_ms, bool idle, uint64_t *ret_until_ns);

/* Detach; what is in the ring buffers can still be read. */
void vb_probes_detach(struct vb_probes *p);

/* VB_BPF_MAX_RELIDS elements. */
const struct vb_bpf_channel *vb_probes_channels(const struct vb_probes *p);
/* Capture this channel from now on. */
void vb_probes_want(struct vb_probes *p, uint32_t relid);
unsigned int vb_probes_n_cpus(const struct vb_probes *p);
/* Comma separated. */
const char *vb_probes_names(const struct vb_probes *p);
void vb_probes_close(struct vb_probes *p);

/* What --doctor would find at once: -ENOTSUP when this is no guest, or its kernel has no types. */
int vb_environment_check(struct vb_err *err);
/* What could not be done, and why. Returns -ENOTSUP or -ENOMEM. */
int vb_environment_fail(struct vb_err *err, int code, const char *what);

/* Whether this is a guest of Hyper-V, whether its bus driver is up. */
bool vb_on_hyperv(void);
bool vb_bus_is_up(void);
/*
 * Another number each time hv_vmbus is loaded; 0 while it is not there, or being unloaded. root is put
 * in front of /sys: "".
 */
uint64_t vb_bus_instance(const char *root);

/* ---- hv_vmbus comes and goes while we capture: source_bpf_follow.c, pure ---- */

struct vb_follow {
	void *ctx;
	uint64_t (*instance)(void *ctx); /* as vb_bus_instance() */
	/* To what is there now; 0 or a negative errno with err. */
	int (*attach)(void *ctx, struct vb_err *err);
	void (*detach)(void *ctx); /* also what attach() left half done */
	/* private, 0 to begin with: */
	uint64_t bus; /* what we are attached to, 0: nothing */
	uint64_t looked_ns;
};

/*
 * Look for it, unless that was done a moment ago, and attach or detach. An error is that of attach(),
 * but none when it failed because hv_vmbus went meanwhile.
 */
int vb_follow_bus(struct vb_follow *f, uint64_t now_ns, struct vb_err *err);

/* ---- what is probed, and how: source_bpf_hooks.c ---- */

enum vb_hook_kind {
	VB_HOOK_ENTRY,	    /* kprobe */
	VB_HOOK_RETURN,	    /* kretprobe */
	VB_HOOK_TRACING,    /* fentry or fexit, as the program says */
	VB_HOOK_TRACEPOINT, /* raw tracepoint */
};

/* Hooks are attached in sets; as a mask. */
enum vb_hook_set {
	VB_SET_TRACING = 1,	   /* packets and posted messages, by fentry and fexit */
	VB_SET_TRACING_SIGNAL = 2, /* the guest's signals likewise */
	VB_SET_KPROBE = 4,	   /* packets, by kprobes */
	VB_SET_KPROBE_POST = 8,	   /* posted messages likewise */
	VB_SET_KPROBE_SIGNAL = 16, /* the guest's signals likewise */
	VB_SET_MESSAGE = 32,	   /* the host's messages, by a tracepoint: pins hv_vmbus */
	VB_SET_INTERRUPT = 64,	   /* the host's interrupts likewise */
	VB_SET_WAIT = 128,	   /* messages in both directions, before hv_vmbus is loaded */
	VB_SET_OTHER_MODULE = 256, /* in modules that may be loaded later */
	VB_SET_BUFFER = 1024,	  /* buffers shared with the host: functions not every kernel has */
	VB_SET_WAIT_KERNEL = 512, /* the host's messages again, in functions of the kernel proper */
};

struct vb_hook {
	const char *program;  /* in vmbus.bpf.c */
	const char *function; /* or tracepoint */
	const char *module;   /* of the function, when it is no module it stays in the kernel */
	const char *args;     /* types of its first arguments, by BTF; NULL: not checked */
	enum vb_hook_kind kind;
	unsigned int set; /* enum vb_hook_set */
	bool optional;
};

const struct vb_hook *vb_hooks(size_t *ret_n);
/* Whether a program is one of these sets. */
bool vb_hooks_need(const char *program, unsigned int sets);
/* Sees calls begin: is detached before those that see them end. */
bool vb_hook_begins(const struct vb_hook *hook);
/* NULL, errno: it cannot. */
struct bpf_link *vb_hook_attach(const struct bpf_program *prog, const struct vb_hook *hook);

/* Addresses of kernel symbols, 0 when absent or hidden. */
int vb_kernel_symbols(const char *const *names, size_t n, uint64_t *ret);

/* ---- probes on a module that is not loaded yet: source_bpf_wait.c ---- */

struct vb_early;

/*
 * root is put in front of /sys: "". Probes that others left behind are removed. -ENOTSUP: there is no
 * tracefs, or it is not for us.
 */
int vb_early_open(const char *root, struct vb_early **ret, struct vb_err *err);
int vb_early_attach(struct vb_early *e, const struct bpf_program *prog, const struct vb_hook *hook,
		    struct vb_err *err);
void vb_early_close(struct vb_early *e);

#endif
