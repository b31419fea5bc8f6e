/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In place of source_bpf.c where the program was built without libbpf: everything else works, and
 * what does not says so.
 */
#include <errno.h>

#include "capture/event.h"
#include "capture/live.h"

#ifndef VB_HAVE_BPF

static const char remedy[] = "build vmbusdump where libbpf-dev, clang and bpftool are installed";

static int not_built(struct vb_err *err)
{
	return vb_fail(err, -ENOTSUP, "this vmbusdump was built without live capture: %s", remedy);
}

int vb_source_bpf_open(const struct vb_bpf_options *opt, struct vb_source **ret, struct vb_err *err)
{
	(void)opt;
	(void)ret;
	return not_built(err);
}

const char *vb_source_bpf_probes(const struct vb_source *src)
{
	(void)src;
	return "";
}

int vb_source_bpf_restate(struct vb_source *src, struct vb_err *err)
{
	(void)src;
	return not_built(err);
}

int vb_source_bpf_doctor(void (*found)(void *ctx, const struct vb_finding *f), void *ctx)
{
	found(ctx, &(struct vb_finding){ .verdict = VB_BAD,
					 .subject = "live capture",
					 .detail = "this vmbusdump was built without it",
					 .remedy = remedy });
	return -ENOTSUP;
}

bool vb_source_bpf_possible(void)
{
	return false;
}

int vb_source_bpf_list(void (*seen)(void *ctx, const struct vb_device *dev, uint32_t n_channels),
		       void *ctx, struct vb_err *err)
{
	(void)seen;
	(void)ctx;
	return not_built(err);
}

const char *vb_source_bpf_version(void)
{
	return "not built in";
}

enum vb_bus_state vb_source_bpf_bus(const struct vb_source *src)
{
	(void)src;
	return VB_BUS_THERE;
}

#endif
