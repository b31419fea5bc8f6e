/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON form of a record, as a tree for the encoder.
 */
#include "json_tree.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/sinks.h"

/* json-c reads only, but its functions do not say so. */
static struct json_object *object(const void *node)
{
	return (struct json_object *)(uintptr_t)node;
}

static const void *tree_member(void *ctx, const void *node, const char *name)
{
	struct json_object *found = NULL;

	(void)ctx;
	if (json_object_is_type(object(node), json_type_array)) /* of a protocol that repeats */
		node = json_object_array_get_idx(object(node), 0);
	if (json_object_is_type(object(node), json_type_object))
		json_object_object_get_ex(object(node), name, &found);
	return found;
}

static const void *tree_element(void *ctx, const void *node, size_t i)
{
	(void)ctx;
	if (!json_object_is_type(object(node), json_type_array))
		return NULL;
	return json_object_array_get_idx(object(node), i);
}

/* A value with a name, or with bits, is an object whose member "value" counts. */
static struct json_object *plain(const void *node)
{
	const void *value = tree_member(NULL, node, "value");

	return object(value ? value : node);
}

static int tree_number(void *ctx, const void *node, uint64_t *ret_value)
{
	struct json_object *o = plain(node);
	const char *text;
	char *end;

	(void)ctx;
	switch (json_object_get_type(o)) {
	case json_type_int:
		*ret_value = (uint64_t)json_object_get_int64(o);
		if (json_object_get_int64(o) >= 0)
			*ret_value = json_object_get_uint64(o);
		return 0;
	case json_type_string:
		text = json_object_get_string(o);
		if (strncmp(text, "0x", 2))
			return -EINVAL;
		*ret_value = strtoull(text, &end, 16);
		return *end ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static int tree_bytes(void *ctx, const void *node, uint8_t *buf, size_t size, size_t *ret_n)
{
	struct json_object *o = plain(node);
	const char *text = json_object_get_string(o);
	uint8_t guid[16];
	int hi, lo;

	(void)ctx;
	if (!json_object_is_type(o, json_type_string))
		return -EINVAL;
	*ret_n = strlen(text) / 2;
	if (vb_guid_parse(text, guid))
		*ret_n = sizeof(guid);
	if (*ret_n > size)
		return -EMSGSIZE;
	if (vb_guid_parse(text, guid)) {
		memcpy(buf, guid, sizeof(guid));
		return 0;
	}
	for (size_t i = 0; i < *ret_n; i++) {
		hi = digit(text[2 * i]);
		lo = digit(text[2 * i + 1]);
		if (hi < 0 || lo < 0)
			return -EINVAL;
		buf[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

static int tree_text(void *ctx, const void *node, const char **ret_text, size_t *ret_n)
{
	struct json_object *o = plain(node);

	(void)ctx;
	if (!json_object_is_type(o, json_type_string))
		return -EINVAL;
	*ret_text = json_object_get_string(o);
	*ret_n = (size_t)json_object_get_string_len(o);
	return 0;
}

struct vb_tree vb_json_tree(void)
{
	return (struct vb_tree){
		.member = tree_member,
		.element = tree_element,
		.number = tree_number,
		.bytes = tree_bytes,
		.text = tree_text,
	};
}
