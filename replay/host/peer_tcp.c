/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP (RFC 9293) for one peer on one wire: echo, discard, chargen. Enough of it that a real stack is
 * content, also when frames are lost: what is not acknowledged is sent again from there on. There is
 * no congestion here to be controlled.
 */
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "replay/host/peer_impl.h"

#define PORT_ECHO 7
#define PORT_DISCARD 9
#define PORT_CHARGEN 19

#define RETRY_NS UINT64_C(200000000)
#define MAX_RETRIES 8u
#define IN_FLIGHT (256u << 10)
#define LARGE 40u /* segments of a large frame */
#define WINDOW_SHIFT 7
#define OWN_WINDOW (1u << 20)
#define DEFAULT_MSS 536u
#define MIN_MSS 64u
#define HEADS (sizeof(struct ether_header) + sizeof(struct iphdr) + sizeof(struct tcphdr))
#define NEVER UINT64_MAX

static bool is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* ---- sending ---- */

static uint32_t own_window(const struct peer_tcp *t)
{
	return t->port == PORT_ECHO ? PEER_ECHO_ROOM - t->n_kept : OWN_WINDOW;
}

static uint32_t options_len(const struct peer_tcp *t)
{
	return t->own_shift ? 8 : 4;
}

/* The options of our SYN: how long segments may be, and our scale if the guest has one. */
static void put_options(const struct vb_peer *p, const struct peer_tcp *t, uint8_t *at)
{
	uint32_t mss = p->opt.mtu - 40;
	const uint8_t options[8] = {
		2, 4, (uint8_t)(mss >> 8), (uint8_t)mss, 1, 3, 3, WINDOW_SHIFT
	};

	memcpy(at, options, options_len(t));
}

/* What is sent at a number, by the connection's service. */
static void put_data(const struct peer_tcp *t, uint32_t at, uint8_t *to, uint32_t len)
{
	if (t->port == PORT_ECHO && len)
		memcpy(to, t->kept + (at - t->acked), len);
	if (t->port == PORT_ECHO)
		return;
	for (uint32_t i = 0; i < len; i++)
		to[i] = (uint8_t)(' ' + (at - t->first - 1 + i) % 95);
}

struct segment {
	uint32_t at, len; /* of data */
	bool syn, fin, push, reset;
};

static void send_segment(struct vb_peer *p, struct peer_tcp *t, const struct segment *s)
{
	uint32_t head = (uint32_t)sizeof(struct tcphdr) + (s->syn ? options_len(t) : 0);
	uint8_t *to = vb_peer_begin(p, &t->ether, t->guest_address, IPPROTO_TCP, head + s->len);
	uint32_t window = s->syn ? 0xffff : own_window(t) >> t->own_shift;
	bool is_large = s->len > t->mss;
	struct tcphdr tcp = {
		.source = htons(t->port),
		.dest = htons(t->guest_port),
		.seq = htonl(s->at),
		.ack_seq = htonl(t->received),
		.ack = 1,
		.syn = s->syn,
		.fin = s->fin,
		.psh = s->push,
		.rst = s->reset,
		.window = htons((uint16_t)(window < 0xffff ? window : 0xffff)),
	};
	struct iphdr ip;

	if (!to)
		return;
	tcp.doff = head / 4 & 15;
	memcpy(to, &tcp, sizeof(tcp));
	if (s->syn)
		put_options(p, t, to + sizeof(tcp));
	put_data(t, s->at, to + head, s->len);
	memcpy(&ip, p->frame + sizeof(struct ether_header), sizeof(ip));
	tcp.check = vb_peer_checksum(to, head + s->len, vb_peer_pseudo(&ip, head + s->len));
	memcpy(to, &tcp, sizeof(tcp));
	vb_peer_send(p, t->vlan, head + s->len, is_large ? t->mss : 0, HEADS);
}

static void send_ack(struct vb_peer *p, struct peer_tcp *t)
{
	const struct segment s = { .at = t->sent };

	send_segment(p, t, &s);
}

/* Octets of data that there are to send, from number at on. */
static uint64_t data_from(const struct vb_peer *p, const struct peer_tcp *t, uint32_t at)
{
	uint32_t done = at - t->first - 1;

	switch (t->port) {
	case PORT_ECHO:
		return t->acked + t->n_kept - at;
	case PORT_CHARGEN:
		if (!p->opt.chargen)
			return UINT32_MAX;
		return p->opt.chargen > done ? p->opt.chargen - done : 0;
	default:
		return 0;
	}
}

static uint32_t may_send(const struct vb_peer *p, const struct peer_tcp *t)
{
	uint32_t out = t->sent - t->acked;
	uint32_t most = t->window < IN_FLIGHT ? t->window : IN_FLIGHT;
	uint64_t data = data_from(p, t, t->sent);

	most = most > out ? most - out : 0;
	return data < most ? (uint32_t)data : most;
}

/* Our side of the stream is over: chargen's when all is sent, the others' when the guest's is. */
static bool is_over(const struct vb_peer *p, const struct peer_tcp *t)
{
	if (data_from(p, t, t->sent))
		return false;
	return t->guest_ended || (t->port == PORT_CHARGEN && p->opt.chargen);
}

static void send_data(struct vb_peer *p, struct peer_tcp *t, uint64_t now_ns)
{
	uint32_t longest = p->opt.coalesce ? LARGE * t->mss : t->mss, left;

	longest = longest < 65000 ? longest : 65000 / t->mss * t->mss;
	while ((left = may_send(p, t)) > 0 && !t->ended) {
		struct segment s = { .at = t->sent, .len = left < longest ? left : longest };

		s.push = s.len == left;
		send_segment(p, t, &s);
		t->sent += s.len;
		t->retry_ns = now_ns + RETRY_NS;
	}
	if (is_over(p, t) && !t->ended) {
		const struct segment s = { .at = t->sent, .fin = true };

		t->ended = true;
		t->state = PEER_CLOSING;
		send_segment(p, t, &s);
		t->sent++;
		t->retry_ns = now_ns + RETRY_NS;
	}
}

/* ---- connections ---- */

/* Both ends have their say, but something must come forward. */
static uint32_t limit_mss(uint32_t guest, uint32_t own)
{
	uint32_t mss = guest < own ? guest : own;

	return mss < MIN_MSS ? MIN_MSS : mss;
}

static void free_connection(struct peer_tcp *t)
{
	free(t->kept);
	*t = (struct peer_tcp){ .state = PEER_FREE };
}

void vb_peer_tcp_reset(struct vb_peer *p)
{
	for (size_t i = 0; i < PEER_CONNECTIONS; i++)
		free_connection(&p->tcp[i]);
}

void vb_peer_tcp_adapt(struct vb_peer *p)
{
	for (size_t i = 0; i < PEER_CONNECTIONS; i++)
		p->tcp[i].mss = limit_mss(p->tcp[i].mss, p->opt.mtu - 40);
}

static struct peer_tcp *find(struct vb_peer *p, const struct peer_packet *k,
			     const struct tcphdr *tcp)
{
	for (size_t i = 0; i < PEER_CONNECTIONS; i++) {
		struct peer_tcp *t = &p->tcp[i];

		if (t->state != PEER_FREE && t->guest_port == ntohs(tcp->source) &&
		    t->port == ntohs(tcp->dest) && t->guest_address == k->ip.saddr &&
		    t->vlan == k->vlan)
			return t;
	}
	return NULL;
}

/* A free one, or the one that was silent for the longest time. */
static struct peer_tcp *take_place(struct vb_peer *p)
{
	struct peer_tcp *oldest = &p->tcp[0];

	for (size_t i = 0; i < PEER_CONNECTIONS; i++) {
		if (p->tcp[i].state == PEER_FREE)
			return &p->tcp[i];
		if (p->tcp[i].used_ns < oldest->used_ns)
			oldest = &p->tcp[i];
	}
	free_connection(oldest);
	return oldest;
}

/* MSS and window scale of the guest's SYN. */
static void read_options(struct peer_tcp *t, const struct tcphdr *tcp, const uint8_t *at,
			 uint32_t len)
{
	t->mss = DEFAULT_MSS;
	for (uint32_t i = 0; tcp->syn && i < len && at[i];) {
		uint32_t size = at[i] == 1 ? 1 : i + 1 < len ? at[i + 1] : 0;

		if (!size || size > len - i)
			break;
		if (at[i] == 2 && size == 4)
			t->mss = (uint32_t)at[i + 2] << 8 | at[i + 3];
		if (at[i] == 3 && size == 3) {
			t->window_shift = at[i + 2] < 14 ? at[i + 2] : 14;
			t->own_shift = WINDOW_SHIFT;
		}
		i += size;
	}
}

static void take_connection(struct vb_peer *p, const struct peer_packet *k,
			    const struct tcphdr *tcp, uint64_t now_ns)
{
	const uint8_t *options = k->payload + sizeof(*tcp);
	struct peer_tcp *t = take_place(p);
	struct segment s = { .syn = true };

	*t = (struct peer_tcp){
		.state = PEER_OPENING,
		.ether = k->ether,
		.vlan = k->vlan,
		.guest_address = k->ip.saddr,
		.guest_port = ntohs(tcp->source),
		.port = ntohs(tcp->dest),
		.window = ntohs(tcp->window),
		.received = ntohl(tcp->seq) + 1,
		.first = ntohl(tcp->seq) ^ 0x5bd1e995,
		.retry_ns = now_ns + RETRY_NS,
		.used_ns = now_ns,
	};
	read_options(t, tcp, options, tcp->doff * 4u - (uint32_t)sizeof(*tcp));
	t->mss = limit_mss(t->mss, p->opt.mtu - 40);
	if (t->port == PORT_ECHO)
		t->kept = malloc(PEER_ECHO_ROOM);
	if (t->port == PORT_ECHO && !t->kept)
		return free_connection(t);
	s.at = t->acked = t->first;
	t->sent = t->first + 1;
	send_segment(p, t, &s);
}

static void refuse(struct vb_peer *p, const struct peer_packet *k, const struct tcphdr *tcp,
		   uint32_t len)
{
	struct peer_tcp none = {
		.ether = k->ether,
		.vlan = k->vlan,
		.guest_address = k->ip.saddr,
		.guest_port = ntohs(tcp->source),
		.port = ntohs(tcp->dest),
		.mss = DEFAULT_MSS,
		.received = ntohl(tcp->seq) + len + tcp->syn + tcp->fin,
	};
	const struct segment s = { .at = ntohl(tcp->ack_seq), .reset = true };

	if (!tcp->rst)
		send_segment(p, &none, &s);
}

/* ---- what comes ---- */

/* Send again from what is not acknowledged. */
static void go_back(struct vb_peer *p, struct peer_tcp *t, uint64_t now_ns)
{
	const struct segment syn = { .at = t->first, .syn = true };

	if (t->state == PEER_OPENING) {
		t->retry_ns = now_ns + RETRY_NS;
		return send_segment(p, t, &syn);
	}
	t->sent = t->acked;
	t->ended = false;
	t->retry_ns = NEVER;
	send_data(p, t, now_ns);
}

static void take_ack(struct vb_peer *p, struct peer_tcp *t, const struct tcphdr *tcp, uint32_t len,
		     uint64_t now_ns)
{
	uint32_t ack = ntohl(tcp->ack_seq), n = ack - t->acked, before = t->window;

	if (is_before(ack, t->acked) || is_before(t->sent, ack))
		return;
	t->window = (uint32_t)ntohs(tcp->window) << t->window_shift;
	if (t->state == PEER_OPENING && n) {
		t->state = PEER_OPEN;
		n--;
		t->acked++;
	}
	if (n == 0) {
		t->n_same_acks += !len && t->sent != t->acked && t->window == before;
		if (t->n_same_acks == 3)
			go_back(p, t, now_ns);
		return;
	}
	if (t->kept && n <= t->n_kept) {
		memmove(t->kept, t->kept + n, t->n_kept - n);
		t->n_kept -= n;
	} else if (t->kept) {
		t->n_kept = 0; /* the FIN is acknowledged as well */
	}
	t->acked = ack;
	t->n_same_acks = 0;
	t->n_retries = 0;
	t->retry_ns = t->sent == t->acked ? NEVER : now_ns + RETRY_NS;
}

/* Octets in order are taken, of others nothing; the guest's number says from where on again. */
static void take_data(struct peer_tcp *t, const struct tcphdr *tcp, const uint8_t *bytes,
		      uint32_t len)
{
	uint32_t at = ntohl(tcp->seq), known = t->received - at, end = at + len, room;

	if (is_before(t->received, at) || known > len)
		return;
	bytes += known;
	len -= known;
	room = own_window(t);
	if (t->port == PORT_ECHO) {
		len = len < room ? len : room;
		memcpy(t->kept + t->n_kept, bytes, len);
		t->n_kept += len;
	}
	t->received += len;
	if (tcp->fin && t->received == end && !t->guest_ended) {
		t->guest_ended = true;
		t->received++;
	}
}

static void take_segment(struct vb_peer *p, struct peer_tcp *t, const struct tcphdr *tcp,
			 const uint8_t *bytes, uint32_t len, uint64_t now_ns)
{
	uint32_t before = t->sent;
	/* one that is not in order wants to know what is: also RFC 9293's keepalive, 3.8.4 */
	bool is_odd = ntohl(tcp->seq) != t->received;

	t->used_ns = now_ns;
	if (tcp->rst)
		return free_connection(t);
	if (tcp->syn) {
		if (t->state == PEER_OPENING)
			go_back(p, t, now_ns);
		return;
	}
	if (tcp->ack)
		take_ack(p, t, tcp, len, now_ns);
	if (t->state == PEER_OPENING)
		return;
	take_data(t, tcp, bytes, len);
	send_data(p, t, now_ns);
	if ((len || tcp->fin || is_odd) && t->sent == before)
		send_ack(p, t);
	if (t->ended && t->guest_ended && t->acked == t->sent)
		free_connection(t);
}

static bool is_served(uint16_t port)
{
	return port == PORT_ECHO || port == PORT_DISCARD || port == PORT_CHARGEN;
}

void vb_peer_tcp_take(struct vb_peer *p, const struct peer_packet *k, uint64_t now_ns)
{
	struct peer_tcp *t;
	struct tcphdr tcp;
	uint32_t head;

	if (k->len < sizeof(tcp))
		return;
	memcpy(&tcp, k->payload, sizeof(tcp));
	head = tcp.doff * 4u;
	if (head < sizeof(tcp) || head > k->len)
		return;
	t = find(p, k, &tcp);
	if (t && tcp.syn && !tcp.ack && t->state != PEER_OPENING) {
		free_connection(t); /* the guest began anew */
		t = NULL;
	}
	if (t)
		take_segment(p, t, &tcp, k->payload + head, k->len - head, now_ns);
	else if (tcp.syn && !tcp.ack && is_served(ntohs(tcp.dest)))
		take_connection(p, k, &tcp, now_ns);
	else
		refuse(p, k, &tcp, k->len - head);
}

/* ---- time ---- */

uint64_t vb_peer_tcp_run(struct vb_peer *p, uint64_t now_ns)
{
	uint64_t next = NEVER;

	for (size_t i = 0; i < PEER_CONNECTIONS; i++) {
		struct peer_tcp *t = &p->tcp[i];

		if (t->state == PEER_FREE)
			continue;
		if (t->retry_ns <= now_ns && ++t->n_retries > MAX_RETRIES) {
			free_connection(t);
			continue;
		}
		if (t->retry_ns <= now_ns)
			go_back(p, t, now_ns);
		next = t->retry_ns < next ? t->retry_ns : next;
	}
	return next;
}
