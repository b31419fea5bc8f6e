/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key-value pairs: the host reads and writes the guest's pools of them, through a daemon (Linux 6.1
 * drivers/hv/hv_kvp.c, tools/hv/hv_kvp_daemon.c). Linux answers a get with an empty text: its driver
 * does not tell the daemon how long a value may be. An enumeration has the values.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "replay/host/kvp.h"

#define KEY_LEN 512u
#define VALUE_LEN 2048u
#define MAX_ITEMS 4096u	     /* of one enumeration: a guest may never say that it has no more */
#define MAX_TEXT (64u << 10) /* bytes that are told; the item that goes beyond is the last */
#define POOL_AUTO 2
#define N_AUTO_ITEMS 10 /* that Linux has in this pool */

enum value_type { TEXT = 1, EXPAND = 2, NUMBER32 = 4, NUMBER64_LINUX = 8, NUMBER64 = 11 };

struct call {
	struct vb_ic_call call; /* first */
	struct vb_hrequest *rq;
	uint8_t operation, pool;
	uint32_t index, last; /* of an enumeration: now, and where it ends */
	uint32_t type;
	uint8_t key[KEY_LEN], value[VALUE_LEN];
	size_t key_len, value_len;
	uint64_t number; /* the value, if it is one */
	struct vb_buf text;
	uint64_t wanted; /* burst */
	struct vb_measure latency;
};

/* ---- messages ---- */

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

static size_t add_value(struct vb_value *v, const struct paths *p, const struct call *k)
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

static int send_call(struct vb_ic *ic, struct vb_ic_call *call)
{
	const struct call *k = (const struct call *)call;
	const struct paths *p = &paths[k->operation];
	struct vb_value v[8] = {
		VB_NUMBER(VB_KVP "operation", k->operation),
		VB_NUMBER(p->pool, k->pool),
	};
	size_t n = 2;

	n += add_number(v + n, p->index, k->index);
	n += add_number(v + n, p->type, k->type);
	n += add_number(v + n, p->key_len, k->key_len);
	n += add_number(v + n, p->value_len, k->value_len);
	n += add_bytes(v + n, p->key, k->key, k->key_len);
	if (k->value_len)
		n += add_value(v + n, p, k);
	return vb_ic_send(ic, call, VB_KVP_BODY_LEN, v, n);
}

/* Appends "KEY = VALUE", or the value alone. Text that is empty is not there. */
static int read_pair(struct call *k, const struct vb_hpacket *packet, bool with_key)
{
	enum { TYPE, KEY_SIZE, VALUE_SIZE, KEY, STRING, U32, U64, BYTES, N };
	const struct paths *p = &paths[k->operation];
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

	if (vb_ic_read(packet, w, N, KEY) || w[KEY_SIZE].number > KEY_LEN ||
	    w[VALUE_SIZE].number > VALUE_LEN)
		return -EPROTO;
	if (with_key) {
		vb_buf_utf16_escaped(&k->text, w[KEY].bytes, w[KEY].n_bytes);
		vb_buf_str(&k->text, " = ");
	}
	if (w[U32].found || w[U64].found)
		vb_buf_fmt(&k->text, "%" PRIu64, w[U32].found ? w[U32].number : w[U64].number);
	else if (w[BYTES].n_bytes)
		vb_buf_hex(&k->text, w[BYTES].bytes, w[BYTES].n_bytes);
	else
		vb_buf_utf16_escaped(&k->text, w[STRING].bytes, w[STRING].n_bytes);
	return 0;
}

/* ---- ends of calls ---- */

static void done(struct call *k, int status)
{
	vb_ic_done_text(k->rq, status, &k->text);
	free(k);
}

static void done_with_outcome(struct call *k, const struct vb_ic_answer *a)
{
	vb_ic_outcome(&k->text, a);
	done(k, a->error ? a->error : vb_ic_status_error(a->status));
}

static void done_malformed(struct call *k)
{
	const struct vb_ic_answer wrong = { .error = -EPROTO };

	done_with_outcome(k, &wrong);
}

static void plain_ended(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a)
{
	(void)ic;
	done_with_outcome((struct call *)call, a);
}

static void get_ended(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a)
{
	struct call *k = (struct call *)call;

	(void)ic;
	if (a->error || a->status)
		done_with_outcome(k, a);
	else if (read_pair(k, a->packet, false))
		done_malformed(k);
	else
		done(k, 0);
}

/* One item after the other until the guest has no more. */
static void enumerate_ended(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a)
{
	struct call *k = (struct call *)call;

	if (!a->error && a->status == VB_IC_NO_MORE_ITEMS && k->last)
		return done(k, 0);
	if (a->error || a->status) {
		if (k->text.len)
			vb_buf_str(&k->text, "\n");
		return done_with_outcome(k, a);
	}
	if (k->text.len)
		vb_buf_str(&k->text, "\n");
	if (read_pair(k, a->packet, true))
		return done_malformed(k);
	if (k->index++ >= k->last)
		return done(k, 0);
	if (k->text.len > MAX_TEXT) {
		vb_buf_str(&k->text, "\n... and more than is told");
		return done(k, -E2BIG);
	}
	vb_ic_submit(ic, call);
}

/* What is asked for in turn is what the guest has in any case: its own items. */
static void burst_ended(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a)
{
	struct call *k = (struct call *)call;

	if (!a->error) {
		vb_measure_add(&k->latency, a->latency_ns);
		k->index = (k->index + 1) % N_AUTO_ITEMS;
		if (k->latency.n < k->wanted)
			return vb_ic_submit(ic, call);
	}
	vb_ic_latency_text(&k->latency, k->wanted, &k->text);
	if (a->error) {
		vb_buf_str(&k->text, "; ");
		return done_with_outcome(k, a);
	}
	done(k, 0);
}

/* ---- commands ---- */

void *vb_kvp_new_call(struct vb_hdevice *d, size_t size, struct vb_hrequest *rq)
{
	struct vb_kvp *kvp = vb_hdevice_state(d);
	struct vb_ic_call *call;

	if (!vb_ic_usable(&kvp->ic, rq))
		return NULL;
	call = calloc(1, size);
	if (call)
		call->timeout_ns = kvp->timeout_ns;
	else
		vb_hrequest_done(rq, -ENOMEM, NULL);
	return call;
}

/* Of a command whose words are right so far; NULL: the request is done. */
static struct call *new_call(struct vb_hdevice *d, uint8_t operation, struct vb_hrequest *rq)
{
	struct call *k = vb_kvp_new_call(d, sizeof(*k), rq);

	if (!k)
		return NULL;
	k->call.send = send_call;
	k->call.ended = plain_ended;
	k->rq = rq;
	k->operation = operation;
	return k;
}

static void submit(struct vb_hdevice *d, struct call *k)
{
	struct vb_kvp *kvp = vb_hdevice_state(d);

	vb_ic_submit(&kvp->ic, &k->call);
}

static int parse_pool(struct call *k, const char *text)
{
	uint64_t pool;

	if (vb_number_parse(text, UINT8_MAX, &pool))
		return -EINVAL;
	k->pool = (uint8_t)pool;
	return 0;
}

/* POOL and KEY, the first words of most commands. */
static int parse_pool_and_key(struct call *k, const char *const *words)
{
	if (parse_pool(k, words[1]))
		return -EINVAL;
	return vb_ic_utf16(words[2], k->key, sizeof(k->key), &k->key_len);
}

static int parse_type(struct call *k, const char *text)
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

static int parse_number_value(struct call *k, const char *text)
{
	k->value_len = k->type == NUMBER32 ? 4 : 8;
	return vb_number_parse(text, k->type == NUMBER32 ? UINT32_MAX : UINT64_MAX, &k->number);
}

/* Of other types the bytes of the text are the value. */
static int parse_value(struct call *k, const char *text)
{
	switch (k->type) {
	case TEXT:
	case EXPAND:
		return vb_ic_utf16(text, k->value, sizeof(k->value), &k->value_len);
	case NUMBER32:
	case NUMBER64:
	case NUMBER64_LINUX:
		return parse_number_value(k, text);
	default:
		k->value_len = strlen(text);
		if (k->value_len > sizeof(k->value))
			return -EMSGSIZE;
		memcpy(k->value, text, k->value_len);
		return 0;
	}
}

/* Send it, or, when its words were wrong, say how they should be. */
static void submit_if(int rc, struct vb_hdevice *d, struct call *k, const char *name)
{
	struct vb_hrequest *rq = k->rq;

	if (!rc)
		return submit(d, k);
	free(k);
	vb_ic_usage(rq, vb_kvp_commands, name);
}

static void get(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	struct call *k;

	if (n != 3)
		return vb_ic_usage(rq, vb_kvp_commands, words[0]);
	k = new_call(d, VB_KVP_GET, rq);
	if (!k)
		return;
	k->call.ended = get_ended;
	submit_if(parse_pool_and_key(k, words), d, k, words[0]);
}

static void set(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	struct call *k;

	if (n != 4 && n != 5)
		return vb_ic_usage(rq, vb_kvp_commands, words[0]);
	k = new_call(d, VB_KVP_SET, rq);
	if (!k)
		return;
	submit_if(parse_pool_and_key(k, words) || parse_type(k, n == 5 ? words[4] : "sz") ||
			  parse_value(k, words[3]),
		  d, k, words[0]);
}

static void delete (struct vb_hdevice *d, const char *const *words, size_t n,
		    struct vb_hrequest *rq)
{
	struct call *k;

	if (n != 3)
		return vb_ic_usage(rq, vb_kvp_commands, words[0]);
	k = new_call(d, VB_KVP_DELETE, rq);
	if (k)
		submit_if(parse_pool_and_key(k, words), d, k, words[0]);
}

/* All items, or one. */
static int parse_index(struct call *k, const char *text)
{
	uint64_t index;

	if (!strcmp(text, "all")) {
		k->last = MAX_ITEMS - 1;
		return 0;
	}
	if (vb_number_parse(text, UINT32_MAX, &index))
		return -EINVAL;
	k->index = (uint32_t)index;
	return 0;
}

static void enumerate(struct vb_hdevice *d, const char *const *words, size_t n,
		      struct vb_hrequest *rq)
{
	struct call *k;

	if (n != 2 && n != 3)
		return vb_ic_usage(rq, vb_kvp_commands, words[0]);
	k = new_call(d, VB_KVP_ENUMERATE, rq);
	if (!k)
		return;
	k->call.ended = enumerate_ended;
	submit_if(parse_pool(k, words[1]) || parse_index(k, n == 3 ? words[2] : "all"), d, k,
		  words[0]);
}

static void burst(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	uint64_t wanted;
	struct call *k;

	if (n != 2 || vb_number_parse(words[1], UINT32_MAX, &wanted) || !wanted)
		return vb_ic_usage(rq, vb_kvp_commands, words[0]);
	k = new_call(d, VB_KVP_ENUMERATE, rq);
	if (!k)
		return;
	if (vb_measure_init(&k->latency)) {
		vb_buf_str(&k->text, "not enough memory");
		return done(k, -ENOMEM);
	}
	k->call.ended = burst_ended;
	k->pool = POOL_AUTO;
	k->wanted = wanted;
	submit(d, k);
}

const struct vb_command vb_kvp_commands[] = {
	{ "get", "POOL KEY", "the value of a key; pools are 0 external, 1 guest, 2 auto, 3 both",
	  get },
	{ "set", "POOL KEY VALUE [TYPE]", "type: sz, expand_sz, u32, u64, or a number", set },
	{ "delete", "POOL KEY", "remove a key", delete },
	{ "enumerate", "POOL [all|INDEX]", "keys and values, or those of one index", enumerate },
	{ "get-ip", "ADAPTER", "addresses of an adapter (Linux: by its MAC address)",
	  vb_kvp_get_ip },
	{ "set-ip", "ADAPTER ADDRESSES MASKS GATEWAYS DNS [dhcp]",
	  "give an adapter addresses; lists with ';', '-' is none", vb_kvp_set_ip },
	{ "burst", "N", "N questions for the guest's own items, back to back; their latency",
	  burst },
	VB_IC_COMMANDS,
	{ 0 },
};

/* ---- settings ---- */

static int parse_timeout(void *state, const char *text)
{
	struct vb_kvp *kvp = state;

	return vb_ic_duration(text, &kvp->timeout_ns);
}

static const struct vb_setting settings[] = {
	VB_IC_SETTINGS("3.0,1.0", "5.0,4.0,3.0"),
	{ "timeout", "seconds until an operation is given up", "60", parse_timeout },
	{ 0 },
};

static const struct vb_ic_service service = { .type = 2 };

static int start(struct vb_hdevice *d, struct vb_err *err)
{
	return vb_ic_start(d, &service, err);
}

const struct vb_model vb_model_kvp = {
	.name = "kvp",
	.class = VB_CLASS_KVP,
	.instance = "242ff919-07db-4180-9c2e-b86cb68c8c55",
	.offer_flags = VB_IC_OFFER_FLAGS,
	.pipe = true,
	.state_size = sizeof(struct vb_kvp),
	.settings = settings,
	.commands = vb_kvp_commands,
	.start = start,
	VB_IC_VTABLE,
};
