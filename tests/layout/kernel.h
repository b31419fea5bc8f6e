/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a kernel keeps the members of its structs, by the type information (BTF) in its files.
 */
#ifndef LAYOUT_KERNEL_H
#define LAYOUT_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

struct btf;

#define KERNEL_MAX 16

struct kernel {
	struct btf *btf[KERNEL_MAX]; /* vmlinux, then modules on top of it */
	unsigned int n;
};

struct place {
	uint32_t bit, width; /* from the start of the struct */
};

/* files[0] is vmlinux. False, with a line on stderr, when one has no types. */
bool kernel_open(struct kernel *ret_k, char *const *files, unsigned int n);
void kernel_close(struct kernel *k);

bool kernel_has_struct(const struct kernel *k, const char *name);
/* path: member.member[index]...; members of unnamed structs and unions count as the outer one's. */
bool kernel_member(const struct kernel *k, const char *name, const char *path,
		   struct place *ret_place);
/* Value of an enumerator, whatever enum it is of. */
bool kernel_enumerator(const struct kernel *k, const char *name, uint64_t *ret_value);

#endif
