/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A key and its value: out of the words of a command, into a message of the host, out of an answer. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "replay/host/kvp.h"

enum value_type { TEXT = 1, EXPAND = 2, NUMBER32 = 4, NUMBER64_LINUX = 8, NUMBER64 = 11 };

/* ---- out of words ---- */

int vb_kvp_parse_pool(struct vb_kvp_pair *k, const char *text)
{
	uint64_t pool;

	if (vb_number_parse(text, UINT8_MAX, &pool))
		return -EINVAL;
	k->pool = (uint8_t)pool;
	return 0;
}

int vb_kvp_parse_key(struct vb_kvp_pair *k, const char *text)
{
	return vb_ic_utf16(text, k->key, sizeof(k->key), &k->key_len);
}

int vb_kvp_parse_type(struct vb_kvp_pair *k, const char *text)
{
	static const struct {
		const char *name;
		uint32_t type;
	} types[] = {
		{ "sz", TEXT },
		{ "expand_sz", EXPAND },
		{ "u32", NUMBER32 },
		{ "u64", NUMBER64 },
	};
	uint64_t number;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(text, types[i].name)) {
			k->type = types[i].type;
			return 0;
		}
	if (vb_number_parse(text, UINT32_MAX, &number))
		return -EINVAL;
	k->type = (uint32_t)number;
	return 0;
}

static int parse_number(struct vb_kvp_pair *k, const char *text)
{
	k->value_len = k->type == NUMBER32 ? 4 : 8;
	return vb_number_parse(text, k->type == NUMBER32 ? UINT32_MAX : UINT64_MAX, &k->number);
}

int vb_kvp_parse_value(struct vb_kvp_pair *k, const char *text)
{
	switch (k->type) {
	case TEXT:
	case EXPAND:
		return vb_ic_utf16(text, k->value, sizeof(k->value), &k->value_len);
	case NUMBER32:
	case NUMBER64:
	case NUMBER64_LINUX:
		return parse_number(k, text);
	default:
		k->value_len = strlen(text);
		if (k->value_len > sizeof(k->value))
			return -EMSGSIZE;
		memcpy(k->value, text, k->value_len);
		return 0;
	}
}

/* ---- into a message ---- */

/* Names of the fields of an operation; NULL: it has no such field. A value has one of four forms. */
static const struct paths {
	const char *pool, *index, *type, *key_len, *value_len, *key, *text, *number32, *number64,
		*bytes;
} paths[] = {
	[VB_KVP_GET] = { .pool = VB_KVP "get.pool",
			 .type = VB_KVP "get.value_type",
			 .key_len = VB_KVP "get.key_size",
			 .value_len = VB_KVP "get.value_size",
			 .key = VB_KVP "get.key",
			 .text = VB_KVP "get.value_text",
			 .number32 = VB_KVP "get.value_u32",
			 .number64 = VB_KVP "get.value_u64",
			 .bytes = VB_KVP "get.value_bytes" },
	[VB_KVP_SET] = { .pool = VB_KVP "set.pool",
			 .type = VB_KVP "set.value_type",
			 .key_len = VB_KVP "set.key_size",
			 .value_len = VB_KVP "set.value_size",
			 .key = VB_KVP "set.key",
			 .text = VB_KVP "set.value_text",
			 .number32 = VB_KVP "set.value_u32",
			 .number64 = VB_KVP "set.value_u64",
			 .bytes = VB_KVP "set.value_bytes" },
	[VB_KVP_DELETE] = { .pool = VB_KVP "delete.pool",
			    .key_len = VB_KVP "delete.key_size",
			    .key = VB_KVP "delete.key" },
	[VB_KVP_ENUMERATE] = { .pool = VB_KVP "enumerate.pool",
			       .index = VB_KVP "enumerate.index",
			       .type = VB_KVP "enumerate.value_type",
			       .key_len = VB_KVP "enumerate.key_size",
			       .value_len = VB_KVP "enumerate.value_size",
			       .key = VB_KVP "enumerate.key",
			       .text = VB_KVP "enumerate.value_text",
			       .number32 = VB_KVP "enumerate.value_u32",
			       .number64 = VB_KVP "enumerate.value_u64",
			       .bytes = VB_KVP "enumerate.value_bytes" },
};

static size_t add_number(struct vb_value *v, const char *path, uint64_t number)
{
	if (!path)
		return 0;
	*v = (struct vb_value)VB_NUMBER(path, number);
	return 1;
}

static size_t add_bytes(struct vb_value *v, const char *path, const uint8_t *bytes, size_t n)
{
	if (!path || !n)
		return 0;
	*v = (struct vb_value)VB_DATA(path, bytes, n);
	return 1;
}

static size_t add_value(struct vb_value *v, const struct paths *p, const struct vb_kvp_pair *k)
{
	switch (k->type) {
	case TEXT:
	case EXPAND:
		return add_bytes(v, p->text, k->value, k->value_len);
	case NUMBER32:
		return add_number(v, p->number32, k->number);
	case NUMBER64:
	case NUMBER64_LINUX:
		return add_number(v, p->number64, k->number);
	default:
		return add_bytes(v, p->bytes, k->value, k->value_len);
	}
}

size_t vb_kvp_pair_values(const struct vb_kvp_pair *k, struct vb_value v[VB_KVP_PAIR_VALUES])
{
	const struct paths *p = &paths[k->operation];
	size_t n = 0;

	n += add_number(v + n, VB_KVP "operation", k->operation);
	n += add_number(v + n, p->pool, k->pool);
	n += add_number(v + n, p->index, k->index);
	n += add_number(v + n, p->type, k->type);
	n += add_number(v + n, p->key_len, k->key_len);
	n += add_number(v + n, p->value_len, k->value_len);
	n += add_bytes(v + n, p->key, k->key, k->key_len);
	if (k->value_len)
		n += add_value(v + n, p, k);
	return n;
}

/* ---- out of an answer ---- */

int vb_kvp_pair_text(uint8_t operation, const struct vb_hpacket *packet, bool with_key,
		     struct vb_buf *out)
{
	enum { TYPE, KEY_SIZE, VALUE_SIZE, KEY, STRING, U32, U64, BYTES, N };
	const struct paths *p = &paths[operation];
	struct vb_wanted w[N] = {
		[TYPE] = { .path = p->type },
		[KEY_SIZE] = { .path = p->key_len },
		[VALUE_SIZE] = { .path = p->value_len },
		[KEY] = { .path = p->key },
		[STRING] = { .path = p->text },
		[U32] = { .path = p->number32 },
		[U64] = { .path = p->number64 },
		[BYTES] = { .path = p->bytes },
	};

	if (vb_ic_read(packet, w, N, KEY) || w[KEY_SIZE].number > VB_KVP_KEY_LEN ||
	    w[VALUE_SIZE].number > VB_KVP_VALUE_LEN)
		return -EPROTO;
	if (with_key) {
		vb_buf_utf16_escaped(out, w[KEY].bytes, w[KEY].n_bytes);
		vb_buf_str(out, " = ");
	}
	if (w[U32].found || w[U64].found)
		vb_buf_fmt(out, "%" PRIu64, w[U32].found ? w[U32].number : w[U64].number);
	else if (w[BYTES].n_bytes)
		vb_buf_hex(out, w[BYTES].bytes, w[BYTES].n_bytes);
	else
		vb_buf_utf16_escaped(out, w[STRING].bytes, w[STRING].n_bytes);
	return 0;
}
