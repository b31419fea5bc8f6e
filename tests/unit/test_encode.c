/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is decoded to JSON can be encoded from that JSON alone, to the same bytes: for every message
 * of every protocol, and for whatever random bytes do to them.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/sinks.h"
#include "json_tree.h"
#include "random_tree.h"

#define MAX_FRAME 13312
#define WANTED 60      /* frames of each shape, more until all its fields have occurred */
#define ATTEMPTS 20000 /* to get them; many lengths do not fit */
#define MAX_FIELDS 8192

struct test {
	struct vb_random_tree tree;
	uint8_t data[MAX_FRAME];
	struct vb_json json;
	struct vb_buf text;
	struct vb_path path;
	struct {
		char *path;
		const struct vb_proto *proto;
		const struct vb_msg *msg;
		const struct vb_row *row;
		bool seen;
	} field[MAX_FIELDS];
	size_t n_fields, n_seen;
	unsigned int n_shapes, n_frames;
};

/* ---- which fields were seen ---- */

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_field(void *ctx, const struct vb_field_info *fi)
{
	struct test *t = ctx;

	cr_assert_lt(t->n_fields, MAX_FIELDS);
	t->field[t->n_fields].path = strdup(fi->path);
	t->field[t->n_fields].proto = fi->proto;
	t->field[t->n_fields].msg = fi->msg;
	t->field[t->n_fields].row = fi->row;
	t->n_fields++;
	return true;
}

static void see(struct test *t, const char *path)
{
	const void *key = &path;
	size_t size = sizeof(t->field[0]);
	char *found = bsearch(key, t->field, t->n_fields, size, compare_paths);

	size_t i;

	cr_assert(found, "%s is not in the field reference", path);
	i = (size_t)(found - (char *)t->field) / size;
	t->n_seen += !t->field[i].seen;
	t->field[i].seen = true;
}

static void see_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct test *t = ctx;

	if (span == VB_SPAN_STRUCT || span == VB_SPAN_ARRAY || span == VB_SPAN_BITS)
		see(t, vb_path_field(&t->path, it));
	vb_path_open(&t->path, span, it);
}

static void see_close(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct test *t = ctx;

	(void)span;
	(void)it;
	vb_path_close(&t->path);
}

static void see_field(void *ctx, const struct vb_item *it)
{
	struct test *t = ctx;

	see(t, vb_path_field(&t->path, it));
}

/* Payloads of a protocol we have, and values that no bytes carry, cannot occur here. */
static bool may_be_unseen(const struct vb_row *row)
{
	return row->type == VB_VALUE || (row->type == VB_PAYLOAD && row->proto);
}

static bool all_seen(const struct test *t, const struct vb_proto *proto, const struct vb_msg *msg)
{
	for (size_t i = 0; i < t->n_fields; i++)
		if (t->field[i].proto == proto && t->field[i].msg == msg && !t->field[i].seen &&
		    !may_be_unseen(t->field[i].row))
			return false;
	return true;
}

/* ---- one frame, there and back ---- */

static struct json_object *parse(const char *text)
{
	struct json_tokener *tok = json_tokener_new_ex(VB_JSON_LEVELS);
	struct json_object *o;

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, text, (int)strlen(text) + 1);
	cr_assert(o, "%s in %s", json_tokener_error_desc(json_tokener_get_error(tok)), text);
	json_tokener_free(tok);
	return o;
}

static void walk_to_json(struct test *t, const struct vb_proto *proto, const struct vb_frame *f,
			 struct vb_walked *ret_w)
{
	struct vb_sink sink = vb_json_sink(&t->json);

	vb_buf_reset(&t->text);
	vb_walk(proto, f, &sink, ret_w);
	vb_buf_str(&t->text, "{");
	vb_json_flush(&t->json, &t->text);
	vb_buf_str(&t->text, "}");
	cr_assert(!t->text.failed);
}

static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t n)
{
	size_t i = 0;

	while (i < n && a[i] == b[i])
		i++;
	return i;
}

static void check_frame(struct test *t, const struct vb_proto *proto, const struct vb_frame *f,
			struct vb_walked *ret_w)
{
	struct vb_tree tree = vb_json_tree();
	struct vb_frame no_bytes = *f;
	struct json_object *root;
	uint8_t buf[MAX_FRAME];
	size_t same;
	int err;

	walk_to_json(t, proto, f, ret_w);
	root = parse(t->text.data);
	no_bytes.data = NULL;
	no_bytes.cap_len = 0;
	err = vb_encode(proto, &no_bytes, &tree, root, buf, sizeof(buf));
	cr_assert_eq(err, 0, "%d for %s", err, t->text.data);
	same = first_difference(buf, f->data, f->cap_len);
	cr_assert_eq(same, f->cap_len, "byte %zu of %u of %s", same, f->wire_len, t->text.data);
	for (size_t i = f->cap_len; i < f->wire_len; i++)
		cr_assert_eq(buf[i], 0, "byte %zu was not captured, %s", i, t->text.data);
	json_object_put(root);
	t->n_frames++;
}

/* The message ends early; the capture ends early; bytes change. */
static void check_damaged(struct test *t, const struct vb_proto *proto, const struct vb_frame *f)
{
	struct vb_frame damaged = *f;
	struct vb_walked w;

	if (!f->wire_len)
		return;
	damaged.wire_len = (uint32_t)vb_random(&t->tree, f->wire_len);
	damaged.cap_len = damaged.wire_len;
	check_frame(t, proto, &damaged, &w);
	damaged.wire_len = f->wire_len;
	damaged.cap_len = (uint32_t)vb_random(&t->tree, f->wire_len);
	check_frame(t, proto, &damaged, &w);
	damaged.cap_len = f->wire_len;
	for (unsigned int i = 0; i < 3; i++) {
		t->data[vb_random(&t->tree, f->wire_len)] = (uint8_t)vb_random(&t->tree, 256);
		check_frame(t, proto, &damaged, &w);
	}
}

/* ---- frames ---- */

static bool sets_slots(const struct vb_row *row)
{
	for (const struct vb_row *bit = row->bits; bit && bit->type != VB_END; bit++)
		if (bit->set)
			return true;
	return row->set && row->type == VB_UINT;
}

static void fill(struct test *t, const struct vb_item *it)
{
	if (it->row->type == VB_VALUE || it->row->type == VB_BIT || sets_slots(it->row))
		return;
	for (uint32_t i = 0; i < it->n_bytes; i++)
		t->data[it->off + i] = (uint8_t)vb_random(&t->tree, 256);
}

static void fill_field(void *ctx, const struct vb_item *it)
{
	fill(ctx, it);
}

static void fill_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	if (span == VB_SPAN_BITS)
		fill(ctx, it);
}

static uint32_t random_version(struct test *t, const struct vb_proto *proto)
{
	const struct vb_name *v = proto->versions;
	size_t n = 0;

	while (v && v[n].name)
		n++;
	return n && vb_random(&t->tree, 4) ? (uint32_t)v[vb_random(&t->tree, n)].value : 0;
}

static struct vb_frame random_frame(struct test *t, const struct vb_proto *proto,
				    const struct vb_msg *msg)
{
	static const uint32_t sizes[] = { 24, 80, 300, 2048, MAX_FRAME };
	struct vb_random_tree *r = &t->tree;
	uint32_t version = random_version(t, proto);
	uint32_t len = (uint32_t)vb_random(r, sizes[vb_random(r, 5)]);

	return (struct vb_frame){
		.data = t->data,
		.cap_len = len,
		.wire_len = len,
		.direction = msg && msg->from ? msg->from : (uint8_t)vb_random(r, 3),
		.class = (uint8_t)vb_random(r, 20),
		.vmbus_version = version,
		.proto_version = version,
		.recalled = vb_random_recalled(r, proto, msg),
	};
}

/* Lay a message out, then fill all fields that do not decide the layout. */
static bool make_frame(struct test *t, const struct vb_proto *proto, const struct vb_msg *msg,
		       struct vb_frame *ret_f)
{
	struct vb_tree tree = vb_random_tree(&t->tree);
	struct vb_sink filler = { .ctx = t, .field = fill_field, .open = fill_open };
	struct vb_walked w;

	*ret_f = random_frame(t, proto, msg);
	t->tree.f = ret_f;
	t->tree.proto = proto;
	t->tree.msg = msg;
	if (vb_encode(proto, ret_f, &tree, vb_random_root(&t->tree), t->data, sizeof(t->data)))
		return false;
	vb_walk(proto, ret_f, &filler, &w);
	return w.layer[0].msg == msg;
}

static bool has_bytes(const struct vb_proto *proto)
{
	return proto->msgs || proto->head->type != VB_VALUE;
}

static void check_shape(struct test *t, const struct vb_proto *proto, const struct vb_msg *msg)
{
	struct vb_sink seeing = { t, see_open, see_field, see_close, NULL, NULL };
	unsigned int n = 0;
	struct vb_frame f;
	struct vb_walked w;
	size_t before;

	for (unsigned int i = 0; i < ATTEMPTS && (n < WANTED || !all_seen(t, proto, msg)); i++) {
		if (!make_frame(t, proto, msg, &f))
			continue;
		before = t->n_seen;
		vb_walk(proto, &f, &seeing, &w);
		if (n++ >= WANTED && t->n_seen == before)
			continue; /* only what is new in it is of interest */
		check_frame(t, proto, &f, &w);
		check_damaged(t, proto, &f);
	}
	cr_expect_gt(n, 0, "no frame of %s.%s", proto->name, msg ? msg->name : "");
	t->n_shapes++;
}

static struct test *new_test(void)
{
	struct test *t = calloc(1, sizeof(*t));

	cr_assert(t);
	t->tree.state = 20;
	vb_fields_each(add_field, t);
	qsort(t->field, t->n_fields, sizeof(t->field[0]), compare_paths);
	return t;
}

static void free_test(struct test *t)
{
	for (size_t i = 0; i < t->n_fields; i++)
		free(t->field[i].path);
	vb_json_done(&t->json);
	vb_buf_done(&t->text);
	free(t);
}

Test(encode, every_shape_comes_back)
{
	struct test *t = new_test();
	size_t n, n_seen = 0;
	const struct vb_proto *const *protos = vb_protos(&n);

	for (size_t i = 0; i < n; i++) {
		if (!has_bytes(protos[i]))
			continue;
		if (!protos[i]->msgs)
			check_shape(t, protos[i], NULL);
		for (const struct vb_msg *m = protos[i]->msgs; m && m->name; m++)
			check_shape(t, protos[i], m);
	}
	for (size_t i = 0; i < t->n_fields; i++) {
		n_seen += t->field[i].seen;
		cr_expect(t->field[i].seen || may_be_unseen(t->field[i].row), "%s never occurred",
			  t->field[i].path);
	}
	cr_log_info("%u shapes, %zu of %zu fields, %u frames", t->n_shapes, n_seen, t->n_fields,
		    t->n_frames);
	free_test(t);
}

/* Bytes that no message made. */
Test(encode, random_bytes_come_back)
{
	struct test *t = new_test();
	size_t n;
	const struct vb_proto *const *protos = vb_protos(&n);

	for (unsigned int i = 0; i < 20000; i++) {
		const struct vb_proto *proto = protos[i % n];
		struct vb_frame f = random_frame(t, proto, NULL);
		struct vb_walked w;

		if (!has_bytes(proto))
			continue;
		for (size_t at = 0; at < f.wire_len; at++)
			t->data[at] = vb_random(&t->tree, 2) ? (uint8_t)vb_random(&t->tree, 256) :
							       (uint8_t)vb_random(&t->tree, 4);
		check_frame(t, proto, &f, &w);
	}
	free_test(t);
}

/* ---- what does not fit is refused ---- */

static int encode_text(const char *text, const char *proto, uint32_t len, uint8_t *buf)
{
	struct json_object *root = parse(text);
	struct vb_tree tree = vb_json_tree();
	struct vb_frame f = { .wire_len = len };
	int err = vb_encode(vb_proto_by_name(proto), &f, &tree, root, buf, len);

	json_object_put(root);
	return err;
}

Test(encode, writes_what_is_said)
{
	static const uint8_t rescind[] = { 2, 0, 0, 0, 0, 0, 0, 0, 5, 1, 0, 0 };
	uint8_t buf[12];

	cr_assert_eq(encode_text("{\"vmbus\":{\"type\":2,\"rescind_offer\":{\"relid\":261}}}",
				 "vmbus", 12, buf),
		     0);
	cr_assert_arr_eq(buf, rescind, sizeof(rescind));
}

Test(encode, writes_big_endian)
{
	static const uint8_t space[] = { 0x11, 1, 0xff, 0xff, 0xfe, 0 };
	uint8_t buf[6];

	cr_assert_eq(encode_text("{\"hv_scsi\":{\"opcode\":17,\"space_6\":{\"flags\":1,"
				 "\"count\":-2}}}",
				 "hv_scsi", 6, buf),
		     0);
	cr_assert_arr_eq(buf, space, sizeof(space));
	cr_assert_eq(encode_text("{\"hv_scsi\":{\"opcode\":17,\"space_6\":{\"count\":"
				 "16777216}}}",
				 "hv_scsi", 6, buf),
		     -EINVAL, "more than 24 bits");
}

Test(encode, refuses_what_does_not_fit)
{
	uint8_t buf[64];

	cr_expect_eq(encode_text("{\"vmbus\":{\"type\":2,\"rescind_offer\":{\"relid\":1}}}",
				 "vmbus", 11, buf),
		     -EMSGSIZE, "one byte too short");
	cr_expect_eq(encode_text("{\"vmbus\":{\"type\":4294967296}}", "vmbus", 12, buf), -EINVAL,
		     "more than 32 bits");
	cr_expect_eq(encode_text("{\"vmbus\":{\"type\":\"two\"}}", "vmbus", 12, buf), -EINVAL,
		     "no number");
	cr_expect_eq(encode_text("{\"hv_pipe\":{\"length\":2,\"data\":\"001122\"}}", "hv_pipe", 16,
				 buf),
		     -EMSGSIZE, "more bytes than the length says");
	cr_expect_eq(encode_text("{\"hv_ring\":{}}", "vmbus", 12, buf), -EINVAL, "not there");
	cr_expect_eq(encode_text("{\"vmbus\":{},\"gaps\":{\"vmbus\":[{\"offset\":12,"
				 "\"bytes\":\"01\"}]}}",
				 "vmbus", 12, buf),
		     -EMSGSIZE, "a gap beyond the end");
}
