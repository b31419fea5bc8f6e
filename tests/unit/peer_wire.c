/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peer_wire.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/require.h"

static const uint8_t guest_mac[6] = { 0, 0x15, 0x5d, 0, 0, 1 };
static const uint8_t peer_mac[6] = { 0, 0x15, 0x5d, 0, 0x80, 1 };

static void keep(void *ctx, const struct vb_peer_frame *f)
{
	struct wire *w = ctx;
	struct wire_frame *to = &w->sent[w->n++];

	REQUIRE(w->n <= WIRE_FRAMES);
	to->f = *f;
	to->bytes = malloc(f->len + 1u);
	REQUIRE(to->bytes);
	memcpy(to->bytes, f->bytes, f->len);
	to->f.bytes = to->bytes;
}

struct wire *wire_new(uint32_t mtu, uint64_t chargen, bool coalesce)
{
	struct wire *w = calloc(1, sizeof(*w));
	struct vb_peer_options opt = { .address = WIRE_PEER,
				       .mtu = mtu,
				       .chargen = chargen,
				       .coalesce = coalesce,
				       .ctx = w,
				       .send = keep };

	REQUIRE(w);
	memcpy(opt.mac, peer_mac, 6);
	w->now_ns = 1000 * WIRE_MS;
	w->next_ns = UINT64_MAX;
	w->p = vb_peer_new(&opt);
	REQUIRE(w->p);
	return w;
}

uint32_t wire_lose(struct wire *w)
{
	uint32_t n = w->n - w->at;

	for (uint32_t i = 0; i < w->n; i++)
		free(w->sent[i].bytes);
	w->n = w->at = 0;
	return n;
}

void wire_free(struct wire *w)
{
	wire_lose(w);
	vb_peer_free(w->p);
	free(w);
}

/* ---- fields ---- */

void wire_put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

void wire_put32(uint8_t *at, uint32_t value)
{
	wire_put16(at, value >> 16);
	wire_put16(at + 2, value);
}

uint32_t wire_get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

uint32_t wire_get32(const uint8_t *at)
{
	return wire_get16(at) << 16 | wire_get16(at + 2);
}

uint16_t wire_sum(const uint8_t *bytes, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* ---- frames ---- */

/* Right sums are 0 when they are made with the field in it. */
static void check_sums(const struct vb_peer_frame *f)
{
	const uint8_t *ip = f->bytes + WIRE_IP, *payload = f->bytes + WIRE_PAYLOAD;
	uint32_t len, pseudo;

	if (wire_get16(f->bytes + 12) != 0x0800)
		return;
	REQUIRE(f->len >= WIRE_PAYLOAD && ip[0] == 0x45 && wire_get16(ip + 2) == f->len - WIRE_IP);
	REQUIRE(f->is_ip && wire_sum(ip, 20, 0) == 0);
	len = f->len - WIRE_PAYLOAD;
	if (ip[9] != 6)
		return;
	pseudo = wire_get16(ip + 12) + wire_get16(ip + 14) + wire_get16(ip + 16) +
		 wire_get16(ip + 18) + ip[9] + len;
	REQUIRE(f->is_tcp && wire_sum(payload, len, pseudo) == 0);
}

const struct vb_peer_frame *wire_take(struct wire *w)
{
	const struct vb_peer_frame *f;

	if (w->at == w->n)
		return NULL;
	f = &w->sent[w->at++].f;
	REQUIRE(memcmp(f->bytes, guest_mac, 6) == 0 && memcmp(f->bytes + 6, peer_mac, 6) == 0);
	check_sums(f);
	return f;
}

void wire_send(struct wire *w, const struct vb_peer_frame *f)
{
	/* a copy of its own size: a byte too far is found by a sanitizer */
	uint8_t *bytes = malloc(f->len ? f->len : 1);
	struct vb_peer_frame copy = *f;

	REQUIRE(bytes);
	memcpy(bytes, f->bytes, f->len);
	copy.bytes = bytes;
	vb_peer_take(w->p, &copy, w->now_ns);
	w->next_ns = vb_peer_run(w->p, w->now_ns);
	free(bytes);
}

void wire_wait(struct wire *w, uint64_t ns)
{
	uint64_t end = w->now_ns + ns;

	w->next_ns = vb_peer_run(w->p, w->now_ns);
	while (w->next_ns <= end) {
		REQUIRE(w->next_ns >= w->now_ns);
		w->now_ns = w->next_ns;
		w->next_ns = vb_peer_run(w->p, w->now_ns);
		REQUIRE(w->next_ns > w->now_ns);
	}
	w->now_ns = end;
}

uint32_t wire_ip(uint8_t *frame, uint8_t protocol, uint32_t len)
{
	uint8_t *ip = frame + WIRE_IP;

	memcpy(frame, peer_mac, 6);
	memcpy(frame + 6, guest_mac, 6);
	wire_put16(frame + 12, 0x0800);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	wire_put16(ip + 2, 20 + len);
	ip[8] = 64;
	ip[9] = protocol;
	wire_put32(ip + 12, WIRE_GUEST);
	wire_put32(ip + 16, WIRE_PEER);
	wire_put16(ip + 10, wire_sum(ip, 20, 0));
	return WIRE_PAYLOAD + len;
}

void wire_send_ip(struct wire *w, uint8_t protocol, const void *payload, uint32_t len)
{
	uint8_t frame[VB_PEER_MAX_FRAME];
	struct vb_peer_frame f = { .bytes = frame, .vlan = VB_PEER_NO_VLAN };

	REQUIRE(WIRE_PAYLOAD + len <= sizeof(frame));
	f.len = wire_ip(frame, protocol, len);
	memcpy(frame + WIRE_PAYLOAD, payload, len);
	wire_send(w, &f);
}
