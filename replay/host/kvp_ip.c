/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of the guest's adapters, asked for and given by the host through the KVP channel, in the
 * form of text that version 4.0 has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/host/kvp.h"

#define BINARY 5 /* major version from which on addresses are binary */

enum { FAMILY_4 = 1, FAMILY_6 = 2 };
enum list { ADAPTER, ADDRESSES, MASKS, GATEWAYS, DNS, N_LISTS };

/* Bytes of the longest list. */
#define LIST_LEN 2048u

/* Names of the fields; how many bytes each has. */
static const struct list_field {
	const char *get, *set, *title;
	size_t len;
} fields[N_LISTS] = {
	[ADAPTER] = { VB_KVP "get_ip_info.adapter_id", VB_KVP "set_ip_info.adapter_id", "adapter",
		      256 },
	[ADDRESSES] = { VB_KVP "get_ip_info.ip_addr", VB_KVP "set_ip_info.ip_addr", "addresses",
			2048 },
	[MASKS] = { VB_KVP "get_ip_info.sub_net", VB_KVP "set_ip_info.sub_net", "subnets", 2048 },
	[GATEWAYS] = { VB_KVP "get_ip_info.gate_way", VB_KVP "set_ip_info.gate_way", "gateways",
		       1024 },
	[DNS] = { VB_KVP "get_ip_info.dns_addr", VB_KVP "set_ip_info.dns_addr", "dns", 2048 },
};

struct ip_call {
	struct vb_ic_call call; /* first */
	struct vb_hrequest *rq;
	bool dhcp;
	uint8_t family;
	uint8_t list[N_LISTS][LIST_LEN];
	size_t len[N_LISTS];
};

/* ---- messages ---- */

static int send_body(struct vb_ic *ic, const struct vb_ic_call *call, const struct vb_value *v,
		     size_t n)
{
	if (VB_IC_MAJOR(ic->version) >= BINARY)
		return -ENOSYS;
	return vb_ic_send(ic, call, VB_KVP_IP_BODY_LEN, v, n);
}

static int send_get(struct vb_ic *ic, struct vb_ic_call *call)
{
	const struct ip_call *k = (const struct ip_call *)call;
	const struct vb_value v[] = {
		VB_NUMBER(VB_KVP "operation", VB_KVP_GET_IP),
		VB_DATA(fields[ADAPTER].get, k->list[ADAPTER], k->len[ADAPTER]),
		VB_NUMBER(VB_KVP "get_ip_info.addr_family", FAMILY_4 | FAMILY_6),
	};

	return send_body(ic, call, v, sizeof(v) / sizeof(v[0]));
}

static int send_set(struct vb_ic *ic, struct vb_ic_call *call)
{
	const struct ip_call *k = (const struct ip_call *)call;
	struct vb_value v[3 + N_LISTS] = {
		VB_NUMBER(VB_KVP "operation", VB_KVP_SET_IP),
		VB_NUMBER(VB_KVP "set_ip_info.addr_family", k->family),
		VB_NUMBER(VB_KVP "set_ip_info.dhcp_enabled", k->dhcp),
	};
	size_t n = 3;

	for (int i = 0; i < N_LISTS; i++)
		v[n++] = (struct vb_value)VB_DATA(fields[i].set, k->list[i], k->len[i]);
	return send_body(ic, call, v, n);
}

/* ---- answers ---- */

/* Text that is empty is not there. */
static int add_lists(struct vb_buf *out, const struct vb_hpacket *p)
{
	struct vb_wanted w[2 + N_LISTS] = { { .path = VB_KVP "get_ip_info.addr_family" },
					    { .path = VB_KVP "get_ip_info.dhcp_enabled" } };

	for (int i = 0; i < N_LISTS; i++)
		w[2 + i].path = fields[i].get;
	if (vb_ic_read(p, w, 2 + N_LISTS, 2))
		return -EPROTO;
	vb_buf_fmt(out, "families %u, dhcp %u", (unsigned int)w[0].number,
		   (unsigned int)w[1].number);
	for (int i = 0; i < N_LISTS; i++) {
		if (!w[2 + i].found)
			continue;
		vb_buf_fmt(out, ", %s ", fields[i].title);
		vb_buf_utf16_escaped(out, w[2 + i].bytes, w[2 + i].n_bytes);
	}
	return 0;
}

static void get_ended(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a)
{
	struct ip_call *k = (struct ip_call *)call;
	struct vb_ic_answer wrong = { .error = -EPROTO };
	struct vb_buf text = { 0 };

	(void)ic;
	if (!a->error && !a->status) {
		if (!add_lists(&text, a->packet)) {
			vb_ic_done_text(k->rq, 0, &text);
			free(k);
			return;
		}
		a = &wrong;
	}
	vb_buf_done(&text);
	vb_ic_done(k->rq, a);
	free(k);
}

static void set_ended(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a)
{
	struct ip_call *k = (struct ip_call *)call;

	(void)ic;
	vb_ic_done(k->rq, a);
	free(k);
}

/* ---- commands ---- */

/* One list per word; "-" is none. The address families are those of the addresses. */
static int parse_lists(struct ip_call *k, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *text = strcmp(words[i], "-") ? words[i] : "";

		if (vb_ic_utf16(text, k->list[i], fields[i].len, &k->len[i]))
			return -EINVAL;
		if (i != ADDRESSES)
			continue;
		k->family = (uint8_t)((strchr(text, '.') ? FAMILY_4 : 0) |
				      (strchr(text, ':') ? FAMILY_6 : 0));
	}
	return 0;
}

/* NULL: the request is done. */
static struct ip_call *new_call(struct vb_hdevice *d, struct vb_hrequest *rq)
{
	struct ip_call *k = vb_kvp_new_call(d, sizeof(*k), rq);

	if (k)
		k->rq = rq;
	return k;
}

/* With the lists that the words behind the first are. */
static void submit(struct vb_hdevice *d, struct ip_call *k, const char *const *words, size_t n)
{
	struct vb_kvp *kvp = vb_hdevice_state(d);
	struct vb_hrequest *rq = k->rq;

	if (!parse_lists(k, words + 1, n))
		return vb_ic_submit(&kvp->ic, &k->call);
	free(k);
	vb_ic_usage(rq, vb_kvp_commands, words[0]);
}

void vb_kvp_get_ip(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	struct ip_call *k;

	if (n != 2)
		return vb_ic_usage(rq, vb_kvp_commands, words[0]);
	k = new_call(d, rq);
	if (!k)
		return;
	k->call.send = send_get;
	k->call.ended = get_ended;
	submit(d, k, words, 1);
}

void vb_kvp_set_ip(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	struct ip_call *k;

	if ((n != 6 && n != 7) || (n == 7 && strcmp(words[6], "dhcp")))
		return vb_ic_usage(rq, vb_kvp_commands, words[0]);
	k = new_call(d, rq);
	if (!k)
		return;
	k->call.send = send_set;
	k->call.ended = set_ended;
	k->dhcp = n == 7;
	submit(d, k, words, N_LISTS);
}
