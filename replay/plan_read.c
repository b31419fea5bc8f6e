/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trace becomes a plan: every record of a device that can be played is a step.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/decode.h"
#include "dissectors/values.h"
#include "replay/plan_impl.h"

#define N_DEVICES 1024 /* a host offers a few; a hostile trace no more than costs little */

struct reader {
	struct vb_plan *plan;
	struct vb_decoder decoder;
	struct {
		uint32_t relid; /* of the primary channel, 0: not offered yet */
		bool rescinded;
	} channel[N_DEVICES]; /* of each device */
	size_t n_room;
	uint64_t fill_left; /* of VB_PLAN_FILL */
};

/* ---- devices ---- */

static void name_device(const struct vb_plan *p, struct vb_plan_device *d)
{
	const char *class = vb_class_by_code(d->class)->name;
	unsigned int n = 0;

	for (const struct vb_plan_device *o = p->devices; o < d; o++)
		n += o->class == d->class;
	if (n)
		snprintf(d->name, sizeof(d->name), "%s.%u", class, n);
	else
		snprintf(d->name, sizeof(d->name), "%s", class);
}

static struct vb_plan_device *add_device(struct reader *r, uint8_t class, const uint8_t *instance)
{
	struct vb_plan *p = r->plan;
	struct vb_plan_device *d;

	if (p->n_devices == r->n_room) {
		size_t n = r->n_room ? r->n_room * 2 : 16;

		d = n <= N_DEVICES ? reallocarray(p->devices, n, sizeof(*d)) : NULL;
		if (!d)
			return NULL;
		p->devices = d;
		r->n_room = n;
	}
	d = &p->devices[p->n_devices];
	*d = (struct vb_plan_device){ .class = class };
	memcpy(d->instance, instance, sizeof(d->instance));
	if (vb_class_by_code(class)->guid)
		vb_guid_parse(vb_class_by_code(class)->guid, d->interface);
	if (!vb_plan_plays_class(class))
		d->skip = VB_SKIP_CLASS;
	name_device(p, d);
	p->n_devices++;
	return d;
}

/* The device, which is new to the plan perhaps; NULL: there are too many. */
static struct vb_plan_device *get_device(struct reader *r, uint8_t class, const uint8_t *instance)
{
	for (size_t i = 0; i < r->plan->n_devices; i++) {
		struct vb_plan_device *d = &r->plan->devices[i];

		if (d->class == class && memcmp(d->instance, instance, sizeof(d->instance)) == 0)
			return d;
	}
	return add_device(r, class, instance);
}

static struct vb_plan_device *device_of_relid(struct reader *r, uint64_t relid)
{
	for (size_t i = 0; relid && i < r->plan->n_devices; i++)
		if (r->channel[i].relid == relid)
			return &r->plan->devices[i];
	return NULL;
}

/* ---- steps ---- */

struct vb_step *vb_plan_step_of(struct vb_plan_device *d, const struct vb_decoder *dec,
				uint8_t type)
{
	struct vb_step *s = vb_plan_step_add(d, type);

	if (!s)
		return NULL;
	s->number = dec->ev->number;
	s->recorded_ns = dec->ev->time_ns;
	s->vmbus_version = dec->frame.vmbus_version;
	s->proto_version = dec->frame.proto_version;
	s->subchannel = dec->frame.subchannel;
	return s;
}

bool vb_plan_value(const struct vb_decoder *dec, const char *path, uint64_t *ret)
{
	struct vb_wanted w = { .path = path };

	if (!vb_values_read(vb_root_proto(VB_KIND_PACKET), &dec->frame, &w, 1, NULL))
		return false;
	*ret = w.number;
	return true;
}

const char *vb_plan_message_name(const struct vb_walked *w)
{
	const struct vb_msg *m = w->n_layers ? w->layer[w->n_layers - 1].msg : NULL;

	return m ? m->name : "";
}

/* What the guest and the host do to the channel as a whole. */
static int add_turn(struct reader *r, struct vb_plan_device *d, uint8_t type)
{
	if (!d || d->skip)
		return 0;
	return vb_plan_step_of(d, &r->decoder, type) ? 0 : -ENOMEM;
}

enum vb_skip vb_plan_packet_skip(const struct vb_record_header *h)
{
	if (h->flags & VB_REC_FAILED)
		return VB_SKIP_FAILED;
	if (h->flags & VB_REC_WITHHELD)
		return VB_SKIP_WITHHELD;
	if (h->flags & VB_REC_CUT || h->cap_len < h->wire_len)
		return VB_SKIP_CUT;
	return VB_SKIP_NONE;
}

/* Steps are in the order of their records. */
uint32_t vb_plan_step_find(const struct vb_plan_device *d, uint64_t number)
{
	size_t low = 0, high = d->n_steps;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->steps[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < d->n_steps && d->steps[low].number == number ? (uint32_t)low : VB_NO_STEP;
}

int vb_plan_step_lost(struct vb_plan_device *d, const struct vb_decoder *dec, uint8_t type,
		      enum vb_skip why)
{
	struct vb_step *s = vb_plan_step_of(d, dec, type);

	if (!s)
		return -ENOMEM;
	s->skip = (uint8_t)why;
	s->absent = true;
	return vb_plan_kind_add(d, &dec->walked, &s->kind);
}

int vb_plan_keep_packet(struct vb_plan_device *d, struct vb_step *s, const struct vb_decoder *dec)
{
	const struct vb_event *ev = dec->ev;

	s->skip = (uint8_t)vb_plan_packet_skip(&ev->hdr);
	s->cap_len = ev->hdr.cap_len;
	s->wire_len = ev->hdr.wire_len;
	if (s->cap_len) {
		s->bytes = malloc(s->cap_len);
		if (!s->bytes)
			return -ENOMEM;
		memcpy(s->bytes, ev->data, s->cap_len);
	}
	return vb_plan_kind_add(d, &dec->walked, &s->kind);
}

static int add_packet(struct vb_plan_device *d, const struct vb_decoder *dec)
{
	bool to_guest = dec->frame.direction == VB_TO_GUEST;
	struct vb_step *s = vb_plan_step_of(d, dec, to_guest ? VB_STEP_SEND : VB_STEP_EXPECT);

	if (!s)
		return -ENOMEM;
	if (dec->link.request) {
		s->answers = vb_plan_step_find(d, dec->link.request);
		s->latency_ns = dec->link.latency_ns;
	}
	if (s->answers != VB_NO_STEP)
		d->steps[s->answers].answered = true;
	return vb_plan_keep_packet(d, s, dec);
}

static int take_packet(struct reader *r)
{
	const struct vb_frame *f = &r->decoder.frame;
	struct vb_plan_device *d;

	if (f->class == VB_CLASS_UNKNOWN || f->direction == VB_DIR_NONE) {
		r->plan->n_orphans++;
		return 0;
	}
	d = get_device(r, f->class, f->instance);
	if (!d || d->skip) {
		*(d ? &d->n_left_out : &r->plan->n_orphans) += 1;
		return 0;
	}
	if (vb_plan_is_disk(d->class))
		return vb_plan_disk_packet(d, &r->decoder, &r->fill_left);
	return d->class == VB_CLASS_NETWORK ? vb_plan_net_packet(d, &r->decoder, &r->fill_left) :
					      add_packet(d, &r->decoder);
}

/* ---- control messages ---- */

/* The user-defined area, in the form it has. */
static void keep_user_area(struct vb_plan_device *d, const struct vb_frame *f)
{
	struct vb_wanted w[] = { { .path = "vmbus.offer.user_defined" },
				 { .path = "vmbus.offer.pipe.device_data" },
				 { .path = "vmbus.offer.pipe.mode" },
				 { .path = "vmbus.offer.pipe.flags" } };

	vb_values_read(vb_root_proto(f->kind), f, w, 4, NULL);
	for (size_t i = 0; i < 2; i++)
		if (w[i].found && w[i].n_bytes <= sizeof(d->user_defined))
			memcpy(d->user_defined, w[i].bytes, w[i].n_bytes);
	d->pipe_mode = (uint32_t)w[2].number;
	d->pipe_flags = (uint32_t)w[3].number;
}

static void keep_offer(struct vb_plan_device *d, const struct vb_frame *f)
{
	struct vb_wanted w[] = { { .path = "vmbus.offer.if_type" },
				 { .path = "vmbus.offer.flags" },
				 { .path = "vmbus.offer.mmio_megabytes" } };

	vb_values_read(vb_root_proto(f->kind), f, w, 3, NULL);
	if (w[0].found && w[0].n_bytes == sizeof(d->interface))
		memcpy(d->interface, w[0].bytes, sizeof(d->interface));
	d->flags = (uint16_t)w[1].number;
	d->mmio_megabytes = (uint16_t)w[2].number;
	keep_user_area(d, f);
	d->offered = true;
}

/* The GUIDs of an offer; false: the capture has not got them. */
static bool read_guids(const struct vb_frame *f, uint8_t *ret_class, uint8_t ret_instance[16])
{
	struct vb_wanted w[] = { { .path = "vmbus.offer.if_type" },
				 { .path = "vmbus.offer.if_instance" } };
	const struct vb_class_info *class;

	vb_values_read(vb_root_proto(f->kind), f, w, 2, NULL);
	if (w[0].n_bytes != 16 || w[1].n_bytes != 16)
		return false;
	class = vb_class_by_guid(w[0].bytes);
	*ret_class = class ? class->code : VB_CLASS_OTHER;
	memcpy(ret_instance, w[1].bytes, 16);
	return true;
}

static int take_offer(struct reader *r, const struct vb_layer *l)
{
	const struct vb_frame *f = &r->decoder.frame;
	struct vb_plan_device *d;
	uint8_t class, instance[16];
	bool again;

	if (!read_guids(f, &class, instance))
		return 0;
	d = get_device(r, class, instance);
	if (!d)
		return 0;
	if (l->slots[VB_S_SUB]) {
		d->n_subchannels++;
		return 0;
	}
	again = r->channel[d - r->plan->devices].rescinded;
	r->channel[d - r->plan->devices].relid = (uint32_t)l->slots[VB_S_RELID];
	r->channel[d - r->plan->devices].rescinded = false;
	keep_offer(d, f);
	return again ? add_turn(r, d, VB_STEP_OFFER) : 0;
}

static int take_rescind(struct reader *r, const struct vb_layer *l)
{
	struct vb_plan_device *d = device_of_relid(r, l->slots[VB_S_RELID]);

	if (d)
		r->channel[d - r->plan->devices].rescinded = true;
	return add_turn(r, d, VB_STEP_RESCIND);
}

static int take_open(struct reader *r, const struct vb_layer *l)
{
	return add_turn(r, device_of_relid(r, l->slots[VB_S_RELID]), VB_STEP_OPENED);
}

/* The channel was not opened after all. */
static int take_open_result(struct reader *r, const struct vb_layer *l)
{
	struct vb_plan_device *d = device_of_relid(r, l->slots[VB_S_RELID]);

	if (!d || !d->n_steps || !l->slots[VB_S_STATUS])
		return 0;
	if (d->steps[d->n_steps - 1].type == VB_STEP_OPENED)
		d->steps[d->n_steps - 1].skip = VB_SKIP_FAILED;
	return 0;
}

static int take_close(struct reader *r, const struct vb_layer *l)
{
	return add_turn(r, device_of_relid(r, l->slots[VB_S_RELID]), VB_STEP_CLOSED);
}

static const struct {
	const char *name;
	int (*take)(struct reader *r, const struct vb_layer *l);
} controls[] = {
	{ "offer", take_offer }, { "rescind_offer", take_rescind },
	{ "open", take_open },	 { "open_result", take_open_result },
	{ "close", take_close },
};

static int take_control(struct reader *r)
{
	const struct vb_layer *l = &r->decoder.walked.layer[0];

	if (!r->decoder.walked.n_layers || !l->msg || r->decoder.ev->hdr.flags & VB_REC_FAILED)
		return 0;
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
		if (strcmp(l->msg->name, controls[i].name) == 0)
			return controls[i].take(r, l);
	return 0;
}

/* ---- records ---- */

static int take_event(struct reader *r)
{
	struct vb_wanted w = { .path = "hv_state.item.bypass" };
	const struct vb_frame *f = &r->decoder.frame;
	struct vb_plan_device *d;

	if (f->class == VB_CLASS_UNKNOWN || !vb_values_read(vb_root_proto(f->kind), f, &w, 1, NULL))
		return 0;
	d = get_device(r, f->class, f->instance);
	if (d)
		d->bypassed = true;
	return 0;
}

static int take_record(struct reader *r, const struct vb_event *ev)
{
	struct vb_plan *p = r->plan;
	uint64_t n_malformed = r->decoder.n_malformed;

	p->n_records++;
	p->n_lost += ev->hdr.lost;
	vb_decoder_begin(&r->decoder, ev);
	vb_decoder_walk(&r->decoder, VB_PART_ROOT, NULL);
	p->n_malformed += r->decoder.n_malformed - n_malformed;
	if (r->decoder.frame.vmbus_version)
		p->vmbus_version = r->decoder.frame.vmbus_version;
	switch (r->decoder.frame.kind) {
	case VB_KIND_CONTROL:
		return take_control(r);
	case VB_KIND_PACKET:
		return take_packet(r);
	case VB_KIND_EVENT:
		return take_event(r);
	default:
		return 0;
	}
}

static int read_all(struct reader *r, struct vb_source *src, struct vb_err *err)
{
	struct vb_event ev;
	int rc;

	while ((rc = src->ops->next(src, -1, &ev, err)) > 0) {
		rc = take_record(r, &ev);
		if (rc < 0)
			return vb_fail(err, rc, "not enough memory for a plan");
	}
	return rc;
}

/* ---- the whole ---- */

static int nothing_to_play(const struct vb_plan *p, struct vb_err *err)
{
	struct vb_buf found = { 0 };
	int rc;

	for (size_t i = 0; i < p->n_devices && i < 8; i++)
		vb_buf_fmt(&found, "%s%s", i ? ", " : "", p->devices[i].name);
	rc = vb_fail(err, -ENODATA,
		     "%s: no device in this trace can be replayed (%s); what can be is "
		     "heartbeat, shutdown, timesync, kvp, vss, fcopy, netvsc, scsi, ide and fc",
		     p->path, found.data ? found.data : "it has none");
	vb_buf_done(&found);
	return rc;
}

static bool is_act(const struct vb_step *s)
{
	return s->type == VB_STEP_SEND || s->type == VB_STEP_CAUSE;
}

static int settle(struct vb_plan *p, struct vb_err *err)
{
	bool any = false;

	for (size_t i = 0; i < p->n_devices; i++) {
		struct vb_plan_device *d = &p->devices[i];

		int rc = d->net || d->disk ? vb_plan_causes_first(d) : 0;

		if (!rc && !d->skip)
			rc = vb_plan_begin_late(d);
		if (rc)
			return vb_fail(err, rc, "%s: cannot make a beginning for %s", p->path,
				       d->name);
	}
	vb_plan_settle(p);
	for (size_t i = 0; i < p->n_devices; i++)
		for (size_t k = 0; k < p->devices[i].n_steps && !any; k++)
			any = is_act(&p->devices[i].steps[k]) && !p->devices[i].steps[k].skip;
	return any ? 0 : nothing_to_play(p, err);
}

int vb_plan_read_source(struct vb_source *src, const char *name, struct vb_plan **ret,
			struct vb_err *err)
{
	struct reader *r = calloc(1, sizeof(*r));
	struct vb_plan *p = calloc(1, sizeof(*p));
	int rc = -ENOMEM;

	if (r && p && (p->path = strdup(name)) && !vb_decoder_init(&r->decoder, NULL)) {
		r->plan = p;
		r->fill_left = VB_PLAN_FILL;
		rc = read_all(r, src, err);
		p->info = *vb_source_file_info(src);
		if (!rc)
			rc = settle(p, err);
		vb_decoder_done(&r->decoder);
	} else {
		vb_fail(err, rc, "not enough memory for a plan");
	}
	free(r);
	if (rc)
		vb_plan_free(p);
	else
		*ret = p;
	return rc;
}

int vb_plan_read(const char *path, struct vb_plan **ret, struct vb_err *err)
{
	struct vb_source *src;
	int rc = vb_source_file_open(path, &src, err);

	if (rc)
		return rc;
	rc = vb_plan_read_source(src, path, ret, err);
	src->ops->close(src);
	return rc;
}
