/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key-value pairs: the host reads and writes the guest's pools of them, through a daemon (Linux 6.1
 * drivers/hv/hv_kvp.c, tools/hv/hv_kvp_daemon.c). Linux answers a get with an empty text: its driver
 * does not tell the daemon how long a value may be. An enumeration has the values.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/host/kvp.h"

#define MAX_ITEMS 4096u	     /* of one enumeration: a guest may never say that it has no more */
#define MAX_TEXT (64u << 10) /* bytes that are told; the item that goes beyond is the last */
#define POOL_AUTO 2
#define N_AUTO_ITEMS 10 /* that Linux has in this pool */

struct call {
	struct vb_ic_call call; /* first */
	struct vb_hrequest *rq;
	struct vb_kvp_pair pair;
	uint32_t last; /* of an enumeration: where it ends */
	struct vb_buf text;
	uint64_t wanted; /* burst */
	struct vb_measure latency;
};

static int send_call(struct vb_ic *ic, struct vb_ic_call *call)
{
	const struct call *k = (const struct call *)call;
	struct vb_value v[VB_KVP_PAIR_VALUES];

	return vb_ic_send(ic, call, VB_KVP_BODY_LEN, v, vb_kvp_pair_values(&k->pair, v));
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
	else if (vb_kvp_pair_text(k->pair.operation, a->packet, false, &k->text))
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
	if (vb_kvp_pair_text(k->pair.operation, a->packet, true, &k->text))
		return done_malformed(k);
	if (k->pair.index++ >= k->last)
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
		k->pair.index = (k->pair.index + 1) % N_AUTO_ITEMS;
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
	k->pair.operation = operation;
	return k;
}

static void submit(struct vb_hdevice *d, struct call *k)
{
	struct vb_kvp *kvp = vb_hdevice_state(d);

	vb_ic_submit(&kvp->ic, &k->call);
}

/* POOL and KEY, the first words of most commands. */
static int parse_pool_and_key(struct call *k, const char *const *words)
{
	if (vb_kvp_parse_pool(&k->pair, words[1]))
		return -EINVAL;
	return vb_kvp_parse_key(&k->pair, words[2]);
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
	submit_if(parse_pool_and_key(k, words) ||
			  vb_kvp_parse_type(&k->pair, n == 5 ? words[4] : "sz") ||
			  vb_kvp_parse_value(&k->pair, words[3]),
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
	k->pair.index = (uint32_t)index;
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
	submit_if(vb_kvp_parse_pool(&k->pair, words[1]) ||
			  parse_index(k, n == 3 ? words[2] : "all"),
		  d, k, words[0]);
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
	k->pair.pool = POOL_AUTO;
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

static const struct vb_setting settings[] = {
	VB_IC_SETTINGS("3.0,1.0", "5.0,4.0,3.0"),
	{ "timeout", "seconds until an operation is given up", "60",
	  VB_SETTING_BY(vb_ic_setting_duration, struct vb_kvp, timeout_ns) },
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
