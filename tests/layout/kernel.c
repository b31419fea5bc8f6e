// SPDX-License-Identifier: GPL-2.0-or-later
#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

bool kernel_open(struct kernel *ret_k, char *const *files, unsigned int n)
{
	memset(ret_k, 0, sizeof(*ret_k));
	for (unsigned int i = 0; i < n && i < KERNEL_MAX; i++) {
		struct btf *btf = i ? btf__parse_split(files[i], ret_k->btf[0]) :
				      btf__parse(files[0], NULL);

		if (!btf) {
			fprintf(stderr, "layout: no type information in %s\n", files[i]);
			kernel_close(ret_k);
			return false;
		}
		ret_k->btf[ret_k->n++] = btf;
	}
	return ret_k->n > 0;
}

void kernel_close(struct kernel *k)
{
	while (k->n > 0)
		btf__free(k->btf[--k->n]);
}

/* The struct or union of that name in any of the files. */
static const struct btf_type *find_struct(const struct kernel *k, const char *name,
					  const struct btf **ret_btf)
{
	for (unsigned int i = k->n; i-- > 0;) {
		int id = btf__find_by_name_kind(k->btf[i], name, BTF_KIND_STRUCT);

		if (id < 0)
			id = btf__find_by_name_kind(k->btf[i], name, BTF_KIND_UNION);
		if (id > 0) {
			*ret_btf = k->btf[i];
			return btf__type_by_id(k->btf[i], (uint32_t)id);
		}
	}
	return NULL;
}

bool kernel_has_struct(const struct kernel *k, const char *name)
{
	const struct btf *btf;

	return find_struct(k, name, &btf) != NULL;
}

static const struct btf_type *resolved(const struct btf *btf, uint32_t id)
{
	int plain = btf__resolve_type(btf, id);

	return plain < 0 ? NULL : btf__type_by_id(btf, (uint32_t)plain);
}

/* A member by name; in is where what is found lies. Looks into unnamed members. */
static const struct btf_type *find_member(const struct btf *btf, const struct btf_type *in,
					  const char *name, size_t len, struct place *ret)
{
	const struct btf_member *m = btf_members(in);

	for (uint16_t i = 0; i < btf_vlen(in); i++) {
		const char *own = btf__name_by_offset(btf, m[i].name_off);
		const struct btf_type *type = resolved(btf, m[i].type), *inner;
		uint32_t bit = btf_member_bit_offset(in, i);
		uint32_t width = btf_member_bitfield_size(in, i);
		struct place below;

		if (!type)
			continue;
		if (strlen(own) == len && !strncmp(own, name, len)) {
			ret->bit = bit;
			ret->width = width ? width :
					     8 * (uint32_t)btf__resolve_size(btf, m[i].type);
			return type;
		}
		if (*own || !btf_is_composite(type))
			continue;
		inner = find_member(btf, type, name, len, &below);
		if (inner) {
			*ret = (struct place){ bit + below.bit, below.width };
			return inner;
		}
	}
	return NULL;
}

static const struct btf_type *element(const struct btf *btf, const struct btf_type *array,
				      uint32_t index, struct place *place)
{
	uint32_t type = btf_array(array)->type;
	uint32_t width = 8 * (uint32_t)btf__resolve_size(btf, type);

	place->bit += index * width;
	place->width = width;
	return resolved(btf, type);
}

bool kernel_member(const struct kernel *k, const char *name, const char *path,
		   struct place *ret_place)
{
	const struct btf *btf;
	const struct btf_type *type = find_struct(k, name, &btf);
	uint32_t base = 0;

	*ret_place = (struct place){ 0 };
	while (type && *path) {
		size_t len = strcspn(path, ".[");

		if (*path == '[') {
			char *end;
			uint32_t index = (uint32_t)strtoul(path + 1, &end, 10);

			type = btf_is_array(type) ? element(btf, type, index, ret_place) : NULL;
			path = *end == ']' ? end + 1 : end;
		} else {
			base = ret_place->bit;
			type = btf_is_composite(type) ?
				       find_member(btf, type, path, len, ret_place) :
				       NULL;
			ret_place->bit += base;
			path += len;
		}
		if (*path == '.')
			path++;
	}
	return type != NULL;
}

static bool in_enum(const struct btf *btf, const struct btf_type *type, const char *name,
		    uint64_t *ret_value)
{
	const struct btf_enum *e = btf_enum(type);

	for (uint16_t i = 0; i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, e[i].name_off), name)) {
			*ret_value = (uint64_t)(int64_t)e[i].val;
			return true;
		}
	return false;
}

bool kernel_enumerator(const struct kernel *k, const char *name, uint64_t *ret_value)
{
	for (unsigned int i = k->n; i-- > 0;) {
		uint32_t id = i ? btf__type_cnt(k->btf[0]) : 1;

		for (; id < btf__type_cnt(k->btf[i]); id++) {
			const struct btf_type *type = btf__type_by_id(k->btf[i], id);

			if (btf_is_enum(type) && in_enum(k->btf[i], type, name, ret_value))
				return true;
		}
	}
	return false;
}
