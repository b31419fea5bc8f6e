// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The probes: bounded copies of packets and messages into one ring buffer per CPU, no decoding.
 *
 * Each probe comes in two forms. fentry and fexit are cheaper, and an interrupt in the middle of
 * one keeps only that one from running (Linux 6.1 kernel/bpf/trampoline.c,
 * __bpf_prog_enter_recur()), as does another task that a preemptible kernel lets run there: the
 * busy ones have a twin that takes over then, and else finds the work done. Kprobes exclude each
 * other per CPU (kernel/trace/bpf_trace.c, trace_call_bpf(), and arch/x86/kernel/kprobes/ftrace.c),
 * so that what an interrupt does in the middle of one goes unseen; but they need no direct calls of
 * ftrace, let hv_vmbus be unloaded, and can wait for it to be loaded.
 */
#include "bpf/common.bpf.h"
#include "bpf/control.bpf.h"
#include "bpf/data.bpf.h"
#include "bpf/netvsc.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* ---- fentry and fexit ---- */

static __always_inline __u64 return_value(void *ctx)
{
	__u64 ret = 0;

	bpf_get_func_ret(ctx, &ret);
	return ret;
}

SEC("fentry/hv_ringbuffer_write")
int BPF_PROG(write_fentry, struct vmbus_channel *ch, const struct kvec *list, __u32 count,
	     __u64 request_id)
{
	if (!is_taken(find_write((__u64)list), VB_BPF_S_WRITE))
		take_write(ch, true, list, count, request_id, (__u64)list, VB_BPF_S_WRITE);
	return 0;
}

SEC("fentry/hv_ringbuffer_write")
int BPF_PROG(write_twin_fentry, struct vmbus_channel *ch, const struct kvec *list, __u32 count,
	     __u64 request_id)
{
	if (!is_taken(find_write((__u64)list), VB_BPF_S_WRITE_TWIN))
		take_write(ch, true, list, count, request_id, (__u64)list, VB_BPF_S_WRITE_TWIN);
	return 0;
}

SEC("fexit/hv_ringbuffer_write")
int BPF_PROG(write_fexit, struct vmbus_channel *ch, const struct kvec *list)
{
	take_write_done(ch, true, (__u64)list, (int)return_value(ctx));
	return 0;
}

SEC("fexit/hv_ringbuffer_write")
int BPF_PROG(write_twin_fexit, struct vmbus_channel *ch, const struct kvec *list)
{
	take_write_done(ch, true, (__u64)list, (int)return_value(ctx));
	return 0;
}

SEC("fexit/vmbus_next_request_id")
int BPF_PROG(request_id_fexit, struct vmbus_channel *ch, __u64 address)
{
	__u32 relid;

	if (wanted(ch, true, &relid))
		take_request_id(ch, address, return_value(ctx),
				ch->outbound.ring_buffer->write_index);
	return 0;
}

SEC("fexit/hv_ringbuffer_init")
int BPF_PROG(ring_init_fexit, struct hv_ring_buffer_info *ring)
{
	if (!(int)return_value(ctx))
		take_ring(ring);
	return 0;
}

SEC("fentry/hv_ringbuffer_cleanup")
int BPF_PROG(ring_cleanup_fentry, struct hv_ring_buffer_info *ring)
{
	forget_ring(ring);
	return 0;
}

SEC("fexit/hv_pkt_iter_first")
int BPF_PROG(read_fexit, struct vmbus_channel *ch)
{
	take_read(ch, true, (const void *)return_value(ctx), VB_BPF_S_READ);
	return 0;
}

SEC("fexit/hv_pkt_iter_first")
int BPF_PROG(read_twin_fexit, struct vmbus_channel *ch)
{
	take_read(ch, true, (const void *)return_value(ctx), VB_BPF_S_READ_TWIN);
	return 0;
}

/* Drivers are bound by several tasks at once. Which of the twins runs first is not said. */
SEC("fentry/vmbus_post_msg")
int BPF_PROG(post_fentry, const void *buffer, __u64 len)
{
	__u64 key = (__u64)buffer;

	if (!is_taken(bpf_map_lookup_elem(&pendings, &key), VB_BPF_S_POST))
		take_post(buffer, len, key, VB_BPF_S_POST);
	return 0;
}

SEC("fentry/vmbus_post_msg")
int BPF_PROG(post_twin_fentry, const void *buffer, __u64 len)
{
	__u64 key = (__u64)buffer;

	if (!is_taken(bpf_map_lookup_elem(&pendings, &key), VB_BPF_S_POST_TWIN))
		take_post(buffer, len, key, VB_BPF_S_POST_TWIN);
	return 0;
}

SEC("fexit/vmbus_post_msg")
int BPF_PROG(post_fexit, const void *buffer)
{
	take_post_done((__u64)buffer, (int)return_value(ctx));
	return 0;
}

SEC("fexit/vmbus_post_msg")
int BPF_PROG(post_twin_fexit, const void *buffer)
{
	take_post_done((__u64)buffer, (int)return_value(ctx));
	return 0;
}

SEC("fentry/vmbus_setevent")
int BPF_PROG(signal_fentry, struct vmbus_channel *ch)
{
	take_event(ch, true, VB_BPF_SIGNAL, VB_BPF_S_SIGNAL);
	return 0;
}

/* ---- kprobes ---- */

SEC("kprobe")
int BPF_KPROBE(write_entry, struct vmbus_channel *ch, const struct kvec *list, __u32 count,
	       __u64 request_id)
{
	take_write(ch, false, list, count, request_id, PT_REGS_SP(ctx), VB_BPF_S_WRITE);
	return 0;
}

SEC("kretprobe")
int BPF_KRETPROBE(write_exit, int ret)
{
	take_write_done(NULL, false, PT_REGS_SP(ctx) - RETURN_SP_BIAS, ret);
	return 0;
}

/* vmbus_next_request_id(), storvsc_next_request_id() */
SEC("kprobe")
int BPF_KPROBE(request_id_entry, struct vmbus_channel *ch, __u64 address)
{
	__u32 relid, zero = 0;
	struct id_call *call = bpf_map_lookup_elem(&id_calls, &zero);

	if (!call)
		return 0;
	call->channel = 0;
	if (!wanted(ch, false, &relid))
		return 0;
	call->channel = (__u64)ch;
	call->address = address;
	call->ring_pos = BPF_CORE_READ(ch, outbound.ring_buffer, write_index);
	return 0;
}

SEC("kretprobe")
int BPF_KRETPROBE(request_id_exit, __u64 ret)
{
	__u32 zero = 0;
	struct id_call *call = bpf_map_lookup_elem(&id_calls, &zero);

	if (!call || !call->channel)
		return 0;
	take_request_id((struct vmbus_channel *)call->channel, call->address, ret, call->ring_pos);
	call->channel = 0;
	return 0;
}

SEC("kprobe")
int BPF_KPROBE(ring_init_entry, struct hv_ring_buffer_info *ring)
{
	__u64 sp = PT_REGS_SP(ctx), value = (__u64)ring;

	bpf_map_update_elem(&ring_inits, &sp, &value, BPF_ANY);
	return 0;
}

SEC("kretprobe")
int BPF_KRETPROBE(ring_init_exit, int ret)
{
	__u64 sp = PT_REGS_SP(ctx) - RETURN_SP_BIAS;
	__u64 *ring = bpf_map_lookup_elem(&ring_inits, &sp);

	if (!ring)
		return 0;
	if (!ret)
		take_ring((struct hv_ring_buffer_info *)*ring);
	bpf_map_delete_elem(&ring_inits, &sp);
	return 0;
}

SEC("kprobe")
int BPF_KPROBE(ring_cleanup, struct hv_ring_buffer_info *ring)
{
	forget_ring(ring);
	return 0;
}

/* In both cases: rare, and on functions that not every kernel has. */
SEC("kprobe")
int BPF_KPROBE(gpadl_entry, struct vmbus_channel *ch, void *buffer, __u32 len, void *gpadl)
{
	take_gpadl(ch, buffer, len, gpadl);
	return 0;
}

SEC("kretprobe")
int BPF_KRETPROBE(read_exit, const void *packet)
{
	take_read(NULL, false, packet, VB_BPF_S_READ);
	return 0;
}

SEC("kprobe")
int BPF_KPROBE(post_entry, const void *buffer, __u64 len)
{
	take_post(buffer, len, PT_REGS_SP(ctx), VB_BPF_S_POST);
	return 0;
}

SEC("kretprobe")
int BPF_KRETPROBE(post_exit, int ret)
{
	take_post_done(PT_REGS_SP(ctx) - RETURN_SP_BIAS, ret);
	return 0;
}

/* Messages without the tracepoint, which would keep hv_vmbus from being unloaded. */
SEC("kprobe")
int BPF_KPROBE(message_kprobe, const void *const *context)
{
	message_is_handled(context);
	return 0;
}

SEC("kprobe")
int BPF_KPROBE(signal_entry, struct vmbus_channel *ch)
{
	take_event(ch, false, VB_BPF_SIGNAL, VB_BPF_S_SIGNAL);
	return 0;
}

/* ---- tracepoints, in both cases ---- */

/* The payload in a copy of the slot (Linux 6.1 drivers/hv/vmbus_drv.c, vmbus_on_msg_dpc()). */
SEC("raw_tp")
int message_tp(struct bpf_raw_tracepoint_args *ctx)
{
	const void *payload = (const void *)ctx->args[0];
	__u8 len = 0;

	bpf_probe_read_kernel(&len, sizeof(len), payload - SLOT_PAYLOAD + SLOT_LEN);
	take_message(payload, len);
	return 0;
}

SEC("raw_tp")
int interrupt_tp(struct bpf_raw_tracepoint_args *ctx)
{
	take_event((struct vmbus_channel *)ctx->args[0], false, VB_BPF_INTERRUPT,
		   VB_BPF_S_INTERRUPT);
	return 0;
}

/* ---- of the kernel proper, while hv_vmbus is waited for ---- */

/* Linux 6.1 include/linux/interrupt.h */
struct tasklet_struct {
	void (*func)(unsigned long data);
	unsigned long data;
} KERNEL_TYPE;

static const char handler[] = "vmbus_on_msg_dpc";

SEC("fexit/tasklet_init")
int BPF_PROG(tasklet_init_fexit, struct tasklet_struct *tasklet)
{
	__u64 key = (__u64)tasklet, data = BPF_CORE_READ(tasklet, data);
	__u64 function = (__u64)BPF_CORE_READ(tasklet, func);
	char name[sizeof(handler)] = "";
	__u32 i, diff = 0;

	bpf_snprintf(name, sizeof(name), "%ps", &function, sizeof(function));
	for (i = 0; i < sizeof(handler); i++)
		diff |= name[i] ^ handler[i];
	if (!diff)
		bpf_map_update_elem(&tasklets, &key, &data, BPF_ANY);
	return 0;
}

SEC("fentry/tasklet_kill")
int BPF_PROG(tasklet_kill_fentry, struct tasklet_struct *tasklet)
{
	__u64 key = (__u64)tasklet;

	bpf_map_delete_elem(&tasklets, &key);
	return 0;
}

/* In the interrupt, interrupts disabled. */
SEC("fentry/__tasklet_schedule")
int BPF_PROG(tasklet_schedule_fentry, struct tasklet_struct *tasklet)
{
	__u64 key = (__u64)tasklet, *context = bpf_map_lookup_elem(&tasklets, &key);

	if (context)
		message_arrives((const void *const *)*context);
	return 0;
}

static __always_inline void tasklets_run(__u64 softirq, bool run)
{
	__u32 zero = 0;
	struct arrival *a = bpf_map_lookup_elem(&arrivals, &zero);

	if (a && softirq == 6 /* TASKLET_SOFTIRQ */)
		a->in_tasklets = run;
}

SEC("raw_tp")
int softirq_entry_tp(struct bpf_raw_tracepoint_args *ctx)
{
	tasklets_run(ctx->args[0], true);
	return 0;
}

SEC("raw_tp")
int softirq_exit_tp(struct bpf_raw_tracepoint_args *ctx)
{
	tasklets_run(ctx->args[0], false);
	return 0;
}

/* ---- the channels that are there already ---- */

/*
 * The version that hv_storvsc agreed on last, with whichever of its devices, as Linux 6.1
 * drivers/scsi/storvsc_drv.c keeps it. User space knows which values make sense.
 */
static __always_inline void find_storage(struct vmbus_channel *ch, __u32 relid)
{
	void *version = (void *)walk.symbols[VB_BPF_STORAGE_VERSION];
	struct vb_bpf_channel *c = channel_of(relid);
	struct vb_bpf_record rec;

	if (c && version && describe(&rec, ch, false) == VB_BPF_STORAGE)
		bpf_probe_read_kernel(&c->storage, sizeof(c->storage), version);
}

/* Looks up channel walk.relid, once per call; run by user space at the start. */
SEC("syscall")
int walk_channel(void *ctx)
{
	struct vmbus_connection *conn = (void *)walk.symbols[VB_BPF_CONNECTION];
	struct vmbus_channel **list = BPF_CORE_READ(conn, channels), *ch = NULL;
	__u64 key, channel;

	walk.found = 0;
	bpf_probe_read_kernel(&walk.version, sizeof(walk.version),
			      (void *)walk.symbols[VB_BPF_VERSION]);
	bpf_probe_read_kernel(&ch, sizeof(ch), list + walk.relid);
	if (!ch || BPF_CORE_READ(ch, offermsg.child_relid) != walk.relid)
		return 0;
	if (bpf_probe_read_kernel(walk.offer, sizeof(walk.offer), &ch->offermsg))
		return 0;
	walk.found = 1;
	key = (__u64)BPF_CORE_READ(ch, inbound.pkt_buffer);
	channel = (__u64)ch;
	if (key)
		bpf_map_update_elem(&inbounds, &key, &channel, BPF_NOEXIST);
	find_network(ch, walk.relid);
	find_storage(ch, walk.relid);
	return 0;
}
