/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan for people. */
#include <inttypes.h>
#include <string.h>

#include "capture/time_text.h"
#include "replay/plan.h"

static void describe_version(struct vb_buf *out, uint32_t version)
{
	if (version)
		vb_buf_fmt(out, "VMBus %u.%u", version >> 16, version & 0xffff);
	else
		vb_buf_str(out, "VMBus version not in the trace");
}

static void describe_trace(const struct vb_plan *p, struct vb_buf *out)
{
	vb_buf_fmt(out, "trace     %s: %" PRIu64 " records", p->path, p->n_records);
	if (p->n_lost)
		vb_buf_fmt(out, ", %" PRIu64 " lost: answers may be missing", p->n_lost);
	if (p->n_malformed)
		vb_buf_fmt(out, ", %" PRIu64 " malformed", p->n_malformed);
	if (p->n_orphans)
		vb_buf_fmt(out, ", %" PRIu64 " of devices that it does not name", p->n_orphans);
	if (p->info.truncated)
		vb_buf_str(out, ", ends inside a record");
	if (p->info.os[0])
		vb_buf_fmt(out, "\nrecorded  %s", p->info.os);
	vb_buf_str(out, "\npersona   ");
	describe_version(out, p->vmbus_version);
	vb_buf_str(out, "\nduration  ");
	vb_time_seconds(out, p->duration_ns);
	vb_buf_str(out, " s\n");
}

static void describe_offer(const struct vb_plan_device *d, struct vb_buf *out)
{
	char guid[VB_GUID_TEXT];

	vb_guid_text(d->instance, guid);
	vb_buf_fmt(out, "\n%-9s instance %s", d->name, guid);
	if (d->offered)
		vb_buf_fmt(out, ", channel flags 0x%04x", d->flags);
	else
		vb_buf_str(out, ", its offer is not in the trace");
	if (d->mmio_megabytes)
		vb_buf_fmt(out, ", %u MiB of MMIO", d->mmio_megabytes);
	if (d->n_subchannels)
		vb_buf_fmt(out, ", %u sub-channels", d->n_subchannels);
	vb_buf_str(out, "\n");
}

/* ---- steps ---- */

/* How often each kind of message is sent and expected, and how often it is not, and why. */
struct count {
	uint64_t played[VB_N_STEP_TYPES];
	uint64_t skipped[VB_N_SKIPS];
	uint64_t unanswered;
};

static void count_step(struct count *c, const struct vb_step *s)
{
	if (s->skip)
		c->skipped[s->skip]++;
	else
		c->played[s->type]++;
	if (s->type == VB_STEP_SEND && !s->skip && !s->answered && s->answers == VB_NO_STEP)
		c->unanswered++;
}

static void count_kind(const struct vb_plan_device *d, uint16_t kind, struct count *ret)
{
	*ret = (struct count){ 0 };
	for (size_t i = 0; i < d->n_steps; i++)
		if (d->steps[i].kind == kind)
			count_step(ret, &d->steps[i]);
}

static void describe_count(const struct count *c, const char *name, struct vb_buf *out)
{
	static const char *const words[VB_N_STEP_TYPES] = {
		[VB_STEP_SEND] = "send",       [VB_STEP_EXPECT] = "expect",
		[VB_STEP_OPENED] = "open",     [VB_STEP_CLOSED] = "close",
		[VB_STEP_RESCIND] = "rescind", [VB_STEP_OFFER] = "offer",
		[VB_STEP_CAUSE] = "cause",
	};

	vb_buf_fmt(out, "  %-46s", name);
	for (unsigned int i = 0; i < VB_N_STEP_TYPES; i++)
		if (c->played[i])
			vb_buf_fmt(out, " %s %" PRIu64, words[i], c->played[i]);
	vb_buf_str(out, "\n");
	for (unsigned int i = 1; i < VB_N_SKIPS; i++)
		if (c->skipped[i])
			vb_buf_fmt(out, "    skip %" PRIu64 ": %s\n", c->skipped[i],
				   vb_skip_text((enum vb_skip)i));
	if (c->unanswered)
		vb_buf_fmt(out, "    unanswered %" PRIu64 ": the answer is not in the trace\n",
			   c->unanswered);
}

static void describe_nvsp(uint32_t version, struct vb_buf *out)
{
	uint32_t major = version >> 16, minor = version & 0xffff;

	if (!version)
		vb_buf_str(out, "NVSP version not in the trace");
	else if (version < 0x40000) /* 1 and 2 have numbers of their own */
		vb_buf_fmt(out, "NVSP %u", major ? 2u : 1u);
	else
		vb_buf_fmt(out, minor ? "NVSP %u.%u" : "NVSP %u", major, minor);
}

static void describe_net(const struct vb_plan_net *n, struct vb_buf *out)
{
	vb_buf_str(out, "  ");
	describe_nvsp(n->version, out);
	if (n->part_len)
		vb_buf_fmt(out, ", receive parts of %u bytes", n->part_len);
	if (n->section_len)
		vb_buf_fmt(out, ", sections of %u bytes", n->section_len);
	if (n->n_queues)
		vb_buf_fmt(out, ", %u queues", n->n_queues);
	vb_buf_fmt(out, ", %zu answers of the adapter\n", n->n_answers);
	if (n->n_filled)
		vb_buf_fmt(out,
			   "  filled %" PRIu64 ": the capture kept too little of these frames, the "
			   "rest is a pattern\n",
			   n->n_filled);
}

static void describe_lun(const struct vb_plan_lun *u, struct vb_buf *out)
{
	if (!u->is_there)
		return;
	vb_buf_fmt(out, "  unit %u:%u:%u  %s", u->path, u->target, u->lun,
		   u->is_dvd ? "drive" : "disk");
	if (u->n_blocks)
		vb_buf_fmt(out, ", %" PRIu64 " blocks of %u bytes", u->n_blocks, u->block_len);
	vb_buf_str(out, "\n");
}

static void describe_disk(const struct vb_plan_disk *p, struct vb_buf *out)
{
	if (p->version)
		vb_buf_fmt(out, "  storage protocol %u.%u", p->version >> 8, p->version & 0xff);
	else
		vb_buf_str(out, "  version of the storage protocol not in the trace");
	if (p->max_transfer)
		vb_buf_fmt(out, ", transfers of up to %u bytes", p->max_transfer);
	vb_buf_fmt(out, ", %zu answers\n", p->n_replies);
	for (size_t i = 0; i < p->n_luns; i++)
		describe_lun(&p->luns[i], out);
	if (p->n_unanswered)
		vb_buf_fmt(out,
			   "  unanswered %" PRIu64 ": the trace has not got the answers to these "
			   "commands, the model answers\n",
			   p->n_unanswered);
	if (p->n_filled)
		vb_buf_fmt(out,
			   "  filled %" PRIu64
			   ": the capture kept too little of what these commands "
			   "wrote, the rest is a pattern\n",
			   p->n_filled);
}

static void describe_device(const struct vb_plan_device *d, struct vb_buf *out)
{
	struct count c;

	describe_offer(d, out);
	if (d->skip) {
		vb_buf_fmt(out, "  skip all %" PRIu64 " packets: %s\n", d->n_left_out + d->n_steps,
			   vb_skip_text((enum vb_skip)d->skip));
		return;
	}
	if (d->late)
		vb_buf_str(out,
			   "  The capture began after the channel was opened: what its opening "
			   "needs is made up.\n");
	if (d->bypassed)
		vb_buf_str(out,
			   "  A program in the guest used the ring without the kernel: what it "
			   "sent is not in the trace.\n");
	if (d->net)
		describe_net(d->net, out);
	if (d->disk)
		describe_disk(d->disk, out);
	count_kind(d, VB_NO_KIND, &c);
	describe_count(&c, "channel", out);
	for (size_t k = 0; k < d->n_kinds; k++) {
		count_kind(d, (uint16_t)k, &c);
		describe_count(&c, vb_plan_kind_name(d, (uint16_t)k), out);
	}
}

void vb_plan_describe(const struct vb_plan *p, struct vb_buf *out)
{
	describe_trace(p, out);
	for (size_t i = 0; i < p->n_devices; i++)
		describe_device(&p->devices[i], out);
}
