/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The peer of the network device against any guest on its wire: the input is a program, one byte for
 * what comes next, then its operands. Segments of TCP are made to fit what the peer said last, with
 * something changed perhaps; frames are any bytes, too. What the peer sends is looked at.
 */
#include <string.h>

#include "replay/host/peer.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ADDRESS 0xc0000201u
#define HEADS 54u
/* A connection sends 256 KiB at most before it hears of them, 64 bytes at a time or more. */
#define MOST_FRAMES (64u * 4200u)

struct fuzz {
	const uint8_t *data;
	size_t left;
	struct vb_peer *peer;
	uint64_t now_ns;
	uint32_t seq, ack; /* of the guest: its next octet, what it has of the peer's */
	uint32_t n_sent;   /* in answer to one step */
};

/* ---- operands ---- */

static uint8_t byte(struct fuzz *f)
{
	if (!f->left)
		return 0;
	f->left--;
	return *f->data++;
}

static uint32_t number(struct fuzz *f)
{
	uint32_t high = byte(f);

	return high << 8 | byte(f);
}

static uint32_t bytes(struct fuzz *f, uint8_t *to, uint32_t len)
{
	len = len < f->left ? len : (uint32_t)f->left;
	if (len)
		memcpy(to, f->data, len);
	f->data += len;
	f->left -= len;
	return len;
}

/* ---- fields ---- */

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) << 16 | get16(at + 2);
}

static uint32_t sum_of(const uint8_t *at, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* ---- what the peer sends ---- */

static void check_tcp(struct fuzz *z, const uint8_t *ip, uint32_t len)
{
	const uint8_t *tcp = ip + 20;
	uint32_t head = tcp[12] / 16 * 4u, flags = tcp[13];

	REQUIRE(len >= 20 && head >= 20 && head <= len);
	REQUIRE(sum_of(tcp, len, sum_of(ip + 12, 8, 6 + len)) == 0xffff);
	z->ack = get32(tcp + 4) + len - head + (flags & 1) + (flags >> 1 & 1);
}

static void check(void *ctx, const struct vb_peer_frame *f)
{
	const uint8_t *ip = f->bytes + 14;
	struct fuzz *z = ctx;

	REQUIRE(++z->n_sent <= MOST_FRAMES);
	REQUIRE(f->len >= 14 && f->len <= VB_PEER_MAX_FRAME);
	if (!f->is_ip) {
		REQUIRE(f->len == 42 && !f->is_tcp && !f->is_udp && !f->part_len);
		return;
	}
	REQUIRE(f->len >= 34 && ip[0] == 0x45 && get16(ip + 2) == f->len - 14);
	REQUIRE(sum_of(ip, 20, 0) == 0xffff);
	REQUIRE(get32(ip + 12) == ADDRESS && !(f->is_tcp && f->is_udp));
	REQUIRE(!f->part_len || (f->is_tcp && f->head_len == HEADS));
	if (f->is_tcp)
		check_tcp(z, ip, f->len - 34);
}

/* ---- what the guest does ---- */

static void give(struct fuzz *f, const uint8_t *frame, uint32_t len, uint32_t part_len,
		 uint32_t vlan)
{
	uint8_t *copy = malloc(len ? len : 1);
	const struct vb_peer_frame in = {
		.bytes = copy, .len = len, .part_len = part_len, .vlan = vlan
	};

	REQUIRE(copy);
	memcpy(copy, frame, len);
	vb_peer_take(f->peer, &in, f->now_ns);
	free(copy);
}

static void do_frame(struct fuzz *f)
{
	uint8_t frame[256], how = byte(f);
	uint32_t len = bytes(f, frame, byte(f));

	give(f, frame, len, how & 1 ? 1448 : 0, how & 2 ? how : VB_PEER_NO_VLAN);
}

/* A packet to the peer with len bytes behind the head. */
static uint32_t begin(uint8_t *frame, uint8_t protocol, uint32_t len)
{
	memset(frame, 2, 12);
	put16(frame + 12, 0x0800);
	memset(frame + 14, 0, 20);
	frame[14] = 0x45;
	put16(frame + 16, 20 + len);
	frame[23] = protocol;
	put32(frame + 26, ADDRESS + 1);
	put32(frame + 30, ADDRESS);
	return 34 + len;
}

static void do_packet(struct fuzz *f)
{
	static const uint8_t protocols[] = { 1, 17, 6, 99 };
	uint8_t frame[34 + 256], protocol = protocols[byte(f) % 4];
	uint32_t fragment = number(f), len = bytes(f, frame + 34, byte(f));

	len = begin(frame, protocol, len);
	put16(frame + 20, fragment);
	give(f, frame, len, 0, VB_PEER_NO_VLAN);
}

/* The next segment in order, but for two offsets; of which connection, what says. */
static void do_segment(struct fuzz *f)
{
	static const uint8_t ports[] = { 7, 9, 19, 80 };
	uint8_t what = byte(f), flags = byte(f), options_len = what >> 4 & 12;
	int8_t seq_off = (int8_t)byte(f), ack_off = (int8_t)byte(f);
	uint32_t window = number(f), len = (uint32_t)byte(f) << (what & 1 ? 8 : 0);
	static uint8_t frame[34 + 20 + 40 + 65535];
	uint8_t *tcp = frame + 34;

	memset(tcp, 0, 20 + 40);
	put16(tcp, 1000u + (what >> 3 & 7));
	put16(tcp + 2, ports[what >> 1 & 3]);
	put32(tcp + 4, f->seq + (uint32_t)seq_off);
	put32(tcp + 8, f->ack + (uint32_t)ack_off);
	tcp[12] = (uint8_t)((20 + options_len) / 4 << 4);
	tcp[13] = flags;
	put16(tcp + 14, window);
	bytes(f, tcp + 20, options_len);
	give(f, frame, begin(frame, 6, 20 + options_len + len), 0, VB_PEER_NO_VLAN);
	f->seq += len + (flags & 1) + (flags >> 1 & 1);
}

static void do_wait(struct fuzz *f)
{
	uint64_t end = f->now_ns + (UINT64_C(1000) << byte(f) % 24), next;

	next = vb_peer_run(f->peer, f->now_ns);
	for (uint32_t n = 0; next <= end && n < 100; n++) {
		REQUIRE(next > f->now_ns);
		f->now_ns = next;
		f->n_sent = 0;
		next = vb_peer_run(f->peer, next);
	}
	f->now_ns = end;
}

static void do_set(struct fuzz *f)
{
	uint8_t what = byte(f);

	vb_peer_adapt(f->peer, 68 + number(f) % 9200, what & 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const actions[])(struct fuzz * f) = { do_frame, do_packet, do_segment,
							    do_wait, do_set };
	struct fuzz f = { .data = data, .left = size, .now_ns = 1000000 };
	struct vb_peer_options opt = { .mac = { 2, 2, 2, 2, 2, 3 },
				       .address = ADDRESS,
				       .mtu = 1500,
				       .ctx = &f,
				       .send = check };

	opt.chargen = byte(&f) * UINT64_C(1000);
	opt.coalesce = byte(&f) & 1;
	f.peer = vb_peer_new(&opt);
	REQUIRE(f.peer);
	for (uint32_t n = 0; f.left && n < 200; n++) {
		f.n_sent = 0;
		actions[byte(&f) % 5](&f);
	}
	vb_peer_free(f.peer);
	return 0;
}
