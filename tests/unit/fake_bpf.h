/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In the place of the records that BPF makes, for tests of the programs that capture. Linked by whoever
 * calls fake_bpf_use(), and by nobody else.
 */
#ifndef VB_FAKE_BPF_H
#define VB_FAKE_BPF_H

#include "capture/event.h"

/* What a test has to say; as in capture/event.h. What is NULL does nothing, and that is well. */
struct fake_bpf {
	int (*open)(const struct vb_bpf_options *opt, struct vb_source **ret, struct vb_err *err);
	int (*restate)(struct vb_source *src, struct vb_err *err);
	enum vb_bus_state (*bus)(const struct vb_source *src); /* NULL: it is there */
	bool (*possible)(void);				       /* NULL: it is */
	int (*list)(void (*seen)(void *ctx, const struct vb_device *dev, uint32_t n_channels),
		    void *ctx, struct vb_err *err);
};

/* From now on. fake lives as long as the program. */
void fake_bpf_use(const struct fake_bpf *fake);

#endif
