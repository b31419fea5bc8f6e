/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv_vmbus comes and goes while we capture: the rest of the probes is attached when it is there and
 * taken away when it goes, so that it can be loaded again, and seen again.
 */
#include "capture/source_bpf.h"

#define LOOK_NS 20000000ull /* how often hv_vmbus is looked for */

/* What fails because hv_vmbus goes while we attach to it is no fault: it may come again. */
static int attach(struct vb_follow *f, uint64_t bus, struct vb_err *err)
{
	int rc = f->attach(f->ctx, err);

	if (rc == 0) {
		f->bus = bus;
	} else if (f->instance(f->ctx) != bus) {
		f->detach(f->ctx);
		err->text[0] = '\0';
		rc = 0;
	}
	return rc;
}

int vb_follow_bus(struct vb_follow *f, uint64_t now_ns, struct vb_err *err)
{
	uint64_t bus;

	if (now_ns - f->looked_ns < LOOK_NS)
		return 0;
	f->looked_ns = now_ns;
	bus = f->instance(f->ctx);
	if (f->bus == 0)
		return bus ? attach(f, bus, err) : 0;
	if (bus != f->bus) {
		f->detach(f->ctx);
		f->bus = 0;
	}
	return 0;
}
