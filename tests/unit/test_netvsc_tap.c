/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network device on an interface of the machine: a pair of sockets is in its place, through which
 * whole frames go as they do there, each behind a struct virtio_net_hdr.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_net.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer_wire.h"
#include "tests/loop/net_bench.h"

#define MS UINT64_C(1000000)
#define HEAD ((uint32_t)sizeof(struct virtio_net_hdr))
#define TCP_SUM (1u << 2)
#define UDP_SUM (1u << 3)

/* Plugged in before each test, which is a process of its own. */
static struct {
	struct net_bench *b;
	int fd; /* the machine's end */
} cable;

static const char *const settings[] = { "backend=tap:vbtest", NULL };

static void plug(void)
{
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	cable.fd = fds[1];
	cable.b = net_bench_new_with(settings, NULL, fds[0]);
	net_bench_start(cable.b, VB_NVSP_6_1);
}

static void unplug(void)
{
	net_bench_free(cable.b);
	close(cable.fd);
}

TestSuite(netvsc_tap, .init = plug, .fini = unplug);

/* ---- from the guest ---- */

/* What the machine gets. */
struct got {
	struct virtio_net_hdr head;
	uint8_t frame[70000];
	uint32_t len;
};

static bool get(struct got *ret)
{
	static uint8_t bytes[70000];
	ssize_t n = read(cable.fd, bytes, sizeof(bytes));

	if (n < 0)
		return false;
	cr_assert_geq(n, HEAD);
	memcpy(&ret->head, bytes, HEAD);
	ret->len = (uint32_t)n - HEAD;
	memcpy(ret->frame, bytes + HEAD, ret->len);
	return true;
}

/* Send a frame with this information, in pages of its own. */
static void send_frame(const uint8_t *frame, uint32_t len, const uint32_t (*infos)[2],
		       uint32_t n_infos, uint32_t status)
{
	static uint8_t message[66000];
	const struct net_range range = { message, net_message(message, frame, len, infos, n_infos),
					 0 };

	net_expect_completion(cable.b, 0,
			      net_send_ranges(cable.b, 0, 0, NET_NO_SECTION, 0, &range, 1),
			      VB_NVSP_RNDIS_COMPLETE, status);
}

Test(netvsc_tap, a_frame_goes_out_as_it_is)
{
	static struct got got;
	uint8_t frame[700];

	net_plain(frame, sizeof(frame));
	send_frame(frame, sizeof(frame), NULL, 0, VB_NVSP_SUCCESS);
	cr_assert(get(&got));
	cr_expect_eq(got.len, sizeof(frame));
	cr_expect_eq(memcmp(got.frame, frame, sizeof(frame)), 0);
	cr_expect_eq(got.head.flags, 0);
	cr_expect_eq(got.head.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	cr_expect_str_eq(cable.b->l.link_name, "vbtest");
}

Test(netvsc_tap, tags_are_put_into_the_frame)
{
	static const uint32_t infos[][2] = { { 6, 5 | 1 << 3 | 100 << 4 } };
	static const uint8_t tag[4] = { 0x81, 0, 0xb0, 100 };
	static struct got got;
	uint8_t frame[60];

	net_plain(frame, sizeof(frame));
	send_frame(frame, sizeof(frame), infos, 1, VB_NVSP_SUCCESS);
	cr_assert(get(&got));
	cr_expect_eq(got.len, sizeof(frame) + 4);
	cr_expect_eq(memcmp(got.frame, frame, 12), 0);
	cr_expect_eq(memcmp(got.frame + 12, tag, 4), 0);
	cr_expect_eq(memcmp(got.frame + 16, frame + 12, sizeof(frame) - 12), 0);
}

/* What the interface does with what is left open: the rest of the sum, from csum_start to the end. */
static void complete(struct got *g)
{
	uint32_t at = g->head.csum_start, field = at + g->head.csum_offset;

	cr_assert_eq(g->head.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	cr_assert_lt(field + 1, g->len);
	wire_put16(g->frame + field, wire_sum(g->frame + at, g->len - at, 0));
}

/* Checksum of a packet of IPv4 that is complete: 0 is right. */
static uint32_t ipv4_sum(const uint8_t *ip, uint32_t len)
{
	uint32_t pseudo = ip[9] + len - 20;

	for (uint32_t i = 12; i < 20; i += 2)
		pseudo += wire_get16(ip + i);
	return wire_sum(ip + 20, len - 20, pseudo);
}

static uint32_t tcp_frame(uint8_t *frame, uint32_t payload)
{
	uint32_t len = wire_ip(frame, 6, 20 + payload);

	memset(frame + WIRE_PAYLOAD, 0, 20);
	frame[WIRE_PAYLOAD + 12] = 0x50;
	wire_put16(frame + WIRE_PAYLOAD + 16, 0x1234); /* whatever it was */
	for (uint32_t i = 0; i < payload; i++)
		frame[WIRE_PAYLOAD + 20 + i] = net_pattern(i);
	return len;
}

Test(netvsc_tap, open_checksums_of_tcp_are_completed)
{
	static const uint32_t infos[][2] = { { 0, 1 | TCP_SUM | WIRE_PAYLOAD << 16 } };
	static struct got got;
	uint8_t frame[200];

	send_frame(frame, tcp_frame(frame, 101), infos, 1, VB_NVSP_SUCCESS);
	cr_assert(get(&got));
	cr_expect_eq(got.head.csum_start, WIRE_PAYLOAD);
	cr_expect_eq(got.head.csum_offset, 16);
	cr_expect_eq(got.head.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	complete(&got);
	cr_expect_eq(ipv4_sum(got.frame + WIRE_IP, got.len - WIRE_IP), 0);
}

Test(netvsc_tap, open_checksums_of_udp_are_completed)
{
	static const uint32_t infos[][2] = { { 0, 1 | UDP_SUM | WIRE_PAYLOAD << 16 } };
	static struct got got;
	uint8_t frame[100] = { 0 };
	uint32_t len = wire_ip(frame, 17, 50);

	wire_put16(frame + WIRE_PAYLOAD + 4, 50);
	send_frame(frame, len, infos, 1, VB_NVSP_SUCCESS);
	cr_assert(get(&got));
	cr_expect_eq(got.head.csum_offset, 6);
	complete(&got);
	cr_expect_eq(ipv4_sum(got.frame + WIRE_IP, got.len - WIRE_IP), 0);
}

/* As Linux leaves a large send: no length, no checksum of IP, and a tag beside it. */
Test(netvsc_tap, large_sends_are_cut_by_the_interface)
{
	static const uint32_t infos[][2] = { { 6, 7 << 4 },
					     { 2, 1u << 30 | WIRE_PAYLOAD << 20 | 1460 } };
	static struct got got;
	static uint8_t frame[60000];
	uint32_t len = tcp_frame(frame, 50000);

	wire_put16(frame + WIRE_IP + 2, 0);
	wire_put16(frame + WIRE_IP + 10, 0);
	send_frame(frame, len, infos, 2, VB_NVSP_SUCCESS);
	cr_assert(get(&got));
	cr_assert_eq(got.len, len + 4);
	cr_expect_eq(got.head.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	cr_expect_eq(got.head.gso_size, 1460);
	cr_expect_eq(got.head.hdr_len, 4 + WIRE_PAYLOAD + 20);
	cr_expect_eq(got.head.csum_start, 4 + WIRE_PAYLOAD);
	cr_expect_eq(wire_get16(got.frame + 4 + WIRE_IP + 2), len - WIRE_IP);
	cr_expect_eq(wire_sum(got.frame + 4 + WIRE_IP, 20, 0), 0);
	complete(&got);
	cr_expect_eq(ipv4_sum(got.frame + 4 + WIRE_IP, got.len - 4 - WIRE_IP), 0);
}

#define V6_PAYLOAD 54u

static uint32_t tcp6_frame(uint8_t *frame, uint32_t payload)
{
	wire_ip(frame, 0, 0);
	wire_put16(frame + 12, 0x86dd);
	memset(frame + 14, 0, 60);
	frame[14] = 0x60;
	wire_put16(frame + 18, 20 + payload);
	frame[20] = 6;
	for (uint32_t i = 0; i < 32; i++)
		frame[22 + i] = (uint8_t)(0xf0 + i);
	frame[V6_PAYLOAD + 12] = 0x50;
	memset(frame + V6_PAYLOAD + 20, 0x77, payload);
	return V6_PAYLOAD + 20 + payload;
}

static void expect_ipv6(const struct got *g)
{
	const uint8_t *ip = g->frame + 14;
	uint32_t len = g->len - V6_PAYLOAD, pseudo = 6 + len;

	cr_expect_eq(wire_get16(ip + 4), len);
	for (uint32_t i = 8; i < 40; i += 2)
		pseudo += wire_get16(ip + i);
	cr_expect_eq(wire_sum(ip + 40, len, pseudo), 0);
}

Test(netvsc_tap, ipv6)
{
	static const uint32_t sums[][2] = { { 0, 2 | TCP_SUM | V6_PAYLOAD << 16 } };
	static const uint32_t large[][2] = { { 2, 3u << 30 | V6_PAYLOAD << 20 | 1440 } };
	static struct got got;
	static uint8_t frame[40000];
	uint32_t len;

	send_frame(frame, tcp6_frame(frame, 100), sums, 1, VB_NVSP_SUCCESS);
	cr_assert(get(&got));
	cr_expect_eq(got.head.csum_start, V6_PAYLOAD);
	complete(&got);
	expect_ipv6(&got);
	len = tcp6_frame(frame, 30000);
	wire_put16(frame + 18, 0);
	send_frame(frame, len, large, 1, VB_NVSP_SUCCESS);
	cr_assert(get(&got));
	cr_expect_eq(got.head.gso_type, VIRTIO_NET_HDR_GSO_TCPV6);
	cr_expect_eq(got.head.hdr_len, V6_PAYLOAD + 20);
	complete(&got);
	expect_ipv6(&got);
}

/* ---- that the interface must not get ---- */

/* A byte of the frame that lies, and the information that goes with it. */
static const struct {
	uint32_t at, value, info[2];
} wrong[] = {
	{ 12, 0x09, { 0, TCP_SUM | WIRE_PAYLOAD << 16 } },	   /* no IP */
	{ 14, 0x65, { 0, TCP_SUM | WIRE_PAYLOAD << 16 } },	   /* no version 4 */
	{ 14, 0x44, { 0, TCP_SUM | WIRE_PAYLOAD << 16 } },	   /* a head of 16 bytes */
	{ 14, 0x4f, { 0, TCP_SUM | WIRE_PAYLOAD << 16 } },	   /* TCP is in it */
	{ 16, 0xff, { 0, TCP_SUM | WIRE_PAYLOAD << 16 } },	   /* longer than the frame */
	{ 17, 10, { 0, TCP_SUM | WIRE_PAYLOAD << 16 } },	   /* and shorter than its head */
	{ 14, 0x45, { 0, TCP_SUM } },				   /* TCP is at 0 */
	{ 14, 0x45, { 0, TCP_SUM | 1023u << 16 } },		   /* and behind all */
	{ 14, 0x45, { 0, TCP_SUM | (WIRE_PAYLOAD + 90) << 16 } },  /* and too near the end */
	{ 46, 0x40, { 2, 1u << 30 | WIRE_PAYLOAD << 20 | 1460 } }, /* too short a head */
	{ 46, 0xf0, { 2, 1u << 30 | (WIRE_PAYLOAD + 60) << 20 | 1460 } }, /* a head behind the end */
	{ 14, 0x45, { 2, 1u << 30 | WIRE_PAYLOAD << 20 | 0xfffff } },	  /* no such segments */
};

Test(netvsc_tap, frames_that_lie_stay_here)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const uint32_t infos[][2] = { { wrong[i].info[0], wrong[i].info[1] } };
		static struct got got;
		uint8_t frame[200];
		uint32_t len = tcp_frame(frame, 80);

		frame[wrong[i].at] = (uint8_t)wrong[i].value;
		send_frame(frame, len, infos, 1, VB_NVSP_SUCCESS);
		cr_expect(!get(&got), "%zu", i);
		cr_expect_eq(net_counter(cable.b, "dropped_wire"), 1, "%zu", i);
		cr_expect_eq(cable.b->l.n_troubles, 1);
		unplug();
		plug();
	}
}

Test(netvsc_tap, what_it_does_not_take_is_counted_and_told_once)
{
	uint8_t frame[60];

	net_plain(frame, sizeof(frame));
	close(cable.fd);
	cable.fd = open("/dev/null", 0);
	for (int i = 0; i < 3; i++)
		send_frame(frame, sizeof(frame), NULL, 0, VB_NVSP_SUCCESS);
	cr_expect_eq(net_counter(cable.b, "dropped_wire"), 3);
	cr_expect_eq(cable.b->l.n_troubles, 1);
	cr_expect(strstr(cable.b->l.trouble, "tap vbtest"));
}

Test(netvsc_tap, a_cable_that_is_pulled_carries_nothing)
{
	struct loop_request rq;
	static struct got got;
	struct net_packet p;
	uint8_t frame[60];

	net_plain(frame, sizeof(frame));
	net_command(cable.b, "link down", &rq);
	cr_assert(net_take(cable.b, 0, &p));
	send_frame(frame, sizeof(frame), NULL, 0, VB_NVSP_SUCCESS);
	cr_expect(!get(&got));
	cr_expect_eq(net_counter(cable.b, "dropped_wire"), 1);
}

/* ---- to the guest ---- */

static void put(const uint8_t *frame, uint32_t len)
{
	uint8_t bytes[HEAD + 9000] = { 0 };

	memcpy(bytes + HEAD, frame, len);
	cr_assert_eq(write(cable.fd, bytes, HEAD + len), HEAD + len);
}

Test(netvsc_tap, frames_come_within_a_millisecond)
{
	struct net_frame f;
	uint8_t frame[900];

	net_plain(frame, sizeof(frame));
	put(frame, sizeof(frame));
	put(frame, 60);
	loop_advance(&cable.b->l, MS);
	cr_assert(net_take_frame(cable.b, 0, &f));
	cr_expect_eq(f.len, sizeof(frame));
	cr_expect_eq(memcmp(f.bytes, frame, f.len), 0);
	cr_expect_eq(f.n_infos, 0, "nobody has looked at its checksums");
	cr_assert(net_take_frame(cable.b, 0, &f));
	cr_expect_eq(f.len, 60);
}

Test(netvsc_tap, tags_are_taken_out_of_the_frame)
{
	struct net_frame f;
	uint8_t frame[100];

	net_plain(frame, sizeof(frame));
	wire_put16(frame + 12, 0x8100);
	wire_put16(frame + 14, 0xb064);
	put(frame, sizeof(frame));
	loop_advance(&cable.b->l, MS);
	cr_assert(net_take_frame(cable.b, 0, &f));
	cr_expect_eq(f.len, 96);
	cr_expect_eq(net_info(&f, 6), 5 | 1 << 3 | 100 << 4);
	cr_expect_eq(memcmp(f.bytes, frame, 12), 0);
	cr_expect_eq(memcmp(f.bytes + 12, frame + 16, 84), 0);
}

Test(netvsc_tap, frames_before_the_guest_wants_any_are_dropped)
{
	const uint32_t none = 0;
	struct net_packet p;
	uint8_t frame[60];

	net_plain(frame, sizeof(frame));
	net_set(cable.b, 0x1010e, &none, 4);
	put(frame, sizeof(frame));
	loop_advance(&cable.b->l, MS);
	cr_expect(!net_take(cable.b, 0, &p));
	cr_expect_eq(net_counter(cable.b, "dropped_filter"), 1);
}

Test(netvsc_tap, scraps_are_no_frames)
{
	struct net_packet p;
	uint8_t frame[60];

	net_plain(frame, sizeof(frame));
	put(frame, 13);
	loop_advance(&cable.b->l, 2 * MS);
	cr_expect(!net_take(cable.b, 0, &p));
	put(frame, 60);
	loop_advance(&cable.b->l, 2 * MS);
	cr_expect(net_take(cable.b, 0, &p), "what follows comes");
}

/* ---- opening ---- */

Test(netvsc_tap, an_interface_that_cannot_be_opened)
{
	const struct loop_options opt = { 0 };
	struct vb_hdevice_config cfg = { .model = vb_model_by_name("netvsc"),
					 .settings = settings };
	struct vb_err err;
	struct loop l;

	loop_init(&l, &opt);
	cr_expect_eq(vb_host_add(l.host, &cfg, NULL, &err), -EPERM);
	cr_expect_str_eq(err.text, "netvsc: cannot open tap vbtest: not permitted");
	loop_done(&l);
}

/* It is open as long as the device is there, whatever the guest does with it. */
Test(netvsc_tap, it_stays_open_when_the_guest_comes_again)
{
	static struct got got;
	uint8_t frame[60];

	net_plain(frame, sizeof(frame));
	net_bench_close(cable.b, 0);
	net_bench_open(cable.b, 0, 8);
	net_bench_start(cable.b, VB_NVSP_5);
	send_frame(frame, sizeof(frame), NULL, 0, VB_NVSP_SUCCESS);
	cr_expect(get(&got));
	cr_expect_str_eq(net_bench_trouble(cable.b), "");
}

Test(netvsc_tap, another_backend_from_the_next_opening_on)
{
	struct loop_request rq;
	uint8_t frame[60];

	net_plain(frame, sizeof(frame));
	loop_command(&cable.b->l, &rq, "set netvsc backend=sink");
	cr_expect_eq(rq.status, 0);
	net_bench_close(cable.b, 0);
	net_bench_open(cable.b, 0, 8);
	cr_expect_eq(read(cable.fd, frame, sizeof(frame)), 0, "the other end is closed");
	net_bench_close(cable.b, 0);
	loop_command(&cable.b->l, &rq, "set netvsc backend=tap:other");
	net_bench_open(cable.b, 0, 8);
	cr_expect(strstr(net_bench_trouble(cable.b), "cannot open tap other: not permitted"));
	net_bench_start(cable.b, VB_NVSP_5);
	send_frame(frame, sizeof(frame), NULL, 0, VB_NVSP_SUCCESS);
	cr_expect_eq(net_counter(cable.b, "dropped_wire"), 1, "it is nobody's");
}
