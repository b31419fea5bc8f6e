/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts a filter of frames into the probes before libbpf sees them. Those of the filter's instructions
 * that stand in the object file are all the same, and no other function has so many of them in a row.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "capture/source_bpf.h"

#define FILTER_LEN (VB_BPF_FILTER_LEN * sizeof(struct bpf_insn))

struct vb_filter_object {
	size_t len;
	uint64_t bytes[]; /* as libelf wants them aligned */
};

/* Where the filter is; NULL: nowhere. */
static uint8_t *find(uint8_t *object, size_t len)
{
	/* VB_BPF_FILTER_LEFT */
	const struct bpf_insn left = { .code = BPF_ALU | BPF_MOV | BPF_X,
				       .dst_reg = BPF_REG_0,
				       .src_reg = BPF_REG_4 };
	size_t n = 0;

	for (size_t at = 0; at + sizeof(left) <= len; at += sizeof(left)) {
		n = memcmp(object + at, &left, sizeof(left)) ? 0 : n + 1;
		if (n == VB_BPF_FILTER_LEN)
			return object + at + sizeof(left) - FILTER_LEN;
	}
	return NULL;
}

int vb_filter_object_new(const struct vb_frame_program *program, const void *object, size_t len,
			 struct vb_filter_object **ret)
{
	struct vb_filter_object *f = malloc(sizeof(*f) + len);
	struct bpf_insn insns[VB_BPF_FILTER_LEN];
	uint8_t *place;
	int rc;

	if (!f)
		return -ENOMEM;
	f->len = len;
	memcpy(f->bytes, object, len);
	place = find((uint8_t *)f->bytes, len);
	rc = place ? vb_classic_translate(program->insns, program->n_insns, insns) : -ENOENT;
	if (rc) {
		free(f);
		return rc;
	}
	memcpy(place, insns, FILTER_LEN);
	*ret = f;
	return 0;
}

const char *vb_filter_obstacle(int rc)
{
	switch (rc) {
	case -E2BIG:
		return "--frames not in the kernel: too long for it";
	case -EACCES:
		return "--frames not in the kernel: it refuses them";
	case -ENODATA:
		return "--frames not in the kernel: --payload is none";
	default:
		return "--frames not in the kernel: no expression for it";
	}
}

void *vb_filter_object_bytes(const struct vb_filter_object *f, size_t *ret_len)
{
	*ret_len = f->len;
	return (void *)f->bytes;
}

void vb_filter_object_free(struct vb_filter_object *f)
{
	free(f);
}
