/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recorded storage device. The conversation with the driver is that of the host's model, which is
 * told what the trace says of the device; what requests of SCSI are answered with is the trace's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/values.h"
#include "replay/host/storvsc.h"
#include "replay/place.h"
#include "replay/replay_impl.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A question of the driver's own that the trace has an answer to. */
struct asked {
	uint64_t key;
	uint32_t step;
};

struct vb_replay_disk {
	struct vb_storvsc_player watch;
	const struct vb_model *model; /* of the host, by class */
	struct vb_storage *s;
	unsigned int number; /* among the plan's storage devices */
	struct asked *asked; /* by key */
	size_t n_asked;
};

/* ---- what the device is ---- */

static uint64_t count_paths(const struct vb_plan_disk *p)
{
	uint64_t n = 1;

	for (size_t i = 0; i < p->n_luns; i++)
		if (p->luns[i].is_there && p->luns[i].path >= n)
			n = p->luns[i].path + 1u;
	return n;
}

static void set_persona(struct vb_storage *s, const struct vb_plan_disk *p, uint8_t host)
{
	s->shape.n_disks = 0; /* units are made by what the trace says of each */
	s->shape.dvd = false;
	s->paths = count_paths(p);
	if (p->version)
		s->max_version = p->version;
	if (p->max_transfer)
		s->max_transfer = p->max_transfer;
	if (p->has_subchannels)
		s->subchannels = p->n_subchannels;
	if (p->has_names) {
		s->port_wwn = p->port_wwn - host; /* the model counts on, from host to host */
		s->node_wwn = p->node_wwn;
	}
	if (!p->vendor[0] && !p->product[0])
		return;
	memcpy(s->vendor, p->vendor, sizeof(s->vendor));
	memcpy(s->product, p->product, sizeof(s->product));
	memcpy(s->revision, p->revision, sizeof(s->revision));
}

#define USUAL_BLOCKS 131072u /* of a disk whose size is not in the trace */

/* What is not in the trace, the model answers: it has such units for that. */
static int make_unit(struct vb_storage *s, const struct vb_plan_lun *u)
{
	struct vb_storvsc_unit_shape shape = { .lun = u->lun,
					       .is_dvd = u->is_dvd,
					       .block_len = u->block_len,
					       .n_blocks = u->n_blocks };
	int rc;

	if (!u->is_there || u->lun >= STORVSC_MAX_LUNS)
		return 0;
	if (!shape.n_blocks)
		shape.n_blocks = USUAL_BLOCKS;
	if (shape.block_len != 4096)
		shape.block_len = 512;
	rc = vb_storvsc_unit_make(s, &shape);
	if (rc == -EFBIG || rc == -EINVAL) { /* no disk is that large */
		shape.n_blocks = USUAL_BLOCKS;
		rc = vb_storvsc_unit_make(s, &shape);
	}
	return rc == -EEXIST ? 0 : rc;
}

static int disk_start(struct vb_hdevice *hd, struct vb_err *err)
{
	struct vb_replay_device *d = vb_replay_device_of(hd);
	const struct vb_plan_disk *p = d->plan->disk;
	struct vb_storage *s = vb_hdevice_state(hd);
	int rc;

	if (p)
		set_persona(s, p, d->plan->instance[15]);
	rc = d->disk->model->start(hd, err);
	if (rc)
		return rc;
	for (size_t i = 0; p && i < p->n_luns && !rc; i++)
		rc = make_unit(s, &p->luns[i]);
	if (rc) {
		d->disk->model->stop(hd);
		return vb_fail(err, rc, "%s: its disks cannot be made: %s", d->plan->name,
			       strerror(-rc));
	}
	s->player = &d->disk->watch;
	d->disk->s = s;
	return 0;
}

/* ---- what the guest asks ---- */

static bool is_over(const struct vb_replay_device *d)
{
	return d->replay->interrupted || d->replay->done;
}

static const struct vb_plan_reply *reply_of(const struct vb_replay_device *d, uint32_t step)
{
	uint32_t n = d->plan->steps[step].reply;

	return n ? &d->plan->disk->replies[n - 1] : NULL;
}

/* What it writes is what was written then, as far as that was captured. */
static void compare_written(struct vb_replay_device *d, uint32_t step,
			    const struct vb_storvsc_request *r)
{
	const struct vb_step *s = &d->plan->steps[step];
	uint32_t n = s->outside_len < r->data_len ? s->outside_len : r->data_len, i = 0;
	uint8_t *now = n ? vb_replay_scratch(d, n) : NULL;
	char text[160];

	if (!now || vb_hrange_get(r->s->d, &r->data, 0, 0, now, n))
		return;
	while (i < n && now[i] == s->outside[i])
		i++;
	if (i == n)
		return;
	snprintf(text, sizeof(text), "data written, byte %u: recorded 0x%02x, now 0x%02x\n", i,
		 s->outside[i], now[i]);
	vb_player_differs(&d->player, step, text, vb_replay_now(d));
}

static int by_key(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->step < y->step ? -1 : 1;
}

/* What the driver asks by itself, in an order in which it is found. */
static int index_asked(struct vb_replay_disk *disk, const struct vb_plan_device *plan)
{
	disk->asked = calloc(plan->n_steps + 1, sizeof(*disk->asked));
	if (!disk->asked)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].free && plan->steps[i].reply)
			disk->asked[disk->n_asked++] = (struct asked){ plan->steps[i].key, i };
	qsort(disk->asked, disk->n_asked, sizeof(*disk->asked), by_key);
	return 0;
}

/* The first of them with that key. */
static size_t find_asked(const struct vb_replay_disk *disk, uint64_t key)
{
	size_t low = 0, high = disk->n_asked;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (disk->asked[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#define AGAIN 64u /* of the answers to one question, so many are looked at */

/* The driver asks what it asked when the trace was recorded, once more: it gets the same answer. */
static uint32_t find_again(const struct vb_replay_device *d, const struct vb_frame *message)
{
	const struct vb_replay_disk *disk = d->disk;
	uint64_t key = vb_plan_key(message);
	uint32_t found = VB_NO_STEP;

	for (size_t i = find_asked(disk, key), end = i + AGAIN;
	     i < end && i < disk->n_asked && disk->asked[i].key == key; i++) {
		const struct vb_step *s = &d->plan->steps[disk->asked[i].step];

		if (vb_player_is_done(&d->player, disk->asked[i].step) &&
		    s->cap_len == message->cap_len &&
		    memcmp(s->bytes, message->data, s->cap_len) == 0)
			found = disk->asked[i].step;
	}
	return found;
}

static uint64_t service_ns(const struct vb_replay_device *d, uint64_t recorded_ns)
{
	const struct vb_player_options *o = &d->player.opt;

	if (o->service_none || o->speed <= 0)
		return 0;
	return vb_player_scaled((double)recorded_ns, o->speed);
}

/* By a step that comes, or as recorded because the driver asked by itself; false: by the model. */
static bool plan_answer(struct vb_replay_device *d, uint32_t step, struct vb_storvsc_request *r)
{
	const struct vb_step *s = &d->plan->steps[step];
	const struct vb_plan_reply *reply = reply_of(d, step);

	if (!reply)
		return false;
	r->tag = step;
	if (s->status == VB_NO_STEP || vb_player_is_by_itself(&d->player, step)) {
		r->due_ns = r->began_ns + service_ns(d, reply->latency_ns);
		return true;
	}
	r->due_ns = VB_NEVER;
	return vb_player_is_ahead(&d->player, s->status);
}

static bool disk_request(void *ctx, struct vb_storvsc_request *r, const struct vb_frame *message)
{
	struct vb_replay_device *d = ctx;
	struct vb_frame f = *message;
	uint32_t step;

	if (is_over(d))
		return false;
	f.vmbus_version = vb_hdevice_vmbus_version(d->hd);
	f.proto_version = r->s->version;
	f.recalled = 0;
	step = vb_player_take_message(&d->player, vb_proto_by_name("hv_storvsc"), &f,
				      vb_replay_now(d));
	if (vb_storvsc_operation(r) != VB_STORVSC_EXECUTE_SRB)
		return false;
	if (step == VB_NO_STEP)
		step = find_again(d, &f);
	else
		compare_written(d, step, r);
	return step != VB_NO_STEP && plan_answer(d, step, r);
}

/* ---- what it is answered with ---- */

static void run_model(struct vb_storvsc_request *r)
{
	if (!r->is_short)
		vb_unit_run(r);
}

/*
 * Data that was not captured is what the model has in its place: for blocks, what was written to it; zeros
 * if it has nothing.
 */
static void fill_in(struct vb_storvsc_request *r, uint32_t moved)
{
	uint32_t n = moved < r->data_len ? moved : r->data_len;
	uint8_t *zeros = vb_unit_buffer(r, n);

	if (!zeros)
		return;
	memset(zeros, 0, n);
	if (!vb_hrange_put(r->s->d, &r->data, 0, 0, zeros, n))
		run_model(r);
}

/* What is written goes to the model, too. */
static void disk_run(void *ctx, struct vb_storvsc_request *r)
{
	struct vb_replay_device *d = ctx;
	const struct vb_plan_reply *reply = reply_of(d, r->tag);
	uint32_t n = reply->data_len < r->data_len ? reply->data_len : r->data_len;

	if (r->data_in == VB_STORVSC_WRITE && reply->is_good)
		run_model(r);
	else if (r->data_in != VB_STORVSC_WRITE && reply->data_len < reply->moved && r->data_len)
		fill_in(r, reply->moved);
	r->unit = NULL;
	r->sense = 0;
	r->moved = reply->moved < r->data_len ? reply->moved : r->data_len;
	if (n && vb_hrange_put(r->s->d, &r->data, 0, 0, reply->data, n))
		vb_hdevice_trouble(r->s->d, "recorded data cannot be given to the guest");
}

static int disk_send(void *ctx, const struct vb_storvsc_request *r, struct vb_hchannel *c)
{
	struct vb_replay_device *d = ctx;
	const struct vb_plan_reply *reply = reply_of(d, r->tag);
	struct vb_place id = { .path = "hv_ring.trans_id" };
	struct vb_frame f = { .kind = VB_KIND_PACKET,
			      .direction = VB_TO_GUEST,
			      .class = d->plan->class,
			      .cap_len = reply->len,
			      .wire_len = reply->len };
	uint8_t *bytes = vb_replay_scratch(d, reply->len);

	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, reply->packet, reply->len);
	f.data = bytes;
	if (vb_places(vb_root_proto(VB_KIND_PACKET), &f, &id, 1) != 1)
		return -EBADMSG;
	vb_place_store(bytes, &id, r->trans_id);
	return vb_hchannel_send(c, bytes, reply->len);
}

/* ---- what the guest is to ask ---- */

static uint8_t *fill(struct vb_replay_device *d, const struct vb_step *s, uint32_t len)
{
	uint8_t *data = vb_replay_scratch(d, len ? len : 1);

	for (uint32_t i = 0; data && i < len; i++)
		data[i] = i < s->outside_len ? s->outside[i] : (uint8_t)i;
	return data;
}

enum { W_PATH, W_TARGET, W_LUN, W_DATA_IN, W_DATA_LEN, N_WANTED };

static int cause(struct vb_replay_device *d, const struct vb_step *s)
{
#define SRB "hv_storvsc.execute_srb."
	struct vb_wanted w[N_WANTED] = {
		[W_PATH].path = SRB "path_id",
		[W_TARGET].path = SRB "target_id",
		[W_LUN].path = SRB "lun",
		[W_DATA_IN].path = SRB "data_in",
		[W_DATA_LEN].path = SRB "data_transfer_length",
	};
	const struct vb_replay_config *opt = &d->replay->opt;
	struct vb_agent_scsi how = { .device = d->disk->number };
	const struct vb_step *e = &d->plan->steps[s->causes];
	const struct vb_layer *cdb;
	struct vb_walked walked;
	struct vb_frame f;
	uint8_t *data;

	vb_step_frame(d->plan, e, &f);
	vb_values_read(vb_proto_by_name("hv_storvsc"), &f, w, N_WANTED, &walked);
	if (!opt->command || walked.n_layers < 2)
		return -ENOTSUP;
	cdb = &walked.layer[walked.n_layers - 1];
	if (cdb->len > sizeof(how.cdb) || w[W_DATA_LEN].number > STORVSC_MAX_TRANSFER)
		return -ENOTSUP;
	how.path = (uint8_t)w[W_PATH].number;
	how.target = (uint8_t)w[W_TARGET].number;
	how.lun = (uint8_t)w[W_LUN].number;
	how.data_len = (uint32_t)w[W_DATA_LEN].number;
	how.direction = !how.data_len				? VB_AGENT_SCSI_NONE :
			w[W_DATA_IN].number == VB_STORVSC_WRITE ? VB_AGENT_SCSI_WRITE :
								  VB_AGENT_SCSI_READ;
	how.cdb_len = (uint8_t)cdb->len;
	memcpy(how.cdb, f.data + cdb->off, cdb->len);
	data = fill(d, e, how.direction == VB_AGENT_SCSI_WRITE ? how.data_len : 0);
	return data ? opt->command(opt->ctx, &how, data) : -ENOMEM;
}

/* ---- acting ---- */

static int send_event(struct vb_replay_device *d, const struct vb_step *s)
{
	struct vb_hchannel *c = vb_hdevice_primary(d->hd);

	return c ? vb_hchannel_send(c, s->bytes, s->wire_len) : -ENOTCONN;
}

int vb_replay_disk_act(struct vb_replay_device *d, const struct vb_step *s)
{
	if (s->type == VB_STEP_CAUSE)
		return cause(d, s);
	if (s->answers == VB_NO_STEP)
		return send_event(d, s);
	return d->disk->s && vb_storvsc_answer(d->disk->s, s->answers) ? 0 : -ENOTCONN;
}

/* ---- what the host tells ---- */

static void disk_opened(struct vb_hdevice *hd, struct vb_hchannel *c)
{
	vb_replay_device_of(hd)->disk->model->opened(hd, c);
	vb_replay_model.opened(hd, c);
	vb_replay_drive(vb_replay_device_of(hd)); /* the model has set the timer by itself */
}

static void disk_closed(struct vb_hdevice *hd, struct vb_hchannel *c)
{
	vb_replay_device_of(hd)->disk->model->closed(hd, c);
	vb_replay_model.closed(hd, c);
	vb_replay_drive(vb_replay_device_of(hd));
}

static void disk_packet(struct vb_hdevice *hd, struct vb_hchannel *c, const struct vb_hpacket *p)
{
	vb_replay_device_of(hd)->disk->model->packet(hd, c, p);
	vb_replay_drive(vb_replay_device_of(hd));
}

static void disk_room(struct vb_hdevice *hd, struct vb_hchannel *c)
{
	vb_replay_device_of(hd)->disk->model->room(hd, c);
	vb_replay_model.room(hd, c);
}

static void disk_timer(struct vb_hdevice *hd, uint64_t now_ns)
{
	vb_replay_device_of(hd)->disk->model->timer(hd, now_ns);
	vb_replay_model.timer(hd, now_ns);
}

static bool disk_busy(struct vb_hdevice *hd)
{
	return vb_replay_device_of(hd)->disk->model->busy(hd) || vb_replay_model.busy(hd);
}

/* ---- one device ---- */

static const struct vb_model *model_of(uint8_t class)
{
	switch (class) {
	case VB_CLASS_IDE:
		return &vb_model_ide;
	case VB_CLASS_FC:
		return &vb_model_fc;
	default:
		return &vb_model_scsi;
	}
}

uint64_t vb_replay_disk_due_ns(const struct vb_replay_device *d)
{
	return d->disk->s ? vb_storvsc_due_ns(d->disk->s) : VB_NEVER;
}

void vb_replay_disk_leave(struct vb_replay_device *d)
{
	if (d->disk && d->disk->s)
		vb_storvsc_answer_held(d->disk->s);
}

int vb_replay_disk_init(struct vb_replay_device *d, unsigned int number)
{
	struct vb_replay_disk *disk = calloc(1, sizeof(*disk));

	if (!disk)
		return -ENOMEM;
	d->disk = disk;
	disk->number = number;
	disk->model = model_of(d->plan->class);
	disk->watch = (struct vb_storvsc_player){
		.ctx = d, .request = disk_request, .run = disk_run, .send = disk_send
	};
	d->model = *disk->model;
	d->model.start = disk_start;
	d->model.opened = disk_opened;
	d->model.closed = disk_closed;
	d->model.packet = disk_packet;
	d->model.room = disk_room;
	d->model.timer = disk_timer;
	d->model.busy = disk_busy;
	return index_asked(disk, d->plan);
}

void vb_replay_disk_done(struct vb_replay_device *d)
{
	if (d->disk)
		free(d->disk->asked);
	free(d->disk);
	d->disk = NULL;
}
