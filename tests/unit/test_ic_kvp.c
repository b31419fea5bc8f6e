/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key-value pairs: every operation, as Linux's header lays it out, and answers of all kinds. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/loop/ic_bench.h"

/* struct hv_kvp_exchg_msg_value */
struct value {
	uint32_t type, key_size, value_size;
	uint8_t key[512], value[2048];
} __attribute__((packed));

struct kvp {
	uint8_t operation, pool;
	union {
		struct {
			uint16_t pad;
			struct value value; /* get, set */
		} __attribute__((packed));
		struct {
			uint16_t pad1;
			uint32_t index;
			struct value item;
		} __attribute__((packed)) enumerate;
		struct {
			uint16_t pad2;
			uint32_t key_size;
			uint8_t key[512];
		} __attribute__((packed)) delete;
		struct { /* struct hv_kvp_ipaddr_value */
			uint16_t adapter[128];
			uint8_t family, dhcp;
			uint16_t addresses[1024], subnets[1024], gateways[512], dns[1024];
		} __attribute__((packed)) ip;
	};
} __attribute__((packed));

_Static_assert(sizeof(((struct kvp *)0)->ip) == 7426, "Linux: 2 + 7426");

static struct ic_bench *new_bench(void)
{
	struct ic_bench *b = ic_bench_new("kvp", NULL);

	ic_bench_negotiate(b, 3, 4, 0);
	return b;
}

static struct kvp *kvp_of(struct ic_wire *w)
{
	return (void *)w->body;
}

/* ASCII to UTF-16; bytes with NUL. */
static uint32_t put(void *units, const char *text)
{
	size_t n = strlen(text) + 1;

	for (size_t i = 0; i < n; i++) {
		((uint8_t *)units)[2 * i] = (uint8_t)text[i];
		((uint8_t *)units)[2 * i + 1] = 0;
	}
	return (uint32_t)(2 * n);
}

static bool is_text(const void *units, const char *text)
{
	uint8_t wanted[512];

	return !memcmp(units, wanted, put(wanted, text));
}

/* A command is under way, and its message is w. */
static void begin(struct ic_bench *b, struct ic_request *r, const char *command, struct ic_wire *w)
{
	ic_bench_command(b, r, command);
	cr_assert_eq(r->n_done, 0, "%s: %s", command, r->text);
	ic_bench_take(b, w);
	cr_expect_eq(w->message_type, 2);
}

Test(ic_kvp, get)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;
	struct ic_wire w;

	begin(b, &r, "get 3 HostName", &w);
	cr_expect_eq(w.size, 2580);
	cr_expect_eq(kvp_of(&w)->operation, 0);
	cr_expect_eq(kvp_of(&w)->pool, 3);
	cr_expect_eq(kvp_of(&w)->value.key_size, 18);
	cr_expect(is_text(kvp_of(&w)->value.key, "HostName"));
	kvp_of(&w)->value.type = 1;
	kvp_of(&w)->value.value_size = put(kvp_of(&w)->value.value, "box \"7\"\n");
	ic_bench_answer(b, &w, 0);
	ic_expect_done(&r, 0, "box \\\"7\\\"\\n");
	begin(b, &r, "get 0 empty", &w);
	kvp_of(&w)->value.type = 1;
	kvp_of(&w)->value.value_size = 2;
	ic_bench_answer(b, &w, 0);
	ic_expect_done(&r, 0, "");
	begin(b, &r, "get 0 none", &w);
	ic_bench_answer(b, &w, 0x80070103);
	ic_expect_done(&r, -ENOENT, "no more items");
	begin(b, &r, "get 0 none", &w);
	ic_bench_answer(b, &w, 0x80004005);
	ic_expect_done(&r, -EREMOTEIO, "failure");
	ic_bench_free(b);
}

static void expect_value(uint32_t type, uint64_t bits, uint32_t size, const char *text)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;
	struct ic_wire w;

	begin(b, &r, "get 1 key", &w);
	kvp_of(&w)->value.type = type;
	kvp_of(&w)->value.value_size = size;
	memcpy(kvp_of(&w)->value.value, &bits, sizeof(bits));
	ic_bench_answer(b, &w, 0);
	ic_expect_done(&r, 0, text);
	cr_expect_str_eq(r.text, text);
	ic_bench_free(b);
}

Test(ic_kvp, values_of_all_types)
{
	expect_value(1, 0x420041, 6, "AB");
	expect_value(2, 0x420041, 6, "AB");
	expect_value(4, 0xfffffffe, 4, "4294967294");
	expect_value(8, UINT64_MAX, 8, "18446744073709551615");
	expect_value(11, 7, 8, "7");
	expect_value(3, 0x030201, 3, "010203");
}

/* Sizes beyond the fields. */
Test(ic_kvp, answers_that_lie)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;
	struct ic_wire w;

	begin(b, &r, "get 1 key", &w);
	kvp_of(&w)->value.key_size = 513;
	ic_bench_answer(b, &w, 0);
	ic_expect_done(&r, -EPROTO, "no sense");
	begin(b, &r, "get 1 key", &w);
	kvp_of(&w)->value.type = 3;
	kvp_of(&w)->value.value_size = UINT32_MAX;
	ic_bench_answer(b, &w, 0);
	ic_expect_done(&r, -EPROTO, "no sense");
	begin(b, &r, "get 1 key", &w);
	w.size = 8;
	w.pipe_len = 28;
	w.len8 = 7;
	ic_bench_answer(b, &w, 0);
	ic_expect_done(&r, -EPROTO, "no sense");
	begin(b, &r, "enumerate 1", &w);
	kvp_of(&w)->operation = 2;
	ic_bench_answer(b, &w, 0);
	ic_expect_done(&r, -EPROTO, "no sense");
	ic_bench_free(b);
}

Test(ic_kvp, set_and_delete)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;
	struct ic_wire w;

	begin(b, &r, "set 0 key value", &w);
	cr_expect_eq(w.size, 2580);
	cr_expect_eq(kvp_of(&w)->operation, 1);
	cr_expect_eq(kvp_of(&w)->pool, 0);
	cr_expect_eq(kvp_of(&w)->value.type, 1);
	cr_expect_eq(kvp_of(&w)->value.key_size, 8);
	cr_expect_eq(kvp_of(&w)->value.value_size, 12);
	cr_expect(is_text(kvp_of(&w)->value.key, "key"));
	cr_expect(is_text(kvp_of(&w)->value.value, "value"));
	ic_bench_answer(b, &w, 0);
	ic_expect_done(&r, 0, "success");
	begin(b, &r, "set 2 n 305419896 u32", &w);
	cr_expect_eq(kvp_of(&w)->value.type, 4);
	cr_expect_eq(kvp_of(&w)->value.value_size, 4);
	cr_expect_arr_eq(kvp_of(&w)->value.value, "\x78\x56\x34\x12\0\0\0\0", 8);
	ic_bench_answer(b, &w, 0);
	begin(b, &r, "set 2 n 0x1122334455667788 u64", &w);
	cr_expect_eq(kvp_of(&w)->value.type, 11);
	cr_expect_eq(kvp_of(&w)->value.value_size, 8);
	cr_expect_arr_eq(kvp_of(&w)->value.value, "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
	ic_bench_answer(b, &w, 0);
	begin(b, &r, "set 2 n 1 8", &w);
	cr_expect_eq(kvp_of(&w)->value.type, 8);
	ic_bench_answer(b, &w, 0);
	begin(b, &r, "set 2 n %PATH% expand_sz", &w);
	cr_expect_eq(kvp_of(&w)->value.type, 2);
	ic_bench_answer(b, &w, 0);
	begin(b, &r, "set 2 n abc 3", &w);
	cr_expect_eq(kvp_of(&w)->value.value_size, 3);
	cr_expect_arr_eq(kvp_of(&w)->value.value, "abc", 4);
	ic_bench_answer(b, &w, 0);
	begin(b, &r, "delete 1 key", &w);
	cr_expect_eq(kvp_of(&w)->operation, 2);
	cr_expect_eq(kvp_of(&w)->pool, 1);
	cr_expect_eq(kvp_of(&w)->delete.key_size, 8);
	cr_expect(is_text(kvp_of(&w)->delete.key, "key"));
	ic_bench_answer(b, &w, 0x80070103);
	ic_expect_done(&r, -ENOENT, NULL);
	ic_bench_free(b);
}

Test(ic_kvp, keys_and_values_that_do_not_fit)
{
	struct ic_bench *b = new_bench();
	char line[2200] = "set 0 ";
	struct ic_request r;
	struct ic_wire w;

	memset(line + 6, 'k', 255);
	strcpy(line + 261, " v");
	begin(b, &r, line, &w);
	cr_expect_eq(kvp_of(&w)->value.key_size, 512);
	ic_bench_answer(b, &w, 0);
	strcpy(line + 261, "k v");
	ic_bench_command(b, &r, line);
	ic_expect_done(&r, -EINVAL, NULL);
	strcpy(line + 6, "k ");
	memset(line + 8, 'v', 1023);
	line[8 + 1023] = '\0';
	begin(b, &r, line, &w);
	cr_expect_eq(kvp_of(&w)->value.value_size, 2048);
	ic_bench_answer(b, &w, 0);
	strcpy(line + 8 + 1023, "v");
	ic_bench_command(b, &r, line);
	ic_expect_done(&r, -EINVAL, NULL);
	ic_bench_free(b);
}

static void answer_item(struct ic_bench *b, struct ic_wire *w, uint32_t index, const char *key,
			const char *value)
{
	struct kvp *k = kvp_of(w);

	cr_expect_eq(k->operation, 3);
	cr_expect_eq(k->enumerate.index, index);
	k->enumerate.item.type = 1;
	k->enumerate.item.key_size = put(k->enumerate.item.key, key);
	k->enumerate.item.value_size = put(k->enumerate.item.value, value);
	ic_bench_answer(b, w, 0);
}

Test(ic_kvp, enumerate)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;
	struct ic_wire w;

	begin(b, &r, "enumerate 1", &w);
	answer_item(b, &w, 0, "a", "first");
	ic_bench_take(b, &w);
	answer_item(b, &w, 1, "b", "");
	ic_bench_take(b, &w);
	cr_expect_eq(r.n_done, 0);
	ic_bench_answer(b, &w, 0x80070103);
	ic_expect_done(&r, 0, NULL);
	cr_expect_str_eq(r.text, "a = first\nb = ");
	begin(b, &r, "enumerate 2 5", &w);
	answer_item(b, &w, 5, "OSName", "linux");
	ic_expect_done(&r, 0, NULL);
	cr_expect_str_eq(r.text, "OSName = linux");
	begin(b, &r, "enumerate 2 10", &w);
	ic_bench_answer(b, &w, 0x80070103);
	ic_expect_done(&r, -ENOENT, "no more items");
	begin(b, &r, "enumerate 0 all", &w);
	answer_item(b, &w, 0, "k", "v");
	ic_bench_take(b, &w);
	ic_bench_answer(b, &w, 0x80004005);
	ic_expect_done(&r, -EREMOTEIO, "k = v\nthe guest answered 0x80004005 (failure)");
	ic_bench_free(b);
}

Test(ic_kvp, an_enumeration_without_end_ends)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;
	struct ic_wire w;
	uint32_t n = 0;

	ic_bench_command(b, &r, "enumerate 1");
	while (!r.n_done) {
		cr_assert_lt(n, 5000);
		ic_bench_take(b, &w);
		answer_item(b, &w, n++, "k", "v");
	}
	cr_expect_eq(n, 4096);
	ic_bench_free(b);
}

Test(ic_kvp, an_enumeration_of_long_values_ends)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;
	char value[1001];
	struct ic_wire w;
	uint32_t n = 0;

	memset(value, 'v', 1000);
	value[1000] = '\0';
	ic_bench_command(b, &r, "enumerate 1");
	while (!r.n_done) {
		cr_assert_lt(n, 100);
		ic_bench_take(b, &w);
		answer_item(b, &w, n++, "k", value);
	}
	cr_expect_eq(r.status, -E2BIG);
	cr_expect_eq(n, 66);
	ic_bench_free(b);
}

Test(ic_kvp, burst)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;
	struct ic_wire w;

	ic_bench_command(b, &r, "burst 12");
	for (uint32_t i = 0; i < 12; i++) {
		ic_bench_take(b, &w);
		cr_expect_eq(kvp_of(&w)->pool, 2);
		cr_expect_eq(kvp_of(&w)->enumerate.index, i % 10);
		ic_bench_advance(b, 1 * MS);
		ic_bench_answer(b, &w, i % 10 == 9 ? 0x80070103 : 0);
	}
	ic_expect_done(&r, 0,
		       "12 of 12 answered, latency min 1000000 median 1000000 avg "
		       "1000000 max 1000000");
	ic_bench_command(b, &r, "burst 12");
	ic_bench_close(b);
	ic_expect_done(&r, -ENOTCONN, "0 of 12 answered");
	ic_bench_free(b);
}

Test(ic_kvp, get_ip)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;
	struct ic_wire w;
	struct kvp *k;

	begin(b, &r, "get-ip 00:15:5d:01:02:03", &w);
	k = kvp_of(&w);
	cr_expect_eq(w.size, 7428);
	cr_expect_eq(k->operation, 4);
	cr_expect(is_text(k->ip.adapter, "00:15:5d:01:02:03"));
	put(k->ip.addresses, "10.0.0.5;fe80::1");
	put(k->ip.subnets, "255.0.0.0;/64");
	put(k->ip.gateways, "10.0.0.1");
	k->ip.family = 3;
	k->ip.dhcp = 1;
	ic_bench_answer(b, &w, 0);
	ic_expect_done(&r, 0,
		       "families 3, dhcp 1, adapter 00:15:5d:01:02:03, addresses "
		       "10.0.0.5;fe80::1, subnets 255.0.0.0;/64, gateways 10.0.0.1");
	cr_expect(!strstr(r.text, "dns"));
	begin(b, &r, "get-ip x", &w);
	ic_bench_answer(b, &w, 0x80041002);
	ic_expect_done(&r, -EREMOTEIO, "not found");
	begin(b, &r, "get-ip x", &w);
	w.size = 100;
	w.pipe_len = 120;
	ic_bench_answer(b, &w, 0);
	ic_expect_done(&r, -EPROTO, NULL);
	ic_bench_free(b);
}

Test(ic_kvp, set_ip)
{
	struct ic_bench *b = new_bench();
	struct ic_request r;
	struct ic_wire w;
	struct kvp *k;

	begin(b, &r, "set-ip {guid} 10.0.0.5 255.0.0.0 10.0.0.1 -", &w);
	k = kvp_of(&w);
	cr_expect_eq(w.size, 7428);
	cr_expect_eq(k->operation, 5);
	cr_expect(is_text(k->ip.adapter, "{guid}"));
	cr_expect(is_text(k->ip.addresses, "10.0.0.5"));
	cr_expect(is_text(k->ip.subnets, "255.0.0.0"));
	cr_expect(is_text(k->ip.gateways, "10.0.0.1"));
	cr_expect(is_text(k->ip.dns, ""));
	cr_expect_eq(k->ip.family, 1);
	cr_expect_eq(k->ip.dhcp, 0);
	ic_bench_answer(b, &w, 0);
	ic_expect_done(&r, 0, "success");
	begin(b, &r, "set-ip a fe80::1 64 - 1.2.3.4 dhcp", &w);
	cr_expect_eq(kvp_of(&w)->ip.family, 2);
	cr_expect_eq(kvp_of(&w)->ip.dhcp, 1);
	cr_expect(is_text(kvp_of(&w)->ip.dns, "1.2.3.4"));
	ic_bench_answer(b, &w, 0);
	ic_bench_command(b, &r, "set-ip a b c d e statically");
	ic_expect_done(&r, -EINVAL, "set-ip ADAPTER");
	ic_bench_free(b);
}

Test(ic_kvp, addresses_of_version_5_are_not_built)
{
	struct ic_bench *b = ic_bench_new("kvp", NULL);
	struct ic_request r;

	ic_bench_negotiate(b, 3, 5, 0);
	ic_bench_command(b, &r, "get-ip a");
	ic_expect_done(&r, -ENOSYS, "not built");
	ic_bench_expect_nothing(b);
	ic_bench_free(b);
}
