/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The storage devices: a SCSI controller, a disk of the IDE controller, a Fibre Channel host. They
 * speak one protocol and differ in how many units they have and what their guests ask.
 */
#include <stdlib.h>
#include <string.h>

#include "replay/host/storvsc.h"

static int start(struct vb_hdevice *d, struct vb_err *err)
{
	struct vb_storage *s = vb_hdevice_state(d);
	int rc;

	s->d = d;
	if (vb_hdevice_config(d)->model == &vb_model_ide)
		s->shape.n_disks = s->paths = 1;
	/* further hosts have further names */
	s->port_wwn += vb_hdevice_config(d)->instance[15];
	vb_storvsc_init_reset(s);
	rc = vb_storvsc_units_begin(s, err);
	if (rc)
		vb_storvsc_units_end(s);
	return rc;
}

static void forget_all(struct vb_storage *s)
{
	for (uint16_t i = 0; i < STORVSC_MAX_CHANNELS; i++)
		vb_storvsc_forget_channel(s, i);
	vb_storvsc_init_reset(s);
}

static void stop(struct vb_hdevice *d)
{
	struct vb_storage *s = vb_hdevice_state(d);

	forget_all(s);
	vb_storvsc_units_end(s);
	free(s->buffer);
}

static void opened(struct vb_hdevice *d, struct vb_hchannel *c)
{
	struct vb_storage *s = vb_hdevice_state(d);
	struct vb_err err;

	vb_storvsc_forget_channel(s, vb_hchannel_index(c));
	if (vb_hchannel_index(c) != 0)
		return;
	forget_all(s);
	/* settings may have changed */
	if (vb_storvsc_units_begin(s, &err))
		vb_hdevice_trouble(d, "%s", err.text);
}

static void closed(struct vb_hdevice *d, struct vb_hchannel *c)
{
	struct vb_storage *s = vb_hdevice_state(d);

	vb_storvsc_forget_channel(s, vb_hchannel_index(c));
	if (vb_hchannel_index(c) == 0)
		forget_all(s);
}

static void packet(struct vb_hdevice *d, struct vb_hchannel *c, const struct vb_hpacket *p)
{
	vb_storvsc_take(vb_hdevice_state(d), c, p);
}

static void room(struct vb_hdevice *d, struct vb_hchannel *c)
{
	vb_storvsc_flush(vb_hdevice_state(d), vb_hchannel_index(c));
}

static void timer(struct vb_hdevice *d, uint64_t now_ns)
{
	vb_storvsc_run(vb_hdevice_state(d), now_ns);
}

/* What gets no answer keeps nobody waiting. */
static bool busy(struct vb_hdevice *d)
{
	const struct vb_storage *s = vb_hdevice_state(d);

	return s->n_waiting > s->n_lost || vb_storvsc_owes_answers(s);
}

/* Commands that are under way are done; the host waits for that by itself. */
static uint64_t leave(struct vb_hdevice *d)
{
	(void)d;
	return 0;
}

#define VTABLE                                                                                     \
	.state_size = sizeof(struct vb_storage), .start = start, .stop = stop, .opened = opened,   \
	.closed = closed, .packet = packet, .room = room, .timer = timer,                          \
	.outside = vb_storvsc_outside, .leave = leave, .busy = busy

const struct vb_model vb_model_scsi = {
	.name = "scsi",
	.class = VB_CLASS_SCSI,
	.instance = "f8b3781a-1e82-4818-a1c3-63d806ec15bb",
	.n_subchannels = STORVSC_MAX_CHANNELS - 1,
	.settings = vb_storvsc_scsi_settings,
	.commands = vb_storvsc_scsi_commands,
	VTABLE,
};

/* The guest takes its target from bytes 4 and 5 of the instance, the path from those before. */
const struct vb_model vb_model_ide = {
	.name = "ide",
	.class = VB_CLASS_IDE,
	.instance = "00000000-0000-8899-0000-000000000000",
	.settings = vb_storvsc_ide_settings,
	.commands = vb_storvsc_ide_commands,
	VTABLE,
};

const struct vb_model vb_model_fc = {
	.name = "fc",
	.class = VB_CLASS_FC,
	.instance = "c376c1c3-d276-48d2-90a9-c04748072c00",
	.n_subchannels = STORVSC_MAX_CHANNELS - 1,
	.settings = vb_storvsc_fc_settings,
	.commands = vb_storvsc_scsi_commands,
	VTABLE,
};
