/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peer_client.h"

#include <criterion/criterion.h>
#include <string.h>

/* ---- sending ---- */

void client_send_raw(struct client *c, uint32_t flags, const void *options, uint32_t options_len,
		     const void *data, uint32_t len)
{
	uint8_t b[60 + 65000] = { 0 };
	uint32_t head = 20 + options_len;

	cr_assert(options_len <= 40 && len <= 65000);
	wire_put16(b, c->port);
	wire_put16(b + 2, c->service);
	wire_put32(b + 4, c->seq);
	wire_put32(b + 8, c->ack);
	b[12] = (uint8_t)(head / 4 << 4);
	b[13] = (uint8_t)flags;
	wire_put16(b + 14, c->window);
	if (options_len)
		memcpy(b + 20, options, options_len);
	if (len)
		memcpy(b + head, data, len);
	wire_send_ip(c->w, TCP, b, head + len);
}

void client_send_flags(struct client *c, uint32_t flags)
{
	client_send_raw(c, flags, NULL, 0, NULL, 0);
	c->seq += flags & (SYN | FIN) ? 1 : 0;
}

void client_send(struct client *c, const void *data, uint32_t len)
{
	client_send_raw(c, ACK | PSH, NULL, 0, data, len);
	c->seq += len;
}

void client_ack(struct client *c)
{
	client_send_flags(c, ACK);
}

/* ---- receiving ---- */

static void read_options(const uint8_t *at, uint32_t len, struct client_segment *s)
{
	s->mss = s->scale = UINT32_MAX;
	for (uint32_t i = 0; i < len && at[i]; i += at[i] == 1 ? 1 : at[i + 1]) {
		if (at[i] == 2)
			s->mss = wire_get16(at + i + 2);
		if (at[i] == 3)
			s->scale = at[i + 2];
	}
}

bool client_take(struct client *c, struct client_segment *ret)
{
	const struct vb_peer_frame *f = wire_take(c->w);
	const uint8_t *b;
	uint32_t head;

	if (!f)
		return false;
	b = f->bytes + WIRE_PAYLOAD;
	head = b[12] / 16 * 4u;
	cr_assert_eq(wire_get16(b), c->service);
	cr_assert_eq(wire_get16(b + 2), c->port);
	*ret = (struct client_segment){ .seq = wire_get32(b + 4),
					.ack = wire_get32(b + 8),
					.flags = b[13],
					.window = wire_get16(b + 14),
					.len = f->len - WIRE_PAYLOAD - head,
					.data = b + head,
					.f = f };
	read_options(b + 20, head - 20, ret);
	return true;
}

struct client_segment client_expect(struct client *c, uint32_t flags)
{
	struct client_segment s = { 0 };

	cr_assert(client_take(c, &s), "a segment with flags 0x%x", flags);
	cr_assert_eq(s.flags & ~(uint32_t)PSH, flags, "0x%x, wanted 0x%x", s.flags, flags);
	cr_assert_eq(s.seq, c->ack);
	cr_assert_eq(s.ack, c->seq);
	c->ack += s.len + (flags & (SYN | FIN) ? 1 : 0);
	return s;
}

void client_expect_silence(struct client *c)
{
	struct client_segment s;

	cr_assert(!client_take(c, &s), "0x%x", s.flags);
}

/* ---- beginning ---- */

struct client client_connected(struct wire *w, uint32_t service)
{
	static const uint8_t options[] = { 2, 4, MSS >> 8, MSS & 0xff, 3, 3, 0, 0 };
	struct client c = { w, 40000 + service, service, 1000, 0, 0xffff };
	struct client_segment s = { 0 };

	client_send_raw(&c, SYN, options, sizeof(options), NULL, 0);
	c.seq++;
	cr_assert(client_take(&c, &s));
	cr_assert_eq(s.flags, SYN | ACK);
	cr_expect_eq(s.ack, c.seq);
	cr_expect_eq(s.mss, MSS);
	cr_expect_eq(s.scale, 7);
	c.ack = s.seq + 1;
	return c;
}

struct client client_established(struct wire *w, uint32_t service)
{
	struct client c = client_connected(w, service);

	client_ack(&c);
	return c;
}
