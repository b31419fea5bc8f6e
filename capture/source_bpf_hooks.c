/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions that are probed, and what of the kernel must be known for that. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "capture/source_bpf.h"

static const char vmbus[] = "hv_vmbus";
static const char storvsc[] = "hv_storvsc";

/* The same in Linux 6.1, 6.12 and 7.2. */
static const char write_args[] = "*vmbus_channel *kvec u32 u64";
static const char id_args[] = "*vmbus_channel u64";
static const char ring_args[] = "*hv_ring_buffer_info";
static const char channel_args[] = "*vmbus_channel";
static const char post_args[] = "*void size_t";
static const char gpadl_args[] = "*vmbus_channel *void u32 *vmbus_gpadl";

/* Return before entry: a call whose entry is seen shall have its return seen, too. */
static const struct vb_hook hooks[] = {
	{ "write_fexit", "hv_ringbuffer_write", vmbus, write_args, VB_HOOK_TRACING, VB_SET_TRACING,
	  false },
	{ "write_twin_fexit", "hv_ringbuffer_write", vmbus, write_args, VB_HOOK_TRACING,
	  VB_SET_TRACING, false },
	{ "write_fentry", "hv_ringbuffer_write", vmbus, write_args, VB_HOOK_TRACING, VB_SET_TRACING,
	  false },
	{ "write_twin_fentry", "hv_ringbuffer_write", vmbus, write_args, VB_HOOK_TRACING,
	  VB_SET_TRACING, false },
	{ "request_id_fexit", "vmbus_next_request_id", vmbus, id_args, VB_HOOK_TRACING,
	  VB_SET_TRACING, false },
	{ "ring_init_fexit", "hv_ringbuffer_init", vmbus, ring_args, VB_HOOK_TRACING,
	  VB_SET_TRACING, false },
	{ "ring_cleanup_fentry", "hv_ringbuffer_cleanup", vmbus, ring_args, VB_HOOK_TRACING,
	  VB_SET_TRACING, false },
	{ "read_fexit", "hv_pkt_iter_first", vmbus, channel_args, VB_HOOK_TRACING, VB_SET_TRACING,
	  false },
	{ "read_twin_fexit", "hv_pkt_iter_first", vmbus, channel_args, VB_HOOK_TRACING,
	  VB_SET_TRACING, false },
	{ "post_fexit", "vmbus_post_msg", vmbus, post_args, VB_HOOK_TRACING, VB_SET_TRACING,
	  false },
	{ "post_twin_fexit", "vmbus_post_msg", vmbus, post_args, VB_HOOK_TRACING, VB_SET_TRACING,
	  false },
	{ "post_fentry", "vmbus_post_msg", vmbus, post_args, VB_HOOK_TRACING, VB_SET_TRACING,
	  false },
	{ "post_twin_fentry", "vmbus_post_msg", vmbus, post_args, VB_HOOK_TRACING, VB_SET_TRACING,
	  false },
	{ "signal_fentry", "vmbus_setevent", vmbus, channel_args, VB_HOOK_TRACING,
	  VB_SET_TRACING_SIGNAL, false },

	{ "write_exit", "hv_ringbuffer_write", vmbus, write_args, VB_HOOK_RETURN, VB_SET_KPROBE,
	  false },
	{ "write_entry", "hv_ringbuffer_write", vmbus, write_args, VB_HOOK_ENTRY, VB_SET_KPROBE,
	  false },
	{ "request_id_exit", "vmbus_next_request_id", vmbus, id_args, VB_HOOK_RETURN, VB_SET_KPROBE,
	  true },
	{ "request_id_entry", "vmbus_next_request_id", vmbus, id_args, VB_HOOK_ENTRY, VB_SET_KPROBE,
	  true },
	{ "ring_init_exit", "hv_ringbuffer_init", vmbus, ring_args, VB_HOOK_RETURN, VB_SET_KPROBE,
	  false },
	{ "ring_init_entry", "hv_ringbuffer_init", vmbus, ring_args, VB_HOOK_ENTRY, VB_SET_KPROBE,
	  false },
	{ "ring_cleanup", "hv_ringbuffer_cleanup", vmbus, ring_args, VB_HOOK_ENTRY, VB_SET_KPROBE,
	  true },
	{ "read_exit", "hv_pkt_iter_first", vmbus, channel_args, VB_HOOK_RETURN, VB_SET_KPROBE,
	  false },
	{ "post_exit", "vmbus_post_msg", vmbus, post_args, VB_HOOK_RETURN, VB_SET_KPROBE_POST,
	  false },
	{ "post_entry", "vmbus_post_msg", vmbus, post_args, VB_HOOK_ENTRY, VB_SET_KPROBE_POST,
	  false },
	{ "signal_entry", "vmbus_setevent", vmbus, channel_args, VB_HOOK_ENTRY,
	  VB_SET_KPROBE_SIGNAL, false },

	{ "gpadl_entry", "vmbus_establish_gpadl", vmbus, gpadl_args, VB_HOOK_ENTRY, VB_SET_BUFFER,
	  true },
	/* what drivers that allocate by vmbus_alloc_buffer() call, from Linux 7.3 on */
	{ "gpadl_entry", "vmbus_establish_gpadl_caller_decrypted", vmbus, gpadl_args, VB_HOOK_ENTRY,
	  VB_SET_BUFFER, true },

	{ "request_id_exit", "storvsc_next_request_id", storvsc, NULL, VB_HOOK_RETURN,
	  VB_SET_OTHER_MODULE, true },
	{ "request_id_entry", "storvsc_next_request_id", storvsc, NULL, VB_HOOK_ENTRY,
	  VB_SET_OTHER_MODULE, true },

	{ "message_tp", "vmbus_on_msg_dpc", vmbus, NULL, VB_HOOK_TRACEPOINT, VB_SET_MESSAGE,
	  false },
	{ "interrupt_tp", "vmbus_chan_sched", vmbus, NULL, VB_HOOK_TRACEPOINT, VB_SET_INTERRUPT,
	  false },

	{ "post_exit", "vmbus_post_msg", vmbus, NULL, VB_HOOK_RETURN, VB_SET_WAIT, false },
	{ "post_entry", "vmbus_post_msg", vmbus, NULL, VB_HOOK_ENTRY, VB_SET_WAIT, false },
	{ "message_kprobe", "vmbus_on_msg_dpc", vmbus, NULL, VB_HOOK_ENTRY, VB_SET_WAIT, false },
	{ "tasklet_kill_fentry", "tasklet_kill", NULL, NULL, VB_HOOK_TRACING, VB_SET_WAIT_KERNEL,
	  false },
	{ "softirq_entry_tp", "softirq_entry", NULL, NULL, VB_HOOK_TRACEPOINT, VB_SET_WAIT_KERNEL,
	  false },
	{ "softirq_exit_tp", "softirq_exit", NULL, NULL, VB_HOOK_TRACEPOINT, VB_SET_WAIT_KERNEL,
	  false },
	{ "tasklet_schedule_fentry", "__tasklet_schedule", NULL, NULL, VB_HOOK_TRACING,
	  VB_SET_WAIT_KERNEL, false },
	{ "tasklet_init_fexit", "tasklet_init", NULL, NULL, VB_HOOK_TRACING, VB_SET_WAIT_KERNEL,
	  false },
};

const struct vb_hook *vb_hooks(size_t *ret_n)
{
	*ret_n = sizeof(hooks) / sizeof(hooks[0]);
	return hooks;
}

bool vb_hooks_need(const char *program, unsigned int sets)
{
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if ((sets & hooks[i].set) && !strcmp(hooks[i].program, program))
			return true;
	}
	return !strcmp(program, "walk_channel") && !(sets & VB_SET_WAIT);
}

bool vb_hook_begins(const struct vb_hook *hook)
{
	return hook->kind == VB_HOOK_ENTRY ||
	       (hook->kind == VB_HOOK_TRACING && strstr(hook->program, "_fentry"));
}

struct bpf_link *vb_hook_attach(const struct bpf_program *prog, const struct vb_hook *hook)
{
	switch (hook->kind) {
	case VB_HOOK_TRACING:
		return bpf_program__attach_trace(prog);
	case VB_HOOK_TRACEPOINT:
		return bpf_program__attach_raw_tracepoint(prog, hook->function);
	default:
		return bpf_program__attach_kprobe(prog, hook->kind == VB_HOOK_RETURN,
						  hook->function);
	}
}

int vb_kernel_symbols(const char *const *names, size_t n, uint64_t *ret)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	unsigned long long addr;
	char line[512], name[256];
	size_t i;

	if (!f)
		return -errno;
	memset(ret, 0, n * sizeof(ret[0]));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %*c %255s", &addr, name) != 2)
			continue;
		for (i = 0; i < n; i++) {
			if (!strcmp(name, names[i]))
				ret[i] = addr;
		}
	}
	fclose(f);
	return 0;
}
