/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of a storage device. Its beginning is the driver's own, and what the host answered to it
 * is what the device is. What is played are requests of SCSI with their answers, and what the host
 * tells on its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/storvsc.h"
#include "dissectors/values.h"
#include "replay/plan_impl.h"

#define STORVSC "hv_storvsc"
#define DONE "hv_storvsc.execute_srb_complete."

static bool is_message(const struct vb_decoder *dec, const char *name)
{
	const struct vb_walked *w = &dec->walked;

	for (unsigned int i = 0; i < w->n_layers; i++)
		if (strcmp(w->layer[i].proto->name, STORVSC) == 0)
			return w->layer[i].msg && strcmp(w->layer[i].msg->name, name) == 0;
	return false;
}

/* ---- bytes outside the ring ---- */

/* What was captured of them, from the first one on. 0 or -ENOMEM; *ret stays NULL where nothing was. */
static int copy_outside(struct vb_decoder *dec, uint8_t **ret, uint32_t *ret_len,
			struct vb_frame *ret_f)
{
	struct vb_outside o;
	struct vb_walked w;

	*ret_f = (struct vb_frame){ 0 };
	*ret_len = 0;
	if (vb_decoder_outside(dec, &o))
		return -ENOMEM;
	if (!vb_outside_next(&o, dec, ret_f, &w) || !ret_f->cap_len)
		return 0;
	*ret = malloc(ret_f->cap_len);
	if (!*ret)
		return -ENOMEM;
	memcpy(*ret, ret_f->data, ret_f->cap_len);
	*ret_len = ret_f->cap_len;
	return 0;
}

/* ---- the guest's requests ---- */

/* The message as it stands in the packet, whatever pages the packet names. */
static int expect_message(struct vb_plan_device *d, const struct vb_decoder *dec,
			  struct vb_step **ret)
{
	struct vb_step *s = vb_plan_step_of(d, dec, VB_STEP_EXPECT);
	const struct vb_layer *l = dec->walked.layer;
	struct vb_walked w;
	struct vb_frame f;

	if (!s)
		return -ENOMEM;
	for (unsigned int i = 0; i < dec->walked.n_layers; i++)
		if (strcmp(dec->walked.layer[i].proto->name, STORVSC) == 0)
			l = &dec->walked.layer[i];
	s->proto = vb_proto_by_name(STORVSC);
	s->cap_len = s->wire_len = dec->frame.cap_len - l->off;
	s->bytes = malloc(s->cap_len);
	if (!s->bytes)
		return -ENOMEM;
	memcpy(s->bytes, dec->frame.data + l->off, s->cap_len);
	vb_step_frame(d, s, &f);
	vb_walk(s->proto, &f, NULL, &w);
	s->key = vb_plan_key(&f);
	*ret = s;
	return vb_plan_kind_add(d, &w, &s->kind);
}

/*
 * What the guest wrote with it. What of that was not captured is filled in when it is caused; more than all
 * devices may have filled is not caused at all.
 */
static int keep_written(struct vb_plan_device *d, struct vb_decoder *dec, struct vb_step *s,
			uint32_t data_len, uint64_t *fill_left)
{
	struct vb_frame f;
	int rc = copy_outside(dec, &s->outside, &s->outside_len, &f);
	uint32_t missing;

	if (rc || s->outside_len >= data_len)
		return rc;
	missing = data_len - s->outside_len;
	if (missing > *fill_left) {
		s->skip = d->steps[s->answers].skip = VB_SKIP_CUT;
		s->absent = d->steps[s->answers].absent = true;
		return 0;
	}
	*fill_left -= missing;
	s->filled = true;
	d->disk->n_filled++;
	return 0;
}

/* Before it stands what has the guest send it. */
static int cause_request(struct vb_plan_device *d, struct vb_decoder *dec,
			 const struct vb_plan_srb *srb, bool early, uint64_t *fill_left)
{
	uint32_t mine = (uint32_t)d->n_steps;
	struct vb_step *s, *cause;
	int rc;

	if (!vb_plan_step_of(d, dec, VB_STEP_CAUSE))
		return -ENOMEM;
	rc = expect_message(d, dec, &s);
	if (rc)
		return rc;
	cause = &d->steps[mine];
	cause->kind = s->kind;
	cause->causes = mine + 1;
	cause->early = s->early = early;
	cause->writes = s->writes = vb_plan_srb_writes(srb);
	s->answers = mine;
	if (srb->direction != VB_STORVSC_WRITE || !srb->data_len)
		return 0;
	return keep_written(d, dec, s, srb->data_len, fill_left);
}

static int take_srb(struct vb_plan_device *d, struct vb_decoder *dec, uint64_t *fill_left)
{
	struct vb_plan_srb srb;
	struct vb_plan_lun *u = NULL;
	enum vb_plan_maker maker;
	struct vb_step *s;
	int rc;

	if (!vb_plan_srb_read(dec, &srb))
		return vb_plan_step_lost(d, dec, VB_STEP_EXPECT, VB_SKIP_CUT);
	u = vb_plan_lun_of(d->disk, &srb);
	if (!u)
		return -ENOMEM;
	d->disk->n_unanswered++;
	maker = vb_plan_maker_of(d, u, &srb, dec->ev->time_ns);
	if (maker != VB_PLAN_DRIVER)
		return cause_request(d, dec, &srb, maker == VB_PLAN_EITHER, fill_left);
	rc = expect_message(d, dec, &s);
	if (!rc)
		s->free = true;
	return rc;
}

/* How it makes a beginning, and an end: that is up to the driver. */
static int take_own(struct vb_plan_device *d, const struct vb_decoder *dec)
{
	static const char *const resets[] = { "reset_lun", "reset_adapter", "reset_bus" };
	struct vb_step *s;
	int rc = expect_message(d, dec, &s);

	if (rc)
		return rc;
	s->free = true;
	for (size_t i = 0; i < sizeof(resets) / sizeof(resets[0]); i++) {
		if (!is_message(dec, resets[i]))
			continue;
		s->skip = VB_SKIP_LAST_RESORT;
		s->absent = true;
	}
	return 0;
}

/* ---- the host's answers ---- */

static int keep_packet(struct vb_plan_reply *r, const struct vb_decoder *dec)
{
	r->packet = malloc(dec->frame.cap_len);
	if (!r->packet)
		return -ENOMEM;
	memcpy(r->packet, dec->frame.data, dec->frame.cap_len);
	r->len = dec->frame.cap_len;
	r->latency_ns = dec->link.latency_ns;
	return 0;
}

static struct vb_plan_reply *new_reply(struct vb_plan_disk *disk)
{
	size_t n = disk->n_replies;

	/* twice as many each time: the power of two that it has reached */
	if ((n & (n - 1)) == 0) {
		struct vb_plan_reply *bigger =
			reallocarray(disk->replies, n ? n * 2 : 1, sizeof(*bigger));

		if (!bigger)
			return NULL;
		disk->replies = bigger;
	}
	disk->replies[n] = (struct vb_plan_reply){ 0 };
	disk->n_replies++;
	return &disk->replies[n];
}

/* What the request came to, and whether the driver will make it again by itself. */
static int keep_reply(struct vb_plan_device *d, struct vb_decoder *dec, struct vb_plan_lun *u,
		      uint32_t request)
{
	struct vb_plan_reply *r = new_reply(d->disk);
	struct vb_frame data;
	uint64_t value;
	int rc = r ? keep_packet(r, dec) : -ENOMEM;

	if (rc)
		return rc;
	if (vb_plan_value(dec, DONE "srb_status.code", &value))
		r->is_good = value == VB_SRB_SUCCESS;
	if (vb_plan_value(dec, DONE "data_transfer_length", &value))
		r->moved = (uint32_t)value;
	rc = copy_outside(dec, &r->data, &r->data_len, &data);
	if (rc)
		return rc;
	if (data.cap_len)
		vb_plan_lun_persona(d->disk, u, &data);
	if (!r->is_good && vb_plan_stirs(dec))
		u->stirred = request;
	d->steps[request].reply = (uint32_t)d->disk->n_replies;
	d->disk->n_unanswered--;
	return 0;
}

/* The unit that was asked, whatever the completion says. */
static struct vb_plan_lun *lun_of_request(struct vb_plan_device *d, uint32_t request)
{
#define SRB "hv_storvsc.execute_srb."
	struct vb_wanted w[] = { { .path = SRB "path_id" },
				 { .path = SRB "target_id" },
				 { .path = SRB "lun" } };
	struct vb_plan_srb srb = { 0 };
	struct vb_frame f;

	vb_step_frame(d, &d->steps[request], &f);
	vb_values_read(d->steps[request].proto, &f, w, 3, NULL);
	srb.path = (uint8_t)w[0].number;
	srb.target = (uint8_t)w[1].number;
	srb.lun = (uint8_t)w[2].number;
	return vb_plan_lun_of(d->disk, &srb);
}

/* One kind, whatever the CDB: what it was is said with the request. */
static int kind_of_reply(struct vb_plan_device *d, const struct vb_decoder *dec, uint16_t *ret)
{
	struct vb_walked w = dec->walked;

	w.layer[w.n_layers - 1].set &= ~(1u << VB_S_RECALLED);
	return vb_plan_kind_add(d, &w, ret);
}

/* A request that is a step of its own has an answer that is one; the driver's own ones are answered. */
static int take_reply(struct vb_plan_device *d, struct vb_decoder *dec, uint32_t request)
{
	struct vb_plan_lun *u = lun_of_request(d, request);
	struct vb_step *s;
	int rc = u ? keep_reply(d, dec, u, request) : -ENOMEM;

	if (rc)
		return rc;
	if (d->steps[request].free) {
		d->disk->n_own++;
		return 0;
	}
	s = vb_plan_step_of(d, dec, VB_STEP_SEND);
	if (!s)
		return -ENOMEM;
	s->answers = request;
	s->latency_ns = dec->link.latency_ns;
	s->reply = (uint32_t)d->disk->n_replies;
	s->stirs = u->stirred == request;
	d->steps[request].status = (uint32_t)d->n_steps - 1;
	d->steps[request].answered = true;
	return kind_of_reply(d, dec, &s->kind);
}

static bool wants_reply(const struct vb_step *s)
{
	return s->key && !s->reply && !s->absent;
}

static int take_completion(struct vb_plan_device *d, struct vb_decoder *dec)
{
	uint32_t request = dec->link.request ? vb_plan_step_find(d, dec->link.request) : VB_NO_STEP;

	if (request != VB_NO_STEP && d->steps[request].type == VB_STEP_CAUSE)
		request++; /* what it causes */
	if (is_message(dec, "execute_srb_complete")) {
		if (request != VB_NO_STEP && wants_reply(&d->steps[request]))
			return take_reply(d, dec, request);
		d->disk->n_own++;
		return 0;
	}
	vb_plan_disk_persona(d->disk, dec);
	return 0;
}

static int take_event(struct vb_plan_device *d, const struct vb_decoder *dec)
{
	struct vb_step *s = vb_plan_step_of(d, dec, VB_STEP_SEND);

	if (!s)
		return -ENOMEM;
	s->answered = true; /* nobody answers what is told */
	s->stirs = true;
	vb_plan_luns_again(d->disk);
	return vb_plan_keep_packet(d, s, dec);
}

/* ---- packets ---- */

static int take_packet(struct vb_plan_device *d, struct vb_decoder *dec, uint64_t *fill_left)
{
	bool of_host = dec->frame.direction == VB_TO_GUEST;
	const struct vb_msg *m = dec->walked.n_layers ? dec->walked.layer[0].msg : NULL;
	enum vb_skip why = vb_plan_packet_skip(&dec->ev->hdr);

	if (why)
		return vb_plan_step_lost(d, dec, of_host ? VB_STEP_SEND : VB_STEP_EXPECT, why);
	if (!of_host)
		return is_message(dec, "execute_srb") ? take_srb(d, dec, fill_left) :
							take_own(d, dec);
	return m && strcmp(m->name, "completion") == 0 ? take_completion(d, dec) :
							 take_event(d, dec);
}

int vb_plan_disk_packet(struct vb_plan_device *d, struct vb_decoder *dec, uint64_t *fill_left)
{
	int rc;

	if (!d->disk)
		d->disk = calloc(1, sizeof(*d->disk));
	if (!d->disk)
		return -ENOMEM;
	if (dec->frame.proto_version)
		d->disk->version = dec->frame.proto_version;
	rc = take_packet(d, dec, fill_left);
	d->disk->last_ns = dec->ev->time_ns;
	return rc;
}

void vb_plan_disk_free(struct vb_plan_disk *disk)
{
	if (!disk)
		return;
	for (size_t i = 0; i < disk->n_replies; i++) {
		free(disk->replies[i].packet);
		free(disk->replies[i].data);
	}
	free(disk->replies);
	free(disk->luns);
	free(disk);
}
