/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records that BPF makes, as a test says. */
#include "fake_bpf.h"

#include "capture/live.h"

static const struct fake_bpf *used;

void fake_bpf_use(const struct fake_bpf *fake)
{
	used = fake;
}

int vb_source_bpf_open(const struct vb_bpf_options *opt, struct vb_source **ret, struct vb_err *err)
{
	return used->open(opt, ret, err);
}

int vb_source_bpf_restate(struct vb_source *src, struct vb_err *err)
{
	return used->restate ? used->restate(src, err) : 0;
}

enum vb_bus_state vb_source_bpf_bus(const struct vb_source *src)
{
	return used->bus ? used->bus(src) : VB_BUS_THERE;
}

bool vb_source_bpf_possible(void)
{
	return !used->possible || used->possible();
}

int vb_source_bpf_list(void (*seen)(void *ctx, const struct vb_device *dev, uint32_t n_channels),
		       void *ctx, struct vb_err *err)
{
	return used->list ? used->list(seen, ctx, err) : 0;
}

int vb_source_bpf_doctor(void (*found)(void *ctx, const struct vb_finding *f), void *ctx)
{
	(void)found;
	(void)ctx;
	return 0;
}

const char *vb_source_bpf_probes(const struct vb_source *src)
{
	(void)src;
	return "fake";
}

const char *vb_source_bpf_version(void)
{
	return "fake";
}
