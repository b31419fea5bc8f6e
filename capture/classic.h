/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classic BPF programs, which libpcap compiles expressions to, as instructions for the kernel's BPF
 * machine. What the program sees and returns is told in bpf/record.h, at VB_BPF_FILTER_LEN.
 */
#ifndef VB_CLASSIC_H
#define VB_CLASSIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* struct sock_filter of linux/filter.h, struct bpf_insn of libpcap. */
struct vb_classic {
	uint16_t code;
	uint8_t jump_true, jump_false;
	uint32_t k;
};

#define VB_CLASSIC_MAX 1024u /* a longer program never becomes VB_BPF_FILTER_LEN instructions */

/* What chooses frames before they cross. */
struct vb_frame_program {
	const struct vb_classic *insns;
	size_t n_insns;
	bool wants_answers; /* that frames were taken is to be told, too */
};

struct bpf_insn;

/*
 * Translate n instructions to VB_BPF_FILTER_LEN ones at ret; those left over are what stood there
 * before. -EINVAL: the program is none, -ENOTSUP: it has something that libpcap does not make,
 * -E2BIG: it is too long.
 */
int vb_classic_translate(const struct vb_classic *program, size_t n, struct bpf_insn *ret);

#endif
