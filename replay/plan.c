/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan once it is made. plan_read.c makes it out of a trace, plan_settle.c decides what of it can
 * be played.
 */
#include "replay/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/compare.h"
#include "replay/plan_impl.h"

/* ---- what is not played ---- */

static const struct {
	const char *name, *text;
} skips[VB_N_SKIPS] = {
	[VB_SKIP_NONE] = { "none", "played" },
	[VB_SKIP_CLASS] = { "class", "devices of this class cannot be replayed yet" },
	[VB_SKIP_CUT] = { "cut", "the capture kept too few of its bytes" },
	[VB_SKIP_WITHHELD] = { "withheld", "the capture withheld its content" },
	[VB_SKIP_FAILED] = { "failed", "it never reached the other side: the write failed" },
	[VB_SKIP_NO_REQUEST] = { "no_request", "what it answers is not sent" },
	[VB_SKIP_GUESTS_OWN] = { "guests_own",
				 "the guest closed the channel by itself: nothing here makes it" },
	[VB_SKIP_NOT_CHOSEN] = { "not_chosen", "left out by --channels" },
	[VB_SKIP_UNRECORDED] = { "unrecorded", "the trace has no answer to compare it with" },
	[VB_SKIP_NOT_LAST] = { "not_last", "the guest ends in the last round only" },
	[VB_SKIP_LOOP] = { "loop", "the channel is still open: nothing to negotiate again" },
	[VB_SKIP_UNSENT] = { "unsent", "the channel did not take the request" },
	[VB_SKIP_GUEST_GONE] = { "guest_gone",
				 "the guest had shut down by then, as it was asked to" },
	[VB_SKIP_INTERRUPTED] = { "interrupted", "the run was interrupted before" },
	[VB_SKIP_NEVER_OPEN] = { "never_open", "the guest did not open the channel" },
	[VB_SKIP_WRITES] = { "writes", "it changes the disk: that is done with --write only" },
	[VB_SKIP_LAST_RESORT] = { "last_resort",
				  "the driver does it when nothing else helps: nothing here makes it" },
};

const char *vb_skip_name(enum vb_skip why)
{
	return skips[why].name;
}

const char *vb_skip_text(enum vb_skip why)
{
	return skips[why].text;
}

bool vb_plan_is_disk(uint8_t class)
{
	return class == VB_CLASS_SCSI || class == VB_CLASS_IDE || class == VB_CLASS_FC;
}

bool vb_plan_plays_class(uint8_t class)
{
	if (vb_plan_is_disk(class))
		return true;
	switch (class) {
	case VB_CLASS_SHUTDOWN:
	case VB_CLASS_TIMESYNC:
	case VB_CLASS_HEARTBEAT:
	case VB_CLASS_KVP:
	case VB_CLASS_VSS:
	case VB_CLASS_FCOPY:
	case VB_CLASS_NETWORK:
		return true;
	default:
		return false;
	}
}

/* ---- steps ---- */

const struct vb_proto *vb_step_proto(const struct vb_step *s)
{
	return s->proto ? s->proto : vb_root_proto(VB_KIND_PACKET);
}

void vb_step_frame(const struct vb_plan_device *d, const struct vb_step *s, struct vb_frame *ret)
{
	*ret = (struct vb_frame){
		.data = s->bytes,
		.cap_len = s->cap_len,
		.wire_len = s->wire_len,
		.kind = VB_KIND_PACKET,
		.direction = s->type == VB_STEP_SEND ? VB_TO_GUEST : VB_TO_HOST,
		.class = d->class,
		.subchannel = s->subchannel,
		.number = s->number,
		.time_ns = s->at_ns,
		.vmbus_version = s->vmbus_version,
		.proto_version = s->proto_version,
	};
	memcpy(ret->instance, d->instance, sizeof(ret->instance));
	memcpy(ret->interface, d->interface, sizeof(ret->interface));
}

struct vb_step *vb_plan_step_add(struct vb_plan_device *d, uint8_t type)
{
	struct vb_step *s;

	if (d->n_steps == d->n_room) {
		size_t n = d->n_room ? d->n_room * 2 : 64;

		s = n < VB_NO_STEP ? reallocarray(d->steps, n, sizeof(*s)) : NULL;
		if (!s)
			return NULL;
		d->steps = s;
		d->n_room = n;
	}
	s = &d->steps[d->n_steps++];
	*s = (struct vb_step){ .type = type,
			       .kind = VB_NO_KIND,
			       .answers = VB_NO_STEP,
			       .causes = VB_NO_STEP,
			       .status = VB_NO_STEP };
	return s;
}

/* ---- kinds of messages ---- */

#define MAX_KINDS 1000u

static uint16_t find_kind(const struct vb_plan_device *d, const char *text)
{
	for (size_t i = 0; i < d->n_kinds; i++)
		if (strcmp(d->kinds[i], text) == 0)
			return (uint16_t)i;
	return VB_NO_KIND;
}

/* What the message asks for belongs to its kind: an OID. */
static void put_kind(const struct vb_walked *w, struct vb_buf *out)
{
	const struct vb_layer *l = w->n_layers ? &w->layer[w->n_layers - 1] : NULL;

	vb_compare_stack(out, w);
	if (l && l->set & 1u << VB_S_RECALLED && l->slots[VB_S_RECALLED])
		vb_buf_fmt(out, " 0x%08x", (unsigned int)l->slots[VB_S_RECALLED]);
}

uint16_t vb_plan_kind(const struct vb_plan_device *d, const struct vb_walked *w)
{
	struct vb_buf text = { 0 };
	uint16_t kind = VB_NO_KIND;

	put_kind(w, &text);
	if (text.data && !text.failed)
		kind = find_kind(d, text.data);
	vb_buf_done(&text);
	return kind;
}

/*
 * There are as many kinds as there are messages in the tables; of OIDs a trace can make more, but no
 * more than are looked up in reasonable time.
 */
int vb_plan_kind_add(struct vb_plan_device *d, const struct vb_walked *w, uint16_t *ret)
{
	struct vb_buf text = { 0 };
	char **kinds;

	if (d->n_kinds < MAX_KINDS)
		put_kind(w, &text);
	else
		vb_buf_str(&text, "others");
	if (!text.data || text.failed)
		return -ENOMEM;
	*ret = find_kind(d, text.data);
	if (*ret != VB_NO_KIND) {
		vb_buf_done(&text);
		return 0;
	}
	kinds = reallocarray(d->kinds, d->n_kinds + 1, sizeof(*kinds));
	if (!kinds) {
		vb_buf_done(&text);
		return -ENOMEM;
	}
	d->kinds = kinds;
	*ret = (uint16_t)d->n_kinds;
	kinds[d->n_kinds++] = text.data;
	return 0;
}

const char *vb_plan_kind_name(const struct vb_plan_device *d, uint16_t kind)
{
	const char *text = kind < d->n_kinds ? d->kinds[kind] : "unknown";
	const char *next;

	while ((strncmp(text, "hv_ring", 7) == 0 || strncmp(text, "hv_pipe", 7) == 0) &&
	       (next = strstr(text, " > ")))
		text = next + 3;
	return text;
}

/* ---- choosing ---- */

static bool named(const struct vb_plan_device *d, const char *word)
{
	char guid[VB_GUID_TEXT];

	vb_guid_text(d->instance, guid);
	return strcasecmp(word, guid) == 0 || strcmp(word, d->name) == 0 ||
	       strcmp(word, vb_class_by_code(d->class)->name) == 0;
}

static bool choose(struct vb_plan *p, const char *word, bool *chosen)
{
	bool found = false;

	for (size_t i = 0; i < p->n_devices; i++) {
		if (!named(&p->devices[i], word))
			continue;
		chosen[i] = true;
		found = true;
	}
	return found;
}

static int leave_out(struct vb_plan *p, const char *list, const bool *chosen, struct vb_err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_devices; i++) {
		if (!chosen[i] && !p->devices[i].skip)
			p->devices[i].skip = VB_SKIP_NOT_CHOSEN;
		n += !p->devices[i].skip;
	}
	if (!n)
		return vb_fail(err, -ENODATA, "%s: nothing of \"%s\" can be replayed", p->path,
			       list);
	vb_plan_settle(p);
	return 0;
}

int vb_plan_choose(struct vb_plan *p, const char *list, struct vb_err *err)
{
	bool *chosen = calloc(p->n_devices + 1, sizeof(*chosen));
	char *words = strdup(list), *rest = NULL;
	int rc = chosen && words ? 0 : vb_fail(err, -ENOMEM, "not enough memory");

	for (char *w = rc ? NULL : strtok_r(words, ",", &rest); w && !rc;
	     w = strtok_r(NULL, ",", &rest))
		if (!choose(p, w, chosen))
			rc = vb_fail(err, -EINVAL, "%s: no device \"%s\" in this trace", p->path,
				     w);
	if (!rc)
		rc = leave_out(p, list, chosen, err);
	free(chosen);
	free(words);
	return rc;
}

/* What answers a request that is left out is left out with it, by vb_plan_settle(). */
void vb_plan_forbid_writes(struct vb_plan *p)
{
	for (size_t i = 0; i < p->n_devices; i++)
		for (size_t k = 0; k < p->devices[i].n_steps; k++) {
			struct vb_step *s = &p->devices[i].steps[k];

			if (!s->writes || s->skip)
				continue;
			s->skip = VB_SKIP_WRITES;
			s->absent = true;
		}
	vb_plan_settle(p);
}

/* ---- the end ---- */

static void device_done(struct vb_plan_device *d)
{
	for (size_t i = 0; i < d->n_steps; i++) {
		free(d->steps[i].bytes);
		free(d->steps[i].parts);
		free(d->steps[i].outside);
	}
	vb_plan_disk_free(d->disk);
	for (size_t i = 0; d->net && i < d->net->n_answers; i++)
		free(d->net->answers[i].bytes);
	if (d->net)
		free(d->net->answers);
	free(d->net);
	for (size_t i = 0; i < d->n_kinds; i++)
		free(d->kinds[i]);
	free(d->steps);
	free(d->kinds);
}

void vb_plan_free(struct vb_plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_devices; i++)
		device_done(&p->devices[i]);
	free(p->devices);
	free(p->path);
	free(p);
}
