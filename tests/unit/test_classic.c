/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classic programs as instructions of the kernel's BPF machine: they are run here and have to find what
 * libpcap finds. What the kernel's verifier would refuse is refused here, too.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>

#include "bpf/record.h"
#include "capture/libpcap.h"
#include "capture/source_bpf.h"

#define ROOM VB_BPF_FRAME_ROOM
#define N_INSNS (VB_BPF_FILTER_LEN + 1) /* with the exit */
#define UNSEEN 7u			/* what r4 is, when there is more than is shown */

/* ---- a machine ---- */

struct machine {
	uint64_t reg[11];
	uint8_t bytes[ROOM + 4 * BPF_MEMWORDS]; /* at address 0x1000 */
	uint32_t n_bytes;
};

#define BYTES_AT 0x1000u

static uint8_t *memory(struct machine *m, uint64_t addr, uint32_t size)
{
	uint64_t at = addr - BYTES_AT;

	cr_assert(at < ROOM ? at + size <= m->n_bytes : at + size <= sizeof(m->bytes),
		  "access at %#llx of %u bytes", (unsigned long long)addr, size);
	return m->bytes + at;
}

static uint64_t load(struct machine *m, uint64_t addr, uint32_t size)
{
	uint8_t *p = memory(m, addr, size);
	uint32_t v32;
	uint16_t v16;

	memcpy(&v32, p, size == 4 ? 4 : 0);
	memcpy(&v16, p, size == 2 ? 2 : 0);
	return size == 4 ? v32 : size == 2 ? v16 : *p;
}

static uint64_t swapped(uint64_t v, int32_t bits)
{
	cr_assert(bits == 16 || bits == 32);
	return bits == 16 ? __builtin_bswap16((uint16_t)v) : __builtin_bswap32((uint32_t)v);
}

static uint64_t compute(uint32_t op, uint64_t a, uint64_t b, bool wide)
{
	cr_assert(!((op == BPF_LSH || op == BPF_RSH) && b > 31));
	cr_assert(!((op == BPF_DIV || op == BPF_MOD) && !b));
	switch (op) {
	case BPF_ADD:
		a += b;
		break;
	case BPF_SUB:
		a -= b;
		break;
	case BPF_MUL:
		a *= b;
		break;
	case BPF_DIV:
		a /= b;
		break;
	case BPF_MOD:
		a %= b;
		break;
	case BPF_OR:
		a |= b;
		break;
	case BPF_AND:
		a &= b;
		break;
	case BPF_XOR:
		a ^= b;
		break;
	case BPF_LSH:
		a <<= b;
		break;
	case BPF_RSH:
		a >>= b;
		break;
	case BPF_NEG:
		a = 0 - a;
		break;
	case BPF_MOV:
		a = b;
		break;
	default:
		cr_assert_fail("operation %#x", op);
	}
	return wide ? a : (uint32_t)a;
}

static bool holds(uint32_t op, uint64_t a, uint64_t b)
{
	switch (op) {
	case BPF_JA:
		return true;
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSET:
		return a & b;
	default:
		cr_assert_fail("jump %#x", op);
		return false;
	}
}

/* One instruction that is not the exit; how far it jumps. */
static int32_t step(struct machine *m, const struct bpf_insn *i)
{
	uint64_t *dst = &m->reg[i->dst_reg], imm = (uint64_t)(int64_t)i->imm;
	uint32_t class = BPF_CLASS(i->code), size = BPF_SIZE(i->code);
	uint64_t src = BPF_SRC(i->code) == BPF_X ? m->reg[i->src_reg] : imm;
	uint32_t value = (uint32_t)m->reg[i->src_reg];

	size = size == BPF_W ? 4 : size == BPF_H ? 2 : 1;
	switch (class) {
	case BPF_ALU:
		if (BPF_OP(i->code) == BPF_END)
			*dst = swapped(*dst, i->imm);
		else
			*dst = compute(BPF_OP(i->code), (uint32_t)*dst, (uint32_t)src, false);
		return 0;
	case BPF_ALU64:
		*dst = compute(BPF_OP(i->code), *dst, src, true);
		return 0;
	case BPF_LDX:
		*dst = load(m, m->reg[i->src_reg] + (uint64_t)(int64_t)i->off, size);
		return 0;
	case BPF_STX:
		memcpy(memory(m, *dst + (uint64_t)(int64_t)i->off, size), &value, size);
		return 0;
	case BPF_JMP:
		return holds(BPF_OP(i->code), *dst, src) ? i->off : 0;
	case BPF_JMP32:
		return holds(BPF_OP(i->code), (uint32_t)*dst, (uint32_t)src) ? i->off : 0;
	default:
		cr_assert_fail("class %#x", class);
		return 0;
	}
}

static uint32_t run(const struct bpf_insn *insns, const uint8_t *frame, uint32_t cap, uint32_t wire)
{
	struct machine m = { .n_bytes = cap < ROOM ? cap : ROOM };
	uint32_t at = 0;

	memcpy(m.bytes, frame, m.n_bytes);
	m.reg[1] = BYTES_AT;
	m.reg[2] = m.n_bytes;
	m.reg[3] = wire;
	m.reg[4] = cap > ROOM ? UNSEEN : 0;
	while (insns[at].code != (BPF_JMP | BPF_EXIT)) {
		at += 1 + (uint32_t)step(&m, &insns[at]);
		cr_assert_lt(at, N_INSNS);
	}
	return (uint32_t)m.reg[0];
}

/* Jumps go forward and stay inside, and every instruction is reached by some. */
static void check_reachable(const struct bpf_insn *insns)
{
	bool reached[N_INSNS + 1] = { true };

	for (uint32_t i = 0; i < N_INSNS; i++) {
		uint32_t class = BPF_CLASS(insns[i].code), op = BPF_OP(insns[i].code);
		bool jumps = class == BPF_JMP || class == BPF_JMP32;
		uint32_t target;

		cr_assert(reached[i], "instruction %u", i);
		if (jumps && op == BPF_EXIT)
			continue;
		if (jumps) {
			target = i + 1 + (uint16_t)insns[i].off; /* none goes back */
			cr_assert_lt(target, N_INSNS);
			reached[target] = true;
		}
		if (!jumps || op != BPF_JA)
			reached[i + 1] = true;
	}
	cr_assert_not(reached[N_INSNS]);
}

static int translate(const struct vb_classic *program, size_t n, struct bpf_insn insns[N_INSNS])
{
	insns[VB_BPF_FILTER_LEN] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	return vb_classic_translate(program, n, insns);
}

/* ---- random numbers, the same in every run ---- */

static uint32_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*seed >> 33);
}

/* IPv4, IPv6 or ARP, with and without a tag, with ports that expressions ask for; or anything. */
static uint32_t make_frame(uint64_t *seed, uint8_t *frame, uint32_t max)
{
	static const uint16_t types[] = { 0x0800, 0x0800, 0x86dd, 0x0806, 0x1234 };
	static const uint8_t protos[] = { 6, 17, 1, 58, 132 };
	static const uint16_t ports[] = { 9, 80, 53, 443, 1000 };
	uint32_t at = 12, len = next(seed) % max + 1;
	uint16_t type = types[next(seed) % 5];
	bool plain = next(seed) % 8;

	for (uint32_t i = 0; i < max; i++)
		frame[i] = (uint8_t)next(seed);
	if (!plain)
		return len;
	if (next(seed) % 4 == 0) {
		memcpy(frame + at, "\x81\x00\x00\x64", 4);
		at += 4;
	}
	frame[at] = (uint8_t)(type >> 8);
	frame[at + 1] = (uint8_t)type;
	at += 2;
	frame[at] = type == 0x86dd ? 0x60 : (uint8_t)(0x45 + next(seed) % 3);
	if (next(seed) % 4) /* no fragment */
		memset(frame + at + 6, 0, 2);
	frame[at + (type == 0x86dd ? 6 : 9)] = protos[next(seed) % 5];
	if (type == 0x0800)
		memcpy(frame + at + 12, "\x0a\x00\x00\x02", 4);
	at += type == 0x86dd ? 40 : (frame[at] & 15u) * 4;
	for (uint32_t i = 0; i < 2; i++, at += 2) {
		uint16_t port = ports[next(seed) % 5];

		frame[at] = (uint8_t)(port >> 8);
		frame[at + 1] = (uint8_t)port;
	}
	return len;
}

#define MAX_FRAME 400u

#ifdef VB_HAVE_PCAP

/* libpcap's, whose struct bpf_insn is another one than Linux's. */
unsigned int bpf_filter(const struct vb_classic *program, const unsigned char *bytes,
			unsigned int wire_len, unsigned int cap_len);

/* Where all is seen, both find the same; where not, what is not true here is nowhere. */
static void compare(const struct vb_classic *program, const struct bpf_insn *insns,
		    const uint8_t *frame, uint32_t cap, uint32_t wire, uint32_t counts[2])
{
	bool there = bpf_filter(program, frame, wire, cap);
	uint32_t here = run(insns, frame, cap, wire);

	if (cap <= ROOM)
		cr_assert_eq(here != 0, there, "%u of %u bytes", cap, wire);
	else
		cr_assert(here == UNSEEN || (here != 0) == there, "%u of %u bytes", cap, wire);
	counts[there]++;
}

static const char *const expressions[] = {
	"",
	"udp port 9",
	"not udp port 9",
	"tcp",
	"tcp port 80 and host 10.0.0.2",
	"ip6 and tcp dst port 443",
	"vlan 100 and src port 80",
	"vlan and (udp or arp)",
	"arp or icmp or icmp6",
	"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
	"tcp[((tcp[12:1] & 0xf0) >> 2):4] & 7 = 3",
	"ip[2:2] > 576 and ip[8] < 64",
	"len > 200",
	"less 100",
	"greater 300 and ip",
	"ether[0] & 1 != 0",
	"ether[290:4] > 1000",
	"ether[300] = 5 or ether[1] = 7",
	"ether[len - 5] > 100",
	"ip[ip[0] & 15] % 3 = 1",
	"ip[1] / (ip[2] & 3) > 10",
	"ip[1] << (ip[2] & 63) > 5 or ip[3] >> (ip[4] & 63) = 1",
	"ip[1] * ip[2] - ip[3] > (ip[4] ^ ip[5]) | ip[6]",
	"-ip[1] + 3 > 100",
	"net 10.0.0.0/8 and portrange 50-500",
	"ether host 00:15:5d:00:00:01 or ether multicast",
	"ip proto 132 or ip6 protochain 58",
	"host 10.0.0.1 or host 10.0.0.2 or host 10.0.0.3 or port 53 or port 80 or net 192.0.2.0/24",
};

Test(classic, expressions_find_what_libpcap_finds)
{
	static struct bpf_insn insns[N_INSNS];
	struct vb_classic program[256];
	uint8_t frame[MAX_FRAME];
	uint64_t seed = 1;

	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
		struct vb_pcap_filter *filter = NULL;
		uint32_t counts[2] = { 0 };
		struct vb_err err = { "" };
		int rc = vb_pcap_filter_compile(expressions[i], &filter, &err);
		size_t n;

		cr_assert_eq(rc, 0, "%s", err.text);
		n = vb_pcap_filter_program(filter, program, 256);
		cr_assert(n && n <= 256);
		rc = translate(program, n, insns);
		if (strstr(expressions[i], "protochain")) { /* a loop */
			cr_assert(rc < 0);
			vb_pcap_filter_free(filter);
			continue;
		}
		cr_assert_eq(rc, 0, "%s: %d", expressions[i], rc);
		check_reachable(insns);
		for (uint32_t j = 0; j < 4000; j++) {
			uint32_t len = make_frame(&seed, frame, MAX_FRAME);

			compare(program, insns, frame, len, len + next(&seed) % 3 * 100, counts);
		}
		cr_assert(counts[1], "%s: nothing matches", expressions[i]);
		cr_assert(counts[0] || !expressions[i][0], "%s: all matches", expressions[i]);
		vb_pcap_filter_free(filter);
	}
}

/* ---- programs that no expression makes ---- */

static struct vb_classic random_instruction(uint64_t *seed, uint32_t left)
{
	static const uint16_t codes[] = {
		BPF_LD | BPF_W | BPF_ABS,
		BPF_LD | BPF_H | BPF_ABS,
		BPF_LD | BPF_B | BPF_ABS,
		BPF_LD | BPF_W | BPF_IND,
		BPF_LD | BPF_H | BPF_IND,
		BPF_LD | BPF_B | BPF_IND,
		BPF_LD | BPF_IMM,
		BPF_LD | BPF_MEM,
		BPF_LD | BPF_W | BPF_LEN,
		BPF_LDX | BPF_IMM,
		BPF_LDX | BPF_MEM,
		BPF_LDX | BPF_W | BPF_LEN,
		BPF_LDX | BPF_B | BPF_MSH,
		BPF_ST,
		BPF_STX,
		BPF_MISC | BPF_TAX,
		BPF_MISC | BPF_TXA,
		BPF_RET | BPF_K,
		BPF_RET | BPF_A,
		BPF_JMP | BPF_JA,
	};
	uint32_t i = next(seed) % 64, n = sizeof(codes) / sizeof(codes[0]);
	struct vb_classic c = { .k = next(seed) % 8 ? next(seed) % 300 : next(seed) << 1 };

	if (i < n) {
		c.code = codes[i];
		if (BPF_MODE(c.code) == BPF_MEM || BPF_CLASS(c.code) == BPF_ST ||
		    BPF_CLASS(c.code) == BPF_STX)
			c.k %= BPF_MEMWORDS;
		if (BPF_CLASS(c.code) == BPF_RET && left > 4)
			c.code = BPF_MISC | BPF_TAX;
		if (c.code == (BPF_JMP | BPF_JA))
			c.k = 0; /* what it skipped nobody would reach */
	} else if (i < n + 22) {
		c.code = (uint16_t)(BPF_ALU | (i - n) / 2 * 16 | ((i - n) & 1 ? BPF_X : BPF_K));
		if (BPF_OP(c.code) == BPF_NEG)
			c.code = BPF_ALU | BPF_NEG;
		if (BPF_OP(c.code) == BPF_LSH || BPF_OP(c.code) == BPF_RSH)
			c.k &= 31;
		if (BPF_OP(c.code) == BPF_DIV || BPF_OP(c.code) == BPF_MOD)
			c.k |= 1;
	} else {
		c.code = (uint16_t)(BPF_JMP | (1 + next(seed) % 4) * 16 |
				    (next(seed) % 2 ? BPF_X : BPF_K));
		c.jump_true = (uint8_t)(next(seed) % 4 % left);
		c.jump_false = (uint8_t)(next(seed) % 4 % left);
	}
	return c;
}

/* Whatever a program is made of; words that were never written libpcap would read as they come. */
Test(classic, every_instruction_does_what_libpcap_does)
{
	static struct bpf_insn insns[N_INSNS];
	struct vb_classic program[64];
	uint8_t frame[MAX_FRAME];
	uint32_t counts[2] = { 0 };
	uint64_t seed = 2;

	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t n = 17 + next(&seed) % 20, len;

		program[0] = (struct vb_classic){ .code = BPF_LD | BPF_IMM, .k = next(&seed) % 99 };
		for (uint32_t j = 0; j < BPF_MEMWORDS; j++)
			program[1 + j] = (struct vb_classic){ .code = BPF_ST, .k = j };
		for (uint32_t j = 1 + BPF_MEMWORDS; j < n; j++)
			program[j] = random_instruction(&seed, n - j);
		program[n] = (struct vb_classic){ .code = BPF_RET | BPF_A };
		cr_assert_eq(translate(program, n + 1, insns), 0);
		for (uint32_t j = 0; j < 3; j++) {
			len = make_frame(&seed, frame, MAX_FRAME);
			compare(program, insns, frame, len, len, counts);
		}
	}
	cr_assert(counts[0] > 10000 && counts[1] > 10000, "%u %u", counts[0], counts[1]);
}

#endif

/* ---- what is no program ---- */

Test(classic, what_is_refused)
{
	static const struct {
		struct vb_classic first;
		int rc;
	} cases[] = {
		{ { BPF_LD | BPF_IMM, 0, 0, 0 }, 0 },
		{ { BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0 }, 0 },
		{ { BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0 }, -EINVAL },
		{ { BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0 }, -EINVAL },
		{ { BPF_JMP | BPF_JA, 0, 0, 1 }, -EINVAL },
		{ { BPF_JMP | BPF_JA, 0, 0, 0xffffffff }, -EINVAL },
		{ { BPF_JMP | BPF_JNE | BPF_K, 0, 0, 0 }, -ENOTSUP },
		{ { BPF_ST, 0, 0, BPF_MEMWORDS }, -EINVAL },
		{ { BPF_STX, 0, 0, BPF_MEMWORDS }, -EINVAL },
		{ { BPF_LD | BPF_MEM, 0, 0, BPF_MEMWORDS }, -EINVAL },
		{ { BPF_LDX | BPF_MEM, 0, 0, BPF_MEMWORDS }, -EINVAL },
		{ { BPF_LDX | BPF_W | BPF_IND, 0, 0, 0 }, -ENOTSUP },
		{ { BPF_ALU | BPF_DIV | BPF_K, 0, 0, 0 }, -EINVAL },
		{ { BPF_ALU | BPF_MOD | BPF_K, 0, 0, 0 }, -EINVAL },
		{ { BPF_ALU | BPF_LSH | BPF_K, 0, 0, 32 }, -EINVAL },
		{ { BPF_ALU | BPF_MOV | BPF_K, 0, 0, 0 }, -ENOTSUP },
		{ { BPF_ALU | BPF_NEG | BPF_X, 0, 0, 0 }, -ENOTSUP },
		{ { BPF_RET | BPF_X, 0, 0, 0 }, -ENOTSUP },
		{ { BPF_MISC | 0x20, 0, 0, 0 }, -ENOTSUP },
	};
	static struct bpf_insn insns[N_INSNS];
	struct vb_classic program[2] = { [1] = { .code = BPF_RET | BPF_K } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		program[0] = cases[i].first;
		cr_assert_eq(translate(program, 2, insns), cases[i].rc, "case %zu", i);
	}
	cr_assert_eq(translate(program, 0, insns), -EINVAL);
	program[0] = (struct vb_classic){ .code = BPF_RET | BPF_K };
	program[1] = (struct vb_classic){ .code = BPF_LD | BPF_IMM };
	cr_assert_eq(translate(program, 2, insns), -EINVAL);
}

/* As long as it may be, and one longer; nothing is written behind the end. */
Test(classic, too_long)
{
	static struct vb_classic program[VB_BPF_FILTER_LEN + 1];
	static struct bpf_insn insns[N_INSNS];
	const uint8_t frame[] = { 1 };
	size_t fits = VB_BPF_FILTER_LEN - 3 - 2 - 1; /* beginning, return, what is left over */

	for (size_t i = 0; i <= VB_BPF_FILTER_LEN; i++)
		program[i] = (struct vb_classic){ .code = BPF_ALU | BPF_ADD | BPF_K, .k = 1 };
	program[fits] = (struct vb_classic){ .code = BPF_RET | BPF_K, .k = 1 };
	cr_assert_eq(translate(program, fits + 1, insns), 0);
	check_reachable(insns);
	cr_assert_eq(run(insns, frame, 1, 1), 1);
	program[fits] = program[0];
	program[fits + 1] = (struct vb_classic){ .code = BPF_RET | BPF_K, .k = 1 };
	cr_assert_eq(translate(program, fits + 2, insns), -E2BIG);
	program[VB_BPF_FILTER_LEN] = program[fits + 1];
	cr_assert_eq(translate(program, VB_BPF_FILTER_LEN + 1, insns), -E2BIG);
	cr_assert_eq(insns[VB_BPF_FILTER_LEN].code, BPF_JMP | BPF_EXIT);
}
